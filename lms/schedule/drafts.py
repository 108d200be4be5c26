"""What an organiser fills in, and when it is right."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from lms.errors import Invalid
from lms.schedule.models import Access, AgendaKind, Kind, MeetingRole, Part
from lms.schedule.rules import exists

SHORTEST_MINUTES = 5
LONGEST_MINUTES = 24 * 60
LONGEST_TITLE = 300
LONGEST_DESCRIPTION = 20_000
LONGEST_NAME = 120
MOST_ROWS = 100


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


@dataclass(frozen=True, slots=True)
class AgendaDraft:
    """A point of the agenda."""

    title: str
    minutes: int
    title_en: str = ""
    kind: AgendaKind = AgendaKind.TALK


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
    access: Access = Access.NETWORK
    parties: list[PartyDraft] = field(default_factory=list)
    speakers: list[SpeakerDraft] = field(default_factory=list)
    agenda: list[AgendaDraft] = field(default_factory=list)


def check(draft: OccurrenceDraft) -> None:
    """Raises `Invalid`, naming the field, for what cannot be right."""
    _check_text(draft)
    _check_time(draft)
    for name, rows in (("parties", draft.parties), ("speakers", draft.speakers), ("agenda", draft.agenda)):
        if len(rows) > MOST_ROWS:
            raise Invalid("too_many_rows", f"At most {MOST_ROWS} rows fit here; divide the occurrence.", name)
    parts = [(party.organisation_id, party.part) for party in draft.parties]
    if len(set(parts)) < len(parts):
        raise Invalid("party_twice", "An organisation stands twice with the same part; remove one.", "parties")
    for speaker in draft.speakers:
        if not speaker.name.strip() or len(speaker.name) > LONGEST_NAME:
            raise Invalid("name_needed", f"Each speaker needs a name of at most {LONGEST_NAME} characters.", "speakers")
        if len(speaker.position) > 200:
            raise Invalid("text_long", "A speaker's position is longer than 200 characters; shorten it.", "speakers")
    for item in draft.agenda:
        if not item.title.strip() or max(len(item.title), len(item.title_en)) > LONGEST_TITLE:
            raise Invalid("title_needed", f"Each point needs a title of at most {LONGEST_TITLE} characters.", "agenda")
        if not 0 <= item.minutes <= LONGEST_MINUTES:
            raise Invalid("minutes_invalid", f"A point lasts 0 to {LONGEST_MINUTES} minutes.", "agenda")


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


def _check_time(draft: OccurrenceDraft) -> None:
    if not SHORTEST_MINUTES <= draft.duration_minutes <= LONGEST_MINUTES:
        detail = f"The duration is from {SHORTEST_MINUTES} to {LONGEST_MINUTES} minutes."
        raise Invalid("duration_invalid", detail, "duration_minutes")
    if draft.starts_local.tzinfo is not None or not 2000 <= draft.starts_local.year <= 2100:
        raise Invalid("time_invalid", "Give date and time as the clock on the wall shows them.", "starts_local")
    if not exists(draft.starts_local, draft.zone):
        detail = "Clocks skip this time that night, because summer time begins. Choose another hour."
        raise Invalid("time_skipped", detail, "starts_local")
