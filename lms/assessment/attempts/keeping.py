"""One answer of one's own attempt is kept: the shortest way through the database, because a whole hall saves at once.

Two statements: what has to be known of the attempt, and the row. A row is only ever added; that the same save comes
twice, even at the same moment in two processes, the table's own constraint settles.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, AttemptEvent, AttemptItem, Response
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.saving import MOST_DATA, MOST_SAVES, MOST_SEQUENCE
from lms.assessment.attempts.states import OPEN, AttemptState
from lms.assessment.attempts.timing import Lateness, lateness, remaining_s
from lms.assessment.content import parse as parse_body
from lms.assessment.models import ItemVersion
from lms.errors import Conflict, Invalid, NotFound, TooMany
from lms.statements import fetch, once

_WRITER = re.compile(r"[A-Za-z0-9_-]{1,32}")
_ENDED_BY_CLOCK = frozenset(
    {AttemptState.AUTO_SUBMITTED, AttemptState.ABANDONED, AttemptState.GRADED, AttemptState.REGRADED}
)
"""How what the clock ended may stand; what a person handed in is told apart by its event."""


@dataclass(frozen=True, slots=True)
class Save:
    """Which save of which answer it is."""

    attempt: str
    position: int
    sequence: int
    writer: str
    """Which browser."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes: an item of one's own attempt, which nobody ends before this transaction has ended."""

    attempt_id: int
    item_id: int
    item_version_id: int
    state: AttemptState
    deadline: datetime | None
    writer: str
    saves: int
    highest: int | None
    known: bool
    """Whether this very save has arrived before."""


@dataclass(frozen=True, slots=True)
class SaveResult:
    """What the browser is told of a save."""

    stored: int
    """The highest number that is kept for the item."""
    remaining_s: int | None
    lateness: Lateness
    writer: str
    """The browser that writes now: another one shows a notice."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the page asks now and then."""

    state: AttemptState
    remaining_s: int | None
    writer: str


def place(session: Session, person_id: int | None, save: Save) -> Place:
    """Where the answer goes. Raises `NotFound` (attempt_unknown), `Invalid` (answer_invalid)."""
    found = None
    sequence = min(max(save.sequence, 0), MOST_SEQUENCE)
    if person_id is not None and 0 < save.position <= MOST_SEQUENCE:
        found = fetch(session, *_place(save.attempt, person_id, save.position, sequence, save.writer[:32]))
    if not found:
        raise NotFound("attempt_unknown", "There is no such attempt of yours.")
    if not 1 <= save.sequence <= MOST_SEQUENCE:
        raise Invalid("answer_invalid", "The number of a save is 1 or more.", "sequence")
    checked_writer(save.writer)
    return Place(*found[0])


def keep(session: Session, there: Place, save: Save, answer: Any, now: datetime) -> SaveResult:
    """Keep the answer there.

    After the deadline it counts within grace; later it is kept and does not count by itself. Raises `Conflict`
    (attempt_over: it was handed in), `Invalid` (answer_invalid), `TooMany` (answer_often).
    """
    _check(answer)
    late = lateness(now, there.deadline)
    if there.state not in OPEN:
        by_clock = there.state in _ENDED_BY_CLOCK and late is Lateness.LATE
        if not by_clock or _by_person(session, there.attempt_id):
            raise Conflict("attempt_over", "The attempt is over.")
    if not there.known:
        if there.saves >= MOST_SAVES:
            raise TooMany("answer_often", "This answer was saved too often.")
        _add(
            session,
            {
                "attempt_item_id": there.item_id,
                "sequence": save.sequence,
                "writer": save.writer,
                "data": {"answer": answer},
                "saved_at": now,
                "lateness": late,
            },
        )
    highest = max(there.highest or 0, save.sequence)
    return SaveResult(highest, remaining_s(now, there.deadline), late, there.writer)


def asked(session: Session, item_version_id: int) -> dict[str, Any]:
    """What a version of an item asks, as `presenting.presented` gives it, its parts in no order of anybody."""
    (found,) = fetch(session, *_body(item_version_id))
    return presented(parse_body(found[0]), {})


def standing(session: Session, person_id: int | None, code: str, now: datetime) -> Standing:
    """How one's own attempt stands. Raises `NotFound`."""
    found = fetch(session, *_standing(code, person_id)) if person_id is not None else None
    if not found:
        raise NotFound("attempt_unknown", "There is no such attempt of yours.")
    state, deadline, writer = found[0]
    return Standing(state, remaining_s(now, deadline), writer)


def checked_writer(writer: str) -> str:
    """The name of a browser. Raises `Invalid`."""
    if not _WRITER.fullmatch(writer):
        raise Invalid("answer_invalid", "The browser's name is 1 to 32 letters and figures.", "writer")
    return writer


def _check(answer: Any) -> None:
    try:
        told = json.dumps(answer, allow_nan=False)
    except (TypeError, ValueError, RecursionError):
        raise Invalid("answer_invalid", "The answer is no JSON.", "answer") from None
    if len(told) > MOST_DATA or "\\u0000" in told:
        raise Invalid("answer_invalid", "The answer is too long or no text.", "answer")


def _by_person(session: Session, attempt_id: int) -> bool:
    handed_in = select(AttemptEvent.id).where(AttemptEvent.attempt_id == attempt_id, AttemptEvent.kind == "submitted")
    return session.scalar(handed_in.limit(1)) is not None


def _add(session: Session, row: dict[str, Any]) -> None:
    connection = session.connection()
    connection.execute(_ADDING[connection.dialect.name], row)


_ADDING = {
    "sqlite": sqlite.insert(Response).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(Response).on_conflict_do_nothing(),
}


@once
def _place(
    code: str, person_id: int, position: int, sequence: int, writer: str
) -> Select[int, int, int, AttemptState, datetime | None, str, int, int | None, bool]:
    saves = Response.attempt_item_id == AttemptItem.id
    same = select(Response.id).where(saves, Response.sequence == sequence, Response.writer == writer)
    return (
        select(
            Attempt.id,
            AttemptItem.id.label("item_id"),
            AttemptItem.item_version_id,
            Attempt.state,
            Attempt.deadline,
            Attempt.writer,
            select(func.count()).select_from(Response).where(saves).scalar_subquery().label("saves"),
            select(func.max(Response.sequence)).where(saves).scalar_subquery().label("highest"),
            same.exists().label("known"),
        )
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(Attempt.code == code, Attempt.person_id == person_id, AttemptItem.position == position)
        .with_for_update(of=Attempt)
    )


@once
def _body(item_version_id: int) -> Select[dict[str, Any]]:
    return select(ItemVersion.body).where(ItemVersion.id == item_version_id)


@once
def _standing(code: str, person_id: int) -> Select[AttemptState, datetime | None, str]:
    return select(Attempt.state, Attempt.deadline, Attempt.writer).where(
        Attempt.code == code, Attempt.person_id == person_id
    )
