"""What a forecast of children is made from, and what comes out: options, past rolls, housing, today's children."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Grade

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from xuequ.data.births import Births
    from xuequ.zoning.demand import Demand
    from xuequ.zoning.problems import Problems

__all__ = ["Forecast", "ForecastInput", "ForecastOptions", "Housing", "PastEnrolment", "Ratio"]


@dataclass(frozen=True, slots=True)
class ForecastOptions:
    """
    ``[forecast]`` of a case.

    Parameters
    ----------
    recent
        Weight of a past year relative to the year after it, above 0 and at most 1.
    shrink_pupils
        A ratio is drawn towards 1 as if so many more pupils had neither come nor gone: small numbers decide little.
    occupation
        Part of an estate's homes that are lived in, in the year of completion and each year after it; the last holds on.
    yield_per_grade
        Children of each grade in a home that is lived in, by type of estate; the type ``""`` is for all others. A product
        convention: no authority gives it.
    births_recent_years
        Years whose shares by community hold for births to come.
    coverage
        Part of the method's past errors that the scenarios ``low`` and ``high`` cover; 0 for the middle scenario alone.

    Raises
    ------
    ValueError
        If a number is out of range.
    """

    recent: float = 0.75
    shrink_pupils: float = 50.0
    occupation: tuple[float, ...] = (0.3, 0.6, 0.8, 0.9, 1.0)
    yield_per_grade: Mapping[str, float] = field(default_factory=lambda: {"": 0.034})
    births_recent_years: int = 3
    coverage: float = 0.0

    def __post_init__(self) -> None:
        if not 0 < self.recent <= 1:
            raise ValueError(f"forecast recent is {self.recent}; it must be above 0 and at most 1")
        if not self.shrink_pupils >= 0:
            raise ValueError(f"forecast shrink_pupils is {self.shrink_pupils}; it must not be negative")
        if not self.occupation or not all(0 <= part <= 1 for part in self.occupation):
            raise ValueError("forecast occupation must be parts between 0 and 1, one for each year from completion")
        if not all(value >= 0 for value in self.yield_per_grade.values()):
            raise ValueError("forecast yield_per_grade must not be negative")
        if not 0 <= self.coverage <= 1:
            raise ValueError(f"forecast coverage is {self.coverage}; it must be between 0 and 1")
        if self.births_recent_years < 1:
            raise ValueError(f"forecast births_recent_years is {self.births_recent_years}; it must be 1 or more")

    @classmethod
    def from_mapping(cls, values: Mapping[str, Any]) -> ForecastOptions:
        """
        Build the options from the ``[forecast]`` table of a case.

        Raises
        ------
        ValueError
            For an unknown key, with the nearest known one, or a number out of range.
        TypeError
            For a value of another type.
        """
        known = [item.name for item in fields(cls)]
        for key in values:
            if key not in known:
                near = get_close_matches(key, known, n=1)
                raise ValueError(
                    f"there is no key {key} in [forecast]" + (f"; the nearest known one is {near[0]}" if near else "")
                )
        given = dict(values)
        if "occupation" in given:
            given["occupation"] = tuple(float(part) for part in given["occupation"])
        if "yield_per_grade" in given and not isinstance(given["yield_per_grade"], dict):
            given["yield_per_grade"] = {"": float(given["yield_per_grade"])}
        return cls(**given)


@dataclass(frozen=True, slots=True, eq=False)
class PastEnrolment:
    """
    Pupils enrolled in the whole district by school year and grade.

    Parameters
    ----------
    years
        School years, ascending.
    pupils
        Shape ``(years, grades)``; NaN where not known.
    """

    years: tuple[int, ...]
    pupils: NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, float))

    @classmethod
    def from_rows(cls, year: Sequence[int], grade: Sequence[str], pupils: Sequence[float]) -> PastEnrolment:
        """Add up the rows of an enrolment table; a grade of a year without rows is not known."""
        years, row = np.unique(np.asarray(year, dtype=np.int64), return_inverse=True)
        at = (row, np.array([GRADES.index(Grade(name)) for name in grade], dtype=np.int64))
        table = np.full((len(years), len(GRADES)), np.nan)
        table[at] = 0.0
        np.add.at(table, at, np.asarray(pupils, dtype=float))
        return cls(tuple(years.tolist()), table)

    def of(self, year: int) -> NDArray[np.float64]:
        """Return the pupils of each grade in a school year, NaN where not known, shape ``(grades,)``."""
        return self.pupils[self.years.index(year)] if year in self.years else np.full(len(GRADES), np.nan)


@dataclass(frozen=True, slots=True, eq=False)
class Housing:
    """
    Estates built or to be built.

    Parameters
    ----------
    block
        Index of the block that each lies in, shape ``(estates,)``.
    year
        Calendar year of completion.
    homes
        Homes.
    types
        Type of each; may be empty texts.
    """

    block: NDArray[np.int64]
    year: NDArray[np.int64]
    homes: NDArray[np.float64]
    types: tuple[str, ...]

    def __post_init__(self) -> None:
        for name, dtype in (("block", np.int64), ("year", np.int64), ("homes", float)):
            object.__setattr__(self, name, frozen(getattr(self, name), dtype))


@dataclass(frozen=True, slots=True, eq=False)
class ForecastInput:
    """
    What is known today.

    Parameters
    ----------
    school_year
        Today's school year.
    planned
        School years that are planned; the forecast goes on for ``rules.horizon_after`` years after them.
    pupils
        Today's children by grade and block, shape ``(grades, blocks)``.
    communities
        Community of each block, as in the table of births.
    households
        Households of each block, shape ``(blocks,)``: share out the children of communities that have none today.
    births, enrolment, housing
        None where a case has no such table.
    rules
        Age rule, private share, horizon.
    """

    school_year: int
    planned: tuple[int, ...]
    pupils: NDArray[np.int64]
    communities: tuple[str, ...]
    households: NDArray[np.int64]
    births: Births | None = None
    enrolment: PastEnrolment | None = None
    housing: Housing | None = None
    rules: Rules = Rules()

    @property
    def years(self) -> tuple[int, ...]:
        """School years of the forecast, today's first."""
        last = max(self.planned, default=self.school_year) + self.rules.horizon_after
        return tuple(range(self.school_year, last + 1))


@dataclass(frozen=True, slots=True)
class Ratio:
    """
    How a grade follows from what it comes from.

    Parameters
    ----------
    grade
        The grade.
    value
        Pupils per child born (entry grades) or per pupil of the grade below a year before.
    years
        School years that it was seen in; none: an assumption.
    """

    grade: Grade
    value: float
    years: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Forecast:
    """
    A forecast and what it rests on.

    Parameters
    ----------
    demand
        Whole children by year, grade and block.
    ratios
        By grade, lowest first.
    problems
        Warnings.
    """

    demand: Demand
    ratios: tuple[Ratio, ...]
    problems: Problems
