"""Goals in order of rank: what each phase minimises, and what the goals before it leave to the next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.problem import CUT, DISTANCE, FAR, LARGE, MEASURES, MOVED, OVER, SUPER
from xuequ.solver.search import Target

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem
    from xuequ.zoning.options import GoalSpec

__all__ = ["PUPIL_GOALS", "Phase", "Ranking", "worth_of"]

PUPIL_GOALS = (SUPER, LARGE, OVER, FAR, MOVED)
"""Measures that count pupils: whole numbers, with whole bounds."""

_EASE = 1e-4


@dataclass(frozen=True, slots=True)
class Phase:
    """
    Goals that are worked on together.

    Parameters
    ----------
    name
        Of the first of them.
    measures
        Their columns in `problem.MEASURES`.
    counted
        Whether they are counts above a bound, pressed down as limits while the next goal is minimised.
    """

    name: str
    measures: tuple[int, ...]
    counted: bool


@dataclass(frozen=True, slots=True, eq=False)
class Ranking:
    """
    The goals of a problem in order, by measure.

    Parameters
    ----------
    goals
        Those that the kernel keeps a total of, in order of rank.
    base
        Limits that hold whatever the goals: hard seats, the cap on moved pupils; shape ``(7,)``.
    worth
        What a unit of each measure is worth in the unit of distance.
    """

    goals: tuple[GoalSpec, ...]
    base: NDArray[np.float64]
    worth: NDArray[np.float64]

    @classmethod
    def of(cls, problem: Problem, worth: NDArray[np.float64]) -> Ranking:
        """Return the ranking of a problem's goals."""
        base = np.full(len(MEASURES), np.inf)
        if problem.hard:
            base[OVER] = 0.0
        base[MOVED] = problem.moved_cap
        return cls(tuple(goal for goal in problem.goals if goal.name in MEASURES), base, worth)

    def columns(self) -> tuple[int, ...]:
        """Return the measures of the goals, in order."""
        return tuple(MEASURES.index(goal.name) for goal in self.goals)

    def phases(self) -> tuple[Phase, ...]:
        """Return the phases: the leading counts together, then each goal by itself."""
        columns = self.columns()
        lead = next((k for k, column in enumerate(columns) if column not in PUPIL_GOALS), len(columns))
        result = [Phase(MEASURES[columns[0]], columns[:lead], counted=True)] if lead else []
        return (*result, *(Phase(MEASURES[column], (column,), counted=False) for column in columns[lead:]))

    def allowed(self, measure: int, value: float) -> float:
        """Return what later goals may make of a goal's value."""
        tolerance = next(goal.tolerance for goal in self.goals if goal.name == MEASURES[measure])
        if measure in PUPIL_GOALS:
            return float(np.floor(value * (1 + tolerance) + 1e-9))
        return value * (1 + tolerance) + 1e-9 * max(1.0, abs(value))

    def target(self, phase: Phase, limits: NDArray[np.float64], bounds: dict[int, float]) -> Target:
        """
        Return what a phase minimises.

        Parameters
        ----------
        limits
            Of the goals before, and of `base`.
        bounds
            Lower bounds of the phase's goals, where they are counted.
        """
        limit, scale, price = limits.copy(), np.where(np.isfinite(limits), 1e6, 1.0), np.zeros(len(MEASURES))
        later = [column for column in self.columns() if column not in phase.measures and not np.isfinite(limits[column])]
        if phase.counted:
            for rank, column in enumerate(phase.measures):
                if bounds[column] < limit[column]:
                    limit[column] = bounds[column]
                    scale[column] = 1e4 / 30.0**rank
            main = next((column for column in later), DISTANCE)
        else:
            main = phase.measures[0]
        price[main] = self.worth[main]
        for rank, column in enumerate(column for column in later if column != main):
            price[column] = self.worth[column] * _EASE / 10**rank
        return Target(price, limit, scale)


def worth_of(problem: Problem, total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return what a unit of each measure is worth: a pupil its mean way, a metre of border its part of all ways."""
    pupils = max(float(problem.pupils.sum()), 1.0)
    distance = total[DISTANCE] if total[DISTANCE] > 0 else pupils
    worth = np.full(len(MEASURES), distance / pupils)
    worth[DISTANCE] = 1.0
    border = float(problem.border_m.sum()) / 2
    worth[CUT] = distance / border if border > 0 else 0.0
    return worth
