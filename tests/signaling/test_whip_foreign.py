"""Foreign programs on the real SFU: ffmpeg publishes by WHIP, aiortc watches by WHEP and decodes what comes."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import imageio_ffmpeg
import pytest
from aiortc import RTCPeerConnection, RTCSessionDescription
from av.frame import Frame

from signaling.model import Role
from tests.signaling.support import TOKEN_KEY, NodeServer, config, ticket, until

WIDTH, HEIGHT = 320, 180
CODECS = {
    "h264": ["-c:v", "libx264", "-profile:v", "baseline", "-bf", "0", "-preset", "ultrafast", "-tune", "zerolatency"],
}


@pytest.fixture
async def real_node(tmp_path: Path) -> AsyncIterator[NodeServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = NodeServer(config(tmp_path, media_port=port, media_addresses=["127.0.0.1"]), real=True)
    await server.start()
    yield server
    await server.stop()


@contextlib.asynccontextmanager
async def ffmpeg(url: str, token: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """Publishes a moving picture and a tone until the block ends."""
    picture = ["-re", "-f", "lavfi", "-i", f"testsrc2=size={WIDTH}x{HEIGHT}:rate=15"]
    tone = ["-re", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000"]
    video = [*CODECS["h264"], "-pix_fmt", "yuv420p", "-g", "15", "-b:v", "300k"]
    audio = ["-c:a", "libopus", "-ac", "2", "-b:a", "48k"]
    process = await asyncio.create_subprocess_exec(
        imageio_ffmpeg.get_ffmpeg_exe(),
        *["-hide_banner", "-loglevel", "info", *picture, *tone, *video, *audio],
        *["-f", "whip", "-authorization", token, url],
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.terminate()
        _, said = await process.communicate()
        print(said.decode()[-3000:])


class Player:
    """A WHEP player on aiortc."""

    def __init__(self) -> None:
        self.connection = RTCPeerConnection()
        self.frames: dict[str, list[Frame]] = {"audio": [], "video": []}
        self.location = ""
        self._tasks: list[asyncio.Task[None]] = []
        self.connection.on("track", lambda track: self._tasks.append(asyncio.create_task(self._take(track))))

    async def _take(self, track: object) -> None:
        while True:
            frame = await track.recv()  # type: ignore[attr-defined]
            self.frames[track.kind].append(frame)  # type: ignore[attr-defined]

    async def play(self, node: NodeServer, token: str, source: str) -> None:
        for kind in ("audio", "video"):
            self.connection.addTransceiver(kind, direction="recvonly")
        await self.connection.setLocalDescription(await self.connection.createOffer())
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        async with node.http() as http:
            path = f"/whep/demo?source={source}"
            made = await http.post(path, content=self.connection.localDescription.sdp, headers=headers)
        assert made.status_code == 201, made.text
        self.location = made.headers["location"]
        await self.connection.setRemoteDescription(RTCSessionDescription(made.text, "answer"))

    async def stop(self) -> None:
        await self.connection.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@pytest.mark.parametrize("watch", ["encoder", "active"])
async def test_ffmpeg_publishes_and_is_seen_and_heard(real_node: NodeServer, watch: str) -> None:
    viewer = await real_node.join(ticket("Глядачка", Role.VIEWER))
    token = ticket("Кодер", Role.PRESENTER).sign(TOKEN_KEY)
    player = Player()
    try:
        async with ffmpeg(f"{real_node.url}/whip/demo", token):
            joined = await viewer.first(
                lambda m: (
                    m["type"] == "participant"
                    and sorted(each["codec"] for each in m["participant"]["publications"]) == ["H264", "opus"]
                )
            )
            encoder = joined["participant"]
            assert encoder["presence"] == "service"
            source = encoder["id"] if watch == "encoder" else "active"
            await player.play(real_node, ticket("Програвач", Role.VIEWER).sign(TOKEN_KEY), source)
            await until(lambda: len(player.frames["video"]) >= 15 and len(player.frames["audio"]) >= 25)
            assert {(frame.width, frame.height) for frame in player.frames["video"]} == {(WIDTH, HEIGHT)}
            pictures = {bytes(frame.to_ndarray(format="gray").tobytes()) for frame in player.frames["video"][-10:]}
            assert len(pictures) == 10, "the picture moves"
            heard = [abs(frame.to_ndarray()).max() for frame in player.frames["audio"][-10:]]
            assert min(heard) > 1000, "the tone is heard"
        # ffmpeg deletes its resource when it ends.
        left = await viewer.next("left", participant=encoder["id"])
        assert left["reason"] == "left"
        assert [resource.protocol for resource in real_node.node.resources.values()] == ["whep"]
    finally:
        await player.stop()
