"""Letters about a seat: confirmed, in line, offered, over, declined, taken away, given back.

Each belongs to one change of state; if the registration has moved on since, it is not sent: a newer letter says more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy.orm import Session

from lms.errors import NotFound
from lms.notify.models import OutboxMessage
from lms.schedule import audience, ics
from lms.schedule.audience_models import ParticipationStatus, Registration, RegistrationState
from lms.schedule.models import Occurrence, Status
from lms.schedule.registration_lists import by_number
from lms.schedule.registration_views import place_in_line
from lms.schedule.registrations import invited_too
from web.i18n import mark as _
from web.i18n import translate
from web.mail.events import Entry, event_of, organiser_of, page_of
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write

OFFER = "seat"
"""Purpose of the signed link by which an offer is answered."""


@dataclass(frozen=True, slots=True)
class Words:
    """What stands in a letter of one kind."""

    subject: str
    lead: str
    follows: str = ""


WORDS = {
    "confirmed": Words(
        _("Your seat: %(title)s"),
        _("You have a seat. On the day, join from the occurrence's page; the door opens half an hour before."),
        _("You cannot come? Give the seat back on the occurrence's page: somebody may be waiting for it."),
    ),
    "pending": Words(
        _("Your request: %(title)s"),
        _("Your request for a seat has come in. The organiser decides, and you will get a mail."),
    ),
    "waitlisted": Words(
        _("Waiting list: %(title)s"),
        _("All seats are taken just now: you are on the waiting list."),
        _("When a seat becomes free it is offered to you by mail and kept for a while. You need to do nothing."),
    ),
    "offered": Words(
        _("A seat is free for you: %(title)s"),
        _("A seat has become free, and it is kept for you."),
        _("After that it goes to the next in line."),
    ),
    "offer_expired": Words(
        _("The offer has ended: %(title)s"),
        _("The seat that was kept for you has gone to the next in line, because no answer came in time."),
        _("You would still like to come? Register again on the occurrence's page."),
    ),
    "declined": Words(_("Not this time: %(title)s"), _("The organiser has declined your registration.")),
    "cancelled": Words(_("Your seat was cancelled: %(title)s"), _("The organiser has cancelled your registration.")),
    "freed": Words(
        _("You have given your seat back: %(title)s"),
        _("Your registration is cancelled, as you wished. Thank you for letting others have the seat."),
    ),
}
"""By the last word of the message's kind."""


def _letter(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    number = int(message.contents["registration"])
    what = message.kind.rpartition(".")[2]
    try:
        row, occurrence, name = by_number(session, number)
    except NotFound as gone:
        raise Unwanted("The registration is gone.") from gone
    if row.round != message.contents["round"]:
        raise Unwanted("The registration has changed since; a newer letter tells of it.")
    _still_wanted(occurrence, what, desk)
    whom = resolve(session, message.recipient)
    language = whom.language if whom.language in ("uk", "en") else "uk"
    title = occurrence.title_en if language == "en" and occurrence.title_en else occurrence.title
    words = WORDS[what]
    page = page_of(desk.public_url, occurrence)
    text, html = write(
        desk,
        "registration",
        language,
        what=what,
        words=words,
        title=title,
        name=whom.name,
        holder=name if row.person_id is None else "",
        occurrence=occurrence,
        row=row,
        place=place_in_line(session, row),
        page=page,
        offer=f"{desk.public_url}/offers/{desk.links.sign(OFFER, row.id)}" if what == "offered" else "",
    )
    subject = translate(language, words.subject) % {"title": title}
    letter = Letter(whom.address, subject, text, html, whom.name, language)
    method = _method(session, message, row, what)
    if not method:
        return letter
    about = audience.context_of(session, occurrence.id)
    organiser = organiser_of(desk.sender, about.organiser if about else "", language)
    status = ParticipationStatus.ACCEPTED if method == "REQUEST" else ParticipationStatus.DECLINED
    attendee = ics.Attendee(whom.address, whom.name, status=status)
    event = event_of(occurrence, language, Entry(page))
    say = ics.request if method == "REQUEST" else ics.cancel
    return replace(letter, calendar=say(event, attendee, organiser, desk.now), method=method)


def _method(session: Session, message: OutboxMessage, row: Registration, what: str) -> str:
    """A seat comes with a calendar entry, and takes it away again; an invitation has brought one already."""
    lost = what in ("cancelled", "freed") and message.contents.get("was") == RegistrationState.CONFIRMED
    if not (what == "confirmed" or lost) or invited_too(session, row):
        return ""
    return "CANCEL" if lost else "REQUEST"


def _still_wanted(occurrence: Occurrence, what: str, desk: Desk) -> None:
    if occurrence.status is Status.CANCELLED and what not in ("declined", "cancelled", "freed"):
        raise Unwanted("The occurrence was cancelled; another letter tells of it.")
    if occurrence.status in (Status.ENDED, Status.ARCHIVED) or occurrence.ends_at <= desk.now:
        raise Unwanted("The occurrence is over.")


for _kind in WORDS:
    renders(f"registration.{_kind}")(_letter)
