"""Sentences of plans and cases in two languages: what is written in English is read back in Chinese."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from planned import seat_district
from showpiece import town

from xuequ.data.case import read_case
from xuequ.data.plans import read_plan
from xuequ.solver.siting import seats
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.explanation import Shortage
from xuequ.zoning.wording import PHRASES, english, in_chinese

WORDS = {
    "what": "3 pupils too far", "source": "past errors from 2019 to 2024", "programme": "school", "stage": "primary",
    "blocks": "4 blocks", "pupils": "12", "missing": "7 seats", "schools": "S1", "reach": "reach", "have": "have",
    "years": "2019–2025", "share": "90%", "km": "-0.1",
}  # fmt: skip
SHOWN = {
    "what": "3名上学过远的学生", "source": "2019年至2024年历史误差", "programme": "中小学", "stage": "小学", "blocks": "4个地块",
    "missing": "7个学位",
}  # fmt: skip


def places(text):
    return set(re.findall(r"\{(\w+)\}", text))


def filled(key, given):
    return {place: given.get(place, WORDS.get(place, "1,234")) for place in places(PHRASES[key][0])}


@pytest.mark.parametrize("key", [key for key in PHRASES if key != "schools.in_part"])
def test_every_phrase_comes_back_in_chinese_with_its_numbers(key):
    told = english(key, **filled(key, {"blocks": "4"} if key == "checked" else {}))
    shown = PHRASES[key][1].format(**filled(key, SHOWN | ({"blocks": "4"} if key == "checked" else {})))
    assert in_chinese(told) == shown
    assert re.findall(r"[A-Za-z]{2,}", shown) == []


@pytest.mark.parametrize("key", PHRASES)
def test_chinese_leaves_out_no_number(key):
    grammar = {"reach", "have"}
    assert places(PHRASES[key][0]) - grammar == places(PHRASES[key][1]) - grammar


@pytest.mark.parametrize(
    "sentence",
    [
        "", "选中：消除大班额", "because the mayor said so", "hello, world", "3 pupils too far, and so on",
        "9 schools and 4 more", "primary 2026: because", "<script>alert(1)</script>", "{rooms} classrooms",
        "Not chosen: for reasons of its own.",
        "الاسم، 4 blocks", "😀; 3 pupils too far?",
    ],
)  # fmt: skip
def test_what_a_person_wrote_stands_as_it_was_written(sentence):
    assert in_chinese(sentence) == sentence


def test_half_a_sentence_is_never_translated():
    sentence = "3 more pupils too far, the bridge is closed, and 2 of 4 projects"
    assert in_chinese(sentence) == sentence
    assert in_chinese("3 more pupils too far, and 2 of 4 projects") == "上学过远的学生增加3人，项目只有2个（应有4个）"


@pytest.mark.parametrize(
    "text",
    [
        "3 pupils too far, " * 400,
        "3 pupils too far, " * 50 + "x",
        "; " * 5000,
        "a" * 100_000,
        "1, " * 300 + "x",
        "( , and " * 120,
    ],
)
def test_a_reason_made_to_be_hard_to_read_is_left_alone(text):
    assert in_chinese(text) == text  # a search of every cut would never end


@pytest.mark.parametrize(
    ("shortage", "told"),
    [
        (Shortage(("b1", "b2"), 1200, ("S1", "S2"), 1000, 200), "2个地块共1,200名学生，只能到达S1, S2，学位共1,000个，缺200个"),
        (Shortage(("b1",), 1, (), 0, 1), "1个地块共1名学生，没有可到达的学校，缺1个学位"),
        (Shortage(("b1", "b2"), 30, (), 0, 30), "2个地块共30名学生，没有可到达的学校，缺30个学位"),
        (Shortage(("b1",), 90, ("河东, 学校",), 45, 45), "1个地块共90名学生，只能到达河东, 学校，学位共45个，缺45个"),
    ],
)
def test_a_shortage_is_told_in_chinese(shortage, told):
    assert in_chinese(shortage.sentence) == told


def test_many_schools_are_named_in_part():
    shortage = Shortage(("b1",), 90, tuple(f"S{k}" for k in range(40)), 45, 45)
    assert re.search(r"只能到达S0, .*等，另有\d+所，学位共45个", in_chinese(shortage.sentence))


def test_the_methods_of_a_made_up_district_are_told_in_chinese():
    district = town()
    assert in_chinese(district.distances.method) == "直线"
    assert in_chinese("walked along roads") == "沿道路步行"


def test_a_forecast_tells_its_method_in_chinese():
    method = (
        "cohort survival, ratios of 2019–2025, recent years weighing more, births 2015–2024, 6 estates; "
        "low and high cover 90% of past errors from 2019 to 2024"
    )
    assert in_chinese(method) == (
        "队列推移法，升级率取自2019–2025年，近年权重较大，出生数2015–2024年，6个新建小区；低、高方案覆盖2019年至2024年历史误差的90%"
    )


@pytest.mark.parametrize(
    "options",
    [
        {"seats_min": 900, "projects_min": 2, "budget": {2026: 800, 2027: 1500, 2028: 1500, 2029: 0, 2030: 400}},
        {"seats_min": 0, "pupils": 60, "budget": {2026: 10}}, {"seats_min": 200, "pupils": 4},
    ],
)  # fmt: skip
def test_every_reason_that_seats_are_given_is_told_in_chinese(options):
    plan = seats(seat_district(**options), stop=MaxIterations(20), seed=1)
    assert plan.seats is not None
    told = [reason for _, reason in plan.seats.reasons] + list(plan.explanation.reasons)
    assert len(told) >= 5
    for reason in told:
        assert re.findall(r"[A-Za-z]{3,}", in_chinese(reason)) == [], reason


def test_the_shipped_plan_has_no_english_reason_on_a_chinese_page():
    district = read_case("demo").district
    statement = read_plan(files("xuequ.data") / "demo" / "plan")
    reasons = {row.reason for row in statement.seats}
    assert len(reasons) > 10
    for sentence in (*reasons, district.demand.method, district.distances.method):
        assert re.findall(r"[A-Za-z]{3,}", in_chinese(sentence)) == []
