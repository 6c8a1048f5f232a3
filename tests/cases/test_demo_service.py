"""The demo district is served: 200 addresses answered as in the plan, by address and by point, and in a browser."""

from __future__ import annotations

import random
from importlib import resources
from pathlib import Path

import numpy as np
import pytest
import shapely
from fastapi.testclient import TestClient
from live import served
from plans import hand_plan
from playwright.sync_api import expect

from xuequ.api.app import create_app
from xuequ.api.publication import open_publication, published
from xuequ.api.settings import Settings
from xuequ.data.case import read_case
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state

SHIPPED = Path(str(resources.files("xuequ.data"))) / "demo" / "plan"


@pytest.fixture(scope="module")
def publication():
    """The plan that the demo ships with; while it has none, today's primary catchments as a plan, verified like any other."""
    if SHIPPED.is_dir():
        return open_publication(Settings())
    district = read_case("demo").district
    today = district.today[Stage.PRIMARY]
    plan = hand_plan(district, Catchments(Stage.PRIMARY, 2026, today.zones, today.zone))
    return published(district, state(district, plan), Settings())


@pytest.fixture(scope="module")
def application(publication):
    return create_app(publication)


@pytest.fixture(scope="module")
def service(application):
    with TestClient(application) as client:
        yield client


@pytest.fixture(scope="module")
def chosen(publication):
    """Two hundred addresses, the same each time."""
    return random.Random(7).sample(publication.district.addresses, 200)


def stated(publication, block):
    """Return what assignment.csv says of a block."""
    name = publication.district.blocks.ids[block]
    rows = [row for row in publication.statement.assignment if row.block_id == name and row.school_id]
    return {(row.stage, row.year): (row.school_id, row.distance_m) for row in rows}


def answered(match):
    return {(item["stage"], item["year"]): (item["school_id"], item["distance_m"]) for item in match["schools"]}


def test_two_hundred_addresses_are_answered_as_in_the_assignment(service, publication, chosen):
    for address in chosen:
        answer = service.get("/api/lookup", params={"address": address.text}).json()
        [match] = answer["matches"]
        assert match["block_id"] == publication.district.blocks.ids[address.block]
        assert answered(match) == stated(publication, address.block)
        assert answer["synthetic"] is True
        assert answer["plan_version"] == publication.version


def test_addresses_are_answered_by_their_points_too(service, publication, chosen):
    """A point on a border between blocks may name both, so the block of the address is among the answers."""
    blocks = publication.district.blocks
    inside = 0
    for address in chosen:
        if not shapely.contains_xy(blocks.geometry[address.block], address.x, address.y):
            continue
        inside += 1
        at = service.get("/api/lookup", params={"address": address.text}).json()["matches"][0]
        matches = service.get("/api/lookup", params={"lon": at["lon"], "lat": at["lat"]}).json()["matches"]
        found = {match["block_id"]: answered(match) for match in matches}
        assert found[blocks.ids[address.block]] == stated(publication, address.block)
    assert inside > 100


def test_every_address_is_known_in_one_block(publication):
    from xuequ.api.lookup import AddressIndex

    index = AddressIndex(publication.district)
    wrong = [
        address.text
        for address in publication.district.addresses
        if [place.blocks for place in index.find(address.text).places] != [(address.block,)]
    ]
    assert wrong == []


@pytest.mark.parametrize("number", [100_000 - 1, 3333])
def test_a_number_that_is_not_there_is_never_given_a_school(service, publication, number):
    streets = sorted({address.street for address in publication.district.addresses if address.street})
    for street in streets[::20]:
        response = service.get("/api/lookup", params={"address": f"{street}{number}号"})
        assert response.status_code == 404
        assert response.json()["matches"] == []
        assert response.json()["suggestions"]
        assert all(text.startswith(street) for text in response.json()["suggestions"][:3])


def test_the_catchments_cover_the_district_once(service, publication):
    blocks = publication.district.blocks
    total = float(shapely.area(shapely.union_all(blocks.geometry)))
    from xuequ.api.cartography import Cartography
    from xuequ.api.geography import Geography

    outlines = Cartography(publication, Geography(publication.district)).outlines("primary", publication.years[0])
    given = sum(shape.area for shape in outlines.values())
    assert given == pytest.approx(total, rel=1e-3)


def test_answers_of_the_demo_are_small(service, publication):
    """A slow line: the page and all that it needs at first stay under 250 kB compressed."""
    paths = ["/", "/static/page.css", "/static/page.js", "/static/answer.js", "/static/search.js", "/static/map.js",
             "/static/leaflet/leaflet.js", "/static/leaflet/leaflet.css", "/api/map",
             f"/api/map/catchments?stage=primary&year={publication.years[0]}"]  # fmt: skip
    sizes = {}
    for path in paths:
        with service.stream("GET", path, headers={"Accept-Encoding": "gzip"}) as response:
            assert response.status_code == 200
            sizes[path] = sum(len(part) for part in response.iter_raw())
    assert sum(sizes.values()) < 250_000, sizes


@pytest.mark.browser
def test_an_address_of_the_demo_is_found_in_a_browser(browser, application, publication, chosen):
    address = next(item for item in chosen if item.street)
    row = next(
        item
        for item in publication.statement.assignment
        if item.block_id == publication.district.blocks.ids[address.block] and item.stage == "primary" and item.school_id
    )
    with served(application) as home:
        page = browser.new_page(viewport={"width": 390, "height": 844})
        page.goto(home)
        page.locator("#address").fill(address.text)
        page.keyboard.press("Enter")
        expect(page.locator("#answer-heading")).to_have_text(address.text)
        expect(page.locator('.span[data-stage="primary"]').first).to_have_attribute("data-zone", row.school_id)
        expect(page.locator("aside.synthetic")).to_be_visible()
        expect(page.locator("#map[data-ready]")).to_be_attached()
        page.close()


def test_distances_are_walked(service, chosen):
    match = service.get("/api/lookup", params={"address": chosen[0].text}).json()
    assert match["source"]["distance_method"].startswith("walked")
    minutes = [(item["distance_m"], item["walk_minutes"]) for item in match["matches"][0]["schools"] if item["distance_m"]]
    assert minutes
    assert all(np.ceil(metres / (4000 / 60)) == walked for metres, walked in minutes)
