"""Cohort survival against 27 real autumns: pupils of the next years, foretold from what was known."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from xuequ.data.backtest import backtest
from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, PastEnrolment, forecast
from xuequ.data.scenarios import with_scenarios
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade, Stage

pytestmark = pytest.mark.cases

PLAGUE = range(2020, 2023)
"""Autumns when a quarter of the pupils stayed away, and came back."""


@pytest.fixture(scope="module")
def schools(shared):
    """Six grades, K to 5, that stand in the place of our six of primary; children enter them a year younger."""
    folder = shared / "cases" / "eau_claire_ecasd"
    table = pd.read_csv(folder / "enrolment_grades.csv", parse_dates=["date"])
    grade = table.grade.replace("K", "0").astype(int).map(lambda number: f"g{number + 1}")
    births = pd.read_csv(folder / "births.csv")
    rolls = PastEnrolment.from_rows(table.date.dt.year.tolist(), grade.tolist(), table.pupils.tolist())
    pupils = np.nan_to_num(rolls.of(2024)).astype(np.int64)[:, None]
    known = ForecastInput(
        2024, (2025, 2026, 2027), pupils, ("",), np.ones(1, dtype=np.int64),
        Births.from_rows([""] * len(births), births.year.tolist(), births.births.tolist()),
        rolls, rules=Rules().override({"age.primary": 5, "horizon_after": 2}),
    )  # fmt: skip
    return SimpleNamespace(known=known, facts=json.loads((folder / "facts.json").read_text(encoding="utf-8")))


def calm(error):
    """Return sizes of errors and of naive errors that the plague has no part in."""
    kept = [k for k, year in enumerate(error.origins) if year not in PLAGUE and year + error.ahead not in PLAGUE]
    return (np.abs(np.array(values)[kept]) for values in (error.errors, error.naive))


def test_the_rolls_are_those_of_the_facts(schools):
    rolls = schools.known.enrolment
    totals = dict(zip(rolls.years, np.nansum(rolls.pupils, axis=1), strict=True))
    assert totals == {int(date[:4]): pupils for date, pupils in schools.facts["pupils_by_autumn"].items()}
    entry = dict(zip(rolls.years, rolls.pupils[:, GRADES.index(Grade.G1)], strict=True))
    assert entry == {int(date[:4]): pupils for date, pupils in schools.facts["kindergarten_by_autumn"].items()}


def test_errors_are_small_in_calm_years_and_below_those_of_no_change(schools):
    errors = {error.ahead: error for error in backtest(schools.known)}
    assert [(error.stage, ahead) for ahead, error in errors.items()] == [
        (Stage.PRIMARY, 1),
        (Stage.PRIMARY, 3),
        (Stage.PRIMARY, 5),
    ]
    assert errors[1].origins == tuple(range(1999, 2024))
    for ahead, bound in ((1, 0.015), (3, 0.03), (5, 0.05)):
        own, naive = calm(errors[ahead])
        assert own.mean() < bound
        assert own.mean() < naive.mean()


def test_the_plague_does_not_carry_the_forecast_away(schools):
    demand = forecast(schools.known).demand
    assert 0.9 < demand.of_stage(Stage.PRIMARY, 2026).sum() / demand.of_stage(Stage.PRIMARY, 2024).sum() < 1.05


def test_low_and_high_hold_what_they_promise(schools):
    options = ForecastOptions(coverage=0.8)
    demand = with_scenarios(schools.known, forecast(schools.known, options), options).demand
    for error in backtest(schools.known, options):
        year = 2024 + error.ahead
        low, middle, high = (int(demand.of_stage(Stage.PRIMARY, year, name).sum()) for name in ("low", "middle", "high"))
        width = (high - low) / 2 / middle
        assert np.mean(np.abs(error.errors) <= width + 0.002) >= 0.8
        assert width < 0.25
