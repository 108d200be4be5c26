"""The worker: what must happen without anybody asking for it, in short steps, over and over."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from lms.appointments import following_up as appointments
from lms.assessment.attempts import finishing, regrading
from lms.courses import enrolling as course_enrolling
from lms.courses import live as live_lessons
from lms.courses import testing as course_tests
from lms.credentials import bulk, by_itself, expiring
from lms.database import Database
from lms.directory import housekeeping
from lms.media import retention
from lms.meetings import actions as meetings
from lms.meetings import computing
from lms.needs import asking
from lms.roadmaps import following_up
from lms.schedule import book, personal_links, reminders
from lms.sealing import FernetSealer
from recordings.live.tidying import tidy
from web.main import audit_log, mailing
from web.main.beginning import Beginner, connect_to
from web.main.child import tell_ready
from web.main.deleting import Deleter
from web.main.in_turn import Finder, InTurn
from web.main.issuer import issuer_of
from web.main.library import FolderLibrary
from web.main.live_following import Follower, tell_nodes
from web.main.seal import seal_documents
from web.main.secrets import derive, master_key
from web.main.settings import Settings

_log = structlog.get_logger("vikno.worker")


@dataclass(frozen=True, slots=True)
class Duty:
    """One thing to see to again and again."""

    name: str
    every_s: float
    act: Callable[[Database, datetime], int]
    """Does a bounded amount of work; returns how many things it changed."""


def duties(settings: Settings) -> list[Duty]:
    """Everything the worker sees to."""
    master = master_key(settings.data)
    key, sealer = derive(master, "control"), FernetSealer(derive(master, "sealing"))
    connect = connect_to(settings.node_url, key)
    beginner, count = Beginner(settings.media_nodes, connect), tell_nodes(settings.media_nodes, connect)

    live = settings.data / "live"
    by_default = retention.by_default(settings.recordings_keep_days, datetime.now(UTC))

    def make_links(session: Session, number: int, now: datetime) -> int:
        return personal_links.prepare_links_of(session, number, sealer, now)

    return [
        Duty("begin what is live", 2, beginner.begin_what_is_live),
        Duty("close connections of silent media nodes", 10, _in_one_transaction(meetings.close_silent)),
        _in_turn("make personal links", 3, personal_links.waiting, make_links),
        _in_turn("remind", 30, reminders.due, reminders.queue_for),
        _in_turn("call off declined consultations", 30, appointments.due, appointments.see_to),
        _in_turn("ask about needs", 5, asking.due, asking.see_to),
        _in_turn("follow road maps up", 600, following_up.due, following_up.queue_for),
        Duty("send mail", 2, mailing.send_mail(settings)),
        _in_turn("offer free seats", 10, book.with_late_offers, book.settle),
        Duty("read mail", 30, mailing.read_mail(settings)),
        _in_turn("compute attendance", 20, computing.stale, _compute),
        Duty("follow live streams", 4, Follower(settings.data, count)),
        Duty("delete files of streams that ended", 300, lambda _database, now: tidy(live, now.timestamp())),
        _in_turn("enrol by rules", 60, course_enrolling.lacking, course_enrolling.apply_rule),
        _in_turn("complete live lessons", 60, live_lessons.due, live_lessons.see_to),
        Duty("tell courses of tests", 20, _in_one_transaction(course_tests.tell_courses)),
        Duty("put wrong questions right", 5, _in_one_transaction(regrading.carry_on)),
        _in_turn("see to certificates in bulk", 1, bulk.due, bulk.step_by(issuer_of(settings))),
        _in_turn("issue certificates by themselves", 30, by_itself.due, by_itself.see_to(issuer_of(settings))),
        Duty("seal documents of certificates", 5, seal_documents(settings)),
        _in_turn("remind of certificates that expire", 300, expiring.due, expiring.remind),
        Duty("end attempts at tests", 20, _in_one_transaction(finishing.end_overdue)),
        Duty("anchor the log of changes", 600, audit_log.anchor_daily(settings)),
        Duty("take over rules for keeping recordings", 60, _in_one_transaction(retention.follow_rules)),
        Duty("keep recordings of single meetings for a while", 60, _in_one_transaction(by_default)),
        _in_turn("tell that recordings end", 600, retention.due, retention.warn),
        Duty("end recordings", 600, _in_one_transaction(retention.expire)),
        Duty("end what stood in for recordings", 600, _in_one_transaction(retention.supersede)),
        Duty("delete recordings", 5, Deleter(FolderLibrary(settings.data))),
        Duty("delete what has expired", 300, _in_one_transaction(housekeeping.purge)),
    ]


async def work(settings: Settings) -> None:
    """Runs until SIGTERM or SIGINT; a duty that is under way is finished."""
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    database = Database(settings.sqlalchemy_url)
    _log.info("ready")
    tell_ready()
    try:
        await run(duties(settings), database, stopping)
    finally:
        database.close()


async def run(what: Sequence[Duty], database: Database, stopping: asyncio.Event) -> None:
    """Sees to each duty at its own pace until `stopping` is set."""
    await asyncio.gather(*(_repeat(duty, database, stopping) for duty in what))


def perform(duty: Duty, database: Database, now: datetime) -> bool:
    """Sees to a duty once; False when it failed, which is logged and tried again later: the others must go on."""
    began = time.monotonic()
    try:
        changed = duty.act(database, now)
    except DBAPIError as error:
        _log.warning("duty failed, trying again later", duty=duty.name, reason=str(error.orig))
        return False
    except Exception:
        _log.exception("duty failed, trying again later", duty=duty.name)
        return False
    if changed:
        _log.info("duty done", duty=duty.name, changed=changed, seconds=round(time.monotonic() - began, 3))
    return True


async def _repeat(duty: Duty, database: Database, stopping: asyncio.Event) -> None:
    while not stopping.is_set():
        await asyncio.to_thread(perform, duty, database, datetime.now(UTC))
        try:
            await asyncio.wait_for(stopping.wait(), duty.every_s)
        except TimeoutError:
            continue


def _in_turn(name: str, every_s: float, find: Finder, act: Callable[[Session, int, datetime], int]) -> Duty:
    return Duty(name, every_s, InTurn(name, find, act))


def _compute(session: Session, number: int, now: datetime) -> int:
    computing.compute(session, number, now)
    return 1


def _in_one_transaction(act: Callable[[Session, datetime], int]) -> Callable[[Database, datetime], int]:
    def acting(database: Database, now: datetime) -> int:
        with database.writing() as session:
            return act(session, now)

    return acting
