"""Colours: enough of them, light enough for black text, told apart without colour vision where it matters."""

from __future__ import annotations

import numpy as np
import pytest

from xuequ.maps.palette import ALERTS, FILLS, alert_style, colour_numbers, fill, touching


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return float(np.dot(linear, [0.2126, 0.7152, 0.0722]))


def test_ninety_fills_are_all_different_and_the_first_nine_are_the_shipped_ones():
    fills = [fill(number) for number in range(90)]
    assert len(set(fills)) == 90
    assert tuple(fills[:9]) == FILLS


@pytest.mark.parametrize("colour", FILLS)
def test_dark_text_is_readable_on_every_fill(colour):
    ink = luminance("#1d232b")
    assert (luminance(colour) + 0.05) / (ink + 0.05) >= 4.5


def test_each_alert_has_a_shape_of_its_own_so_that_colour_is_not_needed():
    assert len({style.shape for style in ALERTS}) == len({style.sign for style in ALERTS}) == len(ALERTS) == 4
    assert [style.name for style in ALERTS] == ["red", "yellow", "green", "none"]


def test_alerts_differ_in_lightness_too():
    red, yellow, green = (luminance(alert_style(name).colour) for name in ("red", "yellow", "green"))
    assert yellow > green + 0.15
    assert yellow > red + 0.15


def test_an_unknown_alert_is_shown_as_not_known():
    assert alert_style("purple").name == "none"


def test_zones_touch_where_their_blocks_do_and_blocks_without_a_zone_touch_nothing():
    zone = np.array([0, 0, 1, -1, 2])
    pairs = np.array([(0, 1), (1, 2), (2, 3), (3, 4), (2, 1)])
    assert touching(pairs, zone) == {(0, 1)}


def test_neighbours_of_neighbours_differ_where_the_colours_are_enough():
    row = [(0, 1), (1, 2), (2, 3)]
    numbers = colour_numbers(4, row)
    assert numbers[0] != numbers[2]
    assert numbers[1] != numbers[3]


def test_all_colours_are_used_where_there_are_many_zones():
    ring = [(zone, (zone + 1) % 40) for zone in range(40)]
    assert set(colour_numbers(40, ring)) == set(range(len(FILLS)))


def test_more_neighbours_than_colours_still_differ():
    everyone = [(a, b) for a in range(12) for b in range(a)]
    assert len(set(colour_numbers(12, everyone))) == 12


def test_no_zones_need_no_colours():
    assert colour_numbers(0, []) == ()
