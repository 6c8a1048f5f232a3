"""Files as offices and programs leave them: every format read to the same case, or one sentence about what is wrong with it."""

from __future__ import annotations

import datetime as dt
import sqlite3
import zipfile

import geopandas as gpd
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, collection, csv_text, feature, whole_case

from xuequ.data.case import check_case
from xuequ.data.case_file import TableSection
from xuequ.data.files import SUFFIXES
from xuequ.data.read import read_table
from xuequ.zoning.problems import Problems

HEAD = ["id", "name", "x", "y", "stages", "classrooms"]
ROWS = [["A", "富民小学", EAST + 150, NORTH + 150, "primary", 9], ["B", "大东路小学", EAST + 1050, NORTH + 750, "primary", 9]]


def checked(folder, case=None, **files):
    """Write a case with files instead of its own, given as name of the table = file or (file, keys); return the report."""
    case = case or whole_case()
    for name, file in files.items():
        file, keys = (file, "") if isinstance(file, str) else file  # noqa: PLW2901
        case.sections[f"tables.{name}"] = f'file = "{file}"\n{keys}'
    return check_case(case.write(folder))


def told(report, table):
    return [item.message for item in report.problems if item.table == table]


def frame(case=None):
    return gpd.GeoDataFrame.from_features((case or whole_case()).blocks, crs=CRS)


def workbook(path, rows, change=None):
    path.parent.mkdir(exist_ok=True)
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    if change:
        change(book)
    book.save(path)


def open_document(path, rows):
    """Write a sheet as OpenDocument, no more of it than a reader needs."""
    cells = "".join(
        f"<table:table-row>{''.join(map(open_cell, row))}</table:table-row>" for row in rows
    )  # fmt: skip
    spaces = " ".join(f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"' for name in ("office", "table", "text"))
    table = f'<table:table table:name="学校">{cells}</table:table>'
    body = f"<office:body><office:spreadsheet>{table}</office:spreadsheet></office:body>"
    with zipfile.ZipFile(path, "w") as package:
        package.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        package.writestr("META-INF/manifest.xml", "<manifest/>")
        package.writestr("content.xml", f"<office:document-content {spaces}>{body}</office:document-content>")


def open_cell(value):
    number = f'office:value-type="float" office:value="{value}"'
    kind = 'office:value-type="string"' if isinstance(value, str) else number
    return f"<table:table-cell {kind}><text:p>{value}</text:p></table:table-cell>"


# --- nothing at all


@pytest.mark.parametrize("suffix", sorted(SUFFIXES))
def test_a_file_of_no_bytes_is_empty_in_every_format(tmp_path, suffix):
    (tmp_path / f"s{suffix}").write_bytes(b"")
    problems = Problems()
    assert read_table(tmp_path, "schools", TableSection(file=f"s{suffix}"), problems) is None
    (item,) = problems.errors
    assert (item.table, item.message) == ("schools", f"s{suffix}: is empty (0 bytes)")
    assert item.fix == "put a line of headings and the rows into it, or export it again"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\n\n\n", "s.csv: is empty"), (b" , ,\n,,\n", "s.csv: is empty"), (b"\xef\xbb\xbf", "s.csv: is empty"),
        (b"id,x,y,stages,classrooms\n", "the table has no rows"), (b"id,x,y,stages,classrooms\n,,,,\n", "the table has no rows"),
        (b"\0" * 100, "s.csv: is not a text file (it holds NUL bytes)"), (b"id,x\0\n", "s.csv: is not a text file (it holds NUL"),
        (b'id,x,y\n"A,1,2\n', "s.csv: cannot be taken apart into columns"),
    ],
)  # fmt: skip
def test_a_text_file_with_nothing_to_read(tmp_path, content, said):
    case = whole_case()
    case.files["s.csv"] = content
    report = checked(tmp_path, case, schools="s.csv")
    assert told(report, "schools")[0].startswith(said)
    assert not report.ok


@pytest.mark.parametrize("name", [".", "./", "sub", "sub/", "blocks.geojson/x.csv"])
def test_a_folder_is_no_file(tmp_path, name):
    case = whole_case()
    case.files["sub/x.csv"] = "id\n"
    errors = checked(tmp_path, case, schools=name).problems.errors
    assert len(errors) == 1
    said = "is the folder itself" if name.startswith(".") else f"there is no file {name}"
    assert errors[0].message.startswith(f"{name}: ")
    assert said in errors[0].message
    assert errors[0].fix


# --- texts


@pytest.mark.parametrize(
    ("encoding", "ends", "shown"),
    [
        ("utf-8", "\n", ""), ("utf-8", "\r\n", ""), ("utf-8", "\r", ""), ("utf-8-sig", "\r\n", ""), ("gbk", "\n", "gb18030"),
        ("gbk", "\r", "gb18030"), ("gb18030", "\r\n", "gb18030"), ("utf-16", "\r\n", "utf-16"), ("utf-32", "\n", "utf-32"),
        ("utf-16-le", "\n", "declared"), ("utf-16-be", "\r", "declared"),
    ],
)  # fmt: skip
def test_encodings_and_line_ends(tmp_path, encoding, ends, shown):
    case = whole_case()
    rows = [dict(zip(HEAD, row, strict=True)) for row in ROWS]
    case.files["s.csv"] = csv_text(rows).replace("\n", ends).encode(encoding)
    report = checked(tmp_path, case, schools=("s.csv", f'encoding = "{encoding}"' if shown == "declared" else ""))
    assert report.ok, report.problems.errors
    assert report.district.schools.names == ("富民小学", "大东路小学")
    assert told(report, "schools") == ([] if shown in {"", "declared"} else [f"s.csv: encoding: {shown}"])


@pytest.mark.parametrize("said", ["UTF8", "utf_8", "UTF-8-SIG", "GBK", "gb2312", "cp936"])
def test_names_of_encodings_are_those_that_people_write(tmp_path, said):
    case = whole_case()
    rows = [dict(zip(HEAD, row, strict=True)) for row in ROWS]
    case.files["s.csv"] = b"\xef\xbb\xbf" * said.upper().startswith("UTF") + csv_text(rows).encode(
        "utf-8" if said.upper().startswith("UTF") else "gbk"
    )
    report = checked(tmp_path, case, schools=("s.csv", f'encoding = "{said}"'))
    assert report.ok, report.problems.errors
    assert not told(report, "schools")
    assert report.district.schools.names[0] == "富民小学"


def test_wide_text_without_a_mark_needs_its_encoding_named(tmp_path):
    case = whole_case()
    case.files["s.csv"] = csv_text(case.schools).encode("utf-16-le")
    assert told(checked(tmp_path, case, schools="s.csv"), "schools") == ["s.csv: is not a text file (it holds NUL bytes)"]


def test_blanks_around_cells_and_headings_are_nothing(tmp_path):
    case = whole_case()
    lines = [" id , x , y , stages , classrooms "] + [f"\u00a0{row[0]} , {row[2]} , {row[3]} ,primary\u3000, 9 " for row in ROWS]
    case.files["s.csv"] = "\n".join(lines)
    report = checked(tmp_path, case, schools="s.csv")
    assert report.ok, report.problems.errors
    assert report.district.schools.ids == ("A", "B")


# --- workbooks


@pytest.mark.parametrize("name", ["s.xlsx", "s.xlsm", "s.ods"])
def test_workbooks_of_each_kind(tmp_path, name):
    (tmp_path / "case").mkdir()
    if name.endswith("ods"):
        open_document(tmp_path / "case" / name, [HEAD, *ROWS])
    else:
        workbook(tmp_path / "case" / name, [HEAD, *ROWS])
    report = checked(tmp_path / "case", schools=name)
    assert not list(report.problems)
    assert report.district.schools.names == ("富民小学", "大东路小学")


def test_the_first_sheet_that_is_shown_is_read(tmp_path):
    def hide(book):
        sheet = book.create_sheet("学校")
        for row in [HEAD, *ROWS]:
            sheet.append(row)
        book.active.sheet_state = "hidden"
        book.active = 1

    workbook(tmp_path / "case" / "s.xlsx", [["说明"], ["x"]], hide)
    report = checked(tmp_path / "case", schools="s.xlsx")
    assert report.ok, report.problems.errors
    hidden = checked(tmp_path / "case", schools=("s.xlsx", 'layer = "Sheet"'))
    assert "there is no column id; the file has x" in told(hidden, "schools")[0] or not hidden.ok


@pytest.mark.parametrize("error", ["#DIV/0!", "#N/A", "#REF!", "#VALUE!"])
def test_a_cell_that_is_an_error_is_no_number(tmp_path, error):
    def spoil(book):
        book.active["F2"] = error
        book.active["F2"].data_type = "e"

    workbook(tmp_path / "case" / "s.xlsx", [HEAD, *ROWS], spoil)
    report = checked(tmp_path / "case", schools="s.xlsx")
    (said,) = [item for item in report.problems.errors if item.table == "schools"]
    assert said.row == "A"
    assert said.message == "offers primary but has neither classrooms nor seats for it"


@pytest.mark.parametrize(
    ("cell", "kind", "said"),
    [
        (True, "errors", "true is not a number (classrooms)"),
        (dt.date(2026, 1, 9), "errors", "a date stands where a number (classrooms) is expected: 2026-01-09"),
        (dt.datetime(2026, 1, 9, 8, 30), "errors", "a date stands where a number (classrooms) is expected: 2026-01-09T08:30:00"),  # noqa: DTZ001
        ("9 classrooms", "errors", "9 classrooms is not a number (classrooms)"),
        ("=6+3", "errors", "offers primary but has neither classrooms nor seats for it"),
        (9.5, "warnings", "9.5 is not a whole number of classrooms"),
        ("'9", "errors", "'9 is not a number (classrooms)"),
    ],
)
def test_cells_of_a_sheet_that_are_no_count(tmp_path, cell, kind, said):
    workbook(tmp_path / "case" / "s.xlsx", [HEAD, [*ROWS[0][:5], cell], ROWS[1]])
    report = checked(tmp_path / "case", schools="s.xlsx")
    assert said in [item.message for item in getattr(report.problems, kind)]


def test_ids_of_a_sheet_that_became_numbers_or_dates(tmp_path):
    workbook(tmp_path / "case" / "s.xlsx", [HEAD, [7.0, *ROWS[0][1:]], [dt.date(2026, 3, 1), *ROWS[1][1:]]])
    report = checked(tmp_path / "case", schools="s.xlsx")
    assert report.district.schools.ids == ("7", "2026-03-01")
    assert told(report, "schools") == ["an id was turned into a date by the spreadsheet: 2026-03-01"]


def test_a_merged_id_is_an_id_twice(tmp_path):
    rows = [HEAD, ROWS[0], [None, *ROWS[1][1:]]]
    workbook(tmp_path / "case" / "s.xlsx", rows, lambda book: book.active.merge_cells("A2:A3"))
    report = checked(tmp_path / "case", schools="s.xlsx")
    assert told(report, "schools") == ["A stands in rows 2, 3", "s.xlsx: 1 merged areas are filled with their value"]


# --- shapefiles


@pytest.fixture
def shapefile(tmp_path):
    """Return a case folder whose blocks are a shapefile with texts in GBK."""
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"]["name"] = f"龙湖小区{k}"
    case.sections["tables.blocks"] = 'file = "b.shp"'
    case.write(tmp_path / "case")
    frame(case).to_file(tmp_path / "case" / "b.shp", encoding="gbk")
    return tmp_path / "case"


@pytest.mark.parametrize(
    ("suffix", "said"),
    [
        (".dbf", "b.shp: has no .dbf beside it, so no columns"),
        (".shx", "b.shp: has no .shx beside it, so no rows can be found"),
    ],
)
def test_a_shapefile_without_a_file_that_it_needs(shapefile, suffix, said):
    (shapefile / "b").with_suffix(suffix).unlink()
    (item,) = [item for item in check_case(shapefile).problems.errors if item.table == "blocks"]
    assert item.message == said
    assert item.fix == "copy all files of the shapefile (.shp, .shx, .dbf, .prj, .cpg)"
    assert str(shapefile) not in item.message


def test_a_shapefile_without_the_files_that_can_be_missed(shapefile):
    (shapefile / "b.cpg").unlink()
    (shapefile / "b.prj").unlink()
    report = check_case(shapefile)
    assert report.district.blocks.names[3] == "龙湖小区3"
    assert told(report, "blocks") == ["b.shp: no .cpg file says the encoding; it is read as gb18030"]
    text = (shapefile / "case.toml").read_text(encoding="utf-8").replace(f'crs = "{CRS}"\n', "")
    (shapefile / "case.toml").write_text(text, encoding="utf-8")
    said = [item for item in check_case(shapefile).problems.errors if item.table == "blocks"]
    assert said[0].message == "no coordinate system is given, neither in the file nor in the case"
    assert said[0].fix == 'write crs = "EPSG:…" (or "local-metres") into [tables.blocks] or [case] of case.toml'


@pytest.mark.parametrize("content", [b"GARBAGE[", b"\xff\xfe\x00", b"", b"PROJCS[" * 100])
def test_a_projection_that_is_none_leaves_the_case_to_say(shapefile, content):
    (shapefile / "b.prj").write_bytes(content)
    report = check_case(shapefile)
    assert report.ok or any("cannot be" in said or "is broken" in said for said in told(report, "blocks"))


def test_a_shapefile_in_capitals_is_read(shapefile):
    for path in shapefile.glob("b.*"):
        path.rename(path.with_suffix(path.suffix.upper()).with_stem("B"))
    text = (shapefile / "case.toml").read_text(encoding="utf-8").replace("b.shp", "B.SHP")
    (shapefile / "case.toml").write_text(text, encoding="utf-8")
    report = check_case(shapefile)
    assert not list(report.problems)
    assert report.district.blocks.names[3] == "龙湖小区3"


def test_a_code_page_that_is_none_is_told(shapefile):
    (shapefile / "b.cpg").write_text("KLINGON")
    assert told(check_case(shapefile), "blocks") == ["b.shp: there is no encoding KLINGON"]


@pytest.mark.parametrize(("suffix", "said"), [(".dbf", "there is no column id"), (".shp", "the row has no place")])
def test_a_shapefile_that_was_cut_off(shapefile, suffix, said):
    path = (shapefile / "b").with_suffix(suffix)
    path.write_bytes(path.read_bytes()[:150])
    assert any(text.startswith(said) or "is broken" in text for text in told(check_case(shapefile), "blocks"))


# --- GeoPackage, GeoJSON, Parquet


def test_a_database_that_is_no_geopackage_and_one_cut_off(tmp_path):
    (tmp_path / "case").mkdir()
    with sqlite3.connect(tmp_path / "case" / "b.gpkg") as base:
        base.execute("create table blocks (id)")
    base.close()
    assert told(checked(tmp_path / "case", blocks="b.gpkg"), "blocks")[0].startswith("b.gpkg: is broken or not gpkg: ")
    frame().to_file(tmp_path / "case" / "c.gpkg")
    (tmp_path / "case" / "c.gpkg").write_bytes((tmp_path / "case" / "c.gpkg").read_bytes()[:9000])
    assert told(checked(tmp_path / "case", blocks="c.gpkg"), "blocks")[0].startswith("c.gpkg: is broken or not gpkg: ")


def test_a_layer_without_places_is_no_map_of_blocks(tmp_path):
    (tmp_path / "case").mkdir()
    pyogrio.write_dataframe(pd.DataFrame(frame().drop(columns="geometry")), tmp_path / "case" / "b.gpkg")
    assert told(checked(tmp_path / "case", blocks="b.gpkg"), "blocks") == ["the table has no places"]


@pytest.mark.parametrize("name", ["NaN", "Infinity", "-Infinity"])
def test_a_geojson_with_what_is_no_number(tmp_path, name):
    text = collection(whole_case().blocks).replace(str(EAST), name, 1)
    case = whole_case()
    case.files["b.geojson"] = text
    (item,) = [item for item in checked(tmp_path, case, blocks="b.geojson").problems.errors if item.table == "blocks"]
    assert item.message == f"b.geojson: holds {name}, which is no number"


@pytest.mark.parametrize(
    "geometry",
    [
        {"type": "Polygon", "coordinates": [[["a", 0], [1, 0], [1, 1], ["a", 0]]]}, {"type": "Polygon", "coordinates": [1, 2]},
        {"type": "Blob", "coordinates": [1, 2]}, {"type": "Polygon", "coordinates": []}, {"type": "GeometryCollection"},
        {"type": "Polygon"}, {"type": "Polygon", "coordinates": None},
    ],
)  # fmt: skip
def test_a_geometry_that_is_none_is_told_by_its_row(tmp_path, geometry):
    case = whole_case()
    case.blocks[4]["geometry"] = geometry
    errors = check_case(case.write(tmp_path)).problems.errors
    assert [(item.table, item.row, item.message) for item in errors] == [("blocks", "b4", "the row has no place")]


def test_collections_are_opened(tmp_path):
    """Some programs wrap each polygon; with a stray line beside it the area counts."""
    case = whole_case()
    shape = case.blocks[0]["geometry"]
    line = {"type": "LineString", "coordinates": [[EAST, NORTH], [EAST + 9, NORTH]]}
    case.blocks[0]["geometry"] = {"type": "GeometryCollection", "geometries": [shape]}
    nested = {
        "type": "GeometryCollection",
        "geometries": [line, {"type": "GeometryCollection", "geometries": [case.blocks[1]["geometry"]]}],
    }
    case.blocks[1]["geometry"] = nested
    report = check_case(case.write(tmp_path))
    assert [item.message for item in report.problems] == [
        "blocks.geojson: 2 geometries are collections; their areas are taken, else their lines or points"
    ]
    assert report.summary["components"] == 1
    assert shapely.area(report.district.blocks.geometry).tolist() == [SIDE**2] * 12


@pytest.mark.parametrize("as_text", [True, False])
def test_a_plain_parquet_may_hold_places_as_text_or_bytes(tmp_path, as_text):
    (tmp_path / "case").mkdir()
    plain = pd.DataFrame(frame().to_wkt() if as_text else frame().to_wkb())
    plain.to_parquet(tmp_path / "case" / "b.parquet")
    report = checked(tmp_path / "case", blocks="b.parquet")
    assert not list(report.problems)
    assert shapely.area(report.district.blocks.geometry).sum() == 12 * SIDE**2
    plain.loc[3, "geometry"] = "POLYGON((" if as_text else b"\x01nothing"
    plain.to_parquet(tmp_path / "case" / "b.parquet")
    errors = checked(tmp_path / "case", blocks="b.parquet").problems.errors
    assert [(item.row, item.column, item.message.split(" is ")[0]) for item in errors if item.column] == [
        (4, "geometry", "the geometry")
    ]


def test_a_geoparquet_with_another_name_for_its_places_or_without_a_system(tmp_path):
    (tmp_path / "case").mkdir()
    frame().rename_geometry("图形").to_parquet(tmp_path / "case" / "a.parquet")
    assert not list(checked(tmp_path / "case", blocks="a.parquet").problems)
    frame().set_crs(None, allow_override=True).to_parquet(tmp_path / "case" / "b.geoparquet")
    report = checked(tmp_path / "case", blocks="b.geoparquet")
    assert report.ok, report.problems.errors
    assert report.district.crs == CRS


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp", ".parquet", ".csv", ".xlsx"])
def test_the_same_blocks_in_every_format_are_the_same_district(tmp_path, suffix):
    case, blocks = whole_case(), frame()
    (tmp_path / "case").mkdir()
    path = tmp_path / "case" / f"b{suffix}"
    if suffix == ".parquet":
        blocks.to_parquet(path)
    elif suffix in {".csv", ".xlsx"}:
        plain = pd.DataFrame(blocks.to_wkt())
        plain.to_csv(path, index=False) if suffix == ".csv" else plain.to_excel(path, index=False)
    else:
        blocks.to_file(path)
    report = checked(tmp_path / "case", case, blocks=path.name)
    assert not list(report.problems)
    plain = check_case(whole_case().write(tmp_path / "plain")).district
    assert report.district.blocks.ids == plain.blocks.ids
    assert (shapely.normalize(report.district.blocks.geometry) == shapely.normalize(plain.blocks.geometry)).all()
    if suffix != ".shp":  # which turns rings the other way round
        assert report.district.fingerprint == plain.fingerprint


# --- joins


def test_places_may_stand_in_a_second_file(tmp_path):
    case = whole_case()
    for row in case.schools:
        case.files["p.csv"] = case.files.get("p.csv", "no,east,north\n") + f"{row['id']},{row.pop('x')},{row.pop('y')}\n"
    keys = 'join = { file = "p.csv", key = "no", columns = { x = "east", y = "north" } }'
    report = checked(tmp_path, case, schools=("schools.csv", keys))
    assert not list(report.problems)
    assert report.district.schools.block.tolist() == [0, 11]
    case.files["p.csv"] = "no,east,north\nA,here,2590150\n"
    said = [(item.row, item.message) for item in checked(tmp_path, case, schools=("schools.csv", keys)).problems.errors]
    assert (2, "here is not a number (as the geometry)") in said
    assert ("A", "the row has no place") in said
    assert ("B", "the row has no place") in said


def test_features_with_and_without_properties(tmp_path):
    case = whole_case()
    case.blocks[5] = feature({}, shapely.from_geojson(str(case.blocks[5]["geometry"]).replace("'", '"')))
    errors = check_case(case.write(tmp_path)).problems.errors
    assert [(item.row, item.message) for item in errors] == [(6, "id is empty")]
