"""
One plane for a district: coordinate systems from file or case, axes the right way round, everything in metres.

What the case says of a table wins over what its file says; what neither says is an error, never a guess.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError, ProjError

from xuequ.data.shifted import SHIFTED, to_wgs84

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.data.case_file import CaseFile
    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems

__all__ = ["LOCAL", "WGS84", "Plane", "bring_together", "transformed"]

LOCAL = "local-metres"
WGS84 = "EPSG:4326"
_BEYOND_EARTH_M = 1e8
"""No plane has numbers as large as this, not even one that writes the number of its zone before the easting."""
_DEGREES = {"EPSG:4326", "OGC:CRS84", "EPSG:4490", "EPSG:4979"}
_FIX = 'write crs = "EPSG:…" (or "local-metres") into [tables.{name}] or [case] of case.toml'


@dataclass(frozen=True, slots=True)
class Plane:
    """
    A coordinate system as a case names it.

    Parameters
    ----------
    name
        Authority code or definition, ``local-metres``, ``gcj02`` or ``bd09``.
    crs
        For pyproj; None for the last three.
    """

    name: str
    crs: Any = None

    @classmethod
    def named(cls, name: str) -> Plane:
        """
        Read a name.

        Raises
        ------
        CRSError
            If it is not known.
        """
        plain = name.strip()
        if plain.casefold() in SHIFTED or plain.casefold() == LOCAL:
            return cls(plain.casefold())
        if not any(mark in plain for mark in ":[+"):
            raise CRSError(f"{plain} is no code")  # PROJ would take the system whose name comes nearest
        return cls.of(CRS.from_user_input(plain))

    @classmethod
    def of(cls, crs: Any) -> Plane:
        """Take a system of pyproj without its heights."""
        flat = next((part for part in crs.sub_crs_list if not part.is_vertical), crs) if crs.is_compound else crs
        flat = flat.to_2d()
        code = flat.to_authority(min_confidence=70)
        return cls(":".join(code) if code else (flat.name or "unnamed"), flat)

    @property
    def is_degrees(self) -> bool:
        """Whether coordinates are longitude and latitude."""
        return self.name in SHIFTED or (self.crs is not None and bool(self.crs.is_geographic))

    def area(self) -> tuple[float, float, float, float] | None:
        """Return where the system is used: west, south, east, north in degrees; None if not known."""
        if self.name in SHIFTED:
            return (72.0, 0.8, 137.9, 55.9)
        use = None if self.crs is None else self.crs.area_of_use
        if use is None and ":" in self.name:
            try:
                use = CRS.from_user_input(self.name).area_of_use
            except CRSError:
                return None
        return None if use is None else (use.west, use.south, use.east, use.north)


@lru_cache(maxsize=32)
def _change(source: Any, target: Any) -> Transformer:
    """Return how to get from one system to another, longitude or easting first; PROJ searches a twentieth of a second for it."""
    return Transformer.from_crs(source, target, always_xy=True)


def transformed(shapes: NDArray[Any], source: Plane, target: Plane) -> NDArray[Any]:
    """Return shapes in another plane (None stays None)."""
    if source == target or LOCAL in {source.name, target.name}:
        return shapes
    name = source.name
    change = _change(CRS(WGS84) if name in SHIFTED else source.crs, target.crs)

    def move(points: NDArray[np.float64]) -> NDArray[np.float64]:
        plain = to_wgs84(points, name) if name in SHIFTED else points
        return np.column_stack(change.transform(plain[:, 0], plain[:, 1]))

    return np.asarray(shapely.transform(shapes, move), dtype=object)


def bring_together(
    tables: Mapping[str, Table], case: CaseFile, problems: Problems
) -> tuple[dict[str, Table], Plane | None, dict[str, Plane]]:
    """
    Bring all tables with places into the plane of the district.

    Parameters
    ----------
    tables
        As read.
    case
        What ``case.toml`` says.
    problems
        Takes what is wrong.

    Returns
    -------
    tables
        Reprojected, with swapped axes put right; a table without a known system loses its geometry (an error is told).
    plane
        Of the district: the case's own if it is true to length in metres, else the UTM zone of the blocks; None if not known.
    sources
        The system that each table was in.
    """
    declared = _named(case.case.crs, "case", "case.crs", problems)
    sources: dict[str, Plane] = {}
    turned: dict[str, Table] = {}
    for name, table in tables.items():
        if table.geometry is None:
            continue
        source = _source(table, case, declared, problems)
        if source is not None and _is_usable(source, name, problems):
            sources[name], turned[name] = source, _axes_right(table, source, problems)
    anchor = next((name for name in ("blocks", "schools", "boundary", *sources) if name in sources), None)
    if anchor is None:
        return {name: replace(table, geometry=None) for name, table in tables.items()}, None, sources
    plane = _district_plane(turned[anchor], sources[anchor], declared, problems)
    result: dict[str, Table] = {}
    for name, table in tables.items():
        if name in sources:
            result[name] = _moved(turned[name], sources[name], plane, problems)
        else:
            result[name] = replace(table, geometry=None, crs=None) if table.geometry is not None else table
    _far_from_blocks(result, turned, sources, plane, problems)
    return result, plane, sources


def _named(name: str | None, table: str, key: str, problems: Problems) -> Plane | None:
    if name is None:
        return None
    try:
        return Plane.named(name)
    except CRSError:
        problems.error(table if table != "case" else "case.toml", f"the coordinate system {name} is not known",
                       'write a code like "EPSG:4547", "local-metres", "gcj02" or "bd09"', column=key, value=name)  # fmt: skip
        return None


def _is_usable(source: Plane, table: str, problems: Problems) -> bool:
    """Say whether places in a system can be brought to another one."""
    if source.crs is None:
        return True
    try:
        known = bool(source.crs.is_projected or source.crs.is_geographic)
        _change(source.crs, CRS(WGS84))
    except (CRSError, ProjError):
        known = False
    if not known:
        problems.error(
            table, f"the coordinate system {source.name} cannot be understood", _FIX.format(name=table), value=source.name
        )
    return known


def _source(table: Table, case: CaseFile, declared: Plane | None, problems: Problems) -> Plane | None:
    """Tell the system of a table: the table's own key, the file, the standard of its format, the case."""
    section = case.tables[table.name]
    own = None if table.crs is None else Plane.of(table.crs)
    if own is not None and own.crs is not None and own.crs.is_engineering:
        own = None
    if section.crs is not None:
        said = _named(section.crs, table.name, "crs", problems)
        if said is not None and own is not None and not _same(said, own):
            problems.warn(table.name, f"the file says {own.name}, the case says {said.name}; the case is followed",
                          "delete crs from case.toml if the file is right", value=own.name)  # fmt: skip
        return said
    if declared is not None and declared.name == LOCAL:
        if own is not None and not (own.is_degrees and not _in_degrees(table)):
            problems.warn(table.name, f"the file says {own.name}, the case says local-metres; its numbers are taken as metres",
                          "give [case] the coordinate system of the files", value=own.name)  # fmt: skip
        return declared
    if own is not None and not (own.is_degrees and not _in_degrees(table, slack=True)):
        if declared is not None and declared.name in SHIFTED and own.name in _DEGREES:
            problems.warn(
                table.name,
                f"the file says {own.name}, the case says {declared.name}; the case is followed",
                f'write crs = "{own.name}" into [tables.{table.name}] if the file is right',
                value=own.name,
            )
            return declared
        return own
    return _unsaid(table, own, declared, PurePath(section.file).suffix.lower(), problems)


def _unsaid(table: Table, own: Plane | None, declared: Plane | None, suffix: str, problems: Problems) -> Plane | None:
    """Tell the system of a table whose file says none, or degrees that cannot be degrees."""
    fix = _FIX.format(name=table.name)
    degrees = table.degrees or (suffix in {".geojson", ".json"} and _in_degrees(table, slack=True))
    if degrees:
        return declared if declared is not None and declared.is_degrees else Plane.named(WGS84)
    if declared is not None and (not declared.is_degrees or _in_degrees(table, slack=True)):
        if own is not None:
            problems.warn(table.name, f"its numbers are no degrees, though the file says {own.name}; {declared.name} is taken",
                          "export the file again with its true coordinate system", value=own.name)  # fmt: skip
        return declared
    if suffix in {".geojson", ".json"} or own is not None:
        problems.error(table.name, "the file's numbers are no longitudes and latitudes, and no coordinate system is given", fix)
    else:
        problems.error(table.name, "no coordinate system is given, neither in the file nor in the case", fix)
    return None


def _same(a: Plane, b: Plane) -> bool:
    if a.crs is None or b.crs is None:
        return a.name == b.name
    return a.name == b.name or bool(a.crs.equals(b.crs, ignore_axis_order=True))


def _bounds(shapes: NDArray[Any]) -> NDArray[np.float64]:
    """Return west, south, east, north of the finite shapes, NaN where there are none."""
    return np.asarray(shapely.total_bounds(shapes)) if len(shapes) else np.full(4, np.nan)


def _in_degrees(table: Table, *, slack: bool = False) -> bool:
    """Say whether a table's numbers can be degrees; with slack also when the axes are swapped."""
    assert table.geometry is not None
    west, south, east, north = _bounds(table.geometry)
    highest = 180.0 if slack else 90.0
    return bool(np.isnan(west) or (west >= -180 and east <= 180 and south >= -highest and north <= highest))


def _swap(shapes: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(shapely.transform(shapes, lambda points: points[:, ::-1]), dtype=object)


def _axes_right(table: Table, source: Plane, problems: Problems) -> Table:
    """Swap a table's axes where its numbers make sense only so."""
    assert table.geometry is not None
    if source.name == LOCAL or _share_in_use(table.geometry, source) >= 0.5:
        return table
    swapped = _swap(table.geometry)
    if _share_in_use(swapped, source) >= 0.5:
        problems.warn(table.name, "the axes are swapped (latitude or northing first); they are put right",
                      "write longitude or easting first")  # fmt: skip
        return replace(table, geometry=swapped)
    problems.warn(table.name, f"the places lie outside the area that {source.name} is made for; it is probably the wrong one",
                  f"correct crs of [tables.{table.name}]", value=source.name)  # fmt: skip
    return table


def _share_in_use(shapes: NDArray[Any], source: Plane) -> float:
    """Return the share of corners that lie in (or 3 degrees around) the area that a system is made for."""
    area = source.area()
    points = shapely.get_coordinates(shapes)
    points = points[np.isfinite(points).all(axis=1)]
    if area is None or not len(points):
        return 1.0
    points = points[:: max(len(points) // 2000, 1)]
    if source.crs is not None and not source.is_degrees:
        try:
            change = _change(source.crs, source.crs.geodetic_crs or CRS(WGS84))
            points = np.column_stack(change.transform(points[:, 0], points[:, 1]))
        except ProjError:
            return 1.0
    west, south, east, north = area
    lon, lat = points.T
    with np.errstate(invalid="ignore"):
        inside = (lon >= west - 3) & (lon <= east + 3) & (lat >= max(south - 3, -90)) & (lat <= min(north + 3, 90))
    return float(inside.mean())


def _district_plane(table: Table, source: Plane, declared: Plane | None, problems: Problems) -> Plane:
    """Choose the district's plane: what the case says, else what the blocks are in, if a metre there is a metre; else UTM."""
    if source.name == LOCAL:
        return source
    for wanted in (declared, source):
        if wanted is not None and wanted.crs is not None and wanted.crs.is_projected and _true_metres(table, source, wanted):
            return wanted
    assert table.geometry is not None
    west, south, east, north = _bounds(transformed(table.geometry, source, Plane.named(WGS84)))
    if not np.isfinite([west, south, east, north]).all():
        problems.error(table.name, f"the places have no position on the earth in {source.name}", "correct crs in case.toml")
        return Plane.named("EPSG:3857")
    zone = int(((west + east) / 2 + 180) // 6) % 60 + 1
    return Plane.named(f"EPSG:{(32600 if north + south >= 0 else 32700) + zone}")


def _true_metres(table: Table, source: Plane, plane: Plane) -> bool:
    """Say whether a plane's unit is the metre and lengths in it are true to 1 per cent (Web Mercator's are not)."""
    if any(abs(axis.unit_conversion_factor - 1) > 1e-9 for axis in plane.crs.axis_info[:2]):
        return False
    assert table.geometry is not None
    west, south, east, north = _bounds(transformed(table.geometry, source, Plane.named(WGS84)))
    if not np.isfinite([west, south, east, north]).all():
        return True
    from pyproj import Proj  # noqa: PLC0415 - only here

    factors = Proj(plane.crs).get_factors((west + east) / 2, (south + north) / 2)
    return bool(abs(factors.areal_scale - 1) < 0.02)


def _moved(table: Table, source: Plane, plane: Plane, problems: Problems) -> Table:
    assert table.geometry is not None
    moved = transformed(table.geometry, source, plane)
    points = shapely.get_coordinates(moved, include_z=False)
    if len(points) and not _on_earth(points):
        broken = np.flatnonzero([shape is not None and not _on_earth(shapely.get_coordinates(shape)) for shape in moved])
        moved = moved.copy()
        moved[broken] = None
        problems.error(table.name, f"{len(broken)} places have coordinates that are no places in {source.name}",
                       "correct the coordinates or the coordinate system", row=table.row_of(int(broken[0])))  # fmt: skip
    return replace(_points_too(table, source, plane), geometry=moved, crs=None)


def _on_earth(points: NDArray[np.float64]) -> bool:
    return bool((np.abs(points) < _BEYOND_EARTH_M).all())


def _points_too(table: Table, source: Plane, plane: Plane) -> Table:
    """Move the columns ``point_x`` and ``point_y`` with the geometry."""
    if not (table.has("point_x") and table.has("point_y")):
        return table
    x, y = table.number("point_x"), table.number("point_y")
    both = np.isfinite(x) & np.isfinite(y)
    shapes = np.full(len(table), None, dtype=object)
    shapes[both] = shapely.points(x[both], y[both])
    moved = transformed(shapes, source, plane)
    return replace(table, data={**table.data, "point_x": shapely.get_x(moved), "point_y": shapely.get_y(moved)})


def _far_from_blocks(
    tables: dict[str, Table], before: Mapping[str, Table], sources: Mapping[str, Plane], plane: Plane, problems: Problems
) -> None:
    """Notice tables that lie far from the blocks: swapped axes are put right, everything else is told."""
    blocks = tables.get("blocks")
    if blocks is None or blocks.geometry is None:
        return
    home = _bounds(blocks.geometry)
    if not np.isfinite(home).all():
        return
    reach = max(float(np.hypot(home[2] - home[0], home[3] - home[1])), 1000.0)
    for name, table in list(tables.items()):
        if name == "blocks" or table.geometry is None or _gap(home, _bounds(table.geometry)) <= 3 * reach:
            continue
        original = before[name].geometry
        assert original is not None
        swapped = transformed(_swap(original), sources[name], plane)
        if _gap(home, _bounds(swapped)) <= reach:
            problems.warn(
                name, "the axes are swapped (latitude or northing first); they are put right", "write longitude or easting first"
            )
            tables[name] = replace(table, geometry=swapped)
        else:
            km = _gap(home, _bounds(table.geometry)) / 1000
            problems.warn(
                name,
                f"the places lie {km:,.0f} km from the blocks: one of the two coordinate systems is probably wrong",
                f"correct crs of [tables.{name}] or [tables.blocks]",
            )


def _gap(home: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Return the distance between two boxes; 0 where one is empty, infinite where it is nowhere."""
    if np.isnan(other).all():
        return 0.0
    dx = max(home[0] - other[2], other[0] - home[2], 0.0)
    dy = max(home[1] - other[3], other[1] - home[3], 0.0)
    return float(np.hypot(dx, dy)) if np.isfinite([dx, dy]).all() else float("inf")
