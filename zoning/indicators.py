"""What is true of catchments: loads, utilisation, alerts, ways, moved pupils, compactness, and the value of each goal."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.options import GOAL_UNITS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.rounds import Round
    from xuequ.zoning.rules import Rules

__all__ = [
    "Ways",
    "alert",
    "assigned_distance_m",
    "cut_border_m",
    "goal_value",
    "goal_values",
    "is_moved",
    "loads_by_id",
    "nearest_zone",
    "split_families",
    "utilisation",
    "ways",
    "zone_distances",
    "zone_loads",
]


def zone_loads(catchments: Catchments, pupils: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the pupils of each zone, shape ``(zones,)``; blocks that are given to none are left out."""
    given = catchments.zone >= 0
    loads = np.zeros(len(catchments.zones), dtype=np.int64)
    np.add.at(loads, catchments.zone[given], pupils[given])
    return loads


def loads_by_id(district: District, catchments: Catchments, pupils: NDArray[np.int64]) -> dict[str, int]:
    """Return the pupils of each zone by its id, ``A`` or ``A;B``."""
    names = catchments.zone_ids(district.schools.ids)
    return dict(zip(names, zone_loads(catchments, pupils).tolist(), strict=True))


def utilisation(pupils: int, planned: int) -> float | None:
    """Return pupils by planned seats to four decimals, None where there are no seats (policy §3, convention 4)."""
    return round(pupils / planned, 4) if planned > 0 else None


def alert(rules: Rules, pupils: int, planned: int) -> str:
    """
    Return ``red``, ``yellow`` or ``green``.

    Notes
    -----
    policy.md §3, convention 4, vector B9: compared in whole numbers, ``10·pupils ≥ 9·planned``. A school without pupils is green.
    """
    for colour, share in (("red", rules.alert_red), ("yellow", rules.alert_yellow)):
        exact = Fraction(str(share))
        if pupils > 0 and exact.denominator * pupils >= exact.numerator * planned:
            return colour
    return "green"


def zone_distances(
    district: District, zones: tuple[tuple[int, ...], ...]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """
    Return every block and zone within reach: block, zone and metres, sorted by block, then zone.

    Notes
    -----
    The way to a multi-school zone is the way to its nearest school.
    """
    of_school = np.full(district.distances.count, -1, dtype=np.int64)
    for k, members in enumerate(zones):
        of_school[list(members)] = k
    blocks, zone = district.distances.rows(), of_school[district.distances.schools]
    kept = zone >= 0
    blocks, zone, metres = blocks[kept], zone[kept], district.distances.metres[kept]
    order = np.lexsort((metres, zone, blocks))
    blocks, zone, metres = blocks[order], zone[order], metres[order]
    first = np.ones(len(blocks), dtype=bool)
    first[1:] = (blocks[1:] != blocks[:-1]) | (zone[1:] != zone[:-1])
    return blocks[first], zone[first], metres[first]


def assigned_distance_m(district: District, catchments: Catchments) -> NDArray[np.float64]:
    """Return the way of each block to the nearest school of its zone, infinite where there is none within reach."""
    blocks = np.arange(len(catchments.zone))
    longest = max((len(members) for members in catchments.zones), default=1)
    table = np.full((len(catchments.zones) + 1, longest), -1, dtype=np.int64)
    for k, members in enumerate(catchments.zones):
        table[k, : len(members)] = members
    result = np.full(len(blocks), np.inf)
    for column in range(longest):
        np.minimum(result, district.distances.lookup(blocks, table[catchments.zone, column]), out=result)
    return result


def nearest_zone(district: District, zones: tuple[tuple[int, ...], ...]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the nearest zone of each block (−1 where none is within reach; the lower number where two tie) and its way."""
    blocks, zone, metres = zone_distances(district, zones)
    order = np.lexsort((zone, metres, blocks))
    blocks, zone, metres = blocks[order], zone[order], metres[order]
    found, first = np.unique(blocks, return_index=True)
    nearest, way = np.full(len(district.blocks), -1, dtype=np.int64), np.full(len(district.blocks), np.inf)
    nearest[found], way[found] = zone[first], metres[first]
    return nearest, way


def is_moved(district: District, catchments: Catchments) -> NDArray[np.bool_]:
    """
    Return which blocks are given to other schools than today, shape ``(blocks,)``.

    Notes
    -----
    Today is the district's school year, also for later years of a plan. Nothing is moved where today's catchments are not
    known; a block that no school has today is not moved either.
    """
    today = district.today.get(catchments.stage)
    if today is None:
        return np.zeros(len(catchments.zone), dtype=bool)
    number: dict[tuple[int, ...], int] = {(): -1}
    for members in (*today.zones, *catchments.zones):
        number.setdefault(tuple(sorted(members)), len(number))
    now = np.array([*(number[tuple(sorted(members))] for members in today.zones), -1])[today.zone]
    then = np.array([*(number[tuple(sorted(members))] for members in catchments.zones), -1])[catchments.zone]
    return np.asarray((now >= 0) & (now != then))


def cut_border_m(district: District, catchments: Catchments) -> float:
    """Return the length of the borders between blocks of different zones, in metres (goal ``compactness``)."""
    a, b = district.adjacency.pairs().T
    cut = catchments.zone[a] != catchments.zone[b]
    return float(district.adjacency.pair_border_m()[cut].sum())


def split_families(district: District, catchments: Catchments) -> int:
    """
    Return the households that live apart from their community (goal ``split``).

    Notes
    -----
    Of each named community the zone with the most households is its own; the households of its other blocks are counted.
    """
    assert district.blocks.households is not None
    together: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for name, zone, count in zip(
        district.blocks.communities, catchments.zone.tolist(), district.blocks.households.tolist(), strict=True
    ):
        if name:
            together[name][zone] += count
    return sum(sum(counts.values()) - max(counts.values()) for counts in together.values())


@dataclass(frozen=True, slots=True)
class Ways:
    """
    How far pupils go.

    Parameters
    ----------
    pupils
        Pupils with a way that is known.
    mean_m, longest_m
        Over these pupils, walked.
    too_far
        Pupils beyond the limit of their block, or without a way.
    within_radius
        Share of pupils whose school is within the service radius in a straight line (policy §4).
    near_entry
        Share of pupils whose block has a catchment (policy §5).
    """

    pupils: int
    mean_m: float
    longest_m: float
    too_far: int
    within_radius: float
    near_entry: float


def ways(district: District, chosen: Round, catchments: Catchments) -> Ways:
    """Return how far the pupils of a round go."""
    metres = assigned_distance_m(district, catchments)
    counted = np.where(np.isfinite(metres), chosen.pupils, 0)
    total, placed = int(chosen.pupils.sum()), int(counted.sum())
    finite = np.where(np.isfinite(metres), metres, 0.0)
    radius = getattr(district.rules.radius, chosen.stage.value)
    near = np.zeros(len(metres), dtype=bool)
    for k, members in enumerate(catchments.zones):
        blocks = np.flatnonzero(catchments.zone == k)
        for j in members:
            offset = district.blocks.points[blocks] - district.schools.points[j]
            near[blocks] |= np.hypot(offset[:, 0], offset[:, 1]) <= radius
    return Ways(
        pupils=placed,
        mean_m=float(counted @ finite) / max(placed, 1),
        longest_m=float(finite[counted > 0].max(initial=0.0)),
        too_far=_too_far(district, chosen, catchments),
        within_radius=int(chosen.pupils[near].sum()) / max(total, 1),
        near_entry=int(chosen.pupils[catchments.zone >= 0].sum()) / max(total, 1),
    )


def goal_value(name: str, district: District, chosen: Round, catchments: Catchments) -> float:
    """
    Return the value of a goal of `GOAL_UNITS`, in its unit.

    Parameters
    ----------
    name
        Of the goal.
    district
        The district.
    chosen
        What the round started from.
    catchments
        Of the round's stage and year, its zones among the round's.

    Raises
    ------
    KeyError
        For an unknown name.

    Notes
    -----
    model.md §1. ``super_large``, ``large``, ``over_standard``: pupils above absolute, working and planned seats. ``too_far``:
    pupils beyond the limit, or without a way. ``distance``: ``Σ pupils·metres / 1000`` over those who have one. ``moved``:
    pupils whose school is not today's. ``compactness``: `cut_border_m`. ``balance``: the largest utilisation. ``split``:
    `split_families`. ``reserve``: seats that are missing to keep ``reserve_share`` of each cluster's planned seats free.
    """
    return float(_GOALS[name](district, chosen, catchments))


def goal_values(names: Iterable[str], district: District, chosen: Round, catchments: Catchments) -> dict[str, float]:
    """Return the values of several goals by name."""
    return {name: goal_value(name, district, chosen, catchments) for name in names}


def _loads_of_round(chosen: Round, catchments: Catchments) -> NDArray[np.int64]:
    """Return the load of each of the round's zones, which may be more than the catchments'."""
    number = {members: k for k, members in enumerate(chosen.zones)}
    loads = np.zeros(len(chosen.zones), dtype=np.int64)
    for members, load in zip(catchments.zones, zone_loads(catchments, chosen.pupils), strict=True):
        loads[number[members]] += load
    return loads


def _above(capacity: str) -> Callable[[District, Round, Catchments], int]:
    def value(_: District, chosen: Round, catchments: Catchments) -> int:
        return int(np.maximum(_loads_of_round(chosen, catchments) - getattr(chosen.capacity, capacity), 0).sum())

    return value


def _too_far(district: District, chosen: Round, catchments: Catchments) -> int:
    return int(chosen.pupils[assigned_distance_m(district, catchments) > chosen.limit_m].sum())


def _distance(district: District, chosen: Round, catchments: Catchments) -> float:
    metres = assigned_distance_m(district, catchments)
    return float((chosen.pupils * np.where(np.isfinite(metres), metres, 0.0)).sum() / 1000)


def _moved(district: District, chosen: Round, catchments: Catchments) -> int:
    return int(chosen.pupils[is_moved(district, catchments)].sum())


def _compactness(district: District, _: Round, catchments: Catchments) -> float:
    return cut_border_m(district, catchments)


def _balance(_: District, chosen: Round, catchments: Catchments) -> float:
    return float((_loads_of_round(chosen, catchments) / np.maximum(chosen.capacity.planned, 1)).max(initial=0.0))


def _split(district: District, _: Round, catchments: Catchments) -> int:
    return split_families(district, catchments)


def _reserve(district: District, chosen: Round, catchments: Catchments) -> int:
    loads, planned = _loads_of_round(chosen, catchments), chosen.capacity.planned
    share = Fraction(str(district.rules.reserve_share))
    cluster_of = {} if district.clusters is None else district.clusters.cluster_of()
    names = [cluster_of.get(district.schools.ids[members[0]], "") for members in chosen.zones]
    missing = 0
    for cluster in set(names):
        mine = np.array([name == cluster for name in names])
        wanted = -(-int(planned[mine].sum()) * share.numerator // share.denominator)
        missing += max(0, wanted - int(np.maximum(planned - loads, 0)[mine].sum()))
    return missing


_GOALS: dict[str, Callable[[District, Round, Catchments], float]] = {
    "super_large": _above("absolute"),
    "large": _above("working"),
    "too_far": _too_far,
    "over_standard": _above("planned"),
    "distance": _distance,
    "moved": _moved,
    "compactness": _compactness,
    "balance": _balance,
    "split": _split,
    "reserve": _reserve,
}
assert _GOALS.keys() == GOAL_UNITS.keys()
