"""explain(school=…): who goes there and from where, its classes by year, its projects, and what would relieve it."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pytest
from districts import grid_district
from planned import seat_district

from xuequ.solver.explanation import explain
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.district import Enrolment
from xuequ.zoning.explanation import Shortage
from xuequ.zoning.options import Options, ZoningOptions
from xuequ.zoning.outlook import plan_rolls
from xuequ.zoning.plan import Certificate, Plan, PlanKind, Status
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import GRADES, Stage

HOMES = (0, 5, 12)


def strip(*, pupils=12, rooms=6, regime="full", **changes):
    """Make 6 × 3 blocks with schools s0 and s1 in the lower corners and s2 in the upper left one."""
    district = grid_district(6, 3, HOMES, pupils=pupils, rooms=rooms, stages=(Stage.PRIMARY,))
    blocks = dataclasses.replace(district.blocks, communities=("West",) * 3 + ("East",) * 3 + ("",) * 12)
    return district.replace(blocks=blocks, options=Options(zoning=ZoningOptions(regime=regime)), **changes)


SCHOOLS = [0, 0, 0, 1, 1, 1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 1, 1]


def plan_of(district, schools=None, *, regime="full", years=(2026,), **changes):
    catchments = tuple(Catchments.from_schools(Stage.PRIMARY, year, SCHOOLS if schools is None else schools) for year in years)
    return Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, regime, catchments=catchments).replace(**changes)


def told(district, plan=None, school="s0", year=2026):
    return explain(district, plan, stage=Stage.PRIMARY, year=year, school=school)


def one(found, start):
    """Return the only reason that begins with a text."""
    [reason] = [reason for reason in found.reasons if reason.startswith(start)]
    return reason


def test_pupils_and_seats_come_first():
    district = strip()
    assert told(district, plan_of(district)).sentence == (
        "school s0 School 0 is given 72 pupils on 270 planned seats for primary in 2026"
    )


def test_where_they_come_from_and_how_far_they_go():
    district = strip()
    found = told(district, plan_of(district))
    assert one(found, "they come from") == "they come from 6 blocks: West 36, without a community 36"
    metres = np.hypot(*(district.blocks.points[[0, 1, 2, 6, 7, 8]] - district.blocks.points[0]).T)
    assert one(found, "on average") == f"on average {metres.mean():,.0f} m, the farthest {metres.max():,.0f} m from block b1_2"


def test_where_no_block_has_a_community_none_is_told():
    district = strip()
    nameless = dataclasses.replace(district.blocks, communities=("",) * 18)
    assert one(told(district.replace(blocks=nameless), plan_of(district)), "they come from") == "they come from 6 blocks"


def test_who_walks_too_far_is_counted():
    district = strip()
    limit = 550
    district = district.replace(rules=district.rules.override({"limit.primary": limit}))
    found = told(district, plan_of(district), school="s1")
    metres = np.hypot(*(district.blocks.points - district.blocks.points[5]).T)
    far = [block for block in range(18) if SCHOOLS[block] == 1 and metres[block] > limit]
    expected = 12 * len(far)
    assert 0 < expected < 108
    assert one(found, "on average").endswith(f"; {expected} of them beyond the limit")


def test_a_catchment_without_pupils_says_so():
    pupils = np.full(18, 12)
    pupils[12:15] = 0
    district = strip(pupils=pupils)
    assert "no primary pupil lives in its 3 blocks" in told(district, plan_of(district), school="s2").reasons


def test_what_comes_and_goes_against_today_is_told_by_school():
    district = strip()
    today = [0] * 6 + [0, 0, 0, 1, 1, 1] + [2, 2, 2, 1, 1, 1]
    today[5] = 1
    district = district.replace(today={Stage.PRIMARY: Catchments.from_schools(Stage.PRIMARY, 2025, today)})
    assert (
        one(told(district, plan_of(district)), "leaving") == "leaving it against today: 24 pupils of 2 blocks, to s1 School 1 24"
    )
    found = told(district, plan_of(district), school="s1")
    assert one(found, "new to it") == "new to it against today: 24 pupils of 2 blocks, from s0 School 0 24"
    assert not [reason for reason in told(district, plan_of(district), school="s2").reasons if "against today" in reason]


def enrolled(district, pupils=60):
    """One class of each grade at each school."""
    one_each = np.zeros((3, len(GRADES)), dtype=int)
    one_each[:, Stage.PRIMARY.grade_slice] = 1
    return district.replace(enrolment=Enrolment(pupils * one_each, one_each))


def test_classes_are_told_year_by_year_as_the_rolls_have_them():
    district = enrolled(strip(regime="phase_in"))
    plan = plan_of(district, regime="phase_in", years=(2026, 2027))
    found = told(district, plan)
    assert one(found, "2025") == "2025: 360 pupils in 6 classes of up to 60, 6 large; 270 planned seats (133%): red"
    for rolls in plan_rolls(district, plan)[1:]:
        pupils, rooms = rolls.pupils[0, 3:9], rolls.classes[0, 3:9]
        sizes = [size for n, r in zip(pupils, rooms, strict=True) for size in [n // r + 1] * (n % r) + [n // r] * (r - n % r)]
        large = sum(size >= 56 for size in sizes)
        assert one(found, str(rolls.year)).startswith(
            f"{rolls.year}: {sum(pupils)} pupils in {len(sizes)} classes of up to {max(sizes)}, {large or 'none'} large; 270"
        )
    assert not [reason for reason in found.reasons if reason.startswith("2028")]


@pytest.mark.parametrize(
    ("pupils", "words"), [(40, "(89%): green"), (41, "(91%): yellow"), (45, "(100%): red"), (46, "(102%): red")]
)
def test_the_alert_of_a_year_is_that_of_the_law(pupils, words):
    district = enrolled(strip(regime="phase_in"), pupils)
    assert one(told(district, plan_of(district, regime="phase_in")), "2025").endswith(words)


def test_a_school_that_lacks_seats_lacks_whole_classrooms_and_its_edge_is_searched():
    district = strip(pupils=60)
    found = told(district, plan_of(district))
    assert one(found, "it lacks") == "it lacks 90 seats: 2 classrooms more would do"
    rooms = found.relaxations[0]
    assert (rooms.kind, rooms.target, rooms.amount, rooms.cost) == ("classrooms", "s0", 2.0, 90.0)
    moves = [item for item in found.relaxations if item.kind == "move"]
    assert moves
    # s1 has 9 blocks with 540 pupils on 270 seats: only s2, with 180, has seats to give.
    for reason in (reason for reason in found.reasons if "which has the seats" in reason):
        assert "could go to s2 School 2" in reason
        assert "to have it there changes" in reason


def test_the_moves_are_the_cheapest_ones_by_way_and_cut_nothing():
    district = strip(pupils=60)
    points, homes = district.blocks.points, district.blocks.points[list(HOMES)]
    found = told(district, plan_of(district))
    moves = [item for item in found.relaxations if item.kind == "move"]
    costs = {}
    for block in (6, 7, 8):  # those of s0 that touch s2
        to, now = (np.hypot(*(points[block] - homes[school])) for school in (2, 0))
        costs[district.blocks.ids[block]] = 60 * (to - now) / 1000
    best = min(costs.values())
    assert moves[0].cost == pytest.approx(best)
    assert [item.cost for item in moves] == sorted(item.cost for item in moves)
    for item in moves:
        assert item.cost == pytest.approx(costs[item.target])
        assert (item.amount, item.unit) == (60, "pupils")


def test_the_cheapest_moves_by_pupil_are_told_and_no_more_than_three():
    """A row of four below s2: one of many children goes farther in all but no farther for each."""
    pupils = np.array([60, 60, 60, 12, 12, 12, 10, 90, 40, 12, 12, 12, 12, 12, 12, 12, 12, 12])
    district = strip(pupils=pupils)
    points, homes = district.blocks.points, district.blocks.points[list(HOMES)]
    schools = [0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 1, 2, 2, 2, 1, 1, 1]
    found = told(district, plan_of(district, schools))
    moves = [item for item in found.relaxations if item.kind == "move"]
    each = {
        name: np.hypot(*(points[k] - homes[2])) - np.hypot(*(points[k] - homes[0])) for k, name in enumerate(district.blocks.ids)
    }
    to_s1 = {
        name: np.hypot(*(points[k] - homes[1])) - np.hypot(*(points[k] - homes[0])) for k, name in enumerate(district.blocks.ids)
    }
    assert len(moves) == 3
    assert "b0_3" not in {item.target for item in moves}  # b0_4 behind it would be cut off
    best = [min(each[item.target], to_s1[item.target]) for item in moves]
    assert best == sorted(best)
    assert moves[0].target == "b0_4"


def test_where_no_neighbour_has_seats_that_is_said():
    district = strip(pupils=200)
    found = told(district, plan_of(district))
    assert "no block at its edge can go to a neighbour with free seats" in found.reasons
    assert not [item for item in found.relaxations if item.kind == "move"]


def test_a_school_with_room_is_not_searched_for_relief():
    district = strip()
    found = told(district, plan_of(district))
    assert not found.relaxations
    assert not [reason for reason in found.reasons if "edge" in reason or "free" in reason]


@pytest.mark.parametrize(
    ("clusters", "words"),
    [
        (None, None),
        ([("s0", "s0", Role.LEAD), ("s2", "s0", Role.URBAN)], "free primary seats in its cluster s0 in 2026: s2 School 2 90"),
        ([("s0", "s0", Role.LEAD), ("s1", "s0", Role.URBAN)], "nobody else in its cluster s0 has free primary seats in 2026"),
    ],
)
def test_the_cluster_is_asked_next(clusters, words):
    district = strip(pupils=60)
    plan = plan_of(district)
    if clusters:
        plan = plan.replace(clusters=ClusterPlan(tuple(Membership(*item) for item in clusters)))
    found = [reason for reason in told(district, plan).reasons if "cluster" in reason]
    assert found == ([words] if words else [])


def test_the_school_itself_is_no_relief_where_only_its_entry_grade_is_full():
    district = strip(regime="phase_in", pupils=90)
    one_each = np.zeros((3, len(GRADES)), dtype=int)
    one_each[:, Stage.PRIMARY.grade_slice] = 1
    district = district.replace(enrolment=Enrolment(5 * one_each, one_each))
    pair = ClusterPlan((Membership("s0", "s0", Role.LEAD), Membership("s1", "s0", Role.URBAN)))
    found = told(district, plan_of(district, regime="phase_in", clusters=pair))
    assert any(reason.startswith("it lacks") for reason in found.reasons)
    assert not re.search(r"free primary seats .*s0 School 0", " ".join(found.reasons))


def test_projects_at_the_school_are_told_with_their_reason():
    district = seat_district()
    seats = SeatPlan((Opening("x0", Stage.PRIMARY, 2027, 6),), (("x0", "chosen"), ("x1", "Not chosen: nobody is short.")))
    catchments = Catchments.from_schools(Stage.PRIMARY, 2027, district.distances.to_matrix()[:, :2].argmin(axis=1))
    plan = Plan(PlanKind.PLAN, Status.FEASIBLE, district.fingerprint, "full", catchments=(catchments,), seats=seats)
    assert "project x0 x0 opens 6 primary classrooms in 2027" in told(district, plan, year=2027).reasons
    assert "project x1 x1: Not chosen: nobody is short." in told(district, plan, "s1", 2027).reasons
    # Six rooms more: 12 rooms of 45.
    assert "on 540 planned seats" in told(district, plan, year=2027).sentence


@pytest.mark.parametrize(("multiplier", "words"), [(0, "shorten nobody's way"), (350, "save about 0.35 pupil·km")])
def test_what_a_seat_is_worth_comes_from_the_certificate(multiplier, words):
    district = strip()
    mu = np.array([multiplier, 7, 9])
    proof = Certificate(Stage.PRIMARY, 2026, "distance", "linear", 1000, mu)
    plan = plan_of(district, certificates=(proof,))
    assert one(told(district, plan), "one more planned seat") == f"one more planned seat here would {words}"
    other_year = plan.replace(certificates=(dataclasses.replace(proof, year=2027),))
    assert not [reason for reason in told(district, other_year).reasons if "one more planned seat" in reason]


def test_a_school_of_another_stage_has_no_catchment():
    district = strip()
    rooms = district.schools.rooms.copy()
    rooms[2] = 0
    closed = district.replace(schools=dataclasses.replace(district.schools, rooms=rooms))
    schools = [0 if school == 2 else school for school in SCHOOLS]
    assert told(closed, plan_of(closed, schools), school="s2").reasons == ("school s2 School 2 has no primary catchment in 2026",)


def test_schools_of_one_block_are_explained_together():
    district = grid_district(6, 3, (0, 0, 17), pupils=12, rooms=6, stages=(Stage.PRIMARY,))
    district = district.replace(options=Options(zoning=ZoningOptions(regime="full")))
    zone = np.array([0] * 9 + [1] * 9)
    plan = Plan(
        PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "full",
        catchments=(Catchments(Stage.PRIMARY, 2026, ((0, 1), (2,)), zone),),
    )  # fmt: skip
    for school in ("s0", "s1"):
        assert "is given 108 pupils on 540 planned seats" in told(district, plan, school).sentence


@pytest.mark.parametrize(
    ("shortage", "sentence"),
    [
        (Shortage(("a",), 1, (), 0, 1), "1 block with 1 pupil reaches no school: 1 seat too few"),
        (Shortage(("a", "b"), 1200, (), 0, 1200), "2 blocks with 1,200 pupils reach no school: 1,200 seats too few"),
        (
            Shortage(("a",) * 23, 812, ("A", "B"), 640, 172),
            "23 blocks with 812 pupils reach only A, B, which have 640 seats: 172 too few",
        ),
        (Shortage(("a",), 30, ("A",), 20, 10), "1 block with 30 pupils reaches only A, which has 20 seats: 10 too few"),
        (
            Shortage(("a", "b"), 9, tuple("ABCDEFGHIJ"), 1, 8),
            "2 blocks with 9 pupils reach only A, B, C, D, E, F, G, H and 2 more, which have 1 seats: 8 too few",
        ),
    ],
)
def test_a_shortage_is_one_sentence_with_numbers(shortage, sentence):
    assert shortage.sentence == sentence


def test_blocks_that_reach_no_school_are_told_together():
    district = strip()
    matrix = district.distances.to_matrix().copy()
    matrix[[2, 9, 15]] = np.inf
    alone = district.replace(distances=type(district.distances).from_matrix(matrix))
    found = explain(alone, stage=Stage.PRIMARY, year=2026)
    assert [(item.blocks, item.pupils, item.schools) for item in found.shortage] == [(("b0_2", "b1_3", "b2_3"), 36, ())]


@pytest.mark.parametrize("limit", [250, 500])
def test_blocks_beyond_the_limit_lack_a_school_and_not_seats(limit):
    district = strip()
    short = district.replace(rules=district.rules.override({"limit.primary": limit}))
    found = explain(short, stage=Stage.PRIMARY, year=2026)
    far = int((district.distances.to_matrix().min(axis=1) > limit).sum())
    who = f"{far} blocks with {12 * far} pupils have" if far > 1 else "1 block with 12 pupils has"
    assert found.sentence == f"{who} no school within the limit of distance"
