"""Bitstring Status List 1.0 (W3C Recommendation of 15 May 2025): one bit for each credential, in a signed list."""

from __future__ import annotations

import base64
import gzip
import zlib

LENGTH = 131_072
"""Entries of a list; section 6.1 asks for at least 16 KB."""
SIZE = LENGTH // 8
MOST_BYTES = 4 * 1024 * 1024
"""What a list of others may unpack to."""


class StatusListError(ValueError):
    """It is no list of this kind; the sentence says why."""


def get(bits: bytes | bytearray, index: int) -> bool:
    """A bit. Index 0 is the left-most of the first byte. Raises `StatusListError` outside the list."""
    if not 0 <= index < len(bits) * 8:
        raise StatusListError("Its place in the status list is outside the list.")
    return bool(bits[index >> 3] & (0x80 >> (index & 7)))


def with_bit(bits: bytes, index: int) -> bytes:
    """The same with a bit set."""
    changed = bytearray(bits)
    changed[index >> 3] |= 0x80 >> (index & 7)
    return bytes(changed)


def packed(bits: bytes) -> str:
    """`encodedList`: `u`, then base64url without padding of GZIP data. The same bits give the same text."""
    return "u" + base64.urlsafe_b64encode(gzip.compress(bits, mtime=0)).rstrip(b"=").decode()


def unpacked(text: str) -> bytes:
    """The bits. Raises `StatusListError` for what is no list, too small a one, or one that never stops unpacking."""
    if not text.startswith("u"):
        raise StatusListError("The status list is not in base64url.")
    try:
        data = base64.b64decode(text[1:] + "=" * (-(len(text) - 1) % 4), altchars=b"-_", validate=True)
        unpacker = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS)
        found = unpacker.decompress(data, MOST_BYTES)
        finished = unpacker.eof
    except (ValueError, zlib.error) as error:
        raise StatusListError("The status list is damaged.") from error
    if not finished:
        raise StatusListError("The status list is cut short, or larger than any real one.")
    if len(found) < SIZE:
        raise StatusListError("The status list has fewer than 131072 entries.")
    return found
