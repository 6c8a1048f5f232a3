"""Coordinate systems of Chinese files: degrees, three-degree zones, axes the wrong way round, web maps: put right or told."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, collection, feature, whole_case

from xuequ.data.case import check_case
from xuequ.data.project import LOCAL, WGS84, Plane, transformed
from xuequ.data.shifted import to_bd09, to_gcj02

SWAPPED = "the axes are swapped (latitude or northing first); they are put right"
MAPS = ("roads", "boundary")
# degrees of WGS 84 and CGCS2000; CGCS2000 three-degree and six-degree zones with and without the zone's number; UTM; Web Mercator
PLANES = [
    "EPSG:4326",
    "EPSG:4490",
    "EPSG:4545",
    "EPSG:4546",
    "EPSG:4524",
    "EPSG:4525",
    "EPSG:4497",
    "EPSG:4508",
    "EPSG:32649",
    "EPSG:3857",
]
SHIFTS = {"gcj02": to_gcj02, "bd09": to_bd09}


def moved(shapes, plane, shift=None, *, swap=False):
    """Return shapes of the whole case in another system."""
    out = transformed(np.asarray(shapes, dtype=object), Plane.named(CRS), Plane.named(plane))
    if shift is not None:
        out = shapely.transform(out, shift)
    return shapely.transform(out, lambda points: points[:, ::-1]) if swap else out


def redraw(case, table, plane, *, named=True, **how):
    """Write a table of the whole case in another system."""
    member = plane if named else None
    if table == "blocks":
        shapes = moved(shapely.from_geojson([json.dumps(item["geometry"]) for item in case.blocks]), plane, **how)
        for item, shape in zip(case.blocks, shapes, strict=True):
            item["geometry"] = json.loads(shapely.to_geojson(shape))
        case.block_crs = member
    elif table == "schools":
        points = moved([shapely.Point(row["x"], row["y"]) for row in case.schools], plane, **how)
        for row, point in zip(case.schools, points, strict=True):
            row |= {"x": point.x, "y": point.y}
        case.sections["tables.schools"] += f'\ncrs = "{plane}"'
    else:
        features = json.loads(case.files[f"{table}.geojson"])["features"]
        shapes = moved(shapely.from_geojson([json.dumps(item["geometry"]) for item in features]), plane, **how)
        redrawn = [feature(item["properties"], shape) for item, shape in zip(features, shapes, strict=True)]
        case.files[f"{table}.geojson"] = collection(redrawn, member)
    return case


def everything(plane, **how):
    """Return the whole case with all places in one system, which no file and no key but ``[case] crs`` names."""
    case = whole_case()
    for table in ("blocks", "schools", *MAPS):
        redraw(case, table, plane, named=False, **how)
    case.sections["tables.schools"] = 'file = "schools.csv"'
    case.sections["case"] = f'crs = "{plane}"\nschool_year = 2025'
    return case


def told(report):
    return [(item.table, item.message) for item in report.problems]


def is_whole(report, *, exactly=True):
    """Say that the district is the one of the whole case, whatever its plane."""
    assert report.ok, report.problems.errors
    district = report.district
    sides = shapely.area(district.blocks.geometry) ** 0.5
    assert sides == pytest.approx([SIDE] * 12, rel=2e-3)
    assert district.schools.block.tolist() == [0, 11]
    assert report.summary["components"] == 1
    assert (len(district.roads), report.summary["road_pieces"]) == (31, 1)
    if exactly:
        back = transformed(np.array([shapely.Point(district.blocks.points[0])]), Plane.named(district.crs), Plane.named(CRS))
        assert shapely.get_coordinates(back)[0] == pytest.approx([EAST + SIDE / 2, NORTH + SIDE / 2], abs=0.01)
    return True


@pytest.mark.parametrize("plane", PLANES)
def test_a_case_in_one_system_that_only_the_case_names(tmp_path, plane):
    report = check_case(everything(plane).write(tmp_path))
    assert is_whole(report)
    assert not told(report)
    assert not Plane.named(report.district.crs).is_degrees


@pytest.mark.parametrize("plane", [plane for plane in PLANES if plane != "EPSG:3857"])
def test_a_case_with_its_axes_the_wrong_way_round(tmp_path, plane):
    """Chinese surveyors call the northing x, EPSG has latitude first; Web Mercator is used everywhere, so nobody can tell."""
    report = check_case(everything(plane, swap=True).write(tmp_path))
    assert is_whole(report)
    assert told(report) == [(table, SWAPPED) for table in ("blocks", "schools", *MAPS)]


@pytest.mark.parametrize("table", ["blocks", "schools", *MAPS])
@pytest.mark.parametrize("plane", ["EPSG:4490", "EPSG:4546", "EPSG:4525"])
def test_one_table_in_another_system_than_the_rest(tmp_path, table, plane):
    report = check_case(redraw(whole_case(), table, plane).write(tmp_path))
    assert is_whole(report)
    assert not told(report)
    assert report.district.crs == CRS  # which the case names


@pytest.mark.parametrize("table", ["schools", *MAPS])
def test_one_table_with_its_axes_the_wrong_way_round(tmp_path, table):
    report = check_case(redraw(whole_case(), table, CRS, swap=True).write(tmp_path))
    assert is_whole(report)
    assert told(report) == [(table, SWAPPED)]


@pytest.mark.parametrize("system", SHIFTS)
def test_a_case_of_a_web_map_that_says_so(tmp_path, system):
    case = everything(WGS84, shift=SHIFTS[system])
    case.sections["case"] = f'crs = "{system}"\nschool_year = 2025'
    report = check_case(case.write(tmp_path))
    assert is_whole(report)
    assert not told(report)
    assert report.district.crs == CRS


def town(columns=9, rows=9):
    """Return a case of blocks of many sizes whose streets run along their borders, without a boundary."""
    case = whole_case(columns, rows)
    wide, high = (np.concatenate([[0], np.cumsum(180 + 17 * (np.arange(n) * k % 11))]) for n, k in ((columns, 4), (rows, 7)))
    for k, item in enumerate(case.blocks):
        i, j = k % columns, k // columns
        box = shapely.box(EAST + wide[i], NORTH + high[j], EAST + wide[i + 1], NORTH + high[j + 1])
        item["geometry"] = feature({}, box)["geometry"]
    streets = [shapely.LineString([(EAST + x, NORTH), (EAST + x, NORTH + high[-1])]) for x in wide]
    streets += [shapely.LineString([(EAST, NORTH + y), (EAST + wide[-1], NORTH + y)]) for y in high]
    parts = shapely.get_parts(shapely.node(shapely.union_all(streets)))
    case.table("roads", collection([feature({"class": "street"}, part) for part in parts]), file="roads.geojson")
    case.schools[1] |= {"x": EAST + wide[-1] - 50, "y": NORTH + high[-1] - 50}
    del case.sections["tables.boundary"]
    return case


@pytest.mark.parametrize("system", SHIFTS)
@pytest.mark.parametrize("table", ["blocks", "roads"])
def test_blocks_or_roads_of_a_web_map_are_noticed_by_each_other(tmp_path, table, system):
    """Which of the two is shifted nobody can tell from the two alone: one is named, and the name of the shift is right."""
    case = redraw(town(14, 14), table, WGS84, shift=SHIFTS[system])
    hints = [item for item in check_case(case.write(tmp_path / "a")).problems.warnings if "are probably" in item.message]
    assert len(hints) == 1
    assert f"its coordinates are probably {system.upper()[:-2]}-{system[-2:]}, not EPSG:" in hints[0].message
    assert hints[0].fix == f'write crs = "{system}" into [tables.{hints[0].table}]'
    case.sections[f"tables.{table}"] += f'\ncrs = "{system}"'
    mended = check_case(case.write(tmp_path / "b"))
    assert told(mended) == [(table, f"the file says EPSG:4326, the case says {system}; the case is followed")]


@pytest.mark.parametrize("system", SHIFTS)
def test_a_boundary_of_a_web_map_is_noticed(tmp_path, system):
    case = redraw(whole_case(8, 8), "boundary", WGS84, shift=SHIFTS[system])
    case.sections.pop("tables.roads")
    hints = [item for item in check_case(case.write(tmp_path)).problems.warnings if "are probably" in item.message]
    assert [system.upper()[:-2] in item.message for item in hints] == [True]


def test_a_town_whose_streets_fit_its_blocks_is_left_alone(tmp_path):
    assert told(check_case(town().write(tmp_path))) == []


@pytest.mark.parametrize(
    ("crs", "table", "said"),
    [
        ("EPSG:4548", "schools", " km from the blocks: one of the two coordinate systems is probably wrong"),
        ("EPSG:4326", "blocks", "the places lie outside the area that EPSG:4326 is made for; it is probably the wrong one"),
        ("gcj02", "blocks", "the places lie outside the area that gcj02 is made for; it is probably the wrong one"),
    ],
)
def test_a_system_that_cannot_be_true_is_doubted(tmp_path, crs, table, said):
    case = whole_case()
    case.sections["tables.blocks"] += f'\ncrs = "{crs}"'
    found = told(check_case(case.write(tmp_path)))
    assert any(name == table and text.endswith(said) for name, text in found)
    assert ("blocks", f"the file says {CRS}, the case says {crs}; the case is followed") in found
    assert not any("inf km" in text for _, text in found)


@pytest.mark.parametrize("name", ["Beijing 1954", "EPSG:1", "+proj=laea +lat_0=x", "["])
@pytest.mark.parametrize("where", ["case", "tables.schools"])
def test_a_system_that_nobody_knows_is_told_with_an_example(tmp_path, where, name):
    case = whole_case()
    case.sections[where] = case.sections[where].replace(f'crs = "{CRS}"', "") + f'\ncrs = "{name}"'
    errors = [item for item in check_case(case.write(tmp_path)).problems.errors if "is not known" in item.message]
    assert [(item.table, item.value) for item in errors] == [("case.toml" if where == "case" else "schools", name)]
    assert errors[0].message == f"the coordinate system {name} is not known"
    assert 'write a code like "EPSG:4547", "local-metres", "gcj02" or "bd09"' in errors[0].fix


def test_a_local_plane_needs_no_system_and_knows_no_web_map(tmp_path):
    case = everything(CRS)
    case.sections["case"] = f'crs = "{LOCAL}"\nschool_year = 2025'
    report = check_case(case.write(tmp_path))
    assert is_whole(report, exactly=False)
    assert report.district.crs == LOCAL
    assert not told(report)


@pytest.mark.parametrize("cell", ["1e300", "inf", "nan", "", "east", "2000000000"])
def test_a_coordinate_that_is_none_leaves_its_row_without_a_place(tmp_path, cell):
    case = whole_case()
    case.schools[1]["x"] = cell
    errors = [(item.row, item.message) for item in check_case(case.write(tmp_path)).problems.errors if item.table == "schools"]
    assert errors[-1] == ("B", "the row has no place")
    assert len(errors) == (1 if cell in {"nan", ""} else 2)


@pytest.mark.parametrize("corner", [(1e300, 0.0), (5e8, 5e8), (-1e12, 1e12), (0.0, -1e8)])
@pytest.mark.parametrize("crs", [CRS, LOCAL])
def test_a_corner_at_the_end_of_the_world_is_no_place(tmp_path, corner, crs):
    case = everything(CRS)
    case.sections["case"] = f'crs = "{crs}"\nschool_year = 2025'
    case.blocks[3]["geometry"]["coordinates"][0][1] = list(corner)
    errors = [(item.table, item.row, item.message) for item in check_case(case.write(tmp_path)).problems.errors]
    assert errors[0] == ("blocks", "b3", f"1 places have coordinates that are no places in {crs}")


def test_points_of_blocks_go_with_their_block(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"] |= {"point_x": EAST + SIDE * (k % 4) + 10, "point_y": NORTH + SIDE * (k // 4) + 20}
    points = moved([shapely.Point(item["properties"]["point_x"], item["properties"]["point_y"]) for item in case.blocks], WGS84)
    redraw(case, "blocks", WGS84)
    for item, point in zip(case.blocks, points, strict=True):
        item["properties"] |= {"point_x": point.x, "point_y": point.y}
    case.blocks[7]["properties"] |= {"point_x": None}
    report = check_case(case.write(tmp_path))
    assert is_whole(report, exactly=False)
    assert report.district.blocks.points[0] == pytest.approx([EAST + 10, NORTH + 20], abs=0.01)
    assert report.district.blocks.points[7] == pytest.approx([EAST + 3.5 * SIDE, NORTH + 1.5 * SIDE], abs=0.05)
