"""The innermost loop: the packets of one wake to all receivers that share a wire profile."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sfu.codecs.vp8 import shift_numbers
from sfu.drops import Drop
from sfu.media.profile import PLAIN, WireProfile
from sfu.media.ring import Entry
from sfu.net.outbox import USABLE_SIZE, Outbox

if TYPE_CHECKING:
    from sfu.media.subscription import Subscription

_Built = tuple[bytes, int, int, int, int, int]
"""A packet with zeros where receivers differ, its length, sequence number and timestamp on the publication's timeline,
the first word of its extension block, and where its payload begins if that is to be changed, else 0."""


class Fanout:
    """Receivers of one publication with one wire profile, and what they were all sent."""

    __slots__ = ("members", "octets", "packets", "profile", "shifted")

    def __init__(self, profile: WireProfile, shifted: bool) -> None:
        self.profile = profile
        self.shifted = shifted
        """Whether members need VP8 picture ids of their own, having come from another publication."""
        self.members: list[Subscription] = []
        self.packets = 0
        """Packets sent to each member since the group began; members remember where they came in."""
        self.octets = 0

    def forward(self, outbox: Outbox, entries: Sequence[Entry], stamp: bytes, members: list[Subscription]) -> None:
        """Send `entries` to `members`, all of this group: all entries to the first, then all to the second ..."""
        built = self._build(outbox, entries, stamp)
        layout = self.profile.struct
        if layout is None:
            self._forward_plain(outbox, built, members)
            return
        take, arena = outbox.take, outbox.arena
        pack, tag = layout.pack_into, self.profile.tag
        for member in members:
            link, ssrc, send_rtp = member.link, member.ssrc, member.send_rtp
            sequence_shift, timestamp_shift = member.sequence_shift, member.timestamp_shift
            number = link.transport_sequence
            for template, length, sequence, timestamp, word, payload_at in built:
                slot = take()
                arena[slot : slot + length] = template
                pack(
                    arena,
                    slot + 2,
                    sequence + sequence_shift & 0xFFFF,
                    timestamp + timestamp_shift & 0xFFFFFFFF,
                    ssrc,
                    word,
                    tag,
                    number,
                )
                number = number + 1 & 0xFFFF
                if payload_at:
                    shift_numbers(arena, slot + payload_at, slot + length, member.id_shift, member.tl0_shift)
                send_rtp(slot, length)
            link.transport_sequence = number

    def _build(self, outbox: Outbox, entries: Sequence[Entry], stamp: bytes) -> list[_Built]:
        profile = self.profile
        built: list[_Built] = []
        for sequence, timestamp, marker, payload, passed, _ in entries:
            template = profile.build(marker, payload, passed, stamp)
            length = len(template)
            if length > USABLE_SIZE:
                outbox.drops.count(Drop.RTP_TOO_LARGE)
                continue
            payload_at = profile.header_size if self.shifted else 0
            built.append((template, length, sequence, timestamp, profile.word, payload_at))
        return built

    def _forward_plain(self, outbox: Outbox, built: list[_Built], members: list[Subscription]) -> None:
        take, arena, pack = outbox.take, outbox.arena, PLAIN.pack_into
        for member in members:
            for template, length, sequence, timestamp, _, payload_at in built:
                slot = take()
                arena[slot : slot + length] = template
                pack(
                    arena,
                    slot + 2,
                    sequence + member.sequence_shift & 0xFFFF,
                    timestamp + member.timestamp_shift & 0xFFFFFFFF,
                    member.ssrc,
                )
                if payload_at:
                    shift_numbers(arena, slot + payload_at, slot + length, member.id_shift, member.tl0_shift)
                member.send_rtp(slot, length)
