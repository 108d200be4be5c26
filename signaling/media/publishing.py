"""What one participant publishes: the publish connection, its publications, restarts and rebuilds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from signaling.media.offers import fingerprints, silent_sections
from signaling.media.ports import NodePort, PeerPort, PublicationPort
from signaling.messages import Problem, Publish, Published
from signaling.model import Publication, Source
from signaling.problems import RefusedError, problem


@dataclass(frozen=True, slots=True)
class PublishedMedia:
    """One publication: its name in messages, its section and the SFU's object."""

    id: str
    source: Source
    mid: str
    port: PublicationPort
    muted: bool = False
    """Own mute."""

    def as_message(self) -> Publication:
        codec = self.port.codec
        return Publication(
            id=self.id, source=self.source, codec=codec.name if codec is not None else "", muted=self.muted
        )


@dataclass(slots=True)
class Changes:
    """What a `publish` did. `replaced`: the same publications with another SFU object behind them."""

    answer: Published
    added: list[PublishedMedia]
    replaced: list[tuple[PublishedMedia, PublishedMedia]]
    ended: list[PublishedMedia]


class Publishing:
    """A participant's publish side. One description at a time."""

    def __init__(self, node: NodePort, participant: str, *, limit: int, on_state: Callable[[], None]) -> None:
        self._node = node
        self._participant = participant
        self._limit = limit
        self._on_state = on_state
        self._lock = asyncio.Lock()
        self._fingerprints: frozenset[str] = frozenset()
        self.peer: PeerPort | None = None
        self.publications: dict[str, PublishedMedia] = {}
        """By identifier. The identifier names participant and source, so it outlives a rebuilt connection."""
        self.closed = False

    async def publish(self, message: Publish, permitted: Callable[[Source], bool]) -> Changes:
        """Answer an offer. Raises `RefusedError`."""
        async with self._lock:
            if self.closed:
                raise RefusedError("bad_action", "You have left.")
            peer, rebuilt = self._peer_for(message.sdp)
            rejected: dict[str, Problem] = {}
            gate = self._gate(message, permitted, rejected)
            try:
                answer = await peer.accept_offer(message.sdp, gate)
            except ValueError as error:
                if rebuilt:
                    peer.close()
                raise RefusedError("bad_description", str(error)) from error
            if self.closed:
                peer.close()
                raise RefusedError("bad_action", "You have left.")
            old_peer, self.peer = self.peer, peer
            self._fingerprints = fingerprints(message.sdp)
            sent = self._sent(message.sdp, answer.publications, gate)
            changes = self._note(message, answer.sdp, sent, rejected)
            if rebuilt and old_peer is not None:
                old_peer.close()
            return changes

    def _peer_for(self, sdp: str) -> tuple[PeerPort, bool]:
        """The peer that is to answer, and whether it is a new one."""
        alive = self.peer is not None and self.peer.state != "closed"
        if self.peer is not None and alive and fingerprints(sdp) == self._fingerprints:
            return self.peer, False
        return self._open_peer(), True

    def _open_peer(self) -> PeerPort:
        def changed(peer: object, _state: object) -> None:
            if peer is self.peer:
                self._on_state()

        opened: PeerPort = self._node.open_peer(label=f"{self._participant}/publish", on_state=changed)
        return opened

    def _gate(
        self, message: Publish, permitted: Callable[[Source], bool], rejected: dict[str, Problem]
    ) -> Callable[[str, str], bool]:
        """Which sections to accept; says in `rejected` why the others are not."""
        taken: dict[Source, str] = {}

        def accept(mid: str, kind: str) -> bool:
            source = message.sources.get(mid)
            refusal: Problem | None = None
            if source is None:
                refusal = problem("bad_message", "`sources` does not say what this section carries.")
            elif source.kind != kind:
                refusal = problem("kind_mismatch", f"{source.value} is {source.kind}, the section is {kind}.")
            elif not permitted(source):
                refusal = problem("not_allowed", f"Your role does not allow {source.value}.")
            elif taken.setdefault(source, mid) != mid:
                refusal = problem("source_taken", source.value)
            elif len(taken) > self._limit:
                refusal = problem("too_many_publications")
            if refusal is not None:
                rejected[mid] = refusal
            return refusal is None

        return accept

    def _sent(
        self, sdp: str, ports: Mapping[str, PublicationPort], gate: Callable[[str, str], bool]
    ) -> dict[str, PublicationPort]:
        """What the participant publishes now. The SFU asks for new sections only and keeps silent ones, for they may
        speak again; so permissions are looked at again here, and what is not allowed is forwarded to nobody.
        """
        silent = silent_sections(sdp)
        sent: dict[str, PublicationPort] = {}
        for mid, port in ports.items():
            if mid not in silent and gate(mid, port.kind):
                sent[mid] = port
            else:
                port.muted = True
        return sent

    def _note(
        self, message: Publish, sdp: str, ports: dict[str, PublicationPort], rejected: dict[str, Problem]
    ) -> Changes:
        changes = Changes(Published(id=message.id, sdp=sdp, publications={}, rejected=rejected), [], [], [])
        now: dict[str, PublishedMedia] = {}
        for mid, port in ports.items():
            source = message.sources[mid]
            publication_id = f"{self._participant}:{source.value}"
            before = self.publications.get(publication_id)
            fresh = PublishedMedia(publication_id, source, mid, port, muted=mid in message.muted)
            if before is None:
                changes.added.append(fresh)
            elif before.port is not port:
                changes.replaced.append((before, fresh))
            else:
                fresh = before
            now[publication_id] = fresh
            changes.answer.publications[mid] = publication_id
        changes.ended = [before for key, before in self.publications.items() if key not in now]
        self.publications = now
        return changes

    def mute(self, publication_id: str, muted: bool) -> PublishedMedia:
        """Note one's own mute. Raises `RefusedError`."""
        before = self.publications.get(publication_id)
        if before is None:
            raise RefusedError("unknown_publication")
        self.publications[publication_id] = replace(before, muted=muted)
        return self.publications[publication_id]

    def close(self) -> list[PublishedMedia]:
        """End everything; the publications that ended."""
        self.closed = True
        if self.peer is not None:
            self.peer.close()
            self.peer = None
        ended, self.publications = list(self.publications.values()), {}
        return ended
