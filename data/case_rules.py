"""The section ``[rules]`` of ``case.toml``: every rule known, of its type and within its range (policy.md §17)."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from xuequ.zoning.rules import Rules

if TYPE_CHECKING:
    from xuequ.zoning.problems import Problems

__all__ = ["check_rules"]


def check_rules(given: Any, problems: Problems) -> None:
    """
    Try every rule of ``[rules]`` by itself, so that all faults are told.

    Parameters
    ----------
    given
        The section as parsed, or None.
    problems
        Takes an error of ``case.toml`` for each rule that is not known or out of range.
    """
    rules, before = Rules(), len(problems.errors)
    for key, value in _flat(given if isinstance(given, dict) else {}, ""):
        try:
            rules = rules.override({key: value})
            _check_rule(key, value)
        except (KeyError, TypeError, ValueError) as error:
            problems.error(
                "case.toml", str(error.args[0]), "correct or delete the key", column=f"rules.{key}", value=str(value)[:80]
            )
    if len(problems.errors) == before:
        _check_order(rules, problems)


_MOST = 1_000_000_000
"""Above this no rule means anything, and sums of it would leave the machine's numbers."""

_SHARES = frozenset({
    "large_share_max", "super_large_share_max", "near_entry_share", "reserve_share", "private_share", "migrant_public_share_min",
})  # fmt: skip

_RANGES = {
    "walk_speed": (0.1, 100), "class_standard": (1, 1000), "large_class": (1, 1000), "super_large_class": (1, 1000),
    "age": (1, 20), "horizon_after": (0, 30), "cluster_max_schools": (1, 10_000),
}  # fmt: skip
"""Numbers of which nothing or far too much would make no plan, or none within a lifetime."""

_IN_ORDER = (
    ("large_class", "super_large_class"), ("cluster_min_schools", "cluster_max_schools"), ("alert_yellow", "alert_red"),
    ("rate_warn", "rate_max"),
)  # fmt: skip


def _check_order(rules: Rules, problems: Problems) -> None:
    for least, most in _IN_ORDER:
        low, high = getattr(rules, least), getattr(rules, most)
        if low > high:
            problems.error("case.toml", f"rule {least} is {low}, above {most}, which is {high}", "correct one of the two",
                           column=f"rules.{least}", value=str(low))  # fmt: skip


def _check_rule(key: str, value: Any) -> None:
    """
    Check the range of a rule.

    Raises
    ------
    ValueError
        If a number is out of range, a share above 1, or the cut-off no day.
    """
    numbers = [part for part in (value if isinstance(value, (list, tuple)) else [value]) if isinstance(part, (int, float))]
    if any(not part >= 0 for part in numbers):
        raise ValueError(f"rule {key} is {value}; it must not be negative")
    if any(part > _MOST for part in numbers):
        raise ValueError(f"rule {key} is {value}; at most {_MOST:,} is understood")
    if key.split(".", maxsplit=1)[0] in _SHARES and any(part > 1 for part in numbers):
        raise ValueError(f"rule {key} is {value}; a share is between 0 and 1")
    least, most = _RANGES.get(key.split(".", maxsplit=1)[0], (0, _MOST))
    if any(not least <= part <= most for part in numbers):
        raise ValueError(f"rule {key} is {value}; between {least:g} and {most:g} is understood")
    if key == "cohort_weights" and abs(sum(numbers) - 1) > 1e-6:
        raise ValueError(f"rule {key} is {value}; the two weights must add up to 1")
    if key == "cutoff_month_day":
        try:
            date.fromisoformat(f"2024-{value}")
        except ValueError as error:
            raise ValueError(f"rule {key} is {value}; a month and a day like 08-31 are expected") from error


def _flat(part: dict[str, Any], prefix: str) -> list[tuple[str, Any]]:
    flat: list[tuple[str, Any]] = []
    for key, value in part.items():
        flat += _flat(value, f"{prefix}{key}.") if isinstance(value, dict) and value else [(f"{prefix}{key}", value)]
    return flat
