"""Distances in compressed rows, demand, and catchments."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from xuequ.zoning.catchments import Catchments, pooled_zones
from xuequ.zoning.demand import Demand
from xuequ.zoning.distances import Distances
from xuequ.zoning.stage import GRADES, Grade, Stage


@given(arrays(float, st.tuples(st.integers(1, 6), st.integers(1, 5)), elements=st.one_of(st.floats(0, 1e5), st.just(np.inf))))
def test_a_matrix_comes_back(matrix):
    distances = Distances.from_matrix(matrix)
    assert np.array_equal(distances.to_matrix(), matrix)
    blocks, schools = np.indices(matrix.shape).reshape(2, -1)
    assert np.array_equal(distances.lookup(blocks, schools), matrix.ravel())


def test_no_school_is_infinitely_far():
    distances = Distances.from_matrix(np.array([[1.0, np.inf]]))
    assert distances.lookup(np.array([0, 0]), np.array([-1, 1])).tolist() == [np.inf, np.inf]
    empty = Distances.from_matrix(np.full((2, 2), np.inf))
    assert np.isinf(empty.lookup(np.array([1]), np.array([1]))).all()


def test_demand_by_stage_is_the_sum_of_its_grades():
    demand = grid_district().demand
    for stage in Stage:
        total = sum(demand.of_grade(grade, 2026) for grade in stage.grades)
        assert np.array_equal(demand.of_stage(stage, 2026), total)


@pytest.mark.parametrize(("year", "scenario", "words"), [(2050, "middle", "2025 to 2030"), (2026, "high", "there are middle")])
def test_demand_says_what_it_has(year, scenario, words):
    with pytest.raises(KeyError, match=words):
        grid_district().demand.by_grade(year, scenario)


def test_demand_of_another_shape_is_refused():
    with pytest.raises(ValueError, match="shape"):
        Demand((2026,), np.zeros((1, 2, len(GRADES), 3)))


def test_grades_have_their_own_place():
    pupils = np.zeros((1, 1, len(GRADES), 1))
    pupils[0, 0, GRADES.index(Grade.G7)] = 5
    demand = Demand((2026,), pupils)
    assert demand.of_stage(Stage.JUNIOR, 2026).tolist() == [5]
    assert demand.of_stage(Stage.PRIMARY, 2026).tolist() == [0]


def test_single_school_zones():
    chosen = Catchments.from_schools(Stage.PRIMARY, 2026, [4, 4, -1, 2])
    assert chosen.zones == ((2,), (4,))
    assert chosen.zone.tolist() == [1, 1, -1, 0]
    assert chosen.first_school().tolist() == [4, 4, -1, 2]
    assert chosen.zone_ids(["a", "b", "c", "d", "e"]) == ("c", "e")


def test_schools_in_one_block_pool_their_seats():
    block = np.array([7, 3, 7, -1, -1])
    assert pooled_zones(np.arange(5), block) == ((0, 2), (1,), (3,), (4,))
    assert pooled_zones(np.array([1, 2]), block) == ((1,), (2,))
    chosen = Catchments(Stage.PRIMARY, 2026, ((0, 2),), [0])
    assert chosen.zone_ids(["a", "b", "c"]) == ("a;c",)
