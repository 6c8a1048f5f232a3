"""Hard made-up districts of any size, for measuring solvers: lumpy seats, crooked ways, a solution that exists."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra

from xuequ.data.synthetic_growth import graph_of, grown_from, labelled_components
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.demand import Demand
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec, Options, ZoningOptions
from xuequ.zoning.places import Blocks, Schools
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

__all__ = ["HardOptions", "hard_district", "hard_district_and_solution"]

_YEAR = 2026
_AT_ONCE = 64


@dataclass(frozen=True, slots=True)
class HardOptions:
    """
    What a hard district is like.

    Parameters
    ----------
    blocks, schools
        How many; a fifteenth of the cells that are drawn are water and left out.
    slack
        Seats beyond the pupils of the hidden solution, as a fraction; each school's seats are then rounded up to whole lumps.
    seed
        The same options give the same district.
    lump
        Seats come in multiples of so many.
    nearest
        Schools that are within reach of a block.
    crooked
        A way between neighbours is up to so many times its straight length.
    side_m
        Width of a block.

    Raises
    ------
    ValueError
        If a number makes no district.
    """

    blocks: int = 2000
    schools: int = 40
    slack: float = 0.05
    seed: int = 0
    lump: int = 45
    nearest: int = 12
    crooked: float = 1.8
    side_m: float = 220.0

    def __post_init__(self) -> None:
        if not 1 <= self.schools <= self.blocks:
            raise ValueError(f"{self.schools} schools in {self.blocks} blocks; there must be at least 1, and at most one a block")
        if self.slack < 0 or self.lump < 1 or self.nearest < 1 or self.crooked < 1 or self.side_m <= 0:
            raise ValueError("slack must not be negative, lump, nearest and crooked at least 1, side_m above 0")


def hard_district(blocks: int = 2000, schools: int = 40, *, slack: float = 0.05, seed: int = 0) -> District:
    """
    Make a district that is hard to zone well: see `hard_district_and_solution`.

    Parameters
    ----------
    blocks, schools
        How many.
    slack
        Seats beyond the pupils, as a fraction.
    seed
        The same arguments give the same district.
    """
    return hard_district_and_solution(HardOptions(blocks, schools, slack, seed))[0]


def hard_district_and_solution(options: HardOptions) -> tuple[District, Catchments]:
    """
    Make a hard district and catchments that fit its seats.

    Parameters
    ----------
    options
        What it is like.

    Returns
    -------
    tuple
        The district: primary stage only, pupils not by grade, hard seats, the goal ``distance``, the regime ``full``, metres in a
        plane of its own; and connected catchments in which every school has a seat for each pupil. They prove that a solution
        exists, and are not a good one: seats were given by chance, so that many pupils must pass the nearest school.

    Notes
    -----
    Made of arrays: 200,000 blocks take well under a minute.
    """
    rng = np.random.default_rng([options.seed, 4])
    shapes, pairs, border = _cells(options, rng)
    points = np.round(shapely.get_coordinates(shapely.centroid(shapes)), 1)
    pupils = _pupils(points, options, rng)
    straight = np.hypot(*(points[pairs[:, 0]] - points[pairs[:, 1]]).T)
    ways = graph_of(options.blocks, pairs, straight * rng.uniform(1.0, options.crooked, len(pairs)))
    roots = _roots(points, options, rng)
    # Head starts of about a third of the way between schools: catchments of very unlike size, yet none swallowed.
    between = _between_m(options)
    solution = grown_from(ways, roots, rng.gamma(3.0, 1.0 / 3.0, options.schools) * 0.3 * between)
    load = np.bincount(solution, weights=pupils, minlength=options.schools).astype(np.int64)
    seats = options.lump * np.maximum(1, -(-np.ceil(load * (1.0 + options.slack)).astype(np.int64) // options.lump))
    adjacency = Adjacency.from_pairs(options.blocks, pairs, border)
    distances = _reachable(roots, ways, solution, options)
    district = _district(options, shapes, points, pupils, roots, seats, adjacency, distances)
    return district, Catchments.from_schools(Stage.PRIMARY, _YEAR, solution)


def _cells(options: HardOptions, rng: np.random.Generator) -> tuple[NDArray[np.object_], NDArray[np.int64], NDArray[np.float64]]:
    """Return blocks as bent hexagons with lakes between them, all connected, with their borders."""
    columns = int(np.ceil(np.sqrt(options.blocks * 1.12))) + 2
    rows = columns
    r, c = (axis.ravel() for axis in np.meshgrid(np.arange(rows), np.arange(columns), indexing="ij"))
    left = 2 * c + r % 2
    wide = 2 * columns + 3
    corner_ids = np.stack([r * wide + left, r * wide + left + 1, r * wide + left + 2,
                           (r + 1) * wide + left + 2, (r + 1) * wide + left + 1, (r + 1) * wide + left], axis=1)  # fmt: skip
    line, half = (axis.ravel() for axis in np.meshgrid(np.arange(rows + 1), np.arange(wide), indexing="ij"))
    corners = np.column_stack([0.5 * half, line + np.where((half - line) % 2 == 0, 1 / 6, -1 / 6)])
    corners = np.round(options.side_m * (corners + rng.uniform(-0.13, 0.13, corners.shape)), 1)
    field = _waves(np.column_stack([c, r]).astype(float), columns / 4.0, rng)
    keep = np.flatnonzero(field >= np.quantile(field, 1.0 / 15.0))
    pairs, border = _touching(keep, rows, columns, corner_ids, corners)
    part = labelled_components(len(keep), pairs)
    largest = np.flatnonzero(part == np.argmax(np.bincount(part)))
    # Cut away from the far end of a search from the middle, so that what is left stays connected.
    graph = graph_of(len(keep), pairs, np.ones(len(pairs)))
    steps = dijkstra(graph, indices=largest[len(largest) // 2], unweighted=True)
    chosen = np.sort(np.argsort(steps, kind="stable")[: options.blocks])
    if not np.isfinite(steps[chosen]).all() or len(chosen) < options.blocks:
        raise ValueError(f"{options.blocks} blocks do not hang together; try another seed")
    number = np.full(len(keep), -1)
    number[chosen] = np.arange(options.blocks)
    inside = (number[pairs] >= 0).all(axis=1)
    rings = corners[corner_ids[keep[chosen]]]
    return shapely.polygons(rings), number[pairs[inside]], border[inside]


def _touching(
    keep: NDArray[np.int64], rows: int, columns: int, corner_ids: NDArray[np.int64], corners: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the pairs of kept cells that share a side, and its length: right, above left and above right of each."""
    number = np.full(rows * columns, -1)
    number[keep] = np.arange(len(keep))
    r, c = np.divmod(keep, columns)
    odd = r % 2
    pairs, lengths = [], []
    for other_r, other_c, side in ((r, c + 1, (2, 3)), (r + 1, c - 1 + odd, (5, 4)), (r + 1, c + odd, (4, 3))):
        valid = (other_r < rows) & (other_c >= 0) & (other_c < columns)
        other = np.where(valid, number[np.where(valid, other_r * columns + other_c, 0)], -1)
        found = np.flatnonzero(other >= 0)
        pairs.append(np.column_stack([found, other[found]]))
        ends = corner_ids[keep[found]][:, side]
        lengths.append(np.hypot(*(corners[ends[:, 0]] - corners[ends[:, 1]]).T))
    return np.concatenate(pairs), np.concatenate(lengths)


def _between_m(options: HardOptions) -> float:
    """Return how far schools are from each other."""
    return float(options.side_m * np.sqrt(options.blocks / options.schools))


def _roots(points: NDArray[np.float64], options: HardOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Choose the blocks that schools stand in: at random, but no more than needed in one square of the land."""
    drawn = rng.permutation(options.blocks)
    square = np.floor(points[drawn] / _between_m(options)).astype(np.int64)
    _, first = np.unique(square, axis=0, return_index=True)
    once = np.zeros(options.blocks, dtype=bool)
    once[first] = True
    return np.sort(np.concatenate([drawn[once], drawn[~once]])[: options.schools])


def _waves(points: NDArray[np.float64], length: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return a smooth random field at points."""
    result = np.zeros(len(points))
    for scale in (1.0, 0.6, 0.35, 0.2, 0.12):
        angle, phase = rng.uniform(0.0, 2 * np.pi, 2)
        result += scale * np.cos((points @ (np.cos(angle), np.sin(angle))) * 2 * np.pi / (length * scale) + phase)
    return result


def _pupils(points: NDArray[np.float64], options: HardOptions, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return pupils of each block: dense quarters, empty ones, and a few large estates."""
    field = _waves(points / options.side_m, np.sqrt(options.blocks) / 2.0, rng)
    mean = 18.0 * np.exp(0.55 * field)
    count = rng.poisson(mean * rng.gamma(1.6, 1.0 / 1.6, len(points)))
    return np.asarray(np.where(rng.random(len(points)) < 0.03, 0, count), dtype=np.int64)


def _reachable(roots: NDArray[np.int64], ways: csr_array, solution: NDArray[np.int64], options: HardOptions) -> Distances:
    """Return the ways to the nearest schools of each block and to that of the solution, in compressed rows."""
    limit = 0.9 * _between_m(options) * options.crooked * np.sqrt(options.nearest)
    nearest, _, source = dijkstra(ways, directed=False, indices=roots, min_only=True, return_predecessors=True)
    everyone = np.arange(options.blocks)
    found = [(everyone, np.searchsorted(roots, source), nearest)]
    for first in range(0, options.schools, _AT_ONCE):
        metres = dijkstra(ways, directed=False, indices=roots[first : first + _AT_ONCE], limit=limit)
        row, column = np.nonzero(np.isfinite(metres))
        found.append((column, row + first, metres[row, column]))
    known = np.concatenate([block * options.schools + school for block, school, _ in found])
    for school in np.unique(solution[~np.isin(everyone * options.schools + solution, known)]):
        own = np.flatnonzero(solution == school)
        found.append((own, np.full(len(own), school), dijkstra(ways, directed=False, indices=roots[school])[own]))
    block, school, metres = (np.concatenate(column) for column in zip(*found, strict=True))
    _, once = np.unique(block * options.schools + school, return_index=True)
    block, school, metres = block[once], school[once], np.round(metres[once], 1)
    order = np.lexsort((school, metres, block))
    start = np.searchsorted(block[order], everyone)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - start[block[order]]
    kept = (rank < options.nearest) | (school == solution[block])
    indptr = np.searchsorted(block[kept], np.arange(options.blocks + 1))
    return Distances(indptr, school[kept].astype(np.int32), metres[kept], options.schools, "walked along made-up roads")


def _district(
    options: HardOptions,
    shapes: NDArray[np.object_],
    points: NDArray[np.float64],
    pupils: NDArray[np.int64],
    roots: NDArray[np.int64],
    seats: NDArray[np.int64],
    adjacency: Adjacency,
    distances: Distances,
) -> District:
    primary = list(Stage).index(Stage.PRIMARY)
    rooms, by_stage = np.zeros((options.schools, len(Stage)), dtype=np.int64), np.full((options.schools, len(Stage)), -1)
    rooms[:, primary], by_stage[:, primary] = -1, seats
    years = (_YEAR - 1, _YEAR)
    demand = np.zeros((1, len(years), len(GRADES), options.blocks), dtype=np.int32)
    demand[0, :, Stage.PRIMARY.grade_slice.start] = pupils
    width = len(str(options.blocks))
    return District(
        name=f"hard {options.blocks} blocks, {options.schools} schools, slack {options.slack:g}, seed {options.seed} (synthetic)",
        crs="local-metres",
        school_year=years[0],
        years=years[1:],
        blocks=Blocks(tuple(f"b{k:0{width}d}" for k in range(options.blocks)), points, geometry=shapes),
        schools=Schools(tuple(f"s{k:0{width}d}" for k in range(options.schools)), points[roots], rooms, roots, seats=by_stage),
        adjacency=adjacency,
        distances=distances,
        demand=Demand(years, demand, graded=False, method="made up"),
        options=Options(zoning=ZoningOptions(Stage.PRIMARY, regime="full", goals=(GoalSpec("distance"),), seats="hard")),
        synthetic=True,
    )
