"""Which zones a unit may be given to, after roots, locks, islands and what contiguity rules out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import breadth_first_order, connected_components

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.solver.contraction import Units
    from xuequ.zoning.district import District
    from xuequ.zoning.options import Lock
    from xuequ.zoning.rounds import Round

__all__ = ["Conflict", "Permission", "permitted_arcs"]


@dataclass(frozen=True, slots=True)
class Conflict:
    """
    Something that no plan can satisfy.

    Parameters
    ----------
    kind
        ``lock``, ``root`` or ``reach``.
    block
        Id of a block that it is about.
    sentence
        What conflicts, for people.
    """

    kind: str
    block: str
    sentence: str


@dataclass(frozen=True, slots=True, eq=False)
class Permission:
    """Arcs that may be used, shape ``(units, zones)``, islands, and conflicts; see `problem.Problem`."""

    allowed: NDArray[np.bool_]
    island: NDArray[np.bool_]
    conflicts: tuple[Conflict, ...]


@dataclass(slots=True)
class _Arcs:
    """Arcs under construction: which zones each unit may be given to, and what locks forbid."""

    may: NDArray[np.bool_]
    conflicts: list[Conflict] = field(default_factory=list)
    closed: set[tuple[int, int]] = field(default_factory=set)

    def close(self, unit: int, zone: int) -> None:
        self.may[unit, zone] = False
        self.closed.add((unit, zone))

    def only(self, unit: int, zone: int, *, allowed: bool = True) -> None:
        self.may[unit] = False
        self.may[unit, zone] = allowed


def permitted_arcs(
    district: District,
    chosen: Round,
    units: Units,
    near: NDArray[np.bool_],
    root: NDArray[np.int32],
    locks: Sequence[Lock],
) -> Permission:
    """
    Return the arcs that a plan may use.

    Parameters
    ----------
    near
        Zones that are within reach of each unit, shape ``(units, zones)``.
    root
        Unit of each zone.
    locks
        Of all stages.

    Notes
    -----
    model.md §1. The root's unit belongs to its own zone. A unit in a component with a root goes to a zone of that component; one
    in a component without is an island and goes anywhere. A zone is left only the units that its root can reach through
    units that may be its own. A unit that distances leave without a zone may take any zone of its component, as too far.
    """
    table = _Arcs(near.copy())
    ids = [""] * units.count
    for block in range(len(district.blocks) - 1, -1, -1):
        ids[units.of[block]] = district.blocks.ids[block]
    indptr, neighbours, _ = units.graph(district.adjacency)
    graph = csr_array((np.ones(len(neighbours), dtype=np.int8), neighbours, indptr), shape=(units.count, units.count))
    component = connected_components(graph, directed=False)[1]
    island = ~np.isin(component, component[root[root >= 0]])
    apart = (component[:, None] != np.where(root >= 0, component[root], -1)[None, :]) & ~island[:, None] & (root >= 0)[None, :]
    locked = _apply_locks(district, chosen, units, table, locks)
    _apply_roots(district, chosen, table, root, ids, locked)
    table.may[apart] = False
    before = table.may.copy()
    _drop_unreachable(table.may, graph, root, island)
    stranded = ~table.may.any(axis=1) & ~locked
    if stranded.any():
        table.may = before | (stranded[:, None] & ~apart)
        for pair in table.closed:
            table.may[pair] = False
        _drop_unreachable(table.may, graph, root, island)
    for i in np.flatnonzero(~table.may.any(axis=1)):
        if not any(item.block == ids[i] for item in table.conflicts):
            table.conflicts.append(_no_zone(ids[i], locked=bool(locked[i])))
    return Permission(table.may, island, tuple(table.conflicts))


def _no_zone(block: str, *, locked: bool) -> Conflict:
    if locked:
        return Conflict(
            "lock", block, f"block {block} is locked to a school that its locks, roots or contiguity forbid; lift the lock"
        )
    return Conflict(
        "reach", block, f"block {block} can be joined to no school's catchment: no contiguous way to one that it may be given to"
    )


def _apply_locks(
    district: District,
    chosen: Round,
    units: Units,
    table: _Arcs,
    locks: Sequence[Lock],
) -> NDArray[np.bool_]:
    """Leave only what locks allow; return the units that a lock must hold."""
    block_index, school_index = district.block_index(), district.school_index()
    zone_of = {j: k for k, members in enumerate(chosen.zones) for j in members}
    locked = np.zeros(units.count, dtype=bool)
    for lock in locks:
        if lock.stage is not chosen.stage or lock.block not in block_index:
            continue
        i = int(units.of[block_index[lock.block]])
        zone = zone_of.get(school_index.get(lock.school, -1))
        if not lock.must:
            if zone is not None:
                table.close(i, zone)
            continue
        held, locked[i] = bool(locked[i]), True
        if zone is None:
            sentence = (
                f"block {lock.block} is locked to school {lock.school}, which has no {chosen.stage} catchment in {chosen.year}"
            )
            table.conflicts.append(Conflict("lock", lock.block, sentence))
            continue
        # Out of reach is no hindrance, as too far; another lock is.
        table.only(i, zone, allowed=bool(table.may[i, zone]) if held else (i, zone) not in table.closed)
    return locked


def _apply_roots(
    district: District,
    chosen: Round,
    table: _Arcs,
    root: NDArray[np.int32],
    ids: list[str],
    locked: NDArray[np.bool_],
) -> None:
    """Give each zone its own unit."""
    owner: dict[int, int] = {}
    names = [";".join(district.schools.ids[j] for j in members) for members in chosen.zones]
    for j, i in enumerate(root.tolist()):
        if i < 0:
            continue
        if i in owner:
            sentence = f"block {ids[i]} is kept together with the blocks of two schools, {names[owner[i]]} and {names[j]}"
            table.conflicts.append(Conflict("root", ids[i], sentence))
            continue
        owner[i] = j
        if not table.may[i, j] and (locked[i] or (i, j) in table.closed):
            sentence = f"block {ids[i]} holds school {names[j]}, but a lock gives it to another or forbids it; lift the lock"
            table.conflicts.append(Conflict("lock", ids[i], sentence))
        table.only(i, j)


def _drop_unreachable(may: NDArray[np.bool_], graph: csr_array, root: NDArray[np.int32], island: NDArray[np.bool_]) -> None:
    """Take from each zone the units that its root cannot reach through units that may be its own."""
    for j, i in enumerate(root.tolist()):
        if i < 0:
            continue
        allowed = np.flatnonzero(may[:, j] & ~island)
        start = np.searchsorted(allowed, i)
        if start >= len(allowed) or allowed[start] != i:
            may[~island, j] = False
            continue
        inside = breadth_first_order(graph[allowed][:, allowed], start, directed=False, return_predecessors=False)
        kept = np.zeros(len(may), dtype=bool)
        kept[allowed[inside]] = True
        may[~kept & ~island, j] = False
