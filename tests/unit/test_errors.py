"""What a user is told: errors with their place and number, problems collected, explanations in one sentence."""

from __future__ import annotations

import pytest
from honest_plans import honest
from lies import said, whole_zone

from xuequ.api.faults import exit_code
from xuequ.zoning.errors import (
    CannotBeDone,
    CaseError,
    EngineError,
    InputError,
    LimitExceeded,
    StoppedWithoutPlan,
    TableError,
    TodayUnknown,
    VerificationFailed,
    XuequError,
)
from xuequ.zoning.explanation import Explanation, Relaxation, Shortage
from xuequ.zoning.plan import Plan, PlanKind, Status
from xuequ.zoning.problems import Problem, Problems
from xuequ.zoning.rolls import start_rolls
from xuequ.zoning.verification import Check, Verification, verify


class TestProblems:
    @pytest.mark.parametrize(
        ("where", "place"),
        [
            ({}, "schools"),
            ({"row": 3}, "schools, row 3"),
            ({"row": "S07"}, "schools, row S07"),
            ({"row": 0}, "schools, row 0"),
            ({"column": "rooms"}, "schools, column rooms"),
            ({"row": 3, "column": "rooms"}, "schools, row 3, column rooms"),
        ],
    )
    def test_a_place_in_words(self, where, place):
        assert Problem("schools", "x", **where).place == place

    def test_the_object_of_the_contract(self):
        problem = Problem(
            "blocks", "it is no polygon", "draw it anew", row=4, column="geometry", value="POINT", geometry="POINT (0 0)"
        )
        wanted = {"table": "blocks", "row": 4, "column": "geometry", "value": "POINT", "message": "it is no polygon"}
        assert problem.to_json() == wanted | {"fix": "draw it anew"}

    def test_all_are_kept_errors_first(self):
        found, more = Problems(), Problems()
        found.warn("blocks", "a")
        found.error("schools", "b", "mend b", row=2)
        more.error("sites", "c")
        more.warn("roads", "d", column="kind")
        found.extend(more)
        assert [item.message for item in found] == ["b", "c", "a", "d"]
        assert (len(found), len(found.errors), len(found.warnings)) == (4, 2, 2)
        assert found.errors[0].fix == "mend b"
        assert len(more) == 2
        assert not list(Problems())


class TestTableError:
    def error(self, *messages, warnings=()):
        problems = Problems()
        for number, message in enumerate(messages):
            problems.error("schools", message, row=number + 1)
        for message in warnings:
            problems.warn("schools", message)
        return TableError(problems)

    def test_one_problem_is_told_whole(self):
        assert str(self.error("rooms are missing")) == "schools, row 1: rooms are missing"

    def test_more_are_counted(self):
        error = self.error("a", "b", "c", warnings=("d",))
        assert str(error) == "schools, row 1: a (and 2 more: run xuequ check)"
        assert [item.message for item in error.problems] == ["a", "b", "c", "d"]


class TestVerificationFailed:
    def test_the_first_fault_is_told_and_all_kinds_are_counted(self):
        district, statement = honest("zoned")
        with pytest.raises(VerificationFailed) as raised:
            verify(district, said("objective", value=0.0)(whole_zone("b5_4", "s1")(statement))).raise_if_failed()
        text = str(raised.value)
        failed = raised.value.verification.failed
        total = len(raised.value.verification.checks)
        assert text.startswith(f"the plan failed verification in {len(failed)} of {total} checks (assignment.contiguous, ")
        assert text.endswith(": primary 2026, without islands: b5_4 is cut off from s1")

    def test_more_than_five_kinds_are_counted_and_each_named_once(self):
        checks = tuple(Check(f"kind{number % 7}", ok=number == 0, stated=1, recomputed=2) for number in range(14))
        text = str(VerificationFailed(Verification(checks)))
        assert text == "the plan failed verification in 13 of 14 checks (kind1, kind2, kind3, kind4, kind5 and 2 more)"


class TestTree:
    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (InputError("x"), 3),
            (CaseError("x"), 3),
            (LimitExceeded("x"), 3),
            (TableError(Problems()), 3),
            (TodayUnknown(), 3),
            (CannotBeDone(Explanation()), 4),
            (VerificationFailed(Verification(())), 5),
            (StoppedWithoutPlan("x"), 6),
            (EngineError("x"), 1),
            (XuequError("x"), 1),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_each_is_caught_as_ours_and_has_its_exit_code(self, error, code):
        assert exit_code(error) == code
        with pytest.raises(XuequError):
            raise error

    def test_users_mistakes_are_input_errors_and_nothing_else_is(self):
        inputs = {kind for kind in (CaseError, LimitExceeded, TableError, TodayUnknown) if issubclass(kind, InputError)}
        others = (CannotBeDone, VerificationFailed, StoppedWithoutPlan, EngineError)
        assert len(inputs) == 4
        assert not any(issubclass(kind, InputError | ValueError) for kind in others)

    def test_who_is_enrolled_must_be_known_says_what_to_add(self):
        district, _ = honest("zoned")
        with pytest.raises(TodayUnknown, match="add a table enrolment or catchments") as raised:
            start_rolls(district.replace(today={}))
        assert isinstance(raised.value, ValueError)

    def test_what_was_asked_travels_along(self):
        plan = Plan(PlanKind.ZONE, Status.INFEASIBLE, "f")
        explanation = Explanation(("the lock of b1 forbids it",))
        error = CannotBeDone(explanation, plan)
        assert (str(error), error.plan, error.explanation) == ("the lock of b1 forbids it", plan, explanation)
        assert StoppedWithoutPlan("stopped at once", plan).plan is plan


class TestExplanation:
    SHORT = Shortage(("b1", "b2"), 1240, ("s0", "s4"), 1000, 240)

    def test_a_shortage_with_schools_and_without(self):
        assert self.SHORT.sentence == "2 blocks with 1,240 pupils reach only s0, s4, which have 1,000 seats: 240 too few"
        alone = Shortage(("b1",), 1240, (), 0, 1240)
        assert alone.sentence == "1 block with 1,240 pupils reaches no school: 1,240 seats too few"

    @pytest.mark.parametrize(
        ("explanation", "sentence"),
        [
            (Explanation(), "no reason is known"),
            (Explanation(("first", "second"), (SHORT,)), "first"),
            (Explanation((), (SHORT,)), SHORT.sentence),
        ],
    )
    def test_one_sentence(self, explanation, sentence):
        assert explanation.sentence == sentence

    def test_the_object_of_the_contract(self):
        found = Explanation(("why",), (self.SHORT,), (Relaxation("classrooms", "s0", 6.0, "classrooms", 45.0),)).to_json()
        assert found.keys() == {"reasons", "shortage", "relaxations"}
        assert {"blocks", "pupils", "schools", "seats", "short"} <= found["shortage"][0].keys()
        assert found["relaxations"] == [{"kind": "classrooms", "target": "s0", "amount": 6.0, "unit": "classrooms", "cost": 45.0}]
