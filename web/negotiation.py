"""Which form of a thing a client wants: the Accept header (RFC 9110 section 12.5.1)."""

from __future__ import annotations

from collections.abc import Sequence

HTML = "text/html"
_MOST = 30


def preferred(accept: str, offered: Sequence[str]) -> str:
    """The offered media type that the header likes best; the first one where it likes several alike, or says nothing.

    Parameters other than `q` are left alone. Empty: none of them is acceptable.
    """
    wanted = [_read(part) for part in accept.split(",")[:_MOST] if part.strip()] or [("*/*", 1.0)]
    best, best_quality = "", 0.0
    for each in offered:
        quality = _quality(each, wanted)
        if quality > best_quality:
            best, best_quality = each, quality
    return best


def _read(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    for parameter in parameters:
        key, _, value = parameter.partition("=")
        if key.strip() == "q":
            try:
                return name, min(1.0, max(0.0, float(value)))
            except ValueError:
                return name, 0.0
    return name, 1.0


def _quality(offered: str, wanted: Sequence[tuple[str, float]]) -> float:
    """By the most exact of the ranges that fit."""
    kind = offered.split("/")[0]
    for exact in (offered, f"{kind}/*", "*/*"):
        for name, quality in wanted:
            if name == exact:
                return quality
    return 0.0
