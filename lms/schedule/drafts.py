"""What an organiser fills in, and when it is right."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import datetime

from lms.errors import Invalid
from lms.schedule.models import INTERPRETED, Access, AgendaKind, Kind, MeetingRole, Mode, Part, Streaming
from lms.schedule.rules import exists, streaming_of

SHORTEST_MINUTES = 5
LONGEST_MINUTES = 24 * 60
LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 20_000
LONGEST_NAME = 120
MOST_ROWS = 100
MOST_REMINDERS = 5
MOST_LANGUAGES = 8
EARLIEST_REMINDER = 60 * 24 * 30
"""Minutes: nobody is reminded earlier than a month before."""
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")


@dataclass(frozen=True, slots=True)
class PartyDraft:
    """An organisation and its part."""

    organisation_id: int
    part: Part


@dataclass(frozen=True, slots=True)
class SpeakerDraft:
    """Somebody with a task. `id` keeps the row of an existing speaker; without it the name does."""

    name: str
    position: str = ""
    organisation_id: int | None = None
    person_id: int | None = None
    role: MeetingRole = MeetingRole.PRESENTER
    id: int | None = None
    email: str = ""
    """Where a guest gets the personal link; a person of the system has addresses of their own."""
    interprets: str = ""
    """Of an interpreter: into which language."""


@dataclass(frozen=True, slots=True)
class AgendaDraft:
    """A point of the agenda."""

    title: str
    minutes: int
    title_en: str = ""
    kind: AgendaKind = AgendaKind.TALK
    speaker: int | None = None
    """Place among the speakers of the draft, from 0."""


@dataclass(frozen=True, slots=True)
class OccurrenceDraft:
    """Everything that an organiser decides about an occurrence. `starts_local` is naive, in `zone`."""

    kind: Kind
    title: str
    starts_local: datetime
    duration_minutes: int
    zone: str = "Europe/Kyiv"
    title_en: str = ""
    description: str = ""
    description_en: str = ""
    language: str = "uk"
    listed: bool = True
    recorded: bool = False
    streaming: Streaming = Streaming.ALLOWED
    questions: bool = True
    public_questions: bool = False
    interpretation: tuple[str, ...] = ()
    """Languages into which it is interpreted, beside those of its interpreters."""
    access: Access = Access.NETWORK
    parties: list[PartyDraft] = field(default_factory=list)
    speakers: list[SpeakerDraft] = field(default_factory=list)
    agenda: list[AgendaDraft] = field(default_factory=list)
    mode: Mode = Mode.ONLINE
    venue: str = ""
    reminder_offsets: tuple[int, ...] | None = None
    """Minutes before the beginning; None for the usual ones."""
    topic_ids: tuple[int, ...] | None = None
    """None leaves the topics as they are."""


def check(draft: OccurrenceDraft) -> None:
    """Raises `Invalid`, naming the field, for what cannot be right."""
    check_streaming(draft.streaming, draft.kind, draft.access)
    _check_languages(draft)
    _check_text(draft)
    _check_time(draft)
    _check_place(draft)
    for name, rows in (("parties", draft.parties), ("speakers", draft.speakers), ("agenda", draft.agenda)):
        if len(rows) > MOST_ROWS:
            raise Invalid("too_many_rows", f"At most {MOST_ROWS} rows fit here; divide the occurrence.", name)
    parts = [(party.organisation_id, party.part) for party in draft.parties]
    if len(set(parts)) < len(parts):
        raise Invalid("party_twice", "An organisation stands twice with the same part; remove one.", "parties")
    for speaker in draft.speakers:
        if not speaker.name.strip() or len(speaker.name) > LONGEST_NAME:
            raise Invalid("name_needed", f"Each speaker needs a name of at most {LONGEST_NAME} characters.", "speakers")
        if speaker.email and (len(speaker.email) > 254 or not _EMAIL.fullmatch(speaker.email)):
            raise Invalid("email_invalid", "This is no e-mail address. It looks like name@example.ua.", "speakers")
        if len(speaker.position) > 200:
            raise Invalid("text_long", "A speaker's position is longer than 200 characters; shorten it.", "speakers")
    for item in draft.agenda:
        if not item.title.strip() or max(len(item.title), len(item.title_en)) > LONGEST_TITLE:
            raise Invalid("title_needed", f"Each point needs a title of at most {LONGEST_TITLE} characters.", "agenda")
        if not 0 <= item.minutes <= LONGEST_MINUTES:
            raise Invalid("minutes_invalid", f"A point lasts 0 to {LONGEST_MINUTES} minutes.", "agenda")
        if item.speaker is not None and not 0 <= item.speaker < len(draft.speakers):
            raise Invalid("agenda_speaker", "A point of the agenda names a speaker who is not there.", "agenda")


def _check_languages(draft: OccurrenceDraft) -> None:
    wanted = {*draft.interpretation, *(each.interprets for each in draft.speakers if each.interprets)}
    if wanted - set(INTERPRETED):
        detail = f"{min(wanted - set(INTERPRETED))} is not offered. Choose one of the list."
        raise Invalid("interpretation_unknown", detail, "interpretation")
    if draft.language in wanted:
        raise Invalid(
            "interpretation_own",
            "It is spoken in this language. Choose those into which it is interpreted.",
            "interpretation",
        )
    if len(wanted) > MOST_LANGUAGES:
        raise Invalid("interpretation_many", f"At most {MOST_LANGUAGES} languages fit.", "interpretation")


def check_streaming(streaming: Streaming, kind: Kind, access: Access) -> None:
    """Raises `Invalid` (stream_private, stream_link) for a stream that was planned where there can be none."""
    if streaming is not Streaming.PLANNED or streaming_of(streaming, kind, access) is Streaming.PLANNED:
        return
    if kind is Kind.MEETING:
        raise Invalid("stream_private", "A meeting is private: it cannot be streamed.", "streaming")
    detail = "The address of the stream would let everybody in. Choose another way to join, or do not stream."
    raise Invalid("stream_link", detail, "streaming")


def _check_text(draft: OccurrenceDraft) -> None:
    if not draft.title.strip():
        raise Invalid("title_needed", "Give it a title.", "title")
    for name, longest in (
        ("title", LONGEST_TITLE),
        ("title_en", LONGEST_TITLE),
        ("description", LONGEST_DESCRIPTION),
        ("description_en", LONGEST_DESCRIPTION),
    ):
        if len(getattr(draft, name)) > longest:
            raise Invalid("text_long", f"This is longer than {longest} characters; shorten it.", name)
    if draft.language not in ("uk", "en"):
        raise Invalid("language_unknown", "Choose Ukrainian or English.", "language")


def _check_place(draft: OccurrenceDraft) -> None:
    if draft.mode is not Mode.ONLINE and not draft.venue.strip():
        raise Invalid("venue_needed", "Say where people meet: town, street, room.", "venue")
    if len(draft.venue) > LONGEST_TITLE:
        raise Invalid("text_long", f"This is longer than {LONGEST_TITLE} characters; shorten it.", "venue")
    offsets = draft.reminder_offsets or ()
    if len(offsets) > MOST_REMINDERS or any(not 0 < each <= EARLIEST_REMINDER for each in offsets):
        detail = f"At most {MOST_REMINDERS} reminders, each within a month before."
        raise Invalid("reminders_invalid", detail, "reminder_offsets")


def _check_time(draft: OccurrenceDraft) -> None:
    if not SHORTEST_MINUTES <= draft.duration_minutes <= LONGEST_MINUTES:
        detail = f"The duration is from {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes."
        raise Invalid("duration_invalid", detail, "duration_minutes")
    if draft.starts_local.tzinfo is not None or not 2000 <= draft.starts_local.year <= 2100:
        raise Invalid("time_invalid", "Give date and time as the clock on the wall shows them.", "starts_local")
    if not exists(draft.starts_local, draft.zone):
        detail = "Clocks skip this time that night, because summer time begins. Choose another hour."
        raise Invalid("time_skipped", detail, "starts_local")
