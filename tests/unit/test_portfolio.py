"""One run from outside: the same seed and limit give the same plan, stops are obeyed, and goals are worked on in their order."""

from __future__ import annotations

import threading
from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from oracles import PRIMARY, YEAR, every_plan, random_district

from xuequ.solver.benchmark import run_instance
from xuequ.solver.portfolio import zone
from xuequ.solver.problem import CUT, DISTANCE, FAR, LARGE, MOVED, OVER, SUPER, Problem, build_problem
from xuequ.solver.ranking import Ranking, worth_of
from xuequ.solver.stop import AnyOf, Interrupted, MaxIterations, MaxRuntime, Progress
from xuequ.zoning.district import District
from xuequ.zoning.options import DEFAULT_GOALS, GoalSpec, Options, ZoningOptions
from xuequ.zoning.plan import Plan, Status
from xuequ.zoning.verification import verify


def tight(seed: int = 3, **zoning: object) -> District:
    rng = np.random.default_rng(seed)
    pupils = rng.integers(2, 30, 120)
    total = -(-int(pupils.sum() * 1.01) // 45)
    part = total // 5
    rooms = (part - 3, part + 4, part - 3, part + 2, total - 4 * part)
    district = grid_district(12, 10, (14, 21, 65, 98, 105), pupils=pupils, rooms=rooms, stages=(PRIMARY,), seed=seed)
    return district.replace(options=Options(zoning=ZoningOptions(**({"regime": "full"} | zoning))))  # type: ignore[arg-type]


def told(plan: Plan) -> tuple[object, ...]:
    certificates = tuple(item.multipliers.tobytes() for item in plan.certificates)
    bounds = (plan.objective, plan.solver_bound, plan.certified_bound)
    return (plan.status, plan.goals, plan.catchments[0].zone.tobytes(), bounds, certificates, tuple(plan.loads.items()))


@pytest.mark.parametrize("goals", [DEFAULT_GOALS, (GoalSpec("distance"),), (GoalSpec("moved"), GoalSpec("distance", 0.02))])
def test_a_seed_and_an_iteration_limit_fix_everything(goals: tuple[GoalSpec, ...]) -> None:
    district = tight(goals=goals)
    runs = [told(zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(250), seed=7)) for _ in range(2)]
    assert runs[0] == runs[1]


def test_listeners_threads_and_an_interruption_that_never_comes_change_nothing() -> None:
    district = tight()
    plain = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(150), seed=2)
    stop = AnyOf(Interrupted(threading.Event()), MaxIterations(150))
    heard = zone(district, stage="primary", year=YEAR, stop=stop, seed=2, threads=4, progress=lambda _: None)
    assert told(plain) == told(heard)


def test_another_seed_walks_another_way() -> None:
    district = tight(seats="hard", goals=(GoalSpec("distance"),))
    plans = [zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(60), seed=seed) for seed in range(3)]
    assert len({plan.catchments[0].zone.tobytes() for plan in plans}) > 1


def test_more_iterations_are_never_worse() -> None:
    district = tight(goals=(GoalSpec("over_standard"), GoalSpec("distance")))
    values = []
    for count in (0, 100, 700):
        plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(count), seed=1)
        verify(district, plan).raise_if_failed()
        values.append(tuple(goal.value for goal in plan.goals))
    assert values == sorted(values, reverse=True)


def test_an_interruption_in_the_middle_keeps_the_best_so_far() -> None:
    event, heard = threading.Event(), []

    def listen(progress: Progress) -> None:
        heard.append(progress)
        if len(heard) == 4:
            event.set()

    district = tight(seats="hard", goals=(GoalSpec("distance"),))
    plan = zone(district, stage=PRIMARY, year=YEAR, stop=Interrupted(event), progress=listen)
    assert len(heard) < 12
    assert plan.catchments
    if plan.status is Status.FEASIBLE:
        verify(district, plan).raise_if_failed()


def test_what_is_told_on_the_way_only_gets_better() -> None:
    heard: list[Progress] = []
    district = tight(seats="hard", goals=(GoalSpec("distance"),))
    zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(500), progress=heard.append)
    best = [event.best for event in heard if event.phase == "distance" and event.best is not None]
    assert len(best) > 3
    assert [event.iterations for event in heard] == sorted(event.iterations for event in heard)
    assert all(event.gap is None or event.gap >= 0 for event in heard)
    assert all(event.bound is None or event.best is None or event.bound <= event.best + 1e-6 for event in heard)


def test_a_run_time_of_nothing_still_gives_a_whole_plan() -> None:
    district = tight()
    plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxRuntime(0.0))
    assert plan.status is Status.FEASIBLE
    verify(district, plan).raise_if_failed()


def test_a_small_district_is_proved() -> None:
    """Twelve blocks: status optimal, bound and value the same, and brute force agrees."""
    goals = (GoalSpec("over_standard"), GoalSpec("distance"))
    for seed in (11, 12, 13):
        district = random_district(seed, goals=goals, twists=("rivers",))
        plan = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(300))
        assert plan.status is Status.OPTIMAL
        assert plan.gap == pytest.approx(0.0, abs=1e-6)
        assert plan.objective == pytest.approx(every_plan(district).best_in_order(goals)["distance"])


def test_a_year_without_any_school_says_what_to_look_at() -> None:
    base = grid_district(4, 4, (0, 15))
    closed = base.replace(schools=replace(base.schools, closed=np.array([2026, 2026])))
    plan = zone(closed, stage=PRIMARY, year=YEAR)
    assert plan.status is Status.INFEASIBLE
    assert "no school with a catchment has primary classrooms or seats in 2026" in plan.explanation.sentence


def test_options_given_take_the_place_of_those_of_the_case() -> None:
    district = tight(goals=(GoalSpec("distance"),))
    other = ZoningOptions(regime="full", goals=(GoalSpec("moved"),))
    plan = zone(district, stage=PRIMARY, year=YEAR, options=other, stop=MaxIterations(5))
    assert [goal.name for goal in plan.goals] == ["moved"]
    assert plan.goals[0].value == 0
    assert plan.objective is None
    assert plan.bound is None


def problem_of(goals: tuple[GoalSpec, ...], **zoning: object) -> Problem:
    district = tight(goals=goals, **zoning)
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


@pytest.mark.parametrize(
    ("names", "phases"),
    [
        (("super_large", "large", "distance", "moved"), [((SUPER, LARGE), True), ((DISTANCE,), False), ((MOVED,), False)]),
        (("distance", "over_standard"), [((DISTANCE,), False), ((OVER,), False)]),
        (("moved", "too_far"), [((MOVED, FAR), True)]),
        (("compactness",), [((CUT,), False)]),
        (("balance", "distance"), [((DISTANCE,), False)]),
    ],
)
def test_leading_counts_are_worked_on_together_then_each_goal_alone(names: tuple[str, ...], phases: list[object]) -> None:
    problem = problem_of(tuple(GoalSpec(name) for name in names))
    ranking = Ranking.of(problem, np.ones(7))
    assert [(phase.measures, phase.counted) for phase in ranking.phases()] == phases


@pytest.mark.parametrize(
    ("name", "tolerance", "value", "allowed"),
    [
        ("moved", 0.1, 5.0, 5.0),
        ("moved", 0.1, 45.0, 49.0),
        ("moved", 0.0, 7.0, 7.0),
        ("distance", 0.01, 200.0, 202.0),
        ("moved", 0.5, 1.0, 1.0),
    ],
)
def test_tolerances_give_whole_pupils_back(name: str, tolerance: float, value: float, allowed: float) -> None:
    ranking = Ranking.of(problem_of((GoalSpec(name, tolerance),)), np.ones(7))
    assert ranking.allowed(ranking.columns()[0], value) == pytest.approx(allowed)


def test_what_no_goal_asks_for_is_limited_all_the_same() -> None:
    hard = Ranking.of(problem_of((GoalSpec("distance"),), seats="hard", moved_max=50), np.ones(7))
    assert hard.base[[OVER, MOVED]].tolist() == [0.0, 50.0]
    soft = Ranking.of(problem_of((GoalSpec("distance"),)), np.ones(7))
    assert np.isinf(soft.base).all()


def test_a_pupil_is_worth_the_mean_way_and_a_border_its_part() -> None:
    problem = problem_of((GoalSpec("distance"),))
    total = np.zeros(7)
    total[DISTANCE] = 500.0
    worth = worth_of(problem, total)
    assert worth[OVER] == pytest.approx(500.0 / problem.pupils.sum())
    assert worth[DISTANCE] == 1.0
    assert worth[CUT] * problem.border_m.sum() / 2 == pytest.approx(500.0)


def test_a_benchmark_row_has_the_keys_that_checks_read() -> None:
    district = random_district(2, seats="hard", slack=1)
    result = run_instance(district, "tiny", stop=MaxIterations(200), seed=1)
    row = result.to_json()
    assert {"instance", "objective", "bound", "gap_to_bound", "status", "seconds"} <= set(row)
    assert (row["instance"], row["over"]) == ("tiny", 0)
    assert row["objective"] == pytest.approx(every_plan(district).goals["distance"].min())
    assert row["gap_to_bound"] == pytest.approx((row["objective"] - row["bound"]) / max(1.0, row["objective"]))


def test_a_benchmark_that_does_not_fit_says_by_how_many_pupils() -> None:
    """Blocks of 50 in schools of 90 seats: the best of whole blocks is 10 over, and that is said."""
    hard = ZoningOptions(regime="full", seats="hard", goals=(GoalSpec("distance"),))
    packed = grid_district(3, 1, (0, 2), pupils=50, rooms=2).replace(options=Options(zoning=hard))
    row = run_instance(packed, "packed", stop=MaxIterations(50)).to_json()
    assert (row["over"], row["status"]) == (10, "stopped")
