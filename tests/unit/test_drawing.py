"""Map primitives: what is in sight, where labels go, how long a scale bar is."""

from __future__ import annotations

import numpy as np
import pytest
import shapely
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import LineCollection, PathCollection
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch, Rectangle
from showpiece import town, town_plan

from xuequ.maps.drawing import OUTSIDE, Canvas, add_scale_bar, text_width, wrapped
from xuequ.maps.scene import scene
from xuequ.maps.typography import drawing_settings
from xuequ.zoning.stage import Stage

DISTRICT = town()
PLAN = town_plan(DISTRICT)
CANVAS = Canvas(scene(DISTRICT, PLAN))
LAYER = next(layer for layer in CANVAS.scene.layers if (layer.stage, layer.year) == (Stage.PRIMARY, 2028))


@pytest.fixture(autouse=True)
def _shipped_font():
    with rc_context(drawing_settings()):
        yield


@pytest.fixture
def axes():
    return Figure(figsize=(8, 6), dpi=100).add_axes((0, 0, 1, 1))


def collections(axes, kind):
    return [item for item in axes.collections if type(item) is kind]


def test_the_frame_holds_the_extent_undistorted(axes):
    CANVAS.frame(axes, CANVAS.extent(), margin=0.0)
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    assert (west, east) == (0, 2400)
    assert south == pytest.approx(0)
    assert (east - west) / (north - south) == pytest.approx(8 / 6)


def test_an_extent_of_one_block_is_the_block():
    assert CANVAS.extent(np.array([0])) == (0, 0, 200, 200)
    assert CANVAS.extent(np.array([], dtype=int)) == CANVAS.extent()


def areas(axes):
    """Return the area that each colour fills on axes, in square metres."""
    return {
        to_hex(patch.get_facecolor(), keep_alpha=False): sum(
            shapely.Polygon(ring).area for ring in patch.get_path().to_polygons() if len(ring) > 2
        )
        for patch in axes.patches
        if type(patch) is PathPatch and patch.get_zorder() == 1
    }


def length(patch):
    return sum(np.hypot(*np.diff(line, axis=0).T).sum() for line in patch.get_path().to_polygons(closed_only=False))


def test_every_block_has_the_colour_of_its_catchment_and_those_of_one_colour_are_one_shape(axes):
    CANVAS.frame(axes, CANVAS.extent())
    fills = CANVAS.fills(LAYER)
    CANVAS.draw_blocks(axes, fills, alpha=1.0)
    zones = LAYER.catchments.zones
    assert fills == [CANVAS.colours[Stage.PRIMARY][zones[zone]] for zone in LAYER.catchments.zone]
    assert areas(axes) == pytest.approx({colour: 200 * 200 * fills.count(colour) for colour in set(fills)})
    assert len(axes.patches) == len(set(fills)) == len(zones) == 5


def test_only_what_is_in_sight_is_drawn(axes):
    CANVAS.frame(axes, CANVAS.extent(np.array([0])), margin=0.0)
    CANVAS.draw_blocks(axes, CANVAS.fills(LAYER))
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
    seen = np.concatenate([patch.get_path().vertices for patch in axes.patches])
    edge = 0.02 * (east - west)
    assert seen[:, 0].max() <= east + edge
    assert seen[:, 1].max() <= north + edge
    assert sum(areas(axes).values()) < 1.2 * (east - west) * (north - south)


def test_borders_part_catchments_and_the_edge_is_drawn_once_around(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_borders(axes, np.zeros(len(DISTRICT.blocks), dtype=int))
    CANVAS.draw_borders(axes, np.zeros(len(DISTRICT.blocks), dtype=int), inside=True)
    edge, inside = axes.patches
    assert length(edge) == pytest.approx(2 * (2400 + 1800))
    assert length(inside) == 0


def test_one_block_among_outsiders_has_a_border_all_around(axes):
    CANVAS.frame(axes, CANVAS.extent())
    group = np.full(len(DISTRICT.blocks), OUTSIDE)
    group[[0, 15]] = 1
    CANVAS.draw_borders(axes, group)
    assert length(axes.patches[0]) == pytest.approx(2 * 800)


def test_borders_are_run_together_so_that_dashes_are_seen(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_borders(axes, np.arange(len(DISTRICT.blocks)) % 12 // 6, inside=True)
    (border,) = axes.patches
    assert len(border.get_path().to_polygons(closed_only=False)) == 1
    assert length(border) == pytest.approx(1800)


def test_the_edges_of_blocks_are_all_drawn_as_lines_or_as_a_picture(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_background(axes)
    white = next(patch for patch in axes.patches if to_hex(patch.get_edgecolor()) == "#ffffff")
    assert length(white) == pytest.approx(11 * 1800 + 8 * 2400)


def test_clusters_are_outlined_where_there_are_any(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_catchments(axes, LAYER)
    with_clusters = len(axes.patches)
    bare = Figure().add_axes((0, 0, 1, 1))
    CANVAS.frame(bare, CANVAS.extent())
    CANVAS.draw_catchments(bare, LAYER, clusters=False)
    assert with_clusters == len(bare.patches) + 2


def test_schools_are_sized_by_pupils_and_shaped_by_alert(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_schools(axes, LAYER.loads)
    signs = [item for item in collections(axes, PathCollection) if item.get_zorder() == 7]
    assert len(signs) == len({load.alert for load in LAYER.loads})
    sizes = np.concatenate([item.get_sizes() for item in signs])
    most = max(load.pupils for load in LAYER.loads)
    assert sorted(sizes) == pytest.approx(sorted(18 + 190 * load.pupils / most for load in LAYER.loads))


def test_names_stand_beside_schools_and_not_where_another_map_shows_them(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_schools(axes, LAYER.loads)
    assert {text.get_text() for text in axes.texts} == {CANVAS.scene.school_name(load.school) for load in LAYER.loads}
    other = Figure(figsize=(8, 6)).add_axes((0, 0, 1, 1))
    CANVAS.frame(other, CANVAS.extent())
    CANVAS.draw_schools(other, LAYER.loads, unnamed=(0, 0, 1200, 1800))
    assert {text.get_text() for text in other.texts} == {"河东学校", "城西学校", "新城学校"}


def test_names_never_cover_each_other():
    axes = Figure(figsize=(1.2, 0.9), dpi=100).add_axes((0, 0, 1, 1))
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_schools(axes, LAYER.loads, names=9.0)
    renderer = FigureCanvasAgg(axes.get_figure()).get_renderer()
    boxes = [text.get_window_extent(renderer) for text in axes.texts if text.get_zorder() == 9]
    assert len(boxes) < len(LAYER.loads)
    assert not any(a.overlaps(b) for place, a in enumerate(boxes) for b in boxes[:place])


def test_a_site_is_full_from_the_year_it_opens(axes):
    CANVAS.frame(axes, CANVAS.extent())

    def faces(year):
        for line in list(axes.lines):
            line.remove()
        CANVAS.draw_sites(axes, Stage.PRIMARY, year)
        return [line.get_markerfacecolor() for line in axes.lines if line.get_marker() == "s"]

    assert faces(2027) == ["white", "white"]
    assert faces(2028) == ["#1b3a6b", "white"]
    assert [line.get_marker() for line in axes.lines] == ["s", "+", "s", "x"]


def test_sites_of_other_stages_are_not_drawn(axes):
    CANVAS.frame(axes, CANVAS.extent())
    CANVAS.draw_sites(axes, Stage.KINDERGARTEN, 2030)
    assert list(axes.lines) == []


def test_a_district_of_points_is_drawn_as_dots(axes):
    blocks = DISTRICT.blocks
    dots = Canvas(scene(DISTRICT.replace(blocks=type(blocks)(blocks.ids, blocks.points)), PLAN))
    assert not dots.has_shapes
    assert dots.extent() == (100, 100, 2300, 1700)
    dots.frame(axes, dots.extent())
    dots.draw_catchments(axes, dots.scene.layers[0])
    (first, *_) = collections(axes, PathCollection)
    assert len(first.get_offsets()) == len(blocks)
    ties = collections(axes, LineCollection)[0].get_segments()
    pairs = DISTRICT.adjacency.pairs()
    zone = dots.scene.layers[0].catchments.zone
    assert len(ties) == (zone[pairs[:, 0]] == zone[pairs[:, 1]]).sum()


@pytest.mark.parametrize(("wide", "text"), [(1000, "100 m"), (4000, "500 m"), (30_000, "5 km"), (700_000, "100 km")])
def test_a_scale_bar_has_a_round_length(wide, text):
    axes = Figure(figsize=(8, 6)).add_axes((0, 0, 1, 1))
    CANVAS.frame(axes, (0, 0, wide, wide * 0.75), margin=0.0)
    add_scale_bar(axes, "N")
    assert text in [item.get_text() for item in axes.texts]
    halves = [patch for patch in axes.patches if isinstance(patch, Rectangle)][1:]
    length = sum(half.get_width() for half in halves) * (axes.get_xlim()[1] - axes.get_xlim()[0])
    number, unit = text.split()
    assert length == pytest.approx(float(number) * (1000 if unit == "km" else 1))


def test_chinese_is_twice_as_wide_as_english():
    assert text_width("学区") == 2
    assert text_width("ab") == pytest.approx(1.12)


@pytest.mark.parametrize(
    ("text", "ems", "lines"),
    [("最近的学校学位不足", 4, ["最近的学", "校学位不", "足"]), ("the nearest school", 7, ["the nearest", "school"]),
     ("unbreakable", 3, ["unbre", "akabl", "e"]), ("", 5, [""]), ("学校", 5, ["学校"])],
)  # fmt: skip
def test_text_is_broken_between_characters_or_at_spaces(text, ems, lines):
    assert wrapped(text, ems) == lines
