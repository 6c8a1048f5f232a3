"""demo, init, check: the way into the program."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.api.cli.common import plan_json
from xuequ.api.cli.planning import make, plan_lines
from xuequ.api.cli.results import draw

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from xuequ.api.cli.common import Common
    from xuequ.data.case import CheckReport

__all__ = ["run_check", "run_demo", "run_init"]

INVALID_INPUT = 3


def run_init(common: Common, folder: Path) -> None:
    """Write a first case.toml."""
    from xuequ.data import init_case  # noqa: PLC0415

    path = init_case(folder)
    common.answer({"case": str(path)}, [f"{path} is written; look through its comments, then: xuequ check {folder}"])


def run_check(common: Common, fix: Path | None, places: Path | None) -> int:
    """Check a case; with ``fix``, write a repaired copy first."""
    from xuequ.data import check_case, fix_case  # noqa: PLC0415

    overrides = tuple(common.overrides or ())
    report = check_case(common.case, overrides)
    changes = [] if fix is None else [str(change) for change in fix_case(common.case, fix)]
    if places is not None:
        from xuequ.data.exports import write_places  # noqa: PLC0415

        write_places(places, report.problems, report.summary.get("crs"))
    problems = report.problems
    result: dict[str, Any] = {
        "ok": not problems.errors,
        "errors": [item.to_json() for item in problems.errors],
        "warnings": [item.to_json() for item in problems.warnings],
        "summary": dict(report.summary),
    }
    if fix is not None:
        result |= {"fixed": str(fix), "changes": changes}
    common.answer(result, _lines(report, fix, changes))
    return INVALID_INPUT if problems.errors else 0


def _lines(report: CheckReport, fix: Path | None, changes: list[str]) -> Iterator[str]:
    for kind in ("errors", "warnings"):
        for item in getattr(report.problems, kind):
            value = "" if item.value is None else f" ({item.value})"
            yield f"{kind[:-1]:8}{item.place}: {item.message}{value}" + (f" — {item.fix}" if item.fix else "")
    yield from _summary_lines(report.summary)
    if fix is not None:
        yield f"{fix}: {_counted(len(changes), 'change')}"
        yield from (f"  {change}" for change in changes)
    yield f"{_counted(len(report.problems.errors), 'error')}, {_counted(len(report.problems.warnings), 'warning')}"


def _summary_lines(summary: Mapping[str, Any]) -> Iterator[str]:
    """Say what is in a case; what is not known or not there is left out, and each thing that is missing has its own line."""
    for name, value in summary.items():
        nothing = isinstance(value, dict) and not any(value.values())
        if value is None or value in ([], ()) or nothing:
            continue
        head = name.replace("_", " ")
        if name == "missing":
            yield from (f"{head:20}{item}" for item in value)
        else:
            yield f"{head:20}{_said(value, plain=name in _PLAIN)}"


_PLAIN = frozenset({"school_year", "years", "crs", "name"})
"""What is no count: a year has no thousands."""


def _said(value: Any, *, plain: bool) -> str:
    """Say a value of the summary as people do."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return ", ".join(f"{name.replace('_', ' ')} {_said(item, plain=False)}" for name, item in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(_said(item, plain=plain) for item in value)
    return f"{value:,}" if isinstance(value, int) and not plain else str(value)


def _counted(number: int, thing: str) -> str:
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def run_demo(common: Common, out: Path) -> None:
    """Do the whole job on the shipped district."""
    from xuequ.solver import plan as solve  # noqa: PLC0415

    case = common.read()
    district = case.district
    places = f"{len(district.blocks):,} blocks, {len(district.schools)} schools and candidates"
    common.note(f"{district.name}: {places}; planning takes up to three minutes")
    made = make(common, district, lambda **how: solve(district, **how), out / "plan")
    files = draw(district, made, out / "maps", common.lang.value)
    result = plan_json(made, out / "plan") | {"maps": {name: str(path) for name, path in files.items()}}
    lines = [*plan_lines(made, out / "plan"), *(f"{name:8}{path}" for name, path in files.items())]
    lines.append("next: open the map in a browser, or xuequ serve demo")
    common.answer(result, lines)
