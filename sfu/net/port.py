"""The one interface to a datagram socket, whichever way it is driven."""

from __future__ import annotations

from typing import Protocol

from sfu.net.inbox import Inbox
from sfu.net.outbox import Destination


class DatagramPort(Protocol):
    """A bound UDP socket that never blocks."""

    @property
    def host(self) -> str:
        """The local IP address."""

    @property
    def number(self) -> int:
        """The local UDP port."""

    @property
    def dirty(self) -> list[Destination]:
        """The destinations with something pending."""

    @property
    def packets_out(self) -> int:
        """Datagrams given to the kernel so far."""

    @property
    def bytes_out(self) -> int:
        """Bytes of payload given to the kernel so far."""

    def fileno(self) -> int:
        """For the event loop."""

    def receive(self, inbox: Inbox, now: float) -> int:
        """Receive what is there at `now`, at most a batch, into `inbox`; returns how many datagrams."""

    def destination(self, address: bytes) -> Destination:
        """Where to queue what shall go from this port to the packed `address`."""

    def write(self) -> None:
        """Send everything pending; what the kernel does not take is dropped and counted."""

    def close(self) -> None:
        """Close the socket."""
