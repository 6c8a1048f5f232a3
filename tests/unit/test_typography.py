"""The shipped font has what names need, and a page gets only what it shows."""

from __future__ import annotations

import base64
import io
import re
from importlib import reload
from importlib.resources import files

from fontTools.ttLib import TTFont

from xuequ.maps import typography
from xuequ.maps.texts import texts
from xuequ.maps.typography import FONT_FAMILY, PAGE_FAMILY, drawing_settings, font_face, missing_characters


def font_in(rule: str) -> TTFont:
    data = re.search(r"base64,([^)]+)\)", rule)[1]
    return TTFont(io.BytesIO(base64.b64decode(data)))


def test_all_words_of_maps_are_in_the_font():
    for language in ("zh", "en"):
        assert missing_characters("".join(texts(language).table().values())) == frozenset()


def test_all_of_gb_2312_is_in_the_font():
    rows = (bytes([high, low]) for high in range(0xB0, 0xF8) for low in range(0xA1, 0xFF))
    characters = "".join(row.decode("gb2312", errors="ignore") for row in rows)
    assert len(characters) > 6700
    assert missing_characters(characters) == frozenset()


def test_a_character_that_is_not_there_is_named():
    assert missing_characters("a\U00020000") == {"\U00020000"}


def test_a_page_gets_its_characters_only():
    rule = font_face("万秀区 school 富民小学")
    assert PAGE_FAMILY in rule
    assert {chr(code) for code in font_in(rule).getBestCmap()} == set("万秀区富民小学")


def test_a_page_in_plain_english_needs_no_font():
    assert font_face("plain text") == ""


def test_the_same_text_gives_the_same_bytes():
    first = font_face("梧州")
    assert reload(typography).font_face("梧州") == first  # subset anew: nothing is kept of what was made before


def test_pictures_use_the_shipped_font_and_embed_it_as_truetype():
    from matplotlib import font_manager

    settings = drawing_settings()
    assert settings["font.family"][0] == FONT_FAMILY
    assert settings["pdf.fonttype"] == 42
    assert font_manager.findfont(FONT_FAMILY).endswith("NotoSansSC-Regular.ttf")


def test_the_licence_and_the_origin_of_the_font_lie_beside_it():
    fonts = files("xuequ.maps") / "fonts"
    assert "SIL OPEN FONT LICENSE" in (fonts / "OFL.txt").read_text(encoding="utf-8")
    assert "@expo-google-fonts/noto-sans-sc" in (fonts / "README.md").read_text(encoding="utf-8")
    assert len((fonts / "NotoSansSC-Regular.ttf").read_bytes()) < 3_000_000


def test_every_character_of_the_shipped_case_is_in_the_font():
    """Names of schools, streets and villages: rarer characters than GB 2312 has."""
    texts_of_case = [
        item.read_text(encoding="utf-8")
        for item in (files("xuequ.data") / "demo").iterdir()
        if item.is_file() and item.name != "roads.geojson"
    ]
    assert len(texts_of_case) > 5
    assert missing_characters("".join(texts_of_case)) == frozenset()
