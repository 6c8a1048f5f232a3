"""The public page in a real browser: found by address, by tap, by keyboard; on small screens; nothing foreign; accessible."""

from __future__ import annotations

from importlib import resources
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.browser

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


def ready(page: Page, path: str = "/") -> Page:
    page.goto(path)
    expect(page.locator("#map[data-ready]")).to_be_attached()
    return page


def ask(page: Page, text: str) -> None:
    """Look an address up; done when the answer's heading has the focus, which is the last thing that happens."""
    page.locator("#address").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text(text)
    expect(page.locator("#answer-heading")).to_be_focused()


def accessible(page: Page) -> list[str]:
    page.evaluate(AXE)
    found = page.evaluate("axe.run(document, {resultTypes: ['violations']})")
    return [f"{item['id']}: {node['html'][:120]}" for item in found["violations"] for node in item["nodes"]]


def test_an_address_is_found(page):
    ready(page)
    page.get_by_label("住址、小区或村").first.fill("桂江一路11号")
    page.get_by_role("button", name="查询").click()
    heading = page.locator("#answer-heading")
    expect(heading).to_have_text("桂江一路11号")
    expect(heading).to_be_focused()
    expect(page.locator(".card .school").nth(1)).to_contain_text("振兴小学")
    expect(page.locator(".card")).to_contain_text("直线距离约 200 米")
    assert page.url.endswith(f"/lookup?address={quote('桂江一路11号')}&lang=zh")
    assert page.title().startswith("桂江一路11号")


def test_what_if_it_is_full_is_told(page):
    ready(page, "/lookup?address=桂江一路11号")
    page.locator("summary").nth(1).click()
    expect(page.locator("details[open]")).to_contain_text("同一学区内")
    expect(page.locator("details[open] .relief li")).to_contain_text(["夏郢学校"])


def test_a_suggestion_is_taken_with_the_keyboard_alone(page):
    ready(page)
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="跳到查询结果")).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    field = page.locator("#address")
    expect(field).to_be_focused()
    page.keyboard.type("民主路1")
    options = page.locator("#suggestions").get_by_role("option")
    expect(options).to_have_count(8)
    expect(field).to_have_attribute("aria-expanded", "true")
    expect(page.get_by_role("status")).to_contain_text("8 条建议")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    expect(field).to_have_attribute("aria-activedescendant", "suggestion-1")
    expect(page.locator("#suggestions").get_by_role("option", selected=True)).to_have_text("民主路11号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text("民主路11号")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(field).to_have_attribute("aria-expanded", "false")


def test_escape_closes_the_suggestions_and_keeps_what_was_typed(page):
    ready(page)
    page.locator("#address").fill("民主")
    options = page.locator("#suggestions").get_by_role("option")
    expect(options.first).to_be_visible()
    page.keyboard.press("ArrowUp")
    expect(options.last).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Escape")
    expect(page.locator("#suggestions")).to_be_hidden()
    expect(page.locator("#address")).to_have_value("民主")


def test_a_suggestion_is_taken_with_a_tap(page):
    ready(page)
    page.locator("#address").fill("万达")
    page.get_by_role("option", name="万达华府小区1栋").click()
    expect(page.locator("#answer-heading")).to_have_text("万达华府小区1栋")


def test_a_tap_on_the_map_is_answered(page):
    ready(page)
    box = page.locator("#map").bounding_box()
    page.locator("#map").click(position={"x": box["width"] / 2 + 20, "y": box["height"] / 2 + 10})
    expect(page.locator(".card")).to_be_visible()
    expect(page.locator("#answer-heading")).to_contain_text("地块")
    expect(page.locator(".here-label")).to_be_visible()
    assert "lon=111." in page.url


def test_a_tap_outside_the_district_is_told(page):
    ready(page)
    box = page.locator("#map").bounding_box()
    page.locator("#map").click(position={"x": box["width"] / 2, "y": 4})
    expect(page.locator("#answer")).to_contain_text("不在本区任何地块之内")
    expect(page.locator(".card")).to_have_count(0)


def test_the_map_is_asked_with_the_keyboard(page):
    ready(page)
    page.locator("#map").focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.locator(".card")).to_be_visible()
    expect(page.locator("#answer-heading")).to_be_focused()


def test_stage_and_year_change_the_catchments(page):
    ready(page)
    with page.expect_response(lambda response: "stage=junior&year=2026" in response.url) as asked:
        page.get_by_role("radio", name="初中").check(force=True)
    assert asked.value.ok
    with page.expect_response(lambda response: "stage=junior&year=2028" in response.url) as asked:
        page.get_by_label("学年").select_option("2028")
    assert asked.value.ok


def test_an_unknown_address_has_the_nearest_ones_to_choose_from(page):
    ready(page)
    page.locator("#address").fill("桂江一路15号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text("没有找到这个住址")
    expect(page.locator(".card")).to_have_count(0)
    page.get_by_role("link", name="桂江一路14号").click()
    expect(page.locator("#answer-heading")).to_have_text("桂江一路14号")


def test_the_way_back_leads_to_the_answer_before(page):
    ready(page)
    for text in ("桂江一路11号", "民主路11号"):
        ask(page, text)
    page.go_back()
    expect(page.locator("#answer-heading")).to_have_text("桂江一路11号")
    page.go_back()
    expect(page.locator("#answer-heading")).to_have_text("查询结果")


def test_the_language_is_switched_and_the_answer_stays(page):
    ready(page)
    ask(page, "桂江一路11号")
    page.get_by_role("link", name="English").click()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#answer-heading")).to_have_text("桂江一路11号")
    expect(page.locator(".card")).to_contain_text("as the crow flies")


def test_hostile_addresses_stay_text(page):
    ready(page)
    for text in (
        "<script>window.hit = 1</script>",
        "<img src=x onerror='window.hit = 1'>",
        "😀" * 40,
        "%00",
        "长" * 200,
        "{{7*7}}",
    ):
        page.locator("#address").fill(text)
        page.locator("#search button").click()
        expect(page.locator("#answer")).to_contain_text(f"“{text[:60]}”")
        expect(page.locator(".card")).to_have_count(0)
        assert page.evaluate("window.hit") is None
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_the_name_of_a_school_stays_text_and_nothing_is_kept_on_the_visitors_machine(page):
    ready(page, "/lookup?address=桂江一路11号")
    assert page.context.cookies() == []
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    assert page.locator("#answer b").count() == 0
    assert page.locator(".leaflet-tooltip b").count() == 0
    expect(page.locator("#answer")).to_contain_text("富民<b>小学</b>")


def test_a_broken_line_is_told(page):
    ready(page)
    page.route("**/lookup**", lambda route: route.abort())
    page.locator("#address").fill("桂江一路11号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer .failed")).to_contain_text("查询没有成功")


def test_without_the_map_the_look_up_works(page):
    page.route("**/api/map**", lambda route: route.abort())
    page.goto("/")
    expect(page.locator("#map-help")).to_contain_text("地图没有载入")
    page.locator("#address").fill("桂江一路11号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text("桂江一路11号")


def test_without_javascript_the_form_answers(browser, address):
    context = browser.new_context(java_script_enabled=False, base_url=address, viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto("/?lang=en")
    page.locator("#address").fill("桂江一路11号")
    page.get_by_role("button", name="Find").click()
    expect(page.locator(".card")).to_contain_text("振兴小学")
    expect(page.locator("#map")).to_be_hidden()
    context.close()


@pytest.mark.parametrize(
    ("path", "width", "height"),
    [("/", 390, 844), ("/lookup?address=桂江一路11号", 320, 640), ("/lookup?address=桂江一路15号&lang=en", 1280, 800),
     ("/lookup?address=万达华府小区&lang=en", 320, 640)],
)  # fmt: skip
def test_pages_are_accessible_and_fit_the_screen(page, path, width, height):
    page.set_viewport_size({"width": width, "height": height})
    ready(page, path)
    for summary in page.locator("summary").all():
        summary.click()
    assert accessible(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    small = page.evaluate(
        "[...document.querySelectorAll('button, input:not([type=hidden]), select, summary, .switch, .nearest a, .leaflet-bar a')]"
        ".filter(e => e.checkVisibility() && e.getBoundingClientRect().height < 24).map(e => e.outerHTML.slice(0, 80))"
    )
    assert small == []


def test_the_open_list_of_suggestions_is_accessible(page):
    ready(page)
    page.locator("#address").fill("民主路")
    expect(page.locator("#suggestions").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    assert accessible(page) == []


def test_twice_as_large_letters_fit(page):
    page.set_viewport_size({"width": 640, "height": 800})
    ready(page, "/lookup?address=桂江一路11号")
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate("document.documentElement.scrollWidth") <= 640


def test_who_wants_no_motion_has_none(browser, address):
    context = browser.new_context(reduced_motion="reduce", base_url=address)
    page = ready(context.new_page(), "/lookup?address=桂江一路11号")
    assert page.locator(".leaflet-zoom-anim").count() == 0
    assert page.evaluate("document.getAnimations().length") == 0
    context.close()


def test_on_paper_stands_the_answer_and_what_if_it_is_full(page):
    ready(page, "/lookup?address=桂江一路11号")
    page.emulate_media(media="print")
    expect(page.locator("details li").first).to_be_visible()
    expect(page.locator("#choice")).to_be_hidden()
    expect(page.locator(".switch")).to_be_hidden()
    expect(page.locator(".synthetic").first).to_be_visible()
