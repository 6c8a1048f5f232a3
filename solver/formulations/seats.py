"""
The seat model (model.md §3) as PuLP rows: which sites open, with how many rooms, in which year, and who sits where.

Letters: ``s`` a site, ``j`` a school, ``g`` a stage, ``t`` a school year, ``i`` a group of blocks, ``w`` a demand scenario. Keys
are short texts that are legal in LP files; who builds a model keeps the map to the district's own ids.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import pulp

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

__all__ = [
    "FAMILIES",
    "budget_covers_cost",
    "flow_value_is_at_least",
    "group_is_served",
    "idle_seats_are_counted",
    "land_stays_within_its_cap",
    "overload_stays_in_its_piece",
    "programme_adds_its_seats",
    "programme_has_its_projects",
    "relocation_keeps_its_rooms",
    "rooms_stay_open",
    "school_holds_its_pupils",
    "site_opens_whole_steps",
    "site_stays_open",
    "site_stays_within_its_rooms",
    "worst_scenario_counts",
]

SiteYear = tuple[str, int]
SiteStageYear = tuple[str, str, int]
Place = tuple[str, str, int, str]
"""Scenario, stage, school year, school."""
Arc = tuple[str, str, int, str, str]
"""Scenario, stage, school year, group, school."""


def site_stays_open(model: pulp.LpProblem, opened: Mapping[SiteYear, pulp.LpVariable], years: Sequence[int]) -> None:
    """Add ``open_s,t-1 <= open_st`` for every site s that could be open the year before (model.md §3)."""
    for (site, year), now in opened.items():
        before = opened.get((site, _previous(years, year)))
        if before is not None:
            model.addConstraint(pulp.LpAffineExpression([(before, 1), (now, -1)]) <= 0, name=f"stays_open_{site}_{year}")


def site_opens_whole_steps(
    model: pulp.LpProblem,
    opened: Mapping[SiteYear, pulp.LpVariable],
    steps: Mapping[SiteYear, pulp.LpVariable],
    rooms: Mapping[SiteStageYear, pulp.LpVariable],
    sizes: Mapping[str, tuple[int, int]],
) -> None:
    """
    Add ``Σ_g y_sgt = smallest_s·open_st + step_s·n_st``: a site that opens has its smallest size and whole steps above it.

    Parameters
    ----------
    model
        Gets the rows.
    opened, steps, rooms
        pulp.LpVariable ``open_st``, ``n_st`` and ``y_sgt``.
    sizes
        Smallest size and step of each site, in rooms.
    """
    parts = defaultdict(list)
    for (site, _, year), room in rooms.items():
        parts[site, year].append((room, 1))
    for (site, year), terms in parts.items():
        smallest, step = sizes[site]
        row = pulp.LpAffineExpression([*terms, (opened[site, year], -smallest), (steps[site, year], -step)])
        model.addConstraint(row == 0, name=f"whole_steps_{site}_{year}")


def site_stays_within_its_rooms(
    model: pulp.LpProblem,
    opened: Mapping[SiteYear, pulp.LpVariable],
    steps: Mapping[SiteYear, pulp.LpVariable],
    most: Mapping[str, int],
) -> None:
    """Add ``n_st <= most_s·open_st``: no steps without opening, and no more rooms than the site can hold (model.md §3)."""
    for (site, year), count in steps.items():
        row = pulp.LpAffineExpression([(count, 1), (opened[site, year], -most[site])])
        model.addConstraint(row <= 0, name=f"rooms_max_{site}_{year}")


def rooms_stay_open(model: pulp.LpProblem, rooms: Mapping[SiteStageYear, pulp.LpVariable], years: Sequence[int]) -> None:
    """Add ``y_sg,t-1 <= y_sgt``: what is newly opened, ``z``, is never negative (model.md §3)."""
    for (site, stage, year), now in rooms.items():
        before = rooms.get((site, stage, _previous(years, year)))
        if before is not None:
            row = pulp.LpAffineExpression([(before, 1), (now, -1)])
            model.addConstraint(row <= 0, name=f"rooms_stay_{site}_{stage}_{year}")


def relocation_keeps_its_rooms(
    model: pulp.LpProblem,
    opened: Mapping[SiteYear, pulp.LpVariable],
    rooms: Mapping[SiteStageYear, pulp.LpVariable],
    old: Mapping[tuple[str, str], int],
) -> None:
    """
    Add ``y_sgt >= old_sg·open_st`` for relocations: pupils of the old school move along, so the new one has its rooms at least.

    Notes
    -----
    policy.md §6: the new place is ready before the old one closes (先建后撤).
    """
    for (site, stage, year), room in rooms.items():
        if old.get((site, stage)):
            row = pulp.LpAffineExpression([(room, 1), (opened[site, year], -old[site, stage])])
            model.addConstraint(row >= 0, name=f"keeps_{site}_{stage}_{year}")


def budget_covers_cost(
    model: pulp.LpProblem, cost: Mapping[int, pulp.LpAffineExpression], budget: Mapping[int, int], programme: str
) -> None:
    """
    Add ``Σ_{u<=t} cost_u <= Σ_{u<=t} budget_u`` for every year: what one year does not spend goes on to the next.

    Parameters
    ----------
    model
        Gets the rows.
    cost
        Money spent in each year, 10,000 yuan.
    budget
        Money given in each year, 10,000 yuan; a year without an entry gives none.
    programme
        For the names of the rows.
    """
    spent, given = pulp.LpAffineExpression(), 0
    for year in sorted({*cost, *budget}):
        spent = spent + cost.get(year, 0)
        given += budget.get(year, 0)
        if year in cost and len(spent):
            model.addConstraint(spent <= given, name=f"budget_{programme}_{year}")


def land_stays_within_its_cap(
    model: pulp.LpProblem, opened: Mapping[str, pulp.LpVariable], land: Mapping[str, int], cap: int, programme: str
) -> None:
    """Add ``Σ land_s·open_s <= cap``; only where the case caps the land (policy.md §17)."""
    row = pulp.LpAffineExpression([(opened[site], land[site]) for site in opened])
    model.addConstraint(row <= cap, name=f"land_{programme}")


def programme_adds_its_seats(model: pulp.LpProblem, added: pulp.LpAffineExpression, floor: int, programme: str) -> None:
    """Add ``seats opened - seats closed >= floor``; the expression holds both (policy.md §7)."""
    model.addConstraint(added >= floor, name=f"seats_{programme}")


def programme_has_its_projects(model: pulp.LpProblem, opened: Mapping[str, pulp.LpVariable], floor: int, programme: str) -> None:
    """Add ``Σ open_s >= floor`` over the last year's openings (policy.md §7)."""
    row = pulp.LpAffineExpression([(variable, 1) for variable in opened.values()])
    model.addConstraint(row >= floor, name=f"projects_{programme}")


def group_is_served(
    model: pulp.LpProblem,
    flow: Mapping[Arc, pulp.LpVariable],
    unserved: Mapping[tuple[str, str, int, str], pulp.LpVariable],
    pupils: Mapping[tuple[str, str, int, str], int],
) -> None:
    """
    Add ``Σ_j f_ijgtw + unserved_igtw = p_igtw`` for every group i, stage, year and scenario (model.md §3).

    ``unserved`` are pupils for whom no school in reach has a place even with over-full classes; they count as over the absolute
    capacity, so that the model always has an answer.
    """
    terms = defaultdict(list)
    for (scenario, stage, year, group, _), arc in flow.items():
        terms[scenario, stage, year, group].append((arc, 1))
    for key, count in pupils.items():
        scenario, stage, year, group = key
        row = pulp.LpAffineExpression([*terms[key], (unserved[key], 1)])
        model.addConstraint(row == count, name=f"served_{scenario}_{stage}_{year}_{group}")


def school_holds_its_pupils(
    model: pulp.LpProblem,
    flow: Mapping[Arc, pulp.LpVariable],
    over: Mapping[tuple[Place, str], pulp.LpVariable],
    rooms: Mapping[tuple[str, int, str], pulp.LpAffineExpression],
    standard: Mapping[tuple[str, str], float],
) -> None:
    """
    Add ``Σ_i f_ijgtw <= std_gj·R_jgt + o1 + o2 + o3`` for every school, stage, year and scenario (model.md §3).

    Parameters
    ----------
    model
        Gets the rows.
    flow
        pulp.LpVariable ``f_ijgtw``.
    over
        By place and piece (``planned``, ``working``, ``absolute``): pupils above each of the three capacities.
    rooms
        ``R_jgt`` by stage, year and school: a number, plus what sites open, less what relocations close.
    standard
        Pupils of a standard class by stage and school.
    """
    terms = defaultdict(list)
    for (scenario, stage, year, _, school), arc in flow.items():
        terms[scenario, stage, year, school].append((arc, 1))
    for place, load in terms.items():
        scenario, stage, year, school = place
        load += [(over[place, piece], -1) for piece in ("planned", "working", "absolute")]
        row = pulp.LpAffineExpression(load) - standard[stage, school] * rooms[stage, year, school]
        model.addConstraint(row <= 0, name=f"holds_{scenario}_{stage}_{year}_{school}")


def overload_stays_in_its_piece(
    model: pulp.LpProblem,
    over: Mapping[tuple[Place, str], pulp.LpVariable],
    rooms: Mapping[tuple[str, int, str], pulp.LpAffineExpression],
    width: Mapping[tuple[str, str, str], float],
) -> None:
    """
    Add ``o <= width·R_jgt`` for each piece: 10 pupils a room between 45 and 55, 10 more to 65, and above that as many as a class.

    Parameters
    ----------
    model
        Gets the rows.
    over
        By place and piece.
    rooms
        ``R_jgt`` by stage, year and school.
    width
        Pupils a room by stage, school and piece; the last is so wide that only a school without rooms is closed to pupils.
    """
    for ((scenario, stage, year, school), piece), pupils in over.items():
        row = pupils - width[stage, school, piece] * rooms[stage, year, school]
        model.addConstraint(row <= 0, name=f"{piece}_{scenario}_{stage}_{year}_{school}")


def worst_scenario_counts(
    model: pulp.LpProblem, worst: pulp.LpVariable, sums: Mapping[str, pulp.LpAffineExpression], goal: str
) -> None:
    """Add ``worst >= Σ`` of a goal for every demand scenario w (model.md §3: over all years in the worst scenario)."""
    for scenario, total in sums.items():
        model.addConstraint(total - worst <= 0, name=f"worst_{goal}_{scenario}")


def idle_seats_are_counted(
    model: pulp.LpProblem,
    idle: Mapping[Place, pulp.LpVariable],
    flow: Mapping[Arc, pulp.LpVariable],
    rooms: Mapping[tuple[str, int, str], pulp.LpAffineExpression],
    standard: Mapping[tuple[str, str], float],
) -> None:
    """
    Add ``idle_jgtw >= std_gj·R_jgt - Σ_i f_ijgtw`` for the places asked about: seats that stand empty after the wave.

    Parameters
    ----------
    model
        Gets the rows.
    idle
        pulp.LpVariable by place, for the last years of the horizon.
    flow
        pulp.LpVariable ``f_ijgtw``.
    rooms
        ``R_jgt`` by stage, year and school.
    standard
        Pupils of a standard class by stage and school.

    Notes
    -----
    model.md §3, the goal "empty rooms after the wave has passed".
    """
    terms = defaultdict(list)
    for (scenario, stage, year, _, school), arc in flow.items():
        terms[scenario, stage, year, school].append((arc, -1))
    for place, spare in idle.items():
        scenario, stage, year, school = place
        row = pulp.LpAffineExpression([*terms[place], (spare, -1)]) + standard[stage, school] * rooms[stage, year, school]
        model.addConstraint(row <= 0, name=f"idle_{scenario}_{stage}_{year}_{school}")


def flow_value_is_at_least(
    model: pulp.LpProblem,
    value: pulp.LpVariable,
    rooms: Mapping[str, pulp.LpAffineExpression],
    saved: Mapping[str, float],
    constant: float,
    name: str,
) -> None:
    """
    Add ``value + Σ_j saved_j·R_j >= constant``: what a minimum-cost flow costs for any rooms, seen from the prices of one flow.

    Parameters
    ----------
    model
        Gets the row.
    value
        Stands for the value of the flow of one scenario, stage and year.
    rooms
        ``R_j`` by school.
    saved
        What one more room at the school saves at the prices of the flow, by school.
    constant
        Value of the flow at these prices if there were no room at all.
    name
        Of the row.

    Notes
    -----
    model.md §3 with the flow ``f`` projected out: by weak duality the row holds for every number of rooms (docs/decisions/0010).
    """
    row = pulp.LpAffineExpression([(value, 1)])
    for school, amount in saved.items():
        row = row + amount * rooms[school]
    model.addConstraint(row >= constant, name=name)


def _previous(years: Sequence[int], year: int) -> int:
    """Return the year before in the sequence, −1 before the first."""
    position = years.index(year)
    return years[position - 1] if position else -1


FAMILIES = (
    site_stays_open,
    site_opens_whole_steps,
    site_stays_within_its_rooms,
    rooms_stay_open,
    relocation_keeps_its_rooms,
    budget_covers_cost,
    land_stays_within_its_cap,
    programme_adds_its_seats,
    programme_has_its_projects,
    group_is_served,
    school_holds_its_pupils,
    overload_stays_in_its_piece,
    worst_scenario_counts,
    idle_seats_are_counted,
    flow_value_is_at_least,
)
"""Every family of rows of the seat model; each has a golden LP file."""
