"""Plans made by hand for tests: no solver is asked, so that what checks plans is tested alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from districts import grid_district

from xuequ.zoning.accounts import account
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role, Tie, TieKind
from xuequ.zoning.indicators import goal_value, nearest_zone
from xuequ.zoning.options import (
    DEFAULT_GOALS,
    GOAL_UNITS,
    ClusterOptions,
    Lock,
    Options,
    ProgrammeTarget,
    SeatOptions,
    ZoningOptions,
)
from xuequ.zoning.places import NEVER, Action, Setting, Site
from xuequ.zoning.plan import Certificate, Goal, Plan, PlanKind, Status
from xuequ.zoning.rounds import admission_round
from xuequ.zoning.rules import Rules
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.stating import rounds_of
from xuequ.zoning.verification.bound import certified_bound
from xuequ.zoning.verification.ground import Area, Ground
from xuequ.zoning.verification.loads import load_of
from xuequ.zoning.verification.seat_sums import seat_sums

SEAT_GOALS = (
    ("super_large", "pupil-years"), ("large", "pupil-years"), ("too_far", "pupil-years"), ("cost", "10,000 yuan"),
    ("distance", "pupil·km"), ("idle_seats", "seats"),
)  # fmt: skip


def nearest_catchments(district, stage, year, seats=None):
    """Give each block to the nearest zone of the year."""
    chosen = admission_round(district, stage, year, regime="full", seats=seats)
    return Catchments(stage, year, chosen.zones, nearest_zone(district, chosen.zones)[0])


def goals_of(district, chosen, catchments, names=DEFAULT_GOALS):
    """Return the goals of catchments as they are, with the bound 0."""
    return tuple(
        Goal(spec.name, goal_value(spec.name, district, chosen, catchments), 0.0, GOAL_UNITS[spec.name], spec.tolerance)
        for spec in names
    )


def hand_plan(district, catchments, **changes):
    """Return a zone plan of given catchments with true goals, in the regime that ``changes`` name (else full)."""
    plan = Plan(
        PlanKind.ZONE,
        Status.FEASIBLE,
        district.fingerprint,
        stage=catchments.stage,
        year=catchments.year,
        catchments=(catchments,),
    ).replace(**changes)
    ((chosen, item),) = rounds_of(district, plan)
    goals = goals_of(district, chosen, item, district.options.zoning.goals)
    objective = next((goal.value for goal in goals if goal.name == "distance"), None)
    return plan.replace(goals=goals, objective=objective, solver_bound=0.0)


def certified(district, plan, form="knapsack", scale=1000, **changes):
    """Return a zone plan with a certificate of its distance, and the bound that the certificate proves."""
    ((chosen, item),) = rounds_of(district, plan)
    ((_, way),) = [nearest_zone(district, chosen.zones)]
    multipliers = np.full(len(chosen.zones), 3) if form == "linear" else (chosen.pupils * way * scale // 1000 + 2 * chosen.pupils)
    rank = [goal.name for goal in plan.goals].index("distance")
    before = {goal.name: round(goal.value) for goal in plan.goals[:rank] if goal.name in ("over_standard", "too_far", "large")}
    prices = dict.fromkeys(before, 5)
    certificate = replace(
        Certificate(item.stage, item.year, "distance", form, scale, multipliers.astype(np.int64), prices, before), **changes
    )
    plan = plan.replace(certificates=(certificate,))
    return plan.replace(certified_bound=bound_of(district, plan, certificate))


def bound_of(district, plan, certificate):
    """Return the bound of a certificate of a plan in regime full."""
    ((chosen, item),) = rounds_of(district, plan)
    schools = tuple((*item.zones, ())[k] for k in item.zone)
    ground = Ground(district)
    load = load_of(ground, Area(item.stage, item.year, schools), plan.scenario, None)
    stated = {
        "stage": str(item.stage), "year": item.year, "goal": certificate.goal, "form": certificate.form,
        "scale": certificate.scale, "zones": [ground.name(zone) for zone in chosen.zones],
        "multipliers": certificate.multipliers.tolist(), "prices": dict(certificate.prices), "values": dict(certificate.values),
    }  # fmt: skip
    goals = [goal.to_json() for goal in plan.goals]
    return certified_bound(ground, load, stated, goals, hard=district.options.zoning.seats == "hard")


def rich_district(**changes):
    """
    Make a district with locks, blocks kept together, communities, sites of three kinds, clusters, ties and two scenarios.

    Schools ``s0`` … ``s3`` stand in the corners of a grid of 6 × 6, ``new`` and ``moved`` are candidates; ``moved`` replaces
    ``s3``.
    """
    base = grid_district(
        schools=(0, 5, 30, 35, 14, 28), pupils=np.arange(36) % 7 * 4 + 6, rooms=8, years=(2026, 2027, 2028), seed=3
    )
    schools = base.schools
    rooms = schools.rooms.copy()
    rooms[4:] = 0
    opened = np.array([0, 0, 0, 0, NEVER, NEVER])
    schools = replace(
        schools,
        ids=("s0", "s1", "s2", "s3", "new", "moved"),
        rooms=rooms,
        opened=opened,
        lead=np.array([True, True, False, False, False, False]),
        settings=(Setting.URBAN, Setting.URBAN, Setting.URBAN, Setting.RURAL, Setting.URBAN, Setting.PERIURBAN),
    )
    sites = (
        Site("wing", "Wing", Action.EXPAND, (Stage.PRIMARY, Stage.JUNIOR), "s0", 6, 2, 2, earliest_year=2026, land_m2=0,
             floor_m2_per_room=90, cost_fixed_wan=50, cost_room_wan=40),
        Site("new", "New", Action.NEW, (Stage.PRIMARY, Stage.JUNIOR), "new", 24, 6, 6, earliest_year=2027, land_m2=9000,
             floor_m2_per_room=110, cost_fixed_wan=800, cost_room_wan=60),
        Site("moved", "Moved", Action.RELOCATE, (Stage.PRIMARY, Stage.JUNIOR), "moved", 30, 18, 6, replaces="s3",
             earliest_year=2028, land_m2=12000, floor_m2_per_room=110, cost_fixed_wan=900, cost_room_wan=55),
        Site("annex", "Annex", Action.EXPAND, (Stage.KINDERGARTEN,), "s1", 6, 3, 3, earliest_year=2026, floor_m2_per_room=80,
             cost_fixed_wan=30, cost_room_wan=35),
        Site("unused", "Unused", Action.EXPAND, (Stage.PRIMARY,), "s2", 4, 2, 2, earliest_year=2027, floor_m2_per_room=90,
             cost_fixed_wan=50, cost_room_wan=40),
    )  # fmt: skip
    demand = base.demand
    high = demand.pupils[0] + (demand.pupils[0] + 4) // 5
    demand = replace(demand, scenarios=("middle", "high"), pupils=np.stack([demand.pupils[0], high]))
    blocks = replace(
        base.blocks,
        communities=tuple(f"c{k // 12}" for k in range(36)),
        households=np.arange(36) % 5 * 10,
        settings=(Setting.URBAN,) * 30 + (Setting.RURAL,) * 6,
    )
    options = Options(
        zoning=ZoningOptions(
            locks=(Lock("b1_1", Stage.PRIMARY, "s0"), Lock("b0_4", Stage.PRIMARY, "s0", must=False)),
            keep_together=(("b4_0", "b5_1"),),
        ),
        seats=SeatOptions(
            budgets_wan={
                Programme.SCHOOL: {2026: 400, 2027: 1700, 2028: 2500},
                Programme.KINDERGARTEN: {2026: 300},
            },
            programmes={
                Programme.SCHOOL: ProgrammeTarget(300, 3, 20000, 25000),
                Programme.KINDERGARTEN: ProgrammeTarget(90, 1, 0),
            },
            scenarios=("middle", "high"),
        ),
        clusters=ClusterOptions(size_min=2, size_max=3),
    )
    nearest = {stage: Catchments.from_schools(stage, 2025, base.distances.to_matrix()[:, :4].argmin(axis=1)) for stage in Stage}
    district = base.replace(
        blocks=blocks, schools=schools, sites=sites, demand=demand, options=options, today=nearest, synthetic=True,
        ties=(Tie("s1", "moved", TieKind.TIGHT), Tie("s0", "s2", TieKind.ASSIST)),
        rules=Rules().override({"limit.primary": 800, "cluster_min_rural": 0, "cluster_min_urban": 0}),
    )  # fmt: skip
    return district.replace(**changes) if changes else district


def rich_seats():
    """Return a seat plan of `rich_district` that keeps its money, land and floors."""
    return SeatPlan(
        (
            Opening("annex", Stage.KINDERGARTEN, 2026, 3),
            Opening("moved", Stage.PRIMARY, 2028, 12),
            Opening("moved", Stage.JUNIOR, 2028, 6),
            Opening("new", Stage.PRIMARY, 2027, 12),
            Opening("new", Stage.JUNIOR, 2027, 6),
            Opening("wing", Stage.PRIMARY, 2026, 2),
            Opening("wing", Stage.PRIMARY, 2027, 2),
        ),
        (("annex", "classes are full"), ("unused", "seats are enough without it")),
    )


def rich_clusters():
    """Return the clusters of `rich_district` in 2028."""
    return ClusterPlan(
        (
            Membership("s0", "s0", Role.LEAD), Membership("new", "s0", Role.URBAN), Membership("s2", "s0", Role.URBAN),
            Membership("s1", "s1", Role.LEAD), Membership("moved", "s1", Role.RURAL),
        ),
        (("s0", "West"), ("s1", "East")),
    )  # fmt: skip


def true_seat_goals(district, seats, cost):
    """Return the goals of a seat plan as they are, ways in the middle of what they can be, with the bound 0."""
    sums = seat_sums(Ground(district, [(item.site, item.stage, item.year, item.rooms) for item in seats.openings]))
    values = {"super_large": sums.super_large, "large": sums.large, "idle_seats": sums.idle_seats, "cost": cost}
    values |= {name: (getattr(sums, name).least + getattr(sums, name).most) / 2 for name in ("too_far", "distance")}
    return tuple(
        Goal(name, values[name], 0.0, unit, 0.005 if name in {"too_far", "distance"} else 0.0) for name, unit in SEAT_GOALS
    )


def rich_plan(district):
    """Return a plan of kind ``plan`` for `rich_district`, in regime phase_in, that verifies."""
    seats = rich_seats()
    catchments = tuple(nearest_catchments(district, stage, year, seats) for stage in Stage for year in district.years)
    plan = Plan(
        PlanKind.PLAN, Status.FEASIBLE, district.fingerprint, regime="phase_in", seed=7, catchments=catchments, seats=seats,
        clusters=rich_clusters(), settings={"seats": "soft"},
    )  # fmt: skip
    stage_goals = tuple(
        (item.stage, item.year, goals_of(district, chosen, item, district.options.zoning.goals))
        for chosen, item in rounds_of(district, plan)
    )
    cost = float(sum(account(district, seats, programme).present_value_wan for programme in Programme))
    goals = true_seat_goals(district, seats, cost)
    return plan.replace(stage_goals=stage_goals, goals=goals, objective=cost, solver_bound=cost / 2)


def grown_catchments(district, stage, year, rng, seats=None):
    """Give every block to a zone at random, so that each zone is contiguous: from their own blocks zones grow by turns."""
    chosen = admission_round(district, stage, year, regime="full", seats=seats)
    zone = np.full(len(district.blocks), -1, dtype=np.int64)
    for k, members in enumerate(chosen.zones):
        zone[district.schools.block[list(members)]] = k
    while (zone < 0).any():
        a, b = district.adjacency.pairs().T
        both = np.concatenate([np.column_stack([a, b]), np.column_stack([b, a])])
        edges = both[(zone[both[:, 0]] >= 0) & (zone[both[:, 1]] < 0)]
        if not len(edges):
            break
        inner, outer = edges[rng.integers(len(edges))]
        zone[outer] = zone[inner]
    left = zone < 0
    zone[left] = nearest_zone(district, chosen.zones)[0][left]
    return Catchments(stage, year, chosen.zones, zone)
