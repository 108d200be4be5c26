"""The book of one occurrence's registrations, open under the lock on its row: what `seats` decides is written here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.database import lock
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.notify.actions import enqueue
from lms.schedule import seats
from lms.schedule.audience_models import (
    Registration,
    RegistrationMode,
    RegistrationPolicy,
    RegistrationState,
    Seat,
)
from lms.schedule.models import Occurrence, OccurrenceParty, Speaker, Status
from lms.schedule.queries import visible_to
from lms.schedule.rules import OccurrenceFacts
from lms.schedule.seats import ALIVE, Place, Step, Terms, Why

_MOVING = (Status.PUBLISHED, Status.MOVED, Status.LIVE)
_LETTERS = {
    RegistrationState.PENDING: "registration.pending",
    RegistrationState.CONFIRMED: "registration.confirmed",
    RegistrationState.WAITLISTED: "registration.waitlisted",
    RegistrationState.OFFERED: "registration.offered",
    RegistrationState.DECLINED: "registration.declined",
}
_LAST_LETTERS = {
    Why.OFFER_EXPIRED: "registration.offer_expired",
    Why.REMOVED: "registration.cancelled",
    Why.CANCELLED: "registration.freed",
    Why.OFFER_DECLINED: "registration.freed",
}
LIVES_ON = ALIVE | {RegistrationState.NO_SHOW}


@dataclass(slots=True)
class Book:
    """An occurrence, its policy and its living registrations, nobody else's until the transaction ends."""

    session: Session
    occurrence: Occurrence
    facts: OccurrenceFacts
    policy: RegistrationPolicy | None
    rows: dict[int, Registration]

    def places(self) -> list[Place]:
        """The registrations, as far as seats are concerned."""
        return [place_of(row) for row in self.rows.values()]

    def terms(self, policy: RegistrationPolicy, now: datetime) -> Terms:
        """What bounds the seats now."""
        return terms_of(policy, self.occurrence, now)

    def write(self, steps: Iterable[Step], actor: str, subject: int | None, now: datetime, reason: str = "") -> None:
        """Take the steps: each is logged and told once. What happens to others than `subject`, the system did."""
        for step in steps:
            row = self.rows[step.id]
            before = row.state.value if row.round else None
            own = step.id == subject
            row.state, row.offered_until = step.state, step.offered_until
            row.queued_at = step.queued_at or row.queued_at
            row.decided_by, row.decided_at = (actor if own else "system"), now
            row.reason = reason if own else ""
            row.round += 1
            self._log(row, step, before, now)
            self._tell(row, step, before, now)
        self.session.flush()

    def _log(self, row: Registration, step: Step, before: str | None, now: datetime) -> None:
        record(
            self.session,
            row.decided_by,
            f"registration.{step.why.value}",
            "registration",
            row.id,
            now=now,
            before={"state": before} if before else None,
            after={"state": row.state.value, "occurrence": row.occurrence_id},
        )

    def _tell(self, row: Registration, step: Step, before: str | None, now: datetime) -> None:
        kind = _LAST_LETTERS.get(step.why) or _LETTERS.get(step.state)
        recipient = recipient_of(row)
        if kind is None or not recipient:
            return
        contents = {"registration": row.id, "round": row.round, "why": step.why.value, "was": before}
        enqueue(self.session, f"registration:{row.id}:{row.round}", kind, recipient, contents, now=now)


def open_book(session: Session, occurrence_id: int) -> Book:
    """Open it: locks the occurrence's row, then reads. Raises `NotFound`."""
    occurrence = lock(session, Occurrence, occurrence_id)
    policy = session.scalar(
        select(RegistrationPolicy)
        .where(RegistrationPolicy.occurrence_id == occurrence_id)
        .execution_options(populate_existing=True)
    )
    rows = session.scalars(
        select(Registration)
        .where(Registration.occurrence_id == occurrence_id, Registration.state.in_(LIVES_ON))
        .order_by(Registration.id)
        .execution_options(populate_existing=True)
    )
    return Book(session, occurrence, _facts(session, occurrence), policy, {row.id: row for row in rows})


def occurrence_id_of(session: Session, visitor: Visitor, slug: str) -> int:
    """Raises `NotFound`, also when the visitor may not know of it."""
    number = session.scalar(select(Occurrence.id).where(Occurrence.slug == slug, visible_to(visitor)))
    if number is None:
        raise NotFound("occurrence_unknown", "There is no such occurrence, or it is not for you.")
    return number


def terms_of(policy: RegistrationPolicy, occurrence: Occurrence, now: datetime) -> Terms:
    """What bounds the seats of the occurrence at `now`."""
    over = occurrence.status is not Status.LIVE and occurrence.ends_at <= now
    return Terms(
        starts_at=occurrence.starts_at,
        capacity=policy.capacity,
        per_organisation=policy.per_organisation,
        viewer_capacity=policy.viewer_capacity,
        offer_minutes=policy.offer_minutes,
        approval=policy.mode is RegistrationMode.APPROVAL,
        frozen=over or occurrence.status not in _MOVING,
    )


def closes_at(policy: RegistrationPolicy, occurrence: Occurrence) -> datetime:
    """When registration closes: at the latest when it begins."""
    return min(policy.closes_at or occurrence.starts_at, occurrence.starts_at)


def recipient_of(row: Registration) -> str:
    """Who hears of it: the person; for a room whoever registered it, else its organisation; empty for nobody."""
    if row.person_id is not None:
        return f"person:{row.person_id}"
    if row.created_by.startswith("person:"):
        return row.created_by
    return f"organisation:{row.organisation_id}" if row.organisation_id is not None else ""


def place_of(row: Registration) -> Place:
    """A registration, as far as seats are concerned."""
    return Place(row.id, row.seat, row.organisation_id, row.state, row.queued_at, row.offered_until)


def with_late_offers(session: Session, now: datetime, *, without: Collection[int] = ()) -> Sequence[int]:
    """Occurrences in which an offer has ended that nobody took; a bounded number of them."""
    return session.scalars(
        select(Registration.occurrence_id)
        .join(Occurrence, Occurrence.id == Registration.occurrence_id)
        .join(RegistrationPolicy, RegistrationPolicy.occurrence_id == Occurrence.id)
        .where(
            Registration.state == RegistrationState.OFFERED,
            Registration.offered_until <= now,
            Occurrence.status.in_(_MOVING),
            Occurrence.ends_at > now - timedelta(days=1),
            Occurrence.id.not_in(without),
        )
        .distinct()
        .order_by(Registration.occurrence_id)
        .limit(50)
    ).all()


def expire_offers(session: Session, now: datetime) -> int:
    """Take back offers that have ended and ask the next; how many registrations changed. A bounded amount of work."""
    return sum(settle(session, number, now) for number in with_late_offers(session, now))


def settle(session: Session, occurrence_id: int, now: datetime) -> int:
    """Bring one occurrence's waiting list up to date; how many registrations changed."""
    book = open_book(session, occurrence_id)
    if book.policy is None:
        return 0
    steps = seats.settle(book.terms(book.policy, now), book.places(), now)
    book.write(steps, "system", None, now)
    return len(steps)


def is_room(row: Registration) -> bool:
    """Whether it is a centre's room rather than a person."""
    return row.seat is Seat.ROOM and row.person_id is None


def _facts(session: Session, occurrence: Occurrence) -> OccurrenceFacts:
    parties = session.execute(
        select(OccurrenceParty.organisation_id, OccurrenceParty.part).where(
            OccurrenceParty.occurrence_id == occurrence.id
        )
    )
    speakers = session.execute(
        select(Speaker.person_id, Speaker.role).where(
            Speaker.occurrence_id == occurrence.id, Speaker.person_id.is_not(None)
        )
    )
    return OccurrenceFacts(
        id=occurrence.id,
        status=occurrence.status,
        access=occurrence.access,
        listed=occurrence.listed,
        starts_at=occurrence.starts_at,
        ends_at=occurrence.ends_at,
        created_by=occurrence.created_by,
        parties=frozenset((organisation, part) for organisation, part in parties),
        speaker_roles={person: role for person, role in speakers if person is not None},
    )
