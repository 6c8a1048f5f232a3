"""From ordinary files to a district and back: reading, checking, measuring, forecasting, plan folders, the demo."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xuequ.data.case import check_case, read_case
    from xuequ.data.initial import init_case
    from xuequ.data.plans import plan_from, read_plan, write_plan
    from xuequ.data.repair import fix_case

__all__ = ["check_case", "fix_case", "init_case", "plan_from", "read_case", "read_plan", "write_plan"]

_HOMES = {
    "check_case": "case",
    "fix_case": "repair",
    "init_case": "initial",
    "plan_from": "plans",
    "read_case": "case",
    "read_plan": "plans",
    "write_plan": "plans",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
