"""Whether a programme can reach its floors at all, and if not, what is in the way: money, land, rooms or years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pulp

from xuequ.solver.ranked import Limits, RankedModel, Reached
from xuequ.solver.seat_decisions import Bounds, SiteDecisions, read_plan
from xuequ.solver.stop import Clock
from xuequ.zoning.explanation import Explanation, Relaxation
from xuequ.zoning.seating import SeatPlan

if TYPE_CHECKING:
    from xuequ.solver.seat_problem import SeatProblem

__all__ = ["cheapest_plan", "floors_explained"]


def cheapest_plan(problem: SeatProblem, *, seed: int = 0) -> SeatPlan | None:
    """
    Return a cheap seat plan that reaches the floors, looking at no pupils; None where none does.

    Notes
    -----
    No time limit is put on it: it takes a second or less, and a run without a first plan would have nothing to show.
    """
    if all(item.why_not for item in problem.sites):
        return None if problem.target.seats_min > 0 or problem.target.projects_min > 0 else SeatPlan()
    decisions, solver = _model(problem, Bounds(), seed)
    found = solver.minimise(decisions.present_value(), Limits(gap=0.01))
    if not len(found.values):
        return None
    values = dict(zip((item.name for item in decisions.model.variables()), found.values, strict=True))
    return read_plan(problem, decisions.rooms, values)


def floors_explained(problem: SeatProblem, *, seed: int = 0) -> Explanation:
    """
    Explain why no seat plan reaches the floors of a programme: by how much each is missed, and what that is for.

    Notes
    -----
    policy.md §17: the floors are hard, so a plan that misses one is not given. Each bound is dropped in turn; where a floor is
    reached without it, it is what stands in the way.
    """
    target, name = problem.target, problem.programme.value
    reasons, relaxations = [], []

    def most(what: str, bounds: Bounds) -> int:
        if all(item.why_not for item in problem.sites):
            return 0
        decisions, solver = _model(problem, bounds, seed)
        goal = decisions.seats_added() if what == "seats" else pulp.lpSum(decisions.chosen().values())
        return -round(_value(solver.minimise(-1 * goal, Limits(gap=1e-4))))

    alone = {"seats": Bounds(seats=False, projects=False), "projects": Bounds(seats=False, projects=False)}
    for what, floor in (("seats", target.seats_min), ("projects", target.projects_min)):
        if not floor or not problem.sites:
            continue
        within = most(what, alone[what])
        if within >= floor:
            continue
        reasons.append(
            f"The {name} programme asks for {floor:,} {what}, and at most {within:,} can be had: {floor - within:,} too few."
        )
        relaxations.append(Relaxation("seats", f"seats.programmes.{name}.{what}_min", float(within - floor), what))
        reasons.extend(_in_the_way(problem, what, floor, most))
    if not problem.sites:
        reasons.append(f"The {name} programme asks for {target.seats_min:,} seats, and the case names no site for it.")
    elif not reasons:
        reasons.append(
            f"The {name} programme can reach {target.seats_min:,} seats, and it can reach {target.projects_min} projects, "
            "but not both within its money and land."
        )
    reasons.extend(_money(problem, seed, relaxations))
    return Explanation(tuple(reasons), (), tuple(relaxations))


def _in_the_way(problem: SeatProblem, what: str, floor: int, most: object) -> list[str]:
    assert callable(most)
    reasons = []
    every = most(what, Bounds(money=False, land=False, seats=False, projects=False))
    sites = [item for item in problem.sites if not item.why_not]
    years = f"{problem.years[0]}–{problem.years[-1]}"
    if every < floor:
        late = [item for item in problem.sites if item.why_not]
        reasons.append(
            f"Rooms and years: all {len(sites)} sites that can open in {years}, at their largest, give {every:,} {what}"
            + (f"; {len(late)} more cannot be chosen ({late[0].site.name}: {late[0].why_not})" if late else "")
            + "."
        )
    if problem.options.budgets_wan.get(problem.programme):
        free = most(what, Bounds(money=False, seats=False, projects=False))
        reasons.append(f"Money: with no limit on it {free:,} {what} could be had.")
    if problem.target.land_max_m2 is not None:
        free = most(what, Bounds(land=False, seats=False, projects=False))
        reasons.append(f"Land: with no cap ({problem.target.land_max_m2:,} m² now) {free:,} {what} could be had.")
    return reasons


def _money(problem: SeatProblem, seed: int, relaxations: list[Relaxation]) -> list[str]:
    """Say what the floors would cost if money were no limit, and what is there."""
    budget = problem.options.budgets_wan.get(problem.programme)
    if not budget or all(item.why_not for item in problem.sites):
        return []
    decisions, solver = _model(problem, Bounds(money=False), seed)
    goal = pulp.lpSum(decisions.cost().values())
    found = solver.minimise(goal, Limits(gap=1e-4))
    if found.value is None:
        return []
    given = sum(amount for year, amount in budget.items() if year <= problem.years[-1])
    needed = round(found.value)
    if needed <= given:
        return []
    target = f"seats.budgets.{problem.programme.value}"
    relaxations.insert(0, Relaxation("budget", target, float(needed - given), "10,000 yuan", float(needed - given)))
    sentence = (
        f"The floors cost at least {needed:,} (10,000 yuan); the budget to {problem.years[-1]} has {given:,}: "
        f"{needed - given:,} too little."
    )
    return [sentence]


def _model(problem: SeatProblem, bounds: Bounds, seed: int) -> tuple[SiteDecisions, RankedModel]:
    model = pulp.LpProblem(f"floors_{problem.programme}", pulp.LpMinimize)
    decisions = SiteDecisions(problem, model)
    decisions.add_rows(bounds)
    return decisions, RankedModel(model, Clock(), seed=seed)


def _value(found: Reached) -> float:
    return 0.0 if found.value is None else found.value
