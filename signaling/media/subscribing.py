"""What one participant receives: the subscribe connection, its subscriptions, and one outstanding offer at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

import structlog

from signaling.media.ports import NodePort, PeerPort, PublicationPort, SubscriptionPort
from signaling.media.publishing import PublishedMedia
from signaling.messages import Offer, Section, ServerMessage, Undecodable
from signaling.model import Source
from signaling.problems import RefusedError

SETTLE_S = 0.01
"""Wait before an offer, so that those who join in the same moment share one."""
_STREAMS = {Source.SCREEN: ".screen", Source.SCREEN_AUDIO: ".screen", Source.DOCUMENT_CAMERA: ".document"}
"""What is presented is a stream of its own: it is not held back for the speaker's voice."""
_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Received:
    participant: str
    media: PublishedMedia
    subscription: SubscriptionPort
    paused: bool = False


class Subscribing:
    """A participant's receive side. `send` takes messages to the client, which may be away."""

    def __init__(
        self, node: NodePort, participant: str, *, send: Callable[[ServerMessage], None], on_state: Callable[[], None]
    ) -> None:
        self._node = node
        self._participant = participant
        self._send = send
        self._on_state = on_state
        self._received: dict[str, _Received] = {}
        self._revision = 0
        self._outstanding: Offer | None = None
        self._answering = False
        self._connect = False
        self._anew = False
        """The far end has closed its connection and is still there: the next offer says that another begins."""
        self._restart = False
        self._rebuild = False
        self._task: asyncio.Task[None] | None = None
        self.peer: PeerPort | None = None
        self.closed = False

    @property
    def publications(self) -> list[str]:
        """Identifiers of what is received, in the order in which it was subscribed."""
        return list(self._received)

    def connect(self) -> None:
        """Bring up the connection before there is anything to receive, so that the first picture comes at once."""
        self._notice_end()
        if self.peer is None and not self.closed:
            self.peer = self._open_peer()
            self._connect = True
            self._offer_soon()

    def want(self, wanted: dict[str, tuple[str, PublishedMedia, bool]]) -> None:
        """Receive exactly these: publication → (participant, media, paused)."""
        if self.closed:
            return
        self._notice_end()
        for gone in [publication for publication in self._received if publication not in wanted]:
            self._drop(gone)
        for publication, (participant, media, paused) in wanted.items():
            received = self._received.get(publication) or self._take(publication, participant, media)
            if received.paused != paused:
                received.paused = paused
                (received.subscription.pause if paused else received.subscription.resume)()
        if self.peer is not None and self.peer.negotiation_needed:
            self._offer_soon()

    def _notice_end(self) -> None:
        """Nothing can be added to a connection that the far end has closed; who goes on without one gets another."""
        if self.peer is not None and self.peer.state == "closed":
            self.peer, self._outstanding, self._anew = None, None, True
            self._received.clear()

    def replace(self, media: PublishedMedia) -> None:
        """The same publication has another SFU object behind it: go on in the same section."""
        if received := self._received.get(media.id):
            received.media = media
            received.subscription.switch(media.port)

    def _take(self, publication: str, participant: str, media: PublishedMedia) -> _Received:
        if self.peer is None:
            self.peer = self._open_peer()
        received = _Received(participant, media, self._subscribe(self.peer, participant, media))
        self._received[publication] = received
        return received

    def _subscribe(self, peer: PeerPort, participant: str, media: PublishedMedia) -> SubscriptionPort:
        port: PublicationPort = media.port
        subscription: SubscriptionPort = peer.subscribe(port, stream_id=participant + _STREAMS.get(media.source, ""))
        return subscription

    def _drop(self, publication: str) -> None:
        received = self._received.pop(publication)
        if self.peer is not None:
            self.peer.unsubscribe(received.subscription)

    def _open_peer(self) -> PeerPort:
        def changed(peer: object, _state: object) -> None:
            if peer is self.peer:
                self._on_state()

        opened: PeerPort = self._node.open_peer(label=f"{self._participant}/subscribe", on_state=changed)
        return opened

    # ------------------------------------------------------------ negotiation

    def _offer_soon(self) -> None:
        urgent = self._restart or self._rebuild
        if self.closed or self._answering or self._task is not None or (self._outstanding is not None and not urgent):
            return
        self._task = asyncio.create_task(self._offer(), name=f"offer {self._participant}")

    async def _offer(self) -> None:
        try:
            if not (self._restart or self._rebuild):
                await asyncio.sleep(SETTLE_S)
            await self._make_offer()
        except ValueError as error:
            _log.error("offer_failed", participant=self._participant, cause=str(error))
        finally:
            self._task = None
        if self._restart or self._rebuild:
            self._offer_soon()

    async def _make_offer(self) -> None:
        rebuild, self._rebuild = self._rebuild, False
        if rebuild:
            self._reopen()
        restart, self._restart = self._restart and not rebuild, False
        connect, self._connect = self._connect, False
        peer = self.peer
        if peer is None or self.closed or not (rebuild or restart or connect or peer.negotiation_needed):
            return
        sdp = await peer.create_offer(ice_restart=restart)
        if self.closed or peer is not self.peer:
            return
        self._revision += 1
        rebuild, self._anew = rebuild or self._anew, False
        self._outstanding = Offer(revision=self._revision, sdp=sdp, sections=self._sections(), rebuild=rebuild)
        self._send(self._outstanding)

    def _sections(self) -> dict[str, Section]:
        return {
            received.subscription.mid: Section(
                publication=publication, participant=received.participant, source=received.media.source
            )
            for publication, received in self._received.items()
            if received.subscription.mid is not None
        }

    def _reopen(self) -> None:
        """A wholly new connection with the same subscriptions."""
        old, self.peer = self.peer, self._open_peer()
        for received in self._received.values():
            received.subscription = self._subscribe(self.peer, received.participant, received.media)
            if received.paused:
                received.subscription.pause()
        if old is not None:
            old.close()

    async def answer(self, revision: int, sdp: str) -> None:
        """Take the client's answer. Raises `RefusedError`."""
        if self.peer is None or self._outstanding is None or revision != self._outstanding.revision:
            raise RefusedError("stale_revision", f"The latest offer is revision {self._revision}.")
        self._outstanding, self._answering = None, True
        peer = self.peer
        try:
            undecodable = await peer.accept_answer(sdp)
        except ValueError as error:
            raise RefusedError("bad_description", str(error)) from error
        finally:
            self._answering = False
            if self._restart or self._rebuild:
                self._offer_soon()
        lost = [
            publication
            for publication, received in self._received.items()
            if any(received.subscription is subscription for subscription in undecodable)
        ]
        if lost:
            self._send(Undecodable(publications=lost))
        if peer is self.peer and peer.negotiation_needed:
            self._offer_soon()

    def restart(self, *, rebuild: bool) -> None:
        """Offer with new ICE credentials, or a new connection; whatever offer is under way is superseded."""
        if self.closed or (self.peer is None and not self._received):
            return
        self._outstanding = None
        self._rebuild = self._rebuild or rebuild
        self._restart = not self._rebuild
        self._offer_soon()

    def resend(self) -> None:
        """After a resume: the client may not have got the last offer, or its answer was lost."""
        if self._outstanding is not None:
            self._send(self._outstanding)
        elif self.peer is not None and self.peer.negotiation_needed:
            self._offer_soon()

    def close(self) -> None:
        """Stop receiving for good."""
        self.closed = True
        self._received.clear()
        if self._task is not None:
            self._task.cancel()
        if self.peer is not None:
            self.peer.close()
            self.peer = None
