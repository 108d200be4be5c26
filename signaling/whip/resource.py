"""What WHIP and WHEP resources share: their life is that of one peer."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import ClassVar

from signaling.live import LiveMeeting
from signaling.media.ports import PeerPort
from signaling.meeting import rules
from signaling.meeting.facts import LeaveReason
from signaling.messages import VERSION, Hello, Problem, ServerMessage
from signaling.model import Presence
from signaling.problems import RefusedError
from signaling.tokens import Token
from signaling.whip.descriptions import Credentials, credentials, with_credentials

CONNECT_WITHIN_S = 30.0
"""A peer that is not connected by then is given up."""


class Resource(ABC):
    """One peer that HTTP opened, restarts and ends."""

    protocol: ClassVar[str]
    """`whip` or `whep`."""

    def __init__(self, name: str, owner: str, meeting: LiveMeeting, resources: dict[str, Resource], offer: str) -> None:
        self.name = name
        self.owner = owner
        """Who alone may restart and end it: the identity, or for programs the token."""
        self.meeting = meeting
        self.generation = 1
        """Counts ICE restarts."""
        self._resources = resources
        self._offer = offer
        self._opened_at = meeting.monotonic()

    @property
    def etag(self) -> str:
        return f'"{self.generation}"'

    @property
    def path(self) -> str:
        return f"/{self.protocol}/{self.meeting.state.id}/{self.name}"

    @property
    def credentials(self) -> Credentials | None:
        """The far end's ICE credentials of this generation."""
        return credentials(self._offer)

    @abstractmethod
    async def open(self) -> str:
        """Answer the offer. Raises `RefusedError`, with nothing left behind."""

    async def restart(self, new: Credentials) -> str:
        """An ICE restart that the far end asks for; the answer. Raises `RefusedError`."""
        offer = with_credentials(self._offer, new)
        answer = await self.negotiate(offer)
        self._offer = offer
        self.generation += 1
        return answer

    def tick(self, now: float) -> None:
        """End when the peer has ended, or never came up."""
        state = str(self.peer.state) if self.peer is not None else "closed"
        late = state in ("new", "connecting") and now - self._opened_at > CONNECT_WITHIN_S
        if state in ("failed", "closed") or late:
            self.end("lost")

    def end(self, reason: LeaveReason) -> None:
        """It is over; nothing is left behind."""
        self._resources.pop(self.name, None)
        self.release()

    @property
    @abstractmethod
    def peer(self) -> PeerPort | None:
        """The one peer."""

    @abstractmethod
    async def negotiate(self, offer: str) -> str:
        """The answer to an offer. Raises `RefusedError`."""

    @abstractmethod
    def release(self) -> None:
        """Let go of what is not the meeting's own."""


class ParticipantResource(Resource):
    """A `Link` that says nothing: a participant without a WebSocket, beside the person whose token it bears."""

    negotiates = False

    def __init__(
        self, name: str, token: Token, meeting: LiveMeeting, resources: dict[str, Resource], offer: str
    ) -> None:
        super().__init__(name, token.identity, meeting, resources, offer)
        self.bearer = token
        self.token = token.model_copy(update={"presence": Presence.SERVICE, "jti": f"{token.jti}/{self.protocol}"})
        self.participant = ""

    # ------------------------------------------------------------ Link

    def send(self, message: ServerMessage) -> None:
        """There is nobody to tell."""
        del message

    def close(self, why: Problem) -> None:
        """The participant is no longer this resource's: removed, or taken over by a newer one."""
        self._resources.pop(self.name, None)
        self.release()

    def entered(self, participant: str) -> None:
        self.participant = participant
        self._resources[self.name] = self

    # ------------------------------------------------------------ life

    async def open(self) -> str:
        """Come into the meeting and answer the offer. Raises `RefusedError`, with nothing left behind."""
        if rules.entrance(self.meeting.state, self.bearer, limit=self.meeting.limit) == "wait":
            raise RefusedError("waiting_room")
        self.meeting.entrance.hello(self, Hello(type="hello", version=VERSION, token=""))
        try:
            return await self.negotiate(self._offer)
        except BaseException:  # a client that has gone included: the participant would stay
            self.end("left")
            raise

    def end(self, reason: LeaveReason) -> None:
        """The participant leaves with the resource."""
        super().end(reason)
        if self.meeting.links.get(self.participant) is self:
            self.meeting.leave(self.participant, reason)
