"""Recordings in the database: told by nodes, taken by workers that may die, watched by whom it is meant for."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.orm import Session

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.rules import ANONYMOUS, Visitor
from lms.errors import Conflict, NotAllowed, NotFound
from lms.media import actions, queries
from lms.media.actions import Terms
from lms.media.library import Made, MadeFile
from lms.media.models import RecordingState, Watching
from lms.media.rules import LEASE, MOST_ATTEMPTS, SILENT_NODE
from lms.meetings.actions import apply_events
from lms.schedule.actions import create, publish
from lms.schedule.drafts import AgendaDraft
from lms.schedule.group_models import Group
from lms.schedule.models import Access, Occurrence
from recordings.processing.options import words_in
from tests.lms.facts import NOW, draft, organiser, person

CODE = "00000000000000ab"
MADE = Made(
    "v0001", 61.5, [MadeFile("video.mp4", "video/mp4", 5_000_000_000, "a" * 64, 61.5, "composition")], ("Щось",)
)


def told(status: str, *, meeting: str = "demo", at: datetime = NOW, number: int = 1) -> dict[str, Any]:
    """An event about a recording, in its JSON form."""
    return {
        "id": f"o1-{number}",
        "node": 0,
        "meeting": meeting,
        "opening": "o1",
        "sequence": number,
        "at": at.timestamp(),
        "data": {"type": "recording", "recording": CODE, "status": status, "by": "Олена"},
    }


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    """One transaction for the whole test."""
    with database.writing() as opened:
        yield opened


@pytest.fixture
def planner(session: Session) -> Visitor:
    return organiser(session)


def recorded(session: Session, planner: Visitor, *, access: Access = Access.NETWORK, listed: bool = True) -> Occurrence:
    """An occurrence with a recording that is to be processed."""
    made = create(session, planner, draft(access=access, listed=listed), NOW)
    publish(session, planner, made.slug, NOW)
    for number, status in enumerate(("on", "off"), 1):
        actions.take_told(session, [told(status, meeting=made.meeting, number=number)], NOW)
    return made


def made_ready(session: Session) -> None:
    job = actions.claim(session, "w1", NOW)
    assert job is not None
    actions.finish(session, job.id, MADE, NOW)


def test_it_is_made_with_words_in_the_language_of_the_meeting(session: Session, planner: Visitor) -> None:
    recorded(session, planner).language = "en"
    session.flush()
    job = actions.claim(session, "w1", NOW)
    assert job is not None
    assert (job.language, words_in(job.language).question) == ("en", "Question")
    assert words_in("uk").question == words_in("pl").question == "Запитання"


def test_what_nodes_tell_is_noted_once_and_in_any_order(session: Session) -> None:
    for status, number in (("on", 1), ("paused", 2), ("off", 3), ("off", 3), ("on", 1)):
        assert actions.take_told(session, [told(status, number=number)], NOW) == 1
    (row,) = queries.listing(session)
    assert (row.code, row.state, row.watching) == (CODE, RecordingState.QUEUED, Watching.EDITORS)
    assert row.ended_at == NOW
    assert actions.take_told(session, [{"at": 1.0, "data": {"type": "left"}}], NOW) == 0


def test_a_recording_is_taken_by_one_worker_and_made(session: Session, planner: Visitor) -> None:
    made = recorded(session, planner)
    job = actions.claim(session, "w1", NOW)
    assert job is not None
    assert job.code == CODE
    assert actions.claim(session, "w2", NOW) is None
    assert actions.renew(session, job.id, "w1", "compose", 0.5, NOW)
    assert not actions.renew(session, job.id, "w2", "compose", 0.6, NOW)
    actions.finish(session, job.id, MADE, NOW)
    page = queries.page(session, planner, CODE, NOW)
    assert (page.card.state, page.card.duration_s, page.occurrence_slug) == (RecordingState.READY, 61.5, made.slug)
    assert [each.name for each in page.files] == ["video.mp4"]
    assert page.problem == "Щось"


def test_a_worker_that_died_is_followed_by_another_but_not_for_ever(session: Session) -> None:
    actions.take_told(session, [told("on"), told("off", number=2)], NOW)
    now = NOW
    taken = []
    for attempt in range(MOST_ATTEMPTS):
        job = actions.claim(session, f"w{attempt}", now)
        assert job is not None
        taken.append(job.id)
        now += LEASE + timedelta(seconds=1)
    assert not actions.renew(session, taken[0], "w0", "check", 0.1, now), "the first one has lost it"
    assert actions.claim(session, "last", now) is None
    (row,) = queries.listing(session)
    assert row.state is RecordingState.FAILED
    actions.rebuild(session, CODE, "system", now)
    assert actions.claim(session, "again", now) is not None


def test_a_worker_that_is_stopped_gives_its_work_back(session: Session) -> None:
    actions.take_told(session, [told("on"), told("off", number=2)], NOW)
    for _ in range(MOST_ATTEMPTS + 2):
        job = actions.claim(session, "w", NOW)
        assert job is not None
        actions.give_back(session, job.id, NOW)


def test_a_recording_whose_node_died_is_processed_all_the_same(session: Session) -> None:
    actions.take_told(session, [told("on")], NOW)
    assert actions.claim(session, "w", NOW + SILENT_NODE) is None
    job = actions.claim(session, "w", NOW + SILENT_NODE + timedelta(seconds=1))
    assert job is not None
    actions.finish(session, job.id, None, NOW + SILENT_NODE)
    (row,) = queries.listing(session)
    assert row.state is RecordingState.EMPTY
    actions.withdraw(session, organiser(session), CODE, NOW)
    with pytest.raises(Conflict):
        actions.rebuild(session, CODE, "system", NOW)


@pytest.mark.parametrize(
    ("access", "listed", "expected"),
    [
        (Access.NETWORK, True, Watching.NETWORK),
        (Access.OPEN, True, Watching.PUBLIC),
        (Access.LINK, True, Watching.NETWORK),
        (Access.NETWORK, False, Watching.PARTICIPANTS),
        (Access.OPEN, False, Watching.PARTICIPANTS),
    ],
)
def test_no_more_people_watch_than_were_let_in(
    session: Session, planner: Visitor, access: Access, listed: bool, expected: Watching
) -> None:
    recorded(session, planner, access=access, listed=listed)
    (row,) = queries.listing(session)
    assert row.watching is expected


def test_who_may_watch(session: Session, planner: Visitor) -> None:
    made = recorded(session, planner)
    there, elsewhere = person(session, "there@example.org"), person(session, "elsewhere@example.org")
    joined = {
        "id": "o9-1",
        "node": 0,
        "meeting": made.meeting,
        "opening": "o9",
        "sequence": 1,
        "at": NOW.timestamp(),
        "data": {
            "type": "joined",
            "participant": "p1",
            "identity": there.identity,
            "name": "Хтось",
            "organisation": "",
            "role": "participant",
            "presence": "person",
        },
    }
    apply_events(session, [joined], NOW)
    for who in (there, ANONYMOUS):
        with pytest.raises(NotFound):
            queries.page(session, who, CODE, NOW)  # not made yet: its editors alone see how far it is
    assert queries.page(session, planner, CODE, NOW).card.state is RecordingState.QUEUED
    made_ready(session)
    allowed = {
        Watching.EDITORS: [planner],
        Watching.PARTICIPANTS: [planner, there],
        Watching.NETWORK: [planner, there, elsewhere],
        Watching.PUBLIC: [planner, there, elsewhere, ANONYMOUS],
    }
    for watching, watchers in allowed.items():
        actions.set_terms(session, planner, CODE, Terms(watching, False, None, False), NOW)
        for visitor in (planner, there, elsewhere, ANONYMOUS):
            seen = queries.of_occurrence(session, visitor, made.id, NOW)
            assert bool(seen) == (visitor in watchers), (watching, visitor.name)
    with pytest.raises(NotAllowed):
        actions.set_terms(session, there, CODE, Terms(Watching.PUBLIC, True, None, False), NOW)


def test_a_held_or_busy_recording_is_not_deleted(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    job = actions.claim(session, "w1", NOW)
    assert job is not None
    with pytest.raises(Conflict, match="processed"):
        actions.withdraw(session, planner, CODE, NOW)
    actions.finish(session, job.id, MADE, NOW)
    actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, None, True), NOW)
    with pytest.raises(Conflict, match="hold"):
        actions.withdraw(session, planner, CODE, NOW)
    actions.set_terms(session, planner, CODE, Terms(Watching.NETWORK, False, None, False), NOW)
    actions.withdraw(session, planner, CODE, NOW)
    actions.withdraw(session, planner, CODE, NOW)
    assert session.query(AuditEntry).filter_by(action="recording.withdraw").count() == 1
    with pytest.raises(Conflict, match="deleted"):
        actions.rebuild(session, CODE, "system", NOW)


def test_a_group_is_recorded_under_its_name_and_seen_by_those_who_organise(session: Session, planner: Visitor) -> None:
    made = create(session, planner, draft(listed=True), NOW)
    publish(session, planner, made.slug, NOW)
    session.add_all([Group(occurrence_id=made.id, number=2, name="Практика"), Group(occurrence_id=made.id, number=3)])
    for number in (2, 3, 4):
        event = told("on", meeting=f"{made.meeting}.g{number}", number=number)
        event["data"]["recording"] = f"{number:016x}"
        actions.take_told(session, [event], NOW)
    rows = sorted(queries.listing(session), key=lambda row: row.code)
    assert [row.title for row in rows] == [f"{made.title} – {name}" for name in ("2. Практика", "3", "4")]
    assert {row.occurrence_id for row in rows} == {made.id}
    assert {row.watching for row in rows} == {Watching.EDITORS}


def test_points_of_the_agenda_become_chapters(session: Session, planner: Visitor) -> None:
    points = [AgendaDraft("Вступ", 20), AgendaDraft("Практика", 30)]
    made = create(session, planner, draft(agenda=points), NOW)
    first = made.starts_at.timestamp()
    assert queries.agenda_of(session, made.id) == ((first, "Вступ"), (first + 1_200, "Практика"))
