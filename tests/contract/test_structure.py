"""The shape of the code: rooms, sizes, exports, layers."""

from __future__ import annotations

import ast
import importlib
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOMS = ("zoning", "solver", "maps", "api", "data")
LONGEST_MODULE = 400
LONGEST_FUNCTION = 60


def _modules():
    for room in ROOMS:
        package = importlib.import_module(f"xuequ.{room}")
        yield package
        for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


MODULES = {module.__name__: module for module in _modules()}
SOURCES = {name: Path(module.__file__) for name, module in MODULES.items()}


@pytest.mark.parametrize("name", sorted(SOURCES))
def test_a_module_is_a_room_that_one_can_see_through(name):
    text = SOURCES[name].read_text(encoding="utf-8")
    assert text.count("\n") <= LONGEST_MODULE
    tree = ast.parse(text)
    assert ast.get_docstring(tree), "a module opens with a sentence on its one duty"
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno - node.lineno + 1 <= LONGEST_FUNCTION, f"{node.name} is too long"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_what_a_module_exports_is_listed_and_is_there(name):
    exported = getattr(MODULES[name], "__all__", ())
    # The order that ruff keeps: constants, classes, functions.
    order = sorted(exported, key=lambda item: (not item.isupper(), not item[0].isupper(), item))
    assert list(exported) == order or name.startswith("xuequ.api")
    for item in exported:
        assert getattr(MODULES[name], item) is not None


@pytest.mark.parametrize("room", ROOMS)
def test_no_module_bears_the_name_of_an_exported_verb(room):
    verbs = set(getattr(MODULES[f"xuequ.{room}"], "__all__", ()))
    modules = {name.rsplit(".", 1)[1] for name in MODULES if name.count(".") == 2 and name.startswith(f"xuequ.{room}.")}
    assert not verbs & modules


def test_no_room_for_odds_and_ends():
    shunned = {"utils", "helpers", "common_utils", "misc", "base", "core", "manager"}
    assert not shunned & {name.rsplit(".", 1)[-1] for name in MODULES}


def test_help_loads_nothing_heavy():
    heavy = [
        "numpy",
        "pandas",
        "shapely",
        "pulp",
        "highspy",
        "numba",
        "ortools",
        "fastapi",
        "geopandas",
        "folium",
        "matplotlib",
        "scipy",
    ]
    program = (
        "import sys\nfrom xuequ.api.cli import app\ntry:\n    app(['--help'])\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', [name for name in {heavy!r} if name in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert out.strip().endswith("LOADED []")


def test_zoning_knows_no_solver_and_reads_no_file():
    for name, path in SOURCES.items():
        if not name.startswith("xuequ.zoning"):
            continue
        text = path.read_text(encoding="utf-8")
        for foreign in ("pulp", "highspy", "ortools", "numba", "subprocess", "open("):
            assert f"import {foreign}" not in text, f"{name} imports {foreign}"
        assert "open(" not in text.replace("is_open(", ""), f"{name} opens a file"


def test_layers_hold():
    done = subprocess.run([Path(sys.executable).parent / "lint-imports"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
