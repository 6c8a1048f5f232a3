"""Entrants from births: the windows of months and years against every single day of birth."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.births import AgeRule, Births
from xuequ.zoning.problems import Problems
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import entry_year

seeds = st.integers(0, 2**32 - 1)
ages = st.sampled_from([3, 5, 6, 7])


def days_of(first: int, last: int):
    day = date(first, 1, 1)
    while day.year <= last:
        yield day
        day += timedelta(days=1)


@settings(max_examples=25, deadline=None)
@given(seeds, ages, st.sampled_from([(8, 31), (12, 31), (6, 30), (3, 31)]))
def test_months_count_every_child_in_its_year(seed, age, cutoff):
    rng = np.random.default_rng(seed)
    by_month, by_entry = {}, {}
    for day in days_of(2015, 2019):
        born = int(rng.integers(0, 3))
        by_month[day.year, day.month] = by_month.get((day.year, day.month), 0) + born
        enters = entry_year(day, age, cutoff)
        by_entry[enters] = by_entry.get(enters, 0) + born
    years, months = zip(*by_month, strict=True)
    births = Births.from_rows([""] * len(years), years, list(by_month.values()), months)
    rule = AgeRule(cutoff)
    for year in range(2016 + age, 2020 + age):
        assert births.entrants(year, age, rule).tolist() == [by_entry[year]]


@settings(max_examples=50, deadline=None)
@given(seeds, ages)
def test_years_lose_no_child(seed, age):
    counts = np.random.default_rng(seed).integers(0, 500, 8)
    births = Births.from_rows(["A"] * 8, range(2010, 2018), counts)
    found = [births.entrants(year, age, AgeRule()) for year in range(2009 + age, 2020 + age)]
    known = np.concatenate([each for each in found if each is not None])
    assert [each is None for each in found] == [True, True] + [False] * 7 + [True, True]
    # All but the first two thirds of the first year and the last third of the last one.
    assert np.isclose(known.sum(), counts.sum() - counts[0] * 8 / 12 - counts[-1] * 4 / 12)


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 12), st.integers(1, 31))
def test_a_window_takes_each_month_once(seed, month, day):
    day = min(day, 28 if month == 2 else 30)
    window = AgeRule.of(Rules().override({"cutoff_month_day": f"{month:02d}-{day:02d}"})).window()
    assert np.allclose(window.sum(axis=0), 1.0)
    assert (window >= 0).all()
    assert (np.diff(window[1]) <= 0).all()


@settings(max_examples=50, deadline=None)
@given(seeds, st.integers(1, 4), st.integers(2, 6), st.integers(0, 5))
def test_filling_changes_nothing_that_is_known(seed, areas, years, more):
    rng = np.random.default_rng(seed)
    cells = [(f"a{i}", 2000 + j) for i in range(areas) for j in range(years)]
    kept = [cell for cell in cells if rng.random() < 0.7] or cells[:1]
    counts = rng.integers(0, 100, len(kept))
    births = Births.from_rows(*zip(*kept, strict=True), counts)
    problems = Problems()
    filled = births.filled(births.years[-1] + more, problems)
    assert filled.years == tuple(range(births.years[0], births.years[-1] + more + 1))
    assert not np.isnan(filled.by_year).any()
    for (area, year), count in zip(kept, counts, strict=True):
        assert filled.by_year[filled.areas.index(area), filled.years.index(year)] == count
    last = len(births.years) - 1
    assert np.allclose(filled.by_year[:, last:].sum(axis=0), filled.by_year[:, last].sum())
    told = " ".join(item.message for item in problems)
    assert ("are missing" in told) == bool(np.isnan(births.by_year).any())
    assert ("are not known" in told) == bool(more)
