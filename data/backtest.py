"""How far forecasts of the past were off: the same method from every earlier autumn, beside the forecast that nothing changes."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.births import Births
from xuequ.data.forecast_basis import ForecastInput, PastEnrolment
from xuequ.data.forecasting import forecast
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from xuequ.data.forecast_basis import ForecastOptions

__all__ = ["HORIZONS", "PastError", "backtest"]

HORIZONS: tuple[int, ...] = (1, 3, 5)
"""Years ahead that errors are told for (model.md §2)."""


@dataclass(frozen=True, slots=True)
class PastError:
    """
    Errors of forecasts of one stage, so many years ahead.

    Parameters
    ----------
    stage, ahead
        Of what.
    origins
        School years that were forecast from.
    errors
        ``(forecast − pupils) / pupils`` of each, for the district as a whole.
    naive
        The same for the forecast that nothing changes.
    """

    stage: Stage
    ahead: int
    origins: tuple[int, ...]
    errors: tuple[float, ...]
    naive: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean size of the errors."""
        return float(np.abs(self.errors).mean())

    @property
    def mean_naive(self) -> float:
        """Mean size of the errors if nothing had changed."""
        return float(np.abs(self.naive).mean())


def backtest(
    known: ForecastInput, options: ForecastOptions | None = None, horizons: tuple[int, ...] = HORIZONS
) -> tuple[PastError, ...]:
    """
    Forecast from every past school year with what was known then, and compare with what came.

    Parameters
    ----------
    known
        As for `forecast`; only its enrolment, births and rules are used. Births of the calendar year of an origin and later ones
        are taken away. Housing is left out: it is not known what was planned then.
    options
        As for `forecast`.
    horizons
        Years ahead.

    Returns
    -------
    tuple of PastError
        By stage, then horizon; only where there is at least one origin. The first year of the rolls is none.

    Notes
    -----
    model.md §2: rolling origin, error at 1, 3 and 5 years, beside the naive forecast.
    """
    past = known.enrolment
    if past is None:
        return ()
    found: dict[tuple[Stage, int], list[tuple[int, float, float]]] = {}
    for origin in past.years[1:]:  # the first year shows no ratio yet
        ahead = [step for step in horizons if origin + step in past.years and origin + step <= known.school_year]
        if not ahead:
            continue
        demand = forecast(_as_known(known, past, origin, max(ahead)), options).demand
        for stage in Stage:
            span = stage.grade_slice
            start = float(past.of(origin)[span].sum())
            for step in ahead:
                came = float(past.of(origin + step)[span].sum())
                if np.isfinite(start) and np.isfinite(came) and start > 0 and came > 0:
                    told = float(demand.of_stage(stage, origin + step).sum())
                    found.setdefault((stage, step), []).append((origin, (told - came) / came, (start - came) / came))
    return tuple(
        PastError(stage, step, *(tuple(column) for column in zip(*found[stage, step], strict=True)))
        for stage in Stage
        for step in horizons
        if (stage, step) in found
    )


def _as_known(known: ForecastInput, past: PastEnrolment, origin: int, ahead: int) -> ForecastInput:
    """Return what was known in the autumn of a school year, the district as one block."""
    seen = [position for position, year in enumerate(past.years) if year <= origin]
    pupils = np.rint(np.nan_to_num(past.of(origin))).astype(np.int64)[:, None]
    return ForecastInput(
        origin,
        (origin + ahead,),
        pupils,
        ("",),
        np.ones(1, dtype=np.int64),
        _born_before(known.births, origin),
        PastEnrolment(tuple(past.years[position] for position in seen), past.pupils[seen]),
        rules=replace(known.rules, horizon_after=0),
    )


def _born_before(births: Births | None, year: int) -> Births | None:
    """Return the births of the whole district before a calendar year, None if there are none."""
    kept = [] if births is None else [position for position, born in enumerate(births.years) if born < year]
    if births is None or not kept:
        return None
    by_year, by_month = births.by_year[:, kept], births.by_month[:, kept]
    nothing = np.isnan(by_year).all(axis=0)
    total = np.where(nothing, np.nan, np.nansum(by_year, axis=0))[None]
    return Births(("",), tuple(births.years[position] for position in kept), total, by_month.sum(axis=0)[None])
