"""The collections that geographic programs read: what is published as features, with nothing in them that counts children."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.api.cartography import geojson

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.api.cartography import Cartography
    from xuequ.api.geography import Geography
    from xuequ.api.publication import Publication

__all__ = ["Collection", "Selection", "collections_of"]

_DECIMALS = 7


@dataclass(frozen=True, slots=True)
class Selection:
    """
    Which features are asked for.

    Parameters
    ----------
    boxes
        Boxes of longitude and latitude, one of which a feature must touch; empty for all.
    years
        School years; None for all.
    properties
        Values that properties must have.
    """

    boxes: tuple[tuple[float, float, float, float], ...] = ()
    years: tuple[int, int] | None = None
    properties: Mapping[str, str | int] = field(default_factory=dict)


class Collection:
    """
    Features of one kind, with longitude and latitude (CRS84).

    Parameters
    ----------
    name, title, description
        Of the collection.
    ids, properties, shapes
        Of its features, in order; a shape is None where the district has no place on the globe.
    """

    def __init__(
        self,
        about: tuple[str, str, str],
        ids: Sequence[str],
        properties: Sequence[Mapping[str, Any]],
        shapes: Sequence[Any],
    ) -> None:
        self.name, self.title, self.description = about
        self._ids = tuple(ids)
        self._properties = tuple(properties)
        self._shapes: NDArray[Any] = np.array([*shapes, None], dtype=object)[:-1]
        self._index = {name: at for at, name in enumerate(self._ids)}

    def __len__(self) -> int:
        return len(self._ids)

    @property
    def extent(self) -> list[float] | None:
        """West, south, east, north; None without shapes."""
        present = [shape for shape in self._shapes if shape is not None]
        return [float(value) for value in shapely.total_bounds(present)] if present else None

    @property
    def years(self) -> tuple[int, int] | None:
        """First and last school year of its features; None where they have none."""
        found = [item["year"] for item in self._properties if "year" in item]
        return (min(found), max(found)) if found else None

    def select(self, selection: Selection) -> list[int]:
        """Return the positions of the features asked for, in order."""
        wanted = np.ones(len(self._ids), dtype=bool)
        if selection.boxes:
            present = np.array([shape is not None for shape in self._shapes], dtype=bool)
            touched = np.zeros(len(self._ids), dtype=bool)
            for box in selection.boxes:
                touched[present] |= shapely.intersects(self._shapes[present], shapely.box(*box))
            wanted &= touched
        for at in np.flatnonzero(wanted):
            item = self._properties[at]
            year = item.get("year")
            in_time = selection.years is None or year is None or selection.years[0] <= year <= selection.years[1]
            wanted[at] = in_time and all(item.get(name) == value for name, value in selection.properties.items())
        return [int(at) for at in np.flatnonzero(wanted)]

    def position(self, feature: str) -> int:
        """
        Return the position of a feature by id.

        Raises
        ------
        KeyError
            If there is none.
        """
        return self._index[feature]

    def feature(self, at: int) -> dict[str, Any]:
        """Return a feature as GeoJSON."""
        return {
            "type": "Feature",
            "id": self._ids[at],
            "geometry": geojson(self._shapes[at]),
            "properties": dict(self._properties[at]),
        }


def collections_of(
    publication: Publication, geography: Geography, cartography: Cartography
) -> dict[str, Callable[[], Collection]]:
    """Return what makes each collection, by name."""
    common = {"plan_version": publication.version, "synthetic": publication.district.synthetic}
    return {
        "catchments": lambda: _catchments(publication, geography, cartography, common),
        "schools": lambda: _schools(publication, geography, common),
        "clusters": lambda: _clusters(publication, geography, common),
        "sites": lambda: _sites(publication, geography, common),
        "blocks": lambda: _blocks(publication, geography, common),
        "plans": lambda: _plans(publication, geography, common),
    }


def _catchments(
    publication: Publication, geography: Geography, cartography: Cartography, common: Mapping[str, Any]
) -> Collection:
    ids, properties, shapes = [], [], []
    for stage, year in sorted(publication.by_catchment, key=lambda key: (publication.stages.index(key[0]), key[1])):
        for zone, shape in cartography.outlines(stage, year).items():
            ids.append(f"{stage}-{year}-{zone}")
            blocks = len(publication.by_catchment[stage, year][zone])
            properties.append({
                "stage": stage, "year": year, "school_id": zone, "name": publication.zone_name(zone), "blocks": blocks, **common,
            })  # fmt: skip
            shapes.append(_multi(shape))
    about = ("catchments", "招生片区 Catchments", "The area whose children a school admits, by stage and school year.")
    return Collection(about, ids, properties, geography.on_globe(shapes, _DECIMALS))


def _schools(publication: Publication, geography: Geography, common: Mapping[str, Any]) -> Collection:
    schools = publication.district.schools
    serving: dict[str, set[str]] = {}
    for (stage, _), zones in publication.by_catchment.items():
        for zone in zones:
            for school in zone.split(";"):
                serving.setdefault(school, set()).add(stage)
    shown = [at for at, school in enumerate(schools.ids) if school in serving or school in publication.cluster_of]
    invented = schools.invented if schools.invented is not None else np.zeros(len(schools), dtype=bool)
    properties = [
        {
            "school_id": schools.ids[at],
            "name": publication.school_name(schools.ids[at]),
            "stages": ";".join(stage for stage in publication.stages if stage in serving.get(schools.ids[at], ())),
            "setting": str(schools.settings[at]),
            "ownership": schools.ownership[at],
            "kind": str(schools.kinds[at]),
            "group": schools.group[at],
            "cluster": publication.cluster_of.get(schools.ids[at]),
            "invented": bool(invented[at]),
            **common,
        }
        for at in shown
    ]
    about = ("schools", "学校 Schools", "Schools and kindergartens that have a catchment or stand in a cluster.")
    points = [shapely.Point(*schools.points[at]) for at in shown]
    return Collection(about, [schools.ids[at] for at in shown], properties, geography.on_globe(points, _DECIMALS))


def _clusters(publication: Publication, geography: Geography, common: Mapping[str, Any]) -> Collection:
    points = publication.district.schools.points
    properties, shapes = [], []
    for cluster, members in publication.members_of.items():
        mine = [publication.role_of[school] for school in members]
        properties.append({
            "cluster": cluster, "name": publication.cluster_name(cluster), "members": ";".join(members), "schools": len(members),
            "urban": mine.count("urban"), "rural": mine.count("rural"), **common,
        })  # fmt: skip
        shapes.append(shapely.MultiPoint([points[publication.school_index[school]] for school in members]))
    about = (
        "clusters",
        "学区 Clusters",
        "Schools that work together under 1+X+Y, as the points of their schools; not catchments.",
    )
    return Collection(about, list(publication.members_of), properties, geography.on_globe(shapes, _DECIMALS))


def _sites(publication: Publication, geography: Geography, common: Mapping[str, Any]) -> Collection:
    district = publication.district
    properties, shapes = [], []
    for site in district.sites:
        rows = [row for row in publication.statement.seats if row.site_id == site.id]
        built = [row for row in rows if row.year is not None]
        properties.append({
            "site_id": site.id, "name": site.name or site.id, "action": str(site.action), "programme": str(site.programme),
            "school_id": site.school, "chosen": bool(built), "opens": min((row.year for row in built if row.year), default=None),
            "classrooms": sum(row.classrooms for row in built), "seats": sum(row.seats for row in built),
            "reason": rows[0].reason if rows else "", **common,
        })  # fmt: skip
        at = publication.school_index.get(site.school)
        shapes.append(None if at is None else shapely.Point(*district.schools.points[at]))
    about = ("sites", "建设项目 Sites", "Named projects: chosen or not, how many classrooms, and when they open.")
    return Collection(about, [site.id for site in district.sites], properties, geography.on_globe(shapes, _DECIMALS))


def _blocks(publication: Publication, geography: Geography, common: Mapping[str, Any]) -> Collection:
    blocks = publication.district.blocks
    shapes = [None] * len(blocks) if blocks.geometry is None else [_multi(shape) for shape in blocks.geometry]
    properties = [
        {
            "block_id": block, "name": blocks.names[at], "community": blocks.communities[at], "setting": str(blocks.settings[at]),
            **{f"{row.stage}_{row.year}": row.school_id for row in publication.by_block.get(block, ())}, **common,
        }
        for at, block in enumerate(blocks.ids)
    ]  # fmt: skip
    about = (
        "blocks",
        "地块 Blocks",
        "Residential blocks and their schools by stage and year. Children and households are not in it.",
    )
    return Collection(about, blocks.ids, properties, geography.on_globe(shapes, _DECIMALS))


def _plans(publication: Publication, geography: Geography, common: Mapping[str, Any]) -> Collection:
    district, plan = publication.district, publication.statement.plan
    boundary = district.boundary
    if boundary is None and geography.has_outlines:
        boundary = geography.union(range(len(district.blocks)))
    properties = {
        "district": district.name, "kind": plan.get("kind"), "status": plan.get("status"), "regime": plan.get("regime"),
        "first_year": publication.years[0] if publication.years else None,
        "last_year": publication.years[-1] if publication.years else None,
        "stages": ";".join(publication.stages), "verified": True,
        "decided": publication.decided.isoformat() if publication.decided else None, "decision": publication.decision, **common,
    }  # fmt: skip
    about = ("plans", "方案 Published plans", "The plan that is published, verified before it was served.")
    return Collection(about, [publication.version], [properties], geography.on_globe([_multi(boundary)], _DECIMALS))


def _multi(shape: Any) -> Any:
    """Return a polygon as a multi-polygon, so that a layer has one type whether or not a part lies apart."""
    return None if shape is None else shapely.multipolygons(shapely.get_parts(shape))
