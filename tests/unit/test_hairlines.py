"""Fine lines as lines or as a picture, and many words written at once: the same is seen either way."""

from __future__ import annotations

import io

import numpy as np
import pytest
from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.patches import PathPatch
from matplotlib.path import Path
from pypdf import PdfReader

from xuequ.maps.hairlines import PICTURE_DPI, Pictures, Stroke, draw_strokes, lay_strokes
from xuequ.maps.lettering import Lettering, Word
from xuequ.maps.typography import drawing_settings


def comb(teeth: int) -> Path:
    """So many upright lines across the unit square."""
    x = (np.arange(teeth) + 0.5) / teeth
    points = np.column_stack([np.repeat(x, 2), np.tile([0.1, 0.9], teeth)])
    return Path(points, np.tile([Path.MOVETO, Path.LINETO], teeth))


def unit_axes(dpi=100, box=(0.1, 0.2, 0.5, 0.6)):
    axes = Figure(figsize=(4, 3), dpi=dpi).add_axes(box)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.axis("off")
    return axes


def pixels(figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def pages(*figures) -> PdfReader:
    stream = io.BytesIO()
    with rc_context(drawing_settings()), PdfPages(stream) as book:
        for figure in figures:
            book.savefig(figure, dpi=PICTURE_DPI)
    return PdfReader(io.BytesIO(stream.getvalue()))


def pictures_of(reader):
    """Width and height of every picture that a document holds, each once, and how often pages lay one."""
    found, laid = {}, 0
    for page in reader.pages:
        for name, item in page["/Resources"]["/XObject"].items():
            shape = item.get_object()
            if shape["/Subtype"] == "/Image":
                found[item.indirect_reference.idnum if hasattr(item, "indirect_reference") else name] = (
                    shape["/Width"], shape["/Height"],
                )  # fmt: skip
        laid += page.get_contents().get_data().count(b" Do")
    return list(found.values()), laid


@pytest.mark.parametrize(("teeth", "repeated", "as_lines"), [
    (1000, True, True), (1300, True, False), (1300, False, True), (12_400, False, True), (12_600, False, False),
])  # fmt: skip
def test_many_lines_are_a_picture_and_few_are_lines(teeth, repeated, as_lines):
    axes = unit_axes()
    draw_strokes(axes, [Stroke(comb(teeth), "black", 0.3)], Pictures(), repeated=repeated, zorder=2)
    assert any(isinstance(item, PathPatch) for item in axes.patches) is as_lines
    assert len(axes.get_children()) == len(unit_axes().get_children()) + 1


@pytest.mark.parametrize("alpha", [1.0, 0.5])
def test_a_picture_shows_what_lines_show(alpha):
    stroke = Stroke(comb(7), "#102030", 2.0, alpha)
    lines, laid = unit_axes(), unit_axes()
    draw_strokes(lines, [stroke], Pictures(), repeated=False, zorder=2)
    lay_strokes(laid, [stroke], dpi=200, zorder=2)
    one, other = pixels(lines.get_figure()), pixels(laid.get_figure())
    assert (one < 200).any()
    assert abs(one.mean() - other.mean()) < 0.6
    assert (np.abs(one - other) > 140).mean() < 0.01


def test_a_picture_lies_where_its_axes_are_and_the_right_way_up():
    axes = unit_axes(box=(0.5, 0.5, 0.5, 0.5))
    lay_strokes(axes, [Stroke(Path([(0.05, 0.95), (0.4, 0.95)]), "black", 3.0)], dpi=100, zorder=2)
    dark = np.argwhere(pixels(axes.get_figure()).sum(axis=2) < 300)
    low, high = dark.min(axis=0), dark.max(axis=0)
    assert (low >= (0, 205)).all()
    assert (high <= (16, 290)).all()
    page = pages(axes.get_figure()).pages[0]
    assert float(page.mediabox.width) == 4 * 72


def test_pages_that_show_the_same_hold_the_picture_once():
    kept = Pictures()
    figures = []
    for _ in range(3):
        axes = unit_axes()
        draw_strokes(axes, [Stroke(comb(1500), "black", 0.3)], kept, repeated=True, zorder=2)
        figures.append(axes.get_figure())
    reader = pages(*figures)
    (pixels_kept,) = kept.values()
    assert pixels_kept.shape == (round(3 * 0.6 * PICTURE_DPI), round(4 * 0.5 * PICTURE_DPI), 4)
    found, laid = pictures_of(reader)
    assert [size for size in found if size == pixels_kept.shape[1::-1]] == [pixels_kept.shape[1::-1]]
    assert laid == 3


def test_another_place_or_another_size_is_another_picture():
    kept = Pictures()
    for west, box in ((0, (0, 0, 1, 1)), (0.5, (0, 0, 1, 1)), (0, (0, 0, 0.5, 0.5)), (0, (0, 0, 1, 1))):
        axes = unit_axes(box=box)
        axes.set_xlim(west, west + 1)
        draw_strokes(axes, [Stroke(comb(1500), "black", 0.3)], kept, repeated=True, zorder=2)
        pixels(axes.get_figure())
    assert len(kept) == 3


def test_only_the_last_pictures_are_kept():
    kept, small = Pictures(), np.zeros((1, 1, 4), dtype=np.uint8)
    for number in range(30):
        assert kept.keep((float(number),), small) is small
    assert 2 <= len(kept) < 30
    assert (29.0,) in kept
    assert (0.0,) not in kept


@pytest.fixture
def lettered():
    with rc_context(drawing_settings()):
        yield


def written(words, size=20.0, dpi=100):
    figure = Figure(figsize=(4, 3), dpi=dpi)
    figure.add_artist(Lettering(words, size))
    return figure


@pytest.mark.parametrize("text", ["1,035", "学区", "Ag", "▲ 红"])
def test_words_begin_or_end_where_they_are_told_to(lettered, text):
    left = np.argwhere(pixels(written([Word(72.0, 108.0, text, "left", "black")])).sum(axis=2) < 300)
    right = np.argwhere(pixels(written([Word(216.0, 108.0, text, "right", "black")])).sum(axis=2) < 300)
    assert 98 <= left[:, 1].min() <= 106
    assert 294 <= right[:, 1].max() <= 302
    assert abs(left[:, 0].max() - right[:, 0].max()) <= 1
    assert 145 <= left[:, 0].max() <= 158  # one and a half inches from the foot of three


def test_words_have_their_colours(lettered):
    shown = pixels(written([Word(20, 150, "██", "left", "#ff0000"), Word(200, 150, "██", "left", "#0000ff")]))
    for column, colour in ((60, (255, 0, 0)), (300, (0, 0, 255))):
        assert tuple(shown[85, column]) == colour


@pytest.mark.parametrize("text", ["$x^2$", "$\\frac{", "a$b$c", "<b>&amp;</b>", "שלום", "😀 school", "%s {0}"])
def test_words_are_written_as_they_are_and_stay_text(lettered, text):
    reader = pages(written([Word(20, 100, text, "left", "black"), Word(200, 50, text, "right", "black")]))
    seen = reader.pages[0].extract_text()
    for part in text.split():
        if part.isascii():
            assert seen.count(part) == 2


def test_nothing_to_write_is_no_fault(lettered):
    shown = pixels(written([Word(20, 100, "", "left", "black")]))
    assert (shown == 255).all()
    assert Lettering([Word(0, 0, "", "left", "black"), Word(1, 1, "a", "left", "black")], 7).words[0].text == "a"
