"""The cluster model as plain arrays, for the compiled search and for the proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from xuequ.zoning.cluster_measures import BALANCE_BAND
from xuequ.zoning.seating import STAGES
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.solver.cluster_problem import ClusterProblem

__all__ = ["ClusterArrays", "cluster_arrays", "cluster_lists", "measures"]


class ClusterArrays(NamedTuple):
    """
    A cluster problem in arrays: schools are numbered in the order of the problem, clusters in the order of its leads.

    Parameters
    ----------
    leads
        Number of each cluster's lead, shape ``(clusters,)``.
    units, unit_starts
        Schools that move together, one run of ``units`` for each unit; every school is in one.
    near, near_starts
        Schools that touch each school, one run for each.
    exempt
        Whether a school need not touch a cluster, shape ``(clusters, schools)``.
    kinds, least
        Which schools are of a kind, shape ``(kinds, schools)``, and how many of them each cluster needs.
    sizes
        Least and most schools of a cluster.
    net
        Pupils less planned seats, shape ``(schools, stages)``.
    above, below
        Seats that a school adds above and below its cluster's band (see `BALANCE_BAND`).
    way_m
        Way from lead to school, shape ``(clusters, schools)``.
    changed
        1 where the school is in another cluster today, shape ``(clusters, schools)``.
    """

    leads: NDArray[np.int64]
    units: NDArray[np.int64]
    unit_starts: NDArray[np.int64]
    near: NDArray[np.int64]
    near_starts: NDArray[np.int64]
    exempt: NDArray[np.bool_]
    kinds: NDArray[np.bool_]
    least: NDArray[np.int64]
    sizes: NDArray[np.int64]
    net: NDArray[np.int64]
    above: NDArray[np.float64]
    below: NDArray[np.float64]
    way_m: NDArray[np.int64]
    changed: NDArray[np.int64]


def cluster_arrays(problem: ClusterProblem) -> ClusterArrays:
    """Return the arrays of a cluster problem."""
    schools, leads = list(problem.schools), list(problem.leads)
    number = {j: i for i, j in enumerate(schools)}
    units, unit_starts = _runs([[number[j] for j in unit] for unit in _units(problem)])
    near, near_starts = _runs([sorted(number[k] for k in problem.neighbours[j]) for j in schools])
    planned, pupils = problem.loads.planned[schools], problem.loads.pupils[schools]
    stages = [column for column, stage in enumerate(STAGES) if stage.programme is Programme.SCHOOL]
    seats, need = planned.sum(axis=1).astype(float), pupils.sum(axis=1) * (planned.sum() / max(1, int(pupils.sum())))
    return ClusterArrays(
        leads=np.array([number[lead] for lead in leads], dtype=np.int64),
        units=units,
        unit_starts=unit_starts,
        near=near,
        near_starts=near_starts,
        exempt=np.array([[(j, lead) in problem.assisted for j in schools] for lead in leads], dtype=bool),
        kinds=np.array([[j in found for j in schools] for found, _ in problem.kinds.values()], dtype=bool).reshape(
            -1, len(schools)
        ),
        least=np.array([least for _, least in problem.kinds.values()], dtype=np.int64),
        sizes=np.array([problem.size_min, problem.size_max], dtype=np.int64),
        net=(pupils - planned)[:, stages].astype(np.int64),
        above=seats - (1 + BALANCE_BAND) * need,
        below=(1 - BALANCE_BAND) * need - seats,
        way_m=np.array([[problem.way_m[j, lead] for j in schools] for lead in leads], dtype=np.int64),
        changed=np.array([[problem.today.get(j, lead) != lead for j in schools] for lead in leads], dtype=np.int64),
    )


def cluster_lists(problem: ClusterProblem, cluster_of: NDArray[np.int64]) -> dict[int, int]:
    """Return school → lead, both by their index in the district, from each school's cluster by number."""
    return {j: problem.leads[int(c)] for j, c in zip(problem.schools, cluster_of, strict=True)}


def measures(arrays: ClusterArrays, cluster: int, members: NDArray[np.bool_]) -> NDArray[np.float64]:
    """
    Return what sets of schools, shape ``(sets, schools)``, add to each goal as clusters of a lead, shape ``(sets, 4)``.

    Columns: uncovered pupils, seats out of balance, metres of ways, changed schools.
    """
    uncovered = np.maximum(members @ arrays.net, 0).sum(axis=1)
    balance = np.maximum(np.maximum(members @ arrays.above, members @ arrays.below), 0.0)
    return np.column_stack([uncovered, balance, members @ arrays.way_m[cluster], members @ arrays.changed[cluster]]).astype(float)


def _runs(groups: list[list[int]]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    starts = np.concatenate([[0], np.cumsum([len(group) for group in groups])]).astype(np.int64)
    return np.array([j for group in groups for j in group], dtype=np.int64), starts


def _units(problem: ClusterProblem) -> list[tuple[int, ...]]:
    """Return the sets of schools that move together: tight groups, and every other school alone."""
    root = {j: j for j in problem.schools}

    def find(j: int) -> int:
        while root[j] != j:
            j = root[j]
        return j

    for a, b in problem.tight:
        low, high = sorted((find(a), find(b)))
        root[high] = low
    groups: dict[int, list[int]] = {}
    for j in problem.schools:
        groups.setdefault(find(j), []).append(j)
    return [tuple(group) for group in groups.values()]
