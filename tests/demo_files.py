"""The shipped district's bare files, read once for the tests of what is promised of it."""

from __future__ import annotations

import csv
import functools
import json
import re
from importlib import resources

import numpy as np
import shapely

DEMO = resources.files("xuequ.data") / "demo"


@functools.cache
def rows(name):
    """Rows of a CSV file as dictionaries of texts."""
    return list(csv.DictReader((DEMO / name).read_text(encoding="utf-8").splitlines()))


@functools.cache
def features(name):
    """Properties and shapes of a GeoJSON file."""
    found = json.loads((DEMO / name).read_text(encoding="utf-8"))["features"]
    return [item["properties"] for item in found], np.array(
        [shapely.from_geojson(json.dumps(each["geometry"])) for each in found]
    )


@functools.cache
def blocks():
    """Properties and shape of each block by its id."""
    return {item["id"]: (item, shape) for item, shape in zip(*features("blocks.geojson"), strict=True)}


@functools.cache
def river():
    """The water."""
    return features("barriers.geojson")[1][0]


@functools.cache
def banks():
    """The land west and east of the river."""
    return sorted(shapely.get_parts(features("boundary.geojson")[1][0] - river()), key=lambda bank: bank.centroid.x)


def bare(name):
    """Return a school's name without the marks of the generator: what is invented, what is done, what it becomes."""
    return re.sub(r"^(扩建|新建|迁建)|（.*）$|※$", "", name)


def table(path):
    """Rows of a CSV file elsewhere."""
    return list(csv.DictReader(path.read_text(encoding="utf-8-sig").splitlines()))
