"""clusters.csv against the district: each school once, one lead, sizes, urban and rural members, contiguity, tight groups."""

from __future__ import annotations

import math
from collections import Counter
from typing import TYPE_CHECKING, Any

from xuequ.zoning.cluster import Role, TieKind
from xuequ.zoning.cluster_measures import BALANCE_BAND, CLUSTER_GOALS
from xuequ.zoning.plan import PlanKind
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.verification.check import rounded_to
from xuequ.zoning.verification.goals import check_below, tolerance_of
from xuequ.zoning.verification.pupils import count_today
from xuequ.zoning.verification.stated import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xuequ.zoning.statement import ClusterRow
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Area, Ground
    from xuequ.zoning.verification.pupils import Counted

__all__ = ["check_clusters", "clustered_schools", "touching"]


def check_clusters(
    ground: Ground,
    areas: Sequence[Area],
    rows: Sequence[ClusterRow],
    said: Mapping[str, Any],
    findings: Findings,
) -> None:
    """
    Check the clusters of a plan, and of a cluster plan its goals.

    Notes
    -----
    policy.md §8, model.md §4. Clusters are of the school year of a cluster plan, of the last year of a plan with catchments.
    """
    year = cluster_year(ground, areas, said)
    schools = clustered_schools(ground, year)
    clusters: dict[str, list[ClusterRow]] = {}
    for row in rows:
        clusters.setdefault(row.cluster, []).append(row)
    times = Counter(row.school_id for row in rows)
    faults = [f"{name} is in none" for name in schools if name not in times]
    faults += [f"{name} is in {n}" for name, n in sorted(times.items()) if n > 1]
    faults += [f"{name} belongs to none" for name in sorted(times) if name not in schools]
    known = findings.none(
        "clusters.school_id", faults, f"{year}, each public primary and junior school in one cluster", len(schools)
    )
    names = said.get("cluster_names")
    strange = sorted(names.keys() - clusters.keys()) if isinstance(names, dict) else [repr(names)]
    findings.none("clusters.names", strange, "names of clusters that there are", len(clusters))
    _check_leads(ground, clusters, schools, year, findings)
    _check_roles(ground, rows, findings)
    _check_sizes(ground, clusters, findings)
    _check_members(ground, clusters, schools, year, findings)
    ties = [(_now(ground, tie.a, year), _now(ground, tie.b, year), tie.kind) for tie in ground.district.ties]
    _check_tight(rows, ties, findings)
    of_year = [area for area in areas if area.year == year]
    _check_contiguity(clusters, touching(ground, of_year, year), ties, findings)
    leads = known and all(name in ground.school_of for name in clusters)
    if said.get("kind") == PlanKind.CLUSTER:
        findings.same("clusters.year", year, ground.district.school_year, "clusters without catchments are of today")
        if leads:
            _check_goals(ground, rows, count_today(ground), said, findings)


def _now(ground: Ground, school: str, year: int) -> str:
    """Return the school that stands for one in a school year: the one that has replaced it, else itself."""
    j = ground.school_of.get(school, -1)
    new = ground.successor(j, year) if j >= 0 else None
    return school if new is None else ground.district.schools.ids[new]


def cluster_year(ground: Ground, areas: Sequence[Area], said: Mapping[str, Any]) -> int:
    """Return the school year that clusters are of."""
    stated = said.get("year")
    if isinstance(stated, int) and not isinstance(stated, bool):
        return stated
    return max((area.year for area in areas), default=ground.district.school_year)


def clustered_schools(ground: Ground, year: int) -> list[str]:
    """Return the public schools that run primary or junior; teaching points only where today's clusters list them."""
    district = ground.district
    listed = {member.school for member in district.clusters.members} if district.clusters else set()
    return [
        name
        for j, name in enumerate(district.schools.ids)
        if district.schools.ownership[j] == "public"
        and any(_runs(ground, j, stage, year) for stage in (Stage.PRIMARY, Stage.JUNIOR))
        and (str(district.schools.kinds[j]) != "teaching_point" or name in listed)
    ]


def _runs(ground: Ground, school: int, stage: Stage, year: int) -> bool:
    rooms = ground.rooms(school, stage, year)
    return rooms > 0 or (rooms < 0 and ground.seats(school, stage) > 0)


def _check_leads(
    ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], schools: Sequence[str], year: int, findings: Findings
) -> None:
    options, district = ground.district.options.clusters, ground.district
    assert district.schools.lead is not None
    faults = []
    for name, rows in sorted(clusters.items()):
        leads = [row.school_id for row in rows if row.role == Role.LEAD]
        if leads != [name]:
            faults.append(f"{name} is led by {', '.join(leads) or 'nobody'}")
    findings.none("clusters.lead", faults, "one lead each, which gives the cluster its name", len(clusters))
    named = options.leads or [name for j, name in enumerate(district.schools.ids) if district.schools.lead[j]]
    wanted = sorted({_now(ground, name, year) for name in named} & set(schools))
    findings.same("clusters.leads", sorted(clusters), wanted, "leads of the case")


def _check_roles(ground: Ground, rows: Iterable[ClusterRow], findings: Findings) -> None:
    pairs = []
    for row in rows:
        if row.school_id in ground.school_of:
            role = str(Role.LEAD) if row.school_id == row.cluster else _side(ground, row.school_id)
            pairs.append((row.school_id, row.role, role))
    findings.column("clusters.role", pairs, "lead, urban or rural (the edge of town is rural)")


def _side(ground: Ground, school: str) -> str:
    setting = str(ground.district.schools.settings[ground.school_of[school]])
    return str(Role.URBAN if setting == "urban" else Role.RURAL)


def _check_sizes(ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], findings: Findings) -> None:
    options, rules = ground.district.options.clusters, ground.district.rules
    least = options.size_min if options.size_min is not None else rules.cluster_min_schools
    most = options.size_max if options.size_max is not None else rules.cluster_max_schools
    faults = [f"{name} has {len(rows)} schools" for name, rows in sorted(clusters.items()) if not least <= len(rows) <= most]
    findings.none("clusters.size", faults, f"{least} to {most} schools, the lead included", len(clusters))


def _check_members(
    ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], schools: Sequence[str], year: int, findings: Findings
) -> None:
    rules = ground.district.rules
    members = {name for name in schools if name not in clusters}
    urban = {name for name in members if _side(ground, name) == Role.URBAN}
    kinds = {"urban": (urban, rules.cluster_min_urban), "rural": (members - urban, rules.cluster_min_rural)}
    for stage in (Stage.PRIMARY, Stage.JUNIOR):
        kinds[str(stage)] = ({name for name in schools if ground.size(ground.school_of[name], stage, year).planned > 0}, 1)
    for kind, (there, least) in kinds.items():
        found = {name: len(there & {row.school_id for row in rows}) for name, rows in sorted(clusters.items())}
        faults = [f"{name} has {count}" for name, count in found.items() if count < least]
        detail = f"at least {least} {kind} each; the district has {len(there)} for {len(clusters)} clusters"
        findings.none(f"clusters.{kind}", faults if len(there) >= least * len(clusters) else [], detail, len(clusters))


def _check_tight(rows: Iterable[ClusterRow], ties: Iterable[tuple[str, str, TieKind]], findings: Findings) -> None:
    cluster_of = {row.school_id: row.cluster for row in rows}
    tight = [(a, b) for a, b, kind in ties if kind is TieKind.TIGHT and {a, b} <= cluster_of.keys()]
    faults = [f"{a} and {b}" for a, b in tight if cluster_of[a] != cluster_of[b]]
    findings.none("clusters.tight", faults, "schools of one legal person stay together", len(tight))


def _check_contiguity(
    clusters: Mapping[str, Sequence[ClusterRow]],
    neighbours: Mapping[str, set[str]],
    ties: Iterable[tuple[str, str, TieKind]],
    findings: Findings,
) -> None:
    assisted = {frozenset((a, b)) for a, b, kind in ties if kind is TieKind.ASSIST}
    faults = []
    for name, rows in sorted(clusters.items()):
        members = {row.school_id for row in rows}
        seen, waiting = {name}, [name]
        while waiting:
            for other in neighbours.get(waiting.pop(), set()) & members - seen:
                seen.add(other)
                waiting.append(other)
        alone = sorted(other for other in members - seen if frozenset((name, other)) not in assisted)
        faults += [f"{other} touches no other of {name}" for other in alone]
    detail = "over catchments that touch; members that the lead assists may lie apart"
    findings.none("clusters.contiguous", faults, detail, len(clusters))


def _check_goals(
    ground: Ground, rows: Sequence[ClusterRow], counted: Counted, said: Mapping[str, Any], findings: Findings
) -> None:
    """Check the goals of a cluster plan: uncovered pupils, balance, ways to the lead, changes against today (model §4)."""
    goals = listed(said, "goals", findings)
    findings.same("goals.order", [str(goal.get("name")) for goal in goals], list(CLUSTER_GOALS), "clusters")
    again = _values(ground, {row.school_id: row.cluster for row in rows}, counted)
    for goal in goals:
        name = str(goal.get("name"))
        if name in again:
            findings.near(f"goals.{name}", goal.get("value"), again[name], tolerance_of(again[name]), "clusters")
            findings.same("goals.unit", goal.get("unit"), CLUSTER_GOALS[name], f"clusters, {name}")
            findings.near("goals.tolerance", goal.get("tolerance"), 0.0, rounded_to(6), f"clusters, {name}")
            check_below(goal, "clusters", findings)


def _values(ground: Ground, cluster_of: Mapping[str, str], counted: Counted) -> dict[str, float]:
    stages, year = (Stage.PRIMARY, Stage.JUNIOR), counted.year
    pupils = {name: [sum(counted.of_stage(ground.school_of[name], stage)) for stage in stages] for name in cluster_of}
    seats = {name: [ground.size(ground.school_of[name], stage, year).planned for stage in stages] for name in cluster_of}
    ratio = sum(map(sum, seats.values())) / max(1, sum(map(sum, pupils.values())))
    uncovered, balance = 0, 0.0
    for cluster in sorted(set(cluster_of.values())):
        members = [name for name, of in cluster_of.items() if of == cluster]
        for k in range(len(stages)):
            uncovered += max(0, sum(pupils[name][k] - seats[name][k] for name in members))
        have, need = sum(sum(seats[name]) for name in members), ratio * sum(sum(pupils[name]) for name in members)
        balance += max(0.0, have - (1 + BALANCE_BAND) * need, (1 - BALANCE_BAND) * need - have)
    today = ground.district.clusters.cluster_of() if ground.district.clusters else {}
    changed = sum(name in today and today[name] in ground.school_of and today[name] != of for name, of in cluster_of.items())
    travel = sum(_way_m(ground, of, name) for name, of in cluster_of.items())
    return {"uncovered": float(uncovered), "balance": balance, "travel": travel / 1000, "changed": float(changed)}


def _way_m(ground: Ground, lead: str, school: str) -> int:
    """Return the way from the block of a lead to a member, the straight line where no way is known, in whole metres."""
    if lead == school:
        return 0
    schools, a, b = ground.district.schools, ground.school_of[lead], ground.school_of[school]
    block = int(schools.block[a])
    way = ground.metres[block].get(b) if block >= 0 else None
    return round(way if way is not None else math.dist(schools.points[a], schools.points[b]))


def touching(ground: Ground, areas: Iterable[Area], year: int) -> dict[str, set[str]]:
    """Return for each school those whose catchments, of any stages, touch or overlap its own."""
    schools = set(clustered_schools(ground, year))
    holders: list[set[str]] = [set() for _ in ground.neighbours]
    for name in schools:
        block = int(ground.district.schools.block[ground.school_of[name]])
        if block >= 0:
            holders[block].add(name)
    said = {area.stage: area.schools for area in areas}
    for stage in (Stage.PRIMARY, Stage.JUNIOR):
        assert stage.programme is Programme.SCHOOL
        for i, zone in enumerate(said.get(stage) or ground.today(stage)):
            holders[i] |= schools & {ground.district.schools.ids[j] for j in zone}
    result: dict[str, set[str]] = {name: set() for name in schools}
    for i, others in enumerate(ground.neighbours):
        near = holders[i].union(*(holders[k] for k in others))
        for name in holders[i]:
            result[name] |= near - {name}
    return result
