"""DTLS-SRTP (RFC 5763, 5764): aiortc's `RTCDtlsTransport` runs the handshake, and nothing else of aiortc is used.

aiortc's transport wants an ICE transport with three members: `role`, `_recv` and `_send`. `_Link` is that object. It
is given DTLS datagrams only (first byte 20 to 63, RFC 7983), so aiortc's own RTP path, which looks at the first byte
too, never sees a packet; and because `_setup_srtp` is overridden, aiortc never has SRTP keys in the first place.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, cast

from aiortc import rtcdtlstransport
from aiortc.rtcdtlstransport import RTCCertificate, RTCDtlsFingerprint, RTCDtlsParameters, RTCDtlsTransport
from OpenSSL import SSL

from sfu.drops import Drop, Drops
from sfu.srtp import KeyMaterial

HANDSHAKE_TIMEOUT: Final = 20.0
"""Seconds from the first datagram to keys. DTLS doubles its timer from 1 s, so this is four retransmissions."""
_QUEUE_LENGTH: Final = 32
"""Datagrams waiting for the handshake's task. A whole flight is at most a handful."""
_DATAGRAM_SIZE: Final = 1_200
"""Bytes of records per datagram: passes every path that WebRTC's media passes (RFC 8261 §5 takes the same)."""
_RECORD_HEADER: Final = 13

_PROFILES: Final = [
    profile
    for profile in (
        rtcdtlstransport.SRTP_AEAD_AES_128_GCM,
        rtcdtlstransport.SRTP_AEAD_AES_256_GCM,
        rtcdtlstransport.SRTP_AES128_CM_SHA1_80,
    )
    if profile in rtcdtlstransport.SRTP_PROFILES
]
"""GCM first (RFC 7714), with the shorter key: it is the faster one and no less safe for a call."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A certificate's digest as descriptions carry it (RFC 8122 §5)."""

    algorithm: str
    value: str


class Certificate:
    """The node's self-signed certificate, one for all its peers."""

    def __init__(self) -> None:
        self.certificate = RTCCertificate.generateCertificate()
        self.fingerprint = next(
            Fingerprint(one.algorithm, one.value)
            for one in self.certificate.getFingerprints()
            if one.algorithm == "sha-256"
        )


class _Link:
    """What aiortc's DTLS transport uses of an ICE transport."""

    role = "controlled"

    def __init__(self, send: Callable[[bytes], None]) -> None:
        self.write = send
        self.queue: asyncio.Queue[bytes | None] = asyncio.Queue(_QUEUE_LENGTH)
        self.closed = False

    async def _recv(self) -> bytes:
        datagram = None if self.closed else await self.queue.get()
        if datagram is None:
            raise ConnectionError("the peer is closed")
        return datagram

    async def _send(self, data: bytes) -> None:
        if not self.closed:
            self.write(data)


class _Handshake(RTCDtlsTransport):
    """aiortc's transport that gives its keys away and keeps its datagrams small."""

    keys: KeyMaterial | None = None

    async def _do_handshake(self) -> None:
        self._connection.set_ciphertext_mtu(_DATAGRAM_SIZE)
        await super()._do_handshake()

    def _setup_srtp(self) -> None:
        """Export the keys of the negotiated profile (RFC 5764 §4.2: client key, server key, client salt, ...)."""
        chosen = self._connection.get_selected_srtp_profile()
        profile = next((one for one in _PROFILES if one.openssl_profile == chosen), None)
        if profile is None:
            self._set_state(rtcdtlstransport.State.FAILED)
            return
        size = 2 * (profile.key_length + profile.salt_length)
        exported = self._connection.export_keying_material(b"EXTRACTOR-dtls_srtp", size)
        client, server = profile.get_key_and_salt(exported, 0), profile.get_key_and_salt(exported, 1)
        send, receive = (server, client) if self._role == "server" else (client, server)
        self.keys = KeyMaterial(profile.libsrtp_profile, send, receive)

    async def _write_ssl(self) -> None:
        """Send what OpenSSL wrote, whole records together as far as a datagram goes.

        The memory that OpenSSL writes to forgets where its datagrams ended, so they are made anew here.
        """
        for datagram in self.take_written():
            await self.transport._send(datagram)

    def take_written(self) -> list[bytes]:
        """The datagrams that OpenSSL wants sent."""
        written = b""
        while True:
            try:
                written += self._connection.bio_read(65_536)
            except SSL.Error:
                break
        return split_records(written)

    def write_close(self) -> list[bytes]:
        """The datagrams of a close_notify alert."""
        with contextlib.suppress(SSL.Error):
            self._connection.shutdown()
        return self.take_written()

    @property
    def _connection(self) -> Any:
        assert self._ssl is not None
        return self._ssl


def split_records(written: bytes) -> list[bytes]:
    """Cut a run of DTLS records into datagrams of at most `_DATAGRAM_SIZE` bytes, or of one larger record.

    DTLS 1.2 records carry their length in bytes 11 and 12 (RFC 6347 §4.1). Anything else is left in one piece.
    """
    datagrams: list[bytes] = []
    begin = position = 0
    while position + _RECORD_HEADER <= len(written):
        if not 20 <= written[position] <= 26:
            break
        end = position + _RECORD_HEADER + int.from_bytes(written[position + 11 : position + 13], "big")
        if end - begin > _DATAGRAM_SIZE and position > begin:
            datagrams.append(written[begin:position])
            begin = position
        position = end
    if begin < len(written):
        datagrams.append(written[begin:])
    return datagrams


class DtlsSession:
    """One handshake, and afterwards an ear for the far end's close.

    `on_keys` is called once, when the handshake is complete and the far end's certificate has the announced
    fingerprint; `on_end` once, with whether it failed (True) or was closed by the far end (False).
    """

    def __init__(
        self,
        certificate: Certificate,
        drops: Drops,
        send: Callable[[bytes], None],
        on_keys: Callable[[KeyMaterial], None],
        on_end: Callable[[bool], None],
    ) -> None:
        self._drops = drops
        self._link = _Link(send)
        self._transport = _Handshake(cast(Any, self._link), [certificate.certificate])
        self._transport._srtp_profiles = _PROFILES
        self._on_keys = on_keys
        self._on_end = on_end
        self._task: asyncio.Task[None] | None = None

    @property
    def started(self) -> bool:
        return self._task is not None

    def receive(self, datagram: bytes) -> None:
        """Hand over a DTLS datagram. It may come before `start`: the far end may be quicker than its answer."""
        if self._link.closed:
            self._drops.count(Drop.DTLS_AFTER_CLOSE)
            return
        try:
            self._link.queue.put_nowait(datagram)
        except asyncio.QueueFull:
            self._drops.count(Drop.DTLS_QUEUE_FULL)

    def start(self, server: bool, fingerprints: list[Fingerprint]) -> None:
        """Begin the handshake as DTLS server or client with whoever has a certificate of these fingerprints."""
        assert self._task is None
        self._transport._set_role("server" if server else "client")
        parameters = RTCDtlsParameters([RTCDtlsFingerprint(one.algorithm, one.value) for one in fingerprints])
        self._task = asyncio.get_running_loop().create_task(self._run(parameters))

    async def _run(self, parameters: RTCDtlsParameters) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_TIMEOUT):
                await self._transport.start(parameters)
        except TimeoutError:
            self._end(failed=True)
            return
        if self._transport.keys is None or self._transport.state == "failed":
            self._end(failed=True)
            return
        self._on_keys(self._transport.keys)
        self._transport.on("statechange", self._state_changed)

    def _state_changed(self) -> None:
        if self._transport.state == "closed":
            self._end(failed=False)

    def _end(self, failed: bool) -> None:
        if not self._link.closed:
            self._link.closed = True
            self._on_end(failed)

    def close(self) -> None:
        """Tell the far end (close_notify) and stop."""
        if not self._link.closed and self._transport.keys is not None:
            for datagram in self._transport.write_close():
                self._link.write(datagram)
        self._link.closed = True
        for task in (self._task, self._transport._task):
            if task is not None:
                task.cancel()
