"""What writing a live stream costs: HLS, the instant recording, and one RTMP target (nginx, in a process of its own).

    python -m tests.bench.live_outputs [seconds]

The stream is encoded before: 720p at 2.5 Mbit/s, 360p, two sounds. Figures: processor time as a share of one core.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from recordings.live.encoding import PictureEncoder, SoundEncoder
from recordings.live.formats import CLOCK, RATE, SEGMENT_S, SOUND_RATE, Encoded, Format, Name
from recordings.live.outputs import outputs
from recordings.live.sending import Pace
from recordings.live.status import StatusFile
from recordings.live.wire import Order, Target
from tests.support.rtmp_server import RtmpServer, rtmp_server
from tests.support.waiting import wait_for

SECONDS = 20.0
CLIP_S = 4
LARGE, SMALL = (1280, 720), (640, 360)


def clip() -> tuple[dict[Name, Format], list[Encoded]]:
    """A few seconds that move enough to use up the bit rate."""
    chance = np.random.default_rng(1)
    pictures = [
        PictureEncoder("720p", *LARGE, 2_500_000, "ultrafast"),
        PictureEncoder("360p", *SMALL, 700_000, "ultrafast"),
    ]
    sounds = [SoundEncoder("floor", 96_000), SoundEncoder("interpretation", 96_000)]
    coarse = chance.integers(40, 200, (180, 320), dtype=np.uint8)
    packets: list[Encoded] = []
    forms: dict[Name, Format] = {one.name: one.format for one in sounds}
    for number in range(CLIP_S * RATE):
        luma = np.kron(np.roll(coarse, number, axis=1), np.ones((4, 4), np.uint8))
        chroma = np.full((LARGE[1] // 2, LARGE[0]), 128, np.uint8)
        picture = av.VideoFrame.from_ndarray(np.concatenate((luma, chroma)), format="yuv420p")
        picture.time_base = Fraction(1, RATE)
        if not number:
            forms |= {one.name: one.format(picture) for one in pictures}
        for encoder in pictures:
            packets += encoder.encode(picture, number, key=number % (SEGMENT_S * RATE) == 0)
        noise = chance.standard_normal((2, SOUND_RATE // RATE)).astype(np.float32) * 0.1
        for voice in sounds:
            packets += voice.encode(noise)
    return forms, packets


def repeated(packets: Sequence[Encoded], seconds: float) -> list[Encoded]:
    """As often as it takes. Sound has a small hole at each turn."""
    turns = range(max(1, round(seconds / CLIP_S)))
    return [one._replace(at=one.at + turn * CLIP_S * CLOCK[one.name]) for turn in turns for one in packets]


def processor(times: os.times_result, *, children: bool) -> float:
    return times.children_user + times.children_system if children else times.user + times.system


def write(
    folder: Path, server: RtmpServer, forms: dict[Name, Format], packets: Sequence[Encoded]
) -> tuple[float, float]:
    """Seconds of processor time: of the outputs in this process, and of the child that sends."""
    order = Order(stream="be" * 8, meeting="bench", targets=[Target(id="t", sealed=server.address())])
    pace = Pace(held=1e9)
    made = outputs(folder, order, lambda sealed: sealed, pace=pace)
    for output in made:
        output.begin(forms, 1_800_000_000.0)
    status = made[-1]
    assert isinstance(status, StatusFile)
    wait_for(lambda: status.status().targets[0].state == "live")
    before = os.times()
    for packet in packets:
        for output in made:
            output.take(packet)
    sent = sum(len(one.data) for one in packets if one.name in ("720p", "floor"))
    wait_for(lambda: server.recorded() and server.recorded()[0].stat().st_size > 0.95 * sent, 120)
    for output in made:
        output.close()
    after = os.times()
    used = [processor(after, children=each) - processor(before, children=each) for each in (False, True)]
    return used[0], used[1]


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 and __name__ == "__main__" else SECONDS
    forms, packets = clip()
    stream = repeated(packets, seconds)
    rate = sum(len(one.data) for one in stream) * 8 / seconds
    print(f"Outputs of a live stream: {seconds:g} s, {rate / 1e6:.1f} Mbit/s")
    with tempfile.TemporaryDirectory() as name:
        (Path(name) / "server").mkdir()
        with rtmp_server(Path(name) / "server") as server:
            ours, child = write(Path(name) / "data", server, forms, stream)
    print(f"HLS, instant recording, feeding one target: {ours / seconds:.1%} of one core")
    print(f"the child that sends by RTMP, its start included: {child / seconds:.1%}")


if __name__ == "__main__":
    main()
