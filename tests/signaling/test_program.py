"""The composed program: the composer publishes it by WHIP as it is, viewers watch it by WHEP and are in no meeting."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import AsyncIterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import httpx
import numpy as np
import pytest
from aiortc import RTCPeerConnection

from recordings.live import wire
from recordings.live.formats import Encoded
from signaling.client.program import Program
from signaling.config import Limits
from signaling.control_tokens import sign_control
from signaling.model import Role
from signaling.tokens import ProgramToken
from tests.signaling.support import CONTROL_KEY, TOKEN_KEY, NodeServer, config, ticket, until
from tests.signaling.test_whip_foreign import Player

SIZE = (320, 180)


def control() -> dict[str, str]:
    """A token lives for a minute, so each call has its own."""
    return {"Authorization": f"Bearer {sign_control(CONTROL_KEY)}"}


@pytest.fixture
async def node(tmp_path: Path) -> AsyncIterator[NodeServer]:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    limits = Limits(program_viewers=2)
    server = NodeServer(
        config(tmp_path, media_port=port, media_addresses=["127.0.0.1"], streaming=True, limits=limits), real=True
    )
    await server.start()
    yield server
    await server.stop()
    for path in wire.rings(tmp_path, 0).values():
        path.unlink()


async def stream(node: NodeServer, status: str = "on") -> None:
    async with node.http() as http:
        if status == "on":
            (await http.put("/meetings/demo", content='{"title": "Вебінар"}', headers=control())).raise_for_status()
        order = {"do": "stream", "status": status}
        (await http.post("/meetings/demo/orders", json=order, headers=control())).raise_for_status()


def watch_token(**changes: Any) -> str:
    return ProgramToken(**({"meeting": "demo"} | changes)).sign(TOKEN_KEY)


class Composer:
    """Encodes a grey picture of one level and a tone, and gives them to a program, as the engine does."""

    def __init__(self, node: NodeServer, level: int) -> None:
        token = ProgramToken(meeting="demo", use="publish", stream=node.meeting().state.stream)
        order = wire.Order(
            stream=token.stream,
            meeting="demo",
            program=f"{node.url}/whip/demo?source=program",
            program_token=token.sign(TOKEN_KEY),
        )
        self.program = Program(order)
        self.program.key_frames(self._want)
        self.wishes = 0
        self._level = level
        self._key = True
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self.program.begin({}, time.time())
        self._thread.start()

    def _want(self) -> None:
        self.wishes += 1
        self._key = True

    def _work(self) -> None:
        video = av.CodecContext.create("libx264", "w")
        video.width, video.height = SIZE
        video.pix_fmt, video.time_base, video.framerate = "yuv420p", Fraction(1, 90_000), Fraction(25)
        video.gop_size = 10_000
        video.options = {"preset": "ultrafast", "tune": "zerolatency", "profile": "baseline", "forced-idr": "1"}
        sounds = {"opus": (440, opus_encoder()), "opus-interpretation": (1_200, opus_encoder())}
        began = time.monotonic()
        for number in range(100_000):
            if self._stopping.wait(max(0.0, began + number / 25 - time.monotonic())):
                return
            frame = av.VideoFrame.from_ndarray(np.full((SIZE[1], SIZE[0], 3), self._level, np.uint8), format="rgb24")
            frame = frame.reformat(format="yuv420p")
            frame.pts, frame.time_base = number * 3_600, Fraction(1, 90_000)
            key, self._key = self._key, False
            frame.pict_type = 1 if key else 0
            for packet in video.encode(frame):
                self.program.take(Encoded("720p", packet.pts, 3_600, packet.is_keyframe, bytes(packet)))
            for name, (hertz, audio) in sounds.items():
                tone = np.sin(np.arange(1_920) * hertz * 2 * np.pi / 48_000) * 12_000
                samples = np.repeat(tone.astype(np.int16), 2)[None]
                sound = av.AudioFrame.from_ndarray(samples, format="s16", layout="stereo")
                sound.sample_rate, sound.pts, sound.time_base = 48_000, number * 1_920, Fraction(1, 48_000)
                for packet in audio.encode(sound):
                    self.program.take(Encoded(name, packet.pts or 0, 960, True, bytes(packet)))  # type: ignore[arg-type]

    async def stop(self) -> None:
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)
        await asyncio.to_thread(self.program.close)

    async def die(self) -> None:
        """As if killed: nobody says goodbye."""
        self._stopping.set()
        await asyncio.to_thread(self._thread.join)
        loop = self.program._loop
        assert loop is not None
        loop.call_soon_threadsafe(loop.stop)


def opus_encoder() -> Any:
    audio: Any = av.CodecContext.create("libopus", "w")
    audio.rate, audio.layout, audio.format, audio.time_base = 48_000, "stereo", "s16", Fraction(1, 48_000)
    return audio


def pitch(player: Player) -> float:
    """The strongest frequency of what was heard last, in Hz."""
    heard: Any = player.frames["audio"][-10:]
    samples = np.concatenate([frame.to_ndarray()[0][::2] for frame in heard]).astype(float)
    return float(np.argmax(np.abs(np.fft.rfft(samples * np.hanning(len(samples))))) * 48_000 / len(samples))


def level(player: Player) -> int:
    frames = player.frames["video"]
    return int(frames[-1].to_ndarray(format="gray").mean()) if frames else -1


async def refused(node: NodeServer, token: str, path: str = "/whep/demo?source=program") -> tuple[int, str]:
    connection = RTCPeerConnection()
    connection.addTransceiver("video", direction="recvonly")
    await connection.setLocalDescription(await connection.createOffer())
    async with node.http() as http:
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/sdp"}
        answer = await http.post(path, content=connection.localDescription.sdp, headers=headers)
    await connection.close()
    return answer.status_code, answer.json()["code"]


async def test_viewers_see_and_hear_it_and_stay_over_a_new_composer(node: NodeServer) -> None:
    host = await node.join(ticket("Ведуча", Role.HOST))
    await stream(node)
    early, late = Player(), Player()
    first = Composer(node, 60)
    second = None
    try:
        await early.play(node, watch_token(), "program")
        await until(lambda: len(early.frames["video"]) > 10 and len(early.frames["audio"]) > 20)
        frame = early.frames["video"][-1]
        assert (frame.width, frame.height) == SIZE
        assert abs(level(early) - 60) < 8
        assert max(abs(frame.to_ndarray()).max() for frame in early.frames["audio"][-10:]) > 8_000
        await first.die()
        second = Composer(node, 200)
        await until(lambda: abs(level(early) - 200) < 8, "the viewer goes on with the new composer's picture")
        wishes = second.wishes
        await late.play(node, watch_token(), "program&sound=interpretation")
        await until(lambda: abs(level(late) - 200) < 8)
        await until(lambda: len(late.frames["audio"]) > 40)
        assert pitch(late) == pytest.approx(1_200, abs=40), "the interpreter, for whoever chose it"
        assert pitch(early) == pytest.approx(440, abs=40), "the room for the others"
        assert second.wishes > wishes, "who comes late gets a key frame"
        assert await refused(node, watch_token()) == (503, "full")
        await host.first(lambda m: m["type"] == "meeting" and m["meeting"]["viewers"] == 2)
        assert [member.name for member in node.meeting().state.members.values()] == ["Ведуча"]
        assert host.got[0]["participants"][0]["id"] == host.id
        assert not any(m["type"] in ("participant", "left") for m in host.got if m.get("participant") != host.id)
        assert node.meeting().media.everything() == [], "neither recorded nor streamed again"
        await stream(node, "off")
        assert node.node.resources == {}
        await until(lambda: early.connection.connectionState == "closed")
    finally:
        for composer in (first, second):
            if composer is not None:
                await composer.stop()
        await early.stop()
        await late.stop()


async def test_who_may_not(node: NodeServer) -> None:
    watch, publish = watch_token(), watch_token(use="publish", stream="00")
    assert await refused(node, watch) == (404, "not_streaming")
    host = await node.join(ticket("Ведуча", Role.HOST))
    assert await refused(node, watch) == (404, "not_streaming")
    await stream(node)
    assert await refused(node, watch, "/whep/demo?source=active") == (403, "not_allowed")
    assert await refused(node, watch, "/whep/other?source=program") == (403, "wrong_meeting")
    assert await refused(node, watch, "/whip/demo?source=program") == (403, "not_allowed")
    assert await refused(node, publish, "/whip/demo?source=program") == (404, "not_streaming")
    assert await refused(node, publish) == (403, "not_allowed")
    stranger = await node.connect()
    assert (await stranger.hello(watch))["problem"]["code"] == "bad_token"
    someone = ticket("Глядач", Role.VIEWER).sign(TOKEN_KEY)
    assert (await refused(node, someone))[1] == "unknown_participant"
    assert len(host.got[0]["participants"]) == 1


async def test_a_token_watches_once_and_only_what_can_be_decoded(node: NodeServer) -> None:
    await node.join(ticket("Ведуча", Role.HOST))
    await stream(node)
    token, first, second = watch_token(), Player(), Player()
    try:
        await first.play(node, token, "program")
        await second.play(node, token, "program")
        assert [resource.path for resource in node.node.resources.values()] == [second.location]
        offer = second.connection.localDescription.sdp.replace("H264", "H265")
        async with node.http() as http:
            headers = {"Authorization": f"Bearer {watch_token()}", "Content-Type": "application/sdp"}
            answer = await http.post("/whep/demo?source=program", content=offer, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (400, "bad_description")
        assert node.node.program_viewers == 1
    finally:
        await first.stop()
        await second.stop()


async def test_a_resource_is_its_viewer_s_alone(node: NodeServer) -> None:
    await node.join(ticket("Ведуча", Role.HOST))
    await stream(node)
    player, token = Player(), watch_token()
    try:
        await player.play(node, token, "program")
        async with httpx.AsyncClient(base_url=node.url, trust_env=False) as http:
            other = {"Authorization": f"Bearer {watch_token()}"}
            assert (await http.delete(player.location, headers=other)).status_code == 403
            assert node.node.program_viewers == 1
            assert (await http.delete(player.location, headers={"Authorization": f"Bearer {token}"})).status_code == 200
        assert node.node.program_viewers == 0
    finally:
        await player.stop()
