"""The shapes that the public sees: catchments by stage and year, schools, rivers, roads. No child is counted in them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.api.stored import Shelf, Stored, stored_json
from xuequ.maps.palette import colour_numbers, touching
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.api.geography import Geography
    from xuequ.api.publication import Publication

__all__ = ["Cartography", "geojson"]

_MAP_TOLERANCE_M = 8.0
_ROADS_TOLERANCE_M = 10.0
_MAP_DECIMALS = 5
"""About a metre: enough for a screen, and a rounded border is no survey."""


def geojson(shape: Any) -> dict[str, Any] | None:
    """Return a shape as a GeoJSON geometry."""
    if shape is None or shapely.is_empty(shape):
        return None
    mapping: dict[str, Any] = shapely.geometry.mapping(shape)
    return mapping


class Cartography:
    """Shapes of one publication, made when first asked for; safe to use from several threads."""

    def __init__(self, publication: Publication, geography: Geography) -> None:
        self._publication = publication
        self._geography = geography
        self._block_index = publication.district.block_index()
        self._outlines: dict[tuple[str, int], dict[str, Any]] = {}
        self._lock = threading.Lock()
        self._maps: Shelf[tuple[str, int]] = Shelf(self._map_of)
        self._bases: Shelf[str] = Shelf(self._base)

    def outlines(self, stage: str, year: int) -> Mapping[str, Any]:
        """
        Return the outline of each catchment in the district's plane, None where blocks have only points.

        Raises
        ------
        KeyError
            If there are no catchments of the stage and year.
        """
        with self._lock:
            if (stage, year) not in self._outlines:
                self._outlines[stage, year] = {
                    zone: self._geography.union([self._block_index[block] for block in blocks])
                    for zone, blocks in self._publication.by_catchment[stage, year].items()
                    if zone
                }
            return self._outlines[stage, year]

    def map_of(self, stage: str, year: int) -> Stored:
        """Return the map of a stage and year for the page: simplified, coloured so that neighbours differ."""
        return self._maps.get((stage, year))

    def base(self) -> Stored:
        """Return what lies under every map: outline, rivers, roads; and the schools by stage and year."""
        return self._bases.get("base")

    def _map_of(self, key: tuple[str, int]) -> Stored:
        outlines = self.outlines(*key)
        zones = list(outlines)
        simple = self._geography.simplified([outlines[zone] for zone in zones], _MAP_TOLERANCE_M)
        shapes = self._geography.on_globe(simple, _MAP_DECIMALS)
        numbers = self._colours(key, zones)
        features = [
            {
                "type": "Feature",
                "properties": {"zone": zone, "name": self._publication.zone_name(zone), "colour": numbers[at]},
                "geometry": geojson(shape),
            }
            for at, (zone, shape) in enumerate(zip(zones, shapes, strict=True))
        ]
        return stored_json({"type": "FeatureCollection", "features": features}, "application/geo+json")

    def _colours(self, key: tuple[str, int], zones: Sequence[str]) -> tuple[int, ...]:
        """Give the catchments numbers so that neighbours differ."""
        zone_of: NDArray[np.int64] = np.full(len(self._block_index), -1)
        for at, zone in enumerate(zones):
            for block in self._publication.by_catchment[key][zone]:
                zone_of[self._block_index[block]] = at
        adjacency = self._publication.district.adjacency
        rows = np.repeat(np.arange(len(zone_of)), np.diff(adjacency.indptr))
        return colour_numbers(len(zones), touching(np.column_stack([rows, adjacency.neighbours]), zone_of))

    def _base(self, _key: str) -> Stored:
        district = self._publication.district
        boundary = district.boundary
        if boundary is None and self._geography.has_outlines:
            boundary = self._geography.union(range(len(district.blocks)))
        roads = (
            shapely.simplify(shapely.geometrycollections(list(district.roads)), _ROADS_TOLERANCE_M) if district.roads else None
        )
        rivers = shapely.geometrycollections(list(district.rivers)) if district.rivers else None
        lines = None if boundary is None else shapely.simplify(boundary, _MAP_TOLERANCE_M)
        shapes = self._geography.on_globe([lines, rivers, roads], _MAP_DECIMALS)
        names = ("boundary", "rivers", "roads")
        return stored_json(
            {
                **{name: geojson(shape) for name, shape in zip(names, shapes, strict=True)},
                "schools": self._schools(),
            }
        )

    def _schools(self) -> list[dict[str, Any]]:
        """List schools with their places and when they have a catchment; candidates that were never opened are left out."""
        publication = self._publication
        schools = publication.district.schools
        serving: dict[str, dict[str, list[int]]] = {}
        for (stage, year), zones in sorted(
            publication.by_catchment.items(), key=lambda item: (list(Stage).index(Stage(item[0][0])), item[0][1])
        ):
            for school in {school for zone in zones for school in zone.split(";") if school}:
                serving.setdefault(school, {}).setdefault(stage, []).append(year)
        found = []
        for at, school in enumerate(schools.ids):
            lonlat = self._geography.lonlat(schools.points[at])
            if school in serving and lonlat:
                found.append({
                    "id": school, "name": publication.school_name(school), "lon": lonlat[0], "lat": lonlat[1],
                    "serves": serving[school],
                })  # fmt: skip
        return found
