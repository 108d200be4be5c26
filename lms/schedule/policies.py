"""How people register for an occurrence: set, changed, taken away."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed
from lms.schedule import questions, seats
from lms.schedule.audience_models import Registration, RegistrationMode, RegistrationPolicy
from lms.schedule.book import Book, occurrence_id_of, open_book
from lms.schedule.models import Occurrence, Status
from lms.schedule.questions import Question
from lms.schedule.rules import may_edit, to_utc, zone_of

MOST_SEATS = 100_000
SHORTEST_MINUTES = 15
LONGEST_MINUTES = 14 * 24 * 60


@dataclass(frozen=True, slots=True)
class PolicyDraft:
    """How people shall register. None: without bound."""

    mode: RegistrationMode = RegistrationMode.OPEN
    required: bool = False
    capacity: int | None = None
    per_organisation: int | None = None
    viewer_capacity: int | None = None
    """0: nobody only watches."""
    opens_at: datetime | None = None
    closes_at: datetime | None = None
    offer_minutes: int = 24 * 60
    questions: tuple[Question, ...] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a change of the policy led to."""

    offered: int = 0
    """How many seats were offered or given to people who waited."""
    over: int = 0
    """How many hold a seat beyond the new capacity: they keep it."""
    dates: int = 1
    """How many occurrences it was set for."""


def set_policy(
    session: Session, visitor: Visitor, slug: str, draft: PolicyDraft, now: datetime, *, whole_series: bool = False
) -> Outcome:
    """Set it; more seats are offered at once to those who wait. `whole_series`: for all its coming dates as well.

    Raises `NotFound`, `NotAllowed` (editors_only), `Invalid` (seats_invalid, offer_time_invalid, registration_window,
    questions) or `Conflict` (question_answered, not_editable).
    """
    check(draft)
    number = occurrence_id_of(session, visitor, slug)
    planned = session.get_one(Occurrence, number).starts_local
    dates = _dates(session, number, now, whole_series)
    with session.begin_nested():  # all dates or none
        done = [_set(session, visitor, each, draft, planned, now) for each in dates]
    return Outcome(sum(one.offered for one in done), sum(one.over for one in done), len(done))


def drop_policy(session: Session, visitor: Visitor, slug: str, now: datetime) -> None:
    """Nobody needs to register any more. Raises `Conflict` (registration_in_use) once somebody has."""
    book = _edited(session, visitor, occurrence_id_of(session, visitor, slug))
    if book.policy is None:
        return
    if session.scalar(select(func.count()).where(Registration.occurrence_id == book.occurrence.id)):
        raise Conflict("registration_in_use", "People have registered already. Close registration instead.")
    before = _state(book.policy)
    session.delete(book.policy)
    session.flush()
    record(session, visitor.actor, "registration_policy.drop", "occurrence", book.occurrence.id, now=now, before=before)


def check(draft: PolicyDraft) -> None:
    """Raises `Invalid`, with the field."""
    for name, least in (("capacity", 1), ("per_organisation", 1), ("viewer_capacity", 0)):
        value = getattr(draft, name)
        if value is not None and not least <= value <= MOST_SEATS:
            raise Invalid("seats_invalid", f"From {least} to {MOST_SEATS} seats, or empty for no bound.", name)
    if not SHORTEST_MINUTES <= draft.offer_minutes <= LONGEST_MINUTES:
        raise Invalid("offer_time_invalid", "A seat is kept from 15 minutes to 14 days.", "offer_hours")
    if draft.opens_at is not None and draft.closes_at is not None and draft.closes_at <= draft.opens_at:
        raise Invalid("registration_window", "Registration must close after it opens.", "closes_at")
    questions.check(draft.questions)


def _set(
    session: Session, visitor: Visitor, number: int, draft: PolicyDraft, planned: datetime, now: datetime
) -> Outcome:
    """`planned` is the wall time of the date for which the draft was written: others close as long before theirs."""
    book = _edited(session, visitor, number)
    if book.occurrence.status in (Status.ENDED, Status.CANCELLED, Status.ARCHIVED):
        raise Conflict("not_editable", "It is over or cancelled, and stays as it was.")
    policy, before = book.policy, None
    if policy is None:
        policy = RegistrationPolicy(occurrence_id=number, questions=[])
        session.add(policy)
    else:
        before = _state(policy)
        questions.check_change(questions.read(policy.questions), draft.questions, _given(session, number))
    for name in ("mode", "required", "capacity", "per_organisation", "viewer_capacity", "opens_at", "closes_at"):
        setattr(policy, name, getattr(draft, name))
    if draft.closes_at is not None and book.occurrence.starts_local != planned:
        zone = book.occurrence.zone
        wall = draft.closes_at.astimezone(zone_of(zone)).replace(tzinfo=None)
        policy.closes_at = to_utc(wall + (book.occurrence.starts_local - planned), zone)
    policy.offer_minutes = draft.offer_minutes
    policy.questions = [each.stored() for each in draft.questions]
    session.flush()
    after = _state(policy)
    if after != before:
        record(
            session, visitor.actor, "registration_policy.set", "occurrence", number, now=now, before=before, after=after
        )
    terms = book.terms(policy, now)
    steps = seats.settle(terms, book.places(), now)
    book.write(steps, "system", None, now)
    offered = sum(step.why is seats.Why.FREED for step in steps)
    return Outcome(offered, seats.over(terms, book.places()))


def _dates(session: Session, number: int, now: datetime, whole_series: bool) -> list[int]:
    series = session.scalar(select(Occurrence.series_id).where(Occurrence.id == number)) if whole_series else None
    if series is None:
        return [number]
    coming = select(Occurrence.id).where(
        Occurrence.series_id == series,
        Occurrence.starts_at > now,
        Occurrence.status.in_((Status.DRAFT, Status.PUBLISHED, Status.MOVED)),
    )
    return sorted({number, *session.scalars(coming.order_by(Occurrence.starts_at).limit(60))})


def _given(session: Session, number: int) -> dict[str, set[str]]:
    """Values that were answered, by question."""
    found: dict[str, set[str]] = {}
    for stored in session.scalars(select(Registration.answers).where(Registration.occurrence_id == number)):
        for question in stored:
            value = questions.value_of(stored, question)
            if value:
                found.setdefault(question, set()).add(value)
    return found


def _edited(session: Session, visitor: Visitor, number: int) -> Book:
    book = open_book(session, number)
    if not may_edit(book.facts, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return book


def _state(policy: RegistrationPolicy) -> dict[str, Any]:
    return {
        "mode": policy.mode.value,
        "required": policy.required,
        "capacity": policy.capacity,
        "per_organisation": policy.per_organisation,
        "viewer_capacity": policy.viewer_capacity,
        "opens_at": policy.opens_at.isoformat() if policy.opens_at else None,
        "closes_at": policy.closes_at.isoformat() if policy.closes_at else None,
        "offer_minutes": policy.offer_minutes,
        "questions": list(policy.questions),
    }
