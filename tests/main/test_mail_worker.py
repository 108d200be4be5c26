"""A real worker process and a real mail server: killed at the worst moment, no mail is doubled and none is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import select, update

from lms.database import Database
from lms.directory import accounts
from lms.notify.models import OutboxMessage
from lms.sealing import FernetSealer
from tests.lms.facts import administrator
from tests.support.mail_server import Conduct, mail_server
from tests.support.postgres import database, database_url, postgres, postgres_template, sqlite_template
from web.mail.accounts import send_password_link
from web.main.secrets import derive, master_key

__all__ = ["database", "database_url", "postgres", "postgres_template", "sqlite_template"]


@contextmanager
def _worker(data: Path, database: Database, port: int) -> Iterator[subprocess.Popen[bytes]]:
    environment = {
        **os.environ,
        "VIKNO_DATA": str(data),
        "VIKNO_DATABASE_URL": database.url,
        "VIKNO_MAIL_URL": f"smtp://127.0.0.1:{port}",
        "VIKNO_LOG_LEVEL": "warning",
    }
    process = subprocess.Popen([sys.executable, "-m", "web.main", "worker"], env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _until(true: Callable[[], bool], what: str) -> None:
    waiting = threading.Event()
    for _step in range(600):
        if true():
            return
        waiting.wait(0.05)
    raise AssertionError(f"waited in vain: {what}")


@pytest.fixture
def data(tmp_path: Path, database: Database) -> Path:
    """A data folder, and one letter in the outbox."""
    folder = tmp_path / "data"
    now = datetime.now(UTC)
    with database.writing() as session:
        given = {"family_name": "К", "given_name": "О", "email": "o@example.org"}
        token = accounts.invite_organiser(session, administrator(session), now=now, **given)
        sealer = FernetSealer(derive(master_key(folder), "sealing"))
        send_password_link(session, sealer, token, "mailto:o@example.org", "О К", now)
    return folder


def _message(database: Database) -> OutboxMessage:
    with database.reading() as session:
        return session.scalars(select(OutboxMessage)).one()


def test_killed_between_the_servers_yes_and_the_commit(database: Database, data: Path) -> None:
    """The database is held, so that the worker knows of the yes and cannot commit it; then it is killed."""
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with database.writing() as session:
            session.scalars(select(OutboxMessage).with_for_update()).one()
            held.set()
            go_on.wait(60)

    holder = threading.Thread(target=hold)

    def content(content: bytes) -> str:
        if not holder.ident:
            holder.start()
            assert held.wait(60)
        return ""

    conduct = Conduct(content=content)
    with mail_server(conduct) as port:
        try:
            with _worker(data, database, port) as worker:
                _until(lambda: any((data / "mail" / "taken").glob("*.taken")), "the note in the journal")
                os.kill(worker.pid, signal.SIGKILL)
                worker.wait()
        finally:
            go_on.set()
            holder.join()
        assert len(conduct.mails) == 1
        assert _message(database).sent_at is None
        with _worker(data, database, port):
            _until(lambda: _message(database).sent_at is not None, "the second worker's look into the journal")
            _until(lambda: not any((data / "mail" / "taken").glob("*.taken")), "the note is put away")
    assert len(conduct.mails) == 1


def test_killed_before_the_server_has_taken_it(database: Database, data: Path) -> None:
    workers: list[subprocess.Popen[bytes]] = []

    def kill_then_refuse(content: bytes) -> str:
        if len(workers) > 1:
            return ""
        os.kill(workers[0].pid, signal.SIGKILL)
        return "451 4.3.0 not taken"

    conduct = Conduct(content=kill_then_refuse)
    with mail_server(conduct) as port:
        with _worker(data, database, port) as worker:
            workers.append(worker)
            worker.wait(60)
        assert _message(database).leased_until is not None
        with database.writing() as session:  # ten minutes later
            session.execute(update(OutboxMessage).values(leased_until=datetime.now(UTC)))
        with _worker(data, database, port) as worker:
            workers.append(worker)
            _until(lambda: _message(database).sent_at is not None, "the mail")
    assert len(conduct.mails) == 1
