"""Any shape, any value of any key, any row: a case ends in a district or in sentences, and what is written is read again."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
from case_folders import EAST, NORTH, Folder, whole_case
from case_rows import ROWS
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xuequ.data.case import check_case, read_case, read_case_file
from xuequ.data.exports import write_demand
from xuequ.data.repair import fix_case
from xuequ.zoning.problems import Problems

FEW = settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
FEWER = settings(FEW, max_examples=6)
NUMBERS = st.sampled_from([EAST, EAST + 300, NORTH, NORTH + 300, 0.0, -1.0, 1e8, 1e300, -90.0, 111.3, 23.4]) | st.floats(
    -1e7, 1e7
)
CORNERS = st.lists(st.lists(NUMBERS, min_size=2, max_size=3), max_size=6)
SHAPES = st.one_of(
    st.none(),
    st.builds(lambda corner: {"type": "Point", "coordinates": corner}, st.lists(NUMBERS, max_size=3)),
    st.builds(lambda line: {"type": "LineString", "coordinates": line}, CORNERS),
    st.builds(lambda rings: {"type": "Polygon", "coordinates": rings}, st.lists(CORNERS, max_size=2)),
    st.builds(lambda ring: {"type": "Polygon", "coordinates": [[*ring, *ring[:1]]]}, CORNERS),
    st.builds(
        lambda rings: {"type": "MultiPolygon", "coordinates": [[[*ring, *ring[:1]]] for ring in rings]},
        st.lists(CORNERS, max_size=3),
    ),
    st.builds(
        lambda parts: {"type": "GeometryCollection", "geometries": parts},
        st.lists(st.builds(lambda line: {"type": "LineString", "coordinates": line}, CORNERS), max_size=2),
    ),
)
VALUES = st.one_of(
    st.booleans(),
    st.integers(-(10**30), 10**30),
    st.floats(),
    st.sampled_from(["full", "primary", "A", "b1", "2026-05-01", "", "EPSG:4490"]),
    st.lists(st.integers(-5, 3000) | st.sampled_from(["moved", "distance", "b0"]), max_size=3),
    st.just({}),
)
KEYS = st.sampled_from(
    [
        "case.crs",
        "case.years",
        "case.school_year",
        "case.timezone",
        "zoning.goals",
        "zoning.moved_max",
        "zoning.keep_together",
        "zoning.tolerances.moved",
        "seats.budgets.school.2027",
        "seats.years",
        "seats.discount",
        "seats.group_blocks",
        "seats.scenarios",
        "clusters.size",
        "clusters.count",
        "clusters.leads",
        "borders.tolerance_m",
        "borders.near_miss_m",
        "publish.decided",
        "roads.join_ends_m",
        "roads.snap",
        "forecast.recent",
        "rules.horizon_after",
        "rules.cohort_weights",
        "rules.limit.primary",
        "tables.blocks.filter",
        "tables.schools.columns.name",
        "tables.births.values.month",
        "tables.roads.crs",
        "tables.boundary.layer",
    ]
)


def sentences(report):
    """Say that a report is made of sentences and fits its district."""
    assert report.ok == (report.district is not None)
    assert all(item.message and item.fix and "\n" not in item.message for item in report.problems)
    json.dumps(report.to_json(), allow_nan=False)
    return True


@given(st.lists(st.tuples(st.integers(0, 5), SHAPES), min_size=1, max_size=3), st.sampled_from(["blocks", "boundary", "roads"]))
@FEW
def test_any_shapes_end_in_a_district_or_in_sentences(shapes, table):
    case = whole_case(3, 2)
    if table == "blocks":
        for k, shape in shapes:
            case.blocks[k]["geometry"] = shape
    else:
        features = json.loads(case.files[f"{table}.geojson"])
        features["features"] += [{"type": "Feature", "properties": {}, "geometry": shape} for _, shape in shapes]
        case.files[f"{table}.geojson"] = json.dumps(features)
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        assert sentences(check_case(case.write(Path(folder))))


@given(st.lists(st.tuples(KEYS, VALUES), min_size=1, max_size=3))
@FEW
def test_any_values_of_keys_end_in_a_district_or_in_sentences(given_values):
    overrides = [f"{key}={json.dumps(value)}" for key, value in given_values]
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        assert sentences(check_case(whole_case(2, 2).write(Path(folder)), overrides))


@given(st.data())
@FEWER
def test_any_table_with_rows_of_anything_ends_in_a_district_or_in_sentences(data):
    case = whole_case(2, 2)
    table = data.draw(st.sampled_from(sorted(set(ROWS) - {"blocks", "schools", "roads", "boundary"})))
    words = [
        "",
        "?",
        "-1",
        "0",
        "12人",
        "1e300",
        "nan",
        "A",
        "b0",
        "b1;b2",
        "primary",
        "g1",
        "2026",
        "是",
        "45;44",
        "new",
        "river",
    ]
    rows = []
    for _ in range(data.draw(st.integers(0, 3))):
        row = dict(ROWS[table])
        for column in data.draw(st.lists(st.sampled_from(sorted(row)), max_size=4)):
            row[column] = data.draw(st.sampled_from(words))
        rows.append(row)
    case.table(table, rows or ",".join(ROWS[table]) + "\n")
    with tempfile.TemporaryDirectory() as folder, np.errstate(all="ignore"):
        report = check_case(case.write(Path(folder) / "case"))
        assert sentences(report)
        fix_case(Path(folder) / "case", Path(folder) / "copy")
        again = check_case(Path(folder) / "copy")
    assert sentences(again)
    assert again.ok or not report.ok  # what is mended may become good, and never bad


@given(st.lists(st.lists(st.integers(0, 90), min_size=6, max_size=6), min_size=4, max_size=4))
@FEWER
def test_a_demand_that_is_written_is_a_table_that_gives_it_again(pupils):
    case = whole_case(2, 2)
    for item, grades in zip(case.blocks, pupils, strict=True):
        item["properties"] |= {f"pupils_g{k}": number for k, number in enumerate(grades, 1)}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        demand = read_case(case.write(folder / "one")).district.demand
        path = write_demand(folder / "out", read_case(folder / "one").district)
        case.table("demand", path.read_bytes())
        again = read_case(case.write(folder / "two")).district.demand
    years = [year for year in demand.years if demand.by_grade(year).any()]
    assert set(years) <= set(again.years)
    for year in years:
        assert (again.by_grade(year) == demand.by_grade(year)).all()


@given(
    st.lists(
        st.tuples(st.sampled_from(["name", "data_licence", "language"]), st.sampled_from(["zh", "en", "a=b", '"x"', "[1]"])),
        max_size=5,
    )
)
@FEW
def test_the_last_override_of_a_key_counts(overrides):
    texts = [f"case.{key}={json.dumps(value)}" for key, value in overrides]
    problems = Problems()
    with tempfile.TemporaryDirectory() as folder:
        file = read_case_file(Folder(toml='[case]\nname = "first"\n').write(Path(folder)), texts, problems)
    last = dict(overrides)
    if last.get("language", "zh") in {"zh", "en"}:
        assert (file.case.name, file.case.language) == (last.get("name", "first"), last.get("language", "zh"))
        assert file.case.data_licence == last.get("data_licence", "")
    else:
        assert file is None
        assert [item.column for item in problems.errors] == ["case.language"]
