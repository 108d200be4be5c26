"""Where a stream of packets is cut into segments: at the multiples of SEGMENT_S, for all streams alike."""

from __future__ import annotations

from dataclasses import dataclass, field

from recordings.live.formats import CLOCK, SEGMENT_S, Encoded, Name
from recordings.live.muxing import is_picture


@dataclass(frozen=True, slots=True)
class Cut:
    """The packets of one segment."""

    name: Name
    index: int
    """Its number since the stream's zero: it holds what begins in [index, index + 1) · SEGMENT_S."""
    packets: list[Encoded]
    end: int
    """Where it ends, in ticks."""

    @property
    def start_s(self) -> float:
        """When it begins, in seconds since the stream's zero."""
        return self.packets[0].at / CLOCK[self.name]

    @property
    def duration_s(self) -> float:
        """How long it lasts."""
        return (self.end - self.packets[0].at) / CLOCK[self.name]


@dataclass
class Cutter:
    """Cuts one stream. A segment is given back with its last packet, not with the first of the next, wherever the
    packets' durations say that nothing more comes."""

    name: Name
    _index: int = 0
    _packets: list[Encoded] = field(default_factory=list)

    def feed(self, packet: Encoded) -> list[Cut]:
        """Take a packet; the segments that are whole with it. Pictures begin with a key frame."""
        length = SEGMENT_S * CLOCK[self.name]
        cuts = []
        if self._packets and packet.at >= (self._index + 1) * length and (packet.key or not is_picture(self.name)):
            last = self._packets[-1]
            # What was left out at the end is stood for by the last picture, unless it is a whole gap.
            cuts.append(self._cut(packet.at if packet.at - last.at < length // 2 else last.at + last.duration))
        if not self._packets:
            if is_picture(self.name) and not packet.key:
                return cuts
            self._index = packet.at // length
        self._packets.append(packet)
        if packet.at + packet.duration >= (self._index + 1) * length:
            cuts.append(self._cut(packet.at + packet.duration))
        return cuts

    def rest(self) -> Cut | None:
        """What is left at the end."""
        if not self._packets:
            return None
        return self._cut(self._packets[-1].at + self._packets[-1].duration)

    def _cut(self, end: int) -> Cut:
        packets, self._packets = self._packets, []
        return Cut(self.name, self._index, packets, end)
