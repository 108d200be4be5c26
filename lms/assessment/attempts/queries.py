"""Reading attempts and results. Who may see is part of each query."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing, publishing, rulings
from lms.assessment.attempts.allowances import closed_for, of_person
from lms.assessment.attempts.lines import of_line
from lms.assessment.attempts.models import Appeal, Attempt, Regrade, Test, TestVersion
from lms.assessment.attempts.passing import PartVerdict, parts_of
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.profile import AreaStanding, standing
from lms.assessment.attempts.saving import current, last_number
from lms.assessment.attempts.spec import Shown, TestSpec, parse, shown
from lms.assessment.attempts.states import JUDGED, OPEN, AttemptState
from lms.assessment.attempts.taking import counted_since, last_end, own, refusal_of
from lms.assessment.attempts.timing import Accommodation, closing, remaining_s
from lms.assessment.content import Body
from lms.assessment.content import parse as parse_body
from lms.assessment.scoring import score
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed

PAGE = 50
TOLD = JUDGED | {AttemptState.ABANDONED, AttemptState.VOIDED}


@dataclass(frozen=True, slots=True)
class TestCard:
    """What a person sees before beginning."""

    __test__ = False

    code: str
    title_uk: str
    title_en: str
    version: int
    spec: TestSpec
    running: str
    """The code of an attempt that is running; empty for none."""
    attempts: tuple[AttemptCard, ...]
    """One's own, the last one first."""
    closes_at: datetime | None
    """For this person, with all that was given."""
    refusal: str = ""
    """Why another attempt may not begin now (`timing.may_begin`); empty when one may, or runs."""
    again_at: datetime | None = None
    """When it may, where it is only too early."""


@dataclass(frozen=True, slots=True)
class AttemptCard:
    """An attempt in a list."""

    code: str
    number: int
    state: AttemptState
    started_at: datetime
    finished_at: datetime | None
    passed: bool | None
    total: Fraction | None


@dataclass(frozen=True, slots=True)
class OwnLine:
    """One's own attempt in the list of all. `appeal`: `waiting`, `granted`, `refused`, empty for none."""

    card: AttemptCard
    test_code: str
    title_uk: str
    title_en: str
    appeal: str


@dataclass(frozen=True, slots=True)
class RunningItem:
    """One item while it is answered; `sequence` is the number from which the browser goes on."""

    position: int
    shown: dict[str, Any]
    answer: Any
    sequence: int


@dataclass(frozen=True, slots=True)
class Running:
    """An attempt while it runs."""

    code: str
    title_uk: str
    title_en: str
    state: AttemptState
    language: str
    deadline: datetime | None
    remaining_s: int | None
    writer: str
    items: tuple[RunningItem, ...]


@dataclass(frozen=True, slots=True)
class ResultItem:
    """One item of a result, as far as the moment lets it be seen."""

    position: int
    area: str
    shown: dict[str, Any]
    answer: Any
    share: Fraction | None
    feedback: tuple[str, ...]
    right: Body | None
    """The item with what is right, as it was corrected since."""
    left_out: bool
    """Whether it turned out to be wrong and counts for nobody."""
    comment: str
    """A reader's words on an essay."""


@dataclass(frozen=True, slots=True)
class Result:
    """A finished attempt."""

    card: AttemptCard
    title_uk: str
    title_en: str
    may_see: frozenset[Shown]
    parts: tuple[PartVerdict, ...]
    areas: tuple[AreaStanding, ...]
    """Beside the attempt before, if there was one."""
    items: tuple[ResultItem, ...]
    waiting: int
    """Essays that nobody has read yet."""
    regrades: tuple[tuple[datetime, str], ...]
    appeal: Appeal | None


def test_card(session: Session, visitor: Visitor, code: str, now: datetime, since: datetime | None) -> TestCard | None:
    """A test and one's own attempts at it; None where there is none. `since`: attempts before count no more."""
    found = publishing.current(session, code)
    if found is None:
        return None
    test, version = found
    rows = session.scalars(
        select(Attempt)
        .where(Attempt.test_id == test.id, Attempt.person_id == visitor.person_id)
        .order_by(Attempt.number.desc())
        .limit(PAGE)
    ).all()
    running = next((row.code for row in rows if row.state in OPEN and (since is None or row.started_at >= since)), "")
    spec = parse(version.spec)
    granted = Accommodation()
    if spec.closes_at is not None and visitor.person_id is not None:
        granted = of_person(session, visitor.person_id, test.id, spec.closes_at)
    return TestCard(
        test.code,
        test.title_uk,
        test.title_en,
        version.number,
        spec,
        running,
        tuple(card_of(row) for row in rows),
        closing(spec.closes_at, granted),
        refusal := "" if running else refusal_of(spec, granted, rows, since, now),
        _again_at(spec, rows, since, refusal),
    )


def _again_at(spec: TestSpec, rows: Sequence[Attempt], since: datetime | None, refusal: str) -> datetime | None:
    if refusal == "test_early":
        return spec.opens_at
    ended_at = last_end(counted_since(rows, since))
    return ended_at + timedelta(hours=spec.wait_hours) if refusal == "test_wait" and ended_at else None


def own_attempts(session: Session, visitor: Visitor, page: int = 0) -> tuple[list[OwnLine], int]:
    """One's own attempts at all tests, the last begun first, as far as each may be seen now; and how many."""
    rows = session.execute(
        select(Attempt, Test, TestVersion.spec, Appeal.id, Appeal.granted)
        .join(Test, Test.id == Attempt.test_id)
        .join(TestVersion, TestVersion.id == Attempt.version_id)
        .outerjoin(Appeal, Appeal.attempt_id == Attempt.id)
        .where(Attempt.person_id == visitor.person_id)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(PAGE)
        .offset(min(page, 10_000) * PAGE)
    )
    found = []
    for attempt, test, spec, appealed, granted in rows:
        appeal = "" if appealed is None else {None: "waiting", True: "granted", False: "refused"}[granted]
        score_too = _always_shown(spec)
        found.append(OwnLine(card_of(attempt, score_too=score_too), test.code, test.title_uk, test.title_en, appeal))
    total = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.person_id == visitor.person_id))
    return found, total or 0


def _always_shown(spec: dict[str, Any]) -> bool:
    """Whether a test shows scores at every moment; else the list leaves them to the result's own page."""
    review = parse(spec).review
    return all(Shown.SCORE in each for each in (review.right_after, review.while_open, review.after_closing))


def running(session: Session, visitor: Visitor, code: str, now: datetime) -> Running:
    """One's own attempt, to go on with. Nothing in it tells what is right. Raises `NotFound`."""
    attempt = own(session, visitor, code)
    bodies, saves = finishing.bodies_of(session, attempt), finishing.saves_of(session, attempt)
    items = []
    for item in attempt.items:
        kept = saves.get(item.id, [])
        last = current(kept)
        items.append(
            RunningItem(
                item.position,
                presented(parse_body(bodies[item.item_version_id]), item.order),
                last.data if last else None,
                last_number(kept),
            )
        )
    test = attempt.version.test
    return Running(
        attempt.code,
        test.title_uk,
        test.title_en,
        attempt.state,
        attempt.language,
        attempt.deadline,
        remaining_s(now, attempt.deadline),
        attempt.writer,
        tuple(items),
    )


def result(session: Session, visitor: Visitor, code: str, now: datetime) -> Result:
    """One's own finished attempt, as far as it may be seen at this moment. Raises `NotFound`, `NotAllowed`."""
    attempt = own(session, visitor, code)
    if attempt.state in OPEN:
        raise NotAllowed("attempt_open", "The attempt is not over.")
    spec = parse(attempt.version.spec)
    closes = closed_for(session, attempt.person_id, attempt.test_id, spec.closes_at)
    may = shown(spec.review, finished_at=attempt.finished_at or now, closes_at=closes, now=now)
    if attempt.state is AttemptState.VOIDED:
        may = frozenset()
    parts = parts_of(attempt.parts)
    regrades = session.execute(
        select(Regrade.at, Regrade.reason).where(Regrade.attempt_id == attempt.id).order_by(Regrade.id).limit(PAGE)
    )
    test = attempt.version.test
    return Result(
        card=card_of(attempt, score_too=Shown.SCORE in may),
        title_uk=test.title_uk,
        title_en=test.title_en,
        may_see=may,
        parts=parts if Shown.AREAS in may else parts[:1] if Shown.SCORE in may else (),
        areas=tuple(standing(parts, _before(session, attempt))) if Shown.AREAS in may else (),
        items=_result_items(session, attempt, may),
        waiting=sum(item.share is None for item in attempt.items),
        regrades=tuple((at, reason) for at, reason in regrades),
        appeal=session.scalar(select(Appeal).where(Appeal.attempt_id == attempt.id)),
    )


def _before(session: Session, attempt: Attempt) -> tuple[PartVerdict, ...]:
    data = session.scalar(
        select(Attempt.parts)
        .where(
            Attempt.test_id.in_(of_line(session, attempt.test_id)),
            Attempt.person_id == attempt.person_id,
            (Attempt.test_id != attempt.test_id) | (Attempt.number < attempt.number),
            Attempt.started_at <= attempt.started_at,
            Attempt.id != attempt.id,
            Attempt.state.in_(JUDGED),
        )
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(1)
    )
    return parts_of(data) if data else ()


def _result_items(session: Session, attempt: Attempt, may: frozenset[Shown]) -> tuple[ResultItem, ...]:
    if not may & {Shown.MARKS, Shown.FEEDBACK, Shown.RIGHT}:
        return ()
    bodies, saves = finishing.bodies_of(session, attempt), finishing.saves_of(session, attempt)
    ruled = rulings.of_versions(session, set(bodies))
    found = []
    for item in attempt.items:
        body = parse_body(bodies[item.item_version_id])
        counts = finishing.counted(attempt, item, saves.get(item.id, []))
        answer = counts.data if counts else None
        ruling = ruled.get(item.item_version_id)
        key = ruling.key if ruling is not None and ruling.key is not None else body
        share = Fraction(item.share) if item.share is not None else None
        found.append(
            ResultItem(
                item.position,
                item.area,
                presented(body, item.order),
                answer,
                share if Shown.MARKS in may else None,
                _feedback(key, answer) if Shown.FEEDBACK in may else (),
                key if Shown.RIGHT in may else None,
                item.weight == "0",
                item.comment if Shown.FEEDBACK in may else "",
            )
        )
    return tuple(found)


def _feedback(body: Body, answer: Any) -> tuple[str, ...]:
    try:
        told = score(body, answer).feedback
    except Invalid:
        told = ()
    return (*told, body.feedback) if body.feedback else told


def untold(session: Session, most: int = 100) -> Sequence[Attempt]:
    """Judged and voided attempts of which nobody was told yet: whoever passes it on sets `told_at` then and there."""
    return session.scalars(
        select(Attempt)
        .where(Attempt.state.in_(TOLD), Attempt.told_at.is_(None), Attempt.context != "")
        .order_by(Attempt.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()


def card_of(attempt: Attempt, *, score_too: bool = True) -> AttemptCard:
    judged = attempt.state in JUDGED and score_too
    return AttemptCard(
        attempt.code,
        attempt.number,
        attempt.state,
        attempt.started_at,
        attempt.finished_at,
        attempt.passed if judged or attempt.state is AttemptState.ABANDONED else None,
        Fraction(attempt.total) if judged and attempt.total else None,
    )
