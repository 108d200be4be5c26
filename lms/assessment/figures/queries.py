"""What may be shown of how people did, without names: of one test, or of all.

The first finished attempt of each person at a test counts; a lesson's test is one test through all versions of its
course. A person's organisation is where they worked on the day on which they finished.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Literal

from sqlalchemy import ColumnElement, Select, select, true
from sqlalchemy.orm import Session

from lms.assessment.attempts.lines import LESSON, line_of
from lms.assessment.attempts.models import Attempt, AttemptItem, Test, TestVersion
from lms.assessment.attempts.passing import parts_of
from lms.assessment.attempts.states import JUDGED
from lms.assessment.figures import rules
from lms.assessment.figures.models import BackgroundAnswer
from lms.assessment.figures.rules import AreaSpread, Comparison, GroupLine, Result, Spread
from lms.assessment.models import Item, ItemVersion
from lms.assessment.rules import may_keep, may_read
from lms.assessment.statistics import ENOUGH, ItemFigures, TestFigures, analyse
from lms.days import day_of
from lms.directory.models import Affiliation, Organisation
from lms.directory.rules import Visitor
from lms.errors import NotAllowed, NotFound

MOST_ANALYSED = 20_000
"""Attempts that are looked at, the last ones; a page says so when there are more."""
By = Literal["oblast", "kind", "audience", "organisation", "month", "year", "age", "sex", "settlement"]
BYS: tuple[By, ...] = ("oblast", "kind", "organisation", "audience", "month", "year", "age", "sex", "settlement")


@dataclass(frozen=True, slots=True)
class Figures:
    """What may be shown. `periods` are years and months that may be chosen."""

    people: int
    attempts: int
    cut: bool
    """Whether there were more attempts than are looked at."""
    framework: str
    spread: Spread | None
    areas: tuple[AreaSpread, ...]
    groups: tuple[GroupLine, ...]
    names: Mapping[str, tuple[str, str]]
    """Names of groups that are organisations."""
    repeat: Comparison | None
    repeated: int
    """How many people tried again; not shown where they are few."""
    area_repeats: tuple[tuple[str, Comparison], ...]
    periods: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ItemLine:
    """An item's figures; None below `ENOUGH` attempts."""

    code: str
    title: str
    version_id: int
    count: int
    figures: ItemFigures | None


@dataclass(frozen=True, slots=True)
class _Row:
    """A judged attempt."""

    test: str
    test_id: int
    person_id: int
    at: datetime
    result: Result


def of_test(session: Session, visitor: Visitor, test_id: int, *, by: By = "oblast", period: str = "") -> Figures:
    """The figures of a test, of all versions of its course. Raises `NotFound`, `NotAllowed`."""
    test = session.get(Test, test_id)
    if test is None:
        raise NotFound("test_unknown", "There is no such test.")
    if not (may_read(visitor) or may_keep(visitor, test.organisation_id)):
        raise NotAllowed("figures_not_yours", "Figures of tests are for trainers, organisers, reviewers and auditors.")
    framework = session.scalar(
        select(TestVersion.spec).where(TestVersion.test_id == test.id).order_by(TestVersion.number.desc()).limit(1)
    )
    return _figures(session, line_of(test), str((framework or {}).get("framework", "")), by, period)


def of_all(session: Session, visitor: Visitor, *, by: By = "oblast", period: str = "", audience: str = "") -> Figures:
    """The figures of all tests together, or of those for an audience; areas are each test's own.

    Raises `NotAllowed`.
    """
    if not may_read(visitor):
        raise NotAllowed("figures_not_yours", "Figures of tests are for trainers, organisers, reviewers and auditors.")
    which = Test.audience.contains(audience, autoescape=True) if audience else true()
    return _figures(session, which, "", by, period)


def _figures(session: Session, which: ColumnElement[bool], framework: str, by: By, period: str) -> Figures:
    rows, audiences = _rows(session, which)
    firsts, lasts = _firsts(rows)
    periods = _periods(firsts)
    if period in periods:
        firsts = [row for row in firsts if _month(row.at).startswith(period)]
    results = [row.result for row in firsts]
    keys, names = _keys(session, which, by, audiences)
    pairs = [(row, last) for row in firsts if (last := lasts.get((row.test, row.person_id))) is not None]
    return Figures(
        people=len({row.person_id for row in firsts}),
        attempts=len(rows),
        cut=len(rows) >= MOST_ANALYSED,
        framework=framework,
        spread=rules.spread(results),
        areas=rules.area_spreads(results) if framework else (),
        groups=rules.grouped((key, row.result) for row in firsts for key in keys(row)),
        names=names,
        repeat=rules.compared([(row.result.total, last.total) for row, last in pairs]),
        repeated=len(pairs),
        area_repeats=_area_repeats([(row.result, last) for row, last in pairs]) if framework else (),
        periods=periods,
    )


def _judged(which: ColumnElement[bool], *columns: Any) -> Select[Any]:
    return (
        select(*columns)
        .select_from(Attempt)
        .join(Test, Test.id == Attempt.test_id)
        .where(which, Attempt.state.in_(JUDGED), Attempt.passed.is_not(None))
        .order_by(Attempt.id.desc())
        .limit(MOST_ANALYSED)
    )


def _rows(session: Session, which: ColumnElement[bool]) -> tuple[list[_Row], dict[int, list[str]]]:
    """Judged attempts, the first one first, and for whom each test is."""
    found = session.execute(
        _judged(
            which,
            Test.code,
            Attempt.test_id,
            Attempt.person_id,
            Attempt.finished_at,
            Attempt.total,
            Attempt.passed,
            Attempt.parts,
        )
    ).all()
    rows = [
        _Row(
            _line(code),
            test_id,
            person_id,
            at,
            Result(
                Fraction(total or 0),
                bool(passed),
                {part.area: part.reached for part in parts_of(parts) if part.area},
                person_id,
            ),
        )
        for code, test_id, person_id, at, total, passed, parts in reversed(found)
    ]
    tests = session.execute(select(Test.id, Test.audience).where(Test.id.in_({row.test_id for row in rows})))
    return rows, {number: audience.split(",") if audience else [] for number, audience in tests}


def _line(code: str) -> str:
    found = LESSON.fullmatch(code)
    return f"{found[1]}/{found[2]}" if found else code


def _firsts(rows: Iterable[_Row]) -> tuple[list[_Row], dict[tuple[str, int], Result]]:
    """Of each person at each test the first attempt, and the last one where it is another."""
    firsts: dict[tuple[str, int], _Row] = {}
    lasts: dict[tuple[str, int], Result] = {}
    for row in rows:
        key = (row.test, row.person_id)
        if key in firsts:
            lasts[key] = row.result
        else:
            firsts[key] = row
    return list(firsts.values()), lasts


def _area_repeats(pairs: Sequence[tuple[Result, Result]]) -> tuple[tuple[str, Comparison], ...]:
    found = []
    for area in sorted({area for first, _ in pairs for area in first.areas}):
        both = [(a.areas[area], b.areas[area]) for a, b in pairs if area in a.areas and area in b.areas]
        if (told := rules.compared(both)) is not None:
            found.append((area, told))
    return tuple(found)


def _month(at: datetime) -> str:
    return day_of(at).strftime("%Y-%m")


def _periods(firsts: Sequence[_Row]) -> tuple[str, ...]:
    """Years and months that may be chosen: those that would not give small groups away beside the others."""
    shown: set[str] = set()
    for length in (4, 7):
        people: dict[str, set[int]] = defaultdict(set)
        for row in firsts:
            people[_month(row.at)[:length]].add(row.person_id)
        shown |= set(people) - rules.hidden_of({key: len(each) for key, each in people.items()})
    return tuple(sorted(shown, reverse=True))


def _keys(
    session: Session, which: ColumnElement[bool], by: By, audiences: Mapping[int, list[str]]
) -> tuple[Callable[[_Row], list[str]], dict[str, tuple[str, str]]]:
    """To which groups an attempt belongs; an empty key for unknown. And the names of organisations."""
    if by == "audience":
        return lambda row: audiences.get(row.test_id) or [""], {}
    if by in {"month", "year"}:
        return lambda row: [_month(row.at)[: 4 if by == "year" else 7]], {}
    people = _judged(which, Attempt.person_id).subquery()
    if by in {"age", "sex", "settlement"}:
        return _by_background(session, select(people.c.person_id), by), {}
    return _by_organisation(session, select(people.c.person_id), by)


def _by_background(session: Session, people: Select[Any], by: By) -> Callable[[_Row], list[str]]:
    column = {
        "age": BackgroundAnswer.age_band,
        "sex": BackgroundAnswer.sex,
        "settlement": BackgroundAnswer.settlement,
    }[by]
    said: dict[int, str] = dict(
        session.execute(
            select(BackgroundAnswer.person_id, column)
            .where(BackgroundAnswer.person_id.in_(people))
            .order_by(BackgroundAnswer.id)
        ).all()
    )
    return lambda row: [said.get(row.person_id, "")]


def _by_organisation(
    session: Session, people: Select[Any], by: By
) -> tuple[Callable[[_Row], list[str]], dict[str, tuple[str, str]]]:
    homes: dict[int, list[tuple[date, date | None, str]]] = defaultdict(list)
    names: dict[str, tuple[str, str]] = {}
    rows = session.execute(
        select(Affiliation.person_id, Affiliation.from_date, Affiliation.to_date, Organisation)
        .join(Organisation, Organisation.id == Affiliation.organisation_id)
        .where(Affiliation.person_id.in_(people))
        .order_by(Affiliation.id)
    )
    for person_id, since, until, home in rows:
        key = {"oblast": home.oblast, "kind": home.kind.value}.get(by, home.code)
        homes[person_id].append((since, until, key))
        if by == "organisation":
            names[home.code] = (home.name_uk, home.name_en)

    def of(row: _Row) -> list[str]:
        day = day_of(row.at)
        fits = [
            key for since, until, key in homes.get(row.person_id, ()) if since <= day and (not until or day < until)
        ]
        return fits[:1] or [""]

    return of, names


def items(session: Session, visitor: Visitor, test_id: int) -> tuple[TestFigures | None, list[ItemLine]]:
    """The figures of a test and of its items, of first attempts; those of items below `ENOUGH` attempts are hidden.

    Draws differ, so an item is set against the rest of the attempts in which it was drawn; the test's own figures are
    given where everybody had the same number of items, each place as a column. What was left out by a ruling, and what
    was never read, does not count.
    """
    test = session.get(Test, test_id)
    if test is None:
        raise NotFound("test_unknown", "There is no such test.")
    if not (may_read(visitor) or may_keep(visitor, test.organisation_id)):
        raise NotAllowed("figures_not_yours", "Figures of tests are for trainers, organisers, reviewers and auditors.")
    rows = session.execute(
        select(
            Attempt.id,
            Attempt.person_id,
            Test.code,
            Item.code,
            Item.title,
            AttemptItem.item_version_id,
            AttemptItem.share,
        )
        .join(Test, Test.id == Attempt.test_id)
        .join(AttemptItem, AttemptItem.attempt_id == Attempt.id)
        .join(ItemVersion, ItemVersion.id == AttemptItem.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(line_of(test), Attempt.state.in_(JUDGED), AttemptItem.weight != "0")
        .order_by(Attempt.id, AttemptItem.position)
        .limit(MOST_ANALYSED * 5)
    )
    first: dict[int, int] = {}
    tables: dict[int, list[tuple[str, Fraction]]] = defaultdict(list)
    known: dict[str, tuple[str, int]] = {}
    for attempt_id, person_id, _, code, title, version_id, share in rows:
        if first.setdefault(person_id, attempt_id) == attempt_id and share is not None:
            tables[attempt_id].append((code, Fraction(share)))
            known[code] = (title, version_id)
    every = list(tables.values())
    counts, figures = _by_item(every)
    lines = [ItemLine(code, *known[code], counts[code], figures.get(code)) for code in sorted(known)]
    return _whole(every), lines


def _whole(tables: list[list[tuple[str, Fraction]]]) -> TestFigures | None:
    if len(tables) < rules.FEW or len({len(table) for table in tables}) != 1:
        return None
    return analyse([[share for _, share in table] for table in tables], [Fraction(1)] * len(tables[0]))


def _by_item(tables: list[list[tuple[str, Fraction]]]) -> tuple[dict[str, int], dict[str, ItemFigures]]:
    pairs: dict[str, list[list[Fraction]]] = defaultdict(list)
    for table in tables:
        total = sum((share for _, share in table), Fraction(0))
        for item, share in table:
            pairs[item].append([share, total - share])
    found = {}
    for item, marks in pairs.items():
        both = analyse(marks, [Fraction(1), Fraction(1)]) if len(marks) >= ENOUGH else None
        if both is not None:
            found[item] = replace(both.items[0], weight=None)  # a weight is one of a whole test
    return {item: len(marks) for item, marks in pairs.items()}, found
