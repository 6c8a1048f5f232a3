"""[rules] of case.toml: each rule of policy §17 can be set; what is no rule, of another kind or out of range is told."""

from __future__ import annotations

import pytest
from case_folders import whole_case

from xuequ.data.case import check_case
from xuequ.data.case_file import validate_case
from xuequ.data.case_rules import check_rules
from xuequ.zoning.problems import Problems
from xuequ.zoning.rules import NOT_APPLIED, Rules

PARAMETERS = {item.key: item.value for item in Rules().parameters()}
NUMBERS = [key for key, value in PARAMETERS.items() if isinstance(value, (int, float)) and not isinstance(value, bool)]


def told(rules):
    problems = Problems()
    check_rules(rules, problems)
    assert all(item.table == "case.toml" and item.fix and item.column.startswith("rules.") for item in problems.errors)
    return [item.message for item in problems.errors]


def nested(key, value):
    for part in reversed(key.split(".")):
        value = {part: value}
    return value


@pytest.mark.parametrize("key", PARAMETERS)
def test_a_rule_as_it_is_by_default_is_no_fault_flat_or_nested(key):
    value = PARAMETERS[key]
    written = list(value) if isinstance(value, tuple) else value
    assert not told({key: written})
    assert not told(nested(key, written))
    case = validate_case({"rules": nested(key, written)}, Problems())
    assert Rules().override(case.rules) == Rules()


@pytest.mark.parametrize("key", PARAMETERS)
def test_a_rule_of_another_kind_or_of_no_name_is_told_with_its_key(key):
    wrong = 5 if isinstance(PARAMETERS[key], str) else "many"
    (said,) = told({key: wrong})
    assert said.startswith(f"rule {key} is ")
    assert said.endswith(" is expected")
    misspelt = key[:-2] + key[-1]
    (said,) = told(nested(misspelt, PARAMETERS[key]))
    assert said.startswith(f"there is no rule {misspelt}; the nearest known one is ")


@pytest.mark.parametrize("key", NUMBERS)
@pytest.mark.parametrize("value", [-1, float("nan"), float("inf"), 10**30])
def test_no_rule_is_negative_endless_or_beyond_all_numbers(key, value):
    (said,) = told({key: value if isinstance(PARAMETERS[key], int) and value == 10**30 else float(value)})
    assert said.startswith(f"rule {key} is ")


@pytest.mark.parametrize(
    ("rules", "said"),
    [
        ({"walk_speed": 0}, "rule walk_speed is 0; between 0.1 and 100 is understood"),
        ({"class_standard": {"primary": 0}}, "rule class_standard.primary is 0; between 1 and 1000 is understood"),
        ({"class_standard.kindergarten.k1": 0}, "rule class_standard.kindergarten.k1 is 0; between 1 and 1000 is understood"),
        ({"age.primary": 60}, "rule age.primary is 60; between 1 and 20 is understood"),
        ({"horizon_after": 1_000_000}, "rule horizon_after is 1000000; between 0 and 30 is understood"),
        ({"cohort_weights": [2, 3]}, "rule cohort_weights is [2, 3]; the two weights must add up to 1"),
        ({"cohort_weights": [1]}, "rule cohort_weights is [1]; tuple like"),
        ({"reserve_share": 1.01}, "rule reserve_share is 1.01; a share is between 0 and 1"),
        ({"cutoff_month_day": "02-30"}, "rule cutoff_month_day is 02-30; a month and a day like 08-31 are expected"),
        ({"large_class": 70}, "rule large_class is 70, above super_large_class, which is 66"),
        ({"super_large_class": 50}, "rule large_class is 56, above super_large_class, which is 50"),
        ({"cluster_min_schools": 11}, "rule cluster_min_schools is 11, above cluster_max_schools, which is 10"),
        ({"alert_yellow": 1.1}, "rule alert_yellow is 1.1, above alert_red, which is 1.0"),
        ({"rate_max": 1.0}, "rule rate_warn is 1.3, above rate_max, which is 1.0"),
    ],
)
def test_a_rule_out_of_its_range_says_the_range(rules, said):
    (message,) = told(rules)
    assert message.startswith(said)


def test_two_rules_that_move_together_are_no_fault():
    assert not told({"large_class": 70, "super_large_class": 80, "rate_warn": 1.0, "rate_max": 1.0})


def test_the_order_of_rules_is_looked_at_when_each_is_right():
    assert len(told({"large_class": 70, "rate_warn": "high"})) == 1


@pytest.mark.parametrize("key", sorted(NOT_APPLIED))
def test_a_rule_that_nothing_applies_yet_is_told(tmp_path, key):
    part = next(name for name in PARAMETERS if name.split(".")[0] == key)
    value = PARAMETERS[part]
    other = not value if isinstance(value, bool) else value + 1
    report = check_case(whole_case().write(tmp_path), (f"rules.{part}={str(other).lower()}",))
    assert report.ok
    assert [item.message for item in report.problems] == [
        f"the rule {part} is known, but nothing applies it yet: the override changes no result"
    ]
    assert report.summary["overrides"] == [{"key": part, "default": value, "value": other}]
