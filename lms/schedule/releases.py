"""A series is work in progress until it is released: drafts go out together, as a numbered version with its changes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict
from lms.schedule import actions, series
from lms.schedule.models import Occurrence, OccurrenceParty, Part, Status
from lms.schedule.plan_models import ScheduleRelease, Series


class Difference(StrEnum):
    """What became of a date between two releases."""

    NEW = "new"
    GONE = "gone"
    CANCELLED = "cancelled"
    MOVED = "moved"
    RETITLED = "retitled"
    OTHER_EXPERTS = "other_experts"


@dataclass(frozen=True, slots=True)
class ReleaseChange:
    """A line of what is new: the date as it was and as it is (one of both may be missing)."""

    difference: Difference
    before: Mapping[str, Any] | None
    after: Mapping[str, Any] | None


@dataclass(frozen=True, slots=True)
class ReleaseCard:
    """A release: its contents, and what has changed since the one before."""

    number: int
    at: datetime
    note: str
    dates: list[dict[str, Any]]
    changes: list[ReleaseChange]


def release(
    session: Session,
    visitor: Visitor,
    slug: str,
    now: datetime,
    *,
    chosen: Collection[str] | None = None,
    note: str = "",
) -> ScheduleRelease:
    """Publish all drafts that are still ahead, or the chosen ones, together; and keep what was said with it.

    Raises `NotFound`, `NotAllowed` or `Conflict` (nothing_to_release: no drafts, and nothing has changed since).
    """
    found = series.editable(session, visitor, slug)
    drafts = select(Occurrence.slug).where(
        Occurrence.series_id == found.id, Occurrence.status == Status.DRAFT, Occurrence.ends_at > now
    )
    names = [
        name for name in session.scalars(drafts.order_by(Occurrence.starts_at)) if chosen is None or name in chosen
    ]
    for name in names:
        actions.publish(session, visitor, name, now)
    session.flush()
    contents = {"dates": snapshot(session, found.id)}
    last = session.scalar(
        select(ScheduleRelease).where(ScheduleRelease.series_id == found.id).order_by(ScheduleRelease.number.desc())
    )
    if not contents["dates"] or (last is not None and last.contents == contents):
        raise Conflict("nothing_to_release", "Nothing has changed since the last release.")
    made = ScheduleRelease(
        series_id=found.id,
        number=(last.number if last else 0) + 1,
        at=now,
        actor=visitor.actor,
        note=note.strip()[:2000],
        contents=contents,
    )
    session.add(made)
    session.flush()
    said = {"number": made.number, "published": names, "note": made.note}
    record(session, visitor.actor, "series.release", "series", found.id, now=now, after=said)
    return made


def snapshot(session: Session, series_id: int) -> list[dict[str, Any]]:
    """The dates of a series that are no drafts, as they are now, as JSON values."""
    query = (
        select(Occurrence)
        .where(Occurrence.series_id == series_id, Occurrence.status != Status.DRAFT)
        .options(selectinload(Occurrence.parties).joinedload(OccurrenceParty.organisation))
        .order_by(Occurrence.starts_at, Occurrence.id)
    )
    return [
        {
            "id": each.id,
            "slug": each.slug,
            "title": each.title,
            "title_en": each.title_en,
            "starts_local": each.starts_local.isoformat(timespec="minutes"),
            "zone": each.zone,
            "minutes": each.duration_minutes,
            "cancelled": each.status is Status.CANCELLED,
            "experts": [
                [party.organisation.name_uk, party.organisation.name_en]
                for party in each.parties
                if party.part is Part.EXPERT_BODY
            ],
        }
        for each in session.scalars(query)
    ]


def differences(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> list[ReleaseChange]:
    """What has changed between two releases, by date. Pure."""
    old = {each["id"]: each for each in before}
    new = {each["id"]: each for each in after}
    found = []
    for number, one in new.items():
        was = old.get(number)
        if was is None:
            found.append(ReleaseChange(Difference.NEW, None, one))
            continue
        if one["cancelled"] and not was["cancelled"]:
            found.append(ReleaseChange(Difference.CANCELLED, was, one))
            continue
        if any(one[name] != was[name] for name in ("starts_local", "zone", "minutes")):
            found.append(ReleaseChange(Difference.MOVED, was, one))
        if any(one[name] != was[name] for name in ("title", "title_en")):
            found.append(ReleaseChange(Difference.RETITLED, was, one))
        if one["experts"] != was["experts"]:
            found.append(ReleaseChange(Difference.OTHER_EXPERTS, was, one))
    found += [ReleaseChange(Difference.GONE, one, None) for number, one in old.items() if number not in new]
    return sorted(found, key=lambda change: str((change.after or change.before or {})["starts_local"]))


def releases(session: Session, series_id: int, limit: int = 20) -> list[ReleaseCard]:
    """The releases of a series, latest first, each with what was new in it."""
    query = select(ScheduleRelease).where(ScheduleRelease.series_id == series_id)
    rows = session.scalars(query.order_by(ScheduleRelease.number.desc()).limit(limit + 1)).all()
    found = []
    for place, row in enumerate(rows[:limit]):
        earlier = rows[place + 1].contents["dates"] if place + 1 < len(rows) else []
        dates = row.contents["dates"]
        changes = differences(earlier, dates) if row.number > 1 else []
        found.append(ReleaseCard(row.number, row.at, row.note, dates, changes))
    return found


def count(session: Session, found: Series) -> int:
    """How often the series was released."""
    query = select(func.count()).select_from(ScheduleRelease).where(ScheduleRelease.series_id == found.id)
    return session.scalar(query) or 0
