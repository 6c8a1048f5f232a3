"""
Made-up districts, from a seed: the demo, and hard ones of any size for measuring solvers.

The demo stands in ``data/demo``; `write_demo` writes the same files again, byte for byte.
"""

from __future__ import annotations

from pathlib import Path

from xuequ.data.synthetic_case import case_files, write_files
from xuequ.data.synthetic_hard import HardOptions, hard_district, hard_district_and_solution

__all__ = ["DEMO_SEED", "HardOptions", "hard_district", "hard_district_and_solution", "write_demo"]

DEMO_SEED = 1
"""Seed of the shipped demo."""


def write_demo(folder: str | Path, *, seed: int = DEMO_SEED) -> Path:
    """
    Write a made-up district as a case folder.

    Parameters
    ----------
    folder
        Where; made if it is not there.
    seed
        Another seed gives other hills, streets, families and catchments under the same names and totals.

    Returns
    -------
    Path
        The folder.

    Notes
    -----
    Labelled ``synthetic = true``; children by age group are those of the census of 2020 (policy.md §13, §20).
    """
    target = Path(folder)
    write_files(target, case_files(seed))
    return target
