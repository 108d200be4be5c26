"""The program of a meeting's stream: what its composer publishes for those who watch and are not in the meeting.

It belongs to the stream and to no participant: nobody in the meeting sees it, it is neither recorded nor streamed
again, and it is not in the journal.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from signaling.media.ports import PublicationPort
from signaling.meeting.facts import LeaveReason

INTERPRETATION = "interpretation"


class Publishing(Protocol):
    """The composer's end."""

    def end(self, reason: LeaveReason) -> None:
        """The stream is over, or another composer has come."""


class Viewing(Protocol):
    """Somebody who watches."""

    def follow(self) -> None:
        """The program has other publications than before."""

    def end(self, reason: LeaveReason) -> None:
        """The stream is over."""


class Program:
    """At most one picture, the room's sound and the interpretation, and those who watch."""

    def __init__(self) -> None:
        self._ports: Mapping[str, PublicationPort] = {}
        self._publisher: Publishing | None = None
        self.viewers: set[Viewing] = set()

    def port(self, name: str) -> PublicationPort | None:
        """What is published as `video`, `audio` or `interpretation` now. Without an interpretation, it is the room."""
        return self._ports.get(name) or (self._ports.get("audio") if name == INTERPRETATION else None)

    def publish(self, publisher: Publishing, ports: Mapping[str, PublicationPort]) -> None:
        """The composer publishes; one before it is replaced. Viewers go on with what comes now."""
        before, self._publisher, self._ports = self._publisher, publisher, ports
        self._tell()
        if before is not None and before is not publisher:
            before.end("replaced")

    def withdraw(self, publisher: Publishing) -> None:
        """A composer is gone; viewers wait for the next."""
        if self._publisher is publisher:
            self._publisher, self._ports = None, {}
            self._tell()

    def end(self) -> None:
        """The stream is over, for all of them."""
        everybody: list[Viewing | Publishing] = [*self.viewers]
        if self._publisher is not None:
            everybody.append(self._publisher)
        for each in everybody:
            each.end("ended")

    def _tell(self) -> None:
        for viewer in list(self.viewers):
            viewer.follow()
