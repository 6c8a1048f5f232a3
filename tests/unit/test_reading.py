"""Every file format ends in the same table, within bounds; what is broken is told, what is hostile is refused."""

from __future__ import annotations

import json
import zipfile

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, collection, csv_text, feature, square

from xuequ.data.case_file import JoinSection, TableSection
from xuequ.data.files import read_raw
from xuequ.data.filters import rows_kept
from xuequ.data.folder import Limits, Unreadable, inside
from xuequ.data.read import match_columns, read_table
from xuequ.data.sheets import decode
from xuequ.data.tables import TABLES
from xuequ.zoning.errors import LimitExceeded
from xuequ.zoning.problems import Problems

ROWS = [
    {"id": "007", "name": "桂江地块一", "community": "河西社区", "pupils": 12},
    {"id": "113A", "name": "", "community": "河西社区", "pupils": 0},
    {"id": "12", "name": 'a, "b"; c', "community": "东兴", "pupils": 45},
]
SHAPES = [shapely.box(EAST + 300 * k, NORTH, EAST + 300 * (k + 1), NORTH + 300) for k in range(3)]


def frame() -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(pd.DataFrame(ROWS), geometry=SHAPES, crs=CRS)


def write(folder, name):
    path = folder / name
    kind = path.suffix
    if kind == ".gpkg":
        frame().to_file(path, layer="blocks", driver="GPKG")
    elif kind == ".geojson":
        path.write_text(collection([feature(row, shape) for row, shape in zip(ROWS, SHAPES, strict=True)]), encoding="utf-8")
    elif kind == ".shp":
        frame().to_file(path, encoding="utf-8")
    elif kind == ".parquet":
        frame().to_parquet(path)
    elif kind == ".csv":
        path.write_text(
            csv_text([{**row, "geometry": shape.wkt} for row, shape in zip(ROWS, SHAPES, strict=True)]), encoding="utf-8"
        )
    else:
        pd.DataFrame([{**row, "wkt": shape.wkt} for row, shape in zip(ROWS, SHAPES, strict=True)]).to_excel(path, index=False)
    return path


def table(folder, name, limits=None, table="blocks", **keys):
    problems = Problems()
    found = read_table(folder, table, TableSection(file=name, **keys), problems, limits or Limits())
    return found, problems


@pytest.mark.parametrize("name", ["b.gpkg", "b.geojson", "b.shp", "b.parquet", "b.csv", "b.xlsx"])
def test_every_format_gives_the_same_table(tmp_path, name):
    write(tmp_path, name)
    found, problems = table(tmp_path, name)
    assert not problems.errors
    assert found.text("id") == ["007", "113A", "12"]
    assert found.text("name") == ["桂江地块一", "", 'a, "b"; c']
    assert found.whole("pupils").tolist() == [12, 0, 45]
    assert shapely.equals(found.geometry, SHAPES).all()
    assert (found.crs is not None) == (name[2:] in {"gpkg", "geojson", "shp", "parquet"})
    assert found.rows[0] == (2 if name in {"b.csv", "b.xlsx"} else 1)


@pytest.mark.parametrize(("id_cells", "ids"), [
    ([5.0, 7.0, 11.0], ["5", "7", "11"]), (["5.0", "7.0", "11.0"], ["5", "7", "11"]), (["5.0", "7A", "11"], ["5.0", "7A", "11"]),
    ([1, 2, 3], ["1", "2", "3"]), (["０１２", " 7 ", "Ｂ"], ["012", "7", "B"]),
])  # fmt: skip
def test_ids_stay_texts(tmp_path, id_cells, ids):
    pd.DataFrame({"id": id_cells, "pupils": 1, "x": 0.5, "y": 0.5}).to_parquet(tmp_path / "b.parquet")
    found, _ = table(tmp_path, "b.parquet")
    assert found.text("id") == ids


def test_a_shapefile_of_a_chinese_office_needs_no_cpg(tmp_path):
    frame().to_file(tmp_path / "b.shp", encoding="gb18030")
    (tmp_path / "b.cpg").unlink()
    found, problems = table(tmp_path, "b.shp")
    assert found.text("name")[0] == "桂江地块一"
    assert any("no .cpg file says the encoding; it is read as gb18030" in item.message for item in problems.warnings)


def test_a_shapefile_without_its_dbf_is_told(tmp_path):
    write(tmp_path, "b.shp")
    (tmp_path / "b.dbf").unlink()
    _, problems = table(tmp_path, "b.shp")
    assert "has no .dbf beside it" in problems.errors[0].message


def test_a_code_page_number_is_understood(tmp_path):
    frame().to_file(tmp_path / "b.shp", encoding="gb18030")
    (tmp_path / "b.cpg").write_text("936")
    assert table(tmp_path, "b.shp")[0].text("name")[0] == "桂江地块一"


def test_a_wkt1_system_with_heights_does_not_break_anything(tmp_path):
    write(tmp_path, "b.shp")
    projection = (tmp_path / "b.prj").read_text()
    (tmp_path / "b.prj").write_text(projection + ',VERTCS["NAD_1983",DATUM["D",SPHEROID["S",6378137.0,298.257222101]],'
                                    'PARAMETER["Vertical_Shift",0.0],PARAMETER["Direction",1.0],UNIT["Meter",1.0]]')  # fmt: skip
    found, problems = table(tmp_path, "b.shp")
    assert not problems.errors
    assert found.crs is not None


def test_a_geojson_in_gb18030_is_read(tmp_path):
    text = collection([feature(row, shape) for row, shape in zip(ROWS, SHAPES, strict=True)])
    (tmp_path / "b.geojson").write_bytes(text.encode("gb18030"))
    assert table(tmp_path, "b.geojson")[0].text("community") == ["河西社区", "河西社区", "东兴"]


def test_layers_and_sheets_are_chosen_by_name(tmp_path):
    frame().to_file(tmp_path / "b.gpkg", layer="one", driver="GPKG")
    frame().iloc[:1].to_file(tmp_path / "b.gpkg", layer="two", driver="GPKG")
    assert len(table(tmp_path, "b.gpkg")[0]) == 3
    assert len(table(tmp_path, "b.gpkg", layer="two")[0]) == 1
    with pd.ExcelWriter(tmp_path / "b.xlsx") as book:
        pd.DataFrame({"x": [1]}).to_excel(book, sheet_name="说明", index=False)
        pd.DataFrame(ROWS).to_excel(book, sheet_name="地块", index=False)
    assert len(table(tmp_path, "b.xlsx", layer="地块")[0]) == 3
    _, problems = table(tmp_path, "b.xlsx", layer="学校")
    assert "has no sheet 学校; there are 说明, 地块" in problems.errors[0].message


def test_a_joined_file_adds_columns_by_id(tmp_path):
    write(tmp_path, "b.gpkg")
    (tmp_path / "p.csv").write_text("no,kids\n12,5\n007,6\n999,7\n", encoding="utf-8")
    join = JoinSection(file="p.csv", key="no", columns={"pupils_primary": "kids"})
    found, problems = table(tmp_path, "b.gpkg", join=(join,))
    assert found.number("pupils_primary").tolist()[::2] == [6, 5]
    assert np.isnan(found.number("pupils_primary")[1])
    said = [item.message for item in problems.warnings]
    assert any("has no row for 1 of 3 ids, 113A the first" in text for text in said)
    assert any("has 1 rows of unknown ids, 999 the first" in text for text in said)


@pytest.mark.parametrize(("content", "columns", "said"), [
    ("no,kids\n12,5\n12,6\n", {"pupils": "kids"}, "names 12 more than once"),
    ("no,kids\n12,5\n", {"pupils": "kidz"}, "has no column kidz; the nearest one is kids"),
    ("", {"pupils": "kids"}, "is empty"),
])  # fmt: skip
def test_a_faulty_join_is_told(tmp_path, content, columns, said):
    write(tmp_path, "b.gpkg")
    (tmp_path / "p.csv").write_text(content, encoding="utf-8")
    _, problems = table(tmp_path, "b.gpkg", join=(JoinSection(file="p.csv", key="no", columns=columns),))
    assert any(said in item.message for item in problems.errors)


def test_values_stand_for_a_column_that_the_file_lacks(tmp_path):
    (tmp_path / "c.csv").write_text("block,school\nb1,A\n", encoding="utf-8")
    found, problems = table(tmp_path, "c.csv", table="catchments", values={"stage": "小学", "year": 2025})
    assert not problems.errors
    assert found.text("stage") == ["primary"]
    assert found.whole("year").tolist() == [2025]


def test_a_heading_that_only_happens_to_be_ours_is_left_aside(tmp_path):
    (tmp_path / "s.csv").write_text("id,kind,lon,lat\nA,existing,111.2,23.4\nB,planned,111.2,23.4\n", encoding="utf-8")
    found, problems = table(tmp_path, "s.csv", table="schools")
    assert not found.has("kind")
    assert not problems.errors
    assert "kind holds something else than kind" in problems.warnings[0].message
    _, problems = table(tmp_path, "s.csv", table="schools", columns={"kind": "kind"})
    assert len(problems.errors) == 2


def test_headings_in_common_use_are_known():
    headings = ["学校代码", "学校名称", "教室数（间）", "占地面积(㎡)", "经度", "纬度", "办学类型", "城 乡"]
    assert match_columns(TABLES["schools"], headings) == {
        "id": "学校代码", "name": "学校名称", "classrooms": "教室数（间）", "land_m2": "占地面积(㎡)",
        "lon": "经度", "lat": "纬度", "stages": "办学类型", "setting": "城 乡",
    }  # fmt: skip


def test_every_heading_stands_for_one_column_of_its_table():
    for schema in TABLES.values():
        for column in schema.columns:
            assert match_columns(schema, [column.name]) == {column.name: column.name}


# --- separators, headings, empty rows


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
def test_separators_are_recognised(tmp_path, separator):
    (tmp_path / "b.csv").write_text(
        "\n".join(separator.join(row) for row in (["id", "pupils"], ["b1", "3"], ["b2", "4"])), "utf-8"
    )
    assert table(tmp_path, "b.csv")[0].whole("pupils").tolist() == [3, 4]


def test_empty_rows_and_a_title_are_left_out(tmp_path):
    (tmp_path / "b.csv").write_text("区地块表,,\nid,pupils,name\nb1,3,x\n,,\n,,\nb2,4,y\n", encoding="utf-8")
    found, problems = table(tmp_path, "b.csv")
    assert found.rows == [3, 6]
    said = [item.message for item in problems.warnings]
    assert any("the headings are taken from line 2" in text for text in said)
    assert any("2 empty rows are left out" in text for text in said)


def test_a_line_with_too_many_cells_is_told(tmp_path):
    (tmp_path / "b.csv").write_text("id,pupils\n" + "b,1\n" * 30 + "b1,3,4,5\n", encoding="utf-8")
    _, problems = table(tmp_path, "b.csv")
    assert "cannot be taken apart into columns" in problems.errors[0].message
    assert "line 32" in problems.errors[0].message


def test_equal_headings_are_kept_apart(tmp_path):
    (tmp_path / "b.csv").write_text("id,pupils,pupils\nb1,3,4\n", encoding="utf-8")
    raw = read_raw(tmp_path, TableSection(file="b.csv"), frozenset({"id"}), Limits())
    assert list(raw.columns) == ["id", "pupils", "pupils.2"]


def test_wkt_that_is_none_is_told(tmp_path):
    (tmp_path / "b.csv").write_text("id,geometry\nb1,POLYGON((0 0\nb2,POINT (1 2)\n", encoding="utf-8")
    _, problems = table(tmp_path, "b.csv")
    assert any("not well-known text" in item.message and item.row == 2 for item in problems.errors)


def test_curves_are_drawn_as_short_straight_lines(tmp_path):
    """A circle as ISO curve polygon, which GeoPackage may hold and shapely does not know."""
    import sqlite3
    import struct

    frame().to_file(tmp_path / "b.gpkg", layer="blocks", driver="GPKG")
    circle = [(EAST, NORTH), (EAST + 100, NORTH + 100), (EAST + 200, NORTH), (EAST + 100, NORTH - 100), (EAST, NORTH)]
    arc = struct.pack("<BII", 1, 8, len(circle)) + b"".join(struct.pack("<dd", *corner) for corner in circle)
    blob = b"GP\x00\x01" + struct.pack("<i", 32649) + struct.pack("<BII", 1, 10, 1) + arc
    with sqlite3.connect(tmp_path / "b.gpkg") as base:
        for (name,) in base.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            base.execute(f'drop trigger "{name}"')
        base.execute("update blocks set geom = ? where fid = 1", (blob,))
        base.execute("update gpkg_geometry_columns set geometry_type_name = 'CURVEPOLYGON'")
    found, problems = table(tmp_path, "b.gpkg")
    assert found.geometry[0].area == pytest.approx(np.pi * 100**2, rel=1e-3)
    assert any("curves are drawn as short straight lines" in item.message for item in problems.warnings)


# --- bounds


@pytest.mark.parametrize(("name", "limits", "said"), [
    ("b.csv", Limits(file_bytes=50), "bytes; at most 50 are read"),
    ("b.gpkg", Limits(file_bytes=500), "bytes; at most 500 are read"),
    ("b.shp", Limits(file_bytes=500), "bytes; at most 500 are read"),
    ("b.csv", Limits(rows=2), "4 rows; at most 2"), ("b.gpkg", Limits(rows=2), "3 rows; at most 2"),
    ("b.parquet", Limits(rows=2), "3 rows; at most 2"), ("b.xlsx", Limits(rows=2), "rows; at most 2 are read"),
    ("b.geojson", Limits(vertices=10), "15 corners in its geometries; at most 10"),
    ("b.parquet", Limits(unpacked_bytes=10), "unpacks to"), ("b.xlsx", Limits(unpacked_bytes=10), "unpacks to"),
    ("b.xlsx", Limits(cells=10), "4 rows and 5 columns"),
])  # fmt: skip
def test_more_than_is_read_is_refused_with_its_number(tmp_path, name, limits, said):
    write(tmp_path, name)
    with pytest.raises(LimitExceeded, match=said):
        table(tmp_path, name, limits)


def test_a_sheet_with_a_cell_far_away_is_refused_before_it_is_unpacked(tmp_path):
    book = openpyxl.Workbook()
    book.active["A1"] = "id"
    book.active["XFD1048576"] = "far"
    book.save(tmp_path / "b.xlsx")
    with pytest.raises(LimitExceeded, match="1,048,576 rows and 16,384 columns"):
        table(tmp_path, "b.xlsx")


# --- hostile and broken files


@pytest.mark.parametrize(("name", "content", "said"), [
    ("b.gpkg", b"<OGRVRTDataSource></OGRVRTDataSource>", "is not a GeoPackage"),
    ("b.geojson", b"<OGRVRTDataSource></OGRVRTDataSource>", "is not GeoJSON"),
    ("b.geojson", b'{"type": "FeatureCollection", "features": [', "is not valid JSON at line 1"),
    ("b.geojson", b'{"type": "Topology", "objects": {}}', "no GeoJSON FeatureCollection"),
    ("b.geojson", b'{"type": "FeatureCollection"}', "without features"),
    ("b.geojson", b"[" * 100_000, "is not GeoJSON"), ("b.geojson", b'{"a":' * 100_000, "is not valid JSON"),
    ("b.shp", b"PK\x03\x04", "is not a shapefile"), ("b.parquet", b"PAR1 and nothing more", "is broken or no Parquet file"),
    ("b.parquet", b"\x80\x04\x95", "is not a Parquet file"), ("b.pbf", b"nothing", "is not an OpenStreetMap extract"),
    ("b.xlsx", b"PK\x03\x04 and nothing more", "is not a workbook that can be read"),
    ("b.xls", b"", "is empty (0 bytes)"),
    ("b.csv", b"", "is empty"), ("b.csv", b"\n\n", "is empty"), ("b.csv", b"id\0,pupils\n", "is not a text file"),
    ("b.gpkg", b"SQLite format 3\0" + b"\xff" * 500, "is broken or not gpkg"),
])  # fmt: skip
def test_what_is_not_what_it_says_is_told(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    found, problems = table(tmp_path, name)
    assert found is None
    assert said in problems.errors[0].message
    assert problems.errors[0].fix


def test_external_entities_are_not_read(tmp_path):
    """A workbook whose shared strings name a file of the machine shows nothing of it."""
    secret = tmp_path / "secret.txt"
    secret.write_text("the secret")
    folder = tmp_path / "case"
    folder.mkdir()
    pd.DataFrame(ROWS).to_excel(folder / "plain.xlsx", index=False)
    with zipfile.ZipFile(folder / "plain.xlsx") as source, zipfile.ZipFile(folder / "b.xlsx", "w") as target:
        for item in source.infolist():
            content = source.read(item)
            if item.filename == "xl/sharedStrings.xml":
                content = content.replace(
                    b"<sst ", b'<!DOCTYPE x [<!ENTITY e SYSTEM "file://' + str(secret).encode() + b'">]><sst ', 1
                )
                content = content.replace("东兴".encode(), b"&e;")
            target.writestr(item, content)
    found, _ = table(folder, "b.xlsx")
    assert found is None or "secret" not in str([*found.data.values(), *found.rest.values()])


def test_formulas_are_not_run(tmp_path):
    book = openpyxl.Workbook()
    for row in (["id", "pupils"], ["b1", "=1+1"]):
        book.active.append(row)
    book.save(tmp_path / "b.xlsx")
    found, _ = table(tmp_path, "b.xlsx")
    assert np.isnan(found.number("pupils")[0])


def test_links_out_of_the_folder_are_refused(tmp_path):
    outside = tmp_path / "outside.csv"
    outside.write_text("id\nx\n")
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "in.csv").symlink_to(outside)
    (folder / "loop").symlink_to(folder)
    (folder / "way").symlink_to(tmp_path)
    _, problems = table(folder, "in.csv")
    assert "leaves the case's folder by a link" in problems.errors[0].message
    _, problems = table(folder, "way/outside.csv")
    assert "leaves the case's folder by a link" in problems.errors[0].message


def test_a_side_file_that_links_out_is_refused(tmp_path):
    folder = tmp_path / "case"
    folder.mkdir()
    write(folder, "b.shp")
    (folder / "b.dbf").rename(tmp_path / "b.dbf")
    (folder / "b.dbf").symlink_to(tmp_path / "b.dbf")
    _, problems = table(folder, "b.shp")
    assert "leaves the case's folder by a link" in problems.errors[0].message


@pytest.mark.parametrize("name", ["", "  ", "a\0b", "x/../../y", "\\\\server\\share", "..\\y.csv", "a" * 5000])
def test_strange_names_are_refused_in_a_sentence(tmp_path, name):
    with pytest.raises(Unreadable) as caught:
        inside(tmp_path, name)
    assert caught.value.message
    assert caught.value.fix


def test_a_parquet_file_with_a_foreign_type_is_told_or_read(tmp_path):
    pq.write_table(pa.table({"id": ["a"], "pupils": pa.array([[1, 2]])}), tmp_path / "b.parquet")
    found, problems = table(tmp_path, "b.parquet")
    assert found.text("id") == ["a"]
    assert found.has("pupils") is False or problems.errors


# --- filters


@pytest.mark.parametrize(("wanted", "kept"), [
    ("level = 'ES'", [0, 2]), ("level != 'ES'", [1, 3]), ("seats > 300", [1, 2]), ("seats >= 300 and level = ES", [0, 2]),
    ("level in ('MS', 'HS')", [1, 3]), ("level not in ('ES')", [1, 3]), ('"seats left" = 0', [3]), ("seats <= 300", [0]),
    ("seats < 301", [0]), ({"level": ["ES", "HS"]}, [0, 2, 3]), ({"seats": 300}, [0]), ({"seats": 300, "level": "MS"}, []),
])  # fmt: skip
def test_filters(wanted, kept):
    columns = {"level": ["ES", "MS", "ES", "HS"], "seats": [300, "400", 500.0, None], "seats left": ["1", "2", "3", "0"]}
    assert np.flatnonzero(rows_kept(wanted, columns, 4)).tolist() == kept


@pytest.mark.parametrize(("wanted", "said"), [
    ("levl = 'ES'", "the nearest one is level"), ("level ~ 'ES'", "is not understood"),
    ("level = 'ES' or 1=1", "is not understood from: or"),
    ("__import__('os')", "is not understood"), ("", "is not understood"),
])  # fmt: skip
def test_a_filter_that_is_not_understood_is_told(wanted, said):
    with pytest.raises(Unreadable, match=said):
        rows_kept(wanted, {"level": ["ES"]}, 1)


def test_a_filter_of_a_table(tmp_path):
    write(tmp_path, "b.gpkg")
    assert table(tmp_path, "b.gpkg", filter="pupils > 0")[0].text("id") == ["007", "12"]


# --- encodings


def test_latin_text_is_not_taken_for_chinese():
    text, encoding, _ = decode(
        "name,city\nÉcole élémentaire,Orléans\nCollège,Besançon\nLycée,Nîmes\n".encode("cp1252") * 20, None
    )
    assert "École" in text
    assert encoding == "cp1252"


def test_chinese_text_is_taken_for_chinese():
    text, encoding, _ = decode("编号,学校名称\n1,富民小学\n".encode("gb18030"), None)
    assert (encoding, text[:2]) == ("gb18030", "编号")


def test_geojson_members_are_not_mistaken_for_a_system(tmp_path):
    """A property called crs is no coordinate system."""
    content = json.loads(
        collection([feature({"id": "b1", "pupils": 3, "crs": "none"}, {"type": "Polygon", "coordinates": square(0, 0)})], None)
    )
    (tmp_path / "b.geojson").write_text(json.dumps(content))
    assert table(tmp_path, "b.geojson")[0].crs is None
