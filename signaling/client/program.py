"""The program for viewers by WebRTC: what the live composer has encoded goes by WHIP to the node, as it is.

An output of the live engine (`recordings.live.formats.Output`). Everything but `take` happens on a thread of its own
with a loop of its own; what cannot be sent at once is lost, as on any network.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import urljoin

import httpx
import structlog
from aiortc.rtp import RtcpPacket

from recordings.live.formats import CLOCK, Caption, Encoded, Format, Name
from recordings.live.wire import Order
from signaling.client.clip import SILENCE_LEVEL, Picture, Sound, packetise
from signaling.client.description import DescriptionError, Track, accepted_format, publish_offer, read_remote
from signaling.client.player import send_reports
from signaling.client.sender import OutgoingStream
from signaling.client.transport import SILENT_S, MediaTransport

PICTURE: Name = "720p"
SOUND: Name = "opus"
INTERPRETATION: Name = "opus-interpretation"
FIRST_RETRY_S = 0.5
LAST_RETRY_S = 5.0
LOOK_S = 0.25
CLOSE_S = 1.5
MOST_WAITING = 250
"""Packets that may wait for the loop: some seconds of them; what comes then is lost."""
_log = structlog.get_logger(__name__)


class ProgramError(ConnectionError):
    """The node did not take the program; says why."""


class Program:
    """Publishes 720p and both sounds at the place that the order names, over and over, until it is closed."""

    def __init__(self, order: Order) -> None:
        self._place = (order.program, order.program_token)
        cname = secrets.token_hex(8)
        self._video = OutgoingStream(CLOCK[PICTURE], cname)
        self._sounds = {name: OutgoingStream(CLOCK[name], cname) for name in (SOUND, INTERPRETATION)}
        self._tracks = [
            Track("0", "opus", self._sounds[SOUND]),
            Track("1", "H264", self._video),
            Track("2", "opus", self._sounds[INTERPRETATION]),
        ]
        self._want_key_frame: Callable[[], None] = _nothing
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._changed: asyncio.Event | None = None
        self._stopping = False
        self._given = self._sent = 0
        """Packets; each is counted by one thread."""
        self.connected = False
        self.lost = 0
        """Packets that found the loop too slow."""

    # ------------------------------------------------------------ what the engine calls

    def key_frames(self, want: Callable[[], None]) -> None:
        """`want` asks for a key frame; some viewer needs one."""
        self._want_key_frame = want
        self._video.on_key_frame_wanted = want

    def order(self, order: Order) -> None:
        """Another order: after a restart of the node, the place to publish at is told anew."""
        place = (order.program, order.program_token)
        if place != self._place:
            self._place = place
            self._call(self._wake)

    def begin(self, formats: dict[Name, Format], wall: float) -> None:
        """The first packet follows."""
        del formats, wall
        self._thread = threading.Thread(target=self._work, name="program", daemon=True)
        self._thread.start()

    def take(self, packet: Encoded) -> None:
        """One packet. Of those that nobody takes here, nothing becomes."""
        if (packet.name != PICTURE and packet.name not in self._sounds) or not self.connected:
            return
        if self._given - self._sent >= MOST_WAITING:
            self.lost += 1
            return
        self._given += 1
        self._call(self._send, packet)

    def caption(self, caption: Caption) -> None:
        """Viewers get captions with the playlist."""

    def close(self) -> None:
        """The stream is over."""
        self._stopping = True
        self._call(self._wake)
        if self._thread is not None:
            self._thread.join(CLOSE_S)

    # ------------------------------------------------------------ its thread

    def _call(self, what: Callable[..., None], *arguments: object) -> None:
        loop = self._loop
        if loop is not None:
            with contextlib.suppress(RuntimeError):  # closed meanwhile
                loop.call_soon_threadsafe(what, *arguments)

    def _work(self) -> None:
        try:
            asyncio.run(self._run())
        except Exception:
            _log.exception("program_failed")

    def _wake(self) -> None:
        if self._changed is not None:
            self._changed.set()

    def _send(self, packet: Encoded) -> None:
        self._sent += 1
        at = packet.at / CLOCK[packet.name]
        if packet.name == PICTURE:
            self._video.send_picture(Picture(at, tuple(packetise("H264", packet.data)), packet.key), at)
        else:
            lasts_s = packet.duration / CLOCK[SOUND]
            self._sounds[packet.name].send_sound(Sound(at, packet.data, SILENCE_LEVEL, lasts_s), at)

    async def _run(self) -> None:
        self._loop, self._changed = asyncio.get_running_loop(), asyncio.Event()
        reports = asyncio.create_task(send_reports(self._video, *self._sounds.values()), name="sender reports")
        wait_s = FIRST_RETRY_S
        while not self._stopping:
            self._changed.clear()
            try:
                await self._publish()
                wait_s = FIRST_RETRY_S
            except (OSError, httpx.HTTPError, DescriptionError) as error:
                if wait_s == 2 * FIRST_RETRY_S and not self._stopping:  # once; that one try fails is nothing unusual
                    _log.warning("program_not_published", reason=str(error) or type(error).__name__)
                await self._sleep(wait_s)
                wait_s = min(2 * wait_s, LAST_RETRY_S)
        reports.cancel()

    async def _sleep(self, seconds: float) -> None:
        if self._changed is not None:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._changed.wait()

    async def _publish(self) -> None:
        """One publication, until it breaks, is told to go elsewhere, or the stream is over."""
        url, token = self._place
        transport = MediaTransport(_nothing_received, self._feedback)
        headers = {"Authorization": f"Bearer {token}"}
        resource = ""
        async with httpx.AsyncClient(trust_env=False, timeout=5.0) as http:
            try:
                offer = publish_offer(self._tracks, transport.ice.local, transport.fingerprint, secrets.randbits(62))
                answer = await http.post(url, content=offer, headers=headers | {"Content-Type": "application/sdp"})
                if answer.status_code != 201:
                    raise ProgramError(f"Status {answer.status_code}: {answer.text[:200]}")
                resource = urljoin(url, answer.headers["location"])
                await self._connect(transport, answer.text)
                _log.info("program_published")
                await self._stay(transport)
            finally:
                self.connected = False
                for track in self._tracks:
                    track.stream.send = track.stream.send_report = None
                if resource:
                    with contextlib.suppress(httpx.HTTPError):
                        await http.delete(resource, headers=headers, timeout=1.0)
                await transport.close()

    async def _connect(self, transport: MediaTransport, sdp: str) -> None:
        remote = read_remote(sdp)
        await transport.connect(remote.credentials, remote.candidates, remote.dtls, client=remote.dtls.role == "server")
        by_mid = {section.rtp.muxId: section for section in remote.sections}
        for track in self._tracks:
            section = by_mid.get(track.mid)
            accepted = accepted_format(section, track) if section is not None else None
            # Nobody looks for a speaker in a program, so no level is told.
            track.stream.format = replace(accepted, level_extension=0) if accepted is not None else None
            track.stream.send = transport.send_rtp
            track.stream.send_report = transport.send_rtcp
        self.connected = True
        self._want_key_frame()

    async def _stay(self, transport: MediaTransport) -> None:
        while not self._stopping and self._changed is not None and not self._changed.is_set():
            await self._sleep(LOOK_S)
            if transport.failed:
                raise ProgramError("The node has ended the connection.")
            if transport.silent_for > SILENT_S:
                raise ProgramError("The node is silent.")

    def _feedback(self, data: bytes) -> None:
        with contextlib.suppress(ValueError):
            for packet in RtcpPacket.parse(data):
                for track in self._tracks:
                    track.stream.receive_rtcp(packet)


def _nothing() -> None:
    """Nobody makes key frames on demand."""


def _nothing_received(packet: bytes) -> None:
    """The node sends no media here."""
    del packet
