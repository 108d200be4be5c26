"""Reading who is invited: what a letter needs, what an editor sees, what somebody has to answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, case, func, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound
from lms.notify.models import BouncedAddress, OutboxMessage
from lms.notify.queries import bounced
from lms.schedule import telling
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.cards import facts_of
from lms.schedule.models import (
    GuestLink,
    MeetingRole,
    Occurrence,
    OccurrenceChange,
    OccurrenceParty,
    Part,
    Speaker,
)
from lms.schedule.plan_models import Series
from lms.schedule.protection import speaker_is_veiled
from lms.schedule.rules import languages_of, may_edit, may_see
from lms.statements import fetch, once

MOST_WAITING = 5

_FOR_LETTERS = (
    selectinload(Occurrence.parties).joinedload(OccurrenceParty.organisation, innerjoin=True),
    selectinload(Occurrence.speakers).joinedload(Speaker.organisation),
    selectinload(Occurrence.agenda),
)


@dataclass(frozen=True, slots=True)
class Context:
    """An occurrence with everything that a letter about it says."""

    occurrence: Occurrence
    organiser: str
    """The organising body's name; empty if none is named."""
    reason: str
    """Why it was changed last, as far as somebody said so."""
    languages: tuple[str, ...] = ()
    """Into which it is interpreted."""


@dataclass(frozen=True, slots=True)
class InvitationContext:
    """An invitation with everything that a letter about it says."""

    invitation: Invitation
    about: Context
    link: GuestLink | None


@dataclass(frozen=True, slots=True)
class InvitationRow:
    """A line of the editors' list. `bounced` is why the address takes no mail; empty if it does."""

    id: int
    name: str
    address: str
    role: MeetingRole
    status: ParticipationStatus
    answered_at: datetime | None
    answered_by: str
    comment: str
    told_at: datetime | None
    withdrawn_at: datetime | None
    bounced: str
    of_organisation: bool
    of_speaker: bool
    outside: bool


@dataclass(frozen=True, slots=True)
class Tally:
    """How many are invited, and what they answered; withdrawn ones are not counted."""

    invited: int = 0
    accepted: int = 0
    tentative: int = 0
    declined: int = 0
    unanswered: int = 0
    unreachable: int = 0


@dataclass(frozen=True, slots=True)
class AudiencePage:
    """What an editor sees of an occurrence's invitations."""

    occurrence: Occurrence
    rows: tuple[InvitationRow, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class OwnInvitation:
    """An invitation that somebody may answer."""

    id: int
    slug: str
    title: str
    title_en: str
    starts_at: datetime
    starts_local: datetime
    ends_at: datetime
    zone: str
    status: ParticipationStatus
    organisation_id: int | None


def context_of(session: Session, occurrence_id: int) -> Context | None:
    """What letters about an occurrence say; for the system itself, which asks nobody."""
    occurrence = session.scalar(select(Occurrence).where(Occurrence.id == occurrence_id).options(*_FOR_LETTERS))
    if occurrence is None:
        return None
    organisers = [each.organisation.name_uk for each in occurrence.parties if each.part is Part.ORGANISER]
    reason = session.scalar(
        select(OccurrenceChange.reason)
        .where(OccurrenceChange.occurrence_id == occurrence_id, OccurrenceChange.sequence == occurrence.sequence)
        .order_by(OccurrenceChange.id.desc())
        .limit(1)
    )
    spoken = session.scalars(
        select(Speaker.interprets).where(Speaker.occurrence_id == occurrence_id).order_by(Speaker.position)
    )
    languages = languages_of(occurrence.interpretation, spoken)
    return Context(occurrence, organisers[0] if organisers else "", reason or "", languages)


def concerns_two(session: Session, contents: Mapping[str, Any]) -> bool:
    """Whether a message is about a talk of two, which these two alone read; so is one about what is gone."""
    number = contents.get("occurrence")
    if number is None:
        return False
    return session.scalar(select(Occurrence.private).where(Occurrence.id == int(number))) is not False


def names_of_two(session: Session, occurrence_id: int, person_id: int | None) -> tuple[str, ...]:
    """Who talks in a talk of two, as one of them reads it; empty for a name that is not for them.

    The one who holds it organises it, and reads both.
    """
    rows = session.execute(
        select(Speaker.name, Speaker.person_id, Speaker.role, speaker_is_veiled())
        .where(Speaker.occurrence_id == occurrence_id)
        .order_by(Speaker.position)
    ).all()
    holds = any(whose == person_id and role is MeetingRole.HOST for _name, whose, role, _veiled in rows)
    return tuple(name if holds or not veiled or whose == person_id else "" for name, whose, _role, veiled in rows)


def invitation_context(session: Session, invitation_id: int) -> InvitationContext | None:
    """What letters about an invitation say."""
    invitation = session.get(Invitation, invitation_id)
    about = context_of(session, invitation.occurrence_id) if invitation is not None else None
    if invitation is None or about is None:
        return None
    number = invitation.guest_link_id
    return InvitationContext(invitation, about, session.get(GuestLink, number) if number is not None else None)


def invitation_of_link(session: Session, link_id: int) -> Invitation | None:
    """The invitation whose letters carry this personal link."""
    return session.scalar(
        select(Invitation).where(Invitation.guest_link_id == link_id, Invitation.withdrawn_at.is_(None))
    )


def told_before(session: Session, message: OutboxMessage) -> tuple[bool, Mapping[str, Any] | None]:
    """Whether an earlier letter of the same invitation has really gone out, and what the last one said.

    Letters that are no longer in the outbox count as sent.
    """
    prefix = message.key.rpartition(":")[0] + ":"
    earlier = session.scalars(
        select(OutboxMessage)
        .where(OutboxMessage.key.startswith(prefix, autoescape=True), OutboxMessage.id < message.id)
        .order_by(OutboxMessage.id.desc())
    ).all()
    sent = [each for each in earlier if each.sent_at is not None]
    if sent:
        return True, sent[0].contents.get("facts")
    return not earlier and message.contents.get("was") is not None, message.contents.get("was")


def audience_page(session: Session, visitor: Visitor, slug: str, now: datetime) -> AudiencePage:
    """Everybody who is or was invited. Raises `NotFound` or `NotAllowed`."""
    occurrence = session.scalar(select(Occurrence).where(Occurrence.slug == slug).options(*_FOR_LETTERS))
    if occurrence is None or not may_see(facts_of(occurrence), visitor):
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    if not may_edit(facts_of(occurrence), visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    rows = session.scalars(
        select(Invitation).where(Invitation.occurrence_id == occurrence.id).order_by(Invitation.name, Invitation.id)
    ).all()
    refused = bounced(session, {row.address for row in rows})
    lines = [_line(row, refused[row.address].reason if row.address in refused else "") for row in rows]
    lines.sort(key=lambda line: line.withdrawn_at is not None)
    return AudiencePage(occurrence, tuple(lines), _tally(lines))


def tally_of(session: Session, occurrence_id: int) -> Tally:
    """The figures alone, for whoever may see them."""
    rows = fetch(session, *_answers(occurrence_id))
    states = {status: count for status, count, _refused in rows}
    return Tally(
        sum(states.values()),
        states.get(ParticipationStatus.ACCEPTED, 0),
        states.get(ParticipationStatus.TENTATIVE, 0),
        states.get(ParticipationStatus.DECLINED, 0),
        states.get(ParticipationStatus.NEEDS_ACTION, 0),
        sum(refused for *_, refused in rows),
    )


@once
def _answers(occurrence_id: int) -> Select[ParticipationStatus, int, int]:
    return (
        select(Invitation.status, func.count(), func.count(BouncedAddress.id))
        .join(BouncedAddress, BouncedAddress.address == func.lower(Invitation.address), isouter=True)
        .where(Invitation.occurrence_id == occurrence_id, Invitation.withdrawn_at.is_(None))
        .group_by(Invitation.status)
    )


def own_invitations(session: Session, visitor: Visitor, occurrence_id: int) -> list[OwnInvitation]:
    """What the visitor may answer here: for themselves, and for organisations that they belong to."""
    return [_own_line(row) for row in fetch(session, *_own_in(visitor, occurrence_id))]


@once
def _own_in(visitor: Visitor, occurrence_id: int) -> Select[*tuple[Any, ...]]:
    return _own(visitor).where(Occurrence.id == occurrence_id).order_by(Invitation.id)


def answerable(session: Session, visitor: Visitor, slug: str, invitation_id: int) -> int:
    """The number of an invitation that this visitor may answer. Raises `NotFound`."""
    query = _own(visitor).where(Occurrence.slug == slug, Invitation.id == invitation_id)
    if session.execute(query).first() is None:
        raise NotFound("invitation_unknown", "There is no such invitation here.")
    return invitation_id


def series_slug(session: Session, occurrence: Occurrence) -> str:
    """The address of the series to which an occurrence belongs; empty for none."""
    if occurrence.series_id is None:
        return ""
    return session.scalar(select(Series.slug).where(Series.id == occurrence.series_id)) or ""


def waiting_for_answer(session: Session, visitor: Visitor, now: datetime) -> list[OwnInvitation]:
    """The next invitations that the visitor has not answered yet, soonest first."""
    if visitor.person_id is None:
        return []
    return [_own_line(row) for row in fetch(session, *_unanswered(visitor, now))]


@once
def _unanswered(visitor: Visitor, now: datetime) -> Select[*tuple[Any, ...]]:
    query = _own(visitor).where(
        Invitation.person_id == visitor.person_id,
        Invitation.status == ParticipationStatus.NEEDS_ACTION,
        Occurrence.ends_at > now,
    )
    return query.order_by(Occurrence.starts_at, Invitation.id).limit(MOST_WAITING)


def invited_in(session: Session, visitor: Visitor, occurrence_ids: Sequence[int]) -> set[int]:
    """To which of these occurrences the visitor is invited. One query."""
    if visitor.person_id is None and not visitor.organisation_ids:
        return set()
    return {number for (number,) in fetch(session, *_invited_in(visitor, occurrence_ids))}


@once
def _invited_in(visitor: Visitor, occurrence_ids: Collection[int]) -> Select[int]:
    return select(Invitation.occurrence_id).where(
        Invitation.occurrence_id.in_(occurrence_ids), Invitation.withdrawn_at.is_(None), for_visitor(visitor)
    )


def for_visitor(visitor: Visitor) -> ColumnElement[bool]:
    """SQL: an invitation is this visitor's, or one of their organisations'."""
    ours: list[ColumnElement[bool]] = [Invitation.organisation_id.in_(visitor.organisation_ids)]
    if visitor.person_id is not None:
        ours.append(Invitation.person_id == visitor.person_id)
    return or_(*ours)


def _own(visitor: Visitor) -> Select[*tuple[Any, ...]]:
    of_the_house = and_(Invitation.person_id.is_(None), Invitation.organisation_id.in_(visitor.organisation_ids))
    mine = Invitation.person_id == visitor.person_id if visitor.person_id is not None else of_the_house
    return (
        select(
            Invitation.id,
            Occurrence.slug,
            Occurrence.title,
            Occurrence.title_en,
            Occurrence.starts_at,
            Occurrence.starts_local,
            Occurrence.ends_at,
            Occurrence.zone,
            Invitation.status,
            case((Invitation.person_id.is_(None), Invitation.organisation_id)),
        )
        .join(Occurrence, Occurrence.id == Invitation.occurrence_id)
        .where(
            Invitation.withdrawn_at.is_(None),
            or_(mine, of_the_house),
            Occurrence.status.in_(telling.ANNOUNCED),
        )
    )


def _own_line(row: Row[*tuple[Any, ...]]) -> OwnInvitation:
    return OwnInvitation(*row)


def _line(row: Invitation, refused: str) -> InvitationRow:
    return InvitationRow(
        row.id,
        row.name,
        row.address,
        row.role,
        row.status,
        row.answered_at,
        row.answered_by,
        row.comment,
        row.told_at,
        row.withdrawn_at,
        refused,
        row.organisation_id is not None and row.person_id is None,
        row.of_speaker,
        row.person_id is None and row.organisation_id is None,
    )


def _tally(lines: Sequence[InvitationRow]) -> Tally:
    counted = [line for line in lines if line.withdrawn_at is None]
    states = Counter(line.status for line in counted)
    return Tally(
        len(counted),
        states[ParticipationStatus.ACCEPTED],
        states[ParticipationStatus.TENTATIVE],
        states[ParticipationStatus.DECLINED],
        states[ParticipationStatus.NEEDS_ACTION],
        sum(bool(line.bounced) for line in counted),
    )
