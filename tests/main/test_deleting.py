"""What is deleted is gone and leaves a record, whatever is killed in between; on both databases."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import select

from lms.audit.models import AuditEntry
from lms.database import Database
from lms.directory.rules import Visitor
from lms.errors import NotFound
from lms.media import actions, instant, queries, retention
from lms.media.actions import Terms
from lms.media.library import MadeFile
from lms.media.models import DeletionReason, Watching
from lms.schedule.models import Ending
from recordings.live import wire
from tests.lms.facts import NOW
from tests.lms.media.test_recordings import CODE
from tests.lms.media.test_retention import DAY, planned
from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template
from web.main.deleting import FIRST_PAUSE, Deleter
from web.main.library import FolderLibrary

__all__ = ["database", "database_url", "postgres", "postgres_template", "sqlite_template"]

INSTANT = "00000000000000cd"


class Shelf(FolderLibrary):
    """A library on a disk that fails when it is told to."""

    broken = False

    def delete(self, code: str, *, raw_only: bool = False) -> None:
        if self.broken:
            raise OSError(5, "Input/output error")
        super().delete(code, raw_only=raw_only)


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """Raw files, made ones, what was kept of a stream, and what its players had."""
    library = Shelf(tmp_path)
    for path, content in {
        f"recordings/raw/{CODE}/timeline.jsonl": "{}",
        f"recordings/raw/{CODE}/track-0001.rtpdump": "packets",
        f"recordings/made/{CODE}/v0001/video.mp4": "film",
        f"recordings/made/{CODE}/work/check.json": "{}",
        f"recordings/instant/{INSTANT}.mp4": "film",
        f"live-viewers/{INSTANT}/1.json": "{}",
        "live/demo/0001.m4s": "segment",
        "live/other/0001.m4s": "segment",
    }.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(content)
    for meeting, stream in (("demo", INSTANT), ("other", "00000000000000ef")):
        status = wire.Status(stream=stream, meeting=meeting, state="ended", began_at=0.0, at=0.0)
        wire.write_status(tmp_path / "live" / meeting / wire.STATUS, status)
    return library


def ready(database: Database) -> Visitor:
    """A recording that is ready, and what was kept of the stream of the same time."""
    with database.writing() as session:
        planner, _draft, occurrence = planned(session)
        film = MadeFile(f"{INSTANT}.mp4", "video/mp4", 4, "0" * 64, 5.0, "composition")
        instant.keep(session, INSTANT, occurrence.meeting, [film], NOW - DAY, NOW + DAY, NOW)
        return planner


def left(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def test_nothing_is_deleted_until_the_order_is_certain(database: Database, shelf: Shelf, tmp_path: Path) -> None:
    planner = ready(database)
    before = left(tmp_path / "recordings")
    with pytest.raises(NotFound):
        _withdraw_and_fail(database, planner)
    assert Deleter(shelf)(database, NOW) == 0
    assert left(tmp_path / "recordings") == before


def _withdraw_and_fail(database: Database, planner: Visitor) -> None:
    with database.writing() as session:
        actions.withdraw(session, planner, CODE, NOW)
        actions.withdraw(session, planner, "0000000000000404", NOW)


def test_what_is_deleted_is_gone_and_leaves_a_record(database: Database, shelf: Shelf, tmp_path: Path) -> None:
    planner = ready(database)
    with database.writing() as session:
        actions.withdraw(session, planner, CODE, NOW)
    assert Deleter(shelf)(database, NOW) == 2
    assert left(tmp_path / "recordings") == set()
    assert not (tmp_path / "live-viewers" / INSTANT).exists()
    assert left(tmp_path / "live") == {"other/0001.m4s", "other/status.json"}, "another meeting's stream stays"
    assert Deleter(shelf)(database, NOW) == 0
    with database.reading() as session:
        page = queries.page(session, planner, CODE, NOW)
        (kept,) = page.deletions
        assert (kept.reason, kept.ordered_by, kept.done_at) == (DeletionReason.ORDERED, planner.actor, NOW)
        assert (kept.files, kept.bytes) == (4, 2 + 7 + 4 + 2)
        assert kept.digest == hashlib.sha256(kept.listing.encode()).hexdigest()
        assert f"7 recordings/raw/{CODE}/track-0001.rtpdump\n" in kept.listing
        assert page.files == []
        done = session.scalars(select(AuditEntry).where(AuditEntry.action == "recording.deleted")).all()
        assert {entry.object_id for entry in done} == {CODE, INSTANT}


def test_a_worker_that_is_killed_leaves_the_rest_to_the_next(database: Database, shelf: Shelf, tmp_path: Path) -> None:
    planner = ready(database)
    with database.writing() as session:
        actions.withdraw(session, planner, CODE, NOW)
    shelf.broken = True
    first = Deleter(shelf)
    assert first(database, NOW) == 0
    (tmp_path / "recordings" / "raw" / CODE / "timeline.jsonl").unlink()  # it got so far
    shelf.broken = False
    assert first(database, NOW) == 0, "it is set aside for a while"
    assert first(database, NOW + FIRST_PAUSE) == 2
    with database.reading() as session:
        (kept,) = queries.page(session, planner, CODE, NOW).deletions
    assert kept.files == 4, "the list is that of before the first file went"
    assert left(tmp_path / "recordings") == set()


def test_a_hold_that_comes_before_the_files_went_keeps_them(database: Database, shelf: Shelf, tmp_path: Path) -> None:
    planner = ready(database)
    with database.writing() as session:
        until = retention.day_of(NOW)
        actions.set_terms(session, planner, CODE, Terms(Watching.PUBLIC, False, until, False, Ending.RAW), NOW)
        assert retention.expire(session, NOW + 2 * DAY) == 1
        actions.set_terms(session, planner, CODE, Terms(Watching.PUBLIC, False, until, True, Ending.RAW), NOW)
    assert Deleter(shelf)(database, NOW) == 0
    with database.writing() as session:
        actions.set_terms(session, planner, CODE, Terms(Watching.PUBLIC, False, until, False, Ending.RAW), NOW)
    assert Deleter(shelf)(database, NOW) == 1
    assert not (tmp_path / "recordings" / "raw" / CODE).exists()
    assert (tmp_path / "recordings" / "made" / CODE / "v0001" / "video.mp4").exists()
