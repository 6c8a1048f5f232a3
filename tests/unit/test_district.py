"""The records of a district: what they fill in, what they refuse, and which changes make a plan one of another case."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from districts import grid_district
from plans import rich_district

from xuequ.zoning.adjacency import Adjacency
from xuequ.zoning.catchments import Catchments
from xuequ.zoning.cluster import ClusterPlan, Membership, Role, Tie, TieKind
from xuequ.zoning.distances import Distances
from xuequ.zoning.district import Address, Enrolment
from xuequ.zoning.explanation import Explanation
from xuequ.zoning.options import GoalSpec, Lock, PublishOptions
from xuequ.zoning.places import Action, Blocks, SchoolKind, Schools, Setting, Site
from xuequ.zoning.plan import Certificate, Plan, PlanKind, Status, relative_gap
from xuequ.zoning.stage import GRADES, Programme, Stage

POINTS = np.array([[0.0, 0.0], [100.0, 0.0]])


class TestSchools:
    def test_what_a_case_leaves_out_is_filled_in(self):
        schools = Schools(("a", "b"), POINTS, np.full((2, 3), 6), np.array([0, -1]))
        assert schools.settings == (Setting.URBAN, Setting.URBAN)
        assert schools.ownership == ("public", "public")
        assert schools.kinds == (SchoolKind.FULL, SchoolKind.FULL)
        assert schools.opened.tolist() == [0, 0]
        assert schools.closed.tolist() == [9999, 9999]
        assert (schools.seats == -1).all()
        assert not schools.lead.any()

    @pytest.mark.parametrize(
        ("rooms", "seats", "offers"),
        [([0, 6, 0], [-1, -1, -1], [False, True, False]), ([0, -1, -1], [-1, 300, 0], [False, True, True])],
    )
    def test_what_a_school_offers(self, rooms, seats, offers):
        schools = Schools(("a",), POINTS[:1], np.array([rooms]), np.array([0]), seats=np.array([seats]))
        assert [bool(schools.offers(stage)[0]) for stage in Stage] == offers

    @pytest.mark.parametrize("column", ["rooms", "points", "block", "seats", "lead", "opened", "closed", "land_m2"])
    def test_columns_cannot_be_changed(self, column):
        schools = grid_district().schools
        with pytest.raises(ValueError, match="read-only"):
            getattr(schools, column)[...] = 1

    def test_what_was_given_may_change_without_harm(self):
        rooms = np.full((2, 3), 6)
        schools = Schools(("a", "b"), POINTS, rooms, np.array([0, 1]))
        rooms[:] = 0
        assert schools.rooms.sum() == 36


def test_blocks_fill_in_names_settings_and_households():
    blocks = Blocks(("a", "b"), POINTS, communities=("x", ""))
    assert (blocks.names, blocks.communities) == (("", ""), ("x", ""))
    assert blocks.settings == (Setting.URBAN, Setting.URBAN)
    assert blocks.households.tolist() == [0, 0]
    with pytest.raises(ValueError, match="read-only"):
        blocks.households[0] = 3


@pytest.mark.parametrize(
    ("stages", "programme"),
    [
        ((Stage.KINDERGARTEN,), Programme.KINDERGARTEN),
        ((Stage.PRIMARY, Stage.JUNIOR), Programme.SCHOOL),
        ((Stage.JUNIOR,), Programme.SCHOOL),
    ],
)
def test_the_programme_that_pays_for_a_site(stages, programme):
    assert Site("x", "X", Action.EXPAND, stages, "s0", 6).programme is programme


CHANGES = {
    "name": lambda _: {"name": "elsewhere"},
    "crs": lambda _: {"crs": "EPSG:4547"},
    "school year": lambda _: {"school_year": 2024},
    "years": lambda d: {"years": d.years[:2]},
    "block ids": lambda d: {"blocks": replace(d.blocks, ids=("x", *d.blocks.ids[1:]))},
    "settings": lambda d: {"blocks": replace(d.blocks, settings=(Setting.RURAL, *d.blocks.settings[1:]))},
    "communities": lambda d: {"blocks": replace(d.blocks, communities=("x", *d.blocks.communities[1:]))},
    "points": lambda d: {"blocks": replace(d.blocks, points=d.blocks.points + 0.5)},
    "households": lambda d: {"blocks": replace(d.blocks, households=d.blocks.households + 1)},
    "no geometry": lambda d: {"blocks": replace(d.blocks, geometry=None)},
    "rooms": lambda d: {"schools": replace(d.schools, rooms=d.schools.rooms + 1)},
    "ownership": lambda d: {"schools": replace(d.schools, ownership=("private", *d.schools.ownership[1:]))},
    "leads": lambda d: {"schools": replace(d.schools, lead=~d.schools.lead)},
    "sites": lambda d: {"sites": d.sites[:-1]},
    "cost of a site": lambda d: {"sites": (replace(d.sites[0], cost_room_wan=41), *d.sites[1:])},
    "a bridge": lambda d: {"adjacency": Adjacency.from_pairs(36, np.vstack([d.adjacency.pairs(), [[0, 35]]]), np.zeros(61))},
    "borders": lambda d: {"adjacency": Adjacency.from_pairs(36, d.adjacency.pairs(), np.full(60, 199.0))},
    "a way": lambda d: {"distances": Distances.from_matrix(d.distances.to_matrix() + 0.01)},
    "a child": lambda d: {"demand": replace(d.demand, pupils=d.demand.pupils + 1)},
    "a scenario": lambda d: {"demand": replace(d.demand, scenarios=("middle", "low"))},
    "children by stage only": lambda d: {"demand": replace(d.demand, graded=False)},
    "enrolment": lambda _: {"enrolment": Enrolment(np.ones((6, len(GRADES))), np.ones((6, len(GRADES))))},
    "today": lambda d: {"today": {Stage.PRIMARY: d.today[Stage.PRIMARY]}},
    "clusters": lambda _: {"clusters": ClusterPlan((Membership("s0", "s0", Role.LEAD),))},
    "ties": lambda d: {"ties": (Tie("s1", "moved", TieKind.ALLIANCE), *d.ties[1:])},
    "a rule": lambda d: {"rules": d.rules.override({"limit.primary": 801})},
    "a lock": lambda d: {
        "options": replace(d.options, zoning=replace(d.options.zoning, locks=(Lock("b0_0", Stage.PRIMARY, "s0"),)))
    },
    "goals": lambda d: {"options": replace(d.options, zoning=replace(d.options.zoning, goals=(GoalSpec("distance", 0.02),)))},
    "budgets": lambda d: {"options": replace(d.options, seats=replace(d.options.seats, budgets_wan={}))},
}
"""What is changed, by what it is."""


@pytest.fixture(scope="module")
def district():
    return rich_district()


class TestFingerprint:
    """A plan is for one case: whatever it depends on makes another fingerprint, and nothing else does."""

    @pytest.mark.parametrize("change", CHANGES)
    def test_it_changes(self, district, change):
        assert district.replace(**CHANGES[change](district)).fingerprint != district.fingerprint

    @pytest.mark.parametrize(
        "changes",
        [
            {"rivers": ("river",)},
            {"data_licence": "CC-BY"},
            {"addresses": (Address("民主路1号", 0, 1.0, 2.0),)},
            {"language": "en"},
        ],
        ids=lambda changes: next(iter(changes)),
    )
    def test_what_is_only_shown_does_not_change_it(self, district, changes):
        assert district.replace(**changes).fingerprint == district.fingerprint

    def test_the_date_of_the_decision_comes_after_the_plan(self, district):
        decided = replace(district.options, publish=PublishOptions(decided="2026-04-01"))
        assert district.replace(options=decided).fingerprint == district.fingerprint

    def test_it_is_the_same_for_the_same_case_and_has_64_digits(self, district):
        assert rich_district().fingerprint == district.fingerprint
        assert len(district.fingerprint) == 64
        assert set(district.fingerprint) <= set("0123456789abcdef")


def test_the_first_planned_year_is_meant_where_none_is_asked():
    district = grid_district(years=(2027, 2028))
    assert [district.year_or_first(year) for year in (None, 2028, 2050)] == [2027, 2028, 2050]
    assert district.replace(years=()).year_or_first(None) == 2026


def test_blocks_of_which_only_points_are_known_are_points_on_the_map():
    district = grid_district()
    frame = district.replace(blocks=replace(district.blocks, geometry=None), crs="EPSG:4547").to_geodataframe()
    assert set(frame.geometry.geom_type) == {"Point"}
    assert frame.crs.to_epsg() == 4547
    assert district.to_geodataframe().crs is None


class TestPlan:
    PLAN = Plan(PlanKind.ZONE, Status.FEASIBLE, "f", objective=200.0)

    @pytest.mark.parametrize(
        ("objective", "bound", "gap"),
        [
            (200.0, 150.0, 0.25),
            (0.5, 0.25, 0.25),
            (0.0, 0.0, 0.0),
            (-4.0, -5.0, 0.25),
            (10.0, 12.0, 0.0),
            (None, 1.0, None),
            (1.0, None, None),
        ],
    )
    def test_the_gap_of_the_contract(self, objective, bound, gap):
        """(objective − bound) / max(1, |objective|), never below nothing."""
        assert relative_gap(objective, bound) == gap
        assert self.PLAN.replace(objective=objective, solver_bound=bound).gap == gap

    @pytest.mark.parametrize(
        ("certified", "solver", "bound"),
        [(None, None, None), (3.0, None, 3.0), (None, 4.0, 4.0), (3.0, 4.0, 4.0), (4.0, 3.0, 4.0)],
    )
    def test_the_bound_is_the_better_of_the_two(self, certified, solver, bound):
        assert self.PLAN.replace(certified_bound=certified, solver_bound=solver).bound == bound

    def test_catchments_by_stage_and_year(self):
        items = tuple(
            Catchments(stage, year, ((0,),), np.zeros(3)) for stage in (Stage.PRIMARY, Stage.JUNIOR) for year in (2026, 2027)
        )
        plan = self.PLAN.replace(catchments=items)
        assert plan.of(Stage.JUNIOR, 2026) is items[2]
        with pytest.raises(KeyError, match="no kindergarten catchments for 2026"):
            plan.of(Stage.KINDERGARTEN, 2026)
        with pytest.raises(KeyError, match="no primary catchments for 2028"):
            plan.of(Stage.PRIMARY, 2028)

    def test_multipliers_cannot_be_changed(self):
        certificate = Certificate(Stage.PRIMARY, 2026, "distance", "linear", 10, np.array([1, 2]))
        with pytest.raises(ValueError, match="read-only"):
            certificate.multipliers[0] = 9
        assert self.PLAN.explanation == Explanation()
