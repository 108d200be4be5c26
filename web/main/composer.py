"""The process that makes recordings: takes one after the other, and may be killed at any moment.

What it had done is kept in the recording's folder; its lease runs out, and the next one goes on from there.
"""

from __future__ import annotations

import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.database import Database
from lms.media import actions, lighter
from lms.media.actions import Job
from recordings.processing.errors import ProcessingError
from recordings.processing.lighter import lighten
from recordings.processing.options import AgendaItem, Options, words_in
from recordings.processing.pipeline import Outcome, process
from web.main import logs
from web.main.child import loaded, tell_ready
from web.main.library import FolderLibrary
from web.main.settings import Settings

_LOOK_S = 2.0
_RENEW_S = 10.0
_NICE = 10
_log = structlog.get_logger("vikno.composer")


def run_composer(settings: Settings) -> None:
    """Make recordings until SIGTERM or SIGINT."""
    logs.configure(settings.log_format, settings.log_level, process="composer")
    os.nice(_NICE)  # meetings that run now come first
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    composer = Composer(Database(settings.sqlalchemy_url), FolderLibrary(settings.data), stopping)
    loaded()
    tell_ready()
    while not stopping.is_set():
        try:
            worked = composer.turn()
        except DBAPIError as error:
            _log.error("the database cannot be reached", reason=str(error.orig))
            worked = False
        if not worked:
            stopping.wait(_LOOK_S)


@dataclass
class _Progress:
    phase: str = ""
    share: float = 0.0
    lost: threading.Event = field(default_factory=threading.Event)
    """Set when the recording is no longer ours."""


class Composer:
    """Takes recordings from the database and makes them."""

    def __init__(self, database: Database, library: FolderLibrary, stopping: threading.Event) -> None:
        self.database = database
        self.library = library
        self.stopping = stopping
        self.name = f"{socket.gethostname()[:40]}:{os.getpid()}"

    def turn(self) -> bool:
        """Make one recording, or one's versions for weak lines; False if nothing is to be done."""
        with self.database.writing() as session:
            job = actions.claim(session, self.name, datetime.now(UTC))
        if job is None:
            return self._lighten()
        log = _log.bind(recording=job.code)
        log.info("making a recording", title=job.title)
        try:
            outcome = self._make(job)
        except ProcessingError as error:
            log.error("the recording was not made", code=error.code, cause=error.cause)
            with self.database.writing() as session:
                actions.fail(session, job.id, f"{error.cause} {error.next_step}", datetime.now(UTC))
            return True
        self._note(job, outcome)
        log.info("the recording is done with", outcome=outcome.kind, duration_s=round(outcome.duration, 1))
        return True

    def _make(self, job: Job) -> Outcome:
        progress = _Progress()

        def said(phase: str, share: float) -> None:
            progress.phase, progress.share = phase, share

        agenda = tuple(AgendaItem(at=at, title=title) for at, title in job.agenda)
        options = Options(agenda=agenda, words=words_in(job.language))
        with self._keeping(progress, lambda session, now: self._renew(session, job, progress, now)):
            raw, made = self.library.raw(job.code), self.library.made(job.code)
            return process(raw, made, options, said, lambda: self.stopping.is_set() or progress.lost.is_set())

    def _renew(self, session: Session, job: Job, progress: _Progress, now: datetime) -> bool:
        return actions.renew(session, job.id, self.name, progress.phase, progress.share, now)

    def _lighten(self) -> bool:
        """Make the versions for weak lines of a recording that is watched already; left when another one waits."""
        with self.database.writing() as session:
            claimed = lighter.claim(session, self.name, datetime.now(UTC))
        if claimed is None:
            return False
        number, code = claimed
        progress = _Progress()
        try:
            with self._keeping(progress, lambda session, now: lighter.renew(session, number, self.name, now)):
                done = lighten(self.library.made(code), lambda: self.stopping.is_set() or progress.lost.is_set())
        except ProcessingError as error:
            _log.error("a recording has no versions for weak lines", recording=code, cause=error.cause)
            with self.database.writing() as session:
                lighter.put_off(session, number, self.name, datetime.now(UTC))
            return True
        left = self.stopping.is_set() or progress.lost.is_set()
        with self.database.writing() as session:
            if left and not done:
                lighter.give_back(session, number, self.name)
            else:
                made = self.library.published(code) if done else None
                lighter.finish(session, number, self.name, made, datetime.now(UTC))
        return True

    @contextmanager
    def _keeping(self, progress: _Progress, keep: Callable[[Session, datetime], bool]) -> Iterator[None]:
        """Renew the lease while the work goes on, whatever phase it is in."""
        done = threading.Event()

        def renew() -> None:
            while not done.wait(_RENEW_S):
                try:
                    with self.database.writing() as session:
                        if not keep(session, datetime.now(UTC)):
                            progress.lost.set()
                except DBAPIError as error:
                    _log.warning("the lease was not renewed", reason=str(error.orig))

        keeper = threading.Thread(target=renew, name="lease", daemon=True)
        keeper.start()
        try:
            yield
        finally:
            done.set()
            keeper.join()

    def _note(self, job: Job, outcome: Outcome) -> None:
        with self.database.writing() as session:
            now = datetime.now(UTC)
            if outcome.kind == "stopped":
                actions.give_back(session, job.id, now)
            elif outcome.kind == "empty":
                actions.finish(session, job.id, None, now)
            else:
                actions.finish(session, job.id, self.library.published(job.code), now)
