"""assignment.csv against the district: who is given, where to, whether that may be, how far it is, and why."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from xuequ.zoning.stage import Stage
from xuequ.zoning.verification.check import rounded_to
from xuequ.zoning.verification.ground import Area

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xuequ.zoning.statement import AssignmentRow
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Ground

__all__ = ["by_place", "check_area", "check_columns", "check_moved_cap", "check_stability", "moved_blocks", "read_areas"]


def read_areas(ground: Ground, rows: Sequence[AssignmentRow], findings: Findings) -> list[Area]:
    """
    Return what the rows say by stage and year, sorted.

    Every block must stand there once for each stage and year, with known schools, for a year that the district has demand for.
    """
    stages, years = {str(stage) for stage in Stage}, set(ground.district.demand.years)
    strange = [f"{row.stage!r} {row.year}" for row in rows if row.stage not in stages or row.year not in years]
    findings.none("assignment.years", dict.fromkeys(strange), "stages and school years of the district", len(rows))
    unknown = [f"{row.block_id!r}" for row in rows if row.block_id not in ground.block_of]
    findings.none("assignment.block_id", dict.fromkeys(unknown), "blocks of the district", len(rows))
    names = {name for row in rows for name in row.school_id.split(";") if name}
    findings.none(
        "assignment.school_id",
        sorted(repr(name) for name in names - ground.school_of.keys()),
        "schools of the district",
        len(names),
    )
    by_place: dict[tuple[int, int], list[AssignmentRow]] = {}
    order = [str(stage) for stage in Stage]
    for row in rows:
        if row.stage in stages and row.year in years:
            by_place.setdefault((order.index(row.stage), row.year), []).append(row)
    return [_read_area(ground, Stage(order[k]), year, by_place[k, year], findings) for k, year in sorted(by_place)]


def _read_area(ground: Ground, stage: Stage, year: int, rows: Sequence[AssignmentRow], findings: Findings) -> Area:
    count = Counter(row.block_id for row in rows)
    faults = [f"{name} stands there {count[name]} times" for name in ground.block_of if count[name] != 1]
    findings.none("assignment.blocks", faults, f"{stage} {year}, each block once", len(ground.block_of))
    schools: list[tuple[int, ...]] = [()] * len(ground.block_of)
    for row in rows:
        if row.block_id in ground.block_of:
            names = [name for name in row.school_id.split(";") if name in ground.school_of]
            schools[ground.block_of[row.block_id]] = tuple(ground.school_of[name] for name in names)
    return Area(stage, year, tuple(schools))


def check_area(ground: Ground, area: Area, findings: Findings) -> None:
    """Check what a plan of one stage and year must keep: zones, own blocks, contiguity, locks, blocks kept together."""
    _check_zones(ground, area, findings)
    _check_own_blocks(ground, area, findings)
    if ground.district.rules.contiguity:
        _check_contiguity(ground, area, findings)
    _check_locks(ground, area, findings)
    _check_together(ground, area, findings)


def _check_zones(ground: Ground, area: Area, findings: Findings) -> None:
    zones = sorted({zone for zone in area.schools if zone})
    zoned = set(ground.zoned(area.stage, area.year))
    closed = sorted({j for zone in zones for j in zone} - zoned)
    findings.none(
        "assignment.open", [ground.district.schools.ids[j] for j in closed],
        f"{area.place}, schools with a catchment in that year", len({j for zone in zones for j in zone}),
    )  # fmt: skip
    faults = []
    times = Counter(j for zone in zones for j in zone)
    faults += [f"{ground.district.schools.ids[j]} is in {n} zones" for j, n in sorted(times.items()) if n > 1]
    block = ground.district.schools.block
    for zone in zones:
        missing = [j for j in zoned - set(zone) if block[j] >= 0 and block[j] in {block[k] for k in zone}]
        faults += [f"{ground.name(zone)} stands in one block with {ground.district.schools.ids[j]}" for j in sorted(missing)]
        if list(zone) != sorted(zone):
            faults.append(f"{ground.name(zone)} is not in the order of the schools")
    findings.none("assignment.zones", faults, f"{area.place}, schools in one block share a zone, each in one", len(zones))


def _check_own_blocks(ground: Ground, area: Area, findings: Findings) -> None:
    block, ids = ground.district.schools.block, ground.district.schools.ids
    zoned = [j for j in ground.zoned(area.stage, area.year) if block[j] >= 0]
    faults = [
        f"block {ground.district.blocks.ids[block[j]]} of {ids[j]} is given to {ground.name(area.schools[block[j]]) or 'none'}"
        for j in zoned
        if j not in area.schools[block[j]]
    ]
    findings.none("assignment.own_block", faults, f"{area.place}, the block that a school stands in is its own", len(zoned))


def _check_contiguity(ground: Ground, area: Area, findings: Findings) -> None:
    island = ground.island(area.stage, area.year)
    members: dict[tuple[int, ...], set[int]] = {}
    for i, zone in enumerate(area.schools):
        if zone and not island[i]:
            members.setdefault(zone, set()).add(i)
    faults = []
    for zone, blocks in sorted(members.items()):
        homes = [int(ground.district.schools.block[j]) for j in zone if ground.district.schools.block[j] >= 0]
        # A school outside all blocks has no block of its own: its catchment is one piece, wherever that begins.
        cut_off = blocks - ground.reached(homes or [min(blocks)], blocks)
        faults += [f"{ground.district.blocks.ids[i]} is cut off from {ground.name(zone)}" for i in sorted(cut_off)]
    findings.none("assignment.contiguous", faults, f"{area.place}, without islands", len(area.schools) - sum(island))


def _check_locks(ground: Ground, area: Area, findings: Findings) -> None:
    locks, ids = ground.locks(area.stage), ground.district.blocks.ids
    faults = []
    for i, j, must in locks:
        if (j in area.schools[i]) != must:
            word = "must" if must else "must not"
            given = ground.name(area.schools[i]) or "none"
            faults.append(f"{ids[i]} {word} go to {ground.district.schools.ids[j]} and is given to {given}")
    findings.none("assignment.locks", faults, area.place, len(locks))


def _check_together(ground: Ground, area: Area, findings: Findings) -> None:
    groups, ids = ground.together(), ground.district.blocks.ids
    faults = []
    for group in groups:
        found = sorted({ground.name(area.schools[i]) or "none" for i in group})
        if len(found) > 1:
            faults.append(f"{', '.join(ids[i] for i in group)} are given to {', '.join(found)}")
    findings.none("assignment.together", faults, area.place, len(groups))


def moved_blocks(ground: Ground, area: Area) -> list[bool]:
    """Return which blocks had schools today and are given to others."""
    today = ground.today(area.stage)
    return [bool(now) and set(now) != set(then) for now, then in zip(today, area.schools, strict=True)]


def check_moved_cap(ground: Ground, area: Area, pupils: Sequence[int], cap: float | None, findings: Findings) -> None:
    """Check that no more pupils change school than the cap allows; below 1 it is a share of the pupils."""
    if cap is None or area.stage not in ground.district.today:
        return
    moved = sum(count for count, changed in zip(pupils, moved_blocks(ground, area), strict=True) if changed)
    most = math.floor(cap * sum(pupils)) if cap < 1 else cap
    findings.holds("assignment.moved_cap", f"at most {most:g}", moved, area.place, ok=moved <= most)


def check_stability(ground: Ground, areas: Iterable[Area], findings: Findings) -> None:
    """
    Check that no block changes school twice within ``stability_years``.

    Notes
    -----
    policy.md §5. It is no move of the block where its school has closed or been replaced, where a school opens in it, or where a
    lock says so.
    """
    years = ground.district.rules.stability_years
    by_stage: dict[Stage, list[Area]] = {}
    for area in areas:
        by_stage.setdefault(area.stage, []).append(area)
    for stage, planned in by_stage.items():
        locked = {i for i, _, must in ground.locks(stage) if must}
        before, last = ground.today(stage), [-math.inf] * len(ground.block_of)
        faults = []
        for area in sorted(planned, key=lambda item: item.year):
            zoned = set(ground.zoned(stage, area.year))
            for i, (old, new) in enumerate(zip(before, area.schools, strict=True)):
                forced = not set(old) <= zoned or any(ground.district.schools.block[j] == i for j in new) or i in locked
                if not old or set(old) == set(new) or forced:
                    continue
                if area.year - last[i] < years:
                    faults.append(f"{ground.district.blocks.ids[i]} moves in {last[i]:.0f} and again in {area.year}")
                last[i] = area.year
            before = list(area.schools)
        findings.none("assignment.stability", faults, f"{stage}, {years} years", len(ground.block_of))


def check_columns(ground: Ground, area: Area, rows: Sequence[AssignmentRow], why: Sequence[str], findings: Findings) -> None:
    """Check distance, previous school and reason of each row of one stage and year."""
    today = ground.today(area.stage)
    distances: list[tuple[str, Any, Any]] = []
    previous, reasons = [], []
    for row in rows:
        i = ground.block_of.get(row.block_id)
        if i is None:
            continue
        way = ground.way(i, area.schools[i])
        distances.append((row.block_id, row.distance_m, way))
        previous.append((row.block_id, row.previous_school_id, ground.name(today[i])))
        reasons.append((row.block_id, row.reason, why[i]))
    findings.column("assignment.distance_m", distances, area.place, tolerance=rounded_to(1))
    findings.column("assignment.previous_school_id", previous, area.place)
    findings.column("assignment.reason", reasons, area.place)


def by_place(rows: Iterable[Any]) -> Mapping[tuple[str, int], list[Any]]:
    """Return rows by stage and year."""
    result: dict[tuple[str, int], list[Any]] = {}
    for row in rows:
        result.setdefault((row.stage, row.year), []).append(row)
    return result
