"""Where mail comes in: a Maildir or an IMAP folder (`lms.notify.inbox.Inbox`), named by one address."""

from __future__ import annotations

import imaplib
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from lms.notify.inbox import Inbox, InboxError
from lms.notify.reading import MOST_BYTES
from web.mail.addresses import ImapAccount, imap_of, maildir_of


def open_inbox(url: str) -> Inbox:
    """The inbox that an address names."""
    if url.startswith("maildir:"):
        return MaildirInbox(maildir_of(url))
    return ImapInbox(imap_of(url))


class MaildirInbox:
    """A folder into which a mail server of this machine delivers: what lies in `new` is new, what was read in `cur`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        """The oldest first, by the time of delivery that begins each file's name."""
        try:
            names = sorted(entry.name for entry in os.scandir(self._folder / "new") if entry.is_file())
        except OSError as error:
            raise InboxError(f"The Maildir {self._folder} cannot be read: {error.strerror}.") from error
        for name in names[:limit]:
            try:
                with open(self._folder / "new" / name, "rb") as file:
                    raw = file.read(MOST_BYTES)
            except FileNotFoundError:
                continue  # another worker was quicker
            except OSError as error:
                raise InboxError(f"A mail in {self._folder} cannot be read: {error.strerror}.") from error
            yield name, raw

    def done(self, handle: str) -> None:
        """Move it to `cur`, marked as seen."""
        (self._folder / "cur").mkdir(exist_ok=True)
        target = self._folder / "cur" / f"{handle.partition(':')[0]}:2,S"
        try:
            os.replace(self._folder / "new" / handle, target)
        except FileNotFoundError:
            return
        except OSError as error:
            raise InboxError(f"A mail in {self._folder} cannot be moved: {error.strerror}.") from error

    def close(self) -> None:
        """Nothing is open."""


class ImapInbox:
    """A folder on an IMAP server (RFC 3501): what is not marked as seen is new. It should be Vikno's alone."""

    def __init__(self, account: ImapAccount, *, context: ssl.SSLContext | None = None, timeout_s: float = 30) -> None:
        self._account = account
        self._context = context
        self._timeout_s = timeout_s
        self._line: imaplib.IMAP4 | None = None

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        """In the order of arrival."""
        with _told(self._account):
            line = self._connect()
            found = _answer(line.uid("SEARCH", "UNSEEN"))
        for number in (found[0] or b"").split()[:limit]:
            with _told(self._account):
                parts = _answer(line.uid("FETCH", number.decode(), f"(BODY.PEEK[]<0.{MOST_BYTES}>)"))
            bodies = [part[1] for part in parts if isinstance(part, tuple)]
            if bodies:
                yield number.decode(), bodies[0]

    def done(self, handle: str) -> None:
        """Mark it as seen."""
        with _told(self._account):
            _answer(self._connect().uid("STORE", handle, "+FLAGS.SILENT", "(\\Seen)"))

    def close(self) -> None:
        """Say goodbye."""
        line, self._line = self._line, None
        if line is not None:
            with suppress(OSError, imaplib.IMAP4.error):
                line.logout()

    def _connect(self) -> imaplib.IMAP4:
        if self._line is None:
            account = self._account
            if account.tls:
                context = self._context or ssl.create_default_context()
                line: imaplib.IMAP4 = imaplib.IMAP4_SSL(
                    account.host, account.port, ssl_context=context, timeout=self._timeout_s
                )
            else:
                line = imaplib.IMAP4(account.host, account.port, timeout=self._timeout_s)
            self._line = line
            line.login(account.user, account.password)
            _answer(line.select(f'"{account.folder}"'))
        return self._line


def _answer(answered: tuple[str, list[Any]]) -> list[Any]:
    kind, parts = answered
    if kind != "OK":
        raise imaplib.IMAP4.error(str(parts[0]) if parts else kind)
    return parts


@contextmanager
def _told(account: ImapAccount) -> Iterator[None]:
    """Whatever goes wrong is an `InboxError` that names the server."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        said = error.args[0] if error.args else type(error).__name__
        words = said.decode("utf-8", "replace") if isinstance(said, bytes) else str(error)
        raise InboxError(f"{account.host}:{account.port}: {' '.join(words.split())[:300]}") from error
