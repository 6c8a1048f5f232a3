"""A scene as the data of the interactive map: shapes once, catchments of each stage and year as short arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.maps.outlines import coded_lines, coded_shapes, district_outlines
from xuequ.maps.outlook_words import large_class_note
from xuequ.maps.palette import ALERTS, NO_CATCHMENT, colour_numbers, fill, touching
from xuequ.maps.scene import layers_without_plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.maps.scene import Layer, Project, Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.district import District
    from xuequ.zoning.outlook import LargeClasses
    from xuequ.zoning.stage import Stage

__all__ = ["map_payload", "renumbered", "zone_colours"]

_LINE_TOLERANCE_M = 5.0
"""Rivers and roads are only background: kinks smaller than this are left out."""


def map_payload(scene: Scene, texts: Texts) -> dict[str, Any]:
    """
    Return all that the page's script needs, as plain lists and texts.

    Numbers of children below the case's ``publish.small_count`` are given as −1: nobody shall count the children of one house
    (product.md).
    """
    district = scene.district
    west, south = (int(value) for value in np.floor(district.blocks.points.min(axis=0)))
    origin = (west, south)
    tables = {stage: _zones(scene, stage) for stage in scene.stages()}
    numbers = {stage: {members: place for place, members in enumerate(zones["members"])} for stage, zones in tables.items()}
    return {
        "language": texts.language,
        "name": district.name,
        "synthetic": district.synthetic,
        "smallCount": district.options.publish.small_count,
        "texts": {**texts.table(), "outlook.note": large_class_note(district.rules, texts)},
        "today": district.school_year,
        "yearNames": {str(year): texts.year(year) for year in sorted({layer.year for layer in scene.layers})},
        "stages": [
            {"id": str(stage), "name": texts.word("stage", stage), "years": scene.years(stage)} for stage in scene.stages()
        ],
        "alerts": [
            {
                "name": style.name,
                "colour": style.colour,
                "shape": style.shape,
                "sign": style.sign,
                "text": texts.word("alert", style.name),
            }
            for style in ALERTS
        ],
        "core": _core(scene, origin),
        "noCatchment": NO_CATCHMENT,
        "blocks": _blocks(district, origin),
        "lines": {
            "water": coded_shapes(district.rivers, origin, _LINE_TOLERANCE_M),
            "rivers": coded_lines(
                [item for item in district.rivers if item.geom_type.endswith("LineString")], origin, _LINE_TOLERANCE_M
            ),
            "roads": coded_lines(district.roads, origin, _LINE_TOLERANCE_M),
        },
        "schools": _schools(scene, origin),
        "zones": {str(stage): zones for stage, zones in tables.items()},
        "layers": {f"{layer.stage}|{layer.year}": _layer(scene, layer, numbers[layer.stage], texts) for layer in scene.layers},
        "without": _without(scene),
        "sites": [_site(item, scene, texts) for item in scene.projects],
        "clusters": list(scene.cluster_names().values()),
        "outlook": _outlook(scene),
    }


def zone_colours(scene: Scene, stage: Stage) -> tuple[tuple[tuple[int, ...], ...], tuple[str, ...]]:
    """Return the zones of a stage, today's among them, and a colour for each, the same in all years."""
    layers = [layer.catchments for layer in scene.layers if layer.stage is stage]
    layers += [scene.district.today[stage]] if stage in scene.district.today else []
    zones = tuple(sorted({members for item in layers for members in item.zones}))
    number = {members: position for position, members in enumerate(zones)}
    neighbours: set[tuple[int, int]] = set()
    for item in layers:
        neighbours |= touching(scene.beside, renumbered(item, number))
    return zones, tuple(fill(colour) for colour in colour_numbers(len(zones), neighbours))


def renumbered(item: Catchments, number: Mapping[tuple[int, ...], int]) -> NDArray[np.int64]:
    """Return the zone of each block by other numbers, −1 for none."""
    return np.array([*(number[members] for members in item.zones), -1], dtype=np.int64)[item.zone]


def _core(scene: Scene, origin: tuple[int, int]) -> list[float] | None:
    core = scene.core()
    return None if core is None else [round(value - origin[place % 2]) for place, value in enumerate(core)]


def _blocks(district: District, origin: tuple[int, int]) -> dict[str, Any]:
    blocks = district.blocks
    points = np.rint(blocks.points - np.array(origin)).astype(int).tolist()
    result: dict[str, Any] = {"ids": blocks.ids, "names": blocks.names, "communities": blocks.communities, "points": points}
    if blocks.geometry is None:
        return result | {"shapes": None, "borders": [], "pairs": district.adjacency.pairs().tolist()}
    drawn = district_outlines(district)
    return result | {"shapes": drawn.shapes, "borders": drawn.borders}


def _schools(scene: Scene, origin: tuple[int, int]) -> dict[str, Any]:
    schools = scene.district.schools
    assert schools.lead is not None
    return {
        "ids": schools.ids,
        "names": [scene.school_name(j) for j in range(len(schools))],
        "points": np.rint(schools.points - np.array(origin)).astype(int).tolist(),
        "lead": schools.lead.astype(int).tolist(),
        "cluster": scene.cluster_numbers().tolist(),
    }


def _zones(scene: Scene, stage: Stage) -> dict[str, Any]:
    """Return members, colours and names of a stage's zones, and today's zone of each block."""
    zones, colours = zone_colours(scene, stage)
    today = scene.district.today.get(stage)
    number = {members: position for position, members in enumerate(zones)}
    return {
        "members": zones,
        "colours": colours,
        "names": [scene.zone_name(members) for members in zones],
        "today": None if today is None else renumbered(today, number).tolist(),
    }


def _without(scene: Scene) -> dict[str, Any]:
    """Return what changes in the layers if the plan is not carried out: ways by stage, loads and figures by stage and year."""
    without = layers_without_plan(scene.district, scene.plan)
    layers = {f"{layer.stage}|{layer.year}": layer for layer in without}
    ways = {str(layer.stage): _metres(layer) for layer in without}
    return {
        "metres": ways,
        "years": {key: {"loads": _loads(layer), "figures": _figures(scene, layer)} for key, layer in layers.items()},
    }


def _layer(scene: Scene, layer: Layer, number: Mapping[tuple[int, ...], int], texts: Texts) -> dict[str, Any]:
    words = sorted(set(layer.reasons))
    position = {word: place for place, word in enumerate(words)}
    few = (layer.pupils < scene.district.options.publish.small_count) & (layer.pupils > 0)
    return {
        "zone": renumbered(layer.catchments, number).tolist(),
        "metres": _metres(layer),
        "reason": [position[word] for word in layer.reasons],
        "reasons": [texts.word("reason", word) if word else "" for word in words],
        "moved": np.flatnonzero(layer.moved).tolist(),
        "children": np.where(few, -1, layer.pupils).tolist(),
        "loads": _loads(layer),
        "figures": _figures(scene, layer),
    }


def _metres(layer: Layer) -> list[int]:
    """Return the way of each block in whole metres, −1 where there is none."""
    whole: list[int] = np.where(np.isfinite(layer.distance_m), np.rint(layer.distance_m), -1).astype(int).tolist()
    return whole


def _loads(layer: Layer) -> list[list[Any]]:
    return [
        [load.school, load.pupils, load.planned, load.alert, load.classes, load.largest, load.large, load.super_large]
        for load in layer.loads
    ]


def _figures(scene: Scene, layer: Layer) -> dict[str, int | None]:
    mean = layer.mean_distance_m()
    return {
        "mean": None if mean is None else round(mean),
        "tooFar": layer.too_far(scene.district),
        "moved": int(layer.placed[layer.moved].sum()),
    }


def _site(item: Project, scene: Scene, texts: Texts) -> dict[str, Any]:
    rows = [row for row in item.rows if row.classrooms]
    return {
        "id": item.site.id,
        "name": item.site.name or item.site.id,
        "action": texts.word("action", item.site.action),
        "programme": texts.word("programme", item.site.programme),
        "stages": [str(stage) for stage in item.site.stages],
        "school": item.school,
        "at": scene.school_name(item.school),
        "year": item.year,
        "rooms": item.rooms,
        "seats": item.seats,
        "cost": item.cost_wan,
        "byYear": [[row.year, texts.word("stage", row.stage), row.classrooms, row.seats] for row in rows],
        "reason": texts.told(item.reason),
    }


def _outlook(scene: Scene) -> dict[str, Any] | None:
    if scene.outlook is None:
        return None

    def rows(items: tuple[LargeClasses, ...]) -> list[list[Any]]:
        return [
            [item.year, "all" if item.stage is None else str(item.stage), item.large, item.super_large, item.classes]
            for item in items
        ]

    found = scene.outlook
    return {"before": rows(found.before), "after": rows(found.after), "plannedTo": found.planned_to}
