"""What an explanation looks at: one stage and school year of a district as a plan leaves them, and how things are called."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.problem import DISTANCE, MEASURES, Problem, build_problem
from xuequ.solver.repair import loose_units
from xuequ.zoning.errors import InputError
from xuequ.zoning.indicators import zone_distances
from xuequ.zoning.outlook import plan_rolls

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.options import ZoningOptions
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.stage import Stage

__all__ = ["Situation", "counted", "listed", "situation_of"]


@dataclass(frozen=True, slots=True, eq=False)
class Situation:
    """
    A stage and school year, frozen, with the plan that is explained.

    Parameters
    ----------
    district, plan
        The district, and its plan if there is one.
    problem
        The stage and year as arrays.
    zone
        Zone of each unit in the plan, shape ``(units,)``; None without a plan.
    rolls
        Of each year that the plan leads through, today's first under ``phase_in``; empty without a plan.
    """

    district: District
    problem: Problem
    plan: Plan | None = None
    zone: NDArray[np.int32] | None = None
    rolls: tuple[Rolls, ...] = ()

    @property
    def entering(self) -> bool:
        """Whether only the entry grade is given a school."""
        return self.problem.round.regime == "phase_in"

    @property
    def child(self) -> str:
        """What one of those who are given a school is called."""
        return "entrant" if self.entering else "pupil"

    def school(self, school: int) -> str:
        """Return id and name of a school (index)."""
        return _called(self.district.schools.ids[school], self.district.schools.names[school])

    def zone_name(self, zone: int) -> str:
        """Return the schools of a zone of the round."""
        return ";".join(self.school(j) for j in self.problem.round.zones[zone])

    def block(self, block: int) -> str:
        """Return id, name and community of a block (index)."""
        blocks = self.district.blocks
        community = blocks.communities[block]
        return _called(blocks.ids[block], blocks.names[block]) + (f" ({community})" if community else "")

    def ways(self, block: int) -> dict[int, float]:
        """Return the zones that a block (index) may be given to and has a way to, metres, the nearest first."""
        unit = int(self.problem.unit[block])
        allowed = self.problem.arc_zone[self.problem.arc_indptr[unit] : self.problem.arc_indptr[unit + 1]]
        blocks, zones, metres = zone_distances(self.district, self.problem.round.zones)
        mine = (blocks == block) & np.isin(zones, allowed)
        return dict(sorted(zip(zones[mine].tolist(), metres[mine].tolist(), strict=True), key=lambda item: (item[1], item[0])))

    def with_moved(self, unit: int, zone: int) -> NDArray[np.int32]:
        """Return the plan's zones with one unit given to another."""
        assert self.zone is not None
        moved = self.zone.copy()
        moved[unit] = zone
        return moved

    def falls_apart(self, unit: int, zone: int) -> bool:
        """Whether a catchment would be cut in two if one unit went to another zone."""
        assert self.zone is not None
        before, after = (loose_units(self.problem, item) for item in (self.zone, self.with_moved(unit, zone)))
        return bool((after & ~before).any())

    def change(self, unit: int, zone: int) -> str:
        """Say what it would change to give one unit another zone, goal by goal."""
        assert self.zone is not None
        before, after = self.problem.measure(self.zone), self.problem.measure(self.with_moved(unit, zone))
        told = [_difference(k, after[k] - before[k]) for k in range(len(MEASURES)) if abs(after[k] - before[k]) > 1e-9]
        return f"to have it there changes {', '.join(told) if told else 'no goal'}"


_UNITS = ("pupils", "pupils", "pupils", "pupils", "pupil·km", "pupils", "m of border")


def _difference(measure: int, by: float) -> str:
    number = f"{by:+,.2f}" if measure == DISTANCE else f"{by:+,.0f}"
    return f"{MEASURES[measure]} {number} {_UNITS[measure]}"


def situation_of(district: District, plan: Plan | None, stage: Stage, year: int, options: ZoningOptions) -> Situation:
    """
    Freeze a stage and year as a plan leaves them: its regime, its rooms, and who is enrolled by it the year before.

    Raises
    ------
    InputError
        If the plan has no such catchments.
    """
    if plan is None:
        return Situation(district, build_problem(district, stage, year, options))
    try:
        catchments = plan.of(stage, year)
    except KeyError as fault:
        raise InputError(str(fault.args[0])) from fault
    graded = district.demand.graded
    made = plan.replace(regime=plan.regime if graded else "full")
    options = replace(options, regime=made.regime, scenario=plan.scenario)
    rolls = plan_rolls(district, made, last=max(item.year for item in plan.catchments))
    previous = next((item for item in rolls if item.year == year - 1), None) if made.regime == "phase_in" else None
    problem = build_problem(district, stage, year, options, seats=plan.seats, previous=previous)
    return Situation(district, problem, plan, problem.units_of(catchments), rolls)


def counted(number: int, thing: str) -> str:
    """Return a number of things in words: ``1 block``, ``1,200 blocks``, ``2 classes``."""
    if number == 1:
        return f"1 {thing}"
    return f"{number:,} {thing}{'es' if thing.endswith('s') else 's'}"


def listed(parts: list[str], most: int = 4) -> str:
    """Join parts, and say how many are left out."""
    left = len(parts) - most
    return ", ".join(parts[:most]) + (f" and {left} more" if left > 0 else "")


def _called(name: str, title: str) -> str:
    return f"{name} {title}" if title and title != name else name
