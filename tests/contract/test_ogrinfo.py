"""What GDAL's own program sees under /ogc: the collections, and each feature once, in boxes and by attributes."""

from __future__ import annotations

import re
import subprocess

import pytest
from live import served
from publications import publication

from xuequ.api.app import create_app

COLLECTIONS = {"blocks", "catchments", "clusters", "plans", "schools", "sites"}


@pytest.fixture(scope="module")
def home():
    with served(create_app(publication())) as address:
        yield f"OAPIF:{address}/ogc"


def ogrinfo(*words):
    """Run GDAL's program, which must not complain, and return what it says."""
    done = subprocess.run(["ogrinfo", "-ro", *words], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "ERROR" not in done.stdout + done.stderr
    return done.stdout


def test_ogrinfo_lists_the_published_collections(home):
    assert set(re.findall(r"^\d+: (\w+)", ogrinfo("-q", home), re.MULTILINE)) == COLLECTIONS


@pytest.mark.parametrize(
    ("layer", "words", "count"),
    [
        ("blocks", [], 36),
        ("schools", [], 3),
        ("catchments", ["-where", "stage = 'primary' AND year = 2026"], 2),
        ("catchments", ["-where", "stage = 'primary' AND year = 2027"], 3),
        ("blocks", ["-spat", "111.2934", "23.4643", "111.2936", "23.4645"], 0),
    ],
)
def test_ogrinfo_counts_the_features(home, layer, words, count):
    said = ogrinfo("-so", *words, home, layer)
    assert f"Feature Count: {count}\n" in said
    assert re.search(r'GEOGC?(?:RS|CS)\["WGS 84', said)
