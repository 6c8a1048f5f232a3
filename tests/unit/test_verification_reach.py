"""`assignment.reach`: who goes where no way is known is told only where another school could have taken the block."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from plans import goals_of, hand_plan

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import rounds_of
from xuequ.zoning.verification import verify

SINGLE = ((0,), (1,))


def row(*lost, blocks=8, locks=(), together=(), homes=None):
    """Blocks in a row with a school at each end; ``lost`` are the ways (block, school) that are not known."""
    district = grid_district(blocks, 1, (0, blocks - 1), pupils=12, rooms=6, years=(2026, 2027))
    matrix = district.distances.to_matrix().copy()
    for block, school in lost:
        matrix[block, school] = np.inf
    schools = replace(district.schools, block=np.array(homes)) if homes else district.schools
    zoning = ZoningOptions(regime="full", locks=locks, keep_together=together)
    return district.replace(distances=Distances.from_matrix(matrix), options=Options(zoning=zoning), schools=schools)


def failed(district, zone, zones=SINGLE):
    """Return the names of the checks that fail for catchments in regime full."""
    item = Catchments(Stage.PRIMARY, 2026, zones, np.array(zone))
    return {check.name for check in verify(district, hand_plan(district, item)).failed}


def told(district, zone):
    item = Catchments(Stage.PRIMARY, 2026, SINGLE, np.array(zone))
    (check,) = [check for check in verify(district, hand_plan(district, item)).checks if check.name == "assignment.reach"]
    return check.detail


REACH = {"assignment.reach"}


class TestOneBlock:
    def test_a_block_beyond_reach_that_the_other_school_could_have(self):
        district = row((3, 0))
        assert failed(district, [0, 0, 0, 0, 1, 1, 1, 1]) == REACH
        assert told(district, [0, 0, 0, 0, 1, 1, 1, 1]) == "primary 2026: b0_3 is given to s0, within reach is s1"
        assert failed(district, [0, 0, 0, 1, 1, 1, 1, 1]) == set()

    def test_a_block_without_a_school_that_one_could_have(self):
        assert told(row(), [0, 0, 0, -1, 1, 1, 1, 1]) == "primary 2026: b0_3 is given to none, within reach is s0"

    def test_a_block_that_nobody_reaches_goes_anywhere(self):
        district = row((3, 0), (3, 1))
        assert failed(district, [0, 0, 0, 0, 1, 1, 1, 1]) == set()
        assert failed(district, [0, 0, 0, 1, 1, 1, 1, 1]) == set()

    def test_contiguity_bars_the_way_to_the_other_school(self):
        """b0_2 reaches only s1, but b0_3 and b0_4 reach only s0: no catchment of s1 gets there."""
        district = row((2, 0), (3, 1), (4, 1))
        assert failed(district, [0, 0, 0, 0, 0, 1, 1, 1]) == set()

    def test_without_contiguity_nothing_bars_it(self):
        district = row((2, 0), (3, 1), (4, 1))
        loose = district.replace(rules=district.rules.override({"contiguity": False}))
        assert failed(loose, [0, 0, 0, 0, 0, 1, 1, 1]) == REACH

    def test_an_island_is_joined_to_nobody_and_open_to_all(self):
        district = row((3, 0)).replace(adjacency=Adjacency.from_pairs(8, np.array([[0, 1], [1, 2], [4, 5], [5, 6], [6, 7]])))
        assert failed(district, [0, 0, 0, 0, 1, 1, 1, 1]) == REACH
        assert failed(district, [0, 0, 0, 1, 1, 1, 1, 1]) == set()

    @pytest.mark.parametrize(
        ("lock", "faults"),
        [
            (Lock("b0_3", Stage.PRIMARY, "s0"), set()),
            (Lock("b0_3", Stage.PRIMARY, "s1", must=False), set()),
            (Lock("b0_3", Stage.JUNIOR, "s0"), REACH),
            (Lock("b0_2", Stage.PRIMARY, "s0"), REACH),
        ],
        ids=["locked to it", "locked away from the other", "locked in another stage", "another block locked"],
    )
    def test_a_lock_excuses_its_own_block(self, lock, faults):
        assert failed(row((3, 0), locks=(lock,)), [0, 0, 0, 0, 1, 1, 1, 1]) == faults

    def test_a_block_that_a_lock_gives_away_bars_the_way(self):
        """b0_3 reaches only s1, and b0_4 on the way from there is locked to s0."""
        lock = Lock("b0_4", Stage.PRIMARY, "s0")
        assert failed(row((3, 0), locks=(lock,)), [0, 0, 0, 0, 0, 1, 1, 1]) == set()
        assert failed(row((3, 0)), [0, 0, 0, 0, 0, 1, 1, 1]) == REACH


class TestKeptTogether:
    def test_a_set_whose_blocks_reach_no_school_all_together(self):
        """b0_2 has no way to s0 and b0_5 none to s1, so that wherever they go together one has none."""
        district = row((2, 0), (5, 1), together=(("b0_2", "b0_5"),))
        assert failed(district, [0, 0, 0, 0, 0, 0, 1, 1]) == set()
        assert failed(district, [0, 0, 1, 1, 1, 1, 1, 1]) == set()

    def test_who_lies_between_goes_along(self):
        """b0_3 and b0_4 have no way to s0, but join the set that goes there."""
        district = row((2, 1), (3, 0), (4, 0), together=(("b0_2", "b0_5"),))
        assert failed(district, [0, 0, 0, 0, 0, 0, 1, 1]) == set()

    def test_a_set_that_could_have_gone_elsewhere_whole(self):
        district = row((2, 0), together=(("b0_2", "b0_5"),))
        assert failed(district, [0, 0, 0, 0, 0, 0, 1, 1]) == REACH
        assert failed(district, [0, 0, 1, 1, 1, 1, 1, 1]) == set()

    def test_a_neighbour_of_the_set_is_no_member(self):
        """b0_6 is not bound, has no way to s0, and s1 stands beside it."""
        district = row((2, 1), (6, 0), together=(("b0_2", "b0_5"),))
        assert failed(district, [0, 0, 0, 0, 0, 0, 0, 1]) == REACH
        assert failed(district, [0, 0, 0, 0, 0, 0, 1, 1]) == set()

    def test_a_set_bars_the_way_where_one_of_it_has_none(self):
        """b0_1 reaches s1 only, behind a set of which b0_4 has no way to s1."""
        district = row((1, 0), (4, 1), together=(("b0_3", "b0_4"),))
        assert failed(district, [0, 0, 0, 0, 0, 1, 1, 1]) == set()

    def test_parts_that_nothing_joins(self):
        """A village on both banks, with a school on each: it goes to one of them, and its catchment is whole with it."""
        banks = Adjacency.from_pairs(8, np.array([[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7]]))
        district = row(together=(("b0_3", "b0_4"),)).replace(adjacency=banks)
        assert failed(district, [0, 0, 0, 0, 0, 1, 1, 1]) == set()
        assert failed(district, [0, 0, 0, 1, 1, 1, 1, 1]) == set()
        assert failed(district, [0, 0, 0, 0, 0, 0, 1, 1]) == set()
        assert failed(district, [0, 0, 0, 0, 0, 1, 0, 1]) == {"assignment.contiguous"}
        assert failed(row().replace(adjacency=banks), [0, 0, 0, 0, 0, 1, 1, 1]) == {"assignment.contiguous"}

    def test_a_bridge_of_one_set_does_not_carry_another_catchment(self):
        banks = Adjacency.from_pairs(8, np.array([[0, 1], [1, 2], [2, 3], [4, 5], [5, 6], [6, 7]]))
        district = row(together=(("b0_3", "b0_4"),)).replace(adjacency=banks)
        assert failed(district, [0, 0, 1, 0, 0, 1, 1, 1]) == {"assignment.contiguous"}


class TestSchoolOutsideAllBlocks:
    """A catchment of a school outside all blocks begins in its block next to the school."""

    def test_its_catchment_does_not_reach_behind_another(self):
        """s1 stands outside; b0_1 reaches only s1, and the blocks between reach only s0."""
        district = row((1, 0), (2, 1), (3, 1), (4, 1), homes=(0, -1))
        assert failed(district, [0, 0, 0, 0, 0, 1, 1, 1]) == set()

    def test_it_is_told_where_it_could_have_grown(self):
        district = row((3, 0), homes=(0, -1))
        assert failed(district, [0, 0, 0, 0, 1, 1, 1, 1]) == REACH

    def test_the_block_next_to_it_may_lack_a_way(self):
        """b0_7 lies next to s1 and belongs to it, though it has no way there and one to s0."""
        district = row((7, 1), homes=(0, -1))
        assert failed(district, [0, 0, 0, 0, 1, 1, 1, 1]) == set()
        behind = row((6, 1), homes=(0, -1))
        assert failed(behind, [0, 0, 0, 0, 1, 1, 1, 1]) == REACH
        assert failed(behind, [0, 0, 0, 0, 0, 0, 0, 1]) == set()

    def test_a_school_without_blocks_could_begin_anywhere(self):
        district = row((3, 0), homes=(0, -1))
        assert failed(district, [0] * 8, ((0,),)) == REACH


class TestPlansOfYears:
    def plan(self, district, zones_by_year):
        items = tuple(
            Catchments(stage, year, SINGLE, np.array(zone)) for stage in Stage for year, zone in sorted(zones_by_year.items())
        )
        schools = replace(district.schools, lead=np.zeros(2))
        district = district.replace(schools=schools)
        plan = Plan(PlanKind.PLAN, Status.FEASIBLE, district.fingerprint, regime="full", catchments=items)
        goals = tuple(
            (item.stage, item.year, goals_of(district, chosen, item, district.options.zoning.goals))
            for chosen, item in rounds_of(district, plan)
        )
        return district, plan.replace(stage_goals=goals)

    def faults(self, district, zones_by_year):
        district, plan = self.plan(district, zones_by_year)
        return {check.name for check in verify(district, plan).failed}

    NOW = (0, 0, 0, 0, 1, 1, 1, 1)
    WIDE = (0, 0, 0, 0, 0, 1, 1, 1)

    def test_who_stays_is_not_told(self):
        """Under ``stability_years`` a block may have to stay where it has no way; as a plan of one year it is told."""
        district = row((3, 0))
        assert self.faults(district, {2026: self.NOW, 2027: self.NOW}) == set()
        assert failed(district, self.NOW) == REACH

    def test_who_moves_where_it_has_no_way_is_told(self):
        district = row((4, 0))
        assert self.faults(district, {2026: self.NOW, 2027: self.WIDE}) == REACH
        assert self.faults(district, {2026: self.WIDE, 2027: self.WIDE}) == REACH
