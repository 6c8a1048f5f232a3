"""
Contiguity as flows, for models that any solver is to take as they are.

The solver of the house adds separators as it meets what they forbid; a model that leaves the house has to say it all at once.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, TypeVar

import pulp

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

__all__ = ["FAMILIES", "members_send_a_unit_to_the_root"]

Element = TypeVar("Element")
Group = TypeVar("Group")


def members_send_a_unit_to_the_root(
    model: pulp.LpProblem,
    member: Mapping[tuple[Element, Group], pulp.LpVariable],
    pairs: Iterable[tuple[Element, Element]],
    roots: Mapping[Group, Element],
    exempt: Collection[tuple[Element, Group]] = (),
) -> None:
    """
    Add ``Σ out - Σ in = x_ij`` for every member i of j but the root, and ``flow into k <= n x_kj``.

    Parameters
    ----------
    model
        Gets variables and rows.
    member
        Variables ``x_ij`` by element (block or school) and group (zone or cluster).
    pairs
        Elements that touch, each pair once.
    roots
        Root of each group; a group without one need not be contiguous.
    exempt
        Elements and groups that need not be reached: they send nothing, and hand on what reaches them.

    Notes
    -----
    A flow from each member to its root (Shirabe, "A model of contiguity for spatial unit allocation", Geographical Analysis 37,
    2005): a member that the root does not reach inside the group cannot send its unit anywhere.
    """
    links = list(pairs)
    for group, root in roots.items():
        mine = {i for i, other in member if other == group}
        out, into = defaultdict(list), defaultdict(list)
        for a, b in links:
            for start, end in ((a, b), (b, a)):
                if start in mine and end in mine and start != root:
                    flow = model.add_variable(f"flow_{start}_{end}_{group}", 0)
                    out[start].append((flow, 1))
                    into[end].append((flow, -1))
        for i in sorted(mine - {root}, key=str):
            sent = [] if (i, group) in exempt else [(member[i, group], -1)]
            model.addConstraint(pulp.LpAffineExpression([*out[i], *into[i], *sent]) == 0, name=f"sends_{i}_{group}")
        for i in sorted(into, key=str):
            entering = [(flow, 1) for flow, _ in into[i]]
            row = pulp.LpAffineExpression([*entering, (member[i, group], 1 - len(mine))])
            model.addConstraint(row <= 0, name=f"holds_{i}_{group}")


FAMILIES = (members_send_a_unit_to_the_root,)
"""Every family of rows of this module; each has a golden LP file."""
