"""The report of a plan: its numbers, reasons and maps on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from xuequ.maps.documents import Page, document, source_lines
from xuequ.maps.inlining import data_address
from xuequ.maps.outlook_words import large_class_note, outlook_sentences
from xuequ.maps.palette import alert_style
from xuequ.maps.scene import scene
from xuequ.maps.sheets import Atlas
from xuequ.maps.texts import texts as words_of
from xuequ.zoning.accounts import account
from xuequ.zoning.plan import relative_gap
from xuequ.zoning.stage import Programme

if TYPE_CHECKING:
    from collections.abc import Sequence

    from xuequ.maps.scene import Layer, Load, Project, Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.district import District
    from xuequ.zoning.outlook import LargeClasses
    from xuequ.zoning.plan import Plan

__all__ = ["Report", "report"]

_STAGES = ("primary", "junior", None)


class Report(Page):
    """A plan's report as one HTML page."""


def report(district: District, plan: Plan, lang: str = "zh", *, warnings: Sequence[str] = (), pictures: bool = True) -> Report:
    """
    Tell what a plan does: goals with value, bound and gap, large classes by year, seats by site, clusters, rules changed, maps.

    Parameters
    ----------
    district, plan
        What is told of; the plan should be verified.
    lang
        ``zh`` or ``en``.
    warnings
        Of the case's reading, one sentence each; those of the plan itself are added.
    pictures
        Whether the maps of the first and last year are put in.

    Raises
    ------
    ValueError
        If there are no texts in the language.
    """
    texts = words_of(lang)
    shown = scene(district, plan)
    index = district.school_index()
    drawn = _pictures(shown, texts) if pictures else []
    values: dict[str, Any] = {
        "say": texts,
        "title": f"{district.name} · {texts('title.report')}",
        "district": district,
        "plan": plan,
        "source": source_lines(district, plan, texts),
        "sentences": outlook_sentences(shown, texts),
        "gap": relative_gap,
        "outlook": _outlook(shown, texts),
        "large_note": large_class_note(district.rules, texts),
        "stage_goals": _stage_goals(plan),
        "projects": sorted(shown.projects, key=_project_order),
        "accounts": _accounts(district, plan),
        "loads": [(layer, _by_utilisation(layer)) for layer in _last_layers(shown)],
        "clusters": _clusters(shown),
        "overflow": shown.statement.overflow,
        "name": shown.school_name,
        "name_of": lambda ids: "、".join(shown.school_name(index[one]) for one in ids.split(";") if one in index),
        "pictures": drawn,
        "overrides": district.rules.overrides(),
        "warnings": [*warnings, *_plan_warnings(shown, texts)],
    }
    present = {"outlook": values["outlook"], "goals": plan.goals, "sites": shown.projects, "schools": values["loads"],
               "clusters": values["clusters"], "maps": drawn, "overrides": True, "warnings": True}  # fmt: skip
    values["sections"] = [key for key, there in present.items() if there]
    return Report(document("report.html", values))


def _project_order(item: Project) -> tuple[bool, int, int, str]:
    """Return what projects are sorted by: the chosen first, then programme, year, id."""
    return not item.chosen, list(Programme).index(item.site.programme), item.year or 0, item.site.id


def _last_layers(shown: Scene) -> list[Layer]:
    return [[layer for layer in shown.layers if layer.stage is stage][-1] for stage in shown.stages()]


def _by_utilisation(layer: Layer) -> list[tuple[Load, Any]]:
    order = sorted(layer.loads, key=lambda load: (-(load.utilisation or 0.0), load.school))
    return [(load, alert_style(load.alert)) for load in order]


def _outlook(shown: Scene, texts: Texts) -> dict[str, Any] | None:
    if shown.outlook is None:
        return None

    def counts(items: tuple[LargeClasses, ...], stage: str | None) -> dict[int, int]:
        return {item.year: item.large for item in items if item.stage == stage}

    before = {stage: counts(shown.outlook.before, stage) for stage in _STAGES}
    after = {stage: counts(shown.outlook.after, stage) for stage in _STAGES}
    whole = {item.year: item for item in shown.outlook.after if item.stage is None}
    years, planned_to = sorted(before[None] | after[None]), shown.outlook.planned_to
    rows = [
        {
            "year": year,
            "counts": [(before[stage].get(year), after[stage].get(year)) for stage in _STAGES],
            "share": whole[year].share if year in whole else None,
            "super_large": whole[year].super_large if year in whole else None,
            "later": planned_to is not None and year > planned_to,
        }
        for year in years
    ]
    series = [(texts("outlook.before"), "url(#hatch)", before[None]), (texts("outlook.after"), "#1b4f8f", after[None])]
    later = texts("outlook.later", year=planned_to) if planned_to is not None else ""
    return {
        "years": years, "rows": rows, "series": series, "stages": ("primary", "junior", "all"), "planned_to": planned_to,
        "later": later,
    }  # fmt: skip


def _stage_goals(plan: Plan) -> dict[str, Any]:
    heads = list(dict.fromkeys((goal.name, goal.unit) for _, _, goals in plan.stage_goals for goal in goals))
    rows = [
        (stage, year, [{(goal.name, goal.unit): goal.value for goal in goals}.get(head) for head in heads])
        for stage, year, goals in plan.stage_goals
    ]
    return {"heads": heads, "rows": rows}


def _accounts(district: District, plan: Plan) -> list[tuple[Programme, Any, int]]:
    targets = {programme: getattr(district.rules.seats_programme, programme.value) for programme in Programme}
    targets |= {programme: target.seats_min for programme, target in district.options.seats.programmes.items()}
    used = {site.programme for site in district.sites}
    return [
        (programme, account(district, plan.seats, programme), targets[programme]) for programme in Programme if programme in used
    ]


def _clusters(shown: Scene) -> list[tuple[str, list[list[str]], int]]:
    if shown.clusters is None:
        return []
    index = shown.district.school_index()
    names = shown.cluster_names()
    found = []
    for lead, members in shown.clusters.clusters().items():
        roles = [[shown.school_name(index[m.school]) for m in members if m.role == role] for role in ("lead", "urban", "rural")]
        found.append((names[lead], roles, len(members)))
    return found


def _pictures(shown: Scene, texts: Texts) -> list[tuple[str, str]]:
    book = Atlas(shown, texts)
    found = []
    for stage in shown.stages():
        for year in sorted({shown.years(stage)[0], shown.years(stage)[-1]}):
            caption = f"{texts.word('stage', stage)} · {texts.year(year)}"
            found.append((caption, data_address(book.png(stage=stage, year=year, dpi=100), "image/png")))
    return found


def _plan_warnings(shown: Scene, texts: Texts) -> list[str]:
    """Return what a reader must know: the plan's own explanation, blocks without a school, pupils who walk too far."""
    explanation = shown.plan.explanation
    found = [texts.told(text) for text in (*explanation.reasons, *(item.sentence for item in explanation.shortage))]
    for layer in _last_layers(shown):
        where = {"stage": texts.word("stage", layer.stage), "year": texts.year(layer.year)}
        alone = int((layer.catchments.zone < 0).sum())
        far = layer.too_far(shown.district)
        full = sum(load.alert == "red" for load in layer.loads)
        found += [texts("warning.alone", count=alone, **where)] if alone else []
        found += [texts("warning.far", count=far, **where)] if far else []
        found += [texts("warning.full", count=full, **where)] if full else []
    return found
