"""Rows of workload: how many people an organisation served in an hour, on a date or an average weekday."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.directory.imports.plan import (
    Cells,
    Change,
    Organisations,
    Outcome,
    Plan,
    PlannedRow,
    Problem,
    plan_of,
    width_problem,
)
from lms.directory.imports.reading import Sheet
from lms.directory.imports.values import count_of, day_of, hour_of, weekday_of
from lms.directory.models import Organisation
from lms.directory.register_models import WorkloadSample
from lms.directory.rules import Visitor

Key = tuple[int, date | None, int, int]
"""Organisation, date, weekday, hour."""


@dataclass(frozen=True, slots=True)
class Payload:
    """A figure, and the row that it replaces."""

    key: Key
    count: float
    sample: WorkloadSample | None


def plan(session: Session, visitor: Visitor, sheet: Sheet, mapping: Mapping[str, int]) -> Plan:
    """What becomes of each row, under the permissions of who sent the file."""
    homes = Organisations(session)
    known = {_key(sample): sample for sample in session.scalars(select(WorkloadSample))}
    seen: dict[Key, int] = {}
    return plan_of([_row(visitor, homes, known, sheet, Cells(row, mapping), seen) for row in sheet.rows])


def _row(
    visitor: Visitor,
    homes: Organisations,
    known: Mapping[Key, WorkloadSample],
    sheet: Sheet,
    cells: Cells,
    seen: dict[Key, int],
) -> PlannedRow:
    number, title = cells.row.number, cells["organisation"]
    wide = width_problem(sheet, cells.row)
    if wide:
        return PlannedRow(number, Outcome.REFUSED, title, (wide,))
    problems: list[Problem] = []
    home = (
        homes.find(cells["organisation"]) if cells["organisation"] else Problem("organisation_needed", "organisation")
    )
    if isinstance(home, Problem):
        problems.append(home)
    elif not visitor.imports_everything and home.id not in visitor.imported_organisations:
        problems.append(Problem("other_organisation", "organisation", cells["organisation"]))
    day, weekday, hour, count = _read(cells, problems)
    if problems or not isinstance(home, Organisation) or weekday is None or hour is None or count is None:
        return PlannedRow(number, Outcome.REFUSED, title, tuple(problems))
    key = (home.id, day, weekday, hour)
    if key in seen:
        return PlannedRow(number, Outcome.REFUSED, title, (Problem("twice_in_file", "", str(seen[key])),))
    seen[key] = number
    sample = known.get(key)
    payload = Payload(key, count, sample)
    if sample is None:
        return PlannedRow(
            number, Outcome.CREATE, home.name_uk, changes=(Change("count", "", f"{count:g}"),), payload=payload
        )
    if sample.count == count:
        return PlannedRow(number, Outcome.SAME, home.name_uk, payload=payload)
    change = Change("count", f"{sample.count:g}", f"{count:g}")
    return PlannedRow(number, Outcome.CHANGE, home.name_uk, changes=(change,), payload=payload)


def _read(cells: Cells, problems: list[Problem]) -> tuple[date | None, int | None, int | None, float | None]:
    day, weekday = day_of(cells["day"]) if cells["day"] else None, None
    if cells["day"] and day is None:
        weekday = weekday_of(cells["day"])  # a column "day" may well hold days of the week
        if weekday is None:
            problems.append(Problem("day_unreadable", "day", cells["day"]))
    if day is not None:
        weekday = day.weekday()
    elif cells["weekday"]:
        weekday = weekday_of(cells["weekday"])
        if weekday is None:
            problems.append(Problem("weekday_unreadable", "weekday", cells["weekday"]))
    elif not cells["day"]:
        problems.append(Problem("day_needed", "day"))
    hour, count = hour_of(cells["hour"]), count_of(cells["count"])
    if hour is None:
        problems.append(Problem("hour_unreadable", "hour", cells["hour"]))
    if count is None:
        problems.append(Problem("count_unreadable", "count", cells["count"]))
    return day, weekday, hour, count


def _key(sample: WorkloadSample) -> Key:
    return (sample.organisation_id, sample.day, sample.weekday, sample.hour)


def apply(session: Session, visitor: Visitor, planned: Plan, import_id: int, source: str, now: datetime) -> None:
    """Write what was planned; one entry in the log for each organisation."""
    written: Counter[int] = Counter()
    for row in planned.rows:
        if row.outcome not in (Outcome.CREATE, Outcome.CHANGE):
            continue
        (home, day, weekday, hour), sample = row.payload.key, row.payload.sample
        if sample is None:
            sample = WorkloadSample(organisation_id=home, day=day, weekday=weekday, hour=hour)
            session.add(sample)
        sample.count, sample.source, sample.import_id = row.payload.count, source[:200], import_id
        written[home] += 1
    session.flush()
    for home, number in sorted(written.items()):
        told = {"figures": number, "import": import_id}
        record(session, visitor.actor, "workload.import", "organisation", home, now=now, after=told)
