"""Letters to holders of certificates: issued, replaced, revoked, about to expire, renewed, signed anew."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lms.credentials import telling
from lms.credentials.telling import News
from lms.notify.models import OutboxMessage
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write
from web.templating import local

SUBJECTS = {
    News.ISSUED: _("Your certificate: {title}"),
    News.REPLACED: _("Your certificate was replaced: {title}"),
    News.REVOKED: _("Your certificate was revoked: {title}"),
    News.EXPIRING: _("Your certificate expires soon: {title}"),
    News.RENEWED: _("Your certificate was renewed: {title}"),
    News.REISSUED: _("Your certificate was signed anew: {title}"),
}


@renders(telling.KIND)
def news(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """What happened to a certificate, and what its holder can do."""
    contents = message.contents
    what = News(contents["what"])
    told = telling.told(session, contents["certificate"], what, contents["edition"], desk.now)
    if told is None:
        raise Unwanted("It was revoked, replaced or renewed since, or has expired.")
    whom = resolve(session, message.recipient)
    facts = told.snapshot.achievement
    title = facts.name_en if whom.language == "en" and facts.name_en else facts.name
    text, html = write(
        desk,
        "certificate",
        whom.language,
        name=whom.name,
        told=told,
        title=title,
        awarded=_day(datetime.fromisoformat(told.snapshot.awarded_at)),
        until=_day(told.valid_until) if told.valid_until else "",
        url=f"{desk.public_url}/certificates/{told.number}",
    )
    subject = translate(whom.language, SUBJECTS[what]).format(title=title)
    return Letter(whom.address, subject, text, html, whom.name, whom.language)


def _day(moment: datetime) -> str:
    return local(moment).strftime("%d.%m.%Y")
