"""Fine lines drawn once as a picture and laid on every page that shows the same ground: a PDF holds the picture once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.colors import to_rgba
from matplotlib.patches import PathPatch
from matplotlib.transforms import Affine2D

if TYPE_CHECKING:
    from collections.abc import Sequence

    from matplotlib.axes import Axes
    from matplotlib.path import Path
    from numpy.typing import NDArray

__all__ = ["PICTURE_DPI", "Pictures", "Stroke", "draw_strokes", "lay_strokes"]

PICTURE_DPI = 200
"""Of pictures inside a PDF: as fine as an office printer shows a line of a quarter of a point."""

_MOST_CORNERS = 25_000
"""Lines with more corners than this are drawn as a picture, which is smaller and quicker to open."""

_MOST_REPEATED = 2_500
"""The same of lines that come again on other pages, where a picture is held once."""

_MOST_PICTURES = 8


@dataclass(frozen=True, slots=True, eq=False)
class Stroke:
    """Lines of one look; the width is in points."""

    path: Path
    colour: str
    width: float
    alpha: float = 1.0

    def patch(self, **style: Any) -> PathPatch:
        """Return them for axes."""
        pen: dict[str, Any] = {"edgecolor": self.colour, "linewidth": self.width, "alpha": self.alpha}
        return PathPatch(self.path, fill=False, **(pen | {"capstyle": "round", "joinstyle": "round"} | style))


class Pictures(dict[tuple[float, ...], "NDArray[np.uint8]"]):
    """The last pictures that were made, by limits and size: RGBA, the lowest row first, as matplotlib wants them."""

    def keep(self, key: tuple[float, ...], pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Keep a picture, letting go of the oldest where there are many, and return it."""
        while len(self) >= _MOST_PICTURES:
            del self[next(iter(self))]
        self[key] = pixels
        return pixels


def draw_strokes(axes: Axes, strokes: Sequence[Stroke], pictures: Pictures, *, repeated: bool, zorder: float) -> None:
    """
    Draw strokes on axes whose limits stand, as lines where they have few corners, else as a picture.

    Parameters
    ----------
    axes, strokes
        What is drawn where.
    pictures
        Those that were made; one of the same limits and size is taken again.
    repeated
        Whether other pages show the same.
    zorder
        As matplotlib means it.
    """
    corners = sum(len(stroke.path) for stroke in strokes)
    if corners > (_MOST_REPEATED if repeated else _MOST_CORNERS):
        axes.add_artist(_Laid(strokes, pictures, PICTURE_DPI, zorder))
        return
    for stroke in strokes:
        axes.add_artist(stroke.patch(zorder=zorder))


def lay_strokes(axes: Axes, strokes: Sequence[Stroke], *, dpi: float, zorder: float) -> None:
    """Draw strokes as a picture, in a PDF with so many dots an inch."""
    axes.add_artist(_Laid(strokes, Pictures(), dpi, zorder))


class _Laid(Artist):
    """A picture of strokes that fills its axes."""

    def __init__(self, strokes: Sequence[Stroke], pictures: Pictures, dpi: float, zorder: float) -> None:
        super().__init__()
        self._strokes, self._pictures, self._dpi = strokes, pictures, dpi
        self.set_zorder(zorder)

    def draw(self, renderer: Any) -> None:
        """Draw the picture, made anew only where none of the same limits and size is kept."""
        axes = self.axes
        assert axes is not None
        figure, box = axes.get_figure(), axes.bbox
        assert figure is not None
        scaled = renderer.option_scale_image()
        dpi = self._dpi if scaled else figure.dpi
        size = round(box.width * dpi / figure.dpi), round(box.height * dpi / figure.dpi)
        limits = (*axes.get_xlim(), *axes.get_ylim())
        key = (*limits, *size)
        pixels = self._pictures.get(key)
        if pixels is None:
            pixels = self._pictures.keep(key, _pixels(self._strokes, limits, size, dpi))
        pen = renderer.new_gc()
        placed = (Affine2D().scale(box.width, box.height),) if scaled else ()
        renderer.draw_image(pen, box.x0, box.y0, pixels, *placed)
        pen.restore()


def _pixels(
    strokes: Sequence[Stroke], limits: tuple[float, float, float, float], size: tuple[int, int], dpi: float
) -> NDArray[np.uint8]:
    west, east, south, north = limits
    renderer: Any = RendererAgg(*size, dpi)  # type: ignore[no-untyped-call]
    placed = Affine2D().translate(-west, -south).scale(size[0] / (east - west), size[1] / (north - south))
    for stroke in strokes:
        pen = renderer.new_gc()
        pen.set_foreground(to_rgba(stroke.colour, stroke.alpha), isRGBA=True)
        pen.set_linewidth(stroke.width)
        pen.set_joinstyle("round")
        pen.set_capstyle("round")
        renderer.draw_path(pen, stroke.path, placed)
        pen.restore()
    return np.ascontiguousarray(np.asarray(renderer.buffer_rgba())[::-1])
