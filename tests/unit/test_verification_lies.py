"""Every lie that is planted in a true plan is found, under the name of the check that should find it."""

from __future__ import annotations

import copy
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district, longer
from plans import bound_of, certified, goals_of, hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.data.plans import plan_from
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role, Tie, TieKind
from xuequ.zoning.cluster_measures import CLUSTER_GOALS, cluster_goal_values, school_loads, today_clusters
from xuequ.zoning.errors import VerificationFailed
from xuequ.zoning.options import Options, ZoningOptions
from xuequ.zoning.plan import Certificate, Goal, Plan, PlanKind, Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.rules import Rules
from xuequ.zoning.seating import Opening
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.statement import OverflowRow
from xuequ.zoning.stating import rounds_of, state
from xuequ.zoning.verification import verify


@pytest.fixture(scope="module")
def rich():
    district = rich_district()
    return district, state(district, rich_plan(district))


@pytest.fixture(scope="module")
def later():
    """A whole plan where the demand goes on after the planned years."""
    district = longer(rich_district(), 2031)
    return district, state(district, rich_plan(district))


@pytest.fixture(scope="module")
def zoned():
    """A zone plan in regime full with a certificate in the knapsack form, and today's clusters for the overflow."""
    district = rich_district(
        clusters=ClusterPlan(tuple(Membership(f"s{k}", "s0", Role.LEAD if k == 0 else Role.URBAN) for k in range(4)))
    )
    plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
    return district, state(district, certified(district, plan))


def row(table, match, **changes):
    """Change the first row of a table that has the values of ``match``."""

    def lie(statement):
        rows = list(getattr(statement, table))
        at = next(k for k, item in enumerate(rows) if all(getattr(item, key) == value for key, value in match.items()))
        changed = {key: value(getattr(rows[at], key)) if callable(value) else value for key, value in changes.items()}
        rows[at] = rows[at]._replace(**changed)
        assert rows[at] != getattr(statement, table)[at]
        return replace(statement, **{table: tuple(rows)})

    return lie


def drop(table, **match):
    def lie(statement):
        rows = [
            item for item in getattr(statement, table) if not all(getattr(item, key) == value for key, value in match.items())
        ]
        assert len(rows) == len(getattr(statement, table)) - 1
        return replace(statement, **{table: tuple(rows)})

    return lie


def again(table, **match):
    def lie(statement):
        rows = getattr(statement, table)
        twice = next(item for item in rows if all(getattr(item, key) == value for key, value in match.items()))
        return replace(statement, **{table: (*rows, twice)})

    return lie


def said(*path, value):
    """Change a value of plan.json."""

    def lie(statement):
        plan = copy.deepcopy(dict(statement.plan))
        place = plan
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value(place[path[-1]]) if callable(value) else value
        assert plan != statement.plan
        return replace(statement, plan=plan)

    return lie


def proof(key, value):
    """Change a value of the first certificate."""

    def lie(statement):
        certificate = copy.deepcopy(dict(statement.certificate))
        item = certificate["certificates"][0]
        item[key] = value(item[key]) if callable(value) else value
        assert certificate != statement.certificate
        return replace(statement, certificate=certificate)

    return lie


def both(first, second):
    return lambda statement: second(first(statement))


def whole_zone(block, school, stage="primary", year=2026):
    """Give a block to another school, with the distance that goes with it."""
    return row("assignment", {"block_id": block, "stage": stage, "year": year}, school_id=school)


P26 = {"stage": "primary", "year": 2026}
LATER = {"stage": "primary", "year": 2028}

LIES = {
    "a block is missing": (drop("assignment", block_id="b2_2", **P26), "assignment.blocks"),
    "a block stands there twice": (again("assignment", block_id="b2_2", **P26), "assignment.blocks"),
    "a block that is not in the case": (row("assignment", {"block_id": "b2_2"}, block_id="b9_9"), "assignment.block_id"),
    "a school that is not in the case": (whole_zone("b2_2", "s9"), "assignment.school_id"),
    "a planned year left out": (
        lambda statement: replace(
            statement, assignment=tuple(item for item in statement.assignment if (item.stage, item.year) != ("junior", 2027))
        ),
        "plan.years",
    ),
    "goals of a year that is not planned": (
        said("stage_goals", value=lambda entries: [*entries, entries[0] | {"year": 2030}]), "goals.places",
    ),
    "said to be optimal": (said("status", value="optimal"), "plan.status"),
    "a year that the case does not have": (row("assignment", {"block_id": "b2_2"}, year=2050), "assignment.years"),
    "a stage that there is not": (row("assignment", {"block_id": "b2_2"}, stage="college"), "assignment.years"),
    "a block without a school": (whole_zone("b2_2", ""), "assignment.reach"),
    "a school that is not open yet": (whole_zone("b3_3", "new"), "assignment.open"),
    "a relocated school is still used": (whole_zone("b5_4", "s3", year=2028), "assignment.open"),
    "a split catchment": (whole_zone("b5_4", "s1"), "assignment.contiguous"),
    "the block that a school stands in goes elsewhere": (whole_zone("b0_0", "s1"), "assignment.own_block"),
    "a lock is broken": (whole_zone("b1_1", "s1"), "assignment.locks"),
    "a lock that forbids is broken": (whole_zone("b0_4", "s0"), "assignment.locks"),
    "blocks kept together are parted": (whole_zone("b5_1", "s3"), "assignment.together"),
    "a distance off by a metre": (row("assignment", {"block_id": "b2_2"}, distance_m=lambda m: m + 1), "assignment.distance_m"),
    "a distance left out": (row("assignment", {"block_id": "b2_2"}, distance_m=None), "assignment.distance_m"),
    "another previous school": (
        row("assignment", {"block_id": "b2_2"}, previous_school_id="s2"), "assignment.previous_school_id",
    ),
    "another reason": (row("assignment", {"block_id": "b2_2"}, reason="lock"), "assignment.reason"),
    "wrong pupils": (row("schools", {"school_id": "s1"}, pupils=lambda n: n + 1), "schools.pupils"),
    "one class too few": (row("schools", {"school_id": "s1"}, classes=lambda n: n - 1), "schools.classes"),
    "a smaller largest class": (row("schools", {"school_id": "s1"}, largest_class=lambda n: n - 1), "schools.largest_class"),
    "a large class not told": (row("schools", {"school_id": "s1"}, large=lambda n: n + 1), "schools.large"),
    "a super-large class not told": (row("schools", {"school_id": "s1"}, super_large=lambda n: n + 1), "schools.super_large"),
    "more planned seats": (row("schools", {"school_id": "s1"}, planned=lambda n: n + 45), "schools.planned"),
    "more working seats": (row("schools", {"school_id": "s1"}, working=lambda n: n + 55), "schools.working"),
    "another utilisation": (row("schools", {"school_id": "s1"}, utilisation=lambda x: x - 0.01), "schools.utilisation"),
    "another alert": (row("schools", {"school_id": "s1", "alert": "green"}, alert="yellow"), "schools.alert"),
    "a grade is missing": (drop("schools", school_id="s1", grade="g3", **P26), "schools.rows"),
    "a school of another stage": (row("schools", {"school_id": "s1"}, stage="college"), "schools.places"),
    "a seat without money": (row("seats", {"site_id": "new"}, cost=lambda n: n - 1), "seats.cost"),
    "more than the budget": (row("seats", {"site_id": "new", "stage": "primary"}, classrooms=24), "seats.money"),
    "more rooms than the site can hold": (row("seats", {"site_id": "wing", "year": 2027}, classrooms=6), "seats.size"),
    "rooms that are no whole step": (row("seats", {"site_id": "wing", "year": 2027}, classrooms=1), "seats.size"),
    "before the earliest year": (row("seats", {"site_id": "new", "stage": "primary"}, year=2026), "seats.earliest_year"),
    "after the last year": (row("seats", {"site_id": "annex"}, year=2031), "seats.year"),
    "rooms for a stage that the site does not have": (row("seats", {"site_id": "annex"}, stage="junior"), "seats.stage"),
    "false land": (row("seats", {"site_id": "new"}, land_m2=lambda n: n - 500), "seats.land_m2"),
    "false floor": (row("seats", {"site_id": "new"}, floor_m2=lambda n: n + 110), "seats.floor_m2"),
    "more seats than rooms": (row("seats", {"site_id": "new"}, seats=lambda n: n + 45), "seats.seats"),
    "another programme": (row("seats", {"site_id": "annex"}, programme="school"), "seats.programme"),
    "a site left out": (drop("seats", site_id="unused"), "seats.rows"),
    "a site that is not in the case": (row("seats", {"site_id": "unused"}, site_id="secret"), "seats.rows"),
    "a site not chosen with rooms": (row("seats", {"site_id": "unused"}, classrooms=2), "seats.rows"),
    "more seats of the programme": (said("programmes", 0, "net_seats", value=lambda n: n + 45), "programmes.net_seats"),
    "less money of the programme": (said("programmes", 0, "cost_wan", value=lambda n: n - 1), "programmes.cost_wan"),
    "a floor said to be missed": (said("programmes", 0, "floors_met", value=False), "programmes.floors_met"),
    "a lower cost": (said("goals", 3, "value", value=lambda x: x - 1), "goals.cost"),
    "an objective that is not the cost": (said("objective", value=lambda x: x - 1), "plan.objective"),
    "large classes below what the district lacks": (said("goals", 1, "value", value=-1.0), "goals.large"),
    "a goal of seats left out": (said("goals", value=lambda goals: goals[1:]), "goals.order"),
    "a cluster without a lead": (row("clusters", {"school_id": "s1"}, role="urban"), "clusters.lead"),
    "a lead said to be a member": (row("clusters", {"school_id": "s1"}, role="urban"), "clusters.role"),
    "a cluster with two leads": (row("clusters", {"school_id": "s2"}, role="lead"), "clusters.lead"),
    "a school in no cluster": (drop("clusters", school_id="s2"), "clusters.school_id"),
    "a school in two clusters": (again("clusters", school_id="s2"), "clusters.school_id"),
    "a closed school in a cluster": (row("clusters", {"school_id": "moved"}, school_id="s3"), "clusters.school_id"),
    "a cluster too big": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.size"),
    "a cluster too small": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.size"),
    "a tight group is split": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.tight"),
    "a cluster that is not contiguous": (
        both(row("clusters", {"school_id": "s2"}, cluster="s1"), row("clusters", {"school_id": "moved"}, cluster="s0")),
        "clusters.contiguous",
    ),
    "a wrong role": (row("clusters", {"school_id": "new"}, role="rural"), "clusters.role"),
    "one cluster more": (row("clusters", {"school_id": "s2"}, cluster="s2", role="lead"), "clusters.leads"),
    "a name of a cluster that there is not": (said("cluster_names", "s3", value="North"), "clusters.names"),
    "the fingerprint of another case": (said("case", value="0" * 64), "plan.case"),
    "made-up data said to be real": (said("synthetic", value=False), "plan.synthetic"),
    "a rule said to be changed": (said("rule_overrides", value=[]), "plan.rule_overrides"),
    "an unknown regime": (said("regime", value="gradual"), "plan.regime"),
    "an unknown scenario": (said("scenario", value="rosy"), "plan.scenario"),
    "an unknown kind": (said("kind", value="wish"), "plan.kind"),
    "catchments that are not there": (said("catchments", 0, "year", value=2030), "plan.catchments"),
    "fewer large classes in a year": (said("large_classes", 2, "large", value=lambda n: n + 1), "large_classes.counts"),
    "another share of large classes": (said("large_classes", 2, "share", value=lambda x: x + 0.01), "large_classes.share"),
    "a year of large classes left out": (said("large_classes", value=lambda rows: rows[1:]), "large_classes.rows"),
    "a goal of a stage lower than true": (said("stage_goals", 0, "goals", 4, "value", value=lambda x: x - 0.5), "goals.distance"),
    "a goal of a stage with another unit": (said("stage_goals", 0, "goals", 4, "unit", value="km"), "goals.unit"),
    "goals of a stage in another order": (said("stage_goals", 0, "goals", value=lambda goals: goals[::-1]), "goals.order"),
    "goals of a year left out": (said("stage_goals", value=lambda entries: entries[1:]), "goals.places"),
    "a scenario left out": (lambda statement: replace(statement, scenarios={}), "scenarios.names"),
    "a scenario with fewer pupils": (
        lambda statement: replace(statement, scenarios={"high": (
            statement.scenarios["high"][0]._replace(pupils=1), *statement.scenarios["high"][1:]
        )}),
        "scenarios.high.pupils",
    ),
    "goals that are no list": (said("goals", value="none"), "plan.goals"),
    "a number that is none": (said("bound", value="low"), "plan.numbers"),
}  # fmt: skip


@pytest.mark.parametrize("name", LIES)
def test_a_lie_in_a_whole_plan_is_found(rich, name):
    district, statement = rich
    lie, check = LIES[name]
    found = verify(district, lie(statement))
    assert not found.ok
    assert check in {item.name for item in found.failed}


def test_the_true_plan_verifies(rich):
    district, statement = rich
    found = verify(district, statement)
    assert found.ok, found.failed
    assert len(found.checks) > 300
    assert found.raise_if_failed() is found


ZONE_LIES = {
    "a bound above what the certificate proves": (said("certified_bound", value=lambda x: x + 0.01), "bound.certificate"),
    "a certified bound without a certificate": (
        lambda statement: replace(statement, certificate={"format": 1, "certificates": []}), "bound.certificate",
    ),
    "a multiplier raised": (proof("multipliers", lambda u: [*u[:2], u[2] - 90_000, *u[3:]]), "bound.certificate"),
    "a multiplier left out": (proof("multipliers", lambda u: u[1:]), "bound.certificate"),
    "a multiplier that is no whole number": (proof("multipliers", lambda u: [0.5, *u[1:]]), "bound.certificate"),
    "another scale": (proof("scale", 10), "bound.certificate"),
    "no scale": (proof("scale", 0), "bound.certificate"),
    "an unknown form": (proof("form", "magic"), "bound.certificate"),
    "an unknown goal": (proof("goal", "beauty"), "bound.certificate"),
    "a negative price": (proof("prices", {"too_far": -1}), "bound.certificate"),
    "a price of a later goal": (proof("prices", {"compactness": 1}), "bound.certificate"),
    "a value that is not allowed": (proof("values", lambda v: v | {"too_far": v["too_far"] - 1}), "bound.certificate"),
    "other zones": (proof("zones", lambda zones: zones[::-1]), "bound.certificate"),
    "a certificate of another year": (proof("year", 2027), "bound.certificate"),
    "a certificate without prices": (proof("prices", None), "bound.certificate"),
    "a gap that is wrong": (said("gap", value=lambda x: x / 2), "plan.gap"),
    "a bound that is not the better one": (said("bound", value=lambda x: x - 1), "plan.bound"),
    "a bound above the objective": (
        both(said("solver_bound", value=1e6), both(said("bound", value=1e6), said("gap", value=0.0))), "plan.bound",
    ),
    "an objective that is not the distance": (said("objective", value=lambda x: x - 1), "plan.objective"),
    "said to be optimal": (
        both(said("status", value="optimal"), both(said("certified_bound", value=1.0), said("bound", value=1.0))), "plan.status",
    ),
    "a tolerance that was not asked for": (said("goals", 4, "tolerance", value=0.2), "goals.tolerance"),
    "another stage": (said("stage", value="junior"), "plan.stage"),
    "another year": (said("year", value=2027), "plan.stage"),
    "fewer pupils too far": (said("goals", 2, "value", value=lambda x: x - 1), "goals.too_far"),
    "fewer pupils above the standard": (said("goals", 3, "value", value=lambda x: x - 1), "goals.over_standard"),
    "a shorter distance": (said("goals", 4, "value", value=lambda x: x - 0.01), "goals.distance"),
    "fewer pupils moved": (said("goals", 5, "value", value=lambda x: x - 1), "goals.moved"),
    "a shorter border": (said("goals", 6, "value", value=lambda x: x - 1), "goals.compactness"),
    "a goal's bound above its value": (said("goals", 4, "bound", value=1e6), "goals.bound"),
    "a goal left out": (said("goals", value=lambda goals: goals[1:]), "goals.order"),
    "programmes of a plan that builds nothing": (said("programmes", value=[{"programme": "school"}]), "programmes.rows"),
    "an unknown format": (said("format", value=2), "plan.format"),
    "certificates that are no list": (lambda statement: replace(statement, certificate={"certificates": 3}), "plan.certificates"),
}  # fmt: skip


@pytest.mark.parametrize("name", ZONE_LIES)
def test_a_lie_in_a_zone_plan_is_found(zoned, name):
    district, statement = zoned
    lie, check = ZONE_LIES[name]
    found = verify(district, lie(statement))
    assert check in {item.name for item in found.failed}


def test_the_true_zone_plan_verifies(zoned):
    district, statement = zoned
    assert verify(district, statement).failed == ()


def test_what_failed_is_told_with_both_values(zoned):
    district, statement = zoned
    found = verify(district, row("schools", {"school_id": "s1"}, pupils=9999)(statement))
    with pytest.raises(VerificationFailed, match=r"schools\.pupils") as raised:
        found.raise_if_failed()
    assert raised.value.verification is found
    check = next(item for item in found.to_json()["checks"] if item["name"] == "schools.pupils")
    assert check["stated"] == 9999
    assert check["recomputed"] < 9999
    assert "s1 g1" in check["detail"]
    assert found.to_json()["ok"] is False


@pytest.fixture(scope="module")
def crowded():
    schools = rich_district().schools
    rooms = schools.rooms.copy()
    rooms[:3] = 4
    clusters = ClusterPlan(tuple(Membership(f"s{k}", "s0", Role.LEAD if k == 0 else Role.URBAN) for k in range(4)))
    district = rich_district(schools=replace(schools, rooms=rooms), clusters=clusters)
    demand = replace(district.demand, pupils=district.demand.pupils * np.where(np.arange(36) == 0, 20, 1))
    district = district.replace(demand=demand)
    return district, state(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))


class TestOverflow:
    """Pupils above planned seats to the nearest members of the cluster."""

    def test_it_is_stated_and_verifies(self, crowded):
        district, statement = crowded
        assert statement.overflow
        assert verify(district, statement).ok

    @pytest.mark.parametrize(
        ("lie", "check"),
        [
            (lambda rows: (rows[0]._replace(pupils=rows[0].pupils - 1), *rows[1:]), "overflow.pupils"),
            (lambda rows: (rows[0]._replace(distance_m=1.0), *rows[1:]), "overflow.distance_m"),
            (lambda rows: rows[1:], "overflow.rows"),
            (lambda rows: (*rows, rows[0]), "overflow.rows"),
            (lambda rows: (*rows, OverflowRow("s2", "primary", 2026, 1, "s1", 10.0)), "overflow.rows"),
        ],
    )
    def test_a_lie_is_found(self, crowded, lie, check):
        district, statement = crowded
        found = verify(district, replace(statement, overflow=lie(statement.overflow)))
        assert check in {item.name for item in found.failed}


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


@pytest.fixture(scope="module")
def clustered():
    district = rich_district(clusters=ClusterPlan((Membership("s2", "s1", Role.URBAN), Membership("s3", "s1", Role.RURAL))))
    members = (
        Membership("s0", "s0", Role.LEAD), Membership("s2", "s0", Role.URBAN),
        Membership("s1", "s1", Role.LEAD), Membership("s3", "s1", Role.RURAL),
    )  # fmt: skip
    rolls = start_rolls(district)
    loads = school_loads(district, rolls)
    values = cluster_goal_values(district, {0: 0, 2: 0, 1: 1, 3: 1}, loads, today_clusters(district, 2025))
    goals = tuple(Goal(name, value, 0.0, CLUSTER_GOALS[name]) for name, value in values.items())
    plan = Plan(
        PlanKind.CLUSTER, Status.FEASIBLE, district.fingerprint, year=2025, goals=goals, objective=values["travel"],
        solver_bound=0.0, clusters=ClusterPlan(members, (("s0", "West"),)),
    )  # fmt: skip
    return district, state(district, plan)


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


class TestLaterYears:
    """Large classes are stated, and counted again, to the last year of the demand; all else ends with the planned years."""

    def test_it_verifies(self, later):
        district, statement = later
        assert verify(district, statement).failed == ()
        assert {item["year"] for item in statement.plan["large_classes"]} == set(range(2025, 2032))
        assert max(item.year for item in statement.schools) == 2028
        assert {item.year for rows in statement.scenarios.values() for item in rows} == {2026, 2027, 2028}

    @pytest.mark.parametrize(
        ("lie", "check"),
        [
            (said("large_classes", -1, "large", value=lambda n: n + 1), "large_classes.counts"),
            (said("large_classes", -2, "classes", value=lambda n: n + 1), "large_classes.counts"),
            (said("large_classes", value=lambda rows: rows[:-3]), "large_classes.rows"),
            (said("large_classes", value=lambda rows: [*rows, rows[-1] | {"year": 2032}]), "large_classes.rows"),
        ],
    )
    def test_a_lie_of_the_last_year_is_found(self, later, lie, check):
        district, statement = later
        assert check in {item.name for item in verify(district, lie(statement)).failed}

    def test_years_after_a_gap_in_the_demand_are_not_looked_at(self, later):
        demand = later[0].demand
        kept = [k for k, year in enumerate(demand.years) if year != 2030]
        district = later[0].replace(
            demand=replace(demand, years=tuple(demand.years[k] for k in kept), pupils=demand.pupils[:, kept])
        )
        statement = state(district, rich_plan(district))
        assert max(item["year"] for item in statement.plan["large_classes"]) == 2029
        assert verify(district, statement).failed == ()

    def test_a_plan_for_one_year_ends_with_it(self, later):
        district = later[0]
        plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2028), regime="phase_in")
        statement = state(district, plan)
        assert max(item["year"] for item in statement.plan["large_classes"]) == 2028
        assert not any(item.name.startswith("large_classes") for item in verify(district, statement).failed)


class TestClusterPlan:
    """Clusters of today, with their goals."""

    def test_it_verifies(self, clustered):
        district, statement = clustered
        assert [goal["value"] for goal in statement.plan["goals"]][3] == 1.0
        assert verify(district, statement).failed == ()

    @pytest.mark.parametrize(
        ("lie", "check"),
        [
            (said("goals", 0, "value", value=lambda x: x + 1), "goals.uncovered"),
            (said("goals", 1, "value", value=lambda x: x + 1), "goals.balance"),
            (said("goals", 2, "value", value=lambda x: x - 0.001), "goals.travel"),
            (said("goals", 3, "value", value=0.0), "goals.changed"),
            (said("goals", 2, "unit", value="m"), "goals.unit"),
            (said("goals", value=lambda goals: goals[:3]), "goals.order"),
            (said("objective", value=1.0), "plan.objective"),
            (row("clusters", {"school_id": "s3"}, role="urban"), "clusters.role"),
            (row("clusters", {"school_id": "s3"}, school_id="s9"), "clusters.school_id"),
        ],
    )
    def test_a_lie_is_found(self, clustered, lie, check):
        district, statement = clustered
        assert check in {item.name for item in verify(district, lie(statement)).failed}

    def test_every_cluster_has_a_junior_school_where_there_are_enough(self, clustered):
        district, statement = clustered
        rooms = district.schools.rooms.copy()
        rooms[2, 2] = 0
        fewer = district.replace(schools=replace(district.schools, rooms=rooms))
        members = tuple(item._replace(cluster="s1") if item.school_id == "s0" else item for item in statement.clusters)
        failed = {item.name for item in verify(fewer, replace(statement, clusters=members)).failed}
        assert "clusters.junior" in failed


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


def test_an_opening_of_an_unknown_stage_is_told():
    district = rich_district()
    statement = state(district, rich_plan(district))
    lie = row("seats", {"site_id": "annex"}, stage="college")
    assert "seats.rows" in {item.name for item in verify(district, lie(statement)).failed}
    assert Opening("annex", Stage.KINDERGARTEN, 2026, 3) in rich_plan(district).seats.openings
