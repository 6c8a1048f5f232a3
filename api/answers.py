"""What the public is told of a block: its schools by stage and year, how far, which cluster, and what if one is full."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from xuequ.api.wording import say
from xuequ.maps.texts import texts
from xuequ.zoning.reasons import REASONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.api.geography import Geography
    from xuequ.api.lookup import Place
    from xuequ.api.publication import Publication
    from xuequ.api.wording import Language
    from xuequ.zoning.statement import AssignmentRow

__all__ = ["Answer", "Answers", "Match", "Relief", "School", "SchoolYear", "Source"]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True)


class School(_Model):
    """One school of a zone."""

    school_id: str
    name: str
    invented: bool = Field(description="the record is made up for a demonstration")
    distance_m: float | None = Field(description="length of the way from the block, metres; null if out of reach")
    lon: float | None
    lat: float | None


class Relief(_Model):
    """Where a child is placed when the catchment's school is full: the cluster's other schools, the nearest first."""

    school_id: str
    name: str
    distance_m: float | None


class SchoolYear(_Model):
    """The school, or the schools of a multi-school zone, of a stage in a school year."""

    stage: str
    year: int = Field(description="school year, named by its first calendar year")
    school_id: str = Field(description="as in assignment.csv; A;B for a multi-school zone")
    name: str
    distance_m: float | None
    walk_minutes: int | None
    cluster: str | None = Field(description="id of the cluster's lead school; null for a kindergarten")
    cluster_name: str | None
    alert: str = Field(description="seat alert of the school: green, yellow, red, or empty where not known")
    reason: str = Field(description="why the block goes there: a code of assignment.csv")
    why: str = Field(description="the same in words")
    members: tuple[School, ...]
    relief: tuple[Relief, ...]


class Match(_Model):
    """A known place and its schools."""

    address: str
    block_id: str
    block_name: str
    community: str
    lon: float | None
    lat: float | None
    schools: tuple[SchoolYear, ...]


class Source(_Model):
    """Where the answer stands and whom to ask."""

    district: str
    decided: str | None = Field(description="day of the decision, ISO 8601")
    decision: str = Field(description="the published decision: title, number or address")
    contact: str
    distance_method: str
    data_licence: str


class Answer(_Model):
    """The answer of a look-up."""

    matches: tuple[Match, ...]
    suggestions: tuple[str, ...] = Field(description="the nearest known addresses; empty where there is a match")
    plan_version: str
    synthetic: bool = Field(description="made-up data: not a decision of any authority")
    notices: tuple[str, ...]
    source: Source


class Answers:
    """Makes answers from a publication."""

    def __init__(self, publication: Publication, geography: Geography) -> None:
        self._publication = publication
        self._geography = geography
        points = np.asarray(publication.district.schools.points)
        self._school_lonlat = [geography.lonlat(point) for point in points]

    def answer(self, places: tuple[Place, ...], language: Language) -> Answer:
        """Return what is known of places, each in one block."""
        return Answer(
            matches=tuple(self._match(place, language) for place in places),
            suggestions=(),
            plan_version=self._publication.version,
            synthetic=self._publication.district.synthetic,
            notices=self._notices(language),
            source=self.source(),
        )

    def source(self) -> Source:
        """Say where the answers stand."""
        publication = self._publication
        district = publication.district
        return Source(
            district=district.name,
            decided=publication.decided.isoformat() if publication.decided else None,
            decision=publication.decision,
            contact=district.options.publish.contact,
            distance_method=district.distances.method,
            data_licence=district.data_licence,
        )

    def _match(self, place: Place, language: Language) -> Match:
        district = self._publication.district
        [block] = place.blocks
        block_id = district.blocks.ids[block]
        point = district.blocks.points[block] if place.point is None else place.point
        lonlat = self._geography.lonlat(point)
        reach = self._reach(block)
        return Match(
            address=place.text,
            block_id=block_id,
            block_name=district.blocks.names[block],
            community=district.blocks.communities[block],
            lon=lonlat[0] if lonlat else None,
            lat=lonlat[1] if lonlat else None,
            schools=tuple(
                self._school_year(reach, row, language) for row in self._publication.by_block.get(block_id, ()) if row.school_id
            ),
        )

    def _school_year(self, reach: Mapping[int, float], row: AssignmentRow, language: Language) -> SchoolYear:
        publication = self._publication
        members = tuple(self._school(reach, school) for school in row.school_id.split(";"))
        cluster = next(
            (publication.cluster_of[item.school_id] for item in members if item.school_id in publication.cluster_of), None
        )
        return SchoolYear(
            stage=row.stage,
            year=row.year,
            school_id=row.school_id,
            name=publication.zone_name(row.school_id),
            distance_m=row.distance_m,
            walk_minutes=self._minutes(row.distance_m),
            cluster=cluster,
            cluster_name=publication.cluster_name(cluster) if cluster else None,
            alert=max(
                (publication.alerts.get((item.school_id, row.stage, row.year), "") for item in members),
                key=("", "none", "green", "yellow", "red").index,
            ),
            reason=row.reason,
            why=texts(language)(f"reason.{row.reason}") if row.reason in REASONS else row.reason,
            members=members,
            relief=self._relief(reach, row, cluster),
        )

    def _school(self, reach: Mapping[int, float], school: str) -> School:
        district = self._publication.district
        position = self._publication.school_index.get(school, -1)
        lonlat = self._school_lonlat[position] if position >= 0 else None
        invented = district.schools.invented
        return School(
            school_id=school,
            name=self._publication.school_name(school),
            invented=bool(invented is not None and position >= 0 and invented[position]),
            distance_m=reach.get(position),
            lon=lonlat[0] if lonlat else None,
            lat=lonlat[1] if lonlat else None,
        )

    def _relief(self, reach: Mapping[int, float], row: AssignmentRow, cluster: str | None) -> tuple[Relief, ...]:
        """List the cluster's other schools of the stage, the nearest first (policy §9: catchment, cluster, district)."""
        publication = self._publication
        own = row.school_id.split(";")
        others = [
            Relief(
                school_id=school,
                name=publication.school_name(school),
                distance_m=reach.get(publication.school_index.get(school, -1)),
            )
            for school in publication.members_of.get(cluster or "", ())
            if school not in own and publication.offers(school, row.stage, row.year)
        ]
        return tuple(sorted(others, key=lambda item: (math.inf if item.distance_m is None else item.distance_m, item.school_id)))

    def _reach(self, block: int) -> dict[int, float]:
        """Return the schools within reach of a block with the length of the way, metres."""
        distances = self._publication.district.distances
        entries = slice(distances.indptr[block], distances.indptr[block + 1])
        return dict(zip(distances.schools[entries].tolist(), np.round(distances.metres[entries], 1).tolist(), strict=True))

    def _minutes(self, metres: float | None) -> int | None:
        speed_m = self._publication.district.rules.walk_speed * 1000 / 60
        return None if metres is None else math.ceil(metres / speed_m)

    def _notices(self, language: Language) -> tuple[str, ...]:
        publication = self._publication
        district = publication.district
        phase_in = publication.statement.plan.get("regime") == "phase_in"
        own = district.options.publish.notices
        return tuple(
            text
            for text in (
                say(language, "notice.synthetic") if district.synthetic else "",
                say(language, "notice.phase_in") if phase_in else "",
                say(language, "notice.catchment"),
                own,
            )
            if text
        )
