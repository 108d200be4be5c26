"""Letters about the day on which one looks back: a week before and on the day, once each. By the worker."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.days import day_of
from lms.directory.models import Organisation, RoleGrant, RoleName, Scope
from lms.notify.actions import enqueue
from lms.roadmaps.models import Roadmap, RoadmapState
from lms.roadmaps.rules import OPEN, WEEK_BEFORE, due_notice, is_overdue

KIND = "roadmap.follow_up"


@dataclass(frozen=True, slots=True)
class FollowUp:
    """What the letter says."""

    title: str
    organisation_uk: str
    organisation_en: str
    follow_up_on: date
    steps: tuple[tuple[str, str, date | None, bool], ...]
    """Open steps: text, owner, due date, whether overdue."""


def due(session: Session, now: datetime, /, *, without: Collection[int] = ()) -> list[int]:
    """Road maps of which somebody may have to be told now."""
    today = day_of(now)
    return list(
        session.scalars(
            select(Roadmap.id)
            .where(
                Roadmap.state == RoadmapState.ACTIVE,
                Roadmap.follow_up_on.between(today - WEEK_BEFORE, today + WEEK_BEFORE),
                Roadmap.id.not_in(without),
            )
            .order_by(Roadmap.id)
            .limit(1000)
        )
    )


def queue_for(session: Session, roadmap_id: int, now: datetime) -> int:
    """Queue the letter that is due, for leads of the centre and owners of open steps; how many were new."""
    roadmap = session.scalar(select(Roadmap).where(Roadmap.id == roadmap_id).options(selectinload(Roadmap.steps)))
    if roadmap is None or roadmap.state is not RoadmapState.ACTIVE or roadmap.follow_up_on is None:
        return 0
    which = due_notice(roadmap.follow_up_on, day_of(now))
    if not which:
        return 0
    leads = session.scalars(
        select(RoleGrant.person_id).where(
            RoleGrant.role == RoleName.CENTRE_LEAD,
            RoleGrant.scope == Scope.ORGANISATION,
            RoleGrant.scope_id == roadmap.organisation_id,
            RoleGrant.from_at <= now,
            RoleGrant.to_at.is_(None) | (RoleGrant.to_at > now),
        )
    )
    owners = {step.owner_id for step in roadmap.steps if step.owner_id is not None and step.state in OPEN}
    return sum(
        enqueue(
            session,
            f"roadmap:{roadmap.id}:{roadmap.follow_up_on.isoformat()}:{which}:person:{person}",
            KIND,
            f"person:{person}",
            {"roadmap": roadmap.id, "day": roadmap.follow_up_on.isoformat()},
            now=now,
        )
        for person in sorted({*leads, *owners})
    )


def told(session: Session, roadmap_id: int, day: str, now: datetime) -> FollowUp | None:
    """What the letter says now; None if it has lost its point: done, dropped, or another day was set."""
    found = session.execute(
        select(Roadmap, Organisation.name_uk, Organisation.name_en)
        .join(Organisation, Organisation.id == Roadmap.organisation_id)
        .where(Roadmap.id == roadmap_id)
        .options(selectinload(Roadmap.steps))
    ).one_or_none()
    if found is None:
        return None
    roadmap, uk, en = found
    if roadmap.state is not RoadmapState.ACTIVE or roadmap.follow_up_on is None:
        return None
    if roadmap.follow_up_on.isoformat() != day:
        return None
    today = day_of(now)
    return FollowUp(
        roadmap.title,
        uk,
        en,
        roadmap.follow_up_on,
        tuple(
            (step.text, step.owner_name, step.due_on, is_overdue(step.state, step.due_on, today))
            for step in roadmap.steps
            if step.state in OPEN
        ),
    )
