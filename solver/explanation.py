"""`explain`: why seats do not do and what would; the cases of a block and of a school stand beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.block_case import block_case
from xuequ.solver.bounding import relax
from xuequ.solver.problem import FAR, MEASURES, OVER, Problem
from xuequ.solver.school_case import school_case
from xuequ.solver.shortage import explain_conflicts, room_seats, shortages
from xuequ.solver.situation import counted, situation_of
from xuequ.zoning.errors import InputError
from xuequ.zoning.explanation import Explanation, Relaxation
from xuequ.zoning.indicators import zone_distances
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.explanation import Shortage
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
        As in `portfolio.zone`; regime and scenario are the plan's where there is one.

    Raises
    ------
    InputError
        If there is no such block or school, or the plan has no such catchments.

    Notes
    -----
    model.md §1, "When it cannot be done". Prices of relaxations are those of the transportation relaxation: what the first goal
    that is not at its least would gain.
    """
    if block is not None and block not in district.block_index():
        raise InputError(f"there is no block {block!r}; see the ids in the blocks table")
    if school is not None and school not in district.school_index():
        raise InputError(f"there is no school {school!r}; see the ids in the schools table")
    options = options or district.options.zoning
    situation = situation_of(district, plan, Stage(stage), district.year_or_first(year), options)
    if situation.problem.conflicts:
        return explain_conflicts(situation.problem.conflicts)
    if block is not None:
        return block_case(situation, district.block_index()[block])
    if school is not None:
        return school_case(situation, district.school_index()[school])
    return _district_case(district, situation.problem, situation.zone)


def _district_case(district: District, problem: Problem, zone: NDArray[np.int32] | None) -> Explanation:
    """Explain what is short in the district: at planned seats, and within the limit of distance."""
    planned, working = problem.caps[:, 0], problem.caps[:, 1]
    near = problem.arc_value[:, 0] == 0
    found = shortages(district, problem, planned)
    reasons = [item.sentence for item in found]
    if not found:
        found = shortages(district, problem, planned, within=near)
        reasons.extend(_beyond_the_limit(item) for item in found)
    large = shortages(district, problem, working)
    reasons.extend(f"even with classes filled to the last that is not large, {item.sentence}" for item in large if item.schools)
    if zone is not None:
        over = int(np.maximum(problem.loads(zone) - planned, 0).sum())
        if over:
            reasons.append(f"the plan has {over:,} pupils above planned seats")
    if not reasons:
        reasons.append(f"every {problem.round.stage} pupil of {problem.round.year} can have a planned seat within reach")
    return Explanation(tuple(reasons), found, _priced(district, problem))


def _beyond_the_limit(item: Shortage) -> str:
    """Say what is short where only schools within the limit of distance count; seats are not what far blocks lack."""
    if item.schools:
        return f"within the limit of distance, {item.sentence}"
    who = f"{counted(len(item.blocks), 'block')} with {counted(item.pupils, 'pupil')}"
    return f"{who} {'has' if len(item.blocks) == 1 else 'have'} no school within the limit of distance"


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
