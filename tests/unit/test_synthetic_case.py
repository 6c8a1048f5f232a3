"""The shipped demo case: the generator's own bytes, plain files that fit together, read without an error."""

from __future__ import annotations

import tomllib
from collections import Counter
from importlib import resources
from itertools import pairwise

import made_up
import numpy as np
import pytest
import shapely

from xuequ.data.case import read_case
from xuequ.data.synthetic import DEMO_SEED, write_demo
from xuequ.data.synthetic_case import CRS, write_files
from xuequ.data.synthetic_land import ORIGIN
from xuequ.data.tables import TABLES
from xuequ.zoning.classes import Classes
from xuequ.zoning.cluster import Role, TieKind
from xuequ.zoning.places import Action, SchoolKind
from xuequ.zoning.rolls import next_rolls, start_rolls
from xuequ.zoning.stage import GRADES, Programme, Stage


@pytest.fixture(scope="module")
def case():
    return read_case("demo")


@pytest.fixture(scope="module")
def district(case):
    return case.district


class TestBytes:
    def test_the_shipped_files_are_the_generators(self):
        shipped = resources.files("xuequ.data") / "demo"
        names = {item.name for item in shipped.iterdir() if item.name.endswith((".toml", ".csv", ".geojson"))}
        assert names == set(made_up.files())
        for name, text in made_up.files().items():
            assert (shipped / name).read_bytes() == text.encode(), f"{name} is not what write_demo writes"

    def test_the_same_bytes_again(self, tmp_path):
        folder = write_demo(tmp_path / "again", seed=DEMO_SEED)
        assert folder == tmp_path / "again"
        for name, text in made_up.files().items():
            assert (folder / name).read_bytes() == text.encode()

    def test_small_enough_to_ship(self):
        assert sum(len(text.encode()) for text in made_up.files().values()) < 6_000_000

    def test_plain_text_with_line_feeds(self, tmp_path):
        for name, text in made_up.files().items():
            assert "\r" not in text, name
            assert text.endswith("\n"), name
        write_files(tmp_path / "new" / "folder", {"a.csv": "x\n1\n"})
        assert (tmp_path / "new" / "folder" / "a.csv").read_bytes() == b"x\n1\n"


class TestLabels:
    def test_it_says_that_it_is_synthetic(self, district):
        case = tomllib.loads(made_up.files()["case.toml"])["case"]
        assert case["synthetic"] is True
        assert "合成数据" in case["name"]
        assert "invented" in case["data_licence"]
        assert district.synthetic

    def test_every_table_but_those_that_would_replace_what_is_computed(self):
        tables = tomllib.loads(made_up.files()["case.toml"])["tables"]
        assert set(TABLES) - set(tables) == {"distances", "adjacency", "demand", "locks"}
        assert set(tables.values()) | {"case.toml"} == set(made_up.files())

    @pytest.mark.parametrize("name", "schools enrolment sites links catchments clusters births housing addresses".split())
    def test_columns_bear_the_programs_names(self, name):
        heading = made_up.files()[f"{name}.csv"].split("\n", 1)[0].split(",")
        assert set(heading) <= set(TABLES[name].names()), name

    def test_invented_schools_are_marked(self):
        for row in made_up.rows("schools.csv"):
            assert (row["invented"] == "true") == row["name"].endswith("※")


class TestFiles:
    def test_coordinates_are_of_the_plane_and_the_place(self):
        for name in ("blocks.geojson", "roads.geojson", "boundary.geojson", "barriers.geojson"):
            assert f"urn:ogc:def:crs:{CRS.replace(':', '::')}" in made_up.files()[name]
        outline = shapely.from_geojson(str(made_up.features("boundary.geojson")[0]["geometry"]).replace("'", '"'))
        west, south, east, north = outline.bounds
        assert west < ORIGIN[0] < east
        assert south < ORIGIN[1] < north
        assert outline.area == pytest.approx(437e6, rel=1e-4)

    def test_every_block_has_pupils_by_grade(self):
        people = made_up.people()
        for k, feature in enumerate(made_up.features("blocks.geojson")):
            properties = feature["properties"]
            assert [properties[f"pupils_{grade}"] for grade in GRADES] == people.today[:, k].tolist()

    def test_references_hold(self):
        blocks = {feature["properties"]["id"] for feature in made_up.features("blocks.geojson")}
        schools = {row["id"] for row in made_up.rows("schools.csv")}
        for row in made_up.rows("catchments.csv"):
            assert row["block"] in blocks
            assert row["school"] in schools
        for name, column in (("addresses.csv", "block"), ("housing.csv", "block"), ("links.csv", "a"), ("links.csv", "b")):
            assert {row[column] for row in made_up.rows(name)} <= blocks
        assert {row["school"] for row in made_up.rows("clusters.csv")} <= schools
        assert {row["school"] for row in made_up.rows("sites.csv") if row["school"]} <= schools

    def test_six_years_of_rolls_that_follow_each_other(self):
        total = Counter()
        for row in made_up.rows("enrolment.csv"):
            total[int(row["year"]), row["grade"]] += int(row["pupils"])
        for year in range(2020, 2025):
            for grade, above in pairwise(GRADES[3:]):
                assert 0.96 < total[year + 1, above] / total[year, grade] < 1.05, (year, grade)

    def test_no_year_of_the_rolls_has_a_class_of_66(self):
        for row in made_up.rows("enrolment.csv"):
            assert Classes.split(int(row["pupils"]), int(row["classes"])).largest <= 65

    def test_the_plan_has_money_for_every_year(self):
        seats = tomllib.loads(made_up.files()["case.toml"])["seats"]
        for programme in ("school", "kindergarten"):
            assert set(seats["budgets"][programme]) == {"2026", "2027", "2028", "2029", "2030"}
        assert seats["programmes"]["school"]["seats_min"] == 4000
        assert seats["programmes"]["kindergarten"]["land_m2"] == 23_600


class TestRead:
    def test_no_error_and_only_the_warning_that_births_end(self, case):
        assert [problem for problem in case.problems if problem.table != "births"] == []
        assert all("not known" in problem.message for problem in case.problems)

    def test_counts(self, district):
        schools = district.schools
        running = np.array([opened <= 2025 for opened in schools.opened])
        kindergarten = np.array([name.startswith("K") for name in schools.ids])
        assert (running & ~kindergarten).sum() == 47
        assert len(district.sites) == 20
        assert len(set(district.blocks.communities)) == 63
        assert 1850 < len(district.blocks) < 2150
        assert 6_000 <= len(district.addresses) <= 14_000
        assert district.years == (2026, 2027, 2028, 2029, 2030)
        assert district.crs == CRS

    def test_settings_of_three_kinds(self, district):
        assert {str(setting) for setting in district.blocks.settings} == {"urban", "periurban", "rural"}
        assert {str(setting) for setting in district.schools.settings} == {"urban", "periurban", "rural"}

    def test_nine_years_and_teaching_points(self, district):
        index = district.school_index()
        nine = index["S24"]
        assert (district.schools.rooms[nine] > 0).tolist() == [False, True, True]
        points = [j for j, kind in enumerate(district.schools.kinds) if kind is SchoolKind.TEACHING_POINT]
        assert len(points) >= 4
        assert all(district.schools.necessary[j] for j in points)

    def test_seven_clusters_with_their_leads_and_ties(self, district):
        clusters = district.clusters.clusters()
        assert len(clusters) == 7
        assert sum(map(len, clusters.values())) == 47
        for lead, members in clusters.items():
            assert [member.school for member in members if member.role is Role.LEAD] == [lead]
            roles = {member.role for member in members}
            assert Role.RURAL in roles
        assert {tie.kind for tie in district.ties} == {TieKind.TIGHT, TieKind.ALLIANCE, TieKind.ASSIST}

    def test_sites(self, district):
        school = [site for site in district.sites if site.programme is Programme.SCHOOL]
        assert len(school) == 13
        assert Counter(site.action for site in school) == {Action.EXPAND: 10, Action.NEW: 2, Action.RELOCATE: 1}
        moved = next(site for site in school if site.action is Action.RELOCATE)
        assert district.schools.names[district.school_index()[moved.replaces]] == "民主路小学"
        targets = district.options.seats.programmes
        assert targets[Programme.SCHOOL].seats_min == 4000
        assert targets[Programme.SCHOOL].land_max_m2 == 126_800
        assert targets[Programme.KINDERGARTEN].projects_min == 7

    def test_the_river_cuts_and_bridges_join(self, district):
        assert district.adjacency.components().max() == 0
        pairs = district.adjacency.pairs()
        river = district.rivers[0]
        ends = district.blocks.points[pairs]
        crossing = shapely.intersects(river.buffer(-40.0), shapely.linestrings(ends)) & (district.adjacency.pair_border_m() == 0)
        assert crossing.sum() == 4

    def test_everybody_reaches_every_school_on_foot(self, district):
        assert np.isfinite(district.distances.to_matrix()).all()
        assert "road" in district.distances.method

    def test_today_is_known_for_every_stage(self, district):
        for stage in Stage:
            assert (district.today[stage].zone >= 0).all()


class TestWave:
    def test_primary_falls_while_junior_still_rises(self, district):
        demand = district.demand
        primary = [int(demand.of_stage(Stage.PRIMARY, year).sum()) for year in range(2025, 2031)]
        junior = [int(demand.of_stage(Stage.JUNIOR, year).sum()) for year in range(2025, 2031)]
        assert all(after < before for before, after in pairwise(primary))
        assert np.argmax(junior) == 4  # 2029
        assert junior[4] > 1.05 * junior[0]
        assert primary[5] < 0.8 * primary[0]

    def test_new_areas_grow_against_the_wave(self, district):
        area = np.array(made_up.place().area)
        junior = {
            name: [int(district.demand.of_stage(Stage.JUNIOR, year)[area == name].sum()) for year in (2025, 2029)]
            for name in ("east", "longhu")
        }
        assert junior["longhu"][1] / junior["longhu"][0] > 1.1 > junior["east"][1] / junior["east"][0] > 1.0

    def test_start_rolls_are_todays_classes(self, district):
        rolls = start_rolls(district)
        large = total = 0
        for row, classes in zip(rolls.pupils[:, 3:], rolls.classes[:, 3:], strict=True):
            for pupils, rooms in zip(row, classes, strict=True):
                if pupils:
                    formed = Classes.split(int(pupils), int(rooms))
                    total += len(formed)
                    large += formed.count_from(56)
                    assert formed.largest < 66
        assert 0.2 < large / total < 0.4

    def test_enrolled_pupils_alone_never_make_a_class_of_66(self, district):
        """Continuing grades under today's catchments: those who entered by 2025 and who moves in among them."""
        rolls = start_rolls(district)
        for year in range(2026, 2031):
            rolls = next_rolls(district, rolls, {})
            for stage in (Stage.PRIMARY, Stage.JUNIOR):
                for grade in stage.grades:
                    if year - stage.grades.index(grade) > 2025:
                        continue
                    g = GRADES.index(grade)
                    for pupils, classes in zip(rolls.pupils[:, g], rolls.classes[:, g], strict=True):
                        if pupils:
                            assert Classes.split(int(pupils), int(classes)).largest < 66, (year, grade)

    def test_junior_rooms_west_are_short_without_new_ones(self, district):
        west = [district.school_index()[school] for school in ("S13", "S14", "S15")]
        rooms = district.schools.rooms[west, list(Stage).index(Stage.JUNIOR)].sum()
        chosen = np.isin(district.today[Stage.JUNIOR].first_school(), west)
        pupils = [int(district.demand.of_stage(Stage.JUNIOR, year)[chosen].sum()) for year in range(2026, 2030)]
        assert min(pupils) > 55 * rooms
        assert max(pupils) < 65 * rooms
