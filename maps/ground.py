"""The ground of a printed map: blocks run together by colour, borders run together to lines, both as fine as paper shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.maps.outlines import decoded, district_outlines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from numpy.typing import NDArray

    from xuequ.maps.hairlines import Pictures
    from xuequ.zoning.district import District

__all__ = ["OUTSIDE", "Ground", "Parts", "Seen", "Sight", "ground"]

OUTSIDE = -9
"""Group of what lies beyond the district; a block of this group has no border with it."""

_FINEST_POINTS = 0.12
"""Kinks smaller than this on paper (a twenty-fifth of a millimetre) are not drawn."""

_ROAD_TOLERANCE_M = 2.0

_LINES, _POLYGON = (1, 2), 3
"""As GEOS numbers the kinds of geometries."""


@lru_cache(maxsize=2)
def ground(district: District) -> Ground:
    """Return the ground of a district, kept for its next picture."""
    return Ground(district)


@dataclass(frozen=True)
class Sight:
    """
    What of a plane is seen, and how finely.

    Parameters
    ----------
    west, south, east, north
        Limits, metres.
    metres
        That a point of paper (1/72 inch) stands for.
    """

    west: float
    south: float
    east: float
    north: float
    metres: float

    @classmethod
    def of(cls, axes: Axes) -> Sight:
        """Return what axes show; ours are never in a part of a figure."""
        from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only pictures need it

        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        figure = axes.get_figure()
        assert isinstance(figure, Figure)
        wide = axes.get_position().width * figure.get_figwidth() * 72
        return cls(west, south, east, north, (east - west) / wide)

    def cut(self, parts: Parts) -> NDArray[Any]:
        """Return single geometries cut at the limits (those beyond left out), as fine as paper shows."""
        edge = 6 * self.metres  # a line that leaves the picture is not to end at its frame
        limits = (self.west - edge, self.south - edge, self.east + edge, self.north + edge)
        west, south, east, north = parts.boxes.T
        seen = (west <= limits[2]) & (east >= limits[0]) & (south <= limits[3]) & (north >= limits[1])
        beyond = seen & ((west < limits[0]) | (east > limits[2]) | (south < limits[1]) | (north > limits[3]))
        geometries = parts.geometries.copy()
        geometries[beyond] = shapely.clip_by_rect(geometries[beyond], *limits)
        simple = shapely.simplify(geometries[seen], _FINEST_POINTS * self.metres)
        return np.asarray(shapely.get_parts(simple[~shapely.is_empty(simple)]))

    def lines(self, parts: Parts) -> Path:
        """Return the seen part of lines as one path."""
        return _path(self.cut(parts), closed=False)

    def shape(self, parts: Parts) -> Path:
        """Return the seen part of polygons as one path, holes and all."""
        seen = self.cut(parts)
        return _path(shapely.get_rings(seen[shapely.get_type_id(seen) == _POLYGON]), closed=True)


@dataclass(frozen=True, slots=True, eq=False)
class Parts:
    """Single geometries with their bounding boxes: west, south, east, north."""

    geometries: NDArray[Any]
    boxes: NDArray[np.float64]

    @classmethod
    def of(cls, geometry: Any) -> Parts:
        """Return the parts of a geometry."""
        parts = np.asarray(shapely.get_parts(geometry))
        return cls(parts, shapely.bounds(parts).reshape(-1, 4))


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """What is seen of the lines and the water of a ground."""

    hairlines: Path
    roads: Path
    rivers: Path
    water: Path


def _path(lines: NDArray[Any], *, closed: bool) -> Path:
    from matplotlib.path import Path  # noqa: PLC0415 - heavy, and only pictures need it

    points, owner = shapely.get_coordinates(lines, return_index=True)
    codes = np.full(len(points), Path.LINETO, dtype=Path.code_type)
    codes[np.flatnonzero(np.diff(owner, prepend=-1))] = Path.MOVETO
    if closed:
        codes[np.flatnonzero(np.diff(owner, append=-1))] = Path.CLOSEPOLY
    return Path(points, codes)


@dataclass(frozen=True, eq=False)
class Ground:
    """
    Blocks, water and roads of a district, ready to be drawn in any colours.

    Parameters
    ----------
    district
        The district; its blocks have shapes.
    """

    district: District
    _merged: dict[bytes, Parts] = field(default_factory=dict)
    _drawn: dict[bytes, Parts] = field(default_factory=dict)
    _seen: dict[Sight, Seen] = field(default_factory=dict)

    @cached_property
    def pictures(self) -> Pictures:
        """Pictures of its fine lines that were made."""
        from xuequ.maps.hairlines import Pictures  # noqa: PLC0415 - heavy, and only pictures need it

        return Pictures()

    @cached_property
    def _blocks(self) -> tuple[NDArray[Any], bool]:
        """Polygons of the blocks, and whether neighbours share every corner, so that they can be run together quickly."""
        origin, shapes = district_outlines(self.district).origin, district_outlines(self.district).shapes
        polygons = [
            shapely.MultiPolygon(
                [(rings[0], rings[1:]) for rings in ([decoded(ring) + origin for ring in part] for part in parts)]
            )
            for parts in shapes
        ]
        return np.array(polygons, dtype=object), bool(shapely.coverage_is_valid(polygons))

    @cached_property
    def _borders(self) -> tuple[NDArray[Any], NDArray[np.int64]]:
        """Lines between blocks, and the two blocks of each (−1: the outside)."""
        drawn = district_outlines(self.district)
        lines = np.array([shapely.LineString(decoded(line) + drawn.origin) for _, _, line in drawn.borders], dtype=object)
        return lines, np.array([(a, b) for a, b, _ in drawn.borders], dtype=np.int64).reshape(-1, 2)

    def merged(self, blocks: NDArray[np.int64]) -> Parts:
        """Return blocks run together to one shape."""
        key = np.asarray(blocks, dtype=np.int64).tobytes()
        if key not in self._merged:
            polygons, valid = self._blocks
            union = shapely.coverage_union_all if valid else shapely.union_all
            self._merged[key] = Parts.of(union(polygons[blocks]))
        return self._merged[key]

    def borders(self, group: NDArray[np.int64], *, inside: bool = False) -> Parts:
        """Return the lines between blocks of different groups, run together; the edge of the district too unless ``inside``."""
        key = np.asarray(group, dtype=np.int64).tobytes() + bytes([inside])
        if key not in self._drawn:
            lines, sides = self._borders
            beyond = np.append(group, OUTSIDE)
            chosen = (beyond[sides[:, 0]] != beyond[sides[:, 1]]) & ((sides[:, 1] >= 0) | (not inside))
            self._drawn[key] = Parts.of(shapely.line_merge(shapely.multilinestrings(lines[chosen])))
        return self._drawn[key]

    def seen(self, sight: Sight) -> Seen:
        """Return what is seen of lines and water; that of the last two sights is kept, for pages that show the same."""
        if sight not in self._seen:
            while len(self._seen) > 1:
                del self._seen[next(iter(self._seen))]
            hairlines = Parts.of(shapely.MultiLineString()) if self.district.blocks.geometry is None else self.hairlines
            hairs, roads, rivers = (sight.lines(parts) for parts in (hairlines, self.roads, self.rivers))
            self._seen[sight] = Seen(hairs, roads, rivers, sight.shape(self.water))
        return self._seen[sight]

    @cached_property
    def hairlines(self) -> Parts:
        """The lines between blocks, run together."""
        return self.borders(np.arange(len(self.district.blocks)), inside=True)

    @cached_property
    def water(self) -> Parts:
        """Rivers and lakes that have a breadth."""
        parts = _single(self.district.rivers)
        return Parts.of(shapely.union_all(parts[shapely.get_type_id(parts) == _POLYGON]))

    @cached_property
    def rivers(self) -> Parts:
        """Rivers that are only lines."""
        return Parts.of(_run_together([item for item in self.district.rivers if item.geom_type.endswith("LineString")]))

    @cached_property
    def roads(self) -> Parts:
        """Roads, run together."""
        return Parts.of(shapely.simplify(_run_together(self.district.roads), _ROAD_TOLERANCE_M))


def _single(items: Iterable[Any]) -> NDArray[Any]:
    """Return the single geometries in geometries, collections within collections too."""
    return np.asarray(shapely.get_parts(shapely.get_parts(np.array(list(items), dtype=object))))


def _run_together(items: Iterable[Any]) -> Any:
    parts = _single(items)
    kinds = shapely.get_type_id(parts)
    lines = np.concatenate([parts[np.isin(kinds, _LINES)], shapely.get_rings(parts[kinds == _POLYGON])])
    return shapely.line_merge(shapely.multilinestrings(lines)) if len(lines) else shapely.MultiLineString()
