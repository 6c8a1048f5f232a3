"""Refusals of the service as its callers read them."""

from __future__ import annotations


def problem(response, status):
    """Return the problem document of a refusal."""
    document = response.json()
    assert response.status_code == document["status"] == status
    assert response.headers["content-type"] == "application/problem+json"
    assert document["type"].startswith("urn:xuequ:problem:")
    assert document["title"]
    assert document["detail"]
    return document
