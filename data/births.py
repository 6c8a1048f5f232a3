"""Births by community, and the children of them who reach the age of entry in a school year."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.stage import entrants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.zoning.problems import Problems
    from xuequ.zoning.rules import Rules

__all__ = ["AgeRule", "Births"]

_COMMON_YEAR = 2023
"""A year without 29 February: a child of that day enters with the others of February (policy.md §2, vector A4)."""


@dataclass(frozen=True, slots=True)
class AgeRule:
    """
    Who enters when.

    Parameters
    ----------
    cutoff
        Month and day by which the age must be reached, that day included.
    weights
        Parts of the births of calendar years ``t − age − 1`` and ``t − age`` that enter in ``t``, where only years are known.

    Notes
    -----
    policy.md §2.
    """

    cutoff: tuple[int, int] = (8, 31)
    weights: tuple[float, float] = (4 / 12, 8 / 12)

    @classmethod
    def of(cls, rules: Rules) -> AgeRule:
        """Return the rule of a case."""
        month, _, day = rules.cutoff_month_day.partition("-")
        return cls((int(month), int(day)), rules.cohort_weights)

    def window(self) -> NDArray[np.float64]:
        """
        Return the part of each month's births that enters together, shape ``(2, 12)``.

        The first row is for the calendar year ``t − age − 1``, the second for ``t − age``.
        """
        month, day = self.cutoff
        second = np.concatenate([np.ones(month), np.zeros(12 - month)])
        second[month - 1] = min(1.0, day / monthrange(_COMMON_YEAR, month)[1])
        return np.stack([1.0 - second, second])


@dataclass(frozen=True, slots=True, eq=False)
class Births:
    """
    Births by area and calendar year.

    Parameters
    ----------
    areas
        Names of the communities, sorted.
    years
        Calendar years, consecutive.
    by_year
        Births, shape ``(areas, years)``; NaN where the table has none, or not all months.
    by_month
        Births, shape ``(areas, years, 12)``; NaN where months are not known.
    """

    areas: tuple[str, ...]
    years: tuple[int, ...]
    by_year: NDArray[np.float64]
    by_month: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_year", frozen(self.by_year, float))
        object.__setattr__(self, "by_month", frozen(self.by_month, float))

    @classmethod
    def from_rows(
        cls, area: Sequence[str], year: Sequence[int], births: Sequence[float], month: Sequence[int] | None = None
    ) -> Births:
        """
        Build the table from its rows.

        Parameters
        ----------
        area, year, births
            As in the table; rows of the same area and time are added up.
        month
            1 to 12, or 0 where a row is for the whole year; None if there is no such column.

        Raises
        ------
        ValueError
            If there are no rows, or a month is not one.
        """
        if not len(area):
            raise ValueError("the table of births is empty")
        months = np.zeros(len(area), dtype=np.int64) if month is None else np.asarray(month, dtype=np.int64)
        if ((months < 0) | (months > 12)).any():
            raise ValueError("a month of births is not between 1 and 12")
        areas, row = np.unique(np.asarray(area, dtype=str), return_inverse=True)
        calendar = np.asarray(year, dtype=np.int64)
        years = np.arange(calendar.min(), calendar.max() + 1)
        table = np.full((len(areas), len(years), 13), np.nan)
        at = (row, calendar - years[0], months)
        table[at] = 0.0
        np.add.at(table, at, np.asarray(births, dtype=float))
        whole = np.where(np.isnan(table[..., 0]), table[..., 1:].sum(axis=2), table[..., 0])
        return cls(tuple(areas.tolist()), tuple(years.tolist()), whole, table[..., 1:])

    def total(self, year: int) -> float:
        """Return the births of a calendar year in all areas together, NaN where the year is not known at all."""
        if year not in self.years:
            return float("nan")
        column = self.by_year[:, self.years.index(year)]
        return float("nan") if np.isnan(column).all() else float(np.nansum(column))

    def entrants(self, year: int, age: int, rule: AgeRule) -> NDArray[np.float64] | None:
        """
        Return the children of each area who reach the age for a school year, before anybody moves or dies.

        Parameters
        ----------
        year
            School year, named by its first calendar year.
        age
            Age of entry in years.
        rule
            Cut-off and weights.

        Returns
        -------
        ndarray or None
            Shape ``(areas,)``; None if a calendar year of birth is not known for every area. The exact months are used where all
            of the window are known, else the formula of years.

        Notes
        -----
        policy.md §2, vectors A1 to A5.
        """
        early, late = year - age - 1, year - age
        known = [self.years.index(born) for born in (early, late) if born in self.years]
        window = rule.window()
        if len(known) == len(window):
            months = self.by_month[:, known, :]
            exact = np.where(window > 0, months * window, 0.0).sum(axis=(1, 2))
            if not np.isnan(exact).any():
                return np.asarray(exact)
        if len(known) < len(window):
            return None
        columns = self.by_year[:, known]
        result = np.array([entrants({early: a, late: b}, year, age, rule.weights) for a, b in columns.tolist()])
        return None if np.isnan(result).any() else result

    def filled(self, last_year: int, problems: Problems, recent_years: int = 3) -> Births:
        """
        Return the table with every year from its first up to a last one.

        An area's missing year takes the area's nearest known year. Years to come have the district's births of the last known
        year, shared out as in the last ``recent_years``: births of the future are an assumption, not a forecast.

        Parameters
        ----------
        last_year
            Last calendar year that is needed.
        problems
            Takes a warning for what is filled in.
        recent_years
            Years whose shares by area hold for the future.
        """
        table = self.by_year.copy()
        gaps = np.isnan(table)
        for i, j in np.argwhere(gaps):
            given = np.flatnonzero(~gaps[i])
            table[i, j] = table[i, given[np.abs(given - j).argmin()]] if len(given) else 0.0
        if gaps.any():
            i, j = np.argwhere(gaps)[0]
            problems.warn(
                "births",
                f"births of {gaps.sum()} areas and years are missing (first: {self.areas[i]}, {self.years[j]}); the area's "
                "nearest known year stands for them",
                "add the missing rows",
            )
        more = last_year - self.years[-1]
        if more <= 0:
            return Births(self.areas, self.years, table, self.by_month)
        share = table[:, -recent_years:].sum(axis=1)
        share = share / share.sum() if share.sum() > 0 else np.full(len(share), 1 / len(share))
        coming = np.repeat((share * table[:, -1].sum())[:, None], more, axis=1)
        problems.warn(
            "births",
            f"births after {self.years[-1]} are not known; up to {last_year} as many are assumed as in {self.years[-1]}",
            "add births as they become known; the last years of kindergarten and grade 1 rest on the assumption",
        )
        unknown = np.full((len(self.areas), more, 12), np.nan)
        return Births(
            self.areas,
            (*self.years, *range(self.years[-1] + 1, last_year + 1)),
            np.concatenate([table, coming], axis=1),
            np.concatenate([self.by_month, unknown], axis=1),
        )
