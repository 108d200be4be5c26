"""Ports, announced addresses, and whether UDP arrives under them."""

from __future__ import annotations

import ipaddress
import os
import socket
import struct
from pathlib import Path
from urllib.parse import urlsplit

from sfu import stun
from sfu.addresses import local_addresses
from web.main import ports
from web.main.doctor.finding import Finding, broken, doubtful, good
from web.main.settings import Settings
from web.main.settings_load import variable

_PATIENCE_S = 1.0
_STUN_PORT = 3478


def findings(settings: Settings, stun_server: str = "") -> list[Finding]:
    """Ports free or ours, addresses, UDP by way of each announced address, and what `stun_server` sees of us."""
    found = [_port(settings.http_host, "TCP", settings.http_port, "http_port")]
    for node in range(settings.media_nodes):
        found.append(_port("127.0.0.1", "TCP", settings.node_http_port + node, "node_http_port"))
        found.append(_port("", "UDP", settings.media_port + node, "media_port"))
    announced = settings.media_addresses or local_addresses()
    found.append(_addresses(settings, announced))
    found += [_arrives(address, settings.media_port) for address in announced]
    if stun_server:
        found.append(_from_outside(stun_server, settings.media_port, announced))
    return found


def _port(host: str, protocol: ports.Protocol, port: int, setting: str) -> Finding:
    try:
        ports.require_free(protocol, port, variable(setting), host)
    except ports.PortError as error:
        if is_ours(ports.holder(protocol, port)):
            return good(f"{protocol} port {port} is held by Vikno, which is running.")
        return broken(str(error).partition(". ")[0] + ".", str(error).partition(". ")[2])
    return good(f"{protocol} port {port} is free.")


def is_ours(holder: str) -> bool:
    """Whether `process 812 (python)` is a process of Vikno."""
    words = holder.split()
    if len(words) < 2:
        return False
    try:
        command = Path(f"/proc/{words[1]}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return b"web.main" in command or any(os.path.basename(word) == b"vikno" for word in command)


def _addresses(settings: Settings, announced: list[str]) -> Finding:
    shown = ", ".join(announced) or "none but 127.0.0.1"
    public = urlsplit(settings.site_url).hostname or ""
    if not announced:
        return doubtful("This machine has no network address; only its own browsers can join.", "Connect it.")
    reachable_by_all = any(ipaddress.ip_address(address).is_global for address in announced)
    if reachable_by_all or public in ("localhost", *announced):
        return good(f"Announced to participants: {shown}.")
    return doubtful(
        f"Announced to participants: {shown}, addresses that only a local network reaches.",
        "If people come from outside, set VIKNO_MEDIA_ADDRESSES to the router's public address and forward "
        f"UDP port {settings.media_port} there to this machine.",
    )


def _arrives(address: str, port: int) -> Finding:
    """Sends a STUN request to the announced address and looks whether it comes in at the media port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as receiver, socket.socket(family, socket.SOCK_DGRAM) as sender:
        try:
            receiver.bind(("", port))
        except OSError:
            return _answers(sender, address, port)
        receiver.settimeout(_PATIENCE_S)
        transaction = os.urandom(12)
        try:
            sender.sendto(stun.build(stun.BINDING_REQUEST, transaction, [], None), (address, port))
            while transaction not in receiver.recv(2048):
                continue
        except OSError as error:
            return doubtful(
                f"UDP sent to {address}:{port} does not arrive here ({error or 'nothing came'}).",
                f"Let the firewall pass UDP port {port}. A router that forwards it may still refuse packets from "
                "inside; then try from another network.",
            )
    return good(f"UDP sent to {address}:{port} arrives.")


def _answers(sender: socket.socket, address: str, port: int) -> Finding:
    """The media node has the port: it answers only to those in a meeting, so a refusal is all that can be noticed."""
    sender.settimeout(_PATIENCE_S)
    try:
        sender.connect((address, port))
        sender.send(stun.build(stun.BINDING_REQUEST, os.urandom(12), [], None))
        sender.recv(2048)
    except ConnectionRefusedError:
        return broken(
            f"Nobody listens on UDP {address}:{port}, though other addresses of that port are taken.",
            "Check VIKNO_MEDIA_ADDRESSES against the addresses of this machine.",
        )
    except TimeoutError:
        return good(f"UDP {address}:{port} is held by the running media node. (Stop Vikno to have the way tested.)")
    except OSError as error:
        return broken(f"UDP {address}:{port} cannot be reached: {error.strerror}.", "Check VIKNO_MEDIA_ADDRESSES.")
    return good(f"The media node answers on UDP {address}:{port}.")


def _from_outside(server: str, port: int, announced: list[str]) -> Finding:
    """Asks a STUN server (RFC 8489) from the media port under which address and port it sees us."""
    host, _, given = server.partition(":")
    try:
        seen, seen_port = mapped_address((host, int(given or _STUN_PORT)), port)
    except (OSError, ValueError) as error:
        return doubtful(
            f"The STUN server {server} did not tell how it sees us: {error}.",
            "Stop Vikno first (the media port must be free); try another server; check that UDP may go out.",
        )
    if seen not in announced:
        return broken(f"From outside we are {seen}, which is not announced.", f"Set VIKNO_MEDIA_ADDRESSES={seen}")
    if seen_port != port:
        return broken(
            f"The router turns UDP port {port} into {seen_port}.", f"Forward UDP port {port} to this machine there."
        )
    return good(f"From outside we are {seen}:{port}, as announced. A firewall may still stop what comes in.")


def mapped_address(server: tuple[str, int], port: int) -> tuple[str, int]:
    """Our IPv4 address and port as `server` sees them. Raises `OSError` (no answer, port busy) or `ValueError`."""
    transaction = os.urandom(12)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        asking.bind(("", port))
        asking.settimeout(_PATIENCE_S)
        asking.sendto(stun.build(stun.BINDING_REQUEST, transaction, [], None), server)
        answer = stun.parse(asking.recv(2048))
    value = answer.attributes.get(stun.XOR_MAPPED_ADDRESS, b"")
    if answer.transaction != transaction or len(value) != 8:
        raise ValueError("its answer is not a STUN answer to us")
    _, _, masked_port, masked = struct.unpack("!BBHI", value)
    address = ipaddress.IPv4Address(masked ^ stun.MAGIC_COOKIE)
    return str(address), masked_port ^ stun.MAGIC_COOKIE >> 16
