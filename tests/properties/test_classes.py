"""Class arithmetic against brute force."""

from __future__ import annotations

from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from xuequ.zoning.classes import Classes, rooms_by_grade, split_classes


def _key(grades: list[int], rooms: tuple[int, ...]) -> tuple:
    classes = split_classes(grades, rooms)
    return (
        sum(item.count_from(66) for item in classes),
        sum(item.count_from(56) for item in classes),
        max((item.largest for item in classes), default=0),
        sum(len(item) for item in classes),
        tuple(-count for count in rooms),
    )


@settings(max_examples=150, deadline=None)
@given(st.lists(st.integers(0, 150), min_size=1, max_size=4), st.integers(1, 7))
def test_rooms_by_grade_is_the_lexicographic_optimum(grades, rooms):
    given_out = rooms_by_grade(grades, rooms, large=56, super_large=66)
    with_pupils = sum(count > 0 for count in grades)
    if with_pupils >= rooms:
        assert given_out == tuple(int(count > 0) for count in grades)
        return
    choices = [range(1, min(rooms, count) + 1) if count else range(1) for count in grades]
    best = min(_key(grades, option) for option in product(*choices) if sum(option) <= rooms)
    assert _key(grades, given_out) == best


@given(st.integers(1, 3000), st.integers(1, 60))
def test_a_split_keeps_every_pupil_and_differs_by_at_most_one(pupils, rooms):
    classes = Classes.split(pupils, rooms)
    assert classes.pupils == pupils
    assert classes.sizes.max() - classes.sizes.min() <= 1
    assert len(classes) == min(pupils, rooms)
    assert (classes.sizes[:-1] >= classes.sizes[1:]).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 200), min_size=6, max_size=6), st.integers(6, 40))
def test_one_room_more_never_hurts(grades, rooms):
    before = _key(grades, rooms_by_grade(grades, rooms, large=56, super_large=66))[:3]
    after = _key(grades, rooms_by_grade(grades, rooms + 1, large=56, super_large=66))[:3]
    assert after <= before
