"""Wherever schools open, close and move, every child of the district sits at a school that runs, once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import grown_catchments, rich_district, rich_seats

from xuequ.zoning.outlook import large_classes, rolls_without_plan
from xuequ.zoning.places import NEVER
from xuequ.zoning.rolls import full_rolls
from xuequ.zoning.rounds import by_entry_year, rolls_by_year
from xuequ.zoning.seating import Opening, SeatPlan, rooms_in
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification.ground import Area, Ground
from xuequ.zoning.verification.pupils import count_years

FEW = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def changing_district(rng):
    """`rich_district` in which two of its four schools close in some year, or none."""
    district = rich_district()
    closed = np.full(6, NEVER)
    closed[rng.choice(4, 2, replace=False)] = rng.choice([2026, 2027, 2028, NEVER], 2)
    return district.replace(schools=replace(district.schools, closed=closed))


def seats_of(rng):
    return (None, rich_seats(), SeatPlan((Opening("moved", Stage.PRIMARY, 2027, 6), Opening("moved", Stage.JUNIOR, 2027, 3))))[
        int(rng.integers(3))
    ]


@FEW
@given(st.integers(0, 10**6), st.sampled_from(["middle", "high"]))
def test_in_phase_in(seed, scenario):
    rng = np.random.default_rng(seed)
    district, seats = changing_district(rng), seats_of(rng)
    planned = tuple(
        grown_catchments(district, stage, year, rng, seats)
        for stage in Stage
        for year in (2026, 2027, 2028)
        if rng.random() < 0.6
    )
    rolls = rolls_by_year(district, by_entry_year(planned), 2028, seats, scenario)
    for year in (2026, 2027, 2028):
        children = district.demand.by_grade(year, scenario).sum(axis=1)
        np.testing.assert_array_equal(rolls[year].pupils.sum(axis=0), children)
        assert (rolls[year].pupils >= 0).all()
        for column, stage in enumerate(Stage):
            rooms, span = rooms_in(district, year, seats)[:, column], stage.grade_slice
            assert not rolls[year].pupils[rooms == 0, span].any()
            assert ((rolls[year].classes[:, span] > 0) == (rolls[year].pupils[:, span] > 0)).all()
            grades = (rolls[year].pupils[:, span] > 0).sum(axis=1)
            assert (rolls[year].classes[:, span].sum(axis=1) <= np.maximum(rooms, grades)).all()
    ground = Ground(district, [(item.site, item.stage, item.year, item.rooms) for item in (seats.openings if seats else ())])
    areas = [Area(item.stage, item.year, tuple((*item.zones, ())[k] for k in item.zone)) for item in planned]
    for year, counted in count_years(ground, areas, 2028, scenario).items():
        np.testing.assert_array_equal(counted.pupils, rolls[year].pupils)
        np.testing.assert_array_equal(counted.classes, rolls[year].classes)


@FEW
@given(st.integers(0, 10**6))
def test_in_regime_full_and_without_a_plan(seed):
    rng = np.random.default_rng(seed)
    district = changing_district(rng)
    items = {stage: grown_catchments(district, stage, 2027, rng) for stage in Stage}
    rolls = full_rolls(district, items, 2027)
    np.testing.assert_array_equal(rolls.pupils.sum(axis=0), district.demand.by_grade(2027).sum(axis=1))
    for before in rolls_without_plan(district):
        np.testing.assert_array_equal(before.pupils.sum(axis=0), district.demand.by_grade(before.year).sum(axis=1))
        primary, junior, both = large_classes(district, before)
        assert both.classes == primary.classes + junior.classes
        assert both.super_large <= both.large <= both.classes
        assert set(both.schools) == set(primary.schools) | set(junior.schools)
