"""
What an error means outside: the exit code of the command line and the problem document (RFC 9457) of the web, side by side.

`EXIT_CODES` and `PROBLEMS` hold every class of ``xuequ.zoning.errors``; a test proves both total. A class that is in neither is a
fault of the program itself: it is told by a reference number, its trace goes to the log.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xuequ.zoning.errors import (
    CannotBeDone,
    CaseError,
    EngineError,
    InputError,
    LimitExceeded,
    StoppedWithoutPlan,
    TableError,
    TodayUnknown,
    VerificationFailed,
    XuequError,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["EXIT_CODES", "PROBLEMS", "ProblemKind", "exit_code", "problem_document", "problem_kind", "report_fault"]

_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """
    A kind of problem document.

    Parameters
    ----------
    status
        HTTP status.
    slug
        Last part of the type ``urn:xuequ:problem:…``.
    title
        The kind in words, the same for every occurrence.
    """

    status: int
    slug: str
    title: str

    @property
    def type(self) -> str:
        """The URI that names the kind."""
        return f"urn:xuequ:problem:{self.slug}"


PROGRAM_FAULT = ProblemKind(500, "program-fault", "A fault of the program itself")

EXIT_CODES: Mapping[type[XuequError], int] = MappingProxyType(
    {
        XuequError: 1,
        InputError: 3,
        CaseError: 3,
        TableError: 3,
        LimitExceeded: 3,
        TodayUnknown: 3,
        CannotBeDone: 4,
        VerificationFailed: 5,
        StoppedWithoutPlan: 6,
        EngineError: 1,
    }
)
"""Exit code by class (interface.md)."""

PROBLEMS: Mapping[type[XuequError], ProblemKind] = MappingProxyType(
    {
        XuequError: PROGRAM_FAULT,
        InputError: ProblemKind(400, "invalid-input", "The input is wrong"),
        CaseError: ProblemKind(400, "invalid-case", "case.toml or an option is wrong"),
        TableError: ProblemKind(422, "invalid-tables", "Tables of the case cannot be used"),
        LimitExceeded: ProblemKind(413, "too-large", "The input is larger than what is read"),
        TodayUnknown: ProblemKind(422, "today-unknown", "It is not known who is enrolled where"),
        CannotBeDone: ProblemKind(409, "cannot-be-done", "No plan exists under what was asked"),
        VerificationFailed: ProblemKind(409, "not-verified", "The plan says something that is not so"),
        StoppedWithoutPlan: ProblemKind(503, "stopped", "The work was stopped before there was a plan"),
        EngineError: ProblemKind(500, "engine", "A solver is missing or its answer is not understood"),
    }
)
"""Problem document by class."""


def exit_code(error: BaseException) -> int:
    """Return the exit code of an error; 1 for what no table knows."""
    return next((EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES), 1)


def problem_kind(error: BaseException) -> ProblemKind:
    """Return the kind of problem document of an error; a program fault for what no table knows."""
    return next((PROBLEMS[kind] for kind in type(error).__mro__ if kind in PROBLEMS), PROGRAM_FAULT)


def problem_document(kind: ProblemKind, detail: str, **more: Any) -> dict[str, Any]:
    """
    Return the members of a problem document.

    Parameters
    ----------
    kind
        Type, title and status.
    detail
        This occurrence in one sentence.
    **more
        Extension members (RFC 9457 §3.2).
    """
    return {"type": kind.type, "title": kind.title, "status": kind.status, "detail": detail, **more}


def report_fault(error: BaseException) -> str:
    """Log an unknown error with its trace under a new reference number, and return the sentence that a person is told."""
    reference = secrets.token_hex(4)
    _LOGGER.error("fault %s", reference, exc_info=error)
    return f"a fault of the program itself, reference {reference}; the trace is in the log, please send both to the maintainers"
