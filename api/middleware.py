"""What every response passes through: security headers, HEAD, and counting for the operator."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["SECURITY_HEADERS", "CountingMiddleware", "Counts", "HeadMiddleware", "SecurityHeadersMiddleware"]

_POLICY = (
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
)

SECURITY_HEADERS: tuple[tuple[str, str], ...] = (
    ("Content-Security-Policy", "; ".join(_POLICY)),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "geolocation=(), camera=(), microphone=(), browsing-topics=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
)
"""No inline script or style, no foreign host, no frame; the address typed is not handed on as a referrer."""


class SecurityHeadersMiddleware:
    """Adds `SECURITY_HEADERS` to every response."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS:
                    headers.setdefault(name, value)
            await send(message)

        await self._app(scope, receive, with_headers)


class HeadMiddleware:
    """Answers HEAD wherever GET is answered; the server leaves the body out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}

            async def without_body(message: Message) -> None:
                await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

            await self._app(scope, receive, without_body)
        else:
            await self._app(scope, receive, send)


class Counts:
    """Requests by route and status, and the seconds they took; never by address or visitor."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[tuple[str, int]] = Counter()
        self._seconds: Counter[str] = Counter()

    def add(self, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        with self._lock:
            self._requests[route, status] += 1
            self._seconds[route] += seconds  # type: ignore[assignment]

    def lines(self) -> list[str]:
        """Return the counts in the text form that Prometheus reads."""
        with self._lock:
            requests, seconds = dict(self._requests), dict(self._seconds)
        lines = ["# HELP xuequ_requests_total Requests answered.", "# TYPE xuequ_requests_total counter"]
        lines += [
            f'xuequ_requests_total{{route="{route}",status="{status}"}} {n}' for (route, status), n in sorted(requests.items())
        ]
        lines += ["# HELP xuequ_request_seconds_total Time taken to answer.", "# TYPE xuequ_request_seconds_total counter"]
        return lines + [f'xuequ_request_seconds_total{{route="{route}"}} {value:.6f}' for route, value in sorted(seconds.items())]


class CountingMiddleware:
    """Counts requests by the template of their route."""

    def __init__(self, app: ASGIApp, counts: Counts) -> None:
        self._app = app
        self._counts = counts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        started, status = time.perf_counter(), 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", None) or "other"
            self._counts.add(route, status, time.perf_counter() - started)
