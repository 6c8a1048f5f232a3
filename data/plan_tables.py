"""The tables of a plan folder: fixed columns, fixed decimals, and reading them back with every fault named."""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from xuequ.zoning.errors import InputError, LimitExceeded
from xuequ.zoning.statement import AssignmentRow, ClusterRow, OverflowRow, SchoolRow, SeatRow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

    from xuequ.zoning.problems import Problems

__all__ = ["TABLES", "Table", "read_scenarios", "read_table", "scenario_text", "table_text"]

_LARGEST_FILE = 1 << 30
_WHOLE = 10**12


class _Column(NamedTuple):
    kind: type
    empty: bool = False
    decimals: int = 0


_TEXT, _NUMBER, _MAYBE = _Column(str, empty=True), _Column(int), _Column(int, empty=True)
_METRES, _SHARE = _Column(float, empty=True, decimals=1), _Column(float, empty=True, decimals=4)


@dataclass(frozen=True, slots=True)
class Table:
    """
    A file of a plan folder.

    Parameters
    ----------
    file
        Its name.
    row
        The record of a line; its fields are the columns, in this order.
    columns
        What each column holds.
    always
        Whether it is written also without lines.
    """

    file: str
    row: Callable[..., Any]
    columns: dict[str, _Column]
    always: bool = True


_SCHOOL = {
    "school_id": _TEXT, "stage": _TEXT, "year": _NUMBER, "grade": _TEXT, "pupils": _NUMBER, "classes": _MAYBE,
    "largest_class": _MAYBE, "large": _MAYBE, "super_large": _MAYBE, "planned": _NUMBER, "working": _NUMBER,
    "utilisation": _SHARE, "alert": _TEXT,
}  # fmt: skip

TABLES: dict[str, Table] = {
    "assignment": Table("assignment.csv", AssignmentRow, {
        "block_id": _TEXT, "stage": _TEXT, "year": _NUMBER, "school_id": _TEXT, "distance_m": _METRES,
        "previous_school_id": _TEXT, "reason": _TEXT,
    }),
    "schools": Table("schools.csv", SchoolRow, _SCHOOL),
    "seats": Table("seats.csv", SeatRow, {
        "site_id": _TEXT, "programme": _TEXT, "stage": _TEXT, "year": _MAYBE, "classrooms": _NUMBER, "seats": _NUMBER,
        "land_m2": _NUMBER, "floor_m2": _NUMBER, "cost": _NUMBER, "reason": _TEXT,
    }),
    "clusters": Table("clusters.csv", ClusterRow, {"school_id": _TEXT, "cluster": _TEXT, "role": _TEXT}),
    "overflow": Table("overflow.csv", OverflowRow, {
        "school_id": _TEXT, "stage": _TEXT, "year": _NUMBER, "pupils": _NUMBER, "to_school_id": _TEXT, "distance_m": _METRES,
    }, always=False),
}  # fmt: skip
"""By field of `Statement`, the columns of interface.md."""

_SCENARIOS = Table("scenarios.csv", lambda *cells: cells, {"scenario": _TEXT, **_SCHOOL}, always=False)


class _Lines(list[str]):
    """Lines of a file with line feeds between; the writer puts a text into quotes only for a line end that it writes itself."""

    END = "\r\n"

    def write(self, line: str) -> None:
        self.append(f"{line.removesuffix(self.END)}\n")


def table_text(table: Table, rows: Iterable[tuple[Any, ...]]) -> str:
    """Return a table as the text of its file: a head, one line a row, line feeds between."""
    lines = _Lines()
    writer = csv.writer(lines, lineterminator=_Lines.END)
    writer.writerow(table.columns)
    columns = list(table.columns.values())
    writer.writerows([_written(column, value) for column, value in zip(columns, row, strict=True)] for row in rows)
    return "".join(lines)


def scenario_text(scenarios: dict[str, tuple[SchoolRow, ...]]) -> str:
    """Return scenarios.csv: the columns of schools.csv after that of the scenario."""
    return table_text(_SCENARIOS, ((name, *row) for name, rows in scenarios.items() for row in rows))


def read_table(folder: Path, table: Table, problems: Problems) -> tuple[Any, ...]:
    """
    Return the rows of a file; faults go to ``problems`` with line and column.

    A file that need not be there gives no rows.
    """
    return tuple(table.row(*cells) for cells in _cells(folder, table, problems))


def read_scenarios(folder: Path, problems: Problems) -> dict[str, tuple[SchoolRow, ...]]:
    """Return the rows of scenarios.csv by scenario, in the order of the file."""
    found: dict[str, list[SchoolRow]] = {}
    for name, *cells in _cells(folder, _SCENARIOS, problems):
        found.setdefault(name, []).append(SchoolRow(*cells))
    return {name: tuple(rows) for name, rows in found.items()}


def _written(column: _Column, value: Any) -> Any:
    if value is None:
        return ""
    return f"{value:.{column.decimals}f}" if column.kind is float else value


def _cells(folder: Path, table: Table, problems: Problems) -> Iterator[list[Any]]:
    text = _text(folder, table, problems)
    if text is None:
        return
    lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = list(table.columns.items())
    try:
        head = next(lines, [])
        if head != list(table.columns):
            expected = ", ".join(table.columns)
            problems.error(table.file, f"the first line is {', '.join(head) or 'empty'}; expected is {expected}", row=1)
            return
        for cells in lines:
            if len(cells) != len(columns):
                problems.error(table.file, f"{len(cells)} cells; expected are {len(columns)}", row=lines.line_num)
                continue
            row = [_read(column, cell) for (_, column), cell in zip(columns, cells, strict=True)]
            wrong = [k for k, value in enumerate(row) if isinstance(value, _Unread)]
            for k in wrong:
                problems.error(
                    table.file, f"{cells[k]!r} is not {row[k].expected}", row=lines.line_num, column=columns[k][0], value=cells[k]
                )  # fmt: skip
            if not wrong:
                yield row
    except csv.Error as error:
        problems.error(table.file, f"the file is not a CSV table: {error}", row=lines.line_num)


def _text(folder: Path, table: Table, problems: Problems) -> str | None:
    path = folder / table.file
    if not path.exists() and not table.always:
        return None
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise LimitExceeded(f"{path} is larger than {_LARGEST_FILE >> 20} MiB, the most that is read of a plan's table")
        return path.read_bytes().decode("utf-8-sig")  # line ends within a text stay as they are
    except FileNotFoundError:
        problems.error(table.file, "the file is missing from the plan folder", "write the plan again")
    except UnicodeDecodeError as error:
        problems.error(table.file, f"the file is not UTF-8 text (byte {error.start})", "save it as UTF-8")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    return None


@dataclass(frozen=True, slots=True)
class _Unread:
    expected: str


def _read(column: _Column, cell: str) -> Any:
    """Return the value of a cell, or what was expected of it."""
    if column.kind is str:
        return cell
    if not cell and column.empty:
        return None
    try:
        value = column.kind(cell)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or abs(value) > _WHOLE:
        return _Unread("a whole number" if column.kind is int else "a number")
    return value
