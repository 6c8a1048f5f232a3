"""Which blocks a set kept together binds: its members, those that join its parts, and all that share one with it."""

from __future__ import annotations

import itertools

import networkx as nx
import numpy as np
import pytest
from districts import grid_district
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.together import bound_sets

ROW = Adjacency.from_pairs(8, np.array([[k, k + 1] for k in range(7)]))
"""Eight blocks in a row."""
BANKS = Adjacency.from_pairs(8, np.array([[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7]]))
"""The same with a river between the fourth and the fifth."""


@pytest.mark.parametrize(
    ("graph", "groups", "expected"),
    [
        pytest.param(ROW, [], (), id="none"),
        pytest.param(ROW, [[3]], (), id="one block binds nobody"),
        pytest.param(ROW, [[]], (), id="nor does an empty set"),
        pytest.param(ROW, [[2, 1]], ((1, 2),), id="neighbours"),
        pytest.param(ROW, [[1, 1, 2]], ((1, 2),), id="named twice"),
        pytest.param(ROW, [[1, 4]], ((1, 2, 3, 4),), id="what lies between joins them"),
        pytest.param(ROW, [[7, 0, 3]], (tuple(range(8)),), id="three parts"),
        pytest.param(ROW, [[0, 1], [1, 2]], ((0, 1, 2),), id="sets that share a block are one"),
        pytest.param(ROW, [[0, 3], [2, 5]], ((0, 1, 2, 3, 4, 5),), id="sets that share a block by what joins them"),
        pytest.param(ROW, [[0, 1], [6, 7]], ((0, 1), (6, 7)), id="two sets apart"),
        pytest.param(BANKS, [[3, 4]], ((3, 4),), id="no way over the river"),
        pytest.param(BANKS, [[1, 5, 3]], ((1, 2, 3, 5),), id="joined on their own bank"),
        pytest.param(BANKS, [[5, 0, 7, 2]], ((0, 1, 2, 5, 6, 7),), id="joined on both banks"),
        pytest.param(BANKS, [[0, 5], [5, 3]], ((0, 1, 2, 3, 5),), id="joined over the other bank's block, on their own"),
    ],
)
def test_what_a_set_binds(graph, groups, expected):
    assert bound_sets(graph, groups) == expected


def test_the_shortest_way_joins():
    """Of the ways around a pond the shorter one."""
    graph = Adjacency.from_pairs(7, np.array([[0, 1], [1, 2], [2, 3], [0, 4], [4, 5], [5, 6], [6, 3]]))
    assert bound_sets(graph, [[0, 3]]) == ((0, 1, 2, 3),)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_sets_hold_their_groups_are_disjoint_and_whole_in_each_part(seed):
    rng = np.random.default_rng(seed)
    whole = grid_district(5, 4, (0, 19)).adjacency
    pairs = whole.pairs()
    graph = Adjacency.from_pairs(20, pairs[rng.random(len(pairs)) > 0.25])
    groups = [rng.choice(20, int(rng.integers(1, 5)), replace=False).tolist() for _ in range(int(rng.integers(0, 4)))]
    sets = bound_sets(graph, groups)
    assert all(not set(a) & set(b) for a, b in itertools.combinations(sets, 2))
    bound = {i: members for members in sets for i in members}
    for group in groups:
        assert len({bound.get(i, (i,)) for i in group}) == 1
    oracle = graph.to_networkx([str(i) for i in range(20)])
    for members in sets:
        part = oracle.subgraph(map(str, members))
        apart = {frozenset(nx.node_connected_component(oracle, str(i))) for i in members}
        assert nx.number_connected_components(part) == len(apart)
    asked = {i for group in groups if len(set(group)) > 1 for i in group}
    assert asked <= bound.keys()
    assert bound_sets(graph, sets) == sets
