"""Every kind of check has an honest plan that passes it and a lying one that does not; none is left out."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from honest_plans import PLANS, honest
from lies import WHOLE_LIES, ZONE_LIES, both, row, said, whole_zone

from xuequ.zoning import verification
from xuequ.zoning.options import ProgrammeTarget
from xuequ.zoning.places import Setting
from xuequ.zoning.stage import Programme
from xuequ.zoning.statement import SchoolRow
from xuequ.zoning.verification import verify

NUMBER = {"value": lambda value: value + 1}


def scenario(column, change):
    """Change a column of the first row of another scenario."""

    def lie(statement):
        first, *others = statement.scenarios["high"]
        changed = first._replace(**{column: change(getattr(first, column))})
        return replace(statement, scenarios={"high": (changed, *others)})

    return lie


def without_a_grade(statement):
    return replace(statement, scenarios={"high": statement.scenarios["high"][1:]})


def overflow(**changes):
    """Change the first row of overflow.csv, or leave it out."""

    def lie(statement):
        first, *others = statement.overflow
        changed = [first._replace(**{key: change(getattr(first, key)) for key, change in changes.items()})] if changes else []
        return replace(statement, overflow=(*changed, *others))

    return lie


def everybody_to(school):
    def lie(statement):
        return replace(statement, assignment=tuple(item._replace(school_id=school) for item in statement.assignment))

    return lie


def unchosen(site):
    """Say of a site that it is not built."""
    return row("seats", {"site_id": site}, year=None, classrooms=0, seats=0, land_m2=0, floor_m2=0, cost=0)


MORE_LIES = {
    "plan.district": ("whole", said("district", value="elsewhere")),
    "assignment.zones": ("whole", whole_zone("b2_2", "s0;s1")),
    "goals.super_large": ("whole", said("stage_goals", 0, "goals", 0, "value", **NUMBER)),
    "assignment.stability": (
        "whole", row("assignment", {"block_id": "b0_2", "stage": "primary", "year": 2027}, school_id="s1"),
    ),
    "scenarios.high.rows": ("whole", without_a_grade),
    "scenarios.high.classes": ("whole", scenario("classes", lambda n: n - 1)),
    "scenarios.high.largest_class": ("whole", scenario("largest_class", lambda n: n - 1)),
    "scenarios.high.large": ("whole", scenario("large", lambda n: n + 1)),
    "scenarios.high.super_large": ("whole", scenario("super_large", lambda n: n + 1)),
    "scenarios.high.planned": ("whole", scenario("planned", lambda n: n + 1)),
    "scenarios.high.working": ("whole", scenario("working", lambda n: n - 1)),
    "scenarios.high.utilisation": ("whole", scenario("utilisation", lambda x: x + 0.001)),
    "scenarios.high.alert": ("whole", scenario("alert", lambda word: "red" if word != "red" else "green")),
    "seats.floors": ("whole", unchosen("annex")),
    "programmes.projects": ("whole", said("programmes", 0, "projects", **NUMBER)),
    "programmes.seats": ("whole", said("programmes", 1, "seats", **NUMBER)),
    "programmes.land_m2": ("whole", said("programmes", 0, "land_m2", **NUMBER)),
    "programmes.floor_m2": ("whole", said("programmes", 1, "floor_m2", **NUMBER)),
    "programmes.cost_by_year_wan": ("whole", said("programmes", 0, "cost_by_year_wan", "2027", **NUMBER)),
    "programmes.present_value_wan": ("whole", said("programmes", 0, "present_value_wan", **NUMBER)),
    "programmes.seats_min": ("whole", said("programmes", 0, "seats_min", **NUMBER)),
    "programmes.projects_min": ("whole", said("programmes", 1, "projects_min", **NUMBER)),
    "goals.idle_seats": ("seated", said("goals", 5, "value", **NUMBER)),
    "overflow.rows": ("crowded", overflow()),
    "overflow.pupils": ("crowded", overflow(pupils=lambda n: n - 1)),
    "overflow.distance_m": ("crowded", overflow(distance_m=lambda way: way + 0.2)),
    "bound.below_value": ("zoned", said("goals", 4, "value", value=1.0)),
    "plan.settings": ("crowded", said("settings", "moved_max", value=201)),
    "assignment.moved_cap": ("crowded", both(said("settings", "moved_max", value=0), whole_zone("b0_2", "s1"))),
    "goals.balance": ("crowded", said("goals", 7, "value", value=lambda x: x - 0.0001)),
    "goals.split": ("crowded", said("goals", 8, "value", **NUMBER)),
    "goals.reserve": ("crowded", said("goals", 9, "value", **NUMBER)),
    "assignment.hard_seats": ("hard", everybody_to("s0")),
    "clusters.year": ("clustered", said("year", value=2026)),
    "goals.uncovered": ("clustered", said("goals", 0, "value", **NUMBER)),
    "goals.travel": ("clustered", said("goals", 2, "value", value=lambda x: x - 0.001)),
    "goals.changed": ("clustered", said("goals", 3, "value", **NUMBER)),
}  # fmt: skip

BY_CASE = {"seats.land", "clusters.urban", "clusters.rural", "clusters.primary", "clusters.junior"}
"""Kinds whose lies are told by a change of the case: `TestCase`."""


@pytest.mark.parametrize("plan", PLANS)
def test_the_honest_plans_pass(plan):
    assert verify(*honest(plan)).failed == ()


@pytest.mark.parametrize("kind", MORE_LIES)
def test_a_lie_of_each_kind_is_found(kind):
    plan, lie = MORE_LIES[kind]
    district, statement = honest(plan)
    assert kind in {item.name for item in verify(district, lie(statement)).failed}


@pytest.mark.parametrize("column", SchoolRow._fields[4:])
@pytest.mark.parametrize("plan", ["whole", "crowded", "hard"])
def test_no_column_of_the_schools_may_be_empty(plan, column):
    district, statement = honest(plan)
    first, *others = statement.schools
    blank = replace(statement, schools=(first._replace(**{column: "" if column == "alert" else None}), *others))
    assert f"schools.{column}" in {item.name for item in verify(district, blank).failed}


def test_no_kind_of_check_is_without_a_lie():
    told = {check for _, check in (*WHOLE_LIES.values(), *ZONE_LIES.values())} | MORE_LIES.keys() | BY_CASE
    made = {item.name for plan in PLANS for item in verify(*honest(plan)).checks}
    assert made <= told
    # What stands in the code but in no honest plan is about objects that are none.
    text = "".join(path.read_text(encoding="utf-8") for path in Path(verification.__path__[0]).glob("*.py"))
    rooms = r"plan|assignment|schools|seats|clusters|goals|bound|overflow|programmes|large_classes|scenarios"
    written = set(re.findall(rf'"((?:{rooms})\.[a-z_]+)"', text))
    assert written <= told


class TestCase:
    """Checks that an honest plan passes and a plan for another case does not."""

    @pytest.mark.parametrize(("cap", "broken"), [(21_000, False), (20_999, True), (None, False)])
    def test_land_beyond_the_cap(self, cap, broken):
        district, statement = honest("whole")
        seats = district.options.seats
        targets = dict(seats.programmes) | {Programme.SCHOOL: ProgrammeTarget(300, 3, 20_000, cap)}
        other = district.replace(options=replace(district.options, seats=replace(seats, programmes=targets)))
        assert ("seats.land" in {item.name for item in verify(other, statement).failed}) is broken

    def members(self, statement, cluster):
        """Put both members of today's two clusters into one."""
        rows = tuple(item._replace(cluster=cluster) if item.role != "lead" else item for item in statement.clusters)
        return replace(statement, clusters=rows)

    @pytest.mark.parametrize(
        ("kind", "setting", "rule"),
        [("urban", Setting.URBAN, "cluster_min_urban"), ("rural", Setting.RURAL, "cluster_min_rural")],
    )
    def test_members_where_the_district_has_enough(self, kind, setting, rule):
        """Two members of a kind for two clusters: one each, or the rule is broken; with one of them it does not bind."""
        district, statement = honest("clustered")
        settings = (*district.schools.settings[:2], setting, setting, *district.schools.settings[4:])
        both_kinds = district.replace(
            schools=replace(district.schools, settings=settings), rules=district.rules.override({rule: 1})
        )
        assert f"clusters.{kind}" not in {item.name for item in verify(both_kinds, statement).failed}
        one_sided = self.members(statement, "s1")
        assert f"clusters.{kind}" in {item.name for item in verify(both_kinds, one_sided).failed}
        few = district.replace(rules=district.rules.override({rule: 1}))
        assert f"clusters.{kind}" not in {item.name for item in verify(few, one_sided).failed}

    @pytest.mark.parametrize(("kind", "column"), [("primary", 1), ("junior", 2)])
    def test_every_cluster_teaches_both_stages_where_it_can(self, kind, column):
        """s1 does not teach the stage, so that its cluster needs s3, which does."""
        district, statement = honest("clustered")
        rooms = district.schools.rooms.copy()
        rooms[1, column] = 0
        fewer = district.replace(schools=replace(district.schools, rooms=rooms))
        name = f"clusters.{kind}"
        assert name not in {item.name for item in verify(fewer, statement).failed}
        assert name in {item.name for item in verify(fewer, self.members(statement, "s0")).failed}


def test_a_check_names_where_it_failed():
    """What a person reads: the stage and year, the records, both values."""
    district, statement = honest("whole")
    found = verify(district, whole_zone("b5_4", "s1")(statement)).failed
    (cut,) = [item for item in found if item.name == "assignment.contiguous"]
    assert cut.detail == "primary 2026, without islands: b5_4 is cut off from s1"
    assert (cut.stated, cut.recomputed) == ("36 keep it", "35 keep it")


def test_many_faults_are_counted_and_five_named():
    district, statement = honest("hard")
    found = {item.name: item for item in verify(district, everybody_to("s9")(statement)).failed}
    assert found["assignment.school_id"].detail == "schools of the district: 's9'"
    assert found["assignment.own_block"].detail.count("is given to none") == 4
    assert found["assignment.distance_m"].detail.endswith("and 31 more")
