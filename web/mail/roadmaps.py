"""The letter about the day on which a centre looks back on its road map."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.days import day_of
from lms.notify.models import OutboxMessage
from lms.roadmaps import following_up
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders(following_up.KIND)
def follow_up(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Which road map, when one looks back, and which steps are open."""
    number = message.contents["roadmap"]
    told = following_up.told(session, number, message.contents["day"], desk.now)
    if told is None:
        raise Unwanted("The road map is done, was given up, or is looked back on another day.")
    whom = resolve(session, message.recipient)
    today = day_of(desk.now)
    text, html = write(
        desk,
        "roadmap",
        whom.language,
        name=whom.name,
        told=told,
        passed=told.follow_up_on <= today,
        url=f"{desk.public_url}/roadmaps/{number}",
    )
    words = _("Today you look back on the road map: {title}")
    if told.follow_up_on > today:
        words = _("In a few days you look back on the road map: {title}")
    subject = translate(whom.language, words).format(title=told.title)
    return Letter(whom.address, subject, text, html, whom.name, whom.language)
