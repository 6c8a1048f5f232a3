"""
Tables of a case, read within bounds, with the program's column names and clean values.

Every file format ends in the same `Table`; what is wrong with the file or a value goes to the problems.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.cells import Parsed, absent, as_text, parse_column
from xuequ.data.files import RawTable, read_raw
from xuequ.data.folder import Limits, Unreadable
from xuequ.data.tables import COORDINATE_HEADINGS, TABLES, Column, Kind, TableSchema, heading_key

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xuequ.data.case_file import JoinSection, TableSection
    from xuequ.zoning.problems import Problems

__all__ = ["Table", "match_columns", "read_table"]


@dataclass(frozen=True, slots=True, eq=False)
class Table:
    """
    A table of a case with the program's columns.

    Parameters
    ----------
    name
        As in ``[tables.NAME]``.
    rows
        Row numbers as a person counts them in the file.
    data
        Values by the program's column, shape ``(rows,)``: objects (texts, tuples of texts) or float64 with NaN for none.
    theirs
        The file's heading of each column.
    geometry
        Shapes, None entries where there are none; None if the table has no places.
    crs
        Of ``geometry``: what the file says, or None; replaced when `xuequ.data.project` has made it plain.
    degrees
        True where places came from ``lon`` and ``lat`` columns.
    mended
        What was mended on the way, with the number of cells, by column.
    rest
        Columns of the file that are not the program's, by heading.
    faulty
        Cells that could not be understood, as they stand in the file, by column and position.
    notes
        What was done or seen while the file was read.
    """

    name: str
    rows: list[int]
    data: Mapping[str, NDArray[Any]]
    theirs: Mapping[str, str]
    geometry: NDArray[Any] | None = None
    crs: Any = None
    degrees: bool = False
    mended: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    rest: Mapping[str, list[Any]] = field(default_factory=dict)
    faulty: Mapping[str, Mapping[int, str]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)

    def has(self, column: str) -> bool:
        """Say whether the table has a column."""
        return column in self.data

    def text(self, column: str) -> list[str]:
        """Return a column of texts, "" everywhere if it is not there."""
        return [str(value) for value in self.data[column]] if column in self.data else [""] * len(self)

    def lists(self, column: str) -> list[tuple[str, ...]]:
        """Return a column of lists, empty everywhere if it is not there."""
        return list(self.data[column]) if column in self.data else [()] * len(self)

    def number(self, column: str, default: float = float("nan")) -> NDArray[np.float64]:
        """Return a column of numbers with a value where there is none."""
        if column not in self.data:
            return np.full(len(self), default)
        values = np.asarray(self.data[column], dtype=np.float64)
        return np.where(np.isnan(values), default, values)

    def whole(self, column: str, default: int = 0) -> NDArray[np.int64]:
        """Return a column of whole numbers with a value where there is none."""
        return np.round(self.number(column, default)).astype(np.int64)

    def middles(self) -> NDArray[np.float64]:
        """Return the middle of the place of each row, shape ``(rows, 2)``; NaN where there is none."""
        result = np.full((len(self), 2), np.nan)
        if self.geometry is not None:
            there = ~shapely.is_missing(self.geometry) & ~shapely.is_empty(self.geometry)
            middles = self.geometry[there]
            wide = shapely.get_type_id(middles) != shapely.GeometryType.POINT
            middles[wide] = shapely.centroid(middles[wide])
            result[there] = shapely.get_coordinates(middles)
        return result

    def row_of(self, position: int) -> int | str:
        """Return what a person knows a row by: its id, else its number in the file."""
        return (self.data["id"][position] if self.has("id") else "") or self.rows[position]

    def heading(self, column: str) -> str:
        """Return the file's heading of a column."""
        return self.theirs.get(column, column)


def read_table(folder: Path, name: str, section: TableSection, problems: Problems, limits: Limits = Limits()) -> Table | None:  # noqa: B008
    """
    Read one table of a case.

    Parameters
    ----------
    folder
        The case's folder.
    name
        Of the table.
    section
        What ``case.toml`` says of it.
    problems
        Takes what is wrong.
    limits
        Bounds.

    Returns
    -------
    Table or None
        None if the file cannot be read at all.

    Raises
    ------
    LimitExceeded
        If a file is larger than what is read.
    """
    schema = TABLES[name]
    expected = (
        frozenset(heading_key(word) for column in schema.columns for word in (column.name, *column.headings))
        | frozenset(heading_key(theirs) for theirs in section.columns.values())
        | frozenset(COORDINATE_HEADINGS)
    )
    try:
        raw = read_raw(folder, section, expected, limits)
    except Unreadable as error:
        problems.error(name, f"{section.file}: {error.message}", error.fix)
        return None
    for note in raw.notes:
        problems.warn(name, f"{section.file}: {note}", "nothing needs to be done if that is right")
    theirs = _columns_of(schema, section, raw, problems)
    parsed = _parsed(schema, section, raw, theirs, problems)
    for join in section.join:
        places = _joined(folder, schema, join, parsed, problems, limits)
        raw.columns.update(places)
        theirs.update({name: name for name in places})
    table = _placed(schema, raw, theirs, parsed, problems)
    _require(schema, table, problems)
    return table


@dataclass(slots=True)
class _Columns:
    data: dict[str, NDArray[Any]]
    theirs: dict[str, str]
    mended: dict[str, Mapping[str, int]]
    rows: list[int]
    faulty: dict[str, dict[int, str]] = field(default_factory=dict)


def _columns_of(schema: TableSchema, section: TableSection, raw: RawTable, problems: Problems) -> dict[str, str]:
    """Match the program's columns to the file's headings: as the case says, by name, by common headings."""
    found: dict[str, str] = {}
    for ours, theirs in section.columns.items():
        if ours not in schema.names():
            continue
        match = theirs if theirs in raw.columns else _same_key(theirs, raw.columns)
        if match is None and not (ours == "geometry" and raw.geometry is not None):
            near = get_close_matches(theirs, raw.columns, n=1, cutoff=0.0)
            hint = f"; the nearest one is {near[0]}" if near else ""
            problems.error(schema.name, f"{section.file} has no column {theirs}{hint}",
                           f"correct columns.{ours} of [tables.{schema.name}] in case.toml", column=theirs)  # fmt: skip
        elif match is not None:
            found[ours] = match
    return match_columns(schema, list(raw.columns), found, {*section.columns, *section.values})


def match_columns(
    schema: TableSchema, headings: Sequence[str], found: Mapping[str, str] | None = None, settled: Collection[str] = ()
) -> dict[str, str]:
    """
    Match the program's columns to headings: those of the same name first, then those in common use.

    Parameters
    ----------
    schema
        Of the table.
    headings
        Of the file.
    found
        Matches that stand already.
    settled
        The program's columns that are not looked for.

    Returns
    -------
    dict
        Heading by the program's column; each heading is taken once.
    """
    found = dict(found or {})
    taken = set(found.values())
    words: list[tuple[str, tuple[str, ...]]] = [(column.name, column.headings) for column in schema.columns]
    if schema.shape != "none":
        words += [(name, others) for name, others in COORDINATE_HEADINGS.items()]
    keys = {heading_key(heading): heading for heading in reversed(headings)}
    for level in (0, 1):
        for ours, others in words:
            if ours in found or ours in settled:
                continue
            options = [ours] if level == 0 else list(others)
            match = next((keys[heading_key(word)] for word in options if keys.get(heading_key(word)) not in {None, *taken}), None)
            if match is not None:
                found[ours] = match
                taken.add(match)
    return found


def _same_key(heading: str, columns: Mapping[str, Any]) -> str | None:
    return next((theirs for theirs in columns if heading_key(theirs) == heading_key(heading)), None)


def _parsed(schema: TableSchema, section: TableSection, raw: RawTable, theirs: dict[str, str], problems: Problems) -> _Columns:
    result = _Columns({}, {}, {}, raw.rows)
    for column in schema.columns:
        if column.name in theirs:
            guessed = column.name not in section.columns
            _add(schema, column, raw.columns[theirs[column.name]], theirs[column.name], result, problems, guessed=guessed)
        elif column.name in section.values:
            _add(schema, column, [section.values[column.name]] * len(raw.rows), column.name, result, problems)
    return result


def _foreign(cells: list[Any], parsed: Parsed) -> bool:
    """Say whether no cell of a column is what its heading promises: then the heading only happens to be ours."""
    fatal = sum(fault.fatal and fault.message not in {"is negative", "is not finite"} for fault in parsed.faults)
    fatal += sum(parsed.more.values()) if fatal else 0
    return fatal > 0 and fatal >= sum(not absent(cell) for cell in cells)


def _add(
    schema: TableSchema,
    column: Column,
    cells: list[Any],
    heading: str,
    into: _Columns,
    problems: Problems,
    *,
    guessed: bool = False,
) -> None:
    parsed = parse_column(cells, column)
    if guessed and not column.required and _foreign(cells, parsed):
        message = f"{heading} holds something else than {column.name} ({column.kind}); it is left aside"
        problems.warn(schema.name, message, f"name the right column in columns.{column.name}", column=heading)
        return
    for fault in parsed.faults:
        told = problems.error if fault.fatal else problems.warn
        message = f"{fault.value} {fault.message}" if fault.message.startswith("is ") else f"{fault.message}: {fault.value}"
        told(schema.name, message, fault.fix, row=into.rows[fault.position], column=heading, value=fault.value)
        if fault.fatal:
            into.faulty.setdefault(column.name, {})[fault.position] = fault.value
    for message, more in parsed.more.items():
        problems.warn(
            schema.name, f"{more} more cells of this column: {message}", "mend those that are listed first", column=heading
        )
    into.data[column.name] = parsed.values
    into.theirs[column.name] = heading
    if parsed.mended:
        into.mended[column.name] = parsed.mended


def _joined(
    folder: Path, schema: TableSchema, join: JoinSection, parsed: _Columns, problems: Problems, limits: Limits
) -> dict[str, list[Any]]:
    """
    Add columns of a second file by the ids of the table; return those that say where rows are, as cells.

    A row that the second file lacks gets no values, one that only it has is left out (warnings); an id twice in it is an error.
    """
    try:
        raw = read_raw(folder, join, frozenset(heading_key(word) for word in (join.key, *join.columns.values())), limits)
    except Unreadable as error:
        problems.error(schema.name, f"{join.file}: {error.message}", error.fix)
        return {}
    missing = [theirs for theirs in (join.key, *join.columns.values()) if theirs not in raw.columns]
    for theirs in missing:
        near = get_close_matches(theirs, raw.columns, n=1, cutoff=0.0)
        problems.error(schema.name, f"{join.file} has no column {theirs}" + (f"; the nearest one is {near[0]}" if near else ""),
                       f"correct join of [tables.{schema.name}] in case.toml", column=theirs)  # fmt: skip
    if missing or "id" not in parsed.data:
        return {}
    keys = parse_column(raw.columns[join.key], schema.column("id")).values
    at = {key: position for position, key in enumerate(keys) if key}
    if len(at) < sum(bool(key) for key in keys):
        twice = sorted({key for key in keys if key and list(keys).count(key) > 1})
        problems.error(schema.name, f"{join.file} names {', '.join(twice[:5])} more than once", "keep one row of each",
                       column=join.key, value=twice[0])  # fmt: skip
    ids = parsed.data["id"]
    lacking = [key for key in ids if key and key not in at]
    if lacking:
        problems.warn(schema.name, f"{join.file} has no row for {len(lacking)} of {len(ids)} ids, {lacking[0]} the first",
                      "add them if they have values", column=join.key, value=lacking[0])  # fmt: skip
    foreign = sorted(set(at) - set(ids))
    if foreign:
        problems.warn(schema.name, f"{join.file} has {len(foreign)} rows of unknown ids, {foreign[0]} the first: left out",
                      "see whether the ids are written alike in both files", column=join.key, value=foreign[0])  # fmt: skip
    places: dict[str, list[Any]] = {}
    for ours, theirs in join.columns.items():
        cells = [raw.columns[theirs][at[key]] if key in at else None for key in ids]
        if ours in COORDINATE_HEADINGS:
            places[ours] = cells
        else:
            _add(schema, schema.column(ours), cells, theirs, parsed, problems)
    return places


def _placed(schema: TableSchema, raw: RawTable, theirs: dict[str, str], parsed: _Columns, problems: Problems) -> Table:
    geometry, crs, degrees = raw.geometry, raw.crs, False
    if geometry is None and schema.shape != "none":
        if "geometry" in theirs:
            geometry = _from_wkt(schema, raw, theirs["geometry"], parsed, problems)
        elif "lon" in theirs and "lat" in theirs:
            geometry, degrees = _points(schema, raw, (theirs["lon"], theirs["lat"]), parsed, problems), True
        elif "x" in theirs and "y" in theirs:
            geometry = _points(schema, raw, (theirs["x"], theirs["y"]), parsed, problems)
    used = {*theirs.values()}
    rest = {name: cells for name, cells in raw.columns.items() if name not in used}
    all_theirs = {**{name: heading for name, heading in theirs.items() if name in COORDINATE_HEADINGS}, **parsed.theirs}
    return Table(
        schema.name, raw.rows, parsed.data, all_theirs, geometry, crs, degrees, parsed.mended, rest, parsed.faulty, raw.notes
    )


def _points(schema: TableSchema, raw: RawTable, headings: tuple[str, str], into: _Columns, problems: Problems) -> NDArray[Any]:
    columns = _Columns({}, {}, {}, raw.rows, into.faulty)
    for name, heading in zip(("x", "y"), headings, strict=True):
        _add(schema, Column(name, Kind.NUMBER, "as the geometry"), raw.columns[heading], heading, columns, problems)
    both = ~np.isnan(columns.data["x"]) & ~np.isnan(columns.data["y"])
    shapes = np.full(len(raw.rows), None, dtype=object)
    shapes[both] = shapely.points(columns.data["x"][both], columns.data["y"][both])
    return shapes


def _from_wkt(schema: TableSchema, raw: RawTable, heading: str, into: _Columns, problems: Problems) -> NDArray[Any]:
    cells = raw.columns[heading]
    texts = ["" if absent(cell) else as_text(cell) for cell in cells]
    plain = [None if isinstance(cell, bytes) else text or None for cell, text in zip(cells, texts, strict=True)]
    shapes = np.asarray(shapely.from_wkt(plain, on_invalid="ignore"), dtype=object)
    packed = [position for position, cell in enumerate(cells) if isinstance(cell, bytes)]
    shapes[packed] = shapely.from_wkb([cells[position] for position in packed], on_invalid="ignore")
    for position, text in enumerate(texts):
        if text and shapes[position] is None:
            into.faulty.setdefault("geometry", {})[position] = text[:60]
            problems.error(schema.name, "the geometry is not well-known text (WKT)", "write it like POINT (x y)",
                           row=raw.rows[position], column=heading, value=text[:60])  # fmt: skip
    return np.asarray(shapely.force_2d(shapes), dtype=object)


def _require(schema: TableSchema, table: Table, problems: Problems) -> None:
    """Tell of columns that are not there and cells that are empty though every row needs them."""
    present = [*table.theirs.values(), *table.rest]
    for column in schema.columns:
        if not column.required:
            continue
        if not table.has(column.name):
            near = get_close_matches(column.name, present, n=1, cutoff=0.0)
            hint = f"; the file has {', '.join(present[:12])}" if present else ""
            problems.error(schema.name, f"there is no column {column.name}{hint}",
                           f'name it in case.toml: [tables.{schema.name}] columns = {{ {column.name} = "{(near or ["…"])[0]}" }}',
                           column=column.name)  # fmt: skip
            continue
        values = table.data[column.name]
        told = table.faulty.get(column.name, {})
        bare = np.array([not value for value in values]) if values.dtype == object else np.isnan(values)
        empty = [position for position in np.flatnonzero(bare).tolist() if position not in told]
        for position in empty[:20]:
            problems.error(schema.name, f"{table.heading(column.name)} is empty", "fill the cell or delete the row",
                           row=table.rows[position], column=table.heading(column.name))  # fmt: skip
        if len(empty) > 20:
            problems.warn(schema.name, f"{len(empty) - 20} more rows have no {table.heading(column.name)}", "fill them all")
