"""What the media side needs of a transport in order to send: a place to write packets and a way to hand them over."""

from __future__ import annotations

from typing import Protocol

from sfu.net.outbox import Outbox


class PacketSender(Protocol):
    """The sending half of one peer's transport. Never raises on a full queue or a lost peer: it counts a drop.

    To send RTP: `offset = sender.outbox.take()`, write the plaintext packet into `sender.outbox.arena` at `offset`,
    then `send_rtp(offset, length)`, or `outbox.give_back()` if nothing is to be sent after all. Nothing else may be
    sent between `take` and `send_rtp`: the outbox has one open slot at a time.
    """

    @property
    def outbox(self) -> Outbox:
        """The node's send slots, shared by all peers."""

    @property
    def ready(self) -> bool:
        """Whether SRTP keys are there and the far end consents to receive (RFC 7675)."""

    def send_rtp(self, slot_offset: int, length: int) -> None:
        """Protect the RTP packet of `length` bytes at `slot_offset` in place and queue it to the selected pair."""

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and queue one compound or reduced-size RTCP packet (RFC 5506)."""
