"""Large answers made once: kept as bytes, compressed, and sent again only to who has not got them."""

from __future__ import annotations

import gzip
import hashlib
import json
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from starlette.requests import Request

__all__ = ["Shelf", "Stored", "stored_json"]

KeyT = TypeVar("KeyT", bound="Hashable")


@dataclass(frozen=True, slots=True)
class Stored:
    """An answer as bytes, plain and compressed."""

    body: bytes
    compressed: bytes
    media_type: str
    tag: str

    def response(self, request: Request) -> Response:
        """Answer a request: 304 for who has it already."""
        headers = {"ETag": self.tag, "Cache-Control": "no-cache", "Vary": "Accept-Encoding"}
        known = {item.strip().removeprefix("W/") for item in request.headers.get("if-none-match", "").split(",")}
        if self.tag in known or "*" in known:
            return Response(status_code=304, headers=headers)
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(self.compressed, media_type=self.media_type, headers={**headers, "Content-Encoding": "gzip"})
        return Response(self.body, media_type=self.media_type, headers=headers)


def stored_json(content: Any, media_type: str = "application/json") -> Stored:
    """Keep an object as JSON."""
    body = json.dumps(content, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    return Stored(body, gzip.compress(body, 6, mtime=0), media_type, f'"{hashlib.sha256(body).hexdigest()[:20]}"')


class Shelf(Generic[KeyT]):
    """Answers by key, each made when it is first asked for, once."""

    def __init__(self, make: Callable[[KeyT], Stored]) -> None:
        self._make = make
        self._made: dict[KeyT, Stored] = {}
        self._lock = threading.Lock()

    def get(self, key: KeyT) -> Stored:
        """Return the answer of a key."""
        with self._lock:
            if key not in self._made:
                self._made[key] = self._make(key)
            return self._made[key]
