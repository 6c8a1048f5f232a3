"""explain(block=…): its school and why, the schools that come next and what each would cost, measured on the whole plan."""

from __future__ import annotations

import re

import numpy as np
import pytest
from districts import grid_district
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.solver.explanation import explain
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import Enrolment
from xuequ.zoning.indicators import goal_values
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.rounds import admission_round
from xuequ.zoning.stage import GRADES, Stage

COLUMNS, ROWS = 6, 3
HOMES = (6, 11, 14)
NEAREST = [0, 0, 2, 2, 1, 1] * ROWS
"""A strip of 6 × 3 blocks: schools at both ends of the middle row, and one in the lower middle."""


def strip(*, pupils=12, rooms=6, **options):
    district = grid_district(COLUMNS, ROWS, HOMES, pupils=pupils, rooms=rooms, stages=(Stage.PRIMARY,))
    return district.replace(options=Options(zoning=ZoningOptions(**{"regime": "full"} | options)))


def plan_of(district, schools, *, year=2026, regime="full", **changes):
    catchments = Catchments.from_schools(Stage.PRIMARY, year, schools)
    return Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, regime, catchments=(catchments,)).replace(**changes)


def nearest_of(district):
    return district.distances.to_matrix().argmin(axis=1).tolist()


def told(district, plan=None, block="b1_1", year=2026, **what):
    return explain(district, plan, stage=Stage.PRIMARY, year=year, block=block, **what)


def test_a_block_is_called_by_id_name_and_community():
    district = strip()
    count = len(district.blocks)
    names = type(district.blocks)(
        district.blocks.ids, district.blocks.points, names=("Home",) * count, communities=("River side",) * count,
        geometry=district.blocks.geometry,
    )  # fmt: skip
    found = told(district.replace(blocks=names), plan_of(district, nearest_of(district)))
    assert found.sentence.startswith("block b1_1 Home (River side) is given to s0 School 0")


def test_at_the_nearest_school_the_next_ones_are_told_with_their_way_and_seats():
    district = strip()
    found = told(district, plan_of(district, nearest_of(district)))
    assert found.sentence == "block b1_1 is given to s0 School 0, the nearest school that it may have, 200 m away"
    assert "because: the nearest zone; it has 12 primary pupils in 2026, within the limit of 650 m" in found.reasons
    others = [reason for reason in found.reasons if re.match(r"s\d School \d, ", reason)]
    assert [reason.split(":")[0] for reason in others] == ["s2 School 2, 283 m", "s1 School 1, 800 m"]
    assert not found.relaxations  # nothing has to give way: it is where it should be


def test_the_load_of_its_school_is_told_with_the_block():
    district = strip()
    schools = nearest_of(district)
    load = 12 * schools.count(0)
    assert f"s0 School 0 has {load} pupils on 270 planned seats with it" in told(district, plan_of(district, schools)).reasons


def test_a_nearer_school_that_is_full_is_priced_in_seats():
    district = strip(pupils=60)
    schools = nearest_of(district)
    schools[7] = 2  # b1_1 stands 200 m from s0
    found = told(district, plan_of(district, schools))
    assert found.sentence.endswith("283 m away; its nearest school is s0 School 0")
    load = 60 * (schools.count(0) + 1)
    short = load - 270
    assert any(f"it would have {load} pupils on 270 planned seats, {short} too many" in reason for reason in found.reasons)
    [seats] = [item for item in found.relaxations if item.kind == "seats"]
    assert (seats.target, seats.amount, seats.unit) == ("s0", short, "seats")
    assert seats.cost == pytest.approx(60 * (np.hypot(200, 200) - 200) / 1000)


def test_a_move_that_would_cut_a_catchment_is_named_and_contiguity_is_what_would_have_to_give_way():
    district = strip()
    # b1_1 is s2's only bridge between its home and b0_1: to s0, its nearest, it must not go.
    schools = [0, 2, 1, 1, 1, 1, 0, 2, 1, 1, 1, 1, 0, 2, 2, 1, 1, 1]
    found = told(district, plan_of(district, schools))
    nearest = next(reason for reason in found.reasons if reason.startswith("s0 School 0"))
    assert "a catchment would fall apart" in nearest
    assert [(item.kind, item.target) for item in found.relaxations] == [("contiguity", "b1_1")]
    # At the end of the branch it may.
    end = told(district, plan_of(district, schools), block="b0_1")
    assert "fall apart" not in next(reason for reason in end.reasons if reason.startswith("s0 School 0"))
    assert not end.relaxations


def test_the_block_that_a_school_stands_in_says_so():
    district = strip()
    found = told(district, plan_of(district, nearest_of(district)), block="b1_0")
    assert found.reasons[1].startswith("because: a school of its zone stands in it")
    assert not [reason for reason in found.reasons if "changes" in reason]  # no other school may have it


@pytest.mark.parametrize(("before", "sentence"), [(0, "it goes there today as well"), (2, "today it goes to s2 School 2")])
def test_what_changes_for_a_family_is_told(before, sentence):
    district = strip()
    today = nearest_of(district)
    today[7] = before
    district = district.replace(today={Stage.PRIMARY: Catchments.from_schools(Stage.PRIMARY, 2025, today)})
    assert any(reason.startswith(sentence) for reason in told(district, plan_of(district, nearest_of(district))).reasons)


def test_nothing_is_said_of_today_where_it_is_not_known():
    district = strip().replace(today={})
    assert not [reason for reason in told(district, plan_of(district, nearest_of(district))).reasons if "today" in reason]


def test_a_lock_is_the_reason():
    district = strip(locks=(Lock("b1_1", Stage.PRIMARY, "s2"),))
    schools = nearest_of(district)
    schools[7] = 2
    found = told(district, plan_of(district, schools))
    assert "because: locked by hand to this school, or away from the nearest" in found.reasons[1]
    # Only s2 is allowed to it: no other school is offered.
    assert not [reason for reason in found.reasons if reason.startswith(("s0", "s1"))]


def test_blocks_kept_together_are_weighed_together():
    district = strip(keep_together=(("b1_1", "b0_1", "b0_0"),))
    found = told(district, plan_of(district, nearest_of(district)))
    assert "it has 12 primary pupils in 2026" in found.reasons[1]
    moved = next(reason for reason in found.reasons if reason.startswith("s1 School 1"))
    assert "moved +36 pupils" in moved


def test_in_phase_in_only_entrants_are_counted_on_the_seats_of_the_entry_grade():
    district = strip(regime="phase_in")
    plan = plan_of(district, nearest_of(district), regime="phase_in")
    entrants = int(district.demand.of_grade(GRADES[3], 2026)[7])
    assert Stage.PRIMARY.entry_grade is GRADES[3]
    found = told(district, plan)
    word = "entrant" if entrants == 1 else "entrants"
    assert f"it has {entrants} primary {word} in 2026" in found.reasons[1]
    chosen = admission_round(district, Stage.PRIMARY, 2026, regime="phase_in")
    assert f"on {int(chosen.capacity.planned[0])} planned seats" in found.reasons[3]


def test_the_regime_is_that_of_the_plan_and_not_of_the_case():
    district = strip(regime="phase_in")
    found = told(district, plan_of(district, nearest_of(district), regime="full"))
    assert "it has 12 primary pupils in 2026" in found.reasons[1]


def test_a_later_year_is_explained_with_the_rolls_that_the_plan_leads_to():
    district = strip(regime="phase_in", pupils=30, rooms=7)
    one_class_each = np.zeros((3, len(GRADES)), dtype=int)
    one_class_each[:, Stage.PRIMARY.grade_slice] = 1
    district = district.replace(enrolment=Enrolment(20 * one_class_each, one_class_each))
    everything_to_s0 = [0] * 18
    everything_to_s0[11], everything_to_s0[14] = 1, 2
    first = Catchments.from_schools(Stage.PRIMARY, 2026, everything_to_s0)
    second = Catchments.from_schools(Stage.PRIMARY, 2027, nearest_of(district))
    plan = plan_of(district, everything_to_s0, regime="phase_in").replace(catchments=(first, second))
    crowded = told(district, plan, year=2027).reasons[3]
    calm = told(district, plan_of(district, nearest_of(district), year=2027, regime="phase_in"), year=2027).reasons[3]
    seats = [int(re.search(r"on (\d+) planned seats", text)[1]) for text in (crowded, calm)]
    assert seats == [45, 90]  # the many who entered s0 in 2026 have taken its seventh room


def test_a_block_without_pupils_is_explained_by_its_way():
    pupils = np.full(18, 12)
    pupils[7] = 0
    district = strip(pupils=pupils)
    found = told(district, plan_of(district, nearest_of(district)))
    assert found.sentence.endswith("is given to s0 School 0, the nearest school that it may have, 200 m away")
    assert "it has 0 primary pupils" in found.reasons[1]


def test_without_a_plan_the_schools_come_by_their_way():
    found = told(strip(), block="b0_5")
    assert found.reasons == (
        "block b0_5 has 12 primary pupils in 2026; the nearest school that it may have is s1 School 1, 200 m away",
        "then comes s2 School 2, 721 m away",
        "then comes s0 School 0, 1,020 m away",
    )


def test_a_block_beyond_reach_of_every_school_says_so():
    district = strip()
    matrix = district.distances.to_matrix().copy()
    matrix[7] = np.inf
    cut_off = district.replace(distances=type(district.distances).from_matrix(matrix))
    assert told(cut_off).sentence.endswith("has 12 primary pupils in 2026 and reaches no school that it may have")
    schools = nearest_of(district)
    found = told(cut_off, plan_of(cut_off, schools))
    assert "no way on foot is known" in found.sentence
    assert any("cannot be kept without a way" in reason for reason in found.reasons)


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=18, max_size=18), st.integers(0, 17), st.integers(5, 60))
def test_what_another_school_costs_is_the_difference_of_the_goals(schools, block, pupils):
    """Against the definitions of the goals, which share no code with the solver's measures."""
    district = strip(pupils=pupils)
    schools[6], schools[11], schools[14] = 0, 1, 2
    plan = plan_of(district, schools)
    chosen = admission_round(district, Stage.PRIMARY, 2026, regime="full")
    names = ("distance", "moved", "over_standard", "compactness")
    before = goal_values(names, district, chosen, plan.catchments[0])
    for reason in told(district, plan, block=district.blocks.ids[block]).reasons:
        if not (match := re.match(r"s(\d) School", reason)) or "changes" not in reason:
            continue
        other = [*schools]
        other[block] = int(match[1])
        after = goal_values(names, district, chosen, Catchments(Stage.PRIMARY, 2026, chosen.zones, np.array(other)))
        for name in names:
            found = re.search(rf"{name} ([+-][\d.,]+)", reason)
            stated = float(found[1].replace(",", "")) if found else 0.0
            assert stated == pytest.approx(after[name] - before[name], abs=0.5 if name == "compactness" else 0.006), (
                name,
                reason,
            )
