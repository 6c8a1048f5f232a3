"""Each kind of broken input of case-format.md that is an error: what is done to a whole case, and what is said of it."""

from __future__ import annotations

import shapely
from case_folders import EAST, NORTH, feature

SITE = {"id": "N", "action": "new", "stages": "primary", "classrooms_max": 12, "block": "b1"}
BOW_TIE = shapely.Polygon([(EAST, NORTH), (EAST + 300, NORTH + 300), (EAST + 300, NORTH), (EAST, NORTH + 300)])
SLIVER = {
    "type": "Polygon",
    "coordinates": [[[EAST, NORTH], [EAST + 1, NORTH], [EAST + 1, NORTH + 300], [EAST, NORTH + 300], [EAST, NORTH]]],
}


def cell(k, column, value):
    return lambda case: case.blocks[k]["properties"].update({column: value})


def school(k, **changes):
    return lambda case: case.schools[k].update(changes)


def shape(k, geometry):
    return lambda case: case.blocks[k].update(geometry=feature({}, geometry)["geometry"])


def rows(name, *given, **keys):
    return lambda case: case.table(name, list(given), **keys)


def section(name, body):
    return lambda case: case.sections.update({name: body})


def file(name, content, table):
    return lambda case: (case.files.update({name: content}), case.sections.update({f"tables.{table}": f'file = "{name}"'}))


# kind of case-format.md, what is done, table, row, column, value, what is said, how to mend it
ERRORS = [
    (
        "missing file",
        section("tables.births", 'file = "brths.csv"'),
        "births",
        None,
        None,
        None,
        "there is births.csv",
        "correct the name",
    ),
    (
        "missing layer",
        section("tables.roads", 'file = "roads.geojson"\nlayer = "x"'),
        "roads",
        None,
        None,
        None,
        "no layer x",
        "correct layer",
    ),
    (
        "missing column",
        section("tables.schools", 'file = "schools.csv"\ncolumns = { name = "nam" }'),
        "schools",
        None,
        "nam",
        None,
        "schools.csv has no column nam; the nearest one is name",
        "correct columns.name of [tables.schools]",
    ),
    ("wrong type", school(1, classrooms="many"), "schools", 3, "classrooms", "many", "is not a number", "write a number"),
    (
        "wrong word",
        (lambda case: (school(0, ownership="public")(case), school(1, ownership="state")(case))),
        "schools",
        3,
        "ownership",
        "state",
        "is none of public",
        "write one of public",
    ),
    ("negative number", cell(3, "pupils_g1", -1), "blocks", 4, "pupils_g1", "-1", "is negative", "write 0 or more"),
    (
        "absurd number",
        cell(3, "pupils_g1", 10**12),
        "blocks",
        4,
        "pupils_g1",
        "1e+12",
        "is too large to be true",
        "correct the number",
    ),
    ("endless number", school(0, classrooms="inf"), "schools", 2, "classrooms", "inf", "is not finite", "write a finite number"),
    ("duplicate id", cell(3, "id", "b2"), "blocks", "4", "id", "b2", "b2 stands in rows 3, 4", "give each row an id of its own"),
    ("blank id", cell(3, "id", ""), "blocks", 4, "id", None, "id is empty", "fill the cell or delete the row"),
    (
        "unknown reference",
        rows("locks", {"block": "b111", "school": "A"}),
        "locks",
        2,
        "block",
        "b111",
        "nearest id is b11",
        "correct the id",
    ),
    ("no geometry", shape(3, None), "blocks", "b3", None, None, "the row has no place", "draw it, or delete the row"),
    ("empty geometry", shape(3, shapely.Polygon()), "blocks", "b3", None, None, "the row has no place", "draw it"),
    (
        "another geometry",
        shape(3, shapely.Point(EAST, NORTH)),
        "blocks",
        "b3",
        None,
        None,
        "is a point, where the other",
        "draw its outline",
    ),
    (
        "no system",
        section("case", "school_year = 2025"),
        "schools",
        None,
        None,
        None,
        "no coordinate system is given",
        "write crs =",
    ),
    (
        "wrong system",
        section("case", 'crs = "EPSG:1"'),
        "case.toml",
        None,
        "case.crs",
        "EPSG:1",
        "is not known",
        "write a code like",
    ),
    (
        "no text",
        file("s.csv", b"id\0\n", "schools"),
        "schools",
        None,
        None,
        None,
        "is not a text file",
        "save it as CSV in UTF-8",
    ),
    (
        "empty file",
        file("s.csv", b"", "schools"),
        "schools",
        None,
        None,
        None,
        "s.csv: is empty (0 bytes)",
        "put a line of headings",
    ),
    (
        "empty table",
        file("s.csv", b"id,x,y\n", "schools"),
        "schools",
        None,
        None,
        None,
        "the table has no rows",
        "put its rows into",
    ),
    (
        "path out",
        section("tables.births", 'file = "../x.csv"'),
        "births",
        None,
        None,
        None,
        "leaves the case's folder",
        "put the file into",
    ),
    (
        "year out of range",
        rows("births", {"area": "east", "year": 20255, "births": 3}),
        "births",
        2,
        "year",
        "20255",
        "is not a year between 1900 and 2200",
        "correct the year",
    ),
    (
        "sizes that are none",
        rows("enrolment", {"school": "A", "grade": "g1", "sizes": "forty"}),
        "enrolment",
        2,
        "sizes",
        "forty",
        "are not the sizes of classes",
        "write whole numbers like 45;44;46",
    ),
    ("a site nowhere", rows("sites", SITE | {"block": ""}), "sites", 2, None, None, "the site N has no place", "give it a point"),
    (
        "unknown key",
        section("zoning", 'regme = "full"'),
        "case.toml",
        None,
        "zoning.regme",
        "full",
        "known one is zoning.regime",
        "correct or",
    ),
    (
        "unknown table",
        section("tables.lock", 'file = "x.csv"'),
        "case.toml",
        None,
        "tables.lock",
        None,
        "known one is locks",
        "rename or",
    ),
    (
        "a rule out of range",
        section("rules", "walk_speed = 0"),
        "case.toml",
        None,
        "rules.walk_speed",
        "0",
        "between 0.1 and 100",
        "correct",
    ),
    (
        "unknown goal",
        section("zoning", 'goals = ["near"]'),
        "case.toml",
        None,
        "zoning.goals",
        "near",
        "there is no goal near",
        "the goals are",
    ),
]
