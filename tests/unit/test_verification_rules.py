"""What a plan may not do, even where it says so truly, and what is stated at a threshold."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from lies import said, whole_zone
from plans import goals_of, hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.data.plans import plan_from
from xuequ.zoning.cluster import Membership, Tie, TieKind
from xuequ.zoning.options import Options, ZoningOptions
from xuequ.zoning.plan import PlanKind, Status
from xuequ.zoning.rules import Rules
from xuequ.zoning.seating import Opening
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.stating import rounds_of, state
from xuequ.zoning.verification import verify


class TestRulesOfThePlan:
    """What a plan may not do, even where it says so truly."""

    def failed(self, district, plan):
        return {item.name for item in verify(district, plan).failed}

    def test_hard_seats_exceeded(self):
        district = rich_district()
        zoning = replace(district.options.zoning, seats="hard")
        schools = district.schools
        crowded = district.replace(
            options=replace(district.options, zoning=zoning), schools=replace(schools, rooms=np.minimum(schools.rooms, 3))
        )
        catchments = nearest_catchments(crowded, Stage.PRIMARY, 2026)
        assert "assignment.hard_seats" in self.failed(crowded, hand_plan(crowded, catchments))

    def test_hard_seats_kept(self):
        district = rich_district()
        zoning = replace(district.options.zoning, seats="hard")
        loose = district.replace(options=replace(district.options, zoning=zoning))
        catchments = nearest_catchments(loose, Stage.PRIMARY, 2026)
        assert self.failed(loose, hand_plan(loose, catchments, settings={"seats": "hard"})) == set()

    def test_soft_seats_where_the_case_is_hard(self):
        district = rich_district()
        zoning = replace(district.options.zoning, seats="hard")
        hard = district.replace(options=replace(district.options, zoning=zoning))
        plan = hand_plan(hard, nearest_catchments(hard, Stage.PRIMARY, 2026), settings={"seats": "soft"})
        assert "plan.settings" in self.failed(hard, plan)

    @pytest.mark.parametrize(("cap", "broken"), [(3.0, True), (0.001, True), (0.9, False), (5000.0, False), (None, False)])
    def test_the_cap_on_moved_pupils(self, cap, broken):
        district = rich_district(rules=rich_district().rules.override({"stability_years": 3}))
        zoning = ZoningOptions(moved_max=cap)
        capped = district.replace(options=Options(zoning=zoning))
        catchments = nearest_catchments(capped, Stage.PRIMARY, 2026)
        zone = catchments.zone.copy()
        zone[[2, 8]] = 1
        moved = replace(catchments, zone=zone)
        failed = self.failed(capped, hand_plan(capped, moved))
        assert ("assignment.moved_cap" in failed) is broken

    def test_a_cap_that_was_loosened(self):
        district = rich_district()
        capped = district.replace(options=Options(zoning=ZoningOptions(moved_max=10.0)))
        plan = hand_plan(capped, nearest_catchments(capped, Stage.PRIMARY, 2026), settings={"moved_max": None})
        assert "plan.settings" in self.failed(capped, plan)

    def test_a_block_moved_twice(self):
        district = rich_district()
        plan = rich_plan(district)
        items = list(plan.catchments)
        zone = items[3].zone.copy()
        block = 2
        assert zone[block] == 0
        zone[block] = 1
        items[3] = replace(items[3], zone=zone)
        failed = {item.name for item in verify(district, plan.replace(catchments=tuple(items))).failed}
        assert "assignment.stability" in failed

    @pytest.mark.parametrize(("years", "broken"), [(2, False), (3, True)])
    def test_the_years_between_two_moves_are_counted(self, years, broken):
        district = rich_district(rules=rich_district().rules.override({"stability_years": years}))
        plan = rich_plan(district)
        items = list(plan.catchments)
        for at in (3, 4):  # to another school in 2026, still there in 2027, back in 2028
            zone = items[at].zone.copy()
            zone[2] = 1
            items[at] = replace(items[at], zone=zone)
        failed = {item.name for item in verify(district, plan.replace(catchments=tuple(items))).failed}
        assert ("assignment.stability" in failed) is broken

    @pytest.mark.parametrize(("less", "broken"), [(0, False), (1, True)])
    def test_a_cap_may_be_reached(self, less, broken):
        district = rich_district()
        catchments = nearest_catchments(district, Stage.PRIMARY, 2026)
        zone = catchments.zone.copy()
        zone[2] = 1
        moved = int(district.demand.of_stage(Stage.PRIMARY, 2026)[2])
        capped = district.replace(options=Options(zoning=ZoningOptions(moved_max=float(moved - less))))
        failed = self.failed(capped, hand_plan(capped, replace(catchments, zone=zone)))
        assert ("assignment.moved_cap" in failed) is broken

    @pytest.mark.parametrize(("given", "broken"), [(1690, False), (1689, True)])
    def test_all_money_may_be_spent(self, given, broken):
        district = rich_district()
        budgets = dict(district.options.seats.budgets_wan) | {Programme.SCHOOL: {2026: 400, 2027: given, 2028: 2500}}
        seats = replace(district.options.seats, budgets_wan=budgets)
        bounded = district.replace(options=replace(district.options, seats=seats))
        assert ("seats.money" in self.failed(bounded, rich_plan(bounded))) is broken

    def test_a_block_may_move_again_after_the_years(self):
        district = rich_district(rules=rich_district().rules.override({"stability_years": 1}))
        plan = rich_plan(district)
        items = list(plan.catchments)
        zone = items[3].zone.copy()
        zone[2] = 1
        items[3] = replace(items[3], zone=zone)
        failed = {item.name for item in verify(district, plan.replace(catchments=tuple(items))).failed}
        assert "assignment.stability" not in failed

    def test_a_programme_floor_missed(self):
        district = rich_district()
        plan = rich_plan(district)
        seats = replace(plan.seats, openings=tuple(item for item in plan.seats.openings if item.site != "annex"))
        statement = state(district, plan.replace(seats=seats))
        assert statement.plan["programmes"][1]["floors_met"] is False
        assert "seats.floors" in {item.name for item in verify(district, statement).failed}
        claimed = said("programmes", 1, "floors_met", value=True)(statement)
        assert {"seats.floors", "programmes.floors_met"} <= {item.name for item in verify(district, claimed).failed}

    def test_a_zone_plan_on_given_seats_need_not_reach_the_floors(self):
        district = rich_district()
        seats = replace(rich_plan(district).seats, openings=(Opening("wing", Stage.PRIMARY, 2026, 2),))
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026, seats), seats=seats)
        statement = state(district, plan)
        assert statement.plan["programmes"][0]["floors_met"] is False
        assert verify(district, statement).failed == ()

    def test_a_whole_plan_where_there_are_no_sites_and_no_leads(self):
        district = rich_district()
        schools = replace(district.schools, lead=np.zeros(6))
        bare = district.replace(sites=(), schools=schools, ties=())
        catchments = tuple(nearest_catchments(bare, stage, year) for stage in Stage for year in bare.years)
        plan = rich_plan(district).replace(
            fingerprint=bare.fingerprint,
            catchments=catchments,
            seats=None,
            clusters=None,
            goals=(),
            objective=None,
            solver_bound=None,
        )
        goals = tuple((item.stage, item.year, goals_of(bare, chosen, item)) for chosen, item in rounds_of(bare, plan))
        statement = state(bare, plan.replace(stage_goals=goals))
        assert verify(bare, statement).failed == ()
        assert plan_from(bare, statement).seats is None
        named = said("cluster_names", value={"s0": "West"})(statement)
        assert {item.name for item in verify(bare, named).failed} == {"clusters.names"}

    def test_clusters_of_another_year_cannot_be_checked_alone(self):
        district = rich_district()
        plan = rich_plan(district).replace(kind=PlanKind.CLUSTER, catchments=(), stage_goals=(), seats=None, year=2028)
        assert "clusters.year" in self.failed(district, plan)

    def test_land_beyond_the_cap(self):
        district = rich_district()
        sites = tuple(replace(site, land_m2=30_000) if site.id == "new" else site for site in district.sites)
        wide = district.replace(sites=sites)
        assert "seats.land" in self.failed(wide, rich_plan(wide))

    def test_a_conversion_that_is_not_approved(self):
        district = rich_district()
        sites = tuple(
            replace(site, action="convert", conversion_approved=False) if site.id == "annex" else site for site in district.sites
        )
        from xuequ.zoning.places import Action

        sites = tuple(replace(site, action=Action(site.action)) for site in sites)
        changed = district.replace(sites=sites)
        assert "seats.size" in self.failed(changed, rich_plan(changed))

    def test_a_new_school_above_the_largest(self):
        district = rich_district()
        sites = tuple(replace(site, rooms_max=90, rooms_min=6) if site.id == "new" else site for site in district.sites)
        wide = district.replace(sites=sites)
        plan = rich_plan(wide)
        openings = tuple(replace(item, rooms=60) if item.site == "new" else item for item in plan.seats.openings)
        assert "seats.size" in self.failed(wide, plan.replace(seats=replace(plan.seats, openings=openings)))

    def test_urban_members_where_there_are_enough(self):
        district = rich_district(rules=rich_district().rules.override({"cluster_min_urban": 1}))
        assert "clusters.urban" in self.failed(district, rich_plan(district))

    def test_no_rural_members_where_there_are_not_enough(self):
        district = rich_district(rules=rich_district().rules.override({"cluster_min_rural": 3}))
        assert "clusters.rural" not in self.failed(district, rich_plan(district))

    def test_a_member_that_the_lead_assists_may_lie_apart(self):
        district = rich_district(ties=(Tie("s1", "s2", TieKind.ASSIST),))
        plan = rich_plan(district)
        members = tuple(
            Membership(item.school, "s1", item.role) if item.school == "s2" else item for item in plan.clusters.members
        )
        found = self.failed(district, plan.replace(clusters=replace(plan.clusters, members=members)))
        assert "clusters.contiguous" not in found

    def test_a_plan_of_today_does_not_phase_in(self):
        district = rich_district()
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026), regime="phase_in")
        statement = state(district, plan)
        rows = tuple(item._replace(year=2025) for item in statement.assignment)
        assert "assignment.years" in {item.name for item in verify(district, replace(statement, assignment=rows)).failed}

    def test_a_pooled_zone_taken_apart(self):
        district = rich_district()
        schools = district.schools
        pooled = district.replace(
            schools=replace(schools, block=np.where(np.arange(6) == 1, 0, schools.block)), options=Options()
        )
        plan = hand_plan(pooled, nearest_catchments(pooled, Stage.PRIMARY, 2026))
        statement = state(pooled, plan)
        assert {item.school_id for item in statement.assignment} >= {"s0;s1"}
        assert verify(pooled, statement).failed == ()
        assert "assignment.zones" in {item.name for item in verify(pooled, whole_zone("b0_1", "s0")(statement)).failed}

    def test_an_optimal_plan_has_no_gap(self):
        district = rich_district()
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
        goals = tuple(replace(goal, bound=goal.value) for goal in plan.goals)
        proved = plan.replace(status=Status.OPTIMAL, solver_bound=plan.objective, goals=goals)
        assert self.failed(district, proved) == set()


class TestThresholds:
    """What is stated at a threshold is what the verifier finds there (policy §3, vectors B1 and B9)."""

    @pytest.mark.parametrize(
        ("pupils", "colour"), [([135, 135], "red"), ([135, 134], "yellow"), ([135, 108], "yellow"), ([135, 107], "green")]
    )
    def test_alerts(self, pupils, colour):
        district = grid_district(4, 1, (0, 3), pupils=np.array([*pupils, 9, 9]), rooms=6, years=(2026,))
        statement = state(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))
        assert {item.alert for item in statement.schools if item.school_id == "s0"} == {colour}
        assert verify(district, statement).failed == ()

    @pytest.mark.parametrize(("limit_m", "too_far"), [(200, 0.0), (199, 20.0)])
    def test_ways(self, limit_m, too_far):
        district = grid_district(4, 1, (0, 3), pupils=10, rooms=6, years=(2026,))
        district = district.replace(rules=Rules().override({"limit.primary": limit_m}))
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
        assert plan.goals[2].value == too_far
        assert verify(district, plan).failed == ()

    @pytest.mark.parametrize(("pupils", "large", "super_large"), [(55, 0, 0), (56, 1, 0), (65, 1, 0), (66, 1, 1)])
    def test_large_classes(self, pupils, large, super_large):
        district = grid_district(4, 1, (0, 3), pupils=0, rooms=6, years=(2026,))
        counts = np.zeros_like(district.demand.pupils)
        counts[:, :, Stage.PRIMARY.grade_slice, 0] = 30
        counts[:, :, Stage.PRIMARY.grade_slice.start, 0] = pupils
        district = district.replace(demand=replace(district.demand, pupils=counts))
        statement = state(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))
        first = statement.schools[0]
        assert (first.classes, first.large, first.super_large) == (1, large, super_large)
        assert verify(district, statement).failed == ()
