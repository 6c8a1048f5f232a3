"""Ids that tables name of each other: every such column, unknown, misspelt, named by name, twice, or with a separator."""

from __future__ import annotations

import pytest
from case_folders import EAST, NORTH, whole_case
from case_rows import REFERENCES, ROWS

from xuequ.data.case import check_case, read_case
from xuequ.zoning.stage import Stage

EVERY = [(table, other, column) for table, by in REFERENCES.items() for other, columns in by.items() for column in columns]
LISTS = {("catchments", "school"), *(("blocks", f"school_{stage}") for stage in ("kindergarten", "primary", "junior"))}


def with_rows(table, rows):
    """Return a whole case with rows of a table instead of its own; every id of the rows is known."""
    case = whole_case()
    if table == "blocks":
        for item, row in zip(case.blocks, rows, strict=False):
            item["properties"] |= row
    elif table == "schools":
        for k, row in enumerate(rows):
            case.schools[k] |= row
    else:
        case.table(table, rows)
    return case


def good(table, **changes):
    """Return the good row of a table with references that the whole case knows."""
    row = {
        name: cell for name, cell in ROWS[table].items() if name not in {"x", "y", "geometry", "replaces", "tie_with", "school"}
    }
    if table in {"blocks", "schools"}:
        return changes
    if table == "sites":
        row |= {"action": "expand", "school": "A"}
    elif "school" in ROWS[table]:
        row["school"] = "A"
    return row | changes


def errors(case, folder):
    return [
        (item.table, item.row, item.column, item.value, item.message) for item in check_case(case.write(folder)).problems.errors
    ]


@pytest.mark.parametrize(("table", "other", "column"), EVERY)
def test_an_unknown_id_is_told_with_its_row_and_the_nearest(tmp_path, table, other, column):
    known, near = ("b11", "b111") if other == "blocks" else ("A", "AA")
    rows = [good(table, **{column: known}), good(table, **{column: near}), good(table, **{column: "Q?"})]
    if table in {"sites", "housing"}:
        rows = [row | {"id": f"N{k}"} for k, row in enumerate(rows)]
    if table in {"blocks", "schools"}:
        rows = rows[1:]
    case = with_rows(table, rows)
    found = {
        value: (row, said) for name, row, heading, value, said in errors(case, tmp_path) if (name, heading) == (table, column)
    }
    first = 1 if table == "blocks" else (2 if table == "schools" else 3)
    assert found[near][0] == first
    assert found[near][1].startswith(f"{near} is no id of the table {other}")
    assert found["Q?"] == (first + 1, f"Q? is no id of the table {other}")
    assert set(found) == {near, "Q?"} or table in {"distances", "clusters"}


@pytest.mark.parametrize(("table", "other", "column"), EVERY)
def test_a_unique_name_stands_for_its_id(tmp_path, table, other, column):
    name = "Block 11" if other == "blocks" else "Second school"
    report = check_case(with_rows(table, [good(table, **{column: name})]).write(tmp_path))
    told = [item for item in report.problems if item.column == column and item.table == table]
    assert [item.message for item in told if "by name" in item.message] == [f"1 cells name {other} by name; their ids are taken"]
    assert not any("is no id" in item.message for item in told)


def test_a_name_of_two_schools_stands_for_none(tmp_path):
    case = with_rows("catchments", [good("catchments", school="Twin")])
    for row in case.schools:
        row["name"] = "Twin"
    assert ("catchments", 2, "school", "Twin", "Twin is no id of the table schools") in errors(case, tmp_path)


@pytest.mark.parametrize(("table", "column"), sorted(LISTS))
def test_each_id_of_a_list_is_looked_up(tmp_path, table, column):
    case = with_rows(table, [good(table, **{column: "A；Q、B|R"})])
    unknown = {value for *_, value, said in errors(case, tmp_path) if "is no id" in said}
    assert unknown == {"Q", "R"}


def test_an_unknown_id_of_many_rows_is_told_once(tmp_path):
    case = with_rows("catchments", [good("catchments", block=f"b{k}", school="Q") for k in range(9)])
    (told,) = errors(case, tmp_path)
    assert told == ("catchments", 2, "school", "Q", "Q is no id of the table schools (and in 8 more rows)")


def test_many_unknown_ids_are_counted_not_all_listed(tmp_path):
    case = with_rows("locks", [good("locks", block=f"z{k}") for k in range(33)])
    said = [message for *_, message in errors(case, tmp_path)]
    assert len(said) == 21
    assert said[-1] == "13 more ids are not in the table blocks"


def test_candidates_of_sites_are_schools_that_may_be_named(tmp_path):
    case = with_rows("locks", [good("locks", school="N")])
    case.table("sites", [{"id": "N", "action": "new", "stages": "primary", "classrooms_max": 12, "block": "b5"}])
    case.sections["zoning"] = 'locks = [{ block = "b2", school = "N" }]'
    case.sections["clusters"] = 'leads = ["N"]\nties = [{ a = "N", b = "B", kind = "tight" }]'
    district = read_case(case.write(tmp_path / "new")).district
    assert {lock.school for lock in district.options.zoning.locks} == {"N"}
    case.table("sites", [{"id": "N", "action": "expand", "stages": "primary", "classrooms_max": 12, "school": "A"}])
    said = {(table, said) for table, *_, said in errors(case, tmp_path / "expand")}
    assert said == {
        ("locks", "N is no id of the table schools"), ("case.toml", "zoning.locks names N, which is no id of the table schools"),
        ("case.toml", "clusters.leads names N, which is no id of the table schools"),
        ("case.toml", "clusters.ties names N, which is no id of the table schools"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("section", "body", "said"),
    [
        ("zoning", 'locks = [{ block = "b111", school = "A" }]', "zoning.locks names b111, which is no id of the table blocks"),
        ("zoning", 'locks = [{ block = "b1", school = "AA" }]', "zoning.locks names AA, which is no id of the table schools"),
        ("zoning", 'keep_together = [["b1", "b2"], ["b3", "c4"]]', "zoning.keep_together names c4, which is no id of"),
        ("clusters", 'leads = ["A", "C"]', "clusters.leads names C, which is no id of the table schools"),
        (
            "clusters",
            'ties = [{ a = "A", b = "D", kind = "tight" }]',
            "clusters.ties names D, which is no id of the table schools",
        ),
    ],
)
def test_ids_that_the_case_file_names(tmp_path, section, body, said):
    case = whole_case()
    case.sections[section] = body
    ((table, row, column, value, message),) = errors(case, tmp_path)
    assert message.startswith(said)
    assert (table, row, column) == ("case.toml", None, said.split()[0])
    assert value in said


# --- ids that stand twice


@pytest.mark.parametrize(
    ("table", "rows", "said"),
    [
        ("sites", [{"id": "N"}] * 2, "N stands in rows 2, 3"),
        ("clusters", [{"cluster": "one"}, {"cluster": "two"}], "A stands in rows 2, 3"),
    ],
)
def test_a_key_that_stands_twice_is_an_error(tmp_path, table, rows, said):
    case = with_rows(table, [good(table, **row) for row in rows])
    assert [(row, message) for name, row, _, _, message in errors(case, tmp_path) if name == table] == [("3", said)]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("demand", "b0, g1, 2026, middle stands in rows 2, 3, 4; they are added up"),
        ("distances", "b0, A stands in rows 2, 3, 4; the last one counts"),
    ],
)
def test_a_key_that_stands_twice_where_a_sum_or_the_last_can_count(tmp_path, table, said):
    report = check_case(with_rows(table, [good(table)] * 3).write(tmp_path))
    assert report.ok
    (told,) = [item for item in report.problems.warnings if "stands in rows" in item.message]
    assert (told.message, told.row, told.fix) == (said, "3", "keep one row")
    if table == "demand":
        assert report.district.demand.of_stage(Stage.PRIMARY, 2026)[0] == 27


def test_rows_of_one_demand_that_add_up_to_a_city_are_refused(tmp_path):
    rows = [good("demand", pupils=9_000_000)] * 400
    said = [message for *_, message in errors(with_rows("demand", rows), tmp_path)]
    assert said == ["rows of one block, grade and year add up to 3,600,000,000 pupils"]


def test_more_than_twenty_double_ids_are_counted(tmp_path):
    case = whole_case(10, 6)
    for k, item in enumerate(case.blocks):
        item["properties"]["id"] = f"b{k // 2}"
    report = check_case(case.write(tmp_path))
    assert len(report.problems.errors) == 20
    assert any(item.message == "10 more ids stand more than once" for item in report.problems.warnings)


@pytest.mark.parametrize("blank", ["", " ", "　", "-", "n/a", "NULL", "\ufeff"])
def test_a_blank_id_is_told_and_named_by_its_row(tmp_path, blank):
    case = whole_case()
    case.schools[1]["id"] = blank
    told = [(row, column, said) for _, row, column, _, said in errors(case, tmp_path)]
    assert told == [(3, "id", "id is empty")]


@pytest.mark.parametrize("name", ["0012", "１２", "b-1", "x" * 300, "桂江 1", "1e5", "+5", "12.50"])
def test_an_id_stays_the_text_that_it_is(tmp_path, name):
    case = whole_case()
    case.schools[1]["id"] = name
    district = read_case(case.write(tmp_path)).district
    assert district.schools.ids[1] == ("12" if name == "１２" else name)


@pytest.mark.parametrize("table", ["schools", "sites"])
def test_a_separator_in_the_id_of_a_school_is_refused(tmp_path, table):
    case = whole_case()
    if table == "schools":
        case.schools[1]["id"] = "A;B"
    else:
        case.table("sites", [{"id": "A;B", "action": "new", "stages": "primary", "classrooms_max": 12, "block": "b5"}])
    (told,) = errors(case, tmp_path)
    assert told[:4] == (table, 3 if table == "schools" else 2, "id", "A;B")
    assert "holds a semicolon, which stands between the schools of one zone" in told[4]


def test_rows_that_name_no_block_or_a_block_twice_are_told(tmp_path):
    case = with_rows("catchments", [good("catchments", block=""), *(good("catchments", block=f"b{k}") for k in range(12))])
    case.table("adjacency", [{"a": "b0", "b": "b0"}, *({"a": f"b{k}", "b": f"b{k + 1}"} for k in range(11))])
    report = check_case(case.write(tmp_path))
    assert report.ok
    assert {(item.table, item.message, item.row) for item in report.problems.warnings} == {
        ("catchments", "1 rows name no block and are left aside", 2),
        ("adjacency", "1 rows name a block as its own neighbour and are left out", 2),
    }


def test_a_place_and_a_block_that_differ_are_told_for_schools_and_sites(tmp_path):
    case = whole_case()
    case.schools[0] |= {"block": "b5"}
    case.schools[1] |= {"block": "b11"}
    case.table("sites", [{"id": "N", "action": "new", "stages": "primary", "classrooms_max": 12, "block": "b5",
                          "x": EAST + 10, "y": NORTH + 10}])  # fmt: skip
    report = check_case(case.write(tmp_path))
    said = {(item.table, item.row, item.message) for item in report.problems.warnings}
    assert said == {
        (table, row, "the file names block b5, but the place lies in b0; the name counts")
        for table, row in (("schools", "A"), ("sites", "N"))
    }
    assert report.district.schools.block.tolist() == [5, 11, 5]
