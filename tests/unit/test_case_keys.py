"""Every key of case.toml: what it gives when it is left out, when it is set, when it is wrong, and when it is misspelt."""

from __future__ import annotations

import datetime as dt
import tomllib

import pytest
from case_folders import Folder

from xuequ.data.case import case_schema, read_case_file
from xuequ.data.tables import TABLES
from xuequ.zoning.problems import Problems
from xuequ.zoning.stage import Programme, Stage

SCHOOL = Programme.SCHOOL
BASE = '[tables.blocks]\nfile = "b.csv"\n[tables.schools]\nfile = "s.csv"\n'
LOCK = '[{ block = "b1", school = "A"'
TIE = '[{ a = "A", b = "B", kind = "tight"'

# key, what it is without, what is written, what it is then, what is wrong, what is said of that
KEYS = [
    ("case.name", "", '"万秀区"', "万秀区", "5.5", "should be a valid string"),
    ("case.crs", None, '"EPSG:4547"', "EPSG:4547", "4547", "should be a valid string"),
    ("case.school_year", None, "2024", 2024, '"soon"', "should be a valid integer"),
    ("case.school_year", None, "2200", 2200, "2201", "less than or equal to 2200"),
    ("case.years", None, "[2026, 2027]", (2026, 2027), "[2026, 26]", "greater than or equal to 1900"),
    ("case.timezone", "Asia/Shanghai", '"Asia/Urumqi"', "Asia/Urumqi", '"Asia/Shanghia"', "nearest known one is Asia/Shanghai"),
    ("case.language", "zh", '"en"', "en", '"de"', "should be 'zh' or 'en'"),
    ("case.data_licence", "", '"CC-BY-4.0"', "CC-BY-4.0", "[]", "should be a valid string"),
    ("case.synthetic", False, "true", True, '"perhaps"', "should be a valid boolean"),
    ("tables.blocks.file", "b.csv", '"x.gpkg"', "x.gpkg", "5", "should be a valid string"),
    ("tables.blocks.layer", None, '"地块"', "地块", "5", "should be a valid string"),
    ("tables.blocks.encoding", None, '"gbk"', "gbk", "936", "should be a valid string"),
    ("tables.blocks.crs", None, '"gcj02"', "gcj02", "4547", "should be a valid string"),
    ("tables.blocks.columns", {}, '{ name = "名称" }', {"name": "名称"}, '{ nme = "名称" }', "blocks has no column nme"),
    ("tables.blocks.values", {}, '{ setting = "rural" }', {"setting": "rural"}, "{ lon = 111.3 }", "cannot say lon"),
    ("tables.blocks.filter", None, '"x > 0"', "x > 0", "5", "should be a valid"),
    ("tables.blocks.filter", None, '{ level = ["ES", "K8"] }', {"level": ["ES", "K8"]}, "{ level = [[1]] }", "should be a valid"),
    ("zoning.stage", None, '"junior"', Stage.JUNIOR, '"high"', "should be 'kindergarten', 'primary' or 'junior'"),
    ("zoning.regime", None, '"full"', "full", '"half"', "should be 'full' or 'phase_in'"),
    ("zoning.goals", None, '["distance"]', ("distance",), "[]", "should have at least 1 item"),
    ("zoning.goals", None, '["moved", "large"]', ("moved", "large"), '["moved", "moved"]', "moved stands twice"),
    ("zoning.goals", None, '["large"]', ("large",), '["larg"]', "there is no goal larg; the nearest known one is large"),
    ("zoning.tolerances", {}, "{ distance = 0.5 }", {"distance": 0.5}, "{ distance = -1 }", "greater than or equal to 0"),
    ("zoning.tolerances", {}, "{ moved = 0 }", {"moved": 0.0}, "{ moved = inf }", "should be a finite number"),
    ("zoning.seats", "soft", '"hard"', "hard", '"firm"', "should be 'soft' or 'hard'"),
    ("zoning.moved_max", None, "0.1", 0.1, "-0.1", "greater than or equal to 0"),
    ("zoning.moved_max", None, "500", 500, "inf", "less than or equal to 1000000000"),
    ("zoning.keep_together", (), '[["b1", 2]]', (("b1", "2"),), '["b1"]', "should be a valid tuple"),
    ("zoning.scenario", "middle", '"high"', "high", "3", "should be a valid string"),
    ("seats.years", (), "[2027, 2029]", (2027, 2029), "[27]", "greater than or equal to 1900"),
    ("seats.budgets", {}, "{ school = { 2027 = 900 } }", {SCHOOL: {2027: 900}}, "{ school = { 2027 = -9 } }", "or equal to 0"),
    ("seats.budgets", {}, "{ school = { 2027 = 0 } }", {SCHOOL: {2027: 0}}, "{ school = { 2027 = 9999999999 } }", "1000000000"),
    ("seats.budgets", {}, "{ school = {} }", {SCHOOL: {}}, "{ schools = {} }", "should be 'school' or 'kindergarten'"),
    ("seats.scenarios", ("middle",), '["low", "high"]', ("low", "high"), '"low"', "should be a valid tuple"),
    ("seats.discount", 0.03, "0", 0.0, "1", "should be less than 1"),
    ("seats.group_blocks", 250, "1", 1, "0", "greater than or equal to 1"),
    ("seats.programmes.school.seats_min", 0, "4000", 4000, "-1", "greater than or equal to 0"),
    ("seats.programmes.school.projects_min", 0, "8", 8, "8.5", "should be a valid integer"),
    ("seats.programmes.school.land_m2", 0, "90000", 90000, '"much"', "should be a valid integer"),
    ("seats.programmes.school.land_max_m2", None, "0", 0, "-1", "greater than or equal to 0"),
    ("clusters.count", 0, "7", 7, "-1", "greater than or equal to 0"),
    ("clusters.leads", (), '["A", 5]', ("A", "5"), '"A"', "should be a valid tuple"),
    ("clusters.size", None, "[3, 9]", (3, 9), "[9, 3]", "at least 9 schools in a cluster are more than at most 3"),
    ("clusters.size", None, "[1, 1]", (1, 1), "[3]", "field required"),
    ("clusters.size_min", None, "3", 3, "0", "greater than or equal to 1"),
    ("clusters.size_max", None, "9", 9, "0", "greater than or equal to 1"),
    ("publish.small_count", 10, "0", 0, "-1", "greater than or equal to 0"),
    ("publish.notices", "", '"公告.md"', "公告.md", "1", "should be a valid string"),
    ("publish.contact", "", '"0774"', "0774", "true", "should be a valid string"),
    ("publish.draw_seed", "", "20260801", "20260801", "[]", "should be a valid string"),
    ("publish.decided", None, "2026-05-01", dt.date(2026, 5, 1), '"soon"', "should be a valid date"),
    ("publish.decision", "", '"万教〔2026〕1号"', "万教〔2026〕1号", "1", "should be a valid string"),
    ("borders.tolerance_m", 1.0, "2", 2.0, "0", "greater than 0"),
    ("borders.min_border_m", 5.0, "0", 0.0, "-1", "greater than or equal to 0"),
    ("borders.barrier_m", 15.0, "30.5", 30.5, "nan", "should be a finite number"),
    ("borders.near_miss_m", 10.0, "0", 0.0, "inf", "should be a finite number"),
    ("borders.sliver_width_m", 2.0, "3", 3.0, "1e300", "less than or equal to 10000"),
]  # fmt: skip

# lists of sections: key, the rest of the section, what is written, what it is then, what is wrong, what is said of that
PARTS = [
    ("tables.blocks.join", "file", 'key = "k"', '"p.csv"', "p.csv", "5", "should be a valid string"),
    ("tables.blocks.join", "layer", 'file = "p.csv", key = "k"', '"学生"', "学生", "5", "should be a valid string"),
    ("tables.blocks.join", "encoding", 'file = "p.csv", key = "k"', '"gbk"', "gbk", "5", "should be a valid string"),
    ("tables.blocks.join", "key", 'file = "p.csv"', '"地块"', "地块", "5", "should be a valid string"),
    ("tables.blocks.join", "columns", 'file = "p.csv", key = "k"', '{ name = "n" }', {"name": "n"}, '{ nme = "n" }', "nearest"),
    ("tables.blocks.join", "filter", 'file = "p.csv", key = "k"', '"n > 0"', "n > 0", "5", "should be a valid"),
    ("zoning.goals", "name", "tolerance = 0.1", '"distance"', "distance", '"distant"', "there is no goal distant; the nearest"),
    ("zoning.goals", "tolerance", 'name = "distance"', "0.1", 0.1, "-0.1", "greater than or equal to 0"),
    ("zoning.locks", "block", 'school = "A"', "5", "5", "", "field required"),
    ("zoning.locks", "school", 'block = "b1"', '"A"', "A", "", "field required"),
    ("zoning.locks", "stage", 'block = "b1", school = "A"', '"primary"', Stage.PRIMARY, '"first"', "should be 'kindergarten'"),
    ("zoning.locks", "must", 'block = "b1", school = "A"', "false", False, '"perhaps"', "should be a valid boolean"),
    ("clusters.ties", "a", 'b = "B", kind = "tight"', '"A"', "A", "", "field required"),
    ("clusters.ties", "b", 'a = "A", kind = "tight"', '"B"', "B", "", "field required"),
    ("clusters.ties", "kind", 'a = "A", b = "B"', '"assist"', "assist", '"loose"', "should be 'tight', 'alliance' or 'assist'"),
]  # fmt: skip


def read(folder, text):
    """Read a case.toml; return what it says and the errors."""
    problems = Problems()
    return read_case_file(Folder(toml=text).write(folder), (), problems), problems.errors


def with_key(path, value):
    """Return a case.toml in which one key is set, nothing else."""
    *parts, last = path.split(".")
    text = (
        BASE if parts[0] != "tables" or last != "file" else BASE.replace('[tables.blocks]\nfile = "b.csv"\n', "[tables.blocks]\n")
    )
    head = f"[{'.'.join(parts)}]\n"
    return text.replace(head, f"{head}{last} = {value}\n") if head in text else f"{text}{head}{last} = {value}\n"


def at(file, path):
    """Return what a case file says at a key."""
    for part in path.split("."):
        file = file[part] if isinstance(file, dict) else getattr(file, part)
    return tuple(getattr(item, "name", item) for item in file) if path == "zoning.goals" and file else file


@pytest.mark.parametrize(("path", "without", "written", "then"), [item[:4] for item in KEYS])
def test_a_key_left_out_and_set(tmp_path, path, without, written, then):
    file, errors = read(tmp_path, with_key(path, written))
    assert not errors
    assert at(file, path) == then
    if "programmes" not in path:
        assert at(read(tmp_path, BASE)[0], path) == without
    else:
        other = "land_m2" if path.endswith("seats_min") else "seats_min"
        assert at(read(tmp_path, with_key(f"seats.programmes.school.{other}", "1"))[0], path) == without


@pytest.mark.parametrize(("path", "wrong", "said"), [(item[0], *item[4:]) for item in KEYS])
def test_a_value_that_cannot_be(tmp_path, path, wrong, said):
    file, errors = read(tmp_path, with_key(path, wrong))
    assert file is None
    assert any(said in item.message for item in errors), [item.message for item in errors]
    assert all(item.table == "case.toml" and item.column.startswith(path.rsplit(".", 1)[0]) and item.fix for item in errors)


@pytest.mark.parametrize("path", sorted({item[0] for item in KEYS} - {"tables.blocks.file"}))
def test_a_misspelt_key_names_the_nearest(tmp_path, path):
    *parts, last = path.split(".")
    wrong = last[:2] + last[3:]
    file, errors = read(tmp_path, with_key(".".join([*parts, wrong]), next(item[2] for item in KEYS if item[0] == path)))
    assert file is None
    (told,) = errors
    assert told.message == f"there is no key {'.'.join([*parts, wrong])}; the nearest known one is {path}"
    assert told.column == ".".join([*parts, wrong])
    assert told.fix == "correct or delete the key"


@pytest.mark.parametrize(("path", "key", "rest", "written", "then", "wrong", "said"), PARTS)
def test_a_key_of_a_list_of_sections(tmp_path, path, key, rest, written, then, wrong, said):
    one = f"[{{ {rest}, {key} = {written} }}]"
    file, errors = read(tmp_path, with_key(path, one))
    assert not errors
    for part in path.split("."):
        file = file[part] if isinstance(file, dict) else getattr(file, part)
    assert getattr(file[0], key) == then
    file, errors = read(tmp_path, with_key(path, f"[{{ {rest}{f', {key} = {wrong}' if wrong else ''} }}]"))
    assert file is None
    assert any(said in item.message for item in errors), [item.message for item in errors]
    file, errors = read(tmp_path, with_key(path, f"[{{ {rest}, {key} = {written}, {key}_ = 1 }}]"))
    assert [item.message for item in errors] == [f"there is no key {path}.0.{key}_; the nearest known one is {path}.0.{key}"]


def _keys(schema, part, path, found):
    part = schema["$defs"][part["$ref"].split("/")[-1]] if "$ref" in part else part
    for option in part.get("anyOf", [part]):
        option = schema["$defs"][option["$ref"].split("/")[-1]] if "$ref" in option else option  # noqa: PLW2901
        names = option.get("properties")
        if names and option.get("additionalProperties") is False:
            for name, below in names.items():
                _keys(schema, below, (*path, name), found)
        else:
            found.add(".".join(path))


def test_no_key_of_the_published_schema_is_left_out_here():
    schema = case_schema()
    found = set()
    for name in ("case", "zoning", "seats", "clusters", "publish", "borders"):
        _keys(schema, schema["properties"][name], (name,), found)
    known = {path for path, *_ in KEYS if not path.startswith("tables.")}
    plain = {path for path in known if "programmes" not in path} | {"seats.programmes"}
    assert found == plain | {"zoning.locks", "clusters.ties"}
    for section, path in (("TableSection", "tables.blocks"), ("ProgrammeSection", "seats.programmes.school")):
        here = {item[0].removeprefix(f"{path}.") for item in KEYS if item[0].startswith(f"{path}.")}
        assert here | ({"join"} if section == "TableSection" else set()) == set(schema["$defs"][section]["properties"])
    for section, path in (("JoinSection", "tables.blocks.join"), ("GoalSection", "zoning.goals"), ("LockSection", "zoning.locks"),
                          ("TieSection", "clusters.ties")):  # fmt: skip
        assert {item[1] for item in PARTS if item[0] == path} == set(schema["$defs"][section]["properties"])


@pytest.mark.parametrize("table", [*TABLES, "resources", "applicants"])
def test_every_table_may_have_a_section_and_a_misspelt_one_names_it(tmp_path, table):
    file, errors = read(tmp_path, f'[tables.{table}]\nfile = "x.csv"\n')
    assert not errors
    assert file.tables[table].file == "x.csv"
    _, errors = read(tmp_path, f'[tables]\n{table[:-1]} = "x.csv"\n')
    assert [item.message for item in errors] == [f"there is no table {table[:-1]}; the nearest known one is {table}"]
    assert errors[0].column == f"tables.{table[:-1]}"


@pytest.mark.parametrize(
    "name", ["case", "zoning", "seats", "clusters", "publish", "borders", "roads", "forecast", "admission", "rules", "tables"]
)
def test_a_section_that_is_none_is_told_in_plain_words(tmp_path, name):
    file, errors = read(tmp_path, f"{name} = 5\n")
    assert file is None
    assert [(item.message, item.column) for item in errors] == [(f"{name}: is 5, where a section with keys is expected", name)]
    _, errors = read(tmp_path, f"[{name}s]\nx = 1\n")
    assert errors[0].message == f"there is no key {name}s; the nearest known one is {name}"


def test_faults_of_every_section_are_told_together(tmp_path):
    wrong = {path: value for path, *_, value, _ in KEYS if path.split(".")[0] in {"case", "publish", "borders"}}
    sections = {}
    for path, value in wrong.items():
        sections.setdefault(path.split(".")[0], []).append(f"{path.split('.')[1]} = {value}")
    text = BASE + "\n".join(f"[{name}]\n" + "\n".join(lines) for name, lines in sections.items())
    tomllib.loads(text)
    _, errors = read(tmp_path, text)
    assert {item.column.split(".0")[0].split(".1")[0] for item in errors} == set(wrong)
