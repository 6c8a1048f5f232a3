"""Hard districts of any size: what holds for each of them."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.data.synthetic import HardOptions, hard_district, hard_district_and_solution
from xuequ.data.synthetic_growth import labelled_components, shared_borders
from xuequ.zoning.stage import Stage

OPTIONS = st.integers(12, 260).flatmap(
    lambda blocks: st.builds(
        HardOptions,
        blocks=st.just(blocks),
        schools=st.integers(1, max(1, blocks // 6)),
        slack=st.sampled_from([0.0, 0.02, 0.1, 0.5]),
        seed=st.integers(0, 400),
        lump=st.sampled_from([1, 30, 45]),
        nearest=st.integers(1, 9),
        crooked=st.sampled_from([1.0, 1.5, 2.5]),
    )
)
MADE = settings(max_examples=40, deadline=None)


def pupils_of(district):
    return district.demand.of_stage(Stage.PRIMARY, 2026)


@MADE
@given(OPTIONS)
def test_the_solution_fits_and_hangs_together(options):
    district, solution = hard_district_and_solution(options)
    school = solution.first_school()
    load = np.bincount(school, weights=pupils_of(district), minlength=options.schools)
    seats = district.schools.seats[:, list(Stage).index(Stage.PRIMARY)]
    assert (load <= seats).all()
    assert (seats < load * (1 + options.slack) + 1 + options.lump).all()
    assert (seats % options.lump == 0).all()
    assert school[district.schools.block].tolist() == list(range(options.schools))
    pairs = district.adjacency.pairs()
    part = labelled_components(options.blocks, pairs[school[pairs[:, 0]] == school[pairs[:, 1]]])
    assert len(np.unique(part)) == options.schools


@MADE
@given(OPTIONS)
def test_blocks_are_a_coverage_in_one_piece(options):
    district = hard_district_and_solution(options)[0]
    shapes = district.blocks.geometry
    assert len(district.blocks) == options.blocks
    assert district.adjacency.components().max() == 0
    assert shapely.is_valid(shapes).all()
    assert shapely.coverage_is_valid(shapes)
    pairs, metres = shared_borders(shapes)
    assert pairs.tolist() == district.adjacency.pairs().tolist()
    assert metres == pytest.approx(district.adjacency.pair_border_m())


@MADE
@given(OPTIONS)
def test_ways_are_roads_to_the_nearest_schools(options):
    district, solution = hard_district_and_solution(options)
    distances = district.distances
    everyone = np.arange(options.blocks)
    assert np.isfinite(distances.lookup(everyone, solution.first_school())).all()
    within = np.diff(distances.indptr)
    assert within.min() >= 1
    assert within.max() <= options.nearest + 1
    points = district.blocks.points
    straight = np.hypot(*(points[distances.rows()] - points[district.schools.block[distances.schools]]).T)
    assert (distances.metres >= straight - 0.2).all()
    own = distances.lookup(district.schools.block, np.arange(options.schools))
    assert own.tolist() == [0.0] * options.schools
    # Ascending within a row, as `Distances` promises.
    rows = distances.rows()
    assert (np.diff(distances.schools)[rows[1:] == rows[:-1]] > 0).all()


@MADE
@given(OPTIONS)
def test_the_same_options_give_the_same_district(options):
    first, second = (hard_district_and_solution(options)[0] for _ in range(2))
    assert first.fingerprint == second.fingerprint


@MADE
@given(st.integers(60, 220), st.integers(0, 50))
def test_reach_without_limit_is_the_true_nearest(blocks, seed):
    """With all schools within reach the nearest is never further than with a few."""
    few = hard_district_and_solution(HardOptions(blocks, 6, seed=seed, nearest=1))[0].distances
    every = hard_district_and_solution(HardOptions(blocks, 6, seed=seed, nearest=6))[0].distances
    nearest = few.to_matrix().min(axis=1)
    assert nearest == pytest.approx(every.to_matrix().min(axis=1))


def test_it_is_hard():
    """Sending everybody to the nearest school overloads many of them."""
    district = hard_district(2000, 40, slack=0.05, seed=3)
    distances = district.distances
    matrix = distances.to_matrix()
    load = np.bincount(matrix.argmin(axis=1), weights=pupils_of(district), minlength=40)
    seats = district.schools.seats[:, list(Stage).index(Stage.PRIMARY)]
    assert np.maximum(load - seats, 0).sum() > 0.05 * load.sum()
    assert (load > seats).sum() >= 8
    assert 0.05 <= seats.sum() / load.sum() - 1 < 0.12


def test_what_it_asks_for():
    district = hard_district(120, 5, slack=0.1, seed=2)
    zoning = district.options.zoning
    assert (zoning.stage, zoning.regime, zoning.seats) == (Stage.PRIMARY, "full", "hard")
    assert [goal.name for goal in zoning.goals] == ["distance"]
    assert district.synthetic
    assert "synthetic" in district.name
    assert not district.demand.graded
    assert district.schools.rooms[:, 1].tolist() == [-1] * 5
    assert hard_district(120, 5, slack=0.1, seed=3).fingerprint != district.fingerprint


def test_twenty_thousand_blocks_are_made_of_arrays():
    district = hard_district(20_000, 300, slack=0.03, seed=1)
    assert len(district.blocks) == 20_000
    assert district.adjacency.components().max() == 0
    assert len(district.distances.schools) <= 13 * 20_000
    assert len(district.adjacency.pairs()) > 2.7 * 20_000


@pytest.mark.parametrize(
    "wrong",
    [
        {"blocks": 3, "schools": 4},
        {"schools": 0},
        {"slack": -0.1},
        {"lump": 0},
        {"nearest": 0},
        {"crooked": 0.5},
        {"side_m": 0.0},
    ],
)
def test_what_makes_no_district_is_refused(wrong):
    with pytest.raises(ValueError, match="must"):
        HardOptions(**wrong)
