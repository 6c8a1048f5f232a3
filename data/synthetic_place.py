"""The made-up district as a place: parcels with names, communities and settings, one road network, and the bridges."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from xuequ.data.synthetic_blocks import HILL, PARK, PARKS, TOWN, build_parcels
from xuequ.data.synthetic_growth import balanced_regions, graph_of, grown_from
from xuequ.data.synthetic_land import draw_land
from xuequ.data.synthetic_names import COMMUNITIES
from xuequ.data.synthetic_roads import settle_country
from xuequ.data.synthetic_streets import lay_streets

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray
    from shapely import LineString

    from xuequ.data.synthetic_blocks import Parcels
    from xuequ.data.synthetic_land import Land
    from xuequ.data.synthetic_roads import Country
    from xuequ.data.synthetic_streets import Street

__all__ = ["Bridge", "Place", "Road", "build_place"]

# Roughly where the middle of each community of the town lies, metres east and north of the origin.
_COMMUNITY_HINTS: dict[str, tuple[str, float, float]] = {
    "中山": ("west", -500, -250), "云龙": ("west", -900, -1050), "阜民": ("west", -350, 550), "南中": ("west", -1150, 150),
    "塘源": ("west", -1800, -1050), "民主": ("west", -750, 1250), "北山": ("west", -150, 2900), "钱鉴": ("west", -1200, 2950),
    "桂北": ("west", -250, 2050), "富民": ("west", -1900, 1600), "枣冲": ("west", -1350, 2100), "傍山": ("west", -2200, 2400),
    "东山": ("west", -1500, 850), "富新": ("west", -2300, 900), "莲花": ("west", -3000, -950), "富康": ("west", -3000, 800),
    "富祥": ("west", -2150, -50), "富安": ("west", -2400, -900), "上冲": ("east", 1300, 2700), "下冲": ("east", 900, 1900),
    "龙骨": ("east", 1650, 1800), "步埠": ("east", 450, 700), "西环": ("east", 1150, 350), "三云": ("east", 2250, 2250),
    "珠山": ("east", 1900, -250), "新兴": ("east", 2500, 500), "新华": ("east", 1800, 950), "潘塘": ("east", 1100, -1000),
    "蓝天": ("east", 600, -350), "大学": ("east", 2650, 1250),
}  # fmt: skip
_NEW_AREAS: dict[str, tuple[tuple[str, float, float], ...]] = {
    "longhu": (("旺步村委会", -2600, 5900), ("新民村委会", -900, 6400), ("高旺村委会", -700, 5000)),
    "chengdong": (("工业园区社区", 6300, 200),),
    "xiying": (("夏郢社区居民委员会", 1600, 16700),),
}  # fmt: skip
_TOWN_BRIDGES = (("桂江一桥", 650.0), ("桂江二桥", 2850.0))
_COUNTRY_BRIDGES = (("龙湖大桥", "longhu", "bridge longhu"), ("夏郢大桥", "bridge north west", "bridge north east"))
_GATE_AREAS = ("west", "longhu", "east", "chengdong", "xiying")
_SETTINGS = {"城东镇": "periurban", "龙湖镇": "periurban", "夏郢镇": "rural"}


@dataclass(frozen=True, slots=True, eq=False)
class Road:
    """A piece of road between two crossings: line, name (may be empty), and whether street, trunk, lane, path or bridge."""

    line: LineString
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Bridge:
    """A bridge: its name and the blocks (positions) at its western and eastern end."""

    name: str
    west: int
    east: int


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """
    Everything that can be seen on a map, before anybody is counted.

    Parameters
    ----------
    land, streets
        What it was made from.
    shapes
        Blocks, shape ``(blocks,)``, metres from the origin; in the order of townships, communities, then north to south.
    ids, names, communities, settings
        Texts of each block.
    area
        Built-up area, or empty.
    kind
        `TOWN`, `PARK`, `HILL`, or the number of the village group, shape ``(blocks,)``.
    points
        Where ways to school start, shape ``(blocks, 2)``.
    pairs, border_m
        Blocks that touch, and along how many metres.
    roads
        Noded at every crossing.
    bridges
        From south to north.
    """

    land: Land
    streets: tuple[Street, ...]
    shapes: NDArray[np.object_]
    ids: tuple[str, ...]
    names: tuple[str, ...]
    communities: tuple[str, ...]
    settings: tuple[str, ...]
    area: tuple[str, ...]
    kind: NDArray[np.int64]
    points: NDArray[np.float64]
    pairs: NDArray[np.int64]
    border_m: NDArray[np.float64]
    roads: tuple[Road, ...]
    bridges: tuple[Bridge, ...]

    def __len__(self) -> int:
        return len(self.ids)

    def walked(self, targets: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the way along the roads from each block to each target, in metres, shape ``(blocks, targets)``."""
        ends = np.array([shapely.get_coordinates(road.line)[[0, -1]] for road in self.roads]).reshape(-1, 2)
        nodes, inverse = np.unique(ends, axis=0, return_inverse=True)
        graph = graph_of(len(nodes), inverse.reshape(-1, 2), shapely.length([road.line for road in self.roads]))
        tree = cKDTree(nodes)
        (near, start), (reach, goal) = tree.query(self.points), tree.query(targets)
        ways = dijkstra(graph, directed=False, indices=goal)[:, start].T
        return np.asarray(ways + near[:, None] + reach)


def build_place(seed: int) -> Place:
    """
    Make the place.

    Parameters
    ----------
    seed
        The same seed gives the same place, to the bit.
    """
    rng = np.random.default_rng([seed, 1])
    land = draw_land(rng)
    streets = lay_streets(land, rng)
    country = settle_country(land, rng)
    parcels = build_parcels(land, streets, country, rng)
    community = _communities(parcels, country)
    order, settings = _order(parcels, community)
    position = np.argsort(order)
    shapes = parcels.shapes[order]
    roads, ends = _roads(land, streets, country, parcels)
    hamlet = parcels.hamlet[order]
    points = _points(country, roads, shapes, hamlet)
    roads += tuple(_paths(land, roads, points[hamlet == HILL]))
    tree = shapely.STRtree(shapes)
    bridges = tuple(Bridge(name, *(int(tree.nearest(shapely.Point(end))) for end in pair)) for name, pair in ends)
    return Place(
        land,
        streets,
        shapes,
        tuple(f"B{k:04d}" for k in range(1, len(order) + 1)),
        _names(country, shapes, hamlet, [community[k] for k in order]),
        tuple(community[k] for k in order),
        tuple(settings[k] for k in order),
        tuple(parcels.area[k] for k in order),
        np.array([country.hamlets[h].number if h >= 0 else h for h in hamlet]),
        points,
        np.sort(position[parcels.pairs], axis=1),
        parcels.border_m,
        roads,
        bridges,
    )


def _communities(parcels: Parcels, country: Country) -> list[str]:
    """Return the community of each parcel: grown regions of like size in town, the hamlet's village in the country."""
    result = [country.hamlets[h].community if h >= 0 else "" for h in parcels.hamlet]
    middle = shapely.get_coordinates(shapely.point_on_surface(parcels.shapes))
    area = np.array(parcels.area)
    names = {item.short: item.name for item in COMMUNITIES if not item.is_village}
    hints = [(names[short], *hint) for short, hint in _COMMUNITY_HINTS.items()]
    hints += [(name, key, x, y) for key, seeds in _NEW_AREAS.items() for name, x, y in seeds]
    length = np.hypot(*(middle[parcels.pairs[:, 0]] - middle[parcels.pairs[:, 1]]).T)
    for key in _GATE_AREAS:
        inside = np.flatnonzero(area == key)
        own = np.isin(parcels.pairs, inside).all(axis=1)
        local = np.searchsorted(inside, parcels.pairs[own])
        seeds = [(name, x, y) for name, where, x, y in hints if where == key]
        nodes = [int(np.argmin(np.hypot(*(middle[inside] - (x, y)).T))) for _, x, y in seeds]
        graph = graph_of(len(inside), local, length[own])
        label = balanced_regions(graph, np.array(nodes), shapely.area(parcels.shapes[inside]) ** 0.5, np.ones(len(nodes)))
        for parcel, seed in zip(inside, label, strict=True):
            result[parcel] = seeds[seed][0]
    known = np.array([k for k, name in enumerate(result) if name and parcels.hamlet[k] >= 0])
    nearest = grown_from(graph_of(len(result), parcels.pairs, length), known, np.zeros(len(known)))
    return [name or result[known[nearest[k]]] for k, name in enumerate(result)]


def _order(parcels: Parcels, community: list[str]) -> tuple[NDArray[np.int64], list[str]]:
    """Return the parcels in the order in which people would list them, and the setting of each parcel."""
    rank = {item.name: position for position, item in enumerate(COMMUNITIES)}
    township = {item.name: item.township for item in COMMUNITIES}
    middle = shapely.get_coordinates(shapely.centroid(parcels.shapes))
    order = np.lexsort((middle[:, 0], -np.round(middle[:, 1] / 120.0), np.array([rank[name] for name in community])))
    return order, [_SETTINGS.get(township[name], "urban") for name in community]


def _names(country: Country, shapes: NDArray[np.object_], hamlet: NDArray[np.int64], community: list[str]) -> tuple[str, ...]:
    """Return what people call each block: a park, a village group, or the community and a number."""
    short = {item.name: item.short for item in COMMUNITIES}
    middle = shapely.get_coordinates(shapely.centroid(shapes))
    counted: dict[tuple[str, str], int] = {}
    result = []
    for place, own, name in zip(middle, hamlet, community, strict=True):
        if own >= 0:
            result.append(f"{short[name]}村第{country.hamlets[own].number}组")
        elif own == PARK:
            result.append(min(PARKS, key=lambda park: np.hypot(place[0] - park[1], place[1] - park[2]))[0])
        else:
            word = "山林" if own == HILL else "地块"
            counted[name, word] = counted.get((name, word), 0) + 1
            result.append(f"{short[name]}{word}{counted[name, word]}")
    return tuple(result)


def _points(
    country: Country, roads: tuple[Road, ...], shapes: NDArray[np.object_], hamlet: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Return where ways to school start: at the hamlet, in the middle of a town block, at the foot of a hill."""
    result = shapely.get_coordinates(shapely.point_on_surface(shapes))
    ways = shapely.multilinestrings([road.line for road in roads])
    shapely.prepare(ways)
    for k, own in enumerate(hamlet):
        if own >= 0:
            home = shapely.Point(country.hamlets[own].x, country.hamlets[own].y)
            result[k] = shapely.get_coordinates(shapely.shortest_line(shapes[k].buffer(-15.0), home))[0]
        elif own == HILL:
            result[k] = shapely.get_coordinates(shapely.shortest_line(shapes[k].buffer(-15.0), ways))[0]
    return np.round(result, 1)


def _paths(land: Land, roads: tuple[Road, ...], tops: NDArray[np.float64]) -> Iterable[Road]:
    """Yield a foot path from the foot of each hill to the nearest road end or crossing on its side of the river."""
    ends = np.unique(np.concatenate([shapely.get_coordinates(road.line)[[0, -1]] for road in roads]), axis=0)
    east = ends[:, 0] > land.river_x(ends[:, 1])
    for top in tops:
        side = ends[east == (top[0] > land.river_x(top[1:])[0])]
        near = _closest(side, top)
        if np.hypot(*(near - top)) > 1.0:
            yield Road(_straight(top, near), "", "path")


def _roads(
    land: Land, streets: tuple[Street, ...], country: Country, parcels: Parcels
) -> tuple[tuple[Road, ...], list[tuple[str, tuple[NDArray[np.float64], NDArray[np.float64]]]]]:
    """Join streets, country roads and bridges into one network; return it with the two ends of each bridge."""
    lines = _town_lines(parcels)
    tree = shapely.STRtree([street.line for street in streets])
    nearest = tree.nearest(shapely.line_interpolate_point(lines, 0.5, normalized=True))
    roads = [Road(line, streets[k].name, "street") for line, k in zip(lines, nearest, strict=True)]
    crossings = np.unique(np.concatenate([shapely.get_coordinates(line)[[0, -1]] for line in lines]), axis=0)
    for trunk, kind in ((True, "trunk"), (False, "lane")):
        roads += [Road(line, "", kind) for line in _country_lines(country, trunk=trunk)]
    for gate, node in country.gates.items():
        if gate.split()[0] in _GATE_AREAS:
            roads.append(Road(_straight(country.nodes[node], _closest(crossings, country.nodes[node])), "", "trunk"))
    ends = []
    for name, y in _TOWN_BRIDGES:
        x = float(land.river_x(np.array([y]))[0])
        side = crossings[:, 0] < land.river_x(crossings[:, 1])
        ends.append((name, (_closest(crossings[side], (x, y)), _closest(crossings[~side], (x, y)))))
    for name, west, east in _COUNTRY_BRIDGES:
        far = country.nodes[country.gates[east]]
        banks = crossings[shapely.distance(land.areas["longhu"].exterior, shapely.points(crossings)) < 30.0]
        near = _closest(banks, far) if west == "longhu" else country.nodes[country.gates[west]]
        ends.append((name, (near, far)))
    roads += [Road(_straight(*pair), name, "bridge") for name, pair in ends]
    return tuple(road for road in roads if road.line.length > 0.0), ends


def _town_lines(parcels: Parcels) -> NDArray[np.object_]:
    """Return the borders of town blocks between one crossing and the next."""
    town = np.array([bool(area) for area in parcels.area]) & (parcels.hamlet <= TOWN)
    merged = shapely.line_merge(shapely.union_all(shapely.boundary(parcels.shapes[town])))
    lines = shapely.get_parts(merged)
    return np.asarray(lines[np.lexsort(shapely.get_coordinates(shapely.centroid(lines)).T)])


def _country_lines(country: Country, *, trunk: bool) -> Iterable[LineString]:
    """Yield country roads between one fork and the next, so that the network has a node at every fork of any kind."""
    degree = np.bincount(country.edges.ravel(), minlength=len(country.nodes))
    kinds = np.bincount(country.edges[country.trunk].ravel(), minlength=len(country.nodes))
    gates = set(country.gates.values())
    stops = {k for k in range(len(degree)) if degree[k] != 2 or kinds[k] == 1 or k in gates}
    neighbours: dict[int, list[int]] = {}
    for a, b in country.edges[country.trunk == trunk]:
        neighbours.setdefault(int(a), []).append(int(b))
        neighbours.setdefault(int(b), []).append(int(a))
    for start in sorted(stops & set(neighbours)):
        for step in sorted(neighbours[start]):
            way = [start, step]
            while way[-1] not in stops:
                way.append(next(node for node in neighbours[way[-1]] if node != way[-2]))
            if (way[0], way[1]) <= (way[-1], way[-2]):
                yield shapely.LineString(country.nodes[way])


def _closest(points: NDArray[np.float64], place: NDArray[np.float64] | tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray(points[np.argmin(np.hypot(*(points - np.asarray(place)).T))])


def _straight(a: NDArray[np.float64], b: NDArray[np.float64]) -> LineString:
    return shapely.LineString([a, b])
