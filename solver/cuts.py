"""Contiguity as rows: minimal separators between a piece cut off and the root of its zone."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from xuequ.solver.problem import Problem

__all__ = ["Cut", "CutPool", "pieces_cut_off", "separate"]

_ROWS_PER_PIECE = 12


class Cut(NamedTuple):
    """The row ``Σ_{k ∈ separator} x[k, zone] ≥ x[unit, zone]`` (model.md §1)."""

    unit: int
    zone: int
    separator: tuple[int, ...]


@dataclass(slots=True)
class CutPool:
    """Separators met so far, each once, by zone; they hold for every plan of the problem."""

    by_zone: dict[int, dict[Cut, None]] = field(default_factory=dict)

    def add(self, cuts: Iterable[Cut]) -> int:
        """Take cuts in; return how many are new."""
        new = 0
        for cut in cuts:
            known = self.by_zone.setdefault(cut.zone, {})
            if cut not in known:
                known[cut] = None
                new += 1
        return new

    def of(self, zones: Iterable[int]) -> Iterator[Cut]:
        """Return the cuts of some zones."""
        for zone in zones:
            yield from self.by_zone.get(zone, ())


def pieces_cut_off(problem: Problem, members: NDArray[np.bool_], zone: int) -> list[list[int]]:
    """Return the pieces of a zone's units that its root does not reach inside them; islands are left out."""
    indptr, neighbours = problem.indptr, problem.neighbours
    left = members & ~problem.island
    pieces = []
    for first in (int(problem.root[zone]), *np.flatnonzero(left).tolist()):
        if first < 0 or not left[first]:
            continue
        left[first] = False
        stack, piece = [first], [first]
        while stack:
            i = stack.pop()
            for k in neighbours[indptr[i] : indptr[i + 1]].tolist():
                if left[k]:
                    left[k] = False
                    stack.append(k)
                    piece.append(k)
        pieces.append(piece)
    return pieces[1:]


def separate(problem: Problem, zone_of: NDArray[np.int32], zones: Iterable[int]) -> list[Cut]:
    """
    Return the cuts that an assignment of whole units breaks.

    Parameters
    ----------
    problem
        What is solved.
    zone_of
        Zone of each unit.
    zones
        Zones to look at.

    Notes
    -----
    Of the neighbours of a piece cut off, the separator has those that also touch what the root reaches when all of them are
    taken away: none of them can be spared. Units that may not be the zone's are as if they were not there.
    """
    cuts: list[Cut] = []
    rows = problem.arc_rows()
    for j in zones:
        if problem.root[j] < 0:
            continue
        pieces = pieces_cut_off(problem, zone_of == j, j)
        if not pieces:
            continue
        allowed = np.zeros(problem.units, dtype=bool)
        allowed[rows[problem.arc_zone == j]] = True
        for piece in pieces:
            separator = _separator(problem, piece, int(problem.root[j]), allowed)
            cuts.extend(Cut(i, j, separator) for i in sorted(piece)[:_ROWS_PER_PIECE])
    return cuts


def _separator(problem: Problem, piece: list[int], root: int, allowed: NDArray[np.bool_]) -> tuple[int, ...]:
    indptr, neighbours = problem.indptr, problem.neighbours
    inside = set(piece)
    around = {k for i in piece for k in neighbours[indptr[i] : indptr[i + 1]].tolist() if k not in inside and allowed[k]}
    reached, stack = {root}, [root]
    needed = set()
    while stack:
        i = stack.pop()
        for k in neighbours[indptr[i] : indptr[i + 1]].tolist():
            if k in around:
                needed.add(k)
            elif k not in reached and allowed[k]:
                reached.add(k)
                stack.append(k)
    if root in around:
        needed.add(root)
    return tuple(sorted(needed))
