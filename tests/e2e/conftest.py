"""One real server and a few real browsers for all browser tests. Each person has a context of their own."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from lms.database import Database
from tests.e2e.meetings import Planner
from tests.support.browser import CHROMIUM, Look, context, launch, launch_bare
from tests.support.installation import Installation, running
from tests.support.namespace import Namespace, namespace, why_not


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.e2e)
            item.add_marker(pytest.mark.timeout(300))


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    """For this package only: while it runs, no other event loop can run in this thread."""
    if not Path(CHROMIUM).exists():
        pytest.fail(f"{CHROMIUM} is missing. `make test` installs it; by hand: apt install chromium")
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def far_end() -> Iterator[Namespace | None]:
    """A namespace with two uplinks, None where there can be none."""
    if why_not():
        yield None
        return
    with namespace(uplinks=2) as made:
        yield made


@pytest.fixture
def elsewhere(far_end: Namespace | None) -> Iterator[Namespace]:
    """The place of a far participant, its line as in the beginning."""
    if far_end is None:
        pytest.skip(why_not())
    yield far_end
    far_end.restore()


@pytest.fixture(scope="package")
def server(tmp_path_factory: pytest.TempPathFactory, far_end: Namespace | None) -> Iterator[Installation]:
    """`vikno serve`, without the demo's participants: the tests bring their own. It listens to the far end, too."""
    folder = tmp_path_factory.mktemp("vikno")
    with running(folder) as here:
        yield here


@pytest.fixture(scope="package")
def planner(server: Installation) -> Iterator[Planner]:
    """Plans meetings on the server, which has the demo's organisations and accounts."""
    database = Database(f"sqlite:///{server.data / 'vikno.sqlite3'}")
    made = Planner(database)
    made.seed()
    yield made
    database.close()


@pytest.fixture
def meeting(planner: Planner) -> str:
    """A live meeting of the test's own, open to anyone with a name."""
    return planner.open_meeting()


@pytest.fixture(scope="package")
def media_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("looks")


@pytest.fixture(scope="package")
def browser_of(
    playwright: Playwright, media_folder: Path, far_end: Namespace | None
) -> Iterator[Callable[..., Browser]]:
    """`browser_of(look, *flags, program=CHROMIUM)`: the Chromium with this look, started once."""
    started: dict[tuple[str, ...], Browser] = {}

    def browser(look: Look | None, *flags: str, program: str = CHROMIUM) -> Browser:
        key = (program, look.name if look else "", *flags)
        if key not in started:
            started[key] = (
                launch(playwright, look, media_folder, *flags, program=program)
                if look
                else launch_bare(playwright, *flags, program=program)
            )
        return started[key]

    yield browser
    for each in started.values():
        each.close()


@pytest.fixture
def visit(browser_of: Callable[..., Browser]) -> Iterator[Callable[..., Page]]:
    """`visit(look, *flags)`: an empty page in a fresh context; all are closed after the test."""
    contexts: list[BrowserContext] = []

    def page(look: Look | None, *flags: str, program: str = CHROMIUM, **options: object) -> Page:
        contexts.append(context(browser_of(look, *flags, program=program), **options))
        made = contexts[-1].new_page()
        made.on("console", lambda message: print(f"[{look.name if look else '-'}] {message.type}: {message.text}"))
        made.on("pageerror", lambda error: print(f"[{look.name if look else '-'}] page error: {error}"))
        return made

    yield page
    for each in contexts:
        each.close()


@pytest.fixture
def visit_from_elsewhere(
    visit: Callable[..., Page], elsewhere: Namespace, server: Installation, media_folder: Path
) -> Callable[[Look], Page]:
    """As `visit`, by a Chromium at the far end."""
    trusted = f"--unsafely-treat-insecure-origin-as-secure=http://{elsewhere.server}:{server.http_port}"
    program = elsewhere.wrapper(CHROMIUM, media_folder)
    return lambda look: visit(look, trusted, program=program)


@pytest.fixture
def publisher(server: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., None]]:
    """`publisher(meeting, name, *options)`: a headless participant of the command line, stopped after the test."""
    cache = tmp_path_factory.getbasetemp() / "participant-media"
    running: list[subprocess.Popen[bytes]] = []

    def start(meeting: str, name: str, *options: str) -> None:
        token = server.token(meeting=meeting, role="presenter", name=name)
        words = [
            sys.executable,
            "-m",
            "web.main",
            "participant",
            "--server",
            server.url,
            "--cache",
            str(cache),
            *options,
        ]
        running.append(subprocess.Popen(words, env={**server.environment, "VIKNO_TOKEN": token}))

    yield start
    for each in running:
        each.terminate()
    for each in running:
        assert each.wait(60) == 0


@pytest.fixture
def stopwatch() -> Callable[[], float]:
    """Seconds since the test began."""
    began = time.monotonic()
    return lambda: time.monotonic() - began
