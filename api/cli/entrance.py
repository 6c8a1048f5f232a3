"""The way into the command line and out of it: wrong usage told as JSON where that is asked for, streams that are closed."""

from __future__ import annotations

import io
import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from xuequ.api.cli.common import json_text, say

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Entrance"]

USAGE = 2


class Entrance(TyperGroup):
    """The group of all commands, with the exit codes of interface.md also where typer itself ends the program."""

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,  # noqa: FBT001, FBT002 - the signature of typer
        windows_expand_args: bool = True,  # noqa: FBT001, FBT002
        **extra: Any,
    ) -> Any:
        """Run a command line; with ``--json``, wrong usage is one JSON object on standard output too."""
        words = list(sys.argv[1:] if args is None else args)
        _open_what_is_closed()
        run = partial(super().main, words, prog_name, complete_var, windows_expand_args=windows_expand_args, **extra)
        try:
            if not standalone_mode or "--json" not in words:
                return run(standalone_mode=standalone_mode)
            sys.exit(run(standalone_mode=False) or 0)
        except Exception as error:
            sentence = getattr(error, "format_message", None)
            if sentence is None or not standalone_mode:
                raise
            say(json_text({"status": "error", "ok": False, "error": sentence()}))
            typer.echo(f"xuequ: {sentence()} See xuequ --help.", err=True)
            sys.exit(USAGE)


def _open_what_is_closed() -> None:
    """Give a standard stream that was closed before the start a place where what it says is lost."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115, PTH123 - for the whole run
        elif isinstance(stream, io.TextIOWrapper) and stream.errors == "strict":
            stream.reconfigure(errors="backslashreplace")
