"""A small district on the globe with addresses, and a plan for it, for tests of the service."""

from __future__ import annotations

import numpy as np
import shapely
from districts import grid_district

from xuequ.api.publication import Publication, assembled
from xuequ.api.settings import Settings
from xuequ.zoning.district import Address, District
from xuequ.zoning.options import Options, PublishOptions
from xuequ.zoning.places import Blocks, Schools
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import AssignmentRow, ClusterRow, SchoolRow, Statement

ORIGIN = (530_000.0, 2_596_000.0)
"""Of the grid's lower left corner in EPSG:4546, a place at about 111.29° E, 23.46° N."""

STREETS = ("桂江一路", "桂江二路", "民主路", "富民街", "西江三巷", "Station Road")


def town(**changes: object) -> District:
    """Make a district of 6 × 6 blocks of 200 m with streets along its rows; schools in its first, middle and last block."""
    grid = grid_district(schools=(0, 21, 35), rooms=(6, 6, 6), years=(2026, 2027, 2028))
    shift = np.array(ORIGIN)
    blocks, schools = grid.blocks, grid.schools
    count = len(blocks)
    addresses = []
    for block in range(count):
        row, column = divmod(block, 6)
        x, y = blocks.points[block] + shift
        addresses.extend(
            Address(f"{STREETS[row]}{number}号", block, float(x), float(y), STREETS[row], str(number))
            for number in (10 * column + 1, 10 * column + 4, 10 * column + 7)
        )
    addresses.append(Address("万达华府小区1栋", 14, *(blocks.points[14] + shift), estate="万达华府小区"))
    addresses.append(Address("万达华府小区2栋", 15, *(blocks.points[15] + shift), estate="万达华府小区"))
    community = ("富民社区居民委员会", "旺步村委会")
    moved = Blocks(
        blocks.ids,
        blocks.points + shift,
        names=tuple(f"地块{block + 1}" for block in range(count)),
        communities=tuple(community[block // 18] for block in range(count)),
        geometry=shapely.transform(blocks.geometry, lambda points: points + shift),
    )
    places = Schools(
        schools.ids,
        schools.points + shift,
        schools.rooms,
        schools.block,
        names=("振兴小学", "富民<b>小学</b>", "夏郢学校"),
        lead=np.array([True, False, False]),
        invented=np.array([False, True, False]),
    )
    district = grid.replace(
        name="万秀区（合成示例）",
        crs="EPSG:4546",
        blocks=moved,
        schools=places,
        addresses=tuple(addresses),
        synthetic=True,
        data_licence="CC0-1.0",
        options=Options(publish=PublishOptions(contact="区教育局招生办 0774-000000", notices="以当年公告为准")),
    )
    return district.replace(**changes) if changes else district


def statement_of(district: District) -> Statement:
    """State a plan by hand: nearest schools, but a middle school that starts in 2027 and a multi-school zone for juniors."""
    ids, matrix = district.schools.ids, district.distances.to_matrix()
    rows = []
    for stage in Stage:
        for year in district.years:
            for block, name in enumerate(district.blocks.ids):
                open_schools = [0, 2] if year == 2026 else [0, 1, 2]
                nearest = min(open_schools, key=lambda school: (matrix[block, school], school))
                zone = ids[nearest]
                if stage is Stage.JUNIOR and nearest != 2:
                    zone = f"{ids[0]};{ids[1]}"
                rows.append(AssignmentRow(name, str(stage), year, zone, round(float(matrix[block, nearest]), 1), "", "nearest"))
    schools = tuple(
        SchoolRow(school, "primary", year, "g1", 40, 1, 40, 0, 0, 270, 330, 0.9, "yellow" if school == "s0" else "green")
        for school in ids
        for year in district.years
    )
    clusters = (ClusterRow("s0", "s0", "lead"), ClusterRow("s1", "s0", "urban"), ClusterRow("s2", "s0", "rural"))
    return Statement({"regime": "phase_in", "kind": "plan", "status": "feasible"}, tuple(rows), schools, (), clusters)


def publication(district: District | None = None, settings: Settings | None = None) -> Publication:
    """Publish the hand-made plan; only the verifier is left out, the tests of `published` have it."""
    district = town() if district is None else district
    return assembled(district, statement_of(district), settings or Settings())
