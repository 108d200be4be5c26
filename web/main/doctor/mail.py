"""Whether mail can go out and come in."""

from __future__ import annotations

import ipaddress
from urllib.parse import urlsplit

from lms.notify.inbox import InboxError
from lms.notify.mailer import Unavailable
from web.mail.addresses import smtp_of
from web.mail.inboxes import open_inbox
from web.mail.smtp import SmtpMailer
from web.main.doctor.finding import Finding, broken, doubtful, good
from web.main.settings import Settings

_PATIENCE_S = 5.0


def findings(settings: Settings) -> list[Finding]:
    """The mail server, the sender, the inbox. Nothing is sent, and nothing in the inbox is marked."""
    return [_server(settings), *_sender(settings), *_inbox(settings)]


def _server(settings: Settings) -> Finding:
    if not settings.mail_url:
        what = f"There is no mail server: mails go to {settings.outbox}, and the pages of /mail show them."
        if _is_local(settings):
            return good(what)
        return doubtful(what, "Set VIKNO_MAIL_URL, so that invitations reach people.")
    server = smtp_of(settings.mail_url)
    try:
        SmtpMailer(server, ehlo=settings.sender.host, timeout_s=_PATIENCE_S).check()
    except Unavailable as error:
        return broken(f"The mail server takes nothing: {error}.", "Start it, and check VIKNO_MAIL_URL. Mails wait.")
    if server.security == "none" and server.host not in ("localhost", "127.0.0.1", "::1"):
        return doubtful(
            f"Mail goes to {server} without TLS: others on the way may read it.",
            "Add ?starttls=yes to VIKNO_MAIL_URL, or take smtps://.",
        )
    return good(f"The mail server {server} answers{' and lets us in' if server.user else ''}.")


def _sender(settings: Settings) -> list[Finding]:
    if not settings.mail_url or settings.mail_sender:
        return []
    return [
        doubtful(
            f"Mails come from {settings.sender.address}, made from the public address.",
            "Set VIKNO_MAIL_SENDER to an address that exists: answers and bounces come back there.",
        )
    ]


def _inbox(settings: Settings) -> list[Finding]:
    if not settings.mail_inbox:
        if not settings.mail_url:
            return []
        remedy = "Set VIKNO_MAIL_INBOX to the sender's mailbox, if calendars' answers and bounces shall be seen."
        return [doubtful("No inbox is set: nobody reads what comes back.", remedy)]
    inbox = open_inbox(settings.mail_inbox)
    try:
        list(inbox.new(1))
    except InboxError as error:
        return [broken(f"The inbox cannot be read: {error}", "Check VIKNO_MAIL_INBOX.")]
    finally:
        inbox.close()
    return [good("The inbox can be read.")]


def _is_local(settings: Settings) -> bool:
    host = urlsplit(settings.site_url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
