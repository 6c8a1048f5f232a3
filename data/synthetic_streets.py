"""Streets of the made-up town: two families of lines for each built-up area, bent along the river, each with a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.synthetic_names import STREETS_AT, street_names

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray
    from shapely import LineString

    from xuequ.data.synthetic_land import Land

__all__ = ["Street", "lay_streets"]


@dataclass(frozen=True, slots=True, eq=False)
class Street:
    """
    A street with its name.

    Parameters
    ----------
    name
        As on the sign.
    area
        The built-up area that it lies in.
    line
        Its middle, numbered from the first point on.
    """

    name: str
    area: str
    line: LineString


@dataclass(frozen=True, slots=True)
class _Pattern:
    """How an area is laid out: spacing of its streets at the core and at the edge (m), turn (degrees), bends (m)."""

    core_m: float
    edge_m: float
    turn: float
    bend_m: float
    centre: tuple[float, float]


_PATTERNS = {
    "west": _Pattern(112.0, 186.0, 0.0, 26.0, (-700.0, 500.0)),
    "east": _Pattern(172.0, 232.0, 0.0, 34.0, (900.0, 700.0)),
    "longhu": _Pattern(258.0, 305.0, 7.0, 30.0, (-1500.0, 5700.0)),
    "chengdong": _Pattern(268.0, 325.0, -11.0, 36.0, (6300.0, 200.0)),
    "xiying": _Pattern(175.0, 235.0, 19.0, 24.0, (1500.0, 16700.0)),
}


def lay_streets(land: Land, rng: np.random.Generator) -> tuple[Street, ...]:
    """
    Lay out the streets of every built-up area, its edge included.

    Parameters
    ----------
    land
        Where they lie.
    rng
        Spacings and bends.

    Returns
    -------
    tuple of Street
        In the order of the areas, edges first. Lines cross without a node; `build_blocks` finds the crossings.
    """
    streets: list[Street] = []
    for area, pattern in _PATTERNS.items():
        known = {name: place for name, (where, *place) in STREETS_AT.items() if where == area}
        names = (name for name in street_names(area) if name not in known)
        streets += _edges(land, area, names)
        pieces: list[Any] = []
        for line in _family(land, area, pattern, rng):
            inside = shapely.get_parts(line.intersection(land.areas[area]))
            long_enough = inside[shapely.length(inside) > 1.2 * pattern.core_m]
            if len(long_enough):
                pieces.append(shapely.multilinestrings(long_enough))
        named: dict[int, str] = {}
        for name, place in known.items():
            order = np.argsort(shapely.distance(pieces, shapely.Point(place)), kind="stable")
            named[next(int(k) for k in order if int(k) not in named)] = name
        for number, piece in enumerate(pieces):
            name = named.get(number) or next(names)
            streets += [Street(name, area, part) for part in shapely.get_parts(piece)]
    return tuple(streets)


def _edges(land: Land, area: str, names: Iterator[str]) -> list[Street]:
    """Return the edge of an area as streets: the embankment where it meets the river, and the ring road."""
    ring = land.areas[area].exterior
    bank = land.river.buffer(3.0)
    parts = []
    for piece in (ring.intersection(bank), ring.difference(bank)):
        merged = shapely.line_merge(shapely.multilinestrings(shapely.get_parts(piece))) if not piece.is_empty else piece
        lines = [part for part in shapely.get_parts(merged) if part.length > 60.0]
        if lines:
            name = next(names)
            parts += [Street(name, area, part) for part in lines]
    return parts


def _family(land: Land, area: str, pattern: _Pattern, rng: np.random.Generator) -> Iterator[LineString]:
    """Yield the lines along the area, then those across it."""
    west, south, east, north = shapely.bounds(land.areas[area])
    reach = max(east - west, north - south)
    along = _along_river(land, area, pattern) if pattern.turn == 0.0 else _straight(pattern)
    steps = np.arange(-0.8 * reach, 0.8 * reach, 45.0)
    phase = rng.uniform(0.0, 2 * np.pi, 2)
    for across in (False, True):
        for offset in _offsets(pattern, reach, rng):
            bend = pattern.bend_m * np.sin(steps / 620.0 + phase[int(across)] + offset / 1900.0)
            pair = (steps, offset + bend) if across else (offset + bend, steps)
            yield shapely.LineString(along(*pair))


def _offsets(pattern: _Pattern, reach: float, rng: np.random.Generator) -> list[float]:
    """Return where the lines of a family run: close together at the core, wider apart towards the edge."""
    result = []
    for direction in (-1.0, 1.0):
        at = 0.0 if direction > 0 else -pattern.core_m
        while abs(at) < 0.8 * reach:
            result.append(at)
            share = min(1.0, abs(at) / (0.5 * reach))
            at += direction * (pattern.core_m + (pattern.edge_m - pattern.core_m) * share) * rng.uniform(0.86, 1.14)
    return sorted(result)


def _straight(pattern: _Pattern) -> Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return the map from street coordinates to the plane of a turned grid."""
    angle = np.radians(pattern.turn)

    def place(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        x = pattern.centre[0] + np.cos(angle) * u - np.sin(angle) * v
        y = pattern.centre[1] + np.sin(angle) * u + np.cos(angle) * v
        return np.column_stack([x, y])

    return place


def _along_river(
    land: Land, area: str, pattern: _Pattern
) -> Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]:
    """Return the map from street coordinates to the plane where streets follow the river, less so further away."""
    middle = float(land.river_x(np.array([pattern.centre[1]]))[0])
    side = -1.0 if area == "west" else 1.0

    def place(u: NDArray[np.float64], v: NDArray[np.float64]) -> NDArray[np.float64]:
        x = pattern.centre[0] + u + 0.0 * v
        y = pattern.centre[1] + v + 0.0 * u
        away = np.clip(side * (x - middle) / 3600.0, 0.0, 1.0)
        return np.column_stack([x + (1.0 - away) * (land.river_x(y) - middle), y + 0.05 * (x - middle)])

    return place
