"""Scenes and sound become one MP4 that can be played while it is fetched. Nothing is encoded again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from recordings.processing.errors import EncoderError
from recordings.processing.plan import Scene

DELAY: Final = 2
"""Pictures that a picture may be decoded before it is shown: two B-frames in a pyramid."""


def assemble(scenes: Sequence[tuple[Scene, Path]], sound: Path, rate: int, title: str, target: Path) -> None:
    """Write `target`. Raises OSError and EncoderError."""
    try:
        with av.open(str(target), "w", format="mp4", options={"movflags": "faststart"}) as made:
            _join(made, scenes, sound, rate, title)
    except av.FFmpegError as error:
        if isinstance(error, OSError) and error.errno:
            raise
        raise EncoderError(f"The scenes cannot be joined: {error}.", "Rebuild from the phase `compose`.") from error


def _join(made: OutputContainer, scenes: Sequence[tuple[Scene, Path]], sound: Path, rate: int, title: str) -> None:
    made.metadata["title"] = title
    with av.open(str(scenes[0][1])) as first, av.open(str(sound)) as voices:
        picture_stream = made.add_stream_from_template(first.streams.video[0])
        picture_stream.time_base = Fraction(1, rate * 512)
        sound_stream = made.add_stream_from_template(voices.streams.audio[0])
        pictures = _pictures(scenes, rate, picture_stream)
        sounds = _sounds(voices.demux(audio=0), sound_stream)
        picture, heard = next(pictures, None), next(sounds, None)
        while picture is not None or heard is not None:
            if heard is None or (picture is not None and _at(picture) <= _at(heard)):
                assert picture is not None
                made.mux_one(picture)
                picture = next(pictures, None)
            else:
                made.mux_one(heard)
                heard = next(sounds, None)


def _at(packet: Packet[Any]) -> Fraction:
    assert packet.dts is not None
    assert packet.time_base is not None
    return packet.dts * packet.time_base


def _pictures(scenes: Sequence[tuple[Scene, Path]], rate: int, stream: Stream) -> Iterator[Packet[Any]]:
    """Pictures of all scenes with times that go on: the n-th in order of decoding is decoded at n - DELAY."""
    number = 0
    for scene, path in scenes:
        with av.open(str(path)) as source:
            packets: Iterator[Packet[Any]] = source.demux(video=0)
            for packet in packets:
                if packet.pts is None or packet.time_base is None:
                    continue
                shown = round(packet.pts * packet.time_base * rate) + scene.first
                packet.time_base = Fraction(1, rate * 512)
                packet.pts, packet.dts, packet.duration = shown * 512, (number - DELAY) * 512, 512
                packet.stream = stream
                number += 1
                yield packet


def _sounds(packets: Iterator[Packet[Any]], stream: Stream) -> Iterator[Packet[Any]]:
    for packet in packets:
        if packet.dts is not None:
            packet.stream = stream
            yield packet
