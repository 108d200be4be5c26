"""The little that WHIP and WHEP read from session descriptions themselves; the SFU reads the rest."""

from __future__ import annotations

import re

_SECTION = re.compile(r"^m=(\w+)")
_MID = re.compile(r"^a=mid:\s*(\S+)")
_UFRAG = re.compile(r"^a=ice-ufrag:\s*([\w+/=-]{1,256})\s*$", re.MULTILINE)
_PASSWORD = re.compile(r"^a=ice-pwd:\s*([\w+/=-]{1,256})\s*$", re.MULTILINE)
_CANDIDATE = re.compile(r"^a=candidate:[^\r\n]+", re.MULTILINE)

Credentials = tuple[str, str]
"""ICE username fragment and password."""


def sections(sdp: str) -> list[tuple[str, str]]:
    """(mid, kind) of each section; a section without a mid goes by its index."""
    found: list[tuple[str, str]] = []
    for line in sdp.splitlines():
        if section := _SECTION.match(line):
            found.append((str(len(found)), section[1]))
        elif (mid := _MID.match(line)) and found:
            found[-1] = (mid[1], found[-1][1])
    return found


def credentials(sdp: str) -> Credentials | None:
    """The first ICE credentials of a description or fragment (RFC 8839 §5.4), or None."""
    ufrag, password = _UFRAG.search(sdp), _PASSWORD.search(sdp)
    return (ufrag[1], password[1]) if ufrag and password else None


def with_credentials(sdp: str, new: Credentials) -> str:
    """The same description with other ICE credentials: an ICE restart."""
    return _PASSWORD.sub(f"a=ice-pwd:{new[1]}", _UFRAG.sub(f"a=ice-ufrag:{new[0]}", sdp))


def fragment(answer: str) -> str:
    """The node's ICE credentials and candidates as `application/trickle-ice-sdpfrag` (RFC 8840 §9)."""
    found = credentials(answer)
    lines = [f"a=ice-ufrag:{found[0]}", f"a=ice-pwd:{found[1]}"] if found else []
    mids = sections(answer)
    if mids:
        lines += [f"m={mids[0][1]} 9 UDP/TLS/RTP/SAVPF 0", f"a=mid:{mids[0][0]}"]
    candidates = list(dict.fromkeys(_CANDIDATE.findall(answer)))
    return "\r\n".join([*lines, *candidates, "a=end-of-candidates", ""])
