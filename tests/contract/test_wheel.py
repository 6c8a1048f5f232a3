"""What is installed: the wheel holds the five rooms and what they ship, and runs the demo without the checkout."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, ROOT]
    subprocess.run(command, check=True, capture_output=True, env=os.environ | {"PIP_NO_INDEX": "1"})
    return next(folder.glob("xuequ-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """An environment with the wheel and the libraries of this one, but not the checkout."""
    home = tmp_path_factory.mktemp("environment")
    venv.create(home, with_pip=False)
    site = next(home.glob("lib/python*/site-packages"))
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    # Only the folder goes on the path: the .pth file of the editable installation in it is not read.
    (site / "libraries.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
    return home / "bin" / "python"


def test_the_wheel_holds_the_rooms_and_what_they_ship(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    folders = {name.split("/")[1] for name in names if name.startswith("xuequ/")}
    assert folders == {"zoning", "solver", "maps", "api", "data"}
    for shipped in (
        "xuequ/zoning/py.typed",
        "xuequ/data/demo/case.toml",
        "xuequ/maps/fonts/OFL.txt",
        "xuequ/maps/leaflet/leaflet.js",
        "xuequ/solver/kernel.py",
        "xuequ/api/cli/__init__.py",
    ):
        assert shipped in names
    assert not [name for name in names if "/tests/" in name or name.endswith((".pyc", ".nbi", ".nbc"))]
    assert not [name for name in names if name.split("/")[0] != "xuequ" and ".dist-info" not in name]
    assert any(name.endswith("licenses/LICENSE") for name in names)


def test_the_licence_of_the_font_goes_along(wheel):
    assert any(name.endswith("licenses/maps/fonts/OFL.txt") for name in zipfile.ZipFile(wheel).namelist())


def test_the_installed_package_is_the_wheel(installed, tmp_path):
    program = (
        "import xuequ.zoning, importlib.util as u\n"
        "print(xuequ.zoning.__file__)\n"
        "print([u.find_spec(name) for name in ('zoning', 'solver', 'maps')])"
    )
    out = subprocess.run([installed, "-c", program], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    assert str(ROOT) not in out
    assert "[None, None, None]" in out


@pytest.fixture(scope="module")
def demo(installed, tmp_path_factory):
    """What the demo leaves when it is run from the wheel, in an empty folder and with a short limit."""
    here = tmp_path_factory.mktemp("demo")
    options = ["--time-limit", "5", "--threads", "2", "--lang", "en", "--out", "out", "--json"]
    done = subprocess.run(
        [installed, "-m", "xuequ.api", "demo", *options], cwd=here, capture_output=True, text=True, check=False,
        env=os.environ | {"XDG_CACHE_HOME": str(here / "cache"), "HOME": str(here)},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    return here, json.loads(done.stdout)


def test_the_wheel_runs_the_demo(demo):
    here, answer = demo
    assert answer["status"] in {"feasible", "optimal"}
    assert answer["plan"] == os.path.join("out", "plan")
    assert set(answer["maps"]) == {"map", "atlas", "picture", "report"}
    assert {path.name for path in (here / "out" / "plan").iterdir()} >= {
        "plan.json", "assignment.csv", "schools.csv", "seats.csv", "clusters.csv", "certificate.json", "catchments.gpkg",
    }  # fmt: skip
    for path in answer["maps"].values():
        assert (here / path).stat().st_size > 10_000, path


def test_what_the_demo_drew_opens_with_the_network_off_and_says_synthetic(demo):
    here, answer = demo
    for name in ("map", "report"):
        html = (here / answer["maps"][name]).read_text(encoding="utf-8")
        assert "ynthetic" in html
        assert not [tag for tag in re.findall(r"<(?:script|link|img)[^>]*>", html) if re.search(r"(?:src|href)=.https?:", tag)]


def test_the_plan_of_the_demo_is_verified_by_the_wheel_again(demo, installed):
    here, answer = demo
    done = subprocess.run(
        [installed, "-m", "xuequ.api", "verify", "demo", answer["plan"], "--json"],
        cwd=here, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    verification = json.loads(done.stdout)
    assert verification["ok"] is True
    assert len(verification["checks"]) > 20


def test_the_demo_leaves_nothing_but_its_folder(demo):
    here, _ = demo
    assert {path.name for path in here.iterdir()} - {"cache", ".cache", ".config"} == {"out"}
    assert {path.name for path in (here / "out").iterdir()} == {"plan", "maps"}
