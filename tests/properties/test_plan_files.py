"""One number changed in a file of a plan, by as little as its last place, and the plan no longer verifies."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import tempfile
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from honest_plans import PLANS, honest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from plans import hand_plan, nearest_catchments, rich_district

import xuequ.data
from xuequ.data import read_case
from xuequ.data.plans import plan_from, read_plan, verify_folder, write_plan
from xuequ.zoning.cluster import ClusterPlan, Membership, Role
from xuequ.zoning.distances import Distances
from xuequ.zoning.errors import InputError
from xuequ.zoning.stage import Stage
from xuequ.zoning.stating import state
from xuequ.zoning.verification import verify

SOME = settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@cache
def uneven():
    """A zone plan in which every way is an odd number of metres and centimetres, with overflow."""
    clusters = ClusterPlan(tuple(Membership(f"s{k}", "s0", Role.LEAD if k == 0 else Role.URBAN) for k in range(4)))
    district = rich_district(clusters=clusters)
    matrix = district.distances.to_matrix() + np.random.default_rng(4).uniform(0, 30, (36, 6))
    rooms = np.where(np.arange(6)[:, None] < 2, 3, district.schools.rooms)
    district = district.replace(
        distances=Distances.from_matrix(matrix), schools=replace(district.schools, rooms=rooms),
        options=replace(district.options, zoning=replace(district.options.zoning, keep_together=(), locks=())),
    )  # fmt: skip
    return district, state(district, hand_plan(district, nearest_catchments(district, Stage.PRIMARY, 2026), regime="full"))


def plan_called(name):
    return uneven() if name == "uneven" else honest(name)


@pytest.fixture(scope="module")
def folders():
    with tempfile.TemporaryDirectory() as made:
        for name in (*PLANS, "uneven"):
            write_plan(Path(made) / name, *plan_called(name))
        yield Path(made)


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def nudged(text, up):
    """Return a number with its last place one up or down."""
    whole, point, part = text.partition(".")
    step = 10.0 ** -len(part)
    value = float(text) + (step if up else -step)
    return f"{value:.{len(part)}f}" if point else str(int(whole) + (1 if up else -1))


def numbers_of(place, path=()):
    """Return the way to each number of an object as JSON has it."""
    if isinstance(place, dict | list):
        items = place.items() if isinstance(place, dict) else enumerate(place)
        return [found for key, item in items for found in numbers_of(item, (*path, key))]
    return [path] if isinstance(place, int | float) and not isinstance(place, bool) else []


def judge(district, folder):
    """Return the names of the checks that fail; ``unreadable`` where the files already tell."""
    try:
        return {item.name for item in verify_folder(district, folder).failed}
    except InputError:
        return {"unreadable"}


def changed_folder(folder, name, text):
    made = Path(tempfile.mkdtemp())
    shutil.copytree(folder, made / "plan")
    (made / "plan" / name).write_text(text, encoding="utf-8")
    return made


@SOME
@given(st.data())
@pytest.mark.parametrize("plan", [*(name for name in PLANS if name != "clustered"), "uneven"])
def test_a_number_of_a_table_is_found(folders, plan, data):
    folder = folders / plan
    numbered = sorted(path.name for path in folder.glob("*.csv") if re.search(r",\d", path.read_text("utf-8")))
    table = data.draw(st.sampled_from(numbered))
    rows = list(csv.reader(io.StringIO((folder / table).read_text(encoding="utf-8"))))
    r, c = data.draw(st.sampled_from([(r, c) for r in range(1, len(rows)) for c, text in enumerate(rows[r]) if is_number(text)]))
    rows[r][c] = nudged(rows[r][c], data.draw(st.booleans()))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    made = changed_folder(folder, table, text.getvalue())
    try:
        assert judge(plan_called(plan)[0], made / "plan"), (table, rows[0][c], rows[r])
    finally:
        shutil.rmtree(made)


FREE = {"seed", "bound", "solver_bound", "certified_bound", "gap", "moved_max"}
"""Numbers of plan.json that may be others: what was asked for, and bounds that promise less."""


@SOME
@given(st.data())
@pytest.mark.parametrize("plan", [*PLANS, "uneven"])
def test_a_number_of_plan_json_is_found(folders, plan, data):
    folder = folders / plan
    said = json.loads((folder / "plan.json").read_text(encoding="utf-8"))
    path = data.draw(st.sampled_from([path for path in numbers_of(said) if path[-1] not in FREE]))
    place = said
    for key in path[:-1]:
        place = place[key]
    # What ways seats lead to is known between the least and the most: only what no flow of pupils can have is found.
    ways = plan in {"whole", "seated"} and path[0] == "goals" and place.get("name") in {"too_far", "distance"}
    now = place[path[-1]]
    step = 1 if isinstance(now, int) else 1e-6
    place[path[-1]] = now * 1000 + 1000 if ways and path[-1] == "value" else now + step * data.draw(st.sampled_from([-1, 1]))
    made = changed_folder(folder, "plan.json", json.dumps(said))
    try:
        assert judge(plan_called(plan)[0], made / "plan"), (path, now)
    finally:
        shutil.rmtree(made)


@SOME
@given(st.integers(0, 35), st.integers(1, 10**7), st.sampled_from(["multipliers", "prices", "values", "scale"]))
def test_a_certificate_never_proves_more_than_is_so(folders, block, by, key):
    """Other numbers in a certificate prove another bound, or none; the plan is told where it states more than is proved."""
    folder = folders / "zoned"
    district, statement = honest("zoned")
    item = json.loads((folder / "certificate.json").read_text(encoding="utf-8"))
    certificate = item["certificates"][0]
    if key == "multipliers":
        certificate[key][block] += by
    elif key == "scale":
        certificate[key] += by
    else:
        for name in certificate[key]:
            certificate[key][name] += by
    made = changed_folder(folder, "certificate.json", json.dumps(item))
    try:
        checks = {found.name: found for found in verify_folder(district, made / "plan").checks}
    finally:
        shutil.rmtree(made)
    proved = checks["bound.certificate"]
    assert proved.ok == (proved.recomputed is not None and statement.plan["certified_bound"] <= proved.recomputed + 1e-6)
    if checks.get("bound.below_value") is not None:
        assert checks["bound.below_value"].recomputed <= statement.plan["objective"] + 1e-6


@cache
def demo():
    """Return the shipped district, and what its plan says of the junior stage in 2026."""
    district = read_case("demo").district
    whole = plan_from(district, read_plan(Path(xuequ.data.__path__[0]) / "demo" / "plan"))
    plan = hand_plan(district, whole.of(Stage.JUNIOR, 2026), seats=whole.seats, regime="full")
    return district, state(district, plan)


def test_the_junior_catchments_of_the_demo_verify():
    assert verify(*demo()).failed == ()


@settings(max_examples=8, deadline=None)
@given(st.data())
def test_a_number_of_the_demo_is_found(data):
    district, statement = demo()
    table = data.draw(st.sampled_from(["assignment", "schools", "seats"]))
    rows = list(getattr(statement, table))
    at = data.draw(st.integers(0, len(rows) - 1))
    columns = [name for name in rows[at]._fields if isinstance(getattr(rows[at], name), int | float)]
    assume(columns)
    column = data.draw(st.sampled_from(columns))
    step = {"distance_m": 0.1, "utilisation": 0.0001}.get(column, 1) * data.draw(st.sampled_from([-1, 1]))
    rows[at] = rows[at]._replace(**{column: round(getattr(rows[at], column) + step, 4)})
    assert verify(district, replace(statement, **{table: tuple(rows)})).failed, (table, column, rows[at])
