"""explain(): a school to which no way is known is far, not at the door."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district

from xuequ.solver.explanation import explain
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage

WHAT = {"stage": Stage.PRIMARY, "year": 2026}


def row(*lost, pupils=12, locks=(), together=()):
    """Six blocks in a row, a school at each end; ``lost`` are the ways (block, school) that are not known."""
    district = grid_district(6, 1, (0, 5), pupils=pupils, rooms=6, years=(2026,))
    matrix = district.distances.to_matrix().copy()
    for block, school in lost:
        matrix[block, school] = np.inf
    zoning = ZoningOptions(regime="full", locks=locks, keep_together=together)
    return district.replace(distances=Distances.from_matrix(matrix), options=Options(zoning=zoning))


def plan_of(district, zone):
    item = Catchments(Stage.PRIMARY, 2026, ((0,), (1,)), np.array(zone))
    return Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "full", catchments=(item,))


def told(district, block, zone=None):
    return explain(district, None if zone is None else plan_of(district, zone), block=block, **WHAT).sentence


def test_a_school_that_a_lock_gives_without_a_way_is_not_the_nearest():
    district = row((1, 1), locks=(Lock("b0_1", Stage.PRIMARY, "s1"), Lock("b0_2", Stage.PRIMARY, "s1")))
    assert told(district, "b0_1").endswith("reaches no school that it may have")


def test_without_any_way_no_school_is_called_the_nearest():
    sentence = told(row((2, 0), (2, 1)), "b0_2", [0, 0, 1, 1, 1, 1])
    assert sentence == "block b0_2 is given to s1 School 1; no way on foot is known to a school that it may have"


def test_a_set_kept_together_of_which_one_block_lacks_a_way():
    """b0_1 and b0_4 are one; b0_1 has no way to s1, b0_4 none to s0: each has a nearest of its own."""
    district = row((1, 1), (4, 0), together=(("b0_1", "b0_4"),))
    zone = [0, 0, 0, 0, 0, 1]
    assert told(district, "b0_1", zone).startswith(
        "block b0_1 is given to s0 School 0, the nearest school that it may have, 200 m"
    )
    assert "its nearest school is s1" in told(district, "b0_4", zone)


@pytest.mark.parametrize(
    ("district", "block", "words"),
    [
        (row(together=(("b0_1", "b0_2", "b0_3"),)), "b0_1", "the nearest school that it may have is s0 School 0, 200 m away"),
        (row(pupils=np.array([12, 12, 12, 12, 0, 12])), "b0_4", "the nearest school that it may have is s1 School 1, 200 m away"),
    ],
    ids=["of the block, not of its set", "without pupils"],
)
def test_the_way_that_is_told(district, block, words):
    assert words in told(district, block)


@pytest.mark.parametrize(
    ("lost", "s0", "s1"),
    [((), 36, 36), (((3, 1),), 48, 24), (((3, 0), (3, 1)), 36, 24)],
    ids=["all ways known", "one lost", "none left"],
)
def test_a_school_is_nearest_only_for_those_who_have_a_way(lost, s0, s1):
    sentences = [explain(row(*lost), school=name, **WHAT).sentence for name in ("s0", "s1")]
    assert [sentence.partition("nearest for ")[2] for sentence in sentences] == [f"{s0} pupils", f"{s1} pupils"]


def test_a_block_apart_without_ways_is_told_too():
    district = row((3, 0), (3, 1))
    apart = district.replace(adjacency=Adjacency.from_pairs(6, np.array([[0, 1], [1, 2], [4, 5]])))
    assert "reaches no school" in told(apart, "b0_3")
