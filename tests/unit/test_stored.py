"""Large answers are made once and kept as bytes; the middleware counts and guards."""

from __future__ import annotations

import gzip
import json
from concurrent.futures import ThreadPoolExecutor

import pytest

from xuequ.api.middleware import Counts
from xuequ.api.stored import Shelf, stored_json


def test_what_is_stored_is_the_object_plain_and_compressed():
    stored = stored_json({"名": [1, 2.5, None]})
    assert json.loads(stored.body) == {"名": [1, 2.5, None]}
    assert gzip.decompress(stored.compressed) == stored.body
    assert stored.tag == stored_json({"名": [1, 2.5, None]}).tag
    assert stored.tag != stored_json({"名": [1, 2.5]}).tag


def test_what_is_no_number_is_not_stored():
    with pytest.raises(ValueError, match="JSON"):
        stored_json({"x": float("nan")})


def test_an_answer_is_made_once_however_many_ask():
    made: list[str] = []

    def make(key: str):
        made.append(key)
        return stored_json(key)

    shelf = Shelf(make)
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(shelf.get, ["a", "b"] * 40))
    assert sorted(made) == ["a", "b"]
    assert len({id(item) for item in found}) == 2


def test_counts_add_up_from_several_threads():
    counts = Counts()
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda at: counts.add("/x", 200 if at % 2 else 404, 0.5), range(100)))
    lines = counts.lines()
    assert 'xuequ_requests_total{route="/x",status="200"} 50' in lines
    assert 'xuequ_requests_total{route="/x",status="404"} 50' in lines
    assert 'xuequ_request_seconds_total{route="/x"} 50.000000' in lines
