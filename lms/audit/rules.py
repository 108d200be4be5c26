"""How the audit log is chained: pure functions over plain data."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

START = "0" * 64
"""What the first entry has as its previous hash."""


@dataclass(frozen=True)
class Link:
    """What the chain covers of one entry, and what the entry claims."""

    sequence: int
    at: datetime
    actor: str
    action: str
    object_kind: str
    object_id: str
    before_digest: str
    after_digest: str
    previous_hash: str
    hash: str = ""


def digest(contents: dict[str, Any] | None, salt: str) -> str:
    """SHA-256 of the salted canonical JSON, as hex. The salt keeps a short value from being guessed by its digest."""
    canonical = json.dumps(contents, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(f"{salt}:{canonical}".encode()).hexdigest()


def link_hash(link: Link) -> str:
    """The hash of an entry: over the previous one and everything the entry says."""
    said = [
        link.previous_hash,
        link.sequence,
        link.at.astimezone(UTC).isoformat(timespec="microseconds"),
        link.actor,
        link.action,
        link.object_kind,
        link.object_id,
        link.before_digest,
        link.after_digest,
    ]
    return hashlib.sha256(json.dumps(said, ensure_ascii=False).encode()).hexdigest()


def first_break(links: Iterable[Link], previous: str = START, first: int = 1) -> int | None:
    """The sequence number at which the chain does not hold (an entry changed, missing or added), or None."""
    expected = first
    for link in links:
        if link.sequence != expected or link.previous_hash != previous or link.hash != link_hash(link):
            return expected
        previous, expected = link.hash, expected + 1
    return None
