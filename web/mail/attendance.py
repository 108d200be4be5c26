"""The letter that asks somebody who was named in a roll-call whether it is true."""

from __future__ import annotations

from sqlalchemy.orm import Session

from lms.errors import NotFound
from lms.meetings.roll_call_queries import one_to_confirm
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write


@renders("attendance.confirm")
def confirm(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """With a link that shows the question; answering takes a press there."""
    try:
        shown, entry = one_to_confirm(session, int(message.contents["entry"]))
    except NotFound as gone:
        raise Unwanted("The entry is gone.") from gone
    if entry.removed_at is not None:
        raise Unwanted("The entry was taken back.")
    if entry.confirmed_at is not None or entry.denied_at is not None:
        raise Unwanted("The person has answered already.")
    whom = resolve(session, message.recipient)
    english = whom.language == "en"
    text, html = write(
        desk,
        "presence",
        whom.language,
        name=whom.name,
        title=shown.title_en if english and shown.title_en else shown.title,
        organisation=shown.organisation_en if english and shown.organisation_en else shown.organisation_uk,
        begin=shown.starts_at,
        url=f"{desk.public_url}/presence/{desk.links.sign('presence', entry.id)}",
    )
    subject = translate(whom.language, _("Were you there? Please confirm"))
    return Letter(whom.address, f"{subject}: {shown.title}", text, html, whom.name, whom.language)
