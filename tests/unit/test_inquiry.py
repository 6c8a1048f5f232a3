"""Questions by address and by point, and why some have no answer."""

from __future__ import annotations

from dataclasses import replace

import pytest
from publications import publication, town

from xuequ.api.answers import Answer
from xuequ.api.geography import Geography
from xuequ.api.inquiry import Inquiries, Unknown


def inquiries(**changes):
    made = publication(town(**changes))
    return Inquiries(made, Geography(made.district))


@pytest.fixture(scope="module")
def asked():
    return inquiries()


def test_an_address_is_answered(asked):
    found = asked.by_address("桂江一路11号", "zh")
    assert isinstance(found, Answer)
    assert found.matches[0].block_name == "地块2"


@pytest.mark.parametrize(
    ("text", "slug", "words"),
    [
        ("桂江一路15号", "unknown-address", "已知住址中没有“桂江一路15号”。"),
        ("富民社区", "too-wide", "“富民社区”包括 18 个地块，请写明街道门牌或小区。"),
        ("", "unknown-address", "已知住址中没有“”。"),
    ],
)
def test_why_there_is_no_answer_is_said(asked, text, slug, words):
    found = asked.by_address(text, "zh")
    assert isinstance(found, Unknown)
    assert (found.slug, found.detail) == (slug, words)


def test_a_long_text_is_shown_in_part(asked):
    found = asked.by_address("长" * 200, "en")
    assert isinstance(found, Unknown)
    assert found.detail == f"“{'长' * 60}” is not among the known addresses."


def test_a_place_without_an_address_table_is_answered_from_the_middle_of_its_block():
    found = inquiries(addresses=()).by_address("地块1", "zh")
    assert isinstance(found, Answer)
    assert (found.matches[0].lon, found.matches[0].lat) == pytest.approx((111.2946, 23.4653), abs=1e-4)


@pytest.mark.parametrize(
    ("lon", "lat", "slug"), [(0.0, 0.0, "outside"), (111.2935, 23.4653, "outside"), (-180.0, -90.0, "outside")]
)
def test_a_point_outside_has_no_answer(asked, lon, lat, slug):
    found = asked.by_point(lon, lat, "zh")
    assert isinstance(found, Unknown)
    assert found.slug == slug


def test_a_point_in_a_block_without_a_name_is_called_a_point():
    district = town()
    nameless = inquiries(blocks=replace(district.blocks, names=("",) * 36))
    found = nameless.by_point(111.2946, 23.4653, "en")
    assert isinstance(found, Answer)
    assert found.matches[0].address == "A point on the map"


def test_without_a_place_on_the_globe_points_cannot_be_asked_for():
    found = inquiries(crs="local-metres").by_point(111.2946, 23.4653, "zh")
    assert isinstance(found, Unknown)
    assert found.slug == "not-located"


def test_the_example_is_a_known_address(asked):
    assert isinstance(asked.by_address(asked.example(), "zh"), Answer)
    assert inquiries(addresses=()).example() == "地块1"


def test_the_answer_says_where_it_stands(asked):
    source = asked.answers.source()
    assert (source.district, source.distance_method, source.data_licence) == ("万秀区（合成示例）", "straight line", "CC0-1.0")


def test_a_kindergarten_outside_clusters_has_none():
    made = publication()
    bare = replace(made, cluster_of={}, members_of={})
    found = Inquiries(bare, Geography(bare.district)).by_address("桂江一路11号", "zh")
    assert isinstance(found, Answer)
    assert {item.cluster for item in found.matches[0].schools} == {None}
    assert {item.relief for item in found.matches[0].schools} == {()}
