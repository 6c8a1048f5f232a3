"""Adjacency of random maps: what is drawn a little wrong is read as it was meant."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.borders import BorderOptions, measure_borders

SIDE = 100.0


def drawn_map(columns: int, rows: int, rng: np.random.Generator) -> np.ndarray:
    """Crooked cells that tile a rectangle exactly: shared corners are moved once, shared edges bent once."""
    corners = np.stack(np.meshgrid(np.arange(columns + 1), np.arange(rows + 1)), axis=-1) * SIDE
    corners = corners + rng.uniform(-15, 15, corners.shape)
    bends: dict[tuple, np.ndarray] = {}

    def edge(p: tuple[int, int], q: tuple[int, int]) -> np.ndarray:
        key = (min(p, q), max(p, q))
        if key not in bends:
            a, b = (corners[r, c] for c, r in key)
            inner = a + (b - a) * np.linspace(0, 1, 5)[1:-1, None] + rng.uniform(-5, 5, (3, 2))
            bends[key] = np.vstack([a, inner, b])
        return bends[key] if p == key[0] else bends[key][::-1]

    cells = []
    for r in range(rows):
        for c in range(columns):
            ring = [(c, r), (c + 1, r), (c + 1, r + 1), (c, r + 1), (c, r)]
            cells.append(np.vstack([edge(p, q)[:-1] for p, q in pairwise(ring)]))
    return shapely.polygons(np.array(cells))


def true_pairs(columns: int, rows: int) -> set[tuple[int, int]]:
    index = np.arange(columns * rows).reshape(rows, columns)
    across = zip(index[:, :-1].ravel(), index[:, 1:].ravel(), strict=True)
    up = zip(index[:-1].ravel(), index[1:].ravel(), strict=True)
    return {(int(a), int(b)) for a, b in [*across, *up]}


maps = st.tuples(st.integers(1, 6), st.integers(1, 6), st.integers(0, 2**32 - 1))


@settings(max_examples=40, deadline=None)
@given(maps)
def test_exact_maps_have_exact_borders(case):
    columns, rows, seed = case
    shapes = drawn_map(columns, rows, np.random.default_rng(seed))
    adjacency, problems = measure_borders(shapes)
    assert {tuple(pair) for pair in adjacency.pairs().tolist()} == true_pairs(columns, rows)
    assert len(problems) == 0
    around = shapely.length(shapely.union_all(shapes))
    inner = adjacency.pair_border_m().sum()
    assert np.isclose(shapely.length(shapes).sum(), around + 2 * inner)


@settings(max_examples=40, deadline=None)
@given(maps, st.floats(0, 0.3), st.floats(0, 1))
def test_shifted_blocks_keep_their_neighbours(case, shift, share):
    columns, rows, seed = case
    rng = np.random.default_rng(seed)
    shapes = drawn_map(columns, rows, rng)
    true, _ = measure_borders(shapes)
    by = rng.uniform(-shift, shift, (len(shapes), 2)) * (rng.random((len(shapes), 1)) < share)
    moved = np.array([shapely.transform(shape, lambda at, by=move: at + by) for shape, move in zip(shapes, by, strict=True)])
    adjacency, _ = measure_borders(moved)
    assert adjacency.pairs().tolist() == true.pairs().tolist()
    assert np.allclose(adjacency.pair_border_m(), true.pair_border_m(), atol=4.0)


@settings(max_examples=25, deadline=None)
@given(maps, st.integers(1, 5))
def test_a_river_cuts_all_that_lies_on_both_sides(case, column):
    columns, rows, seed = case
    column = min(column, columns)
    shapes = drawn_map(columns, rows, np.random.default_rng(seed))
    west = np.arange(columns * rows) % columns < column
    banks = shapely.intersection(shapely.union_all(shapes[west]), shapely.union_all(shapes[~west]))
    options = BorderOptions(barrier_m=3.0)
    adjacency, _ = measure_borders(shapes, options=options, barriers=[banks] if column < columns else [])
    pairs = adjacency.pairs()
    assert (west[pairs[:, 0]] == west[pairs[:, 1]]).all()
    kept = {(a, b) for a, b in true_pairs(columns, rows) if west[a] == west[b]}
    assert {tuple(pair) for pair in pairs.tolist()} == kept


@settings(max_examples=25, deadline=None)
@given(maps)
def test_the_order_of_blocks_does_not_matter(case):
    columns, rows, seed = case
    rng = np.random.default_rng(seed)
    shapes = drawn_map(columns, rows, rng)
    order = rng.permutation(len(shapes))
    first, _ = measure_borders(shapes)
    second, _ = measure_borders(shapes[order])
    back = np.sort(order[second.pairs()], axis=1)
    assert sorted(back.tolist()) == first.pairs().tolist()
