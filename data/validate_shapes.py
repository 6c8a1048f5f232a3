"""Checks of places: nothing, the wrong kind, no area, several parts, outside the district."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.tables import TABLES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems

__all__ = ["check_shapes", "outline_of", "whole_of"]

_LISTED = 20
_DIMENSIONS = {"point": 0, "line": 1, "area": 2}
_WORDS = {0: "a point", 1: "a line", 2: "an area"}


def check_shapes(tables: Mapping[str, Table], problems: Problems) -> dict[str, Table]:
    """
    Check the places of all tables.

    Parameters
    ----------
    tables
        In the plane of the district.
    problems
        Takes what is wrong.

    Returns
    -------
    dict
        The tables; invalid shapes of every table but the blocks are repaired (those of the blocks where they are measured).
    """
    result = {name: _checked(table, problems) for name, table in tables.items()}
    _check_boundary(result, problems)
    return result


def _checked(table: Table, problems: Problems) -> Table:
    schema = TABLES[table.name]
    if schema.shape == "none" or not len(table):
        return table
    if table.geometry is None:
        if table.name == "roads" and not all(table.has(name) for name in ("from", "to", "length_m")):
            problems.error(
                "roads", "the roads have neither geometry nor the columns from, to and length_m", "bring one of the two"
            )
        if table.name == "schools":
            _check_nothing(table, np.ones(len(table), dtype=bool), problems)
        if schema.place_required and not any(problem.table == table.name for problem in problems.errors):
            problems.error(table.name, "the table has no places",
                           "give a file with geometry, or columns lon and lat (degrees) or x and y (metres)")  # fmt: skip
        return table
    shapes = table.geometry
    nothing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    _check_nothing(table, nothing, problems)
    if table.name == "blocks":
        _check_blocks(table, nothing, problems)
        return table
    wanted = _DIMENSIONS.get(schema.shape)
    if wanted is not None and wanted > 0:
        wrong = np.flatnonzero(~nothing & (shapely.get_dimensions(shapes) != wanted))
        if len(wrong):
            kind = _WORDS[int(shapely.get_dimensions(shapes[wrong[0]]))]
            problems.warn(table.name, f"{len(wrong)} rows are not {_WORDS[wanted]}; the first is {kind}; they are left aside",
                          f"draw each as {_WORDS[wanted]}", row=table.row_of(int(wrong[0])))  # fmt: skip
            shapes = shapes.copy()
            shapes[wrong] = None
    broken = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    if len(broken):
        reason = shapely.is_valid_reason(shapes[broken[0]])
        problems.warn(
            table.name,
            f"{len(broken)} shapes are not valid ({reason}); repaired copies are used",
            "mend them, or use check --fix",
            row=table.row_of(int(broken[0])),
            geometry=_wkt(shapes[broken[0]]),
        )
        shapes = shapes.copy()
        shapes[broken] = shapely.make_valid(shapes[broken])
    return replace(table, geometry=shapes)


def _check_nothing(table: Table, nothing: NDArray[np.bool_], problems: Problems) -> None:
    schema = TABLES[table.name]
    named = np.array([bool(name) for name in table.text("block")]) if table.has("block") else np.zeros(len(table), dtype=bool)
    if table.has("point_x"):
        named |= np.isfinite(table.number("point_x")) & np.isfinite(table.number("point_y"))
    bare = np.flatnonzero(nothing & ~named)
    needed = table.name in {"blocks", "schools"}
    if table.name == "sites" or not len(bare):
        return
    if needed:
        for k in bare[:_LISTED]:
            fix = (
                "draw it, or delete the row"
                if table.name == "blocks"
                else "give a point (lon and lat, or x and y), or name its block"
            )
            problems.error(table.name, "the row has no place", fix, row=table.row_of(int(k)))
        return
    if schema.shape != "none":
        problems.warn(table.name, f"{len(bare)} rows have no place and are left aside", "draw them, or delete the rows",
                      row=table.row_of(int(bare[0])))  # fmt: skip


def _check_blocks(table: Table, nothing: NDArray[np.bool_], problems: Problems) -> None:
    shapes = table.geometry
    assert shapes is not None
    dimensions = np.where(nothing, -1, shapely.get_dimensions(shapes))
    areas = dimensions == 2
    if areas.any():
        for k in np.flatnonzero(~areas & ~nothing)[:_LISTED]:
            problems.error("blocks", f"is {_WORDS[int(dimensions[k])]}, where the other blocks are areas", "draw its outline",
                           row=table.row_of(int(k)), geometry=_wkt(shapes[k]))  # fmt: skip
    elif (dimensions == 1).any():
        problems.error("blocks", "the blocks are lines", "draw areas, or give points", row=table.row_of(0))
    parts = np.flatnonzero(areas & (shapely.get_num_geometries(shapes) > 1))
    if len(parts):
        names = ", ".join(str(table.row_of(int(k))) for k in parts[:10])
        problems.warn("blocks", f"{len(parts)} blocks have several parts: {names}", "split them if the parts are separate places",
                      row=table.row_of(int(parts[0])))  # fmt: skip
    for k in np.flatnonzero(areas & (shapely.area(shapes) < 1.0))[:_LISTED]:
        problems.warn(
            "blocks",
            f"has an area of {shapely.area(shapes[k]):.2g} m²",
            "delete it, or draw its outline",
            row=table.row_of(int(k)),
            geometry=_wkt(shapes[k]),
        )
    large = np.flatnonzero(areas & (shapely.area(shapes) > 1e10))
    if len(large):
        problems.warn(
            "blocks",
            f"has an area of {shapely.area(shapes[large[0]]) / 1e6:,.0f} km²: the unit is probably not the metre",
            "correct crs of [tables.blocks]",
            row=table.row_of(int(large[0])),
        )


def outline_of(table: Table | None) -> Any:
    """Return the areas of a table as one shape, None where there are none."""
    if table is None or table.geometry is None:
        return None
    shapes = table.geometry[shapely.get_dimensions(table.geometry) == 2]
    return shapely.union_all(shapely.make_valid(shapes)) if len(shapes) else None


def whole_of(shapes: NDArray[Any]) -> Any:
    """Return valid shapes as one; much quicker where they are polygons that fit together without a fault."""
    polygons = np.isin(shapely.get_type_id(shapes), (shapely.GeometryType.POLYGON, shapely.GeometryType.MULTIPOLYGON)).all()
    return shapely.coverage_union_all(shapes) if polygons and shapely.coverage_is_valid(shapes) else shapely.union_all(shapes)


def _check_boundary(tables: Mapping[str, Table], problems: Problems) -> None:
    outline, blocks = outline_of(tables.get("boundary")), tables.get("blocks")
    if outline is None or blocks is None or blocks.geometry is None:
        return
    shapes = shapely.make_valid(blocks.geometry)
    whole = shapely.area(shapes)
    drawn = whole > 0
    shapely.prepare(outline)
    within = shapely.covers(outline, shapes)
    parts = shapes.copy()
    parts[~within] = shapely.intersection(shapes[~within], outline)
    inside = np.where(drawn, shapely.area(parts) / np.where(drawn, whole, 1), 1.0)
    inside = np.where(drawn, inside, shapely.intersects(shapes, outline))
    out = np.flatnonzero((inside < 0.5) & ~shapely.is_missing(shapes))
    for k in out[:_LISTED]:
        problems.warn(
            "blocks",
            f"{1 - inside[k]:.0%} of it lies outside the district's boundary",
            "correct the block or the boundary",
            row=blocks.row_of(int(k)),
            geometry=_wkt(shapely.point_on_surface(shapes[k])),
        )
    if drawn.any():
        bare = 1 - shapely.area(shapely.intersection(outline, whole_of(shapes))) / shapely.area(outline)
        if bare > 0.02:
            problems.warn("boundary", f"{bare:.0%} of the district belongs to no block", "add blocks if anybody lives there")


def _wkt(shape: Any) -> str:
    return str(shapely.to_wkt(shapely.point_on_surface(shape), rounding_precision=1))
