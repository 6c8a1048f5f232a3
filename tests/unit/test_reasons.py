"""One word a block: each reason where it holds, the first that does."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from plans import hand_plan, nearest_catchments

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.reasons import REASONS, block_reasons, islands
from xuequ.zoning.rounds import admission_round
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify


def row_district(*, locks=(), together=(), rooms=6, pupils=12):
    """Eight blocks in a row, schools at both ends; today each block has the nearest."""
    district = grid_district(8, 1, (0, 7), pupils=pupils, rooms=rooms, years=(2026,))
    return district.replace(options=Options(zoning=ZoningOptions(locks=locks, keep_together=together)))


def given(zone):
    return Catchments(Stage.PRIMARY, 2026, ((0,), (1,)), np.array(zone))


def reason_of(district, zone, block):
    item = given(zone)
    chosen = admission_round(district, Stage.PRIMARY, 2026, regime="full")
    found = block_reasons(district, chosen, item)
    assert set(found) <= set(REASONS)
    plan = hand_plan(district, item)
    said = [check for check in verify(district, plan).checks if check.name == "assignment.reason"]
    assert all(check.ok for check in said)
    return found[block]


NEAREST = [0, 0, 0, 0, 1, 1, 1, 1]


def test_own_and_nearest():
    district = row_district()
    assert reason_of(district, NEAREST, 0) == "own"
    assert reason_of(district, NEAREST, 1) == "nearest"


def test_none():
    assert reason_of(row_district(), [0, 0, 0, -1, 1, 1, 1, 1], 3) == "none"


@pytest.mark.parametrize(
    "lock", [Lock("b0_3", Stage.PRIMARY, "s1"), Lock("b0_3", Stage.PRIMARY, "s0", must=False)], ids=["must", "must not"]
)
def test_lock(lock):
    assert reason_of(row_district(locks=(lock,)), [0, 0, 0, 1, 1, 1, 1, 1], 3) == "lock"


def test_a_lock_of_another_stage_is_no_reason():
    lock = Lock("b0_3", Stage.JUNIOR, "s1")
    assert reason_of(row_district(locks=(lock,)), NEAREST, 3) == "nearest"


def test_together():
    district = row_district(together=(("b0_3", "b0_4"),))
    assert reason_of(district, [0, 0, 0, 1, 1, 1, 1, 1], 3) == "together"


def test_current():
    district = row_district()
    today = {Stage.PRIMARY: Catchments(Stage.PRIMARY, 2025, ((1,), (0,)), np.array([1, 1, 1, 0, 0, 0, 0, 0]))}
    assert reason_of(district.replace(today=today), [0, 0, 0, 1, 1, 1, 1, 1], 3) == "current"


def test_seats():
    district = row_district(rooms=1, pupils=20)
    assert reason_of(district, [0, 0, 0, 1, 1, 1, 1, 1], 3) == "seats"


def test_connected():
    district = row_district()
    assert reason_of(district, [0, 0, 1, 1, 1, 1, 1, 1], 3) == "connected"


def test_goals():
    assert reason_of(row_district(), [0, 0, 0, 1, 1, 1, 1, 1], 3) == "goals"


@pytest.mark.parametrize(
    ("zone", "together", "reason"),
    [
        ([0, 0, 0, 1, 1, 1, 1, 1], (), "none"),
        ([0, 0, 0, 0, 1, 1, 1, 1], (), "current"),
        ([0, 0, 0, 1, 1, 1, 1, 1], (("b0_3", "b0_4"),), "together"),
    ],
)
def test_a_block_that_reaches_no_school_has_no_nearest_zone_that_would_not_touch_it(zone, together, reason):
    """b0_3 has no way to any school; today it goes to s0."""
    district = row_district(together=together)
    matrix = district.distances.to_matrix().copy()
    matrix[3] = np.inf
    assert reason_of(district.replace(distances=Distances.from_matrix(matrix)), zone, 3) == reason


def test_island():
    district = row_district()
    pairs = district.adjacency.pairs()
    kept = ~(pairs == 3).any(axis=1)
    cut = district.replace(adjacency=Adjacency.from_pairs(8, pairs[kept]))
    chosen = admission_round(cut, Stage.PRIMARY, 2026, regime="full")
    assert np.flatnonzero(islands(cut, chosen.zones)).tolist() == [3]
    assert reason_of(cut, NEAREST, 3) == "island"


def test_the_reason_stands_in_the_file():
    district = row_district()
    matrix = district.distances.to_matrix()
    matrix[3] = np.inf
    cut = district.replace(
        distances=Distances.from_matrix(matrix),
        adjacency=Adjacency.from_pairs(8, np.array([[0, 1], [1, 2], [4, 5], [5, 6], [6, 7]])),
    )
    rows = state(cut, hand_plan(cut, nearest_catchments(cut, Stage.PRIMARY, 2026))).assignment
    assert [row.reason for row in rows] == ["own", *["nearest"] * 2, "none", *["nearest"] * 3, "own"]
    assert rows[3].distance_m is None


def test_zones_of_the_plan_may_be_fewer_than_the_schools():
    district = row_district()
    item = Catchments.from_schools(Stage.PRIMARY, 2026, np.zeros(8))
    chosen = admission_round(district, Stage.PRIMARY, 2026, regime="full")
    found = block_reasons(district, chosen, replace(item))
    assert found[0] == "own"
    assert found[7] == "connected"
