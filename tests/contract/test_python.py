"""The Python of interface.md and of the README runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

from folders import grid_case

from xuequ.data import check_case, read_case
from xuequ.maps import interactive
from xuequ.solver import MaxIterations, zone
from xuequ.zoning import verify

ROOT = Path(__file__).parents[2]


def test_from_a_case_to_a_map_in_python(tmp_path):
    district = read_case("wanxiu").district
    plan = zone(district, stage="primary", year=2026, stop=MaxIterations(5), seed=1)
    entrants = district.demand.by_grade(2026)[3].sum()
    assert sum(plan.loads.values()) == entrants
    assert set(plan.loads) <= set(district.schools.ids)
    assert {goal.name for goal in plan.goals} >= {"distance", "large"}
    assert plan.bound is None or plan.bound <= plan.objective
    assert plan.gap is None or plan.gap >= 0
    verify(district, plan).raise_if_failed()
    interactive(district, plan).save(tmp_path / "map.html")
    assert (tmp_path / "map.html").stat().st_size > 100_000


def test_the_snippet_of_the_readme_runs(tmp_path, monkeypatch):
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    snippet = re.search(r"```python\n(.*?)```", text, re.DOTALL).group(1)
    assert "MaxRuntime(20)" in snippet
    monkeypatch.chdir(tmp_path)
    exec(compile(snippet.replace("MaxRuntime(20)", "MaxRuntime(2)"), "README.md", "exec"), {})
    assert (tmp_path / "map.html").is_file()


def test_an_override_of_a_rule_that_nothing_applies_is_told(tmp_path):
    report = check_case(grid_case(tmp_path / "case"), ("rules.sibling_years=4", "rules.large_class=57"))
    told = [item.message for item in report.problems.warnings if item.table == "case.toml"]
    assert [message for message in told if "sibling_years" in message]
    assert not [message for message in told if "large_class" in message]
