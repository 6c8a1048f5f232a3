"""Every word that maps and reports show, in Chinese and in English, in one table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from xuequ.zoning.wording import in_chinese

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["Language", "Texts", "texts"]

Language = Literal["zh", "en"]

_TABLE: dict[str, tuple[str, str]] = {
    # stages, kinds of things
    "stage.kindergarten": ("幼儿园", "Kindergarten"),
    "stage.primary": ("小学", "Primary"),
    "stage.junior": ("初中", "Junior"),
    "stage.all": ("小学与初中合计", "Primary and junior together"),
    "programme.school": ("中小学", "Schools"),
    "programme.kindergarten": ("幼儿园", "Kindergartens"),
    "action.new": ("新建", "new"),
    "action.expand": ("改扩建", "expansion"),
    "action.relocate": ("迁建", "relocation"),
    "action.convert": ("转用", "conversion"),
    "action.close": ("撤并", "closure"),
    "role.lead": ("牵头学校（1）", "lead (1)"),
    "role.urban": ("城区成员（X）", "urban member (X)"),
    "role.rural": ("乡镇成员（Y）", "rural member (Y)"),
    "alert.red": ("红色预警：学位已满（≥100%）", "Red: full (≥ 100 %)"),
    "alert.yellow": ("黄色预警：学位紧张（90%–100%）", "Yellow: nearly full (90–100 %)"),
    "alert.green": ("绿色：学位充足（<90%）", "Green: seats free (< 90 %)"),
    "alert.none": ("学位数未知", "Seats not known"),
    "alert.short.red": ("红", "red"),
    "alert.short.yellow": ("黄", "yellow"),
    "alert.short.green": ("绿", "green"),
    "alert.short.none": ("未知", "not known"),
    # reasons of assignment.csv (zoning.reasons.REASONS)
    "reason.none": ("步行可达范围内没有学校", "no school is within reach"),
    "reason.own": ("学校就在本地块内", "its school stands in it"),
    "reason.lock": ("已人工锁定", "locked by hand"),
    "reason.island": ("所在的孤立片区内没有学校，不受连片要求约束", "no school stands in its separate part of the district"),
    "reason.nearest": ("最近的学校", "the nearest school"),
    "reason.together": ("与同一小区或村庄的地块划在一起", "kept together with its estate or village"),
    "reason.current": ("维持现有片区", "as today"),
    "reason.seats": ("最近的学校学位不足", "the nearest school would be over its seats"),
    "reason.connected": ("与最近的学校片区不相连", "the nearest school's catchment does not touch it"),
    "reason.goals": ("优先目标（如避免大班额）或为其他地块让出学位", "a goal ranked before distance, or room for other blocks"),
    # goals
    "goal.super_large": ("超过超大班额线的学生", "Pupils above super-large"),
    "goal.large": ("超过大班额线的学生", "Pupils above large"),
    "goal.too_far": ("上学过远的学生", "Pupils too far"),
    "goal.over_standard": ("超过标准班额的学生", "Pupils above standard"),
    "goal.distance": ("步行总里程", "Walking in all"),
    "goal.moved": ("学校有变动的学生", "Pupils whose school changes"),
    "goal.compactness": ("片区边界长度", "Length of catchment borders"),
    "goal.balance": ("最高学位使用率", "Highest utilisation"),
    "goal.split": ("被拆分的住户", "Families split"),
    "goal.cost": ("投资", "Cost"),
    "goal.idle_seats": ("期末闲置学位", "Seats idle at the end"),
    "goal.uncovered": ("学区内消化不了的学生", "Pupils whom their cluster cannot take"),
    "goal.balance.seats": ("各学区学位不均衡", "Seats out of balance between clusters"),
    "goal.travel": ("成员校到牵头校的路程", "Ways from members to their leads"),
    "goal.changed": ("更换学区的学校", "Schools that change cluster"),
    "goal.reserve": ("应留未留的预备学位", "Reserve seats missing"),
    "unit.pupils": ("人", "pupils"),
    "unit.pupil·km": ("人·公里", "pupil·km"),
    "unit.m": ("米", "m"),
    "unit.families": ("户", "families"),
    "unit.seats": ("个学位", "seats"),
    "unit.of planned": ("（占计划学位）", "of planned"),
    "unit.classes": ("个班", "classes"),
    "unit.schools": ("所", "schools"),
    "unit.pupil-years": ("人·年", "pupil-years"),
    "unit.10,000 yuan": ("万元", "10,000 yuan"),
    "unit.km": ("公里", "km"),
    "unit.rooms": ("间", "rooms"),
    "status.optimal": ("最优", "optimal"),
    "status.feasible": ("可行", "feasible"),
    "status.infeasible": ("不可行", "cannot be done"),
    "status.stopped": ("已停止", "stopped"),
    "regime.full": ("全部年级重新划片", "every grade anew"),
    "regime.phase_in": ("只划起始年级，在校生不动", "entry grades only, enrolled pupils stay"),
    # titles and controls
    "title.map": ("招生片区与学位规划图", "school catchments"),
    "title.atlas": ("招生片区与学位规划图集", "atlas of school catchments"),
    "atlas.none": ("本方案没有招生片区。", "This plan has no catchments."),
    "title.report": ("招生片区与学位规划报告", "school plan: report"),
    "title.compare": ("方案比较", "plans side by side"),
    "synthetic": ("合成数据 synthetic", "synthetic 合成数据"),
    "synthetic.long": (
        "所用数据为合成数据（synthetic），不是真实统计；带 ※ 的校名为虚构。",
        "All data here are synthetic (合成数据), not statistics; names with ※ are made up.",
    ),
    "skip": ("跳到面板", "Skip to the panel"),
    "map": ("地图", "Map"),
    "panel": ("面板", "Panel"),
    "stage": ("学段", "Stage"),
    "year": ("学年", "School year"),
    "year.n": ("{year}学年", "{year}/{next}"),
    "today": ("现状", "today"),
    "play": ("逐年播放", "Play the years"),
    "pause": ("停止", "Stop"),
    "show": ("显示", "Show"),
    "show.names": ("校名", "School names"),
    "show.sites": ("建设项目", "Sites"),
    "show.clusters": ("学区（1+X+Y）", "Clusters (1+X+Y)"),
    "show.moved": ("与现状不同的地块", "Blocks that change school"),
    "show.roads": ("道路", "Roads"),
    "show.rivers": ("河流", "River"),
    "find": ("查找地块或学校", "Find a block or a school"),
    "find.go": ("查找", "Find"),
    "find.none": ("没有找到“{text}”。", "“{text}” is not here."),
    "selected": ("所选", "Selected"),
    "close": ("关闭", "Close"),
    "zoom.in": ("放大", "Zoom in"),
    "zoom.out": ("缩小", "Zoom out"),
    "zoom.core": ("城区", "Town"),
    "zoom.all": ("全图", "Whole district"),
    "legend": ("图例", "Legend"),
    "legend.size": ("符号越大，在校生越多", "The larger the sign, the more pupils"),
    "legend.fill": ("底色：招生片区（相邻不同色）", "Fill: catchments (neighbours unlike)"),
    "legend.none": ("未划入任何学校", "Given to no school"),
    "legend.chosen": ("选中的项目（开办学年）", "Site chosen (year it opens)"),
    "legend.not_chosen": ("未选中的项目", "Site not chosen"),
    "legend.cluster": ("学区边界", "Edge of a cluster"),
    "legend.moved": ("与现状不同", "Other school than today"),
    "source": ("方案指纹 {fingerprint} · 种子 {seed}", "Plan fingerprint {fingerprint} · seed {seed}"),
    "demand": ("生源：{method}", "Demand: {method}"),
    "distances": ("距离：{method}", "Distances: {method}"),
    "scale": ("比例尺", "Scale"),
    "north": ("北", "N"),
    # columns and figures
    "block": ("地块", "Block"),
    "community": ("社区/村", "Community"),
    "school": ("学校", "School"),
    "schools": ("学校", "Schools"),
    "schools.by_year": ("逐年在校生与学位", "Pupils and seats by year"),
    "schools.by_grade": ("各年级班级（末年）", "Classes by grade (last year)"),
    "cluster": ("学区", "Cluster"),
    "clusters": ("学区（1+X+Y）", "Clusters (1+X+Y)"),
    "distance": ("距离", "Distance"),
    "reason": ("理由", "Reason"),
    "pupils": ("学生", "Pupils"),
    "children": ("本学段儿童", "Children of the stage"),
    "children.few": ("少于{count}人", "fewer than {count}"),
    "planned": ("计划学位", "Planned seats"),
    "working": ("大班额线学位", "Working seats"),
    "utilisation": ("使用率", "Utilisation"),
    "alert": ("预警", "Alert"),
    "classes": ("班级", "Classes"),
    "largest": ("最大班额", "Largest class"),
    "large": ("大班额", "Large classes"),
    "super_large": ("超大班额", "Super-large"),
    "share": ("占比", "Share"),
    "grade": ("年级", "Grade"),
    "previous": ("现属", "Today"),
    "moved": ("与现状不同", "Changes school"),
    "none": ("无", "none"),
    "unknown": ("未知", "not known"),
    "blocks": ("地块数", "Blocks"),
    "mean_way": ("平均上学距离", "Mean way"),
    "longest_way": ("最远上学距离", "Longest way"),
    "too_far": ("过远学生", "Too far"),
    "placed": ("本年划片学生", "Pupils placed this year"),
    "moved_pupils": ("换校学生", "Change school"),
    "figures": ("{stage} · {year}", "{stage} · {year}"),
    # sites
    "sites": ("建设项目", "Sites"),
    "site": ("项目", "Site"),
    "programme": ("类别", "Programme"),
    "action": ("建设方式", "Kind"),
    "rooms": ("教室", "Classrooms"),
    "seats": ("学位", "Seats"),
    "opens": ("开办学年", "Opens"),
    "cost": ("投资（万元）", "Cost (10,000 yuan)"),
    "programmes": ("两类建设任务的完成情况", "The two building programmes"),
    "seats.net": ("净增学位", "Net new seats"),
    "seats.target": ("任务学位", "Seats to reach"),
    "land": ("用地（㎡）", "Land (m²)"),
    "chosen": ("选中", "chosen"),
    "not_chosen": ("未选", "not chosen"),
    "total": ("合计", "Total"),
    # large classes
    "outlook": ("大班额逐年变化", "Large classes by year"),
    "outlook.before": ("不实施规划", "without the plan"),
    "outlook.after": ("实施规划", "with the plan"),
    "outlook.last": (
        "实施规划后，最后一个大班额在{year}，自{gone}起再无大班额。",
        "With the plan the last large class is of {year}, none from {gone}.",
    ),
    "outlook.never": ("实施规划后，各学年均无大班额。", "With the plan no class is large in any year."),
    "outlook.remain": ("到{year}仍有{count}个大班额。", "In {year}, the last year known, {count} large classes remain."),
    "outlook.eliminated": (
        "自{year}起基本消除大班额（占比不超过{share}，且无超大班额）。",
        "Large classes are basically eliminated (at most {share}, none super-large) from {year}.",
    ),
    "outlook.not_eliminated": ("期内未能基本消除大班额。", "Large classes are not basically eliminated in these years."),
    "outlook.without.last": (
        "不实施规划，最后一个大班额在{year}，自{eliminated}起基本消除。",
        "Without the plan the last is of {year}; they are basically eliminated from {eliminated}.",
    ),
    "outlook.without.never": ("不实施规划，各学年也无大班额。", "Without the plan no class is large in any year either."),
    "outlook.without.remain": (
        "不实施规划，{year}仍有{count}个大班额。",
        "Without the plan {count} classes are large in {year}, the last year known.",
    ),
    "outlook.goes_on": (
        "{year}之后沿用该学年片区，教室按规划建成数计。",
        "After {year} its catchments go on, with classrooms as opened.",
    ),
    "outlook.later": ("沿用{year}年片区", "catchments of {year} go on"),
    "outlook.year.after": (
        "实施规划后，{year}有{count}个大班额，占{classes}个班的{share}。",
        "With the plan {count} of {classes} classes are large in {year} ({share}).",
    ),
    "outlook.year.before": (
        "不实施规划，{year}有{count}个大班额，占{classes}个班的{share}。",
        "Without the plan {count} of {classes} classes are large in {year} ({share}).",
    ),
    "outlook.note": (
        "大班额：{large}人及以上；超大班额：{super_large}人及以上。",
        "Large: {large} pupils and more; super-large: {super_large} and more.",
    ),
    # report
    "summary": ("摘要", "Summary"),
    "goals": ("目标", "Goals"),
    "goals.by_stage": ("各学段各学年的目标", "Goals by stage and year"),
    "goal": ("目标", "Goal"),
    "value": ("数值", "Value"),
    "bound": ("下界", "Bound"),
    "gap": ("差距", "Gap"),
    "unit": ("单位", "Unit"),
    "rank": ("次序", "Rank"),
    "objective": ("目标值", "Objective"),
    "certified": ("可独立复核的下界", "Bound that anybody can check"),
    "solver_bound": ("求解器下界", "Solver's bound"),
    "status": ("状态", "Status"),
    "regime": ("方式", "Regime"),
    "scenario": ("情景", "Scenario"),
    "scenario.middle": ("中方案", "middle"),
    "scenario.low": ("低方案", "low"),
    "scenario.high": ("高方案", "high"),
    "seed": ("种子", "Seed"),
    "fingerprint": ("指纹", "Fingerprint"),
    "overrides": ("修改过的规则", "Rules changed"),
    "overrides.none": ("全部采用默认规则。", "All rules are the defaults."),
    "rule": ("规则", "Rule"),
    "default": ("默认", "Default"),
    "warnings": ("提示", "Warnings"),
    "warning.alone": ("{stage}{year}：有{count}个地块未划入任何学校。", "{stage} {year}: {count} blocks are given to no school."),
    "warning.far": ("{stage}{year}：有{count}名划片学生上学过远。", "{stage} {year}: {count} pupils placed walk too far."),
    "warning.full": ("{stage}{year}：有{count}所学校学位已满。", "{stage} {year}: {count} schools are full."),
    "warnings.none": ("没有提示。", "There are none."),
    "explanation": ("说明", "Explanation"),
    "overflow": ("学区内统筹", "Overflow within clusters"),
    "overflow.to": ("可去学校", "Could go to"),
    "role": ("角色", "Role"),
    "members": ("成员校", "Members"),
    "maps": ("地图", "Maps"),
    "contents": ("目录", "Contents"),
    "licence": ("数据许可：{licence}", "Data licence: {licence}"),
    "page": ("第{page}页，共{pages}页", "Page {page} of {pages}"),
    "overview": ("全区", "Overview"),
    "largest_first": ("按使用率从高到低", "By utilisation"),
    # comparison
    "plan": ("方案", "Plan"),
    "colon": ("：", ": "),
    "plans": ("方案", "Plans"),
    "difference": ("差别", "Difference"),
    "blocks_differ": ("不同的地块", "Blocks that differ"),
    "pupils_differ": ("涉及学生", "Pupils in them"),
    "schools_differ": ("不同的学校", "Schools that differ"),
    "same": ("没有差别。", "There is no difference."),
    "first": ("与“{name}”相比", "Against “{name}”"),
    "best": ("最优", "best"),
    "last_large": ("最后一个大班额的学年", "Year of the last large class"),
    "eliminated_from": ("基本消除大班额的学年", "Basically eliminated from"),
    "never": ("未达到", "not reached"),
}


@dataclass(frozen=True, slots=True)
class Texts:
    """
    The words of one language.

    Parameters
    ----------
    language
        ``zh`` or ``en``.
    """

    language: Language

    @property
    def html_language(self) -> str:
        """The language as HTML names it."""
        return {"zh": "zh-CN", "en": "en"}[self.language]

    def __call__(self, key: str, **values: Any) -> str:
        """
        Return a text with its places filled.

        Raises
        ------
        KeyError
            If the table has no such text.
        """
        text = _TABLE[key][self.language == "en"]
        return text.format(**values) if values else text

    def word(self, family: str, name: str) -> str:
        """Return the text ``family.name``, or the name itself where the table does not know it (a reason in free words)."""
        return self(f"{family}.{name}") if f"{family}.{name}" in _TABLE else name

    def told(self, sentence: str) -> str:
        """Return a sentence that a plan or a case bears (`zoning.wording`) in this language; a free one as it stands."""
        return in_chinese(sentence) if self.language == "zh" else sentence

    def goal(self, name: str, unit: str) -> str:
        """Return the name of a goal; one name may mean two things in two units."""
        specific = f"{name}.{unit}"
        return self.word("goal", specific if f"goal.{specific}" in _TABLE else name)

    def year(self, year: int) -> str:
        """Return a school year, which is named by its first calendar year."""
        return self("year.n", year=year, next=f"{(year + 1) % 100:02d}")

    def grade(self, name: str) -> str:
        """Return the name of a grade (``g1``, ``k2``)."""
        if not name:
            return self("total")
        if self.language == "en":
            return name.upper()
        kindergarten = {"k1": "小班", "k2": "中班", "k3": "大班"}
        return kindergarten.get(name) or "一二三四五六七八九"[int(name[1:]) - 1] + "年级"

    def table(self, *prefixes: str) -> Mapping[str, str]:
        """Return the texts whose keys begin so, for a page's script; all of them if no prefix is given."""
        return {key: self(key) for key in _TABLE if not prefixes or key.startswith(prefixes)}


def texts(language: str) -> Texts:
    """
    Return the words of a language.

    Raises
    ------
    ValueError
        If the language is neither ``zh`` nor ``en``.
    """
    if language not in ("zh", "en"):
        raise ValueError(f"there are no texts in {language!r}; there are in zh and en")
    return Texts(language)  # type: ignore[arg-type]
