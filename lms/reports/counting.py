"""Facts, counted: totals, steps and groups of one time and place. Six statements, whatever is asked.

Distinct persons are counted here and not by the database: a set takes a number in a tenth of the time in which SQLite
or PostgreSQL sorts one into its place, and every row goes into one cell (of a step and a group), from which sums are
united.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy.orm import Session

from lms.directory.models import OrganisationKind
from lms.reports import facts
from lms.reports.asked import By, Where
from lms.reports.clock import day_of_mark, numbers_of
from lms.reports.facts import What
from lms.reports.measures import NOTHING, Measure
from lms.reports.periods import Grain, Span, key_of
from lms.statements import fetch

_LEARNT: Mapping[tuple[int, int], tuple[tuple[Measure | None, Measure | None], ...]] = {
    (What.ENROLLED, 0): ((Measure.ENROLMENTS, Measure.ENROLLED),),
    (What.COMPLETED, 0): ((Measure.COMPLETIONS, Measure.LEARNERS),),
    (What.TESTED, 0): ((None, Measure.TESTED),),
    (What.TESTED, 1): ((None, Measure.TESTED), (None, Measure.PASSED)),
    (What.CERTIFIED, 0): ((Measure.CERTIFICATES, Measure.CERTIFIED),),
    (What.CERTIFIED, 1): ((Measure.CERTIFICATES, Measure.CERTIFIED), (Measure.VALID, None)),
    (What.CERTIFIED, 2): ((Measure.CERTIFICATES, Measure.CERTIFIED), (Measure.REVOKED, None)),
}
"""What is counted of each, by what it is and how it stands: how often, how many persons."""
_BY_PLAN = (By.PROGRAMME, By.SERIES, By.PROJECT)
_UNKNOWN = frozenset(each for several in _LEARNT.values() for pair in several for each in pair if each is not None)
"""What belongs to no programme and no series alone."""

_Within = tuple[datetime, datetime, int | None, int | None, int | None]
"""The first instant and the one after the last; numbers of a programme, a series and a project."""
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


class _Event(NamedTuple):
    """An occurrence that was held."""

    step: str
    key: str
    minutes: int


@dataclass(slots=True)
class _Cell:
    """What happened in one step in one group."""

    rows: int = 0
    persons: set[int] = field(default_factory=set)
    things: set[int] = field(default_factory=set)
    homes: set[int] = field(default_factory=set)

    def add(self, persons: list[int]) -> None:
        self.rows += len(persons)
        self.persons.update(persons)

    def take(self, other: _Cell) -> None:
        self.rows += other.rows
        self.persons |= other.persons
        self.things |= other.things
        self.homes |= other.homes

    @property
    def people(self) -> int:
        """Distinct persons; who is known by name alone is none."""
        return len(self.persons) - (0 in self.persons)


class _Places:
    """Organisations: the group of each, which of them are centres, and to which it is narrowed."""

    def __init__(self, session: Session, where: Where, by: By) -> None:
        rows = fetch(session, *facts.organisations())
        key = _KEYS.get(by)
        self.keys: dict[int, str] = {row.id: key(row) for row in rows} if key else {}
        self.centres = {row.id for row in rows if row.kind == OrganisationKind.ASC}
        self.inside = [row.id for row in rows if _is_inside(row, where)] if where.somewhere else None


_KEYS: Mapping[By, Callable[[Any], str]] = {
    By.OBLAST: lambda row: row.oblast,
    By.COMMUNITY: lambda row: row.community_code or row.community,
    By.ORGANISATION: lambda row: row.code,
    By.KIND: lambda row: row.kind,
}


def _is_inside(row: Any, where: Where) -> bool:
    return (
        (not where.oblast or row.oblast == where.oblast)
        and (not where.community or where.community in (row.community_code, row.community))
        and (not where.organisations or row.id in where.organisations)
        and (not where.kind or row.kind == where.kind)
    )


def count(
    session: Session, span: Span, where: Where, by: By, grain: Grain, now: datetime, *, demonstrations: bool = False
) -> Counted:
    """Count what happened in the span. Divided by time, the groups are the steps.

    `demonstrations`: whether certificates that are marked as such count; on a site that is a demonstration itself.
    """
    within: _Within = (span.since, span.until, where.programme_id, where.series_id, where.project_id)
    found, steps = Counted(), _Steps(grain)
    places = _Places(session, where, by)
    events = {
        number: _Event(steps[mark][0], key, minutes)
        for number, mark, minutes, key in fetch(session, *facts.held(*within, by))
    }
    _count_attendance(session, found, events, places, within, by)
    if places.inside is None:
        _count_held(found, events.values(), by)
    views = fetch(session, *facts.streamed(*within)) if places.inside is None else None
    _count_learnt(session, found, steps, places, within, by, now, demonstrations=demonstrations)
    _views(found, events, views, by)
    if by.grain is not None:
        found.groups = found.steps
    return found


class _Steps(dict[str, tuple[str, str]]):
    """The step and the day of each mark (`clock.mark`)."""

    def __init__(self, grain: Grain) -> None:
        super().__init__()
        self._grain = grain

    def __missing__(self, mark: str) -> tuple[str, str]:
        day = day_of_mark(mark)
        found = self[mark] = (key_of(date.fromisoformat(day), self._grain), day)
        return found


def _lines(step: str, key: str, by: By) -> Iterable[tuple[str, str]]:
    """Where something counts: in the sum, in its step, and in its group unless these are the steps."""
    several = (("total", ""), ("step", step), ("group", key))
    return several if by.grain is None else several[:2]


def _count_held(found: Counted, events: Iterable[_Event], by: By) -> None:
    for step, key, minutes in events:
        for part, name in _lines(step, key, by):
            if part == "group" and by.place:
                continue
            line = found.line(part, name)
            line[Measure.OCCURRENCES] = (line[Measure.OCCURRENCES] or 0) + 1
            line[Measure.MINUTES] = (line[Measure.MINUTES] or 0) + minutes


def _count_attendance(
    session: Session, found: Counted, events: Mapping[int, _Event], places: _Places, within: _Within, by: By
) -> None:
    cells: defaultdict[tuple[str, str], _Cell] = defaultdict(_Cell)
    keys = places.keys
    for thing, people in fetch(session, *facts.attended(*within, places.inside)):
        step, key, _minutes = events[thing]
        numbers = numbers_of(people)
        persons, homes = numbers[::2], numbers[1::2]
        if not by.place:
            cell = cells[step, key]
            cell.add(persons)
            cell.things.add(thing)
            cell.homes.update(homes)
            continue
        for person, home in zip(persons, homes, strict=True):
            cell = cells[step, keys.get(home, "")]
            cell.rows += 1
            cell.persons.add(person)
            cell.things.add(thing)
            cell.homes.add(home)
    united: dict[tuple[str, str], _Cell] = {}
    for (step, key), cell in cells.items():
        for line in _lines(step, key, by):
            united.setdefault(line, _Cell()).take(cell)
    for (part, key), cell in united.items():
        figures = found.line(part, key)
        figures |= {Measure.ATTENDANCES: cell.rows, Measure.PERSONS: cell.people}
        figures[Measure.CENTRES] = len(places.centres & cell.homes)
        if places.inside is not None or (part == "group" and by.place):
            # Of a place: what somebody from there attended.
            figures[Measure.OCCURRENCES] = len(cell.things)
            figures[Measure.MINUTES] = sum(events[thing].minutes for thing in cell.things)


def _count_learnt(
    session: Session,
    found: Counted,
    steps: _Steps,
    places: _Places,
    within: _Within,
    by: By,
    now: datetime,
    *,
    demonstrations: bool,
) -> None:
    asked = facts.learnt(*within, now, places.inside, by, demonstrations=demonstrations)
    by_home = by.place or places.inside is not None
    at_home = _homes(session, places) if by_home else None
    inside = frozenset(places.inside) if places.inside is not None else None
    cells: defaultdict[tuple[int, int, str, str], _Cell] = defaultdict(_Cell)
    for what, mark, stands, people, project in fetch(session, *asked):
        step, day = steps[mark]
        persons = numbers_of(people)
        if at_home is None:
            cells[what, stands, step, project or ""].add(persons)
            continue
        for person in persons:
            home = at_home(person, day)
            if inside is None or home in inside:
                cell = cells[what, stands, step, places.keys.get(home, "") if by.place else project or ""]
                cell.rows += 1
                cell.persons.add(person)
    united: dict[tuple[str, str, Measure | None, Measure | None], _Cell] = {}
    for (what, stands, step, key), cell in cells.items():
        for line in _lines(step, key, by):
            for pair in _LEARNT[what, stands]:
                united.setdefault((*line, *pair), _Cell()).take(cell)
    for (part, key, how_often, how_many), cell in united.items():
        figures = found.line(part, key)
        figures |= {how_often: cell.rows} if how_often is not None else {}
        figures |= {how_many: cell.people} if how_many is not None else {}
    if by in (By.PROGRAMME, By.SERIES):
        for figures in found.groups.values():
            figures.update(dict.fromkeys(_UNKNOWN))


def _homes(session: Session, places: _Places) -> Callable[[int, str], int]:
    """Where somebody worked on a day, 0 for nowhere: of several places the one that was entered first."""
    several: dict[int, list[tuple[str, str, int]]] = {}
    for person, home, begins, ends in fetch(session, *facts.affiliations(places.inside)):
        several.setdefault(person, []).append((begins, ends or "9999", home))

    def at_home(person: int, day: str) -> int:
        for begins, ends, home in several.get(person, ()):
            if begins <= day < ends:
                return home
        return 0

    return at_home


def _views(found: Counted, events: Mapping[int, _Event], views: Iterable[Any] | None, by: By) -> None:
    """Views know no place: they are given where nothing else was asked for."""
    for thing, several in views or ():
        step, key, _minutes = events[thing]
        for part, name in _lines(step, key, by):
            line = found.line(part, name)
            line[Measure.VIEWS] = (line[Measure.VIEWS] or 0) + several
    unknown = [] if by in _BY_PLAN or by.grain is not None else [*found.groups.values()]
    if views is None:
        unknown = [found.total, *found.steps.values(), *found.groups.values()]
    for line in unknown:
        line[Measure.VIEWS] = None
