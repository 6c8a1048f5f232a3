"""Settings come from the environment once, typed, and a wrong one is told by its name."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from xuequ.api.settings import Settings, settings_from
from xuequ.zoning.errors import CaseError


def test_without_any_variable_the_demo_is_served_to_this_machine_only():
    settings = settings_from({})
    assert (settings.case, settings.plan, settings.host, settings.port) == ("demo", None, "127.0.0.1", 8000)


def test_variables_are_read_by_type():
    settings = settings_from({
        "XUEQU_CASE": "here", "XUEQU_PLAN": "here/plan", "XUEQU_HOST": "::1", "XUEQU_PORT": "0", "XUEQU_LANGUAGE": "en",
        "XUEQU_PUBLISHED": "2026-04-01", "XUEQU_DECISION": "No. 7", "PORT": "1",
    })  # fmt: skip
    assert settings == Settings(
        case="here", plan=Path("here/plan"), host="::1", port=0, language="en", published=date(2026, 4, 1), decision="No. 7"
    )


def test_the_processs_own_environment_is_read_if_none_is_given(monkeypatch):
    monkeypatch.setenv("XUEQU_PORT", "8123")
    assert settings_from().port == 8123


def test_an_empty_variable_is_as_none():
    assert settings_from({"XUEQU_PORT": "", "XUEQU_LANGUAGE": ""}) == Settings()


@pytest.mark.parametrize(
    ("name", "value"), [("PORT", "eighty"), ("PORT", "65536"), ("PORT", "-1"), ("LANGUAGE", "fr"), ("PUBLISHED", "soon")]
)
def test_a_wrong_value_is_told_by_its_variable(name, value):
    with pytest.raises(CaseError, match=f"XUEQU_{name} is '{value}'"):
        settings_from({f"XUEQU_{name}": value})


def test_a_misspelled_variable_is_warned_of(caplog):
    settings_from({"XUEQU_PROT": "9"})
    assert "did you mean XUEQU_PORT" in caplog.text


def test_a_variable_of_another_purpose_is_left_alone(caplog):
    settings_from({"XUEQU_SHARED": "/data"})
    assert not caplog.text


def test_settings_do_not_change():
    with pytest.raises(ValidationError):
        Settings().port = 1  # type: ignore[misc]
