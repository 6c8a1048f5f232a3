"""A district at one time: everything that a plan is made from, and nothing of any plan."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.arrays import frozen
from xuequ.zoning.options import Options
from xuequ.zoning.places import index_of
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from xuequ.zoning.adjacency import Adjacency
    from xuequ.zoning.catchments import Catchments
    from xuequ.zoning.cluster import ClusterPlan, Tie
    from xuequ.zoning.demand import Demand
    from xuequ.zoning.distances import Distances
    from xuequ.zoning.places import Blocks, Schools, Site

__all__ = ["Address", "District", "Enrolment"]


@dataclass(frozen=True, slots=True, eq=False)
class Enrolment:
    """
    Pupils enrolled in the district's school year.

    Parameters
    ----------
    pupils, classes
        Shape ``(schools, grades)``; grades as in `GRADES`.
    """

    pupils: NDArray[np.int64]
    classes: NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "pupils", frozen(self.pupils, np.int64))
        object.__setattr__(self, "classes", frozen(self.classes, np.int64))


@dataclass(frozen=True, slots=True)
class Address:
    """An address for the public look-up: the text people know it by, its parts, and the block (index) that it lies in."""

    text: str
    block: int
    x: float
    y: float
    street: str = ""
    number: str = ""
    estate: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class District:
    """
    The records of a district as read-only columns.

    Parameters
    ----------
    name
        What people call it.
    crs
        Coordinate system of every geometry and point: an authority code with metres, or ``local-metres``.
    school_year
        Today's school year, named by its first calendar year; enrolment and catchments are of it.
    years
        School years that are planned.
    blocks, schools, sites
        The places. Every `new` or `relocate` site has a candidate among the schools.
    adjacency
        Which blocks touch.
    distances
        Blocks to schools, candidates included.
    demand
        Children from ``school_year`` on.
    enrolment
        Who is enrolled today; None if not known.
    today
        Today's catchments by stage.
    clusters, ties
        Today's clusters and ties.
    rules, options
        Parameters, and what the case asks for.
    synthetic
        True for made-up data: every map and report says so.
    addresses
        For the look-up.
    rivers, roads, boundary
        Shapely geometries for the map, in ``crs``; empty where there are none.
    """

    name: str
    crs: str
    school_year: int
    years: tuple[int, ...]
    blocks: Blocks
    schools: Schools
    adjacency: Adjacency
    distances: Distances
    demand: Demand
    sites: tuple[Site, ...] = ()
    enrolment: Enrolment | None = None
    today: Mapping[Stage, Catchments] = field(default_factory=dict)
    clusters: ClusterPlan | None = None
    ties: tuple[Tie, ...] = ()
    rules: Rules = Rules()
    options: Options = field(default_factory=Options)
    synthetic: bool = False
    data_licence: str = ""
    language: str = "zh"
    addresses: tuple[Address, ...] = ()
    rivers: tuple[Any, ...] = ()
    roads: tuple[Any, ...] = ()
    boundary: Any = None

    def replace(self, **changes: Any) -> District:
        """Return a copy with some fields changed."""
        return replace(self, **changes)

    @property
    def fingerprint(self) -> str:
        """SHA-256 over everything that a plan depends on, as 64 hexadecimal digits."""
        return _fingerprint(self)

    def block_index(self) -> Mapping[str, int]:
        """Return the index of each block id."""
        return index_of(self.blocks.ids)

    def school_index(self) -> Mapping[str, int]:
        """Return the index of each school id."""
        return index_of(self.schools.ids)

    def year_or_first(self, year: int | None) -> int:
        """Return the year asked for, or else the first planned one (today's where none is planned)."""
        if year is not None:
            return year
        return self.years[0] if self.years else self.school_year

    def to_geodataframe(self) -> gpd.GeoDataFrame:
        """Return the blocks with their geometry and today's pupils by stage."""
        import geopandas as gpd  # noqa: PLC0415 - heavy, and only this method needs it
        import shapely  # noqa: PLC0415

        blocks = self.blocks
        shapes = blocks.geometry if blocks.geometry is not None else shapely.points(blocks.points)
        pupils = {f"pupils_{stage}": self.demand.of_stage(stage, self.school_year) for stage in Stage}
        columns = {
            "block_id": blocks.ids, "name": blocks.names, "community": blocks.communities,
            "setting": [str(item) for item in blocks.settings],
        }  # fmt: skip
        crs = None if self.crs == "local-metres" else self.crs
        return gpd.GeoDataFrame(columns | pupils, geometry=shapes, crs=crs)

    def demand_frame(self, year: int, scenario: str = "middle") -> pd.DataFrame:
        """
        Return the children of a school year as a table: a line for each block, a column for each grade.

        Raises
        ------
        KeyError
            If there is no demand for the year or the scenario.
        """
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        by_grade = self.demand.by_grade(year, scenario)
        return pd.DataFrame({"block_id": self.blocks.ids} | dict(zip(GRADES, by_grade, strict=True)))

    def distance_frame(self) -> pd.DataFrame:
        """Return the distances as a table: a line for each block and school within reach."""
        import pandas as pd  # noqa: PLC0415 - heavy, and only the frames need it

        distances = self.distances
        block = np.repeat(np.arange(len(self.blocks)), np.diff(distances.indptr))
        return pd.DataFrame({
            "block_id": np.array(self.blocks.ids, dtype=object)[block],
            "school_id": np.array(self.schools.ids, dtype=object)[distances.schools],
            "metres": distances.metres,
        })  # fmt: skip


@cache
def _fingerprint(district: District) -> str:
    digest = hashlib.sha256()

    def add(*values: Any) -> None:
        for value in values:
            if isinstance(value, np.ndarray):
                data = (
                    json.dumps([None if item is None else item.wkb_hex for item in value]).encode()
                    if value.dtype == object
                    else value.tobytes()
                )
                digest.update(str((value.dtype, value.shape)).encode() + data)
            else:
                digest.update(json.dumps(value, default=str, sort_keys=True, ensure_ascii=False).encode())

    add(district.name, district.crs, district.school_year, district.years, GRADES)
    blocks, schools = district.blocks, district.schools
    add(blocks.ids, blocks.communities, blocks.settings, blocks.points, blocks.households)
    if blocks.geometry is not None:
        add(blocks.geometry)
    for name in schools.__slots__:
        add(name, getattr(schools, name))
    add([asdict(site) for site in district.sites])
    add(district.adjacency.indptr, district.adjacency.neighbours, district.adjacency.border_m)
    add(district.distances.indptr, district.distances.schools, district.distances.metres)
    add(district.demand.years, district.demand.scenarios, district.demand.pupils)
    if not district.demand.graded:
        add("children by stage only")
    if district.enrolment is not None:
        add(district.enrolment.pupils, district.enrolment.classes)
    for stage in sorted(district.today):
        add(stage, district.today[stage].zones, district.today[stage].zone)
    add(None if district.clusters is None else asdict(district.clusters), [asdict(tie) for tie in district.ties])
    asked = asdict(district.options)
    del asked["publish"]  # no plan depends on it: a decision has its date after the plan
    add(asdict(district.rules), asked)
    return digest.hexdigest()
