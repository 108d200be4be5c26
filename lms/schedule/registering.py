"""Registering for an occurrence: oneself, one's own people and rooms, anybody; approving, declining, taking an offer.

Everything happens under the lock on the occurrence's row, so that the last seat is given away once. Repeating a step
that was taken changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.models import Affiliation, Person
from lms.directory.queries import in_force
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound, Refusal
from lms.schedule import questions, seats
from lms.schedule.audience_models import Attends, Registration, RegistrationPolicy, RegistrationState, Seat
from lms.schedule.book import Book, closes_at, occurrence_id_of, open_book, place_of
from lms.schedule.models import Mode, Occurrence, Status
from lms.schedule.plan_models import Series
from lms.schedule.queries import visible_to
from lms.schedule.rules import may_edit

MOST_DATES = 60
LONGEST_REASON = 1000


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants. Without `person_id` it is for the visitor, or, as a `room`, for an organisation's room."""

    person_id: int | None = None
    organisation_id: int | None = None
    """On whose behalf; None where there is but one."""
    seat: Seat = Seat.INTERACTIVE
    attends: Attends = Attends.ONLINE
    head_count: int = 0
    answers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class DateResult:
    """What became of one date of a series: a registration, or why not."""

    occurrence: Occurrence
    registration: Registration | None
    refusal: Refusal | None = None


def register(session: Session, visitor: Visitor, slug: str, wish: Wish, now: datetime) -> Registration:
    """A seat, a place in the waiting list, or a request to the organiser; who has one keeps it, with new answers.

    Raises `NotFound`, `NotAllowed` (account_needed, not_your_person, not_your_organisation, rooms_by_leads,
    registration_declined), `Invalid` (organisation_needed, head_count_invalid, seat_unknown, answers) or `Conflict`
    (registration_none, registration_early, registration_closed).
    """
    return _enter(open_book(session, occurrence_id_of(session, visitor, slug)), visitor, wish, now)


def register_for_series(session: Session, visitor: Visitor, slug: str, wish: Wish, now: datetime) -> list[DateResult]:
    """Register for every coming date of a series that one registers for; each date has its own outcome.

    Raises `NotFound` (series_not_open) when there is no such date.
    """
    numbers = session.scalars(
        select(Occurrence.id)
        .join(Series, Series.id == Occurrence.series_id)
        .join(RegistrationPolicy, RegistrationPolicy.occurrence_id == Occurrence.id)
        .where(
            Series.slug == slug,
            Occurrence.starts_at > now,
            Occurrence.status.in_((Status.PUBLISHED, Status.MOVED)),
            visible_to(visitor),
        )
        .order_by(Occurrence.id)
        .limit(MOST_DATES)
    ).all()
    if not numbers:
        raise NotFound("series_not_open", "None of the series' coming dates needs registration.")
    results = []
    for number in numbers:
        book = open_book(session, number)
        try:
            results.append(DateResult(book.occurrence, _enter(book, visitor, wish, now)))
        except Refusal as refused:
            results.append(DateResult(book.occurrence, None, refused))
    return sorted(results, key=lambda result: (result.occurrence.starts_at, result.occurrence.id))


def cancel(session: Session, visitor: Visitor, number: int, now: datetime, reason: str = "") -> Registration:
    """Give the seat, the place or the request back. By the organiser it needs no reason, but people read one.

    Raises `NotFound` or `NotAllowed`.
    """
    book, row = _open(session, visitor, number, now)
    if row.state not in seats.ALIVE:
        return row
    policy = _policy(book)
    removed = not _own(row, visitor)
    steps = seats.cancel(book.terms(policy, now), book.places(), row.id, now, removed=removed)
    book.write(steps, visitor.actor, row.id, now, reason.strip()[:LONGEST_REASON])
    return row


def accept_offer(session: Session, visitor: Visitor, number: int, now: datetime) -> Registration:
    """Take the offered seat. Raises `NotFound`, `NotAllowed` or `Conflict` (offer_ended)."""
    return _answer(*_open(session, visitor, number, now), visitor.actor, now, yes=True)


def decline_offer(session: Session, visitor: Visitor, number: int, now: datetime) -> Registration:
    """Leave the offered seat to the next. Raises `NotFound`, `NotAllowed` or `Conflict` (offer_ended)."""
    return _answer(*_open(session, visitor, number, now), visitor.actor, now, yes=False)


def answer_by_link(session: Session, number: int, now: datetime, *, yes: bool) -> Registration:
    """Whoever holds the signed link from the mail answers for the registration. Raises as `accept_offer`."""
    found = session.get(Registration, number)
    if found is None:
        raise NotFound("registration_unknown", "There is no such registration.")
    book = open_book(session, found.occurrence_id)
    row = book.rows.get(number, found)
    return _answer(book, row, f"person:{row.person_id}" if row.person_id else row.created_by, now, yes=yes)


def approve(session: Session, visitor: Visitor, slug: str, numbers: Sequence[int], now: datetime) -> int:
    """Grant requests in the order in which they came; how many. What was decided already stays as it is.

    Raises `NotFound` or `NotAllowed` (editors_only).
    """
    book = _edited(session, visitor, slug)
    done = 0
    for row in _pending(book, numbers):
        steps = seats.approve(book.terms(_policy(book), now), book.places(), row.id, now)
        book.write(steps, visitor.actor, row.id, now)
        done += bool(steps)
    return done


def decline(session: Session, visitor: Visitor, slug: str, numbers: Sequence[int], reason: str, now: datetime) -> int:
    """Say no to requests, to people who wait or hold an offer, for a reason that they read; how many.

    Raises `NotFound`, `NotAllowed` (editors_only) or `Invalid` (reason_needed).
    """
    book = _edited(session, visitor, slug)
    reason = reason.strip()[:LONGEST_REASON]
    if not reason:
        raise Invalid("reason_needed", "Say why: the people who wanted to come will read it.", "reason")
    done = 0
    for number in dict.fromkeys(numbers):
        row = book.rows.get(number)
        if row is None or row.state not in seats.ALIVE or row.state is RegistrationState.CONFIRMED:
            continue
        steps = seats.decline(book.terms(_policy(book), now), book.places(), number, now)
        book.write(steps, visitor.actor, number, now, reason)
        done += bool(steps)
    return done


def seats_open_to(visitor: Visitor, policy: RegistrationPolicy, *, editor: bool) -> tuple[Seat, ...]:
    """As what the visitor may register somebody."""
    open_to = [Seat.INTERACTIVE]
    if policy.viewer_capacity != 0:
        open_to.append(Seat.VIEWER)
    if editor or visitor.led_organisations:
        open_to.append(Seat.ROOM)
    return tuple(open_to)


def _enter(book: Book, visitor: Visitor, wish: Wish, now: datetime) -> Registration:
    policy = _policy(book)
    editor = may_edit(book.facts, visitor)
    person_id, organisation_id = _whose(book.session, visitor, wish, editor, now)
    row = _row_of(book, person_id, organisation_id)
    asked = questions.read(policy.questions)
    own = person_id is not None and person_id == visitor.person_id
    if row is not None and row.id in book.rows:
        row.answers = questions.answers(asked, wish.answers, complete=own or wish.seat is Seat.ROOM, before=row.answers)
        row.attends = _attends(book.occurrence, wish.attends)
        row.head_count = _head_count(wish) if row.seat is Seat.ROOM else 0
        book.session.flush()
        after = {"answered": sorted(row.answers), "head_count": row.head_count}
        record(book.session, visitor.actor, "registration.edit", "registration", row.id, now=now, after=after)
        return row
    if wish.seat not in seats_open_to(visitor, policy, editor=editor):
        raise Invalid("seat_unknown", "Nobody can take part like this here. Choose another way.", "seat")
    _check_window(book, policy, editor, now)
    if row is not None and row.state is RegistrationState.DECLINED and not editor:
        raise NotAllowed("registration_declined", "The organiser has declined this registration. Ask them.")
    answers = questions.answers(asked, wish.answers, complete=own or wish.seat is Seat.ROOM)
    head_count = _head_count(wish)
    if row is None:
        row = Registration(occurrence_id=book.occurrence.id, person_id=person_id, round=0)
        book.session.add(row)
    row.organisation_id, row.seat, row.answers = organisation_id, wish.seat, answers
    row.attends, row.head_count = _attends(book.occurrence, wish.attends), head_count
    row.created_by, row.created_at, row.queued_at = visitor.actor, now, now
    row.state = RegistrationState.PENDING
    book.session.flush()
    others = book.places()
    book.rows[row.id] = row
    steps = seats.register(book.terms(policy, now), others, place_of(row), now, approved=editor)
    book.write(steps, visitor.actor, row.id, now)
    return row


def _whose(
    session: Session, visitor: Visitor, wish: Wish, editor: bool, now: datetime
) -> tuple[int | None, int | None]:
    """Person and organisation for whom the visitor registers."""
    if visitor.person_id is None:
        raise NotAllowed("account_needed", "Sign in to register.")
    if wish.seat is Seat.ROOM:
        home = wish.organisation_id if wish.organisation_id is not None else _only(visitor.led_organisations)
        if not editor and home not in visitor.led_organisations:
            raise NotAllowed("rooms_by_leads", "A room is registered by the centre's lead or by the organiser.")
        if home is None:
            raise Invalid("organisation_needed", "Choose the organisation.", "organisation")
        return None, home
    person_id = wish.person_id if wish.person_id is not None else visitor.person_id
    homes = _homes(session, person_id, now)
    if person_id != visitor.person_id and not editor and not set(homes) & visitor.led_organisations:
        raise NotAllowed("not_your_person", "You can register people of your own centre only.")
    if wish.organisation_id is not None:
        ours = homes if editor or person_id == visitor.person_id else set(homes) & visitor.led_organisations
        if wish.organisation_id not in ours:
            raise Invalid("not_your_organisation", "They can come for their own organisations only.", "organisation")
        return person_id, wish.organisation_id
    if person_id == visitor.person_id and len(homes) > 1:
        raise Invalid(
            "organisation_needed", "Choose on whose behalf you come: its share of seats counts.", "organisation"
        )
    led = [home for home in homes if home in visitor.led_organisations]
    return person_id, next(iter(led or homes), None)


def _homes(session: Session, person_id: int, now: datetime) -> list[int]:
    if session.scalar(select(Person.id).where(Person.id == person_id, Person.merged_into_id.is_(None))) is None:
        raise NotFound("person_unknown", "There is no such person.", "person")
    day = in_force(Affiliation.from_date, Affiliation.to_date, now.date())
    query = select(Affiliation.organisation_id).where(Affiliation.person_id == person_id, day)
    return list(dict.fromkeys(session.scalars(query.order_by(Affiliation.id))))


def _row_of(book: Book, person_id: int | None, organisation_id: int | None) -> Registration | None:
    query = select(Registration).where(Registration.occurrence_id == book.occurrence.id)
    if person_id is not None:
        query = query.where(Registration.person_id == person_id)
    else:
        query = query.where(
            Registration.person_id.is_(None),
            Registration.seat == Seat.ROOM,
            Registration.organisation_id == organisation_id,
        )
    return book.session.scalars(query.execution_options(populate_existing=True)).first()


def _check_window(book: Book, policy: RegistrationPolicy, editor: bool, now: datetime) -> None:
    if book.occurrence.status is Status.DRAFT:
        raise Conflict("registration_early", "It has not been published yet.")
    if book.terms(policy, now).frozen or (not editor and closes_at(policy, book.occurrence) <= now):
        raise Conflict("registration_closed", "Registration is closed.")
    if not editor and policy.opens_at is not None and now < policy.opens_at:
        raise Conflict("registration_early", f"Registration opens at {policy.opens_at:%Y-%m-%d %H:%M} UTC.")


def _attends(occurrence: Occurrence, wanted: Attends) -> Attends:
    """Only a mixed occurrence leaves the choice."""
    return {Mode.ONLINE: Attends.ONLINE, Mode.ON_SITE: Attends.ON_SITE}.get(occurrence.mode, wanted)


def _head_count(wish: Wish) -> int:
    if wish.seat is not Seat.ROOM:
        return 0
    if not 1 <= wish.head_count <= 500:
        raise Invalid("head_count_invalid", "From 1 to 500 people sit in a room.", "head_count")
    return wish.head_count


def _only(numbers: frozenset[int]) -> int | None:
    return next(iter(numbers)) if len(numbers) == 1 else None


def _answer(book: Book, row: Registration, actor: str, now: datetime, *, yes: bool) -> Registration:
    if row.state is RegistrationState.CONFIRMED and yes:
        return row
    if row.state is RegistrationState.CANCELLED and not yes:
        return row
    answer = seats.accept if yes else seats.decline_offer
    steps = answer(book.terms(_policy(book), now), book.places(), row.id, now)
    if not steps:
        raise Conflict("offer_ended", "This offer has ended, and the seat goes to the next.")
    book.write(steps, actor, row.id, now)
    return row


def _open(session: Session, visitor: Visitor, number: int, now: datetime) -> tuple[Book, Registration]:
    """The book with a registration that the visitor may decide about. Raises `NotFound` or `NotAllowed`."""
    found = session.get(Registration, number)
    if found is None:
        raise NotFound("registration_unknown", "There is no such registration.")
    book = open_book(session, found.occurrence_id)
    row = book.rows.get(number, found)
    if not (_own(row, visitor) or may_edit(book.facts, visitor)):
        raise NotFound("registration_unknown", "There is no such registration.")
    return book, row


def _own(row: Registration, visitor: Visitor) -> bool:
    if row.person_id is not None and row.person_id == visitor.person_id:
        return True
    return row.organisation_id is not None and row.organisation_id in visitor.led_organisations


def _edited(session: Session, visitor: Visitor, slug: str) -> Book:
    book = open_book(session, occurrence_id_of(session, visitor, slug))
    if not may_edit(book.facts, visitor):
        raise NotAllowed("editors_only", "Only those who organise it may change it.")
    return book


def _pending(book: Book, numbers: Sequence[int]) -> list[Registration]:
    wanted = [book.rows[number] for number in set(numbers) if number in book.rows]
    asking = [row for row in wanted if row.state is RegistrationState.PENDING]
    return sorted(asking, key=lambda row: (row.queued_at, row.id))


def _policy(book: Book) -> RegistrationPolicy:
    if book.policy is None:
        raise Conflict("registration_none", "Nobody has to register for this: simply come.")
    return book.policy
