"""The command line keeps interface.md: commands, options, exit codes, JSON keys, plan files."""

from __future__ import annotations

import csv
import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time

import pytest
from folders import CASE_TOML, grid_case, write_rows
from typer.testing import CliRunner

from xuequ.api.cli import app

PLAN_KEYS = set("status stage year goals objective bound gap certified_bound solver_bound seconds seed plan explanation".split())
COMMANDS = [
    "demo",
    "init",
    "check",
    "forecast",
    "zone",
    "seats",
    "cluster",
    "plan",
    "verify",
    "explain",
    "compare",
    "map",
    "serve",
    "bench",
]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return grid_case(tmp_path_factory.mktemp("case"))


def run(*arguments):
    """Run a command in this process; return exit code, standard output, standard error."""
    result = CliRunner().invoke(app, [str(item) for item in arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def run_json(*arguments, code=0):
    """Run a command with --json and return its one JSON object."""
    exit_code, out, err = run(*arguments, "--json")
    assert exit_code == code, err
    return json.loads(out)


@pytest.fixture(scope="module")
def zoned(case, tmp_path_factory):
    out = tmp_path_factory.mktemp("plans") / "zone"
    return out, run_json("zone", case, "--iterations", 3, "--seed", 1, "--out", out)


def test_help_lists_the_commands():
    code, out, _ = run("--help")
    assert code == 0
    for command in COMMANDS:
        assert re.search(rf"\b{command}\b", out), command


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_has_help(command):
    code, out, _ = run(command, "--help")
    assert code == 0
    assert "Usage" in out


def test_version():
    code, out, _ = run("--version")
    assert code == 0
    assert re.fullmatch(r"\d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize(
    "arguments", [["nothing"], ["zone"], ["zone", "demo", "--out", "x", "--stage", "university"], ["check", "demo", "--colour"]]
)
def test_usage_errors_exit_2(arguments):
    assert run(*arguments)[0] == 2


def test_check_answers_with_its_keys(case):
    report = run_json("check", case)
    assert report["ok"] is True
    assert report["errors"] == []
    assert isinstance(report["warnings"], list)
    assert isinstance(report["summary"], dict)


def test_check_tells_all_problems_and_exits_3(case, tmp_path):
    broken = grid_case(tmp_path / "broken")
    write_rows(
        broken / "schools.csv",
        [
            {"id": "north", "name": "N", "x": 900, "y": 900, "stages": "primary", "classrooms_primary": -3},
            {"id": "north", "name": "M", "x": 100, "y": 100, "stages": "primary", "classrooms_primary": "many"},
        ],
    )
    report = run_json("check", broken, code=3)
    assert report["ok"] is False
    assert len(report["errors"]) >= 3
    for problem in report["errors"]:
        assert {"table", "row", "column", "value", "message", "fix"} <= set(problem)
    assert {problem["column"] for problem in report["errors"]} >= {"id", "classrooms_primary"}


@pytest.mark.parametrize("command", ["zone", "seats", "cluster", "plan", "forecast"])
def test_invalid_input_exits_3_with_a_sentence_and_no_trace(command, tmp_path):
    broken = grid_case(tmp_path / "broken", toml=CASE_TOML.replace("regime", "regim"))
    code, out, err = run(command, broken, "--out", tmp_path / "out")
    assert code == 3
    assert "regime" in err
    assert "Traceback" not in out + err


def test_a_case_that_is_not_there_exits_3(tmp_path):
    code, _, err = run("check", tmp_path / "nowhere")
    assert code == 3
    assert "nowhere" in err


def test_set_overrides_case_toml(case, tmp_path):
    report = run_json("check", case, "--set", "rules.large_class=50")
    assert "large_class" in json.dumps(report)
    code, out, _ = run("check", case, "--set", "rules.larg_class=50")
    assert code == 3
    assert "large_class" in out


def test_zone_answers_with_its_keys_and_writes_a_plan(zoned, case):
    out, answer = zoned
    assert set(answer) >= PLAN_KEYS
    assert answer["status"] in {"optimal", "feasible"}
    assert (answer["stage"], answer["year"], answer["seed"]) == ("primary", 2026, 1)
    assert [goal["name"] for goal in answer["goals"]] == [
        "super_large", "large", "too_far", "over_standard", "distance", "moved", "compactness",
    ]  # fmt: skip
    assert all({"name", "value", "bound", "unit"} <= set(goal) for goal in answer["goals"])
    distance = next(goal for goal in answer["goals"] if goal["name"] == "distance")
    assert answer["objective"] == distance["value"]
    assert answer["bound"] <= answer["objective"] + 1e-9
    assert answer["gap"] == pytest.approx((answer["objective"] - answer["bound"]) / max(1, abs(answer["objective"])))
    assert {path.name for path in out.iterdir()} >= {
        "plan.json",
        "assignment.csv",
        "schools.csv",
        "certificate.json",
        "catchments.gpkg",
    }


def test_the_files_of_a_plan_have_their_columns(zoned):
    out, _ = zoned
    with (out / "assignment.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0])[:7] == ["block_id", "stage", "year", "school_id", "distance_m", "previous_school_id", "reason"]
    assert len(rows) == 25
    with (out / "schools.csv").open(encoding="utf-8", newline="") as file:
        schools = list(csv.DictReader(file))
    assert list(schools[0])[:13] == (
        [
            "school_id",
            "stage",
            "year",
            "grade",
            "pupils",
            "classes",
            "largest_class",
            "large",
            "super_large",
            "planned",
            "working",
            "utilisation",
            "alert",
        ]
    )
    assert sum(int(row["pupils"]) for row in schools) == 25 * 18


def test_the_same_seed_and_iterations_write_the_same_bytes(case, zoned, tmp_path):
    out, _ = zoned
    run_json("zone", case, "--iterations", 3, "--seed", 1, "--out", tmp_path / "again")
    for path in sorted(out.iterdir()):
        assert path.read_bytes() == (tmp_path / "again" / path.name).read_bytes(), path.name


def test_verify_says_yes_then_no(case, zoned, tmp_path):
    out, _ = zoned
    answer = run_json("verify", case, out)
    assert answer["ok"] is True
    assert all({"name", "ok", "stated", "recomputed", "detail"} <= set(check) for check in answer["checks"])
    lie = tmp_path / "lie"
    lie.mkdir()
    for path in out.iterdir():
        (lie / path.name).write_bytes(path.read_bytes())
    plan = json.loads((lie / "plan.json").read_text(encoding="utf-8"))
    plan["objective"] -= 1
    (lie / "plan.json").write_text(json.dumps(plan), encoding="utf-8")
    assert run_json("verify", case, lie, code=5)["ok"] is False


def test_explain_answers_with_its_keys(case, zoned):
    out, _ = zoned
    answer = run_json("explain", case, out, "--block", "b2_2")
    assert set(answer) >= {"reasons", "shortage", "relaxations"}
    assert answer["reasons"]
    code, _, err = run("explain", case, out, "--block", "b9_9")
    assert code == 3
    assert "b9_9" in err


def test_what_cannot_be_done_exits_4_with_the_shortage(tmp_path):
    short = grid_case(tmp_path / "short", rooms=(3, 3), toml=CASE_TOML + 'seats = "hard"\n')
    answer = run_json("zone", short, "--iterations", 2, "--out", tmp_path / "plan", code=4)
    assert answer["status"] == "infeasible"
    assert answer["shortage"][0]["short"] == 25 * 18 - 2 * 3 * 45
    assert not (tmp_path / "plan").exists()


def test_compare_two_plans(case, zoned, tmp_path):
    out, _ = zoned
    other = tmp_path / "other"
    run_json("zone", case, "--iterations", 1, "--seed", 2, "--out", other)
    answer = run_json("compare", case, out, other, "--out", tmp_path / "compare.html")
    assert answer
    assert (tmp_path / "compare.html").stat().st_size > 1000
    assert run("compare", case, out)[0] == 3


def test_map_writes_map_atlas_picture_and_report(case, zoned, tmp_path):
    out, _ = zoned
    files = run_json("map", case, out, "--out", tmp_path / "maps")
    assert set(files) == {"map", "atlas", "picture", "report"}
    for path in files.values():
        assert os.path.getsize(path) > 1000


def test_forecast_writes_a_table_that_adds_up(case, tmp_path):
    answer = run_json("forecast", case, "--out", tmp_path / "forecast")
    assert answer["pupils"]["2026"]["primary"] == 25 * 18
    with open(answer["demand"], encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert sum(int(row["pupils"]) for row in rows if row["year"] == "2026") == 25 * 18


def test_an_existing_folder_that_is_no_plan_is_not_replaced(case, tmp_path):
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("years of work", encoding="utf-8")
    code, _, err = run("zone", case, "--iterations", 1, "--out", precious)
    assert code == 3
    assert "precious" in err
    assert (precious / "thesis.txt").read_text(encoding="utf-8") == "years of work"


def test_init_writes_a_case_that_check_accepts(tmp_path):
    folder = grid_case(tmp_path / "mine")
    (folder / "case.toml").unlink()
    assert run_json("init", folder)["case"].endswith("case.toml")
    assert run_json("check", folder, "--set", 'case.crs="local-metres"')["ok"] is True


def heard(descriptor, word, seconds=120):
    """Read what a program says on a terminal until a word comes; return all of it."""
    said, until = "", time.monotonic() + seconds
    while word not in said and time.monotonic() < until:
        if select.select([descriptor], [], [], 1.0)[0]:
            try:
                said += os.read(descriptor, 65536).decode("utf-8", "replace")
            except OSError:  # the other end is closed
                break
    return said


def test_a_terminal_sees_progress_and_ctrl_c_writes_the_best_plan_so_far(tmp_path):
    options = ["--stage", "primary", "--time-limit", "300", "--out", tmp_path / "plan", "--json"]
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "xuequ.api", "zone", "demo", *options], stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as process:
        os.close(theirs)
        said = heard(ours, "best")
        assert "best" in said, said
        assert process.poll() is None
        process.send_signal(signal.SIGINT)
        said += heard(ours, "Ctrl-C again")
        out, _ = process.communicate(timeout=120)
    os.close(ours)
    assert process.returncode == 0, said
    assert "stopping with the best plan so far" in said
    assert json.loads(out)["status"] == "feasible"
    assert run_json("verify", "demo", tmp_path / "plan")["ok"] is True
