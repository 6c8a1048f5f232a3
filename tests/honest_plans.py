"""True plans of every kind, with the district that each is of: what lies are planted in."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
from districts import longer
from planned import seat_district
from plans import certified, hand_plan, nearest_catchments, rich_district, rich_plan, true_seat_goals

from xuequ.zoning.accounts import account
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.cluster_measures import CLUSTER_GOALS, cluster_goal_values, school_loads, today_clusters
from xuequ.zoning.options import DEFAULT_GOALS, GoalSpec
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.stating import state


def whole():
    """A whole plan, in regime phase_in, in two scenarios, where the demand goes on after the planned years."""
    district = longer(rich_district(), 2031)
    return district, rich_plan(district)


def zoned():
    """A zone plan with a certificate in the knapsack form."""
    district = rich_district()
    return district, certified(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))


def crowded():
    """A zone plan with every goal, hard seats kept, a cap on moves, and overflow within today's clusters."""
    clusters = ClusterPlan(tuple(Membership(f"s{k}", "s0", Role.LEAD if k == 0 else Role.URBAN) for k in range(4)))
    district = rich_district(clusters=clusters)
    goals = (*DEFAULT_GOALS, GoalSpec("balance"), GoalSpec("split"), GoalSpec("reserve"))
    zoning = replace(district.options.zoning, goals=goals, moved_max=200.0, regime="full")
    rooms = district.schools.rooms.copy()
    rooms[:3] = 4
    demand = replace(district.demand, pupils=district.demand.pupils * np.where(np.arange(36) == 0, 20, 1))
    district = district.replace(
        options=replace(district.options, zoning=zoning), schools=replace(district.schools, rooms=rooms), demand=demand
    )
    return district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026), settings={"moved_max": 150})


def hard():
    """A zone plan whose seats are hard, in regime phase_in."""
    district = rich_district()
    zoning = replace(district.options.zoning, seats="hard")
    district = district.replace(options=replace(district.options, zoning=zoning))
    catchments = nearest_catchments(district, Stage.JUNIOR, 2027)
    return district, hand_plan(district, catchments, regime="phase_in", settings={"seats": "hard"})


def seated():
    """A seat plan where seats are short, within budgets and land."""
    district = seat_district(pupils=60, budget={2026: 3000, 2027: 2000}, land_max=9000)
    seats = SeatPlan((Opening("x0", Stage.PRIMARY, 2027, 6), Opening("x1", Stage.PRIMARY, 2026, 4)))
    cost = float(account(district, seats, Programme.SCHOOL).present_value_wan)
    return district, Plan(
        PlanKind.SEATS, Status.FEASIBLE, district.fingerprint, goals=true_seat_goals(district, seats, cost), objective=cost,
        solver_bound=cost / 2, seats=seats,
    )  # fmt: skip


def clustered():
    """Clusters of today with their goals; urban and rural members, junior and primary schools in each."""
    district = rich_district(clusters=ClusterPlan((Membership("s2", "s1", Role.URBAN), Membership("s3", "s1", Role.RURAL))))
    district = district.replace(rules=district.rules.override({"cluster_min_urban": 0}))
    members = (
        Membership("s0", "s0", Role.LEAD), Membership("s2", "s0", Role.URBAN),
        Membership("s1", "s1", Role.LEAD), Membership("s3", "s1", Role.RURAL),
    )  # fmt: skip
    loads = school_loads(district, start_rolls(district))
    values = cluster_goal_values(district, {0: 0, 2: 0, 1: 1, 3: 1}, loads, today_clusters(district, 2025))
    goals = tuple(Goal(name, value, 0.0, CLUSTER_GOALS[name]) for name, value in values.items())
    return district, Plan(
        PlanKind.CLUSTER, Status.FEASIBLE, district.fingerprint, year=2025, goals=goals, objective=values["travel"],
        solver_bound=0.0, clusters=ClusterPlan(members, (("s0", "West"),)),
    )  # fmt: skip


PLANS = {"whole": whole, "zoned": zoned, "crowded": crowded, "hard": hard, "seated": seated, "clustered": clustered}


@cache
def honest(name):
    """Return the district of a plan of `PLANS` and what the plan states."""
    district, plan = PLANS[name]()
    return district, state(district, plan, version="1")
