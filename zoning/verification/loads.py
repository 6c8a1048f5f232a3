"""schools.csv and overflow.csv against the district: pupils, classes, seats, alerts; and the load of each zone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xuequ.zoning.stage import GRADES, Stage
from xuequ.zoning.statement import OverflowRow, SchoolRow
from xuequ.zoning.verification.check import rounded_to
from xuequ.zoning.verification.ground import exact
from xuequ.zoning.verification.pupils import entry_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Area, Ground, Sized
    from xuequ.zoning.verification.pupils import Counted

__all__ = ["Load", "check_hard_seats", "check_overflow", "check_schools", "load_of", "reasons_of"]


@dataclass(frozen=True, slots=True)
class Load:
    """
    One stage and year as the goals see it.

    Parameters
    ----------
    area
        What the plan says.
    pupils
        Of each block, those who are given a school: all grades, or the entry grade in regime ``phase_in``.
    zones
        Every zone, also those without blocks.
    size, load
        Seats for these pupils and their number, by zone.
    ways
        For each block the metres to each zone (position among ``zones``) within reach.
    """

    area: Area
    pupils: tuple[int, ...]
    zones: tuple[tuple[int, ...], ...]
    size: Mapping[tuple[int, ...], Sized]
    load: Mapping[tuple[int, ...], int]
    ways: tuple[dict[int, float], ...]


def load_of(ground: Ground, area: Area, scenario: str, before: Counted | None) -> Load:
    """Count the load of each zone; ``before`` are the rolls of the year before in regime ``phase_in``, else None."""
    demand = ground.district.demand.by_grade(area.year, scenario)[area.stage.grade_slice].tolist()
    pupils = [sum(grades) for grades in zip(*demand, strict=True)] if before is None else demand[0]
    zones = ground.zones(area.stage, area.year, [zone for zone in area.schools if zone])
    sizes = {}
    for zone in zones:
        each = [
            ground.size(j, area.stage, area.year) if before is None else entry_size(ground, j, area.stage, area.year, before)
            for j in zone
        ]
        sizes[zone] = type(each[0])(
            sum(item.planned for item in each), sum(item.working for item in each), sum(item.absolute for item in each)
        )
    load = dict.fromkeys(zones, 0)
    for zone, count in zip(area.schools, pupils, strict=True):
        if zone:
            load[zone] += count
    return Load(area, tuple(pupils), tuple(zones), sizes, load, _ways(ground, zones))


def _ways(ground: Ground, zones: Sequence[tuple[int, ...]]) -> tuple[dict[int, float], ...]:
    zone_of = {j: k for k, zone in enumerate(zones) for j in zone}
    if all(len(zone) == 1 for zone in zones):
        order = sorted(zone_of)
        return tuple({zone_of[j]: reach[j] for j in order if j in reach} for reach in ground.metres)
    result = []
    for reach in ground.metres:
        ways: dict[int, float] = {}
        for j, metres in reach.items():
            if j in zone_of:
                ways[zone_of[j]] = min(metres, ways.get(zone_of[j], metres))
        result.append(ways)
    return tuple(result)


def check_hard_seats(ground: Ground, load: Load, findings: Findings) -> None:
    """Check that no zone is above its planned seats, where seats are hard."""
    faults = [
        f"{ground.name(zone)} has {count} pupils on {load.size[zone].planned} seats"
        for zone, count in load.load.items()
        if count > load.size[zone].planned
    ]
    findings.none("assignment.hard_seats", faults, load.area.place, len(load.zones))


def reasons_of(ground: Ground, load: Load) -> list[str]:
    """Return why each block goes where it goes: the first word of `reasons.REASONS` that holds."""
    area = load.area
    island, today = ground.island(area.stage, area.year), ground.today(area.stage)
    locks, together = ground.locks(area.stage), {i for group in ground.together() for i in group}
    result = []
    for i, zone in enumerate(area.schools):
        shortest, k = min(((way, k) for k, way in load.ways[i].items()), default=(None, -1))
        nearest = load.zones[k] if k >= 0 else ()
        if not zone:
            reason = "none"
        elif any(ground.district.schools.block[j] == i for j in zone):
            reason = "own"
        elif any(block == i and j in (zone if must else nearest) for block, j, must in locks):
            reason = "lock"
        elif island[i]:
            reason = "island"
        elif shortest is not None and ground.way(i, zone) == shortest:
            reason = "nearest"
        elif i in together:
            reason = "together"
        elif today[i] and set(today[i]) == set(zone):
            reason = "current"
        elif not nearest:
            reason = "none"
        elif load.load[nearest] + load.pupils[i] > load.size[nearest].planned:
            reason = "seats"
        elif not any(area.schools[other] == nearest for other in ground.neighbours[i]):
            reason = "connected"
        else:
            reason = "goals"
        result.append(reason)
    return result


def check_schools(
    ground: Ground,
    area: Area,
    counted: Counted,
    rows: Sequence[SchoolRow],
    findings: Findings,
    *,
    table: str = "schools",
) -> None:
    """Check the rows of schools.csv (or of one scenario in scenarios.csv) of one stage and year, column by column."""
    expected = {(row.school_id, row.grade): row for row in _expected(ground, area, counted)}
    said = Counter((row.school_id, row.grade) for row in rows)
    faults = [f"{school} {grade} stands there {n} times" for (school, grade), n in said.items() if n > 1]
    faults += [f"{school} {grade} is missing" for school, grade in expected.keys() - said.keys()]
    faults += [f"{school} {grade} has no place there" for school, grade in said.keys() - expected.keys()]
    findings.none(f"{table}.rows", sorted(faults), f"{area.place}, each school and grade once", len(expected))
    for column in SchoolRow._fields[4:]:
        pairs: list[tuple[str, Any, Any]] = [
            (f"{row.school_id} {row.grade}".strip(), getattr(row, column), getattr(expected[row.school_id, row.grade], column))
            for row in rows
            if (row.school_id, row.grade) in expected
        ]
        findings.column(f"{table}.{column}", pairs, area.place, tolerance=rounded_to(4) if column == "utilisation" else None)


def _expected(ground: Ground, area: Area, counted: Counted) -> list[SchoolRow]:
    stage, year, rules = area.stage, area.year, ground.district.rules
    zoned = set(ground.zoned(stage, year))
    rows = []
    for j, school in enumerate(ground.district.schools.ids):
        pupils = counted.of_stage(j, stage)
        if j not in zoned and not any(pupils):
            continue
        size, total = ground.size(j, stage, year), sum(pupils)
        alert = "green"
        if total > 0 and total >= exact(rules.alert_yellow) * size.planned:
            alert = "red" if total >= exact(rules.alert_red) * size.planned else "yellow"
        shared = (size.planned, size.working, total / size.planned if size.planned > 0 else None, alert)
        if not ground.district.demand.graded:
            rows.append(SchoolRow(school, str(stage), year, "", total, None, None, None, None, *shared))
            continue
        for grade, count in zip(stage.grades, pupils, strict=True):
            classes = counted.classes[j][GRADES.index(grade)]
            known = ground.rooms(j, stage, year) >= 0 and (classes > 0 or count == 0)
            number, largest, large, super_large = _sizes(ground, stage, count, classes) if known else (None,) * 4
            rows.append(SchoolRow(school, str(stage), year, grade.value, count, number, largest, large, super_large, *shared))
    return rows


def _sizes(ground: Ground, stage: Stage, pupils: int, rooms: int) -> tuple[int, int, int, int]:
    """Return classes, the largest, large and super-large: ``n mod r`` classes of ``⌈n/r⌉``, the rest of ``⌊n/r⌋``."""
    sizes = [(pupils + k) // rooms for k in range(rooms)]
    sizes = [size for size in sizes if size > 0]
    rules, compulsory = ground.district.rules, stage is not Stage.KINDERGARTEN
    large = sum(size >= rules.large_class for size in sizes if compulsory)
    super_large = sum(size >= rules.super_large_class for size in sizes if compulsory)
    return len(sizes), max(sizes, default=0), large, super_large


def check_overflow(
    ground: Ground,
    areas: Sequence[Area],
    counted: Mapping[int, Counted],
    cluster_of: Mapping[str, str],
    rows: Sequence[OverflowRow],
    findings: Findings,
) -> None:
    """Check overflow.csv: pupils above planned seats to the nearest members of the cluster with free ones."""
    expected: list[OverflowRow] = []
    for area in areas:
        expected += _relieved(ground, area, counted[area.year], cluster_of)
    wanted = {(row.school_id, row.stage, row.year, row.to_school_id): row for row in expected}
    said = Counter((row.school_id, row.stage, row.year, row.to_school_id) for row in rows)
    faults = [f"{key[0]} to {key[3]} in {key[1]} {key[2]}" for key in sorted(said.keys() ^ wanted.keys())]
    faults += [f"{key[0]} to {key[3]} twice" for key, n in said.items() if n > 1]
    findings.none("overflow.rows", faults, "schools above their seats with room in their cluster", len(wanted))
    matched = [(row, wanted[key]) for row in rows if (key := (row.school_id, row.stage, row.year, row.to_school_id)) in wanted]
    findings.column("overflow.pupils", [(row.school_id, row.pupils, found.pupils) for row, found in matched], "pupils")
    findings.column(
        "overflow.distance_m",
        [(row.school_id, row.distance_m, found.distance_m) for row, found in matched],
        "m",
        tolerance=rounded_to(1),
    )


def _relieved(ground: Ground, area: Area, counted: Counted, cluster_of: Mapping[str, str]) -> list[OverflowRow]:
    ids, blocks = ground.district.schools.ids, ground.district.schools.block
    spare = {j: ground.size(j, area.stage, area.year).planned - sum(counted.of_stage(j, area.stage)) for j in range(len(ids))}
    rows = []
    for j in sorted(spare, key=lambda j: ids[j]):
        if spare[j] >= 0 or ids[j] not in cluster_of:
            continue
        ways = ground.metres[blocks[j]] if blocks[j] >= 0 else {}
        others = [k for k in spare if k != j and cluster_of.get(ids[k]) == cluster_of[ids[j]]]
        for k in sorted(others, key=lambda k: (ways.get(k, float("inf")), ids[k])):
            taken = min(-spare[j], spare[k])
            if taken > 0:
                spare[j] += taken
                spare[k] -= taken
                rows.append(OverflowRow(ids[j], str(area.stage), area.year, taken, ids[k], ways.get(k)))
    return rows
