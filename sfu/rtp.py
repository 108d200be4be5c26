"""RTP headers and header extensions, read by offset (RFC 3550 §5.1, RFC 8285). Nothing here makes an object per packet.

Extensions are known inside by a small number per URI (`AUDIO_LEVEL`, `MID` ...), never by the id that one section
happened to negotiate: ids are mapped when a packet comes in and again when it goes out.
"""

from __future__ import annotations

import struct
from typing import Final

HEADER_SIZE: Final = 12
HEADER: Final = struct.Struct(">BBHII")
"""First byte (version, padding, extension, CSRC count), marker and payload type, sequence, timestamp, SSRC."""

ONE_BYTE: Final = 0xBEDE
"""Profile of the one-byte extension form (RFC 8285 §4.2)."""
TWO_BYTE: Final = 0x1000
"""Profile of the two-byte form with its four application bits at zero (RFC 8285 §4.3)."""

URI_AUDIO_LEVEL: Final = "urn:ietf:params:rtp-hdrext:ssrc-audio-level"
URI_MID: Final = "urn:ietf:params:rtp-hdrext:sdes:mid"
URI_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:rtp-stream-id"
URI_REPAIRED_RID: Final = "urn:ietf:params:rtp-hdrext:sdes:repaired-rtp-stream-id"
URI_TRANSPORT_CC: Final = "http://www.ietf.org/id/draft-holmer-rmcat-transport-wide-cc-extensions-01"
URI_ABS_SEND_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-send-time"
URI_ABS_CAPTURE_TIME: Final = "http://www.webrtc.org/experiments/rtp-hdrext/abs-capture-time"
URI_TRANSMISSION_OFFSET: Final = "urn:ietf:params:rtp-hdrext:toffset"
URI_VIDEO_ORIENTATION: Final = "urn:3gpp:video-orientation"
URI_PLAYOUT_DELAY: Final = "http://www.webrtc.org/experiments/rtp-hdrext/playout-delay"

TRANSPORT_CC: Final = 1
ABS_SEND_TIME: Final = 2
MID: Final = 3
RID: Final = 4
REPAIRED_RID: Final = 5
AUDIO_LEVEL: Final = 6
ABS_CAPTURE_TIME: Final = 7
VIDEO_ORIENTATION: Final = 8
PLAYOUT_DELAY: Final = 9
EXTENSION_COUNT: Final = 10
"""How many numbers there are; 0 stands for an extension that nobody here needs."""

NUMBERS: Final[dict[str, int]] = {
    URI_TRANSPORT_CC: TRANSPORT_CC,
    URI_ABS_SEND_TIME: ABS_SEND_TIME,
    URI_MID: MID,
    URI_RID: RID,
    URI_REPAIRED_RID: REPAIRED_RID,
    URI_AUDIO_LEVEL: AUDIO_LEVEL,
    URI_ABS_CAPTURE_TIME: ABS_CAPTURE_TIME,
    URI_VIDEO_ORIENTATION: VIDEO_ORIENTATION,
    URI_PLAYOUT_DELAY: PLAYOUT_DELAY,
}
"""URI → number. Transmission offsets (RFC 5450) are missing on purpose: they describe the publisher's own sending."""

FORWARDED: Final = (AUDIO_LEVEL, VIDEO_ORIENTATION, PLAYOUT_DELAY, ABS_CAPTURE_TIME)
"""What describes the media itself and so travels on; everything else is the business of one transport."""

_NOTHING: Final = [0] * EXTENSION_COUNT
_MIN_LENGTH: Final = (0, 2, 3, 1, 1, 1, 1, 8, 1, 3)
"""Least bytes of each extension's value by number; shorter values are ignored."""
_WORD = struct.Struct(">HH")


def numbers_by_id(extensions: dict[str, int]) -> list[int]:
    """Negotiated URI → id turned into a table of 256 entries: id → number, 0 where unknown."""
    table = [0] * 256
    for uri, identifier in extensions.items():
        if 0 < identifier < 256:
            table[identifier] = NUMBERS.get(uri, 0)
    table[0] = 0
    return table


def locate_extensions(
    packet: bytes | bytearray | memoryview, position: int, end: int, numbers: list[int], found: list[int]
) -> int:
    """Read the extension block at `position` and return where it ends, or -1 if it is malformed.

    `found[number]` becomes `offset << 8 | length` of the value, 0 where the extension is absent. `found` is the
    caller's list of `EXTENSION_COUNT` integers and is used again for each packet.
    """
    found[:] = _NOTHING
    if position + 4 > end:
        return -1
    profile: int
    words: int
    profile, words = _WORD.unpack_from(packet, position)
    position += 4
    after = position + (words << 2)
    if after > end:
        return -1
    if profile == ONE_BYTE:
        while position < after:
            head = packet[position]
            position += 1
            if not head:
                continue
            identifier = head >> 4
            if identifier == 15:  # RFC 8285 §4.2: stop here, the rest is not for us
                break
            length = (head & 15) + 1
            if identifier == 0 or position + length > after:
                return -1
            number = numbers[identifier]
            if number and length >= _MIN_LENGTH[number]:
                found[number] = position << 8 | length
            position += length
    elif profile & 0xFFF0 == TWO_BYTE:
        while position < after:
            identifier = packet[position]
            position += 1
            if not identifier:
                continue
            if position >= after:
                return -1
            length = packet[position]
            position += 1
            if position + length > after:
                return -1
            number = numbers[identifier]
            if number and length >= _MIN_LENGTH[number]:
                found[number] = position << 8 | length
            position += length
    return after


def encode_extensions(values: list[tuple[int, bytes]]) -> bytes:
    """The whole extension block for `values`, pairs of id and value, or nothing for an empty list.

    One-byte form where ids are at most 14 and values 1 to 16 bytes, else the two-byte form.
    """
    if not values:
        return b""
    one_byte = all(0 < identifier < 15 and 0 < len(value) <= 16 for identifier, value in values)
    if one_byte:
        body = b"".join(bytes((identifier << 4 | len(value) - 1,)) + value for identifier, value in values)
    else:
        body = b"".join(bytes((identifier, len(value))) + value for identifier, value in values)
    body += bytes(-len(body) & 3)
    return _WORD.pack(ONE_BYTE if one_byte else TWO_BYTE, len(body) >> 2) + body


def extended(value: int, reference: int, bits: int) -> int:
    """The number near `reference` whose low `bits` bits are `value`: undoes the wrap of a counter on the wire."""
    half = 1 << bits - 1
    return reference + ((value - reference + half) & (1 << bits) - 1) - half
