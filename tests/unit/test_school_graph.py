"""Which schools clusters are made of, and which of them touch (policy §8, model §4)."""

from __future__ import annotations

import itertools
from dataclasses import replace

import networkx as nx
import numpy as np
import pytest
from districts import grid_district
from hypothesis import given, settings
from hypothesis import strategies as st
from planned import cluster_district
from plans import rich_district, rich_seats

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.places import NEVER, SchoolKind
from xuequ.zoning.school_graph import cluster_schools, touching_schools
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification.clusters import clustered_schools, touching
from xuequ.zoning.verification.ground import Area, Ground


def with_schools(district, **changes):
    return district.replace(schools=replace(district.schools, **changes))


class TestClusterSchools:
    """Public schools that run primary or junior; each belongs to exactly one cluster."""

    def test_all_of_a_plain_district(self):
        assert cluster_schools(cluster_district(), 2025) == (0, 1, 2, 3, 4, 5)

    @pytest.mark.parametrize("owner", ["private", "inclusive"])
    def test_others_than_public_ones_are_in_none(self, owner):
        district = cluster_district()
        owners = tuple(owner if j == 2 else "public" for j in range(6))
        assert cluster_schools(with_schools(district, ownership=owners), 2025) == (0, 1, 3, 4, 5)

    def test_a_kindergarten_alone_is_in_none(self):
        district = cluster_district()
        rooms = district.schools.rooms.copy()
        rooms[1] = [6, 0, 0]
        assert 1 not in cluster_schools(with_schools(district, rooms=rooms), 2025)

    def test_one_of_the_two_stages_is_enough(self):
        district = cluster_district()
        rooms = district.schools.rooms.copy()
        rooms[1], rooms[2] = [0, 1, 0], [0, 0, 1]
        assert cluster_schools(with_schools(district, rooms=rooms), 2025) == (0, 1, 2, 3, 4, 5)

    @pytest.mark.parametrize(("seats", "there"), [(300, True), (0, False), (-1, False)])
    def test_a_school_of_which_only_seats_are_known(self, seats, there):
        district = cluster_district()
        rooms, known = district.schools.rooms.copy(), np.full((6, 3), -1)
        rooms[1], known[1, 1] = [0, -1, 0], seats
        assert (1 in cluster_schools(with_schools(district, rooms=rooms, seats=known), 2025)) is there

    def test_a_teaching_point_counts_only_where_todays_clusters_list_it(self):
        """It is managed by its mother school (policy §8)."""
        district = cluster_district()
        kinds = (*(SchoolKind.FULL,) * 4, SchoolKind.TEACHING_POINT, SchoolKind.NON_FULL)
        alone = with_schools(district, kinds=kinds)
        assert cluster_schools(alone, 2025) == (0, 1, 2, 3, 5)
        listed = alone.replace(clusters=ClusterPlan((Membership("s4", "s0", Role.RURAL),)))
        assert cluster_schools(listed, 2025) == (0, 1, 2, 3, 4, 5)

    def test_a_school_counts_while_it_runs(self):
        district = with_schools(cluster_district(), opened=np.array([0, 0, 2027, 0, 0, 0]), closed=np.array([2026, *[NEVER] * 5]))
        assert [cluster_schools(district, year) for year in (2025, 2026, 2027)] == [
            (0, 1, 3, 4, 5), (1, 3, 4, 5), (1, 2, 3, 4, 5),
        ]  # fmt: skip

    def test_a_new_school_joins_and_a_relocated_one_takes_the_place_of_the_old(self):
        """``new`` (4) opens in 2027, ``moved`` (5) replaces ``s3`` in 2028."""
        district = rich_district()
        found = [cluster_schools(district, year, rich_seats()) for year in (2026, 2027, 2028)]
        assert found == [(0, 1, 2, 3), (0, 1, 2, 3, 4), (0, 1, 2, 4, 5)]
        assert cluster_schools(district, 2028) == (0, 1, 2, 3)


def row(zone, zones, blocks=6, homes=(0, 2, 5), pairs=None):
    """Blocks in a row, schools at ``homes``, and catchments of the primary stage; ``zone`` −1 for none."""
    district = grid_district(blocks, 1, homes, stages=(Stage.PRIMARY, Stage.JUNIOR))
    if pairs is not None:
        district = district.replace(adjacency=Adjacency.from_pairs(blocks, np.array(pairs).reshape(-1, 2)))
    return district, Catchments(Stage.PRIMARY, 2026, zones, np.array(zone))


SINGLE = ((0,), (1,), (2,))


class TestTouching:
    def test_catchments_that_border(self):
        district, item = row([0, 0, 1, 1, 2, 2], SINGLE)
        assert touching_schools(district, [item], range(3)) == {(0, 1), (1, 2)}

    def test_a_gap_between_keeps_them_apart(self):
        district, item = row([0, 0, 1, -1, 2, 2], SINGLE)
        assert touching_schools(district, [item], range(3)) == {(0, 1)}

    def test_without_catchments_schools_hold_the_blocks_they_stand_in(self):
        district, _ = row([], SINGLE, homes=(0, 1, 5))
        assert touching_schools(district, [], range(3)) == {(0, 1)}
        outside = with_schools(district, block=np.array([-1, 1, 5]))
        assert touching_schools(outside, [], range(3)) == frozenset()

    def test_a_river_cuts_and_a_bridge_joins(self):
        banks = [[0, 1], [1, 2], [3, 4], [4, 5]]
        district, item = row([0, 0, 0, 2, 2, 2], SINGLE, homes=(0, 2, 5), pairs=banks)
        assert touching_schools(district, [item], [0, 2]) == frozenset()
        district, item = row([0, 0, 0, 2, 2, 2], SINGLE, homes=(0, 2, 5), pairs=[*banks, [2, 3]])
        assert touching_schools(district, [item], [0, 2]) == {(0, 2)}

    def test_catchments_of_different_stages_overlap(self):
        """A junior school whose catchment holds those of two primary schools touches both."""
        district, primary = row([0, 0, 0, 2, 2, 2], ((0,), (1,), (2,)))
        apart = district.replace(adjacency=Adjacency.from_pairs(6, np.empty((0, 2))))
        junior = Catchments(Stage.JUNIOR, 2026, ((1,),), np.zeros(6))
        assert touching_schools(apart, [primary], [0, 1, 2]) == {(0, 1)}  # s1 stands in the catchment of s0
        assert touching_schools(apart, [primary, junior], [0, 1, 2]) == {(0, 1), (1, 2)}

    def test_kindergartens_do_not_count(self):
        district, _ = row([], SINGLE, homes=(0, 2, 5))
        nursery = Catchments(Stage.KINDERGARTEN, 2026, ((0,),), np.zeros(6))
        assert touching_schools(district, [nursery], range(3)) == frozenset()

    def test_schools_of_one_zone_touch(self):
        district, item = row([0, 0, 0, 0, 0, 0], ((0, 2),))
        assert touching_schools(district, [item], [0, 2]) == {(0, 2)}

    def test_only_those_asked_about(self):
        district, item = row([0, 0, 1, 1, 2, 2], SINGLE)
        assert touching_schools(district, [item], [1, 2]) == {(1, 2)}
        assert touching_schools(district, [item], []) == frozenset()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6))
def test_touching_is_that_of_the_blocks_and_the_verifiers_own(seed):
    """By brute force over pairs of blocks, and by the verifier's count."""
    rng = np.random.default_rng(seed)
    homes = tuple(rng.choice(20, 4, replace=False).tolist())
    district = grid_district(5, 4, homes, years=(2026,), stages=(Stage.PRIMARY, Stage.JUNIOR))
    pairs = district.adjacency.pairs()
    district = district.replace(adjacency=Adjacency.from_pairs(20, pairs[rng.random(len(pairs)) > 0.4]))
    items = [Catchments(stage, 2026, ((0,), (1, 2), (3,)), rng.integers(-1, 3, 20)) for stage in (Stage.PRIMARY, Stage.JUNIOR)]
    holders = {(i, j) for item in items for i, k in enumerate(item.zone) if k >= 0 for j in item.zones[k]}
    holders |= {(home, j) for j, home in enumerate(homes)}
    graph = district.adjacency.to_networkx([str(i) for i in range(20)])
    near = {(i, k) for i in range(20) for k in (i, *map(int, nx.neighbors(graph, str(i))))}
    expected = {(a, b) for a, b in itertools.combinations(range(4), 2) for i, k in near if {(i, a), (k, b)} <= holders}
    assert touching_schools(district, items, range(4)) == expected
    ground = Ground(district)
    areas = [Area(item.stage, 2026, tuple((*item.zones, ())[k] for k in item.zone)) for item in items]
    own = touching(ground, areas, 2026)
    assert {(int(a[1]), int(b[1])) for a, others in own.items() for b in others if a < b} == expected
    assert clustered_schools(ground, 2026) == [district.schools.ids[j] for j in cluster_schools(district, 2026)]
