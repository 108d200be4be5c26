"""A live engine driven faster than real time: what a recorded meeting sent goes through a real ring, as it arrived.

`stream` plays a `making.Meeting` into a ring and lets the engine compose it on a clock that the test moves; `Kept` is
an output that keeps everything, and decodes it for `measuring`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np

from recordings.capture.feed import CONTENT, LINE
from recordings.capture.ring import Ring
from recordings.live.engine import DELAY_S, Engine, Settings
from recordings.live.formats import CLOCK, Caption, Encoded, EngineFigures, Format, Name, Output
from recordings.live.wire import ORDER, Order
from recordings.raw import rtpdump, timeline
from tests.recordings.making import ZERO, Meeting
from tests.recordings.measuring import Film

SMALL = Settings(
    width=640, height=360, small=(320, 180), bit_rate=1_000_000, small_bit_rate=300_000, preset="ultrafast"
)
STREAM = "00000000000000cd"
BEGINS = 100.0
"""The monotonic time at which the recording's zero is."""
STEP_S = 0.02
Record = tuple[float, int, int, bytes]
"""Seconds since the zero, kind, number, content."""


class Kept:
    """An output that keeps everything."""

    def __init__(self) -> None:
        self.formats: dict[Name, Format] = {}
        self.wall = 0.0
        self.packets: list[Encoded] = []
        self.captions: list[Caption] = []
        self.orders: list[Order] = []
        self.told = EngineFigures()
        self.closed = 0
        self.want: Callable[[], None] = lambda: None

    def key_frames(self, want: Callable[[], None]) -> None:
        self.want = want

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        assert not self.formats
        self.formats, self.wall = formats, wall

    def take(self, packet: Encoded) -> None:
        self.packets.append(packet)

    def caption(self, caption: Caption) -> None:
        self.captions.append(caption)

    def order(self, order: Order) -> None:
        self.orders.append(order)

    def figures(self, figures: EngineFigures) -> None:
        self.told = figures

    def close(self) -> None:
        self.closed += 1

    def of(self, name: Name) -> list[Encoded]:
        """The packets of one stream."""
        return [packet for packet in self.packets if packet.name == name]

    @property
    def early(self) -> float:
        """By how much the stream began before the recording's zero: what happened at `t` is in it at `t + early`."""
        return ZERO - self.wall

    def film(self, picture: Name = "720p", sound: Name = "floor", width: int = 160) -> Film:
        """Decoded, on the recording's clock."""
        times, pictures, scale = [], [], 1.0
        decoder: Any = av.CodecContext.create("h264", "r")
        decoder.options = {"flags": "low_delay"}
        for packet in self.of(picture):
            given = av.Packet(packet.data)
            given.pts, given.time_base = packet.at, Fraction(1, CLOCK[picture])
            for frame in decoder.decode(given):
                scale = frame.width / width
                small = frame.reformat(width=width, height=round(frame.height / scale), format="rgb24")
                times.append(frame.pts / CLOCK[picture] - self.early)
                pictures.append(small.to_ndarray())
        return Film(np.array(times), np.array(pictures), scale, self.sound(sound))

    def sound(self, name: Name = "floor") -> np.ndarray:
        """Samples, mono, on the recording's clock."""
        decoder: Any = av.CodecContext.create("libopus" if name == "opus" else "aac", "r")
        decoder.sample_rate, decoder.layout = 48_000, "stereo"
        if name != "opus":
            decoder.extradata = self.formats[name].config
        parts = []
        for packet in self.of(name):
            for frame in decoder.decode(av.Packet(packet.data)):
                plain = frame.to_ndarray()
                if not frame.format.is_planar:
                    plain = plain.reshape(-1, 2).T
                parts.append((plain / 32_768 if plain.dtype == np.int16 else plain).mean(axis=0))
        whole = np.concatenate(parts)
        before = round(self.early * 48_000)
        return whole[before:] if before >= 0 else np.concatenate((np.zeros(-before), whole))


def records(meeting: Meeting) -> list[Record]:
    """What the node would have written, in the order of arrival."""
    raw = meeting.write()
    made: list[Record] = []
    for line in timeline.read(raw / timeline.NAME):
        made.append((line.at - ZERO, LINE, 0, timeline.encode(line)))
        if isinstance(line, timeline.Track):
            data = (raw / line.file).read_bytes()
            position = len(rtpdump.FIRST_LINE) + 16
            made.append((line.at - ZERO, CONTENT, line.track, data[:position]))
            while position < len(data):
                length, _, offset = rtpdump.RECORD.unpack_from(data, position)
                made.append((offset / 1000, CONTENT, line.track, data[position : position + length]))
                position += length
    made.sort(key=lambda one: one[0])
    return made


@dataclass
class Driver:
    """An engine, its ring, and the time."""

    path: Path
    settings: Settings = SMALL
    order: Order = field(default_factory=lambda: Order(stream=STREAM, meeting="m1", title="Нарада центрів"))
    kept: Kept = field(default_factory=Kept)
    now: float = BEGINS
    wanted: dict[int, list[float]] = field(default_factory=dict)
    """When key frames were asked for, by the number of the track."""

    _sent: deque[Record] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self.ring = Ring(self.path, 8 * 1024 * 1024)
        self.ring.writer_open = True
        self.engine = self.start()

    def start(self) -> Engine:
        """A composer begins, or begins again after it was killed."""
        return Engine(
            Ring(self.path),
            self._outputs,
            monotonic=self._time,
            wall=self._wall,
            settings=self.settings,
        )

    def _wall(self) -> float:
        return ZERO + self.now - BEGINS

    def _outputs(self, order: Order) -> Sequence[Output]:
        return [self.kept]

    def _time(self) -> float:
        """Whenever the engine looks at the clock, the node has been at work."""
        self._node()
        return self.now

    def _node(self) -> None:
        self.ring.writer_seen = ZERO + self.now - BEGINS
        while self._sent and self._sent[0][0] <= self.now - BEGINS:
            self.write(*self._sent.popleft()[1:])

    def write(self, kind: int, number: int, content: bytes) -> None:
        assert self.ring.write(kind, number, int(STREAM, 16), content), "the engine leaves the ring full"

    def say(self, order: Order) -> None:
        self.write(ORDER, 0, order.model_dump_json().encode())

    def run(self, until: float, sent: Sequence[Record] = ()) -> Kept:
        """Until so many seconds after the zero, with what is sent until then."""
        self._sent = deque(sorted(sent, key=lambda one: one[0]))
        while self.now - BEGINS < until and not self.engine.over:
            self._node()
            self.engine.step()
            for number in (number for number in range(64) if self.ring.wanted >> number & 1):
                self.wanted.setdefault(number, []).append(self.now - BEGINS)
            self.now += STEP_S
        return self.kept

    def close(self) -> Kept:
        self.engine.close()
        return self.kept


def later(sent: Sequence[Record], tracks: Sequence[int], by: float) -> list[Record]:
    """The same, but what is sent on these tracks takes so much longer on its way."""
    made = []
    for at, kind, number, content in sent:
        if kind == CONTENT and number in tracks and not content.startswith(rtpdump.FIRST_LINE):
            length, plain, offset = rtpdump.RECORD.unpack_from(content)
            head = rtpdump.RECORD.pack(length, plain, offset + round(by * 1000))
            made.append((at + by, kind, number, head + content[rtpdump.RECORD.size :]))
        else:
            made.append((at, kind, number, content))
    return sorted(made, key=lambda one: one[0])


def stream(folder: Path, meeting: Meeting, sent: Sequence[Record] | None = None, **how: Any) -> Driver:
    """A meeting that is streamed from its zero on, to its end. `sent` is what arrives of it, if not all."""
    driver = Driver(folder / "ring", **how)
    driver.say(driver.order)
    driver.run(meeting.lasts + DELAY_S + 0.1, records(meeting) if sent is None else sent)
    driver.close()
    return driver
