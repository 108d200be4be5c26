"""What the engine makes and outputs take: encoded packets of a few streams, on one clock."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, Protocol, runtime_checkable

from recordings.live.wire import Order

Name = Literal["720p", "360p", "floor", "interpretation", "opus", "opus-interpretation"]
"""`720p`, `360p`: H.264, constrained baseline, no B-frames, so that decoding order is display order and WebRTC can take
the large one as it is. `floor` and `interpretation`: AAC-LC. `opus` and `opus-interpretation`: the same for WebRTC, the
latter once somebody interprets."""
RATE: Final = 25
"""Pictures a second."""
SEGMENT_S: Final = 2
"""Both pictures have an IDR picture at every multiple of this, counted from the stream's begin, and may have more."""
SOUND_RATE: Final = 48_000
CLOCK: Final = {
    "720p": 90_000,
    "360p": 90_000,
    "floor": SOUND_RATE,
    "interpretation": SOUND_RATE,
    "opus": SOUND_RATE,
    "opus-interpretation": SOUND_RATE,
}
"""Ticks a second of `Encoded.at`."""


@dataclass(frozen=True, slots=True)
class Format:
    """What a player needs to know of a stream before its first packet."""

    name: Name
    codec: str
    """RFC 6381: `avc1.42c01f`, `mp4a.40.2`, `opus`."""
    config: bytes
    """`avcC` (ISO 14496-15) or AudioSpecificConfig (ISO 14496-3); empty for Opus."""
    bit_rate: int
    """Bits a second: of pictures the highest over a second or so, of sound the average."""
    width: int = 0
    height: int = 0
    channels: int = 0


class Encoded(NamedTuple):
    """One access unit."""

    name: Name
    at: int
    """Since the stream's begin, in ticks of `CLOCK[name]`. All streams have the same zero; they only grow. Sound has no
    holes. Pictures have some when the machine is too slow, but none at the multiples of `SEGMENT_S`.
    """
    duration: int
    key: bool
    """An IDR picture; True for all sound."""
    data: bytes
    """H.264 in Annex B with parameter sets before each IDR picture; raw AAC frames; Opus packets."""


class Caption(NamedTuple):
    """A line of captions."""

    at: float
    """Seconds since the stream's begin."""
    until: float
    language: str
    """BCP 47."""
    text: str


class Output(Protocol):
    """Takes what the engine makes. No method waits for anything outside, none raises: trouble is the output's own."""

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """The first packet follows. `wall` is the UTC time of the stream's zero, in seconds since the epoch."""

    def take(self, packet: Encoded) -> None:
        """One packet; those of one stream come in order."""

    def caption(self, caption: Caption) -> None:
        """A line of captions, when it is known."""

    def close(self) -> None:
        """The stream is over. May take up to 2 s."""


@dataclass(frozen=True, slots=True)
class EngineFigures:
    """How the engine fares."""

    late_frames: int = 0
    """Pictures that were left out because the machine is too slow."""
    captions: tuple[str, ...] = ()
    """Languages of the captions there have been (BCP 47)."""
    sounds: tuple[Name, ...] = ("floor",)
    """Sounds worth choosing from. The format `interpretation` is there from the begin of every run, so that an
    interpreter may come at any time, but sounds like the floor before one does: it is named here from then on."""


# An output may have more methods than `Output`. The engine calls them, on the same thread, if they are there.


@runtime_checkable
class TakesOrders(Protocol):
    """An output that can be told anew what is wanted."""

    def order(self, order: Order) -> None:
        """Another `Order` than the one it was made with."""


@runtime_checkable
class TakesFigures(Protocol):
    """An output that passes on how the engine fares."""

    def figures(self, figures: EngineFigures) -> None:
        """About each second, and last before `close`."""


@runtime_checkable
class WantsKeyFrames(Protocol):
    """An output whose viewers need key frames at any time."""

    def key_frames(self, want: Callable[[], None]) -> None:
        """Before `begin`: `want` asks for an IDR picture in 720p. It may be called from any thread; what is asked for
        within half a second of the last IDR picture waits until then."""


class Unseal(Protocol):
    """Opens a sealed target."""

    def __call__(self, sealed: str) -> str:
        """`rtmps://host/app/key`. Raises ValueError."""
