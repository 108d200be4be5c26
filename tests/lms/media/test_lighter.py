"""Versions for weak lines in the database: made after everything else, and gone with everything else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory.rules import Visitor
from lms.media import actions, deletion, lighter, queries
from lms.media.library import MadeFile
from lms.media.models import RecordingState
from lms.media.rules import LEASE, MOST_ATTEMPTS
from tests.lms.facts import NOW, organiser
from tests.lms.media.test_recordings import CODE, MADE, made_ready, recorded, told

LATER = NOW + LEASE + timedelta(seconds=1)
LIGHTER = replace(
    MADE, version="v0002", files=[*MADE.files, MadeFile("small.mp4", "video/mp4", 1_000, "b" * 64, 61.5, "small")]
)


@pytest.fixture
def session(database: Database) -> Iterator[Session]:
    with database.writing() as opened:
        yield opened


@pytest.fixture
def planner(session: Session) -> Visitor:
    return organiser(session)


def test_they_are_made_once_and_anew_with_the_recording(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    assert lighter.claim(session, "w", NOW) is None
    made_ready(session)
    claimed = lighter.claim(session, "w", NOW)
    assert claimed is not None
    assert claimed[1] == CODE
    assert lighter.claim(session, "other", NOW) is None
    assert lighter.renew(session, claimed[0], "w", NOW)
    lighter.finish(session, claimed[0], "w", LIGHTER, NOW)
    page = queries.page(session, planner, CODE, NOW)
    assert page.card.state is RecordingState.READY
    assert [each.name for each in page.files] == ["small.mp4", "video.mp4"]
    assert lighter.claim(session, "w", LATER) is None
    actions.rebuild(session, CODE, "system", NOW)
    made_ready(session)
    assert lighter.claim(session, "w", NOW) is not None


def test_a_recording_that_waits_comes_first(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    made_ready(session)
    claimed = lighter.claim(session, "w", NOW)
    assert claimed is not None
    other = {"recording": "00000000000000ef"}
    for number, status in enumerate(("on", "off"), 1):
        event = told(status, meeting="other", number=number)
        actions.take_told(session, [event | {"data": event["data"] | other}], NOW)
    assert not lighter.renew(session, claimed[0], "w", NOW)
    lighter.give_back(session, claimed[0], "w")
    job = actions.claim(session, "w", NOW)
    assert job is not None
    assert job.code == other["recording"]


def test_what_is_deleted_meanwhile_goes_when_the_worker_has_let_go_of_it(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    made_ready(session)
    claimed = lighter.claim(session, "w", NOW)
    assert claimed is not None
    actions.withdraw(session, planner, CODE, NOW)
    assert deletion.ordered(session, NOW) == [], "it still writes there"
    assert not lighter.renew(session, claimed[0], "w", NOW)
    assert len(deletion.ordered(session, LATER)) == 1, "killed, it writes no more"
    lighter.finish(session, claimed[0], "w", LIGHTER, NOW)
    assert len(deletion.ordered(session, NOW)) == 1
    assert queries.page(session, planner, CODE, NOW).files == []


def test_a_rebuild_waits_until_the_worker_has_let_go_of_it(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    made_ready(session)
    claimed = lighter.claim(session, "w", NOW)
    assert claimed is not None
    actions.rebuild(session, CODE, "system", NOW)
    assert actions.claim(session, "other", NOW) is None
    assert not lighter.renew(session, claimed[0], "w", NOW)
    lighter.give_back(session, claimed[0], "w")
    assert actions.claim(session, "other", NOW) is not None


def test_after_failures_it_is_watched_as_it_is(session: Session, planner: Visitor) -> None:
    recorded(session, planner)
    made_ready(session)
    now = NOW
    for _ in range(MOST_ATTEMPTS):
        claimed = lighter.claim(session, "w", now)
        assert claimed is not None
        lighter.put_off(session, claimed[0], "w", now)
        assert lighter.claim(session, "w", now) is None, "not at once again"
        now += lighter.PAUSE + timedelta(seconds=1)
    assert lighter.claim(session, "w", now) is None
    assert lighter.claim(session, "w", now + timedelta(days=1)) is None
    assert queries.page(session, planner, CODE, now).card.state is RecordingState.READY
