"""
Benchmark instances of school service areas, as districts.

A folder of instances has ``instances.csv`` (``instance, problem, units_file, edges_file, schools_file, p``) beside the units,
edges and schools that it names, and may have ``best_known.csv``. Each file may also be compressed, with ``.gz`` after its name.
"""

from __future__ import annotations

import csv
import gzip
import zlib
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.network import straight_distances
from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.arrays import frozen
from xuequ.zoning.demand import Demand
from xuequ.zoning.district import District
from xuequ.zoning.errors import InputError
from xuequ.zoning.options import GoalSpec, Options, ZoningOptions
from xuequ.zoning.places import Blocks, Schools
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.zoning.plan import Plan

__all__ = [
    "PLANNED_YEAR",
    "BestKnown",
    "Instance",
    "list_instances",
    "list_problems",
    "read_best_known",
    "read_instance",
    "write_assignment",
]

PLANNED_YEAR = 2026
"""School year that the district of an instance plans; instances have no years."""

_MOST_PUPILS = 10_000_000
"""Of one unit or one school: more would be a slip, and would not fit in a demand."""
_PROBLEMS = ("SAP", "CFLSAP", "CKFLSAP")


@dataclass(frozen=True, slots=True)
class BestKnown:
    """
    Published results of an instance.

    Parameters
    ----------
    value, value_from
        Lowest published objective, and who found it.
    lower_bound, lower_bound_from
        Highest published bound; None where there is none.
    proven_optimal
        Whether no plan can be better.
    published
        Further columns of ``best_known.csv`` by name: objectives, bounds and seconds of single methods.
    """

    value: float
    value_from: str = ""
    lower_bound: float | None = None
    lower_bound_from: str = ""
    proven_optimal: bool = False
    published: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, eq=False)
class Instance:
    """
    A benchmark instance.

    Parameters
    ----------
    name
        As in ``instances.csv``.
    problem
        ``SAP``: every school is open. ``CFLSAP``: a school costs its opening cost where a block is given to it. ``CKFLSAP``:
        the same with exactly ``p`` schools open.
    p
        Number of schools to open; None but for ``CKFLSAP``.
    district
        Blocks without geometry in local metres; every school is a primary school of known seats in a block of its own, which
        bears the same id; pupils are known by stage only; the regime is ``full``, seats are hard, and distance is the only goal.
    opening_cost
        By school, shape ``(schools,)``, in the unit of the objective (pupil·km); zeros for ``SAP``.
    best
        What is published, None where nothing is.
    """

    name: str
    problem: str
    p: int | None
    district: District
    opening_cost: NDArray[np.float64]
    best: BestKnown | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "opening_cost", frozen(self.opening_cost, np.float64))


def list_instances(folder: str | Path) -> tuple[str, ...]:
    """
    Return the names of the instances of a folder, in the order of ``instances.csv``.

    Raises
    ------
    InputError
        If the folder has no readable ``instances.csv``.
    """
    return tuple(row["instance"] for row in _rows(Path(folder), "instances.csv", ("instance",)))


def list_problems(folder: str | Path) -> Mapping[str, str]:
    """
    Return the problem of each instance of a folder (``SAP``, ``CFLSAP`` or ``CKFLSAP``) by its name, in the order of the file.

    Raises
    ------
    InputError
        If the folder has no readable ``instances.csv``.
    """
    rows = _rows(Path(folder), "instances.csv", ("instance", "problem"))
    return MappingProxyType({row["instance"]: row["problem"] for row in rows})


def read_best_known(folder: str | Path) -> Mapping[str, BestKnown]:
    """
    Return the published results of a folder by instance name; empty without ``best_known.csv``.

    Raises
    ------
    InputError
        If a column is missing or a number cannot be read.
    """
    if _found(Path(folder), "best_known.csv") is None:
        return MappingProxyType({})
    known = {}
    for row in _rows(Path(folder), "best_known.csv", ("instance", "best_known")):
        numbers = {name: value for name, text in row.items() if (value := _optional(text)) is not None}
        own = ("instance", "best_known", "lower_bound")
        known[row["instance"]] = BestKnown(
            _number(row, "best_known", "best_known.csv"),
            row.get("best_known_from", ""),
            numbers.get("lower_bound"),
            row.get("lower_bound_from", ""),
            row.get("proven_optimal") == "yes",
            MappingProxyType({name: value for name, value in numbers.items() if name not in own}),
        )
    return MappingProxyType(known)


def read_instance(folder: str | Path, name: str) -> Instance:
    """
    Read one instance.

    Parameters
    ----------
    folder
        Folder of the instances.
    name
        As in ``instances.csv``.

    Raises
    ------
    InputError
        If the instance, a file or a column is missing, or a number or reference is wrong.
    """
    home = Path(folder)
    table = _rows(home, "instances.csv", ("instance", "problem", "units_file", "edges_file", "schools_file", "p"))
    row = next((row for row in table if row["instance"] == name), None)
    if row is None:
        near = get_close_matches(name, [row["instance"] for row in table], n=1)
        hint = f"; the nearest name is {near[0]}" if near else ""
        raise InputError(f"there is no instance {name!r} in {home / 'instances.csv'}{hint}")
    if row["problem"] not in _PROBLEMS:
        raise InputError(f"instance {name} is of the problem {row['problem']!r}; {', '.join(_PROBLEMS)} are known")
    units = _Units.read(home, row["units_file"])
    schools = _rows(home, row["schools_file"], ("unit_id", "capacity", "opening_cost"))
    at = units.positions([school["unit_id"] for school in schools], row["schools_file"])
    if len(np.unique(at)) < len(at):
        raise InputError(f"{row['schools_file']}: two schools stand in one unit")
    seats = np.array([_whole(school, "capacity", row["schools_file"]) for school in schools])
    cost = np.array([_number(school, "opening_cost", row["schools_file"]) for school in schools])
    edges = _rows(home, row["edges_file"], ("a", "b"))
    ends = [units.positions([edge[end] for edge in edges], row["edges_file"]) for end in ("a", "b")]
    alone = np.flatnonzero(ends[0] == ends[1])
    if len(alone):
        raise InputError(f"{row['edges_file']}: unit {edges[alone[0]]['a']!r} is said to touch itself")
    district = _district(name, units, Adjacency.from_pairs(len(units.ids), np.column_stack(ends)), at, seats)
    return Instance(name, row["problem"], _to_open(row, len(schools)), district, cost, read_best_known(home).get(name))


def _to_open(row: Mapping[str, str], schools: int) -> int | None:
    """Return how many schools are to be opened, None where the problem leaves it open."""
    if row["problem"] != "CKFLSAP":
        return None
    if not row["p"].isdecimal() or not 1 <= int(row["p"]) <= schools:
        raise InputError(f"instances.csv, column p: {row['p']!r} is not a number of schools from 1 to {schools}")
    return int(row["p"])


def write_assignment(path: str | Path, instance: Instance, plan: Plan) -> None:
    """
    Write the catchments of a plan as ``unit_id,school_unit_id`` lines, one for each block that has a school.

    Parameters
    ----------
    path
        File to write; replaced if it is there.
    instance
        The instance.
    plan
        A plan of its district.

    Raises
    ------
    KeyError
        If the plan has no primary catchments of `PLANNED_YEAR`.
    """
    district = instance.district
    school = plan.of(Stage.PRIMARY, PLANNED_YEAR).first_school()
    lines = [f"{unit},{district.schools.ids[j]}\n" for unit, j in zip(district.blocks.ids, school, strict=True) if j >= 0]
    Path(path).write_text("unit_id,school_unit_id\n" + "".join(lines), encoding="utf-8", newline="\n")


@dataclass(frozen=True, slots=True, eq=False)
class _Units:
    ids: tuple[str, ...]
    points: NDArray[np.float64]
    pupils: NDArray[np.int64]
    index: Mapping[str, int]

    @classmethod
    def read(cls, folder: Path, file: str) -> _Units:
        rows = _rows(folder, file, ("unit_id", "x_m", "y_m", "pupils"))
        ids = tuple(row["unit_id"] for row in rows)
        index = {unit: position for position, unit in enumerate(ids)}
        if len(index) < len(ids):
            raise InputError(f"{file}: a unit stands there twice")
        points = np.array([[_number(row, "x_m", file), _number(row, "y_m", file)] for row in rows]).reshape(-1, 2)
        return cls(ids, points, np.array([_whole(row, "pupils", file) for row in rows], dtype=np.int64), index)

    def positions(self, names: list[str], file: str) -> NDArray[np.int64]:
        unknown = [name for name in names if name not in self.index]
        if unknown:
            raise InputError(f"{file}: unit {unknown[0]!r} is not among the units ({len(unknown)} such lines)")
        return np.array([self.index[name] for name in names], dtype=np.int64)


def _district(name: str, units: _Units, adjacency: Adjacency, at: NDArray[np.int64], seats: NDArray[np.int64]) -> District:
    primary = list(Stage).index(Stage.PRIMARY)
    shape = (len(at), len(Stage))
    rooms, by_stage = np.zeros(shape, dtype=np.int64), np.full(shape, -1, dtype=np.int64)
    rooms[:, primary], by_stage[:, primary] = -1, seats
    years = (PLANNED_YEAR - 1, PLANNED_YEAR)
    pupils = np.zeros((1, len(years), len(GRADES), len(units.ids)), dtype=np.int32)
    pupils[0, :, Stage.PRIMARY.grade_slice.start] = units.pupils
    school_ids = tuple(units.ids[i] for i in at)
    zoning = ZoningOptions(Stage.PRIMARY, regime="full", goals=(GoalSpec("distance"),), seats="hard")
    return District(
        name=name,
        crs="local-metres",
        school_year=years[0],
        years=years[1:],
        blocks=Blocks(units.ids, units.points),
        schools=Schools(school_ids, units.points[at], rooms, at, seats=by_stage),
        adjacency=adjacency,
        distances=straight_distances(units.points, units.points[at]),
        demand=Demand(years, pupils, graded=False),
        options=Options(zoning=zoning),
    )


def _found(folder: Path, file: str) -> Path | None:
    if Path(file).name != file:
        raise InputError(f"{file!r} is no name of a file in {folder}")
    return next((path for path in (folder / file, folder / f"{file}.gz") if path.is_file()), None)


def _rows(folder: Path, file: str, columns: tuple[str, ...]) -> list[dict[str, str]]:
    path = _found(folder, file)
    if path is None:
        raise InputError(f"there is no file {file} in {folder}")
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines)
            missing = [column for column in columns if column not in (reader.fieldnames or [])]
            if missing:
                raise InputError(f"{file}: there is no column {', '.join(missing)}")
            return [{name: text or "" for name, text in row.items() if name} for row in reader]
    except (UnicodeError, csv.Error, EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise InputError(f"{file} cannot be read as CSV in UTF-8: {error}") from error


def _optional(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _number(row: Mapping[str, str], column: str, file: str) -> float:
    value = _optional(row[column])
    if value is None or not np.isfinite(value):
        raise InputError(f"{file}, column {column}: {row[column]!r} is not a number")
    return value


def _whole(row: Mapping[str, str], column: str, file: str) -> int:
    value = _number(row, column, file)
    if value != int(value) or not 0 <= value <= _MOST_PUPILS:
        raise InputError(f"{file}, column {column}: {row[column]!r} is not a whole number of pupils")
    return int(value)
