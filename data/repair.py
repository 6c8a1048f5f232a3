"""
``check --fix``: a copy of a case with what can be mended safely mended, and a list of each change.

Nothing is guessed: cells that cannot be understood stand in the copy as they are, and the check of the copy tells them again.
"""

from __future__ import annotations

import shutil
import tomllib
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.case import Loaded, case_folder, load_case
from xuequ.data.folder import Unreadable, inside
from xuequ.data.project import LOCAL
from xuequ.data.tables import COORDINATES, TABLES, Kind
from xuequ.data.toml_text import toml_document
from xuequ.zoning.errors import CaseError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.data.case_file import TableSection
    from xuequ.data.read import Table

__all__ = ["Change", "fix_case"]

_SLIVER_M2 = 1.0
"""Parts of a block smaller than this are what cutting and snapping leave behind."""

_TOLD_BY_PROJECT = ("put right", "is taken", "is followed")


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that the copy has otherwise than the original."""

    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.table}: {self.what}"


def fix_case(case: str | Path, out: str | Path) -> tuple[Change, ...]:
    """
    Write a repaired copy of a case.

    Every table is written in one plane of metres as GeoPackage, or as CSV in UTF-8 where it has no places, under the program's
    column names; further columns of the file are kept. Joined files, filters and values of the case are worked into the tables.
    Geometry is made valid, heights and slivers of parts are dropped, rows that repeat another in everything are left out.

    Parameters
    ----------
    case
        Folder, or the name of the shipped case.
    out
        New folder for the copy.

    Returns
    -------
    tuple of Change
        Everything that was changed.

    Raises
    ------
    CaseError
        If there is no such case, ``case.toml`` is wrong, or ``out`` holds something already.
    LimitExceeded
        If a file is larger than what is read.
    """
    folder, target = case_folder(case), Path(out)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise CaseError(f"{out} holds something already; the copy needs a folder of its own")
    loaded = load_case(folder)
    if loaded.file is None:
        raise CaseError(f"case.toml: {loaded.problems.errors[0].message}; correct it first, the tables can be mended then")
    changes: list[Change] = []
    sections: dict[str, dict[str, Any]] = {}
    target.mkdir(parents=True, exist_ok=True)
    for name, section in loaded.file.tables.items():
        if name in loaded.tables:
            table, more = _mended(loaded, loaded.tables[name])
            changes += more
            sections[name] = {"file": _write(target, table, loaded)}
        else:
            told = "it could not be read and is not in the copy"
            try:
                sections[name] = _as_it_is(folder, section, target / name)
                told = "it is copied as it is"
            except Unreadable as error:
                told = f"{told} ({error.message})"
            changes.append(Change(name, told))
    _write_case(folder, target, sections, loaded, changes)
    return tuple(changes)


def _as_it_is(folder: Path, section: TableSection, place: Path) -> dict[str, Any]:
    """Copy the files of a table that could not be read; return its section with their new names."""
    kept = section.model_dump(exclude_defaults=True)
    for part in (kept, *kept.get("join", ())):
        part["file"] = _copied(inside(folder, part["file"]), place)
    return kept


def _copied(path: Path, place: Path) -> str:
    """Copy a file, with all files of a shapefile, into a folder of its own; return its name from the case's folder."""
    place.mkdir(exist_ok=True)
    beside = path.parent.glob("*") if path.suffix.lower() == ".shp" else [path]
    for each in sorted(beside):
        if each.stem == path.stem and each.is_file() and not each.is_symlink():
            shutil.copyfile(each, place / each.name)
    return f"{place.name}/{path.name}"


def _mended(loaded: Loaded, table: Table) -> tuple[Table, list[Change]]:
    """Return a table ready to be written, and what is otherwise than in its file."""
    from dataclasses import replace  # noqa: PLC0415 - one use

    name = table.name
    changes = [Change(name, note) for note in table.notes]
    for column, mended in table.mended.items():
        changes += [Change(name, f"{what} in {count} cells of {table.heading(column)}") for what, count in mended.items()]
    changes += [
        Change(name, problem.message)
        for problem in loaded.problems.warnings
        if problem.table == name and problem.message.endswith(_TOLD_BY_PROJECT)
    ]
    for column in sorted(set(table.faulty) & set(COORDINATES)):
        cells = ", ".join(f"{text} (row {table.row_of(k)})" for k, text in table.faulty[column].items())
        changes.append(Change(name, f"{column} cannot be understood in {cells}: these rows have no place in the copy"))
    geometry = table.geometry
    if geometry is not None:
        geometry, more = _sound(table, geometry)
        changes += more
        table = replace(table, geometry=geometry)
    keep = _first_of_each(table)
    if not keep.all():
        changes.append(Change(name, f"{int((~keep).sum())} rows that repeat another in everything are left out"))
        at = np.flatnonzero(keep)
        table = replace(
            table,
            rows=[table.rows[k] for k in at],
            data={column: values[at] for column, values in table.data.items()},
            rest={column: [cells[k] for k in at] for column, cells in table.rest.items()},
            geometry=None if table.geometry is None else table.geometry[at],
            faulty={column: {int(np.searchsorted(at, k)): text for k, text in cells.items() if keep[k]}
                    for column, cells in table.faulty.items()},
        )  # fmt: skip
    renamed = {ours: theirs for ours, theirs in table.theirs.items() if ours != theirs and ours in table.data}
    if renamed:
        changes.append(Change(name, "columns renamed: " + ", ".join(f"{theirs} to {ours}" for ours, theirs in renamed.items())))
    return table, changes


def _sound(table: Table, shapes: NDArray[Any]) -> tuple[NDArray[Any], list[Change]]:
    changes = []
    shapes = shapes.copy()
    broken = np.flatnonzero(~shapely.is_missing(shapes) & ~shapely.is_valid(shapes))
    if len(broken):
        shapes[broken] = shapely.make_valid(shapes[broken], method="structure", keep_collapsed=False)
        names = ", ".join(str(table.row_of(int(k))) for k in broken[:10])
        changes.append(Change(table.name, f"{len(broken)} invalid geometries made valid: {names}"))
    if table.name == "blocks":
        dropped = 0
        for k in np.flatnonzero(shapely.get_num_geometries(shapes) > 1):
            parts = shapely.get_parts(shapes[k])
            large = parts[shapely.area(parts) >= _SLIVER_M2]
            if 0 < len(large) < len(parts):
                dropped += len(parts) - len(large)
                shapes[k] = large[0] if len(large) == 1 else shapely.MultiPolygon(list(large))
        if dropped:
            changes.append(Change("blocks", f"{dropped} parts of less than {_SLIVER_M2:g} m² dropped"))
    return shapes, changes


def _first_of_each(table: Table) -> NDArray[np.bool_]:
    """Say which rows are the first of their kind: alike in every column and place."""
    places = [b""] * len(table) if table.geometry is None else shapely.to_wkb(table.geometry)
    columns = [*_columns(table).values(), *[[str(cell) for cell in cells] for cells in table.rest.values()]]
    seen: set[Any] = set()
    keep = np.ones(len(table), dtype=bool)
    for k, row in enumerate(zip(places, *columns, strict=True)):
        keep[k] = row not in seen
        seen.add(row)
    return keep


def _columns(table: Table) -> dict[str, list[Any]]:
    """Return the columns as they are written: whole numbers whole, lists joined by ``;``, what was not understood as it was."""
    written: dict[str, list[Any]] = {}
    for name, values in table.data.items():
        kind = TABLES[table.name].column(name).kind
        if values.dtype == object:
            cells: list[Any] = [";".join(value) if isinstance(value, tuple) else value for value in values]
        elif kind is Kind.FLAG:
            cells = ["" if np.isnan(value) else ("true" if value else "false") for value in values]
        else:
            whole = kind in {Kind.COUNT, Kind.YEAR}
            cells = [None if np.isnan(value) else (int(value) if whole else float(value)) for value in values]
        for position, text in table.faulty.get(name, {}).items():
            cells[position] = text
        if any(isinstance(cell, str) for cell in cells):
            cells = ["" if cell is None else str(cell) for cell in cells]
        written[name] = cells
    return written


def _write(target: Path, table: Table, loaded: Loaded) -> str:
    import pandas as pd  # noqa: PLC0415 - heavy

    columns = _columns(table)
    taken = {name.casefold() for name in columns} | {"geometry", "geom", "fid"}
    for heading, cells in table.rest.items():
        if heading.casefold() not in taken:
            columns[heading] = [None if cell is None else str(cell) for cell in cells]
            taken.add(heading.casefold())
    frame = pd.DataFrame({name: pd.Series(cells, dtype=None if cells else object) for name, cells in columns.items()})
    if table.geometry is None or not len(table):
        frame.to_csv(target / f"{table.name}.csv", index=False, lineterminator="\n")
        return f"{table.name}.csv"
    import geopandas as gpd  # noqa: PLC0415 - heavy

    plane = loaded.plane
    crs = None if plane is None or plane.name == LOCAL else plane.crs
    spatial = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(list(table.geometry), crs=crs))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a local plane has no projection to tell
        spatial.to_file(target / f"{table.name}.gpkg", layer=table.name, driver="GPKG", engine="pyogrio")
    return f"{table.name}.gpkg"


def _write_case(folder: Path, target: Path, sections: dict[str, dict[str, Any]], loaded: Loaded, changes: list[Change]) -> None:
    data = tomllib.loads((folder / "case.toml").read_bytes().decode("utf-8-sig"))
    case = dict(data.get("case", {}))
    if loaded.plane is not None and case.get("crs") != loaded.plane.name:
        changes.append(Change("case.toml", f"crs is {loaded.plane.name}, in which all tables are written"))
        case["crs"] = loaded.plane.name
    whole = {"case": case, "tables": sections, **{name: part for name, part in data.items() if name not in {"case", "tables"}}}
    (target / "case.toml").write_text(toml_document(whole), encoding="utf-8", newline="\n")
