"""What was foretold in each of 25 real autumns: the backtest against the arithmetic on the bare files, pupil by pupil."""

from __future__ import annotations

import csv
from collections import Counter

import numpy as np
import pytest

from xuequ.data.backtest import HORIZONS, backtest
from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, PastEnrolment, forecast
from xuequ.data.scenarios import margins, with_scenarios
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Stage

pytestmark = pytest.mark.cases

GRADES_THERE = "K12345"
RECENT, EXTRA, MOST = 0.75, 50.0, 1.5


@pytest.fixture(scope="module")
def bare(shared):
    folder = shared / "cases" / "eau_claire_ecasd"
    with (folder / "enrolment_grades.csv").open(encoding="utf-8") as lines:
        pupils = Counter()
        for row in csv.DictReader(lines):
            pupils[int(row["date"][:4]), GRADES_THERE.index(row["grade"])] += int(row["pupils"])
    with (folder / "births.csv").open(encoding="utf-8") as lines:
        born = {int(row["year"]): int(row["births"]) for row in csv.DictReader(lines)}
    return pupils, born


@pytest.fixture(scope="module")
def known(bare):
    pupils, born = bare
    rows = [(year, f"g{grade + 1}", count) for (year, grade), count in pupils.items()]
    today = np.zeros((len(GRADES), 1), dtype=int)
    today[Stage.PRIMARY.grade_slice, 0] = [pupils[2024, grade] for grade in range(6)]
    return ForecastInput(
        2024, (2025, 2026), today, ("",), np.ones(1, dtype=int),
        Births.from_rows([""] * len(born), list(born), list(born.values())), PastEnrolment.from_rows(*zip(*rows, strict=True)),
        rules=Rules().override({"age.primary": 5, "horizon_after": 0}),
    )  # fmt: skip


def entrants(born, year, last):
    """Children of five years by the end of August; births after the last known year are as many as in it."""
    early, late = (born.get(min(each, last)) for each in (year - 6, year - 5))
    return None if early is None or late is None else 4 / 12 * early + 8 / 12 * late


def foretold(bare, origin, ahead):
    """The district's pupils so many years after an autumn, from what was known in it."""
    pupils, born = bare
    born = {year: count for year, count in born.items() if year < origin}
    years = range(1998, origin + 1)
    ratio = []
    for grade in range(6):
        pairs = []
        for year in years:
            if grade:
                source = pupils[year - 1, grade - 1] if year - 1 in years else None
            else:
                source = entrants(born, year, max(born)) if born else None
            if source is not None:
                pairs.append((RECENT ** (origin - year), pupils[year, grade], source))
        if not pairs and not grade:
            later = (entrants(born, year, max(born)) for year in range(origin + 1, origin + 7))
            pairs = [(1.0, pupils[origin, 0], next(count for count in later if count is not None))]
        above, below = (sum(pair[0] * pair[side] for pair in pairs) for side in (1, 2))
        ratio.append(min((above + EXTRA) / (below + EXTRA), MOST))
    state = [float(pupils[origin, grade]) for grade in range(6)]
    for year in range(origin + 1, origin + ahead + 1):
        enter = entrants(born, year, max(born))
        first = ratio[0] * enter if enter is not None else state[0]
        state = [first, *(ratio[grade] * state[grade - 1] for grade in range(1, 6))]
    return sum(state)


def total(bare, year):
    return sum(bare[0][year, grade] for grade in range(6))


@pytest.fixture(scope="module")
def errors(known):
    return {error.ahead: error for error in backtest(known)}


@pytest.mark.parametrize("ahead", HORIZONS)
def test_each_error_is_that_of_the_arithmetic(bare, errors, ahead):
    error = errors[ahead]
    assert error.origins == tuple(range(1999, 2025 - ahead))
    for origin, off in zip(error.origins, error.errors, strict=True):
        came = total(bare, origin + ahead)
        # Each of six grades is rounded to a whole pupil.
        assert off == pytest.approx((foretold(bare, origin, ahead) - came) / came, abs=3.01 / came), origin


@pytest.mark.parametrize("ahead", HORIZONS)
def test_the_naive_error_is_that_nothing_changes(bare, errors, ahead):
    error = errors[ahead]
    for origin, off in zip(error.origins, error.naive, strict=True):
        came = total(bare, origin + ahead)
        assert off == pytest.approx((total(bare, origin) - came) / came, abs=1e-12)


def test_the_forecast_of_today_is_that_of_the_arithmetic(bare, known):
    demand = forecast(known).demand
    for ahead in (1, 2):
        assert demand.of_stage(Stage.PRIMARY, 2024 + ahead).sum() == pytest.approx(foretold(bare, 2024, ahead), abs=3.01)


def test_other_horizons_are_asked_for(bare, known):
    (error,) = backtest(known, horizons=(2,))
    assert error.origins == tuple(range(1999, 2023))
    came = total(bare, 2012)
    assert error.errors[error.origins.index(2010)] == pytest.approx((foretold(bare, 2010, 2) - came) / came, abs=3.01 / came)


def test_births_of_later_years_do_not_leak_into_an_origin(bare, known):
    """Births from 2010 on five times as many: forecasts up to the autumn of 2010 are the same."""
    born = {year: count * (5 if year >= 2010 else 1) for year, count in bare[1].items()}
    wild = ForecastInput(
        2024, (2025,), known.pupils, ("",), known.households, Births.from_rows([""] * len(born), list(born), list(born.values())),
        known.enrolment, rules=known.rules,
    )  # fmt: skip
    (first,), (second,) = (backtest(each, horizons=(5,)) for each in (known, wild))
    before = sum(origin <= 2010 for origin in first.origins)
    assert first.errors[:before] == second.errors[:before]
    assert first.errors[before:] != second.errors[before:]


@pytest.mark.parametrize("coverage", [0.5, 0.8, 0.95])
def test_low_and_high_are_as_far_off_as_the_past_was(known, errors, coverage):
    """So many of the past errors lie inside the margins of one, three and five years; the order of three forecasts stands."""
    options = ForecastOptions(coverage=coverage)
    width = margins(tuple(errors.values()), Stage.PRIMARY, 6, coverage)
    for ahead, error in errors.items():
        inside = np.mean(np.abs(error.errors) <= width[ahead] + 1e-12)
        assert inside >= coverage
    demand = with_scenarios(known, forecast(known, options), options).demand
    for ahead in (1, 2):
        low, middle, high = (int(demand.of_stage(Stage.PRIMARY, 2024 + ahead, name).sum()) for name in ("low", "middle", "high"))
        assert low < middle < high
        assert (high - middle) / middle == pytest.approx(width[ahead], abs=4 / middle)
        assert (middle - low) / middle == pytest.approx(width[ahead], abs=4 / middle)
