"""`forecast --backtest`: how far off forecasts of a case's own past were, beside the forecast that nothing changes."""

from __future__ import annotations

import json

import numpy as np
import pytest
from folders import grid_case
from typer.testing import CliRunner

from xuequ.api.cli import app
from xuequ.data.past_errors import past_errors
from xuequ.zoning.errors import CaseError, TableError

RUN = CliRunner()


def called(*words):
    return RUN.invoke(app, ["forecast", *map(str, words)])


def test_the_errors_of_the_demo_stand_beside_the_naive_ones(tmp_path):
    done = called("demo", "--out", tmp_path, "--backtest", "--json")
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["backtest"]
    assert {(row["stage"], row["years_ahead"]) for row in rows} >= {("primary", 1), ("primary", 3), ("junior", 1), ("junior", 3)}
    for row in rows:
        assert len(row["origins"]) == len(row["errors"]) > 0
        assert row["mean_error"] == pytest.approx(np.abs(row["errors"]).mean())
        assert row["mean_error"] < row["mean_naive_error"]
        assert all(origin > 2020 and origin + row["years_ahead"] <= 2025 for origin in row["origins"])
    table = called("demo", "--out", tmp_path, "--backtest").output
    assert "nothing changes" in table
    assert f"{rows[0]['mean_error']:.1%}" in table


def test_without_the_option_nothing_is_told(tmp_path):
    assert "backtest" not in json.loads(called("demo", "--out", tmp_path, "--json").stdout)


def test_a_case_whose_enrolment_shows_no_past_is_told_what_is_wanting(tmp_path):
    folder = grid_case(tmp_path / "case")
    done = called(folder, "--out", tmp_path / "out", "--backtest")
    assert done.exit_code == 3
    assert "at least three school years" in done.output
    assert "enrolment" in done.output
    with pytest.raises(CaseError, match="needs the pupils"):
        past_errors(folder)


def test_a_wrong_table_is_told_before_anything_is_forecast(tmp_path):
    folder = grid_case(tmp_path / "case")
    schools = next(folder.glob("schools*.csv"))
    schools.write_text(schools.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(TableError):
        past_errors(folder)
