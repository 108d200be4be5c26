"""The publish connection: this client offers, the node answers."""

from __future__ import annotations

import secrets

from aiortc.rtp import RtcpPacket

from signaling.client.clip import Clip
from signaling.client.description import Track, accepted_format, publish_offer, read_remote
from signaling.client.live import LivePlayer, LiveSource
from signaling.client.player import Player
from signaling.client.sender import OutgoingStream
from signaling.client.session import Session
from signaling.client.transport import MediaTransport
from signaling.messages import Published
from signaling.model import Source

_SOURCES = {"audio": Source.MICROPHONE, "video": Source.CAMERA}


class Publisher:
    """Sends a clip, or a live source, as microphone and camera.

    The player goes on over every restart; what cannot be sent is lost.
    """

    def __init__(self, clip: Clip | LiveSource) -> None:
        cname = secrets.token_hex(8)
        audio = OutgoingStream(48_000, cname) if clip.has_sounds else None
        video = OutgoingStream(90_000, cname) if clip.has_pictures else None
        self.tracks = [
            Track(str(n), codec, stream) for n, (codec, stream) in enumerate(self._streams(clip, audio, video))
        ]
        self.player = Player(clip, video, audio) if isinstance(clip, Clip) else LivePlayer(clip, video, audio)
        self.publications: dict[str, str] = {}
        """Source → publication, as the node named them."""
        self.transport: MediaTransport | None = None
        self._session_id = 0

    @staticmethod
    def _streams(
        clip: Clip | LiveSource, audio: OutgoingStream | None, video: OutgoingStream | None
    ) -> list[tuple[str, OutgoingStream]]:
        found = [("opus", audio), (clip.video_codec, video)]
        return [(codec, stream) for codec, stream in found if stream is not None]

    async def build(self, session: Session) -> None:
        """Make the connection anew: new DTLS, the same streams."""
        await self.close()
        self.transport = MediaTransport(lambda packet: None, self._receive_rtcp)
        self._session_id = secrets.randbits(62)
        await self._negotiate(session, self.transport)

    async def restart(self, session: Session) -> None:
        """ICE restart: the same DTLS on a new way."""
        if self.transport is None:
            await self.build(session)
            return
        self.transport.ice.restart()
        await self._negotiate(session, self.transport)

    async def _negotiate(self, session: Session, transport: MediaTransport) -> None:
        offer = publish_offer(self.tracks, transport.ice.local, transport.fingerprint, self._session_id)
        sources = {track.mid: _SOURCES[track.kind].value for track in self.tracks}
        muted = [track.mid for track in self.tracks if track.stream.muted]
        answer = await session.request("publish", sdp=offer, sources=sources, muted=muted)
        if not isinstance(answer, Published):
            raise ConnectionError(f"The node answered `publish` with `{answer.type}`.")
        self.publications = {sources[mid]: publication for mid, publication in answer.publications.items()}
        remote = read_remote(answer.sdp)
        await transport.connect(remote.credentials, remote.candidates, remote.dtls, client=remote.dtls.role == "server")
        by_mid = {section.rtp.muxId: section for section in remote.sections}
        for track in self.tracks:
            section = by_mid.get(track.mid)
            track.stream.format = accepted_format(section, track) if section is not None else None
            track.stream.send = transport.send_rtp
            track.stream.send_report = transport.send_rtcp
        self.player.jump()

    def _receive_rtcp(self, data: bytes) -> None:
        try:
            packets = RtcpPacket.parse(data)
        except ValueError:
            return
        for packet in packets:
            for track in self.tracks:
                track.stream.receive_rtcp(packet)

    async def close(self) -> None:
        """Close the connection; the streams keep their numbers for the next."""
        for track in self.tracks:
            track.stream.send = track.stream.send_report = None
        if self.transport is not None:
            await self.transport.close()
            self.transport = None
