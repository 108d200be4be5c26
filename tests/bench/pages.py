"""How fast pages are in a large network with 50 people at once, on SQLite and on PostgreSQL.

    python -m tests.bench.pages

10,000 people, 500 organisations, 2,000 occurrences (`big_network`). Three web processes as `vikno serve` starts them;
the people are one more process on the same machine. At first everybody browses without a pause until what a process
makes once (templates, statements, plans) has been made, as in any process that has run for a minute. Then each opens
a page, reads for about a second, opens the next. Beside it, as a probe of the machine at this moment, the same people
open `/readyz`, which is one query and no page. Then nobody pauses: how many pages a second come out at most, and
whose processor time a page costs.
"""

from __future__ import annotations

import asyncio
import os
import random
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
from sqlalchemy import text

from lms.database import Database
from tests.bench.big_network import SEED, Network, Size, fill
from tests.bench.processor import open_files, parent, used
from tests.bench.users import Outcome, User, measure
from tests.support.installation import free_ports
from tests.support.postgres import running_postgres

USERS = 50
PROCESSES = 3
"""`VIKNO_WEB_PROCESSES`: one more than the machine on which the figures of the README were measured has cores."""
LASTING_S = 30.0
PAUSE_S = 1.0
FULL_S = 10.0
WARMING_S = 12.0


def organiser(network: Network, sign_in: str) -> User:
    """Looks after the whole: schedule, attendance."""

    def choose(chance: random.Random) -> tuple[str, str]:
        return chance.choice(
            [
                ("start", "/"),
                ("schedule", chance.choice(["/schedule", "/schedule?when=past"])),
                ("occurrence", f"/schedule/{chance.choice(network.coming)}"),
                ("attendance", f"/schedule/{chance.choice(network.past)}/attendance"),
            ]
        )

    return User(f"vikno-sign-in={sign_in}; vikno=bench", choose)


def staff(network: Network, sign_in: str) -> User:
    """Looks what is on."""

    def choose(chance: random.Random) -> tuple[str, str]:
        return chance.choice(
            [
                ("start", "/"),
                ("schedule", "/schedule"),
                ("occurrence", f"/schedule/{chance.choice(network.coming)}"),
            ]
        )

    return User(f"vikno-sign-in={sign_in}; vikno=bench", choose)


def probe(_chance: random.Random) -> tuple[str, str]:
    """The least that this server answers with the database."""
    return "probe /readyz", "/readyz"


def crowd(network: Network) -> list[User]:
    """A fifth organisers and leads, the rest staff."""
    organisers = [organiser(network, each) for each in network.organisers[: USERS // 5]]
    others = (*network.leads[: USERS // 5], *network.staff)[: USERS - len(organisers)]
    return organisers + [staff(network, each) for each in others]


@dataclass(frozen=True, slots=True)
class WebProcesses:
    """Web processes that share one port."""

    port: int
    pids: tuple[int, ...]


@contextmanager
def web_processes(url: str, folder: Path, number: int = 2) -> Iterator[WebProcesses]:
    """The web processes on that database, with one listening socket as `vikno serve` gives it to them."""
    _, node_port, media_port = free_ports(3)
    settings = {
        "VIKNO_DATA": str(folder),
        "VIKNO_DATABASE_URL": url,
        "VIKNO_NODE_HTTP_PORT": str(node_port),
        "VIKNO_MEDIA_PORT": str(media_port),
        "VIKNO_LOG_LEVEL": "warning",
    }
    processes: list[subprocess.Popen[bytes]] = []
    with socket.create_server(("127.0.0.1", 0), backlog=512) as listening, (folder / "web.log").open("ab") as log:
        socket_number = listening.fileno()
        words = [sys.executable, "-m", "web.main", "web", "--sockets", str(socket_number)]
        try:
            processes += [
                subprocess.Popen(words, env=os.environ | settings, stdout=log, stderr=log, pass_fds=[socket_number])
                for _ in range(number)
            ]
            _wait_for(listening.getsockname()[1], [process.pid for process in processes])
            yield WebProcesses(listening.getsockname()[1], tuple(process.pid for process in processes))
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(20)


def _wait_for(port: int, pids: Sequence[int]) -> None:
    """Until one of them answers and all of them run: else the first would hold every connection."""
    ends = time.monotonic() + 60
    while not all(map(_has_a_loop, pids)) and time.monotonic() < ends:
        time.sleep(0.1)
    while time.monotonic() < ends:
        try:
            httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).raise_for_status()
            return
        except httpx.HTTPError:
            time.sleep(0.1)
    raise TimeoutError("The web processes did not come up.")


def _has_a_loop(pid: int) -> bool:
    return "anon_inode:[eventpoll]" in open_files(pid)


def run(name: str, url: str) -> None:
    """Fill, measure, print."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(url)
        database.upgrade()
        network = fill(database, datetime.now(UTC))
        tidy_up(database)
        with web_processes(url, Path(folder), PROCESSES) as web:
            port = web.port
            users = crowd(network)
            asyncio.run(measure(port, users, lasting_s=WARMING_S, pause_s=0, seed=SEED))
            calm = [User("vikno=bench", probe)] * USERS
            idle = asyncio.run(measure(port, calm, lasting_s=5, pause_s=PAUSE_S, seed=SEED))
            busy = asyncio.run(measure(port, users, lasting_s=LASTING_S, pause_s=PAUSE_S, seed=SEED))
            working = (web.pids, _server_of(database))
            before = [used(each) for each in working]
            people = time.process_time()
            full = asyncio.run(measure(port, users, lasting_s=FULL_S, pause_s=0, seed=SEED))
            spent = [used(each) - until for each, until in zip(working, before, strict=True)]
            # This process alone: what it started is counted above.
            spent.append(time.process_time() - people)
        database.close()
    report(name, idle, busy, full, spent)


def tidy_up(database: Database) -> None:
    """What PostgreSQL does by itself within minutes of a large import (autovacuum), so that nothing depends on when."""
    if database.engine.dialect.name == "postgresql":
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))


def _server_of(database: Database) -> tuple[int, ...]:
    """The process of PostgreSQL whose children answer; SQLite works in the web processes."""
    if database.engine.dialect.name != "postgresql":
        return ()
    with database.engine.connect() as connection:
        return (parent(int(connection.scalar(text("SELECT pg_backend_pid()")))),)


def report(name: str, idle: Outcome, busy: Outcome, full: Outcome, spent: Sequence[float]) -> None:
    """Percentiles in milliseconds by kind of page; `spent`: seconds of web processes, of PostgreSQL, of the people."""
    print(f"{name}: {USERS} people, a pause of {PAUSE_S:g} s between pages, {PROCESSES} web processes")
    print(f"  {'milliseconds':<16}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}{'pages':>8}")
    for kind, seconds in [*sorted(idle.seconds.items()), *sorted(busy.seconds.items())]:
        cuts = statistics.quantiles(seconds, n=100, method="inclusive")
        values = "".join(f"{1000 * each:>8.1f}" for each in (cuts[49], cuts[94], cuts[98], max(seconds)))
        print(f"  {kind:<16}{values}{len(seconds):>8}")
    done = sum(map(len, full.seconds.values()))
    print(f"  without pauses: {done / FULL_S:.0f} pages a second")
    costs = zip(("web processes", "PostgreSQL", "people"), spent, strict=True)
    shares = ", ".join(f"{whose} {1000 * seconds / done:.1f}" for whose, seconds in costs)
    print(f"  milliseconds of processor time for each of them: {shares}")
    print(f"  failed: {len(idle.failures) + len(busy.failures) + len(full.failures)}", *busy.failures[:3])


def main() -> None:
    """Both databases."""
    size = Size()
    print(f"{size.people} people, {size.organisations} organisations, {size.occurrences} occurrences")
    with tempfile.TemporaryDirectory() as folder:
        run("SQLite", f"sqlite:///{folder}/vikno.db")
    with running_postgres(lasting=True) as server, server.fresh_database() as url:
        run("PostgreSQL", url)


if __name__ == "__main__":
    main()
