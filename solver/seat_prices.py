"""What rooms are worth to pupils: the dual prices of the flow of one stage and year, as a line below its value for any rooms."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import highspy
import numpy as np

from xuequ.zoning.errors import EngineError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.seat_problem import ClassSizes
    from xuequ.zoning.block_groups import GroupArcs

__all__ = ["FlowLine", "FlowPrices", "PricedFlow"]


@dataclass(frozen=True, slots=True)
class FlowPrices:
    """
    What a pupil costs: without a place, above the absolute and the working capacity, too far, and for each kilometre.

    Parameters
    ----------
    absolute, working, too_far, kilometre
        Prices; a pupil without a place costs as one above the absolute capacity.
    """

    absolute: float = 0.0
    working: float = 0.0
    too_far: float = 0.0
    kilometre: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class FlowLine:
    """
    The value of a flow, and a line that is below its value for any rooms: ``constant − Σ_j saved_j·R_j``.

    Parameters
    ----------
    value
        At the rooms asked about.
    constant, saved
        Of the line; ``saved`` by school, shape ``(schools,)``.
    """

    value: float
    constant: float
    saved: NDArray[np.float64]


class PricedFlow:
    """
    The flow of pupils of one scenario, stage and year as a linear program that is solved again and again for other rooms.

    Parameters
    ----------
    pupils
        Of each group, shape ``(groups,)``.
    arcs
        Where they may go.
    sizes
        Pupils of a class at each school.
    """

    def __init__(self, pupils: NDArray[np.int64], arcs: GroupArcs, sizes: ClassSizes) -> None:
        self.pupils, self.arcs = pupils, arcs
        self.widths = np.array([sizes.working, np.maximum(sizes.absolute - sizes.working, 0), sizes.absolute])
        self.schools = self.widths.shape[1]
        self._highs: Any = highspy.Highs()
        self._highs.setOptionValue("output_flag", False)  # noqa: FBT003 - foreign interface
        self._highs.setOptionValue("threads", 1)
        self._build()

    def _build(self) -> None:
        groups, arcs, schools = len(self.pupils), len(self.arcs), self.schools
        infinity = highspy.kHighsInf
        for count in self.pupils:
            self._highs.addRow(float(count), float(count), 0, [], [])
        for _ in range(schools):
            self._highs.addRow(-infinity, 0.0, 0, [], [])
        self._columns(np.full(arcs, infinity), [self.arcs.group, groups + self.arcs.school], [1.0, 1.0])
        self._columns(np.full(groups, infinity), [np.arange(groups)], [1.0])
        for _ in self.widths:
            self._columns(np.zeros(schools), [groups + np.arange(schools)], [-1.0])

    def _columns(self, most: NDArray[np.float64], rows: list[NDArray[np.int64]], signs: list[float]) -> None:
        count, each = len(most), len(rows)
        starts = np.arange(0, count * each, each, dtype=np.int32)
        index = np.stack(rows, axis=1).ravel().astype(np.int32)
        values = np.tile(np.array(signs), count)
        zeros = np.zeros(count)
        self._highs.addCols(count, zeros, zeros, most, len(index), starts, index, values)

    def line(self, rooms: NDArray[np.float64], prices: FlowPrices) -> FlowLine:
        """
        Solve for given rooms, shape ``(schools,)``, and return the value and the line.

        Raises
        ------
        EngineError
            If HiGHS does not solve it, which it always can: everybody may stay without a place.
        """
        groups, arcs, schools = len(self.pupils), len(self.arcs), self.schools
        way = self.arcs.too_far * prices.too_far + self.arcs.metres / 1000 * prices.kilometre
        nowhere = prices.absolute
        pieces = np.array([0.0, prices.working, prices.absolute])
        costs = np.concatenate([way, np.full(groups, nowhere), *(np.full(schools, price) for price in pieces)])
        everything = np.arange(len(costs), dtype=np.int32)
        self._highs.changeColsCost(len(costs), everything, costs)
        first = arcs + groups
        columns = np.arange(first, first + 3 * schools, dtype=np.int32)
        most = (self.widths * np.maximum(rooms, 0.0)).ravel()
        self._highs.changeColsBounds(len(columns), columns, np.zeros(len(columns)), most)
        self._highs.run()
        if self._highs.getModelStatus() != highspy.HighsModelStatus.kOptimal:
            raise EngineError(f"the flow of pupils to schools ended with {self._highs.getModelStatus()}")
        duals = np.array(self._highs.getSolution().row_dual)
        price = np.maximum(-duals[groups:], 0.0)
        # From the prices of schools alone, so that the line is valid whatever the tolerances of the solver.
        home = np.full(groups, nowhere)
        np.minimum.at(home, self.arcs.group, way + price[self.arcs.school])
        saved = (self.widths * np.maximum(price[None, :] - pieces[:, None], 0.0)).sum(axis=0)
        return FlowLine(float(self._highs.getObjectiveValue()), float(self.pupils @ home), saved)
