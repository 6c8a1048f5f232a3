"""Blocks, schools and sites: the records of a district, as read-only columns."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

__all__ = ["NEVER", "Action", "Blocks", "SchoolKind", "Schools", "Setting", "Site", "index_of"]

NEVER = 9999
"""A school year that does not come: ``opened`` of a candidate school, ``closed`` of one that goes on."""


class Setting(StrEnum):
    """Where a place lies."""

    URBAN = "urban"
    PERIURBAN = "periurban"
    RURAL = "rural"


class SchoolKind(StrEnum):
    """Full school, non-full primary school, or teaching point (policy §3)."""

    FULL = "full"
    NON_FULL = "non_full"
    TEACHING_POINT = "teaching_point"


class Action(StrEnum):
    """What a site does."""

    NEW = "new"
    EXPAND = "expand"
    RELOCATE = "relocate"
    CONVERT = "convert"
    CLOSE = "close"


def index_of(ids: tuple[str, ...]) -> dict[str, int]:
    """Return the position of each id."""
    return {name: position for position, name in enumerate(ids)}


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """
    Residential blocks, one entry each, in the order of the file.

    Parameters
    ----------
    ids, names, communities
        Texts; names and communities may be empty.
    settings
        ``urban``, ``periurban`` or ``rural``.
    points
        Where distances start, metres in the district's plane, shape ``(blocks, 2)``.
    geometry
        Shapely polygons in the same plane, shape ``(blocks,)``; None where a case has only points.
    households
        Households, shape ``(blocks,)``.
    """

    ids: tuple[str, ...]
    points: NDArray[np.float64]
    names: tuple[str, ...] = ()
    communities: tuple[str, ...] = ()
    settings: tuple[Setting, ...] = ()
    geometry: NDArray[Any] | None = None
    households: NDArray[np.int64] | None = None

    def __post_init__(self) -> None:
        count = len(self.ids)
        object.__setattr__(self, "points", frozen(self.points, np.float64))
        for column, default in (("names", ""), ("communities", ""), ("settings", Setting.URBAN)):
            if not getattr(self, column):
                object.__setattr__(self, column, (default,) * count)
        if self.geometry is not None:
            object.__setattr__(self, "geometry", frozen(self.geometry, object))
        households = np.zeros(count) if self.households is None else self.households
        object.__setattr__(self, "households", frozen(households, np.int64))

    def __len__(self) -> int:
        return len(self.ids)

    def to_frame(self) -> pd.DataFrame:
        """Return the blocks as a table, one line each; `District.to_geodataframe` has their shapes too."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        return pd.DataFrame({
            "block_id": self.ids, "name": self.names, "community": self.communities,
            "setting": [str(item) for item in self.settings], "x": self.points[:, 0], "y": self.points[:, 1],
            "households": self.households,
        })  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Schools:
    """
    Schools and kindergartens, running, closed or only candidates (a ``new`` or ``relocate`` site has one of its own).

    Parameters
    ----------
    ids, names
        Texts.
    points
        Metres in the district's plane, shape ``(schools, 2)``.
    block
        Index of the block that the school stands in, −1 outside all, shape ``(schools,)``.
    rooms
        Ordinary classrooms by stage, shape ``(schools, 3)`` in the order of `Stage`; 0 where the stage is not offered, −1 where
        only seats are known.
    seats
        Planned seats by stage where classrooms are not known, else −1, shape ``(schools, 3)``.
    settings, ownership, kinds
        ``urban`` …; ``public``, ``private`` or ``inclusive``; full, non-full or teaching point.
    lead
        Lead school of a cluster, shape ``(schools,)``.
    group
        Name of the school group, or empty.
    land_m2
        Land, shape ``(schools,)``; 0 where not known.
    opened, closed
        First school year that it runs (0: always, `NEVER`: a candidate) and first that it does not (`NEVER`).
    necessary
        Must not be closed (policy §6).
    invented
        The record is made up (demo), shown with a mark.
    """

    ids: tuple[str, ...]
    points: NDArray[np.float64]
    rooms: NDArray[np.int64]
    block: NDArray[np.int64]
    names: tuple[str, ...] = ()
    seats: NDArray[np.int64] | None = None
    settings: tuple[Setting, ...] = ()
    ownership: tuple[str, ...] = ()
    kinds: tuple[SchoolKind, ...] = ()
    lead: NDArray[np.bool_] | None = None
    group: tuple[str, ...] = ()
    land_m2: NDArray[np.float64] | None = None
    opened: NDArray[np.int64] | None = None
    closed: NDArray[np.int64] | None = None
    necessary: NDArray[np.bool_] | None = None
    invented: NDArray[np.bool_] | None = None

    def __post_init__(self) -> None:
        count = len(self.ids)
        texts: tuple[tuple[str, Any], ...] = (
            ("names", ""), ("settings", Setting.URBAN), ("ownership", "public"), ("kinds", SchoolKind.FULL), ("group", ""),
        )  # fmt: skip
        for column, default in texts:
            if not getattr(self, column):
                object.__setattr__(self, column, (default,) * count)
        arrays: tuple[tuple[str, Any, Any], ...] = (
            ("points", np.float64, None), ("rooms", np.int64, None), ("block", np.int64, None),
            ("seats", np.int64, np.full((count, len(Stage)), -1)), ("lead", np.bool_, np.zeros(count)),
            ("land_m2", np.float64, np.zeros(count)), ("opened", np.int64, np.zeros(count)),
            ("closed", np.int64, np.full(count, NEVER)), ("necessary", np.bool_, np.zeros(count)),
            ("invented", np.bool_, np.zeros(count)),
        )  # fmt: skip
        for column, dtype, default in arrays:
            value = getattr(self, column)
            object.__setattr__(self, column, frozen(default if value is None else value, dtype))

    def __len__(self) -> int:
        return len(self.ids)

    def to_frame(self) -> pd.DataFrame:
        """Return the schools as a table, one line each, with today's classrooms by stage (−1 where they are not known)."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        rooms = {f"rooms_{stage}": self.rooms[:, column] for column, stage in enumerate(Stage)}
        return pd.DataFrame({
            "school_id": self.ids, "name": self.names, "setting": [str(item) for item in self.settings],
            "ownership": self.ownership, "kind": [str(item) for item in self.kinds], "lead": self.lead,
            "x": self.points[:, 0], "y": self.points[:, 1], **rooms,
        })  # fmt: skip

    def offers(self, stage: Stage) -> NDArray[np.bool_]:
        """Return which schools offer a stage by what they have today, shape ``(schools,)``; candidates do not."""
        column = list(Stage).index(stage)
        assert self.seats is not None
        return np.asarray((self.rooms[:, column] != 0) | (self.seats[:, column] > 0))

    def may_have_catchment(self, stage: Stage) -> NDArray[np.bool_]:
        """
        Return which schools may have a catchment for a stage, shape ``(schools,)``.

        Notes
        -----
        Private schools admit by draw and have none (policy.md §5); every kindergarten has a service area (policy.md §10).
        """
        return np.array([stage is Stage.KINDERGARTEN or owner != "private" for owner in self.ownership], dtype=bool)


@dataclass(frozen=True, slots=True)
class Site:
    """
    A named project.

    Parameters
    ----------
    id, name
        Texts.
    action
        What it does.
    stages
        Stages that its rooms may serve; a room serves one of them.
    school
        Id of the school where the rooms stand: for ``expand``, ``convert`` and ``close`` the running one, for ``new`` and
        ``relocate`` the candidate of the same id as the site.
    replaces
        For ``relocate``: id of the school that closes when the site opens.
    rooms_min, rooms_max, step
        Classrooms if it is chosen, and the step between sizes.
    earliest_year, lead_years
        First school year that rooms can open, and years of building before (already inside ``earliest_year``; money is spent over
        them).
    land_m2, floor_m2_per_room
        Land that it adds; floor area of one room with its share of the rest.
    cost_fixed_wan, cost_room_wan
        Cost of opening and of one room, 10,000 yuan.
    convertible, conversion_approved
        Whether rooms may later serve another stage, and whether that is approved (policy §7).
    """

    id: str
    name: str
    action: Action
    stages: tuple[Stage, ...]
    school: str
    rooms_max: int
    rooms_min: int = 0
    step: int = 1
    replaces: str = ""
    earliest_year: int = 0
    lead_years: int = 0
    land_m2: int = 0
    floor_m2_per_room: int = 0
    cost_fixed_wan: int = 0
    cost_room_wan: int = 0
    convertible: bool = False
    conversion_approved: bool = False
    setting: Setting = Setting.URBAN
    notes: str = field(default="", compare=False)

    @property
    def programme(self) -> Programme:
        """The programme that pays for it."""
        return self.stages[0].programme
