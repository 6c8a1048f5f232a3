"""Small districts for tests, made in memory."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.demand import Demand
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import District
from xuequ.zoning.places import Blocks, Schools
from xuequ.zoning.stage import GRADES, Stage


def grid_district(
    columns: int = 6,
    rows: int = 6,
    schools: tuple[int, ...] = (0, 35),
    *,
    pupils: int | np.ndarray = 12,
    rooms: int | tuple[int, ...] = 6,
    years: tuple[int, ...] = (2026, 2027, 2028, 2029, 2030),
    side_m: float = 200.0,
    stages: tuple[Stage, ...] = tuple(Stage),
    seed: int = 0,
    **changes: object,
) -> District:
    """
    Make a district of square blocks, ``columns`` × ``rows``, block ``r * columns + c`` named ``b<r>_<c>``.

    ``schools`` are the blocks that schools ``s0``, ``s1`` … stand in; ``pupils`` the pupils of each block in each stage,
    divided over its grades at
    random by ``seed``; ``rooms`` the classrooms of each school in each of ``stages``. Distances are straight lines between
    centres. Today's
    catchments give each block to the nearest school.
    """
    rng = np.random.default_rng(seed)
    count = columns * rows
    cells = [(c, r) for r in range(rows) for c in range(columns)]
    shapes = shapely.box(*(side_m * np.array([(c, r, c + 1, r + 1) for c, r in cells]).T))
    points = shapely.get_coordinates(shapely.centroid(shapes))
    index = np.arange(count).reshape(rows, columns)
    pairs = np.concatenate([
        np.column_stack([index[:, :-1].ravel(), index[:, 1:].ravel()]),
        np.column_stack([index[:-1].ravel(), index[1:].ravel()]),
    ])  # fmt: skip
    total = np.broadcast_to(np.asarray(pupils, dtype=np.int64), (count,))
    by_grade = np.zeros((len(GRADES), count), dtype=np.int64)
    for stage in Stage:
        grades = len(stage.grades)
        by_grade[stage.grade_slice] = np.array([rng.multinomial(n, np.ones(grades) / grades) for n in total]).T
    all_years = (years[0] - 1, *years)
    demand = Demand(all_years, np.broadcast_to(by_grade, (1, len(all_years), len(GRADES), count)))
    room_array = np.zeros((len(schools), len(Stage)), dtype=np.int64)
    for stage in stages:
        room_array[:, list(Stage).index(stage)] = rooms
    school_points = points[list(schools)]
    matrix = np.hypot(*(points[:, None, :] - school_points[None, :, :]).transpose(2, 0, 1))
    nearest = matrix.argmin(axis=1)
    district = District(
        name="grid",
        crs="local-metres",
        school_year=years[0] - 1,
        years=years,
        blocks=Blocks(tuple(f"b{r}_{c}" for c, r in cells), points, geometry=shapes),
        schools=Schools(
            tuple(f"s{k}" for k in range(len(schools))),
            school_points,
            room_array,
            np.array(schools),
            names=tuple(f"School {k}" for k in range(len(schools))),
        ),
        adjacency=Adjacency.from_pairs(count, pairs, np.full(len(pairs), side_m)),
        distances=Distances.from_matrix(matrix, "straight line"),
        demand=demand,
        today={stage: Catchments.from_schools(stage, years[0] - 1, nearest) for stage in stages},
    )
    return district.replace(**changes) if changes else district


def longer(district: District, last: int) -> District:
    """The district with a demand that goes on to ``last`` with the children of its last year."""
    demand = district.demand
    more = last - demand.years[-1]
    pupils = np.concatenate([demand.pupils, np.repeat(demand.pupils[:, -1:], more, axis=1)], axis=1)
    return district.replace(demand=replace(demand, years=(*demand.years, *range(demand.years[-1] + 1, last + 1)), pupils=pupils))
