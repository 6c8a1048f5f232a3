"""The solver against brute force on many small districts: the same best values, goal by goal, and never a rule broken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from oracles import AllPlans, every_plan, random_district

from xuequ.solver.portfolio import zone
from xuequ.solver.problem import Problem, build_problem
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.district import District
from xuequ.zoning.options import DEFAULT_GOALS, GoalSpec, Options
from xuequ.zoning.plan import Plan, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification import verify

SOFT = (GoalSpec("over_standard"), GoalSpec("distance"))
HARD = (GoalSpec("distance"),)
TWISTS = ("rivers", "links", "islands", "shared", "locks", "forbidden", "together", "moved")
BATCHES = MaxIterations(300)


def solved(district: District, seed: int = 0) -> Plan:
    return zone(district, stage=Stage.PRIMARY, year=2026, stop=BATCHES, seed=seed)


def problem_of(district: District) -> Problem:
    return build_problem(district, Stage.PRIMARY, 2026, district.options.zoning)


def faults(district: District, plan: Plan, plans: AllPlans) -> list[str]:
    """Say what is wrong with a plan: it is one of all plans that keep the rules, and goal by goal the best of them."""
    if not len(plans):
        found = plan.status not in {Status.INFEASIBLE, Status.STOPPED} or not plan.explanation.reasons
        return ["there is no plan, and that is not said"] if found else []
    if plan.status not in {Status.FEASIBLE, Status.OPTIMAL}:
        return [f"there are {len(plans)} plans, and the status is {plan.status}"]
    best = plans.best_in_order(district.options.zoning.goals)
    wrong = [
        f"{goal.name}: {goal.value} with the bound {goal.bound}, the best is {best[goal.name]}"
        for goal in plan.goals
        if abs(goal.value - best[goal.name]) > 1e-6 or (goal.bound or 0.0) > best[goal.name] + 1e-6
    ]
    if not (plans.zone == plan.catchments[0].zone).all(axis=1).any():
        wrong.append("a rule is broken")
    if plan.certified_bound is not None and plan.certified_bound > best["distance"] + 1e-6:
        wrong.append(f"certified {plan.certified_bound}, the best is {best['distance']}")
    return wrong + [check.name for check in verify(district, plan).checks if not check.ok]


@pytest.mark.parametrize("twist", ["none", *TWISTS])
@pytest.mark.parametrize("seats", ["soft", "hard"])
def test_each_thing_that_real_districts_have(twist: str, seats: str) -> None:
    for seed in (11, 12):
        schools = 3 if twist == "shared" else 2
        goals = HARD if seats == "hard" else SOFT
        district = random_district(seed, schools=schools, seats=seats, goals=goals, slack=seats == "hard", twists=[twist])
        assert faults(district, solved(district, seed), every_plan(district)) == []


@pytest.mark.parametrize("seed", range(20))
def test_all_of_it_at_once(seed: int) -> None:
    chosen = [twist for number, twist in enumerate(TWISTS) if (seed * 7 + number * 5) % 3 == 0]
    seats = "hard" if seed % 2 else "soft"
    goals = HARD if seats == "hard" else SOFT
    district = random_district(seed, (3, 4), 2 + seed % 2, seats=seats, goals=goals, slack=seed % 4 == 1, twists=chosen)
    assert faults(district, solved(district, seed), every_plan(district)) == []


def test_the_districts_above_are_worth_the_trouble() -> None:
    """Some leave a few plans, some many; and the best is hardly ever what the nearest school gives."""
    counts, nearest_is_best = [], 0
    for seed in range(12):
        district = random_district(seed, (3, 4), 2, seats="hard", goals=HARD, slack=seed % 2, twists=["rivers"][: seed % 3])
        plans = every_plan(district)
        counts.append(len(plans))
        nearest = district.distances.to_matrix().argmin(axis=1)
        if len(plans):
            nearest_is_best += bool((plans.zone[plans.goals["distance"].argmin()] == nearest).all())
    assert min(counts) < 4
    assert max(counts) > 50
    assert nearest_is_best < 6


@pytest.mark.parametrize("share", [0, 30, 0.2])
@pytest.mark.parametrize("seed", [3, 5])
def test_the_cap_on_moved_pupils_leaves_the_best_of_what_is_left(seed: int, share: float) -> None:
    district = random_district(seed, goals=SOFT, twists=["moved"])
    today = district.today[Stage.PRIMARY]
    free = every_plan(district)
    start = free.zone[free.goals["distance"].argmax()]
    district = district.replace(today={Stage.PRIMARY: replace(today, zone=start.astype(np.int32))})
    zoning = replace(district.options.zoning, moved_max=share)
    district = district.replace(options=Options(zoning=zoning))
    plans = every_plan(district)
    assert 0 < len(plans) < len(free)
    assert faults(district, solved(district), plans) == []


@pytest.mark.parametrize("seed", range(4))
def test_default_goals_come_in_their_order(seed: int) -> None:
    """super_large, large, too_far and over_standard as brute force has them; distance within its tolerance, moved after it."""
    district = random_district(seed, (3, 3), 2, goals=DEFAULT_GOALS, twists=["moved", "rivers"][: 1 + seed % 2])
    plans = every_plan(district)
    plan = solved(district)
    best = plans.best_in_order(DEFAULT_GOALS)
    values = {goal.name: goal.value for goal in plan.goals}
    for name in ("super_large", "large", "too_far", "over_standard"):
        assert values[name] == best[name], name
    assert best["distance"] - 1e-6 <= values["distance"] <= 1.01 * best["distance"] + 1e-6
    assert values["moved"] == best["moved"]
    assert values["compactness"] == pytest.approx(best["compactness"])


@pytest.mark.parametrize(
    "order", [("moved", "distance"), ("distance", "moved"), ("compactness", "distance"), ("too_far", "moved")]
)
def test_the_order_of_goals_decides(order: tuple[str, str]) -> None:
    goals = tuple(GoalSpec(name) for name in order)
    for seed in (21, 22):
        district = random_district(seed, (3, 3), 2, slack=1, goals=goals, twists=["moved"])
        plans, plan = every_plan(district), solved(district, seed)
        assert {goal.name: goal.value for goal in plan.goals} == pytest.approx(plans.best_in_order(goals), abs=1e-6)


@pytest.mark.parametrize("tolerance", [0.0, 0.05, 0.3])
def test_a_tolerance_is_used_and_not_exceeded(tolerance: float) -> None:
    goals = (GoalSpec("distance", tolerance), GoalSpec("compactness"))
    for seed in (31, 32):
        district = random_district(seed, (4, 3), 2, slack=1, goals=goals)
        plans, plan = every_plan(district), solved(district, seed)
        best = plans.best_in_order(goals)
        values = {goal.name: goal.value for goal in plan.goals}
        assert values["distance"] <= (1 + tolerance) * best["distance"] + 1e-5
        assert values["compactness"] == pytest.approx(best["compactness"])


def test_more_tolerance_never_makes_the_later_goal_worse() -> None:
    borders = []
    for tolerance in (0.0, 0.02, 0.1, 0.5):
        goals = (GoalSpec("distance", tolerance), GoalSpec("compactness"))
        plan = solved(random_district(33, (4, 3), 2, slack=1, goals=goals))
        borders.append(next(goal.value for goal in plan.goals if goal.name == "compactness"))
    assert borders == sorted(borders, reverse=True)
    assert borders[-1] < borders[0]


def test_a_count_is_given_back_in_whole_pupils() -> None:
    """With a tolerance of a tenth on pupils too far, 5 too far leave no more than 5, 45 leave 49."""
    goals = (GoalSpec("too_far", 0.1), GoalSpec("moved"))
    for seed in (41, 44):
        district = random_district(seed, (4, 3), 2, slack=1, goals=goals, twists=["moved"])
        plans, plan = every_plan(district), solved(district)
        far = plans.goals["too_far"].min()
        values = {goal.name: goal.value for goal in plan.goals}
        assert values["too_far"] <= np.floor(1.1 * far + 1e-9)
        assert values["moved"] == plans.best_in_order(goals)["moved"]


@pytest.mark.parametrize("seed", range(8))
def test_the_arrays_measure_every_plan_as_brute_force_does(seed: int) -> None:
    district = random_district(seed, (3, 3), 2, goals=SOFT, twists=["moved", "links", "rivers", "islands"][: seed % 5])
    problem, plans = problem_of(district), every_plan(district)
    names = ("super_large", "large", "over_standard", "too_far", "distance", "moved", "compactness")
    for row in range(0, len(plans), 1 + len(plans) // 40):
        total = problem.measure(plans.zone[row].astype(np.int32))
        assert total == pytest.approx([plans.goals[name][row] for name in names])


def test_the_seed_changes_nothing_about_the_value() -> None:
    district = random_district(50, (4, 3), 3, goals=SOFT, twists=["rivers"])
    best = every_plan(district).best_in_order(SOFT)
    for seed in range(4):
        assert {goal.name: goal.value for goal in solved(district, seed).goals} == pytest.approx(best, abs=1e-6)
