"""Compiled loops: cached by content, and working where no cache can be written."""

from __future__ import annotations

from pathlib import Path

import numba
import platformdirs
import pytest

from xuequ.solver import compiled


def double(x: int) -> int:
    return 2 * x


def test_the_digest_is_of_all_kernels() -> None:
    folder = Path(compiled.__file__).parent
    assert {path.name for path in folder.glob("kernel*.py")} >= {"kernel.py", "kernel_graph.py", "kernel_knapsack.py"}
    assert len(compiled.sources_digest()) == 24


def test_the_cache_lies_under_the_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: tmp_path)
    before = numba.config.CACHE_DIR
    assert compiled.compiled(double)(21) == 42
    assert before == numba.config.CACHE_DIR
    assert list((tmp_path / "kernels" / compiled.sources_digest()).rglob("*.nbi"))


def test_without_a_cache_folder_it_still_compiles(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    monkeypatch.setattr(platformdirs, "user_cache_path", lambda _: blocked)
    assert compiled.compiled(double)(21) == 42
