"""Plans side by side: goals, seats, large classes by year, and where they differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.maps.difference_maps import difference_pictures
from xuequ.maps.documents import Page, document, source_lines
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts as words_of
from xuequ.zoning.accounts import account
from xuequ.zoning.stage import Programme, Stage

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from xuequ.maps.scene import Load, Scene
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["Comparison", "Difference", "SchoolDifference", "compare", "differing_blocks"]


@dataclass(frozen=True, slots=True, eq=False)
class Difference:
    """
    Where a plan differs from the first in one stage and year.

    Parameters
    ----------
    plan
        Name of the plan.
    stage, year
        Stage and school year that both plans have.
    blocks
        Blocks (indices) that go to other schools.
    pupils
        Children of the stage who live in them.
    """

    plan: str
    stage: Stage
    year: int
    blocks: NDArray[np.int64]
    pupils: int


@dataclass(frozen=True, slots=True)
class SchoolDifference:
    """
    A school whose pupils are not the same in all plans, in one stage and year.

    Parameters
    ----------
    school
        Id.
    stage, year
        Stage and school year.
    pupils, large
        By plan, in their order; None where a plan has no such school or year.
    """

    school: str
    stage: Stage
    year: int
    pupils: tuple[int | None, ...]
    large: tuple[int | None, ...]


@dataclass(frozen=True)
class Comparison:
    """
    Plans side by side.

    Parameters
    ----------
    names
        Of the plans; the first is what the others are held against.
    scenes
        The plans, gathered.
    differences, schools
        Where they differ.
    language
        Of the page.
    """

    names: tuple[str, ...]
    scenes: tuple[Scene, ...]
    differences: tuple[Difference, ...]
    schools: tuple[SchoolDifference, ...]
    language: str

    def to_json(self) -> dict[str, Any]:
        """Return plans, goals, sites, large classes by year, and differences as plain data."""
        ids = self.scenes[0].district.blocks.ids
        return {
            "plans": [_plan_object(name, shown) for name, shown in zip(self.names, self.scenes, strict=True)],
            "goals": self.goals(),
            "large_classes": self.large_classes(),
            "sites": self.sites(),
            "differences": [
                {
                    "plan": item.plan, "against": self.names[0], "stage": str(item.stage), "year": item.year,
                    "blocks": len(item.blocks), "pupils": item.pupils, "block_ids": [ids[block] for block in item.blocks],
                }
                for item in self.differences
            ],
            "schools": [
                {
                    "school_id": item.school, "stage": str(item.stage), "year": item.year,
                    "pupils": list(item.pupils), "large": list(item.large),
                }
                for item in self.schools
            ],
        }  # fmt: skip

    def goals(self) -> list[dict[str, Any]]:
        """
        Return each goal of any plan with its value by plan, the least being the best.

        Goals of one stage and year stand apart from those of all years: only like is held against like.
        """
        plans = [
            {(goal.name, goal.unit, shown.plan.stage, shown.plan.year): goal for goal in shown.plan.goals}
            for shown in self.scenes
        ]
        heads = dict.fromkeys(head for goals in plans for head in goals)
        return [
            {
                "name": name, "unit": unit, "stage": None if stage is None else str(stage), "year": year,
                "values": [None if goals.get(head) is None else goals[head].value for goals in plans],
                "bounds": [None if goals.get(head) is None else goals[head].bound for goals in plans],
            }
            for head in heads
            for name, unit, stage, year in [head]
        ]  # fmt: skip

    def large_classes(self) -> list[dict[str, Any]]:
        """Return for each year the large classes without a plan and with each, primary and junior together."""
        tables = [None if shown.outlook is None else _whole(shown, after=True) for shown in self.scenes]
        # Each goes as far as its plan; the longest is the same and more.
        before = max((_whole(shown, after=False) for shown in self.scenes if shown.outlook is not None), key=len, default={})
        years = sorted(set(before).union(*(table for table in tables if table)))
        return [
            {
                "year": year,
                "without": before.get(year),
                "values": [None if table is None else table.get(year) for table in tables],
            }
            for year in years
        ]

    def sites(self) -> list[dict[str, Any]]:
        """Return for each site what each plan does there: year and classrooms, None where it is not chosen."""
        return [
            {
                "site_id": site.id,
                "name": site.name or site.id,
                "values": [
                    {
                        "year": shown.projects[place].year,
                        "rooms": shown.projects[place].rooms,
                        "seats": shown.projects[place].seats,
                    }
                    if shown.projects[place].chosen
                    else None
                    for shown in self.scenes
                ],
            }
            for place, site in enumerate(self.scenes[0].district.sites)
        ]

    def html(self) -> str:
        """Return the page."""
        texts = words_of(self.language)
        shown = self.scenes[0]
        district = shown.district
        index = district.school_index()
        apart = [(item.plan, item.stage, item.year, item.blocks) for item in self.differences]
        values = {
            "say": texts,
            "title": f"{district.name} · {texts('title.compare')}",
            "district": district,
            "source": [f"{name}{texts('colon')}{line}" for name, one in zip(self.names, self.scenes, strict=True)
                       for line in source_lines(district, one.plan, texts)[:1]] + source_lines(district, shown.plan, texts)[1:],
            "names": self.names,
            "plans": [_plan_object(name, one) for name, one in zip(self.names, self.scenes, strict=True)],
            "goals": self.goals(),
            "best": _best,
            "large": self.large_classes(),
            "sites": self.sites(),
            "differences": self.differences,
            "schools": self.schools,
            "name": lambda school: shown.school_name(index[school]),
            "pictures": difference_pictures(shown, texts, apart),
        }  # fmt: skip
        return document("compare.html", values)

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page and return where it is; folders are made."""
        return Page(self.html()).save(path)


def compare(district: District, plans: Sequence[Plan], names: Sequence[str] = (), lang: str = "zh") -> Comparison:
    """
    Put plans side by side.

    Parameters
    ----------
    district
        What all of them were made for.
    plans
        One or more; the others are held against the first.
    names
        One for each; 1, 2 … if not given.
    lang
        ``zh`` or ``en``.

    Raises
    ------
    ValueError
        If there is no plan, the names are not as many as the plans or not all different, or there are no texts in the language.
    """
    names = tuple(names) or tuple(str(place + 1) for place in range(len(plans)))
    if not plans or len(names) != len(plans) or len(set(names)) != len(names):
        raise ValueError(f"{len(plans)} plans and {len(names)} names: each plan is to be compared under a name of its own")
    words_of(lang)
    scenes = tuple(scene(district, plan) for plan in plans)
    differences = tuple(
        item for name, shown in zip(names[1:], scenes[1:], strict=True) for item in _differences(name, scenes[0], shown)
    )
    return Comparison(names, scenes, differences, _schools_that_differ(district, scenes), lang)


def differing_blocks(one: Catchments, other: Catchments) -> NDArray[np.int64]:
    """Return the blocks whose schools are not the same in two catchments of a stage, ascending."""
    number: dict[tuple[int, ...], int] = {}
    for members in (*one.zones, *other.zones):
        number.setdefault(tuple(sorted(members)), len(number))

    def numbers(item: Catchments) -> NDArray[np.int64]:
        return np.array([*(number[tuple(sorted(members))] for members in item.zones), -1], dtype=np.int64)[item.zone]

    return np.flatnonzero(numbers(one) != numbers(other))


def _differences(name: str, first: Scene, other: Scene) -> list[Difference]:
    theirs = {(layer.stage, layer.year): layer for layer in other.layers}
    found = []
    for layer in first.layers:
        match = theirs.get((layer.stage, layer.year))
        if match is not None:
            blocks = differing_blocks(layer.catchments, match.catchments)
            found.append(Difference(name, layer.stage, layer.year, blocks, int(layer.pupils[blocks].sum())))
    return found


def _schools_that_differ(district: District, scenes: tuple[Scene, ...]) -> tuple[SchoolDifference, ...]:
    tables: list[dict[tuple[Stage, int, int], Load]] = [
        {(layer.stage, layer.year, load.school): load for layer in shown.layers for load in layer.loads} for shown in scenes
    ]
    order = {stage: place for place, stage in enumerate(Stage)}
    keys = sorted(set().union(*tables), key=lambda key: (order[key[0]], key[1], key[2]))
    found = []
    for stage, year, school in keys:
        loads = [table.get((stage, year, school)) for table in tables]
        pupils = tuple(None if load is None else load.pupils for load in loads)
        large = tuple(None if load is None else load.large for load in loads)
        if len(set(pupils)) > 1 or len(set(large)) > 1:
            found.append(SchoolDifference(district.schools.ids[school], stage, year, pupils, large))
    return tuple(found)


def _whole(shown: Scene, *, after: bool) -> dict[int, int]:
    assert shown.outlook is not None
    items = shown.outlook.after if after else shown.outlook.before
    return {item.year: item.large for item in items if item.stage is None}


def _plan_object(name: str, shown: Scene) -> dict[str, Any]:
    plan = shown.plan
    # One stage and year say nothing about the last large class of the district.
    found = shown.outlook if plan.stage is None else None
    accounts = {programme: account(shown.district, plan.seats, programme) for programme in Programme}
    return {
        "name": name,
        "kind": str(plan.kind),
        "stage": None if plan.stage is None else str(plan.stage),
        "status": str(plan.status),
        "objective": plan.objective,
        "bound": plan.bound,
        "gap": plan.gap,
        "seats": {str(programme): total.net_seats for programme, total in accounts.items()},
        "projects": {str(programme): total.projects for programme, total in accounts.items()},
        "cost_wan": {str(programme): total.total_wan if plan.seats else None for programme, total in accounts.items()},
        "last_large_year": None if found is None else found.last_year(),
        "eliminated_from": None if found is None else found.eliminated_from(),
    }


def _best(values: Sequence[float | None]) -> float | None:
    """Return the least value where plans differ, else None: nothing is best where all are the same."""
    known: Mapping[float, None] = dict.fromkeys(value for value in values if value is not None)
    return min(known) if len(known) > 1 else None
