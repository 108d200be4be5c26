"""One audio and one video on their way to a WHEP player, switched in place (same SSRC) when what is watched changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from signaling.media.ports import PeerPort, SubscriptionPort
from signaling.problems import RefusedError
from signaling.whip.descriptions import sections

KINDS = ("audio", "video")


class Watching:
    """`wanted(kind)` says what is to be watched now: a publication, or None."""

    def __init__(self, open_peer: Callable[[], PeerPort], wanted: Callable[[str], Any]) -> None:
        self._open_peer = open_peer
        self._wanted = wanted
        self._subscriptions: dict[str, SubscriptionPort] = {}
        self._watched: dict[str, Any] = {}
        self.peer: PeerPort | None = None

    async def negotiate(self, offer: str) -> str:
        """The answer to an offer. Raises `RefusedError`."""
        if self.peer is None:
            self.peer = self._open_peer()
        try:
            answer = await self.peer.accept_offer(offer, lambda _mid, _kind: False)
        except ValueError as error:
            raise RefusedError("bad_description", str(error)) from error
        offered = dict(sections(offer))
        for mid, slot in answer.slots.items():
            kind = offered.get(mid, "")
            if kind in KINDS and kind not in self._subscriptions:
                self._watched[kind] = self._wanted(kind)
                self._subscriptions[kind] = self.peer.subscribe(self._watched[kind], stream_id="whep", slot=slot)
        if not self._subscriptions:
            raise RefusedError("bad_description", "It asks for neither audio nor video (`a=recvonly`).")
        return str(answer.sdp)

    def follow(self) -> None:
        """What is to be watched may have changed."""
        for kind, subscription in self._subscriptions.items():
            wanted = self._wanted(kind)
            if wanted is not self._watched[kind]:
                self._watched[kind] = wanted
                subscription.switch(wanted)

    def close(self) -> None:
        """Watch nothing more."""
        self._subscriptions.clear()
        if self.peer is not None:
            self.peer.close()
