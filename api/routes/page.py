"""The public page: a form, an answer and a map, whole without JavaScript but for the map."""

from __future__ import annotations

from functools import partial
from importlib import resources
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.responses import Response  # noqa: TC002 - fastapi reads the annotations
from starlette.staticfiles import StaticFiles

from xuequ.api.answer_cards import cards, length
from xuequ.api.answers import Answer
from xuequ.api.inquiry import Unknown
from xuequ.api.problems import declared
from xuequ.api.routes.public import Address, Lang, Lat, Lon  # noqa: TC001 - fastapi reads the annotations
from xuequ.api.wording import Language, say
from xuequ.maps.palette import FILLS

if TYPE_CHECKING:
    import os

    from fastapi import FastAPI

    from xuequ.api.geography import Geography
    from xuequ.api.inquiry import Inquiries
    from xuequ.api.publication import Publication

__all__ = ["mount_static", "page_routes"]


class Page:
    """Renders the page of one publication."""

    def __init__(self, publication: Publication, inquiries: Inquiries, geography: Geography) -> None:
        self._publication = publication
        self._inquiries = inquiries
        self._has_map = geography.is_located and geography.has_outlines
        self._templates = Environment(
            loader=PackageLoader("xuequ.api"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )

    def render(self, language: Language, asked: dict[str, str], found: Answer | Unknown | None, *, whole: bool = True) -> str:
        """Return the page, or only its answer."""
        other: Language = "en" if language == "zh" else "zh"
        publication = self._publication
        values: dict[str, Any] = {
            "t": partial(say, language),
            "language": language,
            "html_language": "zh-CN" if language == "zh" else "en",
            "other": other,
            "other_html_language": "zh-CN" if other == "zh" else "en",
            "other_link": ("/lookup?" if asked else "/?") + urlencode({**asked, "lang": other}),
            "other_name": say(language, "switch"),
            "length": partial(length, language=language),
            "asked": asked,
            "answer": found if isinstance(found, Answer) else None,
            "unknown": found if isinstance(found, Unknown) else None,
            "cards": cards(found, language) if isinstance(found, Answer) else (),
            "example": self._inquiries.example(),
            "district": publication.district,
            "publication": publication,
            "source": self._inquiries.answers.source(),
            "has_map": self._has_map,
            "fills": " ".join(FILLS),
        }
        return self._templates.get_template("page.html" if whole else "answer.html").render(values)


def page_routes(publication: Publication, inquiries: Inquiries, geography: Geography) -> APIRouter:
    """Make the routes of the page."""
    router = APIRouter(tags=["page"])
    page = Page(publication, inquiries, geography)

    @router.get("/", response_class=HTMLResponse, responses=declared(422))
    def home(lang: Lang = None) -> Response:
        """Return the page with nothing looked up."""
        return _html(page.render(lang or publication.language, {}, None))

    @router.get(
        "/lookup",
        response_class=HTMLResponse,
        responses={404: {"description": "not known", "content": {"text/html": {}}}, **declared(422)},
    )
    def lookup(
        address: Address = None,
        lon: Lon = None,
        lat: Lat = None,
        lang: Lang = None,
        part: Annotated[Literal["page", "answer"], Query(description="the whole page, or only the answer")] = "page",
    ) -> Response:
        """Return the page with the answer to an address or a point: what a browser without JavaScript asks for."""
        language = lang or publication.language
        found: Answer | Unknown | None
        asked: dict[str, str] = {}
        if address is not None and address.strip():
            asked = {"address": address}
            found = inquiries.by_address(address, language)
        elif lon is not None and lat is not None:
            asked = {"lon": f"{lon:.6f}", "lat": f"{lat:.6f}"}
            found = inquiries.by_point(lon, lat, language)
        else:
            found = Unknown("unknown-address", say(language, "unknown.blank"))
        return _html(page.render(language, asked, found, whole=part == "page"), 404 if isinstance(found, Unknown) else 200)

    return router


class _Revalidated(StaticFiles):
    """Static files that a browser keeps and asks about each time."""

    def file_response(
        self, full_path: str | os.PathLike[str], stat_result: os.stat_result, scope: Any, status_code: int = 200
    ) -> Response:
        response = super().file_response(full_path, stat_result, scope, status_code)
        response.headers["Cache-Control"] = "no-cache"
        return response


def mount_static(app: FastAPI) -> None:
    """Serve the page's own files, and the one copy of Leaflet that the maps hold."""
    app.mount("/static/leaflet", _Revalidated(directory=str(resources.files("xuequ.maps") / "leaflet")), name="leaflet")
    app.mount("/static", _Revalidated(directory=str(resources.files("xuequ.api") / "static")), name="static")


def _html(text: str, status: int = 200) -> Response:
    return HTMLResponse(text, status, headers={"Cache-Control": "no-cache"})
