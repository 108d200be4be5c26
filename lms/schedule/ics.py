"""Calendar objects (RFC 5545, 5546, 7986): invitations, cancellations and feeds, from plain data to bytes.

Each occurrence is one VEVENT with its own UID, also within a series: where every date has a topic of its own this is
the robust choice, and a single date can be moved or cancelled without RECURRENCE-ID. Times are wall times with TZID and
a VTIMEZONE of just the days needed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Calendar, Event, Timezone, TimezoneDaylight, TimezoneStandard, vCalAddress, vDuration, vText, vUri

from lms.schedule.audience_models import ParticipationStatus
from lms.schedule.models import MeetingRole

PRODID = "-//Vikno//Vikno//UK"
LONGEST_TEXT = 8000
REFRESH = timedelta(hours=1)
"""How often a program that subscribes to a feed should look again."""

_CHAIRS = frozenset({MeetingRole.HOST, MeetingRole.MODERATOR})
_UTC_NAMES = frozenset({"UTC", "Etc/UTC"})


@dataclass(frozen=True, slots=True)
class Attendee:
    """To whom a message goes: others are not named in it."""

    address: str
    name: str
    role: MeetingRole = MeetingRole.PARTICIPANT
    status: ParticipationStatus = ParticipationStatus.NEEDS_ACTION


@dataclass(frozen=True, slots=True)
class Organiser:
    """ORGANIZER: the address to which answers go, and in whose name."""

    address: str
    name: str


@dataclass(frozen=True, slots=True)
class CalendarEvent:
    """One occurrence, in one reader's language."""

    uid: str
    sequence: int
    starts_at: datetime
    ends_at: datetime
    zone: str
    summary: str
    changed_at: datetime
    created_at: datetime
    description: str = ""
    location: str = ""
    url: str = ""
    conference: str = ""
    """Where one press joins; empty where nobody joins online."""
    categories: tuple[str, ...] = ()
    cancelled: bool = False
    language: str = "uk"


def request(event: CalendarEvent, attendee: Attendee, organiser: Organiser, now: datetime) -> bytes:
    """An invitation, or the news that something about it has changed (METHOD:REQUEST)."""
    return _message("REQUEST", event, attendee, organiser, now)


def cancel(event: CalendarEvent, attendee: Attendee, organiser: Organiser, now: datetime) -> bytes:
    """It does not take place, or not with this attendee (METHOD:CANCEL)."""
    return _message("CANCEL", event, attendee, organiser, now)


def publish(events: Iterable[tuple[CalendarEvent, Organiser]], name: str) -> bytes:
    """A feed (METHOD:PUBLISH). It names no attendee, and is the same until something in it changes."""
    listed = sorted(events, key=lambda each: (each[0].starts_at, each[0].uid))
    calendar = _calendar("PUBLISH", [event for event, _ in listed])
    calendar.add("name", _plain(name))
    calendar.add("x-wr-calname", _plain(name))
    calendar.add("refresh-interval", vDuration(REFRESH), parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", vDuration(REFRESH))
    for event, organiser in listed:
        component = _event(event, organiser, event.changed_at)
        component.add("transp", "TRANSPARENT" if event.cancelled else "OPAQUE")
        calendar.add_component(component)
    return bytes(calendar.to_ical())


def _message(method: str, event: CalendarEvent, attendee: Attendee, organiser: Organiser, now: datetime) -> bytes:
    calendar = _calendar(method, [event])
    component = _event(event, organiser, now)
    if method == "CANCEL":
        component["STATUS"] = vText("CANCELLED")
    component.add("attendee", _attendee(attendee, asked=method == "REQUEST"), encode=False)
    calendar.add_component(component)
    return bytes(calendar.to_ical())


def _calendar(method: str, events: list[CalendarEvent]) -> Calendar:
    calendar = Calendar()
    calendar.add("prodid", PRODID)
    calendar.add("version", "2.0")
    calendar.add("calscale", "GREGORIAN")
    calendar.add("method", method)
    for zone in sorted({event.zone for event in events} - _UTC_NAMES):
        begin = min(event.starts_at for event in events if event.zone == zone)
        end = max(event.ends_at for event in events if event.zone == zone)
        calendar.add_component(_timezone(zone, begin.date() - timedelta(days=1), end.date() + timedelta(days=1)))
    return calendar


def _event(event: CalendarEvent, organiser: Organiser, stamp: datetime) -> Event:
    component = Event()
    component.add("uid", event.uid)
    component.add("sequence", event.sequence)
    component.add("dtstamp", stamp.astimezone(UTC))
    component.add("created", event.created_at.astimezone(UTC))
    component.add("last-modified", event.changed_at.astimezone(UTC))
    component.add("dtstart", _planned(event.starts_at, event.zone))
    component.add("dtend", _planned(event.ends_at, event.zone))
    component.add("summary", _plain(event.summary, 300), parameters={"LANGUAGE": event.language})
    component.add("status", "CANCELLED" if event.cancelled else "CONFIRMED")
    if event.description:
        component.add("description", _plain(event.description), parameters={"LANGUAGE": event.language})
    if event.location:
        component.add("location", _plain(event.location, 500))
    if event.url:
        component.add("url", vUri(event.url))
    if event.conference:
        conference = vUri(event.conference)
        conference.params["VALUE"] = "URI"
        conference.params["FEATURE"] = ["AUDIO", "VIDEO", "CHAT"]
        component.add("conference", conference, encode=False)
    if event.categories:
        component.add("categories", [_plain(each, 200) for each in event.categories])
    component.add("organizer", _address(organiser.address, organiser.name), encode=False)
    return component


def _planned(moment: datetime, zone: str) -> datetime:
    """In the zone's wall time, but in UTC where that would name two instants and mean the second (fold)."""
    if zone in _UTC_NAMES:
        return moment.astimezone(UTC)
    local = moment.astimezone(ZoneInfo(zone))
    return moment.astimezone(UTC) if local.fold else local


def _address(address: str, name: str) -> vCalAddress:
    value = vCalAddress(f"mailto:{address}")
    if name:
        value.params["CN"] = vText(_parameter(name))
    return value


def _attendee(attendee: Attendee, *, asked: bool) -> vCalAddress:
    value = _address(attendee.address, attendee.name)
    value.params["CUTYPE"] = vText("INDIVIDUAL")
    value.params["ROLE"] = vText("CHAIR" if attendee.role in _CHAIRS else "REQ-PARTICIPANT")
    value.params["PARTSTAT"] = vText(attendee.status.value.upper())
    value.params["RSVP"] = vText("TRUE" if asked else "FALSE")
    return value


def _plain(text: str, longest: int = LONGEST_TEXT) -> str:
    """Without control characters, which TEXT may not hold (RFC 5545 section 3.3.11), and not without bound."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    kept = "".join(each for each in lines if each in "\n\t" or (ord(each) >= 32 and ord(each) != 127))
    return kept if len(kept) <= longest else kept[: longest - 1] + "…"


def _parameter(text: str) -> str:
    """A parameter's value holds no quotation marks and no line ends (RFC 5545 section 3.2)."""
    return " ".join(_plain(text, 200).replace('"', "").split())


@lru_cache(maxsize=256)
def _observances(zone: str, first: date, last: date) -> tuple[tuple[datetime, timedelta, timedelta, str, bool], ...]:
    """From when on which offset holds: wall time by the offset before, both offsets, name, whether summer time."""
    place = ZoneInfo(zone)
    begin = datetime.combine(first, time(), UTC)
    before = begin.astimezone(place)
    offset = before.utcoffset() or timedelta()
    found = [_observance(before.replace(tzinfo=None), offset, before)]
    day, end = begin, datetime.combine(last, time(), UTC) + timedelta(days=1)
    while day < end:
        following = day + timedelta(days=1)
        if following.astimezone(place).utcoffset() != offset:
            instant = _change(place, day, following)
            after = instant.astimezone(place)
            found.append(_observance((instant + offset).replace(tzinfo=None), offset, after))
            offset = after.utcoffset() or timedelta()
        day = following
    return tuple(found)


def _observance(
    onset: datetime, before: timedelta, after: datetime
) -> tuple[datetime, timedelta, timedelta, str, bool]:
    return onset, before, after.utcoffset() or timedelta(), after.tzname() or "", bool(after.dst())


def _change(place: ZoneInfo, early: datetime, late: datetime) -> datetime:
    """The first whole second with the new offset."""
    old = early.astimezone(place).utcoffset()
    while late - early > timedelta(seconds=1):
        middle = early + timedelta(seconds=int((late - early).total_seconds()) // 2)
        if middle.astimezone(place).utcoffset() == old:
            early = middle
        else:
            late = middle
    return late


def _timezone(zone: str, first: date, last: date) -> Timezone:
    component = Timezone()
    component.add("tzid", zone)
    for onset, before, after, name, summer in _observances(zone, first, last):
        part = TimezoneDaylight() if summer else TimezoneStandard()
        part.add("dtstart", onset)
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("tzname", name)
        component.add_component(part)
    return component
