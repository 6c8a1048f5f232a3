"""Sets as bits of machine words, in compiled code."""

from __future__ import annotations

from typing import Any

import numpy as np

from xuequ.solver.compiled import compiled

__all__ = ["NONE", "ONE", "WORD", "place_of"]

WORD = 64
"""Bits of a word."""
ONE, NONE = np.uint64(1), np.uint64(0)

_DE_BRUIJN = 0x03F79D71B4CB0A89
_FACTOR = np.uint64(_DE_BRUIJN)
_PLACES = np.zeros(WORD, np.int64)
for _k in range(WORD):
    _PLACES[((_DE_BRUIJN << _k) & 0xFFFFFFFFFFFFFFFF) >> 58] = _k


@compiled
def place_of(bit: Any) -> int:
    """Return which bit a word of one bit has (de Bruijn's multiplication)."""
    return int(_PLACES[(bit * _FACTOR) >> np.uint64(58)])
