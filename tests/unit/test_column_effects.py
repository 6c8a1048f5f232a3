"""What becomes of optional columns in a district: the value that stands for a column left out, and the one that is given."""

from __future__ import annotations

import numpy as np
import pytest
from case_folders import EAST, NORTH, SIDE, whole_case

from xuequ.data.case import check_case, read_case
from xuequ.zoning.cluster import Role, TieKind
from xuequ.zoning.options import Lock
from xuequ.zoning.places import NEVER, Action, SchoolKind, Setting
from xuequ.zoning.stage import GRADES, Stage

SITE = {"id": "N", "action": "new", "stages": "primary", "classrooms_max": 24, "block": "b5"}


def made(case, folder):
    return read_case(case.write(folder)).district


def record(columns, k):
    """Return one entry of a record of columns."""
    return {name: getattr(columns, name)[k] for name in columns.__dataclass_fields__ if getattr(columns, name) is not None}


BLOCK = [
    ("name", "龙湖", "names", "", "龙湖"), ("community", "富民", "communities", "", "富民"),
    ("setting", "农村", "settings", Setting.URBAN, Setting.RURAL), ("households", "1,234", "households", 0, 1234),
]  # fmt: skip


@pytest.mark.parametrize(("column", "cell", "field", "without", "then"), BLOCK)
def test_a_column_of_the_blocks(tmp_path, column, cell, field, without, then):
    case = whole_case()
    for item in case.blocks:
        item["properties"].pop(column, None)
    case.sections.pop("tables.births")
    case.blocks[1]["properties"][column] = cell
    blocks = made(case, tmp_path).blocks
    assert (getattr(blocks, field)[0], getattr(blocks, field)[1]) == (without, then)


def test_the_point_of_a_block_may_be_given(tmp_path):
    case = whole_case()
    case.blocks[1]["properties"] |= {"point_x": EAST + 301, "point_y": NORTH + 2}
    case.blocks[2]["properties"] |= {"point_x": EAST + 601}
    points = made(case, tmp_path).blocks.points
    assert points[:3].tolist() == [[EAST + 150, NORTH + 150], [EAST + 301, NORTH + 2], [EAST + 750, NORTH + 150]]


SCHOOL = [
    ("name", "", "names", "A", None),
    ("name", "富民小学", "names", "A", "富民小学"),
    ("setting", "城郊", "settings", Setting.URBAN, Setting.PERIURBAN),
    ("ownership", "普惠性民办", "ownership", "public", "inclusive"),
    ("kind", "教学点", "kinds", SchoolKind.FULL, SchoolKind.TEACHING_POINT),
    ("standard", "30", "kinds", SchoolKind.FULL, SchoolKind.NON_FULL),
    ("standard", "45", "kinds", SchoolKind.FULL, SchoolKind.FULL),
    ("lead", "是", "lead", False, True),
    ("group", "一集团", "group", "", "一集团"),
    ("land_m2", "8000.5", "land_m2", 0, 8000.5),
    ("opened", "1998年", "opened", 0, 1998),
    ("closed", "2031", "closed", NEVER, 2031),
    ("necessary", "yes", "necessary", False, True),
    ("invented", "1", "invented", False, True),
]


@pytest.mark.parametrize(("column", "cell", "field", "without", "then"), SCHOOL)
def test_a_column_of_the_schools(tmp_path, column, cell, field, without, then):
    case = whole_case()
    for row in case.schools:
        row.pop(column, None)
    plain = made(case, tmp_path / "without").schools
    assert getattr(plain, field)[0] == without
    case.schools[0][column], case.schools[1][column] = cell, ""
    schools = made(case, tmp_path / "with").schools
    assert getattr(schools, field)[0] == (without if then is None else then)
    assert getattr(schools, field)[1] == getattr(plain, field)[1]


@pytest.mark.parametrize(
    ("cells", "rooms", "seats"),
    [
        ({"stages": "primary", "classrooms": 9}, [0, 9, 0], [-1, -1, -1]),
        ({"stages": "junior", "classrooms": 9}, [0, 0, 9], [-1, -1, -1]),
        ({"classrooms_junior": 9}, [0, 0, 9], [-1, -1, -1]),
        ({"stages": "九年一贯制", "classrooms_primary": 12, "classrooms_junior": 9}, [0, 12, 9], [-1, -1, -1]),
        ({"stages": "primary", "seats": 405}, [0, -1, 0], [-1, 405, -1]),
        ({"stages": "primary", "seats": 405, "classrooms": 9}, [0, 9, 0], [-1, -1, -1]),
        ({"stages": "幼儿园、小学", "seats_kindergarten": 150, "classrooms_primary": 6}, [-1, 6, 0], [150, -1, -1]),
        ({"stages": "primary", "seats": 0}, [0, 0, 0], [-1, -1, -1]),
        ({"stages": "primary", "classrooms": 0, "seats": 90}, [0, -1, 0], [-1, 90, -1]),
    ],
)
def test_classrooms_and_seats_in_the_ways_they_may_be_given(tmp_path, cells, rooms, seats):
    case = whole_case()
    case.schools[0] = {"id": "A", "x": EAST + 150, "y": NORTH + 150, **cells}
    schools = check_case(case.write(tmp_path)).district.schools
    assert schools.rooms[0].tolist() == rooms
    assert schools.seats[0].tolist() == seats


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"stages": "primary"}, "offers primary but has neither classrooms nor seats for it"),
        ({"stages": "primary;junior", "classrooms": 9}, "offers primary but has neither classrooms nor seats for it"),
        ({"stages": "primary;junior", "classrooms_primary": 9}, "offers junior but has neither classrooms nor seats for it"),
        ({"classrooms": 9}, "it is not known which stages the school offers"),
    ],
)
def test_a_school_of_which_it_is_not_known_how_large_it_is(tmp_path, cells, said):
    case = whole_case()
    case.schools[0] = {"id": "A", "x": EAST + 150, "y": NORTH + 150, **cells}
    case.schools[1] |= {"stages": "primary;junior", "classrooms_primary": 9, "classrooms_junior": 3, "classrooms": ""}
    errors = check_case(case.write(tmp_path)).problems.errors
    assert (said, "A") in {(item.message, item.row) for item in errors}


SITES = [
    ("name", "新校", "name", "N", "新校"),
    ("classrooms_min", 12, "rooms_min", 0, 12),
    ("step", 6, "step", 1, 6),
    ("step", 0, "step", 1, 1),
    ("earliest_year", "2027学年", "earliest_year", 0, 2027),
    ("lead_years", 2, "lead_years", 0, 2),
    ("land_m2", 9000.7, "land_m2", 0, 9001),
    ("floor_m2", 24000, "floor_m2_per_room", 0, 1000),
    ("floor_m2_per_room", 900, "floor_m2_per_room", 0, 900),
    ("cost_fixed_wan", 850.4, "cost_fixed_wan", 0, 850),
    ("cost_room_wan", "120万元", "cost_room_wan", 0, 120),
    ("convertible", "yes", "convertible", False, True),
    ("conversion_approved", "是", "conversion_approved", False, True),
    ("setting", "rural", "setting", Setting.URBAN, Setting.RURAL),
    ("notes", "by the river", "notes", "", "by the river"),
    ("action", "新建", "action", Action.NEW, Action.NEW),
    ("stages", "小学;初中", "stages", (Stage.PRIMARY,), (Stage.PRIMARY, Stage.JUNIOR)),
]


@pytest.mark.parametrize(("column", "cell", "field", "without", "then"), SITES)
def test_a_column_of_the_sites(tmp_path, column, cell, field, without, then):
    case = whole_case().table("sites", [SITE])
    assert getattr(made(case, tmp_path / "without").sites[0], field) == without
    case.table("sites", [SITE | {column: cell}])
    assert getattr(made(case, tmp_path / "with").sites[0], field) == then


def test_a_unit_in_a_cell_that_is_larger_or_smaller_than_that_of_the_column(tmp_path):
    case = whole_case().table("sites", [SITE | {"cost_room_wan": "1,200,000元", "cost_fixed_wan": "850万元"}])
    case.table("distances", [{"block": f"b{k}", "school": name, "metres": "1.2公里"} for k in range(12) for name in "ABN"])
    report = check_case(case.write(tmp_path))
    assert (report.district.sites[0].cost_room_wan, report.district.sites[0].cost_fixed_wan) == (120, 850)
    assert set(report.district.distances.to_matrix().ravel()) == {1200.0}
    assert {(item.column, item.message.split(" in ")[-1]) for item in report.problems} == {
        ("cost_room_wan", "1 cells"), ("cost_fixed_wan", "1 cells"), ("metres", "36 cells"),
    }  # fmt: skip


@pytest.mark.parametrize("action", ["expand", "convert", "close"])
def test_an_action_on_a_school_that_runs(tmp_path, action):
    site = SITE | {"action": action, "block": "", "classrooms_max": 0 if action == "close" else 6}
    errors = check_case(whole_case().table("sites", [site]).write(tmp_path / "a")).problems.errors
    assert [(item.row, item.message) for item in errors] == [("N", f"{action} needs a school that runs")]
    district = made(whole_case().table("sites", [site | {"school": "B"}]), tmp_path / "b")
    assert (district.sites[0].school, district.sites[0].action.value) == ("B", action)
    assert district.schools.ids == ("A", "B")


@pytest.mark.parametrize("column", ["replaces", "school"])
def test_a_relocation_names_the_school_that_it_replaces(tmp_path, column):
    district = made(whole_case().table("sites", [SITE | {"action": "relocate", column: "B"}]), tmp_path)
    site = district.sites[0]
    assert (site.school, site.replaces) == ("N", "B")
    assert district.schools.ids == ("A", "B", "N")
    assert (district.schools.opened[2], district.schools.rooms[2].tolist(), district.schools.block[2]) == (NEVER, [0, 0, 0], 5)


@pytest.mark.parametrize(
    ("cells", "pupils", "classes"),
    [
        ({"pupils": 90, "classes": 2}, 90, 2), ({"pupils": 90}, 90, 2), ({"pupils": 91}, 91, 3), ({"sizes": "45;44"}, 89, 2),
        ({"sizes": "45、44、43人"}, 132, 3), ({"sizes": "45 44"}, 89, 2), ({"pupils": 90, "sizes": "45;44"}, 90, 2),
        ({"pupils": 44, "section": "1"}, 44, 1), ({"pupils": 0, "section": "1"}, 0, 0), ({"classes": 2}, 0, 2), ({}, 0, 0),
        ({"pupils": 90, "classes": 2, "sizes": "30/30/30"}, 90, 3),
    ],
)  # fmt: skip
def test_enrolment_in_the_ways_it_may_be_given(tmp_path, cells, pupils, classes):
    case = whole_case().table("enrolment", [{"school": "A", "grade": "三年级", "year": 2025, **cells}])
    enrolment = check_case(case.write(tmp_path)).district.enrolment
    g3 = [grade.value for grade in GRADES].index("g3")
    assert (enrolment.pupils[0, g3], enrolment.classes[0, g3]) == (pupils, classes)
    assert enrolment.pupils.sum() == pupils


def test_columns_of_locks_and_clusters_left_out(tmp_path):
    case = whole_case().table("locks", [{"block": "b1", "school": "A"}])
    case.table("clusters", [{"school": "A", "cluster": "one"}, {"school": "B", "cluster": "one"}])
    case.schools[0]["lead"], case.schools[1]["setting"] = "yes", "rural"
    district = made(case, tmp_path)
    assert district.options.zoning.locks == (Lock("b1", Stage.PRIMARY, "A", must=True),)
    assert [(item.school, item.role) for item in district.clusters.members] == [("A", Role.LEAD), ("B", Role.RURAL)]
    assert district.ties == ()


def test_columns_of_locks_and_clusters_given(tmp_path):
    case = whole_case().table("locks", [{"block": "b1", "school": "A", "stage": "初中", "must": "否"}])
    rows = [{"school": "A", "cluster": "one", "role": "城区", "tie": "联盟型", "tie_with": "B"}]
    case.table("clusters", [*rows, {"school": "B", "cluster": "one", "role": "龙头学校"}])
    district = made(case, tmp_path)
    assert district.options.zoning.locks == (Lock("b1", Stage.JUNIOR, "A", must=False),)
    assert [(item.school, item.cluster, item.role) for item in district.clusters.members] == [
        ("B", "B", Role.LEAD), ("A", "B", Role.URBAN),
    ]  # fmt: skip
    assert [(tie.a, tie.b, tie.kind) for tie in district.ties] == [("A", "B", TieKind.ALLIANCE)]


@pytest.mark.parametrize(
    ("cells", "text", "block"),
    [
        ({"address": "桂江路1号", "block": "b3"}, "桂江路1号", 3),
        ({"street": "桂江路", "number": "1号", "block": "b3"}, "桂江路1号", 3),
        ({"estate": "龙湖", "block": "b3"}, "龙湖", 3),
        ({"estate": "龙湖", "x": EAST + 1, "y": NORTH + SIDE + 1}, "龙湖", 4),
        ({"address": "x", "x": EAST - 40, "y": NORTH + 1}, "x", 0),
        ({"address": "x", "x": EAST - 60, "y": NORTH + 1}, None, None),
        ({"address": "x", "block": "b3", "x": EAST + 1, "y": NORTH + 1}, "x", 3),
    ],
)
def test_an_address_in_the_ways_it_may_be_given(tmp_path, cells, text, block):
    report = check_case(whole_case().table("addresses", [cells]).write(tmp_path))
    found = [(item.text, item.block) for item in report.district.addresses]
    assert found == ([] if text is None else [(text, block)])
    assert any("lie in no block" in item.message for item in report.problems) == (text is None)
    if "x" in cells and text:
        assert (found and report.district.addresses[0].x) == cells["x"]


@pytest.mark.parametrize(
    ("column", "cell", "open_"), [("walkable", "no", False), ("class", "motorway", False), ("class", "footway", True)]
)
def test_a_road_that_nobody_may_walk(tmp_path, column, cell, open_):
    case = whole_case()
    case.files["roads.geojson"] = str(case.files["roads.geojson"]).replace('"class": "street"', f'"{column}": "{cell}"')
    report = check_case(case.write(tmp_path))
    assert (report.summary["road_pieces"] == 1) == open_
    assert np.isfinite(report.district.distances.to_matrix()).all()
