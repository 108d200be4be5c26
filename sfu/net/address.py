"""Socket addresses as the bytes that Linux uses for them: hashable, comparable, and ready for `sendmmsg`."""

from __future__ import annotations

import socket
import struct
import sys

_FAMILY = struct.Struct("=H")
_IPV4 = struct.Struct("=H2s4s8x")
_IPV6 = struct.Struct("=H2s4x16sI")


def pack_address(host: str, port: int, scope: int = 0) -> bytes:
    """The `sockaddr_in` (16 bytes) or `sockaddr_in6` (28 bytes) of an IP address in text form.

    Raises OSError if `host` is not an IP address.
    """
    number = port.to_bytes(2, "big")
    if ":" in host:
        return _IPV6.pack(socket.AF_INET6, number, socket.inet_pton(socket.AF_INET6, host), scope)
    return _IPV4.pack(socket.AF_INET, number, socket.inet_pton(socket.AF_INET, host))


def unpack_address(address: bytes) -> tuple[str, int]:
    """The host in text form and the port of a packed address."""
    return socket.inet_ntop(address_family(address), ip_bytes(address)), port_number(address)


def address_family(address: bytes) -> int:
    """`AF_INET` or `AF_INET6`."""
    family: int = _FAMILY.unpack_from(address)[0]
    return family


def ip_bytes(address: bytes) -> bytes:
    """The 4 or 16 bytes of the IP address."""
    return address[8:24] if len(address) == _IPV6.size else address[4:8]


def port_number(address: bytes) -> int:
    """The port, in host order."""
    return int.from_bytes(address[2:4], "big")


def scope_id(address: bytes) -> int:
    """The interface of a link-local IPv6 address, else 0."""
    return int.from_bytes(address[24:28], sys.byteorder)
