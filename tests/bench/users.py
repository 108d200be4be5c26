"""Many people with browsers, in one process: keep-alive connections, a pause for reading between two pages."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

TIMEOUT_S = 30.0


@dataclass
class Outcome:
    """What was measured: seconds by kind of page, and what failed."""

    seconds: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))
    failures: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who opens pages: `choose` gives the kind and the path of the next one."""

    cookie: str
    choose: Callable[[random.Random], tuple[str, str]]


async def measure(port: int, users: Sequence[User], *, lasting_s: float, pause_s: float, seed: int) -> Outcome:
    """All users at once for so long. `pause_s` is the mean pause between two pages, evenly spread around it."""
    outcome = Outcome()
    ends = time.monotonic() + lasting_s
    await asyncio.gather(
        *(
            _browse(port, user, ends, pause_s, random.Random(seed + number), outcome)
            for number, user in enumerate(users)
        )
    )
    return outcome


async def _browse(port: int, user: User, ends: float, pause_s: float, chance: random.Random, outcome: Outcome) -> None:
    connection: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
    await asyncio.sleep(chance.uniform(0, pause_s))
    while time.monotonic() < ends:
        kind, path = user.choose(chance)
        if connection is None:
            connection = await asyncio.open_connection("127.0.0.1", port)
        began = time.perf_counter()
        try:
            status = await asyncio.wait_for(_get(*connection, path, user.cookie), TIMEOUT_S)
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError) as error:
            outcome.failures.append(f"{path}: {error!r}")
            connection[1].close()
            connection = None
            continue
        outcome.seconds[kind].append(time.perf_counter() - began)
        if status != 200:
            outcome.failures.append(f"{path}: {status}")
        await asyncio.sleep(chance.uniform(0.5, 1.5) * pause_s)
    if connection is not None:
        connection[1].close()


async def _get(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, path: str, cookie: str) -> int:
    writer.write(f"GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept-Language: uk\r\nCookie: {cookie}\r\n\r\n".encode())
    await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
    length = head.partition("content-length:")[2].split("\r\n")[0].strip()
    if length:
        await reader.readexactly(int(length))
    else:
        while size := int(await reader.readline(), 16):
            await reader.readexactly(size + 2)
        await reader.readexactly(2)
    return int(head.split(" ", 2)[1])
