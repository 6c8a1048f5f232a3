"""Every route of the service and every parameter of it: answers, refusals as problem documents, caching, methods, headers."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from fastapi.testclient import TestClient
from publications import publication, town
from refusals import problem

from xuequ.api.app import create_app
from xuequ.zoning.district import Address

KNOWN = "桂江一路11号"
ROUTES = {
    "/": "text/html",
    f"/lookup?address={KNOWN}": "text/html",
    f"/lookup?address={KNOWN}&part=answer": "text/html",
    f"/api/lookup?address={KNOWN}": "application/json",
    "/api/lookup?lon=111.29657&lat=23.465304": "application/json",
    "/api/suggestions?q=民主": "application/json",
    "/api/map": "application/json",
    "/api/map/catchments?stage=junior&year=2027": "application/geo+json",
    "/ogc": "application/json",
    "/ogc/conformance": "application/json",
    "/ogc/collections": "application/json",
    "/ogc/collections/schools": "application/json",
    "/ogc/collections/schools/items": "application/geo+json",
    "/ogc/collections/schools/items/s0": "application/geo+json",
    "/healthz": "application/json",
    "/readyz": "application/json",
    "/metrics": "text/plain",
    "/openapi.json": "application/json",
    "/static/page.css": "text/css",
    "/static/page.js": "text/javascript",
    "/static/icon.svg": "image/svg+xml",
    "/static/leaflet/leaflet.js": "text/javascript",
}


@pytest.fixture(scope="module")
def service():
    with TestClient(create_app(publication()), raise_server_exceptions=False) as client:
        yield client


@pytest.mark.parametrize(("path", "kind"), ROUTES.items())
def test_a_route_answers_get_and_head_in_its_media_type(service, path, kind):
    get, head = service.get(path), service.head(path)
    assert get.status_code == head.status_code == 200
    assert get.headers["content-type"].split(";")[0] == kind
    assert head.headers["content-type"] == get.headers["content-type"]
    assert get.content
    assert head.content == b""


@pytest.mark.parametrize("path", ROUTES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
def test_nothing_but_reading_is_allowed(service, path, method):
    response = service.request(method, path)
    assert problem(response, 405)["type"] == "urn:xuequ:problem:method-not-allowed"
    assert "GET" in response.headers["allow"]


@pytest.mark.parametrize("path", [*ROUTES, "/nothing", "/api/lookup", f"/lookup?address={'长' * 201}"])
def test_headers_keep_the_visitor_safe_and_unknown(service, path):
    headers = service.get(path, headers={"Origin": "https://example.org", "Cookie": "a=b"}).headers
    policy = {rule.split()[0]: rule.split()[1:] for rule in headers["content-security-policy"].split(";")}
    assert policy["default-src"] == ["'self'"]
    assert policy["frame-ancestors"] == ["'none'"]
    assert policy["base-uri"] == ["'none'"]
    assert policy["object-src"] == ["'none'"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert not {"set-cookie", "access-control-allow-credentials", "server", "x-powered-by"} & set(headers)


@pytest.mark.parametrize("path", [path for path in ROUTES if path.startswith(("/api/map", "/static"))])
def test_what_is_large_is_asked_about_by_its_tag(service, path):
    first = service.get(path)
    tag = first.headers["etag"]
    assert first.headers["cache-control"] == "no-cache"
    for known in (tag, f'"x", {tag}'):
        again = service.get(path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == tag
    assert service.get(path, headers={"If-None-Match": '"x"'}).content == first.content


@pytest.mark.parametrize("path", ["/", "/api/map", "/ogc/collections/blocks/items", "/static/page.css", "/openapi.json"])
def test_who_takes_no_gzip_gets_none(service, path):
    packed, plain = service.get(path), service.get(path, headers={"Accept-Encoding": "identity"})
    assert packed.headers["content-encoding"] == "gzip"
    assert "content-encoding" not in plain.headers
    assert "Accept-Encoding" in packed.headers["vary"]
    if not path.startswith("/ogc"):  # a page of features says when it was made
        assert packed.content == plain.content


def test_two_places_of_one_name_are_both_answered():
    """The same street name stands in two communities: both are shown, none is chosen."""
    district = town()
    twice = Address("桂江一路11号", 20, *(district.blocks.points[20] + 5), "桂江一路", "11")
    client = TestClient(create_app(publication(district.replace(addresses=(*district.addresses, twice)))))
    answer = client.get("/api/lookup", params={"address": KNOWN}).json()
    assert {match["block_id"] for match in answer["matches"]} == {"b0_1", district.blocks.ids[20]}
    page = client.get("/lookup", params={"address": KNOWN}).text
    assert page.count('class="card"') == 2
    assert "包括 2 个地块" in page
    [match] = client.get("/api/lookup", params={"address": f"旺步村{KNOWN}"}).json()["matches"]
    assert match["community"] == "旺步村委会"


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("桂江一路12号", "桂江一路11号"),
        ("桂江路11号", "桂江"),
        ("民主", "民主路"),
        ("万达华府", "万达华府小区"),
        ("stationroad 12", "Station Road"),
        ("富民社区", None),
        ("不存在的地方", None),
        ("zzz", None),
    ],
)
def test_what_is_not_known_gets_the_nearest_and_never_a_school(service, text, first):
    response = service.get("/api/lookup", params={"address": text})
    document = problem(response, 404)
    assert document["matches"] == []
    assert first is None or document["suggestions"][0].startswith(first)
    assert len(document["suggestions"]) <= 8
    assert not re.search(r"school_id|distance_m", response.text)
    page = service.get("/lookup", params={"address": text})
    assert page.status_code == 404
    assert 'class="card"' not in page.text
    assert not [name for name in ("振兴小学", "夏郢学校") if name in page.text]
    # Each of them is known indeed, or is a street that a house number completes.
    for suggestion in document["suggestions"]:
        again = service.get("/api/lookup", params={"address": suggestion})
        assert again.status_code == 200 or again.json()["suggestions"], suggestion


@pytest.mark.parametrize(
    "text",
    [
        "桂江一路１１号",
        "桂江一路十一号",
        " 桂江 一路 11 号 ",
        "桂江一路11",
        "桂江一路11号3栋2单元501室",
        "桂江一路11號",
        "桂江一路11#",
    ],
)
def test_an_address_is_known_however_it_is_written(service, text):
    [match] = service.get("/api/lookup", params={"address": text}).json()["matches"]
    assert match["block_id"] == "b0_1"


@pytest.mark.parametrize(
    ("query", "name"),
    [
        ("lon=abc&lat=1", "lon"),
        ("lon=1&lat=-90.001", "lat"),
        ("lon=180.001&lat=1", "lon"),
        ("lon=1e400&lat=1", "lon"),
        ("lon=-inf&lat=1", "lon"),
        ("lon=&lat=1", "lon"),
        ("address=x&lang=ZH", "lang"),
        ("address=x&lang=", "lang"),
        (f"address={'x' * 201}", "address"),
    ],
)
@pytest.mark.parametrize("path", ["/api/lookup", "/lookup"])
def test_a_parameter_that_is_not_understood_is_named(service, path, query, name):
    document = problem(service.get(f"{path}?{query}"), 422)
    assert [item["name"] for item in document["errors"]] == [name]
    assert {"name", "in", "reason"} <= set(document["errors"][0])


@pytest.mark.parametrize(
    "query",
    [
        "",
        "stage=primary",
        "year=2026",
        "stage=university&year=2026",
        "stage=primary&year=26",
        "stage=primary&year=2026.5",
        "stage=&year=2026",
    ],
)
def test_a_map_needs_a_stage_and_a_year(service, query):
    assert problem(service.get(f"/api/map/catchments?{query}"), 422)["errors"]


@pytest.mark.parametrize("lang", ["zh", "en"])
def test_the_page_speaks_one_language_to_the_last_word(service, lang):
    for path in ("/?", f"/lookup?address={KNOWN}&", "/lookup?address=桂江一路12号&", "/lookup?lon=0&lat=0&"):
        text = service.get(f"{path}lang={lang}").text
        assert f'<html lang="{"zh-CN" if lang == "zh" else "en"}">' in text
        spoken = re.sub(r"<[^>]+>|\{[^}]*\}", " ", text)
        if lang == "zh":
            assert not re.search(r"\b(school year|Find|Answer|Whom to ask|On foot)\b", spoken)
        else:
            assert not re.search("学年入学|查询结果|咨询|直线距离|学位", spoken)


@pytest.mark.parametrize(
    "hostile",
    [
        "'; drop table place; --",
        '" OR 1=1 --',
        "*",
        "NEAR(a b)",
        "a AND b",
        "\\",
        "%",
        "_",
        "\u0000",
        "\u202e",
        "a" * 200,
        "((((",
        '"""',
        "😀",
        "\ud7ff",
    ],
)
def test_a_hostile_text_is_searched_as_a_text(service, hostile):
    for path, name in (("/api/lookup", "address"), ("/api/suggestions", "q"), ("/lookup", "address")):
        response = service.get(path, params={name: hostile})
        assert response.status_code in {200, 400, 404}, path
        assert response.headers["content-type"].split(";")[0] in {"application/json", "application/problem+json", "text/html"}
    assert service.get("/api/lookup", params={"address": KNOWN}).status_code == 200


@pytest.mark.parametrize("raw", ["%ff%fe", "%C0%AF", "%e6%a1", "%"])
def test_bytes_that_are_no_text_are_an_unknown_address(service, raw):
    assert service.get(f"/api/lookup?address={raw}").status_code == 404
    assert service.get(f"/lookup?address={raw}").status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/..%2f..%2fetc/passwd",
        "/static/..%2fapp.py",
        "/static/%2e%2e/%2e%2e/app.py",
        "/static//etc/passwd",
        "/static/",
    ],
)
def test_no_path_leads_out(service, path):
    assert service.get(path).status_code in {404, 405}


def test_a_parameter_given_twice_or_besides_changes_nothing(service):
    once = service.get("/api/lookup", params={"address": KNOWN}).json()
    assert service.get(f"/api/lookup?address={quote('民主路1号')}&address={quote(KNOWN)}").json() == once
    assert service.get(f"/api/lookup?address={quote(KNOWN)}&utm_source=x&q=1").json() == once


def test_metrics_count_routes_and_never_what_was_asked(service):
    service.get("/api/lookup", params={"address": "某某的家"})
    service.get("/nothing/secret-path")
    service.get("/static/secret.js")
    text = service.get("/metrics").text
    assert re.search(r'xuequ_requests_total\{route="/api/lookup",status="404"\} \d+', text)
    assert "某某" not in text
    assert "secret" not in text
    for line in text.splitlines():
        assert re.fullmatch(r'# (HELP|TYPE) .+|[a-z_]+(\{([a-z]+="[^"\n]*",?)+\})? [0-9.e+-]+', line), line


def test_openapi_describes_each_parameter_that_is_taken(service):
    document = service.get("/openapi.json").json()
    items = document["paths"]["/ogc/collections/{collection}/items"]["get"]["parameters"]
    assert {item["name"] for item in items} == {"collection", "limit", "offset", "bbox", "datetime", "stage", "year", "school_id"}
    for path, methods in document["paths"].items():
        assert set(methods) == {"get"}, path
        assert methods["get"]["responses"]["200"]["content"], path
    assert len(json.dumps(document)) > 1000
