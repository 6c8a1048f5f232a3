"""Low, middle and high of random districts; past errors of districts that hold no surprise."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.backtest import PastError, backtest
from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, PastEnrolment, forecast
from xuequ.data.scenarios import margins, with_scenarios
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Stage

seeds = st.integers(0, 2**32 - 1)


def district(seed, years=10):
    rng = np.random.default_rng(seed)
    blocks = int(rng.integers(2, 12))
    communities = tuple(f"c{rng.integers(3)}" for _ in range(blocks))
    past = range(2026 - years, 2026)
    rows = [(year, grade.value, int(rng.integers(80, 160))) for year in past for grade in GRADES]
    areas = sorted(set(communities))
    born = [(area, year, int(rng.integers(10, 60))) for area in areas for year in range(2008, 2025)]
    return ForecastInput(
        2025, (2026, 2027), rng.integers(0, 20, (len(GRADES), blocks)), communities, rng.integers(0, 90, blocks),
        Births.from_rows(*zip(*born, strict=True)), PastEnrolment.from_rows(*zip(*rows, strict=True)),
        rules=Rules().override({"horizon_after": 2}),
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(seeds, st.floats(0.05, 1.0))
def test_low_middle_and_high_stand_in_order_in_every_grade(seed, coverage):
    known = district(seed)
    options = ForecastOptions(coverage=coverage)
    demand = with_scenarios(known, forecast(known, options), options).demand
    totals = {name: demand.pupils[demand.scenarios.index(name)].sum(axis=2, dtype=int) for name in demand.scenarios}
    assert (totals["low"] <= totals["middle"]).all()
    assert (totals["middle"] <= totals["high"]).all()
    assert (demand.pupils >= 0).all()
    assert (totals["low"][0] == totals["high"][0]).all()
    community = np.array(known.communities)
    for name in ("low", "high"):
        side = demand.pupils[demand.scenarios.index(name)].astype(float)
        factor = np.divide(totals[name], totals["middle"], out=np.ones_like(side[..., 0]), where=totals["middle"] > 0)
        for area in set(known.communities):
            inside = community == area
            expected = demand.pupils[0][..., inside].sum(axis=2) * factor
            assert (np.abs(side[..., inside].sum(axis=2) - expected) < 1 + 1e-6).all()


@settings(max_examples=20, deadline=None)
@given(seeds)
def test_more_coverage_is_wider(seed):
    past = backtest(district(seed))
    for stage in Stage:
        widths = np.stack([margins(past, stage, 8, coverage) for coverage in (0.1, 0.5, 0.9, 1.0)])
        assert (np.diff(widths, axis=0) >= -1e-12).all()
        assert (widths[:, 0] == 0).all()
        assert (np.diff(widths, axis=1) >= -1e-12).all()


@given(st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=40), st.floats(0.01, 1.0))
def test_a_margin_covers_the_part_that_it_states(errors, coverage):
    past = (PastError(Stage.PRIMARY, 3, tuple(range(len(errors))), tuple(errors), tuple(errors)),)
    width = margins(past, Stage.PRIMARY, 4, coverage)[3]
    assert np.mean(np.abs(errors) <= width + 1e-12) >= coverage - 1e-9


@settings(max_examples=15, deadline=None)
@given(seeds)
def test_a_backtest_sees_no_later_year(seed):
    known = district(seed)
    enrolment = known.enrolment
    kept = [position for position, year in enumerate(enrolment.years) if year <= 2022]
    short = PastEnrolment(tuple(enrolment.years[position] for position in kept), enrolment.pupils[kept])
    early = ForecastInput(
        2022, (2023,), known.pupils, known.communities, known.households, known.births, short, rules=known.rules
    )  # fmt: skip
    before = {(error.stage, error.ahead): error for error in backtest(early)}
    for error in backtest(known):
        first = before[error.stage, error.ahead]
        assert error.origins[: len(first.origins)] == first.origins
        assert error.errors[: len(first.errors)] == first.errors


@settings(max_examples=10, deadline=None)
@given(st.integers(100, 400), st.floats(0.85, 1.15))
def test_steady_growth_from_grade_to_grade_is_foretold(size, rate):
    grades = range(len(GRADES))
    rows = [(year, GRADES[g].value, size * rate**g) for year in range(2014, 2026) for g in grades]
    births = Births.from_rows([""] * 20, range(2005, 2025), [size] * 20)
    pupils = np.rint([[size * rate**g] for g in grades]).astype(int)
    known = ForecastInput(
        2025, (2026,), pupils, ("",), np.ones(1, dtype=int), births, PastEnrolment.from_rows(*zip(*rows, strict=True))
    )  # fmt: skip
    for error in backtest(known, ForecastOptions(shrink_pupils=0.0)):
        assert error.mean < 0.03  # whole pupils, and rates up to 150 %
