"""The interactive map in a real browser with no network: mouse, keyboard, phone."""

from __future__ import annotations

import pytest
from districts import longer
from showpiece import town, town_plan

from xuequ.maps.html_map import interactive

pytestmark = pytest.mark.browser

MARKED = """() => {
    const canvas = document.querySelector('.leaflet-movedBlocks-pane canvas');
    return canvas !== null && canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((v) => v > 0);
}"""
NAMES_SHOWN = """[...document.querySelectorAll('.school-name')]
    .filter((e) => e.style.visibility === 'visible').map((e) => e.getBoundingClientRect().toJSON())"""
NAMELESS = """[...document.querySelectorAll('button, input, [role=button]')]
    .filter((e) => !(e.textContent.trim() || e.getAttribute('aria-label') || (e.labels && e.labels.length))).length"""

DISTRICT = town()
PLAN = town_plan(DISTRICT)


@pytest.fixture(scope="module")
def file_of(tmp_path_factory):
    made = {}

    def make(lang: str = "zh", **changes: object) -> str:
        key = (lang, *sorted(changes))
        if key not in made:
            district = town(**changes)
            path = tmp_path_factory.mktemp("map") / "map.html"
            made[key] = interactive(district, town_plan(district), lang=lang).save(path).as_uri()
        return made[key]

    return make


@pytest.fixture
def open_map(browser, file_of):
    contexts = []

    def open_it(lang: str = "zh", size: tuple[int, int] = (1280, 800), **changes: object):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]}, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(8000)
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
        page.on("request", lambda asked: page.faults.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(file_of(lang, **changes))
        page.locator("html[data-layer]").wait_for()
        return page

    yield open_it
    for context in contexts:
        context.close()


def layer_of(page) -> str:
    return page.locator("html").get_attribute("data-layer")


def test_it_opens_with_no_network_and_no_fault(open_map):
    page = open_map()
    assert layer_of(page) == "primary|2026"
    assert page.locator("h1").inner_text() == "示例区 · 招生片区与学位规划图"
    assert page.get_by_role("button", name="龙湖小学※, 红").count() == 1
    assert page.faults == []


def test_synthetic_data_is_said_on_map_and_panel(open_map):
    page = open_map()
    assert page.locator(".map-mark .badge").inner_text() == "合成数据 synthetic"
    assert page.locator("#panel > .badge").is_visible()
    assert open_map(synthetic=False).locator(".badge").count() == 0


def test_stage_and_year_are_chosen_with_the_mouse(open_map):
    page = open_map()
    page.get_by_role("radio", name="2028").check()
    page.get_by_role("radio", name="初中").check()
    assert layer_of(page) == "junior|2028"
    assert page.locator(".map-mark").inner_text().startswith("初中 · 2028学年")
    assert page.faults == []


def test_the_years_without_the_plan_show_no_new_school(open_map):
    page = open_map()
    page.get_by_role("radio", name="2030").check()
    assert page.get_by_role("button", name="新城学校, ").count() == 1
    page.get_by_role("radio", name="不实施规划").check()
    assert layer_of(page) == "primary|2030|without"
    assert page.get_by_role("button", name="新城学校, ").count() == 0
    assert "不实施规划" in page.locator(".map-mark").inner_text()


def test_the_chart_marks_the_years_after_the_planned_ones(open_map):
    page = open_map(demand=longer(DISTRICT, 2035).demand)
    chart = page.locator("svg.chart")
    assert chart.locator("rect.later").count() == 1
    assert "沿用2030年片区" in chart.text_content()
    assert page.locator("tr.later td:first-child").all_inner_texts() == [str(year) for year in range(2031, 2036)]
    edge = chart.bounding_box()
    for text in chart.locator("text").all():
        box = text.bounding_box()
        assert box["y"] >= edge["y"] - 0.5
        assert box["x"] + box["width"] <= edge["x"] + edge["width"] + 0.5
    assert page.faults == []
    assert open_map().locator("svg.chart rect.later").count() == 0


def test_everything_is_reached_with_the_keyboard(open_map):
    page = open_map()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert layer_of(page).startswith("junior|")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowRight")
    assert layer_of(page) == "junior|2027"
    marker = page.locator(".leaflet-marker-icon[role=button]").first
    marker.focus()
    page.keyboard.press("Enter")
    assert page.locator(".leaflet-popup-content b").inner_text() != ""
    assert page.faults == []


def test_a_block_is_found_by_its_name_and_told_to_a_screen_reader(open_map):
    page = open_map()
    page.locator("#find").fill("b3_4")
    page.keyboard.press("Enter")
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert popup.locator("b").inner_text() == "b3_4"
    school = popup.locator("dd").first.inner_text()
    assert school in page.locator("[role=status].hidden").inner_text()
    assert "米" in popup.inner_text()


def test_a_school_is_found_and_its_numbers_are_the_plans(open_map):
    page = open_map()
    page.locator("#find").fill("龙湖")
    page.get_by_role("button", name="查找").click()
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert popup.locator("b").inner_text() == "龙湖小学※"
    row = page.locator("#panel tr", has_text="龙湖小学※").inner_text()
    assert popup.locator("dd").nth(0).inner_text() in row


def test_what_is_not_there_is_said(open_map):
    page = open_map()
    page.locator("#find").fill("nowhere")
    page.keyboard.press("Enter")
    assert "nowhere" in page.locator("form [role=status]").inner_text()
    assert page.locator(".leaflet-popup-content").count() == 0


def test_a_tap_on_the_map_tells_the_block(open_map):
    page = open_map()
    box = page.locator("#map_district").bounding_box()
    page.mouse.click(box["x"] + box["width"] * 0.25, box["y"] + box["height"] * 0.8)
    popup = page.locator(".leaflet-popup-content")
    popup.wait_for()
    assert "学校" in popup.inner_text()
    assert "理由" in popup.inner_text()
    assert page.faults == []


def test_layers_are_switched_off_and_on(open_map):
    page = open_map()
    assert page.locator(".school-name").count() == 4
    page.get_by_role("checkbox", name="校名").uncheck()
    assert page.locator(".school-name").count() == 0
    assert page.get_by_role("button", name="项目: ").count() == 2
    page.get_by_role("checkbox", name="建设项目").uncheck()
    assert page.get_by_role("button", name="项目: ").count() == 0


def test_the_years_play_and_stop(open_map):
    page = open_map()
    page.get_by_role("button", name="逐年播放").click()
    page.locator('html[data-layer="primary|2027"]').wait_for()
    page.get_by_role("button", name="停止").click()
    assert page.get_by_role("button", name="逐年播放").is_visible()


def test_on_a_phone_nothing_is_wider_than_the_screen(open_map):
    page = open_map(size=(390, 844))
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    box = page.locator("#map_district").bounding_box()
    assert box["width"] == 390
    assert box["height"] < 600
    assert page.locator("#panel h1").bounding_box()["y"] < 844


def test_english_has_no_chinese_controls(open_map):
    page = open_map("en")
    assert page.locator("legend").all_inner_texts() == ["Stage", "School year", "Plan", "Show"]
    assert page.get_by_text("Large classes by year").count() >= 1


def test_hostile_names_run_nothing(open_map):
    page = open_map(name="<img src=x onerror=\"document.title='owned'\">")
    assert page.title() != "owned"
    assert page.locator("h1").inner_text().startswith("<img src=x")
    assert page.faults == []


def test_changed_blocks_are_marked_when_asked_for(open_map):
    page = open_map()
    page.get_by_role("radio", name="2030").check()
    pixels = MARKED
    assert page.evaluate(pixels) is False
    page.get_by_role("checkbox", name="与现状不同的地块").check()
    page.wait_for_timeout(150)
    assert page.evaluate(pixels) is True
    assert page.faults == []


def test_a_school_in_the_list_leads_to_the_map(open_map):
    page = open_map()
    page.locator("#panel table").get_by_role("button", name="城西学校").click()
    page.locator(".leaflet-popup-content b", has_text="城西学校").wait_for()
    page.get_by_role("radio", name="2027").check()
    page.locator(".leaflet-popup-content").wait_for(state="detached")


def test_a_site_in_the_list_tells_why(open_map):
    page = open_map()
    page.locator("#panel").get_by_role("button", name="河东学校扩建").click()
    popup = page.locator(".leaflet-popup-content")
    popup.get_by_text("空余学位").wait_for()
    assert "未选" in popup.inner_text()


def test_schools_stand_by_utilisation(open_map):
    page = open_map()
    cells = page.locator("#panel details table").nth(1).locator("tbody td:nth-child(3)").all_inner_texts()
    shares = [int(cell.rstrip(" %")) for cell in cells]
    assert len(shares) == 4
    assert shares == sorted(shares, reverse=True)


def test_the_year_stays_when_the_stage_changes(open_map):
    page = open_map()
    page.get_by_role("radio", name="2029").check()
    page.get_by_role("radio", name="幼儿园").check()
    assert layer_of(page) == "kindergarten|2029"
    assert page.get_by_role("radio", name="2029").is_checked()
    assert "大班额" not in page.locator(".cards").inner_text()


def test_names_never_cover_each_other(open_map):
    page = open_map(size=(390, 844))
    boxes = page.evaluate(NAMES_SHOWN)
    assert boxes
    for place, a in enumerate(boxes):
        for b in boxes[:place]:
            assert a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]


def test_every_control_has_a_name(open_map):
    page = open_map()
    assert page.evaluate(NAMELESS) == 0
    ids = page.evaluate("[...document.querySelectorAll('[id]')].map((e) => e.id)")
    assert len(ids) == len(set(ids))


def test_the_tools_move_the_map(open_map):
    page = open_map()
    scale = page.locator(".leaflet-control-scale-line")
    moving = page.locator(".leaflet-zoom-anim")
    moving.wait_for(state="detached")
    before = scale.inner_text()
    page.get_by_role("button", name="放大").click()
    scale.filter(has_not_text=before).wait_for()
    moving.wait_for(state="detached")  # Leaflet takes no order while it moves
    page.get_by_role("button", name="全图").click()
    scale.filter(has_text=before).wait_for()


def test_a_district_of_points_and_a_plan_without_catchments_open_too(open_map):
    blocks = DISTRICT.blocks
    page = open_map(blocks=type(blocks)(blocks.ids, blocks.points))
    page.locator("#find").fill("b0_0")
    page.keyboard.press("Enter")
    page.locator(".leaflet-popup-content b", has_text="b0_0").wait_for()
    assert page.faults == []
