"""Map primitives for matplotlib: catchments, schools, sites, clusters, labels that keep clear, scale bar, north arrow."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

import numpy as np
import shapely

from xuequ.maps.ground import OUTSIDE, Ground, Sight, ground
from xuequ.maps.palette import ALERTS, NO_CATCHMENT, alert_style
from xuequ.maps.payload import renumbered, zone_colours

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path
    from numpy.typing import NDArray

    from xuequ.maps.scene import Layer, Load, Scene
    from xuequ.zoning.stage import Stage

__all__ = ["OUTSIDE", "Canvas", "Extent", "add_scale_bar", "text_width", "wrapped"]

Extent = tuple[float, float, float, float]
"""West, south, east, north in metres."""

_CLUSTER = "#5a189a"
_WATER = "#5b9bd0"
_ROAD = "#6f7680"
_INK = "#1d232b"
_SITE = "#1b3a6b"

_SCALE_BAR_POINTS = (150.0, 34.0)
"""Room at the lower left that is kept free for the scale bar."""

_HALO_DPI = 120
"""Of the halos of names inside a PDF: their edges are soft."""


@dataclass(frozen=True)
class Canvas:
    """
    The shapes of a scene, ready to be drawn on any number of axes.

    Parameters
    ----------
    scene
        What is drawn.
    """

    scene: Scene

    @cached_property
    def colours(self) -> dict[Stage, dict[tuple[int, ...], str]]:
        """The colour of each zone by stage, the same in all years."""
        return {stage: dict(zip(*zone_colours(self.scene, stage), strict=True)) for stage in self.scene.stages()}

    @property
    def ground(self) -> Ground:
        """Blocks, water and roads."""
        return ground(self.scene.district)

    @property
    def has_shapes(self) -> bool:
        """Whether blocks have a geometry; they are dots otherwise."""
        return self.scene.district.blocks.geometry is not None

    def extent(self, blocks: NDArray[np.int64] | None = None) -> Extent:
        """Return west, south, east, north of blocks (all if none are given), metres."""
        district = self.scene.district
        chosen = np.arange(len(district.blocks)) if blocks is None or len(blocks) == 0 else blocks
        if self.has_shapes:
            assert district.blocks.geometry is not None
            west, south, east, north = (float(value) for value in shapely.total_bounds(district.blocks.geometry[chosen]))
            return west, south, east, north
        low, high = district.blocks.points[chosen].min(axis=0), district.blocks.points[chosen].max(axis=0)
        return float(low[0]), float(low[1]), float(high[0]), float(high[1])

    def frame(self, axes: Axes, extent: Extent, margin: float = 0.03) -> None:
        """Show an extent, undistorted, with a margin, without ticks."""
        west, south, east, north = extent
        edge = margin * max(east - west, north - south, 100.0)
        wide, tall = east - west + 2 * edge, north - south + 2 * edge
        box, figure = axes.get_position(), _figure_of(axes)
        shape = box.width * figure.get_figwidth() / (box.height * figure.get_figheight())
        wide, tall = max(wide, tall * shape), max(tall, wide / shape)
        axes.set_xlim((west + east - wide) / 2, (west + east + wide) / 2)
        axes.set_ylim((south + north - tall) / 2, (south + north + tall) / 2)
        axes.xaxis.set_visible(False)
        axes.yaxis.set_visible(False)
        axes.set_facecolor("#f4f4f1")
        for spine in axes.spines.values():
            spine.set_edgecolor("#c9cdd2")

    def fills(self, layer: Layer) -> list[str]:
        """Return the colour of each block in a layer."""
        colours = [*(self.colours[layer.stage][members] for members in layer.catchments.zones), NO_CATCHMENT]
        return [colours[zone] for zone in layer.catchments.zone]

    def draw_blocks(self, axes: Axes, fills: Sequence[str], alpha: float = 0.8) -> None:
        """Fill blocks, each with its colour: those of one colour as one shape."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415 - heavy, and only pictures need it

        if not self.has_shapes:
            self._draw_dots(axes, fills)
            return
        sight, colour_of = Sight.of(axes), np.array(fills)
        for colour in dict.fromkeys(fills):
            shape = sight.shape(self.ground.merged(np.flatnonzero(colour_of == colour)))
            axes.add_artist(PathPatch(shape, facecolor=colour, linewidth=0, alpha=alpha, zorder=1))

    def _draw_dots(self, axes: Axes, fills: Sequence[str]) -> None:
        """Draw blocks without a shape as dots, joined where they touch within a catchment."""
        from matplotlib.collections import LineCollection  # noqa: PLC0415

        points, pairs = self.scene.district.blocks.points, self.scene.district.adjacency.pairs()
        same = [(a, b) for a, b in pairs if fills[a] == fills[b]]
        ties = [points[list(pair)] for pair in same]
        axes.add_collection(LineCollection(ties, colors=[fills[a] for a, _ in same], linewidths=3.5, alpha=0.75, zorder=1))
        axes.scatter(points[:, 0], points[:, 1], s=26, c=list(fills), edgecolors="#5b6470", linewidths=0.5, zorder=1.4)

    def draw_background(self, axes: Axes, *, repeated: bool = False) -> None:
        """Draw the edges of blocks, roads and rivers faintly, water above them; ``repeated`` where other pages show the same."""
        from matplotlib.patches import PathPatch  # noqa: PLC0415

        from xuequ.maps.hairlines import Stroke, draw_strokes  # noqa: PLC0415

        below = self.ground.seen(Sight.of(axes))
        edges = [Stroke(below.hairlines, "white", 0.25, 0.8)] if self.has_shapes else []
        draw_strokes(axes, (*edges, Stroke(below.roads, _ROAD, 0.35, 0.5)), self.ground.pictures, repeated=repeated, zorder=1.5)
        axes.add_artist(Stroke(below.rivers, _WATER, 1.8, 0.8).patch(zorder=1.6))
        axes.add_artist(PathPatch(below.water, facecolor="#a9cdea", edgecolor=_WATER, linewidth=0.4, zorder=2))

    def draw_borders(self, axes: Axes, group: NDArray[np.int64], *, colour: str = _INK, width: float = 0.9, **style: Any) -> None:
        """Draw the borders between blocks of different groups; the edge of the district too unless ``inside`` is given."""
        from xuequ.maps.hairlines import Stroke  # noqa: PLC0415 - heavy, and only pictures need it

        if not self.has_shapes:
            return
        lines = Sight.of(axes).lines(self.ground.borders(group, inside=style.pop("inside", False)))
        axes.add_artist(Stroke(lines, colour, width).patch(**({"zorder": 3} | style)))

    def draw_catchments(self, axes: Axes, layer: Layer, *, clusters: bool = True) -> None:
        """Draw a layer: fills, river and roads, borders of catchments and clusters."""
        self.draw_blocks(axes, self.fills(layer))
        self.draw_background(axes, repeated=True)
        number = {members: position for position, members in enumerate(layer.catchments.zones)}
        self.draw_borders(axes, renumbered(layer.catchments, number))
        cluster = self.scene.cluster_numbers()
        if clusters and (cluster >= 0).any():
            first = layer.catchments.first_school()
            group = np.where(first >= 0, cluster[first], -1)
            self.draw_borders(axes, group, colour="white", width=3.2, inside=True, zorder=4, alpha=0.8)
            self.draw_borders(
                axes, group, colour=_CLUSTER, width=1.7, inside=True, zorder=4, linestyle=(0, (5, 3)), capstyle="butt"
            )

    def draw_frame(self, axes: Axes, extent: Extent) -> None:
        """Draw the frame of another map."""
        from matplotlib.patches import Rectangle  # noqa: PLC0415

        west, south, east, north = extent
        style: dict[str, Any] = {"fill": False, "edgecolor": _INK, "linewidth": 1.4, "zorder": 8}
        axes.add_patch(Rectangle((west, south), east - west, north - south, **style))

    def draw_schools(
        self, axes: Axes, loads: Sequence[Load], *, largest: float = 190.0, names: float = 7.0, unnamed: Extent | None = None
    ) -> None:
        """Draw schools, sized by pupils, coloured and shaped by alert; names where there is room, none within ``unnamed``."""
        points = self.scene.district.schools.points
        most = max([1, *(load.pupils for load in loads)])
        (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()
        inside: NDArray[np.bool_] = np.all((points >= (west, south)) & (points <= (east, north)), axis=1)
        shown = sorted(
            (load for load in loads if inside[load.school] and (load.pupils or load.planned)),
            key=lambda load: (-load.pupils, load.school),
        )
        sizes = np.array([18 + largest * load.pupils / most for load in shown])
        at = points[[load.school for load in shown]]
        for style in ALERTS:
            mine = np.array([alert_style(load.alert) is style for load in shown], dtype=bool)
            if mine.any():
                ring = style.shape == "ring"
                face, edge = ("white", style.colour) if ring else (style.colour, _INK)
                place: dict[str, Any] = {"x": at[mine, 0], "y": at[mine, 1], "s": sizes[mine], "marker": style.marker}
                axes.scatter(**place, c="white", edgecolors="white", linewidths=3.4, zorder=6)
                axes.scatter(**place, c=face, edgecolors=edge, linewidths=0.7, zorder=7)
        if shown:
            west, south, east, north = unnamed or (0.0, 0.0, 0.0, 0.0)
            hidden = (at[:, 0] > west) & (at[:, 0] < east) & (at[:, 1] > south) & (at[:, 1] < north)
            labels = ["" if hide else self.scene.school_name(load.school) for load, hide in zip(shown, hidden, strict=True)]
            _place_labels(axes, at, labels, np.sqrt(sizes) / 2 + 2, names)

    def draw_sites(self, axes: Axes, stage: Stage, year: int) -> None:
        """Draw sites of a stage beside their schools: chosen ones with a plus (hollow until they open), others with a cross."""
        from matplotlib.transforms import ScaledTranslation  # noqa: PLC0415

        points = self.scene.district.schools.points
        for item in self.scene.projects:
            if stage not in item.site.stages:
                continue
            opened = item.year is not None and item.year <= year
            edge = _SITE if item.chosen else "#7a828c"
            place = axes.transData + ScaledTranslation(-8 / 72, 8 / 72, _figure_of(axes).dpi_scale_trans)
            (x, y), face = points[item.school], _SITE if opened else "white"
            sign, colour = "+" if item.chosen else "x", "white" if opened else edge
            axes.plot([x], [y], marker="s", markersize=8, color=face, markeredgecolor=edge, transform=place, zorder=8)
            axes.plot([x], [y], marker=sign, markersize=4, color=colour, transform=place, zorder=8)


def _figure_of(axes: Axes) -> Figure:
    """Return the figure that axes were made on; ours are never in a part of one."""
    from matplotlib.figure import Figure  # noqa: PLC0415 - heavy, and only pictures need it

    figure = axes.get_figure()
    assert isinstance(figure, Figure)
    return figure


def _place_labels(axes: Axes, points: NDArray[np.float64], labels: list[str], radius: NDArray[np.float64], size: float) -> None:
    """Write each label right, left, above or below its sign, where it covers no sign and no label before it; else not at all."""
    from matplotlib.path import Path  # noqa: PLC0415

    from xuequ.maps.hairlines import Stroke, lay_strokes  # noqa: PLC0415 - heavy, and only pictures need it

    figure = _figure_of(axes)
    to_points = 72 / figure.dpi
    at = axes.transData.transform(points) * to_points
    frame = axes.get_window_extent()
    low, high = np.array([frame.x0, frame.y0]) * to_points, np.array([frame.x1, frame.y1]) * to_points
    signs = np.column_stack([at - radius[:, None], at + radius[:, None]])
    taken = np.array([[*low, *(low + _SCALE_BAR_POINTS)]])
    corners = []
    for position, label in enumerate(labels):
        if not label.strip():
            continue
        wide, tall = text_width(label) * size, size * 1.05
        gap = radius[position] + 1.5
        x, y = at[position]
        offers = (
            (x + gap, y - tall / 2),
            (x - gap - wide, y - tall / 2),
            (x - wide / 2, y + gap),
            (x - wide / 2, y - gap - tall),
        )
        for west, south in offers:
            box = np.array([west, south, west + wide, south + tall])
            others = np.vstack([taken, np.delete(signs, position, axis=0)])
            apart = (box[2] < others[:, 0]) | (box[0] > others[:, 2]) | (box[3] < others[:, 1]) | (box[1] > others[:, 3])
            if apart.all() and (box[:2] > low).all() and (box[2:] < high).all():
                corner = np.array([west, south + 0.2 * size])
                axes.text(
                    corner[0] / 72, corner[1] / 72, label, fontsize=size, color=_INK, transform=figure.dpi_scale_trans, zorder=9
                )
                corners.append((label, corner))
                taken = np.vstack([taken, box])
                break
    # Halos are one picture in a PDF; the name itself stays text, which can be searched and read aloud.
    back = axes.transData.inverted()
    halos = [
        back.transform((np.asarray(_letters(label, size).vertices, dtype=np.float64) + corner) / to_points)
        for label, corner in corners
    ]
    if halos:
        codes = np.concatenate([np.asarray(_letters(label, size).codes, dtype=Path.code_type) for label, _ in corners])
        lay_strokes(axes, [Stroke(Path(np.concatenate(halos), codes), "white", 1.8)], dpi=_HALO_DPI, zorder=8.9)


@lru_cache(maxsize=2000)
def _letters(text: str, size: float) -> Path:
    """Return the outlines of a text, in points from where it begins."""
    from matplotlib.textpath import TextPath  # noqa: PLC0415 - heavy, and only pictures need it

    return TextPath((0, 0), text, size=size)


def text_width(text: str) -> float:
    """Return the width of a text in ems: a wide character is one, a narrow one a little more than half."""
    return sum(1.0 if east_asian_width(character) in "WF" else 0.56 for character in text)


_CLOSING = frozenset("，。、；：？！）》”’%")
"""Signs that no line begins with; one of them may hang over the margin, more take the character before them to the next line."""


def wrapped(text: str, ems: float) -> list[str]:
    """Break a text into lines of at most so many ems: between Chinese characters anywhere, else at spaces where there are any."""
    lines, line = [], ""
    for character in text:
        if text_width(line + character) > ems and line and (character not in _CLOSING or text_width(line) > ems):
            space = line.rfind(" ") if character != " " and east_asian_width(character) not in "WF" else -1
            kept = len(line.rstrip("".join(_CLOSING))) - 1 if character in _CLOSING else len(line)
            if space > 0:
                head, line = line[:space], line[space + 1 :]
            else:
                head, line = (line[:kept], line[kept:]) if kept > 0 else (line, "")
            lines.append(head)
        line += character if line or character != " " else ""
    return [*lines, line] if line or not lines else lines


def add_scale_bar(axes: Axes, north: str) -> None:
    """Draw a scale bar of a round length and an arrow to the north at the lower left, of the same size on every map."""
    from matplotlib.patches import Rectangle  # noqa: PLC0415 - heavy, and only pictures need it

    figure = _figure_of(axes)
    box = axes.get_position()
    wide, tall = box.width * figure.get_figwidth() * 72, box.height * figure.get_figheight() * 72
    metres = (axes.get_xlim()[1] - axes.get_xlim()[0]) / wide
    wanted = 110 * metres
    step = 10.0 ** np.floor(np.log10(wanted))
    length = step * max(factor for factor in (1, 2, 5) if factor * step <= wanted)
    x, y, bar = 10 / wide, 9 / tall, length / metres / wide
    ink: dict[str, Any] = {"transform": axes.transAxes, "fontsize": 7.5, "color": _INK, "va": "bottom", "zorder": 10}
    back: dict[str, Any] = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "transform": axes.transAxes, "zorder": 9.5}
    axes.add_patch(Rectangle((x / 2, y / 2), bar + 30 / wide, 26 / tall, **back))
    for part, colour in ((0, _INK), (1, "white")):
        half = (x + part * bar / 2, y)
        style: dict[str, Any] = {
            "facecolor": colour,
            "edgecolor": _INK,
            "linewidth": 0.7,
            "transform": axes.transAxes,
            "zorder": 10,
        }
        axes.add_patch(Rectangle(half, bar / 2, 4 / tall, **style))
    axes.text(x, y + 6 / tall, "0", ha="left", **ink)
    axes.text(x + bar, y + 6 / tall, f"{length / 1000:g} km" if length >= 1000 else f"{length:g} m", ha="right", **ink)
    at = x + bar + 12 / wide
    arrow = {"arrowstyle": "-|>", "color": _INK, "linewidth": 1.1, "shrinkA": 0, "shrinkB": 0}
    axes.annotate("", (at, y + 15 / tall), (at, y - 1 / tall), xycoords="axes fraction", zorder=10, arrowprops=arrow)
    axes.text(at + 4 / wide, y + 4 / tall, north, ha="left", **ink)
