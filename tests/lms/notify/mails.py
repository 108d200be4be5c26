"""Mails as other programs write them, cut to what matters; the forms are theirs, names and addresses are made up."""

from __future__ import annotations

import base64

UID = "occurrence-7@vikno.test"


def ics(
    *,
    method: str = "REPLY",
    status: str = "ACCEPTED",
    attendee: str = "olena@example.org",
    more: str = "",
    sequence: int = 2,
) -> str:
    """An answer as an object."""
    return (
        "BEGIN:VCALENDAR\r\nPRODID:-//Somebody//Calendar//EN\r\nVERSION:2.0\r\n"
        f"METHOD:{method}\r\nBEGIN:VEVENT\r\nUID:{UID}\r\nSEQUENCE:{sequence}\r\nDTSTAMP:20261125T081500Z\r\n"
        "DTSTART:20261202T080000Z\r\nDTEND:20261202T093000Z\r\nORGANIZER:mailto:vikno@vikno.test\r\n"
        f"ATTENDEE;PARTSTAT={status};CN=Олена:mailto:{attendee}\r\n{more}"
        "SUMMARY:Консультація\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    )


def _lines(*lines: str) -> bytes:
    return "\r\n".join(lines).encode()


def _head(subject: str, number: str = "r1") -> str:
    return (
        f"From: Olena <Olena@example.org>\r\nTo: vikno@vikno.test\r\nSubject: {subject}\r\n"
        f"Message-ID: <{number}@mail.example.org>\r\nMIME-Version: 1.0"
    )


GMAIL = _lines(
    _head("=?UTF-8?B?0J/RgNC40LnQvdGP0YLQvg==?="),
    'Content-Type: multipart/mixed; boundary="000a"',
    "",
    "--000a",
    'Content-Type: multipart/alternative; boundary="000b"',
    "",
    "--000b",
    'Content-Type: text/plain; charset="UTF-8"',
    "Content-Transfer-Encoding: base64",
    "",
    base64.b64encode("Олена прийняла це запрошення.".encode()).decode(),
    "--000b",
    'Content-Type: text/calendar; charset="UTF-8"; method=REPLY',
    "Content-Transfer-Encoding: 7bit",
    "",
    ics(more="COMMENT:Буду вчасно\r\n"),
    "--000b--",
    "--000a",
    'Content-Type: application/ics; name="invite.ics"',
    'Content-Disposition: attachment; filename="invite.ics"',
    "Content-Transfer-Encoding: base64",
    "",
    base64.encodebytes(ics(more="COMMENT:Буду вчасно\r\n").encode()).decode(),
    "--000a--",
    "",
)
"""Alternative and attachment say the same."""

OUTLOOK = _lines(
    _head("Declined: Консультація", "r2"),
    "Content-Type: multipart/alternative; boundary=_000_",
    "",
    "--_000_",
    'Content-Type: text/plain; charset="us-ascii"',
    "",
    "",
    "--_000_",
    'Content-Type: text/calendar; charset="utf-8"; method=REPLY',
    "Content-Transfer-Encoding: base64",
    "",
    base64.encodebytes(
        ics(
            status="DECLINED",
            attendee="OLENA@EXAMPLE.ORG",
            more="COMMENT;LANGUAGE=uk-UA:У відпустці\\, на жаль\r\nX-MICROSOFT-CDO-BUSYSTATUS:FREE\r\n",
        ).encode()
    ).decode(),
    "--_000_--",
    "",
)

APPLE = _lines(
    _head("Re: Консультація", "r3"),
    "Content-Type: multipart/mixed; boundary=Apple-Mail",
    "",
    "--Apple-Mail",
    "Content-Type: text/plain; charset=utf-8",
    "",
    "Олена відповіла: можливо",
    "--Apple-Mail",
    "Content-Type: text/calendar; name=iCal-20261125.ics; charset=utf-8",
    "Content-Disposition: attachment; filename=iCal-20261125.ics",
    "Content-Transfer-Encoding: quoted-printable",
    "",
    ics(status="TENTATIVE").replace("=", "=3D").replace("ATTENDEE;PARTSTAT=3D", "ATTENDEE;PART=\r\nSTAT=3D"),
    "--Apple-Mail--",
    "",
)
"""No `method` parameter, quoted-printable, an attachment alone."""

BARE = _lines(_head("Re", "r4"), "Content-Type: text/calendar; method=REPLY", "", ics())
"""The object is the whole mail."""

OCTETS = _lines(
    _head("Re", "r5"),
    'Content-Type: multipart/mixed; boundary="x"',
    "",
    "--x",
    "Content-Type: application/octet-stream; name=antwort.ics",
    "Content-Transfer-Encoding: base64",
    "",
    base64.encodebytes(ics().encode()).decode(),
    "--x--",
    "",
)

DELEGATED = _lines(
    _head("Re", "r6"),
    "Content-Type: text/calendar; method=REPLY; charset=utf-8",
    "",
    ics(
        status="DELEGATED",
        more='ATTENDEE;PARTSTAT=NEEDS-ACTION;DELEGATED-FROM="mailto:olena@example.org":mailto:petro@example.org\r\n',
    ),
)

COUNTER = _lines(
    _head("New time proposed", "r7"),
    "Content-Type: text/calendar; method=COUNTER; charset=utf-8",
    "",
    ics(method="COUNTER", status="TENTATIVE"),
)

BROKEN_LINES = _lines(
    _head("Re", "r8"),
    "Content-Type: text/calendar; method=REPLY; charset=utf-8",
    "",
    "Олена прийняла\n" + ics(more="this is no property\r\n").replace("\r\n", "\n"),
)
"""Text before the object, bare LF, a line that is nothing."""

REQUEST = _lines(_head("Fwd", "r9"), "Content-Type: text/calendar; method=REQUEST", "", ics(method="REQUEST"))
"""Somebody sends an invitation of ours back: a letter."""


def dsn(
    original: str,
    *,
    status: str = "5.1.1",
    action: str = "failed",
    recipient: str = "olena@example.org",
    returned: str = "message/rfc822",
) -> bytes:
    """A report of RFC 3464 as Postfix writes it."""
    return _lines(
        "From: MAILER-DAEMON@mail.example.org (Mail Delivery System)",
        "Return-Path: <>",
        "Subject: Undelivered Mail Returned to Sender",
        "To: vikno@vikno.test",
        f"Message-ID: <dsn-{action}-{status}-{recipient}@mail.example.org>",
        "Auto-Submitted: auto-replied",
        "MIME-Version: 1.0",
        'Content-Type: multipart/report; report-type=delivery-status; boundary="b"',
        "",
        "--b",
        "Content-Type: text/plain; charset=us-ascii",
        "",
        "I'm sorry to have to inform you that your message could not be delivered.",
        "--b",
        "Content-Type: message/delivery-status",
        "",
        "Reporting-MTA: dns; mail.example.org",
        "Arrival-Date: Wed, 25 Nov 2026 07:00:00 +0000 (UTC)",
        "",
        f"Final-Recipient: rfc822; {recipient}",
        f"Action: {action}",
        f"Status: {status}",
        "Diagnostic-Code: smtp; 550 5.1.1 <olena@example.org>: Recipient address",
        "    rejected: User unknown",
        "",
        "--b",
        f"Content-Type: {returned}",
        "",
        "From: vikno@vikno.test",
        f"Message-ID: {original}",
        "Subject: =?utf-8?B?0KLQtdC80LA=?=",
        "",
        "--b--",
        "",
    )


EXIM = _lines(
    "From: Mail Delivery System <Mailer-Daemon@example.org>",
    "Return-path: <>",
    "X-Failed-Recipients: olena@example.org",
    "Auto-Submitted: auto-replied",
    "Subject: Mail delivery failed: returning message to sender",
    "Message-Id: <E1exim@example.org>",
    "",
    "This message was created automatically by mail delivery software.",
)
"""The older form without a report."""

VACATION = _lines(
    "From: Olena <olena@example.org>",
    "Auto-Submitted: auto-replied (vacation)",
    "Subject: =?koi8-u?B?9yDXpsTX1dPUw6Y=?=",
    "Message-ID: <vacation@example.org>",
    "",
    "Мене немає до понеділка.",
)

OUTLOOK_VACATION = _lines(
    "From: Olena <olena@example.org>",
    "X-Auto-Response-Suppress: All",
    "Auto-Submitted: auto-generated",
    "Subject: Automatic reply",
    "Message-ID: <ooo@example.org>",
    "",
    "x",
)

LETTER = _lines(
    "From: =?windows-1251?B?zuvl7eA=?= <olena@example.org>",
    "Subject: =?windows-1251?B?z+jy4O3t/w==?=",
    "Message-ID: <letter@example.org>",
    "Content-Type: text/plain; charset=windows-1251",
    "",
) + "\r\nДобрий день, є питання.".encode("windows-1251")
