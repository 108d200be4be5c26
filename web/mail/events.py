"""An occurrence as a calendar entry, in one reader's language: for letters and for feeds."""

from __future__ import annotations

from dataclasses import dataclass

from lms.schedule.ics import CalendarEvent, Organiser
from lms.schedule.models import Mode, Occurrence, Status
from web import vocabulary
from web.i18n import mark as _
from web.i18n import translate

SEPARATOR = "\n\n"


@dataclass(frozen=True, slots=True)
class Entry:
    """What of an entry depends on whose it is: the way in, and a SEQUENCE of its own."""

    way_in: str
    """The personal link of an expert, the occurrence's page for others."""
    personal: bool = False
    sequence: int | None = None


def page_of(public_url: str, occurrence: Occurrence) -> str:
    """The occurrence's page."""
    return f"{public_url}/schedule/{occurrence.slug}"


def either(language: str, uk: str, en: str) -> str:
    """The text in the reader's language; Ukrainian where there is no English."""
    return en if language == "en" and en else uk


def event_of(occurrence: Occurrence, language: str, entry: Entry) -> CalendarEvent:
    """The entry. The way in stands in URL, CONFERENCE and in the text: not every program shows the former two."""
    online = occurrence.mode is not Mode.ON_SITE
    parts = []
    if occurrence.status is Status.CANCELLED and occurrence.cancel_reason:
        parts.append(translate(language, _("Cancelled: %(reason)s")) % {"reason": occurrence.cancel_reason})
    elif online:
        personal, common = _("Your personal way in: %(link)s"), _("To join: %(link)s")
        parts.append(translate(language, personal if entry.personal else common) % {"link": entry.way_in})
    parts.append(either(language, occurrence.description, occurrence.description_en))
    return CalendarEvent(
        uid=occurrence.uid,
        sequence=occurrence.sequence if entry.sequence is None else entry.sequence,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        zone=occurrence.zone,
        summary=either(language, occurrence.title, occurrence.title_en),
        changed_at=occurrence.updated_at,
        created_at=occurrence.created_at,
        description=SEPARATOR.join(part for part in parts if part),
        location=occurrence.venue or (translate(language, _("Online, in Vikno")) if online else ""),
        url=entry.way_in,
        conference=entry.way_in if online else "",
        categories=(translate(language, vocabulary.KINDS[occurrence.kind]),),
        cancelled=occurrence.status is Status.CANCELLED,
        language=language,
    )


def organiser_of(sender: str, name: str, language: str) -> Organiser:
    """In whose name, at the address to which answers come back."""
    return Organiser(sender, name or translate(language, _("Vikno")))
