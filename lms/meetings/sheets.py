"""The sheet of an occurrence: there is one as soon as there is something to count, and it knows when it is out of date.

Whoever changes what attendance is counted from says so here, in the same transaction, and holds the sheet's row from
then on: a computation that runs meanwhile waits, or is repeated.
"""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.database import lock
from lms.errors import NotFound
from lms.meetings.attendance_models import AttendanceRule, AttendanceSheet

DEFAULT_CODE = "default"


def newest_rule(session: Session, code: str = DEFAULT_CODE) -> AttendanceRule:
    """The rule's newest version that is not retired. Raises `NotFound`."""
    found = session.scalar(
        select(AttendanceRule)
        .where(AttendanceRule.code == code, AttendanceRule.retired_at.is_(None))
        .order_by(AttendanceRule.version.desc())
        .limit(1)
    )
    if found is None:
        raise NotFound("rule_unknown", f"There is no rule {code} in force. Add a version of it first.")
    return found


def mark_stale(session: Session, occurrence_ids: Collection[int]) -> None:
    """Something was learnt: the sheets have to be computed (again). Makes those that are missing."""
    for number in sorted(set(occurrence_ids)):
        if not _touched(session, number):
            sheet_of(session, number).stale = True
    session.flush()


def sheet_of(session: Session, occurrence_id: int) -> AttendanceSheet:
    """The occurrence's sheet, locked; made with the newest default rule if there is none."""
    try:
        return lock(session, AttendanceSheet, occurrence_id)
    except NotFound:
        pass
    rule = newest_rule(session)
    try:
        with session.begin_nested():
            session.add(AttendanceSheet(occurrence_id=occurrence_id, rule_id=rule.id, stale=True))
    except IntegrityError:  # somebody else made it at this instant
        pass
    return lock(session, AttendanceSheet, occurrence_id)


def _touched(session: Session, occurrence_id: int) -> bool:
    # Written even where it is true already: the row's lock keeps a computation from ending before this transaction.
    done = session.execute(
        update(AttendanceSheet).where(AttendanceSheet.occurrence_id == occurrence_id).values(stale=True)
    )
    return bool(done.rowcount)  # type: ignore[attr-defined]
