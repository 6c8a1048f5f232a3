"""Real files of real districts, read as they are: every known fault of theirs is told, and none that is not there."""

from __future__ import annotations

import csv
import json
import shutil
from itertools import pairwise

import numpy as np
import pytest
import shapely

from xuequ.data.case import check_case, read_case
from xuequ.data.case_file import TableSection
from xuequ.data.initial import init_case
from xuequ.data.project import WGS84, Plane, transformed
from xuequ.data.read import read_table
from xuequ.data.repair import fix_case
from xuequ.data.shifted import to_wgs84
from xuequ.zoning.problems import Problems
from xuequ.zoning.stage import Stage

pytestmark = pytest.mark.cases

ZY = """
[case]
{crs}
school_year = 2025
[tables.blocks]
file = "{blocks}"
columns = {{ id = "unit_id", point_x = "x", point_y = "y" }}
[tables.schools]
file = "schools.csv"
columns = {{ id = "school_id", block = "block_id", seats = "capacity" }}
[tables.adjacency]
file = "zy.edges.csv"
[zoning]
stage = "primary"
regime = "full"
goals = ["distance"]
seats = "hard"
"""


def folder_of(tmp_path, files, toml):
    for source in files:
        shutil.copyfile(source, tmp_path / source.name)
    (tmp_path / "case.toml").write_text(toml, encoding="utf-8")
    return tmp_path


@pytest.fixture
def zy(shared, tmp_path):
    sources = [*(shared / "cases" / "zy" / name for name in ("blocks.geojson", "blocks.gpkg", "schools.csv")),
               shared / "instances" / "zy.edges.csv"]  # fmt: skip

    def make(blocks="blocks.geojson", crs='crs = "local-metres"'):
        return folder_of(tmp_path, sources, ZY.format(blocks=blocks, crs=crs))

    return make


def said(report, kind="warnings"):
    return [f"{problem.table} {problem.row}: {problem.message}" for problem in getattr(report.problems, kind)]


# --- zy: an urban district without a coordinate system


@pytest.mark.parametrize("blocks", ["blocks.geojson", "blocks.gpkg"])
def test_zy_is_the_district_of_its_readme(zy, shared, blocks):
    report = check_case(zy(blocks))
    district = report.district
    assert district.crs == "local-metres"
    assert len(district.blocks) == 324
    assert district.demand.of_stage(Stage.PRIMARY, 2025).sum() == 3873
    assert district.schools.seats[:, 1].sum() == 3969
    assert len(district.adjacency.pairs()) == 809
    rows = list(csv.DictReader((shared / "instances" / "zy.edges.csv").open()))
    index = district.block_index()
    assert {tuple(sorted((index[row["a"]], index[row["b"]]))) for row in rows} == {
        tuple(pair) for pair in district.adjacency.pairs().tolist()
    }
    assert [line for line in said(report) if line.startswith("blocks")] == [
        line for line in said(report) if "blocks 62: the polygon is not valid" in line
    ]
    assert district.options.zoning.seats == "hard"
    assert [goal.name for goal in district.options.zoning.goals] == ["distance"]


def test_the_points_of_zy_are_those_of_its_columns(zy, shared):
    district = read_case(zy()).district
    features = json.loads((shared / "cases" / "zy" / "blocks.geojson").read_text())["features"]
    given = np.array([[item["properties"]["x"], item["properties"]["y"]] for item in features])
    assert np.abs(district.blocks.points - given).max() < 1e-9
    outside = ~shapely.contains_xy(district.blocks.geometry, *given.T)
    assert {"22", "175", "302", "312"} <= {district.blocks.ids[i] for i in np.flatnonzero(outside)}
    school = district.schools.block
    assert district.schools.points == pytest.approx(given[school])


@pytest.mark.parametrize("blocks", ["blocks.geojson", "blocks.gpkg"])
def test_zy_without_a_system_is_told_how_to_mend_it(zy, blocks):
    report = check_case(zy(blocks, crs=""))
    assert report.district is None
    told = [problem for problem in report.problems.errors if problem.table == "blocks"]
    assert "no coordinate system" in told[0].message
    assert "local-metres" in told[0].fix


def test_zy_can_be_guessed_and_mended(zy, tmp_path):
    folder = zy()
    (folder / "case.toml").unlink()
    init_case(folder)
    assert check_case(folder).ok
    changes = [str(change) for change in fix_case(folder, tmp_path / "mended")]
    assert "blocks: 1 invalid geometries made valid: 62" in changes
    assert not any("not valid" in line for line in said(check_case(tmp_path / "mended")))


# --- gy2: a rural county, invalid polygons, a zone number in x


GY2 = """
[case]
crs = "{crs}"
school_year = 2025
[tables.blocks]
file = "blocks.geojson"
columns = {{ id = "unit_id", pupils = "demand1", point_x = "x", point_y = "y" }}
[tables.schools]
file = "schools.csv"
columns = {{ id = "school_id", block = "block_id", seats = "capacity" }}
[zoning]
stage = "primary"
"""


@pytest.mark.parametrize("crs", ["local-metres", "EPSG:4497"])
def test_gy2_with_all_its_faults(shared, tmp_path, crs):
    """EPSG:4497 has the zone's number in x, as the README guesses; the file names nothing."""
    source = shared / "cases" / "gy2"
    report = check_case(folder_of(tmp_path, [source / "blocks.geojson", source / "schools.csv"], GY2.format(crs=crs)))
    district = report.district
    assert district.crs == crs
    assert len(district.blocks) == 1276
    assert district.demand.of_stage(Stage.PRIMARY, 2025).sum() == 40_995
    assert district.schools.seats[:, 1].sum() == 41_900
    lines = said(report)
    for block in ("12", "153", "1101", "1124"):
        assert sum(f"blocks {block}: the polygon is not valid" in line for line in lines) == 1
    assert sum("the polygon is not valid" in line for line in lines) == 4
    assert any("11 blocks have several parts: 1, 13, 37, 153, 163, 179, 570, 1015, 1116, 1128" in line for line in lines)
    assert not any("wrong" in line or "outside" in line for line in lines)


# --- Chapel Hill: the raw shapefile


CHAPEL_HILL = """
[case]
school_year = 2025
{crs}
[tables.blocks]
file = "CHCCS.shp"
columns = {{ id = "SEGNO", name = "SHORTNAME", school_primary = "ELEM" }}
join = {{ file = "pupils.csv", key = "SEGNO", columns = {{ pupils = "pupils_est" }} }}
[tables.schools]
file = "schools.csv"
columns = {{ id = "elem_code", name = "name_on_map", seats = "capacity_derived" }}
[zoning]
stage = "primary"
"""


@pytest.fixture
def chapel_hill(shared, tmp_path):
    source = shared / "cases" / "chapel_hill_chccs"
    files = [
        *(source / "segments_shapefile").iterdir(),
        source / "pupils.csv",
        source / "schools.csv",
        source / "planned_developments_town.xls",
    ]

    def make(crs=""):
        return folder_of(tmp_path, files, CHAPEL_HILL.format(crs=crs))

    return make


@pytest.mark.parametrize("crs", ["", 'crs = "EPSG:2264"'])
def test_a_shapefile_in_feet_with_a_bad_prj(chapel_hill, shared, crs):
    facts = json.loads((shared / "cases" / "chapel_hill_chccs" / "facts.json").read_text())
    report = check_case(chapel_hill(crs))
    district = report.district
    assert not [line for line in said(report) if line.startswith(("blocks", "schools"))]
    assert district.crs == "EPSG:32617"
    assert shapely.area(district.blocks.geometry).sum() / 1e6 == pytest.approx(facts["area_km2"], rel=2e-3)
    assert {"113A", "121A"} <= set(district.blocks.ids)
    assert district.demand.of_stage(Stage.PRIMARY, 2025).sum() == facts["pupils_est_total"]
    today = district.today[Stage.PRIMARY]
    segments = {district.schools.names[j].split()[0]: int((today.zone == zone).sum()) for zone, (j,) in enumerate(today.zones)}
    assert segments == {name.split()[0]: count for name, count in facts["segments_per_zone"].items()}
    straight = district.distances.lookup(np.arange(161), today.first_school())
    assert straight.mean() == pytest.approx(facts["existing_zone_mean_m_unweighted"], rel=5e-3)


def test_an_id_that_is_not_one_is_told(chapel_hill):
    folder = chapel_hill()
    text = (folder / "case.toml").read_text().replace('id = "SEGNO"', 'id = "OBJECTID"')
    (folder / "case.toml").write_text(text)
    report = check_case(folder)
    assert sum("stands in rows" in line for line in said(report, "errors")) == 12
    text = text.replace('id = "OBJECTID"', 'id = "SEGNUM"')
    (folder / "case.toml").write_text(text)
    assert any("has no column SEGNUM; the nearest one is SEGNO" in line for line in said(check_case(folder), "errors"))


def test_an_old_workbook_is_read(chapel_hill):
    problems = Problems()
    section = TableSection(
        file="planned_developments_town.xls", columns={"name": "Name", "units": "# of units expected"}, values={"year": 2027}
    )
    table = read_table(chapel_hill(), "housing", section, problems)
    assert len(table) == 35
    assert table.text("name")[0]
    assert table.number("units", 0).sum() > 0


# --- Durham: Web Mercator, ids that repeat, rows of nothing


DURHAM = """
[case]
school_year = 2023
[tables.blocks]
file = "{blocks}"
columns = {{ id = "pu_2324_84"{pupils} }}
{join}
[tables.schools]
file = "capacities.csv"
columns = {{ id = "site_unit" }}
filter = "kind = 'existing'"
[zoning]
stage = "junior"
"""


def test_web_mercator_is_not_taken_for_metres(shared, tmp_path):
    source = shared / "cases" / "durham_dps"
    toml = DURHAM.format(blocks="planning_units.geojson", pupils=', pupils = "basez"', join="")
    report = check_case(folder_of(tmp_path, [source / "planning_units.geojson", source / "capacities.csv"], toml))
    facts = json.loads((source / "facts.json").read_text())
    district = report.district
    assert district.crs == "EPSG:32617"
    assert shapely.area(district.blocks.geometry).sum() / 1e6 == pytest.approx(771.375, rel=1e-3)
    assert district.demand.of_stage(Stage.JUNIOR, 2023).sum() == 7058
    assert district.schools.seats[:, 2].sum() == 6825
    assert report.summary["components"] == 1
    nearest = district.distances.to_matrix().min(axis=1)
    pupils = district.demand.of_stage(Stage.JUNIOR, 2023)
    assert np.average(nearest, weights=pupils) == pytest.approx(3661.9, rel=2e-3)
    assert nearest.max() == pytest.approx(19_987.7, rel=2e-3)
    assert facts
    assert any("kind holds something else than kind" in line for line in said(report))


def test_the_older_ids_repeat_and_that_is_told(shared, tmp_path):
    source = shared / "cases" / "durham_dps"
    join = 'join = { file = "plain.csv", key = "id", columns = { pupils = "n" } }'
    folder = folder_of(tmp_path, [source / "planning_units_ids.geojson", source / "capacities.csv"],
                       DURHAM.format(blocks="planning_units_ids.geojson", pupils="", join=join))  # fmt: skip
    (folder / "plain.csv").write_text("id,n\n" + "".join(f"{k}.0,1\n" for k in range(1, 851)), encoding="utf-8")
    report = check_case(folder)
    assert [line for line in said(report, "errors") if "774 stands in rows" in line]
    assert len(report.problems.errors) == 1


def test_rows_of_nothing_among_schools_are_told(shared, tmp_path):
    source = shared / "cases" / "durham_dps"
    toml = DURHAM.format(blocks="planning_units.geojson", pupils=', pupils = "basez"', join="").replace(
        "capacities.csv", "schools_all.geojson"
    )
    toml = toml.replace('id = "site_unit"', 'id = "name", seats = "OBJECTID"').replace("filter = \"kind = 'existing'\"", "")
    report = check_case(folder_of(tmp_path, [source / "planning_units.geojson", source / "schools_all.geojson"], toml))
    # Four of the six still have a flag or a code.
    assert "schools None: schools_all.geojson: 2 empty rows are left out" in said(report)
    assert sum("the row has no place" in line for line in said(report, "errors")) == 4


# --- Wanxiu: Chinese encodings, GCJ-02


def test_communities_in_both_encodings_are_the_same(shared):
    folder = shared / "cases" / "wanxiu_facts"
    tables = []
    for name in ("communities.csv", "communities_gb18030.csv"):
        problems = Problems()
        section = TableSection(file=name, columns={"id": "code", "area": "name"}, values={"year": 2020, "births": 1})
        tables.append(read_table(folder, "births", section.model_copy(update={"columns": {"area": "name"}}), problems))
        assert not problems.errors
    assert tables[0].text("area") == tables[1].text("area")
    assert len(tables[0]) == 63
    assert tables[0].text("area")[0] == "珠山社区居民委员会"


def test_the_boundary_of_a_web_map_is_noticed_against_true_blocks(shared, tmp_path):
    """Blocks in true degrees that fill the district, and the boundary as the web map gives it, in GCJ-02 without a word."""
    source = shared / "cases" / "wanxiu_facts" / "boundary_gmap.geojson"
    shifted = shapely.from_geojson(source.read_text()).geoms[0]
    outline = shapely.transform(shifted, lambda points: to_wgs84(points, "gcj02"))
    west, south, east, north = outline.bounds
    xs, ys = np.linspace(west, east, 9), np.linspace(south, north, 9)
    grid = [shapely.box(a, b, c, d) for a, c in pairwise(xs) for b, d in pairwise(ys)]
    cells = [cell.intersection(outline) for cell in grid]
    cells = [max(shapely.get_parts(cell), key=lambda part: part.area) for cell in cells if cell.area > 1e-6]
    features = [{"type": "Feature", "properties": {"id": f"b{k}", "pupils": 9}, "geometry": json.loads(shapely.to_geojson(cell))}
                for k, cell in enumerate(cells)]  # fmt: skip
    (tmp_path / "blocks.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    (tmp_path / "schools.csv").write_text("id,block,classrooms,stages\nA,b3,30,小学\n", encoding="utf-8")
    toml = '[case]\nschool_year = 2025\n[tables]\nblocks = "blocks.geojson"\nschools = "schools.csv"\n'
    toml += '[tables.boundary]\nfile = "boundary_gmap.geojson"\n'
    folder = folder_of(tmp_path, [source], toml)
    report = check_case(folder)
    noticed = [line for line in said(report) if "GCJ-02" in line]
    assert len(noticed) == 1
    assert "boundary None: lies 600 m off the blocks" in noticed[0]
    (folder / "case.toml").write_text(toml + 'crs = "gcj02"\n', encoding="utf-8")
    mended = check_case(folder)
    assert not [line for line in said(mended) if "GCJ-02" in line or "outside the district" in line]
    back = transformed(np.array([mended.district.boundary], dtype=object), Plane.named(mended.district.crs), Plane.named(WGS84))
    assert shapely.hausdorff_distance(back[0], outline) < 1e-6


# --- Porto Alegre: an OpenStreetMap extract


def test_an_openstreetmap_extract_is_a_table_of_roads(shared):
    problems = Problems()
    table = read_table(shared / "cases" / "porto_alegre", "roads", TableSection(file="roads.osm.pbf"), problems)
    assert not problems.errors
    assert len(table) > 15_000
    assert "residential" in table.text("class")
    assert (shapely.get_dimensions(table.geometry) == 1).all()
