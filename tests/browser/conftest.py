"""One server for all tests of the public page, and pages that watch for faults."""

from __future__ import annotations

import pytest
from live import served
from playwright.sync_api import expect
from publications import publication

from xuequ.api.app import create_app

expect.set_options(timeout=30_000)  # a state is waited for, however busy the machine is


@pytest.fixture(scope="session")
def address():
    with served(create_app(publication())) as found:
        yield found


@pytest.fixture
def opened(browser, address):
    """Return what opens a page that fails the test if it asks a foreign host, breaks its policy, throws, or logs an error."""
    contexts, wrong = [], []

    def watched(**options):
        context = browser.new_context(**{"viewport": {"width": 390, "height": 844}, "base_url": address} | options)
        contexts.append(context)
        page = context.new_page()
        page.on("request", lambda request: None if request.url.startswith(address) else wrong.append(f"foreign: {request.url}"))
        page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
        page.on("console", lambda said: wrong.append(said.text) if "Content Security Policy" in said.text else None)
        return page

    yield watched
    for context in contexts:
        context.close()
    assert wrong == []


@pytest.fixture
def page(opened):
    """A page of a phone's size."""
    return opened()
