"""
The three models as anybody can take them away: read as an LP file, solved with any solver.

Each is complete: what the solver of the house adds as it goes (separators, cuts) is stated here as flows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.cluster_model import build_cluster_model
from xuequ.solver.cluster_problem import cluster_problem
from xuequ.solver.formulations.contiguity import members_send_a_unit_to_the_root
from xuequ.solver.formulations.zoning import zoning_model
from xuequ.solver.problem import CUT, MEASURES, build_problem
from xuequ.solver.ranking import Ranking
from xuequ.solver.search import Target
from xuequ.solver.seat_model import SEAT_GOALS, build_seat_model
from xuequ.solver.seat_problem import seat_problem
from xuequ.zoning.cluster_measures import CLUSTER_GOALS, school_loads
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pulp

    from xuequ.zoning.district import District
    from xuequ.zoning.options import ClusterOptions, SeatOptions, ZoningOptions
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.seating import SeatPlan

__all__ = ["ClusterFormulation", "SeatFormulation", "ZoningFormulation"]


@dataclass(frozen=True, slots=True, eq=False)
class ZoningFormulation:
    """
    The catchments of a stage for a school year (model.md §1), as a model.

    Parameters
    ----------
    district, stage, year, options, seats, previous
        As for `xuequ.solver.zone`.
    """

    district: District
    stage: Stage | str
    year: int | None = None
    options: ZoningOptions | None = None
    seats: SeatPlan | None = None
    previous: Rolls | None = None

    def to_pulp(self, minimise: str = "distance", limits: Mapping[str, float] | None = None) -> pulp.LpProblem:
        """
        Return the model with one goal as its objective.

        Parameters
        ----------
        minimise
            A goal: ``super_large``, ``large``, ``over_standard``, ``too_far``, ``distance`` or ``moved``.
        limits
            Most that other goals may reach, by name: what was reached for the goals of higher rank.

        Raises
        ------
        ValueError
            If a goal is none of these. Compactness has no linear row here.

        Notes
        -----
        Variables ``x_i_j``: block i to zone j, both by their number in the district and in the round. Contiguity is stated as
        flows, so the model grows with blocks times zones in reach: it is for reading and for small districts.
        """
        options = self.options or self.district.options.zoning
        year = self.district.year_or_first(self.year)
        problem = build_problem(self.district, Stage(self.stage), year, options, seats=self.seats, previous=self.previous)
        known = [name for name in MEASURES if name != MEASURES[CUT]]
        _check([minimise, *(limits or {})], known)
        price, limit = np.zeros(len(MEASURES)), Ranking.of(problem, np.zeros(len(MEASURES))).base.copy()
        price[MEASURES.index(minimise)] = 1.0
        for name, value in (limits or {}).items():
            limit[MEASURES.index(name)] = min(limit[MEASURES.index(name)], value)
        model, x = zoning_model(self.district, problem, Target(price, limit))
        first = {int(unit): block for block, unit in reversed(list(enumerate(problem.unit)))}
        rows = np.repeat(np.arange(problem.units), np.diff(problem.indptr))
        pairs = [(first[a], first[b]) for a, b in zip(rows.tolist(), problem.neighbours.tolist(), strict=True) if a < b]
        whole = {first[unit] for unit in range(problem.units) if not problem.island[unit]}
        roots = {zone: first[unit] for zone, unit in enumerate(problem.root.tolist()) if unit >= 0}
        members_send_a_unit_to_the_root(model, {key: arc for key, arc in x.items() if key[0] in whole}, pairs, roots)
        return model


@dataclass(frozen=True, slots=True, eq=False)
class SeatFormulation:
    """
    The seats of a programme over the years (model.md §3), as a model.

    Parameters
    ----------
    district, options
        As for `xuequ.solver.seats`.
    programme
        Schools (primary and junior) or kindergartens.
    """

    district: District
    programme: Programme | str = Programme.SCHOOL
    options: SeatOptions | None = None

    def to_pulp(self, minimise: str = "large", limits: Mapping[str, float] | None = None) -> pulp.LpProblem:
        """
        Return the model with one goal as its objective.

        Parameters
        ----------
        minimise
            A goal: ``super_large``, ``large``, ``too_far``, ``cost``, ``distance`` or ``idle_seats``.
        limits
            Most that other goals may reach, by name.

        Raises
        ------
        ValueError
            If a goal is none of these, or the demand does not reach the years of building.
        """
        _check([minimise, *(limits or {})], SEAT_GOALS)
        built = build_seat_model(
            seat_problem(self.district, Programme(self.programme), self.options or self.district.options.seats)
        )
        return _aimed(built.model, built.goals, minimise, limits or {})


@dataclass(frozen=True, slots=True, eq=False)
class ClusterFormulation:
    """
    Clusters of today's schools under 1+X+Y (model.md §4), as a model.

    Parameters
    ----------
    district, options
        As for `xuequ.solver.cluster`.
    """

    district: District
    options: ClusterOptions | None = None

    def to_pulp(self, minimise: str = "uncovered", limits: Mapping[str, float] | None = None) -> pulp.LpProblem:
        """
        Return the model with one goal as its objective.

        Parameters
        ----------
        minimise
            A goal: ``uncovered``, ``balance``, ``travel`` or ``changed``.
        limits
            Most that other goals may reach, by name.

        Raises
        ------
        ValueError
            If a goal is none of these, or if it is not known who is enrolled where.

        Notes
        -----
        Variables ``in_u3_u7``: school 3 in the cluster that school 7 leads, both by their number in the district.
        """
        _check([minimise, *(limits or {})], CLUSTER_GOALS)
        district, rolls = self.district, start_rolls(self.district)
        today = [district.today[stage] for stage in Programme.SCHOOL.stages if stage in district.today]
        options = self.options or district.options.clusters
        problem = cluster_problem(district, options, school_loads(district, rolls), today, rolls.year)
        built = build_cluster_model(problem)
        pairs = [(f"u{a}", f"u{b}") for a in problem.schools for b in sorted(problem.neighbours[a]) if a < b]
        exempt = {(f"u{school}", f"u{lead}") for school, lead in problem.assisted}
        roots = {f"u{lead}": f"u{lead}" for lead in problem.leads}
        members_send_a_unit_to_the_root(built.model, built.assign, pairs, roots, exempt)
        return _aimed(built.model, built.goals, minimise, limits or {})


def _check(goals: Iterable[str], known: Iterable[str]) -> None:
    names = list(known)
    for goal in goals:
        if goal not in names:
            raise ValueError(f"{goal!r} is no goal of this model; its goals are {', '.join(names)}")


def _aimed(
    model: pulp.LpProblem, goals: Mapping[str, pulp.LpAffineExpression], minimise: str, limits: Mapping[str, float]
) -> pulp.LpProblem:
    """Give a model its objective, and a row for each limit."""
    for name, value in limits.items():
        model.addConstraint(goals[name] <= value, name=f"limit_{name}")
    model.setObjective(goals[minimise])
    return model
