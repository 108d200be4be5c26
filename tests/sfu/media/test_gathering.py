"""Video of one batch is sent receiver by receiver; nothing but the order among receivers depends on it."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable

import pytest

from sfu import rtp
from sfu.clock import ManualClock
from sfu.drops import Drop
from sfu.media.fanout import Fanout
from sfu.media.subscription import Subscription
from sfu.net.outbox import Destination, Outbox
from sfu.node import MediaNode, NodeConfig
from sfu.rtcp.reports import ReportBlock, receiver_report
from sfu.sections import Codec
from tests.sfu.media.harness import (
    RECEIVER_EXTENSIONS,
    SEED,
    FakeSender,
    Packet,
    Publisher,
    Receiver,
    World,
    read,
)

VP8_WITHOUT_RTX = Codec(96, "VP8", 90_000, nack=True, pli=True)


class RecordingPort:
    """Keeps the datagrams in the order in which the kernel would get them."""

    def __init__(self, outbox: Outbox) -> None:
        self.dirty: list[Destination] = []
        self.batches: list[list[tuple[bytes, bytes]]] = []
        self._outbox = outbox
        outbox.attach(self)

    def write(self) -> None:
        batch: list[tuple[bytes, bytes]] = []
        for destination in self.dirty:
            pending = iter(destination.pending)
            for offset, length in zip(pending, pending, strict=True):
                batch.append((destination.address, bytes(self._outbox.arena[offset : offset + length])))
        self.batches.append(batch)


class QueueingSender(FakeSender):
    """A transport that leaves its packets in the outbox."""

    destination: Destination

    def send_rtp(self, slot_offset: int, length: int) -> None:
        self.outbox.send(slot_offset, length, self.destination)


def watched(world: World) -> tuple[Publisher, list[Receiver], list[Subscription]]:
    """A video with three receivers, all of which have begun."""
    publisher = world.publisher()
    receivers = [world.receiver() for _ in range(3)]
    subscriptions = [receiver.subscribe(publisher.publication) for receiver in receivers]
    publisher.send_frame(key=True)
    for receiver in receivers:
        receiver.sender.take()
    return publisher, receivers, subscriptions


def noting(order: list[Subscription], one: Subscription, sender: FakeSender) -> Callable[[int, int], None]:
    """`send_rtp` that also notes whose packet it was."""

    def send(slot_offset: int, length: int) -> None:
        order.append(one)
        sender.send_rtp(slot_offset, length)

    return send


def test_a_batch_of_video_is_sent_when_it_is_flushed_and_in_order(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing before the flush, all of it at the flush, without any time between; each receiver's in order."""
    world = World()
    publisher, receivers, subscriptions = watched(world)
    order: list[Subscription] = []
    for receiver, one in zip(receivers, subscriptions, strict=True):
        monkeypatch.setattr(one, "send_rtp", noting(order, one, receiver.sender))
    before = [one.packets for one in subscriptions]
    for packet in publisher.frame(packets=5):
        publisher.push(packet, last=False)
    assert not order
    world.core.flush()
    assert order == [one for one in subscriptions for _ in range(5)]
    for receiver, one, count in zip(receivers, subscriptions, before, strict=True):
        media = receiver.media(one)
        assert [packet.sequence for packet in media] == [media[0].sequence + index for index in range(5)]
        assert [packet.marker for packet in media] == [False] * 4 + [True]
        assert {packet.at for packet in media} == {world.clock.now}
        assert one.packets == count + 5
    world.core.flush()
    assert len(order) == 15


def test_audio_does_not_wait_for_the_end_of_the_batch() -> None:
    """It is written to the outbox at once, ahead of video that came before it in the same batch."""
    world = World()
    publisher, receivers, _ = watched(world)
    voice = world.voice()
    heard = receivers[0].subscribe(voice.publication)
    for packet in publisher.frame(packets=5):
        publisher.push(packet, last=False)
    voice.push(voice.packet(b"opus"), last=False)
    assert [packet.ssrc for packet in receivers[0].sender.packets] == [heard.ssrc]


def test_send_time_and_transport_numbers_are_of_the_flush() -> None:
    """E28, E30: numbers go up in the order of sending over all subscriptions of a peer, stamps are of the batch."""
    world = World()
    first, second = world.publisher(), world.publisher()
    receiver = world.receiver()
    for publisher in (first, second):
        receiver.subscribe(publisher.publication)
        publisher.send_frame(key=True)
    receiver.sender.take()
    for one, other in zip(first.frame(packets=4), second.frame(packets=4), strict=True):
        first.push(one, last=False)
        second.push(other, last=False)
    world.core.flush()
    sent = receiver.sender.take()
    assert len({packet.ssrc for packet in sent[:4]}) == len({packet.ssrc for packet in sent[4:]}) == 1
    assert contiguous(sent)
    stamp = (int(world.clock.now * 262_144) & 0xFFFFFF).to_bytes(3, "big")
    assert {packet.value(rtp.URI_ABS_SEND_TIME) for packet in sent} == {stamp}


@pytest.mark.parametrize("slots", [1, 4, 7, 64])
def test_a_full_outbox_splits_a_run_and_loses_nothing(slots: int) -> None:
    """Fewer slots than packets: the outbox is sent in between, and every receiver still gets all in order."""
    world = World()
    world.outbox = Outbox(world.drops, slots)
    port = RecordingPort(world.outbox)
    publisher, receivers, subscriptions = watched(world)
    for index, receiver in enumerate(receivers):
        queueing = QueueingSender(world.clock, world.outbox)
        queueing.destination = Destination(port, bytes((index,)))
        subscriptions[index].send_rtp = queueing.send_rtp
        assert receiver.sender.outbox is world.outbox
    for packet in publisher.frame(packets=5):
        publisher.push(packet, last=False)
    world.core.flush()
    world.outbox.flush()
    assert max(map(len, port.batches)) <= slots
    for index, one in enumerate(subscriptions):
        sent = [read(raw) for batch in port.batches for address, raw in batch if address == bytes((index,))]
        assert [packet.ssrc for packet in sent] == [one.ssrc] * 5
        assert [packet.sequence for packet in sent] == [sent[0].sequence + place for place in range(5)]
        assert contiguous(sent)
    assert not any(world.drops.counts)


def contiguous(sent: list[Packet]) -> bool:
    """Whether the transport-wide numbers of these packets, where they have one, follow each other."""
    numbers = [int.from_bytes(value, "big") for packet in sent if (value := packet.value(rtp.URI_TRANSPORT_CC))]
    return all(later == earlier + 1 & 0xFFFF for earlier, later in itertools.pairwise(numbers))


def seen(packet: Packet) -> tuple[object, ...]:
    """All of a packet but its transport-wide number, which says in which order receivers' streams were sent."""
    number = RECEIVER_EXTENSIONS[rtp.URI_TRANSPORT_CC]
    extensions = {key: value for key, value in packet.extensions.items() if key != number}
    return (packet.at, packet.sequence, packet.timestamp, packet.marker, packet.payload, extensions)


class Meeting:
    """Two videos, a voice, and four receivers of all three to whom things happen at random."""

    def __init__(self, seed: int) -> None:
        self.rng = random.Random(seed)
        self.world = World()
        self.publishers = [self.world.publisher(), self.world.publisher(), self.world.voice()]
        self.receivers = [self.world.receiver() for _ in range(4)]
        self.subscriptions: list[tuple[Receiver, Subscription]] = []
        for index, receiver in enumerate(self.receivers):
            for publisher in self.publishers:
                plain = index == 3 and publisher.publication.is_video
                codecs = (VP8_WITHOUT_RTX,) if plain else ()
                self.subscriptions.append((receiver, receiver.subscribe(publisher.publication, codecs)))
        self.late: list[tuple[Publisher, bytes]] = []

    def disturb(self) -> None:
        """Something changes for one receiver, or a host mutes for all."""
        receiver, one = self.rng.choice(self.subscriptions)
        what = self.rng.randrange(6)
        publication = one.publication
        assert publication is not None
        if what == 0:
            one.pause()
        elif what == 1 and publication.is_video:
            one.switch(self.publishers[self.rng.randrange(2)].publication)
        elif what == 2:
            publication.muted = True
        elif what == 3:
            for _, other in self.subscriptions:
                if other.publication is not None:
                    other.publication.muted = False
                other.resume()
        else:
            report = ReportBlock(one.ssrc, 0, 0, one.highest_sequence & 0xFFFFFFFF, 0, 0, 0)
            receiver.rtcp(receiver_report(1, [report]))

    def batch(self) -> list[tuple[Publisher, bytes]]:
        """Two frames of each video, a voice packet and late ones; what is not late is in order."""
        queues = [
            [
                *publisher.frame(self.rng.random() < 0.2, self.rng.randint(1, 5)),
                *publisher.frame(self.rng.random() < 0.4),
            ]
            for publisher in self.publishers[:2]
        ]
        queues.append([self.publishers[2].packet(b"opus" * 20)])
        self.publishers[2].timestamp += 960
        turns = [index for index, queue in enumerate(queues) for _ in queue]
        self.rng.shuffle(turns)
        batch = [(self.publishers[index], queues[index].pop(0)) for index in turns]
        for late in self.late:
            batch.insert(self.rng.randint(0, len(batch)), late)
        self.late = []
        return batch

    def run(self, gathered: bool) -> None:
        """Sixty batches, flushed after each packet or, if `gathered`, at the end of each."""
        for _ in range(60):
            for publisher, packet in self.batch():
                if self.rng.random() < 0.05:
                    self.late.append((publisher, packet))
                    continue
                publisher.push(packet, last=not gathered)
                if self.rng.random() < 0.15:
                    self.disturb()
            self.world.core.flush()
            self.world.advance(0.020)

    def outcome(self) -> tuple[list[tuple[object, ...]], list[int], list[int]]:
        """What each subscription was sent, in its order, how much that was, and what was dropped."""
        sent = {id(receiver): receiver.sender.take() for receiver in self.receivers}
        assert all(map(contiguous, sent.values()))
        went = [
            (index, *seen(packet))
            for index, (receiver, one) in enumerate(self.subscriptions)
            for packet in sent[id(receiver)]
            if packet.ssrc in (one.ssrc, one.rtx_ssrc)
        ]
        return went, [one.packets for _, one in self.subscriptions], list(self.world.drops.counts)


@pytest.mark.parametrize("seed", range(SEED, SEED + 25))
def test_gathering_changes_nothing_for_any_receiver(seed: int) -> None:
    """Late packets, key frames, pauses, switches, mutes, acknowledgements in between: every receiver gets the same."""
    alone, together = Meeting(seed), Meeting(seed)
    alone.run(gathered=False)
    together.run(gathered=True)
    expected = alone.outcome()
    assert len(expected[0]) > 500
    assert together.outcome() == expected


def test_a_fault_ends_the_publication_that_it_is_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """The other publications of the batch are forwarded, and the faulty one is not tried again."""
    world = World()
    bad, _, lost = watched(world)
    good, receivers, kept = watched(world)
    forward = Fanout.forward

    def fail(fanout: Fanout, outbox: Outbox, entries: object, stamp: bytes, members: list[Subscription]) -> None:
        if lost[0] in members:
            raise RuntimeError("a fault of ours")
        forward(fanout, outbox, entries, stamp, members)  # type: ignore[arg-type]

    monkeypatch.setattr(Fanout, "forward", fail)
    for publisher in (bad, good):
        publisher.push(publisher.frame()[0], last=False)
    world.core.flush()
    assert world.dropped(Drop.INTERNAL_FAULT) == 1
    assert bad.publication.closed
    assert not good.publication.closed
    assert len(receivers[0].media(kept[0])) == 1
    bad.send_frame(key=True)
    assert world.dropped(Drop.INTERNAL_FAULT) == 1


async def test_the_node_holds_nothing_longer_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch is forwarded before the next is read, and all is sent before the wake ends; ticks flush as well."""
    events: list[str] = []
    node = MediaNode(NodeConfig(clock=ManualClock()))
    batches = iter([64, 64, 3])

    class Port:
        def receive(self, inbox: object, now: float) -> int:
            events.append("read")
            return next(batches)

    monkeypatch.setattr(type(node.core), "flush", lambda core: events.append("forward"))
    monkeypatch.setattr(Outbox, "flush", lambda outbox: events.append("send"))
    monkeypatch.setattr(type(node._demultiplexer), "receive", lambda *arguments: events.append("take"))
    node._readable(0, Port())  # type: ignore[arg-type]
    assert events == ["read", "take", "forward"] * 3 + ["send"]
    events.clear()
    node._tick(node.clock.monotonic(), tidy=False)
    assert events == ["forward", "send"]
