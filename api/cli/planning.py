"""forecast, zone, seats, cluster, plan: from a case to a verified plan folder."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from xuequ.api.cli.common import plan_json
from xuequ.zoning.errors import CannotBeDone, CaseError, StoppedWithoutPlan
from xuequ.zoning.plan import Plan, Status
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from xuequ.api.cli.common import Common, Regime, StageName
    from xuequ.zoning.district import District

__all__ = ["make", "run_forecast", "run_verb", "run_zone", "settle"]


def run_forecast(common: Common, out: Path, *, backtest: bool = False) -> None:
    """Write the demand of a case, and tell how far off forecasts of its past were."""
    from xuequ.data.exports import write_demand  # noqa: PLC0415

    district = common.read().district
    path = write_demand(out, district)
    demand = district.demand
    totals = {str(year): {stage.value: int(demand.of_stage(stage, year).sum()) for stage in Stage} for year in demand.years}
    result: dict[str, Any] = {"demand": str(path), "method": demand.method, "scenarios": list(demand.scenarios), "pupils": totals}
    lines = [f"{path}: {demand.method}", "year  " + "".join(f"{stage:>14}" for stage in Stage)]
    lines += [f"{year}  " + "".join(f"{count:14,}" for count in row.values()) for year, row in totals.items()]
    if backtest:
        result["backtest"], told = _past_errors(common)
        lines += told
    common.answer(result, lines)


def _past_errors(common: Common) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the errors of forecasts of the past as JSON and as lines, beside those of the forecast that nothing changes."""
    from xuequ.data.past_errors import past_errors  # noqa: PLC0415

    found = past_errors(common.case, common.overrides or ())
    rows = [
        {
            "stage": item.stage.value, "years_ahead": item.ahead, "origins": list(item.origins), "errors": list(item.errors),
            "mean_error": item.mean, "mean_naive_error": item.mean_naive,
        }
        for item in found
    ]  # fmt: skip
    lines = ["", "Forecasts from past school years, mean size of the error for the whole district:"]
    lines.append(f"{'stage':<14}{'years ahead':>12}{'origins':>9}{'forecast':>10}{'nothing changes':>17}")
    lines += [
        f"{item.stage:<14}{item.ahead:>12}{len(item.origins):>9}{item.mean:>10.1%}{item.mean_naive:>17.1%}" for item in found
    ]
    return rows, lines


def run_zone(common: Common, out: Path, stage: StageName | None, year: int | None, regime: Regime | None) -> None:
    """Zone one stage and year."""
    from dataclasses import replace  # noqa: PLC0415

    from xuequ.solver import zone  # noqa: PLC0415

    district = common.read().district
    options = district.options.zoning
    if regime is not None:
        options = replace(options, regime=regime.value)
    chosen = Stage(stage.value) if stage is not None else options.stage
    if chosen is None:
        raise CaseError("which stage? Say --stage kindergarten, primary or junior, or name one under [zoning] of case.toml")
    if year is not None and year not in district.demand.years:
        years = district.demand.years
        raise CaseError(f"--year {year}: the case has children for the school years {years[0]} to {years[-1]}")

    def solve(**how: Any) -> Plan:
        return zone(district, stage=chosen, year=year, options=options, **how)

    settle(common, district, solve, out)


def run_verb(common: Common, out: Path, verb: str) -> None:
    """Make a plan by the verb seats, cluster or plan."""
    import xuequ.solver  # noqa: PLC0415

    district = common.read().district
    solve = getattr(xuequ.solver, verb)
    settle(common, district, lambda **how: solve(district, **how), out)


def settle(common: Common, district: District, solve: Callable[..., Plan], out: Path) -> None:
    """Solve, verify, write, answer."""
    plan = make(common, district, solve, out)
    common.answer(plan_json(plan, out), plan_lines(plan, out))


def make(common: Common, district: District, solve: Callable[..., Plan], out: Path) -> Plan:
    """
    Solve, verify and write a plan.

    Raises
    ------
    InputError
        If the plan cannot be written there, which is told before the search.
    CannotBeDone
        If there is no plan.
    StoppedWithoutPlan
        If it was stopped before there was one.
    VerificationFailed
        If what was found does not hold: a fault of the program, and nothing is written.
    """
    from importlib.metadata import version  # noqa: PLC0415

    from xuequ.data.plans import refuse_what_is_no_plan, write_plan  # noqa: PLC0415
    from xuequ.zoning import state, verify  # noqa: PLC0415

    refuse_what_is_no_plan(out.absolute())
    began = time.monotonic()
    with _shown(common) as progress:
        plan = solve(stop=common.stop(), seed=common.seed, threads=common.threads, progress=progress)
    if plan.status is Status.INFEASIBLE:
        raise CannotBeDone(plan.explanation, plan)
    if plan.status is Status.STOPPED:
        so_far = f" ({plan.explanation.sentence})" if plan.explanation.reasons else ""
        raise StoppedWithoutPlan(f"stopped before there was a first plan{so_far}; give more --time-limit, or ask for less", plan)
    statement = state(district, plan, version=version("xuequ"))
    verify(district, statement).raise_if_failed()
    write_plan(out, district, statement)
    return plan.replace(seconds=time.monotonic() - began)


@contextmanager
def _shown(common: Common) -> Iterator[Any]:
    """Show progress while the work goes on."""
    progress = common.progress()
    try:
        yield progress
    finally:
        close = getattr(progress, "close", None)
        if close is not None:
            close()


def plan_lines(plan: Plan, out: Path) -> Iterator[str]:
    """Say a plan in lines for a person."""
    yield f"{plan.status.value} in {plan.seconds:.1f} s, verified: {out}"
    for goal in plan.goals:
        bound = "" if goal.bound is None else f"   (at least {goal.bound:,.2f})"
        yield f"  {goal.name:14} {goal.value:14,.2f} {goal.unit}{bound}"
    if plan.gap is not None:
        yield f"  gap {plan.gap:.3%}"
    yield from (f"  {reason}" for reason in plan.explanation.reasons)
    yield from (f"  {item.sentence}" for item in plan.explanation.shortage)
