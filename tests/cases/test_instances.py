"""The shared benchmark instances: all of them are read, and plans agree with the folder's own checker."""

from __future__ import annotations

import csv
import re
import subprocess
import sys

import numpy as np
import pytest

from xuequ.data.instances import PLANNED_YEAR, list_instances, read_best_known, read_instance, write_assignment
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage

pytestmark = pytest.mark.cases


def test_every_instance_is_what_its_list_says(shared):
    folder = shared / "instances"
    with (folder / "instances.csv").open(encoding="utf-8") as lines:
        rows = {row["instance"]: row for row in csv.DictReader(lines)}
    known = read_best_known(folder)
    assert set(list_instances(folder)) == set(rows) == set(known)
    for name, row in rows.items():
        instance = read_instance(folder, name)
        district = instance.district
        sizes = [len(district.blocks), len(district.adjacency.pairs()), len(district.schools)]
        assert sizes == [int(row[column]) for column in ("n_units", "n_edges", "n_schools")]
        assert district.demand.of_stage(Stage.PRIMARY, PLANNED_YEAR).sum() == int(row["demand"])
        assert district.schools.seats[:, 1].sum() == int(row["supply"])
        assert district.adjacency.components().max() == 0
        assert instance.best.lower_bound <= instance.best.value * (1 + 1e-9)


def test_the_checker_reads_what_is_written(shared, tmp_path):
    folder = shared / "instances"
    instance = read_instance(folder, "zy_13c")
    district = instance.district
    with (folder / "examples" / "zy_13c_feasible.csv").open(encoding="utf-8") as lines:
        given = {row["unit_id"]: row["school_unit_id"] for row in csv.DictReader(lines)}
    schools = district.school_index()
    school = np.array([schools[given[unit]] for unit in district.blocks.ids])
    catchments = Catchments.from_schools(Stage.PRIMARY, PLANNED_YEAR, school)
    plan = Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, catchments=(catchments,))
    write_assignment(tmp_path / "plan.csv", instance, plan)
    command = [sys.executable, str(folder / "check_plan.py"), "zy_13c", str(tmp_path / "plan.csv"), "--dir", str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    objective = float(re.search(r"objective: (\S+)", answer)[1])
    pupils = district.demand.of_stage(Stage.PRIMARY, PLANNED_YEAR)
    metres = district.distances.lookup(np.arange(len(pupils)), school)
    assert (pupils * metres).sum() / 1000 == pytest.approx(objective, abs=1e-6)
