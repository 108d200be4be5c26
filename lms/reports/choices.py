"""What a report can be narrowed to, and what its groups are called."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.oblasts import OBLAST_CODES, OBLASTS
from lms.directory.project_models import Project
from lms.reports.asked import By
from lms.reports.facts import first_day
from lms.reports.reach import Reach
from lms.schedule.plan_models import Programme, Series
from lms.statements import fetch, once

MOST = 1_000
"""Organisations, programmes or series that can be chosen from."""


@dataclass(frozen=True, slots=True)
class Name:
    """What something is called; `code` is the national one of a territory, or what it has in addresses."""

    uk: str
    en: str = ""
    code: str = ""
    id: int = 0
    oblast: str = ""


@dataclass(frozen=True, slots=True)
class Choices:
    """Names by key, in the order in which they are offered."""

    beginning: date
    """The day of the first occurrence that was held."""
    organisations: dict[str, Name]
    communities: dict[str, Name]
    programmes: dict[str, Name]
    series: dict[str, Name]
    projects: dict[str, Name]

    @property
    def oblasts(self) -> dict[str, Name]:
        """Those in which an organisation is."""
        here = {each.oblast for each in self.organisations.values()}
        known = {name: oblast_name(name) for name in OBLASTS if name in here}
        return known | {name: Name(name) for name in sorted(here - known.keys()) if name}

    def names(self, by: By) -> dict[str, Name]:
        """Of the groups of a report; empty for what the pages have words for."""
        of: dict[By, dict[str, Name]] = {
            By.OBLAST: self.oblasts,
            By.COMMUNITY: self.communities,
            By.ORGANISATION: self.organisations,
            By.PROGRAMME: self.programmes,
            By.SERIES: self.series,
            By.PROJECT: self.projects,
        }
        return of.get(by, {})


def oblast_name(name: str) -> Name:
    """An oblast with its English name and its code."""
    return Name(name, OBLASTS.get(name, ""), OBLAST_CODES.get(name, ""))


def choices(session: Session, reach: Reach, today: date) -> Choices:
    """What this visitor may choose. Five statements."""
    organisations: dict[str, Name] = {}
    communities: dict[str, Name] = {}
    for row in fetch(session, *_organisations()):
        if not reach.everything and not reach.programmes and row.id not in reach.organisations:
            continue
        organisations[row.code] = Name(row.name_uk, row.name_en, row.code, row.id, row.oblast)
        if row.community or row.community_code:
            key = row.community_code or row.community
            communities.setdefault(key, Name(row.community or key, "", row.community_code, 0, row.oblast))
    own = None if reach.everything else reach.programmes
    programmes = fetch(session, *_programmes(own))
    series = fetch(session, *_series(own))
    projects = fetch(session, *_projects()) if reach.everything or reach.programmes else ()
    return Choices(
        first_day(session) or today,
        organisations,
        dict(sorted(communities.items(), key=lambda each: each[1].uk)),
        {row.slug: Name(row.title, row.title_en, row.slug, row.id) for row in programmes},
        {row.slug: Name(row.title, row.title_en, row.slug, row.id) for row in series},
        {row.slug: Name(row.name, row.name_en, row.slug, row.id) for row in projects},
    )


@once
def _organisations() -> Select[*tuple[Any, ...]]:
    return (
        select(
            Organisation.id,
            Organisation.code,
            Organisation.name_uk,
            Organisation.name_en,
            Organisation.oblast,
            Organisation.community,
            Organisation.community_code,
        )
        .where(Organisation.merged_into_id.is_(None))
        .order_by(Organisation.name_uk, Organisation.id)
    )


@once
def _programmes(own: Collection[int] | None) -> Select[*tuple[Any, ...]]:
    query = select(Programme.id, Programme.slug, Programme.title, Programme.title_en)
    if own is not None:
        query = query.where(Programme.id.in_(own))
    return query.order_by(Programme.title, Programme.id).limit(MOST)


@once
def _projects() -> Select[*tuple[Any, ...]]:
    query = select(Project.id, Project.slug, Project.name, Project.name_en)
    return query.order_by(Project.name, Project.id).limit(MOST)


@once
def _series(own: Collection[int] | None) -> Select[*tuple[Any, ...]]:
    query = select(Series.id, Series.slug, Series.title, Series.title_en)
    if own is not None:
        query = query.where(Series.programme_id.in_(own))
    return query.order_by(Series.title, Series.id).limit(MOST)
