"""What a plan folder says, as a plan of a district again."""

from __future__ import annotations

from enum import StrEnum
from itertools import groupby
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.errors import InputError, TableError
from xuequ.zoning.plan import Certificate, Goal, Plan, PlanKind, Status
from xuequ.zoning.problems import Problems
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from xuequ.zoning.district import District
    from xuequ.zoning.statement import AssignmentRow, ClusterRow, SeatRow, Statement

__all__ = ["plan_from"]

_Word = TypeVar("_Word", bound=StrEnum)


def plan_from(district: District, statement: Statement) -> Plan:
    """
    Return what a statement says as a plan of the district.

    Only decisions, goals and bounds are taken over; whether its numbers are so is for `verify` to say.

    Raises
    ------
    InputError
        If plan.json or certificate.json lack a value or hold one of another kind.
    TableError
        If tables name a block, school, site, stage or role that the district does not know, or a block twice.
    """
    problems = Problems()
    said = _Object(statement.plan, "plan.json")
    proof = _Object(statement.certificate, "certificate.json")
    kind = said.word("kind", PlanKind)
    catchments = _catchments(district, statement.assignment, problems)
    builds = bool(statement.seats) or kind is PlanKind.SEATS or (kind is PlanKind.PLAN and bool(district.sites))
    seats = _seats(district, statement.seats, problems) if builds else None
    names = {str(key): str(value) for key, value in said.mapping("cluster_names").items()}
    clusters = _clusters(statement.clusters, names, problems) if statement.clusters else None
    if problems.errors:
        raise TableError(problems)
    return Plan(
        kind=kind,
        status=said.word("status", Status),
        fingerprint=said.text("case"),
        regime="phase_in" if said.text("regime") == "phase_in" else "full",
        scenario=said.text("scenario"),
        seed=said.whole("seed"),
        stage=None if said.value("stage") is None else said.word("stage", Stage),
        year=None if said.value("year") is None else said.whole("year"),
        goals=said.goals("goals"),
        objective=said.number("objective"),
        certified_bound=said.number("certified_bound"),
        solver_bound=said.number("solver_bound"),
        catchments=catchments,
        seats=seats,
        clusters=clusters,
        certificates=tuple(_certificate(item) for item in proof.objects("certificates")),
        stage_goals=tuple(
            (item.word("stage", Stage), item.whole("year"), item.goals("goals")) for item in said.objects("stage_goals")
        ),
        settings=said.mapping("settings"),
    )


class _Object:
    """A JSON object that says what it lacks."""

    def __init__(self, values: Any, place: str) -> None:
        if not isinstance(values, dict):
            raise InputError(f"{place} is {values!r:.60}; an object is expected")
        self._values, self._place = values, place

    def value(self, key: str) -> Any:
        if key not in self._values:
            raise InputError(f"{self._place} has no {key!r}; make the plan again")
        return self._values[key]

    def _of(self, key: str, kind: type | tuple[type, ...], what: str) -> Any:
        value = self.value(key)
        if not isinstance(value, kind) or isinstance(value, bool):
            raise InputError(f"{self._place}: {key!r} is {value!r:.60}; {what} is expected")
        return value

    def text(self, key: str) -> str:
        return str(self._of(key, str, "a text"))

    def whole(self, key: str) -> int:
        return int(self._of(key, int, "a whole number"))

    def number(self, key: str) -> float | None:
        value = self._of(key, (int, float, type(None)), "a number or null")
        return None if value is None else float(value)

    def mapping(self, key: str) -> dict[str, Any]:
        return dict(self._of(key, dict, "an object"))

    def whole_by_name(self, key: str) -> dict[str, int]:
        inner = _Object(self.value(key), f"{self._place}, {key}")
        return {name: inner.whole(name) for name in self.mapping(key)}

    def objects(self, key: str) -> list[_Object]:
        return [_Object(item, f"{self._place}, {key}") for item in self._of(key, list, "a list")]

    def wholes(self, key: str) -> list[int]:
        values = self._of(key, list, "a list of whole numbers")
        if not all(type(item) is int and abs(item) < 1 << 62 for item in values):
            raise InputError(f"{self._place}: {key!r} holds what is no whole number")
        return list(values)

    def word(self, key: str, known: type[_Word]) -> _Word:
        value = self.text(key)
        try:
            return known(value)
        except ValueError:
            raise InputError(f"{self._place}: {key!r} is {value!r}; expected is one of {', '.join(known)}") from None

    def goals(self, key: str) -> tuple[Goal, ...]:
        return tuple(
            Goal(
                item.text("name"),
                item.number("value") or 0.0,
                item.number("bound"),
                item.text("unit"),
                item.number("tolerance") or 0.0,
            )
            for item in self.objects(key)
        )


def _certificate(item: _Object) -> Certificate:
    return Certificate(
        item.word("stage", Stage), item.whole("year"), item.text("goal"), item.text("form"), item.whole("scale"),
        np.array(item.wholes("multipliers"), dtype=np.int64), item.whole_by_name("prices"), item.whole_by_name("values"),
    )  # fmt: skip


def _catchments(district: District, rows: Iterable[AssignmentRow], problems: Problems) -> tuple[Catchments, ...]:
    blocks, schools = district.block_index(), district.school_index()
    order = {stage.value: position for position, stage in enumerate(Stage)}
    known = []
    for row in rows:
        unknown = [name for name in row.school_id.split(";") if name and name not in schools]
        if row.block_id not in blocks:
            problems.error(
                "assignment.csv", f"there is no block {row.block_id!r} in the case", column="block_id", value=row.block_id
            )
        elif row.stage not in order:
            problems.error("assignment.csv", f"there is no stage {row.stage!r}", column="stage", value=row.stage)
        elif unknown:
            problems.error(
                "assignment.csv", f"there is no school {unknown[0]!r} in the case", column="school_id", value=unknown[0]
            )
        else:
            known.append(row)
    known.sort(key=lambda row: (order[row.stage], row.year))
    return tuple(
        _one_year(blocks, schools, Stage(stage), year, list(group), problems)
        for (stage, year), group in groupby(known, key=lambda row: (row.stage, row.year))
    )


def _one_year(
    blocks: Mapping[str, int],
    schools: Mapping[str, int],
    stage: Stage,
    year: int,
    rows: list[AssignmentRow],
    problems: Problems,
) -> Catchments:
    given = {row.school_id: tuple(schools[name] for name in row.school_id.split(";")) for row in rows if row.school_id}
    zones = tuple(sorted(set(given.values())))
    zone = np.full(len(blocks), -1, dtype=np.int32)
    seen: set[str] = set()
    for row in rows:
        if row.block_id in seen:
            message = f"block {row.block_id!r} stands there twice for {stage} {year}"
            problems.error("assignment.csv", message, column="block_id", value=row.block_id)
        seen.add(row.block_id)
        zone[blocks[row.block_id]] = zones.index(given[row.school_id]) if row.school_id else -1
    return Catchments(stage, year, zones, zone)


def _seats(district: District, rows: Iterable[SeatRow], problems: Problems) -> SeatPlan:
    sites = {site.id for site in district.sites}
    openings, reasons = [], {}
    for row in rows:
        if row.site_id not in sites:
            problems.error("seats.csv", f"there is no site {row.site_id!r} in the case", column="site_id", value=row.site_id)
        elif row.stage not in set(Stage):
            problems.error("seats.csv", f"there is no stage {row.stage!r}", column="stage", value=row.stage)
        else:
            reasons[row.site_id] = row.reason
            if row.year is not None:
                openings.append(Opening(row.site_id, Stage(row.stage), row.year, row.classrooms))
    openings.sort(key=lambda item: (item.site, item.year, item.stage))
    return SeatPlan(tuple(openings), tuple(sorted((site, why) for site, why in reasons.items() if why)))


def _clusters(rows: Iterable[ClusterRow], names: Mapping[str, str], problems: Problems) -> ClusterPlan:
    members = []
    for row in rows:
        if row.role not in set(Role):
            expected = ", ".join(Role)
            problems.error(
                "clusters.csv", f"there is no role {row.role!r}; expected is one of {expected}", column="role", value=row.role
            )
        else:
            members.append(Membership(row.school_id, row.cluster, Role(row.role)))
    return ClusterPlan(tuple(members), tuple(names.items()))
