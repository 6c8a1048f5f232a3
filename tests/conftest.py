"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pulp
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

HERE = Path(__file__).parent


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that writes golden files anew."""
    parser.addoption("--write-golden", action="store_true", help="write the files of tests/golden anew instead of comparing")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared real cases and instances: beside the checkout, or where XUEQU_SHARED says."""
    folder = Path(os.environ.get("XUEQU_SHARED", HERE.parent.parent / "shared"))
    if not folder.is_dir():
        pytest.fail(f"the shared cases are not in {folder}; set XUEQU_SHARED to their folder")
    return folder


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One browser for all tests of a process: Playwright's plain calls start only once in it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], str]:
    """Give what a file of tests/golden says, to compare a text with it byte for byte (``--write-golden`` writes it anew)."""

    def expected(name: str, text: str) -> str:
        path = HERE / "golden" / name
        if request.config.getoption("--write-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert path.is_file(), f"there is no golden file {name}; run pytest --write-golden and read what it wrote"
        return path.read_bytes().decode()

    return expected


@pytest.fixture
def golden_lp(golden: Callable[[str, str], str], tmp_path: Path) -> Callable[[str, pulp.LpProblem], tuple[str, str]]:
    """Give the LP text of a model (the sum of its variables where it has no objective), and what the golden file says."""

    def texts(name: str, model: pulp.LpProblem) -> tuple[str, str]:
        if model.objective is None:
            model.setObjective(pulp.lpSum(model.variables()))
        path = tmp_path / "model.lp"
        model.writeLP(str(path))
        text = path.read_text().replace("\r\n", "\n")
        return text, golden(name, text)

    return texts
