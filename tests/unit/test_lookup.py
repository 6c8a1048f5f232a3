"""Known addresses are found in any spelling; what is not known has suggestions and never a block."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from publications import town

from xuequ.api.lookup import AddressIndex, Place
from xuequ.zoning.district import Address


@pytest.fixture(scope="module")
def index():
    return AddressIndex(town())


def blocks(finding):
    return [place.blocks[0] for place in finding.places]


def test_every_address_is_found_in_its_block(index):
    district = town()
    for address in district.addresses:
        finding = index.find(address.text)
        assert blocks(finding) == [address.block]
        assert finding.places[0].text == address.text
        assert finding.suggestions == ()


@pytest.mark.parametrize(
    "typed",
    [
        "桂江一路11号",
        "桂江一路１１号",
        "桂江一路十一号",
        " 桂江一路 11 ",
        "桂江一路11#",
        "桂江一路11号3栋2单元501室",
        "桂江一路11号之二",
        "桂江一路11-2号",
        "万秀区桂江一路11号",
        "万秀区富民社区桂江一路11号",
        "富民社区居民委员会桂江一路11号",
    ],
)
def test_an_address_is_found_in_any_spelling(index, typed):
    finding = index.find(typed)
    assert blocks(finding) == [1]
    assert finding.places[0].text == "桂江一路11号"
    assert finding.places[0].point is not None


@pytest.mark.parametrize(
    "typed",
    [
        "桂江一路15号",
        "桂江一路",
        "桂江一路11号附近",
        "桂江一路11号对面",
        "南宁市桂江一路11号",
        "青秀区桂江一路11号",
        "桂江三路11号",
        "旺步村桂江一路11号",
        "江一路11号",
        "桂江一路111号",
        "万达华府小区3栋",
        "万秀区",
        "华府",
        "路",
        "",
        "   ",
        "<script>alert(1)</script>",
        "😀",
        "x" * 200,
        "\x00",
        "' OR 1=1 --",
        '"',
        "*",
        "NEAR(a b)",
    ],
)
def test_what_is_not_known_has_no_block(index, typed):
    assert index.find(typed).places == ()


@pytest.mark.parametrize(
    "typed", ["桂江一路15号", "南宁市桂江一路11号", "江一路11号", "桂江三路11号", "万达华府小区3栋", "不存在路999号"]
)
def test_what_is_not_known_has_suggestions_that_are_known(index, typed):
    suggestions = index.find(typed).suggestions
    assert suggestions
    assert len(set(suggestions)) == len(suggestions)
    known = {address.text for address in town().addresses} | {"万达华府小区", "富民社区", "旺步村"}
    streets = {address.street for address in town().addresses}
    assert all(text in known or text in streets or text.startswith(("地块", "富民", "旺步")) for text in suggestions)


def test_an_unknown_number_of_a_known_street_has_the_nearest_numbers_first(index):
    suggestions = index.find("桂江一路15号").suggestions
    numbers = [int(re.search(r"(\d+)号", text)[1]) for text in suggestions]
    assert all(text.startswith("桂江一路") for text in suggestions)
    assert numbers[:4] == [14, 17, 11, 21]
    distances = [abs(number - 15) for number in numbers]
    assert distances == sorted(distances)


def test_of_two_numbers_as_near_the_one_on_the_same_side_of_the_street_comes_first(index):
    assert index.find("桂江一路9号").suggestions[:2] == ("桂江一路7号", "桂江一路11号")


def test_the_wrong_city_is_not_answered_but_the_address_is_suggested(index):
    assert "桂江一路11号" in index.find("南宁市桂江一路11号").suggestions[:3]


def test_an_estate_in_two_blocks_is_both_of_them(index):
    finding = index.find("万达华府小区")
    assert blocks(finding) == [14, 15]
    assert finding.blocks == 2


def test_a_community_of_many_blocks_is_too_wide_and_suggests_addresses_in_it(index):
    finding = index.find("富民社区")
    assert finding.places == ()
    assert finding.blocks == 18
    inside = {address.text for address in town().addresses if address.block < 18}
    assert set(finding.suggestions) <= inside


def test_a_village_committee_is_known_by_its_village(index):
    assert index.find("旺步村").blocks == index.find("旺步村委会").blocks == 18


def test_an_unknown_building_of_a_known_estate_is_not_answered(index):
    finding = index.find("万达华府小区9栋")
    assert finding.places == ()
    assert "万达华府小区1栋" in finding.suggestions


def test_one_text_in_two_blocks_is_answered_with_both():
    district = town()
    double = district.replace(addresses=(*district.addresses, Address("桂江一路11号", 30, 0.0, 0.0, "桂江一路", "11")))
    assert blocks(AddressIndex(double).find("桂江一路11号")) == [1, 30]


def test_suggestions_while_typing_start_with_what_is_typed_in_natural_order(index):
    assert index.suggest("民主路", 5) == ("民主路", "民主路1号", "民主路4号", "民主路7号", "民主路11号")
    assert index.suggest("民主路1", 4) == ("民主路1号", "民主路11号", "民主路14号", "民主路17号")


@pytest.mark.parametrize("typed", ["民", "民主", "万达", "st"])
def test_short_texts_have_suggestions(index, typed):
    assert any(typed in text.casefold() for text in index.suggest(typed))


def test_names_come_before_house_numbers(index):
    assert index.suggest("桂江", 4)[:2] == ("桂江一路", "桂江二路")
    assert index.suggest("桂江", 4)[2] == "桂江一路1号"


def test_a_typing_mistake_is_forgiven_in_suggestions(index):
    assert index.suggest("民住路14号")[0] == "民主路14号"
    assert "万达华府小区" in index.suggest("达华府小区")


@pytest.mark.parametrize("limit", [1, 3, 20])
def test_there_are_no_more_suggestions_than_asked_for(index, limit):
    assert len(index.suggest("民主路", limit)) <= limit
    assert len(index.find("民主路2号", limit).suggestions) <= limit


def test_nothing_typed_has_no_suggestions(index):
    assert index.suggest("") == index.suggest("  ") == index.suggest("😀") == ()


def test_an_address_outside_all_blocks_is_not_known():
    district = town()
    index = AddressIndex(district.replace(addresses=(*district.addresses, Address("江心岛1号", -1, 0.0, 0.0))))
    assert index.find("江心岛1号").places == ()


def test_a_district_without_addresses_knows_its_blocks_and_communities():
    index = AddressIndex(town(addresses=()))
    assert index.find("地块7").places == (Place("地块7", (6,)),)
    assert index.find("桂江一路11号").places == ()


def test_threads_may_ask_at_once(index):
    texts = [address.text for address in town().addresses] * 3
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda text: index.find(text).places[0].text, texts))
        suggested = list(pool.map(lambda text: index.suggest(text[1:])[0], texts))
    assert found == texts
    assert all(suggested)


def test_nothing_of_a_query_is_logged(index, caplog):
    with caplog.at_level("DEBUG"):
        index.find("桂江一路15号")
    assert "桂江" not in caplog.text
