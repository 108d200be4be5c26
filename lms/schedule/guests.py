"""Personal links for people without an account: made, used, withdrawn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session, selectinload

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.schedule.cards import facts_of
from lms.schedule.models import GuestLink, MeetingRole, Occurrence, Status
from lms.schedule.rules import guest_link_end, guest_link_expired, may_edit, may_see
from lms.secret import fingerprint, new_secret

MOST_LINKS = 200
_OVER = (Status.ENDED, Status.CANCELLED, Status.ARCHIVED)


@dataclass(frozen=True, slots=True)
class GuestInvitation:
    """A new link. The token is shown this once: `/guest/{token}`."""

    link_id: int
    token: str


@dataclass(frozen=True, slots=True)
class GuestPass:
    """Who holds a link, and for what."""

    link_id: int
    occurrence_id: int
    slug: str
    meeting: str
    title: str
    title_en: str
    name: str
    organisation: str
    role: MeetingRole
    expires_at: datetime
    visitor: Visitor
    speaker_id: int | None = None


def invite_guest(
    session: Session,
    visitor: Visitor,
    slug: str,
    *,
    name: str,
    now: datetime,
    role: MeetingRole = MeetingRole.PRESENTER,
    speaker_id: int | None = None,
    organisation: str = "",
    expires_at: datetime | None = None,
) -> GuestInvitation:
    """A personal link; without `expires_at` it works until a day after the occurrence.

    Raises `NotFound`, `NotAllowed`, `Invalid` (name_needed, expires_past) or `Conflict` (not_editable, guest_limit).
    """
    occurrence = _edited(session, visitor, slug)
    name = name.strip()
    if not name or len(name) > 120:
        raise Invalid("name_needed", "Give the guest's name, at most 120 characters: others see it.", "name")
    if expires_at is not None and expires_at <= now:
        raise Invalid("expires_past", "The link would have expired already. Choose a later time.", "expires_at")
    if occurrence.status in _OVER:
        raise Conflict("not_editable", "It is over or cancelled; nobody can be invited any more.")
    if sum(link.revoked_at is None for link in occurrence.guest_links) >= MOST_LINKS:
        raise Conflict("guest_limit", f"There are {MOST_LINKS} personal links already. Withdraw some first.")
    if speaker_id is not None and speaker_id not in {each.id for each in occurrence.speakers}:
        raise NotFound("speaker_unknown", f"There is no speaker {speaker_id} here.", "speaker_id")
    token = new_secret()
    link = GuestLink(
        occurrence_id=occurrence.id,
        speaker_id=speaker_id,
        name=name,
        organisation=organisation.strip()[:300],
        role=role,
        token_hash=fingerprint(token),
        created_by=visitor.actor,
        created_at=now,
        expires_at=expires_at,
    )
    session.add(link)
    session.flush()
    said = {"name": name, "role": role.value, "occurrence": occurrence.id}
    record(session, visitor.actor, "guest_link.create", "guest_link", link.id, now=now, after=said)
    return GuestInvitation(link.id, token)


def revoke_guest(session: Session, visitor: Visitor, link_id: int, now: datetime) -> None:
    """The link stops working at once. Raises `NotFound` or `NotAllowed`."""
    slug = session.scalar(
        select(Occurrence.slug).join(GuestLink, GuestLink.occurrence_id == Occurrence.id).where(GuestLink.id == link_id)
    )
    if slug is None:
        raise NotFound("guest_link_unknown", "There is no such personal link.")
    _edited(session, visitor, slug)
    link = lock(session, GuestLink, link_id)
    if link.revoked_at is None:
        link.revoked_at = now
        record(session, visitor.actor, "guest_link.revoke", "guest_link", link_id, now=now)


def guest_pass(session: Session, token: str, now: datetime) -> GuestPass:
    """Whom the link is for. Only reads.

    Raises `NotFound` (guest_link_unknown) or `NotAllowed` (guest_link_revoked, guest_link_expired).
    """
    link, occurrence = _row(session, GuestLink.token_hash == fingerprint(token))
    if link is None or occurrence is None:
        raise NotFound("guest_link_unknown", "This personal link is not known. Check that it was copied whole.")
    if link.revoked_at is not None:
        raise NotAllowed("guest_link_revoked", "This personal link was withdrawn. Ask the organiser for a new one.")
    if guest_link_expired(link.expires_at, occurrence.status, occurrence.ends_at, now):
        raise NotAllowed("guest_link_expired", "This personal link has expired. Ask the organiser for a new one.")
    return GuestPass(
        link.id,
        occurrence.id,
        occurrence.slug,
        occurrence.meeting,
        occurrence.title,
        occurrence.title_en,
        link.name,
        link.organisation,
        link.role,
        guest_link_end(link.expires_at, occurrence.ends_at),
        _visitor(link, occurrence),
        link.speaker_id,
    )


def use_guest_link(session: Session, token: str, now: datetime) -> GuestPass:
    """As `guest_pass`, and counts the use."""
    passed = guest_pass(session, token, now)
    link = lock(session, GuestLink, passed.link_id)
    link.used_count += 1
    link.last_used_at = now
    return passed


def visitor_of_guest(session: Session, link_id: int, now: datetime) -> Visitor:
    """The holder of a link; `ANONYMOUS` once it does not work any more."""
    link, occurrence = _row(session, GuestLink.id == link_id)
    if link is None or occurrence is None or link.revoked_at is not None:
        return ANONYMOUS
    if guest_link_expired(link.expires_at, occurrence.status, occurrence.ends_at, now):
        return ANONYMOUS
    return _visitor(link, occurrence)


def _visitor(link: GuestLink, occurrence: Occurrence) -> Visitor:
    return Visitor(guest_link_id=link.id, name=link.name, organisation=link.organisation, language=occurrence.language)


def _row(session: Session, condition: ColumnElement[bool]) -> tuple[GuestLink | None, Occurrence | None]:
    query = select(GuestLink, Occurrence).join(Occurrence, Occurrence.id == GuestLink.occurrence_id).where(condition)
    row = session.execute(query).one_or_none()
    return (row[0], row[1]) if row is not None else (None, None)


def _edited(session: Session, visitor: Visitor, slug: str) -> Occurrence:
    occurrence = session.scalar(
        select(Occurrence)
        .where(Occurrence.slug == slug)
        .options(*(selectinload(each) for each in (Occurrence.parties, Occurrence.speakers, Occurrence.guest_links)))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if occurrence is None or not may_see(facts_of(occurrence), visitor):
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    if not may_edit(facts_of(occurrence), visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return occurrence
