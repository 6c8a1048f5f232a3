"""The goals of a seat plan: cost, pupils above seats and empty seats exactly, ways between the least and the most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.zoning.verification.check import is_number, rounded_to
from xuequ.zoning.verification.goals import check_below, tolerance_of
from xuequ.zoning.verification.seat_sums import Between, seat_sums
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

_TOLERANCES = {"too_far": 0.005, "distance": 0.005}
"""What later goals may give back, the gap to which these are searched (docs/decisions/0010); of the others nothing."""


def check_seat_goals(ground: Ground, rows: Sequence[SeatRow], goals: Sequence[Mapping[str, Any]], findings: Findings) -> None:
    """
    Check the goals of a seat plan.

    Notes
    -----
    Cost, pupils above seats and empty seats are computed again exactly. The ways are of a flow of pupils from groups of blocks to
    schools that is a model of what catchments can reach (model.md §3), and that no file states: of these the least and the most
    that any such flow can have are checked; what catchments reach is checked for each stage and year.
    """
    names = [str(goal.get("name")) for goal in goals]
    findings.same("goals.order", names, list(_UNITS), "goals of the seats")
    again = seat_sums(ground)
    for goal in goals:
        name = str(goal.get("name"))
        if name not in _UNITS:
            continue
        findings.same("goals.unit", goal.get("unit"), _UNITS[name], f"seats, {name}")
        findings.near("goals.tolerance", goal.get("tolerance"), _TOLERANCES.get(name, 0.0), rounded_to(6), f"seats, {name}")
        check_below(goal, "seats", findings)
        value = goal.get("value")
        if name == "cost":
            sites = {site.id: site for site in ground.district.sites}
            built = [row for row in rows if row.site_id in sites and row.year is not None]
            findings.near("goals.cost", value, present_value_wan(ground, built, sites), rounded_to(6), "seats, present value")
            continue
        found: float | Between = getattr(again, name)
        if isinstance(found, Between):
            slack = tolerance_of(found.most)
            ok = is_number(value) and found.least - slack <= float(value or 0) <= found.most + slack
            between = f"{found.least:.6f} to {found.most:.6f}"
            findings.holds(f"goals.{name}", value, between, "seats, each group at its nearest or its furthest school", ok=ok)
        else:
            findings.near(f"goals.{name}", value, found, tolerance_of(found), "seats, in the worst scenario")
