"""The ground of a printed map: nothing of it is lost when blocks run together, borders are merged and lines are cut."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from districts import grid_district
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.path import Path
from showpiece import town

from xuequ.maps.ground import OUTSIDE, Parts, Sight, ground
from xuequ.maps.outlines import decoded, district_outlines, outlines
from xuequ.zoning.places import Blocks

GRID = grid_district(5, 4, (0, 19), side_m=100.0)
BELOW = ground(GRID)
WHOLE = Sight(-10, -10, 510, 410, 1.0)


def length(path: Path) -> float:
    return sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in path.to_polygons(closed_only=False))


def area(path: Path) -> float:
    """The area of a path by its signed rings: a hole runs the other way."""
    total = 0.0
    for ring in path.to_polygons():
        x, y = ring.T
        total += 0.5 * float(x[:-1] @ y[1:] - x[1:] @ y[:-1])
    return abs(total)


def with_shapes(shapes, district=GRID):
    blocks = district.blocks
    return district.replace(blocks=Blocks(blocks.ids, blocks.points, geometry=np.array(shapes, dtype=object)))


zones = st.lists(st.integers(0, 3), min_size=20, max_size=20).map(np.array)


@given(zones)
@settings(max_examples=40, deadline=None)
def test_groups_of_blocks_keep_their_area_and_their_borders(zone):
    for group in range(4):
        blocks = np.flatnonzero(zone == group)
        assert area(WHOLE.shape(BELOW.merged(blocks))) == pytest.approx(10_000 * len(blocks))
    pairs = GRID.adjacency.pairs()
    between = 100 * int((zone[pairs[:, 0]] != zone[pairs[:, 1]]).sum())
    assert length(WHOLE.lines(BELOW.borders(zone, inside=True))) == pytest.approx(between)
    assert length(WHOLE.lines(BELOW.borders(zone))) == pytest.approx(between + 2 * (500 + 400))


@given(zones, st.integers(0, 3))
@settings(max_examples=25, deadline=None)
def test_a_group_against_the_outside_has_the_border_of_its_shape(zone, group):
    mine = np.where(zone == group, 1, OUTSIDE)
    shape = shapely.union_all(GRID.blocks.geometry[zone == group])
    assert length(WHOLE.lines(BELOW.borders(mine))) == pytest.approx(shape.length)


def test_the_border_of_two_halves_is_one_line_of_two_corners():
    halves = np.arange(20) // 10
    (line,) = BELOW.borders(halves, inside=True).geometries
    assert line.length == 500
    assert len(WHOLE.lines(BELOW.borders(halves, inside=True)).vertices) == 2


def test_block_edges_are_each_drawn_once():
    assert length(WHOLE.lines(BELOW.hairlines)) == pytest.approx(4 * 400 + 3 * 500)


def test_a_hole_stays_a_hole():
    ring = np.array([block for block in range(20) if block not in (6, 7, 8)])
    assert area(WHOLE.shape(BELOW.merged(ring))) == pytest.approx(17 * 10_000)
    assert len(WHOLE.shape(BELOW.merged(ring)).to_polygons()) == 2


@given(
    st.floats(-200, 600), st.floats(-200, 500), st.floats(20, 400), st.floats(20, 400), st.sampled_from([0.01, 0.1, 1.0]),
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_what_lies_in_sight_is_whole_and_the_rest_is_cut(west, south, wide, tall, metres):
    sight = Sight(west, south, west + wide, south + tall, metres)
    frame = shapely.box(west, south, west + wide, south + tall)
    every = Parts.of(shapely.union_all(GRID.blocks.geometry))
    drawn = sight.shape(every)
    rings = [shapely.Polygon(ring) for ring in drawn.to_polygons() if len(ring) > 3]
    seen = shapely.union_all(rings).intersection(frame).area if rings else 0.0
    assert seen == pytest.approx(shapely.box(0, 0, 500, 400).intersection(frame).area, abs=1e-6)
    edge = 6 * metres + 1e-6
    for x, y in drawn.vertices:
        assert west - edge <= x <= west + wide + edge
        assert south - edge <= y <= south + tall + edge


def test_no_kink_that_paper_can_show_is_left_out_and_no_other_is_drawn():
    x = np.arange(0, 1001.0)
    wavy = Parts.of(shapely.LineString(np.column_stack([x, np.sin(x / 3)])))
    fine, coarse = Sight(0, -5, 1000, 5, 1.0), Sight(0, -5, 1000, 5, 20.0)
    assert len(fine.lines(wavy).vertices) > 300
    assert len(coarse.lines(wavy).vertices) == 2
    drawn = shapely.LineString(fine.lines(wavy).vertices)
    assert shapely.hausdorff_distance(drawn, wavy.geometries[0], densify=0.5) < 0.13


def test_a_sight_is_what_axes_show():
    axes = Figure(figsize=(10, 5)).add_axes((0.1, 0.1, 0.5, 0.8))
    axes.set_xlim(100, 820)
    axes.set_ylim(5, 50)
    assert Sight.of(axes) == Sight(100, 5, 820, 50, 2.0)


def test_nothing_in_sight_is_an_empty_path():
    away = Sight(10_000, 10_000, 10_100, 10_100, 1.0)
    assert len(away.lines(BELOW.hairlines)) == 0
    assert len(away.shape(BELOW.merged(np.arange(20)))) == 0


def test_the_same_sight_is_cut_once_and_only_the_last_two_are_kept():
    first = BELOW.seen(WHOLE)
    assert BELOW.seen(WHOLE) is first
    for shift in (1.0, 2.0):
        BELOW.seen(Sight(shift, 0, 500, 400, 1.0))
    assert BELOW.seen(WHOLE) is not first


def test_the_ground_of_a_district_is_made_once():
    assert ground(GRID) is ground(GRID)
    assert ground(GRID.replace(name="another")) is not BELOW


def test_water_and_roads_of_every_kind():
    lake = shapely.box(0, 0, 100, 100).difference(shapely.box(40, 40, 60, 60))
    made = town(
        rivers=(lake, shapely.LineString([(0, 500), (900, 500)]), shapely.MultiPolygon([shapely.box(300, 0, 310, 10)])),
        roads=(shapely.MultiLineString([[(0, 0), (50, 0)], [(50, 0), (80, 0)]]), shapely.box(0, 0, 10, 10), shapely.Point(1, 1)),
    )
    below, sight = ground(made), Sight(-50, -50, 2500, 1900, 0.01)
    assert area(sight.shape(below.water)) == pytest.approx(100 * 100 - 20 * 20 + 100)
    assert length(sight.lines(below.rivers)) == pytest.approx(900)
    assert length(sight.lines(below.roads)) == pytest.approx(80 + 40)


def test_a_district_with_neither_water_nor_roads_has_none_to_draw():
    seen = ground(town(rivers=(), roads=())).seen(WHOLE)
    assert [len(path) for path in (seen.roads, seen.rivers, seen.water)] == [0, 0, 0]
    assert len(seen.hairlines) > 0


def test_blocks_that_gape_and_overlap_are_run_together_all_the_same():
    shapes = list(GRID.blocks.geometry)
    shapes[1] = shapely.box(102, 0, 200, 100)
    shapes[2] = shapely.box(190, 0, 300, 100)
    below = ground(with_shapes(shapes))
    merged = WHOLE.shape(below.merged(np.array([0, 1, 2])))
    assert area(merged) == pytest.approx(shapely.union_all(shapes[:3]).area)


def test_a_block_without_a_shape_is_no_part_of_a_fill():
    shapes = list(GRID.blocks.geometry)
    shapes[0] = None
    below = ground(with_shapes(shapes))
    assert area(WHOLE.shape(below.merged(np.array([0, 1])))) == pytest.approx(10_000)
    assert len(WHOLE.shape(below.merged(np.array([0])))) == 0


def shared(borders):
    found = {}
    for a, b, line in borders:
        found[a, b] = found.get((a, b), 0.0) + shapely.LineString(decoded(line)).length
    return {key: value for key, value in found.items() if value > 0}


@given(st.lists(st.integers(-15, 15), min_size=60, max_size=60))
@settings(max_examples=25, deadline=None)
def test_borders_are_those_that_neighbours_share_however_they_are_found(shifts):
    """Corners of the grid are moved at random; blocks with a corner too many on one side go the long way."""
    corners = np.array([(x, y) for y in range(5) for x in range(6)], dtype=float) * 100
    corners += np.array(shifts, dtype=float).reshape(30, 2)

    def block(column, row, *between):
        at = row * 6 + column
        return shapely.Polygon([corners[at], *between, corners[at + 1], corners[at + 7], corners[at + 6]])

    plain = np.array([block(c, r) for r in range(4) for c in range(5)], dtype=object)
    exact = shared(outlines(plain, (0, 0)).borders)
    expected = {
        (a, b): shapely.intersection(plain[a], plain[b]).length
        for a in range(20) for b in range(a + 1, 20) if shapely.intersection(plain[a], plain[b]).length > 0
    }  # fmt: skip
    assert {key: exact[key] for key in exact if key[1] >= 0} == pytest.approx(expected)
    edge = sum(value for (_, b), value in exact.items() if b < 0)
    assert edge == pytest.approx(shapely.union_all(plain).length)


def test_a_corner_of_one_s_own_does_not_part_neighbours():
    left, right = shapely.box(0, 0, 100, 100), shapely.Polygon([(100, 0), (200, 0), (200, 100), (100, 100), (100, 50)])
    assert not shapely.coverage_is_valid([left, right])
    found = shared(outlines(np.array([left, right], dtype=object), (0, 0)).borders)
    assert found == {(0, 1): 100, (0, -1): 300, (1, -1): 300}


def test_outlines_of_a_district_are_made_once_and_count_from_its_corner():
    drawn = district_outlines(GRID)
    assert district_outlines(GRID) is drawn
    assert drawn.origin == (50, 50)
    assert min(decoded(parts[0][0])[:, 0].min() for parts in drawn.shapes) == -50
