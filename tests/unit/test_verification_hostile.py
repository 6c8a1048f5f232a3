"""Plans that nobody would make by mistake: what they say is told, and the verifier never stumbles."""

from __future__ import annotations

import copy
import json
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from honest_plans import honest
from lies import both, drop, row, said
from plans import hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.options import GoalSpec, Options, ZoningOptions
from xuequ.zoning.places import NEVER
from xuequ.zoning.plan import Certificate
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import ClusterRow, Statement
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify


def failed(district, statement):
    """Return the names of the checks that fail; the answer can be written as JSON, whatever was said."""
    found = verify(district, statement)
    json.dumps(found.to_json(), allow_nan=False)
    return {item.name for item in found.failed}


def with_goals(statement, change):
    plan = copy.deepcopy(dict(statement.plan))
    plan["goals"] = change(plan["goals"])
    return replace(statement, plan=plan)


class TestGoals:
    @pytest.mark.parametrize("tolerance", ["1 %", None, [], {}, True, float("nan")])
    def test_a_tolerance_asked_for_that_is_no_number(self, tolerance):
        district, statement = honest("zoned")
        asked = [{"name": goal["name"], "tolerance": goal["tolerance"]} for goal in statement.plan["goals"]]
        asked[4]["tolerance"] = tolerance
        assert "goals.tolerance" in failed(district, said("settings", value={"goals": asked})(statement))

    def test_goals_asked_for_stand_in_the_settings(self):
        """A plan made with other goals than the case's says so in its settings, and is held to these."""
        district = rich_district()
        asked = (GoalSpec("distance", 0.02), GoalSpec("split"))
        other = district.replace(options=replace(district.options, zoning=replace(district.options.zoning, goals=asked)))
        plan = hand_plan(other, nearest_catchments(other, Stage.PRIMARY, 2026)).replace(fingerprint=district.fingerprint)
        settings = {"goals": [{"name": "distance", "tolerance": 0.02}, {"name": "split", "tolerance": 0.0}]}
        assert failed(district, state(district, plan.replace(settings=settings))) == set()
        assert failed(district, state(district, plan)) == {"goals.order", "goals.tolerance"}

    @pytest.mark.parametrize("plan", ["zoned", "seated", "clustered"])
    def test_a_goal_that_nobody_knows(self, plan):
        district, statement = honest(plan)
        lied = with_goals(statement, lambda goals: [*goals, goals[0] | {"name": "beauty"}])
        assert failed(district, lied) == {"goals.order"}

    @pytest.mark.parametrize("plan", ["zoned", "seated", "clustered"])
    def test_a_goal_without_a_bound_promises_nothing(self, plan):
        district, statement = honest(plan)
        assert failed(district, with_goals(statement, lambda goals: [goal | {"bound": None} for goal in goals])) == set()

    @pytest.mark.parametrize("value", [None, "12", [], True, float("inf"), float("nan")])
    @pytest.mark.parametrize("plan", ["zoned", "seated", "clustered"])
    def test_a_value_that_is_no_number(self, plan, value):
        district, statement = honest(plan)
        lied = with_goals(statement, lambda goals: [goals[0] | {"value": value, "bound": None}, *goals[1:]])
        assert f"goals.{statement.plan['goals'][0]['name']}" in failed(district, lied)


class TestTables:
    def test_nothing_at_all(self):
        district, _ = honest("whole")
        assert "plan.format" in failed(district, Statement(plan={}))

    @pytest.mark.parametrize("name", ["whole", "zoned", "seated", "clustered"])
    def test_only_plan_json(self, name):
        district, statement = honest(name)
        assert failed(district, Statement(plan=statement.plan))

    def test_a_plan_of_today_does_not_phase_in(self):
        """Entry grades follow new catchments from next year on; who is enrolled today is."""
        district, statement = honest("hard")
        rows = tuple(item._replace(year=2025) for item in statement.assignment)
        assert "assignment.years" in failed(district, replace(statement, assignment=rows))

    def test_schools_of_a_zone_stand_in_the_order_of_the_case(self):
        district = rich_district()
        pooled = district.replace(
            schools=replace(district.schools, block=np.where(np.arange(6) == 1, 0, district.schools.block)), options=Options()
        )
        statement = state(pooled, hand_plan(pooled, nearest_catchments(pooled, Stage.PRIMARY, 2026)))
        swapped = tuple(item._replace(school_id="s1;s0") if item.school_id == "s0;s1" else item for item in statement.assignment)
        assert "assignment.zones" in failed(pooled, replace(statement, assignment=swapped))

    @pytest.mark.parametrize("rooms", [0, -2])
    def test_rooms_that_are_none(self, rooms):
        district, statement = honest("whole")
        assert "seats.rows" in failed(district, row("seats", {"site_id": "wing", "year": 2026}, classrooms=rooms)(statement))

    def test_a_kindergarten_larger_than_one_may_be(self):
        """At most 360 children and 12 classes (policy §3), for a new one."""
        district = rich_district()
        sites = tuple(
            replace(site, action="new", rooms_max=20, rooms_min=1, step=1) if site.id == "annex" else site
            for site in district.sites
        )
        sites = tuple(replace(site, action=type(district.sites[0].action)(site.action)) for site in sites)
        wide = district.replace(sites=sites)
        plan = rich_plan(wide)

        def opened(rooms):
            openings = tuple(replace(item, rooms=rooms) if item.site == "annex" else item for item in plan.seats.openings)
            return failed(wide, state(wide, plan.replace(seats=replace(plan.seats, openings=openings))))

        assert "seats.size" not in opened(12)
        assert "seats.size" in opened(13)

    def test_an_old_school_that_has_closed_before_takes_no_seats_with_it(self):
        district = rich_district()
        shut = district.replace(schools=replace(district.schools, closed=np.array([NEVER, NEVER, NEVER, 2028, NEVER, NEVER])))
        statement = state(shut, rich_plan(shut))
        assert statement.plan["programmes"][0]["net_seats"] == statement.plan["programmes"][0]["seats"]
        assert failed(shut, statement) == set()

    def test_a_cluster_of_schools_that_there_are_not(self):
        district, statement = honest("clustered")
        rows = (*statement.clusters, ClusterRow("ghost", "ghost", "lead"))
        assert {"clusters.school_id", "clusters.leads"} <= failed(district, replace(statement, clusters=rows))

    def test_clusters_taken_from_a_cluster_plan(self):
        district, statement = honest("clustered")
        assert "clusters.school_id" in failed(district, replace(statement, clusters=()))

    def test_a_block_left_out_counts_nowhere(self):
        """Its pupils are missing from every number that they stood in."""
        district, statement = honest("zoned")
        found = failed(district, both(drop("assignment", block_id="b2_2"), said("status", value="stopped"))(statement))
        assert {"assignment.blocks", "schools.pupils", "goals.distance"} <= found


class TestCertificates:
    def row(self, rooms=6, **options):
        district = grid_district(4, 1, (0, 3), pupils=10, rooms=rooms, years=(2026,))
        return district.replace(
            options=Options(zoning=ZoningOptions(**options)), rules=Rules().override({"class_standard.primary": 1})
        )

    def plan(self, district, multipliers, form="knapsack", **more):
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026), settings={"seats": "hard"})
        certificate = Certificate(Stage.PRIMARY, 2026, "distance", form, 1000, np.array(multipliers), **more)
        return state(district, plan.replace(certificates=(certificate,)))

    def test_own_blocks_beyond_hard_seats_prove_nothing(self):
        """Six rooms of one pupil each, ten pupils in the school's own block: no set of blocks keeps the seats."""
        district = self.row(seats="hard")
        (check,) = [item for item in verify(district, self.plan(district, [0] * 4)).failed if item.name == "bound.certificate"]
        assert check.detail.endswith("the blocks that must be in a zone are more than its seats")

    @pytest.mark.parametrize("number", [2**62, -(2**62), 2**70])
    def test_numbers_beyond_any_sum(self, number):
        district, statement = honest("zoned")
        certificate = copy.deepcopy(dict(statement.certificate))
        certificate["certificates"][0]["multipliers"][0] = number
        (check,) = verify(district, replace(statement, certificate=certificate)).failed
        assert check.detail == "primary 2026, distance, knapsack: its numbers are too large"

    def test_two_certificates_of_one_year_are_both_evaluated(self):
        district, statement = honest("zoned")
        items = statement.certificate["certificates"]
        twice = replace(statement, certificate={"format": 1, "certificates": [items[0], items[0] | {"scale": 10}]})
        assert failed(district, twice) == {"bound.certificate"}
        again = replace(statement, certificate={"format": 1, "certificates": [items[0], items[0]]})
        assert failed(district, again) == set()


def test_a_stage_of_which_today_nothing_is_known_moves_nobody():
    district = grid_district(4, 1, (0, 3), years=(2026,))
    blank = district.replace(today={})
    item = Catchments(Stage.PRIMARY, 2026, ((0,), (1,)), np.array([0, 1, 1, 1]))
    statement = state(blank, hand_plan(blank, item))
    assert {entry.previous_school_id for entry in statement.assignment} == {""}
    assert failed(blank, statement) == set()
    assert "goals.moved" in failed(blank, said("goals", 5, "value", value=12.0)(statement))
