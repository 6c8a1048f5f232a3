"""catchments.gpkg: the outline of each catchment by stage, year and school."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from pyproj import CRS

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from xuequ.zoning.district import District
    from xuequ.zoning.statement import AssignmentRow

__all__ = ["catchment_frame", "outline_faults", "write_catchments"]

_LOCAL = 'ENGCRS["local metres",EDATUM["local"],CS[Cartesian,2],AXIS["x",east],AXIS["y",north],LENGTHUNIT["metre",1]]'
_SAME_M = 1e-6
_MOMENT = "2000-01-01T00:00:00.000Z"


def catchment_frame(district: District, rows: Iterable[AssignmentRow]) -> gpd.GeoDataFrame:
    """
    Dissolve blocks to catchments.

    Parameters
    ----------
    district
        With the geometry of blocks, in its coordinate system; where it has only points, a catchment is the points of its blocks.
    rows
        Of assignment.csv; blocks that the district does not know, or that have no school, are left out.

    Returns
    -------
    geopandas.GeoDataFrame
        Columns stage, year, school_id, blocks (number) and geometry, sorted by the first three.
    """
    index = district.block_index()
    members: dict[tuple[str, int, str], list[int]] = {}
    for row in rows:
        if row.school_id and row.block_id in index:
            members.setdefault((row.stage, row.year, row.school_id), []).append(index[row.block_id])
    keys = sorted(members)
    shapes = district.blocks.geometry if district.blocks.geometry is not None else shapely.points(district.blocks.points)
    outlines = [_many(shapely.union_all(np.asarray(shapes)[sorted(members[key])])) for key in keys]
    columns = {
        "stage": [key[0] for key in keys], "year": [key[1] for key in keys], "school_id": [key[2] for key in keys],
        "blocks": [len(members[key]) for key in keys],
    }  # fmt: skip
    crs = CRS.from_wkt(_LOCAL) if district.crs == "local-metres" else CRS.from_user_input(district.crs)
    return gpd.GeoDataFrame(columns, geometry=outlines, crs=crs)


def write_catchments(path: Path, district: District, rows: Iterable[AssignmentRow]) -> None:
    """Write the catchments as a GeoPackage with one layer; the same catchments give the same bytes."""
    frame = catchment_frame(district, rows)
    if frame.empty:
        return
    before = pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": _MOMENT})
    try:
        frame.to_file(path, layer="catchments", driver="GPKG", engine="pyogrio")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": before})


def outline_faults(path: Path, district: District, rows: Iterable[AssignmentRow]) -> list[str]:
    """
    Return in what a file of outlines differs from the catchments, empty where it does not.

    Parameters
    ----------
    path
        Of catchments.gpkg; it must be there where there are catchments.
    district, rows
        As for `catchment_frame`.
    """
    expected = catchment_frame(district, rows)
    if not path.exists():
        return [] if expected.empty else ["the file is missing"]
    try:
        found = gpd.read_file(path, layer="catchments", engine="pyogrio")
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as error:
        return [f"the file cannot be read: {error}"]
    if list(found.columns) != list(expected.columns):
        return [f"its columns are {', '.join(found.columns)}; expected are {', '.join(expected.columns)}"]
    said, known = (_by_place(frame) for frame in (found, expected))
    faults = [f"{' '.join(map(str, key))} is not in both" for key in sorted(said.keys() ^ known.keys())]
    for key in sorted(said.keys() & known.keys()):
        (blocks, shape), (count, outline) = said[key], known[key]
        if blocks != count:
            faults.append(f"{' '.join(map(str, key))} has {count} blocks, not {blocks}")
        if shape is None or not shapely.equals_exact(shapely.normalize(shape), shapely.normalize(outline), _SAME_M):
            faults.append(f"{' '.join(map(str, key))} has another outline")
    return faults


def _by_place(frame: gpd.GeoDataFrame) -> dict[tuple[str, int, str], tuple[int, Any]]:
    columns = (frame[name] for name in ("stage", "year", "school_id", "blocks", "geometry"))
    return {(stage, int(year), school): (int(blocks), shape) for stage, year, school, blocks, shape in zip(*columns, strict=True)}


def _many(shape: Any) -> Any:
    """Return every outline as the same type, so that a layer has one."""
    parts = shapely.get_parts(shapely.normalize(shape))
    if shapely.get_dimensions(shape) == 0:
        return shapely.multipoints(parts)
    return shapely.multipolygons(parts[shapely.get_dimensions(parts) == 2])
