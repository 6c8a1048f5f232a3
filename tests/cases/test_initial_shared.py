"""init on every shared real case: what each file is taken for, and what check then says; nothing of it is written there."""

from __future__ import annotations

import json
import shutil
import tomllib

import pytest
from typer.testing import CliRunner

from xuequ.api.cli import app
from xuequ.data.case import check_case
from xuequ.data.case_file import validate_case
from xuequ.data.initial import init_case
from xuequ.zoning.errors import CaseError
from xuequ.zoning.problems import Problems

pytestmark = pytest.mark.cases

# folder: tables with the file of each, other keys that must be guessed, words of the comments
CASES = {
    "zy": (
        {"blocks": "blocks.geojson", "schools": "schools.csv"},
        {"crs": "local-metres", "id": "unit_id", "seats": "capacity", "block": "block_id", "stage": "primary"},
        ["# guess: 324 rows", "# guess: 15 rows"],
    ),
    "gy2": (
        {"blocks": "blocks.geojson", "schools": "schools.csv"},
        {"crs": "local-metres", "id": "unit_id", "pupils": "demand1", "seats": "capacity", "stage": "primary"},
        ["# guess: 1,276 rows", "demand1 holds numbers, 40,995 together; see whether they are pupils"],
    ),
    "chapel_hill_chccs": (
        {"blocks": "segments.gpkg", "schools": "schools.csv", "roads": "roads.geojson",
         "catchments": "zone_children_vs_enrolment.csv"},
        {"id": "SEGNO", "seats": "capacity_derived", "class": "h", "stage": "primary"},
        ["# blocks is in NAD83 / North Carolina (ftUS)", "# guess: 14,449 rows", "# not used: pupils.csv",
         "# not used: segments_shapefile/CHCCS.shp"],
    ),
    "durham_dps": (
        {"blocks": "planning_units.geojson", "schools": "high_schools.geojson"},
        {"pupils": "student_gen", "stage": "primary"},
        ["# blocks is in WGS 84 / Pseudo-Mercator", "# not read: published_plan.json: is JSON but no GeoJSON FeatureCollection"],
    ),
    "eau_claire_ecasd": (
        {"enrolment": "enrolment_sections.csv", "births": "births.csv"},
        {"stage": "primary"},
        ["# No file looks like blocks, which every case needs:", "# No file looks like schools", "# not used: third_friday.ods"],
    ),
    "porto_alegre": (
        {"schools": "hexgrid.csv", "roads": "roads.osm.pbf"},
        {"class": "highway"},
        ["# No file looks like blocks", "# not used: points_of_interest.csv", "# roads is in WGS 84"],
    ),
    "wanxiu_facts": (
        {"boundary": "boundary_gmap.geojson"},
        {},
        ["# not used: communities_gb18030.csv", "# not used: communities.csv", "# No file looks like schools"],
    ),
}  # fmt: skip
READY = {"zy", "gy2"}


def values(part):
    """Return all values of a nested mapping by their last key."""
    found = {}
    for key, value in part.items():
        found |= values(value) if isinstance(value, dict) else {key: value}
    return found


@pytest.fixture(scope="module", params=CASES)
def guessed(request, shared, tmp_path_factory):
    """Return the name of a shared case, a copy of its folder with the case.toml that init wrote, and the text of it."""
    folder = tmp_path_factory.mktemp("cases") / request.param
    shutil.copytree(shared / "cases" / request.param, folder, copy_function=shutil.copyfile)
    folder.chmod(0o755)
    return request.param, folder, init_case(folder).read_text(encoding="utf-8")


def test_every_shared_case_is_in_these_tests(shared):
    assert {path.name for path in (shared / "cases").iterdir() if path.is_dir()} == set(CASES)


def test_files_are_taken_for_tables(guessed):
    name, _, text = guessed
    told = tomllib.loads(text)
    tables, keys, comments = CASES[name]
    assert {table: section["file"] for table, section in told["tables"].items()} == tables
    for table in told["tables"].values():
        assert all(f'columns.{ours} = "{theirs}"  # guess: ' in text for ours, theirs in table.get("columns", {}).items())
    found = values(told)
    first = {table: section.get("columns", {}) for table, section in told["tables"].items()}
    for key, value in keys.items():
        assert value in {found.get(key), *(columns.get(key) for columns in first.values())}, key
    for comment in comments:
        assert comment in text
    assert f'name = "{name}"  # guess: the folder\'s name' in text


def test_what_init_writes_is_a_case_file_without_a_fault(guessed):
    problems = Problems()
    assert validate_case(tomllib.loads(guessed[2]), problems) is not None
    assert not problems.errors


def test_check_of_the_guesses_speaks_in_sentences_and_through_the_command_line_too(guessed):
    name, folder, _ = guessed
    report = check_case(folder)
    assert report.ok == (name in READY)
    assert all(item.message and item.fix for item in report.problems)
    if name in {"chapel_hill_chccs", "durham_dps"}:
        return  # large: the answer of the command line is the same object
    result = CliRunner().invoke(app, ["check", str(folder), "--json"])
    assert "Traceback" not in result.output
    assert result.exit_code == (0 if name in READY else 3)
    assert json.loads(result.stdout)["errors"] == [item.to_json() for item in report.problems.errors]


def test_a_second_init_touches_nothing(guessed):
    _, folder, text = guessed
    with pytest.raises(CaseError, match=r"there is a case\.toml in .* already; rename it to have a new one written"):
        init_case(folder)
    assert (folder / "case.toml").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("name", sorted(READY))
def test_the_same_folder_gives_the_same_case_file(shared, tmp_path, name):
    texts = []
    for place in ("a", "b"):
        shutil.copytree(shared / "cases" / name, tmp_path / place / name, copy_function=shutil.copyfile)
        (tmp_path / place / name).chmod(0o755)
        texts.append(init_case(tmp_path / place / name).read_bytes())
    assert texts[0] == texts[1]
