"""What every response passes through, with an application of a few lines."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from xuequ.api.middleware import SECURITY_HEADERS, CountingMiddleware, Counts, HeadMiddleware, SecurityHeadersMiddleware


async def hello(request: Request) -> PlainTextResponse:
    return PlainTextResponse(request.method, headers={"X-Frame-Options": "SAMEORIGIN"})


async def broken(_request: Request) -> PlainTextResponse:
    raise RuntimeError("broken")


@pytest.fixture
def application():
    return Starlette(routes=[Route("/hello/{name}", hello, methods=["GET"]), Route("/broken", broken)])


def test_headers_are_added_and_what_an_answer_says_itself_stands(application):
    response = TestClient(SecurityHeadersMiddleware(application)).get("/hello/you")
    for name, value in SECURITY_HEADERS:
        assert response.headers[name] == ("SAMEORIGIN" if name == "X-Frame-Options" else value)


def test_the_policy_names_no_host_and_allows_nothing_inline():
    policy = dict(SECURITY_HEADERS)["Content-Security-Policy"]
    sources = {source for part in policy.split("; ") for source in part.split()[1:]}
    assert sources == {"'self'", "'none'", "data:"}


def test_head_reaches_a_route_that_knows_only_get(application):
    client = TestClient(HeadMiddleware(application))
    response = client.head("/hello/you")
    assert (response.status_code, response.content) == (200, b"")
    assert client.get("/hello/you").text == "GET"


def test_requests_are_counted_by_route_even_if_they_fail(application):
    counts = Counts()
    client = TestClient(CountingMiddleware(application, counts), raise_server_exceptions=False)
    client.get("/hello/you")
    client.get("/hello/me")
    client.get("/broken")
    client.get("/none")
    text = "\n".join(counts.lines())
    assert 'status="200"} 2' in text
    assert 'status="500"} 1' in text
    assert 'route="other",status="404"} 1' in text
    assert "you" not in text


@pytest.mark.parametrize("layer", [SecurityHeadersMiddleware, HeadMiddleware, lambda app: CountingMiddleware(app, Counts())])
def test_what_is_not_a_request_passes(layer):
    seen: list[str] = []

    async def inner(scope, _receive, _send):
        seen.append(scope["type"])

    # In a thread of its own: the browser of other tests keeps a loop running in this one.
    with ThreadPoolExecutor(1) as threads:
        threads.submit(asyncio.run, layer(inner)({"type": "lifespan"}, None, None)).result()
    assert seen == ["lifespan"]
