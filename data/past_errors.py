"""How far forecasts from a case's own past school years would have been off."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.assemble import births_of, past_enrolment
from xuequ.data.assemble_options import planned_years
from xuequ.data.backtest import backtest
from xuequ.data.case import load_case
from xuequ.data.forecast_basis import ForecastInput, ForecastOptions
from xuequ.zoning.errors import CaseError, TableError
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from xuequ.data.backtest import PastError

__all__ = ["past_errors"]


def past_errors(case: str | Path, overrides: Sequence[str] = ()) -> tuple[PastError, ...]:
    """
    Forecast from every past school year of a case that its enrolment shows, and compare with what came (model.md §2).

    Parameters
    ----------
    case
        Folder, or the name of the shipped case.
    overrides
        Texts ``section.key=value`` over ``case.toml``.

    Returns
    -------
    tuple of PastError
        By stage, then years ahead.

    Raises
    ------
    CaseError
        If there is no such case, or its enrolment does not show enough school years.
    TableError
        If a table is wrong; it holds every problem.
    LimitExceeded
        If a file is larger than what is read.
    """
    loaded = load_case(case, overrides)
    if loaded.file is None or loaded.problems.errors:
        raise TableError(loaded.problems)
    school_year, _ = planned_years(loaded.file, loaded.tables, loaded.problems)
    rolls = past_enrolment(loaded.tables.get("enrolment"), school_year)
    births = births_of(loaded.tables["births"]) if "births" in loaded.tables else None
    nobody, one = np.zeros((len(GRADES), 1), dtype=np.int64), np.ones(1, dtype=np.int64)
    known = ForecastInput(
        school_year, (school_year + 1,), nobody, ("",), one, births, rolls, rules=Rules().override(loaded.file.rules)
    )
    found = backtest(known, ForecastOptions.from_mapping(loaded.file.forecast))
    if not found:
        raise CaseError(
            f"--backtest needs the pupils of at least three school years up to {school_year} in the table enrolment, "
            "with grade and year; it has fewer"
        )
    return found
