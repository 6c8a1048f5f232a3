"""The catchments of one stage, year after year: rolls move on, and no block moves twice within the years of stability."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.portfolio import zone
from xuequ.solver.stop import AnyOf, Clock, MaxIterations, MaxRuntime
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.indicators import goal_value
from xuequ.zoning.options import GOAL_UNITS, Lock
from xuequ.zoning.plan import Goal, Status
from xuequ.zoning.rolls import next_rolls, start_rolls
from xuequ.zoning.rounds import admission_round, zoned_schools

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ZoningOptions
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["Movements", "StageTask", "waiting_blocks", "zone_years"]

_BATCHES = 600
"""Batches of search for a stage and year where nothing else is asked."""
_ATTEMPTS = (0.6, 0.2, 0.2)
"""Shares of the time for the first way through the years, and for others where it ended with too large classes."""
_RINGS = 4
"""Rings of blocks around a coming school that wait for it."""


@dataclass(frozen=True, slots=True, eq=False)
class StageTask:
    """
    One stage to be zoned for every planned year.

    Parameters
    ----------
    district, seats, options
        What is zoned, with which rooms, under which goals and locks.
    stage
        The stage.
    seed
        Of the search; each year has its own from it.
    seconds, batches
        What all years together may take; None for no limit on seconds, and for the usual number of batches.
    """

    district: District
    seats: SeatPlan | None
    options: ZoningOptions
    stage: Stage
    seed: int = 0
    seconds: float | None = None
    batches: int | None = None


class Movements:
    """
    When each block last changed school, and the locks that keep it where it is.

    Parameters
    ----------
    district, stage
        What moves.

    Notes
    -----
    policy.md §5, ``stability_years``. It is no move of a block where its school has closed or been replaced, where a school opens
    in the block itself, or where a lock says so.
    """

    def __init__(self, district: District, stage: Stage, seats: SeatPlan | None, options: ZoningOptions) -> None:
        self.district, self.stage, self.seats = district, stage, seats
        self.locked = {lock.block for lock in options.locks if lock.stage is stage and lock.must}
        self.last = np.full(len(district.blocks), -(1 << 30), dtype=np.int64)
        self.before = _members(district.today.get(stage), len(district.blocks))

    def add(self, catchments: Catchments) -> None:
        """Note who moves in a year."""
        now = _members(catchments, len(self.before))
        open_schools = set(zoned_schools(self.district, self.stage, catchments.year, self.seats).tolist())
        for block, (old, new) in enumerate(zip(self.before, now, strict=True)):
            if old and old != new and old <= open_schools and not self._is_forced(block, new):
                self.last[block] = catchments.year
        self.before = now

    def _is_forced(self, block: int, new: frozenset[int]) -> bool:
        own = any(self.district.schools.block[j] == block for j in new)
        return own or self.district.blocks.ids[block] in self.locked

    def locks(self, year: int, more: NDArray[np.int64]) -> tuple[Lock, ...]:
        """Return the locks of a year: blocks that moved too recently, and those named, stay at their school while it runs."""
        ids, running = self.district.schools.ids, set(zoned_schools(self.district, self.stage, year, self.seats).tolist())
        roots = set(self.district.schools.block[sorted(running)].tolist())
        recent = np.union1d(np.flatnonzero(year - self.last < self.district.rules.stability_years), more)
        return tuple(
            Lock(self.district.blocks.ids[block], self.stage, ids[min(self.before[block])])
            for block in recent
            if self.before[block] and self.before[block] <= running and block not in roots
        )


def waiting_blocks(district: District, stage: Stage, year: int, seats: SeatPlan | None) -> NDArray[np.int64]:
    """
    Return the blocks that had better not move yet, because a school will open for them in a later planned year.

    Notes
    -----
    A block that moves just before a school opens beside it may not move again, and cuts the new catchment off. So blocks stay
    where they are that the new school will be nearest to, and those within a few blocks of it.
    """
    now = set(zoned_schools(district, stage, year, seats).tolist())
    last = zoned_schools(district, stage, district.years[-1], seats)
    coming = np.array([j for j in last if j not in now], dtype=np.int64)
    if not len(coming):
        return coming
    count = len(district.blocks)
    ways = np.array([district.distances.lookup(np.arange(count), np.full(count, j)) for j in last])
    nearest = last[ways.argmin(axis=0)]
    near = np.isin(nearest, coming) & np.isfinite(ways.min(axis=0))
    graph = district.adjacency.to_csr()
    around = np.zeros(count, dtype=bool)
    around[[block for block in district.schools.block[coming] if block >= 0]] = True
    for _ in range(_RINGS):
        around |= (graph @ around.astype(np.int64)) > 0
    return np.flatnonzero(near | around)


def zone_years(
    task: StageTask, *, stop: Stop | None = None, progress: Callable[[Progress], None] | None = None
) -> tuple[Plan, ...]:
    """
    Draw the catchments of a stage for each planned year in turn.

    Parameters
    ----------
    task
        What is zoned.
    stop
        Ends the run; the years that are left keep the catchments of the year before as far as these can be repaired.
    progress
        Is told how far it is.

    Returns
    -------
    tuple of Plan
        Of kind ``zone``, one for each year up to the first that cannot be done.

    Notes
    -----
    model.md §1 and §3: each year starts from the rolls that the years before leave, and from their catchments. What a year
    decides without need can leave a later one no way to hold classes down, since no block moves twice: then the years are gone
    through again, with other random numbers, and the best way counts.
    """
    clock, best = Clock(stop, progress), None
    batches = task.batches or _BATCHES * len(task.district.years)
    for number, share in enumerate(_ATTEMPTS):
        attempt = replace(
            task,
            seed=task.seed + len(task.district.years) * number,
            seconds=None if task.seconds is None else clock.elapsed_s + share * task.seconds,
            batches=max(1, round(share * batches)),
        )
        plans = _one_way(attempt, clock)
        if best is None or _crowding(task, plans) < _crowding(task, best):
            best = plans
        if not any(_crowding(task, best)) or clock.should_stop():
            break
    assert best is not None
    return best


def _crowding(task: StageTask, plans: Sequence[Plan]) -> tuple[int, float, float]:
    """Return how many years have no plan, and the pupils above the absolute and the working seats in the others."""
    goals = [{goal.name: goal.value for goal in plan.goals} for plan in plans if plan.catchments]
    missing = len(task.district.years) - len(goals)
    return missing, sum(each.get("super_large", 0.0) for each in goals), sum(each.get("large", 0.0) for each in goals)


def _one_way(task: StageTask, clock: Clock) -> tuple[Plan, ...]:
    """Go through the years once, to the task's ``seconds`` on the clock."""
    district = task.district
    movements = Movements(district, task.stage, task.seats, task.options)
    rolls = start_rolls(district) if task.options.regime == "phase_in" and district.demand.graded else None
    plans: list[Plan] = []
    planned: dict[int, Catchments] = {}
    for number, year in enumerate(district.years):
        clock.report(f"{task.stage} {year}")
        while rolls is not None and rolls.year < year - 1:
            rolls = next_rolls(district, rolls, {task.stage: dict(planned)}, task.seats, task.options.scenario)
        start = planned[max(planned)] if planned else None
        plan = _zone_year(task, clock, movements, _Year(year, number, rolls, start))
        if plan.status in {Status.INFEASIBLE, Status.STOPPED} and planned:
            plan = _kept(task, plan, planned[max(planned)], rolls)
        plans.append(plan)
        if plan.status in {Status.INFEASIBLE, Status.STOPPED} or not plan.catchments:
            break
        planned[year] = plan.catchments[0]
        movements.add(plan.catchments[0])
    return tuple(plans)


@dataclass(frozen=True, slots=True, eq=False)
class _Year:
    """One year to be zoned: its number among the planned ones, the rolls of the year before, last year's catchments."""

    year: int
    number: int
    rolls: Rolls | None
    start: Catchments | None


def _zone_year(task: StageTask, clock: Clock, movements: Movements, at: _Year) -> Plan:
    """
    Zone one year; where locks leave the search no way in, with other locks.

    First the blocks that wait for a new school stay, then they may move, then all stay but those that waited for a school that
    opens now: so much is given that the search cannot lose its way.
    """
    own = {lock.block for lock in task.options.locks if lock.stage is task.stage}
    waiting = waiting_blocks(task.district, task.stage, at.year, task.seats)
    waited = waiting_blocks(task.district, task.stage, at.year - 1, task.seats)
    elsewhere = np.setdiff1d(np.arange(len(task.district.blocks)), waited)
    plan: Plan | None = None
    for more in (waiting, np.empty(0, dtype=np.int64), elsewhere):
        locks = tuple(lock for lock in movements.locks(at.year, more) if lock.block not in own)
        plan = zone(
            task.district,
            stage=task.stage,
            year=at.year,
            options=replace(task.options, locks=task.options.locks + locks),
            seats=task.seats,
            previous=at.rolls,
            start=at.start,
            stop=_share(task, clock, len(task.district.years) - at.number),
            seed=task.seed + at.number,
            progress=_renamed(clock, f"{task.stage} {at.year}"),
        )
        if plan.catchments:
            break
    assert plan is not None
    return plan


def _kept(task: StageTask, failed: Plan, last: Catchments, rolls: Rolls | None) -> Plan:
    """
    Return a year's plan with the catchments of the year before, where these are still all of the zones that run.

    Notes
    -----
    Under locks a search may find no way into catchments that join up; those of the year before keep every lock and do join up.
    """
    assert failed.year is not None
    regime, options = failed.regime, task.options
    chosen = admission_round(
        task.district, task.stage, failed.year, regime=regime, scenario=options.scenario, seats=task.seats, previous=rolls
    )
    if set(chosen.zones) != set(last.zones):
        return failed
    catchments = replace(last, year=failed.year)
    goals = tuple(
        Goal(item.name, goal_value(item.name, task.district, chosen, catchments), None, GOAL_UNITS[item.name], item.tolerance)
        for item in options.goals
    )
    distance = next((goal.value for goal in goals if goal.name == "distance"), None)
    reason = f"the catchments of {last.year} are kept: {failed.explanation.sentence}"
    return failed.replace(
        status=Status.FEASIBLE, goals=goals, objective=distance, catchments=(catchments,), explanation=Explanation((reason,))
    )


def _share(task: StageTask, clock: Clock, years_left: int) -> Stop:
    """Return the criterion of one year: an equal part of what is left, and whatever ends the whole run."""
    if task.seconds is not None:
        return AnyOf(MaxRuntime(max(0.2, (task.seconds - clock.elapsed_s) / years_left)), lambda _: clock.should_stop())
    batches = task.batches or _BATCHES * len(task.district.years)
    return AnyOf(MaxIterations(max(1, batches // len(task.district.years))), lambda _: clock.should_stop())


def _renamed(clock: Clock, name: str) -> Callable[[Progress], None]:
    def tell(event: Progress) -> None:
        if clock.listener is not None:
            clock.listener(replace(event, phase=f"{name}: {event.phase}", elapsed_s=clock.elapsed_s))

    return tell


def _members(catchments: Catchments | None, blocks: int) -> list[frozenset[int]]:
    """Return the schools of each block's zone, empty for none."""
    if catchments is None:
        return [frozenset()] * blocks
    zones = [*(frozenset(zone) for zone in catchments.zones), frozenset[int]()]
    return [zones[number] for number in _as_list(catchments.zone)]


def _as_list(zone: NDArray[np.int32]) -> Sequence[int]:
    numbers: list[int] = zone.tolist()
    return numbers
