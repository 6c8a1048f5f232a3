"""init: a first case.toml, every guess with its reason beside it, and a folder of good files needs no correction."""

from __future__ import annotations

import shutil
import tomllib

import geopandas as gpd
import pandas as pd
import pytest
from case_folders import CRS, csv_text, whole_case

from xuequ.data.case import case_folder, check_case
from xuequ.data.initial import init_case
from xuequ.zoning.errors import CaseError


def guessed(folder):
    path = init_case(folder)
    text = path.read_text(encoding="utf-8")
    return tomllib.loads(text), text


def without_case(case, folder):
    case.write(folder)
    (folder / "case.toml").unlink()
    return folder


def test_a_folder_of_good_files_needs_no_correction(tmp_path):
    told, text = guessed(without_case(whole_case(), tmp_path / "万秀区"))
    assert set(told["tables"]) == {"blocks", "schools", "roads", "boundary", "births"}
    assert told["case"] == {"name": "万秀区", "crs": CRS, "school_year": 2025}
    assert "# guess: schools: no coordinate system is named; that of the other files is taken" in text
    assert check_case(tmp_path / "万秀区").ok


def test_the_shipped_case_is_guessed_whole(tmp_path):
    shutil.copytree(case_folder("demo"), tmp_path / "demo")
    shipped = tomllib.loads((tmp_path / "demo" / "case.toml").read_text(encoding="utf-8"))
    (tmp_path / "demo" / "case.toml").unlink()
    told, _ = guessed(tmp_path / "demo")
    assert {name: section["file"] for name, section in told["tables"].items()} == shipped["tables"]
    assert told["case"]["crs"] == shipped["case"]["crs"]
    assert told["case"]["school_year"] == shipped["case"]["school_year"]


def test_chinese_headings_and_encodings_are_guessed(tmp_path):
    case = whole_case()
    for item in case.blocks:
        item["properties"]["地块编号"] = item["properties"].pop("id")
    headings = ("学校代码", "学校名称", "x坐标", "y坐标", "学段", "教室数（间）")
    rows = [(row["id"], "富民小学", row["x"], row["y"], "小学", 9) for row in case.schools]
    case.files["万秀区学校.csv"] = csv_text([dict(zip(headings, row, strict=True)) for row in rows]).encode("gb18030")
    folder = without_case(case, tmp_path)
    (folder / "schools.csv").unlink()
    told, text = guessed(folder)
    ours = ("id", "name", "x", "y", "stages", "classrooms")
    assert told["tables"]["schools"]["columns"] == dict(zip(ours, headings, strict=True))
    assert 'encoding = "gb18030"  # guess: recognised' in text
    assert told["tables"]["blocks"]["columns"] == {"id": "地块编号"}
    assert check_case(folder).ok


def test_an_id_is_guessed_from_what_is_unique(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"] = {"area_m2": 90000.5 + k, "SEGNO": f"{k}A", "students_2025": 60, "zone": "x"}
    del case.sections["tables.births"]
    folder = without_case(case, tmp_path)
    told, text = guessed(folder)
    assert told["tables"]["blocks"]["columns"] == {"id": "SEGNO", "pupils": "students_2025"}
    assert "every row has a value of its own here" in text
    assert "students_2025 holds numbers, 720 together" in text


def test_metres_of_nowhere_are_called_local(tmp_path):
    case = whole_case()
    case.block_crs = None
    folder = without_case(case, tmp_path)
    for name in ("roads.geojson", "boundary.geojson"):
        (folder / name).unlink()
    told, text = guessed(folder)
    assert told["case"]["crs"] == "local-metres"
    assert "guess: blocks, schools: no coordinate system is named" in text
    assert check_case(folder).ok


def test_systems_that_differ_are_left_to_the_person(tmp_path):
    folder = without_case(whole_case(), tmp_path)
    gpd.read_file(folder / "boundary.geojson").to_crs("EPSG:4326").to_file(folder / "boundary.gpkg")
    (folder / "boundary.geojson").unlink()
    told, text = guessed(folder)
    assert "crs" not in told["case"]
    assert "# boundary is in WGS 84" in text
    assert '# crs = "EPSG:…"  # schools' in text


def test_layers_of_one_file_are_told_apart(tmp_path):
    folder = without_case(whole_case(), tmp_path)
    for name in ("blocks", "roads", "boundary"):
        gpd.read_file(folder / f"{name}.geojson").to_file(folder / "district.gpkg", layer=name)
        (folder / f"{name}.geojson").unlink()
    told, _ = guessed(folder)
    assert {name: told["tables"][name].get("layer") for name in ("blocks", "roads", "boundary")} == {
        name: name for name in ("blocks", "roads", "boundary")}  # fmt: skip
    assert check_case(folder).ok


def test_what_is_missing_unused_or_unreadable_is_said(tmp_path):
    pd.DataFrame({"id": ["A"], "name": ["x"], "lon": [111.3], "lat": [23.4], "capacity_total": [300]}).to_csv(
        tmp_path / "schools.csv", index=False
    )
    (tmp_path / "weather.csv").write_text("day,rain\n1,2\n")
    (tmp_path / "broken.gpkg").write_bytes(b"nothing")
    (tmp_path / "README.csv").write_text("not,a,table\n")
    told, text = guessed(tmp_path)
    assert "# No file looks like blocks, which every case needs:" in text
    assert "# not used: weather.csv" in text
    assert "# not read: broken.gpkg: is not a GeoPackage" in text
    assert "README" not in text
    assert told["tables"]["schools"]["columns"]["seats"] == "capacity_total"
    assert told["zoning"]["stage"] == "primary"


def test_the_newest_year_of_enrolment_is_todays(tmp_path):
    case = whole_case().table(
        "enrolment", [{"school": "A", "grade": "g1", "year": year, "pupils": 9} for year in (2022, 2024, 2023)]
    )
    told, _ = guessed(without_case(case, tmp_path))
    assert told["case"]["school_year"] == 2024


def test_no_column_for_an_id_is_said(tmp_path):
    case = whole_case()
    for item in case.blocks:
        item["properties"] = {"pupils": 60}
    _, text = guessed(without_case(case, tmp_path))
    assert 'columns.id = "…"  # guess: no column has a value of its own in each row: name one' in text


@pytest.mark.parametrize(("prepare", "said"), [
    (lambda folder: folder.rmdir(), "there is no folder"), (bool, "can be read as a table"),
    (lambda folder: (folder / "case.toml").write_text("mine"), "there is a case.toml in"),
])  # fmt: skip
def test_where_there_is_nothing_to_look_at(tmp_path, prepare, said):
    folder = tmp_path / "case"
    folder.mkdir()
    prepare(folder)
    with pytest.raises(CaseError, match=said):
        init_case(folder)
    assert not (folder / "case.toml").exists() or (folder / "case.toml").read_text() == "mine"
