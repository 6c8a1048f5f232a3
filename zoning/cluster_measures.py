"""What clusters are judged by: overflow that they cover, balance of seats, ways to the lead, change against today (model §4)."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.overflow import school_distances_m
from xuequ.zoning.rounds import stage_capacity
from xuequ.zoning.seating import STAGES, successors
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.district import District
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.seating import SeatPlan

__all__ = ["BALANCE_BAND", "CLUSTER_GOALS", "Loads", "cluster_goal_values", "school_loads", "today_clusters", "way_to_lead_m"]

CLUSTER_GOALS: Mapping[str, str] = MappingProxyType({
    "uncovered": "pupils", "balance": "seats", "travel": "km", "changed": "schools",
})  # fmt: skip
"""Goals of clusters in order of rank, with their units (model.md §4)."""

BALANCE_BAND = 0.10
"""A cluster's seats per pupil may lie this far from the district's before the rest counts as imbalance [P]."""


@dataclass(frozen=True, slots=True, eq=False)
class Loads:
    """
    Pupils and planned seats of each school in one school year.

    Parameters
    ----------
    pupils, planned
        Shape ``(schools, 3)`` in the order of `Stage`; the kindergarten column is zero.
    """

    pupils: NDArray[np.int64]
    planned: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, np.int64))
        object.__setattr__(self, "planned", frozen(self.planned, np.int64))


def school_loads(district: District, rolls: Rolls, seats: SeatPlan | None = None) -> Loads:
    """Return pupils and planned seats of every school for primary and junior, in the year of the rolls."""
    shape = (len(district.schools), len(STAGES))
    pupils, planned = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    for column, stage in enumerate(STAGES):
        if stage.programme is Programme.SCHOOL:
            pupils[:, column] = rolls.pupils[:, stage.grade_slice].sum(axis=1)
            planned[:, column] = stage_capacity(district, stage, rolls.year, seats).planned
    return Loads(pupils, planned)


def way_to_lead_m(district: District, lead: int, school: int) -> int:
    """Return the way from the block of a lead to a school in whole metres, the straight line where no way is known."""
    way = float(school_distances_m(district, lead)[school]) if lead != school else 0.0
    if not np.isfinite(way):
        way = float(np.hypot(*(district.schools.points[lead] - district.schools.points[school])))
    return round(way)


def today_clusters(district: District, year: int, seats: SeatPlan | None = None) -> dict[int, int]:
    """Return today's cluster (index of the lead) of each school (index); a relocated school's place goes to the new one."""
    if district.clusters is None:
        return {}
    index, moved = district.school_index(), successors(district, seats, year)
    known = {index[m.school]: index[m.cluster] for m in district.clusters.members if m.school in index and m.cluster in index}
    return {moved.get(school, school): moved.get(lead, lead) for school, lead in known.items()}


def cluster_goal_values(
    district: District, clusters: Mapping[int, int], loads: Loads, today: Mapping[int, int]
) -> dict[str, float]:
    """
    Return the value of each goal of `CLUSTER_GOALS`.

    Parameters
    ----------
    district
        The district.
    clusters
        Cluster of each school: index of the school → index of its lead.
    loads
        Pupils and seats of the year.
    today
        Today's clusters in the same form; schools that have none today do not count as changed.

    Notes
    -----
    ``uncovered``: for each cluster and stage the pupils above all planned seats of its members, so those whom no member can take.
    ``balance``: seats by which a cluster lies outside ± `BALANCE_BAND` of the district's seats per pupil. ``travel``: ways from
    leads to members. ``changed``: schools whose lead is another than today.
    """
    schools = np.array(sorted(clusters), dtype=np.int64)
    leads = np.array([clusters[int(j)] for j in schools], dtype=np.int64)
    total_pupils, total_planned = int(loads.pupils[schools].sum()), int(loads.planned[schools].sum())
    ratio = total_planned / max(1, total_pupils)
    uncovered, balance = 0, 0.0
    for lead in np.unique(leads):
        members = schools[leads == lead]
        net = (loads.pupils[members] - loads.planned[members]).sum(axis=0)
        uncovered += int(np.maximum(net, 0).sum())
        seats, pupils = int(loads.planned[members].sum()), int(loads.pupils[members].sum())
        balance += max(0.0, seats - (1 + BALANCE_BAND) * ratio * pupils, (1 - BALANCE_BAND) * ratio * pupils - seats)
    travel = sum(way_to_lead_m(district, int(lead), int(j)) for j, lead in zip(schools, leads, strict=True))
    changed = sum(today.get(int(j), int(lead)) != lead for j, lead in zip(schools, leads, strict=True))
    return {"uncovered": float(uncovered), "balance": balance, "travel": travel / 1000, "changed": float(changed)}
