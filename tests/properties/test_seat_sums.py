"""The goals of seats are defined alike where they are searched and where they are verified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from planned import seat_district

from xuequ.solver.seat_flows import seat_goal_values
from xuequ.solver.seat_problem import seat_problem
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import ZoningOptions
from xuequ.zoning.places import Action, SchoolKind, Site
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.verification.ground import Ground
from xuequ.zoning.verification.seat_sums import seat_sums


def mixed_district(rng):
    """Schools of all kinds, owners and stages, two scenarios, lost ways, sites that may not open among others."""
    district = seat_district(pupils=rng.integers(0, 120, size=36), groups=int(rng.choice([36, 12, 5])))
    rooms = district.schools.rooms.copy()
    rooms[:2] = rng.integers(0, 9, size=(2, 3))
    seats = np.full((5, 3), -1)
    if rng.random() < 0.3:
        rooms[1, 1], seats[1, 1] = -1, int(rng.integers(0, 500))
    kinds = tuple(SchoolKind(str(rng.choice(list(SchoolKind)))) for _ in range(5))
    owners = tuple(str(rng.choice(["public", "private", "inclusive"], p=[0.8, 0.1, 0.1])) for _ in range(5))
    matrix = district.distances.to_matrix().copy()
    matrix[rng.random(matrix.shape) < 0.2] = np.inf
    nursery = Site("k0", "k0", Action.EXPAND, (Stage.KINDERGARTEN,), "s0", 6, 2, 2, earliest_year=int(rng.choice([2026, 2040])))
    swap = Site("c0", "c0", Action.CONVERT, (Stage.JUNIOR,), "s1", 6, 2, 2, conversion_approved=bool(rng.random() < 0.5))
    shut = Site("z0", "z0", Action.CLOSE, (Stage.JUNIOR,), "s0", 6)
    demand = district.demand
    factor = rng.uniform(0.5, 1.6)
    demand = replace(
        demand, scenarios=("middle", "other"), pupils=np.concatenate([demand.pupils, (demand.pupils * factor).astype(int)])
    )
    scenarios = [("middle",), ("middle", "other"), ("other",)][int(rng.integers(3))]
    options = replace(
        district.options,
        zoning=ZoningOptions(regime=str(rng.choice(["full", "phase_in"]))),
        seats=replace(district.options.seats, scenarios=scenarios, years=(2026, 2028) if rng.random() < 0.3 else ()),
    )
    closed = np.where(np.arange(5) == 1, int(rng.choice([2027, 2029, 9999])), 9999)
    return district.replace(
        schools=replace(district.schools, rooms=rooms, seats=seats, kinds=kinds, ownership=owners, closed=closed),
        distances=Distances.from_matrix(matrix),
        demand=demand,
        options=options,
        sites=(*district.sites, nursery, swap, shut),
        rules=district.rules.override({"horizon_after": int(rng.integers(0, 4))}),
    )


def any_openings(district, rng):
    return tuple(
        Opening(site.id, site.stages[0], int(rng.integers(2026, 2031)), int(rng.integers(1, 13)))
        for site in district.sites
        if site.id != "z0" and rng.random() < 0.5
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_search_and_check_count_alike(seed):
    rng = np.random.default_rng(seed)
    district = mixed_district(rng)
    plan = SeatPlan(any_openings(district, rng))
    parts = [
        seat_goal_values(seat_problem(district, programme, district.options.seats), plan)
        for programme in Programme
        if any(site.programme is programme for site in district.sites)
    ]
    searched = {name: sum(part[name] for part in parts) for name in parts[0]}
    found = seat_sums(Ground(district, [(item.site, item.stage, item.year, item.rooms) for item in plan.openings]))
    assert found.super_large == searched["super_large"]
    assert found.large == searched["large"]
    assert abs(found.idle_seats - searched["idle_seats"]) < 1e-6
    for name in ("too_far", "distance"):
        between = getattr(found, name)
        assert between.least - 1e-6 <= searched[name] <= between.most + 1e-6
