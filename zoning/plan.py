"""A plan: what was decided, the goals reached, and the bound that says how good it is."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.explanation import Explanation

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.cluster import ClusterPlan
    from xuequ.zoning.options import Regime
    from xuequ.zoning.seating import SeatPlan
    from xuequ.zoning.stage import Stage

__all__ = ["PROVED_GAP", "Certificate", "Goal", "Plan", "PlanKind", "Status", "is_proved", "relative_gap"]

PROVED_GAP = 1e-6
"""Relative gap at which a value counts as proved best: that at which the engines end a search."""


class Status(StrEnum):
    """How far a run came (interface.md)."""

    OPTIMAL = "optimal"
    FEASIBLE = "feasible"
    INFEASIBLE = "infeasible"
    STOPPED = "stopped"


class PlanKind(StrEnum):
    """Which verb made the plan."""

    ZONE = "zone"
    SEATS = "seats"
    CLUSTER = "cluster"
    PLAN = "plan"


def relative_gap(objective: float | None, bound: float | None) -> float | None:
    """Return ``(objective − bound) / max(1, |objective|)``, or None where one is missing (interface.md)."""
    if objective is None or bound is None:
        return None
    return max(0.0, objective - bound) / max(1.0, abs(objective))


def is_proved(objective: float | None, bound: float | None) -> bool:
    """Return whether a value counts as proved best: its gap is at most `PROVED_GAP`."""
    gap = relative_gap(objective, bound)
    return gap is not None and gap <= PROVED_GAP


@dataclass(frozen=True, slots=True)
class Goal:
    """
    A goal, the value reached and a lower bound on it given the goals before it.

    Parameters
    ----------
    name, unit
        As in `options.GOAL_UNITS`.
    value, bound
        In that unit; bound None where none is known.
    tolerance
        Fraction by which later goals were allowed to worsen it.
    """

    name: str
    value: float
    bound: float | None
    unit: str
    tolerance: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Return the object of interface.md."""
        return {"name": self.name, "value": self.value, "bound": self.bound, "unit": self.unit, "tolerance": self.tolerance}


@dataclass(frozen=True, slots=True, eq=False)
class Certificate:
    """
    Multipliers from which anybody can compute a lower bound on one goal, without a solver, in whole numbers.

    For blocks ``i`` and zones ``j`` of one stage and year, with ``c_ij`` the price of the goal for block ``i`` in zone ``j``
    (for distance: ``pupils · metres / 1000``) scaled by ``scale`` and rounded *down* to a whole number, the bound times
    ``scale`` is

    - ``linear``: ``Σ_i min_j (c_ij + G_ij + p_i·mu_j) − Σ_j conj_j(mu_j) − Σ_k lambda_k·V_k``
    - ``knapsack``: ``Σ_i u_i + Σ_j min_S (Σ_{i∈S} (c_ij + G_ij − u_i) + phi_j(load S)) − Σ_k lambda_k·V_k`` over sets S that
      hold the blocks that must be in ``j``

    where goal ``k`` before this one was allowed the value ``V_k`` and has the multiplier ``lambda_k ≥ 0``; ``G_ij`` is what
    those goals charge the arc (too_far: ``lambda·p_i`` where too far; moved: ``lambda·p_i`` where moved); ``phi_j(load)`` is
    what they charge the load: ``lambda_over_standard·(load − planned)⁺ + lambda_large·(load − working)⁺ +
    lambda_super_large·(load − absolute)⁺``, and infinite above planned where seats are hard; and
    ``conj_j(mu) = max_load (mu·load − phi_j(load))`` over ``0 … Σ p``. Arcs that are not allowed (out of reach, locks) are
    left out.

    Zones, pupils and capacities are those of `rounds.admission_round`. A block that must be in a zone (the zone's school stands
    in it, or a lock) has that arc only; a block without any arc stands in no sum. A goal on the arcs (too_far, moved) has
    ``c_ij = scale·p_i`` where it counts; a goal on the loads has ``c_ij = 0`` and stands in ``phi`` with the multiplier
    ``scale``. Only goals that are ranked before this one may have a multiplier, and ``V_k`` is not below the value that the
    plan reaches.

    Parameters
    ----------
    stage, year, goal
        What the bound is on.
    form
        ``linear`` or ``knapsack``.
    scale
        Units of the whole numbers per unit of the goal.
    multipliers
        ``linear``: ``mu_j``, one for each zone of the round, ≥ 0. ``knapsack``: ``u_i``, one for each block.
    prices
        ``lambda_k`` by goal name, ≥ 0, scaled.
    values
        ``V_k`` by goal name: value with its tolerance, in the goal's own unit (whole pupils).
    """

    stage: Stage
    year: int
    goal: str
    form: str
    scale: int
    multipliers: NDArray[np.int64]
    prices: Mapping[str, int] = field(default_factory=dict)
    values: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "multipliers", frozen(self.multipliers, np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """
    What was decided, with the bound and the goals reached.

    Parameters
    ----------
    kind, status
        Which verb made it and how far it came.
    fingerprint
        Of the district that it was made for.
    regime, scenario, seed
        How it was made.
    goals
        In order of rank. Of a ``zone`` plan its one stage and year; of ``seats`` and ``cluster`` theirs; of ``plan`` those of
        the seats.
    objective, certified_bound, solver_bound
        Of the main goal (zoning: distance); the bound is the better of the two.
    catchments
        Of each stage and year, sorted by stage (kindergarten first), then year.
    seats, clusters
        Where decided, else None.
    certificates
        For `certified_bound`, one for each stage and year that has one.
    stage_goals
        Of ``plan``: goals reached by each stage and year.
    settings
        Options that verification needs: ``seats`` ("soft"/"hard"), ``moved_max``.
    loads
        Of ``zone``: pupils that the catchments give to each zone, by its id (``A`` or ``A;B``), as the solver
        counted them. Empty for the other kinds and for a plan read from its files.
    seconds
        Time taken; shown, never stored in the plan's files.
    """

    kind: PlanKind
    status: Status
    fingerprint: str
    regime: Regime = "full"
    scenario: str = "middle"
    seed: int = 0
    stage: Stage | None = None
    year: int | None = None
    goals: tuple[Goal, ...] = ()
    objective: float | None = None
    certified_bound: float | None = None
    solver_bound: float | None = None
    catchments: tuple[Catchments, ...] = ()
    seats: SeatPlan | None = None
    clusters: ClusterPlan | None = None
    certificates: tuple[Certificate, ...] = ()
    stage_goals: tuple[tuple[Stage, int, tuple[Goal, ...]], ...] = ()
    explanation: Explanation = Explanation()
    settings: Mapping[str, Any] = field(default_factory=dict)
    loads: Mapping[str, int] = field(default_factory=dict)
    seconds: float = 0.0

    @property
    def bound(self) -> float | None:
        """The better of the certified bound and the solver's."""
        known = [value for value in (self.certified_bound, self.solver_bound) if value is not None]
        return max(known) if known else None

    @property
    def gap(self) -> float | None:
        """``(objective − bound) / max(1, |objective|)``."""
        return relative_gap(self.objective, self.bound)

    def of(self, stage: Stage, year: int) -> Catchments:
        """
        Return the catchments of a stage and school year.

        Raises
        ------
        KeyError
            If the plan has none.
        """
        for item in self.catchments:
            if item.stage is stage and item.year == year:
                return item
        raise KeyError(f"the plan has no {stage} catchments for {year}")

    def replace(self, **changes: Any) -> Plan:
        """Return a copy with some fields changed."""
        return replace(self, **changes)
