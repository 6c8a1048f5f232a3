"""
The shifted coordinate systems of Chinese web maps, GCJ-02 and BD-09, and the way back to WGS-84.

The shift is no map projection: PROJ does not know it. It is a published sum of sines; the way back is found by a fixed point,
which converges to far below a millimetre because the shift changes by less than a thousandth over its own length.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["SHIFTED", "in_china", "to_bd09", "to_gcj02", "to_wgs84"]

SHIFTED = frozenset({"gcj02", "bd09"})
"""Names of the shifted systems in case.toml."""

_AXIS_M = 6_378_245.0  # Krassowsky 1940, which the shift is defined on
_ECCENTRICITY = 0.00669342162296594323
_BD_TURN = np.pi * 3000 / 180
_ROUNDS = 12


def in_china(lonlat: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Say which points, shape ``(n, 2)`` in degrees, lie where the shift is applied: the box around China."""
    return (lonlat[:, 0] > 72.004) & (lonlat[:, 0] < 137.8347) & (lonlat[:, 1] > 0.8293) & (lonlat[:, 1] < 55.8271)


def to_gcj02(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift WGS-84 degrees, shape ``(n, 2)``, to GCJ-02; points outside China stay."""
    lonlat = np.asarray(lonlat, dtype=float)
    return np.where(in_china(lonlat)[:, None], lonlat + _offset(lonlat), lonlat)


def to_bd09(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Shift WGS-84 degrees, shape ``(n, 2)``, to BD-09 (GCJ-02 shifted once more)."""
    x, y = to_gcj02(lonlat).T
    length = np.hypot(x, y) + 0.00002 * np.sin(y * _BD_TURN)
    angle = np.arctan2(y, x) + 0.000003 * np.cos(x * _BD_TURN)
    return np.column_stack([length * np.cos(angle) + 0.0065, length * np.sin(angle) + 0.006])


def to_wgs84(lonlat: NDArray[np.float64], system: str) -> NDArray[np.float64]:
    """
    Undo the shift.

    Parameters
    ----------
    lonlat
        Degrees in ``system``, shape ``(n, 2)``.
    system
        ``gcj02`` or ``bd09``.

    Raises
    ------
    ValueError
        For another system.
    """
    if system not in SHIFTED:
        raise ValueError(f"{system} is none of {', '.join(sorted(SHIFTED))}")
    forward = to_gcj02 if system == "gcj02" else to_bd09
    target = np.asarray(lonlat, dtype=float)
    guess = target.copy()
    for _ in range(_ROUNDS):
        guess = guess - (forward(guess) - target)
    return guess


def _offset(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the shift in degrees at WGS-84 points, shape ``(n, 2)``."""
    x, y = lonlat[:, 0] - 105.0, lonlat[:, 1] - 35.0
    root, turn = np.sqrt(np.abs(x)), np.pi
    ripple = (20 * np.sin(6 * x * turn) + 20 * np.sin(2 * x * turn)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + ripple
    north += (20 * np.sin(y * turn) + 40 * np.sin(y / 3 * turn)) * 2 / 3
    north += (160 * np.sin(y / 12 * turn) + 320 * np.sin(y * turn / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + ripple
    east += (20 * np.sin(x * turn) + 40 * np.sin(x / 3 * turn)) * 2 / 3
    east += (150 * np.sin(x / 12 * turn) + 300 * np.sin(x / 30 * turn)) * 2 / 3
    latitude = np.radians(lonlat[:, 1])
    bend = 1 - _ECCENTRICITY * np.sin(latitude) ** 2
    meridian = _AXIS_M * (1 - _ECCENTRICITY) / (bend * np.sqrt(bend))
    parallel = _AXIS_M / np.sqrt(bend) * np.cos(latitude)
    return np.column_stack([np.degrees(east / parallel), np.degrees(north / meridian)])
