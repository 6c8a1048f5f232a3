"""`xuequ bench` keeps interface.md: keys, assignments, and which instances it runs."""

from __future__ import annotations

import csv
import json

import numpy as np
import pytest
from folders import write_rows
from typer.testing import CliRunner

from xuequ.api.cli import app

RESULT_KEYS = {"instance", "objective", "bound", "gap_to_bound", "status", "seconds"}
COLUMNS, ROWS = 5, 3
SCHOOL_UNITS = ("1", "15")
INSTANCES = "instance problem units_file edges_file schools_file p n_units n_edges n_schools demand supply supply_ratio".split()


def instance_row(name, problem="SAP", p="", supply=900):
    """Return a line of instances.csv: 15 units of 10 pupils, two schools."""
    values = (name, problem, "grid.units.csv", "grid.edges.csv", f"{name}.schools.csv", p, 15, 22, 2, 150, supply, supply / 150)
    return dict(zip(INSTANCES, values, strict=True))


def write_instances(folder, rows, capacities, cost=0):
    """Write a folder of instances on one grid of units, 100 m apart and numbered from 1; return it."""
    folder.mkdir()
    cells = [(r, c) for r in range(ROWS) for c in range(COLUMNS)]
    units = [{"unit_id": i, "x_m": 100.0 * c, "y_m": 100.0 * r, "pupils": 10} for i, (r, c) in enumerate(cells, start=1)]
    edges = [
        {"a": i + 1, "b": k + 1}
        for i, one in enumerate(cells)
        for k, other in enumerate(cells)
        if i < k and abs(one[0] - other[0]) + abs(one[1] - other[1]) == 1
    ]
    write_rows(folder / "grid.units.csv", units)
    write_rows(folder / "grid.edges.csv", edges)
    write_rows(folder / "instances.csv", rows)
    for row, capacity in zip(rows, capacities, strict=True):
        schools = [{"unit_id": unit, "capacity": capacity, "opening_cost": cost} for unit in SCHOOL_UNITS]
        write_rows(folder / row["schools_file"], schools)
    return folder


@pytest.fixture
def mixed(tmp_path):
    """Two instances in which every school is open, and one of each problem that also chooses schools."""
    rows = [
        instance_row("wide"),
        instance_row("open", "CFLSAP"),
        instance_row("tight", supply=160),
        instance_row("open_k1", "CKFLSAP", 1),
    ]
    return write_instances(tmp_path / "instances", rows, (450, 450, 80, 450), cost=5)


def bench(folder, out, *arguments):
    """Run ``bench --json`` in this process; return exit code, the one JSON object, and standard error."""
    result = CliRunner().invoke(app, ["bench", str(folder), "--iterations", "20", "--out", str(out), "--json", *arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout), result.stderr


def read_assignment(path):
    with path.open(encoding="utf-8", newline="") as lines:
        reader = csv.DictReader(lines)
        rows = list(reader)
    return reader.fieldnames, {row["unit_id"]: row["school_unit_id"] for row in rows}


def objective_km(school_of):
    """Return Σ pupils·km of an assignment on the grid, worked out from the numbers of the units."""
    at = {str(i): np.array(divmod(i - 1, COLUMNS)) for i in range(1, COLUMNS * ROWS + 1)}
    return sum(10 * float(np.hypot(*(at[unit] - at[school]))) * 0.1 for unit, school in school_of.items())


def test_bench_answers_with_the_keys_of_the_interface(mixed, tmp_path):
    out = tmp_path / "out"
    code, answer, _ = bench(mixed, out, "--only", "wide", "--only", "tight")
    assert code == 0
    assert answer.keys() == {"results"}
    assert [item["instance"] for item in answer["results"]] == ["wide", "tight"]
    for item in answer["results"]:
        assert item.keys() >= RESULT_KEYS
        assert item["status"] in {"optimal", "feasible"}
        assert item["over"] == 0
        assert item["bound"] <= item["objective"] + 1e-9
        assert item["gap_to_bound"] >= 0
        assert item["seconds"] >= 0


def test_each_instance_has_its_assignment(mixed, tmp_path):
    out = tmp_path / "out"
    code, answer, _ = bench(mixed, out, "--only", "wide", "tight")
    assert code == 0
    for item, capacity in zip(answer["results"], (450, 80), strict=True):
        columns, school_of = read_assignment(out / f"{item['instance']}.assignment.csv")
        assert columns == ["unit_id", "school_unit_id"]
        assert list(school_of) == [str(i) for i in range(1, 16)]
        assert all(school_of[unit] == unit for unit in SCHOOL_UNITS)
        for unit in SCHOOL_UNITS:
            assert 10 * list(school_of.values()).count(unit) <= capacity
        assert item["objective"] == pytest.approx(objective_km(school_of))
    with (out / "results.csv").open(encoding="utf-8", newline="") as lines:
        table = list(csv.DictReader(lines))
    assert [row["instance"] for row in table] == ["wide", "tight"]
    assert table[0].keys() >= RESULT_KEYS


def test_instances_that_choose_schools_are_left_out_and_named(mixed, tmp_path):
    out = tmp_path / "out"
    code, answer, err = bench(mixed, out)
    assert code == 0
    assert [item["instance"] for item in answer["results"]] == ["wide", "tight"]
    note = next(line for line in err.splitlines() if "left out" in line)
    assert "open, open_k1" in note
    assert "CFLSAP" in note
    assert sorted(path.name for path in out.glob("*.assignment.csv")) == ["tight.assignment.csv", "wide.assignment.csv"]


@pytest.mark.parametrize("names", [("open",), ("open", "open_k1")])
def test_only_instances_that_choose_schools_are_refused(mixed, tmp_path, names):
    out = tmp_path / "out"
    code, answer, err = bench(mixed, out, *(item for name in names for item in ("--only", name)))
    assert code == 3
    assert (answer["status"], answer["ok"]) == ("error", False)
    assert ", ".join(names) in answer["error"]
    assert "SAP" in err
    assert len(err.strip().splitlines()) == 1
    assert not out.exists()


def test_an_instance_that_is_not_there_is_named(mixed, tmp_path):
    code, answer, _ = bench(mixed, tmp_path / "out", "--only", "broad")
    assert code == 3
    assert "broad" in answer["error"]


def test_a_folder_of_instances_in_which_all_schools_are_open_needs_no_note(tmp_path):
    folder = write_instances(tmp_path / "instances", [instance_row("one")], (150,))
    code, answer, err = bench(folder, tmp_path / "out")
    assert code == 0
    assert len(answer["results"]) == 1
    assert "left out" not in err
