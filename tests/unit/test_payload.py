"""The data of the interactive map, piece by piece."""

from __future__ import annotations

import json

import numpy as np
import pytest
import shapely
from showpiece import town, town_plan

from xuequ.maps.outlines import decoded
from xuequ.maps.payload import map_payload, renumbered, zone_colours
from xuequ.maps.reporting import report
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.places import Setting
from xuequ.zoning.stage import Stage

DISTRICT = town()
PLAN = town_plan(DISTRICT)
SHOWN = scene(DISTRICT, PLAN)
DATA = map_payload(SHOWN, texts("en"))


def test_it_is_plain_data():
    assert json.loads(json.dumps(DATA))["name"] == "示例区"


def test_todays_zones_are_among_the_zones():
    zones, colours = zone_colours(SHOWN, Stage.PRIMARY)
    assert zones == ((0,), (1,), (2,), (3,), (4,))
    assert len(colours) == len(zones)
    assert zone_colours(SHOWN, Stage.KINDERGARTEN)[0] == ((0,), (1,), (2,), (3,))


def test_a_catchment_keeps_its_colour_from_year_to_year():
    before, after = DATA["layers"]["primary|2026"]["zone"], DATA["layers"]["primary|2030"]["zone"]
    kept = [block for block in range(len(before)) if before[block] == after[block]]
    assert len(kept) > len(before) / 2


def test_zones_are_renumbered_and_none_stays_none():
    item = Catchments(Stage.PRIMARY, 2026, ((3,), (1, 2)), np.array([0, 1, -1]))
    assert renumbered(item, {(1, 2): 0, (3,): 7}).tolist() == [7, 0, -1]


def test_places_are_counted_from_a_corner_of_the_district():
    points = np.array(DATA["blocks"]["points"])
    assert points.min(axis=0).tolist() == [0, 0]
    assert DATA["schools"]["points"][0] == points[14].tolist()
    first = decoded(DATA["blocks"]["shapes"][0][0][0])
    assert first.mean(axis=0).tolist() == [0, 0]


def test_rivers_that_are_lines_and_rivers_that_are_areas():
    lake = shapely.box(0, 700, 2400, 800)
    data = map_payload(scene(town(rivers=(lake, *DISTRICT.rivers)), PLAN), texts("en"))
    assert len(data["lines"]["water"]) == 1
    assert len(data["lines"]["rivers"]) == len(DATA["lines"]["rivers"]) == 1
    assert DATA["lines"]["water"] == []


def test_loads_are_the_plans():
    layer = next(item for item in SHOWN.layers if (item.stage, item.year) == (Stage.JUNIOR, 2029))
    rows = DATA["layers"]["junior|2029"]["loads"]
    assert [row[:4] for row in rows] == [[load.school, load.pupils, load.planned, load.alert] for load in layer.loads]
    assert [row[6] for row in rows] == [load.large for load in layer.loads]


def test_figures_are_the_plans():
    layer = SHOWN.layers[7]
    assert (layer.stage, layer.year) == (Stage.PRIMARY, 2028)
    assert DATA["layers"]["primary|2028"]["figures"] == {
        "mean": round(layer.mean_distance_m()),
        "tooFar": layer.too_far(DISTRICT),
        "moved": int(layer.placed[layer.moved].sum()),
    }


def test_without_the_plan_the_ways_are_todays():
    assert DATA["without"]["metres"]["primary"] == DATA["layers"]["primary|2026"]["metres"]
    assert DATA["without"]["years"]["primary|2030"]["loads"] != DATA["layers"]["primary|2030"]["loads"]
    assert DATA["without"]["years"]["primary|2030"]["figures"]["moved"] == 0


def test_years_have_names_in_the_language():
    assert DATA["yearNames"]["2026"] == "2026/27"
    assert map_payload(SHOWN, texts("zh"))["yearNames"]["2026"] == "2026学年"


def test_the_town_is_framed_where_the_district_is_much_larger():
    assert DATA["core"] is None
    settings = tuple(Setting.URBAN if 4 <= n % 12 <= 6 and 3 <= n // 12 <= 4 else Setting.RURAL for n in range(108))
    blocks = DISTRICT.blocks
    far = DISTRICT.replace(blocks=type(blocks)(blocks.ids, blocks.points, settings=settings, geometry=blocks.geometry))
    west, south, east, north = map_payload(scene(far, PLAN), texts("en"))["core"]
    assert west < 800
    assert east > 1200
    assert south < 700
    assert north > 700


def test_a_district_without_a_town_has_none_to_frame():
    blocks = DISTRICT.blocks
    rural = type(blocks)(blocks.ids, blocks.points, settings=(Setting.RURAL,) * len(blocks), geometry=blocks.geometry)
    assert scene(DISTRICT.replace(blocks=rural), PLAN).core() is None


@pytest.mark.parametrize("small", [0, 10, 10_000])
def test_the_case_says_how_few_children_are_few(small):
    from dataclasses import replace

    options = replace(DISTRICT.options, publish=replace(DISTRICT.options.publish, small_count=small))
    children = map_payload(scene(DISTRICT.replace(options=options), PLAN), texts("en"))["layers"]["primary|2026"]["children"]
    assert (-1 in children) == (small > 0)
    assert (max(children) == -1) == (small == 10_000)


def test_blocks_without_children_are_empty_and_not_few():
    nobody = type(DISTRICT.demand)(DISTRICT.demand.years, np.zeros_like(DISTRICT.demand.pupils))
    children = map_payload(scene(DISTRICT.replace(demand=nobody), PLAN), texts("en"))["layers"]["primary|2026"]["children"]
    assert set(children) == {0}


@pytest.mark.parametrize(
    ("language", "told"),
    [("zh", "大班额：51人及以上；超大班额：61人及以上"), ("en", "Large: 51 pupils and more; super-large: 61")],
)
def test_what_a_large_class_is_are_the_rules_of_the_case(language, told):
    district = DISTRICT.replace(rules=DISTRICT.rules.override({"large_class": 51, "super_large_class": 61}))
    plan = PLAN.replace(fingerprint=district.fingerprint)
    assert map_payload(scene(district, plan), texts(language))["texts"]["outlook.note"].startswith(told)
    assert told in report(district, plan, language, pictures=False).html
