"""Checklist I and G40 as far as media goes: receivers do not harm each other, states are told apart."""

from __future__ import annotations

import pytest

from sfu.drops import Drop
from sfu.rtcp import compound, feedback
from tests.sfu.media.harness import World
from tests.support.network import PRESETS, VirtualNetwork


def test_a_receiver_in_trouble_does_not_harm_the_others() -> None:
    """I54: one receiver asks for everything again and for key frames all the time; the other is sent the same."""
    worlds = []
    for troubled in (False, True):
        world = World()
        publisher = world.publisher()
        calm, other = world.receiver(), world.receiver()
        one, two = calm.subscribe(publisher.publication), other.subscribe(publisher.publication)
        for index in range(100):
            publisher.send_frame(key=index == 0)
            if troubled:
                last = [packet.sequence for packet in other.sender.packets if packet.ssrc == two.ssrc][-20:]
                other.rtcp(feedback.nack(1, two.ssrc, sorted(last)) + feedback.pli(1, two.ssrc))
        worlds.append([(packet.at, packet.raw) for packet in calm.media(one)])
    assert worlds[0] == worlds[1]


def test_a_peer_that_is_not_ready_gets_no_reports() -> None:
    """I54: nothing is queued for a transport that cannot send."""
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    receiver.subscribe(publisher.publication)
    receiver.sender.ready = publisher.sender.ready = False
    publisher.send_frame(key=True)
    world.advance(5)
    assert receiver.sender.rtcp == []
    assert publisher.sender.rtcp == []


def test_mute_by_a_host_pause_and_end_are_three_states() -> None:
    """I55: each has its own flag and its own counter."""
    world = World()
    voice = world.voice()
    receiver = world.receiver()
    subscription = receiver.subscribe(voice.publication)
    voice.publication.muted = True
    voice.send_voice()
    voice.publication.muted = False
    voice.publication.paused = True
    voice.send_voice()
    voice.publication.paused = False
    subscription.pause()
    voice.send_voice()
    assert (world.dropped(Drop.RTP_MUTED), world.dropped(Drop.RTP_PAUSED)) == (1, 1)
    assert not receiver.sender.packets
    subscription.resume()
    voice.send_voice()
    assert len(receiver.sender.packets) == 1
    voice.link.remove_publication(voice.publication)
    assert voice.publication.closed
    assert subscription.publication is None
    assert not subscription.flowing


def test_first_sequence_numbers_are_below_half() -> None:
    """G40: below 2^15, so that early loss cannot be taken for a rollover (RFC 3711 §3.3.1)."""
    for seed in range(50):
        world = World(seed)
        publisher = world.voice()
        receiver = world.receiver()
        receiver.subscribe(publisher.publication)
        publisher.send_voice()
        assert receiver.sender.take()[0].sequence < 1 << 15


@pytest.mark.parametrize("preset", sorted(PRESETS))
def test_repair_over_a_bad_network(preset: str) -> None:
    """C16, C17: over each preset the publisher's losses are repaired: receivers see nearly every packet once.

    Both directions go through the model; the publisher answers NACKs with RTX as a browser does.
    """
    world = World()
    publisher = world.publisher()
    receiver = world.receiver()
    subscription = receiver.subscribe(publisher.publication)
    up, down = VirtualNetwork(PRESETS[preset], 11), VirtualNetwork(PRESETS[preset], 12)
    kept: dict[int, bytes] = {}
    repairs = 0
    sent = 0
    for index in range(900):
        if index < 600 and index % 3 == 0:
            for packet in publisher.frame(key=index == 0, packets=2):
                kept[int.from_bytes(packet[2:4], "big")] = packet
                sent += 1
                up.send(packet, world.clock.now)
        world.advance(0.010)
        for _, packet in up.deliver(world.clock.now):
            publisher.push(packet)
        for _, datagram in publisher.sender.rtcp:
            down.send(datagram, world.clock.now)
        publisher.sender.rtcp.clear()
        for _, datagram in down.deliver(world.clock.now):
            for message in compound.split(datagram)[0]:
                if (message.packet_type, message.count) != (compound.TRANSPORT_FEEDBACK, feedback.NACK):
                    continue
                for number in feedback.parse_nack(message.body) or []:
                    original = kept[number]
                    size = 16 + 4 * int.from_bytes(original[14:16], "big")
                    repairs += 1
                    up.send(
                        publisher.packet(
                            original[2:4] + original[size:],
                            marker=bool(original[1] & 0x80),
                            sequence=repairs,
                            timestamp=int.from_bytes(original[4:8], "big"),
                            payload_type=97,
                            ssrc=publisher.ssrc + 1,
                        ),
                        world.clock.now,
                    )
    packets = receiver.media(subscription)
    sequences = [packet.sequence for packet in packets]
    assert len(set(sequences)) == len(sequences), f"a number was used twice, seed {up.seed}"
    assert len(sequences) >= 0.99 * sent, f"{len(sequences)} of {sent}, lost {up.lost}, seed {up.seed}"
    assert (max(sequences) - min(sequences)) & 0xFFFF == sent - 1


def test_the_network_model_is_repeatable_and_lossy() -> None:
    """The model itself: same seed, same fate; bursts of loss; a queue that drops when it is full."""

    def run(seed: int, preset: str) -> list[tuple[float, bytes]]:
        network = VirtualNetwork(PRESETS[preset], seed)
        for index in range(2_000):
            network.send(index.to_bytes(4, "big") + bytes(1_100), index * 0.005)
        return list(network.deliver(float("inf")))

    assert run(1, "lossy_wifi") == run(1, "lossy_wifi")
    assert run(1, "lossy_wifi") != run(2, "lossy_wifi")
    assert 0.9 < len(run(3, "lossy_wifi")) / 2_000 < 0.99
    congested = run(4, "congested")
    assert len(congested) / 2_000 == pytest.approx(800_000 / (1_104 * 8 * 200), rel=0.05)
    delays = [at - int.from_bytes(datagram[:4], "big") * 0.005 for at, datagram in congested]
    assert max(delays) < 0.030 + 48_000 * 8 / 800_000 + 0.05
