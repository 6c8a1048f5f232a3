"""Rules: every parameter has a source, overrides are typed and listed."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from xuequ import zoning
from xuequ.zoning.rules import NOT_APPLIED, Rules
from xuequ.zoning.stage import Grade, Stage


def test_every_parameter_says_where_it_comes_from():
    for parameter in Rules().parameters():
        assert re.match(r"policy §\d+", parameter.source), parameter.key
        assert parameter.use, parameter.key


def test_keys_are_unique_and_flat():
    keys = [parameter.key for parameter in Rules().parameters()]
    assert len(keys) == len(set(keys))
    assert {"class_standard.primary", "class_standard.kindergarten.k2", "limit_rural.junior", "projects_min.school"} <= set(keys)


def test_flat_and_nested_overrides_are_the_same():
    flat = Rules().override({"class_standard.primary": 40, "limit.primary": 700})
    nested = Rules().override({"class_standard": {"primary": 40}, "limit": {"primary": 700}})
    assert flat == nested
    assert [(item.key, item.default, item.value) for item in flat.overrides()] == [
        ("class_standard.primary", 45, 40),
        ("limit.primary", 650, 700),
    ]


def test_no_override_is_no_override():
    assert Rules().override({}) == Rules()
    assert Rules().overrides() == ()


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"larg_class": 56}, KeyError, "nearest known one is large_class"),
        ({"limit.primry": 700}, KeyError, "nearest known one is limit.primary"),
        ({"zzz": 1}, KeyError, "no rule zzz"),
        ({"large_class": "56"}, TypeError, "int like 56 is expected"),
        ({"large_class": True}, TypeError, "int like 56 is expected"),
        ({"contiguity": 1}, TypeError, "bool like True"),
        ({"limit": 600}, TypeError, "has parts: kindergarten, primary, junior"),
    ],
)
def test_wrong_overrides_are_told(changes, error, words):
    with pytest.raises(error, match=re.escape(words)):
        Rules().override(changes)


def test_whole_numbers_do_for_fractions_and_lists_for_pairs():
    rules = Rules().override({"walk_speed": 5, "cohort_weights": [0.25, 0.75]})
    assert rules.walk_speed == 5.0
    assert rules.cohort_weights == (0.25, 0.75)


def test_class_sizes_of_each_grade():
    rules = Rules()
    assert [rules.standard(grade) for grade in (Grade.K1, Grade.K2, Grade.K3, Grade.G1, Grade.G9)] == [25, 30, 35, 45, 50]
    assert rules.standard(Grade.G3, full=False) == 30
    assert (rules.working(Grade.G1), rules.absolute(Grade.G1)) == (55, 65)
    assert (rules.working(Grade.K1), rules.absolute(Grade.K1)) == (25, 30)


def test_limits_depend_on_the_setting():
    rules = Rules()
    assert rules.walk_limit_m(Stage.PRIMARY, "urban") == 650
    assert rules.walk_limit_m(Stage.PRIMARY, "periurban") == 2000
    assert rules.walk_limit_m(Stage.JUNIOR, "rural") == 5000


def test_what_nothing_applies_is_listed_and_nothing_else():
    """A rule that no code reads but that may be overridden would be a promise that nobody keeps."""
    rooms = (Path(zoning.__path__[0]).parent / room for room in ("zoning", "solver", "data", "maps", "api"))
    sources = {path: path.read_text(encoding="utf-8") for room in rooms for path in room.rglob("*.py")}
    own = next(text for path, text in sources.items() if path.name == "rules.py")
    others = "\n".join(text for path, text in sources.items() if path.name != "rules.py")
    heads = {parameter.key.partition(".")[0] for parameter in Rules().parameters()}
    unread = {head for head in heads if not re.search(rf"\b{head}\b", others) and f"self.{head}" not in own}
    assert unread == NOT_APPLIED
