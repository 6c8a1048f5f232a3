"""A real district read as its users would bring it: feet, text ids, a joined table, broken roads, catchments in pieces."""

from __future__ import annotations

import json
import shutil

import numpy as np
import pytest
from scipy.sparse.csgraph import connected_components

from xuequ.data.case import check_case, read_case
from xuequ.zoning.stage import Stage

pytestmark = pytest.mark.cases

CASE = """
[case]
name = "Chapel Hill–Carrboro"
crs = "EPSG:32617"
school_year = 2025
language = "en"

[tables.blocks]
file = "segments.gpkg"
columns = { id = "SEGNO", name = "SHORTNAME", school_primary = "ELEM" }

[tables.blocks.join]
file = "pupils.csv"
key = "SEGNO"
columns = { pupils_primary = "pupils_est" }

[tables.schools]
file = "schools.csv"
crs = "EPSG:4326"
columns = { id = "elem_code", name = "name_on_map", seats = "capacity_derived" }
values = { stages = "primary" }

[tables.roads]
file = "roads.geojson"

[roads]
split_at = "ends"
join_ends_m = 16
snap = "node"
least_piece = 1.0

[zoning]
regime = "full"
"""


@pytest.fixture(scope="module")
def folder(shared, tmp_path_factory):
    home = tmp_path_factory.mktemp("chapel_hill")
    for name in ("segments.gpkg", "pupils.csv", "schools.csv", "roads.geojson"):
        shutil.copyfile(shared / "cases" / "chapel_hill_chccs" / name, home / name)
    (home / "case.toml").write_text(CASE, encoding="utf-8")
    return home


@pytest.fixture(scope="module")
def facts(shared):
    return json.loads((shared / "cases" / "chapel_hill_chccs" / "facts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def case(folder):
    return read_case(folder)


def test_the_tables_are_what_the_facts_say(case, facts):
    district = case.district
    assert len(district.blocks) == facts["segments"]
    assert {"113A", "121A"} <= set(district.blocks.ids)
    assert len(district.schools) == facts["schools"]
    pupils = district.demand.of_stage(Stage.PRIMARY, 2025)
    assert pupils.sum() == facts["pupils_est_total"]
    assert district.schools.seats[:, list(Stage).index(Stage.PRIMARY)].sum() == facts["capacity_derived_total"]
    assert not district.demand.graded


def test_feet_became_metres(case, facts):
    areas = np.array([shape.area for shape in case.district.blocks.geometry])
    assert areas.sum() / 1e6 == pytest.approx(facts["area_km2"], rel=2e-3)  # the plane's scale is not exactly 1


def test_todays_catchments_with_all_their_pieces(case, facts):
    district = case.district
    today = district.today[Stage.PRIMARY]
    names = [district.schools.names[j] for (j,) in today.zones]
    blocks = np.bincount(today.zone, minlength=len(names))
    assert len(names) == facts["schools_with_zone"]
    assert {name.split()[0]: int(n) for name, n in zip(names, blocks, strict=True)} == {
        name.split()[0]: n for name, n in facts["segments_per_zone"].items()
    }
    pupils = district.demand.of_stage(Stage.PRIMARY, 2025)
    by_zone = np.bincount(today.zone, weights=pupils)
    assert sorted(by_zone) == sorted(facts["pupils_est_per_zone"].values())
    graph = district.adjacency.to_csr()
    parts = {}
    for zone, name in enumerate(names):
        inside = np.flatnonzero(today.zone == zone)
        parts[name.split()[0]] = connected_components(graph[inside][:, inside], directed=False)[0]
    told = {name.split()[0]: n for name, n in facts["zone_parts_after_1ft_buffer"].items()}
    assert all(parts[name] >= told[name] for name in told)  # a part that touches in a corner only counts by itself here
    assert parts["Rashkis"] > 1
    assert parts["Ephesus"] == parts["McDougle"] == 1


def test_distances_along_its_own_roads(case, facts):
    district = case.district
    known = facts["network"]["bridged_16_m"]
    first = district.today[Stage.PRIMARY].first_school()
    metres = district.distances.lookup(np.arange(len(first)), first)
    pupils = district.demand.of_stage(Stage.PRIMARY, 2025)
    # The facts measure lengths on the ellipsoid, walk on motorways too, and start at centroids even outside their blocks.
    assert np.average(metres, weights=pupils) == pytest.approx(known["existing_zone_mean_m_pupil_weighted"], rel=2e-3)
    assert metres.mean() == pytest.approx(known["existing_zone_mean_m_unweighted"], rel=4e-3)
    assert metres.max() == pytest.approx(known["existing_zone_max_m"], rel=4e-3)
    assert np.isfinite(district.distances.to_matrix()).all()
    assert district.distances.method == "walked along roads"


def test_slivers_of_a_square_foot_are_no_matter(case):
    assert case.district.adjacency.components().max() == 0
    assert not [item for item in case.problems if item.table == "blocks"]


def test_the_user_is_told_of_the_broken_roads(folder):
    report = check_case(folder, ["roads.join_ends_m=0", "roads.least_piece=0.01"])
    assert report.ok
    told = [item for item in report.problems.warnings if item.table == "roads"]
    assert any("the road network is in 228 pieces" in item.message for item in told)
    assert any("15 m leaves 4, 20 m leaves 2" in item.fix for item in told)
    assert any("block–school pairs cannot be reached" in item.message for item in report.problems.warnings)


def test_reading_twice_gives_the_same_district(case, folder):
    assert read_case(folder).district.fingerprint == case.district.fingerprint
