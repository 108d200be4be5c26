"""Packets forwarded per CPU-second of the media node, against a probe that does only what cannot be left out.

    python -m tests.bench.forwarding

Both run in this one process, in turns, so that a busy machine slows both alike; the CPU time of user and system is
counted, not the clock. The probe copies a packet, encrypts it with AES-128-GCM through libsrtp and hands batches to
`sendmmsg`, once for each receiver. The node does everything: it receives SRTP datagrams from its socket, decrypts,
parses, repairs, rewrites, encrypts, sends, and ticks its timers. Receivers are real sockets on loopback. Keys are
handed over without a handshake; what the publishers' own sending costs is not counted.

Video comes as libwebrtc sends it: frames differ in size, and the packets of one frame are equally long but for one
byte, the longer ones last (`RtpPacketizer::SplitAboutEqually`). What a wake of the node finds is set by the scene:
with ten publishers, two packets of each; with one publisher and 400 receivers, the first packet of a frame, and at
the next wake the rest of it, which comes while the first is forwarded (2 to 4 ms; browsers send a frame at once). The
last scene is the worst case: every packet comes alone, as over a slow line to a node that has nothing else to do.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import random
import socket
import statistics
import struct
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cffi
import pylibsrtp
from pylibsrtp import Policy
from pylibsrtp._binding import ffi as srtp_ffi
from pylibsrtp._binding import lib as srtp_lib

from sfu import rtp
from sfu.ice import Pair
from sfu.media.subscription import Subscription
from sfu.node import MediaNode, NodeConfig
from sfu.rtcp.reports import ReportBlock, receiver_report
from sfu.sections import Codec, ReceiveSection, SendSection
from sfu.srtp import KeyMaterial
from sfu.transport import PeerState

SIZE = 1_100
"""Mean bytes of VP8 payload per packet: what browsers fill a packet with."""
SIZE_SPREAD = 50
"""Bytes by which the mean of one frame differs at most from that of all."""
FRAME = 5
"""Packets per frame, at 30 frames per second 1.3 Mbit/s."""
ROUNDS = 31
ROUND_SECONDS = 0.12
PROFILE = Policy.SRTP_PROFILE_AEAD_AES_128_GCM
KEY = bytes(range(28))
TICK = 0.020

VP8 = Codec(96, "VP8", 90_000, rtx_payload_type=97, nack=True, pli=True, remb=True, transport_cc=True)
EXTENSIONS = {rtp.URI_MID: 1, rtp.URI_TRANSPORT_CC: 3, rtp.URI_ABS_SEND_TIME: 4, rtp.URI_VIDEO_ORIENTATION: 7}


def session(direction: int) -> Any:
    """A libsrtp session under the benchmark's key."""
    return pylibsrtp.Session(Policy(key=KEY, ssrc_type=direction, srtp_profile=PROFILE))


def sink() -> socket.socket:
    """A receiver's socket. Nobody reads it: a full buffer drops, for the probe and the node alike."""
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.bind(("127.0.0.1", 0))
    return one


def packed(address: tuple[str, int]) -> bytes:
    """An IPv4 socket address as the kernel has it."""
    family = socket.AF_INET.to_bytes(2, sys.byteorder)
    return family + struct.pack(">H", address[1]) + socket.inet_aton(address[0]) + bytes(8)


# The probe.


class Probe:
    """Copy, cipher, sendmmsg: one packet to each of `receivers`, in batches of `batch`."""

    def __init__(self, receivers: list[socket.socket], batch: int) -> None:
        self._ffi = cffi.FFI()
        self._ffi.cdef("int sendmmsg(int socket, void *messages, unsigned int count, int flags);")
        self._libc: Any = self._ffi.dlopen(None)
        self._socket = sink()
        self._sessions = [session(Policy.SSRC_ANY_OUTBOUND) for _ in receivers]
        self._contexts = [one._srtp[0] for one in self._sessions]
        self._arena = bytearray(2_048 * batch)
        self._batch = batch
        words = bytearray(64 * batch)
        self._headers = memoryview(words).cast("Q")
        self._vectors = memoryview(bytearray(16 * batch)).cast("Q")
        self._names = [self._ffi.from_buffer(packed(one.getsockname())) for one in receivers]
        self._name_addresses = [int(self._ffi.cast("uintptr_t", name)) for name in self._names]
        self._keep = [self._ffi.from_buffer(part) for part in (self._arena, words, self._vectors)]
        arena, self._message, vectors = (int(self._ffi.cast("uintptr_t", part)) for part in self._keep)
        start = srtp_ffi.cast("char *", srtp_ffi.from_buffer(self._arena))
        self._slots = [start + 2_048 * index for index in range(batch)]
        for index in range(batch):
            self._vectors[2 * index] = arena + 2_048 * index
            self._headers[8 * index + 1] = 16
            self._headers[8 * index + 2] = vectors + 16 * index
            self._headers[8 * index + 3] = 1
        self._pointer = self._ffi.cast("void *", self._message)
        self._length = srtp_ffi.new("int *")
        self._sequence = 0

    def send(self, template: bytes) -> int:
        """One packet to every receiver; returns how many were sent."""
        self._sequence += 1
        sequence = (self._sequence & 0xFFFF).to_bytes(2, "big")
        template = template[:2] + sequence + template[4:]
        memory, slots, length, size = memoryview(self._arena), self._slots, self._length, len(template)
        protect, headers, vectors, batch = srtp_lib.srtp_protect, self._headers, self._vectors, self._batch
        index = 0
        for context, name in zip(self._contexts, self._name_addresses, strict=True):
            offset = index << 11
            memory[offset : offset + size] = template
            length[0] = size
            if protect(context, slots[index], length):
                raise RuntimeError("libsrtp refused a packet of the probe.")
            headers[8 * index] = name
            vectors[2 * index + 1] = length[0]
            index += 1
            if index == batch:
                self._flush(index)
                index = 0
        if index:
            self._flush(index)
        return len(self._contexts)

    def _flush(self, count: int) -> None:
        if self._libc.sendmmsg(self._socket.fileno(), self._pointer, count, 0) != count:
            raise RuntimeError("sendmmsg did not take a whole batch.")


# The node.


@dataclass
class Endpoint:
    """A peer of the node with its own socket and, if it publishes, its own encoder."""

    socket: socket.socket
    transport: Any
    link: Any
    ssrc: int = 0
    protect: Any = None
    sequence: int = FRAME - 2  # two packets begin everything; the scene then starts with a frame
    timestamp: int = 90_000
    picture: int = 0
    transport_sequence: int = 0
    subscriptions: list[Subscription] = field(default_factory=list)
    frame: int = 0
    """Bytes of payload of the present frame."""

    def packet(self, key: bool) -> bytes:
        """The next packet of the stream, encrypted."""
        index = self.sequence % FRAME
        first = index == 0 or key
        if first:
            self.timestamp += 3_000
            self.picture += 1
            self.frame = FRAME * SIZE + random.randint(-FRAME * SIZE_SPREAD, FRAME * SIZE_SPREAD)
        size = self.frame // FRAME + (index >= FRAME - self.frame % FRAME)
        descriptor = bytes((0x90 if first else 0x80, 0x80)) + (0x8000 | self.picture & 0x7FFF).to_bytes(2, "big")
        body = (b"\x10\0\0\x9d\x01\x2a" if key else b"\x11\0\0\1\2\3") + bytes(size - 10)
        block = rtp.encode_extensions([(4, bytes(3)), (3, (self.transport_sequence & 0xFFFF).to_bytes(2, "big"))])
        marker = 0x80 if index == FRAME - 1 else 0
        head = struct.pack(">BBHII", 0x90, marker | 96, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc)
        self.sequence += 1
        self.transport_sequence += 1
        protected: bytes = self.protect.protect(head + block + descriptor + body)
        return protected


class Harness:
    """A real node whose peers are connected without ICE and DTLS."""

    def __init__(self, node: MediaNode) -> None:
        self.node = node
        self.port = node._ports[0]
        self.cpu = 0.0
        self._ticked = 0.0

    def endpoint(self) -> Endpoint:
        """A connected peer."""
        peer = self.node.open_peer(label="bench")
        transport = peer.transport
        one = sink()
        address = packed(one.getsockname())
        now = time.monotonic()
        pair = Pair(self.port.destination(address), 0, now, now)
        transport.agent.select(pair)
        transport.agent.last_heard = now
        transport.state = PeerState.CONNECTING
        transport._keys_ready(KeyMaterial(PROFILE, KEY, KEY))
        self.node._demultiplexer.add_pair(transport, 0, pair)
        return Endpoint(one, transport, peer.link)

    def publish(self, endpoint: Endpoint, ssrc: int) -> Any:
        """Let `endpoint` publish video."""
        endpoint.ssrc = ssrc
        endpoint.protect = session(Policy.SSRC_ANY_OUTBOUND)
        section = ReceiveSection("0", "video", (VP8,), EXTENSIONS, ssrcs=(ssrc,), reduced_size_rtcp=True)
        return endpoint.link.add_publication(section)

    def subscribe(self, endpoint: Endpoint, publication: Any) -> None:
        """Let `endpoint` be sent `publication`."""
        number = 1 + len(endpoint.subscriptions)
        ssrc = 0x5000_0000 + 2 * number
        section = SendSection(str(number), "video", (VP8,), EXTENSIONS, ssrc, ssrc + 1, "bench")
        endpoint.subscriptions.append(endpoint.link.add_subscription(section, publication))

    def acknowledge(self, endpoints: list[Endpoint]) -> None:
        """Every receiver reports, so that the steady state begins."""
        now = time.monotonic()
        for endpoint in endpoints:
            blocks = [
                ReportBlock(one.ssrc, 0, 0, one.highest_sequence & 0xFFFFFFFF, 0, 0, 0)
                for one in endpoint.subscriptions
            ]
            endpoint.link.receive_rtcp(receiver_report(1, blocks), now)

    def wake(self, publishers: list[Endpoint], each: int, key: bool = False) -> None:
        """Each publisher sends `each` packets; the node wakes and forwards them. Only the node's time counts."""
        target = ("127.0.0.1", self.port.number)
        for _ in range(each):
            for publisher in publishers:
                publisher.socket.sendto(publisher.packet(key), target)
        before = time.process_time()
        self.node._readable(0, self.port)
        if self.cpu - self._ticked > TICK:  # a node at its limit is on the CPU all the time
            self._ticked = self.cpu
            self.node._tick(time.monotonic(), tidy=False)
        self.cpu += time.process_time() - before


@dataclass(frozen=True, slots=True)
class Scene:
    """Who sends to whom, and how many packets of each publisher the node finds when it wakes."""

    name: str
    publishers: int
    viewers: int
    """Peers that only watch; with none, everybody watches all others."""
    each: tuple[int, ...]
    """One wake after the other, over again."""


SCENES = (
    Scene("10 endpoints, all to all", 10, 0, (2,)),
    Scene("1 to 400", 1, 400, (1, FRAME - 1)),
    Scene("1 to 400, packets one by one", 1, 400, (1,)),
)


def timed(run: Callable[[], int], cpu: Callable[[], float]) -> float:
    """Packets per CPU-second while `run` is repeated for a while."""
    packets, start, until = 0, cpu(), time.monotonic() + ROUND_SECONDS
    while time.monotonic() < until:
        packets += run()
    return packets / (cpu() - start)


async def measure(scene: Scene) -> tuple[list[float], list[float]]:
    """Packets per CPU-second in each round: the probe's, the node's."""
    node = MediaNode(NodeConfig(port=0, addresses=["127.0.0.1"], include_loopback=True))
    await node.start()
    harness = Harness(node)
    publishers = [harness.endpoint() for _ in range(scene.publishers)]
    publications = [harness.publish(one, 0x1000 + 16 * index) for index, one in enumerate(publishers)]
    viewers = [harness.endpoint() for _ in range(scene.viewers)] or publishers
    harness.wake(publishers, 1, key=True)
    for viewer in viewers:
        for publisher, publication in zip(publishers, publications, strict=True):
            if viewer is not publisher:
                harness.subscribe(viewer, publication)
    harness.wake(publishers, 1, key=True)
    harness.acknowledge(viewers)
    everyone = [one for viewer in viewers for one in viewer.subscriptions]
    probe = Probe([viewer.socket for viewer in viewers for _ in viewer.subscriptions], 100)
    template = bytes((0x90, 96)) + bytes(10) + b"\xbe\xde\0\2" + bytes(8) + bytes(SIZE)

    start = sum(one.packets for one in everyone)
    finds = itertools.cycle(scene.each)
    expected = 0

    def forwarded() -> int:
        nonlocal expected
        each = next(finds)
        harness.wake(publishers, each)
        expected += len(everyone) * each
        return len(everyone) * each

    probe_rates, node_rates = [], []
    for _ in range(ROUNDS):
        probe_rates.append(timed(lambda: probe.send(template), time.process_time))
        node_rates.append(timed(forwarded, lambda: harness.cpu))
    drops = {name: count for name, count in node.drops.named().items() if count}
    sent = node.counters()["packets_out"]
    if sent < expected or sum(one.packets for one in everyone) - start != expected:
        raise RuntimeError(f"The node sent {sent} of {expected} packets: {drops}")
    await node.close()
    for endpoint in {id(one): one for one in [*publishers, *viewers]}.values():
        endpoint.socket.close()
    return probe_rates, node_rates


def main() -> int:
    """Measure and print; returns the exit status."""
    random.seed(1)
    print(f"Forwarding, {SIZE}-byte payloads, AES-128-GCM, {os.cpu_count()} CPUs, Python {sys.version.split()[0]}")
    print(f"{'':30}{'probe':>14}{'node':>14}{'ratio':>8}   packets per CPU-second, median of {ROUNDS} rounds")
    for scene in SCENES:
        probe_rates, node_rates = asyncio.run(measure(scene))
        probe, node = statistics.median(probe_rates), statistics.median(node_rates)
        ratio = statistics.median(n / p for n, p in zip(node_rates, probe_rates, strict=True))
        print(f"{scene.name:30}{probe:14,.0f}{node:14,.0f}{ratio:8.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
