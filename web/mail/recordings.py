"""The letter to those who organise: a recording is about to be deleted."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.media import retention
from lms.media.models import DeletionScope
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders(retention.KIND)
def expiring(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """Which recording, until when it is kept, and what goes then."""
    code = message.contents["recording"]
    told = retention.expiring(session, code, message.contents["day"])
    if told is None:
        raise Unwanted("It is kept until another day, is held, or has been deleted.")
    whom = resolve(session, message.recipient)
    title = told.title_en if whom.language == "en" and told.title_en else told.title
    text, html = write(
        desk,
        "recording",
        whom.language,
        name=whom.name,
        told=told,
        title=title,
        only_raw=told.scope is DeletionScope.RAW,
        url=f"{desk.public_url}/recordings/{code}",
    )
    subject = translate(whom.language, _("A recording will be deleted: {title}")).format(title=title)
    return Letter(whom.address, subject, text, html, whom.name, whom.language)
