"""The atlas: a page for each stage and year, and a sheet for each school; as PDF, or one page as PNG."""

from __future__ import annotations

import gc
import io
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.maps.drawing import OUTSIDE, Canvas, add_scale_bar, wrapped
from xuequ.maps.layout import Column, draw_bars, draw_figures, draw_legend, draw_table, page
from xuequ.maps.outlook_words import outlook_sentences
from xuequ.maps.palette import NO_CATCHMENT, alert_style
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts as words_of
from xuequ.maps.typography import drawing_settings, rare_characters

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator

    from matplotlib.figure import Figure

    from xuequ.maps.drawing import Extent
    from xuequ.maps.scene import Layer, Load, Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.stage import Stage

__all__ = ["Atlas", "atlas"]

_PRODUCER = "xuequ"


@dataclass(frozen=True)
class Atlas:
    """
    A plan on paper.

    Parameters
    ----------
    scene, texts
        What is shown, in which language.
    kindergartens
        Whether schools that are only kindergartens have sheets of their own.
    """

    scene: Scene
    texts: Texts
    kindergartens: bool = False

    @cached_property
    def canvas(self) -> Canvas:
        """The shapes, made once for all pages."""
        return Canvas(self.scene)

    def save(self, path: str | os.PathLike[str], *, stage: Stage | None = None, year: int | None = None) -> Path:
        """
        Write the atlas, or one page of it.

        Parameters
        ----------
        path
            ``….pdf``: all pages; ``….png``: the overview of one stage and year; folders are made.
        stage, year
            Of the picture; by default primary (else the first stage) in its last year.

        Raises
        ------
        ValueError
            If the name ends otherwise, or the plan has no catchments of the stage and year.
        """
        target = Path(path)
        kind = target.suffix.lower()
        if kind not in (".pdf", ".png"):
            raise ValueError(f"{target.name}: an atlas is written as .pdf or .png")
        content = self.pdf() if kind == ".pdf" else self.png(stage=stage, year=year)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        return target

    def png(self, *, stage: Stage | None = None, year: int | None = None, dpi: int = 150) -> bytes:
        """Return the overview of a stage and year as a picture."""
        from matplotlib import rc_context  # noqa: PLC0415 - heavy, and only pictures need it

        nothing = not self.scene.layers and stage is None and year is None
        layer = None if nothing else self._layer(stage, year)
        stream = io.BytesIO()
        with rc_context(drawing_settings()), rare_characters():
            (empty_page(self) if layer is None else overview_page(self, layer)).savefig(
                stream, format="png", dpi=dpi, metadata={"Software": _PRODUCER}
            )
        return stream.getvalue()

    def pdf(self) -> bytes:
        """Return all pages."""
        from matplotlib import rc_context  # noqa: PLC0415
        from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415

        from xuequ.maps.hairlines import PICTURE_DPI  # noqa: PLC0415

        title = f"{self.scene.district.name} · {self.texts('title.atlas')}"
        about = {"Title": title, "Creator": _PRODUCER, "Producer": _PRODUCER, "CreationDate": None, "ModDate": None}
        stream = io.BytesIO()
        with rc_context(drawing_settings()), rare_characters(), _few_collections(), PdfPages(stream, metadata=about) as book:
            for figure in self.figures():
                book.savefig(figure, dpi=PICTURE_DPI)
        return stream.getvalue()

    def figures(self) -> Iterator[Figure]:
        """
        Yield the pages: overviews by stage and year, then a sheet for each school that has pupils or seats in any of them.

        A plan without catchments has one page, which says so.
        """
        if not self.scene.layers:
            yield empty_page(self)
        for layer in self.scene.layers:
            yield overview_page(self, layer)
        listed = {
            load.school
            for layer in self.scene.layers
            for load in layer.loads
            if (load.pupils or load.planned) and (self.kindergartens or layer.stage != "kindergarten")
        }
        for school in sorted(listed):
            yield school_sheet(self, school)

    def _layer(self, stage: Stage | None, year: int | None) -> Layer:
        layers = self.scene.layers
        wanted = stage or next((item.stage for item in layers if item.stage == "primary"), layers[0].stage if layers else None)
        found = [item for item in layers if item.stage == wanted and year in (None, item.year)]
        if not found:
            raise ValueError(f"the plan has no {wanted or 'catchments at all'}{'' if year is None else f' in {year}'} to draw")
        return found[-1]


def atlas(district: District, plan: Plan, lang: str = "zh", *, kindergartens: bool = False) -> Atlas:
    """
    Set a plan on paper: overviews of each stage and year, and a sheet for each school.

    Parameters
    ----------
    district, plan
        What is drawn; the plan should be verified.
    lang
        ``zh`` or ``en``.
    kindergartens
        Whether schools that are only kindergartens have sheets too: there are many.

    Raises
    ------
    ValueError
        If there are no texts in the language.
    """
    return Atlas(scene(district, plan), words_of(lang), kindergartens)


@contextmanager
def _few_collections() -> Iterator[None]:
    """Let Python look for garbage less often while many pages are drawn: it goes over all of the district each time."""
    before = gc.get_threshold()
    gc.set_threshold(100_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


def overview_page(book: Atlas, layer: Layer) -> Figure:
    """Draw the map of a stage and year with its figures, the large classes by year and the legend."""
    shown, texts = book.scene, book.texts
    title = f"{shown.district.name} · {texts.word('stage', layer.stage)} · {texts.year(layer.year)}"
    figure = page(shown, texts, title, f"{texts('title.map')} · {texts.word('regime', shown.plan.regime)}")
    whole, core = book.canvas.extent(), shown.core()
    if core is not None and whole[2] - whole[0] < 1.15 * (whole[3] - whole[1]):
        # A tall district leaves room beside it for its town.
        _layer_map(book, figure, layer, (0.035, 0.05, 0.335, 0.845), whole, core)
        _layer_map(book, figure, layer, (0.38, 0.05, 0.335, 0.845), core)
    else:
        _layer_map(book, figure, layer, (0.035, 0.05, 0.68, 0.845), whole)
    draw_figures(figure, (0.735, 0.66, 0.235, 0.235), _figures(shown, layer, texts))
    figure.text(0.735, 0.63, texts("outlook"), fontsize=9.5)
    draw_bars(figure.add_axes((0.73, 0.465, 0.24, 0.155)), shown, texts, layer.year)
    lines = [line for sentence in outlook_sentences(shown, texts, brief=True) for line in wrapped(sentence, 28)]
    figure.text(0.735, 0.455, "\n".join(lines), fontsize=7.2, va="top", linespacing=1.5, color="#5b6470")
    figure.text(0.735, 0.325, texts("legend"), fontsize=9.5)
    draw_legend(figure, (0.735, 0.05, 0.235, 0.265), shown, texts)
    return figure


def empty_page(book: Atlas) -> Figure:
    """Draw the page of a plan without catchments: the district, and that there are none."""
    shown, texts = book.scene, book.texts
    figure = page(shown, texts, shown.district.name, texts("title.map"))
    axes = figure.add_axes((0.035, 0.05, 0.93, 0.8))
    canvas = book.canvas
    canvas.frame(axes, canvas.extent())
    canvas.draw_blocks(axes, [NO_CATCHMENT] * len(shown.district.blocks))
    canvas.draw_background(axes)
    add_scale_bar(axes, texts("north"))
    figure.text(0.035, 0.875, texts("atlas.none"), fontsize=11)
    return figure


def _layer_map(
    book: Atlas, figure: Figure, layer: Layer, box: tuple[float, float, float, float], extent: Extent, inset: Extent | None = None
) -> None:
    """Draw a layer within an extent; where another map shows a part of it larger, that part is framed and has no names."""
    axes = figure.add_axes(box)
    book.canvas.frame(axes, extent, margin=0.03 if inset or extent == book.canvas.extent() else 0.0)
    book.canvas.draw_catchments(axes, layer)
    book.canvas.draw_schools(axes, layer.loads, unnamed=inset, largest=110 if inset else 190)
    if inset:
        book.canvas.draw_frame(axes, inset)
    else:
        book.canvas.draw_sites(axes, layer.stage, layer.year)
    add_scale_bar(axes, book.texts("north"))


def _figures(shown: Scene, layer: Layer, texts: Texts) -> list[tuple[str, str]]:
    large = [load.large for load in layer.loads if load.large is not None]
    classes = sum(load.classes or 0 for load in layer.loads)
    mean = layer.mean_distance_m()
    return [
        (texts("pupils"), f"{sum(load.pupils for load in layer.loads):,}"),
        (texts("planned"), f"{sum(load.planned for load in layer.loads):,}"),
        (texts("large"), f"{sum(large):,} / {classes:,}" if large and layer.stage != "kindergarten" else "–"),
        (texts("mean_way"), "–" if mean is None else f"{mean:,.0f} {texts('unit.m')}"),
        (texts("too_far"), f"{layer.too_far(shown.district):,} {texts('unit.pupils')}"),
        (texts("moved_pupils"), f"{int(layer.placed[layer.moved].sum()):,} {texts('unit.pupils')}"),
    ]


def school_sheet(book: Atlas, school: int) -> Figure:
    """Draw a school: its catchment in each of its stages, its load by year, its classes by grade, and how far its pupils walk."""
    shown, texts = book.scene, book.texts
    mine = [(layer, load) for layer in shown.layers for load in layer.loads if load.school == school]
    stages = [stage for stage in shown.stages() if any(layer.stage is stage for layer, _ in mine)]
    figure = page(shown, texts, shown.school_name(school), _subtitle(shown, school, stages, texts))
    share = 0.845 / len(stages)
    for place, stage in enumerate(stages):
        last = max((layer for layer, _ in mine if layer.stage is stage), key=lambda layer: layer.year)
        _catchment_map(book, figure, last, school, (0.035, 0.05 + share * (len(stages) - 1 - place), 0.42, share - 0.01))
    figure.text(0.475, 0.885, texts("schools.by_year"), fontsize=9.5, va="center")
    heads = ("stage", "year", "pupils", "planned", "utilisation", "alert", "classes", "largest", "large")
    columns = [Column(texts(head), 1.6 if head == "stage" else 1.1, "left" if head == "stage" else "right") for head in heads]
    draw_table(figure, (0.475, 0.43, 0.49, 0.44), columns, [_load_row(layer, load, texts) for layer, load in mine])
    finals = [max((pair for pair in mine if pair[0].stage is stage), key=lambda pair: pair[0].year) for stage in stages]
    figure.text(0.475, 0.405, texts("schools.by_grade"), fontsize=9.5, va="center")
    grades = [
        Column(texts(head), 1.7 if head == "grade" else 1.0, "left" if head == "grade" else "right")
        for head in ("grade", "pupils", "classes", "largest", "large")
    ]
    rows = [_grade_row(row, layer.year, texts) for layer, load in finals for row in load.grades]
    draw_table(figure, (0.475, 0.05, 0.27, 0.34), grades, rows)
    figure.text(0.775, 0.405, texts("distance"), fontsize=9.5, va="center")
    ways = [_way_row(layer, school, texts) for layer, _ in finals]
    draw_table(
        figure,
        (0.775, 0.05, 0.19, 0.34),
        [Column(texts(head), 1.2, "left" if head == "stage" else "right") for head in ("stage", "mean_way", "longest_way")],
        ways,
    )
    return figure


def _subtitle(shown: Scene, school: int, stages: list[Stage], texts: Texts) -> str:
    parts = [shown.district.schools.ids[school], *(texts.word("stage", stage) for stage in stages)]
    number = int(shown.cluster_numbers()[school])
    if number >= 0:
        parts.append(f"{texts('cluster')}{texts('colon')}{list(shown.cluster_names().values())[number]}")
    return " · ".join(parts)


def _blocks_of(layer: Layer, school: int) -> np.ndarray[Any, Any]:
    zones = [zone for zone, members in enumerate(layer.catchments.zones) if school in members]
    return np.flatnonzero(np.isin(layer.catchments.zone, zones))


def _catchment_map(book: Atlas, figure: Figure, layer: Layer, school: int, box: tuple[float, float, float, float]) -> None:
    """Draw one catchment in its colour among pale neighbours."""
    canvas, texts = book.canvas, book.texts
    axes = figure.add_axes(box)
    blocks = _blocks_of(layer, school)
    canvas.frame(axes, canvas.extent(blocks), margin=0.12)
    colours = canvas.fills(layer)
    fills = np.full(len(colours), "#ececea", dtype=object)
    fills[blocks] = [colours[block] for block in blocks]
    canvas.draw_blocks(axes, fills.tolist())
    canvas.draw_background(axes)
    canvas.draw_borders(axes, layer.catchments.zone.astype(np.int64), colour="#8a8f98", width=0.6)
    mine = np.full(len(colours), OUTSIDE, dtype=np.int64)
    mine[blocks] = 1
    canvas.draw_borders(axes, mine, width=1.8)
    canvas.draw_schools(axes, layer.loads, largest=110, names=6.5)
    label = f"{texts.word('stage', layer.stage)} · {texts.year(layer.year)}"
    back = {"facecolor": "white", "alpha": 0.8, "edgecolor": "none", "pad": 2}
    axes.text(0.012, 0.98, label, transform=axes.transAxes, fontsize=8, va="top", zorder=10, bbox=back)
    add_scale_bar(axes, texts("north"))


def _load_row(layer: Layer, load: Load, texts: Texts) -> list[str]:
    used = "–" if load.utilisation is None else f"{load.utilisation:.0%}"
    style = alert_style(load.alert)
    counts = ("–" if value is None else f"{value:,}" for value in (load.classes, load.largest, load.large))
    alert = f"{style.sign} {texts.word('alert.short', style.name)}"
    return [texts.word("stage", layer.stage), str(layer.year), f"{load.pupils:,}", f"{load.planned:,}", used, alert, *counts]


def _grade_row(row: Any, year: int, texts: Texts) -> list[str]:
    counts = ("–" if value is None else f"{value:,}" for value in (row.classes, row.largest_class, row.large))
    return [f"{texts.grade(row.grade)} {year}", f"{row.pupils:,}", *counts]


def _way_row(layer: Layer, school: int, texts: Texts) -> list[str]:
    blocks = _blocks_of(layer, school)
    blocks = blocks[np.isfinite(layer.distance_m[blocks]) & (layer.placed[blocks] > 0)]
    if len(blocks) == 0:
        return [texts.word("stage", layer.stage), "–", "–"]
    mean = float(np.average(layer.distance_m[blocks], weights=layer.placed[blocks]))
    return [
        texts.word("stage", layer.stage),
        f"{mean:,.0f} {texts('unit.m')}",
        f"{layer.distance_m[blocks].max():,.0f} {texts('unit.m')}",
    ]
