"""The letter to somebody who is to do a course again, with the reason of who asks it."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.again import AGAIN
from lms.courses.models import Course, CourseVersion, Enrolment, EnrolmentState
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders(AGAIN)
def again(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Dropped where they have finished it or left meanwhile."""
    row = session.execute(
        select(Enrolment, Course.slug, CourseVersion)
        .join(Course, Course.id == Enrolment.course_id)
        .join(CourseVersion, CourseVersion.id == Enrolment.version_id)
        .where(Enrolment.id == int(message.contents["enrolment"]))
    ).one_or_none()
    if row is None or row[0].state is not EnrolmentState.ACTIVE:
        raise Unwanted("They have finished the course, or left it.")
    enrolment, slug, version = row
    whom = resolve(session, message.recipient)
    title = version.title_en if whom.language == "en" and version.title_en else version.title_uk
    subject = translate(whom.language, _("A course is to be done again"))
    text, html = write(
        desk,
        "course",
        whom.language,
        name=whom.name,
        title=title,
        subject=subject,
        reason=str(message.contents["reason"]),
        due_on=enrolment.due_on,
        url=f"{desk.public_url}/courses/{slug}",
    )
    return Letter(whom.address, f"{subject}: {title}", text, html, whom.name, whom.language)
