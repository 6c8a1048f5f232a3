"""Wrong, missing and swapped arguments, places that cannot be written, files that were edited: a sentence and a code each."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys

import pytest
from folders import CASE_TOML, grid_case, write_rows
from typer.testing import CliRunner

from xuequ.api.cli import app
from xuequ.data import read_case
from xuequ.maps.outlines import outlines

PLAN_KEYS = set("status stage year goals objective bound gap certified_bound solver_bound seconds seed plan explanation".split())
COMMAND = [sys.executable, "-m", "xuequ.api"]


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    return grid_case(tmp_path_factory.mktemp("case"), side=3, rooms=(4, 4))


@pytest.fixture(scope="module")
def plan(case, tmp_path_factory):
    out = tmp_path_factory.mktemp("plans") / "zone"
    ask("zone", case, "--iterations", 1, "--out", out)
    return out


def ask(*arguments, code=0):
    """Run a command with --json; its answer is one JSON object and nothing else, with no trace anywhere."""
    result = CliRunner().invoke(app, [*(str(item) for item in arguments), "--json"])
    assert "Traceback" not in result.stdout + result.stderr
    assert result.exit_code == code, result.stderr
    answer = json.loads(result.stdout, parse_constant=pytest.fail)
    assert isinstance(answer, dict)
    return answer


def refused(*arguments, code):
    """Run a command that is refused and return the sentence."""
    answer = ask(*arguments, code=code)
    assert answer["ok"] is False
    assert answer["error"]
    return answer["error"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["nothing"], "nothing"),
        (["zone"], "CASE"),
        (["zone", "demo"], "--out"),
        (["zone", "demo", "--out", "x", "--stage", "university"], "university"),
        (["zone", "demo", "--out", "x", "--time-limit", "nan"], "--time-limit"),
        (["zone", "demo", "--out", "x", "--iterations", "0"], "--iterations"),
        (["check", "demo", "--colour"], "--colour"),
        (["verify", "demo"], "PLAN"),
    ],
)
def test_wrong_usage_is_one_object_too(arguments, told):
    assert told in refused(*arguments, code=2)


def test_wrong_usage_without_json_stays_a_text_for_people():
    result = CliRunner().invoke(app, ["zone"])
    assert (result.exit_code, result.stdout) == (2, "")
    assert "CASE" in result.stderr


def test_a_case_that_is_not_there_is_told_under_the_keys_of_check(tmp_path):
    answer = ask("check", tmp_path / "nowhere", code=3)
    assert (answer["ok"], answer["warnings"]) == (False, [])
    assert "nowhere" in answer["errors"][0]["message"]


def test_case_and_plan_swapped(case, plan):
    assert "case.toml" in refused("verify", plan, case, code=3)
    assert "plan.json" in refused("verify", case, case, code=3)


@pytest.fixture
def stones(tmp_path):
    """Return places where nothing can be written: a file, below a file, a name that is too long."""
    (tmp_path / "file").write_text("years of work", encoding="utf-8")
    return {"file": tmp_path / "file", "below": tmp_path / "file" / "below", "long": tmp_path / ("a" * 300)}


@pytest.mark.parametrize("place", ["file", "below", "long"])
@pytest.mark.parametrize(
    "arguments", [["zone", "--iterations", "1", "--out"], ["forecast", "--out"], ["check", "--fix"], ["check", "--places"]]
)
def test_what_cannot_be_written_is_told(case, stones, place, arguments):
    assert stones[place].name in refused(arguments[0], case, *arguments[1:], stones[place], code=3)
    assert stones["file"].read_text(encoding="utf-8") == "years of work"


@pytest.mark.parametrize("place", ["file", "below", "long"])
def test_maps_that_cannot_be_written_are_told(case, plan, stones, place):
    assert {"long": "aaaa"}.get(place, "file") in refused("map", case, plan, "--out", stones[place], code=3)


def test_a_place_for_a_plan_is_looked_at_before_the_search(case, stones, monkeypatch):
    monkeypatch.setattr("xuequ.solver.zone", lambda *_, **__: pytest.fail("searched for nothing"))
    for place in stones.values():
        refused("zone", case, "--out", place, code=3)


def test_places_replace_no_other_file(case, tmp_path):
    blocks = tmp_path / "blocks.gpkg"
    blocks.write_bytes(b"the only copy")
    refused("check", case, "--places", blocks, code=3)
    assert blocks.read_bytes() == b"the only copy"
    for _ in range(2):
        ask("check", case, "--places", tmp_path / "places.gpkg")


def test_infeasible_has_the_keys_of_a_plan(tmp_path):
    short = grid_case(tmp_path / "short", side=3, rooms=(1, 1), toml=CASE_TOML + 'seats = "hard"\n')
    answer = ask("zone", short, "--iterations", 1, "--out", tmp_path / "plan", code=4)
    assert set(answer) >= PLAN_KEYS | {"reasons", "shortage", "relaxations", "error"}
    assert (answer["status"], answer["stage"], answer["year"], answer["plan"]) == ("infeasible", "primary", 2026, None)
    assert answer["explanation"]


@pytest.mark.parametrize(
    "override",
    [
        "nonsense", "=", "a.b=c", "zoning=3", "zoning.stage=university", "zoning.goals=[]",
        'zoning.goals=["distance","distance"]',
        "zoning.tolerances.distance=-5", "zoning.tolerances.distance=nan", "rules.large_class=nan",
        "rules.large_class=999999999999999999999999", "case.years=[2030,2020]", "case.crs=EPSG:999999", "tables.blocks=../x",
    ],
)  # fmt: skip
def test_overrides_without_sense_are_input_that_is_wrong(case, tmp_path, override):
    refused("zone", case, "--iterations", 1, "--out", tmp_path / "plan", "--set", override, code=3)


def test_a_fault_of_the_program_is_one_object_with_its_number(case, plan, monkeypatch, caplog):
    monkeypatch.setattr("xuequ.data.plans.verify_folder", lambda *_: 1 / 0)
    answer = ask("verify", case, plan, code=1)
    assert "reference" in answer["error"]
    assert "ZeroDivisionError" in caplog.text


def test_who_closes_the_pipe_gets_no_trace_and_the_plan_is_written(case, tmp_path):
    script = f"{' '.join(COMMAND)} zone {case} --iterations 1 --out {tmp_path / 'plan'} --json | true; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    assert (tmp_path / "plan" / "plan.json").is_file()


def test_standard_streams_may_be_closed_or_full(case, tmp_path):
    script = f"{' '.join(COMMAND)} zone {case} --iterations 1 --out {tmp_path / 'plan'} --json <&- 2>&-"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert json.loads(done.stdout)["status"] in {"feasible", "optimal"}
    script = f"{' '.join(COMMAND)} check {case} --json >/dev/full"
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert done.stderr.startswith("xuequ: standard output cannot be written")


BARE = CASE_TOML.replace('catchments = "catchments.csv"\n', "")


@pytest.fixture(scope="module")
def bare(tmp_path_factory):
    """Return a case without anything about today: no enrolment, no catchments."""
    return grid_case(tmp_path_factory.mktemp("bare"), side=3, rooms=(4, 4), toml=BARE)


def test_a_plan_needs_nothing_about_today_in_regime_full(bare, tmp_path):
    answer = ask("plan", bare, "--iterations", 1, "--out", tmp_path / "plan")
    assert any("neither enrolment" in reason for reason in answer["explanation"])
    assert ask("verify", bare, tmp_path / "plan")["ok"] is True


@pytest.mark.parametrize(
    "arguments", [["cluster"], ["zone", "--regime", "phase_in"], ["plan", "--set", "zoning.regime=phase_in"]]
)
def test_what_needs_today_says_so(bare, tmp_path, arguments):
    told = refused(arguments[0], bare, *arguments[1:], "--iterations", 1, "--out", tmp_path / "plan", code=3)
    assert "enrolment" in told
    assert "catchments" in told


def test_no_school_of_a_stage_is_told_in_words(bare, tmp_path):
    answer = ask("zone", bare, "--stage", "junior", "--iterations", 1, "--out", tmp_path / "plan", code=4)
    assert "junior" in answer["error"]
    assert "table of schools" in answer["error"]
    answer = ask("plan", grid_case(tmp_path / "none", side=2, rooms=(0, 0)), "--iterations", 1, "--out", tmp_path / "plan")
    assert any("72 pupils" in reason and "nowhere" in reason for reason in answer["explanation"])


def test_blocks_out_of_reach_are_told_in_words(tmp_path):
    far = grid_case(tmp_path / "far", side=2, toml=BARE)
    schools = [{"id": "a", "name": "A", "x": 300_000, "y": 300, "stages": "primary", "classrooms_primary": 12}]
    write_rows(far / "schools.csv", schools)
    ask("zone", far, "--iterations", 1, "--out", tmp_path / "plan")
    answer = ask("explain", far, tmp_path / "plan")
    assert answer["reasons"] == ["4 blocks with 72 pupils have no school within the limit of distance"]
    assert [(item["pupils"], item["schools"], item["short"]) for item in answer["shortage"]] == [(72, [], 72)]


@pytest.mark.parametrize("number", [10**400, "x", None, -1, []])
def test_a_certificate_with_other_numbers_fails_in_words(case, plan, tmp_path, number):
    lie = tmp_path / "lie"
    shutil.copytree(plan, lie)
    certificate = json.loads((lie / "certificate.json").read_text(encoding="utf-8"))
    certificate["certificates"][0]["multipliers"][0] = number
    (lie / "certificate.json").write_text(json.dumps(certificate), encoding="utf-8")
    assert ask("verify", case, lie, code=5)["ok"] is False


@pytest.mark.parametrize("name", ["plan.json", "assignment.csv", "schools.csv", "certificate.json", "catchments.gpkg"])
@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe\x00junk"])
def test_a_plan_with_a_file_deleted_or_broken_is_not_verified(case, plan, tmp_path, name, content):
    broken = tmp_path / "broken"
    shutil.copytree(plan, broken)
    if content is None:
        (broken / name).unlink()
    else:
        (broken / name).write_bytes(content)
    code = 5 if name == "catchments.gpkg" else 3
    assert ask("verify", case, broken, code=code)["ok"] is False


NAMES = ["a,b", 'a"b', "a\nb", "😀", "<script>alert(1)</script>", "../../b", "=1+1", "x" * 300, "-1", "1.0", "{{7*7}}", "%s"]


def named(folder, name):
    """Write a case whose first school and first block have a name of any kind, as id and as name."""
    case = grid_case(folder, side=2, rooms=(4, 4), toml=BARE)
    row = {"stages": "primary", "classrooms_primary": 4}
    write_rows(
        case / "schools.csv",
        [{"id": name, "name": name, "x": 100, "y": 100, **row}, {"id": "b", "name": "B", "x": 300, "y": 300, **row}],
    )
    blocks = json.loads((case / "blocks.geojson").read_text(encoding="utf-8"))
    blocks["features"][0]["properties"] |= {"id": name, "name": name}
    (case / "blocks.geojson").write_text(json.dumps(blocks), encoding="utf-8")
    return case


@pytest.mark.parametrize("name", NAMES)
def test_names_of_any_kind_come_back_from_a_plan(tmp_path, name):
    case = named(tmp_path / "case", name)
    ask("zone", case, "--iterations", 1, "--out", tmp_path / "plan")
    assert ask("verify", case, tmp_path / "plan")["ok"] is True
    with (tmp_path / "plan" / "assignment.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert " ".join(name.split()) in {" ".join(row["block_id"].split()) for row in rows}
    assert ask("explain", case, tmp_path / "plan", "--school", rows[0]["school_id"])["reasons"]


def test_a_semicolon_in_the_id_of_a_school_is_an_error_of_the_table(tmp_path):
    answer = ask("check", named(tmp_path / "case", "a;b"), code=3)
    assert [(item["table"], item["column"], item["value"]) for item in answer["errors"]] == [("schools", "id", "a;b")]


CHAPEL_HILL = """
[case]
crs = "EPSG:2264"
[tables.blocks]
file = "segments_shapefile/CHCCS.shp"
columns = { id = "SEGNO", school_primary = "ELEM" }
join = { file = "pupils.csv", key = "SEGNO", columns = { pupils_primary = "pupils_est" } }
[tables.schools]
file = "schools.csv"
columns = { id = "elem_code", name = "name_on_map", seats = "capacity_derived" }
filter = "has_zone = 1"
[zoning]
stage = "primary"
"""


def test_blocks_whose_spikes_close_when_rounded_are_drawn(shared, tmp_path):
    raw = shared / "cases" / "chapel_hill_chccs"
    shutil.copytree(raw / "segments_shapefile", tmp_path / "segments_shapefile")
    for name in ("pupils.csv", "schools.csv"):
        shutil.copy(raw / name, tmp_path)
    (tmp_path / "case.toml").write_text(CHAPEL_HILL, encoding="utf-8")
    shapes = read_case(tmp_path).district.blocks.geometry
    drawn = outlines(shapes, (0, 0))
    assert len(drawn.shapes) == 161
    assert all(drawn.shapes)


def test_what_is_not_proven_to_be_impossible_is_stopped(tmp_path):
    uneven = grid_case(tmp_path / "uneven", side=2, rooms=(4, 3), pupils=77, toml=BARE + 'seats = "hard"\n')
    answer = ask("zone", uneven, "--time-limit", 0, "--out", tmp_path / "plan", code=6)
    assert set(answer) >= PLAN_KEYS
    assert answer["status"] == "stopped"
    assert "above hard seats" in answer["error"]
    assert "--time-limit" in answer["error"]


def test_columns_may_be_named_by_headings_in_common_use(tmp_path):
    sections = 'columns = { school_id = "code", capacity = "places" }\n[tables.adjacency]\nfile = "pairs.csv"\n'
    toml = BARE.replace('[tables]\nblocks = "blocks.geojson"\nschools = "schools.csv"\n', "[tables]\n", 1).replace(
        "[tables]\n", '[tables.blocks]\nfile = "blocks.geojson"\n[tables.schools]\nfile = "schools.csv"\n' + sections, 1
    )
    case = grid_case(tmp_path / "case", side=2, toml=toml + 'seats = "hard"\n')
    pairs = [("b0_0", "b0_1"), ("b0_0", "b1_0"), ("b0_1", "b1_1"), ("b1_0", "b1_1")]
    write_rows(case / "pairs.csv", [{"from": a, "to": b} for a, b in pairs])
    write_rows(case / "schools.csv", [{"code": "s", "x": 100, "y": 100, "places": 90}])
    assert ask("check", case)["summary"]["neighbours"] == 4
    ask("zone", case, "--iterations", 1, "--out", tmp_path / "plan")


def test_serve_names_the_case_that_is_not_there(tmp_path):
    result = CliRunner().invoke(app, ["serve", str(tmp_path / "nowhere")])
    assert result.exit_code == 3
    assert result.stderr.startswith("xuequ: there is no folder")


def test_init_leaves_out_a_file_whose_name_is_no_text(tmp_path):
    case = grid_case(tmp_path / "case", side=2)
    (case / "case.toml").unlink()
    os.link(os.fsencode(case / "schools.csv"), os.fsencode(case) + b"/\xff\xfe.csv")
    ask("init", case)
    assert "is not in UTF-8" in (case / "case.toml").read_text(encoding="utf-8")
    ask("check", case, "--set", 'case.crs="local-metres"')
