"""The demo: its data, and who its three endpoints are in the meeting."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime

from lms import (
    demo_classes,
    demo_credentials,
    demo_items,
    demo_projects,
    demo_protection,
    demo_reports,
    demo_results,
)
from lms.credentials import pinned
from lms.database import Database
from lms.demo import DemoFacts, seed
from signaling.model import Presence, Role
from signaling.tokens import issue
from web.main.demo_ways import demo_password
from web.main.issuer import issuer_of
from web.main.secrets import derive, master_key
from web.main.settings import Settings
from web.main.tokens import node_of

log = logging.getLogger(__name__)


def seed_demo(settings: Settings, database: Database) -> DemoFacts:
    """Puts the demo data in, or carries the live consultation on to now. May be repeated at will."""
    now = datetime.now(UTC)
    with database.writing() as session:
        facts = seed(session, now, password=demo_password(settings))
        demo_items.seed(session, now, author=facts.organiser_email, reviewer=facts.administrator_email)
        demo_results.seed(session, now)
        demo_classes.seed(session, now, facilitator=facts.organiser_email)
        demo_reports.seed(session, now)
        demo_protection.seed(session, now)
        project = demo_projects.seed(session, now)
        if pinned.are_built():
            demo_credentials.seed(session, issuer_of(settings), now, project=project)
        else:
            log.warning("No demo certificates: the JSON-LD contexts are missing. Run: make client")
    return facts


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
