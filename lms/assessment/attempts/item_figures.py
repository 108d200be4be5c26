"""How one item has done, over all tests and versions: of the first judged attempt of each person at each test."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import Attempt, AttemptItem
from lms.assessment.attempts.states import JUDGED
from lms.assessment.models import Item, ItemVersion
from lms.assessment.queries import expect_reader
from lms.assessment.statistics import ENOUGH, ItemFigures, analyse
from lms.directory.rules import Visitor

MOST = 2_000
"""Attempts that are looked at, the latest ones."""


@dataclass(frozen=True, slots=True)
class OneItem:
    """In how many attempts it was asked, and its figures where that is enough."""

    asked: int
    figures: ItemFigures | None
    """None below `ENOUGH`: small groups give anybody's answers away."""


def of_item(session: Session, visitor: Visitor, code: str) -> OneItem:
    """Figures of an item. Raises `NotAllowed`."""
    expect_reader(visitor)
    versions = select(ItemVersion.id).join(Item, Item.id == ItemVersion.item_id).where(Item.code == code)
    first = select(func.min(Attempt.id)).where(Attempt.state.in_(JUDGED)).group_by(Attempt.test_id, Attempt.person_id)
    asked = (
        select(AttemptItem.attempt_id)
        .where(AttemptItem.item_version_id.in_(versions), AttemptItem.attempt_id.in_(first))
        .order_by(AttemptItem.attempt_id.desc())
        .limit(MOST)
    )
    attempts = set(session.scalars(asked))
    if len(attempts) < ENOUGH:
        return OneItem(len(attempts), None)
    marks = _marks(session, attempts, set(session.scalars(versions)))
    told = analyse(marks, [Fraction(1), Fraction(1)])
    return OneItem(len(attempts), replace(told.items[0], weight=None) if told else None)


def _marks(session: Session, attempts: set[int], versions: set[int]) -> list[list[Fraction]]:
    """For each attempt the item's share, and that of the rest."""
    rows = session.execute(
        select(AttemptItem.attempt_id, AttemptItem.item_version_id, AttemptItem.share).where(
            AttemptItem.attempt_id.in_(attempts)
        )
    )
    found = {attempt: [Fraction(0), Fraction(0)] for attempt in attempts}
    for attempt, version, share in rows:
        found[attempt][0 if version in versions else 1] += Fraction(share or 0)
    return list(found.values())
