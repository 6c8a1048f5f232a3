"""Plans side by side."""

from __future__ import annotations

import json

import numpy as np
import pytest
from page_reading import read_page
from showpiece import town, town_plan

from xuequ.maps.comparison import compare, differing_blocks
from xuequ.maps.inlining import outside_links
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.plan import Goal, PlanKind
from xuequ.zoning.stage import Stage

DISTRICT = town()
EARLY = town_plan(DISTRICT)
LATE = town_plan(DISTRICT, opened=2030).replace(
    goals=(Goal("large", 15.0, 10.0, "pupils"),), objective=None, certified_bound=None
)
BOTH = compare(DISTRICT, [EARLY, LATE], ["early", "late"])
DATA = BOTH.to_json()


def test_the_object_is_plain_data():
    assert json.loads(json.dumps(DATA)) == DATA
    assert set(DATA) == {"plans", "goals", "large_classes", "sites", "differences", "schools"}


def test_each_plan_has_its_summary():
    early, late = DATA["plans"]
    assert (early["name"], early["status"], early["objective"], early["bound"]) == ("early", "feasible", 812.5, 800.0)
    assert early["gap"] == pytest.approx(12.5 / 812.5)
    assert (late["objective"], late["gap"]) == (None, None)
    assert early["seats"] == {"school": 840, "kindergarten": 0}
    assert early["projects"]["school"] == 1
    assert early["cost_wan"]["school"] == 3000
    assert early["last_large_year"] == 2030


def test_goals_stand_side_by_side_and_a_missing_one_is_none():
    every = {"stage": None, "year": None}
    assert DATA["goals"] == [
        {"name": "large", "unit": "pupils", "values": [12.0, 15.0], "bounds": [10.0, 10.0]} | every,
        {"name": "distance", "unit": "pupil·km", "values": [812.5, None], "bounds": [800.0, None]} | every,
    ]


def test_a_plan_of_one_stage_and_year_is_held_against_its_like_only():
    """Pupils of one year are no pupils of five, and one year knows neither the last large class nor what seats cost."""
    one = EARLY.replace(
        kind=PlanKind.ZONE, stage=Stage.PRIMARY, year=2027, seats=None, catchments=EARLY.catchments[5:6],
        goals=(Goal("large", 3.0, 0.0, "pupils"), Goal("distance", 90.0, 80.0, "pupil·km")),
    )  # fmt: skip
    both = compare(DISTRICT, [EARLY, one], ["all", "one"])
    data = both.to_json()
    rows = {(row["name"], row["stage"], row["year"]): row["values"] for row in data["goals"]}
    assert rows["large", None, None] == [12.0, None]
    assert rows["large", "primary", 2027] == [None, 3.0]
    assert rows["distance", "primary", 2027] == [None, 90.0]
    assert data["plans"][1]["last_large_year"] is None
    assert data["plans"][1]["cost_wan"] == {"school": None, "kindergarten": None}
    page = both.html()
    assert "小学 2027" in page


def test_large_classes_by_year_begin_with_today():
    assert [row["year"] for row in DATA["large_classes"]] == [2025, *DISTRICT.years]
    first = DATA["large_classes"][0]
    assert first["values"] == [first["without"]] * 2


def test_sites_tell_year_and_rooms():
    assert DATA["sites"][0]["values"] == [{"year": 2028, "rooms": 18, "seats": 840}, {"year": 2030, "rooms": 18, "seats": 840}]
    assert DATA["sites"][1]["values"] == [None, None]


def test_blocks_differ_in_the_years_between_the_openings():
    differing = {(item["stage"], item["year"]): item for item in DATA["differences"] if item["blocks"]}
    assert set(differing) == {(stage, year) for stage in ("primary", "junior") for year in (2028, 2029)}
    item = differing["primary", 2028]
    mine = np.flatnonzero(EARLY.of(Stage.PRIMARY, 2028).first_school() == 4)
    assert item["block_ids"] == [DISTRICT.blocks.ids[block] for block in mine]
    assert item["pupils"] == DISTRICT.demand.of_stage(Stage.PRIMARY, 2028)[mine].sum()
    assert item["against"] == "early"


def test_schools_that_differ_have_other_pupils_or_other_large_classes():
    for item in DATA["schools"]:
        assert len(set(item["pupils"])) > 1 or len(set(item["large"])) > 1
    new = [item for item in DATA["schools"] if item["school_id"] == "s4" and item["year"] == 2028]
    assert new
    assert all(item["pupils"][1] in (None, 0) for item in new)


def test_a_plan_is_the_same_as_itself():
    same = compare(DISTRICT, [EARLY, EARLY], ["a", "b"])
    assert sum(len(item.blocks) for item in same.differences) == 0
    assert same.schools == ()
    assert same.html().count("没有差别。") == 2


def test_names_are_numbers_where_none_are_given():
    assert compare(DISTRICT, [EARLY]).names == ("1",)


@pytest.mark.parametrize(("plans", "names"), [([], []), ([EARLY], ["a", "b"]), ([EARLY, LATE], ["a", "a"])])
def test_each_plan_needs_a_name_of_its_own(plans, names):
    with pytest.raises(ValueError, match="name of its own"):
        compare(DISTRICT, plans, names)


def test_an_unknown_language_is_refused_at_once():
    with pytest.raises(ValueError, match="'fr'"):
        compare(DISTRICT, [EARLY], lang="fr")


def test_order_of_schools_in_a_zone_is_no_difference():
    one = Catchments(Stage.PRIMARY, 2026, ((0, 1), (2,)), np.array([0, 1, -1]))
    other = Catchments(Stage.PRIMARY, 2026, ((2,), (1, 0), (3,)), np.array([1, 2, -1]))
    assert differing_blocks(one, other).tolist() == [1]


def test_the_page_shows_it_all_without_network(tmp_path):
    path = BOTH.save(tmp_path / "out" / "compare.html")
    html = path.read_text(encoding="utf-8")
    page = read_page(html)
    assert outside_links(html) == ()
    assert page.one("title").text == "示例区 · 方案比较"
    assert page.all("span", class_="badge")
    assert {heading.attributes["id"] for heading in page.all("h2")} == {"goals", "outlook", "sites", "differences", "schools"}
    best = [cell.text.strip() for cell in page.all("td", class_="best")]
    assert "12" in best
    assert [picture.attributes["alt"] for picture in page.all("img")] == ["late · 小学 · 2029学年", "late · 初中 · 2029学年"]


def test_hostile_names_are_text():
    evil = "<img src=x onerror=alert(1)>{{ 7*7 }}"
    page = read_page(compare(DISTRICT, [EARLY, EARLY], [evil, "b"]).html())
    assert page.all("img") == []
    assert any(head.text == evil for head in page.all("th"))


def test_where_nothing_is_known_of_enrolment_large_classes_are_left_out():
    fresh = DISTRICT.replace(today={})
    plan = town_plan(fresh).replace(regime="full", catchments=EARLY.catchments[5:6])
    both = compare(fresh, [plan, plan.replace(seed=8)], ["a", "b"], lang="en")
    assert both.large_classes() == []
    assert both.to_json()["plans"][0]["last_large_year"] is None
    assert "Large classes by year" not in both.html()


def test_a_plan_for_one_year_beside_a_whole_one_leaves_the_later_years_open():
    one = EARLY.replace(kind=PlanKind.ZONE, catchments=tuple(item for item in EARLY.catchments if item.year == 2026))
    table = compare(DISTRICT, [one, EARLY], ["one", "whole"]).large_classes()
    assert [row["year"] for row in table] == [2025, *DISTRICT.years]
    assert all(row["without"] is not None for row in table)
    assert [row["values"][0] is None for row in table] == [False, False, True, True, True, True]
