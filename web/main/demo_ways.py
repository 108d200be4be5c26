"""How one gets into the demo. The supervisor tells it, and loads nothing of the domain for that."""

from __future__ import annotations

import base64

from lms.demo_accounts import ADMINISTRATOR, EXPERT, LEAD, ORGANISER, STAFF
from web.main.secrets import derive, master_key
from web.main.settings import Settings

ACCOUNTS = (
    (ORGANISER, "plans, invites, sees who was there"),
    (LEAD, "leads the centre of Lviv"),
    (STAFF, "works there"),
    (EXPERT, "speaks"),
    (ADMINISTRATOR, "may do everything"),
)
"""Whom one can be in the demo."""


def demo_password(settings: Settings) -> str:
    """The demo accounts' password: the same at every start, another one in every installation."""
    digest = derive(master_key(settings.data), "demo password")
    return base64.b32encode(digest)[:12].decode().lower()


def ways_in(settings: Settings) -> list[str]:
    """What whoever tries the demo has to know, line by line."""
    lines = [
        f"A demo consultation is live: {settings.site_url}/meet/demo",
        f"Demo sign-in: {settings.site_url}/sign-in, password {demo_password(settings)}",
        *(f"  {address:<27} {what}" for address, what in ACCOUNTS),
    ]
    if settings.outbox is not None:
        lines.append(f"No mail leaves this machine: the administrator reads it at {settings.site_url}/mail?box=sent")
    if not any((settings.data / "demo").glob("*.mkv")):
        lines.append("The demo's endpoints come in as soon as their pictures are drawn (once, up to a minute).")
    return lines
