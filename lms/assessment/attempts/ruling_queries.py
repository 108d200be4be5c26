"""An item that may be wrong, for who rules on it: what it asks, whose keys could score it, what was ruled before."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import rulings
from lms.assessment.attempts.models import AttemptItem, ItemRuling
from lms.assessment.content import Body
from lms.assessment.content import parse as parse_body
from lms.assessment.models import Item, ItemVersion, VersionState
from lms.assessment.rules import may_write
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound


@dataclass(frozen=True, slots=True)
class RulingLine:
    """A ruling of before."""

    how: str
    key: int | None
    """The number of the version whose key it takes."""
    reason: str
    by: str
    at: datetime
    done: bool


@dataclass(frozen=True, slots=True)
class RulingPage:
    """The item's version, the versions whose key fits its answers, and rulings of before."""

    version_id: int
    number: int
    code: str
    title: str
    language: str
    body: Body
    asked: int
    keys: tuple[tuple[int, int], ...]
    """Versions by id and number."""
    rulings: tuple[RulingLine, ...]


def ruling_page(session: Session, visitor: Visitor, version_id: int) -> RulingPage:
    """Raises `NotAllowed`, `NotFound` (item_unknown)."""
    if not may_write(visitor):
        raise NotAllowed("attempt_not_yours", "Items are ruled on by trainers and organisers of the network.")
    row = session.execute(
        select(ItemVersion, Item).join(Item, Item.id == ItemVersion.item_id).where(ItemVersion.id == version_id)
    ).one_or_none()
    if row is None:
        raise NotFound("item_unknown", "There is no such item.")
    version, item = row
    body = parse_body(version.body)
    versions = session.scalars(
        select(ItemVersion)
        .where(ItemVersion.item_id == item.id, ItemVersion.state != VersionState.DRAFT)
        .order_by(ItemVersion.number)
    ).all()
    numbers = {each.id: each.number for each in versions}
    return RulingPage(
        version.id,
        version.number,
        item.code,
        item.title,
        item.language,
        body,
        session.scalar(
            select(func.count(func.distinct(AttemptItem.attempt_id))).where(AttemptItem.item_version_id == version.id)
        )
        or 0,
        tuple((each.id, each.number) for each in versions if rulings.fits(body, parse_body(each.body))),
        _before(session, version.id, numbers),
    )


def _before(session: Session, version_id: int, numbers: dict[int, int]) -> tuple[RulingLine, ...]:
    rows = session.scalars(
        select(ItemRuling).where(ItemRuling.item_version_id == version_id).order_by(ItemRuling.id.desc()).limit(50)
    ).all()
    people = {int(row.by.partition(":")[2]) for row in rows if row.by.startswith("person:")}
    names = {each.id: each.display_name for each in session.scalars(select(Person).where(Person.id.in_(people)))}
    return tuple(
        RulingLine(
            row.how,
            numbers.get(row.key_version_id) if row.key_version_id is not None else None,
            row.reason,
            names.get(int(row.by.partition(":")[2]), row.by) if row.by.startswith("person:") else row.by,
            row.at,
            row.done_at is not None,
        )
        for row in rows
    )
