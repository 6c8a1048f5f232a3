"""The raw district as plain look-ups: who runs when, with how many rooms, how far, next to whom."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING

from xuequ.zoning.places import NEVER, Action
from xuequ.zoning.stage import Stage
from xuequ.zoning.together import bound_sets

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from xuequ.zoning.district import District
    from xuequ.zoning.stage import Grade

__all__ = ["Area", "Ground", "Sized", "exact"]

STAGES = tuple(Stage)


@dataclass(frozen=True, slots=True)
class Sized:
    """Planned, working and absolute seats."""

    planned: int
    working: int
    absolute: int


@dataclass(frozen=True, slots=True)
class Area:
    """
    What a plan says of one stage and school year: the schools of each block (indices, empty for none), in block order.

    Blocks that are missing in the file are given to none; the check of blocks has said so.
    """

    stage: Stage
    year: int
    schools: tuple[tuple[int, ...], ...]

    @property
    def place(self) -> str:
        """Stage and year in words."""
        return f"{self.stage} {self.year}"


@dataclass(slots=True)
class Ground:
    """
    A district and the rooms that a plan opens.

    Parameters
    ----------
    district
        The district.
    openings
        Site, stage, school year and rooms of each opening.
    """

    district: District
    openings: Sequence[tuple[str, Stage, int, int]] = ()
    block_of: dict[str, int] = field(default_factory=dict)
    school_of: dict[str, int] = field(default_factory=dict)
    neighbours: list[list[int]] = field(default_factory=list)
    metres: list[dict[int, float]] = field(default_factory=list)
    part: list[int] = field(default_factory=list)
    bridges: dict[int, list[int]] = field(default_factory=dict)
    _rooms: dict[tuple[int, Stage, int], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        district = self.district
        self.block_of = {name: i for i, name in enumerate(district.blocks.ids)}
        self.school_of = {name: j for j, name in enumerate(district.schools.ids)}
        indptr, neighbours = district.adjacency.indptr.tolist(), district.adjacency.neighbours.tolist()
        self.neighbours = [neighbours[indptr[i] : indptr[i + 1]] for i in range(len(self.block_of))]
        reach = district.distances
        rows, schools, metres = reach.indptr.tolist(), reach.schools.tolist(), reach.metres.tolist()
        self.metres = [
            dict(zip(schools[rows[i] : rows[i + 1]], metres[rows[i] : rows[i + 1]], strict=True))
            for i in range(len(self.block_of))
        ]
        self.part = self._parts()
        self.bridges = self._bridges()

    def _parts(self) -> list[int]:
        """Return the number of the connected part of each block."""
        part = [-1] * len(self.block_of)
        for start in range(len(part)):
            if part[start] < 0:
                for i in self._spread(start):
                    part[i] = start
        return part

    def _bridges(self) -> dict[int, list[int]]:
        """Return the links between parts of the district that a set of blocks to be kept together has blocks in."""
        bridges: dict[int, list[int]] = {}
        for members in bound_sets(self.district.adjacency, self.together()):
            first = {self.part[i]: i for i in reversed(members)}
            for i in first.values():
                bridges.setdefault(i, []).extend(k for k in first.values() if k != i)
        return bridges

    def _spread(self, start: int) -> set[int]:
        seen, waiting = {start}, [start]
        while waiting:
            for k in self.neighbours[waiting.pop()]:
                if k not in seen:
                    seen.add(k)
                    waiting.append(k)
        return seen

    def reached(self, starts: Iterable[int], inside: set[int]) -> set[int]:
        """
        Return the blocks of a set that can be walked to from some of its blocks over shared borders.

        From one part of the district to another leads what is kept together and lies in both.
        """
        waiting = [i for i in starts if i in inside]
        seen = set(waiting)
        while waiting:
            i = waiting.pop()
            for k in (*self.neighbours[i], *self.bridges.get(i, ())):
                if k in inside and k not in seen:
                    seen.add(k)
                    waiting.append(k)
        return seen

    def first_opening(self, site: str) -> int:
        """Return the school year in which a site first has rooms, `NEVER` for none."""
        return min((year for name, _, year, rooms in self.openings if name == site and rooms > 0), default=NEVER)

    def successor(self, school: int, year: int) -> int | None:
        """Return the school (index) that has taken the place of one by a school year, None where none has."""
        for site in self.district.sites:
            replaces = site.action is Action.RELOCATE and site.replaces == self.district.schools.ids[school]
            if replaces and self.first_opening(site.id) <= year:
                return self.school_of[site.school]
        return None

    def rooms(self, school: int, stage: Stage, year: int) -> int:
        """Return the classrooms of a school for a stage in a school year; −1 where only seats are known."""
        key = (school, stage, year)
        if key not in self._rooms:
            self._rooms[key] = self._counted_rooms(school, stage, year)
        return self._rooms[key]

    def _counted_rooms(self, school: int, stage: Stage, year: int) -> int:
        schools = self.district.schools
        assert schools.opened is not None
        assert schools.closed is not None
        if self.successor(school, year) is not None:
            return 0
        runs = schools.opened[school] <= year < schools.closed[school]
        rooms = int(schools.rooms[school, STAGES.index(stage)]) if runs else 0
        sites = {site.id for site in self.district.sites if site.school == schools.ids[school]}
        return rooms + sum(n for name, of, opens, n in self.openings if name in sites and of is stage and opens <= year)

    def seats(self, school: int, stage: Stage) -> int:
        """Return the planned seats of a school where classrooms are not known."""
        assert self.district.schools.seats is not None
        return int(self.district.schools.seats[school, STAGES.index(stage)])

    def zoned(self, stage: Stage, year: int) -> list[int]:
        """Return the schools that must have a catchment: those that run, without private ones above kindergarten (policy §5)."""
        return [
            j
            for j in range(len(self.school_of))
            if self.rooms(j, stage, year) != 0
            and (stage is Stage.KINDERGARTEN or self.district.schools.ownership[j] != "private")
        ]

    def size_of(self, school: int, grades: Sequence[Grade], rooms: int) -> Sized:
        """Return the three capacities of rooms that are shared equally by grades (policy §3, vectors B8 and B10)."""
        rules, full = self.district.rules, str(self.district.schools.kinds[school]) == "full"
        return Sized(*(
            rooms * sum(size(grade, full=full) for grade in grades) // len(grades)
            for size in (rules.standard, rules.working, rules.absolute)
        ))  # fmt: skip

    def size_of_seats(self, stage: Stage, seats: int) -> Sized:
        """Return the three capacities of seats in standard classes that are filled up."""
        rules, grade = self.district.rules, stage.entry_grade
        return Sized(
            seats, seats * rules.working(grade) // rules.standard(grade), seats * rules.absolute(grade) // rules.standard(grade)
        )

    def size(self, school: int, stage: Stage, year: int) -> Sized:
        """Return the three capacities of a school for all grades of a stage."""
        rooms = self.rooms(school, stage, year)
        return self.size_of(school, stage.grades, rooms) if rooms >= 0 else self.size_of_seats(stage, self.seats(school, stage))

    def way(self, block: int, zone: Iterable[int]) -> float | None:
        """Return the metres from a block to the nearest school of a zone, None where none is within reach."""
        return min((self.metres[block][j] for j in zone if j in self.metres[block]), default=None)

    def limit_m(self, block: int, stage: Stage) -> float:
        """Return the longest way of a block before its pupils are too far (policy §4)."""
        return float(self.district.rules.walk_limit_m(stage, self.district.blocks.settings[block]))

    def island(self, stage: Stage, year: int) -> list[bool]:
        """Return which blocks are in a connected part of the district where no school of the stage stands."""
        homes = {
            self.part[self.district.schools.block[j]] for j in self.zoned(stage, year) if self.district.schools.block[j] >= 0
        }
        return [part not in homes for part in self.part]

    def zones(self, stage: Stage, year: int, said: Iterable[tuple[int, ...]] = ()) -> list[tuple[int, ...]]:
        """Return all zones: those that a plan names, and the other schools, pooled where they stand in one block."""
        own = sorted(set(said))
        taken = {j for zone in own for j in zone}
        pools: dict[int, list[int]] = {}
        for j in self.zoned(stage, year):
            if j not in taken:
                block = int(self.district.schools.block[j])
                pools.setdefault(block if block >= 0 else -1 - j, []).append(j)
        return sorted([*own, *(tuple(pool) for pool in pools.values())])

    def name(self, zone: Iterable[int]) -> str:
        """Return a zone as it stands in files."""
        return ";".join(self.district.schools.ids[j] for j in zone)

    def locks(self, stage: Stage) -> list[tuple[int, int, bool]]:
        """Return block, school and whether it must or must not go there, for each lock of a stage on records that there are."""
        return [
            (self.block_of[lock.block], self.school_of[lock.school], lock.must)
            for lock in self.district.options.zoning.locks
            if lock.stage is stage and lock.block in self.block_of and lock.school in self.school_of
        ]

    def together(self) -> list[list[int]]:
        """Return the sets of blocks that are kept together."""
        groups = self.district.options.zoning.keep_together
        return [[self.block_of[name] for name in group if name in self.block_of] for group in groups]

    def today(self, stage: Stage) -> list[tuple[int, ...]]:
        """Return the schools of each block today, empty where it has none or it is not known."""
        now = self.district.today.get(stage)
        if now is None:
            return [()] * len(self.block_of)
        return [now.zones[k] if k >= 0 else () for k in now.zone.tolist()]


def exact(share: float) -> Fraction:
    """Return a share as it is written, without the error of binary fractions."""
    return Fraction(str(share))
