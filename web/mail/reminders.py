"""Letters that remind, and letters that announce what somebody follows. Neither carries a calendar object."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage
from lms.schedule import audience, following, reminders
from lms.schedule.audience import Context
from lms.schedule.models import Status
from web.i18n import mark as _
from web.mail.digests import digest
from web.mail.events import Entry, page_of
from web.mail.invitations import Reader, own_time, reader_of, subject, way_in
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write

UNSUBSCRIBE = "unsubscribe"
"""Purpose of the signed link with which a reader stops letters about what they follow."""


@renders(reminders.KIND)
def reminder(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """It begins soon. Dropped when it was moved, cancelled, has begun, or no longer concerns the recipient."""
    about = _about(session, message)
    occurrence = about.occurrence
    planned = datetime.fromisoformat(str(message.contents["starts_at"]))
    if occurrence.status not in (Status.PUBLISHED, Status.MOVED) or occurrence.starts_at != planned:
        raise Unwanted("It takes place at another time, or not at all.")
    if occurrence.starts_at <= desk.now:
        raise Unwanted("It has begun.")
    if not reminders.still_concerns(session, occurrence, message.recipient):
        raise Unwanted("It no longer concerns the recipient.")
    kind, _colon, whose = message.recipient.partition(":")
    own = int(whose) if kind == "person" else None
    names = audience.names_of_two(session, occurrence.id, own) if occurrence.private else ()
    number = message.contents.get("invitation")
    found = audience.invitation_context(session, int(number)) if number is not None else None
    if found is not None:
        return _letter(desk, about, "reminder", reader_of(session, found.invitation), way_in(found, desk), names)
    entry = Entry(page_of(desk.public_url, occurrence))
    return _letter(desk, about, "reminder", _reader(session, message), entry, names)


@renders(following.ANNOUNCED)
def announced(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Something that the reader follows was published, moved or cancelled: one date, or many of a series at once."""
    news = following.news_of(session, message.contents, desk.now)
    if not news:
        raise Unwanted("It is not announced any more.")
    reader = _reader(session, message)
    if len(news) == 1 and news[0].what == "published":
        about = audience.context_of(session, news[0].occurrence.id)
        if about is None:
            raise Unwanted("The occurrence is gone.")
        letter = _letter(desk, about, "announced", reader, Entry(page_of(desk.public_url, about.occurrence)))
    else:
        letter = digest(desk, reader, news, following.series_of_news(session, message.contents))
    kind, _colon, number = message.recipient.partition(":")
    if kind != "person":
        return letter
    signed = desk.links.sign(UNSUBSCRIBE, int(number))
    return replace(letter, unsubscribe=f"{desk.public_url}/unsubscribe/{signed}")


def _about(session: Session, message: OutboxMessage) -> Context:
    about = audience.context_of(session, int(message.contents["occurrence"]))
    if about is None:
        raise Unwanted("The occurrence is gone.")
    return about


def _reader(session: Session, message: OutboxMessage) -> Reader:
    whom = resolve(session, message.recipient)
    return Reader(whom.address, whom.name, whom.language, whom.zone)


def _letter(desk: Desk, about: Context, news: str, reader: Reader, entry: Entry, names: tuple[str, ...] = ()) -> Letter:
    occurrence = about.occurrence
    text, html = write(
        desk,
        "reminder",
        reader.language,
        news=news,
        occurrence=occurrence,
        reader=reader,
        organiser=about.organiser,
        entry=entry,
        page=page_of(desk.public_url, occurrence),
        settings=f"{desk.public_url}/me/notifications",
        own_time=own_time(occurrence, reader.zone),
        role="participant",
        answer="",
        names=names,
    )
    sentence = _("Reminder: %(title)s, %(when)s") if news == "reminder" else _("New: %(title)s, %(when)s")
    line = subject(sentence, occurrence, reader.language)
    return Letter(reader.address, line, text, html, reader.name, reader.language)
