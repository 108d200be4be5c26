"""Raw recordings whose content is known: everybody flashes white and beeps at each whole second of the recording.

A `Sender` says how somebody's media goes wrong on its way: a clock that runs fast, packets that are lost or come late,
pictures that change their size, pauses in which nothing is sent. Colours and tones tell people apart.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
from aiortc.codecs.h264 import H264Encoder

from recordings.raw import rtpdump, timeline
from recordings.raw.timeline import AnyLine

ZERO = 1_800_000_000.0
FLASH_S = 0.2
BEEP_S = 0.1
PICTURE_RATE = 90_000
SOUND_RATE = 48_000
DELAY_S = 0.04
CHUNK = 1_100
Size = tuple[int, int]
RED, GREEN, BLUE, YELLOW, PURPLE = (160, 20, 20), (20, 130, 20), (20, 20, 170), (150, 150, 0), (130, 0, 130)


@dataclass
class Sender:
    """Somebody's pictures or voice. Times are seconds since the recording's zero."""

    participant: str
    source: str = "camera"
    codec: str = "VP8"
    begins: float = 0.0
    ends: float = 6.0
    colour: tuple[int, int, int] = RED
    tone: float = 1_000.0
    loudness: float = 0.4
    """Amplitude of the beep, 1 for full scale."""
    sizes: Sequence[tuple[float, Size]] = ((0.0, (320, 180)),)
    rate: float = 25.0
    key_every_s: float = 2.0
    drift_ppm: float = 0.0
    loses: Callable[[float, int], bool] = lambda at, number: False
    """Whether the packet sent at this time, the number so-and-so, never arrives."""
    reorders: float = 0.0
    """Share of packets that come 60 ms late."""
    anchors_s: float = 1.0
    """Time between anchors; 0 for none."""
    anchor_noise_s: float = 0.0
    dtx: bool = False
    muted: Sequence[tuple[float, float]] = ()
    silent: Sequence[tuple[float, float]] = ()
    """When nothing is sent."""
    ends_in_order: bool = True
    flashes: bool = True

    @property
    def is_sound(self) -> bool:
        return self.codec == "opus"


def microphone(participant: str, **how: object) -> Sender:
    """A voice."""
    return Sender(participant, source="microphone", codec="opus", **how)  # type: ignore[arg-type]


@dataclass
class Person:
    id: str
    name: str
    role: str = "participant"
    joins: float = 0.0
    leaves: float | None = None


@dataclass
class Meeting:
    """What is recorded."""

    folder: Path
    people: Sequence[Person]
    senders: Sequence[Sender]
    lasts: float = 6.0
    lines: Sequence[AnyLine] = ()
    stopped: bool = True
    seed: int = 1
    title: str = "Нарада центрів"
    tracks: list[Path] = field(default_factory=list)

    def write(self) -> Path:
        """Make the raw folder."""
        self.folder.mkdir(parents=True, exist_ok=True)
        lines: list[AnyLine] = [timeline.Begun(at=ZERO, recording="r1", meeting="m1", title=self.title)]
        for person in self.people:
            lines.append(
                timeline.Present(at=ZERO + person.joins, participant=person.id, name=person.name, role=person.role)
            )
            if person.leaves is not None:
                lines.append(timeline.Gone(at=ZERO + person.leaves, participant=person.id))
        for number, sender in enumerate(self.senders, 1):
            lines += self._track(number, sender)
        lines += self.lines
        if self.stopped:
            lines.append(timeline.Stopped(at=ZERO + self.lasts))
        lines.sort(key=lambda line: line.at)
        (self.folder / timeline.NAME).write_bytes(b"".join(timeline.encode(line) for line in lines))
        return self.folder

    def _track(self, number: int, sender: Sender) -> list[AnyLine]:
        codec = timeline.Codec(
            name=sender.codec,
            clock_rate=SOUND_RATE if sender.is_sound else PICTURE_RATE,
            channels=2 if sender.is_sound else 0,
        )
        track = timeline.Track(
            at=ZERO + sender.begins,
            track=number,
            participant=sender.participant,
            source=sender.source,
            media="audio" if sender.is_sound else "video",
            codec=codec,
        )
        path = self.folder / track.file
        path.write_bytes(dump(sender, number, random.Random(self.seed * 1_000 + number)))
        self.tracks.append(path)
        lines: list[AnyLine] = [track]
        for since, until in sender.muted:
            lines.append(timeline.Muted(at=ZERO + since, track=number, muted=True))
            lines.append(timeline.Muted(at=ZERO + until, track=number, muted=False))
        if sender.ends_in_order and sender.ends < self.lasts:
            lines.append(timeline.TrackEnded(at=ZERO + sender.ends, track=number))
        return lines


def dump(sender: Sender, track: int, chance: random.Random) -> bytes:
    """The file of a track."""
    clock = SOUND_RATE if sender.is_sound else PICTURE_RATE
    first = chance.randrange(1 << 32)
    sequence = chance.randrange(1 << 16)
    records: list[tuple[float, bytes]] = []

    def stamp(at: float) -> int:
        return first + round(at * clock * (1 + sender.drift_ppm * 1e-6))

    for at, marker, payload in _sounds(sender) if sender.is_sound else _pictures(sender):
        sequence += 1
        if any(since <= at < until for since, until in sender.silent) or sender.loses(at, sequence):
            continue
        arrived = at + DELAY_S + chance.random() * 0.01 + (0.06 if chance.random() < sender.reorders else 0)
        record = rtpdump.rtp_record(track, sequence, stamp(at), marker, payload, round(arrived * 1000))
        records.append((arrived, record))
    at = sender.begins + 0.2
    while sender.anchors_s and at < sender.ends:
        noise = chance.gauss(0, sender.anchor_noise_s)
        arrived = at + DELAY_S
        records.append((arrived, rtpdump.anchor_record(track, stamp(at), ZERO + at + noise, round(arrived * 1000))))
        at += sender.anchors_s
    records.sort(key=lambda one: one[0])
    return rtpdump.file_header(ZERO) + b"".join(record for _, record in records)


def _sounds(sender: Sender) -> Iterator[tuple[float, bool, bytes]]:
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format = SOUND_RATE, "mono", "s16"  # type: ignore[assignment]
    encoder.options = {"application": "audio", "frame_duration": "20"}
    speed = SOUND_RATE * (1 + sender.drift_ppm * 1e-6)
    count = int((sender.ends - sender.begins) * speed / 960)
    unsent = 0
    for number in range(count):
        samples = np.arange(number * 960, (number + 1) * 960)
        times = sender.begins + samples / speed
        beeping = (times % 1.0) < BEEP_S
        wave = np.where(beeping, np.sin(times * 2 * np.pi * sender.tone), 0.0) * sender.loudness
        frame = av.AudioFrame.from_ndarray((wave * 32_767).astype(np.int16)[None, :], format="s16", layout="mono")
        frame.sample_rate, frame.pts = SOUND_RATE, number * 960
        for packet in encoder.encode(frame):
            at = sender.begins + number * 960 / speed
            quiet = sender.dtx and not beeping.any() and (at % 1.0) > BEEP_S + 0.1
            unsent = unsent + 1 if quiet else 0
            if unsent % 20 == 0:
                yield at, unsent > 0, bytes(packet)


def _pictures(sender: Sender) -> Iterator[tuple[float, bool, bytes]]:
    changes = [*sender.sizes, (float("inf"), (0, 0))]
    last_key = -1e9
    count = int((sender.ends - sender.begins) * sender.rate)
    encoder, size = None, (0, 0)
    for number in range(count):
        at = sender.begins + number / sender.rate
        now = next(sized for (since, sized), (until, _) in pairwise(changes) if since <= at < until)
        if encoder is None or now != size:
            encoder, size, last_key = _encoder(sender.codec, now, sender.rate), now, -1e9
        key = at - last_key >= sender.key_every_s
        white = sender.flashes and at % 1.0 < FLASH_S
        frame = _picture(size, (255, 255, 255) if white else sender.colour)
        frame.pts, frame.time_base = number, encoder.time_base
        if key:
            last_key = at
        frame.pict_type = av.video.frame.PictureType.I if key else av.video.frame.PictureType.NONE
        data = b"".join(bytes(packet) for packet in encoder.encode(frame))
        payloads = vp8_payloads(data, number) if sender.codec == "VP8" else _h264(data)
        for index, payload in enumerate(payloads):
            yield at, index == len(payloads) - 1, payload


def _encoder(codec: str, size: Size, rate: float) -> av.VideoCodecContext:
    made = av.CodecContext.create("libvpx" if codec == "VP8" else "libx264", "w")
    assert isinstance(made, av.VideoCodecContext)
    made.width, made.height = size
    made.pix_fmt, made.time_base, made.framerate = "yuv420p", Fraction(1, round(rate)), Fraction(round(rate))
    made.gop_size, made.bit_rate, made.thread_count = 100_000, 300_000, 1
    made.options = (
        {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "0"}
        if codec == "VP8"
        else {"preset": "ultrafast", "tune": "zerolatency", "forced-idr": "1", "profile": "baseline"}
    )
    return made


@lru_cache
def _picture(size: Size, colour: tuple[int, int, int]) -> av.VideoFrame:
    whole = np.full((size[1], size[0], 3), colour, np.uint8)
    return av.VideoFrame.from_ndarray(whole, format="rgb24").reformat(format="yuv420p")


def vp8_payloads(data: bytes, picture: int) -> list[bytes]:
    """RFC 7741: a descriptor with a picture id of 15 bits before each part."""
    number = picture & 0x7FFF
    return [
        bytes([0x90 if start == 0 else 0x80, 0x80, 0x80 | number >> 8, number & 0xFF]) + data[start : start + CHUNK]
        for start in range(0, len(data), CHUNK)
    ]


def _h264(data: bytes) -> list[bytes]:
    return H264Encoder._packetize(H264Encoder._split_bitstream(data))
