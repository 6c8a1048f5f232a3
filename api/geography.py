"""Where things are: points to blocks, catchments as shapes, and the district's plane to longitude and latitude."""

from __future__ import annotations

import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from pyproj import Transformer

    from xuequ.zoning.district import District

__all__ = ["LOCAL", "Geography"]

LOCAL = "local-metres"
"""The coordinate system of a case that lies nowhere on the globe: no map, no look-up by point."""


class Geography:
    """
    The shapes of a district; safe to use from several threads.

    Parameters
    ----------
    district
        With a geometry or only with points; in a coordinate system or in local metres.
    """

    def __init__(self, district: District) -> None:
        self._district = district
        self._shapes: NDArray[Any] | None = district.blocks.geometry
        self._tree = None if self._shapes is None else shapely.STRtree(self._shapes)
        self._near = shapely.STRtree([shapely.Point(item.x, item.y) for item in district.addresses])
        self._is_coverage = self._shapes is not None and bool(shapely.coverage_is_valid(self._shapes))
        self._globe = None if district.crs == LOCAL else _globe(district.crs)

    @property
    def is_located(self) -> bool:
        """Whether the district lies on the globe."""
        return self._globe is not None

    @property
    def has_outlines(self) -> bool:
        """Whether the blocks have outlines."""
        return self._shapes is not None

    def plane(self, lon: float, lat: float) -> tuple[float, float]:
        """
        Return a point of WGS 84 in the district's plane.

        Raises
        ------
        ValueError
            If the district is in local metres.
        """
        if self._globe is None:
            raise ValueError("the district is in local metres")
        x, y = self._globe.inward(lon, lat)
        return float(x), float(y)

    def blocks_at(self, x: float, y: float) -> tuple[int, ...]:
        """Return the blocks that a point of the plane lies in: none outside, several on a border."""
        if self._tree is None or not (np.isfinite(x) and np.isfinite(y)):
            return ()
        return tuple(sorted(int(block) for block in self._tree.query(shapely.Point(x, y), predicate="intersects")))

    def nearest_addresses(self, x: float, y: float, within_m: float, limit: int) -> tuple[str, ...]:
        """Return the known addresses nearest to a point of the plane."""
        if not (np.isfinite(x) and np.isfinite(y)):
            return ()
        addresses = self._district.addresses
        found = self._near.query(shapely.Point(x, y), predicate="dwithin", distance=within_m)
        near = sorted(found, key=lambda at: (np.hypot(addresses[at].x - x, addresses[at].y - y), at))
        return tuple(dict.fromkeys(addresses[at].text for at in near))[:limit]

    def union(self, blocks: Sequence[int]) -> Any:
        """Return the outline of several blocks in the plane; None where blocks have only points."""
        if self._shapes is None:
            return None
        shapes = self._shapes[np.asarray(blocks, dtype=np.int64)]
        return shapely.coverage_union_all(shapes) if self._is_coverage else shapely.union_all(shapes)

    def simplified(self, shapes: Sequence[Any], tolerance_m: float) -> list[Any]:
        """Simplify outlines that share borders so that they go on sharing them."""
        array = np.array(shapes, dtype=object)
        if len(array) and all(shape is not None for shape in array):
            array = shapely.coverage_simplify(array, tolerance_m)
        return list(array)

    def on_globe(self, shapes: Sequence[Any], decimals: int) -> list[Any]:
        """Return shapes of the plane as longitude and latitude (CRS84); None where there is none, or no place on the globe."""
        globe = self._globe
        if globe is None:
            return [None] * len(shapes)

        def transform(points: NDArray[np.float64]) -> NDArray[np.float64]:
            return np.round(np.column_stack(globe.outward(points[:, 0], points[:, 1])), decimals)

        found: list[Any] = shapely.transform(np.array([*shapes, None], dtype=object)[:-1], transform).tolist()
        return found

    def lonlat(self, point: Sequence[float]) -> tuple[float, float] | None:
        """Return a point of the plane as longitude and latitude, None in local metres."""
        [shape] = self.on_globe([shapely.Point(float(point[0]), float(point[1]))], 6)
        return None if shape is None else (shape.x, shape.y)


class _Globe:
    """
    Between a plane and WGS 84.

    To look for the way takes up to a second, and the library does it anew in each thread, so one thread of its own does all.
    """

    def __init__(self, crs: str) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="xuequ-globe")
        self._transformer = self._thread.submit(_transformer, crs).result()

    def outward(self, x: Any, y: Any) -> tuple[Any, Any]:
        lon, lat = self._thread.submit(self._transformer.transform, x, y).result()
        return lon, lat

    def inward(self, lon: Any, lat: Any) -> tuple[Any, Any]:
        x, y = self._thread.submit(self._transformer.transform, lon, lat, direction="INVERSE").result()
        return x, y


def _transformer(crs: str) -> Transformer:
    from pyproj import Transformer  # noqa: PLC0415 - not for local metres

    return Transformer.from_crs(crs, "OGC:CRS84", always_xy=True)


@functools.cache
def _globe(crs: str) -> _Globe:
    return _Globe(crs)
