"""Plain views of occurrences, as pages and the API show them: nothing of the database hangs on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from lms.directory.models import OrganisationKind
from lms.directory.rules import Visitor
from lms.schedule.changes import ChangeCard, told
from lms.schedule.models import (
    Access,
    AgendaItem,
    AgendaKind,
    Kind,
    MeetingRole,
    Mode,
    Occurrence,
    OccurrenceParty,
    Part,
    Status,
    Streaming,
)
from lms.schedule.protection import Entry
from lms.schedule.protection_models import Keeping
from lms.schedule.rules import (
    NO_SEATS,
    GuestFacts,
    JoinAnswer,
    OccurrenceFacts,
    SeatFacts,
    guest_link_end,
    guest_link_expired,
    is_over,
    join_role,
    languages_of,
    may_edit,
    streaming_of,
)

NAMELESS = "—"
"""In place of a name that is not for everybody."""
_OPENLY = Entry()
SHOWN = 4
"""So many organisations a line of a list names; of the others it says how many they are."""


@dataclass(frozen=True, slots=True)
class PartyCard:
    """An organisation in an occurrence."""

    organisation_id: int
    code: str
    name_uk: str
    name_en: str
    kind: OrganisationKind
    part: Part
    veiled: bool = False
    """Whether only those who organise, and its own people, read of it."""


@dataclass(frozen=True, slots=True)
class SpeakerCard:
    """A speaker."""

    id: int
    name: str
    position: str
    role: MeetingRole
    person_id: int | None
    organisation_id: int | None
    organisation_uk: str
    organisation_en: str
    interprets: str = ""
    """Into which language."""
    veiled: bool = False
    """Whether only those who organise read the name."""


@dataclass(frozen=True, slots=True)
class AgendaCard:
    """A point of the agenda."""

    title: str
    title_en: str
    minutes: int
    kind: AgendaKind
    begins_at: datetime
    """When its turn comes, if those before it take as long as planned."""
    speaker: str = ""


@dataclass(frozen=True, slots=True)
class TopicCard:
    """What it is about, from the catalogue."""

    code: str
    name_uk: str
    name_en: str


@dataclass(frozen=True, slots=True)
class GuestLinkCard:
    """A personal link, for those who manage it. `works` is whether it opens the door until `expires_at`."""

    id: int
    name: str
    organisation: str
    role: MeetingRole
    speaker_id: int | None
    expires_at: datetime
    revoked_at: datetime | None
    used_count: int
    last_used_at: datetime | None
    works: bool


@dataclass(frozen=True, slots=True)
class OccurrenceCard:
    """A line of the schedule. `meeting` is empty for a visitor who does not have the link.

    `joins_at` is when a paired endpoint joins by itself; None when it does not.
    """

    id: int
    slug: str
    meeting: str
    kind: Kind
    title: str
    title_en: str
    language: str
    starts_at: datetime
    ends_at: datetime
    starts_local: datetime
    zone: str
    duration_minutes: int
    status: Status
    access: Access
    listed: bool
    private: bool
    cancel_reason: str
    began_at: datetime | None
    live: bool
    ended: bool
    parties: tuple[PartyCard, ...]
    """In lists the first ones only (`SHOWN`)."""
    further_parties: int
    """So many more take part."""
    speakers: tuple[SpeakerCard, ...]
    may_edit: bool
    join: JoinAnswer
    joins_at: datetime | None
    ours: bool
    """Whether the visitor's organisation has a part in it."""

    @property
    def organisations(self) -> tuple[PartyCard, ...]:
        """The organisations that take part, in the order given."""
        return self.parties


@dataclass(frozen=True, slots=True)
class OccurrencePage:
    """Everything about an occurrence.

    `guest_links` is empty for those who do not edit it; of `changes` they get what concerns them (`changes.told`).
    """

    card: OccurrenceCard
    description: str
    description_en: str
    agenda: tuple[AgendaCard, ...]
    changes: tuple[ChangeCard, ...]
    guest_links: tuple[GuestLinkCard, ...]
    version: int
    sequence: int
    uid: str
    mode: Mode
    venue: str
    topics: tuple[TopicCard, ...]
    languages: tuple[str, ...]
    """Into which it is interpreted (BCP 47)."""
    meeting: str
    """Its meeting, also for those who come in only by an invitation (see `OccurrenceCard.meeting`)."""
    streaming: Streaming
    """Whether the public may watch it."""
    series_id: int | None
    programme_id: int | None

    @property
    def may_edit(self) -> bool:
        """Whether the visitor may change it."""
        return self.card.may_edit

    @property
    def join(self) -> JoinAnswer:
        """Whether the visitor may join now."""
        return self.card.join


@dataclass(frozen=True, slots=True)
class MeetingDoor:
    """A meeting's door, for one visitor. `organisation` is the visitor's, as the others will see it."""

    card: OccurrenceCard
    join: JoinAnswer
    organisation: str
    agenda: tuple[AgendaCard, ...]
    recorded: bool
    """Whether it is recorded from its beginning."""
    streaming: Streaming
    """Whether the public may watch it."""
    questions: bool
    """Whether those in the room may ask."""
    public_questions: bool
    """Whether those who watch its stream may."""
    languages: tuple[str, ...] = ()
    """Into which it is interpreted (BCP 47)."""
    entry: Entry = _OPENLY
    """What shields those inside, and under which name this visitor comes."""

    @property
    def opens_at(self) -> datetime | None:
        """From when this visitor may enter, if there is such a time."""
        return self.join.opens_at


@dataclass(frozen=True, slots=True)
class Cast:
    """Who takes part in an occurrence.

    For a list not all of its parties are read, but the visitor's own always are: they stand in `parts` as well, by
    which the rules decide.
    """

    parties: tuple[PartyCard, ...] = ()
    speakers: tuple[SpeakerCard, ...] = ()
    parts: frozenset[tuple[int, Part]] = frozenset()
    further: int = 0


def cast_of(occurrence: Occurrence) -> Cast:
    """From the occurrence's rows; parties and speakers with their organisations must be loaded."""
    parties = _parties(occurrence)
    return Cast(parties, _speakers(occurrence), parts_of(parties))


def parts_of(parties: Sequence[PartyCard | OccurrenceParty]) -> frozenset[tuple[int, Part]]:
    """Which organisation has which part."""
    return frozenset((party.organisation_id, party.part) for party in parties)


def facts_of(occurrence: Occurrence | Row[*tuple[Any, ...]], cast: Cast | None = None) -> OccurrenceFacts:
    """What the rules need; without a cast, parties and speakers must be loaded."""
    parts = parts_of(occurrence.parties) if cast is None else cast.parts
    speakers = occurrence.speakers if cast is None else cast.speakers
    return OccurrenceFacts(
        id=occurrence.id,
        status=occurrence.status,
        access=occurrence.access,
        listed=occurrence.listed,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        created_by=occurrence.created_by,
        series_id=occurrence.series_id,
        programme_id=occurrence.programme_id,
        parties=parts,
        speaker_roles={each.person_id: each.role for each in speakers if each.person_id is not None},
        private=occurrence.private,
    )


def card_of(
    occurrence: Occurrence | Row[*tuple[Any, ...]],
    visitor: Visitor,
    now: datetime,
    guest: GuestFacts | None = None,
    seats: SeatFacts = NO_SEATS,
    cast: Cast | None = None,
) -> OccurrenceCard:
    """A line of the schedule, of an occurrence or of its columns; without a cast, its cast must be loaded."""
    if cast is None:
        assert isinstance(occurrence, Occurrence)
        cast = cast_of(occurrence)
    facts = facts_of(occurrence, cast)
    join = join_role(facts, visitor, now, guest=guest, seats=seats)
    editor = may_edit(facts, visitor)
    live = occurrence.status is Status.LIVE
    return OccurrenceCard(
        id=occurrence.id,
        slug=occurrence.slug,
        meeting=occurrence.meeting if _has_link(facts, visitor, editor, guest) else "",
        kind=occurrence.kind,
        title=occurrence.title,
        title_en=occurrence.title_en,
        language=occurrence.language,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        starts_local=occurrence.starts_local,
        zone=occurrence.zone,
        duration_minutes=occurrence.duration_minutes,
        status=occurrence.status,
        access=occurrence.access,
        listed=occurrence.listed,
        private=occurrence.private,
        cancel_reason=occurrence.cancel_reason,
        began_at=occurrence.began_at,
        live=live,
        ended=is_over(facts, now),
        parties=cast.parties if editor else tuple(each for each in cast.parties if _reads(each, visitor)),
        further_parties=cast.further,
        speakers=cast.speakers if editor else tuple(_for_others(each, visitor) for each in cast.speakers),
        may_edit=editor,
        join=join,
        joins_at=_joins_at(occurrence, join),
        ours=any(organisation in visitor.organisation_ids for organisation, _ in cast.parts),
    )


def _reads(party: PartyCard, visitor: Visitor) -> bool:
    return not party.veiled or party.organisation_id in visitor.organisation_ids


def _for_others(speaker: SpeakerCard, visitor: Visitor) -> SpeakerCard:
    """Of a speaker whose name is for the organisers alone the task stays; everybody reads their own name."""
    if not speaker.veiled or (speaker.person_id is not None and speaker.person_id == visitor.person_id):
        return speaker
    return replace(speaker, name=NAMELESS, position="", person_id=None, organisation_uk="", organisation_en="")


def page_of(
    occurrence: Row[*tuple[Any, ...]],
    card: OccurrenceCard,
    *,
    agenda: Sequence[Row[*tuple[Any, ...]]],
    changes: Sequence[Row[*tuple[Any, ...]]],
    guest_links: Sequence[Row[*tuple[Any, ...]]],
    topics: Sequence[TopicCard],
    now: datetime,
) -> OccurrencePage:
    """The whole occurrence, of its card and the columns of what belongs to it."""
    return OccurrencePage(
        card=card,
        description=occurrence.description,
        description_en=occurrence.description_en,
        agenda=_agenda(agenda, card.speakers, card.starts_at),
        changes=told(changes, editor=card.may_edit),
        guest_links=_guest_links(guest_links, card, now),
        version=occurrence.version,
        sequence=occurrence.sequence,
        uid=occurrence.uid,
        mode=occurrence.mode,
        venue=occurrence.venue,
        topics=tuple(topics),
        languages=languages_of(occurrence.interpretation, (each.interprets for each in card.speakers)),
        meeting=occurrence.meeting,
        streaming=streaming_of(occurrence.streaming, card.kind, card.access),
        series_id=occurrence.series_id,
        programme_id=occurrence.programme_id,
    )


def door_of(
    occurrence: Occurrence,
    visitor: Visitor,
    now: datetime,
    guest: GuestFacts | None = None,
    seats: SeatFacts = NO_SEATS,
    cast: Cast | None = None,
    entry: Entry = _OPENLY,
) -> MeetingDoor:
    """The door of the meeting, before which the visitor stands: who stands there has the link."""
    card = card_of(occurrence, visitor, now, guest, seats, cast)
    agenda = _agenda(occurrence.agenda, card.speakers, card.starts_at)
    streaming = streaming_of(occurrence.streaming, occurrence.kind, occurrence.access)
    inside = entry.protection.keeping is Keeping.NEVER
    if inside:
        streaming = Streaming.NO
    return MeetingDoor(
        card,
        card.join,
        visitor.organisation,
        agenda,
        occurrence.recorded and not inside,
        streaming,
        occurrence.questions,
        occurrence.public_questions and streaming is not Streaming.NO,
        languages_of(occurrence.interpretation, (each.interprets for each in card.speakers)),
        entry,
    )


def to_join_now(cards: Sequence[OccurrenceCard], now: datetime) -> OccurrenceCard | None:
    """What a paired endpoint joins by itself at `now`: of several, its own organisation's, then what is live."""
    ready = [card for card in cards if card.joins_at is not None and card.joins_at <= now and card.join.allowed]
    ready = [card for card in ready if card.live or now < card.ends_at]
    return min(ready, key=lambda card: (not card.ours, not card.live, card.starts_at, card.id), default=None)


def _has_link(facts: OccurrenceFacts, visitor: Visitor, editor: bool, guest: GuestFacts | None) -> bool:
    if facts.access is Access.OPEN or editor or visitor.in_network:
        return True
    return guest is not None and guest.occurrence_id == facts.id


def _joins_at(occurrence: Occurrence | Row[*tuple[Any, ...]], join: JoinAnswer) -> datetime | None:
    if join.refusal not in ("", "too_early"):
        return None
    if occurrence.status is Status.LIVE:
        return min(occurrence.starts_at, occurrence.began_at or occurrence.starts_at)
    return occurrence.starts_at


def _parties(occurrence: Occurrence) -> tuple[PartyCard, ...]:
    return tuple(
        PartyCard(
            party.organisation_id,
            party.organisation.code,
            party.organisation.name_uk,
            party.organisation.name_en,
            party.organisation.kind,
            party.part,
        )
        for party in occurrence.parties
    )


def _speakers(occurrence: Occurrence) -> tuple[SpeakerCard, ...]:
    return tuple(
        SpeakerCard(
            each.id,
            each.name,
            each.position_title,
            each.role,
            each.person_id,
            each.organisation_id,
            each.organisation.name_uk if each.organisation else "",
            each.organisation.name_en if each.organisation else "",
            each.interprets,
        )
        for each in occurrence.speakers
    )


def _agenda(
    items: Sequence[AgendaItem | Row[*tuple[Any, ...]]], speakers: Sequence[SpeakerCard], begins_at: datetime
) -> tuple[AgendaCard, ...]:
    names = {each.id: each.name for each in speakers}
    found = []
    for item in items:
        speaker = names.get(item.speaker_id, "") if item.speaker_id is not None else ""
        found.append(AgendaCard(item.title, item.title_en, item.minutes, item.kind, begins_at, speaker))
        begins_at += timedelta(minutes=item.minutes)
    return tuple(found)


def _guest_links(
    links: Sequence[Row[*tuple[Any, ...]]], card: OccurrenceCard, now: datetime
) -> tuple[GuestLinkCard, ...]:
    cards = []
    for link in links:
        end = guest_link_end(link.expires_at, card.ends_at)
        cards.append(
            GuestLinkCard(
                link.id,
                link.name,
                link.organisation,
                link.role,
                link.speaker_id,
                end,
                link.revoked_at,
                link.used_count,
                link.last_used_at,
                link.revoked_at is None and not guest_link_expired(link.expires_at, card.status, card.ends_at, now),
            )
        )
    return tuple(cards)
