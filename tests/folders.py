"""Case folders for tests, written as a user's files."""

from __future__ import annotations

import csv
import json
from pathlib import Path

CASE_TOML = """\
[case]
name = "Grid"
crs = "local-metres"
school_year = 2025
years = [2026, 2027]
synthetic = true

[tables]
blocks = "blocks.geojson"
schools = "schools.csv"
catchments = "catchments.csv"

[zoning]
stage = "primary"
regime = "full"
"""


def write_rows(path: Path, rows: list[dict]) -> Path:
    """Write rows as CSV, columns as in the first."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return path


def grid_case(folder: Path, *, side: int = 5, rooms: tuple[int, int] = (12, 12), pupils: int = 18, toml: str = CASE_TOML) -> Path:
    """
    Write a case of ``side`` × ``side`` square blocks of 200 m and two primary schools in opposite corners.

    Block ``b<r>_<c>`` has ``pupils`` pupils, three of each grade by default; today's catchments split the square along its
    diagonal.
    """
    folder.mkdir(parents=True, exist_ok=True)
    cells = [(row, column) for row in range(side) for column in range(side)]
    features = []
    for row, column in cells:
        x, y = 200 * column, 200 * row
        ring = [[x, y], [x + 200, y], [x + 200, y + 200], [x, y + 200], [x, y]]
        grades = {f"pupils_g{g + 1}": pupils // 6 + (g < pupils % 6) for g in range(6)}
        properties = {"id": f"b{row}_{column}", "name": f"Block {row}-{column}", "setting": "urban", **grades}
        features.append({"type": "Feature", "properties": properties, "geometry": {"type": "Polygon", "coordinates": [ring]}})
    (folder / "blocks.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}), encoding="utf-8")
    far = 200 * side - 100
    write_rows(
        folder / "schools.csv",
        [
            {"id": "north", "name": "North school", "x": far, "y": far, "stages": "primary", "classrooms_primary": rooms[0]},
            {"id": "south", "name": "South school", "x": 100, "y": 100, "stages": "primary", "classrooms_primary": rooms[1]},
        ],
    )
    write_rows(
        folder / "catchments.csv",
        [
            {
                "block_id": f"b{row}_{column}",
                "stage": "primary",
                "year": 2025,
                "school_id": "south" if row + column < side else "north",
            }
            for row, column in cells
        ],
    )
    (folder / "case.toml").write_text(toml, encoding="utf-8")
    return folder
