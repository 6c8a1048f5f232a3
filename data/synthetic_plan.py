"""
What the district's plan names: schools, kindergartens, projects and clusters of the demo.

Names without ``※`` stand in the plan or in the list of leads of its clusters; where they lie, how large they are and what a
project may build is invented.
"""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["CLUSTERS", "KINDERGARTENS", "PROJECTS", "SCHOOLS", "TIES", "KindergartenSpec", "ProjectSpec", "SchoolSpec"]

PRIMARY, JUNIOR, NINE_YEAR = "primary", "junior", "primary;junior"


@dataclass(frozen=True, slots=True)
class SchoolSpec:
    """
    A running school.

    Parameters
    ----------
    id, name, stages
        As written in the case.
    side
        ``west`` or ``east`` of the river in town, ``fringe`` or ``country``.
    place
        Metres east and north of the origin, or the village that it stands in.
    size
        Relative size among the schools of its side; in the country 0 for whatever lives near, else pupils.
    kind
        ``full`` or ``teaching_point``.
    group
        School group.
    """

    id: str
    name: str
    stages: str
    side: str
    place: tuple[float, float] | str
    size: float = 1.0
    kind: str = "full"
    group: str = ""


@dataclass(frozen=True, slots=True)
class KindergartenSpec:
    """A running kindergarten: like a school, with its ownership."""

    id: str
    name: str
    place: tuple[float, float] | str
    ownership: str


@dataclass(frozen=True, slots=True)
class ProjectSpec:
    """
    A project of the plan.

    Parameters
    ----------
    id, name, action, stages
        As written in the case.
    place
        For ``expand`` the id of a school; else metres east and north of the origin, or a village.
    rooms
        Fewest and most classrooms, and the step.
    earliest, lead
        First school year with pupils, and years of building before.
    land_m2, fixed_wan, room_wan, floor_m2
        Land added, money for the site and for one room, floor for one room.
    replaces
        School that closes when it opens.
    """

    id: str
    name: str
    action: str
    stages: str
    place: tuple[float, float] | str
    rooms: tuple[int, int, int]
    earliest: int
    lead: int
    land_m2: int
    fixed_wan: int
    room_wan: int
    floor_m2: int
    replaces: str = ""
    convertible: bool = False


SCHOOLS: tuple[SchoolSpec, ...] = (
    SchoolSpec("S01", "振兴小学", PRIMARY, "west", (-3000, 300), 3),
    SchoolSpec("S02", "工厂路小学", PRIMARY, "west", (-2450, 950), 3, group="工厂路教育集团"),
    SchoolSpec("S03", "第一实验小学", PRIMARY, "west", (-1250, 450), 3),
    SchoolSpec("S04", "第三实验小学", PRIMARY, "west", (-2250, -650), 3),
    SchoolSpec("S05", "民主路小学", PRIMARY, "west", (-800, 1350), 3),
    SchoolSpec("S06", "中山小学", PRIMARY, "west", (-550, -250), 3),
    SchoolSpec("S07", "富民小学", PRIMARY, "west", (-1950, 1750), 3),
    SchoolSpec("S08", "大东路小学", PRIMARY, "west", (-400, 550), 2),
    SchoolSpec("S09", "五坊路小学", PRIMARY, "west", (-1350, -850), 2),
    SchoolSpec("S10", "莲花山小学", PRIMARY, "west", (-2950, -1000), 2),
    SchoolSpec("S11", "北山小学※", PRIMARY, "west", (-350, 2750), 2),
    SchoolSpec("S12", "枣冲小学※", PRIMARY, "west", (-1500, 2800), 2, group="工厂路教育集团"),
    SchoolSpec("S13", "城北初级中学※", JUNIOR, "west", (-850, 2150), 1.0),
    SchoolSpec("S14", "城南初级中学※", JUNIOR, "west", (-1050, -450), 1.0),
    SchoolSpec("S15", "富民初级中学※", JUNIOR, "west", (-2500, 400), 1.0),
    SchoolSpec("S16", "第二实验小学", PRIMARY, "east", (1050, 850), 1.3),
    SchoolSpec("S17", "东兴小学※", PRIMARY, "east", (750, 1900), 1.0),
    SchoolSpec("S18", "三云小学※", PRIMARY, "east", (1750, 2250), 0.9),
    SchoolSpec("S19", "珠山小学※", PRIMARY, "east", (1650, -250), 1.0),
    SchoolSpec("S20", "新兴小学※", PRIMARY, "east", (2350, 750), 1.0),
    SchoolSpec("S21", "东兴初级中学※", JUNIOR, "east", (1350, 1500), 1.0),
    SchoolSpec("S22", "角嘴初级中学※", JUNIOR, "east", (1250, -150), 1.0),
    SchoolSpec("S23", "河口小学", PRIMARY, "fringe", "河口", 0),
    SchoolSpec("S24", "城东镇学校", NINE_YEAR, "fringe", (6200, 900), 0),
    SchoolSpec("S25", "双桥小学※", PRIMARY, "fringe", "双桥", 0),
    SchoolSpec("S26", "扶典小学※", PRIMARY, "fringe", "扶典", 0),
    SchoolSpec("S27", "思扶教学点※", PRIMARY, "country", "思扶", 60, "teaching_point"),
    SchoolSpec("S28", "华堂小学※", PRIMARY, "country", "华堂", 0),
    SchoolSpec("S29", "旺步小学", PRIMARY, "fringe", (-2750, 5900), 0),
    SchoolSpec("S30", "龙湖镇中心小学※", PRIMARY, "fringe", (-1500, 5050), 0),
    SchoolSpec("S31", "新民小学※", PRIMARY, "fringe", "新民", 0),
    SchoolSpec("S32", "高旺小学※", PRIMARY, "fringe", "高旺", 0),
    SchoolSpec("S33", "塘源教学点※", PRIMARY, "country", "塘源", 60, "teaching_point"),
    SchoolSpec("S34", "龙湖初级中学※", JUNIOR, "fringe", (-1750, 6250), 0),
    SchoolSpec("S35", "夏郢初级中学", JUNIOR, "country", (1850, 16450), 0),
    SchoolSpec("S36", "夏郢镇中心小学※", PRIMARY, "country", (1350, 16850), 0),
    SchoolSpec("S37", "德安小学", PRIMARY, "country", "德安", 0),
    SchoolSpec("S38", "镇安小学", PRIMARY, "country", "镇安", 0),
    SchoolSpec("S39", "思安学校※", NINE_YEAR, "country", "思安", 0),
    SchoolSpec("S40", "平安小学※", PRIMARY, "country", "平安", 0),
    SchoolSpec("S41", "毓秀小学※", PRIMARY, "country", "毓秀", 0),
    SchoolSpec("S42", "保安小学※", PRIMARY, "country", "保安", 0),
    SchoolSpec("S43", "周睦教学点※", PRIMARY, "country", "周睦", 70, "teaching_point"),
    SchoolSpec("S44", "泗马教学点※", PRIMARY, "country", "泗马", 60, "teaching_point"),
    SchoolSpec("S45", "双垌小学※", PRIMARY, "country", "双垌", 0),
    SchoolSpec("S46", "凤凰小学※", PRIMARY, "country", "凤凰", 0),
    SchoolSpec("S47", "民智教学点※", PRIMARY, "country", "民智", 60, "teaching_point"),
)
"""The 47 schools of the clusters, in 2025."""

CLUSTERS: dict[str, tuple[str, str]] = {
    "S01": ("振兴学区", "S04 S10 S15 S33"),
    "S02": ("工厂路学区", "S07 S12 S39 S44"),
    "S03": ("第一实验学区", "S09 S27 S28"),
    "S05": ("民主路学区", "S11 S13 S29 S30 S31 S32 S34"),
    "S06": ("中山学区", "S08 S14 S43 S45"),
    "S16": ("第二实验学区", "S17 S18 S19 S20 S22 S23 S24 S25 S26"),
    "S35": ("夏郢学区", "S21 S36 S37 S38 S40 S41 S42 S46 S47"),
}
"""Today's clusters by the id of the lead: name and the other members."""

TIES: dict[str, tuple[str, str]] = {
    "S12": ("tight", "S02"), "S39": ("assist", "S02"), "S44": ("assist", "S02"), "S27": ("assist", "S03"),
    "S28": ("assist", "S03"), "S43": ("assist", "S06"), "S45": ("assist", "S06"), "S21": ("assist", "S35"),
    "S33": ("alliance", "S01"),
}  # fmt: skip
"""Ties: one legal person 紧密型, alliance 联盟型, or a town school that assists a country school 帮扶型."""

KINDERGARTENS: tuple[KindergartenSpec, ...] = (
    KindergartenSpec("K01", "龙湖镇中心幼儿园", (-1800, 5400), "public"),
    KindergartenSpec("K02", "城东镇中心幼儿园※", (5600, 700), "public"),
    KindergartenSpec("K03", "夏郢镇中心幼儿园※", (1500, 16400), "public"),
    KindergartenSpec("K04", "工业园区幼儿园※", (7000, 900), "inclusive"),
    KindergartenSpec("K05", "旺步幼儿园※", (-2600, 5500), "inclusive"),
)
"""Kindergartens of the towns; those of communities and villages are named after them by the generator."""

PROJECTS: tuple[ProjectSpec, ...] = (
    ProjectSpec("X01", "扩建工厂路小学", "expand", PRIMARY, "S02", (6, 12, 2), 2027, 1, 5200, 620, 400, 1250),
    ProjectSpec("X02", "扩建振兴小学（九年一贯）", "expand", NINE_YEAR, "S01", (8, 18, 2), 2027, 1, 9800, 900, 430, 1350),
    ProjectSpec("X03", "扩建富民小学（九年一贯）", "expand", NINE_YEAR, "S07", (8, 18, 2), 2026, 1, 9600, 880, 430, 1350),
    ProjectSpec("X04", "扩建第三实验小学（九年一贯）", "expand", NINE_YEAR, "S04", (8, 16, 2), 2027, 2, 9000, 860, 430, 1350),
    ProjectSpec("X05", "扩建中山小学", "expand", PRIMARY, "S06", (4, 8, 2), 2027, 1, 3200, 700, 460, 1200),
    ProjectSpec("X06", "扩建大东路小学", "expand", PRIMARY, "S08", (4, 8, 2), 2028, 1, 3400, 720, 460, 1200),
    ProjectSpec("X07", "扩建五坊路小学（九年一贯）", "expand", NINE_YEAR, "S09", (6, 14, 2), 2026, 1, 7800, 800, 440, 1350),
    ProjectSpec("X08", "扩建莲花山小学", "expand", PRIMARY, "S10", (4, 10, 2), 2027, 1, 4800, 560, 410, 1250),
    ProjectSpec("X09", "迁建民主路小学（九年一贯）", "relocate", NINE_YEAR, (-1050, 1900), (30, 42, 2), 2028, 2, 26000,
                2600, 420, 1400, "S05"),
    ProjectSpec("X10", "扩建旺步小学（九年一贯）", "expand", NINE_YEAR, "S29", (8, 18, 2), 2027, 2, 16500, 1100, 380, 1400),
    ProjectSpec("X11", "新建万达小学（九年一贯）", "new", NINE_YEAR, (7400, 450), (12, 30, 6), 2027, 2, 30000, 2400, 390, 1450),
    ProjectSpec("X12", "新建太和小学（九年一贯）", "new", NINE_YEAR, (-900, 6450), (12, 30, 6), 2028, 2, 28000, 2300, 390, 1450),
    ProjectSpec("X13", "扩建河口小学", "expand", PRIMARY, "S23", (4, 12, 2), 2027, 1, 8400, 640, 370, 1300),
    ProjectSpec("Y01", "扩建龙湖镇中心幼儿园", "expand", "kindergarten", "K01", (6, 9, 3), 2027, 1, 3000, 260, 190, 330),
    ProjectSpec("Y02", "新建万达幼儿园", "new", "kindergarten", (7550, 250), (6, 12, 3), 2027, 2, 4200, 380, 200, 340),
    ProjectSpec("Y03", "新建德安小学附属幼儿园", "new", "kindergarten", "德安", (3, 6, 3), 2027, 1, 2200, 180, 170, 320),
    ProjectSpec("Y04", "新建河口小学附属幼儿园", "new", "kindergarten", "河口", (6, 9, 3), 2027, 1, 3000, 240, 180, 330),
    ProjectSpec("Y05", "新建美的幼儿园", "new", "kindergarten", (-2850, 1000), (6, 12, 3), 2028, 2, 4100, 400, 205, 340),
    ProjectSpec("Y06", "新建镇安小学附属幼儿园", "new", "kindergarten", "镇安", (3, 9, 3), 2028, 1, 3000, 200, 170, 320),
    ProjectSpec("Y07", "新建光大幼儿园", "new", "kindergarten", (2050, 1250), (6, 12, 3), 2027, 2, 4100, 400, 205, 340),
)  # fmt: skip
"""Thirteen school projects and seven kindergartens; rooms, land and money are invented."""
