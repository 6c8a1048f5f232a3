"""check --fix by kind: what is mended, what is left as it is, and that the copy is a case of its own."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import openpyxl
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, collection, csv_text, feature, whole_case

from xuequ.data.case import check_case
from xuequ.data.repair import fix_case
from xuequ.data.toml_text import toml_document

BOW_TIE = shapely.Polygon([(EAST, NORTH), (EAST + 300, NORTH + 300), (EAST + 300, NORTH), (EAST, NORTH + 300)])


def mended(case, folder):
    """Write, mend and check again; return the changes as texts, the first report and that of the copy."""
    source = case.write(folder / "case")
    changes = [str(change) for change in fix_case(source, folder / "copy")]
    return changes, check_case(source), check_case(folder / "copy")


def section(folder, name):
    return tomllib.loads((folder / "copy" / "case.toml").read_text(encoding="utf-8"))["tables"][name]


def test_a_clean_case_is_only_written_anew(tmp_path):
    changes, before, after = mended(whole_case(), tmp_path)
    assert changes == []
    assert not list(after.problems)
    assert after.district.demand.pupils.tolist() == before.district.demand.pupils.tolist()
    assert {path.name for path in (tmp_path / "copy").iterdir()} == {
        "case.toml", "blocks.gpkg", "schools.gpkg", "roads.gpkg", "boundary.gpkg", "births.csv",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        (("１２", "９"), "number stored as text with full-width digits in 2 cells of classrooms"),
        (("12间", "9 间"), "unit written in the cell taken away in 2 cells of classrooms"),
        (("1,200", "9"), "thousands separators taken away in 1 cells of classrooms"),
        ((" 12 ", "9.0"), None),
    ],
)
def test_numbers_as_people_write_them(tmp_path, cells, said):
    case = whole_case()
    for row, cell in zip(case.schools, cells, strict=True):
        row["classrooms"] = cell
    changes, before, after = mended(case, tmp_path)
    assert changes == ([f"schools: {said}"] if said else [])
    copy = gpd.read_file(tmp_path / "copy" / "schools.gpkg")
    assert copy["classrooms"].tolist() == before.district.schools.rooms[:, 1].tolist()
    assert after.district.schools.rooms.tolist() == before.district.schools.rooms.tolist()


@pytest.mark.parametrize("encoding", ["gbk", "utf-16", "utf-8-sig"])
def test_texts_become_utf_8(tmp_path, encoding):
    case = whole_case()
    births = [{"社区": area, "出生年份": year, "出生人数": 60} for area in ("east", "west") for year in range(2010, 2034)]
    case.table("births", csv_text(births).encode(encoding))
    changes, _, after = mended(case, tmp_path)
    assert "births: columns renamed: 社区 to area, 出生年份 to year, 出生人数 to births" in changes
    assert (tmp_path / "copy" / "births.csv").read_text(encoding="utf-8").splitlines()[0] == "area,year,births"
    assert not list(after.problems)


def test_years_dates_and_words_become_plain(tmp_path):
    case = whole_case()
    case.schools[0] |= {"opened": "1998年9月1日", "stages": "小学", "ownership": "公办", "lead": "是"}
    case.schools[1] |= {"opened": "2001-2002学年", "stages": "完全小学", "ownership": "民办", "lead": "否"}
    mended(case, tmp_path)
    copy = gpd.read_file(tmp_path / "copy" / "schools.gpkg")
    assert copy[["opened", "stages", "ownership", "lead"]].to_numpy().tolist() == [
        [1998, "primary", "public", "true"], [2001, "primary", "private", "false"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("shape", "said", "area"),
    [
        (BOW_TIE, "blocks: 1 invalid geometries made valid: b0", SIDE**2 / 2),
        (
            shapely.force_3d(shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE), 9.0),
            "blocks: 1 geometries have heights",
            SIDE**2,
        ),
        (
            shapely.GeometryCollection([shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE), shapely.Point(EAST, NORTH)]),
            "blocks: 1 geometries are collections",
            SIDE**2,
        ),
        (
            shapely.MultiPolygon(
                [shapely.box(EAST, NORTH, EAST + SIDE, NORTH + SIDE), shapely.box(EAST - 9, NORTH, EAST - 8.5, NORTH + 1)]
            ),
            "blocks: 1 parts of less than 1 m² dropped",
            SIDE**2,
        ),
    ],
)
def test_shapes_become_sound(tmp_path, shape, said, area):
    case = whole_case()
    case.blocks[0] |= feature(case.blocks[0]["properties"], shape)
    changes, _, _ = mended(case, tmp_path)
    assert any(said in change for change in changes), changes
    copy = gpd.read_file(tmp_path / "copy" / "blocks.gpkg")
    assert copy.geometry.is_valid.all()
    assert not copy.geometry.has_z.any()
    assert copy.geometry[0].area == pytest.approx(area)
    assert copy.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()


@pytest.mark.parametrize("plane", ["EPSG:4490", "EPSG:4546", "gcj02"])
def test_all_tables_come_into_one_plane(tmp_path, plane):
    case = whole_case()
    shapes = gpd.GeoSeries.from_wkt([f"POINT ({row['x']} {row['y']})" for row in case.schools], crs=CRS)
    moved = shapes.to_crs("EPSG:4326" if plane == "gcj02" else plane)
    for row, point in zip(case.schools, moved, strict=True):
        row.update({"x": point.y, "y": point.x} if plane == "EPSG:4546" else {"x": point.x, "y": point.y})
    case.sections["tables.schools"] += f'\ncrs = "{plane}"'
    changes, before, after = mended(case, tmp_path)
    assert any("the axes are swapped" in change for change in changes) == (plane == "EPSG:4546")
    assert after.district.schools.points == pytest.approx(before.district.schools.points, abs=1e-6)
    assert section(tmp_path, "schools") == {"file": "schools.gpkg"}
    assert gpd.read_file(tmp_path / "copy" / "schools.gpkg").crs == CRS


def test_filters_values_joins_and_layers_are_worked_in(tmp_path):
    case = whole_case()
    for item in case.blocks:
        item["properties"] = {"id": item["properties"]["id"], "community": item["properties"]["community"]}
    pupils = [{"no": f"b{k}", "kids": 60 + k} for k in range(12)]
    case.files["pupils.csv"] = csv_text(pupils)
    case.sections["tables.blocks"] += '\njoin = { file = "pupils.csv", key = "no", columns = { pupils_primary = "kids" } }'
    case.schools.append(case.schools[0] | {"id": "C", "name": "closed", "x": EAST + 450})
    case.sections["tables.schools"] += '\nfilter = "name != \'closed\'"\nvalues = { setting = "rural" }'
    changes, before, after = mended(case, tmp_path)
    assert changes == ["blocks: columns renamed: kids to pupils_primary"]
    assert before.summary["pupils"] == after.summary["pupils"] == {"kindergarten": 0, "primary": 786, "junior": 0}
    assert [str(setting) for setting in after.district.schools.settings] == ["rural", "rural"]
    assert section(tmp_path, "blocks") == {"file": "blocks.gpkg"}


def test_double_rows_are_dropped_but_double_ids_are_told_again(tmp_path):
    case = whole_case()
    case.blocks.append(case.blocks[3])
    case.schools.append(case.schools[1] | {"classrooms": 5})
    changes, before, after = mended(case, tmp_path)
    assert "blocks: 1 rows that repeat another in everything are left out" in changes
    assert {item.table for item in before.problems.errors} == {"blocks", "schools"}
    assert [(item.table, item.value) for item in after.problems.errors] == [("schools", "B")]


def test_what_is_not_understood_is_kept_with_what_the_case_says_of_it(tmp_path):
    """Two broken files of one name, one of them a shapefile: each is copied whole, and its section still says how to read it."""
    case = whole_case()
    case.table("locks", b"\0", file="a/x.csv", encoding='"gbk"').table(
        "births", b"\0\0", file="b/x.csv", columns='{ area = "社区" }'
    )
    case.files["s/roads.shp"] = b"no shapefile"
    case.files["s/roads.dbf"], case.files["s/other.txt"] = b"columns", "x"
    case.sections["tables.roads"] = 'file = "s/roads.shp"\ncrs = "EPSG:4546"\njoin = { file = "b/x.csv", key = "k" }'
    case.sections["tables.applicants"] = 'file = "a.csv"\ncolumns = { id = "编号" }'
    case.files["a.csv"] = "编号\n1\n"
    changes, _, after = mended(case, tmp_path)
    assert sorted(changes) == [f"{name}: it is copied as it is" for name in ("applicants", "births", "locks", "roads")]
    assert section(tmp_path, "locks") == {"file": "locks/x.csv", "encoding": "gbk"}
    assert section(tmp_path, "births") == {"file": "births/x.csv", "columns": {"area": "社区"}}
    assert section(tmp_path, "applicants") == {"file": "applicants/a.csv", "columns": {"id": "编号"}}
    assert section(tmp_path, "roads") == {
        "file": "roads/roads.shp", "crs": "EPSG:4546", "join": [{"file": "roads/x.csv", "key": "k"}],
    }  # fmt: skip
    assert (tmp_path / "copy" / "locks" / "x.csv").read_bytes() == b"\0"
    assert (tmp_path / "copy" / "births" / "x.csv").read_bytes() == b"\0\0"
    assert sorted(path.name for path in (tmp_path / "copy" / "roads").iterdir()) == ["roads.dbf", "roads.shp", "x.csv"]
    assert {item.table for item in after.problems.errors} == {"locks", "births", "roads"}


def test_a_place_that_is_none_is_told_because_the_copy_cannot_hold_it(tmp_path):
    case = whole_case().table("addresses", [{"address": "x", "x": "here", "y": NORTH}, {"address": "y", "x": EAST, "y": NORTH}])
    changes, before, after = mended(case, tmp_path)
    assert changes == ["addresses: x cannot be understood in here (row 2): these rows have no place in the copy"]
    assert [item.message for item in before.problems.errors] == ["here is not a number (as the geometry)"]
    assert after.ok
    assert [item.text for item in after.district.addresses] == ["y"]


@pytest.mark.parametrize("name", ["../x.csv", "/etc/passwd", "nowhere.csv", "."])
def test_a_file_that_may_not_be_read_is_not_copied(tmp_path, name):
    case = whole_case()
    case.sections["tables.locks"] = f'file = "{name}"'
    changes, _, after = mended(case, tmp_path)
    assert len(changes) == 1
    assert changes[0].startswith("locks: it could not be read and is not in the copy (")
    assert after.ok


def test_every_other_section_comes_along(tmp_path):
    """Dates, endless numbers, nested tables and lists of sections are written as TOML says them."""
    case = whole_case()
    case.sections["publish"] = 'decided = 2026-05-01\nsmall_count = 3\ncontact = "电话 \\"0774\\""'
    case.sections["zoning"] = (
        'goals = ["distance", { name = "moved", tolerance = 0.5 }]\nlocks = [{ block = "b0", school = "A" }]'
    )
    case.sections["seats.budgets.school"] = "2027 = 900\n2028 = 0"
    case.sections["rules"] = "limit.primary = 700\ncohort_weights = [0.25, 0.75]"
    case.sections["roads"] = "join_ends_m = 2.0"
    mended(case, tmp_path)
    one, two = (tomllib.loads((tmp_path / name / "case.toml").read_text(encoding="utf-8")) for name in ("case", "copy"))
    assert {name: part for name, part in one.items() if name != "tables"} == {
        name: part for name, part in two.items() if name != "tables"
    }
    assert tomllib.loads(toml_document(one)) == one


def test_a_workbook_becomes_a_plain_table(tmp_path):
    case = whole_case()
    case.sections["tables.births"] = 'file = "births.xlsx"\nlayer = "出生"'
    source = case.write(tmp_path / "case")
    book = openpyxl.Workbook()
    sheet = book.create_sheet("出生")
    sheet.append(["一览表", None, None])
    sheet.append(["社区", "年份", "出生人数"])
    for area in ("east", "west"):
        for year in range(2010, 2034):
            sheet.append([area, f"{year}年", "60人"])
    book.save(source / "births.xlsx")
    changes = [str(change) for change in fix_case(source, tmp_path / "copy")]
    assert "births: unit written in the cell taken away in 48 cells of 出生人数" in changes
    assert any("the headings are taken from line 2" in change for change in changes)
    assert section(tmp_path, "births") == {"file": "births.csv"}
    assert not list(check_case(tmp_path / "copy").problems)


def test_rows_of_nothing_are_gone(tmp_path):
    case = whole_case()
    case.table("boundary", collection([*json_features(case), feature({}, None)]), file="boundary.geojson")
    changes, _, _ = mended(case, tmp_path)
    assert changes == ["boundary: 1 empty rows are left out"]
    assert len(gpd.read_file(tmp_path / "copy" / "boundary.gpkg")) == 1


def json_features(case):
    return [feature({"name": "test"}, shapely.box(EAST, NORTH, EAST + 4 * SIDE, NORTH + 3 * SIDE))] if case.blocks else []
