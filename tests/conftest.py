"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

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


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compare a text with a file of tests/golden byte for byte (``--write-golden`` writes the file)."""

    def check(name: str, text: str) -> None:
        path = HERE / "golden" / name
        if request.config.getoption("--write-golden"):
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(text.encode())
        assert path.is_file(), f"there is no golden file {name}; run pytest --write-golden and read what it wrote"
        assert path.read_bytes().decode() == text, f"{name} differs; if that is meant, run pytest --write-golden"

    return check
