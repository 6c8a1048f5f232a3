"""Pages of numbers from templates: one file that opens with no network, every text escaped."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FunctionLoader, StrictUndefined

from xuequ.maps.inlining import template_text
from xuequ.maps.typography import font_face

if TYPE_CHECKING:
    import os
    from collections.abc import Mapping

    from xuequ.maps.texts import Texts
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["Page", "document", "source_lines"]

_FONT_MARK = "/*font*/"


@dataclass(frozen=True, slots=True)
class Page:
    """
    A page of numbers.

    Parameters
    ----------
    html
        The page.
    """

    html: str

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Write the page and return where it is; folders are made."""
        target = Path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(self.html, encoding="utf-8", newline="\n")
        return target


def document(template: str, values: Mapping[str, Any]) -> str:
    """Fill a template of ``maps/templates``; a name that the template asks for and nobody gives is an error."""
    environment = Environment(loader=FunctionLoader(template_text), autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters["values_max"] = lambda counts: max(counts.values(), default=0)
    page = environment.get_template(template).render(values, styles=template_text("page.css") + _FONT_MARK)
    return page.replace(_FONT_MARK, font_face(page), 1)


def source_lines(district: District, plan: Plan, texts: Texts) -> list[str]:
    """Return where the numbers come from, line by line."""
    lines = [
        texts("source", fingerprint=plan.fingerprint[:12], seed=plan.seed),
        texts("distances", method=texts.told(district.distances.method)),
        texts("demand", method=texts.told(district.demand.method)),
    ]
    if district.data_licence:
        lines.append(texts("licence", licence=district.data_licence))
    return lines
