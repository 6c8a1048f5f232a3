"""Addresses as people type them: one spelling for comparison, and street, number and the rest of the way to a door."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

__all__ = ["StreetNumber", "address_key", "parents", "street_number"]

_DIGIT = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_NUMERAL = re.compile(f"[{''.join([*_DIGIT, *_UNIT])}]+")
_DASH = re.compile("[-‐‑‒–—―−~～至]+(?=[0-9])")
_DROPPED = re.compile(r"[^\w-]|_|(?<![0-9a-z])-|-(?![0-9a-z])")

# What follows a house number inside one house: building, stair, floor, flat. The block is the house's (policy §15, pattern 6).
_INSIDE = r"(?:[0-9a-z]+(?:-[0-9a-z]+)*(?:号?楼|栋|幢|座|单元|梯|层|室|房|户|号房))"
_TAIL = re.compile(
    rf"(?P<head>.*[0-9]号)(?P<tail>院?内?(?:之[0-9]+号?|附[0-9]+号?|{_INSIDE})+(?:[0-9]{{2,5}})?|院内?|[0-9]{{3,4}})$"
)
_SUB_NUMBER = re.compile(r"(?P<head>.*[0-9])-[0-9a-z]+号$")
_STREET_NUMBER = re.compile(r"(?P<street>.*?[^0-9-])(?P<number>[0-9]{1,5})号?")


@dataclass(frozen=True, slots=True)
class StreetNumber:
    """A street, by its key, and a house number on it."""

    street: str
    number: int


def address_key(text: str) -> str:
    """
    Return the spelling of an address that comparisons use.

    Width and case are made one (NFKC), Chinese numerals become digits, dashes one dash, ``#`` becomes 号; spaces, brackets, stops
    and whatever is not a letter or a digit go.

    Notes
    -----
    policy.md §15, reading.
    """
    text = unicodedata.normalize("NFKC", text).casefold().replace("#", "号").replace("號", "号")
    text = _NUMERAL.sub(_number, text)
    text = _DASH.sub("-", text)
    return _DROPPED.sub("", text)


def parents(key: str) -> tuple[str, ...]:
    """
    Return the keys of the house that an address with building, stair or flat lies in, the nearest first.

    Only what is surely inside one house is taken off; ``15号附近`` has no parent.

    Notes
    -----
    policy.md §15, pattern 6: a parent number covers its suffixes.
    """
    found: list[str] = []
    while True:
        match = _TAIL.fullmatch(key)
        if match:
            key = match["head"]
        elif match := _SUB_NUMBER.fullmatch(key):
            key = f"{match['head']}号"
        else:
            return tuple(found)
        found.append(key)


def street_number(key: str) -> StreetNumber | None:
    """Split the key of an address into street and number of the house; None where no number stands at its end."""
    house = (key, *parents(key))[-1]
    match = _STREET_NUMBER.fullmatch(house)
    return StreetNumber(match["street"], int(match["number"])) if match else None


def _number(match: re.Match[str]) -> str:
    """Turn a Chinese numeral into digits; what is not a well-formed one stays."""
    text = match[0]
    if not any(character in _UNIT for character in text):
        return "".join(str(_DIGIT[character]) for character in text)
    total, digit, last_unit = 0, None, 10_000
    for character in text:
        if character in _DIGIT:
            if digit:
                return text
            digit = _DIGIT[character]
            continue
        unit = _UNIT[character]
        if unit >= last_unit:
            return text
        total += (1 if digit is None else digit) * unit
        digit, last_unit = None, unit
    return str(total + (digit or 0))
