"""What a person reads: progress on a terminal, lines instead of JSON, and an explanation of a plan from the command line."""

from __future__ import annotations

import io
import json
import re
import runpy
import sys

import pytest
from commanding import rows_of, say
from folders import grid_case, write_rows
from whole_towns import WHOLE_TOML, whole_town

from xuequ.api.cli.common import Common, error_json, json_text
from xuequ.api.cli.progress import ProgressLine
from xuequ.solver.stop import Progress
from xuequ.zoning.errors import CannotBeDone, CaseError, EngineError, InputError, LimitExceeded, StoppedWithoutPlan, TableError
from xuequ.zoning.explanation import Explanation, Relaxation, Shortage
from xuequ.zoning.problems import Problem, Problems


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return whole_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def plan(case, tmp_path_factory):
    out = tmp_path_factory.mktemp("plans") / "plan"
    say("plan", case, "--iterations", 3, "--out", out)
    return out


class Terminal(io.StringIO):
    """A standard error that a person looks at."""

    def isatty(self):
        return True


@pytest.mark.parametrize(
    ("event", "words"),
    [
        (Progress("relaxation", 0.5, 0, None, None), "0.5 s  relaxation"),
        (Progress("search", 12.25, 70, 1200.5, None), "12.2 s  search  best 1,200.50"),
        (Progress("proof", 61.0, 900, 1000.0, 990.0), "61.0 s  proof  best 1,000.00  bound 990.00  gap 1.000%"),
    ],
)
def test_progress_tells_phase_time_best_bound_and_gap(monkeypatch, event, words):
    terminal = Terminal()
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "stderr", terminal)
    line = Common("demo").progress()
    assert isinstance(line, ProgressLine)
    line(event)
    line.close()
    assert words in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())


def test_no_progress_is_shown_where_nobody_looks(monkeypatch):
    monkeypatch.setattr(sys, "stderr", io.StringIO())
    assert Common("demo").progress() is None
    monkeypatch.setattr(sys, "stderr", Terminal())
    assert Common("demo", quiet=True).progress() is None


@pytest.mark.parametrize("verb", ["zone", "seats", "cluster", "plan"])
def test_a_verb_says_what_it_did_in_lines(case, tmp_path, verb):
    stage = ["--stage", "primary"] if verb == "zone" else []
    words = [verb, case, *stage, "--iterations", 2, "--out", tmp_path / "plan"]
    answer = say(*words, "--json").json
    lines = say(*words).out.splitlines()
    assert re.fullmatch(rf"{answer['status']} in \d+\.\d s, verified: {re.escape(str(tmp_path / 'plan'))}", lines[0])
    for goal, line in zip(answer["goals"], lines[1:], strict=False):
        assert line.split()[0] == goal["name"]
        assert float(line.split()[1].replace(",", "")) == pytest.approx(goal["value"], abs=0.005)
        assert goal["unit"] in line
        assert ("(at least " in line) == (goal["bound"] is not None)
    assert all(f"  {reason}" in lines for reason in answer["explanation"])


def test_one_warning_is_one_and_several_are_several(tmp_path):
    said = say("forecast", whole_town(tmp_path / "several"), "--out", tmp_path / "demand").err
    assert said.startswith("3 warnings about the case; xuequ check ")
    toml = WHOLE_TOML.replace('enrolment = "enrolment.csv"\n', "").replace("phase_in", "full")
    found = say("check", whole_town(tmp_path / "fewer", toml=toml), "--json").json["warnings"]
    assert len(found) == 2
    told = say("check", tmp_path / "fewer").out.splitlines()
    assert told[-1] == "0 errors, 2 warnings"
    assert [line.split()[0] for line in told[:2]] == ["warning", "warning"]


def test_the_summary_of_a_case_is_told_in_words(case):
    answer = say("check", case, "--json").json["summary"]
    lines = say("check", case).out.splitlines()
    told = dict(re.split(r"\s{2,}", line, maxsplit=1) for line in lines if re.match(r"[a-z ]+\s{2,}\S", line) and "  " in line)
    assert told["blocks"] == str(answer["blocks"])
    assert told["school year"] == "2025"
    assert told["years"] == "2026, 2027"
    assert told["pupils"] == "kindergarten 0, primary 576, junior 0"
    assert told["synthetic"] == "yes"
    assert "road pieces" not in told  # there are no roads
    assert [line for line in lines if line.startswith("missing")] == [f"{'missing':20}{item}" for item in answer["missing"]]
    assert not [line for line in lines if re.search(r"[\[\]{}']|\bNone\b|\bTrue\b", line.replace("today's", ""))]


def test_thousands_are_set_apart_and_years_are_not(tmp_path):
    out = say("check", grid_case(tmp_path / "case", side=5, pupils=360)).out
    assert "kindergarten 0, primary 9,000, junior 0" in out
    assert re.search(r"^school year +2025$", out, re.MULTILINE)


def test_a_problem_is_a_line_with_place_message_value_and_mend(tmp_path):
    case = whole_town(tmp_path / "case")
    text = (case / "schools.csv").read_text(encoding="utf-8").replace("primary,6", "primary,-6", 1)
    (case / "schools.csv").write_text(text, encoding="utf-8")
    [problem] = say("check", case, "--json", code=3).json["errors"]
    [line] = [line for line in say("check", case, code=3).out.splitlines() if line.startswith("error ")]
    for part in (
        problem["table"],
        str(problem["row"]),
        problem["column"],
        problem["message"],
        f"({problem['value']})",
        problem["fix"],
    ):
        assert part in line


# --- explain ---


def test_a_block_is_explained_for_each_stage_of_the_plan(case, plan):
    answer = say("explain", case, plan, "--block", "b1_1", "--json").json
    assert answer["reasons"][0].startswith("block b1_1 Block 1-1 is given to ")
    row = next(row for row in rows_of(plan / "assignment.csv") if (row["block_id"], row["year"]) == ("b1_1", "2026"))
    assert f"is given to {row['school_id']}" in answer["reasons"][0]
    assert f"{float(row['distance_m']):,.0f} m away" in answer["reasons"][0]
    for item in answer["relaxations"]:
        assert {"kind", "target", "amount", "unit", "cost"} <= set(item)


def test_the_year_asked_for_is_explained(case, plan):
    for year in (2026, 2027):
        answer = say("explain", case, plan, "--school", "south", "--year", year, "--json").json
        assert answer["reasons"][0].endswith(f"for primary in {year}")
    assert (
        "no primary catchments for 2028"
        in say("explain", case, plan, "--school", "south", "--year", 2028, "--json", code=3).json["error"]
    )


def test_the_classes_of_a_school_are_those_of_the_plan(case, plan):
    reasons = say("explain", case, plan, "--school", "south", "--json").json["reasons"]
    rows = [row for row in rows_of(plan / "schools.csv") if row["school_id"] == "south"]
    for year in ("2026", "2027"):
        mine = [row for row in rows if row["year"] == year]
        pupils, classes = (sum(int(row[name]) for row in mine) for name in ("pupils", "classes"))
        large = sum(int(row["large"]) for row in mine)
        [told] = [reason for reason in reasons if reason.startswith(f"{year}:")]
        assert told.startswith(
            f"{year}: {pupils} pupils in {classes} classes of up to {max(int(row['largest_class']) for row in mine)}"
        )
        assert f"{large or 'none'} large; {mine[0]['planned']} planned seats" in told
        assert told.endswith(f": {mine[0]['alert']}")


def test_a_school_that_the_plan_builds_is_explained_from_its_first_year(tmp_path):
    case = whole_town(tmp_path / "case", toml=WHOLE_TOML.replace("seats_min = 90", "seats_min = 270").replace("= 900", "= 90000"))
    rows = rows_of(case / "sites.csv")
    write_rows(case / "sites.csv", [row for row in rows if row["id"] == "new"])
    say("plan", case, "--iterations", 3, "--out", tmp_path / "plan")
    [built] = rows_of(tmp_path / "plan" / "seats.csv")
    assert (built["site_id"], built["year"]) == ("new", "2027")
    told = say("explain", case, tmp_path / "plan", "--school", "new", "--json").json["reasons"]
    assert told[0].endswith("for primary in 2027")
    assert f"project new New school opens {built['classrooms']} primary classrooms in 2027" in told
    assert not [reason for reason in told if reason.startswith("2026")]


def test_a_school_outside_the_plan_is_told_so(case, plan):
    answer = say("explain", case, plan, "--school", "north", "--stage", "primary", "--json").json
    assert answer["reasons"][0].startswith("school north North school is given ")
    said = say("explain", case, plan, "--school", "north", "--stage", "junior", "--json", code=3)
    assert "no junior catchments" in said.json["error"]


@pytest.mark.parametrize("words", [["--block", "nowhere"], ["--school", "nowhere"], ["--block", "north"], ["--school", "b0_0"]])
def test_what_is_not_in_the_case_is_named(case, plan, words):
    assert words[1] in say("explain", case, plan, *words, "--json", code=3).json["error"]


def test_the_whole_is_explained_without_a_plan_and_with_one(case, plan):
    bare, planned = (say("explain", case, *words, "--json").json for words in ([], [plan]))
    assert bare["shortage"] == planned["shortage"]
    [short] = bare["shortage"]
    assert (short["pupils"], short["seats"], short["short"]) == (96, 90, 6)
    assert {item["kind"] for item in bare["relaxations"]} == {"classrooms"}
    assert "would do: 1 more classroom at north" in say("explain", case, plan).out


def test_what_would_do_is_said_in_words(tmp_path):
    far = grid_case(tmp_path / "far", side=5, rooms=(20, 20))
    text = say("explain", far, "--set", "rules.limit.primary=300").out
    assert re.search(r"\d+ blocks with \d+ pupils have no school within the limit of distance", text)
    assert re.search(r"would do: limit\.primary higher by \d+ m", text)
    assert text.count("\n") == len(set(text.splitlines()))


def test_a_lock_that_cannot_be_kept_is_what_would_have_to_go(tmp_path):
    toml = WHOLE_TOML + '[[zoning.locks]]\nblock = "b0_0"\nstage = "primary"\nschool = "north"\n'
    case = whole_town(tmp_path / "case", toml=toml.replace("[zoning]\n", "[zoning]\n", 1))
    text = say("explain", case).out
    assert "b0_0" in text
    assert "would do: b0_0 without its lock" in text
    assert (
        say("zone", case, "--stage", "primary", "--out", tmp_path / "plan", "--json", code=4).json["relaxations"][0]["kind"]
        == "lock"
    )


# --- what an error is as JSON ---


@pytest.mark.parametrize(
    ("error", "keys"),
    [
        (InputError("wrong"), {"errors", "warnings"}),
        (LimitExceeded("too large"), {"errors", "warnings"}),
        (CaseError("wrong"), {"errors", "warnings"}),
        (TableError(Problems([Problem("schools", "wrong")])), {"errors", "warnings"}),
        (StoppedWithoutPlan("stopped"), set()),
        (EngineError("no solver"), set()),
        (CannotBeDone(Explanation(("no",), (Shortage(("a",), 5, (), 0, 5),), (Relaxation("seats", "s", 1.0, "seats"),))),
         {"reasons", "shortage", "relaxations"}),
    ],
)  # fmt: skip
def test_every_error_is_an_object_with_status_ok_and_a_sentence(error, keys):
    answer = json.loads(json_text(error_json(error)))
    assert answer["ok"] is False
    assert answer["error"] == str(error)
    assert answer["status"] in {"error", "infeasible", "stopped"}
    assert keys <= set(answer)


def test_json_has_no_numbers_that_are_none_and_no_broken_text():
    text = json_text({"a": float("nan"), "b": [float("inf"), 1.5], "c": {"d": -float("inf")}, 5: "\ud800x", "p": {"q": ("r",)}})
    assert json.loads(text) == {"a": None, "b": [None, 1.5], "c": {"d": None}, "5": "?x", "p": {"q": ["r"]}}


def test_the_program_runs_as_a_module(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["xuequ", "--version"])
    with pytest.raises(SystemExit) as left:
        runpy.run_module("xuequ.api", run_name="__main__")
    assert left.value.code == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", capsys.readouterr().out)
