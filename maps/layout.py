"""The parts of a printed page besides the map: head and foot, figures, tables, bars of large classes, legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xuequ.maps.drawing import text_width, wrapped
from xuequ.maps.palette import ALERTS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from xuequ.maps.scene import Scene
    from xuequ.maps.texts import Texts

__all__ = ["PAGE_INCHES", "Box", "Column", "blank_axes", "draw_bars", "draw_figures", "draw_legend", "draw_table", "page"]

PAGE_INCHES = (11.69, 8.27)
"""A4, landscape."""

Box = tuple[float, float, float, float]
"""Left, bottom, width, height as parts of the page."""

_INK = "#1d232b"
_SOFT = "#5b6470"
_LINE = "#c9cdd2"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: head, share of the width, and the side on which its text stands."""

    head: str
    share: float
    side: str = "right"


def page(scene: Scene, texts: Texts, title: str, subtitle: str = "") -> Figure:
    """Return an empty A4 page with title, badge of synthetic data, and a foot that names the plan."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only pictures need it

    figure = Figure(figsize=PAGE_INCHES, dpi=150, facecolor="white")
    figure.text(0.035, 0.955, title, fontsize=15, color=_INK, va="center")
    figure.text(0.035, 0.918, subtitle, fontsize=9, color=_SOFT, va="center")
    if scene.district.synthetic:
        figure.text(
            0.965, 0.955, texts("synthetic"), fontsize=10.5, color="#5c4300", ha="right", va="center",
            bbox={"boxstyle": "round,pad=0.35", "facecolor": "#fff2cc", "edgecolor": "#c69214", "linewidth": 1},
        )  # fmt: skip
    source = [
        scene.district.name,
        texts("source", fingerprint=scene.plan.fingerprint[:12], seed=scene.plan.seed),
        texts("distances", method=texts.told(scene.district.distances.method)),
    ]
    if scene.district.data_licence:
        source.append(texts("licence", licence=scene.district.data_licence))
    if scene.district.synthetic:
        source.append(texts("synthetic.long"))
    figure.text(0.035, 0.022, " · ".join(source), fontsize=6.5, color=_SOFT, va="center")
    return figure


def blank_axes(figure: Figure, box: Box) -> Axes:
    """Return axes of unit size without frame; ``box`` is left, bottom, width, height as parts of the page."""
    axes = figure.add_axes(box)
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.axis("off")
    return axes


def draw_figures(figure: Figure, box: Box, cards: Sequence[tuple[str, str]]) -> None:
    """Draw labelled figures in two columns."""
    left, bottom, width, height = box
    rows = -(-len(cards) // 2)
    for place, (label, value) in enumerate(cards):
        x, y = left + (place % 2) * 0.5 * width, 1 - (place // 2) / rows
        figure.text(x, bottom + height * (y - 0.06), label, fontsize=7.5, color=_SOFT, va="top")
        figure.text(x, bottom + height * (y - 0.12 - 0.2 / rows), value, fontsize=11.5, color=_INK, va="top")


def draw_table(
    figure: Figure,
    box: Box,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str]],
    size: float = 7.5,
) -> None:
    """
    Draw a table from the top of a box; rows that do not fit are left out, and the last line says how many.

    Parameters
    ----------
    box
        Left, bottom, width, height as parts of the page.
    columns, rows
        Heads and cells; a cell that is too wide is cut with an ellipsis.
    size
        Of the text, in points.
    """
    from matplotlib.lines import Line2D  # noqa: PLC0415 - heavy, and only pictures need it

    from xuequ.maps.lettering import Lettering, Word  # noqa: PLC0415

    high, wide = box[3] * PAGE_INCHES[1] * 72, box[2] * PAGE_INCHES[0] * 72
    step = 1.75 * size / high
    fitting = int(1 / step) - 1
    shown = (
        list(rows)
        if len(rows) <= fitting
        else [*rows[: fitting - 1], [f"… +{len(rows) - fitting + 1}", *([""] * (len(columns) - 1))]]
    )
    total = sum(column.share for column in columns)
    left, top, line, words = 0.0, (box[1] + box[3]) * PAGE_INCHES[1] * 72, step * high, []
    for place, column in enumerate(columns):
        share = column.share / total
        x = box[0] * PAGE_INCHES[0] * 72 + (left if column.side == "left" else left + share) * wide
        room = share * wide / size - 0.5
        for number, text in enumerate([column.head, *(row[place] for row in shown)]):
            # On one base line, whatever hangs below it.
            y = top - (number + 0.5) * line - 0.36 * size
            words.append(Word(x, y, _cut(str(text), room), column.side, _INK if number else _SOFT))
        left += share
    figure.add_artist(Lettering(words, size))
    for number in range(1, len(shown) + 2):
        rule = [box[1] + box[3] * (1 - number * step)] * 2
        figure.add_artist(Line2D([box[0], box[0] + box[2]], rule, color=_LINE, linewidth=0.9 if number == 1 else 0.4))


def _cut(text: str, ems: float) -> str:
    if text_width(text) <= ems:
        return text
    while text and text_width(text) > ems - 1:
        text = text[:-1]
    return text + "…"


def draw_bars(axes: Axes, scene: Scene, texts: Texts, now: int | None = None) -> None:
    """Draw the large classes of each year without and with the plan, the year ``now`` marked."""
    axes.axis("off")
    if scene.outlook is None:
        axes.text(0.5, 0.5, texts("unknown"), ha="center", fontsize=8, color=_SOFT)
        return
    before = {item.year: item.large for item in scene.outlook.before if item.stage is None}
    after = {item.year: item.large for item in scene.outlook.after if item.stage is None}
    years = sorted(before | after)
    most = max([1, *before.values(), *after.values()])
    narrow = len(years) > 8
    styles: tuple[tuple[dict[int, int], float, dict[str, Any], str], ...] = (
        (before, -0.2, {"facecolor": "#eceef0", "edgecolor": "#7a828c", "hatch": "////"}, "outlook.before"),
        (after, 0.2, {"facecolor": "#1b4f8f", "edgecolor": "#1b4f8f"}, "outlook.after"),
    )
    for counts, shift, style, key in styles:
        known = [(place, counts[year]) for place, year in enumerate(years) if year in counts]
        axes.bar([p + shift for p, _ in known], [n for _, n in known], 0.36, linewidth=0.6, label=texts(key), **style)
        for place, count in known:
            # Numbers of three digits stand upright over narrow bars, so that they do not meet.
            upright = 90 if narrow and most > 99 else 0
            axes.text(
                place + shift, count + 0.03 * most, str(count), ha="center", va="bottom", fontsize=6 if narrow else 7, color=_INK,
                rotation=upright,
            )  # fmt: skip
    for place, year in enumerate(years):
        size = 6 if narrow else 7.5
        axes.text(place, -0.06 * most, str(year), ha="center", va="top", fontsize=size, color=_INK if year == now else _SOFT)
        if year == now:
            axes.axvspan(place - 0.48, place + 0.48, color="#eaf1fa", zorder=0)
    planned_to = scene.outlook.planned_to
    if planned_to is not None and planned_to in years:
        start = years.index(planned_to) + 0.5
        axes.axvspan(start, len(years) - 0.4, color="#f4f5f6", zorder=0)
        axes.axvline(start, color="#7a828c", linewidth=0.6, linestyle=(0, (3, 3)))
        told = texts("outlook.later", year=planned_to)
        axes.text((start + len(years) - 0.4) / 2, 1.12 * most, told, ha="center", va="center", fontsize=6.5, color=_SOFT)
    axes.set_xlim(-0.6, len(years) - 0.4)
    axes.set_ylim(-0.2 * most, 1.45 * most)
    axes.axhline(0, color=_INK, linewidth=0.8)
    axes.legend(loc="upper center", ncols=2, fontsize=7.5, frameon=False, borderaxespad=0)


def draw_legend(figure: Figure, box: Box, scene: Scene, texts: Texts) -> None:
    """Draw what colours, signs and lines mean."""
    from matplotlib.lines import Line2D  # noqa: PLC0415

    def sign(**style: Any) -> Line2D:
        return Line2D([], [], linestyle=style.pop("linestyle", "none"), **style)

    entries: list[tuple[Line2D, str]] = []
    for style in ALERTS:
        face, edge = ("white", style.colour) if style.shape == "ring" else (style.colour, _INK)
        mark = sign(marker=style.marker, markersize=7, markerfacecolor=face, markeredgecolor=edge, markeredgewidth=0.8)
        entries.append((mark, texts.word("alert", style.name)))
    entries.append((sign(), texts("legend.size")))
    if scene.projects:
        for key, face, edge in (("chosen", "#1b3a6b", "#1b3a6b"), ("not_chosen", "white", "#7a828c")):
            entries.append((sign(marker="s", markersize=7, markerfacecolor=face, markeredgecolor=edge), texts(f"legend.{key}")))
    entries.append((sign(color=_INK, linewidth=0.9, linestyle="-"), texts("legend.fill")))
    if scene.clusters is not None:
        entries.append((sign(color="#5a189a", linewidth=1.7, linestyle=(0, (4, 2))), texts("legend.cluster")))
    if scene.district.rivers:
        entries.append((sign(color="#5b9bd0", linewidth=1.8, linestyle="-"), texts("show.rivers")))
    if scene.district.roads:
        entries.append((sign(color="#6f7680", linewidth=0.6, linestyle="-"), texts("show.roads")))
    axes = blank_axes(figure, box)
    room = box[2] * PAGE_INCHES[0] * 72 / 7 - 4
    axes.legend(
        [line for line, _ in entries], ["\n".join(wrapped(text, room)) for _, text in entries], loc="upper left", fontsize=7,
        frameon=False, borderaxespad=0, handlelength=2.2, labelspacing=0.55,
    )  # fmt: skip
