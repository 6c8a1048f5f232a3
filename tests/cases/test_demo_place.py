"""The shipped district looks like a place: blocks, river, bridges, streets with names and house numbers, its own outline."""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict

import networkx as nx
import numpy as np
import pytest
import shapely
from demo_files import banks, blocks, features, river, rows, table
from shapely import affinity

pytestmark = pytest.mark.cases


@pytest.fixture(scope="module")
def facts(shared):
    return shared / "cases" / "wanxiu_facts"


def _to_one_size(shape):
    middle = shape.centroid
    return affinity.scale(affinity.translate(shape, -middle.x, -middle.y), shape.area**-0.5, shape.area**-0.5, origin=(0, 0))


def test_communities_are_the_63_of_the_public_list(facts):
    listed = table(facts / "communities.csv")
    assert len(listed) == 63
    assert {item["community"] for item, _ in blocks().values()} == {row["name"] for row in listed}


def test_about_two_thousand_blocks_of_three_settings():
    assert 1900 <= len(blocks()) <= 2100
    size = defaultdict(list)
    for item, shape in blocks().values():
        size[item["setting"]].append(shape.area)
    assert set(size) == {"urban", "periurban", "rural"}
    assert np.median(size["urban"]) < np.median(size["periurban"]) < np.median(size["rural"])


def test_settings_follow_streets_and_towns(facts):
    township = {row["name"]: row["township"] for row in table(facts / "communities.csv")}
    kind = {row["name"]: row["kind"] for row in table(facts / "townships.csv")}
    for item, _ in blocks().values():
        assert (item["setting"] == "urban") == (kind[township[item["community"]]] == "subdistrict")


def test_the_river_parts_the_district_and_four_bridges_join_it():
    names = list(blocks())
    shapes = np.array([shape for _, shape in blocks().values()])
    a, b = shapely.STRtree(shapes).query(shapes, predicate="touches")
    border = shapely.length(shapely.intersection(shapes[a], shapes[b]))
    graph = nx.Graph()
    graph.add_nodes_from(range(len(names)))
    graph.add_edges_from(zip(a[border >= 5].tolist(), b[border >= 5].tolist(), strict=True))
    assert nx.number_connected_components(graph) == 2
    links = rows("links.csv")
    assert 1 <= len(links) <= 6  # few
    for link in links:
        ends = [blocks()[link[side]][1] for side in "ab"]
        sides = [min((0, 1), key=lambda bank, end=end: banks()[bank].distance(end.centroid)) for end in ends]
        assert sorted(sides) == [0, 1]
        assert link["kind"] == "bridge"
        graph.add_edge(names.index(link["a"]), names.index(link["b"]))
    assert nx.is_connected(graph)


def test_only_bridges_lead_over_the_river():
    properties, lines = features("roads.geojson")
    water = river().buffer(-20.0)
    shapely.prepare(water)
    over = {(item["class"], item["name"]) for item, line in zip(properties, lines, strict=True) if water.intersects(line)}
    assert over == {("bridge", link["name"]) for link in rows("links.csv")}


def test_the_outline_is_its_own(facts):
    """Laid over each other and drawn to one size the outline is far from both boundary files."""
    _, (own,) = features("boundary.geojson")
    for name in ("boundary_gmap", "wuzhou_districts"):
        content = json.loads((facts / f"{name}.geojson").read_text(encoding="utf-8"))
        shape = max(
            (shapely.from_geojson(json.dumps(item["geometry"])) for item in content["features"]
             if str(item["properties"].get("adcode", "450403")) == "450403"),
            key=shapely.area,
        )  # fmt: skip
        real = shapely.transform(shape, lambda at: at * (111_320 * np.cos(np.radians(23.5)), 110_750))
        laid = [_to_one_size(each) for each in (own, shapely.make_valid(real))]
        assert laid[0].intersection(laid[1]).area < 0.9, name


def test_addresses_stand_on_streets_of_their_name_in_their_block():
    properties, lines = features("roads.geojson")
    streets = defaultdict(list)
    for item, line in zip(properties, lines, strict=True):
        if item["name"]:
            streets[item["name"]].append(line)
    numbered = [row for row in rows("addresses.csv") if row["street"] and row["number"]]
    assert len(numbered) > 5000
    assert len({row["street"] for row in numbered}) > 150
    for row in numbered:
        place = shapely.Point(float(row["x"]), float(row["y"]))
        assert re.fullmatch(r"\d+号", row["number"])
        assert row["address"] == row["street"] + row["number"]
        assert min(line.distance(place) for line in streets[row["street"]]) < 60.0
        assert blocks()[row["block"]][1].distance(place) < 1.0


def test_no_house_number_stands_twice_in_a_street():
    count = Counter((row["street"], row["number"]) for row in rows("addresses.csv") if row["street"])
    assert max(count.values()) == 1


def test_estates_and_villages_have_addresses():
    estates = {row["name"] for row in rows("housing.csv")}
    named = {row["estate"] for row in rows("addresses.csv") if row["estate"]}
    built = {row["name"] for row in rows("housing.csv") if int(row["year"]) <= 2025}
    assert built <= named
    groups = [row["address"] for row in rows("addresses.csv") if re.search(r"村第\d+组$", row["address"])]
    assert len(groups) > 400
    assert len(estates) == len(rows("housing.csv"))
