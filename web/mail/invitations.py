"""Letters to those who are invited, speak, or have a seat: each with the calendar object that its news calls for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session

from lms.directory.addresses import MailAddress, of_people
from lms.notify.models import OutboxMessage
from lms.schedule import audience, ics, registrations, telling
from lms.schedule.audience import Context, InvitationContext
from lms.schedule.audience_models import Invitation, ParticipationStatus, RegistrationState
from lms.schedule.models import Mode, Occurrence
from lms.schedule.rules import to_utc, zone_of
from lms.schedule.telling import News
from web.i18n import mark as _
from web.i18n import translate
from web.mail.events import Entry, either, event_of, organiser_of, page_of
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write

SUBJECTS: dict[News, str] = {
    News.INVITED: _("Invitation: %(title)s, %(when)s"),
    News.MOVED: _("Moved: %(title)s, now %(when)s"),
    News.CHANGED: _("Changed: %(title)s, %(when)s"),
    News.CANCELLED: _("Cancelled: %(title)s, %(when)s"),
    News.WITHDRAWN: _("Invitation withdrawn: %(title)s, %(when)s"),
}
BOOKED = _("Booked: %(title)s, %(when)s")
"""Of a consultation of two: who booked it, or offered the time, comes."""
RSVP = "rsvp"
"""Purpose of the signed link by which an invitation is answered."""


@dataclass(frozen=True, slots=True)
class Was:
    """What was announced before, as far as it differs."""

    starts_local: datetime
    ends_local: datetime
    zone: str
    title: str
    title_en: str
    venue: str


@dataclass(frozen=True, slots=True)
class Reader:
    """Whose letter it is."""

    address: str
    name: str
    language: str
    zone: str = ""
    """Their own time zone; empty if nobody knows."""


@renders("invitation.invited")
def invited(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Somebody is invited."""
    return _invitation(session, message, desk, News.INVITED)


@renders("invitation.moved")
def moved(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """It takes place at another time."""
    return _invitation(session, message, desk, News.MOVED)


@renders("invitation.changed")
def changed(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Title or place are others."""
    return _invitation(session, message, desk, News.CHANGED)


@renders("invitation.cancelled")
def cancelled(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """It does not take place."""
    return _invitation(session, message, desk, News.CANCELLED)


@renders("invitation.withdrawn")
def withdrawn(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """It takes place without this guest."""
    return _invitation(session, message, desk, News.WITHDRAWN)


@renders("occurrence.moved")
def moved_for_the_registered(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Who has a seat hears of the new time."""
    return _registered(session, message, desk, News.MOVED)


@renders("occurrence.cancelled")
def cancelled_for_the_registered(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Who has a seat hears that it does not take place."""
    return _registered(session, message, desk, News.CANCELLED)


def way_in(found: InvitationContext, desk: Desk) -> Entry:
    """The personal link where there is one that works, else the occurrence's page."""
    link = found.link
    if link is not None and link.sealed_token and link.revoked_at is None:
        return Entry(f"{desk.public_url}/guest/{desk.sealer.open(link.sealed_token)}", personal=True)
    return Entry(page_of(desk.public_url, found.about.occurrence))


def reader_of(session: Session, invitation: Invitation) -> Reader:
    """Name, language and zone of the person where one is known, else what the invitation says."""
    known = of_people(session, [invitation.person_id]) if invitation.person_id is not None else {}
    person = known.get(invitation.person_id or 0)
    if person is None:
        name = "" if invitation.name == invitation.address else invitation.name
        return Reader(invitation.address, name, invitation.language)
    return Reader(invitation.address, person.name, person.language, person.zone)


def _invitation(session: Session, message: OutboxMessage, desk: Desk, news: News) -> Letter:
    found = audience.invitation_context(session, int(message.contents["invitation"]))
    if found is None:
        raise Unwanted("The invitation is gone.")
    sequence = int(message.contents["sequence"])
    if sequence < found.invitation.told_sequence:
        raise Unwanted("A later letter says what holds now.")
    knows, last = audience.told_before(session, message)
    news = _fitting(news, found, knows, last, desk.now)
    entry = way_in(found, desk)
    entry = Entry(entry.way_in, entry.personal, sequence)
    reader = reader_of(session, found.invitation)
    given = found.invitation.status
    attendee = ics.Attendee(reader.address, reader.name, found.invitation.role, given)
    answer = f"{desk.public_url}/rsvp/{desk.links.sign(RSVP, found.invitation.id)}"
    invited, occurrence = found.invitation, found.about.occurrence
    names = audience.names_of_two(session, occurrence.id, invited.person_id) if occurrence.private else ()
    return _letter(
        desk, found.about, news, reader, entry, attendee, last, answer=answer, invitation=invited, names=names
    )


def _fitting(news: News, found: InvitationContext, knows: bool, last: Mapping[str, Any] | None, now: datetime) -> News:
    """What the letter has to say if earlier ones have not gone out. Raises `Unwanted` when it need not be sent."""
    occurrence = found.about.occurrence
    if occurrence.ends_at <= now:
        raise Unwanted("It is over.")
    if news in (News.CANCELLED, News.WITHDRAWN):
        if not knows:
            raise Unwanted("The address was never told of it.")
        return news
    if occurrence.status not in telling.ANNOUNCED or found.invitation.withdrawn_at is not None:
        raise Unwanted("It is not announced any more.")
    if not knows:
        return News.INVITED
    if news is News.INVITED:
        return news
    facts = telling.facts_told(occurrence)
    names = telling.TIME if news is News.MOVED else telling.WORDS
    if last is not None and all(last.get(name) == facts[name] for name in (*telling.TIME, *telling.WORDS)):
        raise Unwanted("In the end nothing has changed.")
    if last is not None and all(last.get(name) == facts[name] for name in names):
        return News.CHANGED if news is News.MOVED else News.MOVED
    return news


def _registered(session: Session, message: OutboxMessage, desk: Desk, news: News) -> Letter:
    about = audience.context_of(session, int(message.contents["occurrence"]))
    if about is None:
        raise Unwanted("The occurrence is gone.")
    occurrence = about.occurrence
    if int(message.contents["sequence"]) < occurrence.sequence:
        raise Unwanted("A later letter says what holds now.")
    if occurrence.ends_at <= desk.now:
        raise Unwanted("It is over.")
    state = _interested(session, occurrence.id).get(message.recipient)
    if state is None:
        raise Unwanted("The registration was given up.")
    whom: MailAddress = resolve(session, message.recipient)
    reader = Reader(whom.address, whom.name, whom.language, whom.zone)
    attendee = ics.Attendee(whom.address, whom.name, status=ParticipationStatus.ACCEPTED)
    letter = _letter(desk, about, news, reader, Entry(page_of(desk.public_url, occurrence)), attendee, None)
    # Who waits has no entry in the calendar: it comes with the seat.
    return letter if state is RegistrationState.CONFIRMED else replace(letter, calendar=b"", method="")


def _interested(session: Session, occurrence_id: int) -> dict[str, RegistrationState]:
    found = registrations.interested(session, occurrence_id)
    return {
        f"person:{each.person_id}" if each.person_id is not None else f"organisation:{each.organisation_id}": each.state
        for each in found
    }


def _letter(
    desk: Desk,
    about: Context,
    news: News,
    reader: Reader,
    entry: Entry,
    attendee: ics.Attendee,
    last: Mapping[str, Any] | None,
    *,
    answer: str = "",
    invitation: Invitation | None = None,
    names: tuple[str, ...] = (),
) -> Letter:
    occurrence, language = about.occurrence, reader.language
    gone = news in (News.CANCELLED, News.WITHDRAWN)
    text, html = write(
        desk,
        "invitation",
        language,
        news=news.value,
        occurrence=occurrence,
        reader=reader,
        organiser=about.organiser,
        languages=about.languages,
        reason=occurrence.cancel_reason if news is News.CANCELLED else about.reason,
        was=_was(last) if news in (News.MOVED, News.CHANGED) else None,
        entry=entry,
        answer="" if gone or occurrence.private else answer,
        page=page_of(desk.public_url, occurrence),
        online=occurrence.mode is not Mode.ON_SITE,
        own_time=own_time(occurrence, reader.zone),
        speaker_id=invitation.speaker_id if invitation is not None else None,
        role=invitation.role.value if invitation is not None else "participant",
        names=names,
    )
    organiser = organiser_of(desk.sender, about.organiser, language)
    event = event_of(occurrence, language, entry)
    say = ics.cancel if gone else ics.request
    return Letter(
        to=reader.address,
        subject=subject(_subject_of(news, occurrence), occurrence, language),
        text=text,
        html=html,
        to_name=reader.name,
        language=language,
        calendar=say(event, attendee, organiser, desk.now),
        method="CANCEL" if gone else "REQUEST",
    )


def _subject_of(news: News, occurrence: Occurrence) -> str:
    return BOOKED if occurrence.private and news is News.INVITED else SUBJECTS[news]


def subject(sentence: str, occurrence: Occurrence, language: str) -> str:
    """A subject that says what, and when. Subjects are kept and listed, so of a talk of two it does not say what."""
    title = either(language, occurrence.title, occurrence.title_en)
    if occurrence.private:
        title = translate(language, _("a consultation"))
    when = occurrence.starts_local.strftime("%d.%m.%Y %H:%M")
    return translate(language, sentence) % {"title": title, "when": when}


def own_time(occurrence: Occurrence, zone: str) -> str:
    """The zone in which the reader's clock shows another time than the occurrence's does; empty where it does not."""
    if not zone or zone == occurrence.zone:
        return ""
    there = to_utc(occurrence.starts_local, zone)
    return zone if there != occurrence.starts_at else ""


def _was(facts: Mapping[str, Any] | None) -> Was | None:
    if not facts:
        return None
    starts = datetime.fromisoformat(str(facts["starts_local"]))
    zone = str(facts["zone"])
    ends = to_utc(starts, zone) + timedelta(minutes=int(facts["duration_minutes"]))
    local = ends.astimezone(zone_of(zone)).replace(tzinfo=None)
    return Was(starts, local, zone, str(facts["title"]), str(facts["title_en"]), str(facts.get("venue", "")))
