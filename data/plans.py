"""The plan folder: written whole or not at all, and read back with every fault named."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from xuequ.data.plan_making import plan_from
from xuequ.data.plan_places import outline_faults, write_catchments
from xuequ.data.plan_tables import TABLES, read_scenarios, read_table, scenario_text, table_text
from xuequ.zoning.errors import InputError, LimitExceeded, TableError
from xuequ.zoning.problems import Problems
from xuequ.zoning.statement import Statement
from xuequ.zoning.stating import FORMAT
from xuequ.zoning.verification import Check, Verification, verify

if TYPE_CHECKING:
    from xuequ.zoning.district import District

__all__ = ["plan_from", "read_plan", "refuse_what_is_no_plan", "verify_folder", "write_plan"]

_LARGEST_OBJECT = 1 << 28


def write_plan(folder: str | Path, district: District, statement: Statement) -> Path:
    """
    Write a plan folder whole or not at all.

    Parameters
    ----------
    folder
        Where; a plan that stands there is replaced in one step, an empty folder is used.
    district
        For the outlines of the catchments.
    statement
        What the plan says.

    Returns
    -------
    pathlib.Path
        The folder.

    Raises
    ------
    InputError
        If something else stands there, or it cannot be written.

    Notes
    -----
    interface.md, "A plan on disk". The files are made in a folder beside it, which is then renamed. The same statement gives the
    same bytes.
    """
    target = Path(os.path.abspath(folder))  # noqa: PTH100 - a link that stands there is kept, not followed
    refuse_what_is_no_plan(target)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
        try:
            _write_files(made, district, statement)
            made.chmod(0o755)
            _put_in_place(made, target)
        finally:
            shutil.rmtree(made, ignore_errors=True)
    except OSError as error:
        raise InputError(f"the plan cannot be written to {target}: {error.strerror or error}") from error
    return target


def read_plan(folder: str | Path) -> Statement:
    """
    Read what a plan folder says; nothing is believed of it.

    Raises
    ------
    InputError
        If there is no plan, or it is of a layout that this version does not know.
    TableError
        If tables cannot be read: every fault with its file, line and column.
    LimitExceeded
        If a file is larger than what is read.
    """
    path = Path(folder)
    if not path.is_dir():
        raise InputError(f"there is no plan folder {path}")
    plan = _read_object(path / "plan.json")
    if plan.get("format") != FORMAT:
        raise InputError(
            f"{path / 'plan.json'} has the format {plan.get('format')!r}; this version reads format {FORMAT}: make the plan again"
        )
    problems = Problems()
    tables = {name: read_table(path, table, problems) for name, table in TABLES.items()}
    scenarios = read_scenarios(path, problems)
    certificate = _read_object(path / "certificate.json")
    if problems.errors:
        raise TableError(problems)
    return Statement(plan=plan, certificate=certificate, scenarios=scenarios, **tables)


def verify_folder(district: District, folder: str | Path) -> Verification:
    """
    Verify a plan folder with all its files: what they state, and that the outlines are those of the catchments.

    Raises
    ------
    InputError
        As `read_plan`.
    """
    statement = read_plan(folder)
    found = verify(district, statement)
    faults = outline_faults(Path(folder) / "catchments.gpkg", district, statement.assignment)
    places = {(row.stage, row.year, row.school_id) for row in statement.assignment if row.school_id}
    detail = "; ".join(["outlines of the catchments", *faults[:5]])
    check = Check("catchments.gpkg", not faults, f"{len(places)} outlines", f"{len(faults)} faults", detail)
    return Verification((*found.checks, check))


def refuse_what_is_no_plan(target: Path) -> None:
    """
    Refuse a place where a plan cannot be put; asked before a long search, and again before anything is written.

    Raises
    ------
    InputError
        If something stands there that is neither a plan nor an empty folder, or a file stands on the way to it.
    """
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise InputError(f"{target} is not a folder; name another place for the plan")
    if target.is_dir() and any(target.iterdir()) and not _is_plan(target):
        raise InputError(f"{target} holds other files and no plan; name another place, so that they are not replaced")
    above = next(folder for folder in (target.absolute(), *target.absolute().parents) if folder.exists())
    if not above.is_dir() or not os.access(target.parent if above == target.absolute() else above, os.W_OK):
        raise InputError(f"the plan cannot be written to {target}: {above} is not a folder that you may write to")


def _is_plan(folder: Path) -> bool:
    try:
        found = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return isinstance(found, dict) and {"format", "kind", "case"} <= found.keys()


def _write_files(folder: Path, district: District, statement: Statement) -> None:
    _write_text(folder / "plan.json", _object_text(statement.plan))
    _write_text(folder / "certificate.json", _object_text(statement.certificate))
    for name, table in TABLES.items():
        rows = getattr(statement, name)
        if rows or table.always:
            _write_text(folder / table.file, table_text(table, rows))
    if statement.scenarios:
        _write_text(folder / "scenarios.csv", scenario_text(dict(statement.scenarios)))
    write_catchments(folder / "catchments.gpkg", district, statement.assignment)


def _object_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1, allow_nan=False) + "\n"


def _write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode("utf-8"))


def _put_in_place(made: Path, target: Path) -> None:
    """Rename the new folder to its place; what stood there comes back if that fails."""
    if not target.exists():
        made.rename(target)
        return
    aside = Path(tempfile.mkdtemp(prefix=f".{target.name}.old.", dir=target.parent))
    target.rename(aside / "plan")
    try:
        made.rename(target)
    except OSError:
        (aside / "plan").rename(target)
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > _LARGEST_OBJECT:
            raise LimitExceeded(f"{path} is larger than {_LARGEST_OBJECT >> 20} MiB, the most that is read of it")
        found = json.loads(path.read_text(encoding="utf-8-sig"), parse_constant=_no_constant)
    except FileNotFoundError:
        raise InputError(f"{path} is missing: {path.parent} is not a whole plan folder") from None
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path} is not JSON: {error}") from error
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}") from error
    if not isinstance(found, dict):
        raise InputError(f"{path} holds no JSON object")
    return found


def _no_constant(word: str) -> float:
    raise ValueError(f"{word} is no number")
