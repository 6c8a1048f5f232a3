"""Where a case may read: inside its own folder, and no more than so much."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from xuequ.zoning.errors import LimitExceeded

__all__ = ["Limits", "Unreadable", "inside", "sized"]


class Unreadable(Exception):
    """
    A file of a case cannot be read.

    Raised by readers and made a `Problem` by who called them; it never leaves `xuequ.data`.

    Parameters
    ----------
    message
        What is wrong.
    fix
        How to mend it.
    """

    def __init__(self, message: str, fix: str) -> None:
        self.message = message
        self.fix = fix
        super().__init__(message)


@dataclass(frozen=True, slots=True)
class Limits:
    """
    The most that is read of one file.

    Parameters
    ----------
    file_bytes
        Size of a file with its side files.
    unpacked_bytes
        Size of what is packed inside a workbook or Parquet file.
    rows
        Rows of a table.
    cells
        Rows times columns of a sheet.
    vertices
        Corners of all geometries together.
    """

    file_bytes: int = 512 * 2**20
    unpacked_bytes: int = 2 * 2**30
    rows: int = 3_000_000
    cells: int = 60_000_000
    vertices: int = 30_000_000

    def check_rows(self, name: str, rows: int) -> None:
        """Raise `LimitExceeded` for too many rows."""
        if rows > self.rows:
            raise LimitExceeded(
                f"{name} has {rows:,} rows; at most {self.rows:,} are read: split the district or filter the file"
            )

    def check_vertices(self, name: str, vertices: int) -> None:
        """Raise `LimitExceeded` for too many corners."""
        if vertices > self.vertices:
            raise LimitExceeded(
                f"{name} has {vertices:,} corners in its geometries; at most {self.vertices:,} are read: simplify the drawing"
            )

    def check_unpacked(self, name: str, size: int) -> None:
        """Raise `LimitExceeded` for a file that unpacks to too much."""
        if size > self.unpacked_bytes:
            raise LimitExceeded(f"{name} unpacks to {size:,} bytes; at most {self.unpacked_bytes:,} are read")


def inside(folder: Path, name: str) -> Path:
    """
    Return the path of a file of a case.

    Parameters
    ----------
    folder
        The case's folder.
    name
        Path relative to it.

    Raises
    ------
    Unreadable
        If the path is absolute, leaves the folder (also by a symbolic link), or is not there.
    """
    if not name.strip() or "\0" in name:
        raise Unreadable("the name of the file is empty", "name a file of the folder")
    given = Path(name.replace("\\", "/"))
    if given.is_absolute() or any(":" in part for part in given.parts[:1]) or ".." in given.parts:
        raise Unreadable(f"{name} leaves the case's folder", "put the file into the folder and name it relative to it")
    try:
        root = folder.resolve()
        path = (root / given).resolve()
        if not path.is_relative_to(root):
            raise Unreadable(f"{name} leaves the case's folder by a link", "put the file itself into the folder")
        there = path.is_file()
    except (OSError, RuntimeError) as error:
        raise Unreadable(
            f"{name} cannot be opened: {error.__class__.__name__}", "check the file's name and its rights"
        ) from error
    if path == root:
        raise Unreadable(f"{name} is the folder itself", "name a file of the folder")
    if not there:
        raise Unreadable(f"there is no file {name}{_near(root, given)}", "correct the name or put the file there")
    return path


def _near(root: Path, given: Path) -> str:
    """Name the file that was probably meant."""
    from difflib import get_close_matches  # noqa: PLC0415 - only on the way to an error

    parent = (root / given).parent
    if not parent.is_dir() or not parent.resolve().is_relative_to(root):
        return ""
    near = get_close_matches(given.name, [item.name for item in parent.iterdir() if item.is_file()], n=1)
    return f"; there is {near[0]}" if near else ""


def sized(paths: list[Path], limits: Limits) -> None:
    """Raise `LimitExceeded` if files together are larger than what is read."""
    size = sum(path.stat().st_size for path in paths if path.exists())
    if size > limits.file_bytes:
        raise LimitExceeded(f"{paths[0].name} has {size:,} bytes; at most {limits.file_bytes:,} are read")
