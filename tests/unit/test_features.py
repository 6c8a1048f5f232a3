"""OGC API – Features: what the standard's core asks for, and that GDAL reads it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
import shapely
from fastapi.testclient import TestClient
from live import served
from publications import statement_of, town

from xuequ.api.app import create_app
from xuequ.api.publication import assembled
from xuequ.api.settings import Settings
from xuequ.zoning.places import Action, Site
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import SeatRow, Statement

NAMES = ["catchments", "schools", "clusters", "sites", "blocks", "plans"]


def with_sites():
    """Publish the town with two projects: one chosen, one not."""
    district = town(
        sites=(
            Site("x1", "振兴小学扩建", Action.EXPAND, (Stage.PRIMARY,), "s0", 12),
            Site("x2", "", Action.EXPAND, (Stage.PRIMARY,), "s1", 6),
        )
    )
    made = statement_of(district)
    seats = (
        SeatRow("x1", "school", "primary", 2027, 6, 270, 1000, 2000, 900, "eases large classes"),
        SeatRow("x1", "school", "primary", 2028, 2, 90, 0, 700, 300, "eases large classes"),
        SeatRow("x2", "school", "primary", None, 0, 0, 0, 0, 0, "no pupils near"),
    )
    return assembled(district, Statement(made.plan, made.assignment, made.schools, seats, made.clusters), Settings())


@pytest.fixture(scope="module")
def service():
    with TestClient(create_app(with_sites())) as client:
        yield client


def items(service, collection, **query):
    response = service.get(f"/ogc/collections/{collection}/items", params=query)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/geo+json"
    return response.json()


def test_the_landing_page_leads_to_everything(service):
    links = {link["rel"]: link for link in service.get("/ogc").json()["links"]}
    assert {"self", "service-desc", "conformance", "data"} <= set(links)
    for link in links.values():
        assert service.get(link["href"]).status_code == 200
    assert links["service-desc"]["type"].startswith("application/vnd.oai.openapi+json")


def test_it_says_what_it_conforms_to(service):
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in service.get("/ogc/conformance").json()["conformsTo"]


def test_collections_are_described_with_extent_and_links_that_work(service):
    collections = service.get("/ogc/collections").json()["collections"]
    assert [item["id"] for item in collections] == NAMES
    for info in collections:
        assert info == service.get(f"/ogc/collections/{info['id']}").json()
        west, south, east, north = info["extent"]["spatial"]["bbox"][0]
        assert 111.29 < west <= east < 111.31
        assert 23.46 < south <= north < 23.48
        assert all(service.get(link["href"]).status_code == 200 for link in info["links"])
    temporal = collections[0]["extent"]["temporal"]["interval"][0]
    assert temporal == ["2026-09-01T00:00:00Z", "2029-08-31T23:59:59Z"]


def test_catchments_cover_the_blocks_of_their_zone(service):
    district = town()
    page = items(service, "catchments", stage="primary", year=2027)
    assert [feature["id"] for feature in page["features"]] == ["primary-2027-s0", "primary-2027-s1", "primary-2027-s2"]
    shapes = {feature["properties"]["school_id"]: shapely.geometry.shape(feature["geometry"]) for feature in page["features"]}
    assert sum(feature["properties"]["blocks"] for feature in page["features"]) == len(district.blocks)
    blocks = {f["id"]: shapely.geometry.shape(f["geometry"]).representative_point() for f in items(service, "blocks")["features"]}
    for row in statement_of(district).assignment:
        if (row.stage, row.year) == ("primary", 2027):
            assert shapes[row.school_id].contains(blocks[row.block_id])


def test_pages_follow_each_other_without_gap_or_repeat(service):
    found, address = [], "/ogc/collections/blocks/items?limit=7"
    for _ in range(20):
        page = service.get(address).json()
        assert page["numberMatched"] == 36
        assert page["numberReturned"] == len(page["features"]) <= 7
        found += [feature["id"] for feature in page["features"]]
        links = {link["rel"]: link["href"] for link in page["links"]}
        assert service.get(links["self"]).json()["features"] == page["features"]
        if "next" not in links:
            break
        address = links["next"]
    assert found == list(town().blocks.ids)
    assert "prev" in links


def test_a_page_after_the_last_is_empty(service):
    page = items(service, "blocks", offset=99)
    assert (page["features"], page["numberReturned"], page["numberMatched"]) == ([], 0, 36)


def test_next_keeps_what_was_asked(service):
    page = items(service, "catchments", stage="primary", limit=1)
    address = next(link["href"] for link in page["links"] if link["rel"] == "next")
    assert service.get(address).json()["features"][0]["properties"]["stage"] == "primary"


def test_a_box_selects_what_it_touches(service):
    school = items(service, "schools")["features"][0]
    lon, lat = school["geometry"]["coordinates"]
    box = f"{lon - 1e-4},{lat - 1e-4},{lon + 1e-4},{lat + 1e-4}"
    assert [feature["id"] for feature in items(service, "schools", bbox=box)["features"]] == ["s0"]
    assert [feature["id"] for feature in items(service, "blocks", bbox=box)["features"]] == ["b0_0"]
    with_heights = f"{lon - 1e-4},{lat - 1e-4},0,{lon + 1e-4},{lat + 1e-4},9"
    assert [feature["id"] for feature in items(service, "schools", bbox=with_heights)["features"]] == ["s0"]
    assert items(service, "schools", bbox="0,0,1,1")["numberMatched"] == 0


def test_a_box_across_the_antimeridian_is_two(service):
    assert items(service, "schools", bbox="100,20,-170,30")["numberMatched"] == 3
    assert items(service, "schools", bbox="170,20,-170,30")["numberMatched"] == 0


@pytest.mark.parametrize(
    "bbox", ["", "1,2,3", "a,b,c,d", "1,2,3,4,5", "0,91,1,92", "0,10,1,5", "nan,0,1,1", "-181,0,0,1", "1,2,3,4,5,6,7"]
)
def test_a_box_that_is_not_understood_is_400(service, bbox):
    response = service.get("/ogc/collections/blocks/items", params={"bbox": bbox})
    assert response.status_code == 400
    assert "bbox" in response.json()["detail"]


@pytest.mark.parametrize(
    ("when", "years"),
    [
        ("2026-10-01", {2026}),
        ("2027-08-31T23:00:00Z", {2026}),
        ("2027-09-01", {2027}),
        ("2027-01-01/2027-12-31", {2026, 2027}),
        ("2028-01-01/..", {2027, 2028}),
        ("../2026-09-01", {2026}),
        ("../..", {2026, 2027, 2028}),
        ("/2027-09-02", {2026, 2027}),
        ("2040-01-01", set()),
    ],
)
def test_a_time_selects_the_school_years_that_it_meets(service, when, years):
    found = items(service, "catchments", datetime=when, stage="primary")["features"]
    assert {feature["properties"]["year"] for feature in found} == years


def test_features_without_a_year_are_in_every_time(service):
    assert items(service, "schools", datetime="1999-01-01")["numberMatched"] == 3


@pytest.mark.parametrize("when", ["soon", "", "..", "2026-13-01", "2027-01-01/2026-01-01", "2026-01-01/2027-01-01/2028-01-01"])
def test_a_time_that_is_not_understood_is_400(service, when):
    assert service.get("/ogc/collections/catchments/items", params={"datetime": when}).status_code == 400


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=10001", "offset=-1", "stage=university", "year=1", "colour=red", "lang=zh"]
)
def test_parameters_that_are_wrong_or_unknown_are_400(service, query):
    response = service.get(f"/ogc/collections/catchments/items?{query}")
    assert response.status_code == response.json()["status"] == 400
    assert response.headers["content-type"] == "application/problem+json"


def test_unknown_parameters_are_400_everywhere(service):
    assert service.get("/ogc?f=html").status_code == 400
    assert service.get("/ogc/collections?limit=1").status_code == 400


def test_a_feature_stands_alone_with_its_links(service):
    district = town()
    junior = next(row for row in statement_of(district).assignment if row.stage == "junior")
    page = items(service, "catchments", stage="junior", year=2026, school_id=junior.school_id)
    [feature] = page["features"]
    assert feature["id"] == "junior-2026-s0;s1"
    alone = service.get(f"/ogc/collections/catchments/items/{feature['id']}").json()
    assert {name: alone[name] for name in feature if name != "links"} == {
        name: feature[name] for name in feature if name != "links"
    }
    for link in alone["links"]:
        assert service.get(link["href"]).status_code == 200


@pytest.mark.parametrize(
    "path",
    [
        "/ogc/collections/none",
        "/ogc/collections/none/items",
        "/ogc/collections/schools/items/none",
        "/ogc/collections/schools/items/a/b",
    ],
)
def test_what_is_not_there_is_404(service, path):
    response = service.get(path)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


def test_sites_say_what_is_built_and_what_is_not(service):
    sites = {feature["id"]: feature["properties"] for feature in items(service, "sites")["features"]}
    chosen, other = sites["x1"], sites["x2"]
    assert (chosen["chosen"], chosen["opens"], chosen["classrooms"], chosen["seats"]) == (True, 2027, 8, 360)
    assert (other["chosen"], other["opens"], other["classrooms"], other["name"]) == (False, None, 0, "x2")
    assert other["reason"] == "no pupils near"


def test_clusters_are_the_points_of_their_schools(service):
    [cluster] = items(service, "clusters")["features"]
    assert cluster["geometry"]["type"] == "MultiPoint"
    assert len(cluster["geometry"]["coordinates"]) == 3
    properties = cluster["properties"]
    assert (properties["members"], properties["urban"], properties["rural"]) == ("s0;s1;s2", 1, 1)


def test_the_plan_is_published_with_its_version(service):
    [plan] = items(service, "plans")["features"]
    assert plan["id"] == plan["properties"]["plan_version"]
    assert (plan["properties"]["first_year"], plan["properties"]["last_year"], plan["properties"]["verified"]) == (
        2026,
        2028,
        True,
    )


def test_synthetic_stands_on_every_feature(service):
    for name in NAMES:
        assert all(feature["properties"]["synthetic"] is True for feature in items(service, name)["features"])


READING = """
import json, sys
import pyogrio
source = "OAPIF:" + sys.argv[1] + "/ogc"
found = {"layers": [name for name, _ in pyogrio.list_layers(source)]}
frame = pyogrio.read_dataframe(source, layer="catchments")
found["catchments"] = sorted(set(zip(frame.stage, frame.year.tolist(), frame.school_id)))
found["count"] = len(frame)
found["empty"] = int(frame.geometry.is_empty.sum())
found["crs"] = frame.crs.name
found["axis"] = frame.total_bounds.tolist()
found["paged"] = len(pyogrio.read_dataframe(source, layer="blocks", PAGE_SIZE="10"))
west, south = found["axis"][:2]
box = (west, south, west + 1e-4, south + 1e-4)
found["box"] = pyogrio.read_dataframe(source, layer="blocks", bbox=box).block_id.tolist()
print(json.dumps(found))
"""


def test_gdal_reads_every_collection_and_follows_the_pages():
    """GDAL runs in a process of its own: it holds the interpreter while it waits for the server."""
    statement = statement_of(town())
    with served(create_app(with_sites())) as address:
        run = subprocess.run([sys.executable, "-c", READING, address], capture_output=True, text=True, timeout=120, check=False)
    assert run.returncode == 0, run.stderr
    found = json.loads(run.stdout)
    assert set(found["layers"]) == set(NAMES)
    expected = sorted({(row.stage, row.year, row.school_id) for row in statement.assignment})
    assert [tuple(item) for item in found["catchments"]] == expected
    assert (found["count"], found["empty"], found["paged"], found["box"]) == (len(expected), 0, 36, ["b0_0"])
    west, south, east, north = found["axis"]
    assert 111.29 < west < east < 111.31  # longitude first
    assert 23.46 < south < north < 23.48
    assert "84" in found["crs"]
