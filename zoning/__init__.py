"""
What a district is, and what is true of it: immutable records and pure functions.

Reads no file, knows no solver. `xuequ.zoning.verify` checks a plan against a district from the raw input.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.rules import Rules
    from xuequ.zoning.stage import Grade, Stage
    from xuequ.zoning.stating import state
    from xuequ.zoning.verification import verify

__all__ = ["District", "Grade", "Plan", "Rules", "Stage", "state", "verify"]

_HOMES = {
    "District": "district",
    "Grade": "stage",
    "Plan": "plan",
    "Rules": "rules",
    "Stage": "stage",
    "state": "stating",
    "verify": "verification",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
