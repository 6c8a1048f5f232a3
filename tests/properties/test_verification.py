"""What verification promises of every plan: true ones pass, changed ones do not, and bounds are bounds."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from functools import cache

import numpy as np
from districts import grid_district, longer
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from plans import bound_of, certified, goals_of, grown_catchments, hand_plan, rich_district, rich_plan, rich_seats

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.district import Enrolment
from xuequ.zoning.indicators import goal_value, zone_distances
from xuequ.zoning.options import GOAL_UNITS, GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.outlook import plan_rolls
from xuequ.zoning.places import NEVER
from xuequ.zoning.plan import Certificate, Plan, PlanKind, Status
from xuequ.zoning.rolls import entry_capacity
from xuequ.zoning.rounds import admission_round, by_entry_year, rolls_by_year
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import GRADES, Stage
from xuequ.zoning.stating import rounds_of, state
from xuequ.zoning.verification import verify
from xuequ.zoning.verification.ground import Area, Ground
from xuequ.zoning.verification.pupils import count_full, count_years, entry_size

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def any_district(seed, *, columns=5, rows=4, islands=False, graded=True):
    """A district of random pupils, rooms, kinds of schools, enrolment and links, with ``rows × columns`` blocks."""
    rng = np.random.default_rng(seed)
    blocks = columns * rows
    homes = tuple(sorted(rng.choice(blocks, size=3, replace=False).tolist()))
    district = grid_district(
        columns, rows, homes, pupils=rng.integers(0, 60, size=blocks), rooms=int(rng.integers(2, 9)), years=(2026, 2027, 2028),
        seed=seed,
    )  # fmt: skip
    points = district.blocks.points + rng.normal(0, 20, size=district.blocks.points.shape)
    matrix = np.hypot(*(points[:, None] - district.schools.points[None]).transpose(2, 0, 1))
    matrix[rng.random(matrix.shape) < 0.1] = np.inf
    matrix[list(homes), range(3)] = 1.0
    district = district.replace(
        distances=type(district.distances).from_matrix(matrix), demand=replace(district.demand, graded=graded)
    )
    if islands:
        pairs = district.adjacency.pairs()
        kept = (pairs >= columns).all(axis=1) | (pairs < columns).all(axis=1)
        district = district.replace(adjacency=Adjacency.from_pairs(blocks, pairs[kept], np.full(int(kept.sum()), 200.0)))
    if rng.random() < 0.5:
        pupils = rng.integers(0, 40, size=(3, len(GRADES)))
        district = district.replace(enrolment=Enrolment(pupils, np.ceil(pupils / 45)))
    return district


@FEW
@given(st.integers(0, 10**6), st.sampled_from(["full", "phase_in"]), st.sampled_from(list(Stage)), st.booleans(), st.booleans())
def test_every_true_plan_verifies(seed, regime, stage, islands, graded):
    district = any_district(seed, islands=islands, graded=graded)
    year = 2026 + seed % 2
    catchments = grown_catchments(district, stage, year, np.random.default_rng(seed))
    plan = hand_plan(district, catchments, regime=regime)
    found = verify(district, plan)
    # Zones grow without a look at reach, so a block may be beyond what it can reach while another zone is not.
    assert {item.name for item in found.failed} <= {"assignment.reach"}


TEXTS = {"school_id", "previous_school_id", "reason", "alert", "stage", "grade", "block_id"}


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_every_change_is_found(data):
    district = any_district(data.draw(st.integers(0, 20)))
    plan = hand_plan(district, grown_catchments(district, Stage.PRIMARY, 2026, np.random.default_rng(1)))
    statement = state(district, plan)
    table = data.draw(st.sampled_from(["assignment", "schools"]))
    rows = list(getattr(statement, table))
    at = data.draw(st.integers(0, len(rows) - 1))
    column = data.draw(st.sampled_from(rows[at]._fields))
    now = getattr(rows[at], column)
    others = {getattr(item, column) for item in rows} | ({"", "nowhere"} if column in TEXTS else {3})
    changed = data.draw(st.sampled_from(sorted(others - {now}, key=str)))
    rows[at] = rows[at]._replace(**{column: changed})
    failed = verify(district, replace(statement, **{table: tuple(rows)})).failed
    before = {item.name for item in verify(district, statement).failed}
    assert {item.name for item in failed} - before


@FEW
@given(st.data())
def test_every_change_of_the_numbers_in_plan_json_is_found(data):
    district = any_district(data.draw(st.integers(0, 20)))
    plan = hand_plan(district, grown_catchments(district, Stage.PRIMARY, 2026, np.random.default_rng(1)))
    statement = state(district, plan)
    said = dict(statement.plan)
    key = data.draw(
        st.sampled_from(["goals", "objective", "bound", "gap", "solver_bound", "case", "stage", "year", "catchments"])
    )
    if key == "goals":
        goals = [dict(goal) for goal in said["goals"]]
        goal = data.draw(st.sampled_from(goals))
        goal["value"] += data.draw(st.sampled_from([-1.0, -0.001, 0.001, 1.0]))
        said["goals"] = goals
    else:
        said[key] = data.draw(st.sampled_from([None, 1e6, "", []]))
        assume(said[key] != statement.plan[key])
    before = {item.name for item in verify(district, statement).failed}
    assert {item.name for item in verify(district, replace(statement, plan=said)).failed} - before


@FEW
@given(st.integers(0, 10**6), st.sampled_from(["middle", "high"]))
def test_rolls_are_counted_alike(seed, scenario):
    """`zoning.rolls` and the verifier's own count agree in every school, grade and year, with openings, closings and moves."""
    rng = np.random.default_rng(seed)
    district = rich_district()
    schools = district.schools
    closed = np.full(6, NEVER)
    closed[2] = rng.choice([2027, 2028, NEVER])
    pupils = rng.integers(0, 70, size=(6, len(GRADES))) * np.array([1, 1, 1, 1, 0, 0])[:, None]
    enrolment = Enrolment(pupils, np.ceil(pupils / rng.integers(30, 60)))
    district = district.replace(
        schools=replace(schools, closed=closed), enrolment=enrolment if seed % 3 else None, years=(2026, 2027, 2028)
    )
    seats = (
        rich_seats()
        if seed % 2
        else SeatPlan((Opening("moved", Stage.PRIMARY, 2027, 6), Opening("moved", Stage.JUNIOR, 2027, 6)))
    )
    planned = tuple(
        grown_catchments(district, stage, year, rng, seats)
        for stage in (Stage.PRIMARY, Stage.JUNIOR, Stage.KINDERGARTEN)
        for year in (2026, 2027, 2028)
        if rng.random() < 0.7
    )
    rolls = rolls_by_year(district, by_entry_year(planned), 2028, seats, scenario)
    ground = Ground(district, [(item.site, item.stage, item.year, item.rooms) for item in seats.openings])
    areas = [Area(item.stage, item.year, tuple((*item.zones, ())[k] for k in item.zone)) for item in planned]
    counted = count_years(ground, areas, 2028, scenario)
    for year, expected in rolls.items():
        np.testing.assert_array_equal(counted[year].pupils, expected.pupils)
        np.testing.assert_array_equal(counted[year].classes, expected.classes)
    for stage in Stage:
        capacity = entry_capacity(district, stage, rolls[2027], seats)
        sizes = [entry_size(ground, j, stage, 2028, counted[2027]) for j in range(6)]
        np.testing.assert_array_equal([item.planned for item in sizes], capacity.planned)
        np.testing.assert_array_equal([item.absolute for item in sizes], capacity.absolute)


@FEW
@given(st.integers(0, 10**6))
def test_the_years_after_the_planned_ones_are_counted_alike(seed):
    """Catchments go on, rooms open and close, schools move: both counts of the later years agree."""
    rng = np.random.default_rng(seed)
    district = longer(rich_district(), 2033)
    closed = np.full(6, NEVER)
    closed[2] = rng.choice([2028, 2030, NEVER])
    district = district.replace(schools=replace(district.schools, closed=closed))
    seats = rich_seats() if seed % 2 else SeatPlan((Opening("moved", Stage.PRIMARY, 2028, 6),))
    planned = tuple(
        grown_catchments(district, stage, year, rng, seats)
        for stage in (Stage.PRIMARY, Stage.JUNIOR)
        for year in district.years
        if year == district.years[-1] or rng.random() < 0.7
    )
    plan = Plan(PlanKind.PLAN, Status.FEASIBLE, "", regime="phase_in", catchments=planned, seats=seats)
    rolls = plan_rolls(district, plan)
    assert [item.year for item in rolls] == list(range(2025, 2034))
    ground = Ground(district, [(item.site, item.stage, item.year, item.rooms) for item in seats.openings])
    areas = [Area(item.stage, item.year, tuple((*item.zones, ())[k] for k in item.zone)) for item in planned]
    counted = count_years(ground, areas, 2033, "middle")
    for expected in rolls:
        np.testing.assert_array_equal(counted[expected.year].pupils, expected.pupils)
        np.testing.assert_array_equal(counted[expected.year].classes, expected.classes)


@FEW
@given(st.integers(0, 10**6))
def test_a_multi_school_zone_is_counted_alike(seed):
    district = any_district(seed)
    schools = district.schools
    rooms = schools.rooms.copy()
    rooms[1] += 3
    pooled = district.replace(schools=replace(schools, block=schools.block[[0, 0, 2]], rooms=rooms))
    catchments = grown_catchments(pooled, Stage.JUNIOR, 2026, np.random.default_rng(seed))
    assert (0, 1) in catchments.zones
    assert {item.name for item in verify(pooled, hand_plan(pooled, catchments)).failed} <= {"assignment.reach"}
    area = Area(Stage.JUNIOR, 2026, tuple((*catchments.zones, ())[k] for k in catchments.zone))
    counted = count_full(Ground(pooled), [area], 2026, "middle")
    everybody = pooled.demand.of_stage(Stage.JUNIOR, 2026)[catchments.zone >= 0].sum()
    assert np.sum(counted.pupils) == everybody


def tiny(seed, *, hard):
    """A row of six blocks with two schools, small enough to try every plan."""
    rng = np.random.default_rng(seed)
    pupils = rng.integers(0, 30, size=6)
    names = ("too_far", "over_standard", "distance")
    zoning = ZoningOptions(
        regime="full",
        goals=(GoalSpec("distance"),) if hard else tuple(GoalSpec(name) for name in names),
        seats="hard" if hard else "soft",
        locks=(Lock("b0_2", Stage.PRIMARY, "s1", must=bool(seed % 2)),) if seed % 3 == 0 else (),
    )
    district = grid_district(6, 1, (0, 5), pupils=pupils, rooms=1 + hard, side_m=float(rng.integers(100, 500)), seed=seed)
    return district.replace(options=Options(zoning=zoning)), rng


def every_plan(district, chosen):
    """Return every catchments of a tiny district that keeps own blocks and locks, contiguous or not."""
    for rest in itertools.product((0, 1), repeat=4):
        zone = np.array([0, *rest, 1])
        item = Catchments(Stage.PRIMARY, 2026, chosen.zones, zone)
        if all((zone[2] == 1) == lock.must for lock in district.options.zoning.locks):
            yield item


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["linear", "knapsack"]), st.booleans())
def test_a_certificate_never_proves_more_than_the_best_plan(seed, form, hard):
    district, rng = tiny(seed, hard=hard)
    chosen = admission_round(district, Stage.PRIMARY, 2026, regime="full")
    plans = list(every_plan(district, chosen))
    if hard:
        plans = [item for item in plans if not goal_value("over_standard", district, chosen, item)]
    assume(plans)
    keys = [tuple(goal_value(spec.name, district, chosen, item) for spec in district.options.zoning.goals) for item in plans]
    best = plans[keys.index(min(keys))]
    scale = 100
    count = len(chosen.zones) if form == "linear" else len(chosen.pupils)
    multipliers = rng.integers(0, 60, size=count) * (1 if form == "linear" else chosen.pupils * 2)
    prices = {} if hard else {"too_far": int(rng.integers(0, 200)), "over_standard": int(rng.integers(0, 200))}
    plan = Plan(
        PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, stage=Stage.PRIMARY, year=2026, catchments=(best,),
        goals=goals_of(district, chosen, best, district.options.zoning.goals),
    )  # fmt: skip
    values = {goal.name: int(goal.value) for goal in plan.goals if goal.name in prices}
    certificate = Certificate(Stage.PRIMARY, 2026, "distance", form, scale, multipliers, prices, values)
    proved = bound_of(district, plan, certificate)
    assert proved <= goal_value("distance", district, chosen, best) + 1e-9
    if form == "knapsack":
        assert abs(proved * scale - _by_enumeration(district, chosen, certificate, hard=hard)) < 1e-6


def _by_enumeration(district, chosen, certificate, *, hard):
    """Evaluate the knapsack form as the docstring of `Certificate` says it, over all sets of blocks."""
    locks = {2: int(district.options.zoning.locks[0].must)} if district.options.zoning.locks else {}
    arcs = {}
    for i, k, metres in zip(*zone_distances(district, chosen.zones), strict=True):
        p = int(chosen.pupils[i])
        price = int(p * metres * certificate.scale // 1000)
        arcs[int(i), int(k)] = price + (certificate.prices.get("too_far", 0) * p if metres > chosen.limit_m[i] else 0)
    must = {0: 0, 5: 1} | locks
    arcs = {(i, k): price for (i, k), price in arcs.items() if must.get(i, k) == k}
    u = certificate.multipliers.tolist()
    value = sum(u) - sum(price * certificate.values[name] for name, price in certificate.prices.items())
    for k in range(len(chosen.zones)):
        free = [i for i in range(6) if (i, k) in arcs and i not in must]
        # A lock that forbids one of two zones leaves one arc, yet no block must be in a set for it.
        held = [i for i, zone in must.items() if zone == k and not (i in locks and not district.options.zoning.locks[0].must)]
        free += [i for i in must if i not in held and (i, k) in arcs]
        least = []
        for chosen_set in itertools.chain.from_iterable(itertools.combinations(free, n) for n in range(len(free) + 1)):
            members = [*held, *chosen_set]
            load = sum(int(chosen.pupils[i]) for i in members)
            over = load - int(chosen.capacity.planned[k])
            if hard and over > 0:
                continue
            phi = certificate.prices.get("over_standard", 0) * max(over, 0)
            least.append(sum(arcs[i, k] - u[i] for i in members) + phi)
        value += min(least)
    return value


@FEW
@given(st.integers(0, 10**6), st.sampled_from(sorted(GOAL_UNITS)), st.sampled_from(["full", "phase_in"]))
def test_every_goal_is_defined_alike(seed, name, regime):
    """`indicators.goal_value` and the verifier's own sums agree."""
    district = any_district(seed)
    rng = np.random.default_rng(seed)
    clusters = ClusterPlan((Membership("s0", "s0", Role.LEAD), Membership("s1", "s0", Role.URBAN)))
    blocks = replace(
        district.blocks,
        communities=tuple(rng.choice(["", "a", "b"], size=20).tolist()),
        households=rng.integers(0, 90, size=20),
    )
    options = Options(zoning=ZoningOptions(goals=(GoalSpec(name),)))
    district = district.replace(blocks=blocks, options=options, clusters=clusters if seed % 2 else None)
    catchments = grown_catchments(district, Stage.PRIMARY, 2026, rng)
    found = [
        item for item in verify(district, hand_plan(district, catchments, regime=regime)).checks if item.name == f"goals.{name}"
    ]
    assert [item.ok for item in found] == [True]


STRANGE = [None, [], {}, "x", 3, -1.5, True, [None], [[]], [{}], {"a": None}, [{"name": []}], [{"stage": {}, "year": []}]]


@cache
def _statements():
    district = rich_district()
    plan = hand_plan(district, grown_catchments(district, Stage.PRIMARY, 2026, np.random.default_rng(1)))
    return ((district, state(district, certified(district, plan))), (district, state(district, rich_plan(district))))


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_object_makes_the_verifier_stumble(data):
    """Whatever stands in plan.json or certificate.json, the answer is a verification that can be written as JSON."""
    district, statement = _statements()[data.draw(st.integers(0, 1))]
    said = dict(statement.plan)
    for key in data.draw(st.lists(st.sampled_from(sorted(said)), min_size=1, max_size=3)):
        said[key] = data.draw(st.sampled_from(STRANGE))
    certificate = dict(statement.certificate)
    if certificate["certificates"] and data.draw(st.booleans()):
        item = dict(certificate["certificates"][0])
        item[data.draw(st.sampled_from(sorted(item)))] = data.draw(st.sampled_from(STRANGE))
        certificate["certificates"] = [item]
    found = verify(district, replace(statement, plan=said, certificate=certificate))
    assert isinstance(found.ok, bool)
    json.dumps(found.to_json(), allow_nan=False)


def test_the_rounds_of_a_plan_are_those_it_was_made_for():
    district = any_district(5)
    catchments = grown_catchments(district, Stage.PRIMARY, 2026, np.random.default_rng(5))
    plan = hand_plan(district, catchments)
    ((chosen, item),) = rounds_of(district, plan)
    assert item is catchments
    assert chosen.zones == catchments.zones
