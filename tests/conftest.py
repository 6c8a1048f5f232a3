"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of the shared real cases and instances: beside the checkout, or where XUEQU_SHARED says."""
    folder = Path(os.environ.get("XUEQU_SHARED", HERE.parent.parent / "shared"))
    if not folder.is_dir():
        pytest.fail(f"the shared cases are not in {folder}; set XUEQU_SHARED to their folder")
    return folder
