"""Reviews of what was handed in, by somebody else than who handed it in; and opinions taken off a page."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.audit.actions import record
from lms.courses.editing import editable
from lms.courses.learning import learning_of, of_round, settle
from lms.courses.models import Enrolment, Opinion, Submission, SubmissionState
from lms.directory.rules import Visitor
from lms.errors import Conflict, Invalid, NotAllowed, NotFound


def review(
    session: Session, visitor: Visitor, slug: str, submission_id: int, *, accepted: bool, comment: str, now: datetime
) -> Submission:
    """Accept it, or give it back with a word on what to mend.

    Raises `NotFound`, `NotAllowed` (task_own), `Conflict` (task_reviewed) or `Invalid` (task_comment).
    """
    course = editable(session, visitor, slug)
    found = session.execute(
        select(Submission, Enrolment)
        .join(Enrolment, Enrolment.id == Submission.enrolment_id)
        .where(Submission.id == submission_id, Enrolment.course_id == course.id)
        .with_for_update(of=Submission)
    ).one_or_none()
    if found is None:
        raise NotFound("submission_unknown", "There is no such thing to review.")
    submission, enrolment = found
    if enrolment.person_id == visitor.person_id:
        raise NotAllowed("task_own", "Somebody else reviews what you handed in.")
    if submission.state is not SubmissionState.SUBMITTED:
        raise Conflict("task_reviewed", "It was reviewed already.")
    if len(comment) > 5000 or (not accepted and not comment.strip()):
        raise Invalid("task_comment", "Say what is to be mended, in at most 5000 characters.", "comment")
    submission.state = SubmissionState.ACCEPTED if accepted else SubmissionState.RETURNED
    submission.reviewed_by, submission.reviewed_at, submission.comment = visitor.actor, now, comment.strip()
    if of_round(enrolment, submission.at):
        settle(session, learning_of(session, enrolment.id), submission.key, now, passed=accepted)
    session.flush()
    after = {"lesson": submission.key, "person": enrolment.person_id, "state": submission.state.value}
    record(session, visitor.actor, "task.review", "course", slug, now=now, after=after)
    return submission


def hide_opinion(
    session: Session, visitor: Visitor, slug: str, opinion_id: int, now: datetime, *, hidden: bool
) -> None:
    """Take an opinion's words off the page, or put them back; its stars count in any case."""
    course = editable(session, visitor, slug)
    opinion = session.get(Opinion, opinion_id)
    if opinion is None or opinion.course_id != course.id:
        raise NotFound("opinion_unknown", "There is no such opinion.")
    opinion.hidden_by = visitor.actor if hidden else ""
    session.flush()
    action = "opinion.hide" if hidden else "opinion.show"
    record(session, visitor.actor, action, "course", slug, now=now, after={"opinion": opinion_id})
