"""The little that the publish side reads from offers itself; the SFU reads the rest."""

from __future__ import annotations

import re

_FINGERPRINT = re.compile(r"^a=fingerprint:\s*(\S+\s+\S+)\s*$", re.MULTILINE | re.IGNORECASE)
_SECTION = re.compile(r"^m=\w+ (\d+)")


def fingerprints(sdp: str) -> frozenset[str]:
    """The DTLS certificate fingerprints in a description (RFC 8122): other ones mean another DTLS session."""
    return frozenset(" ".join(found.split()).lower() for found in _FINGERPRINT.findall(sdp))


def silent_sections(sdp: str) -> frozenset[str]:
    """The mids of the sections on which nothing is sent: inactive, receive-only or refused (RFC 3264 §5.1, §6)."""
    silent: set[str] = set()
    mid, is_silent = "", False
    for line in sdp.splitlines():
        if section := _SECTION.match(line):
            mid, is_silent = "", section[1] == "0" and "a=bundle-only" not in sdp
        elif line.startswith("a=mid:"):
            mid = line.removeprefix("a=mid:").strip()
        elif line.strip() in ("a=inactive", "a=recvonly"):
            is_silent = True
        if mid and is_silent:
            silent.add(mid)
    return frozenset(silent)
