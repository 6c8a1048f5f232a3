"""Roads to distances: where lines are joined, what cuts them, how places reach them, what is reported."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from xuequ.data.network import (
    RoadNetwork,
    RoadOptions,
    WalkOptions,
    report_pieces,
    straight_distances,
    walk_distances,
    walkable_roads,
)
from xuequ.zoning.problems import Problems


def lines(*courses):
    return np.array([shapely.LineString(course) for course in courses])


CROSS = lines([(0, 0), (100, 0), (200, 0)], [(100, 0), (100, 80)])


def way(network, start, end, **options):
    distances, _ = walk_distances(np.array([start]), np.array([end]), network, WalkOptions(**options))
    return float(distances.lookup(np.array([0]), np.array([0]))[0])


def messages(problems):
    return [item.message for item in problems]


def test_straight_distances_are_not_rounded():
    distances = straight_distances(np.array([[0.0, 0.0], [1.0, 1.0]]), np.array([[3.0, 4.0]]))
    assert distances.to_matrix().tolist() == [[5.0], [np.hypot(2, 3)]]
    assert distances.method == "straight line"


def test_lines_are_joined_where_they_share_a_vertex():
    network = RoadNetwork.from_lines(CROSS)
    assert (len(network), len(network.edges)) == (4, 3)
    assert sorted(network.metres.tolist()) == [80.0, 100.0, 100.0]
    assert way(network, (0, 0), (100, 80)) == pytest.approx(180.0)


def test_lines_can_be_joined_at_their_ends_only():
    network = RoadNetwork.from_lines(CROSS, options=RoadOptions("ends"))
    assert (len(network), len(network.edges)) == (4, 2)
    assert network.components().max() == 1


def test_an_end_on_another_line_is_a_junction():
    network = RoadNetwork.from_lines(lines([(0, 0), (200, 0)], [(100, 0.004), (100, 80)], [(150, 0), (150, 60)]))
    assert way(network, (150, 60), (100, 80)) == pytest.approx(190.0, abs=0.01)
    assert network.components().max() == 0


def test_lines_that_cross_without_a_vertex_are_a_bridge():
    network = RoadNetwork.from_lines(lines([(0, 0), (200, 0)], [(100, -50), (100, 50)]))
    assert network.components().max() == 1


def test_a_loose_end_is_joined_to_the_line_that_it_stops_short_of():
    short = lines([(0, 0), (200, 0)], [(100, 4), (100, 80)])
    assert RoadNetwork.from_lines(short).components().max() == 1
    joined = RoadNetwork.from_lines(short, options=RoadOptions(join_ends_m=5.0))
    assert joined.linked.sum() == 1
    assert way(joined, (0, 0), (100, 80)) == pytest.approx(180.0)
    assert RoadNetwork.from_lines(short, options=RoadOptions("ends", 5.0)).components().max() == 1


def test_multi_part_lines_heights_and_empty_lines():
    both = shapely.MultiLineString([[(0, 0, 9), (50, 0, 9)], [(50, 0, 9), (50, 30, 1)]])
    network = RoadNetwork.from_lines(np.array([both, shapely.LineString(), shapely.Point(3, 3)]))
    assert sorted(network.metres.tolist()) == [30.0, 50.0]
    assert way(network, (0, 0), (50, 30)) == pytest.approx(80.0)


def test_lengths_may_be_given_and_are_divided_over_the_edges():
    network = RoadNetwork.from_lines(CROSS, metres=np.array([400.0, 80.0]))
    assert sorted(network.metres.tolist()) == [80.0, 200.0, 200.0]
    assert way(network, (50, 0), (150, 0)) == pytest.approx(200.0)


def test_nobody_walks_on_a_motorway():
    classes = ["motorway", "residential", " Motorway_Link", "busway", "", "trunk"]
    assert walkable_roads(classes).tolist() == [False, True, False, False, True, True]
    assert walkable_roads(classes, excluded=()).all()
    network = RoadNetwork.from_lines(CROSS, walkable_roads(["motorway", "residential"]))
    assert len(network.edges) == 1


def test_ends_are_joined_within_a_distance():
    broken = lines([(0, 0), (100, 0)], [(112, 0), (200, 0)])
    assert RoadNetwork.from_lines(broken).components().max() == 1
    joined = RoadNetwork.from_lines(broken, options=RoadOptions(join_ends_m=15.0))
    assert joined.linked.tolist() == [False, False, True]
    assert way(joined, (0, 0), (200, 0)) == pytest.approx(200.0)
    assert RoadNetwork.from_lines(broken, options=RoadOptions(join_ends_m=11.0)).components().max() == 1


def test_joining_adds_no_second_edge():
    network = RoadNetwork.from_lines(CROSS, options=RoadOptions(join_ends_m=100.0))
    joined = {tuple(sorted(map(tuple, network.points[edge].tolist()))) for edge in network.edges[network.linked]}
    assert joined == set()
    assert RoadNetwork.from_lines(CROSS, options=RoadOptions(join_ends_m=130.0)).linked.sum() == 2


def test_a_river_cuts_roads_but_not_bridges():
    street = lines([(0, 0), (50, 0)], [(50, 0), (150, 0)], [(150, 0), (200, 0)])
    river = [shapely.LineString([(60, -50), (60, 50)])]
    cut = RoadNetwork.from_lines(street, barriers=river)
    assert len(cut.edges) == 2
    assert way(cut, (0, 0), (200, 0)) == np.inf
    bridged = RoadNetwork.from_lines(street, barriers=river, bridges=np.array([False, True, False]))
    assert way(bridged, (0, 0), (200, 0)) == pytest.approx(200.0)


def test_joined_ends_do_not_cross_a_river():
    banks = lines([(0, 0), (95, 0)], [(105, 0), (200, 0)])
    river = [shapely.LineString([(100, -50), (100, 50)])]
    network = RoadNetwork.from_lines(banks, options=RoadOptions(join_ends_m=20.0), barriers=river)
    assert network.components().max() == 1
    assert way(network.bridged(np.array([[95.0, 0.0]]), np.array([[105.0, 0.0]]), 1.0), (0, 0), (200, 0)) == pytest.approx(200.0)


def test_a_ferry_joins_what_roads_do_not():
    banks = RoadNetwork.from_lines(lines([(0, 0), (100, 0)], [(0, 60), (100, 60)], [(102, 61), (103, 61)]))
    ferry = (np.array([[110.0, 0.0]]), np.array([[110.0, 61.0]]))
    joined = banks.bridged(*ferry, least_piece=0.1)
    assert joined.linked.sum() == 1
    assert way(joined, (0, 0), (0, 60)) == pytest.approx(100 + 60 + 100)
    assert not joined.bridged(*ferry, least_piece=0.1).linked.sum() > 1  # they are joined already
    nothing = np.empty((0, 2))
    assert banks.bridged(nothing, nothing) is banks


@pytest.mark.parametrize("snap", ["edge", "node"])
def test_nobody_swims_to_the_nearest_road(snap):
    banks = RoadNetwork.from_lines(lines([(0, 0), (100, 0)], [(0, 60), (100, 60)]))
    river = [shapely.LineString([(-50, 20), (150, 20)])]
    places, school = np.array([[50.0, 25.0], [50.0, 5.0]]), np.array([[0.0, 60.0]])
    options = WalkOptions(snap=snap)
    wet = walk_distances(places, school, banks, options)[0].to_matrix()
    assert np.isinf(wet).all()
    dry = walk_distances(places, school, banks, options, barriers=river)[0].to_matrix()
    assert np.isinf(dry[1, 0])
    assert dry[0, 0] == pytest.approx(35 + 50 if snap == "edge" else np.hypot(50, 35))
    alone = walk_distances(np.array([[50.0, 30.0]]), school, RoadNetwork.from_lines(lines([(0, 0), (100, 0)])), barriers=river)[0]
    assert np.isfinite(alone.metres).all()


def test_a_table_of_edges():
    points = {"b1": (0.0, 0.0), "s1": (300.0, 0.0)}
    network = RoadNetwork.from_edges(["b1", "x", "x"], ["x", "s1", "y"], np.array([250.0, 260.0, 5.0]), points)
    assert way(network, (0, 0), (300, 0), snap="node") == 510.0
    walked = RoadNetwork.from_edges(
        ["b1", "b1"], ["s1", "s1"], np.array([900.0, 400.0]), points, walkable=np.array([True, False])
    )  # fmt: skip
    assert way(walked, (0, 0), (300, 0)) == 900.0


def test_the_shortest_of_parallel_edges_and_no_loops():
    points = {"a": (0.0, 0.0), "b": (10.0, 0.0)}
    network = RoadNetwork.from_edges(["a", "b", "a"], ["b", "a", "a"], np.array([30.0, 20.0, 1.0]), points)
    assert network.graph().toarray().tolist() == [[0.0, 20.0], [20.0, 0.0]]


def test_both_legs_to_the_road_are_counted():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0), (200, 0)]))
    assert way(network, (50, 30), (150, -40)) == pytest.approx(30 + 100 + 40)
    assert way(network, (50, 30), (160, -40), snap="node") == pytest.approx(np.hypot(50, 30) + 200 + np.hypot(40, 40))


def test_a_node_is_where_roads_are_reached_if_asked():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0)]))
    assert way(network, (10, 0), (80, 0), snap="node") == pytest.approx(10 + 100 + 20)
    assert way(network, (10, 0), (80, 0), snap="edge") == pytest.approx(70)


def test_places_on_one_edge_and_at_one_point():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0)]))
    origins = np.array([[10.0, 5.0], [10.0, 5.0], [90.0, 0.0], [150.0, 0.0]])
    distances, _ = walk_distances(origins, np.array([[10.0, -5.0], [50.0, 0.0]]), network)
    assert distances.to_matrix() == pytest.approx(np.array([[10, 45], [10, 45], [85, 40], [145, 100]]))
    assert distances.method == "walked along roads"


def test_a_limit_leaves_out_what_is_further():
    network = RoadNetwork.from_lines(lines([(0, 0), (1000, 0)]))
    places = np.array([[0.0, 0.0], [900.0, 0.0]])
    distances, problems = walk_distances(
        places, np.array([[0.0, 10.0]]), network, WalkOptions(limit_m=500), ids=(["a", "b"], ["s"])
    )
    assert distances.to_matrix().tolist() == [[10.0], [np.inf]]
    assert [(item.row, item.message) for item in problems] == [("b", "no school can be reached on foot within 500 m")]


def test_what_cannot_be_reached_is_told_and_left_out():
    shores = RoadNetwork.from_lines(lines([(0, 0), (100, 0)], [(0, 500), (100, 500)]))
    places = np.array([[0.0, 0.0], [50.0, 500.0]])
    distances, problems = walk_distances(places, np.array([[100.0, 0.0]]), shores)
    assert np.isinf(distances.to_matrix()).tolist() == [[False], [True]]
    assert "the road network is in 2 pieces; the longest has 50.0% of its length" in messages(problems)[0]
    assert "joining ends up to 50 m apart does not help" in problems.warnings[0].fix
    assert any(item.row == "2" and "no school can be reached" in item.message for item in problems)
    assert "1 of 2 block–school pairs" in messages(problems)[-1]


def test_fragments_are_left_out():
    network = RoadNetwork.from_lines(lines([(0, 0), (1000, 0)], [(500, 40), (505, 40)]))
    assert way(network, (500, 50), (0, 0)) == pytest.approx(550.0)
    assert way(network, (500, 50), (0, 0), least_piece=0.0) == np.inf


def test_a_network_in_pieces_says_what_joining_would_do():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0)], [(104, 0), (200, 0)], [(212, 0), (300, 0)]))
    problems = Problems()
    report_pieces(network, problems)
    (warning,) = problems.warnings
    assert warning.fix.startswith("mend the roads, or set join_ends_m: 5 m leaves 2, 10 m leaves 2, 15 m leaves 1")
    report_pieces(RoadNetwork.from_lines(CROSS), problems)
    assert len(problems) == 1


@pytest.mark.filterwarnings("error")
def test_a_table_of_edges_without_lengths_is_told_of_its_pieces():
    points = {"a": (0.0, 0.0), "b": (10.0, 0.0), "c": (20.0, 0.0), "d": (90.0, 0.0)}
    network = RoadNetwork.from_edges(["a", "c"], ["b", "d"], np.zeros(2), points)
    problems = Problems()
    report_pieces(network, problems)
    (warning,) = problems.warnings
    assert "in 2 pieces; the longest has 0.0% of its length" in warning.message
    assert "10 m leaves 1" in warning.fix
    assert way(network, (0, 0), (10, 0), snap="node", least_piece=0.0) == 0.0


def test_places_far_from_every_road_are_reported():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0)]))
    far = np.column_stack([np.zeros(130), np.full(130, 700.0)])
    distances, problems = walk_distances(far, np.array([[0.0, 600.0]]), network)
    assert (distances.metres == 1300.0).all()
    assert sum(text.startswith("the block is 700 m") for text in messages(problems)) == 100
    assert "30 more blocks are further than 500 m from every road" in messages(problems)
    assert any(text.startswith("the school is 600 m") for text in messages(problems))


def test_many_blocks_that_reach_nothing_are_counted():
    network = RoadNetwork.from_lines(lines([(0, 0), (100, 0)]))
    _, problems = walk_distances(np.full((120, 2), 50.0), np.array([[0.0, 0.0]]), network, WalkOptions(limit_m=1.0))
    assert "20 more blocks reach no school within 1 m" in messages(problems)


def test_no_roads_is_an_error():
    empty = RoadNetwork.from_lines(np.empty(0, dtype=object))
    assert len(empty) == 0
    with pytest.raises(ValueError, match="no edges"):
        walk_distances(np.zeros((1, 2)), np.zeros((1, 2)), empty)


def test_no_blocks_and_no_schools():
    network = RoadNetwork.from_lines(CROSS)
    nothing = np.empty((0, 2))
    assert walk_distances(nothing, np.zeros((1, 2)), network)[0].to_matrix().shape == (0, 1)
    distances, problems = walk_distances(np.zeros((2, 2)), nothing, network)
    assert distances.to_matrix().shape == (2, 0)
    assert len(problems) == 0


@pytest.mark.parametrize("wrong", [{"limit_m": -1.0}, {"far_m": float("nan")}, {"least_piece": -0.1}])
def test_options_must_make_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        WalkOptions(**wrong)
    with pytest.raises(ValueError, match="join_ends_m"):
        RoadOptions(join_ends_m=-1.0)
