"""One good row of every table of case-format.md, with every column filled, and what stands in each column."""

from __future__ import annotations

from case_folders import EAST, NORTH

GRADES = ("k1", "k2", "k3", "g1", "g2", "g3", "g4", "g5", "g6", "g7", "g8", "g9")
STAGES = ("kindergarten", "primary", "junior")
PUPILS = ("pupils", *(f"pupils_{each}" for each in (*STAGES, *GRADES)))
PLACE = {"x": EAST + 150, "y": NORTH + 150}

ROWS: dict[str, dict[str, object]] = {
    "blocks": {
        "id": "b0", "name": "龙湖", "community": "富民", "setting": "urban", **dict.fromkeys(PUPILS, 7), "households": 40,
        "point_x": EAST + 10, "point_y": NORTH + 10, "school_kindergarten": "K;L", "school_primary": "A", "school_junior": "B",
        **PLACE,
    },
    "schools": {
        "id": "A", "name": "富民小学", "stages": "primary;junior", "setting": "rural", "ownership": "private", "classrooms": 9,
        "classrooms_kindergarten": 6, "classrooms_primary": 12, "classrooms_junior": 18, "seats": 405, "seats_kindergarten": 150,
        "seats_primary": 540, "seats_junior": 900, "standard": 45, "kind": "teaching_point", "lead": "yes", "group": "一集团",
        "land_m2": 8000.5, "opened": 1987, "closed": 2031, "necessary": "no", "invented": "true", "block": "b0", **PLACE,
    },
    "enrolment": {"school": "A", "grade": "g1", "year": 2025, "pupils": 90, "classes": 2, "section": "1", "sizes": "45;45"},
    "sites": {
        "id": "N", "name": "新校", "action": "new", "stages": "primary", "school": "A", "replaces": "B", "block": "b0",
        "classrooms_min": 12, "classrooms_max": 24, "step": 6, "earliest_year": 2027, "lead_years": 2, "land_m2": 9000,
        "floor_m2": 24000, "floor_m2_per_room": 900, "cost_fixed_wan": 900, "cost_room_wan": 120, "convertible": "yes",
        "conversion_approved": "no", "setting": "periurban", "notes": "by the river", **PLACE,
    },
    "roads": {
        "from": "b0", "to": "b1", "length_m": 320.5, "walkable": "yes", "oneway": "no", "class": "residential", "bridge": "no",
    },
    "distances": {"block": "b0", "school": "A", "metres": 320.5},
    "barriers": {"kind": "river", "name": "桂江", "geometry": f"LINESTRING ({EAST} {NORTH}, {EAST + 9} {NORTH})"},
    "links": {"a": "b0", "b": "b1", "kind": "bridge", "name": "一桥"},
    "catchments": {"block": "b0", "stage": "primary", "year": 2025, "school": "A;B"},
    "clusters": {"school": "A", "cluster": "富民学区", "role": "lead", "tie": "assist", "tie_with": "B"},
    "births": {"area": "富民", "year": 2019, "month": 9, "births": 31},
    "housing": {"id": "E", "name": "龙湖", "block": "b0", "year": 2027, "units": 300, "type": "flat", **PLACE},
    "addresses": {"address": "桂江路1号", "street": "桂江路", "number": "1号", "estate": "龙湖", "block": "b0", **PLACE},
    "locks": {"block": "b0", "stage": "primary", "school": "A", "must": "no"},
    "adjacency": {"a": "b0", "b": "b1", "border_m": 300},
    "demand": {"block": "b0", "grade": "g1", "year": 2026, "scenario": "middle", "pupils": 9},
    "boundary": {"name": "区界", "geometry": f"POINT ({EAST} {NORTH})"},
}  # fmt: skip

REQUIRED = {
    "blocks": "id", "schools": "id", "enrolment": "school grade", "sites": "id action stages classrooms_max", "roads": "",
    "distances": "block school metres", "barriers": "", "links": "", "catchments": "school", "clusters": "school cluster",
    "births": "area year births", "housing": "year units", "addresses": "", "locks": "block school", "adjacency": "a b",
    "demand": "block grade year pupils", "boundary": "",
}  # fmt: skip
"""Columns without which a table says nothing (case-format.md)."""

COUNTS = {
    "blocks": (*PUPILS, "households"), "schools": (
        *(name for kind in ("classrooms", "seats") for name in (kind, *(f"{kind}_{stage}" for stage in STAGES))), "standard",
    ), "enrolment": ("pupils", "classes"), "sites": ("classrooms_min", "classrooms_max", "step", "lead_years"),
    "births": ("births",), "housing": ("units",), "demand": ("pupils",),
}  # fmt: skip
"""Whole numbers, not negative."""

NUMBERS = {
    "schools": ("land_m2",), "sites": ("land_m2", "floor_m2", "floor_m2_per_room", "cost_fixed_wan", "cost_room_wan"),
    "roads": ("length_m",), "distances": ("metres",), "adjacency": ("border_m",),
}  # fmt: skip
"""Metres, square metres, money: fractions too, not negative."""

YEARS = {
    "schools": ("opened", "closed"), "enrolment": ("year",), "sites": ("earliest_year",), "catchments": ("year",),
    "births": ("year",), "housing": ("year",), "demand": ("year",),
}  # fmt: skip

FLAGS = {
    "schools": ("lead", "necessary", "invented"), "sites": ("convertible", "conversion_approved"), "roads": ("walkable",),
    "locks": ("must",),
}  # fmt: skip

WORDS = {
    ("blocks", "setting"): "urban, periurban, rural", ("schools", "stages"): "kindergarten, primary, junior",
    ("schools", "setting"): "urban, periurban, rural", ("schools", "ownership"): "public, private, inclusive",
    ("schools", "kind"): "full, non_full, teaching_point", ("enrolment", "grade"): ", ".join(GRADES),
    ("sites", "action"): "new, expand, relocate, convert, close", ("sites", "stages"): "kindergarten, primary, junior",
    ("sites", "setting"): "urban, periurban, rural", ("barriers", "kind"): "river, motorway, railway, road",
    ("links", "kind"): "bridge, ferry, underpass, crossing", ("catchments", "stage"): "kindergarten, primary, junior",
    ("clusters", "role"): "lead, urban, rural", ("clusters", "tie"): "tight, alliance, assist",
    ("locks", "stage"): "kindergarten, primary, junior", ("demand", "grade"): ", ".join(GRADES),
}  # fmt: skip
"""Columns of a few words, and the words."""

REFERENCES = {
    "blocks": {"schools": ("school_kindergarten", "school_primary", "school_junior")}, "schools": {"blocks": ("block",)},
    "enrolment": {"schools": ("school",)}, "sites": {"schools": ("school", "replaces"), "blocks": ("block",)},
    "distances": {"blocks": ("block",), "schools": ("school",)}, "links": {"blocks": ("a", "b")},
    "catchments": {"blocks": ("block",), "schools": ("school",)}, "clusters": {"schools": ("school", "tie_with")},
    "housing": {"blocks": ("block",)}, "addresses": {"blocks": ("block",)},
    "locks": {"blocks": ("block",), "schools": ("school",)}, "adjacency": {"blocks": ("a", "b")},
    "demand": {"blocks": ("block",)},
}  # fmt: skip
"""Columns that hold ids of another table, by that table."""


def columns_of(kinds: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Return (table, column) pairs."""
    return [(table, column) for table, columns in kinds.items() for column in columns]
