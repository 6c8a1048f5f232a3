"""Text files and workbooks read into plain columns, whatever their encoding, separator and heading rows."""

from __future__ import annotations

import csv
import io
import re
import zipfile
import zlib
from typing import TYPE_CHECKING, Any

from charset_normalizer import from_bytes

from xuequ.data.cells import absent, as_text
from xuequ.data.folder import Limits, Unreadable
from xuequ.data.tables import heading_key
from xuequ.zoning.errors import LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Set as AbstractSet
    from pathlib import Path

__all__ = ["Sheet", "decode", "read_text_file", "read_workbook"]

_SEPARATORS = ",;\t|"
_SAMPLE = 200_000
_HEADING_ROWS = 12
_MARKS = ((b"\xff\xfe\0\0", "utf-32"), (b"\0\0\xfe\xff", "utf-32"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"))
"""Byte order marks; that of UTF-32 begins like that of UTF-16."""
_CELL = re.compile(rb'<(?:\w+:)?c [^>]*?r="([A-Z]{1,3})(\d{1,7})"')


class Sheet:
    """
    Headings and cells.

    Parameters
    ----------
    columns
        Cells by heading; of equal headings the later ones carry ``.2``, ``.3`` …
    rows
        Row numbers as a person counts them in the file.
    notes
        What was done or seen on the way, for warnings.
    """

    __slots__ = ("columns", "notes", "rows")

    def __init__(self, columns: dict[str, list[Any]], rows: list[int], notes: list[str]) -> None:
        self.columns = columns
        self.rows = rows
        self.notes = notes


def decode(raw: bytes, declared: str | None) -> tuple[str, str, str]:
    """
    Decode text of an unknown or a declared encoding.

    Parameters
    ----------
    raw
        The file.
    declared
        Encoding that the case names, or None.

    Returns
    -------
    text, encoding, note
        ``note`` says that the declared encoding was not the true one; else it is empty.

    Raises
    ------
    Unreadable
        If no encoding fits.
    """
    marked = next((encoding for mark, encoding in _MARKS if raw.startswith(mark)), "")
    wide = declared is not None and declared.casefold().replace("_", "-").startswith(("utf-16", "utf-32", "utf16", "utf32"))
    if b"\0" in raw[:_SAMPLE] and not marked and not wide:
        raise Unreadable("is not a text file (it holds NUL bytes)", "save it as CSV in UTF-8")
    note = ""
    if declared:
        try:
            return raw.decode("utf-8-sig" if declared.casefold().replace("-", "") == "utf8" else declared), declared, ""
        except LookupError as error:
            raise Unreadable(f"there is no encoding {declared}", 'write encoding = "utf-8" or "gb18030"') from error
        except UnicodeError:
            note = f"the file is not {declared} as the case says"
    for encoding in ("utf-8-sig", marked) if marked else ("utf-8-sig",):
        try:
            return raw.decode(encoding), encoding.removesuffix("-sig"), note and f"{note}; it is read as UTF-8"
        except UnicodeError:
            continue
    return _sniffed(raw, note)


def _sniffed(raw: bytes, note: str) -> tuple[str, str, str]:
    """Decode by likelihood: first the encoding of Chinese offices, if it gives common characters."""
    guess = from_bytes(raw[:_SAMPLE], cp_isolation=["gb18030", "big5", "cp1252", "utf_16"]).best()
    for encoding in ["gb18030", *([guess.encoding] if guess else []), "cp1252", "gb18030"]:
        try:
            text = raw.decode(encoding)
        except UnicodeError:
            continue
        if encoding != "gb18030" or _is_common_chinese(text):
            return text, encoding, note and f"{note}; it is read as {encoding}"
    raise Unreadable("is in no known encoding", "save it in UTF-8, or name its encoding in case.toml")


def _is_common_chinese(text: str) -> bool:
    """Say whether what lies beyond ASCII is mostly in GB 2312; accents of other languages come out as rare characters."""
    foreign = "".join(letter for letter in text[:_SAMPLE] if ord(letter) > 127)
    return len(foreign.encode("gb2312", "ignore")) >= 2 * 0.7 * len(foreign)


def read_text_file(path: Path, declared: str | None, expected: AbstractSet[str], limits: Limits) -> Sheet:
    """
    Read a CSV file.

    Parameters
    ----------
    path
        The file; its size is checked already.
    declared
        Encoding that the case names, or None.
    expected
        Keys of the headings that may stand there (`heading_key`).
    limits
        Bounds.

    Raises
    ------
    Unreadable
        If it cannot be decoded or taken apart.
    LimitExceeded
        If it has too many rows.
    """
    import pandas as pd  # noqa: PLC0415 - heavy

    raw = path.read_bytes()
    limits.check_rows(path.name, raw.count(b"\n"))
    text, encoding, note = decode(raw, declared)
    notes = [note] if note else []
    if raw.startswith(b"\xef\xbb\xbf"):
        text = text.lstrip("\ufeff")
    if "\n" not in text:
        text = text.replace("\r", "\n")  # lines as old Macintosh programs end them
    lines = text.split("\n", _HEADING_ROWS)[:_HEADING_ROWS]
    try:
        frame = pd.read_csv(
            io.StringIO(text), sep=_separator(lines), dtype=object, keep_default_na=False, na_filter=False, header=None,
            names=range(_width(lines)), index_col=False, skip_blank_lines=False, on_bad_lines="error", engine="c",
        )  # fmt: skip
    except pd.errors.EmptyDataError as error:
        raise Unreadable("is empty", "put a line of headings and the rows into it") from error
    except (pd.errors.ParserError, csv.Error, ValueError) as error:
        said = str(error).replace("Error tokenizing data. C error: ", "").strip()
        raise Unreadable(f"cannot be taken apart into columns: {said}", "see to the separators and quotation marks") from error
    sheet = _from_grid(frame.to_numpy(dtype=object).tolist(), expected, {})
    if encoding not in {"utf-8", "utf-8-sig"} and not declared:
        notes.append(f"encoding: {encoding}")
    sheet.notes[:0] = notes
    return sheet


def _separator(lines: list[str]) -> str:
    """Return the separator that divides the first lines into the most columns alike."""

    def columns(separator: str) -> tuple[int, int]:
        counts = [len(row) for row in csv.reader([line for line in lines if line.strip()], delimiter=separator)]
        return (min(counts), max(counts)) if counts else (0, 0)

    return max(_SEPARATORS, key=lambda each: (columns(each), -_SEPARATORS.index(each)))


def _width(lines: list[str]) -> int:
    separator = _separator(lines)
    return max((len(row) for row in csv.reader(lines, delimiter=separator)), default=1) or 1


def read_workbook(path: Path, sheet: str | None, expected: AbstractSet[str], limits: Limits) -> Sheet:
    """
    Read a sheet of an Excel or OpenDocument workbook: values only, no formula is run.

    Parameters
    ----------
    path
        The file; its size is checked already.
    sheet
        Name of the sheet; the first visible one if None.
    expected
        Keys of the headings that may stand there (`heading_key`).
    limits
        Bounds.

    Raises
    ------
    Unreadable
        If it is no workbook, is locked, or has no such sheet.
    LimitExceeded
        If it unpacks to too much.
    """
    import python_calamine as calamine  # noqa: PLC0415 - only where there is a workbook

    if zipfile.is_zipfile(path):
        _check_package(path, limits)
    try:
        with calamine.load_workbook(str(path)) as book:
            name = _sheet_name(book, sheet)
            table = book.get_sheet_by_name(name)
            if table.total_height * table.total_width > limits.cells:
                raise LimitExceeded(
                    f"{path.name} has {table.total_height * table.total_width:,} cells; at most {limits.cells:,} are read"
                )
            limits.check_rows(path.name, table.total_height)
            grid = table.to_python(skip_empty_area=False)
            merged = {area[0]: area[1] for area in table.merged_cell_ranges or ()}
    except calamine.PasswordError as error:
        raise Unreadable("is locked with a password", "save it without one") from error
    except (calamine.CalamineError, zipfile.BadZipFile, OSError, ValueError, KeyError) as error:
        raise Unreadable(f"is not a workbook that can be read ({error})", "save it again as .xlsx or .csv") from error
    return _from_grid(grid, expected, merged)


def _sheet_name(book: Any, sheet: str | None) -> str:
    names: list[str] = list(book.sheet_names)
    if not names:
        raise Unreadable("has no sheet", "save it again with a sheet")
    if sheet is None:
        shown = [each.name for each in book.sheets_metadata if str(each.visible).endswith("Visible")]
        return str(next(iter(shown), names[0]))
    if sheet not in names:
        raise Unreadable(f"has no sheet {sheet}; there are {', '.join(names)}", "correct layer in case.toml")
    return sheet


def _check_package(path: Path, limits: Limits) -> None:
    """Look into a packed workbook before it is unpacked: its size, and the corner of each sheet."""
    try:
        with zipfile.ZipFile(path) as package:
            parts = package.infolist()
            limits.check_unpacked(path.name, sum(part.file_size for part in parts))
            for part in parts:
                if re.fullmatch(r"xl/worksheets/[^/]+\.xml", part.filename):
                    _check_corner(path.name, package.read(part), limits)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError) as error:
        raise Unreadable(f"is not a workbook that can be read ({error})", "save it again as .xlsx or .csv") from error


def _check_corner(name: str, xml: bytes, limits: Limits) -> None:
    last_row, last_column = 0, 0
    for match in _CELL.finditer(xml):
        letters, row = match.groups()
        column = 0
        for letter in letters:
            column = column * 26 + letter - 64
        last_row, last_column = max(last_row, int(row)), max(last_column, column)
    if last_row * last_column > limits.cells:
        raise LimitExceeded(
            f"{name} has a sheet of {last_row:,} rows and {last_column:,} columns; clear what lies far from the table"
        )


Corner = tuple[int, int]


def _from_grid(grid: list[list[Any]], expected: AbstractSet[str], merged: dict[Corner, Corner]) -> Sheet:
    """Find the heading row, join two-row headings, fill merged cells down, leave out empty rows."""
    notes: list[str] = []
    if merged:
        _fill_merged(grid, merged, notes)
    top = _heading_row(grid, expected)
    if top is None:
        raise Unreadable("is empty", "put a line of headings and the rows into it")
    if top > 0:
        notes.append(f"the headings are taken from line {top + 1}")
    headings, first = _headings(grid, top, merged, notes)
    used = [column for column, heading in enumerate(headings) if heading]
    rows = [number for number in range(first, len(grid)) if any(not _blank(cell) for cell in grid[number])]
    empty = len(grid) - first - len(rows)
    if empty > 1:
        notes.append(f"{empty} empty rows are left out")
    columns: dict[str, list[Any]] = {}
    for column in used:
        name, copy = headings[column], 2
        while name in columns:
            name, copy = f"{headings[column]}.{copy}", copy + 1
        columns[name] = [grid[number][column] if column < len(grid[number]) else None for number in rows]
    return Sheet(columns, [number + 1 for number in rows], notes)


def _blank(cell: Any) -> bool:
    return cell is None or (isinstance(cell, str) and not cell.strip()) or (not isinstance(cell, str) and absent(cell))


def _heading_row(grid: list[list[Any]], expected: AbstractSet[str]) -> int | None:
    """Return the row among the first that holds the most known headings; the first that holds anything where none is known."""
    best, most = None, 0
    for number, row in enumerate(grid[:_HEADING_ROWS]):
        known = len({heading_key(as_text(cell)) for cell in row if isinstance(cell, str)} & expected)
        if known > most:
            best, most = number, known
    if best is not None:
        return best
    return next((number for number, row in enumerate(grid) if any(not _blank(cell) for cell in row)), None)


def _headings(grid: list[list[Any]], top: int, merged: dict[Corner, Corner], notes: list[str]) -> tuple[list[str], int]:
    """Return the headings and the first row of cells; the row above joins in where merged cells span its columns."""
    headings = [as_text(cell).replace("\n", "") for cell in grid[top]]
    spans = [(start, end) for start, end in merged.items() if end[1] > start[1]]
    above = [as_text(cell) for cell in grid[top - 1]] if top > 0 else []
    wide = {c for (row, c1), (_, c2) in spans for c in range(c1, c2 + 1) if row == top - 1 and c2 - c1 + 1 < len(headings)}
    if wide:
        headings = [
            f"{above[c]}{text}" if c in wide and text and text != above[c] else (text or (above[c] if c < len(above) else ""))
            for c, text in enumerate(headings)
        ]
        notes.append(f"the headings of lines {top} and {top + 1} are joined")
    tall = any(row == top and end[0] > top for (row, _), end in merged.items())
    below = top + 1
    if tall and below < len(grid):
        wide_here = {c for (row, c1), (_, c2) in spans for c in range(c1, c2 + 1) if row == top}
        lower = [as_text(cell) for cell in grid[below]]
        headings = [
            f"{text}{lower[c]}" if c in wide_here and lower[c] and lower[c] != text else (text or lower[c])
            for c, text in enumerate(headings)
        ]
        notes.append(f"the headings of lines {top + 1} and {top + 2} are joined")
        return headings, below + 1
    return headings, below


def _fill_merged(grid: list[list[Any]], merged: dict[Corner, Corner], notes: list[str]) -> None:
    """Put the value of a merged area into each of its cells."""
    for (row, column), (last_row, last_column) in merged.items():
        if row >= len(grid) or column >= len(grid[row]):
            continue
        value = grid[row][column]
        for r in range(row, min(last_row, len(grid) - 1) + 1):
            for c in range(column, min(last_column, len(grid[r]) - 1) + 1):
                grid[r][c] = value
    notes.append(f"{len(merged)} merged areas are filled with their value")
