"""Small maps of the blocks in which plans differ."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from xuequ.maps.drawing import Canvas, add_scale_bar
from xuequ.maps.inlining import data_address
from xuequ.maps.typography import drawing_settings, rare_characters

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.maps.scene import Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.stage import Stage

__all__ = ["difference_pictures"]

_DIFFERS = "#cc79a7"
_SAME = "#ececea"


def difference_pictures(
    shown: Scene, texts: Texts, differences: Sequence[tuple[str, Stage, int, NDArray[np.int64]]]
) -> list[tuple[str, str]]:
    """
    Draw, for each plan and stage, the last year in which blocks differ.

    Parameters
    ----------
    shown
        The plan that the others are held against; its borders are drawn.
    texts
        Words.
    differences
        Name of the other plan, stage, year and blocks (indices).

    Returns
    -------
    list
        Caption and picture (as an address that holds it) of each map.
    """
    last = {(name, stage): (year, blocks) for name, stage, year, blocks in differences if len(blocks)}
    canvas = Canvas(shown)
    return [
        (
            f"{name} · {texts.word('stage', stage)} · {texts.year(year)}",
            data_address(_picture(canvas, texts, stage, year, blocks), "image/png"),
        )
        for (name, stage), (year, blocks) in last.items()
    ]


def _picture(canvas: Canvas, texts: Texts, stage: Stage, year: int, blocks: NDArray[np.int64]) -> bytes:
    from matplotlib import rc_context  # noqa: PLC0415 - heavy, and only pictures need it
    from matplotlib.figure import Figure  # noqa: PLC0415

    layer = next(item for item in canvas.scene.layers if item.stage is stage and item.year == year)
    fills = np.full(len(layer.pupils), _SAME, dtype=object)
    fills[blocks] = _DIFFERS
    stream = io.BytesIO()
    with rc_context(drawing_settings()), rare_characters():
        figure = Figure(figsize=(9, 6), dpi=110)
        axes = figure.add_axes((0.01, 0.01, 0.98, 0.98))
        canvas.frame(axes, canvas.extent())
        canvas.draw_blocks(axes, fills.tolist(), alpha=1.0)
        canvas.draw_background(axes)
        canvas.draw_borders(axes, layer.catchments.zone.astype(np.int64))
        canvas.draw_schools(axes, layer.loads, largest=70)
        add_scale_bar(axes, texts("north"))
        figure.savefig(stream, format="png", metadata={"Software": "xuequ"})
    return stream.getvalue()
