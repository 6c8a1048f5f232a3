"""What the cluster model is made of: schools, leads, who touches whom, who must stay together, what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xuequ.zoning.cluster import TieKind
from xuequ.zoning.cluster_measures import today_clusters, way_to_lead_m
from xuequ.zoning.places import Setting
from xuequ.zoning.school_graph import cluster_schools, touching_schools
from xuequ.zoning.seating import STAGES, successors
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.cluster_measures import Loads
    from xuequ.zoning.district import District
    from xuequ.zoning.options import ClusterOptions
    from xuequ.zoning.seating import SeatPlan

__all__ = ["ClusterProblem", "cluster_problem"]


@dataclass(frozen=True, slots=True, eq=False)
class ClusterProblem:
    """
    The cluster model, as data; schools and leads are indices.

    Parameters
    ----------
    district
        The district.
    schools, leads
        Schools that belong to a cluster, and those of them that lead one.
    neighbours
        Schools whose catchments touch, by school.
    assisted
        Pairs ``(school, lead)`` exempt from contiguity.
    tight
        Pairs of schools that stay together.
    size_min, size_max
        Schools in a cluster, lead included.
    kinds
        By name (``urban``, ``rural``, a stage): which schools are of the kind and how many each cluster needs.
    loads
        Pupils and seats.
    way_m
        Way from lead to school, by school and lead.
    today
        Today's cluster of each school.
    conflicts
        What rules every answer out from the start, in sentences.
    """

    district: District
    schools: tuple[int, ...]
    leads: tuple[int, ...]
    neighbours: Mapping[int, frozenset[int]]
    assisted: frozenset[tuple[int, int]]
    tight: tuple[tuple[int, int], ...]
    size_min: int
    size_max: int
    kinds: Mapping[str, tuple[frozenset[int], int]]
    loads: Loads
    way_m: Mapping[tuple[int, int], int]
    today: Mapping[int, int]
    conflicts: tuple[str, ...] = ()


def cluster_problem(
    district: District,
    options: ClusterOptions,
    loads: Loads,
    catchments: Iterable[Catchments],
    year: int,
    seats: SeatPlan | None = None,
) -> ClusterProblem:
    """
    Collect the cluster model of a school year.

    Notes
    -----
    model.md §4, policy.md §8. A relocated school's lead, ties and place in today's clusters go to the school that replaces it.
    """
    index, moved = district.school_index(), successors(district, seats, year)
    schools = cluster_schools(district, year, seats)
    inside = set(schools)

    def now(name: str) -> int:
        return moved.get(index[name], index[name]) if name in index else -1

    assert district.schools.lead is not None
    named = options.leads or tuple(name for name in district.schools.ids if district.schools.lead[index[name]])
    leads = tuple(sorted({now(name) for name in named} & inside))
    touching: dict[int, set[int]] = {j: set() for j in schools}
    for a, b in touching_schools(district, catchments, schools):
        touching[a].add(b)
        touching[b].add(a)
    ties = [(now(tie.a), now(tie.b), tie.kind) for tie in district.ties]
    ties = [(a, b, kind) for a, b, kind in ties if a in inside and b in inside and a != b]
    assisted = {pair for a, b, kind in ties if kind is TieKind.ASSIST for pair in ((a, b), (b, a)) if pair[1] in leads}
    rules = district.rules
    problem = ClusterProblem(
        district,
        schools,
        leads,
        {j: frozenset(item) for j, item in touching.items()},
        frozenset(assisted),
        tuple(sorted((min(a, b), max(a, b)) for a, b, kind in ties if kind is TieKind.TIGHT)),
        rules.cluster_min_schools if options.size_min is None else options.size_min,
        rules.cluster_max_schools if options.size_max is None else options.size_max,
        _kinds(district, schools, leads, loads),
        loads,
        {(j, lead): way_to_lead_m(district, lead, j) for j in schools for lead in leads},
        today_clusters(district, year, seats),
    )
    return _with_conflicts(problem, options, [name for name in named if now(name) not in inside])


def _kinds(
    district: District, schools: tuple[int, ...], leads: tuple[int, ...], loads: Loads
) -> dict[str, tuple[frozenset[int], int]]:
    """Return the kinds of schools of which each cluster needs some, where the district has enough (policy.md §8)."""
    rules, count = district.rules, len(leads)
    members = [j for j in schools if j not in leads]
    urban = frozenset(j for j in members if district.schools.settings[j] is Setting.URBAN)
    wanted = {"urban": (urban, rules.cluster_min_urban), "rural": (frozenset(members) - urban, rules.cluster_min_rural)}
    for stage in Stage:
        if stage.programme is Programme.SCHOOL:
            wanted[stage.value] = (frozenset(j for j in schools if loads.planned[j, STAGES.index(stage)] > 0), 1)
    return {name: (found, least) for name, (found, least) in wanted.items() if least and len(found) >= least * count}


def _with_conflicts(problem: ClusterProblem, options: ClusterOptions, strangers: list[str]) -> ClusterProblem:
    ids, leads = problem.district.schools.ids, problem.leads
    found = [f"{name} is named as a lead and is no public primary or junior school that runs." for name in strangers]
    if not leads:
        found.append("No lead school is named: mark leads in the table of schools, or name them in [clusters] leads.")
    elif options.count and options.count != len(leads):
        found.append(f"{options.count} clusters are asked for and {len(leads)} leads are named.")
    count, schools = len(leads), len(problem.schools)
    if leads and not problem.size_min * count <= schools <= problem.size_max * count:
        found.append(
            f"{schools} schools do not fill {count} clusters of {problem.size_min} to {problem.size_max} schools, "
            f"which hold {problem.size_min * count} to {problem.size_max * count}."
        )
    found += [
        f"{ids[a]} and {ids[b]} are tied as one legal person, so they may not lead two clusters."
        for a, b in problem.tight
        if a in leads and b in leads
    ]
    reached, waiting = set(leads), list(leads)
    while waiting:
        for other in problem.neighbours[waiting.pop()] - reached:
            reached.add(other)
            waiting.append(other)
    lost = [j for j in problem.schools if j not in reached and not any((j, lead) in problem.assisted for lead in leads)]
    if leads and lost:
        found.append(
            f"{len(lost)} schools ({', '.join(ids[j] for j in lost[:5])}) touch no school from which a lead can be reached: "
            "state a link of blocks, or an assist tie with a lead."
        )
    return ClusterProblem(**{name: getattr(problem, name) for name in problem.__slots__} | {"conflicts": tuple(found)})
