"""Children by block, grade, school year and scenario: the only thing that plans know of the future."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.stage import GRADES, Grade, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Demand"]


@dataclass(frozen=True, slots=True, eq=False)
class Demand:
    """
    Pupils of public schools and children of kindergartens who live in each block.

    Parameters
    ----------
    years
        School years, ascending; the first is the district's school year (today).
    scenarios
        Names; ``middle`` is always there.
    pupils
        Whole children, shape ``(scenarios, years, grades, blocks)``; grades as in `GRADES`.
    graded
        False where a case gives pupils by stage only: they stand in the entry grade's place and class sizes are not known.
    method
        How it was made, in words for reports.
    """

    years: tuple[int, ...]
    pupils: NDArray[np.int32]
    scenarios: tuple[str, ...] = ("middle",)
    graded: bool = True
    method: str = "as given"

    def __post_init__(self) -> None:
        pupils = frozen(self.pupils, np.int32)
        if pupils.shape[:3] != (len(self.scenarios), len(self.years), len(GRADES)):
            raise ValueError(f"demand has the shape {pupils.shape}")
        object.__setattr__(self, "pupils", pupils)

    def by_grade(self, year: int, scenario: str = "middle") -> NDArray[np.int32]:
        """
        Return pupils by grade and block, shape ``(grades, blocks)``.

        Raises
        ------
        KeyError
            If the year or the scenario is not there.
        """
        if year not in self.years:
            raise KeyError(f"there is no demand for the school year {year}; there is for {self.years[0]} to {self.years[-1]}")
        if scenario not in self.scenarios:
            raise KeyError(f"there is no demand scenario {scenario!r}; there are {', '.join(self.scenarios)}")
        return np.asarray(self.pupils[self.scenarios.index(scenario), self.years.index(year)])

    def of_stage(self, stage: Stage, year: int, scenario: str = "middle") -> NDArray[np.int64]:
        """Return pupils of all grades of a stage by block, shape ``(blocks,)``."""
        return np.asarray(self.by_grade(year, scenario)[stage.grade_slice].sum(axis=0, dtype=np.int64))

    def of_grade(self, grade: Grade, year: int, scenario: str = "middle") -> NDArray[np.int64]:
        """Return pupils of one grade by block, shape ``(blocks,)``."""
        return np.asarray(self.by_grade(year, scenario)[GRADES.index(grade)], dtype=np.int64)
