"""The web app on a fresh database with demo data, on SQLite and on PostgreSQL, and browsers that talk to it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI

from lms import demo
from lms.database import Database
from lms.directory import passwords
from tests.lms.facts import NOW
from tests.support.postgres import PostgresServer, database, database_url, postgres
from tests.web.visitor import HOST, PASSWORD, Visitor
from web.app import create_app
from web.config import (
    ControlUnavailable,
    GroupRoomPlan,
    MeetingPlan,
    OrderRefused,
    PictureNames,
    PictureOrder,
    PublicQuestion,
    WebConfig,
)
from web.site import build_site

__all__ = ["database", "database_url", "postgres"]

TOKEN_KEY = b"t" * 32
EVENTS_KEY = b"e" * 32


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        """Move it."""
        self.now += timedelta(**amount)


class Orders:
    """A media node's control that notes what it was told; `down` makes it unreachable."""

    def __init__(self) -> None:
        self.given: list[tuple[str, str]] = []
        self.rooms: list[GroupRoomPlan] = []
        self.down = False
        self.refuses = ""
        """A code with which the node says no to pictures."""

    def plan(self, plan: MeetingPlan) -> None:
        """Note it."""
        self._note("plan", plan.meeting)

    def begin(self, meeting: str, node: int) -> None:
        """Note it."""
        self._note("begin", meeting)

    def close(self, meeting: str, node: int) -> None:
        """Note it."""
        self._note("close", meeting)

    def remove(self, meeting: str, node: int, participant: str) -> None:
        """Note it."""
        self._note("remove", f"{meeting} {participant}")

    def open_groups(self, meeting: str, node: int, rooms: Sequence[GroupRoomPlan], *, choose: bool) -> None:
        """Note it, with the groups."""
        self._note("open_groups", meeting)
        self.rooms = list(rooms)

    def close_groups(self, meeting: str, node: int, after_s: float) -> None:
        """Note it."""
        self._note("close_groups", f"{meeting} {after_s:g}")

    def ask(self, question: PublicQuestion) -> None:
        """Note it."""
        if self.refuses:
            raise OrderRefused(self.refuses)
        self._note("ask", f"{question.meeting} {question.name}: {question.text}")

    def keep_picture(self, order: PictureOrder) -> PictureNames:
        """Note it."""
        if self.refuses:
            raise OrderRefused(self.refuses)
        self._note("keep_picture", f"{order.meeting} {order.identity} {order.shown} {order.source}")
        return PictureNames(by="Дмитро", shown="Олена")

    def _note(self, order: str, meeting: str) -> None:
        if self.down:
            raise ControlUnavailable("The media node does not answer.")
        self.given.append((order, meeting))


def _cheapen(monkeypatch: pytest.MonkeyPatch) -> None:
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(passwords, "_hasher", hasher)
    monkeypatch.setattr(passwords, "_NOBODYS", hasher.hash("nobody has this password"))


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """These tests sign in often; that passwords are dear to guess, `tests/lms` shows."""
    _cheapen(monkeypatch)


def _seed(url: str) -> None:
    database = Database(url)
    database.upgrade()
    with pytest.MonkeyPatch.context() as monkeypatch:
        _cheapen(monkeypatch)
        with database.writing() as session:
            demo.seed(session, NOW, password=PASSWORD)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo's data: every test gets a copy, seeding takes seconds."""
    path = tmp_path_factory.mktemp("demo") / "template.db"
    _seed(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with the demo's data."""
    postgres.execute("CREATE DATABASE vikno_demo")
    _seed(postgres.url("vikno_demo"))
    return "vikno_demo"


@pytest.fixture
def clock() -> Clock:
    """The app's clock."""
    return Clock()


@pytest.fixture
def orders() -> Orders:
    """The media nodes' control."""
    return Orders()


@pytest.fixture(scope="session")
def built_client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A built client of empty files, so that these tests need no Node."""
    folder = tmp_path_factory.mktemp("client") / "dist"
    (folder / ".vite").mkdir(parents=True)
    sources = ("src/room/main.tsx", "src/site/main.ts", "src/endpoint/main.ts")
    manifest = {name: {"file": f"assets/{name.split('/')[1]}.js", "css": ["assets/all.css"]} for name in sources}
    (folder / ".vite" / "manifest.json").write_text(json.dumps(manifest))
    (folder / "sw.js").write_text("/* the worker */")
    (folder / "assets").mkdir()
    (folder / "assets" / "site.js").write_text("export {};")
    return folder


@pytest.fixture
def config(database: Database, clock: Clock, orders: Orders, built_client: Path) -> WebConfig:
    """The app's configuration; the demo's accounts can sign in."""
    return WebConfig(
        database=database,
        session_key=b"s" * 32,
        token_key=TOKEN_KEY,
        events_key=EVENTS_KEY,
        public_url=HOST,
        sealing_key=b"k" * 32,
        static_dir=built_client,
        control=orders,
        demo=True,
        clock=clock,
    )


@pytest.fixture(scope="session")
def shared_app(built_client: Path, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    """The app's routes, put together once: that takes a quarter of a second. It has no site yet."""
    keys = (b"s" * 32, TOKEN_KEY, EVENTS_KEY)
    nowhere = Database(f"sqlite:///{tmp_path_factory.mktemp('nowhere') / 'vikno.db'}")
    return create_app(WebConfig(nowhere, *keys, HOST, b"k" * 32, static_dir=built_client))


@pytest.fixture
def app(shared_app: FastAPI, config: WebConfig) -> FastAPI:
    """The app with a site of the test's own."""
    shared_app.state.site = build_site(config)
    return shared_app


@pytest.fixture
async def browser(app: FastAPI) -> AsyncIterator[Callable[..., Visitor]]:
    """Makes browsers, each with cookies of its own."""
    async with AsyncExitStack() as stack:

        def make(language: str = "en", *, address: str = "192.0.2.1") -> Visitor:
            visitor = Visitor(app, language, address)
            stack.push_async_callback(visitor.client.aclose)
            return visitor

        yield make
