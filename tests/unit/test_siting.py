"""Seats: floors, money, land, years and sizes are kept to the letter; goals, bounds and reasons have numbers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from planned import PRIMARY, seat_district

from xuequ.solver.siting import GAP, seats
from xuequ.solver.stop import MaxRuntime
from xuequ.zoning.accounts import account
from xuequ.zoning.demand import Demand
from xuequ.zoning.options import SeatOptions
from xuequ.zoning.places import Action, Site
from xuequ.zoning.plan import PlanKind, Status
from xuequ.zoning.stage import Programme, Stage


def rooms_by_site(plan):
    found = {}
    for item in plan.seats.openings:
        found[item.site] = found.get(item.site, 0) + item.rooms
    return found


def goal(plan, name):
    return next(item for item in plan.goals if item.name == name)


@pytest.fixture(scope="module")
def floors():
    district = seat_district(seats_min=900, projects_min=2, budget={2026: 800, 2027: 1500, 2028: 1500, 2029: 0, 2030: 400})
    return district, seats(district, seed=1)


def test_floors_on_seats_and_projects_are_met(floors):
    district, plan = floors
    total = account(district, plan.seats, Programme.SCHOOL)
    assert plan.kind is PlanKind.SEATS
    assert plan.status in {Status.OPTIMAL, Status.FEASIBLE}
    assert total.net_seats >= 900
    assert total.projects >= 2


def test_no_year_spends_what_is_not_there_yet(floors):
    district, plan = floors
    spent = account(district, plan.seats, Programme.SCHOOL).cost_wan
    budget = district.options.seats.budgets_wan[Programme.SCHOOL]
    for year in district.years:
        assert sum(cost for y, cost in spent.items() if y <= year) <= sum(money for y, money in budget.items() if y <= year)


def test_sites_open_in_their_years_and_sizes(floors):
    district, plan = floors
    sites = {site.id: site for site in district.sites}
    for item in plan.seats.openings:
        assert item.year >= sites[item.site].earliest_year
        assert item.stage in sites[item.site].stages
    for name, count in rooms_by_site(plan).items():
        site = sites[name]
        assert site.rooms_min <= count <= site.rooms_max
        assert (count - site.rooms_min) % site.step == 0


def test_goals_come_in_order_with_bounds_below_them(floors):
    _, plan = floors
    assert [item.name for item in plan.goals] == ["super_large", "large", "too_far", "cost", "distance", "idle_seats"]
    for item in plan.goals:
        assert item.bound is not None
        assert item.bound <= item.value
    assert plan.objective == goal(plan, "cost").value
    assert plan.gap is not None


def test_the_cost_is_the_present_value_of_what_is_opened(floors):
    district, plan = floors
    assert goal(plan, "cost").value == account(district, plan.seats, Programme.SCHOOL).present_value_wan


def test_every_site_has_a_reason_with_a_number(floors):
    district, plan = floors
    reasons = dict(plan.seats.reasons)
    assert sorted(reasons) == sorted(site.id for site in district.sites)
    assert all(any(sign.isdigit() for sign in text) for text in reasons.values())
    chosen = set(rooms_by_site(plan))
    assert all(text.startswith("Not chosen") == (name not in chosen) for name, text in reasons.items())


def test_the_plan_on_groups_is_checked_on_single_blocks(floors):
    _, plan = floors
    assert any("single blocks" in reason and "36" in reason for reason in plan.explanation.reasons)


def test_the_same_seed_gives_the_same_plan(floors):
    district, plan = floors
    again = seats(district, seed=1)
    assert again.seats == plan.seats
    assert again.goals == plan.goals


def test_nothing_is_built_where_nothing_is_short_and_nothing_is_asked():
    plan = seats(seat_district(pupils=6, rooms=20, groups=20))
    assert goal(plan, "super_large").value == goal(plan, "large").value == 0
    district = seat_district(pupils=6, rooms=20, groups=20)
    near = seats(district.replace(rules=district.rules.override({"limit.primary": 5000})))
    assert near.seats.openings == ()
    assert goal(near, "cost").value == 0
    assert near.status is Status.OPTIMAL


def test_rooms_go_where_the_pupils_are():
    """All children live beside s1: rooms for them are opened there and not at s0."""
    pupils = np.zeros(36, dtype=int)
    pupils[[34, 35, 29, 28]] = 200
    district = seat_district(pupils=pupils, budget=dict.fromkeys(range(2026, 2031), 250))
    assert "x1" in rooms_by_site(seats(district))
    assert "x0" not in rooms_by_site(seats(district))


def test_seats_of_a_relocated_school_are_net():
    """540 planned seats of 12 rooms less 270 of the old 6: a floor of 271 needs more than the smallest size."""
    site = next(site for site in seat_district().sites if site.id == "r0")
    district = seat_district(sites=(site,), seats_min=271)
    plan = seats(district)
    assert rooms_by_site(plan) == {"r0": 18}
    assert account(district, plan.seats, Programme.SCHOOL).net_seats == 18 * 45 - 270


def test_land_is_an_account_without_a_cap_and_a_bound_with_one():
    free = seat_district(seats_min=1000, projects_min=3)
    capped = seat_district(seats_min=1000, projects_min=3, land_max=6700)
    assert account(capped, seats(capped).seats, Programme.SCHOOL).land_m2 <= 6700
    assert seats(free).seats is not None


def test_a_new_school_stays_below_the_largest():
    district = seat_district(seats_min=800)
    small = district.replace(rules=district.rules.override({"school_size_max.primary": 540}))
    assert all(count <= 12 for name, count in rooms_by_site(seats(small)).items() if name in {"n0", "n1", "r0"})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"action": Action.CLOSE}, "closing"),
        ({"action": Action.CONVERT}, "not approved"),
        ({"earliest_year": 2033}, "2033"),
        ({"action": Action.NEW, "school": "n0", "rooms_min": 60, "rooms_max": 80}, "60 classrooms"),
    ],
)
def test_a_site_that_cannot_be_chosen_says_why(change, word):
    site = replace(Site("q", "q", Action.EXPAND, PRIMARY, "s0", 8, 4, 2), **change)
    plan = seats(seat_district(sites=(site,)))
    assert plan.seats.openings == ()
    assert word in dict(plan.seats.reasons)["q"]


def test_too_high_a_floor_is_explained_by_rooms_and_years():
    plan = seats(seat_district(seats_min=9000))
    assert plan.status is Status.INFEASIBLE
    assert plan.seats is None
    text = " ".join(plan.explanation.reasons)
    assert "9,000 seats" in text
    assert "too few" in text
    assert "at their largest" in text
    assert plan.explanation.relaxations[-1].amount < 0


def test_too_little_money_is_explained_with_what_is_missing():
    plan = seats(seat_district(seats_min=900, budget={2026: 100, 2027: 100}))
    text = " ".join(plan.explanation.reasons)
    assert plan.status is Status.INFEASIBLE
    assert "Money" in text
    assert "too little" in text
    relaxation = next(item for item in plan.explanation.relaxations if item.kind == "budget")
    enough = seats(seat_district(seats_min=900, budget={2026: 100, 2027: 100, 2028: int(relaxation.amount)}))
    assert enough.seats is not None


def test_too_little_land_is_explained():
    text = " ".join(seats(seat_district(seats_min=2000, land_max=1000)).explanation.reasons)
    assert "Land: with no cap (1,000 m² now)" in text


def test_two_floors_that_only_clash_together_are_explained():
    """Three projects fit the money with few seats; 900 seats fit it with two projects."""
    plan = seats(seat_district(seats_min=1080, projects_min=4, budget={2026: 2200}))
    assert plan.status is Status.INFEASIBLE
    assert plan.explanation.reasons


def test_a_programme_with_floors_and_no_sites_is_explained():
    plan = seats(seat_district(sites=(), seats_min=100))
    assert plan.status is Status.INFEASIBLE
    assert "no site" in plan.explanation.reasons[0]


def test_a_run_that_is_stopped_at_once_has_a_plan_or_says_that_it_has_none():
    district = seat_district(seats_min=900)
    plan = seats(district, stop=MaxRuntime(0.0))
    assert plan.status in {Status.STOPPED, Status.FEASIBLE}
    assert (plan.seats is None) == (plan.status is Status.STOPPED)


def test_progress_is_told_with_best_and_bound():
    events = []
    seats(seat_district(seats_min=900), progress=events.append)
    assert {event.phase for event in events} >= {"seats school: too_far", "seats school: cost"}
    assert all(event.bound <= event.best * (1 + 1e-9) for event in events if event.best is not None and event.bound is not None)


def test_the_worst_scenario_counts():
    district = seat_district(pupils=30)
    middle = district.demand.pupils[0]
    demand = Demand(district.demand.years, np.stack([middle, middle * 2]), ("middle", "high"))
    both = district.replace(demand=demand)
    options = replace(district.options.seats, scenarios=("middle", "high"))
    alone = seats(both, options=replace(options, scenarios=("high",)))
    worst = seats(both, options=options)
    assert goal(worst, "large").value == pytest.approx(goal(alone, "large").value, rel=2 * GAP, abs=1)
    assert goal(worst, "large").value > goal(seats(both), "large").value


def test_a_scenario_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="'gloomy'"):
        seats(seat_district(), options=SeatOptions(scenarios=("gloomy",)))


def test_years_without_demand_are_refused():
    with pytest.raises(ValueError, match="does not reach"):
        seats(seat_district(), options=SeatOptions(years=(2050,)))


def test_kindergartens_have_money_and_seats_of_their_own():
    district = seat_district(seats_min=400, budget=dict.fromkeys(range(2026, 2031), 500))
    nursery = Site("k0", "k0", Action.NEW, (Stage.KINDERGARTEN,), "n1", 12, 6, 3, cost_fixed_wan=100, cost_room_wan=20)
    target = district.options.seats.programmes[Programme.SCHOOL]
    options = replace(
        district.options.seats,
        budgets_wan={**district.options.seats.budgets_wan, Programme.KINDERGARTEN: {2026: 400}},
        programmes={Programme.SCHOOL: target, Programme.KINDERGARTEN: replace(target, seats_min=180, projects_min=1)},
    )
    both = district.replace(sites=(*district.sites, nursery))
    plan = seats(both, options=options)
    assert account(both, plan.seats, Programme.KINDERGARTEN).net_seats >= 180
    assert account(both, plan.seats, Programme.KINDERGARTEN).total_wan <= 400
    assert account(both, plan.seats, Programme.SCHOOL).net_seats >= 400
