"""Sentences that plans and cases bear in English, and what they are in Chinese: both in one table, neither in code."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PHRASES", "english", "in_chinese"]

PHRASES: Mapping[str, tuple[str, str]] = MappingProxyType({
    # why a site is chosen or not (model.md §3)
    "site.chosen": (
        "{rooms} classrooms from {year}, {seats} seats net: without it {what}.",
        "自{year}年起开办{rooms}间教室，净增{seats}个学位；若不实施，{what}。",
    ),
    "site.not": ("Not chosen: {what}.", "未选：{what}。"),
    "site.offer": (
        "{rooms} classrooms ({seats} seats net, {cost} in 10,000 yuan) would relieve {what} over all years",
        "{rooms}间教室（净增{seats}个学位，投资{cost}万元）各年合计可缓解{what}",
    ),
    "site.saves": ("a seat there saves {km} pupil·km", "每个学位节省{km}人·公里"),
    "site.over_budget": ("{cost} more than the budget has", "超出预算{cost}万元"),
    "site.seats_of": ("the programme would have {seats} of {target} seats", "该类建设任务只有{seats}个学位（应有{target}个）"),
    "site.projects_of": ("{projects} of {target} projects", "项目只有{projects}个（应有{target}个）"),
    "site.closing": ("closing is only ever proposed, never planned (policy §6)", "撤并只作建议，不列入规划（政策§6）"),
    "site.unapproved": ("the conversion is not approved (policy §7)", "转用未获批准（政策§7）"),
    "site.late": (
        "it cannot open before {year}, after the last year of the plan, {last}",
        "最早{year}年才能开办，晚于规划的最后一年（{last}年）",
    ),
    "site.small": (
        "its smallest size, {rooms} classrooms, is more than a new school may have, {most} (at most {pupils} pupils)",
        "最小规模{rooms}间教室，超过新建学校的上限{most}间（最多{pupils}名学生）",
    ),
    # what seats change
    "more.absolute": ("{pupils} more pupils above the absolute capacity", "超过超大班额线的学生增加{pupils}人"),
    "more.working": ("{pupils} more pupils above the working capacity", "超过大班额线的学生增加{pupils}人"),
    "more.far": ("{pupils} more pupils too far", "上学过远的学生增加{pupils}人"),
    "more.way": ("{km} pupil·km more", "总路程增加{km}人·公里"),
    "more.none": ("no pupil would be worse off", "没有学生受影响"),
    "less.absolute": ("{pupils} pupils above the absolute capacity", "{pupils}名超过超大班额线的学生"),
    "less.working": ("{pupils} pupils above the working capacity", "{pupils}名超过大班额线的学生"),
    "less.far": ("{pupils} pupils too far", "{pupils}名上学过远的学生"),
    "less.none": ("no pupil above a limit", "0名超限学生"),
    "over_years": ("{what} over all years", "各年合计{what}"),
    # seats against single blocks (solver.md §6)
    "checked": (
        (
            "Check of the {programme} seats on all {blocks} single blocks, {years}: {large} pupils above the working capacity "
            "({grouped} pupils on {groups} groups), {super_large} pupils above the absolute one, {far} pupils too far, "
            "{km} pupil·km."
        ),
        (
            "{programme}学位在全部{blocks}个地块上的复核（{years}年）：超过大班额线{large}人（按{groups}组计算为{grouped}人），"
            "超过超大班额线{super_large}人，上学过远{far}人，总路程{km}人·公里。"
        ),
    ),
    "school": ("school", "中小学"),
    "kindergarten": ("kindergarten", "幼儿园"),
    "primary": ("primary", "小学"),
    "junior": ("junior", "初中"),
    # what is short (model.md §1)
    "short": (
        "{blocks} with {pupils} {reach} only {schools}, which {have} {seats} seats: {short} too few",
        "{blocks}共{pupils}，只能到达{schools}，学位共{seats}个，缺{short}个",
    ),
    "unreached": (
        "{blocks} with {pupils} {reach} no school: {missing} too few",
        "{blocks}共{pupils}，没有可到达的学校，缺{missing}",
    ),
    "unreached.near": (
        "{blocks} with {pupils} {have} no school within the limit of distance",
        "{blocks}共{pupils}，距离上限之内没有学校",
    ),
    "blocks": ("{count} blocks", "{count}个地块"),
    "block": ("{count} block", "{count}个地块"),
    "pupils": ("{count} pupils", "{count}名学生"),
    "pupil": ("{count} pupil", "{count}名学生"),
    "seats": ("{count} seats", "{count}个学位"),
    "seat": ("{count} seat", "{count}个学位"),
    "schools.in_part": ("{schools} and {count} more", "{schools}等，另有{count}所"),
    "above": ("the best plan found has {pupils} pupils above hard seats", "找到的最好方案仍有{pupils}名学生超出学位上限"),
    "moved": ("the best plan found moves {pupils} pupils, the cap is {cap}", "找到的最好方案有{pupils}名学生换校，上限为{cap}名"),
    "nowhere": (
        "{stage}: up to {pupils} pupils a year and no school with classrooms or seats for them; they are planned for nowhere",
        "{stage}：每年最多{pupils}名学生，但没有学校有相应的教室或学位，未作安排",
    ),
    "kept": ("the catchments of {year} are kept: {what}", "沿用{year}年的片区：{what}"),
    "of_year": ("{stage} {year}: {what}", "{stage}{year}年：{what}"),
    # how distances and demand were had
    "way.walked": ("walked along roads", "沿道路步行"),
    "way.made_up": ("walked along made-up roads", "沿虚构道路步行"),
    "way.straight": ("straight line", "直线"),
    "as_given": ("as given", "按所给数据"),
    "demand.today": ("today's pupils in every year", "各年均按现有学生数"),
    "demand.made_up": ("made up", "虚构"),
    "demand.survival": ("cohort survival", "队列推移法"),
    "demand.ratios": ("ratios of {years}, recent years weighing more", "升级率取自{years}年，近年权重较大"),
    "demand.assumed": ("ratios assumed to be 1", "升级率假定为1"),
    "demand.births": ("births {years}", "出生数{years}年"),
    "demand.estates": ("{count} estates", "{count}个新建小区"),
    "demand.margins": ("low and high cover {share} of {source}", "低、高方案覆盖{source}的{share}"),
    "demand.past": ("past errors from {first} to {last}", "{first}年至{last}年历史误差"),
    "demand.age": (
        "the error of the age rule alone: there are no past rolls",
        "入学年龄规则本身的误差（没有历年在校生数）",
    ),
})  # fmt: skip
"""Key to (English, Chinese); English is what the files of a plan hold (interface.md)."""

_LONGEST = 1000
"""A sentence with more characters is nobody's but its writer's."""

_IN_PART = "schools.in_part"
"""It stands within another only: ids may be any words."""

_JOINTS = (("; ", "；"), (", and ", "，"), (", ", "，"))

_NESTED = frozenset({"what", "source", "programme", "stage", "blocks", "pupils", "missing"})
"""Places that hold a phrase themselves (or a number, which is the same in both)."""

_WORDS = frozenset({"what", "source", "schools", "programme", "stage"})
"""Places that hold any words; ``reach`` and ``have`` follow the number in English; all others are numbers."""

_NUMBER = re.compile(r"[-−–+]?\d[\d,.%–-]*")


def english(key: str, **values: Any) -> str:
    """
    Return a sentence as a plan's files hold it.

    Raises
    ------
    KeyError
        If there is no such phrase.
    """
    return PHRASES[key][0].format(**values)


@lru_cache(maxsize=4096)
def in_chinese(sentence: str) -> str:
    """
    Return a sentence of `PHRASES` (or several, joined) in Chinese, any other as it stands.

    Notes
    -----
    Plans that were written years ago are read back from their files, which hold sentences only: so the table is read backwards.
    """
    return sentence if len(sentence) > _LONGEST else _chinese(sentence) or sentence


def _chinese(sentence: str) -> str | None:
    whole = _by_pattern(sentence)
    if whole is not None:
        return whole
    for joint, sign in _JOINTS:
        for found in re.finditer(re.escape(joint), sentence):
            first = _by_pattern(sentence[: found.start()])
            then = None if first is None else _chinese(sentence[found.end() :])
            if then is not None:
                return f"{first}{sign}{then}"
    return None


def _by_pattern(sentence: str) -> str | None:
    for pattern, chinese in _patterns():
        found = pattern.fullmatch(sentence)
        values = {} if found is None else {place: _filled(place, text) for place, text in found.groupdict().items()}
        if found is not None and None not in values.values():
            return chinese.format(**values)
    return None


def _filled(place: str, text: str) -> str | None:
    if place == "schools":
        in_part = _pattern(PHRASES[_IN_PART][0]).fullmatch(text)
        return text if in_part is None else PHRASES[_IN_PART][1].format(**in_part.groupdict())
    return _chinese(text) if place in _NESTED and not _NUMBER.fullmatch(text) else text


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((_pattern(phrase), chinese) for key, (phrase, chinese) in PHRASES.items() if key != _IN_PART)


@cache
def _pattern(phrase: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", phrase)
    return re.compile(
        "".join(re.escape(part) if at % 2 == 0 else f"(?P<{part}>{_content(part)})" for at, part in enumerate(parts))
    )


def _content(place: str) -> str:
    if place in _WORDS:
        return ".+"
    if place in ("reach", "have"):
        return r"\w+"
    return _NUMBER.pattern + (r"(?: \w+)?" if place in _NESTED else "")
