"""Low and high scenarios beside the middle one, as far apart as the method was wrong in the past."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.backtest import backtest
from xuequ.data.forecasting import whole_children
from xuequ.zoning.demand import Demand
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from xuequ.data.backtest import PastError
    from xuequ.data.forecast_basis import Forecast, ForecastInput, ForecastOptions

__all__ = ["ENTRY_ERROR", "margins", "with_scenarios"]

ENTRY_ERROR = 0.07
"""Least margin of a cohort that has not entered: the year formula was off by so much for the whole nation (policy.md §2, A5)."""

_FEW = 5
"""With fewer past errors than this their largest is taken, since a quantile would mean nothing."""


def with_scenarios(known: ForecastInput, middle: Forecast, options: ForecastOptions) -> Forecast:
    """
    Return a forecast with the scenarios ``low`` and ``high`` added.

    Parameters
    ----------
    known
        What the forecast was made from.
    middle
        The forecast.
    options
        Its options; ``coverage`` is the part of past errors that the margins cover.

    Notes
    -----
    model.md §2: scenarios with stated coverage, made from the past errors of the same method, not from taste. All blocks of a
    stage have the same margin in a year: what is wrong in a forecast of births or movers is wrong everywhere.
    """
    past = backtest(known, options)
    years = middle.demand.years
    width = np.stack([margins(past, stage, len(years), options.coverage) for stage in Stage])
    community = np.unique(np.asarray(known.communities, dtype=str), return_inverse=True)[1]
    base = middle.demand.pupils[middle.demand.scenarios.index("middle")]
    sides = [_scaled(base, 1 + sign * width, community) for sign in (-1.0, 1.0)]
    origins = sorted({origin for error in past for origin in error.origins})
    source = (
        f"past errors from {origins[0]} to {origins[-1]}"
        if origins
        else "the error of the age rule alone: there are no past rolls"
    )
    if not origins:
        middle.problems.warn(
            "enrolment", f"low and high scenarios rest on {source}", "add enrolment of at least three past years"
        )
    demand = Demand(
        years,
        np.stack([base, *sides]),
        ("middle", "low", "high"),
        middle.demand.graded,
        f"{middle.demand.method}; low and high cover {options.coverage:.0%} of {source}",
    )
    return replace(middle, demand=demand)


def margins(past: tuple[PastError, ...], stage: Stage, years: int, coverage: float) -> NDArray[np.float64]:
    """
    Return the margin of a stage in each year from today on, as a part of the middle, shape ``(years,)``.

    Parameters
    ----------
    past
        Errors of the past.
    stage
        Which stage.
    years
        How many years, today's among them (no margin).
    coverage
        Part of the past errors that the margin covers.

    Notes
    -----
    Between the horizons of the backtest margins are straight lines; beyond the last they grow with the root of time. They are
    never below `ENTRY_ERROR` for the part of the stage's cohorts that enter after today.
    """
    ahead = np.arange(years, dtype=float)
    known = sorted((error.ahead, _covering(np.abs(error.errors), coverage)) for error in past if error.stage is stage)
    width = np.zeros(years)
    if known:
        steps, widths = (np.array([0.0, *column]) for column in zip(*known, strict=True))
        widths = np.maximum.accumulate(widths)  # a longer horizon is never surer
        width = np.interp(ahead, steps, widths) * np.sqrt(np.maximum(ahead / steps[-1], 1.0))
    entered = np.minimum(ahead / len(stage.grades), 1.0)
    return np.minimum(np.maximum(width, ENTRY_ERROR * entered), 1.0)


def _covering(errors: NDArray[np.float64], coverage: float) -> float:
    return float(errors.max() if len(errors) < _FEW else np.quantile(errors, coverage, method="higher"))


def _scaled(base: NDArray[np.int32], factor: NDArray[np.float64], community: NDArray[np.int64]) -> NDArray[np.int32]:
    """Scale each stage of each year, to whole children that add up over communities and the district; today stays."""
    result = base.copy()
    for stage, factors in zip(Stage, factor, strict=True):
        for year in range(1, base.shape[0]):
            for grade in range(stage.grade_slice.start, stage.grade_slice.stop):
                result[year, grade] = whole_children(base[year, grade] * factors[year], community)
    return result
