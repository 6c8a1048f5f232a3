"""Real areas with published results: every plan passes their own checker."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from xuequ.data.instances import read_instance, write_assignment
from xuequ.solver.benchmark import run_instance
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.verification import verify

pytestmark = pytest.mark.cases


@pytest.mark.parametrize(("name", "batches", "gap"), [("zy_13a", 600, 0.06), ("gy2_22b", 300, 0.02)])
def test_plans_are_feasible_near_the_best_known_and_certified(
    shared: Path, tmp_path: Path, name: str, batches: int, gap: float
) -> None:
    folder = shared / "instances"
    instance = read_instance(folder, name)
    result = run_instance(instance.district, name, stop=MaxIterations(batches), seed=1)
    assert instance.best is not None
    row = result.to_json()
    assert row["instance"] == name
    assert row["status"] in {"feasible", "optimal"}
    assert row["objective"] <= (1 + gap) * instance.best.value
    assert row["objective"] >= instance.best.value - 1e-3
    assert row["bound"] <= instance.best.value + 1e-3
    assert row["certified_bound"] <= row["bound"]
    write_assignment(tmp_path / "plan.csv", instance, result.plan)
    checker = [sys.executable, str(folder / "check_plan.py"), name, str(tmp_path / "plan.csv")]
    done = subprocess.run(checker, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    verify(instance.district, result.plan).raise_if_failed()
