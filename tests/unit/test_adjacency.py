"""The adjacency graph and the arrays below it."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.arrays import frozen, largest_remainder

PAIRS = np.array([[0, 1], [2, 1], [1, 0], [3, 4]])


def test_pairs_are_kept_once_in_both_directions_with_the_longest_border():
    graph = Adjacency.from_pairs(6, PAIRS, np.array([10.0, 20.0, 30.0, 5.0]))
    assert graph.pairs().tolist() == [[0, 1], [1, 2], [3, 4]]
    assert graph.pair_border_m().tolist() == [30.0, 20.0, 5.0]
    assert graph.of(1).tolist() == [0, 2]
    assert graph.of(5).tolist() == []
    assert len(graph) == 6


def test_components():
    labels = Adjacency.from_pairs(6, PAIRS).components()
    assert labels[0] == labels[1] == labels[2]
    assert labels[3] == labels[4]
    assert len(set(labels.tolist())) == 3


@pytest.mark.parametrize("pairs", [[[0, 0]], [[0, 6]], [[-1, 2]]])
def test_impossible_pairs_are_refused(pairs):
    with pytest.raises(ValueError, match="does not exist"):
        Adjacency.from_pairs(6, np.array(pairs))


def test_no_pairs_at_all():
    graph = Adjacency.from_pairs(3, np.empty((0, 2)))
    assert graph.pairs().shape == (0, 2)
    assert len(set(graph.components().tolist())) == 3


def test_networkx_has_ids_and_borders():
    graph = Adjacency.from_pairs(3, np.array([[0, 2]]), np.array([7.5])).to_networkx(["a", "b", "c"])
    assert set(graph.nodes) == {"a", "b", "c"}
    assert graph.edges["a", "c"]["border_m"] == 7.5


@given(
    st.integers(2, 12).flatmap(
        lambda n: st.tuples(
            st.just(n), st.sets(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)).filter(lambda p: p[0] < p[1]))
        )
    )
)
def test_the_graph_is_that_of_networkx(drawn):
    count, pairs = drawn
    graph = Adjacency.from_pairs(count, np.array(sorted(pairs)).reshape(-1, 2))
    oracle = nx.Graph()
    oracle.add_nodes_from(range(count))
    oracle.add_edges_from(pairs)
    for node in range(count):
        assert graph.of(node).tolist() == sorted(oracle.neighbors(node))
    assert len(set(graph.components().tolist())) == nx.number_connected_components(oracle)


def test_frozen_copies_what_can_be_changed():
    mine = np.array([1, 2])
    kept = frozen(mine, np.int64)
    mine[0] = 9
    assert kept.tolist() == [1, 2]
    assert frozen(kept, np.int64) is kept


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.integers(0, 10_000))
def test_largest_remainder_keeps_the_total_and_is_near(shares, total):
    whole = largest_remainder(np.array(shares), total)
    assert whole.sum() == total
    weights = np.array(shares) if sum(shares) > 0 else np.ones(len(shares))
    assert (np.abs(whole - weights / weights.sum() * total) <= 1 + 1e-6).all()


def test_largest_remainder_breaks_ties_by_place():
    assert largest_remainder(np.array([1.0, 1.0, 1.0]), 4).tolist() == [2, 1, 1]
