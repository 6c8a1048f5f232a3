"""Children of the made-up district: the census to the child, then aged; estates, births and addresses."""

from __future__ import annotations

import re
from collections import Counter

import made_up
import numpy as np
import pytest
import shapely

from xuequ.data.synthetic_addresses import block_names
from xuequ.data.synthetic_blocks import HILL, PARK, TOWN
from xuequ.data.synthetic_people import BIRTHS, HOUSEHOLDS, SINGLE_AGES, settle_people, spread
from xuequ.zoning.stage import GRADES, Stage


@pytest.fixture(scope="module")
def place():
    return made_up.place()


@pytest.fixture(scope="module")
def people():
    return made_up.people()


class TestSpread:
    @pytest.mark.parametrize("total", [0, 1, 7, 1998])
    def test_it_adds_up(self, total):
        rng = np.random.default_rng(2)
        given = spread(total, rng.random(50), rng)
        assert given.sum() == total
        assert given.min() >= 0

    def test_runs_of_neighbours_have_what_their_weight_says(self):
        rng = np.random.default_rng(3)
        weights = rng.random(200)
        running = np.cumsum(spread(340, weights, rng))
        assert np.abs(running - 340 * np.cumsum(weights) / weights.sum()).max() <= 1.0

    def test_no_weight_no_child(self):
        weights = np.array([1.0, 0.0, 0.0, 3.0])
        assert spread(40, weights, np.random.default_rng(0))[1:3].sum() == 0


class TestCensus:
    def test_sums_by_age_group_are_the_census(self, people):
        by_age = people.census.sum(axis=1)
        assert by_age[0] == 1998
        assert by_age[1:5].sum() == 11_352
        assert by_age[5:10].sum() == 16_199
        assert by_age[10:15].sum() == 14_709

    def test_they_are_those_of_the_yearbook(self, people, shared):
        lines = (shared / "cases/wanxiu_facts/census_2020.csv").read_text(encoding="utf-8").splitlines()
        book = {item: value for item, value, _ in (line.split(",", 2) for line in lines[1:])}
        by_age = people.census.sum(axis=1)
        for item, part in (
            ("age_0", by_age[:1]),
            ("age_1_4", by_age[1:5]),
            ("age_5_9", by_age[5:10]),
            ("age_10_14", by_age[10:]),
        ):
            assert part.sum() == int(book[item])
        assert people.households.sum() == int(book["households"]) == HOUSEHOLDS

    def test_communities_are_those_of_the_public_list(self, place, shared):
        lines = (shared / "cases/wanxiu_facts/communities.csv").read_text(encoding="utf-8-sig").splitlines()
        assert set(place.communities) == {line.split(",")[1] for line in lines[1:]}

    def test_the_crest_is_2016_and_2017_and_births_fall_after(self):
        assert max(BIRTHS, key=BIRTHS.__getitem__) == 2017
        assert sorted(BIRTHS, key=BIRTHS.__getitem__)[-2:] == [2016, 2017]
        assert BIRTHS[2023] < 0.5 * BIRTHS[2017]
        assert [BIRTHS[2020 - age] for age in range(5)] == list(SINGLE_AGES[:5])

    def test_nobody_lives_in_parks_and_on_hills(self, place, people):
        empty = (place.kind == PARK) | (place.kind == HILL)
        assert people.households[empty].sum() == 0
        assert people.census[:, empty].sum() == 0
        assert people.today[:, empty].sum() == 0

    def test_most_children_live_in_town_most_of_them_west(self, place, people):
        area = np.array(place.area)
        children = people.census.sum(axis=0)
        west, east = (children[area == name].sum() / children.sum() for name in ("west", "east"))
        assert 0.45 < west < 0.60
        assert 0.12 < east < 0.25
        country = children[np.array(place.settings) == "rural"].sum() / children.sum()
        assert 0.10 < country < 0.25


class TestToday:
    def test_cohorts_are_the_census_aged_and_movers(self, people):
        by_age = people.census.sum(axis=1)
        for grade in range(9):
            cohort = (5 * by_age[grade + 1] + by_age[min(grade + 2, 14)]) / 6
            now = people.today[GRADES.index("g1") + grade].sum()
            assert 1.0 < now / cohort < 1.15

    def test_kindergarten_was_born_after_the_census(self, people):
        assert people.today[0].sum() == round((4 * BIRTHS[2021] + 8 * BIRTHS[2022]) / 12)
        assert people.today[1].sum() == round((4 * BIRTHS[2020] + 8 * BIRTHS[2021]) / 12)

    def test_the_crest_sits_in_grades_three_to_six(self, people):
        by_grade = people.today.sum(axis=1)
        assert by_grade[GRADES.index("g3")] == by_grade.max()
        assert by_grade[GRADES.index("g2")] < 0.85 * by_grade[GRADES.index("g3")]
        assert by_grade[0] < 0.55 * by_grade[GRADES.index("g3")]

    def test_families_came_to_the_west_and_the_new_areas_and_left_the_country(self, place, people):
        area = np.array(place.area)

        def grown(inside):
            return people.today[5:12, inside].sum() / people.census[3:10, inside].sum()

        hamlets = place.kind > 0
        assert grown(area == "longhu") > grown(area == "west") > grown(area == "east") > grown(hamlets)
        assert grown(hamlets) < 1.0

    def test_estates_have_a_block_each_and_a_name_each(self, place, people):
        assert len({estate.block for estate in people.estates}) == len(people.estates)
        assert len({estate.name for estate in people.estates}) == len(people.estates)
        assert all(place.kind[estate.block] == TOWN for estate in people.estates)
        assert {"美的城", "光大花园", "万达华府"} <= {estate.name for estate in people.estates}

    def test_homes_to_come_are_mostly_in_the_new_areas(self, place, people):
        planned = Counter()
        for estate in people.estates:
            if estate.year > 2025:
                planned[place.area[estate.block]] += estate.homes
        assert planned["longhu"] + planned["chengdong"] > 0.6 * sum(planned.values())
        assert {estate.year for estate in people.estates} >= set(range(2026, 2031))

    def test_births_of_communities_add_up(self, people):
        assert len(people.births) == 63
        for year, total in BIRTHS.items():
            assert sum(row[year] for row in people.births.values()) == total

    def test_the_same_seed_gives_the_same_people_and_another_does_not(self, place, people):
        again, other = settle_people(place, 1), settle_people(place, 2)
        assert np.array_equal(again.today, people.today)
        assert again.estates == people.estates
        assert not np.array_equal(other.today, people.today)
        assert np.array_equal(other.census.sum(axis=1), people.census.sum(axis=1))


class TestAddresses:
    @pytest.fixture
    def found(self):
        return made_up.addresses()

    def test_enough_and_none_twice(self, found):
        assert 6_000 <= len(found) <= 14_000
        assert len({entry.address for entry in found}) == len(found)

    def test_each_lies_in_its_block(self, place, found):
        points = shapely.points([(entry.x, entry.y) for entry in found])
        shapes = place.shapes[[entry.block for entry in found]]
        assert shapely.distance(shapes, points).max() < 20.0
        streets = np.array([bool(entry.street) for entry in found])
        assert shapely.distance(shapes, points)[streets].max() < 0.2

    def test_house_numbers_are_odd_on_the_left_and_even_on_the_right(self, place, found):
        lines: dict[str, list] = {}
        for street in place.streets:
            lines.setdefault(street.name, []).append(street.line)
        right, wrong = 0, []
        for entry in found[:4000:7]:
            if not entry.street:
                continue
            house = shapely.Point(entry.x, entry.y)
            line = min(lines[entry.street], key=house.distance)
            along = line.project(house)
            here, ahead = (np.array(line.interpolate(at).coords[0]) for at in (along - 2.0, along + 2.0))
            step, out = ahead - here, np.array([entry.x, entry.y]) - here
            left = step[0] * out[1] - step[1] * out[0] > 0
            if (int(entry.number.removesuffix("号")) % 2 == 1) == left:
                right += 1
            else:
                wrong.append(entry.address)
        # At a bend the nearest point of the street may be another one than the house was measured from.
        assert right > 300
        assert len(wrong) <= 3, wrong

    def test_numbers_grow_along_a_street(self, place, found):
        pieces = Counter(street.name for street in place.streets)
        name = next(name for name, count in pieces.items() if count == 1 and sum(e.street == name for e in found) > 20)
        line = next(street.line for street in place.streets if street.name == name)
        houses = [(int(e.number[:-1]), line.project(shapely.Point(e.x, e.y))) for e in found if e.street == name]
        houses.sort()
        assert all(b[1] >= a[1] - 1.0 for a, b in zip(houses, houses[2:], strict=False))

    def test_every_kind_of_address_is_there(self, found):
        texts = [entry.address for entry in found]
        assert any(re.fullmatch(r"民主路\d+号", text) for text in texts)
        assert any(re.fullmatch(r"万达华府\d+栋", text) for text in texts)
        assert "旺步村第1组" in texts
        assert any(text.startswith("夏郢大街") for text in texts)

    def test_every_block_with_households_in_the_country_has_one(self, place, found):
        with_address = {entry.block for entry in found}
        for block in np.flatnonzero(place.kind > 0):
            assert int(block) in with_address

    def test_estates_name_their_blocks(self, place, people):
        names = made_up.names()
        assert all(names[estate.block] == estate.name for estate in people.estates)
        changed = [name for name, before in zip(names, place.names, strict=True) if name != before]
        assert len(changed) == len(set(changed)) > len(people.estates)
        assert block_names(place, people, 1) == names


def test_stages_have_the_children_that_the_plan_is_about():
    people = made_up.people()
    total = {stage: int(people.today[stage.grade_slice].sum()) for stage in Stage}
    assert 18_000 < total[Stage.PRIMARY] < 20_500
    assert 9_500 < total[Stage.JUNIOR] < 11_000
    assert 5_000 < total[Stage.KINDERGARTEN] < 6_500
