"""What a cell means: the same number in every guise, ids that stay texts, years, flags and words."""

# ruff: noqa: PD011 - a parsed column has values of its own

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from xuequ.data.cells import absent, as_text, number_of, parse_column
from xuequ.data.tables import TABLES, Column, Kind

COUNT = Column("pupils", Kind.COUNT, "pupils", usual=100)
NUMBER = Column("length", Kind.NUMBER, "m")
YEAR, FLAG, ID, TEXT = (Column(kind.name, kind) for kind in (Kind.YEAR, Kind.FLAG, Kind.ID, Kind.TEXT))


@pytest.mark.parametrize("cell", [12, 12.0, "12", " 12 ", "１２", "12人", "12 间", "1.2e1", "12.0", np.int32(12), np.float32(12)])
def test_one_number_in_many_guises(cell):
    parsed = parse_column([cell], COUNT)
    assert parsed.values.tolist() == [12.0]
    assert not parsed.faults


@pytest.mark.parametrize(
    ("cell", "number"), [("1,234", 1234), ("12,345.5", 12345.5), ("+3", 3), (".5", 0.5), ("1，234", 1234), ("３．５", 3.5)]
)
def test_numbers_written_by_people(cell, number):
    assert number_of(cell)[0] == number


@pytest.mark.parametrize(
    "cell", ["~80%", "42-60", "twelve", "1,23", "1.2.3", "0x10", "1_000", True, "12 34 x", [1, 2], dt.date(2026, 1, 2)]
)
def test_what_is_no_number_is_told_not_guessed(cell):
    parsed = parse_column([cell, 5], COUNT)
    assert parsed.faults[0].position == 0
    assert parsed.faults[0].fatal
    assert np.isnan(parsed.values[0])
    assert parsed.values[1] == 5


@pytest.mark.parametrize("cell", [None, "", "  ", "-", "—", "n/a", "NULL", np.nan, pd.NaT, pd.NA, "无数据"])
def test_nothing_is_nothing(cell):
    assert absent(cell)
    for column in (COUNT, YEAR, FLAG):
        parsed = parse_column([cell], column)
        assert np.isnan(parsed.values[0])
        assert not parsed.faults


@pytest.mark.parametrize("cell", [0, "0", False, "no", dt.date(2026, 1, 1)])
def test_something_is_something(cell):
    assert not absent(cell)


def test_fractions_are_rounded_so_that_the_total_stays():
    parsed = parse_column([1.5, 1.5, 1.5, 1.5, None], COUNT)
    assert np.nansum(parsed.values) == 6
    assert len(parsed.faults) == 4
    assert not any(fault.fatal for fault in parsed.faults)


@pytest.mark.parametrize(
    ("cell", "message", "fatal"),
    [
        (-1, "is negative", True),
        (np.inf, "is not finite", True),
        ("-inf", "is not finite", True),
        (101, "is more than 100 pupils", False),
        (1e12, "is too large to be true", True),
    ],
)
def test_numbers_out_of_range(cell, message, fatal):
    faults = parse_column([cell], COUNT).faults
    assert (message, fatal) in [(fault.message, fault.fatal) for fault in faults]


def test_lengths_keep_their_fractions():
    assert parse_column(["0.25", 3], NUMBER).values.tolist() == [0.25, 3.0]


@pytest.mark.parametrize(
    ("cell", "year"),
    [
        (2026, 2026),
        ("2026", 2026),
        ("2026学年", 2026),
        ("2026学年度", 2026),
        ("2026-2027", 2026),
        ("2026/27", 2026),
        ("2026—2027学年", 2026),
        ("2026-09-01", 2026),
        ("2026年9月", 2026),
        (dt.date(2026, 9, 1), 2026),
        (dt.datetime(2026, 9, 1, tzinfo=dt.UTC), 2026),
        ("２０２６", 2026),
        (2026.0, 2026),
    ],
)
def test_years(cell, year):
    parsed = parse_column([cell], YEAR)
    assert parsed.values.tolist() == [year]
    assert not parsed.faults


@pytest.mark.parametrize("cell", ["20X6", "26", 2026.5, 1899, 2201, "next year"])
def test_what_is_no_year(cell):
    assert parse_column([cell], YEAR).faults[0].fatal


@pytest.mark.parametrize(
    ("cell", "flag"),
    [("是", 1), ("yes", 1), ("Y", 1), (True, 1), (1, 1), (1.0, 1), ("√", 1), ("否", 0), ("N", 0), (False, 0), (0, 0)],
)
def test_flags(cell, flag):
    assert parse_column([cell], FLAG).values.tolist() == [flag]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (5.0, "5"),
        (5.5, "5.5"),
        (7, "7"),
        ("007", "007"),
        ("113A", "113A"),
        ("Ａ１", "A1"),
        (" b ", "b"),
        ("\ufeffx", "x"),
        (True, "true"),
        (dt.date(2026, 1, 2), "2026-01-02"),
        (dt.datetime(2026, 1, 2, 3, 4, tzinfo=dt.UTC), "2026-01-02T03:04:00+00:00"),
        ("桂江（西）", "桂江（西）"),
        (None, ""),
        (np.float64(12), "12"),
        (float("inf"), "inf"),
    ],
)
def test_texts(cell, text):
    assert as_text(cell) == text


def test_a_dash_is_a_name_but_no_id():
    assert parse_column(["-"], TEXT).values.tolist() == ["-"]
    assert parse_column(["-"], ID).values.tolist() == [""]


def test_an_id_that_became_a_date_is_told():
    parsed = parse_column([dt.date(2026, 3, 1), "4-1"], ID)
    assert "turned into a date" in parsed.faults[0].message


@pytest.mark.parametrize(
    ("cell", "stages"),
    [
        ("小学", ("primary",)),
        ("primary;junior", ("primary", "junior")),
        ("小学、初中", ("primary", "junior")),
        ("小学，初中", ("primary", "junior")),
        ("九年一贯制学校", ("primary", "junior")),
        ("Primary / Junior", ("primary", "junior")),
        ("", ()),
        (None, ()),
        ("小学；小学", ("primary",)),
    ],
)
def test_stages(cell, stages):
    parsed = parse_column([cell], TABLES["schools"].column("stages"))
    assert parsed.values[0] == stages
    assert not parsed.faults


def test_one_stage_cannot_be_two():
    assert parse_column(["九年一贯制"], TABLES["catchments"].column("stage")).faults


@pytest.mark.parametrize(
    ("cell", "grade"), [("g1", "g1"), ("一年级", "g1"), ("初一", "g7"), ("3", "g3"), (3, "g3"), ("小班", "k1"), ("K2", "k2")]
)
def test_grades(cell, grade):
    assert parse_column([cell], TABLES["enrolment"].column("grade")).values[0] == grade


@pytest.mark.parametrize(
    ("cell", "schools"), [("A;B", ("A", "B")), ("A；B、C", ("A", "B", "C")), (5.0, ("5",)), ("", ()), (None, ())]
)
def test_lists_of_ids(cell, schools):
    assert parse_column([cell], TABLES["catchments"].column("school")).values[0] == schools


def test_the_fiftieth_fault_is_the_last_one_listed():
    parsed = parse_column(["x"] * 60, COUNT)
    assert len(parsed.faults) == 50
    assert parsed.more == {"is not a number (pupils)": 10}
