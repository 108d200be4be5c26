"""STUN messages (RFC 8489) as far as an ICE-lite agent needs them: read requests, write responses. Pure functions."""

from __future__ import annotations

import binascii
import hashlib
import hmac
import struct
from dataclasses import dataclass
from typing import Final

from sfu.net.address import ip_bytes, port_number

MAGIC_COOKIE: Final = 0x2112A442
HEADER_SIZE: Final = 20
_FINGERPRINT_XOR: Final = 0x5354554E
"""RFC 8489 §14.7."""

BINDING_REQUEST: Final = 0x0001
BINDING_INDICATION: Final = 0x0011
BINDING_SUCCESS: Final = 0x0101
BINDING_ERROR: Final = 0x0111

USERNAME: Final = 0x0006
MESSAGE_INTEGRITY: Final = 0x0008
ERROR_CODE: Final = 0x0009
UNKNOWN_ATTRIBUTES: Final = 0x000A
XOR_MAPPED_ADDRESS: Final = 0x0020
PRIORITY: Final = 0x0024
USE_CANDIDATE: Final = 0x0025
FINGERPRINT: Final = 0x8028
ICE_CONTROLLED: Final = 0x8029
ICE_CONTROLLING: Final = 0x802A

_UNDERSTOOD: Final = frozenset({USERNAME, MESSAGE_INTEGRITY, PRIORITY, USE_CANDIDATE, XOR_MAPPED_ADDRESS, ERROR_CODE})
_MOST_ATTRIBUTES: Final = 32
_LONGEST_USERNAME: Final = 513
"""RFC 8489 §14.3: a username has fewer than 509 bytes; RFC 8445 adds no more than two fragments and a colon."""

_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")


class MalformedStun(ValueError):  # noqa: N818
    """The datagram is not a well-formed STUN message."""


@dataclass(frozen=True, slots=True)
class StunMessage:
    """A parsed message. Only the first attribute of each type counts, and none after MESSAGE-INTEGRITY (§14.5)."""

    kind: int
    """The message type: method and class together."""
    transaction: bytes
    attributes: dict[int, bytes]
    integrity_at: int
    """Where MESSAGE-INTEGRITY begins in the datagram, 0 if it has none."""
    fingerprint_ok: bool | None
    """None if the message carries no FINGERPRINT."""
    raw: bytes

    @property
    def username(self) -> str:
        """`local:remote` fragments as the receiver of the request sees them, or empty."""
        return self.attributes.get(USERNAME, b"").decode("ascii", "replace")

    @property
    def unknown_required(self) -> list[int]:
        """Comprehension-required attribute types (0x0000 to 0x7FFF) that are not understood here."""
        return [kind for kind in self.attributes if kind < 0x8000 and kind not in _UNDERSTOOD]


def parse(datagram: bytes) -> StunMessage:
    """Read a STUN message. Raises MalformedStun; checks neither integrity nor what the attributes mean."""
    if len(datagram) < HEADER_SIZE:
        raise MalformedStun("shorter than a header")
    kind, length, cookie, transaction = _HEADER.unpack_from(datagram)
    if kind & 0xC000 or cookie != MAGIC_COOKIE or length & 3 or length + HEADER_SIZE != len(datagram):
        raise MalformedStun("header")
    attributes: dict[int, bytes] = {}
    integrity_at = 0
    fingerprint_ok: bool | None = None
    position = HEADER_SIZE
    for _ in range(_MOST_ATTRIBUTES):
        if position == len(datagram):
            break
        attribute, size = _ATTRIBUTE.unpack_from(datagram, position)
        end = position + 4 + size
        if end > len(datagram) or fingerprint_ok is not None:
            raise MalformedStun("attribute beyond the end")
        if attribute == FINGERPRINT:
            fingerprint_ok = size == 4 and datagram[position + 4 : end] == _fingerprint(datagram[:position])
        elif attribute == MESSAGE_INTEGRITY:
            if size != 20:
                raise MalformedStun("integrity of a wrong size")
            integrity_at = integrity_at or position
        elif not integrity_at:
            attributes.setdefault(attribute, datagram[position + 4 : end])
        position = end + (-size & 3)
    if position != len(datagram):
        raise MalformedStun("attributes do not fill the message")
    if len(attributes.get(USERNAME, b"")) > _LONGEST_USERNAME:
        raise MalformedStun("username too long")
    return StunMessage(kind, transaction, attributes, integrity_at, fingerprint_ok, datagram)


def verify_integrity(message: StunMessage, key: bytes) -> bool:
    """Whether MESSAGE-INTEGRITY is there and was made with `key`, in time that does not depend on the bytes."""
    at = message.integrity_at
    if not at:
        return False
    return hmac.compare_digest(_integrity(message.raw[:at], key), message.raw[at + 4 : at + 24])


def build(kind: int, transaction: bytes, attributes: list[tuple[int, bytes]], key: bytes | None) -> bytes:
    """A message with `attributes`, with MESSAGE-INTEGRITY by `key` if given, and with FINGERPRINT."""
    body = b"".join(
        _ATTRIBUTE.pack(attribute, len(value)) + value + bytes(-len(value) & 3) for attribute, value in attributes
    )
    message = _HEADER.pack(kind, len(body), MAGIC_COOKIE, transaction) + body
    if key is not None:
        message += _ATTRIBUTE.pack(MESSAGE_INTEGRITY, 20) + _integrity(message, key)
    return _with_length(message, 8) + _ATTRIBUTE.pack(FINGERPRINT, 4) + _fingerprint(_with_length(message, 8))


def xor_mapped_address(address: bytes, transaction: bytes) -> tuple[int, bytes]:
    """The XOR-MAPPED-ADDRESS attribute for a packed socket address (RFC 8489 §14.2)."""
    host = ip_bytes(address)
    mask = MAGIC_COOKIE.to_bytes(4, "big") + transaction
    mixed = bytes(a ^ b for a, b in zip(host, mask, strict=False))
    family = 1 if len(host) == 4 else 2
    return XOR_MAPPED_ADDRESS, struct.pack("!BBH", 0, family, port_number(address) ^ MAGIC_COOKIE >> 16) + mixed


def error_code(code: int, reason: str) -> tuple[int, bytes]:
    """The ERROR-CODE attribute (RFC 8489 §14.8)."""
    return ERROR_CODE, struct.pack("!HBB", 0, code // 100, code % 100) + reason.encode()


def _with_length(message: bytes, more: int) -> bytes:
    """The message with a length field that also covers `more` bytes which are not there yet."""
    return message[:2] + struct.pack("!H", len(message) - HEADER_SIZE + more) + message[4:]


def _integrity(before: bytes, key: bytes) -> bytes:
    """HMAC-SHA1 over everything before the attribute, the length counting up to its end (RFC 8489 §14.5)."""
    return hmac.new(key, _with_length(before, 24), hashlib.sha1).digest()


def _fingerprint(before: bytes) -> bytes:
    return struct.pack("!I", binascii.crc32(before) ^ _FINGERPRINT_XOR)
