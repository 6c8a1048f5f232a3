"""Past errors and the scenarios that they make."""

from __future__ import annotations

import numpy as np
import pytest

from xuequ.data.backtest import PastError, backtest
from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, PastEnrolment, forecast
from xuequ.data.scenarios import ENTRY_ERROR, margins, with_scenarios
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade, Stage

PRIMARY = Stage.PRIMARY.grades
FREE = ForecastOptions(shrink_pupils=0.0, coverage=0.8)


def rolls(years, pupils_of):
    rows = [(year, grade, pupils_of(year, position)) for year in years for position, grade in enumerate(PRIMARY)]
    return PastEnrolment.from_rows(*zip(*rows, strict=True))


def known(enrolment, births=None, **changes):
    values = {
        "school_year": 2025,
        "planned": (2026,),
        "pupils": np.full((len(GRADES), 6), 10),
        "communities": ("A", "A", "B", "B", "B", "B"),
        "households": np.ones(6, dtype=int),
        "births": births,
        "enrolment": enrolment,
        "rules": Rules().override({"horizon_after": 7}),
    }
    return ForecastInput(**values | changes)


def cohort(year, position):
    """Pupils who entered in ``year − position``: 100, and 10 more each year from 2015 on."""
    return 100 + 10 * max(0, year - position - 2015)


def test_a_district_without_surprise_is_foretold_exactly():
    births = Births.from_rows(["A"] * 20, range(2003, 2023), [cohort(year + 6, 0) for year in range(2003, 2023)])
    steady = rolls(range(2010, 2026), lambda *_: 100)
    flat = Births.from_rows(["A"] * 20, range(2003, 2023), [100] * 20)
    for error in backtest(known(steady, flat), FREE):
        assert error.errors == (0.0,) * len(error.origins)
        assert error.naive == error.errors
    growing = [error for error in backtest(known(rolls(range(2010, 2026), cohort), births), FREE) if error.stage is Stage.PRIMARY]
    assert [error.ahead for error in growing] == [1, 3, 5]
    for error in growing:
        assert error.mean <= error.mean_naive
        assert error.origins == tuple(range(2011, 2026 - error.ahead))


def test_nothing_is_known_of_later_years():
    calm = rolls(range(2015, 2021), cohort)
    later = rolls(range(2015, 2026), lambda year, position: cohort(year, position) * (3 if year > 2020 else 1))
    births = Births.from_rows(["A"] * 20, range(2003, 2023), [150] * 20)
    first = backtest(known(calm, births, school_year=2020), FREE, horizons=(1,))[0]
    second = backtest(known(later, births), FREE, horizons=(1,))[0]
    assert first.errors == second.errors[: len(first.errors)]


def test_one_year_ahead_of_a_jump():
    jump = rolls((2023, 2024, 2025), lambda year, _: 125 if year == 2025 else 100)
    (error,) = backtest(known(jump), FREE)
    assert (error.stage, error.ahead, error.origins) == (Stage.PRIMARY, 1, (2024,))
    assert error.errors == error.naive == pytest.approx((-0.2,))
    assert (error.mean, error.mean_naive) == pytest.approx((0.2, 0.2))


def test_without_past_rolls_there_are_no_errors():
    assert backtest(known(None)) == ()
    assert backtest(known(rolls((2025,), cohort))) == ()
    assert backtest(known(rolls((2024, 2025), cohort))) == ()
    assert backtest(known(PastEnrolment.from_rows([2024, 2025], ["g1", "g1"], [0, 0]))) == ()


def error(ahead, *errors):
    return PastError(Stage.JUNIOR, ahead, tuple(range(len(errors))), errors, errors)


def test_margins_follow_past_errors():
    past = (error(1, 0.02, -0.10), error(3, 0.2, 0.1), error(5, 0.15))
    width = margins(past, Stage.JUNIOR, 9, 0.8)
    assert width[:6] == pytest.approx([0.0, 0.10, 0.15, 0.2, 0.2, 0.2])
    assert width[8] == pytest.approx(0.2 * np.sqrt(8 / 5))
    many = margins((error(1, *np.linspace(0.01, 0.10, 10)),), Stage.JUNIOR, 2, 0.8)
    assert many[1] == pytest.approx(0.09)


def test_margins_are_not_below_that_of_the_age_rule():
    assert margins((), Stage.JUNIOR, 5, 0.8) == pytest.approx([0, ENTRY_ERROR / 3, 2 * ENTRY_ERROR / 3, ENTRY_ERROR, ENTRY_ERROR])
    assert margins((error(1, 0.001),), Stage.JUNIOR, 2, 0.8)[1] == pytest.approx(ENTRY_ERROR / 3)
    assert margins((error(1, 5.0),), Stage.JUNIOR, 2, 0.8)[1] == 1.0


def test_low_and_high_lie_around_the_middle_and_keep_totals():
    given = known(rolls(range(2015, 2026), cohort))
    middle = forecast(given, FREE)
    both = with_scenarios(given, middle, FREE)
    demand = both.demand
    assert demand.scenarios == ("middle", "low", "high")
    assert np.array_equal(demand.pupils[0], middle.demand.pupils[0])
    for scenario in ("low", "high"):
        assert np.array_equal(demand.by_grade(2025, scenario), demand.by_grade(2025))
    width = margins(backtest(given, FREE), Stage.PRIMARY, len(demand.years), 0.8)
    for step, year in enumerate(demand.years):
        for grade in PRIMARY:
            low, mid, high = (int(demand.of_grade(grade, year, name).sum()) for name in ("low", "middle", "high"))
            assert low <= mid <= high
            assert high == pytest.approx(mid * (1 + width[step]), abs=0.51)
            assert low == pytest.approx(mid * (1 - width[step]), abs=0.51)
    assert "low and high cover 80% of past errors from 2016 to 2024" in demand.method
    assert "middle" in demand.scenarios
    assert demand.of_grade(Grade.G1, 2026, "high").sum() > demand.of_grade(Grade.G1, 2026).sum()


def test_without_past_rolls_the_user_is_told():
    given = known(None)
    both = with_scenarios(given, forecast(given, FREE), FREE)
    assert "the error of the age rule alone" in both.demand.method
    assert any("low and high scenarios rest on" in item.message for item in both.problems)


def test_coverage_is_a_part():
    with pytest.raises(ValueError, match="coverage"):
        ForecastOptions(coverage=1.5)
