"""verify, explain, compare, map: what can be done with a plan that exists."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from xuequ.zoning.errors import CaseError
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from xuequ.api.cli.common import Common, StageName
    from xuequ.zoning.district import District
    from xuequ.zoning.explanation import Explanation
    from xuequ.zoning.plan import Plan

__all__ = ["draw", "run_compare", "run_explain", "run_map", "run_verify"]

VERIFICATION_FAILED = 5


def run_verify(common: Common, folder: Path) -> int:
    """Verify a plan folder."""
    from xuequ.data.plans import verify_folder  # noqa: PLC0415

    verification = verify_folder(common.read().district, folder)
    failed = [check for check in verification.checks if not check.ok]
    lines = [f"FAILED {check.name}: stated {check.stated}, recomputed {check.recomputed} {check.detail}" for check in failed]
    lines.append(f"{len(verification.checks) - len(failed)} of {len(verification.checks)} checks hold")
    common.answer(verification.to_json(), lines)
    return VERIFICATION_FAILED if failed else 0


def run_explain(
    common: Common,
    folder: Path | None,
    about: tuple[str | None, str | None],
    when: tuple[StageName | None, int | None],
) -> None:
    """Explain a block, a school or the whole."""
    from xuequ.solver import explain  # noqa: PLC0415

    district = common.read().district
    plan = None if folder is None else _verified(district, folder)
    block, school = about
    for what, name, known in (("block", block, district.blocks.ids), ("school", school, district.schools.ids)):
        if name is not None and name not in known:
            raise CaseError(f"there is no {what} {name!r} in the case")
    found = [
        (stage, year, explain(district, plan, stage=stage, year=year, block=block, school=school))
        for stage, year in _asked(district, plan, school, when)
    ]
    explanation = _joined(found)
    common.answer(explanation.to_json(), _told(explanation))


def _joined(found: Sequence[tuple[Stage, int, Explanation]]) -> Explanation:
    """Put the explanations of several stages into one; each reason says which it is about."""
    from xuequ.zoning.explanation import Explanation  # noqa: PLC0415

    several = len(found) > 1
    return Explanation(
        tuple(f"{stage} {year}: {reason}" if several else reason for stage, year, item in found for reason in item.reasons),
        tuple(short for _, _, item in found for short in item.shortage),
        tuple(relaxation for _, _, item in found for relaxation in item.relaxations),
    )


_WOULD_DO = {
    "classrooms": "{amount:,.0f} more classroom{s} at {target}",
    "seats": "{amount:,.0f} more seat{s} at {target}",
    "limit": "{target} higher by {amount:,g} {unit}",
    "lock": "{target} without its lock",
    "contiguity": "{target} apart from its catchment",
    "move": "{target} elsewhere",
}
"""What each kind of relaxation is called."""


def _told(explanation: Explanation) -> list[str]:
    """Return an explanation in lines: reasons, or failing them the shortages, then what would do."""
    lines = list(explanation.reasons) or [item.sentence for item in explanation.shortage]
    lines += [
        "would do: "
        + _WOULD_DO[item.kind].format(amount=item.amount, s="" if item.amount == 1 else "s", target=item.target, unit=item.unit)
        for item in explanation.relaxations
        if item.kind != "move"
    ]
    return list(dict.fromkeys(lines))


def run_compare(common: Common, folders: Sequence[Path], out: Path | None) -> None:
    """Compare plans."""
    from xuequ.maps import compare  # noqa: PLC0415

    names = list(dict.fromkeys(str(folder) for folder in folders))
    if len(names) < 2:
        raise CaseError("compare needs two different plan folders or more")
    district = common.read().district
    plans = [_verified(district, Path(name)) for name in names]
    comparison = compare(district, plans, names, lang=common.lang.value)
    if out is not None:
        comparison.save(out)
    result = comparison.to_json()
    common.answer(result, _side_by_side(result))


def _side_by_side(comparison: Mapping[str, Any]) -> Iterator[str]:
    """Say a comparison in lines: goals and large classes by plan, then where the plans differ from the first."""

    def row(head: str, values: Iterable[float | None], unit: str = "") -> str:
        return f"{head:30}" + "".join(f"{'–' if value is None else format(value, ',.6g'):>16}" for value in values) + f"  {unit}"

    yield f"{'':30}" + "".join(f"{plan['name'][-15:]:>16}" for plan in comparison["plans"])
    for goal in comparison["goals"]:
        of = f" {goal['stage']} {goal['year']}" if goal["stage"] else ""
        yield row(goal["name"] + of, goal["values"], goal["unit"])
    for programme in ("school", "kindergarten"):
        yield row(f"seats {programme}", (plan["seats"][programme] for plan in comparison["plans"]))
    for year in comparison["large_classes"]:
        yield row(f"large classes {year['year']}", year["values"])
    for item in comparison["differences"]:
        what = (
            f"{item['blocks']:,} blocks with {item['pupils']:,} pupils go elsewhere" if item["blocks"] else "the same catchments"
        )
        yield f"{item['plan']}: {item['stage']} {item['year']}: {what}"


def run_map(common: Common, folder: Path, out: Path) -> None:
    """Draw a plan."""
    district = common.read().district
    files = draw(district, _verified(district, folder), out, common.lang.value)
    common.answer({name: str(path) for name, path in files.items()}, [f"{name:8}{path}" for name, path in files.items()])


def draw(district: District, plan: Plan, out: Path, lang: str) -> dict[str, Path]:
    """Write map, atlas, picture and report of a verified plan; return their paths by name."""
    from xuequ.maps import atlas, interactive, report  # noqa: PLC0415

    out.mkdir(parents=True, exist_ok=True)
    files = {"map": out / "map.html", "atlas": out / "atlas.pdf", "picture": out / "map.png", "report": out / "report.html"}
    interactive(district, plan, lang=lang).save(files["map"])
    sheets = atlas(district, plan, lang=lang)
    sheets.save(files["atlas"])
    sheets.save(files["picture"])
    report(district, plan, lang=lang).save(files["report"])
    return files


def _verified(district: District, folder: Path) -> Plan:
    """Read a plan folder and refuse one that does not hold."""
    from xuequ.data import plan_from, read_plan  # noqa: PLC0415
    from xuequ.zoning import verify  # noqa: PLC0415

    statement = read_plan(folder)
    verify(district, statement).raise_if_failed()
    return plan_from(district, statement)


def _asked(
    district: District, plan: Plan | None, school: str | None, when: tuple[StageName | None, int | None]
) -> list[tuple[Stage, int]]:
    """
    Return the stages and years to be explained: the ones named; else every stage of the plan in its first year.

    Of a school those that it teaches, each from the year that it does; without a plan the stage of the case.
    """
    years: dict[Stage, list[int]] = {}
    for item in plan.catchments if plan else ():
        years.setdefault(item.stage, []).append(item.year)
    if not years:
        chosen = district.options.zoning.stage
        years = {stage: [district.year_or_first(None)] for stage in (Stage if chosen is None else (chosen,))}
    if when[0] is not None:
        named = Stage(when[0].value)
        years = {named: years.get(named, [district.year_or_first(None)])}
    elif school is not None:
        years = _teaching(district, plan, school, years) or years
    elif plan is None and len(years) > 1:
        years = {Stage.PRIMARY: years[Stage.PRIMARY]}
    return [(stage, when[1] or each[0]) for stage, each in years.items()]


def _teaching(district: District, plan: Plan | None, school: str, years: Mapping[Stage, list[int]]) -> dict[Stage, list[int]]:
    """Return the years, by stage, in which a school has planned seats."""
    from xuequ.zoning.rounds import stage_capacity  # noqa: PLC0415

    at, seats = district.school_index()[school], plan.seats if plan else None
    open_ = {
        stage: [year for year in each if stage_capacity(district, stage, year, seats).planned[at] > 0]
        for stage, each in years.items()
    }
    return {stage: each for stage, each in open_.items() if each}
