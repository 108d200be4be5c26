"""Every reason for which the SFU drops something, by name, and how often it happened.

A malformed or unwanted packet costs one counter here, never an exception and never a log line.
"""

from __future__ import annotations

from enum import IntEnum, auto, unique


@unique
class Drop(IntEnum):
    """Why a packet went no further. The lower-case name is the `reason` label in the metrics."""

    def _generate_next_value_(name, start, count, last_values):  # type: ignore[no-untyped-def,override] # noqa: N805
        return count

    # Datagrams as they come in.
    DATAGRAM_EMPTY = auto()
    DATAGRAM_OVERSIZE = auto()
    DATAGRAM_UNKNOWN_KIND = auto()
    SOURCE_UNKNOWN = auto()
    PAIR_NOT_SELECTED = auto()
    INTERNAL_FAULT = auto()
    # STUN and ICE.
    STUN_MALFORMED = auto()
    STUN_FINGERPRINT = auto()
    STUN_NOT_A_REQUEST = auto()
    STUN_USERNAME_UNKNOWN = auto()
    STUN_INTEGRITY = auto()
    STUN_RATE = auto()
    STUN_CONSENT_EXPIRED = auto()
    ICE_PAIRS_FULL = auto()
    ICE_ADDRESS_TAKEN = auto()
    ICE_ROLE_CONFLICT = auto()
    # DTLS and SRTP.
    DTLS_QUEUE_FULL = auto()
    DTLS_AFTER_CLOSE = auto()
    SRTP_TOO_SHORT = auto()
    SRTP_NOT_READY = auto()
    SRTP_SSRC_LIMIT = auto()
    SRTP_REPLAY = auto()
    SRTP_AUTHENTICATION = auto()
    SRTP_OTHER = auto()
    # Sending.
    SEND_NOT_CONNECTED = auto()
    SEND_PROTECT = auto()
    SEND_TOO_LONG = auto()
    SEND_BUFFER_FULL = auto()
    SEND_REFUSED = auto()
    # RTP and RTCP, counted by the media side.
    RTP_MALFORMED = auto()
    RTP_EXTENSION_MALFORMED = auto()
    RTP_UNKNOWN_SOURCE = auto()
    RTP_UNKNOWN_PAYLOAD_TYPE = auto()
    RTP_TOO_MANY_SOURCES = auto()
    RTP_DUPLICATE = auto()
    RTP_TOO_OLD = auto()
    RTP_PADDING_ONLY = auto()
    RTP_MUTED = auto()
    RTP_PAUSED = auto()
    RTP_TOO_LARGE = auto()
    RTX_MALFORMED = auto()
    RTX_PADDING_ONLY = auto()
    RTCP_MALFORMED = auto()
    RTCP_UNKNOWN = auto()
    RTCP_UNKNOWN_SOURCE = auto()
    RETRANSMISSION_MISSING = auto()
    RETRANSMISSION_LIMITED = auto()
    RETRANSMISSION_OBSOLETE = auto()


class Drops:
    """One counter per reason. `counts[Drop.X] += 1` is the whole interface of the packet path."""

    __slots__ = ("counts",)

    def __init__(self) -> None:
        self.counts: list[int] = [0] * len(Drop)

    def count(self, reason: Drop, times: int = 1) -> None:
        """Add `times` to the counter of `reason`."""
        self.counts[reason] += times

    def __getitem__(self, reason: Drop) -> int:
        return self.counts[reason]

    def named(self) -> dict[str, int]:
        """Reason name → how often, for the metrics; reasons that never happened are included with 0."""
        return {reason.name.lower(): self.counts[reason] for reason in Drop}
