"""Texts and workbooks as offices and programs leave them: read to the same case, or one sentence about what is wrong."""

from __future__ import annotations

import datetime as dt

import pytest
from case_folders import csv_text, whole_case
from office_files import HEAD, ROWS, checked, open_document, told, workbook

from xuequ.data.case_file import TableSection
from xuequ.data.files import SUFFIXES
from xuequ.data.read import read_table
from xuequ.zoning.problems import Problems

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
    assert not hidden.ok
    assert "there is no column id; the file has x" in told(hidden, "schools")[0]


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
