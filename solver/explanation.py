"""`explain`: why seats do not do and what would, and why a block is not at its nearest school."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.bounding import relax
from xuequ.solver.problem import DISTANCE, FAR, MEASURES, OVER, Problem, build_problem
from xuequ.solver.repair import loose_units
from xuequ.solver.shortage import explain_conflicts, room_seats, shortages
from xuequ.zoning.errors import InputError
from xuequ.zoning.explanation import Explanation, Relaxation
from xuequ.zoning.indicators import zone_distances
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.options import ZoningOptions
    from xuequ.zoning.plan import Plan

__all__ = ["explain"]

_MOST_PRICED = 5


def explain(
    district: District,
    plan: Plan | None = None,
    *,
    stage: Stage | str,
    year: int | None = None,
    block: str | None = None,
    school: str | None = None,
    options: ZoningOptions | None = None,
) -> Explanation:
    """
    Say why catchments are as they are, what is short, and what would do.

    Parameters
    ----------
    district, plan
        The district, and a plan of it; without one only what no plan can change is explained.
    stage, year
        What it is about; the first planned year if none is given.
    block, school
        Explain this block's, or this school's, case in the plan.
    options
        As in `portfolio.zone`.

    Raises
    ------
    InputError
        If there is no such block or school, or the plan has no such catchments.

    Notes
    -----
    model.md §1, "When it cannot be done". Prices of relaxations are those of the transportation relaxation: what the first goal
    that is not at its least would gain.
    """
    options = options or district.options.zoning
    seats = plan.seats if plan is not None else None
    problem = build_problem(district, Stage(stage), district.year_or_first(year), options, seats=seats)
    if block is not None and block not in district.block_index():
        raise InputError(f"there is no block {block!r}; see the ids in the blocks table")
    if school is not None and school not in district.school_index():
        raise InputError(f"there is no school {school!r}; see the ids in the schools table")
    if problem.conflicts:
        return explain_conflicts(problem.conflicts)
    zone = _zones_of(problem, plan)
    if block is not None:
        return _block_case(district, problem, zone, block)
    if school is not None:
        return _school_case(district, problem, zone, school)
    return _district_case(district, problem, zone)


def _zones_of(problem: Problem, plan: Plan | None) -> NDArray[np.int32] | None:
    if plan is None:
        return None
    try:
        catchments = plan.of(problem.round.stage, problem.round.year)
    except KeyError as fault:
        raise InputError(str(fault.args[0])) from fault
    return problem.units_of(catchments)


def _name(district: District, problem: Problem, zone: int) -> str:
    return ";".join(district.schools.ids[j] for j in problem.round.zones[zone])


def _district_case(district: District, problem: Problem, zone: NDArray[np.int32] | None) -> Explanation:
    """Explain what is short in the district: at planned seats, and within the limit of distance."""
    planned, working = problem.caps[:, 0], problem.caps[:, 1]
    near = problem.arc_value[:, 0] == 0
    found = shortages(district, problem, planned)
    reasons = [item.sentence for item in found]
    if not found:
        found = shortages(district, problem, planned, within=near)
        reasons.extend(f"within the limit of distance, {item.sentence}" for item in found)
    large = shortages(district, problem, working)
    reasons.extend(f"even with classes filled to the last that is not large, {item.sentence}" for item in large)
    if zone is not None:
        over = int(np.maximum(problem.loads(zone) - planned, 0).sum())
        if over:
            reasons.append(f"the plan has {over:,} pupils above planned seats")
    if not reasons:
        reasons.append(f"every {problem.round.stage} pupil of {problem.round.year} can have a planned seat within reach")
    return Explanation(tuple(reasons), found, _priced(district, problem))


def _priced(district: District, problem: Problem) -> tuple[Relaxation, ...]:
    """Return rooms and limits that would help most, priced by the relaxation, the most helpful first."""
    limits = np.full(len(MEASURES), np.inf)
    pupils = relax(problem, OVER, limits, seconds=10.0)
    result: list[Relaxation] = []
    if pupils is not None and pupils.value > 0.5:
        for k in np.argsort(-pupils.mu, kind="stable")[:_MOST_PRICED].tolist():
            size = room_seats(district, problem, k)
            if pupils.mu[k] > 1e-6 and size > 0:
                rooms = float(np.ceil(pupils.value / size))
                school = district.schools.ids[problem.round.zones[k][0]]
                result.append(Relaxation("classrooms", school, rooms, "classrooms", float(pupils.mu[k]) * size))
        return tuple(result)
    limits[OVER] = 0.0
    ways = relax(problem, FAR, limits, seconds=10.0)
    if ways is not None and ways.value > 0.5:
        for k in np.argsort(-ways.mu, kind="stable")[:_MOST_PRICED].tolist():
            size = room_seats(district, problem, k)
            if ways.mu[k] > 1e-6 and size > 0:
                school = district.schools.ids[problem.round.zones[k][0]]
                result.append(Relaxation("classrooms", school, 1.0, "classrooms", float(ways.mu[k]) * size))
        result.append(_limit(district, problem))
    return tuple(result)


def _limit(district: District, problem: Problem) -> Relaxation:
    """Return by how much the limit of distance would have to rise so that every block has a school within it."""
    block, _, metres = zone_distances(district, problem.round.zones)
    nearest = np.full(len(district.blocks), np.inf)
    np.minimum.at(nearest, block, metres)
    peopled = (problem.round.pupils > 0) & np.isfinite(nearest)
    short = np.where(peopled, nearest - problem.round.limit_m, 0.0)
    worst = int(short.argmax())
    return Relaxation(
        "limit",
        f"limit.{problem.round.stage}",
        float(np.ceil(max(short[worst], 0.0))),
        "m",
        float(np.maximum(short, 0).astype(bool) @ problem.round.pupils),
    )


def _block_case(district: District, problem: Problem, zone: NDArray[np.int32] | None, block: str) -> Explanation:
    """Explain one block: its nearest school, why it is not there, and what it would cost to have it there."""
    i = int(problem.unit[district.block_index()[block]])
    arcs = np.arange(problem.arc_indptr[i], problem.arc_indptr[i + 1])
    order = arcs[np.argsort(problem.arc_value[arcs, 1], kind="stable")]
    nearest = int(problem.arc_zone[order[0]])
    pupils = int(problem.pupils[i])
    if zone is None or zone[i] < 0:
        way = problem.arc_value[order[0], 1] / max(pupils, 1)
        there = _name(district, problem, nearest)
        reason = f"block {block} has {pupils} pupils; the nearest school that it may have is {there}, {way * 1000:,.0f} m away"
        return Explanation((reason,))
    now = int(zone[i])
    if now == nearest:
        return Explanation((f"block {block} is given to {_name(district, problem, now)}, the nearest school that it may have",))
    other = zone.copy()
    other[i] = nearest
    before, after = problem.measure(zone), problem.measure(other)
    cut_off = int((loose_units(problem, other) & ~loose_units(problem, zone)).sum())
    name, there = _name(district, problem, now), _name(district, problem, nearest)
    more = {MEASURES[k]: after[k] - before[k] for k in range(len(MEASURES) - 1) if abs(after[k] - before[k]) > 1e-9}
    load, planned = int(problem.loads(other)[nearest]), int(problem.caps[nearest, 0])
    reasons = [f"block {block} is given to {name}; its nearest school is {there}"]
    if load > planned:
        reasons.append(f"with its {pupils} pupils {there} would have {load:,} pupils on {planned:,} planned seats")
    if cut_off:
        reasons.append(f"there, {cut_off} block(s) would be cut off from their school, this one or those that lie behind it")
    if problem.root[now] == i:
        reasons.append(f"{name} stands in it")
    worse = ", ".join(f"{goal} {value:+,.3g}" for goal, value in more.items())
    reasons.append(f"to have it there changes {worse}" if worse else "to have it there changes no goal")
    if len(reasons) == 2:
        reasons.append("it is where goals of higher rank, or the blocks around it, put it")
    relaxations = []
    if load > planned:
        first = district.schools.ids[problem.round.zones[nearest][0]]
        gained = max(float(before[DISTANCE] - after[DISTANCE]), 0.0)
        relaxations.append(Relaxation("seats", first, float(load - planned), "seats", gained))
    return Explanation(tuple(reasons), relaxations=tuple(relaxations))


def _school_case(district: District, problem: Problem, zone: NDArray[np.int32] | None, school: str) -> Explanation:
    """Explain one school: its load against its seats, and what its catchment is made of."""
    j = district.school_index()[school]
    k = next((k for k, members in enumerate(problem.round.zones) if j in members), None)
    if k is None:
        return Explanation((f"school {school} has no {problem.round.stage} catchment in {problem.round.year}",))
    planned = int(problem.caps[k, 0])
    if zone is None:
        rows = problem.arc_rows()
        nearest = problem.arc_zone[np.lexsort((problem.arc_value[:, 1], rows))][problem.arc_indptr[:-1]]
        there = int(problem.pupils[nearest == k].sum())
        return Explanation((f"school {school} has {planned:,} planned seats; it is the nearest for {there:,} pupils",))
    load = int(problem.loads(zone)[k])
    reasons = [f"school {school} is given {load:,} pupils on {planned:,} planned seats"]
    relaxations = []
    if load > planned:
        size = max(room_seats(district, problem, k), 1)
        rooms = float(-(-(load - planned) // size))
        reasons.append(f"it lacks {load - planned:,} seats, {rooms:.0f} classrooms")
        relaxations.append(Relaxation("classrooms", school, rooms, "classrooms", float(load - planned)))
    return Explanation(tuple(reasons), relaxations=tuple(relaxations))
