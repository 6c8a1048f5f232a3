"""Models that people read, solved by PuLP with any engine that is there, against the arrays, the kernel and brute force."""

from __future__ import annotations

import numpy as np
import pulp
import pytest
from oracles import PRIMARY, YEAR, every_plan, random_district
from planned import seat_district

from xuequ.solver.cuts import Cut, CutPool, separate
from xuequ.solver.engine import Effort
from xuequ.solver.formulations.zoning import zoning_model
from xuequ.solver.portfolio import zone
from xuequ.solver.problem import DISTANCE, FAR, MOVED, OVER, Problem, build_problem
from xuequ.solver.search import Target
from xuequ.solver.seat_decisions import Bounds, SiteDecisions
from xuequ.solver.seat_flows import seat_goal_values
from xuequ.solver.seat_model import build_seat_model
from xuequ.solver.seat_problem import seat_problem
from xuequ.solver.stop import MaxIterations
from xuequ.solver.submip import Region, reoptimise
from xuequ.zoning.accounts import account
from xuequ.zoning.district import District
from xuequ.zoning.options import GoalSpec
from xuequ.zoning.stage import Programme

ENGINES = [name for name in ("HiGHS", "PULP_CBC_CMD") if name in pulp.listSolvers(onlyAvailable=True)]
"""HiGHS is always there; CBC where the machine has it."""


def built(district: District) -> Problem:
    return build_problem(district, PRIMARY, YEAR, district.options.zoning)


def solve(model: pulp.LpProblem, engine: str) -> float:
    status = model.solve(pulp.getSolver(engine, msg=False))
    assert pulp.LpStatus[status] == "Optimal"
    return float(pulp.value(model.objective))


def contiguous_optimum(district: District, problem: Problem, target: Target, engine: str) -> tuple[float, np.ndarray]:
    """Solve the PuLP model by rounds: each answer that is in pieces adds its separators, until one is whole."""
    cuts: list[Cut] = []
    for _ in range(60):
        model, x = zoning_model(district, problem, target, cuts)
        value = solve(model, engine)
        chosen = np.zeros(problem.units, dtype=np.int32)
        for (i, j), arc in x.items():
            chosen[i] = j if arc.value() > 0.5 else chosen[i]
        new = [cut for cut in separate(problem, chosen, range(problem.zones)) if cut not in cuts]
        if not new:
            return value, chosen
        cuts += new
    raise AssertionError("the rounds of cuts do not end")


def target_of(price: dict[int, float], limit: dict[int, float]) -> Target:
    prices, limits = np.zeros(7), np.full(7, np.inf)
    prices[list(price)], limits[list(limit)] = list(price.values()), list(limit.values())
    return Target(prices, limits)


def test_highs_is_among_the_engines() -> None:
    assert "HiGHS" in ENGINES


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("seed", range(4))
def test_the_zoning_model_with_its_cuts_has_the_optimum_of_brute_force_and_of_the_kernel(engine: str, seed: int) -> None:
    twists = ("rivers", "links", "locks", "forbidden")[: 1 + seed]
    district = random_district(seed + 60, (3, 3), 2, seats="hard", slack=1, twists=twists, goals=(GoalSpec("distance"),))
    plans = every_plan(district)
    if not len(plans):
        return
    problem = built(district)
    value, chosen = contiguous_optimum(district, problem, target_of({DISTANCE: 1.0}, {OVER: 0.0}), engine)
    assert value == pytest.approx(plans.goals["distance"].min(), rel=1e-6)
    assert (plans.zone == chosen).all(axis=1).any()
    found = zone(district, stage=PRIMARY, year=YEAR, stop=MaxIterations(200))
    assert found.objective == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_soft_seats_ways_and_moves_weigh_the_same_in_both(seed: int) -> None:
    district = random_district(seed + 70, (3, 3), 2, twists=("moved",))
    problem, plans = built(district), every_plan(district)
    limit = float(np.quantile(plans.goals["moved"], 0.6))
    target = target_of({DISTANCE: 1.0, OVER: 0.4, FAR: 0.2}, {MOVED: limit})
    value, _ = contiguous_optimum(district, problem, target, "HiGHS")
    kept = plans.kept(plans.goals["moved"] <= limit)
    sums = kept.goals["distance"] + 0.4 * kept.goals["over_standard"] + 0.2 * kept.goals["too_far"]
    assert value == pytest.approx(sums.min(), rel=1e-6)
    start = kept.zone[0].astype(np.int32)
    cuts = CutPool()
    for _ in range(3):
        outcome = reoptimise(problem, start, Region.whole(problem), target, cuts, Effort())
        start = start if outcome.zone is None else outcome.zone
    assert target.objective(problem.measure(start)) == pytest.approx(value, rel=1e-6)


@pytest.mark.parametrize("seed", range(3))
def test_every_plan_keeps_the_rows_of_the_model(seed: int) -> None:
    """Put into the model, each plan of the list has its own distance as objective and breaks no row."""
    district = random_district(seed + 80, (3, 3), 2, twists=("rivers", "forbidden"))
    problem, plans = built(district), every_plan(district)
    model, x = zoning_model(district, problem, target_of({DISTANCE: 1.0}, {}))
    for row in range(0, len(plans), 1 + len(plans) // 12):
        for (i, j), arc in x.items():
            arc.varValue = float(plans.zone[row, i] == j)
        assert all(constraint.valid(1e-6) for constraint in model.constraints())
        assert pulp.value(model.objective) == pytest.approx(plans.goals["distance"][row])
    for arc in x.values():
        arc.varValue = 1.0
    assert not all(constraint.valid(1e-6) for constraint in model.constraints())


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("goal", ["super_large", "large", "cost"])
def test_the_seat_model_in_pulp_says_what_its_plan_reaches(engine: str, goal: str) -> None:
    pupils = np.random.default_rng(3).integers(0, 70, 36)
    district = seat_district(pupils=pupils, seats_min=180, budget={2026: 400, 2027: 400}, groups=6)
    district = district.replace(years=(2026, 2027), rules=district.rules.override({"horizon_after": 0}))
    problem = seat_problem(district, Programme.SCHOOL, district.options.seats)
    seat_model = build_seat_model(problem)
    seat_model.model.setObjective(seat_model.goals[goal])
    value = solve(seat_model.model, engine)
    plan = seat_model.read({variable.name: variable.value() or 0.0 for variable in seat_model.model.variables()})
    assert account(district, plan, Programme.SCHOOL).net_seats >= 180
    reached = seat_goal_values(problem, plan)[goal]
    assert reached == pytest.approx(value, rel=0.02, abs=3)
    if goal == "cost":
        assert reached == pytest.approx(value)


@pytest.mark.parametrize(
    ("left_out", "most"),
    [({}, 270), ({"money": False}, 1080), ({"money": False, "land": False}, 1890), ({"land": False}, 270)],
)
def test_each_bound_on_sites_can_be_left_out(left_out: dict[str, bool], most: int) -> None:
    """Seats at most: 6 rooms for 430 of money, 24 on 1,800 m² (both schools expanded), 42 with a new school besides."""
    sites = tuple(site for site in seat_district().sites if site.id in {"x0", "x1", "n1"})
    district = seat_district(sites=sites, budget={2026: 430, 2027: 0, 2028: 0}, land_max=1800)
    problem = seat_problem(district, Programme.SCHOOL, district.options.seats)
    model = pulp.LpProblem("sites", pulp.LpMaximize)
    decisions = SiteDecisions(problem, model)
    decisions.add_rows(Bounds(**left_out))
    model.setObjective(decisions.seats_added())
    assert solve(model, "HiGHS") == most
