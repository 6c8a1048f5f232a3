"""The land of the made-up district: outline, river, hills and the areas that are built over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import numpy as np
import shapely
from scipy.interpolate import CubicSpline

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray
    from shapely import LineString, Polygon

__all__ = ["GRID_M", "ORIGIN", "Land", "draw_land", "smoothed"]

ORIGIN = (531_700.0, 2_596_500.0)
"""Easting and northing, EPSG:4546, of the point that all drawing is relative to: the landing stage of the old town."""

GRID_M = 0.1
"""Every coordinate lies on a grid of this size, so that neighbours share their corners to the bit."""

_AREA_KM2 = 437.0

# Drawn for this district alone; kilometres east and north of ORIGIN.
_OUTLINE = (
    (-5.9, -1.9), (-3.4, -1.8), (-0.6, -2.1), (2.2, -2.0), (5.0, -2.5), (8.2, -2.2), (10.4, -1.2), (11.3, 1.6), (10.2, 4.4),
    (10.9, 7.8), (9.5, 10.4), (9.9, 13.8), (8.6, 16.8), (9.2, 19.9), (7.4, 22.6), (6.9, 25.5), (4.0, 27.6), (1.2, 27.0),
    (-1.9, 28.7), (-5.0, 27.2), (-6.3, 24.6), (-5.6, 21.3), (-7.2, 18.5), (-6.5, 15.4), (-7.9, 12.2), (-7.1, 9.0), (-7.7, 5.9),
    (-6.4, 3.4), (-6.9, 0.4),
)  # fmt: skip
_RIVER = (
    (-4.4, 31.0), (-3.1, 27.9), (-3.6, 25.0), (-1.3, 22.6), (-0.9, 19.6), (-1.9, 16.8), (-0.2, 14.0), (-1.4, 11.0), (-1.1, 8.2),
    (0.3, 6.0), (0.8, 3.7), (0.2, 1.7), (0.0, -0.4), (0.5, -3.4),
)  # fmt: skip
_AREAS = {
    "west": ((-3.45, -1.25), (-2.2, -1.42), (-0.9, -1.55), (2.0, -1.5), (2.0, 3.35), (-0.9, 3.55), (-2.35, 3.0), (-3.25, 1.6),
             (-3.6, 0.2)),
    "east": ((-1.5, -1.35), (1.6, -1.45), (2.75, -1.3), (3.15, 0.1), (2.9, 1.7), (2.2, 2.9), (-1.0, 3.15)),
    "longhu": ((-3.35, 4.75), (-1.4, 4.5), (2.0, 4.85), (2.0, 6.9), (-0.9, 7.1), (-2.9, 6.75)),
    "chengdong": ((4.55, -1.25), (6.6, -1.5), (8.0, -1.0), (8.25, 0.7), (7.0, 1.75), (5.1, 1.55), (4.5, 0.3)),
    "xiying": ((0.75, 16.1), (2.0, 15.9), (2.55, 16.7), (2.15, 17.45), (1.0, 17.35)),
}  # fmt: skip
_BANKS = {"west": -1, "east": 1, "longhu": -1, "chengdong": 0, "xiying": 0}


@dataclass(frozen=True, slots=True, eq=False)
class Land:
    """
    What lies there before anybody builds; metres east and north of `ORIGIN`.

    Parameters
    ----------
    outline
        Border of the district, 437 km².
    river
        The water, from border to border.
    centre_line
        Middle of the river, upstream first.
    areas
        What is built over with streets: ``west`` (the old town), ``east``, the new areas ``longhu`` and ``chengdong``, and the
        country town ``xiying``.
    waves
        Wave numbers, phases and amplitudes of the hills, shape ``(waves, 4)``.
    """

    outline: Polygon
    river: Polygon
    centre_line: LineString
    areas: Mapping[str, Polygon]
    waves: NDArray[np.float64]

    def river_x(self, y: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return where the middle of the river lies at a northing, in metres."""
        along = shapely.get_coordinates(self.centre_line)[::-1]
        return np.interp(y, along[:, 1], along[:, 0])

    def height(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how hilly it is at points, 0 in the valleys to about 1 on the tops, shape ``(points,)``."""
        kx, ky, phase, amplitude = self.waves.T
        rolling = (amplitude * np.cos(points[:, :1] * kx + points[:, 1:] * ky + phase)).sum(axis=1)
        rolling = np.clip(0.5 + 0.5 * rolling / amplitude.sum() * 2.2, 0.0, 1.0)
        places = shapely.points(points)
        water = shapely.distance(self.centre_line, places)
        built = np.min([shapely.distance(area, places) for area in self.areas.values()], axis=0)
        flat = np.clip((water - 500.0) / 2200.0, 0.0, 1.0) * np.clip(built / 1800.0, 0.15, 1.0)
        return np.asarray(rolling * (0.25 + 0.75 * flat))


def draw_land(rng: np.random.Generator) -> Land:
    """
    Draw the outline, the river and the hills.

    Parameters
    ----------
    rng
        Shapes the hills and the small bends of the border; the large shapes are always the same.
    """
    outline = _roughened(smoothed(1000.0 * np.array(_OUTLINE), closed=True), rng)
    grown = shapely.Polygon(outline)
    factor = float(np.sqrt(_AREA_KM2 * 1e6 / grown.area))
    outline_polygon = shapely.set_precision(shapely.affinity.scale(grown, factor, factor, origin=(0, 0)), GRID_M)
    centre, water = _river()
    river = cast("Polygon", shapely.set_precision(water.intersection(outline_polygon), GRID_M))
    areas = {}
    for name, corners in _AREAS.items():
        shape = shapely.Polygon(smoothed(1000.0 * np.array(corners), closed=True, step=90.0))
        dry = shape.difference(water).intersection(outline_polygon.buffer(-120.0))
        parts = shapely.get_parts(dry)
        side = _BANKS[name]
        if side:
            xs = shapely.get_x(shapely.point_on_surface(parts))
            ys = shapely.get_y(shapely.point_on_surface(parts))
            middle = np.interp(ys, shapely.get_coordinates(centre)[::-1, 1], shapely.get_coordinates(centre)[::-1, 0])
            parts = parts[(xs - middle) * side > 0]
        areas[name] = shapely.set_precision(parts[np.argmax(shapely.area(parts))], GRID_M)
    angle = rng.uniform(0.0, 2 * np.pi, 14)
    length = rng.uniform(2200.0, 7000.0, 14)
    waves = np.column_stack([
        2 * np.pi / length * np.cos(angle), 2 * np.pi / length * np.sin(angle), rng.uniform(0.0, 2 * np.pi, 14), length / 7000.0,
    ])  # fmt: skip
    return Land(outline_polygon, river, centre, areas, waves)


def smoothed(corners: NDArray[np.float64], *, closed: bool = False, step: float = 160.0) -> NDArray[np.float64]:
    """
    Run a smooth curve through corners.

    Parameters
    ----------
    corners
        Shape ``(corners, 2)``.
    closed
        Whether the curve returns to its start.
    step
        Distance between the points of the result along the chords, in metres.

    Returns
    -------
    ndarray
        Shape ``(points, 2)``; a closed curve ends where it starts.
    """
    through = np.vstack([corners, corners[:1]]) if closed else corners
    chord = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(through, axis=0).T))])
    curve = CubicSpline(chord, through, bc_type="periodic" if closed else "natural")
    return np.asarray(curve(np.linspace(0.0, chord[-1], max(8, round(chord[-1] / step)))))


def _roughened(ring: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Bend a border as ridges and brooks do, except in the south, where it is the bank of a large river."""
    along = np.linspace(0.0, 2 * np.pi, len(ring))
    bend = np.zeros(len(ring))
    for waves in (19, 31, 47, 73, 101):
        bend += 5200.0 / waves * np.cos(waves * along + rng.uniform(0.0, 2 * np.pi))
    direction = np.gradient(ring, axis=0)
    normal = np.column_stack([direction[:, 1], -direction[:, 0]]) / np.hypot(*direction.T)[:, None]
    inland = np.clip((ring[:, 1] + 1200.0) / 3000.0, 0.04, 1.0)
    bent = ring + normal * (bend * inland)[:, None]
    bent[-1] = bent[0]
    return np.asarray(bent)


def _river() -> tuple[LineString, Polygon]:
    """Return the middle line and the water, 170 m wide upstream and 330 m at the mouth."""
    line = smoothed(1000.0 * np.array(_RIVER), step=110.0)
    direction = np.gradient(line, axis=0)
    normal = np.column_stack([-direction[:, 1], direction[:, 0]]) / np.hypot(*direction.T)[:, None]
    half = np.linspace(85.0, 165.0, len(line))[:, None]
    water = shapely.Polygon(np.vstack([line + normal * half, (line - normal * half)[::-1]]))
    return shapely.LineString(line), water
