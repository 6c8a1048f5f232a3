"""What is published: one district with one verified plan, and where each thing of it is found."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from xuequ.zoning.errors import CaseError
from xuequ.zoning.places import index_of
from xuequ.zoning.stage import Stage
from xuequ.zoning.statement import ClusterRow

if TYPE_CHECKING:
    from collections.abc import Mapping

    from xuequ.api.settings import Settings
    from xuequ.api.wording import Language
    from xuequ.zoning.district import District
    from xuequ.zoning.statement import AssignmentRow, SchoolRow, Statement

__all__ = ["Publication", "open_publication", "published"]


@dataclass(frozen=True, slots=True, eq=False)
class Publication:
    """
    A district, its verified plan, and indexes into both. Make one with `published` or `open_publication`.

    Parameters
    ----------
    district, statement
        What is published.
    version
        First 12 hexadecimal digits of the SHA-256 of the plan's rows: another plan, another version.
    decided, decision
        Day and source of the decision, where they are given.
    language
        Language of the page where a visitor names none.
    """

    district: District
    statement: Statement
    version: str
    decided: date | None = None
    decision: str = ""
    language: Language = "zh"
    school_index: Mapping[str, int] = field(default_factory=dict)
    by_block: Mapping[str, tuple[AssignmentRow, ...]] = field(default_factory=dict)
    by_catchment: Mapping[tuple[str, int], Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    cluster_of: Mapping[str, str] = field(default_factory=dict)
    role_of: Mapping[str, str] = field(default_factory=dict)
    members_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    alerts: Mapping[tuple[str, str, int], str] = field(default_factory=dict)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages that have catchments, youngest first."""
        present = {stage for stage, _ in self.by_catchment}
        return tuple(stage for stage in Stage if stage in present)

    @property
    def years(self) -> tuple[int, ...]:
        """The school years that have catchments, ascending."""
        return tuple(sorted({year for _, year in self.by_catchment}))

    def school_name(self, school: str) -> str:
        """Return the name of a school, its id where it has none."""
        position = self.school_index.get(school)
        name = "" if position is None else self.district.schools.names[position]
        return name or school

    def zone_name(self, zone: str) -> str:
        """Return the names of the schools of a zone ``A;B``."""
        return "、".join(self.school_name(school) for school in zone.split(";"))

    def cluster_name(self, cluster: str) -> str:
        """
        Return the name of a cluster: the plan's, that of today's clusters, else its lead school's with 学区.

        A name that is only the lead school's says nothing: one would take the cluster for the school.
        """
        lead = self.school_name(cluster)
        today = dict(self.district.clusters.names) if self.district.clusters else {}
        for names in (self.statement.plan.get("cluster_names", {}), today):
            if names.get(cluster) not in {None, "", lead}:
                return str(names[cluster])
        return f"{lead.removesuffix('小学')}学区" if not lead.isascii() else lead

    def offers(self, school: str, stage: str, year: int) -> bool:
        """Say whether a school has a catchment of a stage in a school year."""
        return any(school in zone.split(";") for zone in self.by_catchment.get((stage, year), ()))


def published(district: District, statement: Statement, settings: Settings) -> Publication:
    """
    Verify a plan and make it ready to be shown.

    Raises
    ------
    VerificationFailed
        If the plan says something that is not so: no plan is shown unverified (model.md §6).
    """
    from xuequ.zoning.verification import verify  # noqa: PLC0415 - the verifier, only when something is to be published

    verify(district, statement).raise_if_failed()
    return assembled(district, statement, settings)


def assembled(district: District, statement: Statement, settings: Settings) -> Publication:
    """Index a plan that has been verified."""
    by_block: dict[str, list[AssignmentRow]] = {}
    by_catchment: dict[tuple[str, int], dict[str, list[str]]] = {}
    for row in statement.assignment:
        by_block.setdefault(row.block_id, []).append(row)
        by_catchment.setdefault((row.stage, row.year), {}).setdefault(row.school_id, []).append(row.block_id)
    publish = district.options.publish
    members: dict[str, list[str]] = {}
    clusters = statement.clusters or _clusters_of_today(district)
    for membership in clusters:
        members.setdefault(membership.cluster, []).append(membership.school_id)
    return Publication(
        district,
        statement,
        version=_version(statement),
        decided=settings.published or (date.fromisoformat(publish.decided) if publish.decided else None),
        decision=settings.decision or publish.decision,
        language=settings.language or ("en" if district.language == "en" else "zh"),
        school_index=MappingProxyType(index_of(district.schools.ids)),
        by_block=MappingProxyType({block: tuple(sorted(rows, key=_order)) for block, rows in by_block.items()}),
        by_catchment=MappingProxyType(
            {
                key: MappingProxyType({zone: tuple(blocks) for zone, blocks in sorted(zones.items())})
                for key, zones in by_catchment.items()
            }
        ),
        cluster_of=MappingProxyType({item.school_id: item.cluster for item in clusters}),
        role_of=MappingProxyType({item.school_id: item.role for item in clusters}),
        members_of=MappingProxyType({cluster: tuple(schools) for cluster, schools in members.items()}),
        alerts=MappingProxyType({_stage_of(row): row.alert for row in statement.schools}),
    )


def _clusters_of_today(district: District) -> tuple[ClusterRow, ...]:
    """Return today's clusters as a plan would state them: they go on where a plan decides none."""
    members = district.clusters.members if district.clusters else ()
    return tuple(ClusterRow(item.school, item.cluster, str(item.role)) for item in members)


def open_publication(settings: Settings) -> Publication:
    """
    Read case and plan, verify, and make them ready to be shown.

    Raises
    ------
    InputError
        If the case or the plan cannot be read, or there is no plan.
    VerificationFailed
        If the plan says something that is not so.
    """
    from xuequ.data.case import case_folder, read_case  # noqa: PLC0415 - heavy
    from xuequ.data.plans import read_plan  # noqa: PLC0415

    folder = settings.plan or case_folder(settings.case) / "plan"
    if not folder.is_dir():
        raise CaseError(
            f"there is no plan folder {folder}; make one with: xuequ plan {settings.case} --out PLAN, "
            f"then: xuequ serve {settings.case} PLAN"
        )
    district = read_case(settings.case, settings.overrides).district
    return published(district, read_plan(folder), settings)


def _order(row: AssignmentRow) -> tuple[int, int, str]:
    return list(Stage).index(Stage(row.stage)), row.year, row.school_id


def _stage_of(row: SchoolRow) -> tuple[str, str, int]:
    return row.school_id, row.stage, row.year


def _version(statement: Statement) -> str:
    rows: list[Any] = [statement.plan.get("case"), statement.assignment, statement.schools, statement.seats]
    text = json.dumps([*rows, statement.clusters], ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()[:12]
