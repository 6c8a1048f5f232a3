"""What becomes of the tables: records, demand, catchments, clusters, ways, options of a district."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from case_folders import EAST, NORTH, SIDE, collection, feature, square, whole_case

from xuequ.data.case import check_case
from xuequ.zoning.cluster import Role, TieKind
from xuequ.zoning.places import NEVER, Action, SchoolKind, Setting
from xuequ.zoning.stage import GRADES, Grade, Stage


def made(case, tmp_path, *warnings):
    """Read a case that must have no error and these warnings among others; without any named, none at all."""
    report = check_case(case.write(tmp_path))
    listed = [f"{problem.table}: {problem.message}" for problem in report.problems]
    assert report.ok, listed
    for text in warnings:
        assert any(text in line for line in listed), listed
    assert warnings or not listed, listed
    return report.district


def test_blocks(tmp_path):
    case = whole_case()
    case.blocks[1]["properties"] |= {"setting": "农村", "households": 40}
    blocks = made(case, tmp_path).blocks
    assert blocks.ids == tuple(f"b{k}" for k in range(12))
    assert blocks.names[1] == "Block 1"
    assert blocks.communities[:2] == ("west", "east")
    assert blocks.settings[:2] == (Setting.URBAN, Setting.RURAL)
    assert blocks.households[1] == 40
    assert blocks.points[5] == pytest.approx([EAST + 450, NORTH + 450])


def test_the_point_of_a_block_lies_inside_it(tmp_path):
    """The centroid of a ring of blocks lies in its hole, so a point inside is taken."""
    case = whole_case()
    case.blocks[0]["geometry"] = feature({}, shapely.box(EAST, NORTH, EAST + 300, NORTH + 300).difference(
        shapely.box(EAST + 30, NORTH + 30, EAST + 280, NORTH + 300)))["geometry"]  # fmt: skip
    district = made(case, tmp_path, "of the district belongs to no block", "lies outside all blocks")
    assert shapely.contains_xy(district.blocks.geometry[0], *district.blocks.points[0])


def test_blocks_may_be_points(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["geometry"] = {"type": "Point", "coordinates": [EAST + 300 * (k % 4) + 150, NORTH + 300 * (k // 4) + 150]}
    del case.sections["tables.boundary"]
    district = made(case, tmp_path, "which of them touch is taken from how near they lie")
    assert district.blocks.geometry is None
    assert district.adjacency.pairs().tolist() == sorted([a, b] for a in range(12) for b in range(12)
                                                         if b - a == 4 or (b - a == 1 and b % 4))  # fmt: skip
    assert district.schools.block.tolist() == [0, 11]


@pytest.mark.parametrize("count", [1, 2, 3])
def test_a_few_points_in_a_row_are_neighbours_along_it(tmp_path, count):
    case = whole_case(count, 1)
    for k, item in enumerate(case.blocks):
        item["geometry"] = {"type": "Point", "coordinates": [EAST + 300 * k, NORTH + 100]}
    case.schools = [{"id": "A", "stages": "primary", "classrooms": 9, "block": "b0"}]
    for name in ("roads", "boundary"):
        del case.sections[f"tables.{name}"]
    district = made(case, tmp_path, "straight lines")
    assert district.adjacency.pairs().tolist() == [[k, k + 1] for k in range(count - 1)]


def test_schools(tmp_path):
    case = whole_case()
    case.schools[0] |= {
        "stages": "九年一贯制",
        "classrooms": "",
        "classrooms_primary": 12,
        "seats_junior": 300,
        "ownership": "公办",
        "lead": "是",
        "group": "一集团",
        "land_m2": 8000.5,
        "opened": 1987,
        "closed": 2028,
        "necessary": "no",
        "setting": "城区",
    }
    case.schools[1] |= {"standard": 30, "ownership": "民办"}
    schools = made(case, tmp_path).schools
    assert schools.rooms.tolist() == [[0, 12, -1], [0, 9, 0]]
    assert schools.seats.tolist() == [[-1, -1, 300], [-1, -1, -1]]
    assert schools.kinds == (SchoolKind.FULL, SchoolKind.NON_FULL)
    assert schools.ownership == ("public", "private")
    assert schools.lead.tolist() == [True, False]
    assert (schools.opened[0], schools.closed[0], schools.closed[1]) == (1987, 2028, NEVER)
    assert schools.land_m2[0] == 8000.5
    assert schools.group == ("一集团", "")
    assert schools.offers(Stage.JUNIOR).tolist() == [True, False]


def test_a_strange_standard_class_is_told(tmp_path):
    case = whole_case()
    case.schools[1] |= {"standard": 37}
    made(case, tmp_path, "a standard class of 37 is none of the case's")


def test_classrooms_beyond_the_stages_are_believed(tmp_path):
    case = whole_case()
    case.schools[0] |= {"classrooms_junior": 6}
    case.schools[0]["classrooms_primary"] = case.schools[0].pop("classrooms")
    schools = made(case, tmp_path, "has classrooms or seats for junior, which its stages do not name").schools
    assert schools.rooms[0].tolist() == [0, 9, 6]


def test_a_school_may_stand_at_its_block(tmp_path):
    case = whole_case()
    case.schools = [{"id": "A", "stages": "primary", "classrooms": 9, "block": "b5"}]
    schools = made(case, tmp_path).schools
    assert schools.block.tolist() == [5]
    assert schools.points[0].tolist() == [EAST + 450, NORTH + 450]


def test_sites_and_their_candidates(tmp_path):
    case = whole_case()
    case.table(
        "sites",
        [
            {
                "id": "N",
                "name": "新校",
                "action": "新建",
                "stages": "primary;junior",
                "x": EAST + 450,
                "y": NORTH + 450,
                "classrooms_min": 12,
                "classrooms_max": 24,
                "step": 6,
                "earliest_year": 2027,
                "lead_years": 2,
                "land_m2": 9000,
                "floor_m2": 24000,
                "cost_fixed_wan": 900,
                "cost_room_wan": 120.4,
                "convertible": "yes",
                "setting": "periurban",
            },
            {"id": "E", "action": "expand", "stages": "小学", "school": "A", "classrooms_max": 6, "floor_m2_per_room": 800},
            {"id": "R", "action": "迁建", "stages": "小学", "school": "B", "block": "b7", "classrooms_max": 18},
            {"id": "C", "action": "close", "stages": "小学", "school": "B", "classrooms_max": 0},
        ],
    )
    district = made(case, tmp_path)
    new, expand, relocate, close = district.sites
    assert (new.school, new.rooms_min, new.rooms_max, new.step, new.earliest_year, new.floor_m2_per_room) == (
        "N",
        12,
        24,
        6,
        2027,
        1000,
    )
    assert (new.cost_fixed_wan, new.cost_room_wan, new.land_m2, new.convertible, new.stages) == (
        900,
        120,
        9000,
        True,
        (Stage.PRIMARY, Stage.JUNIOR),
    )
    assert (expand.school, expand.floor_m2_per_room, expand.step) == ("A", 800, 1)
    assert (relocate.school, relocate.replaces, relocate.action) == ("R", "B", Action.RELOCATE)
    assert (close.school, close.action) == ("B", Action.CLOSE)
    schools = district.schools
    assert schools.ids == ("A", "B", "N", "R")
    assert schools.block.tolist() == [0, 11, 5, 7]
    assert schools.opened.tolist() == [0, 0, NEVER, NEVER]
    assert schools.settings[2] is Setting.PERIURBAN
    assert not schools.offers(Stage.PRIMARY)[2:].any()
    assert district.distances.count == 4


# --- demand


def test_a_forecast_is_made_from_births(tmp_path):
    demand = made(whole_case(), tmp_path).demand
    assert demand.years == tuple(range(2025, 2036))
    assert demand.graded
    assert "births" in demand.method
    assert demand.of_grade(Grade.G1, 2025).tolist() == [10] * 12
    assert demand.of_grade(Grade.G1, 2026).sum() == 120


def test_options_of_the_forecast_are_read(tmp_path):
    case = whole_case()
    case.table("housing", [{"id": "E", "block": "b3", "year": 2026, "units": 1000, "type": "flat"},
                           {"id": "F", "block": "", "year": 2026, "units": 500, "type": "flat"}])  # fmt: skip
    case.sections["forecast"] = "occupation = [1.0]\nyield_per_grade = { flat = 0.1 }"
    demand = made(case, tmp_path, "1 estates lie in no block").demand
    assert demand.of_grade(Grade.G2, 2026)[3] > 100


def test_estates_lie_in_the_block_of_their_point(tmp_path):
    case = whole_case()
    case.table("housing", [{"id": "E", "x": EAST + 1000, "y": NORTH + 100, "year": 2026, "units": 1000, "type": ""}])
    assert made(case, tmp_path).demand.of_stage(Stage.PRIMARY, 2028).argmax() == 3


def test_pupils_of_one_stage_only(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"] = {"id": f"b{k}", "pupils": 60}
    del case.sections["tables.births"]
    district = made(case, tmp_path, "today's pupils are taken for every year")
    assert not district.demand.graded
    assert district.demand.of_stage(Stage.PRIMARY, 2030).tolist() == [60] * 12
    assert district.demand.of_grade(Grade.G1, 2026).tolist() == [60] * 12
    assert district.options.zoning.regime == "full"


def test_pupils_of_a_stage_are_divided_as_enrolled(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"] = {"id": f"b{k}", "pupils": 60}
    del case.sections["tables.births"]
    shares = {"g1": 180, "g2": 180, "g3": 90, "g4": 90, "g5": 90, "g6": 90}
    case.table("enrolment", [{"school": "A", "grade": grade, "pupils": number, "classes": 4} for grade, number in shares.items()])
    district = made(case, tmp_path, "divided over the grades as enrolled today", "today's pupils are taken")
    assert district.demand.graded
    assert district.demand.by_grade(2025).sum(axis=1)[3:9].tolist() == [180, 180, 90, 90, 90, 90]
    assert district.demand.of_stage(Stage.PRIMARY, 2025).tolist() == [60] * 12


def test_the_demand_table_replaces_the_forecast(tmp_path):
    case = whole_case()
    rows = [{"block": f"b{k}", "grade": "一年级", "year": year, "scenario": scenario,
             "pupils": year - 2000 + (scenario == "high")}
            for k in range(12) for year in range(2025, 2033) for scenario in ("middle", "high")]  # fmt: skip
    demand = made(case.table("demand", rows), tmp_path).demand
    assert demand.scenarios == ("middle", "high")
    assert demand.years == tuple(range(2025, 2033))
    assert demand.of_grade(Grade.G1, 2031).tolist() == [31] * 12
    assert demand.of_grade(Grade.G1, 2031, "high").tolist() == [32] * 12
    assert demand.method == "as given"


def test_today_may_be_missing_from_the_demand_table(tmp_path):
    case = whole_case()
    rows = [{"block": f"b{k}", "grade": "g1", "year": year, "pupils": 7} for k in range(12) for year in range(2026, 2031)]
    demand = made(case.table("demand", rows), tmp_path).demand
    assert demand.of_stage(Stage.PRIMARY, 2025).tolist() == [60] * 12
    assert demand.of_stage(Stage.PRIMARY, 2026).tolist() == [7] * 12
    for item in case.blocks:
        item["properties"] = {"id": item["properties"]["id"]}
    demand = made(case, tmp_path / "b", "no demand for the school year 2025; that of 2026").demand
    assert demand.of_stage(Stage.PRIMARY, 2025).tolist() == [7] * 12


# --- today


def test_enrolment_in_its_three_forms(tmp_path):
    case = whole_case()
    case.table("enrolment", [
        {"school": "A", "grade": "g1", "year": 2025, "pupils": 360, "classes": 8, "section": "", "sizes": ""},
        {"school": "A", "grade": "g2", "year": 2025, "pupils": "", "classes": "", "section": "", "sizes": "45、46、47"},
        {"school": "B", "grade": "g1", "year": 2025, "pupils": 44, "classes": "", "section": "1", "sizes": ""},
        {"school": "B", "grade": "g1", "year": 2025, "pupils": 46, "classes": "", "section": "2", "sizes": ""},
        {"school": "B", "grade": "g3", "year": 2025, "pupils": 120, "classes": 3, "section": "", "sizes": ""},
        {"school": "B", "grade": "g3", "year": 2019, "pupils": 999, "classes": 9, "section": "", "sizes": ""},
    ])  # fmt: skip
    enrolment = made(case, tmp_path, "enrolment").enrolment
    g1, g2, g3 = (GRADES.index(grade) for grade in (Grade.G1, Grade.G2, Grade.G3))
    assert (enrolment.pupils[0, g1], enrolment.classes[0, g1]) == (360, 8)
    assert (enrolment.pupils[0, g2], enrolment.classes[0, g2]) == (138, 3)
    assert (enrolment.pupils[1, g1], enrolment.classes[1, g1]) == (90, 2)
    assert enrolment.pupils[1, g3] == 120


@pytest.mark.parametrize(("rules", "kind", "classes"), [
    ("", "", 16), ("class_standard.primary = 40", "", 18), ("", "教学点", 24),
])  # fmt: skip
def test_unknown_classes_are_assumed_to_be_standard_ones_and_told(tmp_path, rules, kind, classes):
    """720 pupils: classes of 45, of the standard that the case sets, and of 30 at a teaching point (policy §3)."""
    case = whole_case().table("enrolment", [{"school": "A", "grade": "g1", "pupils": 720}])
    case.sections["rules"] = rules
    case.schools[0]["kind"] = kind
    told = "the number of classes is not known for 1 grades; standard classes are assumed"
    assert made(case, tmp_path, told).enrolment.classes.sum() == classes


def blocks_to(schools):
    return [{"block": f"b{k}", "stage": "小学", "year": 2025, "school": schools[k]} for k in range(12)]


def test_catchments_by_block(tmp_path):
    case = whole_case().table("catchments", blocks_to(["A"] * 6 + ["B"] * 4 + ["A;B", "B、A"]))
    today = made(case, tmp_path).today[Stage.PRIMARY]
    assert today.zones == ((0,), (0, 1), (1,))
    assert today.zone.tolist() == [0] * 6 + [2] * 4 + [1, 1]
    assert (today.year, today.stage) == (2025, Stage.PRIMARY)


def test_catchments_as_columns_of_the_blocks(tmp_path):
    case = whole_case()
    for k, item in enumerate(case.blocks):
        item["properties"]["对口小学"] = "A" if k < 6 else ("B" if k < 11 else None)
    today = made(case, tmp_path, "1 of 12 blocks have no primary catchment").today[Stage.PRIMARY]
    assert today.zone.tolist() == [0] * 6 + [1] * 5 + [-1]


def test_catchments_as_polygons(tmp_path):
    case = whole_case()
    edge = EAST + 2 * SIDE
    areas = [
        feature({"school": "A", "stage": "primary"}, shapely.box(EAST, NORTH, edge, NORTH + 3 * SIDE)),
        feature({"school": "B", "stage": "primary"}, shapely.box(edge, NORTH, edge + 2 * SIDE, NORTH + 3 * SIDE)),
    ]
    case.table("catchments", collection(areas), file="catchments.geojson")
    today = made(case, tmp_path / "a").today[Stage.PRIMARY]
    assert today.zone.tolist() == [0, 0, 1, 1] * 3
    areas[0]["geometry"]["coordinates"] = square(0, 0, side=2 * SIDE + 100)
    case.table("catchments", collection(areas), file="catchments.geojson")
    district = made(case, tmp_path / "b", "2 blocks lie in more than one catchment")
    assert district.today[Stage.PRIMARY].zone.tolist() == [0, 0, 1, 1] * 3


def test_catchments_of_an_earlier_year_stand_for_today(tmp_path):
    case = whole_case().table("catchments", [row | {"year": 2023} for row in blocks_to("A" * 12)])
    assert Stage.PRIMARY in made(case, tmp_path, "those of 2023 are taken as today's").today


def test_clusters_and_ties(tmp_path):
    case = whole_case()
    case.schools[1] |= {"setting": "rural"}
    case.schools.append({"id": "C", "x": EAST + 450, "y": NORTH + 450, "stages": "primary", "classrooms": 6, "lead": "no"})
    case.schools[0]["lead"] = "yes"
    case.table("clusters", [{"school": "A", "学区": "振兴学区", "tie": ""}, {"school": "B", "学区": "振兴学区", "tie": "帮扶型"},
                            {"school": "C", "学区": "振兴学区", "tie": "紧密型"}])  # fmt: skip
    district = made(case, tmp_path)
    assert [(m.school, m.cluster, m.role) for m in district.clusters.members] == [
        ("A", "A", Role.LEAD), ("C", "A", Role.URBAN), ("B", "A", Role.RURAL)]  # fmt: skip
    assert district.clusters.names == (("A", "振兴学区"),)
    assert [(tie.a, tie.b, tie.kind) for tie in district.ties] == [("A", "B", TieKind.ASSIST), ("A", "C", TieKind.TIGHT)]


def test_locks_of_table_and_case_add_up(tmp_path):
    case = whole_case()
    case.table(
        "locks",
        [{"block": "b1", "school": "A", "stage": "", "must": ""}, {"block": "b2", "school": "B", "stage": "小学", "must": "否"}],
    )
    case.sections["zoning"] = 'locks = [{ block = "b3", school = "B" }]'
    locks = made(case, tmp_path).options.zoning.locks
    assert [(lock.block, lock.school, lock.must) for lock in locks] == [("b3", "B", True), ("b1", "A", True), ("b2", "B", False)]


# --- ways


def test_borders_are_measured_and_a_river_cuts_them_but_at_its_bridge(tmp_path):
    case = whole_case()
    river = shapely.LineString([(EAST + 600, NORTH - 100), (EAST + 600, NORTH + 1000)])
    case.table("barriers", collection([feature({"kind": "river", "name": "桂江"}, river)]), file="barriers.geojson")
    alone = made(case, tmp_path / "a", "the blocks are in 2 pieces")
    assert len(alone.adjacency.pairs()) == 14
    assert len(alone.rivers) == 1
    case.table("links", [{"a": "b1", "b": "b2", "kind": "桥"}])
    joined = made(case, tmp_path / "b")
    assert len(joined.adjacency.pairs()) == 15
    assert len(np.unique(joined.adjacency.components())) == 1
    bridge = shapely.LineString([(EAST + 500, NORTH + 450), (EAST + 700, NORTH + 450)])
    case.table("links", collection([feature({"kind": "bridge"}, bridge)]), file="links.geojson")
    assert [5, 6] in made(case, tmp_path / "c").adjacency.pairs().tolist()


def test_options_of_the_borders_are_read(tmp_path):
    case = whole_case()
    for item in case.blocks:
        ring = item["geometry"]["coordinates"][0]
        item["geometry"]["coordinates"] = [[[x + (x == ring[0][0]) * 3, y] for x, y in ring]]
    narrow = check_case(case.write(tmp_path / "narrow"))
    assert narrow.summary["components"] == 4
    case.sections["borders"] = "tolerance_m = 4"
    assert check_case(case.write(tmp_path / "wide")).summary["components"] == 1


def test_given_neighbours_replace_the_measured_ones(tmp_path):
    case = whole_case().table("adjacency", [{"a": f"b{k}", "b": f"b{k + 1}"} for k in range(11)] + [{"a": "b0", "b": "b0"}])
    adjacency = made(case, tmp_path / "a", "1 rows name a block as its own neighbour").adjacency
    assert adjacency.pairs().tolist() == [[k, k + 1] for k in range(11)]
    assert adjacency.pair_border_m()[0] == pytest.approx(300)
    case.table("adjacency", [{"a": f"b{k}", "b": f"b{k + 1}", "border_m": 12.5} for k in range(11)])
    assert made(case, tmp_path / "b").adjacency.pair_border_m().tolist() == [12.5] * 11


def test_distances_walked_given_and_straight(tmp_path):
    case = whole_case()
    walked = made(case, tmp_path / "a").distances
    assert walked.method == "walked along roads"
    assert walked.to_matrix()[5] == pytest.approx([600, 900])
    case.table("distances", [{"block": f"b{k}", "school": s, "metres": 100 + k} for k in range(12) for s in "AB"])
    given = made(case, tmp_path / "b").distances
    assert (given.method, given.to_matrix()[3].tolist()) == ("as given", [103, 103])
    case.table("distances", [{"block": f"b{k}", "school": "A", "metres": 100 + k} for k in range(12)])
    part = made(case, tmp_path / "c", "there is no distance to B; straight lines are taken for it").distances
    assert part.to_matrix()[11].tolist() == [111, 0]
    del case.sections["tables.distances"], case.sections["tables.roads"]
    straight = made(case, tmp_path / "d", "distances are straight lines").distances
    assert straight.to_matrix()[5] == pytest.approx([np.hypot(300, 300), np.hypot(600, 300)])


def test_roads_by_edges(tmp_path):
    case = whole_case(2, 1)
    case.schools = [{"id": "A", "stages": "primary", "classrooms": 9, "block": "b0"}]
    case.table("roads", [{"from": "b0", "to": "m", "length_m": 100}, {"from": "m", "to": "b1", "length_m": 150},
                         {"from": "m", "to": "A", "length_m": 5}, {"from": "b0", "to": "b1", "length_m": 9}])  # fmt: skip
    case.files["roads.csv"] = case.files["roads.csv"].replace("length_m", "length_m,walkable").replace(",9\n", ",9,no\n")
    case.sections["roads"] = 'snap = "node"'
    distances = made(case, tmp_path).distances
    assert distances.to_matrix()[1, 0] == pytest.approx(155)


def test_motorways_and_barriers_can_close_roads(tmp_path):
    case = whole_case()
    river = shapely.LineString([(EAST + 600, NORTH - 100), (EAST + 600, NORTH + 1000)])
    case.table("barriers", collection([feature({"kind": "river"}, river)]), file="barriers.geojson")
    assert made(case, tmp_path / "a", "the blocks are in 2 pieces").distances.to_matrix()[5] == pytest.approx([600, 900])
    case.sections["roads"] = "barriers = true"
    district = made(case, tmp_path / "b", "the road network is in 2 pieces")
    assert np.isinf(district.distances.to_matrix()[5, 1])
    case.table("links", [{"a": "b1", "b": "b2", "kind": "bridge"}])
    joined = made(case, tmp_path / "c").distances.to_matrix()[5]
    assert joined == pytest.approx([600, 1500])  # down to the bridge and up again


def test_roads_on_bridges_are_not_cut(tmp_path):
    case = whole_case()
    river = shapely.LineString([(EAST + 600, NORTH - 100), (EAST + 600, NORTH + 1000)])
    case.table("barriers", collection([feature({"kind": "river"}, river)]), file="barriers.geojson")
    case.files["roads.geojson"] = str(case.files["roads.geojson"]).replace('{"class"', '{"bridge": "viaduct", "class"')
    case.sections["roads"] = "barriers = true"
    assert made(case, tmp_path, "the blocks are in 2 pieces").distances.to_matrix()[5] == pytest.approx([600, 900])


# --- the rest


def test_addresses_find_their_block(tmp_path):
    case = whole_case()
    case.table("addresses", [
        {"地址": "桂江一路1号", "street": "桂江一路", "门牌号": "1号", "estate": "", "block": "b3", "x": "", "y": ""},
        {"地址": "", "street": "大学路", "门牌号": "12号", "estate": "", "block": "", "x": EAST + 400, "y": NORTH + 400},
    ])  # fmt: skip
    first, second = made(case, tmp_path).addresses
    assert (first.text, first.block, first.x, first.number) == ("桂江一路1号", 3, EAST + 1050, "1号")
    assert (second.text, second.block) == ("大学路12号", 5)


def test_the_map_has_its_boundary_roads_and_labels(tmp_path):
    case = whole_case()
    far = [shapely.LineString([(EAST, NORTH - 500 - k), (EAST + 50 + k, NORTH - 500 - k)]) for k in range(2)]
    lines = [feature({"kind": kind}, line) for kind, line in zip(("河流", "铁路"), far, strict=True)]
    case.table("barriers", collection(lines), file="barriers.geojson")
    case.sections["case"] += '\nsynthetic = true\ndata_licence = "CC0"\nlanguage = "en"'
    district = made(case, tmp_path)
    assert district.boundary.area == pytest.approx(12 * SIDE**2)
    assert len(district.roads) == 31
    assert [shape.length for shape in district.rivers] == [50.0]
    assert (district.synthetic, district.data_licence, district.language) == (True, "CC0", "en")


def test_the_folder_names_a_case_without_name(tmp_path):
    case = whole_case()
    case.sections["case"] = case.sections["case"].replace('name = "test"\n', "")
    assert made(case, tmp_path / "万秀区").name == "万秀区"


def test_two_readings_are_one_district(tmp_path):
    case = whole_case()
    first = made(case, tmp_path / "a").fingerprint
    assert first == made(case, tmp_path / "b").fingerprint
    case.blocks[3]["properties"]["pupils_g1"] = 11
    assert made(case, tmp_path / "c").fingerprint != first


def test_the_summary_says_what_a_missing_table_costs(tmp_path):
    case = whole_case()
    missing = check_case(case.write(tmp_path / "a")).summary["missing"]
    assert "no sites: no seats can be planned" in missing
    assert not any(text.startswith(("no roads", "no births", "no boundary")) for text in missing)
    for name in ("roads", "births", "boundary"):
        del case.sections[f"tables.{name}"]
    missing = check_case(case.write(tmp_path / "b")).summary["missing"]
    assert "no roads: distances are straight lines" in missing
    assert "no births: today's pupils are taken for every year" in missing
