"""The letter to somebody who was brought into a class: who did so, what they see, and how to leave."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.courses.classes.models import ClassMember, CourseClass
from lms.courses.classes.rosters import JOINED
from lms.courses.models import Course, CourseVersion, VersionState
from lms.directory.models import Organisation, Person
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders(JOINED)
def joined(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Dropped where they were taken off the list meanwhile."""
    found = session.get(CourseClass, int(message.contents["class"]))
    member = session.get(ClassMember, int(message.contents["member"]))
    if found is None or member is None or member.removed_at is not None or found.closed_at is not None:
        raise Unwanted("They are not in the class any more.")
    whom = resolve(session, message.recipient)
    slug, version = session.execute(
        select(Course.slug, CourseVersion)
        .join(CourseVersion, CourseVersion.course_id == Course.id)
        .where(Course.id == found.course_id, CourseVersion.state != VersionState.DRAFT)
        .order_by(CourseVersion.number.desc())
        .limit(1)
    ).one()
    home = session.get_one(Organisation, found.organisation_id)
    english = whom.language == "en"
    subject = translate(whom.language, _("You are in a class"))
    text, html = write(
        desk,
        "class",
        whom.language,
        name=whom.name,
        title=found.title,
        subject=subject,
        course=version.title_en if english and version.title_en else version.title_uk,
        place=home.name_en if english and home.name_en else home.name_uk,
        room=found.room,
        facilitator=session.get_one(Person, found.facilitator_id).display_name,
        url=f"{desk.public_url}/courses/{slug}",
    )
    return Letter(whom.address, f"{subject}: {found.title}", text, html, whom.name, whom.language)
