"""A letter as MIME: what mail servers and calendars understand, and no letter can break out of.

Text and HTML are alternatives. A calendar object is a third alternative with its `method` (RFC 6047 section 2.4), and
an attached file for readers that look there only. Everything is 7-bit, so that no server has to convert it.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime

from web.mail.addresses import Sender, mailbox, one_line
from web.mail.letters import Letter

_SUBJECT_LENGTH = 250
_LINE_LENGTH = 76
_PLAIN = re.compile(r"[A-Za-z0-9 -]{0,60}")
_METHODS = {"REQUEST", "CANCEL", "PUBLISH", "ADD", "REPLY"}


def build(letter: Letter, sender: Sender, message_id: str, now: datetime) -> tuple[bytes, bool]:
    """The mail with CRLF line ends, and whether it needs SMTPUTF8. Raises `AddressError`."""
    to = mailbox(letter.to, letter.to_name)
    utf8 = not to.addr_spec.isascii()
    mail = EmailMessage((SMTPUTF8 if utf8 else SMTP).clone(cte_type="7bit"))
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = message_id
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    if letter.unsubscribe:
        mail["List-Unsubscribe"] = f"<{one_line(letter.unsubscribe)}>"
        mail["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    mail.set_content(letter.text)
    if letter.html:
        mail.add_alternative(letter.html, subtype="html")
    if letter.calendar:
        _add_calendar(mail, letter)
    first = [
        _with_name("From", mailbox(sender.address, sender.name)),
        _with_name("To", to),
        f"Subject: {_words('Subject', one_line(letter.subject)[:_SUBJECT_LENGTH])}",
        f"Content-Language: {'en' if letter.language == 'en' else 'uk'}",
    ]
    return "".join(f"{line}\r\n" for line in first).encode() + mail.as_bytes(), utf8


def _with_name(header: str, address: Address) -> str:
    name = address.display_name
    return f"{header}: {_words(header, name)}\r\n <{address.addr_spec}>" if name else f"{header}: {address.addr_spec}"


def _words(header: str, text: str) -> str:
    """Text for a header, folded (RFC 2047). `email.policy` would lose the blank between two encoded words."""
    if _PLAIN.fullmatch(text):
        return text
    return Header(text, "utf-8", header_name=header, maxlinelen=_LINE_LENGTH).encode(linesep="\r\n")


def _add_calendar(mail: EmailMessage, letter: Letter) -> None:
    method = letter.method.upper()
    if method not in _METHODS:
        raise ValueError(f"{letter.method!r} is no iTIP method.")
    if mail.get_content_type() != "multipart/alternative":
        mail.make_alternative()
    part = EmailMessage(mail.policy)
    part.set_content(letter.calendar.decode(), subtype="calendar", cte="base64", params={"method": method})
    del part["MIME-Version"]
    mail.attach(part)
    mail.add_attachment(
        letter.calendar,
        maintype="application",
        subtype="ics",
        filename="cancel.ics" if method == "CANCEL" else "invite.ics",
    )
