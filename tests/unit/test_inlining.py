"""A page holds all that it needs, or is refused."""

from __future__ import annotations

import json

import pytest

from xuequ.maps.inlining import UnknownAssetError, data_address, inlined, outside_links, script_safe

CDN = "https://cdn.example/npm/"


def test_leaflet_is_put_inside():
    page = inlined(f'<link rel="stylesheet" href="{CDN}leaflet@1.9.3/dist/leaflet.css"/><script src="{CDN}leaflet.js"></script>')
    assert "leaflet-container" in page
    assert 't.version="1.9.4"' in page
    assert outside_links(page) == ()


def test_what_no_map_of_ours_uses_is_dropped():
    page = inlined(f'<script src="{CDN}jquery-3.7.1.min.js"></script><link href="{CDN}css/all.min.css" rel="stylesheet">rest')
    assert page == "rest"


@pytest.mark.parametrize(
    "asset",
    [
        f'<script src="{CDN}tracker.js"></script>',
        f'<link rel="stylesheet" href="{CDN}new.css">',
        '<script src="local.js"></script>',
    ],
)
def test_an_unknown_file_is_refused_by_name(asset):
    with pytest.raises(UnknownAssetError, match=r"tracker\.js|new\.css|local\.js"):
        inlined(asset)


@pytest.mark.parametrize(
    "text",
    ['<img src="https://a.example/x.png">', "<a href='http://a.example/'>", "<i style='background:url(//a.example/x.png)'>",
     '<style>@import "https://a.example/x.css";</style>', "<img srcset=https://a.example/x.png>"],
)  # fmt: skip
def test_anything_else_that_points_to_the_network_is_found(text):
    assert len(outside_links(text)) == 1
    with pytest.raises(UnknownAssetError, match=r"a\.example"):
        inlined(text)


def test_names_of_xml_vocabularies_are_not_links():
    assert outside_links('document.createElementNS("http://www.w3.org/2000/svg", name)') == ()


def test_no_text_can_end_a_script():
    hostile = {"name": "</script><script>alert(1)</script><!-- & \u2028 \u2029"}
    safe = script_safe(json.dumps(hostile, ensure_ascii=False))
    assert not set("<>&\u2028\u2029") & set(safe)
    assert json.loads(safe) == hostile


def test_content_as_an_address():
    assert data_address(b"\x01\x02", "image/png") == "data:image/png;base64,AQI="
