"""clusters.csv against the district: each school once, one lead, sizes, urban and rural members, contiguity, tight groups."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from xuequ.zoning.cluster import Role, TieKind
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xuequ.zoning.statement import ClusterRow
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Area, Ground

__all__ = ["check_clusters", "clustered_schools", "touching"]


def check_clusters(
    ground: Ground, areas: Sequence[Area], rows: Sequence[ClusterRow], said: Mapping[str, Any], findings: Findings
) -> None:
    """
    Check the clusters of a plan.

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
    findings.none("clusters.school_id", faults, f"{year}, each public primary and junior school in one cluster", len(schools))
    _check_leads(ground, clusters, schools, findings)
    _check_roles(ground, rows, findings)
    _check_sizes(ground, clusters, findings)
    _check_members(ground, clusters, schools, findings)
    _check_tight(ground, rows, findings)
    of_year = [area for area in areas if area.year == year]
    _check_contiguity(ground, clusters, touching(ground, of_year, year), findings)


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
    ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], schools: Sequence[str], findings: Findings
) -> None:
    options, district = ground.district.options.clusters, ground.district
    assert district.schools.lead is not None
    faults = []
    for name, rows in sorted(clusters.items()):
        leads = [row.school_id for row in rows if row.role == Role.LEAD]
        if leads != [name]:
            faults.append(f"{name} is led by {', '.join(leads) or 'nobody'}")
    findings.none("clusters.lead", faults, "one lead each, which gives the cluster its name", len(clusters))
    wanted = options.leads or [
        name for j, name in enumerate(district.schools.ids) if district.schools.lead[j] and name in schools
    ]
    missing = [f"{name} leads none" for name in wanted if name not in clusters]
    findings.none("clusters.leads", missing, "leads of the case", len(wanted))
    count = options.count or len(wanted)
    findings.same("clusters.count", len(clusters), count, "number of clusters")


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
    ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], schools: Sequence[str], findings: Findings
) -> None:
    rules = ground.district.rules
    members = [name for name in schools if name not in clusters]
    for role, least in ((Role.URBAN, rules.cluster_min_urban), (Role.RURAL, rules.cluster_min_rural)):
        there_are = sum(_side(ground, name) == role for name in members)
        enough = there_are >= least * len(clusters)
        faults = [
            f"{name} has {found}"
            for name, rows in sorted(clusters.items())
            if (found := sum(row.school_id != name and row.role == role for row in rows)) < least
        ]
        detail = f"at least {least} {role} members each; the district has {there_are} for {len(clusters)} clusters"
        findings.none(f"clusters.{role}", faults if enough else [], detail, len(clusters))


def _check_tight(ground: Ground, rows: Iterable[ClusterRow], findings: Findings) -> None:
    cluster_of = {row.school_id: row.cluster for row in rows}
    tight = [tie for tie in ground.district.ties if tie.kind is TieKind.TIGHT and {tie.a, tie.b} <= cluster_of.keys()]
    faults = [f"{tie.a} and {tie.b}" for tie in tight if cluster_of[tie.a] != cluster_of[tie.b]]
    findings.none("clusters.tight", faults, "schools of one legal person stay together", len(tight))


def _check_contiguity(
    ground: Ground, clusters: Mapping[str, Sequence[ClusterRow]], neighbours: Mapping[str, set[str]], findings: Findings
) -> None:
    assisted = {(tie.a, tie.b) for tie in ground.district.ties if tie.kind is TieKind.ASSIST}
    faults = []
    for name, rows in sorted(clusters.items()):
        members = {row.school_id for row in rows}
        seen, waiting = {name}, [name]
        while waiting:
            for other in neighbours.get(waiting.pop(), set()) & members - seen:
                seen.add(other)
                waiting.append(other)
        alone = sorted(other for other in members - seen if (name, other) not in assisted and (other, name) not in assisted)
        faults += [f"{other} touches no other of {name}" for other in alone]
    findings.none(
        "clusters.contiguous", faults, "over catchments that touch; members that the lead assists may lie apart", len(clusters)
    )


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
