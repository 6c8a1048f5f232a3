"""Ways on random street grids against networkx and a search of every end of every street: barriers, bridges, joins, snapping."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from xuequ.data.network import RoadNetwork, RoadOptions, WalkOptions, walk_distances

SIDE = 100.0
seeds = st.integers(0, 2**32 - 1)
WHOLE = 0.0
"""Least piece that leaves every fragment in."""


@dataclass
class Streets:
    """Streets between the crossings of a grid, each with a length of its own, some not walked on, some bridges."""

    ends: np.ndarray
    metres: np.ndarray
    walkable: np.ndarray
    bridges: np.ndarray
    barriers: list

    @property
    def lines(self):
        return shapely.linestrings(self.ends)

    def network(self, **changes):
        return RoadNetwork.from_lines(
            self.lines, self.walkable, metres=self.metres, barriers=self.barriers, bridges=self.bridges, **changes
        )

    def graph(self):
        """The same by hand: a street is there if it is walked on, and crosses no barrier or is a bridge."""
        graph = nx.MultiGraph()
        for line, ends, metres, walked, bridge in zip(
            self.lines, self.ends, self.metres, self.walkable, self.bridges, strict=True
        ):
            if walked and (bridge or not any(line.intersects(barrier) for barrier in self.barriers)):
                graph.add_edge(*(tuple(end) for end in ends.tolist()), weight=float(metres), line=line)
        return graph


@st.composite
def streets(draw, *, barriers=True):
    rng = np.random.default_rng(draw(seeds))
    columns, rows = draw(st.integers(2, 6)), draw(st.integers(2, 5))
    at = SIDE * np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1).astype(float)
    at += rng.integers(-30, 31, at.shape)
    ends = np.concatenate([
        np.stack([at[:, :-1], at[:, 1:]], axis=2).reshape(-1, 2, 2),
        np.stack([at[:-1], at[1:]], axis=2).reshape(-1, 2, 2),
    ])  # fmt: skip
    ends = ends[rng.random(len(ends)) < draw(st.sampled_from([0.5, 0.8, 1.0]))]
    turned = rng.random(len(ends)) < 0.5
    ends[turned] = ends[turned, ::-1]
    count = len(ends)
    walls = []
    if barriers and draw(st.booleans()):
        walls = [shapely.LineString(rng.uniform(-50, SIDE * columns, (3, 2)) + 0.37)]
    metres = np.hypot(*(ends[:, 0] - ends[:, 1]).T) * rng.uniform(1.0, 2.0, count)
    return Streets(ends, metres, rng.random(count) < 0.9, rng.random(count) < 0.3, walls)


def shortest(graph):
    """All shortest ways between crossings, by Dijkstra of networkx, infinite where there is none."""
    ways = dict(nx.all_pairs_dijkstra_path_length(graph))
    return lambda a, b: ways[a].get(b, np.inf)


def reached(place, edges, barriers):
    """The street that a place reaches: its nearest one, across a barrier only if no other can be reached."""
    point = shapely.Point(place)
    legs = [(point.distance(line), k) for k, (_, _, line, _) in enumerate(edges)]
    dry = [
        (leg, k)
        for leg, k in legs
        if not any(shapely.shortest_line(point, edges[k][2]).intersects(barrier) for barrier in barriers)
    ]
    return min(dry or legs)


def by_hand(graph, origins, schools, barriers=()):
    """Ways with both legs: over each pair of ends of the two streets, or along the street where it is one and the same."""
    edges = [(a, b, data["line"], data["weight"]) for a, b, data in graph.edges(data=True)]
    between = shortest(graph)
    found = []
    for place in (*origins, *schools):
        leg, k = reached(place, edges, barriers)
        a, b, line, metres = edges[k]
        start = tuple(line.coords[0])
        along = line.project(shapely.Point(place)) / line.length * metres
        found.append((leg, k, along, {start: along, (b if start == a else a): metres - along}))
    result = np.full((len(origins), len(schools)), np.inf)
    for i, (leg, k, along, ends) in enumerate(found[: len(origins)]):
        for j, (other_leg, other, other_along, other_ends) in enumerate(found[len(origins) :]):
            ways = [step + between(a, b) + last for a, step in ends.items() for b, last in other_ends.items()]
            if k == other:
                ways.append(abs(along - other_along))
            result[i, j] = leg + min(ways) + other_leg
    return result


def same(found, expected):
    return np.allclose(np.where(np.isinf(found), -1.0, found), np.where(np.isinf(expected), -1.0, expected), atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(streets())
def test_lengths_between_crossings_are_those_of_networkx(grid):
    graph = grid.graph()
    assume(graph.number_of_edges())
    network = grid.network()
    assert len(network.edges) == graph.number_of_edges()
    assert np.isclose(network.metres.sum(), graph.size(weight="weight"))
    places = network.points
    found = walk_distances(places, places, network, WalkOptions("node", least_piece=WHOLE))[0].to_matrix()
    between = shortest(graph)
    expected = np.array([[between(tuple(a), tuple(b)) for b in places.tolist()] for a in places.tolist()])
    assert same(found, expected)
    assert int(network.components().max()) + 1 == nx.number_connected_components(graph)


@settings(max_examples=40, deadline=None)
@given(streets(barriers=False), seeds)
def test_places_reach_the_nearest_street_and_go_both_ways_along_it(grid, seed):
    graph = grid.graph()
    assume(graph.number_of_edges())
    rng = np.random.default_rng(seed)
    origins, schools = rng.uniform(-60, 600, (7, 2)), rng.uniform(-60, 600, (4, 2))
    found, _ = walk_distances(origins, schools, grid.network(), WalkOptions(least_piece=WHOLE))
    assert same(found.to_matrix(), by_hand(graph, origins, schools))


@settings(max_examples=40, deadline=None)
@given(streets(), seeds)
def test_no_leg_and_no_street_crosses_a_barrier(grid, seed):
    graph = grid.graph()
    assume(graph.number_of_edges() and grid.barriers)
    rng = np.random.default_rng(seed)
    origins, schools = rng.uniform(0, 500, (7, 2)), rng.uniform(0, 500, (4, 2))
    options = WalkOptions(least_piece=WHOLE)
    found, _ = walk_distances(origins, schools, grid.network(), options, barriers=grid.barriers)
    assert same(found.to_matrix(), by_hand(graph, origins, schools, grid.barriers))


@settings(max_examples=40, deadline=None)
@given(streets(), seeds, st.floats(0.0, 1.0))
def test_nobody_is_sent_to_a_fragment(grid, seed, least_piece):
    graph = grid.graph()
    assume(graph.number_of_edges())
    pieces = [graph.subgraph(piece) for piece in nx.connected_components(graph)]
    longest = max(piece.size(weight="weight") for piece in pieces)
    kept = nx.MultiGraph()
    for piece in pieces:
        if piece.size(weight="weight") >= least_piece * longest:
            kept.update(piece)
    rng = np.random.default_rng(seed)
    origins, schools = rng.uniform(0, 500, (6, 2)), rng.uniform(0, 500, (3, 2))
    found, _ = walk_distances(origins, schools, grid.network(), WalkOptions(least_piece=least_piece))
    assert same(found.to_matrix(), by_hand(kept, origins, schools))


@settings(max_examples=40, deadline=None)
@given(streets(), st.floats(20.0, 220.0))
def test_joined_ends_add_each_pair_within_reach_that_has_no_street_and_no_barrier_between(grid, within_m):
    graph = grid.graph()
    assume(graph.number_of_edges())
    joined = graph.copy()
    for a, b in combinations(sorted(graph.nodes), 2):
        gap = shapely.LineString([a, b])
        if gap.length <= within_m and not graph.has_edge(a, b) and not any(gap.intersects(each) for each in grid.barriers):
            joined.add_edge(a, b, weight=gap.length, line=gap)
    network = grid.network(options=RoadOptions("ends", within_m))
    assert int(network.linked.sum()) == joined.number_of_edges() - graph.number_of_edges()
    between = shortest(joined)
    found = walk_distances(network.points, network.points, network, WalkOptions("node", least_piece=WHOLE))[0].to_matrix()
    expected = [[between(tuple(a), tuple(b)) for b in network.points.tolist()] for a in network.points.tolist()]
    assert same(found, np.array(expected))


@settings(max_examples=40, deadline=None)
@given(streets(barriers=False), seeds)
def test_a_wall_with_bridges_is_crossed_on_bridges_only(grid, seed):
    """A straight river from edge to edge: every way between the banks is at least as long as over its best bridge."""
    rng = np.random.default_rng(seed)
    river = shapely.LineString([(153.3, -200.0), (157.7, 900.0)])
    grid = Streets(grid.ends, grid.metres, grid.walkable, grid.bridges, [river])
    graph = grid.graph()
    assume(graph.number_of_edges())
    between = shortest(graph)
    over = [(a, b, data["weight"]) for a, b, data in graph.edges(data=True) if data["line"].intersects(river)]
    west = [node for node in graph if node[0] < 155.0]
    east = [node for node in graph if node[0] > 155.0]
    assume(west and east)
    a, b = west[rng.integers(len(west))], east[rng.integers(len(east))]
    best = min(
        (min(between(a, p) + metres + between(q, b), between(a, q) + metres + between(p, b)) for p, q, metres in over),
        default=np.inf,
    )
    network = grid.network()
    found = walk_distances(np.array([a]), np.array([b]), network, WalkOptions("node", least_piece=WHOLE))[0].to_matrix()[0, 0]
    assert same(np.array([found]), np.array([best]))


names = st.sampled_from("abcdefgh")


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(names, names, st.integers(0, 900), st.booleans()), min_size=1, max_size=20), seeds)
def test_a_table_of_edges_is_the_graph_that_it_says(edges, seed):
    """Names that are blocks or schools are where people start; all others are passed through."""
    rng = np.random.default_rng(seed)
    points = {name: tuple(rng.uniform(0, 1000, 2).tolist()) for name in "abcd"}
    start, end, metres, walked = zip(*edges, strict=True)
    network = RoadNetwork.from_edges(start, end, np.array(metres, dtype=float), points, np.array(walked))
    graph = nx.MultiGraph((a, b, {"weight": m}) for a, b, m, on in edges if on)
    seen = [name for name in "abcd" if name in graph]
    assume(seen)
    between = shortest(graph)
    places = np.array([points[name] for name in seen])
    assert {tuple(point) for point in network.points.tolist()} >= {points[name] for name in seen}
    found = walk_distances(places, places, network, WalkOptions("node", least_piece=WHOLE))[0].to_matrix()
    assert same(found, np.array([[between(a, b) for b in seen] for a in seen]))


@pytest.mark.parametrize("snap", ["edge", "node"])
def test_the_way_there_is_the_way_back(snap):
    """One-way rules are for cars: the same lines drawn the other way round give the same ways."""
    rng = np.random.default_rng(8)
    at = rng.uniform(0, 500, (40, 2))
    lines = shapely.linestrings(at[rng.integers(0, 40, (70, 2))])
    lines = lines[shapely.length(lines) > 0]
    origins, schools = rng.uniform(0, 500, (12, 2)), rng.uniform(0, 500, (5, 2))
    forth = walk_distances(origins, schools, RoadNetwork.from_lines(lines), WalkOptions(snap))[0].to_matrix()
    turned = RoadNetwork.from_lines(shapely.reverse(lines))
    assert same(forth, walk_distances(origins, schools, turned, WalkOptions(snap))[0].to_matrix())
    assert same(forth.T, walk_distances(schools, origins, turned, WalkOptions(snap))[0].to_matrix())


@settings(max_examples=25, deadline=None)
@given(streets(), seeds)
def test_the_order_of_blocks_and_schools_changes_nothing(grid, seed):
    assume(grid.graph().number_of_edges())
    rng = np.random.default_rng(seed)
    origins, schools = rng.uniform(0, 500, (20, 2)), rng.uniform(0, 500, (18, 2))
    rows, columns = rng.permutation(20), rng.permutation(18)
    network = grid.network()
    plain = walk_distances(origins, schools, network)[0].to_matrix()
    mixed = walk_distances(origins[rows], schools[columns], network)[0].to_matrix()
    assert same(mixed, plain[np.ix_(rows, columns)])


@settings(max_examples=25, deadline=None)
@given(streets(barriers=False), seeds)
def test_a_ferry_between_pieces_is_as_long_as_it_is_wide(grid, seed):
    graph = grid.graph()
    pieces = sorted(nx.connected_components(graph), key=lambda piece: -graph.subgraph(piece).size(weight="weight"))
    assume(len(pieces) >= 2)
    rng = np.random.default_rng(seed)
    a, b = (sorted(piece)[rng.integers(len(piece))] for piece in pieces[:2])
    network = grid.network().bridged(np.array([a]), np.array([b]), least_piece=WHOLE)
    width = float(np.hypot(a[0] - b[0], a[1] - b[1]))
    found = walk_distances(np.array([a]), np.array([b]), network, WalkOptions("node", least_piece=WHOLE))[0].to_matrix()
    assert found[0, 0] == pytest.approx(width)
    assert int(network.components().max()) + 1 == len(pieces) - 1
