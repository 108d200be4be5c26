"""A peer: one connection with one far end, as those see it who run meetings."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from sfu.addresses import Candidate
from sfu.clock import Clock
from sfu.media.link import LinkStats, MediaCore, MediaLink
from sfu.media.publication import Publication
from sfu.media.subscription import Subscription
from sfu.net.address import unpack_address
from sfu.sdp.answer import AnswerBook, AnsweredSection
from sfu.sdp.errors import DescriptionError
from sfu.sdp.offer import OfferBook, OfferedSection
from sfu.sdp.parse import parse
from sfu.sdp.transport import RemoteTransport, remote_transport
from sfu.sdp.write import LocalTransport
from sfu.sections import Kind, SendSection
from sfu.transport import PeerState, Resources, Transport

_STREAM_ID: Final = re.compile(r"[!#-'*+.0-9A-Z^-~-]{1,64}", re.ASCII)
"""RFC 8830 §2, `msid-id`."""


@dataclass(slots=True, eq=False)
class SendSlot:
    """A section on which the far end asked to be sent something: one of a WHEP player's."""

    mid: str
    kind: Kind
    section: SendSection
    subscription: Subscription | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of an offer."""

    sdp: str
    publications: dict[str, Publication]
    """By mid, everything the far end publishes on this connection."""
    slots: dict[str, SendSlot]
    """By mid, where the far end may be sent something."""
    ended: list[Publication] = field(default_factory=list)
    """Publications that this offer stopped."""


class Peer:
    """One connection. All methods are to be called on the node's loop."""

    def __init__(
        self,
        resources: Resources,
        core: MediaCore,
        clock: Clock,
        candidates: list[Candidate],
        label: str,
        on_state: Callable[[Peer, PeerState], None] | None,
        forget: Callable[[Peer], None],
    ) -> None:
        self.label = label
        self.transport = Transport(resources, self._state_changed)
        self.link = MediaLink(core, self.transport)
        self.transport.link = self.link
        self._clock = clock
        self._candidates = candidates
        self._on_state = on_state
        self._forget = forget
        self._ssrcs: set[int] = set()
        cname = secrets.token_hex(12)  # random for each session: RFC 7022 §4.2
        self._answers = AnswerBook(cname, self._new_ssrc)
        self._offers = OfferBook(cname, self._new_ssrc)
        self._answering: bool | None = None
        self._remote: RemoteTransport | None = None
        self._publications: dict[str, Publication] = {}
        self._slots: dict[str, SendSlot] = {}
        self._sections: dict[Subscription, OfferedSection] = {}

    @property
    def state(self) -> PeerState:
        return self.transport.state

    @property
    def remote_address(self) -> tuple[str, int] | None:
        """Where media goes at present."""
        selected = self.transport.agent.selected
        return unpack_address(selected.destination.address) if selected is not None else None

    @property
    def negotiation_needed(self) -> bool:
        """Whether subscriptions came or went since the last offer."""
        return self._offers.changed

    # The far end offers.

    async def accept_offer(self, offer: str, accept: Callable[[str, Kind], bool] | None = None) -> Answer:
        """Take an offer, the first or a later one, with or without ICE restart; returns the answer.

        `accept(mid, kind)` is asked whether the far end may publish on a section. Raises DescriptionError, and then
        nothing has changed.
        """
        self._require(answering=True)
        description = parse(offer)
        planned = self._answers.plan(description, accept or (lambda mid, kind: True))
        used = [one.remote for one in planned if one.direction is not None]
        now = self._clock.monotonic()
        if used:
            remote = remote_transport(description, used)
            self._check_same_far_end(remote)
            known = self.transport.agent.remote
            if known is not None and known != remote.credentials:
                self.transport.restart_ice(now)
            self._configure(remote, server=remote.setup != "passive", now=now)
        self._answering = True
        sdp = self._answers.commit(planned, description.bundle or [one.mid for one in used], self._local_transport())
        ended = self._apply(planned)
        return Answer(sdp, dict(self._publications), dict(self._slots), ended)

    def _apply(self, planned: list[AnsweredSection]) -> list[Publication]:
        """Bring publications and slots in line with the sections; returns the publications that ended."""
        alive = {one.remote.mid for one in planned if one.direction is not None}
        ended = [self._publications.pop(mid) for mid in list(self._publications) if mid not in alive]
        for publication in ended:
            self.link.remove_publication(publication)
        for mid in [mid for mid in self._slots if mid not in alive]:
            slot = self._slots.pop(mid)
            if slot.subscription is not None:
                self.link.remove_subscription(slot.subscription)
        for section in planned:
            mid = section.remote.mid
            if section.receive is not None:
                if mid in self._publications:
                    self.link.update_section(self._publications[mid], section.receive)
                else:
                    self._publications[mid] = self.link.add_publication(section.receive)
            if section.send is not None:
                self._apply_slot(mid, section.send)
        return ended

    def _apply_slot(self, mid: str, section: SendSection) -> None:
        slot = self._slots.get(mid)
        if slot is None:
            self._slots[mid] = SendSlot(mid, section.kind, section)
            return
        slot.section = section
        if slot.subscription is not None:
            self.link.update_section(slot.subscription, section)

    # The node offers.

    def subscribe(
        self, publication: Publication | None, *, stream_id: str, slot: SendSlot | None = None
    ) -> Subscription:
        """Send `publication` to the far end: on `slot` at once, else on a new section of the next offer.

        On a slot it may be None, to be switched to something later.

        Subscriptions with one `stream_id` (an msid, a token of up to 64 characters) are played in step.
        Raises ValueError if the slot is taken or of another kind, DescriptionError if there is no room.
        """
        if not _STREAM_ID.fullmatch(stream_id):
            raise ValueError(f"not a stream id: {stream_id!r}")
        if slot is not None:
            if slot.subscription is not None or (publication is not None and slot.kind != publication.kind):
                raise ValueError(f"section {slot.mid!r} is taken, or of another kind")
            slot.subscription = self.link.add_subscription(slot.section, publication)
            return slot.subscription
        if publication is None:
            raise ValueError("a new section needs a publication, which tells its kind")
        self._require(answering=False)
        section = self._offers.add(publication.kind, stream_id)
        self._answering = False
        subscription = self.link.add_subscription(section.send_section(), publication)
        self._sections[subscription] = section
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        """Send it no more; its section is stopped by the next offer."""
        self.link.remove_subscription(subscription)
        section = self._sections.pop(subscription, None)
        if section is not None:
            self._offers.stop(section)
        for slot in self._slots.values():
            if slot.subscription is subscription:
                slot.subscription = None

    async def create_offer(self, ice_restart: bool = False) -> str:
        """The offer with everything subscribed so far. A second one before the answer replaces the first."""
        self._require(answering=False)
        self._answering = False
        if ice_restart:
            self.transport.restart_ice(self._clock.monotonic())
        sdp = self._offers.compose(self._local_transport())
        for subscription, section in self._sections.items():
            if subscription.section.mid != section.mid:
                self.link.update_section(subscription, section.send_section())
        return sdp

    async def accept_answer(self, answer: str) -> list[Subscription]:
        """Take the answer to the last offer; returns the subscriptions that the far end cannot decode.

        Raises DescriptionError, and then nothing has changed.
        """
        self._require(answering=False)
        description = parse(answer)
        used = self._offers.check(description)
        remote = remote_transport(description, used)
        if remote.setup == "actpass":
            raise DescriptionError("setup_invalid", "An answer must say a=setup:active or passive (RFC 8842).")
        self._check_same_far_end(remote)
        self._configure(remote, server=remote.setup == "active", now=self._clock.monotonic())
        active = set(self._offers.accept(description))
        for subscription, section in self._sections.items():
            if section in active:
                self.link.update_section(subscription, section.send_section())
        return [one for one, section in self._sections.items() if section in active and not one.decodable]

    # Both.

    def stats(self) -> LinkStats:
        """How the connection fares."""
        return self.link.stats(self._clock.monotonic())

    def local_ice(self) -> tuple[str, str]:
        """The username fragment and password that the last description of this end carries, or the next will."""
        local = self.transport.agent.local
        return local.fragment, local.password

    def close(self) -> None:
        """End the connection and everything on it."""
        self.transport.close()

    def _require(self, answering: bool) -> None:
        """One connection carries one way only: whoever sends offers, so offers can never cross (checklist H48)."""
        if self.state is PeerState.CLOSED:
            raise DescriptionError("unexpected", "The connection is closed. Open a new one.")
        if self._answering is not None and self._answering != answering:
            raise DescriptionError("unexpected", "The other end offers on this connection. Open one for each way.")

    def _check_same_far_end(self, remote: RemoteTransport) -> None:
        if self._remote is not None and self._remote.fingerprints != remote.fingerprints:
            raise DescriptionError(
                "unexpected", "The certificate fingerprint changed within the connection. Open a new connection."
            )

    def _configure(self, remote: RemoteTransport, server: bool, now: float) -> None:
        self._remote = remote
        self.transport.configure(remote.credentials, remote.fingerprints, server, now)

    def _local_transport(self) -> LocalTransport:
        setup = "actpass"
        if self._answering:
            setup = "passive" if self.transport.dtls_server else "active"
        return LocalTransport(self.transport.agent.local, self.transport.fingerprint, setup, self._candidates)

    def _new_ssrc(self) -> int:
        while (ssrc := secrets.randbits(32)) in self._ssrcs or ssrc == 0:
            pass
        self._ssrcs.add(ssrc)
        return ssrc

    def _state_changed(self, state: PeerState) -> None:
        if state is PeerState.CLOSED:
            self._forget(self)
        if self._on_state is not None:
            self._on_state(self, state)
