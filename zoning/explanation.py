"""Why something is so, or cannot be: reasons, shortages and priced relaxations, as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

__all__ = ["Explanation", "Relaxation", "Shortage"]

_SCHOOLS_NAMED = 8


@dataclass(frozen=True, slots=True)
class Shortage:
    """
    Blocks whose reachable schools together have too few seats.

    Parameters
    ----------
    blocks, schools
        Their ids.
    pupils, seats, short
        Pupils of the blocks, seats of the schools, and what is missing.

    Notes
    -----
    model.md §1: a minimum cut of the transportation network.
    """

    blocks: tuple[str, ...]
    pupils: int
    schools: tuple[str, ...]
    seats: int
    short: int

    @property
    def sentence(self) -> str:
        """The shortage in one sentence with numbers."""
        count = len(self.blocks)
        who = f"{count:,} block{'' if count == 1 else 's'} with {self.pupils:,} pupil{'' if self.pupils == 1 else 's'}"
        reach = "reaches" if count == 1 else "reach"
        if not self.schools:
            return f"{who} {reach} no school: {self.short:,} seat{'' if self.short == 1 else 's'} too few"
        left = len(self.schools) - _SCHOOLS_NAMED
        schools = ", ".join(self.schools[:_SCHOOLS_NAMED]) + (f" and {left} more" if left > 0 else "")
        have = "have" if len(self.schools) > 1 else "has"
        return f"{who} {reach} only {schools}, which {have} {self.seats:,} seats: {self.short:,} too few"


@dataclass(frozen=True, slots=True)
class Relaxation:
    """
    The least change of one kind that would do.

    Parameters
    ----------
    kind
        ``classrooms``, ``seats``, ``limit``, ``lock``, ``contiguity``, or ``move`` (a block to a neighbour with free seats).
    target
        Id of the school or block, or the key of the rule.
    amount, unit
        By how much.
    cost
        Its price in the unit of the first goal that it improves, or None when it has none.
    """

    kind: str
    target: str
    amount: float
    unit: str
    cost: float | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """
    Reasons, shortages and what would do.

    Parameters
    ----------
    reasons
        Sentences, the most important first.
    shortage
        Sets of blocks with too few seats in reach.
    relaxations
        Least changes, cheapest first.
    """

    reasons: tuple[str, ...] = ()
    shortage: tuple[Shortage, ...] = ()
    relaxations: tuple[Relaxation, ...] = ()

    @property
    def sentence(self) -> str:
        """The first reason, or the first shortage, as one sentence."""
        if self.reasons:
            return self.reasons[0]
        return self.shortage[0].sentence if self.shortage else "no reason is known"

    def to_json(self) -> dict[str, Any]:
        """Return the object of interface.md: reasons, shortage, relaxations."""
        return {
            "reasons": list(self.reasons),
            "shortage": [asdict(item) | {"sentence": item.sentence} for item in self.shortage],
            "relaxations": [asdict(item) for item in self.relaxations],
        }
