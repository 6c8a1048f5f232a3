"""HiGHS behind plain arrays: states, reasons, duals, rows added between runs."""

from __future__ import annotations

import numpy as np
import pytest

from xuequ.solver.engine import Effort, Model, Reason, Rows, Session, State


def knapsack(*, whole: bool, least: float = 3.0) -> Model:
    """min x + 2y + 4z with 2x + 2y + 2z >= least, all at most 1."""
    rows = Rows()
    rows.add([0, 1, 2], 2.0, least, np.inf)
    return Model(np.array([1.0, 2.0, 4.0]), np.ones(3), np.full(3, whole), rows)


def test_linear_model_has_value_bound_and_duals() -> None:
    answer = Session(knapsack(whole=False)).run()
    assert (answer.state, answer.reason) == (State.SOLVED, Reason.DONE)
    assert answer.value == pytest.approx(2.0)
    assert answer.bound == pytest.approx(2.0)
    assert answer.x == pytest.approx([1.0, 0.5, 0.0])
    assert answer.duals == pytest.approx([1.0])
    assert answer.reduced == pytest.approx([-1.0, 0.0, 2.0])


def test_whole_model_is_dearer_and_has_no_duals() -> None:
    answer = Session(knapsack(whole=True)).run()
    assert answer.value == pytest.approx(3.0)
    assert answer.bound == pytest.approx(3.0)
    assert len(answer.duals) == 0


def test_rows_are_added_between_runs() -> None:
    session = Session(knapsack(whole=True))
    session.run()
    rows = Rows()
    rows.add([0, 1], 1.0, -np.inf, 1.0)
    session.add(rows)
    session.start_from(np.array([1.0, 0.0, 1.0]))
    assert session.run().value == pytest.approx(5.0)


def test_impossible_is_told_from_unfinished() -> None:
    answer = Session(knapsack(whole=True, least=7.0)).run()
    assert answer.state is State.INFEASIBLE
    assert answer.value is None
    assert len(answer.x) == 0


def hard_model() -> Model:
    """Return a market-split model that takes many nodes."""
    rng = np.random.default_rng(3)
    rows = Rows()
    for _ in range(4):
        weights = rng.integers(1, 100, 40)
        half = float(weights.sum() // 2)
        rows.add(np.arange(40), weights, half, half)
    return Model(np.zeros(40), np.ones(40), np.ones(40, dtype=bool), rows)


def test_a_node_limit_is_its_own_reason() -> None:
    answer = Session(hard_model()).run(Effort(nodes=1))
    assert (answer.state, answer.reason) == (State.UNFINISHED, Reason.NODES)


def test_a_time_limit_is_not_called_solved() -> None:
    answer = Session(hard_model()).run(Effort(seconds=0.2))
    assert (answer.state, answer.reason) == (State.UNFINISHED, Reason.TIME)


def test_a_run_stops_when_asked() -> None:
    answer = Session(hard_model(), should_stop=lambda: True).run()
    assert (answer.state, answer.reason) == (State.UNFINISHED, Reason.STOPPED)


def test_rows_become_a_matrix() -> None:
    rows = Rows()
    rows.add([1], 2.0, 0.0, 1.0)
    rows.add([0, 2], [3.0, 4.0], 0.0, 1.0)
    assert rows.matrix(3).toarray().tolist() == [[0, 2, 0], [3, 0, 4]]
    assert Rows().matrix(2).shape == (0, 2)
