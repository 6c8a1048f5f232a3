"""Every family of rows of the zoning model has a golden LP file; the model agrees with the arrays."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pulp
import pytest
from districts import grid_district

from xuequ.solver.cuts import Cut, CutPool
from xuequ.solver.engine import Session
from xuequ.solver.formulations import zoning
from xuequ.solver.problem import DISTANCE, FAR, MOVED, OVER, build_problem
from xuequ.solver.search import Target
from xuequ.solver.submip import Region, assignment_model
from xuequ.zoning.options import Lock, Options, ZoningOptions
from xuequ.zoning.stage import Stage

GOLDEN = Path(__file__).parent.parent / "golden"
PUPILS = [3, 0, 5]


def blank() -> tuple[pulp.LpProblem, dict[tuple[int, int], pulp.LpVariable]]:
    model = pulp.LpProblem("zoning", pulp.LpMinimize)
    x = {(i, j): model.add_variable(f"x_{i}_{j}", cat=pulp.LpBinary) for i in range(3) for j in range(2) if (i, j) != (2, 0)}
    model.setObjective(pulp.LpAffineExpression([(arc, 1) for arc in x.values()]))
    return model, x


def _load(model: pulp.LpProblem, x: dict[tuple[int, int], pulp.LpVariable]) -> None:
    zoning.zone_holds_its_load(model, x, PUPILS, [4, 6], [model.add_variable("over_0", 0), None], "planned")


ROWS: dict[Callable[..., None], Callable[..., None]] = {
    zoning.block_has_one_zone: zoning.block_has_one_zone,
    zoning.zone_holds_its_load: _load,
    zoning.root_is_its_own: lambda model, x: zoning.root_is_its_own(model, x, [0, -1]),
    zoning.catchment_is_contiguous: lambda model, x: zoning.catchment_is_contiguous(
        model, x, [Cut(2, 1, (0, 1)), Cut(0, 0, (1, 2)), Cut(2, 0, (1,))]
    ),
    zoning.lock_is_kept: lambda model, x: zoning.lock_is_kept(model, x, [(0, 1, True), (1, 0, False), (2, 0, True)]),
    zoning.blocks_stay_together: lambda model, x: zoning.blocks_stay_together(model, x, [(0, 2)]),
    zoning.goal_keeps_its_limit: lambda model, x: zoning.goal_keeps_its_limit(
        model, {"distance": pulp.LpAffineExpression([(x[0, 0], 2.5), (x[1, 1], 1.5)])}, {"distance": 3.25}
    ),
}


@pytest.mark.parametrize("family", zoning.FAMILIES, ids=lambda family: family.__name__)
def test_rows_of_each_family(family: Callable[..., None], golden_lp: Callable[[str, pulp.LpProblem], tuple[str, str]]) -> None:
    model, x = blank()
    ROWS[family](model, x)
    written, expected = golden_lp(f"zoning_{family.__name__}.lp", model)
    assert written == expected


def test_no_family_is_without_a_golden_file() -> None:
    public = [getattr(zoning, name) for name in zoning.__all__ if inspect.isfunction(getattr(zoning, name))]
    families = [function for function in public if function is not zoning.zoning_model]
    assert set(families) == set(zoning.FAMILIES) == set(ROWS)
    for family in families:
        assert (GOLDEN / f"zoning_{family.__name__}.lp").is_file()


@pytest.mark.parametrize("seed", range(6))
def test_the_model_and_the_arrays_have_the_same_optimum(seed: int) -> None:
    rng = np.random.default_rng(seed)
    district = grid_district(5, 4, (0, 13, 19), pupils=rng.integers(0, 30, 20), rooms=(2, 3, 2), seed=seed)
    locks = (Lock("b1_3", Stage.PRIMARY, "s1"), Lock("b0_4", Stage.PRIMARY, "s0", must=False))
    zoning_options = ZoningOptions(regime="full", locks=locks, keep_together=(("b3_0", "b3_1"),) if seed % 2 else ())
    district = district.replace(options=Options(zoning=zoning_options))
    problem = build_problem(district, Stage.PRIMARY, 2026, zoning_options)
    price, limit = np.zeros(7), np.full(7, np.inf)
    price[[DISTANCE, OVER, FAR]] = 1.0, 0.3, 0.1
    limit[MOVED] = 60.0
    target = Target(price, limit)
    arrays = Session(assignment_model(problem, Region.whole(problem), target, CutPool())).run()
    model, _ = zoning.zoning_model(district, problem, target)
    model.solve(pulp.HiGHS(msg=False))
    assert arrays.value is not None
    assert pulp.value(model.objective) == pytest.approx(arrays.value, rel=1e-6)
