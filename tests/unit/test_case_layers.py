"""Shapefiles, GeoPackages, GeoJSON and Parquet as programs leave them: read to the same case, or one sentence."""

from __future__ import annotations

import sqlite3

import pandas as pd
import pyogrio
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, collection, feature, whole_case
from office_files import checked, frame, told

from xuequ.data.case import check_case

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
