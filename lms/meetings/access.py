"""Who may see and change attendance: pure functions over the visitor."""

from __future__ import annotations

from datetime import datetime, timedelta

from lms.directory.models import RoleName, Scope
from lms.directory.rules import Visitor
from lms.errors import Conflict, NotAllowed
from lms.schedule.models import Occurrence, Status
from lms.schedule.rules import OPENS_BEFORE

ROLL_CALL_DAYS = 7
"""So many days after the end a centre's lead still fills in the roll-call; later only an organiser, with a reason."""
DEVICE_GRACE = timedelta(hours=1)
"""So long after the end the endpoint itself still sends what was ticked during the meeting."""


def led(visitor: Visitor) -> frozenset[int]:
    """Organisations whose roll-call the visitor answers for."""
    return frozenset(
        grant.scope_id
        for grant in visitor.grants
        if grant.role is RoleName.CENTRE_LEAD and grant.scope is Scope.ORGANISATION and grant.scope_id is not None
    )


def is_auditor(visitor: Visitor) -> bool:
    """Reads everything, changes nothing."""
    return visitor.audits


def seen_by(visitor: Visitor, *, editor: bool) -> frozenset[int] | None:
    """Of which organisations the visitor sees the attendance; None for all. Raises `NotAllowed` for none."""
    if editor or is_auditor(visitor):
        return None
    homes = led(visitor)
    if not homes:
        raise NotAllowed(
            "attendance_closed", "Only the organisers, auditors and leads of the centres see who attended."
        )
    return homes


def ended_at(occurrence: Occurrence) -> datetime:
    """When it ended, or should have."""
    return occurrence.ended_at or occurrence.ends_at


def may_enter(
    occurrence: Occurrence, visitor: Visitor, organisation_id: int, now: datetime, *, editor: bool, reason: str
) -> None:
    """Whether the visitor may fill in an organisation's roll-call now.

    Raises `NotAllowed` (roll_call_foreign) or `Conflict` (not_editable, roll_call_early, roll_call_closed,
    roll_call_reason).
    """
    device = visitor.endpoint_id is not None and visitor.organisation_id == organisation_id
    if not (editor or device or organisation_id in led(visitor)):
        raise NotAllowed("roll_call_foreign", "Only the centre's lead or its own endpoint fills in its roll-call.")
    if occurrence.status in (Status.DRAFT, Status.CANCELLED):
        raise Conflict("roll_call_not_held", "It was not held, so there is no roll-call.")
    if occurrence.status is not Status.LIVE and now < occurrence.starts_at - OPENS_BEFORE:
        raise Conflict("roll_call_early", "The roll-call opens half an hour before it begins.")
    over = occurrence.status in (Status.ENDED, Status.ARCHIVED)
    if device and not editor and over and now > ended_at(occurrence) + DEVICE_GRACE:
        raise Conflict("roll_call_closed_here", "It is over. The centre's lead fills in the roll-call on its page.")
    if now <= ended_at(occurrence) + timedelta(days=ROLL_CALL_DAYS) or occurrence.status is Status.LIVE:
        return
    if not editor:
        raise Conflict("roll_call_closed", f"The roll-call was open for {ROLL_CALL_DAYS} days. Ask the organiser.")
    if not reason.strip():
        raise Conflict("roll_call_reason", "It is long over: say why the roll-call is changed now.", "reason")
