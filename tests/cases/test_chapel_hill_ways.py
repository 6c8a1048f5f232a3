"""Chapel Hill's ways by networkx on the bare lines: the broken network, the mended one, and what a case makes of them."""

from __future__ import annotations

import json

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from xuequ.data.network import NOT_WALKED, RoadNetwork, RoadOptions, WalkOptions, walk_distances, walkable_roads

pytestmark = pytest.mark.cases

PLANE = 32617
JOIN_M = 16.0


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "cases" / "chapel_hill_chccs"


@pytest.fixture(scope="module")
def roads(folder):
    frame = gpd.read_file(folder / "roads.geojson")
    return frame.h.tolist(), frame.geometry.to_crs(PLANE).to_numpy()


@pytest.fixture(scope="module")
def places(folder):
    segments = gpd.read_file(folder / "segments.gpkg").geometry.centroid.to_crs(PLANE)
    schools = pd.read_csv(folder / "schools.csv").query("has_zone == 1")
    at = Transformer.from_crs(4326, PLANE, always_xy=True).transform(schools.lon.to_numpy(), schools.lat.to_numpy())
    return np.column_stack([segments.x, segments.y]), np.column_stack(at)


def graph_of(lines, join_m=0.0):
    """Nodes are equal ends of lines; ends within reach that no line joins get a straight one."""
    graph = nx.MultiGraph()
    for line in lines:
        a, b = (tuple(end) for end in shapely.get_coordinates(line)[[0, -1]].tolist())
        graph.add_edge(a, b, weight=line.length)
    if join_m:
        nodes = list(graph)
        tree = shapely.STRtree(shapely.points(nodes))
        for i, j in tree.query(shapely.points(nodes), predicate="dwithin", distance=join_m).T.tolist():
            if i < j and not graph.has_edge(nodes[i], nodes[j]):
                graph.add_edge(nodes[i], nodes[j], weight=float(np.hypot(*np.subtract(nodes[i], nodes[j]))))
    return graph


def by_networkx(graph, origins, schools):
    """Ways of the largest piece from the nearest node to the nearest node, both legs added."""
    longest = max(nx.connected_components(graph), key=lambda piece: graph.subgraph(piece).size(weight="weight"))
    nodes = sorted(longest)
    points = np.array(nodes)

    def snapped(place):
        gap = np.hypot(*(points - place).T)
        return nodes[int(gap.argmin())], float(gap.min())

    ends = [snapped(place) for place in origins]
    result = np.empty((len(origins), len(schools)))
    for j, school in enumerate(schools):
        root, last = snapped(school)
        ways = nx.single_source_dijkstra_path_length(graph, root)
        result[:, j] = [first + ways[node] + last for node, first in ends]
    return result


@pytest.fixture(scope="module")
def graphs(roads):
    return {join_m: graph_of(roads[1], join_m) for join_m in (0.0, JOIN_M)}


@pytest.mark.parametrize("join_m", [0.0, JOIN_M])
def test_ways_of_every_segment_are_those_of_networkx(roads, graphs, places, join_m):
    _, lines = roads
    origins, schools = places
    network = RoadNetwork.from_lines(lines, options=RoadOptions("ends", join_m))
    found, _ = walk_distances(origins, schools[:3], network, WalkOptions("node", least_piece=1.0))
    assert found.to_matrix() == pytest.approx(by_networkx(graphs[join_m], origins, schools[:3]), abs=1e-6)


@pytest.mark.parametrize(("join_m", "pieces"), [(0.0, 228), (JOIN_M, 3)])
def test_pieces_before_and_after_joining_are_those_of_networkx(folder, roads, graphs, join_m, pieces):
    _, lines = roads
    facts = json.loads((folder / "facts.json").read_text(encoding="utf-8"))
    graph = graphs[join_m]
    network = RoadNetwork.from_lines(lines, options=RoadOptions("ends", join_m))
    assert int(network.components().max()) + 1 == nx.number_connected_components(graph) == pieces
    assert len(network) == graph.number_of_nodes() == facts["road_nodes"]


def test_nobody_walks_on_the_motorway(roads, places):
    """Without the classes that nobody walks on ways are those of a network that never had them, and no shorter than before."""
    classes, lines = roads
    origins, schools = (part[:40] for part in places)
    options, walk = RoadOptions("ends", JOIN_M), WalkOptions("node", least_piece=1.0)
    walked = walkable_roads(classes)
    assert {name for name, on in zip(classes, walked, strict=True) if not on} <= NOT_WALKED
    pruned = lines[[name not in NOT_WALKED for name in classes]]
    plain, _ = walk_distances(origins, schools, RoadNetwork.from_lines(lines, walked, options=options), walk)
    alone, _ = walk_distances(origins, schools, RoadNetwork.from_lines(pruned, options=options), walk)
    assert np.array_equal(plain.to_matrix(), alone.to_matrix())


def test_a_broken_network_makes_ways_too_long(roads, places):
    """What the source lost: joining ends shortens nearly every way, and lengthens only that of who now reaches a nearer road."""
    _, lines = roads
    origins, schools = places
    walk = WalkOptions("node", least_piece=1.0)
    broken, joined = (
        walk_distances(origins, schools, RoadNetwork.from_lines(lines, options=RoadOptions("ends", join_m)), walk)[0].to_matrix()
        for join_m in (0.0, JOIN_M)
    )
    assert np.mean(joined < broken) > 0.95
    assert 1.3 < np.mean(broken / joined) < 1.6
