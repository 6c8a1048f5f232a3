"""Checks that need the whole district: sums that do not meet, schools that share a block, blocks cut off, rates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from xuequ.zoning.catchments import pooled_zones
from xuequ.zoning.rules import NOT_APPLIED
from xuequ.zoning.stage import GRADES, Stage

if TYPE_CHECKING:
    from xuequ.zoning.district import District
    from xuequ.zoning.problems import Problems

__all__ = ["check_district", "summarise"]

_LISTED = 20
_NAMES = {
    "enrolment": "no enrolment: who is enrolled today follows from today's catchments",
    "sites": "no sites: no seats can be planned",
    "catchments": "no catchments of today: what a plan moves cannot be told",
    "clusters": "no clusters of today: changes against them cannot be told",
    "addresses": "no addresses: the public look-up works by the map only",
    "boundary": "no boundary: gaps at the edge of the district are not noticed",
    "births": "no births: today's pupils are taken for every year",
    "housing": "no housing: new homes bring no pupils",
}


def check_district(district: District, problems: Problems) -> None:
    """
    Check a district as a whole; everything found is a warning.

    Parameters
    ----------
    district
        As assembled.
    problems
        Takes what is found.
    """
    for stage in Stage:
        if district.schools.offers(stage).any():
            _check_shared_blocks(district, stage, problems)
            _check_components(district, stage, problems)
            _check_sums(district, stage, problems)
        elif district.demand.of_stage(stage, district.school_year).any():
            problems.warn(
                "schools",
                f"there are {stage} pupils but no school that offers {stage}",
                "add its schools, or leave the pupils out",
            )
    _check_reach(district, problems)
    _check_classes(district, problems)
    _check_rules(district, problems)


def _running(district: District, stage: Stage) -> Any:
    schools = district.schools
    year = district.school_year
    assert schools.opened is not None
    assert schools.closed is not None
    return np.flatnonzero(schools.offers(stage) & (schools.opened <= year) & (year < schools.closed))


def _check_shared_blocks(district: District, stage: Stage, problems: Problems) -> None:
    for members in pooled_zones(_running(district, stage), district.schools.block):
        if len(members) > 1:
            names = " and ".join(district.schools.ids[j] for j in members)
            problems.warn(
                "schools",
                f"{names} stand in one block: for {stage} they make one multi-school zone with pooled seats",
                "split the block if each is to have a catchment of its own",
                row=district.schools.ids[members[0]],
            )


def _check_components(district: District, stage: Stage, problems: Problems) -> None:
    component = district.adjacency.components()
    block = district.schools.block[_running(district, stage)]
    with_school = set(component[block[block >= 0]].tolist())
    pupils = district.demand.of_stage(stage, district.school_year)
    lone = [number for number in np.unique(component).tolist() if number not in with_school]
    lost = np.isin(component, lone)
    if lone and pupils[lost].sum() > 0:
        first = district.blocks.ids[int(np.flatnonzero(lost & (pupils > 0))[0])]
        problems.warn(
            "blocks",
            f"{int(lost.sum())} blocks with {int(pupils[lost].sum())} {stage} pupils are cut off from every school; "
            "they are exempt from contiguity",
            "add links (bridge, ferry, underpass) or mend the borders",
            row=first,
        )


def _check_sums(district: District, stage: Stage, problems: Problems) -> None:
    if district.enrolment is None:
        return
    living = int(district.demand.of_stage(stage, district.school_year).sum())
    enrolled = int(district.enrolment.pupils[:, stage.grade_slice].sum())
    if not living or not enrolled:
        return
    rate = enrolled / living
    rules = district.rules
    if rate > rules.rate_warn:
        beyond = f", above the {rules.rate_max:.0%} that is believed" if rate > rules.rate_max else ""
        problems.warn("enrolment", f"{enrolled} {stage} pupils are enrolled, {living} live here: {rate:.1%}{beyond}",
                      "see whether pupils from outside, or blocks without pupils, explain it", value=f"{rate:.4f}")  # fmt: skip
    elif abs(rate - 1) > 0.05:
        problems.warn(
            "enrolment",
            f"enrolment of {stage} ({enrolled}) does not add up to the pupils of the blocks ({living}): {rate - 1:+.1%}",
            "see whether private schools or other districts explain it",
            value=str(enrolled),
        )


def _check_reach(district: District, problems: Problems) -> None:
    reach = np.diff(district.distances.indptr)
    pupils = sum(district.demand.of_stage(stage, district.school_year) for stage in Stage)
    lost = np.flatnonzero((reach == 0) & (np.asarray(pupils) > 0))
    for i in lost[:_LISTED]:
        problems.warn(
            "blocks",
            f"no school can be reached from here ({int(np.asarray(pupils)[i])} pupils)",
            "add the missing road or distance",
            row=district.blocks.ids[i],
        )


def _check_classes(district: District, problems: Problems) -> None:
    """Tell of classes larger than anybody's and of classes without pupils."""
    if district.enrolment is None:
        return
    pupils, classes = district.enrolment.pupils, district.enrolment.classes
    sizes = np.divide(pupils, classes, out=np.zeros(pupils.shape), where=classes > 0)
    for j, g in np.argwhere(sizes > 90)[:_LISTED]:
        problems.warn(
            "enrolment",
            f"{GRADES[g]} of {district.schools.ids[j]} has {pupils[j, g]} pupils in {classes[j, g]} classes",
            "see to the number of classes",
            row=district.schools.ids[j],
            value=str(int(classes[j, g])),
        )
    for j, g in np.argwhere((classes > 0) & (pupils == 0))[:_LISTED]:
        problems.warn("enrolment", f"{GRADES[g]} of {district.schools.ids[j]} has {classes[j, g]} classes without a pupil",
                      "fill in its pupils", row=district.schools.ids[j])  # fmt: skip


def _check_rules(district: District, problems: Problems) -> None:
    for item in district.rules.overrides():
        if item.key.partition(".")[0] in NOT_APPLIED:
            problems.warn(
                "case.toml",
                f"the rule {item.key} is known, but nothing applies it yet: the override changes no result",
                "leave it out, or keep it for a later version",
                row="rules",
                value=str(item.value),
            )


def summarise(district: District, present: set[str]) -> dict[str, Any]:
    """
    Say in numbers what a case holds, and what a missing table costs.

    Parameters
    ----------
    district
        As assembled.
    present
        Names of the tables that the case has.
    """
    schools = district.schools
    assert schools.seats is not None
    component = district.adjacency.components()
    sizes = np.bincount(component, minlength=1)
    missing = [text for name, text in _NAMES.items() if name not in present and not (name == "births" and "demand" in present)]
    if not {"roads", "distances"} & present:
        missing.append("no roads: distances are straight lines")
    year = district.school_year
    return {
        "name": district.name,
        "crs": district.crs,
        "school_year": year,
        "years": list(district.years),
        "blocks": len(district.blocks),
        "schools": {stage.value: len(_running(district, stage)) for stage in Stage},
        "candidates": sum(site.action in {"new", "relocate"} for site in district.sites),
        "sites": len(district.sites),
        "pupils": {stage.value: int(district.demand.of_stage(stage, year).sum()) for stage in Stage},
        "classrooms": {stage.value: int(np.maximum(schools.rooms[:, k], 0).sum()) for k, stage in enumerate(Stage)},
        "seats": {stage.value: int(np.maximum(schools.seats[:, k], 0).sum()) for k, stage in enumerate(Stage)},
        "enrolled": 0 if district.enrolment is None else int(district.enrolment.pupils.sum()),
        "neighbours": len(district.adjacency.pairs()),
        "components": len(sizes),
        "islands": int((sizes == 1).sum()) if len(sizes) > 1 else 0,
        "distances": district.distances.method,
        "demand": district.demand.method,
        "graded": district.demand.graded,
        "scenarios": list(district.demand.scenarios),
        "addresses": len(district.addresses),
        "overrides": [{"key": item.key, "default": item.default, "value": item.value} for item in district.rules.overrides()],
        "missing": missing,
        "synthetic": district.synthetic,
    }
