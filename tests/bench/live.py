"""What composing a live stream costs: 720p25 and 360p25 in H.264, three sounds, of 4 and of 9 people.

    python -m tests.bench.live [seconds]

Everybody sends a camera (VP8, 25 pictures a second) and a voice; the speaker changes every 10 s. The engine runs on a
clock of its own as fast as it can, out of a real ring, into an output that throws everything away. Figures: processor
time as a share of one core, and how many times faster than real time that is. Beside them, as a probe of the machine at
this moment, what ffmpeg's own encoding of as many pictures of 720p takes with the same settings.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import av

from recordings.capture.feed import CONTENT, LINE
from recordings.capture.ring import Ring
from recordings.live.encoding import PictureEncoder
from recordings.live.engine import Engine, Settings
from recordings.live.formats import Caption, Encoded, Format, Name, Output
from recordings.live.wire import CAPACITY, ORDER, Order
from recordings.raw import rtpdump, timeline
from tests.bench.recording import picture_clip, voice_clip
from tests.recordings.making import SOUND_RATE, ZERO, vp8_payloads

SECONDS = 20.0
RATE = 25
TURN_S = 10.0
KEY = 0xBE
Record = tuple[float, int, int, bytes]


class Nowhere:
    """An output that keeps nothing."""

    bytes = 0

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """Nothing to prepare."""

    def take(self, packet: Encoded) -> None:
        self.bytes += len(packet.data)

    def caption(self, caption: Caption) -> None:
        """Nobody reads it."""

    def close(self) -> None:
        """Nothing to end."""


def person(number: int, people: int, clip: Sequence[tuple[float, bytes]], seconds: float) -> Iterator[Record]:
    """What one participant sends."""
    camera, microphone = 2 * number + 1, 2 * number + 2
    who = f"p{number}"
    yield 0.0, LINE, 0, timeline.encode(timeline.Present(at=ZERO, participant=who, name=f"Учасник {number + 1}"))
    for track, source, media, codec in (
        (camera, "camera", "video", timeline.Codec(name="VP8", clock_rate=90_000)),
        (microphone, "microphone", "audio", timeline.Codec(name="opus", clock_rate=SOUND_RATE, channels=2)),
    ):
        line = timeline.Track(at=ZERO, track=track, participant=who, source=source, media=media, codec=codec)  # type: ignore[arg-type]
        yield 0.0, LINE, 0, timeline.encode(line)
    sequence = 0
    for index in range(int(seconds * RATE)):
        at = index / RATE
        payloads = vp8_payloads(clip[index % len(clip)][1], index)
        for part, payload in enumerate(payloads):
            sequence += 1
            last = part == len(payloads) - 1
            record = rtpdump.rtp_record(camera, sequence, round(at * 90_000), last, payload, 0)
            yield at + 0.05, CONTENT, camera, record
    voice = voice_clip()
    for index in range(int(seconds * 50)):
        at = index * 0.02
        if int(at / TURN_S) % people == number or index % 20 == 0:
            payload = voice[index % len(voice)]
            stamp = round(at * SOUND_RATE)
            yield at + 0.04, CONTENT, microphone, rtpdump.rtp_record(microphone, index, stamp, False, payload, 0)
    for second in range(int(seconds)):
        for track, clock in ((camera, 90_000), (microphone, SOUND_RATE)):
            record = rtpdump.anchor_record(track, second * clock, ZERO + second, second * 1000)
            yield second + 0.06, CONTENT, track, record


def meeting(people: int, size: tuple[int, int], seconds: float) -> list[Record]:
    """Everything that arrives, in order."""
    clip = picture_clip(size, RATE, 500_000 if size[1] < 700 else 1_000_000)
    made = [record for number in range(people) for record in person(number, people, clip, seconds)]
    for turn in range(int(seconds / TURN_S) + 1):
        line = timeline.Speaker(at=ZERO, participant=f"p{turn % people}")
        made.append((turn * TURN_S, LINE, 0, timeline.encode(line)))
    return sorted(made, key=lambda one: one[0])


def compose(people: int, size: tuple[int, int], seconds: float, settings: Settings | None = None) -> float:
    """Processor time that composing took, in seconds."""
    records = meeting(people, size, seconds)
    now = 100.0
    output = Nowhere()
    outputs: list[Output] = [output]
    with tempfile.TemporaryDirectory() as folder:
        ring = Ring(Path(folder) / "ring", CAPACITY)
        engine = Engine(
            Ring(ring.path),
            lambda order: outputs,
            monotonic=lambda: now,
            wall=lambda: ZERO + now - 100.0,
            settings=settings,
        )
        ring.write(ORDER, 0, KEY, Order(stream=f"{KEY:016x}", meeting="bench").model_dump_json().encode())
        position, used = 0, 0.0
        while now < 100.0 + seconds:
            while position < len(records) and records[position][0] <= now - 100.0:
                _, kind, number, content = records[position]
                if not ring.write(kind, number, KEY, content):
                    raise RuntimeError("The engine leaves the ring full.")
                position += 1
            began = processor()
            engine.step()
            used += processor() - began
            now += 0.01
        engine.close()
        if engine.figures.late_frames:
            raise RuntimeError("Pictures were left out on a clock that stood still.")
    return used


def probe(seconds: float) -> float:
    """Processor time that encoding one moving picture of 720p takes, with nothing around it."""
    encoder = PictureEncoder("720p", 1280, 720, 2_500_000, Settings().preset)
    decoder = av.CodecContext.create("vp8", "r")
    assert isinstance(decoder, av.VideoCodecContext)
    clip = picture_clip((1280, 720), RATE, 2_000_000)
    pictures = [made for _, data in clip[:50] for made in decoder.decode(av.Packet(data))]
    began = processor()
    for number in range(int(seconds * RATE)):
        for _ in encoder.encode(pictures[number % len(pictures)], number, key=number % 50 == 0):
            pass
    return processor() - began


def processor() -> float:
    now = os.times()
    return now.user + now.system


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else SECONDS
    print(f"Live composer: 720p25, 360p25 and three sounds, {seconds:g} s of a meeting")
    alone = probe(seconds)
    print(f"encoding 720p alone: {alone / seconds:.0%} of one core")
    for people, size in ((4, (640, 360)), (9, (640, 360)), (9, (1280, 720))):
        used = compose(people, size, seconds)
        print(
            f"{people} people who send {size[1]}p: {used / seconds:.0%} of one core, "
            f"{seconds / used:.1f} × faster than real time, {used / alone:.1f} × the probe"
        )


if __name__ == "__main__":
    main()
