"""Faults planted in a clean map are found, where they are and as large as they are; nothing else is."""

from __future__ import annotations

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.borders import BorderOptions, measure_borders

SIDE = 50.0
cases = st.tuples(st.integers(3, 7), st.integers(3, 7), st.integers(0, 2**32 - 1))


def squares(columns, rows):
    at = [(c * SIDE, r * SIDE) for r in range(rows) for c in range(columns)]
    return np.array([shapely.box(x, y, x + SIDE, y + SIDE) for x, y in at])


def inner_cell(columns, rows, rng):
    return int(rng.integers(1, rows - 1)) * columns + int(rng.integers(1, columns - 1))


def told(problems, words):
    return [item for item in problems if words in item.message]


@settings(max_examples=30, deadline=None)
@given(cases)
def test_a_missing_block_is_a_gap(case):
    columns, rows, seed = case
    shapes = squares(columns, rows)
    gone = inner_cell(columns, rows, np.random.default_rng(seed))
    _, problems = measure_borders(np.delete(shapes, gone))
    (gap,) = problems.warnings
    assert "2,500 m² inside the map" in gap.message
    assert shapely.from_wkt(gap.geometry).equals(shapes[gone])


@settings(max_examples=30, deadline=None)
@given(cases, st.floats(1.5, 20))
def test_a_grown_block_overlaps_its_neighbours(case, grown):
    columns, rows, seed = case
    shapes = squares(columns, rows)
    clean, _ = measure_borders(shapes)
    cell = inner_cell(columns, rows, np.random.default_rng(seed))
    x, y, right, top = shapely.bounds(shapes[cell])
    shapes[cell] = shapely.box(x - grown, y - grown, right + grown, top + grown)
    adjacency, problems = measure_borders(shapes, ids=[f"b{i}" for i in range(len(shapes))])
    overlaps = told(problems, "overlaps block")
    assert len(overlaps) == 8  # its neighbours at the corners too
    assert len(problems) == 8
    own = f"b{cell}"
    for item in overlaps:
        assert (item.row == own) or f"block {own} " in item.message
        area = shapely.area(shapely.from_wkt(item.geometry))
        assert np.isclose(area, grown * SIDE, atol=1) or np.isclose(area, grown**2, atol=1)
    assert {tuple(pair) for pair in clean.pairs().tolist()} <= {tuple(pair) for pair in adjacency.pairs().tolist()}


@settings(max_examples=30, deadline=None)
@given(cases, st.floats(0.05, 1.5))
def test_a_thin_block_is_a_sliver(case, width):
    columns, rows, seed = case
    shapes = squares(columns, rows)
    cell = int(np.random.default_rng(seed).integers(len(shapes)))
    x, y, right, top = shapely.bounds(shapes[cell])
    shapes[cell] = shapely.box(x, y, right - width, top)
    shapes = np.append(shapes, shapely.box(right - width, y, right, top))
    adjacency, problems = measure_borders(shapes)
    (sliver,) = told(problems, "is a sliver")
    assert sliver.row == str(len(shapes))
    assert cell in adjacency.of(len(shapes) - 1)
    assert len(problems) == 1


@settings(max_examples=30, deadline=None)
@given(cases, st.floats(1.2, 30))
def test_two_halves_apart_are_two_pieces(case, apart):
    columns, rows, _ = case
    shapes = squares(columns, rows)
    east = np.arange(len(shapes)) % columns >= columns // 2
    shapes[east] = shapely.transform(shapes[east], lambda at: at + np.array([apart, 0.0]))
    adjacency, problems = measure_borders(shapes)
    assert adjacency.components().max() == 1
    assert (adjacency.components()[east] == adjacency.components()[east][0]).all()
    (island,) = told(problems, "no shared border leads from")
    assert f"{apart:,.1f} m from block" in island.message
    assert np.isclose(shapely.length(shapely.from_wkt(island.geometry)), apart, atol=0.02)
    assert len(told(problems, "in 2 pieces")) == 1
    beside = told(problems, "runs beside")
    assert len(beside) == (rows if apart <= 10.0 else 0)
    wide, fewer = measure_borders(shapes, options=BorderOptions(tolerance_m=apart + 0.1))
    assert wide.components().max() == 0
    assert len(wide.pairs()) == len(adjacency.pairs()) + rows
    assert not told(fewer, "runs beside")


@settings(max_examples=20, deadline=None)
@given(cases, st.floats(2, 30), st.floats(0.0, 0.3))
def test_streets_between_all_blocks_are_bridged_by_their_width(case, street, slack):
    columns, rows, _ = case
    at = [(c * (SIDE + street), r * (SIDE + street)) for r in range(rows) for c in range(columns)]
    shapes = np.array([shapely.box(x, y, x + SIDE, y + SIDE) for x, y in at])
    adjacency, problems = measure_borders(shapes, options=BorderOptions(tolerance_m=street * (1 + slack) + 0.01))
    assert len(adjacency.pairs()) == 2 * columns * rows - columns - rows  # sides, not corners
    assert adjacency.border_m.min() > 0.7 * SIDE
    assert not told(problems, "pieces")


@settings(max_examples=20, deadline=None)
@given(cases)
def test_links_join_what_they_name_and_nothing_more(case):
    columns, rows, seed = case
    rng = np.random.default_rng(seed)
    shapes = squares(columns, rows)
    links = rng.integers(0, len(shapes), (5, 2))
    links = links[links[:, 0] != links[:, 1]]
    plain, _ = measure_borders(shapes)
    linked, problems = measure_borders(shapes, links=links)
    before = {tuple(pair) for pair in plain.pairs().tolist()}
    after = {tuple(pair) for pair in linked.pairs().tolist()}
    assert after - before <= {tuple(sorted(pair)) for pair in links.tolist()}
    assert before <= after
    assert linked.border_m.sum() == plain.border_m.sum()
    assert len(problems) == 0
