"""The schools that clusters are made of, and which of them touch (policy §8, model §4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.places import SchoolKind
from xuequ.zoning.seating import rooms_in
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Iterable

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.seating import SeatPlan

__all__ = ["cluster_schools", "touching_schools"]


def cluster_schools(district: District, year: int, seats: SeatPlan | None = None) -> tuple[int, ...]:
    """
    Return the schools (indices, ascending) of which each belongs to exactly one cluster.

    Parameters
    ----------
    district
        The district.
    year
        School year in which the clusters work.
    seats
        Seats that open until then: a new school belongs to a cluster, a relocated one takes the place of the old.

    Notes
    -----
    policy.md §8: public schools that run the primary or the junior stage. A teaching point is managed by its mother school and
    counts as a school of its own only where today's table of clusters lists it.
    """
    listed = {member.school for member in district.clusters.members} if district.clusters else set()
    schools = district.schools
    assert schools.seats is not None
    rooms = rooms_in(district, year, seats)[:, 1:]
    only_seats = (rooms < 0) & (schools.seats[:, 1:] > 0)
    runs = np.asarray(((rooms > 0) | only_seats).any(axis=1))
    return tuple(
        j
        for j in range(len(schools))
        if runs[j]
        and schools.ownership[j] == "public"
        and (schools.kinds[j] is not SchoolKind.TEACHING_POINT or schools.ids[j] in listed)
    )


def touching_schools(district: District, catchments: Iterable[Catchments], schools: Iterable[int]) -> frozenset[tuple[int, int]]:
    """
    Return the pairs of schools ``(a, b)``, ``a < b``, whose catchments touch or overlap, in whatever stages.

    Parameters
    ----------
    district
        The district; its adjacency knows bridges and links.
    catchments
        Of the primary and the junior stage in one year; those of kindergartens are passed over.
    schools
        The schools asked about (indices); a school also holds the block it stands in.

    Notes
    -----
    model.md §4: two schools are adjacent when their catchments of any stages touch or overlap, or by a stated link.
    """
    wanted = set(schools)
    holders: list[set[int]] = [set() for _ in range(len(district.blocks))]
    for j in sorted(wanted):
        if district.schools.block[j] >= 0:
            holders[district.schools.block[j]].add(j)
    for item in catchments:
        if item.stage.programme is not Programme.SCHOOL:
            continue
        members = [wanted.intersection(zone) for zone in item.zones]
        for block in np.flatnonzero(item.zone >= 0):
            holders[block] |= members[item.zone[block]]
    pairs: set[tuple[int, int]] = set()
    for held in {frozenset(item) for item in holders}:
        pairs.update((a, b) for a in held for b in held if a < b)
    borders = {(frozenset(holders[a]), frozenset(holders[b])) for a, b in district.adjacency.pairs()}
    for left, right in borders:
        pairs.update((min(a, b), max(a, b)) for a in left for b in right if a != b)
    return frozenset(pairs)
