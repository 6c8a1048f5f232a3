"""When the last large class goes: large classes of each stage and school year, computed from rolls."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.classes import Classes
from xuequ.zoning.plan import PlanKind
from xuequ.zoning.rolls import Rolls, full_rolls, next_rolls, start_rolls
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["LargeClasses", "Outlook", "large_classes", "last_outlook_year", "outlook", "plan_rolls", "rolls_without_plan"]


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
    planned_to
        Last school year with catchments of its own: in later years they go on. None where every year has its own.

    Notes
    -----
    policy.md §3, convention 2 and vector B7: shares over all classes of primary and junior together; kindergarten never counts.
    """

    before: tuple[LargeClasses, ...]
    after: tuple[LargeClasses, ...]
    share_max: float
    planned_to: int | None = None

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
        return f"With the plan {self._told(after=True)}; without it {self._told(after=False)}."

    def _told(self, *, after: bool) -> str:
        last, gone = self.last_year(after=after), self.gone_from(after=after)
        if last is None:
            return "no class is large in any year"
        told = f"the last large class is of the school year {last} (none from {gone})"
        if gone is None:
            items = self.after if after else self.before
            holders = next(item.schools for item in items if item.stage is None and item.year == last)
            told = f"large classes remain in {last}, the last year known, at {', '.join(holders[:5])}"
        reached = self.eliminated_from(after=after)
        return told + (
            f", basically eliminated (at most {self.share_max:.0%}) from {reached}" if reached else ", not basically eliminated"
        )


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
    Count the large classes of every year, without a plan and with it.

    Parameters
    ----------
    district
        The district.
    plan
        A plan with catchments; None, or one without, leaves ``after`` equal to ``before``. Both end with `last_outlook_year`.
    """
    planned = plan if plan is not None and plan.catchments else None
    last = _last_known(district) if planned is None else last_outlook_year(district, planned)
    before = tuple(item for rolls in rolls_without_plan(district, last=last) for item in large_classes(district, rolls))
    if planned is None:
        return Outlook(before, before, district.rules.large_share_max)
    after = tuple(item for rolls in plan_rolls(district, planned) for item in large_classes(district, rolls))
    own = max(item.year for item in planned.catchments)
    return Outlook(before, after, district.rules.large_share_max, own if own < last else None)


def last_outlook_year(district: District, plan: Plan) -> int:
    """
    Return the school year with which the rolls of a plan end.

    Notes
    -----
    model.md §1: a large class that enters goes only when its cohort leaves, which may be after the last planned year. A plan of
    all planned years under ``phase_in`` is therefore looked at to the last year of the demand; any other ends with its own.
    """
    last = max(item.year for item in plan.catchments)
    whole = plan.kind is PlanKind.PLAN and plan.regime == "phase_in" and last == district.years[-1]
    return _last_known(district) if whole else last


def rolls_without_plan(district: District, *, last: int | None = None) -> tuple[Rolls, ...]:
    """
    Return the rolls of today and of each later year if nothing is built and catchments stay as they are today.

    Parameters
    ----------
    district
        The district.
    last
        School year to end with; None for the last year of the demand.
    """
    rolls = [start_rolls(district)]
    for year in range(district.school_year + 1, (_last_known(district) if last is None else last) + 1):
        rolls.append(next_rolls(district, rolls[-1], {stage: {year: item} for stage, item in district.today.items()}))
    return tuple(rolls)


def plan_rolls(district: District, plan: Plan, *, last: int | None = None) -> tuple[Rolls, ...]:
    """
    Return the rolls of each year under a plan, today's first where enrolled pupils stay.

    Parameters
    ----------
    district
        The district.
    plan
        With catchments.
    last
        School year to end with under ``phase_in``; None for `last_outlook_year`.

    Notes
    -----
    model.md §1: in ``phase_in`` entry grades follow the catchments of the year in which they enter; in ``full`` all grades do.
    After the last planned year the last catchments of each stage go on, with the rooms as opened.
    """
    if plan.regime == "full":
        years = sorted({item.year for item in plan.catchments})
        return tuple(full_rolls(district, _of_year(plan.catchments, year), year, plan.seats, plan.scenario) for year in years)
    rolls = [start_rolls(district)]
    for year in range(district.school_year + 1, (last_outlook_year(district, plan) if last is None else last) + 1):
        rolls.append(next_rolls(district, rolls[-1], _entries(plan.catchments, year), plan.seats, plan.scenario))
    return tuple(rolls)


def _last_known(district: District) -> int:
    """Return the last year up to which the demand has every year, at least the last planned one."""
    last = district.years[-1]
    while last + 1 in district.demand.years:
        last += 1
    return last


def _of_year(catchments: Sequence[Catchments], year: int) -> Mapping[Stage, Catchments]:
    return {item.stage: item for item in catchments if item.year == year}


def _entries(catchments: Sequence[Catchments], year: int) -> Mapping[Stage, Mapping[int, Catchments]]:
    """Return by stage the catchments of each entry year up to ``year``; after the last planned year its catchments go on."""
    planned = max(item.year for item in catchments)
    result: dict[Stage, dict[int, Catchments]] = {}
    for item in sorted(catchments, key=lambda item: item.year):
        if item.year <= year:
            result.setdefault(item.stage, {})[item.year] = item
    for own in result.values():
        latest = own[max(own)]
        own.update(dict.fromkeys(range(planned + 1, year + 1), latest))
    return result


def _holders(district: District, counts: np.ndarray) -> tuple[str, ...]:
    order = np.lexsort((np.arange(len(counts)), -counts))
    return tuple(district.schools.ids[j] for j in order if counts[j])
