"""The public's answers as data: look-up, suggestions, and the map's shapes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Query, Request
from fastapi.responses import JSONResponse, Response

from xuequ.api.answers import Answer
from xuequ.api.faults import ProblemKind
from xuequ.api.problems import declared, problem_response
from xuequ.api.wording import Language, say
from xuequ.zoning.stage import Stage

if TYPE_CHECKING:
    from xuequ.api.cartography import Cartography
    from xuequ.api.inquiry import Inquiries, Unknown
    from xuequ.api.publication import Publication

__all__ = ["UNKNOWN_TITLES", "public_routes"]

ADDRESS_MAX = 200

UNKNOWN_TITLES = {
    "unknown-address": "The address is not known",
    "too-wide": "The name means more blocks than can be answered",
    "outside": "The point is in no block of the district",
    "not-located": "The district has no place on the globe",
}

Lang = Annotated[Language | None, Query(description="language of sentences; the case's if not given")]
Address = Annotated[
    str | None, Query(max_length=ADDRESS_MAX, description="street and house number, estate, village, or community")
]
Lon = Annotated[float | None, Query(ge=-180, le=180, allow_inf_nan=False, description="longitude, WGS 84")]
Lat = Annotated[float | None, Query(ge=-90, le=90, allow_inf_nan=False, description="latitude, WGS 84")]
AskedStage = Annotated[Literal["kindergarten", "primary", "junior"], Query(description="stage of schooling")]
AskedYear = Annotated[int, Query(ge=1900, le=9999, description="school year, named by its first calendar year")]


def public_routes(publication: Publication, inquiries: Inquiries, cartography: Cartography) -> APIRouter:
    """Make the routes under ``/api``."""
    router = APIRouter(prefix="/api", tags=["public"])

    @router.get("/lookup", response_model=Answer, responses=declared(400, 404, 422))
    def lookup(address: Address = None, lon: Lon = None, lat: Lat = None, lang: Lang = None) -> Answer | Response:
        """
        Return the schools of an address, or of a point, by stage and school year.

        A known address has its block's schools. What is not known is answered 404 with the nearest known addresses, never with a
        school by guess.
        """
        language = lang or publication.language
        if address is not None and address.strip() and lon is None and lat is None:
            found = inquiries.by_address(address, language)
        elif lon is not None and lat is not None and address is None:
            found = inquiries.by_point(lon, lat, language)
        else:
            kind = ProblemKind(400, "what-to-look-up", "Nothing, or too much, to look up")
            return problem_response(kind, say(language, "unknown.one_way"))
        return found if isinstance(found, Answer) else _not_found(found, publication)

    @router.get("/suggestions", responses=declared(422))
    def suggestions(
        q: Annotated[str, Query(max_length=ADDRESS_MAX, description="what is typed so far")],
        limit: Annotated[int, Query(ge=1, le=20, description="most suggestions")] = 8,
    ) -> dict[Literal["suggestions"], tuple[str, ...]]:
        """Return known addresses and places near to what is typed, the nearest first."""
        return {"suggestions": inquiries.suggest(q, limit)}

    @router.get("/map", response_class=JSONResponse)
    def base(request: Request) -> Response:
        """Return what lies under every map: outline, rivers, roads, and the schools with the years that they serve."""
        return cartography.base().response(request)

    @router.get("/map/catchments", response_class=GeoJSONResponse, responses=declared(404, 422))
    def catchments(request: Request, stage: AskedStage, year: AskedYear) -> Response:
        """Return the catchments of a stage and school year, simplified for a screen; ``/ogc`` has them exactly."""
        if (stage, year) not in publication.by_catchment:
            kind = ProblemKind(404, "no-catchments", "The plan has no such catchments")
            return problem_response(kind, f"the plan has no {Stage(stage)} catchments for {year}")
        return cartography.map_of(stage, year).response(request)

    return router


class GeoJSONResponse(JSONResponse):
    """A response of GeoJSON (RFC 7946)."""

    media_type = "application/geo+json"


def _not_found(found: Unknown, publication: Publication) -> JSONResponse:
    """Answer 404 with what comes near, and with the keys that an answer has."""
    return problem_response(
        ProblemKind(404, found.slug, UNKNOWN_TITLES[found.slug]),
        found.detail,
        matches=[],
        suggestions=found.suggestions,
        plan_version=publication.version,
        synthetic=publication.district.synthetic,
    )
