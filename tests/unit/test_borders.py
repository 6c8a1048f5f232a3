"""Which blocks touch: tolerance, corners, barriers, links, and what is reported."""

from __future__ import annotations

import numpy as np
import pytest
import shapely

from xuequ.data.borders import BorderOptions, measure_borders
from xuequ.data.coverage import LISTED


def row(count, side=100.0, apart=0.0):
    """Squares side by side, each ``apart`` from the last."""
    left = np.arange(count) * (side + apart)
    return shapely.box(left, 0, left + side, side)


def messages(problems):
    return [item.message for item in problems]


def test_neighbours_with_the_length_of_their_border():
    adjacency, problems = measure_borders(row(3))
    assert adjacency.pairs().tolist() == [[0, 1], [1, 2]]
    assert adjacency.pair_border_m().tolist() == [100.0, 100.0]
    assert len(problems) == 0


@pytest.mark.parametrize("apart", [0.9, 0.3, -0.3, -0.9])
def test_borders_need_not_match(apart):
    adjacency, _ = measure_borders(row(3, apart=apart))
    assert adjacency.pairs().tolist() == [[0, 1], [1, 2]]
    assert adjacency.pair_border_m() == pytest.approx([100.0, 100.0], abs=2.1)


def test_what_is_wider_apart_than_the_tolerance_does_not_touch():
    adjacency, problems = measure_borders(row(2, apart=1.5), ids=["west", "east"])
    assert len(adjacency.pairs()) == 0
    assert any("runs beside block east, 1.5 m apart" in text for text in messages(problems))
    assert any("the nearest is block west, 1.5 m from block east" in text for text in messages(problems))
    assert any("2 m leaves 1" in item.fix for item in problems)
    wider, problems = measure_borders(row(2, apart=1.5), options=BorderOptions(tolerance_m=2.0))
    assert wider.pairs().tolist() == [[0, 1]]
    assert len(problems) == 0


def test_a_corner_is_no_border():
    corner = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 100, 200, 200)])
    assert len(measure_borders(corner)[0].pairs()) == 0
    moved = np.array([shapely.box(0, 0, 100, 100), shapely.box(99.7, 99.7, 200, 200)])
    assert len(measure_borders(moved)[0].pairs()) == 0
    assert measure_borders(corner, options=BorderOptions(min_border_m=0))[0].pairs().tolist() == [[0, 1]]


def test_the_least_border_is_an_option():
    blocks = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 92, 200, 192)])
    assert measure_borders(blocks)[0].pair_border_m().tolist() == [8.0]
    assert len(measure_borders(blocks, options=BorderOptions(min_border_m=10))[0].pairs()) == 0


def test_corners_that_the_neighbour_lacks():
    east = shapely.box(100, 0, 200, 100)
    west = shapely.Polygon([(0, 0), (100, 0), (100, 33.3), (100, 66.6), (100, 100), (0, 100)])
    adjacency, problems = measure_borders(np.array([west, east]))
    assert adjacency.pair_border_m() == pytest.approx([100.0])
    assert len(problems) == 0


def test_an_enclave_touches_what_surrounds_it():
    inner = shapely.box(40, 40, 60, 60)
    adjacency, problems = measure_borders(np.array([shapely.difference(shapely.box(0, 0, 100, 100), inner), inner]))
    assert adjacency.pair_border_m().tolist() == [80.0]
    assert len(problems) == 0


def test_a_river_along_a_border_cuts_it_and_across_takes_its_width():
    river_between = shapely.LineString([(100, -10), (101, 50), (100, 110)])
    assert len(measure_borders(row(2), barriers=[river_between])[0].pairs()) == 0
    river_across = shapely.LineString([(-10, 50), (210, 50)])
    crossed, _ = measure_borders(row(2), barriers=[river_across])
    assert crossed.pair_border_m() == pytest.approx([70.0])
    half = shapely.LineString([(100, 0), (100, 35)])
    assert measure_borders(row(2), barriers=[half])[0].pair_border_m() == pytest.approx([50.0])


def test_barriers_also_cut_borders_that_do_not_match():
    river = shapely.LineString([(100, 0), (100, 40)])
    adjacency, _ = measure_borders(row(2, apart=0.5), barriers=[river])
    assert adjacency.pair_border_m() == pytest.approx([45.0], abs=2.5)


@pytest.mark.parametrize(
    "barrier",
    [
        shapely.box(95, -10, 105, 110),
        shapely.MultiLineString([[(100, 0), (100, 50)], [(100, 50), (100, 100)]]),
        shapely.GeometryCollection([shapely.LineString([(100, 0), (100, 100)]), shapely.Point(0, 0)]),
    ],
)
def test_barriers_of_every_shape(barrier):
    assert len(measure_borders(row(2), barriers=[barrier])[0].pairs()) == 0


def test_a_point_contact_beside_a_barrier_is_cut():
    corner = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 100, 200, 200)])
    options = BorderOptions(min_border_m=0)
    river = shapely.LineString([(0, 105), (200, 105)])
    assert len(measure_borders(corner, options=options, barriers=[river])[0].pairs()) == 0


def test_a_bridge_joins_what_a_river_parts():
    river = shapely.LineString([(100, -10), (100, 110)])
    adjacency, problems = measure_borders(row(3), barriers=[river], links=np.array([[1, 0]]))
    assert adjacency.pairs().tolist() == [[0, 1], [1, 2]]
    assert adjacency.pair_border_m().tolist() == [0.0, 100.0]
    assert len(problems) == 0


def test_islands_are_listed_with_their_nearest_block():
    blocks = np.concatenate([row(3), shapely.box([500, 600], 0, [600, 700], 100)])
    _, problems = measure_borders(blocks, ids=list("abcde"))
    island = next(item for item in problems if "no shared border" in item.message)
    assert "the 2 blocks d, e" in island.message
    assert "block c, 200.0 m from block d" in island.message
    assert shapely.length(shapely.from_wkt(island.geometry)) == 200.0
    assert "the blocks are in 2 pieces" in messages(problems)[-1]


def test_overlaps_wider_than_the_tolerance_are_placed():
    adjacency, problems = measure_borders(row(2, apart=-20.0), ids=["west", "east"])
    assert adjacency.pairs().tolist() == [[0, 1]]
    (overlap,) = problems.warnings
    assert overlap.message == "the block overlaps block east by 2,000 m², wider than 1 m"
    assert overlap.row == "west"
    assert shapely.from_wkt(overlap.geometry).equals(shapely.box(80, 0, 100, 100))
    assert len(measure_borders(row(2, apart=-0.9))[1]) == 0


def test_holes_in_the_map_are_placed():
    ring = np.array([shapely.box(0, 0, 300, 100), shapely.box(0, 200, 300, 300), shapely.box(0, 100, 100, 200)])
    whole = np.concatenate([ring, [shapely.box(200, 100, 300, 200)]])
    (gap,) = measure_borders(whole)[1].warnings
    assert gap.message.startswith("10,000 m² inside the map")
    assert shapely.from_wkt(gap.geometry).equals(shapely.box(100, 100, 200, 200))


def test_slivers_are_reported():
    blocks = np.array([shapely.box(0, 0, 100, 100), shapely.box(100, 0, 101.5, 100), shapely.box(101.5, 0, 200, 100)])
    adjacency, problems = measure_borders(blocks)
    assert adjacency.pairs().tolist() == [[0, 1], [1, 2]]
    assert [item.row for item in problems if "sliver" in item.message] == ["2"]


def test_broken_polygons_are_repaired_for_measuring():
    bow = shapely.Polygon([(100, 0), (200, 100), (200, 0), (100, 100)])
    blocks = np.array([row(1)[0], bow])
    adjacency, problems = measure_borders(blocks, ids=["a", "bow"])
    assert adjacency.pair_border_m().tolist() == [100.0]
    broken = next(item for item in problems if item.row == "bow")
    assert "Self-intersection" in broken.message
    assert "5,000 m²" in broken.message
    assert blocks[1] is bow


def test_missing_and_empty_polygons_touch_nothing():
    blocks = np.array([*row(2), None, shapely.Polygon()], dtype=object)
    adjacency, problems = measure_borders(blocks)
    assert adjacency.pairs().tolist() == [[0, 1]]
    assert sum("no polygon is drawn there" in text for text in messages(problems)) == 2


def test_many_faults_are_counted_at_the_end():
    count = LISTED + 30
    left = np.arange(count) * 1000.0
    islands = shapely.box(left, 0, left + 100, 100)
    _, problems = measure_borders(islands)
    assert sum("no shared border" in text for text in messages(problems)) == LISTED
    assert f"{count - 1 - LISTED} more islands are not listed" in messages(problems)


def test_no_blocks_and_one_block():
    empty, problems = measure_borders(np.empty(0, dtype=object))
    assert (len(empty), len(problems)) == (0, 0)
    one, problems = measure_borders(row(1))
    assert (len(one), len(one.pairs()), len(problems)) == (1, 0, 0)


@pytest.mark.parametrize(
    "wrong", [{"tolerance_m": 0.0}, {"tolerance_m": float("nan")}, {"min_border_m": -1.0}, {"barrier_m": -1.0}]
)
def test_tolerances_must_make_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong)).split("_")[0]):
        BorderOptions(**wrong)
