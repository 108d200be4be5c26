"""Who knew that they were recorded or streamed: told by media nodes, kept for those who organise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.directory.rules import Visitor
from lms.errors import NotAllowed
from lms.media import queries
from lms.media.models import Consent, ConsentAnswer

MOST_SHOWN = 500


def take_told(session: Session, batch: Sequence[Mapping[str, Any]]) -> int:
    """Note what nodes told, of events in their JSON form; how many.

    Told again, or in another order, it comes to the same.
    """
    told = [event for event in batch if event.get("data", {}).get("type") == "consented"]
    for event in told:
        _note(session, event, event["data"])
    return len(told)


def _note(session: Session, event: Mapping[str, Any], data: Mapping[str, Any]) -> None:
    at, answer = datetime.fromtimestamp(float(event["at"]), UTC), ConsentAnswer(data["answer"])
    known = session.scalar(
        select(Consent).where(Consent.code == data["recording"], Consent.identity == data["identity"])
    )
    if known is None:
        known = Consent(
            code=str(data["recording"]),
            meeting=str(event["meeting"]),
            identity=str(data["identity"]),
            name=str(data["name"])[:120],
            told_at=at,
            answer=ConsentAnswer.TOLD,
            answered_at=None,
            notice="",
        )
        session.add(known)
        session.flush()
    known.told_at = min(known.told_at, at)
    if answer is not ConsentAnswer.TOLD and (known.answered_at is None or known.answered_at <= at):
        known.answer, known.answered_at, known.notice = answer, at, str(data["notice"])[:40]


def of_recording(session: Session, visitor: Visitor, code: str, now: datetime) -> list[Consent]:
    """Who was told of a recording, and what they answered. Raises `NotFound`, `NotAllowed`."""
    _found, standing = queries.standing_at(session, visitor, code, now)
    if not standing.edits:
        raise NotAllowed("editors_only", "Only whoever manages the occurrence sees this.")
    query = select(Consent).where(Consent.code == code).order_by(Consent.name, Consent.id)
    return list(session.scalars(query.limit(10 * MOST_SHOWN)))


def counted(session: Session, code: str) -> dict[ConsentAnswer, int]:
    """How many gave which answer."""
    query = select(Consent.answer, func.count()).where(Consent.code == code).group_by(Consent.answer)
    return dict(session.execute(query).all())
