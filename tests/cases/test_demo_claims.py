"""What is promised of the shipped district, claim by claim, against its bare files, the district's plan and the census."""

from __future__ import annotations

import re
import tomllib
from collections import Counter, defaultdict

import pytest
import shapely
from demo_files import DEMO, banks, bare, blocks, features, rows, table

pytestmark = pytest.mark.cases

LEADS = {"振兴小学", "工厂路小学", "第一实验小学", "第二实验小学", "民主路小学", "中山小学", "夏郢初级中学"}
SCHOOL_GRADES = [f"g{n}" for n in range(1, 10)]


def class_sizes(pupils, classes):
    return [pupils // classes + (k < pupils % classes) for k in range(classes)]


@pytest.fixture(scope="module")
def plan_text(shared):
    return (shared / "source" / "plan.txt").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def facts(shared):
    return shared / "cases" / "wanxiu_facts"


@pytest.fixture(scope="module")
def settings():
    return tomllib.loads((DEMO / "case.toml").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def schools():
    return {row["id"]: row for row in rows("schools.csv")}


@pytest.fixture(scope="module")
def in_old_town(schools):
    """Say whether a school stands in town, west of the river."""
    west, _ = banks()
    return {
        name
        for name, row in schools.items()
        if row["setting"] == "urban" and west.contains(shapely.Point(float(row["x"]), float(row["y"])))
    }


@pytest.fixture(scope="module")
def rolls():
    """Sizes of the classes of today by school and grade."""
    return {
        (row["school"], row["grade"]): class_sizes(int(row["pupils"]), int(row["classes"]))
        for row in rows("enrolment.csv")
        if row["year"] == "2025"
    }


@pytest.fixture(scope="module")
def sites():
    return rows("sites.csv")


@pytest.fixture(scope="module")
def born():
    total = Counter()
    for row in rows("births.csv"):
        total[int(row["year"])] += int(row["births"])
    return total


class TestSchools:
    def test_as_many_schools_and_clusters_as_the_plan_says(self, schools, plan_text):
        count = int(re.search(r"把(\d+)所城乡学校划分、组成七个学区", plan_text)[1])
        own = [name for name, row in schools.items() if row["stages"] != "kindergarten"]
        members = rows("clusters.csv")
        assert len(own) == count == 47
        assert sorted(row["school"] for row in members) == sorted(own)
        assert len({row["cluster"] for row in members}) == 7

    def test_the_true_leads_one_in_each_cluster(self, schools):
        leads = defaultdict(list)
        for row in rows("clusters.csv"):
            if row["role"] == "lead":
                leads[row["cluster"]].append(schools[row["school"]]["name"])
        assert {name for (name,) in leads.values()} == LEADS
        assert {row["name"] for row in schools.values() if row["lead"] == "true"} == LEADS

    def test_each_cluster_has_a_lead_town_members_and_country_members(self, schools):
        clusters = defaultdict(list)
        for row in rows("clusters.csv"):
            clusters[row["cluster"]].append(schools[row["school"]])
        for members in clusters.values():
            assert 3 <= len(members) <= 10
            places = Counter(member["setting"] for member in members)
            assert places["periurban"] + places["rural"] >= 1
            assert places["urban"] >= 1

    def test_names_are_of_the_plan_or_marked_as_invented(self, schools, plan_text):
        for row in schools.values():
            named = bare(row["name"]) in plan_text or row["name"] in LEADS
            if row["invented"] == "true":
                assert row["name"].endswith("※")
            elif row["stages"] != "kindergarten":
                short = bare(row["name"]).removesuffix("小学")
                assert named or short in plan_text, row["name"]

    def test_teaching_points_are_small_and_in_the_country(self, schools, rolls):
        points = [name for name, row in schools.items() if row["kind"] == "teaching_point"]
        assert len(points) >= 4
        for point in points:
            assert schools[point]["setting"] != "urban"
            assert sum(sum(sizes) for (school, _), sizes in rolls.items() if school == point) < 100

    def test_a_tight_group_is_in_one_cluster_under_one_name(self, schools):
        cluster = {row["school"]: row["cluster"] for row in rows("clusters.csv")}
        tight = [(row["school"], row["tie_with"]) for row in rows("clusters.csv") if row["tie"] == "tight"]
        assert tight
        for one, other in tight:
            assert cluster[one] == cluster[other]
            assert schools[one]["group"] == schools[other]["group"] != ""


class TestProjects:
    def test_the_thirteen_named_projects_with_what_is_done(self, sites, plan_text):
        expanded, moved = re.search(r"扩建(工厂路小学[^;]*);迁建(\w+)。", plan_text).groups()
        edge = re.search(r"在城东镇和龙湖镇新\(改、扩\)建([^。]*)。", plan_text)[1]
        school = {bare(row["name"]): row for row in sites if row["stages"] != "kindergarten"}
        assert set(school) == {*expanded.split("、"), moved, *edge.split("、")}
        assert len(school) == 13
        assert all(school[name]["action"] == "expand" for name in expanded.split("、"))
        assert school[moved]["action"] == "relocate"
        assert all(school[name]["action"] in {"new", "expand"} for name in edge.split("、"))
        assert all(school[name]["setting"] == "periurban" for name in edge.split("、"))

    def test_the_seven_named_kindergartens(self, sites, plan_text):
        named = re.search(r"规划新\(改、扩\)建([^。]*?)等7所公办幼儿园", plan_text)[1].split("、")
        found = [bare(row["name"]) for row in sites if row["stages"] == "kindergarten"]
        assert sorted(found) == sorted(named)
        assert len(named) == 7

    def test_programmes_are_those_of_the_plan(self, settings, plan_text):
        number = r"([\d.]+)"
        school = re.search(rf"中小学{number}所以上,新增教育用地{number}万平方米,增加学位{number}个", plan_text).groups()
        small = re.search(rf"幼儿园\(班\){number}所,新增教育用地{number}万平方米,增加学位{number}个", plan_text).groups()
        for name, (projects, land, seats) in (("school", school), ("kindergarten", small)):
            stated = settings["seats"]["programmes"][name]
            assert stated["projects_min"] == int(projects)
            assert stated["land_m2"] == pytest.approx(float(land) * 10_000)
            assert stated["seats_min"] == int(seats)

    def test_sites_serve_primary_junior_or_both(self, sites):
        served = Counter(row["stages"] for row in sites if row["stages"] != "kindergarten")
        assert served["primary"] >= 1
        assert served["primary;junior"] >= 1

    def test_what_is_moved_or_enlarged_is_there(self, sites, schools):
        for row in sites:
            if row["action"] == "expand":
                assert bare(row["name"]) == bare(schools[row["school"]]["name"])
                assert set(row["stages"].split(";")) & set(schools[row["school"]]["stages"].split(";"))
            if row["action"] == "relocate":
                assert bare(row["name"]) == schools[row["replaces"]]["name"]

    def test_plan_years_and_start_are_those_of_the_fifteenth_plan(self, settings):
        assert settings["case"]["school_year"] == 2025
        assert settings["case"]["years"] == [2026, 2027, 2028, 2029, 2030]


class TestChildren:
    def test_children_by_age_are_those_of_the_census(self, born, facts):
        census = {row["item"]: row["value"] for row in table(facts / "census_2020.csv")}
        groups = {"age_0": (2020,), "age_1_4": range(2016, 2020), "age_5_9": range(2011, 2016)}
        for item, years in groups.items():
            assert sum(born[year] for year in years) == int(census[item]), item
        assert (int(census["age_0"]), int(census["age_1_4"]), int(census["age_5_9"])) == (1998, 11_352, 16_199)

    def test_the_aged_cohorts_are_the_pupils_of_the_start_year(self, facts):
        """Ages 1 to 9 of the census are grades 1 to 9 five school years later, with the movers of those years."""
        pupils = sum(item[f"pupils_{grade}"] for item, _ in blocks().values() for grade in SCHOOL_GRADES)
        census = {row["item"]: row["value"] for row in table(facts / "census_2020.csv")}
        assert 1.0 < pupils / (int(census["age_1_4"]) + int(census["age_5_9"])) < 1.1

    def test_births_rise_and_fall(self, born):
        crest = max(born, key=born.__getitem__)
        assert crest in {2016, 2017}
        assert born[2010] < born[crest]
        falling = [born[year] for year in range(crest, 2022)]
        assert falling == sorted(falling, reverse=True)
        assert born[2025] < 0.5 * born[crest]

    def test_births_are_known_for_each_community_in_each_year(self):
        cells = Counter((row["area"], row["year"]) for row in rows("births.csv"))
        assert max(cells.values()) == 1
        assert {area for area, _ in cells} == {item["community"] for item, _ in blocks().values()}
        assert len(cells) == 63 * 16

    def test_families_move_to_the_west_and_the_new_areas(self):
        """Homes are planned where the plan builds; cohorts grow there and shrink in the country."""
        west, _ = banks()
        planned = Counter()
        for row in rows("housing.csv"):
            if int(row["year"]) > 2025:
                item, shape = blocks()[row["block"]]
                side = "west" if west.contains(shape.centroid) else "east"
                planned[item["setting"] if item["setting"] != "urban" else f"town {side}"] += int(row["units"])
        assert planned["periurban"] > planned["town west"] > planned["town east"]
        assert planned["rural"] < 0.1 * planned.total()

    def test_cohorts_grow_in_the_new_areas_and_shrink_in_the_country(self):
        setting = {item["community"]: item["setting"] for item, _ in blocks().values()}
        born, now = Counter(), Counter()
        for row in rows("births.csv"):
            if 2012 <= int(row["year"]) <= 2017:
                born[setting[row["area"]]] += int(row["births"])
        for item, _ in blocks().values():
            now[item["setting"]] += sum(item[f"pupils_g{n}"] for n in range(3, 9))
        kept = {name: now[name] / born[name] for name in born}
        assert kept["periurban"] > 1.1
        assert kept["rural"] < 1.0
        assert kept["rural"] < kept["urban"] < kept["periurban"]


class TestToday:
    def test_every_block_has_a_school_of_every_stage(self, schools):
        catchments = rows("catchments.csv")
        assert len(catchments) == 3 * len(blocks())
        assert {(row["block"], row["stage"]) for row in catchments} == {
            (name, stage) for name in blocks() for stage in ("kindergarten", "primary", "junior")
        }
        for row in catchments:
            assert row["stage"] in schools[row["school"]]["stages"].split(";")
            assert row["year"] == "2025"

    def test_who_lives_in_a_catchment_is_enrolled_in_its_school(self, rolls):
        grades = {"kindergarten": ("k1", "k2", "k3"), "primary": SCHOOL_GRADES[:6], "junior": SCHOOL_GRADES[6:]}
        living = Counter()
        for row in rows("catchments.csv"):
            for grade in grades[row["stage"]]:
                living[row["school"], grade] += blocks()[row["block"]][0][f"pupils_{grade}"]
        assert {key: sum(sizes) for key, sizes in rolls.items()} == {key: count for key, count in living.items() if count}

    def test_no_class_of_66_anywhere(self, rolls):
        assert max(max(sizes) for (_, grade), sizes in rolls.items() if grade in SCHOOL_GRADES) <= 65

    def test_classes_of_56_to_65_west_of_the_river_only(self, rolls, in_old_town):
        large = Counter()
        for (school, grade), sizes in rolls.items():
            if grade in SCHOOL_GRADES:
                large[school in in_old_town, "large"] += sum(56 <= size <= 65 for size in sizes)
                large[school in in_old_town, "all"] += len(sizes)
        assert large[False, "large"] == 0
        assert large[True, "large"] > 0.5 * large[True, "all"]
        assert large[True, "large"] > 0.05 * (large[True, "all"] + large[False, "all"])  # far from eliminated

    def test_every_primary_and_junior_school_of_the_old_town_has_some(self, rolls, in_old_town, schools):
        for school in in_old_town:
            if schools[school]["stages"] != "kindergarten":
                sizes = [size for (name, grade), each in rolls.items() if name == school for size in each]
                assert max(sizes) >= 56, schools[school]["name"]

    def test_classes_stand_in_rooms(self, rolls, schools):
        used = Counter()
        for (school, grade), sizes in rolls.items():
            stage = "kindergarten" if grade[0] == "k" else ("primary" if int(grade[1]) <= 6 else "junior")
            used[school, stage] += len(sizes)
        for (school, stage), classes in used.items():
            assert classes <= int(schools[school][f"classrooms_{stage}"]), (school, stage)

    def test_schools_stand_in_blocks_of_their_catchment(self, schools):
        home = defaultdict(set)
        for row in rows("catchments.csv"):
            home[row["school"]].add(row["block"])
        for name, row in schools.items():
            place = shapely.Point(float(row["x"]), float(row["y"]))
            assert min(blocks()[block][1].distance(place) for block in home[name]) < 1.0, row["name"]


class TestLabels:
    def test_every_sign_says_made_up(self, settings):
        text = (DEMO / "case.toml").read_text(encoding="utf-8")
        assert settings["case"]["synthetic"] is True
        assert "合成数据" in settings["case"]["name"]
        assert "made-up" in text.splitlines()[0]
        properties, _ = features("boundary.geojson")
        assert "合成数据" in properties[0]["name"]
        assert "虚构" in settings["publish"]["contact"] + settings["publish"]["decision"]

    def test_no_name_of_the_real_district_is_taken_for_it(self):
        for item in DEMO.iterdir():
            if item.name.endswith((".csv", ".toml", ".geojson")):
                assert "万秀" not in item.read_text(encoding="utf-8"), item.name
