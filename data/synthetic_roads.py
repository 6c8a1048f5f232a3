"""Country roads, villages and hamlets of the made-up district: where people settle, and the way from there to town."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from xuequ.data.synthetic_names import COMMUNITIES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.data.synthetic_land import Land

__all__ = ["Country", "Hamlet", "settle_country"]

_CELL_M = 200.0
_TOWN_NORTH_M = 9_000.0
"""North of this lies 夏郢镇; south of it 城东镇 east of the river and 龙湖镇 west of it."""

# Where country roads start: on the edge of a built-up area, at a bridge, or at the border of the district.
_GATES: dict[str, tuple[float, float]] = {
    "west north": (-1300.0, 3650.0), "west west": (-3650.0, 500.0), "longhu south": (-1700.0, 4400.0),
    "longhu north": (-1500.0, 7250.0),
    "longhu west": (-3450.0, 5600.0), "east north": (1700.0, 3100.0), "east east": (3250.0, 200.0),
    "chengdong west": (4400.0, 0.0),
    "chengdong east": (8350.0, 100.0), "chengdong north": (6200.0, 1950.0), "xiying south": (1400.0, 15750.0),
    "xiying west": (500.0, 16700.0), "xiying north": (1600.0, 17650.0), "xiying east": (2700.0, 16700.0),
    "bridge longhu": (900.0, 6000.0), "bridge north west": (-2300.0, 16900.0), "bridge north east": (-1400.0, 16900.0),
    "border west": (-6400.0, 1200.0), "border east": (10600.0, 700.0), "border north west": (-4800.0, 26600.0),
    "border north": (3600.0, 26400.0), "border east north": (8400.0, 18200.0),
}  # fmt: skip
_TRUNKS: tuple[tuple[str, str], ...] = (
    ("west north", "longhu south"), ("east east", "chengdong west"), ("longhu north", "bridge north west"),
    ("bridge north west", "border north west"), ("bridge north east", "xiying west"), ("east north", "bridge longhu"),
    ("bridge longhu", "xiying south"), ("xiying north", "border north"), ("chengdong north", "xiying south"),
    ("chengdong east", "border east"), ("west west", "border west"), ("longhu west", "west west"),
    ("xiying east", "border east north"),
)  # fmt: skip
_GROUPS = {"城东镇": 18, "龙湖镇": 19, "夏郢镇": 17}
_VILLAGE_HINTS: dict[str, tuple[float, float]] = {
    "旺步村委会": (-4200.0, 5800.0), "塘源村委会": (-4700.0, 2000.0), "河口村委会": (1900.0, 5200.0),
    "双桥村委会": (5200.0, 3600.0),
    "夏郢村委会": (2600.0, 18900.0), "德安村委会": (-3600.0, 19200.0), "镇安村委会": (4600.0, 12400.0),
    "思安村委会": (-4300.0, 14600.0), "平安村委会": (-4400.0, 23800.0), "毓秀村委会": (4300.0, 21600.0),
    "周睦村委会": (6600.0, 19700.0), "双垌村委会": (6500.0, 15400.0), "凤凰村委会": (1900.0, 24600.0),
    "泗马村委会": (-4600.0, 10800.0),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hamlet:
    """A village group 村民小组: the community that it belongs to, its number there, and where it stands (a road node)."""

    community: str
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True, eq=False)
class Country:
    """
    What is settled outside the built-up areas.

    Parameters
    ----------
    nodes
        Road nodes, metres from the origin, shape ``(nodes, 2)``.
    edges
        Pairs of road nodes, shape ``(edges, 2)``.
    trunk
        Whether an edge belongs to a main road, shape ``(edges,)``.
    hamlets
        In the order of the communities; number 1 of each village is its centre.
    gates
        Road node of each gate by name.
    """

    nodes: NDArray[np.float64]
    edges: NDArray[np.int64]
    trunk: NDArray[np.bool_]
    hamlets: tuple[Hamlet, ...]
    gates: dict[str, int]


class _Grid:
    """Passable cells with the cost of walking between them, and the roads laid so far."""

    def __init__(self, land: Land, rng: np.random.Generator) -> None:
        west, south, east, north = shapely.bounds(land.outline)
        xs, ys = np.arange(west, east, _CELL_M), np.arange(south, north, _CELL_M)
        cells = np.stack(np.meshgrid(xs, ys), axis=-1).reshape(-1, 2)
        cells = cells + rng.uniform(-0.28, 0.28, cells.shape) * _CELL_M
        blocked = shapely.union_all([land.river.buffer(70.0), *(area.buffer(60.0) for area in land.areas.values())])
        allowed = shapely.contains_xy(land.outline.buffer(-170.0), *cells.T) & ~shapely.contains_xy(blocked, *cells.T)
        self.points = cells[allowed]
        self.height = land.height(self.points)
        self.tree = cKDTree(self.points)
        pairs = self.tree.query_pairs(1.75 * _CELL_M, output_type="ndarray")
        pairs = pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]
        ways = shapely.linestrings(self.points[pairs])
        shapely.prepare(blocked)
        self.pairs = pairs[~shapely.intersects(blocked, ways)]
        a, b = self.pairs.T
        self.length = np.hypot(*(self.points[a] - self.points[b]).T)
        middle = 0.5 * (self.height[a] + self.height[b])
        self.cost = self.length * (1.0 + 6.0 * middle**2 + 2500.0 * np.abs(self.height[a] - self.height[b]) / self.length)
        self.road = np.zeros(len(self.pairs), dtype=bool)
        self.trunk = np.zeros(len(self.pairs), dtype=bool)
        key = a * len(self.points) + b
        order = np.argsort(key)
        self._keys, self._order = key[order], order

    def nearest(self, x: float, y: float) -> int:
        return int(self.tree.query([x, y])[1])

    def graph(self) -> coo_array:
        a, b = self.pairs.T
        cost = np.where(self.road, 0.3 * self.cost, self.cost)
        size = len(self.points)
        return coo_array((np.tile(cost, 2), (np.r_[a, b], np.r_[b, a])), shape=(size, size)).tocsr()

    def on_road(self) -> NDArray[np.int64]:
        return np.unique(self.pairs[self.road])

    def lay(self, start: int, before: NDArray[np.int32], *, trunk: bool) -> None:
        """Lay a road from a cell back along the predecessors of a search."""
        at = start
        while before[at] >= 0:
            low, high = sorted((at, int(before[at])))
            edge = self._order[np.searchsorted(self._keys, low * len(self.points) + high)]
            self.road[edge] = True
            self.trunk[edge] |= trunk
            at = int(before[at])


def settle_country(land: Land, rng: np.random.Generator) -> Country:
    """
    Settle the country: main roads between the gates, villages in the valleys, hamlets around them, a road to each.

    Parameters
    ----------
    land
        Where it lies.
    rng
        Scatters what the land does not decide.
    """
    grid = _Grid(land, rng)
    gates = {name: grid.nearest(*place) for name, place in _GATES.items()}
    for start, end in _TRUNKS:
        _, before = dijkstra(grid.graph(), indices=gates[start], return_predecessors=True)
        grid.lay(gates[end], before, trunk=True)
    centres = _choose_villages(land, grid)
    _connect(grid, list(centres.values()))
    places = _choose_hamlets(grid, centres, rng)
    _connect(grid, [cell for cells in places.values() for cell in cells])
    used = np.unique(np.concatenate([grid.on_road(), np.array(list(gates.values()))]))
    nodes = _relaxed(grid.points, grid.pairs[grid.road])[used]
    renumbered = np.full(len(grid.points), -1)
    renumbered[used] = np.arange(len(used))
    hamlets = tuple(
        Hamlet(community, number, *(float(value) for value in nodes[renumbered[cell]]))
        for community, cells in places.items()
        for number, cell in enumerate(cells, start=1)
    )
    return Country(
        nodes,
        renumbered[grid.pairs[grid.road]],
        grid.trunk[grid.road],
        hamlets,
        {name: int(renumbered[cell]) for name, cell in gates.items()},
    )


def _choose_villages(land: Land, grid: _Grid) -> dict[str, int]:
    """Choose a cell for the centre of each village: in a valley, apart from the others."""
    places = shapely.points(grid.points)
    inland = shapely.distance(land.outline.exterior, places)
    town = np.min([shapely.distance(area, places) for area in land.areas.values()], axis=0)
    east = grid.points[:, 0] > land.river_x(grid.points[:, 1])
    north = grid.points[:, 1] > _TOWN_NORTH_M
    within = {"夏郢镇": north, "城东镇": ~north & east, "龙湖镇": ~north & ~east}
    chosen: dict[str, int] = {}
    for township, region in within.items():
        names = [item.name for item in COMMUNITIES if item.township == township and item.is_village]
        taken = [grid.nearest(*_VILLAGE_HINTS[name]) for name in names if name in _VILLAGE_HINTS]
        free = region & (inland > 700.0) & (town > 650.0) & (grid.height < 0.42)
        cells = np.flatnonzero(free)
        while len(taken) < len(names):
            apart = cKDTree(grid.points[taken]).query(grid.points[cells])[0] if taken else np.full(len(cells), 2000.0)
            score = np.minimum(apart, 6000.0) * (1.0 - grid.height[cells]) + 0.15 * np.minimum(inland[cells], 2500.0)
            taken.append(int(cells[np.argmax(score)]))
        hinted = [name for name in names if name in _VILLAGE_HINTS]
        rest = [name for name in names if name not in _VILLAGE_HINTS]
        others = sorted(taken[len(hinted) :], key=lambda cell: (grid.points[cell, 1], grid.points[cell, 0]))
        chosen |= dict(zip([*hinted, *rest], [*taken[: len(hinted)], *others], strict=True))
    return {item.name: chosen[item.name] for item in COMMUNITIES if item.is_village}


def _connect(grid: _Grid, cells: Sequence[int]) -> None:
    """Lay a road from each cell to the nearest road, the nearest cells first, so that lanes grow like branches."""
    first, _ = _from_roads(grid)
    ordered = sorted(cells, key=lambda item: (first[item], item))
    for batch in range(0, len(ordered), 16):
        _, before = _from_roads(grid)
        for cell in ordered[batch : batch + 16]:
            grid.lay(cell, before, trunk=False)


def _from_roads(grid: _Grid) -> tuple[NDArray[np.float64], NDArray[np.int32]]:
    cost, before, _ = dijkstra(grid.graph(), indices=grid.on_road(), min_only=True, return_predecessors=True)
    return cost, before


def _choose_hamlets(grid: _Grid, centres: dict[str, int], rng: np.random.Generator) -> dict[str, list[int]]:
    """Choose the cells of each village's groups: most close to the centre, some further up the valleys."""
    sources = list(centres.values())
    cost, _, owner = dijkstra(grid.graph(), indices=sources, min_only=True, return_predecessors=True)
    township = {item.name: item.township for item in COMMUNITIES}
    result: dict[str, list[int]] = {}
    everywhere: list[int] = list(sources)
    noise = rng.uniform(0.75, 1.35, len(cost))
    for name, centre in centres.items():
        count = _GROUPS[township[name]] + int(rng.integers(-4, 5))
        own = np.flatnonzero(owner == centre)
        own = own[np.argsort(cost[own] * noise[own], kind="stable")]
        chosen = [centre]
        for share, apart in ((0.55, 300.0), (1.0, 620.0), (1.0, 380.0), (1.0, 230.0)):
            for cell in own:
                if len(chosen) >= max(2, round(share * count)):
                    break
                near = grid.points[everywhere] - grid.points[cell]
                if grid.height[cell] < 0.55 and np.hypot(*near.T).min() >= apart:
                    chosen.append(int(cell))
                    everywhere.append(int(cell))
        result[name] = chosen
    return result


def _relaxed(points: NDArray[np.float64], edges: NDArray[np.int64]) -> NDArray[np.float64]:
    """Take the corners out of roads: nodes with two neighbours move towards the middle of them."""
    a, b = edges.T
    degree = np.bincount(edges.ravel(), minlength=len(points))
    result = points.copy()
    for _ in range(3):
        total = np.zeros_like(result)
        np.add.at(total, a, result[b])
        np.add.at(total, b, result[a])
        bend = degree == 2
        result[bend] = 0.5 * result[bend] + 0.25 * total[bend]
    return np.round(result, 1)
