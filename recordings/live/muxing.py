"""Encoded packets become MP4 fragments, and whatever else libavformat can make, without an encoder being opened."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any, Final, NamedTuple

import av
from av.container import OutputContainer
from av.packet import Packet
from av.stream import Stream

from recordings.live.formats import CLOCK, RATE, SOUND_RATE, Encoded, Format, Name

_PARAMETERS: Final = frozenset((7, 8, 9))
"""NAL units that do not go into samples: parameter sets, which stand in `avcC`, and delimiters."""
_FRAGMENT: Final = "cmaf+frag_custom+empty_moov+default_base_moof+frag_discont+skip_trailer"


def nal_units(data: bytes) -> Iterable[bytes]:
    """The NAL units of an Annex B byte stream (ITU-T H.264, B.1)."""
    start = data.find(b"\0\0\1")
    while start >= 0:
        following = data.find(b"\0\0\1", start + 3)
        unit = data[start + 3 : following if following >= 0 else len(data)].rstrip(b"\0")
        if unit:
            yield unit
        start = following


def sample(packet: Encoded) -> bytes:
    """The packet as MP4 and FLV hold it: of pictures, NAL units with their lengths before them (ISO 14496-15)."""
    if not is_picture(packet.name):
        return packet.data
    units = (unit for unit in nal_units(packet.data) if unit[0] & 31 not in _PARAMETERS)
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in units)


def is_picture(name: Name) -> bool:
    """Whether a stream is one of pictures."""
    return name in ("720p", "360p")


class Templates:
    """Streams for files, described by `Format`. Making a stream from a template opens no encoder: making it costs
    microseconds, so that every fragment may have a muxer of its own."""

    def __init__(self) -> None:
        self._scratch = av.open(io.BytesIO(), "w", format="mp4")
        self._picture = self._scratch.add_stream("libx264", rate=RATE)
        self._sound = self._scratch.add_stream("aac", rate=SOUND_RATE)

    def stream(self, container: OutputContainer, form: Format) -> Stream:
        """A stream of `container` that packets of this format can go into."""
        stream: Any
        if is_picture(form.name):
            stream = container.add_stream_from_template(self._picture)
            stream.codec_context.width, stream.codec_context.height = form.width, form.height
        else:
            stream = container.add_stream_from_template(self._sound)
            stream.codec_context.layout = "stereo" if form.channels == 2 else "mono"
        stream.codec_context.extradata = form.config
        stream.codec_context.bit_rate = form.bit_rate
        stream.time_base = Fraction(1, CLOCK[form.name])
        return stream  # type: ignore[no-any-return]


def packet_for(stream: Stream, packet: Encoded, origin: int = 0, duration: int | None = None) -> Packet[Any]:
    """What the muxer takes. `origin`, in ticks of the packet's clock, becomes its zero."""
    made: Packet[Any] = av.Packet(sample(packet))
    made.pts = made.dts = packet.at - origin
    made.duration = packet.duration if duration is None else duration
    made.time_base = Fraction(1, CLOCK[packet.name])
    made.is_keyframe = packet.key
    made.stream = stream
    return made


class Fragment(NamedTuple):
    """A movie fragment and what a player needs before it."""

    init: bytes
    """`ftyp`, `moov`: the same for all fragments of the same format."""
    media: bytes
    """`moof`, `mdat`."""


def fragment(templates: Templates, form: Format, packets: Sequence[Encoded], number: int, end: int) -> Fragment:
    """One CMAF fragment (ISO 23000-19) of packets of one stream; decoding times are those of the packets.

    `number` counts fragments from 1. `end`, in ticks, is when the last packet ends. Raises av.FFmpegError.
    """
    target = io.BytesIO()
    options = {"movflags": _FRAGMENT, "fragment_index": str(number), "use_editlist": "0"}
    with av.open(target, "w", format="mp4", options=options) as container:
        stream = templates.stream(container, form)
        for packet in packets[:-1]:
            container.mux_one(packet_for(stream, packet))
        container.mux_one(packet_for(stream, packets[-1], duration=max(1, end - packets[-1].at)))
    return _split(target.getvalue())


def _split(data: bytes) -> Fragment:
    """Top-level boxes up to the movie fragment, and the rest (ISO 14496-12, 4.2)."""
    at = 0
    while data[at + 4 : at + 8] not in (b"moof", b"styp", b"sidx", b""):
        at += max(8, int.from_bytes(data[at : at + 4], "big"))
    return Fragment(data[:at], data[at:])
