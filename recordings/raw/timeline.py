"""What happens in a recorded meeting, as lines of `timeline.jsonl`. Times (`at`) are UTC in seconds since the epoch.

Every line stands for itself, so a torn last line costs that line only. Readers skip kinds they do not know.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

FORMAT = 1
NAME = "timeline.jsonl"
_REPEATED = 200

GapCause = Literal["node", "capture", "disk", "overflow"]
"""`node` and `capture`: the process was away. `disk`: it was full. `overflow`: capture could not keep up."""
StopReason = Literal["ordered", "ended", "closed"]
QuestionStatus = Literal["open", "answering", "answered", "dismissed"]
"""`open`: everybody sees it. `answering`: somebody answers it now. `dismissed`: it is shown no more."""
READ_PER_S: Final = 15.0
"""Characters that people read in a second, as subtitlers reckon."""


def reading_s(text: str) -> float:
    """How long a line has to be seen to be read, in seconds."""
    return min(7.0, max(1.5, len(text) / READ_PER_S))


def track_file(number: int) -> str:
    """The name of the file with a track's packets."""
    return f"track-{number:04d}.rtpdump"


class Line(BaseModel):
    """One thing that happened."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: float


class Begun(Line):
    """The first line: the recording's zero of time."""

    kind: Literal["begun"] = "begun"
    format: int = FORMAT
    recording: str
    meeting: str
    opening: str = ""
    title: str = ""


class Paused(Line):
    """From here to `resumed` nothing is kept."""

    kind: Literal["paused"] = "paused"


class Resumed(Line):
    kind: Literal["resumed"] = "resumed"


class Stopped(Line):
    """The recording is whole."""

    kind: Literal["stopped"] = "stopped"
    reason: StopReason = "ordered"


class Present(Line):
    """Somebody is in the meeting, or is seen otherwise from now on (name, role)."""

    kind: Literal["present"] = "present"
    participant: str
    name: str
    organisation: str = ""
    role: str = "participant"
    presence: str = "person"


class Gone(Line):
    kind: Literal["gone"] = "gone"
    participant: str


class Codec(BaseModel):
    """How a track is encoded; `name` is the RTP encoding name (`opus`, `VP8`, `H264`), `clock_rate` in Hz."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    name: str
    clock_rate: int
    channels: int = 0
    parameters: dict[str, str] = {}


class Track(Line):
    """A track begins. It has one codec for good; another codec, or a new connection, is another track."""

    kind: Literal["track"] = "track"
    track: int
    """Its number in the recording, from 1; also the SSRC of its packets."""
    participant: str
    source: str
    """`microphone`, `camera`, `screen`, `screen_audio` ..."""
    media: Literal["audio", "video"]
    codec: Codec

    @property
    def file(self) -> str:
        """The name of the file with its packets."""
        return track_file(self.track)


class TrackEnded(Line):
    kind: Literal["track_ended"] = "track_ended"
    track: int


class Muted(Line):
    """The sender, or a host, muted a track or lifted that."""

    kind: Literal["muted"] = "muted"
    track: int
    muted: bool


class Speaker(Line):
    """Somebody else is the active speaker, or nobody."""

    kind: Literal["speaker"] = "speaker"
    participant: str | None = None


class Interprets(Line):
    """By voice somebody interprets so from now on: they are heard in the channel of a language, not in the room."""

    kind: Literal["interprets"] = "interprets"
    participant: str
    into: str | None = None
    """BCP 47; None: no longer, they are heard in the room again."""
    on_air: bool = False
    """Of several into one language, who is heard."""


class Spotlight(Line):
    """Somebody was pinned for everybody, or nobody any more."""

    kind: Literal["spotlight"] = "spotlight"
    participant: str | None = None
    source: str | None = None
    """Which of their pictures; None for the camera or whatever there is."""


class Said(Line):
    """A line of public chat. Private chat is never recorded."""

    kind: Literal["said"] = "said"
    message: str
    """Its identifier."""
    participant: str
    name: str
    text: str


class ChatErased(Line):
    kind: Literal["chat_erased"] = "chat_erased"
    message: str


class Caption(Line):
    """A line of captions that is finished; `at` is when it was. Drafts of it are not kept."""

    kind: Literal["caption"] = "caption"
    participant: str
    """Who wrote it, not who spoke."""
    name: str = ""
    language: str
    """BCP 47."""
    text: str
    since: float
    """When its writer began it."""

    @property
    def until(self) -> float:
        """How long it should be seen, in seconds of `at`: until it is finished, and long enough to be read."""
        return max(self.at, self.since + reading_s(self.text))


class Question(Line):
    """A question to those who lead the meeting, or what becomes of it."""

    kind: Literal["question"] = "question"
    question: str
    """Its identifier."""
    status: QuestionStatus
    text: str
    name: str
    """Who asks."""
    participant: str = ""
    """Who asks, of those in the room; empty for somebody who watches the public page."""
    votes: int = 0


class Hand(Line):
    kind: Literal["hand"] = "hand"
    participant: str
    raised: bool


class Official(Line):
    """The official begin or end of the meeting."""

    kind: Literal["official"] = "official"
    what: Literal["began", "ended"]


class Gap(Line):
    """Between `since` and `at` packets were lost, or there was nobody to keep them."""

    kind: Literal["gap"] = "gap"
    since: float
    cause: GapCause
    packets: int | None = None
    """How many, if that is known."""


AnyLine = Annotated[
    Begun
    | Paused
    | Resumed
    | Stopped
    | Present
    | Gone
    | Track
    | TrackEnded
    | Muted
    | Speaker
    | Interprets
    | Spotlight
    | Said
    | ChatErased
    | Caption
    | Question
    | Hand
    | Official
    | Gap,
    Field(discriminator="kind"),
]
LINE: TypeAdapter[AnyLine] = TypeAdapter(AnyLine)


def encode(line: AnyLine) -> bytes:
    """The line as it stands in the file, with its line end."""
    return line.model_dump_json().encode() + b"\n"


class Damage(BaseModel):
    """What could not be read."""

    lines: int = 0


def read(path: Path, damage: Damage | None = None) -> Iterator[AnyLine]:
    """The lines of a timeline in the order in which they were written. Broken and unknown ones are left out, counted
    in `damage`; what a killed capture process wrote twice is given once. Raises OSError.
    """
    newest: deque[bytes] = deque(maxlen=_REPEATED)
    with path.open("rb") as file:
        for raw in file:
            if raw in newest:
                continue
            newest.append(raw)
            line = _parse(raw)
            if line is not None:
                yield line
            elif damage is not None:
                damage.lines += 1


def _parse(raw: bytes) -> Any:
    try:
        return LINE.validate_json(raw)
    except ValidationError:
        return None
