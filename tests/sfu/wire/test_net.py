"""Sockets in batches and one by one, over real loopback sockets, and the outbox that feeds them."""

from __future__ import annotations

import errno
import socket
import time
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sfu import addresses
from sfu.drops import Drop, Drops
from sfu.net.address import pack_address, unpack_address
from sfu.net.binding import NoAddress, PortBusy, open_ports
from sfu.net.inbox import LONGEST_DATAGRAM, Inbox
from sfu.net.native import NativePort, native_supported
from sfu.net.outbox import SLOT_SIZE, Outbox
from sfu.net.port import DatagramPort

SLOTS = 16


class Bench:
    """A port under test and a plain socket opposite."""

    def __init__(self, host: str, portable: bool) -> None:
        self.drops = Drops()
        self.outbox = Outbox(self.drops, SLOTS)
        self.inbox = Inbox(8)
        self.port: DatagramPort = open_ports([host], 0, self.outbox, self.drops, portable)[0]
        self.other = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        self.other.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        self.other.bind((host, 0))
        self.other.settimeout(5)
        self.destination = self.port.destination(pack_address(*self.other.getsockname()[:2]))

    def close(self) -> None:
        self.port.close()
        self.other.close()


@pytest.fixture(params=[("127.0.0.1", False), ("127.0.0.1", True), ("::1", False), ("::1", True)])
def bench(request: pytest.FixtureRequest) -> Iterator[Bench]:
    bench = Bench(*request.param)
    yield bench
    bench.close()


def test_a_batch_arrives_with_lengths_and_sources(bench: Bench) -> None:
    """What was sent is in the slots, in order, with its length and a source that can be answered."""
    packets = [bytes([number]) * (number + 1) for number in range(8)]
    for packet in packets:
        bench.other.sendto(packet, (bench.port.host, bench.port.number))
    received: list[bytes] = []
    while len(received) < 8:
        count = bench.port.receive(bench.inbox, time.monotonic())
        received += [bench.inbox.datagram(index) for index in range(count)]
    assert received == packets
    assert unpack_address(bench.inbox.sources[0]) == bench.other.getsockname()[:2]
    assert bench.port.receive(bench.inbox, time.monotonic()) == 0
    bench.outbox.send_bytes(b"answer", bench.port.destination(bench.inbox.sources[0]))
    bench.outbox.flush()
    assert bench.other.recv(100) == b"answer"


def test_an_oversize_datagram_is_seen_as_such(bench: Bench) -> None:
    """A datagram that does not fit its slot shows a length beyond the longest."""
    bench.other.sendto(bytes(5_000), (bench.port.host, bench.port.number))
    while not bench.port.receive(bench.inbox, time.monotonic()):
        pass
    assert bench.inbox.lengths[0] > LONGEST_DATAGRAM


@pytest.mark.skipif(not native_supported(), reason="the portable way has no kernel timestamps")
@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_datagrams_read_late_keep_the_time_they_arrived_at(host: str) -> None:
    """E29: a batch read at once does not look like a burst to the sender's bandwidth estimator."""
    bench = Bench(host, False)
    before = time.monotonic()
    sent = []
    for _ in range(3):
        while time.monotonic() - before < 0.01 * len(sent):
            pass
        bench.other.sendto(bytes(100), (bench.port.host, bench.port.number))
        sent.append(time.monotonic())
    assert bench.port.receive(bench.inbox, time.monotonic()) == 3
    first, second, third = bench.inbox.arrivals[:3]
    assert second - first == pytest.approx(sent[1] - sent[0], abs=0.005)
    assert third - second == pytest.approx(sent[2] - sent[1], abs=0.005)
    assert third <= time.monotonic()
    bench.close()


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 1_400), st.integers(1, 5)), min_size=1, max_size=40))
def test_every_packet_arrives_once_and_in_order(bench: Bench, runs: list[tuple[int, int]]) -> None:
    """Runs of equal sizes (which the kernel segments), odd sizes and full outboxes: the same packets come out."""
    packets = [bytes([number % 251]) * size for number, (size, times) in enumerate(runs) for _ in range(times)]
    sent_before, bytes_before = bench.port.packets_out, bench.port.bytes_out
    for packet in packets:
        bench.outbox.send_bytes(packet, bench.destination)
    bench.outbox.flush()
    assert [bench.other.recv(2_000) for _ in packets] == packets
    assert bench.port.packets_out - sent_before == len(packets)
    assert bench.port.bytes_out - bytes_before == sum(map(len, packets))
    assert not any(bench.drops.counts)


def test_two_receivers_each_get_their_own(bench: Bench) -> None:
    """Packets to several receivers, interleaved, reach the right one in order."""
    third = socket.socket(bench.other.family, socket.SOCK_DGRAM)
    third.bind((bench.port.host, 0))
    third.settimeout(5)
    second = bench.port.destination(pack_address(*third.getsockname()[:2]))
    for number in range(10):
        bench.outbox.send_bytes(b"a%d" % number, bench.destination)
        bench.outbox.send_bytes(b"b%d" % number, second)
    bench.outbox.flush()
    assert [bench.other.recv(10) for _ in range(10)] == [b"a%d" % number for number in range(10)]
    assert [third.recv(10) for _ in range(10)] == [b"b%d" % number for number in range(10)]
    third.close()


def test_a_refused_packet_does_not_stop_the_others(bench: Bench) -> None:
    """A destination that the kernel refuses (port 0) costs its packets, by name, and nothing else."""
    nowhere = bench.port.destination(pack_address(bench.port.host, 0))
    bench.outbox.send_bytes(b"lost", nowhere)
    bench.outbox.send_bytes(b"lost", nowhere)
    bench.outbox.send_bytes(b"kept", bench.destination)
    bench.outbox.flush()
    assert bench.other.recv(10) == b"kept"
    assert bench.drops[Drop.SEND_REFUSED] == 2
    assert (bench.port.packets_out, bench.port.bytes_out) == (1, 4)


def test_a_device_without_segmentation_is_served_packet_by_packet(monkeypatch: pytest.MonkeyPatch) -> None:
    """If the kernel refuses a run, its packets go out singly and runs are not tried again."""
    bench = Bench("127.0.0.1", portable=False)
    assert isinstance(bench.port, NativePort)
    from sfu.net import native

    if bench.port.segments == 1:
        pytest.skip("this kernel has no UDP_SEGMENT")
    real = native._libc

    class Refusing:
        def sendmmsg(self, descriptor: int, pointer: object, count: int, flags: int) -> int:
            words = native._ffi.cast("uint64_t *", pointer)
            if words[3] > 1:
                native._ffi.errno = errno.EIO
                return -1
            result: int = real.sendmmsg(descriptor, pointer, 1, flags)
            return result

    monkeypatch.setattr(native, "_libc", Refusing())
    for _ in range(3):
        bench.outbox.send_bytes(bytes(100), bench.destination)
    bench.outbox.flush()
    assert [len(bench.other.recv(200)) for _ in range(3)] == [100] * 3
    assert bench.port.segments == 1
    assert bench.port.packets_out == 3
    assert not any(bench.drops.counts)
    bench.close()


def test_a_full_socket_costs_packets_and_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """ENOBUFS and EAGAIN drop the rest of the batch, by name; nothing blocks and nothing is kept."""
    bench = Bench("127.0.0.1", portable=False)
    from sfu.net import native

    class Full:
        def sendmmsg(self, descriptor: int, pointer: object, count: int, flags: int) -> int:
            native._ffi.errno = errno.ENOBUFS
            return -1

    monkeypatch.setattr(native, "_libc", Full())
    for size in (100, 100, 50, 70):
        bench.outbox.send_bytes(bytes(size), bench.destination)
    bench.outbox.flush()
    assert bench.drops[Drop.SEND_BUFFER_FULL] == 4
    assert (bench.port.packets_out, bench.port.bytes_out) == (0, 0)
    assert bench.destination.pending == []
    bench.close()


def test_what_does_not_fit_a_slot_is_dropped_by_name() -> None:
    """Too long a datagram never overruns its slot."""
    bench = Bench("127.0.0.1", portable=True)
    bench.outbox.send_bytes(bytes(SLOT_SIZE + 1), bench.destination)
    assert bench.drops[Drop.SEND_TOO_LONG] == 1
    bench.close()


def test_slots_are_taken_in_turn_and_given_back() -> None:
    """`take` never hands out a slot twice before a flush, and flushes by itself when all are taken."""
    bench = Bench("127.0.0.1", portable=True)
    taken = []
    for number in range(SLOTS):
        offset = bench.outbox.take()
        bench.outbox.buffer[offset : offset + 2] = b"%02d" % number
        bench.outbox.send(offset, 2, bench.destination)
        taken.append(offset)
    assert len(set(taken)) == SLOTS
    assert bench.port.packets_out == 0
    assert bench.outbox.take() == taken[0]
    assert bench.port.packets_out == SLOTS
    bench.outbox.give_back()
    assert bench.outbox.take() == taken[0]
    bench.close()


def test_a_busy_port_is_named_with_its_remedy() -> None:
    """A port that another program has is refused with a sentence that says which and what to do."""
    taken = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    taken.bind(("127.0.0.1", 0))
    number = taken.getsockname()[1]
    drops = Drops()
    with pytest.raises(PortBusy, match=f"UDP port {number} on 127.0.0.1 .* VIKNO_MEDIA_PORT"):
        open_ports(["127.0.0.1"], number, Outbox(drops, 4), drops, portable=False)
    taken.close()


def test_addresses_that_vanished_are_left_out() -> None:
    """An address that the machine does not have is skipped; if none is left the error says so."""
    drops = Drops()
    ports = open_ports(["127.0.0.1", "203.0.113.77"], 0, Outbox(drops, 4), drops, portable=False)
    assert [port.host for port in ports] == ["127.0.0.1"]
    ports[0].close()
    with pytest.raises(NoAddress, match=r"203\.0\.113\.77"):
        open_ports(["203.0.113.77"], 0, Outbox(drops, 4), drops, portable=False)


def test_announced_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every non-loopback address, loopback last; an override names what is announced instead, as behind a NAT."""
    monkeypatch.setattr(addresses, "local_addresses", lambda: ["10.0.0.5", "2001:db8::5"])
    assert addresses.addresses_to_bind(None, include_loopback=False) == ["10.0.0.5", "2001:db8::5"]
    assert addresses.addresses_to_bind(None, include_loopback=True)[-1] == "127.0.0.1"
    assert addresses.addresses_to_bind(["10.0.0.5"], include_loopback=False) == ["10.0.0.5"]
    assert addresses.addresses_to_bind(["203.0.113.1"], include_loopback=False) == ["10.0.0.5", "2001:db8::5"]
    announced = addresses.candidates(["10.0.0.5", "127.0.0.1"], ["203.0.113.1"], 8801)
    assert [(one.address, one.port) for one in announced] == [("203.0.113.1", 8801), ("127.0.0.1", 8801)]
    plain = addresses.candidates(["127.0.0.1", "10.0.0.5"], None, 8801)
    assert [one.address for one in plain] == ["10.0.0.5", "127.0.0.1"]
    assert plain[0].priority > plain[1].priority
