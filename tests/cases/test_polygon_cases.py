"""Two real Chinese maps of blocks against the pairs of neighbours that were published with them, with all their known faults."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
import sys
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pytest
import shapely

from xuequ.data.borders import measure_borders
from xuequ.data.case import read_case
from xuequ.data.instances import PLANNED_YEAR, read_instance
from xuequ.solver.portfolio import zone
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.plan import Status
from xuequ.zoning.stage import Stage

pytestmark = pytest.mark.cases

CASE = """
[case]
name = "{name}"
crs = "local-metres"
school_year = {year}

[tables.blocks]
file = "blocks.geojson"
columns = {{ id = "unit_id", pupils_primary = "{pupils}", point_x = "x", point_y = "y" }}

[tables.schools]
file = "schools.csv"
columns = {{ id = "school_id", block = "block_id", seats = "capacity", x = "x", y = "y" }}
values = {{ stages = "primary" }}

[borders]
min_border_m = {least}

[zoning]
regime = "full"
seats = "hard"
goals = ["distance"]
"""


def brought(shared, home, name, pupils, least=5.0, tables=""):
    for file in ("blocks.geojson", "schools.csv"):
        shutil.copyfile(shared / "cases" / name / file, home / file)
    shutil.copyfile(shared / "instances" / f"{name}.edges.csv", home / "edges.csv")
    text = CASE.format(name=name, year=PLANNED_YEAR - 1, pupils=pupils, least=least) + tables
    (home / "case.toml").write_text(text, encoding="utf-8")
    return read_case(home)


def compared(shared, case, name):
    """Return measured and published pairs of block ids, and the length of each measured border."""
    ids = case.district.blocks.ids
    adjacency = case.district.adjacency
    measured = {
        frozenset((ids[a], ids[b])): metres for (a, b), metres in zip(adjacency.pairs(), adjacency.pair_border_m(), strict=True)
    }
    with (shared / "instances" / f"{name}.edges.csv").open(encoding="utf-8") as lines:
        published = {frozenset((row["a"], row["b"])) for row in csv.DictReader(lines)}
    return SimpleNamespace(measured=measured, published=published)


def test_a_county_and_its_points_of_contact(shared, tmp_path):
    case = brought(shared, tmp_path, "gy2", "demand1")
    pairs = compared(shared, case, "gy2")
    assert len(pairs.published) == 3910
    assert not set(pairs.measured) - pairs.published
    missing = pairs.published - set(pairs.measured)
    shape = dict(zip(case.district.blocks.ids, shapely.make_valid(case.district.blocks.geometry), strict=True))
    touching = [shapely.intersection(*(shape[unit] for unit in pair)) for pair in missing]
    # The published pairs include contact in a point; what is missing here shares less than the least border.
    assert max(shapely.length(contact) for contact in touching) < 5.0
    assert case.district.adjacency.components().max() == 0


def test_a_county_where_points_count(shared, tmp_path):
    case = brought(shared, tmp_path, "gy2", "demand1", least=0.0)
    pairs = compared(shared, case, "gy2")
    assert pairs.published - set(pairs.measured) == {frozenset(("457", "462"))}  # 87 m apart
    assert not set(pairs.measured) - pairs.published


def test_broken_polygons_of_the_county_are_told(shared, tmp_path):
    case = brought(shared, tmp_path, "gy2", "demand1")
    broken = {item.row for item in case.problems if "not valid" in item.message or "invalid" in item.message}
    assert {"12", "153", "1101", "1124"} <= {str(row) for row in broken}


def test_a_town_where_neighbours_overlap(shared, tmp_path):
    case = brought(shared, tmp_path, "zy", "pupils")
    pairs = compared(shared, case, "zy")
    assert len(pairs.published) == 809
    assert not pairs.published - set(pairs.measured)  # the 16 pairs that stand apart are found too
    more = set(pairs.measured) - pairs.published
    assert len(more) <= 72 - 30  # of the 72 that touch and are not published 30 meet in a point only
    assert all(pairs.measured[pair] >= 5.0 for pair in more)
    assert case.district.adjacency.components().max() == 0
    overlaps = [item for item in case.problems if "overlaps block" in item.message]
    area = sum(shapely.area(shapely.from_wkt(item.geometry)) for item in overlaps)
    assert 900 < area < 1300


def test_the_town_is_its_benchmark_instance(shared, tmp_path):
    case = brought(shared, tmp_path, "zy", "pupils", tables='\n[tables.adjacency]\nfile = "edges.csv"\n')
    district, instance = case.district, read_instance(shared / "instances", "zy_15c").district
    assert district.blocks.ids == instance.blocks.ids
    assert district.adjacency.pairs().tolist() == instance.adjacency.pairs().tolist()
    home = [district.blocks.ids[i] for i in district.schools.block]
    assert sorted(home) == sorted(instance.schools.ids)
    order = [instance.schools.ids.index(unit) for unit in home]
    assert np.allclose(district.distances.to_matrix(), instance.distances.to_matrix()[:, order], atol=1e-3)
    assert district.schools.seats[:, 1].tolist() == instance.schools.seats[order, 1].tolist()
    year = PLANNED_YEAR
    assert district.demand.of_stage(Stage.PRIMARY, year).tolist() == instance.demand.of_stage(Stage.PRIMARY, year).tolist()
    assert district.options.zoning.seats == "hard"


def test_from_polygons_to_a_plan_that_the_checker_accepts(shared, tmp_path):
    case = brought(shared, tmp_path, "zy", "pupils", tables='\n[tables.adjacency]\nfile = "edges.csv"\n')
    district = case.district
    plan = zone(district, stage=Stage.PRIMARY, stop=MaxIterations(600))
    assert plan.status in (Status.FEASIBLE, Status.OPTIMAL)
    school = plan.of(Stage.PRIMARY, PLANNED_YEAR).first_school()
    home = [district.blocks.ids[district.schools.block[j]] for j in school]
    lines = [f"{unit},{own}\n" for unit, own in zip(district.blocks.ids, home, strict=True)]
    (tmp_path / "plan.csv").write_text("unit_id,school_unit_id\n" + "".join(lines), encoding="utf-8")
    instances = shared / "instances"
    command = [sys.executable, str(instances / "check_plan.py"), "zy_15c", str(tmp_path / "plan.csv"), "--dir", str(instances)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert float(re.search(r"objective: (\S+)", answer)[1]) == pytest.approx(plan.objective, abs=1e-3)
    assert float(re.search(r"gap_to_best_known_percent: (\S+)", answer)[1]) < 5.0


def test_a_clean_map_has_no_fault(shared):
    units = gpd.read_file(shared / "cases" / "durham_dps" / "planning_units.geojson").to_crs(32617)
    adjacency, problems = measure_borders(units.geometry.to_numpy(), ids=[str(unit) for unit in units.pu_2324_84])
    assert len(adjacency) == 851
    assert adjacency.components().max() == 0
    assert len(problems) == 0
    around = shapely.length(shapely.union_all(units.geometry.to_numpy()))
    assert shapely.length(units.geometry.to_numpy()).sum() == pytest.approx(
        around + 2 * adjacency.pair_border_m().sum(), rel=1e-3
    )
