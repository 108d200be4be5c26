"""WHIP: an encoder publishes as a participant."""

from __future__ import annotations

from signaling.live import LiveMeeting
from signaling.media.ports import PeerPort
from signaling.messages import Publish
from signaling.model import Source
from signaling.problems import RefusedError
from signaling.requests import publish
from signaling.tokens import Token
from signaling.whip.descriptions import sections
from signaling.whip.resource import ParticipantResource, Resource

MAX_SECTIONS = 16
_SOURCES = {
    "camera": {"audio": Source.MICROPHONE, "video": Source.CAMERA},
    "screen": {"audio": Source.SCREEN_AUDIO, "video": Source.SCREEN},
    "document_camera": {"video": Source.DOCUMENT_CAMERA},
}


class Ingest(ParticipantResource):
    """`what` the encoder sends: `camera` (and microphone), `screen` (and its sound), or `document_camera`."""

    protocol = "whip"

    def __init__(
        self,
        name: str,
        token: Token,
        meeting: LiveMeeting,
        resources: dict[str, Resource],
        offer: str,
        *,
        what: str = "camera",
    ) -> None:
        super().__init__(name, token, meeting, resources, offer)
        if what not in _SOURCES:
            raise RefusedError("bad_message", "`source` is `camera`, `screen` or `document_camera`.")
        self._sources = _SOURCES[what]

    @property
    def peer(self) -> PeerPort | None:
        return self.meeting.media.publish_peer(self.participant)

    async def negotiate(self, offer: str) -> str:
        member = self.meeting.state.members.get(self.participant)
        if member is None:
            raise RefusedError("bad_action", "The meeting is over.")
        sources = {mid: self._sources[kind] for mid, kind in sections(offer)[:MAX_SECTIONS] if kind in self._sources}
        published = await publish(self.meeting, member, Publish(type="publish", id=0, sdp=offer, sources=sources))
        if not published.publications:
            refused = next(iter(published.rejected.values()), None)
            if refused is not None and refused.code == "not_allowed":
                raise RefusedError("not_allowed", refused.detail)
            raise RefusedError("bad_description", "It offers neither audio nor video that the node can take.")
        return published.sdp

    def release(self) -> None:
        """The publish peer is the meeting's: it closes when the participant leaves."""
