"""Which blocks touch and how far schools are: from tables where the case has them, else measured."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import Delaunay, QhullError

from xuequ.data.borders import BorderOptions, measure_borders
from xuequ.data.network import RoadNetwork, RoadOptions, WalkOptions, straight_distances, walk_distances, walkable_roads
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.distances import Distances
from xuequ.zoning.places import index_of
from xuequ.zoning.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.data.case_file import CaseFile
    from xuequ.data.read import Table
    from xuequ.zoning.places import Blocks, Schools

__all__ = ["adjacency_of", "distances_of", "lines_of", "road_options"]


_NO_BRIDGE = frozenset({"", "no", "0", "f", "false", "否"})
"""Texts of a column ``bridge`` that say no; OpenStreetMap has many words for yes."""


def adjacency_of(tables: Mapping[str, Table], blocks: Blocks, case: CaseFile, problems: Problems) -> Adjacency:
    """
    Tell which blocks touch: the table ``adjacency``, else shared borders; where blocks are points only, near points.

    Notes
    -----
    model.md §1. Points are neighbours where no third point lies in the circle over the two (the Gabriel graph, always in one
    piece).
    """
    table = tables.get("adjacency")
    if table is not None:
        return _as_given(table, blocks, problems)
    links = _links(tables.get("links"), blocks, problems)
    if blocks.geometry is None:
        problems.warn("blocks", "blocks are points: which of them touch is taken from how near they lie",
                      "give polygons, or a table adjacency with columns a and b")  # fmt: skip
        pairs = np.concatenate([_near_points(blocks.points), links])
        return Adjacency.from_pairs(len(blocks), pairs)
    section = case.borders
    options = BorderOptions(
        section.tolerance_m, section.min_border_m, section.barrier_m, section.near_miss_m, section.sliver_width_m
    )
    barriers = lines_of(tables.get("barriers"))
    adjacency, found = measure_borders(blocks.geometry, options=options, links=links, barriers=barriers, ids=blocks.ids)
    problems.extend(found)
    return adjacency


def lines_of(table: Table | None) -> list[Any]:
    """Return the shapes of a table that are there."""
    if table is None or table.geometry is None:
        return []
    return [shape for shape in table.geometry if shape is not None and not shape.is_empty]


def _as_given(table: Table, blocks: Blocks, problems: Problems) -> Adjacency:
    index = index_of(blocks.ids)
    pairs = np.array([(index[a], index[b]) for a, b in zip(table.text("a"), table.text("b"), strict=True)], dtype=np.int64)
    pairs = pairs.reshape(-1, 2)
    apart = pairs[:, 0] != pairs[:, 1]
    if not apart.all():
        problems.warn("adjacency", f"{int((~apart).sum())} rows name a block as its own neighbour and are left out",
                      "name two blocks, or delete the row", row=table.row_of(int(np.flatnonzero(~apart)[0])))  # fmt: skip
    pairs, border = pairs[apart], table.number("border_m", 0.0)[apart]
    if not table.has("border_m") and blocks.geometry is not None:
        border = shapely.length(shapely.intersection(blocks.geometry[pairs[:, 0]], blocks.geometry[pairs[:, 1]]))
    return Adjacency.from_pairs(len(blocks), pairs, border)


def _links(table: Table | None, blocks: Blocks, problems: Problems) -> NDArray[np.int64]:
    """Return pairs of blocks that a bridge or ferry joins: named, or the blocks at the two ends of a line."""
    from xuequ.data.assemble_places import block_at  # noqa: PLC0415 - only with links

    if table is None:
        return np.empty((0, 2), dtype=np.int64)
    index = index_of(blocks.ids)
    pairs: list[tuple[int, int]] = []
    for k in range(len(table)):
        a, b = table.text("a")[k], table.text("b")[k]
        if a and b:
            pair = (index[a], index[b])
        else:
            shape = None if table.geometry is None else table.geometry[k]
            if shape is None or shape.is_empty or shapely.get_dimensions(shape) != 1:
                problems.error(
                    "links",
                    "the link names no two blocks and has no line",
                    "fill in a and b, or draw a line from block to block",
                    row=table.row_of(k),
                )
                continue
            ends = shapely.get_coordinates(shape)[[0, -1]]
            found, _ = block_at(blocks, ends)
            pair = (int(found[0]), int(found[1]))
        if min(pair) < 0 or pair[0] == pair[1]:
            problems.warn(
                "links",
                "the link does not lead from one block to another; it is left out",
                "draw it from block to block",
                row=table.row_of(k),
            )
            continue
        pairs.append(pair)
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def _near_points(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return pairs of blocks that are points: neighbours as `_gabriel` says, and all that have one point in common."""
    # To the centimetre: of what lies closer together a triangulation drops all but one.
    places, place = np.unique(np.round(points, 2), axis=0, return_inverse=True)
    near = np.concatenate([_gabriel(places), np.repeat(np.arange(len(places))[:, None], 2, axis=1)])
    members = np.split(np.argsort(place, kind="stable"), np.cumsum(np.bincount(place, minlength=len(places)))[:-1])
    pairs = [np.stack(np.meshgrid(members[a], members[b]), axis=-1).reshape(-1, 2) for a, b in near.tolist()]
    found = np.sort(np.concatenate([np.empty((0, 2), dtype=np.int64), *pairs]), axis=1)
    return np.unique(found[found[:, 0] < found[:, 1]], axis=0)


def _gabriel(points: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return pairs of points, all different, with no third one in the circle over them."""
    if len(points) < 2:
        return np.empty((0, 2), dtype=np.int64)
    try:
        corners = Delaunay(points).simplices
        sides = np.concatenate([corners[:, [0, 1]], corners[:, [1, 2]], corners[:, [0, 2]]])
    except (QhullError, ValueError):
        # Fewer than three points, or all on one line: neighbours along it.
        order = np.lexsort((points[:, 1], points[:, 0]))
        return np.column_stack([order[:-1], order[1:]])
    sides = np.unique(np.sort(sides, axis=1), axis=0)
    third = np.unique(np.concatenate([corners, corners[:, [1, 2, 0]], corners[:, [2, 0, 1]]]), axis=0)
    keep = {(int(a), int(b)) for a, b in sides}
    for a, b, c in third:
        if (points[a] - points[c]) @ (points[b] - points[c]) <= 1e-6:  # on the circle counts: grids have no diagonals
            keep.discard((int(min(a, b)), int(max(a, b))))
    return np.array(sorted(keep), dtype=np.int64).reshape(-1, 2)


def road_options(given: Mapping[str, Any], problems: Problems) -> tuple[RoadOptions, WalkOptions, bool]:
    """
    Read ``[roads]``: the options of `RoadOptions` and `WalkOptions` by name, and ``barriers`` (roads are cut by them, false).

    Unknown keys are told with the nearest known one.
    """
    from dataclasses import fields  # noqa: PLC0415
    from difflib import get_close_matches  # noqa: PLC0415

    parts: list[dict[str, Any]] = [{}, {}]
    known = [{item.name for item in fields(kind)} for kind in (RoadOptions, WalkOptions)]
    cut = False
    for key, value in given.items():
        if key in known[0] or key in known[1]:
            parts[0 if key in known[0] else 1][key] = value
        elif key == "barriers":
            cut = bool(value)
        else:
            near = get_close_matches(key, [*known[0], *known[1], "barriers"], n=1, cutoff=0.0)
            problems.error("case.toml", f"there is no key roads.{key}; the nearest known one is roads.{near[0]}",
                           "correct or delete the key", column=f"roads.{key}")  # fmt: skip
    try:
        return RoadOptions(**parts[0]), WalkOptions(**parts[1]), cut
    except (TypeError, ValueError) as error:
        problems.error("case.toml", f"[roads]: {error}", "correct the value", column="roads")
        return RoadOptions(), WalkOptions(), cut


def distances_of(
    tables: Mapping[str, Table], blocks: Blocks, schools: Schools, case: CaseFile, problems: Problems
) -> tuple[Distances, int | None]:
    """
    Tell how far schools are: the table ``distances``, else along ``roads``, else straight (a warning).

    Candidates of sites that a distance table lacks are measured straight, and told.

    Returns
    -------
    Distances
        From blocks to schools.
    int or None
        Pieces that the road network is in; None where no roads were walked.
    """
    table, roads = tables.get("distances"), tables.get("roads")
    if table is not None:
        return _given_distances(table, blocks, schools, problems), None
    if roads is not None:
        network, walk = _network(roads, tables, blocks, schools, case, problems)
        if network is not None and len(network.edges):
            distances, found = walk_distances(
                blocks.points,
                schools.points,
                network,
                walk,
                ids=(blocks.ids, schools.ids),
                barriers=lines_of(tables.get("barriers")),
            )
            problems.extend(found)
            return distances, int(network.components().max()) + 1
        problems.warn(
            "roads", "there is no road to walk on: distances are straight lines", "see to the columns class and walkable"
        )
    else:
        problems.warn(
            "roads", "there are neither roads nor distances: distances are straight lines", "add roads or a table distances"
        )
    return straight_distances(blocks.points, schools.points), None


def _given_distances(table: Table, blocks: Blocks, schools: Schools, problems: Problems) -> Distances:
    matrix = np.full((len(blocks), len(schools)), np.inf)
    block, school = index_of(blocks.ids), index_of(schools.ids)
    rows = [block[name] for name in table.text("block")]
    columns = [school[name] for name in table.text("school")]
    matrix[rows, columns] = table.number("metres", np.inf)
    bare = np.flatnonzero(~np.isfinite(matrix).any(axis=0))
    for j in bare:
        if np.isfinite(schools.points[j]).all():
            matrix[:, j] = np.hypot(*(blocks.points - schools.points[j]).T)
            problems.warn(
                "distances",
                f"there is no distance to {schools.ids[j]}; straight lines are taken for it",
                "add its rows",
                row=schools.ids[j],
            )
    missing = int((~np.isfinite(matrix)).sum())
    if missing:
        alone = np.flatnonzero(~np.isfinite(matrix).any(axis=1))
        more = f"; {len(alone)} blocks reach no school, {blocks.ids[alone[0]]} the first" if len(alone) else ""
        problems.warn(
            "distances",
            f"{missing} of {matrix.size} block–school pairs have no distance and count as out of reach{more}",
            "add the pairs if they can be reached",
        )
    return Distances.from_matrix(matrix, "as given")


def _network(
    roads: Table, tables: Mapping[str, Table], blocks: Blocks, schools: Schools, case: CaseFile, problems: Problems
) -> tuple[RoadNetwork | None, WalkOptions]:
    options, walk, cut = road_options(case.roads, problems)
    walkable = walkable_roads(roads.text("class")) & (roads.number("walkable", 1.0) > 0)
    metres = roads.number("length_m")
    if roads.geometry is not None:
        lengths = (
            np.where(np.isfinite(metres), metres, np.nan_to_num(shapely.length(roads.geometry)))
            if np.isfinite(metres).any()
            else None
        )
        lines = np.array([shape if shape is not None else shapely.LineString() for shape in roads.geometry], dtype=object)
        barriers = lines_of(tables.get("barriers")) if cut else []
        bridges = np.array([text.casefold() not in _NO_BRIDGE for text in roads.text("bridge")], dtype=bool)
        network = RoadNetwork.from_lines(lines, walkable, metres=lengths, options=options, barriers=barriers, bridges=bridges)
        linked = _links(tables.get("links"), blocks, Problems())  # what is wrong with them is told where blocks are joined
        return network.bridged(blocks.points[linked[:, 0]], blocks.points[linked[:, 1]], walk.least_piece), walk
    points = {
        name: (float(x), float(y)) for places in (blocks, schools) for name, (x, y) in zip(places.ids, places.points, strict=True)
    }
    known = np.isfinite(metres)
    return RoadNetwork.from_edges(
        roads.text("from"), roads.text("to"), np.where(known, metres, 0.0), points, walkable & known
    ), walk
