"""One page that needs no network: every library and picture that a page asks for is put inside it."""

from __future__ import annotations

import base64
import re
from functools import cache
from importlib.resources import files

__all__ = ["UnknownAssetError", "data_address", "inlined", "outside_links", "script_safe", "template_text"]

_KEPT = {"leaflet.js": "leaflet/leaflet.js", "leaflet.css": "leaflet/leaflet.css"}
"""Files that folium asks for and that are shipped."""

_DROPPED = frozenset({
    "all.min.css", "bootstrap-glyphicons.css", "bootstrap.bundle.min.js", "bootstrap.min.css", "jquery-3.7.1.min.js",
    "leaflet.awesome-markers.css", "leaflet.awesome-markers.js", "leaflet.awesome.rotate.min.css",
})  # fmt: skip
"""Files that folium asks for and that no map of ours uses: icons with pictures, pop-ups by bootstrap."""

_SCRIPT = re.compile(r'<script\b[^>]*\bsrc\s*=\s*["\']([^"\']+)["\'][^>]*>\s*</script>')
_STYLE = re.compile(r'<link\b[^>]*\bhref\s*=\s*["\']([^"\']+)["\'][^>]*/?>')
_OUTSIDE = re.compile(
    r"""(?:\b(?:src|href|srcset|action|poster)\s*=\s*["']?|url\(\s*["']?|@import\s+["'])\s*((?:https?:)?//[^"'\s)>]+)""",
    re.IGNORECASE,
)


class UnknownAssetError(ValueError):
    """A page asks for a file that is neither shipped nor known to be dispensable."""


def inlined(page: str) -> str:
    """
    Return a page with its scripts and style sheets inside.

    Raises
    ------
    UnknownAssetError
        If the page asks for a file that is not known here; else a new folium would make maps that need the network.
    """
    page = _SCRIPT.sub(lambda found: _replacement(found[1], "script"), page)
    page = _STYLE.sub(lambda found: _replacement(found[1], "style"), page)
    left = outside_links(page)
    if left:
        raise UnknownAssetError(f"the page still asks for {', '.join(left)}")
    return page


def outside_links(page: str) -> tuple[str, ...]:
    """Return the addresses on the network that a page would load or link to."""
    return tuple(dict.fromkeys(found[1] for found in _OUTSIDE.finditer(page)))


def script_safe(json_text: str) -> str:
    """Return JSON that can stand in a script element: no text in it can end the element or open a comment."""
    return (
        json_text.replace("<", "\\u003c")
        .replace(">", "\\u003e")
        .replace("&", "\\u0026")
        .replace("\u2028", "\\u2028")
        .replace("\u2029", "\\u2029")
    )


def _replacement(address: str, element: str) -> str:
    name = address.split("?", maxsplit=1)[0].rsplit("/", 1)[-1]
    if name in _DROPPED:
        return ""
    if name not in _KEPT:
        raise UnknownAssetError(f"the page asks for {address}, which is not shipped")
    return f"<{element}>{_shipped(name)}</{element}>"


@cache
def _shipped(name: str) -> str:
    text = (files("xuequ.maps") / _KEPT[name]).read_text(encoding="utf-8")
    if name.endswith(".js"):
        # Its own link home and the map of its source would be the only things in the page that point to the network.
        return re.sub(r"//# sourceMappingURL=\S+", "", text).replace('href="https://leafletjs.com"', "")
    return re.sub(r"url\((images/[^)]+)\)", "none", text).replace("behavior: url(#default#VML);", "")


def data_address(content: bytes, kind: str) -> str:
    """Return content as an address that holds it, for ``src``."""
    return f"data:{kind};base64,{base64.b64encode(content).decode()}"


def template_text(name: str) -> str:
    """Return the text of a file of ``maps/templates``."""
    return (files("xuequ.maps") / "templates" / name).read_text(encoding="utf-8")
