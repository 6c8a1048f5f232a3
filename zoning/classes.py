"""Class-size arithmetic: whole classes, and the rooms of a school to its grades (policy §3)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

__all__ = ["Classes", "classes_phase_in", "entry_rooms", "rooms_by_grade", "split_classes"]

_NEVER = 1 << 50


@dataclass(frozen=True, slots=True, eq=False)
class Classes:
    """
    The classes that one grade of one school forms in one school year.

    Parameters
    ----------
    sizes
        Pupils of each class, shape ``(classes,)``, largest first; kept as a read-only copy.

    Raises
    ------
    ValueError
        If a class has fewer than one pupil.
    """

    sizes: NDArray[np.int64]

    def __post_init__(self) -> None:
        sizes = np.array(self.sizes, dtype=np.int64)
        if (sizes < 1).any():
            raise ValueError(f"a class of {sizes.min()} pupils")
        sizes.setflags(write=False)
        object.__setattr__(self, "sizes", sizes)

    @classmethod
    def split(cls, pupils: int, rooms: int) -> Classes:
        """
        Divide a grade over its rooms as evenly as whole pupils allow.

        Notes
        -----
        policy.md §3, convention 6, vectors B1–B4. A room too many holds no class.
        """
        if pupils == 0:
            return cls(np.empty(0, dtype=np.int64))
        smaller, larger = divmod(pupils, rooms)
        sizes = np.repeat([smaller + 1, smaller], [larger, rooms - larger])
        return cls(sizes[sizes > 0])

    def __len__(self) -> int:
        return len(self.sizes)

    @property
    def pupils(self) -> int:
        """Pupils of all classes together."""
        return int(self.sizes.sum())

    @property
    def largest(self) -> int:
        """Pupils of the largest class; 0 where there is none."""
        return int(self.sizes.max(initial=0))

    def count_from(self, pupils: int) -> int:
        """Count the classes of ``pupils`` or more (56: large, 66: super-large)."""
        return int(np.count_nonzero(self.sizes >= pupils))


def split_classes(pupils: Sequence[int], rooms: Sequence[int]) -> tuple[Classes, ...]:
    """Divide each grade over its rooms; both sequences have one entry a grade."""
    return tuple(Classes.split(n, r) for n, r in zip(pupils, rooms, strict=True))


def rooms_by_grade(pupils: Sequence[int], rooms: int, *, large: int, super_large: int) -> tuple[int, ...]:
    """
    Give the rooms of a school to its grades.

    Parameters
    ----------
    pupils
        Pupils of each grade, entry grade first.
    rooms
        Ordinary classrooms of the school for these grades.
    large, super_large
        Class sizes from which a class is large and super-large.

    Returns
    -------
    tuple of int
        Classes that each grade forms. A grade with pupils has at least one, also where that takes more rooms than there are
        (the caller compares the sum with ``rooms``).

    Notes
    -----
    policy.md §3, convention 6 and vectors B5, B6; model.md §0. In this order the least: super-large classes, large classes, the
    largest class, the number of classes; then the lowest grade has the most.
    """
    grades = tuple(int(n) for n in pupils)
    if sum(n > 0 for n in grades) >= rooms:
        return tuple(int(n > 0) for n in grades)
    return _shared_out(grades, int(rooms), large, super_large)


def entry_rooms(rooms: int, kept: Sequence[int]) -> int:
    """
    Return how many rooms the entry grade may take so that later entry grades have as many.

    Parameters
    ----------
    rooms
        Classrooms of the school for the stage.
    kept
        Classes of the grades above the entry grade, lowest first.

    Notes
    -----
    What the continuing grades leave (model.md §0), spread over the years until the highest of them have left: with ``left`` free
    now and ``leaving_k`` classes leaving at the end of year ``k``, the least over ``h`` of ``ceil((left + Σ_{k ≤ h} leaving_k) /
    (h + 1))``. A new school of 24 rooms thus opens 4 classes a year and not 24 at once (docs/decisions/0006).
    """
    freed = share = max(0, rooms - sum(kept))
    if share:
        for years, leaving in enumerate(reversed(kept), start=2):
            freed += leaving
            share = min(share, -(-freed // years))
    return share


def classes_phase_in(
    pupils: Sequence[int], rooms: int, kept: Sequence[int], standard: int, working: int | None = None
) -> tuple[int, ...] | None:
    """
    Give rooms to grades where enrolled pupils stay: continuing grades keep their classes, the entry grade has what they leave.

    Parameters
    ----------
    pupils
        Pupils of each grade, entry grade first.
    rooms
        Ordinary classrooms of the school for these grades.
    kept
        Classes that each grade had the year before as the grade below; the first entry is not read.
    standard
        Standard class of the entry grade: it opens no more classes than ``ceil(pupils / standard)``, since a class opened now
        holds its room until it leaves (docs/decisions/0006).
    working
        Largest class of the entry grade that is not large: to stay within it the grade may open more than its share of the rooms,
        the classes that leave every later entry grade as many (`entry_rooms`). No such share if not given.

    Returns
    -------
    tuple of int or None
        Classes of each grade; None where the continuing grades leave the entry grade no room, so that classes must be formed anew
        by `rooms_by_grade`.

    Notes
    -----
    model.md §0, last paragraph. A continuing grade that had no class and now has pupils forms standard classes from the rooms
    left.
    """
    classes = [int(n > 0) and int(k) for n, k in zip(pupils, kept, strict=True)]
    classes[0] = 0
    left = rooms - sum(classes)
    for grade, count in enumerate(pupils):
        if count and not classes[grade]:
            opened = min(left, -(-count // standard))
            if grade == 0 and working is not None:
                opened = min(opened, max(entry_rooms(rooms, classes[1:]), -(-count // working)))
            if opened < 1:
                return None
            classes[grade] = opened
            left -= opened
    return tuple(classes) if left >= 0 else None


@lru_cache(maxsize=65536)
def _shared_out(pupils: tuple[int, ...], rooms: int, large: int, super_large: int) -> tuple[int, ...]:
    """Solve the lexicographic problem of `rooms_by_grade` exactly by (min, +) convolutions over the grades."""
    used = np.arange(rooms + 1)
    oversized, largest = [], []
    for count in pupils:
        over, top = _counts(count, rooms, large, super_large)
        oversized.append(over)
        largest.append(top)
    fewest = _least_sum(oversized)[rooms]
    # The smallest largest class that still has the fewest oversized ones; feasibility is monotone in the cap.
    caps = np.unique(np.concatenate([top[top < _NEVER] for top in largest]))
    low, high = 0, len(caps) - 1
    while low < high:
        middle = (low + high) // 2
        capped = [np.where(top <= caps[middle], over, _NEVER) for over, top in zip(oversized, largest, strict=True)]
        if _least_sum(capped)[rooms] == fewest:
            high = middle
        else:
            low = middle + 1
    weight = rooms + 1
    prices = [
        np.where((top <= caps[low]) & (over < _NEVER), over * weight + used, _NEVER)
        for over, top in zip(oversized, largest, strict=True)
    ]
    return _most_to_the_lowest(prices, rooms)


def _counts(count: int, rooms: int, large: int, super_large: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return, for 0 to ``rooms`` classes of a grade, super-large and large classes as one number, and the largest class."""
    over = np.full(rooms + 1, _NEVER, dtype=np.int64)
    top = np.full(rooms + 1, _NEVER, dtype=np.int64)
    if count == 0:
        over[0] = top[0] = 0
        return over, top
    classes = np.arange(1, min(rooms, count) + 1)
    smaller, larger = np.divmod(count, classes)
    numbers = [np.where(smaller >= size, classes, np.where(smaller + 1 >= size, larger, 0)) for size in (super_large, large)]
    over[1 : len(classes) + 1] = numbers[0] * (rooms + 1) + numbers[1]
    top[1 : len(classes) + 1] = smaller + (larger > 0)
    return over, top


def _least_sum(prices: list[NDArray[np.int64]]) -> NDArray[np.int64]:
    """Return the least total price for at most 0 … ``rooms`` rooms over all grades."""
    total = np.zeros(len(prices[0]), dtype=np.int64)
    for price in prices:
        total = _convolved(total, price)
    return total


def _convolved(total: NDArray[np.int64], price: NDArray[np.int64]) -> NDArray[np.int64]:
    size = len(total)
    result = np.full(size, _NEVER, dtype=np.int64)
    for taken in np.flatnonzero(price < _NEVER):
        np.minimum(result[taken:], total[: size - taken] + price[taken], out=result[taken:])
    return np.minimum(result, _NEVER)


def _most_to_the_lowest(prices: list[NDArray[np.int64]], rooms: int) -> tuple[int, ...]:
    """Walk the grades from the lowest, each taking the most classes that keep the least total price."""
    after = [np.zeros(rooms + 1, dtype=np.int64)]
    for price in reversed(prices[1:]):
        after.append(_convolved(after[-1], price))
    after.reverse()
    chosen, left = [], rooms
    for price, rest in zip(prices, after, strict=True):
        totals = price[: left + 1] + rest[left::-1]
        best = int(np.flatnonzero(totals == totals.min())[-1])
        chosen.append(best)
        left -= best
    return tuple(chosen)
