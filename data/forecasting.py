"""
Children of the years to come, from births, past rolls and new housing: cohort survival, one middle scenario.

Today's children move up a grade each year, grade by grade and block by block, by the ratios that past rolls show; entry grades
come from births by the age rule; homes that are built and lived in bring children of every grade. Results are whole children, and
their sums over communities and the district are those of the forecast (largest remainder).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.births import AgeRule, Births
from xuequ.data.forecast_basis import Forecast, ForecastInput, ForecastOptions, Housing, PastEnrolment, Ratio
from xuequ.zoning.arrays import largest_remainder, largest_remainders
from xuequ.zoning.demand import Demand
from xuequ.zoning.problems import Problems
from xuequ.zoning.stage import GRADES, Grade, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

__all__ = [
    "Births",
    "Forecast",
    "ForecastInput",
    "ForecastOptions",
    "Housing",
    "PastEnrolment",
    "Ratio",
    "forecast",
    "spread_over_grades",
    "whole_children",
]

_ENTRY = (Grade.K1, Grade.G1)
"""Grades that are counted from births; grade 7 follows from grade 6."""


def forecast(known: ForecastInput, options: ForecastOptions | None = None) -> Forecast:
    """
    Forecast the children of every block from today's school year to some years after the last planned one.

    Parameters
    ----------
    known
        What is known today.
    options
        Assumptions; the defaults if not given.

    Notes
    -----
    model.md §2; policy.md §2 (age rule, rates above 1 are real), §5 (private share). The first year is today's children as given.
    A ratio is pooled over the district and over past years, recent ones weighing more. Where births are not known an entry grade
    follows the grade below it; where nothing is known of that, as below kindergarten, it stays as it is.
    """
    options = options or ForecastOptions()
    problems = Problems()
    births = known.births
    if births is not None:
        births = births.filled(births.years[-1], problems)
        known = replace(known, births=births)
        births = births.filled(known.years[-1] - known.rules.age.kindergarten, problems, options.births_recent_years)
    ratios = _ratios(known, options, problems)
    entering = {grade: _entering(known, births, grade, ratios, problems) for grade in _ENTRY}
    pupils = _moved_up(known, entering, ratios, _Moving.of(known, options))
    community = np.unique(np.asarray(known.communities, dtype=str), return_inverse=True)[1]
    whole = np.stack([
        known.pupils.astype(np.int64) if year == 0 else np.stack([whole_children(row, community) for row in grades])
        for year, grades in enumerate(pupils)
    ])  # fmt: skip
    demand = Demand(known.years, whole[None].astype(np.int32), method=_method(known, ratios))
    return Forecast(demand, tuple(ratios[grade] for grade in GRADES), problems)


def spread_over_grades(by_stage: NDArray[np.int64], shares: NDArray[np.float64] | None = None) -> NDArray[np.int64]:
    """
    Divide the children of each block and stage over the stage's grades.

    Parameters
    ----------
    by_stage
        Whole children, shape ``(3, blocks)`` in the order of `Stage`.
    shares
        Weight of each grade, for example pupils enrolled, shape ``(grades,)``; equal if not given.

    Returns
    -------
    ndarray
        Shape ``(grades, blocks)``. Each block keeps its total, and each grade gets its part of the stage to the nearest child or
        so: what rounding leaves over goes to the grade that is furthest behind.
    """
    weight = np.ones(len(GRADES)) if shares is None else np.nan_to_num(np.asarray(shares, dtype=float))
    result = np.zeros((len(GRADES), by_stage.shape[1]), dtype=np.int64)
    for stage, totals in zip(Stage, by_stage, strict=True):
        part = weight[stage.grade_slice]
        part = part / part.sum() if part.sum() > 0 else np.full(len(stage.grades), 1 / len(stage.grades))
        # Rounding running sums: what a block loses to rounding the next one gains, so that grades keep their totals too.
        running = np.floor(np.cumsum(np.outer(part, totals), axis=1) + 0.5).astype(np.int64)
        given = np.diff(running, axis=1, prepend=0)
        for block in np.flatnonzero(given.sum(axis=0) != totals):
            given[:, block] = largest_remainder(np.maximum(given[:, block], 0) + part * 1e-3, int(totals[block]))
        result[stage.grade_slice] = given
    return result


def _ratios(known: ForecastInput, options: ForecastOptions, problems: Problems) -> dict[Grade, Ratio]:
    """Estimate how each grade follows from births or from the grade below."""
    past = known.enrolment or PastEnrolment((), np.empty((0, len(GRADES))))
    seen = {year: past.of(year) for year in past.years if year <= known.school_year}
    today = known.pupils.sum(axis=1).astype(float)
    for stage in Stage:
        if not _told(known, stage):
            today[stage.grade_slice] = np.nan
    now = seen.get(known.school_year, np.full(len(GRADES), np.nan))
    seen[known.school_year] = np.where(np.isnan(now), today, now)
    rule, ages = AgeRule.of(known.rules), {Grade.K1: known.rules.age.kindergarten, Grade.G1: known.rules.age.primary}
    result = {}
    for position, grade in enumerate(GRADES):
        observed = []
        for year, pupils in sorted(seen.items()):
            if grade in _ENTRY and known.births is not None:
                born = known.births.entrants(year, ages[grade], rule)
                source = float("nan") if born is None else float(born.sum())
            else:
                source = float(seen[year - 1][position - 1]) if position and year - 1 in seen else float("nan")
            if np.isfinite(source) and np.isfinite(pupils[position]):
                observed.append((year, float(pupils[position]), source))
        if grade in _ENTRY and known.births is not None and not observed and np.isfinite(seen[known.school_year][position]):
            observed = _first_births(known, grade, ages[grade], float(seen[known.school_year][position]), problems)
        prior = 1.0 - known.rules.private_share if grade in _ENTRY and known.births is not None else 1.0
        result[grade] = _ratio(grade, observed, prior, known, options, problems)
    return result


def _first_births(
    known: ForecastInput, grade: Grade, age: int, pupils: float, problems: Problems
) -> list[tuple[int, float, float]]:  # fmt: skip
    """Let the first known births stand for those of today's entry grade, which are older than the table."""
    assert known.births is not None
    for year in range(known.school_year + 1, known.school_year + age + 2):
        born = known.births.entrants(year, age, AgeRule.of(known.rules))
        if born is not None:
            problems.warn(
                "births",
                f"births do not reach back to today's grade {grade}; those of the children of {year} stand for them",
                f"add births from {known.school_year - age - 1} on",
            )
            return [(known.school_year, pupils, float(born.sum()))]
    return []


def _ratio(
    grade: Grade,
    observed: list[tuple[int, float, float]],
    prior: float,
    known: ForecastInput,
    options: ForecastOptions,
    problems: Problems,
) -> Ratio:
    weight = [options.recent ** (known.school_year - year) for year, _, _ in observed]
    reached = sum(w * pupils for w, (_, pupils, _) in zip(weight, observed, strict=True))
    source = sum(w * before for w, (_, _, before) in zip(weight, observed, strict=True))
    extra = options.shrink_pupils
    value = (reached + extra * prior) / (source + extra) if source + extra > 0 else prior
    if value > known.rules.rate_warn:
        problems.warn(
            "enrolment",
            f"grade {grade} has {value:.0%} of the children it comes from; up to {known.rules.rate_max:.0%} is used",
            "check births and enrolment: children who move in can explain it, a missing community or year can too",
        )
    return Ratio(grade, min(value, known.rules.rate_max), tuple(year for year, _, _ in observed))


def _entering(
    known: ForecastInput, births: Births | None, grade: Grade, ratios: Mapping[Grade, Ratio], problems: Problems
) -> dict[int, NDArray[np.float64]]:
    """Return the children who enter a grade by block, for each year that births are known for."""
    if births is None:
        return {}
    age = known.rules.age.kindergarten if grade is Grade.K1 else known.rules.age.primary
    rule = AgeRule.of(known.rules)
    spread = _area_to_blocks(known, births, grade, problems)
    result = {}
    for year in known.years[1:]:
        born = births.entrants(year, age, rule)
        if born is not None:
            result[year] = ratios[grade].value * (born @ spread)
    missing = [year for year in known.years[1:] if year not in result]
    if missing:
        problems.warn(
            "births",
            f"grade {grade} of {missing[0]} to {missing[-1]} needs births from {missing[0] - age - 1} on; it follows the "
            "grade below, or stays as it is where nothing is known of that",
            "add births of the earlier years",
        )
    return result


def _area_to_blocks(known: ForecastInput, births: Births, grade: Grade, problems: Problems) -> NDArray[np.float64]:
    """Return the part of each area's children that lives in each block, shape ``(areas, blocks)``, rows add up to 1."""
    community = np.asarray(known.communities, dtype=str)
    children = known.pupils[grade.stage.grade_slice].sum(axis=0).astype(float)
    without = ~np.isin(community, births.areas)
    unmatched = ~np.isin(births.areas, community)
    if grade is Grade.G1:
        _report_unmatched(community[without], np.asarray(births.areas)[unmatched], problems)
    everywhere = np.ones(len(community), dtype=bool)
    stray = without if without.any() else everywhere
    result = np.zeros((len(births.areas), len(community)))
    for row, area in enumerate(births.areas):
        _share_out(result[row], stray if unmatched[row] else community == area, children, known)
    if without.any() and not unmatched.any():
        # The ratio of entrants to births is pooled, so it holds the children of these blocks too: they get their part of all.
        part = children[without].sum() / children.sum() if children.sum() > 0 else without.mean()
        others = np.zeros(len(community))
        _share_out(others, without, children, known)
        result = (1 - part) * result + part * others
    return result


def _share_out(
    row: NDArray[np.float64], inside: NDArray[np.bool_], children: NDArray[np.float64], known: ForecastInput
) -> None:  # fmt: skip
    """Fill in the part of each block inside: by children of the stage, else by households, else equal."""
    for weight in (children, np.asarray(known.households, dtype=float), np.ones(len(children))):
        if weight[inside].sum() > 0:
            row[inside] = weight[inside] / weight[inside].sum()
            return


def _report_unmatched(blocks: NDArray[np.str_], areas: NDArray[np.str_], problems: Problems) -> None:
    if len(areas):
        where = "of communities without births of their own" if len(blocks) else "of the whole district"
        problems.warn(
            "births",
            f"no block lies in {str(areas[0])!r} ({len(areas)} such areas); its children are spread over the blocks {where}",
            "give blocks and births the same names of communities",
        )
    elif len(blocks):
        problems.warn(
            "births",
            f"{len(blocks)} blocks lie in communities without births (first: {str(blocks[0])!r}); they get their part of "
            "all entrants",
            "add their births, or correct the names of communities",
        )


@dataclass(frozen=True, slots=True, eq=False)
class _Moving:
    """Children of homes newly lived in, per grade: ``newly`` in a year, ``since`` today, shape ``(years, blocks)``."""

    newly: NDArray[np.float64]
    since: NDArray[np.float64]

    @classmethod
    def of(cls, known: ForecastInput, options: ForecastOptions) -> _Moving:
        since = np.zeros((len(known.years), known.pupils.shape[1]))
        if known.housing is not None:
            curve = np.concatenate([[0.0], options.occupation])
            public = 1.0 - known.rules.private_share
            per_home = [options.yield_per_grade.get(name, options.yield_per_grade.get("", 0.0)) for name in known.housing.types]
            children = known.housing.homes * np.array(per_home, dtype=float) * public
            age = np.asarray(known.years)[:, None] - known.housing.year[None, :]
            lived_in = curve[np.clip(age + 1, 0, len(curve) - 1)]
            for row, part in enumerate(lived_in - lived_in[0]):
                np.add.at(since[row], known.housing.block, np.maximum(part, 0.0) * children)
        return cls(np.diff(since, axis=0, prepend=0.0), since)


def _told(known: ForecastInput, stage: Stage | None) -> bool:
    """Tell whether a case says anything of a stage: one without a single child is one that it is silent about."""
    return stage is not None and bool(known.pupils[stage.grade_slice].any())


def _moved_up(
    known: ForecastInput,
    entering: Mapping[Grade, Mapping[int, NDArray[np.float64]]],
    ratios: Mapping[Grade, Ratio],
    moving: _Moving,
) -> NDArray[np.float64]:
    """Return children by year, grade and block, not yet whole, shape ``(years, grades, blocks)``."""
    state = known.pupils.astype(float)
    holds = {stage.entry_grade for stage, below in zip(Stage, (None, *Stage), strict=False) if not _told(known, below)}
    result = [state]
    for row, year in enumerate(known.years[1:], start=1):
        after = np.empty_like(state)
        for position, grade in enumerate(GRADES):
            born = entering.get(grade, {}).get(year)
            if born is not None:
                after[position] = born + moving.since[row]
            elif grade in holds:
                after[position] = state[position] + moving.newly[row]
            else:
                after[position] = ratios[grade].value * state[position - 1] + moving.newly[row]
        state = after
        result.append(state)
    return np.stack(result)


def whole_children(children: NDArray[np.float64], community: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Round to whole children: first the district's total, then the communities', then the blocks'.

    Parameters
    ----------
    children
        Of each block, shape ``(blocks,)``.
    community
        Number of the community of each block.
    """
    by_community = np.bincount(community, weights=children).astype(float)
    totals = largest_remainder(by_community, round(float(children.sum())))
    return largest_remainders(children, totals, community)


def _method(known: ForecastInput, ratios: Mapping[Grade, Ratio]) -> str:
    years = sorted({year for ratio in ratios.values() for year in ratio.years})
    parts = ["cohort survival"]
    parts.append(f"ratios of {years[0]}–{years[-1]}, recent years weighing more" if years else "ratios assumed to be 1")
    if known.births is not None:
        parts.append(f"births {known.births.years[0]}–{known.births.years[-1]}")
    if known.housing is not None:
        parts.append(f"{len(known.housing.homes)} estates")
    return ", ".join(parts)
