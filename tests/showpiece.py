"""A small town with a hand-made plan, for everything that is drawn: a river, roads, sites, clusters, three stages, five years."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import shapely
from districts import grid_district

from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.places import NEVER, Action, Schools, Site
from xuequ.zoning.plan import Goal, Plan, PlanKind, Status
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from xuequ.zoning.district import District

COLUMNS, ROWS = 12, 9
HOMES = (14, 20, 63, 57, 93)
NAMES = ("富民小学", "河东学校", "龙湖小学", "城西学校", "新城学校")


def town(**changes: object) -> District:
    """A district of 108 square blocks, four schools that run, and one candidate that a site may open."""
    count = COLUMNS * ROWS
    pupils = 6 + (np.arange(count) * 7) % 19
    pupils[60:84] += 14
    base = grid_district(COLUMNS, ROWS, HOMES, pupils=pupils, rooms=12)
    rooms = np.tile([6, 12, 6], (len(HOMES), 1))
    rooms[4] = 0
    schools = Schools(
        tuple(f"s{k}" for k in range(5)), base.schools.points, rooms, np.array(HOMES), names=NAMES,
        lead=np.array([1, 0, 0, 1, 0]), opened=np.array([0, 0, 0, 0, NEVER]), invented=np.array([0, 0, 1, 0, 0]),
    )  # fmt: skip
    today = {stage: Catchments.from_schools(stage, 2025, _nearest(base, 4)) for stage in Stage}
    sites = (
        Site(
            "s4", "新城学校(新建)", Action.NEW, (Stage.PRIMARY, Stage.JUNIOR), "s4", 18, earliest_year=2028, cost_fixed_wan=3000
        ),
        Site("s1x", "河东学校扩建", Action.EXPAND, (Stage.PRIMARY,), "s1", 6, earliest_year=2027, cost_room_wan=90),
    )
    return base.replace(**{
        "name": "示例区", "schools": schools, "today": today, "sites": sites, "synthetic": True, "data_licence": "CC0-1.0",
        "rivers": (shapely.LineString([(0, 780), (900, 820), (1500, 700), (2400, 760)]),),
        "roads": tuple(shapely.LineString([(x, 0), (x, 1800)]) for x in (400, 1200, 2000)),
    } | changes)  # fmt: skip


def town_plan(district: District | None = None, *, opened: int = 2028, seed: int = 7) -> Plan:
    """Catchments of every stage and year: today's until the new school opens, then its neighbours go there."""
    district = town() if district is None else district
    catchments = [
        Catchments.from_schools(stage, year, _nearest(district, 5 if year >= opened and stage is not Stage.KINDERGARTEN else 4))
        for stage in Stage
        for year in district.years
    ]
    seats = SeatPlan(
        (Opening("s4", Stage.PRIMARY, opened, 12), Opening("s4", Stage.JUNIOR, opened, 6)),
        (("s1x", "不选:河东学校仍有空余学位"), ("s4", "选中:消除龙湖小学的大班额")),
    )
    members = [
        Membership("s0", "s0", Role.LEAD), Membership("s1", "s0", Role.URBAN), Membership("s2", "s0", Role.RURAL),
        Membership("s3", "s3", Role.LEAD), Membership("s4", "s3", Role.URBAN),
    ]  # fmt: skip
    return Plan(
        kind=PlanKind.PLAN, status=Status.FEASIBLE, fingerprint=district.fingerprint, regime="phase_in", seed=seed,
        goals=(Goal("large", 12.0, 10.0, "pupils"), Goal("distance", 812.5, 800.0, "pupil·km", 0.01)),
        objective=812.5, certified_bound=800.0, catchments=tuple(catchments), seats=seats,
        clusters=ClusterPlan(tuple(members), (("s0", "富民学区"), ("s3", "城西学区"))),
    )  # fmt: skip


def _nearest(district: District, schools: int) -> np.ndarray:
    return district.distances.to_matrix()[:, :schools].argmin(axis=1)
