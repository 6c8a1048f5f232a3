"""seats.csv against the district: what sites may build, what it costs and adds, and the floors of each programme."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xuequ.zoning.accounts import programme_target
from xuequ.zoning.places import Action
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.options import ProgrammeTarget
    from xuequ.zoning.places import Site
    from xuequ.zoning.statement import SeatRow
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Ground

__all__ = ["check_programmes", "check_seats", "new_school_max", "present_value_wan", "read_openings"]

_COLUMNS = ("programme", "seats", "land_m2", "floor_m2", "cost")


def read_openings(ground: Ground, rows: Sequence[SeatRow], findings: Findings) -> list[tuple[str, Stage, int, int]]:
    """Return site, stage, year and rooms of each line that opens some; each site stands there, in the way it must."""
    sites = {site.id: site for site in ground.district.sites}
    stages = {str(stage) for stage in Stage}
    faults = [f"there is no site {row.site_id!r}" for row in rows if row.site_id not in sites]
    faults += [f"{row.site_id}: there is no stage {row.stage!r}" for row in rows if row.stage not in stages]
    lines = Counter(row.site_id for row in rows)
    faults += [f"{name} is missing" for name in sites if name not in lines]
    places = Counter((row.site_id, row.stage, row.year) for row in rows)
    faults += [f"{site} opens {stage} in {year} twice" for (site, stage, year), n in places.items() if n > 1]
    for row in rows:
        if row.year is None and (lines[row.site_id] > 1 or row[4:9] != (0, 0, 0, 0, 0)):
            faults.append(f"{row.site_id} has no year, so its line is the only one and holds zeros")
        if row.year is not None and row.classrooms < 1:
            faults.append(f"{row.site_id} opens {row.classrooms} classrooms in {row.year}")
    findings.none("seats.rows", faults, "each site of the case", len(sites))
    return [
        (row.site_id, Stage(row.stage), row.year, row.classrooms)
        for row in rows
        if row.year is not None and row.site_id in sites and row.stage in stages
    ]


def check_seats(ground: Ground, rows: Sequence[SeatRow], findings: Findings) -> None:
    """Check that each site keeps its years, sizes, steps and stages, and that each column follows from its rooms."""
    district = ground.district
    sites = {site.id: site for site in district.sites}
    years = district.options.seats.years or district.years
    openings = [(row, sites[row.site_id]) for row in rows if row.site_id in sites and row.year is not None]
    late = [f"{row.site_id} in {row.year}" for row, _ in openings if row.year not in years]
    findings.none("seats.year", late, f"within {min(years, default=0)} to {max(years, default=0)}", len(openings))
    early = [
        f"{row.site_id} in {row.year}, earliest {site.earliest_year}"
        for row, site in openings
        if (row.year or 0) < site.earliest_year
    ]
    findings.none("seats.earliest_year", early, "not before the site can open", len(openings))
    wrong = [f"{row.site_id} for {row.stage}" for row, site in openings if row.stage not in {str(stage) for stage in site.stages}]
    findings.none("seats.stage", wrong, "stages of the site", len(openings))
    findings.none("seats.size", _size_faults(ground, openings), "minimum, maximum, step and action of the site", len(sites))
    _check_columns(ground, rows, sites, findings)


def _size_faults(ground: Ground, openings: Sequence[tuple[SeatRow, Site]]) -> list[str]:
    faults = []
    by_site: dict[str, list[tuple[int, int]]] = {}
    sites = {site.id: site for _, site in openings}
    for row, site in openings:
        by_site.setdefault(site.id, []).append((row.year or 0, row.classrooms))
    for name, opened in sorted(by_site.items()):
        site = sites[name]
        if site.action is Action.CLOSE or (site.action is Action.CONVERT and not site.conversion_approved):
            faults.append(f"{name}: the action {site.action} may not be planned")
        step = max(1, site.step)
        smallest, largest = site.rooms_min or step, min(site.rooms_max, new_school_max(ground, site))
        for year in sorted({year for year, _ in opened}):
            rooms = sum(count for opens, count in opened if opens <= year)
            if not smallest <= rooms <= largest or (rooms - smallest) % step:
                faults.append(f"{name} has {rooms} classrooms in {year}; may have {smallest} to {largest} in steps of {step}")
    return faults


def new_school_max(ground: Ground, site: Site) -> int:
    """Return the most rooms of a new school: as many standard classes as the largest school (policy §17, hard)."""
    if site.action not in {Action.NEW, Action.RELOCATE}:
        return site.rooms_max
    rules = ground.district.rules
    standard = max(sum(rules.standard(grade) for grade in stage.grades) / len(stage.grades) for stage in site.stages)
    if site.programme is Programme.KINDERGARTEN:
        return min(rules.kindergarten_classes_max, int(rules.kindergarten_size_max / standard))
    most = rules.school_size_max
    pupils = most.nine_year if len(site.stages) > 1 else getattr(most, str(site.stages[0]))
    return int(pupils / standard)


def _check_columns(ground: Ground, rows: Sequence[SeatRow], sites: Mapping[str, Site], findings: Findings) -> None:
    compared: dict[str, list[tuple[str, Any, Any]]] = {column: [] for column in _COLUMNS}
    begun: set[str] = set()
    stages = [str(stage) for stage in Stage]
    known = [row for row in rows if row.site_id in sites and row.stage in stages]
    for row in sorted(known, key=lambda row: (row.site_id, row.year or 0, stages.index(row.stage))):
        site = sites[row.site_id]
        first = row.site_id not in begun and row.year is not None
        begun.add(row.site_id)
        school = ground.school_of[site.school]
        stage = Stage(row.stage)
        again = {
            "programme": str(site.programme),
            "seats": ground.size_of(school, stage.grades, row.classrooms).planned,
            "land_m2": site.land_m2 if first else 0,
            "floor_m2": row.classrooms * site.floor_m2_per_room,
            "cost": row.classrooms * site.cost_room_wan + (site.cost_fixed_wan if first else 0),
        }
        for column in _COLUMNS:
            compared[column].append((f"{row.site_id} {row.year or ''}".strip(), getattr(row, column), again[column]))
    for column in _COLUMNS:
        findings.column(f"seats.{column}", compared[column], "land and fixed cost on the first line of a site")


def check_programmes(
    ground: Ground, rows: Sequence[SeatRow], stated: Sequence[Mapping[str, Any]], findings: Findings, *, floors: bool
) -> None:
    """
    Check money, land and floors of each programme, and the totals that plan.json states of them.

    Parameters
    ----------
    floors
        Whether the plan must reach the floors, and not only say whether it does.
    """
    said = {str(item.get("programme")): item for item in stated}
    findings.same("programmes.rows", sorted(said), sorted(str(item) for item in Programme))
    for programme in Programme:
        again = _totals(ground, rows, programme)
        target = programme_target(ground.district, programme)
        _check_limits(ground, programme, again, target, findings)
        for key, least in (("net_seats", target.seats_min), ("projects", target.projects_min)) if floors else ():
            findings.holds("seats.floors", f"at least {least} {key}", again[key], str(programme), ok=again[key] >= least)
        again["seats_min"], again["projects_min"] = target.seats_min, target.projects_min
        again["floors_met"] = again["net_seats"] >= target.seats_min and again["projects"] >= target.projects_min
        for key, value in again.items():
            findings.same(f"programmes.{key}", said.get(str(programme), {}).get(key), value, str(programme))


def _totals(ground: Ground, rows: Sequence[SeatRow], programme: Programme) -> dict[str, Any]:
    """Add up a programme from the sites themselves, not from the columns of the file."""
    sites = {site.id: site for site in ground.district.sites if site.programme is programme}
    opened = [row for row in rows if row.site_id in sites and row.year is not None]
    seats = land = floor = closed = 0
    cost: dict[int, int] = {}
    for name in sorted({row.site_id for row in opened}):
        site, mine = sites[name], [row for row in opened if row.site_id == name]
        first = min(row.year or 0 for row in mine)
        land += site.land_m2
        cost[first] = cost.get(first, 0) + site.cost_fixed_wan
        for row in mine:
            year = row.year or 0
            seats += ground.size_of(ground.school_of[site.school], Stage(row.stage).grades, row.classrooms).planned
            floor += row.classrooms * site.floor_m2_per_room
            cost[year] = cost.get(year, 0) + row.classrooms * site.cost_room_wan
        closed += _closed(ground, site, first)
    return {
        "projects": len({row.site_id for row in opened}), "seats": seats, "net_seats": seats - closed, "land_m2": land,
        "floor_m2": floor, "cost_wan": sum(cost.values()), "cost_by_year_wan": {str(year): cost[year] for year in sorted(cost)},
        "present_value_wan": present_value_wan(ground, opened, sites),
    }  # fmt: skip


def present_value_wan(ground: Ground, rows: Sequence[SeatRow], sites: Mapping[str, Site]) -> int:
    """Return what openings cost, each room and each first opening discounted to whole 10,000 yuan."""
    rate, today = ground.district.options.seats.discount, ground.district.school_year
    total = 0
    for name in {row.site_id for row in rows}:
        years = [(row.year or 0, row.classrooms) for row in rows if row.site_id == name]
        total += round(sites[name].cost_fixed_wan / (1 + rate) ** (min(years)[0] - today))
        total += sum(rooms * round(sites[name].cost_room_wan / (1 + rate) ** (year - today)) for year, rooms in years)
    return total


def _closed(ground: Ground, site: Site, year: int) -> int:
    """Return the planned seats that close with a relocation: those of the old school's own rooms in that year."""
    if site.action is not Action.RELOCATE or not site.replaces:
        return 0
    district, old = ground.district, ground.school_of[site.replaces]
    assert district.schools.opened is not None
    assert district.schools.closed is not None
    if not district.schools.opened[old] <= year < district.schools.closed[old]:
        return 0
    total = 0
    for column, stage in enumerate(Stage):
        if stage.programme is site.programme:
            rooms = int(district.schools.rooms[old, column])
            total += ground.size_of(old, stage.grades, rooms).planned if rooms >= 0 else ground.seats(old, stage)
    return total


def _check_limits(
    ground: Ground, programme: Programme, totals: Mapping[str, Any], target: ProgrammeTarget, findings: Findings
) -> None:
    budget = ground.district.options.seats.budgets_wan.get(programme)
    if budget:
        faults = []
        for year in sorted({int(year) for year in totals["cost_by_year_wan"]}):
            spent = sum(cost for opens, cost in totals["cost_by_year_wan"].items() if int(opens) <= year)
            given = sum(money for given_in, money in budget.items() if given_in <= year)
            if spent > given:
                faults.append(f"until {year} {spent} are spent of {given}")
        findings.none("seats.money", faults, f"{programme}, 10,000 yuan, what a year leaves goes on", len(budget))
    if target.land_max_m2 is not None:
        findings.holds(
            "seats.land",
            f"at most {target.land_max_m2}",
            totals["land_m2"],
            str(programme),
            ok=totals["land_m2"] <= target.land_max_m2,
        )
