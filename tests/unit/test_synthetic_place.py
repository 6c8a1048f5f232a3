"""The made-up district looks like a place: land, streets, villages, blocks, one network of roads."""

from __future__ import annotations

from collections import Counter

import made_up
import numpy as np
import pytest
import shapely

from xuequ.data.synthetic_blocks import HILL, PARK, PARKS, TOWN
from xuequ.data.synthetic_growth import labelled_components, shared_borders
from xuequ.data.synthetic_land import draw_land, smoothed
from xuequ.data.synthetic_names import COMMUNITIES, ESTATE_NAMES, STREET_NAMES, TOWNSHIPS, street_names
from xuequ.data.synthetic_place import build_place
from xuequ.data.synthetic_roads import settle_country
from xuequ.data.synthetic_streets import lay_streets


@pytest.fixture(scope="module")
def place():
    return made_up.place()


@pytest.fixture(scope="module")
def land(place):
    return place.land


class TestLand:
    def test_it_has_the_area_of_the_district(self, land):
        assert land.outline.area == pytest.approx(437e6, rel=1e-5)
        assert land.outline.is_valid

    def test_the_river_runs_from_border_to_border(self, land):
        assert land.river.within(land.outline.buffer(0.2))
        banks = shapely.difference(land.outline, land.river)
        assert len(shapely.get_parts(banks)) == 2

    def test_old_town_west_of_the_river_east_bank_east_of_it(self, land):
        for name, side in (("west", -1), ("east", 1), ("longhu", -1)):
            corners = shapely.get_coordinates(land.areas[name])
            assert ((corners[:, 0] - land.river_x(corners[:, 1])) * side > 0).all()

    def test_nothing_is_built_in_the_water_or_twice(self, land):
        areas = list(land.areas.values())
        for k, area in enumerate(areas):
            assert area.within(land.outline)
            assert area.intersection(land.river).area < 10.0
            assert all(area.intersection(other).area == 0.0 for other in areas[k + 1 :])

    def test_hills_lie_away_from_river_and_town(self, land):
        rng = np.random.default_rng(0)
        points = rng.uniform((-6000, -1500), (9000, 25000), (3000, 2))
        height = land.height(points)
        assert height.min() >= 0.0
        assert height.max() <= 1.0
        beside = shapely.distance(land.centre_line, shapely.points(points)) < 600
        assert height[beside].mean() < 0.5 * height[~beside].mean()

    def test_another_stream_gives_other_hills_under_the_same_shapes(self, land):
        other = draw_land(np.random.default_rng(99))
        assert not np.array_equal(other.waves, land.waves)
        assert other.centre_line.equals(land.centre_line)

    def test_a_closed_curve_returns_and_passes_its_corners(self):
        corners = np.array([(0.0, 0.0), (1000.0, 0.0), (1000.0, 800.0), (0.0, 800.0)])
        ring = smoothed(corners, closed=True, step=5.0)
        assert ring[0] == pytest.approx(ring[-1])
        assert shapely.distance(shapely.LineString(ring), shapely.points(corners)).max() < 5.0


class TestNames:
    def test_the_63_communities_of_eight_townships(self):
        assert len(COMMUNITIES) == 63
        assert len({item.code for item in COMMUNITIES}) == 63
        assert sum(item.is_village for item in COMMUNITIES) == 31
        counts = Counter(item.township for item in COMMUNITIES)
        assert [counts[name] for name in TOWNSHIPS] == [6, 6, 9, 5, 4, 6, 4, 23]

    def test_codes_and_endings_are_those_of_the_public_list(self):
        by_code = {item.code: item.name for item in COMMUNITIES}
        assert by_code["450403101499"] == "工业园区社区"
        assert by_code["450403104001"] == "夏郢社区居民委员会"
        assert by_code["450403104213"] == "夏郢村委会"
        assert {item.short for item in COMMUNITIES if item.township == "龙湖镇"} == {"新民", "高旺", "旺步", "塘源"}

    def test_no_street_or_estate_has_the_name_of_another(self):
        listed = [name for names in STREET_NAMES.values() for name in names]
        assert len(listed) == len(set(listed))
        assert len(ESTATE_NAMES) == len(set(ESTATE_NAMES))

    def test_lanes_are_numbered_when_the_list_is_at_its_end(self):
        found = street_names("xiying")
        names = [next(found) for _ in range(len(STREET_NAMES["xiying"]) + 12)]
        assert names[-12:][:2] == ["夏郢一巷", "夏郢二巷"]
        assert names[-1] == "夏郢一十三巷"
        assert len(set(names)) == len(names)


class TestStreets:
    def test_they_stay_in_their_area(self, place):
        for street in place.streets:
            assert street.line.within(place.land.areas[street.area].buffer(1.0))

    def test_a_name_belongs_to_one_area(self, place):
        areas: dict[str, set[str]] = {}
        for street in place.streets:
            areas.setdefault(street.name, set()).add(street.area)
        assert all(len(found) == 1 for found in areas.values())
        assert len(areas) > 150

    def test_the_old_town_is_finer_than_the_new_areas(self, place):
        length = {name: sum(s.line.length for s in place.streets if s.area == name) for name in place.land.areas}
        density = {name: length[name] / area.area for name, area in place.land.areas.items()}
        assert density["west"] > 1.2 * density["east"] > 1.2 * density["longhu"]

    def test_they_bend_with_the_river(self, place):
        near = place.land.river.buffer(600.0)
        along = [s.line for s in place.streets if s.area == "west" and s.line.length > 3500.0 and s.line.within(near)]
        assert along
        for line in along:
            corners = shapely.get_coordinates(line)
            away = place.land.river_x(corners[:, 1]) - corners[:, 0]
            assert np.ptp(corners[:, 0]) > 400.0
            assert np.ptp(away) < 0.5 * np.ptp(corners[:, 0])

    def test_a_school_stands_by_the_street_of_its_name(self, place):
        schooling = made_up.schooling()
        for school, street in (
            ("民主路小学", "民主路"),
            ("工厂路小学", "工厂路"),
            ("大东路小学", "大东路"),
            ("五坊路小学", "五坊路"),
        ):
            own = next(own for own in schooling.institutions if own.name == school)
            way = min(line.line.distance(shapely.Point(own.x, own.y)) for line in place.streets if line.name == street)
            assert way < 160.0, school

    def test_same_stream_same_streets(self, place):
        first, second = (lay_streets(place.land, np.random.default_rng(5)) for _ in range(2))
        assert [street.line.wkb for street in first] == [street.line.wkb for street in second]


@pytest.fixture(scope="module")
def country(land):
    return settle_country(land, np.random.default_rng(12))


class TestCountry:
    def test_each_village_has_hamlets_numbered_from_its_centre(self, country):
        numbers: dict[str, list[int]] = {}
        for hamlet in country.hamlets:
            numbers.setdefault(hamlet.community, []).append(hamlet.number)
        assert set(numbers) == {item.name for item in COMMUNITIES if item.is_village}
        assert all(found == list(range(1, len(found) + 1)) for found in numbers.values())
        assert sum(map(len, numbers.values())) > 400

    def test_hamlets_stand_on_roads_in_the_valleys(self, country, land):
        homes = np.array([(hamlet.x, hamlet.y) for hamlet in country.hamlets])
        nodes = {tuple(node) for node in country.nodes.tolist()}
        assert all(tuple(home) in nodes for home in homes.tolist())
        assert np.quantile(land.height(homes), 0.9) < 0.55
        assert not shapely.contains_xy(land.river, *homes.T).any()

    def test_villages_are_compact(self, country):
        for name in {hamlet.community for hamlet in country.hamlets}:
            homes = np.array([(h.x, h.y) for h in country.hamlets if h.community == name])
            assert np.median(np.hypot(*(homes - homes[0]).T)) < 2600

    def test_no_road_crosses_the_river(self, country, land):
        ways = shapely.linestrings(country.nodes[country.edges])
        assert not shapely.intersects(land.river, ways).any()

    def test_everybody_reaches_a_gate(self, country):
        part = labelled_components(len(country.nodes), country.edges)
        with_gate = {int(part[node]) for node in country.gates.values()}
        assert set(part.tolist()) == with_gate
        assert country.trunk.any()
        assert not country.trunk.all()


class TestBlocks:
    def test_about_two_thousand(self, place):
        assert 1850 <= len(place) <= 2150
        assert len(set(place.ids)) == len(place)
        assert list(place.ids) == sorted(place.ids)

    def test_they_cover_the_land_without_gap_or_overlap(self, place):
        assert shapely.is_valid(place.shapes).all()
        assert {shape.geom_type for shape in place.shapes} == {"Polygon"}
        assert shapely.coverage_is_valid(place.shapes)
        dry = place.land.outline.area - place.land.river.area
        assert shapely.area(place.shapes).sum() == pytest.approx(dry, rel=2e-3)

    def test_small_in_town_large_in_the_country(self, place):
        hectares = shapely.area(place.shapes) / 1e4
        area = np.array(place.area)
        assert np.median(hectares[area == "west"]) < 3.0
        assert np.median(hectares[area == "east"]) < 6.0
        assert np.median(hectares[place.kind > 0]) > 20.0
        assert hectares.min() > 0.3

    def test_corners_lie_on_the_grid(self, place):
        corners = 10.0 * shapely.get_coordinates(place.shapes)
        assert np.abs(corners - np.rint(corners)).max() < 1e-6

    def test_the_river_parts_them_and_bridges_join_them(self, place):
        part = labelled_components(len(place), place.pairs)
        assert len(np.unique(part)) == 2
        assert len(place.bridges) == 4
        for bridge in place.bridges:
            assert part[bridge.west] != part[bridge.east]
            ends = place.points[[bridge.west, bridge.east], 0] - place.land.river_x(place.points[[bridge.west, bridge.east], 1])
            assert ends[0] < 0 < ends[1]

    def test_borders_are_those_of_the_shapes(self, place):
        pairs, metres = shared_borders(place.shapes)
        mine = dict(zip(map(tuple, place.pairs.tolist()), place.border_m.tolist(), strict=True))
        assert mine == dict(zip(map(tuple, pairs.tolist()), metres.tolist(), strict=True))

    def test_every_community_has_blocks_that_hang_together(self, place):
        assert set(place.communities) == {item.name for item in COMMUNITIES}
        community = np.array(place.communities)
        for item in COMMUNITIES:
            if item.is_village or item.township in {"城东镇", "夏郢镇"}:
                continue
            inside = np.flatnonzero(community == item.name)
            own = place.pairs[np.isin(place.pairs, inside).all(axis=1)]
            part = labelled_components(len(inside), np.searchsorted(inside, own))
            assert len(np.unique(part)) == 1, item.name

    def test_settings_follow_the_townships(self, place):
        township = {item.name: item.township for item in COMMUNITIES}
        for community, setting in zip(place.communities, place.settings, strict=True):
            expected = {"城东镇": "periurban", "龙湖镇": "periurban", "夏郢镇": "rural"}.get(township[community], "urban")
            assert setting == expected

    def test_points_lie_in_their_blocks(self, place):
        inside = shapely.contains(place.shapes, shapely.points(place.points))
        assert inside.mean() > 0.995
        assert shapely.distance(place.shapes, shapely.points(place.points)).max() < 20.0

    def test_parks_hills_towns_and_hamlets(self, place):
        counts = Counter(np.where(place.kind > 0, 1, place.kind).tolist())
        assert counts[PARK] == len(PARKS)
        assert counts[HILL] >= 10
        assert counts[TOWN] > 1200
        assert counts[1] > 400
        named = {place.names[k] for k in np.flatnonzero(place.kind == PARK)}
        assert named == {park[0] for park in PARKS}
        assert "旺步村第3组" in place.names

    def test_block_names_are_told_apart_within_a_community(self, place):
        both = Counter(zip(place.communities, place.names, strict=True))
        assert [name for name, count in both.items() if count > 1] == []


class TestRoads:
    def test_one_network(self, place):
        ends = np.array([shapely.get_coordinates(road.line)[[0, -1]] for road in place.roads]).reshape(-1, 2)
        nodes, inverse = np.unique(ends, axis=0, return_inverse=True)
        assert labelled_components(len(nodes), inverse.reshape(-1, 2)).max() == 0

    def test_only_bridges_cross_the_river(self, place):
        water = place.land.river.buffer(-40.0)
        shapely.prepare(water)
        crossing = {road.kind for road in place.roads if water.intersects(road.line)}
        assert crossing == {"bridge"}
        assert sorted(road.name for road in place.roads if road.kind == "bridge") == sorted(b.name for b in place.bridges)

    def test_streets_have_names_and_lanes_none(self, place):
        assert all(road.name for road in place.roads if road.kind in {"street", "bridge"})
        assert not any(road.name for road in place.roads if road.kind in {"lane", "trunk", "path"})
        assert all(road.line.length > 0 for road in place.roads)

    def test_no_block_is_far_from_a_road(self, place):
        tree = shapely.STRtree([road.line for road in place.roads])
        (found, _), gap = tree.query_nearest(shapely.points(place.points), return_distance=True, all_matches=False)
        assert len(found) == len(place)
        assert gap.max() < 500.0

    def test_ways_are_never_shorter_than_the_crow_flies(self, place):
        targets = place.points[[10, 500, 1500]]
        ways = place.walked(targets)
        straight = np.hypot(*(place.points[:, None] - targets[None]).transpose(2, 0, 1))
        assert np.isfinite(ways).all()
        assert (ways >= straight - 1e-6).all()
        assert np.median(ways / np.maximum(straight, 200.0)) < 1.9


def test_another_seed_is_another_place_under_the_same_names(place):
    other = build_place(3)
    assert set(other.communities) == set(place.communities)
    assert [bridge.name for bridge in other.bridges] == [bridge.name for bridge in place.bridges]
    assert len(other) != len(place) or not shapely.equals_exact(other.shapes, place.shapes, 1.0).all()
    assert shapely.coverage_is_valid(other.shapes)
    assert len(np.unique(labelled_components(len(other), other.pairs))) == 2
