"""Forecasts of random districts against the same arithmetic in plain numbers, to the last child."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from forecast_oracle import children_by_hand, ratios_by_hand
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, Housing, PastEnrolment, forecast
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES

OPTIONS = st.builds(
    ForecastOptions,
    recent=st.sampled_from([0.3, 0.75, 1.0]),
    shrink_pupils=st.sampled_from([0.0, 50.0, 400.0]),
    occupation=st.sampled_from([(1.0,), (0.3, 0.6, 0.8, 0.9, 1.0), (0.5, 0.5, 0.2)]),
    yield_per_grade=st.sampled_from([{"": 0.034}, {"": 0.0, "flat": 0.05}, {"": 0.02, "flat": 0.0}]),
)


@st.composite
def districts(draw, *, births=True):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    areas = [f"c{k}" for k in range(draw(st.integers(1, 4)))]
    blocks = len(areas) + draw(st.integers(0, 8))
    communities = (*areas, *(areas[k] for k in rng.integers(0, len(areas), blocks - len(areas))))
    born = [(area, year, int(rng.integers(0, 90))) for area in areas for year in range(2012, 2025)]
    years = range(2025 - draw(st.integers(0, 5)), 2026)
    rolls = [(year, grade.value, int(rng.integers(20, 300))) for year in years for grade in GRADES]
    estates = draw(st.integers(0, 4))
    housing = Housing(
        rng.integers(0, blocks, estates),
        rng.integers(2021, 2031, estates),
        rng.integers(0, 900, estates),
        tuple(rng.choice(["", "flat"], estates).tolist()),
    )
    return ForecastInput(
        2025,
        tuple(range(2026, 2027 + draw(st.integers(0, 3)))),
        rng.integers(1, 25, (len(GRADES), blocks)),
        communities,
        rng.integers(0, 300, blocks),
        Births.from_rows(*zip(*born, strict=True)) if births else None,
        PastEnrolment.from_rows(*zip(*rolls, strict=True)) if draw(st.booleans()) else None,
        housing if estates else None,
        Rules().override({"horizon_after": draw(st.integers(0, 4)), "private_share": draw(st.sampled_from([0.0, 0.12]))}),
    )


def check(known, options):
    demand = forecast(known, options).demand
    expected = children_by_hand(known, options)
    community = np.array(known.communities)
    for year in known.years:
        pupils = demand.by_grade(year).astype(int)
        for g in range(len(GRADES)):
            wanted = {name: row[g] for name, row in expected[year].items()}
            total = sum(wanted.values())
            assert abs(pupils[g].sum() - total) <= 0.5 + 1e-6, (year, g)
            for name, children in wanted.items():
                assert abs(pupils[g, community == name].sum() - children) < 1 + 1e-6, (year, g, name)


@settings(max_examples=40, deadline=None)
@given(districts(), OPTIONS)
def test_children_are_those_of_the_arithmetic(known, options):
    check(known, options)


@settings(max_examples=15, deadline=None)
@given(districts(births=False), OPTIONS)
def test_children_without_births_too(known, options):
    check(known, options)


@settings(max_examples=30, deadline=None)
@given(districts(), OPTIONS)
def test_ratios_are_those_of_the_arithmetic(known, options):
    found = forecast(known, options).ratios
    expected = ratios_by_hand(known, options)
    assert [ratio.value for ratio in found] == pytest.approx([expected[g] for g in range(len(GRADES))])
    assert max(ratio.value for ratio in found) <= known.rules.rate_max


@settings(max_examples=20, deadline=None)
@given(districts(), OPTIONS, st.integers(2, 9))
def test_children_of_twice_as_many_are_twice_as_many(known, options, factor):
    """Where nothing is drawn towards 1, ratios know no size: so many times the people have so many times the children."""
    plain = ForecastOptions(options.recent, 0.0, options.occupation, options.yield_per_grade)
    births, rolls, housing = known.births, known.enrolment, known.housing
    many = replace(
        known,
        pupils=known.pupils * factor,
        births=replace(births, by_year=births.by_year * factor, by_month=births.by_month * factor),
        enrolment=None if rolls is None else replace(rolls, pupils=rolls.pupils * factor),
        housing=None if housing is None else replace(housing, homes=housing.homes * factor),
    )
    few, more = (forecast(each, plain).demand for each in (known, many))
    for year in known.years:
        gap = more.by_grade(year).astype(int).sum(axis=1) - factor * few.by_grade(year).astype(int).sum(axis=1)
        assert np.abs(gap).max() <= 0.5 * factor + 0.5 + 1e-6
