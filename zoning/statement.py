"""Everything that a plan folder says, row by row: what `verify` reads and checks against the district."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

__all__ = ["AssignmentRow", "ClusterRow", "OverflowRow", "SchoolRow", "SeatRow", "Statement"]


class AssignmentRow(NamedTuple):
    """A line of assignment.csv; ``distance_m`` None where the school is out of reach."""

    block_id: str
    stage: str
    year: int
    school_id: str
    distance_m: float | None
    previous_school_id: str
    reason: str


class SchoolRow(NamedTuple):
    """
    A line of schools.csv: one grade of one school in one year (grade empty where pupils are known by stage only).

    ``planned``, ``working``, ``utilisation`` and ``alert`` are of the school's whole stage and stand on each of its lines;
    class columns are None
    where classrooms are not known.
    """

    school_id: str
    stage: str
    year: int
    grade: str
    pupils: int
    classes: int | None
    largest_class: int | None
    large: int | None
    super_large: int | None
    planned: int
    working: int
    utilisation: float | None
    alert: str


class SeatRow(NamedTuple):
    """A line of seats.csv: what a site opens in a year; a site not chosen has one line with year None and zeros."""

    site_id: str
    programme: str
    stage: str
    year: int | None
    classrooms: int
    seats: int
    land_m2: int
    floor_m2: int
    cost: int
    reason: str


class ClusterRow(NamedTuple):
    """A line of clusters.csv; the cluster is named by the id of its lead."""

    school_id: str
    cluster: str
    role: str


class OverflowRow(NamedTuple):
    """A line of overflow.csv: pupils of a school above its planned seats that a member of its cluster could take."""

    school_id: str
    stage: str
    year: int
    pupils: int
    to_school_id: str
    distance_m: float | None


@dataclass(frozen=True, slots=True)
class Statement:
    """
    A plan folder as data.

    Parameters
    ----------
    plan
        The object of plan.json.
    assignment, schools, seats, clusters, overflow
        Lines of the tables.
    certificate
        The object of certificate.json.
    scenarios
        Lines of scenarios.csv: as ``schools``, for each other demand scenario.
    """

    plan: Mapping[str, Any]
    assignment: tuple[AssignmentRow, ...] = ()
    schools: tuple[SchoolRow, ...] = ()
    seats: tuple[SeatRow, ...] = ()
    clusters: tuple[ClusterRow, ...] = ()
    overflow: tuple[OverflowRow, ...] = ()
    certificate: Mapping[str, Any] = field(default_factory=dict)
    scenarios: Mapping[str, tuple[SchoolRow, ...]] = field(default_factory=dict)

    def to_frame(self, table: str = "assignment") -> pd.DataFrame:
        """
        Return a table with the columns of its file.

        Parameters
        ----------
        table
            ``assignment``, ``schools``, ``seats``, ``clusters`` or ``overflow``.

        Raises
        ------
        ValueError
            If it is none of these.
        """
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        if table not in _ROWS:
            raise ValueError(f"a plan has no table {table!r}; its tables are {', '.join(_ROWS)}")
        return pd.DataFrame(list(getattr(self, table)), columns=list(_ROWS[table]._fields))


_ROWS: Mapping[str, type[Any]] = {
    "assignment": AssignmentRow, "schools": SchoolRow, "seats": SeatRow, "clusters": ClusterRow, "overflow": OverflowRow,
}  # fmt: skip
