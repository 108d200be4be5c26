"""When a message is tried again, for how long, and under which Message-ID: pure functions."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

LEASE = timedelta(minutes=10)
"""How long a claimed message is nobody else's. A mailer ends each attempt well before (`DEADLINE`)."""
DEADLINE = timedelta(minutes=4)
"""A mailer gives one message up after this long, whatever the server does."""
PATIENCE = timedelta(days=5)
"""A message that the server keeps putting off is given up after this long (RFC 5321 section 4.5.4.1: 4 to 5 days)."""

_MESSAGE_PAUSES = tuple(timedelta(minutes=minutes) for minutes in (0.5, 2, 5, 10, 20, 30, 60))
_SERVER_PAUSES = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 30, 60, 120, 300, 600))


def pause_of_message(attempts: int) -> timedelta:
    """How long a message rests after its attempt number `attempts` (from 1) was put off: up to an hour."""
    return _MESSAGE_PAUSES[min(max(attempts, 1), len(_MESSAGE_PAUSES)) - 1]


def pause_of_server(failures: int) -> timedelta:
    """How long the server is left alone after `failures` failures in a row (from 1): up to ten minutes."""
    return _SERVER_PAUSES[min(max(failures, 1), len(_SERVER_PAUSES)) - 1]


def out_of_patience(deferred_since: datetime, now: datetime) -> bool:
    """Whether a message was put off for so long that it is given up."""
    return now - deferred_since >= PATIENCE


def message_id(number: int, key: str, attempt: int, host: str) -> str:
    """A Message-ID (RFC 5322 section 3.6.4) for row `number`: made before its first attempt, then kept with the row."""
    digest = hashlib.sha256(f"{number} {attempt} {key}".encode()).hexdigest()[:20]
    return f"<vikno.{number}.{digest}@{host}>"
