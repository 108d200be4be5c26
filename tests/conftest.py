"""What every test gets: a printed seed, settings of its own, and a check that no process is left behind."""

from __future__ import annotations

import os
import random
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

SEED_VARIABLE = "VIKNO_TEST_SEED"
SEED = int(os.environ.pop(SEED_VARIABLE, "0")) or secrets.randbelow(2**31) + 1

for name in [name for name in os.environ if name.startswith("VIKNO_")]:
    del os.environ[name]  # what the developer has set must not change a test's outcome

# The machine may be shared, so no test asserts how long an example takes; a failure prints how to repeat it.
settings.register_profile("vikno", deadline=None, print_blob=True)
settings.load_profile("vikno")


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
