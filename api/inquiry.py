"""A question of the public: an address or a point, answered with schools, or with why not and what comes near."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xuequ.api.answers import Answer, Answers
from xuequ.api.lookup import AddressIndex, Place
from xuequ.api.wording import say

if TYPE_CHECKING:
    from xuequ.api.geography import Geography
    from xuequ.api.publication import Publication
    from xuequ.api.wording import Language

__all__ = ["Inquiries", "Unknown"]

_NEAR_M = 300.0


@dataclass(frozen=True, slots=True)
class Unknown:
    """
    Why there is no answer.

    Parameters
    ----------
    slug
        ``unknown-address``, ``too-wide``, ``outside`` or ``not-located``: the kind of problem document.
    detail
        In one sentence.
    suggestions
        The nearest known addresses.
    """

    slug: str
    detail: str
    suggestions: tuple[str, ...] = ()


class Inquiries:
    """Answers questions about one publication; safe to use from several threads."""

    def __init__(self, publication: Publication, geography: Geography) -> None:
        self._publication = publication
        self._geography = geography
        self._index = AddressIndex(publication.district)
        self._answers = Answers(publication, geography)

    @property
    def answers(self) -> Answers:
        """What makes the answers."""
        return self._answers

    def suggest(self, text: str, limit: int) -> tuple[str, ...]:
        """Return known addresses near to what is typed."""
        return self._index.suggest(text, limit)

    def example(self) -> str:
        """Return one known address, to show how they are written."""
        addresses = self._publication.district.addresses
        return addresses[len(addresses) // 2].text if addresses else next(iter(self._publication.district.blocks.names), "")

    def by_address(self, text: str, language: Language) -> Answer | Unknown:
        """Answer for an address or the name of a place."""
        finding = self._index.find(text)
        if finding.places:
            return self._answers.answer(finding.places, language)
        shown = text.strip()[:60]
        if finding.blocks:
            detail = say(language, "unknown.wide", text=shown, count=finding.blocks)
            return Unknown("too-wide", detail, finding.suggestions)
        return Unknown("unknown-address", say(language, "unknown.detail", text=shown), finding.suggestions)

    def by_point(self, lon: float, lat: float, language: Language) -> Answer | Unknown:
        """Answer for a point, longitude and latitude of WGS 84."""
        geography = self._geography
        if not (geography.is_located and geography.has_outlines):
            return Unknown("not-located", say(language, "unknown.no_map"))
        x, y = geography.plane(lon, lat)
        blocks = geography.blocks_at(x, y)
        if not blocks:
            near = geography.nearest_addresses(x, y, _NEAR_M, 6)
            return Unknown("outside", say(language, "unknown.outside"), near)
        names = self._publication.district.blocks.names
        places = tuple(Place(names[block] or say(language, "map.point"), (block,), (x, y)) for block in blocks)
        return self._answers.answer(places, language)
