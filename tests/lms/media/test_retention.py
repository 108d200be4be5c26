"""How long recordings are kept, that organisers are told before, and what ends then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.rules import Visitor
from lms.media import actions, instant, queries, retention
from lms.media.actions import Terms
from lms.media.library import MadeFile
from lms.media.models import Deletion, DeletionReason, DeletionScope, Recording, RecordingState, Watching
from lms.media.rules import NOTICE, last_day, to_delete
from lms.notify.models import OutboxMessage
from lms.schedule import actions as schedule
from lms.schedule import series
from lms.schedule.models import Ending, KeepUnit, Kind, Occurrence
from lms.schedule.series_drafts import SeriesDraft
from tests.lms.facts import NOW, draft, organisation, organiser
from tests.lms.media.test_recordings import CODE, made_ready, told

DAY = timedelta(days=1)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


def planned(session: Session, **rule: object) -> tuple[Visitor, SeriesDraft, Occurrence]:
    """A series whose first date was recorded now, and is ready."""
    planner, home = organiser(session), organisation(session, "ЦНАП Чернігова")
    draft = SeriesDraft(
        kind=Kind.WEBINAR,
        title="Вебінари",
        owner_id=home.id,
        starts_local=NOW.replace(tzinfo=None) + 3 * DAY,
        duration_minutes=60,
        rule="FREQ=WEEKLY;COUNT=2",
        **rule,  # type: ignore[arg-type]
    )
    made = series.create(session, planner, draft, NOW)
    query = select(Occurrence).where(Occurrence.series_id == made.id).order_by(Occurrence.starts_at)
    occurrence = session.scalars(query).first()
    assert occurrence is not None
    for number, status in enumerate(("on", "off"), 1):
        actions.take_told(session, [told(status, meeting=occurrence.meeting, number=number)], NOW)
    made_ready(session)
    return planner, draft, occurrence


def row(session: Session) -> Recording:
    return session.scalars(select(Recording).where(Recording.code == CODE)).one()


@pytest.mark.parametrize(
    ("began", "keep_for", "unit", "last"),
    [
        (date(2026, 11, 26), None, KeepUnit.DAYS, None),
        (date(2026, 11, 26), 30, KeepUnit.DAYS, date(2026, 12, 26)),
        (date(2026, 11, 30), 3, KeepUnit.MONTHS, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, KeepUnit.MONTHS, date(2028, 2, 29)),
        (date(2026, 11, 26), 12, KeepUnit.MONTHS, date(2027, 11, 26)),
    ],
)
def test_the_last_day(began: date, keep_for: int | None, unit: KeepUnit, last: date | None) -> None:
    assert last_day(began, keep_for, unit) == last


def test_what_goes_at_the_end() -> None:
    for watching in Watching:
        assert to_delete(Ending.EVERYTHING, watching) is DeletionScope.EVERYTHING
        assert to_delete(Ending.RAW, watching) is DeletionScope.RAW
        public = watching is Watching.PUBLIC
        assert (to_delete(Ending.KEEP_PUBLIC, watching) is DeletionScope.RAW) == public


def test_the_rule_of_the_series_holds_until_somebody_decides(session: Session) -> None:
    planner, draft, occurrence = planned(session, keep_for=30, keep_unit=KeepUnit.DAYS, keep_ending=Ending.RAW)
    began = retention.day_of(NOW)
    assert (row(session).keep_until, row(session).ending) == (began + 30 * DAY, Ending.RAW)
    assert retention.follow_rules(session, NOW) == 0

    later = NOW + timedelta(hours=1)
    found = session.get_one(series.Series, occurrence.series_id)
    kept = series.draft_of(session, found)
    series.edit(session, planner, found.slug, replace(kept, keep_for=2, keep_unit=KeepUnit.MONTHS), later,
                expected_version=found.version)  # fmt: skip
    session.flush()
    assert retention.follow_rules(session, later) == 1
    assert row(session).keep_until == last_day(began, 2, KeepUnit.MONTHS)
    assert retention.follow_rules(session, later) == 0

    decided = Terms(Watching.NETWORK, False, date(2030, 1, 1), False, Ending.EVERYTHING)
    actions.set_terms(session, planner, CODE, decided, later)
    kept = series.draft_of(session, found)
    series.edit(session, planner, found.slug, replace(kept, keep_for=None), later + DAY, expected_version=found.version)
    session.flush()
    assert retention.follow_rules(session, later + DAY) == 0
    assert row(session).keep_until == date(2030, 1, 1)
    assert draft.keep_for == 30


def test_organisers_are_told_two_weeks_before_and_nothing_ends_without(session: Session) -> None:
    planner, _draft, _occurrence = planned(session, keep_for=30, keep_unit=KeepUnit.DAYS)
    until = row(session).keep_until
    assert until is not None
    assert retention.due(session, NOW) == []
    first = NOW + 16 * DAY
    (number,) = retention.due(session, first)
    assert retention.warn(session, number, first) == 1
    assert retention.due(session, first) == []
    (letter,) = session.scalars(select(OutboxMessage).where(OutboxMessage.kind == retention.KIND))
    assert letter.recipient == planner.identity
    told_now = retention.expiring(session, CODE, until.isoformat())
    assert told_now is not None
    assert told_now.scope is DeletionScope.EVERYTHING
    assert retention.expire(session, first + 14 * DAY) == 0, "the last day is not over"
    assert retention.expire(session, first + 15 * DAY) == 1
    assert row(session).state is RecordingState.WITHDRAWN
    assert retention.expiring(session, CODE, until.isoformat()) is None
    assert retention.expire(session, first + 16 * DAY) == 0


def test_a_shorter_rule_does_not_delete_at_once(session: Session) -> None:
    planned(session, keep_for=14, keep_unit=KeepUnit.DAYS)
    late = NOW + 100 * DAY
    assert retention.expire(session, late) == 0, "nobody was told yet"
    (number,) = retention.due(session, late)
    retention.warn(session, number, late)
    assert retention.expire(session, late + 13 * DAY) == 0
    assert retention.expire(session, late + 14 * DAY) == 1


def test_a_date_that_somebody_chose_holds_and_so_does_a_legal_hold(session: Session) -> None:
    planner, _draft, _occurrence = planned(session)
    assert row(session).keep_until is None, "kept for ever"
    until = retention.day_of(NOW) + DAY
    actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, until, True), NOW)
    assert retention.due(session, NOW) == []
    assert retention.expire(session, NOW + 3 * DAY) == 0
    actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, until, False), NOW)
    assert retention.expire(session, NOW + DAY) == 0
    assert retention.expire(session, NOW + 2 * DAY) == 1


def test_only_what_was_captured_goes_once(session: Session) -> None:
    planner, _draft, _occurrence = planned(session)
    until = retention.day_of(NOW)
    actions.set_terms(session, planner, CODE, Terms(Watching.PUBLIC, False, until, False, Ending.KEEP_PUBLIC), NOW)
    assert retention.expire(session, NOW + 2 * DAY) == 1
    assert retention.expire(session, NOW + 2 * DAY) == 0
    assert row(session).state is RecordingState.READY
    (ordered,) = session.scalars(select(Deletion))
    assert (ordered.scope, ordered.reason, ordered.ordered_by) == (
        DeletionScope.RAW, DeletionReason.EXPIRED, "system",
    )  # fmt: skip
    actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, until, False, Ending.KEEP_PUBLIC), NOW)
    assert retention.expire(session, NOW + 2 * DAY) == 1, "no longer public: now it goes whole"


def test_the_day_is_the_networks_own() -> None:
    assert retention.day_of(datetime(2026, 11, 26, 22, 30, tzinfo=UTC)) == date(2026, 11, 27)


def test_what_was_kept_of_a_stream_goes_two_weeks_after_the_whole_is_there_for_everybody(session: Session) -> None:
    _planner, _draft, occurrence = planned(session, keep_for=12, keep_unit=KeepUnit.MONTHS)
    whole = row(session)
    whole.watching, whole.began_at, whole.ended_at, whole.ready_at = Watching.NETWORK, NOW, NOW + DAY, NOW + DAY
    film = [MadeFile("cd.mp4", "video/mp4", 4, "0" * 64, 5.0, "composition")]
    begun = {"00000000000000cd": NOW, "00000000000000ce": NOW - DAY, "00000000000000cf": NOW, "00000000000000c0": NOW}
    for code, began in begun.items():
        instant.keep(session, code, occurrence.meeting, film, began, NOW + DAY / 2, NOW)
    kept = {each.code: each for each in session.scalars(select(Recording).where(Recording.instant))}
    assert all(each.keep_until is not None for each in kept.values()), "its series' rule holds for it as well"
    kept["00000000000000cf"].held = kept["00000000000000c0"].own_terms = True
    late = NOW + 16 * DAY
    assert retention.supersede(session, late) == 0, "the public would lose it"
    whole.watching = Watching.PUBLIC
    session.flush()
    assert retention.supersede(session, NOW + 14 * DAY) == 0
    assert retention.supersede(session, late) == 1
    left = {each.code for each in kept.values() if each.state is RecordingState.READY}
    assert left == set(begun) - {"00000000000000cd"}, "one holds more, one is held, about one somebody decided"
    assert session.scalars(select(Deletion.reason)).all() == [DeletionReason.EXPIRED]
    assert whole.state is RecordingState.READY


def test_of_a_single_planned_occurrence_what_everybody_may_watch_outlives_the_usual_time(session: Session) -> None:
    planner = organiser(session)
    made = schedule.create(session, planner, draft(), NOW)
    occurrence = session.scalars(select(Occurrence).where(Occurrence.slug == made.slug)).one()
    for number, status in enumerate(("on", "off"), 1):
        actions.take_told(session, [told(status, meeting=occurrence.meeting, number=number)], NOW)
    made_ready(session)
    assert row(session).occurrence_id == occurrence.id
    assert retention.follow_rules(session, NOW) == 0
    assert retention.by_default(90, NOW)(session, NOW) == 1
    last = retention.day_of(NOW) + 90 * DAY
    assert (row(session).keep_until, row(session).ending) == (last, Ending.KEEP_PUBLIC)
    assert queries.page(session, planner, CODE, NOW).ruled
    over = NOW + 91 * DAY
    (number,) = retention.due(session, over)
    assert retention.warn(session, number, over) > 0, "who planned it is told"
    row(session).watching = Watching.PUBLIC
    session.flush()
    assert retention.expire(session, over + NOTICE) == 1
    assert row(session).state is RecordingState.READY
    assert session.scalars(select(Deletion.scope)).one() is DeletionScope.RAW


def test_what_nobody_planned_is_kept_for_the_usual_time(session: Session) -> None:
    for number, status in enumerate(("on", "off"), 1):
        actions.take_told(session, [told(status, meeting="demo", number=number)], NOW)
    made_ready(session)
    kept = [MadeFile("a.mp4", "video/mp4", 5, "a" * 64, 60.0, "composition")]
    instant.keep(session, "00000000000000cd", "demo", kept, NOW, NOW + timedelta(minutes=1), NOW)
    assert row(session).keep_until is None
    follow = retention.by_default(90, NOW)
    assert follow(session, NOW) == 2
    last = retention.day_of(NOW) + 90 * DAY
    assert set(session.scalars(select(Recording.keep_until))) == {last}
    assert follow(session, NOW + DAY) == 0
    planner = organiser(session)
    assert queries.page(session, planner, CODE, NOW).ruled

    changed = retention.by_default(30, NOW + DAY)
    assert changed(session, NOW + DAY) == 2
    assert row(session).keep_until == last - 60 * DAY
    actions.set_terms(session, planner, CODE, Terms(Watching.EDITORS, False, last, True), NOW + DAY)
    for_ever = retention.by_default(0, NOW + 2 * DAY)
    assert for_ever(session, NOW + 2 * DAY) == 1
    assert set(session.scalars(select(Recording.keep_until))) == {last, None}, "what somebody decided stays"

    assert retention.by_default(1, NOW + 3 * DAY)(session, NOW + 3 * DAY) == 1
    over = NOW + 4 * DAY
    (number,) = retention.due(session, over)
    assert retention.warn(session, number, over) == 0, "nobody planned it, so nobody is written to"
    assert retention.expire(session, over) == 0
    assert retention.expire(session, over + NOTICE) == 1
    assert session.scalars(select(Recording.state).where(Recording.instant)).one() is RecordingState.WITHDRAWN
    assert row(session).state is RecordingState.READY, "held"
