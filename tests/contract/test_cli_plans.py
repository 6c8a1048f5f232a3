"""What each verb answers and leaves on disk, key by key and column by column of interface.md, and what becomes of it after."""

from __future__ import annotations

import dataclasses
import json
import shutil

import pytest
from commanding import rows_of, say
from whole_towns import WHOLE_TOML, whole_town

KEYS = set("status stage year goals objective bound gap certified_bound solver_bound seconds seed plan explanation".split())
COLUMNS = {
    "assignment.csv": "block_id stage year school_id distance_m previous_school_id reason",
    "schools.csv": "school_id stage year grade pupils classes largest_class large super_large planned working utilisation alert",
    "seats.csv": "site_id programme stage year classrooms seats land_m2 floor_m2 cost reason",
    "clusters.csv": "school_id cluster role",
}
FILES = {
    "zone": {"plan.json", "assignment.csv", "schools.csv", "certificate.json", "catchments.gpkg"},
    "seats": {"plan.json", "seats.csv", "certificate.json"},
    "cluster": {"plan.json", "clusters.csv", "certificate.json"},
    "plan": {"plan.json", "certificate.json", "catchments.gpkg", *COLUMNS},
}
VERBS = sorted(FILES)


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return whole_town(tmp_path_factory.mktemp("town"))


@pytest.fixture(scope="module")
def made(case, tmp_path_factory):
    """Return the plan folder and the answer of each verb."""
    folder = tmp_path_factory.mktemp("plans")
    stage = {"zone": ["--stage", "primary"]}
    return {
        verb: (
            folder / verb,
            say(verb, case, *stage.get(verb, []), "--iterations", 3, "--seed", 5, "--out", folder / verb, "--json").json,
        )
        for verb in VERBS
    }


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_answers_with_its_keys(made, verb):
    out, answer = made[verb]
    assert set(answer) >= KEYS
    assert answer["status"] in {"optimal", "feasible"}
    assert (answer["seed"], answer["plan"]) == (5, str(out))
    assert answer["seconds"] >= 0
    assert (answer["stage"], answer["year"]) == {"zone": ("primary", 2026), "cluster": (None, 2025)}.get(verb, (None, None))
    assert answer["goals"]
    for goal in answer["goals"]:
        assert {"name", "value", "bound", "unit"} <= set(goal)
        assert goal["unit"]
        assert goal["bound"] is None or goal["bound"] <= goal["value"] + 1e-6
    assert all(isinstance(reason, str) and reason for reason in answer["explanation"])


@pytest.mark.parametrize("verb", VERBS)
def test_the_gap_is_that_of_objective_and_bound(made, verb):
    answer = made[verb][1]
    known = [answer[name] for name in ("certified_bound", "solver_bound") if answer[name] is not None]
    assert answer["bound"] == (max(known) if known else None)
    if answer["bound"] is None:
        assert answer["gap"] is None
    else:
        expected = max(0, answer["objective"] - answer["bound"]) / max(1, abs(answer["objective"]))
        assert answer["gap"] == pytest.approx(expected)
    assert answer["status"] != "optimal" or answer["gap"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("verb", VERBS)
def test_a_verb_writes_its_files_and_nothing_beside_them(made, verb):
    out, answer = made[verb]
    names = {path.name for path in out.iterdir()}
    assert names >= FILES[verb]
    assert not [path.name for path in out.parent.iterdir() if path.name not in VERBS]
    asked = json.loads((out / "plan.json").read_text(encoding="utf-8"))
    assert (asked["kind"], asked["status"], asked["seed"], asked["synthetic"]) == (verb, answer["status"], 5, True)
    assert len(asked["case"]) == 64
    assert "seconds" not in asked


@pytest.mark.parametrize(
    ("verb", "name"), [("plan", name) for name in COLUMNS] + [("zone", "assignment.csv"), ("seats", "seats.csv")]
)
def test_the_tables_of_a_plan_begin_with_their_columns(made, verb, name):
    rows = rows_of(made[verb][0] / name)
    assert rows
    wanted = COLUMNS[name].split()
    assert list(rows[0])[: len(wanted)] == wanted


def test_every_block_has_a_row_for_each_stage_and_year_and_a_reason(made):
    rows = rows_of(made["plan"][0] / "assignment.csv")
    keys = [(row["block_id"], row["stage"], row["year"]) for row in rows]
    assert len(set(keys)) == len(keys) == 16 * 2
    assert {row["school_id"] for row in rows} <= {"north", "south", "new"}
    assert {row["previous_school_id"] for row in rows} == {"north", "south"}
    assert all(row["reason"] for row in rows)
    assert all(float(row["distance_m"]) >= 0 for row in rows)


def test_the_rolls_of_a_plan_carry_those_enrolled_on(made):
    rows = {(row["school_id"], row["year"], row["grade"]): row for row in rows_of(made["plan"][0] / "schools.csv")}
    # Sixty children were enrolled in one class of each grade: a year on they are one grade higher, in the same large class.
    for school in ("north", "south"):
        second = rows[school, "2026", "g2"]
        assert (second["pupils"], second["classes"], second["largest_class"], second["large"], second["super_large"]) == (
            "60", "1", "60", "1", "0",
        )  # fmt: skip
    entering = sum(int(row["pupils"]) for (_, year, grade), row in rows.items() if (year, grade) == ("2026", "g1"))
    assert entering == 16 * 6
    for row in rows.values():
        pupils = sum(
            int(item["pupils"]) for item in rows.values() if (item["school_id"], item["year"]) == (row["school_id"], row["year"])
        )
        assert float(row["utilisation"]) == pytest.approx(pupils / int(row["planned"]), abs=5e-5)
        share = pupils / int(row["planned"])
        assert row["alert"] == ("red" if share >= 1 else "yellow" if share >= 0.9 else "green")


def test_a_site_that_is_not_chosen_has_a_row_with_its_reason_and_zeros(made):
    rows = {row["site_id"]: row for row in rows_of(made["seats"][0] / "seats.csv")}
    assert set(rows) == {"new", "x-north", "x-south"}
    idle = rows["x-north"]
    assert (idle["year"], idle["classrooms"], idle["seats"], idle["cost"]) == ("", "0", "0", "0")
    assert idle["reason"].startswith("Not chosen")
    built = rows["x-south"]
    assert built["year"] in {"2026", "2027"}
    rooms = int(built["classrooms"])
    assert (int(built["seats"]), int(built["cost"])) == (45 * rooms, 100 + 50 * rooms)
    assert (int(built["land_m2"]), int(built["floor_m2"])) == (900, 300 * rooms)
    assert sum(int(row["seats"]) for row in rows.values()) >= 90


def test_the_cluster_has_its_lead(made):
    rows = rows_of(made["cluster"][0] / "clusters.csv")
    assert {(row["school_id"], row["cluster"], row["role"]) for row in rows} == {
        ("north", "north", "lead"), ("south", "north", "urban"),
    }  # fmt: skip


def test_clusters_that_cannot_be_are_told(case, tmp_path):
    said = say("cluster", case, "--set", "clusters.size=[3, 9]", "--out", tmp_path / "plan", "--json", code=4)
    assert said.json["status"] == "infeasible"
    assert said.json["explanation"]
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize("budget", [0, 50, 99])  # a year's money may wait for the next: two rooms at 200 need 100 twice
def test_seats_that_cannot_be_paid_are_told_with_what_would_do(case, tmp_path, budget):
    words = [word for year in (2026, 2027) for word in ("--set", f"seats.budgets.school.{year}={budget}")]
    said = say("seats", case, *words, "--out", tmp_path / "plan", "--json", code=4)
    assert said.json["status"] == "infeasible"
    assert any(str(number) in said.err for number in ("90", "1 project", "budget")), said.err
    assert set(said.json) >= KEYS | {"reasons", "shortage", "relaxations"}


@pytest.mark.parametrize("verb", VERBS)
def test_every_plan_is_verified_and_drawn_lies_are_not(case, made, verb, tmp_path):
    out = made[verb][0]
    answer = say("verify", case, out, "--json").json
    assert answer["ok"] is True
    assert all(check["ok"] and {"name", "stated", "recomputed", "detail"} <= set(check) for check in answer["checks"])
    lie = shutil.copytree(out, tmp_path / "lie")
    stated = json.loads((lie / "plan.json").read_text(encoding="utf-8"))
    stated["goals"][0]["value"] += 1
    (lie / "plan.json").write_text(json.dumps(stated), encoding="utf-8")
    found = say("verify", case, lie, "--json", code=5).json
    assert [check["name"] for check in found["checks"] if not check["ok"]]
    for words in (["map", case, lie, "--out", tmp_path / "maps"], ["explain", case, lie], ["compare", case, lie, out]):
        assert say(*words, "--json", code=5).json["ok"] is False
    assert not (tmp_path / "maps").exists()


def test_a_plan_for_another_case_is_not_verified(made, tmp_path):
    other = whole_town(tmp_path / "other", enrolled=61)
    said = say("verify", other, made["plan"][0], "--json", code=5)
    failed = [check for check in said.json["checks"] if not check["ok"]]
    assert "plan.case" in {check["name"] for check in failed}
    text = say("verify", other, made["plan"][0], code=5).out
    assert text.count("FAILED") == len(failed)
    assert text.splitlines()[-1] == f"{len(said.json['checks']) - len(failed)} of {len(said.json['checks'])} checks hold"


def test_two_plans_side_by_side(case, made, tmp_path):
    zone, plan = made["zone"][0], made["plan"][0]
    page = tmp_path / "page.html"
    answer = say("compare", case, plan, zone, made["seats"][0], "--lang", "en", "--out", page, "--json").json
    assert [item["name"] for item in answer["plans"]] == [str(plan), str(zone), str(made["seats"][0])]
    html = page.read_text(encoding="utf-8")
    assert '<html lang="en"' in html
    assert "ynthetic" in html
    assert "http://" not in html.replace("http://www.w3.org", "")
    same = shutil.copytree(plan, tmp_path / "same")
    assert f"{same}: primary 2026: the same catchments" in say("compare", case, plan, same).out
    text = say("compare", case, plan, zone).out
    assert "seats school" in text
    assert "large classes 2026" in text


def test_a_map_in_each_language(case, made, tmp_path):
    for lang, word in (("zh", "合成"), ("en", "ynthetic")):
        files = say("map", case, made["plan"][0], "--lang", lang, "--out", tmp_path / lang, "--json").json
        assert set(files) >= {"map", "atlas", "picture", "report"}
        for name in ("map", "report"):
            assert word in (tmp_path / lang / f"{'map' if name == 'map' else 'report'}.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("verb", ["zone", "plan"])
def test_a_plan_is_replaced_as_a_whole(case, made, verb, tmp_path):
    out = shutil.copytree(made[verb][0], tmp_path / "plan")
    (out / "overflow.csv").write_text("left over\n", encoding="utf-8")
    words = ["--stage", "primary", "--year", 2027] if verb == "zone" else []
    say(verb, case, *words, "--iterations", 1, "--out", out, "--json")
    assert not (out / "overflow.csv").exists() or (out / "overflow.csv").read_text(encoding="utf-8") != "left over\n"
    assert say("verify", case, out, "--json").json["ok"] is True
    assert [path.name for path in tmp_path.iterdir()] == ["plan"]


def test_a_plan_that_is_refused_leaves_the_old_one(case, made, tmp_path):
    out = shutil.copytree(made["zone"][0], tmp_path / "plan")
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    words = ["--set", 'zoning.seats="hard"', "--iterations", 1, "--out", out, "--json"]
    say("zone", case, "--stage", "primary", *words, code=4)
    assert {path.name: path.read_bytes() for path in out.iterdir()} == before


def test_a_limit_of_no_time_still_gives_a_plan_where_one_is_at_hand(case, tmp_path):
    answer = say("plan", case, "--time-limit", 0, "--out", tmp_path / "plan", "--json").json
    assert answer["status"] == "feasible"
    assert say("verify", case, tmp_path / "plan", "--json").json["ok"] is True


def test_a_forecast_has_every_block_grade_and_year(case, tmp_path):
    answer = say("forecast", case, "--out", tmp_path / "forecast", "--json").json
    rows = rows_of(tmp_path / "forecast" / "demand.csv")
    assert answer["pupils"] == {str(year): {"kindergarten": 0, "primary": 576, "junior": 0} for year in (2025, 2026, 2027)}
    assert sum(int(row["pupils"]) for row in rows if row["year"] == "2027") == 576
    assert {row["scenario"] for row in rows} == set(answer["scenarios"])


def test_a_check_with_a_fix_writes_a_copy_that_checks(tmp_path):
    case = whole_town(tmp_path / "case")
    text = (case / "schools.csv").read_text(encoding="utf-8").replace("North school", "  North　school ")
    (case / "schools.csv").write_text(text, encoding="utf-8")
    before = {path.name: path.read_bytes() for path in case.iterdir()}
    answer = say("check", case, "--fix", tmp_path / "mended", "--json").json
    assert answer["fixed"] == str(tmp_path / "mended")
    assert isinstance(answer["changes"], list)
    assert {path.name: path.read_bytes() for path in case.iterdir()} == before
    assert say("check", tmp_path / "mended", "--json").json["ok"] is True
    assert f"{len(answer['changes'])} changes" in say("check", case, "--fix", tmp_path / "again").out


def test_a_case_with_several_faults_is_told_all_of_them_by_every_verb(tmp_path):
    case = whole_town(tmp_path / "case", toml=WHOLE_TOML.replace("seats_min", "seat_min").replace("group_blocks", "group_block"))
    errors = say("check", case, "--json", code=3).json["errors"]
    assert [item["column"] for item in errors] == ["seats.programmes.school.seat_min", "seats.group_block"]
    for verb in VERBS:
        said = say(verb, case, "--out", tmp_path / "plan", "--json", code=3)
        assert said.json["errors"] == errors
        assert "seats_min" in said.err
        assert "(and 1 more: run xuequ check)" in said.err


def test_tables_with_several_faults_are_told_all_of_them_by_every_verb(tmp_path):
    case = whole_town(tmp_path / "case")
    text = (case / "schools.csv").read_text(encoding="utf-8").replace("primary,6", "primary,-6")
    (case / "schools.csv").write_text(text, encoding="utf-8")
    errors = say("check", case, "--json", code=3).json["errors"]
    assert [(item["table"], item["column"], item["value"]) for item in errors] == [("schools", "classrooms_primary", "-6")] * 2
    for verb in VERBS:
        assert say(verb, case, "--out", tmp_path / "plan", "--json", code=3).json["errors"] == errors


def test_a_plan_of_the_program_that_does_not_hold_is_not_written(case, tmp_path, monkeypatch):
    """What the search says is checked before it is written: a fault of the program is told, never a wrong plan."""
    import xuequ.solver

    honest = xuequ.solver.zone

    def boasting(*words, **how):
        plan = honest(*words, **how)
        first, *rest = plan.goals
        return plan.replace(goals=(dataclasses.replace(first, value=first.value + 7), *rest))

    monkeypatch.setattr("xuequ.solver.zone", boasting)
    said = say("zone", case, "--stage", "primary", "--iterations", 1, "--out", tmp_path / "plan", "--json", code=5)
    assert said.json["ok"] is False
    assert [check["name"] for check in said.json["checks"] if not check["ok"]]
    assert list(tmp_path.iterdir()) == []
