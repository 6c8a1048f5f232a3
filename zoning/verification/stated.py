"""plan.json against the district and against itself: what was asked, for which case, and its own sums."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.zoning.plan import PlanKind, Status
from xuequ.zoning.stage import Stage
from xuequ.zoning.verification.check import is_number, rounded_to

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.verification.check import Findings
    from xuequ.zoning.verification.ground import Area, Ground
    from xuequ.zoning.verification.pupils import Counted

__all__ = [
    "check_bounds",
    "check_head",
    "check_large_classes",
    "check_places",
    "has_leads",
    "is_hard",
    "listed",
    "moved_cap",
    "settings_of",
]

_REGIMES = ("full", "phase_in")
_PROVED = 1e-5
"""Gap up to which a solver's arithmetic cannot tell a proof from its rounding."""


def check_head(ground: Ground, said: Mapping[str, Any], findings: Findings) -> bool:
    """
    Check what plan.json says of the case and of the way the plan was made.

    Returns
    -------
    bool
        Whether regime and scenario are known, so that the rest can be counted.
    """
    district = ground.district
    foreign = (
        ""
        if said.get("case") == district.fingerprint
        else ": the plan was made for another case, or the case has changed since; plan again"
    )
    findings.same("plan.case", said.get("case"), district.fingerprint, f"fingerprint of the case{foreign}")
    findings.same("plan.district", said.get("district"), district.name)
    findings.same("plan.synthetic", said.get("synthetic"), district.synthetic)
    for key, known in (("kind", list(PlanKind)), ("status", list(Status))):
        findings.holds(f"plan.{key}", said.get(key), f"one of {', '.join(known)}", ok=said.get(key) in known)
    overrides = [
        {"key": item.key, "default": _plain(item.default), "value": _plain(item.value), "unit": item.unit}
        for item in district.rules.overrides()
    ]
    findings.same("plan.rule_overrides", said.get("rule_overrides"), overrides)
    _check_settings(ground, said, findings)
    regime = findings.holds("plan.regime", said.get("regime"), f"one of {', '.join(_REGIMES)}", ok=said.get("regime") in _REGIMES)
    scenarios = district.demand.scenarios
    scenario = said.get("scenario") in scenarios
    return findings.holds("plan.scenario", said.get("scenario"), f"one of {', '.join(scenarios)}", ok=scenario) and regime


def _check_settings(ground: Ground, said: Mapping[str, Any], findings: Findings) -> None:
    """Check that the plan was not made under looser limits than the case asks for."""
    settings, zoning = said.get("settings"), ground.district.options.zoning
    if not isinstance(settings, dict):
        findings.same("plan.settings", settings, "an object")
        return
    if said.get("kind") == PlanKind.ZONE and zoning.seats == "hard":
        findings.same("plan.settings", settings.get("seats", "hard"), "hard", "seats")
    cap = settings.get("moved_max")
    if zoning.moved_max is not None and "moved_max" in settings:
        ok = cap is not None and is_number(cap) and cap <= zoning.moved_max
        findings.holds("plan.settings", cap, f"at most {zoning.moved_max:g}", "moved_max", ok=ok)


def settings_of(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the settings of plan.json; what is no object has failed elsewhere and is empty here."""
    settings = said.get("settings")
    return settings if isinstance(settings, dict) else {}


def is_hard(ground: Ground, said: Mapping[str, Any]) -> bool:
    """Return whether seats are hard: by the case, or by the plan's own settings."""
    return ground.district.options.zoning.seats == "hard" or settings_of(said).get("seats") == "hard"


def moved_cap(ground: Ground, said: Mapping[str, Any]) -> float | None:
    """Return the most pupils (or the share) that may change school, None for no cap."""
    stated = settings_of(said).get("moved_max")
    caps = [cap for cap in (ground.district.options.zoning.moved_max, stated if is_number(stated) else None) if cap is not None]
    return min(caps, default=None)


def check_places(ground: Ground, said: Mapping[str, Any], areas: Sequence[Area], findings: Findings) -> None:
    """
    Check for which stages and years a plan has catchments.

    plan.json lists those of assignment.csv. A zone plan has its one; a whole plan has every planned year of every stage that has
    schools, and the goals of each; others have no goals by stage.
    """
    listed_places = [{"stage": str(area.stage), "year": area.year} for area in areas]
    findings.same("plan.catchments", said.get("catchments"), listed_places)
    entries = [{"stage": item.get("stage"), "year": item.get("year")} for item in listed(said, "stage_goals", findings)]
    whole = said.get("kind") == PlanKind.PLAN
    findings.same("goals.places", entries, listed_places if whole else [], "stages and years in stage_goals")
    if said.get("kind") == PlanKind.ZONE:
        findings.same("plan.stage", [{"stage": said.get("stage"), "year": said.get("year")}], listed_places)
    if whole:
        there = {(area.stage, area.year) for area in areas}
        missing = [
            f"{stage} {year}"
            for stage in Stage
            for year in ground.district.years
            if (stage, year) not in there and ground.zoned(stage, year)
        ]
        findings.none("plan.years", missing, "every planned year of every stage that has schools", len(areas) + len(missing))


def has_leads(ground: Ground) -> bool:
    """Return whether the case names any lead school, so that there can be clusters."""
    assert ground.district.schools.lead is not None
    return bool(ground.district.options.clusters.leads) or bool(ground.district.schools.lead.any())


def check_bounds(said: Mapping[str, Any], main: Mapping[str, Any] | None, findings: Findings) -> None:
    """
    Check objective, bound and gap of plan.json against each other.

    Parameters
    ----------
    said
        The object of plan.json.
    main
        The goal that they are of; None where the plan has none.
    """
    objective, bound = said.get("objective"), said.get("bound")
    findings.near("plan.objective", objective, main["value"] if main else None, 1e-9, "the value of the main goal")
    known = [said.get(key) for key in ("certified_bound", "solver_bound")]
    strange = [value for value in (objective, bound, *known) if value is not None and not is_number(value)]
    findings.none("plan.numbers", [repr(value) for value in strange], "objective and bounds", 4)
    if strange:
        return
    best = max((value for value in known if value is not None), default=None)
    findings.same("plan.bound", bound, best, "the better of the certified bound and the solver's")
    gap = None
    if objective is not None and bound is not None:
        slack = 1e-6 + 1e-9 * abs(objective)
        findings.holds("plan.bound", bound, objective, "not above the objective", ok=bound <= objective + slack)
        gap = max(0.0, objective - bound) / max(1.0, abs(objective))
    findings.near("plan.gap", said.get("gap"), gap, rounded_to(6), "(objective − bound) / max(1, |objective|)")
    if said.get("status") == Status.OPTIMAL:
        allowed = main.get("tolerance") if main else 0.0
        ok = gap is not None and is_number(allowed) and gap <= max(float(allowed or 0.0), _PROVED)
        findings.holds("plan.status", "optimal", gap, f"the gap is at most the tolerance of the goal, {allowed}", ok=ok)


def check_large_classes(
    ground: Ground, counted: Mapping[int, Counted], stated: Sequence[Mapping[str, Any]], findings: Findings
) -> None:
    """
    Check the large classes that plan.json states by year and stage.

    Notes
    -----
    policy.md §3, convention 2: primary, junior, and both together; kindergarten never counts.
    """
    rules = ground.district.rules
    expected: dict[tuple[int, str], tuple[int, ...]] = {}
    for year, rolls in counted.items() if ground.district.demand.graded else ():
        sums = {}
        for stage in (Stage.PRIMARY, Stage.JUNIOR):
            sizes = []
            span = stage.grade_slice
            for pupils, rooms in zip(rolls.pupils, rolls.classes, strict=True):
                for count, into in zip(pupils[span], rooms[span], strict=True):
                    sizes += [(count + k) // into for k in range(into) if count + k >= into]
            large = sum(size >= rules.large_class for size in sizes)
            sums[str(stage)] = (len(sizes), large, sum(size >= rules.super_large_class for size in sizes))
        sums["all"] = tuple(sum(each) for each in zip(*sums.values(), strict=True))
        expected |= {(year, stage): numbers for stage, numbers in sums.items() if numbers[0]}
    said = {str((item.get("year"), item.get("stage"))): item for item in stated}
    findings.same("large_classes.rows", sorted(said), sorted(map(str, expected)), "years and stages")
    for (year, name), (classes, large, super_large) in expected.items():
        item = said.get(str((year, name)), {})
        numbers = [item.get(key) for key in ("classes", "large", "super_large")]
        findings.same("large_classes.counts", numbers, [classes, large, super_large], f"{name} {year}")
        findings.near("large_classes.share", item.get("share"), large / classes, rounded_to(6), f"{name} {year}")


def listed(said: Mapping[str, Any], key: str, findings: Findings) -> list[dict[str, Any]]:
    """Return a list of objects that a file states; what is none fails and is left out."""
    value = said.get(key)
    items = value if isinstance(value, list) else []
    good = [item for item in items if isinstance(item, dict)]
    if value != good:
        findings.holds(f"plan.{key}", repr(value)[:60], "a list of objects", ok=False)
    return good


def _plain(value: Any) -> Any:
    return [_plain(item) for item in value] if isinstance(value, (tuple, list)) else value
