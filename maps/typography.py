"""The Chinese font that is shipped: for matplotlib whole, for a page cut down to the characters on it."""

from __future__ import annotations

import base64
import io
import warnings
from contextlib import contextmanager
from functools import cache
from importlib.resources import as_file, files
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["FONT_FAMILY", "PAGE_FAMILY", "drawing_settings", "font_face", "missing_characters", "rare_characters"]

FONT_FAMILY = "Noto Sans SC"
"""Name of the shipped font."""

PAGE_FAMILY = "xuequ-sc"
"""Name under which a page knows its part of it; pages ask for it last, after the reader's own fonts."""

_FILE = files("xuequ.maps") / "fonts" / "NotoSansSC-Regular.ttf"


@cache
def drawing_settings() -> dict[Any, Any]:
    """
    Return matplotlib settings that use the shipped font and give the same bytes each time.

    TrueType is embedded as it is (type 42), so that text in a PDF can be searched and copied.
    """
    from matplotlib import font_manager  # noqa: PLC0415 - heavy, and only pictures need it

    with as_file(_FILE) as path:
        font_manager.fontManager.addfont(str(path))
    return {
        "font.family": [FONT_FAMILY, "DejaVu Sans"],
        "axes.unicode_minus": False,
        "text.parse_math": False,  # a name with dollar signs is no formula
        "pdf.fonttype": 42,
        "svg.hashsalt": "xuequ",
        "svg.fonttype": "path",
    }


@contextmanager
def rare_characters() -> Iterator[None]:
    """Let a name with a character that the font lacks be drawn with a box in its place, without a warning for each."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph \d+ .*missing from font")
        yield


def font_face(text: str) -> str:
    """Return a style rule with a font of the characters of a text that are not ASCII; empty if there are none."""
    characters = "".join(sorted({character for character in text if ord(character) > 0x7F} & _known()))
    if not characters:
        return ""
    data = base64.b64encode(_subset(characters)).decode()
    return f'@font-face{{font-family:"{PAGE_FAMILY}";src:url(data:font/woff;base64,{data}) format("woff");font-display:block}}'


def missing_characters(text: str) -> frozenset[str]:
    """Return the printable characters of a text that the font does not have."""
    return frozenset(character for character in text if character.isprintable()) - _known()


@cache
def _known() -> frozenset[str]:
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - heavy, and only pages need it

    with TTFont(io.BytesIO(_FILE.read_bytes()), lazy=True) as font:
        return frozenset(chr(code) for code in font.getBestCmap())


@cache
def _subset(characters: str) -> bytes:
    from fontTools import subset  # noqa: PLC0415 - heavy, and only pages need it
    from fontTools.ttLib import TTFont  # noqa: PLC0415

    options = subset.Options(flavor="woff", layout_features=[], hinting=False, notdef_outline=True, recalc_timestamp=False)
    font = TTFont(io.BytesIO(_FILE.read_bytes()), recalcTimestamp=False)
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(font)
    font.flavor = "woff"
    stream = io.BytesIO()
    font.save(stream)
    return stream.getvalue()
