"""Clusters under 1+X+Y: every rule kept, the optimum proved, and a sentence where it cannot be done."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from planned import cluster_district

from xuequ.solver.cluster_model import build_cluster_model, separators
from xuequ.solver.cluster_problem import cluster_problem
from xuequ.solver.grouping import Situation, cluster
from xuequ.solver.stop import MaxRuntime
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import cluster_goal_values, school_loads, today_clusters, way_to_lead_m
from xuequ.zoning.options import ClusterOptions
from xuequ.zoning.places import SchoolKind
from xuequ.zoning.plan import PlanKind, Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.school_graph import cluster_schools, touching_schools
from xuequ.zoning.stage import Stage


def sizes(plan):
    return sorted(len(members) for members in plan.clusters.clusters().values())


def problem_of(district, options=None):
    rolls = start_rolls(district)
    catchments = [district.today[Stage.PRIMARY], district.today[Stage.JUNIOR]]
    return cluster_problem(district, options or ClusterOptions(), school_loads(district, rolls), catchments, rolls.year)


@pytest.fixture(scope="module")
def made():
    district = cluster_district()
    return district, cluster(district)


def test_every_school_is_in_one_cluster_with_one_lead(made):
    district, plan = made
    assert plan.kind is PlanKind.CLUSTER
    assert sorted(member.school for member in plan.clusters.members) == sorted(district.schools.ids)
    for name, members in plan.clusters.clusters().items():
        assert [member.school for member in members if member.role is Role.LEAD] == [name]


def test_the_optimum_is_proved(made):
    _, plan = made
    assert plan.status is Status.OPTIMAL
    assert plan.gap == pytest.approx(0, abs=1e-5)
    assert [goal.name for goal in plan.goals] == ["uncovered", "balance", "travel", "changed"]


def test_each_cluster_has_urban_and_rural_members(made):
    _, plan = made
    for members in plan.clusters.clusters().values():
        assert {member.role for member in members} == {Role.LEAD, Role.URBAN, Role.RURAL}


def test_goal_values_are_those_of_the_clusters(made):
    district, plan = made
    index = district.school_index()
    chosen = {index[member.school]: index[member.cluster] for member in plan.clusters.members}
    loads = school_loads(district, start_rolls(district))
    values = cluster_goal_values(district, chosen, loads, {})
    assert {goal.name: goal.value for goal in plan.goals} == pytest.approx(values)
    assert plan.objective == pytest.approx(values["travel"])


def test_the_same_seed_gives_the_same_clusters(made):
    district, plan = made
    assert cluster(district).clusters == plan.clusters


def test_a_tight_group_is_never_split():
    plan = cluster(cluster_district(ties=[(1, 4, "tight")]))
    assert plan.clusters.cluster_of()["s1"] == plan.clusters.cluster_of()["s4"]


def test_alliances_carry_nothing():
    assert cluster(cluster_district(ties=[(1, 4, "alliance")])).clusters == cluster(cluster_district()).clusters


def test_an_assist_tie_may_jump():
    """A row of schools s0 … s5 with leads at one end: without the tie s5 cannot be led by s0 across the other cluster."""
    row = {"schools": (0, 1, 2, 3, 4, 5), "leads": (0, 3), "rural": (2, 5)}
    size = ClusterOptions(size_min=3, size_max=3)
    district = cluster_district(**row, ties=[(0, 5, "assist")])
    problem = problem_of(district, size)
    jumped = {0: 0, 5: 0, 1: 0, 2: 3, 3: 3, 4: 3}
    assert separators(problem, jumped) == []
    assert separators(problem_of(cluster_district(**row), size), jumped) != []


def test_today_is_kept_where_nothing_is_better():
    """Two ways of the same length: the school stays with the lead of today."""
    first = cluster(cluster_district())
    district = cluster_district(clusters=first.clusters)
    again = cluster(district)
    assert again.clusters.cluster_of() == first.clusters.cluster_of()
    assert next(goal.value for goal in again.goals if goal.name == "changed") == 0


def test_private_schools_and_kindergartens_belong_to_none():
    district = cluster_district()
    owners = ("public",) * 5 + ("private",)
    mixed = district.replace(schools=dataclasses.replace(district.schools, ownership=owners))
    assert cluster_schools(mixed, 2025) == (0, 1, 2, 3, 4)


def test_a_teaching_point_counts_where_the_table_lists_it():
    district = cluster_district()
    kinds = (SchoolKind.FULL,) * 5 + (SchoolKind.TEACHING_POINT,)
    point = district.replace(schools=dataclasses.replace(district.schools, kinds=kinds))
    assert 5 not in cluster_schools(point, 2025)
    listed = ClusterPlan((Membership("s5", "s3", Role.URBAN),))
    assert 5 in cluster_schools(point.replace(clusters=listed), 2025)


def test_schools_touch_where_catchments_touch_or_overlap():
    district = cluster_district()
    pairs = touching_schools(district, district.today.values(), range(6))
    assert (0, 1) in pairs
    assert all(a < b for a, b in pairs)
    own = touching_schools(district, [], range(6))
    assert (2, 3) not in own


def test_kindergarten_catchments_join_nothing():
    district = cluster_district()
    nursery = dataclasses.replace(district.today[Stage.PRIMARY], stage=Stage.KINDERGARTEN)
    assert touching_schools(district, [nursery], range(6)) == touching_schools(district, [], range(6))


def test_ways_are_walked_from_the_block_of_the_lead():
    district = cluster_district()
    assert way_to_lead_m(district, 0, 0) == 0
    assert way_to_lead_m(district, 0, 1) == 1000
    outside = dataclasses.replace(district.schools, block=np.array([-1, 5, 14, 17, 30, 35]))
    assert way_to_lead_m(district.replace(schools=outside), 0, 1) == 1000


def test_today_in_indices():
    plan = ClusterPlan((Membership("s1", "s0", Role.URBAN), Membership("gone", "s0", Role.URBAN)))
    assert today_clusters(cluster_district(clusters=plan), 2025) == {1: 0}
    assert today_clusters(cluster_district(), 2025) == {}


def test_the_model_is_readable():
    model = build_cluster_model(problem_of(cluster_district())).model
    names = {row.name for row in model.constraints()}
    assert {"one_cluster_u1", "lead_u0", "size_max_u3", "rural_u0", "urban_u3", "junior_u0"} <= names


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"leads": ()}, "No lead school is named"),
        ({"ties": [(0, 3, "tight")]}, "may not lead two clusters"),
    ],
)
def test_what_rules_every_answer_out_is_said(changes, words):
    plan = cluster(cluster_district(**changes))
    assert plan.status is Status.INFEASIBLE
    assert plan.clusters is None
    assert any(words in reason for reason in plan.explanation.reasons)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (ClusterOptions(count=4), "4 clusters are asked for and 2 leads are named"),
        (ClusterOptions(size_min=4), "6 schools do not fill 2 clusters of 4 to 10"),
        (ClusterOptions(size_max=2, size_min=1), "which hold 2 to 4"),
        (ClusterOptions(leads=("s0", "s9")), "s9 is named as a lead"),
    ],
)
def test_wishes_that_cannot_be_are_named(options, words):
    plan = cluster(cluster_district(), options=options)
    assert plan.status is Status.INFEASIBLE
    assert any(words in reason for reason in plan.explanation.reasons)


def test_leads_that_cannot_have_contiguous_clusters_are_explained():
    """A row of six: leads at one end, so the second lead shuts the first one in."""
    district = cluster_district((0, 1), schools=(0, 1, 2, 3, 4, 5), rural=(2, 4))
    one_row = district.replace(
        adjacency=type(district.adjacency).from_pairs(36, np.array([[k, k + 1] for k in range(35)])),
        today={
            stage: dataclasses.replace(item, zone=np.minimum(np.arange(36), 5).astype(np.int32))
            for stage, item in district.today.items()
        },
    )
    plan = cluster(one_row, options=ClusterOptions(size_min=3, size_max=3))
    assert plan.status is Status.INFEASIBLE
    assert "cannot have clusters" in plan.explanation.sentence
    assert any("every cluster touches" in reason for reason in plan.explanation.reasons[1:])


def test_a_school_out_of_reach_of_every_lead_is_named():
    district = cluster_district()
    cut = district.adjacency.pairs()
    cut = cut[~np.any(cut == 35, axis=1)]
    alone = np.where(np.arange(36) == 35, 5, np.minimum(district.today[Stage.PRIMARY].zone, 4)).astype(np.int32)
    island = district.replace(
        adjacency=type(district.adjacency).from_pairs(36, cut),
        today={stage: dataclasses.replace(item, zone=alone) for stage, item in district.today.items()},
    )
    plan = cluster(island)
    assert plan.status is Status.INFEASIBLE
    assert any("s5" in reason and "assist tie" in reason for reason in plan.explanation.reasons)


def test_a_run_that_is_stopped_keeps_the_clusters_found_so_far():
    plan = cluster(cluster_district(), stop=MaxRuntime(0.0))
    assert plan.status in {Status.FEASIBLE, Status.OPTIMAL, Status.STOPPED}
    assert (plan.clusters is None) == (plan.status is Status.STOPPED)


def test_clusters_are_made_for_a_situation():
    """Forty times the pupils at s1: no cluster can cover them, and they stand in the goals."""
    district = cluster_district()
    rolls = start_rolls(district)
    fuller = dataclasses.replace(rolls, pupils=rolls.pupils * np.where(np.arange(6) == 1, 40, 1)[:, None])
    now = cluster(district)
    then = cluster(district, situation=Situation(fuller, tuple(district.today.values())))
    assert next(g.value for g in then.goals if g.name == "uncovered") > next(g.value for g in now.goals if g.name == "uncovered")
