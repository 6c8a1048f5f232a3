"""The service keeps what its OpenAPI document promises, whatever is asked (schemathesis), and every error has one shape."""

from __future__ import annotations

import pytest
import schemathesis
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, settings
from publications import publication
from schemathesis.specs.openapi.checks import positive_data_acceptance

from xuequ.api.app import create_app
from xuequ.api.problems import MEDIA_TYPE

APP = create_app(publication())
SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", APP)
SCHEMA.config.phases.update(phases=["examples", "fuzzing"])


@SCHEMA.parametrize()
@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_every_answer_is_as_promised(case):
    response = case.call()
    assert response.status_code < 500
    if response.status_code >= 400 and not case.path.startswith("/lookup"):
        document = response.json()
        assert response.headers["content-type"][0] == MEDIA_TYPE
        assert {"type", "title", "status", "detail"} <= set(document)
        assert document["status"] == response.status_code
    # Address or point, and what a box or a time is, are more than a schema can say.
    case.validate_response(response, excluded_checks=[positive_data_acceptance])


@pytest.fixture(scope="module")
def document():
    return TestClient(APP).get("/openapi.json").json()


def test_the_public_contract_stands(document):
    assert {"/", "/api/lookup", "/ogc", "/healthz", "/readyz", "/metrics"} <= set(document["paths"])
    answer = document["components"]["schemas"]["Answer"]["properties"]
    assert {"matches", "suggestions", "plan_version", "synthetic"} <= set(answer)
    match = document["components"]["schemas"]["Match"]["properties"]
    assert {"address", "block_id", "schools"} <= set(match)
    school = document["components"]["schemas"]["SchoolYear"]["properties"]
    assert {"stage", "year", "school_id", "distance_m", "cluster"} <= set(school)


def test_every_operation_is_described_and_every_error_declared_is_a_problem_document(document):
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            assert method == "get", path
            assert operation["description"], path
            for status, response in operation["responses"].items():
                if status != "200" and path != "/lookup":
                    assert list(response["content"]) == [MEDIA_TYPE], (path, status)
            for parameter in operation.get("parameters", ()):
                assert parameter["in"] == "path" or parameter.get("description"), (path, parameter["name"])
