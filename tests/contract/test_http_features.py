"""OGC API – Features under /ogc: conformance, pages, boxes, times, and what is refused."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, quote, urlsplit

import pytest
import shapely
from fastapi.testclient import TestClient
from publications import publication, town
from refusals import problem

from xuequ.api.app import create_app


@pytest.fixture(scope="module")
def service():
    with TestClient(create_app(publication()), raise_server_exceptions=False) as client:
        yield client


def walk(service, path):
    """Follow the links ``next`` from a page on; return the pages."""
    pages = []
    while path:
        response = service.get(path)
        assert response.status_code == 200
        pages.append(response.json())
        path = next((link["href"] for link in pages[-1]["links"] if link["rel"] == "next"), None)
        path = path and path.removeprefix("http://testserver")
    return pages


@pytest.mark.parametrize("limit", [1, 5, 35, 36, 37, 10_000])
def test_pages_of_any_length_hold_each_feature_once(service, limit):
    pages = walk(service, f"/ogc/collections/blocks/items?limit={limit}")
    assert len(pages) == -(-36 // limit)
    found = [feature["id"] for page in pages for feature in page["features"]]
    assert found == list(town().blocks.ids)
    for at, page in enumerate(pages):
        assert (page["numberMatched"], page["numberReturned"]) == (36, len(page["features"]))
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", page["timeStamp"])
        rels = [link["rel"] for link in page["links"]]
        assert ("next" in rels) == (at < len(pages) - 1)
        assert ("prev" in rels) == (at > 0)


def test_the_links_of_a_page_keep_what_was_asked(service):
    page = service.get("/ogc/collections/catchments/items?stage=primary&year=2027&limit=1&bbox=111,23,112,24").json()
    following = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert parse_qs(urlsplit(following).query) == {
        "stage": ["primary"], "year": ["2027"], "limit": ["1"], "offset": ["1"], "bbox": ["111,23,112,24"],
    }  # fmt: skip


@pytest.mark.parametrize("limit", ["limit=0", "limit=10001", "limit=x", "limit=-1", "limit=", "offset=-1", "offset=x"])
@pytest.mark.parametrize("collection", ["blocks", "catchments"])
def test_a_page_of_no_sensible_length_is_a_400(service, collection, limit):
    assert problem(service.get(f"/ogc/collections/{collection}/items?{limit}"), 400)["errors"]


@pytest.mark.parametrize(
    "query",
    [
        "year=x", "stage=high", "bbox=", "bbox=1,2,3", "bbox=a,b,c,d", "bbox=0,50,10,40", "bbox=0,0,400,1", "bbox=0,-91,1,0",
        "bbox=nan,0,1,1", "bbox=0,0,1,inf", "datetime=", "datetime=yesterday", "datetime=2027-01-01/2026-01-01",
        "datetime=2026/2027/2028", "datetime=2026-13-01", "limits=5", "Limit=5", "filter=1", "crs=EPSG:4326",
    ],
)  # fmt: skip
def test_a_query_that_is_not_understood_is_a_400(service, query):
    problem(service.get(f"/ogc/collections/catchments/items?{query}"), 400)


@pytest.mark.parametrize(
    ("datetime", "years"),
    [
        ("2026-09-01", {2026}), ("2026-08-31", set()), ("2027-08-31", {2026}), ("2027-09-01T00:00:00Z", {2027}),
        ("2027-01-01/..", {2026, 2027, 2028}), ("../2027-08-31", {2026}), ("/2027-09-01", {2026, 2027}),
        ("2027-09-01/2028-08-31", {2027}), ("2029-09-01/", set()),
        ("../..", {2026, 2027, 2028}),
    ],
)  # fmt: skip
def test_a_time_meets_the_school_years_that_it_lies_in(service, datetime, years):
    page = service.get("/ogc/collections/catchments/items", params={"datetime": datetime}).json()
    assert {feature["properties"]["year"] for feature in page["features"]} == years


def test_a_box_has_the_features_that_touch_it(service):
    everything = service.get("/ogc/collections/blocks/items").json()["features"]
    west, south, east, north = shapely.geometry.shape(everything[7]["geometry"]).bounds
    middle = (west + east) / 2, (south + north) / 2
    point = f"{middle[0]},{middle[1]},{middle[0]},{middle[1]}"
    for box in (point, f"{middle[0]},{middle[1]},-5,{middle[0]},{middle[1]},900"):
        page = service.get("/ogc/collections/blocks/items", params={"bbox": box}).json()
        assert [feature["id"] for feature in page["features"]] == [everything[7]["id"]]
    around = service.get("/ogc/collections/blocks/items", params={"bbox": f"{west},{south},{east},{north}"}).json()
    assert around["numberMatched"] == 9
    assert service.get("/ogc/collections/blocks/items", params={"bbox": "170,-10,-170,10"}).json()["numberMatched"] == 0
    assert service.get("/ogc/collections/blocks/items", params={"bbox": "100,20,-170,30"}).json()["numberMatched"] == 36


@pytest.mark.parametrize("name", ["catchments", "schools", "clusters", "sites", "blocks", "plans"])
def test_a_collection_says_what_it_holds(service, name):
    about = service.get(f"/ogc/collections/{name}").json()
    assert about["id"] == name
    assert about["crs"] == ["http://www.opengis.net/def/crs/OGC/1.3/CRS84"]
    links = {link["rel"]: link["href"] for link in about["links"]}
    page = service.get(links["items"].removeprefix("http://testserver")).json()
    assert page["type"] == "FeatureCollection"
    if page["features"]:
        [west, south, east, north] = about["extent"]["spatial"]["bbox"][0]
        for feature in page["features"]:
            bounds = shapely.geometry.shape(feature["geometry"]).bounds
            assert west <= bounds[0]
            assert south <= bounds[1]
            assert bounds[2] <= east
            assert bounds[3] <= north
            own = service.get(f"/ogc/collections/{name}/items/{quote(feature['id'], safe='')}").json()
            assert own["properties"] == feature["properties"]
            assert own["properties"]["synthetic"] is True


def test_what_the_landing_page_leads_to_is_there(service):
    for document in (service.get("/ogc").json(), service.get("/ogc/collections").json()):
        for link in document["links"]:
            response = service.get(link["href"].removeprefix("http://testserver") or "/")
            assert response.status_code == 200, link
    classes = service.get("/ogc/conformance").json()["conformsTo"]
    assert {name.rsplit("/", 1)[1] for name in classes} >= {"core", "geojson"}


@pytest.mark.parametrize(
    "path", ["/ogc/collections/pupils", "/ogc/collections/schools/items/s9", "/ogc/collections/pupils/items", "/ogc/nothing"]
)
def test_what_is_not_there_is_a_404_in_the_same_shape(service, path):
    problem(service.get(path), 404)
