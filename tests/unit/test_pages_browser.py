"""Report and comparison in a real browser with no network: wide, on a phone, with the keyboard."""

from __future__ import annotations

import pytest
from showpiece import town, town_plan

from xuequ.maps.comparison import compare
from xuequ.maps.reporting import report

pytestmark = pytest.mark.browser

DISTRICT = town()
PLAN = town_plan(DISTRICT)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    return {
        "report": report(DISTRICT, PLAN.replace(catchments=PLAN.catchments[5:10])).save(folder / "report.html").as_uri(),
        "compare": compare(DISTRICT, [PLAN, town_plan(DISTRICT, opened=2030)], ["甲", "乙"]).save(folder / "c.html").as_uri(),
    }


@pytest.fixture(params=[(1280, 800), (390, 844)], ids=["wide", "phone"])
def open_page(request, browser, files):
    context = browser.new_context(viewport={"width": request.param[0], "height": request.param[1]}, offline=True)

    def open_it(name: str):
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda fault: page.faults.append(str(fault)))
        page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
        page.on("request", lambda asked: page.faults.append(asked.url) if asked.url.startswith("http") else None)
        page.goto(files[name])
        return page

    yield open_it
    context.close()


@pytest.mark.parametrize("name", ["report", "compare"])
def test_a_page_opens_alone_and_fits_the_screen(open_page, name):
    page = open_page(name)
    assert page.faults == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.locator("h1").is_visible()
    assert page.locator(".badge").inner_text() == "合成数据 synthetic"


@pytest.mark.parametrize("name", ["report", "compare"])
def test_every_picture_is_there_and_has_a_text(open_page, name):
    page = open_page(name)
    for picture in page.locator("img").all():
        assert picture.evaluate("(e) => e.complete && e.naturalWidth > 0")
        assert picture.get_attribute("alt")


def test_wide_tables_are_scrolled_with_the_keyboard(open_page):
    page = open_page("report")
    table = page.locator(".scroll").nth(1)
    table.focus()
    assert table.evaluate("(e) => e === document.activeElement")


def test_chinese_is_drawn_with_the_font_of_the_page(open_page):
    page = open_page("report")
    assert page.evaluate("document.fonts.ready.then(() => [...document.fonts].some((f) => f.family.includes('xuequ-sc')))")
    assert page.evaluate("document.fonts.check('16px xuequ-sc', '学')")


def test_links_lead_to_their_sections(open_page):
    page = open_page("report")
    page.get_by_role("link", name="建设项目").click()
    assert page.evaluate("location.hash") == "#sites"
    assert page.locator("#sites").evaluate("(e) => Math.abs(e.getBoundingClientRect().top) < innerHeight")
