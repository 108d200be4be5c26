"""What an organiser decides about a series, and what its dates begin with. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from lms.errors import Invalid
from lms.schedule.drafts import AgendaDraft, OccurrenceDraft, PartyDraft, SpeakerDraft, check
from lms.schedule.models import Access, AgendaKind, Ending, KeepUnit, Kind, MeetingRole, Mode, Part, Streaming
from lms.schedule.recurrence import Placed, dates_of, place

SHORTEST = {KeepUnit.DAYS: 14, KeepUnit.MONTHS: 1}
"""Organisers are told two weeks before recordings are deleted."""
LONGEST = {KeepUnit.DAYS: 3650, KeepUnit.MONTHS: 120}


@dataclass(frozen=True, slots=True)
class SeriesDraft:
    """A series: by `rule`, or by `dates` alone. `starts_local` is naive, in `zone`; for dates alone the first one.

    Parties to topics are what each new date begins with; each occurrence is its own from then on.
    """

    kind: Kind
    title: str
    owner_id: int
    starts_local: datetime
    duration_minutes: int
    rule: str = ""
    dates: tuple[datetime, ...] = ()
    left_out: tuple[datetime, ...] = ()
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
    keep_for: int | None = None
    """How long recordings are kept, in `keep_unit`; None: for ever."""
    keep_unit: KeepUnit = KeepUnit.MONTHS
    keep_ending: Ending = Ending.EVERYTHING
    access: Access = Access.NETWORK
    programme_id: int | None = None
    parties: list[PartyDraft] = field(default_factory=list)
    speakers: list[SpeakerDraft] = field(default_factory=list)
    agenda: list[AgendaDraft] = field(default_factory=list)
    topic_ids: tuple[int, ...] = ()
    mode: Mode = Mode.ONLINE
    venue: str = ""
    reminder_offsets: tuple[int, ...] | None = None

    def placed(self) -> list[Placed]:
        """Its dates in their zone, in order. Raises `Invalid` as `recurrence.dates_of` does."""
        return [place(each, self.zone) for each in dates_of(self.rule, self.starts_local, self.dates, self.left_out)]

    def occurrence(self, local: datetime) -> OccurrenceDraft:
        """What one date begins with."""
        return OccurrenceDraft(
            kind=self.kind,
            title=self.title,
            title_en=self.title_en,
            starts_local=local,
            duration_minutes=self.duration_minutes,
            zone=self.zone,
            language=self.language,
            listed=self.listed,
            recorded=self.recorded,
            streaming=self.streaming,
            questions=self.questions,
            public_questions=self.public_questions,
            access=self.access,
            parties=list(self.parties),
            speakers=list(self.speakers),
            agenda=list(self.agenda),
            topic_ids=self.topic_ids,
            mode=self.mode,
            venue=self.venue,
            reminder_offsets=self.reminder_offsets,
        )


def check_series(draft: SeriesDraft) -> list[Placed]:
    """Its dates. Raises `Invalid`, naming the field, for what cannot be right in any of them."""
    placed = draft.placed()
    if len(draft.description) > 20_000 or len(draft.description_en) > 20_000:
        raise Invalid("text_long", "This is longer than 20000 characters; shorten it.", "description")
    if draft.keep_for is not None and not SHORTEST[draft.keep_unit] <= draft.keep_for <= LONGEST[draft.keep_unit]:
        detail = "Recordings are kept for 14 to 3650 days, for 1 to 120 months, or for ever."
        raise Invalid("keep_for_invalid", detail, "keep_for")
    check(draft.occurrence(placed[0].local))
    return placed


def to_contents(draft: SeriesDraft) -> dict[str, Any]:
    """The defaults as JSON, for `SeriesDefaults.contents`."""
    return {
        "parties": [[party.organisation_id, party.part.value] for party in draft.parties],
        "speakers": [
            [
                each.name,
                each.position,
                each.organisation_id,
                each.person_id,
                each.role.value,
                each.email,
                each.interprets,
            ]
            for each in draft.speakers
        ],
        "agenda": [[item.title, item.minutes, item.title_en, item.kind.value, item.speaker] for item in draft.agenda],
        "topics": list(draft.topic_ids),
        "mode": draft.mode.value,
        "venue": draft.venue,
    }


def from_contents(contents: Mapping[str, Any]) -> dict[str, Any]:
    """The same back, as arguments of a `SeriesDraft`."""
    return {
        "parties": [PartyDraft(number, Part(part)) for number, part in contents.get("parties", [])],
        "speakers": [
            SpeakerDraft(name, position, organisation, person, MeetingRole(role), email=email, interprets="".join(into))
            for name, position, organisation, person, role, email, *into in contents.get("speakers", [])
        ],
        "agenda": [
            AgendaDraft(title, minutes, title_en, AgendaKind(kind), speaker)
            for title, minutes, title_en, kind, speaker in contents.get("agenda", [])
        ],
        "topic_ids": tuple(contents.get("topics", [])),
        "mode": Mode(contents.get("mode", Mode.ONLINE)),
        "venue": contents.get("venue", ""),
    }
