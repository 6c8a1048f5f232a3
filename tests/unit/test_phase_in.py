"""A district small enough to follow every child: who sits where as new catchments phase in (policy §5, model.md §0 and §1)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.demand import Demand
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import Enrolment
from xuequ.zoning.outlook import large_classes, rolls_without_plan
from xuequ.zoning.places import NEVER
from xuequ.zoning.rolls import Rolls, entry_capacity, full_rolls, next_rolls, school_classes, start_rolls
from xuequ.zoning.rounds import admission_round, by_entry_year, rolls_by_year
from xuequ.zoning.stage import GRADES, Stage

JUNIOR = Stage.JUNIOR
SPAN = JUNIOR.grade_slice
YEARS = (2025, 2026, 2027, 2028, 2029)
LIVING = {"west": 40, "middle": 30, "east": 20}
"""Pupils of each junior grade who live in each of three blocks, every year alike."""


def town(rooms=(9, 9), **changes):
    """West, middle and east in a row, a junior school at each end; today the middle goes west."""
    district = grid_district(3, 1, (0, 2), rooms=rooms, stages=(JUNIOR,), years=YEARS[1:])
    pupils = np.zeros((1, len(YEARS), len(GRADES), 3), dtype=int)
    pupils[:, :, SPAN] = list(LIVING.values())
    today = {JUNIOR: Catchments(JUNIOR, 2025, ((0,), (1,)), np.array([0, 0, 1]))}
    return district.replace(demand=Demand(YEARS, pupils), today=today, **changes)


def middle_goes(year, school):
    return Catchments(JUNIOR, year, ((0,), (1,)), np.array([0, school, 1]))


def seen(district, entry, last=2029, grades=SPAN, **more):
    """Return by year the pupils of grades 7, 8 and 9 at the western and the eastern school."""
    rolls = rolls_by_year(district, by_entry_year(entry), last, **more)
    return {year: [rolls[year].pupils[j, grades].tolist() for j in range(2)] for year in rolls}


WEST, EAST = [70, 70, 70], [20, 20, 20]


class TestWhoStaysAndWhoMoves:
    def test_today_goes_on_where_nothing_is_planned(self):
        assert seen(town(), []) == {year: [WEST, EAST] for year in YEARS}

    def test_a_new_catchment_takes_one_grade_more_each_year(self):
        assert seen(town(), [middle_goes(year, 1) for year in YEARS[1:]]) == {
            2025: [[70, 70, 70], [20, 20, 20]],
            2026: [[40, 70, 70], [50, 20, 20]],
            2027: [[40, 40, 70], [50, 50, 20]],
            2028: [[40, 40, 40], [50, 50, 50]],
            2029: [[40, 40, 40], [50, 50, 50]],
        }

    def test_who_entered_in_a_year_stays_when_the_next_goes_back(self):
        entry = [middle_goes(2026, 1), *(middle_goes(year, 0) for year in (2027, 2028, 2029))]
        assert seen(town(), entry) == {
            2025: [[70, 70, 70], [20, 20, 20]],
            2026: [[40, 70, 70], [50, 20, 20]],
            2027: [[70, 40, 70], [20, 50, 20]],
            2028: [[70, 70, 40], [20, 20, 50]],
            2029: [[70, 70, 70], [20, 20, 20]],
        }

    def test_a_year_without_catchments_of_its_own_follows_todays(self):
        assert seen(town(), [middle_goes(2027, 1)], 2028) == {
            2025: [[70, 70, 70], [20, 20, 20]],
            2026: [[70, 70, 70], [20, 20, 20]],
            2027: [[40, 70, 70], [50, 20, 20]],
            2028: [[70, 40, 70], [20, 50, 20]],
        }

    def test_all_grades_move_at_once_in_regime_full(self):
        rolls = full_rolls(town(), {JUNIOR: middle_goes(2026, 1)}, 2026)
        assert rolls.pupils[:, SPAN].tolist() == [[40, 40, 40], [50, 50, 50]]

    def test_children_of_another_scenario(self):
        district = town()
        demand = district.demand
        both = replace(demand, scenarios=("middle", "high"), pupils=np.concatenate([demand.pupils, 2 * demand.pupils]))
        assert seen(district.replace(demand=both), [], 2026, scenario="high")[2026] == [[140, 140, 140], [40, 40, 40]]


class TestWhoIsEnrolledElsewhere:
    """Five pupils of grade 8 from the west sit in the east today."""

    def enrolled(self):
        pupils = np.zeros((2, len(GRADES)), dtype=int)
        pupils[:, SPAN] = [[70, 65, 70], [20, 25, 20]]
        return Enrolment(pupils, np.ceil(pupils / 50))

    def test_they_stay_there_until_they_leave(self):
        assert seen(town(enrolment=self.enrolled()), [], 2027) == {
            2025: [[70, 65, 70], [20, 25, 20]],
            2026: [[70, 70, 65], [20, 20, 25]],
            2027: [[70, 70, 70], [20, 20, 20]],
        }

    def test_new_catchments_do_not_move_them(self):
        entry = [middle_goes(year, 1) for year in (2026, 2027)]
        assert seen(town(enrolment=self.enrolled()), entry, 2027)[2026] == [[40, 70, 65], [50, 20, 25]]

    def test_never_fewer_than_nobody(self):
        """More are enrolled elsewhere today than live in the catchment later: the school has none, not less."""
        district = town(enrolment=self.enrolled())
        pupils = district.demand.pupils.copy()
        pupils[:, 1:, :, :2] = 2
        fewer = district.replace(demand=replace(district.demand, pupils=pupils))
        assert seen(fewer, [], 2026)[2026] == [[4, 4, 0], [20, 20, 25]]


class TestSchoolsThatClose:
    def test_its_grades_follow_the_catchments_of_the_year(self):
        """The west closes in 2027: who entered there in 2026 and before goes where the blocks now belong."""
        district = town()
        district = district.replace(schools=replace(district.schools, closed=np.array([2027, NEVER])))
        east = Catchments(JUNIOR, 2027, ((1,),), np.zeros(3))
        assert seen(district, [east], 2027) == {
            2025: [WEST, EAST],
            2026: [WEST, EAST],
            2027: [[0, 0, 0], [90, 90, 90]],
        }

    def test_nobody_is_lost_where_no_catchments_are_planned(self):
        """Blocks of a school that has closed go to the nearest that runs: the middle and the west to the east."""
        district = town()
        district = district.replace(schools=replace(district.schools, closed=np.array([2027, NEVER])))
        assert seen(district, [], 2029) == {
            2025: [WEST, EAST],
            2026: [WEST, EAST],
            **{year: [[0, 0, 0], [90, 90, 90]] for year in (2027, 2028, 2029)},
        }
        assert {int(rolls.pupils.sum()) for rolls in rolls_without_plan(district)} == {270}

    def test_they_go_to_the_nearest_public_one_that_they_can_reach(self):
        """Of four schools the first closes: its blocks go to the second, but the one without a way there to the third."""
        district = grid_district(6, 1, (0, 1, 3, 5), rooms=9, stages=(JUNIOR,), years=YEARS[1:])
        pupils = np.zeros((1, len(YEARS), len(GRADES), 6), dtype=int)
        pupils[:, :, SPAN] = [10, 20, 0, 0, 0, 0]
        matrix = district.distances.to_matrix().copy()
        matrix[1, 1] = np.inf
        district = district.replace(
            demand=Demand(YEARS, pupils),
            distances=Distances.from_matrix(matrix),
            today={JUNIOR: Catchments(JUNIOR, 2025, ((0,), (3,)), np.array([0, 0, 1, 1, 1, 1]))},
            schools=replace(district.schools, closed=np.array([2026, NEVER, NEVER, NEVER])),
        )
        assert [rolls.pupils[:, SPAN.start].tolist() for rolls in rolls_without_plan(district, last=2026)] == [
            [30, 0, 0, 0], [0, 10, 20, 0],
        ]  # fmt: skip
        private = replace(district.schools, ownership=("public", "public", "private", "public"))
        assert rolls_without_plan(district.replace(schools=private), last=2026)[1].pupils[:, SPAN.start].tolist() == [
            0,
            10,
            0,
            20,
        ]
        matrix[1] = np.inf
        alone = district.replace(distances=Distances.from_matrix(matrix))
        assert rolls_without_plan(alone, last=2026)[1].pupils[:, SPAN.start].tolist() == [0, 10, 0, 0]

    def test_a_school_that_opens_takes_entrants_only(self):
        district = town()
        district = district.replace(
            schools=replace(district.schools, opened=np.array([0, 2026])),
            today={JUNIOR: Catchments(JUNIOR, 2025, ((0,),), np.zeros(3))},
        )
        assert seen(district, [middle_goes(year, 1) for year in (2026, 2027)], 2027) == {
            2025: [[90, 90, 90], [0, 0, 0]],
            2026: [[40, 90, 90], [50, 0, 0]],
            2027: [[40, 40, 90], [50, 50, 0]],
        }


class TestClasses:
    def test_continuing_grades_keep_their_classes(self):
        """70 pupils sit in two classes in 2025 and until they leave; who enters with 40 forms one."""
        rolls = rolls_by_year(town((6, 6)), by_entry_year([middle_goes(year, 1) for year in YEARS[1:]]), 2028)
        assert [rolls[year].classes[0, SPAN].tolist() for year in (2025, 2026, 2027, 2028)] == [
            [2, 2, 2], [1, 2, 2], [1, 1, 2], [1, 1, 1],
        ]  # fmt: skip

    @pytest.mark.parametrize(
        ("rooms", "planned"),
        [((6, 6), (100, 100)), ((7, 4), (150, 100)), ((5, 3), (50, 50)), ((4, 2), (0, 0))],
    )
    def test_what_the_entry_grade_may_hold(self, rooms, planned):
        """
        Grades 8 and 9 keep two classes each in the west and one in the east.

        Of seven rooms three are left, and later entry grades can have as many (2 + 2 come free); of six in the east four are
        left, but with the two that come free they make two a year.
        """
        district = town(rooms)
        classes = np.zeros((2, len(GRADES)), dtype=int)
        classes[:, SPAN] = [[2, 2, 2], [1, 1, 1]]
        before = Rolls(2025, start_rolls(district).pupils, classes)
        found = entry_capacity(district, JUNIOR, before)
        assert tuple(found.planned.tolist()) == planned
        assert (found.working.tolist(), found.absolute.tolist()) == (
            [seats // 50 * 55 for seats in planned], [seats // 50 * 65 for seats in planned],
        )  # fmt: skip
        chosen = admission_round(district, JUNIOR, 2026, regime="phase_in", previous=before)
        assert chosen.capacity.planned.tolist() == list(planned)
        assert chosen.pupils.tolist() == [40, 30, 20]

    def test_large_classes_leave_with_their_cohort(self):
        """Today's 112 a grade sit in two rooms, two large classes; from 2026 on 90 enter: the last large ones leave in 2028."""
        district = town((6, 6))
        pupils = district.demand.pupils.copy()
        pupils[0, :, SPAN, 0] = 82
        for year in range(1, len(YEARS)):
            pupils[0, year, SPAN.start : SPAN.start + min(year, 3), 0] = 60
        crowded = district.replace(demand=replace(district.demand, pupils=pupils))
        large = [large_classes(crowded, rolls)[1].large for rolls in rolls_without_plan(crowded)]
        assert large == [6, 4, 2, 0, 0]

    @pytest.mark.parametrize(
        ("k1", "k2", "k3", "rooms"), [(50, 60, 70, (2, 2, 2)), (31, 30, 30, (2, 1, 1)), (60, 20, 20, (2, 1, 1))]
    )
    def test_kindergartens_divide_by_the_class_of_their_middle_year(self, k1, k2, k3, rooms):
        found = school_classes(town(), Stage.KINDERGARTEN, np.array([k1, k2, k3]), sum(rooms))
        assert found == rooms

    def test_a_stage_without_catchments_has_no_rolls(self):
        rolls = next_rolls(town(), start_rolls(town()), {})
        assert rolls.pupils[:, Stage.PRIMARY.grade_slice].sum() == 0
        assert rolls.pupils[:, SPAN].sum() == 270
