"""Reminders: the pure rule, and what the worker's duty queues."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.register_models import NotificationPreference
from lms.notify.models import OutboxMessage
from lms.schedule import actions, invitations, policies, registering, reminders, reminding
from lms.schedule.audience_models import Invitation, ParticipationStatus
from lms.schedule.drafts import SpeakerDraft
from lms.schedule.invitations import Targets
from lms.schedule.models import Occurrence
from lms.schedule.policies import PolicyDraft
from lms.schedule.registering import Wish
from lms.schedule.reminding import Quiet, due_now, moment, offsets
from tests.lms.facts import NOW, counted, draft, organiser, person

STARTS = datetime(2026, 12, 16, 8, 0, tzinfo=UTC)
"""10:00 in Kyiv."""
NIGHT = Quiet(22 * 60, 8 * 60, "Europe/Kyiv")


def before(**amount: float) -> datetime:
    return STARTS - timedelta(**amount)


def test_whose_offsets_count() -> None:
    assert offsets(None, None) == (1440, 30)
    assert offsets([60, 60, 10080, 5], None) == (10080, 60, 5)
    assert offsets([60], [15]) == (15,)
    assert offsets([60], []) == ()
    assert offsets([0, -5, 10**9, 60], None) == (60,)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (before(days=2), None),
        (before(days=1), 1440),
        (before(hours=3), 1440),
        (before(minutes=30), 30),
        (before(minutes=1), 30),
        (STARTS, None),
    ],
)
def test_a_late_worker_sends_the_nearest_useful_one_only(now: datetime, expected: int | None) -> None:
    assert due_now(STARTS, now, (1440, 30)) == expected


def test_who_heard_of_it_later_than_the_reminder_needs_none() -> None:
    assert due_now(STARTS, before(hours=3), (1440, 30), told_at=before(hours=4)) is None
    assert due_now(STARTS, before(minutes=20), (1440, 30), told_at=before(hours=4)) == 30


def test_quiet_hours_are_waited_for_unless_that_is_too_late() -> None:
    early = datetime(2026, 12, 16, 5, 0, tzinfo=UTC)  # 07:00 in Kyiv, in the middle of the night's end
    assert moment(early, 24 * 60, NIGHT) == datetime(2026, 12, 15, 6, 0, tzinfo=UTC), "08:00 of the day before"
    assert moment(early, 30, NIGHT) == early - timedelta(minutes=30), "else it would come after the beginning"
    assert moment(STARTS, 30, NIGHT) == before(minutes=30)
    evening = datetime(2026, 12, 16, 21, 0, tzinfo=UTC)  # 23:00 in Kyiv
    assert moment(evening, 1440, NIGHT) == datetime(2026, 12, 16, 6, 0, tzinfo=UTC)


@given(st.integers(0, 14 * 1440), st.integers(0, 1439), st.integers(0, 1439))
def test_a_reminder_never_comes_after_the_beginning_nor_too_early(offset: int, begin: int, end: int) -> None:
    due = moment(STARTS, max(1, offset), Quiet(begin, end, "Europe/Kyiv"))
    assert STARTS - timedelta(minutes=max(1, offset)) <= due < STARTS


@pytest.fixture
def session(database: Database) -> Any:
    with database.writing() as opened:
        yield opened


def planned(session: Session, **more: Any) -> str:
    planner = organiser(session)
    plan = draft(starts_local=datetime(2026, 12, 16, 10, 0), **more)
    return actions.publish(session, planner, actions.create(session, planner, plan, NOW).slug, NOW).slug


def queued(session: Session) -> list[tuple[str, int]]:
    rows = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == reminders.KIND).order_by(OutboxMessage.id))
    return [(each.recipient, each.contents["offset"]) for each in rows]


def test_everybody_concerned_is_reminded_once(session: Session) -> None:
    expert, guest, unwilling = (person(session, f"{name}@example.org") for name in ("expert", "guest", "unwilling"))
    slug = planned(session, speakers=[SpeakerDraft("Експертка", person_id=expert.person_id)])
    planner = organiser_of(session)
    people = [each.person_id for each in (expert, guest, unwilling) if each.person_id is not None]
    invitations.invite(session, planner, slug, Targets(people=people), NOW)
    row = session.scalars(select(Invitation).where(Invitation.person_id == unwilling.person_id)).one()
    invitations.answer(session, row.id, ParticipationStatus.DECLINED, NOW)
    for _ in range(2):
        reminders.queue_due(session, before(hours=24))
        reminders.queue_due(session, before(hours=23))
    assert queued(session) == [(expert.identity, 1440), (guest.identity, 1440)]
    reminders.queue_due(session, before(minutes=29))
    assert queued(session)[2:] == [(expert.identity, 30), (guest.identity, 30)]
    reminders.queue_due(session, STARTS + timedelta(minutes=1))
    assert len(queued(session)) == 4


def organiser_of(session: Session) -> Any:
    from lms.directory.models import Account
    from lms.directory.queries import visitor_of_person

    number = session.scalars(select(Account.person_id).where(Account.subject == "organiser@example.org")).one()
    return visitor_of_person(session, number, NOW)


def test_the_duty_looks_at_what_may_be_due_only(session: Session, database: Database) -> None:
    slug = planned(session)
    guest = person(session, "guest@example.org")
    assert guest.person_id is not None
    invitations.invite(session, organiser_of(session), slug, Targets(people=[guest.person_id]), NOW)
    with counted(database) as said:
        reminders.queue_due(session, before(days=3))
    assert len(said) == 2
    session.add(NotificationPreference(person_id=guest.person_id, reminder_offsets=[10080], changed_at=NOW))
    session.flush()
    reminders.queue_due(session, before(days=3))
    assert queued(session) == [(guest.identity, 10080)]


def test_own_wishes_count(session: Session) -> None:
    guest, silent = person(session, "guest@example.org"), person(session, "silent@example.org")
    slug = planned(session)
    people = [each.person_id for each in (guest, silent) if each.person_id is not None]
    invitations.invite(session, organiser_of(session), slug, Targets(people=people), NOW)
    session.add(NotificationPreference(person_id=people[0], reminder_offsets=[120], changed_at=NOW))
    session.add(NotificationPreference(person_id=people[1], reminders=False, changed_at=NOW))
    session.flush()
    reminders.queue_due(session, before(hours=23))
    assert queued(session) == []
    reminders.queue_due(session, before(hours=1))
    assert queued(session) == [(guest.identity, 120)]


def test_what_is_moved_reminds_anew_and_what_is_cancelled_not_at_all(session: Session) -> None:
    guest = person(session, "guest@example.org")
    slug, planner = planned(session), organiser_of(session)
    assert guest.person_id is not None
    invitations.invite(session, planner, slug, Targets(people=[guest.person_id]), NOW)
    reminders.queue_due(session, before(hours=23))
    version = session.scalars(select(Occurrence.version).where(Occurrence.slug == slug)).one()
    later = draft(starts_local=datetime(2026, 12, 18, 10, 0))
    actions.edit(session, planner, slug, later, before(hours=22), expected_version=version)
    reminders.queue_due(session, before(hours=21))
    assert queued(session) == [(guest.identity, 1440)]
    reminders.queue_due(session, before(hours=-25))
    assert queued(session) == [(guest.identity, 1440), (guest.identity, 1440)]
    actions.cancel(session, planner, slug, "Немає світла", before(hours=-26))
    reminders.queue_due(session, before(hours=-47.8))
    assert len(queued(session)) == 2


def test_an_occurrence_s_own_offsets(session: Session) -> None:
    guest = person(session, "guest@example.org")
    slug = planned(session)
    assert guest.person_id is not None
    invitations.invite(session, organiser_of(session), slug, Targets(people=[guest.person_id]), NOW)
    session.scalars(select(Occurrence).where(Occurrence.slug == slug)).one().reminder_offsets = [10]
    session.flush()
    reminders.queue_due(session, before(minutes=20))
    assert queued(session) == []
    reminders.queue_due(session, before(minutes=9))
    assert queued(session) == [(guest.identity, 10)]
    assert reminding.USUAL == (1440, 30)


def test_who_holds_a_seat_is_reminded_and_who_waits_is_not(session: Session) -> None:
    slug = planned(session)
    planner = organiser_of(session)
    policies.set_policy(session, planner, slug, PolicyDraft(capacity=1), NOW)
    seated, waiting = (person(session, f"{name}@example.org") for name in ("seated", "waiting"))
    for each in (seated, waiting):
        registering.register(session, each, slug, Wish(), NOW)
    reminders.queue_due(session, before(hours=23))
    assert queued(session) == [(f"person:{seated.person_id}", 1440)]


def test_two_workers_at_once_remind_once(database: Database) -> None:
    with database.writing() as session:
        expert = person(session, "expert@example.org")
        planned(session, speakers=[SpeakerDraft("Експертка", person_id=expert.person_id)])
    with database.reading() as session:
        (number,) = reminders.due(session, before(hours=23))
    start = threading.Barrier(2)
    told: list[int] = []
    failed: list[Exception] = []

    def work() -> None:
        start.wait(10)
        try:
            with database.writing() as session:
                told.append(reminders.queue_for(session, number, before(hours=23)))
        except Exception as error:
            failed.append(error)

    workers = [threading.Thread(target=work) for _ in range(2)]
    for each in workers:
        each.start()
    for each in workers:
        each.join(30)
    assert (sorted(told), failed) == ([0, 1], [])
