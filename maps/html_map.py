"""The interactive map: one HTML file that opens with no network, made by folium."""

from __future__ import annotations

import json
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

from jinja2 import Template

from xuequ.maps.documents import Page
from xuequ.maps.inlining import inlined, script_safe, template_text
from xuequ.maps.outlook_words import outlook_sentences
from xuequ.maps.payload import map_payload
from xuequ.maps.scene import scene
from xuequ.maps.texts import texts as words_of
from xuequ.maps.typography import font_face

if TYPE_CHECKING:
    from xuequ.maps.scene import Scene
    from xuequ.maps.texts import Texts
    from xuequ.zoning.district import District
    from xuequ.zoning.plan import Plan

__all__ = ["HtmlMap", "interactive"]

_POLICY = (
    "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; font-src data:; "
    "base-uri 'none'; form-action 'none'"
)
"""What a browser may load for the page: nothing but what is in it."""

_MARKS = ("[xuequ: header]", "[xuequ: body]", "[xuequ: script]")
"""Where our parts go in folium's page."""


@dataclass(frozen=True, slots=True)
class HtmlMap(Page):
    """A map as one HTML page."""

    def _repr_html_(self) -> str:
        """Return the page in a frame, for notebooks."""
        return f'<iframe srcdoc="{escape(self.html)}" style="width:100%;height:640px;border:0"></iframe>'


def interactive(district: District, plan: Plan, lang: str = "zh") -> HtmlMap:
    """
    Draw a plan as a page to look around in: stages and years, catchments, schools, sites, clusters, large classes by year.

    Parameters
    ----------
    district, plan
        What is drawn; the plan should be verified.
    lang
        ``zh`` or ``en``.

    Raises
    ------
    ValueError
        If there are no texts in the language.
    """
    texts = words_of(lang)
    shown = scene(district, plan)
    payload = map_payload(shown, texts) | {"outlookText": outlook_sentences(shown, texts), "source": _source(shown, texts)}
    return HtmlMap(_page(shown, texts, json.dumps(payload, ensure_ascii=False, separators=(",", ":"))))


def _source(shown: Scene, texts: Texts) -> list[str]:
    lines = [
        texts("source", fingerprint=shown.plan.fingerprint[:12], seed=shown.plan.seed),
        texts("distances", method=texts.told(shown.district.distances.method)),
    ]
    if shown.district.data_licence:
        lines.append(texts("licence", licence=shown.district.data_licence))
    return lines


def _page(shown: Scene, texts: Texts, payload: str) -> str:
    import folium  # noqa: PLC0415 - heavy, and only this page needs it

    sheet = folium.Map(
        location=[0, 0], zoom_start=-4, tiles=None, crs="Simple", prefer_canvas=True, zoom_control=False,
        minZoom=-9, maxZoom=4, zoom_snap=0.25, zoom_delta=0.5, attribution_control=False,
    )  # fmt: skip
    # Folium names things at random; the same plan shall give the same bytes.
    sheet._id = "district"  # noqa: SLF001
    page = sheet.get_root()
    page._id = "page"  # noqa: SLF001
    title = f"{shown.district.name} · {texts('title.map')}"
    header = (
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        f"<title>{escape(title)}</title><style>{template_text('map.css')}\n{font_face(payload + title)}</style>"
    )
    body = (
        f'<script type="application/json" id="xuequ-data">{script_safe(payload)}</script>'
        f'<aside id="panel" tabindex="-1" aria-label="{escape(texts("panel"))}"></aside>'
    )
    call = f"showDistrict({sheet.get_name()}, JSON.parse(document.getElementById('xuequ-data').textContent));"
    sheet.add_child(_places())
    # Folium reads what it is given as templates, twice: nothing of ours, least of all a name, may pass through it.
    framed = _as_document(inlined(page.render()), texts)
    parts = (header, body, f"{template_text('map.js')}\n{call}")
    # From the end, so that a name that looks like a place is never taken for one.
    for mark, text in zip(reversed(_MARKS), reversed(parts), strict=True):
        before, found, after = framed.partition(mark)
        if not found:
            raise ValueError(f"folium's page has lost the place of {mark}")
        framed = f"{before}{text}{after}"
    return framed


def _places() -> Any:
    """Return a part of a folium page that holds the places of our header, body and script."""
    from folium import MacroElement  # noqa: PLC0415 - heavy, and only this page needs it

    part: Any = MacroElement()  # type: ignore[no-untyped-call]
    part._id = "xuequ"  # noqa: SLF001
    macros = zip(("header", "html", "script"), _MARKS, strict=True)
    source = "".join(f"{{% macro {name}(this, kwargs) %}}{mark}{{% endmacro %}}" for name, mark in macros)
    part._template = Template(source)  # noqa: SLF001
    return part


def _as_document(page: str, texts: Texts) -> str:
    """Give the page its language, and let a person who needs it enlarge it."""
    head, mark, rest = page.partition("<html>")
    if not mark:
        raise ValueError("folium's page has another beginning than expected")
    rest = rest.replace("initial-scale=1.0, maximum-scale=1.0, user-scalable=no", "initial-scale=1.0", 1)
    return f'{head}<html lang="{texts.html_language}">{rest}'
