"""A plan made visible: the interactive map, the atlas, the report, the comparison. Nothing is read or solved here."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xuequ.maps.comparison import compare
    from xuequ.maps.html_map import interactive
    from xuequ.maps.reporting import report
    from xuequ.maps.sheets import atlas

__all__ = ["atlas", "compare", "interactive", "report"]

_HOMES = {"atlas": "sheets", "compare": "comparison", "interactive": "html_map", "report": "reporting"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
