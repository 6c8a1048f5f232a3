"""Goals in order of rank on one model: seconds are those of one run, whole numbers or not."""

from __future__ import annotations

from typing import Any

import highspy
import numpy as np
import pulp
import pytest

from xuequ.solver.engine import Effort, Model, Rows, Session, State
from xuequ.solver.ranked import Limits, RankedModel
from xuequ.solver.stop import Clock

HARD_SECONDS = 0.5


@pytest.fixture
def limits_given(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time limits that HiGHS is given, as they come."""
    given: list[float] = []
    set_option = highspy.Highs.setOptionValue

    def watched(self: Any, name: str, value: Any) -> Any:
        if name == "time_limit" and value < 1e20:
            given.append(value)
        return set_option(self, name, value)

    monkeypatch.setattr(highspy.Highs, "setOptionValue", watched)
    return given


def market_split() -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """Return a model that is solved at once in fractions, and hardly ever in whole numbers."""
    rng = np.random.default_rng(3)
    model = pulp.LpProblem("market", pulp.LpMinimize)
    sold = [model.add_variable(f"x{j}", 0, 1, pulp.LpInteger) for j in range(40)]
    for _ in range(4):
        weights = rng.integers(1, 100, 40).tolist()
        model += pulp.lpDot(weights, sold) == sum(weights) // 2
    return model, sold


def test_seconds_are_those_of_each_run(limits_given: list[float]) -> None:
    model, sold = market_split()
    ranked = RankedModel(model, Clock())
    goal = pulp.lpSum(sold)
    for _ in range(2):
        assert not ranked.minimise(goal, Limits(seconds=HARD_SECONDS)).infeasible
    # HiGHS measures a search over whole numbers from its own start.
    assert limits_given == [HARD_SECONDS, HARD_SECONDS]
    ranked.relax()
    relaxed = ranked.minimise(goal, Limits(seconds=HARD_SECONDS / 2))
    # … and the simplex method from the first run on: without the seconds of the runs before there is no answer.
    assert limits_given[-1] >= 2 * HARD_SECONDS
    assert relaxed.value is not None
    assert relaxed.bound == pytest.approx(relaxed.value)
    assert len(relaxed.row_duals) == 4


def test_a_few_variables_in_fractions_leave_a_search_over_whole_numbers(limits_given: list[float]) -> None:
    model, sold = market_split()
    ranked = RankedModel(model, Clock())
    ranked.relax(sold[:3])
    for _ in range(2):
        ranked.minimise(pulp.lpSum(sold), Limits(seconds=HARD_SECONDS / 4))
    assert limits_given == [HARD_SECONDS / 4] * 2
    ranked.relax()
    ranked.relax(sold[:1], whole=True)
    ranked.minimise(pulp.lpSum(sold), Limits(seconds=HARD_SECONDS / 4))
    assert limits_given[-1] == HARD_SECONDS / 4


def test_a_completion_is_not_bound_by_the_seconds_of_the_search_before() -> None:
    model, sold = market_split()
    rest = [model.add_variable(f"slack{k}", 0, None) for k in range(2)]
    model += pulp.lpSum(sold[:5]) + rest[0] - rest[1] == 3
    ranked = RankedModel(model, Clock())
    ranked.minimise(pulp.lpSum(sold), Limits(seconds=0.05))
    found = ranked.completed({"x0": 1.0, "x1": 0.0})
    assert found is not None
    assert found[ranked.column(sold[0])] == pytest.approx(1.0)
    assert found[ranked.column(sold[1])] == pytest.approx(0.0)
    assert found[ranked.column(rest[0])] - found[ranked.column(rest[1])] == pytest.approx(
        3 - sum(found[ranked.column(item)] for item in sold[:5])
    )


def test_a_linear_model_that_is_solved_again_has_its_seconds_anew(limits_given: list[float]) -> None:
    rng = np.random.default_rng(0)
    rows = Rows()
    for _ in range(200):
        rows.add(np.arange(200), rng.integers(5, 60, 200).astype(float), -np.inf, 2000.0)
    session = Session(Model(-rng.uniform(1, 9, 200), np.ones(200), np.zeros(200, dtype=bool), rows))
    seconds = 5.0
    for run in range(3):
        assert session.run(Effort(seconds=seconds)).state is State.SOLVED
        more = Rows()
        more.add(np.arange(200), rng.integers(5, 60, 200).astype(float), -np.inf, 1900.0 - 100 * run)
        session.add(more)
    assert limits_given[0] >= seconds
    assert seconds < limits_given[1] < limits_given[2]
