"""How lines become a network: nothing is lost, what meets is joined, what barriers cross is cut."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.roads import RoadNetwork, RoadOptions, report_pieces
from xuequ.zoning.problems import Problems

seeds = st.integers(0, 2**32 - 1)


def whole_number_lines(rng, count=12, size=12):
    """Lines between corners of a small grid, so that ends and vertices often coincide."""
    walks = []
    for _ in range(count):
        steps = rng.integers(-3, 4, (int(rng.integers(1, 5)), 2))
        steps = steps[(steps != 0).any(axis=1)]
        corners = np.cumsum(np.vstack([rng.integers(0, size, 2), steps]), axis=0) * 10.0
        if len(corners) > 1:
            walks.append(shapely.LineString(corners))
    return np.array(walks, dtype=object)


def meeting(lines):
    """Return pieces of lines that share a vertex with another, by brute force."""
    corners = [{tuple(at) for at in shapely.get_coordinates(line)} for line in lines]
    ends = [{tuple(shapely.get_coordinates(line)[k]) for k in (0, -1)} for line in lines]
    piece = list(range(len(lines)))
    for i in range(len(lines)):
        for j in range(i):
            on = any(shapely.distance(shapely.Point(at), lines[j]) < 1e-9 for at in ends[i])
            on |= any(shapely.distance(shapely.Point(at), lines[i]) < 1e-9 for at in ends[j])
            if on or corners[i] & corners[j]:
                old, new = piece[i], piece[j]
                piece = [new if each == old else each for each in piece]
    return len(set(piece))


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_no_metre_is_lost(seed):
    lines = whole_number_lines(np.random.default_rng(seed))
    total = shapely.length(lines).sum()
    for split_at in ("vertices", "ends"):
        network = RoadNetwork.from_lines(lines, options=RoadOptions(split_at))
        assert np.isclose(network.metres.sum(), total)
        assert np.allclose(network.metres, shapely.length(network.lines))
        ends = shapely.get_coordinates([shapely.get_point(network.lines, k) for k in (0, -1)]).reshape(2, -1, 2)
        assert np.array_equal(network.points[network.edges[:, 0]], ends[0])
        assert np.array_equal(network.points[network.edges[:, 1]], ends[1])
        assert len(np.unique(network.points, axis=0)) == len(network)


@settings(max_examples=60, deadline=None)
@given(seeds)
def test_lines_that_meet_are_in_one_piece(seed):
    lines = whole_number_lines(np.random.default_rng(seed), count=7)
    network = RoadNetwork.from_lines(lines)
    assert network.components().max() + 1 == meeting(lines)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_the_order_and_direction_of_lines_do_not_matter(seed):
    rng = np.random.default_rng(seed)
    lines = whole_number_lines(rng)
    turned = np.where(rng.random(len(lines)) < 0.5, shapely.reverse(lines), lines)[rng.permutation(len(lines))]
    first, second = RoadNetwork.from_lines(lines), RoadNetwork.from_lines(turned)
    assert np.array_equal(first.points, second.points)
    assert np.allclose(first.graph().toarray(), second.graph().toarray())


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_a_barrier_cuts_what_it_crosses(seed):
    rng = np.random.default_rng(seed)
    lines = whole_number_lines(rng)
    wall = shapely.LineString(rng.uniform(-20, 140, (3, 2)))
    free, cut = RoadNetwork.from_lines(lines), RoadNetwork.from_lines(lines, barriers=[wall])
    crossing = shapely.intersects(free.lines, wall)
    assert np.isclose(cut.metres.sum(), free.metres[~crossing].sum())
    spared = RoadNetwork.from_lines(lines, barriers=[wall], bridges=np.ones(len(lines), dtype=bool))
    assert np.array_equal(spared.edges, free.edges)


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(1, 40))
def test_joining_is_that_of_every_pair(seed, within_m):
    rng = np.random.default_rng(seed)
    network = RoadNetwork.from_lines(whole_number_lines(rng, count=6))
    joined = network.joined(within_m)
    gap = np.hypot(*(network.points[:, None] - network.points[None]).transpose(2, 0, 1))
    near = {(i, j) for i, j in np.argwhere(gap <= within_m).tolist() if i < j}
    had = {tuple(sorted(edge)) for edge in network.edges.tolist()}
    new = [tuple(sorted(edge)) for edge in joined.edges[joined.linked].tolist()]
    assert sorted(new) == sorted(near - had)


@settings(max_examples=40, deadline=None)
@given(seeds)
def test_what_is_told_of_joining_is_what_joining_does(seed):
    rng = np.random.default_rng(seed)
    lines = whole_number_lines(rng, count=6, size=25)
    network = RoadNetwork.from_lines(lines)
    problems = Problems()
    report_pieces(network, problems)
    pieces = int(network.components().max()) + 1
    if pieces == 1:
        assert len(problems) == 0
        return
    (warning,) = problems.warnings
    assert f"in {pieces} pieces" in warning.message
    for metres in (10.0, 20.0, 50.0):
        left = int(network.joined(metres).components().max()) + 1
        assert (f"{metres:g} m leaves {left}" in warning.fix) == (left < pieces)


@settings(max_examples=40, deadline=None)
@given(seeds, st.floats(0, 1))
def test_what_is_left_of_a_network_has_no_fragment(seed, least_piece):
    network = RoadNetwork.from_lines(whole_number_lines(np.random.default_rng(seed)))
    main = network.main(least_piece)
    length = np.bincount(main.components()[main.edges[:, 0]], weights=main.metres)
    assert length.min() >= least_piece * length.max() - 1e-9
    whole = np.bincount(network.components()[network.edges[:, 0]], weights=network.metres)
    assert np.isclose(length.max(), whole.max())
    assert len(length) == (whole >= least_piece * whole.max()).sum()


@pytest.mark.parametrize("seed", [217, 441, 1152, 1205, 1230])
def test_a_line_that_comes_back_by_the_same_way_is_met_on_each_pass(seed):
    """Found by the property above: a road that ends on such a line got a vertex on the first pass only."""
    rng = np.random.default_rng(seed)
    lines = whole_number_lines(rng)
    turned = np.where(rng.random(len(lines)) < 0.5, shapely.reverse(lines), lines)[rng.permutation(len(lines))]
    first, second = RoadNetwork.from_lines(lines), RoadNetwork.from_lines(turned)
    assert np.array_equal(first.points, second.points)
    assert np.allclose(first.graph().toarray(), second.graph().toarray())
