"""Where mail comes in: a Maildir or an IMAP folder (`lms.notify.inbox.Inbox`), named by one address."""

from __future__ import annotations

import imaplib
import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from lms.notify.inbox import Inbox, InboxError
from lms.notify.reading import MOST_BYTES

_FOLDER = re.compile(r"[ !#-\[\]-~]{1,200}")


@dataclass(frozen=True, slots=True)
class ImapAccount:
    """A folder on an IMAP server."""

    host: str
    port: int
    tls: bool
    user: str
    password: str = field(repr=False)
    folder: str = "INBOX"


def maildir_of(url: str) -> Path:
    """Of `maildir:///var/mail/vikno`. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme != "maildir" or parts.netloc or not parts.path.strip("/"):
        raise ValueError("a Maildir is named by maildir:// and its whole path")
    return Path(unquote(parts.path))


def imap_of(url: str) -> ImapAccount:
    """Of `imaps://user:password@host/folder`; `imap://` is without TLS, for this machine only. Raises `ValueError`."""
    parts = urlsplit(url)
    if parts.scheme not in ("imap", "imaps") or not parts.hostname or not parts.username or parts.password is None:
        raise ValueError("an IMAP inbox is named by imaps://USER:PASSWORD@HOST")
    tls = parts.scheme == "imaps"
    if not tls and parts.hostname not in ("localhost", "127.0.0.1", "::1"):
        raise ValueError("imap:// would send the password in the open; take imaps://")
    folder = unquote(parts.path.strip("/")) or "INBOX"
    if not _FOLDER.fullmatch(folder):
        raise ValueError("the folder's name has strange characters")
    port = parts.port or (993 if tls else 143)
    return ImapAccount(parts.hostname, port, tls, unquote(parts.username), unquote(parts.password), folder)


def check_url(url: str) -> None:
    """Raises `ValueError` unless the address names an inbox."""
    if url.startswith("maildir:"):
        maildir_of(url)
    else:
        imap_of(url)


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
