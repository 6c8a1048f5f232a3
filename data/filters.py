"""The rows of a file that a case keeps: ``level = 'ES' and seats > 0``, or columns and values. Nothing is evaluated."""

from __future__ import annotations

import math
import operator
import re
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.data.cells import absent, as_text, number_of
from xuequ.data.folder import Unreadable

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

__all__ = ["rows_kept"]

_FIX = "write filter like \"level = 'ES' and seats > 0\" or \"kind in ('new', 'existing')\""
_TEST = re.compile(
    r"""\s*(?:"([^"]+)"|([^\s=!<>"']+))\s*(=|==|!=|<>|<=|>=|<|>|in|not\s+in)\s*(\(.*?\)|'[^']*'|"[^"]*"|[^\s'"()]+)\s*""",
    re.DOTALL,
)
_VALUE = re.compile(r"""'([^']*)'|"([^"]*)"|([^\s,'"()]+)""")
_ORDER: Mapping[str, Callable[[float, float], bool]] = {"<": operator.lt, "<=": operator.le, ">": operator.gt, ">=": operator.ge}

Condition = tuple[str, str, list[str]]


def rows_kept(wanted: str | Mapping[str, Any], columns: Mapping[str, Sequence[Any]], count: int) -> NDArray[np.bool_]:
    """
    Say which rows a filter keeps.

    Parameters
    ----------
    wanted
        Comparisons (``=``, ``!=``, ``<``, ``<=``, ``>``, ``>=``, ``in``, ``not in``) joined by ``and``; or a mapping from column
        to a value or a list of values.
    columns
        Cells by heading.
    count
        Number of rows.

    Raises
    ------
    Unreadable
        If the filter is not understood or names no column of the file.
    """
    keep = np.ones(count, dtype=bool)
    for column, sign, values in _conditions(wanted):
        if column not in columns:
            near = get_close_matches(column, columns, n=1, cutoff=0.0)
            hint = f"; the nearest one is {near[0]}" if near else ""
            raise Unreadable(f"the filter names the column {column}, which is not there{hint}", "correct filter in case.toml")
        keep &= np.fromiter((_holds(cell, sign, values) for cell in columns[column]), dtype=bool, count=count)
    return keep


def _conditions(wanted: str | Mapping[str, Any]) -> list[Condition]:
    if not isinstance(wanted, str):
        return [
            (name, "in", [as_text(v) for v in (value if isinstance(value, list) else [value])]) for name, value in wanted.items()
        ]
    found: list[Condition] = []
    at = 0
    while True:
        match = _TEST.match(wanted, at)
        if match is None:
            raise Unreadable(f"the filter {wanted} is not understood", _FIX)
        quoted, bare, sign, value = match.groups()
        values = [a or b or c for a, b, c in _VALUE.findall(value)]
        found.append((quoted or bare, " ".join(sign.split()), values))
        at = match.end()
        if at >= len(wanted):
            return found
        joint = re.compile(r"and\s", re.IGNORECASE).match(wanted, at)
        if joint is None:
            raise Unreadable(f"the filter {wanted} is not understood from: {wanted[at:]}", _FIX)
        at = joint.end()


def _holds(cell: Any, sign: str, values: list[str]) -> bool:
    if sign in _ORDER:
        left, right = number_of(cell)[0], number_of(values[0])[0]
        return not (math.isnan(left) or math.isnan(right)) and _ORDER[sign](left, right)
    text = "" if absent(cell) else as_text(cell)
    same = any(text == value or _same_number(cell, value) for value in values)
    return same if sign in {"=", "==", "in"} else not same


def _same_number(cell: Any, value: str) -> bool:
    left, right = number_of(cell)[0], number_of(value)[0]
    return left == right
