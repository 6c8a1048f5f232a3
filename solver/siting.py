"""`seats`: which sites open, with how many classrooms, in which year (model.md §3)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pulp

from xuequ.solver.ranked import Limits
from xuequ.solver.seat_floors import cheapest_plan, floors_explained
from xuequ.solver.seat_flows import seat_goal_values, seats_without_pupils
from xuequ.solver.seat_master import LEVELS, Effort, SeatMaster, levels_value
from xuequ.solver.seat_model import SEAT_GOALS
from xuequ.solver.seat_problem import building_years, seat_problem, targets
from xuequ.solver.seat_reasons import checked_on_blocks, site_reasons
from xuequ.solver.seat_thrift import save_money
from xuequ.solver.stop import Clock
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status, is_proved, relative_gap
from xuequ.zoning.seating import STAGES, SeatPlan
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from xuequ.solver.seat_problem import SeatProblem
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.district import District
    from xuequ.zoning.options import SeatOptions

__all__ = ["GAP", "seats"]

GAP = 0.005
"""Relative gap that a goal is searched down to (solver.md §10: seat plans within 0.5 %)."""

_ROUND = Limits(gap=GAP / 4, gap_abs=0.5, nodes=300)
_ROUNDS = {"super_large": 25, "large": 25, "too_far": 25, "cost": 8, "distance": 6, "idle_seats": 3}
_TOLERANCES = {"too_far": GAP, "distance": GAP}
"""What later goals may give back of a goal: what lies within the gap of its search is as good."""


@dataclass(slots=True)
class _Part:
    """What came out for one programme."""

    seats: SeatPlan | None
    goals: dict[str, tuple[float, float | None]] = field(default_factory=dict)
    explanation: Explanation = field(default_factory=Explanation)
    finished: bool = True


def seats(
    district: District,
    *,
    options: SeatOptions | None = None,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,  # noqa: ARG001 - all verbs are called alike
    progress: Callable[[Progress], None] | None = None,
) -> Plan:
    """
    Choose sites, classrooms and years.

    Parameters
    ----------
    district
        The district, with sites.
    options
        ``[seats]`` of the case if not given.
    stop, progress
        When to stop, and who is told how far it is.
    seed
        Of HiGHS.
    threads
        Taken like by every verb; one is used (see `RankedModel`).

    Returns
    -------
    Plan
        Kind ``seats``. Goals in the order of `SEAT_GOALS`, added up over the two programmes, which share nothing; the objective
        is the cost. Status ``infeasible``, with the explanation, where a programme cannot reach its floors.

    Raises
    ------
    ValueError
        If the demand reaches none of the years in which rooms may open, or lacks a scenario.

    Notes
    -----
    model.md §3, docs/decisions/0010. Each year sends to schools those who are then given one: all grades in regime ``full``, the
    entry grade in ``phase_in``. It is a transportation problem on groups of blocks, which catchments can at best match;
    `horizon.plan` makes these.
    """
    clock = Clock(stop, progress)
    options = options or district.options.seats
    asked = [
        programme
        for programme in reversed(list(Programme))
        if any(site.programme is programme for site in district.sites) or targets(district, options, programme).seats_min
    ]
    parts = _parts([seat_problem(district, programme, options) for programme in asked], clock, seed)
    return _merged(district, options, parts[::-1], clock, seed)


def _parts(problems: Sequence[SeatProblem], clock: Clock, seed: int) -> list[_Part]:
    """Solve one programme after the other, if all of them can reach their floors."""
    # Kindergartens are the smaller part, so they go first, and leave their time to the schools.
    first = [cheapest_plan(problem, seed=seed) for problem in problems]
    parts = []
    for number, (problem, plan) in enumerate(zip(problems, first, strict=True)):
        if plan is None or None in first:
            explanation = Explanation() if plan is not None else floors_explained(problem, seed=seed)
            parts.append(_Part(None, explanation=explanation))
        else:
            share = 0.25 if number < len(problems) - 1 else 1.0
            until = clock.elapsed_s + share * clock.seconds_left()
            master = SeatMaster(problem, clock, seed=seed)
            parts.append(_programme(_Search(problem, master, clock, _Start(plan, until))))
    return parts


def _programme(search: _Search) -> _Part:
    """Work through the goals of a programme."""
    problem, clock = search.problem, search.clock
    bounds = {name: search.reach(name) for name in SEAT_GOALS}
    chosen = search.best
    # A later goal may have bettered an earlier one by the way, so values are those of the last plan.
    goals = {
        name: (search.values[name], None if bound is None else min(bound, search.values[name])) for name, bound in bounds.items()
    }
    reasons = site_reasons(problem, chosen)
    checked = checked_on_blocks(problem, chosen)
    return _Part(SeatPlan(chosen.openings, reasons), goals, Explanation((checked,)), finished=not clock.stopped)


@dataclass(frozen=True, slots=True)
class _Start:
    """Where the search of a programme begins, and until when it may go on."""

    plan: SeatPlan
    until_s: float


class _Search:
    """One programme's goals in order of rank; every seat plan met is judged by its exact goal values."""

    def __init__(self, problem: SeatProblem, master: SeatMaster, clock: Clock, start: _Start) -> None:
        self.problem, self.master, self.clock = problem, master, clock
        self.best, self.values, self.until = start.plan, seat_goal_values(problem, start.plan), start.until_s
        self.allowed: dict[str, float] = {}

    def reach(self, name: str) -> float | None:
        """Minimise a goal, cap it at what is reached, and return its lower bound."""
        phase = f"seats {self.problem.programme}: {name}"
        if self.clock.report(phase, self.values[name], 0.0):
            return 0.0 if self.values[name] <= 0 else None
        bound: float | None = 0.0
        if self.values[name] > 0.5:
            goal, levels = self._goal(name)
            effort = Effort(_ROUND, _ROUNDS[name], self._until(name))
            if name == "cost":
                self._save()
            raw = self.master.minimise(
                goal, levels, effort, lambda plan, found: self._judge(name, plan, self._bound(name, found))
            )
            bound = self._bound(name, raw)
        if name == "cost":
            self._save()
        self.clock.report(phase, self.values[name], bound)
        self._cap(name)
        return None if bound is None else max(0.0, bound)

    def _save(self) -> None:
        """Look for less cost near the best plan."""
        allowed = dict(self.allowed)

        def is_allowed(plan: SeatPlan) -> bool:
            values = seat_goal_values(self.problem, plan)
            return all(values[goal] <= most + 1e-6 * max(1.0, most) for goal, most in allowed.items())

        self.best = save_money(self.problem, self.best, is_allowed, self.clock.should_stop)
        self.values = seat_goal_values(self.problem, self.best)

    def _until(self, name: str) -> float:
        """Return when a goal has had its part of a time limit: two fifths of what is left, the last goal all of it."""
        left = max(0.0, self.until - self.clock.elapsed_s)
        return self.clock.elapsed_s + (left if name == "idle_seats" else left * 0.4)

    def _goal(self, name: str) -> tuple[pulp.LpAffineExpression, tuple[str, ...]]:
        """Return what the master minimises for a goal, and the flows that matter then."""
        master = self.master
        if name in LEVELS:
            levels = (name,) if name != "distance" else ("too_far", "distance")
            return pulp.LpAffineExpression([(master.worst[name], 1)]), levels
        goal = master.decisions.present_value() if name == "cost" else master.decisions.seats_added()
        return goal, ("too_far",) if name == "cost" else ("too_far", "distance")

    def _bound(self, name: str, raw: float | None) -> float | None:
        """Return the bound on a goal that a bound of the master gives, the goals before at what they are allowed."""
        if raw is None:
            return None
        if name in LEVELS:
            before = dict.fromkeys(("super_large", "large", "too_far", "distance"), 0.0)
            before |= {goal: amount for goal, amount in self.allowed.items() if goal in before}
            return raw - levels_value(name, **before)
        return raw if name == "cost" else raw + seats_without_pupils(self.problem)

    def _judge(self, name: str, plan: SeatPlan, bound: float | None) -> bool:
        """Keep a seat plan if it is allowed and better; say whether the bound is met."""
        values = seat_goal_values(self.problem, plan)
        fits = all(values[goal] <= most + 1e-6 * max(1.0, most) for goal, most in self.allowed.items())
        if fits and values[name] < self.values[name] - 1e-9:
            self.best, self.values = plan, values
        gap = relative_gap(self.values[name], bound)
        self.clock.report(f"seats {self.problem.programme}: {name}", self.values[name], bound)
        return gap is not None and gap <= GAP

    def _cap(self, name: str) -> None:
        """Bind later goals to what was reached."""
        self.allowed[name] = self.values[name] * (1 + _TOLERANCES.get(name, 0.0))
        if name == "cost":
            self.master.ranked.cap(self.master.decisions.present_value(), self.values[name] + 1e-6)
        elif name in LEVELS:
            most = levels_value(
                name,
                **{"super_large": 0.0, "large": 0.0, "too_far": 0.0, "distance": 0.0}
                | {goal: amount for goal, amount in self.allowed.items() if goal in LEVELS},
            )
            self.master.ranked.cap(pulp.LpAffineExpression([(self.master.worst[name], 1)]), most * (1 + 1e-7) + 1e-3)


def _merged(district: District, options: SeatOptions, parts: Sequence[_Part], clock: Clock, seed: int) -> Plan:
    """Put the programmes together into one plan."""
    explanation = Explanation(
        tuple(reason for part in parts for reason in part.explanation.reasons),
        (),
        tuple(item for part in parts for item in part.explanation.relaxations),
    )
    plan = Plan(
        PlanKind.SEATS,
        Status.OPTIMAL,
        district.fingerprint,
        scenario=options.scenarios[0],
        seed=seed,
        explanation=explanation,
        settings={"years": list(building_years(district, options)), "scenarios": list(options.scenarios)},
        seconds=clock.elapsed_s,
    )
    if any(part.seats is None for part in parts):
        stopped = any(part.seats is None and not part.finished for part in parts)
        return plan.replace(status=Status.STOPPED if stopped else Status.INFEASIBLE)
    openings = [item for part in parts if part.seats for item in part.seats.openings]
    reasons = [item for part in parts if part.seats for item in part.seats.reasons]
    order = sorted(openings, key=lambda item: (item.site, item.year, STAGES.index(item.stage)))
    goals = []
    for name, unit in SEAT_GOALS.items():
        each = [part.goals[name] for part in parts]
        bounds = [bound for _, bound in each]
        bound = None if None in bounds else sum(item for item in bounds if item is not None)
        value = round(sum(item for item, _ in each), 6)
        goals.append(Goal(name, value, None if bound is None else min(value, round(bound, 6)), unit, _TOLERANCES.get(name, 0.0)))
    cost = next(goal for goal in goals if goal.name == "cost")
    proved = all(is_proved(goal.value, goal.bound) for goal in goals)
    return plan.replace(
        status=Status.OPTIMAL if proved else Status.FEASIBLE,
        goals=tuple(goals),
        objective=cost.value,
        solver_bound=cost.bound,
        seats=SeatPlan(tuple(order), tuple(sorted(reasons))),
    )
