"""The demo: its data, its accounts' password, and who its three endpoints are in the meeting."""

from __future__ import annotations

import base64
from collections.abc import Callable
from datetime import UTC, datetime

from lms.database import Database
from lms.demo import ADMINISTRATOR, ORGANISER, DemoFacts, seed
from lms.demo_directory import EXPERT, LEAD, STAFF
from signaling.model import Presence, Role
from signaling.tokens import issue
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.main.tokens import node_of

ACCOUNTS = (
    (ORGANISER, "plans, invites, sees who was there"),
    (LEAD, "leads the centre of Lviv"),
    (STAFF, "works there"),
    (EXPERT, "speaks"),
    (ADMINISTRATOR, "may do everything"),
)
"""Whom one can be in the demo."""


def seed_demo(settings: Settings, database: Database) -> DemoFacts:
    """Puts the demo data in, or carries the live consultation on to now. May be repeated at will."""
    with database.writing() as session:
        return seed(session, datetime.now(UTC), password=demo_password(settings))


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


def demo_node(settings: Settings, facts: DemoFacts) -> str:
    """Where the demo's media node answers."""
    return settings.node_url(node_of(facts.meeting, settings.media_nodes))


def token_source(settings: Settings, facts: DemoFacts) -> Callable[[str], str]:
    """Signs a fresh token for the endpoint `kyiv`, `lviv` or `sumy` whenever one is needed."""
    key = derive(master_key(settings.data), "token")
    endpoints = {endpoint.code: endpoint for endpoint in facts.endpoints}

    def sign(code: str) -> str:
        endpoint = endpoints[code]
        token = issue(
            meeting=facts.meeting,
            identity=f"endpoint:{endpoint.id}",
            name=endpoint.name,
            organisation=endpoint.name,
            role=Role.PARTICIPANT,
            presence=Presence.ENDPOINT,
            node=node_of(facts.meeting, settings.media_nodes),
        )
        return token.sign(key)

    return sign
