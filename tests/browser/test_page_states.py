"""The public page for everybody: the keyboard alone, a phone, both languages, high contrast, each state of the answer."""

from __future__ import annotations

import re
from importlib import resources
from itertools import pairwise

import pytest
from playwright.sync_api import expect

pytestmark = pytest.mark.browser

AXE = (resources.files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")
KNOWN = "/lookup?address=桂江一路11号"
STATES = {
    "nothing asked": "/?",
    "one school": f"{KNOWN}&",
    "several blocks": "/lookup?address=万达华府小区&",
    "a whole community": "/lookup?address=富民社区&",
    "not known": "/lookup?address=桂江一路15号&",
    "nothing near": "/lookup?address=zzz&",
    "a point": "/lookup?lon=111.29657&lat=23.465304&",
    "a point outside": "/lookup?lon=111.2&lat=23.4&",
}


def ready(page, path):
    page.goto(path)
    expect(page.locator("#map[data-ready]")).to_be_attached()
    return page


def violations(page, **options):
    page.evaluate(AXE)
    found = page.evaluate("options => axe.run(document, {resultTypes: ['violations'], ...options})", options)
    return [f"{item['id']}: {node['html'][:120]}" for item in found["violations"] for node in item["nodes"]]


@pytest.mark.parametrize("state", STATES)
def test_every_state_is_accessible(page, state):
    ready(page, f"{STATES[state]}lang={'zh' if len(state) % 2 else 'en'}")
    for summary in page.locator("summary").all():
        summary.click()
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


def test_contrast_holds_the_stricter_measure_where_one_reads(page):
    ready(page, f"{KNOWN}&lang=en")
    page.locator("summary").first.click()
    assert violations(page, runOnly=["color-contrast-enhanced"], rules={"color-contrast-enhanced": {"enabled": True}}) == []


def test_the_page_has_one_of_each_landmark_and_headings_in_order(page):
    ready(page, f"{KNOWN}&lang=en")
    for role in ("banner", "main", "contentinfo", "search"):
        expect(page.get_by_role(role)).to_have_count(1)
    expect(page.get_by_role("region", name="Map of catchments")).to_have_count(1)
    expect(page.get_by_role("complementary", name="Synthetic data")).to_be_visible()
    levels = page.evaluate("[...document.querySelectorAll('h1, h2, h3, h4')].map(e => Number(e.tagName[1]))")
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))


def test_every_control_has_a_name_and_is_large_enough_for_a_thumb(page):
    ready(page, f"{KNOWN}&lang=en")
    names = {
        "searchbox": [], "combobox": ["Address, estate or village", "School year"], "button": ["Find", "Zoom in", "Zoom out"],
        "radio": ["Kindergarten", "Primary school", "Junior school"],
    }  # fmt: skip
    for role, wanted in names.items():
        for name in wanted:
            expect(page.get_by_role(role, name=name).first).to_be_attached()
    sizes = page.evaluate(
        "[...document.querySelectorAll('button, #address, select, summary, .switch, .leaflet-bar a, .choice span')]"
        ".map(e => [e.outerHTML.slice(0, 60), e.getBoundingClientRect().height]).filter(([, height]) => height)"
    )
    assert [name for name, height in sizes if height < 32] == []


def test_the_whole_way_goes_by_the_keyboard_alone(page):
    """A visitor without a mouse: skip link, field, suggestion, answer, what if it is full, stage, year, map, and back."""
    ready(page, "/?lang=en")
    keyboard = page.keyboard
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the answer")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the answer")).to_be_in_viewport()
    keyboard.press("Tab")
    expect(page.get_by_role("link", name="中文")).to_be_focused()
    keyboard.press("Tab")
    expect(page.locator("#address")).to_be_focused()
    keyboard.type("桂江一路1")
    expect(page.locator("#suggestions").get_by_role("option").first).to_be_visible()
    keyboard.press("ArrowDown")
    chosen = page.locator("#suggestions [aria-selected=true]").inner_text()
    keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text(chosen)
    expect(page.locator("#answer-heading")).to_be_focused()
    keyboard.press("Tab")
    expect(page.locator("summary").first).to_be_focused()
    keyboard.press("Enter")
    expect(page.locator("details").first).to_have_attribute("open", "")
    for _ in range(page.locator("summary").count()):
        keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Primary school")).to_be_focused()
    with page.expect_response(lambda response: "stage=junior" in response.url):
        keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Junior school")).to_be_checked()
    keyboard.press("Tab")
    with page.expect_response(lambda response: "year=2027" in response.url):
        keyboard.press("ArrowDown")
    keyboard.press("Tab")
    expect(page.locator("#map")).to_be_focused()
    expect(page.locator(".cross")).to_be_visible()
    keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_be_focused()
    assert "lon=" in page.url


def test_the_focus_is_seen_wherever_it_is(page):
    ready(page, f"{KNOWN}&lang=en")
    seen = []
    for _ in range(12):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(
            "() => { const e = document.activeElement; const o = getComputedStyle(e);"
            " const beside = e.nextElementSibling && getComputedStyle(e.nextElementSibling);"
            " return [e.tagName + '#' + e.id, parseFloat(o.outlineWidth) >= 2 && o.outlineStyle !== 'none'"
            " || (beside && parseFloat(beside.outlineWidth) >= 2 && beside.outlineStyle !== 'none')]; }"
        ))  # fmt: skip
    assert [name for name, visible in seen if not visible and not name.startswith("BODY")] == []


@pytest.mark.parametrize("stage", ["Kindergarten", "Junior school"])
def test_in_high_contrast_what_is_chosen_and_what_can_be_pressed_stay_to_be_told(opened, stage):
    page = ready(opened(forced_colors="active"), f"{KNOWN}&lang=en")
    page.get_by_role("radio", name=stage).check(force=True)
    fills = page.evaluate(
        "[...document.querySelectorAll('.choice input')]"
        ".map(e => [e.checked, getComputedStyle(e.nextElementSibling).backgroundColor])"
    )
    chosen = {colour for checked, colour in fills if checked}
    others = {colour for checked, colour in fills if not checked}
    assert len(chosen) == 1
    assert not chosen & others
    border = page.locator("#search button").evaluate("e => parseFloat(getComputedStyle(e).borderTopWidth)")
    assert border >= 1
    assert violations(page) == []


@pytest.mark.parametrize(("width", "height"), [(320, 568), (390, 844), (844, 390), (768, 1024), (1920, 1080)])
def test_the_page_fits_every_screen(opened, width, height):
    page = ready(opened(viewport={"width": width, "height": height}), f"{KNOWN}&lang=en")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    box = page.locator("#map").bounding_box()
    assert box["width"] >= min(280, width - 48)
    assert box["height"] <= height or width < 896
    # On a phone the answer stands above the map, on a desk beside it.
    answer = page.locator("#answer").bounding_box()
    assert (answer["y"] + answer["height"] <= box["y"]) if width < 896 else (answer["x"] + answer["width"] <= box["x"])


def test_a_status_is_told_to_who_cannot_see_it(page):
    ready(page, "/?lang=en")
    status = page.get_by_role("status")
    page.locator("#address").fill("zzzzzz")
    expect(status).to_have_text("No suggestions")
    page.locator("#address").fill("民主路1")
    expect(status).to_have_text(re.compile(r"^\d suggestions; use the arrow keys$"))
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).not_to_have_attribute("aria-busy", "true")
    expect(page.locator("#answer-heading")).to_be_focused()


def test_text_typed_in_an_input_method_is_not_sent_before_it_is_done(page):
    """While Chinese is being composed Enter belongs to the input method."""
    ready(page, "/?lang=en")
    field = page.locator("#address")
    field.fill("民主路1")
    expect(page.locator("#suggestions").get_by_role("option").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    field.evaluate(
        "e => e.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true, cancelable: true}))"
    )
    expect(page.locator("#suggestions")).to_be_visible()
    expect(page.locator("#answer-heading")).to_have_text("Answer")


def test_a_slow_answer_does_not_overtake_a_newer_one(page):
    ready(page, "/?lang=en")
    held = []
    page.route("**/lookup?address=%E6%A1%82**", lambda route: held.append(route))  # noqa: PLW0108 - a bound method of list has no signature
    page.locator("#address").fill("桂江一路11号")
    page.keyboard.press("Enter")
    page.wait_for_function("() => document.getElementById('answer').getAttribute('aria-busy') === 'true'")
    page.locator("#address").fill("民主路11号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_have_text("民主路11号")
    for route in held:
        route.continue_()
    page.unroute("**/lookup?address=%E6%A1%82**")
    page.locator("#address").fill("富民")
    expect(page.locator("#suggestions").get_by_role("option").first).to_be_visible()
    expect(page.locator("#answer-heading")).to_have_text("民主路11号")
    assert "%E6%B0%91" in page.url


def test_seat_alerts_are_told_in_words_and_not_by_colour_alone(page):
    ready(page, f"{KNOWN}&lang=en")
    alerts = page.locator(".alert")
    assert alerts.count() > 0
    for alert in alerts.all():
        assert re.search("Seats free|Nearly full|Full", alert.inner_text())
        assert alert.locator("[aria-hidden=true]").inner_text() in "●◆▲"


def test_a_link_can_be_sent_and_says_the_same(page, opened):
    ready(page, "/?lang=en")
    page.locator("#address").fill("桂江一路11号")
    page.keyboard.press("Enter")
    expect(page.locator("#answer-heading")).to_be_focused()
    link, told = page.url, page.locator(".card").inner_text()
    other = ready(opened(viewport={"width": 1280, "height": 800}), link)
    assert other.locator(".card").inner_text().split() == told.split()
    expect(other.locator("#address")).to_have_value("桂江一路11号")
    expect(other.locator(".here-label")).to_be_visible()


def test_nothing_of_a_visit_is_kept(page):
    ready(page, KNOWN)
    assert page.context.cookies() == []
    assert page.evaluate("async () => (await indexedDB.databases()).length + (await caches.keys()).length") == 0
    assert page.evaluate("async () => (await navigator.serviceWorker.getRegistrations()).length") == 0
