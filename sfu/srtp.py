"""SRTP and SRTCP in place: libsrtp called through pylibsrtp's own cffi binding, without its copies and objects.

libsrtp keeps the rollover counter and the replay list of every SSRC (RFC 3711 §3.3), and looks a packet up in the
replay list before it spends any cryptography on it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

import pylibsrtp
from pylibsrtp import Policy
from pylibsrtp._binding import ffi, lib

from sfu.drops import Drop, Drops
from sfu.net.outbox import SLOT_BITS

REPLAY_WINDOW: Final = 1_024
"""Packets. At 1.5 Mbit/s that is over five seconds, longer than any retransmission is late."""
MOST_SSRCS: Final = 128
"""SSRCs that one far end may send with: libsrtp keeps a context for each for ever."""
_SHORTEST_RTP: Final = 12
_SHORTEST_RTCP: Final = 8
_REASONS: Final = {7: Drop.SRTP_AUTHENTICATION, 9: Drop.SRTP_REPLAY, 10: Drop.SRTP_REPLAY}
"""srtp_err_status_t: auth_fail, replay_fail, replay_old."""


@dataclass(frozen=True, slots=True)
class KeyMaterial:
    """What DTLS-SRTP agreed on (RFC 5764 §4.2): master key and salt of each direction, concatenated."""

    profile: int
    """The profile as libsrtp numbers it."""
    send: bytes
    receive: bytes


srtp_protect: Final = lib.srtp_protect
"""`srtp_protect(context, pointer, length)`: libsrtp's own function. Returns 0, and the new length through `length`."""


def length_cell() -> Any:
    """An `int *` for libsrtp to read and write lengths."""
    return ffi.new("int *")


class SlotPointers:
    """A `void *` to each slot of an arena, made once: libsrtp wants one with every call."""

    __slots__ = ("_keep", "pointers")

    def __init__(self, arena: bytearray) -> None:
        self._keep: Any = ffi.from_buffer(arena)
        start = ffi.cast("char *", self._keep)
        self.pointers: list[Any] = [start + offset for offset in range(0, len(arena), 1 << SLOT_BITS)]


def _session(profile: int, key: bytes, direction: int) -> Any:
    policy = Policy(key=key, ssrc_type=direction, srtp_profile=profile)
    policy.window_size = REPLAY_WINDOW
    # A retransmission without RTX has the sequence number of the lost packet (RFC 4585); only senders look at this.
    policy.allow_repeat_tx = True
    return pylibsrtp.Session(policy)


class SrtpSender:
    """Protects what lies in an outbox's slots."""

    __slots__ = ("_length", "_pointers", "_session", "context")

    def __init__(self, keys: KeyMaterial, pointers: SlotPointers) -> None:
        self._session = _session(keys.profile, keys.send, Policy.SSRC_ANY_OUTBOUND)
        self.context: Any = self._session._srtp[0]
        """What `srtp_protect` wants: the transport calls it itself, once for each packet that is forwarded."""
        self._pointers = pointers.pointers
        self._length = ffi.new("int *")

    def protect_rtcp(self, offset: int, length: int) -> int:
        """Protect the RTCP packet at `offset`; returns its new length, 0 if libsrtp refuses it."""
        size = self._length
        size[0] = length
        if lib.srtp_protect_rtcp(self.context, self._pointers[offset >> SLOT_BITS], size):
            return 0
        protected: int = size[0]
        return protected


class SrtpReceiver:
    """Verifies and decrypts what lies in an inbox's slots."""

    __slots__ = ("_buffer", "_drops", "_length", "_pointers", "_session", "_srtp", "_ssrcs")

    def __init__(self, keys: KeyMaterial, buffer: bytearray, pointers: SlotPointers, drops: Drops) -> None:
        self._session = _session(keys.profile, keys.receive, Policy.SSRC_ANY_INBOUND)
        self._srtp = self._session._srtp[0]
        self._buffer = buffer
        self._pointers = pointers.pointers
        self._drops = drops
        self._length = ffi.new("int *")
        self._ssrcs: set[bytes] = set()

    def unprotect(self, slot: int, length: int) -> int:
        """Verify and decrypt the RTP packet in `slot`; returns its new length, 0 after a counted drop."""
        if length < _SHORTEST_RTP:
            self._drops.count(Drop.SRTP_TOO_SHORT)
            return 0
        start = slot << SLOT_BITS
        ssrc = bytes(self._buffer[start + 8 : start + 12])
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MOST_SSRCS:
            self._drops.count(Drop.SRTP_SSRC_LIMIT)
            return 0
        size = self._length
        size[0] = length
        status = lib.srtp_unprotect(self._srtp, self._pointers[slot], size)
        if status:
            self._drops.count(_REASONS.get(status, Drop.SRTP_OTHER))
            return 0
        self._ssrcs.add(ssrc)
        plain: int = size[0]
        return plain

    def unprotect_rtcp(self, slot: int, length: int) -> int:
        """Verify and decrypt the RTCP packet in `slot`; returns its new length, 0 after a counted drop."""
        if length < _SHORTEST_RTCP:
            self._drops.count(Drop.SRTP_TOO_SHORT)
            return 0
        start = slot << SLOT_BITS
        ssrc = bytes(self._buffer[start + 4 : start + 8])
        if ssrc not in self._ssrcs and len(self._ssrcs) >= MOST_SSRCS:
            self._drops.count(Drop.SRTP_SSRC_LIMIT)
            return 0
        size = self._length
        size[0] = length
        status = lib.srtp_unprotect_rtcp(self._srtp, self._pointers[slot], size)
        if status:
            self._drops.count(_REASONS.get(status, Drop.SRTP_OTHER))
            return 0
        self._ssrcs.add(ssrc)
        plain: int = size[0]
        return plain
