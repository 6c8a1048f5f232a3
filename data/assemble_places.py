"""Tables of places made the district's records: blocks, schools with candidates, sites."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely
from scipy.spatial import KDTree
from shapely import STRtree

from xuequ.data.coverage import sound_shapes
from xuequ.zoning.places import NEVER, Action, Blocks, SchoolKind, Schools, Setting, Site
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems
    from xuequ.zoning.rules import Rules

__all__ = ["block_at", "blocks_of", "lone_stage", "schools_of", "sites_of"]

STAGES: tuple[Stage, ...] = tuple(Stage)
_SITE_NUMBERS = (
    "classrooms_min", "classrooms_max", "step", "earliest_year", "lead_years", "land_m2", "floor_m2", "floor_m2_per_room",
    "cost_fixed_wan", "cost_room_wan", "convertible", "conversion_approved",
)  # fmt: skip
_NEAR_BLOCK_M = 200.0
"""A school this close to a block stands in it: gates and points of the street lie on the border."""


def blocks_of(table: Table, problems: Problems) -> Blocks:
    """
    Make the blocks.

    Where distances start: ``point_x``, ``point_y`` if given, else the centroid, else (where that lies outside the polygon) a
    point inside.
    """
    assert table.geometry is not None
    shapes: Any = table.geometry
    areas: Any = shapely.get_dimensions(shapes) == 2
    nothing: Any = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    drawn_as_areas = areas.any() and (areas | nothing).all()
    geometry = sound_shapes(shapes, tuple(table.text("id")), problems) if drawn_as_areas else None
    drawn = shapes if geometry is None else geometry
    centres = shapely.centroid(drawn)
    if geometry is not None:
        centres = np.where(shapely.intersects(geometry, centres), centres, shapely.point_on_surface(geometry))
    points = np.full((len(shapes), 2), np.nan)
    centred: Any = ~shapely.is_missing(centres) & ~shapely.is_empty(centres)
    points[centred] = shapely.get_coordinates(centres[centred])
    for k in np.flatnonzero(~centred & ~shapely.is_missing(shapes) & ~shapely.is_empty(shapes)):
        points[k] = shapely.get_coordinates(shapes[k]).mean(axis=0)  # a polygon without area has no centre
    given = np.column_stack([table.number("point_x"), table.number("point_y")])
    stated: Any = np.isfinite(given).all(axis=1)
    points = np.where(stated[:, None], given, points)
    return Blocks(
        tuple(table.text("id")),
        points,
        tuple(table.text("name")),
        tuple(table.text("community")),
        tuple(Setting(value or "urban") for value in table.text("setting")),
        geometry,
        table.whole("households"),
    )


def block_at(
    blocks: Blocks, points: NDArray[np.float64], near_m: float = _NEAR_BLOCK_M
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """
    Find the block that each point lies in.

    Parameters
    ----------
    blocks
        The blocks; where they have no polygons the nearest block's point counts.
    points
        Metres, shape ``(n, 2)``.
    near_m
        How far outside all blocks a point may lie and still belong to the nearest one.

    Returns
    -------
    block
        Index, −1 for none, shape ``(n,)``.
    outside
        Which points lie outside all polygons.
    """
    found = np.full(len(points), -1, dtype=np.int64)
    if not len(points) or not len(blocks):
        return found, np.zeros(len(points), dtype=bool)
    if blocks.geometry is None:
        return np.asarray(KDTree(blocks.points).query(points)[1], dtype=np.int64), np.zeros(len(points), dtype=bool)
    tree = STRtree(blocks.geometry)
    shapes: Any = shapely.points(points)
    at, inside = tree.query(shapes, predicate="intersects")
    # Several blocks may hold a point (an overlap, or a border): the first in the file has it.
    for point, block in sorted(zip(at.tolist(), inside.tolist(), strict=True), reverse=True):
        found[point] = block
    outside = found < 0
    near = tree.query_nearest(shapes[outside], max_distance=near_m, all_matches=False)
    found[np.flatnonzero(outside)[near[0]]] = near[1]
    return found, outside


def lone_stage(schools: Table | None, stage: Stage | None) -> Stage | None:
    """Return the one stage that a case is about: what ``[zoning]`` says, or what all schools offer; None if there are several."""
    if schools is not None:
        named = {part for parts in schools.lists("stages") for part in parts}
        named |= {s.value for s in Stage for kind in ("classrooms", "seats") if np.nansum(schools.number(f"{kind}_{s}", 0)) > 0}
        if len(named) == 1:
            return Stage(named.pop())
        if named:
            return None
    return stage


def schools_of(
    table: Table, sites: Table | None, blocks: Blocks, stage: Stage | None, rules: Rules, problems: Problems
) -> Schools:
    """
    Make the schools that run, and a candidate for every ``new`` or ``relocate`` site.

    Parameters
    ----------
    table, sites
        The tables.
    blocks
        To find the block that each stands in.
    stage
        What plain ``classrooms`` and ``seats`` mean where a school names no stages.
    rules
        Standard classes.
    problems
        Takes what is wrong.

    Notes
    -----
    A school at several stages needs classrooms by stage. A standard class equal to ``class_standard.primary_non_full`` makes a
    school non-full (policy §3).
    """
    ids = table.text("id")
    rooms, seats = _rooms(table, stage, problems)
    points, block = _stands(table, blocks, problems)
    new = [] if sites is None else [k for k, action in enumerate(sites.text("action")) if action in {"new", "relocate"}]
    if sites is not None and new:
        site_points, site_block = _stands(sites, blocks, problems)
        points, block = np.concatenate([points, site_points[new]]), np.concatenate([block, site_block[new]])
    more = len(new)

    def of_sites(column: str, default: str) -> list[str]:
        return [sites.text(column)[k] or default for k in new] if sites is not None else []

    return Schools(
        (*ids, *of_sites("id", "")),
        points,
        np.concatenate([rooms, np.zeros((more, 3), dtype=np.int64)]),
        block,
        (*(name or id_ for name, id_ in zip(table.text("name"), ids, strict=True)), *of_sites("name", "")),
        np.concatenate([seats, np.full((more, 3), -1)]),
        tuple(Setting(value or "urban") for value in (*table.text("setting"), *of_sites("setting", "urban"))),
        (*(value or "public" for value in table.text("ownership")), *["public"] * more),
        (*_kinds(table, rules, problems), *[SchoolKind.FULL] * more),
        np.concatenate([table.number("lead", 0) > 0, np.zeros(more, dtype=bool)]),
        (*table.text("group"), *[""] * more),
        np.concatenate([table.number("land_m2", 0), np.zeros(more)]),
        np.concatenate([table.whole("opened", 0), np.full(more, NEVER)]),
        np.concatenate([table.whole("closed", NEVER), np.full(more, NEVER)]),
        np.concatenate([table.number("necessary", 0) > 0, np.zeros(more, dtype=bool)]),
        np.concatenate([table.number("invented", 0) > 0, np.zeros(more, dtype=bool)]),
    )


def _rooms(table: Table, stage: Stage | None, problems: Problems) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return classrooms and seats by stage, shape ``(schools, 3)``: rooms −1 where only seats are known."""
    rooms = np.zeros((len(table), 3), dtype=np.int64)
    seats = np.full((len(table), 3), -1, dtype=np.int64)
    named = table.lists("stages")
    plain = {kind: table.number(kind) for kind in ("classrooms", "seats")}
    split = {kind: np.column_stack([table.number(f"{kind}_{s}") for s in Stage]) for kind in ("classrooms", "seats")}
    for j in range(len(table)):
        counted = np.nan_to_num(split["classrooms"][j]) + np.nan_to_num(split["seats"][j]) > 0
        offered = [Stage(part) for part in named[j]] or [s for s, some in zip(Stage, counted, strict=True) if some]
        offered = offered or ([stage] if stage is not None else [])
        where: dict[str, Any] = {"row": table.row_of(j)}
        if not offered:
            problems.error(
                "schools", "it is not known which stages the school offers", "fill in stages, or set stage in [zoning]", **where
            )
        for s in {*offered, *(s for s, some in zip(Stage, counted, strict=True) if some)}:
            k = STAGES.index(s)
            if s not in offered:
                problems.warn(
                    "schools",
                    f"has classrooms or seats for {s}, which its stages do not name; it is taken to offer it",
                    f"add {s} to stages",
                    **where,
                )
            room, seat = (split[kind][j, k] if np.isfinite(split[kind][j, k]) or len(offered) > 1 else plain[kind][j]
                          for kind in ("classrooms", "seats"))  # fmt: skip
            if np.isfinite(room) and room > 0:
                rooms[j, k] = int(room)
            elif np.isfinite(seat):
                rooms[j, k], seats[j, k] = (-1, int(seat)) if seat > 0 else (0, -1)
            elif not np.isfinite(room):
                hint = f"classrooms_{s}" if len(offered) > 1 else "classrooms"
                problems.error("schools", f"offers {s} but has neither classrooms nor seats for it", f"fill in {hint}", **where)
    return rooms, seats


def _kinds(table: Table, rules: Rules, problems: Problems) -> list[SchoolKind]:
    kinds = [SchoolKind(value or "full") for value in table.text("kind")]
    known = {rules.class_standard.primary, rules.class_standard.junior, rules.class_standard.primary_non_full}
    for j, standard in enumerate(table.whole("standard", 0)):
        if standard == rules.class_standard.primary_non_full and kinds[j] is SchoolKind.FULL:
            kinds[j] = SchoolKind.NON_FULL
        elif standard and standard not in known:
            problems.warn(
                "schools",
                f"a standard class of {standard} is none of the case's; that of its stage is used",
                "set class_standard in [rules]",
                row=table.row_of(j),
                column="standard",
                value=str(standard),
            )
    return kinds


def _stands(table: Table, blocks: Blocks, problems: Problems) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Return the point and the block of each row: by its own place, by its block, by the school it belongs to (later)."""
    index = {name: position for position, name in enumerate(blocks.ids)}
    named = np.array([index.get(name, -1) for name in table.text("block")], dtype=np.int64)
    points = table.middles()
    placed = np.isfinite(points).all(axis=1)
    points[~placed & (named >= 0)] = blocks.points[named[~placed & (named >= 0)]]
    known = np.isfinite(points).all(axis=1)
    found = np.full(len(table), -1, dtype=np.int64)
    at, outside = block_at(blocks, points[known])
    found[known] = at
    _tell_outside(table, np.flatnonzero(known)[outside & (named[known] < 0)], found, problems)
    wrong = np.flatnonzero(placed & (named >= 0) & (found >= 0) & (found != named))
    for j in wrong[:20]:
        problems.warn(
            table.name,
            f"the file names block {blocks.ids[named[j]]}, but the place lies in {blocks.ids[found[j]]}; the name counts",
            "correct the block or the place",
            row=table.row_of(int(j)),
        )
    return points, np.where(named >= 0, named, found)


def _tell_outside(table: Table, rows: NDArray[np.int64], found: NDArray[np.int64], problems: Problems) -> None:
    for j in rows:
        lost = found[j] < 0
        said = "lies outside all blocks" if lost else f"lies outside all blocks; the nearest within {_NEAR_BLOCK_M:g} m is taken"
        assert table.geometry is not None
        problems.warn(table.name, said, "move its point into its block, or name the block in a column block",
                      row=table.row_of(int(j)), geometry=shapely.to_wkt(table.geometry[j], rounding_precision=1))  # fmt: skip


def sites_of(table: Table, school_ids: Sequence[str], problems: Problems) -> tuple[Site, ...]:
    """
    Make the sites.

    Parameters
    ----------
    table
        The projects.
    school_ids
        Schools that run, to check the school of ``expand``, ``convert`` and ``close``.
    problems
        Takes what is wrong.

    Notes
    -----
    ``floor_m2`` of a whole project is divided by its most classrooms. A ``relocate`` site closes the school of its
    ``replaces``, or of its ``school``, when it opens (policy §7).
    """
    return tuple(_site(table, k, school_ids, problems) for k in range(len(table)))


def _site(table: Table, k: int, school_ids: Sequence[str], problems: Problems) -> Site:
    words = {name: table.text(name)[k] for name in ("id", "name", "action", "school", "replaces", "setting", "notes")}
    number = {column: int(table.whole(column)[k]) for column in _SITE_NUMBERS}
    action, name, school, replaces = Action(words["action"]), words["id"], words["school"], words["replaces"]
    where: dict[str, Any] = {"row": table.row_of(k)}
    if action is Action.RELOCATE:
        replaces, school = replaces or school, name
        if replaces not in school_ids:
            problems.error("sites", "relocate needs the school that it replaces", "fill in the column replaces", **where)
    elif action is Action.NEW:
        school = name
    elif school not in school_ids:
        problems.error("sites", f"{action} needs a school that runs", "fill in the column school", **where)
    least, most = number["classrooms_min"], number["classrooms_max"]
    if least > most:
        problems.error("sites", f"at least {least} classrooms are more than at most {most}", "correct one of them", **where)
    return Site(
        name,
        words["name"] or name,
        action,
        tuple(Stage(part) for part in table.lists("stages")[k]),
        school,
        rooms_max=most,
        rooms_min=least,
        step=max(number["step"], 1),
        replaces=replaces,
        earliest_year=number["earliest_year"],
        lead_years=number["lead_years"],
        land_m2=number["land_m2"],
        floor_m2_per_room=number["floor_m2_per_room"] or (number["floor_m2"] // most if most else 0),
        cost_fixed_wan=number["cost_fixed_wan"],
        cost_room_wan=number["cost_room_wan"],
        convertible=bool(number["convertible"]),
        conversion_approved=bool(number["conversion_approved"]),
        setting=Setting(words["setting"] or "urban"),
        notes=words["notes"],
    )
