"""What a live meeting needs of its node."""

from __future__ import annotations

from dataclasses import dataclass

from recordings.capture.feed import Feed
from signaling import messages
from signaling.clock import Clock
from signaling.config import Limits
from signaling.delivery import Delivery
from signaling.grouping import Grouping
from signaling.media.ports import NodePort
from signaling.streaming import Streaming


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a live meeting needs of its node."""

    clock: Clock
    limits: Limits
    media_node: NodePort
    delivery: Delivery
    token_key: bytes
    feed: Feed | None
    """Where recordings go; None: this node records nothing."""
    streaming: Streaming | None
    """None: this node streams nothing."""
    ice_servers: list[messages.IceServer]
    grouping: Grouping
