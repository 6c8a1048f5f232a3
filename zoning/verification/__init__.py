"""
The independent check: every number that a plan states, computed again from the district.

Reads nothing of the solver, and nothing of a plan but what its files say (model.md §6).
"""

from __future__ import annotations

from xuequ.zoning.verification.check import Check, Verification
from xuequ.zoning.verification.verifying import verify

__all__ = ["Check", "Verification", "verify"]
