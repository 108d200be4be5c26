"""What waits for somebody, and how somebody stands: for the start page, in few statements however much there is."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Integer,
    Select,
    String,
    and_,
    cast,
    func,
    literal,
    or_,
    select,
    union_all,
)
from sqlalchemy.orm import Session

from lms.directory.access_models import Endpoint
from lms.directory.models import Organisation
from lms.directory.register_models import DirectoryImport, ImportState
from lms.directory.rules import Visitor
from lms.notify.models import BouncedAddress, OutboxMessage
from lms.schedule.audience_models import Invitation, ParticipationStatus, Registration, RegistrationState
from lms.schedule.calendar import SEATED
from lms.schedule.models import Occurrence, Speaker, Status
from lms.schedule.queries import editable_by, visible_to
from lms.statements import fetch, once

EACH = 3
"""So many occurrences are named for each thing that waits; the rest is counted by their pages."""
_RECENT = timedelta(days=14)
_LATE = timedelta(minutes=15)
_SILENT = timedelta(days=1)
_AHEAD = (Status.PUBLISHED, Status.MOVED, Status.LIVE)


class Task(StrEnum):
    """What an organiser may have to do, most pressing first. Others' pages add what waits there (`web.panels`)."""

    UNANSWERED_EXPERTS = "unanswered_experts"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something to do with one occurrence. `count` is of experts."""

    task: Task
    slug: str
    title: str
    title_en: str
    starts_at: datetime
    count: int


@dataclass(frozen=True, slots=True)
class Health:
    """How the installation is: numbers that should be zero."""

    bounced: int = 0
    """Addresses that take no mail."""
    unsent: int = 0
    """Messages that should have gone out a quarter of an hour ago, or were given up within two weeks."""
    silent_endpoints: int = 0
    """Devices not heard of for a day."""
    imports: int = 0
    """Files that were sent in and neither applied nor thrown away."""
    incomplete: int = 0
    """Led organisations whose address, telephone or oblast is missing."""


def waiting(session: Session, visitor: Visitor, now: datetime) -> list[Waiting]:
    """What waits for the visitor, by task and then by time; a few of each, in one statement."""
    if not visitor.is_organiser and not visitor.organised_occurrences:
        return []
    found = [Waiting(Task(row[0]), *row[1:]) for row in fetch(session, *_for_an_editor(visitor, now))]
    return sorted(found, key=lambda one: (list(Task).index(one.task), one.starts_at))


def health(session: Session, visitor: Visitor, now: datetime) -> Health:
    """What should be zero, as far as it is the visitor's concern; in one statement."""
    if not visitor.is_organiser and not visitor.is_administrator and not visitor.led_organisations:
        return Health()
    (row,) = fetch(session, *_troubles(visitor, now - _LATE, now - _RECENT, now - _SILENT))
    return Health(**row._asdict())


@once
def _troubles(
    visitor: Visitor, due_before: datetime, failed_after: datetime, heard_before: datetime
) -> Select[*tuple[Any, ...]]:
    numbers: dict[str, Select[Any]] = {}
    if visitor.is_organiser:
        numbers["bounced"] = select(func.count()).select_from(BouncedAddress)
    if visitor.is_administrator:
        numbers |= _of_the_machine(due_before, failed_after, heard_before)
    led = visitor.led_organisations
    if led:
        lacking = or_(Organisation.email == "", Organisation.phone == "", Organisation.oblast == "")
        numbers["incomplete"] = select(func.count()).where(Organisation.id.in_(led), lacking)
    return select(*(each.scalar_subquery().label(name) for name, each in numbers.items()))


@dataclass(frozen=True, slots=True)
class Standing:
    """How somebody stands with an occurrence."""

    registration: RegistrationState | None = None
    invitation: ParticipationStatus | None = None


@dataclass(frozen=True, slots=True)
class Coming:
    """How many people of a lead's organisations have a seat in an occurrence."""

    slug: str
    title: str
    title_en: str
    starts_at: datetime
    people: int


def standing(session: Session, visitor: Visitor, occurrence_ids: Collection[int]) -> dict[int, Standing]:
    """By occurrence, for those in which the person is registered or to which the person is invited."""
    if visitor.person_id is None or not occurrence_ids:
        return {}
    found: dict[int, Standing] = {}
    for number, word, registered in fetch(session, *_standing_of(visitor.person_id, occurrence_ids)):
        known = found.get(number, Standing())
        found[number] = (
            replace(known, registration=RegistrationState(word))
            if registered
            else replace(known, invitation=ParticipationStatus(word))
        )
    return found


@once
def _standing_of(me: int, occurrence_ids: Collection[int]) -> CompoundSelect[int, str, int]:
    seats = select(Registration.occurrence_id, cast(Registration.state, String), literal(1)).where(
        Registration.person_id == me, Registration.occurrence_id.in_(occurrence_ids), Registration.state.in_(SEATED)
    )
    asked = select(Invitation.occurrence_id, cast(Invitation.status, String), literal(0)).where(
        Invitation.person_id == me, Invitation.occurrence_id.in_(occurrence_ids), Invitation.withdrawn_at.is_(None)
    )
    return union_all(asked, seats)


def people_coming(session: Session, visitor: Visitor, now: datetime, limit: int = EACH) -> list[Coming]:
    """The next occurrences in which people of the organisations that the visitor leads have a seat."""
    if not visitor.led_organisations:
        return []
    return [Coming(*row) for row in fetch(session, *_with_our_people(visitor, now, limit))]


@once
def _with_our_people(visitor: Visitor, now: datetime, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Occurrence.slug,
            Occurrence.title,
            Occurrence.title_en,
            Occurrence.starts_at,
            func.count(Registration.id),
        )
        .join(Registration, Registration.occurrence_id == Occurrence.id)
        .where(
            Registration.organisation_id.in_(visitor.led_organisations),
            Registration.person_id.is_not(None),
            Registration.state == RegistrationState.CONFIRMED,
            Occurrence.status.in_(_AHEAD),
            Occurrence.ends_at > now,
            visible_to(visitor),
        )
        .group_by(Occurrence.id)
        .order_by(Occurrence.starts_at, Occurrence.id)
        .limit(limit)
    )


def _of_the_machine(due_before: datetime, failed_after: datetime, heard_before: datetime) -> dict[str, Select[Any]]:
    open_message = and_(OutboxMessage.sent_at.is_(None), OutboxMessage.dropped_at.is_(None))
    overdue = and_(OutboxMessage.failed_at.is_(None), OutboxMessage.due_at < due_before)
    given_up = OutboxMessage.failed_at > failed_after
    silent = or_(Endpoint.last_seen_at.is_(None), Endpoint.last_seen_at < heard_before)
    return {
        "unsent": select(func.count()).where(open_message, or_(overdue, given_up)),
        "silent_endpoints": select(func.count()).where(Endpoint.revoked_at.is_(None), silent),
        "imports": select(func.count()).where(DirectoryImport.state == ImportState.UPLOADED),
    }


def _row(task: Task, *, count: Any = None) -> Any:
    return select(
        literal(task.value).label("task"),
        Occurrence.slug,
        Occurrence.title,
        Occurrence.title_en,
        Occurrence.starts_at,
        cast(literal(1) if count is None else count, Integer).label("count"),
    ).order_by(Occurrence.starts_at, Occurrence.id)


@once
def _for_an_editor(visitor: Visitor, now: datetime) -> CompoundSelect[*tuple[Any, ...]]:
    mine: ColumnElement[bool] = and_(visible_to(visitor), editable_by(visitor))
    ahead = and_(Occurrence.status.in_(_AHEAD), Occurrence.ends_at > now)
    silent = func.count(Invitation.id)
    parts = [
        _row(Task.UNANSWERED_EXPERTS, count=silent)
        .join(Speaker, Speaker.occurrence_id == Occurrence.id)
        .join(Invitation, Invitation.speaker_id == Speaker.id)
        .where(mine, ahead, _unanswered(), Invitation.told_at.is_not(None))
        .group_by(Occurrence.id),
        _row(Task.RELEASE).where(mine, Occurrence.status == Status.DRAFT, Occurrence.ends_at > now),
    ]
    # Each part is limited by itself; SQLite wants such a part wrapped.
    return union_all(*(select(part.limit(EACH).subquery()) for part in parts))


def _unanswered() -> ColumnElement[bool]:
    return and_(Invitation.status == ParticipationStatus.NEEDS_ACTION, Invitation.withdrawn_at.is_(None))
