"""A plan as the rows of its files: everything that it says, and nothing that it does not."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.accounts import account, opened_seats, programme_target
from xuequ.zoning.classes import Classes
from xuequ.zoning.indicators import alert, assigned_distance_m, utilisation
from xuequ.zoning.outlook import large_classes, last_outlook_year, plan_rolls
from xuequ.zoning.overflow import overflow_rows
from xuequ.zoning.reasons import block_reasons
from xuequ.zoning.rounds import admission_round, stage_capacity, zoned_schools
from xuequ.zoning.seating import STAGES, rooms_in
from xuequ.zoning.stage import GRADES, Programme, Stage
from xuequ.zoning.statement import AssignmentRow, ClusterRow, OverflowRow, SchoolRow, SeatRow, Statement

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Certificate, Goal, Plan
    from xuequ.zoning.rolls import Rolls
    from xuequ.zoning.rounds import Round

__all__ = ["FORMAT", "rounds_of", "state"]

FORMAT = 1
"""Version of the plan folder's layout."""

_DECIMALS = 6


def state(district: District, plan: Plan, *, version: str = "") -> Statement:
    """
    Return everything that a plan says, row by row.

    Parameters
    ----------
    district
        What the plan was made for.
    plan
        Of any kind.
    version
        Of the program that made it, for plan.json.

    Raises
    ------
    KeyError
        If the plan is for a year or scenario that the district has no demand for.

    Notes
    -----
    interface.md, "A plan on disk". Values are rounded as they stand in the files, so that what is read back is equal; bounds are
    rounded down. Neither time stamps nor seconds are stated.
    """
    rolls = _rolls(district, plan, plan.scenario, later=True)
    rounds = rounds_of(district, plan)
    return Statement(
        plan=_plan_object(district, plan, rolls, version),
        assignment=tuple(row for chosen, item in rounds for row in _assignment(district, chosen, item)),
        schools=_school_rows(district, plan, rolls),
        seats=_seat_rows(district, plan),
        clusters=tuple(
            ClusterRow(member.school, member.cluster, str(member.role))
            for member in (plan.clusters.members if plan.clusters else ())
        ),
        overflow=_overflow(district, plan, rolls),
        scenarios={
            name: _school_rows(district, plan, _rolls(district, plan, name))
            for name in district.demand.scenarios
            if name != plan.scenario and plan.catchments
        },
        certificate={"format": FORMAT, "certificates": [_certificate(district, rounds, item) for item in plan.certificates]},
    )


def rounds_of(district: District, plan: Plan) -> tuple[tuple[Round, Catchments], ...]:
    """Return, for each catchments of a plan in its order, the round that they answer."""
    if not plan.catchments:
        return ()
    rolls = _rolls(district, plan, plan.scenario)
    return tuple((_round(district, plan, rolls, item), item) for item in plan.catchments)


def _round(district: District, plan: Plan, rolls: Mapping[int, Rolls], item: Catchments) -> Round:
    chosen = admission_round(
        district, item.stage, item.year, regime=plan.regime, scenario=plan.scenario, seats=plan.seats,
        previous=rolls.get(item.year - 1),
    )  # fmt: skip
    if set(item.zones) <= set(chosen.zones):
        return chosen
    # The plan has multi-school zones of its own: they take the place of the zones that they overlap.
    own = {j for members in item.zones for j in members}
    zones = tuple(sorted([*item.zones, *(members for members in chosen.zones if not own.intersection(members))]))
    return admission_round(
        district, item.stage, item.year, regime=plan.regime, scenario=plan.scenario, seats=plan.seats,
        previous=rolls.get(item.year - 1), zones=zones,
    )  # fmt: skip


def _rolls(district: District, plan: Plan, scenario: str, *, later: bool = False) -> dict[int, Rolls]:
    """Return the rolls of each year that the plan leads through, and where asked of those ``later`` in which it goes on."""
    if not plan.catchments:
        return {}
    made = replace(plan, regime=plan.regime if district.demand.graded else "full", scenario=scenario)
    last = last_outlook_year(district, made) if later else max(item.year for item in plan.catchments)
    return {rolls.year: rolls for rolls in plan_rolls(district, made, last=last)}


def _assignment(district: District, chosen: Round, item: Catchments) -> list[AssignmentRow]:
    names = (*item.zone_ids(district.schools.ids), "")
    today = district.today.get(item.stage)
    before = (*today.zone_ids(district.schools.ids), "") if today else ("",)
    old = today.zone if today else np.full(len(item.zone), -1)
    metres = [round(way, 1) if math.isfinite(way) else None for way in assigned_distance_m(district, item).tolist()]
    why = block_reasons(district, chosen, item)
    return [
        AssignmentRow(block, str(item.stage), item.year, names[zone], way, before[previous], reason)
        for block, zone, way, previous, reason in zip(
            district.blocks.ids, item.zone.tolist(), metres, old.tolist(), why, strict=True
        )
    ]


def _school_rows(district: District, plan: Plan, rolls: Mapping[int, Rolls]) -> tuple[SchoolRow, ...]:
    return tuple(row for item in plan.catchments for row in _rows_of_stage(district, plan, item, rolls[item.year]))


def _rows_of_stage(district: District, plan: Plan, item: Catchments, rolls: Rolls) -> list[SchoolRow]:
    stage, year, span = item.stage, item.year, item.stage.grade_slice
    rooms = rooms_in(district, year, plan.seats)[:, STAGES.index(stage)]
    capacity = stage_capacity(district, stage, year, plan.seats)
    listed = np.union1d(zoned_schools(district, stage, year, plan.seats), np.flatnonzero(rolls.pupils[:, span].any(axis=1)))
    rows = []
    for j in listed.tolist():
        total, planned = int(rolls.pupils[j, span].sum()), int(capacity.planned[j])
        shared = (planned, int(capacity.working[j]), utilisation(total, planned), alert(district.rules, total, planned))
        name = district.schools.ids[j]
        if not district.demand.graded:
            rows.append(SchoolRow(name, str(stage), year, "", total, None, None, None, None, *shared))
            continue
        for g in range(span.start, span.stop):
            sizes = _class_sizes(district, stage, int(rolls.pupils[j, g]), int(rolls.classes[j, g]), rooms=int(rooms[j]))
            rows.append(SchoolRow(name, str(stage), year, GRADES[g].value, int(rolls.pupils[j, g]), *sizes, *shared))
    return rows


def _class_sizes(
    district: District, stage: Stage, pupils: int, classes: int, *, rooms: int
) -> tuple[int | None, int | None, int | None, int | None]:
    """Return classes, the largest, large and super-large; None where classrooms are not known."""
    if rooms < 0 or (pupils > 0 and classes == 0):
        return None, None, None, None
    split = Classes.split(pupils, classes)
    if stage is Stage.KINDERGARTEN:  # no large class in law (policy §3, convention 3)
        return len(split), split.largest, 0, 0
    rules = district.rules
    return len(split), split.largest, split.count_from(rules.large_class), split.count_from(rules.super_large_class)


def _seat_rows(district: District, plan: Plan) -> tuple[SeatRow, ...]:
    """Return what each site opens by year and stage; its land and fixed cost stand on its first line."""
    if plan.seats is None:
        return ()
    reasons = dict(plan.seats.reasons)
    rows = []
    for site in sorted(district.sites, key=lambda item: item.id):
        chosen = sorted(
            (item.year, STAGES.index(item.stage), item.rooms)
            for item in plan.seats.openings
            if item.site == site.id and item.rooms
        )
        reason = reasons.get(site.id, "")
        if not chosen:
            rows.append(SeatRow(site.id, str(site.programme), str(site.stages[0]), None, 0, 0, 0, 0, 0, reason))
        for position, (year, column, rooms) in enumerate(chosen):
            first = position == 0
            rows.append(
                SeatRow(
                    site.id, str(site.programme), str(STAGES[column]), year, rooms,
                    opened_seats(district, site, STAGES[column], rooms),
                    site.land_m2 if first else 0,
                    rooms * site.floor_m2_per_room,
                    rooms * site.cost_room_wan + (site.cost_fixed_wan if first else 0),
                    reason,
                )
            )  # fmt: skip
    return tuple(rows)


def _overflow(district: District, plan: Plan, rolls: Mapping[int, Rolls]) -> tuple[OverflowRow, ...]:
    clusters = plan.clusters or district.clusters
    if clusters is None:
        return ()
    cluster_of = clusters.cluster_of()
    return tuple(
        row
        for item in plan.catchments
        for row in overflow_rows(
            district, cluster_of, item.stage, item.year,
            pupils=rolls[item.year].pupils[:, item.stage.grade_slice].sum(axis=1),
            planned=stage_capacity(district, item.stage, item.year, plan.seats).planned,
        )
    )  # fmt: skip


def _plan_object(district: District, plan: Plan, rolls: Mapping[int, Rolls], version: str) -> dict[str, Any]:
    goals = _goals(plan.goals)
    objective = _rounded(plan.objective)
    bounds = {name: _floor(getattr(plan, name)) for name in ("bound", "certified_bound", "solver_bound")}
    gap = None
    if objective is not None and bounds["bound"] is not None:
        gap = round(max(0.0, objective - bounds["bound"]) / max(1.0, abs(objective)), _DECIMALS)
    return {
        "format": FORMAT,
        "program": version,
        "kind": str(plan.kind),
        "status": str(plan.status),
        "district": district.name,
        "synthetic": district.synthetic,
        "case": plan.fingerprint,
        "stage": str(plan.stage) if plan.stage else None,
        "year": plan.year,
        "regime": plan.regime,
        "scenario": plan.scenario,
        "seed": plan.seed,
        "catchments": [{"stage": str(item.stage), "year": item.year} for item in plan.catchments],
        "goals": goals,
        "objective": objective,
        **bounds,
        "gap": gap,
        "stage_goals": [
            {"stage": str(stage), "year": year, "goals": _goals(reached)} for stage, year, reached in plan.stage_goals
        ],
        "programmes": _programmes(district, plan),
        "large_classes": _large_classes(district, rolls),
        "cluster_names": dict(plan.clusters.names) if plan.clusters else {},
        "settings": _plain(plan.settings),
        "rule_overrides": [
            {"key": item.key, "default": _plain(item.default), "value": _plain(item.value), "unit": item.unit}
            for item in district.rules.overrides()
        ],
    }


def _goals(goals: Iterable[Goal]) -> list[dict[str, Any]]:
    return [
        item.to_json() | {"value": _rounded(item.value), "bound": _floor(item.bound), "tolerance": _rounded(item.tolerance)}
        for item in goals
    ]


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(float(value), _DECIMALS)


def _floor(value: float | None) -> float | None:
    """Round down, so that a bound stays one."""
    return None if value is None else math.floor(round(float(value) * 10**_DECIMALS, 3)) / 10**_DECIMALS


def _plain(value: Any) -> Any:
    """Return a value as JSON has it."""
    if isinstance(value, (tuple, list)):
        return [_plain(item) for item in value]
    if hasattr(value, "items"):
        return {str(key): _plain(item) for key, item in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _programmes(district: District, plan: Plan) -> list[dict[str, Any]]:
    """Return the account of each programme beside its floors (policy §7)."""
    if plan.seats is None:
        return []
    rows = []
    for programme in Programme:
        target, total = programme_target(district, programme), account(district, plan.seats, programme)
        wanted = {"seats_min": target.seats_min, "projects_min": target.projects_min}
        rows.append({
            "programme": str(programme), "projects": total.projects, "seats": total.seats_opened, "net_seats": total.net_seats,
            "land_m2": total.land_m2, "floor_m2": total.floor_m2, "cost_wan": total.total_wan,
            "cost_by_year_wan": {str(year): cost for year, cost in total.cost_wan.items()},
            "present_value_wan": total.present_value_wan, **wanted,
            "floors_met": total.net_seats >= wanted["seats_min"] and total.projects >= wanted["projects_min"],
        })  # fmt: skip
    return rows


def _large_classes(district: District, rolls: Mapping[int, Rolls]) -> list[dict[str, Any]]:
    """Return the large classes of each year, the later ones too: of primary, junior, both together (policy §3, convention 2)."""
    if not district.demand.graded:
        return []
    return [
        {
            "year": item.year, "stage": str(item.stage) if item.stage else "all", "classes": item.classes, "large": item.large,
            "super_large": item.super_large, "share": round(item.share, _DECIMALS),
        }
        for year in sorted(rolls)
        for item in large_classes(district, rolls[year])
        if item.classes
    ]  # fmt: skip


def _certificate(district: District, rounds: Sequence[tuple[Round, Catchments]], item: Certificate) -> dict[str, Any]:
    zones: list[str] = []
    for chosen, _ in rounds:
        if chosen.stage is item.stage and chosen.year == item.year:
            zones = [";".join(district.schools.ids[j] for j in members) for members in chosen.zones]
    return {
        "stage": str(item.stage), "year": item.year, "goal": item.goal, "form": item.form, "scale": int(item.scale),
        "zones": zones, "multipliers": item.multipliers.tolist(),
        "prices": {name: int(item.prices[name]) for name in sorted(item.prices)},
        "values": {name: int(item.values[name]) for name in sorted(item.values)},
    }  # fmt: skip
