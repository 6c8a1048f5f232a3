"""A small case that has everything a plan asks for: enrolment, projects with money, clusters, addresses; solved in a second."""

from __future__ import annotations

from pathlib import Path

from folders import grid_case, write_rows

WHOLE_TOML = """\
[case]
name = "Whole town"
crs = "local-metres"
school_year = 2025
years = [2026, 2027]
synthetic = true

[tables]
blocks = "blocks.geojson"
schools = "schools.csv"
catchments = "catchments.csv"
enrolment = "enrolment.csv"
sites = "sites.csv"
clusters = "clusters.csv"
addresses = "addresses.csv"

[zoning]
regime = "phase_in"

[seats]
years = [2026, 2027]
group_blocks = 16
[seats.budgets.school]
2026 = 900
2027 = 900
[seats.programmes.school]
seats_min = 90
projects_min = 1

[clusters]
count = 1
size = [2, 3]
"""

SIDE = 4


def whole_town(folder: Path, *, toml: str = WHOLE_TOML, enrolled: int = 60) -> Path:
    """
    Write a case of 4 × 4 blocks with 36 primary pupils each, two schools of 6 rooms, and three projects.

    ``north`` and ``south`` have ``enrolled`` pupils in one class of each grade; ``x-south`` expands south, ``new`` is a school in
    the corner ``b0_3``, ``x-north`` costs more than there is.
    """
    grid_case(folder, side=SIDE, rooms=(6, 6), pupils=36, toml=toml)
    schools = [("north", 700, 700, "true"), ("south", 100, 100, "false")]
    write_rows(folder / "schools.csv", [
        {"id": name, "name": f"{name.title()} school", "x": x, "y": y, "stages": "primary", "classrooms_primary": 6, "lead": lead}
        for name, x, y, lead in schools
    ])  # fmt: skip
    write_rows(folder / "enrolment.csv", [
        {"school": name, "grade": f"g{grade}", "year": 2025, "pupils": enrolled, "classes": 1}
        for name in ("north", "south") for grade in range(1, 7)
    ])  # fmt: skip
    common = {"stages": "primary", "step": 1, "lead_years": 1, "floor_m2_per_room": 300}
    write_rows(folder / "sites.csv", [
        {"id": "x-south", "name": "South extension", "action": "expand", "school": "south", "block": "", "classrooms_min": 2,
         "classrooms_max": 6, "earliest_year": 2026, "land_m2": 900, "cost_fixed_wan": 100, "cost_room_wan": 50, **common},
        {"id": "new", "name": "New school", "action": "new", "school": "", "block": "b0_3", "classrooms_min": 6,
         "classrooms_max": 12, "earliest_year": 2027, "land_m2": 4000, "cost_fixed_wan": 300, "cost_room_wan": 40, **common},
        {"id": "x-north", "name": "North extension", "action": "expand", "school": "north", "block": "", "classrooms_min": 6,
         "classrooms_max": 6, "earliest_year": 2026, "land_m2": 900, "cost_fixed_wan": 5000, "cost_room_wan": 50, **common},
    ])  # fmt: skip
    write_rows(folder / "clusters.csv", [
        {"school": "north", "cluster": "Town", "role": "lead"}, {"school": "south", "cluster": "Town", "role": "urban"},
    ])  # fmt: skip
    write_rows(folder / "addresses.csv", [
        {"address": f"Row {row} no. {column}", "block": f"b{row}_{column}", "x": 200 * column + 50, "y": 200 * row + 50}
        for row in range(SIDE) for column in range(SIDE)
    ])  # fmt: skip
    return folder
