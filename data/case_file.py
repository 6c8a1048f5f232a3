"""What may stand in ``case.toml``: sections, keys, types; unknown keys are errors that name the nearest known one."""

from __future__ import annotations

from datetime import date  # noqa: TC003 - pydantic reads it
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import (
    AfterValidator,
    AliasChoices,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    TypeAdapter,
    ValidationError,
    model_validator,
)

from xuequ.data.case_rules import check_rules
from xuequ.data.tables import COORDINATES, TABLES
from xuequ.zoning.options import GOAL_UNITS
from xuequ.zoning.problems import Problems  # noqa: TC001 - signatures are read at run time
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Programme, Stage  # noqa: TC001 - pydantic reads them

__all__ = ["CaseFile", "JoinSection", "TableSection", "case_schema", "validate_case"]

FOREIGN_TABLES = ("resources", "applicants")
"""Known tables that are read by who uses them and are no part of a district."""

Scalar = str | int | float | bool
Year = Annotated[int, Field(ge=1900, le=2200)]
Amount = Annotated[int, Field(ge=0, le=1_000_000_000)]
"""Pupils, square metres or 10,000 yuan: more than the most means nothing and would leave the machine's numbers."""
Metres = Annotated[float, Field(ge=0, le=10_000, allow_inf_nan=False)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def _known_timezone(name: str) -> str:
    known = available_timezones()
    if known and name not in known:
        near = get_close_matches(name, sorted(known), n=1, cutoff=0.0)[0]
        raise ValueError(f"there is no timezone {name}; the nearest known one is {near}")
    return name


class CaseSection(_Section):
    """``[case]``."""

    name: str = ""
    crs: str | None = Field(default=None, description='Authority code ("EPSG:4547"), "local-metres", "gcj02" or "bd09".')
    school_year: Year | None = Field(default=None, description="Today's school year, by its first calendar year.")
    years: tuple[Year, ...] | None = Field(default=None, description="School years to plan.")
    timezone: Annotated[str, AfterValidator(_known_timezone)] = "Asia/Shanghai"
    language: Literal["zh", "en"] = "zh"
    data_licence: str = ""
    synthetic: bool = False


class JoinSection(_Section):
    """A second file whose columns are added to a table by id."""

    file: str
    layer: str | None = None
    encoding: str | None = None
    key: str = Field(description="Column of the second file that holds the ids of the table.")
    columns: dict[str, str] = Field(default_factory=dict, description="The program's column = the second file's column.")
    filter: str | dict[str, Scalar | list[Scalar]] | None = None


def _file_alone(value: Any) -> Any:
    return {"file": value} if isinstance(value, str) else value


def _list_of(value: Any) -> Any:
    return (value,) if isinstance(value, (str, dict)) else value


class TableSection(_Section):
    """``[tables.X]``; a table given as a text alone is its file."""

    file: str
    layer: str | None = Field(default=None, description="Layer of a GeoPackage, sheet of a workbook.")
    encoding: str | None = Field(default=None, description="Of a text file or shapefile; recognised if not given.")
    crs: str | None = Field(default=None, description="Where the file says none or a wrong one; wins over the file.")
    columns: dict[str, str] = Field(default_factory=dict, description="The program's column = the file's column.")
    values: dict[str, Scalar] = Field(default_factory=dict, description="One value for all rows of a column that the file lacks.")
    filter: str | dict[str, Scalar | list[Scalar]] | None = Field(
        default=None, description='Rows to keep: "level = \'ES\' and seats > 0", or { level = ["ES", "K8"] }.'
    )
    join: Annotated[tuple[JoinSection, ...], BeforeValidator(_list_of)] = ()


class GoalSection(_Section):
    """A goal with its tolerance."""

    name: str
    tolerance: float = Field(default=0.0, ge=0, allow_inf_nan=False)


def _goal(value: Any) -> Any:
    return {"name": value} if isinstance(value, str) else value


class LockSection(_Section):
    """A lock made by hand."""

    block: Annotated[str, BeforeValidator(str)]
    school: Annotated[str, BeforeValidator(str)]
    stage: Stage | None = None
    must: bool = True


Text = Annotated[str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)]


class ZoningSection(_Section):
    """``[zoning]``."""

    stage: Stage | None = None
    regime: Literal["full", "phase_in"] | None = None
    goals: Annotated[tuple[Annotated[GoalSection, BeforeValidator(_goal)], ...], Field(min_length=1)] | None = None
    tolerances: dict[str, Annotated[float, Field(ge=0, allow_inf_nan=False)]] = Field(
        default_factory=dict, description="Tolerance by goal, over that of the list."
    )
    seats: Literal["soft", "hard"] = "soft"
    moved_max: float | None = Field(
        default=None, ge=0, le=1_000_000_000, validation_alias=AliasChoices("moved_max", "max_moved"),
        description="Pupils, or below 1 a share.",
    )  # fmt: skip
    keep_together: tuple[tuple[Text, ...], ...] = ()
    locks: tuple[LockSection, ...] = ()
    scenario: str = "middle"


class ProgrammeSection(_Section):
    """Floors of a building programme."""

    seats_min: Amount = 0
    projects_min: Amount = 0
    land_m2: Amount = 0
    land_max_m2: Amount | None = None


class SeatsSection(_Section):
    """``[seats]``."""

    years: tuple[Year, ...] = ()
    budgets: dict[Programme, dict[Year, Amount]] = Field(default_factory=dict, description="10,000 yuan by programme and year.")
    programmes: dict[Programme, ProgrammeSection] = Field(default_factory=dict)
    scenarios: tuple[str, ...] = ("middle",)
    discount: float = Field(default=0.03, ge=0, lt=1)
    group_blocks: int = Field(default=250, ge=1, le=1_000_000)


class TieSection(_Section):
    """A tie between two schools."""

    a: Text
    b: Text
    kind: Literal["tight", "alliance", "assist"]


Size = Annotated[int, Field(ge=1, le=1_000_000)]


class ClustersSection(_Section):
    """``[clusters]``."""

    count: int = Field(default=0, ge=0, le=1_000_000, validation_alias=AliasChoices("count", "number"))
    leads: tuple[Text, ...] = ()
    size: tuple[Size, Size] | None = Field(default=None, description="Least and most schools, lead included.")
    size_min: Size | None = None
    size_max: Size | None = None
    ties: tuple[TieSection, ...] = ()

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        least, most = self.size or (None, None)
        least, most = self.size_min or least, self.size_max or most
        if least is not None and most is not None and least > most:
            raise ValueError(f"at least {least} schools in a cluster are more than at most {most}")
        return self


class PublishSection(_Section):
    """``[publish]``."""

    small_count: int = Field(default=10, ge=0, le=1_000_000)
    notices: str = ""
    contact: str = ""
    draw_seed: Text = ""
    decided: date | None = Field(default=None, description="Day of the decision that the plan stands in.")
    decision: str = Field(default="", description="Title, number or address of the published decision.")


class BordersSection(_Section):
    """``[borders]``: how shared borders are measured, metres."""

    tolerance_m: Metres = Field(default=1.0, gt=0, validation_alias=AliasChoices("tolerance_m", "snap_m"))
    min_border_m: Metres = 5.0
    barrier_m: Metres = 15.0
    near_miss_m: Metres = 10.0
    sliver_width_m: Metres = 2.0


class CaseFile(_Section):
    """The whole of ``case.toml``."""

    case: CaseSection = CaseSection()
    tables: dict[str, Annotated[TableSection, BeforeValidator(_file_alone)]] = Field(default_factory=dict)
    rules: dict[str, Any] = Field(default_factory=dict)
    zoning: ZoningSection = ZoningSection()
    seats: SeatsSection = SeatsSection()
    clusters: ClustersSection = ClustersSection()
    publish: PublishSection = PublishSection()
    borders: BordersSection = BordersSection()
    roads: dict[str, Any] = Field(default_factory=dict, description="How roads are read: see the network's options.")
    forecast: dict[str, Any] = Field(default_factory=dict, description="How children are forecast: see the forecast's options.")
    admission: dict[str, Any] = Field(default_factory=dict, description="Priority classes and dates of admission.")


def case_schema() -> dict[str, Any]:
    """Return the JSON Schema of ``case.toml``, for editors."""
    schema = CaseFile.model_json_schema(by_alias=False)
    rules = TypeAdapter(Rules).json_schema(ref_template="#/$defs/{model}")
    for name, part in rules.pop("$defs", {}).items():
        schema["$defs"][name] = {key: value for key, value in part.items() if key != "required"}
    schema["properties"]["rules"] = {"type": "object", "properties": rules["properties"], "additionalProperties": False}
    names = [*TABLES, *FOREIGN_TABLES]
    schema["properties"]["tables"]["propertyNames"] = {"enum": names}
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "case.toml of xuequ"
    return schema


def validate_case(data: dict[str, Any], problems: Problems) -> CaseFile | None:
    """
    Check what ``case.toml`` says; every fault becomes an error of table ``case.toml``.

    Parameters
    ----------
    data
        The parsed file with the overrides in it.
    problems
        Takes what is wrong.

    Returns
    -------
    CaseFile or None
        None if anything is wrong.
    """
    before = len(problems.errors)
    data = _with_our_names(data)
    try:
        case = CaseFile.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False)
        for item in found:
            inner = any(other["loc"][: len(item["loc"])] == item["loc"] and other is not item for other in found)
            if not (item["type"] == "too_short" and inner):  # a list is not short because of what is wrong in it
                _tell(item, problems)
        case = CaseFile()
    _check_names(data, case, problems)
    check_rules(data.get("rules"), problems)
    return None if len(problems.errors) > before else case


def _with_our_names(data: dict[str, Any]) -> dict[str, Any]:
    """Take a heading in common use (``school_id``, ``capacity``) for the column that it stands for, as in a file."""
    tables = data.get("tables")
    if not isinstance(tables, dict):
        return data
    ours = {name: dict(section) if isinstance(section, dict) else section for name, section in tables.items()}
    for name, section in ours.items():
        given = section.get("columns") if isinstance(section, dict) else None
        if name in TABLES and isinstance(given, dict):
            known = TABLES[name].names()
            meant = {heading: column.name for column in reversed(TABLES[name].columns) for heading in column.headings}
            section["columns"] = {
                key if key in known or meant.get(key, key) in given else meant.get(key, key): value
                for key, value in given.items()
            }
    return {**data, "tables": ours}


def _tell(item: Any, problems: Problems) -> None:
    path = [part for part in item["loc"] if isinstance(part, (str, int)) and not str(part).startswith("function-")]
    key = ".".join(str(part) for part in path)
    if item["type"] == "extra_forbidden":
        known = _known_keys(path[:-1])
        near = get_close_matches(str(path[-1]), known, n=1, cutoff=0.3) or known[:1]
        prefix = "".join(f"{part}." for part in path[:-1])
        hint = f"; the nearest known one is {prefix}{near[0]}" if near else ""
        problems.error(
            "case.toml", f"there is no key {key}{hint}", "correct or delete the key", column=key, value=str(item["input"])[:80]
        )
        return
    said = item["msg"].removeprefix("Value error, ")
    said = said[0].lower() + said[1:]
    if item["type"] in {"model_type", "model_attributes_type", "dict_type"}:
        said = f"is {item.get('input')!r:.60}, where a section with keys is expected"
    problems.error("case.toml", f"{key}: {said}", "correct the value", column=key, value=str(item.get("input"))[:80])


def _known_keys(path: list[Any]) -> list[str]:
    """Return the keys that may stand at a place of the file."""
    model: Any = CaseFile
    for part in path:
        if isinstance(part, int):
            continue
        model = _model_below(model, str(part))
        if model is None:
            return []
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []


_BELOW: dict[tuple[type, str], type] = {
    (TableSection, "join"): JoinSection, (ZoningSection, "goals"): GoalSection, (ZoningSection, "locks"): LockSection,
    (ClustersSection, "ties"): TieSection,
}  # fmt: skip


def _model_below(model: Any, key: str) -> Any:
    if model is CaseFile and key in CaseFile.model_fields:
        return {"tables": "tables"}.get(key) or CaseFile.model_fields[key].annotation
    if model == "tables":
        return TableSection
    if model is SeatsSection and key == "programmes":
        return "programmes"
    if model == "programmes":
        return ProgrammeSection
    return _BELOW.get((model, key))


def _check_names(data: dict[str, Any], case: CaseFile, problems: Problems) -> None:
    tables = data.get("tables")
    known = [*TABLES, *FOREIGN_TABLES]
    for name in tables if isinstance(tables, dict) else ():
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)
            problems.error("case.toml", f"there is no table {name}; the nearest known one is {near[0]}",
                           "rename or delete the section", column=f"tables.{name}")  # fmt: skip
    for name, section in case.tables.items():
        if name in TABLES:
            _check_columns(
                name, [*section.columns, *section.values, *(key for join in section.join for key in join.columns)], problems
            )
            for place in set(section.values) & set(COORDINATES):
                problems.error("case.toml", f"values of table {name} cannot say {place}: all rows would be in one place",
                               "name a column in columns", column=f"tables.{name}.values.{place}")  # fmt: skip
    ranked = [goal.name for goal in case.zoning.goals or ()]
    for goal in sorted({name for name in ranked if ranked.count(name) > 1}):
        problems.error("case.toml", f"the goal {goal} stands twice in the list", "leave the place that counts",
                       column="zoning.goals", value=goal)  # fmt: skip
    goals = [*ranked, *case.zoning.tolerances]
    for goal in goals:
        if goal not in GOAL_UNITS:
            near = get_close_matches(goal, list(GOAL_UNITS), n=1, cutoff=0.0)
            problems.error("case.toml", f"there is no goal {goal}; the nearest known one is {near[0]}",
                           f"the goals are {', '.join(GOAL_UNITS)}", column="zoning.goals", value=goal)  # fmt: skip


def _check_columns(table: str, names: list[str], problems: Problems) -> None:
    known = TABLES[table].names()
    for name in names:
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.0)
            problems.error("case.toml", f"table {table} has no column {name}; the nearest known one is {near[0]}",
                           "correct or delete the key", column=f"tables.{table}.columns.{name}")  # fmt: skip
