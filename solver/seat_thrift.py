"""Cheaper seat plans near a good one: openings a year later, a step smaller, a site left out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from xuequ.zoning.accounts import account
from xuequ.zoning.places import Action
from xuequ.zoning.seating import STAGES, Opening, SeatPlan

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from xuequ.solver.seat_problem import SeatProblem
    from xuequ.zoning.stage import Stage

__all__ = ["cheaper_plans", "save_money"]


def save_money(
    problem: SeatProblem, plan: SeatPlan, is_allowed: Callable[[SeatPlan], bool], should_stop: Callable[[], bool]
) -> SeatPlan:
    """
    Return a seat plan of less cost, if there is one near by.

    Parameters
    ----------
    problem
        The programme; its floors are kept.
    plan
        Where the search begins; it keeps all rows about sites.
    is_allowed
        Says whether a plan keeps the goals that rank before cost.
    should_stop
        Ends the search.

    Notes
    -----
    First improvement, until no single change helps. Later and smaller openings never break budget or land, so only floors are
    looked at again.
    """
    found = True
    while found and not should_stop():
        found = False
        for other in cheaper_plans(problem, plan):
            if should_stop():
                break
            if is_allowed(other):
                plan, found = other, True
                break
    return plan


def cheaper_plans(problem: SeatProblem, plan: SeatPlan) -> Iterator[SeatPlan]:
    """Yield the plans one change away that cost less and keep the floors, the greatest saving first."""
    now = account(problem.district, plan, problem.programme).present_value_wan
    others = []
    for other in _changed(problem, plan):
        added = account(problem.district, other, problem.programme)
        fits = added.net_seats >= problem.target.seats_min and added.projects >= problem.target.projects_min
        if fits and added.present_value_wan < now:
            others.append((added.present_value_wan, other))
    for _, other in sorted(others, key=lambda item: item[0]):
        yield other


def _changed(problem: SeatProblem, plan: SeatPlan) -> Iterator[SeatPlan]:
    for item in problem.sites:
        mine = [opening for opening in plan.openings if opening.site == item.site.id]
        if not mine:
            continue
        rest = [opening for opening in plan.openings if opening.site != item.site.id]
        yield _plan(rest)
        years = sorted({opening.year for opening in mine})
        for year in years:
            later = next((other for other in problem.years if other > year), None)
            if later is not None:
                yield _plan(rest + [replace(opening, year=later) if opening.year == year else opening for opening in mine])
        if sum(opening.rooms for opening in mine) >= item.smallest + item.step:
            for stage in item.site.stages:
                # A relocation holds at least the rooms of the old school, and which stage may give is the large model's business.
                smaller = None if item.site.action is Action.RELOCATE else _smaller(mine, stage, item.step)
                if smaller is not None and _is_of_sizes(smaller, item.smallest, item.step):
                    yield _plan(rest + smaller)


def _smaller(openings: list[Opening], stage: Stage, rooms: int) -> list[Opening] | None:
    """Take rooms of a stage away, the latest first; None where there are not so many."""
    kept, left = [], rooms
    for opening in sorted(openings, key=lambda item: -item.year):
        taken = min(left, opening.rooms) if opening.stage is stage else 0
        left -= taken
        kept.append(replace(opening, rooms=opening.rooms - taken))
    return None if left else [opening for opening in kept if opening.rooms]


def _is_of_sizes(openings: list[Opening], smallest: int, step: int) -> bool:
    """Return whether a site has one of its sizes in every year."""
    totals = [sum(item.rooms for item in openings if item.year <= year) for year in {item.year for item in openings}]
    return all(total >= smallest and (total - smallest) % step == 0 for total in totals)


def _plan(openings: list[Opening]) -> SeatPlan:
    """Return the plan of openings, those of one site, stage and year put together."""
    rooms: dict[tuple[str, int, int], int] = {}
    for item in openings:
        key = (item.site, item.year, STAGES.index(item.stage))
        rooms[key] = rooms.get(key, 0) + item.rooms
    return SeatPlan(tuple(Opening(site, STAGES[stage], year, count) for (site, year, stage), count in sorted(rooms.items())))
