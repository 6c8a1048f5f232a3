"""Hard districts by networkx and by counting: seats in lumps, a connected plan that fits, ways along crooked streets, memory."""

from __future__ import annotations

import subprocess
import sys
import tracemalloc

import networkx as nx
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.synthetic import HardOptions, hard_district, hard_district_and_solution
from xuequ.zoning.places import NEVER
from xuequ.zoning.stage import Stage

PRIMARY = list(Stage).index(Stage.PRIMARY)
sizes = st.tuples(st.integers(30, 220), st.integers(2, 9), st.integers(0, 300))


def graph_of(district):
    graph = nx.Graph()
    graph.add_nodes_from(range(len(district.blocks)))
    pairs = district.adjacency.pairs()
    straight = np.hypot(*(district.blocks.points[pairs[:, 0]] - district.blocks.points[pairs[:, 1]]).T)
    graph.add_weighted_edges_from((int(a), int(b), float(m)) for (a, b), m in zip(pairs, straight, strict=True))
    return graph


def loads(district, solution):
    pupils = district.demand.of_stage(Stage.PRIMARY, 2026)
    return np.bincount(solution.first_school(), weights=pupils, minlength=len(district.schools)).astype(int)


@settings(max_examples=30, deadline=None)
@given(sizes, st.sampled_from([0.0, 0.03, 0.2, 1.0]), st.sampled_from([1, 15, 45, 100]))
def test_seats_are_the_fewest_lumps_that_leave_the_slack(size, slack, lump):
    blocks, schools, seed = size
    district, solution = hard_district_and_solution(HardOptions(blocks, schools, slack, seed, lump=lump))
    for load, seats in zip(loads(district, solution), district.schools.seats[:, PRIMARY].tolist(), strict=True):
        wanted = int(np.ceil(load * (1 + slack)))
        assert seats % lump == 0
        assert seats >= max(wanted, 1)
        assert seats - lump < max(wanted, 1)


@settings(max_examples=30, deadline=None)
@given(sizes)
def test_more_slack_changes_seats_and_nothing_else(size):
    blocks, schools, seed = size
    tight, loose = (hard_district_and_solution(HardOptions(blocks, schools, slack, seed)) for slack in (0.0, 0.4))
    assert (loose[0].schools.seats >= tight[0].schools.seats).all()
    assert np.array_equal(loose[1].first_school(), tight[1].first_school())
    assert np.array_equal(loose[0].demand.pupils, tight[0].demand.pupils)
    assert np.array_equal(loose[0].distances.metres, tight[0].distances.metres)
    assert shapely.equals_exact(loose[0].blocks.geometry, tight[0].blocks.geometry, 0.0).all()


@settings(max_examples=30, deadline=None)
@given(sizes)
def test_the_hidden_plan_is_connected_and_fits_by_networkx(size):
    blocks, schools, seed = size
    district, solution = hard_district_and_solution(HardOptions(blocks, schools, 0.05, seed))
    graph, school = graph_of(district), solution.first_school()
    assert nx.is_connected(graph)
    for j in range(schools):
        inside = np.flatnonzero(school == j)
        assert district.schools.block[j] in inside
        assert nx.is_connected(graph.subgraph(inside.tolist()))
    assert (loads(district, solution) <= district.schools.seats[:, PRIMARY]).all()


@settings(max_examples=25, deadline=None)
@given(sizes)
def test_straight_streets_give_the_shortest_ways_of_networkx(size):
    blocks, schools, seed = size
    district, _ = hard_district_and_solution(HardOptions(blocks, schools, seed=seed, crooked=1.0, nearest=schools))
    graph, found = graph_of(district), district.distances.to_matrix()
    for j, root in enumerate(district.schools.block.tolist()):
        ways = nx.single_source_dijkstra_path_length(graph, root)
        expected = np.array([ways[i] for i in range(blocks)])
        known = np.isfinite(found[:, j])
        assert found[known, j] == pytest.approx(expected[known], abs=0.051)


@settings(max_examples=25, deadline=None)
@given(sizes, st.sampled_from([1.0, 1.8, 3.0]))
def test_a_neighbour_is_no_further_than_a_crooked_street(size, crooked):
    """Along a street between neighbours a way can grow by its length at most, and that is so many times the straight one."""
    blocks, schools, seed = size
    district, _ = hard_district_and_solution(HardOptions(blocks, schools, seed=seed, crooked=crooked, nearest=schools))
    matrix = district.distances.to_matrix()
    pairs = district.adjacency.pairs()
    straight = np.hypot(*(district.blocks.points[pairs[:, 0]] - district.blocks.points[pairs[:, 1]]).T)
    a, b = matrix[pairs[:, 0]], matrix[pairs[:, 1]]
    both = np.isfinite(a) & np.isfinite(b)
    grown = np.abs(np.where(both, a, 0.0) - np.where(both, b, 0.0))
    assert (grown <= crooked * straight[:, None] + 0.11).all()


@settings(max_examples=25, deadline=None)
@given(sizes, st.integers(1, 6))
def test_a_block_knows_its_nearest_schools_and_the_one_of_the_plan(size, nearest):
    blocks, schools, seed = size
    few, solution = hard_district_and_solution(HardOptions(blocks, schools, seed=seed, nearest=nearest))
    every = hard_district_and_solution(HardOptions(blocks, schools, seed=seed, nearest=schools))[0].distances.to_matrix()
    found = few.distances.to_matrix()
    for i in range(blocks):
        known = np.flatnonzero(np.isfinite(found[i]))
        assert solution.first_school()[i] in known
        others = [j for j in known if j != solution.first_school()[i]]
        # Whoever is listed for nearness is no further than anybody who is not.
        left_out = np.setdiff1d(np.flatnonzero(np.isfinite(every[i])), known)
        if others and len(left_out):
            assert found[i, others].max() <= every[i, left_out].min() + 0.11
        assert len(known) <= nearest + 1


@settings(max_examples=20, deadline=None)
@given(sizes)
def test_records_of_a_hard_district_hold_together(size):
    blocks, schools, seed = size
    district, solution = hard_district_and_solution(HardOptions(blocks, schools, seed=seed))
    assert len(set(district.blocks.ids)) == blocks
    assert list(district.blocks.ids) == sorted(district.blocks.ids)
    assert len(set(district.schools.block.tolist())) == schools
    assert np.array_equal(district.schools.points, district.blocks.points[district.schools.block])
    assert shapely.contains(district.blocks.geometry, shapely.points(district.blocks.points)).all()
    assert (district.schools.opened < NEVER).all()
    assert (solution.stage, solution.year) == (Stage.PRIMARY, 2026)
    assert district.demand.of_stage(Stage.JUNIOR, 2026).sum() == 0
    assert district.demand.of_stage(Stage.PRIMARY, 2026).sum() == district.demand.by_grade(2026).sum() > 0


def test_any_process_makes_the_same_district():
    """The order of sets and the seed of hashes play no part."""
    seed = 7
    script = (
        "from xuequ.data.synthetic import hard_district as h;"
        f"print(h(400, 12, slack=0.02, seed={seed}).fingerprint, h(90, 4, seed={seed}).fingerprint)"
    )
    here = f"{hard_district(400, 12, slack=0.02, seed=seed).fingerprint} {hard_district(90, 4, seed=seed).fingerprint}"
    for hashes in ("0", "4711"):
        done = subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True, env={"PYTHONHASHSEED": hashes}
        )
        assert done.stdout.split() == here.split()


def test_memory_grows_with_the_blocks_and_not_with_their_square():
    peaks = []
    for blocks in (1500, 6000):
        tracemalloc.start()
        hard_district(blocks, blocks // 50, slack=0.03, seed=2)
        peaks.append(tracemalloc.get_traced_memory()[1] / blocks)
        tracemalloc.stop()
    assert peaks[1] < 8_000  # bytes a block: 20,000 blocks in 160 MB
    assert peaks[1] < 2 * peaks[0]
