"""Children made a Demand: as given by year, as forecast from births, or today's children for every year (with a warning)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.demand import Demand
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems

__all__ = ["constant_demand", "given_demand", "pupils_now"]

_MOST_PUPILS = 10_000_000
"""More pupils of one block, grade and year than anybody can mean."""


def pupils_now(table: Table, stage: Stage | None, problems: Problems) -> tuple[NDArray[np.int64], dict[Stage, bool]]:
    """
    Read today's children off the blocks.

    Parameters
    ----------
    table
        The blocks.
    stage
        What plain ``pupils`` means: the one stage of the case, None if there are several.
    problems
        Takes what is wrong.

    Returns
    -------
    pupils
        Shape ``(grades, blocks)``; a stage that is known as a whole only stands in its entry grade.
    graded
        For each stage with children, whether they are known by grade.
    """
    pupils = np.zeros((len(GRADES), len(table)), dtype=np.int64)
    graded: dict[Stage, bool] = {}
    for each in Stage:
        grades = [grade for grade in each.grades if table.has(f"pupils_{grade}")]
        total = f"pupils_{each}" if table.has(f"pupils_{each}") else ("pupils" if each is stage and table.has("pupils") else "")
        if grades:
            for grade in grades:
                pupils[GRADES.index(grade)] = table.whole(f"pupils_{grade}")
            graded[each] = True
            missing = [grade.value for grade in each.grades if grade not in grades]
            if missing:
                problems.warn("blocks", f"there are no columns for {', '.join(missing)}; nobody is counted in these grades",
                              "add them, or give pupils by stage")  # fmt: skip
            if total:
                _compare(table, each, total, pupils, problems)
        elif total:
            pupils[each.grade_slice.start] = table.whole(total)
            graded[each] = False
    if not graded:
        plain = table.has("pupils")
        problems.error(
            "blocks",
            "it is not known which stage the pupils are of" if plain else "there are no pupils",
            "set stage in [zoning], or name the column pupils_primary" if plain else
            "give pupils_primary (or by grade pupils_g1 …) in the table, by columns, or by join from a second file",
            column="pupils",
        )  # fmt: skip
    elif table.has("pupils") and stage is None and not any(table.has(f"pupils_{each}") for each in Stage):
        problems.warn(
            "blocks", "the column pupils is left aside: pupils are given by grade", "delete it or name its stage", column="pupils"
        )
    return pupils, graded


def _compare(table: Table, stage: Stage, total: str, pupils: NDArray[np.int64], problems: Problems) -> None:
    differs = np.flatnonzero(table.whole(total) != pupils[stage.grade_slice].sum(axis=0))
    if len(differs):
        k = int(differs[0])
        problems.warn(
            "blocks",
            f"the grades of {stage} do not add up to {table.heading(total)} in {len(differs)} blocks; the grades count",
            "correct one of them",
            row=table.row_of(k),
            column=table.heading(total),
            value=str(table.whole(total)[k]),
        )


def constant_demand(pupils: NDArray[np.int64], years: Sequence[int], *, graded: bool, problems: Problems) -> Demand:
    """Take today's children for every year, and say so."""
    problems.warn("births", "there is neither a demand table nor births: today's pupils are taken for every year",
                  "add births by area and year, or a demand table by block, grade and year")  # fmt: skip
    shape = (1, len(years), *pupils.shape)
    return Demand(tuple(years), np.broadcast_to(pupils, shape), graded=graded, method="today's pupils in every year")


def given_demand(
    table: Table, block_ids: Sequence[str], now: NDArray[np.int64] | None, years: Sequence[int], problems: Problems
) -> Demand:
    """
    Take children by block, grade, year and scenario as the case gives them.

    Parameters
    ----------
    table
        The demand table; rows that are not there count nobody.
    block_ids
        Blocks in the order of the district.
    now
        Today's children by grade and block, for a school year that the table lacks; None if not known.
    years
        School years needed, the first is today's. Further years of the table are kept.
    problems
        Takes what is wrong.
    """
    named = [name or "middle" for name in table.text("scenario")]
    scenarios = tuple(sorted(set(named), key=lambda name: (name != "middle", name)))
    known = sorted({int(year) for year in table.whole("year")})
    if "middle" not in scenarios:
        problems.warn(
            "demand", f"there is no scenario middle; {scenarios[0]} stands for it", "name one scenario middle", column="scenario"
        )
        named = ["middle" if name == scenarios[0] else name for name in named]
        scenarios = ("middle", *scenarios[1:])
    all_years = sorted({*years, *(year for year in known if year >= years[0])})
    pupils = np.zeros((len(scenarios), len(all_years), len(GRADES), len(block_ids)), dtype=np.int64)
    block = {name: position for position, name in enumerate(block_ids)}
    year_at = {year: position for position, year in enumerate(all_years)}
    grade_at = {grade.value: position for position, grade in enumerate(GRADES)}
    kept = np.array([int(year) in year_at for year in table.whole("year")], dtype=bool)
    at: list[Any] = [
        np.array([scenarios.index(name) for name in named]),
        np.array([year_at.get(int(year), 0) for year in table.whole("year")]),
        np.array([grade_at[name] for name in table.text("grade")]),
        np.array([block[name] for name in table.text("block")]),
    ]
    np.add.at(pupils, tuple(part[kept] for part in at), table.whole("pupils")[kept])
    if (pupils > _MOST_PUPILS).any():
        problems.error("demand", f"rows of one block, grade and year add up to {int(pupils.max()):,} pupils",
                       "keep one row of each", column=table.heading("pupils"))  # fmt: skip
        pupils = np.minimum(pupils, _MOST_PUPILS)
    _fill_years(pupils, all_years, known, now, problems)
    return Demand(tuple(all_years), pupils.astype(np.int32), scenarios, method="as given")


def _fill_years(
    pupils: NDArray[np.int64], all_years: list[int], known: list[int], now: NDArray[np.int64] | None, problems: Problems
) -> None:
    """Fill school years that the demand table lacks: today from the blocks, others from the year before."""
    for position, year in enumerate(all_years):
        if year in known:
            continue
        if position == 0 and now is not None and now.any():
            pupils[:, 0] = now
            continue
        source = position - 1 if position else next((k for k, each in enumerate(all_years) if each in known), 0)
        pupils[:, position] = pupils[:, source]
        problems.warn("demand", f"there is no demand for the school year {year}; that of {all_years[source]} is taken",
                      f"add {year} to the table", column="year", value=str(year))  # fmt: skip
