"""Reading attempts and results. Who may see is part of each query."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.assessment.attempts import finishing, publishing
from lms.assessment.attempts.models import Appeal, Attempt, AttemptItem, Regrade, Test
from lms.assessment.attempts.passing import PartVerdict, parts_of
from lms.assessment.attempts.presenting import presented
from lms.assessment.attempts.profile import AreaStanding, standing
from lms.assessment.attempts.saving import current, last_number
from lms.assessment.attempts.spec import Shown, TestSpec, parse, shown
from lms.assessment.attempts.states import JUDGED, OPEN, AttemptState
from lms.assessment.attempts.taking import granted_to, own
from lms.assessment.attempts.timing import closing, remaining_s
from lms.assessment.content import Body, dump
from lms.assessment.content import parse as parse_body
from lms.assessment.models import Item, ItemVersion
from lms.assessment.rules import may_read, may_write
from lms.assessment.scoring import score
from lms.assessment.statistics import ENOUGH, ItemFigures, TestFigures, analyse
from lms.directory.models import Person
from lms.directory.rules import Visitor
from lms.errors import Invalid, NotAllowed

PAGE = 50
FEW = 5
"""Groups smaller than this are not shown in anonymous distributions."""
MOST_ANALYSED = 5_000


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
    right: dict[str, Any] | None
    """The whole item with what is right, as JSON."""


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


@dataclass(frozen=True, slots=True)
class Distribution:
    """How a group did, without names. Buckets are tenths of the points: 0–9 %, … 90–100 %."""

    people: int
    passed: int
    mean: float
    buckets: tuple[int, ...]
    areas: tuple[tuple[str, float], ...]
    """Mean share of each area."""


def test_card(session: Session, visitor: Visitor, code: str) -> TestCard | None:
    """A test that may be begun, and one's own attempts at it; None where there is none."""
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
    running = next((row.code for row in rows if row.state in OPEN), "")
    return TestCard(
        test.code,
        test.title_uk,
        test.title_en,
        version.number,
        parse(version.spec),
        running,
        tuple(_card(row) for row in rows),
    )


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
    closes = closing(spec.closes_at, granted_to(session, attempt.person_id, attempt.test_id))
    may = shown(spec.review, finished_at=attempt.finished_at or now, closes_at=closes, now=now)
    if attempt.state is AttemptState.VOIDED:
        may = frozenset()
    parts = parts_of(attempt.parts)
    regrades = session.execute(
        select(Regrade.at, Regrade.reason).where(Regrade.attempt_id == attempt.id).order_by(Regrade.id).limit(PAGE)
    )
    test = attempt.version.test
    return Result(
        card=_card(attempt, score_too=Shown.SCORE in may),
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
            Attempt.test_id == attempt.test_id,
            Attempt.person_id == attempt.person_id,
            Attempt.number < attempt.number,
            Attempt.state.in_(JUDGED),
        )
        .order_by(Attempt.number.desc())
        .limit(1)
    )
    return parts_of(data) if data else ()


def _result_items(session: Session, attempt: Attempt, may: frozenset[Shown]) -> tuple[ResultItem, ...]:
    if not may & {Shown.MARKS, Shown.FEEDBACK, Shown.RIGHT}:
        return ()
    bodies, saves = finishing.bodies_of(session, attempt), finishing.saves_of(session, attempt)
    found = []
    for item in attempt.items:
        body = parse_body(bodies[item.item_version_id])
        counts = current(saves.get(item.id, []), late_too=attempt.late_too)
        answer = counts.data if counts else None
        share = Fraction(item.share) if item.share is not None else None
        found.append(
            ResultItem(
                item.position,
                item.area,
                presented(body, item.order),
                answer,
                share if Shown.MARKS in may else None,
                _feedback(body, answer) if Shown.FEEDBACK in may else (),
                dump(body) if Shown.RIGHT in may else None,
            )
        )
    return tuple(found)


def _feedback(body: Body, answer: Any) -> tuple[str, ...]:
    try:
        told = score(body, answer).feedback
    except Invalid:
        told = ()
    return (*told, body.feedback) if body.feedback else told


def attempts_at(
    session: Session, visitor: Visitor, code: str, page: int = 0
) -> tuple[list[tuple[AttemptCard, int, str]], int]:
    """For who makes tests: attempts, the last begun first, with the person's number and name. Raises `NotAllowed`."""
    if not may_write(visitor):
        raise NotAllowed("attempt_not_yours", "Results with names are for trainers and organisers.")
    which: list[ColumnElement[bool]] = [Attempt.test_id == select(Test.id).where(Test.code == code).scalar_subquery()]
    total = session.scalar(select(func.count()).select_from(Attempt).where(*which)) or 0
    rows = session.execute(
        select(Attempt, Person)
        .join(Person, Person.id == Attempt.person_id)
        .where(*which)
        .order_by(Attempt.started_at.desc(), Attempt.id.desc())
        .limit(PAGE)
        .offset(min(page, 10_000) * PAGE)
    )
    return [(_card(row), person.id, person.display_name) for row, person in rows], total


def untold(session: Session, most: int = 100) -> Sequence[Attempt]:
    """Judged attempts whose result was not passed on yet: who passes it on sets `told_at` in that transaction."""
    return session.scalars(
        select(Attempt)
        .where(Attempt.state.in_(JUDGED | {AttemptState.ABANDONED}), Attempt.told_at.is_(None), Attempt.context != "")
        .order_by(Attempt.id)
        .limit(most)
        .with_for_update(skip_locked=True)
    ).all()


def _firsts(code: str) -> ColumnElement[bool]:
    """First judged attempts of each person at a test."""
    test = select(Test.id).where(Test.code == code).scalar_subquery()
    first = (
        select(func.min(Attempt.id))
        .where(Attempt.test_id == test, Attempt.state.in_(JUDGED))
        .group_by(Attempt.person_id)
    )
    return Attempt.id.in_(first)


def distribution(session: Session, visitor: Visitor, code: str, *, last: bool = False) -> Distribution | None:
    """How people did at their first attempt (`last`: at their last), without names; None below `FEW` people."""
    if not may_read(visitor):
        raise NotAllowed("attempt_not_yours", "Figures of a test are for trainers, organisers and auditors.")
    test = select(Test.id).where(Test.code == code).scalar_subquery()
    pick = func.max(Attempt.id) if last else func.min(Attempt.id)
    chosen = select(pick).where(Attempt.test_id == test, Attempt.state.in_(JUDGED)).group_by(Attempt.person_id)
    rows = session.execute(
        select(Attempt.total, Attempt.passed, Attempt.parts).where(Attempt.id.in_(chosen)).limit(MOST_ANALYSED)
    ).all()
    if len(rows) < FEW:
        return None
    totals = [Fraction(total) for total, _, _ in rows]
    buckets = Counter(min(9, int(total * 10)) for total in totals)
    areas: dict[str, list[Fraction]] = {}
    for _, _, parts in rows:
        for part in parts_of(parts):
            if part.area:
                areas.setdefault(part.area, []).append(part.reached)
    return Distribution(
        people=len(rows),
        passed=sum(bool(passed) for _, passed, _ in rows),
        mean=float(sum(totals, Fraction(0)) / len(totals)),
        buckets=tuple(buckets[number] for number in range(10)),
        areas=tuple(
            (area, float(sum(found, Fraction(0)) / len(found)))
            for area, found in sorted(areas.items())
            if len(found) >= FEW
        ),
    )


def figures(session: Session, visitor: Visitor, code: str) -> tuple[TestFigures | None, dict[str, ItemFigures]]:
    """The figures of a test and of its items by code, of first attempts; items below `ENOUGH` attempts are left out.

    Draws differ, so an item is set against the rest of the attempts in which it was drawn; the test's own figures are
    given where everybody had the same number of items, each place as a column.
    """
    if not may_read(visitor):
        raise NotAllowed("attempt_not_yours", "Figures of a test are for trainers, organisers and auditors.")
    rows = session.execute(
        select(Attempt.id, AttemptItem.position, Item.code, AttemptItem.share)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(ItemVersion, ItemVersion.id == AttemptItem.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(_firsts(code))
        .order_by(Attempt.id, AttemptItem.position)
        .limit(MOST_ANALYSED * 10)
    )
    tables: dict[int, list[tuple[str, Fraction]]] = {}
    for attempt_id, _, item, share in rows:
        tables.setdefault(attempt_id, []).append((item, Fraction(share or 0)))
    return _whole(list(tables.values())), _by_item(list(tables.values()))


def _whole(tables: list[list[tuple[str, Fraction]]]) -> TestFigures | None:
    if not tables or len({len(table) for table in tables}) != 1:
        return None
    return analyse([[share for _, share in table] for table in tables], [Fraction(1)] * len(tables[0]))


def _by_item(tables: list[list[tuple[str, Fraction]]]) -> dict[str, ItemFigures]:
    pairs: dict[str, list[list[Fraction]]] = {}
    for table in tables:
        total = sum((share for _, share in table), Fraction(0))
        for item, share in table:
            pairs.setdefault(item, []).append([share, total - share])
    found = {}
    for item, marks in pairs.items():
        figures_of_both = analyse(marks, [Fraction(1), Fraction(1)]) if len(marks) >= ENOUGH else None
        if figures_of_both is not None:
            found[item] = replace(figures_of_both.items[0], weight=None)  # a weight is one of a whole test
    return found


def _card(attempt: Attempt, *, score_too: bool = True) -> AttemptCard:
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
