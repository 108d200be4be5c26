"""Which local addresses the node binds and which addresses it announces to the far ends."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

import ifaddr

MOST_ADDRESSES = 16
"""More addresses than this only make descriptions long; those beyond are neither bound nor announced."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One announced address: a `host` candidate (RFC 8839 §5.1)."""

    address: str
    port: int
    priority: int
    foundation: str


def local_addresses() -> list[str]:
    """The machine's unicast addresses that a far end could reach, IPv4 first, in the order of the interfaces.

    Link-local IPv6 is left out: it needs an interface name that a description cannot carry.
    """
    found: list[str] = []
    for adapter in ifaddr.get_adapters():
        for entry in adapter.ips:
            text = entry.ip if isinstance(entry.ip, str) else entry.ip[0]
            address = ipaddress.ip_address(text)
            if not (address.is_loopback or address.is_link_local or address.is_multicast or address.is_unspecified):
                found.append(str(address))
    found.sort(key=lambda text: ":" in text)
    return list(dict.fromkeys(found))[:MOST_ADDRESSES]


def addresses_to_bind(override: list[str] | None, include_loopback: bool) -> list[str]:
    """The local addresses to bind a socket on.

    An `override` that names local addresses narrows the choice to them. One that names another address, which must
    be a NAT's outer one, leaves all of them bound, because any of them may be where the NAT sends what comes in.
    """
    local = local_addresses()
    if override is not None:
        own = [address for address in override if address in local or ipaddress.ip_address(address).is_loopback]
        local = own if len(own) == len(override) else [*dict.fromkeys([*own, *local])]
    if include_loopback and "127.0.0.1" not in local:
        local.append("127.0.0.1")
    return local


def candidates(bound: list[str], override: list[str] | None, port: int) -> list[Candidate]:
    """The candidates to announce for the `bound` addresses: the override if there is one, and 127.0.0.1 if bound."""
    announced = list(bound)
    if override is not None:
        announced = list(dict.fromkeys([*override, *(a for a in bound if ipaddress.ip_address(a).is_loopback)]))
    # Loopback goes last: it is for trials on one machine, where any other address works as well.
    announced.sort(key=lambda address: ipaddress.ip_address(address).is_loopback)
    return [
        Candidate(address, port, _priority(index), str(index + 1))
        for index, address in enumerate(announced[:MOST_ADDRESSES])
    ]


def _priority(index: int) -> int:
    """RFC 8445 §5.1.2.1: type preference 126 for host, the address's rank, component 1."""
    return (126 << 24) | ((65_535 - index) << 8) | 255
