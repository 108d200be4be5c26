"""What a media node's app is started with. `web/main` fills it from the settings."""

from __future__ import annotations

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class IceServerConfig:
    """A STUN or TURN server that clients are told of (RTCIceServer of W3C WebRTC)."""

    urls: tuple[str, ...]
    username: str | None = None
    credential: str | None = None


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of what one node and one connection may use. Times in seconds."""

    meetings: int = 200
    participants_per_meeting: int = 300
    waiting_per_meeting: int = 100
    publications_per_participant: int = 6
    chat_history: int = 200
    messages_per_second: float = 20.0
    """Sustained rate of frames per connection; the bucket holds `message_burst`."""
    message_burst: int = 100
    unauthenticated_connections: int = 200
    """Connections that have not said a valid hello yet."""
    queue_messages: int = 1000
    """Outgoing messages that wait for a slow client before it is closed; it then resumes."""
    hello_s: float = 10.0
    silence_s: float = 10.0
    """A client that said nothing for so long is away."""
    resume_s: float = 60.0
    """How long somebody away keeps their place."""
    empty_meeting_s: float = 300.0
    """How long a meeting with nobody in it stays open."""
    journal_bytes: int = 64 * 1024 * 1024
    """Size of one meeting's journal above which it is compacted."""
    program_viewers: int = 300
    """Viewers by WebRTC on this node, of all its streams together."""
    automatic_videos: int = 9
    """Videos sent to a client that has not said which it wants."""


@dataclass(frozen=True, slots=True)
class NodeAppConfig:
    """Everything a media node needs. Keys are 32 bytes each."""

    node: int
    data_dir: Path
    """The node keeps its journals in `data_dir/node-<n>/`."""
    media_port: int
    """UDP port of this very node (the node's number is already added)."""
    token_key: bytes
    control_key: bytes
    events_key: bytes
    events_url: str = ""
    """Where events are posted to; empty: nobody is told."""
    events_tls: ssl.SSLContext | None = None
    """Which certificate to trust there, if not one of the system's authorities."""
    media_addresses: Sequence[str] = ()
    """Addresses announced to clients instead of those found; empty: all local ones."""
    include_loopback: bool = True
    ice_servers: Sequence[IceServerConfig] = ()
    limits: Limits = field(default_factory=Limits)
    capture: bool = False
    """Whether a capture process takes what this node records."""
    streaming: bool = False
    """Whether a streamer composes what this node streams."""
    own_url: str = ""
    """Where programs on this machine reach this node's app, `http://127.0.0.1:8701`."""
    open_meetings: bool = True
    """Whether a genuine token opens a meeting for which no plan was put yet."""
