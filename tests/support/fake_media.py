"""A stand-in for the SFU with the methods that signaling calls, which keeps account of what was asked of it.

Its descriptions have what signaling looks at: fingerprint, ICE credentials, and kind, mid and direction per section.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

_numbers = itertools.count(1)


def _section(mid: str, kind: str, direction: str) -> list[str]:
    return [f"m={kind} 9 UDP/TLS/RTP/SAVPF 96", f"a=mid:{mid}", f"a={direction}"]


def offer(*sections: tuple[str, str], fingerprint: str = "aa", ufrag: str = "u1", direction: str = "sendonly") -> str:
    """A fake offer of sections (mid, kind)."""
    lines = [f"a=ice-ufrag:{ufrag}", "a=ice-pwd:secret", f"a=fingerprint:sha-256 {fingerprint}"]
    described = [line for mid, kind in sections for line in _section(mid, kind, direction)]
    return "\r\n".join([*lines, *described, ""])


def sections_of(sdp: str) -> list[tuple[str, str, str]]:
    """(mid, kind, direction) of each section. Raises `ValueError` for what is not a fake description."""
    if "a=fingerprint" not in sdp:
        raise ValueError("The description has no fingerprint.")
    found = []
    for part in sdp.split("m=")[1:]:
        kind, *lines = part.splitlines()
        found.append((lines[0].removeprefix("a=mid:"), kind.split()[0], lines[1].removeprefix("a=")))
    return found


@dataclass(eq=False)
class FakePublication:
    kind: str
    id: str = field(default_factory=lambda: f"sfu{next(_numbers)}")
    codec: Any = None
    muted: bool = False
    on_first_packet: Callable[[object], None] | None = None
    closed: bool = False

    def first_packet(self, name: str) -> None:
        self.codec = SimpleNamespace(name=name)
        if self.on_first_packet is not None:
            self.on_first_packet(self)


@dataclass(eq=False)
class FakeSubscription:
    publication: FakePublication | None
    stream_id: str
    mid: str | None = None
    paused: bool = False
    slot: Any = None

    def pause(self) -> None:
        self.paused = True

    def resume(self) -> None:
        self.paused = False

    def switch(self, publication: FakePublication | None) -> None:
        self.publication = publication


class FakePeer:
    def __init__(self, label: str, on_state: Callable[[Any, Any], None]) -> None:
        self.label = label
        self._on_state = on_state
        self.state = "new"
        self.publications: dict[str, FakePublication] = {}
        self.subscriptions: list[FakeSubscription] = []
        self.negotiation_needed = False
        self.score = 3
        self.undecodable: list[str] = []
        """Mids that the far end's next answer shows it cannot decode."""
        self.offers = 0
        self.restarts = 0
        self._mids = itertools.count()

    def become(self, state: str) -> None:
        self.state = state
        self._on_state(self, state)

    async def accept_offer(self, sdp: str, accept: Callable[[str, str], bool] | None = None) -> Any:
        now: dict[str, FakePublication] = {}
        slots: dict[str, str] = {}
        lines = []
        for mid, kind, direction in sections_of(sdp):
            known = self.publications.get(mid)  # asked about once, and kept while the section is silent
            wanted = direction != "sendonly" or known is not None or accept is None or accept(mid, kind)
            if (direction == "sendonly" and wanted) or (direction == "inactive" and known is not None):
                now[mid] = known or FakePublication(kind)
            elif direction == "recvonly":
                slots[mid] = kind
            lines += _section(mid, kind, direction if wanted else "inactive")
        ended = [publication for mid, publication in self.publications.items() if mid not in now]
        for publication in ended:
            publication.closed = True
        self.publications = now
        self.state = "connected"
        answer = "\r\n".join(["a=ice-ufrag:n1", "a=ice-pwd:npwd", "a=fingerprint:sha-256 node", *lines]) + "\r\n"
        return SimpleNamespace(sdp=answer, publications=dict(now), ended=ended, slots=slots)

    def subscribe(self, publication: FakePublication | None, *, stream_id: str, slot: Any = None) -> FakeSubscription:
        if not re.fullmatch(r"[!#-'*+.0-9A-Z^-~-]{1,64}", stream_id):
            raise ValueError(f"not a stream id: {stream_id!r}")
        if self.state == "closed":
            raise ValueError("The connection is closed. Open a new one.")
        subscription = FakeSubscription(publication, stream_id, slot=slot, mid=slot)
        self.subscriptions.append(subscription)
        self.negotiation_needed = slot is None
        return subscription

    def unsubscribe(self, subscription: FakeSubscription) -> None:
        self.subscriptions.remove(subscription)
        self.negotiation_needed = True

    async def create_offer(self, ice_restart: bool = False) -> str:
        self.negotiation_needed = False
        self.offers += 1
        self.restarts += ice_restart
        for subscription in self.subscriptions:
            if subscription.mid is None:
                subscription.mid = f"s{next(self._mids)}"
        described = [(str(each.mid), each.publication.kind) for each in self.subscriptions if each.publication]
        return offer(*described, fingerprint="node", ufrag=f"n{self.restarts}")

    async def accept_answer(self, sdp: str) -> list[FakeSubscription]:
        sections_of(sdp)
        self.state = "connected"
        return [each for each in self.subscriptions if each.mid in self.undecodable]

    def stats(self) -> Any:
        return SimpleNamespace(score=self.score)

    def close(self) -> None:
        self.state = "closed"
        for publication in self.publications.values():
            publication.closed = True


class FakeSpeakerGroup:
    def __init__(self, on_speaker: Callable[[Any], None]) -> None:
        self.publications: list[FakePublication] = []
        self._on_speaker = on_speaker
        self._speaker: FakePublication | None = None
        self.closed = False

    def speak(self, publication: FakePublication | None) -> None:
        self._speaker = publication
        self._on_speaker(publication)

    def add(self, publication: FakePublication) -> None:
        if publication not in self.publications:
            self.publications.append(publication)

    def remove(self, publication: FakePublication) -> None:
        if publication in self.publications:
            self.publications.remove(publication)
        if publication is self._speaker:
            self.speak(None)

    def close(self) -> None:
        self.closed = True


class FakeMediaNode:
    def __init__(self) -> None:
        self.peers: list[FakePeer] = []
        self.groups: list[FakeSpeakerGroup] = []
        self.started = False

    async def start(self) -> None:
        self.started = True

    async def close(self) -> None:
        self.started = False

    def open_peer(self, *, label: str = "", on_state: Callable[[Any, Any], None] = lambda *_: None) -> FakePeer:
        self.peers.append(FakePeer(label, on_state))
        return self.peers[-1]

    def open_speaker_group(self, on_speaker: Callable[[Any], None]) -> FakeSpeakerGroup:
        self.groups.append(FakeSpeakerGroup(on_speaker))
        return self.groups[-1]

    def counters(self) -> dict[str, int]:
        return {"packets_in": 7, "drop_stun_malformed": 2, "peers": len(self.open_peers())}

    def open_peers(self) -> list[FakePeer]:
        return [peer for peer in self.peers if peer.state != "closed"]

    def peer(self, label: str) -> FakePeer:
        """The latest peer of this label."""
        return next(peer for peer in reversed(self.peers) if peer.label == label)
