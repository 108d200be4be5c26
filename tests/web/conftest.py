"""The web app on a fresh database with demo data, and browsers that talk to it.

The database is SQLite: pages have no statements of their own, and those of `lms` are tested on both. That every address
answers on PostgreSQL too, `test_permissions` shows; `test_pages` runs on both.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from fastapi import FastAPI

from lms import demo_items
from lms.database import Database
from signaling.model import WhyOut
from tests.lms.facts import NOW
from tests.support.postgres import PostgresServer, database, postgres
from tests.support.seeding import cheap_passwords, seed, whole
from tests.web.visitor import ADMINISTRATOR, HOST, ORGANISER, PASSWORD, Visitor
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
    utc_now,
)
from web.site import build_site

__all__ = ["database", "postgres"]

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
        self.plans: list[MeetingPlan] = []
        self.rooms: list[GroupRoomPlan] = []
        self.down = False
        self.refuses = ""
        """A code with which the node says no to pictures."""

    def plan(self, plan: MeetingPlan) -> None:
        """Note it, whole."""
        self._note("plan", plan.meeting)
        self.plans.append(plan)

    def begin(self, meeting: str, node: int) -> None:
        """Note it."""
        self._note("begin", meeting)

    def close(self, meeting: str, node: int) -> None:
        """Note it."""
        self._note("close", meeting)

    def show_out(self, meeting: str, node: int, identity: str, why: WhyOut, until: datetime) -> None:
        """Note it."""
        self._note("show_out", f"{meeting} {identity} {why}")

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


@pytest.fixture(autouse=True)
def _cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    cheap_passwords(monkeypatch)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo's data: every test gets a copy, seeding takes seconds."""
    path = tmp_path_factory.mktemp("demo") / "template.db"
    seed(f"sqlite:///{path}", NOW, PASSWORD)
    return path


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the demo of today, its bank of items too, to be copied for servers that browsers visit."""
    path = tmp_path_factory.mktemp("today") / "template.db"
    url = f"sqlite:///{path}"
    seed(url, utc_now(), PASSWORD)
    database = Database(url)
    with database.writing() as session:
        demo_items.seed(session, utc_now(), author=ORGANISER, reviewer=ADMINISTRATOR)
    whole(database)
    return path


@pytest.fixture(scope="session")
def postgres_template(postgres: PostgresServer) -> str:
    """The name of a PostgreSQL database with the demo's data."""
    postgres.execute("CREATE DATABASE vikno_demo")
    seed(postgres.url("vikno_demo"), NOW, PASSWORD)
    return "vikno_demo"


@pytest.fixture
def database_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a copy of the demo's database."""
    path = tmp_path / "vikno.db"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


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
