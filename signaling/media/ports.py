"""What signaling needs of the SFU, and nothing more. `sfu.node.MediaNode` has it; tests bring their own."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol


class PublicationPort(Protocol):
    """Media that a far end sends to the node."""

    @property
    def id(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def codec(self) -> Any:
        """The `sfu.sections.Codec`, or None before the first packet."""

    muted: bool
    """Set by signaling: the node forwards nothing."""
    on_first_packet: Callable[[Any], None] | None
    on_codec: tuple[Callable[[Any], None], ...]
    """Called when packets of another codec than before begin to come."""

    def add_tap(self, tap: Callable[[Any], None]) -> None:
        """`tap` is called with each packet: a recording, a live stream."""

    def remove_tap(self, tap: Callable[[Any], None]) -> None: ...
    def anchor(self) -> tuple[int, float] | None: ...
    def since_key_frame(self) -> float: ...
    def request_keyframe(self, now: float) -> None: ...


class SubscriptionPort(Protocol):
    """One publication on its way to one receiver."""

    @property
    def publication(self) -> Any: ...
    @property
    def mid(self) -> str | None:
        """Known after `create_offer` (or at once on a slot)."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...
    def switch(self, publication: Any) -> None:
        """Send another publication (or none) with the same SSRC."""


class AnswerPort(Protocol):
    """The outcome of an offer from the far end."""

    @property
    def sdp(self) -> str: ...
    @property
    def publications(self) -> Mapping[str, Any]: ...
    @property
    def ended(self) -> Sequence[Any]: ...
    @property
    def slots(self) -> Mapping[str, Any]: ...


class StatsPort(Protocol):
    """How a peer's media fares."""

    @property
    def score(self) -> int:
        """0 lost, 1 bad, 2 fair, 3 good."""


class PeerPort(Protocol):
    """One peer connection."""

    @property
    def state(self) -> Any:
        """A string enumeration: `new`, `connecting`, `connected`, `silent`, `failed`, `closed`."""

    @property
    def negotiation_needed(self) -> bool: ...
    async def accept_offer(self, sdp: str, accept: Callable[[str, str], bool] | None = None) -> Any: ...
    def subscribe(self, publication: Any, *, stream_id: str, slot: Any = None) -> Any: ...
    def unsubscribe(self, subscription: Any) -> None: ...
    async def create_offer(self, ice_restart: bool = False) -> str: ...
    async def accept_answer(self, sdp: str) -> Sequence[Any]: ...
    def stats(self) -> Any: ...
    def close(self) -> None: ...


class SpeakerGroupPort(Protocol):
    """Publications among which the active speaker is looked for (RFC 6464 levels)."""

    def add(self, publication: Any) -> None: ...
    def remove(self, publication: Any) -> None: ...
    def close(self) -> None: ...


class NodePort(Protocol):
    """The SFU of this process."""

    async def start(self) -> None: ...
    async def close(self) -> None: ...
    def open_peer(self, *, label: str, on_state: Callable[[Any, Any], None]) -> Any: ...
    def open_speaker_group(self, on_speaker: Callable[[Any], None]) -> Any: ...
    def counters(self) -> Mapping[str, int]: ...
