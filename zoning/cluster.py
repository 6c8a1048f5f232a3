"""Clusters 学区 under 1+X+Y: one lead school, X urban and Y rural members. A cluster is not a catchment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["ClusterPlan", "Membership", "Role", "Tie", "TieKind"]


class Role(StrEnum):
    """What a school is in its cluster (policy §8)."""

    LEAD = "lead"
    URBAN = "urban"
    RURAL = "rural"


class TieKind(StrEnum):
    """How two schools are tied (policy §8): one legal person, alliance, assistance."""

    TIGHT = "tight"
    ALLIANCE = "alliance"
    ASSIST = "assist"


@dataclass(frozen=True, slots=True)
class Tie:
    """A tie between two schools, by id."""

    a: str
    b: str
    kind: TieKind


@dataclass(frozen=True, slots=True)
class Membership:
    """A school's place: the cluster is named by the id of its lead school."""

    school: str
    cluster: str
    role: Role


@dataclass(frozen=True, slots=True)
class ClusterPlan:
    """
    Every public primary and junior school in exactly one cluster.

    Parameters
    ----------
    members
        Sorted by cluster, then role (lead first), then school id.
    names
        Name of each cluster by the id of its lead.
    """

    members: tuple[Membership, ...]
    names: tuple[tuple[str, str], ...] = ()

    def cluster_of(self) -> Mapping[str, str]:
        """Return the cluster of each school id."""
        return {member.school: member.cluster for member in self.members}

    def clusters(self) -> Mapping[str, tuple[Membership, ...]]:
        """Return the members of each cluster."""
        result: dict[str, tuple[Membership, ...]] = {}
        for member in self.members:
            result[member.cluster] = (*result.get(member.cluster, ()), member)
        return result

    def to_frame(self) -> pd.DataFrame:
        """Return the clusters as a table: a line for each school."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        return pd.DataFrame({
            "school_id": [member.school for member in self.members],
            "cluster": [member.cluster for member in self.members],
            "role": [str(member.role) for member in self.members],
        })  # fmt: skip
