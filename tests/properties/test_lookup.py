"""Whatever is typed: known addresses are found in their block, and nothing else has one."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given
from hypothesis import strategies as st
from publications import town

from xuequ.api.address_text import address_key, parents
from xuequ.api.lookup import AddressIndex

DISTRICT = town()
INDEX = AddressIndex(DISTRICT)
KNOWN = {address.text: address.block for address in DISTRICT.addresses}
WIDE = str.maketrans("0123456789", "０１２３４５６７８９")


@st.composite
def spellings(draw):
    """An address as somebody might type it: wide digits, spaces, a flat, a prefix, brackets."""
    text = draw(st.sampled_from(sorted(KNOWN)))
    typed = text.translate(WIDE) if draw(st.booleans()) else text
    if text.endswith("号"):
        typed += draw(st.sampled_from(["", "3栋", "3栋2单元501室", "之一", "附2号", "A座12层"]))
    typed = draw(st.sampled_from(["", "万秀区", "（万秀区）"])) + typed
    for _ in range(draw(st.integers(0, 3))):
        at = draw(st.integers(0, len(typed)))
        typed = typed[:at] + draw(st.sampled_from([" ", "　", "，", "。", "-" if at == 0 else " "])) + typed[at:]
    return text, typed


@given(spellings())
def test_a_known_address_in_any_spelling_is_found_in_its_block(spelling):
    text, typed = spelling
    finding = INDEX.find(typed)
    assert [place.text for place in finding.places] == [text]
    assert [place.blocks for place in finding.places] == [(KNOWN[text],)]


@given(st.text(max_size=40) | st.text(alphabet="桂江一二路民主富街号0123456789栋万秀区 -", max_size=16))
def test_what_is_found_was_typed(typed):
    """No school by guess: the key of a place that is found stands in what was typed, but for a 号 left out."""
    finding = INDEX.find(typed)
    key = address_key(typed)
    for place in finding.places:
        found = address_key(place.text)
        assert (
            found in (key, f"{key}号")
            or key.endswith((found, found.removesuffix("号")))
            or found in (form for rest in range(len(key)) for form in parents(key[rest:]))
        )


@given(st.integers(1, 200), st.sampled_from(sorted({address.street for address in DISTRICT.addresses if address.street})))
def test_an_unknown_number_has_the_nearest_numbers_of_its_street(number, street):
    typed = f"{street}{number}号"
    finding = INDEX.find(typed)
    if typed in KNOWN:
        assert finding.places[0].text == typed
        return
    assert finding.places == ()
    assert all(text.startswith(street) for text in finding.suggestions)
    numbers = [int(re.search(r"(\d+)号$", text)[1]) for text in finding.suggestions if re.search(r"\d+号$", text)]
    # What starts with the number typed (17 for 1) may stand before the nearest ones.
    rest = [value for value in numbers if not str(value).startswith(str(number))]
    assert [abs(value - number) for value in rest] == sorted(abs(value - number) for value in rest)
    assert rest


@given(st.text(max_size=200), st.integers(1, 20))
def test_suggestions_are_known_texts_and_no_more_than_asked_for(typed, limit):
    suggestions = INDEX.suggest(typed, limit)
    assert len(suggestions) == len(set(suggestions)) <= limit
    for text in suggestions:
        finding = INDEX.find(text)
        assert finding.places or finding.suggestions, text


@given(st.text(alphabet=st.characters(categories=["Lo", "Nd", "Nl", "No", "Zs", "Po"]), max_size=30))
def test_width_does_not_matter(typed):
    assert address_key(unicodedata.normalize("NFKC", typed)) == address_key(typed)
