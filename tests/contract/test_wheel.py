"""What is installed: the wheel holds the five rooms and what they ship, and runs without the checkout."""

from __future__ import annotations

import os
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


def test_the_wheel_checks_the_demo(installed, tmp_path):
    done = subprocess.run(
        [installed, "-m", "xuequ.api", "check", "demo", "--json"], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert '"ok": true' in done.stdout
