"""The models that leave the house: complete, readable, and of the same optimum as the house's own solver."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pulp
import pytest
from districts import grid_district
from planned import cluster_district, seat_district

from xuequ.solver import ClusterFormulation, SeatFormulation, ZoningFormulation, cluster, seats, zone
from xuequ.solver.formulations import contiguity
from xuequ.zoning.options import ClusterOptions, GoalSpec, Lock, Options, ZoningOptions
from xuequ.zoning.plan import Status
from xuequ.zoning.stage import Programme, Stage

GOLDEN = Path(__file__).parent.parent / "golden"


def solved(model):
    assert pulp.LpStatus[model.solve(pulp.HiGHS(msg=False, threads=1))] == "Optimal"
    return pulp.value(model.objective)


def zoned(seed, *, keep=(), links=()):
    """Return a grid of 24 blocks with three schools, uneven pupils and seats that bind."""
    rng = np.random.default_rng(seed)
    district = grid_district(6, 4, (0, 14, 21), pupils=rng.integers(5, 40, 24), rooms=(2, 3, 2), seed=seed)
    options = ZoningOptions(
        regime="full", seats="soft", goals=(GoalSpec("over_standard"), GoalSpec("distance")), keep_together=keep,
        locks=(Lock("b1_3", Stage.PRIMARY, "s1"),),
    )  # fmt: skip
    return district.replace(options=Options(zoning=options))


@pytest.mark.parametrize("seed", range(4))
def test_any_solver_finds_the_catchments_that_zone_proves_best(seed):
    district = zoned(seed, keep=(("b3_0", "b3_1"),) if seed % 2 else ())
    plan = zone(district, stage="primary", year=2026)
    assert plan.status is Status.OPTIMAL
    values = {goal.name: goal.value for goal in plan.goals}
    formulation = ZoningFormulation(district, "primary", 2026)
    assert solved(formulation.to_pulp("over_standard")) == pytest.approx(values["over_standard"])
    best = solved(formulation.to_pulp("distance", {"over_standard": values["over_standard"]}))
    assert best == pytest.approx(values["distance"], rel=1e-6)


def test_a_catchment_of_the_plain_model_is_whole():
    """A district whose nearest blocks lie across another catchment: the flows keep every catchment in one piece."""
    district = grid_district(7, 1, (0, 3), pupils=[1, 1, 9, 1, 1, 1, 1], rooms=2, seed=3)
    options = ZoningOptions(regime="full", locks=(Lock("b0_2", Stage.PRIMARY, "s1"),))
    district = district.replace(options=Options(zoning=options))
    model = ZoningFormulation(district, Stage.PRIMARY, 2026).to_pulp("distance")
    solved(model)
    chosen = {
        tuple(map(int, item.name.split("_")[1:])) for item in model.variables() if item.name[:2] == "x_" and item.value() > 0.5
    }
    assert chosen == {(0, 0), (1, 0), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)}
    model.addConstraint({v.name: v for v in model.variables()}["x_4_0"] == 1)
    assert pulp.LpStatus[model.solve(pulp.HiGHS(msg=False, threads=1))] == "Infeasible"


@pytest.mark.parametrize("ties", [[], [(5, 0, "assist")], [(1, 2, "tight")]], ids=["none", "assist", "tight"])
def test_any_solver_finds_the_clusters_that_cluster_proves_best(ties):
    district, options = cluster_district(ties=ties), ClusterOptions(size_min=2, size_max=5)
    plan = cluster(district, options=options)
    assert plan.status is Status.OPTIMAL
    formulation, limits = ClusterFormulation(district, options), {}
    for goal in plan.goals:
        found = solved(formulation.to_pulp(goal.name, limits))
        assert found == pytest.approx(goal.value, abs=1e-4)
        limits[goal.name] = goal.value + 1e-6


def test_any_solver_finds_the_seats_at_the_bounds_that_seats_states():
    district = seat_district(pupils=26)
    plan = seats(district)
    limits = {}
    for goal in plan.goals[:4]:
        found = solved(SeatFormulation(district, Programme.SCHOOL).to_pulp(goal.name, limits))
        assert goal.bound - 1e-4 <= found <= goal.value + 1e-4
        limits[goal.name] = found + 1e-6


def test_a_model_is_an_lp_file_that_names_its_rows(tmp_path):
    path = tmp_path / "zoning.lp"
    ZoningFormulation(zoned(0), "primary", 2026).to_pulp("distance").writeLP(str(path))
    text = path.read_text()
    assert "one_zone_0:" in text
    assert "sends_" in text


@pytest.mark.parametrize(
    ("formulation", "known"),
    [
        (lambda: ZoningFormulation(zoned(0), "primary", 2026), "over_standard, too_far, distance, moved"),
        (lambda: SeatFormulation(seat_district(), "school"), "large, too_far, cost, distance, idle_seats"),
        (lambda: ClusterFormulation(cluster_district()), "uncovered, balance, travel, changed"),
    ],
)
def test_a_goal_that_is_none_is_told_with_those_that_are(formulation, known):
    with pytest.raises(ValueError, match="'beauty' is no goal of this model") as caught:
        formulation().to_pulp("beauty")
    assert known in str(caught.value)
    with pytest.raises(ValueError, match="'charm' is no goal"):
        formulation().to_pulp(known.split(", ")[0], {"charm": 1})


def test_the_rows_of_the_flows(golden_lp):
    """A path 0-1-2 with the root of zone 0 at its start, and element 2 exempt."""
    model = pulp.LpProblem("flows", pulp.LpMinimize)
    member = {(i, 0): model.add_variable(f"x_{i}_0", cat="Binary") for i in range(3)}
    contiguity.members_send_a_unit_to_the_root(model, member, [(0, 1), (1, 2)], {0: 0}, {(2, 0)})
    written, expected = golden_lp("contiguity_members_send_a_unit_to_the_root.lp", model)
    assert written == expected
    assert [family.__name__ for family in contiguity.FAMILIES] == ["members_send_a_unit_to_the_root"]
