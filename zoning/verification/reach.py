"""Who goes where no way is known, though a school within reach could be had."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from xuequ.zoning.together import bound_sets

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Area, Ground

__all__ = ["check_reach"]


def check_reach(ground: Ground, area: Area, before: Sequence[tuple[int, ...]] | None, findings: Findings) -> None:
    """
    Check that a block goes without a school, or to one that it has no way to, only where no other can take it.

    Parameters
    ----------
    ground, area
        What the plan says of one stage and year.
    before
        The schools of each block the year before, in a plan of several years: a block that moved too lately must stay
        (policy §5). None in a plan of one year.
    findings
        Where the check is added.

    Notes
    -----
    model.md §1. A zone can take the blocks that are joined to its own over blocks it can take, and blocks of a part of the
    district without schools. Blocks that are kept together count as one (`together.bound_sets`): all of them need a way. No other
    zone can take a block that a school stands in, and nothing is asked of one that a lock gives to its school.
    """
    sets = _sets(ground)
    held = {i for i, _, must in ground.locks(area.stage) if must}
    starts = _starts(ground, area)
    if before is not None:
        held |= {i for i, (old, new) in enumerate(zip(before, area.schools, strict=True)) if old and set(old) == set(new)}
    stay = {k for i in held for k in sets[i]}
    outside = [i for i, zone in enumerate(area.schools) if ground.way(i, zone) is None and i not in stay]
    open_to = _open_to(ground, area, sets, starts) if outside else []
    faults = [
        f"{ground.district.blocks.ids[i]} is given to {ground.name(area.schools[i]) or 'none'}, within reach is {open_to[i]}"
        for i in outside
        if open_to[i]
    ]
    findings.none("assignment.reach", faults, area.place, len(area.schools))


def _sets(ground: Ground) -> list[tuple[int, ...]]:
    """Return for each block all that go where it goes, itself among them."""
    sets: list[tuple[int, ...]] = [(i,) for i in range(len(ground.block_of))]
    for members in bound_sets(ground.district.adjacency, ground.together()):
        for i in members:
            sets[i] = members
    return sets


def _starts(ground: Ground, area: Area) -> dict[int, tuple[int, ...]]:
    """
    Return the block in which the catchment of each zone begins, with the zone.

    That is the block its schools stand in. A school outside all blocks has none: its catchment is one piece, wherever that lies,
    and begins with the block next to the school.
    """
    block, points = ground.district.schools.block, ground.district.blocks.points
    starts: dict[int, tuple[int, ...]] = {}
    for zone in ground.zones(area.stage, area.year):
        homes = [int(block[j]) for j in zone if block[j] >= 0]
        given = [i for i, other in enumerate(area.schools) if other == zone]
        if not homes and given:
            at = ground.district.schools.points[zone[0]]
            homes = [min(given, key=lambda i: (math.dist(points[i], at), i))]
        starts |= dict.fromkeys(homes, zone)
    return starts


def _open_to(ground: Ground, area: Area, sets: Sequence[tuple[int, ...]], starts: Mapping[int, tuple[int, ...]]) -> list[str]:
    """Return for each block a zone that can take it, empty where there is none."""
    found = [""] * len(area.schools)
    owned = _owned(ground, area, sets, starts)
    anywhere = set(range(len(found)))
    island = anywhere - _spread(ground, starts, anywhere, sets)
    for zone in ground.zones(area.stage, area.year):
        free = _free_for(ground, area, zone, sets, owned)
        within = free | {i for i, other in owned.items() if other == zone}
        begin = [i for i, other in starts.items() if other == zone]
        bounded = ground.district.rules.contiguity and begin
        joined = _spread(ground, begin, within, sets) if bounded else free
        for i in free & (joined | island):
            found[i] = found[i] or ground.name(zone)
    return found


def _owned(
    ground: Ground, area: Area, sets: Sequence[tuple[int, ...]], starts: Mapping[int, tuple[int, ...]]
) -> dict[int, tuple[int, ...]]:
    """Return the zone of each block that has no choice: a lock gives it to one, or the catchment of one begins in it."""
    zone_of = {j: zone for zone in ground.zones(area.stage, area.year) for j in zone}
    owned = {i: zone_of[j] for i, j, must in ground.locks(area.stage) if must and j in zone_of} | dict(starts)
    return {k: zone for i, zone in owned.items() for k in sets[i]}


def _free_for(
    ground: Ground,
    area: Area,
    zone: tuple[int, ...],
    sets: Sequence[tuple[int, ...]],
    owned: Mapping[int, tuple[int, ...]],
) -> set[int]:
    """Return the blocks that may be given to a zone: all of a set have a way, none is another's, no lock keeps one away."""
    barred = {i for i, other in owned.items() if other != zone}
    barred |= {i for i, j, must in ground.locks(area.stage) if not must and j in zone}
    open_to = {i for i in range(len(sets)) if ground.way(i, zone) is not None} - barred
    return {i for i in open_to if open_to.issuperset(sets[i])}


def _spread(
    ground: Ground, starts: Sequence[int] | Mapping[int, object], inside: set[int], sets: Sequence[tuple[int, ...]]
) -> set[int]:
    """Return the blocks of ``inside`` that are joined to some of it; who reaches one of a set has reached all of it."""
    seen = {k for i in starts if i in inside for k in sets[i] if k in inside}
    waiting = list(seen)
    while waiting:
        for k in ground.neighbours[waiting.pop()]:
            new = {other for other in sets[k] if other in inside} - seen if k in inside else set()
            seen |= new
            waiting.extend(new)
    return seen
