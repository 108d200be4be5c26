"""1,000 people in one test at once, each saving an answer every 10 s, on SQLite and on PostgreSQL.

    python -m tests.bench.saving [--people 1000] [--seconds 40] [--database sqlite|postgresql]

Two web processes as `vikno serve` starts them, the database and the people (`savers`) share the machine. Each person
has an attempt of 20 items of all kinds (`hall`); a tenth of the answers is sent twice, a tenth in the wrong order, and
every 15 s each page asks for the time that is left. Answers are synced to the disk before they are acknowledged, on
both databases. Afterwards every acknowledged answer is compared with what the database holds, and what it held before
the run with what it holds at the end. As a probe of the machine at this moment: one insert and one commit after the
other into the same database while nobody else is there. Then a few people save without a pause: how many saves a
second come out at most.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import uvloop
from sqlalchemy import select, text

from lms.assessment.attempts.models import Attempt, AttemptItem, Response
from lms.database import Database
from tests.bench import hall
from tests.bench.pages import web_processes
from tests.bench.processor import parent, used
from tests.bench.savers import WRITER, Key, Outcome, Person, rush, storm
from tests.support.postgres import running_postgres
from web import csrf
from web.main.secrets import derive, master_key

PEOPLE = 1_000
EVERY_S = 10.0
LASTING_S = 40.0
WARMING_S = 5.0
FULL_S = 8.0
AT_ONCE = 20
"""People who save without a pause."""
PROBES = 300


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds of processor time."""

    web: float
    database: float
    generator: float

    def since(self, before: Costs) -> Costs:
        """What was used since."""
        return Costs(self.web - before.web, self.database - before.database, self.generator - before.generator)


@dataclass(frozen=True, slots=True)
class Probe:
    """Seconds on the clock, one by one, and of processor time in all, of `PROBES` inserts with a commit."""

    took: list[float]
    used: float


def probe(database: Database, costs: Callable[[], Costs]) -> Probe:
    """The least that a save can be: one row, one commit."""
    took = []
    with database.writing() as session:
        session.execute(text("CREATE TABLE probe (number INTEGER PRIMARY KEY)"))
    before = costs()
    for number in range(PROBES):
        began = time.perf_counter()
        with database.writing() as session:
            session.connection().exec_driver_sql(f"INSERT INTO probe VALUES ({number})")
        took.append(time.perf_counter() - began)
    spent = costs().since(before)
    return Probe(took, spent.database + spent.generator)


def kept(database: Database) -> dict[Key, list[tuple[int, Any]]]:
    """Everything that the database holds, by attempt, position and number."""
    found: dict[Key, list[tuple[int, Any]]] = {}
    with database.reading() as session:
        rows = session.execute(
            select(Attempt.code, AttemptItem.position, Response.sequence, Response.data, Response.id)
            .join(AttemptItem, AttemptItem.id == Response.attempt_item_id)
            .join(Attempt, Attempt.id == AttemptItem.attempt_id)
            .where(Response.writer == WRITER)
        )
        for code, position, sequence, data, number in rows:
            found.setdefault((code, position, sequence), []).append((number, data))
    return found


def lost(outcome: Outcome, holds: dict[Key, list[tuple[int, Any]]]) -> list[Key]:
    """Acknowledged answers that are not kept once, as they were given."""
    return [
        key for key, answer in outcome.kept.items() if [data for _, data in holds.get(key, [])] != [{"answer": answer}]
    ]


def unasked(outcome: Outcome, holds: dict[Key, list[tuple[int, Any]]]) -> list[Key]:
    """What is kept and nobody has sent, or not so."""
    return [key for key, rows in holds.items() if key not in outcome.sent or len(rows) != 1]


@contextmanager
def sqlite() -> Iterator[tuple[str, Callable[[], float]]]:
    """A fresh file. What it costs is part of the web processes."""
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/vikno.db", lambda: 0.0


@contextmanager
def postgresql() -> Iterator[tuple[str, Callable[[], float]]]:
    """A server of its own that syncs to the disk as it does for anybody."""
    with running_postgres(lasting=True, synced=True) as server, server.fresh_database() as url:
        database = Database(url)
        with database.engine.connect() as connection:
            postmaster = parent(connection.scalar(text("SELECT pg_backend_pid()")) or 0)
        database.close()
        yield url, lambda: used([postmaster])


DATABASES = {"sqlite": ("SQLite", sqlite), "postgresql": ("PostgreSQL", postgresql)}


def run(kind: str, people: int, seconds: float) -> None:
    """Fill, measure, compare, print."""
    name, made = DATABASES[kind]
    with made() as (url, spent), tempfile.TemporaryDirectory() as folder:
        database = Database(url)
        database.upgrade()
        trainees = hall.fill(database, people, datetime.now(UTC))
        alone = probe(database, lambda: Costs(0, spent(), time.process_time()))
        key = derive(master_key(Path(folder)), "session")
        with web_processes(url, Path(folder)) as web:

            def costs() -> Costs:
                return Costs(used(web.pids), spent(), time.process_time())

            sitting = [
                Person(web.port, each, csrf.token(key, "bench", str(each.session_id)), number)
                for number, each in enumerate(trainees)
            ]
            figures = uvloop.run(measured(database, sitting, seconds, costs))
        report(name, people, seconds, alone, figures)
        compare(database, figures)
        database.close()


@dataclass(frozen=True, slots=True)
class Figures:
    """A run."""

    busy: Outcome
    costs: Costs
    full: Outcome
    full_s: float
    everything: Outcome
    midway: dict[Key, list[tuple[int, Any]]]


async def measured(database: Database, people: Sequence[Person], seconds: float, costs: Callable[[], Costs]) -> Figures:
    """Warm up, the run itself, and the run without pauses."""
    everything, busy, full = Outcome(), Outcome(), Outcome()
    await rush(people, WARMING_S, WARMING_S, everything)
    midway = kept(database)
    before = costs()
    await rush(people, seconds, EVERY_S, busy)
    spent = costs().since(before)
    full_s = await storm(people[:AT_ONCE], FULL_S, full)
    for each in people:
        each.close()
    everything.merge(busy)
    everything.merge(full)
    return Figures(busy, spent, full, full_s, everything, midway)


def report(name: str, people: int, seconds: float, alone: Probe, figures: Figures) -> None:
    """Percentiles in milliseconds, and what a save costs."""
    busy, saves = figures.busy, len(figures.busy.saves)
    print(f"{name}: {people} people, each saves every {EVERY_S:g} s; {seconds:g} s, 2 web processes")
    print(f"  {'milliseconds':<24}{'p50':>8}{'p95':>8}{'p99':>8}{'max':>8}{'number':>8}")
    rows = (("save", busy.saves), ("time that is left", busy.asks), ("probe: insert, commit", alone.took))
    for label, values in rows:
        cuts = statistics.quantiles(values, n=100, method="inclusive")
        shown = "".join(f"{1000 * each:>8.1f}" for each in (cuts[49], cuts[94], cuts[98], max(values)))
        print(f"  {label:<24}{shown}{len(values):>8}")
    each_probe = alone.used / PROBES
    print(f"  {'processor, ms a save':<24}{'':>8}{'× probe':>8}")
    for part in ("web", "database", "generator"):
        cost = getattr(figures.costs, part) / saves
        print(f"  {part:<24}{1000 * cost:>8.2f}{cost / each_probe:>8.1f}")
    total = figures.costs.web + figures.costs.database + figures.costs.generator
    print(f"  of {os.cpu_count()} cores in use by these: {total / seconds / (os.cpu_count() or 1):.0%}")
    most = len(figures.full.saves) / figures.full_s
    print(f"  {AT_ONCE} people without a pause: {most:.0f} saves a second")


def compare(database: Database, figures: Figures) -> None:
    """What was promised against what is there."""
    outcome, holds = figures.everything, kept(database)
    changed = [key for key, rows in figures.midway.items() if holds.get(key) != rows]
    missing, strange = lost(outcome, holds), unasked(outcome, holds)
    refused = [*outcome.refused, *figures.busy.refused, *figures.full.refused]
    print(
        f"  {len(outcome.kept)} answers acknowledged ({figures.busy.twice} of them twice): lost {len(missing)}, "
        f"changed {len(changed)}, not asked for {len(strange)}, refused {len(refused)}, resent {figures.busy.resent}; "
        f"{figures.busy.opened} connections opened",
        *refused[:3],
    )
    if missing or changed or strange:
        raise SystemExit(f"{name_of(missing, changed, strange)}: answers are not what was acknowledged.")


def name_of(*several: list[Key]) -> str:
    """The first of what is wrong."""
    return str(next(one for each in several for one in each))


def main(words: Sequence[str] = ()) -> None:
    """Both databases, or one."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=LASTING_S)
    parser.add_argument("--database", choices=[*DATABASES])
    given = parser.parse_args(words)
    for kind in [given.database] if given.database else DATABASES:
        run(kind, given.people, given.seconds)


if __name__ == "__main__":
    import sys

    main(sys.argv[1:])
