"""What `zone` plans verifies, wherever ways are lost, sets lie apart, and schools stand outside all blocks."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from districts import grid_district
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from xuequ.solver.portfolio import zone
from xuequ.solver.stop import MaxIterations
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.plan import Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification import verify

BLOCKS, SCHOOLS = 20, 3


def torn_district(seed):
    """A grid of 5 × 4 with lost ways, sets kept together, locks, schools outside all blocks, and a river or missing borders."""
    rng = np.random.default_rng(seed)
    homes = tuple(int(block) for block in rng.choice(BLOCKS, SCHOOLS, replace=False))
    district = grid_district(5, 4, homes, pupils=rng.integers(0, 40, BLOCKS), rooms=4, years=(2026,), seed=seed)
    matrix = district.distances.to_matrix().copy()
    matrix[rng.random(matrix.shape) < rng.choice([0.1, 0.3, 0.5])] = np.inf
    outside = rng.random(SCHOOLS) < 0.4
    for school, home in enumerate(homes):
        if not outside[school]:
            matrix[home, school] = 1.0
    pairs = district.adjacency.pairs()
    kept = rng.random(len(pairs)) > rng.choice([0.0, 0.15])
    if rng.random() < 0.3:
        kept &= (pairs >= 10).all(axis=1) | (pairs < 10).all(axis=1)
    ids = district.blocks.ids
    sets = tuple(tuple(ids[i] for i in rng.choice(BLOCKS, rng.integers(2, 4), replace=False)) for _ in range(rng.integers(0, 3)))
    locks = tuple(
        Lock(ids[i], Stage.PRIMARY, f"s{rng.integers(SCHOOLS)}", must=bool(rng.random() < 0.5))
        for i in rng.choice(BLOCKS, rng.integers(0, 3), replace=False)
    )
    return district.replace(
        schools=replace(district.schools, block=np.where(outside, -1, homes)),
        distances=Distances.from_matrix(matrix),
        adjacency=Adjacency.from_pairs(BLOCKS, pairs[kept], np.full(int(kept.sum()), 200.0)),
        options=Options(zoning=ZoningOptions(regime="full", keep_together=sets, locks=locks)),
    )


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.integers(0, 10**6))
def test_what_is_planned_in_a_torn_district_verifies(seed):
    district = torn_district(seed)
    plan = zone(district, stage=Stage.PRIMARY, year=2026, stop=MaxIterations(10), seed=1)
    if plan.status is Status.INFEASIBLE:
        assert plan.explanation.reasons
    else:
        assert verify(district, plan).failed == ()
