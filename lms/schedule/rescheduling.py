"""Another rule, time or zone for the dates of a series that are still ahead: first as a preview, then for good."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.rules import Visitor
from lms.errors import Conflict
from lms.schedule import actions, rows, series
from lms.schedule.models import Occurrence, Status
from lms.schedule.plan_models import Series, SeriesDate
from lms.schedule.recurrence import ClockNote, Placed, dates_of, place

_OPEN = (Status.DRAFT, Status.PUBLISHED, Status.MOVED)


class Step(StrEnum):
    """What becomes of one date."""

    STAY = "stay"
    BY_HAND = "by_hand"
    MOVE = "move"
    ADD = "add"
    DROP = "drop"


@dataclass(frozen=True, slots=True)
class Future:
    """An occurrence of the series that is still ahead, as far as the plan needs it."""

    slug: str
    title: str
    title_en: str
    status: Status
    planned_local: datetime
    starts_local: datetime
    zone: str
    duration_minutes: int

    @property
    def by_hand(self) -> bool:
        """Whether it was moved away from where the rule had put it."""
        return self.starts_local != place(self.planned_local, self.zone).local


@dataclass(frozen=True, slots=True)
class Change:
    """A line of the preview. `occurrence` is None for a date to be added, `to` for one to be dropped."""

    step: Step
    occurrence: Future | None
    to: Placed | None

    @property
    def skipped(self) -> bool:
        """Whether clocks skip the hour that the rule says."""
        return self.to is not None and self.to.note is ClockNote.SKIPPED


@dataclass(frozen=True, slots=True)
class Schedule:
    """What is wanted from now on. The rule, when it counts, counts from `starts_local`."""

    rule: str
    starts_local: datetime
    zone: str
    duration_minutes: int
    dates: tuple[datetime, ...] = ()
    """Dates besides the rule, or alone."""


def compare(ahead: Sequence[Future], wanted: Sequence[Placed], duration_minutes: int, zone: str) -> list[Change]:
    """What becomes of each date: one that stays on its day stays itself, the others move in their order. Pure.

    A date that somebody moved by hand stays where it is, and takes the place of the date it was planned for.
    """
    by_day = {each.planned.date(): each for each in wanted}
    changes: list[Change] = []
    left: list[Future] = []
    for one in ahead:
        target = by_day.pop(one.planned_local.date(), None)
        if target is None and not one.by_hand:
            left.append(one)
            continue
        step = Step.BY_HAND if one.by_hand or target is None else _step(one, target, duration_minutes, zone)
        changes.append(Change(step, one, target))
    rest = sorted(by_day.values(), key=lambda each: each.planned)
    pairs = min(len(left), len(rest))
    changes += [Change(Step.MOVE, one, to) for one, to in zip(left[:pairs], rest[:pairs], strict=True)]
    changes += [Change(Step.DROP, one, None) for one in left[pairs:]]
    changes += [Change(Step.ADD, None, to) for to in rest[pairs:]]
    return sorted(changes, key=_when)


def preview(session: Session, visitor: Visitor, slug: str, wanted: Schedule, now: datetime) -> list[Change]:
    """What `apply` would do. Raises `NotFound`, `NotAllowed`, `Invalid`."""
    found = series.editable(session, visitor, slug)
    placed = _wanted(session, found, wanted, now)
    return compare(_ahead(session, found, now), placed, wanted.duration_minutes, wanted.zone)


def apply(
    session: Session,
    visitor: Visitor,
    slug: str,
    wanted: Schedule,
    now: datetime,
    *,
    expected_version: int,
    reason: str = "",
) -> list[Change]:
    """Do it: what has begun or is past stays; what was announced is told as moved or cancelled, for the reason.

    Raises as `preview`, `Invalid` (reason_needed: something announced is dropped), `Conflict` (changed_meanwhile).
    """
    found = series.editable(session, visitor, slug)
    if found.version != expected_version:
        raise Conflict("changed_meanwhile", "Somebody else has changed it meanwhile. Read it again, then change it.")
    before = series.state(found)
    placed = _wanted(session, found, wanted, now)
    changes = compare(_ahead(session, found, now), placed, wanted.duration_minutes, wanted.zone)
    found.rule, found.starts_local, found.zone = wanted.rule, wanted.starts_local, wanted.zone
    found.duration_minutes, found.updated_at = wanted.duration_minutes, now
    _write_dates(session, found, wanted, now)
    session.flush()
    for change in changes:
        _take(session, visitor, found, change, wanted, reason, now)
    record(
        session,
        visitor.actor,
        "series.reschedule",
        "series",
        found.id,
        now=now,
        before=before,
        after=series.state(found) | {"reason": reason.strip()[:2000]},
    )
    return changes


def _take(
    session: Session, visitor: Visitor, found: Series, change: Change, wanted: Schedule, reason: str, now: datetime
) -> None:
    if change.step is Step.ADD and change.to is not None:
        series.plan_date(session, visitor, found, change.to.planned, now)
    if change.occurrence is None or change.step is Step.STAY:
        return
    occurrence = series.of_series(session, visitor, found, change.occurrence.slug)
    if change.step is Step.DROP:
        series.drop(session, visitor, occurrence, reason, now)
        return
    if change.to is None:
        return
    occurrence.planned_local = change.to.planned
    if change.step is Step.MOVE:
        session.flush()
        draft = replace(
            rows.draft_of(occurrence),
            starts_local=change.to.local,
            zone=wanted.zone,
            duration_minutes=wanted.duration_minutes,
        )
        actions.edit(session, visitor, occurrence.slug, draft, now, expected_version=occurrence.version, reason=reason)


def _write_dates(session: Session, found: Series, wanted: Schedule, now: datetime) -> None:
    """Dates besides the rule: those of the past are kept as they were, those ahead are what is wanted now."""
    held = {
        each.starts_local: each for each in session.scalars(select(SeriesDate).where(SeriesDate.series_id == found.id))
    }
    for local, each in held.items():
        if place(local, found.zone).at <= now:
            continue
        if each.excluded:
            each.starts_local = datetime.combine(local.date(), wanted.starts_local.time())
        elif local not in wanted.dates:
            session.delete(each)
    for local in sorted(set(wanted.dates)):
        if local in held:
            held[local].excluded = False
        else:
            session.add(SeriesDate(series_id=found.id, starts_local=local))


def _ahead(session: Session, found: Series, now: datetime) -> list[Future]:
    query = (
        select(Occurrence)
        .where(Occurrence.series_id == found.id, Occurrence.status.in_(_OPEN), Occurrence.starts_at > now)
        .order_by(Occurrence.starts_at, Occurrence.id)
    )
    return [
        Future(
            each.slug,
            each.title,
            each.title_en,
            each.status,
            each.planned_local or each.starts_local,
            each.starts_local,
            each.zone,
            each.duration_minutes,
        )
        for each in session.scalars(query)
    ]


def _wanted(session: Session, found: Series, wanted: Schedule, now: datetime) -> list[Placed]:
    """What is wanted of the days ahead; a day that was left out stays left out."""
    out = select(SeriesDate.starts_local).where(SeriesDate.series_id == found.id, SeriesDate.excluded.is_(True))
    left_out = {local.date() for local in session.scalars(out)}
    dates = dates_of(wanted.rule, wanted.starts_local, wanted.dates)
    placed = (place(each, wanted.zone) for each in dates if each.date() not in left_out or each in wanted.dates)
    return [each for each in placed if each.at > now]


def _step(one: Future, target: Placed, duration_minutes: int, zone: str) -> Step:
    same = (one.starts_local, one.duration_minutes, one.zone) == (target.local, duration_minutes, zone)
    return Step.STAY if same else Step.MOVE


def _when(change: Change) -> tuple[datetime, int]:
    if change.to is not None:
        return change.to.local, 0
    assert change.occurrence is not None
    return change.occurrence.starts_local, 1
