"""Every file of the shared instances against the bare files: units, edges, seats, costs, and what was published."""

from __future__ import annotations

import csv
import subprocess
import sys

import networkx as nx
import numpy as np
import pytest

from xuequ.data.instances import PLANNED_YEAR, list_instances, list_problems, read_best_known, read_instance, write_assignment
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import GRADES, Stage

pytestmark = pytest.mark.cases


@pytest.fixture(scope="module")
def folder(shared):
    return shared / "instances"


def table(folder, name):
    with (folder / name).open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.fixture(scope="module")
def listed(folder):
    return {row["instance"]: row for row in table(folder, "instances.csv")}


@pytest.fixture(scope="module")
def instances(folder):
    return {name: read_instance(folder, name) for name in list_instances(folder)}


def test_every_schools_file_belongs_to_an_instance(folder, listed):
    assert {path.name for path in folder.glob("*.schools.csv")} == {row["schools_file"] for row in listed.values()}
    assert dict(list_problems(folder)) == {name: row["problem"] for name, row in listed.items()}


def test_the_order_is_that_of_the_list(folder, listed):
    assert list_instances(folder) == tuple(listed)


def test_units_are_those_of_the_file_in_its_order(folder, listed, instances):
    for name, row in listed.items():
        units = table(folder, row["units_file"])
        district = instances[name].district
        assert district.blocks.ids == tuple(unit["unit_id"] for unit in units)
        assert district.blocks.points.tolist() == [[float(unit["x_m"]), float(unit["y_m"])] for unit in units]
        pupils = district.demand.by_grade(PLANNED_YEAR)
        assert pupils[Stage.PRIMARY.grade_slice].sum(axis=0).tolist() == [int(unit["pupils"]) for unit in units]
        assert pupils.sum() == pupils[Stage.PRIMARY.grade_slice].sum()


def test_edges_are_those_of_the_file_and_no_other(folder, listed, instances):
    written = {}
    for name in {row["edges_file"] for row in listed.values()}:
        written[name] = sorted(sorted((edge["a"], edge["b"])) for edge in table(folder, name))
        assert nx.is_connected(nx.Graph(written[name]))
    for name, row in listed.items():
        ids, pairs = instances[name].district.blocks.ids, instances[name].district.adjacency.pairs().tolist()
        assert sorted(sorted((ids[a], ids[b])) for a, b in pairs) == written[row["edges_file"]]


def test_schools_have_the_seats_places_and_costs_of_the_file(folder, listed, instances):
    primary = list(Stage).index(Stage.PRIMARY)
    for name, row in listed.items():
        schools, instance = table(folder, row["schools_file"]), instances[name]
        district = instance.district
        assert district.schools.ids == tuple(school["unit_id"] for school in schools)
        assert [district.blocks.ids[i] for i in district.schools.block] == [school["unit_id"] for school in schools]
        assert district.schools.seats[:, primary].tolist() == [int(school["capacity"]) for school in schools]
        assert (np.delete(district.schools.seats, primary, axis=1) == -1).all()
        assert instance.opening_cost.tolist() == [float(school["opening_cost"]) for school in schools]
        assert (instance.opening_cost == 0).all() == (row["problem"] == "SAP")
        assert instance.p == (int(row["p"]) if row["problem"] == "CKFLSAP" else None)


def test_ways_are_straight_and_end_at_the_unit_of_the_school(instances):
    for instance in instances.values():
        district = instance.district
        matrix = district.distances.to_matrix()
        own = matrix[district.schools.block, np.arange(len(district.schools))]
        assert (own == 0).all()
        points, schools = district.blocks.points, district.schools.points
        i, j = len(points) // 2, len(schools) // 2
        assert matrix[i, j] == np.hypot(points[i, 0] - schools[j, 0], points[i, 1] - schools[j, 1])


def test_no_published_plan_is_shorter_than_everybody_at_the_nearest(instances):
    """Seats, contiguity and costs only lengthen: the sum of the shortest ways bounds what was published."""
    for name, instance in instances.items():
        district = instance.district
        pupils = district.demand.of_stage(Stage.PRIMARY, PLANNED_YEAR)
        nearest = float(pupils @ district.distances.to_matrix().min(axis=1)) / 1000
        assert nearest <= instance.best.value * (1 + 1e-9), name
        if instance.problem == "SAP":
            assert nearest > 0.5 * instance.best.value, name


def test_published_figures_are_those_of_the_file(folder, instances):
    rows = {row["instance"]: row for row in table(folder, "best_known.csv")}
    known = read_best_known(folder)
    for name, row in rows.items():
        best = known[name]
        assert best == instances[name].best
        assert (best.value, best.value_from) == (float(row["best_known"]), row["best_known_from"])
        assert best.lower_bound == (float(row["lower_bound"]) if row["lower_bound"] else None)
        assert best.proven_optimal == (row["proven_optimal"] == "yes")
        if best.proven_optimal:
            assert best.lower_bound == pytest.approx(best.value, rel=1e-6)
        numbers = {key: float(text) for key, text in row.items() if key.endswith(("_obj", "_best", "_avg", "_s")) and text}
        assert {key: best.published[key] for key in numbers} == numbers


def test_instances_of_an_area_differ_by_their_schools_only(listed, instances):
    areas = {}
    for name, row in listed.items():
        areas.setdefault(row["units_file"], []).append(instances[name].district)
    assert len(areas) == 3
    for districts in areas.values():
        first = districts[0]
        for other in districts[1:]:
            assert other.blocks.ids == first.blocks.ids
            assert np.array_equal(other.adjacency.neighbours, first.adjacency.neighbours)
            assert np.array_equal(other.demand.pupils, first.demand.pupils)
        assert len({district.fingerprint for district in districts}) == len(districts)


def test_a_district_of_an_instance_asks_for_what_the_problem_says(instances):
    for instance in instances.values():
        district, zoning = instance.district, instance.district.options.zoning
        assert (zoning.regime, zoning.seats, [goal.name for goal in zoning.goals]) == ("full", "hard", ["distance"])
        assert district.crs == "local-metres"
        assert not district.demand.graded
        assert district.demand.pupils.shape[2] == len(GRADES)
        assert district.blocks.geometry is None


@pytest.mark.parametrize("example", ["zy_13c_feasible", "zy_13c_broken_capacity", "zy_13c_broken_contiguity"])
def test_the_checker_judges_what_is_written_as_it_judges_the_example(folder, instances, tmp_path, example):
    """An assignment read into catchments and written again is the same plan to the folder's own checker, good or broken."""
    instance = instances["zy_13c"]
    district, index = instance.district, instances["zy_13c"].district.school_index()
    given = {row["unit_id"]: row["school_unit_id"] for row in table(folder, f"examples/{example}.csv")}
    school = np.array([index[given[unit]] for unit in district.blocks.ids])
    catchments = Catchments.from_schools(Stage.PRIMARY, PLANNED_YEAR, school)
    write_assignment(
        tmp_path / "again.csv", instance, Plan(PlanKind.ZONE, Status.FEASIBLE, district.fingerprint, catchments=(catchments,))
    )
    answers = []
    for path in (folder / "examples" / f"{example}.csv", tmp_path / "again.csv"):
        command = [sys.executable, str(folder / "check_plan.py"), "zy_13c", str(path), "--dir", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        answers.append((done.returncode, done.stdout.replace(str(path), "PLAN")))
    assert answers[0] == answers[1]
    assert answers[0][0] == (0 if example.endswith("_feasible") else 1)
    load = np.bincount(school, weights=district.demand.of_stage(Stage.PRIMARY, PLANNED_YEAR), minlength=len(district.schools))
    over = (load > district.schools.seats[:, 1]).any()
    assert over == example.endswith("_capacity")
