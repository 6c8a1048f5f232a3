"""A file of a case as it is: cells under the file's own headings, whatever the format."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.cells import absent
from xuequ.data.filters import rows_kept
from xuequ.data.folder import Limits, Unreadable, inside, sized
from xuequ.data.layers import Layer, read_layer, read_parquet
from xuequ.data.sheets import read_text_file, read_workbook

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from xuequ.data.case_file import JoinSection, TableSection

__all__ = ["SUFFIXES", "RawTable", "read_raw"]

_LAYERS = frozenset({".gpkg", ".geojson", ".json", ".shp", ".pbf"})
_PARQUET = frozenset({".parquet", ".geoparquet"})
_BOOKS = frozenset({".xlsx", ".xlsm", ".xls", ".xlsb", ".ods"})
_TEXTS = frozenset({".csv", ".tsv", ".txt"})
SUFFIXES: frozenset[str] = _LAYERS | _PARQUET | _BOOKS | _TEXTS
"""Endings of the files that are read."""


@dataclass(frozen=True, slots=True, eq=False)
class RawTable:
    """
    A file as it is: cells by the file's own headings.

    Parameters
    ----------
    columns
        Cells by heading.
    rows
        Row numbers as a person counts them.
    geometry
        Shapes, or None.
    crs
        What the file says (pyproj), or None.
    notes
        What was done or seen on the way.
    """

    columns: dict[str, list[Any]]
    rows: list[int]
    geometry: NDArray[Any] | None = None
    crs: Any = None
    notes: tuple[str, ...] = ()

    def kept(self, keep: NDArray[np.bool_]) -> RawTable:
        """Return some of the rows."""
        at = np.flatnonzero(keep).tolist()
        columns = {name: [cells[i] for i in at] for name, cells in self.columns.items()}
        geometry = None if self.geometry is None else self.geometry[at]
        return replace(self, columns=columns, rows=[self.rows[i] for i in at], geometry=geometry)


def read_raw(folder: Path, section: TableSection | JoinSection, expected: frozenset[str], limits: Limits) -> RawTable:
    """
    Read a file as it is.

    Parameters
    ----------
    folder
        The case's folder.
    section
        File, layer, encoding and filter.
    expected
        Keys of headings that may stand there, to find the heading row.
    limits
        Bounds.

    Raises
    ------
    Unreadable
        If it is not there or cannot be read.
    LimitExceeded
        If it is larger than what is read.
    """
    path = inside(folder, section.file)
    kind = path.suffix.lower()
    sized([path], limits)
    if kind in SUFFIXES and not path.stat().st_size:
        raise Unreadable("is empty (0 bytes)", "put a line of headings and the rows into it, or export it again")
    if kind in _LAYERS:
        raw = _from_layer(read_layer(folder, path, section.layer, section.encoding, limits))
    elif kind in _PARQUET:
        raw = _from_layer(read_parquet(path, limits))
    elif kind in _BOOKS | _TEXTS:
        book = kind in _BOOKS
        sheet = (
            read_workbook(path, section.layer, expected, limits)
            if book
            else read_text_file(path, section.encoding, expected, limits)
        )
        raw = RawTable(sheet.columns, sheet.rows, notes=tuple(sheet.notes))
    else:
        raise Unreadable(f"files ending in {kind or 'nothing'} are not read", f"use one of {', '.join(sorted(SUFFIXES))}")
    if section.filter is not None:
        raw = raw.kept(rows_kept(section.filter, raw.columns, len(raw.rows)))
    return raw


def _from_layer(layer: Layer) -> RawTable:
    count = len(layer.geometry) if layer.geometry is not None else len(next(iter(layer.columns.values()), []))
    raw = RawTable(layer.columns, list(range(1, count + 1)), layer.geometry, layer.crs, tuple(layer.notes))
    bare = np.ones(count, dtype=bool) if layer.geometry is None else np.asarray(shapely.is_missing(layer.geometry))
    for k in np.flatnonzero(bare):
        bare[k] = all(absent(cells[k]) for cells in layer.columns.values())
    if not bare.any():
        return raw
    return replace(raw.kept(~bare), notes=(*raw.notes, f"{int(bare.sum())} empty rows are left out"))
