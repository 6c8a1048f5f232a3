"""A benchmark instance solved: a row of ``xuequ bench`` (interface.md)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from xuequ.solver.portfolio import zone
from xuequ.zoning.indicators import goal_value
from xuequ.zoning.rounds import admission_round
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    from xuequ.solver.stop import Progress, Stop
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["BenchResult", "run_instance"]


@dataclass(frozen=True, slots=True, eq=False)
class BenchResult:
    """
    What one instance came to.

    Parameters
    ----------
    instance
        Its name.
    plan
        What was found; its objective and bound are in pupil·km.
    over
        Pupils above the seats of their school: 0 in a plan that is feasible.
    """

    instance: str
    plan: Plan
    over: int

    def to_json(self) -> dict[str, Any]:
        """Return the object of interface.md, with the overload and the certified bound besides."""
        plan = self.plan
        return {
            "instance": self.instance,
            "objective": plan.objective,
            "bound": plan.bound,
            "gap_to_bound": plan.gap,
            "status": plan.status.value,
            "over": self.over,
            "seconds": round(plan.seconds, 3),
            "certified_bound": plan.certified_bound,
        }


def run_instance(
    district: District,
    name: str,
    *,
    stop: Stop | None = None,
    seed: int = 0,
    threads: int = 1,
    progress: Callable[[Progress], None] | None = None,
) -> BenchResult:
    """
    Zone the primary stage of a benchmark district (`data.instances.read_instance` makes them).

    Parameters
    ----------
    district, name
        The instance.
    stop, seed, threads, progress
        As in `portfolio.zone`.
    """
    plan = zone(district, stage=Stage.PRIMARY, stop=stop, seed=seed, threads=threads, progress=progress)
    asked = admission_round(district, Stage.PRIMARY, district.year_or_first(plan.year), regime="full")
    over = sum(int(goal_value("over_standard", district, asked, found)) for found in plan.catchments)
    return BenchResult(name, plan, over)
