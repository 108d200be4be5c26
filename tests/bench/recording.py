"""How fast a recording becomes what people watch: the check with the participants' tracks, and the composition.

    python -m tests.bench.recording [minutes]

First, 90 minutes of raw data are checked and become the participants' tracks, where the disk has room for it (20 GB);
then the composition of some minutes is measured, and said what that makes for 90. Ten people with cameras (720p, 25
pictures a second, about 1 Mbit/s, a key frame every 10 s) and voices, one of them with a screen for half the time, and
a speaker who changes every 15 s: the raw folder that capture would have written. `remux` and `process` run on it as the
worker runs them. Figures are multiples of real time on the clock, and the processor time that was used: on a machine
with nothing else to do, two cores take half of it. Beside them, as a probe of the machine at this moment, how many
pictures of 720p ffmpeg alone encodes in a second.
"""

from __future__ import annotations

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import BinaryIO

import av
import imageio_ffmpeg
import numpy as np

from recordings.processing.options import Options
from recordings.processing.pipeline import process, remux
from recordings.raw import rtpdump, timeline
from tests.recordings.making import SOUND_RATE, ZERO, vp8_payloads

PEOPLE = 10
MINUTES = 1.5
CLIP_S = 10
RATE = 25
SIZE = (1280, 720)
SCREEN = (1920, 1080)
TURN_S = 15.0
MEETING_MIN = 90
ROOM_BYTES = 20 * 10**9


@cache
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


class Block:
    """Some seconds of a track as they lie in its file; repeated with other numbers and times, they are a whole meeting.
    So even 90 minutes of ten people are written in less time than they take to read.
    """

    def __init__(self, track: int, clock: int, lasts: float, frames: Iterable[tuple[float, list[bytes]]]) -> None:
        self.track, self.clock, self.lasts = track, clock, lasts
        parts, times, pictures, anchors = [], [], [], []
        at_byte, anchored, count = 0, -1.0, 0
        for number, (at, payloads) in enumerate(frames):
            offset = round((at + 0.04) * 1000)
            if at - anchored >= 1.0:
                anchored = at
                parts.append(rtpdump.anchor_record(track, 0, ZERO, offset))
                anchors.append((at_byte, at))
                at_byte += len(parts[-1])
            for index, payload in enumerate(payloads):
                parts.append(rtpdump.rtp_record(track, 0, 0, index == len(payloads) - 1, payload, offset))
                times.append((at_byte, at))
                pictures.append(number)
                at_byte += len(parts[-1])
                count += 1
        self.packets, self.frames = count, number + 1
        self._bytes = np.frombuffer(b"".join(parts), np.uint8).copy()
        self._places, self._times = (np.array(each) for each in zip(*times, strict=True))
        self._anchors, self._anchor_times = (np.array(each) for each in zip(*anchors, strict=True))
        self._pictures = np.array(pictures)

    def write(self, file: BinaryIO, number: int, seconds: float, *, pictures: bool) -> int:
        """The block's `number`-th repetition, up to `seconds` of the meeting; how many packets that is."""
        begins = number * self.lasts
        kept = self._times + begins < seconds
        if not kept.any():
            return 0
        self._put(self._places + rtpdump.RECORD.size + 2, np.arange(self.packets) + number * self.packets, ">u2")
        stamps = np.round((self._times + begins) * self.clock).astype(np.int64)
        self._put(self._places + rtpdump.RECORD.size + 4, stamps, ">u4")
        if pictures:  # the descriptor's picture id (RFC 7741, 4.2)
            ids = (self._pictures + number * self.frames & 0x7FFF) | 0x8000
            self._put(self._places + rtpdump.RECORD.size + rtpdump.RTP.size + 2, ids, ">u2")
        for places, times in ((self._places, self._times), (self._anchors, self._anchor_times)):
            self._put(places + 4, np.round((times + begins + 0.04) * 1000).astype(np.int64), ">u4")
        captured = ((self._anchor_times + begins + ZERO + rtpdump.NTP_OFFSET) * 2.0**32).astype(np.uint64)
        self._put(self._anchors + rtpdump.RECORD.size + 8, captured, ">u8")
        anchor_stamps = np.round((self._anchor_times + begins) * self.clock).astype(np.int64)
        self._put(self._anchors + rtpdump.RECORD.size + 16, anchor_stamps, ">u4")
        end = len(self._bytes) if kept.all() else int(self._places[np.argmin(kept)])
        file.write(self._bytes[:end].data)
        return int(kept.sum())

    def _put(self, places: np.ndarray, values: np.ndarray, form: str) -> None:
        width = int(form[-1])
        content = (values & (1 << 8 * width) - 1 if width < 8 else values).astype(form).view(np.uint8)
        self._bytes[places[:, None] + np.arange(width)] = content.reshape(-1, width)


def write_track(path: Path, block: Block, seconds: float, *, pictures: bool) -> int:
    """One file of the raw folder; how many packets it has."""
    with path.open("wb") as file:
        file.write(rtpdump.file_header(ZERO))
        repeats = math.ceil(seconds / block.lasts)
        return sum(block.write(file, number, seconds, pictures=pictures) for number in range(repeats))


def record(folder: Path, minutes: float) -> int:
    """A raw folder with so many minutes; how many packets it has."""
    folder.mkdir()
    seconds = minutes * 60
    camera, screen, voice = picture_clip(SIZE, RATE, 1_000_000), picture_clip(SCREEN, 5, 500_000), voice_clip()
    lines: list[timeline.AnyLine] = [timeline.Begun(at=ZERO, recording="bench", meeting="bench", title="Нарада")]
    packets = 0

    def pictures(clip: list[tuple[float, bytes]]) -> Iterator[tuple[float, list[bytes]]]:
        for number, (at, data) in enumerate(clip):
            yield at, vp8_payloads(data, number)

    def sounds(person: int) -> Iterator[tuple[float, list[bytes]]]:
        for number in range(round(PEOPLE * TURN_S / 0.02)):
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
            media, lasts = (sounds(person), PEOPLE * TURN_S) if sound else (pictures(camera), CLIP_S)
            lines.append(_track(track, f"p{person}", source, codec))
            block = Block(track, codec.clock_rate, lasts, media)
            packets += write_track(folder / f"track-{track:04d}.rtpdump", block, seconds, pictures=not sound)
    number = 2 * PEOPLE + 1
    lines.append(_track(number, "p0", "screen", timeline.Codec(name="VP8", clock_rate=90_000)))
    block = Block(number, 90_000, CLIP_S, pictures(screen))
    packets += write_track(folder / f"track-{number:04d}.rtpdump", block, seconds / 2, pictures=True)
    lines += [
        timeline.Speaker(at=ZERO + turn * TURN_S, participant=f"p{turn % PEOPLE}")
        for turn in range(math.ceil(seconds / TURN_S))
    ]
    lines.append(timeline.TrackEnded(at=ZERO + seconds / 2, track=number))
    lines.append(timeline.Stopped(at=ZERO + seconds))
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
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else MINUTES
    print(f"ffmpeg alone encodes 720p on one core at {probe():.0f} pictures a second")
    with tempfile.TemporaryDirectory() as folder:
        whole = MEETING_MIN if shutil.disk_usage(folder).free > ROOM_BYTES else minutes
        plain(Path(folder), whole)
    with tempfile.TemporaryDirectory() as folder:
        raw, out = Path(folder) / "raw", Path(folder) / "out"
        record(raw, minutes)
        remux(raw, out, Options(), nothing, lambda: False)
        for layout in ("speaker", "grid"):
            options = Options.model_validate({"layout": layout})
            took, used = measured(lambda options=options: process(raw, out, options, nothing, lambda: False))  # type: ignore[misc]
            composed(layout, minutes, took, used)


def plain(folder: Path, minutes: float) -> None:
    """Check and tracks of a meeting of so many minutes, really done."""
    raw = folder / "raw"
    packets = record(raw, minutes)
    os.sync()  # when a meeting is over, what was captured has long been on the disk
    size = sum(path.stat().st_size for path in raw.iterdir()) / 1e9
    print(f"Recording: {PEOPLE} people, {minutes:g} min, {packets:,} packets, {size:.1f} GB raw")
    took, used = measured(lambda: remux(raw, folder / "out", Options(), nothing, lambda: False))
    print(
        f"check and tracks: {took:.0f} s on the clock, {minutes * 60 / took:.0f} × real time; "
        f"{used:.0f} s of processor time, {used / 2:.0f} s of two idle cores"
    )


def composed(layout: str, minutes: float, took: float, used: float) -> None:
    """Composition costs the same for each minute; what it takes to begin and to end is counted in, so the figure for
    a long meeting is rather too high.
    """
    print(
        f"composition, {layout}, {minutes:g} min: {minutes * 60 / took:.1f} × real time on the clock "
        f"({took:.0f} s, {used:.0f} s of processor time)"
    )
    print(
        f"    {MEETING_MIN} min at this rate: {took / minutes * MEETING_MIN / 60:.0f} min here and now, "
        f"{used / minutes * MEETING_MIN / 120:.0f} min of two idle cores"
    )


if __name__ == "__main__":
    main()
