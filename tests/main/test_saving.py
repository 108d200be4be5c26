"""Answers to a test through what can happen to a server: what was acknowledged is kept, what was not is delivered."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from lms.database import Database
from tests.bench import hall, savers
from tests.bench.pages import WebProcesses, web_processes
from tests.bench.processor import open_files
from tests.bench.savers import Outcome, Person
from tests.bench.saving import kept, lost, unasked
from tests.support.postgres import running_postgres
from web import csrf
from web.main.secrets import derive, master_key

PEOPLE = 20
Fault = Callable[[WebProcesses], Awaitable[None]]


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(savers, "RETRY_S", 0.2)
    monkeypatch.setattr(savers, "ASK_S", 0.5)


async def through(url: str, folder: Path, fault: Fault) -> Outcome:
    """People save while something happens, and until everybody has saved after it."""
    database = Database(url)
    await asyncio.to_thread(database.upgrade)
    trainees = await asyncio.to_thread(hall.fill, database, PEOPLE, datetime.now(UTC))
    key = derive(master_key(folder), "session")
    with web_processes(url, folder) as web:
        people = [
            Person(web.port, each, csrf.token(key, "bench", str(each.session_id)), number)
            for number, each in enumerate(trainees)
        ]
        outcome = Outcome()
        await savers.rush(people, 0.5, 0.2, outcome)
        load = asyncio.create_task(savers.rush(people, 2.0, 0.2, outcome))
        await until_kept(outcome, len(outcome.kept) + PEOPLE)
        await fault(web)
        await load
        before = len(outcome.kept)
        await savers.rush(people, 0.5, 0.2, outcome)
        assert len(outcome.kept) >= before + PEOPLE, "everybody saves again"
        for each in people:
            each.close()
    database.close()
    database = Database(url)
    holds = kept(database)
    database.close()
    assert lost(outcome, holds) == []
    assert unasked(outcome, holds) == []
    assert outcome.kept.keys() == outcome.sent.keys(), "what was not acknowledged was delivered later"
    assert outcome.refused == []
    return outcome


def connections(pid: int) -> int:
    """How many sockets a process has."""
    return sum(each.startswith("socket:") for each in open_files(pid))


async def until_kept(outcome: Outcome, number: int) -> None:
    """Wait until so many answers were acknowledged."""
    async with asyncio.timeout(60):
        while len(outcome.kept) < number:
            await asyncio.sleep(0.01)


async def test_one_of_two_web_processes_on_a_sqlite_file_is_killed(tmp_path: Path) -> None:
    async def kill(web: WebProcesses) -> None:
        os.kill(max(web.pids, key=connections), signal.SIGKILL)

    outcome = await through(f"sqlite:///{tmp_path}/vikno.db", tmp_path, kill)
    assert outcome.opened > PEOPLE, "somebody had to open another connection"


async def test_postgresql_is_killed_and_started_anew(tmp_path: Path) -> None:
    with running_postgres() as server, server.fresh_database() as url:

        async def restart(_web: WebProcesses) -> None:
            await asyncio.to_thread(server.restart)

        outcome = await through(url, tmp_path, restart)
    assert outcome.resent > 0, "somebody was not answered meanwhile"
