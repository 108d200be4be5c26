"""The media of one meeting: everybody's publishing and subscribing, the active speaker, who receives what."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

import structlog

from signaling.media.ports import NodePort, PeerPort, PublicationPort
from signaling.media.publishing import PublishedMedia, Publishing
from signaling.media.subscribing import Subscribing
from signaling.messages import Publish, Published, Receive, ServerMessage, WantedVideo
from signaling.model import Interpreting, Publication, Source

DISTRIBUTE_S = 0.005
"""Publications that come up within this time are distributed together."""
GOOD = 3
_log = structlog.get_logger(__name__)


class MediaHost(Protocol):
    """Who is told what media does; the live meeting."""

    def send_to(self, participant: str, message: ServerMessage) -> None: ...
    def published(self, participant: str, publication: Publication) -> None: ...
    def unpublished(self, participant: str, publication: str) -> None: ...
    def speaking(self, participant: str | None) -> None: ...
    def interpreting(self, participant: str) -> Interpreting | None: ...
    def leads_no_floor(self, participant: str) -> bool: ...
    def media_state(self, participant: str) -> None: ...


@dataclass(slots=True)
class _Person:
    publishing: Publishing
    subscribing: Subscribing
    receives: bool
    wanted: list[WantedVideo] | None = None
    """None until the client has said what it wants."""
    audio: bool = True
    channel: str | None = None
    """The language in which they want to hear interpreters."""


class MeetingMedia:
    """Publications are looked up by their SFU object's id when it speaks, by (participant, id) otherwise."""

    def __init__(self, node: NodePort, host: MediaHost, *, automatic_videos: int, publications: int) -> None:
        self._node = node
        self._host = host
        self._automatic_videos = automatic_videos
        self._publications_limit = publications
        self._people: dict[str, _Person] = {}
        self._owners: dict[str, tuple[str, PublishedMedia]] = {}
        self._spoke: dict[str, int] = {}
        """Participant → turn in which they spoke last."""
        self._turn = 0
        self._timer: asyncio.TimerHandle | None = None
        self._observers: list[Callable[[], None]] = []
        self._speakers = node.open_speaker_group(self._on_speaker)
        self.speaker: str | None = None

    # ------------------------------------------------------------ people

    def enter(self, participant: str, *, receives: bool) -> None:
        """Somebody is in. Nothing is opened until they publish or there is something to receive."""

        def state_changed() -> None:
            self._host.media_state(participant)

        self._people[participant] = _Person(
            publishing=Publishing(self._node, participant, limit=self._publications_limit, on_state=state_changed),
            subscribing=Subscribing(
                self._node,
                participant,
                send=lambda message: self._host.send_to(participant, message),
                on_state=state_changed,
            ),
            receives=receives,
        )
        self._distribute_soon()

    def __contains__(self, participant: str) -> bool:
        return participant in self._people

    def leave(self, participant: str) -> None:
        """Somebody is out: their peers close and others stop receiving them."""
        person = self._people.pop(participant, None)
        if person is None:
            return
        person.subscribing.close()
        self._forget(person.publishing.close())
        self._spoke.pop(participant, None)
        self._distribute_soon()

    def renew(self, participant: str, *, receives: bool) -> None:
        """A new client took the participant's place: it builds its connections anew."""
        if person := self._people.get(participant):
            for publication in list(person.publishing.publications):
                self._host.unpublished(participant, publication)
            self.leave(participant)
        self.enter(participant, receives=receives)

    def permit(self, participant: str, *, receives: bool, may_publish: Callable[[Source], bool]) -> None:
        """Permissions have changed: what is no longer allowed ends."""
        person = self._people.get(participant)
        if person is None:
            return
        person.receives = receives
        for media in list(person.publishing.publications.values()):
            if not may_publish(media.source):
                del person.publishing.publications[media.id]
                media.port.muted = True
                self._forget([media])
                self._host.unpublished(participant, media.id)
        self._distribute_soon()

    def close(self) -> None:
        """The meeting is over."""
        for participant in list(self._people):
            self.leave(participant)
        if self._timer is not None:
            self._timer.cancel()
        self._speakers.close()

    # ------------------------------------------------------------ publishing

    async def publish(
        self,
        participant: str,
        message: Publish,
        *,
        permitted: Callable[[Source], bool],
        muted: Callable[[Source], bool],
    ) -> Published:
        """Answer a publish offer. `muted`: whether the host has muted a source. Raises `RefusedError`."""
        person = self._people[participant]
        changes = await person.publishing.publish(message, permitted)
        self._forget(changes.ended)
        for media in changes.ended:
            self._host.unpublished(participant, media.id)
        for before, media in changes.replaced:
            self._forget([before])
            self._remember(participant, media, muted=muted(media.source))
            for other in self._people.values():
                other.subscribing.replace(media)
            self._host.published(participant, media.as_message())
        for media in changes.added:
            self._remember(participant, media, muted=muted(media.source))
            self._host.published(participant, media.as_message())
        self._distribute_soon()
        return changes.answer

    def _remember(self, participant: str, media: PublishedMedia, *, muted: bool) -> None:
        def first_packet(_port: object) -> None:
            current = self._owners.get(media.port.id)
            if current is not None:
                self._host.published(participant, current[1].as_message())

        self._owners[media.port.id] = (participant, media)
        media.port.muted = muted
        media.port.on_first_packet = first_packet
        self._listen(participant, media)

    def _listen(self, participant: str, media: PublishedMedia) -> None:
        """The room turns to whoever speaks, but to no interpreter."""
        if media.source is not Source.MICROPHONE:
            return
        if self._host.leads_no_floor(participant):
            self._speakers.remove(media.port)
        else:
            self._speakers.add(media.port)

    def interpreters_changed(self) -> None:
        """Somebody interprets, or no longer, or the other way round."""
        for participant, media in list(self._owners.values()):
            self._listen(participant, media)
        self._distribute_soon()

    def _forget(self, ended: Iterable[PublishedMedia]) -> None:
        for media in ended:
            self._owners.pop(media.port.id, None)
            if media.source is Source.MICROPHONE:
                self._speakers.remove(media.port)

    def mute(self, participant: str, publication: str, *, muted: bool) -> Publication:
        """Own mute. Raises `RefusedError`."""
        media = self._people[participant].publishing.mute(publication, muted)
        self._owners[media.port.id] = (participant, media)
        return media.as_message()

    def mute_by_host(self, participant: str, source: Source, *, muted: bool) -> None:
        """Forward nothing of this source, or forward it again."""
        person = self._people.get(participant)
        for media in person.publishing.publications.values() if person else ():
            if media.source is source:
                media.port.muted = muted

    # ------------------------------------------------------------ subscribing

    def receive(self, participant: str, message: Receive) -> None:
        """The client says which videos it wants."""
        person = self._people[participant]
        person.wanted, person.audio, person.channel = message.videos, message.audio, message.channel
        self._distribute(participant)

    async def answer(self, participant: str, revision: int, sdp: str) -> None:
        await self._people[participant].subscribing.answer(revision, sdp)

    def restart(self, participant: str, *, rebuild: bool) -> None:
        self._people[participant].subscribing.restart(rebuild=rebuild)

    def resumed(self, participant: str) -> None:
        self._people[participant].subscribing.resend()

    def published_by(self, participant: str) -> list[PublishedMedia]:
        """What somebody publishes now, for WHEP."""
        person = self._people.get(participant)
        return list(person.publishing.publications.values()) if person else []

    def everything(self) -> list[tuple[str, PublishedMedia]]:
        """All that is published, each with its participant, for capture."""
        return list(self._owners.values())

    def publish_peer(self, participant: str) -> PeerPort | None:
        """The peer on which somebody publishes."""
        person = self._people.get(participant)
        return person.publishing.peer if person else None

    def observe(self, observer: Callable[[], None]) -> Callable[[], None]:
        """Call `observer` when publications or the active speaker change; returns what ends it."""
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _distribute_soon(self) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(DISTRIBUTE_S, self._distribute_all)

    def _distribute_all(self) -> None:
        self._timer = None
        for participant in list(self._people):
            try:
                self._distribute(participant)
            except Exception:  # what is wrong with one must not leave the others without pictures
                _log.exception("not_distributed", participant=participant)
        for observer in list(self._observers):
            observer()

    def _distribute(self, participant: str) -> None:
        person = self._people[participant]
        wanted: dict[str, tuple[str, PublishedMedia, bool]] = {}
        if person.receives:
            others = {media.id: (owner, media) for owner, media in self._owners.values() if owner != participant}
            if person.audio:
                wanted |= self._sounds(person, others)
            if person.wanted is None:
                wanted |= {media.id: (owner, media, False) for owner, media in self._best_videos(others.values())}
            else:
                for video in person.wanted:
                    if (found := others.get(video.publication)) and found[1].source.kind == "video":
                        wanted[video.publication] = (*found, video.paused)
            if person.wanted or person.wanted is None or person.audio:
                person.subscribing.connect()
        person.subscribing.want(wanted)

    def _sounds(
        self, person: _Person, others: dict[str, tuple[str, PublishedMedia]]
    ) -> dict[str, tuple[str, PublishedMedia, bool]]:
        """The room's, and of interpreters those of the wanted language: who is not on the air is kept ready, paused."""
        wanted: dict[str, tuple[str, PublishedMedia, bool]] = {}
        for key, (owner, media) in others.items():
            if media.source.kind != "audio":
                continue
            interprets = self._host.interpreting(owner) if media.source is Source.MICROPHONE else None
            if interprets is None:
                wanted[key] = (owner, media, False)
            elif person.channel in interprets.booth:
                heard = interprets.on_air and interprets.into == person.channel
                wanted[key] = (owner, media, not heard)
        return wanted

    def _best_videos(self, others: Iterable[tuple[str, PublishedMedia]]) -> list[tuple[str, PublishedMedia]]:
        """What is presented first, then who spoke last."""
        videos = [found for found in others if found[1].source.kind == "video"]
        videos.sort(key=lambda found: (not found[1].source.presents, -self._spoke.get(found[0], 0)))
        return videos[: self._automatic_videos]

    # ------------------------------------------------------------ speaker and quality

    def _on_speaker(self, port: PublicationPort | None) -> None:
        owner = self._owners.get(port.id) if port is not None else None
        speaker = owner[0] if owner is not None else None
        if speaker == self.speaker:
            return
        self.speaker = speaker
        if speaker is not None:
            self._turn += 1
            self._spoke[speaker] = self._turn
        self._host.speaking(speaker)
        self._distribute_soon()

    def quality(self, participant: str) -> int | None:
        """0 lost, 1 bad, 2 fair, 3 good; None while there is no media connection."""
        person = self._people.get(participant)
        peers = [person.publishing.peer, person.subscribing.peer] if person else []
        scores = [_score(peer) for peer in peers if peer is not None and peer.state not in ("new", "connecting")]
        return min(scores, default=None)


def _score(peer: PeerPort) -> int:
    if peer.state in ("silent", "failed", "closed"):
        return 0
    return max(0, min(GOOD, int(peer.stats().score)))
