"""Each kind of broken input has its sentence: where it is, what is wrong, how to mend it (case-format.md, "bad input")."""

from __future__ import annotations

import datetime as dt
import json

import geopandas as gpd
import numpy as np
import openpyxl
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, Folder, collection, csv_text, feature, square, whole_case

from xuequ.data.case import check_case, read_case
from xuequ.data.exports import write_places
from xuequ.data.project import WGS84, Plane, transformed
from xuequ.data.shifted import to_bd09, to_gcj02
from xuequ.zoning.errors import CaseError, TableError

ERROR, WARNING = "errors", "warnings"


def blocks(change):
    """Make a fault that changes the features of the blocks."""

    def fault(case: Folder) -> None:
        change(case.blocks)

    return fault


def shape_of(k, geometry):
    def fault(case: Folder) -> None:
        case.blocks[k]["geometry"] = (
            geometry if isinstance(geometry, dict) or geometry is None else json.loads(shapely.to_geojson(geometry))
        )

    return fault


def value(k, column, content):
    def fault(case: Folder) -> None:
        case.blocks[k]["properties"][column] = content

    return fault


def school(k, **changes):
    def fault(case: Folder) -> None:
        case.schools[k] |= changes

    return fault


def table(name, rows, **keys):
    def fault(case: Folder) -> None:
        case.table(name, rows, **keys)

    return fault


def section(name, body):
    def fault(case: Folder) -> None:
        case.sections[name] = body

    return fault


def several(*faults):
    def fault(case: Folder) -> None:
        for each in faults:
            each(case)

    return fault


def move_all(east=0.0, north=0.0, scale=1.0):
    def fault(case: Folder) -> None:
        for k, item in enumerate(case.blocks):
            item["geometry"] = {"type": "Polygon", "coordinates": [[[x * scale + east, y * scale + north] for x, y in ring]
                                                                    for ring in square(k % 4, k // 4)]}  # fmt: skip

    return fault


BOW_TIE = {
    "type": "Polygon",
    "coordinates": [[[EAST, NORTH], [EAST + 300, NORTH + 300], [EAST + 300, NORTH], [EAST, NORTH + 300], [EAST, NORTH]]],
}
HIGH = {"type": "Polygon", "coordinates": [[[*corner, 12.0] for corner in square(0, 0)[0]]]}
TWO_PARTS = shapely.MultiPolygon(
    [shapely.box(EAST, NORTH, EAST + 300, NORTH + 140), shapely.box(EAST, NORTH + 150, EAST + 300, NORTH + 300)]
)
NO_AREA = shapely.Polygon([(EAST, NORTH), (EAST + 300, NORTH + 300), (EAST, NORTH)])

FAULTS = [
    (
        "a scenario that nobody forecast",
        section("zoning", 'scenario = "low"'),
        ERROR,
        "case.toml",
        "there is no demand scenario low",
    ),
    (
        "a worst case that nobody forecast",
        section("seats", 'scenarios = ["high"]'),
        ERROR,
        "case.toml",
        "no demand scenario high",
    ),
    ("rows of nothing", lambda case: case.blocks.append(feature({}, None)), WARNING, "blocks", "1 empty rows are left out"),
    # --- what is not there
    (
        "missing file",
        section("tables.roads", 'file = "raods.geojson"'),
        ERROR,
        "roads",
        "there is no file raods.geojson; there is roads.geojson",
    ),
    (
        "missing layer",
        section("tables.roads", 'file = "roads.geojson"\nlayer = "streets"'),
        ERROR,
        "roads",
        "has no layer streets; there are",
    ),
    (
        "missing column",
        section("tables.blocks", 'file = "blocks.geojson"\ncolumns = { name = "nmae" }'),
        ERROR,
        "blocks",
        "blocks.geojson has no column nmae; the nearest one is name",
    ),
    ("no id", blocks(lambda items: [item["properties"].pop("id") for item in items]), ERROR, "blocks", "there is no column id"),
    (
        "no pupils",
        blocks(
            lambda items: [item["properties"].clear() or item["properties"].update(id=f"b{k}") for k, item in enumerate(items)]
        ),
        ERROR,
        "blocks",
        "there are no pupils",
    ),
    ("an empty required table", lambda case: case.schools.__delitem__(slice(None)), ERROR, "schools", "is empty"),
    (
        "no rows",
        several(lambda case: case.files.update({"s.csv": "id,x,y\n"}), section("tables.schools", 'file = "s.csv"')),
        ERROR,
        "schools",
        "the table has no rows",
    ),
    ("no table", lambda case: case.sections.pop("tables.schools"), ERROR, "case.toml", "there is no table schools"),
    (
        "an unknown ending",
        several(lambda case: case.files.update({"x.dwg": b"AC1015"}), section("tables.roads", 'file = "x.dwg"')),
        ERROR,
        "roads",
        "files ending in .dwg are not read",
    ),
    # --- paths
    ("an absolute path", section("tables.roads", 'file = "/etc/passwd"'), ERROR, "roads", "leaves the case's folder"),
    ("a path upwards", section("tables.roads", 'file = "../roads.geojson"'), ERROR, "roads", "leaves the case's folder"),
    (
        "a hidden way upwards",
        section("tables.roads", 'file = "a/../../roads.geojson"'),
        ERROR,
        "roads",
        "leaves the case's folder",
    ),
    ("a drive", section("tables.roads", 'file = "C:\\\\roads.geojson"'), ERROR, "roads", "leaves the case's folder"),
    # --- cells
    ("a word for a number", value(3, "pupils_g1", "ten"), ERROR, "blocks", "ten is not a number (pupils)"),
    ("a negative number", value(3, "pupils_g1", -1), ERROR, "blocks", "-1 is negative"),
    ("an infinite number", school(0, classrooms="inf"), ERROR, "schools", "inf is not finite"),
    ("a fraction", value(3, "pupils_g1", 9.5), WARNING, "blocks", "9.5 is not a whole number of pupils"),
    ("an absurd number", value(3, "pupils_g1", 5000), WARNING, "blocks", "5000 is more than 2000 pupils"),
    (
        "full-width digits",
        school(0, classrooms="１２"),
        WARNING,
        "schools",
        "number stored as text with full-width digits in 1 cells",
    ),
    ("a unit in the cell", school(0, classrooms="12间"), WARNING, "schools", "unit written in the cell taken away in 1 cells"),
    ("a strange stage", school(0, stages="university"), ERROR, "schools", "university is none of kindergarten, primary, junior"),
    (
        "a strange flag",
        several(school(0, lead="perhaps"), school(1, lead="yes")),
        ERROR,
        "schools",
        "perhaps is neither yes nor no",
    ),
    ("no year", several(school(0, opened="soon"), school(1, opened="1998")), ERROR, "schools", "soon is not a year"),
    (
        "a year out of range",
        table("births", [{"area": "east", "year": 20255, "births": 3}]),
        ERROR,
        "births",
        "20255 is not a year between 1900",
    ),
    (
        "a strange year",
        table("births", [{"area": "east", "year": y, "births": 3} for y in (2020, 2125)]),
        WARNING,
        "births",
        "the year 2125 is strange",
    ),
    ("an empty id", value(2, "id", ""), ERROR, "blocks", "id is empty"),
    ("no classrooms", school(1, classrooms=""), ERROR, "schools", "offers primary but has neither classrooms nor seats"),
    (
        "no stage",
        several(lambda case: [row.pop("stages") for row in case.schools]),
        ERROR,
        "schools",
        "which stages the school offers",
    ),
    # --- ids
    ("the same id twice", value(3, "id", "b2"), ERROR, "blocks", "b2 stands in rows 3, 4"),
    (
        "an unknown reference",
        table("catchments", [{"block": "b0", "school": "Q", "stage": "primary"}]),
        ERROR,
        "catchments",
        "Q is no id of the table schools",
    ),
    (
        "a near reference",
        table("locks", [{"block": "b111", "school": "A", "stage": "primary"}]),
        ERROR,
        "locks",
        "the nearest id is b1",
    ),
    (
        "a lock of nothing",
        section("zoning", 'locks = [{ block = "b99", school = "A" }]'),
        ERROR,
        "case.toml",
        "zoning.locks names b99",
    ),
    (
        "a site with a school's id",
        table("sites", [{"id": "A", "action": "new", "stages": "primary", "classrooms_max": 12, "block": "b1"}]),
        ERROR,
        "sites",
        "has the id of a school that runs",
    ),
    (
        "a new site nowhere",
        table("sites", [{"id": "N", "action": "new", "stages": "primary", "classrooms_max": 12}]),
        ERROR,
        "sites",
        "the site N has no place",
    ),
    (
        "an expansion of nothing",
        table("sites", [{"id": "N", "action": "expand", "stages": "primary", "classrooms_max": 12}]),
        ERROR,
        "sites",
        "expand needs a school that runs",
    ),
    (
        "a relocation of nothing",
        table("sites", [{"id": "N", "action": "relocate", "stages": "primary", "classrooms_max": 6, "block": "b1"}]),
        ERROR,
        "sites",
        "relocate needs the school that it replaces",
    ),
    (
        "least above most",
        table(
            "sites", [{"id": "N", "action": "new", "stages": "primary", "classrooms_min": 9, "classrooms_max": 6, "block": "b1"}]
        ),
        ERROR,
        "sites",
        "at least 9 classrooms are more than at most 6",
    ),
    (
        "a school by name",
        table("catchments", [{"block": f"b{k}", "school": "First school", "stage": "primary"} for k in range(12)]),
        WARNING,
        "catchments",
        "12 cells name schools by name; their ids are taken",
    ),
    # --- geometry
    ("no geometry", shape_of(3, None), ERROR, "blocks", "the row has no place"),
    ("empty geometry", shape_of(3, shapely.Polygon()), ERROR, "blocks", "the row has no place"),
    (
        "a point among areas",
        shape_of(3, shapely.Point(EAST, NORTH)),
        ERROR,
        "blocks",
        "is a point, where the other blocks are areas",
    ),
    ("a self-crossing polygon", shape_of(0, BOW_TIE), WARNING, "blocks", "the polygon is not valid"),
    ("a polygon with heights", shape_of(0, HIGH), WARNING, "blocks", "1 geometries have heights, which are left out"),
    ("a block of two parts", shape_of(0, TWO_PARTS), WARNING, "blocks", "1 blocks have several parts: b0"),
    ("a block without area", shape_of(0, NO_AREA), WARNING, "blocks", "has an area of 0 m²"),
    ("overlapping blocks", shape_of(0, shapely.box(EAST, NORTH, EAST + 320, NORTH + 300)), WARNING, "blocks", "overlap"),
    (
        "a gap",
        shape_of(5, shapely.box(EAST + 310, NORTH + 310, EAST + 590, NORTH + 590)),
        WARNING,
        "blocks",
        "belong to no block",
    ),
    ("a near miss", shape_of(3, shapely.box(EAST + 903, NORTH, EAST + 1200, NORTH + 297)), WARNING, "blocks", "cut off"),
    (
        "a block outside the boundary",
        table("boundary", collection([feature({}, shapely.box(EAST, NORTH, EAST + 900, NORTH + 900))]), file="boundary.geojson"),
        WARNING,
        "blocks",
        "lies outside the district's boundary",
    ),
    (
        "a hole in the district",
        table("boundary", collection([feature({}, shapely.box(EAST, NORTH, EAST + 1500, NORTH + 900))]), file="boundary.geojson"),
        WARNING,
        "boundary",
        "of the district belongs to no block",
    ),
    (
        "an invalid boundary",
        table("boundary", collection([feature({}, BOW_TIE)]), file="boundary.geojson"),
        WARNING,
        "boundary",
        "1 shapes are not valid",
    ),
    (
        "a point for a road",
        table("roads", collection([feature({}, shapely.Point(EAST, NORTH))]), file="roads.geojson"),
        WARNING,
        "roads",
        "1 rows are not a line; the first is a point",
    ),
    ("a school outside all blocks", school(0, x=EAST - 5000), WARNING, "schools", "lies outside all blocks"),
    ("a school just outside", school(0, x=EAST - 50), WARNING, "schools", "the nearest within 200 m is taken"),
    (
        "two schools in a block",
        lambda case: case.schools.append(case.schools[0] | {"id": "C"}),
        WARNING,
        "schools",
        "A and C stand in one block",
    ),
    (
        "a school named in another block",
        several(school(0, block="b1"), school(1, block="b11")),
        WARNING,
        "schools",
        "the file names block b1, but the place lies in b0",
    ),
    ("an island", shape_of(3, {"type": "Polygon", "coordinates": square(9, 9)}), WARNING, "blocks", "cut off from every school"),
    # --- coordinate systems
    (
        "no coordinate system",
        several(lambda case: setattr(case, "block_crs", None), section("case", "school_year = 2025")),
        ERROR,
        "blocks",
        "no longitudes and latitudes, and no coordinate system",
    ),
    (
        "no coordinate system for x and y",
        section("case", "school_year = 2025"),
        ERROR,
        "schools",
        "no coordinate system is given, neither in the file nor in the case",
    ),
    (
        "an unknown coordinate system",
        section("case", 'crs = "EPSG:99999999"'),
        ERROR,
        "case.toml",
        "the coordinate system EPSG:99999999 is not known",
    ),
    (
        "an unknown system of a table",
        section("tables.schools", 'file = "schools.csv"\ncrs = "Beijing"'),
        ERROR,
        "schools",
        "the coordinate system Beijing is not known",
    ),
    (
        "a system against the file",
        section("tables.blocks", 'file = "blocks.geojson"\ncrs = "EPSG:4509"'),
        WARNING,
        "blocks",
        f"the file says {CRS}, the case says EPSG:4509; the case is followed",
    ),
    (
        "metres called degrees",
        several(lambda case: setattr(case, "block_crs", "EPSG:4326")),
        WARNING,
        "blocks",
        "its numbers are no degrees",
    ),
    (
        "local metres against a file",
        section("case", 'crs = "local-metres"\nschool_year = 2025'),
        WARNING,
        "blocks",
        "the case says local-metres; its numbers are taken as metres",
    ),
    (
        "swapped axes",
        lambda case: [row.update(x=row["y"], y=row["x"]) for row in case.schools],
        WARNING,
        "schools",
        "the axes are swapped",
    ),
    ("far away", school(0, x=EAST + 90_000), WARNING, "schools", "lies outside all blocks"),
    (
        "all far away",
        lambda case: [row.update(x=row["x"] + 90_000) for row in case.schools],
        WARNING,
        "schools",
        "km from the blocks: one of the two coordinate systems is probably wrong",
    ),
    (
        "square kilometres too many",
        lambda case: (move_all(scale=400, east=-EAST * 399, north=-NORTH * 399)(case), case.sections.pop("tables.boundary")),
        WARNING,
        "blocks",
        "the unit is probably not the metre",
    ),
    # --- sums, rates, reach
    (
        "enrolment that does not add up",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 600, "classes": 13}]),
        WARNING,
        "enrolment",
        "enrolment of primary (600) does not add up to the pupils of the blocks (720): -16.7%",
    ),
    (
        "a rate above 130 per cent",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 1000, "classes": 20}]),
        WARNING,
        "enrolment",
        "1000 primary pupils are enrolled, 720 live here: 138.9%",
    ),
    (
        "a rate above 150 per cent",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 1100, "classes": 20}]),
        WARNING,
        "enrolment",
        "above the 150% that is believed",
    ),
    (
        "classes that do not add up",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 90, "sizes": "45;44"}]),
        WARNING,
        "enrolment",
        "the classes add up to 89 pupils, not to 90",
    ),
    (
        "a class of 200",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 200, "classes": 1}]),
        WARNING,
        "enrolment",
        "g1 of A has 200 pupils in 1 classes",
    ),
    (
        "another year's enrolment",
        table("enrolment", [{"school": "A", "grade": "g1", "pupils": 90, "classes": 2, "year": 2019}]),
        WARNING,
        "enrolment",
        "there are no rows of the school year 2025",
    ),
    (
        "grades that do not add up",
        value(4, "pupils_primary", 99),
        WARNING,
        "blocks",
        "the grades of primary do not add up to pupils_primary",
    ),
    ("pupils without schools", value(4, "pupils_g7", 12), WARNING, "schools", "there are junior pupils but no school"),
    (
        "unreachable pairs",
        table("distances", [{"block": f"b{k}", "school": "A", "metres": 100} for k in range(1, 12)]),
        WARNING,
        "distances",
        "block–school pairs have no distance",
    ),
    (
        "a block that reaches nothing",
        table("distances", [{"block": f"b{k}", "school": s, "metres": 9} for k in range(1, 12) for s in "AB"]),
        WARNING,
        "blocks",
        "no school can be reached from here (60 pupils)",
    ),
    ("no roads", lambda case: case.sections.pop("tables.roads"), WARNING, "roads", "distances are straight lines"),
    ("no births", lambda case: case.sections.pop("tables.births"), WARNING, "births", "today's pupils are taken for every year"),
    ("no school year", section("case", f'crs = "{CRS}"'), WARNING, "case.toml", "there is no school_year; 2025 is taken"),
    (
        "a planned year in the past",
        section("case", f'crs = "{CRS}"\nschool_year = 2025\nyears = [2024, 2026]'),
        ERROR,
        "case.toml",
        "the planned year 2024 is not after today's school year 2025",
    ),
    ("a link to nowhere", table("links", [{"a": "b0", "b": "b0"}]), WARNING, "links", "does not lead from one block to another"),
    ("a link of nothing", table("links", [{"a": "b0", "b": ""}]), ERROR, "links", "names no two blocks and has no line"),
    (
        "a catchment without a stage",
        several(
            school(0, stages="primary;junior", classrooms_primary=9, classrooms_junior=6, classrooms=""),
            table("catchments", [{"block": "b0", "school": "A"}]),
        ),
        ERROR,
        "catchments",
        "which stage a catchment is of",
    ),
    (
        "two leads",
        table("clusters", [{"school": s, "cluster": "one", "role": "lead"} for s in "AB"]),
        WARNING,
        "clusters",
        "cluster one has 2 lead schools (A, B)",
    ),
    (
        "a school in two clusters",
        table("clusters", [{"school": "A", "cluster": c} for c in ("one", "two")]),
        ERROR,
        "clusters",
        "A stands in rows 2, 3",
    ),
    (
        "a catchment of another stage",
        table("catchments", [{"block": "b0", "school": "A", "stage": "junior"}]),
        WARNING,
        "catchments",
        "A has a junior catchment but does not offer junior",
    ),
    (
        "estates nowhere",
        table("housing", [{"name": "E", "block": "", "year": 2027, "units": 100}]),
        WARNING,
        "housing",
        "1 estates lie in no block",
    ),
    (
        "addresses nowhere",
        table("addresses", [{"address": "桂江路1号", "block": ""}]),
        WARNING,
        "addresses",
        "1 addresses lie in no block",
    ),
    (
        "a demand of years",
        table("demand", [{"block": "b0", "grade": "g1", "year": y, "pupils": 9} for y in (2025, 2026, 2028)]),
        WARNING,
        "demand",
        "there is no demand for the school year 2027; that of 2026 is taken",
    ),
    (
        "a demand twice",
        table("demand", [{"block": "b0", "grade": "g1", "year": 2026, "pupils": 9}] * 2),
        WARNING,
        "demand",
        "they are added up",
    ),
    (
        "no middle scenario",
        table("demand", [{"block": "b0", "grade": "g1", "year": 2026, "scenario": "high", "pupils": 9}]),
        WARNING,
        "demand",
        "there is no scenario middle; high stands for it",
    ),
    (
        "phase_in without grades",
        several(
            blocks(lambda items: [item.update(properties={"id": f"b{k}", "pupils": 60}) for k, item in enumerate(items)]),
            lambda case: case.sections.pop("tables.births"),
            section("zoning", 'regime = "phase_in"'),
        ),
        WARNING,
        "case.toml",
        "phase_in needs pupils by grade",
    ),
    (
        "a network in pieces",
        table(
            "roads",
            collection(
                [feature({}, shapely.LineString([(EAST + 300 * c, NORTH), (EAST + 300 * c, NORTH + 900)])) for c in range(5)]
            ),
            file="roads.geojson",
        ),
        WARNING,
        "roads",
        "the road network is in 5 pieces",
    ),
    (
        "no road to walk on",
        table(
            "roads",
            collection([feature({"highway": "motorway"}, shapely.LineString([(EAST, NORTH), (EAST + 900, NORTH)]))]),
            file="roads.geojson",
        ),
        WARNING,
        "roads",
        "there is no road to walk on",
    ),
    (
        "a strange key of roads",
        section("roads", "join_end_m = 5"),
        ERROR,
        "case.toml",
        "there is no key roads.join_end_m; the nearest known one is roads.join_ends_m",
    ),
    ("a strange value of roads", section("roads", "join_ends_m = -5"), ERROR, "case.toml", "join_ends_m is -5"),
    (
        "a strange key of the forecast",
        section("forecast", "recnt = 1"),
        ERROR,
        "case.toml",
        "there is no key recnt in [forecast]",
    ),
]


@pytest.mark.parametrize(
    ("fault", "kind", "where", "said"), [item[1:] for item in FAULTS], ids=[item[0].replace(" ", "-") for item in FAULTS]
)
def test_a_fault_is_told_with_its_place_and_its_mend(tmp_path, fault, kind, where, said):
    case = whole_case()
    fault(case)
    report = check_case(case.write(tmp_path / "case"))
    told = [problem for problem in getattr(report.problems, kind) if problem.table == where and said in problem.message]
    listed = "\n".join(f"{problem.table}: {problem.message}" for problem in report.problems)
    assert told, f"nothing says {said!r}:\n{listed}"
    assert all(problem.message and problem.fix for problem in report.problems)
    assert json.loads(json.dumps(report.to_json()))["ok"] == report.ok
    assert (report.district is None) == bool(report.problems.errors)
    if kind == WARNING:
        assert not report.problems.errors, listed


def test_a_whole_case_has_no_problem_at_all(tmp_path):
    report = check_case(whole_case().write(tmp_path))
    assert not list(report.problems)
    assert report.ok
    assert report.summary["pupils"] == {"kindergarten": 0, "primary": 720, "junior": 0}
    assert report.summary["blocks"] == 12
    assert report.summary["schools"]["primary"] == 2
    assert report.summary["components"] == 1


def test_all_problems_are_told_at_once(tmp_path):
    case = whole_case()
    value(3, "pupils_g1", "ten")(case)
    value(4, "pupils_g1", -2)(case)
    value(6, "id", "b5")(case)
    school(0, classrooms="many")(case)
    section("tables.births", 'file = "brths.csv"')(case)
    errors = check_case(case.write(tmp_path)).problems.errors
    assert {problem.table for problem in errors} == {"blocks", "schools", "births"}
    assert len(errors) == 5


def test_a_problem_says_row_column_and_value(tmp_path):
    case = whole_case()
    school(1, classrooms="many")(case)
    problem = check_case(case.write(tmp_path)).problems.errors[0]
    assert (problem.row, problem.column, problem.value) == (3, "classrooms", "many")
    assert problem.place == "schools, row 3, column classrooms"
    assert set(check_case(tmp_path).to_json()) == {"ok", "errors", "warnings", "summary"}
    assert set(check_case(tmp_path).to_json()["errors"][0]) == {"table", "row", "column", "value", "message", "fix"}


def test_many_bad_cells_are_counted_not_all_listed(tmp_path):
    case = whole_case(20, 10)
    for k in range(150):
        value(k, "pupils_g1", "x")(case)
    report = check_case(case.write(tmp_path))
    assert len(report.problems.errors) == 50
    assert any("100 more cells of this column" in problem.message for problem in report.problems.warnings)


def test_reading_for_a_plan_raises_what_checking_lists(tmp_path):
    case = whole_case()
    value(3, "pupils_g1", "ten")(case)
    with pytest.raises(TableError, match="blocks, row 4, column pupils_g1: ten is not a number") as caught:
        read_case(case.write(tmp_path / "a"))
    assert caught.value.problems.errors
    case = whole_case()
    section("zoning", 'regime = "slow"')(case)
    with pytest.raises(CaseError, match=r"zoning\.regime: input should be 'full' or 'phase_in'"):
        read_case(case.write(tmp_path / "b"))


def _degrees(case: Folder, shift, crs="EPSG:4326") -> None:
    """Write the blocks in degrees, shifted."""
    for item in case.blocks:
        plain = transformed(shapely.from_geojson([json.dumps(item["geometry"])]), Plane.named(CRS), Plane.named(WGS84))
        item["geometry"] = json.loads(shapely.to_geojson(shapely.transform(plain, shift))[0])
    case.block_crs = crs


@pytest.mark.parametrize(("name", "shift"), [("gcj02", to_gcj02), ("bd09", to_bd09)])
def test_shifted_coordinates_are_noticed_and_undone(tmp_path, name, shift):
    case = whole_case()
    _degrees(case, shift)
    report = check_case(case.write(tmp_path / "as given"))
    said = [problem for problem in report.problems.warnings if f"probably {name[:-2].upper()}-{name[-2:]}" in problem.message]
    assert said
    assert said[0].table == "blocks"
    assert f'crs = "{name}"' in said[0].fix
    case.sections["tables.blocks"] += f'\ncrs = "{name}"'
    mended = check_case(case.write(tmp_path / "undone"))
    assert not any("probably" in problem.message or "outside" in problem.message for problem in mended.problems)
    assert shapely.get_coordinates(mended.district.blocks.geometry[0])[0] == pytest.approx([EAST, NORTH], abs=0.01)


def test_a_shifted_boundary_is_blamed_on_one_of_the_two(tmp_path):
    case = whole_case()
    outline = shapely.box(EAST, NORTH, EAST + 4 * SIDE, NORTH + 3 * SIDE)
    moved = shapely.transform(transformed(np.array([outline], dtype=object), Plane.named(CRS), Plane.named(WGS84)), to_gcj02)[0]
    case.table("boundary", collection([feature({}, moved)], "EPSG:4326"), file="boundary.geojson")
    report = check_case(case.write(tmp_path))
    assert any("probably GCJ-02" in problem.message for problem in report.problems.warnings)


def test_a_case_in_gcj02_takes_all_degrees_so(tmp_path):
    case = whole_case()
    _degrees(case, to_gcj02)
    for name in ("roads", "boundary", "schools"):
        case.sections[f"tables.{name}"] += f'\ncrs = "{CRS}"'
    case.sections["case"] = 'crs = "gcj02"\nschool_year = 2025'
    report = check_case(case.write(tmp_path))
    assert report.ok
    assert any("the case says gcj02; the case is followed" in problem.message for problem in report.problems.warnings)
    assert report.district.crs == "EPSG:32649"
    assert shapely.get_coordinates(report.district.blocks.geometry[0])[0] == pytest.approx([EAST, NORTH], abs=0.01)


def _workbook(rows, merged=()):
    book = openpyxl.Workbook()
    sheet = book.active
    for row in rows:
        sheet.append(row)
    for area in merged:
        sheet.merge_cells(area)
    return book


def test_a_workbook_as_offices_write_them(tmp_path):
    """A title over all columns, headings in two rows, merged cells, full-width digits, numbers as text, Chinese words."""
    case = whole_case()
    book = _workbook(
        [
            ["万秀区学校一览表", None, None, None, None, None],
            ["学校代码", "学校名称", "学段", "小学", None, "城乡"],
            [None, None, None, "教室数", "学生数", None],
            ["A", "第一小学", "小学", "９", "300", "城区"],
            ["B", "第二小学", "小学", "12", "400", None],
        ],
        ["A1:F1", "A2:A3", "B2:B3", "C2:C3", "D2:E2", "F2:F3", "F4:F5"],
    )
    case.write(tmp_path)
    book.save(tmp_path / "学校.xlsx")
    text = (tmp_path / "case.toml").read_text(encoding="utf-8")
    text = text.replace(
        '[tables.schools]\nfile = "schools.csv"', '[tables.schools]\nfile = "学校.xlsx"\ncolumns = { block = "块" }\n'
    )
    book.active["G3"] = "块"
    book.active["G4"], book.active["G5"] = "b0", "b11"
    book.save(tmp_path / "学校.xlsx")
    (tmp_path / "case.toml").write_text(text, encoding="utf-8")
    report = check_case(tmp_path)
    assert report.ok, report.problems.errors
    schools = report.district.schools
    assert schools.ids == ("A", "B")
    assert schools.names == ("第一小学", "第二小学")
    assert schools.rooms[:, 1].tolist() == [9, 12]
    assert [setting.value for setting in schools.settings] == ["urban", "urban"]
    said = " ".join(problem.message for problem in report.problems.warnings)
    assert "the headings of lines 2 and 3 are joined" in said
    assert "merged areas are filled" in said
    assert "full-width digits" in said


def test_a_date_that_was_a_number_is_told(tmp_path):
    case = whole_case()
    book = _workbook([["id", "x", "y", "stages", "classrooms", "opened"],
                      ["A", EAST + 150, NORTH + 150, "primary", dt.date(2026, 1, 9), dt.date(1998, 9, 1)],
                      ["B", EAST + 1050, NORTH + 750, "primary", 9, 2001]])  # fmt: skip
    case.sections["tables.schools"] = 'file = "schools.xlsx"'
    case.write(tmp_path)
    book.save(tmp_path / "schools.xlsx")
    report = check_case(tmp_path)
    assert "a date stands where a number (classrooms) is expected: 2026-01-09" in report.problems.errors[0].message
    assert any("date taken as its year" in problem.message for problem in report.problems.warnings)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("declared", [False, True])
def test_encodings(tmp_path, encoding, declared):
    case = whole_case()
    rows = [row | {"name": name} for row, name in zip(case.schools, ("富民小学", "工厂路小学（西校区）"), strict=True)]
    key = f'\nencoding = "{encoding}"' if declared else ""
    case.files["schools-x.csv"] = csv_text(rows).encode(encoding)
    case.sections["tables.schools"] = f'file = "schools-x.csv"{key}'
    report = check_case(case.write(tmp_path))
    assert report.ok, report.problems.errors
    assert report.district.schools.names == ("富民小学", "工厂路小学（西校区）")


def test_a_wrong_declared_encoding_is_told_and_mended(tmp_path):
    case = whole_case()
    case.files["s.csv"] = csv_text([row | {"name": "富民小学"} for row in case.schools]).encode("gb18030")
    case.sections["tables.schools"] = 'file = "s.csv"\nencoding = "utf-8"'
    report = check_case(case.write(tmp_path))
    assert report.district.schools.names[0] == "富民小学"
    assert any(
        "the file is not utf-8 as the case says; it is read as gb18030" in item.message for item in report.problems.warnings
    )
    case.sections["tables.schools"] = 'file = "s.csv"\nencoding = "klingon"'
    assert "there is no encoding klingon" in check_case(case.write(tmp_path / "b")).problems.errors[0].message


def test_the_places_of_problems_are_a_map_in_the_plane_of_the_case(tmp_path):
    case = whole_case()
    shape_of(0, BOW_TIE)(case)
    report = check_case(case.write(tmp_path))
    places = gpd.read_file(write_places(tmp_path / "places.gpkg", report.problems, report.summary["crs"]))
    assert places.crs == CRS
    assert set(places["table"]) == {"blocks"}
    assert shapely.box(EAST, NORTH, EAST + 300, NORTH + 300).contains(places.geometry[places["row"] == "b0"].iloc[0])


def test_headings_in_two_rows_without_a_title(tmp_path):
    case = whole_case()
    book = _workbook([["学校代码", "x", "y", "学段", "小学", None], [None, None, None, None, "间数", "人数"],
                      ["A", EAST + 150, NORTH + 150, "小学", 9, 300], ["B", EAST + 1050, NORTH + 750, "小学", 12, 400]],
                     ["A1:A2", "B1:B2", "C1:C2", "D1:D2", "E1:F1"])  # fmt: skip
    case.sections["tables.schools"] = 'file = "schools.xlsx"\ncolumns = { classrooms_primary = "小学间数" }'
    case.write(tmp_path)
    book.save(tmp_path / "schools.xlsx")
    report = check_case(tmp_path)
    assert report.ok, report.problems.errors
    assert report.district.schools.rooms[:, 1].tolist() == [9, 12]


def test_a_block_with_a_point_needs_no_outline(tmp_path):
    case = whole_case()
    case.blocks[5]["geometry"] = None
    case.blocks[5]["properties"] |= {"point_x": EAST + 450, "point_y": NORTH + 450}
    report = check_case(case.write(tmp_path))
    assert report.ok, report.problems.errors
    assert report.district.blocks.points[5].tolist() == [EAST + 450, NORTH + 450]
    assert report.district.blocks.geometry is not None
    assert report.summary["islands"] == 1


def test_the_pieces_of_the_roads_are_counted(tmp_path):
    case = whole_case()
    assert check_case(case.write(tmp_path / "a")).summary["road_pieces"] == 1
    del case.sections["tables.roads"]
    assert check_case(case.write(tmp_path / "b")).summary["road_pieces"] is None


def test_schools_of_a_web_map_are_noticed_by_the_blocks_they_name(tmp_path):
    case = whole_case(6, 6)
    rows = []
    for k in (0, 7, 14, 21, 28, 35):
        place = shapely.Point(EAST + 300 * (k % 6) + 150, NORTH + 300 * (k // 6) + 150)
        degrees = transformed(np.array([place], dtype=object), Plane.named(CRS), Plane.named(WGS84))
        lon, lat = to_gcj02(shapely.get_coordinates(degrees))[0]
        rows.append({"id": f"S{k}", "stages": "primary", "classrooms": 9, "lon": lon, "lat": lat, "block": f"b{k}"})
    case.schools = rows
    report = check_case(case.write(tmp_path / "a"))
    assert any(item.table == "schools" and "probably GCJ-02" in item.message for item in report.problems.warnings)
    case.sections["tables.schools"] += '\ncrs = "gcj02"'
    assert not list(check_case(case.write(tmp_path / "b")).problems)


def test_blocks_that_fill_only_part_of_the_district_are_noticed_too(tmp_path):
    case = whole_case(8, 4)
    _degrees(case, to_gcj02)
    ragged = shapely.box(EAST, NORTH, EAST + 2400, NORTH + 2400)
    case.table("boundary", collection([feature({}, ragged)]), file="boundary.geojson")
    case.sections.pop("tables.roads")
    messages = [item.message for item in check_case(case.write(tmp_path)).problems.warnings]
    assert any("outside the district's boundary" in text for text in messages)


def test_a_town_where_nothing_is_shifted_is_left_alone(tmp_path):
    case = whole_case(8, 8)
    outline = shapely.box(EAST - 40, NORTH - 40, EAST + 2440, NORTH + 2440)
    case.table("boundary", collection([feature({}, outline)]), file="boundary.geojson")
    assert not any("probably" in item.message for item in check_case(case.write(tmp_path)).problems)
