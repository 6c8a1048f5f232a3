"""Pages, boxes and times of the collections are what a plain search over all features gives."""

from __future__ import annotations

from datetime import date, timedelta

import shapely
from fastapi.testclient import TestClient
from hypothesis import given, settings
from hypothesis import strategies as st
from publications import publication

from xuequ.api.app import create_app

CLIENT = TestClient(create_app(publication()))
ALL = {
    name: CLIENT.get(f"/ogc/collections/{name}/items", params={"limit": 1000}).json()["features"]
    for name in ("catchments", "blocks", "schools")
}
WEST, SOUTH, EAST, NORTH = 111.2925, 23.4635, 111.3065, 23.4760

lons = st.floats(WEST, EAST)
lats = st.floats(SOUTH, NORTH)
names = st.sampled_from(sorted(ALL))


def ids(features):
    return [feature["id"] for feature in features]


@given(names, st.integers(1, 40), st.integers(0, 60))
@settings(deadline=None, max_examples=40)
def test_a_page_is_a_slice(name, limit, offset):
    page = CLIENT.get(f"/ogc/collections/{name}/items", params={"limit": limit, "offset": offset}).json()
    assert ids(page["features"]) == ids(ALL[name])[offset : offset + limit]
    relations = {link["rel"] for link in page["links"]}
    assert ("next" in relations) == (offset + limit < len(ALL[name]))
    assert ("prev" in relations) == (offset > 0)
    assert page["numberMatched"] == len(ALL[name])


@given(names, st.tuples(lons, lons), st.tuples(lats, lats))
@settings(deadline=None, max_examples=40)
def test_a_box_finds_what_meets_it(name, lon, lat):
    west, east = sorted(lon)
    south, north = sorted(lat)
    query = {"limit": 1000, "bbox": f"{west!r},{south!r},{east!r},{north!r}"}
    found = CLIENT.get(f"/ogc/collections/{name}/items", params=query).json()["features"]
    box = shapely.box(west, south, east, north)
    expected = [feature for feature in ALL[name] if shapely.intersects(shapely.geometry.shape(feature["geometry"]), box)]
    assert ids(found) == ids(expected)


@given(st.dates(date(2025, 1, 1), date(2030, 12, 31)), st.integers(0, 800), st.sampled_from(["both", "open start", "open end"]))
@settings(deadline=None, max_examples=40)
def test_a_time_finds_the_school_years_that_it_meets(first, days, kind):
    last = first + timedelta(days)
    text = {"both": f"{first}/{last}", "open start": f"../{last}", "open end": f"{first}/.."}[kind]
    found = CLIENT.get("/ogc/collections/catchments/items", params={"limit": 1000, "datetime": text}).json()["features"]
    start = date.min if kind == "open start" else first
    end = date.max if kind == "open end" else last
    expected = [
        feature
        for feature in ALL["catchments"]
        if date(feature["properties"]["year"], 9, 1) <= end and start <= date(feature["properties"]["year"] + 1, 8, 31)
    ]
    assert ids(found) == ids(expected)


@given(st.sampled_from(ALL["catchments"]))
@settings(deadline=None, max_examples=20)
def test_properties_select_the_features_that_have_them(feature):
    wanted = {name: feature["properties"][name] for name in ("stage", "year", "school_id")}
    assert ids(CLIENT.get("/ogc/collections/catchments/items", params=wanted).json()["features"]) == [feature["id"]]
