"""
From a district to a plan with a bound: catchments, seats, clusters, all of them, and why not.

The verbs load only when they are asked for, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from xuequ.solver.explanation import explain
    from xuequ.solver.grouping import cluster
    from xuequ.solver.horizon import plan
    from xuequ.solver.modelling import ClusterFormulation, SeatFormulation, ZoningFormulation
    from xuequ.solver.portfolio import zone
    from xuequ.solver.siting import seats
    from xuequ.solver.stop import AnyOf, Interrupted, MaxIterations, MaxRuntime, Progress

__all__ = [
    "AnyOf",
    "ClusterFormulation",
    "Interrupted",
    "MaxIterations",
    "MaxRuntime",
    "Progress",
    "SeatFormulation",
    "ZoningFormulation",
    "cluster",
    "explain",
    "plan",
    "seats",
    "zone",
]

_HOMES = {
    "AnyOf": "stop",
    "ClusterFormulation": "modelling",
    "Interrupted": "stop",
    "MaxIterations": "stop",
    "MaxRuntime": "stop",
    "Progress": "stop",
    "SeatFormulation": "modelling",
    "ZoningFormulation": "modelling",
    "cluster": "grouping",
    "explain": "explanation",
    "plan": "horizon",
    "seats": "siting",
    "zone": "portfolio",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
