"""What was ruled of an item that turned out to be wrong, and what it makes of an answer.

A ruling is of a version of an item, not of one attempt: it counts for whoever had the version, for attempts that still
run, and again whenever an attempt is scored anew (late answers, say).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts.models import AttemptItem, ItemRuling
from lms.assessment.content import Body, Essay
from lms.assessment.content import parse as parse_body
from lms.assessment.models import ItemVersion
from lms.assessment.scoring import score
from lms.errors import Invalid

How = Literal["full", "left_out", "key", "as_asked"]
HOWS: tuple[How, ...] = ("full", "left_out", "key", "as_asked")

_RULED = "regraded: "
"""How an item's note begins while a ruling makes it count otherwise."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """A ruling with the key that it names."""

    id: int
    how: How
    key: Body | None = None


def of_versions(session: Session, versions: Collection[int]) -> dict[int, Ruling]:
    """The last ruling of each version that has one; in one query, and one more where a key was corrected."""
    last = select(func.max(ItemRuling.id)).where(ItemRuling.item_version_id.in_(versions))
    rows = session.execute(
        select(ItemRuling, ItemVersion.body)
        .outerjoin(ItemVersion, ItemVersion.id == ItemRuling.key_version_id)
        .where(ItemRuling.id.in_(last.group_by(ItemRuling.item_version_id)))
    )
    return {row.item_version_id: ruling_of(row, body) for row, body in rows}


def ruling_of(row: ItemRuling, body: dict[str, Any] | None) -> Ruling:
    """A ruling from its row and the body of the version that is its key."""
    return Ruling(row.id, row.how, parse_body(body) if body is not None else None)  # type: ignore[arg-type]


def outcome(ruling: Ruling, share: str | None, answer: Any) -> tuple[str | None, str]:
    """What an answer that earned `share` earns by the ruling, and its weight.

    An answer that the other key does not know (an option that was added there) keeps what it earned.
    """
    if ruling.how == "full":
        return "1", "1"
    if ruling.how == "left_out":
        return share if share is not None else "0", "0"
    if ruling.how == "as_asked":
        return share, "1"
    assert ruling.key is not None
    try:
        earned = score(ruling.key, answer).share
    except Invalid:
        return share, "1"
    return (str(earned) if earned is not None else share), "1"


def apply(item: AttemptItem, ruling: Ruling, answer: Any) -> None:
    """Let it count for one item of an attempt, whose share is what its answer earned."""
    item.share, item.weight = outcome(ruling, item.share, answer)
    item.note = f"{_RULED}{ruling.how}" if ruling.how != "as_asked" else ""
    item.ruling_id = ruling.id


def holds(item: AttemptItem) -> bool:
    """Whether it counts otherwise than it was asked."""
    return item.note.startswith(_RULED)


def fits(asked: Body, key: Body) -> bool:
    """Whether answers to the one can be scored by the other: the same kind, and every part still there."""
    return not isinstance(asked, Essay) and asked.kind == key.kind and _parts(asked) <= _parts(key)


def _parts(body: Body) -> set[str]:
    """The ids that answers name."""
    found: set[str] = set()
    for name in ("options", "stems", "choices", "elements", "blanks"):
        for each in getattr(body, name, ()):
            found.add(f"{name}:{each.id}")
            found |= {f"{name}:{each.id}:{option.id}" for option in getattr(each, "options", ())}
    return found
