"""Lies to plant in what true plans state: ways to change a statement, and by name the lies with the check that finds each."""

from __future__ import annotations

import copy
from dataclasses import replace


def row(table, match, **changes):
    """Change the first row of a table that has the values of ``match``."""

    def lie(statement):
        rows = list(getattr(statement, table))
        at = next(k for k, item in enumerate(rows) if all(getattr(item, key) == value for key, value in match.items()))
        changed = {key: value(getattr(rows[at], key)) if callable(value) else value for key, value in changes.items()}
        rows[at] = rows[at]._replace(**changed)
        assert rows[at] != getattr(statement, table)[at]
        return replace(statement, **{table: tuple(rows)})

    return lie


def drop(table, **match):
    def lie(statement):
        rows = [
            item for item in getattr(statement, table) if not all(getattr(item, key) == value for key, value in match.items())
        ]
        assert len(rows) == len(getattr(statement, table)) - 1
        return replace(statement, **{table: tuple(rows)})

    return lie


def again(table, **match):
    def lie(statement):
        rows = getattr(statement, table)
        twice = next(item for item in rows if all(getattr(item, key) == value for key, value in match.items()))
        return replace(statement, **{table: (*rows, twice)})

    return lie


def said(*path, value):
    """Change a value of plan.json."""

    def lie(statement):
        plan = copy.deepcopy(dict(statement.plan))
        place = plan
        for key in path[:-1]:
            place = place[key]
        place[path[-1]] = value(place[path[-1]]) if callable(value) else value
        assert plan != statement.plan
        return replace(statement, plan=plan)

    return lie


def proof(key, value):
    """Change a value of the first certificate."""

    def lie(statement):
        certificate = copy.deepcopy(dict(statement.certificate))
        item = certificate["certificates"][0]
        item[key] = value(item[key]) if callable(value) else value
        assert certificate != statement.certificate
        return replace(statement, certificate=certificate)

    return lie


def both(first, second):
    return lambda statement: second(first(statement))


def whole_zone(block, school, stage="primary", year=2026):
    """Give a block to another school, with the distance that goes with it."""
    return row("assignment", {"block_id": block, "stage": stage, "year": year}, school_id=school)


P26 = {"stage": "primary", "year": 2026}


P26 = {"stage": "primary", "year": 2026}

WHOLE_LIES = {
    "a block is missing": (drop("assignment", block_id="b2_2", **P26), "assignment.blocks"),
    "a block stands there twice": (again("assignment", block_id="b2_2", **P26), "assignment.blocks"),
    "a block that is not in the case": (row("assignment", {"block_id": "b2_2"}, block_id="b9_9"), "assignment.block_id"),
    "a school that is not in the case": (whole_zone("b2_2", "s9"), "assignment.school_id"),
    "a planned year left out": (
        lambda statement: replace(
            statement, assignment=tuple(item for item in statement.assignment if (item.stage, item.year) != ("junior", 2027))
        ),
        "plan.years",
    ),
    "goals of a year that is not planned": (
        said("stage_goals", value=lambda entries: [*entries, entries[0] | {"year": 2030}]), "goals.places",
    ),
    "said to be optimal": (said("status", value="optimal"), "plan.status"),
    "a year that the case does not have": (row("assignment", {"block_id": "b2_2"}, year=2050), "assignment.years"),
    "a stage that there is not": (row("assignment", {"block_id": "b2_2"}, stage="college"), "assignment.years"),
    "a block without a school": (whole_zone("b2_2", ""), "assignment.reach"),
    "a school that is not open yet": (whole_zone("b3_3", "new"), "assignment.open"),
    "a relocated school is still used": (whole_zone("b5_4", "s3", year=2028), "assignment.open"),
    "a split catchment": (whole_zone("b5_4", "s1"), "assignment.contiguous"),
    "the block that a school stands in goes elsewhere": (whole_zone("b0_0", "s1"), "assignment.own_block"),
    "a lock is broken": (whole_zone("b1_1", "s1"), "assignment.locks"),
    "a lock that forbids is broken": (whole_zone("b0_4", "s0"), "assignment.locks"),
    "blocks kept together are parted": (whole_zone("b5_1", "s3"), "assignment.together"),
    "a distance off by a metre": (row("assignment", {"block_id": "b2_2"}, distance_m=lambda m: m + 1), "assignment.distance_m"),
    "a distance left out": (row("assignment", {"block_id": "b2_2"}, distance_m=None), "assignment.distance_m"),
    "another previous school": (
        row("assignment", {"block_id": "b2_2"}, previous_school_id="s2"), "assignment.previous_school_id",
    ),
    "another reason": (row("assignment", {"block_id": "b2_2"}, reason="lock"), "assignment.reason"),
    "wrong pupils": (row("schools", {"school_id": "s1"}, pupils=lambda n: n + 1), "schools.pupils"),
    "one class too few": (row("schools", {"school_id": "s1"}, classes=lambda n: n - 1), "schools.classes"),
    "a smaller largest class": (row("schools", {"school_id": "s1"}, largest_class=lambda n: n - 1), "schools.largest_class"),
    "a large class not told": (row("schools", {"school_id": "s1"}, large=lambda n: n + 1), "schools.large"),
    "a super-large class not told": (row("schools", {"school_id": "s1"}, super_large=lambda n: n + 1), "schools.super_large"),
    "more planned seats": (row("schools", {"school_id": "s1"}, planned=lambda n: n + 45), "schools.planned"),
    "more working seats": (row("schools", {"school_id": "s1"}, working=lambda n: n + 55), "schools.working"),
    "another utilisation": (row("schools", {"school_id": "s1"}, utilisation=lambda x: x - 0.01), "schools.utilisation"),
    "another alert": (row("schools", {"school_id": "s1", "alert": "green"}, alert="yellow"), "schools.alert"),
    "a grade is missing": (drop("schools", school_id="s1", grade="g3", **P26), "schools.rows"),
    "a school of another stage": (row("schools", {"school_id": "s1"}, stage="college"), "schools.places"),
    "a seat without money": (row("seats", {"site_id": "new"}, cost=lambda n: n - 1), "seats.cost"),
    "more than the budget": (row("seats", {"site_id": "new", "stage": "primary"}, classrooms=24), "seats.money"),
    "more rooms than the site can hold": (row("seats", {"site_id": "wing", "year": 2027}, classrooms=6), "seats.size"),
    "rooms that are no whole step": (row("seats", {"site_id": "wing", "year": 2027}, classrooms=1), "seats.size"),
    "before the earliest year": (row("seats", {"site_id": "new", "stage": "primary"}, year=2026), "seats.earliest_year"),
    "after the last year": (row("seats", {"site_id": "annex"}, year=2031), "seats.year"),
    "rooms for a stage that the site does not have": (row("seats", {"site_id": "annex"}, stage="junior"), "seats.stage"),
    "false land": (row("seats", {"site_id": "new"}, land_m2=lambda n: n - 500), "seats.land_m2"),
    "false floor": (row("seats", {"site_id": "new"}, floor_m2=lambda n: n + 110), "seats.floor_m2"),
    "more seats than rooms": (row("seats", {"site_id": "new"}, seats=lambda n: n + 45), "seats.seats"),
    "another programme": (row("seats", {"site_id": "annex"}, programme="school"), "seats.programme"),
    "a site left out": (drop("seats", site_id="unused"), "seats.rows"),
    "a site that is not in the case": (row("seats", {"site_id": "unused"}, site_id="secret"), "seats.rows"),
    "a site not chosen with rooms": (row("seats", {"site_id": "unused"}, classrooms=2), "seats.rows"),
    "more seats of the programme": (said("programmes", 0, "net_seats", value=lambda n: n + 45), "programmes.net_seats"),
    "less money of the programme": (said("programmes", 0, "cost_wan", value=lambda n: n - 1), "programmes.cost_wan"),
    "a floor said to be missed": (said("programmes", 0, "floors_met", value=False), "programmes.floors_met"),
    "a lower cost": (said("goals", 3, "value", value=lambda x: x - 1), "goals.cost"),
    "an objective that is not the cost": (said("objective", value=lambda x: x - 1), "plan.objective"),
    "large classes below what the district lacks": (said("goals", 1, "value", value=-1.0), "goals.large"),
    "a goal of seats left out": (said("goals", value=lambda goals: goals[1:]), "goals.order"),
    "a cluster without a lead": (row("clusters", {"school_id": "s1"}, role="urban"), "clusters.lead"),
    "a lead said to be a member": (row("clusters", {"school_id": "s1"}, role="urban"), "clusters.role"),
    "a cluster with two leads": (row("clusters", {"school_id": "s2"}, role="lead"), "clusters.lead"),
    "a school in no cluster": (drop("clusters", school_id="s2"), "clusters.school_id"),
    "a school in two clusters": (again("clusters", school_id="s2"), "clusters.school_id"),
    "a closed school in a cluster": (row("clusters", {"school_id": "moved"}, school_id="s3"), "clusters.school_id"),
    "a cluster too big": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.size"),
    "a cluster too small": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.size"),
    "a tight group is split": (row("clusters", {"school_id": "moved"}, cluster="s0"), "clusters.tight"),
    "a cluster that is not contiguous": (
        both(row("clusters", {"school_id": "s2"}, cluster="s1"), row("clusters", {"school_id": "moved"}, cluster="s0")),
        "clusters.contiguous",
    ),
    "a wrong role": (row("clusters", {"school_id": "new"}, role="rural"), "clusters.role"),
    "one cluster more": (row("clusters", {"school_id": "s2"}, cluster="s2", role="lead"), "clusters.leads"),
    "a name of a cluster that there is not": (said("cluster_names", "s3", value="North"), "clusters.names"),
    "the fingerprint of another case": (said("case", value="0" * 64), "plan.case"),
    "made-up data said to be real": (said("synthetic", value=False), "plan.synthetic"),
    "a rule said to be changed": (said("rule_overrides", value=[]), "plan.rule_overrides"),
    "an unknown regime": (said("regime", value="gradual"), "plan.regime"),
    "an unknown scenario": (said("scenario", value="rosy"), "plan.scenario"),
    "an unknown kind": (said("kind", value="wish"), "plan.kind"),
    "catchments that are not there": (said("catchments", 0, "year", value=2030), "plan.catchments"),
    "fewer large classes in a year": (said("large_classes", 2, "large", value=lambda n: n + 1), "large_classes.counts"),
    "another share of large classes": (said("large_classes", 2, "share", value=lambda x: x + 0.01), "large_classes.share"),
    "a year of large classes left out": (said("large_classes", value=lambda rows: rows[1:]), "large_classes.rows"),
    "a goal of a stage lower than true": (said("stage_goals", 0, "goals", 4, "value", value=lambda x: x - 0.5), "goals.distance"),
    "a goal of a stage with another unit": (said("stage_goals", 0, "goals", 4, "unit", value="km"), "goals.unit"),
    "goals of a stage in another order": (said("stage_goals", 0, "goals", value=lambda goals: goals[::-1]), "goals.order"),
    "goals of a year left out": (said("stage_goals", value=lambda entries: entries[1:]), "goals.places"),
    "a scenario left out": (lambda statement: replace(statement, scenarios={}), "scenarios.names"),
    "a scenario with fewer pupils": (
        lambda statement: replace(statement, scenarios={"high": (
            statement.scenarios["high"][0]._replace(pupils=1), *statement.scenarios["high"][1:]
        )}),
        "scenarios.high.pupils",
    ),
    "goals that are no list": (said("goals", value="none"), "plan.goals"),
    "a number that is none": (said("bound", value="low"), "plan.numbers"),
}  # fmt: skip
"""Lies in `plans.rich_plan`, a whole plan."""

ZONE_LIES = {
    "a bound above what the certificate proves": (said("certified_bound", value=lambda x: x + 0.01), "bound.certificate"),
    "a certified bound without a certificate": (
        lambda statement: replace(statement, certificate={"format": 1, "certificates": []}), "bound.certificate",
    ),
    "a multiplier raised": (proof("multipliers", lambda u: [*u[:2], u[2] - 90_000, *u[3:]]), "bound.certificate"),
    "a multiplier left out": (proof("multipliers", lambda u: u[1:]), "bound.certificate"),
    "a multiplier that is no whole number": (proof("multipliers", lambda u: [0.5, *u[1:]]), "bound.certificate"),
    "another scale": (proof("scale", 10), "bound.certificate"),
    "no scale": (proof("scale", 0), "bound.certificate"),
    "an unknown form": (proof("form", "magic"), "bound.certificate"),
    "an unknown goal": (proof("goal", "beauty"), "bound.certificate"),
    "a negative price": (proof("prices", {"too_far": -1}), "bound.certificate"),
    "a price of a later goal": (proof("prices", {"compactness": 1}), "bound.certificate"),
    "a value that is not allowed": (proof("values", lambda v: v | {"too_far": v["too_far"] - 1}), "bound.certificate"),
    "other zones": (proof("zones", lambda zones: zones[::-1]), "bound.certificate"),
    "a certificate of another year": (proof("year", 2027), "bound.certificate"),
    "a certificate without prices": (proof("prices", None), "bound.certificate"),
    "a gap that is wrong": (said("gap", value=lambda x: x / 2), "plan.gap"),
    "a bound that is not the better one": (said("bound", value=lambda x: x - 1), "plan.bound"),
    "a bound above the objective": (
        both(said("solver_bound", value=1e6), both(said("bound", value=1e6), said("gap", value=0.0))), "plan.bound",
    ),
    "an objective that is not the distance": (said("objective", value=lambda x: x - 1), "plan.objective"),
    "said to be optimal": (
        both(said("status", value="optimal"), both(said("certified_bound", value=1.0), said("bound", value=1.0))), "plan.status",
    ),
    "a tolerance that was not asked for": (said("goals", 4, "tolerance", value=0.2), "goals.tolerance"),
    "another stage": (said("stage", value="junior"), "plan.stage"),
    "another year": (said("year", value=2027), "plan.stage"),
    "fewer pupils too far": (said("goals", 2, "value", value=lambda x: x - 1), "goals.too_far"),
    "fewer pupils above the standard": (said("goals", 3, "value", value=lambda x: x - 1), "goals.over_standard"),
    "a shorter distance": (said("goals", 4, "value", value=lambda x: x - 0.01), "goals.distance"),
    "fewer pupils moved": (said("goals", 5, "value", value=lambda x: x - 1), "goals.moved"),
    "a shorter border": (said("goals", 6, "value", value=lambda x: x - 1), "goals.compactness"),
    "a goal's bound above its value": (said("goals", 4, "bound", value=1e6), "goals.bound"),
    "a goal left out": (said("goals", value=lambda goals: goals[1:]), "goals.order"),
    "programmes of a plan that builds nothing": (said("programmes", value=[{"programme": "school"}]), "programmes.rows"),
    "an unknown format": (said("format", value=2), "plan.format"),
    "certificates that are no list": (lambda statement: replace(statement, certificate={"certificates": 3}), "plan.certificates"),
}  # fmt: skip
"""Lies in a zone plan of `plans.rich_district` with a certificate."""
