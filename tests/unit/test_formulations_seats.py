"""Each family of rows of the seat model as an LP file that a person can read, and their answers on models solved by hand."""

from __future__ import annotations

import pulp
import pytest

from xuequ.solver.formulations import seats

YEARS = (2026, 2027, 2028)


@pytest.fixture
def model():
    return pulp.LpProblem("seats", pulp.LpMinimize)


def opened(model, sites=("s0", "s1"), years=YEARS):
    return {(s, t): model.add_variable(f"open_{s}_{t}", cat="Binary") for s in sites for t in years}


def steps(model, sites=("s0", "s1"), years=YEARS, most=3):
    return {(s, t): model.add_variable(f"steps_{s}_{t}", 0, most, cat="Integer") for s in sites for t in years}


def rooms(model, stages=("primary",), sites=("s0", "s1"), years=YEARS):
    return {
        (s, g, t): model.add_variable(f"rooms_{s}_{g}_{t}", 0, 20, cat="Integer") for s in sites for g in stages for t in years
    }


def flows(model, year=2026):
    arcs = [("i0", "j0"), ("i0", "j1"), ("i1", "j1")]
    return {("w0", "primary", year, i, j): model.add_variable(f"flow_{i}_{j}", 0) for i, j in arcs}


def school_rooms(model):
    y = model.add_variable("rooms_s0_primary_2026", 0, 12, cat="Integer")
    o = model.add_variable("open_s0_2026", cat="Binary")
    built = pulp.LpAffineExpression([(y, 1)], constant=6)
    closing = pulp.LpAffineExpression([(o, -12)], constant=12)
    return {("primary", 2026, "j0"): built, ("primary", 2026, "j1"): closing}


def overload(model):
    places = [("w0", "primary", 2026, j) for j in ("j0", "j1")]
    pieces = ("planned", "working", "absolute")
    return {(place, piece): model.add_variable(f"over_{piece}_{place[3]}", 0) for place in places for piece in pieces}


def test_site_stays_open(model, golden_lp):
    """s1 may only open from 2027, so there is nothing before it in that year."""
    late = {key: item for key, item in opened(model).items() if key != ("s1", 2026)}
    seats.site_stays_open(model, late, YEARS)
    written, expected = golden_lp("seats_site_stays_open.lp", model)
    assert written == expected


def test_site_stays_open_passes_over_years_that_are_not_planned(model):
    gap = {("s0", t): model.add_variable(f"open_s0_{t}", cat="Binary") for t in (2026, 2029)}
    seats.site_stays_open(model, gap, (2026, 2029))
    assert [row.name for row in model.constraints()] == ["stays_open_s0_2029"]


def test_site_opens_whole_steps(model, golden_lp):
    """A site of 8, 10 … rooms for two stages, and one of 6, 9 … for one."""
    both = rooms(model, ("primary", "junior"), ("s0",), (2026,)) | rooms(model, ("primary",), ("s1",), (2026,))
    seats.site_opens_whole_steps(
        model, opened(model, years=(2026,)), steps(model, years=(2026,)), both, {"s0": (8, 2), "s1": (6, 3)}
    )
    written, expected = golden_lp("seats_site_opens_whole_steps.lp", model)
    assert written == expected


def test_site_stays_within_its_rooms(model, golden_lp):
    seats.site_stays_within_its_rooms(model, opened(model, years=(2026,)), steps(model, years=(2026,)), {"s0": 5, "s1": 0})
    written, expected = golden_lp("seats_site_stays_within_its_rooms.lp", model)
    assert written == expected


def test_rooms_stay_open(model, golden_lp):
    seats.rooms_stay_open(model, rooms(model, sites=("s0",)), YEARS)
    written, expected = golden_lp("seats_rooms_stay_open.lp", model)
    assert written == expected


def test_relocation_keeps_its_rooms(model, golden_lp):
    """s0 takes the place of a school of 18 primary rooms and none for junior; s1 relocates nothing."""
    both = rooms(model, ("primary", "junior"), ("s0",), (2028,)) | rooms(model, ("primary",), ("s1",), (2028,))
    old = {("s0", "primary"): 18, ("s0", "junior"): 0}
    seats.relocation_keeps_its_rooms(model, opened(model, years=(2028,)), both, old)
    written, expected = golden_lp("seats_relocation_keeps_its_rooms.lp", model)
    assert written == expected


def test_budget_covers_cost(model, golden_lp):
    """2028 has no money of its own: it has what 2026 and 2027 leave."""
    y = rooms(model, sites=("s0",))
    cost = {
        2026: 40 * y["s0", "primary", 2026],
        2027: 40 * y["s0", "primary", 2027] - 40 * y["s0", "primary", 2026],
        2028: 40 * y["s0", "primary", 2028] - 40 * y["s0", "primary", 2027],
    }
    seats.budget_covers_cost(model, cost, {2026: 100, 2027: 200}, "school")
    written, expected = golden_lp("seats_budget_covers_cost.lp", model)
    assert written == expected


def test_money_before_the_first_opening_is_not_lost(model):
    y = rooms(model, sites=("s0",), years=(2027,))
    seats.budget_covers_cost(model, {2027: 40 * y["s0", "primary", 2027]}, {2025: 100, 2026: 100, 2027: 0}, "school")
    assert -model.get_constraint_by_name("budget_school_2027").constant == 200


def test_land_stays_within_its_cap(model, golden_lp):
    last = {"s0": opened(model, ("s0",), (2028,))["s0", 2028], "s1": opened(model, ("s1",), (2028,))["s1", 2028]}
    seats.land_stays_within_its_cap(model, last, {"s0": 9000, "s1": 4200}, 10_000, "school")
    written, expected = golden_lp("seats_land_stays_within_its_cap.lp", model)
    assert written == expected


def test_programme_adds_its_seats(model, golden_lp):
    """45 seats a room, less 540 that a relocation closes."""
    y, o = rooms(model, years=(2028,)), opened(model, ("s1",), (2028,))
    added = 45 * y["s0", "primary", 2028] + 45 * y["s1", "primary", 2028] - 540 * o["s1", 2028]
    seats.programme_adds_its_seats(model, added, 900, "school")
    written, expected = golden_lp("seats_programme_adds_its_seats.lp", model)
    assert written == expected


def test_programme_has_its_projects(model, golden_lp):
    last = {site: item for (site, _), item in opened(model, years=(2028,)).items()}
    seats.programme_has_its_projects(model, last, 2, "kindergarten")
    written, expected = golden_lp("seats_programme_has_its_projects.lp", model)
    assert written == expected


def test_group_is_served(model, golden_lp):
    flow = flows(model)
    keys = [("w0", "primary", 2026, i) for i in ("i0", "i1")]
    unserved = {key: model.add_variable(f"unserved_{key[3]}", 0) for key in keys}
    seats.group_is_served(model, flow, unserved, dict(zip(keys, (30, 45), strict=True)))
    written, expected = golden_lp("seats_group_is_served.lp", model)
    assert written == expected


def test_school_holds_its_pupils(model, golden_lp):
    """j0 has 6 rooms and what s0 opens; j1 has 12 rooms that close when s0 opens."""
    standard = {("primary", "j0"): 45.0, ("primary", "j1"): 30.0}
    seats.school_holds_its_pupils(model, flows(model), overload(model), school_rooms(model), standard)
    written, expected = golden_lp("seats_school_holds_its_pupils.lp", model)
    assert written == expected


def test_overload_stays_in_its_piece(model, golden_lp):
    width = {("primary", j, p): w for j in ("j0", "j1") for p, w in (("planned", 10.0), ("working", 10.0), ("absolute", 65.0))}
    seats.overload_stays_in_its_piece(model, overload(model), school_rooms(model), width)
    written, expected = golden_lp("seats_overload_stays_in_its_piece.lp", model)
    assert written == expected


def test_worst_scenario_counts(model, golden_lp):
    worst = model.add_variable("worst_large", 0)
    each = {w: pulp.LpAffineExpression([(model.add_variable(f"over_{w}", 0), 1)]) for w in ("w0", "w1")}
    seats.worst_scenario_counts(model, worst, each, "large")
    written, expected = golden_lp("seats_worst_scenario_counts.lp", model)
    assert written == expected


def test_idle_seats_are_counted(model, golden_lp):
    place = ("w0", "primary", 2026, "j0")
    idle = {place: model.add_variable("idle_j0", 0)}
    seats.idle_seats_are_counted(model, idle, flows(model), school_rooms(model), {("primary", "j0"): 45.0})
    written, expected = golden_lp("seats_idle_seats_are_counted.lp", model)
    assert written == expected


def test_flow_value_is_at_least(model, golden_lp):
    value = model.add_variable("flow_large_w0_primary_2026", 0)
    built = {key[2]: expression for key, expression in school_rooms(model).items()}
    seats.flow_value_is_at_least(model, value, built, {"j0": 55.0, "j1": 20.0}, 700.0, "line_0")
    written, expected = golden_lp("seats_flow_value_is_at_least.lp", model)
    assert written == expected


@pytest.mark.parametrize("family", seats.FAMILIES, ids=lambda family: family.__name__)
def test_every_family_has_its_golden_file(family, request):
    path = request.path.parent.parent / "golden" / f"seats_{family.__name__}.lp"
    assert path.is_file(), f"{family.__name__} has no golden LP file"
    assert path.read_text().startswith("\\* seats *\\"), path


def test_families_are_all_that_the_module_exports():
    assert sorted(["FAMILIES", *(family.__name__ for family in seats.FAMILIES)]) == seats.__all__
