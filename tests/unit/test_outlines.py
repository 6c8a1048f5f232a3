"""Shapes and borders as the page draws them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from districts import grid_district

from xuequ.maps.outlines import coded_lines, coded_shapes, decoded, outlines, touching_blocks

GRID = grid_district(3, 2, (0, 5), side_m=100.0)


def ring_area(ring: list[int]) -> float:
    return shapely.Polygon(decoded(ring)).area


def test_each_block_keeps_its_area():
    drawn = outlines(GRID.blocks.geometry, (0, 0))
    assert [ring_area(parts[0][0]) for parts in drawn.shapes] == [10_000.0] * 6
    assert drawn.simplified_m == 0


def test_coordinates_are_counted_from_the_origin():
    drawn = outlines(GRID.blocks.geometry, (100, 0))
    west = min(decoded(parts[0][0])[:, 0].min() for parts in drawn.shapes)
    assert west == -100


def test_inner_borders_are_those_of_the_grid_and_the_edge_belongs_to_the_outside():
    drawn = outlines(GRID.blocks.geometry, (0, 0))
    inner = {(a, b): decoded(line) for a, b, line in drawn.borders if b >= 0}
    assert set(inner) == {tuple(pair) for pair in GRID.adjacency.pairs().tolist()}
    assert all(shapely.LineString(line).length == 100 for line in inner.values())
    edge = sum(shapely.LineString(decoded(line)).length for _, b, line in drawn.borders if b == -1)
    assert edge == pytest.approx(2 * (300 + 200))


def test_blocks_that_meet_in_a_corner_do_not_touch():
    pairs = touching_blocks(GRID.blocks.geometry)
    assert (0, 4) not in {tuple(pair) for pair in pairs.tolist()}
    assert pairs.tolist() == GRID.adjacency.pairs().tolist()


def test_holes_and_parts_are_kept():
    ring = shapely.box(0, 0, 100, 100).difference(shapely.box(40, 40, 60, 60))
    both = shapely.union(ring, shapely.box(200, 0, 220, 20))
    drawn = outlines(np.array([both, shapely.box(40, 40, 60, 60)], dtype=object), (0, 0))
    assert sorted(len(part) for part in drawn.shapes[0]) == [1, 2]
    assert any((a, b) == (0, 1) for a, b, _ in drawn.borders)


def test_a_block_without_a_shape_is_drawn_as_nothing():
    drawn = outlines(np.array([shapely.box(0, 0, 10, 10), None], dtype=object), (0, 0))
    assert drawn.shapes[1] == []


def test_no_shapes_at_all_have_no_borders():
    assert outlines(np.array([None], dtype=object), (0, 0)).borders == ()


def test_a_very_detailed_coverage_is_simplified_as_a_whole(monkeypatch):
    monkeypatch.setattr("xuequ.maps.outlines._VERTICES_KEPT", 100)
    detailed = shapely.segmentize(GRID.blocks.geometry, 2.0)
    drawn = outlines(detailed, (0, 0))
    assert drawn.simplified_m == 10
    assert [ring_area(parts[0][0]) for parts in drawn.shapes] == [10_000.0] * 6
    assert {(a, b) for a, b, _ in drawn.borders if b >= 0} == {tuple(pair) for pair in GRID.adjacency.pairs().tolist()}


def test_lines_of_every_kind_are_read_and_points_left_out():
    given = [
        shapely.LineString([(0, 0), (5, 5)]), shapely.MultiLineString([[(10, 0), (20, 0)], [(30, 0), (40, 0)]]),
        shapely.box(50, 50, 60, 60), shapely.Point(1, 1), None,
        shapely.GeometryCollection([shapely.Point(0, 0), shapely.LineString([(70, 0), (80, 0)])]),
    ]  # fmt: skip
    lines = coded_lines(given, (0, 0))
    assert len(lines) == 5
    assert coded_lines([], (0, 0)) == []
    assert coded_lines([shapely.Point(3, 4)], (0, 0)) == []


def test_a_line_shorter_than_a_metre_vanishes():
    assert coded_lines([shapely.LineString([(0.1, 0), (0.3, 0)])], (0, 0)) == []


def test_polygons_are_kept_whole_and_lines_are_not_polygons():
    lake = shapely.box(0, 0, 50, 50).difference(shapely.box(10, 10, 20, 20))
    shapes = coded_shapes(
        [shapely.MultiPolygon([lake, shapely.box(100, 0, 110, 10)]), shapely.LineString([(0, 0), (9, 9)]), None], (0, 0)
    )
    assert [len(rings) for rings in shapes] == [2, 1]
    assert coded_shapes([], (0, 0)) == []
