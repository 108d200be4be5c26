"""What ends an attempt, and what it comes to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from lms.assessment.attempts import rulings
from lms.assessment.attempts.models import Attempt, AttemptEvent, AttemptItem, Response
from lms.assessment.attempts.passing import Mark, Verdict, judge
from lms.assessment.attempts.saving import Saved, current
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import OPEN, AttemptState, follow
from lms.assessment.attempts.timing import GRACE
from lms.assessment.content import Essay
from lms.assessment.content import parse as parse_body
from lms.assessment.models import ItemVersion
from lms.assessment.scoring import score
from lms.errors import Invalid, NotFound

AT_ONCE = 100


def settle(session: Session, attempt: Attempt, now: datetime) -> None:
    """Let the clock have its way with an attempt that was loaded with its items and its version."""
    if attempt.state not in OPEN or attempt.deadline is None or now <= attempt.deadline:
        return
    if now <= attempt.deadline + GRACE:
        if attempt.state is AttemptState.IN_PROGRESS:
            attempt.state = follow(attempt.state, AttemptState.OVERDUE)
            session.flush()
        return
    answered = session.scalar(
        select(Response.id)
        .join(AttemptItem, AttemptItem.id == Response.attempt_item_id)
        .where(AttemptItem.attempt_id == attempt.id)
        .limit(1)
    )
    session.add(AttemptEvent(attempt_id=attempt.id, at=now, kind="time_over", data=None))
    then = AttemptState.AUTO_SUBMITTED if answered is not None else AttemptState.ABANDONED
    finish(session, attempt, then, now)


def end_overdue(session: Session, now: datetime) -> int:
    """End what nobody ended, at most `AT_ONCE` attempts; how many. For the worker."""
    rows = session.scalars(
        select(Attempt)
        .where(Attempt.state.in_(OPEN), Attempt.deadline < now - GRACE)
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .order_by(Attempt.deadline)
        .limit(AT_ONCE)
        .with_for_update(of=Attempt, skip_locked=True)
    ).all()
    for attempt in rows:
        settle(session, attempt, now)
    return len(rows)


def finish(session: Session, attempt: Attempt, then: AttemptState, now: datetime) -> None:
    """End it and score it. At the clock's end the deadline is when it finished."""
    attempt.state = follow(attempt.state, then)
    by_person = then is AttemptState.SUBMITTED or attempt.deadline is None
    attempt.finished_at = now if by_person else min(now, attempt.deadline or now)
    score_all(session, attempt)
    verdict = judged(attempt)
    if then is AttemptState.ABANDONED:
        attempt.passed = False
    elif verdict.passed is not None:
        attempt.state = follow(attempt.state, AttemptState.GRADED)
    session.flush()


def score_all(session: Session, attempt: Attempt) -> None:
    """Score every item by the answer that counts, and by what was ruled of it. A reader's points for an essay stay."""
    bodies = bodies_of(session, attempt)
    saves = saves_of(session, attempt)
    ruled = rulings.of_versions(session, {item.item_version_id for item in attempt.items})
    for item in attempt.items:
        counts = current(saves.get(item.id, []), late_too=attempt.late_too)
        _score(item, bodies[item.item_version_id], counts)
        if ruling := ruled.get(item.item_version_id):
            rulings.apply(item, ruling, counts.data if counts else None)


def _score(item: AttemptItem, body: object, counts: Saved | None) -> None:
    parsed = parse_body(body)
    scored = counts.id if counts else None
    if isinstance(parsed, Essay) and item.read_share is not None and scored == item.response_id:
        item.share = item.read_share
        return
    item.response_id, item.read_share = scored, None
    try:
        earned = score(parsed, counts.data if counts else None).share
        item.note = ""
    except Invalid as refusal:
        # Only a broken browser sends such things; an essay that is too long is for its reader to judge.
        earned = None if isinstance(parsed, Essay) else Fraction(0)
        item.note = refusal.detail[:300]
    item.share = str(earned) if earned is not None else None


def judged(attempt: Attempt) -> Verdict:
    """Work out whether it is passed, and write it down."""
    rule = parse(attempt.version.spec).passing
    marks = [
        Mark(item.area, Fraction(item.share) if item.share is not None else None, Fraction(item.weight))
        for item in attempt.items
    ]
    verdict = judge(marks, rule)
    attempt.passed, attempt.total, attempt.parts = verdict.passed, str(verdict.total), verdict.data()
    attempt.told_at = None
    return verdict


def counted(attempt: Attempt, item: AttemptItem, saves: list[Saved]) -> Saved | None:
    """The answer that counts now; once an attempt is over, the one that was scored: later ones wait for a decision."""
    if attempt.state in OPEN or item.response_id is None:
        return current(saves)
    return next((each for each in saves if each.id == item.response_id), None)


def go_on_waiting(attempt: Attempt) -> None:
    """Judge what was scored anew before it was judged: an essay may still wait for its reader."""
    if judged(attempt).passed is not None:
        attempt.state = follow(attempt.state, AttemptState.GRADED)


def bodies_of(session: Session, attempt: Attempt) -> dict[int, dict[str, Any]]:
    """What was asked, by version."""
    wanted = {item.item_version_id for item in attempt.items}
    rows = session.execute(select(ItemVersion.id, ItemVersion.body).where(ItemVersion.id.in_(wanted)))
    return {row[0]: row[1] for row in rows}


def saves_of(session: Session, attempt: Attempt) -> Mapping[int, list[Saved]]:
    """Everything that was saved, by item of the attempt."""
    found: dict[int, list[Saved]] = {}
    rows = session.scalars(
        select(Response).where(Response.attempt_item_id.in_([item.id for item in attempt.items])).order_by(Response.id)
    )
    for row in rows:
        one = Saved(row.sequence, row.writer, row.data.get("answer"), row.saved_at, row.lateness, row.id)
        found.setdefault(row.attempt_item_id, []).append(one)
    return found


def found(session: Session, code: str) -> Attempt:
    """An attempt with its items and its version, nobody else's until the transaction ends. Raises `NotFound`."""
    attempt = session.scalar(
        select(Attempt)
        .where(Attempt.code == code)
        .options(selectinload(Attempt.items), selectinload(Attempt.version))
        .with_for_update(of=Attempt)
        .execution_options(populate_existing=True)
    )
    if attempt is None:
        raise NotFound("attempt_unknown", "There is no such attempt.")
    return attempt
