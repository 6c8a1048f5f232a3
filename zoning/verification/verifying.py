"""All checks of a plan, in order."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from xuequ.zoning.options import GoalSpec
from xuequ.zoning.plan import PlanKind
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import Statement
from xuequ.zoning.stating import FORMAT, state
from xuequ.zoning.verification import assignment, stated
from xuequ.zoning.verification.bound import check_certificate
from xuequ.zoning.verification.check import Findings, Verification, is_number
from xuequ.zoning.verification.clusters import check_clusters
from xuequ.zoning.verification.goals import check_goals
from xuequ.zoning.verification.ground import Ground
from xuequ.zoning.verification.loads import check_hard_seats, check_overflow, check_schools, load_of, reasons_of
from xuequ.zoning.verification.pupils import count_full, count_years
from xuequ.zoning.verification.reach import check_reach
from xuequ.zoning.verification.seat_goals import check_seat_goals
from xuequ.zoning.verification.seats import check_programmes, check_seats, read_openings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan
    from xuequ.zoning.verification.ground import Area
    from xuequ.zoning.verification.loads import Load
    from xuequ.zoning.verification.pupils import Counted

__all__ = ["verify"]


def verify(district: District, plan: Plan | Statement) -> Verification:
    """
    Compute again everything that a plan states, and compare.

    Parameters
    ----------
    district
        The raw district.
    plan
        What was read from a plan folder, or a plan, of which first everything is stated that its files would hold.

    Returns
    -------
    Verification
        Every check; ``ok`` only where all of them hold.

    Notes
    -----
    model.md §6. Only definitions are shared with the solver: the district's records, the rules, class arithmetic, the graph.
    """
    statement = plan if isinstance(plan, Statement) else state(district, plan)
    work = _Work(district, statement, Findings())
    work.findings.same("plan.format", statement.plan.get("format"), FORMAT)
    openings = read_openings(Ground(district), statement.seats, work.findings) if work.builds else []
    work.ground = Ground(district, openings)
    if not stated.check_head(work.ground, statement.plan, work.findings):
        return Verification(tuple(work.findings.checks))
    work.check_catchments()
    work.check_seats()
    work.check_clusters()
    work.check_sums()
    return Verification(tuple(work.findings.checks))


@dataclass(slots=True)
class _Work:
    """One verification under way."""

    district: District
    statement: Statement
    findings: Findings
    ground: Ground = field(init=False)
    areas: list[Area] = field(default_factory=list)
    counted: dict[int, Counted] = field(default_factory=dict)
    goals: list[tuple[Load, list[dict[str, Any]]]] = field(default_factory=list)

    @property
    def said(self) -> Mapping[str, Any]:
        return self.statement.plan

    @property
    def kind(self) -> str:
        return str(self.said.get("kind"))

    @property
    def builds(self) -> bool:
        """Whether the plan says, or must say, anything of seats."""
        must = self.kind == PlanKind.SEATS or (self.kind == PlanKind.PLAN and bool(self.district.sites))
        return bool(self.statement.seats) or must

    @property
    def phase_in(self) -> bool:
        return self.said["regime"] == "phase_in" and self.ground.district.demand.graded

    def check_catchments(self) -> None:
        """Check assignment.csv, schools.csv, scenarios.csv and overflow.csv, with the goals of each stage and year."""
        statement, ground, findings = self.statement, self.ground, self.findings
        self.areas = assignment.read_areas(ground, statement.assignment, findings)
        stated.check_places(ground, self.said, self.areas, findings)
        self.counted = self._count(self.said["scenario"], later=True)
        rows, schools = assignment.by_place(statement.assignment), assignment.by_place(statement.schools)
        places = {(str(area.stage), area.year) for area in self.areas}
        findings.same("schools.places", sorted(map(str, schools.keys() - places)), [], "stages and years without catchments")
        for area in self.areas:
            before = self.counted.get(area.year - 1) if self.phase_in else None
            if self.phase_in and before is None:
                findings.holds("assignment.years", area.year, ground.district.school_year, "is not after today", ok=False)
                continue
            load = load_of(ground, area, self.said["scenario"], before)
            key = (str(area.stage), area.year)
            assignment.check_area(ground, area, findings)
            check_reach(ground, area, self._year_before(area), findings)
            assignment.check_columns(ground, area, rows[key], reasons_of(ground, load), findings)
            assignment.check_moved_cap(ground, area, load.pupils, stated.moved_cap(ground, self.said), findings)
            if stated.is_hard(ground, self.said):
                check_hard_seats(ground, load, findings)
            check_schools(ground, area, self.counted[area.year], schools.get(key, []), findings)
            self._check_goals(load)
        assignment.check_stability(ground, self.areas, findings)
        self._check_scenarios()
        self._check_certificates()
        stated.check_large_classes(ground, self.counted, stated.listed(self.said, "large_classes", findings), findings)

    def _year_before(self, area: Area) -> Sequence[tuple[int, ...]] | None:
        """Return the schools of each block before a year of a plan of several years; None in a plan of one."""
        if self.kind == PlanKind.ZONE:
            return None
        earlier = [item for item in self.areas if item.stage is area.stage and item.year < area.year]
        return max(earlier, key=lambda item: item.year).schools if earlier else self.ground.today(area.stage)

    def _count(self, scenario: str, *, later: bool = False) -> dict[int, Counted]:
        """Count who sits where in each year; where asked also in the ``later`` years, in which a whole plan goes on."""
        years = sorted({area.year for area in self.areas})
        if self.phase_in and years:
            last, known = years[-1], set(self.district.demand.years)
            if later and self.kind == PlanKind.PLAN and last == self.district.years[-1]:
                last = next(year for year in range(last, max(known) + 1) if year + 1 not in known)
            return count_years(self.ground, self.areas, last, scenario)
        return {
            year: count_full(self.ground, [area for area in self.areas if area.year == year], year, scenario) for year in years
        }

    def _check_goals(self, load: Load) -> None:
        area = load.area
        if self.kind != PlanKind.ZONE:
            entries = stated.listed(self.said, "stage_goals", self.findings)
            mine = [item for item in entries if (item.get("stage"), item.get("year")) == (str(area.stage), area.year)]
            goals = stated.listed(mine[0], "goals", self.findings) if mine else []
        else:
            goals = stated.listed(self.said, "goals", self.findings)
        check_goals(self.ground, load, goals, self._asked(), self.findings)
        self.goals.append((load, goals))

    def _asked(self) -> list[GoalSpec]:
        """Return the goals that were asked for: those of the settings, else of the case."""
        settings = stated.settings_of(self.said)
        if "goals" not in settings:
            return list(self.ground.district.options.zoning.goals)
        asked = stated.listed(settings, "goals", self.findings)
        return [GoalSpec(str(item.get("name")), item.get("tolerance", 0.0)) for item in asked]

    def _check_scenarios(self) -> None:
        names = [name for name in self.ground.district.demand.scenarios if name != self.said["scenario"] and self.areas]
        self.findings.same("scenarios.names", list(self.statement.scenarios), names)
        for name in names:
            counted = self._count(name)
            rows = assignment.by_place(self.statement.scenarios.get(name, ()))
            for area in self.areas:
                if area.year in counted:
                    said = rows.get((str(area.stage), area.year), [])
                    check_schools(self.ground, area, counted[area.year], said, self.findings, table=f"scenarios.{name}")

    def _check_certificates(self) -> None:
        """Evaluate each certificate; that of a zone plan's main goal carries ``certified_bound``."""
        items = stated.listed(self.statement.certificate, "certificates", self.findings)
        stated_bound = self.said.get("certified_bound")
        main = self.main_goal()
        carried = False
        for item in items:
            for load, goals in self.goals:
                if (str(load.area.stage), load.area.year) == (item.get("stage"), item.get("year")):
                    usable = [goal for goal in goals if is_number(goal.get("value")) and isinstance(goal.get("name"), str)]
                    carries = self.kind == PlanKind.ZONE and main is not None and item.get("goal") == main["name"]
                    carried |= carries
                    check_certificate(
                        self.ground, load, item, usable, stated_bound if carries else None, self.findings,
                        hard=stated.is_hard(self.ground, self.said),
                    )  # fmt: skip
                    break
            else:
                self.findings.holds(
                    "bound.certificate", f"{item.get('stage')} {item.get('year')}", None, "no such catchments", ok=False
                )
        if stated_bound is not None and not carried:
            self.findings.holds("bound.certificate", stated_bound, None, "a certified bound without a certificate", ok=False)

    def main_goal(self) -> dict[str, Any] | None:
        """Return the goal that objective, bound and gap are of: distance of a zone plan, cost of seats, travel of clusters."""
        goals = stated.listed(self.said, "goals", Findings())
        wanted = {"zone": "distance", "seats": "cost", "plan": "cost", "cluster": "travel"}.get(self.kind)
        named = [goal for goal in goals if wanted is not None and goal.get("name") == wanted]
        return named[0] if named else None

    def check_seats(self) -> None:
        """Check seats.csv and the programmes of plan.json."""
        programmes = stated.listed(self.said, "programmes", self.findings)
        if not self.builds:
            self.findings.same("programmes.rows", len(programmes), 0, "a plan that builds nothing")
            if self.kind == PlanKind.PLAN:
                self.findings.same("goals.order", self.said.get("goals"), [], "goals of seats where there are no sites")
            return
        sites, stages = {site.id for site in self.ground.district.sites}, {str(stage) for stage in Stage}
        rows = [row for row in self.statement.seats if row.site_id in sites and row.stage in stages]
        check_seats(self.ground, rows, self.findings)
        check_programmes(self.ground, rows, programmes, self.findings, floors=self.kind != PlanKind.ZONE)
        if self.kind in {PlanKind.SEATS, PlanKind.PLAN}:
            goals = stated.listed(self.said, "goals", self.findings)
            check_seat_goals(self.ground, rows, goals, self.findings)

    def check_clusters(self) -> None:
        """Check clusters.csv and overflow.csv."""
        rows = self.statement.clusters
        led = stated.has_leads(self.ground)
        if rows or self.kind == PlanKind.CLUSTER or (self.kind == PlanKind.PLAN and led):
            check_clusters(self.ground, self.areas, rows, self.said, self.findings)
        else:
            self.findings.same("clusters.names", self.said.get("cluster_names"), {}, "no clusters")
        known = self.ground.district.clusters
        cluster_of = {row.school_id: row.cluster for row in rows} or (known.cluster_of() if known else {})
        check_overflow(self.ground, self.areas, self.counted, cluster_of, self.statement.overflow, self.findings)

    def check_sums(self) -> None:
        """Check what plan.json adds up itself."""
        stated.check_bounds(self.said, self.main_goal(), self.findings)
