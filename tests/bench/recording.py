"""How fast a recording becomes what people watch: the check with the participants' tracks, and the composition.

    python -m tests.bench.recording [minutes]

Ten people with cameras (720p, 25 pictures a second, about 1 Mbit/s, a key frame every 10 s) and voices, one of them
with a screen, and a speaker who changes every 15 s: the raw folder that capture would have written. Then `remux` and
`process` run on it as the worker runs them. Figures are multiples of real time on the clock, and the processor time
that was used: on a machine with nothing else to do, two cores take half of it. Beside them, as a probe of the machine
at this moment, how many pictures of 720p ffmpeg alone encodes in a second.
"""

from __future__ import annotations

import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import av
import imageio_ffmpeg
import numpy as np

from recordings.processing import Options, process, remux
from recordings.raw import rtpdump, timeline
from tests.recordings.making import SOUND_RATE, ZERO, vp8_payloads

PEOPLE = 10
MINUTES = 4.0
CLIP_S = 10
RATE = 25
SIZE = (1280, 720)
SCREEN = (1920, 1080)
TURN_S = 15.0
MEETING_MIN = 90


def picture_clip(size: tuple[int, int], rate: int, bits: int) -> list[tuple[float, bytes]]:
    """Frames of somebody who moves in front of a wall, encoded as browsers do: time in the clip, and data."""
    encoder = av.CodecContext.create("libvpx", "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = *size, "yuv420p"
    encoder.time_base, encoder.framerate, encoder.bit_rate = Fraction(1, rate), Fraction(rate), bits
    encoder.gop_size = 100_000
    encoder.options = {"deadline": "realtime", "cpu-used": "8", "lag-in-frames": "0", "error-resilient": "1"}
    chance = np.random.default_rng(1)
    coarse = chance.integers(60, 190, (size[1] // 8, size[0] // 8), dtype=np.uint8)
    wall = np.kron(coarse, np.ones((8, 8), np.uint8))
    head = np.kron(chance.integers(80, 230, (30, 30), dtype=np.uint8), np.ones((8, 8), np.uint8))
    frames = []
    for number in range(CLIP_S * rate):
        luma = wall.copy()
        x = size[0] // 2 - 120 + int(60 * math.sin(number / 9))
        y = size[1] // 2 - 120 + int(30 * math.sin(number / 5))
        luma[y : y + 240, x : x + 240] = head
        chroma = np.full((size[1] // 2, size[0]), 128, np.uint8)
        frame = av.VideoFrame.from_ndarray(np.concatenate((luma, chroma)), format="yuv420p")
        frame.pts = number
        frames.append((number / rate, b"".join(bytes(packet) for packet in encoder.encode(frame))))
    return frames


def voice_clip() -> list[bytes]:
    """Packets of a voice, 20 ms each."""
    encoder = av.CodecContext.create("libopus", "w")
    assert isinstance(encoder, av.AudioCodecContext)
    encoder.sample_rate, encoder.layout, encoder.format, encoder.bit_rate = SOUND_RATE, "mono", "s16", 32_000  # type: ignore[assignment]
    chance = np.random.default_rng(2)
    packets = []
    for number in range(CLIP_S * 50):
        loud = 6_000 * abs(math.sin(number / 11))
        frame = av.AudioFrame.from_ndarray(
            (chance.standard_normal((1, 960)) * loud).clip(-30_000, 30_000).astype(np.int16),
            format="s16",
            layout="mono",
        )
        frame.sample_rate, frame.pts = SOUND_RATE, number * 960
        packets += [bytes(packet) for packet in encoder.encode(frame)]
    return packets


def write_track(path: Path, track: int, clock: int, frames: Iterator[tuple[float, list[bytes]]]) -> int:
    """One file of the raw folder; how many packets it has."""
    sequence, anchored = 100 * track, -1.0
    with path.open("wb") as file:
        file.write(rtpdump.file_header(ZERO))
        for at, payloads in frames:
            stamp, offset = round(at * clock), round((at + 0.04) * 1000)
            if at - anchored >= 1.0:
                file.write(rtpdump.anchor_record(track, stamp, ZERO + at, offset))
                anchored = at
            for index, payload in enumerate(payloads):
                sequence += 1
                file.write(rtpdump.rtp_record(track, sequence, stamp, index == len(payloads) - 1, payload, offset))
    return sequence - 100 * track


def record(folder: Path, minutes: float) -> int:
    """A raw folder with so many minutes; how many packets it has."""
    folder.mkdir()
    rounds = round(minutes * 60 / CLIP_S)
    camera, screen, voice = picture_clip(SIZE, RATE, 1_000_000), picture_clip(SCREEN, 5, 500_000), voice_clip()
    lines: list[timeline.AnyLine] = [timeline.Begun(at=ZERO, recording="bench", meeting="bench", title="Нарада")]
    packets = 0

    def pictures(clip: list[tuple[float, bytes]]) -> Iterator[tuple[float, list[bytes]]]:
        for turn in range(rounds):
            for number, (at, data) in enumerate(clip):
                yield turn * CLIP_S + at, vp8_payloads(data, turn * len(clip) + number)

    def sounds(person: int) -> Iterator[tuple[float, list[bytes]]]:
        for number in range(rounds * len(voice)):
            at = number * 0.02
            speaks = int(at / TURN_S) % PEOPLE == person
            if speaks or number % 20 == 0:  # browsers send little while nobody speaks
                yield at, [voice[number % len(voice)]]

    for person in range(PEOPLE):
        name = f"Учасник {person + 1}"
        lines.append(timeline.Present(at=ZERO, participant=f"p{person}", name=name))
        for track, source, codec in (
            (2 * person + 1, "camera", timeline.Codec(name="VP8", clock_rate=90_000)),
            (2 * person + 2, "microphone", timeline.Codec(name="opus", clock_rate=SOUND_RATE, channels=2)),
        ):
            sound = source == "microphone"
            media = sounds(person) if sound else pictures(camera)
            lines.append(_track(track, f"p{person}", source, codec))
            packets += write_track(folder / f"track-{track:04d}.rtpdump", track, codec.clock_rate, media)
    number = 2 * PEOPLE + 1
    lines.append(_track(number, "p0", "screen", timeline.Codec(name="VP8", clock_rate=90_000)))
    packets += write_track(folder / f"track-{number:04d}.rtpdump", number, 90_000, pictures(screen))
    lines += [
        timeline.Speaker(at=ZERO + turn * TURN_S, participant=f"p{turn % PEOPLE}")
        for turn in range(math.ceil(rounds * CLIP_S / TURN_S))
    ]
    lines.append(timeline.TrackEnded(at=ZERO + rounds * CLIP_S / 2, track=number))
    lines.append(timeline.Stopped(at=ZERO + rounds * CLIP_S))
    lines.sort(key=lambda line: line.at)
    (folder / timeline.NAME).write_bytes(b"".join(timeline.encode(line) for line in lines))
    return packets


def _track(number: int, participant: str, source: str, codec: timeline.Codec) -> timeline.Track:
    media = "audio" if source == "microphone" else "video"
    return timeline.Track(at=ZERO, track=number, participant=participant, source=source, media=media, codec=codec)


def probe() -> float:
    """Pictures a second that ffmpeg alone encodes, with the composition's settings, on one core."""
    picture = "testsrc2=size=1280x720:rate=25:duration=12"
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-loglevel", "error", "-f", "lavfi", "-i", picture, "-c:v", "libx264"]
    began = time.perf_counter()
    subprocess.run([*command, "-preset", "veryfast", "-crf", "24", "-threads", "1", "-f", "null", "-"], check=True)
    return 300 / (time.perf_counter() - began)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock and of processor time that something took, its processes included."""

    def used() -> float:
        now = os.times()
        return now.user + now.system + now.children_user + now.children_system

    began, before = time.perf_counter(), used()
    work()
    return time.perf_counter() - began, used() - before


def nothing(phase: str, progress: float) -> None:
    """Nobody looks on."""


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else MINUTES
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        packets = record(raw, minutes)
        size = sum(path.stat().st_size for path in raw.iterdir()) / 1e6
        print(f"Recording: {PEOPLE} people, {minutes:g} min, {packets:,} packets, {size:,.0f} MB raw")
        print(f"ffmpeg alone encodes 720p on one core at {probe():.0f} pictures a second")
        took, used = measured(lambda: remux(raw, out, Options(), nothing, lambda: False))
        line(f"check and tracks of {PEOPLE} people", minutes, took, used)
        for layout in ("speaker", "grid"):
            options = Options.model_validate({"layout": layout})
            took, used = measured(lambda options=options: process(raw, out, options, nothing, lambda: False))  # type: ignore[misc]
            line(f"composition, {layout}", minutes, took, used)


def line(name: str, minutes: float, took: float, used: float) -> None:
    speed = minutes * 60 / took
    print(f"{name}: {speed:.1f} × real time ({took:.1f} s, {used:.1f} s of processor time)")
    idle = MEETING_MIN / minutes * used / 2
    print(f"    {MEETING_MIN} min: {MEETING_MIN * 60 / speed:.0f} s here and now, {idle:.0f} s on two idle cores")


if __name__ == "__main__":
    main()
