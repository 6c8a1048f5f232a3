"""Regions that grow over a graph, and borders of a coverage."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from xuequ.data.synthetic_growth import balanced_regions, graph_of, grown_from, labelled_components, shared_borders


def _path(lengths):
    count = len(lengths) + 1
    pairs = np.column_stack([np.arange(count - 1), np.arange(1, count)])
    return graph_of(count, pairs, np.array(lengths, dtype=float))


def _grid(columns, rows):
    index = np.arange(columns * rows).reshape(rows, columns)
    return np.concatenate(
        [
            np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
            np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
        ]
    )


class TestSharedBorders:
    def test_two_squares_side_by_side(self):
        pairs, metres = shared_borders(shapely.box([0, 10], [0, 0], [10, 20], [10, 10]))
        assert pairs.tolist() == [[0, 1]]
        assert metres.tolist() == [10.0]

    def test_a_corner_is_no_border(self):
        pairs, metres = shared_borders(shapely.box([0, 10], [0, 10], [10, 20], [10, 20]))
        assert pairs.shape == (0, 2)
        assert len(metres) == 0

    def test_a_border_in_pieces_is_added_up(self):
        left = shapely.Polygon([(0, 0), (10, 0), (10, 3), (10, 4.5), (10, 10), (0, 10)])
        right = shapely.Polygon([(10, 0), (20, 0), (20, 10), (10, 10), (10, 4.5), (10, 3)])
        pairs, metres = shared_borders(np.array([left, right]))
        assert pairs.tolist() == [[0, 1]]
        assert metres[0] == pytest.approx(10.0)

    def test_a_polygon_in_the_hole_of_another(self):
        inner = shapely.box(4, 4, 6, 6)
        outer = shapely.box(0, 0, 10, 10).difference(inner)
        pairs, metres = shared_borders(np.array([outer, inner]))
        assert pairs.tolist() == [[0, 1]]
        assert metres[0] == pytest.approx(8.0)

    def test_as_shapely_measures_them(self):
        rng = np.random.default_rng(4)
        cells = shapely.get_parts(shapely.voronoi_polygons(shapely.multipoints(np.round(rng.uniform(0, 900, (40, 2)), 1))))
        cells = shapely.get_parts(
            shapely.polygonize(shapely.get_parts(shapely.union_all(shapely.boundary(cells), grid_size=0.1)))
        )
        pairs, metres = shared_borders(cells)
        expected = shapely.length(shapely.intersection(cells[pairs[:, 0]], cells[pairs[:, 1]]))
        assert len(pairs) > 60
        assert metres == pytest.approx(expected, abs=1e-6)


class TestGrownFrom:
    def test_each_node_goes_to_the_nearer_seed(self):
        assert grown_from(_path([1, 1, 1, 5]), np.array([0, 4]), np.zeros(2)).tolist() == [0, 0, 0, 0, 1]

    def test_a_head_start_moves_the_border(self):
        assert grown_from(_path([1, 1, 1, 5]), np.array([0, 4]), np.array([0.0, 2.5])).tolist() == [0, 0, 0, 1, 1]

    def test_a_seed_keeps_its_own_node(self):
        label = grown_from(_path([1, 1, 1, 1]), np.array([0, 2]), np.array([100.0, 0.0]))
        assert label[2] == 1
        # Nobody passes through a seed: what lies behind it is its own.
        assert label.tolist() == [0, 0, 1, 1, 1]

    def test_where_no_seed_arrives_there_is_none(self):
        graph = graph_of(4, np.array([[0, 1], [2, 3]]), np.ones(2))
        assert grown_from(graph, np.array([1]), np.zeros(1)).tolist() == [0, 0, -1, -1]

    @pytest.mark.parametrize("seed", range(4))
    def test_regions_are_connected(self, seed):
        rng = np.random.default_rng(seed)
        pairs = _grid(14, 11)
        graph = graph_of(154, pairs, rng.uniform(1, 9, len(pairs)))
        seeds = rng.choice(154, 7, replace=False)
        label = grown_from(graph, seeds, rng.uniform(0, 8, 7))
        inside = pairs[label[pairs[:, 0]] == label[pairs[:, 1]]]
        part = labelled_components(154, inside)
        assert len(np.unique(part)) == len(np.unique(label)) == 7
        assert label[seeds].tolist() == list(range(7))


class TestBalancedRegions:
    def test_equal_targets_give_nearly_equal_people(self):
        pairs = _grid(20, 10)
        graph = graph_of(200, pairs, 10.0 + np.random.default_rng(1).random(len(pairs)))
        seeds = np.array([64, 70, 135])
        plain = np.bincount(grown_from(graph, seeds, np.zeros(3)))
        balanced = np.bincount(balanced_regions(graph, seeds, np.ones(200), np.ones(3)))
        assert np.ptp(plain) > 15
        assert np.ptp(balanced) <= 6

    def test_targets_are_shared_in_proportion(self):
        label = balanced_regions(_path([1.0] * 99), np.array([40, 60]), np.ones(100), np.array([56.0, 44.0]))
        assert np.bincount(label).tolist() == pytest.approx([56, 44], abs=1)

    def test_a_target_in_people_and_a_seed_without_one(self):
        label = balanced_regions(_path([1.0] * 99), np.array([50, 80]), np.ones(100), np.array([0.0, 30.0]), np.array([-1, 0]))
        assert np.bincount(label).tolist() == pytest.approx([70, 30], abs=2)


def test_components_are_counted_from_the_pairs():
    assert labelled_components(5, np.array([[0, 1], [3, 4]])).tolist() == [0, 0, 1, 2, 2]
    assert labelled_components(2, np.empty((0, 2), dtype=int)).tolist() == [0, 1]
