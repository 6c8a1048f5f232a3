"""What is published is read from a case and a plan folder, and only after it is verified; the command line serves it."""

from __future__ import annotations

import json
import re
import socket
import subprocess
import sys
import urllib.request
from datetime import date

import pytest
from fastapi.testclient import TestClient
from folders import grid_case
from plans import hand_plan, nearest_catchments
from publications import publication, statement_of, town

from xuequ.api.app import create_app, serve
from xuequ.api.publication import assembled, open_publication, published
from xuequ.api.settings import Settings
from xuequ.data.case import read_case
from xuequ.data.plans import write_plan
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.errors import CaseError, InputError, VerificationFailed
from xuequ.zoning.options import Options, PublishOptions
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import Statement
from xuequ.zoning.stating import state


@pytest.fixture(scope="module")
def case(tmp_path_factory):
    """A case folder with a true plan in it."""
    folder = grid_case(tmp_path_factory.mktemp("case") / "grid")
    district = read_case(folder).district
    plan = hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026))
    write_plan(folder / "plan", district, state(district, plan))
    return folder


@pytest.fixture(scope="module")
def lie(case, tmp_path_factory):
    """A plan folder that gives a block to another school than its numbers say."""
    folder = tmp_path_factory.mktemp("lie") / "plan"
    folder.mkdir()
    for file in (case / "plan").iterdir():
        if file.is_file():
            (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "assignment.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    at = next(n for n, line in enumerate(lines) if ",south," in line)
    lines[at] = lines[at].replace(",south,", ",north,", 1)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_the_plan_lies_in_the_case_if_none_is_named(case):
    found = open_publication(Settings(case=str(case)))
    assert (found.district.name, found.stages, found.years) == ("Grid", (Stage.PRIMARY,), (2026,))
    assert set(found.by_catchment["primary", 2026]) == {"north", "south"}


def test_the_case_may_be_named_by_its_file(case):
    assert open_publication(Settings(case=str(case / "case.toml"))).years == (2026,)


def test_an_empty_folder_named_demo_does_not_hide_the_shipped_case(tmp_path, monkeypatch):
    (tmp_path / "demo").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("xuequ.api.publication.published", lambda district, statement, _: (district.name, statement.plan["case"]))
    name, fingerprint = open_publication(Settings(case="demo"))
    assert "合成数据" in name
    assert fingerprint


def test_overrides_reach_the_case(case):
    assert (
        open_publication(Settings(case=str(case), overrides=("publish.contact=here",))).district.options.publish.contact == "here"
    )


def test_answers_of_a_plan_folder_are_its_assignment(case):
    client = TestClient(create_app(Settings(case=str(case), plan=case / "plan")))
    lines = (case / "plan" / "assignment.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert len(lines) == 25
    for line in lines:
        block, stage, year, school = line.split(",")[:4]
        row, column = block[1:].split("_")
        [match] = client.get("/api/lookup", params={"address": f"Block {row}-{column}"}).json()["matches"]
        assert match["block_id"] == block
        assert [(item["stage"], str(item["year"]), item["school_id"]) for item in match["schools"]] == [(stage, year, school)]


def test_a_plan_that_lies_is_not_served(case, lie):
    with pytest.raises(VerificationFailed):
        create_app(Settings(case=str(case), plan=lie))


def test_a_statement_that_lies_is_not_published():
    district = town()
    with pytest.raises(VerificationFailed):
        published(district, statement_of(district), Settings())


def test_without_a_plan_it_is_said_how_to_make_one(case, tmp_path):
    with pytest.raises(CaseError, match=r"no plan folder .*; make one with: xuequ plan .* --out PLAN"):
        open_publication(Settings(case=str(case), plan=tmp_path / "none"))


def test_a_folder_that_is_no_plan_is_the_users_mistake(case, tmp_path):
    with pytest.raises(InputError):
        open_publication(Settings(case=str(case), plan=tmp_path))


def test_settings_come_from_the_environment_if_none_are_given(case, monkeypatch):
    monkeypatch.setenv("XUEQU_CASE", str(case))
    monkeypatch.setenv("XUEQU_LANGUAGE", "en")
    assert '<html lang="en">' in TestClient(create_app()).get("/").text


def test_the_decision_is_the_cases_unless_the_settings_say_otherwise():
    district = town(options=Options(publish=PublishOptions(decided="2026-04-15", decision="No. 1")))
    assert (publication(district).decided, publication(district).decision) == (date(2026, 4, 15), "No. 1")
    other = publication(district, Settings(published=date(2026, 5, 1), decision="No. 2"))
    assert (other.decided, other.decision) == (date(2026, 5, 1), "No. 2")


def test_the_language_is_the_cases_unless_the_settings_say_otherwise():
    assert publication(town(language="en")).language == "en"
    assert publication(town(language="en"), Settings(language="zh")).language == "zh"


def test_a_cluster_has_the_plans_name_then_todays_then_its_leads():
    district = town()
    made = statement_of(district)
    assert publication(district).cluster_name("s0") == "振兴学区"
    today = publication(district.replace(clusters=ClusterPlan((), names=(("s0", "河西学区"),))))
    assert today.cluster_name("s0") == "河西学区"
    named = Statement({**made.plan, "cluster_names": {"s0": "第一学区"}}, made.assignment, made.schools, (), made.clusters)
    assert assembled(district, named, Settings()).cluster_name("s0") == "第一学区"
    assert publication(district).cluster_name("North school") == "North school"


@pytest.mark.parametrize("given", ["振兴小学", "", None])
def test_a_cluster_is_not_called_as_the_school_that_leads_it(given):
    """The solver names a cluster by its lead; a parent would take the cluster for the school."""
    district = town()
    statement = statement_of(district)
    plan = {**statement.plan, "cluster_names": {"s0": given}}
    named = assembled(district, Statement(plan, statement.assignment, statement.schools, (), statement.clusters), Settings())
    assert named.cluster_name("s0") == "振兴学区"
    assert named.cluster_name("s2") == "夏郢学校学区"


def test_todays_clusters_go_on_where_the_plan_decides_none():
    district = town(
        clusters=ClusterPlan(
            (Membership("s2", "s2", Role.LEAD), Membership("s0", "s2", Role.URBAN)),
            names=(("s2", "河东学区"),),
        )
    )
    made = statement_of(district)
    found = assembled(district, Statement(made.plan, made.assignment, made.schools), Settings())
    assert found.cluster_of == {"s2": "s2", "s0": "s2"}
    assert found.members_of == {"s2": ("s2", "s0")}
    assert found.role_of == {"s2": "lead", "s0": "urban"}
    with TestClient(create_app(found)) as client:
        text = client.get("/lookup", params={"address": "桂江一路11号"}).text
        assert "河东学区" in text
        [cluster] = client.get("/ogc/collections/clusters/items").json()["features"]
    assert (cluster["properties"]["urban"], cluster["properties"]["rural"]) == (1, 0)


def test_a_school_in_no_cluster_is_said_to_be_in_none():
    district = town(clusters=None)
    made = statement_of(district)
    with TestClient(create_app(assembled(district, Statement(made.plan, made.assignment), Settings()))) as client:
        text = client.get("/lookup", params={"address": "桂江一路11号"}).text
    assert text.count("尚未编入学区") == 2
    assert text.count("幼儿园不属于学区") == 1
    assert "由区教育局在全区统筹安排" in text


def test_a_school_without_a_name_is_called_by_its_id():
    found = publication()
    assert found.school_name("s0") == "振兴小学"
    assert found.school_name("gone") == "gone"
    assert found.zone_name("s0;gone") == "振兴小学、gone"


def run(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "xuequ.api", "serve", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_serve_answers_on_this_machine_until_it_is_stopped(case):
    command = [sys.executable, "-m", "xuequ.api", "serve", str(case), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = next(found[0] for line in process.stderr if (found := re.search(r"http://127\.0\.0\.1:\d+/", line)))
            with urllib.request.urlopen(f"{address}readyz", timeout=30) as response:
                assert json.load(response)["status"] == "ready"
                assert "server" not in {name.lower() for name in response.headers}
        finally:
            process.terminate()
            assert process.wait(30) in (0, -15, 143)


def test_serve_leaves_with_5_for_a_plan_that_lies(case, lie):
    result = run(case, lie, "--port", 0)
    assert result.returncode == 5, result.stderr
    assert "failed verification" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_port_in_use_is_the_users_mistake(case):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CaseError, match=f"cannot listen on 127.0.0.1, port {port}: .*; choose another with --host or --port"):
            serve(str(case), None, "127.0.0.1", port)


def test_a_host_that_is_not_ours_is_the_users_mistake(case):
    with pytest.raises(CaseError, match=r"cannot listen on 192\.0\.2\.1"):
        serve(str(case), None, "192.0.2.1", 0)
