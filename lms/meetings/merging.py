"""Two entries of one person, put together: what they attended is counted anew, as one person's presence."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from lms.directory import merging
from lms.directory.rules import Visitor
from lms.meetings.attendance_models import Attendance, AttendanceSheet, RosterEntry
from lms.meetings.models import Connection, Meeting
from lms.meetings.sheets import mark_stale


def merge_people(session: Session, visitor: Visitor, keep_id: int, drop_id: int, now: datetime) -> None:
    """As `lms.directory.merging.merge_people`; sheets in which either of them stands are computed again.

    An approved sheet stays in force: the newer result is shown beside it.
    """
    both, names = (keep_id, drop_id), (f"person:{keep_id}", f"person:{drop_id}")
    counted = select(Attendance.occurrence_id).where(or_(Attendance.person_id.in_(both), Attendance.subject.in_(names)))
    listed = select(RosterEntry.occurrence_id).where(RosterEntry.person_id.in_(both))
    came = select(Meeting.occurrence_id).where(
        Meeting.id.in_(select(Connection.meeting_id).where(Connection.identity.in_(names)))
    )
    number = AttendanceSheet.occurrence_id
    concerned = session.scalars(select(number).where(or_(number.in_(counted), number.in_(listed), number.in_(came))))
    stale = concerned.all()
    merging.merge_people(session, visitor, keep_id, drop_id, now)
    mark_stale(session, stale)
