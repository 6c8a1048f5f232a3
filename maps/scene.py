"""What is to be seen of a plan, gathered once for map, atlas, report and comparison; every number comes from `zoning`."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from xuequ.maps.outlines import district_outlines, middle_extent
from xuequ.zoning.arrays import frozen
from xuequ.zoning.indicators import assigned_distance_m, is_moved
from xuequ.zoning.outlook import Outlook, outlook
from xuequ.zoning.places import NEVER, index_of
from xuequ.zoning.rounds import pupils_placed
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.cluster import ClusterPlan
    from xuequ.zoning.district import District
    from xuequ.zoning.places import Site
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.statement import SchoolRow, SeatRow, Statement

__all__ = ["Layer", "Load", "Project", "Scene", "layers_without_plan", "scene"]

_INVENTED = "※"
"""Reference mark that stands after a made-up name."""


@dataclass(frozen=True, slots=True)
class Load:
    """
    One school in one stage and year, its grades together.

    Parameters
    ----------
    school
        Index.
    pupils, planned
        Pupils, and seats at the standard class.
    classes, largest, large, super_large
        None where classrooms are not known.
    utilisation, alert
        policy.md §3, convention 4.
    grades
        The lines of the grades.
    """

    school: int
    pupils: int
    planned: int
    classes: int | None
    largest: int | None
    large: int | None
    super_large: int | None
    utilisation: float | None
    alert: str
    grades: tuple[SchoolRow, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """
    Catchments of one stage and year with what follows from them.

    Parameters
    ----------
    catchments
        Of the stage and year.
    pupils
        Children of the whole stage in each block, shape ``(blocks,)``.
    placed
        Those of them who are given a school in the year: entrants only in regime ``phase_in``, shape ``(blocks,)``.
    distance_m
        Way of each block, infinite where there is none, shape ``(blocks,)``.
    moved
        Blocks that have other schools than today, shape ``(blocks,)``.
    reasons
        Why each block goes there; empty texts where the plan does not say.
    loads
        Of the schools that have pupils or seats, by index.
    """

    catchments: Catchments
    pupils: NDArray[np.int64]
    placed: NDArray[np.int64]
    distance_m: NDArray[np.float64]
    moved: NDArray[np.bool_]
    reasons: tuple[str, ...]
    loads: tuple[Load, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, np.int64))
        object.__setattr__(self, "placed", frozen(self.placed, np.int64))
        object.__setattr__(self, "distance_m", frozen(self.distance_m, np.float64))
        object.__setattr__(self, "moved", frozen(self.moved, np.bool_))

    @property
    def stage(self) -> Stage:
        """The stage."""
        return self.catchments.stage

    @property
    def year(self) -> int:
        """The school year."""
        return self.catchments.year

    def mean_distance_m(self) -> float | None:
        """Return the mean way of those who are placed and have one, None where nobody has."""
        reached = np.isfinite(self.distance_m)
        total = int(self.placed[reached].sum())
        return float(self.placed[reached] @ self.distance_m[reached]) / total if total else None

    def too_far(self, district: District) -> int:
        """Return those who are placed and whose way is longer than the limit of their block's setting (policy.md §4)."""
        limit = np.array([district.rules.walk_limit_m(self.stage, setting) for setting in district.blocks.settings])
        return int(self.placed[self.distance_m > limit].sum())


@dataclass(frozen=True, slots=True)
class Project:
    """
    A site with what the plan does there.

    Parameters
    ----------
    site
        The record.
    school
        Index of the school where its rooms stand.
    year
        First school year with rooms, None if it is not chosen.
    rows
        Its lines of seats.csv.
    """

    site: Site
    school: int
    year: int | None
    rows: tuple[SeatRow, ...]

    @property
    def chosen(self) -> bool:
        """Whether the plan opens rooms there."""
        return self.year is not None

    @property
    def rooms(self) -> int:
        """Classrooms opened in all years."""
        return sum(row.classrooms for row in self.rows)

    @property
    def seats(self) -> int:
        """Seats opened in all years."""
        return sum(row.seats for row in self.rows)

    @property
    def cost_wan(self) -> int:
        """Money of all years, 10,000 yuan."""
        return sum(row.cost for row in self.rows)

    @property
    def reason(self) -> str:
        """Why it is chosen or not."""
        return next((row.reason for row in self.rows if row.reason), "")


@dataclass(frozen=True, slots=True, eq=False)
class Scene:
    """
    A plan as it is shown.

    Parameters
    ----------
    district, plan, statement
        What it is of; the statement has every number of the plan.
    beside
        Blocks that lie side by side on the map, whatever parts them, shape ``(pairs, 2)``.
    layers
        By stage, then year.
    projects
        In the order of the sites.
    clusters
        Of the plan, else today's.
    outlook
        Large classes by year without the plan and with it; None where it is not known who is enrolled where.
    """

    district: District
    plan: Plan
    statement: Statement
    beside: NDArray[np.int64]
    layers: tuple[Layer, ...]
    projects: tuple[Project, ...]
    clusters: ClusterPlan | None
    outlook: Outlook | None

    def stages(self) -> tuple[Stage, ...]:
        """Return the stages that have layers, lowest first."""
        return tuple(stage for stage in Stage if any(layer.stage is stage for layer in self.layers))

    def years(self, stage: Stage) -> tuple[int, ...]:
        """Return the years of a stage's layers, ascending."""
        return tuple(layer.year for layer in self.layers if layer.stage is stage)

    def core(self) -> tuple[float, float, float, float] | None:
        """
        Return west, south, east, north of the town that a map of the whole district shows too small, in metres.

        It holds nine tenths of the children of urban blocks; None where it is a fifth of the district or more.
        """
        blocks = self.district.blocks
        urban = np.array([setting == "urban" for setting in blocks.settings], dtype=bool)
        children = self.district.demand.by_grade(self.district.school_year).sum(axis=0)[urban]
        if not children.any():
            return None
        (west, south), (east, north) = middle_extent(blocks.points[urban], children, 0.05)
        edge = 0.04 * max(east - west, north - south)
        whole = np.ptp(blocks.points, axis=0)
        if (east - west) * (north - south) * 5 >= whole[0] * whole[1]:
            return None
        return west - edge, south - edge, east + edge, north + edge

    def school_name(self, school: int) -> str:
        """Return the name of a school, its id where it has none; a made-up one bears a mark."""
        schools = self.district.schools
        assert schools.invented is not None
        name = schools.names[school] or schools.ids[school]
        return name + _INVENTED if schools.invented[school] and _INVENTED not in name else name

    def zone_name(self, members: Sequence[int]) -> str:
        """Return the names of the schools of a zone."""
        return "、".join(self.school_name(j) for j in members)

    def cluster_names(self) -> Mapping[str, str]:
        """Return the name of each cluster by the id of its lead, the lead's own name where it has none."""
        if self.clusters is None:
            return {}
        given = dict(self.clusters.names)
        index = self.district.school_index()
        return {
            lead: given.get(lead) or (self.school_name(index[lead]) if lead in index else lead)
            for lead in self.clusters.clusters()
        }

    def cluster_numbers(self) -> NDArray[np.int64]:
        """Return the number of each school's cluster in the order of `cluster_names`, −1 for none, shape ``(schools,)``."""
        numbers = np.full(len(self.district.schools), -1, dtype=np.int64)
        if self.clusters is None:
            return numbers
        order = {lead: number for number, lead in enumerate(self.cluster_names())}
        index = self.district.school_index()
        for school, lead in self.clusters.cluster_of().items():
            numbers[index[school]] = order[lead]
        return numbers


@lru_cache(maxsize=2)
def scene(district: District, plan: Plan) -> Scene:
    """Gather what is to be seen of a plan; kept for the next page of the same plan."""
    statement = state(district, plan)
    known = district.enrolment is not None or bool(district.today)
    return Scene(
        district=district,
        plan=plan,
        statement=statement,
        beside=_beside(district),
        layers=_layers(district, plan, statement),
        projects=_projects(district, plan, statement),
        clusters=plan.clusters or district.clusters,
        outlook=outlook(district, plan) if known and district.demand.graded else None,
    )


def layers_without_plan(district: District, plan: Plan) -> tuple[Layer, ...]:
    """
    Return what the plan's years would be without it: today's catchments, nothing built, enrolled pupils stay.

    Empty where today's catchments, or pupils by grade, are not known.
    """
    same = tuple(
        replace(district.today[item.stage], year=item.year)
        for item in plan.catchments
        if item.stage in district.today and item.year > district.school_year
    )
    if not same or not district.demand.graded:
        return ()
    nothing = plan.replace(
        catchments=same, regime="phase_in", seats=None, clusters=None, goals=(), stage_goals=(), certificates=(),
        objective=None, certified_bound=None, solver_bound=None,
    )  # fmt: skip
    return _layers(district, nothing, state(district, nothing))


def _layers(district: District, plan: Plan, statement: Statement) -> tuple[Layer, ...]:
    reasons = _reasons(district, statement)
    loads = _loads(district, statement)
    return tuple(
        Layer(
            catchments=item,
            pupils=district.demand.of_stage(item.stage, item.year, plan.scenario),
            placed=pupils_placed(district, item.stage, item.year, regime=plan.regime, scenario=plan.scenario),
            distance_m=assigned_distance_m(district, item),
            moved=is_moved(district, item),
            reasons=reasons.get((item.stage, item.year), ("",) * len(district.blocks)),
            loads=loads.get((item.stage, item.year), ()),
        )
        for item in sorted(plan.catchments, key=lambda item: (list(Stage).index(item.stage), item.year))
    )


def _beside(district: District) -> NDArray[np.int64]:
    pairs = district.adjacency.pairs()
    if district.blocks.geometry is None:
        return pairs
    # Blocks that a river parts are not adjacent, but one sees them side by side.
    seen = np.array([(a, b) for a, b, _ in district_outlines(district).borders if b >= 0], dtype=np.int64).reshape(-1, 2)
    return np.unique(np.concatenate([pairs, seen]), axis=0)


def _reasons(district: District, statement: Statement) -> dict[tuple[Stage, int], tuple[str, ...]]:
    index = district.block_index()
    found: dict[tuple[Stage, int], list[str]] = {}
    for row in statement.assignment:
        texts = found.setdefault((Stage(row.stage), row.year), [""] * len(index))
        texts[index[row.block_id]] = row.reason
    return {key: tuple(texts) for key, texts in found.items()}


def _loads(district: District, statement: Statement) -> dict[tuple[Stage, int], tuple[Load, ...]]:
    index = district.school_index()
    grouped: dict[tuple[Stage, int], dict[int, list[SchoolRow]]] = {}
    for row in statement.schools:
        schools = grouped.setdefault((Stage(row.stage), row.year), {})
        schools.setdefault(index[row.school_id], []).append(row)
    return {key: tuple(_load(school, rows) for school, rows in sorted(schools.items())) for key, schools in grouped.items()}


def _load(school: int, rows: list[SchoolRow]) -> Load:
    first = rows[0]

    def total(values: list[int | None]) -> int | None:
        known = [value for value in values if value is not None]
        return sum(known) if known else None

    largest = [row.largest_class for row in rows if row.largest_class is not None]
    return Load(
        school=school,
        pupils=sum(row.pupils for row in rows),
        planned=first.planned,
        classes=total([row.classes for row in rows]),
        largest=max(largest) if largest else None,
        large=total([row.large for row in rows]),
        super_large=total([row.super_large for row in rows]),
        utilisation=first.utilisation,
        alert=first.alert,
        grades=tuple(rows),
    )


def _projects(district: District, plan: Plan, statement: Statement) -> tuple[Project, ...]:
    index = index_of(district.schools.ids)
    rows: dict[str, list[SeatRow]] = {}
    for row in statement.seats:
        rows.setdefault(row.site_id, []).append(row)
    first = {site.id: NEVER if plan.seats is None else plan.seats.first_year(site.id) for site in district.sites}
    return tuple(
        Project(site, index[site.school], None if first[site.id] == NEVER else first[site.id], tuple(rows.get(site.id, ())))
        for site in district.sites
    )
