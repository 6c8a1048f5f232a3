"""What all commands share: common options, stopping, progress, output and exit codes."""

from __future__ import annotations

import json as json_module
import logging
import signal
import sys
import threading
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from xuequ.data.case import Case
    from xuequ.solver.stop import Progress, Stop

__all__ = ["Common", "Language", "Regime", "StageName", "guarded"]

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
            self.note(f"{len(case.problems.warnings)} warnings about the case; xuequ check {self.case} lists them")
        return case

    def note(self, text: str) -> None:
        """Say something on standard error."""
        if not self.quiet:
            typer.echo(text, err=True)

    def answer(self, result: Mapping[str, Any], text: Iterator[str] | Sequence[str]) -> None:
        """Give the result: one JSON object, or lines for a person."""
        if self.json:
            typer.echo(json_module.dumps(result, ensure_ascii=False, default=_plain))
        elif not self.quiet:
            for line in text:
                typer.echo(line)

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
    from xuequ.zoning.errors import CannotBeDone, TableError, VerificationFailed, XuequError  # noqa: PLC0415

    logging.basicConfig(level=logging.INFO if common.verbose else logging.ERROR, format="%(levelname)s %(name)s: %(message)s")
    try:
        code = action() or 0
    except XuequError as error:
        code = exit_code(error)
        if common.json:
            result: dict[str, Any] = {"status": "error", "error": str(error)}
            if isinstance(error, TableError):
                result |= {name: [item.to_json() for item in getattr(error.problems, name)] for name in ("errors", "warnings")}
            elif isinstance(error, CannotBeDone):
                result |= {"status": "infeasible", **error.explanation.to_json()}
            elif isinstance(error, VerificationFailed):
                result |= error.verification.to_json()
            typer.echo(json_module.dumps(result, ensure_ascii=False, default=_plain))
        typer.echo(f"xuequ: {error}", err=True)
    except KeyboardInterrupt:
        code = 6
        typer.echo("xuequ: stopped without a plan", err=True)
    except BrokenPipeError:
        raise
    except Exception as error:  # noqa: BLE001 - the last line of defence: told by a number, the trace goes to the log
        code = exit_code(error)
        typer.echo(f"xuequ: {report_fault(error)}", err=True)
    raise typer.Exit(code)


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


def _plain(value: Any) -> Any:
    """Turn paths and numbers of numpy into what JSON knows."""
    return value.item() if hasattr(value, "item") else str(value)
