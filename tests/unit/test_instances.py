"""Benchmark instances: files to districts and plans back to files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from xuequ.data.instances import PLANNED_YEAR, list_instances, list_problems, read_best_known, read_instance, write_assignment
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.errors import InputError
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Grade, Stage

FILES = {
    "instances.csv": (
        "instance,problem,units_file,edges_file,schools_file,p\none,SAP,u.csv,e.csv,s.csv,\ntwo,CKFLSAP,u.csv,e.csv,s.csv,1\n"
    ),
    "u.csv": "unit_id,x_m,y_m,pupils\n7,0,0,5\n3,30.25,40,6\n9,100,0,0\n",
    "e.csv": "a,b\n3,7\n3,9\n",
    "s.csv": "unit_id,capacity,opening_cost\n9,20,1.5\n7,10,0\n",
    "best_known.csv": (
        "instance,best_known,best_known_from,lower_bound,proven_optimal,time_s\none,0.5,someone,0.4,yes,\ntwo,0.7,,,no,12\n"
    ),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_names_come_in_the_order_of_the_file(folder):
    assert list_instances(folder) == ("one", "two")
    assert dict(list_problems(folder)) == {"one": "SAP", "two": "CKFLSAP"}


def test_an_instance_is_a_district_of_known_seats(folder):
    instance = read_instance(folder, "one")
    district = instance.district
    assert (instance.problem, instance.p, instance.best.value) == ("SAP", None, 0.5)
    assert district.blocks.ids == ("7", "3", "9")
    assert district.schools.ids == ("9", "7")
    assert district.schools.block.tolist() == [2, 0]
    assert district.schools.seats[:, 1].tolist() == [20, 10]
    assert district.schools.rooms[:, 1].tolist() == [-1, -1]
    assert [district.schools.offers(stage).tolist() for stage in Stage] == [[False, False], [True, True], [False, False]]
    assert district.demand.of_grade(Grade.G1, PLANNED_YEAR).tolist() == [5, 6, 0]
    assert not district.demand.graded
    assert district.adjacency.pairs().tolist() == [[0, 1], [1, 2]]
    options = district.options.zoning
    assert (options.stage, options.regime, options.seats) == (Stage.PRIMARY, "full", "hard")
    assert [goal.name for goal in options.goals] == ["distance"]


def test_distances_are_not_rounded(folder):
    matrix = read_instance(folder, "one").district.distances.to_matrix()
    assert matrix[1, 1] == np.hypot(30.25, 40.0)
    assert matrix[0, 1] == matrix[2, 0] == 0


def test_opening_costs_and_the_number_to_open(folder):
    instance = read_instance(folder, "two")
    assert instance.opening_cost.tolist() == [1.5, 0.0]
    assert instance.p == 1
    assert not instance.opening_cost.flags.writeable


def test_published_results(folder):
    known = read_best_known(folder)
    assert (known["one"].proven_optimal, known["one"].lower_bound, known["one"].value_from) == (True, 0.4, "someone")
    assert known["two"].lower_bound is None
    assert dict(known["two"].published) == {"time_s": 12.0}
    (folder / "best_known.csv").unlink()
    assert read_best_known(folder) == {}
    assert read_instance(folder, "one").best is None


def test_compressed_files_are_read(folder):
    (folder / "u.csv").rename(folder / "plain")
    (folder / "u.csv.gz").write_bytes(gzip.compress((folder / "plain").read_bytes()))
    assert read_instance(folder, "one").district.blocks.ids == ("7", "3", "9")


def test_an_assignment_is_written_as_units(folder, tmp_path):
    instance = read_instance(folder, "one")
    catchments = Catchments.from_schools(Stage.PRIMARY, PLANNED_YEAR, [1, 1, -1])
    plan = Plan(PlanKind.ZONE, Status.FEASIBLE, instance.district.fingerprint, catchments=(catchments,))
    write_assignment(tmp_path / "plan.csv", instance, plan)
    assert (tmp_path / "plan.csv").read_bytes() == b"unit_id,school_unit_id\n7,7\n3,7\n"


@pytest.mark.parametrize(
    ("file", "text", "words"),
    [
        ("instances.csv", None, "there is no file instances.csv"),
        ("instances.csv", "instance,problem\none,SAP\n", "no column units_file, edges_file"),
        ("instances.csv", FILES["instances.csv"].replace("one,SAP", "one,TSP"), "'TSP'"),
        ("instances.csv", FILES["instances.csv"].replace("one,", "ones,"), "the nearest name is ones"),
        ("u.csv", FILES["u.csv"].replace("40", "x"), "column y_m: 'x' is not a number"),
        ("u.csv", FILES["u.csv"].replace("40", "nan"), "'nan' is not a number"),
        ("u.csv", FILES["u.csv"].replace("0,5", "0,5.5"), "'5.5' is not a whole number"),
        ("u.csv", FILES["u.csv"].replace("3,30", "7,30"), "twice"),
        ("e.csv", "a,b\n3,8\n", "e.csv: unit '8' is not among the units"),
        ("s.csv", FILES["s.csv"].replace("20", "-20"), "'-20' is not a whole number"),
        ("s.csv", FILES["s.csv"].replace("9,20", "4,20"), "s.csv: unit '4'"),
        ("s.csv", FILES["s.csv"] + "9,5,0\n", "s.csv: two schools stand in one unit"),
        ("s.csv", FILES["s.csv"].replace("1.5", "inf"), "column opening_cost: 'inf' is not a number"),
        ("u.csv", FILES["u.csv"].replace("0,5\n", "0,1e12\n"), "'1e12' is not a whole number of pupils"),
        ("u.csv", FILES["u.csv"].replace("unit_id,x_m", "unit_id,x"), "u.csv: there is no column x_m"),
        ("e.csv", "a,b\n3,7\n9,9\n", "e.csv: unit '9' is said to touch itself"),
        ("e.csv", "a,b\n3\n", "e.csv: unit '' is not among the units"),
        ("instances.csv", FILES["instances.csv"].replace("u.csv", "../u.csv"), "'../u.csv' is no name of a file"),
        ("instances.csv", FILES["instances.csv"].replace("u.csv", "/etc/hostname"), "is no name of a file"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(folder, file, text, words):
    if text is None:
        (folder / file).unlink()
    else:
        (folder / file).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_instance(folder, "one")


@pytest.mark.parametrize("p", ["", "0", "3", "1.5", "-1", "x", "²"])
def test_the_number_to_open_is_one_of_the_schools(folder, p):
    (folder / "instances.csv").write_text(FILES["instances.csv"].replace("s.csv,1", f"s.csv,{p}"), encoding="utf-8")
    with pytest.raises(InputError, match=f"column p: '{p}' is not a number of schools from 1 to 2"):
        read_instance(folder, "two")
    assert read_instance(folder, "one").p is None


@pytest.mark.parametrize(
    ("file", "content"),
    [("e.csv", b"a,b\n\xff\xfe,7\n"), ("u.csv.gz", gzip.compress(b"unit_id,x_m\n" * 500)[:-30]), ("u.csv.gz", b"no gzip at all")],
)
def test_files_that_are_no_text_are_refused_in_words(folder, file, content):
    (folder / file.removesuffix(".gz")).unlink()
    (folder / file).write_bytes(content)
    with pytest.raises(InputError, match=f"{file.removesuffix('.gz')} cannot be read as CSV in UTF-8"):
        read_instance(folder, "one")


def test_windows_line_ends_a_mark_and_empty_lines_change_nothing(folder):
    plain = read_instance(folder, "two")
    for name in ("instances.csv", "u.csv", "e.csv", "s.csv", "best_known.csv"):
        text = FILES[name].replace("\n", "\r\n") + "\r\n"
        (folder / name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    again = read_instance(folder, "two")
    assert again.district.fingerprint == plain.district.fingerprint
    assert (again.p, again.best) == (plain.p, plain.best)


def test_each_pair_of_units_counts_once(folder):
    (folder / "e.csv").write_text("a,b\n3,7\n7,3\n3,7\n9,3\n", encoding="utf-8")
    assert read_instance(folder, "one").district.adjacency.pairs().tolist() == [[0, 1], [1, 2]]
