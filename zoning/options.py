"""What a case asks for: goals, locks, budgets, cluster bounds. Filled from case.toml, overridden by options."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.zoning.stage import Programme, Stage

__all__ = [
    "DEFAULT_GOALS",
    "GOAL_UNITS",
    "ClusterOptions",
    "GoalSpec",
    "Lock",
    "Options",
    "PublishOptions",
    "SeatOptions",
    "ZoningOptions",
]

Regime = Literal["full", "phase_in"]

GOAL_UNITS: Mapping[str, str] = MappingProxyType({
    "super_large": "pupils", "large": "pupils", "too_far": "pupils", "over_standard": "pupils", "distance": "pupil·km",
    "moved": "pupils", "compactness": "m", "balance": "of planned", "split": "families", "reserve": "seats",
})  # fmt: skip
"""Every goal of zoning by name, with its unit (model.md §1)."""


@dataclass(frozen=True, slots=True)
class GoalSpec:
    """
    A goal and how much of it later goals may give back.

    Parameters
    ----------
    name
        One of `GOAL_UNITS`.
    tolerance
        Fraction of the value reached by which later goals may worsen it.
    """

    name: str
    tolerance: float = 0.0


DEFAULT_GOALS: tuple[GoalSpec, ...] = (
    GoalSpec("super_large"), GoalSpec("large"), GoalSpec("too_far"), GoalSpec("over_standard"), GoalSpec("distance", 0.01),
    GoalSpec("moved"), GoalSpec("compactness"),
)  # fmt: skip
"""model.md §1: the default order and tolerances."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A block that must, or must not, be given to a school for a stage."""

    block: str
    stage: Stage
    school: str
    must: bool = True


@dataclass(frozen=True, slots=True)
class ZoningOptions:
    """
    ``[zoning]`` of a case.

    Parameters
    ----------
    regime
        ``full``: every grade anew; ``phase_in``: entry grades only, enrolled pupils stay.
    goals
        In order of rank.
    seats
        ``soft``: what does not fit is counted as ``over``; ``hard``: it may not happen.
    moved_max
        Most pupils whose school may change; below 1 a share; None for no cap.
    keep_together
        Sets of block ids that go to one school.
    locks
        Made by hand.
    scenario
        The demand scenario that is planned for.
    """

    stage: Stage | None = None
    regime: Regime = "phase_in"
    goals: tuple[GoalSpec, ...] = DEFAULT_GOALS
    seats: Literal["soft", "hard"] = "soft"
    moved_max: float | None = None
    keep_together: tuple[tuple[str, ...], ...] = ()
    locks: tuple[Lock, ...] = ()
    scenario: str = "middle"


@dataclass(frozen=True, slots=True)
class ProgrammeTarget:
    """
    What a building programme must reach.

    Parameters
    ----------
    seats_min, projects_min
        Floors on net new seats and on projects.
    land_m2
        Land to be added, an account.
    land_max_m2
        Cap on land, None for none.
    """

    seats_min: int = 0
    projects_min: int = 0
    land_m2: int = 0
    land_max_m2: int | None = None


@dataclass(frozen=True, slots=True)
class SeatOptions:
    """
    ``[seats]`` of a case.

    Parameters
    ----------
    years
        School years in which rooms may open.
    budgets_wan
        Money by programme and year, 10,000 yuan; what a year does not spend goes on to the next. Empty: no limit.
    programmes
        Floors by programme.
    scenarios
        Demand scenarios planned for; the worst counts.
    discount
        Yearly rate of the present value of costs.
    group_blocks
        Number of groups of blocks that the seat model works on.
    """

    years: tuple[int, ...] = ()
    budgets_wan: Mapping[Programme, Mapping[int, int]] = field(default_factory=dict)
    programmes: Mapping[Programme, ProgrammeTarget] = field(default_factory=dict)
    scenarios: tuple[str, ...] = ("middle",)
    discount: float = 0.03
    group_blocks: int = 250


@dataclass(frozen=True, slots=True)
class ClusterOptions:
    """
    ``[clusters]`` of a case.

    Parameters
    ----------
    count
        Number of clusters; 0: the number of leads.
    leads
        Ids of lead schools; empty: those with ``lead`` in the table.
    size_min, size_max
        Schools in a cluster, lead included; None: the rules'.
    """

    count: int = 0
    leads: tuple[str, ...] = ()
    size_min: int | None = None
    size_max: int | None = None


@dataclass(frozen=True, slots=True)
class PublishOptions:
    """
    ``[publish]`` of a case: what the public may see, whom it asks, and where the plan was decided.

    No plan depends on it, so it is no part of a district's fingerprint: a decision has its date after the plan.
    """

    small_count: int = 10
    contact: str = ""
    notices: str = ""
    draw_seed: str = ""
    decided: str = ""
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Options:
    """All that a case asks for."""

    zoning: ZoningOptions = ZoningOptions()
    seats: SeatOptions = field(default_factory=SeatOptions)
    clusters: ClusterOptions = ClusterOptions()
    publish: PublishOptions = PublishOptions()
