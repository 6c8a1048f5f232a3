"""Problem documents (RFC 9457) as responses, and every error of the service turned into one."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from xuequ.api.faults import ProblemKind, problem_document, problem_kind, report_fault
from xuequ.api.middleware import SECURITY_HEADERS
from xuequ.zoning.errors import XuequError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from fastapi import FastAPI
    from starlette.requests import Request

__all__ = ["MEDIA_TYPE", "Problem", "declared", "handle_errors", "problem_response"]

MEDIA_TYPE = "application/problem+json"


class Problem(BaseModel):
    """A problem document; further members depend on its type."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(description="URI of the kind of problem")
    title: str
    status: int
    detail: str


def declared(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return what OpenAPI says of responses that are problem documents."""
    schema = Problem.model_json_schema()
    return {
        status: {"description": HTTPStatus(status).phrase, "content": {MEDIA_TYPE: {"schema": schema}}} for status in statuses
    }


def problem_response(kind: ProblemKind, detail: str, headers: Mapping[str, str] | None = None, **more: Any) -> JSONResponse:
    """Answer with a problem document."""
    document = problem_document(kind, detail, **more)
    return JSONResponse(document, kind.status, headers=dict(headers or {}), media_type=MEDIA_TYPE)


def handle_errors(app: FastAPI) -> None:
    """Answer every error of an application with a problem document."""
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)
    app.add_exception_handler(XuequError, _ours)
    app.add_exception_handler(Exception, _unknown)


def _invalid(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = [{"name": str(item["loc"][-1]), "in": str(item["loc"][0]), "reason": item["msg"]} for item in error.errors()]
    detail = "; ".join(f"{item['name']}: {item['reason']}" for item in found)
    # OGC API – Features asks for 400 (requirement /req/core/query-param-invalid).
    status = 400 if request.url.path.startswith("/ogc") else 422
    return problem_response(ProblemKind(status, "invalid-parameter", "A parameter is not understood"), detail, errors=found)


def _http(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    phrase = HTTPStatus(error.status_code).phrase
    kind = ProblemKind(error.status_code, phrase.lower().replace(" ", "-"), phrase)
    return problem_response(kind, str(error.detail), error.headers)


def _ours(_request: Request, error: Exception) -> JSONResponse:
    return problem_response(problem_kind(error), str(error))


def _unknown(_request: Request, error: Exception) -> JSONResponse:
    # Made outside of the middleware, so the headers are set here.
    return problem_response(problem_kind(error), report_fault(error), dict(SECURITY_HEADERS))
