"""Files with geometry read into plain columns and shapes: GeoPackage, GeoJSON, Shapefile, GeoParquet, Parquet, OpenStreetMap."""

from __future__ import annotations

import json
import re
import sqlite3
import warnings
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.folder import Limits, Unreadable, inside, sized
from xuequ.data.sheets import decode
from xuequ.zoning.errors import LimitExceeded

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Layer", "read_layer", "read_parquet"]

_MAGIC: dict[str, tuple[bytes, str]] = {
    ".gpkg": (b"SQLite format 3\0", "a GeoPackage"),
    ".shp": (b"\x00\x00\x27\x0a", "a shapefile"),
    ".parquet": (b"PAR1", "a Parquet file"),
    ".geoparquet": (b"PAR1", "a Parquet file"),
}
_SIDE_FILES = (".shx", ".dbf", ".prj", ".cpg")
_CRS_MEMBER = re.compile(rb'"crs"\s*:\s*\{')


@dataclass(slots=True, eq=False)
class Layer:
    """
    Columns and shapes of a file.

    Parameters
    ----------
    columns
        Cells by the file's column.
    geometry
        Shapes in two dimensions, None where a row has none; None if the file has no geometry at all.
    crs
        What the file says (pyproj), or None.
    notes
        What was done or seen on the way, for warnings.
    """

    columns: dict[str, list[Any]]
    geometry: NDArray[Any] | None
    crs: Any = None
    notes: list[str] = field(default_factory=list)


def read_layer(folder: Path, path: Path, layer: str | None, encoding: str | None, limits: Limits) -> Layer:
    """
    Read a GeoPackage, GeoJSON, Shapefile or OpenStreetMap extract.

    Parameters
    ----------
    folder
        The case's folder: side files may not leave it either.
    path
        The file.
    layer
        Name of the layer; the first if None.
    encoding
        Of a shapefile's texts; recognised if None.
    limits
        Bounds.

    Raises
    ------
    Unreadable
        If the file is not what its name says, is broken, or has no such layer.
    LimitExceeded
        If it is larger than what is read.
    """
    import pyogrio  # noqa: PLC0415 - heavy

    notes: list[str] = []
    kind = path.suffix.lower()
    plain = kind in {".geojson", ".json"}
    source: Path | bytes = _check_kind(path, kind, limits) or path
    options: dict[str, Any] = {}
    if kind == ".shp":
        options["encoding"] = _shapefile_encoding(folder, path, encoding, limits, notes)
    elif kind == ".pbf":
        layer = layer or "lines"
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # GDAL's remarks on geometry types; what matters is told below
            # Every question makes GDAL read a GeoJSON from end to end; that its rows are not too many is known already.
            name = None
            if isinstance(source, Path) and not (plain and layer is None):
                name = _layer_name(pyogrio, source, layer)
            if not plain:
                info = pyogrio.read_info(source, layer=name, force_feature_count=kind != ".pbf", **options)
                limits.check_rows(path.name, max(int(info["features"]), 0))
            frame = pyogrio.read_dataframe(source, layer=name, **options)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, pyogrio.errors.FeatureError) as error:
        raise Unreadable(f"is broken or not {kind[1:]}: {_short(error)}", "export it again") from error
    except (ValueError, TypeError, UnicodeError, LookupError, NameError, shapely.errors.ShapelyError) as error:
        # pyogrio ends in a NameError of its own where a .prj file holds bytes that are no text.
        raise Unreadable(f"cannot be read: {_short(error)}", "export it again, in UTF-8") from error
    limits.check_rows(path.name, len(frame))
    result = _from_frame(frame, path, limits)
    if plain and not _CRS_MEMBER.search(path.read_bytes()):
        result.crs = None
    if kind == ".gpkg" and _holds_curves(path):
        notes.append("curves are drawn as short straight lines")
    result.notes[:0] = notes
    return result


def _short(error: BaseException) -> str:
    return str(error).replace("\n", " ")[:160]


def _check_kind(path: Path, kind: str, limits: Limits) -> bytes | None:
    """
    Look at a file's first bytes: what it holds decides which reader GDAL takes, and a disguised file could name others.

    Returns its text in UTF-8 where it is in another encoding and the reader must be given that.
    """
    sized([path, *(_side_file(path, suffix) for suffix in _SIDE_FILES)] if kind == ".shp" else [path], limits)
    with path.open("rb") as file:
        head = file.read(4096)
    if kind in _MAGIC:
        magic, name = _MAGIC[kind]
        if not head.startswith(magic):
            raise Unreadable(f"is not {name}", "export it again, or correct the name's ending")
    elif kind in {".geojson", ".json"}:
        if not head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
            raise Unreadable("is not GeoJSON", "export it again as GeoJSON")
        return _check_json(path, limits)
    elif kind == ".pbf" and b"OSMHeader" not in head[:64]:
        raise Unreadable("is not an OpenStreetMap extract", "download it again")
    return None


def _check_json(path: Path, limits: Limits) -> bytes | None:
    """Parse a GeoJSON strictly: a fault is told with its line, no other JSON dialect gets through, and rows are counted."""
    text, encoding, _ = decode(path.read_bytes(), None)
    try:
        content = json.loads(text, parse_constant=_no_constant)
    except (json.JSONDecodeError, RecursionError) as error:
        where = f" at line {error.lineno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Unreadable(f"is not valid JSON{where}", "export it again as GeoJSON") from error
    if not isinstance(content, dict) or content.get("type") not in {"FeatureCollection", "Feature"}:
        raise Unreadable("is JSON but no GeoJSON FeatureCollection", "export it again as GeoJSON")
    if content["type"] == "FeatureCollection" and not isinstance(content.get("features"), list):
        raise Unreadable("is a FeatureCollection without features", "export it again as GeoJSON")
    limits.check_rows(path.name, len(content.get("features") or ()))
    return None if encoding == "utf-8" else text.encode()


def _no_constant(word: str) -> float:
    raise Unreadable(f"holds {word}, which is no number", "leave the value out and export it again as GeoJSON")


def _holds_curves(path: Path) -> bool:
    """Say whether a GeoPackage declares curved geometry, which the reader draws with straight lines without a word."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as base:
            kinds = base.execute("select geometry_type_name from gpkg_geometry_columns").fetchall()
    except sqlite3.Error:
        return False
    return any("CURVE" in str(kind).upper() or "SURFACE" in str(kind).upper() for (kind,) in kinds)


def _layer_name(pyogrio: Any, path: Path, layer: str | None) -> str:
    names = [str(name) for name in pyogrio.list_layers(path)[:, 0]]
    if not names:
        raise Unreadable("has no layer", "export it again")
    if layer is None:
        return names[0]
    if layer not in names:
        raise Unreadable(f"has no layer {layer}; there are {', '.join(names)}", "correct layer in case.toml")
    return layer


def _from_frame(frame: Any, path: Path, limits: Limits) -> Layer:
    geometry = None
    crs = None
    notes: list[str] = []
    import geopandas as gpd  # noqa: PLC0415 - heavy

    if isinstance(frame, gpd.GeoDataFrame) and "geometry" in frame.columns:
        shapes = np.asarray(frame.geometry.values, dtype=object)
        limits.check_vertices(path.name, int(shapely.get_num_coordinates(shapes).sum()))
        flat = shapely.has_z(shapes)
        if flat.any():
            notes.append(f"{int(flat.sum())} geometries have heights, which are left out")
            shapes = shapely.force_2d(shapes)
        geometry = _without_collections(shapes, notes)
        crs = frame.crs
        frame = frame.drop(columns="geometry")
    columns = {str(name): _cells(frame[name]) for name in frame.columns}
    return Layer(columns, geometry, crs, notes)


def _without_collections(shapes: NDArray[Any], notes: list[str]) -> NDArray[Any]:
    """Return shapes with collections opened: their areas, else their lines, else their points."""
    mixed = np.flatnonzero(shapely.get_type_id(shapes) == shapely.GeometryType.GEOMETRYCOLLECTION)
    if not len(mixed):
        return shapes
    notes.append(f"{len(mixed)} geometries are collections; their areas are taken, else their lines or points")
    shapes = shapes.copy()
    for k in mixed:
        parts = shapely.get_parts(shapes[k])
        while (shapely.get_type_id(parts) == shapely.GeometryType.GEOMETRYCOLLECTION).any():
            parts = shapely.get_parts(parts)
        largest = parts[shapely.get_dimensions(parts) == shapely.get_dimensions(shapes[k])]
        shapes[k] = largest[0] if len(largest) == 1 else shapely.union_all(largest)
    return shapes


def _cells(series: Any) -> list[Any]:
    """Return a column as Python values, None for nothing."""
    values = series.astype(object).where(series.notna(), None)
    return [value.to_pydatetime() if hasattr(value, "to_pydatetime") else value for value in values]


def _shapefile_encoding(folder: Path, path: Path, declared: str | None, limits: Limits, notes: list[str]) -> str:
    """Return the encoding of a shapefile's texts: the case's, the .cpg file's, or the likely one."""
    for suffix in _SIDE_FILES:
        for side in (path.with_suffix(suffix), path.with_suffix(suffix.upper())):
            if side.is_symlink():
                inside(folder, str(side.relative_to(folder.resolve())))
    table, page, index = (_side_file(path, suffix) for suffix in (".dbf", ".cpg", ".shx"))
    whole = "copy all files of the shapefile (.shp, .shx, .dbf, .prj, .cpg)"
    if not table.exists():
        raise Unreadable("has no .dbf beside it, so no columns", whole)
    if not index.exists():
        raise Unreadable("has no .shx beside it, so no rows can be found", whole)
    raw = table.read_bytes()[: limits.file_bytes]
    start = int.from_bytes(raw[8:10], "little") if len(raw) > 10 else 0
    stated = declared or (page.read_text(encoding="ascii", errors="ignore").strip() if page.exists() else None)
    if stated and stated.isdigit():
        stated = {"936": "gb18030", "65001": "utf-8", "54936": "gb18030"}.get(stated, f"cp{stated}")
    body = raw[start:].replace(b"\0", b" ").rstrip(b"\x1a")
    _, encoding, note = decode(body, stated)
    if note:
        notes.append(note)
    elif not stated and encoding not in {"utf-8", "utf-8-sig"}:
        notes.append(f"no .cpg file says the encoding; it is read as {encoding}")
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _side_file(path: Path, suffix: str) -> Path:
    """Return a file of a shapefile; some programs write all endings in capitals."""
    capital = path.with_suffix(suffix.upper())
    return capital if capital.exists() else path.with_suffix(suffix)


def read_parquet(path: Path, limits: Limits) -> Layer:
    """
    Read a Parquet file, with geometry where it is GeoParquet.

    Raises
    ------
    Unreadable
        If it is broken.
    LimitExceeded
        If it is larger than what is read.
    """
    import geopandas as gpd  # noqa: PLC0415 - heavy
    import pandas as pd  # noqa: PLC0415
    import pyarrow as pa  # noqa: PLC0415
    import pyarrow.parquet as pq  # noqa: PLC0415

    _check_kind(path, path.suffix.lower(), limits)
    try:
        meta = pq.read_metadata(path)
        limits.check_rows(path.name, meta.num_rows)
        limits.check_unpacked(path.name, sum(meta.row_group(number).total_byte_size for number in range(meta.num_row_groups)))
        spatial = b"geo" in (meta.metadata or {})
        frame: Any = gpd.read_parquet(path) if spatial else pd.read_parquet(path)
    except LimitExceeded:
        raise
    except (pa.ArrowException, ValueError, TypeError, KeyError, OSError, shapely.errors.ShapelyError) as error:
        raise Unreadable(f"is broken or no Parquet file: {_short(error)}", "export it again") from error
    if spatial and frame.geometry.name != "geometry":
        frame = frame.rename_geometry("geometry")
    return _from_frame(frame, path, limits)
