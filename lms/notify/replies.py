"""An answer to a calendar invitation, as it was found in a mail that came in."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lms.notify.models import InboundState


@dataclass(frozen=True, slots=True)
class CalendarReply:
    """One VEVENT of an iTIP REPLY or COUNTER (RFC 5546 sections 3.2.3 and 3.2.7)."""

    uid: str
    attendee: str
    """Who answers: the address of ATTENDEE, in lower case; without one, the mail's sender."""
    status: str
    """PARTSTAT in lower case: `accepted`, `declined`, `tentative`, `delegated`, `needs-action`."""
    sequence: int = 0
    """SEQUENCE of the invitation that is answered."""
    at: datetime | None = None
    """DTSTAMP, in UTC: a later answer goes before an earlier one."""
    comment: str = ""
    recurrence_id: str = ""
    sender: str = ""
    """From which address the mail came, in lower case. Whether it may answer for the attendee is the taker's to say."""
    sent_by: str = ""
    """SENT-BY of the attendee, in lower case: who answers for them. The mail alone does not prove that they may."""
    """RECURRENCE-ID as it was written; empty for a single event."""


ReplyTaker = Callable[[Session, CalendarReply, datetime], InboundState]
"""Applies an answer, at a time; says what became of it. The schedule has one; `web/main` hands it to the reader."""
