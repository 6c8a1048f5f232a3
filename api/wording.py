"""Every sentence of the public page and of its answers, in Chinese and in English, in one table."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["SENTENCES", "Language", "say"]

Language = Literal["zh", "en"]

SENTENCES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "title": ("招生片区查询", "Which school?"),
        "lead": (
            "输入住址，或在地图上点一下，查看对应的幼儿园、小学和初中。",
            "Type an address, or tap the map, to see its schools.",
        ),
        "skip": ("跳到查询结果", "Skip to the answer"),
        "switch": ("English", "中文"),
        "synthetic.label": ("合成数据", "Synthetic data"),
        "synthetic": (
            "合成数据：本页为演示，不是任何教育部门的决定。",
            "Synthetic data: this page is a demonstration, not a decision of any authority.",
        ),
        "search.label": ("住址、小区或村", "Address, estate or village"),
        "search.hint": ("例如：{example}", "For example: {example}"),
        "search.button": ("查询", "Find"),
        "search.count": ("{count} 条建议，用上下方向键选择", "{count} suggestions; use the arrow keys"),
        "search.none": ("没有建议", "No suggestions"),
        "answer.heading": ("查询结果", "Answer"),
        "answer.empty": ("还没有查询。", "Nothing looked up yet."),
        "answer.working": ("正在查询……", "Looking up …"),
        "answer.failed": ("查询没有成功，请检查网络后再试。", "The look-up failed. Please check the connection and try again."),
        "answer.community": ("所在社区：{community}", "Community: {community}"),
        "answer.several": (
            "“{text}”包括 {count} 个地块，请选出您的住处：",
            "“{text}” lies in {count} blocks. Please find yours among them:",
        ),
        "answer.years": ("{first}—{last} 学年入学", "Entry in the school years {first}–{last}"),
        "answer.year": ("{first} 学年入学", "Entry in the school year {first}"),
        "answer.walk": ("步行约 {metres}，约 {minutes} 分钟", "On foot about {metres}, about {minutes} min"),
        "answer.straight": ("直线距离约 {metres}", "About {metres} as the crow flies"),
        "answer.given": ("距离约 {metres}", "About {metres}"),
        "answer.unreachable": ("没有测得步行路线", "No way on foot is known"),
        "answer.cluster": ("所属学区（学校联合体）：{cluster}", "Cluster of schools: {cluster}"),
        "answer.no_cluster": ("尚未编入学区", "In no cluster"),
        "answer.no_cluster.kindergarten": ("幼儿园不属于学区", "Kindergartens are in no cluster"),
        "answer.several_schools": ("多校划片：以下学校中由电脑派位", "Multi-school zone: one of these schools, by draw"),
        "answer.none": ("这里没有划定的学校，请向下方联系人咨询。", "No school is set here. Please ask the contact below."),
        "answer.invented": ("示例校名", "invented name"),
        "answer.why": ("划片理由：{reason}", "Why: {reason}"),
        "alert.years": ("{years}：", "{years}: "),
        "alert.green": ("学位充足", "Seats free"),
        "alert.yellow": ("学位紧张", "Nearly full"),
        "alert.red": ("学位已满，预计需要统筹", "Full: some children will be placed elsewhere"),
        "full.heading": ("学位满了怎么办？", "What if it is full?"),
        "full.catchment": ("先按本地公布的顺序录取到 {school}。", "First, {school} admits in the published order."),
        "full.cluster": (
            "录不下的，在同一学区内统筹到有空余学位的学校，由近到远：",
            "Those left over go to a school of the same cluster with free seats, the nearest first:",
        ),
        "full.cluster_none": ("同一学区内没有同学段的其他学校。", "The cluster has no other school of this stage."),
        "full.district": (
            "学区内仍录不下的，由区教育局在全区统筹安排。",
            "If the cluster is full too, the district places the child.",
        ),
        "full.no_cluster": ("录不下的，由区教育局在全区统筹安排。", "Those left over are placed by the district."),
        "unknown.heading": ("没有找到这个住址", "This address is not known"),
        "unknown.detail": ("已知住址中没有“{text}”。", "“{text}” is not among the known addresses."),
        "unknown.wide": (
            "“{text}”包括 {count} 个地块，请写明街道门牌或小区。",
            "“{text}” lies in {count} blocks. Please add street and number, or the estate.",
        ),
        "unknown.blank": ("请先输入住址。", "Please type an address first."),
        "unknown.outside": ("这一点不在本区任何地块之内。", "This point is in no block of the district."),
        "unknown.no_map": (
            "本案例没有地理坐标，不能按点查询。",
            "This case has no place on the globe: points cannot be looked up.",
        ),
        "unknown.one_way": ("请给出 address，或同时给出 lon 和 lat。", "Give an address, or both lon and lat."),
        "unknown.nearest": ("最接近的已知住址：", "The nearest known addresses:"),
        "unknown.among": ("其中的一些住址：", "Some of the addresses in it:"),
        "unknown.nothing": (
            "没有相近的已知住址。请核对写法，或在地图上点选。",
            "None comes near. Please check the spelling, or tap the map.",
        ),
        "unknown.never": ("系统不会为未知住址猜测学校。", "No school is guessed for an address that is not known."),
        "map.heading": ("招生片区地图", "Map of catchments"),
        "map.stage": ("学段", "Stage"),
        "map.year": ("学年", "School year"),
        "map.help": (
            "点一下地图查询该处的学校。用键盘时：方向键移动，加减号缩放，回车查询十字中心。",
            "Tap the map to look a place up. By keyboard: arrows move, + and - zoom, Enter looks up the cross in the middle.",
        ),
        "map.label": ("招生片区地图，按回车查询十字中心", "Map of catchments; Enter looks up the cross in the middle"),
        "map.none": ("本案例没有地理坐标，不显示地图。", "This case has no place on the globe: there is no map."),
        "map.script": ("地图需要 JavaScript；查询不需要。", "The map needs JavaScript; the look-up does not."),
        "map.failed": ("地图没有载入，查询仍可使用。", "The map did not load. The look-up still works."),
        "map.here": ("查询的位置", "The place looked up"),
        "map.zoom_in": ("放大", "Zoom in"),
        "map.zoom_out": ("缩小", "Zoom out"),
        "map.point": ("地图上的一点", "A point on the map"),
        "stage.kindergarten": ("幼儿园", "Kindergarten"),
        "stage.primary": ("小学", "Primary school"),
        "stage.junior": ("初中", "Junior school"),
        "notice.synthetic": (
            "本答复出自合成数据，仅供演示。",
            "This answer comes from synthetic data and is a demonstration only.",
        ),
        "notice.phase_in": (
            "片区只用于新生入学；已在校的学生留在原校，直到本学段毕业。",
            "Catchments are for children who enter; pupils already enrolled stay at their school to the end of the stage.",
        ),
        "notice.catchment": (
            "片区只说明按住址对应的学校；录取以区教育局当年公布的办法为准。",
            "A catchment says which school an address belongs to; admission follows the rules that the district publishes.",
        ),
        "source.heading": ("依据与咨询", "Source and contact"),
        "source.district": ("地区", "District"),
        "source.decision": ("决定", "Decision"),
        "source.decision_none": ("未注明", "not stated"),
        "source.decision_synthetic": ("合成示例，没有正式决定", "synthetic example; there is no decision"),
        "source.decided": ("决定日期", "Decided on"),
        "source.version": ("方案版本", "Plan version"),
        "source.verified": ("已通过独立核验", "independently verified"),
        "source.contact": ("咨询", "Whom to ask"),
        "source.contact_none": (
            "区教育局招生办公室（本案例未填联系方式）",
            "the district's admissions office (this case gives no contact)",
        ),
        "source.distances": ("距离", "Distances"),
        "source.licence": ("数据许可", "Licence of the data"),
        "source.data": ("开放数据：OGC API", "Open data: OGC API"),
        "source.api": ("接口说明", "Interface description"),
        "privacy": (
            "本页不设登录，不用跟踪，不记录查询的住址。",
            "No login, no tracking; the addresses looked up are not recorded.",
        ),
    }
)
"""Key to (Chinese, English)."""


def say(language: Language, key: str, **values: Any) -> str:
    """
    Return a sentence in a language, its places filled.

    Raises
    ------
    KeyError
        For a key that is not in `SENTENCES`.
    """
    return SENTENCES[key][0 if language == "zh" else 1].format(**values)
