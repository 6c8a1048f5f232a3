"""Class arithmetic: the vectors B1–B10 of policy §3, and the rooms of a school to its grades."""

from __future__ import annotations

import numpy as np
import pytest

from xuequ.zoning.classes import Classes, classes_phase_in, rooms_by_grade, split_classes
from xuequ.zoning.places import SchoolKind
from xuequ.zoning.rules import Rules
from xuequ.zoning.seating import room_capacity
from xuequ.zoning.stage import Stage

LIMITS = {"large": 56, "super_large": 66}


@pytest.mark.parametrize(
    ("pupils", "rooms", "sizes", "large", "super_large"),
    [
        pytest.param(111, 2, [56, 55], 1, 0, id="B1"),
        pytest.param(112, 2, [56, 56], 2, 0, id="B2"),
        pytest.param(131, 2, [66, 65], 2, 1, id="B3"),
        pytest.param(450, 9, [50] * 9, 0, 0, id="B4"),
        pytest.param(0, 3, [], 0, 0, id="no pupils, no class"),
        pytest.param(2, 3, [1, 1], 0, 0, id="a room too many holds no class"),
    ],
)
def test_split(pupils, rooms, sizes, large, super_large):
    classes = Classes.split(pupils, rooms)
    assert classes.sizes.tolist() == sizes
    assert (classes.count_from(56), classes.count_from(66)) == (large, super_large)
    assert (classes.pupils, len(classes), classes.largest) == (pupils, len(sizes), max(sizes, default=0))


def test_b4_nine_classes_above_standard():
    assert Classes.split(450, 9).count_from(Rules().class_standard.primary + 1) == 9


def test_b5_thirteen_rooms():
    grades = [100, 90, 90, 90, 90, 90]
    rooms = rooms_by_grade(grades, 13, **LIMITS)
    assert rooms == (3, 2, 2, 2, 2, 2)
    assert max(classes.largest for classes in split_classes(grades, rooms)) == 45


def test_b6_twelve_rooms():
    grades = [100, 90, 90, 90, 90, 90]
    rooms = rooms_by_grade(grades, 12, **LIMITS)
    assert rooms == (2, 2, 2, 2, 2, 2)
    assert max(classes.largest for classes in split_classes(grades, rooms)) == 50


@pytest.mark.parametrize(
    ("large", "super_large", "eliminated"),
    [(10, 0, True), (11, 0, False), (9, 1, False)],
    ids=["ten", "eleven", "one super-large"],
)
def test_b7_basically_eliminated_is_a_share_of_all_classes(large, super_large, eliminated):
    rules = Rules()
    share_ok = large <= rules.large_share_max * 200
    assert (share_ok and super_large <= rules.super_large_share_max * 200) is eliminated


def test_b8_three_capacities():
    assert room_capacity(Rules(), Stage.PRIMARY, SchoolKind.FULL, 10) == (450, 550, 650)


def test_b10_a_kindergarten_of_two_classes_a_year():
    assert room_capacity(Rules(), Stage.KINDERGARTEN, SchoolKind.FULL, 6) == (180, 180, 210)


def test_a_teaching_point_has_smaller_classes():
    assert room_capacity(Rules(), Stage.PRIMARY, SchoolKind.TEACHING_POINT, 6)[0] == 180


def test_entry_rooms_have_the_entry_grades_standard():
    assert room_capacity(Rules(), Stage.KINDERGARTEN, SchoolKind.FULL, 2, entry=True) == (50, 50, 60)


def test_super_large_goes_before_large():
    # Three rooms for two grades: the spare room saves a super-large class rather than a large one.
    assert rooms_by_grade([66, 60], 3, **LIMITS) == (2, 1)


def test_large_goes_before_the_largest_class():
    # 56 in one room is large; 55 is not, though after a split of the first the second is the larger.
    assert rooms_by_grade([56, 55], 3, **LIMITS) == (2, 1)


def test_ties_open_the_fewest_classes():
    # A third room for the second grade would not make the largest class smaller.
    assert rooms_by_grade([30, 20], 3, **LIMITS) == (2, 1)
    assert sum(rooms_by_grade([2, 1], 40, **LIMITS)) == 3


def test_ties_give_the_spare_room_to_the_lowest_grade():
    # Both grades are 80; one room more helps neither the largest class nor a count, so none is opened.
    assert rooms_by_grade([80, 80], 4, **LIMITS) == (2, 2)
    assert rooms_by_grade([80, 80], 5, **LIMITS) == (2, 2)


def test_too_few_rooms_still_give_each_grade_one():
    assert rooms_by_grade([20, 0, 30], 1, **LIMITS) == (1, 0, 1)


def test_continuing_grades_keep_their_classes():
    assert classes_phase_in([90, 100, 100], 8, [0, 2, 2], 45) == (2, 2, 2)
    assert classes_phase_in([91, 100, 100], 8, [9, 2, 2], 45) == (3, 2, 2)


def test_the_entry_grade_opens_no_more_than_standard_classes():
    assert classes_phase_in([46, 100], 12, [0, 2], 45) == (2, 2)


def test_the_entry_grade_leaves_later_ones_as_many_rooms():
    """A new school of 12 rooms: 216 pupils sit in four classes of 54, not five of 44, since two more years are to come."""
    assert classes_phase_in([216, 184, 0], 12, [0, 4, 0], 50, 55) == (4, 4, 0)
    assert classes_phase_in([216, 184, 0], 12, [0, 4, 0], 50) == (5, 4, 0)
    assert classes_phase_in([221, 184, 0], 12, [0, 4, 0], 50, 55) == (5, 4, 0)  # four would be large
    assert classes_phase_in([190, 0, 0], 12, [0, 0, 0], 50, 55) == (4, 0, 0)


def test_no_room_left_means_that_classes_are_formed_anew():
    assert classes_phase_in([30, 100, 100], 4, [0, 2, 2], 45) is None


def test_a_grade_that_comes_from_elsewhere_opens_classes():
    assert classes_phase_in([30, 60], 4, [0, 0], 45) == (1, 2)


def test_a_grade_that_has_left_frees_its_rooms():
    assert classes_phase_in([30, 0], 2, [0, 2], 45) == (1, 0)


def test_a_class_without_pupils_is_refused():
    with pytest.raises(ValueError, match="a class of 0 pupils"):
        Classes(np.array([30, 0]))


def test_sizes_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Classes.split(90, 2).sizes[0] = 1
