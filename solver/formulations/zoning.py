"""
The zoning model (model.md §1) as PuLP rows: every block to one zone.

Letters: ``i`` a block, ``j`` a zone, both by number. The solver works on arrays; this is the same model for people to read, to
solve with any solver, and to hold the arrays to.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import numpy as np
import pulp

from xuequ.solver.arc_values import is_change
from xuequ.solver.problem import LARGE, MEASURES, OVER, SUPER
from xuequ.zoning.indicators import zone_distances

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.solver.cuts import Cut
    from xuequ.solver.problem import Problem
    from xuequ.solver.search import Target
    from xuequ.zoning.district import District

__all__ = [
    "FAMILIES",
    "block_has_one_zone",
    "blocks_stay_together",
    "catchment_is_contiguous",
    "goal_keeps_its_limit",
    "lock_is_kept",
    "root_is_its_own",
    "zone_holds_its_load",
    "zoning_model",
]

Arc = tuple[int, int]
"""Block, zone."""


def block_has_one_zone(model: pulp.LpProblem, x: Mapping[Arc, pulp.LpVariable]) -> None:
    """Add ``Σ_j x_ij = 1`` for every block i."""
    terms = defaultdict(list)
    for (i, _), arc in x.items():
        terms[i].append((arc, 1))
    for i, row in terms.items():
        model.addConstraint(pulp.LpAffineExpression(row) == 1, name=f"one_zone_{i}")


def zone_holds_its_load(
    model: pulp.LpProblem,
    x: Mapping[Arc, pulp.LpVariable],
    pupils: Sequence[int],
    seats: Sequence[int],
    over: Sequence[pulp.LpVariable | None],
    level: str,
) -> None:
    """Add ``Σ_i p_i x_ij - over_j <= seats_j`` for every zone j at a level (planned …); no ``over`` where seats are hard."""
    terms: dict[int, list[tuple[pulp.LpVariable, int]]] = defaultdict(list)
    for (i, j), arc in x.items():
        terms[j].append((arc, pupils[i]))
    for j, row in terms.items():
        load = pulp.LpAffineExpression(row)
        above = over[j]
        model.addConstraint((load if above is None else load - above) <= seats[j], name=f"{level}_{j}")


def root_is_its_own(model: pulp.LpProblem, x: Mapping[Arc, pulp.LpVariable], root: Sequence[int]) -> None:
    """Add ``x_root(j),j = 1`` for every zone j whose school stands in a block."""
    for j, i in enumerate(root):
        if i >= 0:
            model.addConstraint(x[i, j] == 1, name=f"root_{j}")


def catchment_is_contiguous(model: pulp.LpProblem, x: Mapping[Arc, pulp.LpVariable], cuts: Iterable[Cut]) -> None:
    """Add ``Σ_{k ∈ C} x_kj >= x_ij`` for separators C between block i and the root of j."""
    for number, cut in enumerate(cuts):
        if (cut.unit, cut.zone) in x:
            row = [(x[k, cut.zone], 1) for k in cut.separator if (k, cut.zone) in x]
            model.addConstraint(pulp.LpAffineExpression([*row, (x[cut.unit, cut.zone], -1)]) >= 0, name=f"cut_{number}")


def lock_is_kept(model: pulp.LpProblem, x: Mapping[Arc, pulp.LpVariable], locks: Iterable[tuple[int, int, bool]]) -> None:
    """Add ``x_ij = 1`` or ``x_ij = 0`` for every lock (block, zone, must)."""
    for i, j, must in locks:
        if (i, j) in x:
            model.addConstraint(x[i, j] == int(must), name=f"lock_{i}_{j}")


def blocks_stay_together(model: pulp.LpProblem, x: Mapping[Arc, pulp.LpVariable], pairs: Iterable[tuple[int, int]]) -> None:
    """Add ``x_ij = x_kj`` for every pair of blocks kept together; a zone that one cannot have the other cannot have either."""
    zones = sorted({j for _, j in x})
    for i, k in pairs:
        for j in zones:
            mine = [(x[b, j], sign) for b, sign in ((i, 1), (k, -1)) if (b, j) in x]
            if mine:
                model.addConstraint(pulp.LpAffineExpression(mine) == 0, name=f"together_{i}_{k}_{j}")


def goal_keeps_its_limit(
    model: pulp.LpProblem, goals: Mapping[str, pulp.LpAffineExpression], limits: Mapping[str, float]
) -> None:
    """Add ``goal <= limit`` for every goal of higher rank, and for the cap on moved pupils."""
    for name, limit in limits.items():
        model.addConstraint(goals[name] <= limit, name=f"limit_{name}")


FAMILIES = (
    block_has_one_zone,
    zone_holds_its_load,
    root_is_its_own,
    catchment_is_contiguous,
    lock_is_kept,
    blocks_stay_together,
    goal_keeps_its_limit,
)


def zoning_model(
    district: District, problem: Problem, target: Target, cuts: Iterable[Cut] = ()
) -> tuple[pulp.LpProblem, dict[Arc, pulp.LpVariable]]:
    """
    Return the whole model of a problem and its variables ``x_ij``.

    Parameters
    ----------
    district, problem
        What is zoned; blocks and reach come from the district, seats and roots from the problem.
    target
        Prices and limits of the measures; compactness has no row here.
    cuts
        Separators, on blocks: a problem that keeps no blocks together.

    Notes
    -----
    Locks are those of the district.
    """
    chosen = problem.round
    model = pulp.LpProblem("zoning", pulp.LpMinimize)
    block, zone, metres = zone_distances(district, chosen.zones)
    x = {(int(i), int(j)): model.add_variable(f"x_{i}_{j}", cat=pulp.LpBinary) for i, j in zip(block, zone, strict=True)}
    pupils = chosen.pupils.tolist()
    block_has_one_zone(model, x)
    root_is_its_own(model, x, _root_blocks(district, chosen.zones))
    lock_is_kept(model, x, _locks(district, problem))
    first = {int(u): int(b) for b, u in reversed(list(enumerate(problem.unit)))}
    blocks_stay_together(model, x, [(first[int(u)], b) for b, u in enumerate(problem.unit) if first[int(u)] != b])
    sums = _arc_sums(district, problem, x, metres)
    for level, measure in enumerate((OVER, LARGE, SUPER)):
        name = MEASURES[measure]
        if target.price[measure] == 0 and not np.isfinite(target.limit[measure]):
            sums[name] = pulp.LpAffineExpression()
            continue
        over: list[pulp.LpVariable | None] = [model.add_variable(f"{name}_{j}", 0) for j in range(problem.zones)]
        zone_holds_its_load(model, x, pupils, problem.caps[:, level].tolist(), over, name)
        sums[name] = pulp.LpAffineExpression([(item, 1) for item in over if item is not None])
    named = {MEASURES[k]: float(target.limit[k]) for k in range(len(MEASURES) - 1) if np.isfinite(target.limit[k])}
    goal_keeps_its_limit(model, sums, named)
    catchment_is_contiguous(model, x, cuts)
    model.setObjective(pulp.lpSum(float(target.price[k]) * sums[MEASURES[k]] for k in range(len(MEASURES) - 1)))
    return model, x


def _root_blocks(district: District, zones: tuple[tuple[int, ...], ...]) -> list[int]:
    return [int(district.schools.block[members[0]]) for members in zones]


def _locks(district: District, problem: Problem) -> list[tuple[int, int, bool]]:
    blocks, schools = district.block_index(), district.school_index()
    zone_of = {j: k for k, members in enumerate(problem.round.zones) for j in members}
    return [
        (blocks[lock.block], zone_of[schools[lock.school]], lock.must)
        for lock in district.options.zoning.locks
        if lock.stage is problem.round.stage and schools.get(lock.school) in zone_of
    ]


def _arc_sums(
    district: District, problem: Problem, x: Mapping[Arc, pulp.LpVariable], metres: NDArray[np.float64]
) -> dict[str, pulp.LpAffineExpression]:
    """Return the goals that are sums over arcs."""
    chosen = problem.round
    change = is_change(district, chosen)
    far, way, moved = [], [], []
    for ((i, j), arc), length in zip(x.items(), metres, strict=True):
        pupils = int(chosen.pupils[i])
        way.append((arc, pupils * float(length) / 1000))
        if length > chosen.limit_m[i]:
            far.append((arc, pupils))
        if change[i, j]:
            moved.append((arc, pupils))
    return {
        "too_far": pulp.LpAffineExpression(far), "distance": pulp.LpAffineExpression(way), "moved": pulp.LpAffineExpression(moved)
    }  # fmt: skip
