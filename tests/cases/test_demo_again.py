"""The shipped district under another seed: another place, the same claims."""

from __future__ import annotations

import csv
import hashlib
import json
import tomllib
from collections import Counter

import pytest
from demo_files import DEMO

from xuequ.data.case import read_case
from xuequ.data.synthetic import write_demo

OTHER = 5


def digests(folder):
    return {
        item.name: hashlib.sha256(item.read_bytes()).hexdigest()
        for item in folder.iterdir()
        if item.name.endswith((".csv", ".geojson", ".toml"))
    }


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("other"), seed=OTHER)


@pytest.fixture(scope="module")
def demo():
    return read_case("demo").district


def rows(folder, name):
    return list(csv.DictReader((folder / name).read_text(encoding="utf-8").splitlines()))


def test_the_shipped_plan_is_a_plan_of_the_shipped_district(demo):
    """The plan's fingerprint is that of the district as it is read now: on any machine, by any order of reading."""
    assert json.loads((DEMO / "plan" / "plan.json").read_text(encoding="utf-8"))["case"] == demo.fingerprint


class TestAnotherSeed:
    def test_it_is_another_place_under_the_same_names_and_totals(self, other):
        changed = {name for name, digest in digests(other).items() if digest != digests(DEMO)[name]}
        assert {"blocks.geojson", "roads.geojson", "addresses.csv", "catchments.csv", "enrolment.csv"} <= changed
        assert "case.toml" not in changed
        for name, column in (("schools.csv", "name"), ("sites.csv", "name"), ("links.csv", "name"), ("clusters.csv", "school")):
            assert [row[column] for row in rows(other, name)] == [row[column] for row in rows(DEMO, name)]

    def test_the_census_holds(self, other):
        born = [Counter(), Counter()]
        for total, folder in zip(born, (other, DEMO), strict=True):
            for row in rows(folder, "births.csv"):
                total[row["year"]] += int(row["births"])
        assert born[0] == born[1]

    def test_so_do_the_classes_of_today(self, other):
        largest, large, classes = 0, 0, 0
        for row in rows(other, "enrolment.csv"):
            if row["year"] == "2025" and row["grade"][0] == "g":
                pupils, rooms = int(row["pupils"]), int(row["classes"])
                sizes = [pupils // rooms + (k < pupils % rooms) for k in range(rooms)]
                largest = max(largest, *sizes)
                large += sum(size >= 56 for size in sizes)
                classes += rooms
        assert largest <= 65
        assert 0.15 < large / classes < 0.45

    def test_so_do_counts_and_labels(self, other):
        blocks = json.loads((other / "blocks.geojson").read_text(encoding="utf-8"))["features"]
        assert 1800 < len(blocks) < 2200
        assert len({item["properties"]["community"] for item in blocks}) == 63
        assert {item["properties"]["setting"] for item in blocks} == {"urban", "periurban", "rural"}
        assert tomllib.loads((other / "case.toml").read_text(encoding="utf-8"))["case"]["synthetic"] is True

    def test_it_is_read_without_an_error_and_everybody_can_walk_to_school(self, other, demo):
        case = read_case(other)
        assert {problem.table for problem in case.problems} <= {"births"}
        district = case.district
        assert district.adjacency.components().max() == 0
        assert len(district.distances.schools) == len(district.blocks) * len(district.schools)
        assert district.fingerprint != demo.fingerprint
