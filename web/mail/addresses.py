"""Addresses as people write them: of whoever sends and receives, of mail servers and of inboxes. Pure.

The settings check them with this alone: a process that has nothing to do with mail loads nothing of it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.headerregistry import Address
from email.utils import parseaddr
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

Security = Literal["none", "starttls", "tls"]
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LOCAL = re.compile(r"""[^\s@<>(),:;"\[\]\\\x00-\x1f\x7f-\x9f]{1,64}""")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DOMAIN = re.compile(rf"(?=.{{1,253}}$){_LABEL}(?:\.{_LABEL})*")
_FOLDER = re.compile(r"[ !#-\[\]-~]{1,200}")


class AddressError(ValueError):
    """This is no address to which mail can go."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mails come from."""

    address: str
    name: str = ""

    @property
    def host(self) -> str:
        """What stands after the @."""
        return self.address.rpartition("@")[2]


def parse_sender(written: str) -> Sender:
    """`Vikno <vikno@example.ua>` or the address alone. Raises `AddressError`."""
    name, address = parseaddr(written)
    return Sender(mailbox(address).addr_spec, name)


def one_line(text: str) -> str:
    """Without line breaks and other control characters: fit for a header."""
    return " ".join(_CONTROL.sub(" ", text).split())


def mailbox(address: str, name: str = "") -> Address:
    """An address for a header, its domain in ASCII (RFC 5890). Raises `AddressError`."""
    local, _at, domain = address.strip().rpartition("@")
    try:
        domain = domain if domain.isascii() else domain.encode("idna").decode("ascii")
    except UnicodeError:
        domain = ""
    if not _LOCAL.fullmatch(local) or not _DOMAIN.fullmatch(domain):
        raise AddressError(f"{one_line(address)!r} is no e-mail address.")
    return Address(one_line(name), local, domain)


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mail is handed in, and as whom."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)

    def __str__(self) -> str:
        """For logs and pages: no password."""
        return f"{self.host}:{self.port}"


def smtp_of(url: str) -> SmtpServer:
    """Of `smtp://user:password@host:port?starttls=yes` or `smtps://...`. Raises `ValueError`.

    `starttls` is `yes` (the default with a user: a password never goes in the open) or `no`.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("smtp", "smtps") or not parts.hostname or parts.path not in ("", "/"):
        raise ValueError("that is not the address of a mail server")
    asked = parse_qs(parts.query, keep_blank_values=True)
    if set(asked) - {"starttls"} or any(value not in ("yes", "no") for value in asked.get("starttls", [])):
        raise ValueError("after the ? stands starttls=yes or starttls=no, and nothing else")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.scheme == "smtps":
        return SmtpServer(parts.hostname, parts.port or 465, "tls", user, password)
    starttls = asked["starttls"][-1] == "yes" if "starttls" in asked else bool(user)
    usual = 587 if user else 25
    return SmtpServer(parts.hostname, parts.port or usual, "starttls" if starttls else "none", user, password)


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


def check_inbox(url: str) -> None:
    """Raises `ValueError` unless the address names an inbox."""
    if url.startswith("maildir:"):
        maildir_of(url)
    else:
        imap_of(url)
