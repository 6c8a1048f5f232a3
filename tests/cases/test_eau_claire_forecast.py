"""Cohort survival against 27 real autumns: pupils of the next years, foretold from what was known."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, PastEnrolment, forecast
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade

pytestmark = pytest.mark.cases

SPAN = slice(GRADES.index(Grade.G1), GRADES.index(Grade.G5) + 1)
PLAGUE = range(2020, 2023)


@pytest.fixture(scope="module")
def rolls(shared):
    """Pupils of grades 1 to 5 by autumn, and births by calendar year."""
    folder = shared / "cases" / "eau_claire_ecasd"
    table = pd.read_csv(folder / "enrolment_grades.csv", parse_dates=["date"])
    table = table[table.grade != "K"].assign(year=lambda rows: rows.date.dt.year, grade=lambda rows: "g" + rows.grade)
    births = pd.read_csv(folder / "births.csv")
    return table, births, json.loads((folder / "facts.json").read_text(encoding="utf-8"))


def foretold(rolls, year, ahead):
    """Forecast from an autumn, knowing nothing of later ones, and return pupils of grades 1 to 5 ``ahead`` years on."""
    table, births, _ = rolls
    past = table[table.year <= year]
    pupils = np.zeros((len(GRADES), 1), dtype=np.int64)
    for grade, total in past[past.year == year].groupby("grade").pupils.sum().items():
        pupils[GRADES.index(Grade(grade))] = total
    born = births[births.year < year]
    known = ForecastInput(
        year, (year + ahead,), pupils, ("",), np.ones(1, dtype=np.int64),
        Births.from_rows([""] * len(born), born.year.tolist(), born.births.tolist()),
        PastEnrolment.from_rows(past.year.tolist(), past.grade.tolist(), past.pupils.tolist()),
        rules=Rules().override({"horizon_after": 0}),
    )  # fmt: skip
    return int(forecast(known).demand.by_grade(year + ahead)[SPAN].sum())


@pytest.mark.parametrize(("ahead", "worst_mean"), [(1, 0.02), (3, 0.04)])
def test_errors_are_small_and_below_those_of_no_change(rolls, ahead, worst_mean):
    actual = rolls[0].groupby("year").pupils.sum()
    origins = [year for year in range(2004, 2025 - ahead) if year not in PLAGUE and year + ahead not in PLAGUE]
    errors = [abs(foretold(rolls, year, ahead) - actual[year + ahead]) / actual[year + ahead] for year in origins]
    naive = [abs(actual[year] - actual[year + ahead]) / actual[year + ahead] for year in origins]
    assert np.mean(errors) < worst_mean
    assert np.mean(errors) < np.mean(naive)


def test_the_rolls_are_those_of_the_facts(rolls):
    table, _, facts = rolls
    totals = table.groupby("date").pupils.sum()
    kindergarten = {date: facts["kindergarten_by_autumn"][date] for date in facts["pupils_by_autumn"]}
    for date, pupils in facts["pupils_by_autumn"].items():
        assert totals[pd.Timestamp(date)] == pupils - kindergarten[date]
