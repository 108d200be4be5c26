"""Ports: listening sockets that outlive the process which serves them, and who holds a busy port."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

Protocol = Literal["TCP", "UDP"]
_BACKLOG = 1024
_KINDS = {"TCP": (socket.SOCK_STREAM, socket.IPPROTO_TCP), "UDP": (socket.SOCK_DGRAM, socket.IPPROTO_UDP)}
"""With the protocol named, asyncio switches Nagle's algorithm off for accepted connections."""


class PortError(Exception):
    """A port that cannot be had; the text says which, why, and what to do."""


def listen(host: str, port: int, setting: str) -> list[socket.socket]:
    """Listening TCP sockets for `host` (empty: all addresses, IPv4 and IPv6). Raises `PortError` naming `setting`."""
    sockets = []
    try:
        for family, address in _addresses(host):
            sockets.append(_bind(family, "TCP", address, port))
            sockets[-1].listen(_BACKLOG)
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise PortError(_sentence(error, "TCP", host, port, setting)) from None
    return sockets


def require_free(protocol: Protocol, port: int, setting: str, host: str = "") -> None:
    """Raises `PortError` when somebody has the port already."""
    try:
        for family, address in _addresses(host):
            _bind(family, protocol, address, port).close()
    except OSError as error:
        raise PortError(_sentence(error, protocol, host, port, setting)) from None


def holder(protocol: Protocol, port: int) -> str:
    """Who has the port, `process 812 (nginx)`, as far as this user may see; else empty (Linux: /proc)."""
    inodes = {f"socket:[{inode}]" for inode in _inodes(protocol, port)}
    if not inodes:
        return ""
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        try:
            if os.readlink(link) in inodes:
                process = link.parent.parent
                return f"process {process.name} ({(process / 'comm').read_text().strip()})"
        except OSError:  # the process is gone or not ours
            continue
    return ""


def _inodes(protocol: Protocol, port: int) -> Sequence[str]:
    """Inodes of sockets bound to the port; in /proc/net the local address is `HEX:PORT`, state 0A is LISTEN."""
    found = []
    for name in (protocol.lower(), protocol.lower() + "6"):
        try:
            rows = Path("/proc/net", name).read_text().splitlines()[1:]
        except OSError:
            continue
        for row in rows:
            fields = row.split()
            listens = protocol == "UDP" or fields[3] == "0A"
            if listens and int(fields[1].rpartition(":")[2], 16) == port:
                found.append(fields[9])
    return found


def _addresses(host: str) -> list[tuple[socket.AddressFamily, str]]:
    every = [(socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")]  # noqa: S104 - the administrator's choice
    local = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]
    if host in ("", "localhost"):
        pairs = local if host else every
        return pairs if _has_ipv6() else pairs[:1]
    return [(socket.AF_INET6 if ":" in host else socket.AF_INET, host)]


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError:
        return False
    return True


def _bind(family: socket.AddressFamily, protocol: Protocol, address: str, port: int) -> socket.socket:
    opened = socket.socket(family, *_KINDS[protocol])
    try:
        if protocol == "TCP":
            opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            opened.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        opened.bind((address, port))
    except BaseException:
        opened.close()
        raise
    return opened


def _sentence(error: OSError, protocol: Protocol, host: str, port: int, setting: str) -> str:
    if error.errno == errno.EADDRINUSE:
        by = holder(protocol, port)
        who = f" by {by}" if by else ""
        return f"{protocol} port {port} is in use{who}. Stop that program, or choose another port with {setting}."
    if error.errno == errno.EACCES:
        return (
            f"{protocol} port {port} needs more rights than this user has. Choose a port from 1024 on with {setting} "
            "and put a reverse proxy in front, or give the service CAP_NET_BIND_SERVICE."
        )
    if error.errno == errno.EADDRNOTAVAIL:
        return (
            f"{host} is not an address of this machine: {protocol} port {port} cannot be opened. See VIKNO_HTTP_HOST."
        )
    return f"{protocol} port {port} cannot be opened: {error.strerror}. It is chosen with {setting}."
