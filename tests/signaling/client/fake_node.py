"""A stand-in for the node: the WebSocket protocol over aiortc peer connections, which decode what they get."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

from aiortc import RTCPeerConnection, RTCSessionDescription
from aiortc.mediastreams import MediaStreamTrack
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from signaling.messages import Closing, Ok, Pong, Problem, Published, Section, Welcome
from signaling.model import MeetingState, Source

STATE = MeetingState(id="test", title="Test")


class FakeNode:
    """Counts what clients do. Use `async with`; `url` is where it listens."""

    def __init__(self, tracks: list[MediaStreamTrack] | None = None) -> None:
        self.tracks = tracks or []
        """What every client is offered."""
        self.hellos: list[dict[str, Any]] = []
        self.requests: list[dict[str, Any]] = []
        self.sockets: list[ServerConnection] = []
        self.publish_peers: list[RTCPeerConnection] = []
        self.subscribe_peers: list[RTCPeerConnection] = []
        self.received: list[MediaStreamTrack] = []
        self.refuse: str | None = None
        self.resumable = True
        self.changed = asyncio.Condition()
        self._server: Server | None = None
        self._known: set[str] = set()

    async def __aenter__(self) -> FakeNode:
        self._server = await serve(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        for peer in (*self.publish_peers, *self.subscribe_peers):
            await peer.close()
        assert self._server is not None
        self._server.close()

    @property
    def url(self) -> str:
        assert self._server is not None
        host, port = next(iter(self._server.sockets)).getsockname()[:2]
        return f"http://{host}:{port}"

    async def until(self, condition: Any, timeout_s: float = 10.0) -> None:
        """Wait until something that clients did makes the condition true."""
        async with asyncio.timeout(timeout_s), self.changed:
            await self.changed.wait_for(condition)

    def asked(self, type_: str) -> list[dict[str, Any]]:
        return [request for request in self.requests if request["type"] == type_]

    async def _serve(self, socket: ServerConnection) -> None:
        try:
            await self._talk(socket)
        except ConnectionClosed:
            return

    async def _talk(self, socket: ServerConnection) -> None:
        hello = json.loads(await socket.recv())
        self.hellos.append(hello)
        if self.refuse is not None:
            problem = Problem(code=self.refuse, title="No", retry=False)
            await socket.send(Closing(problem=problem).model_dump_json())
            return
        resumed = self.resumable and bool(hello.get("resume")) and hello["resume"]["participant"] in self._known
        participant = hello["resume"]["participant"] if resumed else f"p{len(self.hellos)}"
        self._known.add(participant)
        self.sockets.append(socket)
        welcome = Welcome(
            participant=participant,
            resume_key="k" * 20,
            resumed=resumed,
            meeting=STATE,
            participants=[],
            hands=[],
            chat=[],
            now=time.time(),
            token="renewed",
        )
        await socket.send(welcome.model_dump_json())
        await self._notify()
        if self.tracks and not resumed:
            await self._offer(socket)
        async for frame in socket:
            await self._handle(socket, json.loads(frame))
            await self._notify()

    async def _notify(self) -> None:
        async with self.changed:
            self.changed.notify_all()

    async def _handle(self, socket: ServerConnection, request: dict[str, Any]) -> None:
        self.requests.append(request)
        number = request["id"]
        if request["type"] == "ping":
            await socket.send(Pong(id=number, now=time.time()).model_dump_json())
            return
        if request["type"] == "publish":
            await socket.send((await self._published(request)).model_dump_json())
            return
        await socket.send(Ok(id=number).model_dump_json())
        if request["type"] == "answer":
            peer = self.subscribe_peers[request["revision"] - 1]
            await peer.setRemoteDescription(RTCSessionDescription(_with_candidate(request["sdp"]), "answer"))

    async def _published(self, request: dict[str, Any]) -> Published:
        peer = RTCPeerConnection()
        self.publish_peers.append(peer)
        peer.on("track", self.received.append)
        await peer.setRemoteDescription(RTCSessionDescription(_with_candidate(request["sdp"]), "offer"))
        await peer.setLocalDescription(await peer.createAnswer())
        return Published(
            id=request["id"],
            sdp=peer.localDescription.sdp,
            publications={mid: f"pub-{source}" for mid, source in request["sources"].items()},
        )

    async def _offer(self, socket: ServerConnection) -> None:
        peer = RTCPeerConnection()
        self.subscribe_peers.append(peer)
        for track in self.tracks:
            peer.addTransceiver(track, direction="sendonly")
        await peer.setLocalDescription(await peer.createOffer())
        for transceiver in peer.getTransceivers():
            # A lite agent is always controlled (RFC 8445 section 6.1.1); aiortc takes control when it offers.
            transceiver.sender.transport.transport._connection.ice_controlling = False
            transceiver.sender.transport.transport._role_set = True
        sections = {}
        for transceiver in peer.getTransceivers():
            source = Source.CAMERA if transceiver.kind == "video" else Source.MICROPHONE
            publication = f"other-{transceiver.kind}"
            sections[transceiver.mid] = Section(publication=publication, participant="other", source=source)
        message = {"type": "offer", "revision": len(self.subscribe_peers), "sdp": peer.localDescription.sdp}
        message["sections"] = {mid: section.model_dump(mode="json") for mid, section in sections.items()}
        await socket.send(json.dumps(message))


def _with_candidate(sdp: str) -> str:
    """A node learns the client's address from its checks; aiortc gives up at once where it has none to check itself."""
    nowhere = "a=candidate:1 1 udp 1 192.0.2.254 9 typ host\r\n"
    return sdp.replace("a=rtcp-mux\r\n", "a=rtcp-mux\r\n" + nowhere)
