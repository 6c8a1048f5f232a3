"""An answer as a person reads it: one card for places with the same schools, stages in order, equal years joined."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from xuequ.api.wording import say

if TYPE_CHECKING:
    from xuequ.api.answers import Answer, Match, SchoolYear
    from xuequ.api.wording import Language

__all__ = ["Card", "Span", "StageCard", "cards", "length"]


@dataclass(frozen=True, slots=True)
class Span:
    """
    Consecutive school years with the same schools.

    Parameters
    ----------
    years, way
        In words.
    entry
        The first of the years.
    invented
        A school of it is made up.
    alerts
        Seat alerts in order, each with its years; no years where one alert holds for all.
    """

    years: str
    way: str
    entry: SchoolYear
    invented: bool
    alerts: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class StageCard:
    """The schools of one stage."""

    stage: str
    spans: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """
    Places with the same schools.

    Parameters
    ----------
    heading
        The address.
    blocks
        Names of the blocks, where the address means several.
    first
        The first of the places.
    stages
        Youngest first.
    """

    heading: str
    blocks: tuple[str, ...]
    first: Match
    stages: tuple[StageCard, ...]


def cards(answer: Answer, language: Language) -> tuple[Card, ...]:
    """Group the places of an answer by their schools."""
    groups: dict[tuple[tuple[str, int, str], ...], list[Match]] = {}
    for match in answer.matches:
        groups.setdefault(tuple((item.stage, item.year, item.school_id) for item in match.schools), []).append(match)
    several = len(answer.matches) > 1
    return tuple(
        Card(
            heading=group[0].address,
            blocks=tuple(match.block_name or match.block_id for match in group) if several else (),
            first=group[0],
            stages=_stages(group, answer.source.distance_method, language),
        )
        for group in groups.values()
    )


def length(metres: float, language: Language) -> str:
    """Say a length: to 10 metres, from a kilometre on to 100 metres."""
    if metres < 995:
        rounded = max(10, round(metres / 10) * 10)
        return f"{rounded} 米" if language == "zh" else f"{rounded} m"
    return f"{metres / 1000:.1f} 公里" if language == "zh" else f"{metres / 1000:.1f} km"


def _stages(group: list[Match], method: str, language: Language) -> tuple[StageCard, ...]:
    result = []
    for stage, of_stage in groupby(group[0].schools, key=lambda item: item.stage):
        spans: list[list[SchoolYear]] = []
        for item in of_stage:
            last = spans[-1][-1] if spans else None
            if last and last.school_id == item.school_id and last.year + 1 == item.year and last.cluster == item.cluster:
                spans[-1].append(item)
            else:
                spans.append([item])
        result.append(StageCard(stage, tuple(_span(items, group, method, language) for items in spans)))
    return tuple(result)


def _span(items: list[SchoolYear], group: list[Match], method: str, language: Language) -> Span:
    entry = items[0]
    same = [
        other.distance_m
        for match in group
        for other in match.schools
        if (other.stage, other.year, other.school_id) == (entry.stage, entry.year, entry.school_id)
    ]
    key = "answer.year" if len(items) == 1 else "answer.years"
    years = say(language, key, first=entry.year, last=items[-1].year)
    invented = any(member.invented for member in entry.members)
    return Span(years, _way(same, entry.walk_minutes, method, language), entry, invented, _alerts(items))


def _alerts(items: list[SchoolYear]) -> tuple[tuple[str, str], ...]:
    """Return the alerts of consecutive years, equal ones joined: a school that is full now need not stay so."""
    runs = [(alert, [item.year for item in run]) for alert, run in groupby(items, key=lambda item: item.alert)]
    if len(runs) == 1:
        return (("", runs[0][0]),)
    return tuple((str(years[0]) if len(years) == 1 else f"{years[0]}–{years[-1]}", alert) for alert, years in runs)


def _way(distances: list[float | None], minutes: int | None, method: str, language: Language) -> str:
    known = [metres for metres in distances if metres is not None]
    if not known or minutes is None:
        return say(language, "answer.unreachable")
    near, far = length(min(known), language), length(max(known), language)
    metres = near if near == far else f"{near}–{far}"
    if method.startswith("walked"):
        longest = math.ceil(minutes * max(known) / known[0]) if known[0] else minutes
        return say(language, "answer.walk", metres=metres, minutes=longest)
    return say(language, "answer.straight" if method.startswith("straight") else "answer.given", metres=metres)
