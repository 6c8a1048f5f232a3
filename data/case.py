"""A case folder: ``case.toml`` with its overrides, read and checked, and the district that comes of it."""

from __future__ import annotations

import importlib.resources
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xuequ.data.assemble import assemble
from xuequ.data.case_file import CaseFile, case_schema, validate_case
from xuequ.data.folder import Limits
from xuequ.data.project import Plane, bring_together
from xuequ.data.read import Table, read_table
from xuequ.data.shift_notice import notice_shift
from xuequ.data.tables import TABLES
from xuequ.data.validate import check_case_names, check_tables
from xuequ.data.validate_district import check_district, summarise
from xuequ.data.validate_shapes import check_shapes
from xuequ.zoning.errors import CaseError, TableError
from xuequ.zoning.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.district import District

__all__ = [
    "Case",
    "CheckReport",
    "Loaded",
    "case_folder",
    "case_schema",
    "check_case",
    "load_case",
    "read_case",
    "read_case_file",
]

SHIPPED = frozenset({"demo", "wanxiu"})
"""Names of the shipped case."""

_MOST_TOML = 4 * 2**20
_DEEPEST = 20


@dataclass(frozen=True, slots=True)
class CheckReport:
    """
    What `check_case` found.

    Parameters
    ----------
    problems
        Errors and warnings.
    summary
        What the case holds, in numbers; little where it cannot be read.
    district
        None if there is an error.
    """

    problems: Problems
    summary: Mapping[str, Any]
    district: District | None

    @property
    def ok(self) -> bool:
        """Whether a district came of it."""
        return not self.problems.errors

    def to_json(self) -> dict[str, Any]:
        """Return the object of ``check --json`` (interface.md)."""
        return {
            "ok": self.ok,
            "errors": [problem.to_json() for problem in self.problems.errors],
            "warnings": [problem.to_json() for problem in self.problems.warnings],
            "summary": dict(self.summary),
        }


@dataclass(frozen=True, slots=True)
class Case:
    """
    A case that can be planned.

    Parameters
    ----------
    folder
        Where it is.
    district
        What came of it.
    problems
        Warnings.
    summary
        What it holds, in numbers.
    file
        What ``case.toml`` says.
    """

    folder: Path
    district: District
    problems: Problems
    summary: Mapping[str, Any]
    file: CaseFile = field(default_factory=CaseFile)


@dataclass(frozen=True, slots=True)
class Loaded:
    """
    A case on the way: what could be read of it.

    Parameters
    ----------
    folder
        Where it is.
    file
        What ``case.toml`` says; None if it is wrong.
    tables
        In the plane of the district, checked.
    plane
        Of the district; None if not known.
    problems
        So far.
    """

    folder: Path
    file: CaseFile | None
    tables: Mapping[str, Table]
    plane: Plane | None
    problems: Problems


def case_folder(case: str | Path) -> Path:
    """
    Return the folder of a case; ``demo`` and ``wanxiu`` name the shipped one.

    Raises
    ------
    CaseError
        If there is no such folder or no ``case.toml`` in it.
    """
    if isinstance(case, str) and case in SHIPPED and not Path(case, "case.toml").is_file():
        return Path(str(importlib.resources.files("xuequ.data") / "demo"))
    folder = Path(case)
    if folder.name == "case.toml" and folder.is_file():
        folder = folder.parent
    if not folder.is_dir():
        raise CaseError(f"there is no folder {case}; name a case folder, or demo for the shipped district")
    if not (folder / "case.toml").is_file():
        raise CaseError(f"there is no case.toml in {case}; xuequ init {case} writes a first one for the files found")
    return folder


def read_case_file(folder: Path, overrides: Sequence[str], problems: Problems) -> CaseFile | None:
    """
    Read ``case.toml`` with overrides over it.

    Parameters
    ----------
    folder
        Of the case.
    overrides
        Texts ``section.key=value``; the value in TOML, or a bare text.
    problems
        Takes what is wrong, as errors of the table ``case.toml``.
    """
    path = folder / "case.toml"
    try:
        raw = path.read_bytes()
        if len(raw) > _MOST_TOML:
            problems.error(
                "case.toml", f"the file has {len(raw):,} bytes; at most {_MOST_TOML:,} are read", "put data into tables"
            )
            return None
        data = tomllib.loads(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        problems.error("case.toml", "the file is not in UTF-8", "save it in UTF-8")
        return None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        problems.error("case.toml", f"the file is not valid TOML: {error}", "correct the line; texts stand in quotation marks")
        return None
    except ValueError:
        problems.error("case.toml", "a number has thousands of digits", "correct it, or put quotation marks around a text")
        return None
    for text in overrides:
        _override(data, text, problems)
    if _deeper_than(data, _DEEPEST):
        problems.error("case.toml", f"sections are nested more than {_DEEPEST} deep", "delete what does not belong there")
        return None
    return validate_case(data, problems)


def _deeper_than(data: dict[str, Any], most: int) -> bool:
    level: list[Any] = [data]
    for _ in range(most):
        level = [item for part in level for item in (part.values() if isinstance(part, dict) else part)]
        level = [item for item in level if isinstance(item, (dict, list))]
    return bool(level)


def _override(data: dict[str, Any], text: str, problems: Problems) -> None:
    key, sign, value = text.partition("=")
    path = [part.strip() for part in key.split(".")]
    if not sign or not all(path) or len(path) < 2:
        problems.error(
            "case.toml",
            f"the override {text} is not of the form section.key=value",
            "write for example zoning.regime=full",
            value=text,
        )
        return
    try:
        parsed: Any = tomllib.loads(f"value = {value.strip()}")["value"]
    except (ValueError, RecursionError):
        parsed = value.strip()
    place = data
    for part in path[:-1]:
        below = place.setdefault(part, {})
        if isinstance(below, str) and path[0] == "tables":
            below = place[part] = {"file": below}
        if not isinstance(below, dict):
            problems.error("case.toml", f"{key} cannot be overridden: {part} is no section", "correct the key", value=text)
            return
        place = below
    place[path[-1]] = parsed


def load_case(case: str | Path, overrides: Sequence[str] = (), limits: Limits = Limits()) -> Loaded:  # noqa: B008 - frozen
    """
    Read a case as far as it goes: its file, its tables in one plane, every problem so far.

    Raises
    ------
    CaseError
        If there is no such case.
    LimitExceeded
        If a file is larger than what is read.
    """
    folder = case_folder(case)
    problems = Problems()
    file = read_case_file(folder, overrides, problems)
    if file is None:
        return Loaded(folder, None, {}, None, problems)
    tables: dict[str, Table] = {}
    for name, section in file.tables.items():
        if name in TABLES:
            table = read_table(folder, name, section, problems, limits)
            if table is not None:
                tables[name] = table
    placed, plane, sources = bring_together(tables, file, problems)
    tables = check_tables(check_shapes(placed, problems), file, problems)
    check_case_names(file, tables, problems)
    if plane is not None:
        notice_shift(tables, sources, plane, problems)
    return Loaded(folder, file, tables, plane, problems)


def check_case(case: str | Path, overrides: Sequence[str] = ()) -> CheckReport:
    """
    Check a case and tell everything that is wrong with it.

    Parameters
    ----------
    case
        Folder, or the name of the shipped case.
    overrides
        Texts ``section.key=value`` over ``case.toml``.

    Returns
    -------
    CheckReport
        Never raises for what stands in ``case.toml`` or the tables.

    Raises
    ------
    CaseError
        If there is no such case.
    LimitExceeded
        If a file is larger than what is read.
    """
    return _checked(load_case(case, overrides))


def _checked(loaded: Loaded) -> CheckReport:
    problems, file = loaded.problems, loaded.file
    rows = {name: len(table) for name, table in loaded.tables.items()}
    if problems.errors or file is None or loaded.plane is None:
        return CheckReport(problems, {"rows": rows, "crs": None if loaded.plane is None else loaded.plane.name}, None)
    district, road_pieces = assemble(file, loaded.tables, loaded.plane, problems)
    if not district.name:
        district = district.replace(name=loaded.folder.resolve().name)
    if problems.errors:
        return CheckReport(problems, {"rows": rows, "crs": district.crs}, None)
    check_district(district, problems)
    summary = {**summarise(district, set(loaded.tables)), "road_pieces": road_pieces, "rows": rows}
    return CheckReport(problems, summary, district)


def read_case(case: str | Path, overrides: Sequence[str] = ()) -> Case:
    """
    Read a case that is to be planned.

    Parameters
    ----------
    case
        Folder, or the name of the shipped case (``demo``, ``wanxiu``).
    overrides
        Texts ``section.key=value`` over ``case.toml``.

    Raises
    ------
    CaseError
        If there is no such case or ``case.toml`` is wrong.
    TableError
        If a table is wrong; it holds every problem.
    LimitExceeded
        If a file is larger than what is read.
    """
    loaded = load_case(case, overrides)
    wrong = [problem for problem in loaded.problems.errors if problem.table == "case.toml"]
    if wrong:
        more = f" (and {len(wrong) - 1} more: run xuequ check)" if len(wrong) > 1 else ""
        raise CaseError(f"case.toml: {wrong[0].message}; {wrong[0].fix}{more}", loaded.problems)
    report = _checked(loaded)
    if report.district is None or loaded.file is None:
        raise TableError(report.problems)
    return Case(loaded.folder, report.district, report.problems, report.summary, loaded.file)
