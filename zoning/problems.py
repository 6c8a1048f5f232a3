"""What is wrong with an input: collected first, told together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Problem", "Problems"]


@dataclass(frozen=True, slots=True)
class Problem:
    """
    One thing that is wrong with an input.

    Parameters
    ----------
    table
        Table of the case ("blocks"), or "case.toml".
    message
        What is wrong, with what was expected, in one sentence.
    fix
        How to mend it, in one sentence.
    row
        Row in the file as a person counts it, or the id of the record; None if it is not about a row.
    column
        Column as it is named in the file.
    value
        The offending value, as text.
    geometry
        Where it is, as WKT in the case's coordinate system.
    """

    table: str
    message: str
    fix: str = ""
    row: int | str | None = None
    column: str | None = None
    value: str | None = None
    geometry: str | None = None

    @property
    def place(self) -> str:
        """Table, row and column in words."""
        parts = [self.table]
        if self.row is not None:
            parts.append(f"row {self.row}")
        if self.column is not None:
            parts.append(f"column {self.column}")
        return ", ".join(parts)

    def to_json(self) -> dict[str, Any]:
        """Return the keys of interface.md: table, row, column, value, message, fix."""
        return {name: getattr(self, name) for name in ("table", "row", "column", "value", "message", "fix")}


@dataclass(slots=True)
class Problems:
    """
    A growing list of errors and warnings.

    Errors stop the run, warnings do not (case-format.md).
    """

    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def error(self, table: str, message: str, fix: str = "", **where: Any) -> None:
        """Add an error; ``where`` are the further fields of `Problem`."""
        self.errors.append(Problem(table, message, fix, **where))

    def warn(self, table: str, message: str, fix: str = "", **where: Any) -> None:
        """Add a warning; ``where`` are the further fields of `Problem`."""
        self.warnings.append(Problem(table, message, fix, **where))

    def extend(self, other: Problems) -> None:
        """Take over what another list has found."""
        self.errors.extend(other.errors)
        self.warnings.extend(other.warnings)

    def __iter__(self) -> Iterator[Problem]:
        yield from self.errors
        yield from self.warnings

    def __len__(self) -> int:
        return len(self.errors) + len(self.warnings)
