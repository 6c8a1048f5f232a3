"""
``init``: a first ``case.toml`` for the files of a folder, each guess with a comment beside it.

The guesses rest on names of files, headings, kinds of geometry and cells. They are for a person to look through: nothing else in
the program guesses.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.case_file import TableSection
from xuequ.data.cells import absent, as_text, number_of
from xuequ.data.files import SUFFIXES, RawTable, read_raw
from xuequ.data.folder import Limits, Unreadable
from xuequ.data.read import match_columns
from xuequ.data.tables import COORDINATES, TABLES, TableSchema, heading_key
from xuequ.data.toml_text import toml_value
from xuequ.zoning.errors import CaseError, LimitExceeded

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["init_case"]

_HINTS: dict[str, str] = {
    "blocks": r"block|parcel|segment|planning_unit|unit|地块|小区|片区块", "schools": r"school|kindergarten|学校|幼儿园",
    "enrolment": r"enrol|在校|学籍", "sites": r"site|project|项目|建设", "roads": r"road|street|道路|路网|highway|osm",
    "distances": r"distance|距离", "barriers": r"barrier|river|rail|河|铁路", "links": r"link|bridge|ferry|桥",
    "catchments": r"catchment|zone|招生|片区|施教区", "clusters": r"cluster|学区", "births": r"birth|出生",
    "housing": r"housing|development|estate|楼盘|住宅", "addresses": r"address|地址|门牌", "locks": r"lock",
    "adjacency": r"adjacen|edges|neighbo|邻接", "demand": r"demand|forecast|预测",
    "boundary": r"boundary|border|outline|边界|区界",
}  # fmt: skip
_NOT_TABLES = re.compile(r"^(readme|licen[cs]e|facts|changelog)", re.IGNORECASE)
_PUPILS = re.compile(r"pupil|student|demand|enrol|学生|人数|儿童", re.IGNORECASE)
_SEATS = re.compile(r"seat|capacity|学位|容量", re.IGNORECASE)
_MOST_FILES = 200
_DIMENSIONS = {"point": {0}, "line": {1}, "area": {2}, "any": {0, 1, 2}}
_LEAST_SCORE = 3.0


@dataclass(slots=True, eq=False)
class _Found:
    """A file (or a layer of it) that can be read."""

    file: str
    layer: str | None
    raw: RawTable
    dimension: int | None


@dataclass(slots=True)
class _Guess:
    """A table that a file is taken for."""

    table: str
    source: _Found
    columns: dict[str, str]
    comments: dict[str, str] = field(default_factory=dict)


def init_case(folder: str | Path) -> Path:
    """
    Look at the files of a folder and write a first ``case.toml``.

    Parameters
    ----------
    folder
        With the files.

    Returns
    -------
    Path
        Of the file written.

    Raises
    ------
    CaseError
        If there is no such folder, it has no file that can be read, or there is a ``case.toml`` already.
    """
    root = Path(folder)
    if not root.is_dir():
        raise CaseError(f"there is no folder {folder}")
    path = root / "case.toml"
    if path.exists():
        raise CaseError(f"there is a case.toml in {folder} already; rename it to have a new one written")
    unread: list[str] = []
    found = list(_files(root, unread))
    if not found:
        raise CaseError(f"no file in {folder} can be read as a table; put {', '.join(sorted(SUFFIXES))} files into it")
    guesses = _assigned(found)
    path.write_text("\n".join(_document(root, found, guesses, unread)) + "\n", encoding="utf-8", newline="\n")
    return path


def _files(root: Path, unread: list[str]) -> Iterator[_Found]:
    # A plan folder kept beside the district's files holds results, not tables of the case.
    plans = {item.parent for item in root.rglob("plan.json")}
    candidates = sorted(
        item
        for item in root.rglob("*")
        if item.suffix.lower() in SUFFIXES and item.parent not in plans and not _hidden(item.relative_to(root))
    )
    for item in candidates[:_MOST_FILES]:
        name = item.relative_to(root).as_posix()
        if name != (shown := name.encode("utf-8", "backslashreplace").decode("utf-8")):
            unread.append(f"{shown}: the file's name is not in UTF-8, so case.toml cannot name it; rename it")
            continue
        try:
            for layer in _layers(item):
                raw = read_raw(root, TableSection(file=name, layer=layer), _all_headings(), Limits())
                yield _Found(name, layer, raw, _dimension(raw))
        except (Unreadable, LimitExceeded) as error:
            unread.append(f"{name}: {error}")


def _hidden(path: Path) -> bool:
    return any(part.startswith((".", "~")) for part in path.parts) or bool(_NOT_TABLES.match(path.name))


def _layers(path: Path) -> list[str | None]:
    """Return the layers of a GeoPackage where there are several, else the one that is read by default."""
    if path.suffix.lower() != ".gpkg":
        return [None]
    import pyogrio  # noqa: PLC0415 - heavy

    try:
        names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    except pyogrio.errors.DataSourceError:
        return [None]
    return list(names) if len(names) > 1 else [None]


def _all_headings() -> frozenset[str]:
    return frozenset(
        heading_key(word) for schema in TABLES.values() for column in schema.columns for word in (column.name, *column.headings)
    )


def _dimension(raw: RawTable) -> int | None:
    if raw.geometry is None:
        return None
    kinds = shapely.get_dimensions(raw.geometry)
    kinds = kinds[kinds >= 0]
    return int(np.bincount(kinds).argmax()) if len(kinds) else None


def _assigned(found: list[_Found]) -> list[_Guess]:
    """Give each table the file that fits it best, the surest first, and each file to one table."""
    scored = sorted(
        ((_score(schema, source), -order, name, source) for name, schema in TABLES.items() for order, source in enumerate(found)),
        key=lambda item: (-item[0], -item[1], item[2]),
    )
    taken: set[int] = set()
    guesses: dict[str, _Guess] = {}
    for score, _, name, source in scored:
        if score < _LEAST_SCORE or name in guesses or id(source) in taken:
            continue
        taken.add(id(source))
        guesses[name] = _guess(name, source)
    return [guesses[name] for name in TABLES if name in guesses]


def _score(schema: TableSchema, source: _Found) -> float:
    """Say how well a file fits a table: its name, its headings, its geometry."""
    name = source.layer or Path(source.file).stem
    hint = re.search(_HINTS[schema.name], name, re.IGNORECASE)
    score = 3.0 if hint else 0.0
    score += 2.0 if hint and hint.group(0).casefold() == name.casefold().removesuffix("s") else 0.0
    matched = match_columns(schema, list(source.raw.columns))
    required = [column.name for column in schema.columns if column.required]
    score += sum(2.0 if name in required else 0.5 for name in matched if name not in COORDINATES)
    lacking = [name for name in required if name not in matched and name != "id"]
    score -= 2.0 * len(lacking)
    placed = source.dimension is not None or {"x", "y"} <= set(matched) or {"lon", "lat"} <= set(matched)
    dimension = source.dimension if source.dimension is not None else (0 if placed else None)
    if schema.place_required and dimension is None:
        return 0.0
    if dimension is not None and schema.shape != "none":
        fits = dimension in _DIMENSIONS[schema.shape]
        score += 1.0 if fits else -3.0
    if schema.name in {"schools", "sites"} and dimension is None and "block" not in matched and "school" not in matched:
        score -= 3.0
    if source.dimension is not None and schema.shape == "none":
        score -= 2.0
    if schema.name == "boundary" and len(source.raw.rows) > 20:
        score -= 3.0
    return score


def _guess(name: str, source: _Found) -> _Guess:
    schema, raw = TABLES[name], source.raw
    matched = match_columns(schema, list(raw.columns))
    guess = _Guess(name, source, {})
    for ours, theirs in matched.items():
        if ours == theirs or (ours in COORDINATES and raw.geometry is not None):
            continue
        guess.columns[ours] = theirs
        guess.comments[ours] = f"the heading {theirs} usually means {ours}"
    if any(column.name == "id" and column.required for column in schema.columns) and "id" not in matched:
        unique = _unique_column(raw, set(matched.values()))
        guess.columns["id"] = unique or "…"
        guess.comments["id"] = (
            "every row has a value of its own here" if unique else "no column has a value of its own in each row: name one"
        )
    if name == "blocks" and not any(ours.startswith("pupils") for ours in matched):
        _guess_number(raw, guess, "pupils", _PUPILS)
    if name == "schools" and not any(ours.startswith(("classrooms", "seats")) for ours in matched):
        _guess_number(raw, guess, "seats", _SEATS)
    return guess


def _unique_column(raw: RawTable, taken: set[str]) -> str | None:
    """Return a column whose cells are all there and all different: one named like an id first, whole or short texts only."""
    options = []
    for order, (heading, cells) in enumerate(raw.columns.items()):
        texts = [as_text(cell) for cell in cells if not absent(cell)]
        if heading in taken or len(texts) < len(cells) or len(set(texts)) < len(texts) or not texts:
            continue
        if any(len(text) > 24 or re.fullmatch(r"-?\d+\.\d+", text) for text in texts):
            continue
        named = bool(re.search(r"id$|^id|code|no$|编号|代码", heading, re.IGNORECASE))
        options.append((not named, order, heading))
    return min(options)[2] if options else None


def _guess_number(raw: RawTable, guess: _Guess, ours: str, pattern: re.Pattern[str]) -> None:
    for heading, cells in raw.columns.items():
        numbers = [number_of(cell)[0] for cell in cells if not absent(cell)]
        if pattern.search(heading) and numbers and np.isfinite(numbers).all() and min(numbers) >= 0:
            guess.columns[ours] = heading
            guess.comments[ours] = f"{heading} holds numbers, {sum(numbers):,.0f} together; see whether they are {ours}"
            return


def _document(root: Path, found: list[_Found], guesses: list[_Guess], unread: list[str]) -> Iterator[str]:
    yield "# A first case.toml, written by xuequ init from the files of this folder. Look through every comment that begins with"
    yield '# "guess", correct what is wrong, and run: xuequ check'
    yield ""
    yield "[case]"
    yield f"name = {toml_value(root.resolve().name)}  # guess: the folder's name"
    yield from _crs_line(guesses)
    yield from _year_line(guesses)
    for guess in guesses:
        yield ""
        yield from _section(guess)
    for name in ("blocks", "schools"):
        if not any(guess.table == name for guess in guesses):
            yield ""
            yield f"# No file looks like {name}, which every case needs:"
            yield f"# [tables.{name}]"
            yield '# file = "…"'
    plain = [guess for guess in guesses if {"pupils", "classrooms", "seats"} & {*guess.columns, *guess.source.raw.columns}]
    staged = any("stages" in guess.columns or "stages" in guess.source.raw.columns for guess in guesses)
    if plain and not staged:
        yield ""
        yield "[zoning]"
        yield 'stage = "primary"  # guess: no table names the stage; kindergarten, primary or junior'
    used = {(guess.source.file, guess.source.layer) for guess in guesses}
    left = [item.file + (f" ({item.layer})" if item.layer else "") for item in found if (item.file, item.layer) not in used]
    if left or unread:
        yield ""
    for name in left:
        yield f"# not used: {name}"
    for reason in unread:
        yield f"# not read: {' '.join(reason.split())}"


def _section(guess: _Guess) -> Iterator[str]:
    raw = guess.source.raw
    yield f"[tables.{guess.table}]"
    yield f"file = {toml_value(guess.source.file)}  # guess: {len(raw.rows):,} rows"
    if guess.source.layer:
        yield f"layer = {toml_value(guess.source.layer)}"
    for note in raw.notes:
        encoding = re.fullmatch(r"encoding: (\S+)", note)
        yield f"encoding = {toml_value(encoding.group(1))}  # guess: recognised" if encoding else f"# {note}"
    for ours, theirs in guess.columns.items():
        yield f"columns.{ours} = {toml_value(theirs)}  # guess: {guess.comments[ours]}"


def _crs_line(guesses: list[_Guess]) -> Iterator[str]:
    """Write a coordinate system for files that name none: only metres can be told from their numbers."""
    bare = [guess for guess in guesses if guess.source.raw.geometry is not None and guess.source.raw.crs is None]
    names = {guess.table: str(guess.source.raw.crs.name) for guess in guesses if guess.source.raw.crs is not None}
    for table, name in names.items():
        yield f"# {table} is in {name}"
    metres = [guess.table for guess in bare if _bounds_beyond_degrees(guess.source.raw)]
    metres += [guess.table for guess in guesses if _xy_beyond_degrees(guess)]
    if not metres:
        return
    listed = f"{', '.join(dict.fromkeys(metres))}: no coordinate system is named"
    codes = {_code(guess.source.raw.crs) for guess in guesses if guess.source.raw.crs is not None}
    if not names:
        yield f'crs = "local-metres"  # guess: {listed}; write its code if you know it'
    elif len(codes) == 1 and "" not in codes:
        yield f"crs = {toml_value(codes.pop())}  # guess: {listed}; that of the other files is taken"
    else:
        yield f'# crs = "EPSG:…"  # {listed}: write its code here'


def _code(crs: Any) -> str:
    """Return the code of a system in metres, "" for one without a code or in degrees."""
    code = crs.to_authority(min_confidence=70)
    return ":".join(code) if code and crs.is_projected else ""


def _bounds_beyond_degrees(raw: RawTable) -> bool:
    return raw.geometry is not None and bool(np.nanmax(np.abs(shapely.total_bounds(raw.geometry))) > 360)


def _xy_beyond_degrees(guess: _Guess) -> bool:
    raw = guess.source.raw
    matched: dict[str, Any] = match_columns(TABLES[guess.table], list(raw.columns))
    if raw.geometry is not None or "x" not in matched or ("lon" in matched and "lat" in matched):
        return False
    numbers = [abs(number_of(cell)[0]) for cell in raw.columns[matched["x"]]]
    return bool(numbers) and float(np.nanmax([0.0, *numbers])) > 360


def _year_line(guesses: list[_Guess]) -> Iterator[str]:
    newest = 0
    for guess in guesses:
        heading = guess.columns.get("year", "year")
        if guess.table in {"enrolment", "catchments"} and heading in guess.source.raw.columns:
            years = [number_of(cell)[0] for cell in guess.source.raw.columns[heading]]
            newest = max([newest, *(int(year) for year in years if 1900 <= year <= 2200)])
    if newest:
        yield f"school_year = {newest}  # guess: the newest year of enrolment or catchments"
    else:
        yield "school_year = 2025  # guess: no table tells; the first calendar year of today's school year"
