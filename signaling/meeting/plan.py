"""What the web process lays down for a meeting before and while it runs (`PUT /meetings/{id}`)."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from signaling.model import Id, Interpreting, Protection, Role, Shape, Tag

MOST_GROUPS = 40
MOST_TARGETS = 20
MOST_CHANNELS = 8


class GroupRoom(Shape):
    """One group: its meeting, and the identities that belong to it."""

    number: Annotated[int, Field(ge=1, le=MOST_GROUPS)]
    meeting: Id
    name: Annotated[str, Field(max_length=120)] = ""
    task: Annotated[str, Field(max_length=1000)] = ""
    members: Annotated[list[Id], Field(max_length=1000)] = []

    @property
    def title(self) -> str:
        """What its room is called."""
        return f"{self.number}. {self.name}" if self.name else str(self.number)


class Groups(Shape):
    """Into which groups a running meeting is divided."""

    rooms: Annotated[list[GroupRoom], Field(max_length=MOST_GROUPS)]
    choose: bool = False
    open: bool = True
    closes_at: float | None = None

    def of(self, identity: str) -> GroupRoom | None:
        """The group to which somebody belongs."""
        return next((room for room in self.rooms if identity in room.members), None)


class StreamTarget(Shape):
    """An RTMP or RTMPS server that a stream may go to. Address and key are sealed: the live composer opens them."""

    id: Id
    name: Annotated[str, Field(max_length=120)] = ""
    sealed: Annotated[str, Field(min_length=1, max_length=4096)]


class Plan(Shape):
    """How a meeting is to be held. A later plan replaces the earlier one.

    What a host has changed by hand (`locked`, `lobby` ...) stays unless the later plan differs from the earlier there.
    """

    title: Annotated[str, Field(max_length=300)] = ""
    language: Annotated[str, Field(max_length=8)] = "uk"
    """Of the meeting (BCP 47): what is written into the stream's picture is in it."""
    channels: Annotated[list[Tag], Field(max_length=MOST_CHANNELS)] = []
    """Languages into which it is interpreted."""
    interpreters: Annotated[dict[Id, Interpreting], Field(max_length=100)] = {}
    """Identity → from and into which language they interpret at first."""
    roles: Annotated[dict[Id, Role], Field(max_length=1000)] = {}
    """Identity → role; wins over the role in a token that was signed before."""
    locked: bool = False
    lobby: bool = False
    self_unmute: bool = True
    chat_enabled: bool = True
    questions_enabled: bool = True
    """Whether those in the room may ask."""
    public_questions: bool = False
    """Whether those who watch the public page may; those who lead let each in."""
    recording: bool = False
    streaming: bool = False
    """The stream begins by itself, with the official begin."""
    may_stream: bool = False
    """Whether hosts and moderators may stream the meeting; where `streaming` is set they may as well."""
    targets: Annotated[list[StreamTarget], Field(max_length=MOST_TARGETS)] = []
    """Where the stream may go to beside the public page."""
    capacity: Annotated[int, Field(ge=1, le=10_000)] | None = None
    """Most participants at a time; hosts and moderators come in beyond it, up to the node's own limit."""
    protection: Protection = Protection()
    main: Id | None = None
    """Of a group: the meeting that was divided."""
    group: int | None = None
