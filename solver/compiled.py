"""Compiled hot loops, cached by the content of their sources."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numba
import platformdirs

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["compiled", "sources_digest"]

F = TypeVar("F", bound="Callable[..., object]")


def sources_digest() -> str:
    """Return a digest of all kernel sources: a change in any of them gives another cache (numba does not see callees change)."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("kernel*.py")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()[:24]


def compiled(function: F) -> F:
    """
    Compile a function of plain arrays without the interpreter.

    Notes
    -----
    The cache lies in the user's cache folder under the digest of the sources, so that an installation that nobody may write to
    works too; where no folder can be written the function is compiled anew in each process.
    """
    settings: Any = numba.config
    before = settings.CACHE_DIR
    settings.CACHE_DIR = str(platformdirs.user_cache_path("xuequ") / "kernels" / sources_digest())
    try:
        return cast("F", numba.njit(cache=True, nogil=True, error_model="numpy")(function))
    except RuntimeError:
        return cast("F", numba.njit(nogil=True, error_model="numpy")(function))
    finally:
        settings.CACHE_DIR = before
