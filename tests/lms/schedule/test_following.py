"""What followers hear of a series: one letter for one act, however many dates it concerns; on both databases."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.register_models import SubscriptionKind
from lms.directory.rules import Visitor
from lms.notify.models import OutboxMessage
from lms.schedule import actions, following, invitations, releases, rescheduling, series
from lms.schedule.following import Wishes
from lms.schedule.invitations import Targets
from lms.schedule.models import Occurrence
from lms.schedule.rescheduling import Schedule
from tests.lms.facts import NOW, person
from tests.lms.schedule.test_series import RULE, dates, plan

THURSDAYS = Schedule("FREQ=WEEKLY;BYDAY=TH;COUNT=3", datetime(2026, 12, 3, 14, 0), "Europe/Kyiv", 90)


def test_one_act_is_one_letter(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home), NOW)
    reader, invited = (_follower(session, name, made.id) for name in ("reader", "invited"))
    first = dates(session, made.id)[0]
    assert invited.person_id is not None
    invitations.invite(session, planner, first.slug, Targets(people=[invited.person_id]), NOW)

    releases.release(session, planner, made.slug, NOW)
    assert _told(session, reader) == [[("published", "")] * 4]
    assert _told(session, invited) == [[("published", "")] * 3], "of the first they have an invitation"

    later = NOW + timedelta(hours=1)
    for message in session.scalars(select(OutboxMessage)):
        message.sent_at = later
    rescheduling.apply(
        session, planner, made.slug, THURSDAYS, later, expected_version=made.version, reason="Мало охочих"
    )
    was = [f"2026-12-{day:02}T10:00" for day in (2, 9, 16)]
    assert _told(session, reader)[1:] == [[*(("moved", each) for each in was), ("cancelled", "")]]
    (_sent, letter) = _letters(session, reader)
    assert [each.what for each in following.news_of(session, letter.contents, later)] == ["moved"] * 3 + ["cancelled"]

    moved = dates(session, made.id)[0]
    actions.cancel(session, planner, moved.slug, "Хворіє", later + timedelta(hours=1))
    assert _told(session, reader)[2:] == [[("cancelled", "")]], "another act, another letter"
    still = following.news_of(session, letter.contents, later + timedelta(hours=1))
    assert [each.what for each in still] == ["moved"] * 2 + ["cancelled"], "what holds no more is left out"


def test_a_letter_that_went_out_is_not_added_to(session: Session, planner: Visitor, home: Organisation) -> None:
    made = series.create(session, planner, plan(home, rule=RULE), NOW)
    reader = _follower(session, "reader", made.id)
    first, second = dates(session, made.id)[:2]
    actions.publish(session, planner, first.slug, NOW)
    (letter,) = _letters(session, reader)
    letter.attempts = 1
    actions.publish(session, planner, second.slug, NOW + timedelta(seconds=1))
    assert _told(session, reader) == [[("published", "")], [("published", "")]]


def _follower(session: Session, name: str, series_id: int) -> Visitor:
    made = person(session, f"{name}@example.org")
    following.save(session, made, Wishes(follows={SubscriptionKind.SERIES: frozenset({str(series_id)})}), NOW)
    return made


def _letters(session: Session, reader: Visitor) -> list[OutboxMessage]:
    query = select(OutboxMessage).where(
        OutboxMessage.kind == following.ANNOUNCED, OutboxMessage.recipient == reader.identity
    )
    return list(session.scalars(query.order_by(OutboxMessage.id)))


def _told(session: Session, reader: Visitor) -> list[list[tuple[str, str]]]:
    """What each letter says, in the order of the dates."""
    starts = {each.id: each.starts_at for each in session.scalars(select(Occurrence))}
    return [
        [
            (each["what"], each["was"])
            for each in sorted(letter.contents["news"], key=lambda each: starts[each["occurrence"]])
        ]
        for letter in _letters(session, reader)
    ]
