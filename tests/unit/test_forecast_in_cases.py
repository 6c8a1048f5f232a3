"""The forecast through a case's own files: birthdays, movers, homes and options, each counted by hand."""

from __future__ import annotations

import numpy as np
import pytest
from case_folders import EAST, NORTH, SIDE, collection, feature, whole_case

from xuequ.data.case import check_case
from xuequ.zoning.stage import GRADES, Grade, Stage

G1 = GRADES.index(Grade.G1)
BLOCKS = 12
"""Blocks of the case, 10 pupils in each grade of each: 120 of a grade, half of them in each community."""


def monthly(**more):
    """Five children in each of two communities each month, 120 in a year, but for some months (``m2020_08=9``: 9 in each)."""
    return [
        {"area": area, "year": year, "month": month, "births": more.get(f"m{year}_{month:02d}", 5)}
        for area in ("east", "west")
        for year in range(2012, 2034)
        for month in range(1, 13)
    ]


def read(case, folder):
    report = check_case(case.write(folder))
    assert report.problems.errors == []
    return report


def totals(report, grade=Grade.G1):
    demand = report.district.demand
    return {year: int(demand.of_grade(grade, year).sum()) for year in demand.years}


def rolls(years):
    """Rows of enrolment: 60 and 40 hundredths of ``years[year]`` pupils in each grade, in two schools."""
    return [
        {"school": school, "grade": grade.value, "year": year, "pupils": round(part * count), "classes": 2}
        for year, count in years.items()
        for grade in Stage.PRIMARY.grades
        for school, part in (("A", 0.6), ("B", 0.4))
    ]


class TestBirthdays:
    @pytest.mark.parametrize(
        ("month", "enters"),
        [("m2019_08", 2025), ("m2019_09", 2026), ("m2019_12", 2026), ("m2020_01", 2026), ("m2020_08", 2026), ("m2020_09", 2027)],
    )
    def test_six_by_the_last_of_august(self, tmp_path, month, enters):
        """Forty more children of one month are in grade 1 of one year, those born from September on a year later."""
        case = whole_case()
        case.table("births", monthly(**{month: 25}))
        plain, more = (totals(read(each, tmp_path / name)) for name, each in (("a", _plain()), ("b", case)))
        later = {year: more[year] - plain[year] for year in plain if year > 2025}
        if enters > 2025:
            assert later == {year: 40 * (year == enters) for year in later}
        else:
            # Today's pupils are as given: their larger cohort only makes fewer of each birth a pupil.
            assert all(gap <= 0 for gap in later.values())

    def test_another_cutoff_moves_the_window(self, tmp_path):
        case = whole_case()
        case.table("births", monthly(m2020_11=25))
        assert totals(read(case, tmp_path / "august"))[2026] == 120
        case.sections["rules"] = 'cutoff_month_day = "12-31"'
        assert totals(read(case, tmp_path / "december"))[2026] == 160

    def test_years_alone_follow_the_formula(self, tmp_path):
        """A third of one calendar year and two thirds of the next: 120 a year, 300 in 2020."""
        births = [
            {"area": area, "year": year, "births": 150 if year == 2020 else 60}
            for area in ("east", "west")
            for year in range(2012, 2034)
        ]
        found = totals(read(whole_case().table("births", births), tmp_path))
        assert found[2026] == round(120 * 4 / 12 + 300 * 8 / 12)
        assert found[2027] == round(300 * 4 / 12 + 120 * 8 / 12)
        assert found[2028] == 120

    def test_children_stay_in_the_community_that_they_are_born_in(self, tmp_path):
        births = [
            {"area": area, "year": year, "births": count}
            for area, count in (("east", 90), ("west", 30))
            for year in range(2012, 2034)
        ]
        district = read(whole_case().table("births", births), tmp_path).district
        east = np.array(district.blocks.communities) == "east"
        first = district.demand.of_grade(Grade.G1, 2026)
        assert (first[east].sum(), first[~east].sum()) == (90, 30)
        assert set(first[east].tolist()) == {15}
        assert set(first[~east].tolist()) == {5}


def _plain():
    return whole_case().table("births", monthly())


class TestMovers:
    def test_cohorts_grow_as_the_rolls_did(self, tmp_path):
        case = whole_case().table("enrolment", rolls({2024: 100, 2025: 120}))
        case.sections["forecast"] = "shrink_pupils = 0"
        found = read(case, tmp_path)
        assert totals(found, Grade.G2)[2026] == 144
        assert totals(found, Grade.G3)[2027] == round(120 * 1.2 * 1.2)
        assert totals(found, Grade.G6)[2026] == 144

    def test_small_rolls_are_drawn_towards_one(self, tmp_path):
        case = whole_case().table("enrolment", rolls({2024: 100, 2025: 120}))
        case.sections["forecast"] = "shrink_pupils = 100"
        assert totals(read(case, tmp_path), Grade.G2)[2026] == round(120 * (120 + 100) / (100 + 100))

    def test_recent_years_weigh_more(self, tmp_path):
        case = whole_case().table("enrolment", rolls({2023: 100, 2024: 100, 2025: 120}))
        case.sections["forecast"] = "shrink_pupils = 0\nrecent = 0.5"
        ratio = (0.5 * 100 + 120) / (0.5 * 100 + 100)
        assert totals(read(case, tmp_path), Grade.G4)[2026] == round(120 * ratio)

    def test_a_rate_beyond_belief_is_cut_and_told(self, tmp_path):
        case = whole_case().table("enrolment", rolls({2024: 60, 2025: 120}))
        case.sections["forecast"] = "shrink_pupils = 0"
        report = read(case, tmp_path)
        assert totals(report, Grade.G2)[2026] == 180
        assert any(
            "grade g2 has 200% of the children it comes from; up to 150% is used" in item.message for item in report.problems
        )

    def test_the_private_share_is_of_entrants_without_rolls_only(self, tmp_path):
        """Today's pupils are public already: the ratio of births to them holds whatever part goes elsewhere."""
        case = whole_case()
        case.sections["rules"] = "private_share = 0.25"
        found = totals(read(case, tmp_path))
        assert found[2025] == 120
        assert 110 < found[2026] < 120  # the prior is 0.75, and 50 pupils of it against 120


class TestHomes:
    @pytest.fixture
    def estate(self):
        case = whole_case().table(
            "housing", [{"id": "E1", "name": "New", "block": "b5", "year": 2026, "units": 400, "type": "flat"}]
        )
        case.sections["forecast"] = "occupation = [0.5, 1.0]\nyield_per_grade = 0.05"
        return case

    def gains(self, case, folder):
        with_homes = read(case, folder / "with").district.demand
        without = read(whole_case(), folder / "without").district.demand
        return {year: with_homes.by_grade(year).astype(int) - without.by_grade(year) for year in with_homes.years}

    def test_half_move_in_at_once_and_half_a_year_later(self, estate, tmp_path):
        gained = self.gains(estate, tmp_path)
        assert gained[2025].sum() == 0
        assert gained[2026][G1 : G1 + 6, 5].tolist() == [10] * 6
        assert gained[2027][G1 : G1 + 6, 5].tolist() == [20] * 6
        assert gained[2030][G1 : G1 + 6, 5].tolist() == [20] * 6
        assert all(np.delete(each, 5, axis=1).sum() == 0 for each in gained.values())

    def test_each_type_of_home_has_its_own_yield(self, estate, tmp_path):
        estate.sections["forecast"] = "occupation = [1.0]\nyield_per_grade = { flat = 0.1, social = 0.2 }"
        assert self.gains(estate, tmp_path)[2026][G1, 5] == 40

    def test_an_estate_that_is_drawn_lies_where_it_is_drawn(self, estate, tmp_path):
        shape = {"type": "Point", "coordinates": [EAST + 2.5 * SIDE, NORTH + 1.5 * SIDE]}  # block 6
        drawn = collection([feature({"id": "E1", "year": 2026, "units": 400, "type": "flat"}, shape)])
        estate.table("housing", drawn, file="housing.geojson")
        gained = self.gains(estate, tmp_path)[2026]
        assert gained[G1].tolist() == [0] * 6 + [10] + [0] * 5

    def test_an_estate_outside_is_told_and_left_out(self, estate, tmp_path):
        shape = {"type": "Point", "coordinates": [EAST - 900, NORTH]}
        estate.table("housing", collection([feature({"id": "E1", "year": 2026, "units": 400}, shape)]), file="housing.geojson")
        report = read(estate, tmp_path / "far")
        assert any("1 estates lie in no block and are left out" in item.message for item in report.problems)
        assert totals(report) == totals(read(whole_case(), tmp_path / "plain"))


class TestScenarios:
    def test_low_middle_and_high_come_with_a_coverage_and_can_be_planned_for(self, tmp_path):
        case = whole_case().table("enrolment", rolls(dict(zip(range(2014, 2026), [90, 120] * 6, strict=True))))
        case.sections["forecast"] = "coverage = 0.8"
        case.sections["zoning"] = 'stage = "primary"\nscenario = "high"'
        district = read(case, tmp_path).district
        demand = district.demand
        assert set(demand.scenarios) == {"low", "middle", "high"}
        assert district.options.zoning.scenario == "high"
        for year in demand.years[1:]:
            low, middle, high = (int(demand.of_stage(Stage.PRIMARY, year, name).sum()) for name in ("low", "middle", "high"))
            assert low < middle < high
        assert "low and high cover 80% of past errors" in demand.method

    def test_a_scenario_that_is_not_made_is_an_error(self, tmp_path):
        case = whole_case()
        case.sections["zoning"] = 'scenario = "high"'
        (error,) = check_case(case.write(tmp_path)).problems.errors
        assert "there is no demand scenario high; there are middle" in error.message

    @pytest.mark.parametrize(
        ("line", "words"),
        [
            ("covrage = 0.8", "there is no key covrage in [forecast]; the nearest known one is coverage"),
            ("coverage = 8", "forecast coverage is 8; it must be between 0 and 1"),
            ("recent = 0", "forecast recent is 0; it must be above 0"),
            ("occupation = []", "forecast occupation must be parts between 0 and 1"),
            ("yield_per_grade = -1", "forecast yield_per_grade must not be negative"),
            ("births_recent_years = 0", "forecast births_recent_years is 0; it must be 1 or more"),
        ],
    )
    def test_a_wrong_option_is_told_in_a_sentence(self, tmp_path, line, words):
        case = whole_case()
        case.sections["forecast"] = line
        errors = check_case(case.write(tmp_path)).problems.errors
        assert any(words in f"{error.message}; {error.fix}" for error in errors), [error.message for error in errors]
