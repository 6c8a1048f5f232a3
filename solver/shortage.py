"""Why seats do not do: shortages by minimum cut, conflicts, and the least relaxations with their prices."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from xuequ.zoning.explanation import Explanation, Relaxation, Shortage
from xuequ.zoning.seating import room_capacity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.solver.permission import Conflict
    from xuequ.solver.problem import Problem
    from xuequ.zoning.district import District

__all__ = ["explain_conflicts", "explain_excess", "room_seats", "shortages"]


def shortages(
    district: District, problem: Problem, seats: NDArray[np.int64], *, within: NDArray[np.bool_] | None = None
) -> tuple[Shortage, ...]:
    """
    Return the largest set of blocks whose reachable zones have fewer seats than they have pupils; none where all fit.

    Parameters
    ----------
    seats
        Of each zone, shape ``(zones,)``.
    within
        Arcs that count, shape ``(arcs,)``; all if not given.

    Notes
    -----
    model.md §1: the source side of a minimum cut of the transportation network. Connected parts of it are told apart.
    """
    n, m = problem.units, problem.zones
    rows = problem.arc_rows()
    used = np.ones(len(rows), dtype=bool) if within is None else within
    source, sink = n + m, n + m + 1
    heads = np.concatenate([np.full(n, source), rows[used], n + np.arange(m)])
    tails = np.concatenate([np.arange(n), n + problem.arc_zone[used], np.full(m, sink)])
    sizes = np.concatenate([problem.pupils, problem.pupils[rows[used]], np.maximum(seats, 0)]).astype(np.int32)
    network = csr_array((sizes, (heads, tails)), shape=(n + m + 2, n + m + 2))
    flow = maximum_flow(network, source, sink)
    if flow.flow_value >= int(problem.pupils.sum()):
        return ()
    residual = network - flow.flow
    residual.data = np.where(residual.data > 0, residual.data, 0)
    residual.eliminate_zeros()
    reached = np.zeros(n + m + 2, dtype=bool)
    reached[breadth_first_order(residual, source, return_predecessors=False)] = True
    units = np.flatnonzero(reached[:n] & (problem.pupils > 0))
    return _told_apart(district, problem, units, np.flatnonzero(reached[n : n + m]), seats, used)


def _told_apart(
    district: District,
    problem: Problem,
    units: NDArray[np.int64],
    zones: NDArray[np.int64],
    seats: NDArray[np.int64],
    used: NDArray[np.bool_],
) -> tuple[Shortage, ...]:
    """Return a shortage for each connected part of the blocks and zones short of seats, the worst first."""
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    n, m = problem.units, problem.zones
    rows = problem.arc_rows()
    inside = used & np.isin(rows, units) & np.isin(problem.arc_zone, zones)
    graph = csr_array((np.ones(int(inside.sum())), (rows[inside], n + problem.arc_zone[inside])), shape=(n + m, n + m))
    part = connected_components(graph, directed=False)[1]
    result = []
    number_of = np.where(np.isin(part[units], part[n + zones]), part[units], -1)  # blocks that reach no zone are told together
    for number in np.unique(number_of):
        mine = units[number_of == number]
        theirs = zones[part[n + zones] == number]
        pupils, there = int(problem.pupils[mine].sum()), int(seats[theirs].sum())
        if pupils > there:
            blocks = tuple(district.blocks.ids[b] for b in np.flatnonzero(np.isin(problem.unit, mine)))
            schools = tuple(district.schools.ids[j] for k in theirs for j in problem.round.zones[k])
            result.append(Shortage(blocks, pupils, schools, there, pupils - there))
    return tuple(sorted(result, key=lambda item: (-item.short, item.blocks)))


def room_seats(district: District, problem: Problem, zone: int) -> int:
    """Return the planned seats that one more classroom gives the pupils of a round at a zone's first school."""
    chosen = problem.round
    kind = district.schools.kinds[chosen.zones[zone][0]]
    return room_capacity(district.rules, chosen.stage, kind, 1, entry=chosen.regime == "phase_in")[0]


def explain_conflicts(conflicts: Sequence[Conflict]) -> Explanation:
    """Explain what makes a plan impossible before any seats are counted."""
    reasons = tuple(dict.fromkeys(item.sentence for item in conflicts))
    lifted = tuple(
        Relaxation("lock", block, 1.0, "lock") for block in dict.fromkeys(item.block for item in conflicts if item.kind == "lock")
    )
    return Explanation(reasons, relaxations=lifted)


def explain_excess(district: District, problem: Problem, zone: NDArray[np.int32]) -> Explanation:
    """Explain an assignment that exceeds hard seats or the cap on moved pupils, and what would do."""
    total = problem.measure(zone)
    reasons: list[str] = []
    relaxations: list[Relaxation] = []
    planned = problem.caps[:, 0]
    found = shortages(district, problem, planned)
    reasons.extend(item.sentence for item in found)
    load = problem.loads(zone)
    if problem.hard and (load > planned).any():
        reasons.append(f"the best plan found has {int(np.maximum(load - planned, 0).sum()):,} pupils above hard seats")
        for k in np.argsort(planned - load, kind="stable"):
            if load[k] > planned[k]:
                school = district.schools.ids[problem.round.zones[k][0]]
                short = int(load[k] - planned[k])
                size = max(room_seats(district, problem, int(k)), 1)
                relaxations.append(Relaxation("classrooms", school, float(-(-short // size)), "classrooms"))
                relaxations.append(Relaxation("seats", school, float(short), "seats"))
    if total[5] > problem.moved_cap:
        reasons.append(f"the best plan found moves {total[5]:,.0f} pupils, the cap is {problem.moved_cap:,.0f}")
        relaxations.append(Relaxation("limit", "zoning.moved_max", float(total[5] - problem.moved_cap), "pupils"))
    return Explanation(tuple(reasons), found, tuple(relaxations))
