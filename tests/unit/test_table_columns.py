"""Every table and every column of case-format.md: what is needed, what may be left out, and the sentence for each bad value."""

from __future__ import annotations

import numpy as np
import pytest
from case_folders import csv_text
from case_rows import COUNTS, FLAGS, NUMBERS, REFERENCES, REQUIRED, ROWS, WORDS, YEARS, columns_of

from xuequ.data.case_file import TableSection
from xuequ.data.read import read_table
from xuequ.data.tables import COORDINATES, TABLES
from xuequ.zoning.problems import Problems

EVERY = [(table, column) for table, row in ROWS.items() for column in row if column not in COORDINATES]
NEEDED = [(table, column) for table, columns in REQUIRED.items() for column in columns.split()]
NUMERIC = [*columns_of(COUNTS), *columns_of(NUMBERS), ("births", "month")]


def read(folder, table, rows, **section):
    """Read rows as a CSV file; return the table and the problems."""
    (folder / f"{table}.csv").write_text(csv_text(rows), encoding="utf-8")
    problems = Problems()
    return read_table(folder, table, TableSection(file=f"{table}.csv", **section), problems), problems


def bad(folder, table, column, *cells, **section):
    """Read a good row and one for each bad cell, of other ids; return the table and what is told of the column."""
    others = [{"id": f"other {k}"} if "id" in ROWS[table] else {} for k in range(len(cells))]
    rows = [ROWS[table], *(ROWS[table] | other | {column: cell} for other, cell in zip(others, cells, strict=True))]
    found, problems = read(folder, table, rows, **section)
    return found, [item for item in problems if item.column == column]


def test_the_rows_of_these_tests_have_every_column_of_every_table():
    assert {(schema.name, column.name) for schema in TABLES.values() for column in schema.columns} == set(EVERY)
    assert {(schema.name, column.name) for schema in TABLES.values() for column in schema.columns if column.required} == {*NEEDED}


@pytest.mark.parametrize("table", ROWS)
def test_a_row_with_every_column_is_read_without_a_word(tmp_path, table):
    found, problems = read(tmp_path, table, [ROWS[table]])
    assert not list(problems)
    assert set(found.data) == {column for name, column in EVERY if name == table}
    assert (found.geometry is not None) == bool({"x", "geometry"} & set(ROWS[table]))


@pytest.mark.parametrize(("table", "column"), NEEDED)
def test_a_needed_column_that_is_not_there(tmp_path, table, column):
    row = {name: cell for name, cell in ROWS[table].items() if name != column}
    _, problems = read(tmp_path, table, [row])
    (told,) = [item for item in problems.errors if item.column == column]
    assert told.message.startswith(f"there is no column {column}; the file has ")
    assert any(heading in told.message for heading in row)
    assert told.fix.startswith(f"name it in case.toml: [tables.{table}] columns = {{ {column} = ")


@pytest.mark.parametrize(("table", "column"), NEEDED)
def test_a_needed_cell_that_is_empty(tmp_path, table, column):
    _, told = bad(tmp_path, table, column, "", " ")
    assert [(item.message, item.fix) for item in told] == [(f"{column} is empty", "fill the cell or delete the row")] * 2
    assert [item.row for item in told] == [3, 4]


@pytest.mark.parametrize("table", ROWS)
def test_all_other_columns_may_be_left_out_or_empty(tmp_path, table):
    needed = {name: cell for name, cell in ROWS[table].items() if (table, name) in NEEDED or name in COORDINATES}
    for row in (needed or {"remark": "none"}, dict.fromkeys(ROWS[table], "") | needed):
        _, problems = read(tmp_path, table, [row])
        assert not list(problems)


@pytest.mark.parametrize("table", ROWS)
def test_every_column_may_have_another_heading(tmp_path, table):
    names = {name: f"栏 {k}" for k, name in enumerate(ROWS[table])}
    found, problems = read(tmp_path, table, [{names[name]: cell for name, cell in ROWS[table].items()}], columns=names)
    plain, _ = read(tmp_path, table, [ROWS[table]])
    assert not list(problems)
    assert {name: values.tolist() for name, values in found.data.items()} == {
        name: values.tolist() for name, values in plain.data.items()
    }
    assert {name: found.heading(name) for name in found.data} == {name: names[name] for name in found.data}


@pytest.mark.parametrize("table", ROWS)
def test_every_column_may_be_one_value_of_the_case(tmp_path, table):
    constant = {name: cell for name, cell in ROWS[table].items() if name not in {*COORDINATES, "id"}}
    varied = {name: cell for name, cell in ROWS[table].items() if name not in constant} or {"remark": "none"}
    found, problems = read(tmp_path, table, [varied, varied], values=constant)
    plain, _ = read(tmp_path, table, [ROWS[table]])
    assert not list(problems)
    assert {name: values.tolist() for name, values in found.data.items()} == {
        name: values.tolist() * 2 for name, values in plain.data.items()
    }


@pytest.mark.parametrize(("table", "column"), NUMERIC)
def test_what_is_no_number_that_can_be(tmp_path, table, column):
    cells = ["ten", "~80%", "1.2.3", "42-60", "0x10", "-4", "inf", "1e400", "-inf"]
    found, told = bad(tmp_path, table, column, *cells)
    by_row = {item.row: item for item in told}
    assert len(told) == len(by_row) == len(cells)
    for row, cell in enumerate(cells, 3):
        said, fix = {
            "-4": ("-4 is negative", "write 0 or more, or leave the cell empty"),
            "inf": ("inf is not finite", "write a finite number or leave the cell empty"),
            "1e400": ("inf is not finite", "write a finite number or leave the cell empty"),
            "-inf": ("-inf is not finite", "write a finite number or leave the cell empty"),
        }.get(cell, (f"{cell} is not a number (", "write a number or leave the cell empty"))
        assert by_row[row].message.startswith(said)
        assert (by_row[row].table, by_row[row].fix, by_row[row].value) == (table, fix, cell.replace("1e400", "inf"))
    assert np.isfinite(found.number(column)).tolist() == [True, *[False] * len(cells)]


@pytest.mark.parametrize(("table", "column"), [*columns_of(COUNTS), *columns_of(NUMBERS)])
def test_a_large_number_is_doubted_and_a_huge_one_refused(tmp_path, table, column):
    found, told = bad(tmp_path, table, column, "9000000", "999999999999", "1e300")
    assert found.number(column)[1] == 9_000_000
    assert np.isnan(found.number(column)[2:]).all()
    said = {item.row: (item.message, item.fix) for item in told}
    assert said[3][0].startswith("9000000 is more than ")
    assert said[3][1] == "see whether a digit or a unit slipped"
    assert said[4] == ("999999999999 is too large to be true", "correct the number")
    assert said[5] == ("1e+300 is too large to be true", "correct the number")
    assert len(told) == 3


@pytest.mark.parametrize(("table", "column"), [*columns_of(COUNTS), *columns_of(NUMBERS)])
def test_metres_and_money_may_be_larger_than_anything_that_is_counted(tmp_path, table, column):
    found, told = bad(tmp_path, table, column, "99999999")
    refused = any(item.message == "99999999 is too large to be true" for item in told)
    assert refused == np.isnan(found.number(column)[1]) == ((table, column) in columns_of(COUNTS))


@pytest.mark.parametrize(("table", "column"), columns_of(COUNTS))
def test_a_count_with_a_fraction_is_told_and_made_whole(tmp_path, table, column):
    found, told = bad(tmp_path, table, column, "9.4")
    assert "9.4 is not a whole number of " in told[0].message
    assert told[0].fix == "write whole numbers; rounded so that the total stays"
    values = found.number(column)
    assert (values == np.round(values)).all()
    assert values.sum() == round(float(ROWS[table][column]) + 9.4)


@pytest.mark.parametrize(("table", "column"), columns_of(NUMBERS))
def test_a_length_or_a_price_keeps_its_fraction(tmp_path, table, column):
    found, told = bad(tmp_path, table, column, "9.4")
    assert not told
    assert found.number(column)[1] == 9.4


def test_a_month_is_one_of_twelve(tmp_path):
    found, told = bad(tmp_path, "births", "month", "0", "13", "1e11", "12", "1")
    assert [item.message for item in told] == [f"{month} is no month between 1 and 12" for month in ("0", "13", "100000000000")]
    assert {item.fix for item in told} == {"correct the number or leave the cell empty"}
    assert found.number("month")[4:].tolist() == [12, 1]


@pytest.mark.parametrize(("table", "column"), columns_of(YEARS))
def test_years_as_offices_write_them_and_what_is_none(tmp_path, table, column):
    good = ["2026", "2026-27", "2026—2027学年", "2026年", "２０２６", "2026-09-01", "2026/9/1", "2026.0", "2,026"]
    wrong = ["soon", "20.5", "99", "20255", "-2025", "26-27"]
    found, told = bad(tmp_path, table, column, *good, *wrong)
    assert found.number(column)[1 : len(good) + 1].tolist() == [2026] * len(good)
    assert np.isnan(found.number(column)[len(good) + 1 :]).all()
    bounds = {"99", "20255", "-2025"}
    assert sorted((item.row, item.message, item.value) for item in told) == [
        (row, f"{cell} is not a year{' between 1900 and 2200' if cell in bounds else ''}", cell)
        for row, cell in enumerate(wrong, 3 + len(good))
    ]


@pytest.mark.parametrize(("table", "column"), columns_of(FLAGS))
def test_yes_and_no_and_what_is_neither(tmp_path, table, column):
    found, told = bad(tmp_path, table, column, "是", "TRUE", "1", "否", "No", "0", "perhaps", "2")
    assert found.number(column)[1:7].tolist() == [1, 1, 1, 0, 0, 0]
    assert np.isnan(found.number(column)[7:]).all()
    assert [(item.message, item.fix, item.row) for item in told] == [
        (f"{cell} is neither yes nor no", "write true or false (是 or 否)", row) for row, cell in ((9, "perhaps"), (10, "2"))
    ]


@pytest.mark.parametrize(("table", "column"), WORDS)
def test_a_word_of_a_list_and_one_that_is_none(tmp_path, table, column):
    words = WORDS[table, column].split(", ")
    found, told = bad(tmp_path, table, column, *(f" {word.upper()} " for word in words), "university")
    assert [value if isinstance(value, str) else ";".join(value) for value in found.data[column][1:]] == [*words, ""]
    (item,) = told
    assert item.message == f"university is none of {WORDS[table, column]}"
    assert item.fix == f"write one of {WORDS[table, column]}"
    assert (item.row, item.value) == (3 + len(words), "university")


@pytest.mark.parametrize("table", ROWS)
def test_all_bad_cells_of_a_table_are_told_together(tmp_path, table):
    """One row in which nothing is right: each column has its own sentence, and none hides another."""
    wrong = {column: "perhaps?" for name, column in [*NUMERIC, *columns_of(YEARS), *columns_of(FLAGS), *WORDS] if name == table}
    _, problems = read(tmp_path, table, [ROWS[table], ROWS[table] | wrong])
    assert sorted(item.column for item in problems.errors) == sorted(wrong)
    assert {item.row for item in problems.errors} <= {3}


def test_each_reference_of_the_format_names_its_table():
    found = {
        (schema.name, column.refers, column.name) for schema in TABLES.values() for column in schema.columns if column.refers
    }
    assert found == {
        (table, other, column) for table, by in REFERENCES.items() for other, names in by.items() for column in names
    }
