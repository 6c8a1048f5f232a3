"""One plane in metres, whatever the files are in; the shifted systems undone to below a millimetre."""

from __future__ import annotations

import json

import numpy as np
import pyproj
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, collection, feature, whole_case
from pyproj.exceptions import CRSError

from xuequ.data.case import check_case
from xuequ.data.project import LOCAL, WGS84, Plane, transformed
from xuequ.data.shifted import in_china, to_bd09, to_gcj02, to_wgs84

WUZHOU = np.array([[111.315817, 23.471318]])


def test_the_shift_of_wuzhou():
    """The figure of the shared facts: about 530 m east and 280 m south."""
    east, north = (to_gcj02(WUZHOU) - WUZHOU)[0]
    assert (east, north) == pytest.approx((0.00519, -0.00254), abs=5e-6)


@pytest.mark.parametrize(("system", "shift"), [("gcj02", to_gcj02), ("bd09", to_bd09)])
def test_the_shift_is_undone(system, shift):
    rng = np.random.default_rng(1)
    points = np.column_stack([rng.uniform(80, 130, 5000), rng.uniform(19, 50, 5000)])
    metres = np.abs(to_wgs84(shift(points), system) - points) * 111_320
    assert metres.max() < 0.001


def test_the_shift_mostly_lies_between_100_and_700_metres_in_china():
    rng = np.random.default_rng(2)
    points = np.column_stack([rng.uniform(98, 122, 500), rng.uniform(22, 42, 500)])
    degrees = to_gcj02(points) - points
    metres = np.hypot(degrees[:, 0] * np.cos(np.radians(points[:, 1])), degrees[:, 1]) * 111_320
    assert ((metres > 100) & (metres < 700)).mean() > 0.95


def test_nothing_is_shifted_abroad():
    abroad = np.array([[-79.05, 35.92], [2.35, 48.85]])
    assert not in_china(abroad).any()
    assert (to_gcj02(abroad) == abroad).all()
    with pytest.raises(ValueError, match="wgs84 is none of bd09, gcj02"):
        to_wgs84(abroad, "wgs84")


@pytest.mark.parametrize("name", ["EPSG:4547", "epsg:4547", " EPSG:4547 ", "urn:ogc:def:crs:EPSG::4547"])
def test_codes_are_understood(name):
    assert Plane.named(name).name == "EPSG:4547"


@pytest.mark.parametrize("name", ["Beijing", "", "4547", "EPSG:0", "+proj=nonsense", "PROJCS[broken"])
def test_what_is_no_code_is_refused(name):
    with pytest.raises(CRSError):
        Plane.named(name)


def test_heights_are_left_aside():
    plane = Plane.of(pyproj.CRS.from_user_input("EPSG:4547+5773"))
    assert plane.name == "EPSG:4547"
    assert Plane.of(pyproj.CRS("EPSG:4979")).is_degrees


def crs_of(case, tmp_path):
    report = check_case(case.write(tmp_path))
    assert report.ok, [problem.message for problem in report.problems.errors]
    return report.district.crs, report


def in_plane(case, name):
    """Write blocks, boundary and roads in another plane."""
    change = lambda shapes: transformed(np.asarray(shapes, dtype=object), Plane.named(CRS), Plane.named(name))  # noqa: E731
    for item in case.blocks:
        item["geometry"] = json.loads(shapely.to_geojson(change(shapely.from_geojson([json.dumps(item["geometry"])]))[0]))
    case.block_crs = name
    return case


@pytest.mark.parametrize(("plane", "expected"), [
    (WGS84, "EPSG:32649"), ("EPSG:3857", "EPSG:32649"), ("EPSG:4490", "EPSG:32649"), ("EPSG:4546", "EPSG:4546"),
    ("EPSG:32649", "EPSG:32649"), ("EPSG:4497", "EPSG:4497"),
])  # fmt: skip
def test_the_district_lies_in_true_metres(tmp_path, plane, expected):
    """Degrees and Web Mercator become UTM; a metric plane of the file is kept, also with the zone's number in x."""
    case = in_plane(whole_case(), plane)
    case.sections["case"] = "school_year = 2025"
    case.sections["tables.schools"] += f'\ncrs = "{CRS}"'
    crs, report = crs_of(case, tmp_path)
    assert crs == expected
    area = shapely.area(report.district.blocks.geometry).sum()
    assert area == pytest.approx(12 * 300 * 300, rel=0.002)
    assert report.summary["components"] == 1
    assert report.district.schools.block.tolist() == [0, 11]


def test_the_plane_of_the_case_is_taken_where_it_is_metric(tmp_path):
    case = whole_case()
    case.sections["case"] = 'crs = "EPSG:4546"\nschool_year = 2025'
    case.sections["tables.schools"] += f'\ncrs = "{CRS}"'
    crs, report = crs_of(case, tmp_path)
    assert crs == "EPSG:4546"
    assert not list(report.problems)


def test_feet_become_metres(tmp_path):
    case = whole_case()
    east, north = 2_000_000.0, 800_000.0
    for k, item in enumerate(case.blocks):
        x, y = east + 1000 * (k % 4), north + 1000 * (k // 4)
        item["geometry"] = json.loads(shapely.to_geojson(shapely.box(x, y, x + 1000, y + 1000)))
    case.block_crs = "EPSG:2264"
    case.schools = [{"id": "A", "stages": "primary", "classrooms": 9, "block": "b0"}]
    for name in ("roads", "boundary"):
        del case.sections[f"tables.{name}"]
    case.sections["case"] = 'crs = "EPSG:2264"\nschool_year = 2025'
    crs, report = crs_of(case, tmp_path)
    assert crs == "EPSG:32617"
    side = 1000 * 0.3048006096012192
    # UTM is short by a factor of 0.9996 at its middle, and zone 17's lies 2 degrees west of here.
    assert shapely.area(report.district.blocks.geometry)[0] == pytest.approx(side**2, rel=1e-3)


def test_southern_zones(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        x, y = -51.2 + 0.003 * (k % 4), -30.03 + 0.003 * (k // 4)
        item["geometry"] = json.loads(shapely.to_geojson(shapely.box(x, y, x + 0.003, y + 0.003)))
    case.block_crs = None
    case.schools = [{"id": "A", "stages": "primary", "classrooms": 9, "lat": -30.0285, "lon": -51.1985}]
    for name in ("roads", "boundary"):
        del case.sections[f"tables.{name}"]
    case.sections["case"] = "school_year = 2025"
    crs, report = crs_of(case, tmp_path)
    assert crs == "EPSG:32722"
    assert report.district.schools.block.tolist() == [0]


def test_geojson_of_the_standard_names_no_system(tmp_path):
    case = in_plane(whole_case(), WGS84)
    case.block_crs = None
    crs, report = crs_of(case, tmp_path)
    assert crs == CRS
    assert not list(report.problems)


def test_degrees_of_a_spreadsheet_need_no_system(tmp_path):
    case = whole_case()
    degrees = transformed(
        np.array([shapely.Point(row["x"], row["y"]) for row in case.schools], dtype=object), Plane.named(CRS), Plane.named(WGS84)
    )
    case.schools = [{**{k: v for k, v in row.items() if k not in "xy"}, "经度": point.x, "纬度": point.y}
                    for row, point in zip(case.schools, degrees, strict=True)]  # fmt: skip
    _, report = crs_of(case, tmp_path)
    assert report.district.schools.block.tolist() == [0, 11]
    swapped = whole_case()
    swapped.schools = [{**row, "经度": row["纬度"], "纬度": row["经度"]} for row in case.schools]
    _, report = crs_of(swapped, tmp_path)
    assert report.district.schools.block.tolist() == [0, 11]
    assert any("the axes are swapped" in problem.message for problem in report.problems.warnings)


def test_northing_first_is_put_right_in_a_metric_plane(tmp_path):
    """Chinese surveyors call the northing x."""
    case = whole_case()
    for item in case.blocks:
        ring = item["geometry"]["coordinates"][0]
        item["geometry"]["coordinates"] = [[[y, x] for x, y in ring]]
    _, report = crs_of(case, tmp_path)
    assert any(problem.table == "blocks" and "the axes are swapped" in problem.message for problem in report.problems.warnings)
    assert shapely.get_coordinates(report.district.blocks.geometry[0]).min(axis=0) == pytest.approx([EAST, NORTH])


def test_points_move_with_their_polygons(tmp_path):
    case = in_plane(whole_case(), WGS84)
    for item in case.blocks:
        x, y = shapely.get_coordinates(shapely.centroid(shapely.from_geojson(json.dumps(item["geometry"]))))[0]
        item["properties"] |= {"point_x": x + 0.0001, "point_y": y}
    _, report = crs_of(case, tmp_path)
    x, y = report.district.blocks.points[0]
    assert x == pytest.approx(EAST + 150 + 10.2, abs=0.5)
    assert y == pytest.approx(NORTH + 150, abs=0.5)


def test_a_local_plane_is_kept_as_it_is(tmp_path):
    case = whole_case()
    case.block_crs = None
    case.sections["case"] = f'crs = "{LOCAL}"\nschool_year = 2025'
    case.table(
        "roads", collection([feature({}, shapely.LineString([(EAST, NORTH), (EAST + 1200, NORTH)]))], None), file="roads.geojson"
    )
    case.table(
        "boundary", collection([feature({}, shapely.box(EAST, NORTH, EAST + 1200, NORTH + 900))], None), file="boundary.geojson"
    )
    crs, report = crs_of(case, tmp_path)
    assert crs == LOCAL
    assert report.district.blocks.geometry[0].bounds == (EAST, NORTH, EAST + 300, NORTH + 300)


@pytest.mark.parametrize(
    "definition",
    ['LOCAL_CS["site"]', 'GEOCCS["x",DATUM["d",SPHEROID["s",6378137,298]],PRIMEM["g",0],UNIT["metre",1]]', "EPSG:5773"],
)
def test_systems_that_are_no_map_are_told(tmp_path, definition):
    case = whole_case()
    case.sections["tables.blocks"] += f"\ncrs = '{definition}'"
    messages = [problem.message for problem in check_case(case.write(tmp_path)).problems.errors]
    assert any("cannot be understood" in text or "is not known" in text for text in messages)
