"""One connection to the node: ICE, DTLS (aiortc's handshake) and SRTP.

aiortc's transport sees DTLS datagrams only. Media goes straight between our socket and the SRTP sessions whose keys the
handshake made: no queue, no task and no packet object in between.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pylibsrtp
from aiortc import RTCCertificate
from aiortc.rtcdtlstransport import RTCDtlsParameters, RTCDtlsTransport

from signaling.client.ice import Address, Credentials, IceAgent

SILENT_S = 10.0
"""A line on which nothing has come for this long is treated as broken."""
HANDSHAKE_S = 15.0


class TransportError(ConnectionError):
    """The connection to the node could not be made."""


class MediaTransport:
    """Carries RTP and RTCP to the node and back.

    `on_rtp(packet)` and `on_rtcp(packet)` get plaintext; they run on the loop and must not raise.
    """

    role = "controlling"
    """Read by aiortc, as are `_recv` and `_send`."""

    def __init__(self, on_rtp: Callable[[bytes], None], on_rtcp: Callable[[bytes], None]) -> None:
        self.ice = IceAgent(self._receive)
        self.packets_sent = 0
        self.packets_received = 0
        self._on_rtp = on_rtp
        self._on_rtcp = on_rtcp
        self._certificate = RTCCertificate.generateCertificate()
        self._dtls = RTCDtlsTransport(self, [self._certificate])  # type: ignore[arg-type]
        self._handshakes: asyncio.Queue[bytes | None] = asyncio.Queue(maxsize=64)
        self.failed = False
        """Whether it can only be replaced."""
        self.connected = False
        self._dtls.on("statechange", self._dtls_changed)

    def _dtls_changed(self) -> None:
        if self._dtls.state in ("closed", "failed"):
            self.connected = False
            self.failed = True

    @property
    def fingerprint(self) -> str:
        """This end's certificate as SDP says it: algorithm and value."""
        found = next(f for f in self._certificate.getFingerprints() if f.algorithm == "sha-256")
        return f"{found.algorithm} {found.value}"

    @property
    def silent_for(self) -> float:
        """Seconds since the node was last heard."""
        return time.monotonic() - self.ice.last_heard

    async def connect(
        self, credentials: Credentials, candidates: list[Address], dtls: RTCDtlsParameters, *, client: bool
    ) -> None:
        """Find the way, then shake hands; on a connection that stands already, only find a new way (ICE restart)."""
        if self.connected:
            await self.ice.connect(credentials, candidates)
            return
        try:
            await self.ice.connect(credentials, candidates)
            await self._shake_hands(dtls, client=client)
        except ConnectionError:
            self.failed = True
            raise

    async def _shake_hands(self, dtls: RTCDtlsParameters, *, client: bool) -> None:
        self._dtls._set_role("client" if client else "server")
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                await self._dtls.start(dtls)
        except TimeoutError as error:
            raise TransportError("The media node did not finish the DTLS handshake.") from error
        if self._dtls.state != "connected":
            raise TransportError("The DTLS handshake with the media node failed.")
        self.connected = True

    def send_rtp(self, packet: bytes) -> None:
        """Protect and send; dropped while there is no connection."""
        if self.connected:
            self.ice.send(self._dtls._tx_srtp.protect(packet))
            self.packets_sent += 1

    def send_rtcp(self, packet: bytes) -> None:
        """Protect and send a compound or reduced-size packet."""
        if self.connected:
            self.ice.send(self._dtls._tx_srtp.protect_rtcp(packet))

    def _receive(self, data: bytes) -> None:
        first = data[0]
        if 19 < first < 64:
            if not self._handshakes.full():
                self._handshakes.put_nowait(data)
        elif 127 < first < 192 and self.connected and len(data) > 12:
            try:
                # RFC 5761 section 4: RTCP packet types with the marker bit taken off.
                if 192 <= data[1] <= 223:
                    self._on_rtcp(self._dtls._rx_srtp.unprotect_rtcp(data))
                else:
                    self._on_rtp(self._dtls._rx_srtp.unprotect(data))
                    self.packets_received += 1
            except pylibsrtp.Error:
                # Replayed or damaged: as good as lost.
                return

    async def _recv(self) -> bytes:
        data = await self._handshakes.get()
        if data is None:
            raise ConnectionError("The connection is closed.")
        return data

    async def _send(self, data: bytes) -> None:
        self.ice.send(data)

    async def close(self) -> None:
        """Say goodbye by DTLS alert and close the socket."""
        self.connected = False
        await self._dtls.stop()
        while not self._handshakes.empty():
            self._handshakes.get_nowait()
        self._handshakes.put_nowait(None)
        self.ice.close()
