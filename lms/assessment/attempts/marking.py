"""Essays: which wait for their reader, and the reader's points by criteria. Readers see no names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from sqlalchemy import ColumnElement, false, func, or_, select, true
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing, readings, rulings, telling
from lms.assessment.attempts.correcting import keep
from lms.assessment.attempts.looking_after import reason_of, state_of
from lms.assessment.attempts.models import Attempt, AttemptItem, EssayMark, Response, Test
from lms.assessment.attempts.spec import parse
from lms.assessment.attempts.states import JUDGED, OPEN, AttemptState, follow
from lms.assessment.content import Essay
from lms.assessment.content import parse as parse_body
from lms.assessment.models import ItemVersion
from lms.assessment.rules import may_review, may_write, trained_organisations
from lms.assessment.scoring import rate as rated
from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound

PAGE = 50
MOST_COMMENT = 4_000
MOST_READ = 20
"""Of what a reader has read lately."""
_HANDED_IN = (AttemptState.SUBMITTED, AttemptState.AUTO_SUBMITTED)


@dataclass(frozen=True, slots=True)
class WaitingEssay:
    """An answer that waits, without the name of who wrote it."""

    id: int
    title_uk: str
    title_en: str
    handed_in_at: datetime
    words: int
    readings: int = 0
    """How many have read it, of an essay that two people read."""


@dataclass(frozen=True, slots=True)
class ReadEssay:
    """What this reader gave lately, so that a slip can be put right."""

    id: int
    title_uk: str
    title_en: str
    share: str
    at: datetime
    waits: bool
    """Whether somebody else has to read it still."""


@dataclass(frozen=True, slots=True)
class EssayPage:
    """An answer to be read, without a name."""

    id: int
    title_uk: str
    title_en: str
    language: str
    handed_in_at: datetime
    body: Essay
    text: str
    share: str | None
    """What its readers gave; None while they have not, also where a ruling gives it points meanwhile."""
    marked: bool
    """Whether it has points: they are changed with a reason."""
    comment: str
    two_readers: bool
    own_share: str | None
    """What this reader gave, while nobody else has read it."""
    readings: tuple[tuple[str, str], ...]
    """Share and comment of the two that differ, for whoever decides between them; empty for everybody else."""
    following: int | None
    """The next one that waits."""


def reads_essays(visitor: Visitor) -> bool:
    """Trainers, organisers, reviewers; trainers of an organisation those of its tests."""
    return may_write(visitor) or may_review(visitor) or bool(trained_organisations(visitor))


def waiting(session: Session, visitor: Visitor) -> list[WaitingEssay]:
    """What waits for this reader, the oldest first; never one's own. Raises `NotAllowed`."""
    rows = session.execute(
        select(AttemptItem.id, Test.title_uk, Test.title_en, Attempt.finished_at, Response.data)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Test, Test.id == Attempt.test_id)
        .outerjoin(Response, Response.id == AttemptItem.response_id)
        .where(*_waits(visitor))
        .order_by(Attempt.finished_at, AttemptItem.id)
        .limit(PAGE)
    )
    found = rows.all()
    read = _readings(session, [row[0] for row in found])
    return [
        WaitingEssay(number, uk, en, at, len(str((data or {}).get("answer") or "").split()), read.get(number, 0))
        for number, uk, en, at, data in found
    ]


def _readings(session: Session, items: Sequence[int]) -> dict[int, int]:
    count = select(EssayMark.attempt_item_id, func.count(EssayMark.by.distinct())).join(
        AttemptItem, AttemptItem.id == EssayMark.attempt_item_id
    )
    count = count.where(AttemptItem.id.in_(items), ~readings.of_an_earlier_text())
    return dict(session.execute(count.group_by(EssayMark.attempt_item_id)).all())


def count_waiting(session: Session, visitor: Visitor) -> int:
    """How many wait for this reader."""
    if not reads_essays(visitor):
        return 0
    query = select(func.count()).select_from(AttemptItem).join(Attempt, Attempt.id == AttemptItem.attempt_id)
    return session.scalar(query.join(Test, Test.id == Attempt.test_id).where(*_waits(visitor))) or 0


def read_by(session: Session, visitor: Visitor) -> list[ReadEssay]:
    """What this reader has read lately, the last first. Raises `NotAllowed`."""
    if not reads_essays(visitor):
        raise NotAllowed("attempt_not_yours", "Essays are read by trainers and reviewers.")
    begun = select(EssayMark.attempt_item_id, EssayMark.share, EssayMark.at).where(
        EssayMark.by == visitor.actor, ~readings.of_an_earlier_text()
    )
    begun = begun.join(AttemptItem, AttemptItem.id == EssayMark.attempt_item_id).where(AttemptItem.share.is_(None))
    given = select(AttemptItem.id, AttemptItem.read_share, AttemptItem.marked_at)
    given = given.where(AttemptItem.marked_by == visitor.actor, AttemptItem.read_share.is_not(None))
    found: dict[int, tuple[str, datetime, bool]] = {}
    begun, given = begun.order_by(EssayMark.id.desc()), given.order_by(AttemptItem.marked_at.desc())
    for query, waits in ((begun, True), (given, False)):
        for number, share, at in session.execute(query.limit(MOST_READ)).all():
            if share is not None and at is not None:
                found.setdefault(number, (share, at, waits))
    titles = session.execute(
        select(AttemptItem.id, Test.title_uk, Test.title_en)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Test, Test.id == Attempt.test_id)
        .where(AttemptItem.id.in_(found), Attempt.state != AttemptState.VOIDED, _read_by(visitor))
    )
    lines = [ReadEssay(number, uk, en, *found[number]) for number, uk, en in titles]
    return sorted(lines, key=lambda each: each.at, reverse=True)[:MOST_READ]


def _waits(visitor: Visitor) -> list[ColumnElement[bool]]:
    if not reads_essays(visitor):
        raise NotAllowed("attempt_not_yours", "Essays are read by trainers and reviewers.")
    handed_in = or_(Attempt.state.in_(_HANDED_IN), (Attempt.state == AttemptState.REGRADED) & Attempt.passed.is_(None))
    others = Attempt.person_id != visitor.person_id
    return [AttemptItem.share.is_(None), handed_in, others, _read_by(visitor), readings.not_read_by(visitor)]


def _read_by(visitor: Visitor) -> ColumnElement[bool]:
    if may_write(visitor) or may_review(visitor):
        return true()
    homes = trained_organisations(visitor)
    return Test.organisation_id.in_(homes) if homes else false()


def essay(session: Session, visitor: Visitor, number: int) -> EssayPage:
    """One answer to be read. Raises `NotFound`, `NotAllowed` (also one's own)."""
    attempt, item, test, body = _found(session, visitor, number)
    answer = session.scalar(select(Response.data).where(Response.id == item.response_id)) if item.response_id else None
    read = readings.marks(session, item.id) if item.share is None else []
    others = [each.id for each in waiting(session, visitor) if each.id != number]
    return EssayPage(
        number,
        test.title_uk,
        test.title_en,
        attempt.language,
        attempt.finished_at or attempt.started_at,
        body,
        str((answer or {}).get("answer") or ""),
        item.read_share if item.share is not None else None,
        item.share is not None,
        item.comment,
        parse(attempt.version.spec).two_readers is not None,
        read[0].share if len(read) == 1 and read[0].by == visitor.actor else None,
        # For who decides between the two, not for the two.
        tuple((each.share, each.comment) for each in read)
        if len(read) == 2 and visitor.actor not in {each.by for each in read}
        else (),
        others[0] if others else None,
    )


def rate(
    session: Session,
    visitor: Visitor,
    number: int,
    ratings: Mapping[str, int] | Fraction,
    now: datetime,
    *,
    comment: str = "",
    reason: str = "",
) -> Attempt:
    """A reader's points for an essay, by its criteria; or a share where it has none. The last one ends the waiting.

    Where the test wants two readers they decide together (`readings`); until then the essay waits.
    Points that were given already are changed with a reason, and the attempt keeps what was before. Raises
    `NotAllowed`, `NotFound`, `Conflict` (attempt_open, rating_yours), `Invalid` (rating_invalid, attempt_reason).
    """
    attempt, item, _, body = _found(session, visitor, number)
    again = item.share is not None
    reason = reason_of(reason) if again else ""
    if len(comment) > MOST_COMMENT:
        raise Invalid("rating_comment", f"At most {MOST_COMMENT} characters.", "comment")
    before, known = state_of(attempt), (item.share, item.comment, attempt.passed)
    given, said = _share(body, ratings), comment.strip()
    if not again:
        decided = readings.read(session, visitor, attempt, item, given, said, now)
        if decided.share is None:
            return attempt  # somebody else reads it, too
        given, said = decided.share, decided.comment
    item.share = item.read_share = str(given)
    if ruling := rulings.of_versions(session, {item.item_version_id}).get(item.item_version_id):
        rulings.apply(item, ruling, None)  # points count as it was ruled, and are kept for when that is undone
    item.comment, item.marked_by, item.marked_at = said, visitor.actor, now
    verdict = finishing.judged(attempt)
    if verdict.passed is not None:
        if attempt.state in _HANDED_IN:
            attempt.state = follow(attempt.state, AttemptState.GRADED)
        elif again and attempt.state in JUDGED:
            attempt.state = follow(attempt.state, AttemptState.REGRADED)
    if again:
        keep(session, visitor.actor, attempt, before, reason, now)
    session.flush()
    was = {"share": known[0]}
    told = {"position": item.position, "share": item.read_share, **({"reason": reason} if again else {})}
    record(session, visitor.actor, "attempt.rate", "attempt", attempt.id, now=now, before=was, after=told)
    if verdict.passed is not None and known != (item.share, item.comment, attempt.passed):
        telling.tell(session, attempt, telling.CHANGED if again else telling.JUDGED, now)
    return attempt


def _share(body: Essay, ratings: Mapping[str, int] | Fraction) -> Fraction:
    if not isinstance(ratings, Fraction):
        return rated(body, ratings).share or Fraction(0)
    if body.criteria or not 0 <= ratings <= 1:
        raise Invalid("rating_invalid", "Give points for each criterion, or a share from 0 to 1.", "ratings")
    return ratings


def _found(session: Session, visitor: Visitor, number: int) -> tuple[Attempt, AttemptItem, Test, Essay]:
    if not reads_essays(visitor):
        raise NotAllowed("attempt_not_yours", "Essays are read by trainers and reviewers.")
    row = session.execute(
        select(Attempt.code, Test, ItemVersion.body)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(Test, Test.id == Attempt.test_id)
        .join(ItemVersion, ItemVersion.id == AttemptItem.item_version_id)
        .where(AttemptItem.id == number, _read_by(visitor))
    ).one_or_none()
    body = parse_body(row[2]) if row is not None else None
    if row is None or not isinstance(body, Essay):
        raise NotFound("attempt_unknown", "There is no such essay.")
    attempt = finishing.found(session, row[0])
    if attempt.person_id == visitor.person_id:
        raise NotAllowed("attempt_own", "Nobody reads their own essay.")
    if attempt.state in OPEN or attempt.state is AttemptState.VOIDED:
        raise Conflict("attempt_open", "The attempt is not over, or does not count.")
    return attempt, next(item for item in attempt.items if item.id == number), row[1], body
