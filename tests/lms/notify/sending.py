"""Pieces for the tests of sending: a clock, a mailer that does as it is told, a dispatcher."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.database import Database
from lms.notify.actions import enqueue
from lms.notify.dispatch import Dispatcher
from lms.notify.journal import Journal
from lms.notify.mailer import Hopeless, Mail
from lms.notify.models import OutboxMessage
from tests.lms.facts import NOW


class Clock:
    """Virtual time."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **amount: float) -> None:
        """Move it."""
        self.now += timedelta(**amount)


class Hands:
    """A mailer that keeps what it took; `trouble` may raise for a mail before it is taken."""

    def __init__(self) -> None:
        self.taken: list[Mail] = []
        self.asked = 0
        self.trouble: Callable[[Mail], None] = lambda mail: None

    def send(self, mail: Mail) -> str:
        """Take it."""
        self.asked += 1
        self.trouble(mail)
        self.taken.append(mail)
        return "250 2.0.0 taken"

    def close(self) -> None:
        """Nothing is open."""


def compose(session: Session, message: OutboxMessage, now: datetime) -> Mail | Hopeless:
    """A mail to the address in the recipient."""
    assert message.message_id is not None
    to = message.recipient.removeprefix("mailto:")
    return Mail(message.message_id, "vikno@example.org", to, message.key, b"Subject: x\r\n\r\nHello\r\n")


def dispatcher(database: Database, hands: Hands, folder: Path, clock: Clock, per_minute: int = 100_000) -> Dispatcher:
    """One worker."""
    return Dispatcher(database, hands, compose, Journal(folder), "example.org", clock, per_minute)


def queue(database: Database, count: int = 1, **more: object) -> None:
    """Messages `m1`, `m2` ... to `a1@example.org` ..."""
    with database.writing() as session:
        for number in range(1, count + 1):
            recipient = f"mailto:a{number}@example.org"
            enqueue(session, f"m{number}", "test", recipient, {}, now=NOW, **more)  # type: ignore[arg-type]


def row(database: Database, key: str = "m1") -> OutboxMessage:
    """How a message stands."""
    with database.reading() as session:
        return session.scalars(select(OutboxMessage).where(OutboxMessage.key == key)).one()
