"""A check, what was stated beside what was recomputed, and all of them together."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from xuequ.zoning.errors import VerificationFailed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

__all__ = ["Check", "Findings", "Verification", "is_near", "is_number", "rounded_to"]

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Check:
    """
    One thing that a plan states, or must keep, beside what the verifier found.

    Parameters
    ----------
    name
        What is checked: the table and the column or rule, as ``assignment.contiguous``.
    ok
        Whether it holds.
    stated, recomputed
        The two values; where many rows are checked, those of the first that differs, else how many were compared.
    detail
        Which stage, year and records it is about.
    """

    name: str
    ok: bool
    stated: Any
    recomputed: Any
    detail: str = ""

    def to_json(self) -> dict[str, Any]:
        """Return the keys of interface.md: name, ok, stated, recomputed, detail."""
        return {key: _plain(value) for key, value in asdict(self).items()}


@dataclass(frozen=True, slots=True)
class Verification:
    """All checks of a plan, in the order in which they were made."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check holds."""
        return all(check.ok for check in self.checks)

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that do not hold."""
        return tuple(check for check in self.checks if not check.ok)

    def raise_if_failed(self) -> Verification:
        """
        Return the verification itself, so that calls can be chained.

        Raises
        ------
        VerificationFailed
            If a check does not hold.
        """
        if not self.ok:
            raise VerificationFailed(self)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the object of interface.md: ok, checks."""
        return {"ok": self.ok, "checks": [check.to_json() for check in self.checks]}


@dataclass(slots=True)
class Findings:
    """A growing list of checks."""

    checks: list[Check] = field(default_factory=list)

    def same(self, name: str, stated: Any, recomputed: Any, detail: str = "") -> bool:
        """Compare two values, which must be equal."""
        # A truth value is not the number one, as Python has it.
        ok = bool(stated == recomputed) and isinstance(stated, bool) == isinstance(recomputed, bool)
        self.checks.append(Check(name, ok, stated, recomputed, detail))
        return ok

    def holds(self, name: str, stated: Any, recomputed: Any, detail: str = "", *, ok: bool) -> bool:
        """Add a check whose truth the caller knows."""
        self.checks.append(Check(name, bool(ok), stated, recomputed, detail))
        return bool(ok)

    def near(self, name: str, stated: Any, recomputed: float | None, tolerance: float, detail: str = "") -> bool:
        """Compare two numbers, which may differ by ``tolerance``; None only equals None."""
        return self.holds(name, stated, recomputed, detail, ok=is_near(stated, recomputed, tolerance))

    def none(self, name: str, faults: Iterable[str], detail: str, looked_at: int) -> bool:
        """Add a check that holds where there are no faults; the first few are named."""
        found = list(faults)
        text = f"{detail}: {_listed(found)}" if found else detail
        return self.holds(name, f"{looked_at} keep it", f"{looked_at - len(found)} keep it", text, ok=not found)

    def column(self, name: str, rows: Sequence[tuple[str, Any, Any]], detail: str, tolerance: float | None = None) -> bool:
        """Compare a column: label, stated and recomputed value of each row."""
        wrong = [row for row in rows if not (row[1] == row[2] if tolerance is None else is_near(row[1], row[2], tolerance))]
        if not wrong:
            return self.holds(name, f"{len(rows)} rows", f"{len(rows)} agree", detail, ok=True)
        labels = [f"{label} states {stated}, is {found}" for label, stated, found in wrong]
        return self.holds(name, wrong[0][1], wrong[0][2], f"{detail}: {_listed(labels)}", ok=False)


def is_near(stated: Any, recomputed: float | None, tolerance: float) -> bool:
    """Return whether two numbers differ by at most ``tolerance``; None only equals None, and what is no number nothing."""
    if stated is None or recomputed is None:
        return stated is None and recomputed is None
    return is_number(stated) and is_number(recomputed) and abs(float(stated) - recomputed) <= tolerance


def rounded_to(decimals: int) -> float:
    """Return by how much a number with so many decimals in a file may differ from the one it was rounded from, and no more."""
    return 0.50001 * 10.0**-decimals


def is_number(value: Any) -> bool:
    """Return whether a value is a finite number (a truth value is none)."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _plain(value: Any) -> Any:
    """Return a value as JSON has it: what a plan states may be numbers that JSON has not, as NaN."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, (list, tuple)) else value


def _listed(found: Sequence[str]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
