"""The made-up district, made once for all tests that look at it."""

from __future__ import annotations

import csv
import functools
import io
import json

from xuequ.data.synthetic import DEMO_SEED
from xuequ.data.synthetic_addresses import block_names, number_houses
from xuequ.data.synthetic_case import files_of
from xuequ.data.synthetic_people import settle_people
from xuequ.data.synthetic_place import build_place
from xuequ.data.synthetic_schools import open_schools


@functools.cache
def place():
    return build_place(DEMO_SEED)


@functools.cache
def people():
    return settle_people(place(), DEMO_SEED)


@functools.cache
def schooling():
    return open_schools(place(), people())


@functools.cache
def names():
    return block_names(place(), people(), DEMO_SEED)


@functools.cache
def addresses():
    return number_houses(place(), people(), names())


@functools.cache
def files():
    return files_of(place(), people(), schooling(), names())


def rows(name):
    """Rows of a CSV file of the case as dictionaries of texts."""
    return list(csv.DictReader(io.StringIO(files()[name])))


def features(name):
    """Features of a GeoJSON file of the case."""
    return json.loads(files()[name])["features"]
