"""Programmes: what an organisation runs over a year; series belong to them, and they can be handed over."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Organisation
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed, NotFound
from lms.schedule import series
from lms.schedule.models import Occurrence, OccurrenceParty, Part, Status
from lms.schedule.plan_models import Programme, Series
from lms.schedule.planners import may_edit_programme, may_plan_for
from lms.slugs import free_slug, slug_for

_AHEAD = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)


@dataclass(frozen=True, slots=True)
class ProgrammeDraft:
    """A programme, from a day on, maybe until (not including) another."""

    title: str
    owner_id: int
    from_date: date
    to_date: date | None = None
    title_en: str = ""
    description: str = ""
    description_en: str = ""


def create(session: Session, visitor: Visitor, draft: ProgrammeDraft, now: datetime) -> Programme:
    """A programme. Raises `NotAllowed` (organisers_only), `NotFound` (organisation_unknown), `Invalid`."""
    if not may_plan_for(visitor, draft.owner_id):
        raise NotAllowed("organisers_only", "Only an organiser of the organisation plans for it.")
    _check(session, draft)
    made = Programme(
        slug=free_slug(session, Programme.slug, slug_for(draft.title, draft.from_date)),
        created_by=visitor.actor,
        created_at=now,
        owner_id=draft.owner_id,
    )
    _fill(made, draft)
    session.add(made)
    session.flush()
    record(session, visitor.actor, "programme.create", "programme", made.id, now=now, after=_state(made))
    return made


def edit(session: Session, visitor: Visitor, slug: str, draft: ProgrammeDraft, now: datetime) -> Programme:
    """Change what is said of it; the owner changes by `hand_over` alone. Raises as `create` does."""
    found = editable(session, visitor, slug)
    _check(session, draft)
    before = _state(found)
    _fill(found, draft)
    session.flush()
    record(session, visitor.actor, "programme.edit", "programme", found.id, now=now, before=before, after=_state(found))
    return found


def hand_over(session: Session, visitor: Visitor, slug: str, owner_id: int, now: datetime) -> Programme:
    """Another organisation runs it from now on, with the series that the old owner ran in it.

    Raises `NotFound`, `NotAllowed` or `Invalid` (owner_same).
    """
    found = editable(session, visitor, slug)
    old = _other_owner(session, found.owner_id, owner_id)
    ours = select(Series.id).where(Series.programme_id == found.id, Series.owner_id == old).order_by(Series.id)
    for number in session.scalars(ours).all():
        _hand_over(session, visitor, lock(session, Series, number), owner_id, now)
    found.owner_id = owner_id
    session.flush()
    _log(session, visitor, "programme", found.id, old, owner_id, now)
    return found


def hand_over_series(session: Session, visitor: Visitor, slug: str, owner_id: int, now: datetime) -> Series:
    """Another organisation runs the series from now on; what is still ahead names it as organiser.

    Raises `NotFound`, `NotAllowed` or `Invalid` (owner_same).
    """
    found = series.editable(session, visitor, slug)
    _other_owner(session, found.owner_id, owner_id)
    _hand_over(session, visitor, found, owner_id, now)
    return found


def editable(session: Session, visitor: Visitor, slug: str) -> Programme:
    """The programme, locked, for a visitor who may change it. Raises `NotFound` or `NotAllowed`."""
    number = session.scalar(select(Programme.id).where(Programme.slug == slug))
    if number is None:
        raise NotFound("programme_unknown", "There is no such programme.")
    found = lock(session, Programme, number)
    if not may_edit_programme(found, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return found


def _hand_over(session: Session, visitor: Visitor, found: Series, owner_id: int, now: datetime) -> None:
    """Its dates that are still ahead change their organiser too: what was held stays as it was held."""
    old = found.owner_id
    found.owner_id, found.updated_at = owner_id, now
    ahead = select(Occurrence.id).where(
        Occurrence.series_id == found.id, Occurrence.status.in_(_AHEAD), Occurrence.ends_at > now
    )
    rows = session.scalars(
        select(OccurrenceParty).where(
            OccurrenceParty.occurrence_id.in_(ahead),
            OccurrenceParty.part == Part.ORGANISER,
            OccurrenceParty.organisation_id.in_({old, owner_id}),
        )
    ).all()
    there = {row.occurrence_id for row in rows if row.organisation_id == owner_id}
    for row in rows:
        if row.organisation_id == old and row.occurrence_id in there:
            session.delete(row)
        elif row.organisation_id == old:
            row.organisation_id = owner_id
    session.flush()
    _log(session, visitor, "series", found.id, old, owner_id, now)


def _other_owner(session: Session, old: int, new: int) -> int:
    if old == new:
        raise Invalid("owner_same", "It belongs to this organisation already. Choose another one.", "owner")
    if session.get(Organisation, new) is None:
        raise NotFound("organisation_unknown", f"There is no organisation {new}.", "owner")
    return old


def _check(session: Session, draft: ProgrammeDraft) -> None:
    if not draft.title.strip() or max(len(draft.title), len(draft.title_en)) > 300:
        raise Invalid("title_needed", "Give it a title of at most 300 characters.", "title")
    if max(len(draft.description), len(draft.description_en)) > 20_000:
        raise Invalid("text_long", "This is longer than 20000 characters; shorten it.", "description")
    if draft.to_date is not None and draft.to_date <= draft.from_date:
        raise Invalid("period_invalid", "The end lies before the beginning.", "to_date")
    if session.get(Organisation, draft.owner_id) is None:
        raise NotFound("organisation_unknown", f"There is no organisation {draft.owner_id}.", "owner")


def _fill(found: Programme, draft: ProgrammeDraft) -> None:
    found.title, found.title_en = draft.title.strip(), draft.title_en.strip()
    found.description, found.description_en = draft.description, draft.description_en
    found.from_date, found.to_date = draft.from_date, draft.to_date


def _state(found: Programme) -> dict[str, Any]:
    return {
        "title": found.title,
        "title_en": found.title_en,
        "owner_id": found.owner_id,
        "from": found.from_date.isoformat(),
        "to": found.to_date.isoformat() if found.to_date else None,
    }


def _log(session: Session, visitor: Visitor, kind: str, number: int, old: int, new: int, now: datetime) -> None:
    before, after = {"owner_id": old}, {"owner_id": new}
    record(session, visitor.actor, f"{kind}.hand_over", kind, number, now=now, before=before, after=after)
