"""Colours that the colour-blind can tell apart: neighbouring catchments unlike, alerts told by shape as well."""

from __future__ import annotations

import colorsys
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import networkx as nx
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

__all__ = ["ALERTS", "FILLS", "NO_CATCHMENT", "AlertStyle", "alert_style", "colour_numbers", "fill", "touching"]

FILLS: tuple[str, ...] = ("#77aadd", "#eedd88", "#ee8866", "#44bb99", "#ffaabb", "#bbcc33", "#99ddff", "#c2a587", "#c9b3e6")
"""Light fills under black text: Paul Tol's "light" scheme, its grey (which here means "no catchment") and olive replaced."""

NO_CATCHMENT = "#e3e3e0"
"""Fill of a block that is given to no school."""


@dataclass(frozen=True, slots=True)
class AlertStyle:
    """
    How an alert is shown, so that neither colour nor shape is needed alone.

    Parameters
    ----------
    name
        ``red``, ``yellow``, ``green``, or ``none`` where seats are not known (policy.md §3, convention 4).
    colour
        From the Okabe–Ito set.
    shape
        ``triangle``, ``diamond``, ``circle`` or ``ring``.
    marker
        The same shape as matplotlib and as a character know it.
    sign
        The character.
    """

    name: str
    colour: str
    shape: str
    marker: str
    sign: str


ALERTS: tuple[AlertStyle, ...] = (
    AlertStyle("red", "#d55e00", "triangle", "^", "▲"),
    AlertStyle("yellow", "#f0c000", "diamond", "D", "◆"),
    AlertStyle("green", "#009e73", "circle", "o", "●"),
    AlertStyle("none", "#8a8f98", "ring", "o", "○"),
)
"""Most urgent first."""


def alert_style(name: str) -> AlertStyle:
    """Return the style of an alert; one that is not known is shown as ``none``."""
    return next((style for style in ALERTS if style.name == name), ALERTS[-1])


def fill(number: int) -> str:
    """Return the colour of a number; after the ninth they come again in other lightness, never the same twice in 90."""
    turn, place = divmod(number, len(FILLS))
    if turn == 0:
        return FILLS[place]
    red, green, blue = (int(FILLS[place][at : at + 2], 16) / 255 for at in (1, 3, 5))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    lightness *= 1 - 0.08 * turn
    return "#" + "".join(f"{round(255 * part):02x}" for part in colorsys.hls_to_rgb(hue, lightness, saturation))


def touching(pairs: NDArray[np.int64], zone: NDArray[np.int64]) -> set[tuple[int, int]]:
    """
    Return the pairs of zones, lower first, that have touching blocks.

    Parameters
    ----------
    pairs
        Blocks that touch, shape ``(pairs, 2)``.
    zone
        Zone of each block, −1 for none.
    """
    sides = np.sort(np.asarray(zone)[np.asarray(pairs, dtype=np.int64).reshape(-1, 2)], axis=1)
    sides = np.unique(sides[(sides[:, 0] != sides[:, 1]) & (sides[:, 0] >= 0)], axis=0)
    return {(int(a), int(b)) for a, b in sides}


def colour_numbers(count: int, neighbours: Iterable[tuple[int, int]]) -> tuple[int, ...]:
    """
    Give each zone a number from 0 so that no two neighbours have the same number, and neighbours of neighbours rarely.

    Parameters
    ----------
    count
        Number of zones.
    neighbours
        Pairs of zones that touch in any layer, so that a catchment keeps its colour from year to year.
    """
    graph: nx.Graph[int] = nx.Graph()
    graph.add_nodes_from(range(count))
    graph.add_edges_from(sorted(set(neighbours)))
    numbers: dict[int, int] = dict(nx.greedy_color(graph, "saturation_largest_first"))
    used = Counter(numbers.values())
    for zone in range(count):
        taken = {numbers[other] for other in graph[zone]}
        beyond = Counter(numbers[other] for near in graph[zone] for other in graph[near] if other != zone)
        used[numbers[zone]] -= 1
        free = [number for number in range(len(FILLS)) if number not in taken] or [numbers[zone]]
        numbers[zone] = min(free, key=lambda number: (beyond[number], used[number], number))
        used[numbers[zone]] += 1
    return tuple(numbers[zone] for zone in range(count))
