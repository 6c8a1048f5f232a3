"""Checks within and across the tables of a case, before a district is made of them: what is missing, double, or names nothing."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.data.assemble_today import class_sizes
from xuequ.data.tables import TABLES, Kind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.data.case_file import CaseFile
    from xuequ.data.read import Table
    from xuequ.zoning.problems import Problems

__all__ = ["check_case_names", "check_tables", "names_to_ids"]

REQUIRED = ("blocks", "schools")
_LISTED = 20
_USUAL_YEARS = (1980, 2080)
_ADDED_UP = {"demand": "they are added up", "distances": "the last one counts"}


def check_tables(tables: Mapping[str, Table], case: CaseFile, problems: Problems) -> dict[str, Table]:
    """
    Check each table by itself and against the others.

    Parameters
    ----------
    tables
        As read; the required ones may be missing.
    case
        What ``case.toml`` says.
    problems
        Takes what is wrong.

    Returns
    -------
    dict
        The tables with names of schools replaced by their ids where a table names schools so.
    """
    for name in REQUIRED:
        if name not in case.tables:
            problems.error(
                "case.toml", f"there is no table {name}", f'add [tables.{name}] with file = "…"', column=f"tables.{name}"
            )
        elif name in tables and not len(tables[name]):
            problems.error(name, "the table has no rows", "put its rows into the file, or correct filter and layer")
    for name, table in tables.items():
        if name not in REQUIRED and not len(table):
            problems.warn(name, "the table has no rows", "fill it, or delete its section")
        _check_keys(table, problems)
        _check_years(table, problems)
        _check_lifetimes(table, problems)
        _check_sizes(table, problems)
        _check_mended(table, problems)
    named = {name: names_to_ids(table, tables, problems) for name, table in tables.items()}
    for table in named.values():
        _check_references(table, named, problems)
    _check_sites(named, problems)
    _check_separators(named, problems)
    return named


def _check_separators(tables: Mapping[str, Table], problems: Problems) -> None:
    """Refuse ids of schools that could not be told from a zone of several schools (``A;B`` in interface.md)."""
    for table in (tables[name] for name in ("schools", "sites") if name in tables):
        for k, name in enumerate(table.text("id")):
            if ";" in name:
                problems.error(table.name, f"the id {name} holds a semicolon, which stands between the schools of one zone",
                               "write the id without it", row=table.rows[k], column=table.heading("id"), value=name)  # fmt: skip


def _check_keys(table: Table, problems: Problems) -> None:
    key = TABLES[table.name].key
    if not key or not all(table.has(column) for column in key[:1]):
        return
    columns = [
        [f"{year:.0f}" for year in table.number(column)] if TABLES[table.name].column(column).kind is Kind.YEAR
        else table.text(column) for column in key if table.has(column)
    ]  # fmt: skip
    values = list(zip(*columns, strict=True))
    counts = Counter(value for value in values if value[0])
    double = [value for value, count in counts.items() if count > 1]
    for value in double[:_LISTED]:
        rows = [str(table.rows[k]) for k, each in enumerate(values) if each == value]
        name = ", ".join(part for part in value if part)
        where: dict[str, Any] = {"row": rows[1], "column": table.heading(key[0]), "value": name}
        if table.name in _ADDED_UP:
            problems.warn(
                table.name, f"{name} stands in rows {', '.join(rows[:6])}; {_ADDED_UP[table.name]}", "keep one row", **where
            )
        else:
            problems.error(table.name, f"{name} stands in rows {', '.join(rows[:6])}", "give each row an id of its own", **where)
    if len(double) > _LISTED:
        problems.warn(table.name, f"{len(double) - _LISTED} more ids stand more than once", "mend those that are listed first")


def _check_years(table: Table, problems: Problems) -> None:
    for column in TABLES[table.name].columns:
        if column.kind is not Kind.YEAR or not table.has(column.name):
            continue
        years = table.number(column.name)
        strange = np.flatnonzero((years < _USUAL_YEARS[0]) | (years > _USUAL_YEARS[1]))
        # Old schools were opened long ago, and 9999 stands for "never" in many tables.
        if column.name in {"opened", "closed"}:
            strange = strange[years[strange] > _USUAL_YEARS[1]]
        for k in strange[:_LISTED]:
            problems.warn(table.name, f"the year {years[k]:.0f} is strange", "see whether it is a slip", row=table.row_of(int(k)),
                          column=table.heading(column.name), value=f"{years[k]:.0f}")  # fmt: skip


def _check_lifetimes(table: Table, problems: Problems) -> None:
    if not (table.has("opened") and table.has("closed")):
        return
    opened, closed = table.number("opened"), table.number("closed")
    for k in np.flatnonzero(closed <= opened)[:_LISTED]:
        problems.warn(table.name, f"closes in {closed[k]:.0f}, not after it opens in {opened[k]:.0f}: it never runs",
                      "correct one of the two years", row=table.row_of(int(k)), column=table.heading("closed"),
                      value=f"{closed[k]:.0f}")  # fmt: skip


def _check_sizes(table: Table, problems: Problems) -> None:
    if table.name != "enrolment":
        return
    wrong = [k for k, text in enumerate(table.text("sizes")) if class_sizes(text) is None]
    for k in wrong[:_LISTED]:
        text = table.text("sizes")[k]
        problems.error("enrolment", f"{text[:60]} are not the sizes of classes", "write whole numbers like 45;44;46",
                       row=table.row_of(k), column=table.heading("sizes"), value=text[:80])  # fmt: skip


def _check_mended(table: Table, problems: Problems) -> None:
    for column, mended in table.mended.items():
        for what, count in mended.items():
            problems.warn(
                table.name, f"{what} in {count} cells", "check --fix writes the table clean", column=table.heading(column)
            )


def names_to_ids(table: Table, tables: Mapping[str, Table], problems: Problems) -> Table:
    """Replace names of schools or blocks by their ids where a table names them so and the names are unique."""
    changed: dict[str, NDArray[Any]] = {}
    for column in TABLES[table.name].columns:
        if column.kind is not Kind.REFERENCE and column.kind is not Kind.REFERENCES:
            continue
        target = tables.get(column.refers)
        if not table.has(column.name) or target is None or not target.has("id") or not target.has("name"):
            continue
        ids = set(target.text("id"))
        counts = Counter(target.text("name"))
        known = {name: id_ for name, id_ in zip(target.text("name"), target.text("id"), strict=True)
                 if name and counts[name] == 1 and name not in ids}  # fmt: skip
        values = table.data[column.name]
        hits = sum(part in known for value in values for part in (value if isinstance(value, tuple) else (value,)))
        if not hits:
            continue
        new = np.empty(len(values), dtype=object)
        for k, value in enumerate(values):
            new[k] = tuple(known.get(part, part) for part in value) if isinstance(value, tuple) else known.get(value, value)
        changed[column.name] = new
        problems.warn(table.name, f"{hits} cells name {column.refers} by name; their ids are taken", "write ids",
                      column=table.heading(column.name))  # fmt: skip
    return replace(table, data={**table.data, **changed}) if changed else table


def _known_ids(tables: Mapping[str, Table], refers: str) -> list[str]:
    ids = [name for name in tables[refers].text("id") if name] if refers in tables else []
    if refers == "schools" and "sites" in tables:
        sites = tables["sites"]
        ids += [
            name for name, action in zip(sites.text("id"), sites.text("action"), strict=True) if action in {"new", "relocate"}
        ]
    return ids


def _check_references(table: Table, tables: Mapping[str, Table], problems: Problems) -> None:
    for column in TABLES[table.name].columns:
        if column.kind not in {Kind.REFERENCE, Kind.REFERENCES} or not table.has(column.name) or column.refers not in tables:
            continue
        ids = _known_ids(tables, column.refers)
        known = set(ids)
        unknown: dict[str, list[int]] = {}
        for k, value in enumerate(table.data[column.name]):
            for part in value if isinstance(value, tuple) else (value,):
                if part and part not in known:
                    unknown.setdefault(part, []).append(k)
        for part, rows in list(unknown.items())[:_LISTED]:
            near = get_close_matches(part, ids, n=1)
            hint = f"; the nearest id is {near[0]}" if near else ""
            more = f" (and in {len(rows) - 1} more rows)" if len(rows) > 1 else ""
            problems.error(table.name, f"{part} is no id of the table {column.refers}{hint}{more}",
                           f"correct the id, or add it to {column.refers}", row=table.rows[rows[0]],
                           column=table.heading(column.name), value=part)  # fmt: skip
        if len(unknown) > _LISTED:
            problems.error(table.name, f"{len(unknown) - _LISTED} more ids are not in the table {column.refers}",
                           "see whether the two files number alike", column=table.heading(column.name))  # fmt: skip


def _check_sites(tables: Mapping[str, Table], problems: Problems) -> None:
    sites, schools = tables.get("sites"), tables.get("schools")
    if sites is None or schools is None:
        return
    running = set(schools.text("id"))
    for k, (name, action, block) in enumerate(zip(sites.text("id"), sites.text("action"), sites.text("block"), strict=True)):
        if action not in {"new", "relocate"}:
            continue
        if name in running:
            problems.error(
                "sites",
                f"the site {name} has the id of a school that runs",
                "give it an id of its own",
                row=sites.rows[k],
                column=sites.heading("id"),
                value=name,
            )
        shape = None if sites.geometry is None else sites.geometry[k]
        if (shape is None or shape.is_empty) and not block:
            problems.error("sites", f"the site {name} has no place", "give it a point, or name its block", row=sites.rows[k])


def check_case_names(case: CaseFile, tables: Mapping[str, Table], problems: Problems) -> None:
    """Check ids that ``case.toml`` names: locks, blocks to keep together, leads, ties."""
    blocks, schools = (_known_ids(tables, name) for name in ("blocks", "schools"))
    wanted = [("zoning.locks", "blocks", lock.block) for lock in case.zoning.locks]
    wanted += [("zoning.locks", "schools", lock.school) for lock in case.zoning.locks]
    wanted += [("zoning.keep_together", "blocks", name) for names in case.zoning.keep_together for name in names]
    wanted += [("clusters.leads", "schools", name) for name in case.clusters.leads]
    wanted += [("clusters.ties", "schools", name) for tie in case.clusters.ties for name in (tie.a, tie.b)]
    for key, table, name in wanted:
        ids = blocks if table == "blocks" else schools
        if table in tables and name not in ids:
            near = get_close_matches(name, ids, n=1)
            hint = f"; the nearest id is {near[0]}" if near else ""
            problems.error("case.toml", f"{key} names {name}, which is no id of the table {table}{hint}", "correct the id",
                           column=key, value=name)  # fmt: skip
