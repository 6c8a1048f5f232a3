"""The files of a plan folder: what is written is read back to the byte, and each bad cell of each column has its sentence."""

from __future__ import annotations

import csv
import json
import shutil
from dataclasses import replace

import pytest
from folders import grid_case
from hypothesis import given, settings
from hypothesis import strategies as st
from plans import rich_district, rich_plan
from typer.testing import CliRunner

from xuequ.api.cli import app
from xuequ.data import plan_from, read_plan, write_plan
from xuequ.data.plan_tables import TABLES, read_table, table_text
from xuequ.zoning.errors import InputError, TableError
from xuequ.zoning.problems import Problems
from xuequ.zoning.statement import AssignmentRow, OverflowRow
from xuequ.zoning.stating import state

# interface.md, "A plan on disk": columns by file; those that hold numbers; those of the numbers that may be empty
COLUMNS = {
    "assignment.csv": "block_id,stage,year,school_id,distance_m,previous_school_id,reason",
    "schools.csv": "school_id,stage,year,grade,pupils,classes,largest_class,large,super_large,planned,working,utilisation,alert",
    "seats.csv": "site_id,programme,stage,year,classrooms,seats,land_m2,floor_m2,cost,reason",
    "clusters.csv": "school_id,cluster,role",
    "overflow.csv": "school_id,stage,year,pupils,to_school_id,distance_m",
    "scenarios.csv": (
        "scenario,school_id,stage,year,grade,pupils,classes,largest_class,large,super_large,planned,working,utilisation,alert"
    ),
}
SCHOOL = "year pupils classes largest_class large super_large planned working utilisation"
NUMBERS = {
    "assignment.csv": "year distance_m", "schools.csv": SCHOOL, "scenarios.csv": SCHOOL,
    "overflow.csv": "year pupils distance_m", "seats.csv": "year classrooms seats land_m2 floor_m2 cost",
}  # fmt: skip
MAY_BE_EMPTY = {
    "distance_m", "classes", "largest_class", "large", "super_large", "utilisation", "seats.csv year", "overflow.csv distance_m",
}  # fmt: skip
FRACTIONS = {"distance_m", "utilisation"}
EVERY = [(name, column) for name, columns in NUMBERS.items() for column in columns.split()]
TEXTS = [
    (name, column)
    for name, columns in COLUMNS.items()
    for column in columns.split(",")
    if column not in NUMBERS.get(name, "").split()
]


@pytest.fixture(scope="module")
def rich():
    """Return a district and all that a plan of it can say, overflow too."""
    district = rich_district()
    statement = state(district, rich_plan(district), version="0.1.0")
    return district, replace(statement, overflow=(OverflowRow("s0", "primary", 2027, 12, "s2", 800.0),))


@pytest.fixture(scope="module")
def original(rich, tmp_path_factory):
    return write_plan(tmp_path_factory.mktemp("plans") / "plan", *rich)


@pytest.fixture
def folder(original, tmp_path):
    """Return a copy that a test may spoil."""
    return shutil.copytree(original, tmp_path / "plan")


def cells(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def put(folder, name, column, cell, line=2):
    """Write a cell into a line of a file."""
    rows = cells(folder, name)
    rows[line - 1][rows[0].index(column)] = cell
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)


def faults(folder):
    with pytest.raises(TableError) as raised:
        read_plan(folder)
    return [(item.table, item.row, item.column, item.value, item.message) for item in raised.value.problems.errors]


def test_every_file_of_the_contract_is_there_with_its_columns(original):
    assert {path.name for path in original.iterdir()} == {*COLUMNS, "plan.json", "certificate.json", "catchments.gpkg"}
    for name, columns in COLUMNS.items():
        assert (original / name).read_text(encoding="utf-8").splitlines()[0] == columns
        assert len(cells(original, name)) > 1


def test_what_was_read_is_written_again_to_the_byte(rich, original, tmp_path):
    again = write_plan(tmp_path / "again", rich[0], read_plan(original))
    for path in original.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


def test_a_plan_made_of_its_files_states_the_same_files(original, rich, tmp_path):
    district, statement = rich
    plan = plan_from(district, read_plan(original))
    again = write_plan(tmp_path / "again", district, replace(state(district, plan, version="0.1.0"), overflow=statement.overflow))
    for path in original.iterdir():
        assert (again / path.name).read_bytes() == path.read_bytes(), path.name


@pytest.mark.parametrize(("name", "column"), EVERY)
def test_a_cell_that_is_no_number_is_told_with_its_line(folder, name, column):
    kind = "a number" if column in FRACTIONS else "a whole number"
    for cell in ("soon", "nan", "inf", "1e400", "9" * 30, "１.２.３", "0x1F"):
        put(folder, name, column, cell)
        assert faults(folder) == [(name, 2, column, cell, f"{cell!r} is not {kind}")]


@pytest.mark.parametrize(("name", "column"), EVERY)
def test_a_number_may_be_missing_only_where_it_may_not_be_known(folder, name, column):
    put(folder, name, column, "")
    if {column, f"{name} {column}"} & MAY_BE_EMPTY:
        read_plan(folder)
    else:
        assert faults(folder) == [(name, 2, column, "", "'' is not a whole number")]


@pytest.mark.parametrize(("name", "column"), [item for item in EVERY if item[1] not in FRACTIONS])
def test_a_count_has_no_fraction(folder, name, column):
    put(folder, name, column, "1.5")
    assert faults(folder) == [(name, 2, column, "1.5", "'1.5' is not a whole number")]


@pytest.mark.parametrize("name", COLUMNS)
def test_a_head_that_is_not_the_contracts(folder, name):
    path, text = folder / name, (folder / name).read_text(encoding="utf-8")
    head = COLUMNS[name]
    for wrong in (
        head.upper(),
        head.split(",", 1)[1],
        f"{head},more",
        f" {head}",
        head.replace(",", ";"),
        "",
        head.replace("id", "ids"),
    ):
        path.write_text(text.replace(head, wrong, 1), encoding="utf-8")
        ((table, row, *_, message),) = faults(folder)
        assert (table, row) == (name, 1)
        assert message.endswith(f"; expected is {head.replace(',', ', ')}")


@pytest.mark.parametrize("name", COLUMNS)
def test_a_line_with_other_cells_than_the_head(folder, name):
    path, text = folder / name, (folder / name).read_text(encoding="utf-8")
    width, last = COLUMNS[name].count(",") + 1, text.count("\n") + 1
    for line, count in (("x", 1), ("," * width, width + 1), ("", 0)):
        path.write_text(f"{text}{line}\n", encoding="utf-8")
        assert faults(folder) == [(name, last, None, None, f"{count} cells; expected are {width}")]


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the first line is empty; expected is"), (b"\xff\xfe\x00", "the file is not UTF-8 text (byte 0)"),
        ("区".encode("gb18030"), "the file is not UTF-8 text (byte 0)"), (b'"', "the file is not a CSV table: unexpected"),
    ],
)  # fmt: skip
def test_a_file_that_is_no_table(folder, name, content, said):
    (folder / name).write_bytes(content)
    ((table, _, _, _, message),) = faults(folder)
    assert table == name
    assert message.startswith(said)


@pytest.mark.parametrize("name", COLUMNS)
def test_line_ends_and_marks_of_editors_change_nothing(rich, folder, name):
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n"))
    assert read_plan(folder) == rich[1]


def test_all_faults_of_all_files_come_together_in_their_order(folder):
    for name, column in EVERY:
        put(folder, name, column, "?")
    assert [(table, column) for table, _, column, *_ in faults(folder)] == [
        (name, column)
        for name in ("assignment.csv", "schools.csv", "seats.csv", "overflow.csv", "scenarios.csv")
        for column in COLUMNS[name].split(",")
        if column in NUMBERS[name].split()
    ]


@pytest.mark.parametrize("name", ["plan.json", "certificate.json"])
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"), (b"{", "is not JSON"), (b"\xff", "is not JSON"), (b"[]", "holds no JSON object"), (b"5", "no JSON"),
        (b"null", "holds no JSON object"), (b'{"a": Infinity}', "Infinity is no number"), (b'{"a": 1e999', "is not JSON"),
    ],
)  # fmt: skip
def test_an_object_that_is_none(folder, name, content, said):
    (folder / name).write_bytes(content)
    with pytest.raises(InputError, match=said) as raised:
        read_plan(folder)
    assert str(folder / name) in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "key", ["kind", "status", "case", "regime", "scenario", "seed", "stage", "year", "goals", "objective", "certified_bound",
            "solver_bound", "stage_goals", "settings", "cluster_names"]
)  # fmt: skip
def test_a_plan_object_without_a_key_or_with_another_kind_of_value(rich, folder, key):
    whole = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    for changed, said in (
        ({}, f"plan.json has no '{key}'; make the plan again"),
        ({key: [[]]}, f"plan.json.*{key}|an object is expected"),
    ):
        text = json.dumps({name: value for name, value in whole.items() if name != key} | changed)
        (folder / "plan.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=said):
            plan_from(rich[0], read_plan(folder))


# --- through the command line


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return grid_case(tmp_path_factory.mktemp("case"), side=2)


@pytest.mark.parametrize("command", ["verify", "explain", "compare", "map"])
@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("schools.csv", None, "schools.csv: the file is missing"), ("assignment.csv", b"block_id\n", "assignment.csv, row 1"),
        ("plan.json", b"{", "is not JSON"), ("certificate.json", None, "certificate.json is missing"),
        ("plan.json", b'{"format": 99}', "this version reads format 1"),
    ],
)  # fmt: skip
def test_a_broken_plan_is_one_line_for_every_command(case, original, folder, tmp_path, command, name, content, said):
    if content is None:
        (folder / name).unlink()
    else:
        (folder / name).write_bytes(content)
    more = {"compare": [str(original)], "map": ["--out", str(tmp_path / "map")]}.get(command, [])
    result = CliRunner().invoke(app, [command, str(case), str(folder), *more])
    lines = [line for line in result.stderr.splitlines() if "about the case; xuequ check" not in line]
    assert result.exit_code == 3
    assert len(lines) == 1
    assert lines[0].startswith("xuequ: ")
    assert said in lines[0]
    assert result.stdout == ""
    assert not (tmp_path / "map").exists()


# --- any text at all


LETTERS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(LETTERS, LETTERS, st.integers(-(10**12), 10**12), st.floats(0, 1e11) | st.none()), max_size=5))
def test_any_text_comes_back_from_a_table(tmp_path_factory, rows):
    table = TABLES["assignment"]
    written = tuple(AssignmentRow(a, b, n, b, None if x is None else round(x, 1), a, b) for a, b, n, x in rows)
    folder = tmp_path_factory.mktemp("table")
    (folder / table.file).write_bytes(table_text(table, written).encode("utf-8"))
    problems = Problems()
    assert read_table(folder, table, problems) == written
    assert not list(problems)


@pytest.mark.parametrize(
    ("name", "column"), [item for item in TEXTS if item[0] in {"assignment.csv", "seats.csv", "clusters.csv"}]
)
def test_texts_are_kept_as_they_are(folder, name, column):
    text = '"龙湖", 一期\r\n=1+1\t'
    put(folder, name, column, text)
    statement = read_plan(folder)
    assert getattr(getattr(statement, name.removesuffix(".csv"))[0], column) == text
