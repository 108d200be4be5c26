"""Transactions that lose nothing, on both databases."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import DBAPIError, StatementError

from lms import migrations
from lms.audit.models import AuditHead
from lms.base import Base
from lms.database import Database, lock
from lms.errors import Invalid, NotFound
from lms.meetings.models import NodePulse
from lms.notify.models import OutboxMessage

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)


def put_counter(database: Database, length: int = 0) -> None:
    with database.writing() as session:
        session.execute(delete(AuditHead))
        session.add(AuditHead(id=1, length=length, hash=""))


def counter(database: Database) -> int:
    with database.reading() as session:
        return session.scalars(select(AuditHead.length)).one()


def test_increments_from_many_threads_are_all_kept(database: Database) -> None:
    put_counter(database)
    failures: list[BaseException] = []

    def increment() -> None:
        try:
            for _ in range(10):
                with database.writing() as session:
                    head = lock(session, AuditHead, 1)
                    head.length += 1
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=increment) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert counter(database) == 80


def test_the_last_seat_is_taken_once(database: Database) -> None:
    """Read, decide, write: N threads see one free seat, one gets it."""
    put_counter(database, length=1)
    start = threading.Barrier(8)
    won: list[int] = []

    def take(me: int) -> None:
        start.wait()
        with database.writing() as session:
            seats = lock(session, AuditHead, 1)
            if seats.length > 0:
                seats.length -= 1
                won.append(me)

    threads = [threading.Thread(target=take, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1
    assert counter(database) == 0


def test_two_processes_on_one_file_or_server(database: Database) -> None:
    put_counter(database)
    program = (
        "import sys\n"
        "from lms.audit.models import AuditHead\n"
        "from lms.database import Database, lock\n"
        "database = Database(sys.argv[1])\n"
        "for _ in range(50):\n"
        "    with database.writing() as session:\n"
        "        lock(session, AuditHead, 1).length += 1\n"
    )
    running = [
        subprocess.Popen([sys.executable, "-c", program, database.url], stderr=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in running:
        _, said = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert counter(database) == 100


def test_what_was_prepared_outlives_a_reading(postgres: object, postgres_template: str) -> None:
    """PostgreSQL plans a statement anew as long as it is not prepared; planning takes longer than answering."""
    from tests.support.postgres import PostgresServer

    assert isinstance(postgres, PostgresServer)
    look = select(AuditHead.length).where(AuditHead.id == 1)
    with postgres.fresh_database(postgres_template) as url:
        database = Database(url)
        for failing in (False, False, False, True):
            with contextlib.suppress(NotFound), database.reading() as session:
                session.execute(look)
                if failing:
                    raise NotFound("not_found", "A page that is not there.")
        with database.reading() as session:
            kept = session.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
        database.close()
    assert any("audit_head" in each for each in kept)


def test_a_reading_that_failed_leaves_a_connection_of_use(database: Database) -> None:
    with pytest.raises(DBAPIError), database.reading() as session:
        session.execute(text("SELECT nothing FROM nowhere"))
    put_counter(database, 3)
    assert counter(database) == 3


def _newest() -> str:
    """The latest revision."""
    versions = Path(migrations.__file__).parent / "versions"
    return max(file.name.partition("_")[0] for file in versions.glob("[0-9]*_*.py"))


def test_processes_that_start_at_once_migrate_once(postgres: object, tmp_path: Path) -> None:
    from tests.support.postgres import PostgresServer

    assert isinstance(postgres, PostgresServer)
    program = "import sys; from lms.database import Database; Database(sys.argv[1]).upgrade()"
    with postgres.fresh_database() as url:
        for where in (f"sqlite:///{tmp_path / 'new.db'}", url):
            running = [
                subprocess.Popen([sys.executable, "-c", program, where], stderr=subprocess.PIPE, text=True)
                for _ in range(3)
            ]
            for process in running:
                _, said = process.communicate(timeout=60)
                assert process.returncode == 0, said
            made = Database(where)
            with made.reading() as session:
                assert session.execute(text("SELECT version_num FROM alembic_version")).all() == [(_newest(),)]
            made.close()


def test_a_reading_transaction_refuses_to_write(database: Database) -> None:
    put_counter(database)
    with database.reading() as session, pytest.raises(DBAPIError):
        session.execute(update(AuditHead).values(length=9))
    assert counter(database) == 0


def test_a_reader_does_not_wait_for_a_writer(database: Database) -> None:
    put_counter(database)
    with database.writing() as session:
        lock(session, AuditHead, 1).length = 5
        session.flush()
        assert counter(database) == 0
    assert counter(database) == 5


def test_an_exception_undoes_the_whole_transaction(database: Database) -> None:
    put_counter(database)

    def fail_halfway() -> None:
        with database.writing() as session:
            lock(session, AuditHead, 1).length = 7
            session.flush()
            raise RuntimeError("power cut")

    with pytest.raises(RuntimeError, match="power cut"):
        fail_halfway()
    assert counter(database) == 0


def test_lock_names_what_is_missing(database: Database) -> None:
    with database.writing() as session, pytest.raises(NotFound, match="audit_head 99"):
        lock(session, AuditHead, 99)


def test_instants_come_back_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    from zoneinfo import ZoneInfo

    in_kyiv = datetime(2026, 11, 25, 10, 0, 0, 123456, tzinfo=ZoneInfo("Europe/Kyiv"))
    with database.writing() as session:
        session.add(NodePulse(node=1, last_seen_at=in_kyiv))
    with database.reading() as session:
        seen = session.scalars(select(NodePulse.last_seen_at)).one()
        assert seen == in_kyiv
        assert seen.tzinfo is UTC
        assert session.scalar(select(NodePulse.node).where(NodePulse.last_seen_at <= in_kyiv)) == 1
    with pytest.raises(StatementError, match="needs its time zone"), database.writing() as session:
        session.add(NodePulse(node=2, last_seen_at=datetime(2026, 11, 25, 10, 0)))


def test_sqlite_keeps_what_it_confirmed(tmp_path: Path) -> None:
    made = Database(f"sqlite:///{tmp_path / 'x.db'}")
    with made.engine.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    made.close()


def test_models_match_the_migrations(database: Database) -> None:
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    import lms.tables

    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, lms.tables.metadata) == []


def test_every_foreign_key_is_enforced(database: Database) -> None:
    from lms.meetings.models import Meeting

    with pytest.raises(DBAPIError), database.writing() as session:
        session.add(Meeting(occurrence_id=404, name="x", node=0, opened_at=NOW, last_heartbeat_at=NOW))


def test_absent_json_is_null(database: Database) -> None:
    import lms.audit.models as audit

    with database.writing() as session:
        session.add(
            audit.AuditEntry(
                at=NOW,
                actor="a",
                action="b",
                object_kind="c",
                object_id="d",
                before=None,
                after={"ї": 1},
                before_digest="",
                after_digest="",
            )
        )
    with database.reading() as session:
        row = session.execute(text('SELECT "before" IS NULL FROM audit_entry')).scalar()
        assert row in (True, 1)


def test_check_says_when_the_database_is_gone(database: Database) -> None:
    database.check()
    with pytest.raises(DBAPIError):
        Database("postgresql+psycopg://nobody@127.0.0.1:1/none").check()


def test_metadata_covers_every_module() -> None:
    assert {OutboxMessage.__tablename__, "occurrence", "endpoint"} <= set(Base.metadata.tables)


@pytest.mark.parametrize("wrong", ["a\0b", 2**70], ids=["a NUL character", "a number that fits nowhere"])
def test_what_no_column_holds_is_wrong_input_and_not_a_fault(database: Database, wrong: str | int) -> None:
    column = AuditHead.hash if isinstance(wrong, str) else AuditHead.length
    # SQLite takes a NUL; whatever a database does not take is refused as input, and any other error fails the test.
    with contextlib.suppress(Invalid), database.reading() as session:
        assert session.scalar(select(AuditHead.id).where(column == wrong)) is None


def test_a_restarted_server_costs_nobody_an_error(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    if database.engine.dialect.name != "postgresql":
        return
    monkeypatch.setattr("lms.database._REST_S", 0.0)
    database.check()
    other = Database(database.url)
    with other.engine.connect() as connection:
        connection.execute(
            text(
                "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
        )
    other.close()
    database.check()


def test_a_connection_that_has_read_may_write_and_then_read_only_again(database: Database) -> None:
    for _ in range(2):
        put_counter(database, 1)
        with pytest.raises(DBAPIError), database.reading() as session:
            session.execute(update(AuditHead).values(length=2))
        assert counter(database) == 1
