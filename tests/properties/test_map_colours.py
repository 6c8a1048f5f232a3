"""Whatever the catchments, two that touch never have the same colour, in any year."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import LineString

from xuequ.maps.outlines import coded_lines, decoded
from xuequ.maps.palette import colour_numbers, fill, touching

GRID = [(r * 7 + c, r * 7 + c + step) for r in range(6) for c in range(7) for step in (1, 7) if not (step == 1 and c == 6)]
PAIRS = np.array([(a, b) for a, b in GRID if b < 42])


@given(st.lists(st.lists(st.integers(-1, 8), min_size=42, max_size=42), min_size=1, max_size=3))
@settings(max_examples=80, deadline=None)
def test_touching_catchments_have_different_colours_in_every_layer(layers):
    neighbours = set().union(*(touching(PAIRS, np.array(zone)) for zone in layers))
    colours = [fill(number) for number in colour_numbers(9, neighbours)]
    for zone in layers:
        for a, b in PAIRS:
            if zone[a] >= 0 and zone[b] >= 0 and zone[a] != zone[b]:
                assert colours[zone[a]] != colours[zone[b]]


@given(st.lists(st.tuples(st.integers(-(10**6), 10**6), st.integers(-(10**6), 10**6)), min_size=2, max_size=12, unique=True))
@settings(max_examples=80, deadline=None)
def test_a_coded_line_gives_back_its_points_in_whole_metres(points):
    (line,) = coded_lines([LineString(points)], (0, 0)) or [None]
    assert decoded(line).tolist() in ([list(map(float, p)) for p in points], [list(map(float, p)) for p in points[::-1]])
