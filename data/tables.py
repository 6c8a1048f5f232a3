"""
The tables of a case: their columns, with type, unit, range and the headings that people use for them.

One place says what a column is called and what may stand in it; reading, checking, mending and guessing all follow it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["COORDINATES", "COORDINATE_HEADINGS", "TABLES", "Column", "Kind", "TableSchema", "heading_key"]


class Kind(StrEnum):
    """What stands in a column."""

    ID = "id"
    TEXT = "text"
    COUNT = "whole number"
    NUMBER = "number"
    YEAR = "year"
    FLAG = "yes or no"
    CHOICE = "one of a list"
    CHOICES = "several of a list"
    REFERENCE = "id of another table"
    REFERENCES = "ids of another table"


_STAGES: Mapping[str, str] = MappingProxyType({
    "kindergarten": "kindergarten", "幼儿园": "kindergarten", "学前": "kindergarten", "primary": "primary", "小学": "primary",
    "完全小学": "primary", "elementary": "primary", "junior": "junior", "初中": "junior", "初级中学": "junior", "中学": "junior",
    "九年一贯制": "primary;junior", "九年一贯制学校": "primary;junior", "九年制": "primary;junior",
})  # fmt: skip
_STAGE_WORDS = {Stage.KINDERGARTEN: "幼儿园", Stage.PRIMARY: "小学", Stage.JUNIOR: "初中"}
_GRADE_WORDS = dict(zip(GRADES, (*("小班", "中班", "大班"), *(f"{number}年级" for number in "一二三四五六七八九")), strict=True))
_GRADES: Mapping[str, str] = MappingProxyType(
    {grade.value: grade.value for grade in GRADES}
    | {word: grade.value for grade, word in _GRADE_WORDS.items()}
    | {"初一": "g7", "初二": "g8", "初三": "g9"}
    | {str(number): f"g{number}" for number in range(1, 10)}
)
_SETTINGS: Mapping[str, str] = MappingProxyType({
    "urban": "urban", "城区": "urban", "城市": "urban", "城镇": "urban", "periurban": "periurban", "城郊": "periurban",
    "城郊结合部": "periurban", "城乡结合部": "periurban", "rural": "rural", "农村": "rural", "乡村": "rural", "乡镇": "rural",
})  # fmt: skip
_OWNERSHIP: Mapping[str, str] = MappingProxyType({
    "public": "public", "公办": "public", "private": "private", "民办": "private", "inclusive": "inclusive", "普惠": "inclusive",
    "普惠性民办": "inclusive", "民办普惠": "inclusive",
})  # fmt: skip
_KINDS: Mapping[str, str] = MappingProxyType({
    "full": "full", "完全小学": "full", "non_full": "non_full", "非完全小学": "non_full", "teaching_point": "teaching_point",
    "教学点": "teaching_point",
})  # fmt: skip
_ACTIONS: Mapping[str, str] = MappingProxyType({
    "new": "new", "新建": "new", "expand": "expand", "扩建": "expand", "改扩建": "expand", "relocate": "relocate",
    "迁建": "relocate", "convert": "convert", "改造": "convert", "close": "close", "撤并": "close",
})  # fmt: skip
_ROLES: Mapping[str, str] = MappingProxyType({
    "lead": "lead", "学区长学校": "lead", "龙头学校": "lead", "urban": "urban", "城区": "urban",
    "rural": "rural", "乡镇": "rural", "农村": "rural",
})  # fmt: skip
_TIES: Mapping[str, str] = MappingProxyType({
    "tight": "tight", "紧密型": "tight", "alliance": "alliance", "联盟型": "alliance", "assist": "assist", "帮扶型": "assist",
})  # fmt: skip
_BARRIERS: Mapping[str, str] = MappingProxyType({
    "river": "river", "河流": "river", "motorway": "motorway", "高速公路": "motorway", "railway": "railway", "铁路": "railway",
    "road": "road", "主干道": "road",
})  # fmt: skip
_LINKS: Mapping[str, str] = MappingProxyType({
    "bridge": "bridge", "桥": "bridge", "桥梁": "bridge", "ferry": "ferry", "渡口": "ferry", "underpass": "underpass",
    "地下通道": "underpass", "tunnel": "underpass", "crossing": "crossing", "天桥": "crossing",
})  # fmt: skip
_HOUSING: Mapping[str, str] = MappingProxyType({
    "flat": "flat", "flats": "flat", "商品房": "flat", "house": "house", "别墅": "house", "social": "social", "保障房": "social",
    "resettlement": "resettlement", "安置房": "resettlement",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Column:
    """
    One column of a table.

    Parameters
    ----------
    name
        The program's name.
    kind
        What stands in it.
    unit
        Unit, for messages; empty for texts.
    required
        Whether every row needs a value.
    headings
        What people call it, besides its name.
    choices
        For `Kind.CHOICE` and `Kind.CHOICES`: what may be written, and what it means.
    refers
        For references: the table whose ids they are.
    usual
        Above this a number is strange: a warning.
    range
        Least and most that can be meant: an error beyond.
    """

    name: str
    kind: Kind
    unit: str = ""
    required: bool = False
    headings: tuple[str, ...] = ()
    choices: Mapping[str, str] = field(default_factory=dict)
    refers: str = ""
    usual: float | None = None
    range: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class TableSchema:
    """
    One table of a case.

    Parameters
    ----------
    name
        As in ``[tables.NAME]``.
    columns
        What may stand in it; further columns of a file are left alone.
    shape
        Whether a row has a place: polygons, points, lines, any of them, or none.
    place_required
        Whether the table is of no use without places.
    key
        Columns that together name a row once.
    """

    name: str
    columns: tuple[Column, ...]
    shape: Literal["none", "point", "line", "area", "any"] = "none"
    place_required: bool = False
    key: tuple[str, ...] = ()

    def column(self, name: str) -> Column:
        """Return a column by the program's name."""
        return next(column for column in self.columns if column.name == name)

    def names(self) -> tuple[str, ...]:
        """Return the program's names of all columns, those of places included."""
        places = () if self.shape == "none" else COORDINATES
        return tuple(column.name for column in self.columns) + places


COORDINATES: tuple[str, ...] = ("geometry", "x", "y", "lon", "lat")
"""The columns that say where a row is; ``geometry`` may be a text column of WKT."""

COORDINATE_HEADINGS: Mapping[str, tuple[str, ...]] = MappingProxyType({
    "geometry": ("geom", "wkt", "the_geom", "图形"),
    "x": ("x_m", "x坐标", "横坐标"),
    "y": ("y_m", "y坐标", "纵坐标"),
    "lon": ("lng", "long", "longitude", "经度"),
    "lat": ("latitude", "纬度"),
})  # fmt: skip

_PUPIL_WORDS = ("学生数", "学生人数", "在校生数", "在校生", "人数", "适龄儿童数")
_ROOM_WORDS = ("教室数", "教室", "普通教室数", "班级容量", "班数")
_SEAT_WORDS = ("学位数", "学位", "容量")


def _per_stage(name: str, unit: str, words: tuple[str, ...], usual: float) -> tuple[Column, ...]:
    plain = Column(name, Kind.COUNT, unit, headings=words, usual=usual)
    return plain, *(
        Column(f"{name}_{stage}", Kind.COUNT, unit, headings=tuple(f"{_STAGE_WORDS[stage]}{word}" for word in words), usual=usual)
        for stage in Stage
    )


def _pupils() -> tuple[Column, ...]:
    by_grade = tuple(
        Column(f"pupils_{grade}", Kind.COUNT, "pupils", headings=(word, *(f"{word}{w}" for w in _PUPIL_WORDS)), usual=2000)
        for grade, word in _GRADE_WORDS.items()
    )
    return *_per_stage("pupils", "pupils", (*_PUPIL_WORDS, "demand"), 20_000), *by_grade


_ID_WORDS = ("编号", "代码", "code", "序号")
_BLOCK_WORDS = ("block_id", "地块编号", "地块", "小区编号", "小区代码")
_SCHOOL_WORDS = ("school_id", "学校编号", "学校代码", "学校", "学校标识码")
_YEAR = Column("year", Kind.YEAR, headings=("school_year", "学年", "年份", "年度"))
_STAGE = Column("stage", Kind.CHOICE, headings=("学段",), choices=_STAGES)
_SETTING = Column("setting", Kind.CHOICE, headings=("城乡", "城乡类型", "区域类型"), choices=_SETTINGS)

_SCHEMAS: tuple[TableSchema, ...] = (
    TableSchema("blocks", (
        Column("id", Kind.ID, required=True, headings=(*_BLOCK_WORDS, "unit_id", *_ID_WORDS)),
        Column("name", Kind.TEXT, headings=("名称", "小区", "小区名称", "地块名称", "楼盘")),
        Column("community", Kind.TEXT, headings=("社区", "社区名称", "居委会", "村居", "村委会")),
        _SETTING, *_pupils(),
        Column("households", Kind.COUNT, "households", headings=("户数", "总户数"), usual=20_000),
        Column("point_x", Kind.NUMBER, "as the geometry"), Column("point_y", Kind.NUMBER, "as the geometry"),
        *(Column(f"school_{stage}", Kind.REFERENCES, headings=(f"{word}学校", f"对口{word}"), refers="schools")
          for stage, word in _STAGE_WORDS.items()),
    ), "area", place_required=True, key=("id",)),
    TableSchema("schools", (
        Column("id", Kind.ID, required=True, headings=(*_SCHOOL_WORDS, *_ID_WORDS)),
        Column("name", Kind.TEXT, headings=("学校名称", "校名", "名称", "幼儿园名称", "学校（园）名称")),
        Column("stages", Kind.CHOICES, headings=("stage", "学段", "办学类型", "学校类型"), choices=_STAGES),
        _SETTING,
        Column("ownership", Kind.CHOICE, headings=("办学性质", "举办者类型", "公办民办"), choices=_OWNERSHIP),
        *_per_stage("classrooms", "classrooms", _ROOM_WORDS, 200),
        *_per_stage("seats", "seats", (*_SEAT_WORDS, "capacity"), 10_000),
        Column("standard", Kind.COUNT, "pupils a class", headings=("标准班额",), usual=60),
        Column("kind", Kind.CHOICE, headings=("学校类别",), choices=_KINDS),
        Column("lead", Kind.FLAG, headings=("龙头学校", "学区长学校", "是否龙头")),
        Column("group", Kind.TEXT, headings=("教育集团", "集团", "集团名称")),
        Column("land_m2", Kind.NUMBER, "m²", headings=("land", "占地面积", "用地面积"), usual=1_000_000),
        Column("opened", Kind.YEAR, headings=("开办学年", "建校年份")),
        Column("closed", Kind.YEAR, headings=("停办学年", "撤并学年")),
        Column("necessary", Kind.FLAG, headings=("必要教学点",)),
        Column("invented", Kind.FLAG),
        Column("block", Kind.REFERENCE, headings=_BLOCK_WORDS, refers="blocks"),
    ), "point", key=("id",)),
    TableSchema("enrolment", (
        Column("school", Kind.REFERENCE, required=True, headings=(*_SCHOOL_WORDS, "学校名称"), refers="schools"),
        Column("grade", Kind.CHOICE, required=True, headings=("年级",), choices=_GRADES), _YEAR,
        Column("pupils", Kind.COUNT, "pupils", headings=_PUPIL_WORDS, usual=3000),
        Column("classes", Kind.COUNT, "classes", headings=("班级数", "班数"), usual=60),
        Column("section", Kind.TEXT, headings=("班", "班级")),
        Column("sizes", Kind.TEXT, headings=("各班人数", "班额")),
    )),
    TableSchema("sites", (
        Column("id", Kind.ID, required=True, headings=("site_id", "项目编号", *_ID_WORDS)),
        Column("name", Kind.TEXT, headings=("项目名称", "名称", "项目")),
        Column("action", Kind.CHOICE, required=True, headings=("建设性质", "建设类型"), choices=_ACTIONS),
        Column("stages", Kind.CHOICES, required=True, headings=("stage", "学段"), choices=_STAGES),
        Column("school", Kind.REFERENCE, headings=("school_id", "学校编号", "学校"), refers="schools"),
        Column("replaces", Kind.REFERENCE, headings=("原学校",), refers="schools"),
        Column("block", Kind.REFERENCE, headings=_BLOCK_WORDS, refers="blocks"),
        Column("classrooms_min", Kind.COUNT, "classrooms", headings=("rooms_min", "最少教室数"), usual=120),
        Column("classrooms_max", Kind.COUNT, "classrooms", required=True, headings=("rooms_max", "最多教室数", "教室数"),
               usual=120),
        Column("step", Kind.COUNT, "classrooms", headings=("步长",), usual=60),
        Column("earliest_year", Kind.YEAR, headings=("最早投用学年", "最早学年")),
        Column("lead_years", Kind.COUNT, "years", headings=("建设周期",), usual=10),
        Column("land_m2", Kind.NUMBER, "m²", headings=("land", "用地面积"), usual=1_000_000),
        Column("floor_m2", Kind.NUMBER, "m²", headings=("floor", "建筑面积"), usual=1_000_000),
        Column("floor_m2_per_room", Kind.NUMBER, "m² a classroom", usual=2000),
        Column("cost_fixed_wan", Kind.NUMBER, "10,000 yuan", headings=("cost_fixed", "固定投资"), usual=1_000_000),
        Column("cost_room_wan", Kind.NUMBER, "10,000 yuan a classroom", headings=("cost_per_room", "每间投资"), usual=10_000),
        Column("convertible", Kind.FLAG, headings=("可转换",)), Column("conversion_approved", Kind.FLAG, headings=("转换已批",)),
        _SETTING, Column("notes", Kind.TEXT, headings=("备注",)),
    ), "point", key=("id",)),
    TableSchema("roads", (
        Column("from", Kind.ID, headings=("起点",)), Column("to", Kind.ID, headings=("终点",)),
        Column("length_m", Kind.NUMBER, "m", headings=("length", "长度"), usual=200_000),
        Column("walkable", Kind.FLAG, headings=("可步行",)), Column("oneway", Kind.TEXT, headings=("one_way", "单行")),
        Column("class", Kind.TEXT, headings=("highway", "h", "fclass", "道路等级")), Column("bridge", Kind.TEXT),
    ), "line"),
    TableSchema("distances", (
        Column("block", Kind.REFERENCE, required=True, headings=_BLOCK_WORDS, refers="blocks"),
        Column("school", Kind.REFERENCE, required=True, headings=_SCHOOL_WORDS, refers="schools"),
        Column("metres", Kind.NUMBER, "m", required=True, headings=("distance_m", "distance", "距离"), usual=200_000),
    ), key=("block", "school")),
    TableSchema("barriers", (
        Column("kind", Kind.CHOICE, headings=("类型",), choices=_BARRIERS), Column("name", Kind.TEXT, headings=("名称",)),
    ), "any", place_required=True),
    TableSchema("links", (
        Column("a", Kind.REFERENCE, refers="blocks"), Column("b", Kind.REFERENCE, refers="blocks"),
        Column("kind", Kind.CHOICE, headings=("类型",), choices=_LINKS), Column("name", Kind.TEXT, headings=("名称",)),
    ), "line"),
    TableSchema("catchments", (
        Column("block", Kind.REFERENCE, headings=_BLOCK_WORDS, refers="blocks"), _STAGE, _YEAR,
        Column("school", Kind.REFERENCES, required=True, headings=(*_SCHOOL_WORDS, "schools", "招生学校"), refers="schools"),
    ), "area"),
    TableSchema("clusters", (
        Column("school", Kind.REFERENCE, required=True, headings=_SCHOOL_WORDS, refers="schools"),
        Column("cluster", Kind.TEXT, required=True, headings=("学区", "学区名称")),
        Column("role", Kind.CHOICE, headings=("角色",), choices=_ROLES),
        Column("tie", Kind.CHOICE, headings=("联结",), choices=_TIES),
        Column("tie_with", Kind.REFERENCE, refers="schools"),
    ), key=("school",)),
    TableSchema("births", (
        Column("area", Kind.TEXT, required=True, headings=("community", "社区", "社区名称", "村居")),
        Column("year", Kind.YEAR, required=True, headings=("出生年份", "年份")),
        Column("month", Kind.COUNT, "month", headings=("月份",), range=(1, 12)),
        Column("births", Kind.COUNT, "births", required=True, headings=("出生人数", "出生人口"), usual=20_000),
    )),
    TableSchema("housing", (
        Column("id", Kind.ID, headings=_ID_WORDS), Column("name", Kind.TEXT, headings=("estate", "楼盘", "小区", "名称")),
        Column("block", Kind.REFERENCE, headings=_BLOCK_WORDS, refers="blocks"),
        Column("year", Kind.YEAR, required=True, headings=("completion", "竣工年份", "交付年份")),
        Column("units", Kind.COUNT, "homes", required=True, headings=("套数", "户数"), usual=20_000),
        Column("type", Kind.TEXT, headings=("类型",)),
    ), "any"),
    TableSchema("addresses", (
        Column("address", Kind.TEXT, headings=("地址", "门牌地址")),
        Column("street", Kind.TEXT, headings=("街路", "道路", "街道名")),
        Column("number", Kind.TEXT, headings=("门牌号", "house_number")), Column("estate", Kind.TEXT, headings=("小区", "楼盘")),
        Column("block", Kind.REFERENCE, headings=_BLOCK_WORDS, refers="blocks"),
    ), "point"),
    TableSchema("locks", (
        Column("block", Kind.REFERENCE, required=True, headings=_BLOCK_WORDS, refers="blocks"), _STAGE,
        Column("school", Kind.REFERENCE, required=True, headings=_SCHOOL_WORDS, refers="schools"),
        Column("must", Kind.FLAG, headings=("必须",)),
    )),
    TableSchema("adjacency", (
        Column("a", Kind.REFERENCE, required=True, headings=("from", "block_a", "block_1", "block"), refers="blocks"),
        Column("b", Kind.REFERENCE, required=True, headings=("to", "block_b", "block_2", "neighbour"), refers="blocks"),
        Column("border_m", Kind.NUMBER, "m", headings=("border",), usual=200_000),
    )),
    TableSchema("demand", (
        Column("block", Kind.REFERENCE, required=True, headings=_BLOCK_WORDS, refers="blocks"),
        Column("grade", Kind.CHOICE, required=True, headings=("年级",), choices=_GRADES),
        Column("year", Kind.YEAR, required=True, headings=("school_year", "学年")),
        Column("scenario", Kind.TEXT, headings=("情景", "方案")),
        Column("pupils", Kind.COUNT, "pupils", required=True, headings=_PUPIL_WORDS, usual=5000),
    ), key=("block", "grade", "year", "scenario")),
    TableSchema("boundary", (Column("name", Kind.TEXT, headings=("名称",)),), "any", place_required=True),
)  # fmt: skip

TABLES: Mapping[str, TableSchema] = MappingProxyType({schema.name: schema for schema in _SCHEMAS})
"""Every table that becomes part of a district (case-format.md); ``resources`` and ``applicants`` are read by who uses them."""

_BRACKETS = re.compile(r"[(\[{].*?[)\]}]")


def heading_key(heading: str) -> str:
    """Return what is left of a heading when width, case, blanks and a unit in brackets are taken away."""
    text = unicodedata.normalize("NFKC", heading)
    bare = _BRACKETS.sub("", text) or text
    return re.sub(r"[\s_\-]+", "", bare).casefold()
