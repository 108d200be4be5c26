"""What has happened in a meeting. Facts are what the journal holds; replaying them gives the state again.

Times are UTC in seconds since the epoch.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter

from signaling.meeting.plan import Groups, Plan, StreamTarget
from signaling.model import (
    Caption,
    ChatMessage,
    Id,
    Interpreting,
    Permission,
    Presence,
    Question,
    QuestionStatus,
    Role,
    Shape,
    Source,
    Tag,
    WhyOut,
)

LeaveReason = Literal["left", "lost", "removed", "replaced", "ended"]
CloseReason = Literal["ended", "empty", "ordered"]
ConsentAnswer = Literal["told", "joined", "understood", "quiet"]
"""`told`: shown the notice, no answer yet. `joined`: came in after the notice. `understood`: said so in the room.
`quiet`: goes on without camera and microphone."""


class _Fact(Shape):
    at: float


class Opened(_Fact):
    fact: Literal["opened"] = "opened"
    meeting: Id
    opening: Id
    """Names this opening of the meeting for good: with the record's number it identifies an event."""
    plan: Plan


class Planned(_Fact):
    fact: Literal["planned"] = "planned"
    plan: Plan


class Joined(_Fact):
    fact: Literal["joined"] = "joined"
    participant: Id
    identity: Id
    token: str
    """The token's `jti`, which its renewals keep."""
    resume: str
    """SHA-256 of the resume key, hexadecimal."""
    name: str
    organisation: str = ""
    role: Role
    presence: Presence
    permissions: list[Permission]
    number: int = 0
    """By which others know them where names are hidden."""
    alias: str = ""
    hidden: bool = False
    """As in the token."""


class FaceKept(_Fact):
    """Somebody was here whose words are still here: by what pseudonym others know them."""

    fact: Literal["face_kept"] = "face_kept"
    participant: Id
    identity: Id
    role: Role
    number: int
    alias: str = ""
    hidden: bool = False


class TookOver(_Fact):
    """A newer connection with the same token took the participant's place."""

    fact: Literal["took_over"] = "took_over"
    participant: Id
    token: str
    resume: str


class WentAway(_Fact):
    fact: Literal["went_away"] = "went_away"
    participant: Id


class CameBack(_Fact):
    fact: Literal["came_back"] = "came_back"
    participant: Id


class Left(_Fact):
    fact: Literal["left"] = "left"
    participant: Id
    reason: LeaveReason
    why: WhyOut | None = None


class ShownOut(_Fact):
    """Whoever bears this identity comes in by a token that was signed after `until` only (UTC, seconds)."""

    fact: Literal["shown_out"] = "shown_out"
    identity: Id
    why: WhyOut
    until: float


class Barred(_Fact):
    """Whoever bears this identity may not come in again."""

    fact: Literal["barred"] = "barred"
    identity: Id


class Admitted(_Fact):
    fact: Literal["admitted"] = "admitted"
    identity: Id


class Renamed(_Fact):
    fact: Literal["renamed"] = "renamed"
    participant: Id
    name: str


class RoleChanged(_Fact):
    fact: Literal["role_changed"] = "role_changed"
    participant: Id
    role: Role
    permissions: list[Permission]


class RoleGiven(_Fact):
    """The role of an identity that need not be present."""

    fact: Literal["role_given"] = "role_given"
    identity: Id
    role: Role


class HandMoved(_Fact):
    fact: Literal["hand_moved"] = "hand_moved"
    participant: Id
    raised: bool


class HostMuted(_Fact):
    fact: Literal["host_muted"] = "host_muted"
    participant: Id
    source: Source
    muted: bool


class Spotlighted(_Fact):
    fact: Literal["spotlighted"] = "spotlighted"
    participant: Id | None
    source: Source | None = None


class MeetingSet(_Fact):
    fact: Literal["meeting_set"] = "meeting_set"
    locked: bool | None = None
    lobby: bool | None = None
    self_unmute: bool | None = None
    chat_enabled: bool | None = None
    questions_enabled: bool | None = None
    channels: list[Tag] | None = None


class InterpretingSet(_Fact):
    """Whoever bears this identity interprets so from now on, or no longer."""

    fact: Literal["interpreting_set"] = "interpreting_set"
    identity: Id
    interprets: Interpreting | None


class GroupsSet(_Fact):
    """The meeting was divided into groups, or these were changed or closed."""

    fact: Literal["groups_set"] = "groups_set"
    groups: Groups


class Said(_Fact):
    fact: Literal["said"] = "said"
    message: ChatMessage


class ChatErased(_Fact):
    fact: Literal["chat_erased"] = "chat_erased"
    message: Id


class Captioned(_Fact):
    """A line of captions is finished. Drafts are told and forgotten."""

    fact: Literal["captioned"] = "captioned"
    caption: Caption


class QuestionPut(_Fact):
    fact: Literal["question_put"] = "question_put"
    question: Question


class QuestionVoted(_Fact):
    """Somebody wants a question answered too, or no longer."""

    fact: Literal["question_voted"] = "question_voted"
    question: Id
    identity: Id
    wanted: bool


class QuestionMoved(_Fact):
    """A question is let in, being answered, answered or dismissed."""

    fact: Literal["question_moved"] = "question_moved"
    question: Id
    status: QuestionStatus
    by: str = ""


class Consented(_Fact):
    """Somebody who is or comes in while it is recorded was told so, or has answered to that."""

    fact: Literal["consented"] = "consented"
    participant: Id
    identity: Id
    name: str
    recording: Id
    answer: ConsentAnswer
    notice: str
    """Which wording of the notice they were shown."""


class Pictured(_Fact):
    """Somebody took a still picture of what a participant shows."""

    fact: Literal["pictured"] = "pictured"
    by: Id
    participant: Id
    source: Source


class Began(_Fact):
    fact: Literal["began"] = "began"


class Ended(_Fact):
    fact: Literal["ended"] = "ended"


class RecordingSet(_Fact):
    """A recording begins or goes on (`on`), is paused, or ends (`off`)."""

    fact: Literal["recording_set"] = "recording_set"
    recording: Id
    """16 hexadecimal digits."""
    status: Literal["on", "paused", "off"]
    by: str = ""
    """Who ordered it; empty: the plan, the control API, or the end of the meeting."""
    reason: Literal["ordered", "ended", "closed"] = "ordered"
    """Why it ends: it was ordered, the meeting was ended by a host, or it closed because nobody was left."""


class TrackRecorded(_Fact):
    """A track of the recording got this number: after a restart the next one gets another."""

    fact: Literal["track_recorded"] = "track_recorded"
    track: int


class StreamSet(_Fact):
    """The meeting is streamed from now on (`on`), or no longer."""

    fact: Literal["stream_set"] = "stream_set"
    stream: Id
    """16 hexadecimal digits."""
    status: Literal["on", "off"]
    targets: list[StreamTarget] = []
    """Where it goes to beside the public page, as it begins."""
    by: str = ""
    """Who ordered it; empty: the plan, the control API, or the end of the meeting."""
    reason: Literal["ordered", "ended", "closed"] = "ordered"


class StreamTargetSet(_Fact):
    """A running stream goes to this target as well, or no longer, or is to try it again at once."""

    fact: Literal["stream_target_set"] = "stream_target_set"
    target: StreamTarget
    on: bool
    again: int = 0
    """How often it was to be tried again so far."""


class Spoke(_Fact):
    """Somebody was the active speaker from `since` to `at`."""

    fact: Literal["spoke"] = "spoke"
    participant: Id
    since: float


class RosterTaken(_Fact):
    """Who is present now; written every 15 s, so that attendance survives whatever else is lost."""

    fact: Literal["roster"] = "roster"
    participants: list[Id]


class Closed(_Fact):
    fact: Literal["closed"] = "closed"
    reason: CloseReason


Fact = Annotated[
    Opened
    | Planned
    | Joined
    | FaceKept
    | TookOver
    | WentAway
    | CameBack
    | Left
    | ShownOut
    | Barred
    | Admitted
    | Renamed
    | RoleChanged
    | RoleGiven
    | HandMoved
    | HostMuted
    | Spotlighted
    | MeetingSet
    | InterpretingSet
    | GroupsSet
    | Said
    | ChatErased
    | Captioned
    | QuestionPut
    | QuestionVoted
    | QuestionMoved
    | Consented
    | Pictured
    | Began
    | Ended
    | RecordingSet
    | TrackRecorded
    | StreamSet
    | StreamTargetSet
    | Spoke
    | RosterTaken
    | Closed,
    Field(discriminator="fact"),
]
WordFact = Captioned | QuestionPut | QuestionVoted | QuestionMoved | Consented
"""What `signaling.meeting.words` keeps."""
FACT: TypeAdapter[Fact] = TypeAdapter(Fact)
