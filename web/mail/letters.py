"""What a letter is, and how a message of the outbox becomes one."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from lms.notify.models import OutboxMessage
from lms.sealing import Sealer
from web.links import Links
from web.templating import Templates


class Unwanted(Exception):  # noqa: N818 - an answer, not a failure
    """The message has lost its point since it was queued (withdrawn, over, nobody to tell): it is dropped. Says why."""


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail to one address. `calendar` is an iCalendar object for an iTIP `method` (RFC 6047); empty for none."""

    to: str
    subject: str
    text: str
    html: str = ""
    to_name: str = ""
    language: str = "uk"
    calendar: bytes = b""
    method: str = ""
    unsubscribe: str = ""
    """Address (https) where the reader stops mails of this kind; for announcements (RFC 2369, RFC 8058)."""


@dataclass(frozen=True, slots=True)
class Desk:
    """What renderers work with."""

    now: datetime
    public_url: str
    """Scheme and host, no slash at the end."""
    sender: str
    """The address that mails come from; also ORGANIZER of calendar mails, whose replies come back to it."""
    templates: Templates
    links: Links
    sealer: Sealer


Renderer = Callable[[Session, OutboxMessage, Desk], Letter]
"""Reads what the message needs, afresh, and writes the letter. Raises `Unwanted`. `session` is a reading one."""

RENDERERS: dict[str, Renderer] = {}
"""By `OutboxMessage.kind`."""


def renders(kind: str) -> Callable[[Renderer], Renderer]:
    """Register a renderer for a kind of message."""

    def register(renderer: Renderer) -> Renderer:
        if kind in RENDERERS:
            raise ValueError(f"There are two renderers for {kind}.")
        RENDERERS[kind] = renderer
        return renderer

    return register


def load_all() -> None:
    """Import every module of this package, so that each has registered its renderers."""
    package = importlib.import_module("web.mail")
    for module in pkgutil.iter_modules(package.__path__):
        importlib.import_module(f"web.mail.{module.name}")
