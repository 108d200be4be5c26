"""A real PostgreSQL for the tests: own data folder, random port, loopback only, gone at the end."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import psycopg
import pytest
from sqlalchemy import Dialect, Engine
from sqlalchemy.util import LRUCache

from lms.database import Database
from tests.support.seeding import lend_tables

_UNSYNCED = ("fsync=off", "full_page_writes=off")
_FAST = (
    "max_connections=100",
    "listen_addresses=127.0.0.1",
)
_OF_TESTS = ("shared_buffers=32MB", "autovacuum=off", "max_wal_size=4GB", "checkpoint_timeout=1h")
"""Each test has a database of its own that lives for a second: nothing is worth tidying up."""
_IN_MEMORY = "/dev/shm"
_ROOM = 1024**3


@dataclass(frozen=True)
class PostgresServer:
    """A running server that makes databases."""

    port: int
    user: str
    copying: str
    """How a database is made from a template: as files where the server can, which is faster than through its log."""
    restart: Callable[[], None]
    """Break it off, as a crash would, and start it again."""

    def url(self, name: str) -> str:
        """SQLAlchemy's address of a database."""
        return f"postgresql+psycopg://{self.user}@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, name: str = "postgres") -> None:
        """Run a statement outside any transaction, in the database `name`."""
        where = f"host=127.0.0.1 port={self.port} user={self.user} dbname={name}"
        with psycopg.connect(where, autocommit=True) as connection:
            connection.execute(statement.encode())

    @contextmanager
    def fresh_database(self, template: str = "template1") -> Iterator[str]:
        """The address of a database of its own, dropped at the end."""
        name = f"t{uuid.uuid4().hex[:12]}"
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template}{self.copying}")
        try:
            yield self.url(name)
        finally:
            self.execute(f"DROP DATABASE {name} WITH (FORCE)")


def programs() -> Path:
    """The folder with initdb and pg_ctl of the newest PostgreSQL here. Raises `RuntimeError` with the remedy."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    on_path = shutil.which("initdb")
    if on_path:
        return Path(on_path).resolve().parent
    raise RuntimeError("The tests need PostgreSQL: apt-get install postgresql (make test does it).")


def _as_owner(arguments: list[str]) -> list[str]:
    """PostgreSQL refuses to run as root: then it runs as the user that its package made."""
    return ["runuser", "-u", "postgres", "--", *arguments] if os.geteuid() == 0 else arguments


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _memory() -> str | None:
    """A folder in memory if it is large enough, else None: each test has a database of its own, of some 700 files."""
    try:
        room = shutil.disk_usage(_IN_MEMORY)
    except OSError:
        return None
    return _IN_MEMORY if room.free >= _ROOM and os.access(_IN_MEMORY, os.W_OK) else None


@contextmanager
def running_postgres(*, lasting: bool = False, synced: bool = False) -> Iterator[PostgresServer]:
    """Start a server, stop it and remove its data at the end.

    `lasting`: on disk, and one that tidies up. `synced`: what is committed has reached the disk.
    """
    bin_folder = programs()
    folder = Path(tempfile.mkdtemp(prefix="vikno-postgres-", dir=None if lasting else _memory()))
    if os.geteuid() == 0:
        owner = pwd.getpwnam("postgres")
        os.chown(folder, owner.pw_uid, owner.pw_gid)
    data, log = folder / "data", folder / "log"
    port = _free_port()
    settings = (
        *_FAST,
        *(() if synced else _UNSYNCED),
        *(() if lasting else _OF_TESTS),
        f"port={port}",
        f"unix_socket_directories={folder}",
    )
    options = " ".join(f"-c {setting}" for setting in settings)

    def call(*arguments: str) -> None:
        # Output goes nowhere: the server would hold a pipe open and the call would never end.
        outcome = subprocess.run(
            _as_owner(list(arguments)), cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False
        )
        if outcome.returncode != 0:
            said = log.read_text() if log.exists() else ""
            raise RuntimeError(f"PostgreSQL: {arguments[0]} failed ({outcome.returncode}). {said}")

    try:
        call(
            str(bin_folder / "initdb"),
            "-D",
            str(data),
            "-U",
            "vikno",
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
            "-N",
        )
        control = (str(bin_folder / "pg_ctl"), "-D", str(data), "-w")
        call(*control, "-l", str(log), "-o", options, "start")
        try:
            with psycopg.connect(f"host=127.0.0.1 port={port} user=vikno dbname=postgres") as connection:
                modern = connection.info.server_version >= 150000
            yield PostgresServer(
                port,
                "vikno",
                " STRATEGY FILE_COPY" if modern else "",
                lambda: call(*control, "-l", str(log), "-o", options, "-m", "immediate", "restart"),
            )
        finally:
            call(*control, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """One server for the whole run."""
    with running_postgres() as server:
        yield server


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a database with all tables, from which others are copied (much faster than migrating each)."""
    postgres.execute("CREATE DATABASE vikno_template")
    database = Database(postgres.url("vikno_template"))
    database.upgrade()
    database.close()
    return "vikno_template"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with all tables."""
    return lend_tables(tmp_path_factory.mktemp("sqlite") / "template.db")


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a fresh database with all tables; every test that asks for it runs on both kinds."""
    if request.param == "sqlite":
        path = tmp_path / "vikno.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    with server.fresh_database(request.getfixturevalue("postgres_template")) as url:
        yield url


AnyDatabase = TypeVar("AnyDatabase", bound=Database)
_dialects: dict[str, tuple[Dialect, LRUCache[Any, Any]]] = {}


def knowing_statements(made: AnyDatabase) -> AnyDatabase:
    """The database, with what SQLAlchemy has made of statements for the databases before it.

    An engine keeps the text of each statement; an engine for each test would put every text together anew, which takes
    a third of the time of these tests.
    """
    kind = made.engine.dialect.name
    if kind not in _dialects:
        made.check()  # the first connection tells the dialect what the server can
        _dialects[kind] = (made.engine.dialect, LRUCache(10_000))
    for engine in (made.engine, made.open(write=True).get_bind(), made.open(write=False).get_bind()):
        assert isinstance(engine, Engine)
        engine.dialect, engine._compiled_cache = _dialects[kind]
    return made


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database with all tables, on SQLite and on PostgreSQL."""
    made = knowing_statements(Database(database_url))
    yield made
    made.close()
