"""From server to client."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from recordings.live.wire import StorageTrouble, TargetProblem, TargetState
from signaling.messages.common import VERSION, Problem, RequestId
from signaling.model import (
    Caption,
    ChatMessage,
    GroupsSeen,
    Id,
    MeetingState,
    Name,
    Participant,
    Question,
    Shape,
    Source,
)


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


class TargetSeen(Shape):
    """Where the stream goes to, or may go to, and how that fares."""

    id: Id
    name: str = ""
    on: bool = False
    state: TargetState | None = None
    """None: not known yet, or off."""
    problem: TargetProblem = ""
    detail: str = ""
    """What the server said, in its own words."""
    since: float | None = None
    tries: int = 0


class StreamSeen(Shape):
    """The stream as hosts and moderators see it."""

    may: bool
    """Whether they may begin one."""
    state: Literal["off", "starting", "live", "away"] = "off"
    """`away`: the composer has died and is being replaced, or does not keep up."""
    since: float | None = None
    live_at: float | None = None
    """When there was something to watch for the first time."""
    viewers: int = 0
    late_frames: int = 0
    """Pictures that were left out because the machine is too slow."""
    lost_packets: int = 0
    """What came from participants and found the composer too slow."""
    trouble: StorageTrouble = ""
    """What it suffers from the disk."""
    targets: list[TargetSeen] = []


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
    captions: list[Caption] = []
    """The last 50 finished lines."""
    questions: list[Question] = []
    voted: list[Id] = []
    """The questions that this participant wants answered too."""
    consented: bool = False
    """Whether this participant has answered to being recorded, if the meeting is."""
    speaker: Id | None = None
    groups: GroupsSeen | None = None
    stream: StreamSeen | None = None
    """For hosts and moderators."""
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


class CaptionShown(Shape):
    """A line of captions: a draft, or as it stays."""

    type: Literal["caption"] = "caption"
    caption: Caption


class QuestionChanged(Shape):
    """A question was asked or let in, got a vote or another status."""

    type: Literal["question"] = "question"
    question: Question


class QuestionGone(Shape):
    """A question was dismissed."""

    type: Literal["question_gone"] = "question_gone"
    question: Id


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


class GroupsChanged(Shape):
    """The meeting's groups were opened, changed or closed, or somebody went from one room to another."""

    type: Literal["groups"] = "groups"
    groups: GroupsSeen


class GroupsTold(Shape):
    """A host says something to all rooms of the meeting. It stands in each room's chat as well."""

    type: Literal["groups_told"] = "groups_told"
    name: Name
    text: str


class StreamChanged(Shape):
    """For hosts and moderators: the stream, or one of its targets, fares otherwise than before."""

    type: Literal["stream"] = "stream"
    stream: StreamSeen


class Asked(Shape):
    """A host asks you to unmute."""

    type: Literal["asked"] = "asked"
    what: Literal["unmute"]
    source: Source
    by: Name


class PictureTaken(Shape):
    """A still picture of somebody's video has been taken for the occurrence's file."""

    type: Literal["picture"] = "picture"
    at: float
    by: Id
    by_name: Name
    participant: Id
    """Who, or whose thing, is seen in it."""
    source: Source


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
    `too_many_messages`, `too_many_connections`, `already_joined`, `unknown_meeting`, `group_over` (the group is closed:
    go back to the main room).
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
    | CaptionShown
    | QuestionChanged
    | QuestionGone
    | HandsChanged
    | SpeakerChanged
    | QualityChanged
    | GroupsChanged
    | GroupsTold
    | StreamChanged
    | Asked
    | PictureTaken
    | TokenRenewed
    | Pong
    | Closing,
    Field(discriminator="type"),
]
