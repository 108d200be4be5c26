"""An ICE-lite agent (RFC 8445 §2.5) for one transport. No socket, no clock: requests in, responses out.

The far end is a full agent, so it controls and nominates. A pair is a local port and a remote address from which
an authenticated check came. Only the selected pair carries media; consent (RFC 7675) follows the far end's checks.
"""

from __future__ import annotations

import hmac
import secrets
import string
import struct
from dataclasses import dataclass, field
from typing import Final

from sfu import stun
from sfu.drops import Drop, Drops
from sfu.net.outbox import Destination

CONSENT_EXPIRY: Final = 30.0
"""Seconds without an authenticated check after which nothing more may be sent (RFC 7675 §5.1)."""
SILENT_AFTER: Final = 10.0
"""Seconds without anything authentic from the far end after which it counts as silent."""
MOST_PAIRS: Final = 16
"""Remote addresses remembered per transport; the stalest unselected one makes room."""
PAIR_EXPIRY: Final = 60.0
REBIND_AFTER: Final = 3.0
"""Seconds of silence on the selected pair after which a check from elsewhere moves it even without USE-CANDIDATE:
a NAT that forgot its binding gives the far end a new address that it does not know of itself."""
_CHECKS_PER_SECOND: Final = 200.0
"""More checks than this on one transport are not answered; libwebrtc sends about 20 a second on each pair."""

_ICE_CHARACTERS: Final = string.ascii_letters + string.digits


@dataclass(frozen=True, slots=True)
class Credentials:
    """A username fragment and password (RFC 8445 §5.3: at least 24 and 128 bits of randomness)."""

    fragment: str
    password: str

    @classmethod
    def generate(cls) -> Credentials:
        """New random credentials: 48 and 142 bits."""
        return cls(*("".join(secrets.choice(_ICE_CHARACTERS) for _ in range(length)) for length in (8, 24)))


@dataclass(slots=True, eq=False)
class Pair:
    """A local port and a remote address that proved to know the password."""

    destination: Destination
    generation: int
    last_check: float
    last_heard: float
    nominated: bool = False


@dataclass(slots=True)
class Outcome:
    """What a check led to."""

    response: bytes | None = None
    pair: Pair | None = None
    """The pair the check came on, if it was accepted."""
    selected: bool = False
    """Whether the selected pair changed."""
    forgotten: list[Pair] = field(default_factory=list)
    """Pairs that made room: their addresses lead here no longer."""


class IceAgent:
    """The local end of one ICE transport, through any number of restarts."""

    def __init__(self, drops: Drops) -> None:
        self._drops = drops
        self.local = Credentials.generate()
        self.remote: Credentials | None = None
        self.generation = 0
        self.pairs: dict[tuple[int, bytes], Pair] = {}
        self.selected: Pair | None = None
        self.last_consent: float | None = None
        self.last_heard: float | None = None
        self._previous: Credentials | None = None
        self._restarted_since_consent = False
        self._allowance = _CHECKS_PER_SECOND
        self._allowance_at = 0.0

    def restart(self) -> Credentials | None:
        """Begin a new generation (RFC 8445 §9): new credentials, new checks, media goes on over the old pair.

        Returns the credentials that stop being valid now: those of the generation before the last.
        """
        forgotten = self._previous
        self._previous = self.local
        self.local = Credentials.generate()
        self.remote = None
        self.generation += 1
        self._restarted_since_consent = True
        return forgotten

    @property
    def fragments(self) -> list[str]:
        """The local fragments that checks may name."""
        return [one.fragment for one in (self.local, self._previous) if one is not None]

    def set_remote(self, credentials: Credentials) -> None:
        """What the far end's description says."""
        self.remote = credentials

    def receive_check(self, message: stun.StunMessage, path: Destination, port_key: int, now: float) -> Outcome:
        """Handle a Binding request that named one of this agent's fragments.

        `path` leads back to where the request came from; `port_key` tells local ports apart.
        Whoever does not know the password gets no answer, so nobody can be made to send to a forged source.
        """
        credentials = self._credentials_for(message)
        if credentials is None:
            self._drops.count(Drop.STUN_INTEGRITY)
            return Outcome()
        if self._revoked(credentials, now):
            self._drops.count(Drop.STUN_CONSENT_EXPIRED)
            return Outcome()
        if not self._allowed(now):
            self._drops.count(Drop.STUN_RATE)
            return Outcome()
        key = credentials.password.encode()
        refusal = self._refuse(message, key)
        if refusal is not None:
            return Outcome(response=refusal)
        outcome = Outcome()
        pair = self._pair(path, port_key, now, outcome)
        outcome.pair = pair
        if credentials is self.local:
            pair.generation = self.generation
            self._restarted_since_consent = False
        self.last_consent = self.last_heard = pair.last_check = pair.last_heard = now
        outcome.selected = self._nominate(pair, stun.USE_CANDIDATE in message.attributes, now)
        outcome.response = stun.build(
            stun.BINDING_SUCCESS,
            message.transaction,
            [stun.xor_mapped_address(path.address, message.transaction)],
            key,
        )
        return outcome

    def select(self, pair: Pair) -> None:
        """Make `pair` the selected one: the far end, which controls, began to send media on it."""
        pair.nominated = True
        self.selected = pair

    def heard(self, pair: Pair, now: float) -> None:
        """Something authentic other than a check came in on `pair`."""
        self.last_heard = pair.last_heard = now

    def may_send(self, now: float) -> bool:
        """Whether there is a selected pair and the far end still consents."""
        return self.selected is not None and not self.expired(now)

    def expired(self, now: float) -> bool:
        """Whether the far end's consent ran out."""
        return self.last_consent is not None and now - self.last_consent >= CONSENT_EXPIRY

    def silent(self, now: float) -> bool:
        """Whether nothing came from the far end for `SILENT_AFTER` seconds."""
        return self.last_heard is not None and now - self.last_heard >= SILENT_AFTER

    def forget_stale(self, now: float) -> list[Pair]:
        """Drop and return unselected pairs that were not checked for `PAIR_EXPIRY` seconds."""
        stale = [key for key, pair in self.pairs.items() if pair is not self.selected and _stale(pair, now)]
        return [self.pairs.pop(key) for key in stale]

    def _credentials_for(self, message: stun.StunMessage) -> Credentials | None:
        """The generation whose fragment the request names and whose password it was made with."""
        fragment, _, remote = message.username.partition(":")
        for credentials in (self.local, self._previous):
            if credentials is None or not hmac.compare_digest(credentials.fragment.encode(), fragment.encode()):
                continue
            known = self.remote if credentials is self.local else None
            if known is not None and known.fragment != remote:
                continue
            if stun.verify_integrity(message, credentials.password.encode()):
                return credentials
        return None

    def _revoked(self, credentials: Credentials, now: float) -> bool:
        """Credentials whose consent expired must not be used again; a restart brings new ones (RFC 7675 §5.1)."""
        return self.expired(now) and not (credentials is self.local and self._restarted_since_consent)

    def _allowed(self, now: float) -> bool:
        self._allowance = min(_CHECKS_PER_SECOND, self._allowance + (now - self._allowance_at) * _CHECKS_PER_SECOND)
        self._allowance_at = now
        if self._allowance < 1.0:
            return False
        self._allowance -= 1.0
        return True

    def _refuse(self, message: stun.StunMessage, key: bytes) -> bytes | None:
        """An error response to an authenticated request that cannot be accepted."""
        unknown = message.unknown_required
        if unknown:
            listed = struct.pack(f"!{len(unknown)}H", *unknown)
            attributes = [stun.error_code(420, "Unknown Attribute"), (stun.UNKNOWN_ATTRIBUTES, listed)]
            return stun.build(stun.BINDING_ERROR, message.transaction, attributes, key)
        if stun.ICE_CONTROLLED in message.attributes:
            # A lite agent never controls a full one, so the far end must switch, whatever the tie-breakers say
            # (RFC 8445 §7.3.1.1 with §6.1.1).
            self._drops.count(Drop.ICE_ROLE_CONFLICT)
            attributes = [stun.error_code(487, "Role Conflict")]
            return stun.build(stun.BINDING_ERROR, message.transaction, attributes, key)
        return None

    def _pair(self, path: Destination, port_key: int, now: float, outcome: Outcome) -> Pair:
        key = (port_key, path.address)
        pair = self.pairs.get(key)
        if pair is None:
            if len(self.pairs) >= MOST_PAIRS:
                spare = min(
                    (item for item in self.pairs.items() if item[1] is not self.selected),
                    key=lambda item: item[1].last_heard,
                )
                outcome.forgotten.append(self.pairs.pop(spare[0]))
                self._drops.count(Drop.ICE_PAIRS_FULL)
            pair = self.pairs[key] = Pair(path, -1, now, now)
        return pair

    def _nominate(self, pair: Pair, use_candidate: bool, now: float) -> bool:
        """Apply the far end's nomination; returns whether the selected pair changed.

        libwebrtc repeats USE-CANDIDATE on whichever pair it has selected, so the latest nomination is the one that
        counts. A check of an old generation cannot take the selection from a pair of the present one.
        """
        selected = self.selected
        if use_candidate:
            pair.nominated = True
            if pair is selected or (selected is not None and pair.generation < selected.generation):
                return False
        elif selected is None or pair is selected or now - selected.last_heard < REBIND_AFTER:
            return False
        self.selected = pair
        return True


def _stale(pair: Pair, now: float) -> bool:
    return now - pair.last_check >= PAIR_EXPIRY
