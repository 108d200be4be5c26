"""ICE towards a node (RFC 8445): the controlling agent, one component, against an ICE-lite peer.

A lite peer never checks, so all that is left is to find a pair that answers, nominate it, and keep its consent
(RFC 7675). One unconnected socket per address family: the kernel chooses the source address anew for each datagram, and
an ICE restart needs no new socket.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from aioice import stun

CHECK_INTERVAL_S = 0.05
"""Pace of checks, Ta of RFC 8445 section 14.2."""
RETRANSMIT_S = 0.25
CONSENT_INTERVAL_S = 5.0
"""RFC 7675 section 5.1; varied by a fifth either way."""
_PRIORITY = (110 << 24) | (65535 << 8) | 255
"""Of a peer-reflexive candidate (RFC 8445 section 7.1.1)."""

Address = tuple[str, int]


class IceError(ConnectionError):
    """No candidate of the node answered. The message names them."""


def _random_text(length: int) -> str:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    return "".join(secrets.choice(alphabet) for _ in range(length))


@dataclass(frozen=True)
class Credentials:
    """An ICE username fragment and password."""

    ufrag: str = field(default_factory=lambda: _random_text(8))
    password: str = field(default_factory=lambda: _random_text(24))


class _Socket(asyncio.DatagramProtocol):
    def __init__(self, received: Callable[[bytes, Address], None]) -> None:
        self._received = received

    def datagram_received(self, data: bytes, addr: tuple[str | int, ...]) -> None:
        self._received(data, (str(addr[0]), int(addr[1])))

    def error_received(self, exc: Exception) -> None:
        # A refused datagram (ICMP) is loss; consent finds out whether it lasts.
        del exc


class IceAgent:
    """Finds and keeps the way to a lite peer.

    `on_datagram(data)` is called with everything that is not STUN and comes from the selected address.
    """

    def __init__(self, on_datagram: Callable[[bytes], None]) -> None:
        self.local = Credentials()
        self.selected: Address | None = None
        self.last_heard = time.monotonic()
        """Monotonic seconds at which the selected address last said anything."""
        self._on_datagram = on_datagram
        self._remote: Credentials | None = None
        self._tie_breaker = secrets.randbits(64)
        self._sockets: dict[bool, asyncio.DatagramTransport] = {}
        self._waiting: dict[bytes, tuple[asyncio.Future[None], bytes]] = {}
        self._consent: asyncio.Task[None] | None = None

    def restart(self) -> Credentials:
        """New local credentials for an ICE restart; the old pair carries media until a new one is nominated."""
        self.local = Credentials()
        return self.local

    async def connect(self, remote: Credentials, candidates: list[Address], timeout_s: float = 10.0) -> None:
        """Check the candidates, select the first that answers, nominate it. Raises `IceError`."""
        self._remote = remote
        tasks = [asyncio.create_task(self._check(address, nominate=False), name="check") for address in candidates]
        try:
            chosen = await self._first(tasks, candidates, timeout_s)
            async with asyncio.timeout(timeout_s):
                await self._check(chosen, nominate=True)
        except TimeoutError as error:
            shown = ", ".join(f"{host}:{port}/udp" for host, port in candidates) or "none"
            raise IceError(f"The media node did not answer on any address (tried: {shown}).") from error
        finally:
            for task in tasks:
                task.cancel()
        self.selected = chosen
        self.last_heard = time.monotonic()
        if self._consent is None:
            self._consent = asyncio.create_task(self._keep_consent(), name="ice consent")

    @staticmethod
    async def _first(tasks: list[asyncio.Task[None]], candidates: list[Address], timeout_s: float) -> Address:
        pending = dict(zip(tasks, candidates, strict=True))
        deadline = time.monotonic() + timeout_s
        while pending:
            left = deadline - time.monotonic()
            done, _ = await asyncio.wait(pending, timeout=max(left, 0), return_when=asyncio.FIRST_COMPLETED)
            if not done:
                break
            for task in done:
                address = pending.pop(task)
                if task.exception() is None:
                    return address
        raise TimeoutError

    async def _check(self, address: Address, *, nominate: bool) -> None:
        """Send one Binding request until it is answered."""
        request, key = self._request(nominate=nominate)
        answered = asyncio.get_running_loop().create_future()
        self._waiting[request.transaction_id] = (answered, key)
        try:
            while not answered.done():
                await self._send_to(bytes(request), address)
                await asyncio.wait([answered], timeout=RETRANSMIT_S)
        finally:
            self._waiting.pop(request.transaction_id, None)

    def _request(self, *, nominate: bool) -> tuple[stun.Message, bytes]:
        if self._remote is None:
            raise IceError("The remote description is missing.")
        request = stun.Message(message_method=stun.Method.BINDING, message_class=stun.Class.REQUEST)
        request.attributes["USERNAME"] = f"{self._remote.ufrag}:{self.local.ufrag}"
        request.attributes["PRIORITY"] = _PRIORITY
        request.attributes["ICE-CONTROLLING"] = self._tie_breaker
        if nominate:
            request.attributes["USE-CANDIDATE"] = None
        key = self._remote.password.encode()
        request.add_message_integrity(key)
        return request, key

    async def _keep_consent(self) -> None:
        while True:
            await asyncio.sleep(CONSENT_INTERVAL_S * random.uniform(0.8, 1.2))  # noqa: S311 - pacing, not a secret
            if self.selected is None:
                continue
            request, key = self._request(nominate=False)
            answered = asyncio.get_running_loop().create_future()
            self._waiting[request.transaction_id] = (answered, key)
            asyncio.get_running_loop().call_later(CONSENT_INTERVAL_S, self._waiting.pop, request.transaction_id, None)
            await self._send_to(bytes(request), self.selected)

    def send(self, data: bytes) -> None:
        """One datagram to the selected address; silently lost when there is none (as any datagram may be)."""
        if self.selected is not None:
            transport = self._sockets.get(":" in self.selected[0])
            if transport is not None and not transport.is_closing():
                transport.sendto(data, self.selected)

    async def _send_to(self, data: bytes, address: Address) -> None:
        ipv6 = ":" in address[0]
        if ipv6 not in self._sockets:
            local = ("::" if ipv6 else "0.0.0.0", 0)  # noqa: S104 - the kernel chooses the source for each datagram
            loop = asyncio.get_running_loop()
            transport, _ = await loop.create_datagram_endpoint(lambda: _Socket(self._receive), local_addr=local)
            self._sockets[ipv6] = transport
        self._sockets[ipv6].sendto(data, address)

    def _receive(self, data: bytes, source: Address) -> None:
        if not data:
            return
        if data[0] < 4:  # STUN (RFC 7983)
            self._receive_stun(data, source)
        elif source == self.selected:
            self.last_heard = time.monotonic()
            self._on_datagram(data)

    def _receive_stun(self, data: bytes, source: Address) -> None:
        try:
            message = stun.parse_message(data)
        except ValueError:
            return
        if message.message_class == stun.Class.REQUEST:
            self._answer(message, source)
            return
        waiting = self._waiting.get(message.transaction_id)
        if waiting is None or message.message_class != stun.Class.RESPONSE:
            return
        answered, key = waiting
        if not message.check_message_integrity(key) or answered.done():
            return
        answered.set_result(None)
        if source == self.selected:
            self.last_heard = time.monotonic()

    def _answer(self, request: stun.Message, source: Address) -> None:
        """A check by a full agent (a lite one sends none)."""
        key = self.local.password.encode()
        if not request.check_message_integrity(key):
            return
        response = stun.Message(
            message_method=stun.Method.BINDING,
            message_class=stun.Class.RESPONSE,
            transaction_id=request.transaction_id,
        )
        response.attributes["XOR-MAPPED-ADDRESS"] = source
        response.add_message_integrity(key)
        self._sockets[":" in source[0]].sendto(bytes(response), source)

    def close(self) -> None:
        """Close the sockets; nothing is received afterwards."""
        if self._consent is not None:
            self._consent.cancel()
        for transport in self._sockets.values():
            transport.close()
        self._sockets.clear()
        self.selected = None
