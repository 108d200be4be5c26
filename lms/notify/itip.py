"""Answers in iCalendar objects (RFC 5546), as calendars really write them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from icalendar import Calendar, Component

from lms.notify.replies import CalendarReply

_ANSWERS = {"REPLY", "COUNTER"}
_STATUSES = {"accepted", "declined", "tentative", "delegated", "needs-action"}
_MOST_EVENTS = 50
_MOST_CHARACTERS = 200_000


def replies(text: str, sender: str) -> Iterator[CalendarReply]:
    """Each VEVENT of an object whose METHOD is REPLY or COUNTER; nothing if it is something else, or broken.

    The METHOD in the body counts: the `method` parameter of the mail is often missing. `sender` is who sent the mail,
    for an object with several attendees, or with none.
    """
    calendar = _parse(text[:_MOST_CHARACTERS])
    if calendar is None:
        return
    method = str(calendar.get("METHOD", "")).strip().upper()
    if method not in _ANSWERS:
        return
    for event in calendar.walk("VEVENT")[:_MOST_EVENTS]:
        reply = _reply(event, method, sender)
        if reply is not None:
            yield reply


def _parse(text: str) -> Component | None:
    for candidate in (text, _cleaned(text)):
        try:
            return Calendar.from_ical(candidate)
        except Exception:  # the parser has many ways to say no  # noqa: S112
            continue
    return None


def _cleaned(text: str) -> str:
    """Only what stands in the first VCALENDAR, and no line that is neither a property nor goes on one."""
    begin = text.find("BEGIN:VCALENDAR")
    end = text.find("END:VCALENDAR")
    lines = re.split(r"\r\n|\n|\r", text[max(begin, 0) : end if end > begin else len(text)])
    kept = [line for line in lines if line.startswith((" ", "\t")) or re.match(r"[A-Za-z0-9-]+[;:]", line)]
    return "\r\n".join([*kept, "END:VCALENDAR", ""])


def _reply(event: Component, method: str, sender: str) -> CalendarReply | None:
    uid = _text(event.get("UID"))[:255]
    answering = _attendee(event, sender)
    status = answering.status
    if not uid or "@" not in answering.address:
        return None
    comment = " ".join(part for part in (answering.said, *_comments(event)) if part)
    if method == "COUNTER":
        status = "declined" if status == "declined" else "tentative"
        comment = f"COUNTER {_moment(event.get('DTSTART'))} {comment}"
    if status not in _STATUSES:
        return None
    return CalendarReply(
        uid,
        answering.address,
        status,
        _number(event.get("SEQUENCE")),
        _instant(event.get("DTSTAMP")),
        comment.strip()[:1000],
        _recurrence(event.get("RECURRENCE-ID")),
        sender,
        answering.sent_by,
    )


@dataclass(frozen=True, slots=True)
class _Attendee:
    address: str
    status: str = ""
    """PARTSTAT."""
    said: str = ""
    sent_by: str = ""


def _attendee(event: Component, sender: str) -> _Attendee:
    """Who answers: among several the sender, or for whom they send, else the first that says something."""
    found = event.get("ATTENDEE", [])
    entries = found if isinstance(found, list) else [found]
    known = []
    for entry in entries[:_MOST_EVENTS]:
        parameters = getattr(entry, "params", {})
        address = _address(entry)
        if "@" not in address:
            address = str(parameters.get("EMAIL", "")).strip().lower()[:320]
        status = str(parameters.get("PARTSTAT", "")).strip().lower()
        said = _text(parameters.get("X-RESPONSE-COMMENT"))
        known.append(_Attendee(address, status, said, _address(parameters.get("SENT-BY", ""))))
    if not known:
        return _Attendee(sender)
    for each in known:
        if sender in (each.address, each.sent_by) and each.status:
            return each
    answered = [each for each in known if each.status not in ("", "needs-action")]
    found = (answered or known)[0]
    return found if found.address else replace(found, address=sender)


def _address(value: object) -> str:
    """The address of a CAL-ADDRESS (RFC 5545 section 3.3.3), in lower case."""
    return re.sub(r"^mailto:", "", str(value).strip(), flags=re.IGNORECASE).strip("<> ").lower()[:320]


def _comments(event: Component) -> list[str]:
    found = event.get("COMMENT", [])
    return [_text(each) for each in (found if isinstance(found, list) else [found])][:5]


def _text(value: Any) -> str:
    return "" if value is None else " ".join(str(value).split())


def _number(value: Any) -> int:
    try:
        return min(max(int(str(value)), 0), 2**31 - 1)
    except ValueError:
        return 0


def _instant(value: Any) -> datetime | None:
    moment = getattr(value, "dt", None)
    if not isinstance(moment, datetime):
        return None
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def _moment(value: Any) -> str:
    moment = getattr(value, "dt", None)
    if isinstance(moment, datetime):
        return f"{moment:%Y-%m-%d %H:%M} {moment.tzname() or ''}".strip()
    return moment.isoformat() if isinstance(moment, date) else ""


def _recurrence(value: Any) -> str:
    try:
        return "" if value is None else value.to_ical().decode()[:64]
    except (AttributeError, ValueError):
        return ""
