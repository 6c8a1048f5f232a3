"""The goals of a seat plan: its cost to the yuan, and what the totals of the district say of the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.zoning.accounts import programme_target
from xuequ.zoning.stage import Programme, Stage
from xuequ.zoning.verification.check import is_number
from xuequ.zoning.verification.goals import check_below
from xuequ.zoning.verification.seats import present_value_wan

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.statement import SeatRow
    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Ground

__all__ = ["check_seat_goals"]

_UNITS = {
    "super_large": "pupil-years", "large": "pupil-years", "too_far": "pupil-years", "cost": "10,000 yuan",
    "distance": "pupil·km", "idle_seats": "seats",
}  # fmt: skip
"""Goals of a seat plan in order of rank (model.md §3)."""


def check_seat_goals(ground: Ground, rows: Sequence[SeatRow], goals: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    """
    Check the goals of a seat plan.

    Notes
    -----
    The cost is computed again exactly. The others are of a flow of pupils from groups of blocks to schools, which is a model of
    what catchments can reach (model.md §3) and not a fact of the plan: of these the pupils above seats are checked from below,
    since no flow can seat more than the district has seats in a year; what catchments reach is checked for each stage and year.
    """
    names = [str(goal.get("name")) for goal in goals]
    findings.same("goals.order", names, list(_UNITS), "goals of the seats")
    for goal in goals:
        name = str(goal.get("name"))
        if name not in _UNITS:
            continue
        findings.same("goals.unit", goal.get("unit"), _UNITS[name], f"seats, {name}")
        check_below(goal, "seats", findings)
        value = goal.get("value")
        if name == "cost":
            sites = {site.id: site for site in ground.district.sites}
            built = [row for row in rows if row.site_id in sites and row.year is not None]
            findings.near("goals.cost", value, present_value_wan(ground, built, sites), 1e-6, "seats, present value")
        elif name in {"super_large", "large"}:
            least = _least_above(ground, "absolute" if name == "super_large" else "working")
            ok = is_number(value) and float(value or 0) >= least - 1e-3 - 1e-6 * least
            findings.holds(f"goals.{name}", value, least, "seats, at least what the district lacks in all", ok=ok)
        else:
            findings.holds(
                f"goals.{name}", value, 0, "seats, not below nothing", ok=is_number(value) and float(value or 0) >= -1e-6
            )


def _least_above(ground: Ground, seats: str) -> float:
    """Return the pupils above all seats together, over stages and years, of each programme in its worst scenario."""
    district, options = ground.district, ground.district.options.seats
    years = sorted(year for year in options.years or district.years if year in district.demand.years)
    years += [year for year in district.demand.years if years and years[-1] < year <= years[-1] + district.rules.horizon_after]
    total = 0.0
    for programme in Programme:
        planned_for = (
            any(site.programme is programme for site in district.sites) or programme_target(district, programme).seats_min
        )
        if not planned_for:
            continue
        total += max(
            sum(
                max(0.0, float(district.demand.of_stage(stage, year, scenario).sum()) - _seats(ground, stage, year, seats))
                for stage in programme.stages
                for year in years
            )
            for scenario in options.scenarios
        )
    return total


def _seats(ground: Ground, stage: Stage, year: int, seats: str) -> float:
    """Return the seats of all public schools for a stage in a year, a class of the mean size of its grades in each room."""
    rules, total = ground.district.rules, 0.0
    size = {"working": rules.working, "absolute": rules.absolute}[seats]
    for j in ground.zoned(stage, year):
        rooms = ground.rooms(j, stage, year)
        if rooms < 0:
            total += getattr(ground.size_of_seats(stage, ground.seats(j, stage)), seats)
        else:
            full = str(ground.district.schools.kinds[j]) == "full"
            total += rooms * sum(size(grade, full=full) for grade in stage.grades) / len(stage.grades)
    return total
