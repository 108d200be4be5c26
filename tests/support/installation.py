"""A whole Vikno as people run it: `vikno serve` with a data folder and ports of its own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from recordings.capture.ring import shared_path
from tests.support.seeding import lend_tables

DEMO_MEDIA = Path(__file__).parents[2] / "build" / "demo-media"
"""The demo's pictures, kept between runs: each costs about five seconds of a processor."""
_START_S = 180.0
_STOP_S = 40.0


@dataclass
class Installation:
    """A running Vikno. `process` is its supervisor."""

    data: Path
    http_port: int
    node_http_port: int
    media_port: int
    environment: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]
    scheme: str = "http"
    client: httpx.Client = field(default_factory=lambda: httpx.Client(verify=False, timeout=30, trust_env=False))

    @property
    def url(self) -> str:
        """Where people reach it, without a slash at the end."""
        return f"{self.scheme}://localhost:{self.http_port}"

    def get(self, path: str) -> httpx.Response:
        """A page or an answer of the web process."""
        return self.client.get(self.url + path)

    def vikno(self, *words: str) -> str:
        """What a `vikno` command of this installation prints."""
        done = subprocess.run(
            [sys.executable, "-m", "web.main", *words],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=180,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def token(self, *, meeting: str = "demo", role: str = "participant", name: str = "Test", identity: str = "") -> str:
        """A token for a meeting."""
        words = ["token", "--meeting", meeting, "--role", role, "--name", name]
        return self.vikno(*words, *(["--identity", identity] if identity else []))

    def pids(self, process: str) -> list[int]:
        """Processes of the supervisor by what they are: `web`, `worker`, `media`, `demo`."""
        found = []
        for listing in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            for pid in map(int, listing.read_text().split()):
                with suppress(OSError):
                    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
                    if process in words:
                        found.append(pid)
        return found

    def kill(self, process: str) -> int:
        """Kills one of the supervisor's processes outright; its pid."""
        (pid,) = self.pids(process)
        os.kill(pid, signal.SIGKILL)
        return pid

    def wait_until_ready(self, seconds: float = _START_S) -> None:
        """Returns when `/healthz` answers 200; fails with the log's end."""
        ends = time.monotonic() + seconds
        said = "nothing"
        while time.monotonic() < ends:
            if self.process.poll() is not None:
                break
            with suppress(httpx.HTTPError):
                answer = self.get("/healthz")
                said = f"{answer.status_code} {answer.text}"
                if answer.status_code == 200:
                    return
            time.sleep(0.05)
        raise AssertionError(f"Vikno is not ready; /healthz said {said}; exit {self.process.poll()}.\n{self.tail()}")

    def tail(self, lines: int = 60) -> str:
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_ports(count: int) -> list[int]:
    """Ports that nobody had on any address a moment ago, neither TCP nor UDP."""
    found: list[int] = []
    kept: list[socket.socket] = []
    while len(found) < count:
        stream = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        kept.append(stream)
        stream.bind(("", 0))
        port = stream.getsockname()[1]
        datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        kept.append(datagram)
        with suppress(OSError):
            datagram.bind(("", port))
            found.append(port)
    for each in kept:
        each.close()
    return found


@contextmanager
def running(
    folder: Path, *words: str, settings: dict[str, str] | None = None, first: bool = False
) -> Iterator[Installation]:
    """`vikno serve` with `words` and `settings` (`{"MEDIA_NODES": "2"}`), ready; stopped politely at the end.

    `first`: it makes its tables itself, as at its first start.
    """
    http_port, node_http_port, media_port = free_ports(3)
    given = {
        "DATA": str(folder / "data"),
        "HTTP_PORT": str(http_port),
        "NODE_HTTP_PORT": str(node_http_port),
        "MEDIA_PORT": str(media_port),
        "LOG_FORMAT": "json",
    } | (settings or {})
    environment = os.environ | {f"VIKNO_{name}": value for name, value in given.items()}
    if not first:
        lend_tables(Path(given["DATA"]) / "vikno.sqlite3")
    if "--demo" in words:
        _lend_demo_media(Path(given["DATA"]))
    log = folder / "vikno.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "web.main", "serve", *words],
            env=environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    secure = "--self-signed" in words or "--tls-cert" in words
    ports = (int(given[name]) for name in ("HTTP_PORT", "NODE_HTTP_PORT", "MEDIA_PORT"))
    here = Installation(Path(given["DATA"]), *ports, environment, log, process, scheme="https" if secure else "http")
    try:
        here.wait_until_ready()
        yield here
    finally:
        _stop(here)


@contextmanager
def supervised(folder: Path, *processes: str) -> Iterator[Installation]:
    """These processes alone (`media-0`, `streamer-0`), kept running as `vikno serve` does; there are no pages."""
    http_port, node_http_port, media_port = free_ports(3)
    given = {
        "DATA": str(folder / "data"),
        "HTTP_PORT": str(http_port),
        "NODE_HTTP_PORT": str(node_http_port),
        "MEDIA_PORT": str(media_port),
        "LOG_FORMAT": "json",
    }
    environment = os.environ | {f"VIKNO_{name}": value for name, value in given.items()}
    log = folder / "vikno.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.supervised", *processes],
            env=environment,
            stdout=output,
            stderr=output,
            stdin=subprocess.DEVNULL,
        )
    here = Installation(Path(given["DATA"]), http_port, node_http_port, media_port, environment, log, process)
    try:
        yield here
    finally:
        _stop(here)


def _lend_demo_media(data: Path) -> None:
    DEMO_MEDIA.mkdir(parents=True, exist_ok=True)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    if not (data / "demo").exists():
        (data / "demo").symlink_to(DEMO_MEDIA, target_is_directory=True)


def _stop(here: Installation) -> None:
    here.client.close()
    if here.process.poll() is None:
        here.process.send_signal(signal.SIGTERM)
    try:
        code = here.process.wait(_STOP_S)
    except subprocess.TimeoutExpired:
        here.process.kill()
        here.process.wait()
        raise AssertionError(f"Vikno did not stop within {_STOP_S:g} s.\n{here.tail()}") from None
    finally:
        shared_path(here.data, 0).unlink(missing_ok=True)  # what a killed node leaves in memory
    assert code in (0, 78, -signal.SIGKILL), f"Vikno ended with {code}.\n{here.tail()}"
