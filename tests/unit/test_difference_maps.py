"""Small maps of the blocks in which plans differ."""

from __future__ import annotations

import base64
import io

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image
from showpiece import town, town_plan

from xuequ.maps.difference_maps import difference_pictures
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts
from xuequ.zoning.stage import Stage

DISTRICT = town()
SHOWN = scene(DISTRICT, town_plan(DISTRICT))
NONE = np.empty(0, dtype=np.int64)


def share_of(address: str, colour: str) -> float:
    """The share of a picture's points that have nearly a colour."""
    content = base64.b64decode(address.removeprefix("data:image/png;base64,"))
    picture = np.asarray(Image.open(io.BytesIO(content)).convert("RGB"), dtype=float) / 255
    return float((np.abs(picture - np.array(to_rgb(colour))).max(axis=2) < 0.02).mean())


@pytest.mark.parametrize("count", [6, 54])
def test_as_much_is_marked_as_differs(count):
    ((caption, address),) = difference_pictures(SHOWN, texts("en"), [("B", Stage.PRIMARY, 2028, np.arange(count))])
    marked, same = share_of(address, "#cc79a7"), share_of(address, "#ececea")
    assert caption == "B · Primary · 2028/29"
    assert marked / (marked + same) == pytest.approx(count / 108, rel=0.15)


def test_the_last_year_with_a_difference_is_drawn_once_for_each_plan_and_stage():
    some = np.array([3])
    differences = [
        ("B", Stage.PRIMARY, 2027, some), ("B", Stage.PRIMARY, 2028, some), ("B", Stage.PRIMARY, 2029, NONE),
        ("B", Stage.JUNIOR, 2026, NONE), ("C", Stage.PRIMARY, 2026, some),
    ]  # fmt: skip
    captions = [caption for caption, _ in difference_pictures(SHOWN, texts("en"), differences)]
    assert captions == ["B · Primary · 2028/29", "C · Primary · 2026/27"]


def test_no_difference_is_no_picture():
    assert difference_pictures(SHOWN, texts("zh"), [("B", Stage.PRIMARY, 2028, NONE)]) == []
    assert difference_pictures(SHOWN, texts("zh"), []) == []


def test_the_same_difference_gives_the_same_picture():
    first, again = (difference_pictures(SHOWN, texts("zh"), [("B", Stage.JUNIOR, 2026, np.array([1, 2]))]) for _ in range(2))
    assert first == again
