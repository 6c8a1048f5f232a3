"""What holds a school: pupils and seats, where they come from, its classes by year, and what would relieve it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.shortage import room_seats
from xuequ.solver.situation import counted, listed
from xuequ.zoning.classes import Classes
from xuequ.zoning.explanation import Explanation, Relaxation
from xuequ.zoning.indicators import alert, assigned_distance_m, nearest_zone, utilisation
from xuequ.zoning.rounds import stage_capacity
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from xuequ.solver.situation import Situation
    from xuequ.zoning.rolls import Rolls

__all__ = ["school_case"]

_MOVES_TRIED, _MOVES_TOLD = 40, 3


def school_case(situation: Situation, school: int) -> Explanation:
    """
    Explain one school (index): load and seats, where its pupils come from, its classes by year, and what would relieve it.

    Notes
    -----
    product.md, principle 4: each refusal names its cause and its price. Classes by year are those of the rolls (policy §3).
    """
    problem, zone = situation.problem, situation.zone
    chosen = problem.round
    name = f"school {situation.school(school)}"
    at = next((k for k, members in enumerate(chosen.zones) if school in members), None)
    if at is None:
        return Explanation((f"{name} has no {chosen.stage} catchment in {chosen.year}",))
    planned = int(problem.caps[at, 0])
    if zone is None:
        near, _ = nearest_zone(situation.district, chosen.zones)
        there = counted(int(chosen.pupils[near == at].sum()), situation.child)
        return Explanation((f"{name} has {planned:,} planned seats; it is the nearest for {there}",))
    load = int(problem.loads(zone)[at])
    of = f" for {chosen.stage} in {chosen.year}"
    reasons = [f"{name} is given {counted(load, situation.child)} on {planned:,} planned seats{of}"]
    relaxations: list[Relaxation] = []
    if load > planned:
        size = max(room_seats(situation.district, problem, at), 1)
        rooms = -(-(load - planned) // size)
        reasons.append(f"it lacks {counted(load - planned, 'seat')}: {counted(rooms, 'classroom')} more would do")
        target = situation.district.schools.ids[school]
        relaxations.append(Relaxation("classrooms", target, float(rooms), "classrooms", float(load - planned)))
    reasons += [*_catchment(situation, at), *_changes(situation, at), *_years(situation, school), *_projects(situation, school)]
    reasons += _worth(situation, at)
    if load > planned or _colour(situation, school) == "red":
        moves = _moves(situation, at)
        reasons += [sentence for sentence, _ in moves] or ["no block at its edge can go to a neighbour with free seats"]
        relaxations += [relaxation for _, relaxation in moves]
        reasons += _cluster(situation, school)
    return Explanation(tuple(reasons), relaxations=tuple(relaxations))


def _catchment(situation: Situation, at: int) -> list[str]:
    """Say where the pupils of a zone live and how far they go."""
    assert situation.plan is not None
    assert situation.zone is not None
    district, chosen = situation.district, situation.problem.round
    blocks = np.flatnonzero(situation.zone[situation.problem.unit] == at)
    pupils = chosen.pupils[blocks]
    if not pupils.sum():
        return [f"no {chosen.stage} {situation.child} lives in its {counted(len(blocks), 'block')}"]
    by_community: Counter[str] = Counter()
    for block, count in zip(blocks.tolist(), pupils.tolist(), strict=True):
        by_community[district.blocks.communities[block]] += count
    homes = listed([f"{name or 'without a community'} {count:,}" for name, count in by_community.most_common() if count])
    metres = assigned_distance_m(district, situation.plan.of(chosen.stage, chosen.year))[blocks]
    known = np.isfinite(metres) & (pupils > 0)
    told = f"they come from {counted(int((pupils > 0).sum()), 'block')}" + (f": {homes}" if any(by_community) else "")
    if not known.any():
        return [told]
    mean = float(np.average(metres[known], weights=pupils[known]))
    farthest = int(np.flatnonzero(known)[metres[known].argmax()])
    far = int(pupils[metres > chosen.limit_m[blocks]].sum())
    beyond = f"; {far:,} of them beyond the limit" if far else ""
    way = f"on average {mean:,.0f} m, the farthest {metres[farthest]:,.0f} m from block {district.blocks.ids[blocks[farthest]]}"
    return [told, way + beyond]


def _changes(situation: Situation, at: int) -> list[str]:
    """Say what comes to a zone and leaves it against today's catchments."""
    problem, zone = situation.problem, situation.zone
    assert zone is not None
    known = problem.today >= 0
    told = []
    for words, mine, others in (
        ("new to it against today", known & (zone == at) & (problem.today != at), problem.today),
        ("leaving it against today", known & (problem.today == at) & (zone != at), zone),
    ):
        count = int(problem.pupils[mine].sum())
        if not count:
            continue
        by_zone: Counter[int] = Counter()
        for unit in np.flatnonzero(mine).tolist():
            by_zone[int(others[unit])] += int(problem.pupils[unit])
        way = "from" if others is problem.today else "to"
        names = listed([f"{situation.zone_name(k)} {n:,}" for k, n in by_zone.most_common() if n])
        told.append(f"{words}: {counted(count, situation.child)} of {counted(int(mine.sum()), 'block')}, {way} {names}")
    return told


def _years(situation: Situation, school: int) -> list[str]:
    """Say pupils, classes and seats of a school in each year of the plan."""
    told = (_year(situation, school, rolls) for rolls in situation.rolls)
    return [sentence for sentence in told if sentence]


def _year(situation: Situation, school: int, rolls: Rolls) -> str:
    district, stage, plan = situation.district, situation.problem.round.stage, situation.plan
    span = stage.grade_slice
    pupils, rooms = rolls.pupils[school, span].tolist(), rolls.classes[school, span].tolist()
    total = sum(pupils)
    planned = int(stage_capacity(district, stage, rolls.year, plan.seats if plan else None).planned[school])
    if not total and not planned:
        return ""
    told = f"{rolls.year}: {counted(total, 'pupil')}"
    if district.demand.graded and any(rooms):
        sizes = [Classes.split(n, r) for n, r in zip(pupils, rooms, strict=True) if r]
        told += f" in {counted(sum(len(item) for item in sizes), 'class')}"
        told += f" of up to {max(item.largest for item in sizes)}"
        large = sum(item.count_from(district.rules.large_class) for item in sizes)
        if stage.programme is Programme.SCHOOL:
            told += f", {large} large" if large else ", none large"
    share = utilisation(total, planned)
    used = "" if share is None else f" ({share:.0%})"
    return f"{told}; {planned:,} planned seats{used}: {alert(district.rules, total, planned)}"


def _colour(situation: Situation, school: int) -> str:
    """Return the alert of a school in the year that is explained."""
    chosen, plan = situation.problem.round, situation.plan
    rolls = next((item for item in situation.rolls if item.year == chosen.year), None)
    if rolls is None:
        return ""
    planned = stage_capacity(situation.district, chosen.stage, chosen.year, plan.seats if plan else None).planned[school]
    return alert(situation.district.rules, int(rolls.pupils[school, chosen.stage.grade_slice].sum()), int(planned))


def _projects(situation: Situation, school: int) -> list[str]:
    """Say what the seat plan builds at a school, or why it does not."""
    district, plan = situation.district, situation.plan
    if plan is None or plan.seats is None:
        return []
    reasons = dict(plan.seats.reasons)
    told = []
    for site in district.sites:
        if site.school != district.schools.ids[school]:
            continue
        opened = [item for item in plan.seats.openings if item.site == site.id and item.rooms]
        rooms = listed([f"{item.rooms} {item.stage} classrooms in {item.year}" for item in opened], 6)
        does = f" opens {rooms}" if opened else f": {reasons.get(site.id, 'not chosen')}"
        told.append(f"project {site.id} {site.name}{does}")
    return told


def _worth(situation: Situation, at: int) -> list[str]:
    """Say what one more planned seat would save, by the multipliers of the plan's certificate."""
    chosen = situation.problem.round
    assert situation.plan is not None
    for item in situation.plan.certificates:
        known = item.form == "linear" and len(item.multipliers) == len(chosen.zones)
        if known and (item.stage, item.year, item.goal) == (chosen.stage, chosen.year, "distance"):
            worth = float(item.multipliers[at]) / item.scale
            saved = f"save about {worth:,.2f} pupil·km" if worth >= 0.005 else "shorten nobody's way"
            return [f"one more planned seat here would {saved}"]
    return []


def _moves(situation: Situation, at: int) -> list[tuple[str, Relaxation]]:
    """Return the blocks at the edge of a zone that a neighbour with free seats could take at least cost in distance."""
    problem, zone = situation.problem, situation.zone
    assert zone is not None
    free = problem.caps[:, 0] - problem.loads(zone)
    way = problem.arc_value[:, 1]
    own = problem.arcs_of(zone)
    found: list[tuple[float, int, int]] = []
    for unit in np.flatnonzero((zone == at) & (problem.pupils > 0) & (own >= 0)).tolist():
        if problem.root[at] == unit:
            continue
        beside = set(zone[problem.neighbours[problem.indptr[unit] : problem.indptr[unit + 1]]].tolist()) - {at}
        for arc in range(problem.arc_indptr[unit], problem.arc_indptr[unit + 1]):
            other = int(problem.arc_zone[arc])
            if other in beside and free[other] >= problem.pupils[unit]:
                found.append((float(way[arc] - way[own[unit]]), unit, other))
    found.sort(key=lambda item: (item[0] / problem.pupils[item[1]], item))
    told: list[tuple[str, Relaxation]] = []
    for more, unit, other in found[:_MOVES_TRIED]:
        if len(told) == _MOVES_TOLD:
            break
        named = any(item.target == _id(situation, unit) for _, item in told)
        if not named and not situation.falls_apart(unit, other):
            told.append(_move(situation, unit, other, more))
    return told


def _move(situation: Situation, unit: int, other: int, more: float) -> tuple[str, Relaxation]:
    pupils = int(situation.problem.pupils[unit])
    block = int(np.flatnonzero(situation.problem.unit == unit)[0])
    sentence = (
        f"block {situation.block(block)} with {counted(pupils, situation.child)} could go to {situation.zone_name(other)}"
        f", which has the seats; {situation.change(unit, other)}"
    )
    return sentence, Relaxation("move", _id(situation, unit), float(pupils), "pupils", more)


def _id(situation: Situation, unit: int) -> str:
    return situation.district.blocks.ids[int(np.flatnonzero(situation.problem.unit == unit)[0])]


def _cluster(situation: Situation, school: int) -> list[str]:
    """Say who in the cluster has free seats for those whom the school cannot take (policy §5, order of relief)."""
    district, plan, chosen = situation.district, situation.plan, situation.problem.round
    clusters = (plan.clusters if plan else None) or district.clusters
    rolls = next((item for item in situation.rolls if item.year == chosen.year), None)
    cluster_of = {} if clusters is None else clusters.cluster_of()
    cluster = cluster_of.get(district.schools.ids[school])
    if cluster is None or rolls is None:
        return []
    capacity = stage_capacity(district, chosen.stage, chosen.year, plan.seats if plan else None).planned
    free = {
        k: int(capacity[k] - rolls.pupils[k, chosen.stage.grade_slice].sum())
        for k, name in enumerate(district.schools.ids)
        if k != school and cluster_of.get(name) == cluster and capacity[k] > 0
    }
    names = listed([f"{situation.school(k)} {n:,}" for k, n in sorted(free.items(), key=lambda item: -item[1]) if n > 0])
    if not names:
        return [f"nobody else in its cluster {cluster} has free {chosen.stage} seats in {chosen.year}"]
    return [f"free {chosen.stage} seats in its cluster {cluster} in {chosen.year}: {names}"]
