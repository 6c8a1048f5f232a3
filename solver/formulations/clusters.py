"""
The cluster model (model.md §4) as PuLP rows: every school in one cluster of 1+X+Y.

Letters: ``u`` a school, ``c`` a cluster, named by its lead. Keys are short texts that are legal in LP files.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pulp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = [
    "FAMILIES",
    "balance_stays_in_the_band",
    "cluster_covers_its_overflow",
    "cluster_has_its_size",
    "cluster_has_members_of",
    "cluster_is_contiguous",
    "lead_heads_its_cluster",
    "school_has_one_cluster",
    "tight_group_stays_together",
]

Assign = tuple[str, str]
"""School, cluster."""


def school_has_one_cluster(model: pulp.LpProblem, assign: Mapping[Assign, pulp.LpVariable]) -> None:
    """Add ``Σ_c x_uc = 1`` for every school u (policy.md §8)."""
    terms = defaultdict(list)
    for (school, _), arc in assign.items():
        terms[school].append((arc, 1))
    for school, row in terms.items():
        model.addConstraint(pulp.LpAffineExpression(row) == 1, name=f"one_cluster_{school}")


def lead_heads_its_cluster(model: pulp.LpProblem, assign: Mapping[Assign, pulp.LpVariable], leads: Iterable[str]) -> None:
    """Add ``x_cc = 1`` for every lead c: leads are the roots (model.md §4)."""
    for lead in leads:
        model.addConstraint(assign[lead, lead] == 1, name=f"lead_{lead}")


def cluster_has_its_size(
    model: pulp.LpProblem, assign: Mapping[Assign, pulp.LpVariable], weight: Mapping[str, int], least: int, most: int
) -> None:
    """Add ``least <= Σ_u x_uc <= most`` for every cluster c; ``weight`` is 1 for each school (policy.md §17)."""
    for cluster, terms in _by_cluster(assign).items():
        row = pulp.LpAffineExpression([(arc, weight[school]) for school, arc in terms])
        model.addConstraint(row >= least, name=f"size_min_{cluster}")
        model.addConstraint(row <= most, name=f"size_max_{cluster}")


def cluster_has_members_of(
    model: pulp.LpProblem, assign: Mapping[Assign, pulp.LpVariable], kind: str, schools: Collection[str], least: int
) -> None:
    """
    Add ``Σ_{u of the kind} x_uc >= least`` for every cluster c: X urban, Y rural members, and each stage present.

    Parameters
    ----------
    model
        Gets the rows.
    assign
        Variables ``x_uc``.
    kind
        What they are (``urban``, ``rural``, ``junior`` …), for the names of the rows.
    schools
        Which schools are of the kind.
    least
        How many a cluster needs.
    """
    for cluster, terms in _by_cluster(assign).items():
        row = pulp.LpAffineExpression([(arc, 1) for school, arc in terms if school in schools])
        model.addConstraint(row >= least, name=f"{kind}_{cluster}")


def tight_group_stays_together(
    model: pulp.LpProblem, assign: Mapping[Assign, pulp.LpVariable], ties: Iterable[tuple[str, str]]
) -> None:
    """Add ``x_uc = x_vc`` for two schools with one legal person (policy.md §8: a tight group is never split)."""
    clusters = sorted({cluster for _, cluster in assign})
    for a, b in ties:
        for cluster in clusters:
            row = pulp.LpAffineExpression([(assign[a, cluster], 1), (assign[b, cluster], -1)])
            model.addConstraint(row == 0, name=f"tight_{a}_{b}_{cluster}")


def cluster_is_contiguous(
    model: pulp.LpProblem,
    assign: Mapping[Assign, pulp.LpVariable],
    separators: Iterable[tuple[str, str, frozenset[str]]],
    first: int = 0,
) -> None:
    """
    Add ``Σ_{k in C} x_kc >= x_uc`` for separators C of school u from lead c (model.md §1 and §4).

    Parameters
    ----------
    model
        Gets the rows.
    assign
        Variables ``x_uc``.
    separators
        School, cluster, and a set of schools without which the school cannot reach the lead.
    first
        Number of the first row, for the names: rows are added in rounds.
    """
    for number, (school, cluster, between) in enumerate(separators, start=first):
        row = pulp.LpAffineExpression([*((assign[k, cluster], 1) for k in sorted(between)), (assign[school, cluster], -1)])
        model.addConstraint(row >= 0, name=f"contiguous_{number}_{school}_{cluster}")


def cluster_covers_its_overflow(
    model: pulp.LpProblem,
    assign: Mapping[Assign, pulp.LpVariable],
    uncovered: Mapping[tuple[str, str], pulp.LpVariable],
    overflow: Mapping[tuple[str, str], int],
) -> None:
    """
    Add ``uncovered_cg >= Σ_u (pupils - planned seats)_ug·x_uc`` for every cluster c and stage g (model.md §4).

    Parameters
    ----------
    model
        Gets the rows.
    assign
        Variables ``x_uc``.
    uncovered
        By cluster and stage: pupils above the planned seats for whom no member has a free seat.
    overflow
        By school and stage: pupils less planned seats, negative where seats are free.
    """
    members = _by_cluster(assign)
    for (cluster, stage), short in uncovered.items():
        terms = [(arc, overflow[school, stage]) for school, arc in members[cluster] if overflow.get((school, stage))]
        row = pulp.LpAffineExpression([*terms, (short, -1)])
        model.addConstraint(row <= 0, name=f"overflow_{stage}_{cluster}")


def balance_stays_in_the_band(
    model: pulp.LpProblem,
    assign: Mapping[Assign, pulp.LpVariable],
    outside: Mapping[str, pulp.LpVariable],
    above: Mapping[str, float],
    below: Mapping[str, float],
) -> None:
    """
    Add ``outside_c >= Σ_u above_u·x_uc`` and ``outside_c >= Σ_u below_u·x_uc`` for every cluster c.

    Parameters
    ----------
    model
        Gets the rows.
    assign
        Variables ``x_uc``.
    outside
        By cluster: seats outside the band around the district's seats per pupil.
    above, below
        By school: the seats it adds above the band's upper edge and below its lower edge; both may be negative.
    """
    for cluster, terms in _by_cluster(assign).items():
        for side, amounts in (("above", above), ("below", below)):
            row = pulp.LpAffineExpression([*((arc, amounts[school]) for school, arc in terms), (outside[cluster], -1)])
            model.addConstraint(row <= 0, name=f"balance_{side}_{cluster}")


def _by_cluster(assign: Mapping[Assign, pulp.LpVariable]) -> dict[str, list[tuple[str, pulp.LpVariable]]]:
    members: dict[str, list[tuple[str, pulp.LpVariable]]] = defaultdict(list)
    for (school, cluster), arc in assign.items():
        members[cluster].append((school, arc))
    return members


FAMILIES = (
    school_has_one_cluster,
    lead_heads_its_cluster,
    cluster_has_its_size,
    cluster_has_members_of,
    tight_group_stays_together,
    cluster_is_contiguous,
    cluster_covers_its_overflow,
    balance_stays_in_the_band,
)
"""Every family of rows of the cluster model; each has a golden LP file."""
