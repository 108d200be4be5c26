"""Many people in one test: each saves an answer now and then, as the page's script does, and remembers what was kept.

One process with a bare HTTP/1.1 client on uvloop, so that it takes little of the processors that it shares with the
server. A connection stays open as long as the server keeps it. What is not acknowledged is sent again, as from the
page's outbox. A save's time begins when it was due, not when the generator came to it.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from urllib.parse import urlencode

from tests.bench.hall import Trainee

RETRY_S = 5.0
ASK_S = 15.0
"""How often the page asks how much time is left (`web/client/src/site/attempt.ts`)."""
TIMEOUT_S = 60.0
TWICE = 0.1
SWAPPED = 0.1
WRITER = "bench-window"
Key = tuple[str, int, int]
"""Attempt, position, sequence."""


@dataclass
class Outcome:
    """What was measured, and what the server has promised to keep."""

    saves: list[float] = field(default_factory=list)
    """Seconds from due to acknowledged."""
    asks: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    kept: dict[Key, Any] = field(default_factory=dict)
    """Every acknowledged answer."""
    sent: dict[Key, Any] = field(default_factory=dict)
    twice: int = 0
    resent: int = 0
    opened: int = 0
    """Connections."""

    def merge(self, later: Outcome) -> None:
        """Keep what a later run has sent, too."""
        self.kept |= later.kept
        self.sent |= later.sent


class Person:
    """A browser with the test open. `csrf` is the page's token."""

    def __init__(self, port: int, trainee: Trainee, csrf: str, seed: int) -> None:
        self._port, self._trainee, self._csrf = port, trainee, csrf
        self._chance = random.Random(seed)
        self._sequences = [0] * len(trainee.items)
        self._held: tuple[int, int] | None = None
        self._connection: _Connection | None = None
        self._turn = asyncio.Lock()
        self._head = f"Host: localhost\r\nAccept-Language: uk\r\nCookie: vikno-sign-in={trainee.token}; vikno=bench\r\n"

    async def save_on(self, ends: float, every_s: float, outcome: Outcome) -> None:
        """Save at a random phase and then every so many seconds until the clock of the loop shows `ends`."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._chance.uniform(0, every_s)
        while due < ends:
            await asyncio.sleep(due - loop.time())
            await self._save(due, outcome)
            due = max(due + every_s, loop.time())

    async def ask_on(self, ends: float, outcome: Outcome) -> None:
        """Ask for the time that is left, as the page does."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._chance.uniform(0, ASK_S)
        request = f"GET /attempts/{self._trainee.attempt}/state HTTP/1.1\r\n{self._head}\r\n".encode()
        while due < ends:
            await asyncio.sleep(due - loop.time())
            try:
                status, body = await self._request(request, outcome)
            except (OSError, TimeoutError):
                pass  # the next question is soon enough
            else:
                outcome.asks.append(loop.time() - due)
                if 300 <= status < 500:
                    outcome.refused.append(f"{status} {body[:200]!r}")
            due += ASK_S

    def close(self) -> None:
        """Leave the page."""
        if self._connection is not None:
            self._connection.close()

    async def _save(self, due: float, outcome: Outcome) -> None:
        position, sequence = self._next()
        fields, answer = given(self._trainee.items[position - 1], position, sequence, self._chance)
        body = urlencode(
            [("csrf", self._csrf), ("sequence", str(sequence)), ("writer", WRITER), (f"f-{position}", "1"), *fields]
        ).encode()
        request = (
            f"POST /attempts/{self._trainee.attempt}/answers/{position} HTTP/1.1\r\n{self._head}"
            f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body
        key = (self._trainee.attempt, position, sequence)
        outcome.sent[key] = answer
        loop = asyncio.get_running_loop()
        times = 2 if self._chance.random() < TWICE else 1
        outcome.twice += times - 1
        for _ in range(times):
            if not await self._deliver(request, outcome):
                return
            outcome.saves.append(loop.time() - due)
            outcome.kept[key] = answer
            due = loop.time()

    def _next(self) -> tuple[int, int]:
        """A question and the number of its save; now and then two saves of a question go out in the wrong order."""
        if self._held is not None:
            held, self._held = self._held, None
            return held
        position = self._chance.randrange(len(self._sequences)) + 1
        self._sequences[position - 1] += 1
        if self._chance.random() < SWAPPED:
            self._held = (position, self._sequences[position - 1])
            self._sequences[position - 1] += 1
        return position, self._sequences[position - 1]

    async def _deliver(self, request: bytes, outcome: Outcome) -> bool:
        while True:
            try:
                status, body = await self._request(request, outcome)
            except (OSError, TimeoutError):
                status, body = 599, b""
            if status == 200:
                return True
            if status < 500:
                outcome.refused.append(f"{status} {body[:200]!r}")
                return False
            outcome.resent += 1
            await asyncio.sleep(RETRY_S)

    async def _request(self, request: bytes, outcome: Outcome) -> tuple[int, bytes]:
        async with self._turn:
            if self._connection is None or self._connection.closed:
                loop = asyncio.get_running_loop()
                _, self._connection = await loop.create_connection(_Connection, "127.0.0.1", self._port)
                outcome.opened += 1
            try:
                return await asyncio.wait_for(self._connection.request(request), TIMEOUT_S)
            except TimeoutError:
                self._connection.close()
                raise


class _Connection(asyncio.Protocol):
    """One request after the other."""

    def __init__(self) -> None:
        self.closed = False
        self._transport: asyncio.Transport | None = None
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    async def request(self, request: bytes) -> tuple[int, bytes]:
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        self._received = b""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result((int(head[9:12]), body))

    def connection_lost(self, error: Exception | None) -> None:
        self.closed = True
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionResetError("The server has closed the connection."))

    def close(self) -> None:
        self.closed = True
        if self._transport is not None:
            self._transport.close()


def given(
    shown: dict[str, Any], position: int, sequence: int, chance: random.Random
) -> tuple[list[tuple[str, str]], Any]:
    """An answer to an item: the fields as the form sends them, and the answer as it must be kept."""
    name = f"a-{position}"
    match shown["kind"]:
        case "single":
            chosen = chance.choice(shown["options"])["id"]
            return [(name, chosen)], chosen
        case "multiple":
            ticked = [each["id"] for each in shown["options"] if chance.random() < 0.5] or [shown["options"][0]["id"]]
            return [(name, each) for each in ticked], ticked
        case "true_false":
            word = chance.choice(["true", "false"])
            return [(name, word)], word == "true"
        case "matching":
            pairs = {each["id"]: chance.choice(shown["choices"])["id"] for each in shown["stems"]}
            return [(f"{name}-{stem}", choice) for stem, choice in pairs.items()], pairs
        case "ordering":
            order = chance.sample([each["id"] for each in shown["elements"]], len(shown["elements"]))
            return [(f"{name}-{each}", str(place)) for place, each in enumerate(order, 1)], order
        case "cloze":
            words = {
                each["id"]: chance.choice(each["options"])["id"] if "options" in each else f"слово {sequence}"
                for each in shown["blanks"]
            }
            return [(f"{name}-{blank}", word) for blank, word in words.items()], words
        case _:
            text = f"Відповідь {sequence}, {chance.randrange(10**9)}: так робить наш центр"
            return [(name, text)], text


async def rush(people: Sequence[Person], lasting_s: float, every_s: float, outcome: Outcome) -> None:
    """Everybody at once for so long; ends when the last answer was acknowledged."""
    ends = asyncio.get_running_loop().time() + lasting_s
    await asyncio.gather(
        *(each.save_on(ends, every_s, outcome) for each in people), *(each.ask_on(ends, outcome) for each in people)
    )


async def storm(people: Sequence[Person], lasting_s: float, outcome: Outcome) -> float:
    """These save one answer after the other without a pause; how long it took, in seconds."""
    began = time.perf_counter()
    ends = asyncio.get_running_loop().time() + lasting_s
    await asyncio.gather(*(each.save_on(ends, 0, outcome) for each in people))
    return time.perf_counter() - began
