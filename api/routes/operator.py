"""Whether the service is alive, ready, and how much it does: for who runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import BaseModel, ConfigDict

if TYPE_CHECKING:
    from xuequ.api.middleware import Counts
    from xuequ.api.publication import Publication

__all__ = ["operator_routes"]


class Health(BaseModel):
    """The process answers."""

    model_config = ConfigDict(frozen=True)

    status: str


class Readiness(BaseModel):
    """A verified plan is served."""

    model_config = ConfigDict(frozen=True)

    status: str
    plan_version: str


def operator_routes(publication: Publication, counts: Counts) -> APIRouter:
    """Make the routes of the operator."""
    router = APIRouter(tags=["operator"])

    @router.get("/healthz")
    def healthz() -> Health:
        """Say that the process answers."""
        return Health(status="ok")

    @router.get("/readyz")
    def readyz() -> Readiness:
        """Say that a verified plan is served; the service does not start without one."""
        return Readiness(status="ready", plan_version=publication.version)

    @router.get("/metrics", response_class=PlainTextResponse)
    def metrics() -> PlainTextResponse:
        """Return counts in the text form that Prometheus reads."""
        about = f'xuequ_plan_info{{version="{publication.version}"}} 1'
        lines = [*counts.lines(), "# HELP xuequ_plan_info The plan that is served.", "# TYPE xuequ_plan_info gauge", about]
        return PlainTextResponse("\n".join(lines) + "\n", media_type="text/plain; version=0.0.4; charset=utf-8")

    return router
