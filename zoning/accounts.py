"""What a seat plan adds and costs: seats, projects, land and money of each building programme."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from xuequ.zoning.options import ProgrammeTarget
from xuequ.zoning.places import NEVER, Action, index_of
from xuequ.zoning.seating import room_capacity, rooms_in
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.zoning.district import District
    from xuequ.zoning.places import Site
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Programme

__all__ = ["Account", "account", "closed_seats", "discounted_wan", "opened_seats", "programme_target", "room_seats"]


@dataclass(frozen=True, slots=True)
class Account:
    """
    Totals of one building programme.

    Parameters
    ----------
    seats_opened, seats_closed
        Planned seats of the rooms that open, and of old rooms that close when a relocated school opens.
    projects
        Sites that open rooms.
    land_m2, floor_m2
        Land and floor added.
    cost_wan
        Money by the school year in which rooms open, 10,000 yuan.
    present_value_wan
        The same discounted to the district's school year, 10,000 yuan.

    Notes
    -----
    policy.md §7 (the two programmes apart in money, land and seats); model.md §3.
    """

    seats_opened: int
    seats_closed: int
    projects: int
    land_m2: int
    floor_m2: int
    cost_wan: Mapping[int, int]
    present_value_wan: int

    @property
    def net_seats(self) -> int:
        """Seats that the floor of the programme counts: opened less closed."""
        return self.seats_opened - self.seats_closed

    @property
    def total_wan(self) -> int:
        """Money of all years, 10,000 yuan."""
        return sum(self.cost_wan.values())


def programme_target(district: District, programme: Programme) -> ProgrammeTarget:
    """
    Return the floors of a programme: those of the case; else, where it has sites of the programme, the rules'; else none.

    Notes
    -----
    policy.md §17, ``seats_programme``, ``projects_min``, ``land_programme``.
    """
    given = district.options.seats.programmes.get(programme)
    if given is not None:
        return given
    if not any(site.programme is programme for site in district.sites):
        return ProgrammeTarget()
    rules, name = district.rules, programme.value
    return ProgrammeTarget(
        getattr(rules.seats_programme, name), getattr(rules.projects_min, name), getattr(rules.land_programme, name)
    )


def room_seats(district: District, stage: Stage, school: int) -> int:
    """Return the planned seats of one room of a school (index) for a stage (policy §3: 45, 50, 30; kindergarten 30)."""
    return room_capacity(district.rules, stage, district.schools.kinds[school], 1)[0]


def opened_seats(district: District, site: Site, stage: Stage, rooms: int) -> int:
    """Return the planned seats of rooms that a site opens for a stage."""
    school = index_of(district.schools.ids)[site.school]
    return room_capacity(district.rules, stage, district.schools.kinds[school], rooms)[0]


def closed_seats(district: District, site: Site, year: int) -> int:
    """Return the planned seats that close when a relocation opens in a school year; 0 for every other action."""
    if site.action is not Action.RELOCATE or not site.replaces:
        return 0
    old = index_of(district.schools.ids)[site.replaces]
    rooms = rooms_in(district, year)[old]
    assert district.schools.seats is not None
    return sum(
        room_capacity(district.rules, stage, district.schools.kinds[old], int(rooms[column]))[0]
        if rooms[column] >= 0
        else int(district.schools.seats[old, column])
        for column, stage in enumerate(Stage)
        if stage.programme is site.programme
    )


def discounted_wan(cost_wan: int, rate: float, years: int) -> int:
    """Return the present value of money spent some years from now, in whole 10,000 yuan."""
    return round(cost_wan / (1 + rate) ** years)


def account(district: District, seats: SeatPlan | None, programme: Programme) -> Account:
    """
    Add up what a seat plan does in one programme.

    Parameters
    ----------
    district
        The district.
    seats
        The seat plan; None is the plan that builds nothing.
    programme
        The programme.

    Notes
    -----
    Money falls on the year in which rooms open (model.md §3: on ``z`` and on the rise of ``open``); the fixed cost of a site on
    its first opening. Present values are rounded by room and by opening, so that they add up exactly.
    """
    opened = closed = projects = land = floor = present = 0
    cost: dict[int, int] = {}
    rate = district.options.seats.discount
    sites = {site.id: site for site in district.sites if site.programme is programme}
    openings = [item for item in (seats.openings if seats else ()) if item.site in sites and item.rooms > 0]
    for name in sorted({item.site for item in openings}):
        assert seats is not None
        site, first = sites[name], seats.first_year(name)
        projects += 1
        land += site.land_m2
        closed += closed_seats(district, site, first)
        cost[first] = cost.get(first, 0) + site.cost_fixed_wan
        present += discounted_wan(site.cost_fixed_wan, rate, first - district.school_year)
    for item in openings:
        site = sites[item.site]
        opened += opened_seats(district, site, item.stage, item.rooms)
        floor += item.rooms * site.floor_m2_per_room
        cost[item.year] = cost.get(item.year, 0) + item.rooms * site.cost_room_wan
        present += item.rooms * discounted_wan(site.cost_room_wan, rate, item.year - district.school_year)
    assert NEVER not in cost
    return Account(opened, closed, projects, land, floor, dict(sorted(cost.items())), present)
