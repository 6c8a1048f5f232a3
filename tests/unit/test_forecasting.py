"""Births to entrants, rolls to ratios, homes to children, and whole children in every block."""

from __future__ import annotations

import numpy as np
import pytest

from xuequ.data.births import AgeRule, Births
from xuequ.data.forecasting import (
    ForecastInput,
    ForecastOptions,
    Housing,
    PastEnrolment,
    forecast,
    spread_over_grades,
)
from xuequ.zoning.problems import Problems
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade, Stage

G1, K1 = GRADES.index(Grade.G1), GRADES.index(Grade.K1)


def births_of(years, area="A"):
    return Births.from_rows([area] * len(years), list(years), list(years.values()))


def known(pupils=20, blocks=4, **changes):
    """A district of equal blocks in one community ``A``, planning 2026 and 2027, with two years after."""
    values = {
        "school_year": 2025,
        "planned": (2026, 2027),
        "pupils": np.full((len(GRADES), blocks), pupils),
        "communities": ("A",) * blocks,
        "households": np.full(blocks, 100),
        "rules": Rules().override({"horizon_after": 2}),
    }
    return ForecastInput(**values | changes)


def words(problems):
    return " | ".join(item.message for item in problems)


@pytest.mark.parametrize(
    ("vector", "births", "year", "age", "expected"),
    [
        ("A1", {2019: 1200, 2020: 1080}, 2026, 6, 1120),
        ("A2 kindergarten", {2022: 900, 2023: 750}, 2026, 3, 800),
        ("A2 grade 1", {2022: 900, 2023: 750}, 2029, 6, 800),
        ("A5 2022", {2015: 1655, 2016: 1786}, 2022, 6, 1742),
        ("A5 2023", {2016: 1786, 2017: 1723}, 2023, 6, 1744),
    ],
)
def test_policy_vectors(vector, births, year, age, expected):
    assert births_of(births).entrants(year, age, AgeRule())[0] == pytest.approx(expected, abs=0.5), vector


@pytest.mark.parametrize(
    ("vector", "born", "enters"), [("A3", (2020, 8), 2026), ("A3", (2020, 9), 2027), ("A4", (2020, 2), 2026)]
)
def test_months_enter_by_the_exact_window(vector, born, enters):
    years = [year for year in range(2018, 2022) for _ in range(12)]
    months = list(range(1, 13)) * 4
    counts = [float((year, month) == born) for year, month in zip(years, months, strict=True)]
    births = Births.from_rows(["A"] * 48, years, counts, months)
    found = {year: float(births.entrants(year, 6, AgeRule())[0]) for year in (2025, 2026, 2027)}
    assert found == {year: float(year == enters) for year in found}, vector


def test_months_are_preferred_to_years_and_give_way_to_them():
    months = Births.from_rows(["A"] * 24, [2019] * 12 + [2020] * 12, [0] * 8 + [30] * 4 + [10] * 12, [*range(1, 13)] * 2)
    assert months.entrants(2026, 6, AgeRule()).tolist() == [200.0]
    assert months.by_year.tolist() == [[120.0, 120.0]]
    half = Births.from_rows(["A"] * 3, [2019, 2020, 2020], [120, 120, 9], [0, 0, 3])
    assert half.entrants(2026, 6, AgeRule()) == pytest.approx([120.0])


def test_the_window_follows_the_cutoff():
    assert AgeRule.of(Rules()).window()[1].tolist() == [1.0] * 8 + [0.0] * 4
    middle = AgeRule.of(Rules().override({"cutoff_month_day": "06-15"})).window()
    assert middle[1].tolist() == [1.0] * 5 + [0.5] + [0.0] * 6
    assert (middle.sum(axis=0) == 1.0).all()
    assert AgeRule.of(Rules().override({"cutoff_month_day": "02-29"})).window()[1, 1] == 1.0


def test_births_that_are_not_known_are_none():
    births = births_of({2019: 1, 2020: 2})
    assert births.entrants(2027, 6, AgeRule()) is None
    assert births.entrants(2026, 6, AgeRule()) is not None
    assert births.total(2020) == 2
    assert np.isnan(births.total(2030))
    with pytest.raises(ValueError, match="empty"):
        Births.from_rows([], [], [])
    with pytest.raises(ValueError, match="month"):
        Births.from_rows(["A"], [2020], [1], [13])


def test_missing_and_coming_births_are_filled_with_a_word():
    births = Births.from_rows(["A", "A", "B", "B"], [2019, 2021, 2019, 2020], [10, 30, 100, 120])
    assert births.total(2020) == 120
    problems = Problems()
    filled = births.filled(2023, problems)
    assert filled.by_year[:, :3].tolist() == [[10, 10, 30], [100, 120, 120]]
    assert filled.by_year[:, 3:].sum(axis=0) == pytest.approx([150, 150])
    assert filled.by_year[0, 3] == pytest.approx(150 * 50 / 390)
    assert "births of 2 areas and years are missing (first: A, 2020)" in words(problems)
    assert "births after 2021 are not known; up to 2023 as many are assumed as in 2021" in words(problems)
    quiet = Problems()
    assert births_of({2019: 1}).filled(2019, quiet).years == (2019,)
    assert len(quiet) == 0


def test_today_is_as_given_and_the_horizon_goes_on():
    result = forecast(known(pupils=7))
    assert result.demand.years == (2025, 2026, 2027, 2028, 2029)
    assert (result.demand.by_grade(2025) == 7).all()
    assert result.demand.scenarios == ("middle",)
    assert "cohort survival" in result.demand.method


def test_cohorts_move_up_where_nothing_else_is_known():
    pupils = np.arange(len(GRADES))[:, None] * np.ones(3, dtype=int)
    result = forecast(ForecastInput(2025, (2026,), pupils, ("A",) * 3, np.ones(3, dtype=int)))
    for step, year in enumerate(result.demand.years):
        expected = np.maximum(np.arange(len(GRADES)) - step, 0)
        assert (result.demand.by_grade(year) == expected[:, None]).all()


def test_entrants_come_from_births_and_grade_7_from_grade_6():
    births = births_of(dict.fromkeys(range(2016, 2027), 80) | {2020: 200})
    result = forecast(known(births=births), ForecastOptions(shrink_pupils=0.0))
    by_year = {year: result.demand.by_grade(year).sum(axis=1) for year in result.demand.years}
    # The pupils of today are those of the births, so the ratio of entrants is 1.
    assert by_year[2026][G1] == round(80 * 4 / 12 + 200 * 8 / 12)
    assert by_year[2027][G1] == round(200 * 4 / 12 + 80 * 8 / 12)
    assert by_year[2028][GRADES.index(Grade.G3)] == by_year[2026][G1]
    assert by_year[2026][GRADES.index(Grade.G7)] == by_year[2025][GRADES.index(Grade.G6)]


def test_ratios_come_from_past_rolls_recent_years_first():
    years = [2023, 2023, 2024, 2024, 2025, 2025]
    enrolment = PastEnrolment.from_rows(years, ["g1", "g2"] * 3, [1000, 0, 1000, 900, 1000, 1100])
    ratio = {
        item.grade: item for item in forecast(known(enrolment=enrolment), ForecastOptions(recent=0.5, shrink_pupils=0.0)).ratios
    }
    assert ratio[Grade.G2].value == pytest.approx((0.5 * 900 + 1100) / (0.5 * 1000 + 1000))
    assert ratio[Grade.G2].years == (2024, 2025)
    assert ratio[Grade.G8].value == 1.0
    assert ratio[Grade.G8].years == ()


def test_small_numbers_decide_little():
    few = PastEnrolment.from_rows([2024, 2025], ["g1", "g2"], [4, 8])
    many = PastEnrolment.from_rows([2024, 2025], ["g1", "g2"], [4000, 4800])
    values = [
        next(item.value for item in forecast(known(enrolment=table)).ratios if item.grade is Grade.G2) for table in (few, many)
    ]
    assert values[0] == pytest.approx(58 / 54)
    assert values[1] == pytest.approx(4850 / 4050)


def test_rates_above_one_are_real_but_bounded():
    table = PastEnrolment.from_rows([2024, 2025], ["g1", "g2"], [1000, 1400])
    result = forecast(known(enrolment=table), ForecastOptions(shrink_pupils=0.0))
    assert next(item.value for item in result.ratios if item.grade is Grade.G2) == 1.4
    assert "grade g2 has 140% of the children it comes from" in words(result.problems)
    wild = PastEnrolment.from_rows([2024, 2025], ["g1", "g2"], [1000, 9000])
    assert next(item.value for item in forecast(known(enrolment=wild)).ratios if item.grade is Grade.G2) == 1.5


def test_a_year_of_plague_does_not_carry_the_forecast_away():
    years = list(range(2018, 2026))
    rows = [(year, grade, 800 if year != 2020 else 600) for year in years for grade in ("g1", "g2")]
    enrolment = PastEnrolment.from_rows(*zip(*rows, strict=True))
    value = next(item.value for item in forecast(known(enrolment=enrolment)).ratios if item.grade is Grade.G2)
    assert 0.95 < value < 1.05


def test_the_private_share_holds_where_no_rolls_are_known():
    rules = Rules().override({"private_share": 0.2, "horizon_after": 0})
    births = births_of(dict.fromkeys(range(2016, 2027), 1000))
    result = forecast(known(pupils=0, births=births, rules=rules))
    ratio = next(item for item in result.ratios if item.grade is Grade.G1)
    assert (ratio.years, ratio.value) == ((), 0.8)
    assert result.demand.by_grade(2026)[G1].sum() == 800
    seen = forecast(known(pupils=250, births=births, rules=rules), ForecastOptions(shrink_pupils=0.0))
    assert next(item for item in seen.ratios if item.grade is Grade.G1).value == 1.0
    early = births_of({2022: 1000, 2023: 1000, 2024: 1000})
    result = forecast(known(pupils=0, births=early, rules=rules))
    assert result.demand.by_grade(2026)[K1].sum() == 800
    assert result.demand.by_grade(2026)[G1].sum() == 0


def test_births_that_start_late_are_measured_against_todays_entrants():
    births = births_of(dict.fromkeys(range(2020, 2027), 400))
    result = forecast(known(births=births), ForecastOptions(shrink_pupils=0.0))
    ratio = next(item for item in result.ratios if item.grade is Grade.G1)
    assert ratio.value == pytest.approx(0.2)  # 80 pupils of today to 400 births of the first known years
    assert result.demand.by_grade(2027)[G1].sum() == 80
    assert "births do not reach back to today's grade g1; those of the children of 2027 stand for them" in words(result.problems)


def test_entrants_without_births_follow_the_grade_below():
    births = births_of(dict.fromkeys(range(2021, 2025), 80))
    result = forecast(known(births=births), ForecastOptions(shrink_pupils=0.0))
    assert (result.demand.by_grade(2026)[G1] == 20).all()
    assert "grade g1 of 2026 to 2027 needs births from 2019 on" in words(result.problems)


def test_an_entry_grade_stays_where_nothing_is_known_below_it():
    pupils = np.zeros((len(GRADES), 2), dtype=int)
    pupils[Stage.PRIMARY.grade_slice] = np.arange(10, 70, 10)[:, None]
    demand = forecast(ForecastInput(2025, (2026,), pupils, ("A",) * 2, np.ones(2, dtype=int))).demand
    assert demand.by_grade(2026)[:, 0].tolist() == [0, 0, 0, 10, 10, 20, 30, 40, 50, 60, 0, 0]
    assert demand.by_grade(2030)[G1].tolist() == [10, 10]


def test_children_of_a_community_stay_in_it():
    births = Births.from_rows(["A", "B"] * 12, np.repeat(np.arange(2015, 2027), 2).tolist(), [40, 120] * 12)
    place = known(births=births, communities=("A", "A", "B", "B"))
    result = forecast(place, ForecastOptions(shrink_pupils=0.0))
    entrants = result.demand.by_grade(2026)[G1]
    assert entrants.tolist() == [10, 10, 30, 30]
    assert result.problems.errors == []


def test_children_go_where_children_are_else_where_homes_are():
    births = births_of(dict.fromkeys(range(2015, 2027), 100))
    pupils = np.zeros((len(GRADES), 4), dtype=int)
    pupils[Stage.PRIMARY.grade_slice, :2] = [75, 25]
    homes = np.array([0, 0, 30, 70])
    result = forecast(ForecastInput(2025, (2026,), pupils, ("A",) * 4, homes, births))
    assert result.demand.by_grade(2026)[G1].tolist() == [75, 25, 0, 0]
    assert result.demand.by_grade(2026)[K1].tolist() == [0, 0, 30, 70]


def test_names_of_communities_that_do_not_match_are_told():
    births = Births.from_rows(["A", "X"] * 12, np.repeat(np.arange(2015, 2027), 2).tolist(), [60, 20] * 12)
    apart = forecast(known(births=births, communities=("A", "A", "A", "C")), ForecastOptions(shrink_pupils=0.0))
    assert apart.demand.by_grade(2026)[G1].tolist() == [20, 20, 20, 20]
    assert "no block lies in 'X'" in words(apart.problems)
    assert "communities without births" in words(apart.problems)
    everywhere = forecast(known(births=births), ForecastOptions(shrink_pupils=0.0))
    assert everywhere.demand.by_grade(2026)[G1].sum() == 80
    assert "of the whole district" in words(everywhere.problems)


def test_blocks_of_communities_without_births_get_their_part():
    births = births_of(dict.fromkeys(range(2015, 2027), 60))
    result = forecast(known(births=births, communities=("A", "A", "A", "C")), ForecastOptions(shrink_pupils=0.0))
    assert result.demand.by_grade(2026)[G1].tolist() == [20, 20, 20, 20]
    assert "1 blocks lie in communities without births (first: 'C')" in words(result.problems)


def test_new_homes_bring_children_as_they_are_lived_in():
    homes = Housing(np.array([1]), np.array([2026]), np.array([1000.0]), ("",))
    options = ForecastOptions(occupation=(0.5, 1.0), yield_per_grade={"": 0.03}, shrink_pupils=0.0)
    with_homes, without = (forecast(known(housing=item), options).demand for item in (homes, None))
    more = {year: with_homes.by_grade(year).astype(int) - without.by_grade(year) for year in with_homes.years}
    assert (more[2025] == 0).all()
    assert (more[2026][1:, 1] == 15).all()
    assert (more[2027][2:, 1] == 30).all()
    assert (more[2029][4:, 1] == 30).all()
    assert (more[2027][:, [0, 2, 3]] == 0).all()


def test_homes_lived_in_already_bring_nobody():
    homes = Housing(np.array([0]), np.array([2010]), np.array([5000.0]), ("flat",))
    assert (forecast(known(housing=homes)).demand.pupils == forecast(known()).demand.pupils).all()


def test_entrants_of_new_homes_come_every_year():
    births = births_of(dict.fromkeys(range(2015, 2027), 80))
    homes = Housing(np.array([2]), np.array([2026]), np.array([1000.0]), ("social",))
    options = ForecastOptions(occupation=(1.0,), yield_per_grade={"": 0.0, "social": 0.04}, shrink_pupils=0.0)
    demand = forecast(known(births=births, housing=homes), options).demand
    for year in (2026, 2027, 2028, 2029):
        assert demand.by_grade(year)[[K1, G1]].tolist() == [[20, 20, 60, 20]] * 2


def test_stages_are_divided_over_their_grades():
    by_stage = np.array([[9, 0], [13, 600], [4, 2]])
    result = spread_over_grades(by_stage)
    for row, stage in enumerate(Stage):
        assert result[stage.grade_slice].sum(axis=0).tolist() == by_stage[row].tolist()
    assert result[:3].tolist() == [[3, 0], [3, 0], [3, 0]]
    shares = np.zeros(len(GRADES))
    shares[G1] = 1
    assert spread_over_grades(by_stage, shares)[G1].tolist() == [13, 600]


def test_options_of_a_case():
    options = ForecastOptions.from_mapping({"recent": 0.5, "occupation": [0.5, 1], "yield_per_grade": 0.05})
    assert (options.recent, options.occupation, options.yield_per_grade) == (0.5, (0.5, 1.0), {"": 0.05})
    assert ForecastOptions.from_mapping({"yield_per_grade": {"flat": 0.04}}).yield_per_grade == {"flat": 0.04}
    with pytest.raises(ValueError, match="nearest known one is occupation"):
        ForecastOptions.from_mapping({"ocupation": [1.0]})


@pytest.mark.parametrize(
    "wrong",
    [{"recent": 0.0}, {"shrink_pupils": -1.0}, {"occupation": ()}, {"occupation": (1.2,)}, {"yield_per_grade": {"": -1.0}},
     {"births_recent_years": 0}],
)  # fmt: skip
def test_options_must_make_sense(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        ForecastOptions(**wrong)
