"""The page as a document: landmarks, names, languages, links, whatever is looked up; nothing is left to a script."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import pairwise

import pytest
from fastapi.testclient import TestClient
from publications import publication, town

from xuequ.api.app import create_app
from xuequ.zoning.options import Options, PublishOptions

VOID = {"meta", "link", "input", "br", "img", "path"}
PATHS = (
    "/",
    "/?lang=en",
    "/lookup?address=桂江一路11号",
    "/lookup?address=桂江一路11号&lang=en",
    "/lookup?address=万达华府小区",
    "/lookup?address=富民社区&lang=en",
    "/lookup?address=桂江一路15号",
    "/lookup?address=zzz&lang=en",
    "/lookup?lon=111.2966&lat=23.4653",
    "/lookup?lon=0&lat=0",
    "/lookup",
)


class Document(HTMLParser):
    """Collects the elements of a page with their attributes and text, and checks that tags close in order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str], list[str]]] = []
        self._open: list[tuple[str, list[str]]] = []
        self.unclosed: list[str] = []
        self.feed(text)
        self.unclosed += [tag for tag, _ in self._open]

    def handle_starttag(self, tag, attrs):
        words: list[str] = []
        self.elements.append((tag, {name: value or "" for name, value in attrs}, words))
        if tag not in VOID:
            self._open.append((tag, words))

    def handle_endtag(self, tag):
        opened, _ = self._open.pop()
        if opened != tag:
            self.unclosed.append(f"{opened} closed by {tag}")

    def handle_data(self, data):
        for _, words in self._open:
            words.append(data)

    def all(self, *tags):
        return [(attributes, " ".join("".join(words).split())) for tag, attributes, words in self.elements if tag in tags]


@pytest.fixture(scope="module")
def service():
    with TestClient(create_app(publication())) as client:
        yield client


@pytest.fixture(scope="module", params=PATHS)
def document(request, service):
    return Document(service.get(request.param).text)


def test_every_element_is_closed(document):
    assert document.unclosed == []


def test_ids_are_there_once_and_what_refers_to_them_finds_them(document):
    ids = [attributes["id"] for _, attributes, _ in document.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    referring = ("for", "aria-labelledby", "aria-describedby", "aria-controls")
    for _, attributes, _ in document.elements:
        for name in referring:
            assert all(target in ids for target in attributes.get(name, "").split())
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids


def test_there_is_one_of_each_landmark_and_one_first_heading(document):
    for tag in ("header", "main", "footer", "h1", "title"):
        assert len(document.all(tag)) == 1, tag
    assert [attributes for attributes, _ in document.all("form") if attributes.get("role") == "search"]


def test_headings_go_down_by_one(document):
    levels = [int(tag[1]) for tag, _, _ in document.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_every_field_has_a_name(document):
    labelled = {attributes["for"] for attributes, _ in document.all("label") if "for" in attributes}
    for attributes, _ in document.all("input"):
        inside_a_label = attributes.get("type") == "radio"
        assert attributes.get("type") == "hidden" or inside_a_label or attributes["id"] in labelled
    assert all(text for _, text in document.all("button", "summary", "a", "h1", "h2", "h3"))


def test_the_languages_of_page_and_switch_are_said(document):
    [(html, _)] = document.all("html")
    switch = next(attributes for attributes, _ in document.all("a") if attributes.get("id") == "switch")
    assert {html["lang"], switch["lang"]} == {"zh-CN", "en"}
    assert f"lang={switch['lang'][:2]}" in switch["href"]


def test_synthetic_is_said_before_anything_else(document):
    [(attributes, text)] = document.all("aside")
    assert attributes["class"] == "synthetic"
    assert "合成数据" in text or "Synthetic data" in text


def test_links_stay_in_the_house_and_work(document, service):
    for attributes, _ in document.all("a"):
        href = attributes["href"]
        assert href.startswith(("/", "#"))
        if href.startswith("/"):
            assert service.get(href).status_code in (200, 404)


def test_what_is_asked_stands_in_the_field_and_in_the_title(service):
    document = Document(service.get("/lookup", params={"address": "桂江一路11号"}).text)
    field = next(attributes for attributes, _ in document.all("input") if attributes.get("name") == "address")
    assert field["value"] == "桂江一路11号"
    assert document.all("title")[0][1].startswith("桂江一路11号 · 招生片区查询")


def test_what_is_asked_is_escaped_in_the_field(service):
    text = '"><script>alert(1)</script>'
    document = Document(service.get("/lookup", params={"address": text}).text)
    field = next(attributes for attributes, _ in document.all("input") if attributes.get("name") == "address")
    assert field["value"] == text
    assert all(attributes.get("src") for attributes, _ in document.all("script"))


def test_an_alert_is_told_by_a_word_and_a_shape_not_by_colour_alone(service):
    document = Document(service.get("/lookup", params={"address": "桂江一路11号"}).text)
    alerts = [text for attributes, text in document.all("p") if "alert" in attributes.get("class", "").split()]
    assert alerts == ["◆ 学位紧张"]


def test_a_place_of_many_blocks_asks_for_more(service):
    response = service.get("/lookup", params={"address": "富民社区", "lang": "en"})
    assert response.status_code == 404
    assert "lies in 18 blocks" in response.text
    assert len(re.findall("data-address=", response.text)) == 8


def test_what_has_nothing_near_says_so(service):
    text = service.get("/lookup", params={"address": "zzz", "lang": "en"}).text
    assert "None comes near" in text
    assert "No school is guessed" in text


def test_the_multi_school_zone_is_listed_with_the_ways(service):
    text = service.get("/lookup", params={"address": "桂江一路11号"}).text
    assert "多校划片" in text
    assert re.search(r"<li>振兴小学 \(200 米\)</li>", text)


def test_a_decision_with_its_source_stands_by_the_answer():
    options = Options(publish=PublishOptions(decided="2026-04-15", decision="No. <7>", contact="a & b"))
    with TestClient(create_app(publication(town(options=options)))) as client:
        text = client.get("/lookup", params={"address": "桂江一路11号"}).text
    assert text.count('<time datetime="2026-04-15">') == 2
    assert text.count("No. &lt;7&gt;") == 2
    assert "a &amp; b" in text
