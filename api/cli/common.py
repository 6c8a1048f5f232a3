"""What all commands share: common options, stopping, progress, output and exit codes."""

from __future__ import annotations

import errno
import json as json_module
import logging
import math
import os
import signal
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from xuequ.data.case import Case
    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.errors import XuequError
    from xuequ.zoning.plan import Plan

__all__ = ["Common", "Language", "Regime", "StageName", "error_json", "guarded", "json_text", "plan_json", "say"]

_LOGGER = logging.getLogger(__name__)


class Language(StrEnum):
    """Language of maps and reports."""

    zh = "zh"
    en = "en"


class Regime(StrEnum):
    """Whether every grade is assigned anew, or entrants only."""

    full = "full"
    phase_in = "phase_in"


class StageName(StrEnum):
    """A stage, as on the command line; the same words as `xuequ.zoning.stage.Stage`."""

    kindergarten = "kindergarten"
    primary = "primary"
    junior = "junior"


@dataclass(frozen=True, slots=True)
class Common:
    """The options that commands share; see ``xuequ COMMAND --help``."""

    case: str
    overrides: Sequence[str] | None = None
    time_limit: float | None = None
    iterations: int | None = None
    seed: int = 0
    threads: int = 1
    lang: Language = Language.zh
    json: bool = False
    quiet: bool = False
    verbose: bool = False

    def read(self) -> Case:
        """Read the case, its warnings on standard error."""
        from xuequ.data import read_case  # noqa: PLC0415

        case = read_case(self.case, tuple(self.overrides or ()))
        if case.problems.warnings and not self.quiet:
            count = len(case.problems.warnings)
            told = (
                "1 warning about the case; xuequ check {0} shows it"
                if count == 1
                else "{1} warnings about the case; xuequ check {0} lists them"
            )
            self.note(told.format(self.case, count))
        return case

    def note(self, text: str) -> None:
        """Say something on standard error."""
        if not self.quiet:
            typer.echo(text, err=True)

    def refuse(self, result: Mapping[str, Any], sentence: str) -> None:
        """Say why there is no result: one sentence on standard error, and one JSON object where that was asked for."""
        if self.json:
            say(json_text(result))
        typer.echo(f"xuequ: {sentence}", err=True)

    def answer(self, result: Mapping[str, Any], text: Iterator[str] | Sequence[str]) -> None:
        """Give the result: one JSON object, or lines for a person."""
        if self.json:
            say(json_text(result))
        elif not self.quiet:
            for line in text:
                say(line)

    def stop(self) -> Stop:
        """Return what ends a search: the limits, or Ctrl-C (a second one ends the program)."""
        from xuequ.solver import AnyOf, Interrupted, MaxIterations, MaxRuntime  # noqa: PLC0415

        stops: list[Stop] = [Interrupted(_interruption())]
        if self.iterations is not None:
            stops.append(MaxIterations(self.iterations))
        elif self.time_limit is not None:
            stops.append(MaxRuntime(self.time_limit))
        return AnyOf(*stops)

    def progress(self) -> Callable[[Progress], None] | None:
        """Return what shows progress on a terminal, None where there is none to show it on."""
        if self.quiet or not sys.stderr.isatty():
            return None
        from xuequ.api.cli.progress import ProgressLine  # noqa: PLC0415

        return ProgressLine()


def guarded(common: Common, action: Callable[[], int | None]) -> NoReturn:
    """Run a command and leave with its exit code (interface.md); a user's mistake is one sentence, never a trace."""
    from xuequ.api.faults import exit_code, report_fault  # noqa: PLC0415
    from xuequ.zoning.errors import InputError, StoppedWithoutPlan, XuequError  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO if common.verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        code = action() or 0
    except XuequError as error:
        code = _told(common, error)
    except KeyboardInterrupt:
        code = _told(common, StoppedWithoutPlan("stopped without a plan"))
    except Exception as error:  # noqa: BLE001 - the last line of defence: told by a number, the trace goes to the log
        if isinstance(error, OSError) and error.filename is not None:
            code = _told(common, InputError(f"{error.filename}: {error.strerror}; check the name, the place and its rights"))
        else:
            code = exit_code(error)
            sentence = report_fault(error)
            common.refuse({"status": "error", "ok": False, "error": sentence}, sentence)
    raise typer.Exit(code)


def _told(common: Common, error: XuequError) -> int:
    """Tell an error of the tree and return its exit code."""
    from xuequ.api.faults import exit_code  # noqa: PLC0415

    common.refuse(error_json(error), str(error))
    return exit_code(error)


def error_json(error: XuequError) -> dict[str, Any]:
    """Return the object of ``--json`` of an error: at least status, ok and error, and what its kind knows besides."""
    from xuequ.zoning.errors import (  # noqa: PLC0415
        CannotBeDone,
        CaseError,
        InputError,
        StoppedWithoutPlan,
        TableError,
        VerificationFailed,
    )
    from xuequ.zoning.problems import Problem  # noqa: PLC0415

    result: dict[str, Any] = {"status": "error", "ok": False, "error": str(error)}
    if isinstance(error, TableError | CaseError) and error.problems is not None:
        result |= {name: [item.to_json() for item in getattr(error.problems, name)] for name in ("errors", "warnings")}
    elif isinstance(error, InputError):
        result |= {"errors": [Problem("case", str(error)).to_json()], "warnings": []}
    elif isinstance(error, CannotBeDone):
        asked = {} if error.plan is None else plan_json(error.plan, None)
        result |= asked | {"status": "infeasible", **error.explanation.to_json()}
    elif isinstance(error, StoppedWithoutPlan):
        result |= {"status": "stopped"} if error.plan is None else plan_json(error.plan, None)
    elif isinstance(error, VerificationFailed):
        result |= error.verification.to_json()
    return result


def _interruption() -> threading.Event:
    """Return an event that the first Ctrl-C sets."""
    event = threading.Event()

    def handle(_signal: int, _frame: object) -> None:
        if event.is_set():
            raise KeyboardInterrupt
        event.set()
        typer.echo("stopping with the best plan so far (Ctrl-C again to leave at once)", err=True)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, handle)
    return event


def plan_json(plan: Plan, out: Path | None) -> dict[str, Any]:
    """Return the object of interface.md for zone, seats, cluster and plan; no ``out`` where nothing is written."""
    return {
        "status": plan.status.value,
        "stage": plan.stage.value if plan.stage else None,
        "year": plan.year,
        "goals": [goal.to_json() for goal in plan.goals],
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "certified_bound": plan.certified_bound,
        "solver_bound": plan.solver_bound,
        "seconds": round(plan.seconds, 3),
        "seed": plan.seed,
        "plan": None if out is None else str(out),
        "explanation": [*plan.explanation.reasons, *(item.sentence for item in plan.explanation.shortage)],
    }


def say(text: str) -> None:
    """
    Say something on standard output; who has closed the other end does not want the rest, and the work stays done.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    from xuequ.zoning.errors import InputError  # noqa: PLC0415

    try:
        typer.echo(text)
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what stands in the buffer goes nowhere at the end
        if error.errno not in {errno.EPIPE, errno.EINVAL}:
            raise InputError(f"standard output cannot be written: {error.strerror}; write it elsewhere") from error


def json_text(result: Mapping[str, Any]) -> str:
    """Return a result as JSON that every reader takes: numbers that are none are null, broken characters are replaced."""
    text = json_module.dumps(_finite(result), ensure_ascii=False, allow_nan=False, default=_plain)
    return text.encode("utf-8", "replace").decode("utf-8")


def _finite(value: Any) -> Any:
    """Turn what JSON has no number for into None."""
    if isinstance(value, Mapping):
        return {str(name): _finite(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _plain(value: Any) -> Any:
    """Turn paths and numbers of numpy into what JSON knows."""
    return value.item() if hasattr(value, "item") else str(value)
