"""Answers as a person reads them: equal years joined, equal places in one card, lengths in words."""

from __future__ import annotations

import dataclasses
import functools
import re
import string

import pytest
from fastapi.testclient import TestClient
from publications import publication, town

from xuequ.api.answer_cards import cards, length
from xuequ.api.answers import Answer
from xuequ.api.app import create_app
from xuequ.api.geography import Geography
from xuequ.api.inquiry import Inquiries
from xuequ.api.wording import SENTENCES, say
from xuequ.zoning.distances import Distances


@functools.cache
def inquiries(distances=None):
    made = publication(town(**({"distances": distances} if distances else {})))
    return Inquiries(made, Geography(made.district))


def answer(text, distances=None):
    found = inquiries(distances).by_address(text, "zh")
    assert isinstance(found, Answer)
    return found


@pytest.mark.parametrize(
    ("metres", "zh", "en"),
    [
        (0, "10 米", "10 m"),
        (4, "10 米", "10 m"),
        (126, "130 米", "130 m"),
        (994, "990 米", "990 m"),
        (996, "1.0 公里", "1.0 km"),
        (12_340, "12.3 公里", "12.3 km"),
    ],
)
def test_lengths_in_words(metres, zh, en):
    assert (length(metres, "zh"), length(metres, "en")) == (zh, en)


def test_years_with_the_same_school_are_joined():
    [card] = cards(answer("桂江一路11号"), "zh")
    assert [stage.stage for stage in card.stages] == ["kindergarten", "primary", "junior"]
    assert [[span.years for span in stage.spans] for stage in card.stages] == [["2026—2028 学年入学"]] * 3


def test_years_with_another_school_stand_apart():
    [card] = cards(answer("地块22"), "en")
    primary = next(stage for stage in card.stages if stage.stage == "primary")
    assert [(span.years, span.entry.school_id) for span in primary.spans] == [
        ("Entry in the school year 2026", "s2"),
        ("Entry in the school years 2027–2028", "s1"),
    ]


def same(found):
    """Make both places of an answer have the schools of the first, as far as they are."""
    first, second = found.matches
    farther = tuple(item.model_copy(update={"distance_m": item.distance_m + 400}) for item in first.schools)
    return found.model_copy(update={"matches": (first, second.model_copy(update={"schools": farther}))})


def test_places_with_the_same_schools_are_one_card_with_the_range_of_the_ways():
    found = same(answer("万达华府小区"))
    [card] = cards(found, "zh")
    assert (card.heading, card.blocks) == ("万达华府小区", ("地块15", "地块16"))
    near = found.matches[0].schools[0].distance_m
    assert card.stages[0].spans[0].way == f"直线距离约 {length(near, 'zh')}–{length(near + 400, 'zh')}"


def test_places_with_other_schools_are_cards_of_their_own():
    found = same(answer("万达华府小区"))
    first, second = found.matches
    other = second.model_copy(update={"schools": tuple(item.model_copy(update={"school_id": "s2"}) for item in second.schools)})
    made = cards(found.model_copy(update={"matches": (first, other)}), "zh")
    assert [card.blocks for card in made] == [("地块15",), ("地块16",)]


@pytest.mark.parametrize(
    ("method", "text"),
    [("walked along roads", "步行约 200 米，约 3 分钟"), ("straight line", "直线距离约 200 米"), ("as given", "距离约 200 米")],
)
def test_the_way_is_said_as_it_was_measured(method, text):
    distances = town().distances
    changed = Distances(distances.indptr, distances.schools, distances.metres, distances.count, method)
    [card] = cards(answer("桂江一路11号", changed), "zh")
    assert card.stages[0].spans[0].way == text


def test_a_school_out_of_reach_is_said_to_be():
    found = answer("桂江一路11号")
    [match] = found.matches
    schools = tuple(item.model_copy(update={"distance_m": None, "walk_minutes": None}) for item in match.schools)
    unreachable = found.model_copy(update={"matches": (match.model_copy(update={"schools": schools}),)})
    assert cards(unreachable, "zh")[0].stages[0].spans[0].way == "没有测得步行路线"


def test_an_invented_school_is_marked():
    [card] = cards(answer("桂江一路11号"), "zh")
    assert [stage.spans[0].invented for stage in card.stages] == [False, False, True]


def test_both_languages_have_every_sentence_with_the_same_places():
    for key, pair in SENTENCES.items():
        assert all(pair), key
        zh, en = ({name for _, name, _, _ in string.Formatter().parse(text) if name} for text in pair)
        assert zh == en, key
    with pytest.raises(KeyError):
        say("zh", "none")


@pytest.mark.parametrize(
    ("alerts", "told"),
    [
        (("green", "green", "green"), (("", "green"),)),
        (("red", "red", "red"), (("", "red"),)),
        (("red", "yellow", "yellow"), (("2026", "red"), ("2027–2028", "yellow"))),
        (("red", "red", "green"), (("2026–2027", "red"), ("2028", "green"))),
        (("red", "yellow", "red"), (("2026", "red"), ("2027", "yellow"), ("2028", "red"))),
        (("", "", "green"), (("2026–2027", ""), ("2028", "green"))),
    ],
)
def test_a_school_that_is_full_now_is_not_called_full_for_all_years(alerts, told):
    found = answer("桂江一路11号")
    [match] = found.matches
    by_year = dict(zip((2026, 2027, 2028), alerts, strict=True))
    schools = tuple(item.model_copy(update={"alert": by_year[item.year]}) for item in match.schools)
    [card] = cards(found.model_copy(update={"matches": (match.model_copy(update={"schools": schools}),)}), "en")
    assert [stage.spans[0].alerts for stage in card.stages] == [told] * 3


def test_each_years_alert_stands_on_the_page():
    made = publication()
    alerts = {key: {2026: "red", 2027: "yellow", 2028: "green"}[key[2]] for key in made.alerts}
    client = TestClient(create_app(dataclasses.replace(made, alerts=alerts)))
    text = re.sub(r"<[^>]+>", "", client.get("/lookup?address=桂江一路11号&lang=en").text)
    for line in ("▲ 2026: Full: some children will be placed elsewhere", "◆ 2027: Nearly full", "● 2028: Seats free"):
        assert line in text
    assert "▲ 2026：学位已满" in re.sub(r"<[^>]+>", "", client.get("/lookup?address=桂江一路11号&lang=zh").text)


def test_addresses_in_a_community_are_not_called_the_nearest():
    client = TestClient(create_app(publication()))
    wide = client.get("/lookup?address=富民社区&lang=en")
    assert wide.status_code == 404
    assert "lies in 18 blocks" in wide.text
    assert "Some of the addresses in it:" in wide.text
    assert "nearest known" not in wide.text
    assert "The nearest known addresses:" in client.get("/lookup?address=桂江一路15号&lang=en").text
