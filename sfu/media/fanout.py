"""The innermost loop: one packet to all receivers that share a wire profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sfu.codecs.vp8 import shift_numbers
from sfu.drops import Drop
from sfu.media.profile import PLAIN, WireProfile
from sfu.media.ring import Entry
from sfu.net.outbox import USABLE_SIZE, Outbox

if TYPE_CHECKING:
    from sfu.media.subscription import Subscription


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

    def forward(self, outbox: Outbox, entry: Entry, stamp: bytes, members: list[Subscription]) -> None:
        """Send `entry` to `members`, all of this group."""
        sequence, timestamp, marker, payload, passed, _ = entry
        profile = self.profile
        template = profile.build(marker, payload, passed, stamp)
        length = len(template)
        if length > USABLE_SIZE:
            outbox.drops.count(Drop.RTP_TOO_LARGE)
            return
        take, arena = outbox.take, outbox.arena
        layout = profile.struct
        if layout is None:
            self._forward_plain(outbox, template, sequence, timestamp, members)
            return
        pack, word, tag = layout.pack_into, profile.word, profile.tag
        payload_at = profile.header_size if self.shifted else 0
        for member in members:
            slot = take()
            arena[slot : slot + length] = template
            link = member.link
            number = link.transport_sequence
            link.transport_sequence = number + 1 & 0xFFFF
            pack(
                arena,
                slot + 2,
                sequence + member.sequence_shift & 0xFFFF,
                timestamp + member.timestamp_shift & 0xFFFFFFFF,
                member.ssrc,
                word,
                tag,
                number,
            )
            if payload_at:
                shift_numbers(arena, slot + payload_at, slot + length, member.id_shift, member.tl0_shift)
            member.send_rtp(slot, length)

    def _forward_plain(
        self, outbox: Outbox, template: bytes, sequence: int, timestamp: int, members: list[Subscription]
    ) -> None:
        take, arena, pack = outbox.take, outbox.arena, PLAIN.pack_into
        length = len(template)
        payload_at = self.profile.header_size if self.shifted else 0
        for member in members:
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
