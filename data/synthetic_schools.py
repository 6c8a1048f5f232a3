"""Schools of the made-up district: where they stand, whom they enrol today, in how many classes, and the projects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from xuequ.data.synthetic_blocks import TOWN
from xuequ.data.synthetic_growth import balanced_regions, graph_of
from xuequ.data.synthetic_names import COMMUNITIES, INVENTED_MARK
from xuequ.data.synthetic_plan import KINDERGARTENS, PROJECTS, SCHOOLS
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from scipy.sparse import csr_array

    from xuequ.data.synthetic_people import People
    from xuequ.data.synthetic_place import Place
    from xuequ.data.synthetic_plan import ProjectSpec

__all__ = ["Institution", "Project", "Schooling", "form_classes", "open_schools"]

_LARGE_CLASS, _LARGEST_CLASS = 58.5, 61
"""Pupils of a class west of the river in grades that entered before 2024, and the most; elsewhere it is near the standard."""
_SPARE = {"east": (1, 3), "fringe": (2, 3), "west": (0, 0), "country": (0, 0)}
"""Rooms that stand empty, primary and junior, by side."""
_VILLAGE_KINDERGARTENS = (
    "双桥 扶典 华堂 思扶 高旺 新民 思委 思安 北胜 平安 民智 毓秀 周睦 高才 里秀 富教 凤凰 保安 儒岩 竹坡 双垌 泗马"
)
_TOWNSHIP_SIDES = {"富民街道": "west", "城南街道": "west", "城北街道": "west", "角嘴街道": "east", "东兴街道": "east"}


@dataclass(frozen=True, slots=True)
class Institution:
    """A school or kindergarten as it stands in the case; ``block`` is a position, ``x`` and ``y`` are metres from the origin."""

    id: str
    name: str
    stages: tuple[Stage, ...]
    side: str
    setting: str
    block: int
    x: float
    y: float
    ownership: str = "public"
    kind: str = "full"
    group: str = ""
    size: float = 1.0
    invented: bool = False


@dataclass(frozen=True, slots=True)
class Project:
    """A project with the block that it is built in."""

    spec: ProjectSpec
    block: int
    x: float
    y: float
    setting: str


@dataclass(frozen=True, slots=True, eq=False)
class Schooling:
    """
    Today's schools with their catchments and rolls.

    Parameters
    ----------
    institutions
        Schools, then kindergartens.
    catchments
        By stage, the position of each block's school, shape ``(blocks,)``.
    pupils, classes
        Today, shape ``(institutions, 12)``.
    rooms
        Ordinary classrooms by stage, shape ``(institutions, 3)``.
    projects
        Thirteen for schools, seven for kindergartens.
    """

    institutions: tuple[Institution, ...]
    catchments: dict[Stage, NDArray[np.int64]]
    pupils: NDArray[np.int64]
    classes: NDArray[np.int64]
    rooms: NDArray[np.int64]
    projects: tuple[Project, ...]


def open_schools(place: Place, people: People) -> Schooling:
    """
    Open the schools, draw today's catchments and form today's classes.

    Parameters
    ----------
    place, people
        Where, and for whom.

    Notes
    -----
    policy.md §3: the start state has many classes of 56–65 and none of 66; model.md §0: class sizes.
    """
    sites = _Sites(place)
    institutions = (*_schools(place, sites), *_kindergartens(place, sites))
    graph = _ways(place)
    catchments = {stage: _catchments(stage, institutions, people, graph) for stage in Stage}
    pupils = np.zeros((len(institutions), len(GRADES)), dtype=np.int64)
    for stage, school in catchments.items():
        for g in range(stage.grade_slice.start, stage.grade_slice.stop):
            pupils[:, g] = np.bincount(school, weights=people.today[g], minlength=len(institutions))
    classes = np.array([
        [form_classes(own, grade, int(n)) for grade, n in zip(GRADES, row, strict=True)]
        for own, row in zip(institutions, pupils, strict=True)
    ])  # fmt: skip
    rooms = np.array([[_rooms(own, stage, classes[j]) for stage in Stage] for j, own in enumerate(institutions)])
    by_id = {own.id: own for own in institutions}
    projects = tuple(_project(spec, place, sites, by_id) for spec in PROJECTS)
    return Schooling(institutions, catchments, pupils, classes, rooms, projects)


class _Sites:
    """Finds free blocks: each school has a block of its own, so that no two pool their seats by accident."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self.taken: dict[str, set[int]] = {}
        self.names = {item.short: item.name for item in COMMUNITIES if item.is_village}

    def block(self, where: tuple[float, float] | str, stages: tuple[Stage, ...]) -> int:
        place = self.place
        if isinstance(where, str):
            village = np.array(place.communities) == self.names[where]
            free = np.flatnonzero(village & (place.kind == 1))
        else:
            used = set().union(*(self.taken.get(stage, set()) for stage in stages))
            lived_in = np.array([kind == TOWN or kind > 0 for kind in place.kind])
            free = np.array([k for k in np.flatnonzero(lived_in) if int(k) not in used])
            free = free[np.argsort(np.hypot(*(place.points[free] - where).T), kind="stable")]
        block = int(free[0])
        for stage in stages:
            self.taken.setdefault(stage, set()).add(block)
        return block

    def point(self, block: int, stages: tuple[Stage, ...]) -> tuple[float, float]:
        """Return where the school stands: beside the middle of the block, kindergartens on the other side."""
        x, y = self.place.points[block]
        away = 9.0 if Stage.KINDERGARTEN in stages else -9.0
        return round(float(x) + away, 1), round(float(y) + away / 2, 1)


def _schools(place: Place, sites: _Sites) -> list[Institution]:
    result = []
    for spec in SCHOOLS:
        stages = tuple(Stage(word) for word in spec.stages.split(";"))
        block = sites.block(spec.place, stages)
        result.append(
            Institution(
                spec.id, spec.name, stages, spec.side, place.settings[block], block, *sites.point(block, stages),
                kind=spec.kind, group=spec.group, size=spec.size, invented=spec.name.endswith(INVENTED_MARK),
            )
        )  # fmt: skip
    return result


def _kindergartens(place: Place, sites: _Sites) -> list[Institution]:
    """Return the kindergartens of the towns, one for each community of the city, and one for most villages."""
    stages = (Stage.KINDERGARTEN,)
    wanted = [(spec.name, spec.place, spec.ownership, "fringe") for spec in KINDERGARTENS]
    ownership = (
        "public",
        "inclusive",
        "public",
        "inclusive",
        "public",
        "inclusive",
        "public",
        "public",
        "inclusive",
        "inclusive",
    )
    town = [item for item in COMMUNITIES if item.township in _TOWNSHIP_SIDES]
    for number, item in enumerate(town):
        side = _TOWNSHIP_SIDES[item.township]
        inside = place.points[(np.array(place.communities) == item.name) & (place.kind == TOWN)]
        inside = inside[np.argsort(inside.sum(axis=1), kind="stable")]
        for half, word in zip(np.array_split(inside, 2 if side == "west" else 1), ("", "第二"), strict=False):
            owner = "private" if number == 17 and not word else ownership[(number + len(word)) % len(ownership)]
            name = f"{item.short}{word}幼儿园{INVENTED_MARK}"
            wanted.append((name, (float(half[:, 0].mean()), float(half[:, 1].mean())), owner, side))
    wanted += [
        (f"{name}村幼儿园{INVENTED_MARK}", name, "public" if k % 3 else "inclusive", "country")
        for k, name in enumerate(_VILLAGE_KINDERGARTENS.split())
    ]
    result = []
    for number, (name, where, owner, side) in enumerate(wanted, start=1):
        block = sites.block(where, stages)
        result.append(
            Institution(
                f"K{number:02d}", name, stages, side, place.settings[block], block, *sites.point(block, stages),
                ownership=owner, invented=name.endswith(INVENTED_MARK),
            )
        )  # fmt: skip
    return result


def _ways(place: Place) -> csr_array:
    """Return blocks that touch as a graph without bridges; across hills a step is as long as the road round them."""
    a, b = place.pairs.T
    length = np.hypot(*(place.points[a] - place.points[b]).T)
    country = np.flatnonzero(np.array(place.area) == "")
    walked = place.walked(place.points[country])
    column = np.full(len(place), -1)
    column[country] = np.arange(len(country))
    for one, other in ((a, b), (b, a)):
        rural = column[one] >= 0
        length[rural] = np.clip(walked[other[rural], column[one[rural]]], length[rural], 4.0 * length[rural])
    return graph_of(len(place), place.pairs, length + 1.0)


def _catchments(stage: Stage, institutions: tuple[Institution, ...], people: People, graph: csr_array) -> NDArray[np.int64]:
    """Return the position of each block's school: connected catchments, in town of the sizes that the schools were built for."""
    offering = [j for j, own in enumerate(institutions) if stage in own.stages]
    seeds = np.array([institutions[j].block for j in offering])
    group = np.array([_group(institutions[j], stage) for j in offering])
    targets = np.array([institutions[j].size for j in offering])
    children = people.today[stage.grade_slice].sum(axis=0).astype(float)
    label = balanced_regions(graph, seeds, children, targets, group)
    return np.array(offering)[label]


def _group(own: Institution, stage: Stage) -> int:
    if own.side in {"west", "east"}:
        return 1 if own.side == "west" else 2
    return 0 if own.kind == "teaching_point" and stage is Stage.PRIMARY else -1


def form_classes(own: Institution, grade: str, pupils: int) -> int:
    """Return the classes that a grade forms today."""
    if pupils == 0:
        return 0
    stage = next(stage for stage in Stage if grade in stage.grades)
    if stage is Stage.KINDERGARTEN:
        return -(-pupils // {"k1": 25, "k2": 30, "k3": 35}[grade])
    if own.kind == "teaching_point":
        return 1
    standard = 47 if stage is Stage.PRIMARY else 50
    if own.side == "west" and grade not in {"g1", "g2"}:
        few = max(1, round(pupils / _LARGE_CLASS))
        return few if pupils <= few * _LARGEST_CLASS else -(-pupils // _LARGEST_CLASS)
    if own.side == "fringe":  # homes are being built there: classes have room for who moves in
        standard = 40 if grade in {"g1", "g2"} else standard - 4
    return -(-pupils // standard)


def _rooms(own: Institution, stage: Stage, classes: NDArray[np.int64]) -> int:
    if stage not in own.stages:
        return 0
    formed = int(classes[stage.grade_slice].sum())
    if stage is Stage.KINDERGARTEN:
        # As many rooms for each of the three years: a kindergarten is built so, and its years are not of one size.
        return 3 * int(classes[stage.grade_slice].max())
    return formed + _SPARE[own.side][int(stage is Stage.JUNIOR)]


def _project(spec: ProjectSpec, place: Place, sites: _Sites, by_id: dict[str, Institution]) -> Project:
    if isinstance(spec.place, str) and spec.place in by_id:
        own = by_id[spec.place]
        return Project(spec, own.block, own.x, own.y, own.setting)
    stages = tuple(Stage(word) for word in spec.stages.split(";"))
    block = sites.block(spec.place, stages)
    return Project(spec, block, *sites.point(block, stages), place.settings[block])
