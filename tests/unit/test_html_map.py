"""The interactive map as a file: what is in it, and what is not."""

from __future__ import annotations

import re

import numpy as np
import pytest
import shapely
from districts import longer
from page_reading import payload_of, read_page
from showpiece import NAMES, town, town_plan

from xuequ.maps.html_map import interactive
from xuequ.maps.inlining import outside_links
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.indicators import assigned_distance_m
from xuequ.zoning.stage import Stage

DISTRICT = town()
PLAN = town_plan(DISTRICT)
HTML = interactive(DISTRICT, PLAN).html
DATA = payload_of(HTML)


def test_the_page_asks_the_network_for_nothing():
    assert outside_links(HTML) == ()
    page = read_page(HTML)
    assert all("src" not in element.attributes for element in page.elements)
    assert page.all("link") == []
    policy = next(item for item in page.all("meta") if item.attributes.get("http-equiv") == "Content-Security-Policy")
    assert policy.attributes["content"].startswith("default-src 'none'")


def test_it_is_folium_s_map_with_leaflet_inside():
    assert read_page(HTML).one("div", class_="folium-map").attributes["id"] == "map_district"
    assert "L.CRS.Simple" in HTML
    assert 't.version="1.9.4"' in HTML


def test_the_page_has_its_language_title_and_room_to_enlarge():
    page = read_page(HTML)
    assert page.one("html").attributes["lang"] == "zh-CN"
    assert page.one("title").text == "示例区 · 招生片区与学位规划图"
    assert "user-scalable=no" not in HTML
    assert page.one("aside").attributes == {"id": "panel", "tabindex": "-1", "aria-label": "面板"}


def test_in_english():
    page = read_page(interactive(DISTRICT, PLAN, lang="en").html)
    assert page.one("html").attributes["lang"] == "en"
    assert page.one("title").text == "示例区 · school catchments"


def test_another_language_is_refused():
    with pytest.raises(ValueError, match="'xx'"):
        interactive(DISTRICT, PLAN, lang="xx")


def test_there_is_a_layer_for_each_stage_and_year():
    assert [(stage["id"], tuple(stage["years"])) for stage in DATA["stages"]] == [(stage, DISTRICT.years) for stage in Stage]
    assert set(DATA["layers"]) == {f"{stage}|{year}" for stage in Stage for year in DISTRICT.years}


def test_the_layers_say_what_the_plan_says():
    for item in PLAN.catchments:
        layer, zones = DATA["layers"][f"{item.stage}|{item.year}"], DATA["zones"][item.stage]
        assert [zones["members"][zone] for zone in layer["zone"]] == [list(item.zones[zone]) for zone in item.zone]
        assert layer["metres"] == np.rint(assigned_distance_m(DISTRICT, item)).astype(int).tolist()


def test_neighbouring_catchments_have_different_colours_in_each_layer():
    pairs = DISTRICT.adjacency.pairs()
    for key, layer in DATA["layers"].items():
        colours = DATA["zones"][key.split("|")[0]]["colours"]
        zone = np.array(layer["zone"])
        for a, b in pairs[zone[pairs[:, 0]] != zone[pairs[:, 1]]]:
            assert colours[zone[a]] != colours[zone[b]]


def test_reasons_are_words_and_not_codes():
    layer = DATA["layers"]["primary|2026"]
    assert len(layer["reason"]) == len(DISTRICT.blocks)
    assert "最近的学校" in layer["reasons"]
    assert all(re.search(r"[\u4e00-\u9fff]", text) for text in layer["reasons"])


def test_shapes_are_stored_once():
    assert len(DATA["blocks"]["shapes"]) == len(DISTRICT.blocks)
    assert HTML.count('"shapes"') == 1
    assert sum(1 for _, b, _ in DATA["blocks"]["borders"] if b >= 0) == len(DISTRICT.adjacency.pairs())


def test_few_children_are_not_counted_in_public():
    layer = DATA["layers"]["primary|2026"]
    pupils = DISTRICT.demand.of_stage(Stage.PRIMARY, 2026)
    few = (pupils > 0) & (pupils < DISTRICT.options.publish.small_count)
    assert few.any()
    assert [value == -1 for value in layer["children"]] == few.tolist()


def test_the_panel_has_large_classes_before_and_after():
    assert {row[0] for row in DATA["outlook"]["before"]} == {2025, *DISTRICT.years}
    assert {row[1] for row in DATA["outlook"]["after"]} == {"primary", "junior", "all"}
    assert len(DATA["outlookText"]) == 3


def test_sites_chosen_and_not_are_told_with_their_reasons():
    new, expansion = DATA["sites"]
    assert (new["year"], new["rooms"], new["stages"]) == (2028, 18, ["primary", "junior"])
    assert new["byYear"] == [[2028, "小学", 12, 540], [2028, "初中", 6, 300]]
    assert (expansion["year"], expansion["action"]) == (None, "改扩建")
    assert "空余学位" in expansion["reason"]


def test_the_years_without_the_plan_can_be_shown():
    assert set(DATA["without"]["years"]) == set(DATA["layers"])
    assert DATA["zones"]["primary"]["today"] == DATA["layers"]["primary|2026"]["zone"]


def test_synthetic_data_is_labelled_and_real_data_is_not():
    assert DATA["synthetic"] is True
    assert DATA["schools"]["names"][2] == "龙湖小学※"
    assert payload_of(interactive(DISTRICT.replace(synthetic=False), PLAN).html)["synthetic"] is False


def test_the_page_carries_a_font_for_its_chinese():
    assert '@font-face{font-family:"xuequ-sc"' in HTML


def test_the_same_plan_gives_the_same_bytes(tmp_path):
    path = interactive(DISTRICT, PLAN).save(tmp_path / "deep" / "map.html")
    assert path.read_text(encoding="utf-8") == HTML
    assert b"\r" not in path.read_bytes()


def test_a_notebook_shows_the_page_in_a_frame():
    frame = read_page(interactive(DISTRICT, PLAN)._repr_html_()).one("iframe")
    assert frame.attributes["srcdoc"] == HTML


HOSTILE = "[xuequ: header][xuequ: body]</script><img src=x onerror=alert(1)>{{ 7*7 }}{% raw %}'\"&<!--"


def test_hostile_names_are_data_and_nothing_else():
    schools = DISTRICT.schools
    names = (HOSTILE, *NAMES[1:])
    evil = town(
        name=HOSTILE,
        schools=type(schools)(schools.ids, schools.points, schools.rooms, schools.block, names=names, opened=schools.opened),
        data_licence=HOSTILE,
    )
    html = interactive(evil, town_plan(evil)).html
    assert payload_of(html)["name"] == HOSTILE
    assert payload_of(html)["schools"]["names"][0] == HOSTILE
    page = read_page(html)
    assert page.all("img") == []
    assert page.one("title").text == f"{HOSTILE} · 招生片区与学位规划图"
    assert "49" not in page.one("title").text
    assert len(page.all("script")) == len(read_page(HTML).all("script"))


def test_a_page_of_folium_that_has_changed_is_not_guessed_at(monkeypatch):
    monkeypatch.setattr("xuequ.maps.html_map._MARKS", ("{# one #}", "{# two #}", "{# three #}"))
    with pytest.raises(ValueError, match="lost the place"):
        interactive(DISTRICT, PLAN)


def test_a_district_without_shapes_is_drawn_as_points():
    blocks = DISTRICT.blocks
    data = payload_of(interactive(DISTRICT.replace(blocks=type(blocks)(blocks.ids, blocks.points)), PLAN).html)
    assert data["blocks"]["shapes"] is None
    assert len(data["blocks"]["points"]) == len(blocks)


def test_blocks_without_a_school_and_without_a_way_are_shown():
    zone = PLAN.of(Stage.PRIMARY, 2026).zone.copy()
    zone[0] = -1
    holes = Catchments(Stage.PRIMARY, 2026, PLAN.of(Stage.PRIMARY, 2026).zones, zone)
    layer = payload_of(interactive(DISTRICT, PLAN.replace(catchments=(holes,))).html)["layers"]["primary|2026"]
    assert (layer["zone"][0], layer["metres"][0]) == (-1, -1)


def test_a_plan_without_catchments_makes_a_page_too():
    data = payload_of(interactive(DISTRICT, PLAN.replace(catchments=())).html)
    assert data["stages"] == []
    assert len(data["sites"]) == 2


def test_a_large_district_stays_small_enough_to_send():
    """500 blocks of 50 vertices in 15 layers: at most a quarter of the 6 MB that 2,000 may take."""
    from districts import grid_district

    large = grid_district(25, 20, tuple(range(20, 500, 43)), pupils=12)
    angles = np.linspace(0, 2 * np.pi, 50)
    circles = [shapely.Polygon(point + 95 * np.column_stack([np.cos(angles), np.sin(angles)])) for point in large.blocks.points]
    blocks = large.blocks
    large = large.replace(blocks=type(blocks)(blocks.ids, blocks.points, geometry=np.array(circles, dtype=object)))
    today = [large.today[stage] for stage in Stage]
    catchments = tuple(Catchments(item.stage, year, item.zones, item.zone) for item in today for year in large.years)
    plan = PLAN.replace(seats=None, clusters=None, catchments=catchments)
    assert len(interactive(large, plan).html.encode()) < 1_500_000


def test_the_panel_goes_to_the_last_year_of_the_demand():
    district = longer(DISTRICT, 2035)
    data = payload_of(interactive(district, town_plan(district)).html)
    assert data["outlook"]["plannedTo"] == 2030
    assert {row[0] for row in data["outlook"]["after"]} == set(range(2025, 2036))
    assert data["outlookText"][-1].startswith("2030学年之后沿用该学年片区")
    assert DATA["outlook"]["plannedTo"] is None
