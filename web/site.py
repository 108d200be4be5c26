"""What the running web app is made of; one object, kept in `app.state.site`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import anyio

from web import places, vocabulary
from web.assets import Assets
from web.config import WebConfig
from web.limiting import RateLimits
from web.live import LiveDesk
from web.open_files import OpenTable
from web.planned import Planned
from web.questions import Board
from web.templating import Templates
from web.together import Together

TRANSACTIONS = 6
"""Visits that may hold a writing transaction at once, or wait for something outside."""
ERRANDS = 8
"""Visits that may wait for a service outside at once, without a transaction. Each holds one of FastAPI's 40 threads."""
READINGS = 2
"""Visits that may read at once: one computes while another waits for the database. After each answer of the database a
page waits until no other computes, so with three of them each takes longer. Both together are fewer than the database's
connections and FastAPI's 40 threads."""


@dataclass(frozen=True, slots=True)
class Site:
    """The configuration and what is made from it once."""

    config: WebConfig
    assets: Assets
    templates: Templates
    live: LiveDesk
    """Who watches live streams, and which of them are for the public."""
    questions: Board
    """What is asked in them."""
    writing_together: Together
    """For answers to tests (`web.saves`)."""
    reading_together: Together
    items_asked: dict[int, dict[str, Any]] = field(default_factory=dict)
    """What items ask whose answers were saved here, by version."""
    open_tables: dict[str, OpenTable] = field(default_factory=dict)
    """Open data as they were served last."""
    limits: RateLimits = field(default_factory=RateLimits)
    planned: Planned = field(default_factory=Planned)
    turns: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(TRANSACTIONS))
    errands: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(ERRANDS))
    readings: anyio.Semaphore = field(default_factory=lambda: anyio.Semaphore(READINGS))


def build_site(config: WebConfig) -> Site:
    """Everything that handlers share."""
    assets = Assets(config.static_dir)
    templates = Templates(
        assets, public_url=config.public_url, demo=config.demo, vocabulary=vocabulary, places=places.open_to
    )
    return Site(
        config,
        assets,
        templates,
        LiveDesk(config.database, config.live),
        Board(config.database),
        Together(config.database.writing, "saves"),
        Together(config.database.reading, "standings"),
    )
