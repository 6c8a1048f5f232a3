"""What a plan states: rows, sums, rounding, and its own multi-school zones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from plans import goals_of, hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.overflow import overflow_rows
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import FORMAT, rounds_of, state
from xuequ.zoning.verification import verify

KEYS = {
    "format", "program", "kind", "status", "case", "synthetic", "stage", "year", "regime", "scenario", "seed", "goals",
    "objective", "bound", "gap", "certified_bound", "solver_bound", "stage_goals", "large_classes", "settings",
    "rule_overrides", "programmes", "catchments", "district", "cluster_names",
}  # fmt: skip
CLUSTER = {"s0": "s0", "s1": "s0", "s2": "s0"}


@pytest.fixture(scope="module")
def rich():
    district = rich_district()
    return district, state(district, rich_plan(district), version="1.2")


class TestPlanObject:
    def test_its_keys(self, rich):
        district, statement = rich
        assert statement.plan.keys() == KEYS
        assert statement.plan["case"] == district.fingerprint
        assert statement.plan["program"] == "1.2"
        assert statement.plan["format"] == FORMAT
        assert statement.plan["synthetic"] is True

    def test_overrides_of_rules_are_listed(self, rich):
        _, statement = rich
        changed = {item["key"]: (item["default"], item["value"]) for item in statement.plan["rule_overrides"]}
        assert changed["limit.primary"] == (650, 800)

    def test_large_classes_stand_by_year_and_stage(self, rich):
        _, statement = rich
        places = [(item["year"], item["stage"]) for item in statement.plan["large_classes"]]
        assert places[:3] == [(2025, "primary"), (2025, "junior"), (2025, "all")]
        assert len(places) == 12

    def test_programmes_stand_beside_their_floors(self, rich):
        _, statement = rich
        school, kindergarten = statement.plan["programmes"]
        assert (school["programme"], school["projects"], school["seats"]) == ("school", 3, 28 * 45 + 12 * 50)
        assert school["net_seats"] == school["seats"] - 8 * 45 - 8 * 50
        assert school["cost_by_year_wan"] == {"2026": 130, "2027": 1960, "2028": 1890}
        assert kindergarten["floors_met"] is True
        assert kindergarten["seats"] == 90

    def test_bounds_are_rounded_down_and_the_gap_follows(self):
        district = grid_district(years=(2026,))
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)).replace(
            objective=100.0000004, solver_bound=99.9999999
        )
        said = state(district, plan).plan
        assert (said["objective"], said["bound"], said["solver_bound"]) == (100.0, 99.999999, 99.999999)
        assert said["gap"] == 0.0

    def test_a_whole_bound_is_not_rounded_below_itself(self):
        district = grid_district(years=(2026,))
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)).replace(solver_bound=1.1)
        assert state(district, plan).plan["bound"] == 1.1


class TestRows:
    def test_every_block_stands_once_for_each_stage_and_year(self, rich):
        district, statement = rich
        keys = [(row.block_id, row.stage, row.year) for row in statement.assignment]
        assert len(set(keys)) == len(keys) == len(district.blocks) * 9

    def test_a_seat_row_holds_the_land_and_the_fixed_cost_once(self, rich):
        _, statement = rich
        new = [row for row in statement.seats if row.site_id == "new"]
        assert [(row.stage, row.land_m2, row.cost, row.floor_m2) for row in new] == [
            ("primary", 9000, 800 + 12 * 60, 12 * 110), ("junior", 0, 6 * 60, 6 * 110),
        ]  # fmt: skip

    def test_the_closed_school_has_no_row_after_its_relocation(self, rich):
        _, statement = rich
        listed = {(row.year, row.school_id) for row in statement.schools if row.stage == "primary"}
        assert (2027, "s3") in listed
        assert (2028, "s3") not in listed
        assert (2028, "moved") in listed

    def test_other_scenarios_have_rows_of_their_own(self, rich):
        _, statement = rich
        assert list(statement.scenarios) == ["high"]
        high = sum(row.pupils for row in statement.scenarios["high"])
        assert high > sum(row.pupils for row in statement.schools)

    def test_where_only_seats_are_known_classes_are_not_reported(self):
        district = grid_district(years=(2026,))
        schools = district.schools
        known = district.replace(
            schools=replace(schools, rooms=np.full_like(schools.rooms, -1), seats=np.full_like(schools.rooms, 300))
        )
        statement = state(known, hand_plan(known, nearest_catchments(known, Stage.PRIMARY, 2026)))
        assert {(row.classes, row.large, row.planned) for row in statement.schools} == {(None, None, 300)}
        assert verify(known, statement).ok

    def test_without_grades_a_school_has_one_row(self):
        district = grid_district(years=(2026,))
        flat = district.replace(demand=replace(district.demand, graded=False))
        statement = state(flat, hand_plan(flat, nearest_catchments(flat, Stage.PRIMARY, 2026)))
        assert [(row.school_id, row.grade, row.classes) for row in statement.schools] == [("s0", "", None), ("s1", "", None)]
        assert statement.plan["large_classes"] == []
        assert verify(flat, statement).ok

    def test_kindergartens_have_no_large_classes(self):
        district = grid_district(years=(2026,), pupils=90, rooms=3)
        statement = state(district, hand_plan(district, nearest_catchments(district, Stage.KINDERGARTEN, 2026)))
        assert max(row.largest_class for row in statement.schools) > 60
        assert {row.large for row in statement.schools} == {0}
        assert verify(district, statement).ok


class TestZonesOfThePlan:
    def test_a_multi_school_zone_by_choice(self):
        """A multi-school zone of schools in two blocks (多校划片) states and verifies as ``A;B``."""
        district = grid_district(years=(2026,), schools=(0, 5, 35))
        zones = ((0, 1), (2,))
        zone = np.where(district.distances.to_matrix().argmin(axis=1) == 2, 1, 0)
        item = Catchments(Stage.PRIMARY, 2026, zones, zone)
        plan = hand_plan(district, item)
        ((chosen, _),) = rounds_of(district, plan)
        assert chosen.zones == zones
        statement = state(district, plan)
        assert {row.school_id for row in statement.assignment} == {"s0;s1", "s2"}
        assert verify(district, statement).ok

    def test_a_plan_without_catchments_has_no_rounds(self):
        district = grid_district()
        plan = Plan(PlanKind.SEATS, Status.STOPPED, district.fingerprint)
        assert rounds_of(district, plan) == ()
        assert state(district, plan).assignment == ()


class TestOverflow:
    def rows(self, pupils, cluster=None, schools=(0, 5, 35)):
        district = grid_district(schools=schools, years=(2026,))
        planned = np.full(len(schools), 100)
        return overflow_rows(
            district, CLUSTER if cluster is None else cluster, Stage.PRIMARY, 2026, pupils=np.array(pupils), planned=planned
        )

    def test_the_nearest_member_fills_first(self):
        found = self.rows([150, 70, 20])
        assert [(row.school_id, row.pupils, row.to_school_id, row.distance_m) for row in found] == [
            ("s0", 30, "s1", 1000.0), ("s0", 20, "s2", 1414.2),
        ]  # fmt: skip

    def test_what_finds_no_seat_has_no_row(self):
        assert sum(row.pupils for row in self.rows([190, 90, 95])) == 15

    def test_only_members_of_the_cluster_help(self):
        assert [row.to_school_id for row in self.rows([150, 20, 20], {"s0": "s0", "s1": "s1", "s2": "s0"})] == ["s2"]

    def test_a_school_in_no_cluster_has_no_row(self):
        assert self.rows([150, 20, 20], {"s1": "s1"}) == ()

    def test_two_schools_share_what_is_free(self):
        found = self.rows([130, 120, 60])
        assert [(row.school_id, row.pupils) for row in found] == [("s0", 30), ("s1", 10)]

    def test_a_way_that_is_not_known_is_empty_and_comes_last(self):
        district = grid_district(schools=(0, 5, 35), years=(2026,))
        matrix = district.distances.to_matrix()
        matrix[0, 1] = np.inf
        cut = district.replace(
            distances=type(district.distances).from_matrix(matrix),
            schools=replace(district.schools, block=np.array([0, -1, 35])),
        )
        found = overflow_rows(cut, CLUSTER, Stage.PRIMARY, 2026, pupils=np.array([250, 20, 20]), planned=np.full(3, 100))
        assert [(row.to_school_id, row.distance_m) for row in found] == [("s2", 1414.2), ("s1", None)]
        outside = overflow_rows(cut, CLUSTER, Stage.PRIMARY, 2026, pupils=np.array([20, 150, 20]), planned=np.full(3, 100))
        assert [(row.to_school_id, row.distance_m) for row in outside] == [("s0", None)]

    def test_it_verifies_with_todays_clusters(self):
        district = grid_district(years=(2026,), pupils=np.where(np.arange(36) < 18, 60, 5), rooms=12)
        clusters = ClusterPlan((Membership("s0", "s0", Role.LEAD), Membership("s1", "s0", Role.URBAN)))
        together = district.replace(clusters=clusters)
        statement = state(together, hand_plan(together, nearest_catchments(together, Stage.PRIMARY, 2026)))
        assert [row.school_id for row in statement.overflow] == ["s0"]
        assert verify(together, statement).ok


def test_goals_by_stage_and_year_stand_in_a_plan(rich):
    district, statement = rich
    entry = statement.plan["stage_goals"][6]
    assert (entry["stage"], entry["year"]) == ("junior", 2026)
    plan = rich_plan(district)
    chosen, item = rounds_of(district, plan)[6]
    expected = goals_of(district, chosen, item)
    assert [goal["value"] for goal in entry["goals"]] == [round(goal.value, 6) for goal in expected]
