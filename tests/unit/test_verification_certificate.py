"""Certificates in both forms, evaluated in whole numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from lies import proof
from plans import bound_of, certified, hand_plan, nearest_catchments, rich_district

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.plan import Certificate
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify


class TestCertificate:
    """Both forms, evaluated in whole numbers."""

    @pytest.mark.parametrize("form", ["linear", "knapsack"])
    def test_a_true_certificate_holds(self, form):
        district = rich_district()
        plan = certified(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)), form)
        assert plan.certified_bound < plan.objective
        assert plan.certified_bound > 0
        assert verify(district, plan).ok

    def row(self, limit_m=200, pupils=10, **changes):
        """Four blocks in a row, a school at each end: the inner ones have 200 m to one and 400 m to the other."""
        district = grid_district(4, 1, (0, 3), pupils=pupils, rooms=6, years=(2026,), **changes)
        return district.replace(rules=Rules().override({"limit.primary": limit_m}))

    def proved(self, district, goal, form, multipliers, **more):
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
        certificate = Certificate(Stage.PRIMARY, 2026, goal, form, 1000, np.array(multipliers), **more)
        return bound_of(district, plan, certificate)

    @pytest.mark.parametrize("form", ["linear", "knapsack"])
    def test_distance_by_hand(self, form):
        multipliers = [0, 0] if form == "linear" else [0, 2000, 2000, 0]
        assert self.proved(self.row(), "distance", form, multipliers) == 4.0

    @pytest.mark.parametrize(("limit_m", "pupils"), [(200, 0.0), (199, 20.0)])
    def test_too_far_is_above_the_limit(self, limit_m, pupils):
        assert self.proved(self.row(limit_m), "too_far", "linear", [0, 0]) == pupils

    def test_moved_by_hand(self):
        today = {Stage.PRIMARY: Catchments(Stage.PRIMARY, 2025, ((0,), (1,)), np.array([1, 0, 1, 1]))}
        assert self.proved(self.row().replace(today=today), "moved", "linear", [0, 0]) == 10.0

    def test_pupils_above_seats_by_hand(self):
        """80 pupils each on 2 × 45 seats: 320 on 180, whatever the catchments."""
        district = self.row(pupils=80)
        small = district.replace(schools=replace(district.schools, rooms=np.full((2, 3), 2)))
        assert self.proved(small, "over_standard", "linear", [1000, 1000]) == 140.0
        assert self.proved(small, "large", "linear", [1000, 1000]) == 100.0
        assert self.proved(small, "super_large", "linear", [1000, 1000]) == 60.0

    def test_a_block_without_an_arc_stands_in_no_sum(self):
        district = self.row()
        matrix = district.distances.to_matrix()
        matrix[2] = np.inf
        cut = district.replace(
            distances=type(district.distances).from_matrix(matrix), adjacency=Adjacency.from_pairs(4, np.array([[0, 1]]))
        )
        assert self.proved(cut, "distance", "knapsack", [0, 2000, 10**6, 0]) == 2.0
        assert self.proved(cut, "distance", "linear", [0, 0]) == 2.0

    def test_a_price_pays_only_above_what_is_allowed(self):
        district = self.row(199)
        values = {"too_far": 20}
        assert self.proved(district, "distance", "linear", [0, 0], prices={"too_far": 100}, values=values) == 4.0

    def test_negative_multipliers_prove_nothing_in_the_linear_form(self):
        district = rich_district()
        plan = certified(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)), "linear")
        lie = proof("multipliers", lambda mu: [-1, *mu[1:]])
        assert "bound.certificate" in {item.name for item in verify(district, lie(state(district, plan))).failed}

    def test_a_bound_with_too_large_numbers_is_refused(self):
        district = rich_district()
        plan = certified(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))
        lie = proof("multipliers", lambda u: [2**61 + k for k in range(len(u))])
        assert "bound.certificate" in {item.name for item in verify(district, lie(state(district, plan))).failed}

    def test_rooms_that_open_raise_nothing_in_the_bound_of_another_goal(self):
        district = rich_district()
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
        plan = certified(district, plan, goal="too_far", prices={}, values={}).replace(certified_bound=None)
        assert bound_of(district, plan, plan.certificates[0]) <= plan.goals[2].value
        assert verify(district, plan).ok
