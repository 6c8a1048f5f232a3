"""
Address look-up: known addresses and places to blocks, and the nearest known ones for what is not known.

Nothing is guessed: an address that is not in the table has suggestions and no block.
"""

from __future__ import annotations

import re
import sqlite3
import threading
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rapidfuzz import fuzz, process

from xuequ.api.address_text import address_key, parents, street_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xuequ.zoning.district import District

__all__ = ["AddressIndex", "Finding", "Place"]

_MATCHES_MAX = 12
_CANDIDATES = 300
_BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")


@dataclass(frozen=True, slots=True)
class Place:
    """
    Something with a name that lies in one block or more.

    Parameters
    ----------
    text
        As people know it.
    blocks
        Indices of its blocks; empty for a street, which is completed by a house number.
    point
        Metres in the district's plane, where it is known to the house.
    """

    text: str
    blocks: tuple[int, ...] = ()
    point: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """
    What a look-up found.

    Parameters
    ----------
    places
        The known places that the text means, each in one block; empty if it is not known or means too many blocks.
    suggestions
        The nearest known places, the nearest first, where ``places`` is empty.
    blocks
        How many blocks the text means.
    """

    places: tuple[Place, ...] = ()
    suggestions: tuple[str, ...] = ()
    blocks: int = 0


class AddressIndex:
    """
    Every known address, estate, community and block name of a district; searches by full text.

    Safe to use from several threads; nothing of a query is kept or logged.
    """

    def __init__(self, district: District) -> None:
        self._communities = district.blocks.communities
        self._prefixes = _prefixes(district)
        self._places: dict[str, list[Place]] = {}
        self._numbers: dict[str, list[tuple[int, str]]] = {}
        for place in _places_of(district):
            self._places.setdefault(address_key(place.text), []).append(place)
        self._addresses: dict[int, list[str]] = {}
        for address in district.addresses:
            self._addresses.setdefault(address.block, []).append(address.text)
            found = street_number(address_key(address.text))
            if found:
                self._numbers.setdefault(found.street, []).append((found.number, address.text))
        self._places.pop("", None)
        for numbers in self._numbers.values():
            numbers.sort()
        self._keys = sorted(self._places, key=_natural)
        self._sorted = sorted(self._places)
        self._names = [key for key in self._keys if street_number(key) is None]
        self._lock = threading.Lock()
        self._table = sqlite3.connect(":memory:", check_same_thread=False)
        self._table.execute("create virtual table place using fts5(key, tokenize = 'trigram')")
        self._table.executemany("insert into place(rowid, key) values (?, ?)", enumerate(self._keys))

    def __len__(self) -> int:
        return len(self._places)

    def find(self, text: str, limit: int = 8) -> Finding:
        """
        Look an address or a place up.

        Parameters
        ----------
        text
            As typed.
        limit
            Most suggestions.
        """
        places = self._known(address_key(text))
        blocks = sorted({block for place in places for block in place.blocks})
        if 0 < len(blocks) <= _MATCHES_MAX:
            found = (Place(place.text, (block,), place.point) for place in places for block in place.blocks)
            return Finding(tuple(dict.fromkeys(found)), (), len(blocks))
        near = (*self._within(blocks, limit), *self.suggest(text, limit + 1))
        asked = address_key(text)
        return Finding((), tuple(dict.fromkeys(item for item in near if address_key(item) != asked))[:limit], len(blocks))

    def suggest(self, text: str, limit: int = 8) -> tuple[str, ...]:
        """Return the known addresses and places nearest to what is typed, the nearest first."""
        key = self._stripped(address_key(text))
        if not key:
            return ()
        found = dict.fromkeys(self._starting(key, limit))
        if len(found) < limit:
            found |= dict.fromkeys(self._neighbours(key, limit))
        if len(found) < limit:
            found |= dict.fromkeys(self._similar(key, limit))
        return tuple(found)[:limit]

    def _known(self, key: str) -> list[Place]:
        """Return the places that a key names: itself, with 号 added, the house that it is in, or behind a known prefix."""
        for candidate, prefix in self._without_prefix(key):
            for form in (candidate, *([f"{candidate}号"] if candidate[-1:].isdecimal() else []), *parents(candidate)):
                places = [place for place in self._places.get(form, ()) if self._agrees(place, prefix)]
                if any(place.blocks for place in places):
                    return [place for place in places if place.blocks]
        return []

    def _agrees(self, place: Place, prefix: str) -> bool:
        """Say whether a prefix that names a community names the place's own."""
        return not prefix or all(prefix in _names_of(self._communities[block]) for block in place.blocks)

    def _without_prefix(self, key: str) -> list[tuple[str, str]]:
        """Return the key, then what is left behind known prefixes, with the community that a prefix named."""
        forms, community = [(key, "")], ""
        rest = key
        while True:
            prefix = next((name for name in self._prefixes if rest.startswith(name) and len(rest) > len(name)), None)
            if prefix is None:
                return forms
            rest = rest.removeprefix(prefix)
            community = prefix if self._prefixes[prefix] else community
            forms.append((rest, community))

    def _stripped(self, key: str) -> str:
        return self._without_prefix(key)[-1][0]

    def _starting(self, key: str, limit: int) -> list[str]:
        """Return places whose key starts with what is typed: names before house numbers, these in natural order."""
        names = [name for name in self._names if name.startswith(key)]
        first = bisect_left(self._sorted, key)
        last = bisect_left(self._sorted, key + "\U0010ffff")
        numbers = sorted(self._sorted[first : min(last, first + _CANDIDATES)], key=_natural)
        return [self._places[found][0].text for found in dict.fromkeys([*names, *numbers])][:limit]

    def _neighbours(self, key: str, limit: int) -> list[str]:
        """Return the nearest house numbers of a known street, its own side first."""
        asked = street_number(key)
        if asked is None or asked.street not in self._numbers:
            return []
        near = sorted(
            self._numbers[asked.street],
            key=lambda item: (abs(item[0] - asked.number), (item[0] - asked.number) % 2, item[0]),
        )
        return [text for _, text in near[:limit]]

    def _within(self, blocks: Sequence[int], limit: int) -> list[str]:
        """Return known addresses in blocks, spread over them."""
        texts = sorted(
            (text for block in blocks for text in self._addresses.get(block, ())), key=lambda text: _natural(address_key(text))
        )
        return texts[:: max(1, -(-len(texts) // limit))] if texts else []

    def _similar(self, key: str, limit: int) -> list[str]:
        """Return places that share pieces with the key, most alike first; failing that, names that share a character."""
        key = key[:80]
        candidates = [self._keys[row] for row in self._rows(key)]
        ranked = process.extract(key, candidates, scorer=fuzz.ratio, limit=limit)
        if not ranked:
            shared = [name for name in self._names if set(name) & set(key)]
            ranked = process.extract(key, shared, scorer=fuzz.WRatio, limit=limit)
        return [self._places[found][0].text for found, _, _ in ranked]

    def _rows(self, key: str) -> Sequence[int]:
        if len(key) < 3:
            # A trigram index has nothing of two characters, and LIKE on it answers wrongly for some (measured): instr is right.
            query, value = "select rowid from place where instr(key, ?) limit ?", key
        else:
            pieces = dict.fromkeys(key[at : at + 3] for at in range(len(key) - 2))
            query, value = (
                "select rowid from place where place match ? order by rank limit ?",
                " OR ".join(f'"{piece}"' for piece in pieces),
            )
        with self._lock:
            return [row for (row,) in self._table.execute(query, (value, _CANDIDATES))]


def _places_of(district: District) -> Iterable[Place]:
    """List addresses, streets, estates, communities and named blocks."""
    blocks = district.blocks
    groups: dict[str, set[int]] = {}
    for address in district.addresses:
        if address.block >= 0:
            yield Place(address.text, (address.block,), (address.x, address.y))
            if address.estate:
                groups.setdefault(address.estate, set()).add(address.block)
    for names in (blocks.names, blocks.communities):
        for block, name in enumerate(names):
            for text in dict.fromkeys([name, _spoken(name)]) if name else ():
                groups.setdefault(text, set()).add(block)
    known = {address_key(address.text) for address in district.addresses}
    for name, members in groups.items():
        if address_key(name) not in known:
            yield Place(name, tuple(sorted(members)))
    for street in dict.fromkeys(address.street for address in district.addresses):
        if street and address_key(street) not in known and street not in groups:
            yield Place(street)


def _spoken(community: str) -> str:
    """Return a community's name as people say it: without 居民委员会, 旺步村委会 as 旺步村."""
    for written, spoken in (("居民委员会", ""), ("居委会", ""), ("村民委员会", "村"), ("村委会", "村")):
        if community.endswith(written) and community != written:
            return community.removesuffix(written) + spoken
    return community


def _names_of(community: str) -> tuple[str, ...]:
    return tuple(address_key(text) for text in (community, _spoken(community)) if text)


def _prefixes(district: District) -> dict[str, bool]:
    """Return what may stand before an address, longest first: the district's name (False), its communities' names (True)."""
    name = address_key(_BRACKETS.sub("", district.name))
    found = {name: False} if name else {}
    found |= {text: True for community in district.blocks.communities for text in _names_of(community)}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))


def _natural(key: str) -> tuple[tuple[int, int | str], ...]:
    """Sort 9 before 10."""
    return tuple((0, int(part)) if part.isdecimal() else (1, part) for part in re.findall(r"\d+|\D+", key))
