"""
Every number that the program knows as a rule, with its unit and source.

The defaults are those of policy.md §17; a case overrides them in ``[rules]``, and each override is listed in every report.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, is_dataclass, replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from xuequ.zoning.stage import Grade, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

__all__ = ["NOT_APPLIED", "Override", "Parameter", "Rules"]

NOT_APPLIED = frozenset({
    "entry_grade_no_new_large", "kg", "kg_target", "large_share_year", "multi_school_zones", "no_transfer_above_standard",
    "resource_room_threshold", "rural_time_g1_3", "sibling_years", "small_school", "small_school_review", "tight_groups_target",
})  # fmt: skip
"""Rules of policy §17 that no part of the program applies yet: a case that overrides one is told so by ``check``."""


def _rule(default: Any, unit: str, source: str, use: str) -> Any:
    meta = {"unit": unit, "source": source, "use": use}
    return field(default=default, metadata=meta)


@dataclass(frozen=True, slots=True)
class KindergartenClass:
    """Standard class of each kindergarten year."""

    k1: int = _rule(25, "children", "policy §3 V6", "goal")
    k2: int = _rule(30, "children", "policy §3 V6", "goal")
    k3: int = _rule(35, "children", "policy §3 V6", "goal")
    mixed: int = _rule(30, "children", "policy §3 V6", "goal")


@dataclass(frozen=True, slots=True)
class ClassStandard:
    """Standard class sizes."""

    primary: int = _rule(45, "pupils", "policy §3 V5", "goal")
    primary_non_full: int = _rule(30, "pupils", "policy §3 V5", "goal")
    junior: int = _rule(50, "pupils", "policy §3 V5", "goal")
    kindergarten: KindergartenClass = KindergartenClass()


@dataclass(frozen=True, slots=True)
class SchoolSize:
    """Largest school."""

    primary: int = _rule(2000, "pupils", "policy §3 E", "soft, hard for new sites")
    junior: int = _rule(2000, "pupils", "policy §3 E", "soft, hard for new sites")
    nine_year: int = _rule(2500, "pupils", "policy §3 E", "soft, hard for new sites")


@dataclass(frozen=True, slots=True)
class Radius:
    """Service radius, as the crow flies: reported, never hard."""

    kindergarten: int = _rule(300, "m", "policy §4 E", "report")
    primary: int = _rule(500, "m", "policy §4 V10", "report")
    junior: int = _rule(1000, "m", "policy §4 V10", "report")


@dataclass(frozen=True, slots=True)
class Limit:
    """Longest way walked in town before a pupil counts as too far."""

    kindergarten: int = _rule(390, "m", "policy §4 P", "goal too_far")
    primary: int = _rule(650, "m", "policy §4 P", "goal too_far")
    junior: int = _rule(1300, "m", "policy §4 P", "goal too_far")


@dataclass(frozen=True, slots=True)
class LimitRural:
    """Longest way walked at the edge of town and in the country."""

    kindergarten: int = _rule(2000, "m", "policy §4 P (as primary)", "goal too_far")
    primary: int = _rule(2000, "m", "policy §4 P", "goal too_far")
    junior: int = _rule(5000, "m", "policy §4 P", "goal too_far")


@dataclass(frozen=True, slots=True)
class NearEntry:
    """Share of public pupils entering by catchment."""

    primary: float = _rule(1.00, "of public pupils", "policy §5 V12", "report")
    junior: float = _rule(0.95, "of public pupils", "policy §5 V12", "report")


@dataclass(frozen=True, slots=True)
class PerProgramme:
    """A total for each building programme."""

    school: int = _rule(0, "", "", "")
    kindergarten: int = _rule(0, "", "", "")


@dataclass(frozen=True, slots=True)
class EntryAge:
    """Age of entry on the cut-off day."""

    primary: int = _rule(6, "years", "policy §2 V1", "data")
    kindergarten: int = _rule(3, "years", "policy §2 V3", "data")


@dataclass(frozen=True, slots=True)
class KindergartenShares:
    """Shares that the inspection of kindergartens looks at, in per cent."""

    gross: float = _rule(85.0, "%", "policy §10 V22", "report")
    inclusive: float = _rule(80.0, "%", "policy §10 V22", "report")
    public: float = _rule(50.0, "%", "policy §10 V22", "report")


@dataclass(frozen=True, slots=True)
class Rules:
    """
    All parameters; the comment column of policy.md §17 is in each field's metadata.

    Notes
    -----
    `parameters` lists them flat with unit, source and use; `override` gives a changed copy.
    """

    class_standard: ClassStandard = ClassStandard()
    large_class: int = _rule(56, "pupils, ≥", "policy §3 V7", "goal large")
    super_large_class: int = _rule(66, "pupils, ≥", "policy §3 V7", "goal super_large")
    large_share_max: float = _rule(0.05, "of classes", "policy §3 V7", "report")
    large_share_year: int = _rule(0, "school year, 0: never", "policy §17 P", "hard from that year")
    super_large_share_max: float = _rule(0.0, "of classes", "policy §3 V7", "goal, first")
    entry_grade_no_new_large: bool = _rule(True, "", "policy §3 V8", "hard; soft where impossible")  # noqa: FBT003
    no_transfer_above_standard: bool = _rule(True, "", "policy §3 V8", "hard in admit")  # noqa: FBT003
    kindergarten_absolute_extra: int = _rule(5, "per class", "policy §3 P", "piece")
    school_size_max: SchoolSize = SchoolSize()
    kindergarten_size_max: int = _rule(360, "children", "policy §3 V6", "hard for new sites")
    kindergarten_classes_max: int = _rule(12, "classes", "policy §3 K", "hard for new sites")
    alert_red: float = _rule(1.0, "of planned", "policy §3 E", "report")
    alert_yellow: float = _rule(0.9, "of planned", "policy §3 P", "report")
    radius: Radius = Radius()
    limit: Limit = Limit()
    limit_rural: LimitRural = LimitRural()
    rural_time_g1_3: int = _rule(30, "minutes one way", "policy §4 V16", "goal; hard for close")
    walk_speed: float = _rule(4.0, "km/h", "policy §4 P", "data")
    contiguity: bool = _rule(True, "", "policy §17 P", "hard, islands exempt")  # noqa: FBT003
    multi_school_zones: bool = _rule(False, "", "policy §5 V13", "data")  # noqa: FBT003
    near_entry_share: NearEntry = NearEntry()
    stability_years: int = _rule(3, "years", "policy §5 P", "hard")
    sibling_years: int = _rule(6, "years", "policy §5 P", "data")
    reserve_share: float = _rule(0.03, "of seats per cluster", "policy §17 P", "goal, off")
    cluster_max_schools: int = _rule(10, "schools", "policy §8 E", "hard")
    cluster_min_schools: int = _rule(3, "schools", "policy §8 P", "hard")
    cluster_min_urban: int = _rule(1, "schools", "policy §8 E", "hard where there are enough")
    cluster_min_rural: int = _rule(1, "schools", "policy §8 E", "hard where there are enough")
    tight_groups_target: int = _rule(3, "groups", "policy §8 S", "report")
    small_school: int = _rule(100, "pupils", "policy §6 V17", "report")
    small_school_review: int = _rule(30, "pupils", "policy §6 P", "report")
    cutoff_month_day: str = _rule("08-31", "inclusive", "policy §2 V2", "data")
    age: EntryAge = EntryAge()
    cohort_weights: tuple[float, float] = _rule((4 / 12, 8 / 12), "", "policy §2 derived", "data")
    private_share: float = _rule(0.0, "of pupils, not rising", "policy §5 S", "data")
    seats_programme: PerProgramme = PerProgramme(4000, 1800)
    land_programme: PerProgramme = PerProgramme(126_800, 23_600)
    projects_min: PerProgramme = PerProgramme(8, 7)
    horizon_after: int = _rule(5, "years after the plan", "policy §17 P", "data")
    kg: KindergartenShares = KindergartenShares()
    kg_target: KindergartenShares = KindergartenShares(99.0, 95.0, 52.0)
    migrant_public_share_min: float = _rule(0.85, "", "policy §12 V21", "report")
    resource_room_threshold: int = _rule(5, "pupils, ≥", "policy §11 S", "hard where room exists")
    rate_max: float = _rule(1.50, "", "policy §2 P", "validation")
    rate_warn: float = _rule(1.30, "", "policy §2 P", "validation")

    @property
    def working_class(self) -> int:
        """The largest class that is not large (55)."""
        return self.large_class - 1

    @property
    def absolute_class(self) -> int:
        """The largest class that is not super-large (65)."""
        return self.super_large_class - 1

    def standard(self, grade: Grade, *, full: bool = True) -> int:
        """
        Return the standard class of a grade.

        Parameters
        ----------
        grade
            The grade.
        full
            False for a non-full primary school or teaching point.

        Notes
        -----
        policy.md §3.
        """
        if grade.stage is Stage.KINDERGARTEN:
            return int(getattr(self.class_standard.kindergarten, grade.value))
        if grade.stage is Stage.JUNIOR:
            return self.class_standard.junior
        return self.class_standard.primary if full else self.class_standard.primary_non_full

    def working(self, grade: Grade, *, full: bool = True) -> int:
        """Return the largest class of a grade that is not large; a kindergarten's standard (policy §3, convention 3)."""
        return self.standard(grade, full=full) if grade.stage is Stage.KINDERGARTEN else self.working_class

    def absolute(self, grade: Grade, *, full: bool = True) -> int:
        """Return the largest class that is not super-large; a kindergarten's standard and 5 (policy §3, convention 3)."""
        if grade.stage is Stage.KINDERGARTEN:
            return self.standard(grade, full=full) + self.kindergarten_absolute_extra
        return self.absolute_class

    def walk_limit_m(self, stage: Stage, setting: str) -> int:
        """Return the longest way, in metres walked, before a pupil counts as too far (policy §4)."""
        limits = self.limit if setting == "urban" else self.limit_rural
        return int(getattr(limits, stage.value))

    def parameters(self) -> tuple[Parameter, ...]:
        """List every parameter flat, in the order of policy.md §17."""
        return tuple(_flatten(self, ""))

    def override(self, changes: Mapping[str, Any]) -> Rules:
        """
        Return a copy with some parameters changed.

        Parameters
        ----------
        changes
            Values by flat key (``class_standard.primary``) or as nested tables.

        Raises
        ------
        KeyError
            For an unknown key; the message names the nearest known one.
        TypeError
            For a value of another type.
        """
        changed: Rules = _replaced(self, changes, "")
        return changed

    def overrides(self) -> tuple[Override, ...]:
        """List what differs from the defaults, for every report."""
        mine, default = self.parameters(), Rules().parameters()
        return tuple(
            Override(now.key, was.value, now.value, now.unit)
            for now, was in zip(mine, default, strict=True)
            if now.value != was.value
        )


@dataclass(frozen=True, slots=True)
class Parameter:
    """One parameter: flat key, value, unit, source in policy.md, and how it is used."""

    key: str
    value: Any
    unit: str
    source: str
    use: str


@dataclass(frozen=True, slots=True)
class Override:
    """A parameter that a case has changed."""

    key: str
    default: Any
    value: Any
    unit: str


_PROGRAMME_METADATA = {
    "seats_programme": ("seats", "policy §7 S", "hard floor"),
    "land_programme": ("m²", "policy §7 S", "report"),
    "projects_min": ("projects", "policy §7 S", "hard floor"),
    "kg_target": ("%", "policy §10 S", "hard floor in seat plans"),
}


def _flatten(part: Any, prefix: str) -> Iterator[Parameter]:
    for item in fields(part):
        value = getattr(part, item.name)
        key = f"{prefix}{item.name}"
        if is_dataclass(value):
            yield from _flatten(value, f"{key}.")
        else:
            shared = _PROGRAMME_METADATA.get(prefix.rstrip("."))
            unit, source, use = shared or tuple(item.metadata[name] for name in ("unit", "source", "use"))
            yield Parameter(key, value, unit, source, use)


def _replaced(part: Any, changes: Mapping[str, Any], prefix: str) -> Any:
    known = {item.name for item in fields(part)}
    nested: dict[str, dict[str, Any]] = {}
    values: dict[str, Any] = {}
    for key, value in changes.items():
        head, _, rest = key.partition(".")
        if head not in known:
            near = get_close_matches(head, known, n=1)
            hint = f"; the nearest known one is {prefix}{near[0]}" if near else ""
            raise KeyError(f"there is no rule {prefix}{key}{hint}")
        if is_dataclass(getattr(part, head)):
            if not rest and not hasattr(value, "items"):
                raise TypeError(f"rule {prefix}{head} has parts: {', '.join(item.name for item in fields(getattr(part, head)))}")
            nested.setdefault(head, {}).update({rest: value} if rest else value)
        else:
            values[head] = _converted(f"{prefix}{head}", getattr(part, head), value)
    for head, inner in nested.items():
        values[head] = _replaced(getattr(part, head), inner, f"{prefix}{head}.")
    return replace(part, **values)


def _converted(key: str, default: Any, value: Any) -> Any:
    if isinstance(default, tuple) and isinstance(value, (list, tuple)) and len(value) == len(default):
        return tuple(float(item) for item in value)
    if isinstance(default, float) and isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    if type(value) is not type(default):
        raise TypeError(f"rule {key} is {value!r}; {type(default).__name__} like {default!r} is expected")
    return value
