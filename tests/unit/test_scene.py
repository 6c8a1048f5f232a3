"""What is shown of a plan is what zoning says of it."""

from __future__ import annotations

import numpy as np
import pytest
from showpiece import town, town_plan

from xuequ.maps.scene import layers_without_plan, scene
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.indicators import alert, zone_loads
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state

DISTRICT = town()
PLAN = town_plan(DISTRICT)
SHOWN = scene(DISTRICT, PLAN)
WITHOUT = layers_without_plan(DISTRICT, PLAN)


def test_layers_are_by_stage_then_year():
    assert SHOWN.stages() == tuple(Stage)
    assert SHOWN.years(Stage.PRIMARY) == DISTRICT.years
    assert [(layer.stage, layer.year) for layer in SHOWN.layers] == [(stage, year) for stage in Stage for year in DISTRICT.years]


def test_loads_add_up_to_the_statement():
    rows = state(DISTRICT, PLAN).schools
    for layer in SHOWN.layers:
        mine = [row for row in rows if (row.stage, row.year) == (layer.stage, layer.year)]
        assert sum(load.pupils for load in layer.loads) == sum(row.pupils for row in mine)
        assert sum(load.large for load in layer.loads) == sum(row.large for row in mine)
        assert max(load.largest for load in layer.loads) == max(row.largest_class for row in mine)
        for load in layer.loads:
            assert load.alert == alert(DISTRICT.rules, load.pupils, load.planned)
            assert sum(row.pupils for row in load.grades) == load.pupils


def test_children_of_a_layer_are_those_of_the_demand_and_only_entrants_are_placed():
    layer = SHOWN.layers[5]
    assert layer.stage is Stage.PRIMARY
    assert layer.pupils.sum() == DISTRICT.demand.of_stage(Stage.PRIMARY, layer.year).sum()
    assert layer.placed.sum() == DISTRICT.demand.by_grade(layer.year)[3].sum()
    assert zone_loads(layer.catchments, layer.placed).sum() == layer.placed.sum()


def test_the_mean_way_is_weighted_by_those_who_are_placed():
    layer = SHOWN.layers[5]
    assert layer.mean_distance_m() == pytest.approx(float(layer.placed @ layer.distance_m) / layer.placed.sum())
    assert layer.too_far(DISTRICT) == layer.placed[layer.distance_m > 650].sum()


def test_nobody_placed_has_no_mean_way():
    nobody = DISTRICT.replace(demand=type(DISTRICT.demand)(DISTRICT.demand.years, np.zeros_like(DISTRICT.demand.pupils)))
    layer = scene(nobody, PLAN).layers[5]
    assert layer.mean_distance_m() is None
    assert layer.too_far(nobody) == 0


def test_blocks_of_the_new_school_are_moved():
    before, after = SHOWN.layers[5], SHOWN.layers[7]
    assert (before.year, after.year) == (2026, 2028)
    assert not before.moved.any()
    assert set(np.flatnonzero(after.moved)) == set(np.flatnonzero(after.catchments.first_school() == 4))


def test_projects_tell_what_is_built_and_why():
    new, expansion = SHOWN.projects
    assert (new.chosen, new.year, new.rooms, new.seats) == (True, 2028, 18, 12 * 45 + 6 * 50)
    assert new.reason.startswith("选中")
    assert (expansion.chosen, expansion.year, expansion.rooms, expansion.cost_wan) == (False, None, 0, 0)
    assert expansion.reason.startswith("不选")


def test_names_fall_back_to_ids_and_made_up_ones_bear_a_mark():
    assert SHOWN.school_name(0) == "富民小学"
    assert SHOWN.school_name(2) == "龙湖小学※"
    assert SHOWN.zone_name((0, 1)) == "富民小学、河东学校"
    schools = DISTRICT.schools
    nameless = DISTRICT.replace(
        schools=type(schools)(schools.ids, schools.points, schools.rooms, schools.block, opened=schools.opened)
    )
    assert scene(nameless, PLAN).school_name(1) == "s1"


def test_clusters_have_names_and_numbers():
    assert list(SHOWN.cluster_names().values()) == ["富民学区", "城西学区"]
    assert SHOWN.cluster_numbers().tolist() == [0, 0, 0, 1, 1]


def test_without_clusters_there_are_none():
    alone = scene(DISTRICT, PLAN.replace(clusters=None))
    assert alone.cluster_names() == {}
    assert set(alone.cluster_numbers().tolist()) == {-1}


def test_the_years_without_the_plan_have_todays_catchments_and_the_outlooks_large_classes():
    for layer in WITHOUT:
        assert np.array_equal(layer.catchments.zone, DISTRICT.today[layer.stage].zone)
        assert all(load.school != 4 for load in layer.loads)
    for item in SHOWN.outlook.before:
        layers = [layer for layer in WITHOUT if layer.stage is item.stage and layer.year == item.year]
        for layer in layers:
            assert sum(load.large for load in layer.loads) == item.large


def test_where_todays_catchments_are_not_known_there_is_nothing_to_hold_the_plan_against():
    fresh = DISTRICT.replace(today={})
    plan = town_plan(fresh).replace(regime="full")
    shown = scene(fresh, plan)
    assert layers_without_plan(fresh, plan) == ()
    assert shown.outlook is None
    assert not shown.layers[0].moved.any()


def test_blocks_that_only_the_eye_sees_side_by_side_are_beside_each_other():
    cut = DISTRICT.replace(adjacency=type(DISTRICT.adjacency).from_pairs(len(DISTRICT.blocks), np.empty((0, 2), dtype=int)))
    assert scene(cut, PLAN).beside.tolist() == SHOWN.beside.tolist()


def test_a_plan_of_seats_only_has_projects_and_no_layers():
    shown = scene(DISTRICT, PLAN.replace(catchments=(), clusters=None))
    assert shown.layers == ()
    assert shown.stages() == ()
    assert [item.chosen for item in shown.projects] == [True, False]


def test_a_district_of_points_is_shown_by_its_adjacency():
    blocks = DISTRICT.blocks
    points = DISTRICT.replace(blocks=type(blocks)(blocks.ids, blocks.points))
    assert scene(points, PLAN).beside.tolist() == DISTRICT.adjacency.pairs().tolist()


def test_multi_school_zones_are_named_together():
    zones = Catchments(Stage.PRIMARY, 2026, ((0, 1), (2,), (3,)), np.array([0, 1, 2] * 36))
    shown = scene(DISTRICT, PLAN.replace(catchments=(zones,)))
    assert shown.zone_name(shown.layers[0].catchments.zones[0]) == "富民小学、河东学校"
