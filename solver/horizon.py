"""`plan`: seats, then catchments of every stage and year, then clusters, as one plan (model.md §1, §3, §4)."""

from __future__ import annotations

import multiprocessing
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from xuequ.solver.grouping import Situation, cluster
from xuequ.solver.siting import seats as choose_seats
from xuequ.solver.stage_years import StageTask, zone_years
from xuequ.solver.stop import AnyOf, Clock, Interrupted, MaxIterations, MaxRuntime
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.outlook import outlook, plan_rolls
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.rounds import zoned_schools
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.district import District
    from xuequ.zoning.seating import SeatPlan

__all__ = ["plan"]

_SEATS, _CLUSTERS = 0.3, 0.15
"""Shares of a time limit; what they do not use goes to the catchments."""
_CLUSTER_SECONDS = 60.0
"""Most time for the proof that clusters are the best, where the run has no time limit of its own."""


def plan(
    district: District,
    *,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """
    Plan seats, catchments of every stage and planned year, and clusters.

    Parameters
    ----------
    district
        The district.
    stop, progress
        When to stop, and who is told how far it is. A time limit is shared out: three tenths to seats, a seventh to clusters, the
        rest to catchments in equal parts.
    seed
        Of all searches.
    threads
        With two or more the stages are zoned in processes of their own; the plan is the same. The calling script then needs the
        usual ``if __name__ == "__main__"``.

    Returns
    -------
    Plan
        Kind ``plan``: goals, objective and bound of the seats; catchments, goals and certificates of each stage and year;
        clusters of the schools of the last year. Status ``infeasible`` with the explanation where seats, catchments or clusters
        cannot be had; what was found until then is in it.

    Raises
    ------
    ValueError
        If it is not known who is enrolled where, or the demand reaches no planned year.

    Notes
    -----
    model.md §3, last paragraph: catchments are made on the chosen seats, coupled by rolls and by the rule that no block moves
    twice within ``stability_years`` (a block that moved is locked to its school until they have passed).
    """
    clock = Clock(stop, progress)
    result = Plan(PlanKind.PLAN, Status.FEASIBLE, district.fingerprint, _regime(district), _scenario(district), seed)
    if district.sites:
        chosen = choose_seats(district, stop=_part(clock, _SEATS), seed=seed, threads=threads, progress=_timed(clock))
        result = result.replace(
            status=chosen.status,
            goals=chosen.goals,
            objective=chosen.objective,
            solver_bound=chosen.solver_bound,
            seats=chosen.seats,
            explanation=chosen.explanation,
        )
        if chosen.seats is None:
            return result.replace(seconds=clock.elapsed_s)
    result = _zoned(district, result, clock, threads)
    if result.status not in {Status.INFEASIBLE, Status.STOPPED}:
        result = _clustered(district, result, clock)
    return result.replace(seconds=clock.elapsed_s)


def _regime(district: District) -> Any:
    return district.options.zoning.regime if district.demand.graded else "full"


def _scenario(district: District) -> str:
    return district.options.zoning.scenario


def _zoned(district: District, result: Plan, clock: Clock, threads: int) -> Plan:
    """Add the catchments of every stage that runs in a planned year."""
    stages = [stage for stage in Stage if any(len(zoned_schools(district, stage, year, result.seats)) for year in district.years)]
    tasks = _tasks(district, stages, result.seats, clock, result.seed, parallel=threads > 1)
    found = _in_processes(tasks, clock, threads) if threads > 1 and len(tasks) > 1 else None
    by_stage = found or [zone_years(task, stop=_rest(clock), progress=_timed(clock)) for task in tasks]
    plans = [item for items in by_stage for item in items]
    failed = [item for item in plans if not item.catchments or item.status in {Status.INFEASIBLE, Status.STOPPED}]
    reasons = _without_school(district, stages)
    reasons += tuple(f"{item.stage} {item.year}: {reason}" for item in plans for reason in item.explanation.reasons)
    known = result.explanation
    status = result.status if not failed else failed[0].status
    return result.replace(
        status=Status.FEASIBLE if status is Status.OPTIMAL else status,
        catchments=tuple(item for each in plans for item in each.catchments),
        certificates=tuple(item for each in plans for item in each.certificates),
        stage_goals=tuple((each.stage, each.year, each.goals) for each in plans if each.stage and each.year and each.catchments),
        explanation=replace(known, reasons=known.reasons + reasons),
        settings={"seats": district.options.zoning.seats, "moved_max": district.options.zoning.moved_max} | dict(result.settings),
    )


def _without_school(district: District, stages: list[Stage]) -> tuple[str, ...]:
    """Say which children are planned for no school, because none of their stage runs in any planned year."""
    most = {stage: max(int(district.demand.of_stage(stage, year).sum()) for year in district.years) for stage in Stage}
    return tuple(
        f"{stage}: up to {pupils:,} pupils a year and no school with classrooms or seats for them; they are planned for nowhere"
        for stage, pupils in most.items()
        if pupils and stage not in stages
    )


def _tasks(
    district: District, stages: list[Stage], seats: SeatPlan | None, clock: Clock, seed: int, *, parallel: bool
) -> list[StageTask]:
    """Share out what is left of time and iterations; in processes the stages run side by side, two at a time."""
    left = clock.seconds_left()
    seconds: float | None = None
    if left < float("inf"):
        rounds = -(-len(stages) // 2) if parallel else len(stages)
        seconds = left * (1 - _CLUSTERS) / max(1, rounds)
    batches = clock.iterations_left()
    each = batches // max(1, len(stages)) if batches < 1 << 50 else None
    options = district.options.zoning
    return [
        StageTask(district, seats, options, stage, seed * 1000 + 100 * number, seconds, each)
        for number, stage in enumerate(stages)
    ]


def _in_processes(tasks: list[StageTask], clock: Clock, threads: int) -> list[tuple[Plan, ...]] | None:
    """Zone the stages in processes; None where processes cannot be had, so that the caller does it alone."""
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager:
        event = manager.Event()
        try:
            with ProcessPoolExecutor(min(threads, len(tasks)), mp_context=context) as pool:
                # The stage with the most pupils takes longest, so it begins first.
                order = sorted(
                    range(len(tasks)),
                    key=lambda k: -int(tasks[k].district.demand.of_stage(tasks[k].stage, tasks[k].district.years[0]).sum()),
                )
                running = {k: pool.submit(zone_years, tasks[k], stop=Interrupted(event)) for k in order}
                while wait(running.values(), timeout=0.3).not_done:
                    if clock.report("catchments"):
                        event.set()
                return [running[k].result() for k in range(len(tasks))]
        except BrokenProcessPool:
            return None


def _clustered(district: District, result: Plan, clock: Clock) -> Plan:
    """Add the clusters of the last year's schools, and say when the last large class goes."""
    known = result.explanation
    if any(stage.programme is Programme.SCHOOL for stage, _, _ in result.stage_goals):
        known = replace(known, reasons=(*known.reasons, _outlook_told(district, result)))
    assert district.schools.lead is not None
    if not (district.schools.lead.any() or district.options.clusters.leads):
        return result.replace(explanation=known)
    rolls = plan_rolls(district, result, last=max(item.year for item in result.catchments))[-1]
    of_last = tuple(item for item in result.catchments if item.year == rolls.year)
    stop = AnyOf(_rest(clock), MaxRuntime(min(clock.seconds_left(_CLUSTER_SECONDS), _CLUSTER_SECONDS)))
    grouped = cluster(
        district, situation=Situation(rolls, of_last, result.seats), stop=stop, seed=result.seed, progress=_timed(clock)
    )
    if grouped.clusters is None:
        reasons = tuple(f"clusters: {reason}" for reason in grouped.explanation.reasons)
        return result.replace(status=grouped.status, explanation=replace(known, reasons=reasons + known.reasons))
    reasons = known.reasons + grouped.explanation.reasons
    return result.replace(clusters=grouped.clusters, explanation=Explanation(reasons, known.shortage, known.relaxations))


def _outlook_told(district: District, result: Plan) -> str:
    """Say what becomes of large classes, where it is known how many there are today."""
    if district.enrolment is None and not district.today:
        return "How many classes are large without the plan is not known: there is neither enrolment nor today's catchments."
    return outlook(district, result).sentence()


def _rest(clock: Clock) -> Stop:
    """Return a criterion that asks that of the whole run from inside a part of it."""
    return lambda _: clock.should_stop()


def _part(clock: Clock, share: float) -> Stop:
    """Return the criterion of a part: its share of the time that is left, its share of iterations, and the whole run's."""
    parts: list[Stop] = [_rest(clock)]
    left = clock.seconds_left()
    if left < float("inf"):
        parts.append(MaxRuntime(left * share))
    batches = clock.iterations_left()
    if batches < 1 << 50:
        parts.append(MaxIterations(batches))
    return AnyOf(*parts)


def _timed(clock: Clock) -> Callable[[Progress], None]:
    def tell(event: Progress) -> None:
        if clock.listener is not None:
            clock.listener(replace(event, elapsed_s=clock.elapsed_s))

    return tell
