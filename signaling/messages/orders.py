"""A moderator's acts, over the WebSocket and over the control API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from signaling.meeting.plan import MOST_CHANNELS, MOST_GROUPS, MOST_TARGETS, GroupRoom, StreamTarget
from signaling.model import Id, QuestionText, Role, Shape, Source, Tag, Text, WhyOut


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


class ShowOut(Shape):
    """Show out whoever bears this identity, also by a further device (`guest:7.3`) or while they wait in the lobby.

    By a token that was signed before `until` (UTC, seconds) nobody of them comes in again: whether they get a new one
    is decided at the web process's door. For the control API alone.
    """

    do: Literal["show_out"]
    identity: Id
    why: WhyOut
    until: float


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
    questions_enabled: bool | None = None
    channels: Annotated[list[Tag], Field(max_length=MOST_CHANNELS)] | None = None
    """Languages into which the room is interpreted."""


class AssignInterpreter(Shape):
    """Let somebody interpret from one language of the meeting into another: they become an interpreter. With both
    null they stay one, without a channel: everybody hears them.
    """

    do: Literal["interpreter"]
    participant: Id
    source: Tag | None = None
    into: Tag | None = None


class Spotlight(Shape):
    """Pin a participant for everybody, or with null nobody; with `source`, one of their videos."""

    do: Literal["spotlight"]
    participant: Id | None
    source: Source | None = None


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


class OpenGroups(Shape):
    """Divide the meeting into groups, or change what they are. By the control API alone: the web process has them."""

    do: Literal["open_groups"]
    rooms: Annotated[list[GroupRoom], Field(min_length=1, max_length=MOST_GROUPS)]
    choose: bool = False


class CloseGroups(Shape):
    """Bring everybody back to the main room, after so many seconds. By the control API alone."""

    do: Literal["close_groups"]
    after_s: Annotated[float, Field(ge=0, le=600)] = 60


class TellGroups(Shape):
    """Say something to the main room and every group at once."""

    do: Literal["tell_groups"]
    text: Annotated[Text, Field(min_length=1)]


class KeepPicture(Shape):
    """Tell everybody that a still picture is put into the occurrence's file. From the web process, which keeps it."""

    do: Literal["keep_picture"]
    by: Id
    """Who takes it."""
    identity: Id
    """The same, as their token names them: the web process knows people by this."""
    participant: Id
    """Who, or whose thing, is seen in it."""
    source: Source = Source.CAMERA


class MoveQuestion(Shape):
    """Let a question in, say that it is being answered or has been, or dismiss it."""

    do: Literal["question"]
    question: Id
    status: Literal["open", "answering", "answered", "dismissed"]


class TakeQuestion(Shape):
    """A question from the public page. By the control API alone; repeated, it changes nothing."""

    do: Literal["take_question"]
    question: Id
    name: Annotated[str, Field(max_length=120)] = ""
    text: QuestionText


class Record(Shape):
    """Begin a recording or go on with it, pause it, or end it."""

    do: Literal["record"]
    status: Literal["on", "paused", "off"]


class Stream(Shape):
    """Begin to stream the meeting to its public page and to targets, or end the stream."""

    do: Literal["stream"]
    status: Literal["on", "off"]
    targets: Annotated[list[Id], Field(max_length=MOST_TARGETS)] | None = None
    """Which of the planned targets; null: all of them."""
    others: Annotated[list[StreamTarget], Field(max_length=MOST_TARGETS)] = []
    """Targets that are not planned. By the control API alone."""


class SetStreamTarget(Shape):
    """A running stream goes to a planned target as well (`on`), no longer (`off`), or tries it again at once."""

    do: Literal["stream_target"]
    id: Id
    status: Literal["on", "off", "again"]


class CountViewers(Shape):
    """How many watch the stream by HLS. By the control API alone: the web process serves them."""

    do: Literal["count_viewers"]
    counted_by: Id
    """Each web process counts its own; a count is good for 60 s."""
    viewers: Annotated[int, Field(ge=0, le=10_000_000)]


OrderAction = Annotated[
    MuteOther
    | AllowUnmute
    | Remove
    | ShowOut
    | Admit
    | Deny
    | SetMeeting
    | AssignInterpreter
    | Spotlight
    | ChangeRole
    | LowerHand
    | DeleteChat
    | Begin
    | End
    | OpenGroups
    | CloseGroups
    | TellGroups
    | KeepPicture
    | MoveQuestion
    | TakeQuestion
    | Record
    | Stream
    | SetStreamTarget
    | CountViewers,
    Field(discriminator="do"),
]
