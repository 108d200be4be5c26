"""Far ends that are not browsers: aiortc as a client, and ffmpeg's WHIP muxer."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import imageio_ffmpeg
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import AudioStreamTrack, MediaStreamTrack, VideoStreamTrack

from sfu.node import MediaNode, NodeConfig, PeerState, PortBusy
from sfu.peer import Answer, Peer
from sfu.sdp.errors import DescriptionError
from tests.sfu.wire.conftest import until


async def publish(node: MediaNode, *tracks: MediaStreamTrack) -> tuple[RTCPeerConnection, Peer, Answer]:
    client = RTCPeerConnection()
    for track in tracks:
        client.addTrack(track)
    await client.setLocalDescription(await client.createOffer())
    peer = node.open_peer(label="publisher")
    answer = await peer.accept_offer(client.localDescription.sdp)
    await client.setRemoteDescription(RTCSessionDescription(answer.sdp, "answer"))
    return client, peer, answer


async def subscribe(client: RTCPeerConnection, peer: Peer) -> None:
    """One round of offer and answer by the node."""
    await client.setRemoteDescription(RTCSessionDescription(await peer.create_offer(), "offer"))
    await client.setLocalDescription(await client.createAnswer())
    assert await peer.accept_answer(client.localDescription.sdp) == []


async def test_aiortc_publishes_and_subscribes(node: MediaNode) -> None:
    """Media of one aiortc client is decoded by another, over a node that is DTLS server to both."""
    publisher, first, answer = await publish(node, AudioStreamTrack(), VideoStreamTrack())
    subscriber, second = RTCPeerConnection(), node.open_peer(label="subscriber")
    received: dict[str, MediaStreamTrack] = {}
    subscriber.on("track", lambda track: received.setdefault(track.kind, track))
    for publication in answer.publications.values():
        second.subscribe(publication, stream_id="anna")
    await subscribe(subscriber, second)
    async with asyncio.timeout(30):
        while set(received) != {"audio", "video"}:
            await asyncio.sleep(0.01)
        video, audio = await received["video"].recv(), await received["audio"].recv()
    assert (video.width, video.height) == (640, 480)  # type: ignore[union-attr]
    assert audio.sample_rate == 48_000  # type: ignore[union-attr]
    assert first.state is PeerState.CONNECTED
    assert second.state is PeerState.CONNECTED
    await publisher.close()
    await until(lambda: first.state is PeerState.CLOSED)
    await subscriber.close()


@dataclass
class WhipServer:
    """Takes one POST with an offer (RFC 9725 §4.2) and answers with the node's answer."""

    node: MediaNode
    peers: list[Peer] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    offers: list[str] = field(default_factory=list)

    async def handle(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            (int(line.split(":")[1]) for line in head.split("\r\n") if line.lower().startswith("content-length")), 0
        )
        body = (await reader.readexactly(length)).decode()
        if head.startswith("POST"):
            peer = self.node.open_peer(label="whip")
            self.peers.append(peer)
            self.offers.append(body)
            answer = await peer.accept_offer(body)
            self.answers.append(answer)
            reply = answer.sdp.encode()
            status = b"HTTP/1.1 201 Created\r\nLocation: /session\r\nContent-Type: application/sdp\r\n"
        else:
            reply, status = b"", b"HTTP/1.1 200 OK\r\n"
        writer.write(status + b"Connection: close\r\nContent-Length: %d\r\n\r\n" % len(reply) + reply)
        await writer.drain()
        writer.close()


@contextlib.asynccontextmanager
async def ffmpeg_whip(url: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *["-hide_banner", "-loglevel", "warning", "-re", "-f", "lavfi", "-i", "testsrc2=size=320x240:rate=15"],
        *["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000", "-pix_fmt", "yuv420p"],
        *[
            "-c:v",
            "libx264",
            "-profile:v",
            "baseline",
            "-preset",
            "ultrafast",
            "-tune",
            "zerolatency",
            "-g",
            "15",
            "-bf",
            "0",
        ],
        *["-c:a", "libopus", "-ac", "2", "-f", "whip"],
        url,
        stdin=asyncio.subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


async def test_ffmpeg_publishes_by_whip() -> None:
    """G43: ffmpeg offers `setup:passive`, so the node is the DTLS client; H.264 and Opus come in and go on coming."""
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    whip = WhipServer(node)
    server = await asyncio.start_server(whip.handle, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/whip/demo"
    try:
        async with ffmpeg_whip(url) as process:
            await until(lambda: bool(whip.answers) or process.returncode is not None)
            assert "a=setup:passive" in whip.offers[0]
            assert "a=setup:active" in whip.answers[0].sdp
            publications = whip.answers[0].publications.values()
            await until(lambda: all(one.packets > 30 for one in publications))
            assert {one.codec.name for one in publications if one.codec} == {"opus", "H264"}
            assert whip.peers[0].state is PeerState.CONNECTED
    finally:
        server.close()
        await node.close()


async def test_a_player_is_sent_what_its_slots_are_given(node: MediaNode) -> None:
    """A WHEP player offers to receive; its slots take a publication at once, later, or another one."""
    publisher, _, answer = await publish(node, AudioStreamTrack(), VideoStreamTrack())
    audio, video = answer.publications.values()
    player, peer = RTCPeerConnection(), node.open_peer(label="player")
    tracks: dict[str, MediaStreamTrack] = {}
    player.on("track", lambda track: tracks.setdefault(track.kind, track))
    player.addTransceiver("audio", direction="recvonly")
    player.addTransceiver("video", direction="recvonly")
    await player.setLocalDescription(await player.createOffer())
    slots = await peer.accept_offer(player.localDescription.sdp)
    assert slots.publications == {}
    by_kind = {slot.kind: slot for slot in slots.slots.values()}
    heard = peer.subscribe(None, stream_id="whep", slot=by_kind["audio"])
    peer.subscribe(video, stream_id="whep", slot=by_kind["video"])
    with pytest.raises(ValueError, match="taken"):
        peer.subscribe(audio, stream_id="whep", slot=by_kind["audio"])
    await player.setRemoteDescription(RTCSessionDescription(slots.sdp, "answer"))
    async with asyncio.timeout(30):
        picture = await tracks["video"].recv()
        heard.switch(audio)
        await tracks["audio"].recv()
    assert picture.width == 640  # type: ignore[union-attr]
    peer.unsubscribe(heard)
    assert by_kind["audio"].subscription is None
    await publisher.close()
    await player.close()


async def test_a_connection_carries_one_way() -> None:
    """H48: whoever sends offers, so offers cannot cross; the other way is refused and changes nothing."""
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    client, peer, _ = await publish(node, AudioStreamTrack())
    with pytest.raises(DescriptionError) as caught:
        await peer.create_offer()
    assert caught.value.code == "unexpected"
    other = node.open_peer()
    await other.create_offer()
    with pytest.raises(DescriptionError) as caught:
        await other.accept_offer(client.localDescription.sdp)
    assert caught.value.code == "unexpected"
    await client.close()
    await node.close()


async def test_a_refused_offer_changes_nothing() -> None:
    """Another certificate within a connection, and nonsense, are refused; what there was goes on."""
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    client, peer, answer = await publish(node, AudioStreamTrack())
    await until(lambda: peer.state is PeerState.CONNECTED)
    (publication,) = answer.publications.values()
    sdp = client.localDescription.sdp
    changed = re.sub(r"(a=fingerprint:sha-\d+) \S\S", r"\1 00", sdp)
    for bad in ("", "v=0\r\nnonsense", changed, sdp.replace("a=rtcp-mux\r\n", "")):
        with pytest.raises(DescriptionError):
            await peer.accept_offer(bad)
    before = publication.packets
    await until(lambda: publication.packets > before + 5)
    assert peer.state is PeerState.CONNECTED
    again = await peer.accept_offer(sdp)
    assert list(again.publications.values()) == [publication]
    assert again.ended == []
    stopped = await peer.accept_offer(sdp.replace("m=audio", "m=audio 0 UDP/TLS/RTP/SAVPF 96\r\na=x:", 1))
    assert stopped.ended == [publication]
    assert stopped.publications == {}
    await client.close()
    await node.close()


async def test_a_second_node_on_the_port_is_told() -> None:
    """A busy port stops the start with the port and the remedy in the message."""
    first = MediaNode(NodeConfig(port=0))
    await first.start()
    second = MediaNode(NodeConfig(port=first.port))
    with pytest.raises(PortBusy, match=str(first.port)):
        await second.start()
    await first.close()


async def test_a_closed_node_closes_its_peers() -> None:
    """`close` ends every connection, tells their owners once, and frees the port."""
    node = MediaNode(NodeConfig(port=0))
    await node.start()
    states: list[PeerState] = []
    peer = node.open_peer(on_state=lambda peer, state: states.append(state))
    assert node.counters()["peers"] == 1
    number = node.port
    await node.close()
    assert peer.state is PeerState.CLOSED
    assert states == [PeerState.CLOSED]
    assert node.peers == set()
    again = MediaNode(NodeConfig(port=number))
    await again.start()
    await again.close()
