"""Templates: escaped, complete, and small."""

from __future__ import annotations

import pytest
from jinja2 import UndefinedError
from page_reading import read_page
from showpiece import town, town_plan

from xuequ.maps.documents import Page, document, source_lines
from xuequ.maps.texts import texts

DISTRICT = town()


def values(**changes):
    base = {
        "say": texts("en"), "title": "A title", "district": DISTRICT, "source": ["one", "two"],
        "names": ["a"], "plans": [], "goals": [], "best": min, "large": [],
        "sites": [], "differences": [], "schools": [], "name": str, "pictures": [],
    }  # fmt: skip
    return base | changes


def test_a_template_is_filled():
    page = read_page(document("compare.html", values()))
    assert page.one("title").text == page.one("h1").text == "A title"
    assert [line.text for line in page.all("p")][-2:] == ["one", "two"]


def test_what_nobody_gives_is_a_fault_and_not_an_empty_place():
    missing = values()
    del missing["large"]
    with pytest.raises(UndefinedError, match="large"):
        document("compare.html", missing)


@pytest.mark.parametrize("text", ["<b>bold</b>", "{{ 7 * 7 }}", "\"'&", "</title><script>x</script>", "/*font*/"])
def test_text_stays_text(text):
    html = document("compare.html", values(title=text, source=[text], names=[text]))
    page = read_page(html)
    assert page.one("title").text == page.one("h1").text == text
    assert any(head.text == text for head in page.all("th"))
    assert page.all("script") == page.all("b") == []
    assert "49" not in page.one("h1").text


def test_chinese_brings_its_font_into_the_style_and_nowhere_else():
    html = document("compare.html", values(title="学区 /*font*/", source=["/*font*/"]))
    assert html.count("@font-face") == 1
    assert "@font-face" in read_page(html).one("style").text


def test_a_page_without_chinese_is_small():
    real = DISTRICT.replace(synthetic=False)
    assert len(document("compare.html", values(district=real))) < 8_000


def test_nothing_may_be_loaded_and_nothing_run():
    (policy,) = [item for item in read_page(document("compare.html", values())).all("meta") if "http-equiv" in item.attributes]
    assert policy.attributes["content"].startswith("default-src 'none'; style-src 'unsafe-inline'; img-src data:;")
    assert "script-src" not in policy.attributes["content"]


def test_the_source_of_numbers_is_named():
    plan = town_plan(DISTRICT)
    assert source_lines(DISTRICT, plan, texts("en")) == [
        f"Plan fingerprint {plan.fingerprint[:12]} · seed 7",
        "Distances: straight line",
        "Demand: as given",
        "Data licence: CC0-1.0",
    ]
    assert len(source_lines(DISTRICT.replace(data_licence=""), plan, texts("en"))) == 3


def test_a_page_is_written_where_it_is_wanted(tmp_path):
    path = Page("<p>学区</p>\n").save(tmp_path / "new" / "folder" / "page.html")
    assert path.read_bytes() == "<p>学区</p>\n".encode()
