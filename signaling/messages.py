"""The WebSocket protocol, version 1, as pydantic messages. `docs/protocol.md` says the same in prose.

Every frame is one JSON object with a `type`. A client's request carries an `id` of its choice and gets exactly one
answer with the same `id`: its own answer type, `ok` or `refused`. Everything else the server sends unasked.

Media: the sender of media always offers. The client has two peer connections: on `publish` it offers and the node
answers; on `subscribe` the node offers and the client answers. The node is ICE-lite: its candidates are in its
descriptions and it needs none from the client.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from signaling.model import ChatMessage, Id, MeetingState, Name, Participant, Role, Sdp, Shape, Source

VERSION = 1
MAX_FRAME_BYTES = 262_144

RequestId = Annotated[int, Field(ge=0, le=2**31 - 1)]


class Problem(Shape):
    """What went wrong, why, and what to do (the members of RFC 9457 that travel here).

    `code` is stable and for machines; the client shows its own sentence for it, in the person's language.
    """

    code: str
    title: str
    detail: str = ""
    retry: bool = False
    """Whether the same request may succeed later."""


# ---------------------------------------------------------------- from client to server


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

    Before the first `receive`, the node sends the videos it thinks best (screen shares, then who spoke last), up to 9.
    """

    type: Literal["receive"]
    id: RequestId
    videos: Annotated[list[WantedVideo], Field(max_length=100)]
    audio: bool = True


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
    text: Annotated[str, Field(min_length=1, max_length=2000)]
    to: Id | None = None


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


class MuteOther(Shape):
    """Mute somebody's publication, or with `participant` empty everybody's microphones but the hosts'."""

    do: Literal["mute"]
    participant: Id | None = None
    source: Source = Source.MICROPHONE


class AllowUnmute(Shape):
    """Lift a mute by the host and ask the participant to unmute."""

    do: Literal["allow_unmute"]
    participant: Id
    source: Source = Source.MICROPHONE


class Remove(Shape):
    """Remove a participant; with `ban`, their identity may not come back to this meeting."""

    do: Literal["remove"]
    participant: Id
    ban: bool = False


class Admit(Shape):
    """Let in somebody who waits in the lobby, or with `participant` empty everybody."""

    do: Literal["admit"]
    participant: Id | None = None


class Deny(Shape):
    """Turn away somebody who waits in the lobby."""

    do: Literal["deny"]
    participant: Id


class SetMeeting(Shape):
    """Change what is set; members left out stay as they are."""

    do: Literal["set"]
    locked: bool | None = None
    lobby: bool | None = None
    self_unmute: bool | None = None
    chat_enabled: bool | None = None


class Spotlight(Shape):
    """Pin a participant for everybody, or with null nobody."""

    do: Literal["spotlight"]
    participant: Id | None


class ChangeRole(Shape):
    """Give a participant another role. Only a host may make a host or a moderator."""

    do: Literal["role"]
    participant: Id
    role: Role


class LowerHand(Shape):
    """Lower somebody's hand, or with `participant` empty all hands."""

    do: Literal["lower_hand"]
    participant: Id | None = None


class DeleteChat(Shape):
    """Remove a chat message for everybody."""

    do: Literal["delete_chat"]
    message: Id


class Begin(Shape):
    """Announce the official begin: attendance counts from here."""

    do: Literal["begin"]


class End(Shape):
    """Announce the official end; with `close`, everybody is sent away."""

    do: Literal["end"]
    close: bool = False


OrderAction = Annotated[
    MuteOther
    | AllowUnmute
    | Remove
    | Admit
    | Deny
    | SetMeeting
    | Spotlight
    | ChangeRole
    | LowerHand
    | DeleteChat
    | Begin
    | End,
    Field(discriminator="do"),
]


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


Request = Publish | Answer | Restart | Receive | Mute | SendChat | Hand | Rename | Order | Ping | Leave
"""Messages that carry an `id` and get an answer."""

ClientMessage = Annotated[Hello | Request, Field(discriminator="type")]

# ---------------------------------------------------------------- from server to client


class WaitingParticipant(Shape):
    """Somebody in the lobby, as hosts and moderators see them."""

    id: Id
    name: Name
    organisation: str = ""
    since: float


class IceServer(Shape):
    """As RTCIceServer of W3C WebRTC."""

    urls: list[str]
    username: str | None = None
    credential: str | None = None


class Welcome(Shape):
    """You are in: the whole state. Sent after `hello` (join, resume or rejoin) and after admission from the lobby."""

    type: Literal["welcome"] = "welcome"
    version: int = VERSION
    participant: Id
    resume_key: str
    resumed: bool
    """True: media connections live on. False: build both anew."""
    meeting: MeetingState
    participants: list[Participant]
    waiting: list[WaitingParticipant] = []
    hands: list[Id]
    chat: list[ChatMessage]
    """The last 200 messages that this participant may read."""
    speaker: Id | None = None
    ice_servers: list[IceServer] = []
    now: float
    token: str
    """Fresh token: use it for a rejoin. `token` messages renew it."""


class Checked(Shape):
    """Answer to a `hello` that only checks the line: the token is good and the meeting can be joined."""

    type: Literal["checked"] = "checked"
    version: int = VERSION
    meeting: MeetingState
    ice_servers: list[IceServer] = []
    now: float


class Waiting(Shape):
    """You are in the lobby; `welcome`, or `closing` with `denied`, follows."""

    type: Literal["waiting"] = "waiting"
    meeting: MeetingState


class Ok(Shape):
    type: Literal["ok"] = "ok"
    id: RequestId


class Refused(Shape):
    """The request had no effect."""

    type: Literal["refused"] = "refused"
    id: RequestId | None
    problem: Problem


class Published(Shape):
    """Answer to `publish`. A section that was not accepted is missing from `publications` and named in `rejected`."""

    type: Literal["published"] = "published"
    id: RequestId
    sdp: str
    publications: dict[str, Id]
    """Mid → publication."""
    rejected: dict[str, Problem] = {}


class Section(Shape):
    """What one m-section of the node's offer carries."""

    publication: Id
    participant: Id
    source: Source


class Offer(Shape):
    """The subscribe connection's offer. Answer with `answer` and the same `revision`.

    `rebuild`: throw the old subscribe connection away and answer with a new one.
    """

    type: Literal["offer"] = "offer"
    revision: int
    sdp: str
    sections: dict[str, Section]
    """Mid → what it carries; sections that carry nothing are absent."""
    rebuild: bool = False


class Undecodable(Shape):
    """This client's answer showed that it cannot decode a publication: show a named tile, not a black one."""

    type: Literal["undecodable"] = "undecodable"
    publications: list[Id]


class ParticipantChanged(Shape):
    """Somebody joined or something about them changed."""

    type: Literal["participant"] = "participant"
    participant: Participant


class ParticipantLeft(Shape):
    type: Literal["left"] = "left"
    participant: Id
    reason: Literal["left", "lost", "removed", "replaced", "ended"]


class MeetingChanged(Shape):
    type: Literal["meeting"] = "meeting"
    meeting: MeetingState


class LobbyChanged(Shape):
    """For those who may admit."""

    type: Literal["lobby"] = "lobby"
    waiting: list[WaitingParticipant]


class ChatSaid(Shape):
    type: Literal["chat"] = "chat"
    message: ChatMessage


class ChatDeleted(Shape):
    type: Literal["chat_deleted"] = "chat_deleted"
    message: Id


class HandsChanged(Shape):
    """Raised hands, the first raised first."""

    type: Literal["hands"] = "hands"
    hands: list[Id]


class SpeakerChanged(Shape):
    """The active speaker, by audio level (RFC 6464)."""

    type: Literal["speaker"] = "speaker"
    participant: Id | None


class QualityChanged(Shape):
    """Connection quality per participant: 0 lost, 1 bad, 2 fair, 3 good. Only those that changed."""

    type: Literal["quality"] = "quality"
    participants: dict[Id, Annotated[int, Field(ge=0, le=3)]]


class Asked(Shape):
    """A host asks you to unmute."""

    type: Literal["asked"] = "asked"
    what: Literal["unmute"]
    source: Source
    by: Name


class TokenRenewed(Shape):
    type: Literal["token"] = "token"
    token: str


class Pong(Shape):
    type: Literal["pong"] = "pong"
    id: RequestId
    now: float


class Closing(Shape):
    """The last message before the server closes. `problem.code` says whether to come back.

    Codes: `removed`, `banned`, `denied`, `ended`, `replaced` (joined in another tab), `node_stopping`,
    `node_unavailable`, `media_failed`, `too_slow` (come back: resume or rejoin), `bad_token`, `token_expired`,
    `wrong_meeting`, `locked`, `full`, `storage_full`, `version`, `no_hello`, `bad_message`, `too_large`,
    `too_many_messages`, `too_many_connections`, `already_joined`, `unknown_meeting`.
    `docs/protocol.md` says what each asks of the client.
    """

    type: Literal["closing"] = "closing"
    problem: Problem


ServerMessage = Annotated[
    Welcome
    | Checked
    | Waiting
    | Ok
    | Refused
    | Published
    | Offer
    | Undecodable
    | ParticipantChanged
    | ParticipantLeft
    | MeetingChanged
    | LobbyChanged
    | ChatSaid
    | ChatDeleted
    | HandsChanged
    | SpeakerChanged
    | QualityChanged
    | Asked
    | TokenRenewed
    | Pong
    | Closing,
    Field(discriminator="type"),
]

CLIENT_MESSAGE: TypeAdapter[ClientMessage] = TypeAdapter(ClientMessage)
SERVER_MESSAGE: TypeAdapter[ServerMessage] = TypeAdapter(ServerMessage)
