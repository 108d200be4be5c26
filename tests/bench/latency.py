"""The latency that the media node adds, in rest and while 100 people join at once.

    python -m tests.bench.latency

One participant sends an Opus-sized packet each 20 ms with the moment of sending inside; ten receive it. Sender and
receivers are this process, so one clock measures. In the same rhythm the same bytes go to a process that only sends
them back: what loopback and two processes cost on this machine at this moment, to be read beside the node's figure.
"""

from __future__ import annotations

import asyncio
import socket
import statistics
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from signaling.client.cli import given_token
from signaling.client.clip import Clip, Sound
from signaling.client.participant import Participant, Wishes
from signaling.messages import Section
from signaling.model import Presence, Role
from signaling.tokens import issue
from tests.support.installation import Installation, running

RECEIVERS = 10
CROWD = 100
INTERVAL_S = 0.020
REST_S = 8.0
CROWD_S = 30.0
MEETING = "latency"
_STAMP = struct.Struct("!d")
_PADDING = bytes(92)

ECHO = """
import socket, sys
near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
near.bind(("127.0.0.1", 0))
print(near.getsockname()[1], flush=True)
while True:
    data, address = near.recvfrom(2048)
    near.sendto(data, address)
"""


@dataclass
class Series:
    """Delays in seconds."""

    name: str
    delays: list[float] = field(default_factory=list)

    def line(self) -> str:
        """Percentiles in milliseconds."""
        cuts = statistics.quantiles(self.delays, n=100, method="inclusive")
        values = "".join(f"{cuts[p - 1] * 1000:>10.2f}" for p in (50, 95, 99))
        return f"{self.name:<44}{values}{max(self.delays) * 1000:>10.2f}{len(self.delays):>10}"


class Listener(Participant):
    """A receiver that notes how old each packet is."""

    def __init__(self, wishes: Wishes) -> None:
        super().__init__(wishes)
        self.delays: list[float] = []

    def _take(self, section: Section, codec: str) -> Callable[[float, bytes, bool], None]:
        def frame(at: float, data: bytes, key: bool) -> None:
            self.delays.append(time.monotonic() - _STAMP.unpack_from(data)[0])

        return frame


@contextmanager
def echo() -> Iterator[int]:
    """A process that sends datagrams back; its port."""
    process = subprocess.Popen([sys.executable, "-c", ECHO], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.kill()
        process.wait()


def token(vikno: Installation, key: bytes, name: str, role: Role) -> str:
    """A token for one bearer of the bench's meeting."""
    bearer = issue(meeting=MEETING, identity=f"service:{name}", name=name, role=role, presence=Presence.SERVICE)
    return bearer.sign(key)


def silent_clip() -> Clip:
    """A clip with sound, never played: the bench sends by itself."""
    return Clip([], [Sound(0.0, _PADDING, 127, INTERVAL_S)], "VP8", INTERVAL_S)


async def until(condition: Callable[[], bool], seconds: float, what: str) -> None:
    """Wait for a condition."""
    ends = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > ends:
            raise TimeoutError(f"{what}: not within {seconds:g} s")
        await asyncio.sleep(0.02)


class Meter:
    """Sends stamped packets through the node and to the echo process, and gathers both delays."""

    def __init__(self, source: Participant, listeners: list[Listener], echo_port: int) -> None:
        self._source = source
        self._listeners = listeners
        self._near = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._near.bind(("127.0.0.1", 0))
        self._near.setblocking(False)
        self._far = ("127.0.0.1", echo_port)
        self._echoed: list[float] = []
        asyncio.get_running_loop().add_reader(self._near, self._returned)

    def _returned(self) -> None:
        stamp = _STAMP.unpack_from(self._near.recv(2048))[0]
        self._echoed.append(time.monotonic() - stamp)

    async def run(self, name: str, enough: Callable[[], Awaitable[None]]) -> list[Series]:
        """Measure until `enough` returns."""
        self._echoed.clear()
        for listener in self._listeners:
            listener.delays.clear()
        sending = asyncio.create_task(self._send())
        await enough()
        sending.cancel()
        delays = [delay for listener in self._listeners for delay in listener.delays]
        return [Series(f"{name}: through the node", delays), Series(f"{name}: echo process alone", list(self._echoed))]

    async def _send(self) -> None:
        publisher = self._source.publisher
        assert publisher is not None
        (track,) = publisher.tracks
        began, sent = time.monotonic(), 0
        while True:
            track.stream.send_sound(Sound(0.0, _STAMP.pack(time.monotonic()) + _PADDING, 20, INTERVAL_S), sent * 0.02)
            await asyncio.sleep(INTERVAL_S / 2)
            self._near.sendto(_STAMP.pack(time.monotonic()) + _PADDING, self._far)
            sent += 1
            await asyncio.sleep(max(0.0, began + sent * INTERVAL_S - time.monotonic()))

    def close(self) -> None:
        """Close the socket."""
        asyncio.get_running_loop().remove_reader(self._near)
        self._near.close()


async def measure(vikno: Installation, key: bytes, echo_port: int, folder: Path) -> list[Series]:
    """Both situations, one after the other, in one meeting."""

    def wishes(name: str, role: Role, clip: Clip | None) -> Wishes:
        return Wishes(vikno.url, given_token(token(vikno, key, name, role)), clip, receive=clip is None)

    source = Participant(wishes("source", Role.PRESENTER, silent_clip()))
    assert source.publisher is not None
    source.publisher.player.run = asyncio.Event().wait  # type: ignore[method-assign,assignment]
    listeners = [Listener(wishes(f"listener-{n}", Role.VIEWER, None)) for n in range(RECEIVERS)]
    people = [source, *listeners]
    running_people = [asyncio.create_task(person.run()) for person in people]
    meter = Meter(source, listeners, echo_port)
    try:
        await until(lambda: source.publisher.publications != {}, 20, "publishing")  # type: ignore[union-attr]
        warm = asyncio.create_task(meter._send())
        await until(lambda: all(listener.delays for listener in listeners), 30, "receiving")
        warm.cancel()
        rest = await meter.run("in rest", lambda: asyncio.sleep(REST_S))
        return rest + await meter.run(f"while {CROWD} join", lambda: crowd(vikno, key, folder))
    finally:
        meter.close()
        for person in people:
            person.leave()
        await asyncio.gather(*running_people, return_exceptions=True)


async def crowd(vikno: Installation, key: bytes, folder: Path) -> None:
    """A hundred receivers join at once from a process of their own and leave; returns when they have left."""
    tokens = folder / "tokens"
    tokens.write_text("\n".join(token(vikno, key, f"crowd-{n}", Role.VIEWER) for n in range(CROWD)))
    words = ["participant", "--server", vikno.url, "--tokens", str(tokens), "--count", str(CROWD)]
    words += ["--publish", "none", "--receive", "--duration", str(CROWD_S)]
    with (folder / "crowd.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(sys.executable, "-m", "web.main", *words, stdout=log, stderr=log)
        code = await process.wait()
    joined = (folder / "crowd.log").read_text(errors="replace").count("joined")
    print(f"  {joined} of {CROWD} joined; the load's exit code {code}", file=sys.stderr)


def main() -> None:
    """Start a server, measure, print."""
    with tempfile.TemporaryDirectory() as name, running(Path(name)) as vikno, echo() as echo_port:
        key = token_key(vikno)
        found = asyncio.run(measure(vikno, key, echo_port, Path(name)))
    print(f"Latency, {RECEIVERS} receivers, milliseconds")
    print(f"{'':<44}{'p50':>10}{'p95':>10}{'p99':>10}{'max':>10}{'packets':>10}")
    for series in found:
        print(series.line())


def token_key(vikno: Installation) -> bytes:
    """The key with which this installation signs tokens."""
    from web.main.secrets import derive, master_key

    return derive(master_key(vikno.data), "token")


if __name__ == "__main__":
    main()
