"""Overflow within clusters: nobody is lost, no seat is given twice, and no nearer one stays free."""

from __future__ import annotations

from collections import Counter

import numpy as np
from districts import grid_district
from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.zoning.distances import Distances
from xuequ.zoning.overflow import overflow_rows, school_distances_m
from xuequ.zoning.stage import Stage


@settings(max_examples=80, deadline=None)
@given(st.integers(0, 10**6))
def test_pupils_above_seats_find_what_is_free(seed):
    rng = np.random.default_rng(seed)
    count = 6
    district = grid_district(6, 6, tuple(rng.choice(36, count, replace=False).tolist()), years=(2026,))
    matrix = district.distances.to_matrix().copy()
    matrix[rng.random(matrix.shape) < 0.2] = np.inf
    district = district.replace(distances=Distances.from_matrix(matrix))
    ids = district.schools.ids
    cluster_of = {name: f"c{rng.integers(2)}" for name in ids if rng.random() < 0.9}
    pupils, planned = rng.integers(0, 200, count), rng.integers(0, 200, count)
    rows = overflow_rows(district, cluster_of, Stage.PRIMARY, 2026, pupils=pupils, planned=planned)
    sent, taken = Counter(), Counter()
    for row in rows:
        assert row.pupils > 0
        assert row.school_id != row.to_school_id
        assert cluster_of[row.school_id] == cluster_of[row.to_school_id]
        sent[row.school_id] += row.pupils
        taken[row.to_school_id] += row.pupils
    free = dict(zip(ids, np.maximum(planned - pupils, 0).tolist(), strict=True))
    over = dict(zip(ids, np.maximum(pupils - planned, 0).tolist(), strict=True))
    assert all(sent[name] <= over[name] for name in ids)
    assert all(taken[name] <= free[name] for name in ids)
    for cluster in set(cluster_of.values()):
        mine = [name for name in ids if cluster_of.get(name) == cluster]
        assert sum(sent[name] for name in mine) == min(sum(over[name] for name in mine), sum(free[name] for name in mine))
    left = dict(free)
    for name in ids:  # in the order of ids, each fills the nearest first
        mine = [row for row in rows if row.school_id == name]
        metres = dict(zip(ids, school_distances_m(district, ids.index(name)).tolist(), strict=True))
        for row in mine:
            left[row.to_school_id] -= row.pupils
        members = [other for other in ids if other != name and cluster_of.get(other) == cluster_of.get(name, "none")]
        furthest = max((metres[row.to_school_id] for row in mine), default=None)
        if furthest is not None:
            assert all(left[other] == 0 for other in members if metres[other] < furthest)
        assert all(
            row.distance_m == (round(metres[row.to_school_id], 1) if np.isfinite(metres[row.to_school_id]) else None)
            for row in mine
        )
