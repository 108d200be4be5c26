"""The one database: SQLite or PostgreSQL, with the difference hidden here.

On SQLite every writing transaction begins with BEGIN IMMEDIATE: it waits for its turn at the start, so that what it
reads is still true when it writes. On PostgreSQL the same promise is kept by `lock`. Reading transactions stay
deferred and refuse to write on both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import lru_cache
from time import monotonic
from typing import Any, TypeVar

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event, inspect, make_url, select, text
from sqlalchemy.exc import DataError, InvalidatePoolError
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from lms.base import Base
from lms.days import day_of
from lms.errors import Invalid, NotFound

T = TypeVar("T", bound=Base)

BUSY_TIMEOUT_MS = 30_000
"""How long a SQLite transaction waits for its turn before it fails."""

CACHE_KIB = 8 * 1024
"""So much of a SQLite file each connection keeps in memory."""
STATEMENTS = 1000
"""So many different statements are kept prepared; the pages of all kinds of visitors have several hundred."""
_REST_S = 5.0
"""A connection that lay unused for longer is asked whether it still works, before it is used."""
_POSTGRESQL_OPTIONS = "-c jit=off -c plan_cache_mode=force_generic_plan"
"""Pages ask for little at a time: to compile a query, or to plan it anew for its values, takes longer than to answer
it. What a plan must know of the values stands in the text of statements (`lms.prepared`)."""

_WRITES = "vikno_writes"
_WRITABLE = "vikno_writable"
_RESTED_SINCE = "vikno_rested_since"


class WritingSession(Session):
    """A session whose transaction may write. `lms.audit` closes its chain when one of these commits."""


class ReadingSession(Session):
    """A session that the database itself keeps from writing."""


class Database:
    """An engine and its sessions. `url` is `sqlite:////path/to/file` or `postgresql+psycopg://user:password@host/name`."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.engine = make_engine(url)
        self._writing = sessionmaker(
            self.engine.execution_options(**{_WRITES: True}), class_=WritingSession, expire_on_commit=False
        )
        self._reading = sessionmaker(
            self.engine.execution_options(postgresql_readonly=True), class_=ReadingSession, expire_on_commit=False
        )

    def open(self, *, write: bool) -> Session:
        """A session; the caller commits or rolls back, and closes."""
        return self._writing() if write else self._reading()

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """One writing transaction: committed at the end, rolled back by an exception."""
        with self._writing.begin() as session:
            yield session

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """One reading transaction.

        It ends by COMMIT, also after an exception: it has nothing to undo, and at a ROLLBACK the PostgreSQL driver
        throws away every statement that the connection has prepared.
        """
        with self._reading() as session:
            try:
                yield session
            finally:
                session.commit()

    def check(self) -> None:
        """Ask the database for something small; raises `sqlalchemy.exc.DBAPIError` when it does not answer."""
        with self.engine.connect() as connection:
            connection.execute(text("SELECT 1"))

    def upgrade(self) -> None:
        """Bring the tables up to date. Several processes may do it at once: one does, the others wait."""
        from lms.migrations import upgrade

        upgrade(self.url)

    def close(self) -> None:
        """Give the connections back."""
        self.engine.dispose()


def make_engine(url: str) -> Engine:
    """An engine with what the product needs of either database switched on.

    Both keep what was made of a statement: SQLAlchemy its text, the driver what the database prepared. The connection
    used last is used next (LIFO), so that what it has kept is of use.
    """
    kept: dict[str, Any] = {"query_cache_size": STATEMENTS, "pool_size": 10, "pool_use_lifo": True}
    if make_url(url).get_backend_name() == "sqlite":
        given = {"isolation_level": None, "cached_statements": STATEMENTS}
        engine = create_engine(url, connect_args=given, max_overflow=40, **kept)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
    else:
        engine = create_engine(url, connect_args={"options": _POSTGRESQL_OPTIONS}, max_overflow=20, **kept)
        event.listen(engine, "connect", _prepare_postgresql)
        event.listen(engine, "checkin", _note_the_time)
        event.listen(engine, "checkout", _ping_after_a_rest)
    event.listen(engine, "handle_error", _refuse_what_no_column_holds)
    return engine


def _refuse_what_no_column_holds(context: ExceptionContext) -> None:
    """A NUL character, a number of more than 64 bits, a text too long: somebody's input is wrong, not the database.

    Each database refuses some of these by an error of its own; a visitor is told the same as for any wrong input.
    """
    if isinstance(context.sqlalchemy_exception, DataError) or isinstance(context.original_exception, OverflowError):
        raise Invalid(
            "input_invalid", "Something in it is too long, too large or no text. Correct it and send it again."
        ) from context.original_exception


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # SQLite's own lower() knows ASCII only; searches in Ukrainian need the whole alphabet.
    connection.create_function("lower", 1, lambda text: None if text is None else str(text).lower(), deterministic=True)
    connection.create_function("kyiv_day", 1, _kyiv_day, deterministic=True)
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_MS}")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA temp_store = MEMORY")
    cursor.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    cursor.close()


def _kyiv_day(instant: str | None) -> str | None:
    """The day in Kyiv of an instant as SQLite keeps it (`lms.base.Instant`); SQLite itself knows no time zones."""
    return None if instant is None else _kyiv_day_of_hour(instant[:13])


@lru_cache(maxsize=100_000)
def _kyiv_day_of_hour(hour: str) -> str:
    # Kyiv is whole hours away from UTC, so an hour lies within one day.
    moment = datetime.strptime(hour, "%Y-%m-%d %H").replace(tzinfo=UTC)
    return day_of(moment).isoformat()


def _begin_sqlite(connection: Connection) -> None:
    # The driver is in autocommit mode (isolation_level None), so that no statement begins a transaction by itself.
    # Said to the driver itself: what every page begins with should cost nothing.
    writes = bool(connection.get_execution_options().get(_WRITES))
    cursor = connection.connection.cursor()
    if connection.info.get(_WRITABLE) is not writes:
        connection.info[_WRITABLE] = None
        cursor.execute(f"PRAGMA query_only = {'OFF' if writes else 'ON'}")
        connection.info[_WRITABLE] = writes
    cursor.execute("BEGIN IMMEDIATE" if writes else "BEGIN")
    cursor.close()


def _prepare_postgresql(connection: Any, _record: object) -> None:
    connection.prepare_threshold = 2
    connection.prepared_max = STATEMENTS


def _note_the_time(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info[_RESTED_SINCE] = monotonic()


def _ping_after_a_rest(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
    # What `pool_pre_ping` does at every use. A server that was started anew meanwhile costs nobody an error.
    if monotonic() - record.info.get(_RESTED_SINCE, monotonic()) < _REST_S:
        return
    import psycopg  # here, because most processes of most installations do without

    try:
        connection.execute("SELECT 1")
        connection.commit()
    except psycopg.OperationalError as error:
        raise InvalidatePoolError from error


def lock(session: Session, table: type[T], key: int) -> T:
    """The row, fresh, and nobody else's until the transaction ends. Raises `NotFound`.

    PostgreSQL does it by FOR UPDATE; on SQLite BEGIN IMMEDIATE has done it already, for everything.
    """
    (primary,) = inspect(table).primary_key
    row = session.scalar(
        select(table).where(primary == key).with_for_update().execution_options(populate_existing=True)
    )
    if row is None:
        raise NotFound("not_found", f"There is no {table.__tablename__} {key}.")
    return row
