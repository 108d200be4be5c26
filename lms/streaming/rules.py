"""Which addresses take a stream, and who manages and uses targets: pure functions."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Collection
from datetime import timedelta
from urllib.parse import SplitResult, urlsplit

from lms.directory.rules import Visitor
from lms.errors import Invalid
from lms.streaming.models import StreamTarget

LONGEST = 500
"""Of an address, and of a key, in characters."""
SILENT = timedelta(seconds=10)
"""A composer that has not told for so long how it fares is away."""
LOST = timedelta(minutes=15)
"""A stream whose composer is away for so long does not come back."""
PATIENCE = timedelta(minutes=5)
"""So long after the end what was kept of a stream is waited for."""
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?", re.IGNORECASE)
_INSIDE = (".local", ".internal", ".localhost", ".lan", ".home.arpa")


def server_of(text: str) -> str:
    """The address of a server and its application: `rtmps://host/app`. Raises `Invalid` (server_...)."""
    given = text.strip().rstrip("/")
    try:
        parts = urlsplit(given)
        port = parts.port
    except ValueError as error:
        raise _wrong() from error
    if parts.scheme.lower() not in ("rtmp", "rtmps"):
        raise Invalid("server_scheme", "The address begins with rtmp:// or rtmps://.", "server")
    if len(given) > LONGEST or not _VISIBLE.fullmatch(given) or port == 0 or parts.username is not None:
        raise _wrong()
    if not _names_host(parts) or parts.query or parts.fragment:
        raise _wrong()
    if not parts.path.strip("/"):
        detail = "The address lacks its application after the host, as in rtmps://live.example.org/app."
        raise Invalid("server_app", detail, "server")
    return parts.scheme.lower() + given[len(parts.scheme) :]


def key_of(text: str) -> str:
    """A stream key. Raises `Invalid` (key_needed, key_wrong)."""
    key = text.strip()
    if not key:
        raise Invalid("key_needed", "Paste the stream key that the service shows.", "key")
    if len(key) > LONGEST or not _VISIBLE.fullmatch(key):
        raise Invalid("key_wrong", "This cannot be a stream key: it has blanks or other characters in it.", "key")
    return key


def page_of(text: str, field: str) -> str:
    """A public address, or nothing. Raises `Invalid` (link_wrong)."""
    given = text.strip()
    if not given:
        return ""
    parts = urlsplit(given) if _VISIBLE.fullmatch(given) and len(given) <= LONGEST else SplitResult("", "", "", "", "")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise Invalid("link_wrong", "The link begins with https://.", field)
    return given


def is_inside(server: str) -> bool:
    """Whether the address, as it is written, lies within our own networks: administrators alone may name those."""
    host = (urlsplit(server).hostname or "").lower()
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith(_INSIDE)


def manages(target: StreamTarget, visitor: Visitor, programme_owner: int | None) -> bool:
    """Administrators; of an organisation's or a programme's target those who plan for it, too."""
    return may_add(visitor, target.owner_id, target.programme_id, programme_owner)


def may_add(visitor: Visitor, owner: int | None, programme: int | None, programme_owner: int | None) -> bool:
    """Whether the visitor keeps the targets of this organisation or programme; of neither: the general ones."""
    if visitor.is_administrator:
        return True
    if programme is not None:
        planned = programme in visitor.organised_programmes or programme_owner in visitor.organised_organisations
        return visitor.organises_everything or planned
    return owner is not None and (visitor.organises_everything or owner in visitor.organised_organisations)


def serves(target: StreamTarget, organisers: Collection[int], programme: int | None) -> bool:
    """Whether an occurrence of these organisers, in this programme, may be streamed there."""
    if target.programme_id is not None:
        return target.programme_id == programme
    return target.owner_id is None or target.owner_id in organisers


def _names_host(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    if ":" in host:
        try:
            return ipaddress.ip_address(host).version == 6
        except ValueError:
            return False
    return _HOST.fullmatch(host) is not None


def _wrong() -> Invalid:
    detail = "This is no address of a stream server. It looks like rtmps://live.example.org/app, without the key."
    return Invalid("server_wrong", detail, "server")
