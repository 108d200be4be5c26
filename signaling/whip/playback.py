"""WHEP: a player watches one participant, or whoever speaks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from signaling.live import LiveMeeting
from signaling.media.ports import PeerPort
from signaling.model import Permission, Source
from signaling.problems import RefusedError
from signaling.tokens import Token
from signaling.whip.resource import ParticipantResource, Resource
from signaling.whip.watching import Watching

ACTIVE = "active"
_PREFERRED = {
    "audio": (Source.MICROPHONE, Source.SCREEN_AUDIO),
    "video": (Source.SCREEN, Source.DOCUMENT_CAMERA, Source.CAMERA),
}


class Playback(ParticipantResource):
    """One audio and one video, switched in place (same SSRC) when what is watched changes."""

    protocol = "whep"

    def __init__(
        self,
        name: str,
        token: Token,
        meeting: LiveMeeting,
        resources: dict[str, Resource],
        offer: str,
        *,
        source: str = ACTIVE,
    ) -> None:
        if Permission.SUBSCRIBE not in token.permissions:
            raise RefusedError("not_allowed", "The token does not allow watching.")
        if source != ACTIVE and source not in meeting.state.members:
            raise RefusedError("unknown_participant", "`source` is a participant's id or `active`.")
        super().__init__(name, token, meeting, resources, offer)
        self._source = source
        self._watching = Watching(lambda: meeting.open_peer(f"{self.participant}/whep"), self._wanted)
        self._stop_watching: Callable[[], None] = meeting.media.observe(self._watching.follow)
        self._last_speaker = meeting.media.speaker

    @property
    def peer(self) -> PeerPort | None:
        return self._watching.peer

    async def negotiate(self, offer: str) -> str:
        return await self._watching.negotiate(offer)

    def _target(self) -> str | None:
        """Who is watched. Between speakers, the last one stays; before any, whoever shows something."""
        if self._source != ACTIVE:
            return self._source
        media = self.meeting.media
        self._last_speaker = media.speaker or self._last_speaker
        if self._last_speaker is not None and self._last_speaker in media:
            return self._last_speaker
        others = (member for member in self.meeting.state.members if member != self.participant)
        return next((member for member in others if media.published_by(member)), None)

    def _wanted(self, kind: str) -> Any:
        target = self._target()
        ports = {media.source: media.port for media in self.meeting.media.published_by(target)} if target else {}
        return next((ports[source] for source in _PREFERRED[kind] if source in ports), None)

    def release(self) -> None:
        self._stop_watching()
        self._stop_watching = _nothing
        self._watching.close()


def _nothing() -> None:
    """The observation has ended already."""
