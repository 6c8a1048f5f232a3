"""What is wrong with a map of blocks: broken polygons, slivers, overlaps, gaps, near misses, blocks that are cut off."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import STRtree

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from xuequ.zoning.adjacency import Adjacency
    from xuequ.zoning.problems import Problems

__all__ = ["LISTED", "Drawing", "report_faults", "report_islands", "sound_shapes"]

LISTED = 100
"""Faults of one kind that are listed singly; a last warning counts the others."""

_WIDER = (2.0, 5.0, 10.0, 20.0, 50.0)
"""Multiples of the tolerance that are tried to tell which would join a map in pieces."""


@dataclass(frozen=True, slots=True, eq=False)
class Drawing:
    """
    A map of blocks with what was found on the way to its adjacency.

    Parameters
    ----------
    shapes
        Valid polygons in metres, shape ``(blocks,)``.
    names
        For messages.
    pairs
        Blocks no further apart than the tolerance, shape ``(pairs, 2)``.
    faulty
        Pairs whose borders do not match exactly, shape ``(pairs,)``.
    tolerance_m
        How far apart borders may lie and still be one.
    """

    shapes: NDArray[Any]
    names: tuple[str, ...]
    pairs: NDArray[np.int64]
    faulty: NDArray[np.bool_]
    tolerance_m: float


def sound_shapes(geometry: NDArray[Any], names: tuple[str, ...], problems: Problems) -> NDArray[Any]:
    """
    Return valid polygons for measuring, with a warning for each one that had to be repaired.

    Parameters
    ----------
    geometry
        Polygons, shape ``(blocks,)``; None becomes an empty polygon.
    names
        For messages.
    problems
        Takes the warnings.
    """
    shapes = np.array(geometry, dtype=object)
    shapes[shapely.is_missing(shapes)] = shapely.Polygon()
    broken = np.flatnonzero(~shapely.is_valid(shapes))
    repaired = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
    _listed(
        problems,
        "invalid polygons",
        (
            {
                "message": f"the polygon is not valid ({shapely.is_valid_reason(shapes[i])}); its borders are measured on a "
                f"repaired copy of {shapely.area(shape):,.0f} m²",
                "fix": "mend the polygon, or let check --fix write a repaired copy",
                "row": names[i],
                "geometry": _wkt(shapely.point_on_surface(shape)),
            }
            for i, shape in zip(broken, repaired, strict=True)
        ),
    )
    shapes[broken] = repaired
    shapes[shapely.get_dimensions(shapes) < 2] = shapely.Polygon()
    return shapes


def report_faults(drawing: Drawing, sliver_width_m: float, near_miss_m: float, problems: Problems) -> None:
    """
    Warn of slivers, overlaps and gaps wider than the tolerance, and of blocks that nearly touch.

    Parameters
    ----------
    drawing
        The map.
    sliver_width_m
        A block of less mean width is a sliver.
    near_miss_m
        Blocks that run beside each other within this distance should perhaps touch.
    problems
        Takes the warnings.
    """
    _listed(problems, "slivers", _slivers(drawing, sliver_width_m))
    _listed(problems, "overlaps", _overlaps(drawing))
    _listed(problems, "gaps", _gaps(drawing))
    if near_miss_m > drawing.tolerance_m:
        _listed(problems, "near misses", _near_misses(drawing, near_miss_m))


def report_islands(drawing: Drawing, adjacency: Adjacency, problems: Problems) -> None:
    """
    Warn of blocks and groups of blocks from which no shared border leads to the rest.

    Parameters
    ----------
    drawing
        The map.
    adjacency
        Its adjacency, links included.
    problems
        Takes the warnings.
    """
    component = adjacency.components()
    sizes = np.bincount(component, minlength=1)
    if len(sizes) < 2:
        return
    main = int(sizes.argmax())
    others = np.delete(np.arange(len(sizes)), main)
    _listed(problems, "islands", (_island(drawing, component == number) for number in others[:LISTED]), len(others))
    tried = [(factor * drawing.tolerance_m, _pieces_within(drawing, adjacency, factor)) for factor in _WIDER]
    problems.warn(
        "blocks",
        f"the blocks are in {len(sizes)} pieces at a tolerance of {drawing.tolerance_m:g} m",
        "add links (bridge, ferry) where pieces belong together, or set a wider tolerance: "
        + ", ".join(f"{metres:g} m leaves {pieces}" for metres, pieces in tried),
    )


def _slivers(drawing: Drawing, width_m: float) -> Iterable[dict[str, Any]]:
    area, around = shapely.area(drawing.shapes), shapely.length(drawing.shapes)
    width = np.divide(2 * area, around, out=np.full(len(area), np.inf), where=around > 0)
    for i in np.flatnonzero(width < width_m):
        yield {
            "message": f"the block is a sliver: {area[i]:,.1f} m², {width[i]:.2f} m wide on average",
            "fix": "merge it into the block that it belongs to",
            "row": drawing.names[i],
            "geometry": _wkt(drawing.shapes[i]),
        }


def _overlaps(drawing: Drawing) -> Iterable[dict[str, Any]]:
    a, b = drawing.pairs[drawing.faulty].T
    shared = shapely.intersection(drawing.shapes[a], drawing.shapes[b])
    wide = ~shapely.is_empty(shapely.buffer(shared, -drawing.tolerance_m / 2, quad_segs=2))
    for i, j, part in zip(a[wide], b[wide], shared[wide], strict=True):
        yield {
            "message": f"the block overlaps block {drawing.names[j]} by {shapely.area(part):,.0f} m², wider than "
            f"{drawing.tolerance_m:g} m",
            "fix": "redraw the border so that each place lies in one block",
            "row": drawing.names[i],
            "geometry": _wkt(part),
        }


def _gaps(drawing: Drawing) -> Iterable[dict[str, Any]]:
    fitting = not drawing.faulty.any() or shapely.coverage_is_valid(drawing.shapes)
    union = shapely.coverage_union_all(drawing.shapes) if fitting else shapely.union_all(drawing.shapes)
    parts = shapely.get_parts(union)
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    rings, part = shapely.get_rings(parts, return_index=True)
    inner = np.diff(part, prepend=-1) == 0
    holes = shapely.polygons(rings[inner])
    wide = ~shapely.is_empty(shapely.buffer(holes, -drawing.tolerance_m / 2, quad_segs=2))
    for hole in holes[wide]:
        yield {
            "message": f"{shapely.area(hole):,.0f} m² inside the map belong to no block",
            "fix": "add the missing block, or close the gap; leave it if nobody can live there",
            "geometry": _wkt(hole),
        }


def _near_misses(drawing: Drawing, near_m: float) -> Iterable[dict[str, Any]]:
    shapes = drawing.shapes
    tree = STRtree(shapes)
    found = tree.query(shapes, predicate="dwithin", distance=near_m)
    pairs = found.T[found[0] < found[1]]
    known = np.isin(pairs @ [len(shapes), 1], drawing.pairs @ [len(shapes), 1])
    a, b = pairs[~known].T
    beside = shapely.length(shapely.intersection(shapely.boundary(shapes[a]), shapely.buffer(shapes[b], near_m))) > 4 * near_m
    a, b = a[beside], b[beside]
    across = shapely.shortest_line(shapes[a], shapes[b])
    blocked = np.zeros(len(a), dtype=bool)
    blocked[tree.query(shapely.line_interpolate_point(across, 0.5, normalized=True), predicate="intersects")[0]] = True
    for i, j, line in zip(a[~blocked], b[~blocked], across[~blocked], strict=True):
        yield {
            "message": f"the block runs beside block {drawing.names[j]}, {shapely.length(line):.1f} m apart, without touching it",
            "fix": "close the gap, set a wider tolerance, or leave it if a river or road lies between",
            "row": drawing.names[i],
            "geometry": _wkt(line),
        }


def _island(drawing: Drawing, inside: NDArray[np.bool_]) -> dict[str, Any]:
    members, others = np.flatnonzero(inside), np.flatnonzero(~inside)
    names = ", ".join(drawing.names[i] for i in members[:5]) + (f" and {len(members) - 5} more" if len(members) > 5 else "")
    (at, nearest), distance = STRtree(drawing.shapes[others]).query_nearest(
        drawing.shapes[members], return_distance=True, all_matches=False
    )
    if not len(distance):  # empty polygons are near nothing
        return {
            "message": f"no border leads from {_blocks(len(members))} {names} to the rest, and no polygon is drawn there",
            "fix": "draw the missing polygons",
            "row": drawing.names[members[0]],
        }
    closest = int(distance.argmin())
    home, to = members[at[closest]], others[nearest[closest]]
    return {
        "message": f"no shared border leads from {_blocks(len(members))} {names} to the rest; the nearest is block "
        f"{drawing.names[to]}, {distance[closest]:,.1f} m from block {drawing.names[home]}",
        "fix": f"add the link {drawing.names[home]} – {drawing.names[to]} if a bridge or ferry is there; without a school of its "
        "own the piece is exempt from contiguity",
        "row": drawing.names[home],
        "geometry": _wkt(shapely.shortest_line(drawing.shapes[home], drawing.shapes[to])),
    }


def _pieces_within(drawing: Drawing, adjacency: Adjacency, factor: float) -> int:
    """Count the pieces of the map if blocks within ``factor`` tolerances were neighbours."""
    near = STRtree(drawing.shapes).query(drawing.shapes, predicate="dwithin", distance=factor * drawing.tolerance_m)
    near = near[:, near[0] < near[1]]
    pairs = np.concatenate([adjacency.pairs(), near.T])
    return int(type(adjacency).from_pairs(len(adjacency), pairs).components().max()) + 1


def _listed(problems: Problems, kind: str, faults: Iterable[dict[str, Any]], count: int = 0) -> None:
    """List faults singly up to `LISTED`, and count the others: ``count`` is of all, where ``faults`` are only the first ones."""
    number = 0
    for number, fault in enumerate(faults, start=1):
        if number <= LISTED:
            problems.warn("blocks", **fault)
    more = max(number, count) - LISTED
    if more > 0:
        problems.warn("blocks", f"{more} more {kind} are not listed", "mend the listed ones and check again")


def _blocks(count: int) -> str:
    return "block" if count == 1 else f"the {count} blocks"


def _wkt(geometry: Any) -> str:
    return str(shapely.to_wkt(geometry, rounding_precision=2))
