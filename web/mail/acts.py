"""The letter about a legal act that has changed, to those who heard of it as it was."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage
from lms.schedule import acts
from lms.schedule.plan_models import ActState
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders("act.changed")
def act_changed(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Which act, what has changed, and what was said of it before."""
    act, occurrences = acts.told_of_change(session, message.contents["act"], message.contents["occurrences"])
    if act is None or act.state is ActState.IN_FORCE:
        raise Unwanted("The act is in force as it was explained.")
    whom = resolve(session, message.recipient)
    text, html = write(
        desk,
        "act_changed",
        whom.language,
        name=whom.name,
        act=act,
        repealed=act.state is ActState.REPEALED,
        occurrences=[
            (title if whom.language == "uk" or not en else en, day, f"{desk.public_url}/schedule/{slug}")
            for title, en, day, slug in occurrences
        ],
    )
    subject = translate(whom.language, _("An act that you heard about has changed: {number}")).format(number=act.number)
    return Letter(whom.address, subject, text, html, whom.name, whom.language)
