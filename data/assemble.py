"""From the tables of a case to its district."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from xuequ.data.assemble_demand import constant_demand, given_demand, pupils_now
from xuequ.data.assemble_options import locks_of, options_of, planned_years
from xuequ.data.assemble_places import block_at, blocks_of, lone_stage, schools_of, sites_of
from xuequ.data.assemble_today import catchments_of, clusters_of, enrolment_of, ties_of
from xuequ.data.assemble_ways import adjacency_of, distances_of, lines_of
from xuequ.data.births import Births
from xuequ.data.forecasting import ForecastInput, ForecastOptions, Housing, PastEnrolment, forecast, spread_over_grades
from xuequ.data.scenarios import with_scenarios
from xuequ.zoning.cluster import Tie, TieKind
from xuequ.zoning.district import Address, District
from xuequ.zoning.places import index_of
from xuequ.zoning.rules import Rules
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from xuequ.data.case_file import CaseFile
    from xuequ.data.project import Plane
    from xuequ.data.read import Table
    from xuequ.zoning.demand import Demand
    from xuequ.zoning.places import Blocks, Schools
    from xuequ.zoning.problems import Problems

__all__ = ["assemble", "births_of", "past_enrolment"]


def assemble(case: CaseFile, tables: Mapping[str, Table], plane: Plane, problems: Problems) -> tuple[District, int | None]:
    """
    Make the district of a case.

    Parameters
    ----------
    case
        What ``case.toml`` says.
    tables
        Checked tables in the plane of the district.
    plane
        Of the district.
    problems
        Takes warnings, and errors that only show when tables meet; the district is of no use if there is one.

    Returns
    -------
    District
        Made of the tables.
    int or None
        Pieces that the road network is in; None where no roads were walked.
    """
    rules = Rules().override(case.rules)
    stage = lone_stage(tables["schools"], case.zoning.stage)
    school_year, years = planned_years(case, tables, problems)
    blocks = blocks_of(tables["blocks"], problems)
    site_table = tables.get("sites")
    schools = schools_of(tables["schools"], site_table, blocks, stage, rules, problems)
    sites = () if site_table is None else sites_of(site_table, tables["schools"].text("id"), problems)
    enrolled = _filled(tables, "enrolment")
    enrolment = enrolment_of(tables["enrolment"], schools, school_year, rules, problems) if enrolled else None
    demand = _demand(tables, case, rules, blocks, (school_year, *years), stage, problems)
    distances, road_pieces = distances_of(tables, blocks, schools, case, problems)
    district = District(
        case.case.name,
        plane.name,
        school_year,
        years,
        blocks,
        schools,
        adjacency_of(tables, blocks, case, problems),
        distances,
        demand,
        sites=sites,
        enrolment=enrolment,
        today=catchments_of(tables, blocks, schools, school_year, stage, problems),
        rules=rules,
        options=options_of(case, rules, locks_of(case, tables, stage, problems), graded=demand.graded, problems=problems),
        **_clusters(case, tables, schools, problems),
        **_for_maps(case, tables, blocks, problems),
    )
    _check_scenarios(district, problems)
    return district, road_pieces


def _check_scenarios(district: District, problems: Problems) -> None:
    known = district.demand.scenarios
    asked = {"zoning.scenario": (district.options.zoning.scenario,), "seats.scenarios": district.options.seats.scenarios}
    for key, names in asked.items():
        for name in names:
            if name not in known:
                problems.error("case.toml", f"there is no demand scenario {name}; there are {', '.join(known)}",
                               "correct the name, or add the scenario to the demand table", column=key, value=name)  # fmt: skip


def _clusters(case: CaseFile, tables: Mapping[str, Table], schools: Schools, problems: Problems) -> dict[str, Any]:
    clusters = clusters_of(tables["clusters"], schools, problems) if _filled(tables, "clusters") else None
    named = (Tie(tie.a, tie.b, TieKind(tie.kind)) for tie in case.clusters.ties)
    return {"clusters": clusters, "ties": tuple(dict.fromkeys((*ties_of(tables.get("clusters"), clusters), *named)))}


def _for_maps(case: CaseFile, tables: Mapping[str, Table], blocks: Blocks, problems: Problems) -> dict[str, Any]:
    """Return what only maps, reports and the look-up show."""
    return {
        "synthetic": case.case.synthetic,
        "data_licence": case.case.data_licence,
        "language": case.case.language,
        "addresses": _addresses(tables.get("addresses"), blocks, problems),
        "rivers": _rivers(tables.get("barriers")),
        "roads": tuple(lines_of(tables.get("roads"))),
        "boundary": _boundary(tables.get("boundary")),
    }


def _filled(tables: Mapping[str, Table], name: str) -> bool:
    return name in tables and len(tables[name]) > 0


def _rivers(table: Table | None) -> tuple[Any, ...]:
    """Return the barriers that are drawn as water: rivers, and those of no stated kind."""
    if table is None or table.geometry is None:
        return ()
    shapes = zip(table.geometry, table.text("kind"), strict=True)
    return tuple(shape for shape, kind in shapes if shape is not None and not shape.is_empty and kind in {"", "river"})


def _boundary(table: Table | None) -> Any:
    shapes = [shape for shape in lines_of(table) if shapely.get_dimensions(shape) == 2]
    return shapely.union_all(shapes) if shapes else None


def _demand(
    tables: Mapping[str, Table],
    case: CaseFile,
    rules: Rules,
    blocks: Blocks,
    years: tuple[int, ...],
    stage: Stage | None,
    problems: Problems,
) -> Demand:
    """Take the demand table, else forecast from births, else today's children for every year."""
    given = _filled(tables, "demand")
    if given and not any(name.startswith("pupils") for name in tables["blocks"].data):
        return given_demand(tables["demand"], blocks.ids, None, years, problems)
    now, graded = pupils_now(tables["blocks"], stage, problems)
    rolls = past_enrolment(tables.get("enrolment"), years[0])
    all_graded = all(graded.values())
    if not all_graded and (rolls is not None or _filled(tables, "births")):
        now, all_graded = _spread(now, graded, rolls, years[0], problems), True
    if given:
        return given_demand(tables["demand"], blocks.ids, now if all_graded else None, years, problems)
    if not _filled(tables, "births"):
        if not all_graded and any(graded.values()):
            problems.warn("blocks", "some stages have pupils by grade and some not: class sizes are reported for none",
                          "give all by grade, or add enrolment")  # fmt: skip
        return constant_demand(now, years, graded=all_graded, problems=problems)
    return _forecast(tables, case, rules, blocks, years, now, rolls, problems)


def _spread(
    now: NDArray[np.int64], graded: Mapping[Stage, bool], rolls: PastEnrolment | None, year: int, problems: Problems
) -> NDArray[np.int64]:
    by_stage = np.array([now[stage.grade_slice].sum(axis=0) for stage in Stage])
    spread = spread_over_grades(
        by_stage, None if rolls is None else rolls.of(rolls.years[-1] if year not in rolls.years else year)
    )
    result = now.copy()
    for stage in Stage:
        if not graded.get(stage, True):
            result[stage.grade_slice] = spread[stage.grade_slice]
            source = "as enrolled today" if rolls is not None else "in equal parts"
            problems.warn("blocks", f"pupils of {stage} are given as a whole; they are divided over the grades {source}",
                          f"give them by grade (pupils_{stage.entry_grade} …)")  # fmt: skip
    return result


def births_of(table: Table) -> Births:
    """Return the births of a table, by area, year and, where it has them, month."""
    month = table.whole("month").tolist() if table.has("month") else None
    return Births.from_rows(table.text("area"), table.whole("year").tolist(), table.number("births", 0.0).tolist(), month)


def past_enrolment(table: Table | None, school_year: int) -> PastEnrolment | None:
    """Return the pupils of past school years by grade, None where a table has none; rows without a year are of today's."""
    if table is None or not len(table) or not table.has("pupils"):
        return None
    return PastEnrolment.from_rows(
        table.whole("year", school_year).tolist(), table.text("grade"), table.number("pupils", 0.0).tolist()
    )


def _forecast(
    tables: Mapping[str, Table],
    case: CaseFile,
    rules: Rules,
    blocks: Blocks,
    years: tuple[int, ...],
    now: NDArray[np.int64],
    rolls: PastEnrolment | None,
    problems: Problems,
) -> Demand:
    try:
        options = ForecastOptions.from_mapping(case.forecast)
    except (ValueError, TypeError) as error:
        problems.error("case.toml", str(error), "correct or delete the key", column="forecast")
        return constant_demand(now, years, graded=True, problems=problems)
    assert blocks.households is not None
    known = ForecastInput(
        years[0], years[1:], now, blocks.communities, blocks.households, births_of(tables["births"]), rolls,
        _housing(tables.get("housing"), blocks, problems), rules,
    )  # fmt: skip
    result = forecast(known, options)
    if options.coverage:
        result = with_scenarios(known, result, options)
    problems.extend(result.problems)
    return result.demand


def _housing(table: Table | None, blocks: Blocks, problems: Problems) -> Housing | None:
    if table is None or not len(table):
        return None
    index = index_of(blocks.ids)
    block = np.array([index.get(name, -1) for name in table.text("block")], dtype=np.int64)
    if table.geometry is not None:
        lost = np.flatnonzero((block < 0) & ~shapely.is_missing(table.geometry) & ~shapely.is_empty(table.geometry))
        block[lost] = block_at(blocks, shapely.get_coordinates(shapely.centroid(table.geometry[lost])))[0]
    kept = block >= 0
    if not kept.all():
        problems.warn(
            "housing",
            f"{int((~kept).sum())} estates lie in no block and are left out",
            "name their block or correct the place",
            row=table.row_of(int(np.flatnonzero(~kept)[0])),
        )
    types = tuple(name for name, keep in zip(table.text("type"), kept, strict=True) if keep)
    return Housing(block[kept], table.whole("year")[kept], table.number("units", 0.0)[kept], types)


def _addresses(table: Table | None, blocks: Blocks, problems: Problems) -> tuple[Address, ...]:
    """Return the addresses with the block of each: named, else the one that its point lies in."""
    if table is None or not len(table):
        return ()
    index = index_of(blocks.ids)
    block = np.array([index.get(name, -1) for name in table.text("block")], dtype=np.int64)
    points = table.middles()
    searched = np.flatnonzero((block < 0) & np.isfinite(points).all(axis=1))
    block[searched] = block_at(blocks, points[searched], near_m=50.0)[0]
    bare = (block >= 0) & ~np.isfinite(points).all(axis=1)
    points[bare] = blocks.points[block[bare]]
    lost = int((block < 0).sum())
    if lost:
        first = int(np.flatnonzero(block < 0)[0])
        problems.warn(
            "addresses",
            f"{lost} addresses lie in no block; the look-up will not know them",
            "name their block or correct the place",
            row=table.rows[first],
        )
    parts = [table.text(name) for name in ("address", "street", "number", "estate")]
    return tuple(
        Address(text or f"{street}{number}" or estate, int(i), float(x), float(y), street, number, estate)
        for i, (x, y), text, street, number, estate in zip(block, points, *parts, strict=True)
        if i >= 0
    )
