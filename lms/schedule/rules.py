"""Planned time, and who may plan, see and join: pure functions over plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.schedule.audience_models import RegistrationState, Seat
from lms.schedule.models import Access, Kind, MeetingRole, Part, Status, Streaming

OPENS_BEFORE = timedelta(minutes=30)
OPENS_BEFORE_FOR_SPEAKERS = timedelta(minutes=60)
"""Experts come earlier, to try their microphone and slides."""
WAITS_AFTER = timedelta(hours=6)
"""So long after its planned end an occurrence that nobody started is over."""
GUEST_LINK_AFTER = timedelta(days=1)
"""A guest link without a date of its own works until so long after the planned end."""

_EARLY = frozenset(
    {MeetingRole.MODERATOR, MeetingRole.PRESENTER, MeetingRole.INTERPRETER, MeetingRole.CAPTIONER, MeetingRole.HOST}
)


@dataclass(frozen=True, slots=True)
class OccurrenceFacts:
    """What the rules need to know of an occurrence."""

    id: int
    status: Status
    access: Access
    listed: bool
    starts_at: datetime
    ends_at: datetime
    created_by: str = ""
    series_id: int | None = None
    programme_id: int | None = None
    """Of its series."""
    parties: frozenset[tuple[int, Part]] = frozenset()
    """Organisation and its part."""
    speaker_roles: Mapping[int, MeetingRole] = field(default_factory=dict)
    """By person."""
    private: bool = False
    """Whether it is for those alone who speak in it."""


@dataclass(frozen=True, slots=True)
class GuestFacts:
    """What a personal link allows: a role in one occurrence."""

    link_id: int
    occurrence_id: int
    role: MeetingRole


@dataclass(frozen=True, slots=True)
class SeatFacts:
    """What registration means for one visitor: whether a seat is needed, and how far theirs is."""

    required: bool = False
    state: RegistrationState | None = None
    seat: Seat | None = None
    place: int = 0
    """In the waiting list, from 1."""
    until: datetime | None = None
    """When an offer ends."""
    invited: bool = False
    """Whether there is an invitation for them, or for an organisation of theirs; looked up for what is not listed."""


NO_SEATS = SeatFacts()
"""Nobody needs to register."""

_SEAT_REFUSALS = {
    RegistrationState.PENDING: "registration_pending",
    RegistrationState.WAITLISTED: "registration_waiting",
    RegistrationState.OFFERED: "registration_offered",
    RegistrationState.DECLINED: "registration_declined",
}


@dataclass(frozen=True, slots=True)
class JoinAnswer:
    """May join in `role`, or may not because of `refusal`.

    Refusals: `sign_in_needed`, `not_invited`, `not_published`, `too_early` (then `opens_at` says when), `ended`,
    `cancelled`; where one has to register `registration_needed`, `registration_pending`, `registration_waiting` (with
    `place`), `registration_offered` (with `until`), `registration_declined`. `name_needed` comes with a role: whoever
    has no name here must give one first.
    """

    role: MeetingRole | None
    refusal: str = ""
    opens_at: datetime | None = None
    place: int = 0
    """In the waiting list, from 1."""
    until: datetime | None = None
    """When the offered seat goes to somebody else."""

    @property
    def allowed(self) -> bool:
        """Whether the door is open (a name may still be needed)."""
        return self.role is not None


def zone_of(name: str) -> ZoneInfo:
    """The IANA zone. Raises `Invalid` (zone_unknown)."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise Invalid("zone_unknown", f"There is no time zone {name}; it looks like Europe/Kyiv.", "zone") from error


def to_utc(starts_local: datetime, zone: str) -> datetime:
    """The instant of a wall time by the zone's rules of that day.

    A time that comes twice is the first one; one that is skipped counts with the offset before the change
    (RFC 5545 section 3.3.5). Raises `ValueError` for an aware time.
    """
    if starts_local.tzinfo is not None:
        raise ValueError("A wall time has no zone of its own.")
    return starts_local.replace(tzinfo=zone_of(zone), fold=0).astimezone(UTC)


def exists(starts_local: datetime, zone: str) -> bool:
    """Whether clocks in the zone show this time at all: they skip an hour when summer time begins."""
    back = to_utc(starts_local, zone).astimezone(zone_of(zone)).replace(tzinfo=None)
    return back == starts_local.replace(fold=0)


def midnight(day: date, zone: str) -> datetime:
    """The instant at which a calendar day begins in the zone."""
    return to_utc(datetime.combine(day, time()), zone)


def day_bounds(now: datetime, zone: str) -> tuple[datetime, datetime]:
    """The instants between which the calendar day of `now` lies in the zone: 23, 24 or 25 hours."""
    midnight = now.astimezone(zone_of(zone)).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    return to_utc(midnight, zone), to_utc(midnight + timedelta(days=1), zone)


def may_edit(facts: OccurrenceFacts, visitor: Visitor) -> bool:
    """Organisers of the network edit everything; others what their organisation organises, or was handed to them.

    What was handed over may be one occurrence, a series, or a programme with all its series. What is private is
    nobody's here: the part that made it changes it.
    """
    if facts.private:
        return False
    if visitor.organises_everything or facts.id in visitor.organised_occurrences:
        return True
    if facts.series_id in visitor.organised_series or facts.programme_id in visitor.organised_programmes:
        return True
    organisers = {organisation for organisation, part in facts.parties if part is Part.ORGANISER}
    if organisers & visitor.organised_organisations:
        return True
    return visitor.is_organiser and facts.created_by == visitor.identity


def may_see(facts: OccurrenceFacts, visitor: Visitor) -> bool:
    """The same rule as `queries.visible_to`, for one occurrence in memory."""
    if may_edit(facts, visitor):
        return True
    if facts.status is Status.DRAFT:
        return False
    return facts.listed or (visitor.audits and not facts.private) or _invited(facts, visitor)


def join_role(
    facts: OccurrenceFacts,
    visitor: Visitor,
    now: datetime,
    *,
    guest: GuestFacts | None = None,
    seats: SeatFacts = NO_SEATS,
) -> JoinAnswer:
    """In which role the visitor joins at `now`, or why not.

    `guest` is the personal link that the visitor came with, `seats` what registration means for this visitor here.
    """
    role, refusal = _role(facts, visitor, guest, seats)
    closed = _closed(facts, role, now)
    if closed:
        return JoinAnswer(None, closed)
    if role is None:
        place = seats.place if refusal == "registration_waiting" else 0
        return JoinAnswer(None, refusal, place=place, until=seats.until if refusal == "registration_offered" else None)
    opens_at = doors_open_at(facts, role)
    if opens_at is not None and now < opens_at:
        return JoinAnswer(None, "too_early", opens_at)
    return JoinAnswer(role, refusal, opens_at)


def doors_open_at(facts: OccurrenceFacts, role: MeetingRole) -> datetime | None:
    """From when somebody in this role may enter; None for at any time."""
    if facts.status is Status.LIVE or role is MeetingRole.HOST:
        return None
    return facts.starts_at - (OPENS_BEFORE_FOR_SPEAKERS if role in _EARLY else OPENS_BEFORE)


def is_over(facts: OccurrenceFacts, now: datetime) -> bool:
    """Whether it has ended, or nobody started it in time."""
    if facts.status in (Status.ENDED, Status.ARCHIVED):
        return True
    return facts.status is not Status.LIVE and facts.ends_at + WAITS_AFTER <= now


def guest_link_end(expires_at: datetime | None, ends_at: datetime) -> datetime:
    """When a guest link stops working."""
    return expires_at or ends_at + GUEST_LINK_AFTER


def guest_link_expired(expires_at: datetime | None, status: Status, ends_at: datetime, now: datetime) -> bool:
    """Whether it has stopped. What is live goes on as long as it goes on, and its experts come back into it."""
    if expires_at is None and status is Status.LIVE:
        return False
    return guest_link_end(expires_at, ends_at) <= now


def _closed(facts: OccurrenceFacts, role: MeetingRole | None, now: datetime) -> str:
    if facts.status is Status.CANCELLED:
        return "cancelled"
    if facts.status in (Status.ENDED, Status.ARCHIVED):
        return "ended"
    if role is MeetingRole.HOST:
        return ""
    if facts.status is Status.DRAFT:
        return "not_published"
    return "ended" if is_over(facts, now) else ""


def _invited(facts: OccurrenceFacts, visitor: Visitor) -> bool:
    parties = {organisation for organisation, _ in facts.parties}
    return bool(parties & visitor.organisation_ids) or visitor.person_id in facts.speaker_roles


def _seated(visitor: Visitor, seats: SeatFacts) -> tuple[MeetingRole | None, str]:
    """Where seats are counted, those with a confirmed one come in; an endpoint by the seat of its organisation's room.

    Hosts, speakers, expert bodies and guests with a personal link never get here: they bring what the others come for.
    """
    if seats.state in (RegistrationState.CONFIRMED, RegistrationState.NO_SHOW):
        return MeetingRole.VIEWER if seats.seat is Seat.VIEWER else MeetingRole.PARTICIPANT, ""
    if not visitor.in_network:
        return None, "sign_in_needed"
    return None, _SEAT_REFUSALS.get(seats.state, "registration_needed") if seats.state else "registration_needed"


def _role(
    facts: OccurrenceFacts, visitor: Visitor, guest: GuestFacts | None, seats: SeatFacts
) -> tuple[MeetingRole | None, str]:
    if may_edit(facts, visitor):
        return MeetingRole.HOST, ""
    if guest is not None and guest.occurrence_id == facts.id and guest.link_id == visitor.guest_link_id:
        return guest.role, ""
    if visitor.person_id is not None and visitor.person_id in facts.speaker_roles:
        return facts.speaker_roles[visitor.person_id], ""
    experts = {organisation for organisation, part in facts.parties if part is Part.EXPERT_BODY}
    if experts & visitor.organisation_ids:
        return MeetingRole.PRESENTER, ""
    known = visitor.in_network
    asked = seats.invited or _invited(facts, visitor)
    if seats.required and (facts.listed or facts.access is not Access.NETWORK or asked):
        return _seated(visitor, seats)
    if facts.access in (Access.OPEN, Access.LINK):
        return MeetingRole.PARTICIPANT, "" if known or visitor.name else "name_needed"
    if not known:
        return None, "sign_in_needed"
    if facts.listed or asked:
        return MeetingRole.PARTICIPANT, ""
    return None, "not_invited"


def languages_of(planned: Iterable[str], interpreters: Iterable[str]) -> tuple[str, ...]:
    """Into which languages something is interpreted: what was planned, and what its interpreters do."""
    return tuple(dict.fromkeys(each for each in (*planned, *interpreters) if each))


def streaming_of(streaming: Streaming, kind: Kind, access: Access) -> Streaming:
    """What holds of what was decided: a meeting is private, and where the link opens the door it is not published.

    The address of a stream bears the meeting's name, which is the link.
    """
    return Streaming.NO if kind is Kind.MEETING or access is Access.LINK else streaming
