"""Every option of interface.md on every command that has it: taken where it makes sense, refused in words where not."""

from __future__ import annotations

import json

import pytest
from commanding import say
from whole_towns import whole_town

SOLVING = ["--time-limit", "--iterations", "--seed", "--threads"]
OF_CASE = ["--set", "--lang", "--json", "--quiet", "--verbose"]
OPTIONS = {
    "demo": ["--out", "--lang", "--json", "--quiet", "--verbose", *SOLVING],
    "init": ["--lang", "--json", "--quiet"],
    "check": ["--fix", *OF_CASE],
    "forecast": ["--out", *OF_CASE],
    "zone": ["--out", "--stage", "--year", "--regime", *SOLVING, *OF_CASE],
    "seats": ["--out", *SOLVING, *OF_CASE],
    "cluster": ["--out", *SOLVING, *OF_CASE],
    "plan": ["--out", *SOLVING, *OF_CASE],
    "verify": OF_CASE,
    "explain": ["--block", "--school", *OF_CASE],
    "compare": OF_CASE,
    "map": ["--out", *OF_CASE],
    "serve": ["--port", "--host"],
    "bench": ["--only", "--out", "--lang", "--json", "--quiet", *SOLVING],
}
PLANNING = ["zone", "seats", "cluster", "plan"]
READING = ["check", "forecast", "verify", "explain", "compare", "map"]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return whole_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def plan(case, tmp_path_factory):
    out = tmp_path_factory.mktemp("plans") / "plan"
    say("plan", case, "--iterations", 2, "--out", out)
    return out


@pytest.fixture
def command(case, plan, tmp_path):
    """Return the words of each command that does its work in a moment."""
    out = tmp_path / "out"
    return {
        "check": ["check", case],
        "forecast": ["forecast", case, "--out", out],
        "zone": ["zone", case, "--stage", "primary", "--iterations", 2, "--out", out],
        "seats": ["seats", case, "--iterations", 2, "--out", out],
        "cluster": ["cluster", case, "--iterations", 2, "--out", out],
        "plan": ["plan", case, "--iterations", 2, "--out", out],
        "verify": ["verify", case, plan],
        "explain": ["explain", case, plan, "--school", "south"],
        "compare": ["compare", case, plan, f"{plan}/../plan/../plan"],
        "map": ["map", case, plan, "--out", out],
    }


@pytest.mark.parametrize("name", OPTIONS)
def test_help_tells_every_option_of_a_command(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    told = say(name, "--help").out
    assert [option for option in OPTIONS[name] if option not in told] == []
    assert say(name, "-h").out == told


@pytest.mark.parametrize("name", OPTIONS)
def test_a_misspelt_option_is_usage_and_the_right_one_is_named(name, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    for option in OPTIONS[name]:
        said = say(name, f"{option[:-1]}x", code=2)
        assert option in said.err, said.err


@pytest.mark.parametrize("name", [*PLANNING, *[name for name in READING if name != "map"]])
def test_json_is_exactly_one_object_and_all_else_stands_on_standard_error(name, command):
    said = say(*command[name], "--json", "--verbose")
    assert said.out.count("\n") == 1
    assert isinstance(said.json, dict)
    if name != "check":
        assert "3 warnings about the case" in said.err


@pytest.mark.parametrize("name", [*PLANNING, "forecast", "verify", "explain", "compare"])
def test_quiet_says_nothing_when_all_went_well(name, command):
    said = say(*command[name], "--quiet")
    assert (said.out, said.err) == ("", "")


@pytest.mark.parametrize("name", ["zone", "verify", "explain"])
def test_quiet_still_says_why_it_did_not_go_well(name, command, tmp_path):
    words = [tmp_path / "nowhere" if at == 1 else word for at, word in enumerate(command[name])]
    said = say(*words, "--quiet", code=3)
    assert said.out == ""
    assert said.err.startswith("xuequ: there is no folder")
    assert said.err.count("\n") == 1


def test_quiet_and_json_together_are_the_object_alone(command):
    said = say(*command["verify"], "--quiet", "--json")
    assert said.json["ok"] is True
    assert said.err == ""


@pytest.mark.parametrize("name", [*PLANNING, *READING])
def test_set_overrides_the_case_of_every_command(name, command):
    told = say(*command[name], "--set", "rules.larg_class=50", "--json", code=3).json
    assert "large_class" in json.dumps(told)


def test_set_may_be_repeated_and_the_last_one_wins(case):
    overrides = ["--set", "case.name=First", "--set", 'case.name="Second, with a = in it"']
    assert say("check", case, *overrides, "--json").json["summary"]["name"] == "Second, with a = in it"


@pytest.mark.parametrize(
    ("override", "pupils"), [("tables.blocks.filter=\"id <> 'b0_0'\"", 540), ("tables.blocks.columns.pupils_g1=pupils_g6", 480)]
)
def test_set_reaches_into_tables(case, override, pupils, tmp_path):
    toml = (case / "case.toml").read_text(encoding="utf-8")
    apart = whole_town(
        tmp_path / "case", toml=toml.replace('blocks = "blocks.geojson"\n', "") + '[tables.blocks]\nfile = "blocks.geojson"\n'
    )
    found = say("check", apart, "--set", override, "--json", code=3 if pupils == 540 else 0).json
    assert found["summary"].get("pupils", {"primary": pupils})["primary"] == pupils
    # Who leaves out a block is told of the rows that name it.
    assert pupils == 480 or {item["table"] for item in found["errors"]} <= {"catchments", "addresses"}


@pytest.mark.parametrize("seed", [0, 1, 4_000_000_000])
def test_the_seed_is_the_one_given(command, seed):
    assert say(*command["zone"], "--seed", seed, "--json").json["seed"] == seed


@pytest.mark.parametrize("name", PLANNING)
def test_the_same_command_twice_writes_the_same_bytes(name, command, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    for out in (first, second):
        say(*command[name][:-1], out, "--seed", 3, "--threads", 1)
    assert sorted(path.name for path in first.iterdir()) == sorted(path.name for path in second.iterdir())
    for path in first.iterdir():
        assert path.read_bytes() == (second / path.name).read_bytes(), path.name


@pytest.mark.parametrize(
    ("option", "values"),
    [
        ("--time-limit", ["-1", "soon", ""]),
        ("--iterations", ["0", "-3", "1.5", "many"]),
        ("--seed", ["-1", "x", "0.5"]),
        ("--threads", ["0", "-2", "two"]),
    ],
)
@pytest.mark.parametrize("name", ["zone", "plan", "bench", "demo"])
def test_limits_without_sense_are_usage(name, option, values, tmp_path):
    place = [] if name == "demo" else ["."]
    for value in values:
        said = say(name, *place, "--out", tmp_path / "out", f"{option}={value}", "--json", code=2)
        assert option in said.json["error"]
        assert said.err.startswith("xuequ: ")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("stage", ["Primary", "PRIMARY", "primary", " primary", "小学", ""])
def test_the_stage_is_one_of_three_words(command, stage):
    words = [*command["zone"][:2], "--stage", stage, *command["zone"][4:]]
    if stage == "primary":
        assert say(*words, "--json").json["stage"] == "primary"
    else:
        assert "primary" in say(*words, code=2).err


@pytest.mark.parametrize(("year", "code"), [(2026, 0), (2027, 0), (2025, 0), (2024, 3), (2028, 3), (1, 3), (-1, 3)])
def test_the_year_is_one_that_the_case_has_children_for(command, year, code):
    said = say(*command["zone"], f"--year={year}", "--regime", "full", "--json", code=code)
    if code:
        assert said.json["error"] == f"--year {year}: the case has children for the school years 2025 to 2027"
    else:
        assert said.json["year"] == year


def test_a_stage_must_be_named_where_the_case_names_none(case, tmp_path):
    assert "--stage" in say("zone", case, "--out", tmp_path / "out", "--json", code=3).json["error"]
    assert (
        say("zone", case, "--out", tmp_path / "out", "--iterations", 1, "--set", "zoning.stage=primary", "--json").json["year"]
        == 2026
    )


@pytest.mark.parametrize(("regime", "pupils"), [("full", 16 * 36), ("phase_in", 16 * 6)])
def test_the_regime_says_whose_school_is_decided(command, regime, pupils, tmp_path):
    answer = say(*command["zone"], "--regime", regime, "--set", 'zoning.seats="soft"', "--json").json
    over = {goal["name"]: goal["value"] for goal in answer["goals"]}["over_standard"]
    seats = {"full": 2 * 6 * 45, "phase_in": 2 * 45}[regime]
    assert over == pupils - seats
    assert json.loads((tmp_path / "out" / "plan.json").read_text(encoding="utf-8"))["regime"] == regime


def test_the_language_is_zh_or_en(case, plan, tmp_path):
    for words in (["map", case, plan, "--out", tmp_path / "maps"], ["compare", case, plan, plan]):
        assert "'zh', 'en'" in say(*words, "--lang", "de", code=2).err.replace("\n", " ")


def test_verbose_logs_on_standard_error_only(command):
    assert say(*command["verify"], "--verbose", "--json").json["ok"] is True


@pytest.mark.parametrize("port", ["-1", "65536", "http", ""])
def test_a_port_without_sense_is_usage(port):
    assert "--port" in say("serve", "demo", f"--port={port}", code=2).err


@pytest.mark.parametrize("host", ["no such host", "256.1.1.1"])
def test_a_host_that_cannot_be_had_is_told(host, case, plan):
    said = say("serve", case, plan, "--host", host, "--port", "0", code=3)
    assert said.err.splitlines()[-1].startswith(f"xuequ: cannot listen on {host}, port 0")
    assert "--host" in said.err
