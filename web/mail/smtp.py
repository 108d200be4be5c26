"""Sending by SMTP (RFC 5321): one connection for a batch, TLS checked, every answer sorted into later, never, not now.

What an answer means depends on when it comes. Before the recipient is named it concerns the server, or ourselves: all
mail waits. At RCPT it concerns the address, at DATA the mail. A 5xx at RCPT with an enhanced code 5.7.x (RFC 3463: not
permitted) refuses us, not the address: the message fails, but the address is not called dead for it.
"""

from __future__ import annotations

import re
import smtplib
import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from lms.notify import rules
from lms.notify.mailer import Deferred, Mail, MailerError, Refused, Unavailable
from web.mail.addresses import SmtpServer

_ENHANCED = re.compile(r"^\s*([245])\.(\d{1,3})\.(\d{1,3})\b")
_ANSWER_LENGTH = 300
_TOO_LARGE = {"5.3.4", "5.2.3"}


class SmtpMailer:
    """`lms.notify.mailer.Mailer` for a real server. Used by one thread."""

    def __init__(
        self,
        server: SmtpServer,
        *,
        ehlo: str = "localhost",
        timeout_s: float = 60.0,
        deadline_s: float = rules.DEADLINE.total_seconds(),
        context: ssl.SSLContext | None = None,
    ) -> None:
        self._server = server
        self._ehlo = ehlo
        self._timeout_s = timeout_s
        self._deadline_s = deadline_s
        self._context = context or ssl.create_default_context()
        self._line: smtplib.SMTP | None = None

    def send(self, mail: Mail) -> str:
        """Hand it over; what the server said to it."""
        line = self._line or self._connect()
        try:
            with _ended_after(line, self._deadline_s):
                return self._converse(line, mail)
        except MailerError:
            raise
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Deferred(f"The connection to {self._server} broke: {_words(error)}", broken=True) from error

    def close(self) -> None:
        """Say goodbye, if there is somebody to say it to."""
        if self._line is not None:
            with suppress(OSError, smtplib.SMTPException), _ended_after(self._line, 5):
                self._line.quit()
        self._drop()

    def check(self) -> None:
        """Connect and sign in, send nothing. Raises `Unavailable`."""
        self._connect()
        self.close()

    def _connect(self) -> smtplib.SMTP:
        try:
            line = self._new_line()
        except (OSError, smtplib.SMTPException) as error:
            raise Unavailable(f"{self._server}: {_words(error)}") from error
        self._line = line
        try:
            with _ended_after(line, self._deadline_s):
                self._greet(line)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            raise Unavailable(f"{self._server}: {_words(error)}") from error
        return line

    def _new_line(self) -> smtplib.SMTP:
        where = (self._server.host, self._server.port, self._ehlo)
        if self._server.security == "tls":
            return smtplib.SMTP_SSL(*where, timeout=self._timeout_s, context=self._context)
        return smtplib.SMTP(*where, timeout=self._timeout_s)

    def _greet(self, line: smtplib.SMTP) -> None:
        line.ehlo_or_helo_if_needed()
        if self._server.security == "starttls":
            line.starttls(context=self._context)
            line.ehlo_or_helo_if_needed()
        user, password = self._server.user, self._server.password
        if user and (user + password).isascii():
            line.login(user, password)
        elif user:  # smtplib knows ASCII alone; PLAIN is UTF-8 (RFC 4616 section 2)
            code, answer = line.docmd(
                "AUTH", f"PLAIN {b64encode(f'{chr(0)}{user}{chr(0)}{password}'.encode()).decode()}"
            )
            if code != 235:
                raise smtplib.SMTPAuthenticationError(code, answer)

    def _converse(self, line: smtplib.SMTP, mail: Mail) -> str:
        if mail.utf8 and not line.has_extn("smtputf8"):
            raise Refused("The server does not take addresses with other than Latin letters (SMTPUTF8).")
        self._need(line.mail(mail.sender, self._options(line, mail)), _judge_sender)
        self._need(line.rcpt(mail.to), _judge_recipient)
        try:
            answered = line.data(mail.content)
        except smtplib.SMTPDataError as error:  # said no before the content was sent
            answered = (error.smtp_code, _bytes(error.smtp_error))
        return self._need(answered, _judge_content)

    def _options(self, line: smtplib.SMTP, mail: Mail) -> list[str]:
        options = ["SMTPUTF8"] if mail.utf8 else []
        return [*options, f"SIZE={len(mail.content)}"] if line.has_extn("size") else options

    def _need(self, answered: tuple[int, bytes], judge: Callable[[int, str], MailerError]) -> str:
        code, answer = answered
        said = f"{code} {_text(answer)}"
        if 200 <= code < 300:
            return said
        if code in (421, -1):
            self._drop()
            raise Unavailable(f"{self._server} closes the connection: {said}")
        if self._line is not None:
            with suppress(smtplib.SMTPServerDisconnected):
                self._line.rset()
        raise judge(code, said)

    def _drop(self) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()


def _judge_sender(code: int, said: str) -> MailerError:
    if code == 552 or _enhanced(said) in _TOO_LARGE:
        return Refused(f"The server takes no mail of this size: {said}")
    return Unavailable(f"The server does not take mail from this sender: {said}")


def _judge_recipient(code: int, said: str) -> MailerError:
    if code < 500:
        return Deferred(said)
    return Refused(said, address=not _enhanced(said).startswith("5.7."))


def _judge_content(code: int, said: str) -> MailerError:
    return Deferred(said) if code < 500 else Refused(said)


def _enhanced(said: str) -> str:
    """The status code of RFC 3463 after the three digits; empty if there is none."""
    found = _ENHANCED.match(said[3:])
    return ".".join(found.groups()) if found else ""


def _text(answer: bytes) -> str:
    return " ".join(answer.decode("utf-8", "replace").split())[:_ANSWER_LENGTH]


def _bytes(answer: bytes | str) -> bytes:
    return answer if isinstance(answer, bytes) else answer.encode()


def _words(error: BaseException) -> str:
    """What an error says, for people; never what we sent."""
    if isinstance(error, smtplib.SMTPAuthenticationError):
        return f"it does not accept the user or the password ({error.smtp_code})"
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_text(_bytes(error.smtp_error))}"
    if isinstance(error, TimeoutError) or str(error).endswith("timed out"):
        return "no answer in time"
    return str(error) or type(error).__name__


@contextmanager
def _ended_after(line: smtplib.SMTP, seconds: float) -> Iterator[None]:
    """Cut the line when the time is up: a server that sends one letter a minute would never run into a timeout."""

    def cut() -> None:
        if line.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(line.sock, socket.SHUT_RDWR)  # not SSLSocket's, which another thread is using

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
