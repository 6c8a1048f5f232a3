"""Who is where today: enrolment, catchments, clusters and ties."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from shapely import STRtree

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role, Tie, TieKind
from xuequ.zoning.district import Enrolment
from xuequ.zoning.places import SchoolKind, index_of
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.data.read import Table
    from xuequ.zoning.places import Blocks, Schools
    from xuequ.zoning.problems import Problems
    from xuequ.zoning.rules import Rules

__all__ = ["catchments_of", "class_sizes", "clusters_of", "enrolment_of", "ties_of"]

_BETWEEN, _SIZE = re.compile(r"[;,、+/\s\uff1b\uff0c]+"), re.compile(r"[0-9]{1,4}人?")
_SPLIT_SHARE = 0.9
"""A block of which less than this share lies in one catchment is called split."""


def enrolment_of(table: Table, schools: Schools, school_year: int, rules: Rules, problems: Problems) -> Enrolment | None:
    """
    Read who is enrolled in the district's school year.

    Rows may be grades (pupils, classes), grades with the size of each class (``sizes``), or single classes (``section``); where
    classes are not known they are as many standard ones as the pupils fill.
    """
    index = index_of(schools.ids)
    pupils = np.zeros((len(schools), len(GRADES)), dtype=np.int64)
    classes = np.zeros_like(pupils)
    years = table.whole("year", school_year)
    if not (years == school_year).any():
        problems.warn("enrolment", f"there are no rows of the school year {school_year}; the table has {_span(years)}",
                      "set school_year in [case] or add the year", column=table.heading("year"))  # fmt: skip
        return None
    numbers, counts = table.number("pupils"), table.number("classes")
    sections = table.has("section")
    school, grade, each_size = (table.text(name) for name in ("school", "grade", "sizes"))
    at = {each.value: position for position, each in enumerate(GRADES)}
    for k in np.flatnonzero(years == school_year):
        j, g = index[school[k]], at[grade[k]]
        sizes = class_sizes(each_size[k]) or []
        total = int(numbers[k]) if np.isfinite(numbers[k]) else sum(sizes)
        if sizes and np.isfinite(numbers[k]) and sum(sizes) != total:
            problems.warn(
                "enrolment",
                f"the classes add up to {sum(sizes)} pupils, not to {total}; {total} counts",
                "correct one of them",
                row=table.row_of(int(k)),
                column=table.heading("sizes"),
                value=each_size[k],
            )
        pupils[j, g] += total
        classes[j, g] += len(sizes) or (int(counts[k]) if np.isfinite(counts[k]) else int(sections and total > 0))
    bare = (pupils > 0) & (classes == 0)
    if bare.any():
        for j, g in np.argwhere(bare):
            classes[j, g] = -(-pupils[j, g] // rules.standard(GRADES[g], full=schools.kinds[j] is SchoolKind.FULL))
        unknown = f"the number of classes is not known for {int(bare.sum())} grades"
        problems.warn("enrolment", f"{unknown}; standard classes are assumed",
                      "add a column classes, or one row for each class with a column section", column="classes")  # fmt: skip
    return Enrolment(pupils, classes)


def class_sizes(text: str) -> list[int] | None:
    """Return the size of each class as one cell lists them (``45;44;46``); None where it says something else."""
    parts = [part for part in _BETWEEN.split(text) if part]
    return [int(part.removesuffix("人")) for part in parts] if all(_SIZE.fullmatch(part) for part in parts) else None


def _span(years: NDArray[np.int64]) -> str:
    return f"{years.min()} to {years.max()}" if len(years) else "none"


def catchments_of(
    tables: Mapping[str, Table], blocks: Blocks, schools: Schools, school_year: int, stage: Stage | None, problems: Problems
) -> dict[Stage, Catchments]:
    """
    Read today's catchments: the table, by block or as polygons, and the columns ``school_STAGE`` of the blocks.

    Parameters
    ----------
    tables
        All tables.
    blocks, schools
        Of the district.
    school_year
        Today's.
    stage
        What a table without stages is about.
    problems
        Takes what is wrong.
    """
    members: dict[Stage, list[tuple[str, ...]]] = {}
    own = tables["blocks"]
    for each in Stage:
        if own.has(f"school_{each}"):
            members[each] = own.lists(f"school_{each}")
    table = tables.get("catchments")
    if table is not None:
        rows = _rows_of_year(table, school_year, problems)
        stages = [value or (stage.value if stage else "") for value in table.text("stage")]
        if any(not stages[k] for k in rows):
            problems.error("catchments", "it is not known which stage a catchment is of", "fill in the column stage",
                           column="stage")  # fmt: skip
            return {}
        for each in Stage:
            chosen = [k for k in rows if stages[k] == each]
            if chosen:
                read = _by_block if table.has("block") else _by_polygon
                members[each] = read(table, chosen, blocks, problems)
    return {each: _catchments(each, school_year, lists, schools, problems) for each, lists in members.items()}


def _rows_of_year(table: Table, school_year: int, problems: Problems) -> list[int]:
    years = table.whole("year", school_year)
    if (years == school_year).any() or not len(years):
        return [int(k) for k in np.flatnonzero(years == school_year)]
    past = years[years < school_year]
    taken = int(past.max()) if len(past) else int(years.min())
    problems.warn("catchments", f"there are none of the school year {school_year}; those of {taken} are taken as today's",
                  "add the year, or correct school_year in [case]", column=table.heading("year"))  # fmt: skip
    return [int(k) for k in np.flatnonzero(years == taken)]


def _by_block(table: Table, rows: Sequence[int], blocks: Blocks, problems: Problems) -> list[tuple[str, ...]]:
    index = index_of(blocks.ids)
    result: list[tuple[str, ...]] = [()] * len(blocks)
    names, schools = table.text("block"), table.lists("school")
    bare = [k for k in rows if not names[k]]
    if bare:
        problems.warn("catchments", f"{len(bare)} rows name no block and are left aside", "fill in the block or delete the row",
                      row=table.row_of(bare[0]), column=table.heading("block"))  # fmt: skip
    for k in rows:
        i = index.get(names[k], -1)
        if i >= 0:
            result[i] = (*result[i], *(name for name in schools[k] if name not in result[i]))
    return result


def _by_polygon(table: Table, rows: Sequence[int], blocks: Blocks, problems: Problems) -> list[tuple[str, ...]]:
    """Give each block to the polygon that covers most of it; blocks without polygons by their point."""
    result: list[tuple[str, ...]] = [()] * len(blocks)
    if table.geometry is None:
        problems.error("catchments", "there is neither a column block nor polygons", "add one of them")
        return result
    areas = shapely.make_valid(table.geometry[list(rows)])
    shapes: Any = shapely.points(blocks.points) if blocks.geometry is None else blocks.geometry
    pairs = STRtree(areas).query(shapes, predicate="intersects").T
    shared = shapely.intersection(shapes[pairs[:, 0]], areas[pairs[:, 1]])
    size = np.ones(len(pairs)) if blocks.geometry is None else shapely.area(shared)
    whole: Any = np.ones(len(blocks)) if blocks.geometry is None else shapely.area(shapes)
    best: dict[int, tuple[float, int]] = {}
    for (i, a), area in zip(pairs.tolist(), size.tolist(), strict=True):
        best[i] = max(best.get(i, (0.0, -1)), (area, -a))
    split = []
    for i, (area, a) in sorted(best.items()):
        if area > 0:
            result[i] = table.lists("school")[rows[-a]]
            if area < _SPLIT_SHARE * whole[i]:
                split.append(i)
    if split:
        problems.warn(
            "catchments",
            f"{len(split)} blocks lie in more than one catchment or partly in none; the largest part counts",
            "draw catchments along blocks, or split the blocks",
            row=blocks.ids[split[0]],
        )
    return result


def _catchments(stage: Stage, year: int, lists: Sequence[tuple[str, ...]], schools: Schools, problems: Problems) -> Catchments:
    index = index_of(schools.ids)
    offers = schools.offers(stage)
    told: set[int] = set()
    members = [tuple(sorted(index[name] for name in names)) for names in lists]
    for j in sorted({j for each in members for j in each}):
        if not offers[j] and j not in told:
            told.add(j)
            problems.warn(
                "catchments",
                f"{schools.ids[j]} has a {stage} catchment but does not offer {stage}",
                "correct one of them",
                row=schools.ids[j],
            )
    without = sum(not each for each in members)
    if without:
        problems.warn(
            "catchments", f"{without} of {len(members)} blocks have no {stage} catchment today", "add them if they have one"
        )
    zones = tuple(sorted({each for each in members if each}))
    at = {zone: position for position, zone in enumerate(zones)}
    return Catchments(stage, year, zones, np.array([at.get(each, -1) for each in members], dtype=np.int32))


def clusters_of(table: Table, schools: Schools, problems: Problems) -> ClusterPlan:
    """
    Read today's clusters; each is named by its lead, which the table says or the schools' column ``lead``.

    Notes
    -----
    policy.md §8: exactly one lead each.
    """
    index = index_of(schools.ids)
    assert schools.lead is not None
    groups: dict[str, list[int]] = {}
    for k, name in enumerate(table.text("cluster")):
        groups.setdefault(name, []).append(k)
    members: list[Membership] = []
    names: list[tuple[str, str]] = []
    for name, rows in sorted(groups.items()):
        ids = [table.text("school")[k] for k in rows]
        leads = [table.text("school")[k] for k in rows if table.text("role")[k] == "lead"]
        leads = leads or [school for school in ids if schools.lead[index[school]]]
        if len(leads) != 1:
            said = "no lead school" if not leads else f"{len(leads)} lead schools ({', '.join(leads)})"
            problems.warn("clusters", f"cluster {name} has {said}; {(leads or sorted(ids))[0]} is taken",
                          "give one member the role lead", row=name, column="role")  # fmt: skip
        lead = (leads or sorted(ids))[0]
        names.append((lead, name))
        for k, school in zip(rows, ids, strict=True):
            setting = schools.settings[index[school]]
            role = table.text("role")[k] or ("urban" if setting == "urban" else "rural")
            role = "lead" if school == lead else ("urban" if role == "lead" else role)
            members.append(Membership(school, lead, Role(role)))
    order = {Role.LEAD: 0, Role.URBAN: 1, Role.RURAL: 2}
    return ClusterPlan(tuple(sorted(members, key=lambda m: (m.cluster, order[m.role], m.school))), tuple(sorted(names)))


def ties_of(table: Table | None, clusters: ClusterPlan | None) -> tuple[Tie, ...]:
    """Read ties from the clusters table: with the school of ``tie_with``, else with the lead of the cluster."""
    if table is None or clusters is None or not table.has("tie"):
        return ()
    home = clusters.cluster_of()
    found = set()
    for school, kind, other in zip(table.text("school"), table.text("tie"), table.text("tie_with"), strict=True):
        partner = other or home[school]
        if kind and partner != school:
            found.add((*sorted((school, partner)), kind))
    return tuple(Tie(a, b, TieKind(kind)) for a, b, kind in sorted(found))
