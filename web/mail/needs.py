"""The letter that asks somebody to answer a survey of needs, and the one reminder of it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.needs import asking
from lms.needs.queries import last_day
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders(asking.INVITED)
def invited(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """What it is about, how long it takes and until when. Dropped once the person has answered or it is closed."""
    return _letter(session, message, desk, _("A survey for you, 2 minutes"))


@renders(asking.REMINDER)
def reminder(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """The same once more, shortly before the end."""
    return _letter(session, message, desk, _("Still open for your answers"))


def _letter(session: Session, message: OutboxMessage, desk: Desk, sentence: str) -> Letter:
    _kind, _colon, person = message.recipient.partition(":")
    survey = asking.still_wanted(session, int(message.contents["survey"]), int(person), desk.now)
    if survey is None:
        raise Unwanted("The survey is closed, or the person has answered.")
    whom = resolve(session, message.recipient)
    english = whom.language == "en"
    title = survey.title_en if english and survey.title_en else survey.title
    text, html = write(
        desk,
        "needs",
        whom.language,
        name=whom.name,
        title=title,
        introduction=survey.introduction_en if english and survey.introduction_en else survey.introduction,
        last_day=last_day(survey),
        again=message.kind == asking.REMINDER,
        url=f"{desk.public_url}/needs/{survey.slug}/answer",
    )
    return Letter(whom.address, f"{translate(whom.language, sentence)}: {title}", text, html, whom.name, whom.language)
