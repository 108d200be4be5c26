"""Where mail comes in: a Maildir or an IMAP folder, named by one address."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol
from urllib.parse import unquote, urlsplit

_FOLDER = re.compile(r"[^\x00-\x1f\x7f]{1,200}")


class InboxError(Exception):
    """The inbox cannot be read now. The text says why, and holds no password."""


class Inbox(Protocol):
    """Gives each mail that has come in, until it is told that the mail was taken in."""

    def new(self, limit: int) -> Iterator[tuple[str, bytes]]:
        """Handle and bytes of each mail not yet taken in, oldest first, at most `limit`. Raises `InboxError`."""

    def done(self, handle: str) -> None:
        """The mail was taken in: it is marked as seen, and not given again."""

    def close(self) -> None:
        """Give the connection back."""


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
