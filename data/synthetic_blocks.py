"""Blocks of the made-up district: what streets enclose in town, the land around each hamlet in the country."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.synthetic_growth import graph_of, grown_from, shared_borders
from xuequ.data.synthetic_land import GRID_M

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from xuequ.data.synthetic_land import Land
    from xuequ.data.synthetic_roads import Country
    from xuequ.data.synthetic_streets import Street

__all__ = ["HILL", "PARK", "PARKS", "TOWN", "Parcels", "build_parcels"]

TOWN, PARK, HILL = -1, -2, -3
"""What a parcel is where it is not the land of a hamlet."""

_SMALLEST_M2 = {"west": 4200.0, "east": 9000.0, "longhu": 20000.0, "chengdong": 22000.0, "xiying": 9000.0}
_MERGED_SHARE = {"west": 0.10, "east": 0.08, "longhu": 0.03, "chengdong": 0.05, "xiying": 0.0}
_HILL_HEIGHT, _HILL_APART_M = 0.66, 1900.0
_SIMPLIFY_M = 22.0

PARKS: tuple[tuple[str, float, float, float], ...] = (
    ("北山公园", -1750.0, 2450.0, 260.0), ("莲花山公园", -3050.0, -450.0, 300.0), ("珠山公园", 2150.0, -750.0, 290.0),
    ("大学校园", 2350.0, 1550.0, 330.0), ("龙湖公园", -1150.0, 5450.0, 330.0), ("江心码头公园", -350.0, -1150.0, 150.0),
    ("高新区产业园", 6900.0, -500.0, 700.0),
)  # fmt: skip
"""Where nobody lives in town: name, place of the middle and radius, in metres."""


@dataclass(frozen=True, slots=True, eq=False)
class Parcels:
    """
    The coverage: polygons that leave no gap but the river, with what each is.

    Parameters
    ----------
    shapes
        Polygons, shape ``(parcels,)``, metres from the origin on a grid of 0.1 m.
    area
        Built-up area, or empty in the country.
    hamlet
        Position of the hamlet, or `TOWN`, `PARK`, `HILL`, shape ``(parcels,)``.
    pairs, border_m
        Which touch, and along how many metres.
    """

    shapes: NDArray[np.object_]
    area: tuple[str, ...]
    hamlet: NDArray[np.int64]
    pairs: NDArray[np.int64]
    border_m: NDArray[np.float64]


def build_parcels(land: Land, streets: Sequence[Street], country: Country, rng: np.random.Generator) -> Parcels:
    """
    Divide the land into parcels.

    Parameters
    ----------
    land, streets, country
        What divides it.
    rng
        Which blocks of the town are joined, and the grain of the country.

    Notes
    -----
    All lines are noded together on one grid, so that parcels are a valid coverage by construction.
    """
    faces, area = _faces(land, streets, rng)
    pairs, border = shared_borders(faces)
    middle = shapely.get_coordinates(shapely.point_on_surface(faces))
    label = np.full(len(faces), -1)
    kinds: list[int] = []
    _town_labels(area, faces, middle, pairs, border, label, kinds, rng)
    _country_labels(land, country, area == "", middle, pairs, label, kinds)
    shapes = np.array([shapely.coverage_union_all(faces[label == k]) for k in range(len(kinds))], dtype=object)
    shapes = shapely.coverage_simplify(shapes, _SIMPLIFY_M)
    shapes = shapely.transform(shapely.normalize(shapes), lambda xy: np.round(xy, 1))
    first = np.array([np.argmax(label == k) for k in range(len(kinds))])
    final_pairs, final_border = shared_borders(shapes)
    return Parcels(shapes, tuple(area[first].tolist()), np.array(kinds), final_pairs, final_border)


def _faces(land: Land, streets: Sequence[Street], rng: np.random.Generator) -> tuple[NDArray[np.object_], NDArray[np.str_]]:
    """Return the smallest pieces that all lines together enclose, and the built-up area of each."""
    country = land.outline.difference(shapely.union_all([land.river, *land.areas.values()]))
    west, south, east, north = shapely.bounds(land.outline)
    step = 235.0
    xs, ys = np.arange(west - step, east + step, step), np.arange(south - step, north + step, step)
    grains = np.stack(np.meshgrid(xs, ys), axis=-1)
    grains[::2, :, 0] += 0.5 * step
    grains = grains.reshape(-1, 2) + rng.uniform(-0.36, 0.36, (len(xs) * len(ys), 2)) * step
    edges = shapely.intersection(shapely.voronoi_polygons(shapely.multipoints(grains), only_edges=True), country)
    lines: list[Any] = [street.line for street in streets]
    rings = [shape.exterior for shape in (land.outline, *land.areas.values())]
    lines += [*rings, land.river.boundary, edges]
    noded = shapely.union_all(lines, grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(noded).tolist()))
    inner = shapely.point_on_surface(faces)
    faces = faces[shapely.contains(land.outline, inner) & ~shapely.contains(land.river, inner)]
    order = np.lexsort(shapely.get_coordinates(shapely.centroid(faces)).T)
    faces = faces[order]
    area = np.full(len(faces), "", dtype="<U9")
    inner = shapely.point_on_surface(faces)
    for name, shape in land.areas.items():
        area[shapely.contains(shape, inner)] = name
    return faces, area


def _town_labels(
    area: NDArray[np.str_],
    faces: NDArray[np.object_],
    middle: NDArray[np.float64],
    pairs: NDArray[np.int64],
    border: NDArray[np.float64],
    label: NDArray[np.int64],
    kinds: list[int],
    rng: np.random.Generator,
) -> None:
    """Label parks, then what streets enclose; slivers are joined to the neighbour with the longest border."""
    part = np.where(area != "", np.arange(len(faces)), -1)
    park = np.full(len(faces), -1)
    for number, (_, x, y, radius) in enumerate(PARKS):
        park[(area != "") & (np.hypot(*(middle - (x, y)).T) < radius)] = number
    for number in range(len(PARKS)):
        members = np.flatnonzero(park == number)
        part[members] = members[:1]
    size = np.where(
        part >= 0, np.bincount(np.maximum(part, 0), weights=shapely.area(faces) * (part >= 0), minlength=len(faces))[part], 0
    )
    wanted = np.array([_SMALLEST_M2.get(name, 0.0) for name in area])
    willing = rng.random(len(faces)) < np.array([_MERGED_SHARE.get(name, 0.0) for name in area])
    for face in np.argsort(size, kind="stable"):
        own = part[face]
        if own < 0 or park[face] >= 0:
            continue
        members = part == own
        too_small = shapely.area(faces[members]).sum() < wanted[face]
        if not too_small and not (willing[face] and members.sum() == 1):
            continue
        a, b = pairs.T
        touching = members[a] ^ members[b]
        other = np.where(members[a], b, a)[touching]
        same = (area[other] == area[face]) & (park[other] < 0)
        if same.any():
            lengths = np.bincount(part[other[same]], weights=border[touching][same])
            part[members] = int(np.argmax(lengths))
    for root in np.unique(part[part >= 0]):
        members = part == root
        label[members] = len(kinds)
        kinds.append(PARK if park[members].max() >= 0 else TOWN)


def _country_labels(
    land: Land,
    country: Country,
    rural: NDArray[np.bool_],
    middle: NDArray[np.float64],
    pairs: NDArray[np.int64],
    label: NDArray[np.int64],
    kinds: list[int],
) -> None:
    """Label the land that is nearest to each hamlet over the hills, and the tops of the hills."""
    height = land.height(middle)
    a, b = pairs[rural[pairs].all(axis=1)].T
    length = np.hypot(*(middle[a] - middle[b]).T)
    steep = 0.5 * (height[a] + height[b])
    graph = graph_of(
        len(middle), np.column_stack([a, b]), length * (1.0 + 3.5 * steep**2 + 1500.0 * np.abs(height[a] - height[b]) / length)
    )
    cells = np.flatnonzero(rural)
    seeds: list[int] = []
    for hamlet in country.hamlets:
        near = np.argsort(np.hypot(*(middle[cells] - (hamlet.x, hamlet.y)).T), kind="stable")
        seeds.append(next(int(cells[k]) for k in near if int(cells[k]) not in seeds))
    homes = middle[seeds]
    tops: list[int] = []
    for cell in cells[np.argsort(-height[cells], kind="stable")]:
        if height[cell] < _HILL_HEIGHT:
            break
        others = np.vstack([homes, middle[tops]]) if tops else homes
        gap = np.hypot(*(others - middle[cell]).T)
        if gap[: len(homes)].min() > 900.0 and gap.min() > 900.0 and (not tops or gap[len(homes) :].min() > _HILL_APART_M):
            tops.append(int(cell))
    starts = np.concatenate([np.full(len(seeds), 500.0), np.zeros(len(tops))])
    grown = grown_from(graph, np.array(seeds + tops), starts)
    used = np.unique(grown[cells])
    first = len(kinds)
    number = {int(seed): first + k for k, seed in enumerate(used[used >= 0])}
    kinds.extend(int(seed) if seed < len(seeds) else HILL for seed in used if seed >= 0)
    for cell in cells:
        label[cell] = number.get(int(grown[cell]), -1)
    _adopt_strays(middle, pairs, cells, label)


def _adopt_strays(
    middle: NDArray[np.float64], pairs: NDArray[np.int64], cells: NDArray[np.int64], label: NDArray[np.int64]
) -> None:
    """Give pieces of country that no hamlet reaches (cut off between town and river) to a neighbour."""
    a, b = pairs.T
    strays = {int(cell) for cell in cells if label[cell] < 0}
    while strays:
        adopted = []
        for cell in sorted(strays):
            other = np.concatenate([b[a == cell], a[b == cell]])
            other = other[label[other] >= 0]
            if len(other):
                label[cell] = label[other[np.argmin(np.hypot(*(middle[other] - middle[cell]).T))]]
                adopted.append(cell)
        if not adopted:
            raise ValueError("a piece of land touches nothing")
        strays -= set(adopted)
