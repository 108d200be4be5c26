"""Encoding while it happens: pictures and sound of a device into what `OutgoingStream` sends."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import av
from av.audio.resampler import AudioResampler
from av.video.frame import PictureType

from signaling.client.clip import Picture, Sound, opus_duration_s, packetise, sound_level
from signaling.client.encode import ENCODERS, SAMPLE_RATE, VideoCodec

BIT_RATE = 800_000
"""For 720p at 25 pictures a second; the encoder may not exceed it over half a second."""
SOUND_BIT_RATE = 40_000
KEY_FRAME_S = 10.0
"""At the latest; whoever needs one sooner asks for it."""
SOUND_SAMPLES = 960
"""20 ms, the frame that RFC 7587 section 4.2 recommends."""
_VIDEO_CLOCK = 90_000
_LIVE: dict[VideoCodec, dict[str, str]] = {
    # Key frames of at most 4.5 ordinary ones; pictures left out where the bit rate cannot be held otherwise.
    "VP8": {"max-intra-rate": "450", "drop-threshold": "30"},
    # Key frames when they are asked for, as IDR pictures, and not at every cut.
    "H264": {"forced-idr": "1", "sc_threshold": "0"},
}


class PictureEncoder:
    """VP8 or H.264 at a bounded bit rate. Not for several threads."""

    def __init__(self, codec: VideoCodec, size: tuple[int, int], rate: int, bit_rate: int = BIT_RATE) -> None:
        """`size` is width and height in pixels, both even; `rate` is the greatest in pictures per second."""
        name, options = ENCODERS[codec]
        context = av.CodecContext.create(name, "w")
        if not isinstance(context, av.VideoCodecContext):
            raise TypeError(f"{name} is no video encoder.")
        context.width, context.height = size
        context.pix_fmt = "yuv420p"
        context.time_base = Fraction(1, _VIDEO_CLOCK)
        context.framerate = Fraction(rate)
        context.bit_rate = bit_rate
        context.gop_size = round(rate * KEY_FRAME_S)
        bounds = {"minrate": str(bit_rate), "maxrate": str(bit_rate), "bufsize": str(bit_rate // 2)}
        context.options = options | bounds | _LIVE[codec]
        self._context = context
        self._codec = codec
        self._size = size

    def encode(self, frame: av.VideoFrame, at: float, *, key: bool) -> list[Picture]:
        """Encode a picture taken `at` seconds, which rise; none comes out when the encoder leaves it out."""
        frame = frame.reformat(width=self._size[0], height=self._size[1], format="yuv420p")
        frame.pts, frame.time_base = round(at * _VIDEO_CLOCK), Fraction(1, _VIDEO_CLOCK)
        frame.pict_type = PictureType.I if key else PictureType.NONE
        return [
            Picture(at, tuple(packetise(self._codec, bytes(packet))), packet.is_keyframe)
            for packet in self._context.encode(frame)
        ]


class SoundEncoder:
    """Opus, 20 ms a packet, from frames of any rate and layout. Not for several threads."""

    def __init__(self) -> None:
        context = av.CodecContext.create("libopus", "w")
        if not isinstance(context, av.AudioCodecContext):
            raise TypeError("libopus is no audio encoder.")
        context.rate = SAMPLE_RATE
        context.layout = "stereo"
        context.format = "s16"
        context.time_base = Fraction(1, SAMPLE_RATE)
        context.bit_rate = SOUND_BIT_RATE
        self._context = context
        self._resampler = AudioResampler(format="s16", layout="stereo", rate=SAMPLE_RATE, frame_size=SOUND_SAMPLES)
        self._position = 0

    def encode(self, frame: av.AudioFrame) -> Iterator[Sound]:
        """The packets that are whole with this frame; `at` counts the samples since the beginning, in seconds."""
        frame.pts = None
        for piece in self._resampler.resample(frame):
            piece.pts, piece.time_base = self._position, Fraction(1, SAMPLE_RATE)
            at = self._position / SAMPLE_RATE
            self._position += piece.samples
            level = sound_level([piece])
            for packet in self._context.encode(piece):
                payload = bytes(packet)
                yield Sound(at, payload, level, opus_duration_s(payload))
