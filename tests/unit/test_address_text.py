"""Addresses in the spellings that people use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xuequ.api.address_text import StreetNumber, address_key, parents, street_number


@pytest.mark.parametrize(
    "typed",
    [
        "桂江一路15号",
        "桂江一路１５号",
        "桂江一路 15 号",
        "桂江一路十五号",
        "桂江一路15#",
        "桂江一路15號",
        "（桂江一路）15号。",
        "桂江1路15号",
    ],
)
def test_spellings_of_one_address_have_one_key(typed):
    assert address_key(typed) == "桂江1路15号"


@pytest.mark.parametrize(
    ("typed", "key"),
    [
        ("一百二十三号", "123号"),
        ("二十号", "20号"),
        ("一千零五号", "1005号"),
        ("二〇二六", "2026"),
        ("十字街", "10字街"),
        ("百千巷", "百千巷"),
        ("一二十号", "一二十号"),
        ("万达广场", "万达广场"),
        ("三一五路", "315路"),
        ("", ""),
        ("\x00😀\u202e", ""),
        ("A座-", "a座"),
        ("18—20号", "18-20号"),
        ("18至20号", "18-20号"),
        ("Station Road 7", "stationroad7"),
    ],
)
def test_keys(typed, key):
    assert address_key(typed) == key


@pytest.mark.parametrize(
    ("typed", "house"),
    [
        ("民主路123号3栋2单元501室", "民主路123号"),
        ("北山路18号之一", "北山路18号"),
        ("北山路18-2号", "北山路18号"),
        ("北山路18号附2号", "北山路18号"),
        ("中山路15号501", "中山路15号"),
        ("中山路15号A座12层", "中山路15号"),
        ("中山路15号院3栋", "中山路15号"),
    ],
)
def test_what_lies_inside_a_house_is_taken_off(typed, house):
    assert parents(address_key(typed))[-1] == house


@pytest.mark.parametrize(
    "typed", ["桂江一路15号附近", "桂江一路15号对面", "桂江一路15号", "万达华府小区3栋", "民主路", "桂江一路15号旁501", ""]
)
def test_what_may_lie_elsewhere_is_not_taken_off(typed):
    assert parents(address_key(typed)) == ()


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("桂江一路15号", StreetNumber("桂江1路", 15)),
        ("桂江一路15", StreetNumber("桂江1路", 15)),
        ("民主路123号3栋", StreetNumber("民主路", 123)),
        ("北山路18-2号", StreetNumber("北山路", 18)),
        ("民主路", None),
        ("15号", None),
        ("", None),
    ],
)
def test_street_and_number(typed, found):
    assert street_number(address_key(typed)) == found


@given(st.text(max_size=60))
def test_a_key_is_its_own_key_and_has_nothing_that_an_index_or_a_page_could_trip_over(text):
    key = address_key(text)
    assert not set(key) & set("\"'<>&%\\/*() \x00\n")
    parents(key)
    street_number(key)


@given(st.integers(1, 9999))
def test_chinese_numerals_are_read_as_written(number):
    digits, units = "零一二三四五六七八九", ["", "十", "百", "千"]
    written, pending_zero = "", False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            pending_zero = bool(written)
            continue
        written += ("零" if pending_zero else "") + digits[digit] + units[place]
        pending_zero = False
    assert address_key(f"{written}号") == f"{number}号"
    if written.startswith("一十"):
        assert address_key(f"{written[1:]}号") == f"{number}号"
