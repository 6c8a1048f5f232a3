"""Stages, grades and births: the vectors of policy §2 by name."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuequ.zoning.stage import GRADES, Grade, Programme, Stage, entrants, entry_year


def test_a1_grade_one_of_2026():
    assert entrants({2019: 1200, 2020: 1080}, 2026, age=6) == pytest.approx(1120)


def test_a2_kindergarten_of_2026_is_grade_one_of_2029():
    births = {2022: 900, 2023: 750}
    assert entrants(births, 2026, age=3) == pytest.approx(800)
    assert entrants(births, 2029, age=6) == pytest.approx(800)


@pytest.mark.parametrize(("born", "year"), [(date(2020, 8, 31), 2026), (date(2020, 9, 1), 2027)])
def test_a3_the_cutoff_day_is_included(born, year):
    assert entry_year(born, age=6) == year


def test_a4_leap_day():
    assert entry_year(date(2020, 2, 29), age=6) == 2026


def test_a5_the_year_formula_against_national_entrants():
    births = {2015: 1655, 2016: 1786, 2017: 1723}
    estimates = entrants(births, 2022, age=6), entrants(births, 2023, age=6)
    assert [round(value) for value in estimates] == [1742, 1744]
    errors = [estimate / real - 1 for estimate, real in zip(estimates, (1701, 1878), strict=True)]
    assert errors == pytest.approx([0.024, -0.071], abs=5e-4)
    revised = {2015: 1655, 2016: 1883, 2017: 1765}
    estimates = entrants(revised, 2022, age=6), entrants(revised, 2023, age=6)
    errors = [estimate / real - 1 for estimate, real in zip(estimates, (1701, 1878), strict=True)]
    assert errors == pytest.approx([0.062, -0.039], abs=5e-4)
    assert sum(estimates) / (1701 + 1878) - 1 == pytest.approx(0.009, abs=5e-4)


def test_missing_births_are_named():
    with pytest.raises(KeyError, match="2019"):
        entrants({2020: 1000}, 2026, age=6)


def test_grades_of_each_stage():
    assert [str(grade) for grade in Stage.KINDERGARTEN.grades] == ["k1", "k2", "k3"]
    assert [str(grade) for grade in Stage.PRIMARY.grades] == ["g1", "g2", "g3", "g4", "g5", "g6"]
    assert [str(grade) for grade in Stage.JUNIOR.grades] == ["g7", "g8", "g9"]
    assert tuple(grade for stage in Stage for grade in stage.grades) == GRADES


@given(st.sampled_from(GRADES))
def test_a_grade_knows_its_stage_and_its_place(grade):
    assert grade in grade.stage.grades
    assert GRADES[grade.stage.grade_slice][0] is grade.stage.entry_grade


def test_programmes_hold_their_stages():
    assert Programme.SCHOOL.stages == (Stage.PRIMARY, Stage.JUNIOR)
    assert Programme.KINDERGARTEN.stages == (Stage.KINDERGARTEN,)
    assert Grade.G7.stage.programme is Programme.SCHOOL


@given(st.dates(date(2000, 1, 1), date(2040, 12, 31)), st.sampled_from([3, 6]))
def test_every_child_has_turned_the_age_by_the_cutoff_and_not_a_year_before(born, age):
    year = entry_year(born, age)
    assert (year - born.year, (born.month, born.day) <= (8, 31)) in {(age, True), (age + 1, False)}
