"""Points to blocks, outlines of catchments, and the plane to the globe and back."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pyproj
import pytest
import shapely
from publications import ORIGIN, publication, town
from shapely import affinity

from xuequ.api.cartography import Cartography, geojson
from xuequ.api.geography import Geography

X, Y = ORIGIN


@pytest.fixture(scope="module")
def geography():
    return Geography(town())


def test_the_globe_is_where_the_projection_says(geography):
    lon, lat = geography.lonlat((X, Y))
    expected = pyproj.Transformer.from_crs("EPSG:4546", "EPSG:4490", always_xy=True).transform(X, Y)
    assert (lon, lat) == pytest.approx(expected, abs=1e-6)


def test_there_and_back_is_where_it_was(geography):
    rng = np.random.default_rng(1)
    for x, y in rng.uniform((X, Y), (X + 1200, Y + 1200), (20, 2)):
        lon, lat = geography.lonlat((x, y))
        assert geography.plane(lon, lat) == pytest.approx((x, y), abs=0.2)


def test_a_point_is_in_the_block_that_holds_it(geography):
    district = town()
    for block, (x, y) in enumerate(district.blocks.points):
        assert geography.blocks_at(x, y) == (block,)


@pytest.mark.parametrize(
    ("dx", "dy", "blocks"),
    [(200, 100, (0, 1)), (200, 200, (0, 1, 6, 7)), (0, 0, (0,)), (-0.001, 10, ()), (1201, 10, ()), (600, 1200, (32, 33))],
)
def test_on_a_border_are_all_that_touch_and_outside_is_none(geography, dx, dy, blocks):
    assert geography.blocks_at(X + dx, Y + dy) == blocks


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 1e300])
def test_a_point_that_is_nowhere_is_in_no_block(geography, value):
    assert geography.blocks_at(value, Y) == ()
    assert geography.nearest_addresses(value, Y, 300, 5) == ()


def test_the_nearest_addresses_come_first_and_only_within_reach(geography):
    near = geography.nearest_addresses(X + 100, Y - 50, 250, 10)
    assert near[:3] == ("桂江一路1号", "桂江一路4号", "桂江一路7号")
    assert set(near[3:]) == {"桂江一路11号", "桂江一路14号", "桂江一路17号"}
    assert geography.nearest_addresses(X + 100, Y - 50, 149, 10) == ()
    assert len(geography.nearest_addresses(X + 100, Y - 50, 250, 2)) == 2


def test_a_district_without_addresses_has_no_nearest():
    assert Geography(town(addresses=())).nearest_addresses(X, Y, 1e6, 5) == ()


def test_the_union_of_blocks_is_their_outline(geography):
    assert geography.union([0, 1, 6, 7]).equals(shapely.box(X, Y, X + 400, Y + 400))
    apart = geography.union([0, 35])
    assert apart.geom_type == "MultiPolygon"
    assert apart.area == pytest.approx(80_000)


def test_blocks_that_overlap_are_united_all_the_same():
    district = town()
    shapes = district.blocks.geometry.copy()
    shapes[0] = affinity.translate(shapes[0], 30, 0)
    outline = Geography(district.replace(blocks=replace(district.blocks, geometry=shapes))).union([0, 1])
    assert outline.is_valid
    assert outline.area == pytest.approx(200 * 370)


def test_simplified_outlines_go_on_sharing_their_borders(geography):
    district = town()
    rng = np.random.default_rng(2)
    wave = [(X + 600 + float(rng.uniform(-6, 6)), Y + y) for y in range(0, 1201, 20)]
    left = shapely.Polygon([(X, Y), *wave, (X, Y + 1200)])
    right = shapely.Polygon([(X + 1200, Y), *wave, (X + 1200, Y + 1200)])
    simple = geography.simplified([left, right], 15)
    assert shapely.coverage_is_valid(simple)
    assert shapely.get_num_coordinates(simple).sum() < shapely.get_num_coordinates([left, right]).sum() / 2
    assert geography.simplified([None, left], 15) == [None, left]
    assert geography.simplified([], 15) == []
    assert district.crs == "EPSG:4546"


def test_local_metres_have_no_globe():
    local = Geography(town(crs="local-metres"))
    assert not local.is_located
    assert local.has_outlines
    assert local.lonlat((X, Y)) is None
    assert local.on_globe([shapely.Point(X, Y), None], 6) == [None, None]
    with pytest.raises(ValueError, match="local metres"):
        local.plane(111.0, 23.0)


def test_blocks_with_only_points_have_no_outlines():
    district = town()
    points = Geography(district.replace(blocks=replace(district.blocks, geometry=None)))
    assert not points.has_outlines
    assert points.union([0]) is None
    assert points.blocks_at(X + 10, Y + 10) == ()


def test_coordinates_are_rounded_as_asked(geography):
    [shape] = geography.on_globe([shapely.LineString([(X, Y), (X + 100, Y)])], 4)
    assert all(round(value, 4) == value for value in shapely.get_coordinates(shape).ravel())


def test_threads_may_ask_at_once(geography):
    points = [(X + 100 * at, Y + 50 * at) for at in range(12)]
    expected = [geography.lonlat(point) for point in points]
    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(geography.lonlat, points * 20)) == expected * 20


def test_nothing_is_no_geometry():
    assert geojson(None) is None
    assert geojson(shapely.Polygon()) is None
    assert geojson(shapely.Point(1, 2)) == {"type": "Point", "coordinates": (1.0, 2.0)}


def test_outlines_of_a_stage_and_year_are_a_coverage_of_the_district():
    made = publication()
    cartography = Cartography(made, Geography(made.district))
    for stage, year in made.by_catchment:
        outlines = cartography.outlines(stage, year)
        assert set(outlines) == set(made.by_catchment[stage, year])
        assert shapely.coverage_is_valid(list(outlines.values()))
        assert sum(shape.area for shape in outlines.values()) == pytest.approx(1200 * 1200)
    assert cartography.outlines("primary", 2026) is cartography.outlines("primary", 2026)
    with pytest.raises(KeyError):
        cartography.outlines("primary", 1999)


def test_the_boundary_of_the_case_is_the_maps_if_it_has_one():
    outline = shapely.box(X - 500, Y - 500, X + 2000, Y + 2000)
    made = publication(town(boundary=outline))
    geography = Geography(made.district)
    import json

    content = json.loads(Cartography(made, geography).base().body)
    assert shapely.geometry.shape(content["boundary"]).bounds == pytest.approx(
        geography.on_globe([outline], 5)[0].bounds, abs=1e-5
    )
