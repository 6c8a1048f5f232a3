"""Every lie that is planted in a true plan is found, under the name of the check that should find it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import longer
from lies import WHOLE_LIES, ZONE_LIES, row, said
from plans import certified, hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import CLUSTER_GOALS, cluster_goal_values, school_loads, today_clusters
from xuequ.zoning.errors import VerificationFailed
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.seating import Opening
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import OverflowRow
from xuequ.zoning.stating import state
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


@pytest.mark.parametrize("name", WHOLE_LIES)
def test_a_lie_in_a_whole_plan_is_found(rich, name):
    district, statement = rich
    lie, check = WHOLE_LIES[name]
    found = verify(district, lie(statement))
    assert not found.ok
    assert check in {item.name for item in found.failed}


def test_the_true_plan_verifies(rich):
    district, statement = rich
    found = verify(district, statement)
    assert found.ok, found.failed
    assert len(found.checks) > 300
    assert found.raise_if_failed() is found


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


def test_an_opening_of_an_unknown_stage_is_told():
    district = rich_district()
    statement = state(district, rich_plan(district))
    lie = row("seats", {"site_id": "annex"}, stage="college")
    assert "seats.rows" in {item.name for item in verify(district, lie(statement)).failed}
    assert Opening("annex", Stage.KINDERGARTEN, 2026, 3) in rich_plan(district).seats.openings
