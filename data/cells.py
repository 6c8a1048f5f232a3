"""
What a cell of a foreign file means: text, id, number, year, yes or no, a word of a list.

Cells come as a spreadsheet, a database or a text file gives them: numbers as text, full-width digits, dates that were numbers.
Nothing here raises for a bad value: each column gives its values and what was wrong with which row.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.data.tables import Column, Kind
from xuequ.zoning.arrays import largest_remainder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Column", "Fault", "Parsed", "absent", "as_text", "parse_column"]

_WIDE = {**{0xFF10 + n: 0x30 + n for n in range(10)}, **{0xFF21 + n: 0x41 + n for n in range(26)}}
_WIDE |= {**{0xFF41 + n: 0x61 + n for n in range(26)}, 0xFF0E: 0x2E, 0xFF0C: 0x2C, 0xFF0D: 0x2D, 0xFF0B: 0x2B, 0x3000: 0x20}
_WIDE_LETTER = re.compile(f"[{''.join(map(chr, _WIDE))}]")
_BETWEEN = re.compile(r"[;,、|\uff1b\uff0c]")
_FLOAT_ID = re.compile(r"-?\d+\.0+")
_UNIT = re.compile(r"(人|名|间|个|班|户|套|米|公里|平方米|m²|m2|㎡|m|元|万元|年|所|座)$")
_GROUPED = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d+)?")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")
_SCHOOL_YEAR = re.compile(r"(\d{4})\s*(?:[-—–/]\s*(?:\d{2}|\d{4}))?\s*(?:学年度?|年度?)?")
_DATE = re.compile(r"(\d{4})[-/.年]\d{1,2}(?:[-/.月](?:\d{1,2}日?)?)?(?:[T ].*)?")
_YES = frozenset({"1", "true", "yes", "y", "t", "是", "有", "对", "√", "v", "x", "must"})
_NO = frozenset({"0", "false", "no", "n", "f", "否", "无", "不", "×", "must_not", "must not"})
_ABSENT = frozenset({"", "-", "—", "–", "/", "na", "n/a", "#n/a", "nan", "null", "none", "nil", "无数据"})
FIRST_YEAR, LAST_YEAR = 1900, 2200
_MOST_COUNT, _MOST_NUMBER = 1e7, 1e9
"""Above this nobody counts pupils, homes or classrooms of one row, and nothing in metres or money is true."""
_MOST_LISTED = 50
_KEYS = frozenset({Kind.ID, Kind.REFERENCE})


@dataclass(frozen=True, slots=True)
class Fault:
    """One bad value: its position in the column, the value, what is wrong and how to mend it; ``fatal`` for an error."""

    position: int
    value: str
    message: str
    fix: str
    fatal: bool


@dataclass(slots=True)
class Parsed:
    """
    The values of a column and what was wrong with them.

    Parameters
    ----------
    values
        Shape ``(rows,)``: objects (texts, "" for none; tuples of texts for lists) or float64 (NaN for none).
    faults
        Bad values, the first 50 of each sentence.
    more
        How many bad values of each sentence are not listed.
    mended
        How many cells were mended without loss (numbers as text, full-width digits …), by what was done.
    """

    values: NDArray[Any]
    faults: list[Fault] = field(default_factory=list)
    more: dict[str, int] = field(default_factory=dict)
    mended: dict[str, int] = field(default_factory=dict)
    _counts: dict[str, int] = field(default_factory=dict)

    def fault(self, position: int, value: Any, message: str, fix: str, *, fatal: bool = True) -> None:
        """Note a bad value."""
        seen = self._counts[message] = self._counts.get(message, 0) + 1
        if seen > _MOST_LISTED:
            self.more[message] = seen - _MOST_LISTED
            return
        self.faults.append(Fault(position, str(value), message, fix, fatal))

    def mend(self, what: str) -> None:
        """Count a cell that was mended."""
        self.mended[what] = self.mended.get(what, 0) + 1


def absent(value: Any) -> bool:
    """Say whether a cell holds nothing."""
    if value is None:
        return True
    if isinstance(value, str):
        return value.strip().casefold() in _ABSENT
    if isinstance(value, (int, np.integer, bool, np.bool_, date, bytes)):
        # NaT of pandas counts as a date and is unequal to itself.
        return bool(isinstance(value, date) and value != value)  # noqa: PLR0124
    try:
        return bool(value != value)  # noqa: PLR0124 - NaN and NaT
    except TypeError:
        return True  # pandas' NA is neither equal nor unequal to itself
    except ValueError:
        return False  # an array


def as_text(value: Any) -> str:
    """Return a cell as text: ``5.0`` as ``5``, full-width letters and digits narrow, blanks around taken away; "" for nothing."""
    if isinstance(value, str):
        if value.isascii():
            return value.strip()
        text = value.strip().strip("\ufeff\u200b").strip()
        return text.translate(_WIDE).strip() if _WIDE_LETTER.search(text) else text
    if absent(value):
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return str(int(value)) if math.isfinite(value) and float(value).is_integer() else repr(float(value))
    if isinstance(value, datetime):
        return value.date().isoformat() if (value.hour, value.minute, value.second) == (0, 0, 0) else value.isoformat()
    return str(value).strip()


def parse_column(values: Sequence[Any], column: Column) -> Parsed:
    """
    Read the cells of one column.

    Parameters
    ----------
    values
        Cells as the file gives them.
    column
        What should stand there.
    """
    if column.kind in {Kind.COUNT, Kind.NUMBER}:
        return _numbers(values, column)
    if column.kind is Kind.YEAR:
        return _years(values)
    if column.kind is Kind.FLAG:
        return _flags(values)
    if column.kind in {Kind.CHOICE, Kind.CHOICES}:
        return _choices(values, column)
    return _texts(values, column)


def _objects(count: int) -> NDArray[Any]:
    values = np.empty(count, dtype=object)
    values[:] = ""
    return values


def _texts(values: Sequence[Any], column: Column) -> Parsed:
    parsed = Parsed(_objects(len(values)))
    names = column.kind is not Kind.TEXT
    several, whole = column.kind is Kind.REFERENCES, names and _all_float_ids(values)
    for position, value in enumerate(values):
        text = "" if names and absent(value) else as_text(value)
        if not isinstance(value, str) and isinstance(value, date) and not absent(value) and column.kind in _KEYS:
            parsed.fault(position, text, "an id was turned into a date by the spreadsheet",
                         "format the column as text and type the id again", fatal=False)  # fmt: skip
        if whole and text:
            text = text.split(".")[0]
        if several:
            parsed.values[position] = tuple(part for part in map(as_text, _BETWEEN.split(text)) if part)
            continue
        if text and isinstance(value, str) and text != value and text != value.strip():
            parsed.mend("full-width letters and digits made narrow")
        parsed.values[position] = text
    return parsed


def _all_float_ids(values: Sequence[Any]) -> bool:
    """Say whether all texts look like ``5.0``: whole numbers that went through a floating-point column."""
    texts = [value.strip() for value in values if isinstance(value, str) and value.strip()]
    return bool(texts) and all(_FLOAT_ID.fullmatch(text) for text in texts)


def number_of(value: Any) -> tuple[float, str]:
    """Return a cell as a number and what had to be done for it; NaN where it is none."""
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, (bool, np.bool_)):
        try:
            return float(value), ""
        except OverflowError:
            return (math.inf if value > 0 else -math.inf), ""
    if not isinstance(value, str):
        return math.nan, ""
    text = value.strip().translate(_WIDE).replace(" ", "")
    done = "number stored as text with full-width digits" if text != value.strip() else ""
    bare = _UNIT.sub("", text)
    if bare != text:
        done = "unit written in the cell taken away"
    if _GROUPED.fullmatch(bare):
        bare, done = bare.replace(",", ""), "thousands separators taken away"
    if _NUMBER.fullmatch(bare):
        return float(bare), done
    if bare.casefold().strip("+-") in {"inf", "infinity"}:
        return (-math.inf if bare.startswith("-") else math.inf), ""
    return math.nan, ""


def _plain_numbers(values: Sequence[Any]) -> NDArray[np.float64] | None:
    """Return the column at once where every cell is a number already or plain digits; None else."""
    try:
        if set(map(type, values)) <= {int, float}:
            return np.array(values, dtype=np.float64)
        numbers = np.array([math.nan if absent(value) else value for value in values], dtype=np.float64)
    except (TypeError, ValueError, OverflowError):
        return None
    strange = any(
        isinstance(value, (bool, np.bool_, date)) or (isinstance(value, str) and ("_" in value or not value.isascii()))
        for value in values
    )
    return None if strange or numbers.ndim != 1 else numbers


def _numbers(values: Sequence[Any], column: Column) -> Parsed:
    plain = _plain_numbers(values)
    parsed = Parsed(np.full(len(values), np.nan) if plain is None else plain)
    if plain is None:
        for position, value in enumerate(values):
            if absent(value):
                continue
            if isinstance(value, date):
                parsed.fault(position, as_text(value), f"a date stands where a number ({column.unit}) is expected",
                             "type the number again and format the cell as a number")  # fmt: skip
                continue
            number, done = number_of(value)
            if math.isnan(number):
                parsed.fault(
                    position, as_text(value), f"is not a number ({column.unit})", "write a number or leave the cell empty"
                )
            elif done:
                parsed.mend(done)
            parsed.values[position] = number * _scale(value, column.unit)
    _check_range(parsed, column)
    return parsed


def _scale(cell: Any, unit: str) -> float:
    """Return by how much a unit written in the cell is larger than that of the column."""
    text = cell.strip() if isinstance(cell, str) else ""
    if text.endswith("公里") and unit == "m":
        return 1000.0
    if text.endswith("元") and not text.endswith("万元") and unit.startswith("10,000 yuan"):
        return 1e-4
    return 1.0


def _check_range(parsed: Parsed, column: Column) -> None:
    numbers = parsed.values
    for position in np.flatnonzero(np.isinf(numbers)):
        parsed.fault(int(position), numbers[position], "is not finite", "write a finite number or leave the cell empty")
    numbers[np.isinf(numbers)] = np.nan
    # Plain coordinates may be negative, nothing else can.
    if column.unit != "as the geometry":
        for position in np.flatnonzero(numbers < 0):
            parsed.fault(int(position), _shown(numbers[position]), "is negative", "write 0 or more, or leave the cell empty")
        numbers[numbers < 0] = np.nan
    if column.range is not None:
        least, most = column.range
        for position in np.flatnonzero((numbers < least) | (numbers > most)):
            parsed.fault(int(position), _shown(numbers[position]), f"is no {column.unit} between {least} and {most}",
                         "correct the number or leave the cell empty")  # fmt: skip
            numbers[position] = np.nan
    absurd = np.flatnonzero(numbers > (_MOST_COUNT if column.kind is Kind.COUNT else _MOST_NUMBER))
    if column.usual is not None:
        for position in np.setdiff1d(np.flatnonzero(numbers > column.usual), absurd):
            parsed.fault(int(position), _shown(numbers[position]), f"is more than {column.usual:.12g} {column.unit}".rstrip(),
                         "see whether a digit or a unit slipped", fatal=False)  # fmt: skip
    for position in absurd:
        parsed.fault(int(position), _shown(numbers[position]), "is too large to be true", "correct the number")
    numbers[absurd] = np.nan
    if column.kind is Kind.COUNT:
        _make_whole(parsed, column)


def _make_whole(parsed: Parsed, column: Column) -> None:
    numbers = parsed.values
    known = np.flatnonzero(~np.isnan(numbers))
    broken = known[np.abs(numbers[known] - np.round(numbers[known])) > 1e-9]
    for position in broken:
        parsed.fault(int(position), _shown(numbers[position]), f"is not a whole number of {column.unit}",
                     "write whole numbers; rounded so that the total stays", fatal=False)  # fmt: skip
    numbers[known] = (
        np.round(numbers[known]) if not len(broken) else largest_remainder(numbers[known], round(numbers[known].sum()))
    )


def _shown(number: float) -> str:
    return f"{number:.12g}"


def _years(values: Sequence[Any]) -> Parsed:
    parsed = Parsed(np.full(len(values), np.nan))
    read: dict[str, int | None] = {}  # a column holds few years, many times
    for position, value in enumerate(values):
        if absent(value):
            continue
        if not isinstance(value, str):
            year = _year_of(value)
        elif value in read:
            year = read[value]
        else:
            year = read[value] = _year_of(value)
        if year is None:
            parsed.fault(position, as_text(value), "is not a year", "write the first calendar year, for example 2026")
        elif not FIRST_YEAR <= year <= LAST_YEAR:
            parsed.fault(position, as_text(value), f"is not a year between {FIRST_YEAR} and {LAST_YEAR}", "correct the year")
        else:
            if isinstance(value, date):
                parsed.mend("date taken as its year")
            parsed.values[position] = year
    return parsed


def _year_of(value: Any) -> int | None:
    if isinstance(value, date):
        return value.year
    number, _ = number_of(value)
    if not math.isnan(number):
        return int(number) if number.is_integer() else None
    text = as_text(value)
    match = _SCHOOL_YEAR.fullmatch(text) or _DATE.fullmatch(text)
    return int(match.group(1)) if match else None


def _flags(values: Sequence[Any]) -> Parsed:
    parsed = Parsed(np.full(len(values), np.nan))
    for position, value in enumerate(values):
        text = as_text(value).casefold()
        if text in _YES:
            parsed.values[position] = 1.0
        elif text in _NO:
            parsed.values[position] = 0.0
        elif not absent(value):
            parsed.fault(position, text, "is neither yes nor no", "write true or false (是 or 否)")
    return parsed


def _choices(values: Sequence[Any], column: Column) -> Parsed:
    parsed = Parsed(_objects(len(values)))
    several = column.kind is Kind.CHOICES
    known: dict[str, tuple[str, ...] | None] = {}
    for position, value in enumerate(values):
        text = "" if absent(value) else as_text(value)
        if text not in known:
            known[text] = _meanings(text, column, several=several)
        meanings = known[text]
        if meanings is None:
            accepted = ", ".join(dict.fromkeys(";".join(column.choices.values()).split(";")))
            parsed.fault(position, text, f"is none of {accepted}", f"write one of {accepted}")
            meanings = ()
        parsed.values[position] = meanings if several else (meanings[0] if meanings else "")
    return parsed


def _meanings(text: str, column: Column, *, several: bool) -> tuple[str, ...] | None:
    """Return what a cell of a list means; None where it is not understood."""
    found: list[str] = []
    for part in re.split(r"[;,、|/+\uff1b\uff0c]", text) if several else [text]:
        word = as_text(part).casefold()
        if not word:
            continue
        meaning = column.choices.get(word)
        if meaning is None or (not several and ";" in meaning):
            return None
        found += [each for each in meaning.split(";") if each not in found]
    return tuple(found)
