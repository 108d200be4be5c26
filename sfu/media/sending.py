"""The half of a link that sends media: its subscriptions, their reports, and what the far end says of them."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from sfu.clock import Clock
from sfu.drops import Drop
from sfu.media.profile import WireProfile
from sfu.media.reports import CLOCK_PATIENCE
from sfu.media.retransmission import write
from sfu.media.subscription import Subscription
from sfu.rtcp import feedback
from sfu.rtcp.reports import ReportBlock, bye, receiver_report, sender_report, source_description
from sfu.rtp import extended
from sfu.sections import SendSection

if TYPE_CHECKING:
    from sfu.media.publication import Publication
    from sfu.sender import PacketSender

REPORT_INTERVAL = 1.0
"""Mean seconds between sender reports; each interval is drawn from half to one and a half of it (RFC 3550 §6.3.1)."""
REPORTS_PER_PACKET = 12
NACKS_PER_SECOND = 10_000
NACK_BURST = 5_000
"""Lost packets that one peer may name. One datagram can name 6,000, each to be looked up: 1 Mbit/s of them would keep
the node from everything else. A receiver of fifty videos that loses a tenth names a third of this."""


class SendingSide:
    """All subscriptions of one peer. They share one transport-wide sequence (checklist E28)."""

    __slots__ = (
        "_beginnings_at", "_clock", "_nacks", "_nacks_at", "_report_at", "_rng", "counts", "next_at", "remb", "sender",
        "subscriptions", "transport_sequence",
    )  # fmt: skip

    def __init__(self, sender: PacketSender, clock: Clock, counts: list[int], rng: random.Random) -> None:
        self.sender = sender
        self.counts = counts
        self.transport_sequence = rng.getrandbits(15)
        """The transport-wide number of the next packet."""
        self.subscriptions: dict[int, Subscription] = {}
        """By SSRC."""
        self.remb: int | None = None
        """The bit/s that the receiver last said it can take. A bound on what a later estimator may choose."""
        self._clock = clock
        self._nacks = float(NACK_BURST)
        self._nacks_at = 0.0
        self._rng = rng
        self._report_at = float("inf")
        self._beginnings_at = float("inf")
        self.next_at = float("inf")
        """When `tick` has something to do."""

    def add(self, section: SendSection, publication: Publication | None) -> Subscription:
        """Begin to send `publication`, or for now nothing, on `section`."""
        subscription = Subscription(self, section, self._rng)
        self.subscriptions[section.ssrc] = subscription
        subscription.switch(publication)
        return subscription

    def remove(self, subscription: Subscription) -> None:
        """End a subscription, and say so (RFC 3550 §6.6)."""
        if self.subscriptions.pop(subscription.ssrc, None) is None:
            return
        spoke = subscription.packets > 0
        subscription.close()
        if spoke and self.sender.ready:
            section = subscription.section
            self.sender.send_rtcp(source_description_compound(section) + bye([section.ssrc]))

    def close(self) -> None:
        """End everything."""
        for subscription in list(self.subscriptions.values()):
            self.remove(subscription)

    def send(self, packet: bytes, profile: WireProfile, sequence: int, timestamp: int, ssrc: int) -> None:
        """Send one built packet to this peer alone."""
        outbox = self.sender.outbox
        slot = outbox.take()
        write(outbox.arena, slot, packet, profile, (sequence, timestamp, ssrc), self.transport_sequence)
        if profile.struct is not None:
            self.transport_sequence = self.transport_sequence + 1 & 0xFFFF
        self.sender.send_rtp(slot, len(packet))

    def report_soon(self, now: float) -> None:
        """Media began: a sender report should follow at once, so that lip sync works in seconds (checklist D22)."""
        self._report_at = min(self._report_at, now + REPORT_INTERVAL)
        self._beginnings_at = self.next_at = now

    def tick(self, now: float) -> None:
        """Send the reports that are due; nothing is before `next_at`."""
        if now >= self._beginnings_at:
            self._report_beginnings(now)
        if now >= self._report_at:
            self._report_at = now + REPORT_INTERVAL * (0.5 + self._rng.random())
            self._send_reports([one for one in self.subscriptions.values() if one.packets], now)
        self.next_at = min(self._report_at, self._beginnings_at)

    def _report_beginnings(self, now: float) -> None:
        """First reports: when the publisher's clock is known, or else after `CLOCK_PATIENCE`."""
        self._beginnings_at = float("inf")
        due = []
        for one in self.subscriptions.values():
            state = one.reports
            if one.publication is None or not one.flowing or state.from_clock:
                continue
            if one.publication.clock.known or (state.due and now - state.began_at >= CLOCK_PATIENCE):
                due.append(one)
            elif state.due:
                self._beginnings_at = min(self._beginnings_at, state.began_at + CLOCK_PATIENCE)
        self._send_reports(due, now)

    def _send_reports(self, subscriptions: list[Subscription], now: float) -> None:
        if not self.sender.ready:
            return
        ntp = self._clock.ntp(now)
        reports: list[bytes] = []
        names: list[bytes] = []
        for one in subscriptions:
            stamp = one.timestamp_at(now)
            if stamp is None:
                continue
            one.reports.due = False
            one.reports.from_clock = one.publication is not None and one.publication.clock.known
            reports.append(sender_report(one.ssrc, ntp, stamp, one.packets, one.octets))
            names.append(source_description(one.ssrc, one.section.cname))
            if len(reports) == REPORTS_PER_PACKET:
                self.sender.send_rtcp(b"".join(reports + names))
                reports, names = [], []
        if reports:
            self.sender.send_rtcp(b"".join(reports + names))

    # What the far end says.

    def report_block(self, block: ReportBlock, now: float) -> bool:
        """A report about one of our sources; False if it is not ours."""
        subscription = self.subscriptions.get(block.ssrc)
        if subscription is None:
            return False
        subscription.reports.report(block, self._clock.ntp(now), now)
        subscription.acknowledged(extended(block.highest_sequence & 0xFFFF, subscription.highest_sequence, 16))
        return True

    def feedback(self, payload_specific: bool, form: int, body: bytes, now: float) -> bool:
        """A feedback message; False if it is malformed."""
        if payload_specific and form == feedback.APPLICATION_LAYER:
            estimate = feedback.parse_remb(body)
            if estimate is not None:
                self.remb = estimate[0]
            return True
        if payload_specific and form == feedback.FIR:
            requests = feedback.parse_fir(body)
            for ssrc, _ in requests or ():
                self._key_frame(ssrc, now)
            return requests is not None
        media = feedback.parse_media_ssrc(body)
        if media is None:
            return False
        if payload_specific and form == feedback.PLI:
            self._key_frame(media, now)
        elif not payload_specific and form == feedback.NACK:
            return self._nack(media, body, now)
        return True

    def _nack(self, media: int, body: bytes, now: float) -> bool:
        """Lost packets of ours are named; False if the message is malformed."""
        self._nacks = min(NACK_BURST, self._nacks + (now - self._nacks_at) * NACKS_PER_SECOND)
        self._nacks_at = now
        if self._nacks < 1:
            self.counts[Drop.RETRANSMISSION_LIMITED] += 1
            return True
        lost = feedback.parse_nack(body)
        if lost is None:
            return False
        self._nacks -= len(lost)
        subscription = self.subscriptions.get(media)
        if subscription is None:
            self.counts[Drop.RTCP_UNKNOWN_SOURCE] += 1
        else:
            subscription.retransmitter.answer(lost, now)
        return True

    def begin_anew(self, now: float) -> None:
        """Ask for a key frame of every picture that goes to the peer."""
        for ssrc in self.subscriptions:
            self._key_frame(ssrc, now)

    def _key_frame(self, ssrc: int, now: float) -> None:
        subscription = self.subscriptions.get(ssrc)
        if subscription is None:
            self.counts[Drop.RTCP_UNKNOWN_SOURCE] += 1
        elif subscription.publication is not None and not subscription.paused:
            subscription.publication.request_keyframe(now)


def source_description_compound(section: SendSection) -> bytes:
    """What must precede a BYE in a compound packet: an empty receiver report and the CNAME (RFC 3550 §6.1)."""
    return receiver_report(section.ssrc, []) + source_description(section.ssrc, section.cname)
