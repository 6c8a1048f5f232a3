"""
Maps that are shifted as a whole: GCJ-02 or BD-09 coordinates given as WGS-84.

Such a map looks right by itself. It shows against another one: the district's boundary, roads, or places that name their block.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import shapely
from shapely import STRtree

from xuequ.data.project import LOCAL, WGS84, Plane, transformed
from xuequ.data.shifted import in_china, to_bd09, to_gcj02
from xuequ.data.validate_shapes import outline_of, whole_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from numpy.typing import NDArray

    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems

__all__ = ["notice_shift"]

_LEAST_ROADS = 20
_LEAST_NAMED = 5
_MOST_CORNERS = 1500


class _Evidence(NamedTuple):
    """Another table, how badly the blocks fit it after a shift, what is nothing to speak of, whether chance must be ruled out."""

    table: str
    misfit: Callable[[NDArray[np.float64]], float]
    least: float
    by_chance: bool


def notice_shift(tables: Mapping[str, Table], sources: Mapping[str, Plane], plane: Plane, problems: Problems) -> None:
    """
    Notice tables that are shifted as a whole against boundary, roads, or blocks that they name.

    Parameters
    ----------
    tables
        In the plane of the district.
    sources
        The system that each was said to be in.
    plane
        Of the district.
    problems
        Takes the warnings.

    Notes
    -----
    The blocks are moved by each shift that a confusion would have made, forwards and backwards. A shift is believed when the
    blocks then fit the other table more than twice as well as they do now, and, where streets or edges could fit by chance, twice
    as well as after shifts of the same length in other directions.
    """
    blocks = tables.get("blocks")
    if blocks is None or blocks.geometry is None or plane.name == LOCAL or not len(blocks):
        return
    shapes = shapely.make_valid(blocks.geometry)
    if not (shapely.get_dimensions(shapes) == 2).any():
        return
    shifts = _known_shifts(shapes, plane)
    if shifts:
        for evidence in _evidence(tables, blocks, shapes):
            _compare(evidence, shifts, sources, problems)


def _evidence(tables: Mapping[str, Table], blocks: Table, shapes: NDArray[Any]) -> Iterator[_Evidence]:
    outline = outline_of(tables.get("boundary"))
    if outline is not None:
        whole = whole_of(shapes)
        covers = bool(shapely.area(whole) >= 0.8 * shapely.area(outline))
        measure = shapely.symmetric_difference if covers else shapely.difference
        yield _Evidence("boundary", _outline_misfit(whole, outline, measure), 0.002 * float(shapely.area(whole)), not covers)
    roads = tables.get("roads")
    if roads is not None and roads.geometry is not None:
        lines = roads.geometry[shapely.get_dimensions(roads.geometry) == 1]
        if len(lines) > _LEAST_ROADS:
            yield _Evidence("roads", _road_misfit(shapes, lines), 25.0, by_chance=True)
    at = {name: position for position, name in enumerate(blocks.text("id"))}
    for name in ("schools", "addresses", "sites"):
        table = tables.get(name)
        if table is None or table.geometry is None or not table.has("block"):
            continue
        home = np.array([at.get(block, -1) for block in table.text("block")])
        points = table.middles()
        there = (home >= 0) & np.isfinite(points).all(axis=1)
        if there.sum() >= _LEAST_NAMED:
            yield _Evidence(name, _named_misfit(points[there], shapes[home[there]]), 0.2, by_chance=False)


def _known_shifts(shapes: NDArray[Any], plane: Plane) -> dict[str, NDArray[np.float64]]:
    """Return the shifts of the blocks, metres east and north, that would undo each confusion of theirs or of another table."""
    middle = np.array([shapely.Point(np.nanmean(shapely.get_coordinates(shapely.centroid(shapes)), axis=0))], dtype=object)
    degrees = shapely.get_coordinates(transformed(middle, plane, Plane.named(WGS84)))
    if not in_china(degrees).all():
        return {}
    here = shapely.get_coordinates(middle)[0]
    shifts = {}
    for name, shift in (("gcj02", to_gcj02), ("bd09", to_bd09)):
        there = transformed(np.asarray(shapely.points(shift(degrees))), Plane.named(WGS84), plane)
        away = shapely.get_coordinates(there)[0] - here
        shifts[f"blocks {name}"] = -away
        shifts[f"other {name}"] = away
    return shifts


def _outline_misfit(blocks: Any, outline: Any, measure: Any) -> Callable[[NDArray[np.float64]], float]:
    def misfit(shift: NDArray[np.float64]) -> float:
        moved = shapely.transform(blocks, lambda points: points + shift)
        return float(shapely.area(measure(moved, outline)))

    return misfit


def _road_misfit(shapes: NDArray[Any], lines: NDArray[Any]) -> Callable[[NDArray[np.float64]], float]:
    """Return how far corners of blocks lie from the roads in the median: borders of blocks mostly follow streets."""
    corners = shapely.get_coordinates(shapely.boundary(shapes))
    corners = corners[:: max(len(corners) // _MOST_CORNERS, 1)]
    tree = STRtree(lines)

    def misfit(shift: NDArray[np.float64]) -> float:
        found = tree.query_nearest(shapely.points(corners + shift), return_distance=True, all_matches=False)[1]
        return float(np.median(found)) if len(found) else float("inf")

    return misfit


def _named_misfit(points: NDArray[np.float64], homes: NDArray[Any]) -> Callable[[NDArray[np.float64]], float]:
    """Return the share of places that lie outside the block they name."""

    def misfit(shift: NDArray[np.float64]) -> float:
        return float(1 - np.mean(shapely.contains_xy(homes, *(points - shift).T)))

    return misfit


def _other_directions(shift: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Return shifts of the same length in seven other directions."""
    turns = np.pi / 4 * np.arange(1, 8) + 0.1
    return [np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) @ shift for a in turns]


def _compare(
    evidence: _Evidence, shifts: Mapping[str, NDArray[np.float64]], sources: Mapping[str, Plane], problems: Problems
) -> None:
    now = evidence.misfit(np.zeros(2))
    if now <= evidence.least:
        return
    scores = {name: evidence.misfit(shift) for name, shift in shifts.items()}
    best = min(scores, key=lambda name: scores[name])
    if scores[best] > 0.5 * now:
        return
    if evidence.by_chance and scores[best] > 0.5 * min(evidence.misfit(shift) for shift in _other_directions(shifts[best])):
        return
    who, system = best.split()
    table, other = ("blocks", evidence.table) if who == "blocks" else (evidence.table, "blocks")
    said = sources[table].name if table in sources else "as said"
    problems.warn(
        table,
        f"lies {np.hypot(*shifts[best]):,.0f} m off the {other}: its coordinates are probably "
        f"{system.upper()[:-2]}-{system[-2:]}, not {said}",
        f'write crs = "{system}" into [tables.{table}]',
        value=said,
    )
