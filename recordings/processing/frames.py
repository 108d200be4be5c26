"""From packets in order to frames: what a decoder is given, nothing it could not decode.

A frame that misses packets is left out, and with it all that leans on it: up to the next key frame, or, where layers
in time are named (RFC 7741 §4.2), only the frames of the upper layers.
"""

from __future__ import annotations

import mmap
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from recordings.processing import h264
from recordings.processing.h264 import PPS, SPS
from recordings.processing.ordering import Lost, Run
from recordings.raw.blocks import Block
from recordings.raw.rtpdump import Packet
from sfu.codecs import vp8

_IDR, _STAP_A, _FU_A = 5, 24, 28
_FEW: Final = 8
"""Bytes: more than any payload descriptor of VP8."""
START_CODE: Final = b"\x00\x00\x00\x01"


class Frame(NamedTuple):
    """One frame. `timestamp` is the extended one; of H.264, `data` is units with 4 bytes of length before each."""

    timestamp: int
    arrived: float
    key: bool
    data: bytes
    after_loss: bool = False
    """Frames before it were left out."""


@dataclass(slots=True)
class Tally:
    """Frames made and left out."""

    frames: int = 0
    key_frames: int = 0
    cut: int = 0
    """Missed packets themselves."""
    leaned: int = 0
    """Were whole, but leaned on frames that were not."""
    odd: int = 0
    """Payloads that could not be understood."""
    sizes: list[tuple[int, int]] = field(default_factory=list)


@dataclass(slots=True)
class _Payloads:
    """Payloads of a run of packets: where in the file they begin and end."""

    content: mmap.mmap
    begins: list[int]
    contents: list[int]
    """Behind what the codec's payload format put before them."""
    ends: list[int]
    unusual: list[int]
    """How many before each, and in all, are too short to be looked at together."""


def sounds(packets: Iterable[Packet | Lost | Run], tally: Tally) -> Iterator[Frame]:
    """Opus: a packet is a frame (RFC 7587 §4.2)."""
    lost = False
    for packet in packets:
        if isinstance(packet, Lost):
            lost = True
        elif isinstance(packet, Run):
            for timestamp, arrived, data in packet.contents():
                if data:
                    tally.frames += 1
                    yield Frame(timestamp, arrived, True, data, lost)
                    lost = False
        elif packet.payload:
            tally.frames += 1
            yield Frame(packet.timestamp, packet.arrived, True, packet.payload, lost)
            lost = False


def pictures(codec: str, packets: Iterable[Packet | Lost | Run], tally: Tally) -> Iterator[Frame]:
    """Frames of `codec` (`VP8` or `H264`)."""
    return gathering(codec, tally).frames(packets)


def gathering(codec: str, tally: Tally) -> Assembly:
    """What makes frames of `codec` (`VP8` or `H264`) from packets as they come."""
    return _Vp8(tally) if codec == "VP8" else _H264(tally)


class Assembly(ABC):
    """Gathers the packets of one timestamp, and keeps account of what may be decoded."""

    def __init__(self, tally: Tally) -> None:
        self.tally = tally
        self.parts: list[bytes] = []
        self.timestamp = -1
        self.arrived = 0.0
        self.torn = False
        """A packet of the frame in work is missing."""
        self.decodable = False
        """What the next frame leans on is there."""
        self.left_out = False

    def frames(self, packets: Iterable[Packet | Lost | Run]) -> Iterator[Frame]:
        """All frames of a track."""
        for packet in packets:
            if isinstance(packet, Run):
                yield from self._take_all(packet)
            else:
                yield from self.take(packet)
        if self.parts:
            yield from self.finish(whole=not self.needs_marker)

    def take(self, packet: Packet | Lost) -> Iterator[Frame]:
        """The frames that are whole with this packet."""
        if isinstance(packet, Lost):
            self.gap()
            return
        if packet.timestamp != self.timestamp:
            if self.parts:  # its last packet, with the marker, was lost, or there was none
                yield from self.finish(whole=not self.needs_marker)
            self.timestamp, self.arrived, self.torn = packet.timestamp, packet.arrived, self.missing_before(packet)
        if packet.payload:
            self.parts.append(packet.payload)
        if packet.marker and self.parts:
            yield from self.finish(whole=True)
            self.timestamp = -1

    def _take_all(self, run: Run) -> Iterator[Frame]:
        """The same for a run of packets, frame by frame where they are whole and usual."""
        block, part = run.block, slice(run.first, run.end)
        marker, stamps = block.marker[part], block.timestamp[part]
        bounds = (np.flatnonzero(marker | (np.diff(stamps, append=-1) != 0)) + 1).tolist()
        marked, timestamps, arrived = marker.tolist(), stamps.tolist(), block.arrived[part].tolist()
        payloads = self.payloads(block, part)
        begin = 0
        for end in bounds:
            fresh = self.timestamp < 0 and not self.pending_loss
            if fresh and marked[end - 1] and payloads.unusual[begin] == payloads.unusual[end]:
                self.timestamp, self.arrived, self.torn = timestamps[begin], arrived[begin], False
                frame = self.decided(self.gathered(payloads, begin, end))
                self.timestamp = -1
                if frame is not None:
                    yield frame
            else:
                for number in range(run.first + begin, run.first + end):
                    yield from self.take(block.packet(number))
            begin = end

    def payloads(self, block: Block, part: slice) -> _Payloads:
        """Those of a part of a block."""
        begins, ends = block.begins[part], block.ends[part]
        few = np.cumsum(ends - begins < _FEW)
        return _Payloads(block.content, begins.tolist(), begins.tolist(), ends.tolist(), [0, *few.tolist()])

    def gathered(self, payloads: _Payloads, begin: int, end: int) -> Frame | None:
        """The frame that the payloads from `begin` to before `end` are, None if they are none."""
        places = zip(payloads.begins[begin:end], payloads.ends[begin:end], strict=True)
        return self.assembled([payloads.content[since:until] for since, until in places])

    needs_marker = True
    pending_loss = False

    def missing_before(self, packet: Packet) -> bool:
        """Whether the beginning of the frame that `packet` belongs to is missing."""
        lost, self.pending_loss = self.pending_loss, False
        return lost and not self.begins(packet.payload)

    @abstractmethod
    def begins(self, payload: bytes) -> bool:
        """Whether a frame begins with this payload."""

    def gap(self) -> None:
        """Packets are missing here."""
        if self.parts:
            self.torn = True
        self.pending_loss = True

    def finish(self, *, whole: bool) -> Iterator[Frame]:
        parts, self.parts = self.parts, []
        if self.torn or not whole:
            self.tally.cut += 1
            self.broken(parts)
            self.left_out = True
            return
        frame = self.decided(self.assembled(parts))
        if frame is not None:
            yield frame

    def decided(self, frame: Frame | None) -> Frame | None:
        """The frame if it can be decoded, said whether others before it were left out."""
        if frame is None:
            return None
        if not frame.key and not self.decodable:
            self.tally.leaned += 1
            self.left_out = True
            return None
        if frame.key:
            self.decodable = True
            self.tally.key_frames += 1
        self.tally.frames += 1
        if self.left_out:
            frame = frame._replace(after_loss=True)
            self.left_out = False
        return frame

    def broken(self, parts: list[bytes]) -> None:
        self.decodable = False

    @abstractmethod
    def assembled(self, parts: list[bytes]) -> Frame | None:
        """The frame that these payloads are, None if they are none."""


class _Vp8(Assembly):
    """RFC 7741. Picture ids tell a lost frame from lost padding, TL0PICIDX and TID what may still be decoded."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(tally)
        self._picture = -1
        self._tl0 = -1
        self._upper_broken = False
        self._gap = False

    def begins(self, payload: bytes) -> bool:
        return bool(payload) and payload[0] & 0x17 == 0x10

    def gap(self) -> None:
        super().gap()
        self._gap = True

    def broken(self, parts: list[bytes]) -> None:
        self._gap = True

    def assembled(self, parts: list[bytes]) -> Frame | None:
        first = parts[0]
        sizes = [vp8.descriptor_size(part) for part in parts]
        if min(sizes) < 0 or not self.begins(first):
            self.tally.odd += 1
            self._gap = True
            return None
        return self._judged(first, b"".join([part[size:] for part, size in zip(parts, sizes, strict=True)]))

    def payloads(self, block: Block, part: slice) -> _Payloads:
        made = super().payloads(block, part)
        begins = np.minimum(block.begins[part], len(block.bytes) - _FEW)  # of what is shorter nothing is used
        made.contents = (begins + _descriptor_sizes(sliding_window_view(block.bytes, _FEW)[begins])).tolist()
        return made

    def gathered(self, payloads: _Payloads, begin: int, end: int) -> Frame | None:
        content, since = payloads.content, payloads.begins[begin]
        first = content[since : min(since + 2 * _FEW, payloads.ends[begin])]
        if not self.begins(first):
            return super().gathered(payloads, begin, end)
        places = zip(payloads.contents[begin:end], payloads.ends[begin:end], strict=True)
        return self._judged(first, b"".join([content[since:until] for since, until in places]))

    def _judged(self, first: bytes, data: bytes) -> Frame | None:
        """The frame with these data, whose first payload begins with `first`; None if it cannot be decoded."""
        key = vp8.starts_key_frame(first)
        picture, tl0 = vp8.picture_id(first), vp8.tl0_index(first)
        layer, syncs = _layer(first)
        if self._gap and not key:
            self._after_gap(picture, tl0, layer)
        self._gap = False
        self._picture = picture
        if tl0 >= 0 and (layer == 0 or key):
            self._tl0 = tl0
        if key:
            self._upper_broken = False
            size = (int.from_bytes(data[6:8], "little") & 0x3FFF, int.from_bytes(data[8:10], "little") & 0x3FFF)
            if not self.tally.sizes or self.tally.sizes[-1] != size:
                self.tally.sizes.append(size)
        elif self._upper_broken and layer > 0:
            if not syncs:
                self.tally.leaned += 1
                self.left_out = True
                return None
            self._upper_broken = False
        return Frame(self.timestamp, self.arrived, key, data)

    def _after_gap(self, picture: int, tl0: int, layer: int) -> None:
        if picture >= 0 and self._picture >= 0 and (picture - self._picture) & vp8.PICTURE_ID_MASK == 1:
            return  # only padding is missing
        steps = (tl0 - self._tl0) & 0xFF if tl0 >= 0 and self._tl0 >= 0 else -1
        if steps == (1 if layer == 0 else 0):
            self._upper_broken = True  # every frame of the base is there
        else:
            self.decodable = False


def _descriptor_sizes(heads: NDArray[np.uint8]) -> NDArray[np.int64]:
    """`vp8.descriptor_size` of many payloads, of which the first bytes are given."""
    flags = np.where(heads[:, 0] & 0x80, heads[:, 1], 0)
    extended = (heads[:, 0] & 0x80) >> 7
    picture = np.where(flags & 0x80, 1 + (heads[:, 2] >> 7), 0)
    sizes: NDArray[np.int64] = 1 + extended + picture + ((flags & 0x40) != 0) + ((flags & 0x30) != 0).astype(np.int64)
    return sizes


def _layer(payload: bytes) -> tuple[int, bool]:
    """TID and Y of a normalised payload descriptor; (0, False) if there are none."""
    if len(payload) < 2 or not payload[0] & 0x80 or not payload[1] & 0x20:
        return 0, False
    flags, position = payload[1], 2
    if flags & 0x80:
        position += 2 if len(payload) > 2 and payload[2] & 0x80 else 1
    position += bool(flags & 0x40)
    if position >= len(payload):
        return 0, False
    return payload[position] >> 6, bool(payload[position] & 0x20)


class _H264(Assembly):
    """RFC 6184 §5: single units, STAP-A, FU-A."""

    def __init__(self, tally: Tally) -> None:
        super().__init__(tally)
        self.parameters: dict[int, bytes] = {}

    def begins(self, payload: bytes) -> bool:
        """Where a frame begins is not marked; what begins a key frame surely does begin one."""
        kind = payload[0] & 0x1F if payload else 0
        if kind == _FU_A:
            return len(payload) > 1 and bool(payload[1] & 0x80) and payload[1] & 0x1F == _IDR
        return kind in (SPS, _STAP_A)

    def gap(self) -> None:
        super().gap()
        self.decodable = False

    def assembled(self, parts: list[bytes]) -> Frame | None:
        units = self._units(parts)
        if units is None or not units:
            self.tally.odd += 1
            self.decodable = False
            return None
        kinds = [unit[0] & 0x1F for unit in units]
        for kind, unit in zip(kinds, units, strict=True):
            if kind in (SPS, PPS):
                self.parameters[kind] = unit
        if not any(1 <= kind <= 5 for kind in kinds):
            return None  # parameter sets alone: the key frame that follows takes them along
        key = _IDR in kinds
        if key:
            missing = [self.parameters[kind] for kind in (SPS, PPS) if kind not in kinds and kind in self.parameters]
            units = missing + units
            if SPS not in self.parameters or PPS not in self.parameters:
                self.tally.leaned += 1
                return None
            self._note_size()
        data = b"".join([len(unit).to_bytes(4, "big") + unit for unit in units])
        return Frame(self.timestamp, self.arrived, key, data)

    def _units(self, parts: list[bytes]) -> list[bytes] | None:
        units: list[bytes] = []
        fragments: list[bytes] | None = None
        for part in parts:
            kind = part[0] & 0x1F
            if kind == _FU_A:
                if len(part) < 3:
                    return None
                if part[1] & 0x80:
                    fragments = [bytes([part[0] & 0xE0 | part[1] & 0x1F])]
                if fragments is None:
                    return None
                fragments.append(part[2:])
                if part[1] & 0x40:
                    units.append(b"".join(fragments))
                    fragments = None
            elif kind == _STAP_A:
                position = 1
                while position + 2 < len(part):
                    size = part[position] << 8 | part[position + 1]
                    if not size or position + 2 + size > len(part):
                        return None
                    units.append(part[position + 2 : position + 2 + size])
                    position += 2 + size
            elif 1 <= kind <= 23:
                units.append(part)
            else:
                return None
        return None if fragments is not None else units

    def _note_size(self) -> None:
        size = h264.size(self.parameters[SPS])
        if not self.tally.sizes or self.tally.sizes[-1] != size:
            self.tally.sizes.append(size)
