"""check --fix: a mended copy beside the original, every change listed, nothing guessed."""

from __future__ import annotations

import tomllib

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, csv_text, feature, whole_case
from hypothesis import given
from hypothesis import strategies as st

from xuequ.data.case import check_case, read_case
from xuequ.data.repair import Change, fix_case
from xuequ.data.toml_text import toml_document, toml_value
from xuequ.zoning.errors import CaseError

BOW_TIE = {"type": "Polygon", "coordinates": [[[EAST, NORTH], [EAST + 300, NORTH + 300], [EAST + 300, NORTH], [EAST, NORTH + 300],
                                               [EAST, NORTH]]]}  # fmt: skip


def dirty_case():
    """Faults that can be mended without guessing, of every kind at once."""
    case = whole_case()
    for item in case.blocks:
        item["properties"] = {"地块编号": item["properties"].pop("id"), **item["properties"], "备注": "x"}
    case.blocks[0]["geometry"] = BOW_TIE
    case.blocks[1]["geometry"]["coordinates"] = [[[*corner, 9.0] for corner in case.blocks[1]["geometry"]["coordinates"][0]]]
    shape = shapely.MultiPolygon(
        [shapely.box(EAST + 600, NORTH, EAST + 900, NORTH + 300), shapely.box(EAST + 700, NORTH + 950, EAST + 700.5, NORTH + 951)]
    )
    case.blocks[2]["geometry"] = feature({}, shape)["geometry"]
    schools = [
        ("A", "富民小学", EAST + 150, NORTH + 150, "小学", "１２"),
        ("B", "大东路小学", EAST + 1050, NORTH + 750, "小学", "9间"),
    ]
    case.schools = [dict(zip(("学校代码", "学校名称", "y", "x", "学段", "教室数"), row, strict=True)) for row in schools]
    case.files["schools-gb.csv"] = csv_text([case.schools[0], *case.schools[1:]]).encode("gb18030")
    case.sections["tables.schools"] = f'file = "schools-gb.csv"\ncrs = "{CRS}"'
    births = [{"area": "east", "year": year, "births": 60} for year in range(2010, 2034)]
    births += [{"area": "west", "year": f"{year}年", "births": "60人"} for year in range(2010, 2034)]
    case.table("births", b"\xef\xbb\xbf" + csv_text(births).encode())
    case.table("catchments", [{"地块": f"b{k}", "学校": "A" if k < 6 else "大东路小学", "学段": "小学"} for k in range(12)] * 2)
    case.sections["tables.catchments"] += '\ncolumns = { block = "地块" }\nvalues = { year = 2025 }'
    case.sections["zoning"] = 'regime = "full"\ngoals = ["distance", { name = "moved", tolerance = 0.1 }]'
    return case


def test_a_dirty_case_becomes_a_clean_one(tmp_path):
    source, target = dirty_case().write(tmp_path / "dirty"), tmp_path / "clean"
    before = check_case(source)
    assert before.ok, before.problems.errors
    changes = fix_case(source, target)
    after = check_case(target)
    assert after.ok, after.problems.errors
    listed = [str(change) for change in changes]
    for text in (
        "blocks: 1 invalid geometries made valid: b0", "blocks: 1 geometries have heights, which are left out",
        "blocks: 1 parts of less than 1 m² dropped", "blocks: columns renamed: 地块编号 to id", "schools: encoding: gb18030",
        "schools: the axes are swapped (latitude or northing first); they are put right",
        "schools: number stored as text with full-width digits in 1 cells of 教室数",
        "births: unit written in the cell taken away in 24 cells",
        "catchments: 12 rows that repeat another in everything are left out", "catchments: columns renamed",
    ):  # fmt: skip
        assert any(text in line for line in listed), (text, listed)
    said = [problem.message for problem in after.problems.warnings if problem.table not in {"blocks", "boundary"}]
    assert not said, said
    one, two = before.district, after.district
    assert one.blocks.ids == two.blocks.ids
    assert one.schools.names == two.schools.names
    assert one.schools.rooms.tolist() == two.schools.rooms.tolist() == [[0, 12, 0], [0, 9, 0]]
    assert (one.demand.pupils == two.demand.pupils).all()
    assert one.options.zoning == two.options.zoning
    assert {stage: found.zone.tolist() for stage, found in one.today.items()} == {
        stage: found.zone.tolist() for stage, found in two.today.items()
    }


def test_the_original_is_not_touched(tmp_path):
    source = dirty_case().write(tmp_path / "dirty")
    before = {path.name: path.read_bytes() for path in source.iterdir()}
    fix_case(source, tmp_path / "clean")
    assert {path.name: path.read_bytes() for path in source.iterdir()} == before


def test_the_copy_is_in_plain_formats(tmp_path):
    fix_case(dirty_case().write(tmp_path / "dirty"), tmp_path / "clean")
    names = {path.name for path in (tmp_path / "clean").iterdir()}
    assert {"case.toml", "blocks.gpkg", "schools.gpkg", "births.csv", "catchments.csv", "roads.gpkg", "boundary.gpkg"} == names
    blocks = gpd.read_file(tmp_path / "clean" / "blocks.gpkg")
    assert blocks.crs == CRS
    assert blocks.geometry.is_valid.all()
    assert blocks["备注"].tolist() == ["x"] * 12
    assert pd.read_csv(tmp_path / "clean" / "births.csv")["births"].sum() == 60 * 48
    assert not (tmp_path / "clean" / "births.csv").read_bytes().startswith(b"\xef\xbb\xbf")
    told = tomllib.loads((tmp_path / "clean" / "case.toml").read_text(encoding="utf-8"))
    assert told["case"]["crs"] == CRS
    assert told["zoning"]["goals"][1] == {"name": "moved", "tolerance": 0.1}
    assert told["tables"]["births"] == {"file": "births.csv"}


def test_what_cannot_be_understood_stands_in_the_copy_and_is_told_again(tmp_path):
    case = whole_case()
    case.blocks[3]["properties"]["pupils_g1"] = "ten"
    case.schools[0]["classrooms"] = -4
    fix_case(case.write(tmp_path / "a"), tmp_path / "b")
    one, two = check_case(tmp_path / "a").problems.errors, check_case(tmp_path / "b").problems.errors
    assert {(problem.table, problem.value) for problem in one} == {(problem.table, problem.value) for problem in two}


def test_mending_twice_changes_nothing_more(tmp_path):
    fix_case(dirty_case().write(tmp_path / "a"), tmp_path / "b")
    assert fix_case(tmp_path / "b", tmp_path / "c") == ()
    assert read_case(tmp_path / "b").district.fingerprint == read_case(tmp_path / "c").district.fingerprint


def test_a_file_that_cannot_be_read_is_copied_and_told(tmp_path):
    case = whole_case().table("births", b"\0\0\0 no text")
    case.sections["tables.locks"] = 'file = "nowhere.csv"'
    changes = fix_case(case.write(tmp_path / "a"), tmp_path / "b")
    assert Change("births", "it is copied as it is") in changes
    assert any(change.table == "locks" and "there is no file nowhere.csv" in change.what for change in changes)
    assert (tmp_path / "b" / "births" / "births.csv").read_bytes() == b"\0\0\0 no text"


def test_local_planes_and_points_are_written_too(tmp_path):
    case = whole_case()
    case.block_crs = None
    case.sections["case"] = 'crs = "local-metres"\nschool_year = 2025'
    for name in ("roads", "boundary"):
        del case.sections[f"tables.{name}"]
    fix_case(case.write(tmp_path / "a"), tmp_path / "b")
    assert np.array_equal(read_case(tmp_path / "a").district.blocks.points, read_case(tmp_path / "b").district.blocks.points)
    assert read_case(tmp_path / "b").district.blocks.points[0].tolist() == [EAST + SIDE / 2, NORTH + SIDE / 2]


@pytest.mark.parametrize("what", ["full", "file", "same"])
def test_nothing_is_written_over(tmp_path, what):
    source = whole_case().write(tmp_path / "a")
    target = {"full": tmp_path / "b", "file": tmp_path / "c", "same": source}[what]
    if what == "full":
        target.mkdir()
        (target / "mine.txt").write_text("mine")
    elif what == "file":
        target.write_text("mine")
    with pytest.raises(CaseError, match="holds something already"):
        fix_case(source, target)


def test_a_wrong_case_file_comes_first(tmp_path):
    case = whole_case()
    case.sections["zoning"] = "regme = 1"
    with pytest.raises(CaseError, match=r"there is no key zoning\.regme"):
        fix_case(case.write(tmp_path / "a"), tmp_path / "b")
    assert not (tmp_path / "b").exists()


TOML = st.recursive(
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=3)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), TOML, max_size=4))
def test_what_is_written_as_toml_is_read_the_same(data):
    assert tomllib.loads(toml_document(data)) == data


def test_what_toml_has_no_form_for():
    with pytest.raises(TypeError, match="TOML has no form for object"):
        toml_value(object())
