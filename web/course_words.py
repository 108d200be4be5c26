"""Words for what courses are made of."""

from __future__ import annotations

from lms.courses.models import EnrolmentState, LessonKind, MoveOn, SubmissionState
from web.i18n import mark as _

KINDS = {
    LessonKind.PAGE: _("Reading"),
    LessonKind.FILE: _("File"),
    LessonKind.VIDEO: _("Video"),
    LessonKind.LIVE: _("Live session"),
    LessonKind.TEST: _("Test"),
    LessonKind.TASK: _("Assignment"),
}
AUDIENCES = {
    "citizen": _("Everybody"),
    "asc_staff": _("Staff of the centres"),
    "civil_servant": _("Civil servants"),
    "teacher": _("Teachers"),
    "doctor": _("Doctors"),
    "librarian": _("Librarians"),
}
MOVE_ON = {
    MoveOn.COMPLETED: _("when it was gone through"),
    MoveOn.PASSED: _("when it was passed"),
    MoveOn.COMPLETED_AND_PASSED: _("when it was gone through and passed"),
    MoveOn.COMPLETED_OR_PASSED: _("when it was gone through or passed"),
    MoveOn.NOT_APPLICABLE: _("always: it does not count"),
}
STATES = {
    EnrolmentState.ACTIVE: _("learning"),
    EnrolmentState.COMPLETED: _("completed"),
    EnrolmentState.WITHDRAWN: _("left"),
}
SUBMISSIONS = {
    SubmissionState.SUBMITTED: _("waits for review"),
    SubmissionState.ACCEPTED: _("accepted"),
    SubmissionState.RETURNED: _("to be mended"),
}
