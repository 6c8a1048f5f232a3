"""Addresses of the made-up district: house numbers along streets (odd left, even right), estates, village groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.synthetic_blocks import TOWN
from xuequ.data.synthetic_names import ESTATE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from xuequ.data.synthetic_people import People
    from xuequ.data.synthetic_place import Place

__all__ = ["Entry", "block_names", "number_houses"]

_HOUSE_M = 18.0
"""Frontage of one house: two numbers, one on each side, for every step along a street."""
_ASIDE_M = 14.0
_NEAR_ROAD_M = 45.0
_EVERY_M = {"west": 78.0, "east": 95.0, "longhu": 170.0, "chengdong": 170.0, "xiying": 60.0}
_OLD_ESTATES = {"west": 90, "east": 60}


@dataclass(frozen=True, slots=True)
class Entry:
    """One address: street and number, or estate and building, or village and group; ``x``, ``y`` are metres from the origin."""

    address: str
    street: str
    number: str
    estate: str
    block: int
    x: float
    y: float


def block_names(place: Place, people: People, seed: int) -> tuple[str, ...]:
    """
    Name the blocks of the town that are an estate after it.

    Parameters
    ----------
    place, people
        The blocks, and the estates that are built or planned.
    seed
        Which of the other blocks bear the name of an older estate.
    """
    rng = np.random.default_rng([seed, 3])
    names = list(place.names)
    used = {estate.block for estate in people.estates}
    for estate in people.estates:
        names[estate.block] = estate.name
    spare = iter(ESTATE_NAMES[len(people.estates) :])
    area = np.array(place.area)
    for key, count in _OLD_ESTATES.items():
        free = [
            int(k) for k in np.flatnonzero((area == key) & (place.kind == TOWN) & (people.households > 20)) if int(k) not in used
        ]
        for block, name in zip(sorted(rng.choice(free, count, replace=False).tolist()), spare, strict=False):
            names[block] = name
    return tuple(names)


def number_houses(place: Place, people: People, names: tuple[str, ...]) -> tuple[Entry, ...]:
    """
    Give addresses to the blocks that people live in.

    Parameters
    ----------
    place, people
        Streets and blocks, and who lives there.
    names
        Of the blocks, from `block_names`.

    Returns
    -------
    tuple of Entry
        Streets in their order by number, then estates and villages in the order of the blocks. No address occurs twice.
    """
    found: dict[str, Entry] = {}
    lived_in = people.households > 0
    for entry in (*_along_streets(place), *_inside_blocks(place, people, names)):
        if lived_in[entry.block] or entry.estate:
            found.setdefault(entry.address, entry)
    return tuple(found.values())


def _along_streets(place: Place) -> Iterator[Entry]:
    """
    Yield houses on both sides of every street; a street in several pieces is numbered on.

    Streets that run close beside each other are one road in the end: nobody lives at the other one.
    """
    tree = shapely.STRtree(place.shapes)
    roads = _roads_by_name(place)
    passed: dict[str, float] = {}
    for street in place.streets:
        start = passed.get(street.name, 0.0)
        passed[street.name] = start + street.line.length + 60.0
        along = np.arange(12.0, street.line.length - 8.0, _EVERY_M[street.area])
        if not len(along):
            continue
        here = shapely.get_coordinates(shapely.line_interpolate_point(street.line, along))
        ahead = shapely.get_coordinates(shapely.line_interpolate_point(street.line, along + 4.0))
        step = ahead - here
        aside = np.column_stack([-step[:, 1], step[:, 0]]) / np.hypot(*step.T)[:, None] * _ASIDE_M
        for parity, places in ((1, here + aside), (2, here - aside)):
            query, block = tree.query(shapely.points(places), predicate="within")
            built = shapely.distance(roads.get(street.name), shapely.points(places)) < _NEAR_ROAD_M
            for k, own in zip(query, block, strict=True):
                if place.kind[own] == TOWN and built[k]:
                    number = 2 * int((start + along[k]) // _HOUSE_M) + parity
                    x, y = np.round(places[k], 1).tolist()
                    yield Entry(f"{street.name}{number}号", street.name, f"{number}号", "", int(own), x, y)


def _roads_by_name(place: Place) -> dict[str, Any]:
    """Return the roads of each name as one line."""
    lines: dict[str, list[Any]] = {}
    for road in place.roads:
        if road.kind == "street":
            lines.setdefault(road.name, []).append(road.line)
    return {name: shapely.multilinestrings(parts) for name, parts in lines.items()}


def _inside_blocks(place: Place, people: People, names: tuple[str, ...]) -> Iterator[Entry]:
    """Yield the buildings of estates, and village groups."""
    offsets = ((0.0, 0.0), (22.0, 14.0), (-22.0, 14.0), (22.0, -14.0), (-22.0, -14.0))
    for block, name in enumerate(names):
        x, y = place.points[block]
        if place.kind[block] > 0:
            yield Entry(name, "", "", "", block, float(x), float(y))
        elif name != place.names[block]:
            buildings = min(len(offsets), 1 + int(people.households[block]) // 30)
            for number, (east, north) in enumerate(offsets[:buildings], start=1):
                spot = shapely.Point(x + east, y + north)
                at = (x + east, y + north) if shapely.contains(place.shapes[block], spot) else (x, y)
                yield Entry(f"{name}{number}栋", "", f"{number}栋", name, block, round(float(at[0]), 1), round(float(at[1]), 1))
