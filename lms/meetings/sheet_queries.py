"""Reading sheets: what was computed is read, never computed again. A constant number of queries, whoever many came."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, func, select
from sqlalchemy.orm import Session

from lms.directory.models import Organisation
from lms.directory.queries import names_of_people
from lms.directory.rules import Visitor
from lms.meetings import attendance
from lms.meetings.access import seen_by
from lms.meetings.attendance_models import (
    Attendance,
    AttendanceCorrection,
    AttendanceRule,
    AttendanceSheet,
    HeadCount,
    RosterEntry,
    SheetState,
    StreamMetric,
    Verdict,
)
from lms.meetings.presence import WHOLE
from lms.meetings.rules import Period
from lms.meetings.sheet_views import (
    AttendanceView,
    Corrected,
    OwnRow,
    RoomSummary,
    SheetRow,
    SheetView,
    ToApprove,
    Totals,
)
from lms.schedule.models import Occurrence
from lms.schedule.queries import edited_by, occurrence_card
from lms.statements import Fixed, fetch, once

PAGE = 200
MOST_TO_APPROVE = 5
BANDS = 10


_ROW = (
    Attendance.subject,
    Attendance.name,
    Attendance.organisation_id,
    Attendance.organisation,
    Attendance.role,
    Attendance.person_id,
    Attendance.seconds,
    Attendance.window_seconds,
    Attendance.share,
    Attendance.verdict,
    Attendance.evidence,
)
_ROOM = Attendance.subject.startswith("endpoint:")
_ORDER = (_ROOM, Attendance.person_id.is_(None), Attendance.organisation, Attendance.name, Attendance.id)
"""People with accounts, others by name, rooms last."""


def attendance_view(
    session: Session, visitor: Visitor, slug: str, now: datetime, *, page: int = 1, size: int = PAGE
) -> AttendanceView:
    """Everything on the page. Raises `NotFound` or `NotAllowed` (attendance_closed)."""
    card = occurrence_card(session, visitor, slug, now)
    homes = seen_by(visitor, editor=card.may_edit)
    number = card.id
    found = session.execute(*_sheet_of(number)).one_or_none()
    sheet = _sheet(found[0], found[1]) if found else None
    decided = attendance.corrections(session, [number])
    generation = sheet.in_force if sheet else 0
    figures = fetch(session, *_figures(number, generation, homes))
    pages = max(1, -(-len(figures) // size))
    page = min(max(1, page), pages)
    rows = fetch(session, *_rows_of(number, generation, homes, size, (page - 1) * size))
    history = _history(session, number) if homes is None and decided else ()
    return AttendanceView(
        card=card,
        may_edit=card.may_edit,
        organisations=homes,
        sheet=sheet,
        totals=_totals([tuple(each) for each in figures], decided, number),
        rooms=_rooms(session, number, generation, homes),
        rows=tuple(_row(row, decided.get((number, row.subject))) for row in rows),
        pages=pages,
        page=page,
        metrics=_metrics(session, number),
        corrections=history,
        names=_names(session, sheet, decided.values(), history),
    )


@once
def _sheet_of(occurrence_id: int) -> Select[AttendanceSheet, AttendanceRule]:
    return (
        select(AttendanceSheet, AttendanceRule)
        .join(AttendanceRule, AttendanceRule.id == AttendanceSheet.rule_id)
        .where(AttendanceSheet.occurrence_id == occurrence_id)
    )


@once
def _figures(occurrence_id: int, generation: int, homes: frozenset[int] | None) -> Select[str, int, Verdict, int]:
    columns = (Attendance.subject, Attendance.share, Attendance.verdict, Attendance.window_seconds)
    return select(*columns).where(*_scope(occurrence_id, generation, homes))


@once
def _rows_of(
    occurrence_id: int, generation: int, homes: frozenset[int] | None, limit: int, offset: int
) -> Select[*tuple[Any, ...]]:
    query = select(*_ROW).where(*_scope(occurrence_id, generation, homes))
    return query.order_by(*_ORDER).limit(limit).offset(offset)


def all_rows(session: Session, view: AttendanceView) -> list[SheetRow]:
    """Every row that the visitor of the view sees, for a file."""
    number, generation = view.card.id, view.sheet.in_force if view.sheet else 0
    decided = attendance.corrections(session, [number])
    query = select(*_ROW).where(*_scope(number, generation, view.organisations)).order_by(*_ORDER)
    rows = session.execute(query)
    return [_row(row, decided.get((number, row.subject))) for row in rows]


def own(session: Session, person_id: int, occurrence_id: int) -> OwnRow | None:
    """A person's own result of one occurrence."""
    rows = own_history(session, person_id, occurrence_id=occurrence_id)
    return rows[0] if rows else None


def own_history(
    session: Session, person_id: int, *, occurrence_id: int | None = None, limit: int = 50, offset: int = 0
) -> list[OwnRow]:
    """A person's own results, latest occurrence first."""
    rows = session.execute(*_own_rows(person_id, occurrence_id, limit, offset)).all()
    decided = attendance.corrections(session, [row.occurrence_id for row, _, _ in rows])
    return [_own(row, occurrence, state, decided.get((occurrence.id, row.subject))) for row, occurrence, state in rows]


@once
def _own_rows(
    person_id: int, occurrence_id: int | None, limit: int, offset: int
) -> Select[Attendance, Occurrence, SheetState]:
    query = (
        select(Attendance, Occurrence, AttendanceSheet.state)
        .join(AttendanceSheet, AttendanceSheet.occurrence_id == Attendance.occurrence_id)
        .join(Occurrence, Occurrence.id == Attendance.occurrence_id)
        .where(Attendance.person_id == person_id, Attendance.generation == attendance.IN_FORCE)
        .order_by(Occurrence.starts_at.desc(), Occurrence.id.desc())
        .limit(limit)
        .offset(offset)
    )
    return query if occurrence_id is None else query.where(Attendance.occurrence_id == occurrence_id)


def to_approve(session: Session, visitor: Visitor, limit: int = MOST_TO_APPROVE) -> tuple[list[ToApprove], int]:
    """Computed sheets that this organiser may approve, latest first, and how many there are in all."""
    if not visitor.is_organiser and not visitor.organised_occurrences:
        return [], 0
    found = fetch(session, *_computed(visitor, Fixed(limit)))
    return [ToApprove(*shown) for *shown, _total in found], found[0][-1] if found else 0


@once
def _computed(visitor: Visitor, limit: int) -> Select[*tuple[Any, ...]]:
    return (
        select(
            Occurrence.slug,
            Occurrence.title,
            Occurrence.title_en,
            Occurrence.starts_at,
            Occurrence.zone,
            func.count().over(),
        )
        .join(AttendanceSheet, AttendanceSheet.occurrence_id == Occurrence.id)
        .where(AttendanceSheet.state == SheetState.COMPUTED, edited_by(visitor))
        .order_by(Occurrence.starts_at.desc())
        .limit(limit)
    )


def _scope(occurrence_id: int, generation: int, homes: frozenset[int] | None) -> list[Any]:
    conditions: list[Any] = [Attendance.occurrence_id == occurrence_id, Attendance.generation == generation]
    if homes is not None:
        conditions.append(Attendance.organisation_id.in_(homes))
    return conditions


def _sheet(sheet: AttendanceSheet, rule: AttendanceRule) -> SheetView:
    return SheetView(
        sheet.state,
        sheet.stale,
        sheet.computed_at,
        sheet.generation,
        sheet.in_force,
        periods_of(sheet.windows),
        periods_of(sheet.breaks),
        tuple(sheet.notes),
        rule,
        sheet.approved_by,
        sheet.approved_at,
    )


def periods_of(stored: Sequence[Sequence[str]]) -> tuple[Period, ...]:
    """Periods from their stored form."""
    return tuple((datetime.fromisoformat(begin), datetime.fromisoformat(end)) for begin, end in stored)


def _row(row: Attendance | Row[*tuple[Any, ...]], correction: AttendanceCorrection | None) -> SheetRow:
    seconds, share = row.seconds, row.share
    if correction is not None and correction.seconds is not None:
        seconds = correction.seconds
        share = min(WHOLE, seconds * WHOLE // row.window_seconds) if row.window_seconds else 0
    rooms = tuple((int(number), periods_of(each)) for number, each in row.evidence["rooms"].items())
    return SheetRow(
        subject=row.subject,
        name=row.name,
        organisation_id=row.organisation_id,
        organisation=row.organisation,
        role=row.role,
        person_id=row.person_id,
        seconds=seconds,
        window_seconds=row.window_seconds,
        share=share,
        verdict=correction.verdict if correction else row.verdict,
        computed_seconds=row.seconds,
        computed_verdict=row.verdict,
        how=row.evidence["how"],
        listed=tuple(dict.fromkeys(each["state"] for each in row.evidence["listed"])),
        overlap_seconds=row.evidence["overlap_seconds"],
        own=periods_of(row.evidence["own"]),
        rooms=rooms,
        correction=_corrected(correction),
    )


def _corrected(correction: AttendanceCorrection | None) -> Corrected | None:
    if correction is None:
        return None
    return Corrected(
        correction.verdict, correction.seconds, correction.reason, correction.corrected_by, correction.corrected_at
    )


def _totals(
    figures: Sequence[tuple[Any, ...]], decided: dict[tuple[int, str], AttendanceCorrection], occurrence_id: int
) -> Totals:
    verdicts: Counter[Verdict] = Counter()
    bands = [0] * BANDS
    for subject, share, verdict, window_seconds in figures:
        if subject.startswith("endpoint:"):
            continue
        correction = decided.get((occurrence_id, subject))
        verdicts[correction.verdict if correction else verdict] += 1
        if correction and correction.seconds is not None and window_seconds:
            share = correction.seconds * WHOLE // window_seconds
        bands[min(BANDS - 1, share * BANDS // WHOLE)] += 1
    return Totals(
        sum(verdicts.values()),
        verdicts[Verdict.ATTENDED],
        verdicts[Verdict.PARTLY],
        verdicts[Verdict.ABSENT],
        tuple(bands),
    )


def _rooms(
    session: Session, occurrence_id: int, generation: int, homes: frozenset[int] | None
) -> tuple[RoomSummary, ...]:
    connected: Counter[int] = Counter()
    for home, seconds in fetch(session, *_devices(occurrence_id, generation, homes)):
        if home is not None:
            connected[home] = max(connected[home], seconds)
    entries = fetch(session, *_entries(occurrence_id))
    named = Counter(home for home, _, denied in entries if denied is None)
    waiting = Counter(home for home, confirmed, denied in entries if confirmed is None and denied is None)
    heads = _heads(session, occurrence_id)
    numbers = {*connected, *named, *heads}
    if homes is not None:
        numbers &= homes
    if not numbers:
        return ()
    rows = session.scalars(
        select(Organisation).where(Organisation.id.in_(numbers)).order_by(Organisation.name_uk, Organisation.id)
    )
    return tuple(
        RoomSummary(
            each.id,
            each.name_uk,
            each.name_en,
            connected[each.id],
            named[each.id],
            waiting[each.id],
            heads.get(each.id),
        )
        for each in rows
    )


@once
def _devices(occurrence_id: int, generation: int, homes: frozenset[int] | None) -> Select[int | None, int]:
    columns = (Attendance.organisation_id, Attendance.seconds)
    return select(*columns).where(*_scope(occurrence_id, generation, homes), _ROOM)


@once
def _entries(occurrence_id: int) -> Select[int, datetime | None, datetime | None]:
    columns = (RosterEntry.organisation_id, RosterEntry.confirmed_at, RosterEntry.denied_at)
    return select(*columns).where(RosterEntry.occurrence_id == occurrence_id, RosterEntry.removed_at.is_(None))


def _heads(session: Session, occurrence_id: int) -> dict[int, int]:
    return dict(fetch(session, *_latest_heads(occurrence_id)))


@once
def _latest_heads(occurrence_id: int) -> Select[int, int]:
    latest = select(func.max(HeadCount.id)).where(HeadCount.occurrence_id == occurrence_id)
    return select(HeadCount.organisation_id, HeadCount.people).where(
        HeadCount.id.in_(latest.group_by(HeadCount.organisation_id))
    )


def _metrics(session: Session, occurrence_id: int) -> tuple[StreamMetric, ...]:
    return tuple(session.scalars(*_metrics_of(occurrence_id)))


@once
def _metrics_of(occurrence_id: int) -> Select[StreamMetric]:
    query = select(StreamMetric).where(StreamMetric.occurrence_id == occurrence_id)
    return query.order_by(StreamMetric.at, StreamMetric.id)


def _history(session: Session, occurrence_id: int) -> tuple[AttendanceCorrection, ...]:
    return tuple(session.scalars(*_latest_corrections(occurrence_id)))


@once
def _latest_corrections(occurrence_id: int) -> Select[AttendanceCorrection]:
    query = select(AttendanceCorrection).where(AttendanceCorrection.occurrence_id == occurrence_id)
    return query.order_by(AttendanceCorrection.id.desc()).limit(PAGE)


def _names(
    session: Session, sheet: SheetView | None, decided: Any, history: Sequence[AttendanceCorrection]
) -> dict[str, str]:
    actors = {each.corrected_by for each in (*decided, *history)} | ({sheet.approved_by} if sheet else set())
    numbers = {int(actor.partition(":")[2]) for actor in actors if actor.startswith("person:")}
    return names_of_people(session, numbers)


def _own(row: Attendance, occurrence: Occurrence, state: SheetState, correction: AttendanceCorrection | None) -> OwnRow:
    shown = _row(row, correction)
    return OwnRow(
        occurrence.slug,
        occurrence.title,
        occurrence.title_en,
        occurrence.starts_at,
        occurrence.zone,
        shown.seconds,
        shown.window_seconds,
        shown.share,
        shown.verdict,
        state is SheetState.APPROVED,
        correction is not None,
    )
