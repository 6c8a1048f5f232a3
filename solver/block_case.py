"""Why a block goes where it goes: its school, the schools that it passes or could go to next, and what each would cost."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.solver.problem import DISTANCE
from xuequ.solver.situation import counted
from xuequ.zoning.explanation import Explanation, Relaxation
from xuequ.zoning.reasons import REASONS, block_reasons

if TYPE_CHECKING:
    from xuequ.solver.situation import Situation

__all__ = ["block_case"]

_NEARER_TOLD, _FARTHER_TOLD = 3, 2


def block_case(situation: Situation, block: int) -> Explanation:
    """
    Explain one block (index): which school and why, the next ones and why not, and what it would cost to have it there.

    Notes
    -----
    product.md: asked "why not this school?", a person is shown what a seat there is worth. What another school costs is measured
    on the whole plan with this block moved and nothing else.
    """
    ways = situation.ways(block)
    problem, zone = situation.problem, situation.zone
    unit = int(problem.unit[block])
    told = f"block {situation.block(block)}"
    counts = counted(int(problem.round.pupils[block]), f"{problem.round.stage} {situation.child}") + f" in {problem.round.year}"
    if zone is None or zone[unit] < 0:
        if not ways:
            return Explanation((f"{told} has {counts} and reaches no school that it may have",))
        first, *rest = (f"{situation.zone_name(k)}, {metres:,.0f} m away" for k, metres in ways.items())
        reasons = [f"{told} has {counts}; the nearest school that it may have is {first}"]
        reasons += [f"then comes {other}" for other in rest[:_FARTHER_TOLD]]
        return Explanation(tuple(reasons))
    now = int(zone[unit])
    nearest = next(iter(ways), now)
    here = _metres(ways.get(now))
    if not ways:
        reasons = [f"{told} is given to {situation.zone_name(now)}; no way on foot is known to a school that it may have"]
    elif now == nearest:
        reasons = [f"{told} is given to {situation.zone_name(now)}, the nearest school that it may have, {here}"]
    else:
        reasons = [f"{told} is given to {situation.zone_name(now)}, {here}; its nearest school is {situation.zone_name(nearest)}"]
    reasons.append(f"{_why(situation, block)}; it has {counts}, {_limit(situation, block, ways.get(now))}")
    reasons.extend(_today(situation, unit, now))
    load, planned = int(problem.loads(zone)[now]), int(problem.caps[now, 0])
    reasons.append(f"{situation.zone_name(now)} has {counted(load, situation.child)} on {planned:,} planned seats with it")
    others = _others(list(ways), now)
    reasons += [_alternative(situation, unit, other, ways[other]) for other in others]
    nearer = [other for other in others if ways[other] < ways.get(now, float("inf"))]
    relaxations = [item for other in nearer for item in _lifted(situation, unit, other)]
    return Explanation(tuple(reasons), relaxations=tuple(relaxations))


def _others(order: list[int], now: int) -> list[int]:
    """Return the zones that are told besides the block's own: the nearer ones, or where there are none the next ones."""
    at = order.index(now) if now in order else len(order)
    return order[:at][:_NEARER_TOLD] or order[at + 1 :][:_FARTHER_TOLD]


def _why(situation: Situation, block: int) -> str:
    assert situation.plan is not None
    chosen = situation.problem.round
    catchments = situation.plan.of(chosen.stage, chosen.year)
    if not set(catchments.zones) <= set(chosen.zones):  # zones of the plan's own, which the round does not know
        return "it is where the plan puts it"
    return f"because: {REASONS[block_reasons(situation.district, chosen, catchments)[block]]}"


def _limit(situation: Situation, block: int, metres: float | None) -> str:
    limit = float(situation.problem.round.limit_m[block])
    if metres is None:
        return f"and the limit of {limit:,.0f} m cannot be kept without a way"
    return f"within the limit of {limit:,.0f} m" if metres <= limit else f"beyond the limit of {limit:,.0f} m"


def _today(situation: Situation, unit: int, now: int) -> list[str]:
    before = int(situation.problem.today[unit])
    if before < 0:
        return []
    if before == now:
        return ["it goes there today as well: no family has to change"]
    return [f"today it goes to {situation.zone_name(before)}: who enters from now on changes"]


def _alternative(situation: Situation, unit: int, other: int, metres: float) -> str:
    """Say what stands against another zone for a unit, and what it would change to have it there."""
    load, planned = _load_with(situation, unit, other), int(situation.problem.caps[other, 0])
    above = f", {load - planned:,} too many" if load > planned else ""
    facts = [f"it would have {counted(load, situation.child)} on {planned:,} planned seats{above}"]
    if situation.falls_apart(unit, other):
        facts.append("a catchment would fall apart")
    facts.append(situation.change(unit, other))
    return f"{situation.zone_name(other)}, {metres:,.0f} m: " + "; ".join(facts)


def _load_with(situation: Situation, unit: int, other: int) -> int:
    return int(situation.problem.loads(situation.with_moved(unit, other))[other])


def _lifted(situation: Situation, unit: int, other: int) -> list[Relaxation]:
    """Return what would have to give way for a unit to go to a nearer zone: seats that are missing, or contiguity."""
    problem, zone = situation.problem, situation.zone
    assert zone is not None
    ids, result = situation.district.schools.ids, []
    missing = _load_with(situation, unit, other) - int(problem.caps[other, 0])
    if missing > 0:
        before, after = problem.measure(zone), problem.measure(situation.with_moved(unit, other))
        gained = max(float(before[DISTANCE] - after[DISTANCE]), 0.0)
        result.append(Relaxation("seats", ids[problem.round.zones[other][0]], float(missing), "seats", gained))
    if situation.falls_apart(unit, other):
        block = situation.district.blocks.ids[int(np.flatnonzero(problem.unit == unit)[0])]
        result.append(Relaxation("contiguity", block, 1.0, "blocks"))
    return result


def _metres(metres: float | None) -> str:
    return "no way on foot is known" if metres is None else f"{metres:,.0f} m away"
