"""The composer makes versions for weak lines when nothing else waits."""

from __future__ import annotations

import subprocess
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lms.database import Database
from lms.media import actions, queries
from recordings.processing import children, publish
from tests.lms.facts import NOW, organiser
from tests.lms.media.test_recordings import CODE, recorded
from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template
from web.main.composer import Composer
from web.main.library import FolderLibrary

__all__ = ["database", "database_url", "postgres", "postgres_template", "sqlite_template"]

SOURCES = ("-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=1", "-f", "lavfi", "-i", "sine=duration=1")


def test_a_ready_recording_gets_them_and_a_broken_one_stays_as_it_is(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    library = FolderLibrary(tmp_path)
    out = library.made(CODE)
    ready = out / "ready"
    ready.mkdir(parents=True)
    subprocess.run([children.ffmpeg(), "-loglevel", "error", *SOURCES, str(ready / "video.mp4")], check=True)
    files = publish.describe(ready, {"video.mp4": ("", "composition", "Нарада")}, None)
    publish.publish(
        ready, publish.Manifest(recording=CODE, version="v0001", kind="whole", duration=1, files=files), out
    )
    with database.writing() as session:
        planner = organiser(session)
        recorded(session, planner)
        job = actions.claim(session, "w", NOW)
        assert job is not None
        actions.finish(session, job.id, library.published(CODE), NOW)

    composer = Composer(database, library, threading.Event())
    with monkeypatch.context() as broken:
        broken.setattr(children, "ffmpeg", lambda: "/bin/false")
        assert composer.turn()
    assert not composer.turn(), "later, not at once again"
    assert [file.name for file in library.published(CODE).files] == ["video.mp4"]
    with database.writing() as session:
        queries.by_code(session, CODE).leased_until = None
    assert composer.turn()
    assert not composer.turn()
    with database.reading() as session:
        page = queries.page(session, planner, CODE, datetime.now(UTC))
        assert {each.name: each.source for each in page.files} == {
            "small.mp4": "small",
            "sound.m4a": "sound",
            "video.mp4": "composition",
        }
    listed = {path.rpartition("/")[2] for path, _ in library.files(CODE)}
    assert {"small.mp4", "sound.m4a"} <= listed, "what is deleted, and told of it, holds them too"
