"""The made-up district written as a case folder: plain text files, the same bytes for the same seed."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.synthetic_addresses import block_names, number_houses
from xuequ.data.synthetic_land import ORIGIN
from xuequ.data.synthetic_people import SINGLE_AGES, settle_people
from xuequ.data.synthetic_place import build_place
from xuequ.data.synthetic_plan import CLUSTERS, TIES
from xuequ.data.synthetic_schools import form_classes, open_schools
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from xuequ.data.synthetic_people import People
    from xuequ.data.synthetic_place import Place
    from xuequ.data.synthetic_schools import Schooling

__all__ = ["CRS", "SCHOOL_YEAR", "case_files", "files_of", "write_files"]

CRS = "EPSG:4546"
SCHOOL_YEAR = 2025
_HISTORY = range(2020, SCHOOL_YEAR + 1)
_YEARLY_GAIN = 1.004
"""Pupils of a cohort one school year on: a few more move in than leave."""

_TOML = """\
# 演示区（合成数据）: a made-up district for trying xuequ. Nothing in it is real but some names (townships, communities, the
# schools and projects that the district's plan names) and the census sums by age. Written by xuequ.data.synthetic; do not edit.

[case]
name = "演示区（合成数据）"
crs = "EPSG:4546"
school_year = 2025
years = [2026, 2027, 2028, 2029, 2030]
timezone = "Asia/Shanghai"
language = "zh"
data_licence = "CC0-1.0; names of places from a public list; all else invented"
synthetic = true

[tables]
blocks = "blocks.geojson"
schools = "schools.csv"
enrolment = "enrolment.csv"
sites = "sites.csv"
roads = "roads.geojson"
barriers = "barriers.geojson"
links = "links.csv"
catchments = "catchments.csv"
clusters = "clusters.csv"
births = "births.csv"
housing = "housing.csv"
addresses = "addresses.csv"
boundary = "boundary.geojson"

[zoning]
regime = "phase_in"

[seats]
years = [2026, 2027, 2028, 2029, 2030]

[seats.budgets.school]  # 10,000 yuan
2026 = 10000
2027 = 14000
2028 = 12000
2029 = 9000
2030 = 7000

[seats.budgets.kindergarten]
2026 = 3000
2027 = 5000
2028 = 4000
2029 = 2000
2030 = 1000

[seats.programmes.school]
seats_min = 4000
projects_min = 8
land_m2 = 126800
land_max_m2 = 126800

[seats.programmes.kindergarten]
seats_min = 1800
projects_min = 7
land_m2 = 23600
land_max_m2 = 23600

[clusters]
count = 7
size = [3, 10]

[publish]
small_count = 10
contact = "演示区教育局招生办（虚构）"
draw_seed = "20260801"
decided = 2026-04-15
decision = "演示方案（虚构）"
"""


def case_files(seed: int) -> dict[str, str]:
    """
    Make the district and return the text of every file of its case folder by name.

    Parameters
    ----------
    seed
        The same seed gives the same texts.
    """
    place = build_place(seed)
    people = settle_people(place, seed)
    return files_of(place, people, open_schools(place, people), block_names(place, people, seed))


def files_of(place: Place, people: People, schooling: Schooling, names: tuple[str, ...]) -> dict[str, str]:
    """
    Return the text of every file of the case folder by name.

    Parameters
    ----------
    place, people, schooling
        The district.
    names
        Of its blocks.
    """
    return {
        "case.toml": _TOML,
        "blocks.geojson": _blocks(place, people, names),
        "schools.csv": _schools(schooling),
        "enrolment.csv": _enrolment(schooling),
        "sites.csv": _sites(schooling, place),
        "roads.geojson": _features("roads", ((road.line, {"name": road.name, "class": road.kind}) for road in place.roads)),
        "barriers.geojson": _features("barriers", [(place.land.river, {"kind": "river", "name": "桂江"})]),
        "links.csv": _table("a b kind name", ((place.ids[b.west], place.ids[b.east], "bridge", b.name) for b in place.bridges)),
        "catchments.csv": _catchments(schooling, place),
        "clusters.csv": _clusters(),
        "births.csv": _table("area year births", ((a, y, n) for a, row in people.births.items() for y, n in row.items())),
        "housing.csv": _table(
            "id name block year units type",
            ((f"E{k:03d}", e.name, place.ids[e.block], e.year, e.homes, "flat") for k, e in enumerate(people.estates, 1)),
        ),
        "addresses.csv": _table(
            "address street number estate block x y",
            (
                (e.address, e.street, e.number, e.estate, place.ids[e.block], *_plane(e.x, e.y))
                for e in number_houses(place, people, names)
            ),
        ),
        "boundary.geojson": _features("boundary", [(place.land.outline, {"name": "演示区（合成数据）"})]),
    }


def write_files(folder: Path, files: Mapping[str, str]) -> None:
    """
    Write the files of a case folder, UTF-8 with a line feed at line ends.

    Parameters
    ----------
    folder
        Made if it is not there; files of the same names are replaced.
    files
        Text by name.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())


def _plane(x: float, y: float) -> tuple[str, str]:
    """Return easting and northing in `CRS`, to the decimetre."""
    return f"{x + ORIGIN[0]:.1f}", f"{y + ORIGIN[1]:.1f}"


def _table(heading: str, rows: Iterable[Sequence[Any]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(heading.split())
    writer.writerows(rows)
    return text.getvalue()


def _features(name: str, rows: Iterable[tuple[Any, Mapping[str, Any]]]) -> str:
    """Write features as GeoJSON in the plane of the case, one a line, with the coordinate system named as GDAL reads it."""
    crs = {"type": "name", "properties": {"name": f"urn:ogc:def:crs:{CRS.replace(':', '::')}"}}
    lines = [f'{{"type":"FeatureCollection","name":"{name}","crs":{_json(crs)},"features":[']
    features = []
    for shape, properties in rows:
        moved = shapely.transform(shape, lambda xy: np.round(xy + ORIGIN, 1))
        geometry = json.loads(shapely.to_geojson(moved))
        features.append(_json({"type": "Feature", "properties": properties, "geometry": geometry}))
    return "\n".join([*lines, ",\n".join(features), "]}", ""])


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _blocks(place: Place, people: People, names: tuple[str, ...]) -> str:
    def row(k: int) -> dict[str, Any]:
        x, y = _plane(*place.points[k])
        pupils = {f"pupils_{grade}": int(people.today[g, k]) for g, grade in enumerate(GRADES)}
        return {
            "id": place.ids[k], "name": names[k], "community": place.communities[k], "setting": place.settings[k],
            "households": int(people.households[k]), "point_x": float(x), "point_y": float(y), **pupils,
        }  # fmt: skip

    return _features("blocks", ((place.shapes[k], row(k)) for k in range(len(place))))


def _schools(schooling: Schooling) -> str:
    heading = (
        "id name x y stages setting ownership kind classrooms_kindergarten classrooms_primary classrooms_junior lead group "
        "land_m2 necessary invented"
    )
    rows = []
    for own, rooms in zip(schooling.institutions, schooling.rooms, strict=True):
        land = 500 + int(rooms.sum()) * (330 if Stage.KINDERGARTEN in own.stages else 610)
        rooms_text = [str(n) if stage in own.stages else "" for stage, n in zip(Stage, rooms, strict=True)]
        flags = [str(flag).lower() for flag in (own.id in CLUSTERS, own.kind == "teaching_point", own.invented)]
        rows.append(
            (own.id, own.name, *_plane(own.x, own.y), ";".join(own.stages), own.setting, own.ownership, own.kind, *rooms_text,
             flags[0], own.group, land, *flags[1:])
        )  # fmt: skip
    return _table(heading, rows)


def _enrolment(schooling: Schooling) -> str:
    """Write six years of rolls: today's cohorts followed back, and those that have left by the size of their years of birth."""
    rows = []
    sizes = np.array([*SINGLE_AGES, SINGLE_AGES[-1]], dtype=float)
    cohort = (5 * sizes[:-1] + sizes[1:]) / 6
    for j, own in enumerate(schooling.institutions):
        for year in _HISTORY:
            back = SCHOOL_YEAR - year
            if back > 2 and Stage.KINDERGARTEN in own.stages:
                continue
            for g, grade in enumerate(GRADES):
                if grade.stage not in own.stages:
                    continue
                top = grade.stage.grade_slice.stop - 1
                now = min(g + back, top)
                pupils = float(schooling.pupils[j, now])
                # A cohort that has left the school: as many as today's highest grade, by the sizes of the two years of birth.
                pupils *= cohort[min(g - 2 + back, 14)] / cohort[now - 2] if g + back > top else _YEARLY_GAIN**-back
                count = round(pupils)
                classes = int(schooling.classes[j, g]) if back == 0 else form_classes(own, grade, count)
                if count:
                    rows.append((own.id, str(grade), year, count, classes))
    return _table("school grade year pupils classes", rows)


def _sites(schooling: Schooling, place: Place) -> str:
    heading = (
        "id name action stages school replaces block x y classrooms_min classrooms_max step earliest_year lead_years land_m2 "
        "floor_m2_per_room cost_fixed_wan cost_room_wan convertible setting"
    )
    ids = {own.id for own in schooling.institutions}
    rows = []
    for project in schooling.projects:
        spec = project.spec
        school = spec.place if isinstance(spec.place, str) and spec.place in ids else ""
        rows.append(
            (spec.id, spec.name, spec.action, spec.stages, school, spec.replaces, place.ids[project.block],
             *_plane(project.x, project.y), *spec.rooms, spec.earliest, spec.lead, spec.land_m2, spec.floor_m2, spec.fixed_wan,
             spec.room_wan, str(spec.convertible).lower(), project.setting)
        )  # fmt: skip
    return _table(heading, rows)


def _catchments(schooling: Schooling, place: Place) -> str:
    return _table(
        "block stage year school",
        (
            (block, str(stage), SCHOOL_YEAR, schooling.institutions[j].id)
            for stage, chosen in schooling.catchments.items()
            for block, j in zip(place.ids, chosen, strict=True)
        ),
    )


def _clusters() -> str:
    """Write today's clusters; roles follow from the settings of the schools."""
    rows = []
    for lead, (name, members) in CLUSTERS.items():
        rows.append((lead, name, "lead", "", ""))
        rows += [(member, name, "", *TIES.get(member, ("", ""))) for member in members.split()]
    return _table("school cluster role tie tie_with", rows)
