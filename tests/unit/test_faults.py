"""Both tables of `xuequ.api.faults` know every error that there is, and say of it what the contract says."""

from __future__ import annotations

import logging

import pytest

from xuequ.api.faults import EXIT_CODES, PROBLEMS, exit_code, problem_document, problem_kind, report_fault
from xuequ.zoning import errors
from xuequ.zoning.errors import CaseError, EngineError, InputError, TableError, XuequError
from xuequ.zoning.problems import Problems


def tree(kind: type[XuequError] = XuequError) -> set[type[XuequError]]:
    return {kind}.union(*(tree(child) for child in kind.__subclasses__()))


def test_both_tables_are_total_over_the_tree():
    ours = {kind for kind in tree() if kind.__module__.startswith("xuequ.")}
    assert set(EXIT_CODES) == set(PROBLEMS) == ours


def test_every_exported_error_is_in_the_tree():
    assert {getattr(errors, name) for name in errors.__all__} == set(EXIT_CODES)


@pytest.mark.parametrize(
    ("name", "code"),
    [("InputError", 3), ("CaseError", 3), ("TableError", 3), ("LimitExceeded", 3), ("CannotBeDone", 4), ("VerificationFailed", 5),
     ("StoppedWithoutPlan", 6), ("EngineError", 1), ("XuequError", 1)],
)  # fmt: skip
def test_exit_codes_are_those_of_the_contract(name, code):
    assert EXIT_CODES[getattr(errors, name)] == code


def test_problem_kinds_have_a_name_each_and_an_error_status():
    kinds = list(PROBLEMS.values())
    assert len({kind.slug for kind in kinds}) == len(kinds)
    assert all(400 <= kind.status < 600 and kind.title for kind in kinds)
    assert all(kind.type == f"urn:xuequ:problem:{kind.slug}" for kind in kinds)


def test_an_error_of_a_subclass_counts_as_its_nearest_known_class():
    class Special(CaseError):
        pass

    assert exit_code(Special("x")) == 3
    assert problem_kind(Special("x")) is PROBLEMS[CaseError]


def test_an_error_with_content_is_found_by_its_class():
    error = TableError(Problems())
    assert (exit_code(error), problem_kind(error).status) == (3, 422)


def test_what_no_table_knows_is_a_fault_of_the_program():
    assert exit_code(ZeroDivisionError()) == 1
    assert problem_kind(ZeroDivisionError()).status == 500
    assert exit_code(KeyboardInterrupt()) == 1


def test_a_problem_document_has_the_members_of_the_standard_and_more():
    document = problem_document(PROBLEMS[InputError], "what", suggestions=["a"])
    assert document == {
        "type": "urn:xuequ:problem:invalid-input",
        "title": "The input is wrong",
        "status": 400,
        "detail": "what",
        "suggestions": ["a"],
    }


def test_a_fault_is_told_by_a_number_and_its_trace_is_in_the_log(caplog):
    with pytest.raises(ZeroDivisionError) as caught:
        raise ZeroDivisionError("secret")
    with caplog.at_level(logging.ERROR):
        sentence = report_fault(caught.value)
    assert "secret" not in sentence
    record = caplog.records[-1]
    reference = record.getMessage().split()[-1]
    assert reference in sentence
    assert record.exc_info[0] is ZeroDivisionError


def test_references_differ():
    error = EngineError("x")
    assert report_fault(error) != report_fault(error)
