"""What is a table comes out as one, with the names of interface.md and case-format.md."""

from __future__ import annotations

import numpy as np
import pytest
from districts import grid_district
from planned import cluster_district

from xuequ.data.case import read_case
from xuequ.data.plans import read_plan
from xuequ.solver import cluster
from xuequ.zoning.seating import Opening, SeatPlan
from xuequ.zoning.stage import GRADES, Stage


def test_blocks_schools_distances_and_demand_are_tables():
    district = grid_district(4, 3, (0, 11), pupils=7, rooms=5)
    blocks, schools = district.blocks.to_frame(), district.schools.to_frame()
    assert blocks.block_id.tolist() == list(district.blocks.ids)
    assert blocks[["x", "y"]].to_numpy() == pytest.approx(district.blocks.points)
    assert schools.set_index("school_id").loc["s1", "rooms_primary"] == 5
    ways = district.distance_frame().set_index(["block_id", "school_id"]).metres
    assert ways["b0_1", "s0"] == pytest.approx(200.0)
    assert len(ways) == 12 * 2
    demand = district.demand_frame(2026)
    assert list(demand.columns) == ["block_id", *GRADES]
    primary = demand[list(GRADES[Stage.PRIMARY.grade_slice])].sum(axis=1)
    assert (primary == 7).all()
    with pytest.raises(KeyError):
        district.demand_frame(1999)


def test_a_frame_may_be_changed_and_the_district_stays():
    district = grid_district(3, 2, (0, 5))
    frame = district.blocks.to_frame()
    frame.loc[0, "x"] = -1.0
    assert district.blocks.points[0, 0] > 0


def test_each_table_of_a_plan_has_the_columns_of_its_file():
    folder = read_case("demo").folder / "plan"
    statement = read_plan(folder)
    files = {"assignment": "assignment", "schools": "schools", "seats": "seats", "clusters": "clusters", "overflow": "overflow"}
    for table, name in files.items():
        head, *lines = (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()
        frame = statement.to_frame(table)
        assert list(frame.columns) == head.lstrip("\ufeff").split(",")
        assert len(frame) == len(lines)
    assert statement.to_frame().equals(statement.to_frame("assignment"))
    with pytest.raises(ValueError, match="no table 'pupils'; its tables are assignment, schools, seats, clusters, overflow"):
        statement.to_frame("pupils")


def test_clusters_and_seats_are_tables():
    clusters = cluster(cluster_district()).clusters
    frame = clusters.to_frame()
    assert dict(zip(frame.school_id, frame.cluster, strict=True)) == dict(clusters.cluster_of())
    assert (frame.groupby("cluster").role.agg(lambda roles: (roles == "lead").sum()) == 1).all()
    seats = SeatPlan((Opening("x0", Stage.PRIMARY, 2027, 6), Opening("x0", Stage.JUNIOR, 2028, 3)))
    assert seats.to_frame().to_dict("list") == {
        "site_id": ["x0", "x0"], "stage": ["primary", "junior"], "year": [2027, 2028], "classrooms": [6, 3],
    }  # fmt: skip
    assert SeatPlan().to_frame().empty


def test_pupils_of_the_geodataframe_are_todays():
    district = grid_district(3, 2, (0, 5), pupils=9)
    frame = district.to_geodataframe()
    assert (frame.pupils_primary == 9).all()
    assert np.array(frame.geometry.area) == pytest.approx(200.0**2)
