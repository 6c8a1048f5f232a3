"""Why each site is chosen or not, with a number, and whether the plan on groups of blocks holds on single blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xuequ.solver.seat_flows import FlowGoals, block_flows, group_flows, total
from xuequ.zoning.accounts import account, closed_seats, opened_seats
from xuequ.zoning.seating import Opening, SeatPlan

if TYPE_CHECKING:
    from xuequ.solver.seat_problem import SeatProblem, SiteSizes

__all__ = ["checked_on_blocks", "site_reasons"]


def site_reasons(problem: SeatProblem, chosen: SeatPlan) -> tuple[tuple[str, str], ...]:
    """
    Return, by site id, why it is chosen or not.

    Notes
    -----
    model.md §3: for a chosen site, what happens without it; for one not chosen, what its smallest size would bring over all
    years, per seat, and which bound it would break. Both are differences of two minimum-cost flows on the groups of blocks, so
    they count what other schools can take over.
    """
    scenario = problem.scenarios[0]
    with_all = total(group_flows(problem, chosen, scenario))
    reasons = []
    for item in problem.sites:
        name = item.site.id
        if item.why_not:
            reasons.append((name, f"Not chosen: {item.why_not}."))
        elif any(opening.site == name for opening in chosen.openings):
            without = SeatPlan(tuple(opening for opening in chosen.openings if opening.site != name))
            reasons.append((name, _why(problem, item, chosen, with_all, total(group_flows(problem, without, scenario)))))
        else:
            added = Opening(name, item.site.stages[0], item.first_year, item.smallest)
            grown = replace(chosen, openings=(*chosen.openings, added))
            reasons.append((name, _why_not(problem, item, grown, with_all, total(group_flows(problem, grown, scenario)))))
    return tuple(reasons)


def checked_on_blocks(problem: SeatProblem, chosen: SeatPlan) -> str:
    """
    Say in one sentence what the chosen rooms reach on single blocks, beside the groups that they were chosen on.

    Notes
    -----
    solver.md §6: groups limit the reach of blocks, so their goals differ from those of blocks; the difference is stated.
    """
    scenario = problem.scenarios[0]
    groups, blocks = total(group_flows(problem, chosen, scenario)), total(block_flows(problem, chosen, scenario))
    years = f"{problem.all_years[0]}–{problem.all_years[-1]}"
    return (
        f"Check of the {problem.programme} seats on all {len(problem.district.blocks):,} single blocks, {years}: "
        f"{_pupils(blocks.large)} above the working capacity ({_pupils(groups.large)} on {int(problem.group.max()) + 1} groups), "
        f"{_pupils(blocks.super_large)} above the absolute one, {_pupils(blocks.too_far)} too far, "
        f"{blocks.distance:,.0f} pupil·km."
    )


def _why(problem: SeatProblem, item: SiteSizes, chosen: SeatPlan, now: FlowGoals, without: FlowGoals) -> str:
    mine = [opening for opening in chosen.openings if opening.site == item.site.id]
    rooms, first = sum(opening.rooms for opening in mine), min(opening.year for opening in mine)
    seats = sum(opened_seats(problem.district, item.site, opening.stage, opening.rooms) for opening in mine) - item.closes
    text = f"{rooms} classrooms from {first}, {seats:,} seats net: without it {_difference(now, without)}"
    target, account_now = problem.target, account(problem.district, chosen, problem.programme)
    if account_now.net_seats - seats < target.seats_min:
        text += f", and the programme would have {account_now.net_seats - seats:,} of {target.seats_min:,} seats"
    if account_now.projects - 1 < target.projects_min:
        text += f", and {account_now.projects - 1} of {target.projects_min} projects"
    return text + "."


def _why_not(problem: SeatProblem, item: SiteSizes, grown: SeatPlan, now: FlowGoals, more: FlowGoals) -> str:
    site, district = item.site, problem.district
    seats = opened_seats(district, site, site.stages[0], item.smallest) - closed_seats(district, site, item.first_year)
    cost = site.cost_fixed_wan + site.cost_room_wan * item.smallest
    text = f"Not chosen: {item.smallest} classrooms ({seats:,} seats net, {cost:,} in 10,000 yuan) would relieve "
    relieved = [
        (now.super_large - more.super_large, "pupils above 65 a class"),
        (now.large - more.large, "pupils above the working capacity"),
        (now.too_far - more.too_far, "pupils too far"),
    ]
    parts = [f"{amount:,.0f} {what}" for amount, what in relieved if amount >= 0.5]
    kilometres = (now.distance - more.distance) / max(1, seats)
    text += (
        ", ".join(parts) if parts else "no pupil above a limit"
    ) + f" over all years; a seat there saves {kilometres:.1f} pupil·km"
    budget = problem.options.budgets_wan.get(problem.programme)
    if budget:
        spent = account(district, grown, problem.programme)
        given = sum(amount for year, amount in budget.items() if year <= problem.years[-1])
        if spent.total_wan > given:
            text += f"; {spent.total_wan - given:,} more than the budget has"
    return text + "."


def _difference(now: FlowGoals, without: FlowGoals) -> str:
    worse = [
        (without.super_large - now.super_large, "more pupils above the absolute capacity"),
        (without.large - now.large, "more pupils above the working capacity"),
        (without.too_far - now.too_far, "more pupils too far"),
        (without.distance - now.distance, "pupil·km more"),
    ]
    parts = [f"{amount:,.0f} {what}" for amount, what in worse if amount >= 0.5]
    return (", ".join(parts) + " over all years") if parts else "no pupil would be worse off"


def _pupils(count: float) -> str:
    return f"{count:,.0f} pupils"
