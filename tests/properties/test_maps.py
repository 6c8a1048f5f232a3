"""Whatever a case calls its places, pages show it as text; whatever the plans, comparing is fair."""

from __future__ import annotations

import json

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page_reading import payload_of, read_page
from showpiece import town, town_plan

from xuequ.maps.comparison import compare, differing_blocks
from xuequ.maps.drawing import text_width, wrapped
from xuequ.maps.html_map import interactive
from xuequ.maps.inlining import script_safe
from xuequ.maps.outlines import middle_extent
from xuequ.maps.reporting import report
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.stage import Stage

names = st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1, max_size=30)
pieces = ("<", ">", '"', "'", "&", "{{", "}}", "{%", "%}", "</script>", "<!--", "\\", "[xuequ: body]", "学", "=//x")
nasty = st.lists(st.sampled_from(pieces)).map("".join)
zones = st.lists(st.integers(-1, 4), min_size=12, max_size=12)
slow = settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def named(name: str):
    district = town()
    schools = district.schools
    return town(
        name=name,
        schools=type(schools)(
            schools.ids, schools.points, schools.rooms, schools.block, names=(name, "b", "c", "d", "e"), opened=schools.opened
        ),
    )


def catchments(zone: list[int]) -> Catchments:
    return Catchments.from_schools(Stage.PRIMARY, 2026, np.array(zone))


@given(st.one_of(names, nasty))
@slow
def test_any_name_reaches_the_map_as_it_is_and_adds_no_element(name):
    district = named(name)
    html = interactive(district, town_plan(district).replace(catchments=town_plan(district).catchments[:1])).html
    page, data = read_page(html), payload_of(html)
    assert data["name"] == name
    assert data["schools"]["names"][0] == (name or "s0")
    assert len(page.all("script")) == 4
    assert page.all("img") == page.all("iframe") == []


@given(st.one_of(names, nasty))
@slow
def test_any_name_reaches_the_report_as_text(name):
    district = named(name)
    plan = town_plan(district).replace(catchments=town_plan(district).catchments[:1])
    page = read_page(report(district, plan, warnings=(name,), pictures=False).html)
    assert page.all("script") == page.all("img") == []
    assert page.one("h1").text == f"{name} · 招生片区与学位规划报告"
    assert name in [item.text for item in page.all("li")]


@given(st.recursive(st.one_of(st.none(), st.booleans(), st.text()), lambda inner: st.lists(inner, max_size=4), max_leaves=8))
@settings(max_examples=150, deadline=None)
def test_data_comes_back_from_a_script_element_as_it_went_in(value):
    safe = script_safe(json.dumps(value, ensure_ascii=False))
    assert json.loads(safe) == value
    assert "<" not in safe


@given(zones, zones)
@settings(max_examples=100, deadline=None)
def test_where_plans_differ_does_not_depend_on_which_is_first(one, other):
    a, b = catchments(one), catchments(other)
    assert differing_blocks(a, b).tolist() == differing_blocks(b, a).tolist()
    assert differing_blocks(a, b).tolist() == [block for block in range(12) if one[block] != other[block]]
    assert differing_blocks(a, a).tolist() == []


@given(st.text(st.sampled_from("学校seats 0-9()，）"), max_size=60), st.integers(3, 30))
@settings(max_examples=150, deadline=None)
def test_broken_lines_fit_and_lose_nothing_but_spaces(text, ems):
    lines = wrapped(text, ems)
    for line in lines:
        # One sign that ends a clause may hang over the margin, rather than begin the next line.
        assert text_width(line[:-1] if line[-1:] in ("，", "）") else line) <= ems
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@given(st.text(st.sampled_from("学校（）。，"), max_size=60), st.integers(4, 30))
@settings(max_examples=150, deadline=None)
def test_no_line_begins_with_a_sign_that_closes_a_clause(text, ems):
    """Two signs in a row, as at the end of a sentence in brackets, take the character before them along."""
    lines = wrapped(text, ems)
    assert "".join(lines) == text
    for line, before in zip(lines[1:], lines, strict=False):
        if line[0] in "）。，":  # only where that would leave nothing is no character taken along
            assert len(before.rstrip("）。，")) <= 1


def test_a_sentence_in_brackets_at_the_margin_keeps_its_full_stop():
    assert wrapped("一二三四五）。六", 5) == ["一二三四", "五）。六"]


@given(st.lists(st.tuples(st.integers(-99, 99), st.integers(-99, 99), st.integers(0, 9)), min_size=1, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_middle_lies_within_the_points_and_holds_most_of_the_weight(rows):
    points, weights = np.array([row[:2] for row in rows], dtype=float), np.array([row[2] for row in rows])
    (west, south), (east, north) = middle_extent(points, weights, 0.05)
    assert points[:, 0].min() <= west <= east <= points[:, 0].max()
    assert points[:, 1].min() <= south <= north <= points[:, 1].max()
    inside = (points >= (west, south)).all(axis=1) & (points <= (east, north)).all(axis=1)
    assert weights[inside].sum() >= 0.8 * weights.sum()


@given(st.lists(st.integers(0, 4), min_size=108, max_size=108))
@slow
def test_pupils_that_differ_are_those_of_the_blocks_that_differ(zone):
    district = town()
    first = town_plan(district)
    mine = first.replace(catchments=first.catchments[5:6], seats=first.seats)
    other = mine.replace(catchments=(Catchments.from_schools(Stage.PRIMARY, 2026, np.array(zone)),))
    (difference,) = compare(district, [mine, other], ["a", "b"]).differences
    apart = np.array(zone) != mine.catchments[0].first_school()
    assert difference.blocks.tolist() == np.flatnonzero(apart).tolist()
    assert difference.pupils == district.demand.of_stage(Stage.PRIMARY, 2026)[apart].sum()
