"""Answering a receiver's NACKs from the publication's ring (RFC 4585, RFC 4588; checklist A8, C16 to C18)."""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sfu.codecs.vp8 import shift_numbers
from sfu.drops import Drop
from sfu.media.profile import PLAIN, WireProfile, send_time
from sfu.net.outbox import USABLE_SIZE
from sfu.rtp import extended
from sfu.sections import Codec

if TYPE_CHECKING:
    from sfu.media.publication import Publication
    from sfu.media.ring import Entry
    from sfu.media.subscription import Subscription

MAX_SEGMENTS = 8
MAX_ATTEMPTS = 8
MIN_SPACING = 0.010
"""Seconds between two answers for one packet, or nearly a round trip if that is longer."""
BYTES_PER_SECOND = 250_000
BURST_BYTES = 150_000
"""What one receiver may be sent again: 2 Mbit/s, and a burst as large as a big key frame."""
_MAX_REMEMBERED = 1_024


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of a receiver's sequence numbers that were made from one publication with the same constants."""

    first: int
    """The first outgoing sequence number, extended."""
    publication: Publication
    profile: WireProfile
    sequence_shift: int
    timestamp_shift: int
    id_shift: int
    tl0_shift: int


class Retransmitter:
    """What one subscription needs to send packets again."""

    __slots__ = (
        "_answered", "_budget", "_budget_at", "_profile", "_rtx_sequence", "_rtx_ssrc", "_segments", "_subscription",
        "octets", "packets",
    )  # fmt: skip

    def __init__(self, subscription: Subscription, rng: random.Random) -> None:
        self._subscription = subscription
        self._segments: deque[Segment] = deque(maxlen=MAX_SEGMENTS)
        self._answered: dict[int, tuple[int, float]] = {}
        self._budget = float(BURST_BYTES)
        self._budget_at = 0.0
        self._profile: WireProfile | None = None
        self._rtx_ssrc: int | None = None
        self._rtx_sequence = rng.randrange(1, 1 << 15)
        self.packets = self.octets = 0

    def begin(self, segment: Segment, codec: Codec, rtx_ssrc: int | None, mid: str) -> None:
        """From `segment.first` on, packets are made as it says. `rtx_ssrc` is None where RTX is not negotiated."""
        self._segments.append(segment)
        self._rtx_ssrc = rtx_ssrc
        if rtx_ssrc is not None and codec.rtx_payload_type is not None:
            extensions = self._subscription.section.extensions
            self._profile = WireProfile(codec.rtx_payload_type, extensions, mid, stamped=True)

    def answer(self, lost: list[int], now: float) -> None:
        """Send the packets again whose 16-bit sequence numbers a NACK named, as far as limits allow."""
        counts = self._subscription.link.counts
        self._budget = min(BURST_BYTES, self._budget + (now - self._budget_at) * BYTES_PER_SECOND)
        self._budget_at = now
        spacing = max(MIN_SPACING, 0.8 * (self._subscription.reports.rtt or 0.0))
        highest = self._subscription.highest_sequence
        for sequence in lost:
            number = extended(sequence, highest, 16)
            segment = self._segment(number)
            entry = segment.publication.ring.get(number - segment.sequence_shift) if segment else None
            if segment is None or entry is None or number > highest:
                counts[Drop.RETRANSMISSION_MISSING] += 1
            elif self._obsolete(segment, entry):
                counts[Drop.RETRANSMISSION_OBSOLETE] += 1
            elif self._allowed(number, len(entry[3]), now, spacing):
                self._send(segment, entry, number, now)
            else:
                counts[Drop.RETRANSMISSION_LIMITED] += 1

    def send_late(self, entry: Entry, number: int, now: float) -> None:
        """Send for the first time a packet whose place, `number`, lies in an earlier segment than the present one."""
        segment = self._segment(number)
        if segment is not None and segment.profile.struct is None:
            self._subscription.count_one(len(entry[3]))
            self._send(segment, entry, number, now)

    def _segment(self, number: int) -> Segment | None:
        for segment in reversed(self._segments):
            if segment.first <= number:
                return segment
        return None

    def _obsolete(self, segment: Segment, entry: Entry) -> bool:
        publication = segment.publication
        if not publication.is_video:
            return False
        return publication is not self._subscription.publication or entry[0] < publication.key_sequence

    def _allowed(self, number: int, size: int, now: float, spacing: float) -> bool:
        attempts, at = self._answered.get(number, (0, float("-inf")))
        if attempts >= MAX_ATTEMPTS or now - at < spacing or size > self._budget:
            return False
        if len(self._answered) >= _MAX_REMEMBERED:
            for old in sorted(self._answered)[: _MAX_REMEMBERED // 2]:
                del self._answered[old]
        self._answered[number] = (attempts + 1, now)
        self._budget -= size
        return True

    def _send(self, segment: Segment, entry: Entry, number: int, now: float) -> None:
        _, timestamp, marker, original, passed, _ = entry
        payload: bytes | bytearray = original
        if segment.id_shift or segment.tl0_shift:
            payload = bytearray(original)
            shift_numbers(payload, 0, len(payload), segment.id_shift, segment.tl0_shift)
        profile, ssrc, sequence = segment.profile, self._subscription.ssrc, number
        if self._rtx_ssrc is not None and self._profile is not None:
            payload = (number & 0xFFFF).to_bytes(2, "big") + payload  # OSN: the receiver's own number (C17)
            profile, ssrc, sequence = self._profile, self._rtx_ssrc, self._rtx_sequence
            self._rtx_sequence += 1
        elif profile.struct is not None:
            return
        packet = profile.build(marker, bytes(payload), passed, send_time(now))
        if len(packet) > USABLE_SIZE:
            self._subscription.link.counts[Drop.RTP_TOO_LARGE] += 1
            return
        self.packets += 1
        self.octets += len(payload)
        self._subscription.link.send(packet, profile, sequence, timestamp + segment.timestamp_shift, ssrc)


def write(
    arena: memoryview, slot: int, packet: bytes, profile: WireProfile, numbers: tuple[int, int, int], transport: int
) -> None:
    """Write one built packet into the slot. `numbers`: sequence, timestamp, SSRC, cut to their width here."""
    arena[slot : slot + len(packet)] = packet
    sequence, timestamp, ssrc = numbers
    if profile.struct is None:
        PLAIN.pack_into(arena, slot + 2, sequence & 0xFFFF, timestamp & 0xFFFFFFFF, ssrc)
    else:
        profile.struct.pack_into(
            arena,
            slot + 2,
            sequence & 0xFFFF,
            timestamp & 0xFFFFFFFF,
            ssrc,
            profile.word,
            profile.tag,
            transport & 0xFFFF,
        )
