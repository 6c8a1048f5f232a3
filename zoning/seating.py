"""Seats over the years: rooms that sites open, rooms of each school in a year, and the three capacities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.places import NEVER, Action, SchoolKind, index_of
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.rules import Rules

__all__ = ["STAGES", "Capacity", "Opening", "SeatPlan", "room_capacity", "rooms_in", "successors"]

STAGES: tuple[Stage, ...] = tuple(Stage)
"""The order of every array that has a stage axis."""


@dataclass(frozen=True, slots=True)
class Opening:
    """Classrooms of one stage that a site opens in a school year."""

    site: str
    stage: Stage
    year: int
    rooms: int


@dataclass(frozen=True, slots=True)
class SeatPlan:
    """
    Which sites open how many classrooms, and when; what is not named is not built.

    Parameters
    ----------
    openings
        Sorted by site, year, stage.
    reasons
        By site id, why it is chosen or not.
    """

    openings: tuple[Opening, ...] = ()
    reasons: tuple[tuple[str, str], ...] = ()

    def first_year(self, site: str) -> int:
        """Return the first school year in which a site has rooms, `NEVER` if it is not chosen."""
        return min((item.year for item in self.openings if item.site == site and item.rooms > 0), default=NEVER)

    def to_frame(self) -> pd.DataFrame:
        """Return the openings as a table: a line for each site, stage and year in which classrooms open."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        rows = [(item.site, str(item.stage), item.year, item.rooms) for item in self.openings]
        return pd.DataFrame(rows, columns=["site_id", "stage", "year", "classrooms"])


def successors(district: District, seats: SeatPlan | None, year: int) -> dict[int, int]:
    """Return, for schools that a relocation has closed by ``year``, the school that takes their pupils (indices)."""
    index = index_of(district.schools.ids)
    return {
        index[site.replaces]: index[site.school]
        for site in district.sites
        if seats and site.action is Action.RELOCATE and site.replaces and seats.first_year(site.id) <= year
    }


def rooms_in(district: District, year: int, seats: SeatPlan | None = None) -> NDArray[np.int64]:
    """
    Return the classrooms of each school in a school year, shape ``(schools, 3)`` in the order of `Stage`.

    Notes
    -----
    model.md §3: ``R_jgt = rooms_jgt + Σ y_sgt``; a relocated school's old rooms close when the new ones open. −1 stays where
    only seats are known.
    """
    schools = district.schools
    assert schools.opened is not None
    assert schools.closed is not None
    runs = (schools.opened <= year) & (year < schools.closed)
    rooms = np.where(runs[:, None], schools.rooms, 0)
    if seats is None:
        return rooms
    index = index_of(schools.ids)
    site_school = {site.id: index[site.school] for site in district.sites}
    for opening in seats.openings:
        if opening.year <= year:
            rooms[site_school[opening.site], STAGES.index(opening.stage)] += opening.rooms
    for old in successors(district, seats, year):
        rooms[old] = 0
    return rooms


@dataclass(frozen=True, slots=True, eq=False)
class Capacity:
    """
    The three capacities of each school or zone, shape ``(n,)`` each.

    Parameters
    ----------
    planned, working, absolute
        Pupils at the standard class, below a large class, below a super-large class.
    """

    planned: NDArray[np.int64]
    working: NDArray[np.int64]
    absolute: NDArray[np.int64]

    def __post_init__(self) -> None:
        for name in ("planned", "working", "absolute"):
            object.__setattr__(self, name, frozen(getattr(self, name), np.int64))

    def pooled(self, zones: tuple[tuple[int, ...], ...]) -> Capacity:
        """Add up the schools of each zone."""
        return Capacity(*(
            np.array([getattr(self, name)[list(members)].sum() for members in zones], dtype=np.int64)
            for name in ("planned", "working", "absolute")
        ))  # fmt: skip


def room_capacity(rules: Rules, stage: Stage, kind: SchoolKind, rooms: int, *, entry: bool = False) -> tuple[int, int, int]:
    """
    Return planned, working and absolute capacity of a number of rooms.

    Parameters
    ----------
    rules
        The parameters.
    stage, kind
        Of the school.
    rooms
        Ordinary classrooms.
    entry
        Rooms of the entry grade only; otherwise rooms of all grades of the stage, in equal parts.

    Notes
    -----
    model.md §0, policy.md §3 vectors B8 and B10. Kindergarten rooms of all grades take the mean of the three standards,
    rounded down.
    """
    full = kind is SchoolKind.FULL
    grades = stage.grades[:1] if entry else stage.grades
    sizes = ([size(grade, full=full) for grade in grades] for size in (rules.standard, rules.working, rules.absolute))
    planned, working, absolute = (rooms * sum(each) // len(each) for each in sizes)
    return planned, working, absolute
