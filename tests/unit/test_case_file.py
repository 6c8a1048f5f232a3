"""case.toml: unknown keys name the nearest known one, overrides go over it, defaults are those of the rules."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from case_folders import CRS, whole_case

from xuequ.data.case import Case, case_folder, case_schema, check_case, read_case
from xuequ.data.case_file import CaseFile, validate_case
from xuequ.zoning.errors import CaseError
from xuequ.zoning.options import DEFAULT_GOALS, GoalSpec, Lock
from xuequ.zoning.problems import Problems
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Programme, Stage


def told(data):
    problems = Problems()
    assert validate_case(data, problems) is None
    return [problem.message for problem in problems.errors]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"cas": {}}, "there is no key cas; the nearest known one is case"),
        ({"case": {"nme": "x"}}, "there is no key case.nme; the nearest known one is case.name"),
        ({"tables": {"block": "b.csv"}}, "there is no table block; the nearest known one is blocks"),
        ({"tables": {"blocks": {"file": "b", "colums": {}}}}, "the nearest known one is tables.blocks.columns"),
        ({"tables": {"blocks": {"layer": "b"}}}, "tables.blocks.file: field required"),
        (
            {"tables": {"blocks": {"file": "b", "columns": {"pupil": "x"}}}},
            "table blocks has no column pupil; the nearest known one is pupils",
        ),
        (
            {"tables": {"blocks": {"file": "b", "join": {"file": "p", "key": "k", "column": {}}}}},
            "the nearest known one is tables.blocks.join.0.columns",
        ),
        ({"rules": {"large_clas": 50}}, "there is no rule large_clas; the nearest known one is large_class"),
        ({"rules": {"limit": {"primry": 50}}}, "there is no rule limit.primry; the nearest known one is limit.primary"),
        ({"rules": {"large_class": "many"}}, "rule large_class is 'many'; int like 56 is expected"),
        ({"rules": {"private_share": 1.5}}, "rule private_share is 1.5; a share is between 0 and 1"),
        ({"rules": {"near_entry_share": {"primary": 95.0}}}, "rule near_entry_share.primary is 95.0; a share is between 0 and 1"),
        ({"rules": {"limit": {"primary": -650}}}, "rule limit.primary is -650; it must not be negative"),
        ({"rules": {"walk_speed": float("nan")}}, "must not be negative"),
        ({"rules": {"cutoff_month_day": "31-08"}}, "rule cutoff_month_day is 31-08; a month and a day like 08-31 are expected"),
        ({"rules": {"limit": 5}}, "rule limit has parts: kindergarten, primary, junior"),
        ({"zoning": {"stage": "secondary"}}, "zoning.stage: input should be 'kindergarten', 'primary' or 'junior'"),
        ({"zoning": {"goals": ["distanse"]}}, "there is no goal distanse; the nearest known one is distance"),
        ({"zoning": {"goals": [{"name": "moved", "tolerence": 0.1}]}}, "the nearest known one is zoning.goals.0.tolerance"),
        ({"zoning": {"tolerances": {"distanc": 0.1}}}, "there is no goal distanc; the nearest known one is distance"),
        ({"zoning": {"moved_max": -1}}, "greater than or equal to 0"),
        ({"zoning": {"locks": [{"block": "b", "scool": "A"}]}}, "the nearest known one is zoning.locks.0.school"),
        ({"seats": {"programmes": {"school": {"seats": 1}}}}, "the nearest known one is seats.programmes.school.seats_min"),
        ({"seats": {"budgets": {"2026": 5}}}, "seats.budgets.2026"),
        ({"clusters": {"ties": [{"a": "x", "b": "y", "kynd": "tight"}]}}, "the nearest known one is clusters.ties.0.kind"),
        ({"borders": {"min_border": 3}}, "the nearest known one is borders.min_border_m"),
        ({"case": {"language": "fr"}}, "case.language: input should be 'zh' or 'en'"),
    ],
)
def test_a_key_or_value_that_is_wrong_is_told_with_the_nearest(data, said):
    assert any(said in message for message in told(data)), told(data)


def test_all_faults_are_told_at_once():
    assert len(told({"cas": {}, "rules": {"a": 1, "b": 2}, "zoning": {"seats": "x", "regim": "y"}})) == 5


def test_both_names_of_a_key_are_known():
    problems = Problems()
    case = validate_case({"zoning": {"max_moved": 0.1}, "clusters": {"number": 7}, "tables": {"blocks": "b.csv"}}, problems)
    assert not problems.errors
    assert (case.zoning.moved_max, case.clusters.count, case.tables["blocks"].file) == (0.1, 7, "b.csv")


def test_tables_of_others_are_known_but_not_read(tmp_path):
    case = whole_case()
    case.sections["tables.resources"] = 'file = "resources.csv"'
    assert not list(check_case(case.write(tmp_path)).problems)


# --- overrides


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("zoning.regime=full", lambda case: case.zoning.regime == "full"),
        ('zoning.regime="full"', lambda case: case.zoning.regime == "full"),
        ("zoning.moved_max=0.05", lambda case: case.zoning.moved_max == 0.05),
        ("case.years=[2026, 2027]", lambda case: case.case.years == (2026, 2027)),
        ("rules.limit.primary=800", lambda case: case.rules["limit"]["primary"] == 800),
        ("tables.blocks.crs=EPSG:4547", lambda case: case.tables["blocks"].crs == "EPSG:4547"),
        ("case.name = 区 ", lambda case: case.case.name == "区"),
        ("seats.programmes.school.seats_min=0", lambda case: case.seats.programmes["school"].seats_min == 0),
    ],
)
def test_overrides_go_over_the_file(tmp_path, text, read):
    from xuequ.data.case import read_case_file

    problems = Problems()
    file = read_case_file(whole_case().write(tmp_path), (text,), problems)
    assert not problems.errors
    assert read(file)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zoning.regime", "is not of the form section.key=value"),
        ("regime=full", "is not of the form section.key=value"),
        ("zoning.=x", "is not of the form section.key=value"),
        ("zoning.regme=full", "the nearest known one is zoning.regime"),
        ("case.crs.x=1", "cannot be overridden: crs is no section"),
    ],
)
def test_a_wrong_override_is_told(tmp_path, text, said):
    report = check_case(whole_case().write(tmp_path), (text,))
    assert any(said in problem.message for problem in report.problems.errors)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[case\n", "is not valid TOML"),
        ('name = "x', "is not valid TOML"),
        ("x = 1\nx = 2", "is not valid TOML"),
        ("a" + ".a" * 5000 + " = 1", "nested more than 20 deep"),
        ("x = " + "[" * 5000, "is not valid TOML"),
        ("# " + "x" * (5 * 2**20), "at most 4,194,304 are read"),
    ],
)
def test_a_file_that_is_no_toml_is_told(tmp_path, text, said):
    case = whole_case()
    case.toml = text
    report = check_case(case.write(tmp_path))
    assert said in report.problems.errors[0].message
    with pytest.raises(CaseError, match=r"case\.toml"):
        read_case(tmp_path)


def test_a_file_in_another_encoding_is_told(tmp_path):
    whole_case().write(tmp_path)
    (tmp_path / "case.toml").write_bytes('[case]\nname = "万秀区"\n'.encode("gb18030"))
    assert "not in UTF-8" in check_case(tmp_path).problems.errors[0].message


def test_a_byte_order_mark_is_nothing(tmp_path):
    whole_case().write(tmp_path)
    (tmp_path / "case.toml").write_bytes(b"\xef\xbb\xbf" + (tmp_path / "case.toml").read_bytes())
    assert check_case(tmp_path).ok


@pytest.mark.parametrize(("name", "said"), [("nowhere", "there is no folder"), (".", "there is no case.toml")])
def test_no_case_is_told(tmp_path, monkeypatch, name, said):
    monkeypatch.chdir(tmp_path)
    for door in (check_case, read_case):
        with pytest.raises(CaseError, match=said):
            door(name)


def test_the_shipped_case_has_two_names_and_a_folder_of_that_name_comes_first(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert case_folder("demo") == case_folder("wanxiu")
    assert (case_folder("demo") / "case.toml").is_file()
    whole_case().write(tmp_path / "demo")
    assert case_folder("demo") == Path("demo")
    assert case_folder(tmp_path / "demo" / "case.toml") == tmp_path / "demo"


# --- what comes of it


def district(tmp_path, sections=None, overrides=(), change=None):
    case = whole_case()
    case.sections |= sections or {}
    if change:
        change(case)
    return read_case(case.write(tmp_path), overrides).district


def test_the_defaults(tmp_path):
    made = district(tmp_path)
    assert made.options.zoning.regime == "phase_in"
    assert made.options.zoning.goals == DEFAULT_GOALS
    assert made.options.zoning.seats == "soft"
    assert made.rules == Rules()
    assert (made.school_year, made.years) == (2025, (2026, 2027, 2028, 2029, 2030))
    assert made.name == "test"


def test_rules_of_the_case_are_overrides(tmp_path):
    made = district(tmp_path, {"rules": "large_class = 50\nlimit.primary = 900"}, ("rules.walk_speed=5",))
    assert [(item.key, item.value) for item in made.rules.overrides()] == [
        ("large_class", 50),
        ("limit.primary", 900),
        ("walk_speed", 5.0),
    ]


def test_floors_of_one_districts_plan_bind_no_other_case(tmp_path):
    """policy §7: 4,000 and 1,800 seats are that plan's; a case that names no floors has none."""
    assert district(tmp_path / "a").options.seats.programmes == {}
    named = district(tmp_path / "b", {"seats.programmes.school": "seats_min = 300\nprojects_min = 2"}).options.seats.programmes
    assert list(named) == [Programme.SCHOOL]
    assert (named[Programme.SCHOOL].seats_min, named[Programme.SCHOOL].projects_min) == (300, 2)
    by_rule = district(tmp_path / "c", {"rules": "seats_programme.school = 500"}).options.seats.programmes
    assert (by_rule[Programme.SCHOOL].seats_min, by_rule[Programme.KINDERGARTEN].seats_min) == (500, 1800)
    assert district(tmp_path / "d", {"rules": "large_class = 50"}).options.seats.programmes == {}


def test_sections_become_options(tmp_path):
    made = district(
        tmp_path,
        {
            "zoning": 'stage = "primary"\nregime = "full"\nseats = "hard"\n'
            'goals = ["too_far", { name = "distance", tolerance = 0.02 }, "moved"]\n'
            'tolerances = { moved = 0.5 }\nmoved_max = 0.1\nkeep_together = [["b0", "b1"]]\n'
            'locks = [{ block = "b2", school = "B" }, { block = "b3", school = "A", must = false, stage = "primary" }]',
            "seats": "years = [2027]\ndiscount = 0.05\ngroup_blocks = 9",
            "seats.budgets.school": "2027 = 500",
            "clusters": 'count = 1\nleads = ["A"]\nsize = [2, 5]\nties = [{ a = "B", b = "A", kind = "assist" }]',
            "publish": 'small_count = 5\ncontact = "office"\ndraw_seed = 20260801',
        },
    )
    zoning, seats, clusters = made.options.zoning, made.options.seats, made.options.clusters
    assert zoning.goals == (GoalSpec("too_far"), GoalSpec("distance", 0.02), GoalSpec("moved", 0.5))
    assert (zoning.stage, zoning.regime, zoning.seats, zoning.moved_max) == (Stage.PRIMARY, "full", "hard", 0.1)
    assert zoning.keep_together == (("b0", "b1"),)
    assert zoning.locks == (Lock("b2", Stage.PRIMARY, "B"), Lock("b3", Stage.PRIMARY, "A", must=False))
    assert (seats.years, seats.discount, seats.group_blocks) == ((2027,), 0.05, 9)
    assert seats.budgets_wan == {Programme.SCHOOL: {2027: 500}}
    assert (clusters.count, clusters.leads, clusters.size_min, clusters.size_max) == (1, ("A",), 2, 5)
    assert [(tie.a, tie.b, tie.kind.value) for tie in made.ties] == [("B", "A", "assist")]
    assert (made.options.publish.small_count, made.options.publish.draw_seed) == (5, "20260801")


def test_a_case_keeps_its_warnings_and_its_file(tmp_path):
    case = read_case(whole_case().write(tmp_path))
    assert isinstance(case, Case)
    assert case.folder == tmp_path
    assert case.file.case.crs == CRS
    assert not case.problems.warnings
    assert case.summary["crs"] == CRS


def test_the_schema_is_published_and_knows_every_key():
    schema = case_schema()
    assert json.loads(json.dumps(schema)) == schema
    assert set(schema["properties"]) == set(CaseFile.model_fields)
    assert "large_class" in schema["properties"]["rules"]["properties"]
    assert "blocks" in schema["properties"]["tables"]["propertyNames"]["enum"]
    assert schema["$defs"]["ZoningSection"]["additionalProperties"] is False
    references = {part.split("/")[-1] for part in json.dumps(schema).split('"') if part.startswith("#/$defs/")}
    assert references <= set(schema["$defs"])
