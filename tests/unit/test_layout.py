"""The parts of a printed page."""

from __future__ import annotations

from dataclasses import replace

import pytest
from districts import longer
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from showpiece import town, town_plan

from xuequ.maps.layout import PAGE_INCHES, Column, blank_axes, draw_bars, draw_figures, draw_legend, draw_table, page
from xuequ.maps.lettering import Lettering, Word
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts
from xuequ.maps.typography import drawing_settings

DISTRICT = town()
SHOWN = scene(DISTRICT, town_plan(DISTRICT))
WORDS = texts("en")
COLUMNS = [Column("School", 2, "left"), Column("Pupils", 1)]


@pytest.fixture(autouse=True)
def _shipped_font():
    with rc_context(drawing_settings()):
        yield


@pytest.fixture
def figure():
    return Figure(figsize=PAGE_INCHES, dpi=100)


def words_on(figure: Figure) -> list[str]:
    return [text.get_text() for part in (figure, *figure.axes) for text in part.texts] + [word.text for word in cells(figure)]


def cells(figure: Figure) -> list[Word]:
    return [word for item in figure.artists if isinstance(item, Lettering) for word in item.words]


def test_a_page_has_title_badge_and_source():
    made = page(SHOWN, WORDS, "A title", "below it")
    assert words_on(made)[:3] == ["A title", "below it", "synthetic 合成数据"]
    assert SHOWN.plan.fingerprint[:12] in words_on(made)[3]
    assert tuple(made.get_size_inches()) == PAGE_INCHES


def test_a_page_of_real_data_has_no_badge_and_no_word_of_it():
    real = replace(SHOWN, district=DISTRICT.replace(synthetic=False, data_licence=""))
    assert "synthetic" not in " ".join(words_on(page(real, WORDS, "A title")))
    assert "licence" not in " ".join(words_on(page(real, WORDS, "A title")))


def test_blank_axes_are_a_unit_square_without_a_frame(figure):
    axes = blank_axes(figure, (0.1, 0.2, 0.3, 0.4))
    assert (axes.get_xlim(), axes.get_ylim(), axes.axison) == ((0, 1), (0, 1), False)


def test_figures_stand_in_two_columns(figure):
    draw_figures(figure, (0, 0, 0.5, 0.5), [("one", "1"), ("two", "2"), ("three", "3")])
    places = {text.get_text(): text.get_position() for text in figure.texts}
    assert places["one"][0] == places["three"][0] == 0
    assert places["two"][0] == 0.25
    assert places["one"][1] == places["two"][1] > places["three"][1]


def test_a_table_has_a_head_and_its_rows_from_the_top(figure):
    draw_table(figure, (0, 0, 0.5, 0.5), COLUMNS, [["A", "1"], ["B", "2"]])
    by_height = sorted(cells(figure), key=lambda word: (-word.y, word.x))
    assert [word.text for word in by_height] == ["School", "Pupils", "A", "1", "B", "2"]
    assert [word.side for word in by_height] == ["left", "right"] * 3
    assert by_height[0].y < 0.5 * PAGE_INCHES[1] * 72
    assert by_height[1].x == pytest.approx(0.5 * PAGE_INCHES[0] * 72)


def test_rows_that_do_not_fit_are_counted(figure):
    draw_table(figure, (0, 0, 0.5, 0.1), COLUMNS, [[f"school {n}", str(n)] for n in range(40)])
    shown = words_on(figure)
    last = next(text for text in shown if text.startswith("…"))
    rows = sum(text.startswith("school") for text in shown)
    assert last == f"… +{40 - rows}"
    assert min(word.y for word in cells(figure)) > 0


def test_as_many_rows_as_fit_are_not_cut(figure):
    draw_table(figure, (0, 0, 0.5, 0.1), COLUMNS, [["x", "1"]] * 3)
    assert "…" not in "".join(words_on(figure))


def test_a_cell_that_is_too_wide_is_cut_and_stays_in_its_column(figure):
    draw_table(figure, (0, 0, 0.2, 0.5), COLUMNS, [["万秀区第一实验小学附属幼儿园新校区" * 3, "1"]])
    cut = next(word for word in cells(figure) if "…" in word.text)
    box = figure.text(0, 0, cut.text, fontsize=7.5).get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert cut.text.startswith("万秀区")
    assert box.width <= 0.2 * 2 / 3 * PAGE_INCHES[0] * 100


def test_bars_show_each_year_before_and_after(figure):
    axes = figure.add_axes((0, 0, 0.5, 0.5))
    draw_bars(axes, SHOWN, WORDS, 2028)
    years = [2025, *DISTRICT.years]
    heights = [bar.get_height() for group in axes.containers for bar in group]
    found = SHOWN.outlook
    expected = [item.large for items in (found.before, found.after) for item in items if item.stage is None]
    assert heights == expected
    assert [text.get_text() for text in axes.texts if text.get_text() in map(str, years)] == list(map(str, years))
    assert [text.get_text() for text in axes.get_legend().get_texts()] == ["without the plan", "with the plan"]


def test_bars_of_nothing_known_say_so(figure):
    axes = figure.add_axes((0, 0, 0.5, 0.5))
    draw_bars(axes, replace(SHOWN, outlook=None), WORDS)
    assert words_on(figure) == ["not known"]
    assert axes.containers == []


def test_the_legend_explains_what_is_on_the_map(figure):
    draw_legend(figure, (0, 0, 0.3, 0.5), SHOWN, WORDS)
    told = " ".join(text.get_text() for text in figure.axes[0].get_legend().get_texts()).replace("\n", " ")
    for word in (
        "Red: full",
        "Yellow: nearly full",
        "Green: seats free",
        "Site chosen",
        "Site not chosen",
        "Edge of a cluster",
        "River",
        "Roads",
    ):
        assert word in told


def test_the_legend_explains_nothing_that_is_not_there(figure):
    bare = replace(SHOWN, district=DISTRICT.replace(rivers=(), roads=()), projects=(), clusters=None)
    draw_legend(figure, (0, 0, 0.3, 0.5), bare, WORDS)
    told = " ".join(text.get_text() for text in figure.axes[0].get_legend().get_texts())
    for word in ("Site", "cluster", "River", "Roads"):
        assert word not in told


def test_bars_of_years_after_the_planned_ones_are_marked_and_their_numbers_do_not_meet(figure):
    axes = figure.add_axes((0.73, 0.465, 0.24, 0.155))
    district = longer(DISTRICT, 2035)
    shown = scene(district, town_plan(district))
    items = tuple(replace(item, large=item.large + 180) for item in shown.outlook.before)
    draw_bars(axes, replace(shown, outlook=replace(shown.outlook, before=items, after=items)), WORDS)
    assert "catchments of 2030 go on" in words_on(figure)
    FigureCanvasAgg(figure).draw()
    boxes = [text.get_window_extent() for text in axes.texts if text.get_text().isdigit()]
    assert len(boxes) == 3 * 11
    assert not any(one.overlaps(other) for k, one in enumerate(boxes) for other in boxes[:k])
