"""
Children of the made-up district: by age exactly as the census of 2020 has them, then aged to the start year.

Households, estates, births and movers are invented; the sums by age group are not.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import shapely

from xuequ.data.synthetic_blocks import TOWN
from xuequ.data.synthetic_names import ESTATE_NAMES
from xuequ.zoning.arrays import largest_remainder

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.data.synthetic_place import Place

__all__ = ["BIRTHS", "HOUSEHOLDS", "SINGLE_AGES", "Estate", "People", "settle_people", "spread"]

SINGLE_AGES: tuple[int, ...] = (1998, 2152, 2420, 3400, 3380, 3299, 3260, 3230, 3210, 3200, 3120, 3020, 2930, 2850, 2789)
"""Children of age 0 to 14 on 1 November 2020. The sums 0, 1–4, 5–9, 10–14 are the census's; the split by year is not: it has the
crest of 2016 and 2017 that the whole country had."""

HOUSEHOLDS = 94_521
"""Households in 2020 (census)."""

BIRTHS: dict[int, int] = {2020 - age: count for age, count in enumerate(SINGLE_AGES[:11])} | {
    2021: 1840, 2022: 1650, 2023: 1530, 2024: 1590, 2025: 1500,
}  # fmt: skip
"""Births by calendar year: to 2020 the children counted at that age, then invented, falling as they did everywhere."""

_PER_HECTARE = {"west": 33.0, "east": 19.0, "longhu": 5.2, "chengdong": 4.2, "xiying": 11.0}
_CORE = (-800.0, 400.0)
_HAMLET_HOUSEHOLDS = 33.0
_CHILDREN_PER_HOUSEHOLD = {"west": 1.04, "east": 0.94, "longhu": 1.12, "chengdong": 1.1, "xiying": 1.0, "": 0.96}
_YIELD = 0.034
"""Children of one school year in a new home once it is lived in."""
_LEFT_COUNTRY = 0.06
# Estates by area: completed 2019–2025 and planned 2026–2030, and homes in each.
_ESTATES = {
    "west": (36, 6, (90, 210)), "east": (6, 3, (90, 200)), "longhu": (16, 12, (90, 200)), "chengdong": (16, 13, (90, 200)),
    "xiying": (3, 2, (40, 90)),
}  # fmt: skip
_NAMED = {"美的城": ("west", -2800.0, 1150.0), "光大花园": ("east", 2050.0, 1300.0), "万达华府": ("chengdong", 7450.0, 350.0)}


@dataclass(frozen=True, slots=True)
class Estate:
    """A housing estate: name, block (position), year of completion, homes."""

    name: str
    block: int
    year: int
    homes: int


@dataclass(frozen=True, slots=True, eq=False)
class People:
    """
    Who lives in each block.

    Parameters
    ----------
    households
        In 2020, shape ``(blocks,)``.
    census
        Children by age 0–14 on 1 November 2020, shape ``(15, blocks)``.
    today
        Children by grade k1–g9 in the start year, shape ``(12, blocks)``.
    births
        By community and calendar year.
    estates
        By year of completion; those after the start year are planned.
    """

    households: NDArray[np.int64]
    census: NDArray[np.int64]
    today: NDArray[np.int64]
    births: dict[str, dict[int, int]]
    estates: tuple[Estate, ...]


def spread(total: int, weights: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.int64]:
    """
    Divide a total over blocks by weight, in whole persons, so that any run of neighbours has what its weight says to within one.

    Parameters
    ----------
    total
        What the result adds up to.
    weights
        Shape ``(blocks,)``, in an order in which neighbours follow each other.
    rng
        Where the first whole person falls.
    """
    running = np.cumsum(weights) / weights.sum() * total
    running[-1] = total
    start = rng.random()
    return np.asarray(np.diff(np.floor(running + start), prepend=0.0), dtype=np.int64)


def settle_people(place: Place, seed: int) -> People:
    """
    Settle households and children.

    Parameters
    ----------
    place
        Where they live.
    seed
        The same seed gives the same people.
    """
    rng = np.random.default_rng([seed, 2])
    weights = _household_weights(place, rng)
    households = largest_remainder(weights, HOUSEHOLDS)
    factor = np.array([_CHILDREN_PER_HOUSEHOLD[name] for name in place.area])
    census = np.array([spread(count, households * factor, rng) for count in SINGLE_AGES])
    estates = _build_estates(place, rng)
    young = households * factor + 0.25 * _homes(estates, len(place), 2025)
    return People(households, census, _aged(place, census, young, estates, rng), _births(place, census, young, rng), estates)


def _household_weights(place: Place, rng: np.random.Generator) -> NDArray[np.float64]:
    """Return households of each block in proportion: dense at the core of the old town, none in parks and on hills."""
    hectares = shapely.area(place.shapes) / 1e4
    core = np.hypot(*(place.points - _CORE).T)
    density = np.array([_PER_HECTARE.get(name, 0.0) for name in place.area])
    density = density * np.where(np.array(place.area) == "west", np.clip(1.75 - core / 2600.0, 0.75, 1.75), 1.0)
    lively = rng.gamma(9.0, 1.0 / 9.0, len(place))
    town = hectares * density * lively * (rng.random(len(place)) > 0.03)
    hamlet = _HAMLET_HOUSEHOLDS * np.clip(lively, 0.35, 2.0) * np.where(place.kind == 1, 2.6, 1.0)
    return np.where(place.kind > 0, hamlet, np.where(place.kind == TOWN, town, 0.0))


def _build_estates(place: Place, rng: np.random.Generator) -> tuple[Estate, ...]:
    """Choose the blocks where estates were and will be built."""
    area = np.array(place.area)
    names = iter(ESTATE_NAMES)
    taken: set[int] = set()
    result = []
    for name, (key, x, y) in _NAMED.items():
        free = np.flatnonzero((area == key) & (place.kind == TOWN))
        block = int(free[np.argmin(np.hypot(*(place.points[free] - (x, y)).T))])
        taken.add(block)
        result.append(Estate(name, block, 2024, 240))
    for key, (past, planned, (least, most)) in _ESTATES.items():
        edge = np.hypot(*(place.points - _CORE).T) > (900.0 if key == "west" else 0.0)
        drawn = rng.permutation(np.flatnonzero((area == key) & (place.kind == TOWN) & edge)).tolist()
        free_blocks = [block for block in drawn if block not in taken]
        for number, block in enumerate(free_blocks[: past + planned]):
            # The old town filled up some years ago, the new areas are filling now.
            first, last = (2018, 2023) if key == "west" else (2019, 2025)
            year = int(rng.integers(first, last + 1)) if number < past else 2026 + (number - past) % 5
            result.append(Estate(next(names), block, year, int(rng.integers(least, most + 1))))
    return tuple(sorted(result, key=lambda estate: (estate.year, estate.block)))


def _homes(estates: tuple[Estate, ...], blocks: int, year: int) -> NDArray[np.float64]:
    """Return homes lived in by a year, of estates completed after the census: half in the first year, all in the fifth."""
    homes = np.zeros(blocks)
    for estate in estates:
        if 2020 < estate.year <= year:
            homes[estate.block] += estate.homes * min(1.0, 0.5 + 0.125 * (year - estate.year))
    return homes


def _aged(
    place: Place, census: NDArray[np.int64], young: NDArray[np.float64], estates: tuple[Estate, ...], rng: np.random.Generator
) -> NDArray[np.int64]:
    """
    Return children by grade in school year 2025.

    Notes
    -----
    Grade ``g`` was born from September 2018 − g + 1 on: five sixths were of age ``g`` on census day, one sixth was a year older.
    Kindergarten's two lower years were born after the census: policy.md §2, ``k1(t) = 4/12 births(t−4) + 8/12 births(t−3)``.
    """
    moved_in = _YIELD * _homes(estates, len(place), 2025)
    country = place.kind > 0
    rows = []
    for year in (2025, 2024):
        born = (4 * BIRTHS[year - 4] + 8 * BIRTHS[year - 3]) / 12
        rows.append(spread(round(born), young, rng))
    for age in range(10):
        cohort = (5 * census[age] + census[age + 1]) / 6
        cohort = np.where(country, (1.0 - _LEFT_COUNTRY) * cohort, cohort) + moved_in
        rows.append(spread(round(float(cohort.sum())), cohort + 1e-9, rng))
    return np.array(rows)


def _births(
    place: Place, census: NDArray[np.int64], young: NDArray[np.float64], rng: np.random.Generator
) -> dict[str, dict[int, int]]:
    """Return births by community: to 2020 the children counted at that age, then spread over young families."""
    communities = np.array(place.communities)
    names = sorted(set(place.communities), key=place.communities.index)
    by_year = {2020 - age: census[age] for age in range(11)}
    by_year |= {year: spread(BIRTHS[year], young, rng) for year in sorted(BIRTHS) if year > 2020}
    return {name: {year: int(by_year[year][communities == name].sum()) for year in sorted(by_year)} for name in names}
