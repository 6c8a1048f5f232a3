"""Every word in two languages, with the same places to fill."""

from __future__ import annotations

import re

import pytest

from xuequ.maps.texts import texts
from xuequ.zoning.cluster import Role
from xuequ.zoning.cluster_measures import CLUSTER_GOALS
from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.places import Action
from xuequ.zoning.plan import Status
from xuequ.zoning.reasons import REASONS
from xuequ.zoning.stage import GRADES, Programme, Stage

TABLES = texts("zh").table(), texts("en").table()


@pytest.mark.parametrize("key", TABLES[0])
def test_both_languages_say_it_with_the_same_places(key):
    chinese, english = (table[key] for table in TABLES)
    assert chinese
    assert english
    places = [set(re.findall(r"\{(\w+)\}", text)) for text in (chinese, english)]
    if key != "year.n":
        assert places[0] == places[1]


GOALS = {**GOAL_UNITS, **CLUSTER_GOALS}
FAMILIES = {
    "reason": REASONS, "stage": Stage, "goal": GOALS, "unit": set(GOALS.values()), "action": Action, "status": Status,
    "programme": Programme, "role": Role, "alert": ("red", "yellow", "green", "none"), "regime": ("full", "phase_in"),
}  # fmt: skip


@pytest.mark.parametrize(("family", "names"), FAMILIES.items())
def test_every_word_of_the_domain_has_a_text(family, names):
    assert [name for name in names if f"{family}.{name}" not in TABLES[0]] == []


def test_a_free_word_is_shown_as_it_is():
    assert texts("zh").word("reason", "seats at s4 cost least") == "seats at s4 cost least"
    assert texts("en").word("stage", "junior") == "Junior"


def test_school_years_are_named_by_their_first_year():
    assert texts("zh").year(2026) == "2026学年"
    assert texts("en").year(2026) == "2026/27"
    assert texts("en").year(2099) == "2099/00"


def test_every_grade_has_a_name_and_no_grade_is_the_total():
    assert [texts("zh").grade(grade) for grade in GRADES][:4] == ["小班", "中班", "大班", "一年级"]
    assert texts("zh").grade("g9") == "九年级"
    assert texts("en").grade("g9") == "G9"
    assert texts("en").grade("") == "Total"


def test_only_two_languages_are_spoken():
    assert (texts("zh").html_language, texts("en").html_language) == ("zh-CN", "en")
    with pytest.raises(ValueError, match="'fr'"):
        texts("fr")


def test_an_unknown_key_is_a_fault_of_the_program():
    with pytest.raises(KeyError):
        texts("en")("no.such.text")


def test_a_part_of_the_table_can_be_asked_for():
    assert set(texts("en").table("alert.short")) == {f"alert.short.{name}" for name in ("red", "yellow", "green", "none")}


def test_one_name_of_a_goal_may_mean_two_things():
    assert texts("en").goal("balance", "of planned") == "Highest utilisation"
    assert texts("en").goal("balance", "seats") == "Seats out of balance between clusters"
    assert texts("en").goal("new_goal", "pupils") == "new_goal"


def test_the_goals_of_seats_have_texts():
    for name, unit in {"cost": "10,000 yuan", "idle_seats": "seats", "too_far": "pupil-years"}.items():
        assert f"goal.{name}" in TABLES[0]
        assert f"unit.{unit}" in TABLES[0]
