"""An item turned out to be wrong: what would change for whom, and the putting right, with history.

Who looks after the whole network rules on an item: the bank is one, and a wrong item is wrong in every test. The
attempts are put right in batches: the first at once, the others by the worker.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import finishing, rulings, telling
from lms.assessment.attempts.correcting import regraded
from lms.assessment.attempts.looking_after import reason_of, state_of
from lms.assessment.attempts.models import Attempt, AttemptItem, ItemRuling, Response, Test
from lms.assessment.attempts.passing import Mark, Verdict, judge
from lms.assessment.attempts.rulings import HOWS, How, Ruling
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import JUDGED, OPEN, UNREAD, AttemptState
from lms.assessment.content import Body, Essay
from lms.assessment.content import parse as parse_body
from lms.assessment.models import ItemVersion
from lms.assessment.rules import may_write
from lms.assessment.scoring import score
from lms.audit.actions import record
from lms.database import lock
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

AT_ONCE = 200
MOST_SHOWN = 500
"""Attempts that a preview works out; the ruling goes through all."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a ruling makes of one attempt."""

    code: str
    person_id: int
    name: str
    test_id: int
    test_code: str
    title_uk: str
    title_en: str
    before: Fraction
    after: Fraction
    passed_before: bool | None
    passed_after: bool | None

    @property
    def loses(self) -> bool:
        """Whether it was passed and would be so no more."""
        return bool(self.passed_before) and self.passed_after is False


@dataclass(frozen=True, slots=True)
class Preview:
    """What a ruling would change. `attempts` had the item; `changes` are those whose result differs."""

    attempts: int
    looked_at: int
    running: int
    """Attempts that are not judged yet: the ruling counts for them when they are."""
    changes: tuple[Change, ...]

    @property
    def gained(self) -> int:
        """How many would be passed that are not."""
        return sum(bool(each.passed_after) and not each.passed_before for each in self.changes)

    @property
    def lost(self) -> int:
        """How many would be passed no more."""
        return sum(each.loses for each in self.changes)


def preview(
    session: Session, visitor: Visitor, item_version_id: int, how: str, key_version_id: int | None = None
) -> Preview:
    """What the ruling would change, without changing anything. Raises as `regrade`."""
    asked, ruling = _ruling(session, visitor, item_version_id, how, key_version_id)
    had = select(AttemptItem.attempt_id).where(AttemptItem.item_version_id == item_version_id)
    counts: dict[AttemptState, int] = dict(
        session.execute(select(Attempt.state, func.count()).where(Attempt.id.in_(had)).group_by(Attempt.state)).all()
    )
    rows = session.execute(
        select(Attempt, Person, Test)
        .join(Person, Person.id == Attempt.person_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(Attempt.id.in_(had), Attempt.state.in_(JUDGED))
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .order_by(Attempt.id.desc())
        .limit(MOST_SHOWN)
    ).all()
    answers = _answers(session, [attempt for attempt, _, _ in rows], item_version_id)
    changes = []
    for attempt, person, test in rows:
        verdict = _verdict(attempt, item_version_id, asked, ruling, answers)
        if verdict.total != Fraction(attempt.total or 0) or verdict.passed != attempt.passed:
            changes.append(
                Change(
                    attempt.code,
                    person.id,
                    person.display_name,
                    test.id,
                    test.code,
                    test.title_uk,
                    test.title_en,
                    Fraction(attempt.total or 0),
                    verdict.total,
                    attempt.passed,
                    verdict.passed,
                )
            )
    changes.sort(key=lambda each: (not each.loses, each.passed_after == each.passed_before, each.name))
    judged = sum(count for state, count in counts.items() if state in JUDGED)
    coming = sum(count for state, count in counts.items() if state in OPEN or state in UNREAD)
    return Preview(judged, len(rows), coming, tuple(changes))


def regrade(
    session: Session,
    visitor: Visitor,
    item_version_id: int,
    how: str,
    reason: str,
    now: datetime,
    *,
    key_version_id: int | None = None,
) -> int:
    """Everybody who had the item gets its whole point, or it does not count, or the other key scores the answers; or
    it counts as it was asked, whatever was ruled before.

    The first `AT_ONCE` attempts are put right at once (how many), the others by `carry_on`. Attempts that still run are
    scored so when they end. Raises `NotAllowed`, `NotFound` (item_unknown), `Invalid` (ruling_key, attempt_reason),
    `Conflict` (ruling_same).
    """
    reason = reason_of(reason)
    _ruling(session, visitor, item_version_id, how, key_version_id)
    lock(session, ItemVersion, item_version_id)
    last = session.scalar(
        select(ItemRuling).where(ItemRuling.item_version_id == item_version_id).order_by(ItemRuling.id.desc()).limit(1)
    )
    before = (last.how, last.key_version_id) if last is not None else ("as_asked", None)
    if before == (how, key_version_id):
        raise Conflict("ruling_same", "The item counts so already.")
    row = ItemRuling(
        item_version_id=item_version_id,
        how=how,
        key_version_id=key_version_id,
        reason=reason,
        by=visitor.actor,
        at=now,
    )
    session.add(row)
    session.flush()
    told = {"item_version": item_version_id, "how": how, "key_version": key_version_id, "reason": reason}
    record(session, visitor.actor, "item.rule", "item_version", item_version_id, now=now, after=told)
    return _put_right(session, row, now)


def carry_on(session: Session, now: datetime) -> int:
    """A batch of what rulings still have to put right: a duty of the worker."""
    row = session.scalar(
        select(ItemRuling)
        .where(ItemRuling.done_at.is_(None))
        .order_by(ItemRuling.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    return _put_right(session, row, now) if row is not None else 0


def _put_right(session: Session, row: ItemRuling, now: datetime) -> int:
    asked, ruling = _loaded(session, row)
    waiting = or_(AttemptItem.ruling_id.is_(None), AttemptItem.ruling_id < row.id)
    attempts = session.scalars(
        select(Attempt)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .where(AttemptItem.item_version_id == row.item_version_id, Attempt.state.in_(JUDGED | UNREAD), waiting)
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .order_by(Attempt.id)
        .limit(AT_ONCE)
        .with_for_update(of=Attempt)
    ).all()
    answers = _answers(session, attempts, row.item_version_id)
    for attempt in attempts:
        before, passed, judged = state_of(attempt), attempt.passed, attempt.state in JUDGED
        for item in _asked(attempt, row.item_version_id):
            answer = answers.get(item.response_id)
            item.share = _own_share(item, asked, answer)
            rulings.apply(item, ruling, answer)
        if not judged:
            finishing.go_on_waiting(attempt)
            continue
        regraded(session, row.by, attempt, before, row.reason, now)
        if attempt.passed != passed or attempt.total != before["total"]:
            telling.tell(session, attempt, telling.CHANGED, now)
    if len(attempts) < AT_ONCE:
        row.done_at = now
    session.flush()
    return len(attempts)


def _ruling(
    session: Session, visitor: Visitor, item_version_id: int, how: str, key_version_id: int | None
) -> tuple[Body, Ruling]:
    """The item as it was asked, and a ruling that is none yet."""
    if not may_write(visitor):
        raise NotAllowed("attempt_not_yours", "Items are ruled on by trainers and organisers of the network.")
    if how not in HOWS or (how == "key") != (key_version_id is not None):
        raise Invalid("ruling_key", "Choose how the item counts; a corrected key is one of its versions’.", "how")
    version = session.get(ItemVersion, item_version_id)
    if version is None:
        raise NotFound("item_unknown", "There is no such item.")
    asked = parse_body(version.body)
    key = session.get(ItemVersion, key_version_id) if key_version_id is not None else None
    known = key is not None and key.item_id == version.item_id and rulings.fits(asked, parse_body(key.body))
    if how == "key" and not known:
        raise Invalid("ruling_key", "That version asks something else: answers cannot be scored by its key.", "key")
    chosen: How = how
    return asked, Ruling(0, chosen, parse_body(key.body) if key is not None else None)


def _loaded(session: Session, row: ItemRuling) -> tuple[Body, Ruling]:
    wanted = {row.item_version_id, row.key_version_id} - {None}
    bodies: dict[int, dict[str, Any]] = dict(
        session.execute(select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_(wanted))).all()
    )
    key = bodies[row.key_version_id] if row.key_version_id is not None else None
    return parse_body(bodies[row.item_version_id]), rulings.ruling_of(row, key)


def _asked(attempt: Attempt, item_version_id: int) -> list[AttemptItem]:
    return [item for item in attempt.items if item.item_version_id == item_version_id]


def _answers(session: Session, attempts: Sequence[Attempt], item_version_id: int) -> dict[int | None, Any]:
    """The answers that count, by their number."""
    wanted = [item.response_id for attempt in attempts for item in _asked(attempt, item_version_id)]
    rows = session.execute(select(Response.id, Response.data).where(Response.id.in_([each for each in wanted if each])))
    return {number: data.get("answer") for number, data in rows}


def _own_share(item: AttemptItem, asked: Body, answer: Any) -> str | None:
    """What the answer earns by the item's own key, or from its readers; None while nobody has read it."""
    if isinstance(asked, Essay) and item.read_share is not None:
        return item.read_share
    try:
        earned = score(asked, answer).share
    except Invalid:
        return None if isinstance(asked, Essay) else "0"
    return str(earned) if earned is not None else None


def _verdict(
    attempt: Attempt, item_version_id: int, asked: Body, ruling: Ruling, answers: dict[int | None, Any]
) -> Verdict:
    return judge(_marks(attempt.items, item_version_id, asked, ruling, answers), parse(attempt.version.spec).passing)


def _marks(
    items: Iterable[AttemptItem], item_version_id: int, asked: Body, ruling: Ruling, answers: dict[int | None, Any]
) -> list[Mark]:
    marks = []
    for item in items:
        share, weight = item.share, item.weight
        if item.item_version_id == item_version_id:
            answer = answers.get(item.response_id)
            share, weight = rulings.outcome(ruling, _own_share(item, asked, answer), answer)
        marks.append(Mark(item.area, Fraction(share) if share is not None else None, Fraction(weight)))
    return marks
