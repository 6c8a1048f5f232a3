"""Stop criteria and the clock."""

from __future__ import annotations

import threading

import pytest

from xuequ.solver.stop import AnyOf, Clock, Interrupted, MaxIterations, MaxRuntime, Progress


def at(elapsed_s: float = 0.0, iterations: int = 0) -> Progress:
    return Progress("search", elapsed_s, iterations)


def test_runtime_stops_at_its_seconds() -> None:
    assert not MaxRuntime(5)(at(4.99))
    assert MaxRuntime(5)(at(5.0))


def test_iterations_stop_at_their_count() -> None:
    assert not MaxIterations(10)(at(1e9, 9))
    assert MaxIterations(10)(at(0, 10))


def test_interruption_follows_its_event() -> None:
    event = threading.Event()
    assert not Interrupted(event)(at())
    event.set()
    assert Interrupted(event)(at())


def test_any_of_stops_with_the_first() -> None:
    both = AnyOf(MaxRuntime(5), MaxIterations(10))
    assert not both(at(1, 1))
    assert both(at(6, 1))
    assert both(at(1, 11))


def test_clock_tells_the_listener_and_stays_stopped() -> None:
    heard: list[Progress] = []
    clock = Clock(MaxIterations(3), heard.append)
    assert not clock.report("search", 10.0, 8.0)
    clock.iterations = 3
    assert clock.report("search", 9.0, 8.0)
    clock.iterations = 0
    assert clock.should_stop()
    assert [event.best for event in heard] == [10.0, 9.0]
    assert heard[0].gap == pytest.approx(0.2)


@pytest.mark.parametrize(
    ("stop", "repeats"),
    [(None, True), (MaxIterations(3), True), (AnyOf(MaxIterations(3), AnyOf(MaxRuntime(1))), False), (MaxRuntime(1), False)],
)
def test_only_runs_without_a_time_limit_repeat(stop: object, repeats: bool) -> None:  # noqa: FBT001
    assert Clock(stop).is_repeatable is repeats  # type: ignore[arg-type]


def test_a_phase_gets_its_share() -> None:
    clock = Clock(AnyOf(MaxIterations(100), MaxRuntime(50)))
    assert clock.iterations_left() == 100
    assert clock.seconds_left() == pytest.approx(50, abs=5)
    budget = clock.budget("distance", 0.5)
    assert budget.until_iterations == 50
    assert budget.until_s == pytest.approx(25, abs=5)
    assert not budget.is_spent(clock)
    clock.iterations = 50
    assert budget.is_spent(clock)


def test_without_limits_nothing_runs_out() -> None:
    clock = Clock()
    assert clock.seconds_left() == float("inf")
    assert not clock.should_stop()
    assert not clock.budget("distance", 0.5).is_spent(clock)
