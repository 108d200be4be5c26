"""Two entries of one person or of one organisation, put together: what they attended is counted anew, as one's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ColumnElement, String, cast, or_, select
from sqlalchemy.orm import Session

from lms.directory import merging
from lms.directory.access_models import Endpoint
from lms.directory.models import Affiliation
from lms.directory.rules import Visitor
from lms.meetings.attendance_models import Attendance, AttendanceSheet, RosterEntry
from lms.meetings.models import Connection, Meeting
from lms.meetings.sheets import mark_stale

_SHEET = AttendanceSheet.occurrence_id


def merge_people(session: Session, visitor: Visitor, keep_id: int, drop_id: int, now: datetime) -> None:
    """As `lms.directory.merging.merge_people`; sheets in which either of them stands are computed again.

    An approved sheet stays in force: the newer result is shown beside it.
    """
    both, names = (keep_id, drop_id), (f"person:{keep_id}", f"person:{drop_id}")
    counted = select(Attendance.occurrence_id).where(or_(Attendance.person_id.in_(both), Attendance.subject.in_(names)))
    listed = select(RosterEntry.occurrence_id).where(RosterEntry.person_id.in_(both))
    stale = _sheets(session, or_(_SHEET.in_(counted), _SHEET.in_(listed), _came(Connection.identity.in_(names))))
    merging.merge_people(session, visitor, keep_id, drop_id, now)
    mark_stale(session, stale)


def merge_organisations(session: Session, visitor: Visitor, keep_id: int, drop_id: int, now: datetime) -> None:
    """As `lms.directory.merging.merge_organisations`; sheets in which either stands are computed again.

    Two rooms become the rooms of one organisation: whoever was listed in one of them was there as long as either was
    connected, and people of both are people of one. An approved sheet stays in force here, too.
    """
    both = (keep_id, drop_id)
    counted = select(Attendance.occurrence_id).where(Attendance.organisation_id.in_(both))
    listed = select(RosterEntry.occurrence_id).where(RosterEntry.organisation_id.in_(both))
    devices = select("endpoint:" + cast(Endpoint.id, String)).where(Endpoint.organisation_id.in_(both))
    people = select("person:" + cast(Affiliation.person_id, String)).where(Affiliation.organisation_id.in_(both))
    came = or_(Connection.identity.in_(devices), Connection.identity.in_(people))
    stale = _sheets(session, or_(_SHEET.in_(counted), _SHEET.in_(listed), _came(came)))
    merging.merge_organisations(session, visitor, keep_id, drop_id, now)
    mark_stale(session, stale)


def _came(connected: ColumnElement[bool]) -> ColumnElement[bool]:
    """SQL for sheets of occurrences in whose meetings these were."""
    meetings = select(Connection.meeting_id).where(connected)
    return _SHEET.in_(select(Meeting.occurrence_id).where(Meeting.id.in_(meetings)))


def _sheets(session: Session, concerned: ColumnElement[bool]) -> list[int]:
    """Before anything moves: afterwards nobody knows any more what belonged to which of the two."""
    return list(session.scalars(select(_SHEET).where(concerned)))
