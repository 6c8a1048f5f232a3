"""Small case folders for tests, whole or broken in one place."""

from __future__ import annotations

import copy
import csv
import io
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import shapely

EAST, NORTH, SIDE = 500_000.0, 2_590_000.0, 300.0
CRS = "EPSG:32649"  # UTM 49 north, around Wuzhou


def square(column: int, row: int, *, east: float = EAST, north: float = NORTH, side: float = SIDE) -> list[list[list[float]]]:
    """Return the coordinates of one square block."""
    x, y = east + column * side, north + row * side
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


@dataclass
class Folder:
    """
    The files of a case, as things that a test can change before they are written.

    ``blocks`` are GeoJSON features, ``schools`` rows, ``files`` further files (text or bytes), ``toml`` the whole of case.toml,
    made of ``sections`` unless it is set.
    """

    blocks: list[dict[str, Any]] = field(default_factory=list)
    schools: list[dict[str, Any]] = field(default_factory=list)
    block_crs: str | None = CRS
    sections: dict[str, str] = field(default_factory=dict)
    files: dict[str, str | bytes] = field(default_factory=dict)
    toml: str | None = None

    def write(self, folder: Path) -> Path:
        """Write everything into a folder and return it."""
        folder.mkdir(parents=True, exist_ok=True)
        collection: dict[str, Any] = {"type": "FeatureCollection", "features": self.blocks}
        if self.block_crs:
            collection["crs"] = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{self.block_crs.replace(':', '::')}"}}
        (folder / "blocks.geojson").write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
        (folder / "schools.csv").write_text(csv_text(self.schools), encoding="utf-8")
        for name, content in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        text = self.toml if self.toml is not None else "\n".join(f"[{name}]\n{body}" for name, body in self.sections.items())
        (folder / "case.toml").write_text(text, encoding="utf-8")
        return folder

    def table(self, name: str, rows: list[dict[str, Any]] | str | bytes, *, file: str = "", **keys: str) -> Folder:
        """Add a table as a CSV file."""
        file = file or f"{name}.csv"
        self.files[file] = csv_text(rows) if isinstance(rows, list) else rows
        self.sections[f"tables.{name}"] = "\n".join([f'file = "{file}"', *(f"{key} = {value}" for key, value in keys.items())])
        return self

    def copy(self) -> Folder:
        """Return an independent copy."""
        return copy.deepcopy(self)


def csv_text(rows: list[dict[str, Any]]) -> str:
    """Return rows as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(dict.fromkeys(name for row in rows for name in row)), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def feature(properties: dict[str, Any], geometry: Any) -> dict[str, Any]:
    """Return a GeoJSON feature; geometry as GeoJSON, shapely shape or None."""
    shape = geometry if geometry is None or isinstance(geometry, dict) else json.loads(shapely.to_geojson(geometry))
    return {"type": "Feature", "properties": properties, "geometry": shape}


def collection(features: list[dict[str, Any]], crs: str | None = CRS) -> str:
    """Return GeoJSON text."""
    member = {} if crs is None else {"crs": {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{crs.replace(':', '::')}"}}}
    return json.dumps({"type": "FeatureCollection", **member, "features": features}, ensure_ascii=False)


def whole_case(columns: int = 4, rows: int = 3) -> Folder:
    """
    Return a case without any fault: ``columns`` × ``rows`` square blocks b0, b1 …, primary schools A and B in the first and last.

    Every block has 10 pupils in each grade of primary; the case has births, roads and a boundary, so that not even a warning is
    due.
    """
    blocks = []
    for k in range(columns * rows):
        pupils = {f"pupils_g{grade}": 10 for grade in range(1, 7)}
        blocks.append(feature({"id": f"b{k}", "name": f"Block {k}", "community": "east" if k % 2 else "west", **pupils},
                              {"type": "Polygon", "coordinates": square(k % columns, k // columns)}))  # fmt: skip
    schools = [
        {"id": "A", "name": "First school", "x": EAST + 150, "y": NORTH + 150, "stages": "primary", "classrooms": 9},
        {
            "id": "B",
            "name": "Second school",
            "x": EAST + columns * SIDE - 150,
            "y": NORTH + rows * SIDE - 150,
            "stages": "primary",
            "classrooms": 9,
        },
    ]
    folder = Folder(blocks, schools)
    folder.sections["case"] = f'name = "test"\ncrs = "{CRS}"\nschool_year = 2025'
    folder.sections["tables.blocks"] = 'file = "blocks.geojson"'
    folder.sections["tables.schools"] = 'file = "schools.csv"'
    width, height = columns * SIDE, rows * SIDE
    streets = [shapely.LineString([(EAST, NORTH + r * SIDE + 150), (EAST + width, NORTH + r * SIDE + 150)]) for r in range(rows)]
    streets += [
        shapely.LineString([(EAST + c * SIDE + 150, NORTH), (EAST + c * SIDE + 150, NORTH + height)]) for c in range(columns)
    ]
    noded = shapely.get_parts(shapely.node(shapely.union_all(streets)))
    folder.table("roads", collection([feature({"class": "street"}, street) for street in noded]), file="roads.geojson")
    outline = shapely.box(EAST, NORTH, EAST + width, NORTH + height)
    folder.table("boundary", collection([feature({"name": "test"}, outline)]), file="boundary.geojson")
    everyone = columns * rows * 10
    births = [{"area": area, "year": year, "births": everyone // 2} for area in ("east", "west") for year in range(2010, 2034)]
    return folder.table("births", births)
