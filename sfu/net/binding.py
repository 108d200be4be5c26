"""Binds the node's sockets: one per local address, all on one port number."""

from __future__ import annotations

import contextlib
import errno
import socket

from sfu.drops import Drops
from sfu.net.native import NativePort, native_supported
from sfu.net.outbox import Outbox
from sfu.net.port import DatagramPort
from sfu.net.portable import PortablePort

BUFFER_SIZE = 4 << 20
"""Bytes asked of the kernel per direction: a key frame to 100 receivers is 2 to 3 MB. The kernel may grant less."""
_BUFFER_OPTIONS = ((socket.SO_RCVBUF, 33), (socket.SO_SNDBUF, 32))
"""Each with Linux's SO_RCVBUFFORCE or SO_SNDBUFFORCE, which Python's socket module does not name."""


class PortBusy(Exception):  # noqa: N818
    """The node's UDP port is taken. The message names the port and what to do."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(
            f"UDP port {port} on {host} is in use by another program. Stop that program (`ss -ulpn 'sport = :{port}'` "
            "names it) or choose other ports with VIKNO_MEDIA_PORT."
        )
        self.port = port


class NoAddress(Exception):  # noqa: N818
    """None of the addresses could be bound."""


def open_ports(hosts: list[str], port: int, outbox: Outbox, drops: Drops, portable: bool) -> list[DatagramPort]:
    """Bind UDP `port` (0: any free one) on every address of `hosts`.

    An address that vanished or is not usable yet is left out. Raises PortBusy, or NoAddress if none is left.
    """
    kind = PortablePort if portable or not native_supported() else NativePort
    bound = _bind_any(hosts) if port == 0 else _bind_all(hosts, port)
    if not bound:
        raise NoAddress(f"None of the addresses {', '.join(hosts) or '(no address)'} can be bound for media.")
    ports: list[DatagramPort] = [kind(one, outbox, drops) for one in bound]
    for opened in ports:
        outbox.attach(opened)
    return ports


def _bind_any(hosts: list[str]) -> list[socket.socket]:
    for _ in range(20):
        first = _bind_all(hosts[:1], 0)
        if not first:
            return []
        try:
            return first + _bind_all(hosts[1:], first[0].getsockname()[1])
        except PortBusy:
            first[0].close()
    raise NoAddress(f"No UDP port is free on all of {', '.join(hosts)}.")


def _bind_all(hosts: list[str], port: int) -> list[socket.socket]:
    bound: list[socket.socket] = []
    for host in hosts:
        one = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_DGRAM)
        try:
            _prepare(one)
            one.bind((host, port))
        except OSError as error:
            one.close()
            if error.errno == errno.EADDRINUSE:
                for other in bound:
                    other.close()
                raise PortBusy(host, port) from error
            if error.errno not in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT):
                raise
        else:
            bound.append(one)
    return bound


def _prepare(one: socket.socket) -> None:
    one.setblocking(False)
    if one.family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    for option, forced in _BUFFER_OPTIONS:
        one.setsockopt(socket.SOL_SOCKET, option, BUFFER_SIZE)
        # With the right to it (CAP_NET_ADMIN) the system's limit does not hold.
        with contextlib.suppress(OSError):
            one.setsockopt(socket.SOL_SOCKET, forced, BUFFER_SIZE)
