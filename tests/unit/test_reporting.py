"""The report says what the plan says, and nothing in it runs."""

from __future__ import annotations

import pytest
from districts import longer
from page_reading import read_page
from showpiece import NAMES, town, town_plan

from xuequ.maps.inlining import outside_links
from xuequ.maps.outlook_words import outlook_sentences
from xuequ.maps.reporting import report
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts
from xuequ.zoning.explanation import Explanation, Shortage
from xuequ.zoning.outlook import LargeClasses, Outlook
from xuequ.zoning.plan import Goal, PlanKind
from xuequ.zoning.stage import Stage

DISTRICT = town()
PLAN = town_plan(DISTRICT)
HTML = report(DISTRICT, PLAN, pictures=False).html
PAGE = read_page(HTML)


def rows(page, heading):
    """The rows of the tables after a heading, as texts of their cells."""
    inside, found = False, []
    for element in page.elements:
        if element.tag == "h2":
            inside = element.text == heading
        elif inside and element.tag == "tr":
            found.append([])
        elif inside and element.tag in ("td", "th") and found:
            found[-1].append(element.text.strip())
    return found


def test_the_page_needs_no_network_and_no_script():
    assert outside_links(HTML) == ()
    assert PAGE.all("script") == []
    assert PAGE.one("html").attributes["lang"] == "zh-CN"
    assert PAGE.one("title").text == PAGE.one("h1").text == "示例区 · 招生片区与学位规划报告"


def test_every_section_is_linked_and_there():
    targets = [link.attributes["href"][1:] for link in PAGE.all("a")]
    assert targets == ["outlook", "goals", "sites", "schools", "clusters", "overrides", "warnings"]
    assert targets == [heading.attributes["id"] for heading in PAGE.all("h2")]


def test_goals_have_value_bound_and_gap():
    assert rows(PAGE, "目标")[1:3] == [
        ["1", "超过大班额线的学生", "12", "10", "16.67%", "人"],
        ["2", "步行总里程", "812.5", "800", "1.54%", "人·公里"],
    ]


def test_a_goal_without_a_bound_has_no_gap():
    page = read_page(report(DISTRICT, PLAN.replace(goals=(Goal("large", 3.0, None, "pupils"),)), pictures=False).html)
    assert rows(page, "目标")[1] == ["1", "超过大班额线的学生", "3", "–", "–", "人"]


def test_large_classes_stand_by_year_before_and_after():
    found = scene(DISTRICT, PLAN).outlook
    table = rows(PAGE, "大班额逐年变化")[2:]
    assert [row[0] for row in table] == [f"{year}学年" for year in (2025, *DISTRICT.years)]
    after = {(item.year, item.stage): item for item in found.after}
    for year, row in zip((2025, *DISTRICT.years), table, strict=True):
        assert row[2] == str(after[year, Stage.PRIMARY].large)
        assert row[6] == str(after[year, None].large)
        assert row[7] == f"{after[year, None].share:.1%}"


def test_the_bars_are_a_picture_with_a_name():
    picture = PAGE.one("svg")
    assert picture.attributes["aria-label"] == "大班额逐年变化"
    found = scene(DISTRICT, PLAN).outlook
    numbers = picture.text.split()
    assert all(str(item.large) in numbers for item in (*found.before, *found.after) if item.stage is None)


def test_sites_come_with_reasons_the_chosen_first():
    table = rows(PAGE, "建设项目")
    assert table[1] == ["中小学", "1", "840", "4,000", "0", "3,000"]
    assert [row[0] for row in table[3:]] == ["新城学校(新建)", "河东学校扩建"]
    assert table[3][3:6] == ["2028", "18", "840"]
    assert table[4][3] == "未选"
    assert table[4][-1] == "不选:河东学校仍有空余学位"


def test_schools_stand_by_utilisation_with_a_sign_and_a_word():
    table = rows(PAGE, "学校")
    first = next(row for row in table if row[0] == "龙湖小学※")
    assert "▲" in first[1]
    assert "红" in first[1]
    shares = [int(row[2].rstrip("%")) for row in table[1:5]]
    assert shares == sorted(shares, reverse=True)


def test_clusters_list_their_members_by_role():
    table = rows(PAGE, "学区（1+X+Y）")
    assert table[1] == ["富民学区", "富民小学", "河东学校", "龙湖小学※", "3"]
    assert table[2] == ["城西学区", "城西学校", "新城学校", "–", "2"]
    assert any(row[0] == "龙湖小学※" and row[4] == "富民小学" for row in table[3:])


def test_rules_that_the_case_changed_are_listed():
    assert "全部采用默认规则" in HTML
    changed = DISTRICT.replace(rules=DISTRICT.rules.override({"large_class": 51}))
    page = read_page(report(changed, PLAN, pictures=False).html)
    assert rows(page, "修改过的规则")[1] == ["large_class", "56", "51", "pupils, ≥"]


def test_warnings_of_case_plan_and_catchments_are_told():
    explained = PLAN.replace(explanation=Explanation(("a reason",), (Shortage(("b1",), 90, ("s0",), 45, 45),)))
    page = read_page(report(DISTRICT, explained, warnings=("roads in 3 pieces",), pictures=False).html)
    told = [item.text for item in page.all("li")]
    assert "roads in 3 pieces" in told
    assert "a reason" in told
    assert "1个地块共90名学生，只能到达s0，学位共45个，缺45个" in told
    english = [item.text for item in read_page(report(DISTRICT, explained, lang="en", pictures=False).html).all("li")]
    assert "1 block with 90 pupils reaches only s0, which has 45 seats: 45 too few" in english
    assert any("学校学位已满" in text for text in told)


def test_stage_goals_have_a_table_of_their_own():
    goals = (Goal("large", 4.0, None, "pupils"), Goal("distance", 99.5, 90.0, "pupil·km"))
    page = read_page(report(DISTRICT, PLAN.replace(stage_goals=((Stage.PRIMARY, 2026, goals),)), pictures=False).html)
    assert rows(page, "目标")[-1] == ["小学", "2026", "4", "99.5"]


def test_maps_are_inside():
    small = PLAN.replace(catchments=PLAN.catchments[5:6])
    page = read_page(report(DISTRICT, small).html)
    (picture,) = page.all("img")
    assert picture.attributes["src"].startswith("data:image/png;base64,")
    assert picture.attributes["alt"] == "小学 · 2026学年"


def test_the_badge_is_there_for_synthetic_data_only():
    assert PAGE.one("span", class_="badge").text == "合成数据 synthetic"
    real = report(DISTRICT.replace(synthetic=False), PLAN, pictures=False).html
    assert read_page(real).all("span", class_="badge") == []


def test_in_english():
    page = read_page(report(DISTRICT, PLAN, lang="en", pictures=False).html)
    assert [heading.text for heading in page.all("h2")] == [
        "Large classes by year", "Goals", "Sites", "Schools", "Clusters (1+X+Y)", "Rules changed", "Warnings"
    ]  # fmt: skip
    with pytest.raises(ValueError, match="'fr'"):
        report(DISTRICT, PLAN, lang="fr")


def test_a_plan_of_one_stage_has_only_what_it_has():
    bare = PLAN.replace(catchments=PLAN.catchments[:1], seats=None, clusters=None, goals=(), objective=None, certified_bound=None)
    page = read_page(report(DISTRICT.replace(sites=()), bare, pictures=False).html)
    assert [link.attributes["href"] for link in page.all("a")] == ["#outlook", "#schools", "#overrides", "#warnings"]


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    path = report(DISTRICT, PLAN, pictures=False).save(tmp_path / "a" / "report.html")
    assert path.read_text(encoding="utf-8") == HTML


def test_hostile_names_are_text():
    evil = "<script>alert(1)</script>{{ 7*7 }}\"'"
    schools = DISTRICT.schools
    named = type(schools)(
        schools.ids, schools.points, schools.rooms, schools.block, names=(evil, *NAMES[1:]), opened=schools.opened
    )
    district = town(
        name=evil, data_licence=evil,
        schools=named,
    )  # fmt: skip
    page = read_page(report(district, town_plan(district), warnings=(evil,), pictures=False).html)
    assert page.all("script") == []
    assert page.one("h1").text.startswith(evil)
    assert any(row[0] == evil for row in rows(page, "学校"))
    assert any(item.text == evil for item in page.all("li"))


def outlook_of(after):
    items = tuple(
        LargeClasses(None, year, 100, large, super_large, ("s0",) if large else ()) for year, large, super_large in after
    )
    return Outlook(tuple(LargeClasses(None, year, 100, 9, 0, ("s0",)) for year, _, _ in after), items, 0.05)


@pytest.mark.parametrize(
    ("after", "told"),
    [
        (
            [(2026, 8, 1), (2027, 0, 0)],
            ["With the plan the last large class is of 2026/27, none from 2027/28.",
             "Large classes are basically eliminated (at most 5%, none super-large) from 2027/28."],
        ),
        ([(2026, 0, 0), (2027, 0, 0)], ["With the plan no class is large in any year."]),
        (
            [(2026, 8, 0), (2027, 7, 0)],
            ["In 2027/28, the last year known, 7 large classes remain.",
             "Large classes are not basically eliminated in these years."],
        ),
        (
            [(2026, 8, 0), (2027, 5, 0)],
            ["In 2027/28, the last year known, 5 large classes remain.",
             "Large classes are basically eliminated (at most 5%, none super-large) from 2027/28."],
        ),
    ],
)  # fmt: skip
def test_the_years_are_told_in_sentences(after, told):
    from dataclasses import replace

    shown = replace(scene(DISTRICT, PLAN), outlook=outlook_of(after))
    without = "Without the plan 9 classes are large in 2027/28, the last year known."
    assert list(outlook_sentences(shown, texts("en"))) == [*told, without]


def test_nothing_is_told_where_nothing_is_known():
    from dataclasses import replace

    assert outlook_sentences(replace(scene(DISTRICT, PLAN), outlook=None), texts("zh")) == ()


def test_a_plan_for_one_year_says_what_that_year_has_and_no_more():
    one = PLAN.replace(kind=PlanKind.ZONE, catchments=tuple(item for item in PLAN.catchments if item.year == 2026))
    shown = scene(DISTRICT, one)
    assert {item.year for item in (*shown.outlook.before, *shown.outlook.after)} == {2025, 2026}
    after, before = ([i for i in items if i.stage is None][-1] for items in (shown.outlook.after, shown.outlook.before))
    assert outlook_sentences(shown, texts("en")) == (
        f"With the plan {after.large} of {after.classes} classes are large in 2026/27 ({after.share:.1%}).",
        f"Without the plan {before.large} of {before.classes} classes are large in 2026/27 ({before.share:.1%}).",
    )
    assert "期内未能" not in report(DISTRICT, one, pictures=False).html


def test_the_years_after_the_planned_ones_are_marked():
    district = longer(DISTRICT, 2035)
    plan = town_plan(district)
    page = read_page(report(district, plan, pictures=False).html)
    table = rows(page, "大班额逐年变化")[2:]
    assert [row[0] for row in table] == [f"{year}学年" for year in range(2025, 2036)]
    assert [row.attributes.get("class") for row in page.all("tr")].count("later") == 5
    assert "沿用2030年片区" in page.one("svg").text
    assert "2030学年之后沿用该学年片区" in " ".join(item.text for item in page.all("p"))
    shown = scene(district, plan)
    assert outlook_sentences(shown, texts("en"), brief=True) == outlook_sentences(shown, texts("en"))[:-1]
    assert "later" not in HTML.partition('id="outlook"')[2]


def test_without_a_large_class_or_with_the_last_told():
    from dataclasses import replace

    def told(before):
        found = Outlook(tuple(LargeClasses(None, year, 100, n, 0, ()) for year, n in before), outlook_of([]).after, 0.05)
        return outlook_sentences(replace(scene(DISTRICT, PLAN), outlook=found), texts("en"))[-1]

    assert told([(2026, 8), (2027, 0)]) == (
        "Without the plan the last is of 2026/27; they are basically eliminated from 2027/28."
    )
    assert told([(2026, 0), (2027, 0)]) == "Without the plan no class is large in any year either."
