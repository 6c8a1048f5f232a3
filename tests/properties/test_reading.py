"""Readers never end in a traceback, and what is written in any format and encoding is read the same."""

# ruff: noqa: PD011, PT017 - a parsed column has values of its own; a refusal is one of two right answers

from __future__ import annotations

import csv
import io
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import shapely
from case_folders import whole_case
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xuequ.data.case import check_case
from xuequ.data.case_file import TableSection
from xuequ.data.cells import parse_column
from xuequ.data.filters import rows_kept
from xuequ.data.folder import Limits, Unreadable
from xuequ.data.read import read_table
from xuequ.data.shifted import to_bd09, to_gcj02, to_wgs84
from xuequ.data.tables import TABLES, Kind
from xuequ.zoning.errors import XuequError
from xuequ.zoning.problems import Problems

FEW = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
HAN = st.text(st.characters(min_codepoint=0x4E00, max_codepoint=0x9FA5), min_size=1, max_size=8)
IDS = st.lists(
    st.from_regex(r"[A-Za-z0-9]{1,6}", fullmatch=True).filter(
        lambda text: text.casefold() not in {"na", "nan", "null", "none", "nil"}
    ),
    min_size=1,
    max_size=8,
    unique=True,
)
CELLS = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.dates() | st.datetimes() | st.binary(max_size=4)


def read(name, content, table="blocks", **keys):
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, name).write_bytes(content)
        problems = Problems()
        return read_table(Path(folder), table, TableSection(file=name, **keys), problems, Limits()), problems


@given(IDS, st.data(), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16"]), st.sampled_from(",;\t|"), st.booleans())
@FEW
def test_a_text_file_reads_as_it_was_written(ids, data, encoding, separator, declared):
    names = [data.draw(HAN) for _ in ids]
    pupils = [data.draw(st.integers(0, 300)) for _ in ids]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator)
    writer.writerow(["地块编号", "小区名称", "学生数"])
    writer.writerows(zip(ids, names, pupils, strict=True))
    # A gb18030 file of a few rare characters cannot be told from other encodings: there the case must say it.
    keys = {"encoding": encoding} if declared or encoding == "gb18030" else {}
    found, problems = read("b.csv", text.getvalue().encode(encoding), **keys)
    assert not problems.errors
    assert found.text("name") == names
    assert found.whole("pupils").tolist() == pupils
    floats = all(text.endswith(".0") for text in ids)
    assert found.text("id") == [text.split(".")[0] if floats else text for text in ids]


@given(IDS, st.data(), st.sampled_from([".csv", ".xlsx", ".parquet"]))
@FEW
def test_formats_agree(ids, data, ending):
    frame = pd.DataFrame(
        {"id": ids, "name": [data.draw(HAN) for _ in ids], "pupils": [data.draw(st.integers(0, 300)) for _ in ids]}
    )
    frame["x"] = [data.draw(st.floats(-1e6, 1e6).map(lambda value: round(value, 3))) for _ in ids]
    frame["y"] = 0.5
    stream = io.BytesIO()
    {".csv": frame.to_csv, ".xlsx": frame.to_excel, ".parquet": frame.to_parquet}[ending](stream, index=False)
    found, problems = read(f"b{ending}", stream.getvalue(), encoding="utf-8" if ending == ".csv" else None)
    assert not problems.errors
    assert found.text("id") == ids
    assert found.text("name") == frame["name"].tolist()
    assert found.whole("pupils").tolist() == frame["pupils"].tolist()
    assert np.allclose(shapely.get_x(found.geometry), frame["x"], atol=1e-6)


@given(
    st.binary(max_size=400),
    st.sampled_from([".csv", ".xlsx", ".xls", ".ods", ".parquet", ".gpkg", ".geojson", ".shp", ".pbf", ".tsv"]),
)
@FEW
def test_any_bytes_end_in_a_table_or_a_sentence(content, ending):
    found, problems = read(f"b{ending}", content)
    assert found is not None or problems.errors
    assert all(problem.message and problem.fix for problem in problems.errors)


@given(st.text(max_size=300), st.sampled_from(["utf-8", "utf-16", "gb18030"]), st.sampled_from(sorted(TABLES)))
@FEW
def test_any_text_ends_in_a_table_or_a_sentence(text, encoding, table):
    found, problems = read("b.csv", text.encode(encoding, "replace"), table)
    assert found is not None or problems.errors


@given(st.text(max_size=200).map(lambda text: f'{{"type": "FeatureCollection", "features": [{text}]}}'))
@FEW
def test_any_json_ends_in_a_table_or_a_sentence(text):
    found, problems = read("b.geojson", text.encode("utf-8", "replace"))
    assert found is not None or problems.errors


COLUMNS = [column for schema in TABLES.values() for column in schema.columns]


@given(st.lists(CELLS, max_size=12), st.sampled_from(COLUMNS))
def test_any_cells_give_values_of_the_kind_and_faults_in_their_place(cells, column):
    parsed = parse_column(cells, column)
    assert len(parsed.values) == len(cells)
    assert all(0 <= fault.position < len(cells) for fault in parsed.faults)
    if column.kind in {Kind.COUNT, Kind.NUMBER, Kind.YEAR, Kind.FLAG}:
        numbers = parsed.values[~np.isnan(parsed.values)]
        assert np.isfinite(numbers).all()
        assert (numbers >= 0).all() or column.unit == "as the geometry"
        assert column.kind is Kind.NUMBER or (numbers == np.round(numbers)).all()
    else:
        assert all(isinstance(value, (str, tuple)) for value in parsed.values)


@given(st.text(max_size=60), st.lists(CELLS, min_size=3, max_size=3))
def test_any_filter_keeps_some_rows_or_is_refused(wanted, cells):
    try:
        keep = rows_kept(wanted, {"level": cells, "x": [1, 2, 3]}, 3)
    except Unreadable as error:
        assert error.fix
    else:
        assert keep.shape == (3,)


@given(st.lists(st.tuples(st.floats(75, 134), st.floats(4, 53)), min_size=1, max_size=20), st.sampled_from(["gcj02", "bd09"]))
def test_shifting_there_and_back_is_nothing(points, system):
    degrees = np.array(points)
    shift = to_gcj02 if system == "gcj02" else to_bd09
    assert np.abs(to_wgs84(shift(degrees), system) - degrees).max() < 1e-9


TOML = st.text(max_size=200) | st.lists(
    st.sampled_from(
        [
            "[case]",
            'name = "x"',
            "crs = 5",
            "school_year = 2025",
            "school_year = 1e3",
            "[zoning]",
            'goals = ["moved"]',
            'goals = "moved"',
            "[rules]",
            "large_class = 55",
            "limit = 3",
            "[tables.blocks]",
            'file = "blocks.geojson"',
            "columns = { id = 5 }",
            "[seats.budgets.school]",
            "2026 = 5",
            "[tables]",
            'schools = "schools.csv"',
            "[clusters]",
            "size = [1]",
            "[[zoning.locks]]",
            'block = "b0"',
            'school = "A"',
        ]
    ),
    max_size=8,
).map("\n".join)


@given(TOML, st.lists(st.text(max_size=30), max_size=2))
@FEW
def test_any_case_file_is_checked_in_sentences(text, overrides):
    case = whole_case(2, 1)
    case.toml = text
    with tempfile.TemporaryDirectory() as folder:
        try:
            report = check_case(case.write(Path(folder)), overrides)
        except XuequError as error:
            assert str(error)
        else:
            assert report.ok == (report.district is not None)
            assert all(problem.message for problem in report.problems)


@given(st.data())
@FEW
def test_a_case_with_any_cells_is_checked_in_sentences(data):
    """Cells of every table are replaced by anything; the check says what is wrong, or makes a district."""
    case = whole_case(3, 1)
    case.table("catchments", [{"block": f"b{k}", "stage": "primary", "year": 2025, "school": "A"} for k in range(3)])
    case.table("enrolment", [{"school": "A", "grade": "g1", "year": 2025, "pupils": 180, "classes": 4}])
    case.table(
        "sites", [{"id": "N", "action": "new", "stages": "primary", "block": "b1", "classrooms_min": 6, "classrooms_max": 12}]
    )
    cells = st.sampled_from(
        ["", "x", "-1", "0", "1e9", "nan", "b1", "A", "A;B", "primary", "2025", "小学", "１", "12人", "true", "9" * 30, "1.5"]
    )
    for name in ("schools.csv", "catchments.csv", "enrolment.csv", "sites.csv", "births.csv"):
        rows = case.schools if name == "schools.csv" else list(csv.DictReader(io.StringIO(str(case.files[name]))))
        for _ in range(data.draw(st.integers(0, 2))):
            row = data.draw(st.integers(0, len(rows) - 1))
            rows[row][data.draw(st.sampled_from(sorted(rows[row])))] = data.draw(cells)
        if name != "schools.csv":
            text = io.StringIO()
            writer = csv.DictWriter(text, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
            case.files[name] = text.getvalue()
    with tempfile.TemporaryDirectory() as folder:
        report = check_case(case.write(Path(folder)))
    assert report.ok == (report.district is not None)
