"""The service: a read-only application on one verified plan, made from settings; nothing happens at import."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware

from xuequ.api.cartography import Cartography
from xuequ.api.geography import Geography
from xuequ.api.inquiry import Inquiries
from xuequ.api.middleware import CountingMiddleware, Counts, HeadMiddleware, SecurityHeadersMiddleware
from xuequ.api.problems import handle_errors
from xuequ.api.publication import Publication, open_publication
from xuequ.api.routes.features import features_routes
from xuequ.api.routes.operator import operator_routes
from xuequ.api.routes.page import mount_static, page_routes
from xuequ.api.routes.public import public_routes
from xuequ.api.settings import Settings, settings_from
from xuequ.zoning.errors import CaseError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["create_app", "serve"]

_LOGGER = logging.getLogger(__name__)


def create_app(source: Settings | Publication | None = None) -> FastAPI:
    """
    Make the application.

    Parameters
    ----------
    source
        Settings, whose case and plan are read and verified; or what is published already (see `xuequ.api.publication.published`);
        None for settings from the environment.

    Raises
    ------
    InputError
        If the case or the plan cannot be read.
    VerificationFailed
        If the plan says something that is not so: an unverified plan is not served.
    """
    publication = source if isinstance(source, Publication) else open_publication(source or settings_from())
    geography = Geography(publication.district)
    inquiries = Inquiries(publication, geography)
    cartography = Cartography(publication, geography)
    counts = Counts()
    app = FastAPI(
        title="xuequ",
        summary="Catchments of a district's schools: look-up by address or point, and shapes.",
        version=publication.version,
        docs_url=None,  # its page loads scripts from a foreign host
        redoc_url=None,
    )
    handle_errors(app)
    app.include_router(page_routes(publication, inquiries, geography))
    app.include_router(public_routes(publication, inquiries, cartography))
    app.include_router(features_routes(publication, geography, cartography))
    app.include_router(operator_routes(publication, counts))
    mount_static(app)
    app.add_middleware(GZipMiddleware, minimum_size=1000)
    app.add_middleware(CountingMiddleware, counts=counts)
    app.add_middleware(HeadMiddleware)
    app.add_middleware(SecurityHeadersMiddleware)
    return app


def serve(
    case: str,
    plan: Path | None,
    host: str,
    port: int,
    *,
    overrides: Sequence[str] = (),
    announce: Callable[[str], None] | None = None,
) -> None:
    """
    Serve until stopped.

    Parameters
    ----------
    case, plan
        Case folder or name; plan folder, or None for ``plan`` in the case's folder.
    host, port
        Where to listen; port 0 takes any free one.
    overrides
        ``section.key=value`` over case.toml.
    announce
        Is told the address once the plan is verified and the port is ours.

    Raises
    ------
    InputError
        If case or plan cannot be read, or the port cannot be had.
    VerificationFailed
        If the plan says something that is not so.
    """
    import uvicorn  # noqa: PLC0415 - only where something is served

    settings = settings_from().model_copy(
        update={"case": case, "plan": plan, "host": host, "port": port, "overrides": tuple(overrides)}
    )
    app = create_app(settings)
    listener = _listener(host, port)
    shown = f"[{host}]" if ":" in host else host
    (announce or _LOGGER.info)(f"http://{shown}:{listener.getsockname()[1]}/")
    # No access log: addresses that people look up stand in the query.
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning", access_log=False, server_header=False))
    with listener:
        server.run(sockets=[listener])


def _listener(host: str, port: int) -> socket.socket:
    """Take the port before the server starts: one in use is the user's mistake and no trace; who comes early waits."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        listener = socket.socket(family, kind, protocol)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(2048)
    except OSError as error:
        raise CaseError(
            f"cannot listen on {host}, port {port}: {error.strerror or error}; choose another with --host or --port"
        ) from error
    return listener
