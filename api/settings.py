"""Settings of the service: typed, frozen, read once from the environment with the prefix ``XUEQU_``."""

from __future__ import annotations

import logging
import os
from datetime import date  # noqa: TC003 - pydantic reads the annotation
from difflib import get_close_matches
from pathlib import Path  # noqa: TC003 - pydantic reads the annotation
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from xuequ.zoning.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PREFIX", "Settings", "settings_from"]

_LOGGER = logging.getLogger(__name__)

PREFIX = "XUEQU_"


class Settings(BaseModel):
    """
    What the service is started with.

    Parameters
    ----------
    case, plan
        Case folder (or the name of the shipped one) and plan folder; without a plan folder, ``plan`` in the case's folder.
    overrides
        ``section.key=value`` over case.toml.
    host, port
        Where it listens; port 0 takes any free one.
    language
        Language of the page where a visitor names none; None: the case's.
    published, decision
        Day and source of the decision that the plan stands in (a title, a number, an address of a page), shown to the public.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    case: str = "demo"
    plan: Path | None = None
    overrides: tuple[str, ...] = ()
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8000
    language: Literal["zh", "en"] | None = None
    published: date | None = None
    decision: str = ""


_FROM_ENVIRONMENT = ("case", "plan", "host", "port", "language", "published", "decision")


def settings_from(environment: Mapping[str, str] | None = None) -> Settings:
    """
    Read the settings from environment variables (``XUEQU_PORT`` …).

    Parameters
    ----------
    environment
        Names and values; the process's own if None.

    Raises
    ------
    CaseError
        For a value that is not understood; the message names the variable.
    """
    environment = os.environ if environment is None else environment
    mine = {name.removeprefix(PREFIX).lower(): value for name, value in environment.items() if name.startswith(PREFIX)}
    for name in sorted(set(mine) - set(_FROM_ENVIRONMENT)):
        near = get_close_matches(name, _FROM_ENVIRONMENT, n=1, cutoff=0.7)
        if near:
            _LOGGER.warning("%s%s is not a setting; did you mean %s%s?", PREFIX, name.upper(), PREFIX, near[0].upper())
    try:
        return Settings.model_validate({name: mine[name] for name in _FROM_ENVIRONMENT if mine.get(name)})
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise CaseError(f"{PREFIX}{name.upper()} is {mine[name]!r}: {first['msg'].lower()}") from error
