"""What can be said once per packet for all receivers with the same payload type and header extensions.

The outgoing packet begins: header, extension head, then the transport-wide sequence number as the first element. So
all that differs per receiver (sequence, timestamp, SSRC, transport-wide number) lies in bytes 2 to 19 and one
`pack_into` writes it, constants between them included.
"""

from __future__ import annotations

import struct

from sfu import rtp

PLAIN = struct.Struct(">HII")
"""Sequence, timestamp, SSRC."""
STAMPED_ONE_BYTE = struct.Struct(">HIIIBH")
"""The same, then profile and length of the extension block, the element's head, the transport-wide number."""
STAMPED_TWO_BYTE = struct.Struct(">HIIIHH")
_MAX_LAYOUTS = 1_024

Passed = tuple[tuple[int, bytes], ...]
"""Forwarded extensions of a packet: number and value."""


class WireProfile:
    """Payload type and extension ids of a group of receivers, and the packet beginnings built for them."""

    __slots__ = (
        "_ast_head",
        "_layouts",
        "_mid",
        "_passed_ids",
        "_stamp_head",
        "_wide",
        "header_size",
        "payload_type",
        "struct",
        "tag",
        "timed",
        "word",
    )

    def __init__(self, payload_type: int, extensions: dict[str, int], mid: str, stamped: bool) -> None:
        """`mid` is empty once it is acknowledged. `stamped` is false where a packet may be sent twice unchanged."""
        ids = {rtp.NUMBERS[uri]: number for uri, number in extensions.items() if uri in rtp.NUMBERS}
        stamp_id = ids.get(rtp.TRANSPORT_CC, 0) if stamped else 0
        ast_id = ids.get(rtp.ABS_SEND_TIME, 0) if stamped else 0
        mid_id = ids.get(rtp.MID, 0) if mid else 0
        self._passed_ids = {number: ids[number] for number in rtp.FORWARDED if number in ids}
        self._wide = max(stamp_id, ast_id, mid_id, *self._passed_ids.values(), 0) > 14 or len(mid) > 16
        self._mid = self._element(mid_id, mid.encode()) if mid_id else b""
        self._stamp_head = self._element(stamp_id, bytes(2)) if stamp_id else b""
        self._ast_head = self._element(ast_id, bytes(3))[:-3] if ast_id else b""
        self._layouts: dict[tuple[int, Passed], tuple[bytes, bytes, int]] = {}
        self.payload_type = payload_type
        self.timed = bool(ast_id)
        """Whether packets carry the time of sending."""
        self.struct: struct.Struct | None = None
        """How the part that differs per receiver is written; None without transport-wide numbers."""
        self.tag = 0
        if stamp_id:
            self.struct = STAMPED_TWO_BYTE if self._wide else STAMPED_ONE_BYTE
            self.tag = stamp_id << 8 | 2 if self._wide else stamp_id << 4 | 1
        self.word = 0
        """Profile and length of the extension block of the packet built last."""
        self.header_size = 0
        """Bytes before the payload of the packet built last."""

    def build(self, marker: int, payload: bytes, passed: Passed, send_time: bytes) -> bytes:
        """The packet with zeros where receivers differ. `marker` is 0 or 0x80, `send_time` 24 bits (6.18 s)."""
        layout = self._layouts.get((marker, passed))
        if layout is None:
            layout = self._layout(marker, passed)
        head, tail, self.word = layout
        if self.timed:
            self.header_size = len(head) + len(tail) + 3
            return b"".join((head, send_time, tail, payload))
        self.header_size = len(head)
        return head + payload

    def _layout(self, marker: int, passed: Passed) -> tuple[bytes, bytes, int]:
        """What comes before and after the send time, and the extension block's first word."""
        if len(self._layouts) >= _MAX_LAYOUTS:
            self._layouts.clear()
        ids = self._passed_ids
        tail = b"".join(self._element(ids[number], value) for number, value in passed if number in ids) + self._mid
        size = len(self._stamp_head) + len(self._ast_head) + (3 if self.timed else 0) + len(tail)
        tail += bytes(-size & 3)
        words = size + 3 >> 2
        word = (rtp.TWO_BYTE if self._wide else rtp.ONE_BYTE) << 16 | words
        first = 0x90 if words else 0x80
        head = bytes((first, marker | self.payload_type)) + bytes(10)
        if words:
            head += word.to_bytes(4, "big") + self._stamp_head + self._ast_head
        layout = (head, tail, word) if self.timed else (head + tail, b"", word)
        self._layouts[(marker, passed)] = layout
        return layout

    def _element(self, identifier: int, value: bytes) -> bytes:
        if self._wide:
            return bytes((identifier, len(value))) + value
        return bytes((identifier << 4 | len(value) - 1,)) + value


def send_time(now: float) -> bytes:
    """The value of abs-send-time for the monotonic `now`: 24 bits of 6.18 fixed point seconds."""
    return (int(now * 262_144) & 0xFFFFFF).to_bytes(3, "big")
