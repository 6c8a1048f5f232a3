"""When the last large class goes: large classes of each stage and school year, computed from rolls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.classes import Classes
from xuequ.zoning.rolls import Rolls, full_rolls, next_rolls, start_rolls
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["LargeClasses", "Outlook", "large_classes", "outlook", "plan_rolls", "rolls_without_plan"]


@dataclass(frozen=True, slots=True)
class LargeClasses:
    """
    Large classes of a stage in a school year.

    Parameters
    ----------
    stage
        Primary or junior; None for both together, the share that the inspection looks at.
    year
        School year.
    classes, large, super_large
        Classes in all, of 56 and more, of 66 and more (large includes super-large).
    schools
        Ids of the schools that have large classes, the most first.
    """

    stage: Stage | None
    year: int
    classes: int
    large: int
    super_large: int
    schools: tuple[str, ...]

    @property
    def share(self) -> float:
        """Large classes as a share of all."""
        return self.large / self.classes if self.classes else 0.0


@dataclass(frozen=True, slots=True)
class Outlook:
    """
    Large classes year by year, without the plan and with it.

    Parameters
    ----------
    before, after
        If nothing is built and catchments stay as they are; and as planned. Sorted by year, then stage (both together last).
    share_max
        Share up to which large classes count as basically eliminated.

    Notes
    -----
    policy.md §3, convention 2 and vector B7: shares over all classes of primary and junior together; kindergarten never counts.
    """

    before: tuple[LargeClasses, ...]
    after: tuple[LargeClasses, ...]
    share_max: float

    def last_year(self, stage: Stage | None = None, *, after: bool = True) -> int | None:
        """Return the last school year with a large class, None where there is none in any year."""
        items = self.after if after else self.before
        return max((item.year for item in items if item.stage is stage and item.large), default=None)

    def gone_from(self, stage: Stage | None = None, *, after: bool = True) -> int | None:
        """Return the first school year from which no class is large, None where the last year known still has one."""
        items = [item for item in (self.after if after else self.before) if item.stage is stage]
        last = self.last_year(stage, after=after)
        if last is None:
            return items[0].year if items else None
        return min((item.year for item in items if item.year > last), default=None)

    def eliminated_from(self, *, after: bool = True) -> int | None:
        """Return the first school year from which large classes are basically eliminated, None where that is not reached."""
        items = [item for item in (self.after if after else self.before) if item.stage is None]
        failing = [item.year for item in items if item.share > self.share_max or item.super_large]
        return min((item.year for item in items if not failing or item.year > max(failing)), default=None)

    def sentence(self) -> str:
        """Say it in one sentence."""
        last, without = self.last_year(), self.last_year(after=False)
        now = "no class is large in any year" if last is None else f"the last large class is of the school year {last}"
        if last is not None and self.gone_from() is None:
            holders = next(item.schools for item in self.after if item.stage is None and item.year == last)
            now = f"large classes remain in {last}, the last year known, at {', '.join(holders[:5])}"
        reached = self.eliminated_from()
        share = (
            f"they are basically eliminated (at most {self.share_max:.0%}) from {reached}"
            if reached
            else "they are not eliminated"
        )
        return f"With the plan {now}, and {share}; without it the last is of {without if without is not None else 'no year'}."


def large_classes(district: District, rolls: Rolls) -> tuple[LargeClasses, ...]:
    """
    Count the large classes of primary, of junior, and of both together in one school year.

    Notes
    -----
    policy.md §3, conventions 1 and 2. Only public schools are rolled here, so only they are counted.
    """
    counts: list[LargeClasses] = []
    by_school = np.zeros((len(district.schools), len(Stage)), dtype=np.int64)
    for column, stage in enumerate(Stage):
        if stage.programme is not Programme.SCHOOL:
            continue
        classes = large = super_large = 0
        for j in range(len(district.schools)):
            for g in range(stage.grade_slice.start, stage.grade_slice.stop):
                if rolls.classes[j, g] == 0:
                    continue
                split = Classes.split(int(rolls.pupils[j, g]), int(rolls.classes[j, g]))
                classes += len(split)
                by_school[j, column] += split.count_from(district.rules.large_class)
                super_large += split.count_from(district.rules.super_large_class)
        large = int(by_school[:, column].sum())
        counts.append(LargeClasses(stage, rolls.year, classes, large, super_large, _holders(district, by_school[:, column])))
    both = LargeClasses(
        None,
        rolls.year,
        sum(item.classes for item in counts),
        sum(item.large for item in counts),
        sum(item.super_large for item in counts),
        _holders(district, by_school.sum(axis=1)),
    )
    return (*counts, both)


def outlook(district: District, plan: Plan | None = None) -> Outlook:
    """
    Count the large classes of every planned year, without a plan and with it.

    Parameters
    ----------
    district
        The district.
    plan
        A plan with catchments; None, or one without, leaves ``after`` equal to ``before``.
    """
    before = tuple(item for rolls in rolls_without_plan(district) for item in large_classes(district, rolls))
    after = before
    if plan is not None and plan.catchments:
        after = tuple(item for rolls in plan_rolls(district, plan) for item in large_classes(district, rolls))
    return Outlook(before, after, district.rules.large_share_max)


def rolls_without_plan(district: District) -> tuple[Rolls, ...]:
    """Return the rolls of today and of each planned year if nothing is built and catchments stay as they are today."""
    rolls = [start_rolls(district)]
    for year in range(district.school_year + 1, district.years[-1] + 1):
        rolls.append(next_rolls(district, rolls[-1], {stage: {year: item} for stage, item in district.today.items()}))
    return tuple(rolls)


def plan_rolls(district: District, plan: Plan) -> tuple[Rolls, ...]:
    """
    Return the rolls of each planned year under a plan, today's first.

    Notes
    -----
    model.md §1: in ``phase_in`` entry grades follow the catchments of the year in which they enter; in ``full`` all grades do.
    """
    if plan.regime == "full":
        years = sorted({item.year for item in plan.catchments})
        return tuple(full_rolls(district, _of_year(plan.catchments, year), year, plan.seats, plan.scenario) for year in years)
    rolls = [start_rolls(district)]
    for year in range(district.school_year + 1, max(item.year for item in plan.catchments) + 1):
        rolls.append(next_rolls(district, rolls[-1], _entries(plan.catchments, year), plan.seats, plan.scenario))
    return tuple(rolls)


def _of_year(catchments: Sequence[Catchments], year: int) -> Mapping[Stage, Catchments]:
    return {item.stage: item for item in catchments if item.year == year}


def _entries(catchments: Sequence[Catchments], year: int) -> Mapping[Stage, Mapping[int, Catchments]]:
    """Return by stage the catchments of each entry year up to ``year``."""
    result: dict[Stage, dict[int, Catchments]] = {}
    for item in catchments:
        if item.year <= year:
            result.setdefault(item.stage, {})[item.year] = item
    return result


def _holders(district: District, counts: np.ndarray) -> tuple[str, ...]:
    order = np.lexsort((np.arange(len(counts)), -counts))
    return tuple(district.schools.ids[j] for j in order if counts[j])
