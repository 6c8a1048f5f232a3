"""The certificate: a lower bound computed again from its multipliers in whole numbers, by weak duality, with no solver."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.verification.check import is_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Ground
    from xuequ.zoning.verification.loads import Load

__all__ = ["Broken", "certified_bound", "check_certificate"]

_ON_ARCS = ("distance", "too_far", "moved")
_ON_LOADS = {"over_standard": "planned", "large": "working", "super_large": "absolute"}
_MOST = 1 << 62


class Broken(Exception):
    """A certificate that proves nothing; the message says why."""


@dataclass(frozen=True, slots=True)
class _Terms:
    """
    The whole numbers of one evaluation.

    Parameters
    ----------
    arcs
        For each block the price of each zone that it may be given to, ``c_ij + G_ij``, scaled.
    forced
        Zone of each block that has no choice.
    pupils
        Of each block.
    steps
        For each zone, what the load is charged: thresholds with the price of each pupil above, scaled.
    most
        For each zone the largest load allowed, None where there is no limit.
    """

    arcs: list[dict[int, int]]
    forced: dict[int, int]
    pupils: tuple[int, ...]
    steps: list[list[tuple[int, int]]]
    most: list[int | None]

    def phi(self, zone: int, load: int) -> int:
        """Return what a load is charged."""
        return sum(price * max(load - above, 0) for above, price in self.steps[zone])


def check_certificate(
    ground: Ground,
    load: Load,
    item: Mapping[str, Any],
    goals: Sequence[Mapping[str, Any]],
    stated: float | None,
    findings: Findings,
    *,
    hard: bool,
) -> float | None:
    """
    Evaluate a certificate and compare it with the bound that is stated for it, and with the value of its goal.

    Parameters
    ----------
    ground, load
        The stage and year that it is about.
    item
        Of certificate.json.
    goals
        Goals of the stage and year in order of rank, as stated (their values are checked elsewhere).
    stated
        ``certified_bound`` where it is this one, else None.
    hard
        Whether seats are hard.

    Returns
    -------
    float or None
        The bound in the goal's unit; None where the certificate proves nothing.
    """
    place = f"{load.area.place}, {item.get('goal')}, {item.get('form')}"
    try:
        evaluated = certified_bound(ground, load, item, goals, hard=hard)
    except Broken as fault:
        findings.holds("bound.certificate", stated, None, f"{place}: {fault}", ok=False)
        return None
    value = next(goal["value"] for goal in goals if goal["name"] == item["goal"])
    findings.holds("bound.below_value", value, evaluated, place, ok=evaluated <= value + 1e-6 * max(1.0, abs(value)))
    if stated is not None:
        findings.holds("bound.certificate", stated, evaluated, place, ok=is_number(stated) and stated <= evaluated + 1e-6)
    return evaluated


def certified_bound(
    ground: Ground, load: Load, item: Mapping[str, Any], goals: Sequence[Mapping[str, Any]], *, hard: bool
) -> float:
    """
    Return the bound that a certificate proves, in the unit of its goal.

    Raises
    ------
    Broken
        If it proves nothing: unknown words, other zones, a negative multiplier, a goal that was not ranked before, a value below
        the one reached.

    Notes
    -----
    The formulas are those of `plan.Certificate`.
    """
    _refuse(ground, load, item, goals)
    terms = _terms(ground, load, item, hard=hard)
    multipliers = item["multipliers"]
    value = _linear(terms, multipliers) if item["form"] == "linear" else _knapsack(terms, multipliers)
    value -= sum(price * item["values"][name] for name, price in item["prices"].items())
    return float(value / item["scale"])


def _refuse(ground: Ground, load: Load, item: Mapping[str, Any], goals: Sequence[Mapping[str, Any]]) -> None:
    names = [goal["name"] for goal in goals]
    lists = (item.get("zones"), item.get("multipliers"))
    if not all(isinstance(each, list) for each in lists) or not all(
        isinstance(item.get(key), dict) for key in ("prices", "values")
    ):
        raise Broken("it lacks zones, multipliers, prices or values")
    numbers = [item.get("scale"), *item["multipliers"], *item["prices"].values(), *item["values"].values()]
    if not all(type(number) is int for number in numbers) or item["scale"] < 1:
        raise Broken("its numbers are not all whole, or its scale is not positive")
    if max(map(abs, numbers)) >= _MOST:
        raise Broken("its numbers are too large")
    if str(item.get("form")) not in {"linear", "knapsack"} or str(item.get("goal")) not in {*_ON_ARCS, *_ON_LOADS}:
        raise Broken("its form or goal is not known")
    if item["goal"] not in names:
        raise Broken("its goal is not among the goals of the plan")
    if item["zones"] != [ground.name(zone) for zone in load.zones]:
        raise Broken("its zones are not those of the year")
    if len(item["multipliers"]) != (len(load.zones) if item["form"] == "linear" else len(load.pupils)):
        raise Broken("it does not have one multiplier for each zone or block")
    if item["form"] == "linear" and min(item["multipliers"], default=0) < 0:
        raise Broken("a multiplier is negative")
    before = {goal["name"]: goal["value"] for goal in goals[: names.index(item["goal"])]}
    for name, price in item["prices"].items():
        if price < 0 or name not in before or name not in GOAL_UNITS or name not in {"too_far", "moved", *_ON_LOADS}:
            raise Broken(f"it prices {name}, which is not a goal ranked before")
        if item["values"].get(name, -1) < before[name] - 1e-6:
            raise Broken(f"it allows {name} less than the plan reaches")


def _terms(ground: Ground, load: Load, item: Mapping[str, Any], *, hard: bool) -> _Terms:
    area, goal, scale, prices = load.area, item["goal"], item["scale"], item["prices"]
    forced = _forced(ground, load)
    closed = {(i, k) for i, j, must in ground.locks(area.stage) if not must for k, zone in enumerate(load.zones) if j in zone}
    number = {frozenset(zone): k for k, zone in enumerate(load.zones)}
    today = [number.get(frozenset(zone), -1) if zone else None for zone in ground.today(area.stage)]
    far = prices.get("too_far", 0) + (scale if goal == "too_far" else 0)
    moved = prices.get("moved", 0) + (scale if goal == "moved" else 0)
    arcs: list[dict[int, int]] = []
    for i, (pupils, now) in enumerate(zip(load.pupils, today, strict=True)):
        limit, open_to, only = ground.limit_m(i, area.stage), {}, forced.get(i)
        beyond, elsewhere, metre = far * pupils, moved * pupils, pupils * scale
        for k, way in load.ways[i].items():
            if (only is not None and only != k) or (closed and (i, k) in closed):
                continue
            price = beyond if way > limit else 0
            if goal == "distance":  # pupils · metres / 1000 · scale, rounded down exactly
                above, below = way.as_integer_ratio()
                price += metre * above // (below * 1000)
            open_to[k] = price + (elsewhere if now is not None and now != k else 0)
        arcs.append(open_to)
    steps: list[list[tuple[int, int]]] = []
    for zone in load.zones:
        charged = [(name, getattr(load.size[zone], seats)) for name, seats in _ON_LOADS.items()]
        steps.append([(seats, prices.get(name, 0) + (scale if goal == name else 0)) for name, seats in charged])
    most = [load.size[zone].planned if hard else None for zone in load.zones]
    forced = {i: k for i, k in forced.items() if k in arcs[i]}
    return _Terms(arcs, forced, load.pupils, steps, most)


def _forced(ground: Ground, load: Load) -> dict[int, int]:
    """Return the zone of each block that a school stands in, or that a lock gives to one."""
    forced: dict[int, int] = {}
    for k, zone in enumerate(load.zones):
        for j in zone:
            if ground.district.schools.block[j] >= 0:
                forced[int(ground.district.schools.block[j])] = k
        forced |= {i: k for i, j, must in ground.locks(load.area.stage) if must and j in zone}
    return forced


def _linear(terms: _Terms, mu: Sequence[int]) -> int:
    """Evaluate ``Σ_i min_j (c_ij + G_ij + p_i·mu_j) − Σ_j conj_j(mu_j)``."""
    value = 0
    for open_to, pupils in zip(terms.arcs, terms.pupils, strict=True):
        value += min((price + pupils * mu[k] for k, price in open_to.items()), default=0)
    everybody = sum(terms.pupils)
    for k, steps in enumerate(terms.steps):
        last = everybody if terms.most[k] is None else min(everybody, terms.most[k] or 0)
        corners = {0, last, *(above for above, _ in steps if above <= last)}
        value -= max(mu[k] * load - terms.phi(k, load) for load in corners)
    return value


def _knapsack(terms: _Terms, u: Sequence[int]) -> int:
    """Evaluate ``Σ_i u_i + Σ_j min_S (Σ_{i∈S} (c_ij + G_ij − u_i) + phi_j(load S))``; blocks without an arc are left out."""
    value = sum(u[i] for i, open_to in enumerate(terms.arcs) if open_to)
    members: list[list[tuple[int, int]]] = [[] for _ in terms.steps]
    for i, open_to in enumerate(terms.arcs):
        for k, price in open_to.items():
            # A block that only adds to the sum is in no least set: phi never falls.
            if i not in terms.forced and price < u[i]:
                members[k].append((terms.pupils[i], price - u[i]))
    for k, items in enumerate(members):
        held = [i for i, zone in terms.forced.items() if zone == k]
        start = sum(terms.pupils[i] for i in held)
        value += sum(terms.arcs[i][k] - u[i] for i in held) + _least(terms, k, start, items)
    return value


def _least(terms: _Terms, zone: int, start: int, items: Sequence[tuple[int, int]]) -> int:
    """Return the least of ``Σ gains + phi(load)`` over all sets of items on top of ``start`` pupils, from a table of loads."""
    free = sum(gain for pupils, gain in items if pupils == 0)
    items = [(pupils, gain) for pupils, gain in items if pupils > 0]
    last = start + sum(pupils for pupils, _ in items)
    if terms.most[zone] is not None:
        last = min(last, terms.most[zone] or 0)
        if start > last:
            raise Broken("the blocks that must be in a zone are more than its seats")
    if sum(-gain for _, gain in items) + terms.phi(zone, last) >= _MOST:
        raise Broken("its numbers are too large")
    table = np.full(last - start + 1, _MOST, dtype=np.int64)
    table[0] = 0
    top = 0
    for pupils, gain in items:
        top = min(top + pupils, len(table) - 1)
        if pupils <= top:
            reached = table[: top + 1 - pupils].copy()
            reached[reached < _MOST] += gain
            np.minimum(table[pupils : top + 1], reached, out=table[pupils : top + 1])
    loads = np.arange(start, last + 1, dtype=np.int64)
    charge = sum((price * np.maximum(loads - above, 0) for above, price in terms.steps[zone]), np.zeros_like(loads))
    known = table < _MOST
    return free + int((table[known] + charge[known]).min())
