"""A hall in which everybody takes the same test: people who are signed in, each with an attempt that runs.

The bank is the demo's; the test asks 20 of its items of all kinds, and attempts are begun as the product begins them.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from lms import demo_items
from lms.assessment.attempts import publishing, queries, taking
from lms.assessment.attempts.spec import parse
from lms.database import Database
from lms.directory.access_models import SignInSession
from lms.directory.models import Account, Affiliation, Organisation, Person, RoleName, Scope
from lms.directory.rules import Grant, Visitor
from lms.secret import fingerprint

CENTRES = 50
TEST = "bench"
SPEC: dict[str, Any] = {
    "lines": [{"area": str(area), "count": 4} for area in range(1, 6)],
    "time_limit_minutes": 60,
    "passing": {"total": "0.6"},
}
AT_ONCE = 50


@dataclass(frozen=True, slots=True)
class Trainee:
    """Somebody in the middle of the test."""

    token: str
    """The sign-in cookie."""
    session_id: int
    attempt: str
    items: tuple[dict[str, Any], ...]
    """What the page shows of each item, by position from 1."""


def fill(database: Database, people: int, now: datetime) -> list[Trainee]:
    """Put them into an empty database. Nobody is asked twice: the author and the reviewer are the first two people."""
    tokens = [secrets.token_urlsafe(32) for _ in range(people)]
    with database.writing() as session:
        _people(session, tokens, now)
        demo_items.seed(session, now, author=_address(1), reviewer=_address(2))
        author = Visitor(person_id=1, grants=frozenset({Grant(RoleName.TRAINER, Scope.NETWORK, None)}))
        publishing.publish(session, author, TEST, parse(SPEC), now, title_uk="Цифрова грамотність")
    attempts: dict[int, str] = {}
    for first in range(1, people + 1, AT_ONCE):
        with database.writing() as session:
            for number in range(first, min(first + AT_ONCE, people + 1)):
                attempts[number] = taking.begin(session, Visitor(person_id=number), TEST, now).code
    with database.reading() as session:
        ids = {row.person_id: row.id for row in session.execute(select(SignInSession.person_id, SignInSession.id))}
        return [
            Trainee(tokens[number - 1], ids[number], code, tuple(_shown(session, number, code, now)))
            for number, code in attempts.items()
        ]


def _shown(session: Session, number: int, code: str, now: datetime) -> Iterator[dict[str, Any]]:
    for item in queries.running(session, Visitor(person_id=number), code, now).items:
        yield item.shown


def _address(number: int) -> str:
    return f"trainee-{number}@example.org"


def _people(session: Session, tokens: list[str], now: datetime) -> None:
    centres = range(1, CENTRES + 1)
    numbers = range(1, len(tokens) + 1)
    session.execute(
        insert(Organisation),
        [
            {
                "id": number,
                "code": f"org-{number}",
                "kind": "asc",
                "name_uk": f"ЦНАП громади № {number}",
                "name_en": f"ASC of community No. {number}",
                "status": "active",
                "created_at": now,
            }
            for number in centres
        ],
    )
    session.execute(
        insert(Person),
        [
            {"id": number, "family_name": f"Працівник-{number}", "given_name": "Учасник", "created_at": now}
            for number in numbers
        ],
    )
    session.execute(
        insert(Account),
        [
            {
                "id": number,
                "person_id": number,
                "provider": "password",
                "subject": _address(number),
                "created_at": now,
            }
            for number in numbers
        ],
    )
    session.execute(
        insert(Affiliation),
        [
            {
                "person_id": number,
                "organisation_id": number % CENTRES + 1,
                "position": "адміністратор",
                "from_date": now.date() - timedelta(days=100),
            }
            for number in numbers
        ],
    )
    session.execute(insert(SignInSession), [_sign_in(number, each, now) for number, each in enumerate(tokens, 1)])


def _sign_in(number: int, token: str, now: datetime) -> dict[str, Any]:
    # Seen at different moments within the last minute, so that noting it comes as evenly as it does in an hour's test.
    return {
        "person_id": number,
        "account_id": number,
        "token_hash": fingerprint(token),
        "created_at": now,
        "rotated_at": now,
        "last_seen_at": now - timedelta(milliseconds=number * 7919 % 60_000),
        "expires_at": now + timedelta(days=7),
        "address": "127.0.0.1",
        "user_agent": "bench",
    }
