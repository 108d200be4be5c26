"""A clip: encoded pictures and sound from a file, cut into RTP payloads once, ready to be sent any number of times."""

from __future__ import annotations

import bisect
import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass
from operator import mul
from pathlib import Path
from typing import Any

import av
from aiortc.codecs.h264 import H264Encoder
from av.bitstream import BitStreamFilterContext

PAYLOAD_BYTES = 1160
"""Per packet, before the payload descriptor: leaves room for headers, extensions and SRTP in a 1,280-byte IPv6 MTU."""
SILENCE_LEVEL = 127
"""In -dBov (RFC 6464 section 3): the quietest that can be said."""
_LEVEL_STEP = 8
"""Every eighth sample is enough for a level."""


class ClipError(Exception):
    """A file that cannot be sent. The message says why and what to do."""


@dataclass(frozen=True, slots=True)
class Picture:
    """One encoded picture: presentation time in seconds, RTP payloads without VP8 descriptor, whether a key frame."""

    at: float
    payloads: tuple[bytes, ...]
    key: bool


@dataclass(frozen=True, slots=True)
class Sound:
    """One Opus packet: presentation time in seconds, payload, level in -dBov (0 loudest, 127 silence)."""

    at: float
    payload: bytes
    level: int
    lasts_s: float


class Clip:
    """What a file holds: `pictures` and `sounds` in order of time, either may be empty."""

    def __init__(self, pictures: list[Picture], sounds: list[Sound], video_codec: str, duration_s: float) -> None:
        self.pictures = pictures
        self.sounds = sounds
        self.video_codec = video_codec
        """RTP encoding name: `VP8` or `H264`."""
        self.duration_s = duration_s
        self._key_frames = [index for index, picture in enumerate(pictures) if picture.key]
        self._times = [picture.at for picture in pictures]
        if pictures and not self._key_frames:
            raise ClipError("The video has no key frame, so nobody could start to watch it. Encode it again.")

    @property
    def has_pictures(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.pictures)

    @property
    def has_sounds(self) -> bool:
        """Whether there is anything to hear."""
        return bool(self.sounds)

    def picture_at(self, position_s: float) -> int:
        """Index of the picture on show at a position."""
        return max(bisect.bisect_right(self._times, position_s) - 1, 0)

    def key_frame_near(self, position_s: float) -> int:
        """Index of the key frame nearest to a position, the clip taken as a loop."""

        def distance(index: int) -> float:
            apart = abs(self._times[index] - position_s)
            return min(apart, self.duration_s - apart)

        return min(self._key_frames, key=distance)


def load_clip(path: Path) -> Clip:
    """Read VP8 or H.264, and Opus, from any container that FFmpeg knows. Raises `ClipError` for anything else."""
    try:
        with av.open(str(path)) as container:
            if not (container.streams.video or container.streams.audio):
                raise ClipError(f"{path} has neither video nor audio.")
            codec, pictures = _read_pictures(container)
        with av.open(str(path)) as container:
            sounds = _read_sounds(container)
    except (OSError, av.FFmpegError) as error:
        raise ClipError(f"{path} cannot be read as media: {error}.") from error
    if not pictures and not sounds:
        raise ClipError(f"{path} holds no pictures and no sound.")
    pictures_end = pictures[-1].at + (pictures[-1].at - pictures[-2].at) if len(pictures) > 1 else 0.04
    sounds_end = sounds[-1].at + sounds[-1].lasts_s if sounds else 0.0
    return Clip(pictures, sounds, codec, max(pictures_end, sounds_end))


def _read_pictures(container: av.container.InputContainer) -> tuple[str, list[Picture]]:
    if not container.streams.video:
        return "", []
    stream = container.streams.video[0]
    name = stream.codec_context.name
    if name in ("vp8", "libvpx"):
        packets = list(container.demux(stream))
        return "VP8", [_picture(packet, packetise("VP8", bytes(packet))) for packet in packets if packet.size]
    if name == "h264":
        to_annex_b = BitStreamFilterContext("h264_mp4toannexb", stream)
        found = [out for packet in container.demux(stream) for out in to_annex_b.filter(packet)]
        return "H264", [_picture(packet, packetise("H264", bytes(packet))) for packet in found if packet.size]
    raise ClipError(f"The video is {name}; VP8 or H.264 is needed.")


def packetise(codec: str, frame: bytes) -> list[bytes]:
    """The RTP payloads of an encoded picture: VP8 without descriptor, H.264 from an Annex B byte stream."""
    if codec == "H264":
        return H264Encoder._packetize(H264Encoder._split_bitstream(frame))
    return [frame[start : start + PAYLOAD_BYTES] for start in range(0, len(frame), PAYLOAD_BYTES)]


def _picture(packet: av.Packet[Any], payloads: list[bytes]) -> Picture:
    if packet.pts is None or packet.time_base is None:
        raise ClipError("The video has pictures without a time.")
    if packet.dts is not None and packet.dts != packet.pts:
        raise ClipError("The video has B-frames, which WebRTC receivers cannot order. Encode it without.")
    return Picture(float(packet.pts * packet.time_base), tuple(payloads), packet.is_keyframe)


def _read_sounds(container: av.container.InputContainer) -> list[Sound]:
    if not container.streams.audio:
        return []
    stream = container.streams.audio[0]
    if stream.codec_context.name not in ("opus", "libopus"):
        raise ClipError(f"The audio is {stream.codec_context.name}; Opus is needed.")
    sounds: list[Sound] = []
    at = 0.0
    for packet in container.demux(stream):
        if packet.size:
            # By duration, not by container time, which Opus' pre-skip shifts (RFC 7845 section 4.2).
            lasts = opus_duration_s(bytes(packet))
            sounds.append(Sound(at, bytes(packet), sound_level(packet.decode()), lasts))
            at += lasts
    return sounds


def opus_duration_s(payload: bytes) -> float:
    """How long an Opus packet sounds, from its first byte or two (RFC 6716 section 3.1)."""
    configuration, code = payload[0] >> 3, payload[0] & 3
    if configuration < 12:
        each = (0.01, 0.02, 0.04, 0.06)[configuration % 4]
    elif configuration < 16:
        each = (0.01, 0.02)[configuration % 2]
    else:
        each = (0.0025, 0.005, 0.01, 0.02)[configuration % 4]
    count = 1 if code == 0 else 2 if code < 3 else payload[1] & 63 if len(payload) > 1 else 0
    return each * count


def sound_level(frames: Iterable[Any]) -> int:
    """The audio level of RFC 6464: energy of audio frames, 16-bit or float, over full scale, as -dBov."""
    energy, count = 0.0, 0
    for frame in frames:
        plane = bytes(frame.planes[0])
        samples = array("f", plane) if frame.format.name.startswith("flt") else array("h", plane)
        scale = 1.0 if samples.typecode == "f" else 32768.0
        thin = samples[::_LEVEL_STEP]
        energy += sum(map(mul, thin, thin)) / scale**2
        count += len(thin)
    if not count or energy <= 0:
        return SILENCE_LEVEL
    return min(max(round(-10 * math.log10(energy / count)), 0), SILENCE_LEVEL)
