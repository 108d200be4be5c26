"""What every test gets: a printed seed, settings of its own, and a check that no process is left behind."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
from hypothesis import settings
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling

SEED_VARIABLE = "VIKNO_TEST_SEED"
SEED = int(os.environ.pop(SEED_VARIABLE, "0")) or secrets.randbelow(2**31) + 1

for name in [name for name in os.environ if name.startswith("VIKNO_")]:
    del os.environ[name]  # what the developer has set must not change a test's outcome

# The machine may be shared, so no test asserts how long an example takes; a failure prints how to repeat it.
settings.register_profile("vikno", deadline=None, print_blob=True)
settings.load_profile("vikno")


REAL = (
    "tests/e2e/*",
    "tests/main/test_behind_proxy.py",
    "tests/main/test_recording.py",
    "tests/main/test_serve.py",
    "tests/main/test_stream*.py",
    "tests/recordings/live*/*",
    "tests/sfu/wire/test_chromium.py",
    "tests/sfu/wire/test_firefox.py",
    "tests/sfu/wire/test_foreign_clients.py",
    "tests/signaling/client/*",
    "tests/web/test_*browser.py",
)
"""Tests of browsers, of whole installations and of media in real time: they share two cores with other tests."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What a busy machine can disturb is tried once more; the summary counts it as rerun and names it."""
    if not config.pluginmanager.hasplugin("rerunfailures"):
        return
    root = Path(__file__).parents[1]
    for item in items:
        path = item.path.relative_to(root).as_posix()
        if any(fnmatch(path, pattern) for pattern in REAL):
            item.add_marker(pytest.mark.flaky(reruns=1))


class ByFile(LoadScopeScheduling):
    """Whole files to each process; people in browsers all to one, where they share an installation."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.partition("::")[0]
        return "tests/e2e" if file.startswith("tests/e2e/") else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> ByFile | None:
    """With `--dist loadfile`."""
    return ByFile(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_report_header() -> str:
    """The seed of every random choice; hypothesis prints its own with a failure."""
    return f"seed: {SEED} (repeat with {SEED_VARIABLE}={SEED})"


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> random.Random:
    """Random numbers of one test: the same for the same seed, whichever tests run besides."""
    return random.Random(f"{SEED} {request.node.nodeid}")


@pytest.fixture(scope="session", autouse=True)
def _no_process_is_left_behind() -> Iterator[None]:
    """Set up before every other fixture, so checked after all of them are gone."""
    before = set(_children())
    yield
    left = {process: words for process, words in _children().items() if process not in before}
    assert not left, f"tests left processes running: {left}"


def _children() -> dict[int, str]:
    """Our child processes and their command lines (Linux: /proc), without Python's own helper and the dead."""
    found = {}
    for listing in Path("/proc/self/task").glob("*/children"):
        for process in map(int, listing.read_text().split()):
            words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
            if words and "resource_tracker" not in words:
                found[process] = words
    return found
