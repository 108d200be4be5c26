"""From client to server."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from signaling.messages.common import RequestId
from signaling.messages.orders import OrderAction
from signaling.model import Id, Language, Line, Name, QuestionText, Sdp, Shape, Source, Tag, Text


class Resume(Shape):
    """Come back as the same participant within 60 s of a lost connection."""

    participant: Id
    key: Annotated[str, Field(min_length=16, max_length=128)]


class Hello(Shape):
    """First message on every connection. The web process reads it to find the node that the token names."""

    type: Literal["hello"]
    version: int
    token: Annotated[str, Field(max_length=8192)]
    resume: Resume | None = None
    client: Annotated[str, Field(max_length=200)] = ""
    """Program and version, for statistics."""
    takeover: bool = True
    """Whether to replace an earlier connection with the same token (else refused with `already_joined`)."""
    check: bool = False
    """Only check the line: nobody joins. Answered by `checked`; then `ping` and one `publish` may follow, for 15 s."""


class Publish(Shape):
    """The publish connection's offer; the whole of it each time. `sources` names what each m-section carries.

    A section that became inactive ends its publication. A new ICE username fragment is an ICE restart.
    """

    type: Literal["publish"]
    id: RequestId
    sdp: Sdp
    sources: Annotated[dict[str, Source], Field(max_length=16)]
    muted: Annotated[list[str], Field(max_length=16)] = []
    """Mids that start muted."""


class Answer(Shape):
    """The client's answer to the `offer` of the same revision."""

    type: Literal["answer"]
    id: RequestId
    revision: int
    sdp: Sdp


class Restart(Shape):
    """Ask the node for an offer with new ICE credentials on the subscribe connection.

    `rebuild` asks for a wholly new subscribe connection (new DTLS), when an ICE restart was not enough.
    """

    type: Literal["restart"]
    id: RequestId
    rebuild: bool = False


class WantedVideo(Shape):
    """A video that the client wants to receive."""

    publication: Id
    paused: bool = False
    """Keep the section, send nothing (tile out of sight)."""
    height: Annotated[int, Field(ge=0, le=4320)] = 720
    """Pixels that the tile can show; chooses the layer when there is more than one."""


class Receive(Shape):
    """The full set of videos this client wants; audio comes by itself unless `audio` is false.

    Before the first `receive`, the node sends up to 9 that it thinks best: what is presented, then who spoke last.
    """

    type: Literal["receive"]
    id: RequestId
    videos: Annotated[list[WantedVideo], Field(max_length=100)]
    audio: bool = True
    channel: Tag | None = None
    """Into which language this client wants to hear interpreters; none is sent them without it."""


class Mute(Shape):
    """Own mute or unmute of one's own publication."""

    type: Literal["mute"]
    id: RequestId
    publication: Id
    muted: bool


class SendChat(Shape):
    """Say something in the chat, to everybody or to one participant."""

    type: Literal["chat"]
    id: RequestId
    text: Annotated[Text, Field(min_length=1)]
    to: Id | None = None


class SendCaption(Shape):
    """Write captions: a draft of the line, which the next one replaces, or the line as it stays."""

    type: Literal["caption"]
    id: RequestId
    text: Line
    language: Language = "uk"
    final: bool = False


class PutQuestion(Shape):
    """Ask those who lead the meeting."""

    type: Literal["ask"]
    id: RequestId
    text: QuestionText


class Vote(Shape):
    """Want a question answered too, or no longer."""

    type: Literal["vote"]
    id: RequestId
    question: Id
    wanted: bool


class Consent(Shape):
    """Answer to being recorded: `joined` after the notice was shown before coming in, `understood` in the room,
    `quiet` for going on without camera and microphone.
    """

    type: Literal["consent"]
    id: RequestId
    answer: Literal["joined", "understood", "quiet"]
    notice: Annotated[str, Field(max_length=40)]
    """Which wording was shown."""


class Interpret(Shape):
    """An interpreter says from and into which language they interpret; with both null, no longer."""

    type: Literal["interpret"]
    id: RequestId
    source: Tag | None = None
    into: Tag | None = None


class Air(Shape):
    """An interpreter takes over from whoever of the booth is on the air, or hands over to somebody of the booth."""

    type: Literal["air"]
    id: RequestId
    take: bool


class Hand(Shape):
    """Raise or lower one's own hand."""

    type: Literal["hand"]
    id: RequestId
    raised: bool


class Rename(Shape):
    """Change one's own display name (guests and endpoints)."""

    type: Literal["rename"]
    id: RequestId
    name: Name


class Order(Shape):
    """A moderator's act. The control API takes the same actions."""

    type: Literal["order"]
    id: RequestId
    action: OrderAction


class Ping(Shape):
    """Sent every 5 s; the answer proves the line and measures it."""

    type: Literal["ping"]
    id: RequestId


class Leave(Shape):
    """Leave for good; the participant cannot be resumed."""

    type: Literal["leave"]
    id: RequestId


Request = (
    Publish
    | Answer
    | Restart
    | Receive
    | Mute
    | SendChat
    | SendCaption
    | PutQuestion
    | Vote
    | Consent
    | Interpret
    | Air
    | Hand
    | Rename
    | Order
    | Ping
    | Leave
)
"""Messages that carry an `id` and get an answer."""

ClientMessage = Annotated[Hello | Request, Field(discriminator="type")]
