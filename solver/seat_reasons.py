"""Why each site is chosen or not, with a number, and whether the plan on groups of blocks holds on single blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xuequ.solver.seat_flows import FlowGoals, block_flows, group_flows, total
from xuequ.zoning.accounts import account, closed_seats, opened_seats
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.wording import english

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
            reasons.append((name, english("site.not", what=item.why_not)))
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
    return english(
        "checked", programme=problem.programme, blocks=f"{len(problem.district.blocks):,}", years=years,
        large=f"{blocks.large:,.0f}", grouped=f"{groups.large:,.0f}", groups=int(problem.group.max()) + 1,
        super_large=f"{blocks.super_large:,.0f}", far=f"{blocks.too_far:,.0f}", km=f"{blocks.distance:,.0f}",
    )  # fmt: skip


def _why(problem: SeatProblem, item: SiteSizes, chosen: SeatPlan, now: FlowGoals, without: FlowGoals) -> str:
    mine = [opening for opening in chosen.openings if opening.site == item.site.id]
    rooms, first = sum(opening.rooms for opening in mine), min(opening.year for opening in mine)
    seats = sum(opened_seats(problem.district, item.site, opening.stage, opening.rooms) for opening in mine) - item.closes
    what = [_difference(now, without)]
    target, account_now = problem.target, account(problem.district, chosen, problem.programme)
    if account_now.net_seats - seats < target.seats_min:
        have, least = account_now.net_seats - seats, target.seats_min
        what.append(english("site.seats_of", seats=f"{have:,}", target=f"{least:,}"))
    if account_now.projects - 1 < target.projects_min:
        what.append(english("site.projects_of", projects=account_now.projects - 1, target=target.projects_min))
    return english("site.chosen", rooms=rooms, year=first, seats=f"{seats:,}", what=", and ".join(what))


def _why_not(problem: SeatProblem, item: SiteSizes, grown: SeatPlan, now: FlowGoals, more: FlowGoals) -> str:
    site, district = item.site, problem.district
    seats = opened_seats(district, site, site.stages[0], item.smallest) - closed_seats(district, site, item.first_year)
    cost = site.cost_fixed_wan + site.cost_room_wan * item.smallest
    relieved = [
        (now.super_large - more.super_large, "less.absolute"),
        (now.large - more.large, "less.working"),
        (now.too_far - more.too_far, "less.far"),
    ]
    parts = [english(key, pupils=f"{amount:,.0f}") for amount, key in relieved if amount >= 0.5]
    offer = english(
        "site.offer", rooms=item.smallest, seats=f"{seats:,}", cost=f"{cost:,}",
        what=", ".join(parts) if parts else english("less.none"),
    )  # fmt: skip
    told = [offer, english("site.saves", km=f"{(now.distance - more.distance) / max(1, seats):.1f}")]
    budget = problem.options.budgets_wan.get(problem.programme)
    if budget:
        spent = account(district, grown, problem.programme)
        given = sum(amount for year, amount in budget.items() if year <= problem.years[-1])
        if spent.total_wan > given:
            told.append(english("site.over_budget", cost=f"{spent.total_wan - given:,}"))
    return english("site.not", what="; ".join(told))


def _difference(now: FlowGoals, without: FlowGoals) -> str:
    worse = [
        (without.super_large - now.super_large, "more.absolute", "pupils"),
        (without.large - now.large, "more.working", "pupils"),
        (without.too_far - now.too_far, "more.far", "pupils"),
        (without.distance - now.distance, "more.way", "km"),
    ]
    parts = [english(key, **{place: f"{amount:,.0f}"}) for amount, key, place in worse if amount >= 0.5]
    return english("over_years", what=", ".join(parts)) if parts else english("more.none")
