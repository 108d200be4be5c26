"""From packets in order to frames: what a decoder is given, nothing it could not decode.

A frame that misses packets is left out, and with it all that leans on it: up to the next key frame, or, where layers
in time are named (RFC 7741 §4.2), only the frames of the upper layers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from recordings.processing.ordering import Lost
from recordings.raw.rtpdump import Packet
from sfu.codecs import vp8

_IDR, _SPS, _PPS, _STAP_A, _FU_A = 5, 7, 8, 24, 28
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


def sounds(packets: Iterable[Packet | Lost], tally: Tally) -> Iterator[Frame]:
    """Opus: a packet is a frame (RFC 7587 §4.2)."""
    lost = False
    for packet in packets:
        if isinstance(packet, Lost):
            lost = True
        elif packet.payload:
            tally.frames += 1
            yield Frame(packet.timestamp, packet.arrived, True, packet.payload, lost)
            lost = False


def pictures(codec: str, packets: Iterable[Packet | Lost], tally: Tally) -> Iterator[Frame]:
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

    def frames(self, packets: Iterable[Packet | Lost]) -> Iterator[Frame]:
        """All frames of a track."""
        for packet in packets:
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
        frame = self.assembled(parts)
        if frame is None:
            return
        if not frame.key and not self.decodable:
            self.tally.leaned += 1
            self.left_out = True
            return
        if frame.key:
            self.decodable = True
            self.tally.key_frames += 1
        self.tally.frames += 1
        yield frame._replace(after_loss=self.left_out)
        self.left_out = False

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
        data = b"".join([part[size:] for part, size in zip(parts, sizes, strict=True)])
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
        return kind in (_SPS, _STAP_A)

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
            if kind in (_SPS, _PPS):
                self.parameters[kind] = unit
        if not any(1 <= kind <= 5 for kind in kinds):
            return None  # parameter sets alone: the key frame that follows takes them along
        key = _IDR in kinds
        if key:
            missing = [self.parameters[kind] for kind in (_SPS, _PPS) if kind not in kinds and kind in self.parameters]
            units = missing + units
            if _SPS not in self.parameters or _PPS not in self.parameters:
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
        size = h264_size(self.parameters[_SPS])
        if not self.tally.sizes or self.tally.sizes[-1] != size:
            self.tally.sizes.append(size)


def parameter_sets(data: bytes) -> tuple[bytes, bytes]:
    """SPS and PPS of a key frame with lengths before its units; empty if they are not in it."""
    found = {_SPS: b"", _PPS: b""}
    position = 0
    while position + 4 < len(data):
        size = int.from_bytes(data[position : position + 4], "big")
        kind = data[position + 4] & 0x1F
        if kind in found:
            found[kind] = data[position + 4 : position + 4 + size]
        position += 4 + size
    return found[_SPS], found[_PPS]


class _Bits:
    """Reads bits and Exp-Golomb numbers (H.264 §9.1)."""

    def __init__(self, unit: bytes) -> None:
        self._data = unit.replace(b"\x00\x00\x03", b"\x00\x00")
        self._at = 0

    def take(self, count: int) -> int:
        value = 0
        for _ in range(count):
            byte = self._data[self._at >> 3] if self._at >> 3 < len(self._data) else 0
            value = value << 1 | (byte >> (7 - (self._at & 7)) & 1)
            self._at += 1
        return value

    def golomb(self) -> int:
        zeros = 0
        while zeros < 32 and not self.take(1):
            zeros += 1
        return (1 << zeros) - 1 + self.take(zeros)

    def signed(self) -> int:
        value = self.golomb()
        return (value + 1) // 2 if value & 1 else -(value // 2)


_HIGH_PROFILES: Final = (100, 110, 122, 244, 44, 83, 86, 118, 128)


def h264_size(sps: bytes) -> tuple[int, int]:
    """Width and height that a sequence parameter set names (H.264 §7.3.2.1.1)."""
    bits = _Bits(sps[1:])
    profile = bits.take(8)
    bits.take(16)
    bits.golomb()
    chroma = 1
    if profile in _HIGH_PROFILES:
        chroma = bits.golomb()
        if chroma == 3:
            bits.take(1)
        bits.golomb()
        bits.golomb()
        bits.take(1)
        if bits.take(1):
            return 0, 0  # scaling matrices: nobody sends them here
    bits.golomb()
    order = bits.golomb()
    if order == 0:
        bits.golomb()
    elif order == 1:
        bits.take(1)
        bits.signed()
        bits.signed()
        for _ in range(min(255, bits.golomb())):
            bits.signed()
    bits.golomb()
    bits.take(1)
    width = (bits.golomb() + 1) * 16
    height = bits.golomb() + 1
    frames_only = bits.take(1)
    height *= 16 * (2 - frames_only)
    if not frames_only:
        bits.take(1)
    bits.take(1)
    if bits.take(1):
        left, right, top, bottom = (bits.golomb() for _ in range(4))
        unit_x, unit_y = (1 if chroma in (0, 3) else 2), (2 if chroma == 1 else 1) * (2 - frames_only)
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return width, height
