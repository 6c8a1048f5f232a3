"""The plan folder: whole or not at all, the same bytes twice, and every fault of it named."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from districts import grid_district
from plans import certified, hand_plan, nearest_catchments, rich_district, rich_plan

from xuequ.data import plan_from, plan_tables, plans, read_plan, write_plan
from xuequ.data.plans import verify_folder
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.errors import InputError, LimitExceeded, TableError
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify

FILES = {
    "assignment.csv", "catchments.gpkg", "certificate.json", "clusters.csv", "overflow.csv", "plan.json", "scenarios.csv",
    "schools.csv", "seats.csv",
}  # fmt: skip


@pytest.fixture(scope="module")
def rich():
    district = rich_district()
    return district, state(district, rich_plan(district), version="0.1.0")


@pytest.fixture
def written(rich, tmp_path):
    district, statement = rich
    return write_plan(tmp_path / "plan", district, statement)


def small_zone_plan():
    district = grid_district(years=(2026,))
    return district, certified(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026)))


class TestWriting:
    def test_the_files_are_those_of_the_contract(self, written):
        assert {path.name for path in written.iterdir()} == FILES

    def test_the_columns_are_those_of_the_contract(self, written):
        heads = {name: (written / name).read_text(encoding="utf-8").splitlines()[0] for name in FILES if name.endswith("csv")}
        assert heads["assignment.csv"] == "block_id,stage,year,school_id,distance_m,previous_school_id,reason"
        assert heads["schools.csv"] == (
            "school_id,stage,year,grade,pupils,classes,largest_class,large,super_large,planned,working,utilisation,alert"
        )
        assert heads["seats.csv"] == "site_id,programme,stage,year,classrooms,seats,land_m2,floor_m2,cost,reason"
        assert heads["clusters.csv"] == "school_id,cluster,role"
        assert heads["overflow.csv"] == "school_id,stage,year,pupils,to_school_id,distance_m"
        assert heads["scenarios.csv"] == f"scenario,{heads['schools.csv']}"

    def test_what_is_read_back_is_equal_and_verifies(self, rich, written):
        district, statement = rich
        found = read_plan(written)
        assert found == statement
        assert verify(district, found).ok

    def test_two_writings_have_the_same_bytes(self, rich, written, tmp_path):
        district, statement = rich
        again = write_plan(tmp_path / "again", district, statement)
        for name in FILES:
            assert (again / name).read_bytes() == (written / name).read_bytes(), name

    def test_text_files_have_line_feeds_and_no_time(self, written):
        for name in FILES - {"catchments.gpkg"}:
            assert b"\r" not in (written / name).read_bytes()
        plan = json.loads((written / "plan.json").read_text(encoding="utf-8"))
        assert "seconds" not in plan
        assert plan["program"] == "0.1.0"

    def test_a_site_not_chosen_has_zeros_and_no_year(self, written):
        assert "unused,school,primary,,0,0,0,0,0,seats are enough without it" in (written / "seats.csv").read_text().splitlines()

    def test_outlines_cover_the_district_once_a_stage_and_year(self, rich, written):
        district, _ = rich
        frame = gpd.read_file(written / "catchments.gpkg", engine="pyogrio")
        year = frame[(frame["stage"] == "primary") & (frame["year"] == 2026)]
        assert set(year["school_id"]) == {"s0", "s1", "s2", "s3"}
        assert year["blocks"].sum() == len(district.blocks)
        assert year.area.sum() == pytest.approx(36 * 200.0**2)
        assert set(frame.geom_type) == {"MultiPolygon"}

    def test_a_case_of_points_has_outlines_of_points(self, tmp_path):
        district, plan = small_zone_plan()
        points = district.replace(blocks=replace(district.blocks, geometry=None), crs="EPSG:4547")
        folder = write_plan(tmp_path / "plan", points, state(points, plan.replace(fingerprint=points.fingerprint)))
        frame = gpd.read_file(folder / "catchments.gpkg", engine="pyogrio")
        assert set(frame.geom_type) == {"MultiPoint"}
        assert frame.crs.to_epsg() == 4547

    def test_a_plan_without_catchments_has_no_outlines(self, tmp_path):
        district = grid_district(years=(2026,))
        plan = Plan(PlanKind.SEATS, Status.INFEASIBLE, district.fingerprint)
        folder = write_plan(tmp_path / "plan", district, state(district, plan))
        assert {path.name for path in folder.iterdir()} == {
            "assignment.csv", "certificate.json", "clusters.csv", "plan.json", "schools.csv", "seats.csv",
        }  # fmt: skip
        assert plan_from(district, read_plan(folder)).status is Status.INFEASIBLE

    def test_texts_with_commas_quotes_and_chinese_come_back(self, tmp_path):
        district, plan = small_zone_plan()
        ids = ('龙湖,"中心"', *district.blocks.ids[1:])
        named = district.replace(blocks=replace(district.blocks, ids=ids))
        statement = state(named, plan.replace(fingerprint=named.fingerprint))
        assert read_plan(write_plan(tmp_path / "计划", named, statement)) == statement


class TestReplacing:
    def test_a_plan_is_replaced_and_nothing_is_left_beside_it(self, written):
        small, plan = small_zone_plan()
        write_plan(written, small, state(small, plan))
        assert read_plan(written).plan["kind"] == "zone"
        assert [path.name for path in written.parent.iterdir()] == ["plan"]

    def test_an_empty_folder_is_used(self, rich, tmp_path):
        district, statement = rich
        (tmp_path / "plan").mkdir()
        assert write_plan(tmp_path / "plan", district, statement).is_dir()

    @pytest.mark.parametrize("name", ["notes.txt", "plan.json"])
    def test_a_folder_that_is_no_plan_is_kept(self, rich, tmp_path, name):
        district, statement = rich
        (tmp_path / name).write_text("{}")
        with pytest.raises(InputError, match="holds other files and no plan"):
            write_plan(tmp_path, district, statement)
        assert [path.name for path in tmp_path.iterdir()] == [name]

    def test_a_file_is_kept(self, rich, tmp_path):
        district, statement = rich
        (tmp_path / "plan").write_text("mine")
        with pytest.raises(InputError, match="is not a folder"):
            write_plan(tmp_path / "plan", district, statement)

    def test_a_link_is_kept(self, rich, written, tmp_path):
        district, statement = rich
        (tmp_path / "link").symlink_to(written)
        with pytest.raises(InputError, match="is not a folder"):
            write_plan(tmp_path / "link", district, statement)

    def test_where_writing_fails_the_old_plan_stays(self, rich, written, monkeypatch):
        district, statement = rich
        before = {path.name: path.read_bytes() for path in written.iterdir()}

        def fail(*_):
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(plans, "write_catchments", fail)
        with pytest.raises(InputError, match="No space left"):
            write_plan(written, district, statement)
        assert {path.name: path.read_bytes() for path in written.iterdir()} == before
        assert [path.name for path in written.parent.iterdir()] == ["plan"]

    def test_where_the_last_step_fails_the_old_plan_comes_back(self, rich, written, monkeypatch):
        district, statement = rich
        rename = Path.rename

        def fail(self, target):
            if Path(target) == written and "old" not in str(self):
                raise OSError(16, "Device or resource busy")
            return rename(self, target)

        monkeypatch.setattr(Path, "rename", fail)
        with pytest.raises(InputError, match="busy"):
            write_plan(written, district, statement)
        assert read_plan(written).plan["kind"] == "plan"


def change(folder, name, old, new):
    path = folder / name
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


class TestFaultsOfTheFolder:
    def test_no_folder(self, tmp_path):
        with pytest.raises(InputError, match="there is no plan folder"):
            read_plan(tmp_path / "nothing")

    @pytest.mark.parametrize("name", ["plan.json", "certificate.json"])
    def test_a_missing_object(self, written, name):
        (written / name).unlink()
        with pytest.raises(InputError, match=f"{name} is missing"):
            read_plan(written)

    @pytest.mark.parametrize("text", ["{", "[" * 100_000, '{"a": NaN}', "\ufeff{,}"])
    def test_what_is_no_json(self, written, text):
        (written / "plan.json").write_text(text, encoding="utf-8")
        with pytest.raises(InputError, match=r"is not JSON"):
            read_plan(written)

    def test_json_that_is_no_object(self, written):
        (written / "plan.json").write_text("[]", encoding="utf-8")
        with pytest.raises(InputError, match="holds no JSON object"):
            read_plan(written)

    def test_an_unknown_format(self, written):
        change(written, "plan.json", '"format": 1', '"format": 99')
        with pytest.raises(InputError, match="this version reads format 1"):
            read_plan(written)

    def test_a_missing_table(self, written):
        (written / "schools.csv").unlink()
        with pytest.raises(TableError, match=r"schools\.csv: the file is missing"):
            read_plan(written)

    def test_all_faults_of_all_tables_are_told_together(self, written):
        change(written, "assignment.csv", "b0_0,kindergarten,2026,s0,0.0", "b0_0,kindergarten,soon,s0,near")
        change(written, "schools.csv", "school_id,stage", "school,stage")
        change(written, "clusters.csv", "s1,s1,lead", "s1,s1")
        with pytest.raises(TableError) as raised:
            read_plan(written)
        found = {(item.table, item.row, item.column) for item in raised.value.problems.errors}
        assert found == {
            ("assignment.csv", 2, "year"), ("assignment.csv", 2, "distance_m"), ("schools.csv", 1, None),
            ("clusters.csv", 5, None),
        }  # fmt: skip

    @pytest.mark.parametrize("cell", ["nan", "inf", "1e400", "9" * 30, "", "1.5"])
    def test_numbers_that_are_none(self, written, cell):
        text = (written / "seats.csv").read_text(encoding="utf-8").splitlines()
        cells = text[1].split(",")
        cells[5] = cell
        (written / "seats.csv").write_text("\n".join([text[0], ",".join(cells), *text[2:]]) + "\n", encoding="utf-8")
        with pytest.raises(TableError, match="column seats"):
            read_plan(written)

    def test_bytes_that_are_no_text(self, written):
        (written / "seats.csv").write_bytes(b"\xff\xfe\x00")
        with pytest.raises(TableError, match="not UTF-8"):
            read_plan(written)

    def test_a_broken_quote(self, written):
        with (written / "clusters.csv").open("a", encoding="utf-8") as file:
            file.write('"s9,s9,lead')
        with pytest.raises(TableError, match="not a CSV table"):
            read_plan(written)

    @pytest.mark.parametrize(("limit", "module"), [("_LARGEST_FILE", plan_tables), ("_LARGEST_OBJECT", plans)])
    def test_more_than_is_read(self, written, monkeypatch, limit, module):
        monkeypatch.setattr(module, limit, 10)
        with pytest.raises(LimitExceeded, match="larger than"):
            read_plan(written)

    def test_a_table_that_is_a_folder(self, written):
        (written / "seats.csv").unlink()
        (written / "seats.csv").mkdir()
        with pytest.raises(InputError, match="cannot be read"):
            read_plan(written)

    def test_an_object_that_is_a_folder(self, written):
        (written / "plan.json").unlink()
        (written / "plan.json").mkdir()
        with pytest.raises(InputError, match="cannot be read"):
            read_plan(written)

    def test_a_byte_order_mark_is_no_fault(self, rich, written):
        _, statement = rich
        path = written / "clusters.csv"
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
        assert read_plan(written) == statement


class TestPlanAgain:
    def test_a_whole_plan_states_the_same_again(self, rich):
        district, statement = rich
        plan = plan_from(district, statement)
        assert state(district, plan, version="0.1.0") == statement
        assert plan.kind is PlanKind.PLAN
        assert plan.of(Stage.JUNIOR, 2027).year == 2027
        assert plan.seats.first_year("new") == 2027
        assert dict(plan.clusters.names) == {"s0": "West", "s1": "East"}

    def test_a_certificate_comes_back(self):
        district, plan = small_zone_plan()
        statement = state(district, plan)
        again = plan_from(district, statement)
        np.testing.assert_array_equal(again.certificates[0].multipliers, plan.certificates[0].multipliers)
        assert state(district, again) == statement
        assert verify(district, again).ok

    def test_blocks_without_a_school_come_back(self):
        district = grid_district(years=(2026,))
        matrix = district.distances.to_matrix()
        matrix[20] = np.inf
        cut = district.replace(
            distances=type(district.distances).from_matrix(matrix), adjacency=Adjacency.from_pairs(36, np.empty((0, 2)))
        )
        plan = hand_plan(cut, nearest_catchments(cut, Stage.PRIMARY, 2026))
        statement = state(cut, plan)
        assert statement.assignment[20].school_id == ""
        assert statement.assignment[20].reason == "none"
        assert plan_from(cut, statement).catchments[0].zone[20] == -1
        assert verify(cut, statement).ok

    @pytest.mark.parametrize(
        ("table", "changes", "word"),
        [
            ("assignment", {"block_id": "b9_9"}, "no block 'b9_9'"),
            ("assignment", {"school_id": "s0;s9"}, "no school 's9'"),
            ("assignment", {"stage": "college"}, "no stage 'college'"),
            ("assignment", {"block_id": "b0_1"}, "stands there twice"),
            ("seats", {"site_id": "secret"}, "no site 'secret'"),
            ("seats", {"stage": "college"}, "no stage 'college'"),
            ("clusters", {"role": "boss"}, "no role 'boss'"),
        ],
    )
    def test_rows_that_the_case_does_not_know(self, rich, table, changes, word):
        district, statement = rich
        rows = getattr(statement, table)
        changed = replace(statement, **{table: (rows[0]._replace(**changes), *rows[1:])})
        with pytest.raises(TableError, match=word):
            plan_from(district, changed)

    @pytest.mark.parametrize(
        ("key", "value", "word"),
        [
            ("kind", "wish", "expected is one of zone, seats"),
            ("status", 3, "a text is expected"),
            ("seed", "x", "a whole number is expected"),
            ("seed", True, "a whole number is expected"),
            ("objective", "low", "a number or null is expected"),
            ("goals", {}, "a list is expected"),
            ("goals", [3], "an object is expected"),
            ("settings", [], "an object is expected"),
        ],
    )
    def test_values_of_another_kind(self, rich, key, value, word):
        district, statement = rich
        with pytest.raises(InputError, match=word):
            plan_from(district, replace(statement, plan=dict(statement.plan) | {key: value}))

    def test_a_value_left_out(self, rich):
        district, statement = rich
        plan = {key: value for key, value in statement.plan.items() if key != "regime"}
        with pytest.raises(InputError, match="has no 'regime'"):
            plan_from(district, replace(statement, plan=plan))

    @pytest.mark.parametrize("multipliers", [[1.5], ["1"], [1 << 70], 3])
    def test_multipliers_that_are_no_whole_numbers(self, multipliers):
        district, plan = small_zone_plan()
        statement = state(district, plan)
        item = dict(statement.certificate["certificates"][0]) | {"multipliers": multipliers}
        with pytest.raises(InputError, match="multipliers"):
            plan_from(district, replace(statement, certificate={"certificates": [item]}))


class TestVerifyingTheFolder:
    """`verify_folder` also looks at the outlines."""

    def failed(self, district, folder):
        found = verify_folder(district, folder)
        json.dumps(found.to_json(), allow_nan=False)
        return {item.name: item.detail for item in found.failed}

    def test_a_true_folder(self, rich, written):
        assert self.failed(rich[0], written) == {}

    def test_a_missing_file(self, rich, written):
        (written / "catchments.gpkg").unlink()
        assert "missing" in self.failed(rich[0], written)["catchments.gpkg"]

    def test_what_is_no_geopackage(self, rich, written):
        (written / "catchments.gpkg").write_bytes(b"nothing")
        assert "cannot be read" in self.failed(rich[0], written)["catchments.gpkg"]

    @pytest.mark.parametrize(
        ("lie", "word"),
        [
            (lambda frame: frame.iloc[1:], "not in both"),
            (lambda frame: frame.assign(blocks=[frame.blocks[0] + 1, *frame.blocks[1:]]), "blocks, not"),
            (
                lambda frame: frame.set_geometry(frame.geometry.buffer(1).where(frame.index == 0, frame.geometry)),
                "another outline",
            ),
            (lambda frame: frame.rename(columns={"blocks": "number"}), "its columns are"),
        ],
    )
    def test_outlines_that_are_not_the_catchments(self, rich, written, lie, word):
        path = written / "catchments.gpkg"
        frame = gpd.read_file(path, engine="pyogrio")
        path.unlink()
        lie(frame).to_file(path, layer="catchments", driver="GPKG", engine="pyogrio", promote_to_multi=True)
        assert word in self.failed(rich[0], written)["catchments.gpkg"]

    def test_rows_that_lie_are_told_too(self, rich, written):
        change(written, "assignment.csv", "b0_1,primary,2026,s0,200.0", "b0_1,primary,2026,s0,199.0")
        assert set(self.failed(rich[0], written)) == {"assignment.distance_m"}

    def test_a_plan_without_catchments_needs_no_outlines(self, tmp_path):
        district = grid_district(years=(2026,))
        folder = write_plan(
            tmp_path / "plan", district, state(district, Plan(PlanKind.ZONE, Status.STOPPED, district.fingerprint))
        )
        assert "catchments.gpkg" not in self.failed(district, folder)


def test_a_folder_that_may_not_be_written(rich, tmp_path):
    district, statement = rich
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        write_plan(tmp_path / "file" / "plan", district, statement)
    assert os.listdir(tmp_path) == ["file"]
