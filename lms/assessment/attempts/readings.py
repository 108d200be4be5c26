"""Essays that two people read: neither sees what the other gave; where they differ, a third decides."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, exists, func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.correcting import LATE_ACCEPTED
from lms.assessment.attempts.models import Attempt, AttemptEvent, AttemptItem, EssayMark
from lms.assessment.attempts.spec import parse
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict


@dataclass(frozen=True, slots=True)
class Decided:
    """What the readings come to. `share` is None while somebody else has still to read."""

    share: Fraction | None
    comment: str = ""


def decide(shares: list[Fraction], apart: Fraction) -> Fraction | None:
    """What readings in their order come to: two that agree their mean, else the third one's; None: not yet."""
    if len(shares) >= 3:
        return shares[2]
    if len(shares) == 2 and abs(shares[0] - shares[1]) <= apart:
        return (shares[0] + shares[1]) / 2
    return None


def read(
    session: Session,
    visitor: Visitor,
    attempt: Attempt,
    item: AttemptItem,
    share: Fraction,
    comment: str,
    now: datetime,
) -> Decided:
    """One reading. Where one reader is enough it decides. Until somebody else has read it, one's own may be changed.

    Raises `Conflict` (rating_yours).
    """
    wanted = parse(attempt.version.spec).two_readers
    if wanted is None:
        return Decided(share, comment)
    before = marks(session, item.id)
    earlier = select(func.count()).select_from(EssayMark).where(EssayMark.attempt_item_id == item.id)
    if visitor.actor in {each.by for each in before}:
        if len(before) > 1:
            raise Conflict("rating_yours", "You have read it already, and so has somebody else.")
        before = []
    made = EssayMark(
        attempt_item_id=item.id,
        number=(session.scalar(earlier) or 0) + 1,
        share=str(share),
        comment=comment,
        by=visitor.actor,
        at=now,
    )
    session.add(made)
    session.flush()
    after = {"position": item.position, "reading": made.number, "share": made.share}
    record(session, visitor.actor, "attempt.read", "attempt", attempt.id, now=now, after=after)
    found = [*before, made]
    decided = decide([Fraction(each.share) for each in found], Fraction(wanted))
    said = "\n\n".join(each.comment for each in found if each.comment)
    return Decided(decided, said)


def marks(session: Session, item_id: int) -> list[EssayMark]:
    """The readings of an essay as it counts now, in the order of their readers."""
    query = select(EssayMark).join(AttemptItem, AttemptItem.id == EssayMark.attempt_item_id)
    query = query.where(EssayMark.attempt_item_id == item_id, ~of_an_earlier_text()).order_by(EssayMark.number)
    last = {each.by: each for each in session.scalars(query)}  # whoever changed theirs counts once
    return list(last.values())


def not_read_by(visitor: Visitor) -> ColumnElement[bool]:
    """Essays that this reader has not read yet as they count now, as a condition."""
    return ~exists().where(
        EssayMark.attempt_item_id == AttemptItem.id, EssayMark.by == visitor.actor, ~of_an_earlier_text()
    )


def of_an_earlier_text() -> ColumnElement[bool]:
    """Whether another text took the place of what was read: one that came late and was accepted."""
    return exists().where(
        AttemptEvent.attempt_id == AttemptItem.attempt_id,
        AttemptEvent.kind == LATE_ACCEPTED,
        AttemptEvent.at > EssayMark.at,
    )
