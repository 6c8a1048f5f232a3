"""The goals of catchments: each value counted again, its unit, its place in the order, and its bound below it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.verification.assignment import moved_blocks
from xuequ.zoning.verification.check import is_number, rounded_to
from xuequ.zoning.verification.ground import exact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from xuequ.zoning.options import GoalSpec
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Ground
    from xuequ.zoning.verification.loads import Load

__all__ = ["check_below", "check_goals", "goal_again", "tolerance_of"]


def check_goals(
    ground: Ground, load: Load, goals: Sequence[Mapping[str, Any]], asked: Sequence[GoalSpec], findings: Findings
) -> None:
    """
    Check the goals that a plan states for one stage and year.

    Parameters
    ----------
    ground, load
        The stage and year.
    goals
        As stated, in order of rank.
    asked
        The goals that were asked for, in order of rank.
    """
    place = load.area.place
    findings.same("goals.order", [str(goal.get("name")) for goal in goals], [spec.name for spec in asked], place)
    tolerances = {spec.name: spec.tolerance for spec in asked}
    for goal in goals:
        name = str(goal.get("name"))
        if name not in GOAL_UNITS:
            continue
        value = goal_again(name, ground, load)
        findings.near(f"goals.{name}", goal.get("value"), value, tolerance_of(value), place)
        findings.same("goals.unit", goal.get("unit"), GOAL_UNITS[name], f"{place}, {name}")
        findings.near("goals.tolerance", goal.get("tolerance"), tolerances.get(name), rounded_to(6), f"{place}, {name}")
        check_below(goal, place, findings)


def check_below(goal: Mapping[str, Any], place: str, findings: Findings) -> None:
    """Check that a goal's bound is not above its value."""
    value, bound = goal.get("value"), goal.get("bound")
    if bound is None:
        return
    ok = is_number(value) and is_number(bound) and float(bound) <= float(value or 0) + tolerance_of(float(value or 0))
    findings.holds("goals.bound", bound, value, f"{place}, {goal.get('name')}: the bound is not above the value", ok=ok)


def tolerance_of(value: float) -> float:
    """Return what a value may differ by: what its decimals in the file lose, and the order of adding up."""
    return rounded_to(6) + 1e-12 * abs(value)


def goal_again(name: str, ground: Ground, load: Load) -> float:
    """Return the value of a goal of `GOAL_UNITS` (model.md §1), added up block by block."""
    return _GOALS[name](ground, load)


def _above(seats: str) -> Callable[[Ground, Load], float]:
    return lambda _, load: sum(max(count - getattr(load.size[zone], seats), 0) for zone, count in load.load.items())


def _too_far(ground: Ground, load: Load) -> float:
    total = 0
    for i, (zone, pupils) in enumerate(zip(load.area.schools, load.pupils, strict=True)):
        way = ground.way(i, zone)
        if way is None or way > ground.limit_m(i, load.area.stage):
            total += pupils
    return total


def _distance(ground: Ground, load: Load) -> float:
    return sum(
        pupils * (ground.way(i, zone) or 0.0) / 1000
        for i, (zone, pupils) in enumerate(zip(load.area.schools, load.pupils, strict=True))
    )


def _moved(ground: Ground, load: Load) -> float:
    return sum(pupils for pupils, moved in zip(load.pupils, moved_blocks(ground, load.area), strict=True) if moved)


def _compactness(ground: Ground, load: Load) -> float:
    indptr, borders = ground.district.adjacency.indptr.tolist(), ground.district.adjacency.border_m.tolist()
    total = 0.0
    for i, others in enumerate(ground.neighbours):
        for k, length in zip(others, borders[indptr[i] : indptr[i + 1]], strict=True):
            if i < k and load.area.schools[i] != load.area.schools[k]:
                total += length
    return total


def _balance(_: Ground, load: Load) -> float:
    return max((count / max(load.size[zone].planned, 1) for zone, count in load.load.items()), default=0.0)


def _split(ground: Ground, load: Load) -> float:
    blocks = ground.district.blocks
    assert blocks.households is not None
    by_community: dict[str, dict[tuple[int, ...], int]] = {}
    for name, zone, count in zip(blocks.communities, load.area.schools, blocks.households.tolist(), strict=True):
        if name:
            shares = by_community.setdefault(name, {})
            shares[zone] = shares.get(zone, 0) + count
    return sum(sum(shares.values()) - max(shares.values()) for shares in by_community.values())


def _reserve(ground: Ground, load: Load) -> float:
    cluster_of = ground.district.clusters.cluster_of() if ground.district.clusters else {}
    planned: dict[str, int] = {}
    free: dict[str, int] = {}
    for zone, count in load.load.items():
        name = cluster_of.get(ground.district.schools.ids[zone[0]], "")
        planned[name] = planned.get(name, 0) + load.size[zone].planned
        free[name] = free.get(name, 0) + max(load.size[zone].planned - count, 0)
    share = exact(ground.district.rules.reserve_share)
    wanted = {name: -((-seats * share.numerator) // share.denominator) for name, seats in planned.items()}
    return sum(max(0, seats - free[name]) for name, seats in wanted.items())


_GOALS: dict[str, Callable[[Ground, Load], float]] = {
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
