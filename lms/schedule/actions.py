"""Planning: create, edit, publish, start, end and cancel an occurrence. Every change is logged."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule import protection, rows
from lms.schedule.announcing import announce
from lms.schedule.cards import facts_of
from lms.schedule.drafts import OccurrenceDraft, PartyDraft, check
from lms.schedule.guests import guest_pass, invite_guest, revoke_guest, use_guest_link, visitor_of_guest
from lms.schedule.models import Occurrence, OccurrenceChange, Part, Status
from lms.schedule.rules import may_edit, may_see, to_utc
from lms.slugs import free_slug, new_meeting_name, slug_for

__all__ = [
    "begin_meeting",
    "cancel",
    "create",
    "edit",
    "editable",
    "end",
    "end_meeting",
    "guest_pass",
    "invite_guest",
    "plan",
    "publish",
    "record_past",
    "revoke_guest",
    "start",
    "use_guest_link",
    "visitor_of_guest",
]

_OPEN = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)
_TOLD = (Status.PUBLISHED, Status.MOVED, Status.LIVE)


def create(
    session: Session, visitor: Visitor, draft: OccurrenceDraft, now: datetime, *, meeting: str = ""
) -> Occurrence:
    """A new occurrence, as a draft that only its editors see.

    An organiser of single organisations plans on behalf of one: it is added as organiser if it is missing.
    Raises `NotAllowed` (organisers_only), `Invalid` or `NotFound` (an organisation or a person).
    """
    if not visitor.is_organiser:
        raise NotAllowed("organisers_only", "Only an organiser plans occurrences. Ask an administrator for the role.")
    return plan(session, visitor, draft, _parties_for(visitor, draft), now, meeting=meeting)


def plan(
    session: Session,
    visitor: Visitor,
    draft: OccurrenceDraft,
    parties: list[PartyDraft],
    now: datetime,
    *,
    meeting: str = "",
    series_id: int | None = None,
    planned_local: datetime | None = None,
) -> Occurrence:
    """The same for whoever has made sure that the visitor may: `lms.schedule.series` plans dates of a series by it."""
    check(draft)
    occurrence = Occurrence(
        series_id=series_id,
        planned_local=planned_local,
        slug=free_slug(session, Occurrence.slug, slug_for(draft.title, draft.starts_local.date())),
        meeting=meeting or new_meeting_name(),
        uid=f"{uuid.uuid4()}@vikno",
        sequence=0,
        status=Status.DRAFT,
        created_by=visitor.actor,
        created_at=now,
        parties=[],
        speakers=[],
        agenda=[],
    )
    rows.fill(session, occurrence, draft, parties, now)
    protection.check(session, occurrence)
    record(
        session, visitor.actor, "occurrence.create", "occurrence", occurrence.id, now=now, after=rows.state(occurrence)
    )
    return occurrence


def edit(
    session: Session,
    visitor: Visitor,
    slug: str,
    draft: OccurrenceDraft,
    now: datetime,
    *,
    expected_version: int,
    reason: str = "",
) -> Occurrence:
    """Change an occurrence as the draft says. What was announced at another time becomes `moved`; links stay good.

    Raises `NotFound`, `NotAllowed`, `Invalid`, `Conflict` (changed_meanwhile: somebody else saved after this editor
    had read version `expected_version`; not_editable: it is over or cancelled; already_live).
    """
    occurrence = editable(session, visitor, slug)
    if occurrence.version != expected_version:
        raise Conflict("changed_meanwhile", "Somebody else has changed it meanwhile. Read it again, then change it.")
    if occurrence.status not in (*_OPEN, Status.LIVE):
        raise Conflict("not_editable", "It is over or cancelled, and stays as it was.")
    check(draft)
    starts_at = to_utc(draft.starts_local, draft.zone)
    if occurrence.status is Status.LIVE and starts_at != occurrence.starts_at:
        raise Conflict("already_live", "It has begun already; its beginning cannot be moved.", "starts_local")
    before = {**rows.state(occurrence), "topics": rows.topics_of(session, occurrence.id)}
    told = occurrence.status in _TOLD
    rows.fill(session, occurrence, draft, _parties_for(visitor, draft), now)
    protection.check(session, occurrence)
    after = {**rows.state(occurrence), "topics": rows.topics_of(session, occurrence.id)}
    changed = {key for key in after if after[key] != before[key]}
    if told and changed & rows.TIME_FIELDS:
        occurrence.sequence += 1
        if occurrence.status is Status.PUBLISHED:
            occurrence.status = Status.MOVED
    _log(session, visitor, occurrence, "edit", before, reason, now)
    if told and changed:
        moved = bool(changed & rows.TIME_FIELDS)
        announce(session, occurrence, "moved" if moved else "changed", now, was=before["starts_local"] if moved else "")
    return occurrence


def publish(session: Session, visitor: Visitor, slug: str, now: datetime) -> Occurrence:
    """Announce a draft. Raises `NotFound`, `NotAllowed` or `Conflict` (not_a_draft, in_the_past)."""
    occurrence = editable(session, visitor, slug)
    if occurrence.status is not Status.DRAFT:
        raise Conflict("not_a_draft", "It was published already.")
    if occurrence.ends_at <= now:
        raise Conflict("in_the_past", "Its planned end has passed. Choose another time first.")
    before = rows.state(occurrence)
    occurrence.status = Status.PUBLISHED
    occurrence.updated_at = now
    _log(session, visitor, occurrence, "publish", before, "", now)
    announce(session, occurrence, "published", now)
    return occurrence


def record_past(session: Session, visitor: Visitor, slug: str, now: datetime) -> Occurrence:
    """A draft of the past took place, before or beside this system: it goes into the schedule as over, untold.

    Raises `NotFound`, `NotAllowed` or `Conflict` (not_a_draft, not_past).
    """
    occurrence = editable(session, visitor, slug)
    if occurrence.status is not Status.DRAFT:
        raise Conflict("not_a_draft", "It was published already.")
    if occurrence.ends_at > now:
        raise Conflict("not_past", "Its planned end is still ahead. Publish it instead.")
    before = rows.state(occurrence)
    occurrence.status = Status.ENDED
    occurrence.updated_at = now
    _log(session, visitor, occurrence, "record_past", before, "", now)
    return occurrence


def start(session: Session, visitor: Visitor, slug: str, now: datetime) -> Occurrence:
    """Start it now, whenever it was planned. Starting what is live changes nothing.

    Raises `NotFound`, `NotAllowed` or `Conflict` (already_over, cancelled).
    """
    occurrence = editable(session, visitor, slug)
    _begin(session, visitor.actor, occurrence, now)
    return occurrence


def end(session: Session, visitor: Visitor, slug: str, now: datetime) -> Occurrence:
    """End it. Ending what has ended changes nothing. Raises `NotFound`, `NotAllowed` or `Conflict` (not_live)."""
    occurrence = editable(session, visitor, slug)
    if occurrence.status not in (Status.LIVE, Status.ENDED):
        raise Conflict("not_live", "It has not begun. Cancel it if it shall not take place.")
    _end(session, visitor.actor, occurrence, now)
    return occurrence


def cancel(session: Session, visitor: Visitor, slug: str, reason: str, now: datetime) -> Occurrence:
    """Cancel it, for a reason that people are told. It stays in the schedule, as cancelled.

    Raises `NotFound`, `NotAllowed`, `Invalid` (reason_needed) or `Conflict` (not_cancellable).
    """
    occurrence = editable(session, visitor, slug)
    reason = reason.strip()[:2000]
    if not reason:
        raise Invalid("reason_needed", "Say why: the people who wanted to come will read it.", "reason")
    if occurrence.status not in _OPEN:
        raise Conflict("not_cancellable", "It is live, over or cancelled already. What is live can be ended.")
    before = rows.state(occurrence)
    told = occurrence.status in _TOLD
    occurrence.status = Status.CANCELLED
    occurrence.cancel_reason = reason
    occurrence.sequence += 1
    occurrence.updated_at = now
    _log(session, visitor, occurrence, "cancel", before, reason, now)
    if told:
        announce(session, occurrence, "cancelled", now)
    return occurrence


def begin_meeting(session: Session, occurrence_id: int, actor: str, at: datetime) -> None:
    """A host has announced the begin in the meeting itself; what is over or cancelled stays so."""
    occurrence = _loaded(session, occurrence_id)
    if occurrence.status in _OPEN:
        _begin(session, actor, occurrence, at)


def end_meeting(session: Session, occurrence_id: int, actor: str, at: datetime) -> None:
    """A host has announced the end in the meeting itself."""
    occurrence = _loaded(session, occurrence_id)
    if occurrence.status is Status.LIVE:
        _end(session, actor, occurrence, at)


def editable(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    """The occurrence, locked, for a visitor who may change it. Raises `NotFound` or `NotAllowed`."""
    number = session.scalar(select(Occurrence.id).where(Occurrence.slug == slug))
    occurrence = _loaded(session, number) if number is not None else None
    if occurrence is None or not may_see(facts_of(occurrence), visitor):
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    if not may_edit(facts_of(occurrence), visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return occurrence


def _loaded(session: Session, occurrence_id: int) -> Occurrence:
    lock(session, Occurrence, occurrence_id)
    query = (
        select(Occurrence)
        .where(Occurrence.id == occurrence_id)
        .options(*(selectinload(each) for each in (Occurrence.parties, Occurrence.speakers, Occurrence.agenda)))
        .execution_options(populate_existing=True)
    )
    return session.scalars(query).one()


def _begin(session: Session, actor: str, occurrence: Occurrence, at: datetime) -> None:
    if occurrence.status is Status.LIVE:
        return
    if occurrence.status is Status.CANCELLED:
        raise Conflict("cancelled", "It was cancelled. Plan a new one.")
    if occurrence.status not in _OPEN:
        raise Conflict("already_over", "It is over. Plan a new one.")
    before = {"status": occurrence.status.value}
    occurrence.status = Status.LIVE
    occurrence.began_at = at
    occurrence.updated_at = at
    session.flush()
    after = {"status": occurrence.status.value}
    record(session, actor, "occurrence.start", "occurrence", occurrence.id, now=at, before=before, after=after)


def _end(session: Session, actor: str, occurrence: Occurrence, at: datetime) -> None:
    if occurrence.status is Status.ENDED:
        return
    occurrence.status = Status.ENDED
    occurrence.ended_at = at
    occurrence.updated_at = at
    session.flush()
    after = {"status": occurrence.status.value}
    record(
        session, actor, "occurrence.end", "occurrence", occurrence.id, now=at, before={"status": "live"}, after=after
    )


def _log(
    session: Session,
    visitor: Visitor,
    occurrence: Occurrence,
    verb: str,
    before: dict[str, Any],
    reason: str,
    now: datetime,
) -> None:
    session.flush()
    after = rows.state(occurrence)
    if "topics" in before:
        after["topics"] = rows.topics_of(session, occurrence.id)
    changed = [key for key in after if after[key] != before[key]]
    old, new = {key: before[key] for key in changed}, {key: after[key] for key in changed}
    action = f"occurrence.{verb}"
    record(session, visitor.actor, action, "occurrence", occurrence.id, now=now, before=old, after=new)
    if changed:
        session.add(
            OccurrenceChange(
                occurrence_id=occurrence.id,
                at=now,
                actor=visitor.actor,
                before=old,
                after=new,
                reason=reason.strip()[:2000],
                sequence=occurrence.sequence,
            )
        )


def _parties_for(visitor: Visitor, draft: OccurrenceDraft) -> list[PartyDraft]:
    ours = visitor.organised_organisations
    organisers = {party.organisation_id for party in draft.parties if party.part is Part.ORGANISER}
    if visitor.organises_everything or not ours or organisers & ours:
        return draft.parties
    return [PartyDraft(min(ours), Part.ORGANISER), *draft.parties]
