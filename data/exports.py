"""Tables and places written for other programs."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from xuequ.zoning.errors import InputError
from xuequ.zoning.stage import GRADES

if TYPE_CHECKING:
    from pathlib import Path

    from xuequ.zoning.district import District
    from xuequ.zoning.problems import Problems

__all__ = ["write_demand", "write_places"]


def write_demand(folder: Path, district: District) -> Path:
    """
    Write the demand of a district as ``demand.csv``: block_id, grade, year, scenario, pupils; lines of no pupils are left out.

    The file is one that a case can name as its ``demand`` table.
    """
    demand = district.demand
    scenario, year, grade, block = np.nonzero(demand.pupils)
    frame = pd.DataFrame({
        "block_id": np.array(district.blocks.ids, dtype=object)[block],
        "grade": np.array([item.value for item in GRADES], dtype=object)[grade],
        "year": np.array(demand.years)[year],
        "scenario": np.array(demand.scenarios, dtype=object)[scenario],
        "pupils": demand.pupils[scenario, year, grade, block],
    })  # fmt: skip
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "demand.csv"
    frame.to_csv(path, index=False, lineterminator="\n")
    return path


def write_places(path: Path, problems: Problems, crs: str | None = None) -> Path:
    """
    Write the places of problems, in the plane ``crs``, as a GeoPackage with a layer ``problems``; the others are left out.

    Raises
    ------
    InputError
        If it cannot be written there, or another file stands there.
    """
    import geopandas as gpd  # noqa: PLC0415 - only this export needs it
    from pyogrio.errors import DataSourceError  # noqa: PLC0415

    if path.suffix.lower() != ".gpkg" or (path.exists() and not _holds_problems(path)):
        raise InputError(f"{path}: name a file ending in .gpkg that is new or was written by check --places before")

    placed = [(kind, item) for kind in ("errors", "warnings") for item in getattr(problems, kind) if item.geometry]
    rows = [{"kind": kind[:-1], **item.to_json(), "row": str(item.row)} for kind, item in placed]
    columns = ["kind", "table", "row", "column", "value", "message", "fix"]
    geometry = gpd.GeoSeries.from_wkt([item.geometry for _, item in placed], crs=crs if crs and ":" in crs else None)
    frame = gpd.GeoDataFrame(pd.DataFrame(rows, columns=columns), geometry=geometry)
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "'crs' was not provided")  # a plane without a code: local metres
            frame.to_file(path, layer="problems", driver="GPKG", engine="pyogrio")
    except DataSourceError as error:
        raise InputError(f"the places cannot be written to {path}: {error}") from error
    return path


def _holds_problems(path: Path) -> bool:
    import pyogrio  # noqa: PLC0415 - only this export needs it

    try:
        return [str(name) for name, _ in pyogrio.list_layers(path)] == ["problems"]
    except pyogrio.errors.DataSourceError:
        return False
