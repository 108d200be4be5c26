"""A subscription: what one receiver is sent on one SSRC, whatever publication is behind it (checklist A1 to A10)."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfu.codecs import receiving_codec, vp8
from sfu.media.fanout import Fanout
from sfu.media.profile import WireProfile, send_time
from sfu.media.publication import Publication
from sfu.media.reports import ReceiverState
from sfu.media.retransmission import Retransmitter, Segment
from sfu.media.ring import Entry
from sfu.sections import Codec, SendSection

if TYPE_CHECKING:
    from sfu.media.sending import SendingSide

MAX_DRIFT = 0.075
"""Seconds by which capture times may move a switch away from arrival times (checklist A4; mediasoup's bound)."""
MIN_STEP = 0.001
"""Least seconds between the last timestamp before a switch and the first after it."""


class Subscription:
    """One outgoing media SSRC. `codec` is what the receiver is sent, None while it cannot decode the publication."""

    __slots__ = (
        "_fanout", "_joined_octets", "_joined_packets", "_last_captured", "_last_numbers", "_last_sent_at",
        "_last_timestamp", "_mid", "_mid_since", "_next_sequence", "_octets", "_packets", "_paused", "_segment_at",
        "codec", "decodable", "first_sequence", "id_shift", "link", "publication", "reports", "retransmitter",
        "rtx_ssrc", "section", "send_rtp", "sequence_shift", "ssrc", "timestamp_shift", "tl0_shift",
    )  # fmt: skip

    def __init__(self, link: SendingSide, section: SendSection, rng: random.Random) -> None:
        self.link = link
        self.section = section
        self.ssrc = section.ssrc
        self.send_rtp = link.sender.send_rtp
        self.publication: Publication | None = None
        self.codec: Codec | None = None
        self.decodable = True
        """False while the receiver accepted no codec that can decode the publication."""
        self.first_sequence = 0
        """Where on the publication's timeline the receiver came in."""
        self._segment_at = 0
        """Where on it the receiver joined the group that it is in."""
        self.sequence_shift = self.timestamp_shift = self.id_shift = self.tl0_shift = 0
        """Added to the publication's numbers: sequence, timestamp, VP8 picture id, TL0PICIDX."""
        self.retransmitter = Retransmitter(self, rng)
        self.reports = ReceiverState()
        self._fanout: Fanout | None = None
        self._joined_packets = self._joined_octets = 0
        self._packets = self._octets = 0
        self._paused = False
        self._mid = section.mid
        self._mid_since = 0
        self.rtx_ssrc: int | None = None
        # Below 2^15, so that a lost first packet cannot be taken for a wrap (RFC 3711 §3.3.1; checklist G40).
        self._next_sequence = rng.randrange(1, 1 << 15)
        self._last_timestamp = rng.getrandbits(32) + (1 << 32)
        self._last_sent_at: float | None = None
        self._last_captured = 0.0
        self._last_numbers = (-1, -1)

    # What the outside asks for.

    @property
    def mid(self) -> str:
        """The section on which it is sent."""
        return self.section.mid

    @property
    def flowing(self) -> bool:
        """Whether packets are being sent."""
        return self._fanout is not None

    @property
    def paused(self) -> bool:
        """Whether the receiver asked for nothing to be sent."""
        return self._paused

    @property
    def packets(self) -> int:
        """Packets sent, retransmissions not counted."""
        return self._packets + (self._fanout.packets - self._joined_packets if self._fanout else 0)

    @property
    def octets(self) -> int:
        """Bytes of payload sent, retransmissions not counted."""
        return self._octets + (self._fanout.octets - self._joined_octets if self._fanout else 0)

    @property
    def highest_sequence(self) -> int:
        """The extended sequence number sent last."""
        if self._fanout is not None and self.publication is not None:
            return self.publication.timeline.highest + self.sequence_shift
        return self._next_sequence - 1

    def pause(self) -> None:
        """Send nothing until `resume`."""
        self._paused = True
        self.stop()

    def resume(self) -> None:
        """Go on: at once with audio, with the next key frame, which is asked for, with video."""
        if self._paused:
            self._paused = False
            self.wait()

    def switch(self, publication: Publication | None) -> None:
        """Show another publication on the same SSRC, or nothing."""
        if publication is self.publication:
            return
        self.stop()
        if self.publication is not None and self in self.publication.subscriptions:
            self.publication.subscriptions.remove(self)
        self.publication = publication
        if publication is not None:
            self._mid = self.section.mid
            publication.subscriptions.append(self)
            self.choose_codec()

    def update_section(self, section: SendSection) -> None:
        """Take over what a renegotiation changed."""
        if section != self.section:
            self.stop()
            self.section = section
            self._mid = section.mid
            self.choose_codec()

    def close(self) -> None:
        """Send nothing more, for good."""
        self.switch(None)

    # What the publication tells.

    def publication_ended(self) -> None:
        """The publication is no more."""
        self.switch(None)

    def choose_codec(self) -> None:
        """Find the payload type in which the receiver takes what the publication sends now."""
        publication = self.publication
        if publication is None:
            return
        self.stop()
        if publication.codec is None:  # nothing came yet: there is something to hope for if any codec fits
            offered = publication.section.codecs
            self.decodable = any(receiving_codec(codec, self.section.codecs) for codec in offered) or not offered
            self.codec = None
        else:
            self.codec = receiving_codec(publication.codec, self.section.codecs)
            self.decodable = self.codec is not None
        self.wait()

    def wait(self) -> None:
        """Begin with the next packet that a decoder can begin with, if anything is to be sent at all."""
        if self.publication is not None and self._fanout is None and not self._paused and self.decodable:
            self.publication.wait(self)

    def begin(self, entry: Entry, now: float) -> None:
        """`entry` is the first packet to be sent: give it the next place of this receiver's own numbers."""
        publication = self.publication
        if publication is None or self.codec is None:
            return
        sequence, timestamp, _, payload, _, _ = entry
        self.first_sequence = sequence
        self.sequence_shift = self._next_sequence - sequence
        self.timestamp_shift = self._place(publication, entry) - timestamp
        self.id_shift = self.tl0_shift = 0
        last_id, last_tl0 = self._last_numbers
        first_id = vp8.picture_id(payload)
        if last_id >= 0 and first_id >= 0:
            self.id_shift = (last_id + 1 - first_id) & vp8.PICTURE_ID_MASK
            first_tl0 = vp8.tl0_index(payload)
            if last_tl0 >= 0 and first_tl0 >= 0:
                self.tl0_shift = (last_tl0 + 1 - first_tl0) & 0xFF
        self._join(self._next_sequence)
        self.reports.begin(now)
        self.link.report_soon(now)

    def _place(self, publication: Publication, entry: Entry) -> int:
        """The timestamp of the first packet: on from the last one by the time between their captures."""
        if self._last_sent_at is None:
            return self._last_timestamp
        elapsed = entry[5] - self._last_sent_at
        captured = publication.captured(entry) - self._last_captured
        step = max(min(captured, elapsed + MAX_DRIFT), elapsed - MAX_DRIFT, MIN_STEP)
        return self._last_timestamp + max(1, round(step * publication.clock.rate))

    def stop(self) -> None:
        """Send nothing from now on, and remember where to go on."""
        publication = self.publication
        if publication is None:
            return
        publication.leave(self)
        if self._fanout is None:
            return
        self._leave()
        newest = publication.ring.get(publication.timeline.highest)
        self._next_sequence = publication.timeline.highest + self.sequence_shift + 1
        if publication.is_video and not publication.last_marker:
            self._next_sequence += 1  # a frame was cut: one hole tells the decoder (checklist A5)
        self._last_timestamp = publication.timeline.timestamp + self.timestamp_shift
        if newest is not None:
            self._last_sent_at = newest[5]
            self._last_captured = publication.captured(newest)
        else:
            self._last_sent_at = self._last_captured = publication.last_packet_at
        picture, tl0 = publication.numbers()
        self._last_numbers = (
            picture + self.id_shift & vp8.PICTURE_ID_MASK if picture >= 0 else -1,
            tl0 + self.tl0_shift & 0xFF if tl0 >= 0 else -1,
        )

    def replay(self, first: int, last: int, now: float) -> None:
        """Send the publication's packets `first` to `last`, which came before the one that let us begin."""
        publication, fanout = self.publication, self._fanout
        if publication is None or fanout is None:
            return
        stamp = send_time(now)
        for sequence in range(first, last + 1):
            entry = publication.ring.get(sequence)
            if entry is not None:
                self.count_one(len(entry[3]))
                fanout.forward(self.link.sender.outbox, [entry], stamp, [self])

    def takes_late(self, entry: Entry, now: float) -> bool:
        """Whether a late packet is to be sent to this receiver as its group is sent now.

        Without RTX, a number from before it changed groups is sent as the group of that time was, because a NACK would
        find it so: under AES-GCM one packet index must never protect two different packets (RFC 7714 §8.1).
        """
        if entry[0] >= self._segment_at or self.rtx_ssrc is not None:
            return entry[0] >= self.first_sequence
        if entry[0] >= self.first_sequence:
            self.retransmitter.send_late(entry, entry[0] + self.sequence_shift, now)
        return False

    def timestamp_at(self, now: float) -> int | None:
        """What this receiver's timestamps are at the instant `now`; None while nothing flows (checklist D22)."""
        if self._fanout is None or self.publication is None:
            return None
        timestamp = self.publication.timestamp_at(now)
        return None if timestamp is None else timestamp + self.timestamp_shift

    def count_one(self, size: int) -> None:
        """A packet of `size` bytes of payload was sent to this receiver apart from its group."""
        self._packets += 1
        self._octets += size

    # Groups.

    def _join(self, first: int) -> None:
        publication, codec = self.publication, self.codec
        assert publication is not None
        assert codec is not None
        publication.flush()
        section = self.section
        self.rtx_ssrc = section.rtx_ssrc if codec.rtx_payload_type is not None else None
        # Without RTX a lost packet is sent again as it was, byte for byte: under AES-GCM the same packet index must
        # never protect two different packets (RFC 7714 §8.1). So nothing of the moment may be stamped on it.
        stamped = self.rtx_ssrc is not None or not codec.nack
        shifted = bool(self.id_shift or self.tl0_shift)
        ids = tuple(sorted(section.extensions.items()))
        key = (codec.payload_type, ids, self._mid, stamped, shifted)
        fanout = publication.fanout(
            key,
            lambda: Fanout(WireProfile(codec.payload_type, section.extensions, self._mid, stamped), shifted),
        )
        fanout.members.append(self)
        self._fanout = fanout
        self._segment_at = first - self.sequence_shift
        self._joined_packets, self._joined_octets = fanout.packets, fanout.octets
        segment = Segment(
            first,
            publication,
            fanout.profile,
            self.sequence_shift,
            self.timestamp_shift,
            self.id_shift,
            self.tl0_shift,
        )
        self.retransmitter.begin(segment, codec, self.rtx_ssrc, self._mid)
        if self._mid:
            self._mid_since = first

    def _leave(self) -> None:
        fanout = self._fanout
        if fanout is None or self.publication is None:
            return
        self.publication.flush()
        self._packets += fanout.packets - self._joined_packets
        self._octets += fanout.octets - self._joined_octets
        fanout.members.remove(self)
        if not fanout.members:
            self.publication.drop_fanout(fanout)
        self._fanout = None

    def acknowledged(self, highest: int) -> None:
        """The receiver reported `highest` (extended, ours): it knows our MID by now, leave it out (checklist F36)."""
        if self._mid and self._fanout is not None and highest >= self._mid_since:
            self._mid = ""
            first = self.highest_sequence + 1
            self._leave()
            self._join(first)
