"""
Names of the demo district.

Townships and communities are those of the statistics bureau's public list; schools and projects named in the district's plan bear
their true names. Every other school's name is invented and ends in ``※``. Streets and estates are made up, or so common that any
town has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["COMMUNITIES", "ESTATE_NAMES", "INVENTED_MARK", "STREETS_AT", "STREET_NAMES", "TOWNSHIPS", "Community", "street_names"]

INVENTED_MARK = "※"
"""Ends the name of every school that does not exist."""


@dataclass(frozen=True, slots=True)
class Community:
    """A residents' or villagers' committee with its public code and township."""

    code: str
    name: str
    township: str

    @property
    def is_village(self) -> bool:
        """Whether it is a village."""
        return self.name.endswith("村委会")

    @property
    def short(self) -> str:
        """The name without what it is: 旺步 for 旺步村委会."""
        return self.name.removesuffix("村委会").removesuffix("社区居民委员会").removesuffix("社区")


_COMMUNITY_LIST = (
    ("角嘴街道", "450403005", "001 珠山 002 新兴 003 新华 006 潘塘 008 蓝天 009 大学"),
    ("东兴街道", "450403006", "001 上冲 002 下冲 003 龙骨 004 步埠 008 西环 012 三云"),
    ("富民街道", "450403007", "001 傍山 003 枣冲 004 富民 005 东山 006 富新 008 莲花 009 富康 010 富祥 011 富安"),
    ("城南街道", "450403008", "001 中山 002 云龙 003 阜民 004 南中 005 塘源"),
    ("城北街道", "450403009", "001 北山 002 民主 003 钱鉴 004 桂北"),
    ("城东镇", "450403101", "201 河口 202 双桥 203 扶典 204 思扶 205 华堂 499 工业园区"),
    ("龙湖镇", "450403103", "201 新民 202 高旺 203 旺步 204 塘源"),
    (
        "夏郢镇",
        "450403104",
        (
            "001 夏郢 201 思委 202 思安 203 北胜 204 平安 205 双垌 206 民智 207 毓秀 208 周睦 209 高才 210 泗马 211 竹坡 "
            "212 里秀 213 夏郢 214 富教 215 新夏 216 凤凰 217 镇安 218 答涓 219 保安 220 儒岩 221 德安 222 旺坡"
        ),
    ),
)


def _communities() -> tuple[Community, ...]:
    result = []
    for township, prefix, listed in _COMMUNITY_LIST:
        words = listed.split()
        for number, name in zip(words[::2], words[1::2], strict=True):
            ending = {"2": "村委会", "4": "社区"}.get(number[0], "社区居民委员会")
            result.append(Community(prefix + number, name + ending, township))
    return tuple(result)


COMMUNITIES: tuple[Community, ...] = _communities()
"""All 63: 32 residents' and 31 villagers' committees."""

TOWNSHIPS: tuple[str, ...] = tuple(name for name, _, _ in _COMMUNITY_LIST)
"""Five subdistricts and three towns."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


STREET_NAMES: dict[str, tuple[str, ...]] = {
    "west": _words(
        "西堤路 西环路 莲花山路 富祥路 富康路 振兴路 枣冲路 富安路 富民三路 富民二路 富民一路 富新路 工厂路 东山路 傍山路 莲湖路 "
        "新湖路 文澜路 阜民路 四坊路 五坊路 民主路 建设路 中山路 小南路 大中路 大东路 竹椅街 沙街 西江三路 西江二路 西江一路 "
        "南环路 九坊路 云龙路 塘源路 居仁路 南中路 文化路 新市路 大同路 桂林路 民生路 和平路 解放路 兴仁路 桂北路 北环路 "
        "北山路 钱鉴路 龙母路 学府路 康宁路 育才路 青年路 团结路 前进路 红星路 光明路 朝阳路 向阳路 长寿路 平民路 仁爱路 "
        "石鼓路 金龙路 银湖路 玫瑰路 紫竹路 榕树路 木棉路 凤栖路"
    ),
    "east": _words(
        "东堤路 东环路 桂江一路 桂江二路 角嘴路 大学路 珠山路 新兴一路 新兴二路 新兴三路 新华路 蓝天路 三云路 龙骨路 步埠路 "
        "上冲路 下冲路 潘塘路 东兴路 兴龙路 兴业路 科苑路 春江路 临江路 望江路 鸳江路 系龙路 白云路 云盖路 松涛路 翠竹路 "
        "翠湖路 锦绣路 东安路 东宁路 东平路 学院路 体育路 湖滨路 广平路 瑞云路 明珠路 海棠路 丹桂路 芙蓉路 香樟路"
    ),
    "longhu": _words(
        "龙湖堤路 龙湖环路 龙湖大道 旺步路 太和路 新民路 高旺路 龙腾路 龙翔路 龙祥路 龙泉路 龙吟路 滨湖路 迎宾路 科技路 创业路 "
        "创新路 惠民路 安居路 乐业路 康居路 景湖路 观湖路 听湖路"
    ),
    "chengdong": _words(
        "城东堤路 城东环路 高新大道 合作大道 粤桂路 试验区一路 试验区二路 试验区三路 园区一路 园区二路 园区三路 园区四路 万达路 "
        "扶典路 双桥路 华堂路 思扶路 新都路 新城路 新港路 新源路 富源路 财富路 金桥路 银桥路 凯旋路 腾飞路"
    ),
    "xiying": _words(
        "夏郢江边路 夏郢环镇路 夏郢大街 新圩街 老圩街 粮所街 中学路 卫生院路 镇府路 邮电街 供销街 圩顶街 水口街 文昌街 "
        "永安街 太平街 德政街"
    ),
}  # fmt: skip
"""Street names of each built-up area: embankment, ring road, then the others in the order in which they are laid."""

STREETS_AT: dict[str, tuple[str, float, float]] = {
    "振兴路": ("west", -3000, 300), "工厂路": ("west", -2450, 950), "民主路": ("west", -800, 1350),
    "中山路": ("west", -550, -250),
    "富民一路": ("west", -1950, 1750), "大东路": ("west", -400, 550), "五坊路": ("west", -1350, -850),
    "莲花山路": ("west", -2950, -1000), "北山路": ("west", -350, 2750), "枣冲路": ("west", -1500, 2800),
    "东兴路": ("east", 750, 1900), "三云路": ("east", 1750, 2250), "珠山路": ("east", 1650, -250),
    "新兴一路": ("east", 2350, 750),
    "旺步路": ("longhu", -2750, 5900), "太和路": ("longhu", -900, 6450), "万达路": ("chengdong", 7400, 450),
    "中学路": ("xiying", 1850, 16450),
}  # fmt: skip
"""Streets that a school bears the name of, or the other way about: built-up area and a place that they pass."""

_AREA_WORDS = {"west": "河西", "east": "河东", "longhu": "龙湖", "chengdong": "城东", "xiying": "夏郢"}
_NUMERALS = "一二三四五六七八九"

ESTATE_NAMES: tuple[str, ...] = tuple(
    f"{first}{second}"
    for second in ("花园", "苑", "新村", "华府", "小区", "家园", "名城", "雅居", "公馆", "里")
    for first in (
        "桂江", "锦江", "江畔", "金湖", "银湖", "龙腾", "富贵", "吉祥", "如意", "福满", "东方", "南国", "西岸", "北苑", "阳光",
        "月亮湾",
        "翠堤", "绿洲", "碧桂", "金桂", "丹桂", "桂香", "山水", "云山", "观澜", "听涛", "水岸", "鸳江", "骑楼", "怡景",
    )
)  # fmt: skip
"""Made-up names of housing estates; 光大花园 and 美的城 are given to two of them besides (the plan's kindergartens)."""


def street_names(area: str) -> Iterator[str]:
    """Return the names to be given in a built-up area, without end: after the list come numbered lanes."""
    lanes = (f"{_AREA_WORDS[area]}{ten}{one}巷" for ten in ("", *(f"{digit}十" for digit in _NUMERALS)) for one in _NUMERALS)
    return chain(STREET_NAMES[area], lanes)
