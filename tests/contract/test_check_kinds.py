"""Each kind of broken input of case-format.md through the command line: place, value and mend in one line, exit 3 or 0."""

from __future__ import annotations

import json
import re

import pytest
import shapely
from broken_kinds import ERRORS
from case_folders import EAST, NORTH, collection, feature, whole_case
from doubtful_kinds import WARNINGS
from typer.testing import CliRunner

from xuequ.api.cli import app


def run(*arguments):
    result = CliRunner().invoke(app, [str(item) for item in arguments])
    assert "Traceback" not in result.output
    return result


def prepared(fault, folder, kind):
    case = whole_case()
    if kind == "pieces of roads":
        lines = [shapely.LineString([(EAST + 300 * c, NORTH), (EAST + 300 * c, NORTH + 900)]) for c in range(3)]
        case.table("roads", collection([feature({}, line) for line in lines]), file="roads.geojson")
    else:
        fault(case)
    return case.write(folder)


def check(folder, kind, code, wanted):
    """Look for a problem in the JSON object and in the text of ``check``."""
    table, row, column, value, said, mend = wanted
    result = run("check", folder, "--json")
    answer = json.loads(result.stdout)
    assert (result.exit_code, answer["ok"]) == (code, code == 0)
    found = [item for item in answer[kind] if item["table"] == table and said in item["message"]]
    assert found, [item["message"] for item in answer[kind]]
    assert {key: found[0][key] for key in ("row", "column", "value")} == {"row": row, "column": column, "value": value}
    assert mend in found[0]["fix"]
    text = run("check", folder)
    assert text.exit_code == code
    (line,) = [line for line in text.stdout.splitlines() if line.startswith(kind[:-1]) and found[0]["message"] in line]
    assert line.endswith(f"— {found[0]['fix']}")
    assert line.removeprefix(kind[:-1]).strip().startswith(table)
    assert re.findall(r"\d+", text.stdout.splitlines()[-1]) == [str(len(answer[each])) for each in ("errors", "warnings")]
    return found[0]


@pytest.mark.parametrize(
    ("kind", "fault", "wanted"), [(item[0], item[1], item[2:]) for item in ERRORS], ids=[item[0] for item in ERRORS]
)
def test_an_error_has_its_line_and_stops_every_command(tmp_path, kind, fault, wanted):
    folder = prepared(fault, tmp_path / "case", kind)
    problem = check(folder, "errors", 3, wanted)
    zone = run("zone", folder, "--iterations", 1, "--out", tmp_path / "plan")
    assert zone.exit_code == 3
    assert zone.stdout == ""
    assert zone.stderr.startswith("xuequ: ")
    assert problem["message"] in zone.stderr or "more: run xuequ check" in zone.stderr
    assert not (tmp_path / "plan").exists()


@pytest.mark.parametrize(
    ("kind", "fault", "wanted"), [(item[0], item[1], item[2:]) for item in WARNINGS], ids=[item[0] for item in WARNINGS]
)
def test_a_warning_has_its_line_and_stops_nothing(tmp_path, kind, fault, wanted):
    folder = prepared(fault, tmp_path / "case", kind)
    check(folder, "warnings", 0, wanted)


def test_every_error_of_one_case_in_one_answer(tmp_path):
    """Faults of tables do not hide each other; each kind that can stand beside the others is in one case."""
    alone = {"no system", "wrong system", "empty file", "empty table", "no text", "missing column", "duplicate id", "wrong type",
             "another geometry", "empty geometry", "path out", "missing file"}  # fmt: skip
    chosen = [item for item in ERRORS if item[2] != "case.toml" and item[0] not in alone]
    case = whole_case()
    for _, fault, *_ in chosen:
        fault(case)
    case.blocks[3]["properties"] |= {"pupils_g1": -1, "pupils_g2": 10**12}
    answer = json.loads(run("check", case.write(tmp_path), "--json").stdout)
    messages = " | ".join(item["message"] for item in answer["errors"])
    told = {item[0]: item[6] in messages for item in chosen}
    assert len(told) >= 10
    assert told == dict.fromkeys(told, True)


def test_what_check_wants_mended_is_mended_by_fix_or_told_again(tmp_path):
    case = whole_case()
    for kind, fault, *_ in WARNINGS:
        if kind in {"full-width digits", "self-crossing", "swapped axes"}:
            fault(case)
    folder = case.write(tmp_path / "case")
    answer = json.loads(run("check", folder, "--fix", tmp_path / "copy", "--json").stdout)
    assert answer["fixed"] == str(tmp_path / "copy")
    changes = " | ".join(answer["changes"])
    for said in ("full-width digits in 1 cells of classrooms", "1 invalid geometries made valid: b0", "the axes are swapped"):
        assert said in changes
    again = json.loads(run("check", tmp_path / "copy", "--json").stdout)
    assert again["ok"]
    assert not [item for item in again["warnings"] if "full-width" in item["message"] or "swapped" in item["message"]]
    assert run("check", tmp_path / "copy", "--fix", tmp_path / "copy").exit_code == 3
    assert run("check", tmp_path / "copy", "--fix", tmp_path / "second").exit_code == 0
