"""Where a target's name leads: looked up once, and then that address is connected to and no other.

Whoever enters targets for an organisation may not reach into the networks around the server. A name that looks public
can lead there all the same, today or in a minute; so what is looked at is the address itself, and libavformat gets it
instead of the name. An inner address that is written as one was entered by an administrator
(`lms.streaming.rules.is_inside`).
"""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from recordings.live.wire import TargetProblem

DEFAULT_PORT: Final = {"rtmp": 1935, "rtmps": 443}
_TRY_S: Final = 3.0
"""For one of several addresses, until the next is tried."""


class Unreachable(Exception):  # noqa: N818 - not an error of ours
    """There is nothing to connect to, and why."""

    def __init__(self, problem: TargetProblem, detail: str) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail


@dataclass(frozen=True, slots=True)
class Place:
    """What libavformat is to open."""

    address: str
    options: dict[str, str] = field(default_factory=dict)
    """Of its protocols: what the server is told it is called, and whose certificate it has to have."""


def reach(address: str, *, inner: bool) -> Place:
    """The place that the host's name leads to. `inner`: it may lie in a private network, or on this machine.

    Raises `Unreachable`.
    """
    parts = urlsplit(address)
    host, scheme = parts.hostname or "", parts.scheme.lower()
    if _is_written_out(host):
        return Place(address)
    found = _look_up(host, parts.port or DEFAULT_PORT[scheme])
    kept = [each for each in found if inner or ipaddress.ip_address(each[0]).is_global]
    if not kept:
        detail = f"The name leads to {found[0][0]}, inside a private network. VIKNO_STREAM_INNER would allow that."
        raise Unreachable("inner", detail)
    chosen = kept[0][0] if len(kept) == 1 else _answering(kept)
    literal = f"[{chosen}]" if ":" in chosen else chosen
    port = f":{parts.port}" if parts.port else ""
    options = {"rtmp_tcurl": f"{scheme}://{host}{port}/{application(parts.path)}"}
    if scheme == "rtmps":
        options["verifyhost"] = host
    return Place(address.replace(parts.netloc, literal + port, 1), options)


def application(path: str) -> str:
    """The part of the path that names the application, as libavformat's `rtmp_open` divides it: `app` or
    `app/instance`; what follows is the key."""
    first, _, rest = path.removeprefix("/").partition("/")
    second, slash, _ = rest.partition("/")
    return f"{first}/{second}" if slash and ":" not in second else first


def _is_written_out(host: str) -> bool:
    """An address, or a name that only a network of our own knows."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return "." not in host
    return True


def _look_up(host: str, port: int) -> list[tuple[str, int]]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        unknown = error.errno in (socket.EAI_NONAME, getattr(socket, "EAI_NODATA", socket.EAI_NONAME))
        raise Unreachable("address" if unknown else "unreachable", error.strerror or "") from error
    except UnicodeError as error:
        raise Unreachable("address", "The name cannot be one.") from error
    return list(dict.fromkeys((str(each[4][0]), port) for each in found))


def _answering(places: list[tuple[str, int]]) -> str:
    """The first that takes a connection: of IPv4 and IPv6, often one leads nowhere. Raises `Unreachable`."""
    said = ""
    for place in places:
        try:
            with socket.create_connection(place, _TRY_S):
                return place[0]
        except OSError as error:
            said = error.strerror or str(error)
    raise Unreachable("unreachable", said)
