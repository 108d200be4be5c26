"""Letters about somebody's account: the one-time link to choose a password."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session

from lms.directory import accounts
from lms.errors import Refusal
from lms.notify.actions import enqueue
from lms.notify.models import OutboxMessage
from lms.sealing import Sealer
from lms.secret import fingerprint
from web.i18n import mark as _
from web.i18n import translate
from web.mail.letters import Desk, Letter, Unwanted, renders
from web.mail.recipients import resolve
from web.mail.writing import write

PASSWORD_LINK = "account.password_link"  # noqa: S105 - the name of a kind of message


def send_password_link(
    session: Session, sealer: Sealer, token: str, recipient: str, name: str, now: datetime, language: str = "uk"
) -> None:
    """Queue the letter with a one-time link that was just made. The token stands sealed in the outbox, nowhere else."""
    contents = {"name": name, "language": language}
    key = f"password-link:{fingerprint(token)[:32]}"
    enqueue(session, key, PASSWORD_LINK, recipient, contents, now=now, sealed=sealer.seal(token))


@renders(PASSWORD_LINK)
def password_link(session: Session, message: OutboxMessage, desk: Desk) -> Letter:
    """An invitation, or a link for who forgot the password; the token is sealed in the message."""
    if not message.sealed:
        raise Unwanted("The link is gone; make a new one.")
    token = desk.sealer.open(message.sealed)
    try:
        link = accounts.check_link(session, token, desk.now)
    except Refusal as refused:
        raise Unwanted(refused.detail) from refused
    whom = resolve(session, message.recipient)
    language = str(message.contents.get("language") or whom.language)
    name = str(message.contents.get("name") or whom.name)
    text, html = write(
        desk,
        "password_link",
        language,
        name=name,
        url=f"{desk.public_url}/welcome/{token}",
        until=link.expires_at,
        email=whom.address,
    )
    return Letter(whom.address, translate(language, _("Your account in Vikno")), text, html, name, language)
