"""The service's answers: look-up, page, map, operator, headers, errors of one shape."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import replace

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from publications import publication, statement_of, town

from xuequ.api.app import create_app
from xuequ.api.geography import Geography
from xuequ.api.publication import assembled
from xuequ.api.settings import Settings
from xuequ.zoning.errors import CaseError
from xuequ.zoning.options import Options


@pytest.fixture(scope="module")
def service():
    with TestClient(create_app(publication()), raise_server_exceptions=False) as client:
        yield client


HOSTILE = [
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "😀" * 50,
    "长" * 200,
    "%00",
    "\x00",
    "{{7*7}}",
    "' or 1=1 --",
    "../../etc/passwd",
    "\u202eabc",
    "\ud83d"[:0] + "a\nb",
]


def test_a_known_address_is_answered_as_the_plan_says(service):
    answer = service.get("/api/lookup", params={"address": "桂江一路11号"}).json()
    [match] = answer["matches"]
    assert (match["address"], match["block_id"], match["community"]) == ("桂江一路11号", "b0_1", "富民社区居民委员会")
    assert answer["suggestions"] == []
    assert answer["synthetic"] is True
    assert re.fullmatch("[0-9a-f]{12}", answer["plan_version"])
    assert len(match["schools"]) == 9
    first = match["schools"][0]
    assert (first["stage"], first["year"], first["school_id"], first["distance_m"], first["cluster"]) == (
        "kindergarten",
        2026,
        "s0",
        200.0,
        "s0",
    )
    assert (first["name"], first["cluster_name"], first["walk_minutes"], first["why"]) == (
        "振兴小学",
        "振兴学区",
        3,
        "最近的学校",
    )


def test_every_block_is_answered_as_in_the_assignment(service):
    district = town()
    rows = {(row.block_id, row.stage, row.year): row for row in statement_of(district).assignment}
    for address in district.addresses:
        [match] = service.get("/api/lookup", params={"address": address.text}).json()["matches"]
        assert match["block_id"] == district.blocks.ids[address.block]
        for item in match["schools"]:
            row = rows[match["block_id"], item["stage"], item["year"]]
            assert (item["school_id"], item["distance_m"]) == (row.school_id, row.distance_m)
        assert len(match["schools"]) == len(district.years) * 3


def test_a_multi_school_zone_lists_its_schools(service):
    [match] = service.get("/api/lookup", params={"address": "桂江一路11号"}).json()["matches"]
    junior = next(item for item in match["schools"] if item["stage"] == "junior")
    assert junior["school_id"] == "s0;s1"
    assert [(member["school_id"], member["invented"]) for member in junior["members"]] == [("s0", False), ("s1", True)]
    assert [item["school_id"] for item in junior["relief"]] == ["s2"]


def test_if_it_is_full_the_clusters_other_schools_come_the_nearest_first(service):
    [match] = service.get("/api/lookup", params={"address": "桂江一路11号"}).json()["matches"]
    primary = {item["year"]: item for item in match["schools"] if item["stage"] == "primary"}
    assert [item["school_id"] for item in primary[2026]["relief"]] == ["s2"]  # s1 has no catchment yet
    assert [item["school_id"] for item in primary[2027]["relief"]] == ["s1", "s2"]
    distances = [item["distance_m"] for item in primary[2027]["relief"]]
    assert distances == sorted(distances)
    assert primary[2026]["alert"] == "yellow"


def test_a_point_is_answered_with_the_block_that_it_lies_in(service):
    district = town()
    for block in (0, 7, 21, 35):
        at = service.get("/api/lookup", params={"address": f"地块{block + 1}"}).json()["matches"][0]
        answer = service.get("/api/lookup", params={"lon": at["lon"], "lat": at["lat"]}).json()
        assert [match["block_id"] for match in answer["matches"]] == [district.blocks.ids[block]]


def test_a_point_on_a_border_is_answered_with_both_blocks():
    district = town()
    x, y = district.blocks.points[0] + np.array([100.0, 0.0])
    assert Geography(district).blocks_at(x, y) == (0, 1)


def test_a_point_outside_is_404_with_the_nearest_addresses(service):
    response = service.get("/api/lookup", params={"lon": 111.2935, "lat": 23.4653})
    assert response.status_code == 404
    assert response.json()["type"] == "urn:xuequ:problem:outside"
    assert response.json()["suggestions"][0] in ("桂江一路1号", "桂江一路4号", "桂江一路7号")
    far = service.get("/api/lookup", params={"lon": 0, "lat": 0})
    assert (far.status_code, far.json()["matches"], far.json()["suggestions"]) == (404, [], [])
    assert service.get("/api/lookup", params={"lon": 180, "lat": 90}).status_code == 404


def test_an_unknown_address_is_404_with_suggestions_and_the_keys_of_an_answer(service):
    response = service.get("/api/lookup", params={"address": "桂江一路15号"})
    document = response.json()
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"
    assert document["matches"] == []
    assert document["suggestions"][:2] == ["桂江一路14号", "桂江一路17号"]
    assert {"plan_version", "synthetic", "type", "title", "status", "detail"} <= set(document)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_addresses_are_not_known_and_never_markup(service, text):
    for path in ("/api/lookup", "/lookup"):
        response = service.get(path, params={"address": text})
        assert response.status_code in (404, 422), path
        assert response.headers["x-content-type-options"] == "nosniff"
        if response.headers["content-type"].startswith("text/html"):
            assert "<script>alert" not in response.text
            assert "<img src=x" not in response.text
        else:
            assert response.headers["content-type"] == "application/problem+json"
    assert service.get("/api/suggestions", params={"q": text}).status_code == 200


def test_an_address_that_is_too_long_is_refused(service):
    response = service.get("/api/lookup", params={"address": "长" * 201})
    assert response.status_code == 422
    assert response.json()["errors"][0]["name"] == "address"


@pytest.mark.parametrize(
    "query", ["", "address=", "address=%20", "lon=111", "lat=23", "address=a&lon=1&lat=2", "address=a&lon=1"]
)
def test_nothing_or_too_much_to_look_up_is_400(service, query):
    response = service.get(f"/api/lookup?{query}")
    assert response.status_code == 400
    assert response.json()["type"] == "urn:xuequ:problem:what-to-look-up"


@pytest.mark.parametrize(
    "query", ["lon=181&lat=0", "lon=0&lat=91", "lon=x&lat=0", "lon=nan&lat=0", "lon=inf&lat=1", "address=a&lang=fr"]
)
def test_a_parameter_that_is_not_understood_is_422(service, query):
    response = service.get(f"/api/lookup?{query}")
    assert response.status_code == 422
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["errors"]


def test_sentences_come_in_the_language_asked_for(service):
    zh = service.get("/api/lookup", params={"address": "桂江一路11号"}).json()
    en = service.get("/api/lookup", params={"address": "桂江一路11号", "lang": "en"}).json()
    assert "片区只用于新生入学" in " ".join(zh["notices"])
    assert "pupils already enrolled stay" in " ".join(en["notices"])
    assert "以当年公告为准" in en["notices"]
    assert en["matches"][0]["schools"][0]["why"] == "the nearest school"


def test_the_language_of_the_settings_is_the_default():
    client = TestClient(create_app(publication(settings=Settings(language="en"))))
    assert '<html lang="en">' in client.get("/").text
    assert '<html lang="zh-CN">' in client.get("/?lang=zh").text


def test_the_source_of_the_decision_is_told():
    client = TestClient(create_app(publication(settings=Settings(published="2026-04-01", decision="万教发〔2026〕7号"))))  # type: ignore[arg-type]
    source = client.get("/api/lookup", params={"address": "桂江一路11号"}).json()["source"]
    assert (source["decided"], source["decision"]) == ("2026-04-01", "万教发〔2026〕7号")
    assert source["contact"].startswith("区教育局招生办")
    page = client.get("/").text
    assert '<time datetime="2026-04-01">' in page
    assert "万教发〔2026〕7号" in page


def test_another_plan_is_another_version():
    district = town()
    statement = statement_of(district)
    changed = type(statement)(statement.plan, statement.assignment[1:], statement.schools, (), statement.clusters)
    versions = {assembled(district, item, Settings()).version for item in (statement, statement_of(district), changed)}
    assert len(versions) == 2


PUBLIC = (
    "/api/lookup?address=桂江一路11号",
    "/lookup?address=桂江一路11号&lang=en",
    "/api/map",
    "/api/map/catchments?stage=primary&year=2026",
    "/ogc/collections/blocks/items?limit=1",
    "/ogc/collections/schools/items",
    "/ogc/collections/catchments/items?limit=1",
    "/ogc/collections/clusters/items",
    "/ogc/collections/plans/items",
)


def members(content: object) -> set[str]:
    """Return every key that stands in an object, however deep."""
    if isinstance(content, dict):
        return set(content).union(*(members(value) for value in content.values()))
    if isinstance(content, list):
        return set().union(*(members(value) for value in content))
    return set()


@pytest.mark.parametrize("path", [path for path in PUBLIC if not path.startswith("/lookup")])
def test_nothing_public_counts_children(service, path):
    keys = members(service.get(path).json())
    assert keys
    assert not [key for key in keys if re.search("pupil|child|household|enrol|utilisation|classes", key)]


def test_another_number_of_children_changes_nothing_that_is_public(service):
    """Two districts that differ in their children alone look the same from outside."""
    district = town()
    demand = replace(district.demand, pupils=district.demand.pupils * 3 + 1)
    fuller = TestClient(create_app(publication(district.replace(demand=demand))))
    for path in PUBLIC:
        mine, other = service.get(path).text, fuller.get(path).text
        assert re.sub('"timeStamp":"[^"]*"', "", mine) == re.sub('"timeStamp":"[^"]*"', "", other), path


def test_without_coordinates_there_is_no_point_and_no_map_but_the_look_up_works():
    client = TestClient(create_app(publication(town(crs="local-metres"))))
    assert client.get("/api/lookup", params={"address": "桂江一路11号"}).json()["matches"][0]["lon"] is None
    answer = client.get("/api/lookup", params={"lon": 111, "lat": 23})
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:xuequ:problem:not-located")
    page = client.get("/").text
    assert 'id="map"' not in page
    assert "不显示地图" in page
    assert client.get("/ogc/collections/catchments/items").json()["features"][0]["geometry"] is None
    assert client.get("/api/map").json()["schools"] == []


def test_blocks_that_are_only_points_have_no_map():
    district = town()
    district = district.replace(blocks=replace(district.blocks, geometry=None))
    client = TestClient(create_app(publication(district)))
    assert client.get("/api/lookup", params={"lon": 111.2966, "lat": 23.4653}).json()["type"] == "urn:xuequ:problem:not-located"
    assert client.get("/ogc/collections/blocks").json()["extent"] == {}
    assert client.get("/api/map/catchments?stage=primary&year=2026").json()["features"][0]["geometry"] is None


def test_the_map_has_the_catchments_of_the_plan_in_colours_that_differ(service):
    content = service.get("/api/map/catchments", params={"stage": "primary", "year": 2027}).json()
    assert [feature["properties"]["zone"] for feature in content["features"]] == ["s0", "s1", "s2"]
    shapes = [shapely.geometry.shape(feature["geometry"]) for feature in content["features"]]
    assert shapely.coverage_is_valid(shapes)
    for a, first in enumerate(content["features"]):
        for b in range(a):
            if shapes[a].intersection(shapes[b]).length > 0:
                assert first["properties"]["colour"] != content["features"][b]["properties"]["colour"]


def test_the_map_has_rivers_and_roads_and_schools_with_the_years_that_they_serve():
    x, y = 530_000.0, 2_596_000.0
    district = town(rivers=(shapely.box(x, y + 590, x + 1200, y + 610),), roads=(shapely.LineString([(x, y), (x + 1200, y)]),))
    content = TestClient(create_app(publication(district))).get("/api/map").json()
    assert content["rivers"]["type"] == content["roads"]["type"] == "GeometryCollection"
    assert content["boundary"]["type"] == "Polygon"
    serves = {school["id"]: school["serves"] for school in content["schools"]}
    assert serves["s0"]["primary"] == [2026, 2027, 2028]
    assert serves["s1"]["primary"] == [2027, 2028]


def test_catchments_that_the_plan_has_not_are_404(service):
    response = service.get("/api/map/catchments", params={"stage": "primary", "year": 2040})
    assert (response.status_code, response.json()["detail"]) == (404, "the plan has no primary catchments for 2040")


def test_large_answers_are_sent_once(service):
    first = service.get("/api/map/catchments", params={"stage": "primary", "year": 2026})
    tag = first.headers["etag"]
    assert first.headers["content-encoding"] == "gzip"
    for known in (tag, f'"other", W/{tag}', "*"):
        again = service.get("/api/map/catchments", params={"stage": "primary", "year": 2026}, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert service.get("/api/map/catchments?stage=primary&year=2026", headers={"If-None-Match": '"old"'}).status_code == 200
    plain = service.get("/api/map/catchments?stage=primary&year=2026", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert plain.json() == first.json()


def test_pages_are_compressed(service):
    assert service.get("/").headers["content-encoding"] == "gzip"
    assert gzip.decompress(gzip.compress(b"x")) == b"x"


@pytest.mark.parametrize(
    "path", ["/", "/lookup?address=a", "/api/lookup?address=a", "/nothing", "/static/page.js", "/healthz", "/ogc", "/api/lookup"]
)
def test_every_response_has_the_security_headers(service, path):
    headers = service.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert "set-cookie" not in headers


@pytest.mark.parametrize("path", ["/", "/?lang=en", "/lookup?address=桂江一路11号", "/lookup?address=unknown"])
def test_pages_have_nothing_inline_and_nothing_foreign(service, path):
    text = service.get(path).text
    assert not re.search(r"\sstyle=|<style|\son[a-z]+=|javascript:", text)
    assert all(re.search(r"\ssrc=", tag) for tag in re.findall("<script[^>]*>", text))
    assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text)


@pytest.mark.parametrize(
    "path",
    [
        "/static/page.css",
        "/static/page.js",
        "/static/map.js",
        "/static/search.js",
        "/static/answer.js",
        "/static/icon.svg",
        "/static/leaflet/leaflet.js",
        "/static/leaflet/leaflet.css",
    ],
)
def test_static_files_are_there_and_asked_about_again(service, path):
    response = service.get(path)
    assert response.status_code == 200
    assert response.headers["cache-control"] == "no-cache"
    assert service.get(path, headers={"If-None-Match": response.headers["etag"]}).status_code == 304


def test_no_path_leaves_the_static_folder(service):
    assert service.get("/static/../app.py").status_code == 404
    assert service.get("/static/%2e%2e/app.py").status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/nothing", 404), ("POST", "/api/lookup", 405), ("DELETE", "/", 405), ("GET", "/static/none.js", 404)],
)
def test_errors_of_the_web_have_the_one_shape(service, method, path, status):
    response = service.request(method, path)
    document = response.json()
    assert response.status_code == document["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert set(document) == {"type", "title", "status", "detail"}
    assert status != 405 or response.headers["allow"]


def test_an_error_of_ours_is_its_problem_document_and_an_unknown_one_says_nothing_but_a_number(caplog):
    app = create_app(publication())

    @app.get("/ours")
    def ours() -> None:
        raise CaseError("case.toml is missing")

    @app.get("/unknown")
    def unknown() -> None:
        raise RuntimeError("secret place")

    client = TestClient(app, raise_server_exceptions=False)
    assert client.get("/ours").json()["detail"] == "case.toml is missing"
    response = client.get("/unknown")
    assert response.status_code == 500
    assert "secret" not in response.text
    assert response.json()["type"] == "urn:xuequ:problem:program-fault"
    assert response.headers["x-content-type-options"] == "nosniff"
    assert "secret place" in caplog.text
    assert 'route="/unknown",status="500"' in client.get("/metrics").text


@pytest.mark.parametrize("path", ["/", "/healthz", "/api/lookup?address=桂江一路11号", "/nothing"])
def test_head_is_answered_like_get_without_a_body(service, path):
    head, get = service.head(path), service.get(path)
    assert (head.status_code, head.content) == (get.status_code, b"")
    assert head.headers["content-type"] == get.headers["content-type"]


def test_the_operator_sees_life_readiness_and_counts(service):
    assert service.get("/healthz").json() == {"status": "ok"}
    version = service.get("/readyz").json()["plan_version"]
    service.get("/api/lookup", params={"address": "桂江一路11号"})
    text = service.get("/metrics").text
    assert f'xuequ_plan_info{{version="{version}"}} 1' in text
    assert re.search(r'xuequ_requests_total\{route="/api/lookup",status="200"\} \d+', text)
    assert "桂江" not in text


def test_the_page_without_javascript_has_the_answer(service):
    text = service.get("/lookup", params={"address": "桂江一路11号"}).text
    assert "振兴小学" in text
    assert "2026—2028 学年入学" in text
    assert "富民&lt;b&gt;小学&lt;/b&gt;" in text
    assert "学位满了怎么办" in text
    assert 'action="/lookup" method="get"' in text


def test_the_page_without_javascript_has_the_nearest_addresses_as_links(service):
    response = service.get("/lookup", params={"address": "桂江一路15号", "lang": "en"})
    assert response.status_code == 404
    links = re.findall(r'href="(/lookup\?address=[^"]+)" data-address', response.text)
    assert len(links) == 8
    assert service.get(links[0].replace("&amp;", "&")).status_code == 200


def test_part_of_the_page_is_the_answer_alone(service):
    text = service.get("/lookup", params={"address": "桂江一路11号", "part": "answer"}).text
    assert text.lstrip().startswith("<h2")
    assert "<html" not in text


@pytest.mark.parametrize("query", ["", "address=", "lon=1", "lat=1"])
def test_the_page_asks_for_an_address_where_none_is_given(service, query):
    response = service.get(f"/lookup?{query}")
    assert response.status_code == 404
    assert "请先输入住址" in response.text


def test_a_page_for_a_point(service):
    response = service.get("/lookup", params={"lon": 111.29657, "lat": 23.465304})
    assert response.status_code == 200
    assert "地块2" in response.text
    assert 'href="/lookup?lon=111.296570&amp;lat=23.465304&amp;lang=en"' in response.text


def test_a_block_without_a_school_is_told_so():
    district = town()
    statement = statement_of(district)
    rows = tuple(row._replace(school_id="", distance_m=None) if row.block_id == "b0_1" else row for row in statement.assignment)
    client = TestClient(create_app(assembled(district, type(statement)(statement.plan, rows), Settings())))
    [match] = client.get("/api/lookup", params={"address": "桂江一路11号"}).json()["matches"]
    assert match["schools"] == []
    assert "这里没有划定的学校" in client.get("/lookup", params={"address": "桂江一路11号"}).text


def test_a_case_without_notice_or_contact_says_whom_to_ask():
    client = TestClient(create_app(publication(town(options=Options(), synthetic=False, data_licence=""))))
    text = client.get("/").text
    assert "区教育局招生办公室" in text
    assert "合成数据" not in text
    assert client.get("/api/lookup", params={"address": "桂江一路11号"}).json()["synthetic"] is False


def test_suggestions_are_limited(service):
    assert len(service.get("/api/suggestions", params={"q": "路", "limit": 3}).json()["suggestions"]) == 3
    assert service.get("/api/suggestions", params={"q": "路", "limit": 21}).status_code == 422
    assert service.get("/api/suggestions").status_code == 422


def test_openapi_has_every_path_and_the_errors_of_each(service):
    document = service.get("/openapi.json").json()
    assert {
        "/",
        "/lookup",
        "/api/lookup",
        "/api/suggestions",
        "/api/map",
        "/api/map/catchments",
        "/ogc",
        "/healthz",
        "/readyz",
        "/metrics",
    } <= set(document["paths"])
    responses = document["paths"]["/api/lookup"]["get"]["responses"]
    assert {"200", "400", "404", "422"} <= set(responses)
    assert "application/problem+json" in responses["404"]["content"]
    assert json.dumps(document).count("HTTPValidationError") == 0
