"""What arrived in the outbox folder of a server under test, as its recipient's mail program would see it."""

from __future__ import annotations

import email
import email.policy
import re
import time
from dataclasses import dataclass
from email.message import EmailMessage
from pathlib import Path

import icalendar


@dataclass(frozen=True)
class Received:
    """A mail, its text and the calendar object that it carries."""

    subject: str
    text: str
    calendar: icalendar.Calendar | None

    def link(self, part: str) -> str:
        """The first address in the text that holds `part`."""
        found = re.search(rf"https?://\S*{re.escape(part)}\S*", self.text)
        assert found, f"no link with {part} in: {self.text}"
        return found.group().rstrip(".,)")

    @property
    def event(self) -> icalendar.Component:
        """Its only event."""
        assert self.calendar is not None, self.subject
        (event,) = self.calendar.walk("VEVENT")
        return event


def to(folder: Path, address: str) -> list[Received]:
    """Everything that went to the address, in the order of its subject lines' files."""
    found = []
    for file in sorted(folder.glob("*.eml"), key=lambda each: each.stat().st_mtime_ns):
        message = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
        assert isinstance(message, EmailMessage)
        if address in str(message["To"]).lower():
            found.append(_received(message))
    return found


def wait(folder: Path, address: str, count: int = 1, seconds: float = 90.0, *, holding: str = "") -> list[Received]:
    """The mails to the address in whose text `holding` stands, as soon as there are so many."""
    ends = time.monotonic() + seconds
    while len(found := [one for one in to(folder, address) if holding in one.text]) < count:
        assert time.monotonic() < ends, f"{len(found)} of {count} mails to {address}: {[one.subject for one in found]}"
        time.sleep(0.2)
    return found


def _received(message: EmailMessage) -> Received:
    body = message.get_body(("plain",))
    calendar = None
    for part in message.walk():
        if part.get_content_type() == "text/calendar":
            calendar = icalendar.Calendar.from_ical(part.get_payload(decode=True).decode())  # type: ignore[union-attr]
            assert part.get_param("method") == str(calendar["METHOD"])
            break
    return Received(str(message["Subject"]), body.get_content() if body else "", calendar)
