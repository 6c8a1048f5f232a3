"""Progress on a terminal: phase, elapsed time, best value, bound and gap on one line that is written over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.status import Status

from xuequ.zoning.plan import relative_gap

if TYPE_CHECKING:
    from xuequ.solver.stop import Progress

__all__ = ["ProgressLine"]


class ProgressLine:
    """Shows the events of a search on standard error."""

    def __init__(self) -> None:
        self._status = Status("starting", console=Console(stderr=True))
        self._status.start()

    def __call__(self, event: Progress) -> None:
        """Show one event."""
        parts = [f"{event.elapsed_s:6.1f} s  {event.phase}"]
        if event.best is not None:
            parts.append(f"best {event.best:,.2f}")
        if event.bound is not None:
            parts.append(f"bound {event.bound:,.2f}")
        gap = relative_gap(event.best, event.bound)
        if gap is not None:
            parts.append(f"gap {gap:.3%}")
        self._status.update("  ".join(parts))

    def close(self) -> None:
        """Clear the line."""
        self._status.stop()
