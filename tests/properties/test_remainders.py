"""Whole numbers of many groups at once: each group as if it were alone."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.forecasting import whole_children
from xuequ.zoning.arrays import largest_remainder, largest_remainders

groups = st.lists(st.tuples(st.integers(0, 6), st.sampled_from([0.0, 0.1, 0.25, 1.0, 1 / 3, 7.3, 12.0])), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None)
@given(groups, st.lists(st.integers(0, 60), min_size=7, max_size=7))
def test_every_group_is_rounded_as_if_it_were_alone(parts, totals):
    number, shares = (np.array(column) for column in zip(*parts, strict=True))
    found = largest_remainders(shares, np.array(totals), number)
    for k in np.unique(number):
        inside = number == k
        assert found[inside].tolist() == largest_remainder(shares[inside], totals[k]).tolist()


@settings(max_examples=100, deadline=None)
@given(groups)
def test_children_are_whole_in_district_communities_and_blocks(parts):
    number, children = (np.array(column) for column in zip(*parts, strict=True))
    community = np.unique(number, return_inverse=True)[1]
    whole = whole_children(children, community)
    assert whole.sum() == round(children.sum())
    for k in range(community.max() + 1):
        inside = community == k
        assert abs(whole[inside].sum() - children[inside].sum()) < 1 + 1e-9
        # No block is more than a child from its part of what the community has.
        part = children[inside] / children[inside].sum() if children[inside].sum() else np.full(inside.sum(), 1 / inside.sum())
        assert (np.abs(whole[inside] - part * whole[inside].sum()) < 1 + 1e-9).all()


@pytest.mark.parametrize(
    ("shares", "totals", "group", "expected"),
    [
        ([], [], [], []),
        ([1.0, 1.0, 1.0], [4], [0, 0, 0], [2, 1, 1]),  # ties go to the first
        ([0.0, 0.0, 5.0], [3, 2], [0, 0, 1], [2, 1, 2]),  # no weight at all: equal
        ([1.0, 3.0], [0, 9, 5], [2, 1], [5, 9]),  # a group without parts has nothing to give
        ([3.0, 1.0, 3.0, 1.0], [7, 1], [0, 1, 0, 1], [4, 1, 3, 0]),  # groups may lie among each other
        ([0.1 + 0.2, 0.3], [2], [0, 0], [1, 1]),
    ],
)
def test_by_hand(shares, totals, group, expected):
    found = largest_remainders(np.array(shares), np.array(totals, dtype=int), np.array(group, dtype=int))
    assert found.tolist() == expected


def test_what_a_quotient_rounds_up_is_taken_back():
    """A share that comes out a hair above a whole number must not make one child too many."""
    rng = np.random.default_rng(5)
    for _ in range(300):
        count = int(rng.integers(2, 9))
        shares = rng.integers(1, 50, count) / 10.0 * 3.0000000000000004
        total = int(rng.integers(1, 10) * rng.integers(1, 1000))
        group = np.zeros(count, dtype=int)
        assert largest_remainders(shares, np.array([total]), group).sum() == total
