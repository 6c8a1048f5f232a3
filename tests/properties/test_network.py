"""Ways on random road networks: never shorter than a straight line, and no detour beats the shortest way."""

from __future__ import annotations

import networkx as nx
import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.network import RoadNetwork, WalkOptions, walk_distances

cases = st.tuples(st.integers(2, 7), st.integers(2, 7), st.floats(0, 0.5), st.integers(0, 2**32 - 1))


def lattice(columns: int, rows: int, missing: float, rng: np.random.Generator) -> np.ndarray:
    """Streets of a crooked grid as lines through several crossings, some parts of them missing."""
    nodes = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=-1) * 100.0 + rng.uniform(-30, 30, (rows, columns, 2))
    streets = [*nodes, *nodes.transpose(1, 0, 2)]
    lines = []
    for street in streets:
        gone = rng.random(len(street) - 1) < missing
        parts = np.split(np.arange(len(street)), np.flatnonzero(gone) + 1)
        lines.extend(shapely.LineString(street[part]) for part in parts if len(part) > 1)
    return np.array([*lines, shapely.LineString([(-100, -100), (-100, -120)])])


@settings(max_examples=60, deadline=None)
@given(cases, st.sampled_from(["edge", "node"]))
def test_ways_are_metric(case, snap):
    columns, rows, missing, seed = case
    rng = np.random.default_rng(seed)
    network = RoadNetwork.from_lines(lattice(columns, rows, missing, rng))
    places = rng.uniform(-50, 100 * max(columns, rows), (8, 2))
    matrix = walk_distances(places, places, network, WalkOptions(snap=snap, least_piece=0.0))[0].to_matrix()
    straight = np.hypot(*(places[:, None] - places[None]).transpose(2, 0, 1))
    assert (matrix >= straight - 1e-6).all()
    assert np.allclose(np.nan_to_num(matrix, posinf=-1.0), np.nan_to_num(matrix.T, posinf=-1.0))
    through = (matrix[:, :, None] + matrix[None, :, :]).min(axis=1)
    assert (matrix <= through + 1e-6).all()
    assert np.allclose(matrix, np.minimum(matrix, through))


@settings(max_examples=40, deadline=None)
@given(cases)
def test_ways_from_nodes_are_those_of_networkx(case):
    columns, rows, missing, seed = case
    network = RoadNetwork.from_lines(lattice(columns, rows, missing, np.random.default_rng(seed)))
    graph = nx.Graph()
    graph.add_nodes_from(range(len(network)))
    for (a, b), metres in zip(network.edges.tolist(), network.metres.tolist(), strict=True):
        if a != b:
            graph.add_edge(a, b, weight=min(metres, graph.get_edge_data(a, b, {"weight": np.inf})["weight"]))
    expected = np.full((len(network), len(network)), np.inf)
    for start, reached in nx.all_pairs_dijkstra_path_length(graph):
        expected[start, list(reached)] = list(reached.values())
    for snap in ("node", "edge"):
        options = WalkOptions(snap=snap, least_piece=0.0)
        found, problems = walk_distances(network.points, network.points, network, options)
        assert np.allclose(found.to_matrix(), expected)
        pieces = nx.number_connected_components(graph)
        assert any(f"in {pieces} pieces" in item.message for item in problems)


@settings(max_examples=40, deadline=None)
@given(cases, st.floats(0, 800))
def test_a_limit_changes_nothing_below_it(case, limit_m):
    columns, rows, missing, seed = case
    rng = np.random.default_rng(seed)
    network = RoadNetwork.from_lines(lattice(columns, rows, missing, rng))
    places, schools = rng.uniform(0, 600, (30, 2)), rng.uniform(0, 600, (20, 2))
    full = walk_distances(places, schools, network)[0].to_matrix()
    short = walk_distances(places, schools, network, WalkOptions(limit_m=limit_m))[0].to_matrix()
    assert np.array_equal(short, np.where(full <= limit_m, full, np.inf))


@settings(max_examples=40, deadline=None)
@given(cases, st.floats(5, 200))
def test_joining_only_shortens(case, within_m):
    columns, rows, missing, seed = case
    rng = np.random.default_rng(seed)
    network = RoadNetwork.from_lines(lattice(columns, rows, missing, rng))
    joined = network.joined(within_m)
    assert joined.components().max() <= network.components().max()
    options = WalkOptions(snap="node", least_piece=0.0)
    before = walk_distances(network.points, network.points[:3], network, options)[0].to_matrix()
    after = walk_distances(network.points, network.points[:3], joined, options)[0].to_matrix()
    assert (after <= before + 1e-9).all()
    if joined.linked.any():
        assert np.isclose(
            joined.metres[joined.linked].max(), np.hypot(*np.diff(joined.points[joined.edges[joined.linked]], axis=1).T).max()
        )
