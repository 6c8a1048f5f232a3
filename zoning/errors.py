"""
The exceptions of all layers.

::

    XuequError
    ├─ InputError            a user's file, folder or option is wrong
    │   ├─ CaseError         case.toml or an option
    │   ├─ TableError        the tables; holds every problem found
    │   ├─ LimitExceeded     larger than what is read
    │   └─ TodayUnknown      who is enrolled where is not known, and is needed
    ├─ CannotBeDone          no plan exists; carries the explanation
    ├─ VerificationFailed    a plan says what is not so; carries the verification
    ├─ StoppedWithoutPlan    stopped before a first plan
    └─ EngineError           a solver is missing or its answer is not understood

Exit codes and problem documents are given to these classes in ``xuequ.api.faults``. ``ValueError`` and ``TypeError`` are for
callers' mistakes in Python.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from xuequ.zoning.explanation import Explanation
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.problems import Problems
    from xuequ.zoning.verification import Verification

__all__ = [
    "CannotBeDone",
    "CaseError",
    "EngineError",
    "InputError",
    "LimitExceeded",
    "StoppedWithoutPlan",
    "TableError",
    "TodayUnknown",
    "VerificationFailed",
    "XuequError",
]


class XuequError(Exception):
    """Anything that xuequ tells a user: one sentence that says what, where and how to mend it."""


class InputError(XuequError):
    """A file, folder or option given by the user is wrong."""


class CaseError(InputError):
    """
    ``case.toml``, or an option that overrides it, is wrong.

    Parameters
    ----------
    sentence
        What a person is told.
    problems
        Everything that was found in case.toml, where that is more than the sentence.
    """

    def __init__(self, sentence: str, problems: Problems | None = None) -> None:
        self.problems = problems
        super().__init__(sentence)


class LimitExceeded(InputError):
    """An input is larger than what is read."""


class TableError(InputError):
    """
    Tables of a case cannot be used.

    Parameters
    ----------
    problems
        Everything that was found, errors and warnings.
    """

    def __init__(self, problems: Problems) -> None:
        self.problems = problems
        errors = problems.errors
        first = f"{errors[0].place}: {errors[0].message}" if errors else "no error"
        more = f" (and {len(errors) - 1} more: run xuequ check)" if len(errors) > 1 else ""
        super().__init__(f"{first}{more}")


class TodayUnknown(InputError, ValueError):
    """What was asked needs to know who is enrolled where, and the case has neither enrolment nor today's catchments."""

    def __init__(self) -> None:
        super().__init__(
            "neither enrolment nor today's catchments are known, so it is not known who is enrolled where: "
            "add a table enrolment or catchments (zone --regime full needs neither)"
        )


class CannotBeDone(XuequError):
    """
    No plan exists under what was asked.

    Parameters
    ----------
    explanation
        What is short or in conflict, and what would do.
    plan
        What was asked and how far it came, where that is known.
    """

    def __init__(self, explanation: Explanation, plan: Plan | None = None) -> None:
        self.explanation = explanation
        self.plan = plan
        super().__init__(explanation.sentence)


class VerificationFailed(XuequError):
    """
    A plan states something that the verifier cannot confirm.

    Parameters
    ----------
    verification
        Every check, with what was stated beside what was recomputed.
    """

    def __init__(self, verification: Verification) -> None:
        self.verification = verification
        failed = [check for check in verification.checks if not check.ok]
        names = list(dict.fromkeys(check.name for check in failed))
        listed = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
        first = f": {failed[0].detail}" if failed and failed[0].detail else ""
        super().__init__(f"the plan failed verification in {len(failed)} of {len(verification.checks)} checks ({listed}){first}")


class StoppedWithoutPlan(XuequError):
    """
    The work was stopped before there was a first plan.

    Parameters
    ----------
    message
        What was stopped and what would help, in one sentence.
    plan
        What was asked and how far it came, where that is known.
    """

    def __init__(self, message: str, plan: Plan | None = None) -> None:
        self.plan = plan
        super().__init__(message)


class EngineError(XuequError):
    """A solver engine is missing, or what it answered is not understood; the foreign error is the cause."""
