"""Grid districts with sites, budgets and leads, for tests of seats, clusters and plans."""

from __future__ import annotations

import dataclasses

import numpy as np
from districts import grid_district

from xuequ.zoning.cluster import Tie, TieKind
from xuequ.zoning.distances import Distances
from xuequ.zoning.options import Options, ProgrammeTarget, SeatOptions, ZoningOptions
from xuequ.zoning.places import NEVER, Action, Schools, Setting, Site
from xuequ.zoning.stage import Programme, Stage

PRIMARY = (Stage.PRIMARY,)
FREE = ProgrammeTarget()


def seat_district(
    *, sites=None, seats_min=0, projects_min=0, budget=None, land_max=None, pupils=20, rooms=6, groups=36, **changes
):
    """
    Make a grid of 36 blocks with schools at two corners and two more corners for new ones (``n0`` at 5, ``n1`` at 30).

    Only the primary stage is taught. ``sites`` default to an expansion of each school (``x0``, ``x1``), two new schools, and a
    relocation (``r0``) of s1 to block 29.
    """
    base = grid_district(pupils=pupils, rooms=rooms, stages=PRIMARY)
    fresh = {"n0": 5, "n1": 30, "r0": 29}
    blocks = [*base.schools.block.tolist(), *fresh.values()]
    points = base.blocks.points[blocks]
    old = base.schools
    schools = Schools(
        (*old.ids, *fresh),
        points,
        np.concatenate([old.rooms, np.zeros((len(fresh), 3), dtype=int)]),
        np.array(blocks),
        opened=np.array([0, 0, NEVER, NEVER, NEVER]),
    )
    matrix = np.hypot(*(base.blocks.points[:, None] - points[None]).transpose(2, 0, 1))
    if sites is None:
        sites = (
            Site(
                "x0",
                "x0",
                Action.EXPAND,
                PRIMARY,
                "s0",
                12,
                4,
                2,
                earliest_year=2027,
                land_m2=900,
                cost_fixed_wan=100,
                cost_room_wan=50,
            ),
            Site(
                "x1",
                "x1",
                Action.EXPAND,
                PRIMARY,
                "s1",
                12,
                4,
                2,
                earliest_year=2026,
                land_m2=800,
                cost_fixed_wan=120,
                cost_room_wan=50,
            ),
            Site(
                "n0",
                "n0",
                Action.NEW,
                PRIMARY,
                "n0",
                18,
                6,
                6,
                earliest_year=2028,
                land_m2=5000,
                cost_fixed_wan=800,
                cost_room_wan=60,
            ),
            Site(
                "n1",
                "n1",
                Action.NEW,
                PRIMARY,
                "n1",
                18,
                6,
                6,
                earliest_year=2027,
                land_m2=5000,
                cost_fixed_wan=900,
                cost_room_wan=60,
            ),
            Site("r0", "r0", Action.RELOCATE, PRIMARY, "r0", 24, 12, 6, "s1", 2027, 1, 8000, 300, 700, 60),
        )
    options = Options(
        zoning=ZoningOptions(),
        seats=SeatOptions(
            budgets_wan={} if budget is None else {Programme.SCHOOL: budget},
            programmes={Programme.SCHOOL: ProgrammeTarget(seats_min, projects_min, 0, land_max), Programme.KINDERGARTEN: FREE},
            group_blocks=groups,
        ),
    )
    return base.replace(schools=schools, distances=Distances.from_matrix(matrix), sites=sites, options=options, **changes)


def cluster_district(leads=(0, 3), *, schools=(0, 5, 14, 17, 30, 35), rural=(2, 4), ties=(), clusters=None, rooms=6, pupils=12):
    """Make a grid of 36 blocks and six schools for primary and junior; ``leads`` and ``rural`` are positions of schools."""
    base = grid_district(schools=schools, rooms=rooms, pupils=pupils, stages=(Stage.PRIMARY, Stage.JUNIOR))
    lead = np.isin(np.arange(len(schools)), leads)
    settings = tuple(Setting.RURAL if k in rural else Setting.URBAN for k in range(len(schools)))
    named = dataclasses.replace(base.schools, lead=lead, settings=settings)
    made = tuple(Tie(f"s{a}", f"s{b}", TieKind(kind)) for a, b, kind in ties)
    return base.replace(schools=named, ties=made, clusters=clusters)
