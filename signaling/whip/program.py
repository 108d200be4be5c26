"""The program over WHIP and WHEP: the composer publishes it, viewers watch it. Neither is a participant."""

from __future__ import annotations

from collections.abc import Mapping

from signaling.live import LiveMeeting
from signaling.media.ports import PeerPort, PublicationPort
from signaling.media.program import INTERPRETATION
from signaling.problems import RefusedError
from signaling.tokens import ProgramToken
from signaling.whip.descriptions import sections
from signaling.whip.resource import Resource
from signaling.whip.watching import KINDS, Watching

PROGRAM = "program"


def owner(token: ProgramToken) -> str:
    """Who a resource belongs to that this token opened."""
    return f"program:{token.jti}"


class _ProgramResource(Resource):
    """What belongs to a meeting's stream."""

    def __init__(
        self, name: str, token: ProgramToken, meeting: LiveMeeting, resources: dict[str, Resource], offer: str
    ) -> None:
        if meeting.state.stream is None:
            raise RefusedError("not_streaming")
        super().__init__(name, owner(token), meeting, resources, offer)

    async def open(self) -> str:
        try:
            answer = await self.negotiate(self._offer)
        except BaseException:  # a client that has gone included: a place among the viewers would be taken for good
            self.end("left")
            raise
        if self.meeting.state.stream is None:  # it has ended meanwhile
            self.end("ended")
            raise RefusedError("not_streaming")
        self._resources[self.name] = self
        return answer


class ProgramIngest(_ProgramResource):
    """The composer's publications. A newer one replaces them in place for all who watch."""

    protocol = "whip"

    def __init__(
        self, name: str, token: ProgramToken, meeting: LiveMeeting, resources: dict[str, Resource], offer: str
    ) -> None:
        if token.use != "publish":
            raise RefusedError("not_allowed", "The token is for watching.")
        super().__init__(name, token, meeting, resources, offer)
        if token.stream != meeting.state.stream:
            raise RefusedError("not_streaming", "The token is for an earlier stream.")
        self._peer: PeerPort | None = None

    @property
    def peer(self) -> PeerPort | None:
        return self._peer

    async def negotiate(self, offer: str) -> str:
        if self._peer is None:
            self._peer = self.meeting.open_peer("program/whip")
        try:
            answer = await self._peer.accept_offer(offer, lambda _mid, kind: kind in KINDS)
        except ValueError as error:
            raise RefusedError("bad_description", str(error)) from error
        if not answer.publications:
            raise RefusedError("bad_description", "It offers neither audio nor video that the node can take.")
        self.meeting.program.publish(self, _named(offer, answer.publications))
        return str(answer.sdp)

    def release(self) -> None:
        self.meeting.program.withdraw(self)
        if self._peer is not None:
            self._peer.close()


class ProgramPlayback(_ProgramResource):
    """A viewer of the public page."""

    protocol = "whep"

    def __init__(
        self,
        name: str,
        token: ProgramToken,
        meeting: LiveMeeting,
        resources: dict[str, Resource],
        offer: str,
        *,
        interpreted: bool = False,
    ) -> None:
        if token.use != "watch":
            raise RefusedError("not_allowed", "The token is for publishing.")
        super().__init__(name, token, meeting, resources, offer)
        sound = INTERPRETATION if interpreted else "audio"
        self._watching = Watching(
            lambda: meeting.open_peer("program/whep"),
            lambda kind: meeting.program.port(sound if kind == "audio" else kind),
        )
        meeting.program.viewers.add(self)

    @property
    def peer(self) -> PeerPort | None:
        return self._watching.peer

    async def negotiate(self, offer: str) -> str:
        if any(kind == "video" for _, kind in sections(offer)) and " h264/90000" not in offer.lower():
            raise RefusedError("bad_description", "The program is H.264, which this player does not take.")
        return await self._watching.negotiate(offer)

    def follow(self) -> None:
        """The composer has come back, or gone."""
        self._watching.follow()

    def release(self) -> None:
        self.meeting.program.viewers.discard(self)
        self._watching.close()


def _named(offer: str, published: Mapping[str, PublicationPort]) -> dict[str, PublicationPort]:
    """Publications by what they are: the first sound that is offered is the room, the second the interpretation."""
    found: dict[str, PublicationPort] = {}
    for mid, kind in sections(offer):
        if mid in published:
            found[INTERPRETATION if kind in found and kind == "audio" else kind] = published[mid]
    return found
