"""Inviting people, organisations and outside experts; withdrawing; their answers, by page or from a calendar."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory import addresses
from lms.directory.addresses import MailAddress
from lms.directory.models import Account, Affiliation, Organisation, Person, RoleGrant, RoleName, Scope
from lms.directory.queries import in_force
from lms.directory.register_models import ChannelKind, ContactChannel
from lms.directory.rules import Visitor, normal_email
from lms.errors import Conflict, Invalid, NotAllowed, NotFound
from lms.notify.models import InboundState
from lms.notify.replies import CalendarReply
from lms.schedule.actions import editable
from lms.schedule.announcing import invitations_of, reinstate_row, tell, withdraw_row
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.models import MeetingRole, Occurrence, Status
from lms.schedule.plan_models import Series

MOST_TARGETS = 2000
_OPEN = (Status.DRAFT, Status.PUBLISHED, Status.MOVED, Status.LIVE)
_ANSWERS = frozenset({ParticipationStatus.ACCEPTED, ParticipationStatus.TENTATIVE, ParticipationStatus.DECLINED})


@dataclass(frozen=True, slots=True)
class Outsider:
    """Somebody known by an address alone."""

    address: str
    name: str = ""
    role: MeetingRole = MeetingRole.PARTICIPANT
    language: str = "uk"


@dataclass(frozen=True, slots=True)
class Targets:
    """Whom to invite."""

    people: Sequence[int] = ()
    organisations: Sequence[int] = ()
    outsiders: Sequence[Outsider] = ()


@dataclass(slots=True)
class Invited:
    """What came of it: names of the newly invited, of those who were invited already, of those without an address."""

    new: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    unreachable: list[str] = field(default_factory=list)

    def add(self, other: Invited) -> None:
        """Count another occurrence's in, each name once."""
        for mine, theirs in (
            (self.new, other.new),
            (self.already, other.already),
            (self.unreachable, other.unreachable),
        ):
            mine += [name for name in theirs if name not in mine]


@dataclass(frozen=True, slots=True)
class _Wanted:
    address: str
    name: str
    language: str
    person_id: int | None = None
    organisation_id: int | None = None
    role: MeetingRole = MeetingRole.PARTICIPANT


def invite(session: Session, visitor: Visitor, slug: str, targets: Targets, now: datetime) -> Invited:
    """Invite; who was invited already is left alone, who was withdrawn is invited anew.

    An organisation is written to at its own address and through each of its leads. Letters of what is announced are
    queued at once, those of a draft when it is published. Raises `NotFound`, `NotAllowed`, `Invalid` (email_invalid,
    nobody_chosen, too_many_targets) or `Conflict` (not_editable).
    """
    occurrence = editable(session, visitor, slug)
    if occurrence.status not in _OPEN or occurrence.ends_at <= now:
        raise Conflict("not_editable", "It is over or cancelled; nobody can be invited any more.")
    wanted, unreachable = _resolve(session, targets, now)
    result = Invited(unreachable=unreachable)
    known = {each.address: each for each in invitations_of(session, occurrence.id)}
    for each in wanted:
        row = known.get(each.address)
        if row is not None and row.withdrawn_at is None:
            result.already.append(row.name or row.address)
            continue
        if row is None:
            row = Invitation(
                occurrence_id=occurrence.id, address=each.address, created_by=visitor.actor, created_at=now
            )
            session.add(row)
        else:
            reinstate_row(session, row, visitor.actor, now)
        row.name, row.language, row.role = each.name, each.language, each.role
        row.person_id, row.organisation_id = each.person_id, each.organisation_id
        session.flush()
        known[each.address] = row
        said = {"occurrence": occurrence.id, "person": row.person_id, "organisation": row.organisation_id}
        record(session, visitor.actor, "invitation.create", "invitation", row.id, now=now, after=said)
        result.new.append(row.name or row.address)
    tell(session, occurrence, now)
    return result


def invite_to_series(session: Session, visitor: Visitor, slug: str, targets: Targets, now: datetime) -> Invited:
    """Invite to every date of a series that is still ahead, each an invitation of its own. Raises as `invite`."""
    slugs = session.scalars(
        select(Occurrence.slug)
        .join(Series, Series.id == Occurrence.series_id)
        .where(Series.slug == slug, Occurrence.status.in_(_OPEN), Occurrence.ends_at > now)
        .order_by(Occurrence.starts_at)
    ).all()
    if not slugs:
        raise NotFound("nothing_ahead", "This series has no dates ahead.")
    result = Invited()
    for each in slugs:
        result.add(invite(session, visitor, each, targets, now))
    return result


def withdraw(session: Session, visitor: Visitor, slug: str, invitation_id: int, now: datetime) -> Invitation:
    """Take an invitation back; its address gets a cancellation, if it had been told. Raises as `invite`."""
    occurrence = editable(session, visitor, slug)
    row = session.get(Invitation, invitation_id)
    if row is None or row.occurrence_id != occurrence.id:
        raise NotFound("invitation_unknown", "There is no such invitation here.")
    withdraw_row(session, row, visitor.actor, now)
    tell(session, occurrence, now)
    return row


def answer(
    session: Session, invitation_id: int, status: ParticipationStatus, now: datetime, *, comment: str = ""
) -> Invitation:
    """An answer given on a page. Raises `NotFound`, `NotAllowed` (invitation_withdrawn), `Invalid` or `Conflict`."""
    row = lock(session, Invitation, invitation_id)
    if row.withdrawn_at is not None:
        raise NotAllowed("invitation_withdrawn", "This invitation was withdrawn. Ask the organiser.")
    if status not in _ANSWERS:
        raise Invalid("answer_unknown", "Answer yes, perhaps or no.", "status")
    occurrence = session.get_one(Occurrence, row.occurrence_id)
    if occurrence.status is Status.CANCELLED:
        raise Conflict("cancelled", "It was cancelled.")
    if occurrence.status not in _OPEN or occurrence.ends_at <= now:
        raise Conflict("already_over", "It is over.")
    _note_answer(session, row, status, "page", row.told_sequence, now, comment, now)
    return row


def take_reply(session: Session, reply: CalendarReply, now: datetime) -> InboundState:
    """Apply an answer that came back from a calendar. It fits by UID and by who answers, at any of their addresses.

    STRANGER: who sent the mail may not answer for them (`_speaks_for`). OUTDATED: it answers an earlier time, or a
    newer answer is known. IGNORED: it says neither yes, perhaps nor no.
    """
    occurrence = session.scalar(select(Occurrence).where(Occurrence.uid == reply.uid))
    found = _of_attendee(session, occurrence.id, reply.attendee) if occurrence is not None else None
    if occurrence is None or found is None:
        return InboundState.UNMATCHED
    row = lock(session, Invitation, found)
    if not _speaks_for(session, row, reply, now):
        return InboundState.STRANGER
    if row.withdrawn_at is not None or reply.sequence < row.asked_sequence:
        return InboundState.OUTDATED
    at = min(reply.at or now, now)
    if row.answered_at is not None and at < row.answered_at:
        return InboundState.OUTDATED
    try:
        status = ParticipationStatus(reply.status)
    except ValueError:
        return InboundState.IGNORED
    if status not in _ANSWERS:
        return InboundState.IGNORED
    _note_answer(session, row, status, "mail", reply.sequence, at, reply.comment, now)
    return InboundState.APPLIED


def _note_answer(
    session: Session,
    row: Invitation,
    status: ParticipationStatus,
    how: str,
    sequence: int,
    at: datetime,
    comment: str,
    now: datetime,
) -> None:
    before = {"status": row.status.value}
    row.status, row.answered_at, row.answered_by, row.answered_sequence = status, at, how, sequence
    row.comment = comment.strip()[:1000]
    actor = f"person:{row.person_id}" if row.person_id is not None else f"invitation:{row.id}"
    after = {"status": status.value, "by": how}
    record(session, actor, "invitation.answer", "invitation", row.id, now=now, before=before, after=after)
    session.flush()


def _of_attendee(session: Session, occurrence_id: int, attendee: str) -> int | None:
    """The invitation of an address; else the one of the person whose other address it is."""
    address = normal_email(attendee)
    ours = select(Invitation.id).where(Invitation.occurrence_id == occurrence_id)
    found = session.scalar(ours.where(Invitation.address == address))
    if found is not None:
        return found
    people = people_with(session, address)
    return session.scalar(ours.where(Invitation.person_id.in_(people)).order_by(Invitation.id).limit(1))


def _speaks_for(session: Session, row: Invitation, reply: CalendarReply, now: datetime) -> bool:
    """Whether the sender of an answer may give it: RFC 6047 section 2.2.1 leaves that to who was invited.

    That is the address that was invited, any other of the same person, and, where the answer says that somebody sends
    it for them (SENT-BY), a colleague or the organisation's own address. SENT-BY alone proves nothing: whoever forges
    an answer writes it, too, and the RFC leaves it to us whom people let answer.
    """
    sender = normal_email(reply.sender)
    if not sender:
        return False
    people = people_with(session, sender)
    if sender == row.address or row.person_id in people:
        return True
    return sender == normal_email(reply.sent_by) and _at_one_place(session, row, sender, people, now)


def _at_one_place(session: Session, row: Invitation, sender: str, people: set[int], now: datetime) -> bool:
    """Whether an address is of the organisation that was invited, or the person's, or of somebody who works there."""
    day = in_force(Affiliation.from_date, Affiliation.to_date, now.date())
    own = select(Affiliation.organisation_id).where(Affiliation.person_id == row.person_id, day)
    homes = {*session.scalars(own), *([row.organisation_id] if row.organisation_id is not None else [])}
    if not homes:
        return False
    colleague = select(Affiliation.id).where(
        Affiliation.person_id.in_(people), Affiliation.organisation_id.in_(homes), day
    )
    itself = select(Organisation.id).where(Organisation.id.in_(homes), Organisation.email == sender)
    return any(session.scalar(query.limit(1)) is not None for query in (colleague, itself))


def people_with(session: Session, address: str) -> set[int]:
    """People to whom an address belongs, whether as account or as a way to reach them."""
    accounts = select(Account.person_id).where(Account.provider == "password", Account.subject == address)
    channels = select(ContactChannel.person_id).where(
        ContactChannel.kind == ChannelKind.EMAIL, ContactChannel.address == address
    )
    return {*session.scalars(accounts), *session.scalars(channels)}


def leads_of(session: Session, organisation_ids: Iterable[int], now: datetime) -> dict[int, list[int]]:
    """The people who lead these organisations now, by organisation."""
    rows = session.execute(
        select(RoleGrant.scope_id, RoleGrant.person_id)
        .where(
            RoleGrant.role == RoleName.CENTRE_LEAD,
            RoleGrant.scope == Scope.ORGANISATION,
            RoleGrant.scope_id.in_(set(organisation_ids)),
            RoleGrant.from_at <= now,
            or_(RoleGrant.to_at.is_(None), RoleGrant.to_at > now),
        )
        .order_by(RoleGrant.id)
    )
    found: dict[int, list[int]] = {}
    for organisation_id, person_id in rows:
        if organisation_id is not None:
            found.setdefault(organisation_id, []).append(person_id)
    return found


def _resolve(session: Session, targets: Targets, now: datetime) -> tuple[list[_Wanted], list[str]]:
    """Addresses to write to, each once, and the names of those that have none."""
    people, organisations = set(targets.people), set(targets.organisations)
    if not people and not organisations and not targets.outsiders:
        raise Invalid("nobody_chosen", "Choose somebody to invite.", "targets")
    if len(people) + len(organisations) + len(targets.outsiders) > MOST_TARGETS:
        raise Invalid("too_many_targets", f"At most {MOST_TARGETS} at once.", "targets")
    wanted: dict[str, _Wanted] = {}
    unreachable: list[str] = []
    _want_people(session, people, wanted, unreachable)
    _want_organisations(session, organisations, wanted, unreachable, now)
    for outsider in targets.outsiders:
        _want_outsider(session, outsider, wanted)
    return list(wanted.values()), unreachable


def _want_people(session: Session, people: set[int], wanted: dict[str, _Wanted], unreachable: list[str]) -> None:
    names = {
        each.id: each.display_name
        for each in session.scalars(select(Person).where(Person.id.in_(people), Person.merged_into_id.is_(None)))
    }
    if people - names.keys():
        raise NotFound("person_unknown", f"There is no person {min(people - names.keys())}.", "targets")
    found = addresses.of_people(session, people)
    for number in sorted(people):
        if number in found:
            wanted.setdefault(found[number].address, _person(found[number], number))
        else:
            unreachable.append(names[number])


def _want_organisations(
    session: Session, organisations: set[int], wanted: dict[str, _Wanted], unreachable: list[str], now: datetime
) -> None:
    names = dict(
        session.execute(select(Organisation.id, Organisation.name_uk).where(Organisation.id.in_(organisations))).all()
    )
    if organisations - names.keys():
        missing = min(organisations - names.keys())
        raise NotFound("organisation_unknown", f"There is no organisation {missing}.", "targets")
    own = addresses.of_organisations(session, organisations)
    leads = leads_of(session, organisations, now)
    of_leads = addresses.of_people(session, {number for group in leads.values() for number in group})
    for number in sorted(organisations):
        reached = False
        if number in own:
            found = own[number]
            entry = _Wanted(found.address, found.name, found.language, organisation_id=number)
            wanted.setdefault(found.address, entry)
            reached = True
        for lead in leads.get(number, ()):
            if lead in of_leads:
                wanted.setdefault(of_leads[lead].address, _person(of_leads[lead], lead, number))
                reached = True
        if not reached:
            unreachable.append(names[number])


def _want_outsider(session: Session, outsider: Outsider, wanted: dict[str, _Wanted]) -> None:
    """Who turns out to be known is invited as who they are."""
    address = normal_email(outsider.address)
    if not looks_like_address(address):
        raise Invalid("email_invalid", f"{outsider.address[:80]} is no e-mail address.", "addresses")
    people = people_with(session, address)
    home = session.scalar(select(Organisation.id).where(Organisation.email == address).limit(1))
    entry = _Wanted(
        address,
        outsider.name.strip()[:120] or address,
        outsider.language,
        person_id=min(people, default=None),
        organisation_id=None if people else home,
        role=outsider.role,
    )
    wanted.setdefault(address, entry)


def looks_like_address(text: str) -> bool:
    """Whether a mail could be sent there: one sign of the at, something on both sides, no blanks, no line's end."""
    local, _, host = text.partition("@")
    plain = not any(character.isspace() or ord(character) < 33 or character in '<>,;:"()' for character in text)
    return bool(local and "." in host.strip(".") and "@" not in host) and plain and len(text) <= 254


def _person(found: MailAddress, number: int, organisation_id: int | None = None) -> _Wanted:
    return _Wanted(found.address, found.name, found.language, person_id=number, organisation_id=organisation_id)
