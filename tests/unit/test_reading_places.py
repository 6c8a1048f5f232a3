"""Middles, wholes and planes of what is read: the quick ways give what the slow ones give."""

from __future__ import annotations

import math

import numpy as np
import pytest
import shapely
from case_folders import CRS, EAST, NORTH, SIDE, collection, feature, whole_case

from xuequ.data.case import check_case
from xuequ.data.cells import as_text, number_of, parse_column
from xuequ.data.folder import Limits
from xuequ.data.layers import read_layer
from xuequ.data.project import Plane, transformed
from xuequ.data.read import Table
from xuequ.data.tables import Column, Kind
from xuequ.data.validate_shapes import whole_of
from xuequ.zoning.errors import LimitExceeded

POINT, LINE, AREA = shapely.Point(1, 2), shapely.LineString([(0, 0), (4, 0), (4, 2)]), shapely.box(0, 0, 10, 4)
SHAPES = [POINT, None, LINE, shapely.Point(), AREA, shapely.MultiPoint([(0, 0), (2, 2)]), shapely.MultiPoint([(7, 7)]),
          shapely.MultiPolygon([AREA, shapely.box(10, 0, 20, 4)])]  # fmt: skip


def table(shapes):
    return Table("addresses", list(range(len(shapes))), {}, {}, None if shapes is None else np.array(shapes, dtype=object))


class TestMiddles:
    def test_of_points_lines_areas_and_collections(self):
        expected = [(1, 2), None, LINE.centroid.coords[0], None, (5, 2), (1, 1), (7, 7), (10, 2)]
        found = table(SHAPES).middles()
        assert np.isnan(found[[1, 3]]).all()
        for at, middle in enumerate(expected):
            if middle is not None:
                assert found[at].tolist() == pytest.approx(list(middle))

    def test_of_a_table_without_places(self):
        assert np.isnan(Table("births", [1, 2, 3], {}, {}).middles()).all()
        assert table([]).middles().shape == (0, 2)

    def test_the_shapes_stay_as_they_are(self):
        places = table(SHAPES)
        places.middles()
        assert places.geometry[4] is SHAPES[4]

    def test_addresses_drawn_as_houses_lie_in_the_middle_of_the_house(self, tmp_path):
        house = shapely.box(EAST + SIDE + 10, NORTH + 20, EAST + SIDE + 30, NORTH + 60)
        case = whole_case().table("addresses", collection([feature({"address": "House 1"}, house)]), file="addresses.geojson")
        (address,) = check_case(case.write(tmp_path)).district.addresses
        assert (address.block, address.x, address.y) == (1, pytest.approx(EAST + SIDE + 20), pytest.approx(NORTH + 40))


class TestWholes:
    @pytest.mark.parametrize(
        "shapes",
        [
            shapely.box([0, 10, 20], 0, [10, 20, 30], 5),
            shapely.box([0, 9, 20], 0, [10, 20, 30], 5),  # overlapping
            shapely.box([0, 11, 40], 0, [10, 20, 50], 5),  # apart
            np.array([AREA, shapely.difference(shapely.box(-5, -5, 20, 20), AREA)]),  # one inside another
            np.array([AREA, LINE, POINT]),
            np.array([AREA, None, shapely.Polygon()]),
            np.array([], dtype=object),
        ],
    )
    def test_as_the_union_of_all(self, shapes):
        assert whole_of(shapes).equals(shapely.union_all(shapes))


class TestPlanes:
    def test_each_pair_of_systems_keeps_its_own_way(self):
        """The way from one system to another is looked up once; it is not that of another pair, nor the way back."""
        degrees, utm, gauss = (Plane.named(name) for name in ("EPSG:4326", CRS, "EPSG:4546"))
        place = np.array([shapely.Point(111.31, 23.47)])
        there = {name: transformed(place, degrees, plane) for name, plane in (("utm", utm), ("gauss", gauss))}
        assert there["utm"][0].distance(there["gauss"][0]) > 1000
        for name, plane in (("utm", utm), ("gauss", gauss)):
            back = transformed(there[name], plane, degrees)[0]
            assert (back.x, back.y) == pytest.approx((111.31, 23.47), abs=1e-9)
        again = transformed(place, Plane.named("EPSG:4326"), Plane.named(CRS))
        assert again[0].equals(there["utm"][0])

    def test_shifted_and_plain_degrees_do_not_share_a_way(self):
        degrees, shifted, utm = (Plane.named(name) for name in ("EPSG:4326", "gcj02", CRS))
        place = np.array([shapely.Point(111.31, 23.47)])
        apart = transformed(place, degrees, utm)[0].distance(transformed(place, shifted, utm)[0])
        assert 400 < apart < 800


class TestCells:
    NUMBER = Column("pupils", Kind.COUNT, "pupils")

    @pytest.mark.parametrize("cell", [10**400, -(10**400)])
    def test_a_number_beyond_all_numbers_is_not_finite(self, cell):
        assert math.isinf(number_of(cell)[0])
        parsed = parse_column([cell, 5], self.NUMBER)
        assert (parsed.faults[0].position, parsed.faults[0].message) == (0, "is not finite")
        assert parsed.values[1] == 5
        assert np.isnan(parsed.values[0])

    def test_a_years_fault_is_told_at_every_row_that_has_it(self):
        parsed = parse_column(["2020", "20X6", "2020", "20X6", 2021, "1899", "1899"], Column("year", Kind.YEAR))
        assert [fault.position for fault in parsed.faults] == [1, 3, 5, 6]
        assert parsed.values[[0, 2, 4]].tolist() == [2020, 2020, 2021]

    @pytest.mark.parametrize(
        ("cell", "text"),
        [
            ("Ａ\u3000１", "A 1"),
            ("一\u3000", "一"),
            ("x\ufeff", "x"),
            ("é １", "é 1"),
            ("（Ａ）", "（A）"),
            ("  plain  ", "plain"),
        ],
    )
    def test_wide_letters_become_narrow_wherever_they_stand(self, cell, text):
        assert as_text(cell) == text

    def test_a_column_of_plain_numbers_is_read_as_it_is(self):
        assert parse_column([1, 2.0, 3], self.NUMBER).values.tolist() == [1, 2, 3]
        mixed = parse_column([1, True, None, "4"], self.NUMBER)
        assert [fault.position for fault in mixed.faults] == [1]
        assert mixed.values[[0, 3]].tolist() == [1, 4]


def test_a_number_of_thousands_of_digits_in_case_toml_is_told(tmp_path):
    case = whole_case()
    case.sections["case"] = case.sections["case"].replace("2025", "1" * 5000)
    (error,) = check_case(case.write(tmp_path / "file")).problems.errors
    assert (error.table, error.message) == ("case.toml", "a number has thousands of digits")
    report = check_case(whole_case().write(tmp_path / "override"), [f"case.school_year={'1' * 5000}"])
    assert any(problem.table == "case.toml" for problem in report.problems.errors)


class TestGeoJson:
    @pytest.fixture
    def path(self, tmp_path):
        file = tmp_path / "five.geojson"
        file.write_text(collection([feature({"id": k}, POINT) for k in range(5)]), encoding="utf-8")
        return file

    def test_rows_are_bounded(self, path):
        assert len(read_layer(path.parent, path, None, None, Limits(rows=5)).geometry) == 5
        with pytest.raises(LimitExceeded, match=r"five\.geojson has 5 rows; at most 4 are read"):
            read_layer(path.parent, path, None, None, Limits(rows=4))

    def test_a_layer_that_it_has_not_is_told(self, tmp_path):
        case = whole_case()
        case.sections["tables.blocks"] += '\nlayer = "streets"'
        (error,) = check_case(case.write(tmp_path)).problems.errors
        assert "has no layer streets; there are" in error.message
