"""When to stop, and what is told on the way."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from xuequ.zoning.plan import relative_gap

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["AnyOf", "Budget", "Clock", "Interrupted", "MaxIterations", "MaxRuntime", "Progress", "Stop"]


@dataclass(frozen=True, slots=True)
class Progress:
    """
    How far a run has come.

    Parameters
    ----------
    phase
        What is being done, in one word or two.
    elapsed_s
        Seconds since the start.
    iterations
        Batches of search done; one batch is `kernel.BATCH` candidate moves, or what costs about as much.
    best, bound
        Value and lower bound of the goal that is worked on; None where there is none yet.
    gap
        Relative gap of the two.
    """

    phase: str
    elapsed_s: float
    iterations: int
    best: float | None = None
    bound: float | None = None
    gap: float | None = None


class Stop(Protocol):
    """Says whether to stop, given how far a run has come."""

    def __call__(self, progress: Progress, /) -> bool:
        """Return True to stop."""


class _Flag(Protocol):
    def is_set(self) -> bool: ...


@dataclass(frozen=True, slots=True)
class MaxRuntime:
    """Stop after so many seconds."""

    seconds: float

    def __call__(self, progress: Progress, /) -> bool:
        """Return whether the time is over."""
        return progress.elapsed_s >= self.seconds


@dataclass(frozen=True, slots=True)
class MaxIterations:
    """Stop after so many batches of search; runs that stop by this alone repeat to the byte."""

    count: int

    def __call__(self, progress: Progress, /) -> bool:
        """Return whether the batches are done."""
        return progress.iterations >= self.count


@dataclass(frozen=True, slots=True)
class Interrupted:
    """Stop when an event is set (Ctrl-C, a cancelled job)."""

    event: _Flag

    def __call__(self, progress: Progress, /) -> bool:  # noqa: ARG002 - every criterion is asked with it
        """Return whether the event is set."""
        return self.event.is_set()


@dataclass(frozen=True, slots=True, init=False)
class AnyOf:
    """Stop when any of the criteria says so."""

    criteria: tuple[Stop, ...]

    def __init__(self, *criteria: Stop) -> None:
        object.__setattr__(self, "criteria", criteria)

    def __call__(self, progress: Progress, /) -> bool:
        """Return whether any criterion says so."""
        return any(criterion(progress) for criterion in self.criteria)


def _parts(stop: Stop | None) -> tuple[Stop, ...]:
    if stop is None:
        return ()
    return tuple(part for item in stop.criteria for part in _parts(item)) if isinstance(stop, AnyOf) else (stop,)


@dataclass(slots=True)
class Clock:
    """
    One run's time, iterations, stop criterion and listener.

    Parameters
    ----------
    stop
        The criterion; None never stops.
    listener
        Receives a `Progress` at every `report`.
    """

    stop: Stop | None = None
    listener: Callable[[Progress], None] | None = None
    iterations: int = 0
    stopped: bool = False
    last: Progress | None = None
    _started: float = field(default_factory=time.monotonic)

    @property
    def elapsed_s(self) -> float:
        """Seconds since the start."""
        return time.monotonic() - self._started

    @property
    def is_repeatable(self) -> bool:
        """Whether nothing but iterations (or an interruption) ends the run, so that time must not steer it."""
        return not any(isinstance(part, MaxRuntime) for part in _parts(self.stop))

    def seconds_left(self, default: float = float("inf")) -> float:
        """Return the seconds that a run time limit leaves, ``default`` where there is none."""
        limits = [part.seconds for part in _parts(self.stop) if isinstance(part, MaxRuntime)]
        return max(0.0, min(limits) - self.elapsed_s) if limits else default

    def iterations_left(self, default: int = 1 << 60) -> int:
        """Return the batches that an iteration limit leaves, ``default`` where there is none."""
        limits = [part.count for part in _parts(self.stop) if isinstance(part, MaxIterations)]
        return max(0, min(limits) - self.iterations) if limits else default

    def report(self, phase: str, best: float | None = None, bound: float | None = None) -> bool:
        """Tell the listener, ask the criterion, and return whether to stop; once stopped it stays so."""
        event = Progress(phase, self.elapsed_s, self.iterations, best, bound, relative_gap(best, bound))
        self.last = event
        if self.listener is not None:
            self.listener(event)
        if self.stop is not None and not self.stopped:
            self.stopped = self.stop(event)
        return self.stopped

    def should_stop(self) -> bool:
        """Ask the criterion without telling anybody."""
        if self.stop is not None and not self.stopped:
            last = self.last
            best, bound, gap = (last.best, last.bound, last.gap) if last else (None, None, None)
            self.stopped = self.stop(Progress(last.phase if last else "start", self.elapsed_s, self.iterations, best, bound, gap))
        return self.stopped

    def budget(self, phase: str, share: float, *, most: int = 1 << 60, bound: float | None = None) -> Budget:
        """Return a part of what the limits leave (and at most ``most`` batches) for a phase."""
        seconds, batches = self.seconds_left(), self.iterations_left()
        until_s = float("inf") if self.is_repeatable else self.elapsed_s + share * seconds
        return Budget(phase, until_s, self.iterations + int(min(share * batches, most)), bound)


@dataclass(slots=True)
class Budget:
    """
    What a phase may use.

    Parameters
    ----------
    phase
        Its name.
    until_s, until_iterations
        When it is spent.
    bound
        Lower bound of the goal that is worked on.
    """

    phase: str
    until_s: float
    until_iterations: int
    bound: float | None = None

    def is_spent(self, clock: Clock) -> bool:
        """Return whether the phase has used its part."""
        return clock.elapsed_s >= self.until_s or clock.iterations >= self.until_iterations
