"""explain(): shortages in numbers, priced relaxations, the case of a block and of a school."""

from __future__ import annotations

import pytest
from districts import grid_district

from xuequ.solver.explanation import explain
from xuequ.solver.portfolio import zone
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.district import District
from xuequ.zoning.errors import InputError
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage

WHAT = {"stage": Stage.PRIMARY, "year": 2026}


def district_of(pupils: int, **options: object) -> District:
    district = grid_district(6, 4, (0, 23), pupils=pupils, rooms=6)
    return district.replace(options=Options(zoning=ZoningOptions(regime="full", **options)))  # type: ignore[arg-type]


def plan_of(district: District, school: list[int]) -> Plan:
    catchments = Catchments.from_schools(Stage.PRIMARY, 2026, school)
    return Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, "full", catchments=(catchments,))


def test_a_shortage_counts_pupils_and_seats() -> None:
    found = explain(district_of(30), **WHAT)
    assert len(found.shortage) == 1
    short = found.shortage[0]
    assert (short.pupils, short.seats, short.short) == (720, 540, 180)
    assert set(short.schools) == {"s0", "s1"}
    assert len(short.blocks) == 24
    assert "180 too few" in found.sentence


def test_rooms_are_priced_by_the_pupils_they_help() -> None:
    found = explain(district_of(30), **WHAT)
    rooms = [item for item in found.relaxations if item.kind == "classrooms"]
    assert rooms
    assert rooms[0].amount == 4  # 180 pupils in classes of 45
    assert rooms[0].cost == pytest.approx(45)


def test_enough_seats_are_said_to_be_enough() -> None:
    found = explain(district_of(5), **WHAT)
    assert not found.shortage
    assert "can have a planned seat" in found.sentence


def test_what_is_short_within_the_limit_of_distance_is_told() -> None:
    district = district_of(12)
    district = district.replace(rules=district.rules.override({"limit.primary": 500}))
    found = explain(district, **WHAT)
    assert "within the limit of distance" in found.sentence
    limits = [item for item in found.relaxations if item.kind == "limit"]
    assert len(limits) == 1
    assert limits[0].target == "limit.primary"
    assert limits[0].amount > 0


def test_conflicting_locks_are_named() -> None:
    found = explain(district_of(5, locks=(Lock("b0_0", Stage.PRIMARY, "s1"),)), **WHAT)
    assert "b0_0" in found.sentence
    assert found.relaxations[0].target == "b0_0"


def test_a_block_at_its_nearest_school() -> None:
    district = district_of(12)
    plan = zone(district, stop=MaxIterations(50), **WHAT)
    assert "the nearest school" in explain(district, plan, block="b0_0", **WHAT).sentence


def test_a_block_away_from_its_nearest_school_has_reasons_and_a_price() -> None:
    district = district_of(22)
    school = [0] * 6 + [0] * 6 + [1] * 12
    school[1] = 1  # cut off in the corner of s0
    found = explain(district, plan_of(district, school), block="b0_1", **WHAT)
    assert "its nearest school is s0" in found.sentence
    text = " ".join(found.reasons)
    assert "to have it there changes" in text
    assert "distance -" in text


def test_a_full_nearest_school_is_a_reason_with_its_seats() -> None:
    district = district_of(22)
    school = [0] * 12 + [1] * 12
    school[6] = 1
    found = explain(district, plan_of(district, school), block="b1_0", **WHAT)
    load = 12 * 22
    assert load <= 270
    assert found.reasons[0].endswith("its nearest school is s0 School 0")
    crowded = district_of(30)
    found = explain(crowded, plan_of(crowded, school), block="b1_0", **WHAT)
    assert any("360 pupils on 270 planned seats" in reason for reason in found.reasons)
    assert found.relaxations[0].amount == 90


def test_a_block_without_a_plan() -> None:
    assert "nearest school that it may have is s0" in explain(district_of(12), block="b0_1", **WHAT).sentence


def test_a_school_above_its_seats_lacks_rooms() -> None:
    district = district_of(30)
    found = explain(district, plan_of(district, [0] * 12 + [1] * 12), school="s0", **WHAT)
    assert "360 pupils on 270 planned seats" in found.sentence
    assert found.relaxations[0].amount == 2


def test_a_school_without_a_plan_and_one_without_a_catchment() -> None:
    assert "nearest for" in explain(district_of(30), school="s0", **WHAT).sentence
    only_primary = grid_district(6, 4, (0, 23), pupils=3, rooms=6, stages=(Stage.PRIMARY,))
    found = explain(only_primary.replace(options=Options(zoning=ZoningOptions(regime="full"))), stage=Stage.PRIMARY, school="s1")
    assert "planned seats" in found.sentence


@pytest.mark.parametrize("what", [{"block": "x"}, {"school": "x"}])
def test_unknown_ids_are_said(what: dict[str, str]) -> None:
    with pytest.raises(InputError, match="there is no"):
        explain(district_of(5), **WHAT, **what)


def test_a_plan_of_another_year_is_said() -> None:
    district = district_of(5)
    plan = plan_of(district, [0] * 12 + [1] * 12)
    with pytest.raises(InputError, match="no primary catchments for 2027"):
        explain(district, plan, stage=Stage.PRIMARY, year=2027)
