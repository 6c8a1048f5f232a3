"""OGC API – Features, Core, GeoJSON: what QGIS and GDAL read (``/ogc``)."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Path, Query, Request
from fastapi.responses import JSONResponse  # noqa: TC002 - fastapi reads the annotations
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException

from xuequ.api.feature_collections import Collection, Selection, collections_of
from xuequ.api.problems import declared
from xuequ.api.routes.public import GeoJSONResponse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from xuequ.api.cartography import Cartography
    from xuequ.api.geography import Geography
    from xuequ.api.publication import Publication

__all__ = ["features_routes"]

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
CONFORMANCE = (
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core",
    "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/geojson",
)
GEOJSON = "application/geo+json"
OPENAPI = "application/vnd.oai.openapi+json;version=3.1"

ERRORS: dict[int | str, dict[str, Any]] = {**declared(400), "4XX": declared(400)[400]}
"""4XX keeps the framework from promising a 422 of its own: here a wrong parameter is a 400."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class Link(_Model):
    """A link to a related resource."""

    href: str
    rel: str
    type: str
    title: str


class Landing(_Model):
    """The landing page."""

    title: str
    description: str
    links: tuple[Link, ...]


class Conformance(_Model):
    """What the interface conforms to."""

    conformsTo: tuple[str, ...]  # noqa: N815 - the standard's name


class CollectionInfo(_Model):
    """What a collection is."""

    id: str
    title: str
    description: str
    itemType: str = "feature"  # noqa: N815 - the standard's name
    crs: tuple[str, ...] = (CRS84,)
    extent: dict[str, Any]
    links: tuple[Link, ...]


class CollectionList(_Model):
    """All collections."""

    collections: tuple[CollectionInfo, ...]
    links: tuple[Link, ...]


class Feature(_Model):
    """A GeoJSON feature."""

    type: Literal["Feature"]
    id: str
    geometry: dict[str, Any] | None
    properties: dict[str, Any]
    links: tuple[Link, ...] = ()


class FeaturePage(_Model):
    """A page of a GeoJSON feature collection."""

    type: Literal["FeatureCollection"]
    features: tuple[Feature, ...]
    links: tuple[Link, ...]
    timeStamp: str  # noqa: N815 - the standard's name
    numberMatched: int  # noqa: N815
    numberReturned: int  # noqa: N815


@dataclass(frozen=True, slots=True)
class ItemsQuery:
    """
    The parameters of a page of features.

    Notes
    -----
    OGC 17-069r4, 7.15: ``limit``, ``bbox``, ``datetime``, and a parameter for each property that filters.
    """

    limit: Annotated[int, Query(ge=1, le=10_000, description="most features of a page")] = 200
    offset: Annotated[int, Query(ge=0, le=2**31, description="features left out before the page")] = 0
    bbox: Annotated[str | None, Query(max_length=200, description="west,south,east,north (CRS84), or with heights")] = None
    datetime: Annotated[
        str | None, Query(max_length=100, description="an instant or interval (RFC 3339) that the school year meets")
    ] = None
    stage: Annotated[Literal["kindergarten", "primary", "junior"] | None, Query(description="catchments of this stage")] = None
    year: Annotated[int | None, Query(ge=1900, le=9999, description="catchments of this school year")] = None
    school_id: Annotated[str | None, Query(max_length=200, description="features of this school or zone")] = None

    def selection(self) -> Selection:
        """
        Return what is asked for.

        Raises
        ------
        HTTPException
            400 for a box or a time that is not understood.
        """
        given = {"stage": self.stage, "year": self.year, "school_id": self.school_id}
        return Selection(
            _boxes(self.bbox) if self.bbox is not None else (),
            _school_years(self.datetime) if self.datetime is not None else None,
            {name: value for name, value in given.items() if value is not None},
        )


def features_routes(publication: Publication, geography: Geography, cartography: Cartography) -> APIRouter:
    """Make the routes under ``/ogc``."""
    router = APIRouter(prefix="/ogc", tags=["features"], dependencies=[Depends(_only_known_parameters)], responses=ERRORS)
    shelf = _Shelf(collections_of(publication, geography, cartography))
    _describe(router, shelf, publication)
    _hand_out(router, shelf)
    return router


def _describe(router: APIRouter, shelf: _Shelf, publication: Publication) -> None:
    """Add the routes that say what is there."""
    title = f"xuequ: {publication.district.name}"

    @router.get("")
    def landing(request: Request) -> Landing:
        """Return where everything is."""
        base = _base(request)
        return Landing(
            title=title,
            description="Published catchments, schools, clusters and sites."
            + (" Synthetic data." if publication.district.synthetic else ""),
            links=(
                Link(href=f"{base}/ogc", rel="self", type="application/json", title="this document"),
                Link(href=f"{base}/openapi.json", rel="service-desc", type=OPENAPI, title="the interface"),
                Link(href=f"{base}/", rel="service-doc", type="text/html", title="the public page"),
                Link(href=f"{base}/ogc/conformance", rel="conformance", type="application/json", title="what it conforms to"),
                Link(href=f"{base}/ogc/collections", rel="data", type="application/json", title="the collections"),
            ),
        )

    @router.get("/conformance")
    def conformance() -> Conformance:
        """Return the classes of the standard that hold."""
        return Conformance(conformsTo=CONFORMANCE)

    @router.get("/collections")
    def collections(request: Request) -> CollectionList:
        """Return what the collections are."""
        base = _base(request)
        return CollectionList(
            collections=tuple(_info(shelf.get(name), base) for name in shelf.names),
            links=(Link(href=f"{base}/ogc/collections", rel="self", type="application/json", title="this document"),),
        )

    @router.get("/collections/{collection}", responses=declared(404))
    def collection(request: Request, collection: Annotated[str, Path(max_length=100)]) -> CollectionInfo:
        """Return what a collection is."""
        return _info(shelf.get(collection), _base(request))


def _hand_out(router: APIRouter, shelf: _Shelf) -> None:
    """Add the routes that give features."""

    @router.get(
        "/collections/{collection}/items", response_class=GeoJSONResponse, response_model=FeaturePage, responses=declared(404)
    )
    def items(
        request: Request, collection: Annotated[str, Path(max_length=100)], query: Annotated[ItemsQuery, Depends()]
    ) -> JSONResponse:
        """Return a page of features; the link ``next`` leads to the one after it."""
        source = shelf.get(collection)
        found = source.select(query.selection())
        shown = found[query.offset : query.offset + query.limit]
        here = f"{_base(request)}/ogc/collections/{quote(collection, safe='')}/items"
        return GeoJSONResponse(
            {
                "type": "FeatureCollection",
                "features": [source.feature(at) for at in shown],
                "links": [link.model_dump() for link in _page_links(here, request, query, len(found))],
                "timeStamp": datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
                "numberMatched": len(found),
                "numberReturned": len(shown),
            }
        )

    @router.get(
        "/collections/{collection}/items/{feature:path}",
        response_class=GeoJSONResponse,
        response_model=Feature,
        responses=declared(404),
    )
    def item(
        request: Request, collection: Annotated[str, Path(max_length=100)], feature: Annotated[str, Path(max_length=300)]
    ) -> JSONResponse:
        """Return one feature."""
        source = shelf.get(collection)
        try:
            found = source.feature(source.position(feature))
        except KeyError:
            raise HTTPException(404, f"the collection {collection} has no feature {feature[:80]}") from None
        home = f"{_base(request)}/ogc/collections/{quote(collection, safe='')}"
        links = (
            Link(href=f"{home}/items/{quote(feature, safe='')}", rel="self", type=GEOJSON, title="this feature"),
            Link(href=home, rel="collection", type="application/json", title="its collection"),
        )
        return GeoJSONResponse({**found, "links": [link.model_dump() for link in links]})


class _Shelf:
    """Collections, each made when it is first asked for."""

    def __init__(self, makers: Mapping[str, Callable[[], Collection]]) -> None:
        self._makers = makers
        self._made: dict[str, Collection] = {}
        self._lock = threading.Lock()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self._makers)

    def get(self, name: str) -> Collection:
        if name not in self._makers:
            raise HTTPException(404, f"there is no collection {name[:80]}; there are {', '.join(self._makers)}")
        with self._lock:
            if name not in self._made:
                self._made[name] = self._makers[name]()
            return self._made[name]


def _only_known_parameters(request: Request) -> None:
    """Refuse parameters that the interface does not have (OGC 17-069r4, 7.15.8 and requirement /req/core/query-param-unknown)."""
    known = set(ItemsQuery.__dataclass_fields__) if request.url.path.rstrip("/").endswith("/items") else set()
    unknown = sorted(set(request.query_params) - known)
    if unknown:
        there = f"; there are {', '.join(sorted(known))}" if known else ""
        raise HTTPException(400, f"unknown parameter {', '.join(unknown)[:100]}{there}")


def _base(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def _info(collection: Collection, base: str) -> CollectionInfo:
    home = f"{base}/ogc/collections/{collection.name}"
    extent: dict[str, Any] = {}
    if collection.extent:
        extent["spatial"] = {"bbox": [collection.extent], "crs": CRS84}
    if collection.years:
        first, last = collection.years
        extent["temporal"] = {
            "interval": [[f"{first}-09-01T00:00:00Z", f"{last + 1}-08-31T23:59:59Z"]],
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return CollectionInfo(
        id=collection.name,
        title=collection.title,
        description=collection.description,
        extent=extent,
        links=(
            Link(href=home, rel="self", type="application/json", title=collection.title),
            Link(href=f"{home}/items", rel="items", type=GEOJSON, title=collection.title),
        ),
    )


def _page_links(here: str, request: Request, query: ItemsQuery, count: int) -> list[Link]:
    asked = {name: value for name, value in request.query_params.items() if name not in ("offset", "limit")}

    def at(offset: int) -> str:
        return f"{here}?{urlencode({**asked, 'limit': query.limit, 'offset': offset})}"

    links = [
        Link(href=at(query.offset), rel="self", type=GEOJSON, title="this page"),
        Link(href=here.removesuffix("/items"), rel="collection", type="application/json", title="the collection"),
    ]
    if query.offset + query.limit < count:
        links.append(Link(href=at(query.offset + query.limit), rel="next", type=GEOJSON, title="the next page"))
    if query.offset:
        links.append(Link(href=at(max(0, query.offset - query.limit)), rel="prev", type=GEOJSON, title="the page before"))
    return links


def _boxes(text: str) -> tuple[tuple[float, float, float, float], ...]:
    """Read a box; one that crosses the antimeridian is two."""
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 6:
        del numbers[5], numbers[2]  # heights: everything lies on the ground
    fits = len(numbers) == 4 and all(-180 <= lon <= 180 for lon in numbers[::2]) and -90 <= numbers[1] <= numbers[3] <= 90
    if not fits:
        raise HTTPException(400, "bbox is four numbers west,south,east,north in degrees, or six with heights")
    west, south, east, north = numbers
    if west <= east:
        return ((west, south, east, north),)
    return ((west, south, 180.0, north), (-180.0, south, east, north))


def _school_years(text: str) -> tuple[int, int]:
    """Return the first and the last school year that an instant or interval meets; a school year starts on 1 September."""
    ends = text.split("/")
    try:
        days = [None if end in ("", "..") else _day(end) for end in ends]
    except ValueError:
        days = []
    first, last = (days[0], days[-1]) if 0 < len(days) <= 2 else (None, None)
    if (first is None and last is None and days != [None, None]) or (first and last and first > last):
        raise HTTPException(400, "datetime is an instant 2026-10-01T00:00:00Z, a day, or an interval 2026-09-01/.. of them")
    return _school_year(first) if first else 0, _school_year(last) if last else 9999


def _day(text: str) -> date:
    return datetime.fromisoformat(text).date() if "T" in text else date.fromisoformat(text)


def _school_year(day: date) -> int:
    return day.year if day.month >= 9 else day.year - 1
