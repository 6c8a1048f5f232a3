"""What ``case.toml`` asks for, as options of the district."""

from __future__ import annotations

from typing import TYPE_CHECKING

from xuequ.zoning.options import (
    DEFAULT_GOALS,
    ClusterOptions,
    GoalSpec,
    Lock,
    Options,
    ProgrammeTarget,
    PublishOptions,
    SeatOptions,
    ZoningOptions,
)
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.data.case_file import CaseFile
    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems
    from xuequ.zoning.rules import Rules

__all__ = ["locks_of", "options_of", "planned_years"]

DEFAULT_SCHOOL_YEAR = 2025
DEFAULT_YEARS = 5


def planned_years(case: CaseFile, tables: Mapping[str, Table], problems: Problems) -> tuple[int, tuple[int, ...]]:
    """
    Return today's school year and those to plan.

    Without ``school_year`` today is the newest year of enrolment or catchments, else 2025 (policy §17: 2026–2030 are planned);
    the years are those that follow. Both are told.
    """
    year = case.case.school_year
    if year is None:
        newest = [int(tables[name].whole("year").max()) for name in ("enrolment", "catchments")
                  if name in tables and len(tables[name]) and tables[name].has("year")]  # fmt: skip
        year = max((each for each in newest if each > 0), default=DEFAULT_SCHOOL_YEAR)
        problems.warn(
            "case.toml",
            f"there is no school_year; {year} is taken as today's",
            f"write school_year = {year} into [case]",
            column="case.school_year",
        )
    years = tuple(sorted(set(case.case.years or range(year + 1, year + 1 + DEFAULT_YEARS))))
    late = [each for each in years if each <= year]
    if late:
        problems.error("case.toml", f"the planned year {late[0]} is not after today's school year {year}",
                       "correct years or school_year in [case]", column="case.years", value=str(late[0]))  # fmt: skip
    return year, tuple(each for each in years if each > year)


def locks_of(case: CaseFile, tables: Mapping[str, Table], stage: Stage | None, problems: Problems) -> tuple[Lock, ...]:
    """Return the locks of the table and of ``[zoning]``."""
    found = [(lock.block, lock.stage, lock.school, lock.must) for lock in case.zoning.locks]
    table = tables.get("locks")
    if table is not None:
        must = table.number("must", 1.0) > 0
        found += [
            (block, Stage(name) if name else None, school, bool(keep))
            for block, name, school, keep in zip(
                table.text("block"), table.text("stage"), table.text("school"), must, strict=True
            )
        ]
    locks = []
    for block, named, school, keep in found:
        meant = named or stage
        if meant is None:
            problems.error("locks", f"it is not known which stage the lock of block {block} is for", "fill in stage", row=block)
        else:
            locks.append(Lock(block, meant, school, keep))
    return tuple(dict.fromkeys(locks))


def options_of(case: CaseFile, rules: Rules, locks: tuple[Lock, ...], *, graded: bool, problems: Problems) -> Options:
    """
    Make the options.

    Notes
    -----
    Programme floors (4,000 and 1,800 seats, 8 and 7 projects: policy §7) are one district's plan. They bind only a case that
    names them: in ``[seats.programmes]``, or by any of ``seats_programme``, ``projects_min``, ``land_programme`` in
    ``[rules]``. A case without either has no floors, so its seats are chosen by the goals alone.

    ``phase_in`` (the default) needs pupils by grade; where they are known by stage only the regime is ``full``, and a case that
    asks for ``phase_in`` is told so.
    """
    zoning = case.zoning
    regime = zoning.regime or ("phase_in" if graded else "full")
    if regime == "phase_in" and not graded:
        regime = "full"
        problems.warn(
            "case.toml",
            "phase_in needs pupils by grade; they are known by stage only, so every grade is assigned anew (full)",
            "give pupils by grade, or add enrolment",
            column="zoning.regime",
        )
    goals = DEFAULT_GOALS if zoning.goals is None else tuple(GoalSpec(goal.name, goal.tolerance) for goal in zoning.goals)
    goals = tuple(GoalSpec(goal.name, zoning.tolerances.get(goal.name, goal.tolerance)) for goal in goals)
    clusters = case.clusters
    least, most = clusters.size or (None, None)
    return Options(
        ZoningOptions(
            zoning.stage, regime, goals, zoning.seats, zoning.moved_max, zoning.keep_together, locks, zoning.scenario,
        ),
        SeatOptions(
            case.seats.years, case.seats.budgets, _programmes(case, rules), case.seats.scenarios, case.seats.discount,
            case.seats.group_blocks,
        ),
        ClusterOptions(
            clusters.count, clusters.leads, clusters.size_min if clusters.size_min is not None else least,
            clusters.size_max if clusters.size_max is not None else most,
        ),
        PublishOptions(
            case.publish.small_count, case.publish.contact, case.publish.notices, case.publish.draw_seed,
            case.publish.decided.isoformat() if case.publish.decided else "", case.publish.decision,
        ),
    )  # fmt: skip


def _programmes(case: CaseFile, rules: Rules) -> dict[Programme, ProgrammeTarget]:
    named = case.seats.programmes
    if named:
        return {
            programme: ProgrammeTarget(part.seats_min, part.projects_min, part.land_m2, part.land_max_m2)
            for programme, part in named.items()
        }
    keys = ("seats_programme", "projects_min", "land_programme")
    if not any(key.split(".")[0] in keys for key in case.rules):
        return {}
    return {
        programme: ProgrammeTarget(*(int(getattr(getattr(rules, key), programme.value)) for key in keys))
        for programme in Programme
    }
