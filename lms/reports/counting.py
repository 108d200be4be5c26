"""Facts, grouped: totals, steps and groups of one time and place. Four statements, whatever is asked."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import CTE, BigInteger, CompoundSelect, Select, String, cast, func, literal, null, select, union_all
from sqlalchemy.orm import Session

from lms.meetings.attendance_models import StreamMetric
from lms.reports import facts
from lms.reports.asked import By, Where
from lms.reports.clock import step
from lms.reports.measures import NOTHING, Measure
from lms.reports.periods import Grain, Span
from lms.schedule.models import Occurrence
from lms.schedule.plan_models import Series
from lms.statements import fetch, once

_LEARNT: dict[str, tuple[Measure | None, Measure | None]] = {
    "enrolled": (Measure.ENROLMENTS, Measure.ENROLLED),
    "completed": (Measure.COMPLETIONS, Measure.LEARNERS),
    "tested": (None, Measure.TESTED),
    "passed": (None, Measure.PASSED),
    "certified": (Measure.CERTIFICATES, Measure.CERTIFIED),
    "valid": (Measure.VALID, None),
    "revoked": (Measure.REVOKED, None),
}
"""What is counted of each: how often, how many persons."""
_BY_PLAN = (By.PROGRAMME, By.SERIES)
_UNKNOWN_BY_PLAN = frozenset(each for pair in _LEARNT.values() for each in pair if each is not None)

Line = dict[Measure, int | None]


@dataclass(slots=True)
class Counted:
    """Figures as a whole, by step and by group. A step or group with nothing in it is missing."""

    total: Line = field(default_factory=lambda: dict(NOTHING))
    steps: dict[str, Line] = field(default_factory=dict)
    groups: dict[str, Line] = field(default_factory=dict)

    def line(self, part: str, key: str) -> Line:
        """Where a figure goes."""
        if part == "total":
            return self.total
        lines = self.steps if part == "step" else self.groups
        return lines.setdefault(key, dict(NOTHING))


def count(
    session: Session, span: Span, where: Where, by: By, grain: Grain, now: datetime, *, demonstrations: bool = False
) -> Counted:
    """Count what happened in the span. Divided by time, the groups are the steps.

    `demonstrations`: whether certificates that are marked as such count; on a site that is a demonstration itself.
    """
    found = Counted()
    within: dict[str, Any] = {"since": span.since, "until": span.until, "by": by, "grain": grain}
    within |= {"programme": where.programme_id, "series": where.series_id}
    place: dict[str, Any] = {"oblast": where.oblast or None, "community": where.community or None}
    place |= {"organisations": where.organisations or None, "kind": where.kind or None}
    by_place = by.place
    for row in fetch(session, *_attendances(**within, **place)):
        line = found.line(row.part, row.key)
        of_place = where.somewhere or (row.part == "group" and by_place)
        if row.minutes is not None:
            line |= {Measure.MINUTES: row.minutes} if of_place else {}
            continue
        line |= {Measure.ATTENDANCES: row.rows, Measure.PERSONS: row.persons, Measure.CENTRES: row.centres}
        line |= {Measure.OCCURRENCES: row.things} if of_place else {}
    for row in fetch(session, *_occurrences(**within)) if not where.somewhere else ():
        if row.part != "group" or not by_place:
            found.line(row.part, row.key).update({Measure.OCCURRENCES: row.things, Measure.MINUTES: row.minutes})
    learnt = _learnt(**within, **place, now=now, demonstrations=demonstrations)
    for row in fetch(session, *learnt):
        how_often, persons = _LEARNT[row.what]
        line = found.line(row.part, row.key)
        line |= {each: value for each, value in ((how_often, row.rows), (persons, row.persons)) if each is not None}
    _views(session, found, within, where, by)
    return _finished(found, by)


def _finished(found: Counted, by: By) -> Counted:
    if by.grain is not None:
        found.groups = found.steps
    elif by in _BY_PLAN:
        for line in found.groups.values():
            line.update(dict.fromkeys(_UNKNOWN_BY_PLAN))
    return found


def _views(session: Session, found: Counted, within: dict[str, Any], where: Where, by: By) -> None:
    """Views know no place: they are given where nothing else was asked for."""
    asked = {name: value for name, value in within.items() if name != "by"}
    if not where.somewhere:
        for row in fetch(session, *_streams(**asked)):
            found.line("step", row.key)[Measure.VIEWS] = row.views
            found.total[Measure.VIEWS] = (found.total[Measure.VIEWS] or 0) + row.views
    unknown = [found.total, *found.steps.values()] if where.somewhere else []
    for line in [*unknown, *found.groups.values()]:
        line[Measure.VIEWS] = None


def _parts(rows: CTE, aggregates: Callable[[CTE], list[Any]], by: By, *first: Any) -> list[Select[*tuple[Any, ...]]]:
    """The same aggregates of all rows, of each step, and of each group unless these are the steps."""

    def part(name: str, key: Any, *group: Any) -> Select[*tuple[Any, ...]]:
        chosen = select(literal(name, String(8)).label("part"), key.label("key"), *first, *aggregates(rows))
        return chosen.group_by(*first, *group) if first or group else chosen

    several = [part("total", literal("", String(1))), part("step", rows.c.step, rows.c.step)]
    if by.grain is None:
        several.append(part("group", rows.c.key, rows.c.key))
    return several


@once
def _attendances(
    since: datetime,
    until: datetime,
    oblast: str | None,
    community: str | None,
    organisations: Collection[int] | None,
    kind: str | None,
    programme: int | None,
    series: int | None,
    by: By,
    grain: Grain,
) -> CompoundSelect[*tuple[Any, ...]]:
    place = facts.of_place(oblast, community, organisations, kind)
    rows = facts.attended(since, until, place, programme, series, by, grain).cte("attended")
    several = _parts(
        rows,
        lambda each: [
            func.count().label("rows"),
            func.count(each.c.person.distinct()).label("persons"),
            func.count(each.c.thing.distinct()).label("things"),
            func.count(each.c.centre.distinct()).label("centres"),
            cast(null(), BigInteger).label("minutes"),
        ],
        by,
    )
    return union_all(*several, *_lengths(rows, by, bool(place)))


def _lengths(rows: CTE, by: By, narrowed: bool) -> list[Select[*tuple[Any, ...]]]:
    """Minutes of the occurrences that somebody from there attended, each once; in the columns of the counts."""

    def part(name: str, of: CTE, key: Any, *group: Any) -> Select[*tuple[Any, ...]]:
        nothing = [literal(0) for _ in range(4)]
        return select(literal(name, String(8)), key, *nothing, _sum(of)).group_by(*group)

    found = []
    if narrowed:
        whole = select(rows.c.step, rows.c.thing, rows.c.minutes).distinct().cte("whole")
        found += [part("total", whole, literal("", String(1))), part("step", whole, whole.c.step, whole.c.step)]
    if by.grain is None and (by.place or narrowed):
        single = select(rows.c.key, rows.c.thing, rows.c.minutes).distinct().cte("single")
        found.append(part("group", single, single.c.key, single.c.key))
    return found


@once
def _occurrences(
    since: datetime, until: datetime, programme: int | None, series: int | None, by: By, grain: Grain
) -> CompoundSelect[*tuple[Any, ...]]:
    rows = facts.held(since, until, programme, series, by, grain).cte("held")
    return union_all(*_parts(rows, lambda each: [func.count().label("things"), _sum(each)], by))


@once
def _learnt(
    since: datetime,
    until: datetime,
    now: datetime,
    oblast: str | None,
    community: str | None,
    organisations: Collection[int] | None,
    kind: str | None,
    programme: int | None,
    series: int | None,
    by: By,
    grain: Grain,
    *,
    demonstrations: bool,
) -> CompoundSelect[*tuple[Any, ...]]:
    place = facts.of_place(oblast, community, organisations, kind)
    several = facts.learnt(since, until, now, place, programme, series, by, grain, demonstrations=demonstrations)
    rows = union_all(*several).cte("learnt")
    aggregates = [func.count().label("rows"), func.count(rows.c.person.distinct()).label("persons")]
    return union_all(*_parts(rows, lambda _each: aggregates, by, rows.c.what))


@once
def _streams(
    since: datetime, until: datetime, programme: int | None, series: int | None, grain: Grain
) -> Select[*tuple[Any, ...]]:
    """Views by step: of each occurrence and source the largest figure."""
    largest = func.max(func.coalesce(StreamMetric.total, StreamMetric.concurrent, 0))
    rows = (
        select(step(Occurrence.starts_at, grain).label("key"), largest.label("views"))
        .join(Occurrence, Occurrence.id == StreamMetric.occurrence_id)
        .outerjoin(Series, Series.id == Occurrence.series_id)
        .where(*facts.planned(since, until, programme, series))
        .group_by(StreamMetric.occurrence_id, StreamMetric.source, Occurrence.starts_at)
        .subquery()
    )
    return select(rows.c.key, func.sum(rows.c.views).label("views")).group_by(rows.c.key)


def _sum(rows: CTE) -> Any:
    return func.coalesce(func.sum(rows.c.minutes), 0).label("minutes")
