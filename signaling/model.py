"""What a meeting looks like from outside: the shapes that messages and events share."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

Id = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An identifier in any message: of a meeting, a participant, a publication, a chat message."""

_BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""Embeddings, overrides and isolates (UAX 9): in a name they turn around what stands beside it."""


def _name(text: str) -> str:
    if text.isprintable() and not any(mark in text for mark in _BIDI):
        return text
    return "".join(" " if ord(each) < 32 or ord(each) == 127 else each for each in text if each not in _BIDI)


def _text(text: str) -> str:
    return text if text.isprintable() else "".join(each for each in text if each in "\n\t" or ord(each) >= 32)


Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_name)]
"""A name in one line. Control characters become spaces: databases and screens take them badly."""
Text = Annotated[str, Field(max_length=2000), AfterValidator(_text)]
"""Lines of text, without control characters but line ends and tabs."""
Line = Annotated[str, Field(max_length=300), AfterValidator(_name)]
"""A line of captions, drafts included."""
QuestionText = Annotated[str, Field(min_length=1, max_length=600), AfterValidator(_text)]
Language = Literal["uk", "en"]
"""Of captions (BCP 47)."""
Tag = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})?$", max_length=12)]
"""A language to interpret from or into (BCP 47): `uk`, `en`; sign languages by ISO 639-3: `ukl`."""
SIGNED = frozenset({"ukl", "ils", "ase", "bfi"})
"""Sign languages: of Ukraine, the international one, of America, of Britain. They are seen, not heard."""
Sdp = Annotated[str, Field(min_length=1, max_length=131_072)]


WhyOut = Literal[
    "seat_cancelled", "invitation_withdrawn", "link_withdrawn", "account_disabled", "endpoint_disconnected"
]
"""Why the web process has somebody shown out; also the code of the problem that they read."""


def bearer(identity: str) -> str:
    """Who stands behind an identity: `guest:7` behind `guest:7.3`, a further device of its link."""
    return identity.partition(".")[0]


class Shape(BaseModel):
    """A part of a message. Unknown members are refused, so that a typing error is seen at once."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Role(StrEnum):
    """What somebody is in a meeting; the token carries it, a host may change it."""

    HOST = "host"
    MODERATOR = "moderator"
    PRESENTER = "presenter"
    PARTICIPANT = "participant"
    INTERPRETER = "interpreter"
    CAPTIONER = "captioner"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing a bearer of a token may do. A role brings a set of them; a token lists them."""

    PUBLISH_AUDIO = "publish_audio"
    PUBLISH_VIDEO = "publish_video"
    PUBLISH_SCREEN = "publish_screen"
    SUBSCRIBE = "subscribe"
    CHAT = "chat"
    RAISE_HAND = "raise_hand"
    ASK = "ask"
    """Put questions to those who lead, and vote for those of others."""
    CAPTION = "caption"
    """Write captions for everybody."""
    INTERPRET = "interpret"
    """Interpret into a language channel of the meeting."""
    MODERATE = "moderate"
    """Mute, remove, admit, lock, pin for everybody, begin, end, lower hands, delete chat, change roles below host."""
    TAKE_PICTURES = "take_pictures"
    """Keep a still picture of what is shown, in the occurrence's file; everybody is told."""


class Presence(StrEnum):
    """Who stands behind a participant."""

    PERSON = "person"
    ENDPOINT = "endpoint"
    GUEST = "guest"
    SERVICE = "service"
    """A program: WHIP encoder, headless participant, load tool."""


class Source(StrEnum):
    """Where a publication comes from."""

    MICROPHONE = "microphone"
    CAMERA = "camera"
    SCREEN = "screen"
    SCREEN_AUDIO = "screen_audio"
    DOCUMENT_CAMERA = "document_camera"
    """A second camera, which shows a thing beside the person: a document, a device on the table."""

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return "audio" if self in (Source.MICROPHONE, Source.SCREEN_AUDIO) else "video"

    @property
    def presents(self) -> bool:
        """Whether it shows a thing to look at, rather than who speaks."""
        return self in (Source.SCREEN, Source.SCREEN_AUDIO, Source.DOCUMENT_CAMERA)


class Publication(Shape):
    """Media that a participant sends. Own mute, mute by the host and pause by the receiver are three states."""

    id: Id
    source: Source
    codec: str
    """RTP encoding name: `opus`, `VP8`, `H264`."""
    muted: bool = False
    """The sender has muted it."""
    muted_by_host: bool = False
    """A host has muted it: the node forwards nothing until a host lifts it, or the sender where allowed."""


class Protection(Shape):
    """What shields the people of a meeting. Each member can only be made stricter while the meeting runs."""

    hide_names: bool = False
    """Participants see by name only those who lead or present, and themselves."""
    recording: Literal["allowed", "voices", "never"] = "allowed"
    """What may go beyond the room. `voices`: sound and what is shown, no cameras and no participants' names."""
    held: bool = False
    """A recording is published only when an organiser has looked and released it."""

    def joined(self, other: Protection) -> Protection:
        """The stricter of both in everything."""
        return Protection(
            hide_names=self.hide_names or other.hide_names,
            recording=max(self.recording, other.recording, key=_STRICTNESS.index),
            held=self.held or other.held,
        )


_STRICTNESS: tuple[Literal["allowed", "voices", "never"], ...] = ("allowed", "voices", "never")


class Interpreting(Shape):
    """From and into which language somebody interprets. Two languages make a booth: its interpreters take turns."""

    source: Tag
    into: Tag
    """The channel in which they are heard, or seen if it is a sign language."""
    on_air: bool = False
    """In a booth, and into a language, one at a time."""

    @property
    def booth(self) -> frozenset[str]:
        """Both languages, whichever way they interpret now."""
        return frozenset({self.source, self.into})

    @property
    def signed(self) -> bool:
        """Whether it is done by hand: what they say then belongs to the room."""
        return bool(self.booth & SIGNED)


class Participant(Shape):
    """Somebody in the meeting, as the receiver may see them."""

    id: Id
    name: Name
    alias: str = ""
    """What others read instead of the name; only for who may know both. Empty where nothing is hidden."""
    organisation: str = ""
    role: Role
    presence: Presence
    permissions: list[Permission]
    publications: list[Publication] = []
    hand_raised: bool = False
    away: bool = False
    """The connection is lost and may still come back (60 s)."""
    interprets: Interpreting | None = None
    joined_at: float
    """UTC, seconds since the epoch, as all times in messages."""


class ChatMessage(Shape):
    """One line of chat. `to` is empty for everybody."""

    id: Id
    at: float
    participant: Id
    name: Name
    alias: str = ""
    """As of a participant, here and below."""
    text: Text
    to: Id | None = None


class Caption(Shape):
    """What a writer of captions has written of one line. The next draft of theirs in this language replaces it, until
    it is final.
    """

    at: float
    since: float
    """When the line was begun."""
    participant: Id
    name: Name
    alias: str = ""
    language: Language
    text: Line
    """Empty: the draft is taken back."""
    final: bool


class QuestionStatus(StrEnum):
    """What became of a question."""

    WAITING = "waiting"
    """From the public page; those who lead have to let it in."""
    OPEN = "open"
    ANSWERING = "answering"
    ANSWERED = "answered"
    DISMISSED = "dismissed"


class Question(Shape):
    """A question to those who lead the meeting."""

    id: Id
    at: float
    name: Name
    alias: str = ""
    text: QuestionText
    participant: Id | None = None
    """Who asked, of those in the room; none for somebody who watches the public page."""
    status: QuestionStatus = QuestionStatus.OPEN
    votes: int = 0
    moved_at: float | None = None
    """When it got its status, if not when it was asked."""


class GroupSeen(Shape):
    """One group of a meeting. Who leads the meeting also sees who is in it."""

    number: int
    meeting: Id
    name: str
    task: str = ""
    present: int = 0
    people: list[str] = []


class GroupsSeen(Shape):
    """The groups into which a meeting is divided, as one participant sees them.

    `rooms` are all groups for those who lead and, where people may choose, for everybody without a group; else the
    participant's own.
    """

    main: Id
    title: str
    """Of the main room."""
    here: int | None = None
    """In which group this participant is now; none in the main room."""
    mine: int | None = None
    """To which group the participant belongs."""
    open: bool = False
    closes_at: float | None = None
    """When everybody is brought back."""
    choose: bool = False
    """Whether somebody without a group may choose one."""
    rooms: list[GroupSeen] = []
    present: int = 0
    """In the main room."""
    people: list[str] = []
    """There, for those who lead."""


class MeetingState(Shape):
    """What is true of the meeting as a whole."""

    id: Id
    title: str
    language: str = "uk"
    """Of the room (BCP 47)."""
    channels: list[Tag] = []
    """Languages into which the room is interpreted, that of the room not among them."""
    began_at: float | None = None
    """The official begin, announced by a host or by the plan."""
    ended_at: float | None = None
    locked: bool = False
    lobby: bool = False
    self_unmute: bool = True
    """Whether a participant muted by the host may unmute without being allowed to."""
    chat_enabled: bool = True
    questions_enabled: bool = True
    """Whether participants may ask."""
    protection: Protection = Protection()
    spotlight: Id | None = None
    """Participant pinned for everybody."""
    spotlight_source: Source | None = None
    """Which of their videos is meant; None: what they present, else their camera. One that ended is as none."""
    recording: bool = False
    """Whether it is being recorded; a recording may be paused."""
    recording_paused: bool = False
    recording_trouble: str | None = None
    """Why what is said may not be kept: `capture_away`, `disk_full`; `disk_low` warns of that."""
    streaming: bool = False
    """Whether it is being streamed to the public."""
    stream_since: float | None = None
    viewers: Annotated[int, Field(ge=0)] = 0
    """People who watch the stream and are not in the meeting."""
