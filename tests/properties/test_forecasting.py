"""Forecasts keep their totals: over communities, blocks and years, whatever the district."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.births import AgeRule, Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, Housing, forecast, spread_over_grades
from xuequ.zoning.arrays import largest_remainder
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade, Stage

K1, G1 = GRADES.index(Grade.K1), GRADES.index(Grade.G1)
FREE = ForecastOptions(shrink_pupils=0.0)


@st.composite
def districts(draw, *, housing=True):
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    blocks, communities = draw(st.integers(1, 25)), draw(st.integers(1, 5))
    home = np.array([f"c{rng.integers(communities)}" for _ in range(blocks)])
    areas = sorted(set(home.tolist()))
    years = range(2016, 2016 + draw(st.integers(8, 12)))
    rows = [(area, year, int(rng.integers(0, 60))) for area in areas for year in years]
    estates = draw(st.integers(0, 3)) if housing else 0
    return ForecastInput(
        2025,
        (2026, 2027),
        rng.integers(0, draw(st.sampled_from([2, 30])), (len(GRADES), blocks)),
        tuple(home.tolist()),
        rng.integers(0, 300, blocks),
        Births.from_rows(*zip(*rows, strict=True)),
        housing=Housing(
            rng.integers(0, blocks, estates), rng.integers(2024, 2029, estates), rng.integers(0, 900, estates), ("",) * estates
        )
        if estates
        else None,
        rules=Rules().override({"horizon_after": 3}),
    )


@settings(max_examples=60, deadline=None)
@given(districts())
def test_children_are_whole_and_none_is_lost(known):
    result = forecast(known)
    pupils = result.demand.pupils[0].astype(int)
    assert (pupils >= 0).all()
    assert (pupils[0] == known.pupils).all()
    ratio = np.array([item.value for item in result.ratios])
    totals = pupils.sum(axis=2)
    if known.housing is None:
        moved = totals[:-1, :-1] * ratio[1:]
        later = totals[1:, 1:]
        steady = [g for g in range(len(GRADES) - 1) if g + 1 != G1]
        assert (np.abs(later - moved)[:, steady] <= 1.5).all()


@settings(max_examples=60, deadline=None)
@given(districts(housing=False))
def test_each_community_gets_the_children_born_there(known):
    result = forecast(known)
    community = np.array(known.communities)
    for grade, age in ((Grade.K1, 3), (Grade.G1, 6)):
        position = GRADES.index(grade)
        value = result.ratios[position].value
        for year in (2026, 2027):
            born = known.births.entrants(year, age, AgeRule())
            if born is None:
                continue
            pupils = result.demand.by_grade(year)[position]
            assert abs(int(pupils.sum()) - value * born.sum()) <= 0.5 + 1e-6
            for area, expected in zip(known.births.areas, value * born, strict=True):
                assert abs(int(pupils[community == area].sum()) - expected) < 1.5


@settings(max_examples=40, deadline=None)
@given(districts())
def test_the_order_of_blocks_does_not_matter(known):
    order = np.random.default_rng(1).permutation(len(known.communities))
    back = np.argsort(order)
    housing = known.housing
    turned = ForecastInput(
        known.school_year, known.planned, known.pupils[:, order], tuple(np.array(known.communities)[order].tolist()),
        known.households[order], known.births,
        housing=housing and Housing(back[housing.block], housing.year, housing.homes, housing.types), rules=known.rules,
    )  # fmt: skip
    first, second = (forecast(item).demand.pupils[0].astype(int) for item in (known, turned))
    assert np.abs(first.sum(axis=2) - second.sum(axis=2)).max() <= 1  # sums of another order may round a half otherwise
    assert np.abs(first - second[:, :, back]).max() <= 1  # ties of rounding go to the lower row


@settings(max_examples=40, deadline=None)
@given(districts(housing=False), st.integers(2, 5))
def test_more_births_make_more_children_and_touch_nobody_else(known, factor):
    births = known.births
    late = np.array(births.years) >= 2023
    more = Births(births.areas, births.years, np.where(late, births.by_year * factor, births.by_year), births.by_month)
    first = forecast(known, FREE)
    grown = ForecastInput(
        known.school_year, known.planned, known.pupils, known.communities, known.households, more, rules=known.rules
    )  # fmt: skip
    second = forecast(grown, FREE)
    before, after = (result.demand.by_grade(2027).sum(axis=1) for result in (first, second))
    assert after[K1] >= before[K1]
    assert (after[G1:] == before[G1:]).all()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40), st.integers(0, 100_000))
def test_largest_remainder_keeps_the_total_and_stays_within_one(shares, total):
    weights = np.array(shares)
    parts = largest_remainder(weights, total)
    assert parts.sum() == total
    even = weights if weights.sum() > 0 else np.ones(len(weights))
    assert (np.abs(parts - even / even.sum() * total) < 1 + 1e-6).all()


@given(
    st.lists(st.tuples(*[st.integers(0, 500)] * 3), min_size=1, max_size=30),
    st.lists(st.integers(0, 50), min_size=len(GRADES), max_size=len(GRADES)),
)
def test_dividing_a_stage_over_grades_keeps_every_block(blocks, shares):
    by_stage = np.array(blocks).T
    weights = np.array(shares, dtype=float)
    result = spread_over_grades(by_stage, weights)
    assert (result >= 0).all()
    for row, stage in enumerate(Stage):
        part = result[stage.grade_slice]
        assert (part.sum(axis=0) == by_stage[row]).all()
        if weights[stage.grade_slice].any():
            assert part[weights[stage.grade_slice] == 0].sum() <= 0
