"""Encoders of a live stream. Each gives what it is given at once: no picture is held back."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from typing import Any, Final

import av
import numpy as np
from av.video.frame import PictureType
from av.video.reformatter import Interpolation, VideoReformatter

from recordings.live.formats import CLOCK, RATE, SOUND_RATE, Encoded, Format, Name
from recordings.processing.frames import START_CODE

_VUI: Final = "colorprim=smpte170m:transfer=smpte170m:colormatrix=smpte170m"
"""What browsers send is BT.601."""
_QUALITY: Final = "23"
"""x264's constant rate factor: pictures that stand still cost little, others never more than the bit rate."""
_BURST_MS: Final = 700
"""A key frame has at most what the bit rate lets through in this time."""
_AAC_FRAME: Final = 1_024
_AAC_PROFILE_LC: Final = "mp4a.40.2"
_OPUS_FRAME: Final = 960
_OPUS_LEAD: Final = 312
"""Samples by which libopus begins before time 0 (RFC 7845 §4.2)."""
_SPS: Final = 7
_PPS: Final = 8


class PictureEncoder:
    """H.264, constrained baseline, with parameter sets before each IDR picture. `bit_rate` is the highest."""

    def __init__(self, name: Name, width: int, height: int, bit_rate: int, preset: str) -> None:
        self.name = name
        self.width, self.height, self.bit_rate = width, height, bit_rate
        self._preset = preset
        self._encoder = self._made()
        self._scaler = VideoReformatter()
        self._ticks = CLOCK[name] // RATE

    def _made(self) -> av.VideoCodecContext:
        made = av.CodecContext.create("libx264", "w")
        assert isinstance(made, av.VideoCodecContext)
        made.width, made.height, made.pix_fmt = self.width, self.height, "yuv420p"
        made.time_base, made.framerate = Fraction(1, RATE), Fraction(RATE)
        made.thread_count, made.gop_size = 1, 1_000_000
        most = self.bit_rate // 1_000
        made.options = {
            "preset": self._preset,
            "tune": "zerolatency",
            "profile": "baseline",
            "forced-idr": "1",
            "crf": _QUALITY,
            "x264-params": f"scenecut=0:vbv-maxrate={most}:vbv-bufsize={most * _BURST_MS // 1_000}:{_VUI}",
        }
        return made

    def format(self, picture: av.VideoFrame) -> Format:
        """What players need to know; found by encoding `picture` in vain."""
        other = PictureEncoder(self.name, self.width, self.height, self.bit_rate, self._preset)
        units = split_annex_b(b"".join(one.data for one in other.encode(picture, 0, key=True)))
        sps = next(unit for unit in units if unit[0] & 0x1F == _SPS)
        pps = next(unit for unit in units if unit[0] & 0x1F == _PPS)
        return Format(
            self.name, f"avc1.{sps[1:4].hex()}", avcc(sps, pps), self.bit_rate, width=self.width, height=self.height
        )

    def encode(self, picture: av.VideoFrame, number: int, *, key: bool) -> Iterator[Encoded]:
        """The picture that is the stream's `number`-th."""
        if (picture.width, picture.height) != (self.width, self.height):
            picture = self._scaler.reformat(
                picture, self.width, self.height, interpolation=Interpolation.BILINEAR, threads=1
            )
        picture.pts, picture.time_base = number, Fraction(1, RATE)
        picture.pict_type = PictureType.I if key else PictureType.NONE
        for packet in self._encoder.encode(picture):
            assert packet.pts is not None
            yield Encoded(self.name, packet.pts * self._ticks, self._ticks, packet.is_keyframe, bytes(packet))


class SoundEncoder:
    """AAC-LC or Opus, stereo. What comes in is cut into the codec's frames; the encoder's lead-in is left out."""

    def __init__(self, name: Name, bit_rate: int) -> None:
        self.name, self.bit_rate = name, bit_rate
        self._opus = name.startswith("opus")
        self._frame = _OPUS_FRAME if self._opus else _AAC_FRAME
        made = av.CodecContext.create("libopus" if self._opus else "aac", "w")
        assert isinstance(made, av.AudioCodecContext)
        made.sample_rate, made.layout, made.bit_rate = SOUND_RATE, "stereo", bit_rate
        made.format, made.time_base = "flt" if self._opus else "fltp", Fraction(1, SOUND_RATE)
        if self._opus:
            made.options = {"application": "audio", "frame_duration": "20"}
        else:
            made.options = {"aac_coder": "fast"}  # half the work of the usual one, of which speech shows nothing
        made.open()
        self._encoder = made
        self._rest = np.zeros((2, 0), np.float32)
        self._last = np.zeros((2, self._frame), np.float32)
        self._taken = 0
        self._lead = _OPUS_LEAD if self._opus else 0
        """Of AAC the first packet, before time 0, is left out; Opus is some milliseconds late, and loses nothing."""

    def branch(self, name: Name) -> SoundEncoder:
        """Another encoder, whose first packet follows the last one of this."""
        made = SoundEncoder(name, self.bit_rate)
        made._rest, made._taken = self._rest, self._taken
        if self._taken and not self._opus:
            made._taken -= self._frame
            assert not list(made._encode(self._last)), "it gives nothing before the second"
        return made

    @property
    def format(self) -> Format:
        """What players need to know."""
        if self._opus:
            return Format(self.name, "opus", b"", self.bit_rate, channels=2)
        return Format(self.name, _AAC_PROFILE_LC, bytes(self._encoder.extradata or b""), self.bit_rate, channels=2)

    def encode(self, sound: np.ndarray) -> Iterator[Encoded]:
        """More sound: 2 channels by samples, float32."""
        rest = np.concatenate((self._rest, sound), axis=1) if self._rest.size else sound
        position = 0
        while rest.shape[1] - position >= self._frame:
            yield from self._encode(rest[:, position : position + self._frame])
            position += self._frame
        self._rest = rest[:, position:]

    def _encode(self, part: np.ndarray) -> Iterator[Encoded]:
        plain = part.T.reshape(1, -1) if self._opus else part
        frame: Any = av.AudioFrame.from_ndarray(
            np.ascontiguousarray(plain), format="flt" if self._opus else "fltp", layout="stereo"
        )
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE, self._taken, Fraction(1, SOUND_RATE)
        self._taken += self._frame
        self._last = part
        for packet in self._encoder.encode(frame):
            assert packet.pts is not None
            at = packet.pts + self._lead
            if at >= 0:
                yield Encoded(self.name, at, self._frame, True, bytes(packet))


def split_annex_b(data: bytes) -> list[bytes]:
    """The units of a byte stream (H.264 annex B)."""
    units = data.replace(START_CODE, START_CODE[1:]).split(START_CODE[1:])
    return [unit for unit in units if unit]


def avcc(sps: bytes, pps: bytes) -> bytes:
    """AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1) for units with 4 bytes of length."""
    return (
        bytes([1, sps[1], sps[2], sps[3], 0xFF, 0xE1])
        + len(sps).to_bytes(2, "big")
        + sps
        + bytes([1])
        + len(pps).to_bytes(2, "big")
        + pps
    )
