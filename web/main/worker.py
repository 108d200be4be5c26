"""The worker: what must happen without anybody asking for it, in short transactions, over and over."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.database import Database
from lms.directory import housekeeping
from lms.meetings import actions as meetings
from web.main.child import tell_ready
from web.main.settings import Settings

_log = structlog.get_logger("vikno.worker")


@dataclass(frozen=True, slots=True)
class Duty:
    """One kind of housekeeping."""

    name: str
    every_s: float
    act: Callable[[Session, datetime], int]
    """Does a bounded amount of work in the transaction it is given; returns how many rows it changed."""


DUTIES = (
    Duty("close connections of silent media nodes", 10, meetings.close_silent),
    Duty("delete what has expired", 300, housekeeping.purge),
)


async def work(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT; a duty that is under way is finished."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    database = Database(settings.sqlalchemy_url)
    tell_ready()
    try:
        await asyncio.gather(*(_repeat(duty, database, stopping) for duty in DUTIES))
    finally:
        database.close()


def perform(duty: Duty, database: Database, now: datetime) -> bool:
    """Does a duty once; False when the database did not let it, which is logged and tried again later."""
    began = time.monotonic()
    try:
        with database.writing() as session:
            rows = duty.act(session, now)
    except DBAPIError as error:
        _log.warning("duty failed, trying again later", duty=duty.name, reason=str(error.orig))
        return False
    if rows:
        _log.info("duty done", duty=duty.name, rows=rows, seconds=round(time.monotonic() - began, 3))
    return True


async def _repeat(duty: Duty, database: Database, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        await asyncio.to_thread(perform, duty, database, datetime.now(UTC))
        try:
            await asyncio.wait_for(stopping.wait(), duty.every_s)
        except TimeoutError:
            continue
